use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use ts_rs::TS;
use uuid::Uuid;

use crate::{Error, ErrorCode};

/// The identity of one run: 32 lower-case hexadecimal characters, as OpenWhisk prints a UUID without dashes.
///
/// New ids are UUID v7, so they sort by the time they were made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct ActivationId(u128);

impl ActivationId {
    /// A new id, unique and later than those before it.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7().as_u128())
    }

    /// The id of something that must happen once: the same for the same moment and the same `hash`. A UUID v8 with the
    /// time where v7 has it, so that it sorts like the others.
    #[must_use]
    pub fn derived(at: crate::Millis, hash: [u8; 16]) -> Self {
        let mut bytes = hash;
        bytes[..6].copy_from_slice(&at.to_be_bytes()[2..]);
        Self(Uuid::new_v8(bytes).as_u128())
    }

    /// The id of a request that its caller named: the same name in the same `scope` (the function and who calls it) gives
    /// the same id, and no other does. A UUID v8 (RFC 9562, 5.8) of SHA-256.
    #[must_use]
    pub fn of_request(scope: &str, name: &str) -> Self {
        let mut hash = Sha256::new();
        // The length keeps apart what would otherwise read the same.
        hash.update((scope.len() as u64).to_be_bytes());
        hash.update(scope);
        hash.update(name);
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(Uuid::new_v8(bytes).as_u128())
    }

    /// Whether it was made by [`ActivationId::new`]: nothing else has it.
    #[must_use]
    pub fn is_fresh(self) -> bool {
        Uuid::from_u128(self.0).get_version_num() == 7
    }

    /// The id with this 128-bit value.
    #[must_use]
    pub fn from_u128(value: u128) -> Self {
        Self(value)
    }

    /// Its 128-bit value.
    #[must_use]
    pub fn as_u128(self) -> u128 {
        self.0
    }
}

impl Default for ActivationId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for ActivationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A run is named a dozen times on its way: this is quicker than the format of numbers.
        fmt::Display::fmt(Uuid::from_u128(self.0).as_simple(), f)
    }
}

impl fmt::Debug for ActivationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for ActivationId {
    type Err = Error;

    /// Accepts exactly 32 characters of `[0-9a-f]`; the two texts are OpenWhisk's own.
    fn from_str(text: &str) -> Result<Self, Error> {
        let length = text.chars().count();
        if length != 32 {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                format!("Activation id length is {length} but must be 32."),
            ));
        }
        if !text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "The activation id is not valid.",
            ));
        }
        Uuid::try_parse(text)
            .map(|id| Self(id.as_u128()))
            .map_err(|_| Error::new(ErrorCode::InvalidInput, "The activation id is not valid."))
    }
}

impl TryFrom<String> for ActivationId {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<ActivationId> for String {
    fn from(id: ActivationId) -> Self {
        id.to_string()
    }
}

/// 32 random hexadecimal characters (122 random bits), for ids that are not activations: functions, connections.
#[must_use]
pub fn random_hex() -> String {
    Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_hex_characters_and_survives_a_round_trip() {
        let id = ActivationId::new();
        let text = id.to_string();
        assert_eq!(text.len(), 32);
        assert_eq!(text.parse::<ActivationId>().unwrap(), id);
    }

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let earlier = ActivationId::new();
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(earlier < ActivationId::new());
    }

    #[test]
    fn a_derived_id_is_repeatable_and_sorts_with_the_others() {
        let at = 1_790_000_000_000;
        let id = ActivationId::derived(at, [7; 16]);
        assert_eq!(id, ActivationId::derived(at, [7; 16]));
        assert_ne!(id, ActivationId::derived(at, [8; 16]));
        assert_ne!(id, ActivationId::derived(at + 1, [7; 16]));
        assert!(id < ActivationId::derived(at + 1, [0; 16]));
        assert_eq!(Uuid::from_u128(id.as_u128()).get_version_num(), 8);
    }

    #[test]
    fn a_named_request_has_one_id() {
        let id = ActivationId::of_request("a/b", "key");
        assert_eq!(id, ActivationId::of_request("a/b", "key"));
        assert_eq!(id.to_string().as_bytes()[12], b'8');
        let others = [("a/b", "key2"), ("a/bk", "ey"), ("", "a/bkey")];
        assert!(
            others
                .iter()
                .all(|(scope, name)| ActivationId::of_request(scope, name) != id)
        );
    }

    #[test]
    fn wrong_ids_are_refused_with_openwhisk_texts() {
        assert_eq!(
            "abc".parse::<ActivationId>().unwrap_err().message,
            "Activation id length is 3 but must be 32."
        );
        let upper = "ABCDEF00000000000000000000000000"
            .parse::<ActivationId>()
            .unwrap_err();
        assert_eq!(upper.message, "The activation id is not valid.");
    }
}
