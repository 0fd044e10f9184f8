//! What is counted of runs: by what Prometheus reads, and by the charts.

use std::time::Duration;

use crate::support::*;
use beckon_core::{Clock, Destination, ErrorCode, FunctionRef, LOCAL, Limits};
use beckon_engine::Outcome;

/// The value of the sample whose line begins like this.
fn sample(text: &str, start: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.starts_with(start))?;
    line.rsplit(' ').next()?.parse().ok()
}

fn local(name: &str) -> FunctionRef {
    let key = key(name);
    FunctionRef {
        connection: LOCAL.into(),
        namespace: key.namespace,
        name: key.name,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_counted_under_the_names_of_both_systems() {
    let rig = Rig::new().await;
    rig.python(
        "f",
        "def main(a):\n  if a.get('bad'): raise ValueError('no')\n  return {}",
    )
    .await;
    for input in ["{}", "{}", "{}", r#"{"bad":true}"#] {
        rig.run("f", input).await;
    }
    let id = rig.engine.accept(invocation("f", "{}")).await.unwrap();
    rig.ended(id).await;
    let text = rig.engine.prometheus().await;
    let f = r#"{function_name="f.test""#;
    let expected = [
        (format!("gateway_function_invocation_started{f}}}"), 5.0),
        (
            format!("gateway_function_invocation_total{f},code=\"200\"}}"),
            4.0,
        ),
        (
            format!("gateway_function_invocation_total{f},code=\"500\"}}"),
            1.0,
        ),
        (format!("gateway_functions_seconds_count{f},code=\"200\"}}"), 4.0),
        (
            format!("gateway_functions_seconds_bucket{f},code=\"200\",le=\"+Inf\"}}"),
            4.0,
        ),
        (format!("gateway_service_count{f}}}"), 1.0),
        (format!("beckon_function_starts_total{f},start=\"cold\"}}"), 1.0),
        (format!("beckon_function_starts_total{f},start=\"warm\"}}"), 4.0),
        (format!("beckon_init_seconds_count{f}}}"), 1.0),
        (format!("beckon_run_seconds_count{f}}}"), 5.0),
        (format!("beckon_wait_seconds_count{f}}}"), 5.0),
        (format!("beckon_queue_depth{f},queue=\"accepted\"}}"), 0.0),
        (format!("beckon_workers{f},state=\"ready\"}}"), 1.0),
    ];
    for (name, value) in expected {
        assert_eq!(sample(&text, &name), Some(value), "{name}\n{text}");
    }
    let memory = sample(&text, &format!("beckon_worker_memory_bytes{f}}}")).unwrap();
    assert!(memory > 1e6, "{memory} bytes are no Python");
    let function = rig.store.function(&key("f")).await.unwrap().unwrap();
    let of = |kind| {
        let id = &function.id;
        format!(r#"{{functionId="{id}",resourceName="f",namespace="test",invokeType="{kind}""#)
    };
    let (sync, detached) = (of("sync"), of("detached"));
    let failed = r#"responseType="Error",errorCode="FunctionInvokeExecutionFailed""#;
    for (name, value) in [
        (format!("FunctionInvocationCount{sync}}}"), 4.0),
        (format!("FunctionInvocationCount{detached}}}"), 1.0),
        (
            format!("FunctionResponseCount{sync},responseType=\"Success\",errorCode=\"\"}}"),
            3.0,
        ),
        (format!("FunctionResponseCount{sync},{failed}}}"), 1.0),
        (format!("FunctionExecutionDuration_count{sync}}}"), 4.0),
        (format!("FunctionExecutionDuration_count{detached}}}"), 1.0),
    ] {
        assert_eq!(sample(&text, &name), Some(value), "{name}\n{text}");
    }
    rig.engine.delete_function(&key("f")).await.unwrap();
    let text = rig.engine.prometheus().await;
    assert!(
        !text.contains("FunctionInvocationCount"),
        "it is deleted:\n{text}"
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_calls_and_lines_are_counted() {
    let rig = Rig::with(|config| config.max_waiting = 1).await;
    let mut slow = function(
        "python:default",
        "import time\ndef main(a):\n  time.sleep(600)\n  return {}",
    );
    slow.limits = Limits {
        concurrency: 1,
        ..Limits::DEFAULT
    };
    rig.put("slow", slow).await;
    let short = Some(Duration::from_millis(1));
    let mut ids = Vec::new();
    for _ in 0..2 {
        match rig.engine.invoke(invocation("slow", "{}"), short).await.unwrap() {
            Outcome::Promoted(id) => ids.push(id),
            Outcome::Finished(ended) => panic!("{:?}", ended.summary()),
        }
    }
    let error = rig
        .engine
        .invoke(invocation("slow", "{}"), short)
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::Busy);
    let text = rig.engine.prometheus().await;
    let name = r#"{function_name="slow.test""#;
    let throttled = text
        .lines()
        .find(|line| line.starts_with("FunctionResponseCount") && line.contains("Throttled"));
    assert!(
        throttled.is_some_and(|line| line.ends_with(r#"errorCode="TooManyRequests"} 1"#)),
        "{text}"
    );
    assert_eq!(
        sample(
            &text,
            &format!("gateway_function_invocation_total{name},code=\"429\"}}")
        ),
        Some(1.0)
    );
    assert_eq!(
        sample(&text, &format!("beckon_queue_depth{name},queue=\"callers\"}}")),
        Some(1.0)
    );
    let now = Clock::system().now();
    let chart = rig
        .engine
        .chart(Some(&local("slow")), now - 60_000, now + 60_000, 0)
        .await
        .unwrap();
    assert_eq!(chart.throttled.iter().flatten().sum::<u32>(), 1);
    assert!(chart.queue.contains(&Some(1)));
    for id in ids {
        rig.engine.cancel(id).await.unwrap();
        rig.ended(id).await;
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn charts_join_the_journal_and_what_is_remembered() {
    let rig = Rig::new().await;
    rig.python("f", "import time\ndef main(a):\n  time.sleep(0.05)\n  return {}")
        .await;
    rig.shell("g", "exit 1").await;
    let began = Clock::system().now();
    for _ in 0..6 {
        rig.run("f", "{}").await;
    }
    rig.run("g", "{}").await;
    rig.store.flush().await.unwrap();
    let to = Clock::system().now() + 1;
    let chart = rig.engine.chart(Some(&local("f")), began, to, 0).await.unwrap();
    let lists = [
        chart.runs.len(),
        chart.p50.len(),
        chart.memory.len(),
        chart.failed.len(),
    ];
    assert!(lists.iter().all(|len| *len == lists[0]), "{chart:?}");
    assert_eq!((chart.step, chart.from % 10_000), (10_000, 0));
    assert_eq!(
        (chart.runs.iter().sum::<u32>(), chart.failed.iter().sum::<u32>()),
        (6, 0)
    );
    let slow = chart.p50.iter().flatten().copied().fold(0.0, f64::max);
    assert!(slow >= 50.0 * 15.0 / 16.0, "{chart:?}");
    assert!(
        chart.memory.iter().flatten().any(|bytes| *bytes > 1e6),
        "{chart:?}"
    );
    assert!(
        chart.cold_share.iter().flatten().any(|share| *share > 0.0),
        "{chart:?}"
    );
    let all = rig
        .engine
        .chart(None, began - 86_400_000, to, 300_000)
        .await
        .unwrap();
    assert_eq!(
        (all.runs.iter().sum::<u32>(), all.failed.iter().sum::<u32>()),
        (7, 1)
    );
    assert!(
        all.p99[0].is_none() && all.queue[0].is_none(),
        "nobody knows of yesterday"
    );
    assert!(all.queue.iter().any(Option::is_some));
    let error = rig.engine.chart(None, to, began, 0).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    rig.stop().await;
}

/// Parses the text with Prometheus' own Python client, in a function that installs it.
const PARSER: &str = "
from prometheus_client.parser import text_string_to_metric_families

def main(args):
    families = {}
    for family in text_string_to_metric_families(args['text']):
        families[family.name] = {
            'type': family.type,
            'samples': [[s.name, s.labels, s.value if s.value == s.value else None] for s in family.samples],
        }
    return families
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prometheus_own_parser_reads_deliveries_and_all_the_rest() {
    let rig = Rig::new().await;
    let source = "exports.main = a => a.bad ? {error: 'no'} : {};";
    let mut told = function("nodejs:default", source);
    told.settings.on_success = Some(Destination::Queue {
        queue: "ocid1.queue.oc1.phx.a".into(),
        channel: None,
    });
    told.settings.on_failure = Some(Destination::Http {
        url: "http://127.0.0.1:1/gone".into(),
    });
    rig.put("told", told).await;
    let files = [
        ("requirements.txt", "prometheus-client==0.22.1\n"),
        ("__main__.py", PARSER),
    ];
    rig.put("parser", package("python:default", &files)).await;
    for input in ["{}", "{}", r#"{"bad":1}"#] {
        rig.engine.accept(invocation("told", input)).await.unwrap();
    }
    let now = Clock::system().now();
    let chart = async || {
        let of = Some(local("told"));
        rig.engine
            .chart(of.as_ref(), now - 60_000, now + 600_000, 0)
            .await
            .unwrap()
    };
    wait_for(async || {
        let chart = chart().await;
        (
            chart.delivered.iter().sum::<u32>(),
            chart.undelivered.iter().sum::<u32>(),
        ) == (2, 1)
    })
    .await;
    // What the journal has is counted a moment later.
    let counted = async || {
        let text = rig.engine.prometheus().await;
        text.lines()
            .filter(|line| line.starts_with("FunctionDetachedDeliveries") && line.contains("told"))
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
            .sum::<f64>()
    };
    wait_for(async || counted().await >= 3.0).await;
    let text = rig.engine.prometheus().await;
    let input = serde_json::json!({ "text": text }).to_string();
    let record = rig.run("parser", &input).await;
    assert_eq!(
        record.summary.status,
        beckon_core::Status::Success,
        "{:?}\n{text}",
        logs(&record)
    );
    let families = record.result.unwrap().to_value();
    // Python's client takes `_total` off the name of a counter's family.
    for (family, kind) in [
        ("FunctionInvocationCount", "counter"),
        ("FunctionResponseCount", "counter"),
        ("FunctionExecutionDuration", "histogram"),
        ("FunctionDetachedDeliveries", "counter"),
        ("gateway_function_invocation", "counter"),
        ("gateway_function_invocation_started", "counter"),
        ("gateway_functions_seconds", "histogram"),
        ("gateway_service_count", "gauge"),
        ("beckon_queue_depth", "gauge"),
    ] {
        assert_eq!(families[family]["type"], kind, "{family}\n{text}");
    }
    let samples = families["FunctionDetachedDeliveries"]["samples"]
        .as_array()
        .unwrap();
    let mut seen: Vec<String> = samples
        .iter()
        .map(|sample| {
            let label = |name: &str| sample[1][name].as_str().unwrap().to_owned();
            assert_eq!(
                (label("resourceName"), label("namespace")),
                ("told".into(), "test".into())
            );
            assert!(!label("functionId").is_empty());
            let (to, kind, error) = (label("destination"), label("responseType"), label("errorMessage"));
            format!("{to} {kind} {error} {}", sample[2])
        })
        .collect();
    seen.sort();
    assert_eq!(seen, ["http Error unreachable 1", "queue Success  2"]);
    rig.stop().await;
}
