//! What a call brings and what it gives back, whatever the door and whatever the contract.

use beckon_core::{BodyForm, JsonText};
use bytes::Bytes;

/// What a caller sends. Each door brings its own kind, and the engine turns it into what the function's contract wants.
#[derive(Debug, Clone)]
pub enum Payload {
    /// Arguments, one JSON object: OpenWhisk's doors, the window, the command line.
    Args(JsonText),
    /// A request. Its URI is the path and the query that the function sees.
    Http(Box<http::Request<Bytes>>),
}

/// What a function gave back, in the kind that its contract speaks.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A JSON object or array.
    Json(JsonText),
    /// A response.
    Http(Box<http::Response<Bytes>>),
}

impl Payload {
    /// The size of its body in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Args(json) => json.as_str().len(),
            Self::Http(request) => request.body().len(),
        }
    }

    /// Whether there is no body.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the journal keeps of its body.
    pub(crate) fn into_document(self) -> JsonText {
        match self {
            Self::Args(json) => json,
            Self::Http(request) => BodyForm::keep(request.body()).1,
        }
    }
}
