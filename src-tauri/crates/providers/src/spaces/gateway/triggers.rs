//! What calls a space's functions beside their callers: its cron trigger those with `options.schedule`, by schedules of the
//! engine, and its message triggers those with `options.topics`.
//!
//! A schedule calls while the space has a cron trigger. A message trigger listens to its broker for the topics of its own
//! configuration, and calls every function of the space with a topic among `options.topics` that is the message's, wildcards
//! included (the vendor's guide, "Triggers"). Which broker that is is the trigger's to say: a function with topics and no
//! trigger is called by nobody.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use beckon_core::{
    Error, ErrorCode, FunctionKey, JsonText, LABEL_LIMIT, MissedPolicy, NamespaceName, NewSchedule, Result,
    Schedule,
};
use beckon_store::SpacesTrigger;

use super::caller::Call;
use super::list::window;
use super::listener::{self, MQTT, RABBITMQ};
use super::status::Kept;
use super::{Desk, json, read};
use crate::gateway::Refusal;
use crate::spaces::ulid;
use crate::spaces::wire::{Page, Trigger, TriggerState};

/// What a function's schedule is called.
const SCHEDULE: &str = "options.schedule";
/// Most bytes of a trigger's document.
const LIMIT: usize = 256 * 1024;
const CRON: &str = "cron";

/// `GET /spaces/{space}/triggers?type=`: oldest first.
pub(super) async fn list(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    call.whole_space()?;
    let mut all = of_space(&desk, &call.space).await?;
    if let Some(kind) = call.caller.parameter("type") {
        all.retain(|trigger| trigger.kind == kind);
    }
    // Ids sort by the time that they were made.
    all.sort_by(|a, b| a.id.cmp(&b.id));
    let ids: Vec<_> = all.iter().map(|trigger| trigger.id.clone()).collect();
    let (range, paging) = window(&call.caller, &ids)?;
    let data = all.drain(range).collect();
    json(StatusCode::OK, &Page { data, paging })
}

/// `POST /spaces/{space}/triggers`.
pub(super) async fn create(
    State(desk): State<Arc<Desk>>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    call.whole_space()?;
    let trigger: Trigger = read(&headers, body, LIMIT).await?;
    let id = ulid::new(desk.gateway.clock.now());
    let kept = keep(&desk, &call.space, id, trigger, None).await?;
    json(StatusCode::CREATED, &kept)
}

/// `GET /spaces/{space}/triggers/{trigger}`.
pub(super) async fn get(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    call.whole_space()?;
    let kept = find(&desk, &call).await?;
    json(StatusCode::OK, &told(&desk, kept)?)
}

/// `PUT /spaces/{space}/triggers/{trigger}`: another in its place, of the same id.
pub(super) async fn update(
    State(desk): State<Arc<Desk>>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    call.whole_space()?;
    let trigger: Trigger = read(&headers, body, LIMIT).await?;
    let old = find(&desk, &call).await?;
    let kept = keep(&desk, &call.space, old.id.clone(), trigger, Some(old)).await?;
    json(StatusCode::OK, &kept)
}

/// `DELETE /spaces/{space}/triggers/{trigger}`.
pub(super) async fn delete(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    call.whole_space()?;
    let old = find(&desk, &call).await?;
    let engine = &desk.gateway.engine;
    engine.delete_spaces_trigger(&call.space, &old.id).await?;
    follow_schedules(&desk, &call.space).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn find(desk: &Desk, call: &Call) -> Result<SpacesTrigger, Refusal> {
    let all = desk.gateway.store.spaces_triggers(&call.space).await?;
    let found = all.into_iter().find(|trigger| trigger.id == call.trigger());
    found.ok_or_else(|| Refusal::not_found("trigger not found"))
}

async fn of_space(desk: &Desk, space: &NamespaceName) -> Result<Vec<Trigger>, Error> {
    let all = desk.gateway.store.spaces_triggers(space).await?;
    all.into_iter().map(|kept| told(desk, kept)).collect()
}

fn document(kept: &SpacesTrigger) -> Result<Trigger, Error> {
    serde_json::from_str(&kept.document).map_err(|e| Error::internal("read a trigger", e))
}

/// A trigger as it is told, with what it is doing.
fn told(desk: &Desk, kept: SpacesTrigger) -> Result<Trigger, Error> {
    let mut trigger = document(&kept)?;
    (trigger.status, trigger.error_message) = if trigger.kind == CRON {
        (Some(TriggerState::Running), None)
    } else if kept.listener.is_some() {
        let (state, why) = listener::state(desk.gateway.engine.topic_trigger_status(&kept.id));
        (Some(state), why)
    } else {
        let text = "It was kept before this engine listened to brokers. Send it again, with its password.";
        (Some(TriggerState::Failed), Some(text.to_owned()))
    };
    trigger.id = kept.id;
    Ok(trigger)
}

async fn keep(
    desk: &Desk,
    space: &NamespaceName,
    id: String,
    mut trigger: Trigger,
    old: Option<SpacesTrigger>,
) -> Result<Trigger, Refusal> {
    if trigger.description.chars().count() > 5 * LABEL_LIMIT {
        return Err(Refusal::bad_request("description is longer than 1000 characters"));
    }
    trigger.callback_url = trigger.callback_url.filter(|url| !url.is_empty());
    if let Some(url) = &trigger.callback_url {
        beckon_engine::delivery::check_http_url(url)?;
    }
    // Not among what is kept, whatever the type: a database is no place for it.
    let password = listener::take_password(&mut trigger);
    let (listener, secret) = match trigger.kind.as_str() {
        CRON if trigger.callback_url.is_some() => {
            return Err(Refusal::bad_request(
                "callback_url: nobody is called back for a run by the clock here; give the function a destination",
            ));
        }
        CRON => (None, None),
        MQTT | RABBITMQ => {
            let listener = listener::of(&trigger)?;
            let before = old.as_ref().map(document).transpose()?;
            let old = before
                .as_ref()
                .zip(old.as_ref().and_then(|old| old.listener.as_ref()));
            let secret = listener::credential(&trigger, &listener, password, old)?;
            (Some(listener), secret)
        }
        _ => return Err(Refusal::bad_request("type must be cron, mqtt or rabbitmq")),
    };
    (trigger.status, trigger.error_message) = (None, None);
    trigger.id.clone_from(&id);
    let document = serde_json::to_string(&trigger).map_err(|e| Error::internal("keep a trigger", e))?;
    let kept = SpacesTrigger {
        id,
        document,
        listener,
    };
    let engine = &desk.gateway.engine;
    engine.put_spaces_trigger(space, kept.clone(), secret).await?;
    follow_schedules(desk, space).await?;
    Ok(told(desk, kept)?)
}

/// Has every function of a space be called by the clock as its options and the space's triggers say.
async fn follow_schedules(desk: &Desk, space: &NamespaceName) -> Result<()> {
    for function in desk.gateway.store.functions(Some(space)).await? {
        follow_schedule(desk, &function.key).await?;
    }
    Ok(())
}

/// The same for one function.
pub(super) async fn follow_schedule(desk: &Desk, key: &FunctionKey) -> Result<()> {
    let Some(function) = desk.gateway.store.function(key).await? else {
        return Ok(());
    };
    let wanted = Kept::of(&function).options.schedule;
    let _scheduling = desk.scheduling.lock().await;
    let Some(expression) = wanted.filter(|text| !text.trim().is_empty()) else {
        return remove_schedule(desk, key).await;
    };
    let triggers = of_space(desk, &key.namespace).await?;
    let new = NewSchedule {
        name: SCHEDULE.to_owned(),
        function: key.clone(),
        expression,
        zone: String::new(),
        arguments: JsonText::empty_object(),
        missed: MissedPolicy::default(),
        enabled: triggers.iter().any(|trigger| trigger.kind == CRON),
    };
    let old = schedule(desk, key).await?;
    if old
        .as_ref()
        .is_some_and(|old| (&old.expression, old.enabled) == (&new.expression, new.enabled))
    {
        return Ok(());
    }
    let id = old.map(|old| old.id);
    desk.gateway
        .engine
        .put_schedule(id.as_deref(), new)
        .await
        .map(drop)
}

/// Takes away what [`follow_schedule`] made.
pub(super) async fn unschedule(desk: &Desk, key: &FunctionKey) -> Result<()> {
    let _scheduling = desk.scheduling.lock().await;
    remove_schedule(desk, key).await
}

async fn remove_schedule(desk: &Desk, key: &FunctionKey) -> Result<()> {
    let Some(old) = schedule(desk, key).await? else {
        return Ok(());
    };
    match desk.gateway.engine.delete_schedule(&old.id).await {
        Err(error) if error.code != ErrorCode::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn schedule(desk: &Desk, key: &FunctionKey) -> Result<Option<Schedule>> {
    let all = desk.gateway.engine.schedules(Some(key)).await?;
    Ok(all.into_iter().find(|schedule| schedule.name == SCHEDULE))
}
