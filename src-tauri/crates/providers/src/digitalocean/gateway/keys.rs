use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use beckon_core::{Millis, NamespaceName, Token, TokenKind, TokenScope, hint_of, label};
use serde_json::{Value, json};

use super::caller::Call;
use super::{Desk, json};
use crate::digitalocean::wire::{AccessKey, Fields, invalid};
use crate::digitalocean::{SHORTEST_KEY, new_access_key};
use crate::gateway::Refusal;
use crate::openwhisk::token_hash;

/// The longest life of an access key that is not for ever, hours: a hundred years.
const LONGEST: u64 = 100 * 366 * 24;

/// `GET keys`. Those that ended by themselves are listed until somebody deletes them.
pub(super) async fn list(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    let keys = of_namespace(&desk, call.namespace()).await?;
    let documents: Vec<_> = keys.iter().map(AccessKey::of).collect();
    json(
        StatusCode::OK,
        &json!({ "count": documents.len(), "access_keys": documents }),
    )
}

/// `POST keys`: `{"name", "expires_in"?}`. The only answer with the secret.
pub(super) async fn create(
    State(desk): State<Arc<Desk>>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let fields = Fields::read(&headers, body).await?;
    let name = name(&fields)?;
    let lifetime = fields.text("expires_in")?.map(lifetime).transpose()?;
    let _naming = desk.naming.lock().await;
    must_be_free(&desk, call.namespace(), &name, None).await?;
    let made = new_access_key();
    let now = desk.gateway.clock.now();
    let token = Token {
        id: made.id,
        name,
        kind: TokenKind::DigitaloceanKey,
        scope: TokenScope::Namespace {
            namespace: call.namespace().clone(),
        },
        hint: hint_of(made.secret.expose()),
        created: now,
        updated: now,
        expires: lifetime.map(|lifetime| now + lifetime),
        last_used: None,
        revoked: None,
        kept: false,
    };
    let secret = made.secret.expose();
    desk.gateway.store.add_token(&token, token_hash(secret)).await?;
    let mut document = document(&token)?;
    document["access_key"]["secret"] = Value::from(secret);
    json(StatusCode::CREATED, &document)
}

/// `PUT keys/{id}`: `{"name"}`.
pub(super) async fn rename(
    State(desk): State<Arc<Desk>>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let fields = Fields::read(&headers, body).await?;
    let name = name(&fields)?;
    let _naming = desk.naming.lock().await;
    let key = find(&desk, &call).await?;
    must_be_free(&desk, call.namespace(), &name, Some(&key.id)).await?;
    let renamed = desk.gateway.store.rename_token(&key.id, &name).await?;
    json(StatusCode::OK, &document(&renamed)?)
}

/// `DELETE keys/{id}`: from this moment on it opens nothing. In the window it stands as revoked until somebody removes
/// it there.
pub(super) async fn delete(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    let key = find(&desk, &call).await?;
    desk.gateway.engine.revoke_token(&key.id).await?;
    json(StatusCode::OK, &json!({}))
}

/// The access keys of a namespace, newest first.
async fn of_namespace(desk: &Desk, namespace: &NamespaceName) -> Result<Vec<Token>, Refusal> {
    let mut keys = desk.gateway.store.tokens().await?;
    keys.retain(|token| {
        token.kind == TokenKind::DigitaloceanKey
            && token.revoked.is_none()
            && token.scope.namespace() == Some(namespace)
    });
    Ok(keys)
}

async fn find(desk: &Desk, call: &Call) -> Result<Token, Refusal> {
    let keys = of_namespace(desk, call.namespace()).await?;
    let found = keys.into_iter().find(|key| key.id == call.key());
    found.ok_or_else(|| Refusal::not_found("access key not found"))
}

async fn must_be_free(
    desk: &Desk,
    namespace: &NamespaceName,
    name: &str,
    but: Option<&str>,
) -> Result<(), Refusal> {
    let keys = of_namespace(desk, namespace).await?;
    let taken = keys
        .iter()
        .any(|key| key.name == name && Some(key.id.as_str()) != but);
    if taken {
        let text = "The request could not be completed due to a conflict.";
        return Err(Refusal::new(StatusCode::CONFLICT, text));
    }
    Ok(())
}

fn document(token: &Token) -> Result<Value, Refusal> {
    let key = serde_json::to_value(AccessKey::of(token))
        .map_err(|e| beckon_core::Error::internal("write a reply", e))?;
    Ok(json!({ "access_key": key }))
}

fn name(fields: &Fields) -> Result<String, Refusal> {
    let text = fields
        .text("name")?
        .ok_or_else(|| invalid("missing name field"))?;
    label(text, "").map_err(|error| invalid(&error.message))
}

/// `<int>h` or `<int>d`, at least an hour.
fn lifetime(text: &str) -> Result<Millis, Refusal> {
    let read = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let hours = match unit {
            "h" => 1,
            "d" => 24,
            _ => return None,
        };
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let hours = number.parse::<u64>().ok()?.checked_mul(hours)?;
        let shortest = u64::from(SHORTEST_KEY / 3600);
        (shortest..=LONGEST).contains(&hours).then_some(hours)
    };
    let hours = read().ok_or_else(|| {
        invalid("expires_in must be a whole number of hours or days, like 1h or 7d, and at least 1h")
    })?;
    Ok(Millis::try_from(hours).unwrap_or(Millis::MAX / 3_600_000) * 3_600_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes() {
        let read = |text| lifetime(text).ok();
        assert_eq!(read("1h"), Some(3_600_000));
        assert_eq!(read("7d"), Some(7 * 24 * 3_600_000));
        for bad in [
            "",
            "h",
            "0h",
            "0d",
            "7",
            "7 d",
            "+7d",
            "-1h",
            "90m",
            "1.5h",
            "7D",
            "ü",
            "99999999999999999999d",
            "9999999d",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
