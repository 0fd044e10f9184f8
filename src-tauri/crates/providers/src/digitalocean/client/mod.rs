//! The client of a DigitalOcean account's functions: its namespaces, their access keys and their scheduled triggers.
//!
//! What is done *in* a namespace goes over OpenWhisk's API with an access key; see [`crate::connect`].

mod received;

use std::collections::HashSet;

use beckon_core::{Error, ErrorCode, JsonText, Millis, NamespaceName, Result, Secret};
use chrono::DateTime;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::wire::SCHEDULED;
use super::{KEY_PREFIX, TOKEN_PREFIX};
use crate::openwhisk::path_segment;
use crate::transport::{CALL_TIMEOUT, Credential, Dialect, Http, Reply};
use received::{Keys, Made, Namespaces, One, OneTrigger, Owner, Triggers};

/// Where DigitalOcean's own accounts are.
pub const DIGITALOCEAN: &str = "https://api.digitalocean.com";

/// How the token of an application that was authorized by its owner begins (OAuth).
const OAUTH_PREFIX: &str = "doo_v1_";
/// The most that one page may have (DigitalOcean's API reference, "Links & Pagination").
const PAGE: u32 = 200;
/// A server whose pages never end is not believed beyond this.
const MOST_PAGES: u32 = 50;

/// What the transport knows of the control plane.
pub(crate) const ACCOUNT_API: Dialect = Dialect {
    name: "DigitalOcean's API",
    address: "API address",
    root: "/v2/functions/",
    example: "https://api.digitalocean.com or http://127.0.0.1:6464",
    plain_http: false,
    error_text,
};

/// `{"id", "message", "request_id"?}`.
fn error_text(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct ErrorDocument {
        #[serde(rename = "id")]
        _id: String,
        message: String,
    }
    serde_json::from_slice::<ErrorDocument>(body)
        .ok()
        .map(|document| document.message)
}

/// A namespace of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountNamespace {
    /// `fn-<uuid>`.
    pub name: NamespaceName,
    /// What its owner calls it.
    pub label: String,
    /// `lon1`; empty where the system has no regions.
    pub region: String,
    /// Where its functions are reached.
    pub api_host: String,
}

/// An access key of a namespace, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// `dof_v1_…`: the public half.
    pub id: String,
    /// What its maker called it.
    pub name: String,
    /// When it was made; 0 if the system does not say.
    pub created: Millis,
    /// When it ends by itself; `None` for never.
    pub expires: Option<Millis>,
}

/// An access key that has just been made: the only time that its secret is known.
#[derive(Debug, Clone)]
pub struct NewAccessKey {
    /// The key.
    pub key: AccessKey,
    /// `id:secret`, as [`crate::connect`] takes it.
    pub secret: Secret,
}

/// A trigger that calls a function by the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledTrigger {
    /// Its name.
    pub name: String,
    /// `[package/]name` of the function.
    pub function: String,
    /// Whether it fires.
    pub enabled: bool,
    /// When, as a cron expression in UTC.
    pub cron: String,
    /// What the function is called with.
    pub body: Option<JsonText>,
    /// When it fired last.
    pub last_run: Option<Millis>,
    /// When it fires next.
    pub next_run: Option<Millis>,
}

/// What a scheduled trigger shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerDraft {
    /// `[package/]name` of the function. It cannot be another later.
    pub function: String,
    /// Whether it fires.
    pub enabled: bool,
    /// When, as a cron expression in UTC.
    pub cron: String,
    /// What the function is called with: a JSON object.
    pub body: JsonText,
}

/// How long a new access key lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours(u32);

impl Hours {
    /// So many days.
    #[must_use]
    pub const fn days(days: u16) -> Self {
        Self(if days == 0 { 24 } else { days as u32 * 24 })
    }

    /// At least one; DigitalOcean knows no shorter life.
    #[must_use]
    pub fn new(hours: u32) -> Self {
        Self(hours.max(1))
    }
}

/// An account, reached with its token. Connections are kept open and shared.
///
/// Errors of every call: `Unreachable`, `Timeout`, `Unauthorized` (the token is wrong or was revoked), `Forbidden` (it
/// has not the scope `function:read` or `function:admin`), `NotFound`, `Conflict`, `Busy` (the rate limit; the hint says
/// until when), `BadReply`. None holds the token.
pub struct Account {
    http: Http,
}

impl Account {
    /// Nothing is sent yet. `address` is [`DIGITALOCEAN`], or that of another Beckon's gateway.
    ///
    /// Errors: `InvalidInput` for an address or a token that cannot be one, and for an address that would carry the
    /// token over the network in the clear.
    pub fn new(address: &str, token: Secret) -> Result<Self> {
        check_token(token.expose())?;
        Ok(Self {
            http: Http::new(ACCOUNT_API, address, Credential::Bearer(token))?,
        })
    }

    /// The address without its path: `https://api.digitalocean.com`.
    #[must_use]
    pub fn address(&self) -> String {
        self.http.origin()
    }

    /// The address without its scheme.
    #[must_use]
    pub fn host(&self) -> String {
        self.http.host()
    }

    /// Whose account it is: the owner's e-mail address, and the team where the API names one. `None` where the API does not say (another Beckon has no such
    /// call, and a token for functions alone may not ask).
    pub async fn owner(&self) -> Result<Option<String>> {
        let reply = self.http.get("/v2/account").await?;
        if !reply.status.is_success() {
            return Ok(None);
        }
        Ok(reply.json::<Owner>().ok().and_then(Owner::read))
    }

    /// The account's namespaces, by label. Those of App Platform (`ap-…`) are not a person's to manage; doctl hides them,
    /// too.
    pub async fn namespaces(&self) -> Result<Vec<AccountNamespace>> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        self.pages("namespaces", |page: Namespaces| {
            for namespace in page.namespaces.into_iter().flatten() {
                match namespace.read() {
                    Ok(namespace) if namespace.name.as_str().starts_with("ap-") => {}
                    Ok(namespace) if seen.insert(namespace.name.clone()) => found.push(namespace),
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "a namespace of an account was left out"),
                }
            }
            page.links
        })
        .await?;
        found
            .sort_by(|a: &AccountNamespace, b| (&a.label, a.name.as_str()).cmp(&(&b.label, b.name.as_str())));
        Ok(found)
    }

    /// One namespace.
    pub async fn namespace(&self, name: &NamespaceName) -> Result<AccountNamespace> {
        let answer: One = self.read(&namespace_path(name)).await?;
        answer.namespace.read()
    }

    /// Makes a namespace. `region` is `lon1` or another of DigitalOcean's; a system without regions takes any.
    pub async fn create_namespace(&self, label: &str, region: &str) -> Result<AccountNamespace> {
        let body = json!({ "label": label, "region": region }).to_string();
        let reply = self.http.post("namespaces", body, CALL_TIMEOUT).await?;
        ok(reply)?.json::<One>()?.namespace.read()
    }

    /// Deletes a namespace with all that is in it.
    pub async fn delete_namespace(&self, name: &NamespaceName) -> Result<()> {
        ok(self.http.delete(&namespace_path(name)).await?).map(|_| ())
    }

    /// A namespace's access keys, newest first.
    pub async fn keys(&self, namespace: &NamespaceName) -> Result<Vec<AccessKey>> {
        let mut found: Vec<AccessKey> = Vec::new();
        let mut seen = HashSet::new();
        self.pages(&format!("{}/keys", namespace_path(namespace)), |page: Keys| {
            let keys = page.access_keys.into_iter().flatten().map(received::Key::read);
            found.extend(keys.filter(|key| !key.id.is_empty() && seen.insert(key.id.clone())));
            page.links
        })
        .await?;
        found.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
        Ok(found)
    }

    /// Makes an access key; without `life` it never ends. `Conflict` when the name is taken.
    pub async fn create_key(
        &self,
        namespace: &NamespaceName,
        name: &str,
        life: Option<Hours>,
    ) -> Result<NewAccessKey> {
        let mut body = json!({ "name": name });
        if let Some(Hours(hours)) = life {
            body["expires_in"] = Value::from(format!("{hours}h"));
        }
        let path = format!("{}/keys", namespace_path(namespace));
        let reply = self.http.post(&path, body.to_string(), CALL_TIMEOUT).await?;
        let made: Made = ok(reply)?.json()?;
        let (key, secret) = (made.access_key.key.read(), made.access_key.secret);
        // doctl's own check of a key, so that what is kept here can be used there.
        let whole = key
            .id
            .strip_prefix(KEY_PREFIX)
            .is_some_and(|rest| !rest.is_empty())
            && !secret.is_empty()
            && ![&key.id, &secret]
                .iter()
                .any(|half| half.contains(|c: char| c == ':' || c.is_whitespace() || c.is_control()));
        if !whole {
            return Err(Error::new(
                ErrorCode::BadReply,
                format!(
                    "{} made an access key that has not the form of one.",
                    self.http.host()
                ),
            ));
        }
        Ok(NewAccessKey {
            secret: Secret::new(format!("{}:{secret}", key.id)),
            key,
        })
    }

    /// Gives an access key another name. `Conflict` when the name is taken.
    pub async fn rename_key(&self, namespace: &NamespaceName, id: &str, name: &str) -> Result<()> {
        let path = key_path(namespace, id)?;
        let body = json!({ "name": name }).to_string();
        ok(self.http.put(&path, body, CALL_TIMEOUT).await?).map(|_| ())
    }

    /// Deletes an access key: from then on it opens nothing. `NotFound` when there is none (any more).
    pub async fn delete_key(&self, namespace: &NamespaceName, id: &str) -> Result<()> {
        let path = key_path(namespace, id)?;
        ok(self.http.delete(&path).await?).map(|_| ())
    }

    /// A namespace's scheduled triggers, by name.
    pub async fn triggers(&self, namespace: &NamespaceName) -> Result<Vec<ScheduledTrigger>> {
        let mut found: Vec<ScheduledTrigger> = Vec::new();
        self.pages(
            &format!("{}/triggers", namespace_path(namespace)),
            |page: Triggers| {
                found.extend(page.triggers.into_iter().flatten().map(received::Trigger::read));
                page.links
            },
        )
        .await?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.dedup_by(|a, b| a.name == b.name);
        Ok(found)
    }

    /// Makes a scheduled trigger. `Conflict` when the name is taken.
    pub async fn create_trigger(
        &self,
        namespace: &NamespaceName,
        name: &str,
        draft: &TriggerDraft,
    ) -> Result<ScheduledTrigger> {
        let mut body = draft.document()?;
        body["name"] = name.into();
        body["type"] = SCHEDULED.into();
        body["function"] = draft.function.as_str().into();
        let path = format!("{}/triggers", namespace_path(namespace));
        let reply = self.http.post(&path, body.to_string(), CALL_TIMEOUT).await?;
        Ok(ok(reply)?.json::<OneTrigger>()?.trigger.read())
    }

    /// Changes when a scheduled trigger fires, with what, and whether it does.
    pub async fn change_trigger(
        &self,
        namespace: &NamespaceName,
        name: &str,
        draft: &TriggerDraft,
    ) -> Result<ScheduledTrigger> {
        let body = draft.document()?.to_string();
        let path = trigger_path(namespace, name)?;
        let reply = self.http.put(&path, body, CALL_TIMEOUT).await?;
        Ok(ok(reply)?.json::<OneTrigger>()?.trigger.read())
    }

    /// Lets a scheduled trigger fire, or not any more.
    pub async fn enable_trigger(
        &self,
        namespace: &NamespaceName,
        name: &str,
        enabled: bool,
    ) -> Result<ScheduledTrigger> {
        let body = json!({ "is_enabled": enabled }).to_string();
        let path = trigger_path(namespace, name)?;
        let reply = self.http.put(&path, body, CALL_TIMEOUT).await?;
        Ok(ok(reply)?.json::<OneTrigger>()?.trigger.read())
    }

    /// Deletes a scheduled trigger.
    pub async fn delete_trigger(&self, namespace: &NamespaceName, name: &str) -> Result<()> {
        let path = trigger_path(namespace, name)?;
        ok(self.http.delete(&path).await?).map(|_| ())
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        ok(self.http.get(path).await?)?.json()
    }

    /// All pages of a list; `take` hands back what the page says of the next one. The documents of functions say
    /// nothing, and then the first page is all; the rest of DigitalOcean's API pages this way.
    async fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        mut take: impl FnMut(T) -> Option<Value>,
    ) -> Result<()> {
        for page in 1..=MOST_PAGES {
            let page: T = self.read(&format!("{path}?page={page}&per_page={PAGE}")).await?;
            // The address of the next page is not followed: it could lead the token elsewhere.
            let more = take(page).is_some_and(|links| links["pages"]["next"].is_string());
            if !more {
                break;
            }
        }
        Ok(())
    }
}

impl TriggerDraft {
    fn document(&self) -> Result<Value> {
        let body: Value =
            serde_json::from_str(self.body.as_str()).map_err(|e| Error::internal("write a request", e))?;
        Ok(json!({
            "is_enabled": self.enabled,
            "scheduled_details": { "cron": self.cron, "body": body },
        }))
    }
}

/// Whether a text is the token of an account, by its first characters.
#[must_use]
pub fn is_account_token(text: &str) -> bool {
    text.starts_with(TOKEN_PREFIX) || text.starts_with(OAUTH_PREFIX)
}

fn check_token(token: &str) -> Result<()> {
    let refuse = |message: &str, hint: &str| {
        Err(Error::new(ErrorCode::InvalidInput, message.to_owned()).with_hint(hint.to_owned()))
    };
    if token.starts_with(KEY_PREFIX) || token.contains(':') {
        return refuse(
            "This is a key of one namespace, not a token of a DigitalOcean account.",
            "Connect with it as an API host and key.",
        );
    }
    // Tokens of before 2022 are 64 hex digits without a prefix, and still right.
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return refuse(
            "This is not a token of a DigitalOcean account.",
            "It begins with dop_v1_. Make one in DigitalOcean's control panel, under API, with the scopes of functions.",
        );
    }
    Ok(())
}

/// Only a key's own id: `..` would name the namespace.
fn key_path(namespace: &NamespaceName, id: &str) -> Result<String> {
    if !id.starts_with(KEY_PREFIX) {
        return Err(Error::not_found(format_args!("access key {id}")));
    }
    Ok(format!("{}/keys/{}", namespace_path(namespace), path_segment(id)))
}

/// A name that would mean another place in a URL is no trigger's.
fn trigger_path(namespace: &NamespaceName, name: &str) -> Result<String> {
    if name.chars().all(|c| c == '.') {
        return Err(Error::not_found(format_args!("scheduled trigger '{name}'")));
    }
    Ok(format!(
        "{}/triggers/{}",
        namespace_path(namespace),
        path_segment(name)
    ))
}

fn namespace_path(name: &NamespaceName) -> String {
    format!("namespaces/{}", path_segment(name.as_str()))
}

/// The reply, or its error with what can be done about it.
fn ok(reply: Reply) -> Result<Reply> {
    let hint = match reply.status.as_u16() {
        401 => Some(
            "The account's token is wrong, has ended or was revoked. Make a new one and connect again."
                .into(),
        ),
        403 => Some("The token needs the scopes function:read and function:admin.".into()),
        429 => until(&reply),
        _ => None,
    };
    reply.ok().map_err(|error| match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    })
}

/// When the rate limit lets the next request through: `retry-after` in seconds, or `ratelimit-reset` in Unix seconds
/// (DigitalOcean's OpenAPI document).
fn until(reply: &Reply) -> Option<String> {
    let number = |name| reply.header(name)?.trim().parse::<i64>().ok();
    if let Some(seconds) = number("retry-after").filter(|seconds| (0..86_400).contains(seconds)) {
        return Some(format!("Try again in {seconds} seconds."));
    }
    let reset = DateTime::from_timestamp(number("ratelimit-reset")?, 0)?;
    Some(format!(
        "The next request is allowed at {}.",
        reset.format("%H:%M:%S UTC")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_token_of_an_account_will_do() {
        for token in ["dop_v1_0123", "doo_v1_0123", &"0f".repeat(32)] {
            assert!(Account::new(DIGITALOCEAN, Secret::new(token)).is_ok(), "{token}");
        }
        for token in [
            "",
            "dof_v1_12:secret",
            "user:pass",
            "dop_v1_ 1",
            "dop_v1_\u{fc}",
            "dop_v1_1\n",
        ] {
            let error = Account::new(DIGITALOCEAN, Secret::new(token)).err().unwrap();
            assert_eq!(error.code, ErrorCode::InvalidInput, "{token}");
            assert!(token.is_empty() || !error.message.contains(token));
        }
    }
}
