use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{FunctionKey, FunctionName, NamespaceName, Token, TokenScope};
use subtle::ConstantTimeEq as _;

use super::query::Query;
use super::speak::Transaction;
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::token_hash;

/// A request by the holder of a live token.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) token: Token,
}

impl FromRequestParts<Gateway> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Refusal> {
        authorize(&parts.headers, gateway).map(|token| Self { token })
    }
}

/// The live token that a request bears.
pub(crate) fn authorize(headers: &HeaderMap, gateway: &Gateway) -> Result<Token, Refusal> {
    let header = headers.get(AUTHORIZATION).ok_or_else(|| {
        Refusal::unauthorized("The resource requires authentication, which was not supplied with the request")
    })?;
    let invalid = || Refusal::unauthorized("The supplied authentication is invalid");
    let (user, password) = credential(header).ok_or_else(invalid)?;
    let (token, hash) = gateway.store.token_with_hash(&user).ok_or_else(invalid)?;
    let now = gateway.clock.now();
    let right = bool::from(token_hash(&password).ct_eq(&hash));
    if !right || !token.is_live(now) {
        return Err(invalid());
    }
    gateway.store.touch_token(&user, now);
    Ok(token)
}

/// User and password of `Basic <base64>`. The bare base64 is accepted, too: DigitalOcean's guide shows the header so.
fn credential(header: &HeaderValue) -> Option<(String, String)> {
    let text = header.to_str().ok()?.trim();
    let encoded = match text.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("basic") => rest.trim(),
        Some(_) => return None,
        None => text,
    };
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// A request about something in the caller's namespace.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) token: Token,
    pub(super) namespace: NamespaceName,
    pub(super) query: Query,
    pub(super) transaction: String,
    /// The gateway's base URL as the caller wrote it.
    pub(super) api_host: Option<String>,
    package: Option<String>,
    name: Option<String>,
    id: Option<String>,
}

impl FromRequestParts<Gateway> for Call {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Refusal> {
        let Caller { token } = Caller::from_request_parts(parts, gateway).await?;
        let params = RawPathParams::from_request_parts(parts, gateway)
            .await
            .map_err(|_| Refusal::bad_request("The name of the entity contains illegal characters."))?;
        let param = |key: &str| {
            params
                .iter()
                .find(|(name, _)| *name == key)
                .map(|(_, value)| value.to_owned())
        };
        let own = token.scope.namespace().clone();
        let asked = param("namespace").unwrap_or_default();
        if asked != "_" && asked != own.as_str() {
            NamespaceName::new(asked.as_str())?;
            // What the namespace holds, or whether it exists, is not for this caller to know.
            let resource = parts
                .uri
                .path()
                .strip_prefix("/api/v1/namespaces/")
                .unwrap_or_default();
            return Err(Refusal::forbidden(format!(
                "The supplied authentication is not authorized to access '{}'.",
                resource.chars().take(300).collect::<String>()
            )));
        }
        Ok(Self {
            token,
            namespace: own,
            query: Query::of(&parts.uri),
            transaction: parts
                .extensions
                .get::<Transaction>()
                .map(|t| t.0.clone())
                .unwrap_or_default(),
            api_host: api_host(&parts.headers),
            package: param("package"),
            name: param("name"),
            id: param("id"),
        })
    }
}

impl Call {
    /// The function in the path.
    pub(super) fn function(&self) -> Result<FunctionKey, Refusal> {
        let name = self.name.as_deref().unwrap_or_default();
        let name = match &self.package {
            Some(package) => FunctionName::new(format!("{package}/{name}"))?,
            None => FunctionName::new(name)?,
        };
        Ok(FunctionKey {
            namespace: self.namespace.clone(),
            name,
        })
    }

    /// The package in the path.
    pub(super) fn package(&self) -> Option<&str> {
        self.package.as_deref()
    }

    /// The activation in the path.
    pub(super) fn activation_id(&self) -> Result<beckon_core::ActivationId, Refusal> {
        Ok(self.id.as_deref().unwrap_or_default().parse()?)
    }

    /// The function that the token is confined to.
    pub(super) fn only_function(&self) -> Option<&FunctionName> {
        match &self.token.scope {
            TokenScope::Namespace { .. } => None,
            TokenScope::Function { name, .. } => Some(name),
        }
    }

    /// Refuses a function outside the token's scope.
    pub(super) fn may_use(&self, key: &FunctionKey) -> Result<(), Refusal> {
        if self.token.scope.allows(&key.namespace, &key.name) {
            return Ok(());
        }
        Err(not_authorized(key))
    }

    /// Refuses a change by a token that may only read and invoke.
    pub(super) fn may_change(&self, key: &FunctionKey) -> Result<(), Refusal> {
        if self.only_function().is_none() {
            Ok(())
        } else {
            Err(not_authorized(key))
        }
    }
}

fn not_authorized(key: &FunctionKey) -> Refusal {
    let resource = format!("{}/actions/{}", key.namespace, key.name);
    Refusal::forbidden(format!(
        "The supplied authentication is not authorized to access '{resource}'."
    ))
}

/// The guard has let only loopback names through.
fn api_host(headers: &HeaderMap) -> Option<String> {
    Some(format!("http://{}", headers.get(HOST)?.to_str().ok()?))
}
