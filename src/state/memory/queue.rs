//! The queue of users' messages, in memory.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::Memory;
use crate::{
    clock,
    domain::id::ProviderId,
    state::{
        queue::{TICKET_MS, Ticket, Turn},
        step::LeaseId,
    },
};

/// The queues of all providers. One that is empty and whose gap is over holds a few bytes, and there are as many as
/// providers.
#[derive(Debug, Default)]
pub(super) struct Queues(HashMap<ProviderId, Queue>);

#[derive(Debug, Default)]
struct Queue {
    /// Whose turn it is, and until when.
    turn: Option<(LeaseId, Instant)>,
    /// When the last message was sent.
    sent: Option<Instant>,
    /// Who waits, and when it has asked last.
    tickets: Vec<(LeaseId, Instant)>,
}

impl Queue {
    fn ask(&mut self, ticket: &Ticket, now: Instant) -> Turn {
        let holder = ticket.holder;
        self.turn = self.turn.filter(|(_, until)| *until > now);
        self.tickets.retain(|(_, asked)| now.duration_since(*asked) < Duration::from_millis(TICKET_MS));
        if self.renew(ticket, now) {
            return Turn::Yours;
        }
        match self.tickets.iter_mut().find(|(known, _)| *known == holder) {
            Some((_, asked)) => *asked = now,
            None => self.tickets.push((holder, now)),
        }
        let n_before = self.tickets.iter().position(|(known, _)| *known == holder).unwrap_or_default();
        let position = u32::try_from(n_before + 1).unwrap_or(u32::MAX);
        if self.turn.is_some() || n_before > 0 {
            return Turn::Wait { ms: 0, position };
        }
        let next = self.sent.map(|sent| sent + Duration::from_millis(ticket.gap_ms));
        if let Some(left) = next.and_then(|next| next.checked_duration_since(now)).filter(|left| !left.is_zero()) {
            let ms = u64::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(ticket.gap_ms);
            return Turn::Wait { ms, position };
        }
        self.tickets.retain(|(known, _)| *known != holder);
        self.turn = Some((holder, now + Duration::from_millis(ticket.turn_ms)));
        Turn::Yours
    }

    /// Prolongs a turn. False if it is not held.
    fn renew(&mut self, ticket: &Ticket, now: Instant) -> bool {
        let held = self.turn.as_mut().filter(|(holder, until)| *holder == ticket.holder && *until > now);
        held.map(|(_, until)| *until = now + Duration::from_millis(ticket.turn_ms)).is_some()
    }

    fn leave(&mut self, holder: LeaseId, was_sent: bool, now: Instant) {
        self.tickets.retain(|(known, _)| *known != holder);
        if self.turn.take_if(|(known, _)| *known == holder).is_some() && was_sent {
            self.sent = Some(now);
        }
    }
}

impl Memory {
    pub(in crate::state) fn queue(&self, ticket: &Ticket) -> Turn {
        self.queues().0.entry(ticket.provider_id).or_default().ask(ticket, clock::instant())
    }

    pub(in crate::state) fn renew_turn(&self, ticket: &Ticket) {
        if let Some(queue) = self.queues().0.get_mut(&ticket.provider_id) {
            queue.renew(ticket, clock::instant());
        }
    }

    pub(in crate::state) fn leave_queue(&self, ticket: &Ticket, was_sent: bool) {
        if let Some(queue) = self.queues().0.get_mut(&ticket.provider_id) {
            queue.leave(ticket.holder, was_sent, clock::instant());
        }
    }
}
