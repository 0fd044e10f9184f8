//! A redirect that a function answers to an asynchronous call: OpenFaaS' queue worker follows it, as Go's client does,
//! and calls back with what it found. A dead end is a callback with status 503.

use beckon_core::ActivationId;
use bytes::Bytes;
use http::{HeaderMap, Method};

use super::Inner;
use super::callback::Answered;
use super::http::Sending;
use crate::Payload;

/// As many as Go's client follows.
const HOPS: usize = 10;
/// Most bytes of the answer at the end.
const BODY: usize = 10 * 1024 * 1024;

/// Whether Go's client would follow it.
pub(crate) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Goes where an answer points to. `from` is where the function was called, `first` its answer.
pub(crate) async fn follow(inner: &Inner, run: ActivationId, from: &str, first: Answered) -> Answered {
    let Ok(mut base) = url::Url::parse(from) else {
        return Answered::none();
    };
    let (mut answered, mut method) = (first, Method::POST);
    // What another machine points to is not on this one: it has no say in what is asked here.
    let mut abroad = false;
    for _ in 0..HOPS {
        // Without a place to go to it is an answer like any other.
        let location = answered.headers.get(http::header::LOCATION).cloned();
        let (true, Some(location)) = (is_redirect(answered.status), location) else {
            return answered;
        };
        let Some(next) = location
            .to_str()
            .ok()
            .and_then(|location| base.join(location).ok())
        else {
            return Answered::none();
        };
        if !matches!(answered.status, 307 | 308) {
            method = Method::GET;
        }
        let (headers, body) = match method {
            Method::POST => original(inner, run).await,
            _ => (HeaderMap::new(), Bytes::new()),
        };
        let sending = Sending {
            method: method.clone(),
            url: next.as_str(),
            headers,
            body,
            keep: BODY,
            abroad,
        };
        answered = match inner.wire.send(sending, &mut HeaderMap::new()).await {
            Ok(answer) => {
                abroad |= answer.remote;
                Answered {
                    status: answer.status,
                    headers: answer.headers,
                    body: answer.body,
                }
            }
            Err(refused) => {
                tracing::info!(%run, why = refused.why, "a function's redirect led nowhere");
                return Answered::none();
            }
        };
        base = next;
    }
    Answered::none()
}

/// The body that the function was called with, and what it was said to be.
async fn original(inner: &Inner, run: ActivationId) -> (HeaderMap, Bytes) {
    let record = inner.store.activation(run).await.ok().flatten();
    let Some(payload) = record.and_then(|record| Payload::of_record(&record).ok()) else {
        return (HeaderMap::new(), Bytes::new());
    };
    let request = payload.into_request();
    let mut headers = HeaderMap::new();
    if let Some(kind) = request.headers().get(http::header::CONTENT_TYPE) {
        headers.insert(http::header::CONTENT_TYPE, kind.clone());
    }
    (headers, request.into_body())
}
