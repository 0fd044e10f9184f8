//! From exec to a window that can be used, through WebKitWebDriver (which starts the program itself).

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::floor::machine;
use crate::report::{Report, Row};
use crate::{Bench, median, micros, process};

const TIMES: usize = 5;

/// A program that is ended by id when it goes out of scope.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Measures session start (process, window, page) and the moment that the Run button of the first screen is there.
/// Needs an X display: `scripts/bench` runs this program under Xvfb.
pub(crate) async fn measure(bench: &Bench, binary: Option<&Path>, report: &mut Report) -> Result<()> {
    let Some(binary) = binary else {
        report.skip("the window", &anyhow::anyhow!("no build with a window was named"));
        return Ok(());
    };
    let floor = micros(machine::start_of(
        &process::find("node")?,
        &["-e", "0"],
        bench.starts,
    )?);
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let (mut windows, mut usable) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let dir = tempfile::tempdir()?;
        let driver = Command::new("WebKitWebDriver")
            .args([format!("--port={port}"), "--host=127.0.0.1".into()])
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("BECKON_DATA_DIR", dir.path())
            .env("BECKON_LOG", "error")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("WebKitWebDriver could not be started")?;
        let driver = Ended(driver);
        let (window, first) = one_start(binary, port).await?;
        windows.push(window);
        usable.push(first);
        drop(driver);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    for (what, times) in [
        (
            "from exec to the window's page, p50 (first start on an empty directory)",
            windows,
        ),
        ("from exec to a usable first screen, p50", usable),
    ] {
        report.add(
            Row::micros(what)
                .floor("bare node", floor)
                .beckon(micros(median(times))),
        );
    }
    Ok(())
}

async fn one_start(binary: &Path, port: u16) -> Result<(Duration, Duration)> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()?;
    let base = format!("http://127.0.0.1:{port}");
    let binary = std::fs::canonicalize(binary)?;
    let wanted = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": { "binary": binary, "args": [] } } } });
    for _ in 0..100 {
        if client.get(format!("{base}/status")).send().await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let started = Instant::now();
    let session: Value = client
        .post(format!("{base}/session"))
        .json(&wanted)
        .send()
        .await?
        .json()
        .await?;
    let window = started.elapsed();
    let id = session["value"]["sessionId"]
        .as_str()
        .with_context(|| format!("no session: {session}"))?;
    let button = json!({ "using": "css selector", "value": "[data-testid=run-button]:not(:disabled)" });
    let first = loop {
        let found = client
            .post(format!("{base}/session/{id}/element"))
            .json(&button)
            .send()
            .await?;
        if found.status().is_success() {
            break started.elapsed();
        }
        if started.elapsed() > Duration::from_secs(60) {
            bail!("the first screen never had a Run button");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    client.delete(format!("{base}/session/{id}")).send().await?;
    Ok((window, first))
}
