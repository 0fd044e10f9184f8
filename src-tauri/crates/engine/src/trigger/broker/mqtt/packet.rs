//! The packets of MQTT 3.1.1 that one who listens reads and writes.

use beckon_core::Secret;
use bytes::{Buf as _, Bytes, BytesMut};

use super::super::acknowledged::MOST;

/// Most bytes of a packet that is no message: confirmations of a few hundred filters.
const SMALL: usize = 64 * 1024;

pub(super) const PING: [u8; 2] = [0xc0, 0];
pub(super) const DISCONNECT: [u8; 2] = [0xe0, 0];

/// What a broker sends.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::trigger) enum Packet {
    /// CONNACK.
    Connected { present: bool, code: u8 },
    /// SUBACK.
    Subscribed { id: u16, codes: Vec<u8> },
    /// PUBLISH. `id` is 0 at QoS 0.
    Message {
        topic: String,
        qos: u8,
        id: u16,
        /// `Err`: how many bytes, of which none were kept.
        body: Result<Bytes, u64>,
    },
    /// PUBREL.
    Release { id: u16 },
    /// PINGRESP, UNSUBACK.
    Other,
}

/// Takes packets from bytes.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// A message that is too large, and how many of its bytes are still to come.
    skipping: Option<(Packet, usize)>,
}

impl Reader {
    /// The next whole packet; `None`: more bytes are needed. `Err`: they are no MQTT.
    pub(super) fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Packet>, ()> {
        if let Some((_, left)) = &mut self.skipping {
            let now = (*left).min(buffer.len());
            buffer.advance(now);
            *left -= now;
            if *left > 0 {
                return Ok(None);
            }
            return Ok(self.skipping.take().map(|(packet, _)| packet));
        }
        let Some(kind) = buffer.first().map(|first| first >> 4) else {
            return Ok(None);
        };
        // Only what a server sends to one who publishes nothing.
        if ![2, 3, 6, 9, 11, 13].contains(&kind) {
            return Err(());
        }
        let Some((head, length)) = header(buffer)? else {
            return Ok(None);
        };
        let qos = (buffer[0] >> 1) & 3;
        if kind == 3 && length > MOST {
            // The topic and the identifier come first, and are kept.
            let Some(start) = buffer.get(head..).filter(|rest| rest.len() >= 2) else {
                return Ok(None);
            };
            let named = 2 + usize::from(u16::from_be_bytes([start[0], start[1]]));
            let before = named + if qos == 0 { 0 } else { 2 };
            if before > length {
                return Err(());
            }
            if start.len() < before {
                return Ok(None);
            }
            buffer.advance(head);
            let start = buffer.split_to(before).freeze();
            let (topic, id, _) = message(start, qos)?;
            let body = Err((length - before) as u64);
            let packet = Packet::Message { topic, qos, id, body };
            self.skipping = Some((packet, length - before));
            return self.next(buffer);
        }
        if kind != 3 && length > SMALL {
            return Err(());
        }
        if buffer.len() < head + length {
            // Room for what is announced, and not more at each turn.
            buffer.reserve(head + length - buffer.len());
            return Ok(None);
        }
        buffer.advance(head);
        let mut rest = buffer.split_to(length).freeze();
        let number = |rest: &mut Bytes| rest.try_get_u16().map_err(drop);
        Ok(Some(match kind {
            2 if length == 2 => Packet::Connected {
                present: rest[0] & 1 == 1,
                code: rest[1],
            },
            3 => {
                let (topic, id, body) = message(rest, qos)?;
                Packet::Message {
                    topic,
                    qos,
                    id,
                    body: Ok(body),
                }
            }
            6 if length == 2 => Packet::Release {
                id: number(&mut rest)?,
            },
            9 => Packet::Subscribed {
                id: number(&mut rest)?,
                codes: rest.to_vec(),
            },
            11 | 13 => Packet::Other,
            // Of the wrong length.
            _ => return Err(()),
        }))
    }
}

/// How long the fixed header is, and what follows it (2.2).
fn header(buffer: &[u8]) -> Result<Option<(usize, usize)>, ()> {
    let mut length = 0;
    for at in 0..4 {
        let Some(byte) = buffer.get(1 + at) else {
            return Ok(None);
        };
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((2 + at, length)));
        }
    }
    Err(())
}

/// Topic, identifier and body (3.3).
fn message(mut rest: Bytes, qos: u8) -> Result<(String, u16, Bytes), ()> {
    let length = usize::from(rest.try_get_u16().map_err(drop)?);
    if length > rest.len() || qos > 2 {
        return Err(());
    }
    let topic = String::from_utf8(rest.split_to(length).to_vec()).map_err(drop)?;
    let id = if qos == 0 {
        0
    } else {
        rest.try_get_u16().map_err(drop)?
    };
    Ok((topic, id, rest))
}

/// CONNECT. `clean`: the broker is to remember nothing.
pub(super) fn connect(client: &str, clean: bool, beat: u16, user: Option<&(String, Secret)>) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, b"MQTT");
    body.push(4);
    let login = if user.is_some() { 0xc0 } else { 0 };
    body.push(login | if clean { 2 } else { 0 });
    // Twice what is kept to: a packet may wait behind others.
    body.extend((2 * beat).to_be_bytes());
    text(&mut body, client.as_bytes());
    if let Some((user, password)) = user {
        text(&mut body, user.as_bytes());
        text(&mut body, password.expose().as_bytes());
    }
    packet(0x10, &body)
}

/// SUBSCRIBE.
pub(super) fn subscribe(id: u16, filters: &[String], qos: u8) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    for filter in filters {
        text(&mut body, filter.as_bytes());
        body.push(qos);
    }
    packet(0x82, &body)
}

/// UNSUBSCRIBE.
pub(super) fn unsubscribe(id: u16, filters: &[String]) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    for filter in filters {
        text(&mut body, filter.as_bytes());
    }
    packet(0xa2, &body)
}

/// PUBACK.
pub(super) fn acknowledge(id: u16) -> Vec<u8> {
    packet(0x40, &id.to_be_bytes())
}

/// PUBREC.
pub(super) fn received(id: u16) -> Vec<u8> {
    packet(0x50, &id.to_be_bytes())
}

/// PUBCOMP.
pub(super) fn complete(id: u16) -> Vec<u8> {
    packet(0x70, &id.to_be_bytes())
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut left = body.len();
    loop {
        let digit = (left & 0x7f) as u8;
        left >>= 7;
        bytes.push(digit | if left > 0 { 0x80 } else { 0 });
        if left == 0 {
            break;
        }
    }
    bytes.extend(body);
    bytes
}

/// A text with its length before it. Nothing that is sent is longer than that can say: see `check`.
fn text(body: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(usize::from(u16::MAX))];
    body.extend((bytes.len() as u16).to_be_bytes());
    body.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], step: usize) -> Result<Vec<Packet>, ()> {
        let (mut reader, mut buffer, mut packets) = (Reader::default(), BytesMut::new(), Vec::new());
        for piece in bytes.chunks(step) {
            buffer.extend_from_slice(piece);
            while let Some(packet) = reader.next(&mut buffer)? {
                packets.push(packet);
            }
        }
        Ok(packets)
    }

    fn publish(topic: &str, body: &[u8]) -> Vec<u8> {
        let mut inner = Vec::new();
        text(&mut inner, topic.as_bytes());
        inner.extend(7_u16.to_be_bytes());
        inner.extend(body);
        packet(0x32, &inner)
    }

    #[test]
    fn packets_are_read_however_they_arrive_and_what_is_too_large_is_skipped() {
        let large = vec![b'x'; MOST + 9];
        let bytes = [
            vec![0x20, 2, 1, 0],
            publish("a/b", b"one"),
            publish("big", &large),
            vec![0x62, 2, 0, 7, 0xd0, 0],
            publish("a", b""),
        ]
        .concat();
        let said = |topic: &str, body| Packet::Message {
            topic: topic.to_owned(),
            qos: 1,
            id: 7,
            body,
        };
        for step in [1, 2, 3, 5000, bytes.len()] {
            let packets = read(&bytes, step).unwrap();
            let wanted = [
                Packet::Connected {
                    present: true,
                    code: 0,
                },
                said("a/b", Ok(Bytes::from_static(b"one"))),
                said("big", Err(MOST as u64 + 9)),
                Packet::Release { id: 7 },
                Packet::Other,
                said("a", Ok(Bytes::new())),
            ];
            assert_eq!(packets, wanted, "in pieces of {step}");
        }
    }

    #[test]
    fn what_is_no_mqtt_is_refused() {
        for bad in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            &[0x30, 0xff, 0xff, 0xff, 0xff, 1],
            &[0x30, 3, 0, 9, 1],
            &[0x30, 4, 0, 2, 0xff, 0xfe],
            &[0x20, 0xff, 0xff, 0x7f],
            &[0x36, 5, 0, 1, b'a', 0, 1],
            &[0x32, 3, 0, 1, b'a'],
        ] {
            assert_eq!(read(bad, bad.len()), Err(()), "{bad:?}");
        }
    }
}
