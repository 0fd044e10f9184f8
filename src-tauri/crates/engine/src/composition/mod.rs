//! Runs that are made of other runs: sequences, and compositions that a conductor directs.
//!
//! ```text
//! sequence ─ one component after the other      conductor ─ whatever the conductor says is next
//! step ─ one component's run                    address ─ by what name a function was called
//! ```
//!
//! Such a run needs no slot and no process: its components do, one at a time, so that it is in nobody's way while it
//! waits for them. Each of these is a run of its own with its own record, whose `parent` is the run it is part of.
//!
//! **Over a crash.** An accepted sequence goes on where it was: components that succeeded are not run again, for their
//! records are on disk before the next one begins. The component that was running is lost or repeated by its own
//! [`LostPolicy`]; lost, it ends the sequence. A conductor's composition keeps no such account, because only the
//! conductor knows its state: it is lost or begun anew by the conductor's own policy.
//!
//! Facts: Apache OpenWhisk's `SequenceActions.scala` and `ConductorActions.scala`.

mod address;
mod conductor;
mod sequence;
mod step;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use beckon_core::{
    Activation, CodePackage, Error, ErrorCode, Function, FunctionKey, JsonText, LostPolicy, NamedJson,
    NewFunction, Result, Runtime, Status,
};
use beckon_store::Expect;
use tokio::sync::OwnedSemaphorePermit;

pub(crate) use address::{address, binding_of};

use crate::attempt::{NotBegun, Progress, Request};
use crate::end::{End, Why};
use crate::logs::SharedLog;
use crate::pool::Place;
use crate::{Engine, Inner, Payload, deploy, executable};
use step::Steps;

/// Most components of a sequence, and of a composition (OpenWhisk's default).
pub const SEQUENCE_LIMIT: usize = 50;
/// Most accepted sequences in progress at the same time.
pub(crate) const AT_ONCE: usize = 256;
/// How deep they may be nested: a loop that a binding has closed must end.
const DEEPEST: usize = 16;

/// What a run is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Composition {
    /// These, one after the other.
    Sequence(Vec<FunctionKey>),
    /// Whatever the function says.
    Conductor,
}

/// How a function's runs are made of others; `None` for all that simply run.
pub(crate) fn of(function: &Function) -> Option<Composition> {
    if let CodePackage::Sequence(components) = &function.code {
        return Some(Composition::Sequence(components.clone()));
    }
    let directs = function
        .annotations
        .iter()
        .any(|named| named.key == "conductor" && is_truthy(&named.value));
    directs.then_some(Composition::Conductor)
}

/// What becomes of an accepted run that had begun when Beckon died: a sequence is taken up again, see above.
pub(crate) fn policy_of(function: &Function) -> LostPolicy {
    match function.code {
        CodePackage::Sequence(_) => LostPolicy::Retry,
        _ => function.lost_policy,
    }
}

/// OpenWhisk's idea of a set annotation.
fn is_truthy(value: &JsonText) -> bool {
    match value.to_value() {
        serde_json::Value::Bool(set) => set,
        serde_json::Value::Number(number) => number.as_f64() != Some(0.0),
        serde_json::Value::String(text) => !text.is_empty(),
        serde_json::Value::Null => false,
        _ => true,
    }
}

/// A run that is made of others and is to begin.
pub(crate) struct Composed {
    inner: Arc<Inner>,
    function: Arc<Function>,
    what: Composition,
    depth: usize,
    _turn: Option<Turn>,
}

/// The right of an accepted run to be in progress.
struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    inner: Arc<Inner>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.permit.take());
        self.inner.pools.room.notify_one();
    }
}

/// The place of a run that needs no slot; `None` for a function that does.
pub(crate) fn place(inner: &Arc<Inner>, function: &Arc<Function>, depth: usize) -> Option<Place> {
    Some(Place::Composed(Box::new(Composed {
        what: of(function)?,
        inner: inner.clone(),
        function: function.clone(),
        depth,
        _turn: None,
    })))
}

/// The same for a run from the queue; `None` when enough of them are in progress.
pub(crate) fn queued_place(inner: &Arc<Inner>, function: &Arc<Function>) -> Option<Place> {
    let permit = inner.compositions.clone().try_acquire_owned().ok()?;
    Some(Place::Composed(Box::new(Composed {
        what: of(function)?,
        inner: inner.clone(),
        function: function.clone(),
        depth: 0,
        _turn: Some(Turn {
            permit: Some(permit),
            inner: inner.clone(),
        }),
    })))
}

/// Says in a run's record that it is made of others.
pub(crate) fn mark(draft: &mut Activation, function: &Function) {
    let Some(what) = of(function) else { return };
    draft.summary.kind = Runtime::SEQUENCE.to_owned();
    let mut set = |key: &str, value: bool| {
        if draft.annotations.iter().all(|named| named.key != key) {
            draft.annotations.push(NamedJson {
                key: key.to_owned(),
                value: JsonText::from_value(&value.into()),
            });
        }
    };
    set("topmost", draft.parent.is_none());
    if what == Composition::Conductor {
        set("conductor", true);
    }
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<End, NotBegun>> + Send + 'a>>;

impl Composed {
    /// Runs it to its end. Boxed, because its components may be made of others in their turn. Dropping the future stops
    /// the component that is running.
    pub(crate) fn run<'a>(
        self: Box<Self>,
        draft: &'a Activation,
        request: &'a Request,
        log: &'a SharedLog,
        progress: &'a mut Progress,
    ) -> Running<'a> {
        Box::pin(async move {
            let now = Instant::now();
            (progress.started, progress.called) = (Some(now), Some(now));
            let mut steps = Steps::new(&self, draft, request, log, &mut progress.summed);
            let end = match self.input(request) {
                Err(error) => Ok(End::error(Status::DeveloperError, Why::Invalid, &error.message)),
                Ok(_) if self.depth > DEEPEST => Ok(steps.too_long()),
                Ok(input) => match &self.what {
                    Composition::Sequence(components) => sequence::run(&mut steps, components, input).await,
                    Composition::Conductor => conductor::run(&mut steps, &self.function, input).await,
                },
            };
            progress.ended = Some(Instant::now());
            end
        })
    }

    /// What the first component gets: the caller's arguments above those of the function and its package.
    fn input(&self, request: &Request) -> Result<JsonText> {
        let payload = match &request.payload {
            Payload::Args(json) => json.clone(),
            Payload::Http(request) => {
                let raw = self.function.web == beckon_core::WebExport::Raw;
                JsonText::parse_object(crate::web::arguments_text(request, raw)?)?
            }
        };
        // A conductor's own parameters come with its runs.
        let own: &[NamedJson] = match self.what {
            Composition::Sequence(_) => &self.function.parameters,
            Composition::Conductor => &[],
        };
        let mut all = request.defaults.clone();
        all.retain(|named| own.iter().all(|own| own.key != named.key));
        all.extend_from_slice(own);
        JsonText::parse(executable::arguments(&all, &payload)?)
    }
}

impl Engine {
    /// Saves a sequence. Its components need not be there: whoever asks for one decides about that.
    pub(crate) async fn save_sequence(
        &self,
        key: &FunctionKey,
        mut new: NewFunction,
        expect: Expect,
    ) -> Result<Arc<Function>> {
        // It has no workers that could be kept ready.
        new.settings.min_workers = 0;
        deploy::check(&new)?;
        if let CodePackage::Sequence(components) = &new.code
            && components.len() > SEQUENCE_LIMIT
        {
            return Err(Error::new(
                ErrorCode::LimitExceeded,
                "Too many actions in the sequence.",
            ));
        }
        let inner = &self.inner;
        let function = inner.store.put_function(key, new, expect).await?;
        // What it was before may have had some, and a build.
        inner.pools.undeploy(key);
        inner.activity.drain(key, Some(&function.version.to_string()));
        inner.builds.forget(key).await;
        Ok(function)
    }
}
