use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Error, ErrorCode};

/// How much a namespace may ask of OpenWhisk's API. Upstream's words for it are in `GET …/limits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// Calls of functions that may begin within a whole minute of the clock: 1 to 1,000,000.
    pub invocations_per_minute: u32,
    /// Runs that may be in progress or wait at the same time: 1 to 1,000,000.
    pub concurrent_invocations: u32,
    /// Triggers that may be fired within a whole minute of the clock: 1 to 1,000,000.
    pub fires_per_minute: u32,
}

impl Quota {
    /// What DigitalOcean's guide says of a namespace there; firing is upstream's own default.
    pub const DIGITALOCEAN: Self = Self {
        invocations_per_minute: 600,
        concurrent_invocations: 120,
        fires_per_minute: 60,
    };

    /// # Errors
    /// `InvalidInput` for a number out of range.
    pub fn check(&self) -> Result<(), Error> {
        for (what, value) in [
            ("Calls per minute", self.invocations_per_minute),
            ("Runs at the same time", self.concurrent_invocations),
            ("Firings per minute", self.fires_per_minute),
        ] {
            if !(1..=1_000_000).contains(&value) {
                let text = format!("{what} must be between 1 and 1000000.");
                return Err(Error::new(ErrorCode::InvalidInput, text));
            }
        }
        Ok(())
    }
}
