//! The bytes of a connection: read into a buffer, from which whole packets are taken.

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use crate::Engine;
use crate::delivery::Wired;
use crate::trigger::check::Address;
use crate::trigger::session::End;

/// How long the other side may take to take what is written.
const WRITE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(10);

pub(in crate::trigger) struct Wire {
    stream: Box<dyn Wired>,
    /// What has arrived and is in no packet yet.
    pub(super) buffer: BytesMut,
    /// When something arrived last.
    pub(super) heard: Instant,
}

impl Wire {
    /// To where deliveries may go, too: this machine, and what the user allows.
    pub(super) async fn open(engine: &Engine, server: &Address) -> Result<Self, End> {
        let dialled = engine
            .inner
            .deliveries
            .dial(&server.host, server.port, server.secure);
        let stream = match tokio::time::timeout(CONNECT, dialled).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(refused)) => {
                let text = match refused.hint {
                    Some(hint) => format!("{} {hint}", refused.why),
                    None => refused.why,
                };
                return Err(match refused.again {
                    true => End::Lost(text),
                    false => End::Refused(text),
                });
            }
            Err(_) => return Err(End::Lost("The server did not answer in time.".to_owned())),
        };
        Ok(Self {
            stream,
            buffer: BytesMut::new(),
            heard: Instant::now(),
        })
    }

    /// Waits for more bytes. Nothing is lost when this is not waited for.
    pub(super) async fn more(&mut self) -> Result<(), End> {
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err(End::Lost("The server closed the connection.".to_owned())),
            Ok(_) => {
                self.heard = Instant::now();
                Ok(())
            }
            Err(error) => Err(broken(&error)),
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        match tokio::time::timeout(WRITE, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(broken(&error)),
            Err(_) => Err(End::Lost("The server takes nothing any more.".to_owned())),
        }
    }

    /// Says that nothing more will come, having waited for nothing.
    pub(super) async fn close(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.stream.shutdown()).await;
    }
}

fn broken(error: &std::io::Error) -> End {
    End::Lost(format!("The connection was lost: {}.", error.kind()))
}

/// What no server of the protocol would send.
pub(super) fn nonsense(protocol: &str) -> End {
    End::Lost(format!("What the server sent is not {protocol}."))
}

#[cfg(test)]
mod tests {
    use super::super::acknowledged::SILENCE;
    use super::*;

    #[tokio::test]
    async fn every_piece_of_a_slow_message_is_a_sign_of_life() {
        let (mut broker, stream) = tokio::io::duplex(1024);
        let mut wire = Wire {
            stream: Box::new(stream),
            buffer: BytesMut::new(),
            heard: Instant::now(),
        };
        for piece in 1..=20 {
            // As long ago as a broker may say nothing.
            wire.heard -= SILENCE;
            let now = Instant::now();
            broker.write_all(b"x").await.unwrap();
            assert!(wire.more().await.is_ok());
            assert!(wire.heard >= now);
            assert_eq!(wire.buffer.len(), piece);
        }
        drop(broker);
        assert!(matches!(wire.more().await, Err(End::Lost(_))));
    }
}
