//! Calls of functions as they are: a request in, the function's own response out. What the dialects around it add
//! (paths, headers, texts of refusals) is theirs.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use beckon_core::{ActivationId, Cause, Error, Function, FunctionKey, WebExport};
use beckon_engine::{Ended, HTTP_LIMIT, Invocation, LiveOutcome, Outcome, Payload};

use subtle::ConstantTimeEq as _;

use super::{Gateway, Refusal, cause, read_bytes};
use crate::openwhisk::gateway::authorize;

/// Names the run in every answer, so that it can be found in the journal.
pub(crate) const RUN_HEADER: HeaderName = HeaderName::from_static("x-activation-id");

/// Headers of one connection, which are nobody's business beyond it (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The secret of a secured web action.
const REQUIRE_AUTH: HeaderName = HeaderName::from_static("x-require-whisk-auth");
/// of-watchdog's default for `read_timeout`, ms.
const READ_TIMEOUT_MS: u32 = 30_000;

/// The function that a call is for, if the caller may have it.
///
/// A private function that takes arguments and not requests is OpenWhisk's kind: it wants a token through this door as
/// through its own, and so does one with the annotation `require-whisk-auth`, unless that is a secret of its own
/// (apache/openwhisk, `docs/webactions.md`, "Securing web actions"). Functions with an HTTP contract are public, as at
/// their providers.
pub(crate) async fn admit(
    gateway: &Gateway,
    key: &FunctionKey,
    headers: &HeaderMap,
) -> Result<Option<Admitted>, Refusal> {
    match gateway.store.function(key).await? {
        Some(function) => admit_to(gateway, &function, key, headers).map(Some),
        None => Ok(None),
    }
}

/// The same for a function that is called by another name, through a package that is bound to its own: the token must
/// be good for that name.
pub(crate) fn admit_to(
    gateway: &Gateway,
    function: &Function,
    called: &FunctionKey,
    headers: &HeaderMap,
) -> Result<Admitted, Refusal> {
    let mut token_id = None;
    let wants_token = match required(function) {
        Required::Nothing => function.web == WebExport::Private && !function.contract.speaks_http(),
        Required::Token => true,
        Required::Secret(secret) => {
            let given = headers.get(REQUIRE_AUTH).map(HeaderValue::as_bytes);
            if !given.is_some_and(|given| bool::from(given.ct_eq(secret.as_bytes()))) {
                return Err(Refusal::unauthorized(
                    "The resource requires authentication, which was not supplied with the request",
                ));
            }
            false
        }
    };
    if wants_token {
        let token = authorize(headers, gateway)?;
        if !token.scope.allows(&called.namespace, &called.name) {
            return Err(Refusal::forbidden("The token is not for this function."));
        }
        token_id = Some(token.id);
    }
    Ok(Admitted::to(function, token_id))
}

/// What a function's annotation `require-whisk-auth` asks of its callers.
enum Required {
    Nothing,
    Token,
    Secret(String),
}

fn required(function: &Function) -> Required {
    let annotation = function
        .annotations
        .iter()
        .find(|named| named.key == "require-whisk-auth");
    match annotation.map(|named| serde_json::from_str(named.value.as_str()).unwrap_or_default()) {
        None | Some(serde_json::Value::Null | serde_json::Value::Bool(false)) => Required::Nothing,
        Some(serde_json::Value::String(secret)) => Required::Secret(secret),
        Some(serde_json::Value::Number(secret)) => Required::Secret(secret.to_string()),
        // What is not understood closes.
        Some(_) => Required::Token,
    }
}

/// A caller who may call.
pub(crate) struct Admitted {
    token_id: Option<String>,
    /// How long the request may take to arrive.
    read_timeout: Option<Duration>,
    /// Most bytes of its body.
    most: usize,
}

impl Admitted {
    /// Somebody whose token, where there is one, was found to be good for the function.
    pub(crate) fn to(function: &Function, token_id: Option<String>) -> Self {
        let read_timeout = function
            .watchdog()
            .and_then(|watchdog| watchdog.read_timeout_ms)
            .unwrap_or(READ_TIMEOUT_MS);
        Self {
            token_id,
            // As Go has it, 0 is none.
            read_timeout: (read_timeout > 0).then(|| Duration::from_millis(read_timeout.into())),
            most: HTTP_LIMIT,
        }
    }

    /// The same at a door that takes bodies of at most this many bytes.
    pub(crate) fn bringing(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Whether the caller had to say who they are.
    pub(crate) fn has_token(&self) -> bool {
        self.token_id.is_some()
    }
}

/// A request as a function is to see it: `path` (percent-encoded) instead of the whole one, the body in memory.
///
/// A token that the gateway took is not passed on: it opens more than this function, and would be in its records.
pub(crate) async fn event(
    request: Request,
    path: &str,
    admitted: &Admitted,
) -> Result<Request<Bytes>, Refusal> {
    let (mut parts, body) = request.into_parts();
    let read = read_bytes(&parts.headers, body, "Request", admitted.most);
    let bytes = match admitted.read_timeout {
        None => read.await?,
        Some(most) => tokio::time::timeout(most, read).await.map_err(|_| {
            let text = format!(
                "The request did not arrive within the function's read timeout of {} ms.",
                most.as_millis()
            );
            Refusal::new(StatusCode::REQUEST_TIMEOUT, text)
        })??,
    };
    if admitted.token_id.is_some() {
        parts.headers.remove(header::AUTHORIZATION);
    }
    let mut target = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    if let Some(query) = parts.uri.query() {
        target.push('?');
        target.push_str(query);
    }
    parts.uri = Uri::try_from(target).map_err(|_| Refusal::bad_request("The path is not valid."))?;
    for name in HOP_BY_HOP {
        parts.headers.remove(name);
    }
    hide_sessions(&mut parts.headers);
    let cause = cause(&parts.extensions);
    parts.extensions.clear();
    parts.extensions.insert(cause);
    Ok(Request::from_parts(parts, bytes))
}

/// The invocation of `key` with `event`.
pub(crate) fn invocation(
    gateway: &Gateway,
    key: FunctionKey,
    event: Request<Bytes>,
    admitted: Admitted,
    call_id: Option<String>,
) -> Invocation {
    let api_host = event
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .map(|host| format!("http://{host}"));
    let cause = event.extensions().get().copied().unwrap_or(Cause::Gateway);
    Invocation {
        id: ActivationId::new(),
        function: key,
        payload: Payload::Http(Box::new(event)),
        cause,
        token_id: admitted.token_id,
        caller: None,
        rerun_of: None,
        transaction_id: call_id,
        api_host,
        received: gateway.clock.now(),
    }
}

/// What became of a call.
pub(crate) enum Called {
    /// It is over.
    Ended(Arc<Ended>),
    /// Its response has begun, and comes as the function writes it.
    Live(Response<Body>),
    /// It goes on, but nobody waits for it any more.
    TooLong(ActivationId),
}

/// Calls and waits, as long as a blocking caller may.
pub(crate) async fn call(gateway: &Gateway, invocation: Invocation) -> Result<Called, Error> {
    let id = invocation.id;
    Ok(match gateway.engine.invoke_live(invocation, None).await? {
        LiveOutcome::Whole(Outcome::Finished(ended)) => Called::Ended(ended),
        LiveOutcome::Whole(Outcome::Promoted(id)) => Called::TooLong(id),
        LiveOutcome::Live(response) => Called::Live(outgoing(response, id).map(Body::new)),
    })
}

/// The function's response, as it goes out.
pub(crate) fn answer(ended: &Ended) -> Response<Body> {
    outgoing(ended.reply().clone().into_response(), ended.summary().id).map(Body::from)
}

fn outgoing<B>(mut response: Response<B>, id: ActivationId) -> Response<B> {
    let headers = response.headers_mut();
    drop_hop_by_hop(headers);
    leave_sessions(headers);
    // The length follows from the body; a function's own may be of another.
    headers.remove(header::CONTENT_LENGTH);
    name_run(headers, id);
    response
}

/// The beginning of the name of the panel's cookie. Cookies ignore ports: a browser sends the panel's session to
/// whatever listens on this machine, and takes a new one from there.
const SESSION: &str = "beckon_";

/// Takes sessions of a panel out of a request; a header that hides one among odd bytes goes whole.
pub(super) fn hide_sessions(headers: &mut HeaderMap) {
    let has = |value: &HeaderValue| {
        value
            .as_bytes()
            .windows(SESSION.len())
            .any(|name| name == SESSION.as_bytes())
    };
    if !headers.get_all(header::COOKIE).iter().any(has) {
        return;
    }
    let kept: Vec<_> = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| {
            let pairs = value.to_str().ok()?.split(';').map(str::trim);
            let kept: Vec<_> = pairs.filter(|pair| !pair.starts_with(SESSION)).collect();
            HeaderValue::from_str(&kept.join("; "))
                .ok()
                .filter(|kept| !kept.is_empty())
        })
        .collect();
    headers.remove(header::COOKIE);
    for value in kept {
        headers.append(header::COOKIE, value);
    }
}

/// Takes out what belongs to one connection.
pub(crate) fn drop_hop_by_hop(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Lets no function end or replace a session of a panel.
pub(crate) fn leave_sessions(headers: &mut HeaderMap) {
    let is_session = |value: &HeaderValue| {
        // Of a cookie without a name, browsers send the value alone.
        let mut text = value.as_bytes();
        while let [b' ' | b'\t' | b'=', rest @ ..] = text {
            text = rest;
        }
        text.starts_with(SESSION.as_bytes())
    };
    if headers.get_all(header::SET_COOKIE).iter().any(is_session) {
        let kept: Vec<_> = headers
            .get_all(header::SET_COOKIE)
            .iter()
            .filter(|v| !is_session(v))
            .cloned()
            .collect();
        headers.remove(header::SET_COOKIE);
        for value in kept {
            headers.append(header::SET_COOKIE, value);
        }
    }
}

/// Says which run it was.
pub(crate) fn name_run(headers: &mut HeaderMap, id: ActivationId) {
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(RUN_HEADER, id);
    }
}

/// An answer that is a status alone.
pub(crate) fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A short text of the gateway's own.
pub(crate) fn text(status: StatusCode, text: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(Body::from(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
