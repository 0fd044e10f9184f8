use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{CodePackage, Function, Limits, WebExport};
use beckon_store::Defaults;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Pair;

/// A function's limits as OpenWhisk has them: memory and logs in MB.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct WireLimits {
    timeout: u32,
    memory: u32,
    logs: u32,
    /// OpenWhisk's `concurrency` is the number of simultaneous runs *in one container*. A worker of Beckon takes one at
    /// a time, so it is always 1; how many workers a function may have is Beckon's own `Limits::concurrency`.
    concurrency: u32,
}

impl WireLimits {
    /// The limits; logs are rounded up to a whole MB.
    pub(crate) fn of(limits: Limits) -> Self {
        let logs = limits.logs_kb.div_ceil(1024);
        Self {
            timeout: limits.timeout_ms,
            memory: limits.memory_mb,
            logs,
            concurrency: 1,
        }
    }
}

/// The code within an action.
#[derive(Debug, Serialize)]
struct Exec<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    main: Option<&'a str>,
}

/// An action, as GET, PUT and DELETE answer it.
#[derive(Debug, Serialize)]
pub(crate) struct Action<'a> {
    namespace: String,
    name: &'a str,
    version: String,
    publish: bool,
    exec: Exec<'a>,
    parameters: Vec<Pair>,
    annotations: Vec<Pair>,
    limits: WireLimits,
    updated: i64,
}

impl<'a> Action<'a> {
    /// The document for a function, with its code or without.
    pub(crate) fn of(function: &'a Function, with_code: bool) -> Self {
        let (code, binary) = match &function.code {
            CodePackage::Source(text) => (with_code.then_some(Cow::Borrowed(text.as_str())), Some(false)),
            CodePackage::Zip(bytes) => (with_code.then(|| Cow::Owned(STANDARD.encode(bytes))), Some(true)),
            CodePackage::Sequence(_) => (None, None),
        };
        Self {
            namespace: namespace(function),
            name: function.key.name.simple(),
            version: function.version.to_string(),
            publish: function.publish,
            exec: Exec {
                kind: function.runtime.as_str(),
                code,
                components: components(function),
                binary,
                main: function.main.as_deref(),
            },
            parameters: parameters(function),
            annotations: annotations(function),
            limits: WireLimits::of(function.limits),
            updated: function.updated,
        }
    }
}

impl Action<'_> {
    /// The same with what its package gives it below its own parameters, variables among that. A sequence has no
    /// environment.
    pub(crate) fn above(mut self, defaults: &Defaults) -> Self {
        let variables = match self.exec.components {
            None => defaults.environment.as_slice(),
            Some(_) => &[],
        };
        let given = defaults.arguments.iter().map(Pair::from);
        let given: Vec<Pair> = given.chain(variables.iter().map(Pair::variable)).collect();
        self.parameters.splice(0..0, given);
        self
    }
}

fn components(function: &Function) -> Option<Vec<String>> {
    match &function.code {
        CodePackage::Sequence(keys) => Some(keys.iter().map(ToString::to_string).collect()),
        _ => None,
    }
}

/// An action in a list.
#[derive(Debug, Serialize)]
pub(crate) struct ActionItem<'a> {
    namespace: String,
    name: &'a str,
    version: String,
    publish: bool,
    exec: BinaryOnly,
    annotations: Vec<Pair>,
    limits: WireLimits,
    updated: i64,
}

#[derive(Debug, Serialize)]
struct BinaryOnly {
    binary: bool,
}

impl<'a> ActionItem<'a> {
    /// The list's view of a function: its kind is in the annotation `exec`.
    pub(crate) fn of(function: &'a Function) -> Self {
        Self {
            namespace: namespace(function),
            name: function.key.name.simple(),
            version: function.version.to_string(),
            publish: function.publish,
            exec: BinaryOnly {
                binary: matches!(function.code, CodePackage::Zip(_)),
            },
            annotations: annotations(function),
            limits: WireLimits::of(function.limits),
            updated: function.updated,
        }
    }
}

fn namespace(function: &Function) -> String {
    match function.key.name.package() {
        Some(package) => format!("{}/{package}", function.key.namespace),
        None => function.key.namespace.to_string(),
    }
}

/// Arguments, then environment variables as parameters with `init`. Secret ones are left out altogether: even their
/// names are nobody's business who only holds a token.
fn parameters(function: &Function) -> Vec<Pair> {
    if let Some(components) = components(function) {
        return vec![Pair::new("_actions", components)];
    }
    let env = function.env.iter().map(|(key, value)| Pair {
        init: true,
        ..Pair::new(key, value)
    });
    function.parameters.iter().map(Pair::from).chain(env).collect()
}

/// The stored annotations and those that are fields of the function here.
pub(super) fn annotations(function: &Function) -> Vec<Pair> {
    let web = function.web != WebExport::Private;
    let stored = function
        .annotations
        .iter()
        .filter(|named| match named.key.as_str() {
            "exec" => false,
            "web-export" | "raw-http" => !web,
            _ => true,
        });
    let mut pairs: Vec<Pair> = stored.map(Pair::from).collect();
    if web {
        pairs.push(Pair::new("web-export", true));
        pairs.push(Pair::new("raw-http", function.web == WebExport::Raw));
    }
    pairs.push(Pair::new("exec", function.runtime.as_str()));
    pairs
}

/// OpenWhisk's idea of a set annotation: `true`, a number but 0, a text but the empty one, any array or object.
pub(crate) fn is_truthy(value: &RawValue) -> bool {
    match serde_json::from_str::<serde_json::Value>(value.get()) {
        Ok(serde_json::Value::Bool(set)) => set,
        Ok(serde_json::Value::Number(number)) => number.as_f64() != Some(0.0),
        Ok(serde_json::Value::String(text)) => !text.is_empty(),
        Ok(serde_json::Value::Null) | Err(_) => false,
        Ok(_) => true,
    }
}

/// How annotations say that an action is reachable on the web.
pub(crate) fn web_export(annotations: &[Pair]) -> WebExport {
    let set = |key: &str| {
        annotations
            .iter()
            .any(|pair| pair.key == key && is_truthy(&pair.value))
    };
    match (set("web-export"), set("raw-http")) {
        (true, true) => WebExport::Raw,
        (true, false) => WebExport::Web,
        (false, _) => WebExport::Private,
    }
}

/// The body of a PUT: any subset. `namespace`, `name` and what is unknown are ignored, null is absent.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutAction {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exec: Option<PutExec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<Vec<Pair>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) annotations: Option<Vec<Pair>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) del_annotations: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limits: Option<PutLimits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) publish: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
}

/// The code within a PUT. Whether it is binary is derived from the text, as upstream does, not taken from the flag.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PutExec {
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) main: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) binary: Option<bool>,
    /// Of a sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) components: Option<Vec<String>>,
}

/// Limits within a PUT; each may be missing. Signed, so that a negative number is refused by its range, not its type.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct PutLimits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logs: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) concurrency: Option<i64>,
}

/// An action as a provider sends it, whole or in a list.
#[derive(Debug, Deserialize)]
pub(crate) struct ReceivedAction {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) exec: Option<ReceivedExec>,
    pub(crate) parameters: Option<Vec<Pair>>,
    pub(crate) annotations: Option<Vec<Pair>>,
    pub(crate) limits: Option<PutLimits>,
    pub(crate) updated: Option<i64>,
}

/// The code of a received action; in lists only `binary`.
#[derive(Debug, Deserialize)]
pub(crate) struct ReceivedExec {
    pub(crate) kind: Option<String>,
    /// An object (attachment reference) in some old servers' answers.
    pub(crate) code: Option<serde_json::Value>,
    pub(crate) main: Option<String>,
    pub(crate) binary: Option<bool>,
    /// Of a sequence.
    pub(crate) components: Option<Vec<String>>,
}
