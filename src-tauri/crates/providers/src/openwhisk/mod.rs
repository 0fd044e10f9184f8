//! Apache OpenWhisk's REST API, as DigitalOcean Functions and other providers serve it.
//!
//! Facts come from the upstream source and documentation and from DigitalOcean's guides; where the two differ, the
//! code says which one is followed.

pub mod client;
pub mod copy_as;
pub mod entities;
mod environment;
pub(crate) mod gateway;
pub(crate) mod wire;

use beckon_core::{FunctionKey, Secret};
pub use copy_as::record;
use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};

/// The most bytes of an invocation's body, of a function's parameters and of its annotations.
pub(crate) const BODY_LIMIT: usize = 1_048_576;

/// The response header that names the run of an accepted invocation.
pub(crate) const ACTIVATION_HEADER: &str = "x-openwhisk-activation-id";

/// Both halves of a fresh credential. Only the hash of the secret is for keeping.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The Basic user: a random UUID.
    pub id: String,
    /// The Basic password: 64 random alphanumerics (381 bits).
    pub secret: Secret,
}

/// Makes a credential of the form that every OpenWhisk client accepts.
#[must_use]
pub fn new_token() -> NewToken {
    NewToken {
        id: uuid::Uuid::new_v4().to_string(),
        secret: Secret::new(Alphanumeric.sample_string(&mut rand::rng(), 64)),
    }
}

/// What is kept of a secret to verify it. A plain hash is enough: the secret is random, not chosen by a person.
#[must_use]
pub fn token_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The URL of a function below `api_host`, as the REST API has it.
#[must_use]
pub fn action_url(api_host: &str, function: &FunctionKey) -> String {
    format!(
        "{}/api/v1/namespaces/{}/actions/{}",
        api_host.trim_end_matches('/'),
        path_segment(function.namespace.as_str()),
        function_path(&function.name),
    )
}

/// The URL of a web action below `api_host`; an extension (`.json`) says what becomes of its result.
#[must_use]
pub fn web_url(api_host: &str, function: &FunctionKey) -> String {
    format!(
        "{}/api/v1/web/{}/{}/{}",
        api_host.trim_end_matches('/'),
        path_segment(function.namespace.as_str()),
        path_segment(function.name.package().unwrap_or("default")),
        path_segment(function.name.simple()),
    )
}

/// The Basic credential of `user:password`, without the scheme.
pub(crate) fn basic(key: &Secret) -> Secret {
    use base64::Engine as _;
    Secret::new(base64::engine::general_purpose::STANDARD.encode(key.expose()))
}

/// Percent-encodes one path segment. Everything but RFC 3986's unreserved characters is encoded, so that the result
/// means the same in a URL, in a shell and to curl's globbing.
pub(crate) fn path_segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => {
                encoded.push('%');
                encoded.push_str(&format!("{byte:02X}"));
            }
        }
    }
    encoded
}

/// The text of a path's segment; what is no UTF-8 is replaced.
pub(crate) fn percent_decoded(segment: &str) -> String {
    // A query string's decoding is a path's, but for the signs that mean something in a query.
    let pair = segment
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

/// `[package/]name` as the path of a URL.
pub(crate) fn function_path(name: &beckon_core::FunctionName) -> String {
    match name.package() {
        Some(package) => format!("{}/{}", path_segment(package), path_segment(name.simple())),
        None => path_segment(name.simple()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_token_has_the_classic_shape_and_is_never_the_same() {
        let (one, two) = (new_token(), new_token());
        assert_eq!(one.id.len(), 36);
        assert_eq!(one.secret.expose().len(), 64);
        assert!(one.secret.expose().chars().all(|c| c.is_ascii_alphanumeric()));
        assert_ne!(one.secret.expose(), two.secret.expose());
        assert_ne!(one.id, two.id);
    }

    #[test]
    fn the_hash_is_sha_256() {
        let hex: String = token_hash("abc").iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(
            hex,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn path_segments_are_encoded() {
        assert_eq!(path_segment("a b&c@d"), "a%20b%26c%40d");
        let key = FunctionKey::new("n", "my pkg/f").unwrap();
        assert_eq!(
            action_url("http://h/", &key),
            "http://h/api/v1/namespaces/n/actions/my%20pkg/f"
        );
        assert_eq!(percent_decoded("a%20b+c=d&e%2F"), "a b+c=d&e/");
    }
}
