//! A trigger's document in Beckon's words, and the other way round.
//!
//! What a server says beside what is known here stays in the document, and so does how it writes what does not change:
//! numbers or their digits, topics in one text or in a list.

use beckon_core::{
    Error, ErrorCode, NewSpaceTrigger, Result, Secret, SpaceBroker, SpaceTrigger, SpaceTriggerSource,
    SpaceTriggerStatus,
};
use serde_json::{Map, Value};

use crate::spaces::wire::{Trigger, TriggerState};

pub(in crate::spaces) const CRON: &str = "cron";
pub(in crate::spaces) const MQTT: &str = "mqtt";
pub(in crate::spaces) const RABBITMQ: &str = "rabbitmq";

/// Most characters of what a server says of a failure.
const EXCUSE: usize = 1_000;
/// Most characters of a type that is not known.
const KIND: usize = 100;

/// A trigger as it is told. Its password, where the document has it, stays behind.
pub(in crate::spaces) fn told(document: &Trigger) -> SpaceTrigger {
    let why = document.error_message.as_deref().unwrap_or_default().trim();
    let password = document.config.get("password").and_then(text_of);
    let why = match password.filter(|password| !password.is_empty()) {
        Some(password) => why.replace(&password, "***"),
        None => why.to_owned(),
    };
    SpaceTrigger {
        id: document.id.clone(),
        description: document.description.clone(),
        source: source(document),
        status: match document.status {
            Some(TriggerState::Pending) => SpaceTriggerStatus::Pending,
            Some(TriggerState::Running) => SpaceTriggerStatus::Running,
            Some(TriggerState::Failed) => SpaceTriggerStatus::Failed,
            Some(TriggerState::Other) | None => SpaceTriggerStatus::Unknown,
        },
        error_message: (!why.is_empty()).then(|| shown(&why, EXCUSE)),
        callback_url: document.callback_url.clone().filter(|url| !url.is_empty()),
    }
}

/// A host without a user and a password that somebody wrote into it.
fn without_user(host: &str) -> String {
    let (scheme, rest) = match host.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), host),
    };
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    format!("{scheme}{rest}")
}

/// What it listens to. What a server writes otherwise than as it is documented is as good as not there.
fn source(document: &Trigger) -> SpaceTriggerSource {
    let config = &document.config;
    let said = |name| text(config, name).ok().flatten();
    let digits = |name| number(config, name).ok().flatten();
    let broker = || SpaceBroker {
        host: said("host").map(|host| without_user(&host)).unwrap_or_default(),
        port: digits("port").and_then(|port| u16::try_from(port).ok()),
        username: said("username"),
    };
    let topics = || topics(config).unwrap_or_default();
    match document.kind.as_str() {
        CRON => SpaceTriggerSource::Cron,
        MQTT => SpaceTriggerSource::Mqtt {
            broker: broker(),
            topics: topics(),
            qos: digits("qos").and_then(|qos| u8::try_from(qos).ok()),
        },
        RABBITMQ => SpaceTriggerSource::Rabbitmq {
            broker: broker(),
            exchange: said("exchange"),
            queue: said("queue"),
            topics: topics(),
        },
        other => SpaceTriggerSource::Other {
            name: shown(other, KIND),
        },
    }
}

/// Its type, in Spaces' word.
pub(in crate::spaces) fn kind(source: &SpaceTriggerSource) -> &str {
    match source {
        SpaceTriggerSource::Cron => CRON,
        SpaceTriggerSource::Mqtt { .. } => MQTT,
        SpaceTriggerSource::Rabbitmq { .. } => RABBITMQ,
        SpaceTriggerSource::Other { name } => name,
    }
}

/// The document of a trigger that `new` says, over that of the one that is there. Without a password the document has that
/// of `old`, if it has one, as long as it is for the same user of the same broker.
///
/// # Errors
/// `InvalidInput` when `old` is of another type.
pub(in crate::spaces) fn written(
    new: &NewSpaceTrigger,
    old: Option<&Trigger>,
    password: Option<&Secret>,
) -> Result<Trigger> {
    let kind = kind(&new.source);
    if old.is_some_and(|old| old.kind != kind) {
        return Err(invalid("The type of a trigger cannot be changed.")
            .with_hint("Make another one, and delete this one."));
    }
    let mut config = old.map(|old| old.config.clone()).unwrap_or_default();
    match &new.source {
        SpaceTriggerSource::Mqtt { broker, topics, qos } => {
            put_broker(&mut config, broker);
            put_topics(&mut config, topics);
            put_number(&mut config, "qos", qos.map(u64::from));
        }
        SpaceTriggerSource::Rabbitmq {
            broker,
            exchange,
            queue,
            topics,
        } => {
            put_broker(&mut config, broker);
            put_text(&mut config, "exchange", exchange.as_deref());
            put_text(&mut config, "queue", queue.as_deref());
            put_topics(&mut config, topics);
        }
        SpaceTriggerSource::Cron | SpaceTriggerSource::Other { .. } => {}
    }
    let door = ["host", "port", "username"];
    let moved = old.is_some_and(|old| door.iter().any(|&name| old.config.get(name) != config.get(name)));
    match password {
        Some(password) => drop(config.insert("password".into(), password.expose().into())),
        None if moved => drop(config.remove("password")),
        None => {}
    }
    Ok(Trigger {
        id: old.map(|old| old.id.clone()).unwrap_or_default(),
        description: new.description.clone(),
        kind: kind.to_owned(),
        config,
        status: None,
        error_message: None,
        callback_url: new.callback_url.clone(),
    })
}

fn put_broker(config: &mut Map<String, Value>, broker: &SpaceBroker) {
    put_text(config, "host", Some(&broker.host));
    put_number(config, "port", broker.port.map(u64::from));
    put_text(config, "username", broker.username.as_deref());
}

fn put_text(config: &mut Map<String, Value>, name: &'static str, value: Option<&str>) {
    match value {
        _ if text(config, name).is_ok_and(|old| old.as_deref() == value) => {}
        Some(value) => drop(config.insert(name.into(), value.into())),
        None => drop(config.remove(name)),
    }
}

fn put_number(config: &mut Map<String, Value>, name: &'static str, value: Option<u64>) {
    let digits = matches!(config.get(name), Some(Value::String(_)));
    match value {
        _ if number(config, name).is_ok_and(|old| old == value) => {}
        Some(value) if digits => drop(config.insert(name.into(), value.to_string().into())),
        Some(value) => drop(config.insert(name.into(), value.into())),
        None => drop(config.remove(name)),
    }
}

fn put_topics(config: &mut Map<String, Value>, list: &[String]) {
    let value = match config.get("topics") {
        _ if topics(config).is_ok_and(|old| old == list) => return,
        Some(Value::Array(_)) => list.into(),
        _ if list.is_empty() => return drop(config.remove("topics")),
        _ => list.join(",").into(),
    };
    config.insert("topics".into(), value);
}

/// A list of topics, separated by commas or as JSON has lists.
pub(super) fn topics(config: &Map<String, Value>) -> Result<Vec<String>> {
    let list = match config.get("topics") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list
            .iter()
            .map(text_of)
            .collect::<Option<_>>()
            .ok_or_else(not_text("topics"))?,
        Some(value) => text_of(value)
            .ok_or_else(not_text("topics"))?
            .split(',')
            .map(str::to_owned)
            .collect(),
    };
    let trimmed = list
        .iter()
        .map(|topic| topic.trim())
        .filter(|topic| !topic.is_empty());
    Ok(trimmed.map(str::to_owned).collect())
}

/// A text; an empty one is none.
pub(super) fn text(config: &Map<String, Value>, name: &'static str) -> Result<Option<String>> {
    match config.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let text = text_of(value).ok_or_else(not_text(name))?;
            let text = text.trim();
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }
    }
}

/// A number, or its digits.
pub(super) fn number(config: &Map<String, Value>, name: &'static str) -> Result<Option<u64>> {
    let Some(digits) = text(config, name)? else {
        return Ok(None);
    };
    let number = digits.parse();
    number
        .map(Some)
        .map_err(|_| invalid(format!("config.{name} is not a number")))
}

pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn not_text(name: &'static str) -> impl Fn() -> Error {
    move || invalid(format!("config.{name} is not a text"))
}

pub(super) fn invalid(text: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidInput, text)
}

/// A stranger's text, fit to be shown.
fn shown(text: &str, most: usize) -> String {
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.take(most).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(document: Value) -> Trigger {
        serde_json::from_value(document).unwrap()
    }

    fn changed(old: &Trigger, edit: impl FnOnce(&mut NewSpaceTrigger), password: Option<&str>) -> Value {
        let told = told(old);
        let mut new = NewSpaceTrigger {
            description: told.description,
            source: told.source,
            callback_url: told.callback_url,
        };
        edit(&mut new);
        let password = password.map(Secret::new);
        serde_json::to_value(written(&new, Some(old), password.as_ref()).unwrap()).unwrap()
    }

    fn move_to(new: &mut NewSpaceTrigger, to: &str) {
        if let SpaceTriggerSource::Mqtt { broker, .. } = &mut new.source {
            broker.host = to.into();
        }
    }

    #[test]
    fn what_is_not_changed_stays_as_it_was_written() {
        let config = json!({ "host": "h", "port": "1883", "topics": ["a", "b/#"], "qos": 2, "clientId": "x",
                             "username": "ann", "password": "s3cr3t", "tls": { "ca": "PEM" } });
        let old = read(
            json!({ "id": "1", "type": "mqtt", "description": "d", "config": config,
                               "status": "Failed", "error_message": "ann:s3cr3t is refused" }),
        );
        assert_eq!(told(&old).error_message.as_deref(), Some("ann:*** is refused"));
        assert!(!format!("{:?}", told(&old)).contains("s3cr3t"));
        assert_eq!(changed(&old, |_| {}, None)["config"], config);

        let other = changed(
            &old,
            |new| {
                if let SpaceTriggerSource::Mqtt { broker, topics, qos } = &mut new.source {
                    broker.port = Some(1884);
                    topics.push("c".into());
                    *qos = None;
                }
            },
            None,
        );
        // The password was for another broker.
        let wanted = json!({ "host": "h", "port": "1884", "topics": ["a", "b/#", "c"], "clientId": "x",
                             "username": "ann", "tls": { "ca": "PEM" } });
        assert_eq!(other["config"], wanted);
        let moved = changed(&old, |new| move_to(new, "i"), Some("n3w"));
        assert_eq!(moved["config"]["password"], "n3w");
    }

    #[test]
    fn odd_documents_are_told_as_far_as_they_go() {
        let odd = read(
            json!({ "id": null, "type": "mqtt", "description": null, "status": "Paused", "callback_url": "",
                               "config": { "host": 7, "port": 70_000, "topics": [{}], "qos": "x" } }),
        );
        let told_of = told(&odd);
        assert_eq!(told_of.status, SpaceTriggerStatus::Unknown);
        let SpaceTriggerSource::Mqtt { broker, topics, qos } = told_of.source else {
            panic!("{told_of:?}");
        };
        assert_eq!(
            (broker.host.as_str(), broker.port, topics.len(), qos),
            ("7", None, 0, None)
        );
        let other = told(&read(json!({ "type": "kafka\n", "config": null })));
        assert_eq!(
            other.source,
            SpaceTriggerSource::Other {
                name: "kafka ".into()
            }
        );
        let null = read(json!({ "type": null }));
        assert_eq!(
            told(&null).source,
            SpaceTriggerSource::Other { name: String::new() }
        );
    }

    #[test]
    fn one_type_does_not_become_another() {
        let cron = read(json!({ "id": "1", "type": "cron" }));
        let new = NewSpaceTrigger {
            description: String::new(),
            source: told(&read(
                json!({ "type": "mqtt", "config": { "host": "h", "topics": "a" } }),
            ))
            .source,
            callback_url: None,
        };
        assert_eq!(
            written(&new, Some(&cron), None).unwrap_err().code,
            ErrorCode::InvalidInput
        );
        let made = written(&new, None, Some(&Secret::new("p"))).unwrap();
        assert_eq!(
            json!(made.config),
            json!({ "host": "h", "topics": "a", "password": "p" })
        );
    }
}
