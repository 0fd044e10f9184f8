//! Which runs were handed over and are not committed yet: a reader that asks for one of them waits for its commit.

use std::collections::HashMap;
use std::sync::Arc;

use beckon_core::ActivationId;
use parking_lot::Mutex;

type Counts = Mutex<HashMap<ActivationId, u32>>;

/// The runs on their way.
#[derive(Default)]
pub(crate) struct Pending(Arc<Counts>);

/// One hand-over; it ends when this is dropped.
pub(crate) struct Handed {
    counts: Arc<Counts>,
    id: ActivationId,
}

impl Pending {
    pub(crate) fn note(&self, id: ActivationId) -> Handed {
        *self.0.lock().entry(id).or_default() += 1;
        Handed {
            counts: Arc::clone(&self.0),
            id,
        }
    }

    pub(crate) fn holds(&self, id: ActivationId) -> bool {
        self.0.lock().contains_key(&id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        if let Some(count) = counts.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_pending_until_its_last_hand_over_is_done() {
        let (pending, id) = (Pending::default(), ActivationId::from_u128(1));
        let (first, second) = (pending.note(id), pending.note(id));
        drop(first);
        assert!(pending.holds(id) && !pending.holds(ActivationId::from_u128(2)));
        drop(second);
        assert!(pending.is_empty());
    }
}
