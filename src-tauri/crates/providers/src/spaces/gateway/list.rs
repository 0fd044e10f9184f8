use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::caller::{Call, Caller};
use super::status::Known;
use super::{Desk, json};
use crate::gateway::Refusal;
use crate::spaces::wire::{Page, Paging, Space};

/// Most entries of a page, and how many there are where nobody says.
const MOST: usize = 1_000;

/// `GET /spaces`: those that the client reaches, by name.
pub(super) async fn spaces(State(desk): State<Arc<Desk>>, caller: Caller) -> Result<Response, Refusal> {
    let all = desk.gateway.store.placed_namespaces().await?;
    let mut all: Vec<_> = all
        .into_iter()
        .map(|placed| placed.namespace)
        .filter(|namespace| caller.reaches(&namespace.name))
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<_> = all.iter().map(|namespace| namespace.name.to_string()).collect();
    let (range, paging) = window(&caller, &names)?;
    let data = all[range].iter().map(|namespace| Space {
        id: namespace.name.to_string(),
        name: namespace.label.clone(),
    });
    json(
        StatusCode::OK,
        &Page {
            data: data.collect(),
            paging,
        },
    )
}

/// `GET /spaces/{space}/functions`: by name, without their code.
pub(super) async fn functions(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    call.whole_space()?;
    let store = &desk.gateway.store;
    let mut keys = BTreeSet::new();
    keys.extend(
        store
            .spaces_deployments(Some(&call.space))
            .await?
            .into_iter()
            .map(|sent| sent.key),
    );
    keys.extend(
        store
            .functions(Some(&call.space))
            .await?
            .into_iter()
            .map(|function| function.key),
    );
    let keys: Vec<_> = keys.into_iter().collect();
    let names: Vec<_> = keys.iter().map(|key| key.name.to_string()).collect();
    let (range, paging) = window(&call.caller, &names)?;
    let mut data = Vec::new();
    for key in &keys[range] {
        // One may be gone since.
        if let Some(known) = Known::find(&desk, key).await? {
            data.push(known.document(&desk, false).await?);
        }
    }
    json(StatusCode::OK, &Page { data, paging })
}

/// The part of a list that is asked for (`limit`, `next_cursor`, `previous_cursor`). A cursor is the name that its page
/// begins at, so that what comes and goes meanwhile moves nothing else.
pub(super) fn window(caller: &Caller, names: &[String]) -> Result<(std::ops::Range<usize>, Paging), Refusal> {
    let limit = match caller.parameter("limit") {
        None => MOST,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(|| Refusal::bad_request(format!("limit must be 1 to {MOST}")))?,
    };
    let place = |cursor: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let name = name.ok_or_else(|| Refusal::bad_request("the cursor is none of this list"))?;
        // A page begins at the name itself, or where it would be.
        Ok::<_, Refusal>(
            names
                .iter()
                .position(|other| *other >= name)
                .unwrap_or(names.len()),
        )
    };
    let cursor = caller
        .parameter("next_cursor")
        .or_else(|| caller.parameter("previous_cursor"));
    let from = cursor.map_or(Ok(0), place)?;
    let to = (from + limit).min(names.len());
    let write = |at: usize| URL_SAFE_NO_PAD.encode(&names[at]);
    let paging = Paging {
        next_cursor: if to < names.len() {
            write(to)
        } else {
            String::new()
        },
        previous_cursor: if from > 0 && !names.is_empty() {
            write(from.saturating_sub(limit))
        } else {
            String::new()
        },
    };
    Ok((from..to, paging))
}
