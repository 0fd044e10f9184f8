//! A function of the engine, and what was sent of it since, as Spaces tells of one.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{CodePackage, Contract, Function, FunctionKey, JsonText, Language, Millis, NamedJson};
use beckon_engine::{BuildState, WorkerState};
use beckon_store::SpacesDeployment;
use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::Desk;
use crate::gateway::Refusal;
use crate::spaces::ulid;
use crate::spaces::wire::{self, Draft, GO, Metrics, Options, PYTHON, Source, State};

/// What is kept beside a function.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::spaces) struct Kept {
    pub(super) id: String,
    pub(super) description: String,
    pub(in crate::spaces) options: Options,
}

impl Kept {
    /// What is kept of a function; of one that was made otherwise an id.
    pub(in crate::spaces) fn of(function: &Function) -> Self {
        let named = function
            .annotations
            .iter()
            .find(|named| named.key == Function::SPACES);
        let kept = named.and_then(|named| serde_json::from_value(named.value.to_value()).ok());
        let mut kept: Self = kept.unwrap_or_default();
        if kept.id.is_empty() {
            kept.id = ulid::of_function(function);
        }
        // Also those that were asked for elsewhere.
        kept.options.topics = function.topics_as_written();
        kept
    }

    /// Keeps it among a function's annotations, and its topics where the engine looks for them.
    pub(super) fn keep(&self, annotations: &mut Vec<NamedJson>) {
        annotations.retain(|named| named.key != Function::SPACES && named.key != Function::TOPICS);
        if let Some(topics) = self.options.topics.as_deref().filter(|topics| !topics.is_empty()) {
            annotations.push(NamedJson {
                key: Function::TOPICS.to_owned(),
                value: JsonText::from_value(&topics.into()),
            });
        }
        let document = serde_json::json!(self);
        annotations.push(NamedJson {
            key: Function::SPACES.to_owned(),
            value: JsonText::from_value(&document),
        });
    }
}

/// What is known of a function: as it runs, and as it was sent since.
pub(super) struct Known {
    pub(super) key: FunctionKey,
    pub(super) function: Option<Arc<Function>>,
    pub(super) deployment: Option<SpacesDeployment>,
}

impl Known {
    /// `None` when there is no such function.
    pub(super) async fn find(desk: &Desk, key: &FunctionKey) -> Result<Option<Self>, Refusal> {
        // In this order: what is built in between is found in one of them.
        let deployment = desk.gateway.store.spaces_deployment(key).await?;
        let function = desk.gateway.store.function(key).await?;
        let known = Self {
            key: key.clone(),
            function,
            deployment,
        };
        Ok((known.function.is_some() || known.deployment.is_some()).then_some(known))
    }

    /// What was sent and is not built, or else what runs.
    pub(super) fn draft(&self) -> Draft {
        let sent = self
            .deployment
            .as_ref()
            .and_then(|sent| serde_json::from_str(&sent.document).ok());
        let runs = self.function.as_deref().map(draft_of).unwrap_or_default();
        sent.map_or_else(|| runs.clone(), |sent: Draft| sent.over(runs.clone()))
    }

    /// Its id.
    pub(super) fn id(&self) -> String {
        match (&self.deployment, &self.function) {
            (Some(sent), _) => sent.id.clone(),
            (None, Some(function)) => Kept::of(function).id,
            (None, None) => String::new(),
        }
    }

    /// Where it is.
    pub(super) async fn state(&self, desk: &Desk) -> Result<State, Refusal> {
        let Some(sent) = &self.deployment else {
            return Ok(State::Running);
        };
        if sent.failure.is_some() {
            return Ok(State::Failed);
        }
        let builds = desk.gateway.engine.builds(&self.key).await?;
        let builds_now = builds.first().map(|build| build.state) == Some(BuildState::Building);
        Ok(if builds_now {
            State::Building
        } else {
            State::Pending
        })
    }

    /// As it is told, with its code or without.
    pub(super) async fn document(&self, desk: &Desk, with_code: bool) -> Result<wire::Function, Refusal> {
        let draft = self.draft();
        let (created, updated) = match (&self.deployment, &self.function) {
            (Some(sent), _) => (sent.created, sent.updated),
            (None, Some(function)) => (function.created, function.updated),
            (None, None) => (0, 0),
        };
        Ok(wire::Function {
            id: self.id(),
            space: self.key.namespace.to_string(),
            name: written(&self.key),
            description: draft.description.unwrap_or_default(),
            template: draft.template.unwrap_or_default(),
            env: draft.env.unwrap_or_default(),
            options: draft.options.unwrap_or_default(),
            source: draft.source.filter(|_| with_code),
            status: self.state(desk).await?,
            metrics: metrics(desk, &self.key),
            created_at: time(created),
            updated_at: time(updated),
            error_message: self.deployment.as_ref().and_then(|sent| sent.failure.clone()),
        })
    }
}

/// A function's name in a path.
pub(super) fn written(key: &FunctionKey) -> String {
    key.name.as_str().replace('/', "__")
}

/// A function as a client would have sent it.
fn draft_of(function: &Function) -> Draft {
    let kept = Kept::of(function);
    Draft {
        name: Some(written(&function.key)),
        description: Some(kept.description),
        template: Some(template_of(function)),
        env: Some(function.env.iter().cloned().collect()),
        options: Some(kept.options),
        source: Some(Source {
            code: code_of(function),
        }),
    }
}

/// The template that a function follows; of one that follows none of Spaces' its runtime.
fn template_of(function: &Function) -> String {
    match (function.contract, function.runtime.language()) {
        (Contract::Spaces, Language::Python) => PYTHON.to_owned(),
        (Contract::Openfaas, Language::Go) => GO.to_owned(),
        _ => function.runtime.to_string(),
    }
}

/// A function's code in base64. A sequence has none.
pub(super) fn code_of(function: &Function) -> String {
    match &function.code {
        CodePackage::Source(text) => STANDARD.encode(text),
        CodePackage::Zip(bytes) => STANDARD.encode(bytes),
        CodePackage::Sequence(_) => String::new(),
    }
}

fn metrics(desk: &Desk, key: &FunctionKey) -> Metrics {
    let mut metrics = Metrics {
        invocations: desk.gateway.engine.calls(key),
        ..Metrics::default()
    };
    let workers = desk.gateway.engine.status().workers;
    for worker in workers.iter().filter(|worker| worker.function == *key) {
        metrics.replicas += u64::from(worker.state != WorkerState::Draining);
        metrics.available_replicas +=
            u64::from(matches!(worker.state, WorkerState::Ready | WorkerState::Busy));
    }
    metrics
}

/// A time as Spaces writes it, without a zone.
fn time(at: Millis) -> String {
    let at = DateTime::from_timestamp_millis(at).unwrap_or_default();
    at.format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}
