//! What a worker says of a run, made into what the record says of it.

use beckon_core::{JsonText, Status};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::end::End;
use crate::frame::{Frame, Reply, ReplyOutcome, Violation};

/// How a run ended, from the frame that says so.
pub(crate) fn end_of(header: &Reply<'_>, frame: &Frame, limit: usize) -> Result<End, Violation> {
    if header.no_memory {
        return Ok(End::out_of_memory());
    }
    let size = header.bytes.unwrap_or(frame.body.len() as u64);
    if size > limit as u64 {
        return Ok(End::too_long(size, limit));
    }
    if let Some(status) = header.status {
        return response(status, header, frame);
    }
    let mut text = String::from_utf8(frame.body.to_vec()).map_err(|_| Violation::BadResult)?;
    if text.contains("\\ud") || text.contains("\\uD") {
        text = mend_surrogates(&text);
    }
    let result = JsonText::parse(text).map_err(|_| Violation::BadResult)?;
    let status = match header.outcome {
        ReplyOutcome::Ok => Status::Success,
        ReplyOutcome::Error => Status::ApplicationError,
        ReplyOutcome::Developer => Status::DeveloperError,
    };
    Ok(End::with(status, result))
}

/// The function's response, its body as it came. What is no status or no header does not go out.
fn response(status: u16, header: &Reply<'_>, frame: &Frame) -> Result<End, Violation> {
    let status = StatusCode::from_u16(status).map_err(|_| Violation::BadResult)?;
    let mut response = Response::new(frame.body.clone());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in &header.headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) {
            headers.append(name, value);
        }
    }
    Ok(End::response(response))
}

/// Replaces halves of surrogate pairs, which JavaScript strings may hold and JSON readers elsewhere refuse.
fn mend_surrogates(text: &str) -> String {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find('\\') {
        let at = text.len() - rest.len() + found;
        mended.push_str(&rest[..found]);
        let length = match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                mended.push_str("\\ufffd");
                rest = &text[at + 6..];
                continue;
            }
            (Some(_), _) => 6,
            // Another escape: the character after it cannot begin one.
            (None, _) => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        };
        mended.push_str(&text[at..at + length]);
        rest = &text[at + length..];
    }
    mended.push_str(rest);
    mended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_pairs_are_mended_and_nothing_else() {
        for (text, mended) in [
            (r#"{"a":"\ud83d\ude00"}"#, r#"{"a":"\ud83d\ude00"}"#),
            (r#"{"a":"\ud83d"}"#, r#"{"a":"\ufffd"}"#),
            (r#"{"a":"\ude00\ud83d x"}"#, r#"{"a":"\ufffd\ufffd x"}"#),
            (r#"{"a":"\\ud83d \n\u0041\"é"}"#, r#"{"a":"\\ud83d \n\u0041\"é"}"#),
        ] {
            assert_eq!(mend_surrogates(text), mended);
            assert!(serde_json::from_str::<serde_json::Value>(mended).is_ok());
        }
    }
}
