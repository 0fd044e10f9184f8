//! Spaces (Altair IoT Studio Functions): functions of a space, called at `/spaces/<space>/functions/<name>/invoke`.
//!
//! Facts come from the vendor's OpenAPI document and guides. Where both are silent, the code says what was chosen.

pub(crate) mod client;
pub mod copy_as;
pub(crate) mod gateway;
mod triggers;
mod ulid;
pub(crate) mod wire;

use beckon_core::{Contract, FunctionKey, Language, Secret};
use rand::distr::{Alphanumeric, SampleString as _};

use crate::openwhisk::{NewToken, path_segment};
pub use triggers::SpaceTriggers;

/// Makes the credential of a client: its id, a ULID, and its secret, 48 random alphanumerics.
#[must_use]
pub fn new_client() -> NewToken {
    NewToken {
        id: ulid::new(beckon_core::Clock::system().now()),
        secret: Secret::new(Alphanumeric.sample_string(&mut rand::rng(), 48)),
    }
}

/// What a template stands for: how its handler is called, and what it is written in. `None` for what is none.
#[must_use]
pub fn template(name: &str) -> Option<(Contract, Language)> {
    match name {
        wire::PYTHON => Some((Contract::Spaces, Language::Python)),
        // Spaces' Go handler is `func Handle(http.ResponseWriter, *http.Request)`, as that of OpenFaaS' golang-middleware.
        wire::GO => Some((Contract::Openfaas, Language::Go)),
        _ => None,
    }
}

/// The URL that calls a function; `address` is a connection's, which may name a space.
#[must_use]
pub fn function_url(address: &str, function: &FunctionKey) -> String {
    format!("{}/{}/invoke", client::host_of(address), path_of(function))
}

/// `spaces/SPACE/functions/NAME`. A package's `/` is `__`, as Beckon's own gateway has it.
pub(crate) fn path_of(function: &FunctionKey) -> String {
    format!(
        "spaces/{}/functions/{}",
        path_segment(function.namespace.as_str()),
        path_segment(&function.name.as_str().replace('/', "__"))
    )
}
