//! Networks by their addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// A network of IPv4 or IPv6 in CIDR notation (RFC 4632, RFC 4291), or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

// === impl Network ===

impl Network {
    /// Whether an address is in it. An IPv4 address that comes as an IPv6 one is an IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.to_canonical().into()));
        }
        let network: IpNet =
            text.parse().map_err(|_| "must be an address, or a network such as 10.0.0.0/8".to_owned())?;
        // One of them is a slip of the hand, and which one nobody knows.
        if network != network.trunc() {
            return Err(format!("has bits behind its prefix; the network is {}", network.trunc()));
        }
        Ok(Self(network))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_are_found_in_their_networks() {
        let inside = [
            ("10.0.0.0/8", "10.255.1.2"),
            ("10.0.0.0/8", "::ffff:10.1.1.1"),
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8::/32", "2001:db8:1::1"),
            ("0.0.0.0/0", "203.0.113.1"),
        ];
        for (text, address) in inside {
            assert!(network(text).contains(address.parse().unwrap()), "{text} {address}");
        }
        for (text, address) in [("10.0.0.0/8", "11.0.0.0"), ("0.0.0.0/0", "::1"), ("192.0.2.7", "192.0.2.8")] {
            assert!(!network(text).contains(address.parse().unwrap()), "{text} {address}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_and_the_others_read_back() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "10.1.0.0/8", "fe80::/129", "::1/64", "host", "10.0.0.0/"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        for text in ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"] {
            assert_eq!(network(text).to_string(), text);
        }
    }
}
