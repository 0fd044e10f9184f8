//! The bounds at the door of Spaces: how large a body may be, and how long a caller waits.

use std::time::{Duration, Instant};

use beckon_core::{ActivationId, Function, FunctionKey, NewFunction, Status};
use beckon_engine::SPACES_LIMIT;
use beckon_store::Expect;
use reqwest::{Body, Method};
use serde_json::json;

use crate::spaces::{PATIENCE, deployed, enveloped, space};
use crate::support::rig::{Answer, Client, Rig, send};

/// Answers what it got, and with a path that much and a byte.
const BACK: &str = "def handle(req):\n    \
    more = b'!' if req.path == '/more' else b''\n    \
    return {'headers': {'X-Bytes': str(len(req.body))}, 'body': req.body + more}\n";

/// A body whose length is announced, or not.
fn body(length: usize, announced: bool) -> Body {
    if announced {
        return Body::from(vec![b'x'; length]);
    }
    let pieces = (0..length).step_by(1 << 20).map(move |at| {
        let piece = vec![b'x'; (length - at).min(1 << 20)];
        Ok::<_, std::io::Error>(piece)
    });
    Body::wrap_stream(futures_util::stream::iter(pieces.collect::<Vec<_>>()))
}

async fn invoke(client: &Client, below: &str, body: Body) -> Answer {
    let path = format!("/spaces/playground/functions/back/{below}");
    let request = client
        .request(Method::POST, &path)
        .header("x-callback-url", format!("{}/callbacks/nobody", client.url));
    send(request.body(body)).await
}

fn run_of(answer: &Answer) -> ActivationId {
    answer.header("x-activation-id").unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_may_have_ten_megabytes_both_ways() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    deployed(&client, "back", BACK).await;
    assert_eq!(rig.engine.spaces_limit(), SPACES_LIMIT);
    for announced in [true, false] {
        let whole = invoke(&client, "invoke", body(SPACES_LIMIT, announced)).await;
        assert_eq!(whole.status, 200, "{}", whole.text.len());
        assert_eq!(whole.header("x-bytes"), Some(SPACES_LIMIT.to_string().as_str()));
        assert_eq!(whole.text.len(), SPACES_LIMIT);
        assert!(whole.text.bytes().all(|byte| byte == b'x'));

        // It is in the journal whole, both ways.
        rig.store.flush().await.unwrap();
        let record = rig.store.activation(run_of(&whole)).await.unwrap().unwrap();
        assert_eq!(record.input.unwrap().as_str().len(), SPACES_LIMIT + 2);
        assert_eq!(record.result.unwrap().as_str().len(), SPACES_LIMIT + 2);
        assert_eq!(record.result_bytes, SPACES_LIMIT as u64);

        for below in ["invoke", "async-invoke"] {
            let more = invoke(&client, below, body(SPACES_LIMIT + 1, announced)).await;
            let size = more.json()["error"]["message"].as_str().unwrap().to_owned();
            enveloped(&more, 413, &size);
            assert!(size.contains(&format!("> {SPACES_LIMIT} bytes")), "{size}");
            assert!(more.header("x-activation-id").is_none());
        }
    }
    // An answer that is a byte too large is not the function's any more.
    let answer = invoke(&client, "invoke/more", body(SPACES_LIMIT, true)).await;
    let text = format!(
        "The action produced a response that exceeded the allowed length: {} > {SPACES_LIMIT} bytes.",
        SPACES_LIMIT + 1
    );
    enveloped(&answer, 413, &text);
    // What goes with other functions is what it was.
    let elsewhere = format!("{}/function/back.playground", rig.url);
    let request = client
        .http
        .post(elsewhere)
        .body(body(beckon_engine::HTTP_LIMIT + 1, true));
    assert_eq!(send(request).await.status, 413);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_accepted_call_is_kept_whole_and_called_back_whole() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    deployed(&client, "back", BACK).await;
    let inbox = rig.store.create_inbox("mine", 200, None).await.unwrap();
    for (count, announced) in [true, false].into_iter().enumerate() {
        let path = "/spaces/playground/functions/back/async-invoke";
        let request = client
            .request(Method::POST, path)
            .header("x-callback-url", format!("{}/callbacks/{}", rig.url, inbox.id));
        let accepted = send(request.body(body(SPACES_LIMIT, announced))).await;
        assert_eq!(
            (accepted.status, accepted.text.as_str()),
            (202, ""),
            "{accepted:?}"
        );
        let begin = Instant::now();
        let message = loop {
            let mut all = rig.store.inbox_messages(&inbox.id, None, 10).await.unwrap().rows;
            if all.len() > count {
                break all.remove(0);
            }
            assert!(begin.elapsed() < PATIENCE, "nobody called back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let length = SPACES_LIMIT.to_string();
        assert!(
            message.headers.contains(&("x-bytes".to_owned(), length)),
            "{:?}",
            message.headers
        );
        assert_eq!(message.document.as_str().len(), SPACES_LIMIT + 2);
        rig.store.flush().await.unwrap();
        let record = rig.store.activation(run_of(&accepted)).await.unwrap().unwrap();
        assert_eq!(record.input.unwrap().as_str().len(), SPACES_LIMIT + 2);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_body_is_what_is_configured() {
    let rig = Rig::with(|config| config.spaces_limit = 1000).await;
    let client = rig.client(space()).await.1;
    deployed(&client, "back", BACK).await;
    for (below, taken) in [("invoke", 200), ("async-invoke", 202)] {
        for announced in [true, false] {
            assert_eq!(invoke(&client, below, body(1000, announced)).await.status, taken);
            let more = invoke(&client, below, body(1001, announced)).await;
            enveloped(&more, 413, "Request larger than allowed: 1001 > 1000 bytes.");
        }
    }
    let answer = invoke(&client, "invoke/more", body(1000, true)).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(answer.json()["error"]["status"], json!(413));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_takes_too_long_is_504() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    let code = "import time\n\
        def handle(req):\n    \
            time.sleep(60 if req.path == '/never' else 1)\n    \
            return 'late'\n";
    deployed(&client, "slow", code).await;
    let key = FunctionKey::new("playground", "slow").unwrap();
    let there = rig.store.function(&key).await.unwrap().unwrap();
    let mut short = NewFunction::from(Function::clone(&there));
    short.limits.timeout_ms = 1500;
    rig.engine.put_function(&key, short, Expect::Any).await.unwrap();

    // Past its own deadline it is ended.
    let slow = "/spaces/playground/functions/slow/invoke";
    let answer = client.get(&format!("{slow}/never")).await;
    enveloped(
        &answer,
        504,
        "The function was ended after the function's limit of 1500 ms.",
    );
    rig.store.flush().await.unwrap();
    let record = rig.store.activation(run_of(&answer)).await.unwrap().unwrap();
    assert_eq!(record.summary.status, Status::TimedOut);

    // Past its caller's patience it goes on, and is found by the run that the answer names.
    rig.engine.set_blocking_limit(Duration::from_millis(200));
    let answer = client.get(slow).await;
    let id = run_of(&answer);
    let text = format!("The function took longer than 0.2 s and goes on as run {id}.");
    enveloped(&answer, 504, &text);
    let begin = Instant::now();
    let record = loop {
        rig.store.flush().await.unwrap();
        let record = rig.store.activation(id).await.unwrap();
        if let Some(record) = record.filter(|record| record.summary.status.is_final()) {
            break record;
        }
        assert!(begin.elapsed() < PATIENCE, "it did not go on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(record.summary.status, Status::Success);
    assert_eq!(record.result.unwrap().as_str(), "\"late\"");
    rig.stop().await;
}
