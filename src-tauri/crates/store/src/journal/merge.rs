//! Reading a provider's record again: what Beckon knew and the provider does not say must stay.

use beckon_core::{Activation, Cause, Timing};

use crate::journal::text;

/// `new` over `old`, both records of the same run. `None` when `new` adds nothing.
pub(crate) fn merge(old: &Activation, new: Activation) -> Option<Activation> {
    if old.summary.status.is_final() && !new.summary.status.is_final() {
        return None;
    }
    let mut merged = new;
    let foreign = merged.summary.cause == Cause::Provider;
    let (summary, known) = (&mut merged.summary, &old.summary);
    if foreign {
        // The provider cannot know who asked, nor how they waited.
        summary.cause = known.cause;
        summary.mode = known.mode;
    }
    if summary.kind.is_empty() {
        summary.kind.clone_from(&known.kind);
    }
    summary.cold = summary.cold.or(known.cold);
    summary.end = summary.end.or(known.end);
    summary.duration_ms = summary.duration_ms.or(known.duration_ms);
    summary.pinned |= known.pinned;
    if merged.subject.is_empty() {
        merged.subject.clone_from(&old.subject);
    }
    merged.input = merged.input.or_else(|| old.input.clone());
    if merged.result.is_none() {
        merged.result.clone_from(&old.result);
        merged.result_bytes = old.result_bytes;
        merged.result_truncated = old.result_truncated;
    }
    if merged.logs.is_empty() {
        merged.logs.clone_from(&old.logs);
        merged.logs_truncated = old.logs_truncated;
    }
    merged.timing = timing(merged.timing, old.timing);
    merged.rerun_of = merged.rerun_of.or(old.rerun_of);
    merged.token_id = merged.token_id.or_else(|| old.token_id.clone());
    merged.parent = merged.parent.or(old.parent);
    if merged.annotations.is_empty() {
        merged.annotations.clone_from(&old.annotations);
    }
    merged.http = merged.http.or_else(|| old.http.clone());
    // A preview given or kept before the logs came would hide them.
    merged.summary.preview = text::preview(&merged);
    if merged.summary.preview.is_empty() {
        merged.summary.preview.clone_from(&old.summary.preview);
    }
    (merged != *old).then_some(merged)
}

fn timing(new: Timing, old: Timing) -> Timing {
    Timing {
        wait_ms: new.wait_ms.or(old.wait_ms),
        init_ms: new.init_ms.or(old.init_ms),
        run_ms: new.run_ms.or(old.run_ms),
        network_ms: new.network_ms.or(old.network_ms),
    }
}
