//! A brake on wrong keys and tokens, per address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::clock;

/// Wrong secrets that cost nothing.
const FREE_TRIES: u32 = 10;

/// How long wrong secrets are remembered.
const MEMORY: Duration = Duration::from_mins(10);

/// The longest wait.
const WAIT_S_MAX: u64 = 300;

/// Addresses that are remembered at once; beyond it the oldest half is forgotten.
const ADDRESSES_MAX: usize = 10_000;

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
pub struct Brake(Mutex<HashMap<IpAddr, Record>>);

impl Brake {
    /// # Errors
    /// Seconds until `address` is looked at again.
    pub fn check(&self, address: IpAddr) -> Result<(), u32> {
        self.check_at(address, clock::instant())
    }

    /// Notes a wrong secret from `address`.
    pub fn fail(&self, address: IpAddr) {
        self.fail_at(address, clock::instant());
    }

    /// Forgets what `address` did wrong: it has shown a right secret.
    pub fn forgive(&self, address: IpAddr) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !records.is_empty() {
            records.remove(&group(address));
        }
    }

    fn check_at(&self, address: IpAddr, now: Instant) -> Result<(), u32> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if records.is_empty() {
            return Ok(());
        }
        let Some(record) = records.get(&group(address)) else { return Ok(()) };
        let left = (record.last + record.wait()).saturating_duration_since(now);
        if left.is_zero() { Ok(()) } else { Err(u32::try_from(left.as_secs() + 1).unwrap_or(u32::MAX)) }
    }

    fn fail_at(&self, address: IpAddr, now: Instant) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() >= ADDRESSES_MAX {
            records.retain(|_, record| now.duration_since(record.last) < MEMORY / 2);
        }
        let record = records.entry(group(address)).or_insert(Record { n_wrong: 0, last: now });
        if now.duration_since(record.last) > MEMORY {
            record.n_wrong = 0;
        }
        *record = Record { n_wrong: record.n_wrong.saturating_add(1), last: now };
    }
}

/// One host owns a whole IPv6 /64, so it counts as one address.
fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => std::net::Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_gets_slower_and_is_forgotten() {
        let brake = Brake::default();
        let (here, there) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
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
    fn one_network_of_ipv6_is_one_address() {
        let brake = Brake::default();
        let now = clock::instant();
        for host in 0..20_u32 {
            brake.fail_at(format!("2001:db8::{host:x}").parse().unwrap(), now);
        }
        assert!(brake.check_at("2001:db8::ffff".parse().unwrap(), now).is_err());
        assert!(brake.check_at("2001:db8:1::1".parse().unwrap(), now).is_ok());
    }
}
