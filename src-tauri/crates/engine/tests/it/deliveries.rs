//! Callbacks and destinations: real functions, real receivers, a real NATS server.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{Rig, invocation, wait_for};
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use beckon_core::{
    ActivationId, Callback, DeliveryRules, DeliveryState, DeliverySummary, ErrorCode, Purpose,
};
use parking_lot::Mutex;
use tokio::net::TcpListener;

/// Answers 201 with a header twice and bytes that are no text.
const ANSWER: &str = "function main() { return { statusCode: 201, body: 'AP8=', headers: { \
    'content-type': 'application/octet-stream', 'x-mine': 'yes', 'set-cookie': ['a=1', 'b=2'], \
    'x-function-status': '999', 'connection': 'x-gone', 'x-gone': '1' } } }";

#[derive(Debug, Clone)]
pub(crate) struct Received {
    method: String,
    pub(crate) target: String,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A status, headers, and how long to wait before answering.
type Answer = (u16, &'static [(&'static str, &'static str)], Duration);

/// A server that keeps what it gets, and answers what it is told (200 when told nothing).
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

impl Receiver {
    pub(crate) async fn start() -> (Self, SocketAddr) {
        Self::start_on([127, 0, 0, 1].into()).await
    }

    async fn start_on(address: std::net::IpAddr) -> (Self, SocketAddr) {
        let receiver = Self::default();
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = receiver.app();
        tokio::spawn(async move { axum::serve(listener, app).await });
        (receiver, address)
    }

    fn app(&self) -> axum::Router {
        axum::Router::new().fallback(Self::take).with_state(self.clone())
    }

    async fn take(State(receiver): State<Self>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        receiver.received.lock().push(Received {
            method: parts.method.to_string(),
            target: parts.uri.to_string(),
            headers: parts.headers,
            body,
        });
        let answer = receiver.answers.lock().pop_front();
        let (status, headers, pause) = answer.unwrap_or((200, &[], Duration::ZERO));
        tokio::time::sleep(pause).await;
        let mut response = (StatusCode::from_u16(status).unwrap(), "told").into_response();
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        response
    }

    fn answer(&self, status: u16, headers: &'static [(&'static str, &'static str)]) {
        self.answers.lock().push_back((status, headers, Duration::ZERO));
    }

    pub(crate) async fn wait(&self, count: usize) -> Vec<Received> {
        wait_for(async || self.received.lock().len() >= count).await;
        self.received.lock().clone()
    }
}

/// The address that this machine would send from. Nothing is sent.
fn own_address() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

fn callback(url: &str) -> Callback {
    Callback {
        url: url.to_owned(),
        function_name_as_called: "answer.test".to_owned(),
        call_id: "my-own-id".to_owned(),
        follow_from: None,
    }
}

async fn accept(rig: &Rig, name: &str, callback: Callback) -> ActivationId {
    rig.engine
        .accept_calling_back(invocation(name, "{}"), callback)
        .await
        .unwrap()
}

/// Waits until the only delivery of a run is in a state.
pub(crate) async fn state(rig: &Rig, run: ActivationId, wanted: DeliveryState) -> DeliverySummary {
    let mut found = None;
    wait_for(async || {
        let all = rig.store.deliveries_of(run).await.unwrap();
        found = all.into_iter().next().filter(|delivery| delivery.state == wanted);
        found.is_some()
    })
    .await;
    found.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_is_retried_calls_back_again() {
    let rig = Rig::new().await;
    let retried = |source: &str| {
        let mut new = crate::support::function("nodejs:default", source);
        new.settings.retry.attempts = 2;
        new.settings.retry.min_wait_s = 0;
        new
    };
    rig.put("f", retried("function main() { throw new Error('not yet') }"))
        .await;
    let (receiver, address) = Receiver::start().await;
    let id = accept(&rig, "f", callback(&format!("http://{address}/back"))).await;
    let told = receiver.wait(1).await;
    assert_eq!(told[0].headers["x-function-status"], "500");
    let is_dead = async || {
        !rig.engine
            .dead_letters(None, None, 9)
            .await
            .unwrap()
            .rows
            .is_empty()
    };
    wait_for(is_dead).await;
    // What is owed is kept over a restart, before the retry and after it.
    rig.stop().await;
    let data = rig.data.clone();
    drop(rig);
    let rig = Rig::open(data, |_| {}, crate::support::Secrets::default()).await;
    rig.put("f", retried("function main() { return {well: true} }"))
        .await;
    let key = "f".parse().unwrap();
    let key = beckon_core::FunctionKey {
        namespace: "test".parse().unwrap(),
        name: key,
    };
    rig.engine.pause_queue(&key).await.unwrap();
    let which = beckon_store::DeadLetters::One(id);
    assert_eq!(rig.engine.retry_dead_letters(which).await.unwrap(), 1);
    rig.stop().await;
    let data = rig.data.clone();
    drop(rig);
    let rig = Rig::open(data, |_| {}, crate::support::Secrets::default()).await;
    rig.engine.resume_queue(&key).await.unwrap();
    let told = receiver.wait(2).await;
    assert_eq!(told[1].headers["x-function-status"], "200");
    assert_eq!(told[1].headers["x-call-id"], "my-own-id");
    assert_eq!(&told[1].body[..], br#"{"well":true}"#);
    assert_eq!(rig.store.owed_callbacks().await.unwrap(), vec![]);
    rig.stop().await;
    assert_eq!(receiver.received.lock().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_is_the_functions_answer_and_says_what_became_of_the_call() {
    let rig = Rig::new().await;
    rig.node("answer", ANSWER).await;
    let (receiver, address) = Receiver::start().await;
    let url = format!("http://me:pa%3Ass@{address}/done/%2F/../x?x='y'&token=%zz&x=2");
    let run = accept(&rig, "answer", callback(&url)).await;
    let got = receiver.wait(1).await.remove(0);
    assert_eq!(got.method, "POST");
    assert_eq!(
        got.target, "/done/%2F/../x?x='y'&token=%zz&x=2",
        "the query is untouched"
    );
    assert_eq!(&got.body[..], b"\x00\xff");
    assert_eq!(got.header("content-type"), Some("application/octet-stream"));
    assert_eq!(got.header("x-mine"), Some("yes"));
    let cookies: Vec<_> = got.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(got.header("x-function-status"), Some("201"), "ours wins");
    let began: i64 = got.header("x-start-time").unwrap().parse().unwrap();
    assert!(began > 1_700_000_000_000_000_000, "nanoseconds: {began}");
    assert_eq!(got.header("x-function-name"), Some("answer.test"));
    assert_eq!(got.header("x-call-id"), Some("my-own-id"));
    assert_eq!(got.header("content-length"), Some("2"));
    assert_eq!((got.header("connection"), got.header("x-gone")), (None, None));
    assert_eq!(
        got.header("authorization"),
        Some("Basic bWU6cGE6c3M="),
        "as Go's client does"
    );
    let seconds = got.header("x-duration-seconds").unwrap();
    let (_, decimals) = seconds.split_once('.').unwrap();
    assert!(
        decimals.len() == 6 && seconds.parse::<f64>().unwrap() > 0.0,
        "{seconds}"
    );

    let delivered = state(&rig, run, DeliveryState::Delivered).await;
    assert_eq!(
        (delivered.status, delivered.purpose),
        (Some(200), Purpose::Callback)
    );
    let shown = rig.store.delivery(&delivered.id).await.unwrap().unwrap();
    assert_eq!(shown.history[0].response.as_ref().unwrap().text, "told");
    let text = format!("{shown:?}");
    assert!(
        !text.contains("pa%3Ass") && !text.contains("bWU6") && !text.contains("a=1"),
        "{text}"
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_this_machine_unless_it_is_allowed() {
    let rig = Rig::new().await;
    rig.node("answer", ANSWER).await;
    for (url, why) in [
        ("http://192.0.2.1:9/", "not on this machine"),
        ("http://169.254.169.254/latest/meta-data", "link-local"),
        ("http://0.0.0.0:1/", "not the address of one machine"),
        ("http://[::ffff:10.0.0.1]/", "not on this machine"),
        ("not a url", "does not begin with http"),
        ("ftp://127.0.0.1/", "does not begin with http"),
        ("http://127.0.0.1:99999/", "out of range"),
    ] {
        let run = accept(&rig, "answer", callback(url)).await;
        let refused = state(&rig, run, DeliveryState::GaveUp).await;
        assert!(
            refused.error.as_ref().unwrap().contains(why),
            "{url}: {refused:?}"
        );
        assert_eq!(
            refused.hint.is_some(),
            url.contains("192") || url.contains("169") || url.contains("10.0")
        );
    }
    let bad = rig
        .engine
        .accept_calling_back(invocation("answer", "{}"), callback("http://[::1"))
        .await;
    assert_eq!(bad.unwrap_err().code, ErrorCode::InvalidInput);
    // What is allowed is sent: to this machine's own address in its network, where it has one.
    let Some(own) = own_address() else { return };
    let (receiver, address) = Receiver::start_on(own).await;
    let run = accept(&rig, "answer", callback(&format!("http://{address}/"))).await;
    let refused = state(&rig, run, DeliveryState::GaveUp).await;
    assert!(refused.hint.unwrap().contains(&address.to_string()) && receiver.received.lock().is_empty());
    let rules = DeliveryRules {
        allowed_hosts: vec![address.to_string()],
        ..DeliveryRules::default()
    };
    rig.engine.deliveries().set_rules(rules).await.unwrap();
    rig.engine.deliveries().retry(&refused.id).await.unwrap();
    state(&rig, run, DeliveryState::Delivered).await;
    receiver.wait(1).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delivery_is_kept_and_made_again_when_asked_for() {
    let rig = Rig::new().await;
    rig.node("answer", ANSWER).await;
    let (receiver, address) = Receiver::start().await;
    receiver.answer(500, &[("set-cookie", "secret")]);
    receiver.answer(302, &[("location", "http://127.0.0.1:1/")]);
    let run = accept(&rig, "answer", callback(&format!("http://{address}/"))).await;
    let failed = state(&rig, run, DeliveryState::GaveUp).await;
    assert_eq!(
        (failed.status, failed.attempts),
        (Some(500), 1),
        "one attempt, as OpenFaaS CE"
    );
    rig.engine.deliveries().retry(&failed.id).await.unwrap();
    wait_for(async || rig.store.deliveries_of(run).await.unwrap()[0].status == Some(302)).await;
    let redirected = state(&rig, run, DeliveryState::GaveUp).await;
    assert!(redirected.error.unwrap().contains("not followed"));
    rig.engine.deliveries().retry(&failed.id).await.unwrap();
    state(&rig, run, DeliveryState::Delivered).await;
    let shown = rig.store.delivery(&failed.id).await.unwrap().unwrap();
    let statuses: Vec<_> = shown.history.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), Some(302), Some(200)]);
    assert!(!format!("{shown:?}").contains("secret"));
    let bodies: Vec<_> = receiver.wait(3).await.into_iter().map(|got| got.body).collect();
    assert!(bodies.iter().all(|body| &body[..] == b"\x00\xff"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_more_attempts_allowed_the_next_one_follows_later() {
    let rig = Rig::new().await;
    rig.node("answer", ANSWER).await;
    let rules = DeliveryRules {
        attempts: 2,
        ..DeliveryRules::default()
    };
    rig.engine.deliveries().set_rules(rules).await.unwrap();
    let (receiver, address) = Receiver::start().await;
    receiver.answer(503, &[]);
    let run = accept(&rig, "answer", callback(&format!("http://{address}/"))).await;
    let failed = state(&rig, run, DeliveryState::Failed).await;
    assert!(failed.due.unwrap() >= failed.created + 10_000);
    // A refusal is not tried again: it would be refused again.
    let run = accept(&rig, "answer", callback("http://192.0.2.1/")).await;
    assert_eq!(state(&rig, run, DeliveryState::GaveUp).await.attempts, 1);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_survives_the_engine() {
    let rig = Rig::with(|config| config.dispatch = false).await;
    rig.node("answer", ANSWER).await;
    let (receiver, address) = Receiver::start().await;
    let run = accept(&rig, "answer", callback(&format!("http://{address}/"))).await;
    let data = rig.data.clone();
    rig.stop().await;
    drop(rig);
    assert!(receiver.received.lock().is_empty());
    let rig = Rig::open(data.clone(), |_| {}, crate::support::Secrets::default()).await;
    assert_eq!(receiver.wait(1).await[0].header("x-function-status"), Some("201"));
    state(&rig, run, DeliveryState::Delivered).await;

    // An attempt that the end of Beckon cuts short is made again at the next start.
    receiver
        .answers
        .lock()
        .push_back((200, &[], Duration::from_secs(3600)));
    let run = accept(&rig, "answer", callback(&format!("http://{address}/"))).await;
    receiver.wait(2).await;
    rig.engine.shutdown(Duration::from_millis(100)).await;
    drop(rig);
    let rig = Rig::open(data, |_| {}, crate::support::Secrets::default()).await;
    receiver.wait(3).await;
    let delivered = state(&rig, run, DeliveryState::Delivered).await;
    let history = rig.store.delivery(&delivered.id).await.unwrap().unwrap().history;
    assert!(history[0].error.as_ref().unwrap().contains("Beckon was stopped"));
    assert_eq!(history[1].status, Some(200));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_gone_is_called_back_for_with_503_and_nothing() {
    let rig = Rig::new().await;
    rig.node("answer", ANSWER).await;
    rig.node(
        "slow",
        "function main() { return new Promise(r => setTimeout(r, 600000)) }",
    )
    .await;
    let (receiver, address) = Receiver::start().await;
    let run = accept(&rig, "slow", callback(&format!("http://{address}/"))).await;
    assert!(rig.engine.cancel(run).await.unwrap());
    let got = receiver.wait(1).await.remove(0);
    assert_eq!(
        (got.header("x-function-status"), got.body.len()),
        (Some("503"), 0)
    );
    assert_eq!(got.header("content-type"), None);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_the_function_is_followed_where_openfaas_does() {
    let rig = Rig::new().await;
    let (receiver, address) = Receiver::start().await;
    let (elsewhere, there) = Receiver::start().await;
    elsewhere.answer(418, &[("x-there", "1"), ("x-function-status", "1")]);
    let go = |to: String| {
        format!(
            "function main() {{ return {{ statusCode: 302, headers: {{ location: '{to}' }}, body: 'moved' }} }}"
        )
    };
    rig.node("go", &go(format!("http://{there}/next?a=1"))).await;
    rig.node("dead", &go("http://127.0.0.1:1/".to_owned())).await;
    let url = format!("http://{address}/");
    let following = || Callback {
        follow_from: Some(format!("http://{address}/function/go")),
        ..callback(&url)
    };
    accept(&rig, "go", following()).await;
    let got = receiver.wait(1).await.remove(0);
    assert_eq!(
        (got.header("x-function-status"), &got.body[..]),
        (Some("418"), &b"told"[..])
    );
    assert_eq!(
        (got.header("x-there"), got.header("x-call-id")),
        (Some("1"), Some("my-own-id"))
    );
    let asked = elsewhere.wait(1).await.remove(0);
    assert_eq!(
        (asked.method.as_str(), asked.target.as_str()),
        ("GET", "/next?a=1")
    );
    accept(&rig, "dead", following()).await;
    let dead = receiver.wait(2).await.remove(1);
    assert_eq!(
        (dead.header("x-function-status"), dead.body.len()),
        (Some("503"), 0)
    );
    // Spaces passes it on.
    accept(&rig, "go", callback(&url)).await;
    let passed = receiver.wait(3).await.remove(2);
    assert_eq!(
        (passed.header("x-function-status"), &passed.body[..]),
        (Some("302"), &b"moved"[..])
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn https_is_checked_against_the_certificates_that_are_trusted() {
    let rig = Rig::new().await;
    rig.node("answer", ANSWER).await;
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let address = serve_tls(&certified).await;
    let url = format!("https://localhost:{}/", address.0.port());
    let run = accept(&rig, "answer", callback(&url)).await;
    let refused = state(&rig, run, DeliveryState::GaveUp).await;
    assert!(
        refused.error.as_ref().unwrap().contains("secure connection"),
        "{refused:?}"
    );
    assert!(address.1.received.lock().is_empty());
    let rules = DeliveryRules {
        certificates: certified.cert.pem(),
        ..DeliveryRules::default()
    };
    rig.engine.deliveries().set_rules(rules.clone()).await.unwrap();
    rig.engine.deliveries().retry(&refused.id).await.unwrap();
    state(&rig, run, DeliveryState::Delivered).await;
    assert_eq!(
        address.1.wait(1).await[0].header("x-function-status"),
        Some("201")
    );
    let bad = DeliveryRules {
        certificates: "no certificate".to_owned(),
        ..rules
    };
    let refused = rig.engine.deliveries().set_rules(bad).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidInput);
    rig.stop().await;
}

async fn serve_tls(certified: &rcgen::CertifiedKey<rcgen::KeyPair>) -> (SocketAddr, Receiver) {
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;
    use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs};
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let receiver = Receiver::default();
    let app = receiver.app();
    tokio::spawn(async move { axum::serve(Secured { listener, acceptor }, app).await });
    (address, receiver)
}

struct Secured {
    listener: TcpListener,
    acceptor: tokio_rustls::TlsAcceptor,
}

impl axum::serve::Listener for Secured {
    type Io = tokio_rustls::server::TlsStream<tokio::net::TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, from) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
