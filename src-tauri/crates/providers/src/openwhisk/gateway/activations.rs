use axum::extract::State;
use axum::response::Response;
use beckon_core::{Activation, LOCAL};
use beckon_store::ListQuery;
use serde_json::json;

use super::call::Call;
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::wire::{ActivationItem, Record, Response as Outcome, format_logs};

const COLLECTION: &str = "activations";

/// DigitalOcean's documented text: a run has no record before it is over, nor after its retention.
const NO_RECORD: &str = "The requested activation record does not exist. This either means that the invocation is still running and the record is not yet created or the activation's retention period has already expired.";

/// `GET P/activations`: runs that are over, newest first; summaries, whole records (`docs`) or their number (`count`).
pub(super) async fn list(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    let query = &call.query;
    let (docs, count) = (query.flag("docs", false)?, query.flag("count", false)?);
    let asked = query.name()?;
    let function = match (call.only_function(), asked) {
        (None, asked) => asked,
        (Some(own), None) => Some(own.clone()),
        (Some(own), Some(asked)) if *own == asked => Some(asked),
        (Some(_), Some(_)) => {
            return Err(Refusal::forbidden(
                "The supplied authentication is not authorized to access this resource.",
            ));
        }
    };
    let rows = ListQuery {
        namespace: call.namespace.clone(),
        function,
        since: query.time("since")?,
        upto: query.time("upto")?,
        skip: query.skip(COLLECTION)?,
        limit: query.limit(COLLECTION)?,
    };
    if count && docs {
        return Err(Refusal::bad_request(
            "The parameter 'docs' is not permitted with 'count'.",
        ));
    }
    if count {
        return super::json(&json!({ "activations": gateway.store.list_count(&rows).await? }));
    }
    let rows = gateway.store.list(&rows).await?;
    if docs {
        return super::json(&rows.iter().map(Record::of).collect::<Vec<_>>());
    }
    super::json(&rows.iter().map(ActivationItem::of).collect::<Vec<_>>())
}

/// `GET P/activations/{id}`.
pub(super) async fn get(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    super::json(&Record::of(&find(&gateway, &call).await?))
}

/// `GET P/activations/{id}/logs`.
pub(super) async fn logs(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    super::json(&json!({ "logs": format_logs(&find(&gateway, &call).await?) }))
}

/// `GET P/activations/{id}/result`.
pub(super) async fn result(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    super::json(&Outcome::of(&find(&gateway, &call).await?))
}

/// A run of this namespace that is over and within the token's scope. The journal also holds runs at providers: they
/// are none of the gateway's.
async fn find(gateway: &Gateway, call: &Call) -> Result<Activation, Refusal> {
    let found = gateway.store.activation(call.activation_id()?).await?;
    found
        .filter(|activation| {
            let summary = &activation.summary;
            summary.connection == LOCAL
                && summary.status.is_final()
                && call.token.scope.allows(&summary.namespace, &summary.function)
        })
        .ok_or_else(|| Refusal::not_found(NO_RECORD))
}
