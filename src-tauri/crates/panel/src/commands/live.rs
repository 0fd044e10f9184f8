use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::{Activation, ActivationId, Cause, Error, FunctionRef, Result};
use beckon_engine::{Invocation, LiveOutcome, Outcome};
use beckon_macros::commands;
use http_body_util::BodyExt as _;

use crate::remote_calls::RemoteCall;
use crate::response::{ResponsePart, Screen};
use crate::views::{InvokeMode, InvokeReply};
use crate::{Panel, RequestDraft, Sink};

/// How long a record may take after the end of its response.
const WRITTEN: Duration = Duration::from_secs(10);
/// How often it is looked for.
const PACE: Duration = Duration::from_millis(25);

#[commands]
impl Panel {
    /// Calls a function as `invoke_http` does and waits, and passes on the response while it comes: where it is an event
    /// stream or NDJSON, or the request's `Accept` asks for one, of a local function that can write bit by bit, or of a
    /// provider's that is called with requests. Any other response is in the record alone. A caller who goes away ends a
    /// local run whose response has begun, and the connection to a provider.
    pub async fn invoke_http_live(
        self: &Arc<Self>,
        function: FunctionRef,
        request: RequestDraft,
        rerun_of: Option<ActivationId>,
        on_part: Sink<ResponsePart>,
    ) -> Result<InvokeReply> {
        if !function.is_local() {
            let call = RemoteCall {
                rerun_of,
                on_part: Some(on_part),
                ..RemoteCall::new(function, request.build()?, InvokeMode::Blocking, Cause::Panel)
            };
            return self.call_there(call).await;
        }
        let payload = self.http_payload(&function, request).await?;
        let invocation = self.invocation(&function, payload, Cause::Panel, rerun_of);
        self.show_here(invocation, on_part).await
    }
}

impl Panel {
    /// Runs a local function, and passes its response on while it writes it, where it does so bit by bit.
    pub(super) async fn show_here(
        &self,
        invocation: Invocation,
        on_part: Sink<ResponsePart>,
    ) -> Result<InvokeReply> {
        let id = invocation.id;
        let screen = Screen::new(id, on_part);
        let (activation, promoted) = match self.engine.invoke_live(invocation, None).await? {
            LiveOutcome::Whole(Outcome::Finished(ended)) => (ended.activation(), false),
            LiveOutcome::Whole(Outcome::Promoted(id)) => (self.accepted(id).await?, true),
            LiveOutcome::Live(response) => {
                let (head, body) = response.into_parts();
                // Letting go of the body ends the run. Of one that broke off the record says why.
                screen.pass_on(&head, body.into_data_stream(), |_| {}).await;
                (self.written(id).await?, false)
            }
        };
        Ok(InvokeReply { activation, promoted })
    }

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
