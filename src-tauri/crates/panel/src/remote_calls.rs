//! Calls with requests at a provider that keeps no records: what went over HTTP is the record, and of an asynchronous
//! run what calls back.

use std::sync::Arc;
use std::time::Duration;

use beckon_core::{
    Activation, ActivationId, BodyForm, CallForm, Cause, Connection, Error, ErrorCode, FunctionRef,
    InboxMessage, MatchedBy, Millis, Mode, Result, Status, masked_url,
};
use beckon_engine::HTTP_LIMIT;
use beckon_engine::delivery::check_callback_url;
use beckon_providers::RemoteResponse;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};

use crate::commands::{no_callback, pending};
use crate::views::{InvokeMode, InvokeReply};
use crate::{Panel, journal};

const CALL_ID: HeaderName = HeaderName::from_static("x-call-id");
const CALLBACK_URL: HeaderName = HeaderName::from_static("x-callback-url");
const DURATION: &str = "x-duration-seconds";
const STATUS: &str = "x-function-status";
/// OpenFaaS' own parts sign what they answer in a function's place.
const INTERNAL: &str = "x-openfaas-internal";

/// How long a callback may take. OpenFaaS ends a run after minutes; a server in a container may never reach this machine.
const LONGEST_CALLBACK: Millis = 3_600_000;

/// Who is told of the end of an asynchronous run.
enum Told {
    /// An inbox here, at this URL.
    Inbox(String),
    /// Somebody else.
    Other(String),
    /// Nobody.
    Nobody,
}

impl Panel {
    /// Calls a provider's function with a request.
    pub(crate) async fn call_there(
        self: &Arc<Self>,
        function: FunctionRef,
        mut request: Request<Bytes>,
        mode: InvokeMode,
        cause: Cause,
        rerun_of: Option<ActivationId>,
        callback_url: Option<String>,
    ) -> Result<InvokeReply> {
        let connection = self.remote_connection(&function.connection).await?;
        if connection.capabilities.call != CallForm::Request {
            return Err(Error::new(
                ErrorCode::NotSupported,
                "Functions of this connection are called with arguments, not with a request.",
            ));
        }
        let wait = mode == InvokeMode::Blocking;
        if wait && callback_url.is_some() {
            return Err(no_callback());
        }
        let id = ActivationId::new();
        let wire_mode = if wait { Mode::Blocking } else { Mode::NonBlocking };
        let mut record = pending(&function, id, wire_mode, self.clock.now());
        record.summary.cause = cause;
        record.rerun_of = rerun_of;
        let (form, input) = BodyForm::keep(request.body());
        record.input = Some(input);
        let mut exchange = beckon_engine::exchange(&request);
        exchange.body = form;
        record.http = Some(exchange);

        let own_id = request.headers().contains_key(CALL_ID);
        request
            .headers_mut()
            .entry(CALL_ID)
            .or_insert(header_value(&id.to_string())?);
        let told = match wait {
            true => Told::Nobody,
            false => {
                // Such calls have a body by nature.
                if request.method() != Method::POST {
                    return Err(Error::new(
                        ErrorCode::InvalidInput,
                        "Asynchronous calls are made with POST alone.",
                    ));
                }
                let asked = callback_url.or_else(|| {
                    let asked = request.headers().get(CALLBACK_URL)?;
                    asked.to_str().ok().map(str::to_owned)
                });
                self.told(&connection, asked, own_id.then_some(id)).await?
            }
        };
        if let Told::Inbox(url) | Told::Other(url) = &told {
            request.headers_mut().insert(CALLBACK_URL, header_value(url)?);
        }
        let remote = self.remote(&function.connection).await?;
        if matches!(told, Told::Inbox(_)) {
            // Before it is sent: the callback may be here before the answer.
            self.note_down(record.clone()).await?;
        }
        let reply = remote.call(&function.key(), request, wait).await;
        let reply = match self.noting(&function.connection, reply) {
            Ok(reply) => self.settle(&mut record, reply, wait, &told).await,
            Err(error) => Err(error),
        };
        if let Err(error) = reply {
            record.summary.status = match error.code {
                ErrorCode::Timeout => Status::TimedOut,
                _ => Status::InternalError,
            };
            record.summary.end = Some(self.clock.now());
            record.result = Some(json_text(&serde_json::json!({ "error": error.message })));
            if matches!(error.code, ErrorCode::InvalidInput) && !matches!(told, Told::Inbox(_)) {
                return Err(error);
            }
            self.note_down(record).await?;
            return Err(error);
        }
        if record.summary.status == Status::Polling {
            journal::follow_callback(self, id);
        } else {
            self.note_down(record.clone()).await?;
        }
        Ok(InvokeReply {
            activation: record,
            promoted: false,
        })
    }

    /// Who is to be told: the one that was named, or else an inbox here where the server may reach it.
    async fn told(
        &self,
        connection: &Connection,
        asked: Option<String>,
        run: Option<ActivationId>,
    ) -> Result<Told> {
        let gateway = self.gateway_url.read().clone();
        let inboxes = gateway.map(|gateway| format!("{}/callbacks/", gateway.trim_end_matches('/')));
        if let Some(url) = asked.filter(|url| !url.trim().is_empty()) {
            check_callback_url(&url)?;
            return Ok(match inboxes.is_some_and(|inboxes| url.starts_with(&inboxes)) {
                true => Told::Inbox(url),
                false => Told::Other(url),
            });
        }
        let Some(inboxes) = inboxes.filter(|_| is_here(&connection.api_host)) else {
            return Ok(Told::Nobody);
        };
        let inbox = match run {
            // The caller's own call id says nothing of the run.
            Some(run) => {
                self.store
                    .create_inbox(&connection.name, 200, Some(run))
                    .await?
                    .id
            }
            None => self.inbox_of(connection).await?,
        };
        Ok(Told::Inbox(format!("{inboxes}{inbox}")))
    }

    /// The inbox for what a connection's runs call back, made when it is first needed.
    async fn inbox_of(&self, connection: &Connection) -> Result<String> {
        let _one = self.remotes.making.lock().await;
        let setting = format!("callbacks/{}", connection.id);
        if let Some(id) = self.store.setting(&setting).await?
            && let Some(inbox) = self.store.inbox(&id).await?
            && inbox.answer == 200
        {
            return Ok(id);
        }
        let label = format!("Callbacks of {}", connection.name);
        let inbox = self.store.create_inbox(&label, 200, None).await?;
        self.store.set_setting(&setting, &inbox.id).await?;
        Ok(inbox.id)
    }

    /// Writes into a record what was answered; it stays `polling` where a callback is to come.
    async fn settle(
        &self,
        record: &mut Activation,
        reply: RemoteResponse,
        wait: bool,
        told: &Told,
    ) -> Result<()> {
        let (parts, mut stream) = reply.response.into_parts();
        let mut body = Vec::new();
        let (mut total, mut broken) = (0_u64, None);
        while let Some(chunk) = stream.next().await {
            match chunk {
                Ok(chunk) => {
                    total += chunk.len() as u64;
                    let room = HTTP_LIMIT.saturating_sub(body.len());
                    body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if total > HTTP_LIMIT as u64 {
                        break;
                    }
                }
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        if let Some(error) = broken {
            return Err(error);
        }
        let passed = reply.sent.elapsed();
        let is_queued = !wait && parts.status == StatusCode::ACCEPTED;
        if is_queued && matches!(told, Told::Inbox(_)) {
            return Ok(());
        }
        let end = Answer {
            status: parts.status,
            headers: kept(&parts.headers),
            took: seconds(&parts.headers),
            is_platforms: parts.headers.contains_key(INTERNAL) || (!wait && !is_queued),
            end: self.clock.now(),
        };
        let (form, document) = BodyForm::keep(&body);
        end.into_record(record, form);
        record.result = Some(match (is_queued, told) {
            (false, _) => document,
            (true, Told::Other(url)) => json_text(&format!(
                "Accepted. The result goes to {}, and is not known here.",
                masked_url(url)
            )),
            (true, _) => {
                json_text(&"Accepted. The server keeps no results, and cannot reach this machine to tell it.")
            }
        });
        if is_queued && let Some(exchange) = &mut record.http {
            exchange.response_body = BodyForm::Text;
        }
        record.result_bytes = total;
        record.result_truncated = total > body.len() as u64;
        if wait {
            let run = record.timing.run_ms.unwrap_or_default();
            record.timing.network_ms = Some((milliseconds(passed) - run).max(0.0));
            if record.timing.run_ms.is_none() {
                record.summary.duration_ms = Some(milliseconds(passed).round() as i64);
            }
        }
        Ok(())
    }
}

/// What became of a run whose end is told by a callback.
pub(crate) fn called_back(mut ours: Activation, messages: Vec<InboxMessage>) -> Option<Activation> {
    let find = |message: &InboxMessage, name: &str| {
        let named = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        message.headers.iter().find(named).map(|(_, value)| value.clone())
    };
    // A message that carries the function's name alone may be of another run, which somebody else started.
    let is_certain = |message: &InboxMessage| message.matched.is_some_and(|by| by != MatchedBy::FunctionName);
    let (message, status) = messages.into_iter().filter(is_certain).find_map(|message| {
        let status = StatusCode::from_bytes(find(&message, STATUS)?.as_bytes()).ok()?;
        Some((message, status))
    })?;
    let end = Answer {
        status,
        took: find(&message, DURATION)
            .and_then(|text| text.parse().ok())
            .and_then(whole),
        is_platforms: find(&message, INTERNAL).is_some(),
        headers: message.headers,
        end: message.at,
    };
    end.into_record(&mut ours, message.body);
    ours.result = Some(message.document);
    ours.result_bytes = message.bytes;
    Some(ours)
}

/// Whether nobody calls back any more.
pub(crate) fn is_overdue(run: &Activation, now: Millis) -> bool {
    now - run.summary.start > LONGEST_CALLBACK
}

/// Why a run without a callback is lost.
pub(crate) const NO_CALLBACK: &str = "The server accepted the call, and nobody called back within an hour. It may not reach this machine from where it \
     runs, for example from a container. A callback that comes later is in the inbox.";

/// How a run ended, as HTTP says it.
struct Answer {
    status: StatusCode,
    headers: Vec<(String, String)>,
    took: Option<f64>,
    /// Whether it is not the function's own answer.
    is_platforms: bool,
    end: Millis,
}

impl Answer {
    fn into_record(self, record: &mut Activation, form: BodyForm) {
        let summary = &mut record.summary;
        summary.status = match self.status {
            StatusCode::GATEWAY_TIMEOUT => Status::TimedOut,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => Status::InternalError,
            status if self.is_platforms && !status.is_success() => Status::InternalError,
            status if status.is_server_error() => Status::ApplicationError,
            _ => Status::Success,
        };
        summary.http_status = Some(self.status.as_u16());
        summary.end = Some(self.end);
        let run_ms = self.took.map(|seconds| seconds * 1000.0);
        summary.duration_ms = run_ms.map(|ms| ms.round() as i64);
        record.timing.run_ms = run_ms;
        if let Some(exchange) = &mut record.http {
            exchange.status = Some(self.status.as_u16());
            exchange.response_headers = self.headers;
            exchange.response_body = form;
        }
    }
}

/// `X-Duration-Seconds`, which the function's server writes.
fn seconds(headers: &HeaderMap) -> Option<f64> {
    headers
        .get(DURATION)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .and_then(whole)
}

/// A time that a run may have taken.
fn whole(seconds: f64) -> Option<f64> {
    (0.0..=1_000_000.0).contains(&seconds).then_some(seconds)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    beckon_engine::kept_headers(headers)
}

fn json_text(value: &impl serde::Serialize) -> beckon_core::JsonText {
    beckon_core::JsonText::from_value(&serde_json::json!(value))
}

fn header_value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|_| {
        Error::new(
            ErrorCode::InvalidInput,
            "The callback URL has characters that no header can carry.",
        )
    })
}

/// Whether a server is on this machine, from which it may reach the gateway here.
pub(crate) fn is_here(api_host: &str) -> bool {
    let Ok(url) = url::Url::parse(api_host) else {
        return false;
    };
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// A call with arguments, as a request: JSON, posted to the function's root.
pub(crate) fn posted(input: &beckon_core::JsonText) -> Request<Bytes> {
    let mut request = Request::new(Bytes::copy_from_slice(input.as_str().as_bytes()));
    *request.method_mut() = Method::POST;
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request
}
