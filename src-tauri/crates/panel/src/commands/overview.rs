use beckon_core::{Event, FunctionName, FunctionRef, LOCAL, Result, RuntimeStatus, filter};
use beckon_engine::EngineStatus;
use beckon_macros::commands;
use tokio::sync::broadcast::error::RecvError;

use crate::{Panel, Sink, panel::PLAYGROUND, views::Overview};

#[commands]
impl Panel {
    /// What the window needs before it can show anything.
    pub async fn overview(&self) -> Result<Overview> {
        let gateway_url = self.gateway_url.read().clone();
        Ok(Overview {
            version: env!("CARGO_PKG_VERSION").into(),
            gateway_url,
            data_dir: self.data_dir.display().to_string(),
            connections: self.all_connections().await?,
            secret_store: self.secrets.state(),
            runtimes: self.engine.runtimes(),
            first_function: self.first_function().await?,
            host_clipboard: self.desktop.is_some(),
        })
    }

    /// Everything that changes, as it changes, until the caller goes away.
    pub async fn events(&self, on_event: Sink<Event>) -> Result<()> {
        let mut events = self.store.events();
        loop {
            let event = tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                event = events.recv() => event,
            };
            let event = match event {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => Event::Lagged,
                Err(RecvError::Closed) => return Ok(()),
            };
            if !on_event.send(&event) {
                return Ok(());
            }
        }
    }

    /// Workers, queue and counts of the local engine.
    pub async fn engine_status(&self) -> Result<EngineStatus> {
        Ok(self.engine.status())
    }

    /// Stops a worker by its number: it takes no more runs and ends with the last one that it has; with `now` at once, and
    /// the runs in it end as crashed. `false`: it was gone already. The event `engine` says when it is.
    pub async fn stop_worker(&self, number: u64, now: bool) -> Result<bool> {
        Ok(self.engine.stop_worker(number, now))
    }

    /// The runtimes of this machine, found or not.
    pub async fn runtimes(&self) -> Result<Vec<RuntimeStatus>> {
        Ok(self.engine.runtimes())
    }
}

impl Panel {
    /// The local function that was run last, or else the first example, or else any.
    async fn first_function(&self) -> Result<Option<FunctionRef>> {
        let functions = self.store.functions(None).await?;
        let local = filter::Filter {
            connections: vec![LOCAL.into()],
            ..filter::Filter::default()
        };
        let last = self.store.page(&local, None, 1).await?.rows.into_iter().next();
        let is_last = |f: &&beckon_core::FunctionSummary| {
            last.as_ref()
                .is_some_and(|l| l.namespace == f.key.namespace && l.function == f.key.name)
        };
        let example = FunctionName::new("hello")?;
        let is_example = |f: &&beckon_core::FunctionSummary| {
            f.key.namespace.as_str() == PLAYGROUND && f.key.name == example
        };
        let first = functions
            .iter()
            .find(is_last)
            .or_else(|| functions.iter().find(is_example))
            .or(functions.first());
        Ok(first.map(|f| FunctionRef {
            connection: LOCAL.into(),
            namespace: f.key.namespace.clone(),
            name: f.key.name.clone(),
        }))
    }
}
