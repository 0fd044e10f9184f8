//! What may be asked of a trigger.

use async_nats::{ConnectOptions, ServerAddr};
use beckon_core::{CredentialKind, Error, ErrorCode, Result, Secret};

/// Longest subject, queue group and server, in bytes.
const LONGEST: usize = 512;

/// `nats://host:port` or `tls://host:port`, with nothing else in it.
pub(super) fn server(text: &str) -> Result<String> {
    let text = text.trim();
    let hint = "Write it like nats://127.0.0.1:4222.";
    let refused = |message: &str| Err(invalid(message).with_hint(hint));
    if text.is_empty() || text.len() > LONGEST {
        return refused("The server is missing or too long.");
    }
    let Ok(address) = text.parse::<ServerAddr>() else {
        return refused("The server is not a NATS address.");
    };
    if address.has_user_pass() {
        return Err(invalid("The server's address must not hold a credential.")
            .with_hint("Leave it out of the address and give it as the trigger's credential: it is kept as a secret."));
    }
    if address.is_websocket() {
        return refused("Triggers speak NATS over TCP or TLS, not over web sockets.");
    }
    let host = address.host();
    let path = address
        .as_url_str()
        .split_once("://")
        .map_or("", |(_, rest)| rest);
    if host.is_empty() || path.contains(['/', '?', '#']) {
        return refused("The server is not a NATS address.");
    }
    Ok(match host.contains(':') {
        true => format!("{}://[{host}]:{}", address.scheme(), address.port()),
        false => format!("{}://{host}:{}", address.scheme(), address.port()),
    })
}

/// Tokens between dots; `*` stands for one, `>` at the end for the rest
/// (<https://docs.nats.io/nats-concepts/subjects>).
pub(super) fn subject(text: &str) -> Result<String> {
    let text = text.trim();
    let tokens: Vec<&str> = text.split('.').collect();
    let last = tokens.len() - 1;
    let good = |(at, token): (usize, &&str)| match *token {
        "" => false,
        ">" => at == last,
        "*" => true,
        token => {
            !token.contains(['*', '>']) && !token.contains(|c: char| c.is_whitespace() || c.is_control())
        }
    };
    if text.len() <= LONGEST && tokens.iter().enumerate().all(good) {
        return Ok(text.to_owned());
    }
    Err(invalid("The subject is not valid.").with_hint(
        "Words between dots; * stands for one word and > at the end for the rest, for example orders.*.new.",
    ))
}

/// One word, or none.
pub(super) fn queue_group(group: Option<String>) -> Result<Option<String>> {
    let Some(group) = group
        .map(|group| group.trim().to_owned())
        .filter(|group| !group.is_empty())
    else {
        return Ok(None);
    };
    if group.len() > LONGEST || group.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(invalid("The queue group must be one word."));
    }
    Ok(Some(group))
}

/// Has the shape of its kind.
pub(super) fn credential(kind: CredentialKind, secret: &Secret) -> Result<()> {
    let text = secret.expose();
    let refused = match kind {
        CredentialKind::None => None,
        CredentialKind::Token => text.is_empty().then_some("The token is empty."),
        CredentialKind::Password => {
            let pair = text.split_once(':').is_some_and(|(user, _)| !user.is_empty());
            (!pair).then_some("Write the user and the password as user:password.")
        }
        CredentialKind::Nkey => (!text.starts_with("SU")).then_some("An NKey seed of a user begins with SU."),
        CredentialKind::Creds => ConnectOptions::with_credentials(text)
            .is_err()
            .then_some("This is not the text of a .creds file."),
    };
    match refused {
        Some(why) => Err(invalid(why)),
        None => Ok(()),
    }
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorCode::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        for (text, kept) in [
            ("127.0.0.1:4222", "nats://127.0.0.1:4222"),
            ("nats://broker.example", "nats://broker.example:4222"),
            (" tls://broker.example:7000 ", "tls://broker.example:7000"),
            ("nats://[::1]:5000", "nats://[::1]:5000"),
        ] {
            assert_eq!(server(text).unwrap(), kept);
            assert_eq!(server(kept).unwrap(), kept);
        }
        for bad in [
            "",
            "http://x:1",
            "ws://x:1",
            "nats://u:p@x:1",
            "nats://u@x",
            "nats://x:1/path",
            "nats://x:99999",
            "nats://",
        ] {
            assert!(server(bad).is_err(), "{bad}");
        }
        assert!(
            !server("nats://u:hunter2@x:1")
                .unwrap_err()
                .to_string()
                .contains("hunter2")
        );
    }

    #[test]
    fn subjects_and_groups() {
        for good in ["a", "orders.*.new", "orders.>", ">", "*", "$SYS.x", " a.b "] {
            assert!(subject(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", "a b", "a.>.b", "a.b*", "a\nb", "a>"] {
            assert!(subject(bad).is_err(), "{bad}");
        }
        assert_eq!(queue_group(Some("  ".into())).unwrap(), None);
        assert_eq!(queue_group(Some(" g ".into())).unwrap().as_deref(), Some("g"));
        assert!(queue_group(Some("a b".into())).is_err());
    }

    #[test]
    fn credentials_have_their_shapes() {
        let check = |kind, text: &str| credential(kind, &Secret::new(text)).is_ok();
        assert!(check(CredentialKind::Token, "t") && !check(CredentialKind::Token, ""));
        assert!(check(CredentialKind::Password, "u:p:q") && !check(CredentialKind::Password, "up"));
        assert!(!check(CredentialKind::Nkey, "hello") && !check(CredentialKind::Creds, "hello"));
    }
}
