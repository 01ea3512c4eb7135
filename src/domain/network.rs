//! Ranges of addresses.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An address, or all addresses that begin with the same bits. In JSON it is text: `192.0.2.1`, `10.0.0.0/8`,
/// `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its first address.
    address: IpAddr,
    /// How many bits all of its addresses share with the first, at most 32 or 128.
    n_bits: u8,
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {why}")]
pub struct NotANetwork {
    text: String,
    why: &'static str,
}

impl Network {
    /// True if `address` is one of it. An IPv4 address that is written as an IPv6 one (`::ffff:192.0.2.1`) is the IPv4
    /// address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(other)) => {
                let differing = u128::from(first.to_bits() ^ other.to_bits());
                differing.checked_shr(32 - u32::from(self.n_bits)).unwrap_or_default() == 0
            }
            (IpAddr::V6(first), IpAddr::V6(other)) => {
                let differing = first.to_bits() ^ other.to_bits();
                differing.checked_shr(128 - u32::from(self.n_bits)).unwrap_or_default() == 0
            }
            _ => false,
        }
    }

    /// The bits of its addresses.
    const fn width(&self) -> u8 {
        if self.address.is_ipv4() { 32 } else { 128 }
    }

    /// True if no bit is set beyond those that all share.
    fn is_exact(&self) -> bool {
        let free = u32::from(self.width() - self.n_bits);
        match self.address {
            IpAddr::V4(first) => first.to_bits().trailing_zeros() >= free,
            IpAddr::V6(first) => first.to_bits().trailing_zeros() >= free,
        }
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why| NotANetwork { text: text.chars().take(60).collect(), why };
        let text = text.trim();
        let (address, n_bits) = text.split_once('/').map_or((text, None), |(address, n)| (address, Some(n)));
        let address: IpAddr =
            address.parse().map_err(|_| wrong("is no address, and no network such as 10.0.0.0/8 or 2001:db8::/32"))?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let is_number = |n: &&str| n.bytes().all(|byte| byte.is_ascii_digit());
        let n_bits = match n_bits {
            Some(n) => Some(n).filter(is_number).and_then(|n| n.parse().ok()).filter(|n| *n <= width),
            None => Some(width),
        };
        let n_bits =
            n_bits.ok_or_else(|| wrong("has no usable number of bits after the `/`: at most 32, or 128 for IPv6"))?;
        let network = Self { address, n_bits };
        if address.to_canonical() != address {
            return Err(wrong("is an IPv4 address written as an IPv6 one: write it as IPv4"));
        }
        if network.is_exact() {
            Ok(network)
        } else {
            Err(wrong("has bits set beyond the `/`: give the network's first address"))
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.n_bits == self.width() {
            write!(f, "{}", self.address)
        } else {
            write!(f, "{}/{}", self.address, self.n_bits)
        }
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, inside: &[&str], outside: &[&str]) {
        let parsed: Network = network.parse().unwrap();
        assert_eq!(parsed.to_string(), network);
        for address in inside {
            assert!(parsed.contains(address.parse().unwrap()), "{address} is in {network}");
        }
        for address in outside {
            assert!(!parsed.contains(address.parse().unwrap()), "{address} is not in {network}");
        }
    }

    #[test]
    fn an_address_is_in_a_network_that_it_shares_the_first_bits_with() {
        check(
            "10.0.0.0/8",
            &["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"],
            &["11.0.0.0", "9.255.255.255", "::a00:1"],
        );
        check("192.0.2.1", &["192.0.2.1"], &["192.0.2.0", "192.0.2.2"]);
        check("192.0.2.128/25", &["192.0.2.128", "192.0.2.255"], &["192.0.2.127"]);
        check("0.0.0.0/0", &["1.2.3.4", "255.255.255.255"], &["::1"]);
        check("2001:db8::/32", &["2001:db8::1", "2001:db8:ffff::"], &["2001:db9::", "10.0.0.1"]);
        check("::1", &["::1"], &["::2", "127.0.0.1"]);
        check("::/0", &["::1", "ffff::"], &["1.2.3.4"]);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for wrong in [
            "",
            "a",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.1/8",
            "::/129",
            "10.0.0",
            "2001:db8::1/32",
            "::ffff:10.0.0.1",
            "10.0.0.0/8/8",
        ] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
