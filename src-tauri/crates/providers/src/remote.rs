use std::time::Instant;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::{Request, Response};
use beckon_core::{
    Activation, ActivationId, CodePackage, Collection, DeployedImage, Deployment, EntityKey, Error,
    ErrorCode, FunctionKey, FunctionLogAsk, FunctionLogLine, FunctionOptions, FunctionSummary, JsonText,
    KnownEntity, Limits, Millis, Mode, NamedJson, Namespace, NamespaceMetadata, NamespaceName,
    NewSpaceTrigger, Result, Runtime, Secret, SpaceTrigger, WebExport,
};
use beckon_store::Expect;
use futures_util::stream::BoxStream;

use crate::openwhisk::entities::EntityChange;

/// What a successful [`Remote::check`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The round trip of the check, connection set-up included, ms.
    pub latency_ms: u32,
    /// The namespaces that the key reaches.
    pub namespaces: Vec<NamespaceName>,
    /// What answers there, where it says so: its name and version, for people.
    pub server: Option<String>,
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
#[derive(Debug, Clone, PartialEq)]
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
    /// What was deployed, of a system whose functions are images.
    pub image: Option<DeployedImage>,
    /// What its namespace's triggers call it for, of a system that has such triggers.
    pub options: Option<FunctionOptions>,
}

impl RemoteFunction {
    /// One that is nothing beside what lists show.
    pub(crate) fn new(summary: FunctionSummary) -> Self {
        Self {
            summary,
            code: None,
            main: None,
            components: Vec::new(),
            has_code: false,
            parameters: Vec::new(),
            env_names: Vec::new(),
            annotations: Vec::new(),
            image: None,
            options: None,
        }
    }
}

/// A function's response to a request, or what the provider answers in its place.
pub struct RemoteResponse {
    /// Its status and headers, and its body as it comes. An error in the body is that of the transport.
    pub response: Response<BoxStream<'static, Result<Bytes>>>,
    /// When the request was sent.
    pub sent: Instant,
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
    /// What its namespace's triggers call it for. Not looked at where there are no such triggers.
    pub options: Option<FunctionOptions>,
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
#[derive(Debug, Clone, PartialEq)]
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
/// Systems differ in what they have ([`beckon_core::Capabilities`]): what one has not answers `NotSupported`, as every
/// method with a body does here unless a client says otherwise.
///
/// Errors are the same for every method: `Unreachable` (no connection), `Timeout`, `Unauthorized`, `Forbidden`,
/// `NotFound`, `InvalidInput` (the provider refused the request's content), `Conflict` (it is there already, or is not
/// what was expected), `LimitExceeded` (too large, either way),
/// `Busy` (429), `BadReply` (not the protocol, a redirect, or an error of the provider's own). None holds a secret.
#[async_trait]
pub trait Remote: Send + Sync {
    /// Whether the system is reachable and accepts the key.
    async fn check(&self) -> Result<Reach>;

    /// The namespaces that the key reaches, with their number of functions.
    async fn namespaces(&self) -> Result<Vec<Namespace>>;

    /// All functions of a namespace, packaged ones included.
    async fn functions(&self, namespace: &NamespaceName) -> Result<Vec<FunctionSummary>>;

    /// One function with its source, or what was deployed.
    async fn function(&self, key: &FunctionKey) -> Result<RemoteFunction>;

    /// Deletes a function.
    async fn delete_function(&self, key: &FunctionKey) -> Result<()>;

    /// The kinds of functions that it runs, by family. `NotSupported` where it does not say.
    async fn kinds(&self) -> Result<Vec<RemoteKind>> {
        Err(not_there("a list of the kinds of functions"))
    }

    /// Makes a namespace.
    async fn create_namespace(&self, _name: &NamespaceName) -> Result<()> {
        Err(not_there("namespaces that are made from here"))
    }

    /// Deletes a namespace with all that is in it.
    async fn delete_namespace(&self, _name: &NamespaceName) -> Result<()> {
        Err(not_there("namespaces that are deleted from here"))
    }

    /// The labels and annotations of a namespace.
    async fn namespace_metadata(&self, _name: &NamespaceName) -> Result<NamespaceMetadata> {
        Err(not_there("labels of namespaces"))
    }

    /// Gives a namespace other labels and annotations, in place of all that it has.
    async fn put_namespace_metadata(
        &self,
        _name: &NamespaceName,
        _metadata: &NamespaceMetadata,
    ) -> Result<()> {
        Err(not_there("labels of namespaces"))
    }

    /// The code of a function. `NotSupported` for a sequence and a container image.
    async fn code(&self, _key: &FunctionKey) -> Result<RemoteCode> {
        Err(not_there("code of functions"))
    }

    /// Makes a function (with its package, where there is none) or changes one. With [`Expect::Any`], one that is so
    /// already is left alone. [`Expect::Version`] is compared just before: of two changes at the same time, the provider
    /// decides.
    async fn put_function(
        &self,
        _key: &FunctionKey,
        _change: &FunctionChange,
        _expect: Expect,
    ) -> Result<SavedFunction> {
        Err(not_there("code of functions"))
    }

    /// Deploys an image as a function: a new one (`Conflict` when there is one of this name), or else in place of the one
    /// that is there (`NotFound` when there is none), all of which is replaced.
    async fn deploy(&self, _key: &FunctionKey, _deployment: &Deployment, _new: bool) -> Result<()> {
        Err(not_there("functions that are deployed as images"))
    }

    /// Has this many replicas of a function be there.
    async fn scale(&self, _key: &FunctionKey, _replicas: u32) -> Result<()> {
        Err(not_there("replicas that are counted"))
    }

    /// The names of a namespace's secrets. Their values never come back.
    async fn secrets(&self, _namespace: &NamespaceName) -> Result<Vec<String>> {
        Err(not_there("secrets with names"))
    }

    /// Makes a secret (`Conflict` when there is one of this name), or with `replace` gives it another value (`NotFound`
    /// when there is none).
    async fn put_secret(
        &self,
        _namespace: &NamespaceName,
        _name: &str,
        _value: &Secret,
        _replace: bool,
    ) -> Result<()> {
        Err(not_there("secrets with names"))
    }

    /// Deletes a secret.
    async fn delete_secret(&self, _namespace: &NamespaceName, _name: &str) -> Result<()> {
        Err(not_there("secrets with names"))
    }

    /// The triggers of a namespace that call the functions which ask for them in their options, in their server's order.
    async fn space_triggers(&self, _namespace: &NamespaceName) -> Result<Vec<SpaceTrigger>> {
        Err(not_there(SPACE_TRIGGERS))
    }

    /// Makes such a trigger (no `id`) or changes one (`NotFound` when there is none, `InvalidInput` when it is of another
    /// type). Without a password the one that the server has stays, if it lets it.
    async fn put_space_trigger(
        &self,
        _namespace: &NamespaceName,
        _id: Option<&str>,
        _trigger: &NewSpaceTrigger,
        _password: Option<&Secret>,
    ) -> Result<SpaceTrigger> {
        Err(not_there(SPACE_TRIGGERS))
    }

    /// Deletes such a trigger.
    async fn delete_space_trigger(&self, _namespace: &NamespaceName, _id: &str) -> Result<()> {
        Err(not_there(SPACE_TRIGGERS))
    }

    /// What a function wrote, oldest first. With [`FunctionLogAsk::follow`] it goes on until the server ends it, which
    /// most do after a minute or less.
    async fn logs(
        &self,
        _key: &FunctionKey,
        _ask: &FunctionLogAsk,
    ) -> Result<BoxStream<'static, Result<FunctionLogLine>>> {
        Err(not_there("logs of functions"))
    }

    /// Calls a function with arguments. [`Mode::Promoted`] is not a way to call: it is treated as blocking.
    ///
    /// A `Timeout` or `Unreachable` leaves open whether the function ran.
    async fn invoke(&self, _key: &FunctionKey, _input: &JsonText, _mode: Mode) -> Result<RemoteOutcome> {
        Err(not_there("calls with arguments"))
    }

    /// Calls a function with a request, whose path is what the function sees. Any status is a response: a function may
    /// answer what it likes. Without `wait` the system keeps the request and answers 202 at once; the header
    /// `X-Callback-Url` says who is told of the function's own response.
    ///
    /// A `Timeout` or `Unreachable` leaves open whether the function ran.
    async fn call(
        &self,
        _key: &FunctionKey,
        _request: Request<Bytes>,
        _wait: bool,
    ) -> Result<RemoteResponse> {
        Err(not_there("calls with requests"))
    }

    /// Cancels an asynchronous call that waits or runs, by the id that it was made with (`X-Call-Id`); `false` when there
    /// is none, or none any more. `NotSupported` where the server takes no call back.
    async fn cancel(&self, _call_id: &str) -> Result<bool> {
        Err(not_there("calls that are taken back"))
    }

    /// The record of a run; `Ok(None)` while there is none (yet, or not any more).
    async fn activation(&self, _namespace: &NamespaceName, _id: ActivationId) -> Result<Option<Activation>> {
        Err(not_there("records of runs"))
    }

    /// Records of runs that started at or after `since`, newest first: after the first `skip`, at most `limit`.
    async fn activations(
        &self,
        _namespace: &NamespaceName,
        _since: Option<Millis>,
        _skip: u32,
        _limit: u32,
    ) -> Result<RecordPage> {
        Err(not_there("records of runs"))
    }

    /// The packages, triggers and rules of a namespace, most recently updated first within each collection. A provider
    /// that has no triggers or rules has none.
    async fn entities(&self, _namespace: &NamespaceName) -> Result<Vec<KnownEntity>> {
        Ok(Vec::new())
    }

    /// A package, a trigger or a rule.
    async fn entity(&self, _key: &EntityKey, _collection: Collection) -> Result<KnownEntity> {
        Err(not_there(ENTITIES))
    }

    /// Makes one; with `replace`, changes the one that is there.
    async fn put_entity(
        &self,
        _key: &EntityKey,
        _change: &EntityChange,
        _replace: bool,
    ) -> Result<KnownEntity> {
        Err(not_there(ENTITIES))
    }

    /// Activates or deactivates a rule.
    async fn set_rule_active(&self, _key: &EntityKey, _active: bool) -> Result<()> {
        Err(not_there(ENTITIES))
    }

    /// Deletes one; a package that holds something only with `force`.
    async fn delete_entity(&self, _key: &EntityKey, _collection: Collection, _force: bool) -> Result<()> {
        Err(not_there(ENTITIES))
    }

    /// Fires a trigger; answers the record of the firing, or `None` when no rule was active.
    async fn fire(&self, _key: &EntityKey, _payload: &JsonText) -> Result<Option<ActivationId>> {
        Err(not_there(ENTITIES))
    }
}

const SPACE_TRIGGERS: &str = "triggers that functions ask for in their options";
const ENTITIES: &str = "packages, triggers or rules";

/// The answer of a system that has no such thing.
pub(crate) fn not_there(what: &str) -> Error {
    Error::new(
        ErrorCode::NotSupported,
        format!("The connection's system has no {what}."),
    )
}
