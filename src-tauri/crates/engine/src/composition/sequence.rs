//! One component after the other, each with what the one before returned.

use beckon_core::{Activation, FunctionKey, JsonText, LostPolicy, Status};

use super::step::{Stepped, Steps};
use crate::attempt::NotBegun;
use crate::end::{End, Why};

/// Where a sequence that was cut short goes on.
struct Resumed {
    /// The first component that has not succeeded.
    at: usize,
    input: JsonText,
}

/// Runs it to its end: the last component's result, or that of the first one that does not succeed.
pub(super) async fn run(
    steps: &mut Steps<'_>,
    components: &[FunctionKey],
    input: JsonText,
) -> Result<End, NotBegun> {
    let mut next = Resumed { at: 0, input };
    if steps.durable && steps.draft.attempts > 1 {
        next = match resume(steps, components, next).await {
            Ok(next) => next,
            Err(end) => return Ok(end),
        };
    }
    for component in &components[next.at.min(components.len())..] {
        if !next.input.is_object() {
            let text = "The action did not return a JSON object, which the next one of a sequence needs.";
            return Ok(End::error(Status::DeveloperError, Why::Invalid, text));
        }
        let ended = match steps.step(component, next.input, false).await? {
            Stepped::Over(ended) => ended,
            Stepped::Refused(end) => return Ok(end),
            Stepped::Missing => {
                let text = "Sequence component does not exist.";
                return Ok(End::error(Status::ApplicationError, Why::Answered, text));
            }
        };
        match ended.summary().status {
            Status::Success => next.input = ended.json(),
            // Beckon is stopping: the sequence waits for its next start.
            Status::Lost => return Ok(End::shut_down()),
            status => return Ok(End::with(status, ended.json())),
        }
    }
    Ok(End::with(Status::Success, next.input))
}

/// Passes over the components that succeeded before. `Err` is the end of a sequence that cannot go on.
async fn resume(steps: &mut Steps<'_>, components: &[FunctionKey], first: Resumed) -> Result<Resumed, End> {
    let id = steps.draft.summary.id;
    let before = match steps.inner.store.components(id).await {
        Ok(before) => before,
        Err(error) => {
            tracing::error!(%error, %id, "the components of a sequence could not be read");
            return Err(End::not_provisioned());
        }
    };
    let mut next = first;
    let mut lost = None;
    for record in before {
        steps.count(&record.summary.id, record.summary.duration_ms);
        let expected = components.get(next.at);
        let same = expected.is_some_and(|key| key.name == record.summary.function);
        match (record.summary.status, record.result.clone()) {
            (Status::Success, Some(result)) if same => {
                next = Resumed {
                    at: next.at + 1,
                    input: result,
                };
                lost = None;
            }
            (Status::Lost | Status::Running, _) => lost = Some(record),
            // It failed, and the sequence is tried again from there.
            _ => lost = None,
        }
    }
    match lost {
        Some(record) if !repeatable(steps, &record).await? => {
            let text = format!(
                "Beckon was stopped while the action {} was running.",
                record.target()
            );
            Err(End::error(Status::InternalError, Why::ShutDown, &text))
        }
        _ => Ok(next),
    }
}

/// Whether the component that was running may simply be run again.
async fn repeatable(steps: &Steps<'_>, record: &Activation) -> Result<bool, End> {
    let target = steps.find(&record.target()).await?;
    Ok(target.is_some_and(|target| target.function.lost_policy == LostPolicy::Retry))
}
