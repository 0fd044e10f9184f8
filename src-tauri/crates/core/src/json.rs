use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ts_rs::TS;

use crate::{Error, ErrorCode};

/// A JSON document kept as the text it arrived as: numbers keep their digits and objects their key order.
///
/// Crosses to the window as a string of JSON, because `JSON.parse` there would round large numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct JsonText(String);

impl JsonText {
    /// Checks that `text` is one JSON document.
    pub fn parse(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        match serde_json::from_str::<&RawValue>(&text) {
            Ok(_) => Ok(Self(text)),
            Err(e) => Err(Error::new(
                ErrorCode::InvalidInput,
                format!("This is not valid JSON: {e}."),
            )),
        }
    }

    /// Checks that `text` is one JSON object; what every OpenWhisk-style invocation takes. Empty text is `{}`.
    pub fn parse_object(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        if text.trim().is_empty() {
            return Ok(Self::empty_object());
        }
        let json = Self::parse(text)?;
        if json.is_object() {
            return Ok(json);
        }
        Err(
            Error::new(ErrorCode::InvalidInput, "The input must be a JSON object.")
                .with_hint("Wrap the value, for example {\"value\": …}."),
        )
    }

    /// What `value` serialises to.
    pub fn from_value(value: &serde_json::Value) -> Self {
        Self(value.to_string())
    }

    /// `{}`.
    #[must_use]
    pub fn empty_object() -> Self {
        Self("{}".into())
    }

    /// `null`.
    #[must_use]
    pub fn null() -> Self {
        Self("null".into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, by value.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether the document is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.0.trim_start().starts_with('{')
    }

    /// The document as a tree. Numbers beyond 64 bits lose precision.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl TryFrom<String> for JsonText {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl From<JsonText> for String {
    fn from(json: JsonText) -> Self {
        json.0
    }
}

impl std::fmt::Display for JsonText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_kept_to_the_digit() {
        let text = r#"{"z":1,"a":12345678901234567890123,"n":1.10}"#;
        assert_eq!(JsonText::parse_object(text).unwrap().as_str(), text);
    }

    #[test]
    fn only_objects_are_inputs() {
        assert!(JsonText::parse_object("[1]").is_err());
        assert!(
            JsonText::parse_object("{\"a\":")
                .unwrap_err()
                .message
                .contains("not valid JSON")
        );
        assert_eq!(JsonText::parse_object("  ").unwrap(), JsonText::empty_object());
    }
}
