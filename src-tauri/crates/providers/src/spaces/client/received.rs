//! A function as a server tells of it, as Beckon knows one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{
    CodePackage, Error, ErrorCode, FunctionKey, FunctionOptions, FunctionSummary, Limits, Millis, Readiness,
    ReadyState, Result, Version, WebExport,
};
use chrono::{DateTime, NaiveDateTime};
use sha2::{Digest as _, Sha256};

use crate::RemoteFunction;
use crate::spaces::wire::{Function, Options, Source, State};

/// When it was changed, without a zone (UTC) or with one; 0 where it cannot be read.
fn updated(function: &Function) -> Millis {
    let text = function.updated_at.as_str();
    let plain = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|at| at.and_utc());
    let zoned = || DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
    plain
        .or_else(|_| zoned())
        .map_or(0, |at| at.timestamp_millis().max(0))
}

/// Spaces has no versions: what stands for one is made of what the function is, so that nobody's change is overwritten
/// unseen. When it was changed says less: a build changes that, too.
pub(super) fn version(function: &Function) -> Version {
    let Function {
        description,
        template,
        env,
        options,
        source,
        ..
    } = function;
    let told = serde_json::json!([description, template, env, options, source]);
    let digest = Sha256::digest(told.to_string());
    let number = |at: usize| u32::from_be_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]]);
    Version(0, number(0), number(4))
}

/// What lists show, without a version: lists have no code.
pub(super) fn summary(function: &Function, key: FunctionKey) -> FunctionSummary {
    FunctionSummary {
        key,
        version: String::new(),
        kind: function.template.clone(),
        web: WebExport::Private,
        limits: Limits::DEFAULT,
        updated: updated(function),
        image_name: None,
        readiness: Some(readiness(function)),
    }
}

fn readiness(function: &Function) -> Readiness {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Readiness {
        state: match function.status {
            State::Pending => ReadyState::Pending,
            State::Building => ReadyState::Building,
            State::Running => ReadyState::Running,
            State::Failed => ReadyState::Failed,
            State::Other => ReadyState::Unknown,
        },
        replicas: count(function.metrics.replicas),
        available_replicas: count(function.metrics.available_replicas),
    }
}

/// The whole of it.
pub(super) fn function(function: &Function, key: FunctionKey) -> RemoteFunction {
    let mut summary = summary(function, key);
    summary.version = version(function).to_string();
    let code = function.source.as_ref().and_then(|source| package(source).ok());
    RemoteFunction {
        code: match code {
            Some(CodePackage::Source(text)) => Some(text),
            _ => None,
        },
        has_code: true,
        env_names: function.env.keys().cloned().collect(),
        options: Some(options(&function.options)),
        ..RemoteFunction::new(summary)
    }
}

fn options(told: &Options) -> FunctionOptions {
    let topics = told.topics.as_deref().unwrap_or_default().split(',');
    let schedule = told.schedule.as_deref().unwrap_or_default().trim();
    FunctionOptions {
        topics: topics
            .map(str::trim)
            .filter(|topic| !topic.is_empty())
            .map(str::to_owned)
            .collect(),
        schedule: (!schedule.is_empty()).then(|| schedule.to_owned()),
    }
}

/// What is to be sent for `new`: what is not changed stays as it was written, and what is taken away is said to be empty,
/// for a server that takes what is not said for what stays.
pub(super) fn options_over(new: &FunctionOptions, old: Option<&Options>) -> Options {
    let old = old.cloned().unwrap_or_default();
    let before = options(&old);
    let written = |same: bool, text: String, old: Option<String>| match same {
        true => old,
        false => Some(text),
    };
    let schedule = new.schedule.clone().unwrap_or_default();
    Options {
        topics: written(before.topics == new.topics, new.topics.join(","), old.topics),
        schedule: written(before.schedule == new.schedule, schedule, old.schedule),
        others: old.others,
    }
}

/// The code of a document: a text, or the bytes of an archive.
pub(super) fn package(source: &Source) -> Result<CodePackage> {
    let bad = || Error::new(ErrorCode::BadReply, "The server sent code that is not base64.");
    let bytes = STANDARD.decode(source.code.trim()).map_err(|_| bad())?;
    Ok(String::from_utf8(bytes)
        .map_or_else(|other| CodePackage::Zip(other.into_bytes()), CodePackage::Source))
}
