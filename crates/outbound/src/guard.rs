//! Whom a request may reach when its address comes from data: public addresses only, on usual ports, over TLS.
//!
//! The address that is checked is the one that is connected to: names are resolved here, once, so that a name that
//! answers otherwise the next time gains nothing. One inner address among a name's addresses refuses the name.
//! Networks of one's own can be let in. Base addresses from settings need no guard.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Ports that a guarded request may go to.
const PORTS: [u16; 2] = [443, 8443];

/// Whom guarded requests may reach besides public addresses over TLS.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Networks of one's own, with any port.
    pub inside: Vec<Network>,
    /// Plain `http`, for development.
    pub plain_http: bool,
}

/// A range of addresses: `10.1.0.0/16`, `fd00::/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    length: u8,
}

/// The text is no network.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a network is an address and the length of its prefix, such as 10.1.0.0/16 or fd00::/8")]
pub struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (base, length) = text.split_once('/').map_or((text, None), |(base, length)| (base, Some(length)));
        let base: IpAddr = base.parse().map_err(|_| NotANetwork)?;
        let bits = if base.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(bits), str::parse).map_err(|_| NotANetwork)?;
        if length > bits {
            return Err(NotANetwork);
        }
        Ok(Self { base, length })
    }
}

impl Network {
    pub fn contains(&self, address: IpAddr) -> bool {
        let differs = match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(other)) => (base.to_bits() ^ other.to_bits()).leading_zeros(),
            (IpAddr::V6(base), IpAddr::V6(other)) => (base.to_bits() ^ other.to_bits()).leading_zeros(),
            _ => return false,
        };
        differs >= u32::from(self.length)
    }
}

/// Why an address is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    #[error("it is no address of the form https://host/path")]
    Form,
    #[error("it needs https")]
    Plain,
    #[error("it carries a name or password: take them out")]
    Userinfo,
    #[error("its port is not 443 or 8443")]
    Port,
    #[error("it leads to a private, local or reserved address")]
    Inside,
}

impl Guard {
    /// What can be said about an address before its name is resolved.
    pub fn check(&self, url: &str) -> Result<(), Barred> {
        let url = Url::parse(url).map_err(|_| Barred::Form)?;
        match url.scheme() {
            "https" => {}
            "http" if self.plain_http => {}
            "http" => return Err(Barred::Plain),
            _ => return Err(Barred::Form),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Barred::Userinfo);
        }
        let host = url.host_str().ok_or(Barred::Form)?;
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let is_ours = literal.is_some_and(|address| self.is_let_in(address));
        if literal.is_some_and(|address| !self.allows(address)) {
            return Err(Barred::Inside);
        }
        let port = url.port_or_known_default().ok_or(Barred::Port)?;
        if is_ours || PORTS.contains(&port) || (self.plain_http && port == 80) { Ok(()) } else { Err(Barred::Port) }
    }

    /// Whether an address may be connected to.
    pub fn allows(&self, address: IpAddr) -> bool {
        is_public(address) || self.is_let_in(address)
    }

    fn is_let_in(&self, address: IpAddr) -> bool {
        self.inside.iter().any(|network| network.contains(address))
    }
}

/// Resolves names for guarded requests.
#[derive(Clone, Debug)]
pub(crate) struct Resolver(pub(crate) Guard);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !guard.allows(address.ip())) {
                return Err(Barred::Inside.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the open internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        // Carrier-grade NAT, protocol assignments, 6to4 relays, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Of the global range 2000::/3: not documentation, protocol assignments with Teredo, 6to4 (which carry others).
    let special = (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    a & 0xe000 == 0x2000 && !special
}
