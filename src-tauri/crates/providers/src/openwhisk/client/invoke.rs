use std::time::{Duration, Instant};

use beckon_core::{ActivationId, Error, ErrorCode, FunctionKey, JsonText, Mode, Result};
use serde::Deserialize;

use super::{action_path, read};
use crate::openwhisk::{ACTIVATION_HEADER, wire};
use crate::transport::{Http, Reply};
use crate::{RemoteOutcome, RemoteRecord};

/// A blocking call: upstream waits up to 60 s before it answers 202.
const BLOCKING_TIMEOUT: Duration = Duration::from_secs(70);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    activation_id: String,
}

/// Calls a function. With `blocking=true` OpenWhisk answers 200 (success), 502 (the function's fault) or 500 (the
/// platform's) with the record, and 202 with the id when it stopped waiting. A 5xx *without* a record is not about
/// the function: a proxy or the platform failed.
pub(super) async fn invoke(
    http: &Http,
    key: &FunctionKey,
    input: &JsonText,
    mode: Mode,
) -> Result<RemoteOutcome> {
    let blocking = mode != Mode::NonBlocking;
    let path = format!("{}?blocking={blocking}", action_path(key));
    let begin = Instant::now();
    let reply = http
        .post(&path, input.as_str().to_owned(), BLOCKING_TIMEOUT)
        .await?;
    let round_trip_ms = begin.elapsed().as_secs_f64() * 1000.0;
    match reply.status.as_u16() {
        202 => accepted(&reply),
        200 | 500 | 502 => match reply.json::<wire::ReceivedActivation>() {
            Ok(record) => {
                let activation = read::activation(&record, &key.namespace, Mode::Blocking)?;
                Ok(RemoteOutcome::Finished(Box::new(RemoteRecord {
                    activation,
                    round_trip_ms,
                })))
            }
            // The header proves that the function ran, although its record is not in the reply: upstream answers a
            // function that returns an array with the bare array.
            Err(error) => match header_id(&reply) {
                Some(id) => Ok(RemoteOutcome::Accepted(id)),
                None => Err(if reply.status.is_success() {
                    error
                } else {
                    reply.error()
                }),
            },
        },
        _ => Err(reply.ok().err().unwrap_or_else(|| {
            Error::new(
                ErrorCode::BadReply,
                "The provider's answer to the call is unknown.",
            )
        })),
    }
}

fn accepted(reply: &Reply) -> Result<RemoteOutcome> {
    let id = match header_id(reply) {
        Some(id) => id,
        None => reply
            .json::<Accepted>()?
            .activation_id
            .parse()
            .map_err(|error: Error| {
                Error::new(
                    ErrorCode::BadReply,
                    "The provider accepted the call with an activation id that is none.",
                )
                .with_details(error.message)
            })?,
    };
    Ok(RemoteOutcome::Accepted(id))
}

fn header_id(reply: &Reply) -> Option<ActivationId> {
    reply.header(ACTIVATION_HEADER)?.parse().ok()
}
