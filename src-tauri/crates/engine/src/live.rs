//! Responses that reach their caller while the function is writing them.
//!
//! OpenFaaS' gateway streams a reply when the request's `Accept` names event streams or NDJSON; here a response that is
//! one of those is streamed unasked, too. The watchdogs whose functions can write bit by bit open the response
//! ([`Live::open`]) and feed it; what the record keeps of it is bounded as that of any other, what the caller gets is
//! not.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Response, header};
use hyper::body::{Body, Frame};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::adapt::Head;
use crate::end::End;
use crate::{Outcome, Reply};

/// Pieces on their way that the caller has not read yet; then the function waits.
const AHEAD: usize = 16;

/// What became of a call whose caller can take a response while it is written.
#[derive(Debug)]
pub enum LiveOutcome {
    /// What becomes of any call.
    Whole(Outcome),
    /// The function's response has begun, and goes on by itself. A caller who lets go of its body ends the run.
    Live(Response<LiveBody>),
}

/// A caller who takes the response as it comes.
pub(crate) struct Live {
    tell: Mutex<Option<oneshot::Sender<Response<LiveBody>>>>,
    /// What the record has of a response that has begun and is not over.
    begun: Arc<Mutex<Option<Begun>>>,
}

/// A response on its way.
struct Begun {
    head: Parts,
    kept: Kept,
}

/// Where such a caller waits for it.
pub(crate) type Opened = oneshot::Receiver<Response<LiveBody>>;

/// A response's body while it is written. Ends with an error if the run ended before the body did.
#[derive(Debug)]
pub struct LiveBody {
    pieces: mpsc::Receiver<Bytes>,
    /// Whether the end of the pieces is the end of the body.
    whole: Arc<AtomicBool>,
}

/// The function's side of such a body. Dropped before [`Feed::finish`], it breaks the response off.
pub(crate) struct Feed {
    pieces: mpsc::Sender<Bytes>,
    whole: Arc<AtomicBool>,
    begun: Arc<Mutex<Option<Begun>>>,
}

/// Nobody reads it any more.
#[derive(Debug)]
pub(crate) struct Gone;

impl Live {
    pub(crate) fn new() -> (Self, Opened) {
        let (tell, told) = oneshot::channel();
        let live = Self {
            tell: Mutex::new(Some(tell)),
            begun: Arc::default(),
        };
        (live, told)
    }

    /// Sends the head of the response. `None` when the caller is gone, or has a response already. A record keeps `limit`
    /// bytes of its body.
    pub(crate) fn open(&self, head: Parts, limit: usize) -> Option<Feed> {
        let tell = self.tell.lock().take()?;
        let (pieces, taken) = mpsc::channel(AHEAD);
        let whole = Arc::new(AtomicBool::new(false));
        let body = LiveBody {
            pieces: taken,
            whole: whole.clone(),
        };
        tell.send(Response::from_parts(head.clone(), body)).ok()?;
        let kept = Kept::new(limit);
        *self.begun.lock() = Some(Begun { head, kept });
        Some(Feed {
            pieces,
            whole,
            begun: self.begun.clone(),
        })
    }

    /// The end of a run whose response was cut short: the record has what its caller got of it.
    pub(crate) fn cut(&self, mut end: End) -> End {
        if let Some(Begun { head, kept }) = self.begun.lock().take() {
            let (bytes, streamed) = kept.finish(false);
            end.reply = Reply::Http(Box::new(Response::from_parts(head, bytes.into())));
            (end.bytes, end.truncated) = (streamed.total, true);
        }
        end
    }
}

/// The response, once it has begun. `None` when there will be none.
pub(crate) async fn begun(opened: &mut Option<Opened>) -> Option<Response<LiveBody>> {
    opened.as_mut()?.await.ok()
}

impl Feed {
    /// Passes a piece on; waits for a caller who is slow.
    pub(crate) async fn push(&self, piece: Bytes) -> Result<(), Gone> {
        if let Some(begun) = &mut *self.begun.lock() {
            begun.kept.push(&piece);
        }
        self.pieces.send(piece).await.map_err(|_| Gone)
    }

    /// Waits until nobody reads it any more.
    pub(crate) async fn gone(&self) -> Gone {
        self.pieces.closed().await;
        Gone
    }

    /// That was all of it, or all that its caller wants. What a record keeps of it.
    pub(crate) fn finish(self) -> (Vec<u8>, Streamed) {
        let gone = self.pieces.is_closed();
        self.whole.store(true, Ordering::Release);
        let begun = self.begun.lock().take();
        let kept = begun.map_or_else(|| Kept::new(0), |begun| begun.kept);
        kept.finish(gone)
    }
}

impl Body for LiveBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(piece) => Some(Ok(Frame::data(piece))),
            None if self.whole.swap(true, Ordering::AcqRel) => None,
            None => Some(Err(io::Error::other("the run ended before its response did"))),
        })
    }
}

/// What a caller who takes the response as it comes said of it in the request.
#[derive(Clone, Copy)]
pub(crate) struct Offer<'a> {
    live: &'a Live,
    asked: bool,
}

impl<'a> Offer<'a> {
    pub(crate) fn new(live: &'a Live, request: Option<&Head>) -> Self {
        Self {
            live,
            asked: asked(request),
        }
    }

    /// Opens the response if it is to be streamed; the connection's own headers must be out of it.
    pub(crate) fn take(self, response: &Parts, limit: usize) -> Option<Feed> {
        if self.asked || is_one(&response.headers) {
            self.live.open(response.clone(), limit)
        } else {
            None
        }
    }

    /// Whether the response has begun.
    pub(crate) fn is_taken(self) -> bool {
        self.live.begun.lock().is_some()
    }
}

/// What a record keeps of a streamed response.
pub(crate) struct Kept {
    bytes: Vec<u8>,
    limit: usize,
    /// The length of all of it, bytes.
    total: u64,
}

/// How a streamed response went, beside what the record keeps of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Streamed {
    /// The length of all of it, bytes.
    pub(crate) total: u64,
    /// The caller went away before its end.
    pub(crate) gone: bool,
}

impl Kept {
    /// At most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            total: 0,
        }
    }

    pub(crate) fn push(&mut self, piece: &[u8]) {
        let room = self.limit - self.bytes.len();
        self.bytes.extend_from_slice(&piece[..piece.len().min(room)]);
        self.total += piece.len() as u64;
    }

    /// What is kept, and how it went. A text is not cut within a character.
    pub(crate) fn finish(mut self, gone: bool) -> (Vec<u8>, Streamed) {
        if self.total > self.bytes.len() as u64
            && let Err(e) = std::str::from_utf8(&self.bytes)
            && e.error_len().is_none()
        {
            self.bytes.truncate(e.valid_up_to());
        }
        let total = self.total;
        (self.bytes, Streamed { total, gone })
    }
}

/// What is read of a response: all of it up to a limit, or as much as a record keeps of one that its caller takes live.
pub(crate) enum Output {
    Whole { bytes: Vec<u8>, limit: usize },
    Live { feed: Feed, gone: bool },
}

impl Output {
    pub(crate) fn new(limit: usize, feed: Option<Feed>) -> Self {
        match feed {
            None => Self::Whole {
                bytes: Vec::new(),
                limit,
            },
            Some(feed) => Self::Live { feed, gone: false },
        }
    }

    /// Takes a piece, and waits for a live caller who is slow.
    pub(crate) async fn push(&mut self, piece: &[u8]) {
        match self {
            _ if piece.is_empty() => {}
            Self::Whole { bytes, .. } => bytes.extend_from_slice(piece),
            Self::Live { gone: true, .. } => {}
            Self::Live { feed, gone } => {
                *gone = feed.push(Bytes::copy_from_slice(piece)).await.is_err();
            }
        }
    }

    /// Waits until a live caller is gone.
    pub(crate) async fn gone(&self) {
        match self {
            Self::Whole { .. } => std::future::pending().await,
            Self::Live { gone: true, .. } => {}
            Self::Live { feed, .. } => {
                feed.gone().await;
            }
        }
    }

    /// Whether it is over its limit and no answer any more.
    pub(crate) fn is_too_large(&self) -> bool {
        matches!(self, Self::Whole { bytes, limit } if bytes.len() > *limit)
    }

    /// What there is of it; and how it went, if the caller took it live.
    pub(crate) fn finish(self) -> (Vec<u8>, Option<Streamed>) {
        match self {
            Self::Whole { bytes, .. } => (bytes, None),
            Self::Live { feed, .. } => {
                let (bytes, streamed) = feed.finish();
                (bytes, Some(streamed))
            }
        }
    }
}

fn asked(request: Option<&Head>) -> bool {
    let headers = request.into_iter().flat_map(|head| &head.headers);
    headers
        .filter(|(name, _)| name == "accept")
        .any(|(_, kinds)| kinds.split(',').any(is_stream))
}

/// Whether a response says of itself that it is read as it comes.
fn is_one(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok()).is_some_and(is_stream)
}

/// Whether a media type is one that is read as it comes: an event stream, or NDJSON.
#[must_use]
pub fn is_stream(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/event-stream") || kind.eq_ignore_ascii_case("application/x-ndjson")
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    fn opened() -> (Feed, LiveBody) {
        let (live, mut told) = Live::new();
        let feed = live.open(Response::new(()).into_parts().0, 10).unwrap();
        assert!(live.open(Response::new(()).into_parts().0, 10).is_none());
        (feed, told.try_recv().unwrap().into_body())
    }

    #[tokio::test]
    async fn a_body_that_is_finished_ends_and_another_breaks_off() {
        let (feed, body) = opened();
        feed.push(Bytes::from_static(b"a")).await.unwrap();
        assert_eq!(feed.finish().0, b"a");
        assert_eq!(body.collect().await.unwrap().to_bytes(), "a");
        let (feed, body) = opened();
        feed.push(Bytes::from_static(b"a")).await.unwrap();
        drop(feed);
        assert!(body.collect().await.is_err());
        let (feed, body) = opened();
        drop(body);
        assert!(feed.push(Bytes::new()).await.is_err());
        feed.gone().await;
    }

    #[test]
    fn what_is_kept_is_bounded_and_text_stays_text() {
        let mut kept = Kept::new(4);
        kept.push("aé".as_bytes());
        kept.push("é!".as_bytes());
        let (bytes, streamed) = kept.finish(false);
        assert_eq!((bytes.as_slice(), streamed.total), ("aé".as_bytes(), 6));
    }

    #[test]
    fn streams_are_asked_for_by_type() {
        for (accept, asks) in [
            ("text/event-stream", true),
            ("text/html, Application/X-NDJSON; q=0.5", true),
            ("application/json", false),
            ("*/*", false),
        ] {
            let head = Head {
                method: "GET".into(),
                path: "/".into(),
                query: String::new(),
                headers: vec![("accept".into(), accept.into())],
            };
            assert_eq!(asked(Some(&head)), asks, "{accept}");
        }
        assert!(!asked(None));
    }
}
