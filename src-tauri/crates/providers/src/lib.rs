//! The systems that Beckon speaks to, and speaks as.
//!
//! Each system is a folder with the same rooms: `wire` holds the dialect's documents, `client` sends them to a
//! provider, `gateway` serves them from the local engine, `copy_as` writes them as a command for a terminal. So the
//! gateway is the client's test double and the client is the gateway's.
//!
//! Adding a system is adding a folder, an arm of [`connect`] and a line of [`gateway::router`].

pub mod digitalocean;
pub mod gateway;
mod null;
pub mod openfaas;
pub mod openwhisk;
mod remote;
pub mod spaces;
mod transport;

use std::sync::Arc;

use beckon_core::{ConnectionKind, Error, ErrorCode, Result, Secret};

pub use openwhisk::client::{PastedCredential, read_pasted};
pub use remote::{
    EnvChange, FunctionChange, KeptEnv, Reach, RecordPage, Remote, RemoteCode, RemoteFunction, RemoteKind,
    RemoteOutcome, RemoteRecord, RemoteResponse, SavedFunction,
};

/// A client for a remote connection. Nothing is sent yet; [`Remote::check`] tries it.
///
/// `api_host` is the API host, with or without a scheme (https is assumed); `key` is `user:password`,
/// for Spaces `client_id:client_secret`.
///
/// Errors: `InvalidInput` for a host or key that cannot be one, and for [`ConnectionKind::Local`], which is not remote.
/// `Internal` when TLS cannot be set up on this machine (no CA certificates).
pub fn connect(kind: ConnectionKind, api_host: &str, key: Secret) -> Result<Arc<dyn Remote>> {
    match kind {
        ConnectionKind::Openwhisk | ConnectionKind::Digitalocean => {
            Ok(Arc::new(openwhisk::client::Client::new(api_host, key)?))
        }
        ConnectionKind::Openfaas => Ok(Arc::new(openfaas::client::Client::new(api_host, key)?)),
        ConnectionKind::Spaces => Ok(Arc::new(spaces::client::Client::new(api_host, key)?)),
        ConnectionKind::Local => Err(Error::new(
            ErrorCode::InvalidInput,
            "The local connection is the engine itself, not a remote system.",
        )),
    }
}
