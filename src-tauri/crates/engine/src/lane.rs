//! The thread that calls are made on.
//!
//! A short call is a dozen system calls and about as many microseconds, and handed from one thread to another it takes
//! twice that. So the gateway's connections and the workers' pipes are served by one thread, on which a call goes to
//! its worker and back without a wake-up on another core. What takes longer (the panel, the queue's dispatcher, builds,
//! the database) is elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often the thread looks up while there are calls. Shorter than any deadline of a call.
const STEP: Duration = Duration::from_millis(100);

/// The thread; it ends when this is dropped.
pub(crate) struct Lane {
    handle: Handle,
    stop: CancellationToken,
    pace: Arc<Pace>,
}

/// Keeps a timer in the runtime that is due before all others, as long as there are calls.
///
/// A runtime that sleeps until the earliest of its timers wakes itself up, by a system call and another turn of its
/// loop, whenever a new one is earlier. Every call sets some, and they are all later than this one.
#[derive(Default)]
struct Pace {
    called: AtomicBool,
    asleep: AtomicBool,
    wake: Notify,
}

impl Pace {
    async fn keep(&self) {
        loop {
            tokio::time::sleep(STEP).await;
            if self.called.swap(false, Ordering::Relaxed) {
                continue;
            }
            self.asleep.store(true, Ordering::Release);
            self.wake.notified().await;
        }
    }
}

impl Lane {
    pub(crate) fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let lane = Self {
            handle: runtime.handle().clone(),
            stop: CancellationToken::new(),
            pace: Arc::default(),
        };
        let (stop, pace) = (lane.stop.clone(), lane.pace.clone());
        std::thread::Builder::new()
            .name("beckon-calls".to_owned())
            .spawn(move || {
                runtime.block_on(stop.run_until_cancelled(pace.keep()));
                // A query that still runs on a thread of its own is nobody's any more.
                runtime.shutdown_background();
            })?;
        Ok(lane)
    }

    /// A call begins.
    pub(crate) fn call(&self) {
        self.pace.called.store(true, Ordering::Relaxed);
        if self.pace.asleep.load(Ordering::Relaxed) && self.pace.asleep.swap(false, Ordering::Acquire) {
            self.pace.wake.notify_one();
        }
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
