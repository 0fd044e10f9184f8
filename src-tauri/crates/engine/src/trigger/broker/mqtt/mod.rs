//! MQTT 3.1.1 (<https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html>), for one who listens.

mod packet;

use std::collections::HashMap;

use beckon_core::{CredentialKind, Error, Secret, Subscription};

use super::acknowledged::{Arrival, BEAT, Broker};
use super::wire::{Wire, nonsense};
use crate::Engine;
use crate::trigger::check;
use crate::trigger::no_longer;
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
/// That of what is taken back before it.
const FORGETTING: u16 = 2;

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
        if !connection.greet(&definition.id, *qos == 0, user.as_ref()).await? {
            *session.memory = Memory::default();
            connection.memory = Memory::default();
        }
        if connection.memory.subscribed {
            session.running();
        } else {
            let left = session.left().await.map_err(refused)?;
            let wanted = &session.live.definition.subscription;
            let forget: Vec<String> = left.iter().flat_map(|old| no_longer(old, Some(wanted))).collect();
            if !forget.is_empty() {
                connection
                    .wire
                    .write(&packet::unsubscribe(FORGETTING, &forget))
                    .await?;
            }
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

impl Connection {
    /// Introduces itself by a trigger's name. Whether the broker knows a session of this name; a `clean` one ends it.
    async fn greet(&mut self, id: &str, clean: bool, user: Option<&(String, Secret)>) -> Result<bool, End> {
        // 23 characters are all that every broker takes (3.1.3.1). The last ones of an id are its random ones.
        let id = &id[id.len().saturating_sub(17)..];
        let hello = packet::connect(&format!("beckon{id}"), clean, BEAT, user);
        self.wire.write(&hello).await?;
        match self.arrive().await? {
            Packet::Connected { code: 0, present } => Ok(present),
            Packet::Connected { code: 4 | 5, .. } => Err(End::unwelcome(match user {
                Some(_) => CredentialKind::Password,
                None => CredentialKind::None,
            })),
            Packet::Connected { code: 3, .. } => {
                Err(End::Lost("The server is not available now.".to_owned()))
            }
            Packet::Connected { code, .. } => Err(End::Refused(format!(
                "The server refuses the connection, with code {code}."
            ))),
            _ => Err(nonsense("MQTT")),
        }
    }
}

/// Has a broker keep nothing for the trigger with this id, for which nobody is connected: who asks for a clean session
/// ends the one before it (MQTT 3.1.1, 3.1.2.4), and leaves none.
pub(in crate::trigger) async fn forget(
    engine: &Engine,
    server: &str,
    id: &str,
    subscription: &Subscription,
    user: Option<&(String, Secret)>,
) -> Result<(), End> {
    let server = check::address(server).map_err(|error| End::Refused(error.message))?;
    let mut connection = Connection {
        wire: Wire::open(engine, &server).await?,
        reader: Reader::default(),
        subscription: subscription.clone(),
        topics: Vec::new(),
        memory: Memory::default(),
    };
    connection.greet(id, true, user).await?;
    connection.leave(&[]).await;
    Ok(())
}
