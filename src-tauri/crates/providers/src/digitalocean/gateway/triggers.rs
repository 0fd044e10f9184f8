use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use beckon_core::{Error, ErrorCode, FunctionKey, JsonText, MissedPolicy, NewSchedule, Schedule, label};
use serde_json::json;

use super::caller::Call;
use super::{Desk, json};
use crate::digitalocean::wire::{Fields, SCHEDULED, Trigger, function, invalid};
use crate::gateway::Refusal;

/// `GET triggers`.
pub(super) async fn list(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    let schedules = of_namespace(&desk, &call).await?;
    let documents = schedules.iter().map(Trigger::of).collect::<Result<Vec<_>, _>>()?;
    json(StatusCode::OK, &json!({ "triggers": documents }))
}

/// `POST triggers`: `{"name", "type": "SCHEDULED", "function", "is_enabled", "scheduled_details": {"cron", "body"?}}`.
pub(super) async fn create(
    State(desk): State<Arc<Desk>>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let fields = Fields::read(&headers, body).await?;
    let (name, called, details) = (
        fields.text("name")?,
        fields.text("function")?,
        fields.object("scheduled_details")?,
    );
    let (Some(name), Some(called), Some(details)) = (name, called, &details) else {
        let missing = [
            (name.is_none(), "missing trigger name"),
            (called.is_none(), "missing function name"),
            (details.is_none(), "missing source details"),
        ];
        let texts: Vec<_> = missing
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, text)| *text)
            .collect();
        return Err(unfit("create", &texts.join(", ")));
    };
    if fields.text("type")?.is_none_or(|kind| kind != SCHEDULED) {
        return Err(unfit("create", "the type must be SCHEDULED"));
    }
    let cron = details
        .text("cron")?
        .ok_or_else(|| unfit("create", "missing cron expression"))?;
    let new = NewSchedule {
        name: label(name, "").map_err(|error| invalid(&error.message))?,
        function: FunctionKey {
            namespace: call.namespace().clone(),
            name: function(called)?,
        },
        expression: cron.to_owned(),
        zone: String::new(),
        arguments: details
            .json_object("body")?
            .unwrap_or_else(JsonText::empty_object),
        missed: MissedPolicy::default(),
        enabled: fields
            .flag("is_enabled")?
            .ok_or_else(|| unfit("create", "missing is_enabled"))?,
    };
    let _naming = desk.naming.lock().await;
    if of_namespace(&desk, &call)
        .await?
        .iter()
        .any(|other| other.name == new.name)
    {
        let text = format!("trigger '{}' already exists", new.name);
        return Err(Refusal::new(StatusCode::CONFLICT, text));
    }
    let made = desk.gateway.engine.put_schedule(None, new).await;
    one(&made.map_err(|error| not_saved("create", error))?)
}

/// `GET triggers/{name}`.
pub(super) async fn get(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    one(&find(&desk, &call).await?)
}

/// `PUT triggers/{name}`: `{"is_enabled"?, "scheduled_details"?: {"cron", "body"?}}`. What is not said stays.
pub(super) async fn change(
    State(desk): State<Arc<Desk>>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let fields = Fields::read(&headers, body).await?;
    let _naming = desk.naming.lock().await;
    let old = find(&desk, &call).await?;
    let mut new = NewSchedule {
        name: old.name,
        function: old.function,
        expression: old.expression,
        zone: old.zone,
        arguments: old.arguments,
        missed: old.missed,
        enabled: fields.flag("is_enabled")?.unwrap_or(old.enabled),
    };
    if let Some(details) = fields.object("scheduled_details")? {
        if let Some(cron) = details.text("cron")? {
            cron.clone_into(&mut new.expression);
        }
        if let Some(body) = details.json_object("body")? {
            new.arguments = body;
        }
    }
    let saved = desk.gateway.engine.put_schedule(Some(&old.id), new).await;
    one(&saved.map_err(|error| not_saved("update", error))?)
}

/// `DELETE triggers/{name}`.
pub(super) async fn delete(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    let schedule = find(&desk, &call).await?;
    desk.gateway.engine.delete_schedule(&schedule.id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn of_namespace(desk: &Desk, call: &Call) -> Result<Vec<Schedule>, Refusal> {
    let mut schedules = desk.gateway.engine.schedules(None).await?;
    schedules.retain(|schedule| schedule.function.namespace == *call.namespace());
    Ok(schedules)
}

/// Schedules of the window may share a name; then the oldest answers to it.
async fn find(desk: &Desk, call: &Call) -> Result<Schedule, Refusal> {
    let schedules = of_namespace(desk, call).await?;
    let found = schedules
        .into_iter()
        .find(|schedule| schedule.name == call.trigger());
    found.ok_or_else(|| Refusal::not_found("trigger not found"))
}

fn one(schedule: &Schedule) -> Result<Response, Refusal> {
    json(StatusCode::OK, &json!({ "trigger": Trigger::of(schedule)? }))
}

/// DigitalOcean's 400 for a trigger.
fn unfit(verb: &str, detail: &str) -> Refusal {
    Refusal::bad_request(format!("validating {verb} trigger: validation error: {detail}"))
}

fn not_saved(verb: &str, error: Error) -> Refusal {
    match error.code {
        // The namespace was found, so it is the function; a 404 would say that it is the namespace.
        ErrorCode::InvalidInput | ErrorCode::LimitExceeded | ErrorCode::NotFound => {
            unfit(verb, &error.message)
        }
        _ => error.into(),
    }
}
