//! DigitalOcean Functions, as far as it is not OpenWhisk: the control plane `/v2/functions`, and the two credentials
//! that it knows beside OpenWhisk's.
//!
//! Facts come from DigitalOcean's OpenAPI document and its first-party clients (doctl, godo, pydo).

pub mod client;
pub(crate) mod gateway;
pub(crate) mod wire;

use beckon_core::Secret;
use rand::RngExt as _;
use rand::distr::{Alphanumeric, SampleString as _};

use crate::openwhisk::{NewToken, token_hash};

/// How the id of a namespace's access key begins; 32 hex digits follow.
pub const KEY_PREFIX: &str = "dof_v1_";
/// How a personal access token begins; 64 hex digits follow.
pub const TOKEN_PREFIX: &str = "dop_v1_";
/// The shortest life of an access key, seconds.
pub const SHORTEST_KEY: u32 = 3600;

/// Makes an access key of a namespace: its id is public, and both halves are for Basic authentication.
#[must_use]
pub fn new_access_key() -> NewToken {
    NewToken {
        id: format!("{KEY_PREFIX}{}", hex(&rand::rng().random::<[u8; 16]>())),
        secret: Secret::new(Alphanumeric.sample_string(&mut rand::rng(), 64)),
    }
}

/// Makes an account's token. Bearer authentication has no public half: the id is [`account_token_id`].
#[must_use]
pub fn new_account_token() -> NewToken {
    let secret = format!("{TOKEN_PREFIX}{}", hex(&rand::rng().random::<[u8; 32]>()));
    NewToken {
        id: account_token_id(&secret),
        secret: Secret::new(secret),
    }
}

/// What an account's token is found by: the first half of the hash that is kept of it. Nobody gets back from it to the
/// token, which has 256 random bits.
#[must_use]
pub fn account_token_id(token: &str) -> String {
    hex(&token_hash(token)[..16])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_have_the_shapes_that_clients_check() {
        let is_hex = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        let key = new_access_key();
        let digits = key.id.strip_prefix("dof_v1_").unwrap();
        assert!(digits.len() == 32 && is_hex(digits));
        // doctl wants exactly one colon in `id:secret`.
        assert!(key.secret.expose().len() == 64 && !key.secret.expose().contains(':'));

        let token = new_account_token();
        let digits = token.secret.expose().strip_prefix("dop_v1_").unwrap();
        assert!(digits.len() == 64 && is_hex(digits));
        assert_eq!(token.id, account_token_id(token.secret.expose()));
        assert!(!token.secret.expose().contains(&token.id));
        assert_ne!(new_account_token().id, token.id);
    }
}
