//! Where deliveries may go: this machine, and what the user allows.
//!
//! A name is looked up once, every address is judged, and the connection is made to a judged address: a name that
//! answers differently the next time (DNS rebinding) gains nothing.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use beckon_core::DeliveryRules;

/// How long a name may take to look up.
const LOOK_UP: Duration = Duration::from_secs(10);

/// Why nothing arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// One sentence, without credentials.
    pub(crate) why: String,
    pub(crate) hint: Option<String>,
    /// The word that failures of this kind are counted under.
    pub(crate) class: &'static str,
    /// Whether another attempt, with nothing changed, may succeed.
    pub(crate) again: bool,
}

impl Refused {
    /// Something did not work this time.
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            hint: None,
            class: "unreachable",
            again: true,
        }
    }

    /// It took too long.
    pub(crate) fn timeout(why: impl Into<String>) -> Self {
        Self {
            class: "timeout",
            ..Self::new(why)
        }
    }

    /// It can never work as it is.
    pub(crate) fn never(why: impl Into<String>) -> Self {
        Self {
            class: "refused",
            again: false,
            ..Self::new(why)
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What a connection is for. The rules are the same, and a refusal speaks of what its reader asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// To tell somebody how a run ended.
    Delivery,
    /// To listen to a message broker.
    Broker,
}

impl Goal {
    /// Why nobody connects to a host that is not this machine.
    fn elsewhere(self, shown: &str) -> Refused {
        let (why, hint) = match self {
            Self::Delivery => (
                format!(
                    "{shown} is not on this machine, and deliveries go nowhere else unless you allow it."
                ),
                format!("Add {shown} to the hosts that deliveries may go to, then deliver again."),
            ),
            Self::Broker => (
                format!(
                    "{shown} is not on this machine, and no broker elsewhere is connected to unless you allow it."
                ),
                format!(
                    "Add {shown} to the allowed hosts on the page Deliveries; the trigger then connects by itself."
                ),
            ),
        };
        Refused::never(why).hint(hint)
    }

    /// The same of an address that a cloud's metadata may be at.
    fn special(self, shown: &str) -> Refused {
        let (why, list) = match self {
            Self::Delivery => ("nothing is sent there", "the hosts that deliveries may go to"),
            Self::Broker => (
                "no broker is looked for there",
                "the allowed hosts on the page Deliveries",
            ),
        };
        Refused::never(format!("{shown} is a link-local or metadata address, and {why}."))
            .hint(format!("If you mean it, add the address itself to {list}."))
    }
}

/// The addresses that a connection to `host` (an IPv6 address in brackets or not) may connect to, best first.
pub(crate) async fn addresses(
    rules: &DeliveryRules,
    host: &str,
    port: u16,
    goal: Goal,
) -> Result<Vec<SocketAddr>, Refused> {
    let plain = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if let Ok(ip) = plain.parse::<IpAddr>() {
        return match judge(rules, ip, plain, port, true, goal) {
            Ok(()) => Ok(vec![SocketAddr::new(ip, port)]),
            Err(refused) => Err(refused),
        };
    }
    // The rest of what resolvers take for an address (`127.1`, `0x7f.1`, zones) is left to the resolver, whose answer is
    // judged like any other.
    let name = plain.trim_end_matches('.').to_ascii_lowercase();
    let look_up = tokio::net::lookup_host((name.as_str(), port));
    let found: Vec<SocketAddr> = match tokio::time::timeout(LOOK_UP, look_up).await {
        Ok(Ok(found)) => found.collect(),
        Ok(Err(_)) => return Err(Refused::new(format!("The host {name} was not found."))),
        Err(_) => {
            return Err(Refused::timeout(format!(
                "The host {name} could not be looked up in time."
            )));
        }
    };
    let mut first_refusal = None;
    let mut good = Vec::new();
    for address in found {
        match judge(rules, address.ip(), &name, port, false, goal) {
            Ok(()) => good.push(address),
            Err(refused) => drop(first_refusal.get_or_insert(refused)),
        }
    }
    match (good.is_empty(), first_refusal) {
        (false, _) => Ok(good),
        (true, Some(refused)) => Err(refused),
        (true, None) => Err(Refused::new(format!("The host {name} has no address."))),
    }
}

fn judge(
    rules: &DeliveryRules,
    ip: IpAddr,
    host: &str,
    port: u16,
    literal: bool,
    goal: Goal,
) -> Result<(), Refused> {
    let ip = canonical(ip);
    if ip.is_loopback() {
        return Ok(());
    }
    let listed = |host: &str, wild: bool| {
        rules
            .allowed_hosts
            .iter()
            .any(|rule| matches(rule, host, port, wild))
    };
    let shown = if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    if is_special(ip) {
        // A cloud's metadata answers there with credentials: only who writes down the very address means it.
        if literal && listed(host, false) {
            return Ok(());
        }
        return Err(goal.special(&shown));
    }
    if ip.is_unspecified() || ip.is_multicast() || matches!(ip, IpAddr::V4(ip) if ip.is_broadcast()) {
        return Err(Refused::never(format!(
            "{shown} is not the address of one machine."
        )));
    }
    if listed(host, true) {
        return Ok(());
    }
    Err(goal.elsewhere(&shown))
}

/// An IPv4 address that is written as an IPv6 one is what it is.
fn canonical(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

/// Link-local addresses, and those under which clouds serve their metadata (AWS over IPv6, Alibaba).
fn is_special(ip: IpAddr) -> bool {
    const AWS: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254);
    match ip {
        IpAddr::V4(v4) => v4.is_link_local() || v4.octets() == [100, 100, 100, 200],
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6 == AWS,
    }
}

/// Whether a rule (`host`, `host:port`, `*.domain`, `*`) is about this host. `wild`: whether `*` counts.
fn matches(rule: &str, host: &str, port: u16, wild: bool) -> bool {
    let (pattern, wanted) = split_port(rule);
    if wanted.is_some_and(|wanted| wanted != port) {
        return false;
    }
    if let (Ok(rule), Ok(ip)) = (pattern.parse::<IpAddr>(), host.parse::<IpAddr>()) {
        return canonical(rule) == canonical(ip);
    }
    let host = host.trim_end_matches('.');
    match pattern {
        "*" => wild,
        _ => match pattern.strip_prefix("*.") {
            Some(domain) => {
                wild && host
                    .strip_suffix(domain)
                    .is_some_and(|sub| sub.len() > 1 && sub.ends_with('.'))
            }
            None => pattern.trim_end_matches('.').eq_ignore_ascii_case(host),
        },
    }
}

fn split_port(rule: &str) -> (&str, Option<u16>) {
    if let Some(rest) = rule.strip_prefix('[')
        && let Some((address, port)) = rest.split_once(']')
    {
        return (address, port.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match rule.rsplit_once(':') {
        // More than one colon and no brackets: an IPv6 address.
        Some((host, port)) if !host.contains(':') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (rule, None),
        },
        _ => (rule, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(hosts: &[&str]) -> DeliveryRules {
        DeliveryRules {
            allowed_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            ..DeliveryRules::default()
        }
    }

    fn allowed(hosts: &[&str], ip: &str, name: Option<&str>) -> bool {
        judge(
            &rules(hosts),
            ip.parse().unwrap(),
            name.unwrap_or(ip),
            80,
            name.is_none(),
            Goal::Delivery,
        )
        .is_ok()
    }

    #[test]
    fn this_machine_needs_no_permission_and_others_do() {
        for ip in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(allowed(&[], ip, None), "{ip}");
        }
        for ip in [
            "10.0.0.1",
            "192.168.1.1",
            "8.8.8.8",
            "0.0.0.0",
            "::",
            "fd00::1",
            "::ffff:10.0.0.1",
            "::2",
        ] {
            assert!(!allowed(&[], ip, None), "{ip}");
        }
        assert!(allowed(&["10.0.0.1"], "10.0.0.1", None));
        assert!(allowed(&["10.0.0.1:80"], "::ffff:10.0.0.1", None));
        assert!(!allowed(&["10.0.0.1:81"], "10.0.0.1", None));
        assert!(allowed(&["[fd00::1]:80"], "fd00::1", None) && allowed(&["fd00::1"], "fd00::1", None));
        assert!(!allowed(&["*"], "0.0.0.0", None) && !allowed(&["*"], "224.0.0.1", None));
    }

    #[test]
    fn names_are_allowed_by_name_whatever_they_point_to() {
        for rule in ["example.com", "EXAMPLE.com:80", "*", "*:80"] {
            assert!(allowed(&[rule], "8.8.8.8", Some("example.com")), "{rule}");
        }
        assert!(allowed(&["*.example.com"], "8.8.8.8", Some("a.b.example.com")));
        for rule in ["*.example.com", "example.com:81", "xample.com", "example.co"] {
            assert!(!allowed(&[rule], "8.8.8.8", Some("example.com")), "{rule}");
        }
        assert!(!allowed(&["*.example.com"], "8.8.8.8", Some("evilexample.com")));
        // A name of this machine needs no permission; the same name pointing elsewhere does.
        assert!(allowed(&[], "127.0.0.1", Some("localtest.example")));
        assert!(!allowed(&[], "10.0.0.1", Some("localhost")));
    }

    #[test]
    fn metadata_is_reached_by_its_own_address_only() {
        for ip in [
            "169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "::ffff:169.254.169.254",
        ] {
            assert!(
                !allowed(&["*", "*.example.com", "example.com"], ip, Some("example.com")),
                "{ip}"
            );
            assert!(!allowed(&["*"], ip, None), "{ip}");
            assert!(allowed(&[ip], ip, None), "{ip}");
        }
    }

    #[tokio::test]
    async fn a_refusal_says_how_to_allow_it() {
        for (goal, host) in [
            (Goal::Delivery, "10.1.2.3"),
            (Goal::Broker, "10.1.2.3"),
            (Goal::Broker, "169.254.169.254"),
        ] {
            let refused = addresses(&rules(&[]), host, 8080, goal).await.unwrap_err();
            assert!(
                refused.why.starts_with(&format!("{host}:8080 is ")),
                "{}",
                refused.why
            );
            let hint = refused.hint.unwrap();
            assert!(
                hint.contains(&format!("{host}:8080")) || hint.contains("the address itself"),
                "{hint}"
            );
            // Whoever made a trigger delivers nothing.
            let text = format!("{} {hint}", refused.why);
            assert_eq!(text.contains("deliver"), goal == Goal::Delivery, "{text}");
        }
        let own = addresses(&rules(&[]), "localhost", 9, Goal::Broker)
            .await
            .unwrap();
        assert!(!own.is_empty() && own.iter().all(|address| address.ip().is_loopback()));
    }
}
