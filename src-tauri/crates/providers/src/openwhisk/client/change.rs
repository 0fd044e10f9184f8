//! What a PUT has to say for a function to become what it shall be, and no more.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{CodePackage, Error, ErrorCode, Limits, Result, WebExport};

use super::functions::{bad, package};
use super::{entities, read};
use crate::openwhisk::environment::variables;
use crate::openwhisk::wire::{Pair, PutAction, PutExec, PutLimits, ReceivedAction, is_truthy, web_export};
use crate::remote::FunctionChange;

/// Leaves a function's parameters and variables that its package does not give it.
pub(super) fn keep_own(action: &mut ReceivedAction, given: &[Pair]) {
    if let Some(pairs) = &mut action.parameters {
        pairs.retain(|pair| !given.iter().any(|given| entities::is_same_pair(given, pair)));
    }
}

/// The body of the PUT that makes it so.
pub(super) fn document(change: &FunctionChange, old: Option<&ReceivedAction>) -> Result<PutAction> {
    let old_exec = old.and_then(|old| old.exec.as_ref());
    let old_main = old_exec.and_then(|exec| exec.main.clone());
    let main = change.main.clone().unwrap_or_else(|| old_main.clone());
    let code = match &change.code {
        Some(code) => Some(code.clone()),
        None if main != old_main => {
            Some(package(old_exec).ok_or_else(|| bad("sent no code to set the entry point of"))?)
        }
        None => None,
    };
    let kind = match (&change.kind, old) {
        (Some(kind), _) => kind.to_string(),
        (None, Some(old)) => read::summary(old).map(|summary| summary.kind).unwrap_or_default(),
        (None, None) => {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "A new function needs a kind.",
            ));
        }
    };
    let exec = code.map(|code| exec(kind, main, code));
    let old_pairs = old.and_then(|old| old.parameters.as_deref()).unwrap_or_default();
    let (limits, annotations) = (
        change.limits.and_then(|limits| limits_of(limits, old)),
        annotations(change, old),
    );
    Ok(PutAction {
        exec,
        parameters: parameters(change, old_pairs)?,
        annotations: (!annotations.is_empty()).then_some(annotations),
        limits,
        ..PutAction::default()
    })
}

fn exec(kind: String, main: Option<String>, code: CodePackage) -> PutExec {
    let (code, components, binary) = match code {
        CodePackage::Source(text) => (Some(text), None, Some(false)),
        CodePackage::Zip(bytes) => (Some(STANDARD.encode(bytes)), None, Some(true)),
        CodePackage::Sequence(keys) => {
            let components = keys.iter().map(ToString::to_string).collect();
            (None, Some(components), None)
        }
    };
    PutExec {
        kind,
        code,
        main,
        binary,
        components,
    }
}

/// All parameters that it will have, if any is to change.
fn parameters(change: &FunctionChange, old: &[Pair]) -> Result<Option<Vec<Pair>>> {
    if change.parameters.is_none() && change.env.is_nothing() {
        return Ok(None);
    }
    let mut all: Vec<Pair> = match &change.parameters {
        Some(parameters) => parameters.iter().map(Pair::from).collect(),
        None => arguments(old).map(Pair::copy).collect(),
    };
    all.extend(variables(&change.env, old)?);
    Ok(Some(all))
}

/// What the function gets as arguments.
pub(super) fn arguments(pairs: &[Pair]) -> impl Iterator<Item = &Pair> {
    pairs.iter().filter(|pair| !pair.init)
}

/// Those that are given, and for another web export those that OpenWhisk's own command line sets with it. Providers
/// merge them with what is there.
fn annotations(change: &FunctionChange, old: Option<&ReceivedAction>) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = change.annotations.iter().map(Pair::from).collect();
    let there = old.and_then(|old| old.annotations.as_deref()).unwrap_or_default();
    if let Some(web) = change.web
        && (old.is_none() || web_export(there) != web)
    {
        let exported = web != WebExport::Private;
        let was_set = |key: &str| there.iter().any(|pair| pair.key == key && is_truthy(&pair.value));
        if exported || old.is_some() {
            pairs.retain(|pair| !matches!(pair.key.as_str(), "web-export" | "raw-http"));
            pairs.push(Pair::new("web-export", exported));
            pairs.push(Pair::new("raw-http", web == WebExport::Raw));
        }
        // A caller on the web is not to change what the function was given.
        if !pairs.iter().any(|pair| pair.key == "final") && (exported || was_set("final")) {
            pairs.push(Pair::new("final", exported));
        }
    }
    pairs
}

/// The limits that differ from those that are there. OpenWhisk's logs are whole MB; its concurrency is of a container,
/// which is the provider's to say.
fn limits_of(limits: Limits, old: Option<&ReceivedAction>) -> Option<PutLimits> {
    let there = old.map(|old| read::limits(old.limits));
    let logs = limits.logs_kb.div_ceil(1024);
    let differs = |of: fn(&Limits) -> u32| there.is_none_or(|there| of(&there) != of(&limits));
    let sent = PutLimits {
        timeout: differs(|l| l.timeout_ms).then_some(limits.timeout_ms.into()),
        memory: differs(|l| l.memory_mb).then_some(limits.memory_mb.into()),
        // Less than a MB cannot be said: the provider's own default is left alone.
        logs: (differs(|l| l.logs_kb) && limits.logs_kb.is_multiple_of(1024)).then_some(logs.into()),
        concurrency: None,
    };
    let any = sent.timeout.or(sent.memory).or(sent.logs).is_some();
    any.then_some(sent)
}

/// Whether a PUT would change nothing.
pub(super) fn is_same(put: &PutAction, there: &ReceivedAction) -> bool {
    let same_exec = put.exec.as_ref().is_none_or(|wanted| {
        let Some(exec) = &there.exec else { return false };
        let kind = exec.kind.as_deref().unwrap_or_default();
        // `x:default` is whatever the provider made of it.
        let same_kind = match wanted.kind.strip_suffix(":default") {
            Some(family) => kind.split(':').next() == Some(family),
            None => kind == wanted.kind,
        };
        let code = exec.code.as_ref().and_then(|code| code.as_str());
        same_kind
            && code == wanted.code.as_deref()
            && exec.main == wanted.main
            && exec.components == wanted.components
    });
    let there_of = |list: &Option<Vec<Pair>>, wanted: &Pair| {
        list.iter()
            .flatten()
            .any(|pair| pair.key == wanted.key && pair.init == wanted.init && same_value(pair, wanted))
    };
    let same_parameters = put.parameters.as_ref().is_none_or(|wanted| {
        let pairs = there.parameters.as_deref().unwrap_or_default();
        wanted.iter().all(|pair| there_of(&there.parameters, pair))
            && pairs
                .iter()
                .all(|pair| wanted.iter().any(|w| w.key == pair.key && w.init == pair.init))
    });
    let same_annotations = put
        .annotations
        .iter()
        .flatten()
        .all(|pair| there_of(&there.annotations, pair));
    same_exec && same_parameters && same_annotations && put.limits.is_none()
}

fn same_value(one: &Pair, other: &Pair) -> bool {
    let read = |pair: &Pair| serde_json::from_str::<serde_json::Value>(pair.value.get()).ok();
    one.value.get() == other.value.get() || read(one) == read(other)
}

#[cfg(test)]
mod tests {
    use beckon_core::{Runtime, Secret};
    use serde_json::{Value, json};

    use super::*;
    use crate::remote::{EnvChange, KeptEnv};

    fn old() -> ReceivedAction {
        serde_json::from_value(json!({ "namespace": "ns/p", "name": "f", "version": "0.0.3",
            "exec": { "kind": "nodejs:20", "code": "x", "binary": false, "main": "go" },
            "parameters": [{ "key": "given", "value": 1 }, { "key": "own", "value": 2 },
                { "key": "KEY", "value": "hush", "init": true }, { "key": "N", "value": 5, "init": true },
                { "key": "SHARED", "value": "s", "init": true }],
            "annotations": [{ "key": "web-export", "value": true }, { "key": "final", "value": true }],
            "limits": { "timeout": 3000, "memory": 256, "logs": 10, "concurrency": 1 } }))
        .unwrap()
    }

    fn put(change: &FunctionChange) -> Value {
        let mut old = old();
        let given: Vec<Pair> = serde_json::from_value(json!([{ "key": "given", "value": 1 },
            { "key": "SHARED", "value": "s", "init": true }, { "key": "KEY", "value": "another's", "init": true }]))
        .unwrap();
        keep_own(&mut old, &given);
        serde_json::to_value(document(change, Some(&old)).unwrap()).unwrap()
    }

    #[test]
    fn an_edit_keeps_what_it_does_not_touch() {
        let change = FunctionChange {
            env: EnvChange {
                set: vec![("NEW".into(), Secret::new("v"))],
                kept: KeptEnv::AllBut(vec!["N".into()]),
            },
            web: Some(WebExport::Private),
            limits: Some(Limits {
                timeout_ms: 5000,
                memory_mb: 256,
                logs_kb: 10_240,
                concurrency: 1,
            }),
            ..FunctionChange::default()
        };
        let put = put(&change);
        assert_eq!(
            put["parameters"],
            json!([{ "key": "own", "value": 2 }, { "key": "KEY", "value": "hush", "init": true },
                { "key": "NEW", "value": "v", "init": true }])
        );
        assert_eq!(put["limits"], json!({ "timeout": 5000 }));
        assert_eq!(
            put["annotations"],
            json!([{ "key": "web-export", "value": false }, { "key": "raw-http", "value": false },
                { "key": "final", "value": false }])
        );
        assert_eq!(put.get("exec"), None);
    }

    #[test]
    fn another_entry_point_is_sent_with_the_code() {
        let change = FunctionChange {
            main: Some(None),
            ..FunctionChange::default()
        };
        let put = put(&change);
        assert_eq!(
            put["exec"],
            json!({ "kind": "nodejs:20", "code": "x", "binary": false })
        );
        assert_eq!(put.get("parameters"), None);
    }

    #[test]
    fn the_same_again_is_nothing_new() {
        let change = |code: &str| FunctionChange {
            kind: Some(Runtime::new("nodejs:default").unwrap()),
            code: Some(CodePackage::Source(code.into())),
            ..FunctionChange::default()
        };
        assert!(is_same(&document(&change("x"), Some(&old())).unwrap(), &old()));
        assert!(!is_same(&document(&change("y"), Some(&old())).unwrap(), &old()));
    }
}
