use beckon_core::{ActivationId, Firing, FunctionRef, NewSchedule, Result, Schedule, SchedulePreview};
use beckon_macros::commands;

use super::functions::only_local;
use crate::Panel;

/// Most lines of a history at once.
const HISTORY: u32 = 200;

#[commands]
impl Panel {
    /// The schedules of a local function, or all of them, oldest first, each with its next time.
    ///
    /// Refresh on the event `schedules`, on `functions` (a deleted function orphans its schedules), and when `next` has
    /// passed.
    pub async fn schedules(&self, function: Option<FunctionRef>) -> Result<Vec<Schedule>> {
        let key = match &function {
            Some(function) => {
                only_local(function)?;
                Some(function.key())
            }
            None => None,
        };
        self.engine.schedules(key.as_ref()).await
    }

    /// What became of a schedule's times, newest first, at most 200 lines: runs, refusals, missed times. The runs
    /// themselves are activations with the cause `schedule`.
    pub async fn schedule_history(&self, id: String, limit: Option<u32>) -> Result<Vec<Firing>> {
        let limit = limit.unwrap_or(HISTORY).min(HISTORY);
        self.engine.schedule_history(&id, limit).await
    }

    /// Makes a schedule (no `id`) or changes one, which keeps its history. A changed expression or zone, and switching
    /// it on, count from now.
    ///
    /// `InvalidInput` says which field of the expression is wrong; `NotFound`: no such schedule or function.
    pub async fn save_schedule(&self, id: Option<String>, schedule: NewSchedule) -> Result<Schedule> {
        self.engine.put_schedule(id.as_deref(), schedule).await
    }

    /// Deletes a schedule with its history; its runs stay in the journal.
    pub async fn delete_schedule(&self, id: String) -> Result<()> {
        self.engine.delete_schedule(&id).await
    }

    /// Starts a run of a schedule now, also of one that is switched off; answers the run's id.
    pub async fn run_schedule_now(&self, id: String) -> Result<ActivationId> {
        self.engine.run_schedule(&id).await
    }

    /// What an expression means, in words, with its next times (5 unless told, at most 100), for the form as it is
    /// typed. `zone` is an IANA name; empty is `UTC`. `InvalidInput` says which field is wrong.
    pub async fn preview_schedule(
        &self,
        expression: String,
        zone: String,
        count: Option<u32>,
    ) -> Result<SchedulePreview> {
        self.engine
            .preview_schedule(&expression, &zone, count.unwrap_or(5))
    }
}
