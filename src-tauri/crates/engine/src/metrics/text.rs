//! Prometheus' text format.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use beckon_core::{DestinationKind, FunctionKey, Purpose};
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Encoder, TextEncoder};

use crate::delivery::Counted;

use super::spread::Buckets;
use super::tally::{INVOKE_TYPES, Level, RESPONSES, Tally};

/// Most bytes of the answer that are expected; more only take longer.
const USUAL: usize = 64 * 1024;
/// The states of workers, in the order of [`Level::workers`].
const STATES: [&str; 4] = ["spawning", "ready", "busy", "draining"];

type Labels<'a> = Vec<(&'a str, &'a str)>;

/// The families, in the order in which they were begun.
#[derive(Default)]
struct Page(Vec<MetricFamily>);

impl Page {
    fn begin(&mut self, kind: MetricType, name: &str, help: &str) {
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help(help.to_owned());
        family.set_field_type(kind);
        self.0.push(family);
    }

    fn push(&mut self, labels: &Labels<'_>, fill: impl FnOnce(&mut Metric)) {
        let mut metric = Metric::default();
        let pairs = labels.iter().map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value((*value).to_owned());
            pair
        });
        metric.set_label(pairs.collect());
        fill(&mut metric);
        if let Some(family) = self.0.last_mut() {
            family.mut_metric().push(metric);
        }
    }

    fn counter(&mut self, labels: &Labels<'_>, count: u64) {
        self.push(labels, |metric| {
            let mut counter = Counter::default();
            counter.set_value(count as f64);
            metric.set_counter(counter);
        });
    }

    fn gauge(&mut self, labels: &Labels<'_>, level: u64) {
        self.push(labels, |metric| {
            let mut gauge = Gauge::default();
            gauge.set_value(level as f64);
            metric.set_gauge(gauge);
        });
    }

    /// `unit` is how many ms the unit of the metric has.
    fn histogram(&mut self, labels: &Labels<'_>, buckets: &Buckets, unit: f64) {
        let told = buckets.snapshot();
        self.push(labels, |metric| {
            let mut histogram = Histogram::default();
            histogram.set_sample_count(told.count);
            histogram.set_sample_sum(told.sum_ms / unit);
            let buckets = told.cumulative.iter().map(|(bound, count)| {
                let mut bucket = Bucket::default();
                bucket.set_upper_bound(bound / unit);
                bucket.set_cumulative_count(*count);
                bucket
            });
            histogram.set_bucket(buckets.collect());
            metric.set_histogram(histogram);
        });
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// Everything, as Prometheus reads it.
pub(super) fn write(
    tallies: &[Arc<Tally>],
    levels: &HashMap<FunctionKey, Level>,
    deliveries: &[(Counted, u64)],
    refused: &[(String, &'static str, u64)],
) -> String {
    let mut tallies: Vec<&Tally> = tallies.iter().map(Arc::as_ref).collect();
    // What stands for many is there when it stands for any.
    tallies.retain(|tally| !tally.id.is_empty() || tally.invoked.iter().any(|count| read(count) > 0));
    tallies.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    let mut page = Page::default();
    oracle(&mut page, &tallies);
    delivered(&mut page, &tallies, deliveries);
    openfaas(&mut page, &tallies);
    own(&mut page, &tallies);
    standing(&mut page, &tallies, levels);
    turned_away(&mut page, refused);
    // An empty family is no family to some who read this.
    page.0.retain(|family| !family.get_metric().is_empty());
    let mut text = Vec::with_capacity(USUAL);
    if let Err(error) = TextEncoder::new().encode(&page.0, &mut text) {
        tracing::error!(%error, "the metrics could not be written");
    }
    String::from_utf8(text).unwrap_or_default()
}

fn oracle(page: &mut Page, tallies: &[&Tally]) {
    let dimensions = |tally: &'_ Tally, kind: usize| -> [(&'static str, String); 4] {
        [
            ("functionId", tally.id.clone()),
            ("resourceName", tally.name.clone()),
            ("namespace", tally.namespace.clone()),
            ("invokeType", INVOKE_TYPES[kind].to_owned()),
        ]
    };
    fn borrow<'a>(dimensions: &'a [(&'static str, String); 4]) -> Labels<'a> {
        dimensions
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }
    let each = || tallies.iter().flat_map(|tally| [(*tally, 0), (*tally, 1)]);
    page.begin(
        MetricType::COUNTER,
        "FunctionInvocationCount",
        "Calls of a function, refused ones included.",
    );
    for (tally, kind) in each() {
        page.counter(&borrow(&dimensions(tally, kind)), read(&tally.invoked[kind]));
    }
    page.begin(
        MetricType::COUNTER,
        "FunctionResponseCount",
        "Ends of calls, by kind and error code.",
    );
    for (tally, kind) in each() {
        for (count, (response, error)) in tally.responses[kind].iter().zip(RESPONSES) {
            let count = read(count);
            // One series for each error code that has occurred, and always one for success.
            if count > 0 || error.is_empty() {
                let dimensions = dimensions(tally, kind);
                let mut labels = borrow(&dimensions);
                labels.extend([("responseType", response), ("errorCode", error)]);
                page.counter(&labels, count);
            }
        }
    }
    page.begin(
        MetricType::HISTOGRAM,
        "FunctionExecutionDuration",
        "How long runs took, initialisation included, in milliseconds.",
    );
    for (tally, kind) in each() {
        page.histogram(&borrow(&dimensions(tally, kind)), &tally.execution[kind], 1.0);
    }
}

fn delivered(page: &mut Page, tallies: &[&Tally], deliveries: &[(Counted, u64)]) {
    page.begin(
        MetricType::COUNTER,
        "FunctionDetachedDeliveries",
        "Records of detached runs that were delivered to a destination, or given up.",
    );
    let is_callback = |counted: &Counted| counted.purpose == Purpose::Callback;
    // A record of success and one of failure may go to places of one kind.
    let mut sums: BTreeMap<_, u64> = BTreeMap::new();
    for (counted, count) in deliveries.iter().filter(|(counted, _)| !is_callback(counted)) {
        let series = (
            &counted.function,
            kind_of(counted.destination),
            counted.error.as_deref(),
        );
        *sums.entry(series).or_default() += count;
    }
    for ((key, destination, error), count) in sums {
        let (name, namespace) = (key.name.as_str(), key.namespace.as_str());
        let own = tallies
            .iter()
            .find(|tally| tally.name == name && tally.namespace == namespace);
        let labels = vec![
            ("functionId", own.map_or("", |tally| tally.id.as_str())),
            ("resourceName", name),
            ("namespace", namespace),
            ("destination", destination),
            ("responseType", if error.is_none() { "Success" } else { "Error" }),
            ("errorMessage", error.unwrap_or_default()),
        ];
        page.counter(&labels, count);
    }
    page.begin(
        MetricType::COUNTER,
        "beckon_callbacks_total",
        "Callbacks of accepted runs that were made, or given up.",
    );
    for (counted, count) in deliveries.iter().filter(|(counted, _)| is_callback(counted)) {
        let name = dotted(
            counted.function.name.as_str(),
            counted.function.namespace.as_str(),
        );
        let labels = vec![
            ("function_name", name.as_str()),
            ("response_type", counted.response_type()),
            ("error", counted.error.as_deref().unwrap_or_default()),
        ];
        page.counter(&labels, *count);
    }
}

fn kind_of(destination: DestinationKind) -> &'static str {
    match destination {
        DestinationKind::Notification => "notification",
        DestinationKind::Queue => "queue",
        DestinationKind::Stream => "stream",
        DestinationKind::Http => "http",
        DestinationKind::Nats => "nats",
    }
}

/// `name.namespace`; `other` has no namespace.
fn dotted(name: &str, namespace: &str) -> String {
    if namespace.is_empty() {
        name.to_owned()
    } else {
        format!("{name}.{namespace}")
    }
}

fn openfaas(page: &mut Page, tallies: &[&Tally]) {
    let code_of = |code: u16| {
        if code == 0 {
            "other".to_owned()
        } else {
            code.to_string()
        }
    };
    page.begin(
        MetricType::COUNTER,
        "gateway_function_invocation_started",
        "Calls of a function that began.",
    );
    for tally in tallies {
        let name = dotted(&tally.name, &tally.namespace);
        let count = tally.invoked.iter().map(read).sum();
        page.counter(&vec![("function_name", &name)], count);
    }
    page.begin(
        MetricType::COUNTER,
        "gateway_function_invocation_total",
        "Calls of a function that ended, by status code.",
    );
    for tally in tallies {
        let name = dotted(&tally.name, &tally.namespace);
        for coded in tally.codes() {
            let code = code_of(coded.code);
            page.counter(
                &vec![("function_name", &name), ("code", &code)],
                coded.seconds.snapshot().count,
            );
        }
    }
    page.begin(
        MetricType::HISTOGRAM,
        "gateway_functions_seconds",
        "How long callers waited for the end, in seconds.",
    );
    for tally in tallies {
        let name = dotted(&tally.name, &tally.namespace);
        for coded in tally.codes() {
            let code = code_of(coded.code);
            page.histogram(
                &vec![("function_name", &name), ("code", &code)],
                &coded.seconds,
                1000.0,
            );
        }
    }
}

fn own(page: &mut Page, tallies: &[&Tally]) {
    page.begin(
        MetricType::COUNTER,
        "beckon_function_starts_total",
        "Runs in a worker that was there, and runs that a process was started for.",
    );
    for tally in tallies {
        let name = dotted(&tally.name, &tally.namespace);
        for (start, count) in ["warm", "cold"].into_iter().zip(&tally.starts) {
            page.counter(&vec![("function_name", &name), ("start", start)], read(count));
        }
    }
    type Of = fn(&Tally) -> &Buckets;
    let times: [(&str, &str, Of); 3] = [
        (
            "beckon_wait_seconds",
            "From the call to the hand-over to a worker.",
            |tally| &tally.wait,
        ),
        (
            "beckon_init_seconds",
            "Starting and initialising a worker, where one was started.",
            |tally| &tally.init,
        ),
        ("beckon_run_seconds", "In the function's code.", |tally| {
            &tally.run
        }),
    ];
    for (name, help, of) in times {
        page.begin(MetricType::HISTOGRAM, name, help);
        for tally in tallies {
            let name = dotted(&tally.name, &tally.namespace);
            page.histogram(&vec![("function_name", &name)], of(tally), 1000.0);
        }
    }
}

fn turned_away(page: &mut Page, refused: &[(String, &'static str, u64)]) {
    page.begin(
        MetricType::COUNTER,
        "beckon_refused_calls_total",
        "Calls that were refused before there was a run of them, by why.",
    );
    for (namespace, reason, count) in refused {
        page.counter(&vec![("namespace", namespace), ("reason", reason)], *count);
    }
}

fn standing(page: &mut Page, tallies: &[&Tally], levels: &HashMap<FunctionKey, Level>) {
    // Those that are counted each for itself; what the others have stands under `other`.
    let mut named: Vec<(String, Level)> = tallies
        .iter()
        .filter(|tally| !tally.id.is_empty())
        .map(|tally| (dotted(&tally.name, &tally.namespace), Level::default()))
        .collect();
    let mut rest = Level::default();
    for (key, level) in levels {
        let name = dotted(key.name.as_str(), key.namespace.as_str());
        match named.iter_mut().find(|(own, _)| *own == name) {
            Some((_, own)) => *own = *level,
            None => rest.add(level),
        }
    }
    if rest != Level::default() {
        named.push(("other".to_owned(), rest));
    }
    page.begin(
        MetricType::GAUGE,
        "gateway_service_count",
        "Worker processes of a function.",
    );
    for (name, level) in &named {
        let workers: u32 = level.workers.iter().sum();
        page.gauge(&vec![("function_name", name)], workers.into());
    }
    page.begin(
        MetricType::GAUGE,
        "beckon_workers",
        "Worker processes of a function, by what they do.",
    );
    for (name, level) in &named {
        for (state, count) in STATES.into_iter().zip(level.workers) {
            page.gauge(&vec![("function_name", name), ("state", state)], count.into());
        }
    }
    page.begin(
        MetricType::GAUGE,
        "beckon_worker_memory_bytes",
        "Resident memory of a function's workers.",
    );
    for (name, level) in &named {
        page.gauge(&vec![("function_name", name)], level.memory);
    }
    page.begin(
        MetricType::GAUGE,
        "beckon_queue_depth",
        "Callers that wait for a worker, and accepted runs that have not begun.",
    );
    for (name, level) in &named {
        page.gauge(
            &vec![("function_name", name), ("queue", "callers")],
            level.waiting,
        );
        page.gauge(
            &vec![("function_name", name), ("queue", "accepted")],
            level.accepted,
        );
    }
}
