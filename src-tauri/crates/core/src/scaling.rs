use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Error, ErrorCode};

/// What load one worker of a function is for: workers are started ahead of need, and let go when the load is gone, so
/// that each has its share. The labels `com.openfaas.scale.*` say it (<https://docs.openfaas.com/architecture/autoscaling/>).
///
/// Beside it a worker is started, as for every function, whenever a run finds none free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Scaling {
    /// How load is counted.
    pub by: ScalingLoad,
    /// Load that one worker is for, in the unit of `by`, 1 to 1,000,000.
    pub target: u32,
    /// How much of the target a worker is to have before there is another, percent, 1 to 100.
    pub proportion: u32,
    /// Workers while it is called, where none is kept when it is not.
    pub least: u32,
    /// How long the load must have been smaller before workers are let go for it, seconds, 0 to 300.
    pub down_window_s: u32,
}

/// How the load of a function is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ScalingLoad {
    /// Runs that begin per second.
    #[default]
    Rps,
    /// Runs at a time, those that wait included.
    Capacity,
    /// Processor time, thousandths of a processor.
    Cpu,
    /// In a way that this engine does not count: nothing follows from it.
    Other(String),
}

impl Default for Scaling {
    /// As OpenFaaS Pro documents it.
    fn default() -> Self {
        Self {
            by: ScalingLoad::Rps,
            target: 50,
            proportion: 90,
            least: 1,
            down_window_s: 0,
        }
    }
}

impl Scaling {
    /// Whether anything follows from it here.
    #[must_use]
    pub fn is_acted_upon(&self) -> bool {
        !matches!(self.by, ScalingLoad::Other(_))
    }

    /// Refuses values outside their ranges.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let ranges = [
            ("The load per worker", self.target, 1, 1_000_000),
            ("The proportion of the load in percent", self.proportion, 1, 100),
            (
                "The number of workers of a function that is called",
                self.least,
                0,
                64,
            ),
            (
                "The time before workers are let go in seconds",
                self.down_window_s,
                0,
                300,
            ),
        ];
        for (what, value, min, max) in ranges {
            in_range(what, value, min, max)?;
        }
        Ok(())
    }
}

/// Refuses a value that is not within `min` and `max`.
pub(crate) fn in_range(what: &str, value: u32, min: u32, max: u32) -> Result<(), Error> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::LimitExceeded,
        format!("{what} must be {min} to {max}, not {value}."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_the_usual_and_ranges_are_named() {
        let scaling: Scaling = serde_json::from_str(r#"{"by":"cpu"}"#).unwrap();
        assert_eq!(
            (scaling.by.clone(), scaling.target, scaling.proportion),
            (ScalingLoad::Cpu, 50, 90)
        );
        scaling.check().unwrap();
        let other: Scaling = serde_json::from_str(r#"{"by":{"other":"queue"}}"#).unwrap();
        assert!(scaling.is_acted_upon() && !other.is_acted_upon());
        let wrong = Scaling {
            proportion: 0,
            ..scaling
        };
        assert_eq!(
            wrong.check().unwrap_err().message,
            "The proportion of the load in percent must be 1 to 100, not 0."
        );
    }
}
