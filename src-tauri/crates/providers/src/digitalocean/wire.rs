//! The documents of `/v2/functions`, as DigitalOcean's OpenAPI document has them.

use axum::body::Body;
use axum::http::HeaderMap;
use beckon_core::{FunctionName, JsonText, Millis, Schedule, Token};
use beckon_store::PlacedNamespace;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::gateway::{Refusal, check_nesting, read_body};
use crate::openwhisk::{BODY_LIMIT, token_hash};

/// The only kind of trigger that there is.
pub(super) const SCHEDULED: &str = "SCHEDULED";
/// The region of a namespace that was not made for one: every namespace is on this machine.
const HERE: &str = "local";

/// Datacenters with Functions.
const REGIONS: [&str; 9] = [
    "ams3", "blr1", "fra1", "lon1", "nyc1", "sfo3", "sgp1", "syd1", "tor1",
];

/// The region of this name. Its first three letters will do: doctl's users write them.
pub(super) fn region(text: &str) -> Option<&'static str> {
    let text = text.trim().to_ascii_lowercase();
    REGIONS
        .into_iter()
        .find(|region| *region == text || (text.len() == 3 && region.starts_with(&text)))
}

/// A namespace.
#[derive(Debug, Serialize)]
pub(super) struct Namespace {
    api_host: String,
    namespace: String,
    uuid: String,
    /// The legacy key, which DigitalOcean no longer accepts: there is none. Access keys are in its place.
    key: &'static str,
    label: String,
    region: String,
    created_at: String,
    updated_at: String,
}

impl Namespace {
    /// As a caller sees it who reached the gateway at `api_host`.
    pub(super) fn of(placed: PlacedNamespace, api_host: &str) -> Self {
        let PlacedNamespace {
            namespace,
            region,
            updated,
        } = placed;
        Self {
            api_host: api_host.to_owned(),
            uuid: uuid_of(namespace.name.as_str()).to_string(),
            namespace: namespace.name.to_string(),
            key: "",
            label: namespace.label,
            region: if region.is_empty() {
                HERE.to_owned()
            } else {
                region
            },
            created_at: time(namespace.created),
            updated_at: time(updated),
        }
    }
}

/// The UUID in the name, or for a name without one always the same of its own.
fn uuid_of(name: &str) -> Uuid {
    let given = name.strip_prefix("fn-").and_then(|uuid| uuid.parse().ok());
    given.unwrap_or_else(|| {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&token_hash(name)[..16]);
        Uuid::new_v8(bytes)
    })
}

/// An access key, without its secret.
#[derive(Debug, Serialize)]
pub(super) struct AccessKey {
    id: String,
    name: String,
    /// Null: never.
    expires_at: Option<String>,
    created_at: String,
    updated_at: String,
}

impl AccessKey {
    pub(super) fn of(token: &Token) -> Self {
        Self {
            id: token.id.clone(),
            name: token.name.clone(),
            expires_at: token.expires.map(time),
            created_at: time(token.created),
            updated_at: time(token.updated),
        }
    }
}

/// A scheduled trigger.
#[derive(Debug, Serialize)]
pub(super) struct Trigger<'a> {
    namespace: &'a str,
    name: &'a str,
    function: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    is_enabled: bool,
    created_at: String,
    updated_at: String,
    scheduled_details: Details<'a>,
    scheduled_runs: Runs,
}

#[derive(Debug, Serialize)]
struct Details<'a> {
    cron: &'a str,
    body: &'a RawValue,
}

#[derive(Debug, Serialize)]
struct Runs {
    last_run_at: Option<String>,
    next_run_at: Option<String>,
}

impl<'a> Trigger<'a> {
    pub(super) fn of(schedule: &'a Schedule) -> Result<Self, Refusal> {
        let body = serde_json::from_str(schedule.arguments.as_str())
            .map_err(|e| beckon_core::Error::internal("read a schedule's arguments", e))?;
        Ok(Self {
            namespace: schedule.function.namespace.as_str(),
            name: &schedule.name,
            function: schedule.function.name.as_str(),
            kind: SCHEDULED,
            is_enabled: schedule.enabled,
            created_at: time(schedule.created),
            updated_at: time(schedule.updated),
            scheduled_details: Details {
                cron: &schedule.expression,
                body,
            },
            scheduled_runs: Runs {
                last_run_at: schedule.last_run_at.map(time),
                next_run_at: schedule.next.map(time),
            },
        })
    }
}

/// A time as godo reads it: RFC 3339, to the second.
fn time(at: Millis) -> String {
    DateTime::<Utc>::from_timestamp_millis(at)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The fields of a request's body. Names are found whatever their case, as Go finds them: doctl sends `Region`.
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a JSON object. 400 for anything else.
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        let text = read_body(headers, body, "Request", BODY_LIMIT).await?;
        check_nesting(&text)?;
        match serde_json::from_str(&text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(invalid("it is not a JSON object")),
            Err(error) => Err(invalid(&error.to_string())),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let same = |(field, _): &(&String, &Value)| field.eq_ignore_ascii_case(name);
        let found = self
            .0
            .get(name)
            .or_else(|| self.0.iter().find(same).map(|(_, value)| value));
        found.filter(|value| !value.is_null())
    }

    /// A text that is not empty; one that is empty is as good as none.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(_) => Err(invalid(&format!("{name} must be a string"))),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(invalid(&format!("{name} must be a boolean"))),
        }
    }

    pub(super) fn object(&self, name: &str) -> Result<Option<Self>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self(fields.clone()))),
            Some(_) => Err(invalid(&format!("{name} must be an object"))),
        }
    }

    /// The object of this name as JSON.
    pub(super) fn json_object(&self, name: &str) -> Result<Option<JsonText>, Refusal> {
        let object = self.object(name)?;
        Ok(object.map(|fields| JsonText::from_value(&Value::Object(fields.0))))
    }
}

/// DigitalOcean's 400 for a body.
pub(super) fn invalid(detail: &str) -> Refusal {
    Refusal::bad_request(format!("Invalid request payload: {detail}"))
}

/// The function that a trigger names: `[package/]name`, in the trigger's own namespace.
pub(super) fn function(text: &str) -> Result<FunctionName, Refusal> {
    FunctionName::new(text).map_err(|error| invalid(&error.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_by_name_and_by_city() {
        assert_eq!(region("nyc1"), Some("nyc1"));
        assert_eq!(region(" LON "), Some("lon1"));
        for none in ["", "n", "nyc2", "nyc11", "ny", "local"] {
            assert_eq!(region(none), None, "{none}");
        }
    }

    #[test]
    fn a_namespace_keeps_its_uuid() {
        let uuid = "378ae839-e58b-4cd1-afcf-632cd7b7b8db";
        assert_eq!(uuid_of(&format!("fn-{uuid}")).to_string(), uuid);
        assert_eq!(uuid_of("playground"), uuid_of("playground"));
        assert_ne!(uuid_of("playground"), uuid_of("fn-playground"));
    }
}
