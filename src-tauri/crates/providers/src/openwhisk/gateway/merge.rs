//! What a PUT makes of a function: the old one, if there is one, changed by upstream's rules.

use std::sync::Arc;

use axum::http::StatusCode;
use beckon_core::{
    CodePackage, Contract, Function, FunctionKey, Limits, NamedJson, NewFunction, Runtime, Version, WebExport,
};

use super::call::Call;
use super::code::package;
use super::limits::MAX_LOGS_MB;
use super::malformed;
use super::sequence;
use crate::gateway::{Gateway, Refusal, check_nesting};
use crate::openwhisk::BODY_LIMIT;
use crate::openwhisk::wire::{Pair, PutAction, PutExec, PutLimits, web_export};

/// Upstream's rules: the code is replaced if given, parameters are replaced as a whole if given, annotations are merged
/// by key, limits by field. Whatever OpenWhisk does not know of a function stays as it was.
pub(super) async fn merged(
    wanted: PutAction,
    old: Option<Arc<Function>>,
    key: &FunctionKey,
    call: &Call,
    gateway: &Gateway,
) -> Result<NewFunction, Refusal> {
    let is_new = old.is_none();
    let mut old_web = WebExport::Private;
    let mut new = match (old, wanted.exec) {
        (None, None) => return Err(Refusal::bad_request("exec undefined")),
        (None, Some(exec)) => {
            let main = exec.main.clone();
            let (runtime, code) = code_of(exec, key, call, gateway).await?;
            NewFunction {
                main,
                contract: contract_of(&runtime),
                ..NewFunction::new(runtime, code)
            }
        }
        (Some(old), exec) => {
            old_web = old.web;
            let mut new = NewFunction::from(Arc::unwrap_or_clone(old));
            if let Some(exec) = exec {
                new.main = exec.main.clone();
                (new.runtime, new.code) = code_of(exec, key, call, gateway).await?;
                // A contract that was chosen in the window stays as long as the new code can follow it.
                if new.runtime.is_sequence() || !new.contract.fits(new.runtime.language()) {
                    new.contract = contract_of(&new.runtime);
                }
            }
            new
        }
    };
    if let Some(parameters) = wanted.parameters {
        within("parameters", &parameters)?;
        set_parameters(&mut new, parameters)?;
    }
    if new.runtime.is_sequence() {
        // What a client says of a sequence's parameters is dropped, as upstream does.
        (new.parameters, new.env, new.secret_names) = (Vec::new(), Vec::new(), Vec::new());
    }
    let annotations = wanted.annotations.unwrap_or_default();
    within("annotations", &annotations)?;
    set_annotations(
        &mut new,
        old_web,
        annotations,
        &wanted.del_annotations.unwrap_or_default(),
        is_new,
    );
    new.limits = limits(new.limits, wanted.limits.unwrap_or_default())?;
    new.publish = wanted.publish.unwrap_or(new.publish);
    new.version = wanted
        .version
        .map(|version| version.parse::<Version>())
        .transpose()
        .map_err(|error| malformed(&error.message))?;
    Ok(new)
}

async fn code_of(
    exec: PutExec,
    key: &FunctionKey,
    call: &Call,
    gateway: &Gateway,
) -> Result<(Runtime, CodePackage), Refusal> {
    if exec.kind == Runtime::SEQUENCE {
        let components = sequence::components(exec.components, key, call, gateway).await?;
        return Ok((Runtime::sequence(), CodePackage::Sequence(components)));
    }
    package(exec, &gateway.engine)
}

fn contract_of(runtime: &Runtime) -> Contract {
    if runtime.is_sequence() {
        Contract::Openwhisk
    } else {
        Contract::of_action(runtime.language())
    }
}

/// Parameters with `init` are environment variables, the others arguments. Secret variables, which no client ever
/// sees, stay unless one of the same name is given.
fn set_parameters(new: &mut NewFunction, parameters: Vec<Pair>) -> Result<(), Refusal> {
    let (env, arguments): (Vec<Pair>, Vec<Pair>) = parameters.into_iter().partition(|pair| pair.init);
    new.env.clear();
    for pair in env {
        if pair.key.is_empty() || pair.key.contains(['=', '\0']) {
            return Err(malformed(&format!(
                "'{}' cannot be the name of an environment variable",
                pair.key
            )));
        }
        // A text is itself, anything else its JSON, as upstream's runtimes see it.
        let value =
            serde_json::from_str::<String>(pair.value.get()).unwrap_or_else(|_| pair.value.get().to_owned());
        if value.contains('\0') {
            return Err(malformed(&format!(
                "the environment variable '{}' holds a NUL",
                pair.key
            )));
        }
        new.secret_names.retain(|name| *name != pair.key);
        new.env.retain(|(name, _)| *name != pair.key);
        new.env.push((pair.key, value));
    }
    new.parameters = unique(arguments);
    Ok(())
}

/// `web-export` and `raw-http` are a field of the function here, `exec` follows from its runtime; the others are kept.
fn set_annotations(
    new: &mut NewFunction,
    old_web: WebExport,
    wanted: Vec<Pair>,
    gone: &[String],
    is_new: bool,
) {
    let mut pairs: Vec<Pair> = new.annotations.iter().map(Pair::from).collect();
    if old_web != WebExport::Private {
        pairs.retain(|pair| !is_web(&pair.key));
        pairs.push(Pair::new("web-export", true));
        pairs.push(Pair::new("raw-http", old_web == WebExport::Raw));
    }
    pairs.retain(|pair| !gone.contains(&pair.key));
    for pair in wanted {
        match pairs.iter_mut().find(|old| old.key == pair.key) {
            Some(old) => *old = pair,
            None => pairs.push(pair),
        }
    }
    // Upstream gives no API key to actions made since it learned to ask.
    if is_new && !pairs.iter().any(|pair| pair.key == "provide-api-key") {
        pairs.push(Pair::new("provide-api-key", false));
    }
    new.web = web_export(&pairs);
    let exported = new.web != WebExport::Private;
    pairs.retain(|pair| pair.key != "exec" && !(exported && is_web(&pair.key)));
    new.annotations = unique(pairs);
}

fn is_web(key: &str) -> bool {
    matches!(key, "web-export" | "raw-http")
}

/// The last of several with one key counts.
pub(in crate::openwhisk) fn unique(pairs: Vec<Pair>) -> Vec<NamedJson> {
    let mut unique: Vec<NamedJson> = Vec::with_capacity(pairs.len());
    for pair in pairs.into_iter().map(NamedJson::from) {
        match unique.iter_mut().find(|old| old.key == pair.key) {
            Some(old) => *old = pair,
            None => unique.push(pair),
        }
    }
    unique
}

fn limits(old: Limits, wanted: PutLimits) -> Result<Limits, Refusal> {
    // A negative number is below every range.
    let number = |value: Option<i64>, old: u32| match value {
        Some(value) => u32::try_from(value.max(0)).unwrap_or(u32::MAX),
        None => old,
    };
    match wanted.logs.map(|mb| (mb, u64::try_from(mb))) {
        Some((mb, Err(_))) => {
            return Err(malformed(&format!(
                "log size {mb} MB below allowed threshold of 0 MB"
            )));
        }
        Some((mb, Ok(size))) if size > MAX_LOGS_MB => {
            return Err(malformed(&format!(
                "log size {mb} MB exceeds allowed threshold of {MAX_LOGS_MB} MB"
            )));
        }
        _ => {}
    }
    match wanted.concurrency {
        None | Some(1) => {}
        Some(n) if n < 1 => {
            return Err(malformed(&format!(
                "concurrency {n} below allowed threshold of 1"
            )));
        }
        Some(n) => {
            return Err(malformed(&format!(
                "concurrency {n} exceeds allowed threshold of 1"
            )));
        }
    }
    let limits = Limits {
        timeout_ms: number(wanted.timeout, old.timeout_ms),
        memory_mb: number(wanted.memory, old.memory_mb),
        logs_kb: number(wanted.logs.map(|mb| mb.saturating_mul(1024)), old.logs_kb),
        concurrency: old.concurrency,
    };
    limits.check().map_err(|error| malformed(&error.message))
}

/// Upstream counts the JSON text.
pub(in crate::openwhisk) fn within(field: &str, pairs: &[Pair]) -> Result<(), Refusal> {
    let size: usize = pairs
        .iter()
        .map(|pair| pair.key.len() + pair.value.get().len() + 20)
        .sum();
    if size <= BODY_LIMIT {
        return pairs.iter().try_for_each(|pair| check_nesting(pair.value.get()));
    }
    let text = format!("{field} larger than allowed: {size} > {BODY_LIMIT} bytes.");
    Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function() -> NewFunction {
        NewFunction::new(
            Runtime::new("nodejs:default").unwrap(),
            CodePackage::Source("x".into()),
        )
    }

    fn keys(new: &NewFunction) -> Vec<&str> {
        new.annotations.iter().map(|named| named.key.as_str()).collect()
    }

    #[test]
    fn annotations_are_merged_and_the_web_ones_become_a_field() {
        let mut new = function();
        set_annotations(
            &mut new,
            WebExport::Private,
            vec![Pair::new("a", 1), Pair::new("web-export", true)],
            &[],
            true,
        );
        assert_eq!(
            (new.web, keys(&new)),
            (WebExport::Web, vec!["a", "provide-api-key"])
        );
        set_annotations(
            &mut new,
            WebExport::Web,
            vec![Pair::new("b", 2), Pair::new("raw-http", true)],
            &[],
            false,
        );
        assert_eq!(
            (new.web, keys(&new)),
            (WebExport::Raw, vec!["a", "provide-api-key", "b"])
        );
        set_annotations(
            &mut new,
            WebExport::Raw,
            vec![],
            &["web-export".into(), "a".into()],
            false,
        );
        assert_eq!(new.web, WebExport::Private);
        assert!(!keys(&new).contains(&"a"));
    }

    #[test]
    fn init_parameters_are_the_environment() {
        let mut new = function();
        new.secret_names = vec!["KEPT".into(), "SET".into()];
        let init = |key: &str, value: serde_json::Value| Pair {
            init: true,
            ..Pair::new(key, value)
        };
        let pairs = vec![
            init("SET", "text".into()),
            init("N", 5.into()),
            Pair::new("arg", 1),
            Pair::new("arg", 2),
        ];
        set_parameters(&mut new, pairs).unwrap();
        assert_eq!(
            new.env,
            [
                ("SET".to_owned(), "text".to_owned()),
                ("N".to_owned(), "5".to_owned())
            ]
        );
        assert_eq!(new.secret_names, ["KEPT"]);
        assert_eq!((new.parameters.len(), new.parameters[0].value.as_str()), (1, "2"));
        assert!(set_parameters(&mut new, vec![init("a=b", 1.into())]).is_err());
    }

    #[test]
    fn limits_are_merged_by_field() {
        let old = Limits {
            logs_kb: 256,
            concurrency: 3,
            ..Limits::DEFAULT
        };
        let wanted = PutLimits {
            timeout: Some(3000),
            ..PutLimits::default()
        };
        assert_eq!(
            limits(old, wanted).unwrap(),
            Limits {
                timeout_ms: 3000,
                ..old
            }
        );
        let text = |wanted| limits(old, wanted).unwrap_err().text.into_owned();
        assert!(
            text(PutLimits {
                logs: Some(11),
                ..PutLimits::default()
            })
            .ends_with("log size 11 MB exceeds allowed threshold of 10 MB")
        );
        assert!(
            text(PutLimits {
                memory: Some(-1),
                ..PutLimits::default()
            })
            .contains("below allowed threshold")
        );
        assert!(
            text(PutLimits {
                concurrency: Some(2),
                ..PutLimits::default()
            })
            .contains("concurrency 2 exceeds")
        );
    }
}
