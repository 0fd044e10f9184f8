//! How a provider's answer is received: whole, or shown while it comes.

use beckon_core::{Error, Result};
use beckon_engine::{HTTP_LIMIT, is_stream};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::response::Parts;
use http::{HeaderMap, header};

use crate::response::{Passed, Screen};

/// What has come of an answer's body.
#[derive(Default)]
pub(super) struct Received {
    /// As much as a record keeps.
    pub(super) body: Vec<u8>,
    /// The length of all of it, bytes.
    pub(super) total: u64,
}

impl Received {
    fn take(&mut self, chunk: &[u8]) {
        self.total += chunk.len() as u64;
        let room = HTTP_LIMIT.saturating_sub(self.body.len());
        self.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }

    /// Whether there is more than is kept.
    pub(super) fn is_cut(&self) -> bool {
        self.total > self.body.len() as u64
    }

    /// Reads an answer that is not shown, no further than it is kept.
    pub(super) async fn read(
        &mut self,
        mut body: impl Stream<Item = Result<Bytes>> + Unpin,
    ) -> Passed<Error> {
        while let Some(chunk) = body.next().await {
            match chunk {
                Ok(chunk) => self.take(&chunk),
                Err(error) => return Passed::Broken(error),
            }
            if self.is_cut() {
                break;
            }
        }
        Passed::Whole
    }

    /// Reads an answer that is shown.
    pub(super) async fn show(
        &mut self,
        screen: &Screen,
        head: &Parts,
        body: impl Stream<Item = Result<Bytes>> + Unpin,
    ) -> Passed<Error> {
        screen.pass_on(head, body, |chunk| self.take(chunk)).await
    }
}

/// Whether a request asks for an answer that comes bit by bit.
pub(super) fn asks_for_stream(headers: &HeaderMap) -> bool {
    let kinds = headers.get_all(header::ACCEPT).iter();
    kinds
        .filter_map(|kinds| kinds.to_str().ok())
        .any(|kinds| kinds.split(',').any(is_stream))
}

/// Whether an answer comes so: it says it, or is what was asked for.
pub(super) fn comes_as_stream(head: &Parts, asked: bool) -> bool {
    let kind = head.headers.get(header::CONTENT_TYPE);
    let is_one = kind.and_then(|kind| kind.to_str().ok()).is_some_and(is_stream);
    is_one || (asked && head.status.is_success())
}
