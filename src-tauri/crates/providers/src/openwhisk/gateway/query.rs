use std::collections::HashMap;

use axum::http::Uri;
use beckon_core::{FunctionName, Millis};

use crate::gateway::Refusal;

/// The most and, for 0, the number that a list returns.
const MOST: u32 = 200;

/// A query string, read with upstream's rules and refused with its texts.
#[derive(Debug, Default)]
pub(super) struct Query(HashMap<String, String>);

impl Query {
    pub(super) fn of(uri: &Uri) -> Self {
        let mut values = HashMap::new();
        for (key, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            values
                .entry(key.into_owned())
                .or_insert_with(|| value.into_owned());
        }
        Self(values)
    }

    /// A value; an empty one counts as absent.
    fn text(&self, key: &str) -> Option<&str> {
        self.0
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// A Boolean, in any of the spellings that upstream's HTTP server takes.
    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool, Refusal> {
        let Some(value) = self.text(key) else {
            return Ok(default);
        };
        match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(malformed(key, &format!("'{value}' is not a valid Boolean value"))),
        }
    }

    /// How many to return of a collection: 30 by default, 200 for 0.
    pub(super) fn limit(&self, collection: &str) -> Result<u32, Refusal> {
        let Some(value) = self.text("limit") else {
            return Ok(30);
        };
        match integer("limit", value, collection)? {
            0 => Ok(MOST),
            n => u32::try_from(n).ok().filter(|n| *n <= MOST).ok_or_else(|| {
                malformed(
                    "limit",
                    &format!("The value '{value}' is not in the range of 0 to {MOST} for {collection}."),
                )
            }),
        }
    }

    /// How many to pass over.
    pub(super) fn skip(&self, collection: &str) -> Result<u32, Refusal> {
        let Some(value) = self.text("skip") else {
            return Ok(0);
        };
        let n = integer("skip", value, collection)?;
        if n < 0 {
            let detail = format!("The value '{value}' is not greater than or equal to 0 for {collection}.");
            return Err(malformed("skip", &detail));
        }
        Ok(u32::try_from(n).unwrap_or(u32::MAX))
    }

    /// `since` or `upto`: milliseconds, although upstream's text says seconds.
    pub(super) fn time(&self, key: &str) -> Result<Option<Millis>, Refusal> {
        let Some(value) = self.text(key) else {
            return Ok(None);
        };
        let time = value.parse().ok().filter(|time| *time >= 0);
        time.map(Some).ok_or_else(|| {
            malformed(
                key,
                &format!("Parameter is not a valid value for epoch seconds: {value}"),
            )
        })
    }

    /// The function that a list is about.
    pub(super) fn name(&self) -> Result<Option<FunctionName>, Refusal> {
        let Some(value) = self.text("name") else {
            return Ok(None);
        };
        FunctionName::new(value).map(Some).map_err(|_| {
            let detail = format!("Parameter may be a 'simple' name or 'package-name/simple' name: {value}");
            malformed("name", &detail)
        })
    }

    /// How long a blocking caller waits, at most `max` ms.
    pub(super) fn timeout(&self, max: u64) -> Result<Option<u64>, Refusal> {
        let Some(value) = self.text("timeout") else {
            return Ok(None);
        };
        let wait = value.parse().ok().filter(|wait| (1..=max).contains(wait));
        wait.map(Some).ok_or_else(|| {
            malformed(
                "timeout",
                &format!("Timeout must be number of milliseconds up to {max}."),
            )
        })
    }
}

fn integer(key: &str, value: &str, collection: &str) -> Result<i64, Refusal> {
    value.parse().map_err(|_| {
        malformed(
            key,
            &format!("The value '{value}' is not an integer for {collection}."),
        )
    })
}

fn malformed(key: &str, detail: &str) -> Refusal {
    Refusal::bad_request(format!("The query parameter '{key}' was malformed:\n{detail}"))
}
