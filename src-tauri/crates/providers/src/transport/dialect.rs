use std::net::IpAddr;

use beckon_core::{Error, ErrorCode, Result};
use url::{Host, Url};

/// What the transport has to know of the API that it carries.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    /// Whose API it is, as an error says it: `OpenWhisk's API`.
    pub(crate) name: &'static str,
    /// What a person calls its address: `API host`.
    pub(crate) address: &'static str,
    /// What all paths are below: `/api/v1/`.
    pub(crate) root: &'static str,
    /// Addresses that are right.
    pub(crate) example: &'static str,
    /// Whether the credential may travel without TLS to another machine.
    pub(crate) plain_http: bool,
    /// The sentence of the API's own error document, if these bytes are one.
    pub(crate) error_text: fn(&[u8]) -> Option<String>,
}

impl Dialect {
    /// `host`, `host:port`, `https://host`, with or without the root, as the URL that all paths are below.
    pub(super) fn base_url(&self, address: &str) -> Result<Url> {
        let what = self.address;
        let refuse = |message: String| {
            Error::new(ErrorCode::InvalidInput, message).with_hint(format!("For example {}.", self.example))
        };
        let text = address.trim();
        if text.is_empty() {
            return Err(refuse(format!("The {what} is empty.")));
        }
        let text = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let mut url =
            Url::parse(&text).map_err(|_| refuse(format!("The {what} is not a host name or URL.")))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(refuse(format!("The {what} must be an http or https URL.")));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse(format!("The {what} must not hold a credential.")));
        }
        let path = url.path().trim_end_matches('/');
        if !self.root.starts_with(&format!("{path}/")) || url.query().is_some() {
            return Err(refuse(format!("The {what} must be a host, without a path.")));
        }
        if url.scheme() == "http" && !self.plain_http && !is_loopback(&url) {
            return Err(refuse(format!(
                "The {what} must be an https URL: without TLS, everyone on the way can read the token."
            )));
        }
        url.set_fragment(None);
        url.set_path(self.root);
        Ok(url)
    }
}

/// Whether a URL leads to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digitalocean::client::ACCOUNT_API;
    use crate::openwhisk::client::OPENWHISK_API;

    #[test]
    fn hosts_are_understood() {
        for (text, base) in [
            (
                "faas-lon1-1.doserverless.co",
                "https://faas-lon1-1.doserverless.co/api/v1/",
            ),
            (" https://h.example/ ", "https://h.example/api/v1/"),
            ("http://127.0.0.1:6464", "http://127.0.0.1:6464/api/v1/"),
            ("http://10.0.0.5:3233", "http://10.0.0.5:3233/api/v1/"),
            ("https://h.example/api/v1/", "https://h.example/api/v1/"),
            ("https://h.example/api", "https://h.example/api/v1/"),
            ("localhost:3233", "https://localhost:3233/api/v1/"),
        ] {
            assert_eq!(OPENWHISK_API.base_url(text).unwrap().as_str(), base);
        }
        for text in [
            "",
            "ftp://h",
            "https://u:p@h",
            "https://h/x",
            "https://h/ap",
            "https://h/?q",
            "a b",
            "https://",
        ] {
            let error = OPENWHISK_API.base_url(text).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidInput, "{text}");
        }
    }

    #[test]
    fn an_accounts_token_goes_over_tls_or_stays_on_the_machine() {
        for (text, base) in [
            (
                "https://api.digitalocean.com",
                "https://api.digitalocean.com/v2/functions/",
            ),
            (
                "api.digitalocean.com/v2/",
                "https://api.digitalocean.com/v2/functions/",
            ),
            ("http://localhost:6464", "http://localhost:6464/v2/functions/"),
            ("http://[::1]:6464", "http://[::1]:6464/v2/functions/"),
        ] {
            assert_eq!(ACCOUNT_API.base_url(text).unwrap().as_str(), base);
        }
        for text in ["http://api.digitalocean.com", "http://localhost.example"] {
            let error = ACCOUNT_API.base_url(text).unwrap_err();
            assert!(error.message.contains("must be an https URL"), "{error}");
        }
    }
}
