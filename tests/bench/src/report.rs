//! The table.

use std::fmt::Write as _;
use std::time::Duration;

use crate::load::Measured;

#[derive(Default)]
pub(crate) struct Report {
    rows: String,
}

impl Report {
    /// One duration, with its ratio to a floor.
    pub(crate) fn row(&mut self, what: &str, measured: Duration, floor: Option<(&str, Duration)>) {
        let ratio = floor
            .map(|(name, floor)| format!("{:.2} × {name}", measured.as_secs_f64() / floor.as_secs_f64()));
        self.line(what, &time(measured), &ratio.unwrap_or_default());
    }

    /// A load, with its ratios to a bare server under the same load.
    pub(crate) fn load(&mut self, what: &str, measured: &Measured, floor: Option<&Measured>) {
        let figures = format!(
            "p50 {}, p99 {}, {:.0}/s",
            time(measured.p50()),
            time(measured.p99()),
            measured.rate()
        );
        let ratios = floor.map(|floor| {
            let times = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
            format!(
                "p50 {:.2} ×, p99 {:.2} ×, rate {:.2} × bare Node",
                times(measured.p50(), floor.p50()),
                times(measured.p99(), floor.p99()),
                measured.rate() / floor.rate()
            )
        });
        self.line(what, &figures, &ratios.unwrap_or_default());
    }

    /// Memory in KiB.
    pub(crate) fn memory(&mut self, what: &str, kib: u64, floor: Option<u64>) {
        let ratio = floor
            .map(|floor| format!("{:.2} × bare Node server", kib as f64 / floor as f64))
            .unwrap_or_default();
        self.line(what, &format!("{:.1} MiB", kib as f64 / 1024.0), &ratio);
    }

    fn line(&mut self, what: &str, figures: &str, ratio: &str) {
        eprintln!("{what}: {figures} {ratio}");
        let _ = writeln!(self.rows, "| {what} | {figures} | {ratio} |");
    }

    pub(crate) fn print(&self) {
        println!(
            "| what | measured | ratio to the floor |\n|---|---|---|\n{}",
            self.rows.trim_end()
        );
    }
}

fn time(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    match micros {
        m if m < 1_000.0 => format!("{m:.0} µs"),
        m if m < 1e6 => format!("{:.1} ms", m / 1e3),
        m => format!("{:.2} s", m / 1e6),
    }
}
