//! `make bench`: what Beckon costs, beside what this machine can do at all and what others make of it.
//!
//! Absolute times mean little on a shared machine, so every figure stands beside a floor and beside peers that were
//! measured in the same run, by the same load, in turns. Prints a Markdown table; everything else is in JSON. Nothing
//! here fails because of a time: what was promised and what was measured stand side by side.
//!
//! ```text
//! rows/ ─ the table's lines          subject ─ whatever answers, and the load on all of them in turns
//! beckon, functions ─ Beckon         load ─ the load, in a process of its own         http ─ as little of it as can be
//! floor/ ─ the machine               process ─ programs: pinned, weighed, ended       report ─ the table
//! peers ─ what one would use instead
//! ```

mod beckon;
mod floor;
mod functions;
mod http;
mod load;
mod peers;
mod process;
mod report;
mod rows;
mod subject;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use serde_json::json;

use floor::server::Behind;
use peers::Peers;
use report::Report;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures, and prints the table.
    Run(RunArgs),
    /// Puts the load that standard input describes on something. Started by `run`.
    Load,
    /// Is the floor. Started by `run`.
    Floor { behind: Behind },
}

#[derive(clap::Args)]
struct RunArgs {
    /// The release build of `beckon` without its window.
    #[arg(long)]
    beckon: PathBuf,
    /// The release build with it; without this the window is not measured.
    #[arg(long)]
    window: Option<PathBuf>,
    /// The folder with the peers' code and npm packages.
    #[arg(long)]
    peers: PathBuf,
    /// Where everything else was installed for them, where databases are, and where the JSON goes.
    #[arg(long)]
    out: PathBuf,
    /// Groups of lines, comma-separated; all of them by default.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<Group>,
    /// Hardly measures anything, to see that all of it works.
    #[arg(long)]
    quick: bool,
}

/// A group of the table's lines, in the order that they are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Group {
    Memory,
    Warm,
    Echo,
    Sleeper,
    Cold,
    Fork,
    Async,
    Journal,
    Window,
}

/// What every group needs to know.
pub(crate) struct Bench {
    pub(crate) beckon: PathBuf,
    pub(crate) peers: Peers,
    /// For databases: on a disk, where `/tmp` may be memory.
    pub(crate) work: PathBuf,
    /// The core for work on one connection.
    pin: Option<usize>,
    /// Times that the load goes round.
    pub(crate) rounds: usize,
    /// How long it stays with each.
    pub(crate) seconds: f64,
    /// Starts for one figure.
    pub(crate) starts: usize,
    /// Writes to disk for one figure.
    pub(crate) syncs: usize,
    /// Runs accepted for one figure.
    pub(crate) queued: u64,
    /// Records in the log.
    pub(crate) records: usize,
}

impl Bench {
    fn new(args: &RunArgs, work: &Path) -> Result<Self> {
        let quick = args.quick;
        let or = |whole: usize, little: usize| if quick { little } else { whole };
        Ok(Self {
            beckon: std::path::absolute(&args.beckon)?,
            peers: Peers {
                code: std::path::absolute(&args.peers)?,
                installed: std::path::absolute(&args.out)?,
                work: std::path::absolute(work)?,
            },
            work: std::path::absolute(work)?,
            pin: process::core(),
            rounds: or(3, 1),
            seconds: if quick { 0.3 } else { 1.2 },
            starts: or(15, 3),
            syncs: or(300, 30),
            queued: or(10_000, 500) as u64,
            records: or(100_000, 2_000),
        })
    }

    /// With one connection, everything on one core: between cores, it is their distance that is measured. With more,
    /// wherever the kernel likes.
    pub(crate) fn pin_for(&self, connections: usize) -> Option<usize> {
        self.pin.filter(|_| connections == 1)
    }
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Load => load::main(),
        Command::Floor { behind } => floor::server::main(behind),
        Command::Run(args) => run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("beckon-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &RunArgs) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(args))
}

/// A group that cannot be measured says why and is in nobody's way; the exit status tells.
async fn measure(args: &RunArgs) -> Result<()> {
    std::fs::create_dir_all(&args.out)?;
    let work = tempfile::tempdir_in(&args.out)?;
    let bench = Bench::new(args, work.path())?;
    let started = Instant::now();
    let about = about(args, &bench);
    let mut report = Report::default();
    let mut failed = 0;
    let groups = if args.rows.is_empty() {
        Group::value_variants()
    } else {
        &args.rows
    };
    for group in groups {
        let done = match group {
            Group::Memory => rows::memory::measure(&bench, &mut report).await,
            Group::Warm => rows::warm::measure(&bench, &mut report).await,
            Group::Echo => rows::echo::measure(&bench, &mut report).await,
            Group::Sleeper => rows::sleeper::measure(&bench, &mut report).await,
            Group::Cold => rows::cold::measure(&bench, &mut report).await,
            Group::Fork => rows::fork::measure(&bench, &mut report).await,
            Group::Async => rows::queue::measure(&bench, &mut report).await,
            Group::Journal => rows::journal::measure(&bench, &mut report).await,
            Group::Window => rows::window::measure(&bench, args.window.as_deref(), &mut report).await,
        };
        if let Err(error) = done {
            failed += 1;
            report.skip(&format!("{group:?}"), &error);
        }
    }
    report.print();
    let path = args.out.join("report.json");
    report.write(&path, &about)?;
    println!(
        "Measured in {:.0} s. Everything, each peer included: {}",
        started.elapsed().as_secs_f64(),
        path.display()
    );
    process::sweep(&bench.work);
    anyhow::ensure!(failed == 0, "{failed} groups could not be measured");
    Ok(())
}

/// What has to be known to compare two reports.
fn about(args: &RunArgs, bench: &Bench) -> serde_json::Value {
    let line = |path: &str, start: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|l| l.starts_with(start)).unwrap_or_default();
        line.rsplit(':').next().unwrap_or_default().trim().to_owned()
    };
    json!({
        "processor": line("/proc/cpuinfo", "model name"),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "kernel": line("/proc/sys/kernel/osrelease", ""),
        "load_before": line("/proc/loadavg", ""),
        "pinned_to": bench.pin,
        "quick": args.quick,
        "rounds": bench.rounds,
        "seconds": bench.seconds,
    })
}

/// The middle of some durations.
pub(crate) fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
