use async_trait::async_trait;
use beckon_core::{
    Activation, ActivationId, FunctionKey, FunctionSummary, JsonText, Millis, Mode, NamedJson, Namespace,
    NamespaceName, Result,
};

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
    /// Default arguments.
    pub parameters: Vec<NamedJson>,
    /// Names of its environment variables (parameters with `init`); the values stay at the provider.
    pub env_names: Vec<String>,
    /// Its annotations.
    pub annotations: Vec<NamedJson>,
}

/// A system reached over the network.
///
/// Errors are the same for every method: `Unreachable` (no connection), `Timeout`, `Unauthorized`, `Forbidden`,
/// `NotFound`, `InvalidInput` (the provider refused the request's content), `LimitExceeded` (too large, either way),
/// `Busy` (429), `BadReply` (not the protocol, a redirect, or an error of the provider's own). None holds a secret.
#[async_trait]
pub trait Remote: Send + Sync {
    /// Whether the system is reachable and accepts the key.
    async fn check(&self) -> Result<Reach>;

    /// The namespaces that the key reaches, with their number of functions.
    async fn namespaces(&self) -> Result<Vec<Namespace>>;

    /// All functions of a namespace, packaged ones included.
    async fn functions(&self, namespace: &NamespaceName) -> Result<Vec<FunctionSummary>>;

    /// One function with its source.
    async fn function(&self, key: &FunctionKey) -> Result<RemoteFunction>;

    /// Calls a function. [`Mode::Promoted`] is not a way to call: it is treated as blocking.
    ///
    /// A `Timeout` or `Unreachable` leaves open whether the function ran.
    async fn invoke(&self, key: &FunctionKey, input: &JsonText, mode: Mode) -> Result<RemoteOutcome>;

    /// The record of a run; `Ok(None)` while there is none (yet, or not any more).
    async fn activation(&self, namespace: &NamespaceName, id: ActivationId) -> Result<Option<Activation>>;

    /// Records of runs that started at or after `since`, newest first, at most `limit`.
    async fn activations(
        &self,
        namespace: &NamespaceName,
        since: Option<Millis>,
        limit: u32,
    ) -> Result<Vec<Activation>>;
}
