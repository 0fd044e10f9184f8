//! Access tokens: got with a client's credential, good for an hour at most, in memory only. Whoever holds one when Beckon
//! stops gets another one with the credential.

use std::collections::HashMap;

use beckon_core::{Millis, Secret, Token};
use parking_lot::Mutex;
use rand::distr::{Alphanumeric, SampleString as _};

use crate::openwhisk::token_hash;

/// How long an access token is good, ms.
const LIFETIME: Millis = 3_600_000;
/// Most access tokens at a time; beyond it the one that ends first goes.
const MOST: usize = 10_000;

/// The access tokens, by their hash. A std-like lock: it is held for a look-up, never over an await.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<[u8; 32], Session>>);

struct Session {
    client: String,
    expires: Millis,
}

impl Sessions {
    /// A new access token of a client, with its lifetime in seconds. It does not outlive the client.
    pub(super) fn open(&self, client: &Token, now: Millis) -> (Secret, u64) {
        let expires = client.expires.unwrap_or(Millis::MAX).min(now + LIFETIME);
        let secret = Alphanumeric.sample_string(&mut rand::rng(), 64);
        let mut sessions = self.0.lock();
        if sessions.len() >= MOST {
            sessions.retain(|_, session| session.expires > now);
        }
        while sessions.len() >= MOST {
            let first = sessions.iter().min_by_key(|(_, session)| session.expires);
            let Some(hash) = first.map(|(hash, _)| *hash) else {
                break;
            };
            sessions.remove(&hash);
        }
        let session = Session {
            client: client.id.clone(),
            expires,
        };
        sessions.insert(token_hash(&secret), session);
        (Secret::new(secret), (expires - now).unsigned_abs() / 1000)
    }

    /// The client that holds this access token, by id, if it is still good.
    pub(super) fn client(&self, access_token: &str, now: Millis) -> Option<String> {
        // Looked up by its hash, so that the time it takes says nothing of those that there are.
        let sessions = self.0.lock();
        let session = sessions.get(&token_hash(access_token))?;
        (now < session.expires).then(|| session.client.clone())
    }

    /// Ends an access token of this client; one that is not there, or another's, stays (RFC 7009, 2.1 and 2.2).
    pub(super) fn close(&self, access_token: &str, client: &str) {
        let (mut sessions, hash) = (self.0.lock(), token_hash(access_token));
        if sessions
            .get(&hash)
            .is_some_and(|session| session.client == client)
        {
            sessions.remove(&hash);
        }
    }
}
