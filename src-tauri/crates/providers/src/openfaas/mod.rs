//! OpenFaaS: functions behind `/function/<name>` that see the request itself.

pub(crate) mod gateway;
