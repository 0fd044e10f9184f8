//! From a connection to a queue that is consumed from.

use beckon_core::Secret;

use super::super::acknowledged::BEAT;
use super::super::wire::nonsense;
use super::frame::{self, LARGEST};
use super::value::{long_text, short_text, table};
use super::{CHANNEL, Connection};
use crate::trigger::session::End;

/// How many messages the server sends ahead.
const AHEAD: u16 = 10;
/// The user that RabbitMQ has from the start, for connections from its own machine.
const GUEST: &str = "guest";

impl Connection {
    pub(super) async fn log_in(
        &mut self,
        user: Option<(String, Secret)>,
        host: &str,
        name: &str,
    ) -> Result<(), End> {
        let odd = |()| nonsense("AMQP 0-9-1");
        self.wire.write(b"AMQP\0\0\x09\x01").await?;
        while self.wire.buffer.len() < 4 {
            self.wire.more().await?;
        }
        if self.speaks_another() {
            return Err(End::Refused(
                "The server speaks another version of AMQP.".to_owned(),
            ));
        }
        self.answer(frame::START).await?;
        let (user, password) = user.unwrap_or_else(|| (GUEST.to_owned(), Secret::new(GUEST)));
        let mut body = table(name);
        short_text(&mut body, "PLAIN");
        let login = ["", &user, password.expose()].join("\0");
        long_text(&mut body, login.as_bytes());
        short_text(&mut body, "en_US");
        let start_ok = frame::method(0, frame::START_OK, &body);
        let mut tune = self.ask(&start_ok, frame::TUNE).await?;
        let (_, largest) = tune.tuned().map_err(odd)?;
        let largest = if largest == 0 {
            LARGEST
        } else {
            largest.clamp(4096, LARGEST)
        };
        let mut body = CHANNEL.to_be_bytes().to_vec();
        body.extend(largest.to_be_bytes());
        body.extend((2 * BEAT).to_be_bytes());
        self.wire.write(&frame::method(0, frame::TUNE_OK, &body)).await?;
        let mut body = Vec::new();
        short_text(&mut body, host);
        body.extend([0, 0]);
        self.ask(&frame::method(0, frame::OPEN, &body), frame::OPEN_OK)
            .await?;
        self.open_channel().await
    }

    /// Takes bindings away. Where the queue or the exchange is gone, or is not this user's to change, there is none that
    /// this side made: the server closes the channel, and what is to be listened to is another matter.
    pub(super) async fn unbind(&mut self, queue: &str, exchange: &str, keys: &[String]) -> Result<(), End> {
        for key in keys {
            self.wire.write(&unbind(queue, exchange, key)).await?;
            if !self.allows(frame::UNBIND_OK, |_| true).await? {
                self.open_channel().await?;
            }
        }
        Ok(())
    }

    async fn open_channel(&mut self) -> Result<(), End> {
        let open = frame::method(CHANNEL, frame::CHANNEL_OPEN, &[0]);
        self.ask(&open, frame::CHANNEL_OPEN_OK).await.map(drop)
    }

    pub(super) async fn consume(
        &mut self,
        queue: Option<&str>,
        exchange: Option<&str>,
        topics: &[String],
    ) -> Result<(), End> {
        let queue = self.declare(queue).await?;
        if let Some(exchange) = exchange {
            for topic in &keys(topics) {
                let mut body = binding(&queue, exchange, topic);
                // To be confirmed; no arguments.
                body.extend([0, 0, 0, 0, 0]);
                let bind = frame::method(CHANNEL, frame::BIND, &body);
                self.ask(&bind, frame::BIND_OK).await?;
            }
        }
        let mut body = vec![0, 0, 0, 0];
        body.extend(AHEAD.to_be_bytes());
        body.push(0);
        self.ask(&frame::method(CHANNEL, frame::QOS, &body), frame::QOS_OK)
            .await?;
        let mut body = vec![0, 0];
        short_text(&mut body, &queue);
        short_text(&mut body, "");
        body.extend([0, 0, 0, 0, 0]);
        self.ask(&frame::method(CHANNEL, frame::CONSUME, &body), frame::CONSUME_OK)
            .await
            .map(drop)
    }

    /// The queue's name. One that is there is taken as it is: to declare it in other words than it was made with would be
    /// refused.
    async fn declare(&mut self, queue: Option<&str>) -> Result<String, End> {
        const PASSIVE: u8 = 1;
        const DURABLE: u8 = 2;
        const EXCLUSIVE: u8 = 4;
        const AUTO_DELETE: u8 = 8;
        let declare = |name: &str, how: u8| {
            let mut body = vec![0, 0];
            short_text(&mut body, name);
            body.push(how);
            body.extend([0, 0, 0, 0]);
            frame::method(CHANNEL, frame::DECLARE, &body)
        };
        let how = match queue {
            None => EXCLUSIVE | AUTO_DELETE,
            Some(name) => {
                self.wire.write(&declare(name, PASSIVE)).await?;
                match self.allows(frame::DECLARE_OK, |code| code == Some(404)).await? {
                    true => return Ok(name.to_owned()),
                    false => {
                        self.open_channel().await?;
                        DURABLE
                    }
                }
            }
        };
        let declared = declare(queue.unwrap_or_default(), how);
        let mut answer = self.ask(&declared, frame::DECLARE_OK).await?;
        answer.declared().map_err(|()| nonsense("AMQP 0-9-1"))
    }
}

/// The routing keys that a queue is bound by: all, where none is asked for.
pub(in crate::trigger) fn keys(topics: &[String]) -> Vec<String> {
    match topics {
        [] => vec!["#".to_owned()],
        topics => topics.to_vec(),
    }
}

/// Takes a binding away.
pub(super) fn unbind(queue: &str, exchange: &str, key: &str) -> Vec<u8> {
    let mut body = binding(queue, exchange, key);
    // No arguments.
    body.extend([0, 0, 0, 0]);
    frame::method(CHANNEL, frame::UNBIND, &body)
}

fn binding(queue: &str, exchange: &str, key: &str) -> Vec<u8> {
    let mut body = vec![0, 0];
    short_text(&mut body, queue);
    short_text(&mut body, exchange);
    short_text(&mut body, key);
    body
}
