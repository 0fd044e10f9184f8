use beckon_core::{
    ActivationId, CallForm, ConnectionKind, Error, ErrorCode, FunctionRef, JsonText, LOCAL, Result,
};
use beckon_macros::commands;
use beckon_providers::openwhisk::copy_as::{Ask, Call, Form, TokenForm};
use beckon_providers::{openfaas, openwhisk, spaces};

use crate::{
    Panel, RequestDraft,
    remote_calls::posted,
    views::{CopyForm, CopyMode, CopyReply, CopySource, CopyTo, CopyToken},
};

/// Where doctl looks for the account's token.
const DOCTL_VARIABLE: &str = "DIGITALOCEAN_ACCESS_TOKEN";
/// The environment variable of the `$ENV` form. It holds `user:key`, what `beckon token create` prints.
const VARIABLE: &str = "BECKON_TOKEN";

#[commands]
impl Panel {
    /// A command or program that makes the same call, with the token masked, as `$VARIABLE` or real. `NotSupported` where
    /// the form cannot say it: what is called with a request is called by curl, faas-cli or Python, all without a token but
    /// for a space's function (curl and Python, which ask for an access token first), and doctl knows DigitalOcean alone. For an asynchronous call that calls back, the request has the header
    /// `X-Callback-Url`.
    pub async fn copy_call(
        &self,
        source: CopySource,
        form: CopyForm,
        mode: CopyMode,
        token: CopyToken,
        to: CopyTo,
    ) -> Result<CopyReply> {
        let copied = match self.copied_call(source, mode).await? {
            // There a call with arguments is a request, too.
            Copied::Arguments(function, input, _)
                if self.call_form(&function).await? == CallForm::Request =>
            {
                let (text, variable) = self
                    .request_as(&function, posted(&input), form, mode, token)
                    .await?;
                return self.copied(text, variable, to).await;
            }
            copied => copied,
        };
        let (function, input, id) = match copied {
            Copied::Arguments(function, input, id) => (function, input, id),
            Copied::Request(function, request) => {
                let (text, variable) = self
                    .request_as(&function, request.build()?, form, mode, token)
                    .await?;
                return self.copied(text, variable, to).await;
            }
        };
        let api_host = self.api_host(&function).await?;
        let ask = match (mode, id) {
            (CopyMode::Blocking, _) => Ask::Blocking,
            (CopyMode::Result, _) => Ask::Result,
            (CopyMode::NonBlocking, _) => Ask::NonBlocking,
            (CopyMode::List, _) => Ask::List,
            (CopyMode::Record, Some(id)) => Ask::Record(id),
            (CopyMode::Record, None) => {
                return Err(not_said("A record is that of a run: copy it from there."));
            }
        };
        let (key, written) = (function.key(), written_as(form)?);
        let line = |token| {
            let call = Call {
                api_host: &api_host,
                function: &key,
                input: &input,
                ask,
                token,
            };
            openwhisk::copy_as::write(written, &call)
        };
        if form == CopyForm::Doctl {
            let text = line(TokenForm::Env { variable: VARIABLE })?;
            let text = format!("{}{text}", self.doctl_preface(&function, &api_host).await?);
            return self.copied(text, Some(DOCTL_VARIABLE.to_owned()), to).await;
        }

        let text = match token {
            CopyToken::Masked => line(TokenForm::Masked {
                hint: &self.key_hint(&function).await?,
            }),
            CopyToken::Env => line(TokenForm::Env { variable: VARIABLE }),
            CopyToken::Real => line(TokenForm::Real {
                key: &self.credential_for(&function).await?.1,
            }),
        }?;
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
    /// What is called with what, and the run that it was.
    Arguments(FunctionRef, JsonText, Option<ActivationId>),
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

    /// A call with a request, in the forms that have words for it, and the variable that has to be set before.
    async fn request_as(
        &self,
        function: &FunctionRef,
        request: http::Request<bytes::Bytes>,
        form: CopyForm,
        mode: CopyMode,
        token: CopyToken,
    ) -> Result<(String, Option<String>)> {
        let kind = match function.is_local() {
            // Its own functions need no token there.
            true => ConnectionKind::Openfaas,
            false => self.remote_connection(&function.connection).await?.kind,
        };
        if matches!(mode, CopyMode::Record | CopyMode::List) {
            return Err(not_said(
                "The system of this function keeps no records that could be asked for.",
            ));
        }
        let (host, key) = (self.api_host(function).await?, function.key());
        let wait = mode != CopyMode::NonBlocking;
        if kind == ConnectionKind::Spaces {
            let (hint, secret);
            let credential = match token {
                CopyToken::Masked => {
                    hint = self.key_hint(function).await?;
                    TokenForm::Masked { hint: &hint }
                }
                CopyToken::Env => TokenForm::Env { variable: VARIABLE },
                CopyToken::Real => {
                    secret = self.credential_for(function).await?.1;
                    TokenForm::Real { key: &secret }
                }
            };
            let text = match form {
                CopyForm::Curl => spaces::copy_as::curl(&host, &key, &request, wait, credential),
                CopyForm::Python => spaces::copy_as::python(&host, &key, &request, wait, credential)?,
                _ => {
                    return Err(not_said(
                        "A call of a space's function is copied as curl or Python.",
                    ));
                }
            };
            return Ok((text, (token == CopyToken::Env).then(|| VARIABLE.to_owned())));
        }
        if kind != ConnectionKind::Openfaas {
            return Err(not_said(
                "A call with a request is not copied for this connection's system.",
            ));
        }
        let text = match form {
            CopyForm::Curl => openfaas::copy_as::curl(&host, &key, &request, wait),
            CopyForm::FaasCli => openfaas::copy_as::faas_cli(&host, &key, &request, wait)?,
            CopyForm::Python => openfaas::copy_as::python(&host, &key, &request, wait)?,
            CopyForm::Doctl | CopyForm::Wsk | CopyForm::Npm => {
                return Err(not_said(
                    "A call with a request of its own is copied as curl, faas-cli or Python.",
                ));
            }
        };
        Ok((text, None))
    }

    async fn call_form(&self, function: &FunctionRef) -> Result<CallForm> {
        if function.is_local() {
            return Ok(CallForm::Arguments);
        }
        let connection = self.remote_connection(&function.connection).await?;
        Ok(connection.capabilities.call)
    }

    async fn copied_call(&self, source: CopySource, mode: CopyMode) -> Result<Copied> {
        match source {
            CopySource::Function { function, input } => {
                Ok(Copied::Arguments(function, JsonText::parse_object(input)?, None))
            }
            CopySource::Request { function, request } => Ok(Copied::Request(function, request)),
            CopySource::Run { id } => {
                let run = self
                    .store
                    .activation(id)
                    .await?
                    .ok_or_else(|| Error::not_found(format_args!("record of the run {id}")))?;
                let summary = run.summary;
                let function = FunctionRef {
                    connection: summary.connection,
                    namespace: summary.namespace,
                    name: summary.function,
                };
                if matches!(mode, CopyMode::Record | CopyMode::List) {
                    return Ok(Copied::Arguments(function, JsonText::empty_object(), Some(id)));
                }
                let input = run
                    .input
                    .ok_or_else(|| not_said("The input of this run is not known: somebody else made it."))?;
                Ok(match &run.http {
                    // Without a method it was called with arguments, and only the answer is HTTP.
                    Some(exchange) if !exchange.method.is_empty() => {
                        Copied::Request(function, RequestDraft::of_record(exchange, &input)?)
                    }
                    _ => Copied::Arguments(function, input, Some(id)),
                })
            }
        }
    }

    /// What doctl has to know beside its own credentials.
    async fn doctl_preface(&self, function: &FunctionRef, api_host: &str) -> Result<String> {
        if function.is_local() {
            // Its control plane is here as well.
            return Ok(format!("export DIGITALOCEAN_API_URL={api_host}\n"));
        }
        match self.remote_connection(&function.connection).await?.kind {
            ConnectionKind::Digitalocean => Ok(String::new()),
            _ => Err(not_said(
                "doctl speaks to DigitalOcean only; wsk speaks to this system.",
            )),
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
        let desktop = self.desktop.clone().ok_or_else(|| {
            Error::new(
                ErrorCode::NotSupported,
                "This host has no clipboard of its own; the page copies instead.",
            )
        })?;
        self.blocking(move || desktop.copy(&text)).await
    }
}

fn written_as(form: CopyForm) -> Result<Form> {
    Ok(match form {
        CopyForm::Curl => Form::Curl,
        CopyForm::Doctl => Form::Doctl,
        CopyForm::Wsk => Form::Wsk,
        CopyForm::Npm => Form::Npm,
        CopyForm::Python => Form::Python,
        CopyForm::FaasCli => {
            return Err(not_said(
                "faas-cli calls functions with a request, not with arguments.",
            ));
        }
    })
}

fn not_said(message: &str) -> Error {
    Error::new(ErrorCode::NotSupported, message)
}
