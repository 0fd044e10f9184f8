use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ConnectionKind;

/// How a system's functions are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CallForm {
    /// With a JSON object of arguments (`invoke`).
    Arguments,
    /// With a request: method, path, query, headers and a body of any type (`invoke_http`).
    Request,
}

/// What a connection's system has. The window shows what is there, and a command for what is not answers
/// `NotSupported`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// How its functions are called. Of the local engine each function says it (`speaks_http`).
    pub call: CallForm,
    /// Whether functions have code that is read and changed here (`create_function`, `save_code`).
    pub code: bool,
    /// Whether functions have versions, which saves name.
    pub versions: bool,
    /// Whether functions are deployed as container images (`deploy_function`, `FunctionDetail.deployment`).
    pub deployments: bool,
    /// Whether it says which kinds of functions it runs (`kinds`).
    pub kinds: bool,
    /// Whether there are packages, triggers and rules (`entities`).
    pub entities: bool,
    /// Whether it keeps records of runs, which are read into the journal (`sync_connection`). Without it the journal has
    /// the runs that were asked for here.
    pub records: bool,
    /// Whether namespaces have secrets with names (`namespace_secrets`).
    pub secrets: bool,
    /// Whether the number of replicas can be chosen (`scale_function`).
    pub scale: bool,
    /// Whether what a function wrote can be read, apart from runs (`function_logs`).
    pub logs: bool,
    /// Whether namespaces can be made and deleted here. Some servers of such a system still refuse it.
    pub namespaces: bool,
    /// Whether namespaces have labels and annotations (`namespace_metadata`).
    pub namespace_metadata: bool,
    /// Whether asynchronous calls end with a callback (`X-Callback-Url`).
    pub callbacks: bool,
    /// Whether an asynchronous call that was accepted can be cancelled. Some servers of such a system still refuse it.
    pub cancels: bool,
    /// Whether namespaces have triggers that call the functions which ask for them in their options (`space_triggers`).
    pub space_triggers: bool,
}

impl ConnectionKind {
    /// What systems of this kind have.
    #[must_use]
    pub fn capabilities(self) -> Capabilities {
        let openwhisk = Capabilities {
            call: CallForm::Arguments,
            code: true,
            versions: true,
            deployments: false,
            kinds: true,
            entities: true,
            records: true,
            secrets: false,
            scale: false,
            logs: false,
            namespaces: false,
            namespace_metadata: false,
            callbacks: false,
            cancels: false,
            space_triggers: false,
        };
        match self {
            Self::Local => Capabilities {
                namespaces: true,
                callbacks: true,
                cancels: true,
                space_triggers: true,
                ..openwhisk
            },
            Self::Openwhisk | Self::Digitalocean => openwhisk,
            Self::Spaces => Capabilities {
                call: CallForm::Request,
                code: true,
                versions: false,
                deployments: false,
                kinds: false,
                entities: false,
                records: false,
                secrets: false,
                scale: false,
                logs: true,
                namespaces: false,
                namespace_metadata: false,
                callbacks: true,
                cancels: false,
                space_triggers: true,
            },
            Self::Openfaas => Capabilities {
                call: CallForm::Request,
                code: false,
                versions: false,
                deployments: true,
                kinds: false,
                entities: false,
                records: false,
                secrets: true,
                scale: true,
                logs: true,
                namespaces: true,
                namespace_metadata: true,
                callbacks: true,
                cancels: true,
                space_triggers: false,
            },
        }
    }
}
