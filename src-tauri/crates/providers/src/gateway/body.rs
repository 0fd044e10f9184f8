//! Reading request bodies within bounds.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt as _};
use tokio::runtime::Handle;

use super::Refusal;

/// How long a client may pause within its body.
const PAUSE: Duration = Duration::from_secs(30);
/// The deepest JSON.
const NESTING: usize = 120;
/// How much of a body that nobody wants is read and thrown away, and for how long.
const DRAIN_BYTES: usize = 256 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(20);
/// Shorter rests are left to hyper, which reads what has arrived already.
const DRAIN_FROM: u64 = 16 * 1024;

/// The whole body as text, if it has at most `limit` bytes. `what` names it in upstream's 413 sentence.
pub(crate) async fn read_body(
    headers: &HeaderMap,
    body: Body,
    what: &str,
    limit: usize,
) -> Result<String, Refusal> {
    let bytes = read_bytes(headers, body, what, limit).await?;
    String::from_utf8(bytes.into())
        .map_err(|_| Refusal::bad_request("The request content was malformed:\nThe body is not UTF-8."))
}

/// The same as bytes. A body that came in one piece is not copied.
pub(crate) async fn read_bytes(
    headers: &HeaderMap,
    body: Body,
    what: &str,
    limit: usize,
) -> Result<Bytes, Refusal> {
    let too_large = |size: u64| {
        let text = format!("{what} larger than allowed: {size} > {limit} bytes.");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, text)
    };
    let announced = announced(headers).unwrap_or_default();
    if announced > limit as u64 {
        return Err(too_large(announced));
    }
    let mut bytes = Vec::new();
    let mut first = Bytes::new();
    let mut body = body.into_data_stream();
    loop {
        let chunk = match tokio::time::timeout(PAUSE, body.next()).await {
            Ok(Some(Ok(chunk))) => chunk,
            Ok(Some(Err(_))) => return Err(Refusal::bad_request("The request's body broke off.")),
            Ok(None) => break,
            Err(_) => {
                return Err(Refusal::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "The request's body did not arrive in time.",
                ));
            }
        };
        let size = first.len() + bytes.len() + chunk.len();
        if size > limit {
            return Err(too_large(size as u64));
        }
        if size == chunk.len() {
            first = chunk;
            continue;
        }
        if !first.is_empty() {
            // The announcement is not believed for more than this, so that it alone cannot take memory.
            bytes.reserve(usize::try_from(announced).unwrap_or_default().min(1024 * 1024));
            bytes.extend_from_slice(&std::mem::take(&mut first));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(if first.is_empty() { bytes.into() } else { first })
}

/// Refuses JSON nested deeper than the parsers behind the gateway go (serde_json 128 levels, CPython about 1,000).
pub(crate) fn check_nesting(json: &str) -> Result<(), Refusal> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > NESTING {
            let text = format!(
                "The request content was malformed:\nThe JSON is nested deeper than {NESTING} levels."
            );
            return Err(Refusal::bad_request(text));
        }
    }
    Ok(())
}

/// Refuses a media type other than JSON. A missing one is legal: doctl sends none without parameters.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let essence = value
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The request's Content-Type is not supported. Expected:\napplication/json",
    ))
}

/// Wraps large bodies so that, when a handler answers without reading one to its end, the rest is read and thrown away
/// while the answer is on its way. Closing the connection instead would reset it under a client that is still
/// writing, and the client would never see why.
pub async fn drain(request: Request, next: Next) -> Response {
    next.run(drained(request)).await
}

/// A request whose body is treated so.
pub(super) fn drained(request: Request) -> Request {
    let small = announced(request.headers()).is_some_and(|size| size < DRAIN_FROM);
    // A client that asks first (`Expect: 100-continue`) sends nothing before it is told to.
    let asks = request.headers().contains_key(EXPECT);
    if small || asks || request.body().is_end_stream() {
        return request;
    }
    request.map(|body| Body::from_stream(Drained(Some(body.into_data_stream()))))
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body that, dropped before its end, reads itself to its end.
struct Drained(Option<BodyDataStream>);

impl Stream for Drained {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stream) = self.0.as_mut() else {
            return Poll::Ready(None);
        };
        let next = stream.poll_next_unpin(context);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.0 = None;
        }
        next
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        let (Some(mut stream), Ok(runtime)) = (self.0.take(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            let mut bytes = 0;
            let read = async {
                while let Some(Ok(chunk)) = stream.next().await {
                    bytes += chunk.len();
                    if bytes > DRAIN_BYTES {
                        break;
                    }
                }
            };
            // Past either bound the connection is closed after all: that client does not mean to stop.
            let _ended = tokio::time::timeout(DRAIN_TIME, read).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_nesting_counts() {
        let text = format!(
            r#"{{"a":"{}\"{}","b":[{}1]}}"#,
            "[".repeat(999),
            "{".repeat(999),
            "[],".repeat(999)
        );
        assert!(check_nesting(&text).is_ok());
        assert!(check_nesting(&format!("{}{}", "[".repeat(120), "]".repeat(120))).is_ok());
        assert!(check_nesting(&"[".repeat(121)).is_err());
    }
}
