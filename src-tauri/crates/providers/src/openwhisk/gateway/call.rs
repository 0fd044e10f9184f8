use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{
    EntityKey, EntityName, FunctionKey, FunctionName, NamespaceName, Token, TokenKind, TokenScope,
};
use subtle::ConstantTimeEq as _;

use super::query::Query;
use super::speak::Transaction;
use super::utils;
use crate::gateway::{Gateway, PathNames, Refusal};
use crate::openwhisk::entities::is_shared;
use crate::openwhisk::token_hash;

/// A request by the holder of a live token.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) token: Token,
    /// The caller's own namespace.
    pub(super) namespace: NamespaceName,
}

impl FromRequestParts<Gateway> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Refusal> {
        let token = authorize(&parts.headers, gateway)?;
        let namespace = token.scope.namespace().cloned();
        let namespace =
            namespace.ok_or_else(|| Refusal::unauthorized("The supplied authentication is invalid"))?;
        Ok(Self { token, namespace })
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
    // An account's token calls no function.
    let opens = matches!(token.kind, TokenKind::Openwhisk | TokenKind::DigitaloceanKey);
    if !right || !opens || !token.is_live(now) {
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
    /// The caller's own namespace.
    pub(super) namespace: NamespaceName,
    /// The namespace in the path: the caller's own, but for what other namespaces share (see [`Shared`]).
    pub(super) target: NamespaceName,
    /// The path below the namespaces, for refusals.
    resource: String,
    pub(super) query: Query,
    pub(super) transaction: String,
    /// The gateway's base URL as the caller wrote it.
    pub(super) api_host: Option<String>,
    package: Option<String>,
    name: Option<String>,
    entity: Option<String>,
    id: Option<String>,
}

impl FromRequestParts<Gateway> for Call {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Refusal> {
        let call = Self::read(parts, gateway).await?;
        if call.is_foreign() {
            // What the namespace holds, or whether it exists, is not for this caller to know.
            return Err(call.forbidden());
        }
        Ok(call)
    }
}

/// A request about something that another namespace may have shared: a public package, and what is in it.
#[derive(Debug)]
pub(super) struct Shared(pub(super) Call);

impl FromRequestParts<Gateway> for Shared {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Refusal> {
        let call = Call::read(parts, gateway).await?;
        if call.is_foreign() {
            utils::ensure(gateway, &call.target).await?;
            let package = call.package.as_deref().or(call.entity.as_deref());
            let package = package.and_then(|name| EntityKey::new(call.target.as_str(), name).ok());
            let shared = package.is_none_or(|package| is_shared(gateway, &package));
            // What is in no package is not shared; the list of packages shows the public ones.
            let shareable = call.package.is_some() || call.name.is_none();
            if !shared || !shareable || call.only_function().is_some() {
                return Err(call.forbidden());
            }
        }
        Ok(Self(call))
    }
}

impl Call {
    async fn read(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Refusal> {
        let Caller {
            token,
            namespace: own,
        } = Caller::from_request_parts(parts, gateway).await?;
        let names = PathNames::of(parts)
            .await
            .ok_or_else(|| Refusal::bad_request("The name of the entity contains illegal characters."))?;
        let asked = names.get("namespace").unwrap_or_default();
        let target = match asked.as_str() {
            "_" => own.clone(),
            asked => NamespaceName::new(asked)?,
        };
        let resource = parts.uri.path().strip_prefix("/api/v1/namespaces/");
        Ok(Self {
            token,
            namespace: own,
            target,
            resource: resource.unwrap_or_default().chars().take(300).collect(),
            query: Query::of(&parts.uri),
            transaction: parts
                .extensions
                .get::<Transaction>()
                .map(|t| t.0.clone())
                .unwrap_or_default(),
            api_host: api_host(&parts.headers),
            package: names.get("package"),
            name: names.get("name"),
            entity: names.get("entity"),
            id: names.get("id"),
        })
    }

    /// Whether it is about another namespace than the caller's own.
    pub(super) fn is_foreign(&self) -> bool {
        self.target != self.namespace
    }

    /// Upstream's 403 for what the path names.
    pub(super) fn forbidden(&self) -> Refusal {
        Refusal::forbidden(format!(
            "The supplied authentication is not authorized to access '{}'.",
            self.resource
        ))
    }

    /// The package, trigger or rule in the path.
    pub(super) fn entity(&self) -> Result<EntityKey, Refusal> {
        Ok(EntityKey {
            namespace: self.target.clone(),
            name: EntityName::new(self.entity.as_deref().unwrap_or_default())?,
        })
    }

    /// Refuses a token that is for one function only.
    pub(super) fn whole_namespace(&self) -> Result<(), Refusal> {
        match self.only_function() {
            None => Ok(()),
            Some(_) => Err(self.forbidden()),
        }
    }

    /// The function in the path.
    pub(super) fn function(&self) -> Result<FunctionKey, Refusal> {
        let name = self.name.as_deref().unwrap_or_default();
        let name = match &self.package {
            Some(package) => FunctionName::new(format!("{package}/{name}"))?,
            None => FunctionName::new(name)?,
        };
        Ok(FunctionKey {
            namespace: self.target.clone(),
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
            TokenScope::Namespace { .. } | TokenScope::Account => None,
            TokenScope::Function { name, .. } => Some(name),
        }
    }

    /// Refuses a function outside the token's scope.
    pub(super) fn may_use(&self, key: &FunctionKey) -> Result<(), Refusal> {
        // What is foreign and public has been let through already, see [`Shared`].
        if self.is_foreign() || self.token.scope.allows(&key.namespace, &key.name) {
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
