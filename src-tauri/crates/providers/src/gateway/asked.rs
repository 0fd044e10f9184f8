//! What every dialect reads of a request in the same way.

use axum::extract::{FromRequestParts as _, RawPathParams};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

/// The token of `Authorization: Bearer TOKEN`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What stands in a path where its route has names.
pub(crate) struct PathNames(Vec<(String, String)>);

impl PathNames {
    /// `None` for what is not UTF-8.
    pub(crate) async fn of(parts: &mut Parts) -> Option<Self> {
        let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Some(Self(params.iter().map(own).collect()))
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let mut found = self.0.iter().filter(|(own, _)| own == name);
        found.next().map(|(_, value)| value.clone())
    }
}
