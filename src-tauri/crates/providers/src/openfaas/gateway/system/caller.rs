use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{FunctionKey, NamespaceName, Token, TokenKind, TokenScope};
use subtle::ConstantTimeEq as _;

use crate::gateway::{Gateway, Refusal, is_of_page};
use crate::openfaas::gateway::call::USUAL;
use crate::openfaas::{USER, password_id};
use crate::openwhisk::token_hash;

/// Lets `admin` in, with any password that is live, but no page: a browser that was told the password once adds it to
/// whatever any page of this origin asks for, and functions serve pages of this origin.
pub(super) async fn admit(State(gateway): State<Gateway>, mut request: Request, next: Next) -> Response {
    if is_of_page(request.headers()) {
        return Refusal::forbidden("Pages have no access to /system.").into_response();
    }
    match authorize(&gateway, request.headers()) {
        Some(token) => {
            request.extensions_mut().insert(Holder(token.scope));
            next.run(request).await
        }
        None => Refusal::unauthorized("invalid credentials").into_response(),
    }
}

/// What the caller's password reaches.
#[derive(Clone)]
struct Holder(TokenScope);

fn authorize(gateway: &Gateway, headers: &HeaderMap) -> Option<Token> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    let (token, hash) = gateway.store.token_with_hash(&password_id(password))?;
    let now = gateway.clock.now();
    let right = user == USER && bool::from(token_hash(password).ct_eq(&hash));
    if !right || token.kind != TokenKind::Openfaas || !token.is_live(now) {
        return None;
    }
    gateway.store.touch_token(&token.id, now);
    Some(token)
}

/// Who asks, and what the query says of namespaces.
pub(super) struct Caller {
    scope: TokenScope,
    /// The query's parameters, decoded, in order.
    query: Vec<(String, String)>,
}

impl FromRequestParts<Gateway> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Gateway) -> Result<Self, Refusal> {
        let Holder(scope) = parts
            .extensions
            .get::<Holder>()
            .ok_or_else(|| Refusal::unauthorized("invalid credentials"))?;
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            scope: scope.clone(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        })
    }
}

impl Caller {
    /// A parameter of the query: of a repeated one the last.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self.query.iter().rev().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// Whether a namespace is within the password's reach. The system's is nobody's.
    pub(super) fn reaches(&self, namespace: &NamespaceName) -> bool {
        !namespace.is_system() && self.scope.namespace().is_none_or(|only| only == namespace)
    }

    /// Whether the password reaches all namespaces, those to come included.
    pub(super) fn reaches_all(&self) -> bool {
        self.scope.namespace().is_none()
    }

    /// The namespace that a request is about: the body's, else the query's, else the one where names without a
    /// namespace belong. `openfaas-fn`, which clients name when their user names none, is that one too where there is
    /// none of that name.
    pub(super) async fn namespace(
        &self,
        gateway: &Gateway,
        body: Option<&str>,
    ) -> Result<NamespaceName, Refusal> {
        let asked = body
            .filter(|name| !name.is_empty())
            .or_else(|| self.parameter("namespace"))
            .filter(|name| !name.is_empty());
        let usual = asked.is_none_or(|name| name == USUAL);
        if usual && let Some(only) = self.scope.namespace() {
            return Ok(only.clone());
        }
        let found = if usual {
            gateway.store.home_namespace(USUAL).await?
        } else {
            let name = NamespaceName::new(asked.unwrap_or_default()).ok();
            match name.filter(|name| self.reaches(name)) {
                Some(name) => gateway.store.namespace(&name).await?.map(|there| there.name),
                None => None,
            }
        };
        found.filter(|name| self.reaches(name)).ok_or_else(|| {
            let name: String = asked
                .unwrap_or(USUAL)
                .chars()
                .filter(|c| !c.is_control())
                .take(100)
                .collect();
            Refusal::bad_request(format!("namespace: {name} is not valid or does not exist"))
        })
    }

    /// The function that a path or a body names: `name`, or `name.namespace`, which counts where nothing else says one.
    pub(super) async fn function(
        &self,
        gateway: &Gateway,
        written: &str,
        body: Option<&str>,
    ) -> Result<FunctionKey, Refusal> {
        let says = |name: Option<&str>| name.is_some_and(|name| !name.is_empty());
        let said = says(body) || says(self.parameter("namespace"));
        let (name, namespace) = match written.rsplit_once('.') {
            Some((name, namespace)) if !said => (name, Some(namespace)),
            _ => (written, body),
        };
        let namespace = self.namespace(gateway, namespace).await?;
        FunctionKey::new(namespace.as_str(), &name.replace("__", "/")).map_err(|_| Refusal::not_found(""))
    }
}
