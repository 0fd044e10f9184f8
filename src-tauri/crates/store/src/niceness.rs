//! The store's threads stand back for those that calls are made on.

/// A tenth of what others get, where there is not enough for all.
const NICE: i32 = 10;

/// Gives this thread less of a busy processor, so that what is written down does not hold up what runs; a thread's
/// niceness is its own on Linux (sched(7), "The nice value").
pub(crate) fn yield_to_calls() {
    let thread = Some(rustix::thread::gettid());
    if let Err(error) = rustix::process::setpriority_process(thread, NICE) {
        tracing::debug!(%error, "a thread of the store could not be made nice");
    }
}
