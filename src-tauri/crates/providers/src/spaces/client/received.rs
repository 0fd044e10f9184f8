//! A function as a server tells of it, as Beckon knows one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{
    CodePackage, Error, ErrorCode, FunctionKey, FunctionSummary, Limits, Millis, Result, Version, WebExport,
};
use chrono::{DateTime, NaiveDateTime};

use crate::RemoteFunction;
use crate::spaces::wire::{Function, Source};

/// When it was changed, without a zone (UTC) or with one; 0 where it cannot be read.
fn updated(function: &Function) -> Millis {
    let text = function.updated_at.as_str();
    let plain = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|at| at.and_utc());
    let zoned = || DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
    plain
        .or_else(|_| zoned())
        .map_or(0, |at| at.timestamp_millis().max(0))
}

/// Spaces has no versions: what stands for one is when it was changed, so that nobody's change is overwritten unseen.
pub(super) fn version(function: &Function) -> Version {
    let (seconds, millis) = (updated(function) / 1000, updated(function) % 1000);
    Version(
        0,
        u32::try_from(seconds).unwrap_or(u32::MAX),
        u32::try_from(millis).unwrap_or_default(),
    )
}

/// What lists show.
pub(super) fn summary(function: &Function, key: FunctionKey) -> FunctionSummary {
    FunctionSummary {
        key,
        version: version(function).to_string(),
        kind: function.template.clone(),
        web: WebExport::Private,
        limits: Limits::DEFAULT,
        updated: updated(function),
    }
}

/// The whole of it.
pub(super) fn function(function: &Function, key: FunctionKey) -> RemoteFunction {
    let code = function.source.as_ref().and_then(|source| package(source).ok());
    RemoteFunction {
        code: match code {
            Some(CodePackage::Source(text)) => Some(text),
            _ => None,
        },
        has_code: true,
        env_names: function.env.keys().cloned().collect(),
        ..RemoteFunction::new(summary(function, key))
    }
}

/// The code of a document: a text, or the bytes of an archive.
pub(super) fn package(source: &Source) -> Result<CodePackage> {
    let bad = || Error::new(ErrorCode::BadReply, "The server sent code that is not base64.");
    let bytes = STANDARD.decode(source.code.trim()).map_err(|_| bad())?;
    Ok(String::from_utf8(bytes)
        .map_or_else(|other| CodePackage::Zip(other.into_bytes()), CodePackage::Source))
}
