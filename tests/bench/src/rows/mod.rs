//! The table's lines, group by group.

pub(crate) mod cold;
pub(crate) mod echo;
pub(crate) mod fork;
pub(crate) mod journal;
pub(crate) mod memory;
pub(crate) mod queue;
pub(crate) mod sleeper;
pub(crate) mod warm;
pub(crate) mod window;

use crate::load::Body;

/// What greets Ada, whoever answers it.
fn hello() -> Body {
    Body::json(r#"{"name":"Ada"}"#, "Hello Ada!")
}
