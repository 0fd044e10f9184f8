//! Frames (2.3 of the specification) and the few methods that a consumer needs.

use bytes::{Buf as _, Bytes, BytesMut};

use super::value;

/// Most bytes of a frame, all of it: what RabbitMQ proposes.
pub(super) const LARGEST: u32 = 131_072;
const END: u8 = 0xce;
/// Kind, channel and size before the payload; the end after it.
const AROUND: usize = 8;

pub(super) const HEARTBEAT: [u8; 8] = [8, 0, 0, 0, 0, 0, 0, END];

pub(super) const START: (u16, u16) = (10, 10);
pub(super) const START_OK: (u16, u16) = (10, 11);
pub(super) const TUNE: (u16, u16) = (10, 30);
pub(super) const TUNE_OK: (u16, u16) = (10, 31);
pub(super) const OPEN: (u16, u16) = (10, 40);
pub(super) const OPEN_OK: (u16, u16) = (10, 41);
pub(super) const CLOSE: (u16, u16) = (10, 50);
pub(super) const CLOSE_OK: (u16, u16) = (10, 51);
pub(super) const CHANNEL_OPEN: (u16, u16) = (20, 10);
pub(super) const CHANNEL_OPEN_OK: (u16, u16) = (20, 11);
pub(super) const CHANNEL_CLOSE: (u16, u16) = (20, 40);
pub(super) const CHANNEL_CLOSE_OK: (u16, u16) = (20, 41);
pub(super) const DECLARE: (u16, u16) = (50, 10);
pub(super) const DECLARE_OK: (u16, u16) = (50, 11);
pub(super) const BIND: (u16, u16) = (50, 20);
pub(super) const BIND_OK: (u16, u16) = (50, 21);
pub(super) const UNBIND: (u16, u16) = (50, 50);
pub(super) const UNBIND_OK: (u16, u16) = (50, 51);
pub(super) const QOS: (u16, u16) = (60, 10);
pub(super) const QOS_OK: (u16, u16) = (60, 11);
pub(super) const CONSUME: (u16, u16) = (60, 20);
pub(super) const CONSUME_OK: (u16, u16) = (60, 21);
pub(super) const CANCEL: (u16, u16) = (60, 30);
pub(super) const DELIVER: (u16, u16) = (60, 60);
const ACK: (u16, u16) = (60, 80);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::trigger) enum Kind {
    Method,
    Header,
    Body,
    Heartbeat,
}

#[derive(Debug, PartialEq, Eq)]
pub(in crate::trigger) struct Frame {
    pub(super) kind: Kind,
    pub(super) channel: u16,
    pub(super) payload: Bytes,
}

/// Takes the next whole frame; `None`: more bytes are needed. `Err`: they are no AMQP.
pub(super) fn next(buffer: &mut BytesMut) -> Result<Option<Frame>, ()> {
    let Some(&[kind, high, low, a, b, c, d]) = buffer.first_chunk::<7>() else {
        return Ok(None);
    };
    let size = u32::from_be_bytes([a, b, c, d]);
    if size > LARGEST {
        return Err(());
    }
    let kind = match kind {
        1 => Kind::Method,
        2 => Kind::Header,
        3 => Kind::Body,
        8 => Kind::Heartbeat,
        _ => return Err(()),
    };
    let whole = size as usize + AROUND;
    if buffer.len() < whole {
        buffer.reserve(whole - buffer.len());
        return Ok(None);
    }
    let mut frame = buffer.split_to(whole).freeze();
    if frame[whole - 1] != END {
        return Err(());
    }
    frame.advance(7);
    frame.truncate(size as usize);
    Ok(Some(Frame {
        kind,
        channel: u16::from_be_bytes([high, low]),
        payload: frame,
    }))
}

fn frame(kind: u8, channel: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(channel.to_be_bytes());
    bytes.extend((payload.len() as u32).to_be_bytes());
    bytes.extend(payload);
    bytes.push(END);
    bytes
}

/// A method to send: its class and its number, and what it says.
pub(super) fn method(channel: u16, (class, number): (u16, u16), body: &[u8]) -> Vec<u8> {
    let mut payload = class.to_be_bytes().to_vec();
    payload.extend(number.to_be_bytes());
    payload.extend(body);
    frame(1, channel, &payload)
}

/// `basic.ack` of one message.
pub(super) fn acknowledge(channel: u16, number: u64) -> Vec<u8> {
    let mut body = number.to_be_bytes().to_vec();
    body.push(0);
    method(channel, ACK, &body)
}

/// `connection.close`, all being well.
pub(super) fn close() -> Vec<u8> {
    let mut body = 200_u16.to_be_bytes().to_vec();
    value::short_text(&mut body, "bye");
    body.extend([0, 0, 0, 0]);
    method(0, CLOSE, &body)
}

/// A method that came.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) name: (u16, u16),
    rest: Bytes,
}

impl Method {
    pub(super) fn of(mut payload: Bytes) -> Result<Self, ()> {
        let class = payload.try_get_u16().map_err(drop)?;
        let number = payload.try_get_u16().map_err(drop)?;
        Ok(Self {
            name: (class, number),
            rest: payload,
        })
    }

    /// `connection.tune`: most channels, and most bytes of a frame.
    pub(super) fn tuned(&mut self) -> Result<(u16, u32), ()> {
        let channels = self.rest.try_get_u16().map_err(drop)?;
        let largest = self.rest.try_get_u32().map_err(drop)?;
        Ok((channels, largest))
    }

    /// The code of a `connection.close` or `channel.close`.
    pub(super) fn code(&self) -> Option<u16> {
        self.rest.first_chunk().map(|code| u16::from_be_bytes(*code))
    }

    /// `connection.close`, `channel.close`: a code, and why.
    pub(super) fn closed(&mut self) -> Result<(u16, String), ()> {
        let code = self.rest.try_get_u16().map_err(drop)?;
        let text = value::short(&mut self.rest)?;
        Ok((code, String::from_utf8_lossy(&text).into_owned()))
    }

    /// `queue.declare-ok`: the queue's name.
    pub(super) fn declared(&mut self) -> Result<String, ()> {
        let name = value::short(&mut self.rest)?;
        String::from_utf8(name.to_vec()).map_err(drop)
    }

    /// `basic.deliver`: the message's number, and its routing key.
    pub(super) fn delivered(&mut self) -> Result<(u64, String), ()> {
        let _consumer = value::short(&mut self.rest)?;
        let number = self.rest.try_get_u64().map_err(drop)?;
        let _again = self.rest.try_get_u8().map_err(drop)?;
        let _exchange = value::short(&mut self.rest)?;
        let key = value::short(&mut self.rest)?;
        Ok((number, String::from_utf8_lossy(&key).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_however_they_arrive() {
        let bytes = [method(1, DELIVER, b"x"), HEARTBEAT.to_vec(), frame(3, 1, b"body")].concat();
        for step in [1, 3, bytes.len()] {
            let (mut buffer, mut kinds) = (BytesMut::new(), Vec::new());
            for piece in bytes.chunks(step) {
                buffer.extend_from_slice(piece);
                while let Some(frame) = next(&mut buffer).unwrap() {
                    kinds.push((frame.kind, frame.channel, frame.payload.len()));
                }
            }
            assert_eq!(
                kinds,
                [(Kind::Method, 1, 5), (Kind::Heartbeat, 0, 0), (Kind::Body, 1, 4)]
            );
        }
    }

    #[test]
    fn what_is_no_amqp_is_refused() {
        for bad in [
            &b"HTTP/1.1 400 Bad Request"[..],
            &[1, 0, 0, 0xff, 0xff, 0xff, 0xff],
            &[8, 0, 0, 0, 0, 0, 0, 0],
            &[4, 0, 0, 0, 0, 0, 0, END],
        ] {
            assert_eq!(next(&mut BytesMut::from(bad)), Err(()), "{bad:?}");
        }
        let short = Bytes::from_static(&[0, 10]);
        assert!(Method::of(short).is_err());
        let cut = Bytes::from_static(&[0, 60, 0, 60, 9, b'a']);
        assert!(Method::of(cut).unwrap().delivered().is_err());
    }
}
