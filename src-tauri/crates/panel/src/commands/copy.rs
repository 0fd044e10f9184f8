use beckon_core::{Error, ErrorCode, FunctionRef, JsonText, LOCAL, Result};
use beckon_macros::commands;
use beckon_providers::openfaas;
use beckon_providers::openwhisk::copy_as::{CurlCall, CurlMode, TokenForm, curl};

use crate::{
    Panel, RequestDraft,
    commands::functions::only_local,
    views::{CopyMode, CopyReply, CopySource, CopyTo, CopyToken},
};

/// The environment variable of the `$ENV` form. It holds `user:key`, what `beckon token create` prints.
const VARIABLE: &str = "BECKON_TOKEN";

#[commands]
impl Panel {
    /// A curl command that makes the same call, with the token masked, as `$VARIABLE` or real.
    pub async fn copy_curl(
        &self,
        source: CopySource,
        mode: CopyMode,
        token: CopyToken,
        to: CopyTo,
    ) -> Result<CopyReply> {
        let (function, input) = match self.copied_call(source).await? {
            Copied::Arguments(function, input) => (function, input),
            Copied::Request(function, request) => {
                only_local(&function)?;
                let api_host = self.api_host(&function).await?;
                let wait = mode != CopyMode::NonBlocking;
                let text = openfaas::copy_as::curl(&api_host, &function.key(), &request.build()?, wait);
                return self.copied(text, None, to).await;
            }
        };
        let api_host = self.api_host(&function).await?;
        let mode = match mode {
            CopyMode::Blocking => CurlMode::Blocking,
            CopyMode::Result => CurlMode::Result,
            CopyMode::NonBlocking => CurlMode::NonBlocking,
        };
        let key = function.key();
        let line = |token| {
            curl(&CurlCall {
                api_host: &api_host,
                function: &key,
                input: &input,
                mode,
                token,
            })
        };
        let text = match token {
            CopyToken::Masked => line(TokenForm::Masked {
                hint: &self.key_hint(&function).await?,
            }),
            CopyToken::Env => line(TokenForm::Env { variable: VARIABLE }),
            CopyToken::Real => line(TokenForm::Real {
                key: &self.credential_for(&function).await?.1,
            }),
        };
        let variable = (token == CopyToken::Env).then(|| VARIABLE.to_owned());
        self.copied(text, variable, to).await
    }

    /// Puts a text that the page already has on the host's clipboard.
    pub async fn copy_text(&self, text: String) -> Result<()> {
        self.write_clipboard(text).await
    }
}

/// What a copied text calls its function with.
enum Copied {
    Arguments(FunctionRef, JsonText),
    /// Functions that speak HTTP answer without a token.
    Request(FunctionRef, RequestDraft),
}

impl Panel {
    async fn copied(&self, text: String, variable: Option<String>, to: CopyTo) -> Result<CopyReply> {
        match to {
            CopyTo::Page => Ok(CopyReply {
                text: Some(text),
                variable,
            }),
            CopyTo::Clipboard => {
                self.write_clipboard(text).await?;
                Ok(CopyReply { text: None, variable })
            }
        }
    }

    async fn copied_call(&self, source: CopySource) -> Result<Copied> {
        match source {
            CopySource::Function { function, input } => {
                Ok(Copied::Arguments(function, JsonText::parse_object(input)?))
            }
            CopySource::Request { function, request } => Ok(Copied::Request(function, request)),
            CopySource::Run { id } => {
                let run = self
                    .store
                    .activation(id)
                    .await?
                    .ok_or_else(|| Error::not_found(format_args!("record of the run {id}")))?;
                let input = run.input.ok_or_else(|| {
                    Error::new(
                        ErrorCode::NotSupported,
                        "The input of this run is not known: somebody else made it.",
                    )
                })?;
                let summary = run.summary;
                let function = FunctionRef {
                    connection: summary.connection,
                    namespace: summary.namespace,
                    name: summary.function,
                };
                Ok(match &run.http {
                    // Without a method it was called with arguments, and only the answer is HTTP.
                    Some(exchange) if !exchange.method.is_empty() => {
                        Copied::Request(function, RequestDraft::of_record(exchange, &input)?)
                    }
                    _ => Copied::Arguments(function, input),
                })
            }
        }
    }

    async fn api_host(&self, function: &FunctionRef) -> Result<String> {
        if function.is_local() {
            return self.gateway_url.read().clone().ok_or_else(|| {
                Error::new(
                    ErrorCode::NotSupported,
                    "The local gateway is not served, so there is nothing to call.",
                )
            });
        }
        Ok(self.remote_connection(&function.connection).await?.api_host)
    }

    /// The last four characters of the credential, where it is known without reading it.
    async fn key_hint(&self, function: &FunctionRef) -> Result<String> {
        if function.connection != LOCAL {
            return Ok(self.remote_connection(&function.connection).await?.key_hint);
        }
        Ok(self
            .kept_token(function)
            .await?
            .map(|token| token.hint)
            .unwrap_or_default())
    }

    async fn write_clipboard(&self, text: String) -> Result<()> {
        let clipboard = self.clipboard.clone().ok_or_else(|| {
            Error::new(
                ErrorCode::NotSupported,
                "This host has no clipboard of its own; the page copies instead.",
            )
        })?;
        self.blocking(move || clipboard.write(&text)).await
    }
}
