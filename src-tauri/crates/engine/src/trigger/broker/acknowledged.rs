//! A session with a broker that waits to be told that a message is dealt with.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::mqtt::Memory;
use super::wire::Wire;
use crate::deploy::HTTP_LIMIT;
use crate::trigger::message::{Message, Receipt};
use crate::trigger::session::{End, Session};

/// Most bytes of a message that are held: what a function takes at most doors. Of a larger one nothing is, and it is given up.
pub(super) const MOST: usize = HTTP_LIMIT;
/// How long a connection may take until it is one.
const CONNECT: Duration = Duration::from_secs(20);
/// How often the broker is told that this side lives, in seconds.
pub(super) const BEAT: u16 = 20;
/// How long a broker that is read from may say nothing.
pub(super) const SILENCE: Duration = Duration::from_secs(3 * BEAT as u64);
/// How long what was taken may take to be on disk once the trigger is stopped.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Something that arrived.
pub(in crate::trigger) enum Arrival {
    /// The subscription stands.
    Subscribed,
    /// A message, with the number that the broker knows it by.
    Message {
        number: u64,
        topic: String,
        headers: Vec<(String, String)>,
        /// `Err`: how many bytes it has, which are more than [`MOST`].
        body: Result<Bytes, u64>,
    },
    /// A message that no topic of the trigger is for, as a broker sends them that remembers what it once listened to.
    Unasked { number: u64, topic: String },
}

/// A connection of a protocol.
pub(in crate::trigger) trait Broker: Sized + Send {
    /// Something whole from the connection.
    type Packet: Send;

    /// Connects, logs in and asks for what the trigger subscribes to.
    fn connect(session: &mut Session<'_>) -> impl Future<Output = Result<Self, End>> + Send;
    fn wire(&mut self) -> &mut Wire;
    /// Takes a packet from what has arrived; `None`: it is not whole yet.
    fn packet(&mut self) -> Result<Option<Self::Packet>, End>;
    /// Answers a packet, where it wants to be.
    fn treat(&mut self, packet: Self::Packet) -> impl Future<Output = Result<Option<Arrival>, End>> + Send;
    /// What is to be known of this connection by the next one.
    fn memory(&self) -> Memory {
        Memory::default()
    }
    fn acknowledge(&mut self, number: u64) -> impl Future<Output = Result<(), End>> + Send;
    /// Shows that this side lives.
    fn beat(&mut self) -> impl Future<Output = Result<(), End>> + Send;
    /// Says goodbye. The broker is to keep nothing more of these topics for this trigger.
    fn leave(self, forget: &[String]) -> impl Future<Output = ()> + Send;

    /// Waits for a whole packet. Nothing is lost when this is not waited for.
    fn arrive(&mut self) -> impl Future<Output = Result<Self::Packet, End>> + Send {
        async {
            loop {
                if let Some(packet) = self.packet()? {
                    return Ok(packet);
                }
                self.wire().more().await?;
            }
        }
    }
}

/// Listens while the connection lasts.
pub(in crate::trigger) async fn listen<B: Broker>(session: &mut Session<'_>) -> End {
    let live = session.live.clone();
    let connecting = tokio::time::timeout(CONNECT, B::connect(session));
    let connected = tokio::select! {
        () = live.stop.cancelled() => return End::Stopped,
        connected = connecting => connected,
    };
    let mut broker = match connected {
        Ok(Ok(broker)) => broker,
        Ok(Err(end)) => return end,
        Err(_) => return End::Lost("The server did not answer in time.".to_owned()),
    };
    let (tell, mut settled) = mpsc::unbounded_channel();
    let mut open = 0_usize;
    let end = match take(session, &mut broker, &tell, &mut settled, &mut open).await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    *session.memory = broker.memory();
    if matches!(end, End::Stopped) {
        // What is taken already would be sent again if the broker were not told.
        let last_words = async {
            while open > 0 {
                let Some(receipt) = settled.recv().await else {
                    return;
                };
                open -= 1;
                if receipt.taken && broker.acknowledge(receipt.number).await.is_err() {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(LAST_WORDS, last_words).await;
        broker.leave(&live.forgotten()).await;
    }
    end
}

/// Takes messages until the connection ends. Whatever is written is written whole: nothing here is given up half way.
async fn take<B: Broker>(
    session: &mut Session<'_>,
    broker: &mut B,
    tell: &mpsc::UnboundedSender<crate::trigger::message::Settled>,
    settled: &mut mpsc::UnboundedReceiver<crate::trigger::message::Settled>,
    open: &mut usize,
) -> Result<std::convert::Infallible, End> {
    let mut beat = tokio::time::interval(Duration::from_secs(u64::from(BEAT)));
    loop {
        let free = session.places.available_permits() > 0;
        tokio::select! {
            biased;
            () = session.live.stop.cancelled() => return Err(End::Stopped),
            Some(receipt) = settled.recv() => {
                *open = open.saturating_sub(1);
                if receipt.taken {
                    broker.acknowledge(receipt.number).await?;
                }
            }
            _ = beat.tick() => {
                if free && broker.wire().heard.elapsed() > SILENCE {
                    return Err(End::Lost("The server says nothing any more.".to_owned()));
                }
                broker.beat().await?;
            }
            packet = broker.arrive(), if free => {
                match broker.treat(packet?).await? {
                    None => {}
                    Some(Arrival::Subscribed) => {
                        session.running();
                        session.tidied().await;
                    }
                    Some(Arrival::Message { number, topic, headers, body: Ok(body) }) => {
                        *open += 1;
                        let receipt = Some(Receipt::new(number, tell.clone()));
                        session.handle(Message { topic, body, headers, receipt }).await;
                    }
                    Some(Arrival::Message { number, topic, body: Err(size), .. }) => {
                        give_up(session, &topic, size);
                        broker.acknowledge(number).await?;
                    }
                    Some(Arrival::Unasked { number, topic }) => {
                        session.live.record.count(|counts| counts.dropped += 1);
                        let text = format!("A message on {topic} was thrown away: it is on no topic of the trigger.");
                        session.live.record.blame(session.engine, text);
                        broker.acknowledge(number).await?;
                    }
                }
            }
            // A place was freed.
            place = session.places.acquire(), if !free => {
                drop(place);
                broker.wire().heard = Instant::now();
            }
        }
    }
}

fn give_up(session: &Session<'_>, topic: &str, size: u64) {
    let now = session.engine.inner.clock.now();
    session.live.record.count(|counts| {
        counts.received += 1;
        counts.failed += 1;
        counts.last_message = Some(now);
    });
    let text = format!(
        "A message on {topic} was given up: it has {size} bytes, and a trigger takes {MOST} at most."
    );
    session.live.record.blame(session.engine, text);
}
