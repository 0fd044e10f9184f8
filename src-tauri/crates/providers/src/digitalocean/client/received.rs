//! The control plane's documents as they arrive. Everything is optional that can be: what is missing is said where it is
//! needed.

use beckon_core::{Error, ErrorCode, JsonText, Millis, NamespaceName, Result};
use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value;

use super::{AccessKey, AccountNamespace, ScheduledTrigger};

/// A stranger's name is shown up to this many characters.
const SHOWN: usize = 200;

#[derive(Deserialize)]
pub(super) struct Namespaces {
    // Go writes an empty list as null.
    pub(super) namespaces: Option<Vec<Namespace>>,
    pub(super) links: Option<Value>,
}

/// The part of `GET /v2/account` that is of use.
#[derive(Deserialize)]
pub(super) struct Owner {
    account: Person,
}

#[derive(Deserialize)]
struct Person {
    email: Option<String>,
    team: Option<Team>,
}

/// What a token is of: a person has several, each with namespaces of its own.
#[derive(Deserialize)]
struct Team {
    name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct One {
    pub(super) namespace: Namespace,
}

#[derive(Deserialize)]
pub(super) struct Keys {
    pub(super) access_keys: Option<Vec<Key>>,
    pub(super) links: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Made {
    pub(super) access_key: MadeKey,
}

#[derive(Deserialize)]
pub(super) struct MadeKey {
    #[serde(flatten)]
    pub(super) key: Key,
    #[serde(default)]
    pub(super) secret: String,
}

#[derive(Deserialize)]
pub(super) struct Triggers {
    pub(super) triggers: Option<Vec<Trigger>>,
    pub(super) links: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct OneTrigger {
    pub(super) trigger: Trigger,
}

#[derive(Deserialize)]
pub(super) struct Namespace {
    #[serde(default)]
    namespace: String,
    label: Option<String>,
    region: Option<String>,
    api_host: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Key {
    #[serde(default)]
    id: String,
    name: Option<String>,
    expires_at: Option<String>,
    created_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Trigger {
    #[serde(default)]
    name: String,
    function: Option<String>,
    is_enabled: Option<bool>,
    scheduled_details: Option<Details>,
    scheduled_runs: Option<Runs>,
}

#[derive(Deserialize)]
struct Details {
    cron: Option<String>,
    body: Option<Value>,
}

#[derive(Deserialize)]
struct Runs {
    last_run_at: Option<String>,
    next_run_at: Option<String>,
}

impl Owner {
    pub(super) fn read(self) -> Option<String> {
        let email = shown(self.account.email)?;
        Some(match shown(self.account.team.and_then(|team| team.name)) {
            Some(team) => format!("{email} ({team})"),
            None => email,
        })
    }
}

impl Namespace {
    pub(super) fn read(self) -> Result<AccountNamespace> {
        let name = NamespaceName::new(self.namespace)
            .map_err(|error| bad(&format!("a namespace whose name is none: {}", error.message)))?;
        let api_host = self.api_host.unwrap_or_default().trim().to_owned();
        if api_host.is_empty() {
            return Err(bad("a namespace without an API host"));
        }
        Ok(AccountNamespace {
            label: shown(self.label).unwrap_or_else(|| name.to_string()),
            region: shown(self.region).unwrap_or_default(),
            name,
            api_host,
        })
    }
}

impl Key {
    pub(super) fn read(self) -> AccessKey {
        AccessKey {
            name: shown(self.name).unwrap_or_default(),
            created: time(self.created_at).unwrap_or_default(),
            expires: time(self.expires_at),
            id: self.id,
        }
    }
}

impl Trigger {
    pub(super) fn read(self) -> ScheduledTrigger {
        let runs = self.scheduled_runs;
        let (cron, body) = self
            .scheduled_details
            .map_or((None, None), |details| (details.cron, details.body));
        let (last, next) = runs.map_or((None, None), |runs| (runs.last_run_at, runs.next_run_at));
        ScheduledTrigger {
            name: shown(Some(self.name)).unwrap_or_default(),
            function: shown(self.function).unwrap_or_default(),
            enabled: self.is_enabled.unwrap_or_default(),
            cron: shown(cron).unwrap_or_default(),
            body: body
                .filter(|body| !body.is_null())
                .map(|body| JsonText::from_value(&body)),
            last_run: time(last),
            next_run: time(next),
        }
    }
}

/// A stranger's text, fit for a line; `None` if nothing is left of it.
fn shown(text: Option<String>) -> Option<String> {
    let text: String = text?
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN)
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// RFC 3339; the OpenAPI document's examples also have a blank for the T. A time that is none is none.
fn time(text: Option<String>) -> Option<Millis> {
    let text = text?;
    let text = text.trim();
    // Go's zero time stands for "never".
    if text.starts_with("0001-") {
        return None;
    }
    let read = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%:z"));
    read.ok().map(|at| at.timestamp_millis())
}

fn bad(what: &str) -> Error {
    Error::new(
        ErrorCode::BadReply,
        format!("The account's API described {what}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_spellings() {
        let at = Some(1_663_128_005_000);
        for text in [
            "2022-09-14T04:00:05Z",
            "2022-09-14 04:00:05+00:00",
            "2022-09-14T06:00:05.000+02:00",
        ] {
            assert_eq!(time(Some(text.into())), at, "{text}");
        }
        for none in ["", "soon", "0001-01-01T00:00:00Z"] {
            assert_eq!(time(Some(none.into())), None, "{none}");
        }
    }

    #[test]
    fn a_namespace_that_cannot_be_used_is_refused() {
        let read = |text: &str| serde_json::from_str::<Namespace>(text).unwrap().read();
        let namespace = read(r#"{"namespace":"fn-1","api_host":"https://h","label":"a\u0007b"}"#).unwrap();
        assert_eq!((namespace.label.as_str(), namespace.region.as_str()), ("a b", ""));
        for bad in [
            "{}",
            r#"{"namespace":"fn-1"}"#,
            r#"{"namespace":"a/b","api_host":"h"}"#,
        ] {
            assert_eq!(read(bad).unwrap_err().code, ErrorCode::BadReply);
        }
    }
}
