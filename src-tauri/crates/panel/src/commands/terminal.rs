use std::sync::Arc;

use beckon_core::{CallForm, Cause, Error, FunctionRef, JsonText, LOCAL, NamespaceName, Result};
use beckon_engine::Payload;
use beckon_macros::commands;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::remote_calls::{RemoteCall, posted};
use crate::{
    Panel, ResponsePart, Sink,
    views::{InvokeMode, InvokeReply},
};

/// Where the setting is kept.
const KEY: &str = "terminal";

/// Where the command line's calls go unless they say otherwise: what `beckon connect` chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TerminalTarget {
    /// The connection's id.
    pub connection: String,
    /// One of its namespaces.
    pub namespace: NamespaceName,
}

#[commands]
impl Panel {
    /// What `beckon connect` chose last; `None` where nothing was, and where that connection or (here) namespace is gone.
    pub async fn terminal_target(&self) -> Result<Option<TerminalTarget>> {
        let Some(text) = self.store.setting(KEY).await? else {
            return Ok(None);
        };
        let Ok(target) = serde_json::from_str::<TerminalTarget>(&text) else {
            tracing::warn!("what the command line was connected to could not be read");
            return Ok(None);
        };
        let there = match target.connection.as_str() {
            LOCAL => self.store.namespace(&target.namespace).await?.is_some(),
            id => self.all_connections().await?.iter().any(|known| known.id == id),
        };
        Ok(there.then_some(target))
    }

    /// Chooses where the command line's calls go. `NotFound`: no such connection or namespace.
    pub async fn set_terminal_target(&self, target: TerminalTarget) -> Result<()> {
        let known = self.namespaces(target.connection.clone()).await?;
        if !known.iter().any(|namespace| namespace.name == target.namespace) {
            return Err(Error::not_found(format_args!("namespace {}", target.namespace)));
        }
        let text = serde_json::to_string(&target).map_err(|e| Error::internal("encode settings", e))?;
        self.store.set_setting(KEY, &text).await
    }

    /// Runs a function for the command line: as `invoke`, and the record says who asked. What `invoke_http_live` would
    /// pass on of the response of one that is waited for is passed on while it comes.
    pub async fn invoke_from_terminal(
        self: &Arc<Self>,
        function: FunctionRef,
        input: String,
        mode: InvokeMode,
        on_part: Sink<ResponsePart>,
    ) -> Result<InvokeReply> {
        let input = JsonText::parse_object(input)?;
        let waits = mode == InvokeMode::Blocking;
        if function.is_local() {
            let payload = Payload::Args(input);
            if waits {
                let invocation = self.invocation(&function, payload, Cause::Cli, None);
                return self.show_here(invocation, on_part).await;
            }
            return self
                .invoke_here(function, payload, mode, Cause::Cli, None, None)
                .await;
        }
        let connection = self.remote_connection(&function.connection).await?;
        if waits && connection.capabilities.call == CallForm::Request {
            let call = RemoteCall {
                on_part: Some(on_part),
                ..RemoteCall::new(function, posted(&input), mode, Cause::Cli)
            };
            return self.call_there(call).await;
        }
        self.invoke_there(function, input, mode, Cause::Cli, None, None)
            .await
    }
}
