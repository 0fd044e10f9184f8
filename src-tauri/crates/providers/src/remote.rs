use async_trait::async_trait;
use beckon_core::{
    Activation, ActivationId, CodePackage, Collection, EntityKey, FunctionKey, FunctionSummary, JsonText,
    KnownEntity, Limits, Millis, Mode, NamedJson, Namespace, NamespaceName, Result, Runtime, Secret,
    WebExport,
};
use beckon_store::Expect;

use crate::openwhisk::entities::EntityChange;

/// What a successful [`Remote::check`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The round trip of the check, connection set-up included, ms.
    pub latency_ms: u32,
    /// The namespaces that the key reaches.
    pub namespaces: Vec<NamespaceName>,
}

/// What became of a call at a provider.
#[derive(Debug, Clone)]
pub enum RemoteOutcome {
    /// The run is over, well or not: this is its record.
    Finished(Box<RemoteRecord>),
    /// The run was accepted and its record does not exist yet: the call was non-blocking, or blocking and the provider
    /// stopped waiting (promoted), or the reply named the run without its record.
    Accepted(ActivationId),
}

/// A record that came back in the reply to a call.
#[derive(Debug, Clone)]
pub struct RemoteRecord {
    /// The record. `connection` is empty and `input` is `None`: the caller knows both.
    pub activation: Activation,
    /// From the first byte sent to the last one received, ms.
    pub round_trip_ms: f64,
}

/// A function as a provider describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFunction {
    /// What lists show.
    pub summary: FunctionSummary,
    /// Its source text; `None` for binary code (zip), sequences and container images.
    pub code: Option<String>,
    /// The entry point, where one is set.
    pub main: Option<String>,
    /// The functions that a sequence is made of.
    pub components: Vec<FunctionKey>,
    /// Whether it has code of its own, as sequences and container images have not.
    pub has_code: bool,
    /// Default arguments, without those that its package gives it.
    pub parameters: Vec<NamedJson>,
    /// Names of its environment variables (parameters with `init`); the values stay at the provider.
    pub env_names: Vec<String>,
    /// Its annotations.
    pub annotations: Vec<NamedJson>,
}

/// The code of a function at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteCode {
    /// The function's kind, as its system writes it.
    pub kind: String,
    /// The version of the function that has this code.
    pub version: String,
    /// A text, or the bytes of an archive, which is a zip nearly always.
    pub code: CodePackage,
}

/// A kind of function that a provider runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteKind {
    /// For example `nodejs:18`.
    pub kind: String,
    /// The family that it is of, for example `nodejs`.
    pub family: String,
    /// Whether it is what `family:default` means.
    pub default: bool,
    /// Whether functions of it can be neither made nor changed any more.
    pub deprecated: bool,
    /// Whether its functions must name their entry point.
    pub needs_main: bool,
}

/// What a function at a provider shall be. What is not said stays as it is.
#[derive(Debug, Clone, Default)]
pub struct FunctionChange {
    /// What it runs on; a new one needs it.
    pub kind: Option<Runtime>,
    /// Its code; a new one needs it.
    pub code: Option<CodePackage>,
    /// Its entry point, or `Some(None)` for its runtime's own.
    pub main: Option<Option<String>>,
    /// All of its arguments.
    pub parameters: Option<Vec<NamedJson>>,
    /// Its environment variables.
    pub env: EnvChange,
    /// What it may use; `concurrency` is not looked at.
    pub limits: Option<Limits>,
    /// Web or private.
    pub web: Option<WebExport>,
    /// Annotations, which are merged with those that are there.
    pub annotations: Vec<NamedJson>,
}

/// What becomes of environment variables, whose values are not known here.
#[derive(Debug, Clone, Default)]
pub struct EnvChange {
    /// These have that value.
    pub set: Vec<(String, Secret)>,
    /// Which of the others stay.
    pub kept: KeptEnv,
}

/// Which environment variables stay.
#[derive(Debug, Clone)]
pub enum KeptEnv {
    /// All but these.
    AllBut(Vec<String>),
    /// These, where they are there.
    Only(Vec<String>),
}

impl Default for KeptEnv {
    fn default() -> Self {
        Self::AllBut(Vec::new())
    }
}

impl EnvChange {
    pub(crate) fn is_nothing(&self) -> bool {
        self.set.is_empty() && matches!(&self.kept, KeptEnv::AllBut(names) if names.is_empty())
    }
}

/// A function that was saved at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFunction {
    /// As it is now.
    pub function: RemoteFunction,
    /// Whether it is a new version.
    pub changed: bool,
}

/// A page of records.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordPage {
    /// Newest first. Fired triggers are among them, with the kind `trigger`.
    pub records: Vec<Activation>,
    /// Whether there are no older ones.
    pub is_last: bool,
}

/// A system reached over the network.
///
/// Errors are the same for every method: `Unreachable` (no connection), `Timeout`, `Unauthorized`, `Forbidden`,
/// `NotFound`, `InvalidInput` (the provider refused the request's content), `Conflict` (it is there already, or is not
/// what was expected), `LimitExceeded` (too large, either way),
/// `Busy` (429), `BadReply` (not the protocol, a redirect, or an error of the provider's own). None holds a secret.
#[async_trait]
pub trait Remote: Send + Sync {
    /// Whether the system is reachable and accepts the key.
    async fn check(&self) -> Result<Reach>;

    /// The kinds of functions that it runs, by family. `NotSupported` where it does not say.
    async fn kinds(&self) -> Result<Vec<RemoteKind>>;

    /// The namespaces that the key reaches, with their number of functions.
    async fn namespaces(&self) -> Result<Vec<Namespace>>;

    /// All functions of a namespace, packaged ones included.
    async fn functions(&self, namespace: &NamespaceName) -> Result<Vec<FunctionSummary>>;

    /// One function with its source.
    async fn function(&self, key: &FunctionKey) -> Result<RemoteFunction>;

    /// The code of a function. `NotSupported` for a sequence and a container image.
    async fn code(&self, key: &FunctionKey) -> Result<RemoteCode>;

    /// Makes a function (with its package, where there is none) or changes one. With [`Expect::Any`], one that is so
    /// already is left alone. [`Expect::Version`] is compared just before: of two changes at the same time, the provider
    /// decides.
    async fn put_function(
        &self,
        key: &FunctionKey,
        change: &FunctionChange,
        expect: Expect,
    ) -> Result<SavedFunction>;

    /// Deletes a function.
    async fn delete_function(&self, key: &FunctionKey) -> Result<()>;

    /// Calls a function. [`Mode::Promoted`] is not a way to call: it is treated as blocking.
    ///
    /// A `Timeout` or `Unreachable` leaves open whether the function ran.
    async fn invoke(&self, key: &FunctionKey, input: &JsonText, mode: Mode) -> Result<RemoteOutcome>;

    /// The record of a run; `Ok(None)` while there is none (yet, or not any more).
    async fn activation(&self, namespace: &NamespaceName, id: ActivationId) -> Result<Option<Activation>>;

    /// Records of runs that started at or after `since`, newest first: after the first `skip`, at most `limit`.
    async fn activations(
        &self,
        namespace: &NamespaceName,
        since: Option<Millis>,
        skip: u32,
        limit: u32,
    ) -> Result<RecordPage>;

    /// The packages, triggers and rules of a namespace, most recently updated first within each collection. A provider
    /// that has no triggers or rules has none.
    async fn entities(&self, namespace: &NamespaceName) -> Result<Vec<KnownEntity>>;

    /// A package, a trigger or a rule.
    async fn entity(&self, key: &EntityKey, collection: Collection) -> Result<KnownEntity>;

    /// Makes one; with `replace`, changes the one that is there.
    async fn put_entity(&self, key: &EntityKey, change: &EntityChange, replace: bool) -> Result<KnownEntity>;

    /// Activates or deactivates a rule.
    async fn set_rule_active(&self, key: &EntityKey, active: bool) -> Result<()>;

    /// Deletes one; a package that holds something only with `force`.
    async fn delete_entity(&self, key: &EntityKey, collection: Collection, force: bool) -> Result<()>;

    /// Fires a trigger; answers the record of the firing, or `None` when no rule was active.
    async fn fire(&self, key: &EntityKey, payload: &JsonText) -> Result<Option<ActivationId>>;
}
