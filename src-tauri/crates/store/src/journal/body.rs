//! The wide parts of a record in the database: text as it is when short, compressed when long.

use std::cell::RefCell;
use std::io::Read as _;

use beckon_core::{JsonText, LogLine};
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use zstd::bulk::Compressor;

use crate::fault::Fault;

/// Parts longer than this are compressed.
const COMPRESS_ABOVE: usize = 4096;
/// The quickest of zstd's usual levels: bodies are compressed while functions run.
const LEVEL: i32 = 1;
/// No part is as long: a body has 100 MiB at most, each byte six characters of JSON at worst. A stored part that says
/// otherwise is damaged.
const LONGEST: u64 = 640 * 1024 * 1024;

/// A part, ready to be bound to a column of `bodies`.
#[derive(Debug, Clone)]
pub(crate) enum Packed {
    /// As it is.
    Text(String),
    /// A zstd frame.
    Compressed(Vec<u8>),
}

impl Packed {
    pub(crate) fn new(text: String) -> Self {
        if text.len() > COMPRESS_ABOVE
            && let Some(bytes) = compress(text.as_bytes())
            && bytes.len() < text.len()
        {
            return Self::Compressed(bytes);
        }
        Self::Text(text)
    }

    pub(crate) fn json<T: serde::Serialize>(value: Option<&T>) -> Result<Option<Self>, Fault> {
        let text = value.map(serde_json::to_string).transpose();
        let text = text.map_err(|e| Fault::unreadable("record", e))?;
        Ok(text.map(Self::new))
    }

    pub(crate) fn logs(logs: &[LogLine]) -> Result<Option<Self>, Fault> {
        if logs.is_empty() {
            return Ok(None);
        }
        let text = serde_json::to_string(logs).map_err(|e| Fault::unreadable("log", e))?;
        Ok(Some(Self::new(text)))
    }

    /// The JSON document that was packed.
    pub(crate) fn unpack(self, what: &'static str) -> Result<Option<JsonText>, Fault> {
        json(self.into_value(), what)
    }

    fn into_value(self) -> Value {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Compressed(bytes) => Value::Blob(bytes),
        }
    }

    /// Bytes in the database.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Compressed(bytes) => bytes.len(),
        }
    }
}

impl ToSql for Packed {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Compressed(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// What is kept of a frame's room, in bytes: as much as the bodies of most calls need.
const ROOM: usize = 2 * 1024 * 1024;

thread_local! {
    /// A compressor and room for its frame. Both take a megabyte, of which a frame is a small part: had anew for each
    /// body, they cost more than to compress a small one.
    static COMPRESSOR: RefCell<Option<(Compressor<'static>, Vec<u8>)>> = const { RefCell::new(None) };
}

/// One zstd frame; `None` when there is no memory for it.
fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        if kept.is_none() {
            *kept = Some((Compressor::new(LEVEL).ok()?, Vec::new()));
        }
        let (compressor, room) = kept.as_mut()?;
        room.clear();
        room.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
        let frame = compressor
            .compress_to_buffer(bytes, room)
            .ok()
            .map(|_| room.to_vec());
        if room.capacity() > ROOM {
            *room = Vec::new();
        }
        frame
    })
}

/// The text of a column.
fn unpack(value: Value, what: &'static str) -> Result<Option<String>, Fault> {
    match value {
        Value::Null => Ok(None),
        Value::Text(text) => Ok(Some(text)),
        Value::Blob(bytes) => {
            let mut text = String::new();
            let read =
                zstd::Decoder::new(bytes.as_slice()).and_then(|d| d.take(LONGEST).read_to_string(&mut text));
            read.map_err(|e| Fault::unreadable(what, e))?;
            Ok(Some(text))
        }
        other => Err(Fault::unreadable(what, format!("it is {}", other.data_type()))),
    }
}

/// The JSON document of a column.
pub(crate) fn json(value: Value, what: &'static str) -> Result<Option<JsonText>, Fault> {
    unpack(value, what)?
        .map(|text| JsonText::parse(text).map_err(|e| Fault::unreadable(what, e)))
        .transpose()
}

/// What a column holds as JSON.
pub(crate) fn value<T: serde::de::DeserializeOwned>(
    value: Value,
    what: &'static str,
) -> Result<Option<T>, Fault> {
    let text = unpack(value, what)?;
    text.map(|text| serde_json::from_str(&text).map_err(|e| Fault::unreadable(what, e)))
        .transpose()
}

/// The log of a column.
pub(crate) fn logs(value: Value) -> Result<Vec<LogLine>, Fault> {
    match unpack(value, "log")? {
        None => Ok(Vec::new()),
        Some(text) => serde_json::from_str(&text).map_err(|e| Fault::unreadable("log", e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_parts_stay_legible_and_long_ones_shrink() {
        let short = Packed::new(r#"{"a":1}"#.into());
        assert!(matches!(short, Packed::Text(_)));
        let text = format!("\"{}\"", "x".repeat(COMPRESS_ABOVE));
        let long = Packed::new(text.clone());
        assert!(matches!(long, Packed::Compressed(_)) && long.len() < 200);
        assert_eq!(long.unpack("result").unwrap().unwrap().as_str(), text);
    }

    #[test]
    fn damage_is_an_error_and_not_a_panic() {
        assert!(json(Value::Blob(vec![1, 2, 3]), "result").is_err());
        assert!(json(Value::Text("{".into()), "result").is_err());
        assert!(logs(Value::Integer(1)).is_err());
    }
}
