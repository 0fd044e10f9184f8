//! The language between the engine and its workers: length-prefixed frames on two pipes.
//!
//! ```text
//! u32 length of what follows · u8 type · u32 length of the header · header (JSON) · body (raw bytes)
//! ```
//!
//! All integers are little-endian. Bodies (arguments, results, log bytes) pass through unparsed; every frame of a run
//! carries the run's id, so that several runs can share a worker. A worker reads frames on descriptor 3, which the
//! engine closes to end it, and writes frames on descriptor 4, which blocks, so that a flood slows its writer down.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Worker: the interpreter is up.
    Hello,
    /// Worker: the function is loaded.
    Ready,
    /// Engine: load this function. Header [`Init`], body the default parameters.
    Init,
    /// Engine: call it. Header [`Run`], body the arguments.
    Run,
    /// Worker: the call returned. Header [`Reply`], body the result.
    Result,
    /// Worker: something was written. Header [`Log`], body the bytes.
    Log,
    /// Worker: the function could not be loaded. Header [`Failure`].
    Error,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Hello,
            2 => Self::Ready,
            3 => Self::Init,
            4 => Self::Run,
            5 => Self::Result,
            6 => Self::Log,
            7 => Self::Error,
            _ => return None,
        })
    }

    fn byte(self) -> u8 {
        match self {
            Self::Hello => 1,
            Self::Ready => 2,
            Self::Init => 3,
            Self::Run => 4,
            Self::Result => 5,
            Self::Log => 6,
            Self::Error => 7,
        }
    }
}

/// Header of [`Kind::Init`]. Not `Debug`: the environment has secrets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Init<'a> {
    /// The folder with the code.
    pub(crate) code: &'a str,
    /// Whether it was a package (zip) and not one source file.
    pub(crate) folder: bool,
    /// How the handler is called.
    pub(crate) contract: beckon_core::Contract,
    /// The entry point.
    pub(crate) main: &'a str,
    /// The working directory.
    pub(crate) scratch: &'a str,
    /// `/namespace/package/name`.
    pub(crate) function_name: &'a str,
    /// `0.0.1`.
    pub(crate) function_version: &'a str,
    /// The namespace alone.
    pub(crate) namespace: &'a str,
    /// The memory limit in MB.
    pub(crate) memory_mb: u32,
    /// Most runs that it will have at a time.
    pub(crate) runs: u32,
    /// Most bytes of a result that are worth sending.
    pub(crate) result_limit: usize,
    /// How often it may write a run's variables into its environment, before it is not to be used again.
    pub(crate) environments: u32,
    /// All of the environment, for an interpreter that was started without the function's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) env: Option<&'a [(String, String)]>,
    /// The run that the worker is started for.
    pub(crate) run: Run<'a>,
}

/// Header of [`Kind::Run`].
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run<'a> {
    /// The activation.
    pub(crate) id: &'a str,
    /// The transaction id of the request.
    pub(crate) transaction: &'a str,
    /// When the run will be killed, ms since the epoch.
    pub(crate) deadline: i64,
    /// The gateway's base URL, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) api_host: Option<&'a str>,
    /// The namespace that calls, where that is not the function's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<&'a str>,
    /// Log bytes worth sending.
    pub(crate) logs: usize,
    /// The request, for contracts that take one; its body is the frame's.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<Http<'a>>,
}

/// A request but for its body.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Http<'a> {
    pub(crate) method: &'a str,
    /// Percent-encoded as it came.
    pub(crate) path: &'a str,
    /// Without `?`.
    pub(crate) query: &'a str,
    /// Names in lower case, repeated ones as often as they came.
    pub(crate) headers: &'a [(String, String)],
}

/// Header of [`Kind::Result`].
#[derive(Debug, Deserialize)]
pub(crate) struct Reply<'a> {
    /// The activation.
    pub(crate) id: &'a str,
    /// How it ended, from the shim's point of view.
    pub(crate) outcome: ReplyOutcome,
    /// The size of a result too large to be sent.
    pub(crate) bytes: Option<u64>,
    /// The response's status, from contracts that give one; the frame's body is the response's then.
    pub(crate) status: Option<u16>,
    /// The response's headers.
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    /// Whether the worker is not to be used again.
    #[serde(default)]
    pub(crate) stop: bool,
    /// Whether the run ended because it got no memory.
    #[serde(default, rename = "noMemory")]
    pub(crate) no_memory: bool,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReplyOutcome {
    /// With a result.
    Ok,
    /// With an error of the function's own.
    Error,
    /// The contract was broken.
    Developer,
}

/// Header of [`Kind::Log`].
#[derive(Debug, Deserialize)]
pub(crate) struct Log<'a> {
    /// The activation.
    pub(crate) id: &'a str,
    /// Where it was written.
    pub(crate) stream: beckon_core::LogStream,
}

/// Header of [`Kind::Error`].
#[derive(Debug, Deserialize)]
pub(crate) struct Failure {
    /// What the caller is told.
    pub(crate) message: String,
}

/// One frame as received.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) header: Bytes,
    pub(crate) body: Bytes,
}

/// Bytes that are no frame: the worker is not to be trusted any more.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    #[error("a frame of {0} bytes")]
    TooLong(usize),
    #[error("a frame of unknown type {0}")]
    UnknownType(u8),
    #[error("a frame whose lengths contradict each other")]
    BadLengths,
    #[error("a header that cannot be read ({0})")]
    BadHeader(String),
    #[error("a frame out of turn")]
    OutOfTurn,
    #[error("a result that is not JSON")]
    BadResult,
}

/// Appends everything of a frame but its body, which the caller sends after it.
pub(crate) fn encode_head(
    kind: Kind,
    header: &impl Serialize,
    body_len: usize,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    let start = out.len();
    out.extend_from_slice(&[0; 9]);
    serde_json::to_writer(&mut *out, header)?;
    let header_len = out.len() - start - 9;
    let mut fixed = &mut out[start..start + 9];
    fixed.put_u32_le((5 + header_len + body_len) as u32);
    fixed.put_u8(kind.byte());
    fixed.put_u32_le(header_len as u32);
    Ok(())
}

/// Takes one whole frame off the front of `buffer`, if there is one; reserves room for the rest of it otherwise.
pub(crate) fn decode(buffer: &mut BytesMut, max: usize) -> Result<Option<Frame>, Violation> {
    if buffer.len() < 4 {
        return Ok(None);
    }
    let length = (&buffer[..4]).get_u32_le() as usize;
    if length > max {
        return Err(Violation::TooLong(length));
    }
    if length < 5 {
        return Err(Violation::BadLengths);
    }
    if buffer.len() < 4 + length {
        buffer.reserve(4 + length - buffer.len());
        return Ok(None);
    }
    let mut frame = buffer.split_to(4 + length).freeze();
    frame.advance(4);
    let byte = frame.get_u8();
    let kind = Kind::from_byte(byte).ok_or(Violation::UnknownType(byte))?;
    let header_len = frame.get_u32_le() as usize;
    if header_len > frame.len() {
        return Err(Violation::BadLengths);
    }
    let header = frame.split_to(header_len);
    Ok(Some(Frame {
        kind,
        header,
        body: frame,
    }))
}

impl Frame {
    /// The header as `T`.
    pub(crate) fn header<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Violation> {
        serde_json::from_slice(&self.header).map_err(|e| Violation::BadHeader(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: Kind, header: &serde_json::Value, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        encode_head(kind, header, body.len(), &mut out).unwrap();
        out.extend_from_slice(body);
        out
    }

    #[test]
    fn a_frame_survives_whatever_way_it_is_cut() {
        let bytes = [
            frame(
                Kind::Log,
                &serde_json::json!({"id": "a", "stream": "stderr"}),
                b"\xff\0line",
            ),
            frame(
                Kind::Result,
                &serde_json::json!({"id": "a", "outcome": "ok"}),
                b"{}",
            ),
        ]
        .concat();
        for cut in 0..bytes.len() {
            let mut buffer = BytesMut::from(&bytes[..cut]);
            let mut frames = Vec::new();
            while let Some(frame) = decode(&mut buffer, 1 << 20).unwrap() {
                frames.push(frame);
            }
            buffer.extend_from_slice(&bytes[cut..]);
            while let Some(frame) = decode(&mut buffer, 1 << 20).unwrap() {
                frames.push(frame);
            }
            assert_eq!(frames.len(), 2, "cut at {cut}");
            assert_eq!(frames[0].kind, Kind::Log);
            assert_eq!(&frames[0].body[..], b"\xff\0line");
            let log: Log<'_> = frames[0].header().unwrap();
            assert_eq!((log.id, log.stream), ("a", beckon_core::LogStream::Stderr));
            let reply: Reply<'_> = frames[1].header().unwrap();
            assert_eq!(
                (reply.outcome, reply.stop, reply.bytes),
                (ReplyOutcome::Ok, false, None)
            );
        }
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let huge = BytesMut::from(&u32::MAX.to_le_bytes()[..]);
        assert_eq!(
            decode(&mut huge.clone(), 1000).unwrap_err(),
            Violation::TooLong(u32::MAX as usize)
        );
        let mut short = BytesMut::from(&[1, 0, 0, 0, 9][..]);
        assert_eq!(decode(&mut short, 1000).unwrap_err(), Violation::BadLengths);
        let mut unknown = BytesMut::from(&[5, 0, 0, 0, 99, 0, 0, 0, 0][..]);
        assert_eq!(
            decode(&mut unknown, 1000).unwrap_err(),
            Violation::UnknownType(99)
        );
        let mut lying = BytesMut::from(&[5, 0, 0, 0, 6, 200, 0, 0, 0][..]);
        assert_eq!(decode(&mut lying, 1000).unwrap_err(), Violation::BadLengths);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = decode(&mut buffer, 1 << 16) {}
        }
    }
}
