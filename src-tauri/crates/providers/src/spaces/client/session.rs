//! The access token: got with the client's credential when it is first needed, and again before it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use beckon_core::{Error, ErrorCode, Result, Secret};
use tokio::sync::Mutex;

use super::SPACES_API;
use crate::spaces::wire::AccessToken;
use crate::transport::{Credential, Http};

/// How long before its end a token is renewed, where it lives longer than twice that.
const AHEAD: Duration = Duration::from_secs(60);

/// Who speaks for a client.
pub(super) struct Session {
    address: String,
    /// The client's credential, `id:secret`, which goes to `/oauth2/token` alone.
    client: Secret,
    door: Http,
    /// Held while a token is got, so that only one is.
    open: Mutex<Option<Open>>,
}

/// With an access token.
#[derive(Clone)]
pub(super) struct Open {
    pub(super) http: Arc<Http>,
    until: Instant,
    /// Whether the server names the run in every answer that a function gave.
    pub(super) names_runs: bool,
}

impl Session {
    pub(super) fn new(address: &str, key: Secret) -> Result<Self> {
        let halves = key.expose().split_once(':');
        if halves.is_none_or(|(id, secret)| id.is_empty() || secret.is_empty()) {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "The client's id or its secret is missing.",
            )
            .with_hint("Both are shown where the client is made: client_id:client_secret."));
        }
        Ok(Self {
            address: address.to_owned(),
            door: Http::new(SPACES_API, address, Credential::Basic(key.clone()))?,
            client: key,
            open: Mutex::default(),
        })
    }

    /// With an access token that is good for a while.
    pub(super) async fn open(&self) -> Result<Open> {
        let mut open = self.open.lock().await;
        if let Some(open) = open.as_ref().filter(|open| Instant::now() < open.until) {
            return Ok(open.clone());
        }
        let fresh = self.ask().await?;
        *open = Some(fresh.clone());
        Ok(fresh)
    }

    pub(super) async fn http(&self) -> Result<Arc<Http>> {
        self.open().await.map(|open| open.http)
    }

    /// Has another token got when one is needed next, unless that has been done.
    pub(super) async fn close(&self, ended: &Open) {
        let mut open = self.open.lock().await;
        open.take_if(|open| Arc::ptr_eq(&open.http, &ended.http));
    }

    /// The same with a token that was got just now.
    pub(super) async fn renewed(&self) -> Result<Arc<Http>> {
        *self.open.lock().await = None;
        self.http().await
    }

    async fn ask(&self) -> Result<Open> {
        let asked = Instant::now();
        let (id, secret) = self.client.expose().split_once(':').unwrap_or_default();
        let fields = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", id)
            .append_pair("client_secret", secret)
            .finish();
        let reply = self.door.post_form("oauth2/token", fields).await?;
        // RFC 6749 has 400 for most refusals, and lets a server say 401 of a client that it does not know.
        let token: AccessToken = match reply.status {
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => {
                return Err(reply.refusing("this client with this secret"));
            }
            _ => reply.of_such_a_server()?.json()?,
        };
        if !token.token_type.eq_ignore_ascii_case("bearer") {
            return Err(Error::new(
                ErrorCode::BadReply,
                format!("{} grants another kind of token than bearer.", self.door.host()),
            ));
        }
        let lives = Duration::from_secs(token.expires_in.min(86_400));
        let lives = lives
            .checked_sub(AHEAD)
            .filter(|rest| *rest > AHEAD)
            .unwrap_or(lives / 2);
        let credential = Credential::Bearer(Secret::new(token.access_token));
        Ok(Open {
            http: Arc::new(Http::new(SPACES_API, &self.address, credential)?),
            until: asked + lives,
            names_runs: token.names_runs,
        })
    }
}
