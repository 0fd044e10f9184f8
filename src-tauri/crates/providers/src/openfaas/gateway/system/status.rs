//! A function of the engine as OpenFaaS tells of one.

use std::collections::HashMap;

use beckon_core::{Function, FunctionKey, NamedJson};
use beckon_engine::WorkerState;
use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::gateway::{Gateway, Refusal};
use crate::openfaas::wire::{FunctionStatus, Kept, Texts, Usage};

/// The annotation that a deployment is kept in.
pub(super) const ANNOTATION: &str = "openfaas";

/// What is kept of a deployment beside the function that was made of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Deployed {
    pub(super) image: String,
    pub(super) env_process: String,
    /// Variables that the watchdog reads, and the function does not get.
    pub(super) watchdog: Texts,
    pub(super) kept: Kept,
}

impl Deployed {
    /// As it was deployed; `None` for a function that was made in another way.
    pub(super) fn of(function: &Function) -> Option<Self> {
        serde_json::from_value(annotation(&function.annotations, ANNOTATION)?).ok()
    }
}

fn annotation(annotations: &[NamedJson], key: &str) -> Option<Value> {
    let named = annotations.iter().find(|named| named.key == key)?;
    Some(named.value.to_value())
}

/// How many processes a function has, and how many it is to have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Replicas {
    /// How many somebody wished for.
    wished: Option<u32>,
    /// Those that take calls.
    ready: u64,
    /// Those, and those that are coming.
    there: u64,
    memory: u64,
}

impl Replicas {
    /// Those of every function that has any, or for which somebody wished some.
    pub(super) async fn count(gateway: &Gateway) -> Result<HashMap<FunctionKey, Self>, Refusal> {
        let mut all: HashMap<FunctionKey, Self> = HashMap::new();
        for (function, wished) in gateway.store.wished_workers().await? {
            all.entry(function).or_default().wished = Some(wished);
        }
        for worker in gateway.engine.status().workers {
            let count = all.entry(worker.function).or_default();
            count.memory += worker.memory;
            match worker.state {
                WorkerState::Draining => continue,
                WorkerState::Spawning => {}
                WorkerState::Ready | WorkerState::Busy => count.ready += 1,
            }
            count.there += 1;
        }
        Ok(all)
    }
}

/// A function's name in a path of OpenFaaS.
pub(super) fn written(function: &FunctionKey) -> String {
    function.name.as_str().replace('/', "__")
}

/// What is told of a function. One that starts a process per request has no replicas to count: what stands for as many as
/// were asked for is this engine, which is there, unless it was scaled to zero.
pub(super) fn of(function: &Function, replicas: Replicas) -> FunctionStatus {
    let language = function.runtime.language();
    let deployed = Deployed::of(function);
    let forks = !function.contract.keeps_worker(language);
    let wanted = u64::from(replicas.wished.unwrap_or(function.settings.min_workers));
    let stands_for = match (&deployed, replicas.wished) {
        (Some(_), Some(wished)) if forks => u64::from(wished),
        (Some(deployed), None) if forks && !deployed.scales_to_zero() => deployed
            .least()
            .clamp(1, u64::from(function.limits.concurrency.max(1))),
        _ => 0,
    };
    let (there, ready) = if stands_for > 0 {
        (stands_for, stands_for)
    } else if forks {
        (replicas.there, replicas.ready)
    } else {
        (replicas.there.max(wanted), replicas.ready)
    };
    let deployed = deployed.unwrap_or_else(|| made_otherwise(function));
    let mut env_vars = deployed.watchdog;
    env_vars.extend(function.env.iter().cloned());
    let created = DateTime::from_timestamp_millis(function.created).unwrap_or_default();
    let mut kept = deployed.kept;
    kept.labels.get_or_insert_default();
    kept.annotations.get_or_insert_default();
    FunctionStatus {
        name: written(&function.key),
        image: deployed.image,
        namespace: function.key.namespace.to_string(),
        env_process: deployed.env_process,
        env_vars,
        kept,
        invocation_count: 0,
        replicas: there,
        available_replicas: ready,
        created_at: created.to_rfc3339_opts(SecondsFormat::Secs, true),
        usage: None,
    }
}

impl FunctionStatus {
    /// With what the function's processes take, as `usage=1` asks.
    pub(super) fn with_usage(mut self, replicas: Replicas) -> Self {
        self.usage = Some(Usage {
            total_memory_bytes: replicas.memory,
        });
        self
    }
}

impl Deployed {
    /// How many replicas its label says there are at least; 0 where it says nothing.
    fn least(&self) -> u64 {
        let labels = self.kept.labels.as_ref();
        let least = labels.and_then(|labels| labels.get("com.openfaas.scale.min"));
        least.and_then(|least| least.trim().parse().ok()).unwrap_or(0)
    }

    /// Whether a label allows that nothing of it is there.
    pub(super) fn scales_to_zero(&self) -> bool {
        let label = |labels: &Texts| {
            labels
                .get("com.openfaas.scale.zero")
                .is_some_and(|zero| zero == "true")
        };
        self.kept.labels.as_ref().is_some_and(label)
    }
}

/// What stands for a deployment where there was none: the function was made in the window, from a project, or by
/// another system's client.
fn made_otherwise(function: &Function) -> Deployed {
    let image = match annotation(&function.annotations, "image") {
        Some(Value::String(image)) => image,
        _ => format!("beckon/{}", function.runtime),
    };
    let labels = annotation(&function.annotations, "labels").and_then(|labels| match labels {
        Value::Object(labels) => Some(
            labels
                .into_iter()
                .map(|(key, value)| (key, text(value)))
                .collect(),
        ),
        _ => None,
    });
    let others = function
        .annotations
        .iter()
        .filter(|named| !matches!(named.key.as_str(), "image" | "labels"))
        .map(|named| (named.key.clone(), text(named.value.to_value())))
        .collect();
    Deployed {
        image,
        env_process: function.settings.watchdog.process.clone().unwrap_or_default(),
        watchdog: Texts::new(),
        kept: Kept {
            labels,
            annotations: Some(others),
            ..Kept::default()
        },
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
