//! Spaces (Altair IoT Studio Functions): functions of a space, called at `/spaces/<space>/functions/<name>/invoke`.
//!
//! Facts come from the vendor's OpenAPI document and guides. Where both are silent, the code says what was chosen.

pub(crate) mod gateway;
mod ulid;
pub(crate) mod wire;

use beckon_core::Secret;
use rand::distr::{Alphanumeric, SampleString as _};

use crate::openwhisk::NewToken;

/// Makes the credential of a client: its id, a ULID, and its secret, 48 random alphanumerics.
#[must_use]
pub fn new_client() -> NewToken {
    NewToken {
        id: ulid::new(beckon_core::Clock::system().now()),
        secret: Secret::new(Alphanumeric.sample_string(&mut rand::rng(), 48)),
    }
}
