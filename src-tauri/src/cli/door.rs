//! How the command line reaches a panel.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use beckon_core::Error;
use beckon_host::{Instance, Running};
use beckon_panel::Sent;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Options;
use crate::start::{self, Started};

/// A panel to call commands on.
pub(super) enum Door {
    /// The Beckon that runs on the data directory, over its loopback HTTP.
    Running(Running, reqwest::Client),
    /// A panel of this process's own; it runs nothing in the background.
    Own(Started),
}

impl Door {
    pub(super) async fn open(options: &Options) -> Result<Self> {
        let dir = start::data_dir(options)?;
        // A Beckon that is just starting has the directory and has not written itself down yet.
        for _ in 0..100 {
            if let Some(instance) = Instance::claim(&dir)? {
                return Ok(Self::Own(
                    start::panel(options, instance, false, false, false, None).await?,
                ));
            }
            if let Some(running) = Running::find(&dir)? {
                return Ok(Self::Running(
                    running,
                    reqwest::Client::builder().no_proxy().build()?,
                ));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!(
            "another Beckon has {} and does not say how to reach it",
            dir.display()
        )
    }

    /// Calls a command of the panel by name.
    pub(super) async fn call<T: DeserializeOwned>(&self, command: &str, arguments: Value) -> Result<T> {
        let json = match self {
            Self::Own(started) => {
                let found = beckon_panel::command(command)
                    .with_context(|| format!("there is no command {command}"))?;
                (found.call)(started.panel.clone(), arguments, Arc::new(|_| Sent::Gone))
                    .await?
                    .into_bytes()
            }
            Self::Running(running, client) => {
                let reply = ask(running, client, command, &arguments).await?;
                let bytes = reply.bytes().await.context("the running Beckon broke off")?;
                bytes.to_vec()
            }
        };
        serde_json::from_slice(&json)
            .with_context(|| format!("the answer to {command} is not what this version expects"))
    }

    /// Calls a command that streams, and hands on its items as they come.
    pub(super) async fn stream<I, T>(
        &self,
        command: &str,
        arguments: Value,
        mut on_item: impl FnMut(I) -> Result<()>,
    ) -> Result<T>
    where
        I: DeserializeOwned,
        T: DeserializeOwned,
    {
        let unexpected = || format!("the answer to {command} is not what this version expects");
        match self {
            Self::Own(started) => {
                let found = beckon_panel::command(command)
                    .with_context(|| format!("there is no command {command}"))?;
                let (sender, mut items) = tokio::sync::mpsc::unbounded_channel::<String>();
                let sink = Arc::new(move |item| match sender.send(item) {
                    Ok(()) => Sent::Taken,
                    Err(_) => Sent::Gone,
                });
                let mut call = (found.call)(started.panel.clone(), arguments, sink);
                let done = loop {
                    tokio::select! {
                        biased;
                        Some(item) = items.recv() => {
                            on_item(serde_json::from_str(&item).with_context(unexpected)?)?;
                        }
                        done = &mut call => break done?,
                    }
                };
                while let Ok(item) = items.try_recv() {
                    on_item(serde_json::from_str(&item).with_context(unexpected)?)?;
                }
                serde_json::from_str(&done).with_context(unexpected)
            }
            Self::Running(running, client) => {
                let mut reply = ask(running, client, command, &arguments).await?;
                let mut bytes = Vec::new();
                let mut seen = 0;
                loop {
                    let Some(end) = bytes[seen..].iter().position(|byte| *byte == b'\n') else {
                        seen = bytes.len();
                        let chunk = reply.chunk().await.context("the running Beckon broke off")?;
                        bytes.extend_from_slice(&chunk.context("the running Beckon broke off")?);
                        continue;
                    };
                    let line: Vec<u8> = bytes.drain(..=seen + end).collect();
                    seen = 0;
                    match serde_json::from_slice(&line).with_context(unexpected)? {
                        Line::Item(item) => on_item(item)?,
                        Line::Ok(done) => return Ok(done),
                        Line::Err(error) => return Err(error.into()),
                    }
                }
            }
        }
    }

    /// A one-time link to the running panel.
    pub(super) async fn new_link(&self) -> Result<String> {
        let Self::Running(running, client) = self else {
            bail!("no Beckon is running on this data directory: start one with `beckon` or `beckon serve`");
        };
        let reply = client
            .post(format!("{}/session/link", running.panel))
            .bearer_auth(&running.token)
            .send()
            .await?;
        let json: Value = reply.json().await?;
        json["url"]
            .as_str()
            .map(str::to_owned)
            .context("the running Beckon gave no link")
    }

    pub(super) async fn close(self) {
        if let Self::Own(started) = self {
            started.panel.shutdown(Duration::ZERO).await;
        }
    }
}

/// A line of a stream.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<I, T> {
    Item(I),
    Ok(T),
    Err(Error),
}

/// The answer of the running Beckon, unless it refuses.
async fn ask(
    running: &Running,
    client: &reqwest::Client,
    command: &str,
    arguments: &Value,
) -> Result<reqwest::Response> {
    let url = format!("{}/api/{command}", running.panel);
    let sent = client.post(url).bearer_auth(&running.token).json(arguments);
    let reply = sent.send().await.context("the running Beckon does not answer")?;
    if reply.status().is_success() {
        return Ok(reply);
    }
    let bytes = reply.bytes().await.context("the running Beckon broke off")?;
    Err(said(&bytes))
}

fn said(bytes: &[u8]) -> anyhow::Error {
    match serde_json::from_slice::<Error>(bytes) {
        Ok(error) => error.into(),
        Err(_) => anyhow!("the running Beckon answered something unreadable"),
    }
}
