//! Accepted runs that fail: tried again, given up, kept as dead letters.

use std::sync::{Arc, Mutex};

use crate::support::*;
use beckon_core::{ActivationId, ErrorCode, Jitter, NewFunction, Retry, Status};
use beckon_store::DeadLetters;

/// Hears what functions say over TCP, which is the one thing that a confined function shares with a test; answers how
/// many lines it has heard.
#[derive(Clone)]
pub(crate) struct Witness {
    port: u16,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Witness {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, lines) = (
            listener.local_addr().unwrap().port(),
            Arc::<Mutex<Vec<String>>>::default(),
        );
        let heard = lines.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut reader = std::io::BufReader::new(stream.unwrap());
                let mut line = String::new();
                std::io::BufRead::read_line(&mut reader, &mut line).unwrap();
                let count = {
                    let mut heard = heard.lock().unwrap();
                    heard.push(line.trim().to_owned());
                    heard.len()
                };
                std::io::Write::write_all(reader.get_mut(), count.to_string().as_bytes()).unwrap();
            }
        });
        Self { port, lines }
    }

    /// `tell(line)` for a Node function: a promise of the count.
    pub(crate) fn tell(&self) -> String {
        format!(
            "const tell = (line) => new Promise((done, failed) => {{\n const socket = \
             require('net').connect({}, '127.0.0.1', () => socket.write(line + '\\n'));\n let text = '';\n \
             socket.on('data', (bytes) => (text += bytes)).on('end', () => done(Number(text)))\
             .on('error', failed);\n}});\n",
            self.port
        )
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

/// A node function that fails until the witness has heard of `good` attempts.
fn flaky(witness: &Witness, good: u32, retry: Retry) -> NewFunction {
    let source = format!(
        "{}async function main(a) {{\n const n = await tell(Date.now());\n console.log('this is', n);\n \
         if (n < {good}) throw new Error('not yet ' + n);\n return {{n}};\n}}",
        witness.tell()
    );
    let mut new = function("nodejs:default", &source);
    new.settings.retry = retry;
    new
}

fn retry(attempts: u32, min_wait_s: u32, jitter: Jitter) -> Retry {
    Retry {
        attempts,
        min_wait_s,
        max_wait_s: 60,
        jitter,
        ..Retry::default()
    }
}

/// When each attempt began, ms.
fn attempts(witness: &Witness) -> Vec<i64> {
    witness.heard().iter().map(|line| line.parse().unwrap()).collect()
}

async fn status(rig: &Rig, id: ActivationId) -> Status {
    rig.store.activation(id).await.unwrap().unwrap().summary.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_is_tried_again_later_and_then_no_more() {
    let rig = Rig::new().await;
    let witness = Witness::start();
    rig.put("f", flaky(&witness, 3, retry(5, 1, Jitter::None))).await;
    let id = rig.engine.accept(invocation("f", r#"{"x":1}"#)).await.unwrap();
    wait_for(async || attempts(&witness).len() == 1 && rig.store.queue_depth().await.unwrap() == 1).await;
    let between = rig.store.activation(id).await.unwrap().unwrap();
    assert_eq!((between.summary.status, between.attempts), (Status::Queued, 1));
    assert!(logs(&between)[0].starts_with("e:Beckon: attempt 1 of 5 ended as application_error (500) after"));
    let state = &rig.engine.queues().await.unwrap()[0];
    assert_eq!((state.waiting, state.delayed, state.running), (0, 1, 0));
    let record = rig.ended(id).await;
    expect(&record, Status::Success, r#"{"n":3}"#);
    assert_eq!(record.attempts, 3);
    assert_eq!(record.input.as_ref().unwrap().as_str(), r#"{"x":1}"#);
    let lines = logs(&record);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[1].starts_with("e:Beckon: attempt 2 of 5") && lines[1].contains("again after 2.0 s"));
    assert_eq!(lines[2], "o:this is 3");
    // Back-off: at least a second, then at least two.
    let began = attempts(&witness);
    assert!(
        began[1] - began[0] >= 1000 && began[2] - began[1] >= 2000,
        "{began:?}"
    );
    assert!(
        rig.engine
            .dead_letters(None, None, 9)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    assert_eq!(rig.store.queue_depth().await.unwrap(), 0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_too_often_is_a_dead_letter_until_somebody_cares() {
    let rig = Rig::new().await;
    let witness = Witness::start();
    rig.put("f", flaky(&witness, 5, retry(2, 0, Jitter::Full))).await;
    let id = rig.engine.accept(invocation("f", "{}")).await.unwrap();
    let record = rig.ended(id).await;
    assert_eq!(
        (record.summary.status, record.attempts),
        (Status::ApplicationError, 2)
    );
    let dead = rig
        .engine
        .dead_letters(Some(&key("f")), None, 9)
        .await
        .unwrap()
        .rows;
    assert_eq!((dead.len(), dead[0].run.id, dead[0].attempts), (1, id, 2));
    assert_eq!(rig.engine.queues().await.unwrap()[0].dead, 1);

    // Retried, it fails twice more; the time after that it succeeds.
    assert_eq!(
        rig.engine.retry_dead_letters(DeadLetters::One(id)).await.unwrap(),
        1
    );
    wait_for(async || rig.store.activation(id).await.unwrap().unwrap().attempts == 4).await;
    wait_for(async || {
        !rig.engine
            .dead_letters(None, None, 9)
            .await
            .unwrap()
            .rows
            .is_empty()
    })
    .await;
    assert_eq!(
        rig.engine
            .retry_dead_letters(DeadLetters::Of(key("f")))
            .await
            .unwrap(),
        1
    );
    wait_for(async || status(&rig, id).await == Status::Success).await;
    let record = rig.ended(id).await;
    assert_eq!((result(&record), record.attempts), (r#"{"n":5}"#, 5));
    assert_eq!(attempts(&witness).len(), 5);

    // A function without retries has plain failures, and a failure of another code is not tried again.
    rig.put(
        "plain",
        function("nodejs:default", "function main() { throw new Error('x') }"),
    )
    .await;
    let mut other = flaky(&witness, 99, retry(9, 0, Jitter::None));
    other.settings.retry.codes = vec![429];
    rig.put("other", other).await;
    for name in ["plain", "other"] {
        let id = rig.engine.accept(invocation(name, "{}")).await.unwrap();
        assert_eq!(rig.ended(id).await.attempts, 1);
    }
    assert!(
        rig.engine
            .dead_letters(None, None, 9)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_queue_waits_over_a_restart() {
    let rig = Rig::new().await;
    rig.shell("f", "echo '{}'").await;
    rig.shell("g", "echo '{}'").await;
    assert_eq!(
        rig.engine.pause_queue(&key("none")).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    rig.engine.pause_queue(&key("f")).await.unwrap();
    let held = rig.engine.accept(invocation("f", "{}")).await.unwrap();
    let free = rig.engine.accept(invocation("g", "{}")).await.unwrap();
    assert_eq!(rig.ended(free).await.summary.status, Status::Success);
    assert_eq!(status(&rig, held).await, Status::Queued);
    rig.stop().await;
    let data = rig.data.clone();
    drop(rig);
    let rig = Rig::open(data, |_| {}, Secrets::default()).await;
    let free = rig.engine.accept(invocation("g", "{}")).await.unwrap();
    assert_eq!(rig.ended(free).await.summary.status, Status::Success);
    let state = &rig.engine.queues().await.unwrap()[0];
    assert!(
        (state.waiting, state.paused.is_some(), state.oldest.is_some()) == (1, true, true),
        "{state:?}"
    );
    rig.engine.resume_queue(&key("f")).await.unwrap();
    assert_eq!(rig.ended(held).await.summary.status, Status::Success);
    assert!(rig.engine.queues().await.unwrap().is_empty());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_its_next_attempt_survives_and_can_be_cancelled() {
    let rig = Rig::new().await;
    let witness = Witness::start();
    rig.put("f", flaky(&witness, 99, retry(9, 30, Jitter::None)))
        .await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(rig.engine.accept(invocation("f", "{}")).await.unwrap());
    }
    let delayed = async |rig: &Rig| rig.engine.queues().await.unwrap()[0].delayed;
    wait_for(async || delayed(&rig).await == 4).await;
    rig.stop().await;
    let data = rig.data.clone();
    drop(rig);
    let rig = Rig::open(data, |_| {}, Secrets::default()).await;
    assert_eq!((delayed(&rig).await, rig.engine.status().queued), (4, 4));
    assert!(rig.engine.cancel(ids[0]).await.unwrap());
    let record = rig.ended(ids[0]).await;
    assert_eq!((record.summary.status, record.attempts), (Status::Cancelled, 1));
    assert_eq!(rig.engine.clear_queue(&key("f")).await.unwrap(), 3);
    assert_eq!(rig.ended(ids[3]).await.summary.status, Status::Cancelled);
    assert_eq!((rig.engine.status().queued, attempts(&witness).len()), (0, 4));
    rig.stop().await;
}
