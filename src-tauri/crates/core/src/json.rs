use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
    pub fn parse(text: impl Into<String> + AsRef<str>) -> Result<Self, Error> {
        match serde_json::from_str::<&RawValue>(text.as_ref()) {
            Ok(_) => Ok(Self(text.into())),
            Err(e) => Err(Error::new(
                ErrorCode::InvalidInput,
                format!("This is not valid JSON: {e}."),
            )),
        }
    }

    /// The document that is the string `text`, as `serde_json` writes it. Text is looked at a block at a time, for most
    /// blocks need no escapes: bodies are megabytes.
    #[must_use]
    pub fn string(text: &str) -> Self {
        const BLOCK: usize = 64;
        let plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
        let bytes = text.as_bytes();
        let mut json = String::with_capacity(text.len() + text.len() / 16 + 2);
        json.push('"');
        let (mut from, mut at) = (0, 0);
        while at < bytes.len() {
            let block = &bytes[at..bytes.len().min(at + BLOCK)];
            // Without a way out of it this loop is done by vectors.
            if block.iter().fold(true, |all, byte| all & plain(byte)) {
                at += block.len();
                continue;
            }
            for byte in block {
                if !plain(byte) {
                    json.push_str(&text[from..at]);
                    push_escape(*byte, &mut json);
                    from = at + 1;
                }
                at += 1;
            }
        }
        json.push_str(&text[from..]);
        json.push('"');
        Self(json)
    }

    /// The document that is the string of the base64 of `bytes` (RFC 4648, 4), in which nothing needs an escape.
    #[must_use]
    pub fn base64(bytes: &[u8]) -> Self {
        let mut json = String::with_capacity(bytes.len().div_ceil(3) * 4 + 2);
        json.push('"');
        STANDARD.encode_string(bytes, &mut json);
        json.push('"');
        Self(json)
    }

    /// Checks that `text` is one JSON object; what every OpenWhisk-style invocation takes. Empty text is `{}`.
    pub fn parse_object(text: impl Into<String> + AsRef<str>) -> Result<Self, Error> {
        if text.as_ref().trim().is_empty() {
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

/// The escape of a byte that a JSON string cannot hold as it is (RFC 8259, 7).
fn push_escape(byte: u8, json: &mut String) {
    match byte {
        b'"' => json.push_str("\\\""),
        b'\\' => json.push_str("\\\\"),
        b'\n' => json.push_str("\\n"),
        b'\r' => json.push_str("\\r"),
        b'\t' => json.push_str("\\t"),
        0x08 => json.push_str("\\b"),
        0x0c => json.push_str("\\f"),
        control => json.push_str(&format!("\\u{control:04x}")),
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_string_is_written_as_others_write_it(text in "([ -~]{0,90}|[\\x00-\\x20\"\\\\\u{7f}é😀]{0,9}){0,6}") {
            let json = JsonText::string(&text);
            prop_assert_eq!(json.as_str(), serde_json::to_string(&text).unwrap());
        }
    }

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
