//! The journal of runs: how a record becomes rows, and how rows are found again.

pub(crate) mod body;
pub(crate) mod histogram;
pub(crate) mod index;
pub(crate) mod load;
pub(crate) mod merge;
pub(crate) mod plan;
pub(crate) mod rollup;
pub(crate) mod save;
pub(crate) mod text;
