//! What becomes of a callback, by what its receiver does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use beckon_core::{ActivationId, DeliveryState, DeliverySummary};
use parking_lot::Mutex;
use reqwest::Method;

use crate::spaces::{deployed, space};
use crate::support::PATIENCE;
use crate::support::rig::{Rig, send};

/// It says itself how it went, and where to go instead.
const OWN: &str = "def handle(req):\n    return {'status_code': 302, 'body': req.body.decode(), 'headers': {\n        \
    'X-Function-Status': '999', 'X-Own': 'yes', 'Location': 'http://127.0.0.1:1/', 'Connection': 'X-Hop', 'X-Hop': '1'}}\n";

type Heard = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// Answers with the status in its path; 302 points back to 200.
async fn answer(
    State(heard): State<Heard>,
    request: Request,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    let path = request.uri().path().to_owned();
    heard.lock().push((path.clone(), request.headers().clone()));
    let status = path.trim_start_matches('/').parse().unwrap();
    (StatusCode::from_u16(status).unwrap(), [("location", "/200")])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_is_made_once_and_what_its_receiver_does_is_kept() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    deployed(&client, "f", OWN).await;
    let heard = Heard::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let receiver = format!("http://{}", listener.local_addr().unwrap());
    let app = axum::Router::new().fallback(answer).with_state(heard.clone());
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    for (url, state, status, error) in [
        (
            format!("{receiver}/200"),
            DeliveryState::Delivered,
            Some(200),
            None,
        ),
        (format!("{receiver}/500"), DeliveryState::GaveUp, Some(500), None),
        (
            format!("{receiver}/302"),
            DeliveryState::GaveUp,
            Some(302),
            Some("not followed"),
        ),
        (nobody, DeliveryState::GaveUp, None, Some("refused")),
        (
            "http://192.0.2.1/".to_owned(),
            DeliveryState::GaveUp,
            None,
            Some("not on this machine"),
        ),
    ] {
        let request = client
            .request(Method::POST, "/spaces/playground/functions/f/async-invoke")
            .header("x-callback-url", &url);
        let accepted = send(request.body("later")).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        let run = accepted.header("x-activation-id").unwrap().parse().unwrap();
        let delivery = over(&rig, run).await;
        assert_eq!(
            (delivery.state, delivery.status, delivery.attempts),
            (state, status, 1),
            "{url}"
        );
        if let Some(error) = error {
            assert!(delivery.error.as_ref().unwrap().contains(error), "{delivery:?}");
        }
    }
    let heard = heard.lock().clone();
    let paths: Vec<_> = heard.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/200", "/500", "/302"]);
    for (_, headers) in heard.iter() {
        let all = |name: &str| headers.get_all(name).iter().collect::<Vec<_>>();
        assert_eq!(all("x-function-status"), ["302"]);
        assert_eq!(all("x-own"), ["yes"]);
        assert_eq!(all("location"), ["http://127.0.0.1:1/"]);
        assert_eq!(all("content-length"), ["5"]);
    }
    server.abort();
    rig.stop().await;
}

/// The delivery of a run, once nothing more will be tried.
async fn over(rig: &Rig, run: ActivationId) -> DeliverySummary {
    let begin = Instant::now();
    loop {
        let mut all = rig.store.deliveries_of(run).await.unwrap();
        if let Some(delivery) = all.pop()
            && matches!(delivery.state, DeliveryState::Delivered | DeliveryState::GaveUp)
        {
            return delivery;
        }
        assert!(begin.elapsed() < PATIENCE, "nothing was delivered");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
