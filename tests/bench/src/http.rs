//! As little of HTTP/1.1 as a measurement needs: where a message ends, and what its status is.

use anyhow::{Context as _, Result, bail};

/// A message that has arrived whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Where its body begins.
    pub(crate) body: usize,
    /// Where it ends.
    pub(crate) end: usize,
    /// Whether the sender closes the connection after it.
    pub(crate) closes: bool,
}

/// Finds the end of the message at the start of `bytes`; `None` when more has to arrive.
///
/// A reply has a length or is chunked; one that ends with the connection is an error, because then there is nothing to
/// measure but connecting.
pub(crate) fn complete(bytes: &[u8]) -> Result<Option<Message>> {
    let Some(head) = find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    let body = head + 4;
    let (mut length, mut chunked, mut closes) = (None, false, false);
    for line in bytes[..head].split(|b| *b == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            continue;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            length = Some(std::str::from_utf8(value)?.parse::<usize>()?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            chunked = value.eq_ignore_ascii_case(b"chunked");
        } else if name.eq_ignore_ascii_case(b"connection") {
            closes = value.eq_ignore_ascii_case(b"close");
        }
    }
    let end = match length {
        Some(length) => Some(body + length).filter(|end| *end <= bytes.len()),
        None if chunked => end_of_chunks(bytes, body)?,
        None => bail!("a message without a length"),
    };
    Ok(end.map(|end| Message { body, end, closes }))
}

/// The status of a reply.
pub(crate) fn status(bytes: &[u8]) -> Result<u16> {
    let digits = bytes.get(9..12).context("a reply without a status")?;
    Ok(std::str::from_utf8(digits)?.parse()?)
}

fn end_of_chunks(bytes: &[u8], mut at: usize) -> Result<Option<usize>> {
    loop {
        let Some(line) = find(&bytes[at..], b"\r\n") else {
            return Ok(None);
        };
        let size = std::str::from_utf8(&bytes[at..at + line])?;
        let size = size.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16).context("not a chunk's size")?;
        at += line + 2 + size + 2;
        if at > bytes.len() {
            return Ok(None);
        }
        if size == 0 {
            return Ok(Some(at));
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|w| w == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> Option<usize> {
        complete(text.as_bytes()).unwrap().map(|m| m.end)
    }

    #[test]
    fn a_message_ends_where_its_length_says() {
        let reply = "HTTP/1.1 200 OK\r\ncontent-LENGTH: 2\r\n\r\n";
        assert_eq!(end(reply), None);
        assert_eq!(end(&format!("{reply}o")), None);
        assert_eq!(end(&format!("{reply}okHTTP")), Some(reply.len() + 2));
        assert_eq!(end("HTTP/1.1 200 OK\r\nContent-Le"), None);
        assert!(complete(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn a_chunked_message_ends_with_its_empty_chunk_and_not_before() {
        let reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n";
        assert_eq!(end(reply), None);
        assert_eq!(end(&format!("{reply}0\r\n\r\nX")), Some(reply.len() + 5));
    }

    #[test]
    fn a_reply_says_that_it_is_the_last_one() {
        let reply = b"HTTP/1.1 502 Bad\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        assert!(complete(reply).unwrap().unwrap().closes);
        assert_eq!(status(reply).unwrap(), 502);
    }
}
