//! OpenWhisk's ActionLoop: executables that read a line of JSON for every run and write one on descriptor 3.
//!
//! Protocol (openwhisk-runtime-go, `docs/ACTION.md` and `openwhisk/executor.go`): the line on standard input is
//! `{"value": <arguments>, "activation_id": …, …}`, whose other keys programs put into their environment in upper case
//! after `__OW_`; the answer is one line with a JSON object or array. Standard output and error are the log. A program
//! whose environment has `__OW_WAIT_FOR_ACK` says `{"ok":true}` on descriptor 3 when it is ready; OpenWhisk's proxy
//! sets it where its own has `OW_WAIT_FOR_ACK`, and so does Beckon where the function's has.
//!
//! A translator stands between the frames that a [`crate::link::Link`] speaks and the lines, so that logs, deadlines
//! and the end of such a process are those of every other worker.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use beckon_core::JsonText;
use bytes::BytesMut;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;

use crate::code::Deployment;
use crate::executable;
use crate::frame::{self, Kind};

/// The variable of a function's environment that makes the engine wait for an acknowledgement.
pub(crate) const WAIT: &str = "OW_WAIT_FOR_ACK";
/// What the program is told then.
pub(crate) const TOLD: &str = "__OW_WAIT_FOR_ACK";
/// How long a program that acknowledges nothing is watched for ending at once; OpenWhisk's proxy waits as long.
const EARLY: Duration = Duration::from_millis(5);
/// Longest acknowledgement.
const ACK_LIMIT: usize = 4096;
/// OpenWhisk's sentence for an answer that is neither.
const NO_OBJECT: &str = "The action did not return a dictionary or array.";

/// The translator's ends.
pub(crate) struct Ends {
    /// Frames from the engine.
    pub(crate) from: pipe::Receiver,
    /// Frames to the engine.
    pub(crate) to: pipe::Sender,
    pub(crate) stdin: pipe::Sender,
    /// Descriptor 3.
    pub(crate) results: pipe::Receiver,
}

/// Header of [`Kind::Init`], as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Init {
    result_limit: usize,
}

/// Header of [`Kind::Run`], as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    id: &'a str,
    transaction: std::borrow::Cow<'a, str>,
    deadline: i64,
    #[serde(default)]
    api_host: Option<std::borrow::Cow<'a, str>>,
}

/// A line for the program: the body of OpenWhisk's `POST /run`.
#[derive(Serialize)]
struct Line<'a> {
    value: &'a RawValue,
    namespace: &'a str,
    action_name: &'a str,
    action_version: &'a str,
    api_host: &'a str,
    activation_id: &'a str,
    transaction_id: &'a str,
    /// Text, as OpenWhisk's invoker sends it: programs put it into their environment as it is.
    deadline: String,
}

/// What came on descriptor 3.
struct Answer {
    /// The line, or its beginning.
    text: Vec<u8>,
    /// Its whole length.
    length: usize,
}

/// Translates for a program that says when it is ready (`waits`), or does not, until one side closes its end, or breaks the protocol; then all ends are closed.
pub(crate) async fn translate(deployment: Arc<Deployment>, waits: bool, ends: Ends) {
    if let Err(e) = serve(&deployment, waits, ends).await {
        tracing::debug!(error = %e, function = %deployment.function.key, "an action loop ended");
    }
}

async fn serve(deployment: &Deployment, waits: bool, ends: Ends) -> io::Result<()> {
    let Ends {
        mut from,
        mut to,
        mut stdin,
        results,
    } = ends;
    let mut results = BufReader::new(results);
    let mut buffer = BytesMut::new();
    let mut limit = 0;
    loop {
        let Some(frame) = frame::decode(&mut buffer, u32::MAX as usize).map_err(io::Error::other)? else {
            if from.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            continue;
        };
        match frame.kind {
            Kind::Init => {
                limit = frame.header::<Init>().map_err(io::Error::other)?.result_limit;
                match begin(&mut results, waits).await? {
                    Ok(()) => send(&mut to, Kind::Ready, &json!({}), b"").await?,
                    Err(message) => {
                        send(&mut to, Kind::Error, &json!({ "message": message }), b"").await?;
                    }
                }
            }
            Kind::Run => {
                let run: Run<'_> = frame.header().map_err(io::Error::other)?;
                // What nobody asked for would be taken for this run's answer, and so on for ever.
                if !results.buffer().is_empty() || has_more(results.get_ref()) {
                    let text = "The action wrote more than one line on descriptor 3 in a run.";
                    let header = json!({"id": run.id, "outcome": "developer", "stop": true});
                    send(&mut to, Kind::Result, &header, error(text).as_bytes()).await?;
                    continue;
                }
                let line = line_of(deployment, &run, &frame.body)?;
                stdin.write_all(line.as_bytes()).await?;
                let Some(answer) = read_line(&mut results, limit).await? else {
                    return Ok(());
                };
                let (header, body) = judge(run.id, answer, limit);
                send(&mut to, Kind::Result, &header, &body).await?;
            }
            _ => return Err(io::Error::other("a frame that no worker gets")),
        }
    }
}

/// Whether a program with this environment says when it is ready.
pub(crate) fn acknowledges(env: &[(String, String)]) -> bool {
    let told = env.iter().rfind(|(name, _)| name == WAIT);
    told.is_some_and(|(_, value)| !value.is_empty())
}

/// Waits until the program is ready; what it says against it is for the caller.
async fn begin(results: &mut BufReader<pipe::Receiver>, waits: bool) -> io::Result<Result<(), &'static str>> {
    if !waits {
        return match tokio::time::timeout(EARLY, results.fill_buf()).await {
            Ok(Ok([])) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(Err(e)) => Err(e),
            Ok(Ok(_)) | Err(_) => Ok(Ok(())),
        };
    }
    let Some(answer) = read_line(results, ACK_LIMIT).await? else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    #[derive(Deserialize)]
    struct Ack {
        ok: bool,
    }
    let ack = serde_json::from_slice::<Ack>(&answer.text);
    Ok(if ack.is_ok_and(|ack| ack.ok) {
        Ok(())
    } else {
        Err("The action did not initialize properly.")
    })
}

fn has_more(results: &pipe::Receiver) -> bool {
    rustix::io::ioctl_fionread(results).is_ok_and(|count| count > 0)
}

fn line_of(deployment: &Deployment, run: &Run<'_>, body: &[u8]) -> io::Result<String> {
    let function = &deployment.function;
    let given = JsonText::parse(String::from_utf8_lossy(body).into_owned());
    let value = given.and_then(|given| executable::arguments(&function.parameters, &given));
    let value = RawValue::from_string(value.map_err(io::Error::other)?)?;
    let line = Line {
        value: &value,
        namespace: function.key.namespace.as_str(),
        action_name: &function.key.to_string(),
        action_version: &deployment.version,
        api_host: run.api_host.as_deref().unwrap_or_default(),
        activation_id: run.id,
        transaction_id: &run.transaction,
        deadline: run.deadline.to_string(),
    };
    let mut text = serde_json::to_string(&line)?;
    text.push('\n');
    Ok(text)
}

/// The next line without its end, of which at most `most` bytes are kept; `None` when the program closed its end.
async fn read_line(results: &mut BufReader<pipe::Receiver>, most: usize) -> io::Result<Option<Answer>> {
    let mut answer = Answer {
        text: Vec::new(),
        length: 0,
    };
    loop {
        let chunk = results.fill_buf().await?;
        if chunk.is_empty() {
            return Ok(None);
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let room = most.saturating_sub(answer.text.len());
        answer.text.extend_from_slice(&part[..part.len().min(room)]);
        answer.length += part.len();
        let used = part.len() + usize::from(end.is_some());
        results.consume(used);
        if end.is_some() {
            return Ok(Some(answer));
        }
    }
}

/// The header and the body of the frame that tells how a run ended.
fn judge(id: &str, answer: Answer, limit: usize) -> (serde_json::Value, Vec<u8>) {
    if answer.length > limit {
        let header = json!({"id": id, "outcome": "ok", "bytes": answer.length});
        return (header, Vec::new());
    }
    let text = String::from_utf8(answer.text).ok();
    let json = text.and_then(|text| JsonText::parse(text.trim().to_owned()).ok());
    let Some(json) = json.filter(|json| json.as_str().starts_with(['{', '['])) else {
        let header = json!({"id": id, "outcome": "developer"});
        return (header, error(NO_OBJECT).into_bytes());
    };
    let (outcome, json) = match executable::error_of(&json) {
        Some(error) => ("error", error),
        None => ("ok", json),
    };
    (
        json!({"id": id, "outcome": outcome}),
        json.into_string().into_bytes(),
    )
}

fn error(text: &str) -> String {
    json!({ "error": text }).to_string()
}

async fn send(to: &mut pipe::Sender, kind: Kind, header: &serde_json::Value, body: &[u8]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(64 + body.len());
    frame::encode_head(kind, header, body.len(), &mut bytes)?;
    bytes.extend_from_slice(body);
    to.write_all(&bytes).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str, limit: usize) -> (String, String) {
        let answer = Answer {
            text: text.as_bytes()[..text.len().min(limit)].to_vec(),
            length: text.len(),
        };
        let (header, body) = judge("x", answer, limit);
        let outcome = header["outcome"].as_str().unwrap().to_owned();
        let bytes = header["bytes"].as_u64();
        let body = String::from_utf8(body).unwrap();
        (bytes.map_or(outcome, |bytes| bytes.to_string()), body)
    }

    #[test]
    fn answers_are_judged_as_openwhisk_does() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(judged(r#" {"a":1.50} "#, 99), pair("ok", r#"{"a":1.50}"#));
        assert_eq!(judged("[1]", 99), pair("ok", "[1]"));
        assert_eq!(
            judged(r#"{"error":"no","a":1}"#, 99),
            pair("error", r#"{"error":"no"}"#)
        );
        for wrong in ["", "hello", "1", "{\"a\":"] {
            assert_eq!(judged(wrong, 99), pair("developer", &error(NO_OBJECT)), "{wrong}");
        }
        assert_eq!(judged("{\"a\":\"long\"}", 5), pair("12", ""));
    }
}
