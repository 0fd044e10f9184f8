use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{Activation, ActivationId, Cause, Error, FunctionRef, Result};
use beckon_engine::{LiveBody, LiveOutcome, Outcome};
use beckon_macros::commands;
use http::{Response, header};
use http_body_util::BodyExt as _;
use serde::Serialize;
use ts_rs::TS;

use crate::{Panel, RequestDraft, Sink, views::InvokeReply};

/// How long what comes is gathered before it is passed on.
const GATHER: Duration = Duration::from_millis(40);
/// What is passed on at once, bytes.
const PIECE: usize = 64 * 1024;
/// What is passed on of a response in all, bytes; the run goes on, and its record has what records keep.
const MOST: usize = 8 * 1024 * 1024;
/// How long a record may take after the end of its response.
const WRITTEN: Duration = Duration::from_secs(10);
/// How often it is looked for.
const PACE: Duration = Duration::from_millis(25);

/// A part of a response that is shown while the function writes it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ResponsePart {
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

#[commands]
impl Panel {
    /// Calls a local function as `invoke_http` does and waits, and passes on the response while the function writes it:
    /// where it is an event stream or NDJSON, or the request's `Accept` asks for one, of a function that can write bit
    /// by bit. Any other response is in the record alone. A caller who goes away ends a run whose response has begun.
    pub async fn invoke_http_live(
        &self,
        function: FunctionRef,
        request: RequestDraft,
        rerun_of: Option<ActivationId>,
        on_part: Sink<ResponsePart>,
    ) -> Result<InvokeReply> {
        let payload = self.http_payload(&function, request).await?;
        let invocation = self.invocation(&function, payload, Cause::Panel, rerun_of);
        let (id, called) = (invocation.id, Instant::now());
        let (activation, promoted) = match self.engine.invoke_live(invocation, None).await? {
            LiveOutcome::Whole(Outcome::Finished(ended)) => (ended.activation(), false),
            LiveOutcome::Whole(Outcome::Promoted(id)) => (self.accepted(id).await?, true),
            LiveOutcome::Live(response) => {
                pass_on(id, response, called, &on_part).await;
                (self.written(id).await?, false)
            }
        };
        Ok(InvokeReply { activation, promoted })
    }
}

impl Panel {
    /// The record of a run whose response is over.
    async fn written(&self, id: ActivationId) -> Result<Activation> {
        let until = Instant::now() + WRITTEN;
        loop {
            let found = self.store.activation(id).await?;
            if let Some(found) = found.filter(|found| found.summary.status.is_final()) {
                return Ok(found);
            }
            if Instant::now() >= until {
                return Err(Error::internal("find the record of a run that is over", id));
            }
            tokio::time::sleep(PACE).await;
        }
    }
}

/// Until its end, or until nobody listens; letting go of the body then ends the run.
async fn pass_on(id: ActivationId, response: Response<LiveBody>, called: Instant, to: &Sink<ResponsePart>) {
    let (head, mut body) = response.into_parts();
    let kind = head.headers.get(header::CONTENT_TYPE);
    let begun = ResponsePart::Begun {
        id,
        status: head.status.as_u16(),
        content_type: kind.map(|kind| String::from_utf8_lossy(kind.as_bytes()).into_owned()),
    };
    if !to.send(&begun) {
        return;
    }
    let mut gathered = Gathered::default();
    loop {
        let frame = tokio::select! {
            biased;
            () = gathered.due() => {
                if !gathered.send(called, to) {
                    return;
                }
                continue;
            }
            frame = body.frame() => frame,
        };
        // One that was broken off ends here, too: its record says why.
        let Some(Ok(frame)) = frame else { break };
        if let Ok(bytes) = frame.into_data() {
            gathered.take(&bytes);
            if gathered.bytes.len() >= PIECE && !gathered.send(called, to) {
                return;
            }
        }
    }
    gathered.send(called, to);
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

    /// `false`: nobody listens any more.
    fn send(&mut self, called: Instant, to: &Sink<ResponsePart>) -> bool {
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
        if !to.send(&piece) {
            return false;
        }
        self.full = self.passed >= MOST;
        !self.full || to.send(&ResponsePart::Enough)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[test]
    fn a_response_without_an_end_is_not_passed_on_for_ever() {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let into = sent.clone();
        let to = Sink::new(Arc::new(move |item| {
            into.lock().push(item);
            true
        }));
        let mut gathered = Gathered::default();
        for _ in 0..2 * MOST / PIECE {
            gathered.take(&vec![0; PIECE]);
            assert!(gathered.send(Instant::now(), &to));
        }
        let sent = sent.lock();
        assert_eq!(sent.len(), MOST / PIECE + 1);
        assert!(sent.last().is_some_and(|last| last.contains("enough")));
    }
}
