//! Which addresses a webhook may reach: those of the public internet, and what the settings allow besides. A name is
//! resolved here, and the connection goes to an address that was looked at, so that a name cannot change its mind.

use anyhow::bail;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use url::{Host, Url};

/// Ports of public hosts that webhooks are sent to: behind others are services that are no receivers of webhooks.
const PORTS: [u16; 2] = [443, 8443];

/// What may be reached. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Arc<[Allowed]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    /// A host by its name, or an address as a name.
    Host(String),
    Network(Network),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    /// IPv4 as the IPv6 that maps to it.
    begin: u128,
    bits: u32,
}

/// Why an address is not reached: a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Forbidden(pub String);

impl Guard {
    /// Reads `erp.internal, 10.0.0.0/8`: hosts and networks that may be reached although they are not public.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let words = text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty());
        let allowed = words.map(|word| match Network::parse(word) {
            Some(network) => Ok(Allowed::Network(network)),
            None if word.contains(['/', '*', '@']) => {
                bail!("webhook_allow lists hosts and networks such as `erp.internal, 10.0.0.0/8`, and has {word:?}")
            }
            None => Ok(Allowed::Host(word.to_ascii_lowercase())),
        });
        Ok(Self { allowed: allowed.collect::<anyhow::Result<_>>()? })
    }

    /// Whether an address may be asked at all. What its name resolves to is looked at when it is.
    pub fn check_url(&self, url: &Url) -> Result<(), Forbidden> {
        let host = url.host().ok_or_else(|| Forbidden("the address names no host".to_owned()))?;
        let name = host.to_string();
        let address = match host {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        let is_allowed =
            self.allows_host(&name) || address.is_some_and(|address| self.allows_address(address));
        if is_allowed && matches!(url.scheme(), "http" | "https") {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err(Forbidden(format!("{name} is reached over https only; webhook_allow may allow it")));
        }
        if let Some(address) = address {
            self.check_address(&name, address)?;
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if PORTS.contains(&port) {
            return Ok(());
        }
        Err(Forbidden(format!("port {port} of {name} is none of webhooks; webhook_allow may allow the host")))
    }

    /// Whether an address that a name stands for may be connected to.
    fn check_address(&self, name: &str, address: IpAddr) -> Result<(), Forbidden> {
        if is_public(address) || self.allows_host(name) || self.allows_address(address) {
            return Ok(());
        }
        Err(Forbidden(format!(
            "{name} is at an address that is not of the public internet; webhook_allow may allow it"
        )))
    }

    fn allows_host(&self, name: &str) -> bool {
        let name = name.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        self.allowed.iter().any(|one| matches!(one, Allowed::Host(host) if host.eq_ignore_ascii_case(name)))
    }

    fn allows_address(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|one| matches!(one, Allowed::Network(network) if network.holds(address)))
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let mut refused = None;
            let mut addresses = Vec::new();
            for address in found {
                match guard.check_address(&name, address.ip()) {
                    Ok(()) => addresses.push(address),
                    Err(forbidden) => refused = Some(forbidden),
                }
            }
            match refused {
                Some(forbidden) if addresses.is_empty() => Err(forbidden.into()),
                _ => Ok(Box::new(addresses.into_iter()) as Addrs),
            }
        })
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let offset = if address.is_ipv4() { 96 } else { 0 };
        let bits = bits.map_or(128, |bits| bits + offset);
        (bits <= 128).then(|| Self { begin: wide(address) & mask(bits), bits })
    }

    fn holds(&self, address: IpAddr) -> bool {
        wide(address) & mask(self.bits) == self.begin
    }
}

fn mask(bits: u32) -> u128 {
    u128::MAX.checked_shl(128 - bits).unwrap_or(0)
}

/// IPv4 and the IPv6 that maps to it are one address.
fn wide(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Whether an address is one of the public internet, whatever form it comes in.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match inner_v4(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

/// The IPv4 address that an IPv6 one leads to: mapped, translated (NAT64), 6to4, or compatible.
fn inner_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0, 0, 0, 0, 0xffff, 0] | [0x64, 0xff9b, 0, 0, 0, 0] => Some(of(g, h)),
        [0, 0, 0, 0, 0, 0] if g != 0 => Some(of(g, h)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match a {
        // This network, private, loopback, multicast, reserved, broadcast.
        0 | 10 | 127 | 224..=255 => true,
        // Shared by a provider's customers (RFC 6598).
        100 => (64..128).contains(&b),
        // Link-local, where clouds keep their metadata.
        169 => b == 254,
        172 => (16..32).contains(&b),
        // Private, protocol assignments, documentation, relays of 6to4.
        192 => b == 168 || (b == 0 && (c == 0 || c == 2)) || (b == 88 && c == 99),
        // Tests of devices, documentation.
        198 => b == 18 || b == 19 || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        // Where one cloud keeps the metadata of its machines.
        168 => address == Ipv4Addr::new(168, 63, 129, 16),
        _ => false,
    };
    !is_special
}

/// Only the part of IPv6 that is given to the public, without what is set aside in it: tunnels, documentation, benchmarks.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_global = a & 0xe000 == 0x2000;
    let is_set_aside =
        (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || a == 0x3ffe || (a == 0x3fff && b < 0x1000);
    is_global && !is_set_aside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_public_internet_are_told_from_all_others() {
        for public in [
            "1.1.1.1",
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "169.253.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:0808:0808::1",
            "168.63.129.17",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public} is public");
        }
        for inside in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:0:192.168.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2001:10::1",
            "2001:20::1",
            "100::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside} is not public");
        }
    }

    #[test]
    fn what_may_be_asked_is_https_to_the_public_and_what_the_settings_allow() {
        let nothing = Guard::default();
        let inside = Guard::parse("erp.internal, 10.0.0.0/8,127.0.0.1 fd00::/8").unwrap();
        let may = |guard: &Guard, url: &str| guard.check_url(&Url::parse(url).unwrap()).is_ok();
        for (url, publicly, allowed) in [
            ("https://hooks.example/in", true, true),
            ("https://hooks.example:8443/in", true, true),
            ("https://hooks.example:22/in", false, false),
            ("http://hooks.example/in", false, false),
            ("ftp://hooks.example/in", false, false),
            ("https://10.1.2.3/", false, true),
            ("http://10.1.2.3:9000/", false, true),
            ("https://11.1.2.3/", true, true),
            ("https://127.0.0.1/", false, true),
            ("http://127.0.0.1:8080/", false, true),
            ("https://127.0.0.2/", false, false),
            // The same address, written otherwise.
            ("https://2130706433/", false, true),
            ("https://0x7f.1/", false, true),
            ("https://[::ffff:10.0.0.1]/", false, true),
            ("https://[::1]/", false, false),
            ("https://[fd00::7]/", false, true),
            ("http://erp.internal/", false, true),
            ("http://ERP.internal./", false, true),
            ("http://notherp.internal/", false, false),
        ] {
            assert_eq!((may(&nothing, url), may(&inside, url)), (publicly, allowed), "{url}");
        }
    }

    #[test]
    fn a_name_counts_as_the_address_that_it_stands_for() {
        let nothing = Guard::default();
        let inside = Guard::parse("10.0.0.0/8").unwrap();
        let private = "10.0.0.7".parse().unwrap();
        let refused = nothing.check_address("rebound.example", private).unwrap_err();
        assert!(refused.0.contains("rebound.example"), "{refused}");
        assert_eq!(inside.check_address("rebound.example", private), Ok(()));
        assert!(inside.check_address("rebound.example", "169.254.169.254".parse().unwrap()).is_err());
        assert!(Guard::parse("10.0.0.0/33").is_err(), "no network");
    }
}
