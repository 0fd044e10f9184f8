use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{FunctionName, Millis, NamespaceName};

/// The form of a credential: each system's clients expect their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// `user:key` for Basic authentication: a UUID and 64 alphanumerics.
    Openwhisk,
    /// A namespace's access key at DigitalOcean, `id:secret` for Basic authentication: the id is `dof_v1_` and 32 hex
    /// digits.
    DigitaloceanKey,
    /// A DigitalOcean account's token, for Bearer authentication at its control plane: `dop_v1_` and 64 hex digits. It
    /// calls no function.
    Digitalocean,
    /// The password of `admin`, for Basic authentication at OpenFaaS' `/system`. It calls no function: those are public
    /// at OpenFaaS.
    Openfaas,
    /// A client of Spaces, `client_id:client_secret` for OAuth 2.0's client credentials: the id is a ULID. With it, bearer
    /// tokens that expire are got at `/oauth2/token`.
    Spaces,
}

/// What a token reaches.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TokenScope {
    /// Everything in one namespace: functions can be read, changed and invoked, activations read.
    Namespace {
        /// The namespace.
        namespace: NamespaceName,
    },
    /// One function: it can be read and invoked, and its activations read; nothing can be changed.
    Function {
        /// Its namespace.
        namespace: NamespaceName,
        /// Its name.
        name: FunctionName,
    },
    /// Every namespace, those to come included: what a DigitalOcean account and OpenFaaS' `admin` have.
    Account,
}

impl TokenScope {
    /// The namespace that the token lives in, and ends with; `None` for an account's.
    #[must_use]
    pub fn namespace(&self) -> Option<&NamespaceName> {
        match self {
            Self::Namespace { namespace } | Self::Function { namespace, .. } => Some(namespace),
            Self::Account => None,
        }
    }

    /// Whether the scope lets the holder read and invoke this function.
    #[must_use]
    pub fn allows(&self, namespace: &NamespaceName, function: &FunctionName) -> bool {
        match self {
            Self::Namespace { namespace: own } => own == namespace,
            Self::Function { namespace: own, name } => own == namespace && name == function,
            Self::Account => true,
        }
    }
}

/// A credential of the local engine, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The public half: the Basic user of an OpenWhisk key (a UUID) or of an access key (`dof_v1_…`). An account's token
    /// and a password have none; their id is the beginning of their hash.
    pub id: String,
    /// What a person called it.
    pub name: String,
    /// Its form.
    pub kind: TokenKind,
    /// What it reaches.
    pub scope: TokenScope,
    /// The last four characters of the secret.
    pub hint: String,
    /// When it was made.
    pub created: Millis,
    /// When it was renamed last, or made.
    pub updated: Millis,
    /// When it ends; `None` is never.
    pub expires: Option<Millis>,
    /// The last time the gateway accepted it (to the minute).
    pub last_used: Option<Millis>,
    /// When it was revoked.
    pub revoked: Option<Millis>,
    /// Whether the secret is kept in this machine's secret store, so that *Show token* and *Copy curl* can use it.
    pub kept: bool,
}

impl Token {
    /// Whether the gateway accepts the token at `now`.
    #[must_use]
    pub fn is_live(&self, now: Millis) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}

/// The last four characters of a secret: enough to recognise it, too few to use it.
#[must_use]
pub fn hint_of(secret: &str) -> String {
    let count = secret.chars().count();
    if count < 16 {
        String::new()
    } else {
        secret.chars().skip(count - 4).collect()
    }
}
