//! OAuth 2.0's client credentials (RFC 6749, 4.4) and revocation (RFC 7009).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{Secret, Token, TokenKind};
use subtle::ConstantTimeEq as _;

use super::{Desk, json};
use crate::gateway::{Refusal, is_of_page, read_bytes};
use crate::openwhisk::{percent_decoded, token_hash};
use crate::spaces::wire::AccessToken;

/// Most bytes of a form.
const LIMIT: usize = 64 * 1024;

/// `POST /oauth2/token`: a form with `grant_type=client_credentials`, the client's id and secret in it or as Basic
/// credentials, and a scope, any, which is told again: what the client reaches is its own.
pub(super) async fn token(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let form = Form::read(&headers, body).await?;
    match form.field("grant_type") {
        Some("client_credentials") => {}
        Some(_) => {
            return Err(Refusal::bad_request(
                "unsupported_grant_type: here are client credentials only",
            ));
        }
        None => return Err(Refusal::bad_request("invalid_request: grant_type is missing")),
    }
    let client = form.client(&desk, &headers)?;
    let now = desk.gateway.clock.now();
    let (access_token, expires_in) = desk.sessions.open(&client, now);
    desk.gateway.store.touch_token(&client.id, now);
    let document = AccessToken {
        access_token: access_token.expose().to_owned(),
        expires_in,
        scope: form.field("scope").unwrap_or_default().to_owned(),
        token_type: "bearer".to_owned(),
        names_runs: true,
    };
    let mut response = json(StatusCode::OK, &document)?;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `POST /oauth2/revoke`: a form with the access token, and the client's id and secret.
pub(super) async fn revoke(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let form = Form::read(&headers, body).await?;
    let client = form.client(&desk, &headers)?;
    let missing = || Refusal::bad_request("invalid_request: token is missing");
    desk.sessions
        .close(form.field("token").ok_or_else(missing)?, &client.id);
    Ok(StatusCode::OK.into_response())
}

/// The fields of a form, decoded.
struct Form(Vec<(String, String)>);

impl Form {
    async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        if is_of_page(headers) {
            return Err(Refusal::forbidden("Pages have no access to /oauth2."));
        }
        let bytes = read_bytes(headers, body, "Request", LIMIT).await?;
        Ok(Self(url::form_urlencoded::parse(&bytes).into_owned().collect()))
    }

    fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// The live client whose credential is given.
    fn client(&self, desk: &Desk, headers: &HeaderMap) -> Result<Token, Refusal> {
        let given = match (self.field("client_id"), self.field("client_secret")) {
            (Some(id), Some(secret)) => Some((id.to_owned(), Secret::new(secret.to_owned()))),
            _ => basic(headers),
        };
        let found = given.and_then(|(id, secret)| {
            let (token, hash) = desk.gateway.store.token_with_hash(&id)?;
            let right = bool::from(token_hash(secret.expose()).ct_eq(&hash));
            let live = token.is_live(desk.gateway.clock.now());
            (right && live && token.kind == TokenKind::Spaces).then_some(token)
        });
        found.ok_or_else(|| Refusal::unauthorized("invalid_client: the client's id or secret is wrong"))
    }
}

/// Basic credentials, whose two halves are encoded as in a form (RFC 6749, 2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, Secret)> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = text.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((percent_decoded(id), Secret::new(percent_decoded(secret))))
}
