//! The queue of users' messages, in Redis: each question is one script.

use std::sync::{LazyLock, atomic::Ordering};

use redis::{RedisResult, Script};

use super::RedisState;
use crate::state::{
    counters::Away,
    queue::{GAP_MS_MAX, TICKET_MS, Ticket, Turn},
};

static QUEUE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("queue.lua")));

impl RedisState {
    pub(in crate::state) async fn queue(&self, ticket: &Ticket) -> Result<Turn, Away> {
        if self.is_resting() {
            return Err(Away);
        }
        self.0.n_round_trips.fetch_add(1, Ordering::Relaxed);
        let args = [ticket.turn_ms, ticket.gap_ms, TICKET_MS].map(|n| n.to_string());
        let said: RedisResult<i64> = self.in_time(self.run(&QUEUE, words("ask", ticket, args))).await?;
        let said = said.map_err(|error| self.note(&error))?;
        Ok(match said {
            0 => Turn::Yours,
            ms if ms > 0 => Turn::Wait { ms: ms.unsigned_abs(), position: 1 },
            place => Turn::Wait { ms: 0, position: u32::try_from(place.unsigned_abs()).unwrap_or(u32::MAX) },
        })
    }

    pub(in crate::state) async fn renew_turn(&self, ticket: &Ticket) {
        self.tell("renew", ticket, vec![ticket.turn_ms.to_string()]).await;
    }

    pub(in crate::state) async fn leave_queue(&self, ticket: &Ticket, was_sent: bool) {
        let args = [u64::from(was_sent), GAP_MS_MAX + TICKET_MS].map(|n| n.to_string());
        self.tell("leave", ticket, args.into()).await;
    }

    async fn tell(&self, kind: &str, ticket: &Ticket, args: Vec<String>) {
        let told: RedisResult<i64> = self.run(&QUEUE, words(kind, ticket, args)).await;
        if let Err(error) = told {
            tracing::debug!(%error, "Redis");
        }
    }
}

fn words(kind: &str, ticket: &Ticket, more: impl IntoIterator<Item = String>) -> Vec<String> {
    let who = [kind.to_owned(), ticket.provider_id.0.to_string(), ticket.holder.0.to_string()];
    who.into_iter().chain(more).collect()
}
