use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ActivationId, BodyForm, Destination, Error, ErrorCode, FunctionKey, JsonText, Millis};

/// What a caller asked to be told when an accepted run is over (OpenFaaS and Spaces: `X-Callback-Url`).
///
/// The URL may hold a credential, so it is not for eyes: [`masked_url`] is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Callback {
    /// Where to, as the caller wrote it.
    pub url: String,
    /// The function's name as it was in the submit URL (`env` or `env.openfaas-fn`): `X-Function-Name`.
    pub function_name_as_called: String,
    /// The submission's id, also when the caller chose it: `X-Call-Id`.
    pub call_id: String,
    /// Where the function was called, without query (`http://127.0.0.1:6464/function/env`), when a redirect that it
    /// answers is to be followed before anybody is called back, as OpenFaaS' queue worker does. `None`: it is passed on
    /// (Spaces).
    #[serde(default)]
    pub follow_from: Option<String>,
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Callback({} to {})", self.call_id, masked_url(&self.url))
    }
}

/// Why something is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The caller of the run named a callback URL.
    Callback,
    /// The record of a detached run that ended well.
    Success,
    /// The record of a detached run that failed.
    Failure,
}

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// On disk; its first attempt, or one that a person asked for, is about to begin.
    Pending,
    /// An attempt is in progress.
    Delivering,
    /// The receiver has it: an HTTP status of 200 to 299, or the inbox or NATS server took it.
    Delivered,
    /// The last attempt failed; the next one follows by itself.
    Failed,
    /// The last attempt failed or was refused, and none follows unless a person asks for it.
    GaveUp,
}

/// How many deliveries are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryCounts {
    /// [`DeliveryState::Pending`].
    pub pending: u32,
    /// [`DeliveryState::Delivering`].
    pub delivering: u32,
    /// [`DeliveryState::Delivered`].
    pub delivered: u32,
    /// [`DeliveryState::Failed`].
    pub failed: u32,
    /// [`DeliveryState::GaveUp`].
    pub gave_up: u32,
}

impl DeliveryState {
    /// Whether nothing more happens by itself.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::GaveUp)
    }
}

/// What kind of place a delivery goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DestinationKind {
    /// An inbox standing for a notification topic.
    Notification,
    /// An inbox standing for a queue.
    Queue,
    /// An inbox standing for a stream.
    Stream,
    /// A URL.
    Http,
    /// A NATS subject.
    Nats,
}

impl Destination {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> DestinationKind {
        match self {
            Self::Notification { .. } => DestinationKind::Notification,
            Self::Queue { .. } => DestinationKind::Queue,
            Self::Stream { .. } => DestinationKind::Stream,
            Self::Http { .. } => DestinationKind::Http,
            Self::Nats { .. } => DestinationKind::Nats,
        }
    }

    /// What a person may see of it: no credentials.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Notification { topic } => topic.clone(),
            Self::Queue { queue, channel } => match channel {
                Some(channel) => format!("{queue}/{channel}"),
                None => queue.clone(),
            },
            Self::Stream { stream } => stream.clone(),
            Self::Http { url } => masked_url(url),
            Self::Nats { server, subject } => format!("{} {subject}", masked_url(server)),
        }
    }
}

/// A URL without what may be a credential: user and password, and the values of query fields whose name says so, are
/// `***`. Works on any text, since not everything that is sent as a URL is one.
#[must_use]
pub fn masked_url(url: &str) -> String {
    let (rest, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let (before, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    let mut masked = String::with_capacity(url.len());
    match before.split_once("//") {
        Some((scheme, after)) => {
            let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            masked.push_str(scheme);
            masked.push_str("//");
            match authority.rsplit_once('@') {
                Some((_, host)) => {
                    masked.push_str("***@");
                    masked.push_str(host);
                }
                None => masked.push_str(authority),
            }
            masked.push_str(path);
        }
        None => masked.push_str(before),
    }
    for (index, field) in query.split('&').enumerate() {
        if index > 0 {
            masked.push('&');
        }
        match field.split_once('=') {
            Some((name, _)) if is_secret_name(name) => {
                masked.push_str(name);
                masked.push_str("=***");
            }
            _ => masked.push_str(field),
        }
    }
    // What is after `#` is never sent; it may still be a token.
    if !fragment.is_empty() {
        masked.push_str("#***");
    }
    masked
}

fn is_secret_name(name: &str) -> bool {
    const SECRET: [&str; 10] = [
        "token",
        "key",
        "secret",
        "sig",
        "password",
        "passwd",
        "pwd",
        "auth",
        "code",
        "credential",
    ];
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|word| name.contains(word))
}

/// A delivery as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeliverySummary {
    /// Its identity, 32 hexadecimal characters.
    pub id: String,
    /// The run that it tells of.
    pub run: ActivationId,
    /// The run's function.
    pub function: FunctionKey,
    /// Why it is delivered.
    pub purpose: Purpose,
    /// What kind of place it goes to.
    pub kind: DestinationKind,
    /// Where it goes, without credentials.
    pub target: String,
    /// Where it is.
    pub state: DeliveryState,
    /// When the run was over.
    pub created: Millis,
    /// When the next attempt is due, while one follows.
    pub due: Option<Millis>,
    /// When it was delivered or given up.
    pub ended: Option<Millis>,
    /// How many attempts were begun.
    pub attempts: u32,
    /// The status that the last attempt was answered with, if it came that far.
    pub status: Option<u16>,
    /// What went wrong in the last attempt.
    pub error: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The body's size in bytes.
    pub bytes: u64,
}

/// A delivery with its history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// What lists show.
    #[serde(flatten)]
    pub summary: DeliverySummary,
    /// The headers that it is sent with, without credentials.
    pub headers: Vec<(String, String)>,
    /// The beginning of what is sent.
    pub body: Excerpt,
    /// Every attempt, oldest first.
    pub history: Vec<DeliveryAttempt>,
}

/// One attempt to deliver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryAttempt {
    /// 1 for the first.
    pub number: u32,
    /// When it began.
    pub at: Millis,
    /// How long it took, ms; `None` while it lasts, and where Beckon stopped in it.
    pub ms: Option<f64>,
    /// The answer's status.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// What was sent, without credentials.
    pub request_headers: Vec<(String, String)>,
    /// What came back, without credentials.
    pub response_headers: Vec<(String, String)>,
    /// The beginning of the answer's body.
    pub response: Option<Excerpt>,
}

/// The beginning of a body, for eyes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Excerpt {
    /// The text; base64 when it is none.
    pub text: String,
    /// Whether `text` is base64.
    pub base64: bool,
    /// Whether there is more.
    pub more: bool,
}

impl Excerpt {
    /// At most `most` bytes of `body`; `more` says whether the body went on after it.
    #[must_use]
    pub fn of(body: &[u8], most: usize, more: bool) -> Self {
        use base64::Engine as _;
        let cut = &body[..body.len().min(most)];
        let more = more || cut.len() < body.len();
        let text = match std::str::from_utf8(cut) {
            Ok(text) => Some(text),
            // The cut may have gone through a character; anything else is no text.
            Err(e) if more && cut.len() - e.valid_up_to() < 4 && e.error_len().is_none() => {
                std::str::from_utf8(&cut[..e.valid_up_to()]).ok()
            }
            Err(_) => None,
        };
        match text {
            Some(text) if !text.contains('\0') => Self {
                text: text.to_owned(),
                base64: false,
                more,
            },
            _ => Self {
                text: base64::engine::general_purpose::STANDARD.encode(cut),
                base64: true,
                more,
            },
        }
    }
}

/// Which deliveries to list; everything that is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct DeliveryFilter {
    /// In this state.
    pub state: Option<DeliveryState>,
    /// For this purpose.
    pub purpose: Option<Purpose>,
    /// Of this function.
    pub function: Option<FunctionKey>,
}

/// What the user allows deliveries to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct DeliveryRules {
    /// Hosts beside this machine that deliveries may go to: `host`, `host:port`, `*.domain`, an address, or `*` for all.
    /// Link-local addresses (169.254.0.0/16, fe80::/10: a cloud's metadata) only where the address itself is listed.
    pub allowed_hosts: Vec<String>,
    /// How often a delivery is tried by itself, 1 to 10. 1 is what OpenFaaS CE and Spaces do.
    pub attempts: u32,
    /// How long the receiver of one attempt may take to answer, seconds, 1 to 600.
    pub timeout_s: u32,
    /// Certificates (PEM) that are trusted beside the system's.
    pub certificates: String,
}

impl Default for DeliveryRules {
    fn default() -> Self {
        Self {
            allowed_hosts: Vec::new(),
            attempts: 1,
            timeout_s: 30,
            certificates: String::new(),
        }
    }
}

impl DeliveryRules {
    /// Trims the hosts and refuses values outside their ranges.
    ///
    /// # Errors
    /// `InvalidInput` for more than 1,000 hosts, a host with characters that no host has, a wrong number of attempts
    /// or seconds, or certificates of more than 1 MiB.
    pub fn check(mut self) -> Result<Self, Error> {
        let invalid = |text: String| Error::new(ErrorCode::InvalidInput, text);
        self.allowed_hosts = self
            .allowed_hosts
            .iter()
            .map(|host| host.trim().to_ascii_lowercase())
            .filter(|host| !host.is_empty())
            .collect();
        self.allowed_hosts.dedup();
        if self.allowed_hosts.len() > 1000 {
            return Err(invalid("At most 1,000 hosts can be allowed.".to_owned()));
        }
        for host in &self.allowed_hosts {
            let good = |c: char| c.is_alphanumeric() || "-._:*[]%".contains(c);
            if host.len() > 300 || !host.chars().all(good) {
                return Err(
                    invalid(format!("'{host}' is not a host: write host or host:port."))
                        .with_hint("Leave out http:// and the path."),
                );
            }
        }
        if !(1..=10).contains(&self.attempts) {
            return Err(invalid("The number of attempts must be 1 to 10.".to_owned()));
        }
        if !(1..=600).contains(&self.timeout_s) {
            return Err(invalid("The time-out in seconds must be 1 to 600.".to_owned()));
        }
        if self.certificates.len() > 1024 * 1024 {
            return Err(invalid("The certificates are larger than 1 MiB.".to_owned()));
        }
        Ok(self)
    }
}

/// What an inbox stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum InboxKind {
    /// A URL on the gateway, `/callbacks/<id>`, that anybody may send to.
    Callback,
    /// A notification topic that functions deliver to.
    Notification,
    /// A queue that functions deliver to.
    Queue,
    /// A stream that functions deliver to.
    Stream,
}

/// A place where messages arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Inbox {
    /// Its identity, 32 random hexadecimal characters; with `kind` `callback` it is the secret part of the URL.
    pub id: String,
    /// What it stands for.
    pub kind: InboxKind,
    /// The user's name for it, or the name of the topic, queue or stream.
    pub label: String,
    /// When it was made.
    pub created: Millis,
    /// The status that senders are answered with.
    pub answer: u16,
    /// The run that it was made for.
    pub run: Option<ActivationId>,
    /// How many messages are in it.
    pub messages: u32,
    /// When the newest arrived.
    pub newest: Option<Millis>,
}

/// What arrived in an inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InboxMessage {
    /// Its number, rising in the order of arrival.
    pub number: i64,
    /// The inbox.
    pub inbox: String,
    /// When it arrived.
    pub at: Millis,
    /// The request's method.
    pub method: String,
    /// The path below the inbox, beginning with `/`; `/` when there was none.
    pub path: String,
    /// The query without `?`.
    pub query: String,
    /// The headers, in order, without credentials.
    pub headers: Vec<(String, String)>,
    /// What `document` is of the body.
    pub body: BodyForm,
    /// The body.
    pub document: JsonText,
    /// The body's size in bytes.
    pub bytes: u64,
    /// The run that it tells of, if one could be found.
    pub run: Option<ActivationId>,
    /// How the run was found.
    pub matched: Option<MatchedBy>,
}

/// How a message's run was found. The earlier one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// The inbox was made for the run, or Beckon delivered it itself.
    Inbox,
    /// `X-Call-Id` is the run's.
    CallId,
    /// An activation id is among the headers.
    ActivationId,
    /// `X-Function-Name` names a function whose newest asynchronous run had no message yet: a good guess.
    FunctionName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lose_their_credentials_and_nothing_else() {
        for (url, masked) in [
            ("http://127.0.0.1:1/a?b=c", "http://127.0.0.1:1/a?b=c"),
            (
                "https://me:pass@host/a?x=1&Api_Key=2&y",
                "https://***@host/a?x=1&Api_Key=***&y",
            ),
            ("http://a@b@host/@/x", "http://***@host/@/x"),
            ("https://h?sig=a=b#token", "https://h?sig=***#***"),
            ("not a url", "not a url"),
            ("//user@h/p?access_token=x", "//***@h/p?access_token=***"),
            ("?", "?"),
        ] {
            assert_eq!(masked_url(url), masked);
        }
    }

    #[test]
    fn an_excerpt_is_cut_between_characters() {
        let cut = Excerpt::of("aé".as_bytes(), 2, false);
        assert_eq!((cut.text.as_str(), cut.base64, cut.more), ("a", false, true));
        let binary = Excerpt::of(b"\xff\x00", 10, false);
        assert_eq!(
            (binary.text.as_str(), binary.base64, binary.more),
            ("/wA=", true, false)
        );
        // A body that ends within a character is no text.
        assert!(Excerpt::of(b"a\xc3", 10, false).base64);
    }

    #[test]
    fn hosts_are_hosts() {
        let rules = |host: &str| DeliveryRules {
            allowed_hosts: vec![host.to_owned()],
            ..DeliveryRules::default()
        };
        for good in [
            "example.com",
            "*.Example.com:8080",
            "[::1]:80",
            "10.0.0.1",
            "*",
            " x ",
        ] {
            rules(good).check().unwrap();
        }
        assert_eq!(
            rules(" EXAMPLE.com ").check().unwrap().allowed_hosts,
            ["example.com"]
        );
        for bad in ["http://x", "x/y", "a@b", "a b"] {
            assert!(rules(bad).check().is_err(), "{bad}");
        }
    }
}
