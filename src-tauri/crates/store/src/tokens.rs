use beckon_core::{Millis, Result, Token};

use crate::Store;

impl Store {
    /// All tokens, newest first, revoked and expired ones included.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        todo!()
    }

    /// Keeps a new token. `hash` is the SHA-256 of its secret.
    pub async fn add_token(&self, token: &Token, hash: [u8; 32]) -> Result<()> {
        todo!()
    }

    /// Ends a token at once. `NotFound` when there is none with this id.
    pub async fn revoke_token(&self, id: &str) -> Result<Token> {
        todo!()
    }

    /// Removes a revoked or expired token from the list.
    pub async fn forget_token(&self, id: &str) -> Result<()> {
        todo!()
    }

    /// The token with this id and the hash of its secret, live or not. In memory: the gateway asks on every request.
    pub fn token_with_hash(&self, id: &str) -> Option<(Token, [u8; 32])> {
        todo!()
    }

    /// Notes that the gateway accepted the token; written at most once a minute and token.
    pub fn touch_token(&self, id: &str, at: Millis) {
        todo!()
    }
}
