use axum::response::Response;

use super::call::Caller;
use super::json;
use crate::gateway::Refusal;

/// `GET /api/v1/namespaces`: always exactly one, the token's own. doctl insists on that.
pub(super) async fn namespaces(caller: Caller) -> Result<Response, Refusal> {
    json(&[caller.namespace])
}
