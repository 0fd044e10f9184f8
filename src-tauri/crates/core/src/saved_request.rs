use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Error, ErrorCode, Millis};

/// A request to a function that a person keeps under a name, without what it sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SavedRequest {
    /// 32 hex characters.
    pub id: String,
    /// What it is called; each name once for a function, whatever the case of its letters.
    pub name: String,
    /// What it sends, in a line: `POST /orders`, or the beginning of the input.
    pub preview: String,
    /// When it was saved last.
    pub updated: Millis,
}

impl SavedRequest {
    /// Most characters of a name.
    pub const LONGEST_NAME: usize = 80;

    /// A name as it is kept. `InvalidInput` when nothing could be called so.
    pub fn check_name(name: &str) -> Result<&str, Error> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > Self::LONGEST_NAME || name.chars().any(char::is_control)
        {
            let text = format!(
                "A saved request is called by one line of 1 to {} characters.",
                Self::LONGEST_NAME
            );
            return Err(Error::new(ErrorCode::InvalidInput, text));
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lines() {
        assert_eq!(
            SavedRequest::check_name(" An order, ünpaid ").unwrap(),
            "An order, ünpaid"
        );
        assert!(SavedRequest::check_name(&"ü".repeat(80)).is_ok());
        for bad in ["", "  ", "a\nb", &"x".repeat(81)] {
            assert!(SavedRequest::check_name(bad).is_err(), "{bad:?}");
        }
    }
}
