//! A `beckon serve` under measurement, called as its users call it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use beckon_core::{Clock, FunctionKey};
use beckon_store::{Expect, Store};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::functions::{self, Deploy};
use crate::load::{Body, Call};
use crate::process::{self, Program};

/// The door of functions that take requests.
pub(crate) const FUNCTION: &str = "/function";

pub(crate) struct Beckon {
    pub(crate) program: Program,
    gateway: SocketAddr,
    panel: SocketAddr,
    control: String,
    pub(crate) ready_after: Duration,
}

/// A data directory with the functions of the measurement in it.
pub(crate) struct Deployed {
    dir: tempfile::TempDir,
    binary: PathBuf,
    token: String,
    namespace: String,
}

impl Deployed {
    /// Deploys every function through the gateway, and sets in the database what the gateway has no words for.
    pub(crate) async fn new(binary: &Path, work: &Path) -> Result<Self> {
        let dir = tempfile::tempdir_in(work)?;
        let beckon = Beckon::serve(binary, dir.path(), None, &[]).await?;
        let made = std::process::Command::new(binary)
            .args(["token", "create", "--for", "openwhisk", "--data-dir"])
            .arg(dir.path())
            .output()?;
        let said = String::from_utf8_lossy(&made.stderr);
        ensure!(made.status.success(), "no token: {said}");
        let token = String::from_utf8(made.stdout)?.trim().to_owned();
        let mut deployed = Self {
            dir,
            binary: binary.to_owned(),
            token,
            namespace: String::new(),
        };
        let namespaces: Vec<String> = deployed.client()?.get(&beckon, "namespaces").await?;
        deployed.namespace = namespaces.into_iter().next().context("no namespace")?;
        for function in functions::ALL {
            deployed.put(&beckon, function).await?;
        }
        beckon.stop().await?;
        deployed.finish().await?;
        Ok(deployed)
    }

    async fn finish(&self) -> Result<()> {
        let store = self.store().await?;
        for function in functions::ALL {
            let key = FunctionKey::new(&self.namespace, function.name)?;
            let stored = store.function(&key).await?.context("it was not stored")?;
            let expect = Expect::Version(stored.version);
            store.put_function(&key, function.finish(&stored), expect).await?;
        }
        Ok(store.flush().await?)
    }

    /// Its database, while no Beckon uses it.
    pub(crate) async fn store(&self) -> Result<Store> {
        Ok(Store::open(&self.dir.path().join("beckon.db"), Clock::system()).await?)
    }

    pub(crate) async fn serve(&self, pin: Option<usize>) -> Result<Beckon> {
        Beckon::serve(&self.binary, self.dir.path(), pin, &[]).await
    }

    /// Without interpreters that are started for functions to come.
    pub(crate) async fn serve_without_cells(&self) -> Result<Beckon> {
        Beckon::serve(&self.binary, self.dir.path(), None, &["--no-stem-cells"]).await
    }

    /// Saves a function again, as a new version.
    pub(crate) async fn put(&self, beckon: &Beckon, function: &Deploy) -> Result<()> {
        let exec = json!({ "exec": { "kind": function.kind, "code": function.code } });
        let path = format!("namespaces/_/actions/{}?overwrite=true", function.name);
        self.client()?.put(beckon, &path, &exec).await
    }

    /// A call that waits for the result, through the best door there is for it; and the door.
    pub(crate) async fn invoke(
        &self,
        beckon: &Beckon,
        function: &str,
        body: &Body,
    ) -> Result<(Call, &'static str)> {
        let http = self.door(
            beckon,
            &format!("/function/{function}-http.{}", self.namespace),
            body,
        );
        if http.once().await.is_ok() {
            return Ok((http, FUNCTION));
        }
        let call = self.openwhisk(beckon, function, body);
        call.once()
            .await
            .with_context(|| format!("{function} does not answer"))?;
        Ok((call, "/api/v1"))
    }

    /// A call through OpenWhisk's API that waits for the result.
    pub(crate) fn openwhisk(&self, beckon: &Beckon, function: &str, body: &Body) -> Call {
        let path = format!("/api/v1/namespaces/_/actions/{function}?blocking=true&result=true");
        self.door(beckon, &path, body)
    }

    /// A call that is answered as soon as the run is on disk.
    pub(crate) fn accept(&self, beckon: &Beckon, function: &str, body: &Body) -> Call {
        let path = format!("/api/v1/namespaces/_/actions/{function}");
        self.door(beckon, &path, body).status(202)
    }

    fn door(&self, beckon: &Beckon, path: &str, body: &Body) -> Call {
        let header = format!("Authorization: Basic {}\r\n", BASE64.encode(&self.token));
        Call::post(beckon.gateway, path, &header, body)
    }

    fn client(&self) -> Result<Api<'_>> {
        Ok(Api {
            http: reqwest::Client::builder().no_proxy().build()?,
            token: self.token.split_once(':').context("a token is user:key")?,
        })
    }
}

/// The gateway's OpenWhisk API.
struct Api<'a> {
    http: reqwest::Client,
    token: (&'a str, &'a str),
}

impl Api<'_> {
    async fn get<T: serde::de::DeserializeOwned>(&self, beckon: &Beckon, path: &str) -> Result<T> {
        let url = format!("http://{}/api/v1/{path}", beckon.gateway);
        let request = self.http.get(url).basic_auth(self.token.0, Some(self.token.1));
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    async fn put(&self, beckon: &Beckon, path: &str, document: &Value) -> Result<()> {
        let url = format!("http://{}/api/v1/{path}", beckon.gateway);
        let request = self.http.put(url).basic_auth(self.token.0, Some(self.token.1));
        let reply = request.json(document).send().await?;
        let status = reply.status();
        ensure!(status.is_success(), "{path}: {status}: {}", reply.text().await?);
        Ok(())
    }
}

impl Beckon {
    /// Starts it and waits until it says that it is ready.
    pub(crate) async fn serve(
        binary: &Path,
        data_dir: &Path,
        pin: Option<usize>,
        more: &[&str],
    ) -> Result<Self> {
        let started = Instant::now();
        let mut command = process::command(binary, pin);
        command
            .args(["serve", "--port", "0", "--data-dir"])
            .arg(data_dir)
            .args(more)
            .env("BECKON_LOG", "error");
        let mut program = Program::start("beckon serve", command)?;
        let line = program.first_line().await?;
        let ready_after = started.elapsed();
        let ready: Value = serde_json::from_str(&line).context("beckon did not say that it is ready")?;
        let run: Value = serde_json::from_slice(&std::fs::read(data_dir.join("run.json"))?)?;
        let control = run["token"].as_str().context("no control token")?.to_owned();
        Ok(Self {
            program,
            gateway: address(&ready["gateway"])?,
            panel: address(&run["panel"])?,
            control,
            ready_after,
        })
    }

    /// A command of the panel.
    pub(crate) fn command(&self, name: &str, arguments: &Value) -> Result<Call> {
        let headers = format!("Authorization: Bearer {}\r\n", self.control);
        Ok(Call::post(
            self.panel,
            &format!("/api/{name}"),
            &headers,
            &Body::json(&serde_json::to_string(arguments)?, ""),
        ))
    }

    /// What a command of the panel answers.
    pub(crate) async fn ask(&self, name: &str, arguments: &Value) -> Result<Value> {
        let (_, body) = self.command(name, arguments)?.once().await?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// Ends it as a user would.
    pub(crate) async fn stop(self) -> Result<()> {
        let status = self.program.stop(Signal::TERM).await?;
        ensure!(status.success(), "beckon did not stop cleanly: {status}");
        Ok(())
    }

    /// Ends it as a crash would.
    pub(crate) async fn crash(self) -> Result<()> {
        self.program.stop(Signal::KILL).await?;
        Ok(())
    }
}

fn address(url: &Value) -> Result<SocketAddr> {
    let url = url.as_str().context("no URL")?;
    Ok(url.trim_start_matches("http://").trim_end_matches('/').parse()?)
}
