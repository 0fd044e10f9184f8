use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use beckon_core::{Error, ErrorCode, Result, Secret};
use url::Url;

use crate::digitalocean::client::is_account_token;
use crate::openwhisk::percent_decoded;

/// What a person pasted, understood.
#[derive(Debug, Clone)]
pub struct PastedCredential {
    /// `user:password`.
    pub key: Secret,
    /// The API host, when the text was a whole command or a `.wskprops` file.
    pub api_host: Option<String>,
    /// The namespace in the command's URL, unless it was `_`.
    pub namespace: Option<String>,
}

/// Reads `user:password`, its base64 with or without `Basic `, a whole `curl` command, or the lines of a `.wskprops`
/// file.
///
/// DigitalOcean's documentation shows the header both as `Basic <token>` and as the bare token.
///
/// Errors: `InvalidInput` with a sentence that says what is wrong and never repeats the text.
pub fn read_pasted(text: &str) -> Result<PastedCredential> {
    let text = text.trim();
    if text.is_empty() {
        return Err(invalid("Nothing was pasted."));
    }
    if text == "curl"
        || text.starts_with("curl ")
        || text.starts_with("curl\t")
        || text.starts_with("curl.exe ")
    {
        return read_curl(text);
    }
    if let Some(auth) = property(text, "AUTH") {
        return Ok(PastedCredential {
            key: read_key(auth)?,
            api_host: property(text, "APIHOST").map(str::to_owned),
            namespace: property(text, "NAMESPACE")
                .filter(|name| *name != "_")
                .map(str::to_owned),
        });
    }
    Ok(PastedCredential {
        key: read_key(text)?,
        api_host: None,
        namespace: None,
    })
}

/// The value of a `NAME=value` line.
fn property<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        line.trim()
            .strip_prefix(name)?
            .trim_start()
            .strip_prefix('=')
            .map(|value| value.trim().trim_matches('"'))
    })
}

fn read_curl(command: &str) -> Result<PastedCredential> {
    let words = shell_words::split(command)
        .map_err(|_| invalid("The curl command has an open quote.").with_hint("Copy the whole command."))?;
    let (mut url, mut credential) = (None, None);
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        let (option, attached) = match word.as_str() {
            long if long.starts_with("--") => match long.split_once('=') {
                Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
                None => (word.clone(), None),
            },
            short if short.starts_with('-') && short.is_char_boundary(2) && short.len() > 2 => {
                (short[..2].to_owned(), Some(short[2..].to_owned()))
            }
            _ => (word.clone(), None),
        };
        match option.as_str() {
            "-H" | "--header" => {
                let header = attached.or_else(|| words.next()).unwrap_or_default();
                if let Some((name, value)) = header.split_once(':')
                    && name.trim().eq_ignore_ascii_case("authorization")
                {
                    credential = Some(value.trim().to_owned());
                }
            }
            "-u" | "--user" => credential = attached.or_else(|| words.next()),
            "--url" => url = attached.or_else(|| words.next()),
            // The other options with a value that people meet; the value is not a URL.
            "-X" | "--request" | "-d" | "--data" | "--data-raw" | "--data-binary" | "--data-ascii"
            | "--json" | "-o" | "--output" | "-m" | "--max-time" | "--connect-timeout" | "-A"
            | "--user-agent" | "--retry" => {
                if attached.is_none() {
                    words.next();
                }
            }
            _ if option.starts_with('-') => {}
            _ => url = url.or(Some(word)),
        }
    }
    let key = read_key(&credential.ok_or_else(|| {
        invalid("The curl command has no credential.").with_hint("Copy it again with the token shown.")
    })?)?;
    let (api_host, namespace) = match url {
        Some(url) => read_url(&url)?,
        None => (None, None),
    };
    Ok(PastedCredential {
        key,
        api_host,
        namespace,
    })
}

/// The host of a pasted URL with its scheme, and the namespace in its path.
fn read_url(text: &str) -> Result<(Option<String>, Option<String>)> {
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = Url::parse(&with_scheme).map_err(|_| invalid("The URL in the curl command cannot be read."))?;
    let segments: Vec<_> = url.path_segments().map(Iterator::collect).unwrap_or_default();
    let namespace = segments
        .windows(2)
        .find(|pair| pair[0] == "namespaces")
        .map(|pair| pair[1])
        .filter(|name| !name.is_empty() && *name != "_")
        .map(percent_decoded);
    Ok((
        Some(url.origin().ascii_serialization()).filter(|origin| origin != "null"),
        namespace,
    ))
}

/// `user:password` from itself or from its base64.
fn read_key(text: &str) -> Result<Secret> {
    let text = text.trim();
    let text = match text.split_once(char::is_whitespace) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("basic") => rest.trim(),
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("bearer") => return Err(account_token()),
        _ => text,
    };
    if is_account_token(text) {
        return Err(account_token());
    }
    if text.contains('$') {
        return Err(
            invalid("The text refers to a shell variable instead of holding the key.")
                .with_hint("Paste the variable's value."),
        );
    }
    if text.contains("***") || text.contains('•') || text.contains('…') {
        return Err(invalid("The key is masked.").with_hint("Press Show token and copy again."));
    }
    let key = if text.contains(':') {
        text.to_owned()
    } else {
        decoded(text).ok_or_else(not_a_key)?
    };
    check_key(&key)?;
    Ok(Secret::new(key))
}

/// Refuses what cannot be a `user:password`.
pub(super) fn check_key(key: &str) -> Result<()> {
    let (user, password) = key.split_once(':').ok_or_else(not_a_key)?;
    if user.is_empty() || password.is_empty() || key.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(not_a_key());
    }
    Ok(())
}

fn decoded(text: &str) -> Option<String> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [&alphabet::STANDARD, &alphabet::URL_SAFE]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorCode::InvalidInput, message)
}

fn not_a_key() -> Error {
    invalid("This is not a function key.")
        .with_hint("Paste user:password, the token of the Authorization header, or the whole curl command.")
}

fn account_token() -> Error {
    invalid("This is a token of a DigitalOcean account, not a key of a Functions namespace.").with_hint(
        "Connect the account: Beckon lists its namespaces and makes a key for each that you choose.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        read_pasted(text).unwrap().key.expose().to_owned()
    }

    #[test]
    fn every_spelling_is_the_same_key() {
        for text in [
            "user:pass",
            " user:pass\n",
            "dXNlcjpwYXNz",
            "Basic dXNlcjpwYXNz",
            "basic  dXNlcjpwYXNz",
        ] {
            assert_eq!(key(text), "user:pass", "{text}");
        }
        // Base64 without its padding.
        assert_eq!(key("dTpw"), "u:p");
        assert_eq!(key("dTpwYQ"), "u:pa");
    }

    #[test]
    fn digitaloceans_command_gives_host_namespace_and_key() {
        let text = "curl -X POST \"https://faas-lon1-2ef2e6cc.doserverless.co/api/v1/namespaces/fn-378a/actions/sample/hello?blocking=true&result=true\" \\\n  -H \"Content-Type: application/json\" \\\n  -H \"Authorization: dXNlcjpwYXNz\"";
        let pasted = read_pasted(text).unwrap();
        assert_eq!(pasted.key.expose(), "user:pass");
        assert_eq!(
            pasted.api_host.as_deref(),
            Some("https://faas-lon1-2ef2e6cc.doserverless.co")
        );
        assert_eq!(pasted.namespace.as_deref(), Some("fn-378a"));
    }

    #[test]
    fn other_ways_to_write_the_command() {
        for text in [
            "curl -u user:pass http://127.0.0.1:6464/api/v1/namespaces/_/actions/x",
            "curl -uuser:pass --data '{}' --url http://127.0.0.1:6464/x",
            "curl --user=user:pass -d '{\"a\":\"http://no\"}' -s http://127.0.0.1:6464/",
            "curl --header='authorization:Basic dXNlcjpwYXNz' -k 'http://127.0.0.1:6464/y'",
        ] {
            let pasted = read_pasted(text).unwrap();
            assert_eq!(pasted.key.expose(), "user:pass", "{text}");
            assert_eq!(
                pasted.api_host.as_deref(),
                Some("http://127.0.0.1:6464"),
                "{text}"
            );
            assert_eq!(pasted.namespace, None, "{text}");
        }
    }

    #[test]
    fn a_properties_file_is_read() {
        let pasted = read_pasted("APIHOST=http://10.0.0.5:3233\nAUTH=user:pass\nNAMESPACE=_\n").unwrap();
        assert_eq!(pasted.key.expose(), "user:pass");
        assert_eq!(pasted.api_host.as_deref(), Some("http://10.0.0.5:3233"));
        assert_eq!(pasted.namespace, None);
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        for text in [
            "",
            "hello",
            ":",
            "user:",
            ":pass",
            "a b:c",
            "dop_v1_0123",
            "Bearer dop_v1_0123",
            "curl -H 'Authorization: Bearer dop_v1_0123' https://api.digitalocean.com/v2/functions/namespaces",
            "curl -H \"Authorization: dop_v1_0123\" https://api.digitalocean.com/v2/functions/namespaces",
            "curl http://x",
            "curl -u \"$KEY\" http://x",
            "curl -H 'Authorization: Basic ********abcd' http://x",
            "curl 'open",
            "curl -u",
            "curl -H",
            "-ü",
        ] {
            let error = read_pasted(text).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidInput, "{text}");
            assert!(!error.message.contains("dop_v1_0123"));
            let hint = error.hint.unwrap_or_default();
            assert_eq!(
                hint.starts_with("Connect the account"),
                text.contains("dop_v1_"),
                "{text}"
            );
        }
    }
}
