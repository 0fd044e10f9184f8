use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use beckon_core::{FunctionKey, NamespaceName, Token, TokenScope};

use super::Desk;
use crate::gateway::{PathNames, Refusal, bearer, is_of_page};

/// Lets the holder of an access token in, but no page.
pub(super) async fn admit(State(desk): State<Arc<Desk>>, mut request: Request, next: Next) -> Response {
    if is_of_page(request.headers()) {
        return Refusal::forbidden("Pages have no access to /spaces.").into_response();
    }
    match authorize(&desk, request.headers()) {
        Some(token) => {
            request.extensions_mut().insert(Bearer(token));
            next.run(request).await
        }
        None => Refusal::unauthorized("Unauthenticated").into_response(),
    }
}

/// The client of an admitted request.
#[derive(Clone)]
struct Bearer(Token);

/// A client that was revoked since takes its access tokens along.
fn authorize(desk: &Desk, headers: &HeaderMap) -> Option<Token> {
    let access_token = bearer(headers)?;
    let now = desk.gateway.clock.now();
    let client = desk.sessions.client(access_token, now)?;
    let (token, _) = desk.gateway.store.token_with_hash(&client)?;
    token.is_live(now).then_some(token)
}

/// Who asks, and what the query says.
pub(super) struct Caller {
    pub(super) token: Token,
    query: Vec<(String, String)>,
}

impl FromRequestParts<Arc<Desk>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Desk>) -> Result<Self, Refusal> {
        let Bearer(token) = parts
            .extensions
            .get::<Bearer>()
            .ok_or_else(|| Refusal::unauthorized("Unauthenticated"))?;
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            token: token.clone(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        })
    }
}

impl Caller {
    /// A parameter of the query; an empty one is none.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self.query.iter().filter(|(key, _)| key == name);
        found
            .next()
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Whether a space is within the client's reach.
    pub(super) fn reaches(&self, space: &NamespaceName) -> bool {
        !space.is_system() && self.token.scope.namespace().is_none_or(|only| only == space)
    }
}

/// A request about a space that there is and that the client reaches.
pub(super) struct Call {
    pub(super) caller: Caller,
    pub(super) space: NamespaceName,
    function: Option<String>,
    trigger: Option<String>,
}

impl FromRequestParts<Arc<Desk>> for Call {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, desk).await?;
        let missing = || Refusal::not_found("space not found");
        let names = PathNames::of(parts).await.ok_or_else(missing)?;
        let space = NamespaceName::new(names.get("space").unwrap_or_default()).map_err(|_| missing())?;
        // Whether there is one beyond its reach is not for this client to know.
        if !caller.reaches(&space) {
            return Err(forbidden());
        }
        if desk.gateway.store.namespace(&space).await?.is_none() {
            return Err(missing());
        }
        Ok(Self {
            caller,
            space,
            function: names.get("function"),
            trigger: names.get("trigger"),
        })
    }
}

impl Call {
    /// The function in the path, if the client may read and call it.
    pub(super) fn function(&self) -> Result<FunctionKey, Refusal> {
        let key = key(&self.space, self.function.as_deref().unwrap_or_default());
        let only = matches!(self.caller.token.scope, TokenScope::Function { .. });
        match key {
            Some(key) if self.caller.token.scope.allows(&key.namespace, &key.name) => Ok(key),
            _ if only => Err(forbidden()),
            _ => Err(no_function()),
        }
    }

    /// Refuses a client that may only read and call one function.
    pub(super) fn whole_space(&self) -> Result<(), Refusal> {
        match self.caller.token.scope {
            TokenScope::Function { .. } => Err(forbidden()),
            TokenScope::Namespace { .. } | TokenScope::Account => Ok(()),
        }
    }

    /// The trigger in the path.
    pub(super) fn trigger(&self) -> &str {
        self.trigger.as_deref().unwrap_or_default()
    }
}

/// The function of this name in a space. A package's `/` is `__`.
pub(super) fn key(space: &NamespaceName, written: &str) -> Option<FunctionKey> {
    FunctionKey::new(space.as_str(), &written.replace("__", "/")).ok()
}

pub(super) fn no_function() -> Refusal {
    Refusal::not_found("function not found")
}

fn forbidden() -> Refusal {
    Refusal::forbidden("Unauthorized")
}
