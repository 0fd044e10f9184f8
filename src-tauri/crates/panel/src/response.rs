//! A response that is shown while it comes: here or from a provider, passed on in pieces that a window can keep up with.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::ActivationId;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::header;
use http::response::Parts;
use serde::Serialize;
use ts_rs::TS;

use crate::Sink;

/// How long what comes is gathered before it is passed on.
const GATHER: Duration = Duration::from_millis(40);
/// What is passed on at once, bytes.
const PIECE: usize = 64 * 1024;
/// What is passed on of a response in all, bytes; the run goes on, and its record has what records keep.
const MOST: usize = 8 * 1024 * 1024;

/// A part of a response that is shown while the function writes it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ResponsePart {
    /// A provider's function is called, and has not answered yet; by the run's id the call is cancelled.
    Called {
        /// The run.
        id: ActivationId,
    },
    /// It begins.
    Begun {
        /// The run.
        id: ActivationId,
        /// For example 200.
        status: u16,
        /// Its Content-Type.
        content_type: Option<String>,
    },
    /// More of its body.
    Piece {
        /// The bytes, in base64. A character may be in two pieces.
        base64: String,
        /// Since the call was made, ms.
        after_ms: u32,
    },
    /// There is more of it than is shown while it comes.
    Enough,
}

/// Where a run's response is shown.
pub(crate) struct Screen {
    id: ActivationId,
    called: Instant,
    to: Sink<ResponsePart>,
}

/// How a response that was passed on ended.
pub(crate) enum Passed<E> {
    /// Well.
    Whole,
    /// It broke off.
    Broken(E),
    /// Nobody looks any more.
    Gone,
}

impl Screen {
    /// For a call that is made now.
    pub(crate) fn new(id: ActivationId, to: Sink<ResponsePart>) -> Self {
        Self {
            id,
            called: Instant::now(),
            to,
        }
    }

    /// Tells the id by which the call is cancelled. `false`: nobody looks.
    pub(crate) fn called(&self) -> bool {
        self.to.send(&ResponsePart::Called { id: self.id })
    }

    /// Passes a response on until its end, or until nobody looks; `each` is told all that comes, also what is not shown.
    pub(crate) async fn pass_on<E>(
        &self,
        head: &Parts,
        mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
        mut each: impl FnMut(&Bytes),
    ) -> Passed<E> {
        let kind = head.headers.get(header::CONTENT_TYPE);
        let begun = ResponsePart::Begun {
            id: self.id,
            status: head.status.as_u16(),
            content_type: kind.map(|kind| String::from_utf8_lossy(kind.as_bytes()).into_owned()),
        };
        if !self.to.send_patiently(&begun).await {
            return Passed::Gone;
        }
        let mut gathered = Gathered::default();
        let broken = loop {
            let piece = tokio::select! {
                biased;
                () = gathered.due() => {
                    if !gathered.send(self.called, &self.to).await {
                        return Passed::Gone;
                    }
                    continue;
                }
                piece = body.next() => piece,
            };
            let bytes = match piece {
                None => break None,
                Some(Err(error)) => break Some(error),
                Some(Ok(bytes)) => bytes,
            };
            each(&bytes);
            gathered.take(&bytes);
            if gathered.bytes.len() >= PIECE && !gathered.send(self.called, &self.to).await {
                return Passed::Gone;
            }
        };
        let seen = gathered.send(self.called, &self.to).await;
        match broken {
            Some(error) => Passed::Broken(error),
            None if seen => Passed::Whole,
            None => Passed::Gone,
        }
    }
}

/// What has come and was not passed on yet: a function may write every character by itself.
#[derive(Default)]
struct Gathered {
    bytes: Vec<u8>,
    /// When the first of it came.
    since: Option<Instant>,
    /// What was passed on before, bytes.
    passed: usize,
    full: bool,
}

impl Gathered {
    fn take(&mut self, bytes: &[u8]) {
        if !self.full && !bytes.is_empty() {
            self.bytes.extend_from_slice(bytes);
            self.since.get_or_insert_with(Instant::now);
        }
    }

    async fn due(&self) {
        match self.since {
            Some(since) => tokio::time::sleep_until((since + GATHER).into()).await,
            None => std::future::pending().await,
        }
    }

    /// Meanwhile nothing more is read: whoever looks slowly slows the function down. `false`: nobody looks any more.
    async fn send(&mut self, called: Instant, to: &Sink<ResponsePart>) -> bool {
        let Some(since) = self.since.take() else {
            return true;
        };
        let bytes = std::mem::take(&mut self.bytes);
        self.passed += bytes.len();
        let after = since.duration_since(called).as_millis();
        let piece = ResponsePart::Piece {
            base64: STANDARD.encode(&bytes),
            after_ms: u32::try_from(after).unwrap_or(u32::MAX),
        };
        if !to.send_patiently(&piece).await {
            return false;
        }
        self.full = self.passed >= MOST;
        !self.full || to.send_patiently(&ResponsePart::Enough).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;
    use crate::Sent;

    /// What was sent, and a sink that takes only so many items until some are taken out of it.
    fn sink(most: usize) -> (Arc<Mutex<Vec<String>>>, Sink<ResponsePart>) {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let into = sent.clone();
        let to = Sink::new(Arc::new(move |item| {
            let mut into = into.lock();
            if into.len() >= most {
                return Sent::Full;
            }
            into.push(item);
            Sent::Taken
        }));
        (sent, to)
    }

    #[tokio::test]
    async fn whoever_looks_slowly_is_waited_for() {
        let (sent, to) = sink(1);
        let mut gathered = Gathered::default();
        gathered.take(b"a");
        assert!(gathered.send(Instant::now(), &to).await);
        gathered.take(b"b");
        let takes = async {
            tokio::task::yield_now().await;
            sent.lock().drain(..).collect::<Vec<_>>()
        };
        let (went, first) = tokio::join!(gathered.send(Instant::now(), &to), takes);
        assert!(went);
        assert_eq!((first.len(), sent.lock().len()), (1, 1));
    }

    #[tokio::test]
    async fn a_response_without_an_end_is_not_passed_on_for_ever() {
        let (sent, to) = sink(usize::MAX);
        let mut gathered = Gathered::default();
        for _ in 0..2 * MOST / PIECE {
            gathered.take(&vec![0; PIECE]);
            assert!(gathered.send(Instant::now(), &to).await);
        }
        let sent = sent.lock();
        assert_eq!(sent.len(), MOST / PIECE + 1);
        assert!(sent.last().is_some_and(|last| last.contains("enough")));
    }
}
