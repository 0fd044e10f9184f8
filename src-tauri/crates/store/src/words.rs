//! The words in which closed sets are stored: the same that serde writes, so that there is one spelling.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as WordError, StrDeserializer};

use crate::fault::Fault;

/// The word of a unit variant.
pub(crate) fn word<T: Serialize>(value: T) -> Result<String, Fault> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) => Err(Fault::unreadable("word", "it is not a word")),
        Err(e) => Err(Fault::unreadable("word", e)),
    }
}

/// A value as JSON.
pub(crate) fn document<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|e| Fault::unreadable("document", e))
}

/// A value from its JSON.
pub(crate) fn read<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|e| Fault::unreadable(what, e))
}

/// The variant of a word.
pub(crate) fn from_word<T: DeserializeOwned>(word: &str, what: &'static str) -> Result<T, Fault> {
    T::deserialize(StrDeserializer::<WordError>::new(word)).map_err(|e| Fault::unreadable(what, e))
}

/// The variant of the word in a column that may be empty.
pub(crate) fn optional<T: DeserializeOwned>(row: &Row<'_>, name: &'static str) -> Result<Option<T>, Fault> {
    match row.get_ref(name)? {
        ValueRef::Null => Ok(None),
        _ => column(row, name).map(Some),
    }
}

/// The variant of the word in a column.
pub(crate) fn column<T: DeserializeOwned>(row: &Row<'_>, column: &'static str) -> Result<T, Fault> {
    from_word(
        row.get_ref(column)?
            .as_str()
            .map_err(|e| Fault::unreadable(column, e))?,
        column,
    )
}
