//! Patterns for the network: `registry.npmjs.org:443/tcp`, `[2001:db8::1]:53/udp`, `127.0.0.1:*/tcp`,
//! `unix:/run/x.sock`, `unix:@name`, `netlink`.
use crate::glob::{Glob, Pattern};
use crate::vars::Vars;
use sekisho_events::NetAct;
use std::fmt;
use std::net::IpAddr;

/// Why a network pattern is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// Not of any of the forms.
    #[error("a network pattern is host:port/protocol, unix:/path, unix:@name, or a protocol such as netlink")]
    Form,
    /// The part before the port is neither an address nor a host name.
    #[error("bad host (an address, a name, *.name, or *)")]
    Host,
    /// The port is no number from 0 to 65535, no range of them and no `*`.
    #[error("bad port (a number, LOW-HIGH, or *)")]
    Port,
    /// The protocol is not one word of small letters, digits and `-`.
    #[error("bad protocol (tcp, udp, icmp, …)")]
    Protocol,
    /// The path of a UNIX socket is no pattern.
    #[error("bad socket path: {0}")]
    Path(crate::glob::GlobError),
}

/// Which hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// All of them.
    Any,
    /// This address.
    Address(IpAddr),
    /// This name, or with `*.` before it all names below it.
    Name(NamePattern),
}

/// A host name, or all names below one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    below: bool,
    name: String,
}

/// Which acts on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetPattern {
    /// An address of the Internet.
    Inet {
        /// Which hosts.
        host: Host,
        /// Which ports, both ends included; `None` for a protocol that has none.
        ports: Option<(u16, u16)>,
        /// Protocol.
        protocol: String,
    },
    /// A socket in the file system.
    Unix {
        /// Its path.
        path: Glob,
        /// The pattern as it was written.
        text: String,
    },
    /// An abstract socket.
    Abstract {
        /// Its name, `/` in place of `@`.
        name: Glob,
        /// The name as it was written.
        text: String,
    },
    /// A protocol, where there is no address.
    Protocol(String),
}

impl NamePattern {
    /// Reads a name: letters, digits, `-`, `_` and dots; `*.` may stand before it.
    pub fn parse(text: &str) -> Result<Self, NetError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let (below, name) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !name.split('.').all(label) || name.len() > 253 {
            return Err(NetError::Host);
        }
        Ok(Self { below, name: name.to_ascii_lowercase() })
    }

    /// True if it stands for this name.
    pub fn matches(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        if !self.below {
            return name.eq_ignore_ascii_case(&self.name);
        }
        let Some(at) = name.len().checked_sub(self.name.len() + 1) else { return false };
        at > 0 && name.is_char_boundary(at) && name.is_char_boundary(at + 1) && {
            name.as_bytes()[at] == b'.' && name[at + 1..].eq_ignore_ascii_case(&self.name)
        }
    }

    /// True if it stands for more than one name.
    pub fn is_wide(&self) -> bool {
        self.below
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.below { "*." } else { "" }, self.name)
    }
}

impl NetPattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, NetError> {
        if let Some(path) = text.strip_prefix("unix:") {
            if let Some(name) = path.strip_prefix('@') {
                let name_glob = Glob::parse(&format!("/{name}")).map_err(NetError::Path)?;
                return Ok(Self::Abstract { name: name_glob, text: name.to_owned() });
            }
            let glob = Glob::parse(path).map_err(NetError::Path)?;
            return Ok(Self::Unix { path: glob, text: path.to_owned() });
        }
        let Some((place, protocol)) = text.rsplit_once('/') else {
            if text.contains(':') || text == "*" {
                return Err(NetError::Form);
            }
            return Ok(Self::Protocol(parse_protocol(text)?));
        };
        let protocol = parse_protocol(protocol)?;
        let (host, port) = if let Some(rest) = place.strip_prefix('[') {
            let (host, port) = rest.split_once(']').ok_or(NetError::Host)?;
            let port = if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or(NetError::Port)?) };
            (Host::Address(IpAddr::V6(host.parse().map_err(|_| NetError::Host)?)), port)
        } else {
            let (host, port) = place.split_once(':').map_or((place, None), |(h, p)| (h, Some(p)));
            (parse_host(host)?, port)
        };
        Ok(Self::Inet { host, ports: port.map(parse_ports).transpose()?, protocol })
    }

    /// The pattern that matches this act, by name where one is known, and as little else as can be said.
    pub fn exact(act: &NetAct) -> Self {
        if act.protocol == "unix" {
            return match act.path.as_ref().map(sekisho_events::PathBytes::as_bytes) {
                Some([b'@', name @ ..]) => Self::of_abstract(Glob::escape(name)),
                Some(path) => Self::of_path(Glob::escape(path)),
                None => Self::Protocol(act.protocol.clone()),
            };
        }
        let name = act.host.as_deref().and_then(|h| NamePattern::parse(h).ok()).filter(|n| !n.below);
        let host = match (name, act.address) {
            (Some(name), _) => Host::Name(name),
            (None, Some(address)) => Host::Address(address),
            (None, None) => return Self::Protocol(act.protocol.clone()),
        };
        Self::Inet { host, ports: act.port.map(|p| (p, p)), protocol: act.protocol.clone() }
    }

    fn of_path(text: String) -> Self {
        Glob::parse(&text).map_or_else(|_| Self::Protocol("unix".into()), |path| Self::Unix { path, text })
    }

    fn of_abstract(text: String) -> Self {
        let glob = Glob::parse(&format!("/{text}"));
        glob.map_or_else(|_| Self::Protocol("unix".into()), |name| Self::Abstract { name, text })
    }

    /// True for a pattern of all hosts.
    pub fn is_any_host(&self) -> bool {
        matches!(self, Self::Inet { host: Host::Any, .. })
    }

    /// Binds it to the variables; `None` if its variable has no value.
    pub fn bind(&self, vars: &Vars) -> Option<BoundNet> {
        Some(match self {
            Self::Inet { host, ports, protocol } => {
                BoundNet::Inet { host: host.clone(), ports: *ports, protocol: protocol.clone() }
            }
            Self::Unix { path, .. } => BoundNet::Unix(path.bind(vars)?),
            Self::Abstract { name, .. } => BoundNet::Abstract(name.bind(vars)?),
            Self::Protocol(protocol) => BoundNet::Protocol(protocol.clone()),
        })
    }
}

impl fmt::Display for NetPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet { host, ports, protocol } => {
                match host {
                    Host::Any => f.write_str("*")?,
                    Host::Address(IpAddr::V6(a)) => write!(f, "[{a}]")?,
                    Host::Address(a) => write!(f, "{a}")?,
                    Host::Name(name) => write!(f, "{name}")?,
                }
                match ports {
                    None => {}
                    Some((0, u16::MAX)) => f.write_str(":*")?,
                    Some((low, high)) if low == high => write!(f, ":{low}")?,
                    Some((low, high)) => write!(f, ":{low}-{high}")?,
                }
                write!(f, "/{protocol}")
            }
            Self::Unix { text, .. } => write!(f, "unix:{text}"),
            Self::Abstract { text, .. } => write!(f, "unix:@{text}"),
            Self::Protocol(protocol) => f.write_str(protocol),
        }
    }
}

/// A network pattern bound to one recording's variables.
#[derive(Clone, Debug)]
pub enum BoundNet {
    /// See [`NetPattern::Inet`].
    Inet {
        /// Which hosts.
        host: Host,
        /// Which ports.
        ports: Option<(u16, u16)>,
        /// Protocol.
        protocol: String,
    },
    /// See [`NetPattern::Unix`].
    Unix(Pattern),
    /// See [`NetPattern::Abstract`].
    Abstract(Pattern),
    /// See [`NetPattern::Protocol`].
    Protocol(String),
}

impl BoundNet {
    /// True if it stands for this act.
    pub fn matches(&self, act: &NetAct) -> bool {
        match self {
            Self::Inet { host, ports, protocol } => {
                *protocol == act.protocol
                    && match (ports, act.port) {
                        (Some((low, high)), Some(port)) => (*low..=*high).contains(&port),
                        (None, None) => true,
                        _ => false,
                    }
                    && match host {
                        Host::Any => act.address.is_some() || act.host.is_some(),
                        Host::Address(address) => act.address == Some(*address),
                        Host::Name(name) => act.host.as_deref().is_some_and(|h| name.matches(h)),
                    }
            }
            Self::Unix(pattern) => {
                act.protocol == "unix" && act.path.as_ref().is_some_and(|p| pattern.matches(p.as_bytes()))
            }
            Self::Abstract(pattern) => {
                let name = act.path.as_ref().and_then(|p| p.as_bytes().strip_prefix(b"@"));
                act.protocol == "unix" && name.is_some_and(|n| pattern.matches(&[b"/", n].concat()))
            }
            Self::Protocol(protocol) => {
                *protocol == act.protocol && act.address.is_none() && act.path.is_none() && act.host.is_none()
            }
        }
    }
}

/// An act on the network as one line: `tcp 203.0.113.7:443`, escaped.
pub fn describe(act: &NetAct) -> String {
    let mut out = sekisho_events::escape(act.protocol.as_bytes());
    if let Some(path) = &act.path {
        return format!("{out} {}", path.escaped());
    }
    let address = match act.address {
        Some(IpAddr::V6(a)) => Some(format!("[{a}]")),
        Some(a) => Some(a.to_string()),
        None => None,
    };
    let name = act.host.as_ref().map(|h| sekisho_events::escape(h.as_bytes()));
    if let Some(place) = name.or(address) {
        out = format!("{out} {place}");
        if let Some(port) = act.port {
            out = format!("{out}:{port}");
        }
    }
    out
}

fn parse_protocol(text: &str) -> Result<String, NetError> {
    let good = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if good && text.bytes().any(|b| b.is_ascii_lowercase()) { Ok(text.to_owned()) } else { Err(NetError::Protocol) }
}

fn parse_host(text: &str) -> Result<Host, NetError> {
    if text == "*" {
        return Ok(Host::Any);
    }
    if let Ok(address) = text.parse() {
        return Ok(Host::Address(IpAddr::V4(address)));
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(NetError::Host);
    }
    NamePattern::parse(text).map(Host::Name)
}

fn parse_ports(text: &str) -> Result<(u16, u16), NetError> {
    if text == "*" {
        return Ok((0, u16::MAX));
    }
    let number = |t: &str| t.parse::<u16>().ok().filter(|_| t.bytes().all(|b| b.is_ascii_digit()));
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    match (number(low), number(high)) {
        (Some(low), Some(high)) if low <= high => Ok((low, high)),
        _ => Err(NetError::Port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_events::NetOp;

    fn act(protocol: &str, address: Option<&str>, port: Option<u16>, host: Option<&str>) -> NetAct {
        let mut act = NetAct::new(NetOp::Connect, protocol);
        act.address = address.map(|a| a.parse().unwrap());
        act.port = port;
        act.host = host.map(Into::into);
        act
    }

    fn hit(pattern: &str, act: &NetAct) -> bool {
        NetPattern::parse(pattern).unwrap().bind(&Vars::default()).unwrap().matches(act)
    }

    #[test]
    fn addresses_ports_and_protocols_are_exact() {
        let tls = act("tcp", Some("203.0.113.7"), Some(443), Some("Example.org"));
        assert!(hit("203.0.113.7:443/tcp", &tls));
        assert!(hit("example.org:443/tcp", &tls));
        assert!(hit("*:400-500/tcp", &tls));
        for other in ["203.0.113.8:443/tcp", "203.0.113.7:80/tcp", "203.0.113.7:443/udp", "*.example.org:443/tcp"] {
            assert!(!hit(other, &tls), "{other}");
        }
        assert!(hit("[2001:db8::1]:53/udp", &act("udp", Some("2001:db8::1"), Some(53), None)));
        assert!(hit("*.example.org:1/tcp", &act("tcp", None, Some(1), Some("a.b.example.org"))));
        assert!(!hit("*.example.org:1/tcp", &act("tcp", None, Some(1), Some("badexample.org"))));
    }

    #[test]
    fn abstract_and_named_sockets_do_not_mix() {
        let mut named = NetAct::new(NetOp::Connect, "unix");
        named.path = Some("/x".into());
        let mut hidden = named.clone();
        hidden.path = Some("@x".into());
        assert!(hit("unix:/x", &named) && !hit("unix:/x", &hidden));
        assert!(hit("unix:@x", &hidden) && !hit("unix:@x", &named));
        assert!(!hit("unix", &named));
    }

    #[test]
    fn a_pattern_is_written_as_it_reads() {
        for text in
            ["a.b:1/tcp", "*.a.b:1-2/tcp", "[::1]:*/udp", "unix:$TMP/x", "unix:@a*", "netlink", "127.0.0.1/icmp"]
        {
            assert_eq!(NetPattern::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "a b:1/tcp", "1.2.3:4/tcp", "a:99999/tcp", "a:1", "a:2-1/tcp", "*", "a:1/TCP", "unix:x"] {
            assert!(NetPattern::parse(bad).is_err(), "{bad}");
        }
    }
}
