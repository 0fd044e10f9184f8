//! AMQP 0-9-1 (<https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf>), for one who consumes: one connection, one
//! channel, one queue.

mod frame;
mod setup;
mod value;

use beckon_core::{Error, Subscription};
use bytes::{Buf as _, Bytes, BytesMut};

use super::acknowledged::{Arrival, Broker, MOST};
use super::wire::{Wire, nonsense};
use crate::trigger::session::{End, Session};
use crate::trigger::{check, no_longer};
use frame::{Frame, Kind, Method};
pub(in crate::trigger) use setup::keys;

/// The channel that is used.
const CHANNEL: u16 = 1;

/// A connection that consumes from a queue.
pub(in crate::trigger) struct Connection {
    wire: Wire,
    /// Told of when the first packet is asked for.
    subscribed: bool,
    arriving: Option<Arriving>,
    /// The queue and the exchange that it is bound to, where both have a name.
    bound: Option<(String, String)>,
}

/// A message of which not everything is there.
struct Arriving {
    number: u64,
    topic: String,
    headers: Vec<(String, String)>,
    /// `None` until its header has come.
    size: Option<u64>,
    got: u64,
    body: BytesMut,
}

impl Broker for Connection {
    type Packet = Option<Frame>;

    async fn connect(session: &mut Session<'_>) -> Result<Self, End> {
        let refused = |error: Error| End::Refused(error.message);
        let definition = &session.live.definition;
        let Subscription::Rabbitmq {
            queue,
            exchange,
            topics,
        } = &definition.subscription
        else {
            return Err(nonsense("AMQP 0-9-1"));
        };
        let server = check::address(&definition.server).map_err(refused)?;
        let user = session.user().await.map_err(refused)?;
        let mut connection = Self {
            wire: Wire::open(session.engine, &server).await?,
            subscribed: false,
            arriving: None,
            bound: queue.clone().zip(exchange.clone()),
        };
        let name = format!("Beckon: {}", definition.name);
        connection.log_in(user, &server.host_within, &name).await?;
        for old in session.left().await.map_err(refused)? {
            let keys = no_longer(&old, Some(&session.live.definition.subscription));
            if let Subscription::Rabbitmq {
                queue: Some(queue),
                exchange: Some(exchange),
                ..
            } = old
            {
                connection.unbind(&queue, &exchange, &keys).await?;
            }
        }
        let exchange = exchange.as_deref();
        connection.consume(queue.as_deref(), exchange, topics).await?;
        Ok(connection)
    }

    fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    fn packet(&mut self) -> Result<Option<Option<Frame>>, End> {
        if !self.subscribed {
            return Ok(Some(None));
        }
        Ok(self.frame()?.map(Some))
    }

    async fn treat(&mut self, packet: Option<Frame>) -> Result<Option<Arrival>, End> {
        let Some(frame) = packet else {
            self.subscribed = true;
            return Ok(Some(Arrival::Subscribed));
        };
        match (frame.kind, frame.channel) {
            (Kind::Heartbeat, _) => Ok(None),
            (Kind::Method, _) => self.method(frame).await,
            (Kind::Header, CHANNEL) => self.header(frame.payload),
            (Kind::Body, CHANNEL) => self.body(&frame.payload),
            _ => Err(nonsense("AMQP 0-9-1")),
        }
    }

    async fn acknowledge(&mut self, number: u64) -> Result<(), End> {
        self.wire.write(&frame::acknowledge(CHANNEL, number)).await
    }

    async fn beat(&mut self) -> Result<(), End> {
        self.wire.write(&frame::HEARTBEAT).await
    }

    /// The queue stays, with what waits in it: others may share it. One without a name goes with the connection. To the
    /// keys that are forgotten it is bound no more.
    async fn leave(mut self, forget: &[String]) {
        let mut farewell = Vec::new();
        if let Some((queue, exchange)) = &self.bound {
            for key in forget {
                farewell.extend(setup::unbind(queue, exchange, key));
            }
        }
        farewell.extend(frame::close());
        if self.wire.write(&farewell).await.is_ok() {
            self.wire.close().await;
        }
    }
}

impl Connection {
    fn frame(&mut self) -> Result<Option<Frame>, End> {
        frame::next(&mut self.wire.buffer).map_err(|()| nonsense("AMQP 0-9-1"))
    }

    async fn method(&mut self, frame: Frame) -> Result<Option<Arrival>, End> {
        let mut method = Method::of(frame.payload).map_err(|()| nonsense("AMQP 0-9-1"))?;
        match method.name {
            frame::DELIVER if self.arriving.is_none() => {
                let delivered = method.delivered().map_err(|()| nonsense("AMQP 0-9-1"))?;
                let (number, topic) = delivered;
                self.arriving = Some(Arriving {
                    number,
                    topic,
                    headers: Vec::new(),
                    size: None,
                    got: 0,
                    body: BytesMut::new(),
                });
                Ok(None)
            }
            frame::CANCEL => Err(End::Lost(
                "The server ended the subscription: the queue is gone.".to_owned(),
            )),
            frame::CLOSE | frame::CHANNEL_CLOSE => Err(self.closed(method).await),
            // What a broker may say at any time, and what was asked for.
            _ => Ok(None),
        }
    }

    /// Why the server ended it, having confirmed that it did.
    async fn closed(&mut self, mut method: Method) -> End {
        let confirmation = match method.name {
            frame::CLOSE => frame::method(0, frame::CLOSE_OK, &[]),
            _ => frame::method(CHANNEL, frame::CHANNEL_CLOSE_OK, &[]),
        };
        let _ = self.wire.write(&confirmation).await;
        let Ok((code, text)) = method.closed() else {
            return nonsense("AMQP 0-9-1");
        };
        let text: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
        match code {
            403 if text.contains("login was refused") || text.contains("Login was refused") => {
                End::Refused("The server refuses the credential.".to_owned())
            }
            // Refused, not found, not as it is declared, not allowed.
            402..=406 | 530 => End::Refused(format!("The server refuses it: {text}.")),
            _ => End::Lost(format!("The server ended the connection: {text}.")),
        }
    }

    fn header(&mut self, payload: Bytes) -> Result<Option<Arrival>, End> {
        let arriving = self.arriving.as_mut().filter(|arriving| arriving.size.is_none());
        let (Some(arriving), Ok((size, headers))) = (arriving, value::content(payload)) else {
            return Err(nonsense("AMQP 0-9-1"));
        };
        arriving.size = Some(size);
        arriving.headers = headers;
        Ok(self.whole())
    }

    fn body(&mut self, payload: &[u8]) -> Result<Option<Arrival>, End> {
        let Some(arriving) = &mut self.arriving else {
            return Err(nonsense("AMQP 0-9-1"));
        };
        let Some(size) = arriving.size else {
            return Err(nonsense("AMQP 0-9-1"));
        };
        arriving.got += payload.len() as u64;
        if arriving.got > size {
            return Err(nonsense("AMQP 0-9-1"));
        }
        if size <= MOST as u64 {
            arriving.body.extend_from_slice(payload);
        }
        Ok(self.whole())
    }

    /// The message, once it is whole.
    fn whole(&mut self) -> Option<Arrival> {
        let arriving = self
            .arriving
            .take_if(|arriving| arriving.size == Some(arriving.got))?;
        Some(Arrival::Message {
            number: arriving.number,
            topic: arriving.topic,
            headers: arriving.headers,
            body: match arriving.got {
                size if size > MOST as u64 => Err(size),
                _ => Ok(arriving.body.freeze()),
            },
        })
    }

    /// Sends a method, and waits for the one that answers it.
    async fn ask(&mut self, request: &[u8], answer: (u16, u16)) -> Result<Method, End> {
        self.wire.write(request).await?;
        self.answer(answer).await
    }

    async fn answer(&mut self, answer: (u16, u16)) -> Result<Method, End> {
        let method = self.next_method().await?;
        match method.name {
            name if name == answer => Ok(method),
            frame::CLOSE | frame::CHANNEL_CLOSE => Err(self.closed(method).await),
            _ => Err(nonsense("AMQP 0-9-1")),
        }
    }

    async fn next_method(&mut self) -> Result<Method, End> {
        loop {
            match self.frame()? {
                None => self.wire.more().await?,
                Some(frame) if frame.kind == Kind::Heartbeat => {}
                Some(frame) => return Method::of(frame.payload).map_err(|()| nonsense("AMQP 0-9-1")),
            }
        }
    }

    /// Whether the server does what was asked for. Where it does not it closes the channel, which is an end unless its code
    /// is one of the `expected`.
    async fn allows(
        &mut self,
        answer: (u16, u16),
        expected: impl Fn(Option<u16>) -> bool,
    ) -> Result<bool, End> {
        let method = self.next_method().await?;
        match method.name {
            name if name == answer => Ok(true),
            frame::CHANNEL_CLOSE if expected(method.code()) => {
                let confirmation = frame::method(CHANNEL, frame::CHANNEL_CLOSE_OK, &[]);
                self.wire.write(&confirmation).await.map(|()| false)
            }
            frame::CLOSE | frame::CHANNEL_CLOSE => Err(self.closed(method).await),
            _ => Err(nonsense("AMQP 0-9-1")),
        }
    }

    /// How a server that speaks another version says so: with the protocol's own header.
    fn speaks_another(&self) -> bool {
        self.wire.buffer.chunk().starts_with(b"AMQP")
    }
}
