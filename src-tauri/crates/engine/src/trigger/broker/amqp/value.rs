//! Texts and tables (4.2.5 of the specification, as RabbitMQ has them:
//! <https://www.rabbitmq.com/docs/amqp-0-9-1-errata>).

use bytes::{Buf as _, Bytes};

/// Most headers of a message that are handed on.
const HEADERS: usize = 100;

/// A text of at most 255 bytes. Nothing that is sent is longer: see `check`.
pub(super) fn short_text(body: &mut Vec<u8>, text: &str) {
    let bytes = &text.as_bytes()[..text.len().min(usize::from(u8::MAX))];
    body.push(bytes.len() as u8);
    body.extend(bytes);
}

pub(super) fn long_text(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend((bytes.len() as u32).to_be_bytes());
    body.extend(bytes);
}

/// What a client says of itself, and that it wants to be told why it is refused, and when its queue goes.
pub(super) fn table(name: &str) -> Vec<u8> {
    let mut able = Vec::new();
    for capability in ["authentication_failure_close", "consumer_cancel_notify"] {
        short_text(&mut able, capability);
        able.extend(*b"t\x01");
    }
    let mut fields = Vec::new();
    for (field, text) in [("product", "Beckon"), ("connection_name", name)] {
        short_text(&mut fields, field);
        fields.push(b'S');
        long_text(&mut fields, text.as_bytes());
    }
    short_text(&mut fields, "capabilities");
    fields.push(b'F');
    long_text(&mut fields, &able);
    let mut table = Vec::new();
    long_text(&mut table, &fields);
    table
}

/// Reads a short text.
pub(super) fn short(rest: &mut Bytes) -> Result<Bytes, ()> {
    let length = usize::from(rest.try_get_u8().map_err(drop)?);
    take(rest, length)
}

fn long(rest: &mut Bytes) -> Result<Bytes, ()> {
    let length = rest.try_get_u32().map_err(drop)? as usize;
    take(rest, length)
}

fn take(rest: &mut Bytes, length: usize) -> Result<Bytes, ()> {
    if length > rest.len() {
        return Err(());
    }
    Ok(rest.split_to(length))
}

/// What a content header says (4.2.6.1): how many bytes follow, and the message's type and headers.
pub(super) fn content(mut rest: Bytes) -> Result<(u64, Vec<(String, String)>), ()> {
    let _class_and_weight = rest.try_get_u32().map_err(drop)?;
    let size = rest.try_get_u64().map_err(drop)?;
    let flags = rest.try_get_u16().map_err(drop)?;
    let mut headers = Vec::new();
    for (bit, name) in [(15, "Content-Type"), (14, "Content-Encoding")] {
        if flags >> bit & 1 == 1 {
            let text = short(&mut rest)?;
            headers.push((name.to_owned(), String::from_utf8_lossy(&text).into_owned()));
        }
    }
    if flags >> 13 & 1 == 1 {
        let mut fields = long(&mut rest)?;
        while !fields.is_empty() {
            let name = short(&mut fields)?;
            let text = field(&mut fields)?;
            let name = String::from_utf8_lossy(&name).into_owned();
            // The type is the property's to say.
            let known = headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(&name));
            if let Some(text) = text.filter(|_| !known && headers.len() < HEADERS) {
                headers.push((name, text));
            }
        }
    }
    Ok((size, headers))
}

/// The text of a field's value; `None` for what has none.
fn field(rest: &mut Bytes) -> Result<Option<String>, ()> {
    let kind = rest.try_get_u8().map_err(drop)?;
    let size = match kind {
        b'S' => {
            let text = long(rest)?;
            return Ok(Some(String::from_utf8_lossy(&text).into_owned()));
        }
        b'F' | b'A' | b'x' => return long(rest).map(|_| None),
        b't' | b'b' | b'B' => 1,
        b's' | b'U' | b'u' => 2,
        b'I' | b'i' | b'f' => 4,
        b'l' | b'L' | b'd' | b'T' => 8,
        b'D' => 5,
        b'V' => 0,
        _ => return Err(()),
    };
    let bytes = take(rest, size)?;
    let unsigned = bytes.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    // The sign is the highest bit of so many.
    let signed = || ((unsigned << (64 - 8 * size)) as i64) >> (64 - 8 * size);
    Ok(match kind {
        b't' => Some((unsigned != 0).to_string()),
        b'B' | b'u' | b'i' | b'T' => Some(unsigned.to_string()),
        b'b' | b's' | b'U' | b'I' | b'l' | b'L' => Some(signed().to_string()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(flags: u16, rest: &[u8]) -> Bytes {
        let mut bytes = vec![0, 60, 0, 0];
        bytes.extend(5_u64.to_be_bytes());
        bytes.extend(flags.to_be_bytes());
        bytes.extend(rest);
        bytes.into()
    }

    #[test]
    fn a_messages_type_and_headers_are_read() {
        let mut fields = Vec::new();
        for (name, value) in [
            ("Trace", &b"S\0\0\0\x01x"[..]),
            ("Content-Type", b"S\0\0\0\x01y"),
            ("count", b"I\xff\xff\xff\xff"),
            ("old", b"t\x01"),
            ("deaths", b"A\0\0\0\x02t\x01"),
            ("nothing", b"V"),
            ("big", b"l\x80\0\0\0\0\0\0\0"),
        ] {
            short_text(&mut fields, name);
            fields.extend(value);
        }
        let mut rest = Vec::new();
        short_text(&mut rest, "text/csv");
        long_text(&mut rest, &fields);
        // The delivery mode follows, which nobody asks for.
        rest.push(2);
        let (size, headers) = content(header(0b1011_0000_0000_0000, &rest)).unwrap();
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let wanted = [
            "Content-Type: text/csv",
            "Trace: x",
            "count: -1",
            "old: true",
            "big: -9223372036854775808",
        ];
        assert_eq!((size, headers), (5, wanted.map(str::to_owned).to_vec()));
        for bad in [&b"\x09a"[..], b"\0\0\0\x09", b"\0\0\0\x03\x01a?", b""] {
            assert!(content(header(0x2000, bad)).is_err(), "{bad:?}");
        }
    }
}
