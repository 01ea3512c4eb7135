//! The queue of users' messages at a provider: one at a time, with a gap between them (docs/rules.md, Waiting).
//!
//! Whoever asks has a ticket from then on, and the tickets go in their order. One that does not ask again in time loses
//! it. Times are the state's own, so that replicas whose clocks differ keep the gap too.

use super::{State, counters::Away, step::LeaseId};
use crate::domain::id::ProviderId;

/// How long a turn is held without being renewed, in milliseconds.
pub const TURN_MS: u64 = 30_000;

/// How long a ticket is kept without being asked for, in milliseconds. Longer for tests, which look at the order of some.
pub const TICKET_MS: u64 = if cfg!(test) { 8_000 } else { 2_000 };

/// The longest time between two messages that is remembered, in milliseconds.
pub const GAP_MS_MAX: u64 = 60_000;

/// Somebody wants to send a message of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Where to.
    pub provider_id: ProviderId,
    /// Who: the attempt.
    pub holder: LeaseId,
    /// The least time since the last message, in milliseconds.
    pub gap_ms: u64,
    /// How long the turn is held without being renewed, in milliseconds.
    pub turn_ms: u64,
}

/// What the queue says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is the holder's turn.
    Yours,
    /// It is not, and not before so many milliseconds have passed; 0 if nobody knows.
    Wait {
        /// Milliseconds.
        ms: u64,
        /// Its place among those that wait: 1 is next.
        position: u32,
    },
}

impl State {
    /// Asks for a turn; whoever has it already keeps it. Waits for Redis as long as a step may.
    ///
    /// # Errors
    /// Redis is away, or late: whoever has asked gives back what it may have been given.
    pub async fn queue(&self, ticket: &Ticket) -> Result<Turn, Away> {
        match self {
            Self::Memory(memory) => Ok(memory.queue(ticket)),
            Self::Redis(redis) => redis.queue(ticket).await,
        }
    }

    /// Renews a turn that is held. What Redis is not told lapses by itself.
    pub async fn renew_turn(&self, ticket: &Ticket) {
        match self {
            Self::Memory(memory) => memory.renew_turn(ticket),
            Self::Redis(redis) => redis.renew_turn(ticket).await,
        }
    }

    /// Gives a turn or a ticket back. `was_sent`: the message was sent, so the next one keeps its distance. One that is
    /// not held changes nothing; what Redis is not told lapses by itself.
    pub async fn leave_queue(&self, ticket: &Ticket, was_sent: bool) {
        match self {
            Self::Memory(memory) => memory.leave_queue(ticket, was_sent),
            Self::Redis(redis) => redis.leave_queue(ticket, was_sent).await,
        }
    }
}
