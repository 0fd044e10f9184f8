//! The table and the JSON: what was measured, beside what could be, beside what was promised.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// Microseconds; less is better.
    Micros,
    /// A second; more is better.
    PerSecond,
    /// MiB; less is better.
    MiB,
}

/// What was promised of a figure.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "value")]
pub(crate) enum Target {
    /// Times the floor, or less.
    MostFloors(f64),
    /// Times the floor, or more.
    LeastFloors(f64),
    /// In the figure's unit, or less.
    Most(f64),
    /// In the figure's unit, or more.
    Least(f64),
}

/// A figure and whose it is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) value: f64,
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    work: String,
    unit: Unit,
    floor: Option<Named>,
    /// What else is worth knowing beside it.
    references: Vec<Named>,
    peers: Vec<Named>,
    beckon: Option<f64>,
    target: Option<Target>,
    /// What else has to be known to read it.
    note: String,
}

impl Row {
    pub(crate) fn new(work: impl Into<String>, unit: Unit) -> Self {
        Self {
            work: work.into(),
            unit,
            floor: None,
            references: Vec::new(),
            peers: Vec::new(),
            beckon: None,
            target: None,
            note: String::new(),
        }
    }

    /// In microseconds.
    pub(crate) fn micros(work: impl Into<String>) -> Self {
        Self::new(work, Unit::Micros)
    }

    pub(crate) fn floor(mut self, name: impl Into<String>, value: f64) -> Self {
        self.floor = Some(Named {
            name: name.into(),
            value,
        });
        self
    }

    pub(crate) fn reference(mut self, name: impl Into<String>, value: f64) -> Self {
        self.references.push(Named {
            name: name.into(),
            value,
        });
        self
    }

    pub(crate) fn peer(mut self, name: impl Into<String>, value: f64) -> Self {
        self.peers.push(Named {
            name: name.into(),
            value,
        });
        self
    }

    pub(crate) fn beckon(mut self, value: f64) -> Self {
        self.beckon = Some(value);
        self
    }

    pub(crate) fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn best_peer(&self) -> Option<&Named> {
        let better = |a: &&Named, b: &&Named| match self.unit {
            Unit::PerSecond => b.value.total_cmp(&a.value),
            Unit::Micros | Unit::MiB => a.value.total_cmp(&b.value),
        };
        self.peers.iter().min_by(better)
    }

    fn ratio(&self) -> Option<f64> {
        Some(self.beckon? / self.floor.as_ref()?.value)
    }

    /// Whether the promise was kept; `None` when nothing was promised or it cannot be told.
    fn met(&self) -> Option<bool> {
        Some(match self.target? {
            Target::MostFloors(most) => self.ratio()? <= most,
            Target::LeastFloors(least) => self.ratio()? >= least,
            Target::Most(most) => self.beckon? <= most,
            Target::Least(least) => self.beckon? >= least,
        })
    }

    fn cells(&self) -> [String; 7] {
        let named = |n: &Named| format!("{} ({})", figure(n.value, self.unit), n.name);
        let note = if self.note.is_empty() {
            String::new()
        } else {
            format!(" ({})", self.note)
        };
        [
            format!("{}{note}", self.work),
            self.floor.as_ref().map(named).unwrap_or_default(),
            self.best_peer().map(named).unwrap_or_default(),
            self.beckon.map(|v| figure(v, self.unit)).unwrap_or_default(),
            self.ratio().map(|r| format!("{r:.2} ×")).unwrap_or_default(),
            self.target.map(|t| promise(t, self.unit)).unwrap_or_default(),
            match self.met() {
                Some(true) => "yes".into(),
                Some(false) => "no".into(),
                None => String::new(),
            },
        ]
    }
}

/// All lines, in the order that they were measured.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    skipped: Vec<String>,
}

const HEADS: [&str; 7] = [
    "work",
    "floor",
    "best peer",
    "Beckon",
    "Beckon / floor",
    "target",
    "met",
];

impl Report {
    /// Adds a line, and says it while the rest is being measured.
    pub(crate) fn add(&mut self, row: Row) {
        let [work, floor, peer, beckon, ratio, ..] = row.cells();
        eprintln!("{work}: {beckon} {ratio} | floor {floor} | best peer {peer}");
        for peer in row.references.iter().chain(&row.peers) {
            eprintln!("    {}: {}", peer.name, figure(peer.value, row.unit));
        }
        self.rows.push(row);
    }

    /// Says what is not measured, and why.
    pub(crate) fn skip(&mut self, what: &str, why: &anyhow::Error) {
        let why = format!("{why:#}");
        let line = format!(
            "{what} is not measured: {}",
            why.lines().next().unwrap_or_default()
        );
        eprintln!("{line}");
        if !self.skipped.contains(&line) {
            self.skipped.push(line);
        }
    }

    /// A Markdown table whose columns line up in a terminal too.
    pub(crate) fn print(&self) {
        let cells: Vec<[String; 7]> = std::iter::once(HEADS.map(String::from))
            .chain(self.rows.iter().map(Row::cells))
            .collect();
        let widths: [usize; 7] = std::array::from_fn(|column| {
            let lengths = cells.iter().map(|row| row[column].chars().count());
            lengths.max().unwrap_or_default()
        });
        let mut text = String::new();
        for (number, row) in cells.iter().enumerate() {
            for (cell, width) in row.iter().zip(widths) {
                let _ = write!(text, "| {cell:width$} ");
            }
            text.push_str("|\n");
            if number == 0 {
                for width in widths {
                    let _ = write!(text, "|{:-<1$}", "", width + 2);
                }
                text.push_str("|\n");
            }
        }
        println!("{text}");
        for line in &self.skipped {
            println!("{line}");
        }
    }

    /// Everything, each peer included, for whoever wants to compare two runs.
    pub(crate) fn write(&self, path: &Path, about: &Value) -> Result<()> {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let mut value = serde_json::to_value(row)?;
                value["ratio"] = json!(row.ratio());
                value["met"] = json!(row.met());
                anyhow::Ok(value)
            })
            .collect::<Result<_>>()?;
        let all = json!({ "about": about, "rows": rows, "skipped": self.skipped });
        std::fs::write(path, serde_json::to_vec_pretty(&all)?)?;
        Ok(())
    }
}

fn promise(target: Target, unit: Unit) -> String {
    match target {
        Target::MostFloors(most) => format!("≤ {most} × floor"),
        Target::LeastFloors(least) => format!("≥ {least} × floor"),
        Target::Most(most) => format!("≤ {}", figure(most, unit)),
        Target::Least(least) => format!("≥ {}", figure(least, unit)),
    }
}

fn figure(value: f64, unit: Unit) -> String {
    match unit {
        Unit::PerSecond => format!("{value:.0}/s"),
        Unit::MiB => format!("{value:.1} MiB"),
        Unit::Micros => match value {
            v if v < 100.0 => format!("{v:.1} µs"),
            v if v < 1e3 => format!("{v:.0} µs"),
            v if v < 1e6 => format!("{:.2} ms", v / 1e3),
            v => format!("{:.2} s", v / 1e6),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_judged_by_its_own_kind() {
        let row = Row::micros("x").floor("f", 10.0).beckon(16.0);
        assert_eq!(row.clone().met(), None);
        assert_eq!(row.clone().target(Target::MostFloors(1.65)).met(), Some(true));
        assert_eq!(row.clone().target(Target::MostFloors(1.5)).met(), Some(false));
        assert_eq!(row.clone().target(Target::Most(15.0)).met(), Some(false));
        let rate = Row::new("x", Unit::PerSecond).floor("f", 100.0).beckon(54.0);
        assert_eq!(rate.clone().target(Target::LeastFloors(0.54)).met(), Some(true));
        assert_eq!(rate.target(Target::Least(55.0)).met(), Some(false));
    }

    #[test]
    fn the_best_peer_is_the_quickest_the_smallest_or_the_busiest() {
        let with = |unit| Row::new("x", unit).peer("a", 1.0).peer("b", 2.0);
        assert_eq!(with(Unit::Micros).best_peer().unwrap().name, "a");
        assert_eq!(with(Unit::PerSecond).best_peer().unwrap().name, "b");
    }

    #[test]
    fn figures_are_read_at_a_glance() {
        assert_eq!(figure(17.04, Unit::Micros), "17.0 µs");
        assert_eq!(figure(1_310.0, Unit::Micros), "1.31 ms");
        assert_eq!(figure(5_000.4, Unit::PerSecond), "5000/s");
    }
}
