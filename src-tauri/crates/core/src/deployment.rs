use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Error, ErrorCode, Millis};

/// Names with texts: labels, annotations, variables.
pub type Texts = BTreeMap<String, String>;

/// Most bytes of a whole deployment, as JSON.
const LARGEST: usize = 1024 * 1024;

/// A function that is deployed as a container image, as OpenFaaS' `FunctionDeployment` says it. There is no code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    /// The image's name, for example `ghcr.io/me/hello:1.0`.
    pub image: String,
    /// The process that is started (`fprocess`); empty is the image's own.
    pub process: String,
    /// Environment variables. They are no place for secrets: the server tells them to everybody who may list functions.
    pub env: Texts,
    /// Labels; those that begin with `com.openfaas.scale.` say how it is scaled.
    pub labels: Texts,
    /// Annotations, for example `topic` and `schedule`.
    pub annotations: Texts,
    /// Names of the namespace's secrets that it reads.
    pub secrets: Vec<String>,
    /// Where it may be placed.
    pub constraints: Vec<String>,
    /// What it may use at most: `memory` (`128Mi`), `cpu` (`100m`), `nvidia.com/gpu` and the like.
    pub limits: Texts,
    /// What is set aside for it; the same names.
    pub requests: Texts,
    /// Whether it cannot write to its own files.
    pub read_only_root_filesystem: bool,
}

impl Deployment {
    /// Refuses what no server would take: no image, control characters in a name, or more than 1 MiB in all.
    pub fn check(&self) -> Result<(), Error> {
        let invalid = |text: String| Error::new(ErrorCode::InvalidInput, text);
        if self.image.trim().is_empty() {
            return Err(invalid("The name of an image is needed.".into())
                .with_hint("For example ghcr.io/openfaas/figlet:latest."));
        }
        check_names(&[
            ("environment variable", &self.env),
            ("label", &self.labels),
            ("annotation", &self.annotations),
            ("limit", &self.limits),
            ("request", &self.requests),
        ])?;
        if self
            .secrets
            .iter()
            .chain(&self.constraints)
            .any(|name| !is_name(name))
        {
            return Err(invalid("The name of a secret or a constraint is empty.".into()));
        }
        check_size("deployment", self)
    }
}

/// The labels and annotations of a provider's namespace (OpenFaaS' `FunctionNamespace`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct NamespaceMetadata {
    /// Labels, for example `openfaas=1`, by which OpenFaaS knows a namespace for its own.
    pub labels: Texts,
    /// Annotations.
    pub annotations: Texts,
}

impl NamespaceMetadata {
    /// Refuses what no server would take: names that are empty or have control characters, or more than 1 MiB in all.
    pub fn check(&self) -> Result<(), Error> {
        check_names(&[("label", &self.labels), ("annotation", &self.annotations)])?;
        check_size("namespace's document", self)
    }
}

fn check_names(named: &[(&str, &Texts)]) -> Result<(), Error> {
    for (what, texts) in named {
        if let Some(name) = texts.keys().find(|name| !is_name(name)) {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
            let text = format!("'{shown}' cannot be the name of a {what}.");
            return Err(Error::new(ErrorCode::InvalidInput, text));
        }
    }
    Ok(())
}

fn check_size(what: &str, document: &impl Serialize) -> Result<(), Error> {
    let bytes = serde_json::to_vec(document).map_or(usize::MAX, |text| text.len());
    if bytes > LARGEST {
        let text = format!("The {what} is larger than {LARGEST} bytes.");
        return Err(Error::new(ErrorCode::LimitExceeded, text));
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && !name.chars().any(char::is_control)
}

/// A deployed function: what was asked for, and what there is of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeployedImage {
    /// What was deployed.
    pub deployment: Deployment,
    /// How often it was called, where the server counts.
    pub invocations: Option<u64>,
    /// What its replicas take of processors together, in thousandths of one; where the server measures.
    pub cpu_millis: Option<f64>,
    /// What they take of memory together, bytes; where the server measures.
    pub memory_bytes: Option<u64>,
    /// The URL of asynchronous calls.
    pub async_url: String,
}

/// How a function is at a system that builds and starts it before it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// Whether it can be called.
    pub state: ReadyState,
    /// How many replicas there are to be.
    pub replicas: u32,
    /// How many of them are ready.
    pub available_replicas: u32,
}

/// Whether a function can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ReadyState {
    /// Nothing of it has started yet.
    Pending,
    /// Its code is being built.
    Building,
    /// It answers.
    Running,
    /// It is scaled to zero: the next call starts it.
    Idle,
    /// It could not be built, or does not start.
    Failed,
    /// The system says something that Beckon does not know.
    Unknown,
}

/// A line that a function wrote, apart from any run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FunctionLogLine {
    /// When, to the microsecond: microseconds since the Unix epoch. `None` where the server does not say.
    pub at_us: Option<i64>,
    /// Which replica wrote it: a pod, a container or a process.
    pub instance: String,
    /// The line without its newline.
    pub text: String,
}

/// Which lines of a function's log are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct FunctionLogAsk {
    /// From this time on. Without it the server decides: Kubernetes tells the last five minutes.
    #[ts(optional = nullable)]
    pub since: Option<Millis>,
    /// Only the last so many of those that were written already, 1 to 100,000.
    #[ts(optional = nullable)]
    pub tail: Option<u32>,
    /// Only of this replica.
    #[ts(optional = nullable)]
    pub instance: Option<String>,
    /// Whether to go on with the lines that come, until the caller goes away.
    pub follow: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_server_takes_is_refused_here() {
        let good = Deployment {
            image: "me/hello".into(),
            labels: [("com.openfaas.scale.min".to_owned(), "2".to_owned())].into(),
            ..Deployment::default()
        };
        good.check().unwrap();
        let with = |edit: fn(&mut Deployment)| {
            let mut changed = good.clone();
            edit(&mut changed);
            changed.check().unwrap_err().code
        };
        assert_eq!(with(|d| d.image = " ".into()), ErrorCode::InvalidInput);
        assert_eq!(
            with(|d| drop(d.env.insert("a\nb".into(), "1".into()))),
            ErrorCode::InvalidInput
        );
        assert_eq!(with(|d| d.secrets = vec![String::new()]), ErrorCode::InvalidInput);
        assert_eq!(
            with(|d| d.process = "x".repeat(LARGEST)),
            ErrorCode::LimitExceeded
        );
    }
}
