//! A real engine on a real database in a temporary directory, with real interpreters.

pub(crate) mod brokers;

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::{
    Activation, ActivationId, Cause, Clock, CodePackage, Error, ErrorCode, FunctionKey, JsonText,
    NewFunction, Result, Runtime, Secret, Status,
};
use beckon_engine::{Engine, EngineConfig, Invocation, Outcome, Payload, SecretSource};
use beckon_store::{Expect, Store};
use tempfile::TempDir;

/// Long enough for a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Secrets(pub(crate) HashMap<String, String>);

impl SecretSource for Secrets {
    fn function_secret(&self, _: &str, name: &str) -> Result<Secret> {
        let value = self.0.get(name);
        value
            .map(Secret::new)
            .ok_or_else(|| Error::new(ErrorCode::NotFound, format!("There is no secret {name}.")))
    }
}

pub(crate) struct Rig {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) data: Arc<TempDir>,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut EngineConfig)) -> Self {
        let data = Arc::new(tempfile::tempdir().unwrap());
        let rig = Self::open(data, change, Secrets::default()).await;
        rig.store
            .create_namespace(&"test".parse().unwrap(), "Test")
            .await
            .unwrap();
        rig
    }

    pub(crate) async fn open(
        data: Arc<TempDir>,
        change: impl FnOnce(&mut EngineConfig),
        secrets: Secrets,
    ) -> Self {
        let store = Store::open(&data.path().join("beckon.db"), Clock::system())
            .await
            .unwrap();
        let mut config = EngineConfig::new(data.path().to_owned());
        // Processes are counted in many tests; those of cells have tests of their own.
        config.stem_cells = 0;
        change(&mut config);
        let engine = Engine::start(config, store.clone(), Arc::new(secrets), Clock::system())
            .await
            .unwrap();
        Self { engine, store, data }
    }

    pub(crate) async fn put(&self, name: &str, new: NewFunction) {
        self.engine
            .put_function(&key(name), new, Expect::Any)
            .await
            .unwrap();
    }

    pub(crate) async fn node(&self, name: &str, source: &str) {
        self.put(name, function("nodejs:default", source)).await;
    }

    pub(crate) async fn python(&self, name: &str, source: &str) {
        self.put(name, function("python:default", source)).await;
    }

    pub(crate) async fn shell(&self, name: &str, source: &str) {
        self.put(name, function("shell:default", source)).await;
    }

    pub(crate) async fn run(&self, name: &str, input: &str) -> Activation {
        match self.engine.invoke(invocation(name, input), None).await.unwrap() {
            Outcome::Finished(ended) => ended.activation(),
            Outcome::Promoted(id) => panic!("{id} was promoted"),
        }
    }

    /// Waits until so many stem cells are ready.
    pub(crate) async fn cells(&self, count: u32) {
        wait_for(async || self.engine.status().stem_cells == count).await;
    }

    /// Waits until the run is over.
    pub(crate) async fn ended(&self, id: ActivationId) -> Activation {
        let mut found = None;
        wait_for(async || {
            found = self
                .store
                .activation(id)
                .await
                .unwrap()
                .filter(|a| a.summary.status.is_final());
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    /// Processes whose environment bears this data directory's mark.
    pub(crate) fn processes(&self) -> usize {
        marked(self.data.path())
    }

    pub(crate) async fn stop(&self) {
        self.engine.shutdown(Duration::from_secs(10)).await;
    }
}

/// How many processes there are of the Beckon with this data directory.
pub(crate) fn marked(data: &Path) -> usize {
    let instance = std::fs::read_to_string(data.join("workers.instance")).unwrap();
    let mark = format!("BECKON_WORKER={}.", instance.trim());
    let mut count = 0;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        if let Ok(environment) = std::fs::read(entry.path().join("environ")) {
            count += usize::from(
                environment
                    .split(|byte| *byte == 0)
                    .any(|v| v.starts_with(mark.as_bytes())),
            );
        }
    }
    count
}

pub(crate) async fn wait_for(mut condition: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < PATIENCE, "this never came true");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) fn key(name: &str) -> FunctionKey {
    FunctionKey::new("test", name).unwrap()
}

pub(crate) fn function(kind: &str, source: &str) -> NewFunction {
    NewFunction::new(Runtime::new(kind).unwrap(), CodePackage::Source(source.into()))
}

pub(crate) fn package(kind: &str, files: &[(&str, &str)]) -> NewFunction {
    NewFunction::new(Runtime::new(kind).unwrap(), CodePackage::Zip(zip(files)))
}

pub(crate) fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    zip_bytes(&files)
}

pub(crate) fn zip_bytes(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        let options = zip::write::SimpleFileOptions::default().unix_permissions(0o644);
        writer.start_file(*name, options).unwrap();
        writer.write_all(text).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(crate) fn invocation(name: &str, input: &str) -> Invocation {
    Invocation {
        id: ActivationId::new(),
        function: key(name),
        caller: None,
        payload: Payload::Args(JsonText::parse(input).unwrap()),
        cause: Cause::Panel,
        token_id: None,
        rerun_of: None,
        transaction_id: None,
        api_host: None,
        received: Clock::system().now(),
    }
}

/// The text of a record's result.
pub(crate) fn result(record: &Activation) -> &str {
    record.result.as_ref().map_or("", JsonText::as_str)
}

/// The value of `error` in a record's result, as text.
pub(crate) fn error(record: &Activation) -> String {
    let value = record.result.as_ref().unwrap().to_value();
    value["error"]
        .as_str()
        .map_or_else(|| value["error"].to_string(), str::to_owned)
}

/// The log, one line each: `o:text` or `e:text`.
pub(crate) fn logs(record: &Activation) -> Vec<String> {
    let mark = |stream| {
        if stream == beckon_core::LogStream::Stdout {
            'o'
        } else {
            'e'
        }
    };
    record
        .logs
        .iter()
        .map(|line| format!("{}:{}", mark(line.stream), line.text))
        .collect()
}

pub(crate) fn expect(record: &Activation, status: Status, text: &str) {
    assert_eq!(
        (record.summary.status, result(record)),
        (status, text),
        "logs: {:#?}",
        logs(record)
    );
}
