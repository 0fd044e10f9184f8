//! OpenFaaS: functions behind `/function/<name>` that see the request itself.

pub mod copy_as;
pub(crate) mod gateway;
