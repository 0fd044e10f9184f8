use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Error, ErrorCode, LABEL_LIMIT, Result};

/// Longest host, topic, user, exchange and queue of a trigger, in bytes: brokers take no longer ones.
const LONGEST: usize = 512;
/// Most topics of a trigger, and of a function's options.
const TOPICS: usize = 100;
/// Longest callback URL, in bytes.
const LONGEST_URL: usize = 2_048;
/// Longest cron expression, in bytes.
const LONGEST_SCHEDULE: usize = 200;

/// Something that calls functions of a space beside their callers: those with a schedule in their [`FunctionOptions`] by
/// the clock, or those with a topic in them for each message of a broker. (Spaces' guide, "Triggers".)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SpaceTrigger {
    /// Its id, as its server made it.
    pub id: String,
    /// What people are told of it; may be empty.
    pub description: String,
    /// What it listens to.
    pub source: SpaceTriggerSource,
    /// What it is doing.
    pub status: SpaceTriggerStatus,
    /// Why it is `Failed`, where its server says so.
    pub error_message: Option<String>,
    /// Who is told how each call ended.
    pub callback_url: Option<String>,
}

/// What a space's trigger is made of. Its password travels beside it, and never comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NewSpaceTrigger {
    /// At most 1,000 characters; may be empty.
    pub description: String,
    /// What it listens to. The type of one that is there cannot be changed.
    pub source: SpaceTriggerSource,
    /// Who is told how each call ended: http(s).
    pub callback_url: Option<String>,
}

/// What a space's trigger listens to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum SpaceTriggerSource {
    /// The clock: each function says by its own schedule when it is called.
    Cron,
    /// Messages of an MQTT broker.
    Mqtt {
        /// Where it is.
        broker: SpaceBroker,
        /// Topic filters, with `+` and `#` as MQTT has them. At least one.
        topics: Vec<String>,
        /// 0, 1 or 2; `None` leaves it to the server.
        qos: Option<u8>,
    },
    /// Messages of RabbitMQ.
    Rabbitmq {
        /// Where it is.
        broker: SpaceBroker,
        /// The exchange that the queue is bound to; without one it is taken as it is.
        exchange: Option<String>,
        /// The queue. Without one: a queue of its own that is bound to the exchange.
        queue: Option<String>,
        /// Routing keys, with `*` and `#` as topic exchanges have them, that it is bound with.
        topics: Vec<String>,
    },
    /// Something that Beckon does not know: it can be deleted, and is not changed.
    Other {
        /// Its type, in its server's word.
        name: String,
    },
}

/// Where a message broker is, and who logs in to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SpaceBroker {
    /// A name or an address. On Beckon's own gateway `mqtts://` or `amqps://` before it asks for TLS.
    pub host: String,
    /// `None`: the broker's usual one.
    pub port: Option<u16>,
    /// `None`: nobody logs in.
    pub username: Option<String>,
}

/// What a space's trigger is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SpaceTriggerStatus {
    /// It is being set up.
    Pending,
    /// It calls.
    Running,
    /// It does not: see [`SpaceTrigger::error_message`].
    Failed,
    /// Its server says something that Beckon does not know, or nothing.
    Unknown,
}

/// What a function of a space has its space's triggers call it for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FunctionOptions {
    /// Topics of messages, with the wildcards of their broker.
    pub topics: Vec<String>,
    /// A cron expression.
    pub schedule: Option<String>,
}

impl NewSpaceTrigger {
    /// As it will be sent: trimmed, and without what is empty.
    ///
    /// # Errors
    /// `InvalidInput` with the name of what is missing or cannot be.
    pub fn checked(self) -> Result<Self> {
        let description = self.description.trim().to_owned();
        if description.chars().count() > 5 * LABEL_LIMIT {
            return Err(invalid("The description has at most 1,000 characters."));
        }
        let callback_url = named(self.callback_url, "callback URL", LONGEST_URL)?;
        let is_http = |url: &String| {
            let scheme = url
                .split_once("://")
                .map(|(scheme, rest)| (scheme, rest.is_empty()));
            scheme.is_some_and(|(scheme, empty)| {
                !empty && (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
            })
        };
        if callback_url.as_ref().is_some_and(|url| !is_http(url)) {
            return Err(invalid("The callback URL begins with http:// or https://."));
        }
        let source = match self.source {
            SpaceTriggerSource::Cron => SpaceTriggerSource::Cron,
            SpaceTriggerSource::Mqtt { broker, topics, qos } => {
                if qos.is_some_and(|qos| qos > 2) {
                    return Err(invalid("The quality of service is 0, 1 or 2."));
                }
                let topics = topic_list(topics)?;
                if topics.is_empty() {
                    return Err(invalid("The topics are missing."));
                }
                SpaceTriggerSource::Mqtt {
                    broker: broker.checked()?,
                    topics,
                    qos,
                }
            }
            SpaceTriggerSource::Rabbitmq {
                broker,
                exchange,
                queue,
                topics,
            } => {
                let exchange = named(exchange, "exchange", LONGEST)?;
                let queue = named(queue, "queue", LONGEST)?;
                if exchange.is_none() && queue.is_none() {
                    return Err(invalid("A queue or an exchange is needed."));
                }
                SpaceTriggerSource::Rabbitmq {
                    broker: broker.checked()?,
                    exchange,
                    queue,
                    topics: topic_list(topics)?,
                }
            }
            SpaceTriggerSource::Other { .. } => {
                return Err(invalid("A trigger is of the type cron, mqtt or rabbitmq."));
            }
        };
        Ok(Self {
            description,
            source,
            callback_url,
        })
    }
}

impl SpaceBroker {
    fn checked(self) -> Result<Self> {
        if self.port == Some(0) {
            return Err(invalid("A port is 1 to 65535."));
        }
        let host = named(Some(self.host), "host", LONGEST)?;
        let host = host.ok_or_else(|| invalid("The host is missing."))?;
        if host.contains('@') {
            return Err(invalid("The host has no user and no password in it.")
                .with_hint("Both have fields of their own."));
        }
        Ok(Self {
            host,
            port: self.port,
            username: named(self.username, "user", LONGEST)?,
        })
    }
}

impl FunctionOptions {
    /// As they will be sent: trimmed, and without what is empty.
    ///
    /// # Errors
    /// `InvalidInput` for topics that cannot be. Whether the schedule is one is for the server to say.
    pub fn checked(self) -> Result<Self> {
        Ok(Self {
            topics: topic_list(self.topics)?,
            schedule: named(self.schedule, "schedule", LONGEST_SCHEDULE)?,
        })
    }
}

/// Topics, one by one. Spaces writes them in one text with commas between them, so none has one.
fn topic_list(all: Vec<String>) -> Result<Vec<String>> {
    let mut topics = Vec::new();
    for topic in all {
        if topic.contains(',') {
            return Err(invalid("A topic has no comma."));
        }
        topics.extend(named(Some(topic), "topic", LONGEST)?);
    }
    if topics.len() > TOPICS {
        return Err(invalid(&format!("There are at most {TOPICS} topics.")));
    }
    Ok(topics)
}

fn named(text: Option<String>, what: &str, longest: usize) -> Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim();
    if text.len() > longest {
        return Err(invalid(&format!("The {what} has at most {longest} bytes.")));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(&format!(
            "The {what} has a character that cannot be printed."
        )));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorCode::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mqtt(host: &str, topics: &[&str]) -> NewSpaceTrigger {
        NewSpaceTrigger {
            description: " heat ".into(),
            source: SpaceTriggerSource::Mqtt {
                broker: SpaceBroker {
                    host: host.into(),
                    port: None,
                    username: Some(String::new()),
                },
                topics: topics.iter().map(|&topic| topic.into()).collect(),
                qos: Some(1),
            },
            callback_url: Some("  ".into()),
        }
    }

    #[test]
    fn what_is_empty_is_not_there() {
        let checked = mqtt(" broker ", &[" a/# ", ""]).checked().unwrap();
        let mut wanted = mqtt("broker", &["a/#"]);
        wanted.description = "heat".into();
        wanted.callback_url = None;
        if let SpaceTriggerSource::Mqtt { broker, .. } = &mut wanted.source {
            broker.username = None;
        }
        assert_eq!(checked, wanted);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let long = "x".repeat(LONGEST + 1);
        let with = |edit: fn(&mut NewSpaceTrigger)| {
            let mut new = mqtt("broker", &["a"]);
            edit(&mut new);
            new
        };
        for (bad, text) in [
            (mqtt("", &["a"]), "host is missing"),
            (mqtt("ann:secret@broker", &["a"]), "no password"),
            (mqtt("broker", &[" "]), "topics are missing"),
            (mqtt("broker", &["a,b"]), "no comma"),
            (mqtt("broker", &["a\nb"]), "cannot be printed"),
            (mqtt(&long, &["a"]), "at most 512 bytes"),
            (mqtt("broker", &["a"; TOPICS + 1]), "at most 100 topics"),
            (
                with(|new| new.callback_url = Some("ftp://a".into())),
                "begins with http",
            ),
            (
                with(|new| new.callback_url = Some("https://".into())),
                "begins with http",
            ),
            (
                with(|new| new.description = "x".repeat(1_001)),
                "1,000 characters",
            ),
            (
                with(|new| new.source = SpaceTriggerSource::Other { name: "kafka".into() }),
                "cron, mqtt or rabbitmq",
            ),
        ] {
            let error = bad.checked().unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidInput);
            assert!(error.message.contains(text), "{}", error.message);
            assert!(!error.message.contains("secret"), "{}", error.message);
        }
    }
}
