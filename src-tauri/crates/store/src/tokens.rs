use std::collections::HashMap;
use std::sync::Arc;

use beckon_core::{Error, ErrorCode, FunctionKey, Millis, NamespaceName, Result, Token, TokenScope};
use parking_lot::RwLock;
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::fault::Fault;
use crate::namespaces;
use crate::words::{column, word};
use crate::writer::Urgency;

/// How often the last use of a token is written, ms.
const TOUCH: Millis = 60_000;

/// All tokens in memory, by id: the gateway asks on every request.
///
/// A std-like lock and not tokio's: it is held for a look-up, never over an await.
#[derive(Default)]
pub(crate) struct Tokens(RwLock<HashMap<String, (Token, [u8; 32])>>);

/// Whether a token of this scope reaches nothing but this function.
pub(crate) fn is_of(scope: &TokenScope, key: &FunctionKey) -> bool {
    matches!(scope, TokenScope::Function { namespace, name } if *namespace == key.namespace && *name == key.name)
}

impl Tokens {
    pub(crate) fn load(db: &Connection) -> Result<Self, Fault> {
        let mut statement = db.prepare("SELECT * FROM tokens")?;
        let mut rows = statement.query([])?;
        let mut tokens = HashMap::new();
        while let Some(row) = rows.next()? {
            let token = load(row)?;
            tokens.insert(token.id.clone(), (token, row.get("hash")?));
        }
        Ok(Self(RwLock::new(tokens)))
    }

    /// Forgets the tokens of these scopes.
    pub(crate) fn forget(&self, gone: impl Fn(&TokenScope) -> bool) {
        self.0.write().retain(|_, (token, _)| !gone(&token.scope));
    }

    /// Sets when a token was revoked; returns what it was before the change.
    fn set_revoked(&self, id: &str, at: Option<Millis>) -> Option<Token> {
        let mut tokens = self.0.write();
        let (token, _) = tokens.get_mut(id)?;
        let before = token.clone();
        token.revoked = at;
        Some(before)
    }
}

impl Store {
    /// All tokens, newest first, revoked and expired ones included.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        let mut tokens: Vec<_> = self
            .inner
            .tokens
            .0
            .read()
            .values()
            .map(|(token, _)| token.clone())
            .collect();
        tokens.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(tokens)
    }

    /// Keeps a new token. `hash` is the SHA-256 of its secret.
    ///
    /// `NotFound` when there is no such namespace or function, `Conflict` when the id is taken.
    pub async fn add_token(&self, token: &Token, hash: [u8; 32]) -> Result<()> {
        let (token, tokens) = (token.clone(), Arc::clone(&self.inner.tokens));
        self.write(Urgency::Durable, 0, move |batch| {
            check_scope(batch.db, &token.scope)?;
            if insert(batch.db, &token, &hash)? == 0 {
                return Err(Error::new(ErrorCode::Conflict, "There is a token with this id already.").into());
            }
            batch.tokens_changed();
            batch.after_commit(move || {
                tokens.0.write().insert(token.id.clone(), (token, hash));
            });
            Ok(())
        })
        .await
    }

    /// Ends a token at once. `NotFound` when there is none with this id. Revoking again changes nothing.
    pub async fn revoke_token(&self, id: &str) -> Result<Token> {
        let (id, now, tokens) = (
            id.to_owned(),
            self.inner.clock.now(),
            Arc::clone(&self.inner.tokens),
        );
        // From this moment no request gets in with it, even if the disk is slow.
        let known = tokens.0.read().get(&id).and_then(|(token, _)| token.revoked);
        let at = known.unwrap_or(now);
        let Some(before) = tokens.set_revoked(&id, Some(at)) else {
            return Err(missing());
        };
        let row = id.clone();
        let written = self
            .write(Urgency::Durable, 0, move |batch| {
                let sql = "UPDATE tokens SET revoked = ?2 WHERE id = ?1";
                if batch.db.execute(sql, params![row, at])? == 0 {
                    return Err(missing().into());
                }
                batch.tokens_changed();
                Ok(())
            })
            .await;
        if let Err(error) = written {
            // It would come back at the next start: say so rather than pretend.
            tokens.set_revoked(&id, before.revoked);
            return Err(error);
        }
        Ok(Token {
            revoked: Some(at),
            ..before
        })
    }

    /// Changes what a token is called. `NotFound` when there is none with this id.
    pub async fn rename_token(&self, id: &str, name: &str) -> Result<Token> {
        let (id, name, now) = (id.to_owned(), name.to_owned(), self.inner.clock.now());
        let tokens = Arc::clone(&self.inner.tokens);
        let (row, called) = (id.clone(), name.clone());
        self.write(Urgency::Durable, 0, move |batch| {
            let sql = "UPDATE tokens SET name = ?2, updated = ?3 WHERE id = ?1";
            if batch.db.execute(sql, params![row, called, now])? == 0 {
                return Err(missing().into());
            }
            batch.tokens_changed();
            batch.after_commit(move || {
                if let Some((token, _)) = tokens.0.write().get_mut(&row) {
                    (token.name, token.updated) = (called, now);
                }
            });
            Ok(())
        })
        .await?;
        let renamed = self.token_with_hash(&id).map(|(token, _)| token);
        renamed.ok_or_else(missing)
    }

    /// Removes a revoked or expired token from the list. `NotFound` when there is none, `Conflict` when it is live.
    pub async fn forget_token(&self, id: &str) -> Result<()> {
        let (id, now, tokens) = (
            id.to_owned(),
            self.inner.clock.now(),
            Arc::clone(&self.inner.tokens),
        );
        let live = tokens.0.read().get(&id).map(|(token, _)| token.is_live(now));
        match live {
            None => return Err(missing()),
            Some(true) => {
                let text = "The token is still accepted, so it stays in the list.";
                return Err(Error::new(ErrorCode::Conflict, text).with_hint("Revoke it first."));
            }
            Some(false) => {}
        }
        self.write(Urgency::Durable, 0, move |batch| {
            batch.db.execute("DELETE FROM tokens WHERE id = ?1", [&id])?;
            batch.tokens_changed();
            batch.after_commit(move || {
                tokens.0.write().remove(&id);
            });
            Ok(())
        })
        .await
    }

    /// The token with this id and the hash of its secret, live or not. In memory: the gateway asks on every request.
    pub fn token_with_hash(&self, id: &str) -> Option<(Token, [u8; 32])> {
        self.inner.tokens.0.read().get(id).cloned()
    }

    /// Notes that the gateway accepted the token; written at most once a minute and token.
    pub fn touch_token(&self, id: &str, at: Millis) {
        let due = |last: Option<Millis>| last.is_none_or(|last| at.saturating_sub(last) >= TOUCH);
        // Nearly always not due: look with the shared lock first.
        if !self
            .inner
            .tokens
            .0
            .read()
            .get(id)
            .is_some_and(|(token, _)| due(token.last_used))
        {
            return;
        }
        match self.inner.tokens.0.write().get_mut(id) {
            Some((token, _)) if due(token.last_used) => token.last_used = Some(at),
            _ => return,
        }
        let id = id.to_owned();
        let queued = self.inner.queue().push(Urgency::Lazy, None, move |batch| {
            batch
                .db
                .execute("UPDATE tokens SET last_used = ?2 WHERE id = ?1", params![id, at])?;
            batch.tokens_changed();
            Ok(())
        });
        if let Err(error) = queued {
            tracing::debug!(%error, "the last use of a token was not noted");
        }
    }
}

fn missing() -> Error {
    Error::not_found("token with this id")
}

/// A token for nothing would reach whatever gets that name later.
fn check_scope(db: &Connection, scope: &TokenScope) -> Result<(), Fault> {
    let Some(namespace) = scope.namespace() else {
        return Ok(());
    };
    namespaces::expect(db, namespace)?;
    let TokenScope::Function { namespace, name } = scope else {
        return Ok(());
    };
    let sql = "SELECT EXISTS (SELECT 1 FROM functions WHERE namespace = ?1 AND name = ?2)";
    if db.query_row(sql, [namespace.as_str(), name.as_str()], |row| row.get(0))? {
        return Ok(());
    }
    Err(Error::not_found(format!("function /{namespace}/{name}")).into())
}

fn insert(db: &Connection, token: &Token, hash: &[u8; 32]) -> Result<usize, Fault> {
    let function = match &token.scope {
        TokenScope::Namespace { .. } | TokenScope::Account => None,
        TokenScope::Function { name, .. } => Some(name.as_str()),
    };
    Ok(db.execute(
        "INSERT INTO tokens (id, name, kind, namespace, function, hint, hash, created, updated, expires, last_used, revoked,
         kept) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO NOTHING",
        params![
            token.id,
            token.name,
            word(token.kind)?,
            token.scope.namespace().map(NamespaceName::as_str),
            function,
            token.hint,
            hash,
            token.created,
            token.updated,
            token.expires,
            token.last_used,
            token.revoked,
            token.kept,
        ],
    )?)
}

fn load(row: &Row<'_>) -> Result<Token, Fault> {
    let namespace = row
        .get::<_, Option<String>>("namespace")?
        .map(|name| NamespaceName::new(name).map_err(|e| Fault::unreadable("namespace", e)))
        .transpose()?;
    let scope = match (namespace, row.get::<_, Option<String>>("function")?) {
        (None, _) => TokenScope::Account,
        (Some(namespace), None) => TokenScope::Namespace { namespace },
        (Some(namespace), Some(name)) => TokenScope::Function {
            namespace,
            name: name.parse().map_err(|e| Fault::unreadable("function name", e))?,
        },
    };
    Ok(Token {
        id: row.get("id")?,
        name: row.get("name")?,
        kind: column(row, "kind")?,
        scope,
        hint: row.get("hint")?,
        created: row.get("created")?,
        updated: row.get("updated")?,
        expires: row.get("expires")?,
        last_used: row.get("last_used")?,
        revoked: row.get("revoked")?,
        kept: row.get("kept")?,
    })
}
