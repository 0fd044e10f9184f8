//! The panel's own life: what it is made of, how it starts and how it stops.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use beckon_core::{
    Clock, Error, FunctionKey, NamespaceName, NewFunction, Result, Runtime, Secret, random_hex,
};
use beckon_core::{CodePackage, ErrorCode};
use beckon_engine::{Engine, EngineConfig};
use beckon_providers::gateway::{Gateway, Throttle};
use beckon_providers::spaces::SpaceTriggers;
use beckon_store::{Expect, Store};
use parking_lot::RwLock;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::journal::Followed;
use crate::remotes::Remotes;
use crate::secrets::{SecretStore, SecretStoreChoice};
use crate::views::Settings;
use crate::{accounts, journal, looks, notices, retention, templates};

/// The namespace of the first start.
pub const PLAYGROUND: &str = "playground";

/// How a panel starts.
pub struct PanelConfig {
    /// Where everything is kept. Made if it is not there.
    pub data_dir: PathBuf,
    /// Whether the first start adds the example functions.
    pub examples: bool,
    /// Where secrets are kept from now on; `None` is what was chosen before, at first the keychain.
    pub secret_store: Option<SecretStoreChoice>,
    /// Opens (or makes) the encrypted file.
    pub passphrase: Option<Secret>,
    /// The desktop that the host is a window on, where it is one.
    pub desktop: Option<Arc<dyn Desktop>>,
    /// Whether to run what is queued, follow remote runs and expire old records. A command line that only reads or
    /// changes something leaves that to the next real start.
    pub background: bool,
    /// Whether the engine keeps interpreters started for functions to come.
    pub stem_cells: bool,
    /// What time it is.
    pub clock: Clock,
}

/// The desktop of the machine that the panel runs on.
pub trait Desktop: Send + Sync {
    /// Puts a text on its clipboard. May block.
    fn copy(&self, text: &str) -> Result<()>;

    /// Shows a notification, of plain text. May block.
    fn notify(&self, title: &str, text: &str) -> Result<()>;
}

/// The panel: the local engine, the connections, the credentials and the journal behind one set of commands.
pub struct Panel {
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) secrets: Arc<SecretStore>,
    pub(crate) remotes: Remotes,
    pub(crate) followed: Followed,
    pub(crate) desktop: Option<Arc<dyn Desktop>>,
    pub(crate) clock: Clock,
    pub(crate) data_dir: PathBuf,
    pub(crate) settings: RwLock<Settings>,
    /// What the gateway grants.
    pub(crate) throttle: Arc<Throttle>,
    /// The triggers of the engine's namespaces that Spaces' clients make.
    pub(crate) space_triggers: Arc<SpaceTriggers>,
    pub(crate) gateway_url: RwLock<Option<String>>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Panel {
    /// Opens the database and the secret store, starts the engine, and on the very first start adds the playground.
    pub async fn start(config: PanelConfig) -> Result<Arc<Self>> {
        let PanelConfig { data_dir, clock, .. } = config;
        make_private_dir(&data_dir)?;
        let store = Store::open(&data_dir.join("beckon.db"), clock.clone()).await?;
        let settings = crate::commands::stored_settings(&store).await?;
        let secrets =
            Arc::new(open_secrets(&store, &data_dir, config.secret_store, config.passphrase).await?);
        let mut engine_config = EngineConfig::new(data_dir.clone());
        engine_config.blocking_limit = Duration::from_millis(settings.blocking_limit_ms.into());
        engine_config.spaces_limit = settings.spaces_body_mb as usize * 1024 * 1024;
        engine_config.dispatch = config.background;
        if !config.stem_cells {
            engine_config.stem_cells = 0;
        }
        if let Some(bytes) = settings.engine_memory() {
            engine_config.memory_cap = bytes;
        }
        let engine = Engine::start(engine_config, store.clone(), secrets.clone(), clock.clone()).await?;
        let throttle = Throttle::default();
        throttle.set(settings.quota);
        let space_triggers = SpaceTriggers::new(engine.clone(), store.clone(), clock.clone());
        let panel = Arc::new(Self {
            store,
            engine,
            secrets,
            remotes: Remotes::default(),
            followed: Followed::default(),
            desktop: config.desktop,
            clock,
            data_dir,
            settings: RwLock::new(settings),
            throttle: throttle.into(),
            space_triggers: space_triggers.into(),
            gateway_url: RwLock::new(None),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        panel.first_start(config.examples, config.background).await?;
        if config.background {
            journal::start(&panel).await?;
            looks::start(&panel);
            retention::start(&panel);
            accounts::start(&panel);
            notices::start(&panel);
        }
        Ok(panel)
    }

    /// What a gateway needs to serve the local engine.
    #[must_use]
    pub fn gateway(&self) -> Gateway {
        Gateway {
            engine: self.engine.clone(),
            store: self.store.clone(),
            clock: self.clock.clone(),
            throttle: self.throttle.clone(),
            space_triggers: self.space_triggers.clone(),
        }
    }

    /// The gateway's port as the user set it.
    #[must_use]
    pub fn gateway_port(&self) -> u16 {
        self.settings.read().gateway_port
    }

    /// Tells the panel where the gateway answers, so that copied commands point there.
    pub fn set_gateway_url(&self, url: &str) {
        *self.gateway_url.write() = Some(url.to_owned());
        let address = url
            .strip_prefix("http://")
            .map(|address| address.trim_end_matches('/'));
        if let Some(address) = address.and_then(|address| address.parse().ok()) {
            self.engine.deliveries().set_gateway(address);
        }
    }

    /// Lets running work finish for at most `grace`, then ends everything; what was accepted is on disk.
    pub async fn shutdown(&self, grace: Duration) {
        self.stop.cancel();
        self.engine.shutdown(grace).await;
        self.tasks.close();
        let _ = tokio::time::timeout(Duration::from_secs(5), self.tasks.wait()).await;
        if let Err(error) = self.store.flush().await {
            tracing::error!(%error, "the last records could not be written");
        }
    }

    /// Runs blocking work (keychain, clipboard) off the async threads.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|e| Error::internal("finish a blocking call", e))?
    }

    /// The playground, and the examples in it. A command line that comes before the first real start makes the
    /// namespace, so that there is one to make tokens for, and leaves the examples to that start.
    async fn first_start(&self, examples: bool, real: bool) -> Result<()> {
        const KEY: &str = "playground";
        if self.store.setting(KEY).await?.is_some() {
            return Ok(());
        }
        let namespace = NamespaceName::new(PLAYGROUND)?;
        if self.store.namespace(&namespace).await?.is_none() {
            self.store.create_namespace(&namespace, "Playground").await?;
        }
        if !real {
            return Ok(());
        }
        if examples {
            for (name, language, code) in templates::examples() {
                let key = FunctionKey {
                    namespace: namespace.clone(),
                    name: name.parse()?,
                };
                let new =
                    NewFunction::new(Runtime::new(language.family())?, CodePackage::Source(code.into()));
                match self.engine.put_function(&key, new, Expect::New).await {
                    Ok(_) => {}
                    // A machine without the language has the other examples; the templates say how to install it.
                    Err(error) if matches!(error.code, ErrorCode::RuntimeMissing | ErrorCode::Conflict) => {
                        tracing::warn!(function = %key, %error, "example left out");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        self.store.set_setting(KEY, "true").await
    }
}

async fn open_secrets(
    store: &Store,
    data_dir: &std::path::Path,
    choice: Option<SecretStoreChoice>,
    passphrase: Option<Secret>,
) -> Result<SecretStore> {
    const INSTALLATION: &str = "installation";
    let installation = match store.setting(INSTALLATION).await? {
        Some(id) => id,
        None => {
            let id = random_hex();
            store.set_setting(INSTALLATION, &id).await?;
            id
        }
    };
    let kept = store.setting(SECRET_STORE).await?;
    if let Some(choice) = choice
        && kept.as_deref() != Some(choice.as_str())
    {
        store.set_setting(SECRET_STORE, choice.as_str()).await?;
    }
    let choice = choice
        .or_else(|| SecretStoreChoice::from_word(&kept?))
        .unwrap_or(SecretStoreChoice::Keychain);
    let data_dir = data_dir.to_owned();
    tokio::task::spawn_blocking(move || {
        SecretStore::open(&data_dir, &installation, choice, passphrase.as_ref())
    })
    .await
    .map_err(|e| Error::internal("open the secret store", e))?
}

/// The setting that holds the user's choice between keychain and file.
pub(crate) const SECRET_STORE: &str = "secret_store";

/// The directory holds inputs and results of runs: nobody else's business.
fn make_private_dir(dir: &std::path::Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| {
        Error::internal("make the data directory", e).with_hint(format!("Is {} writable?", dir.display()))
    })
}
