//! A message, from its arrival until its function has dealt with it.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use beckon_core::{
    Activation, ActivationId, BodyForm, Cause, Contract, Error, ErrorCode, Event, JsonText, Result, Status,
};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::trigger::Live;
use crate::{Engine, Invocation, Payload};

/// Calls for one message, at most (Scaleway's rule).
const TRIES: u32 = 3;
/// How long until the second call; the third waits twice that.
const PAUSE: Duration = Duration::from_secs(1);
/// How long to believe that nothing was missed of a run's end.
const LOOK: Duration = Duration::from_secs(2);

/// Calls the function until it answers with a status below 300, at most three times, and counts what came of it.
pub(super) async fn deliver(engine: &Engine, live: &Arc<Live>, message: Message, stop: &CancellationToken) {
    let outcome = tries(engine, live, &message, stop).await;
    live.record.count(|counts| {
        counts.in_flight = counts.in_flight.saturating_sub(1);
        match &outcome {
            Ok(()) => counts.succeeded += 1,
            Err(_) => counts.failed += 1,
        }
    });
    if let Err(why) = outcome {
        let text = format!("A message on {} was given up: {why}", message.subject);
        live.record.blame(engine, text);
    }
}

async fn tries(
    engine: &Engine,
    live: &Live,
    message: &Message,
    stop: &CancellationToken,
) -> Result<(), String> {
    let mut first = None;
    let mut why = String::new();
    // A function that has retries of its own makes them; three times those would be three dead letters a message.
    let function = engine.inner.store.function(&live.definition.function).await;
    let retries = matches!(function, Ok(Some(function)) if function.settings.retry.attempts > 1);
    for number in 1..=if retries { 1 } else { TRIES } {
        if number > 1 {
            live.record.count(|counts| counts.retried += 1);
            tokio::select! {
                () = stop.cancelled() => return Err("Beckon is shutting down.".to_owned()),
                () = tokio::time::sleep(PAUSE * (number - 1)) => {}
            }
        }
        let id = ActivationId::new();
        match once(engine, live, message, id, first, stop).await {
            Ok(record) => {
                first.get_or_insert(id);
                let status = status_of(&record);
                if status < 300 {
                    return Ok(());
                }
                why = format!("run {id} ended with {status}.");
                if record.summary.status == Status::Cancelled {
                    return Err(why);
                }
            }
            Err(error) if error.retryable && error.code != ErrorCode::ShuttingDown => why = error.message,
            Err(error) => return Err(error.message),
        }
    }
    Err(why)
}

/// Accepts a run (it is on disk from then on) and waits for its end.
async fn once(
    engine: &Engine,
    live: &Live,
    message: &Message,
    id: ActivationId,
    rerun_of: Option<ActivationId>,
    stop: &CancellationToken,
) -> Result<Activation> {
    let key = &live.definition.function;
    let function = engine.inner.store.function(key).await?;
    let contract = function.map_or(Contract::Openwhisk, |function| function.contract);
    let mut events = engine.inner.store.events();
    engine
        .accept(Invocation {
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
        .await?;
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
    let (form, document) = BodyForm::keep(&message.payload);
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

/// A POST of the body with the message's headers, and `X-Topic` with its subject.
fn request(message: &Message) -> Result<Payload> {
    let mut request = http::Request::post("/")
        .body(message.payload.clone())
        .map_err(|e| Error::internal("write a request", e))?;
    let headers = request.headers_mut();
    for (name, values) in message.headers.iter().flat_map(async_nats::HeaderMap::iter) {
        let name: &str = name.as_ref();
        // What HTTP has no name for, and what only a server may say.
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            continue;
        };
        if [HOST, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name) {
            continue;
        }
        for value in values {
            if let Ok(value) = HeaderValue::from_str(value.as_str()) {
                headers.append(name.clone(), value);
            }
        }
    }
    if !headers.contains_key(CONTENT_TYPE) {
        let kind = match BodyForm::keep(&message.payload).0 {
            BodyForm::Json => "application/json",
            BodyForm::Empty | BodyForm::Text => "text/plain; charset=utf-8",
            BodyForm::Base64 => "application/octet-stream",
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Ok(topic) = HeaderValue::from_str(message.subject.as_str()) {
        headers.insert("x-topic", topic);
    }
    Ok(Payload::Http(Box::new(request)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &'static [u8], headers: &[(&str, &str)]) -> Message {
        let mut map = async_nats::HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, *value);
        }
        Message {
            subject: "orders.new".into(),
            reply: None,
            payload: body.into(),
            headers: (!headers.is_empty()).then_some(map),
            status: None,
            description: None,
            length: body.len(),
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
