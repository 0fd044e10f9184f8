//! What may be asked of a trigger.

use async_nats::{ConnectOptions, ServerAddr};
use beckon_core::{CredentialKind, Error, ErrorCode, Result, Secret, Subscription};

/// Longest subject, topic, queue group and server, in bytes.
const LONGEST: usize = 512;
/// Longest name in AMQP, in bytes (a short text).
const LONGEST_NAME: usize = 255;
/// Most topics of a trigger.
const TOPICS: usize = 100;

/// The server and what is subscribed to, as they will be stored.
pub(super) fn source(
    text: &str,
    subscription: Subscription,
    credential: CredentialKind,
) -> Result<(String, Subscription)> {
    use CredentialKind::{None as Nobody, Password};
    let nats = matches!(subscription, Subscription::Nats { .. });
    if !nats && !matches!(credential, Nobody | Password) {
        return Err(invalid("This broker is logged in to with a user and a password."));
    }
    Ok(match subscription {
        Subscription::Nats {
            subject: text_of,
            queue_group: group,
        } => {
            let subscription = Subscription::Nats {
                subject: subject(&text_of)?,
                queue_group: queue_group(group)?,
            };
            (server(text)?, subscription)
        }
        Subscription::Mqtt { topics, qos } => {
            if qos > 2 {
                return Err(invalid("The quality of service is 0, 1 or 2."));
            }
            let topics = list(&topics, topic_filter)?;
            if topics.is_empty() {
                return Err(invalid("The topics are missing."));
            }
            (kept(text, "mqtt", 1883)?, Subscription::Mqtt { topics, qos })
        }
        Subscription::Rabbitmq {
            queue,
            exchange,
            topics,
        } => {
            let (queue, exchange) = (name(queue, "queue")?, name(exchange, "exchange")?);
            if queue.is_none() && exchange.is_none() {
                return Err(invalid("A queue or an exchange is needed."));
            }
            let topics = list(&topics, routing_key)?;
            if exchange.is_none() && !topics.is_empty() {
                let text = "Topics are of an exchange: without one they would have no effect.";
                return Err(invalid(text));
            }
            let subscription = Subscription::Rabbitmq {
                queue,
                exchange,
                topics,
            };
            (kept(text, "amqp", 5672)?, subscription)
        }
    })
}

/// As much of a summary as fits a name.
pub(super) fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Where an MQTT or RabbitMQ server is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// An IPv6 address in brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether over TLS.
    pub(super) secure: bool,
    /// The virtual host.
    pub(super) host_within: String,
}

/// Reads what [`source`] made of a server.
pub(super) fn address(server: &str) -> Result<Address> {
    let odd = || invalid("The server is not an address.");
    let url = url::Url::parse(server).map_err(|_| odd())?;
    let within = url.path().trim_start_matches('/');
    let within = crate::delivery::percent_decoded(if within.is_empty() { "/" } else { within });
    let secure = matches!(url.scheme(), "mqtts" | "amqps");
    let port = match url.scheme() {
        "mqtt" => 1883,
        "mqtts" => 8883,
        "amqp" => 5672,
        "amqps" => 5671,
        _ => return Err(odd()),
    };
    Ok(Address {
        host: url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(odd)?
            .to_owned(),
        port: url.port().unwrap_or(port),
        secure,
        host_within: String::from_utf8(within).map_err(|_| odd())?,
    })
}

/// A server of a protocol with nothing else in it; the protocol and the port may be left out.
fn kept(text: &str, protocol: &str, port: u16) -> Result<String> {
    let text = text.trim();
    let hint = format!("Write it like {protocol}://127.0.0.1:{port}.");
    let refused = |message: &str| Err(invalid(message).with_hint(hint.clone()));
    if text.is_empty() || text.len() > LONGEST {
        return refused("The server is missing or too long.");
    }
    let whole = match text.contains("://") {
        true => text.to_owned(),
        false => format!("{protocol}://{text}"),
    };
    let Ok(url) = url::Url::parse(&whole) else {
        return refused("The server is not an address.");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(no_credential_there());
    }
    let scheme = url.scheme();
    if scheme != protocol && scheme.strip_suffix('s') != Some(protocol) {
        return refused("The server is of another protocol.");
    }
    let path = url.path().trim_start_matches('/');
    let within = protocol == "amqp" && !path.contains('/') && path.len() <= LONGEST_NAME;
    if !(path.is_empty() || within) || url.query().is_some() || url.fragment().is_some() {
        return refused("The server is not an address.");
    }
    let address = address(&whole).map_err(|error| error.with_hint(hint.clone()))?;
    let rest = if path.is_empty() {
        String::new()
    } else {
        format!("/{path}")
    };
    Ok(format!(
        "{scheme}://{}:{}{rest}",
        address.host.to_ascii_lowercase(),
        address.port
    ))
}

/// Texts without spaces around them, and without those that are empty.
fn list(texts: &[String], check: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let texts = texts
        .iter()
        .map(|text| text.trim())
        .filter(|text| !text.is_empty());
    let texts: Vec<String> = texts.map(str::to_owned).collect();
    if texts.len() > TOPICS {
        return Err(invalid("There are more than 100 topics."));
    }
    match texts.iter().find(|text| !check(text)) {
        Some(bad) => {
            let shown: String = short(bad).chars().filter(|c| !c.is_control()).collect();
            Err(invalid(&format!("The topic {shown} is not valid.")))
        }
        None => Ok(texts),
    }
}

/// Levels between slashes; `+` stands for one, `#` at the end for the rest (MQTT 3.1.1, 4.7).
fn topic_filter(text: &str) -> bool {
    let levels: Vec<&str> = text.split('/').collect();
    let good = |(at, level): (usize, &&str)| match *level {
        "#" => at == levels.len() - 1,
        "+" => true,
        level => !level.contains(['+', '#']),
    };
    text.len() <= LONGEST && !text.contains(char::is_control) && levels.iter().enumerate().all(good)
}

fn routing_key(text: &str) -> bool {
    text.len() <= LONGEST_NAME && !text.contains(char::is_control)
}

/// The name of a queue or an exchange, or none.
fn name(text: Option<String>, what: &str) -> Result<Option<String>> {
    let text = text.map(|text| text.trim().to_owned());
    match text.filter(|text| !text.is_empty()) {
        Some(text) if !routing_key(&text) => Err(invalid(&format!("The {what} is too long or not text."))),
        text => Ok(text),
    }
}

fn no_credential_there() -> Error {
    invalid("The server's address must not hold a credential.").with_hint(
        "Leave it out of the address and give it as the trigger's credential: it is kept as a secret.",
    )
}

/// `nats://host:port` or `tls://host:port`, with nothing else in it.
pub(super) fn server(text: &str) -> Result<String> {
    let text = text.trim();
    let hint = "Write it like nats://127.0.0.1:4222.";
    let refused = |message: &str| Err(invalid(message).with_hint(hint));
    if text.is_empty() || text.len() > LONGEST {
        return refused("The server is missing or too long.");
    }
    let Ok(address) = text.parse::<ServerAddr>() else {
        return refused("The server is not a NATS address.");
    };
    if address.has_user_pass() {
        return Err(no_credential_there());
    }
    if address.is_websocket() {
        return refused("Triggers speak NATS over TCP or TLS, not over web sockets.");
    }
    let host = address.host();
    let path = address
        .as_url_str()
        .split_once("://")
        .map_or("", |(_, rest)| rest);
    if host.is_empty() || path.contains(['/', '?', '#']) {
        return refused("The server is not a NATS address.");
    }
    Ok(match host.contains(':') {
        true => format!("{}://[{host}]:{}", address.scheme(), address.port()),
        false => format!("{}://{host}:{}", address.scheme(), address.port()),
    })
}

/// Tokens between dots; `*` stands for one, `>` at the end for the rest
/// (<https://docs.nats.io/nats-concepts/subjects>).
pub(super) fn subject(text: &str) -> Result<String> {
    let text = text.trim();
    let tokens: Vec<&str> = text.split('.').collect();
    let last = tokens.len() - 1;
    let good = |(at, token): (usize, &&str)| match *token {
        "" => false,
        ">" => at == last,
        "*" => true,
        token => {
            !token.contains(['*', '>']) && !token.contains(|c: char| c.is_whitespace() || c.is_control())
        }
    };
    if text.len() <= LONGEST && tokens.iter().enumerate().all(good) {
        return Ok(text.to_owned());
    }
    Err(invalid("The subject is not valid.").with_hint(
        "Words between dots; * stands for one word and > at the end for the rest, for example orders.*.new.",
    ))
}

/// One word, or none.
pub(super) fn queue_group(group: Option<String>) -> Result<Option<String>> {
    let Some(group) = group
        .map(|group| group.trim().to_owned())
        .filter(|group| !group.is_empty())
    else {
        return Ok(None);
    };
    if group.len() > LONGEST || group.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(invalid("The queue group must be one word."));
    }
    Ok(Some(group))
}

/// Has the shape of its kind.
pub(super) fn credential(kind: CredentialKind, secret: &Secret) -> Result<()> {
    let text = secret.expose();
    let refused = match kind {
        CredentialKind::None => None,
        CredentialKind::Token => text.is_empty().then_some("The token is empty."),
        CredentialKind::Password => {
            let pair = text.split_once(':').is_some_and(|(user, _)| !user.is_empty());
            (!pair).then_some("Write the user and the password as user:password.")
        }
        CredentialKind::Nkey => (!text.starts_with("SU")).then_some("An NKey seed of a user begins with SU."),
        CredentialKind::Creds => ConnectOptions::with_credentials(text)
            .is_err()
            .then_some("This is not the text of a .creds file."),
    };
    match refused {
        Some(why) => Err(invalid(why)),
        None => Ok(()),
    }
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorCode::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        for (text, kept) in [
            ("127.0.0.1:4222", "nats://127.0.0.1:4222"),
            ("nats://broker.example", "nats://broker.example:4222"),
            (" tls://broker.example:7000 ", "tls://broker.example:7000"),
            ("nats://[::1]:5000", "nats://[::1]:5000"),
        ] {
            assert_eq!(server(text).unwrap(), kept);
            assert_eq!(server(kept).unwrap(), kept);
        }
        for bad in [
            "",
            "http://x:1",
            "ws://x:1",
            "nats://u:p@x:1",
            "nats://u@x",
            "nats://x:1/path",
            "nats://x:99999",
            "nats://",
        ] {
            assert!(server(bad).is_err(), "{bad}");
        }
        assert!(
            !server("nats://u:hunter2@x:1")
                .unwrap_err()
                .to_string()
                .contains("hunter2")
        );
    }

    #[test]
    fn servers_of_the_other_brokers() {
        for (text, protocol, port, wanted) in [
            ("127.0.0.1", "mqtt", 1883, "mqtt://127.0.0.1:1883"),
            ("localhost:1884", "mqtt", 1883, "mqtt://localhost:1884"),
            (
                " mqtts://Broker.example ",
                "mqtt",
                1883,
                "mqtts://broker.example:8883",
            ),
            ("[::1]:99", "amqp", 5672, "amqp://[::1]:99"),
            ("amqp://x/a%2Fb", "amqp", 5672, "amqp://x:5672/a%2Fb"),
            ("amqps://x/", "amqp", 5672, "amqps://x:5671"),
        ] {
            let stored = kept(text, protocol, port).unwrap();
            assert_eq!(stored, wanted);
            assert_eq!(kept(&stored, protocol, port).unwrap(), wanted);
        }
        for (bad, protocol) in [
            ("", "mqtt"),
            ("http://x", "mqtt"),
            ("amqp://x", "mqtt"),
            ("mqtt://u:p@x", "mqtt"),
            ("mqtt://x/path", "mqtt"),
            ("mqtt://", "mqtt"),
            ("mqtt://x:99999", "mqtt"),
            ("amqp://x/a/b", "amqp"),
            ("amqp://x?a", "amqp"),
        ] {
            assert!(kept(bad, protocol, 1).is_err(), "{bad}");
        }
        assert_eq!(address("amqp://x:1/a%2Fb").unwrap().host_within, "a/b");
        assert_eq!(address("amqp://x:1").unwrap().host_within, "/");
    }

    #[test]
    fn topics_and_queues() {
        let mqtt = |topics: &[&str], qos| Subscription::Mqtt {
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            qos,
        };
        let rabbit = |queue: Option<&str>, exchange: Option<&str>| Subscription::Rabbitmq {
            queue: queue.map(str::to_owned),
            exchange: exchange.map(str::to_owned),
            topics: Vec::new(),
        };
        let checked = |subscription, credential| source("127.0.0.1", subscription, credential);
        let nobody = CredentialKind::None;
        let (_, stored) = checked(mqtt(&[" a/+ ", "", "b/#"], 1), nobody).unwrap();
        assert_eq!(stored, mqtt(&["a/+", "b/#"], 1));
        for bad in [
            mqtt(&[""], 0),
            mqtt(&["a#"], 0),
            mqtt(&["#/a"], 0),
            mqtt(&["a\0"], 0),
            mqtt(&["a"], 3),
        ] {
            assert!(checked(bad.clone(), nobody).is_err(), "{bad:?}");
        }
        assert!(checked(mqtt(&["a"], 0), CredentialKind::Token).is_err());
        assert!(checked(rabbit(Some("q"), None), CredentialKind::Password).is_ok());
        assert!(checked(rabbit(None, Some("x")), nobody).is_ok());
        for bad in [
            rabbit(None, None),
            rabbit(Some(" "), None),
            rabbit(Some(&"q".repeat(256)), None),
        ] {
            assert!(checked(bad.clone(), nobody).is_err(), "{bad:?}");
        }
        // Keys bind a queue to an exchange: without one they would be kept, and of no effect.
        let keys = |exchange: Option<&str>| Subscription::Rabbitmq {
            queue: Some("q".into()),
            exchange: exchange.map(str::to_owned),
            topics: vec!["orders.*".into()],
        };
        assert!(checked(keys(Some("x")), nobody).is_ok());
        for exchange in [None, Some(" ")] {
            let error = checked(keys(exchange), nobody).unwrap_err();
            assert!(error.message.starts_with("Topics are of an exchange"), "{error}");
        }
    }

    #[test]
    fn subjects_and_groups() {
        for good in ["a", "orders.*.new", "orders.>", ">", "*", "$SYS.x", " a.b "] {
            assert!(subject(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", "a b", "a.>.b", "a.b*", "a\nb", "a>"] {
            assert!(subject(bad).is_err(), "{bad}");
        }
        assert_eq!(queue_group(Some("  ".into())).unwrap(), None);
        assert_eq!(queue_group(Some(" g ".into())).unwrap().as_deref(), Some("g"));
        assert!(queue_group(Some("a b".into())).is_err());
    }

    #[test]
    fn credentials_have_their_shapes() {
        let check = |kind, text: &str| credential(kind, &Secret::new(text)).is_ok();
        assert!(check(CredentialKind::Token, "t") && !check(CredentialKind::Token, ""));
        assert!(check(CredentialKind::Password, "u:p:q") && !check(CredentialKind::Password, "up"));
        assert!(!check(CredentialKind::Nkey, "hello") && !check(CredentialKind::Creds, "hello"));
    }
}
