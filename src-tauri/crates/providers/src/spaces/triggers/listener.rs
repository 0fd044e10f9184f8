//! What the configuration of a message trigger stands for: a broker that the engine listens to, and a password that is
//! kept where secrets are.

use beckon_core::{CredentialKind, Result, Secret, Subscription, TopicTrigger, TriggerState as Doing};
use beckon_engine::TopicTriggerStatus;

use super::document::{MQTT, invalid, number, text, text_of, topics};
use crate::spaces::wire::{Trigger, TriggerState};

/// What a broker's quality of service is where nobody says: a message may come twice, and none is lost.
const QOS: u8 = 1;

/// Takes the password out of a trigger's configuration; an empty one is none.
pub(super) fn take_password(trigger: &mut Trigger) -> Option<Secret> {
    let password = trigger.config.remove("password")?;
    let password = text_of(&password)?;
    (!password.is_empty()).then(|| Secret::new(password))
}

/// What the engine is to listen to.
///
/// # Errors
/// `InvalidInput` with the name of what is missing or is not what it should be.
pub(super) fn of(trigger: &Trigger) -> Result<TopicTrigger> {
    let config = &trigger.config;
    let required =
        |name: &'static str| text(config, name)?.ok_or_else(|| invalid(format!("config.{name} is required")));
    let (protocol, usual, usual_of_tls) = match trigger.kind.as_str() {
        MQTT => ("mqtt", 1883, 8883),
        _ => ("amqp", 5672, 5671),
    };
    let written = required("host")?;
    let (scheme, host) = match written.split_once("://") {
        Some((scheme, host)) => (Some(scheme), host.trim_end_matches('/').to_owned()),
        None => (None, written),
    };
    let said = match scheme {
        None => None,
        Some(scheme) if scheme == protocol => Some(false),
        Some(scheme) if scheme.strip_suffix('s') == Some(protocol) => Some(true),
        Some(_) => {
            let text = format!("config.host is of another protocol than {protocol} and {protocol}s");
            return Err(invalid(text));
        }
    };
    if host.contains(['/', '@', '?', '#']) {
        return Err(invalid("config.host is the name or address of a host"));
    }
    let port = number(config, "port")?;
    // A port that is TLS' own is spoken to in TLS: a password must not be sent there in clear.
    let secure = said.unwrap_or(port == Some(usual_of_tls));
    let port = port.unwrap_or(if secure { usual_of_tls } else { usual });
    let port = u16::try_from(port).map_err(|_| invalid("config.port is not a port"))?;
    let host = match host.contains(':') && !host.starts_with('[') {
        true => format!("[{host}]"),
        false => host,
    };
    let subscription = if trigger.kind == MQTT {
        let qos = number(config, "qos")?.unwrap_or(u64::from(QOS));
        let topics = topics(config)?;
        if topics.is_empty() {
            return Err(invalid("config.topics is required"));
        }
        Subscription::Mqtt {
            topics,
            qos: u8::try_from(qos).unwrap_or(u8::MAX),
        }
    } else {
        let exchange = text(config, "exchange")?;
        let queue = match &exchange {
            // An exchange is bound to a queue of the trigger's own where there is no other.
            Some(_) => text(config, "queue")?,
            None => Some(required("queue")?),
        };
        Subscription::Rabbitmq {
            queue,
            exchange,
            topics: topics(config)?,
        }
    };
    let user = text(config, "username")?;
    if user.as_ref().is_some_and(|user| user.contains(':')) {
        return Err(invalid("config.username has a colon"));
    }
    let listener = TopicTrigger {
        server: format!("{protocol}{}://{host}:{port}", if secure { "s" } else { "" }),
        subscription,
        credential: match user {
            Some(_) => CredentialKind::Password,
            None => CredentialKind::None,
        },
        callback_url: trigger.callback_url.clone(),
    };
    beckon_engine::Engine::check_topic_trigger(listener)
}

/// What is to be kept of a password that was sent with a trigger, or was not: that of `old` stays where it is for the same
/// user of the same server, and is for nobody else.
pub(super) fn credential(
    trigger: &Trigger,
    listener: &TopicTrigger,
    password: Option<Secret>,
    old: Option<(&Trigger, &TopicTrigger)>,
) -> Result<Option<Secret>> {
    let user = |trigger: &Trigger| text(&trigger.config, "username");
    let Some(name) = user(trigger)? else {
        return match password {
            Some(_) => Err(invalid("config.username is required")),
            None => Ok(None),
        };
    };
    if let Some(password) = password {
        return Ok(Some(Secret::new(format!("{name}:{}", password.expose()))));
    }
    let same = old.is_some_and(|(old, before)| {
        before.server == listener.server && user(old).is_ok_and(|old| old.as_ref() == Some(&name))
    });
    if same {
        Ok(None)
    } else {
        Err(invalid("config.password is required"))
    }
}

/// What a trigger is doing, in Spaces' words, and why it does not listen.
pub(super) fn state(status: TopicTriggerStatus) -> (TriggerState, Option<String>) {
    match status.state {
        Doing::Running { .. } => (TriggerState::Running, None),
        Doing::Failed { message, .. } | Doing::Reconnecting { message, .. } => {
            (TriggerState::Failed, Some(message))
        }
        Doing::Connecting | Doing::Idle | Doing::Paused | Doing::Orphaned => (TriggerState::Pending, None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::document::RABBITMQ;

    use super::*;

    #[test]
    fn servers_are_spoken_to_as_their_scheme_or_port_says() {
        for (kind, host, port, server) in [
            (MQTT, "127.0.0.1", None, "mqtt://127.0.0.1:1883"),
            (MQTT, "127.0.0.1", Some(8883), "mqtts://127.0.0.1:8883"),
            (MQTT, "mqtts://127.0.0.1", None, "mqtts://127.0.0.1:8883"),
            (MQTT, "mqtts://127.0.0.1", Some(1883), "mqtts://127.0.0.1:1883"),
            (MQTT, "mqtt://127.0.0.1", Some(8883), "mqtt://127.0.0.1:8883"),
            (RABBITMQ, "::1", Some(5671), "amqps://[::1]:5671"),
            (RABBITMQ, "amqps://127.0.0.1/", None, "amqps://127.0.0.1:5671"),
        ] {
            let trigger = json!({ "type": kind, "config": {
                "host": host, "port": port, "topics": "a", "queue": "q", "exchange": "e" } });
            let trigger = serde_json::from_value(trigger).unwrap();
            match of(&trigger) {
                Ok(listener) => assert_eq!(listener.server, server),
                Err(error) => panic!("{host}: {error}"),
            }
        }
        let trigger = json!({ "type": MQTT, "config": { "host": "amqp://127.0.0.1", "topics": "a" } });
        assert!(of(&serde_json::from_value(trigger).unwrap()).is_err());
    }
}
