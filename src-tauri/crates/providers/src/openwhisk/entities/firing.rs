//! Firing a trigger.

use beckon_core::{
    Activation, ActivationId, ActivationSummary, Cause, Collection, Content, Entity, EntityKey, ErrorCode,
    FunctionKey, FunctionName, JsonText, LOCAL, Limits, LogLine, LogStream, Millis, Mode, NamedJson,
    NamespaceName, Status, Timing,
};
use beckon_engine::{Invocation, Payload};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{find, is_shared, rules_of};
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::gateway::NO_SUCH;
use crate::openwhisk::wire::TRIGGER;

/// Who fires, and how.
pub(crate) struct Firing {
    /// Whose functions may be called.
    pub(crate) caller: NamespaceName,
    /// Of the record; the runs that a client or the window sets off are the trigger's.
    pub(crate) cause: Cause,
    pub(crate) token_id: Option<String>,
    pub(crate) transaction: Option<String>,
    pub(crate) api_host: Option<String>,
    /// What functions find in `__ow_headers`.
    pub(crate) headers: Map<String, Value>,
    pub(crate) received: Millis,
}

/// Fires a trigger; answers the id of its record, or `None` where no rule is active: then nothing happened.
///
/// Each active rule's action becomes a run of the durable queue, with the trigger's parameters, then the payload, as
/// arguments. These runs have no `cause`; the record of the firing names them, a line for each rule.
pub(crate) async fn fire(
    gateway: &Gateway,
    key: &EntityKey,
    payload: JsonText,
    firing: &Firing,
) -> Result<Option<ActivationId>, Refusal> {
    let trigger = find(gateway, key, Collection::Triggers).await?;
    let rules: Vec<_> = rules_of(gateway, key)
        .into_iter()
        .filter(|rule| matches!(rule.content, Content::Rule { active: true, .. }))
        .collect();
    if rules.is_empty() {
        return Ok(None);
    }
    let arguments = arguments(&trigger, &payload, &firing.headers)?;
    let id = ActivationId::new();
    let mut logs = Vec::with_capacity(rules.len());
    for rule in &rules {
        if let Content::Rule { action, .. } = &rule.content {
            let told = run(gateway, firing, rule, action, arguments.clone()).await;
            logs.push(LogLine {
                at_us: gateway.clock.now().saturating_mul(1000),
                stream: LogStream::Stdout,
                text: told.to_string(),
            });
        }
    }
    let record = record(id, &trigger, payload, logs, firing)?;
    gateway.store.record(record).await?;
    Ok(Some(id))
}

/// Accepts the run of one rule; what came of that is the rule's line in the record.
async fn run(
    gateway: &Gateway,
    firing: &Firing,
    rule: &Entity,
    action: &FunctionKey,
    arguments: JsonText,
) -> Value {
    let name =
        |namespace: &dyn std::fmt::Display, name: &dyn std::fmt::Display| format!("{namespace}/{name}");
    let mut told = Map::new();
    told.insert("rule".into(), name(&rule.key.namespace, &rule.key.name).into());
    told.insert("action".into(), name(&action.namespace, &action.name).into());
    let foreign = action.namespace != firing.caller;
    let shared = EntityKey::package_of(action).is_some_and(|package| is_shared(gateway, &package));
    let accepted = if foreign && !shared {
        Err(beckon_core::Error::not_found(format!("function {action}")))
    } else {
        let invocation = Invocation {
            id: ActivationId::new(),
            function: action.clone(),
            caller: foreign.then(|| firing.caller.clone()),
            payload: Payload::Args(arguments),
            cause: match firing.cause {
                Cause::Gateway | Cause::Panel => Cause::Trigger,
                other => other,
            },
            token_id: firing.token_id.clone(),
            rerun_of: None,
            transaction_id: firing.transaction.clone(),
            api_host: firing.api_host.clone(),
            received: firing.received,
        };
        gateway.engine.accept(invocation).await
    };
    let (status, outcome) = match accepted {
        Ok(id) => (202, ("activationId", id.to_string())),
        Err(error) => {
            let (status, text) = match error.code {
                ErrorCode::NotFound => (404, NO_SUCH.to_owned()),
                ErrorCode::Busy => (429, error.message),
                ErrorCode::LimitExceeded => (413, error.message),
                _ => (503, error.message),
            };
            (status, ("error", text))
        }
    };
    told.insert("statusCode".into(), json!(status));
    told.insert("success".into(), json!(status == 202));
    told.insert(outcome.0.into(), outcome.1.into());
    Value::Object(told)
}

/// The trigger's parameters, the headers of the firing, the payload; the later ones win.
fn arguments(
    trigger: &Entity,
    payload: &JsonText,
    headers: &Map<String, Value>,
) -> Result<JsonText, Refusal> {
    let headers = JsonText::from_value(&Value::Object(headers.clone()));
    // Values stay as the text they are.
    let bad = |e: serde_json::Error| Refusal::from(beckon_core::Error::internal("read a trigger", e));
    let mut all: std::collections::BTreeMap<&str, &RawValue> = std::collections::BTreeMap::new();
    for NamedJson { key, value } in trigger.content.parameters() {
        all.insert(key, serde_json::from_str(value.as_str()).map_err(bad)?);
    }
    all.insert(
        "__ow_headers",
        serde_json::from_str(headers.as_str()).map_err(bad)?,
    );
    let given: std::collections::BTreeMap<String, &RawValue> =
        serde_json::from_str(payload.as_str()).map_err(bad)?;
    all.extend(given.iter().map(|(key, value)| (key.as_str(), *value)));
    Ok(JsonText::parse_object(serde_json::to_string(&all).map_err(bad)?)?)
}

/// The record of a firing: it took no time and has no end, and its result is what was sent.
fn record(
    id: ActivationId,
    trigger: &Entity,
    payload: JsonText,
    logs: Vec<LogLine>,
    firing: &Firing,
) -> Result<Activation, Refusal> {
    let namespace = trigger.key.namespace.clone();
    Ok(Activation {
        summary: ActivationSummary {
            id,
            connection: LOCAL.to_owned(),
            function: FunctionName::new(trigger.key.name.as_str())?,
            version: trigger.version.to_string(),
            kind: TRIGGER.to_owned(),
            status: Status::Success,
            mode: Mode::NonBlocking,
            cause: firing.cause,
            start: firing.received,
            end: None,
            duration_ms: None,
            cold: None,
            http_status: None,
            callback: None,
            pinned: false,
            preview: String::new(),
            namespace: namespace.clone(),
        },
        subject: namespace.to_string(),
        result_bytes: payload.as_str().len() as u64,
        // There is nothing to run again with it: what was sent is the result.
        input: None,
        result: Some(payload),
        result_truncated: false,
        logs,
        logs_truncated: false,
        limits: Limits::DEFAULT,
        timing: Timing::default(),
        rerun_of: None,
        token_id: firing.token_id.clone(),
        parent: None,
        http: None,
        attempts: 1,
        guards: Vec::new(),
        annotations: Vec::new(),
    })
}
