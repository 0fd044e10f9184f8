//! What a broker hands over, and how it learns that it need not hand it over again.

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;

/// A message, whoever brought it.
pub(super) struct Message {
    /// Its subject, topic or routing key.
    pub(super) topic: String,
    pub(super) body: Bytes,
    /// Names may repeat; nothing here was judged.
    pub(super) headers: Vec<(String, String)>,
    /// Of a broker that waits for one.
    pub(super) receipt: Option<Receipt>,
}

impl Message {
    /// The broker need not send it again: its calls are on disk, or there will be none.
    pub(super) fn settle(&mut self) {
        if let Some(mut receipt) = self.receipt.take() {
            receipt.taken = true;
        }
    }
}

/// What became of a message, told when this is dropped.
pub(super) struct Receipt {
    number: u64,
    taken: bool,
    tell: UnboundedSender<Settled>,
}

/// A message whose receipt is gone.
pub(super) struct Settled {
    /// The broker's own number for it.
    pub(super) number: u64,
    /// Whether it is to be acknowledged.
    pub(super) taken: bool,
}

impl Receipt {
    pub(super) fn new(number: u64, tell: UnboundedSender<Settled>) -> Self {
        Self {
            number,
            taken: false,
            tell,
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        // The connection may be gone: then the broker sends it again.
        let _ = self.tell.send(Settled {
            number: self.number,
            taken: self.taken,
        });
    }
}
