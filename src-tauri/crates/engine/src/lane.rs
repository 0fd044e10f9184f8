//! The thread that calls are made on.
//!
//! A short call is a dozen system calls and about as many microseconds, and handed from one thread to another it takes
//! twice that. So the gateway's connections and the workers' sockets are served by one thread, on which a call goes to
//! its worker and back without a wake-up on another core. What takes longer (the panel, the queue's dispatcher, builds,
//! the database) is elsewhere.

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

/// The thread; it ends when this is dropped.
pub(crate) struct Lane {
    handle: Handle,
    stop: CancellationToken,
}

impl Lane {
    pub(crate) fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let lane = Self {
            handle: runtime.handle().clone(),
            stop: CancellationToken::new(),
        };
        let stop = lane.stop.clone();
        std::thread::Builder::new()
            .name("beckon-calls".to_owned())
            .spawn(move || {
                runtime.block_on(stop.cancelled());
                // A query that still runs on a thread of its own is nobody's any more.
                runtime.shutdown_background();
            })?;
        Ok(lane)
    }

    /// Where to spawn what is to run on it.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
