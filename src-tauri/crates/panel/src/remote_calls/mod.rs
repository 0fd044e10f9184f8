//! Calls with requests at a provider that keeps no records: what went over HTTP is the record, and of an asynchronous
//! run what calls back.

mod answer;
mod cancel;
mod receive;

use std::sync::Arc;
use std::time::Duration;

use beckon_core::{
    Activation, ActivationId, BodyForm, CallForm, Cause, Connection, Error, ErrorCode, FunctionRef, LogLine,
    LogStream, Mode, Result, Status, masked_url,
};
use beckon_engine::delivery::check_callback_url;
use beckon_providers::RemoteResponse;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use tokio_util::sync::CancellationToken;

use crate::commands::{no_callback, pending};
use crate::response::{Passed, ResponsePart, Screen};
use crate::views::{InvokeMode, InvokeReply};
use crate::{Panel, Sink, journal};
use answer::{Answer, INTERNAL, kept, milliseconds, seconds};
pub(crate) use answer::{NO_CALLBACK, NOT_WAITED_FOR, called_back, is_overdue};
pub(crate) use cancel::Running;
use receive::{Received, asks_for_stream, comes_as_stream};

/// A call that takes longer than this is in the journal while it lasts.
const NOTE_AFTER: Duration = Duration::from_millis(250);

const CALL_ID: HeaderName = HeaderName::from_static("x-call-id");
const CALLBACK_URL: HeaderName = HeaderName::from_static("x-callback-url");

/// A call that is to be made.
pub(crate) struct RemoteCall {
    pub(crate) function: FunctionRef,
    pub(crate) request: Request<Bytes>,
    pub(crate) mode: InvokeMode,
    pub(crate) cause: Cause,
    pub(crate) rerun_of: Option<ActivationId>,
    /// Who shall be told of the end of an asynchronous one.
    pub(crate) callback_url: Option<String>,
    /// Where the answer is shown while it comes.
    pub(crate) on_part: Option<Sink<ResponsePart>>,
}

impl RemoteCall {
    pub(crate) fn new(
        function: FunctionRef,
        request: Request<Bytes>,
        mode: InvokeMode,
        cause: Cause,
    ) -> Self {
        Self {
            function,
            request,
            mode,
            cause,
            rerun_of: None,
            callback_url: None,
            on_part: None,
        }
    }
}

/// How a call is waited for.
struct Waiting {
    /// The function's own answer is waited for, and not only that the call is queued.
    wait: bool,
    told: Told,
    screen: Option<Screen>,
    /// The request asks for an answer that comes bit by bit.
    asked: bool,
    stop: CancellationToken,
}

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
    /// Calls a provider's function with a request. A caller who goes away while the answer is waited for gives it up, and
    /// the record says so.
    pub(crate) async fn call_there(self: &Arc<Self>, call: RemoteCall) -> Result<InvokeReply> {
        let connection = self.remote_connection(&call.function.connection).await?;
        if connection.capabilities.call != CallForm::Request {
            return Err(Error::new(
                ErrorCode::NotSupported,
                "Functions of this connection are called with arguments, not with a request.",
            ));
        }
        let wait = call.mode == InvokeMode::Blocking;
        if wait && call.callback_url.is_some() {
            return Err(no_callback());
        }
        if !wait {
            // What a server has may not be known here: nobody gives up a call that is on its way to be accepted.
            let stop = CancellationToken::new();
            return self
                .call_to_its_end(connection, call, ActivationId::new(), stop)
                .await;
        }
        let (id, stop) = (ActivationId::new(), self.stop.child_token());
        self.remotes.running.begin(id, stop.clone());
        let _caller = stop.clone().drop_guard();
        let panel = Arc::clone(self);
        let task = self.tasks.spawn(async move {
            let reply = panel.call_to_its_end(connection, call, id, stop).await;
            panel.remotes.running.end(id);
            reply
        });
        task.await.map_err(|e| Error::internal("finish a call", e))?
    }

    async fn call_to_its_end(
        self: &Arc<Self>,
        connection: Connection,
        call: RemoteCall,
        id: ActivationId,
        stop: CancellationToken,
    ) -> Result<InvokeReply> {
        let RemoteCall {
            function,
            mut request,
            mode,
            cause,
            rerun_of,
            callback_url,
            on_part,
        } = call;
        let wait = mode == InvokeMode::Blocking;
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
        let waiting = Waiting {
            wait,
            told,
            screen: on_part.map(|to| Screen::new(id, to)),
            asked: asks_for_stream(request.headers()),
            stop,
        };
        if let Some(screen) = &waiting.screen {
            screen.called();
        }
        let key = function.key();
        let running = wait.then(|| running(&record));
        let work = async {
            let sent = waiting.stop.run_until_cancelled(remote.call(&key, request, wait));
            match sent.await {
                None => {
                    self.give_up(&mut record);
                    Ok(())
                }
                Some(reply) => match self.noting(&function.connection, reply) {
                    Ok(reply) => self.settle(&mut record, reply, &waiting).await,
                    Err(error) => Err(error),
                },
            }
        };
        let (ended, is_noted) = self.noting_long(running, work).await;
        // From here on there is nothing left to give up.
        self.remotes.running.end(id);
        if let Err(error) = ended {
            record.summary.status = match error.code {
                ErrorCode::Timeout => Status::TimedOut,
                _ => Status::InternalError,
            };
            record.summary.end = Some(self.clock.now());
            // What had come of an answer that broke off is the result.
            record
                .result
                .get_or_insert_with(|| json_text(&serde_json::json!({ "error": error.message })));
            let is_noted = is_noted || matches!(waiting.told, Told::Inbox(_));
            if matches!(error.code, ErrorCode::InvalidInput) && !is_noted {
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

    /// Does what a call is, and writes down that it is under way where that takes long: the input of a call that outlives
    /// Beckon is nowhere else. Answers whether it was written.
    async fn noting_long<T>(&self, running: Option<Activation>, work: impl Future<Output = T>) -> (T, bool) {
        tokio::pin!(work);
        let Some(running) = running else {
            return (work.await, false);
        };
        tokio::select! {
            biased;
            done = &mut work => return (done, false),
            () = tokio::time::sleep(NOTE_AFTER) => {}
        }
        let noting = async {
            if let Err(error) = self.note_down(running).await {
                tracing::error!(%error, "a call that is under way could not be noted");
            }
        };
        // What ends meanwhile is not noted over: the one waits for the other.
        let (done, ()) = tokio::join!(work, noting);
        (done, true)
    }

    /// A call whose answer nobody waits for any more.
    fn give_up(&self, record: &mut Activation) {
        record.summary.status = Status::Cancelled;
        record.summary.end = Some(self.clock.now());
        record
            .result
            .get_or_insert_with(|| json_text(&serde_json::json!({ "error": "The call was cancelled." })));
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
    async fn settle(&self, record: &mut Activation, reply: RemoteResponse, waiting: &Waiting) -> Result<()> {
        let Waiting { wait, told, stop, .. } = waiting;
        let (parts, body) = reply.response.into_parts();
        let shown = waiting
            .screen
            .as_ref()
            .filter(|_| comes_as_stream(&parts, waiting.asked));
        let mut received = Received::default();
        let passed = match shown {
            Some(screen) => {
                let showing = received.show(screen, &parts, body);
                stop.run_until_cancelled(showing).await
            }
            None => stop.run_until_cancelled(received.read(body)).await,
        };
        let (broken, is_given_up) = match passed {
            Some(Passed::Broken(error)) if shown.is_none() || received.total == 0 => return Err(error),
            Some(Passed::Broken(error)) => (Some(error), false),
            Some(Passed::Whole) => (None, false),
            Some(Passed::Gone) | None => (None, true),
        };
        let passed = reply.sent.elapsed();
        let is_queued = !wait && parts.status == StatusCode::ACCEPTED;
        if is_queued && matches!(told, Told::Inbox(_)) {
            return Ok(());
        }
        let end = Answer {
            status: parts.status,
            headers: kept(&parts.headers),
            // The head of an answer that comes bit by bit says only how long it took to begin.
            took: seconds(&parts.headers).filter(|_| shown.is_none()),
            is_platforms: parts.headers.contains_key(INTERNAL) || (!wait && !is_queued),
            end: self.clock.now(),
        };
        let (form, document) = BodyForm::keep(&received.body);
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
        record.result_bytes = received.total;
        record.result_truncated = received.is_cut() || broken.is_some() || is_given_up;
        if *wait {
            let run = record.timing.run_ms.unwrap_or_default();
            record.timing.network_ms = Some((milliseconds(passed) - run).max(0.0));
            if record.timing.run_ms.is_none() {
                record.summary.duration_ms = Some(milliseconds(passed).round() as i64);
            }
        }
        if is_given_up {
            self.give_up(record);
        }
        let Some(error) = broken else { return Ok(()) };
        record.logs.push(LogLine {
            at_us: self.clock.now().saturating_mul(1000),
            stream: LogStream::Stderr,
            text: format!("Beckon: {}", error.message),
        });
        Err(error)
    }
}

/// The row of a call whose answer is waited for.
fn running(record: &Activation) -> Activation {
    let mut row = record.clone();
    row.summary.status = Status::Running;
    row
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
