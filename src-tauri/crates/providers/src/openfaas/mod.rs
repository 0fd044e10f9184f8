//! OpenFaaS: functions behind `/function/<name>` that see the request itself, and the control plane `/system`.

pub(crate) mod client;
pub mod copy_as;
pub(crate) mod gateway;
pub(crate) mod wire;

use beckon_core::Secret;
use rand::distr::{Alphanumeric, SampleString as _};

use crate::openwhisk::{NewToken, token_hash};

/// The one user of OpenFaaS' gateway (its default of `basic-auth-user`).
pub(crate) const USER: &str = "admin";

/// Makes a password of `admin`. There may be many: each is a token with an id of its own, [`password_id`].
#[must_use]
pub fn new_password() -> NewToken {
    let secret = Alphanumeric.sample_string(&mut rand::rng(), 48);
    NewToken {
        id: password_id(&secret),
        secret: Secret::new(secret),
    }
}

/// What a password is found by: the first half of the hash that is kept of it.
#[must_use]
pub(crate) fn password_id(password: &str) -> String {
    token_hash(password)[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
