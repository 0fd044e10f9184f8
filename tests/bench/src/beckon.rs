//! A `beckon serve` under measurement.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::load::Call;
use crate::median;

pub(crate) struct Beckon {
    child: Child,
    gateway: SocketAddr,
    panel: SocketAddr,
    control: String,
    data_dir: PathBuf,
    pub(crate) ready_after: Duration,
}

impl Beckon {
    pub(crate) async fn serve(binary: &Path, data_dir: &Path) -> Result<Self> {
        let started = Instant::now();
        let mut child = Command::new(binary)
            .args(["serve", "--port", "0", "--data-dir"])
            .arg(data_dir)
            .env("BECKON_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("beckon could not be started")?;
        let stdout = child.stdout.take().context("no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        let ready_after = started.elapsed();
        let ready: Value = serde_json::from_str(&line).context("beckon did not say that it is ready")?;
        let run: Value = serde_json::from_slice(&std::fs::read(data_dir.join("run.json"))?)?;
        let control = run["token"].as_str().context("no control token")?.to_owned();
        Ok(Self {
            child,
            gateway: address(&ready["gateway"])?,
            panel: address(&run["panel"])?,
            control,
            data_dir: data_dir.to_owned(),
            ready_after,
        })
    }

    pub(crate) fn token(&self, binary: &Path) -> Result<String> {
        let made = std::process::Command::new(binary)
            .args(["token", "create", "--for", "openwhisk", "--data-dir"])
            .arg(&self.data_dir)
            .output()?;
        ensure!(
            made.status.success(),
            "no token: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        Ok(String::from_utf8(made.stdout)?.trim().to_owned())
    }

    /// A blocking invocation with its result only.
    pub(crate) fn invoke(&self, function: &str, token: &str) -> Call {
        let path = format!("/api/v1/namespaces/_/actions/{function}?blocking=true&result=true");
        Call::post(
            self.gateway,
            &path,
            &format!("Authorization: Basic {}\r\n", BASE64.encode(token)),
            r#"{"name":"Ada"}"#,
        )
    }

    /// A command of the panel.
    pub(crate) fn command(&self, name: &str, arguments: &Value) -> Result<Call> {
        let headers = format!("Authorization: Bearer {}\r\n", self.control);
        Ok(Call::post(
            self.panel,
            &format!("/api/{name}"),
            &headers,
            &serde_json::to_string(arguments)?,
        ))
    }

    /// First calls of new versions: each needs a worker that was not there.
    pub(crate) async fn cold_starts(&self, function: &str, token: &str, times: usize) -> Result<Duration> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let (user, key) = token.split_once(':').context("a token is user:key")?;
        let url = format!("http://{}/api/v1/namespaces/_/actions/{function}", self.gateway);
        let action: Value = client
            .get(&url)
            .basic_auth(user, Some(key))
            .send()
            .await?
            .json()
            .await?;
        let mut durations = Vec::with_capacity(times);
        for _ in 0..times {
            let put = json!({ "exec": action["exec"] });
            let saved = client
                .put(format!("{url}?overwrite=true"))
                .basic_auth(user, Some(key))
                .json(&put)
                .send()
                .await?;
            ensure!(saved.status().is_success(), "not saved: {}", saved.text().await?);
            let started = Instant::now();
            let reply = client
                .post(format!("{url}?blocking=true"))
                .basic_auth(user, Some(key))
                .json(&json!({}))
                .send()
                .await?;
            let record: Value = reply.json().await?;
            durations.push(started.elapsed());
            let cold = record["annotations"]
                .as_array()
                .is_some_and(|all| all.iter().any(|a| a["key"] == "initTime"));
            ensure!(cold, "this start was not cold: {record}");
        }
        Ok(median(durations))
    }

    /// Proportional memory of the process and everything below it, KiB.
    pub(crate) fn memory(&self) -> Result<u64> {
        let own = self.child.id().context("beckon has ended")?;
        let mut all = vec![own];
        let mut sum = 0;
        while let Some(pid) = all.pop() {
            sum += pss_kib(pid).unwrap_or(0);
            let tasks = std::fs::read_dir(format!("/proc/{pid}/task"))?;
            for task in tasks.flatten() {
                let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
                all.extend(
                    children
                        .split_whitespace()
                        .filter_map(|pid| pid.parse::<u32>().ok()),
                );
            }
        }
        Ok(sum)
    }

    /// Proportional memory of the process itself, KiB.
    pub(crate) fn memory_alone(&self) -> Result<u64> {
        pss_kib(self.child.id().context("beckon has ended")?)
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        let pid = self.child.id().context("beckon has ended")?;
        std::process::Command::new("kill").arg(pid.to_string()).status()?;
        let status = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await??;
        ensure!(status.success(), "beckon did not stop cleanly: {status}");
        Ok(())
    }
}

/// Proportional set size of a process, KiB.
pub(crate) fn pss_kib(pid: u32) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text
        .lines()
        .find(|l| l.starts_with("Pss:"))
        .context("no Pss line")?;
    Ok(line.split_whitespace().nth(1).context("no figure")?.parse()?)
}

fn address(url: &Value) -> Result<SocketAddr> {
    let url = url.as_str().context("no URL")?;
    Ok(url.trim_start_matches("http://").trim_end_matches('/').parse()?)
}
