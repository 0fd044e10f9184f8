//! What commands take and return beyond the vocabulary of `beckon-core`.

use beckon_core::{
    Activation, Connection, ConnectionKind, Contract, Environment, FunctionKey, FunctionRef, Inbox, Language,
    Limits, LostPolicy, Millis, NamedJson, NamespaceName, Quota, Runtime, RuntimeStatus, Token, TokenKind,
    TokenScope, WebExport,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the window needs before it can show anything.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// Beckon's version.
    pub version: String,
    /// Where the local gateway answers, for example `http://127.0.0.1:6464`; `None` while it is not served.
    pub gateway_url: Option<String>,
    /// Where everything is kept.
    pub data_dir: String,
    /// The local connection first, then the remote ones.
    pub connections: Vec<Connection>,
    /// Where secrets are kept.
    pub secret_store: SecretStoreState,
    /// The runtimes of this machine.
    pub runtimes: Vec<RuntimeStatus>,
    /// The function to show first: the one run last, or else the first example.
    pub first_function: Option<FunctionRef>,
    /// Whether this host puts text on the clipboard itself (the desktop window does).
    pub host_clipboard: bool,
}

/// Where secrets are kept, and what is missing for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SecretStoreState {
    /// The operating system's keychain.
    Keychain,
    /// The encrypted file, open.
    FileUnlocked,
    /// The encrypted file, waiting for its passphrase.
    FileLocked,
    /// Neither: there is no usable keychain and no file was chosen. Nothing is kept until the user chooses.
    Unavailable {
        /// Why the keychain cannot be used, in one sentence.
        reason: String,
    },
}

/// What the user may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// How long a blocking caller waits before its run becomes asynchronous: 1,000 to 900,000 ms.
    pub blocking_limit_ms: u32,
    /// How long records are kept: 72 to 8,760 hours.
    pub retention_hours: u32,
    /// The gateway's port from the next start on.
    pub gateway_port: u16,
    /// How much memory all workers of the engine together may take: 128 to 1,048,576 MB. Without it half of the
    /// machine's; what that is, is in the engine's status (`memoryCap`).
    #[ts(optional = nullable)]
    pub engine_memory_mb: Option<u32>,
    /// The largest request at the door of Spaces and the largest answer of its functions, from the next start on:
    /// 1 to 100 MB of 1,048,576 bytes.
    pub spaces_body_mb: u32,
    /// How much each namespace may ask of the OpenWhisk API here, as providers limit it; without it, no limit.
    #[ts(optional = nullable)]
    pub quota: Option<Quota>,
    /// After how many seconds the end of a run that the user asked for is worth a notification: 1 to 86,400; without it,
    /// none is shown.
    #[ts(optional = nullable)]
    pub notify_after_s: Option<u32>,
}

impl Settings {
    /// The cap of the engine's memory in bytes, where one is set.
    pub(crate) fn engine_memory(&self) -> Option<u64> {
        self.engine_memory_mb
            .map(|megabytes| u64::from(megabytes) * 1024 * 1024)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            blocking_limit_ms: 30_000,
            retention_hours: 30 * 24,
            gateway_port: 6464,
            engine_memory_mb: None,
            spaces_body_mb: 10,
            quota: None,
            notify_after_s: Some(30),
        }
    }
}

/// A remote connection as a person types it.
#[derive(Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionDraft {
    /// What to call it.
    pub name: String,
    /// The system.
    pub kind: ConnectionKind,
    /// Its colour.
    pub environment: Environment,
    /// The API host, with or without `https://`. May be empty when `key` is a whole curl command.
    pub api_host: String,
    /// `user:password`, base64 of it (with or without `Basic`), or a copied curl command; of `openfaas` the password, which
    /// is empty where the gateway asks for none. `None` keeps the stored key.
    pub key: Option<String>,
    /// The user of `openfaas`; `admin` when absent or empty. A change of it needs the password again.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub user: Option<String>,
}

/// What a test of a connection found.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionTest {
    /// The base URL that was tried.
    pub api_host: String,
    /// The round trip.
    pub latency_ms: u32,
    /// The namespaces that the key reaches.
    pub namespaces: Vec<NamespaceName>,
    /// What answers there, where it says so: its name and version.
    pub server: Option<String>,
    /// What is worth a thought before it is kept: that the key travels without TLS.
    pub warning: Option<String>,
}

/// A function with everything that its page shows.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FunctionDetail {
    /// Where it is.
    pub function: FunctionRef,
    /// Its version, as its system writes it. Saves name the version that they replace.
    pub version: String,
    /// Its kind.
    pub kind: String,
    /// Its language, where Beckon knows it.
    pub language: Option<Language>,
    /// The entry point; `default_entry` when absent.
    pub main: Option<String>,
    /// How its handler is called.
    pub contract: Contract,
    /// The entry point that the contract assumes.
    pub default_entry: String,
    /// Whether it takes a request and gives a response: `invoke_http` calls it as its callers do.
    pub speaks_http: bool,
    /// Whether one worker may have several runs at a time.
    pub shares_worker: bool,
    /// Whether a worker stays for the next run.
    pub keeps_worker: bool,
    /// How it is kept, retried and reached. `folder` is changed by `set_folder` alone.
    pub settings: beckon_core::Settings,
    /// Its code.
    pub code: CodeView,
    /// Default parameters.
    pub parameters: Vec<NamedJson>,
    /// Plain environment variables.
    pub env: Vec<EnvVar>,
    /// Names of the secret environment variables; the values never come back.
    pub secrets: Vec<String>,
    /// What it may use.
    pub limits: Limits,
    /// Web or private.
    pub web: WebExport,
    /// After a crash of Beckon.
    pub lost_policy: LostPolicy,
    /// When it was made; 0 where a provider does not say.
    pub created: Millis,
    /// When it was last changed.
    pub updated: Millis,
    /// Whether all of it can be changed here: it is a function of the local engine.
    pub editable: bool,
    /// What of it can be changed here; of a provider's function some, too.
    pub edits: crate::FunctionEdits,
    /// The URL of its REST API, without query: POST invokes it.
    pub api_url: Option<String>,
    /// Where it answers HTTP requests without a token, if it speaks HTTP or is a web function: at its provider, or at
    /// the gateway here where that is served. (A web function with the annotation `require-whisk-auth` wants its secret.)
    pub function_url: Option<String>,
    /// What was deployed, of a connection whose functions are images: there is no code, no version, and no settings, and
    /// `deploy_function` changes it.
    pub image: Option<beckon_core::DeployedImage>,
    /// How it is, where functions are started before they are called.
    pub readiness: Option<beckon_core::Readiness>,
    /// What the triggers of its namespace call it for, where it says so itself: in a provider's space
    /// (`capabilities.spaceTriggers`).
    pub options: Option<beckon_core::FunctionOptions>,
}

/// A function's code as the window shows it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CodeView {
    /// One source file.
    Source {
        /// Its text.
        text: String,
    },
    /// A zip with several files. Of a provider's function it is known once it was sent or downloaded (`function_code`).
    Zip {
        /// Its size.
        bytes: u64,
        /// What is in it.
        entries: Vec<ZipEntry>,
    },
    /// A sequence: no code, but functions that are called one after the other.
    Sequence {
        /// These.
        components: Vec<FunctionKey>,
    },
    /// Something that cannot be shown here (a provider's binary, a provider's sequence).
    Opaque {
        /// Why.
        reason: String,
    },
}

/// One file of a zip.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ZipEntry {
    /// Its path in the zip.
    pub path: String,
    /// Its unpacked size in bytes.
    pub size: u64,
}

/// Code as the window sends it.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CodeInput {
    /// One source file.
    Source {
        /// Its text.
        text: String,
    },
    /// A zip.
    Zip {
        /// Its bytes in base64.
        base64: String,
    },
}

/// A plain environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EnvVar {
    /// Its name: `[A-Za-z_][A-Za-z0-9_]*`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What a new function starts from.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// For example `node-hello`.
    pub id: String,
    /// For people.
    pub title: String,
    /// What it shows, in one sentence.
    pub description: String,
    /// The kind it runs on.
    pub kind: Runtime,
    /// The language.
    pub language: Language,
    /// How its handler is called.
    pub contract: Contract,
    /// Whether that runtime is on this machine.
    pub available: bool,
    /// The source.
    pub code: String,
    /// An input to try it with.
    pub input: String,
}

/// Everything about a function but its code and its secrets.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FunctionSettings {
    /// The entry point; `None` is the contract's own.
    pub main: Option<String>,
    /// How its handler is called; `None` leaves it.
    pub contract: Option<Contract>,
    /// How it is kept, retried and reached; `None` leaves it. Its `folder` is not looked at: that is `set_folder`'s.
    pub settings: Option<beckon_core::Settings>,
    /// Default parameters.
    pub parameters: Vec<NamedJson>,
    /// Plain environment variables.
    pub env: Vec<EnvVar>,
    /// What it may use.
    pub limits: Limits,
    /// Web or private.
    pub web: WebExport,
    /// After a crash of Beckon.
    pub lost_policy: LostPolicy,
    /// What the triggers of its space call it for; `None` leaves it. `NotSupported` where `FunctionDetail` has none.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub options: Option<beckon_core::FunctionOptions>,
}

/// How the window invokes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum InvokeMode {
    /// Wait for the record.
    Blocking,
    /// Get an id at once.
    NonBlocking,
}

/// What came of an invocation: a record that is over, or one that is on its way (`queued`, `running`, `polling`).
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InvokeReply {
    /// The record as it is now.
    pub activation: Activation,
    /// Whether a blocking call passed the limit and became asynchronous.
    pub promoted: bool,
}

/// A record with the forms that only its own page shows.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ActivationDetail {
    /// The record.
    pub activation: Activation,
    /// The record as the provider's API serves it, JSON. `None` while there is none.
    pub raw: Option<String>,
    /// What it is the record of.
    pub of: RecordOf,
    /// The function whose page there is to open: what ran, as far as it is reached from here. `None` of what is fired, of a
    /// function that is gone or in a package of the system's or in another namespace of a provider, and where the
    /// connection is gone.
    pub page: Option<FunctionRef>,
    /// What ran, where that is not what was called: through a binding, or in another namespace.
    pub target: Option<FunctionKey>,
}

/// What a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RecordOf {
    /// A function's run.
    Function,
    /// A sequence's, whose functions have records of their own.
    Sequence,
    /// A run of a function that directs others (OpenWhisk's conductor); so have they.
    Composition,
    /// A trigger that was fired.
    Trigger,
    /// A rule that a trigger set off; OpenWhisk kept such records once.
    Rule,
}

impl RecordOf {
    /// What a record is of.
    #[must_use]
    pub fn read(activation: &Activation) -> Self {
        let directs = activation
            .annotation("conductor")
            .is_some_and(|value| !matches!(value.as_str(), "false" | "null" | "0" | "\"\""));
        match activation.summary.kind.as_str() {
            "trigger" => Self::Trigger,
            "rule" => Self::Rule,
            Runtime::SEQUENCE => Self::Sequence,
            _ if directs => Self::Composition,
            _ => Self::Function,
        }
    }
}

/// How many records match.
#[derive(Debug, Clone, Copy, Serialize, TS)]
pub struct Count {
    /// The count, up to the cap.
    pub count: u32,
    /// Whether there are more ("10,000+").
    pub capped: bool,
}

/// A token to make.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TokenDraft {
    /// What to call it.
    pub name: String,
    /// Its form.
    pub kind: TokenKind,
    /// What it reaches.
    pub scope: TokenScope,
    /// Seconds until it ends; `None` is never.
    pub expires_in_seconds: Option<u32>,
}

/// A token just made: the only time that its credential is part of an answer unasked.
#[derive(Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NewToken {
    /// The token.
    pub token: Token,
    /// The credential as its clients expect it (`user:key`; of an account the token alone).
    pub credential: String,
}

/// A credential that the user asked to see.
#[derive(Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ShownToken {
    /// Which token it is.
    pub name: String,
    /// The credential.
    pub credential: String,
}

/// What a copied text calls.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CopySource {
    /// A function with an input.
    Function {
        /// The function.
        function: FunctionRef,
        /// The input, a JSON object.
        input: String,
    },
    /// A function that speaks HTTP, with a request.
    Request {
        /// The function.
        function: FunctionRef,
        /// The request.
        request: crate::RequestDraft,
    },
    /// A past run with its own input.
    Run {
        /// The run.
        id: beckon_core::ActivationId,
    },
}

/// What a copied text asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CopyMode {
    /// A run, and its whole record.
    Blocking,
    /// A run, and its result only, as DigitalOcean's panel copies it.
    Result,
    /// A run, and its activation id.
    NonBlocking,
    /// The record of a past run; nothing is run.
    Record,
    /// The newest runs of the function; nothing is run.
    List,
}

/// Who is to run a copied text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CopyForm {
    /// curl, in a shell.
    Curl,
    /// DigitalOcean's command line.
    Doctl,
    /// OpenWhisk's command line.
    Wsk,
    /// Node, with the npm package `openwhisk`.
    Npm,
    /// Python, with the package `requests`.
    Python,
    /// OpenFaaS' command line.
    FaasCli,
}

/// How the token appears in a copied text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CopyToken {
    /// As dots and its last four characters.
    Masked,
    /// As an environment variable that the user sets.
    Env,
    /// As it is.
    Real,
}

/// Where a copied text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CopyTo {
    /// Into the answer.
    Page,
    /// Straight to the clipboard, without passing through the page. Only where the host has one.
    Clipboard,
}

/// What was copied.
#[derive(Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CopyReply {
    /// The text, if it was asked for.
    pub text: Option<String>,
    /// What the user must set first for the `$ENV` form: the variable's name.
    pub variable: Option<String>,
}

/// What became of a function of a project.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectOutcome {
    /// Its name in the project.
    pub name: String,
    /// The function, when it was deployed.
    pub function: Option<FunctionRef>,
    /// The version that it is at.
    pub version: Option<String>,
    /// Whether that version is a new one.
    pub changed: bool,
    /// How many schedules were made or confirmed.
    pub schedules: u32,
    /// The secrets that the user has to set before it runs.
    pub missing_secrets: Vec<String>,
    /// What did not go as the project asks, though it was deployed.
    pub warnings: Vec<String>,
    /// Why it was not deployed.
    pub error: Option<beckon_core::Error>,
}

impl ProjectOutcome {
    pub(crate) fn failed(name: &str, error: beckon_core::Error) -> Self {
        Self {
            name: name.to_owned(),
            function: None,
            version: None,
            changed: false,
            schedules: 0,
            missing_secrets: Vec::new(),
            warnings: Vec::new(),
            error: Some(error),
        }
    }
}

/// How far the deploy of a project is.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ProjectStep {
    /// A function's folder is being packed.
    Packing {
        /// The function.
        name: String,
        /// Files that are packed.
        files: u64,
        /// All files.
        of: u64,
    },
    /// A function is done.
    Done {
        /// What became of it.
        outcome: Box<ProjectOutcome>,
    },
}

/// An inbox, and where it is reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InboxView {
    /// The inbox.
    #[serde(flatten)]
    pub inbox: Inbox,
    /// The URL that anybody may send to; `None` for what stands for a topic, queue or stream, and while the gateway does
    /// not answer.
    pub url: Option<String>,
}
