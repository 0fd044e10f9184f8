//! Requests to functions, which are not the API's own: what they say is the caller's, and any answer is one.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use axum::http::{Request, Response};
use beckon_core::{Error, ErrorCode, Result};

use super::{Body, Http};

/// The longest that a function is waited for: a server's own limit is nearly always shorter.
const CALL: Duration = Duration::from_secs(900);
/// The 202 of an asynchronous call comes once it is queued.
const QUEUED: Duration = Duration::from_secs(60);

/// Where a function is called.
pub(crate) struct Door {
    /// The path that its own paths are below, encoded already: `function/NAME.NAMESPACE`.
    pub(crate) path: String,
    /// Whether the credential goes with the request: not every system calls functions with one.
    pub(crate) authorized: bool,
    /// Whether the function's own answer is waited for, and not only that it is queued.
    pub(crate) wait: bool,
}

impl Http {
    /// Sends a request to a function. Its path, which the function sees, is put behind the door's, its query stays, and
    /// a redirect is an answer, too.
    pub(crate) async fn call(&self, door: &Door, request: Request<Bytes>) -> Result<Response<Body>> {
        let (mut parts, body) = request.into_parts();
        let mut path = door.path.clone();
        if parts.uri.path() != "/" {
            path.push_str(parts.uri.path());
        }
        if let Some(query) = parts.uri.query() {
            path.push('?');
            path.push_str(query);
        }
        let (url, fence) = (self.url(&path)?, self.url(&door.path)?);
        // `..`, written in whatever way, leads out of it: the request would be another than it says.
        let rest = url.path().strip_prefix(fence.path());
        if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "The path leads out of the function: it has .. in it.",
            ));
        }
        // What belongs to one connection is the transport's to say.
        for name in [
            HOST,
            CONTENT_LENGTH,
            CONNECTION,
            TRANSFER_ENCODING,
            UPGRADE,
            TE,
            TRAILER,
        ] {
            parts.headers.remove(name);
        }
        if door.authorized {
            parts.headers.insert(AUTHORIZATION, self.authorization.clone());
        }
        let request = self
            .client
            .request(parts.method, url)
            .headers(parts.headers)
            .body(body)
            .timeout(if door.wait { CALL } else { QUEUED });
        let mut reply = request.send().await.map_err(|error| self.failure(&error))?;
        let (status, headers) = (reply.status(), std::mem::take(reply.headers_mut()));
        let mut response = Response::new(self.body(reply));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}
