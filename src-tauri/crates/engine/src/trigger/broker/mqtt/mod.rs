//! MQTT 3.1.1 (<https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html>), for one who listens.

mod packet;

use std::collections::HashMap;

use beckon_core::{Error, Subscription};

use super::acknowledged::{Arrival, BEAT, Broker};
use super::wire::{Wire, nonsense};
use crate::trigger::check;
use crate::trigger::route::covers;
use crate::trigger::session::{End, Session};
use packet::{Packet, Reader};

/// What outlives a connection, as the broker's memory of the session does.
#[derive(Debug, Clone, Default)]
pub(in crate::trigger) struct Memory {
    /// The packet identifiers of messages at QoS 2 that the broker may send again; `true`: it was told that they arrived.
    known: HashMap<u16, bool>,
    /// Whether the subscription stands. To ask for it again would bring every retained message again.
    subscribed: bool,
}

/// The identifier of the only subscription that is asked for.
const SUBSCRIBING: u16 = 1;

/// A connection with a session of its own at the broker.
pub(in crate::trigger) struct Connection {
    wire: Wire,
    reader: Reader,
    subscription: Subscription,
    topics: Vec<String>,
    memory: Memory,
}

impl Broker for Connection {
    type Packet = Packet;

    async fn connect(session: &mut Session<'_>) -> Result<Self, End> {
        let refused = |error: Error| End::Refused(error.message);
        let definition = &session.live.definition;
        let Subscription::Mqtt { topics, qos } = &definition.subscription else {
            return Err(nonsense("MQTT"));
        };
        let server = check::address(&definition.server).map_err(refused)?;
        let user = session.user().await.map_err(refused)?;
        let mut connection = Self {
            wire: Wire::open(session.engine, &server).await?,
            reader: Reader::default(),
            subscription: definition.subscription.clone(),
            topics: topics.clone(),
            memory: session.memory.clone(),
        };
        // 23 characters are all that every broker takes (3.1.3.1). The last ones of an id are its random ones.
        let id = &definition.id[definition.id.len().saturating_sub(17)..];
        let hello = packet::connect(&format!("beckon{id}"), *qos == 0, BEAT, user.as_ref());
        connection.wire.write(&hello).await?;
        match connection.arrive().await? {
            Packet::Connected { code: 0, present } => {
                if !present {
                    *session.memory = Memory::default();
                    connection.memory = Memory::default();
                }
            }
            Packet::Connected { code: 4 | 5, .. } => {
                return Err(End::Refused("The server refuses the credential.".to_owned()));
            }
            Packet::Connected { code: 3, .. } => {
                return Err(End::Lost("The server is not available now.".to_owned()));
            }
            Packet::Connected { code, .. } => {
                return Err(End::Refused(format!(
                    "The server refuses the connection, with code {code}."
                )));
            }
            _ => return Err(nonsense("MQTT")),
        }
        if connection.memory.subscribed {
            session.running();
        } else {
            let subscribe = packet::subscribe(SUBSCRIBING, topics, *qos);
            connection.wire.write(&subscribe).await?;
        }
        Ok(connection)
    }

    fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    fn packet(&mut self) -> Result<Option<Packet>, End> {
        self.reader
            .next(&mut self.wire.buffer)
            .map_err(|()| nonsense("MQTT"))
    }

    async fn treat(&mut self, packet: Packet) -> Result<Option<Arrival>, End> {
        match packet {
            Packet::Subscribed {
                id: SUBSCRIBING,
                codes,
            } => {
                let refused = codes.iter().position(|code| *code > 2);
                if let Some(topic) = refused.and_then(|at| self.topics.get(at)) {
                    let text = format!("The server refuses the subscription to {topic}.");
                    return Err(End::Refused(text));
                }
                self.memory.subscribed = true;
                Ok(Some(Arrival::Subscribed))
            }
            Packet::Message { topic, qos, id, body } => {
                let number = u64::from(qos) << 16 | u64::from(id);
                // The broker may remember what the trigger listened to before it was changed.
                let wanted = self
                    .topics
                    .iter()
                    .any(|filter| covers(&self.subscription, filter, &topic));
                if qos == 2 {
                    match self.memory.known.get(&id) {
                        Some(true) => return self.acknowledge(number).await.map(|()| None),
                        Some(false) => return Ok(None),
                        None => drop(self.memory.known.insert(id, false)),
                    }
                }
                if !wanted {
                    return Ok(Some(Arrival::Unasked { number, topic }));
                }
                let headers = Vec::new();
                Ok(Some(Arrival::Message {
                    number,
                    topic,
                    headers,
                    body,
                }))
            }
            Packet::Release { id } => {
                self.memory.known.remove(&id);
                self.wire.write(&packet::complete(id)).await?;
                Ok(None)
            }
            Packet::Connected { .. } | Packet::Subscribed { .. } => Err(nonsense("MQTT")),
            Packet::Other => Ok(None),
        }
    }

    fn memory(&self) -> Memory {
        // What the broker was not told of it sends again, and means it.
        let told = self.memory.known.iter().filter(|(_, told)| **told);
        Memory {
            known: told.map(|(id, told)| (*id, *told)).collect(),
            subscribed: self.memory.subscribed,
        }
    }

    async fn acknowledge(&mut self, number: u64) -> Result<(), End> {
        let id = (number & 0xffff) as u16;
        match number >> 16 {
            0 => Ok(()),
            1 => self.wire.write(&packet::acknowledge(id)).await,
            _ => {
                self.memory.known.insert(id, true);
                self.wire.write(&packet::received(id)).await
            }
        }
    }

    async fn beat(&mut self) -> Result<(), End> {
        self.wire.write(&packet::PING).await
    }

    async fn leave(mut self, forget: &[String]) {
        let mut farewell = Vec::new();
        if !forget.is_empty() {
            farewell.extend(packet::unsubscribe(SUBSCRIBING, forget));
        }
        farewell.extend(packet::DISCONNECT);
        if self.wire.write(&farewell).await.is_ok() {
            self.wire.close().await;
        }
    }
}
