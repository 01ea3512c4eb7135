//! A brake on wrong keys, tokens and passwords, per address and per name.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    clock,
    secret::{self, SecretHash},
};

/// Wrong secrets that cost nothing.
const FREE_TRIES: u32 = 10;

/// How long wrong secrets are remembered.
const MEMORY: Duration = Duration::from_mins(10);

/// The longest wait.
const WAIT_S_MAX: u64 = 300;

/// Guessers that are remembered at once; beyond it the oldest half is forgotten.
const GUESSERS_MAX: usize = 10_000;

/// Whose wrong secrets are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guesser {
    /// An address; one host owns a whole IPv6 /64, so it counts as one.
    Address(IpAddr),
    /// The name of a user, whether there is one or not, by its hash: names come from whoever guesses.
    Name(SecretHash),
}

impl Guesser {
    /// Whoever tries to be the user of that name.
    pub fn of_name(name: &str) -> Self {
        Self::Name(secret::hash(name))
    }
}

impl From<IpAddr> for Guesser {
    fn from(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V4(v4) => v4.into(),
            IpAddr::V6(v6) => std::net::Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
        })
    }
}

#[derive(Clone, Copy, Debug)]
struct Record {
    n_wrong: u32,
    last: Instant,
}

impl Record {
    /// Seconds to wait after the last wrong secret: 1, 2, 4 … once the free tries are used up.
    fn wait(&self) -> Duration {
        let n_over = self.n_wrong.saturating_sub(FREE_TRIES);
        match n_over {
            0 => Duration::ZERO,
            _ => Duration::from_secs(2_u64.saturating_pow(n_over - 1).min(WAIT_S_MAX)),
        }
    }
}

/// Slows down whoever guesses. Right secrets of the same address are refused too while it is locked, or guessing
/// would go on behind one of them.
#[derive(Debug, Default)]
pub struct Brake(Mutex<HashMap<Guesser, Record>>);

impl Brake {
    /// # Errors
    /// Seconds until `guesser` is looked at again.
    pub fn check(&self, guesser: impl Into<Guesser>) -> Result<(), u32> {
        self.check_at(guesser.into(), clock::instant())
    }

    /// Notes a wrong secret of `guesser`.
    pub fn fail(&self, guesser: impl Into<Guesser>) {
        self.fail_at(guesser.into(), clock::instant());
    }

    /// Forgets what `guesser` did wrong: it has shown a right secret.
    pub fn forgive(&self, guesser: impl Into<Guesser>) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !records.is_empty() {
            records.remove(&guesser.into());
        }
    }

    fn check_at(&self, guesser: Guesser, now: Instant) -> Result<(), u32> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if records.is_empty() {
            return Ok(());
        }
        let Some(record) = records.get(&guesser) else { return Ok(()) };
        let left = (record.last + record.wait()).saturating_duration_since(now);
        if left.is_zero() { Ok(()) } else { Err(u32::try_from(left.as_secs() + 1).unwrap_or(u32::MAX)) }
    }

    fn fail_at(&self, guesser: Guesser, now: Instant) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() >= GUESSERS_MAX && !records.contains_key(&guesser) {
            forget_the_oldest_half(&mut records);
        }
        let record = records.entry(guesser).or_insert(Record { n_wrong: 0, last: now });
        if now.duration_since(record.last) > MEMORY {
            record.n_wrong = 0;
        }
        *record = Record { n_wrong: record.n_wrong.saturating_add(1), last: now };
    }
}

/// One pass for every 5,000 guessers that are new.
fn forget_the_oldest_half(records: &mut HashMap<Guesser, Record>) {
    let mut times: Vec<Instant> = records.values().map(|record| record.last).collect();
    let half = times.len() / 2;
    let (older, middle, _) = times.select_nth_unstable(half);
    // Of those that came at the same moment some go, or many at once would all stay, or all go.
    let (middle, n_older) = (*middle, older.len());
    let mut at_once = n_older - older.iter().filter(|time| **time < middle).count();
    records.retain(|_, record| match record.last.cmp(&middle) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal if at_once > 0 => {
            at_once -= 1;
            false
        }
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Guesser {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn guessing_gets_slower_and_is_forgotten() {
        let brake = Brake::default();
        let [here, there] = ["10.0.0.1", "10.0.0.2"].map(address);
        let start = clock::instant();
        for _ in 0..FREE_TRIES {
            brake.fail_at(here, start);
        }
        assert_eq!(brake.check_at(here, start), Ok(()));
        for _ in 0..4 {
            brake.fail_at(here, start);
        }
        assert_eq!(brake.check_at(here, start), Err(9));
        assert_eq!(brake.check_at(there, start), Ok(()));
        assert_eq!(brake.check_at(here, start + Duration::from_secs(8)), Ok(()));
        brake.fail_at(here, start + MEMORY * 2);
        assert_eq!(brake.check_at(here, start + MEMORY * 2), Ok(()));
        brake.forgive(here);
        assert_eq!(brake.check_at(here, start), Ok(()));
    }

    #[test]
    fn however_many_guess_only_the_latest_are_remembered() {
        let brake = Brake::default();
        let start = clock::instant();
        let n_guessers = 3 * GUESSERS_MAX;
        let guesser = |n: usize| Guesser::Address(std::net::Ipv4Addr::from_bits(u32::try_from(n).unwrap()).into());
        let len = || brake.0.lock().unwrap().len();
        for n in 0..n_guessers {
            // A hundred at each moment, all within a second.
            brake.fail_at(guesser(n), start + Duration::from_millis(u64::try_from(n / 100).unwrap()));
            assert!(len() <= GUESSERS_MAX);
        }
        assert!(len() > GUESSERS_MAX / 2 - 1, "{}", len());
        let records = brake.0.lock().unwrap();
        assert!((n_guessers - GUESSERS_MAX / 2..n_guessers).all(|n| records.contains_key(&guesser(n))));
        assert!((0..GUESSERS_MAX).all(|n| !records.contains_key(&guesser(n))));
    }

    #[test]
    fn many_at_the_same_moment_are_halved_too() {
        let brake = Brake::default();
        let now = clock::instant();
        for n in 0..=u32::try_from(GUESSERS_MAX).unwrap() {
            brake.fail_at(Guesser::Address(std::net::Ipv4Addr::from_bits(n).into()), now);
        }
        assert_eq!(brake.0.lock().unwrap().len(), GUESSERS_MAX / 2 + 1);
    }

    #[test]
    fn one_network_of_ipv6_is_one_address() {
        let brake = Brake::default();
        let now = clock::instant();
        for host in 0..20_u32 {
            brake.fail_at(address(&format!("2001:db8::{host:x}")), now);
        }
        assert!(brake.check_at(address("2001:db8::ffff"), now).is_err());
        assert!(brake.check_at(address("2001:db8:1::1"), now).is_ok());
    }
}
