use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use beckon_core::{NamespaceName, Token, TokenKind, TokenScope};
use beckon_store::PlacedNamespace;
use subtle::ConstantTimeEq as _;

use super::Desk;
use super::meter::Standing;
use crate::digitalocean::account_token_id;
use crate::gateway::{PathNames, Refusal, bearer};
use crate::openwhisk::token_hash;

/// Lets the holder of a live account token in, within its rate limits, and tells those with every answer.
pub(super) async fn admit(State(desk): State<Arc<Desk>>, mut request: Request, next: Next) -> Response {
    let now = desk.gateway.clock.now();
    let (standing, mut response) = match authorize(&desk, request.headers()) {
        Err(refusal) => (Standing::of_nobody(now), refusal.into_response()),
        Ok(token) => {
            let standing = desk.meter.count(&token.id, now);
            let response = if standing.granted {
                request.extensions_mut().insert(Bearer(token));
                next.run(request).await
            } else {
                Refusal::new(StatusCode::TOO_MANY_REQUESTS, "API rate limit exceeded.").into_response()
            };
            (standing, response)
        }
    };
    standing.write(response.headers_mut());
    response
}

/// The token of an admitted request.
#[derive(Clone)]
struct Bearer(Token);

fn authorize(desk: &Desk, headers: &HeaderMap) -> Result<Token, Refusal> {
    let refused = || Refusal::unauthorized("Unable to authenticate you.");
    let bearer = bearer(headers).ok_or_else(refused)?;
    let store = &desk.gateway.store;
    let (token, hash) = store
        .token_with_hash(&account_token_id(bearer))
        .ok_or_else(refused)?;
    let now = desk.gateway.clock.now();
    let right = bool::from(token_hash(bearer).ct_eq(&hash));
    if !right || token.kind != TokenKind::Digitalocean || !token.is_live(now) {
        return Err(refused());
    }
    store.touch_token(&token.id, now);
    Ok(token)
}

/// Who asks, and by what address the gateway was reached.
pub(super) struct Caller {
    scope: TokenScope,
    pub(super) api_host: String,
}

impl FromRequestParts<Arc<Desk>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Desk>) -> Result<Self, Refusal> {
        let Bearer(token) = parts
            .extensions
            .get::<Bearer>()
            .ok_or_else(|| Refusal::unauthorized("Unable to authenticate you."))?;
        // The guard has let only loopback names through.
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        Ok(Self {
            scope: token.scope.clone(),
            api_host: format!("http://{}", host.unwrap_or("127.0.0.1")),
        })
    }
}

impl Caller {
    /// The only namespace that the token reaches, if it does not reach all.
    pub(super) fn only_namespace(&self) -> Option<&NamespaceName> {
        self.scope.namespace()
    }

    /// Whether a namespace is this account's, and within the token's reach.
    pub(super) fn reaches(&self, namespace: &NamespaceName) -> bool {
        !namespace.is_system() && self.only_namespace().is_none_or(|only| only == namespace)
    }
}

/// A request about a namespace that there is.
pub(super) struct Call {
    pub(super) caller: Caller,
    pub(super) placed: PlacedNamespace,
    trigger: Option<String>,
    key: Option<String>,
}

impl FromRequestParts<Arc<Desk>> for Call {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, desk).await?;
        let missing = || Refusal::not_found("namespace not found");
        let names = PathNames::of(parts).await.ok_or_else(missing)?;
        let name = NamespaceName::new(names.get("namespace").unwrap_or_default()).map_err(|_| missing())?;
        if caller.only_namespace().is_some_and(|own| *own != name) {
            // Whether there is one is not for this caller to know.
            return Err(Refusal::forbidden("not allowed to get namespace"));
        }
        if !caller.reaches(&name) {
            return Err(missing());
        }
        let placed = desk.gateway.store.placed_namespace(&name).await?;
        Ok(Self {
            caller,
            placed: placed.ok_or_else(missing)?,
            trigger: names.get("trigger"),
            key: names.get("key"),
        })
    }
}

impl Call {
    pub(super) fn namespace(&self) -> &NamespaceName {
        &self.placed.namespace.name
    }

    /// The trigger in the path.
    pub(super) fn trigger(&self) -> &str {
        self.trigger.as_deref().unwrap_or_default()
    }

    /// The access key in the path.
    pub(super) fn key(&self) -> &str {
        self.key.as_deref().unwrap_or_default()
    }
}
