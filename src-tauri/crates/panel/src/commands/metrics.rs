use beckon_core::{FunctionRef, Millis, Result};
use beckon_engine::Chart;
use beckon_macros::commands;

use crate::Panel;

#[commands]
impl Panel {
    /// Series over time for charts, of one function or (without `function`) of everything: the rate of runs and of
    /// errors by their kind, deliveries, percentiles of durations, cold starts, queue, workers, memory. See `Chart` for what each list tells and
    /// where it is `null`. All lists are of the same length, ready to be drawn.
    ///
    /// `from` and `to` are ms since the epoch, `to` exclusive; `step` is the shortest step wanted, ms (0: the shortest
    /// there is, 10,000). The answer's step may be longer: one of 10 s, 30 s, 1, 2, 5, 10, 15, 30 min, 1, 2, 3, 6, 12,
    /// 24 h, 2 days, 1, 2, 4 weeks, such that there are at most 1,000. Its `from` is rounded down to a step.
    ///
    /// Good choices: the last hour with 10 s or 30 s, the last day with 5 min, the last week with 1 h. A rate per second
    /// is `runs[i] * 1000 / step`; the last step is not over yet. Ask again on the event `engine`, at most every few
    /// seconds: the history looks at queue and memory every 10 s and whenever it is asked.
    ///
    /// The same numbers, and more, are at `/metrics` of the gateway in Prometheus' format.
    ///
    /// Errors: `invalid_input` when `to` is not after `from`.
    pub async fn metrics(
        &self,
        function: Option<FunctionRef>,
        from: Millis,
        to: Millis,
        step: Millis,
    ) -> Result<Chart> {
        self.engine.chart(function.as_ref(), from, to, step).await
    }
}
