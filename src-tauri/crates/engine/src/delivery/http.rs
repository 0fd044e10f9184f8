//! One HTTP request to a judged address: no redirects, no proxies, no connection left open.
//!
//! Not reqwest: it writes URLs anew, and here the query must arrive as it was given.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{DeliveryRules, Exchange};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use parking_lot::{Mutex, RwLock};
use rustls_platform_verifier::{BuilderVerifierExt as _, Verifier};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, crypto::aws_lc_rs};

use super::reach::{self, Goal, Refused};
use super::target;

/// How long the answer's body may take after that. It is for people to read; the delivery is made without it.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What is sent.
pub(crate) struct Sending<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Most bytes of the answer's body that are kept.
    pub(crate) keep: usize,
    /// Whether this machine is out of bounds: another one asks.
    pub(crate) abroad: bool,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The beginning of the body.
    pub(crate) body: Bytes,
    /// Whether there was more.
    pub(crate) more: bool,
    /// Whether another machine answered.
    pub(crate) remote: bool,
}

/// A connection, encrypted or not.
pub(crate) trait Wired: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wired for T {}

/// An answer whose body has not been read.
struct Opened {
    response: http::Response<Incoming>,
    remote: bool,
    _ended_when_dropped: AbortOnDrop,
}

/// Names of headers that belong to a connection and not to the message (RFC 9110, 7.6.1), and those that are computed.
pub(crate) fn is_hop_by_hop(name: &str) -> bool {
    const NAMES: [&str; 11] = [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "host",
    ];
    NAMES.iter().any(|hop| name.eq_ignore_ascii_case(hop))
}

/// Headers as a person may see them.
pub(crate) fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = match Exchange::is_secret_header(name.as_str()) || name.as_str() == super::MARK {
                true => "***".to_owned(),
                false => String::from_utf8_lossy(value.as_bytes()).into_owned(),
            };
            (name.to_string(), value)
        })
        .collect()
}

/// What every request needs to know.
#[derive(Default)]
pub(crate) struct Wire {
    pub(crate) rules: RwLock<Arc<DeliveryRules>>,
    /// Where our own gateway listens: requests there carry the mark by which it knows them.
    pub(crate) gateway: RwLock<Option<SocketAddr>>,
    pub(crate) mark: String,
    /// Made when it is first needed: reading the system's certificates takes a while, and plain HTTP needs none.
    tls: Mutex<Option<TlsConnector>>,
}

impl Wire {
    pub(crate) fn new(rules: DeliveryRules) -> Self {
        Self {
            rules: RwLock::new(Arc::new(rules)),
            mark: beckon_core::random_hex(),
            ..Self::default()
        }
    }

    pub(crate) fn set_rules(&self, rules: DeliveryRules) {
        *self.rules.write() = Arc::new(rules);
        *self.tls.lock() = None;
    }

    /// Sends a request, waits as long as the rules allow for the answer and reads the beginning of it. `sent` becomes the
    /// headers that were really sent.
    pub(crate) async fn send(&self, sending: Sending<'_>, sent: &mut HeaderMap) -> Result<Answer, Refused> {
        let (keep, seconds) = (sending.keep, self.rules.read().timeout_s);
        let longest = Duration::from_secs(seconds.into());
        match tokio::time::timeout(longest, self.exchange(sending, sent)).await {
            Ok(opened) => Ok(read(opened?, keep).await),
            Err(_) => Err(Refused::timeout(format!(
                "There was no answer within {seconds} s."
            ))),
        }
    }

    /// A connection to a message broker, where deliveries may go, too.
    pub(crate) async fn dial(&self, host: &str, port: u16, secure: bool) -> Result<Box<dyn Wired>, Refused> {
        let rules = self.rules.read().clone();
        let addresses = reach::addresses(&rules, host, port, Goal::Broker).await?;
        let (stream, _) = connect(&addresses).await?;
        Ok(match secure {
            true => Box::new(self.secure(&rules, host, stream).await?),
            false => Box::new(stream),
        })
    }

    /// TLS with whoever is `host`, an IPv6 address in brackets or not.
    async fn secure(
        &self,
        rules: &DeliveryRules,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Refused> {
        let name = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| Refused::never("The host is no name that a certificate can have."))?;
        self.connector(&rules.certificates)?
            .connect(name, stream)
            .await
            .map_err(|e| Refused::new(format!("No secure connection could be made: {e}.")))
    }

    fn connector(&self, certificates: &str) -> Result<TlsConnector, Refused> {
        if let Some(made) = &*self.tls.lock() {
            return Ok(made.clone());
        }
        let made = tls(certificates)?;
        *self.tls.lock() = Some(made.clone());
        Ok(made)
    }

    async fn exchange(&self, sending: Sending<'_>, sent: &mut HeaderMap) -> Result<Opened, Refused> {
        let rules = self.rules.read().clone();
        let parsed = target::parse(sending.url)
            .map_err(|why| Refused::never(format!("The URL is not one: {why}.")))?;
        let secure = match parsed.scheme.as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(Refused::never("The URL does not begin with http:// or https://.")),
        };
        if parsed.host.is_empty() {
            return Err(Refused::never("The URL names no host."));
        }
        let host = ascii_host(parsed.host)?;
        let port = match parsed.port {
            None | Some("") if secure => 443,
            None | Some("") => 80,
            Some(digits) => digits
                .parse()
                .map_err(|_| Refused::never("The URL's port is out of range."))?,
        };
        let named = match parsed.port {
            None | Some("") => host.clone(),
            Some(port) => format!("{host}:{port}"),
        };
        let mut addresses = reach::addresses(&rules, &host, port, Goal::Delivery).await?;
        if sending.abroad {
            addresses.retain(|address| !address.ip().to_canonical().is_loopback());
            if addresses.is_empty() {
                return Err(Refused::never("Another machine pointed to this one."));
            }
        }
        let (stream, address) = connect(&addresses).await?;

        let mut request = Request::new(Full::new(sending.body));
        *request.method_mut() = sending.method;
        *request.uri_mut() = target::request_target(&parsed)
            .parse()
            .map_err(|_| Refused::never("The URL's path cannot be sent."))?;
        *request.headers_mut() = sending.headers;
        let headers = request.headers_mut();
        headers.insert(http::header::HOST, value(&named)?);
        headers
            .entry(http::header::USER_AGENT)
            .or_insert(HeaderValue::from_static(super::AGENT));
        if let Some(user) = parsed.user
            && !headers.contains_key(http::header::AUTHORIZATION)
        {
            // As Go's client does with user and password of a URL.
            let plain = percent_decoded(user);
            let plain = if plain.contains(&b':') {
                plain
            } else {
                [&plain[..], b":"].concat()
            };
            headers.insert(
                http::header::AUTHORIZATION,
                value(&format!("Basic {}", STANDARD.encode(plain)))?,
            );
        }
        if *self.gateway.read() == Some(address) {
            headers.insert(HeaderName::from_static(super::MARK), value(&self.mark)?);
        }
        sent.clone_from(headers);

        let remote = !address.ip().to_canonical().is_loopback();
        let (response, connection) = if secure {
            let stream = self.secure(&rules, &host, stream).await?;
            talk(TokioIo::new(stream), request).await?
        } else {
            talk(TokioIo::new(stream), request).await?
        };
        Ok(Opened {
            response,
            remote,
            _ended_when_dropped: connection,
        })
    }
}

fn value(text: &str) -> Result<HeaderValue, Refused> {
    HeaderValue::from_str(text).map_err(|_| Refused::never("The URL's host cannot be sent in a header."))
}

/// The host as DNS knows it.
fn ascii_host(host: &str) -> Result<String, Refused> {
    if host.starts_with('[') {
        return Ok(host.to_ascii_lowercase());
    }
    let decoded = String::from_utf8_lossy(&percent_decoded(host)).into_owned();
    match url::Host::parse(&decoded) {
        Ok(host) => Ok(host.to_string()),
        Err(e) => Err(Refused::never(format!("The URL's host is not one: {e}."))),
    }
}

pub(crate) fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    decoded
}

async fn connect(addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Refused> {
    let mut failed = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                let _slower = stream.set_nodelay(true);
                return Ok((stream, *address));
            }
            Err(e) => failed = Some(format!("No connection to {address}: {}.", plain(&e))),
        }
    }
    Err(Refused::new(
        failed.unwrap_or_else(|| "The host has no address.".to_owned()),
    ))
}

/// An I/O error without the number that the operating system gives it.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// TLS as the system trusts it, and the user's own certificates.
fn tls(certificates: &str) -> Result<TlsConnector, Refused> {
    let failed = |e: &dyn std::fmt::Display| Refused::new(format!("TLS could not be set up: {e}."));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| failed(&e))?;
    let config = if certificates.trim().is_empty() {
        builder
            .with_platform_verifier()
            .map_err(|e| failed(&e))?
            .with_no_client_auth()
    } else {
        let extra = CertificateDer::pem_slice_iter(certificates.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| failed(&format!("the certificates in the settings are not PEM ({e})")))?;
        let verifier = Verifier::new_with_extra_roots(extra, provider).map_err(|e| failed(&e))?;
        builder
            .dangerous() // means: a verifier of one's own; this is the platform's, with the user's certificates
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth()
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn talk<S>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> Result<(http::Response<Incoming>, AbortOnDrop), Refused>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let broken = |e: hyper::Error| {
        let cause = std::error::Error::source(&e).map(ToString::to_string);
        let cause = cause.map(|cause| format!(" ({})", cause.split(" (os error").next().unwrap_or_default()));
        Refused::new(format!("The connection broke: {e}{}.", cause.unwrap_or_default()))
    };
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        // As Go writes them; a receiver need not care, but people read what arrives.
        .title_case_headers(true)
        .handshake(stream)
        .await
        .map_err(broken)?;
    let connection = AbortOnDrop(tokio::spawn(async move {
        let _told_by_the_request = connection.await;
    }));
    let response = sender.send_request(request).await.map_err(broken)?;
    Ok((response, connection))
}

/// The status has arrived, and with it the delivery: a body that breaks off or never ends changes nothing of that.
async fn read(opened: Opened, keep: usize) -> Answer {
    let (head, mut body) = opened.response.into_parts();
    let mut kept = BytesMut::new();
    let mut more = false;
    let until = tokio::time::Instant::now() + BODY_TIMEOUT;
    loop {
        let frame = match tokio::time::timeout_at(until, body.frame()).await {
            Ok(None) => break,
            Ok(Some(frame)) => frame.ok(),
            Err(_) => None,
        };
        let Some(frame) = frame else {
            more = true;
            break;
        };
        if let Ok(chunk) = frame.into_data() {
            let room = keep - kept.len();
            kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                more = true;
                break;
            }
        }
    }
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: kept.freeze(),
        more,
        remote: opened.remote,
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Refuses certificates that are not PEM.
pub(super) fn check_certificates(pem: &str) -> Result<(), beckon_core::Error> {
    if pem.trim().is_empty() {
        return Ok(());
    }
    let bad = |text: &str| beckon_core::Error::new(beckon_core::ErrorCode::InvalidInput, text);
    let count = CertificateDer::pem_slice_iter(pem.as_bytes())
        .map(|certificate| certificate.map(drop))
        .collect::<Result<Vec<()>, _>>()
        .map_err(|_| bad("The certificates are not in PEM form."))?
        .len();
    if count == 0 {
        return Err(bad("There is no certificate in PEM form."));
    }
    Ok(())
}
