use std::sync::Arc;

use beckon_core::{
    Activation, ActivationId, ActivationSummary, CallForm, Callback, Cause, CodePackage, Error, ErrorCode,
    FunctionRef, JsonText, Limits, Mode, Result, Status, Timing, WebExport,
};
use beckon_engine::web::WebCall;
use beckon_engine::{Invocation, Outcome, Payload};
use beckon_macros::commands;
use beckon_providers::{RemoteOutcome, RemoteRecord};

use crate::{
    Panel, RequestDraft, journal,
    remote_calls::{RemoteCall, posted},
    templates,
    views::{InvokeMode, InvokeReply},
};

#[commands]
impl Panel {
    /// Runs a function, here or at its provider. `input` is the text of a JSON object; empty is `{}`. With
    /// `callback_url`, a local asynchronous run calls there when it is over, as OpenFaaS does for an `X-Callback-Url`:
    /// what becomes of that is among `deliveries_of` the run.
    pub async fn invoke(
        self: &Arc<Self>,
        function: FunctionRef,
        input: String,
        mode: InvokeMode,
        rerun_of: Option<ActivationId>,
        callback_url: Option<String>,
    ) -> Result<InvokeReply> {
        let input = JsonText::parse_object(input)?;
        match function.is_local() {
            true => {
                let payload = Payload::Args(input);
                self.invoke_here(function, payload, mode, Cause::Panel, rerun_of, callback_url)
                    .await
            }
            false => {
                self.invoke_there(function, input, mode, Cause::Panel, rerun_of, callback_url)
                    .await
            }
        }
    }

    /// Calls a function with a request, as its callers over HTTP do; the record's `http` holds the HTTP side.
    ///
    /// `InvalidInput` names the part that cannot be a request. A local function that takes JSON arguments gets what the
    /// gateway would make of the request, and a web action what its own address would. `callback_url` as for `invoke`.
    ///
    /// At a provider it is for connections whose functions are called so (`capabilities.call`). An asynchronous run there
    /// is `polling` while a callback is to come into an inbox here, and has its result then; that is so without a
    /// `callback_url`, too, where the server is on this machine. Of any other the record says where its result goes.
    pub async fn invoke_http(
        self: &Arc<Self>,
        function: FunctionRef,
        request: RequestDraft,
        mode: InvokeMode,
        rerun_of: Option<ActivationId>,
        callback_url: Option<String>,
    ) -> Result<InvokeReply> {
        if !function.is_local() {
            let call = RemoteCall {
                rerun_of,
                callback_url,
                ..RemoteCall::new(function, request.build()?, mode, Cause::Panel)
            };
            return self.call_there(call).await;
        }
        let payload = self.http_payload(&function, request).await?;
        self.invoke_here(function, payload, mode, Cause::Panel, rerun_of, callback_url)
            .await
    }

    /// Stops a queued or running local run, or gives up a call at a provider: one that is waited for by closing its
    /// connection, an accepted one where the system takes calls back (`capabilities.cancels`; `NotSupported` elsewhere).
    /// `false` when it was over already.
    pub async fn cancel(&self, id: ActivationId) -> Result<bool> {
        match self.cancel_there(id).await? {
            Some(stopped) => Ok(stopped),
            None => self.engine.cancel(id).await,
        }
    }

    /// The input last typed for a function, as typed; else one to begin with.
    pub async fn draft(&self, function: FunctionRef) -> Result<String> {
        if let Some(text) = self.store.draft(&function).await? {
            return Ok(text);
        }
        if !function.is_local() {
            return Ok("{}".into());
        }
        Ok(match &self.local_function(&function).await?.code {
            CodePackage::Source(code) => templates::input_for(code).into(),
            CodePackage::Zip(_) | CodePackage::Sequence(_) => "{}".into(),
        })
    }

    /// Remembers what was typed for a function.
    pub async fn save_draft(&self, function: FunctionRef, text: String) -> Result<()> {
        self.store.save_draft(&function, &text).await
    }
}

impl Panel {
    /// A request as a local function's callers over HTTP send it.
    pub(super) async fn http_payload(
        &self,
        function: &FunctionRef,
        request: RequestDraft,
    ) -> Result<Payload> {
        let mut request = request.build()?;
        let called = self.local_function(function).await?;
        if called.web != WebExport::Private && !called.contract.speaks_http() {
            // As its own address would: what it got the first time is what it gets again.
            request.extensions_mut().insert(WebCall { user: None });
        }
        Ok(Payload::Http(Box::new(request)))
    }

    /// A call that is made now.
    pub(super) fn invocation(
        &self,
        function: &FunctionRef,
        payload: Payload,
        cause: Cause,
        rerun_of: Option<ActivationId>,
    ) -> Invocation {
        Invocation {
            id: ActivationId::new(),
            function: function.key(),
            caller: None,
            payload,
            cause,
            token_id: None,
            rerun_of,
            transaction_id: None,
            api_host: self.gateway_url.read().clone(),
            received: self.clock.now(),
        }
    }

    /// The record of a run that goes on by itself.
    pub(super) async fn accepted(&self, id: ActivationId) -> Result<Activation> {
        let activation = self.store.activation(id).await?;
        activation.ok_or_else(|| Error::internal("find the run it just accepted", id))
    }

    pub(super) async fn invoke_here(
        &self,
        function: FunctionRef,
        payload: Payload,
        mode: InvokeMode,
        cause: Cause,
        rerun_of: Option<ActivationId>,
        callback_url: Option<String>,
    ) -> Result<InvokeReply> {
        if callback_url.is_some() && mode == InvokeMode::Blocking {
            return Err(no_callback());
        }
        let name = function.name.to_string();
        let invocation = self.invocation(&function, payload, cause, rerun_of);
        let (id, promoted) = match mode {
            InvokeMode::Blocking => match self.engine.invoke(invocation, None).await? {
                Outcome::Finished(ended) => {
                    return Ok(InvokeReply {
                        activation: ended.activation(),
                        promoted: false,
                    });
                }
                Outcome::Promoted(id) => (id, true),
            },
            InvokeMode::NonBlocking => match callback_url {
                None => (self.engine.accept(invocation).await?, false),
                Some(url) => {
                    let callback = Callback {
                        url,
                        function_name_as_called: name,
                        call_id: invocation.id.to_string(),
                        follow_from: None,
                    };
                    let accepted = self.engine.accept_calling_back(invocation, callback).await?;
                    (accepted, false)
                }
            },
        };
        let activation = self.accepted(id).await?;
        Ok(InvokeReply { activation, promoted })
    }

    pub(super) async fn invoke_there(
        self: &Arc<Self>,
        function: FunctionRef,
        input: JsonText,
        mode: InvokeMode,
        cause: Cause,
        rerun_of: Option<ActivationId>,
        callback_url: Option<String>,
    ) -> Result<InvokeReply> {
        let connection = self.remote_connection(&function.connection).await?;
        if connection.capabilities.call == CallForm::Request {
            let call = RemoteCall {
                rerun_of,
                callback_url,
                ..RemoteCall::new(function, posted(&input), mode, cause)
            };
            return self.call_there(call).await;
        }
        if callback_url.is_some() {
            return Err(no_callback());
        }
        let remote = self.remote(&function.connection).await?;
        let asked = self.clock.now();
        let wire_mode = match mode {
            InvokeMode::Blocking => Mode::Blocking,
            InvokeMode::NonBlocking => Mode::NonBlocking,
        };
        let reply = remote.invoke(&function.key(), &input, wire_mode).await;
        match self.noting(&function.connection, reply)? {
            RemoteOutcome::Finished(record) => {
                let RemoteRecord {
                    mut activation,
                    round_trip_ms,
                } = *record;
                let accounted = activation.timing.wait_ms.unwrap_or(0.0)
                    + activation.summary.duration_ms.unwrap_or(0) as f64;
                activation.timing.network_ms = Some((round_trip_ms - accounted).max(0.0));
                let mut ours = pending(&function, activation.summary.id, wire_mode, asked);
                ours.input = Some(input);
                ours.rerun_of = rerun_of;
                ours.summary.cause = cause;
                let activation = journal::merge(ours, activation);
                self.note_down(activation.clone()).await?;
                Ok(InvokeReply {
                    activation,
                    promoted: false,
                })
            }
            RemoteOutcome::Accepted(id) => {
                let promoted = mode == InvokeMode::Blocking;
                let mode = if promoted {
                    Mode::Promoted
                } else {
                    Mode::NonBlocking
                };
                let mut activation = pending(&function, id, mode, asked);
                activation.input = Some(input);
                activation.rerun_of = rerun_of;
                activation.summary.cause = cause;
                self.note_down(activation.clone()).await?;
                journal::follow(self, id);
                Ok(InvokeReply { activation, promoted })
            }
        }
    }

    /// On disk before the window is told: the input of a run that a provider accepted is nowhere else.
    pub(crate) async fn note_down(&self, activation: Activation) -> Result<()> {
        let id = activation.summary.id;
        self.store
            .record_all(vec![activation])
            .await
            .map_err(|e| Self::unrecorded(id, &e))
    }
}

pub(crate) fn no_callback() -> Error {
    Error::new(
        ErrorCode::InvalidInput,
        "Only asynchronous runs call back, and not at every provider.",
    )
}

/// The row of a run that a provider has accepted and that is not over.
pub(crate) fn pending(
    function: &FunctionRef,
    id: ActivationId,
    mode: Mode,
    start: beckon_core::Millis,
) -> Activation {
    Activation {
        summary: ActivationSummary {
            id,
            connection: function.connection.clone(),
            namespace: function.namespace.clone(),
            function: function.name.clone(),
            version: String::new(),
            kind: String::new(),
            status: Status::Polling,
            mode,
            cause: Cause::Panel,
            start,
            end: None,
            duration_ms: None,
            cold: None,
            http_status: None,
            callback: None,
            pinned: false,
            preview: String::new(),
        },
        subject: String::new(),
        input: None,
        result: None,
        result_bytes: 0,
        result_truncated: false,
        logs: Vec::new(),
        logs_truncated: false,
        limits: Limits::DEFAULT,
        timing: Timing::default(),
        rerun_of: None,
        token_id: None,
        parent: None,
        http: None,
        attempts: 1,
        guards: Vec::new(),
        annotations: Vec::new(),
    }
}
