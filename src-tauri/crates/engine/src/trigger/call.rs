//! A message, from its arrival until its function has dealt with it.

use std::sync::Arc;
use std::time::Duration;

use beckon_core::{
    Activation, ActivationId, BodyForm, Callback, Cause, Contract, Error, ErrorCode, Event, FunctionKey,
    JsonText, NamespaceName, Result, Status,
};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::Live;
use super::message::Message;
use super::route::{self, Target};
use crate::{Engine, Invocation, Payload};

/// Calls for one message, at most (Scaleway's rule).
const TRIES: u32 = 3;
/// How long until the second call; the third waits twice that.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest time between two tries to get a message on disk that its broker would only send again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long to believe that nothing was missed of a run's end.
const LOOK: Duration = Duration::from_secs(2);

/// What came of a message.
enum Outcome {
    Done,
    GivenUp(String),
    /// The broker still has it, and sends it again to whoever listens next.
    Returned,
}

/// Calls what the trigger calls, and counts what came of it.
pub(super) async fn deliver(
    engine: &Engine,
    live: &Arc<Live>,
    mut message: Message,
    stop: &CancellationToken,
) {
    let outcome = match &live.definition.target {
        Target::Function(key) => tries(engine, live, key, &mut message, stop).await,
        Target::Topics {
            namespace,
            callback_url,
        } => fan_out(engine, live, namespace, callback_url.as_deref(), &mut message).await,
    };
    live.record.count(|counts| {
        counts.in_flight = counts.in_flight.saturating_sub(1);
        match &outcome {
            Outcome::Done => counts.succeeded += 1,
            Outcome::GivenUp(_) => counts.failed += 1,
            Outcome::Returned => {}
        }
    });
    if let Outcome::GivenUp(why) = &outcome {
        let text = format!("A message on {} was given up: {why}", message.topic);
        live.record.blame(engine, text);
    }
    if !matches!(outcome, Outcome::Returned) {
        message.settle();
    }
}

/// Has every function that asks for the topic be called, which nobody waits for.
async fn fan_out(
    engine: &Engine,
    live: &Live,
    namespace: &NamespaceName,
    callback_url: Option<&str>,
    message: &mut Message,
) -> Outcome {
    let subscription = &live.definition.subscription;
    let asked = patiently(engine, live, message, || {
        route::who_asks(engine, namespace, subscription, &message.topic)
    });
    let keys = match asked.await {
        Ok(keys) => keys,
        Err(error) => return refused(message, error),
    };
    let mut why = None;
    for key in keys {
        let accepted = patiently(engine, live, message, || async {
            let id = ActivationId::new();
            let invocation = invocation(engine, &key, message, id, None).await?;
            match callback_url {
                None => engine.accept(invocation).await,
                Some(url) => {
                    let callback = Callback {
                        url: url.to_owned(),
                        function_name_as_called: key.name.to_string(),
                        call_id: id.to_string(),
                        follow_from: None,
                    };
                    engine.accept_calling_back(invocation, callback).await
                }
            }
        });
        match accepted.await {
            Ok(_) => {}
            // It went between the look and the call.
            Err(error) if error.code == ErrorCode::NotFound => {}
            Err(error) => match refused(message, error) {
                // The others have it all the same.
                Outcome::GivenUp(text) => why = Some(format!("{key}: {text}")),
                other => return other,
            },
        }
    }
    why.map_or(Outcome::Done, Outcome::GivenUp)
}

/// Calls the function until it answers with a status below 300, at most three times.
async fn tries(
    engine: &Engine,
    live: &Live,
    key: &FunctionKey,
    message: &mut Message,
    stop: &CancellationToken,
) -> Outcome {
    let mut first = None;
    let mut why = String::new();
    // A function that has retries of its own makes them; three times those would be three dead letters a message.
    let function = engine.inner.store.function(key).await;
    let retries = matches!(function, Ok(Some(function)) if function.settings.retry.attempts > 1);
    for number in 1..=if retries { 1 } else { TRIES } {
        if number > 1 {
            live.record.count(|counts| counts.retried += 1);
            tokio::select! {
                () = stop.cancelled() => return Outcome::GivenUp("Beckon is shutting down.".to_owned()),
                () = tokio::time::sleep(PAUSE * (number - 1)) => {}
            }
        }
        let id = ActivationId::new();
        let mut events = engine.inner.store.events();
        let accepted = patiently(engine, live, message, || async {
            engine
                .accept(invocation(engine, key, message, id, first).await?)
                .await
        });
        match accepted.await {
            Ok(_) => message.settle(),
            // It was deleted, and its trigger's session is about to stop: the message is for when it is back.
            Err(error) if message.receipt.is_some() && error.code == ErrorCode::NotFound => {
                return Outcome::Returned;
            }
            Err(error) if message.receipt.is_some() => return refused(message, error),
            Err(error) if error.retryable && error.code != ErrorCode::ShuttingDown => {
                why = error.message;
                continue;
            }
            Err(error) => return Outcome::GivenUp(error.message),
        }
        match end_of(engine, id, &mut events, stop).await {
            Ok(record) => {
                first.get_or_insert(id);
                let status = status_of(&record);
                if status < 300 {
                    return Outcome::Done;
                }
                why = format!("run {id} ended with {status}.");
                if record.summary.status == Status::Cancelled {
                    return Outcome::GivenUp(why);
                }
            }
            Err(error) if error.retryable && error.code != ErrorCode::ShuttingDown => why = error.message,
            Err(error) => return Outcome::GivenUp(error.message),
        }
    }
    Outcome::GivenUp(why)
}

/// What a message is that could not be put on disk.
fn refused(message: &Message, error: Error) -> Outcome {
    if message.receipt.is_some() && error.code == ErrorCode::ShuttingDown {
        Outcome::Returned
    } else {
        Outcome::GivenUp(error.message)
    }
}

/// Does something that may not work now. Of a message that its broker would only send again, until it works or cannot,
/// or the trigger is stopped: its place stays taken, so that no more arrive than are dealt with. `ShuttingDown` then.
async fn patiently<T, F: Future<Output = Result<T>>>(
    engine: &Engine,
    live: &Live,
    message: &Message,
    mut work: impl FnMut() -> F,
) -> Result<T> {
    let mut pause = PAUSE;
    let mut told = false;
    loop {
        match work().await {
            Err(error) if message.receipt.is_some() && passes(&error) => {
                if !error.retryable && !std::mem::replace(&mut told, true) {
                    let text = format!("A message on {} waits: {}", message.topic, error.message);
                    live.record.blame(engine, text);
                }
            }
            other => return other,
        }
        live.record.count(|counts| counts.retried += 1);
        tokio::select! {
            () = live.stop.cancelled() => {
                return Err(Error::new(ErrorCode::ShuttingDown, "The trigger was stopped."));
            }
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
}

/// Whether it may work later, unchanged. A full disk or a runtime that is not there is not the message's fault.
fn passes(error: &Error) -> bool {
    match error.code {
        ErrorCode::ShuttingDown => false,
        ErrorCode::Internal
        | ErrorCode::RuntimeMissing
        | ErrorCode::SecretStoreLocked
        | ErrorCode::SecretStoreUnavailable => true,
        _ => error.retryable,
    }
}

async fn invocation(
    engine: &Engine,
    key: &FunctionKey,
    message: &Message,
    id: ActivationId,
    rerun_of: Option<ActivationId>,
) -> Result<Invocation> {
    let function = engine.inner.store.function(key).await?;
    let contract = function.map_or(Contract::Openwhisk, |function| function.contract);
    Ok(Invocation {
        id,
        function: key.clone(),
        payload: payload(message, contract)?,
        cause: Cause::Trigger,
        token_id: None,
        caller: None,
        rerun_of,
        transaction_id: None,
        api_host: None,
        received: engine.inner.clock.now(),
    })
}

/// Waits for the end of a run that was accepted after `events` began.
async fn end_of(
    engine: &Engine,
    id: ActivationId,
    events: &mut tokio::sync::broadcast::Receiver<Event>,
    stop: &CancellationToken,
) -> Result<Activation> {
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return Err(Error::new(ErrorCode::ShuttingDown, "Beckon is shutting down.")),
            event = tokio::time::timeout(LOOK, events.recv()) => event,
        };
        match event {
            Ok(Ok(Event::Activations { rows })) => {
                if !rows.iter().any(|row| row.id == id && row.status.is_final()) {
                    continue;
                }
            }
            Ok(Ok(_)) => continue,
            Ok(Err(RecvError::Closed)) => {
                return Err(Error::new(ErrorCode::ShuttingDown, "Beckon is shutting down."));
            }
            // Too many events, or none for a while.
            Ok(Err(RecvError::Lagged(_))) | Err(_) => {}
        }
        match engine.inner.store.activation(id).await? {
            Some(record) if record.summary.status.is_final() => return Ok(record),
            Some(_) => {}
            None => return Err(Error::not_found(format!("record of run {id} any more"))),
        }
    }
}

/// The function's own status where it speaks HTTP; else what its end stands for.
fn status_of(record: &Activation) -> u16 {
    let own = record.http.as_ref().and_then(|http| http.status);
    match record.summary.status {
        Status::TimedOut => 504,
        status => own.unwrap_or(if status == Status::Success { 200 } else { 500 }),
    }
}

/// What the function is called with.
fn payload(message: &Message, contract: Contract) -> Result<Payload> {
    if contract.speaks_http() {
        request(message)
    } else {
        arguments(message)
    }
}

/// A JSON object is the arguments; any other text is their `message`; bytes that are no text are it in base64, with
/// `base64: true` beside it.
fn arguments(message: &Message) -> Result<Payload> {
    let (form, document) = BodyForm::keep(&message.body);
    let text = match form {
        BodyForm::Json if document.is_object() => return Ok(Payload::Args(document)),
        BodyForm::Empty => "\"\"".to_owned(),
        BodyForm::Json => JsonText::from_value(&document.into_string().into()).into_string(),
        BodyForm::Text => document.into_string(),
        BodyForm::Base64 => {
            return JsonText::parse(format!("{{\"message\":{document},\"base64\":true}}")).map(Payload::Args);
        }
    };
    JsonText::parse(format!("{{\"message\":{text}}}")).map(Payload::Args)
}

/// A POST of the body with the message's headers, and `X-Topic` with its topic.
fn request(message: &Message) -> Result<Payload> {
    let mut request = http::Request::post("/")
        .body(message.body.clone())
        .map_err(|e| Error::internal("write a request", e))?;
    let headers = request.headers_mut();
    for (name, value) in &message.headers {
        // What HTTP has no name for, and what only a server may say.
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            continue;
        };
        if [HOST, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name) {
            continue;
        }
        if let Ok(value) = HeaderValue::from_str(value) {
            // There are so many at most.
            let _ = headers.try_append(name, value);
        }
    }
    if !headers.contains_key(CONTENT_TYPE) {
        let kind = match BodyForm::keep(&message.body).0 {
            BodyForm::Json => "application/json",
            BodyForm::Empty | BodyForm::Text => "text/plain; charset=utf-8",
            BodyForm::Base64 => "application/octet-stream",
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Ok(topic) = HeaderValue::from_bytes(message.topic.as_bytes()) {
        headers.insert("x-topic", topic);
    }
    Ok(Payload::Http(Box::new(request)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &'static [u8], headers: &[(&str, &str)]) -> Message {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Message {
            topic: "orders.new".into(),
            body: body.into(),
            headers: headers.iter().map(own).collect(),
            receipt: None,
        }
    }

    #[test]
    fn bodies_become_arguments() {
        for (body, arguments) in [
            (&b"{\"a\": 1.50}"[..], "{\"a\": 1.50}"),
            (b"[1]", "{\"message\":\"[1]\"}"),
            (b"hello \"you\"", "{\"message\":\"hello \\\"you\\\"\"}"),
            (b"", "{\"message\":\"\"}"),
            (b"\xff\x00", "{\"message\":\"/wA=\",\"base64\":true}"),
        ] {
            match payload(&message(body, &[]), Contract::Openwhisk).unwrap() {
                Payload::Args(json) => assert_eq!(json.as_str(), arguments),
                Payload::Http(_) => panic!("arguments were wanted"),
            }
        }
    }

    #[test]
    fn functions_that_speak_http_get_a_post_with_the_headers() {
        let headers = [
            ("Trace", "7"),
            ("Host", "evil"),
            ("Content-Length", "99"),
            ("X-Topic", "forged"),
            ("Bad(Name)", "x"),
        ];
        let Payload::Http(request) = payload(&message(b"{}", &headers), Contract::Spaces).unwrap() else {
            panic!("a request was wanted");
        };
        assert_eq!(
            (
                request.method().as_str(),
                request.uri().path(),
                &request.body()[..]
            ),
            ("POST", "/", &b"{}"[..])
        );
        let mut seen: Vec<_> = request
            .headers()
            .iter()
            .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
            .collect();
        seen.sort();
        assert_eq!(
            seen,
            [
                "content-type: application/json",
                "trace: 7",
                "x-topic: orders.new"
            ]
        );
    }
}
