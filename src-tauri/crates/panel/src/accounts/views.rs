use beckon_core::{Account, Connection, Error, JsonText, Millis, NamespaceName};
use beckon_providers::digitalocean::client::{AccessKey, ScheduledTrigger};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a look at an account found. Nothing is kept of it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AccountLook {
    /// The base URL that was asked, for example `https://api.digitalocean.com`.
    pub base_url: String,
    /// The e-mail address of its owner, where the provider says it to this token.
    pub owner: Option<String>,
    /// Its namespaces, by label.
    pub namespaces: Vec<AccountNamespaceView>,
}

/// A namespace of an account.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AccountNamespaceView {
    /// Its name, for example `fn-0f3a…`: what `namespaces` parameters take.
    pub namespace: NamespaceName,
    /// What its owner calls it.
    pub label: String,
    /// `lon1`; empty where the system has no regions.
    pub region: String,
    /// Where its functions are reached.
    pub api_host: String,
    /// Whether a connection is there already. To connect it again gives that connection a new key.
    pub connected: bool,
    /// That connection.
    pub connection: Option<String>,
    /// Whether the provider refuses that connection's key, which somebody pasted: `add_account` gives it another.
    pub key_refused: bool,
}

/// What came of connecting one namespace: a connection or an error.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceOutcome {
    /// Its name.
    pub namespace: NamespaceName,
    /// What its owner calls it.
    pub label: String,
    /// The connection, when it is connected.
    pub connection: Option<Connection>,
    /// Whether the connection was there before: it stays what it is, with its records, and has another key.
    pub existed: bool,
    /// Why it is not connected.
    pub error: Option<Error>,
}

impl NamespaceOutcome {
    pub(crate) fn failed(namespace: &NamespaceName, label: &str, error: Error) -> Self {
        Self {
            namespace: namespace.clone(),
            label: label.to_owned(),
            connection: None,
            existed: false,
            error: Some(error),
        }
    }
}

/// An account, and what came of connecting its namespaces.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AddedAccount {
    /// The account; `None` when nothing of it is kept, as neither its token was to be nor a namespace could be connected.
    pub account: Option<Account>,
    /// The namespaces that were asked for, in that order; then those whose connection had a pasted key that the
    /// provider refuses.
    pub namespaces: Vec<NamespaceOutcome>,
}

/// An access key of a namespace, without its secret.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AccessKeyView {
    /// Its public half, `dof_v1_…`.
    pub id: String,
    /// What its maker called it.
    pub name: String,
    /// When it was made; 0 if the provider does not say.
    pub created: Millis,
    /// When it ends by itself; `None` for never.
    pub expires: Option<Millis>,
    /// Whether it is the one that this connection uses.
    pub ours: bool,
}

/// An access key that has just been made.
#[derive(Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NewAccessKeyView {
    /// The key.
    pub key: AccessKeyView,
    /// `id:secret`, shown this once and kept nowhere.
    pub credential: String,
}

/// A trigger at the provider that calls a function by the clock.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledTriggerView {
    /// Its name.
    pub name: String,
    /// `[package/]name` of the function.
    pub function: String,
    /// Whether it fires.
    pub enabled: bool,
    /// When, as a cron expression in UTC.
    pub cron: String,
    /// What the function is called with, JSON; empty for nothing.
    pub body: String,
    /// When it fired last.
    pub last_run: Option<Millis>,
    /// When it fires next.
    pub next_run: Option<Millis>,
}

/// What a trigger at the provider shall be.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledTriggerDraft {
    /// `[package/]name` of a function of the namespace. That of a trigger that is there stays what it is.
    pub function: String,
    /// Whether it fires.
    pub enabled: bool,
    /// When, as a cron expression in UTC.
    pub cron: String,
    /// What the function is called with: a JSON object; empty is `{}`.
    pub body: String,
}

impl AccessKeyView {
    pub(crate) fn of(key: AccessKey, ours: Option<&str>) -> Self {
        Self {
            ours: ours == Some(key.id.as_str()),
            id: key.id,
            name: key.name,
            created: key.created,
            expires: key.expires,
        }
    }
}

impl From<ScheduledTrigger> for ScheduledTriggerView {
    fn from(trigger: ScheduledTrigger) -> Self {
        Self {
            name: trigger.name,
            function: trigger.function,
            enabled: trigger.enabled,
            cron: trigger.cron,
            body: trigger.body.map(JsonText::into_string).unwrap_or_default(),
            last_run: trigger.last_run,
            next_run: trigger.next_run,
        }
    }
}
