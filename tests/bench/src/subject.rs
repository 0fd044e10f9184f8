//! Whatever answers calls, and the same load on all of them in turns.
//!
//! A shared machine is quicker in one second than in the next. So the load goes round: a share on the floor, a share
//! on each peer, a share on Beckon, and again; and what counts is the median of the rounds.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::Bench;
use crate::floor::Served;
use crate::load::{self, Body, Call, Effort, Figures};
use crate::peers::Peer;
use crate::process::{self, Program};
use crate::report::{Report, Row};

/// Whose figures they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Role {
    Floor,
    /// Something else to compare with, that is neither the floor nor what anybody would use.
    Reference,
    Peer,
    Beckon,
}

/// Something that answers a call.
pub(crate) struct Subject {
    role: Role,
    name: String,
    call: Call,
    pid: u32,
    /// Ends with this.
    _program: Option<Program>,
}

/// What the rounds gave for one of them.
pub(crate) struct Measured {
    role: Role,
    name: String,
    figures: Figures,
    /// Processor time of the process that was called, µs a request; what is below it is not in it.
    cpu_us: f64,
    /// All calls made, the first ones that warm it up left out.
    calls: u64,
}

impl Subject {
    pub(crate) fn floor(name: &str, served: Served, body: &Body) -> Self {
        let call = Call::post(([127, 0, 0, 1], served.port).into(), "/", "", body);
        Self {
            role: Role::Floor,
            name: name.to_owned(),
            call,
            pid: served.program.pid(),
            _program: Some(served.program),
        }
    }

    pub(crate) fn reference(name: &str, served: Served, body: &Body) -> Self {
        Self {
            role: Role::Reference,
            ..Self::floor(name, served, body)
        }
    }

    pub(crate) fn beckon(call: Call, pid: u32) -> Self {
        Self {
            role: Role::Beckon,
            name: "Beckon".into(),
            call,
            pid,
            _program: None,
        }
    }
}

/// Those of `peers` that are here and give the right answer.
pub(crate) async fn peers(
    bench: &Bench,
    report: &mut Report,
    peers: &[Peer],
    function: &str,
    body: &Body,
    pin: Option<usize>,
) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for peer in peers {
        let started = async {
            let running = peer.start(&bench.peers, pin).await?;
            let address = ([127, 0, 0, 1], running.port).into();
            let call = Call::post(address, &peer.path(function), "", body);
            once_ready(&call).await?;
            anyhow::Ok(Subject {
                role: Role::Peer,
                name: peer.name().to_owned(),
                call,
                pid: running.program.pid(),
                _program: Some(running.program),
            })
        };
        match started.await {
            Ok(subject) => subjects.push(subject),
            Err(why) => report.skip(peer.name(), &why),
        }
    }
    subjects
}

/// Makes the call until it is answered: what is before a function may listen sooner than the function.
pub(crate) async fn once_ready(call: &Call) -> Result<()> {
    let mut tries = 0;
    loop {
        match call.once().await {
            Ok(_) => return Ok(()),
            Err(why) if tries == 1_000 => return Err(why),
            Err(_) => tries += 1,
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Puts the load on each in turns.
pub(crate) async fn measure(
    bench: &Bench,
    subjects: &[Subject],
    effort: Effort,
    pin: Option<usize>,
) -> Result<Vec<Measured>> {
    let mut rounds: Vec<Vec<(Figures, f64)>> = vec![Vec::new(); subjects.len()];
    for _ in 0..bench.rounds {
        for (subject, rounds) in subjects.iter().zip(&mut rounds) {
            let before = process::cpu(subject.pid)?;
            let figures = load::put(&subject.call, effort, pin)
                .await
                .with_context(|| format!("the load on {}", subject.name))?;
            let used = process::cpu(subject.pid)?.saturating_sub(before);
            rounds.push((figures, used.as_secs_f64() * 1e6 / figures.all as f64));
        }
    }
    let measured = subjects.iter().zip(rounds).map(|(subject, rounds)| {
        let of = |pick: fn(&(Figures, f64)) -> f64| middle(rounds.iter().map(pick).collect());
        Measured {
            role: subject.role.clone(),
            name: subject.name.clone(),
            figures: Figures {
                p50_us: of(|r| r.0.p50_us),
                p99_us: of(|r| r.0.p99_us),
                rate: of(|r| r.0.rate),
                ..Figures::default()
            },
            cpu_us: of(|r| r.1),
            calls: rounds.iter().map(|r| r.0.all).sum(),
        }
    });
    Ok(measured.collect())
}

/// Fills a row with one figure of each.
pub(crate) fn row(mut row: Row, measured: &[Measured], pick: fn(&Measured) -> f64) -> Row {
    for one in measured {
        row = match one.role {
            Role::Floor => row.floor(&one.name, pick(one)),
            Role::Reference => row.reference(&one.name, pick(one)),
            Role::Peer => row.peer(&one.name, pick(one)),
            Role::Beckon => row.beckon(pick(one)),
        };
    }
    row
}

/// The row of processor time: only of what has the function in a process of its own, as Beckon has.
pub(crate) fn cpu(mut row: Row, measured: &[Measured]) -> Row {
    for one in measured {
        row = match one.role {
            Role::Floor => row.floor(&one.name, one.cpu_us),
            Role::Beckon => row.beckon(one.cpu_us),
            Role::Reference | Role::Peer => row,
        };
    }
    row
}

impl Measured {
    pub(crate) fn p50(&self) -> f64 {
        self.figures.p50_us
    }

    pub(crate) fn p99(&self) -> f64 {
        self.figures.p99_us
    }

    pub(crate) fn rate(&self) -> f64 {
        self.figures.rate
    }

    /// How often it was called, when it is Beckon.
    pub(crate) fn beckon_calls(&self) -> u64 {
        if self.role == Role::Beckon { self.calls } else { 0 }
    }
}

/// The middle of some figures.
pub(crate) fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
