//! The engine's parts, put together and taken apart.

use std::collections::HashMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use beckon_core::{ActivationId, Clock, Error, FunctionKey, Result, Version};
use beckon_store::Store;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::build::Builds;
use crate::cells::{Cells, Ground};
use crate::delivery::Deliveries;
use crate::inherited::Inherited;
use crate::isolation::{Bounds, Isolation};
use crate::lane::Lane;
use crate::metrics::{self, Metrics};
use crate::pool::{self, Pools};
use crate::process::Nursery;
use crate::queue::{self, Backlog, Opening};
use crate::run::{Control, Stop};
use crate::runtimes::Runtimes;
use crate::shims::Shims;
use crate::source::Folders;
use crate::status::Activity;
use crate::{
    EngineConfig, SecretSource, SystemFunctions, attempt, removal, schedule, source, survivors, trigger,
};

/// How long runs that were told to stop may take to write their records.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// How often it is looked whether workers to be kept ready are there.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// The longest that a function whose worker could not be started is left alone.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// What all clones of an engine share.
pub(crate) struct Inner {
    pub(crate) config: EngineConfig,
    pub(crate) blocking_limit_ms: AtomicU64,
    pub(crate) store: Store,
    pub(crate) secrets: Arc<dyn SecretSource>,
    pub(crate) clock: Clock,
    pub(crate) runtimes: Runtimes,
    pub(crate) builds: Arc<Builds>,
    pub(crate) shims: Shims,
    pub(crate) isolation: Arc<Isolation>,
    pub(crate) lane: Lane,
    pub(crate) nursery: Arc<Nursery>,
    pub(crate) pools: Arc<Pools>,
    pub(crate) cells: Arc<Cells>,
    pub(crate) activity: Arc<Activity>,
    pub(crate) backlog: Backlog,
    /// How many accepted sequences may be in progress at the same time.
    pub(crate) compositions: Arc<Semaphore>,
    pub(crate) metrics: Metrics,
    pub(crate) deliveries: Deliveries,
    /// Functions that come from folders.
    pub(crate) folders: Folders,
    /// Runs in progress.
    pub(crate) runs: Mutex<HashMap<ActivationId, Arc<Control>>>,
    /// Told when there are none.
    pub(crate) quiet: Notify,
    /// Runs that nobody waits for.
    pub(crate) tasks: TaskTracker,
    /// What every process finds in its environment.
    pub(crate) base_env: Vec<(String, String)>,
    /// Told when workers may be missing: a function was saved, or its load is for more.
    pub(crate) deployed: Notify,
    pub(crate) schedules: schedule::Board,
    pub(crate) triggers: trigger::Board,
    /// Has the functions of the system's namespace be there; nobody's where no dialect has any.
    pub(crate) system: OnceLock<SystemFunctions>,
    stop: CancellationToken,
    /// The dispatcher, the janitor and the publisher.
    helpers: TaskTracker,
}

impl Inner {
    pub(crate) async fn start(
        config: EngineConfig,
        store: Store,
        secrets: Arc<dyn SecretSource>,
        clock: Clock,
    ) -> Result<Arc<Self>> {
        let (data_dir, dispatch) = (config.data_dir.clone(), config.dispatch);
        let failed = |e| Error::internal("start the engine", e);
        // Asking the interpreters takes longer than all the rest: begin with it.
        let runtimes = tokio::task::spawn_blocking(Runtimes::find);
        let laid_out = tokio::task::spawn_blocking(move || {
            // First, for it says whether the directory is another engine's.
            let opening = Opening::new(&data_dir, dispatch)?;
            let (instance, shims) = lay_out(&data_dir, dispatch)
                .map_err(|e| Error::internal("prepare the engine's folders", e))?;
            Ok::<_, Error>((opening, instance, shims))
        });
        let (opening, instance, shims) = laid_out.await.map_err(failed)??;
        let (backlog, lost) = opening.recover(&store, &clock).await?;
        let deliveries = Deliveries::start(store.clone(), clock.clone(), dispatch).await?;
        deliveries.on_given_up(lost).await;
        let runtimes = runtimes.await.map_err(failed)?;
        let activity = Arc::<Activity>::default();
        let bounds = Bounds {
            scratch: config.scratch_limit,
            tasks: config.task_limit,
        };
        let isolation = {
            let (data_dir, runtimes) = (config.data_dir.clone(), runtimes.all());
            tokio::task::spawn_blocking(move || Isolation::new(&data_dir, &runtimes, bounds))
        };
        let isolation = Arc::new(isolation.await.map_err(failed)?);
        let builds = Builds::new(
            &config.data_dir,
            &instance,
            clock.clone(),
            isolation.clone(),
            config.build_timeout,
            config.builds_at_once,
        )
        .and_then(|builds| {
            if dispatch {
                builds.recover().map(|()| builds)
            } else {
                Ok(builds)
            }
        })
        .map_err(|e| Error::internal("prepare the folder for builds", e))?;
        let pulse = activity.pulse().clone();
        let lane = Lane::start().map_err(|e| Error::internal("start the engine", e))?;
        let nursery = Arc::new(Nursery::new(
            &config.data_dir,
            &instance,
            isolation.clone(),
            pulse,
            lane.handle().clone(),
        ));
        let blocking_limit = u64::try_from(config.blocking_limit.as_millis()).unwrap_or(u64::MAX);
        let pools = Pools::new(
            config.max_workers,
            config.memory_cap,
            config.max_waiting,
            activity.clone(),
        );
        let base_env = base_env(&isolation);
        let ground = Ground {
            nursery: nursery.clone(),
            pools: pools.clone(),
            activity: activity.clone(),
            shims: shims.clone(),
            base_env: base_env.clone(),
            folder: config.data_dir.join("cells"),
        };
        // A visit runs nothing that it would be worth waiting ready for.
        let cells = Cells::new(
            ground,
            if dispatch { config.stem_cells } else { 0 },
            config.idle_timeout,
        );
        let inner = Arc::new(Self {
            blocking_limit_ms: AtomicU64::new(blocking_limit),
            metrics: Metrics::new(clock.now()),
            pools,
            cells,
            store,
            secrets,
            clock,
            runtimes,
            builds,
            shims,
            lane,
            nursery,
            activity,
            backlog,
            compositions: Arc::new(Semaphore::new(crate::composition::AT_ONCE)),
            deliveries,
            folders: Folders::default(),
            runs: Mutex::default(),
            quiet: Notify::new(),
            tasks: TaskTracker::new(),
            base_env,
            isolation,
            deployed: Notify::new(),
            schedules: schedule::Board::default(),
            triggers: trigger::Board::default(),
            system: OnceLock::new(),
            stop: CancellationToken::new(),
            helpers: TaskTracker::new(),
            config,
        });
        if dispatch {
            inner.note_backlog();
            let pruning = prune(inner.builds.clone(), inner.store.clone());
            inner
                .helpers
                .spawn(inner.stop.clone().run_until_cancelled_owned(pruning));
            inner
                .helpers
                .spawn(queue::dispatch(inner.clone(), inner.stop.clone()));
            inner
                .helpers
                .spawn(source::supervise(inner.clone(), inner.stop.clone()));
        }
        if dispatch {
            let keeping = keep_ready(inner.clone());
            inner
                .helpers
                .spawn(inner.stop.clone().run_until_cancelled_owned(keeping));
            let told = inner.clone();
            let following = pool::follow_load(inner.pools.clone(), move || told.deployed.notify_one());
            inner
                .helpers
                .spawn(inner.stop.clone().run_until_cancelled_owned(following));
        }
        inner
            .helpers
            .spawn(metrics::watch(inner.clone(), inner.stop.clone()));
        inner.help(|stop| inner.cells.clone().keep(stop));
        inner.start_helpers();
        Ok(inner)
    }

    fn start_helpers(&self) {
        let janitor = janitor(self.pools.clone(), self.store.clone(), self.config.idle_timeout);
        self.helpers
            .spawn(self.stop.clone().run_until_cancelled_owned(janitor));
        let (activity, store) = (self.activity.clone(), self.store.clone());
        let publish = async move { activity.publish(&store).await };
        self.helpers
            .spawn(self.stop.clone().run_until_cancelled_owned(publish));
    }

    /// Runs what works in the background until the engine stops, and is waited for then.
    pub(crate) fn help<F>(&self, work: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.helpers.spawn(work(self.stop.clone()));
    }

    /// Cancelled when the engine begins to stop.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    pub(crate) async fn shutdown(&self, grace: Duration) {
        self.pools.close();
        self.builds.close();
        self.cells.close();
        self.activity.drain_all();
        self.stop.cancel();
        self.helpers.close();
        // The dispatcher first: what it has claimed must be among the runs before these are counted.
        self.helpers.wait().await;
        if tokio::time::timeout(grace, self.until_quiet()).await.is_err() {
            for control in self.runs.lock().values() {
                control.stop(Stop::Shutdown);
            }
            if tokio::time::timeout(LAST_WORDS, self.until_quiet())
                .await
                .is_err()
            {
                tracing::error!("runs did not stop in time");
            }
        }
        self.nursery.end_all().await;
        self.tasks.close();
        let _ = tokio::time::timeout(LAST_WORDS, self.tasks.wait()).await;
        self.deliveries.shutdown(grace.min(LAST_WORDS)).await;
        if let Err(e) = self.store.flush().await {
            tracing::error!(error = %e, "the last records could not be written");
        }
        self.backlog.close();
    }

    async fn until_quiet(&self) {
        loop {
            let notified = self.quiet.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.runs.lock().is_empty() {
                return;
            }
            notified.await;
        }
    }
}

/// A function none of whose workers could be started ahead.
struct Failing {
    since: Instant,
    pause: Duration,
}

impl Failing {
    /// A fault that passes costs a second; one that stays is met once a minute.
    fn again(before: Option<Duration>) -> Self {
        let pause = before.map_or(Duration::from_secs(1), |before| (before * 2).min(AFTER_FAILURE));
        let since = Instant::now();
        Self { since, pause }
    }

    fn is_left_alone(&self) -> bool {
        self.since.elapsed() < self.pause
    }
}

/// Starts the workers that functions want to have ready, and starts them again when they are gone.
async fn keep_ready(inner: Arc<Inner>) {
    // By version: the worker of one that is saved anew while it starts has not failed, it was let go.
    let mut failed: HashMap<(FunctionKey, Version), Failing> = HashMap::new();
    loop {
        match kept_ready(&inner).await {
            Ok(keys) => {
                // What did not fail again when its time came is not failing any more.
                failed.retain(|_, failing| failing.since.elapsed() < 2 * failing.pause.max(LOOK_AGAIN));
                for key in keys {
                    let Ok(Some(function)) = inner.store.function(&key).await else {
                        continue;
                    };
                    let saved = (key, function.version);
                    if failed.get(&saved).is_some_and(Failing::is_left_alone) {
                        continue;
                    }
                    while let Some(grant) = inner.pools.prewarm(&function) {
                        if !attempt::prewarm(&inner, grant).await {
                            let before = failed.get(&saved).map(|failing| failing.pause);
                            failed.insert(saved, Failing::again(before));
                            break;
                        }
                    }
                }
            }
            Err(e) => tracing::warn!(error = %e, "functions to be kept ready could not be looked for"),
        }
        let _ = tokio::time::timeout(LOOK_AGAIN, inner.deployed.notified()).await;
    }
}

/// The functions that want to have workers ready: those that say so, those for which somebody wished it, and those whose
/// load is for more than they have.
async fn kept_ready(inner: &Inner) -> Result<Vec<FunctionKey>> {
    inner.pools.set_wishes(inner.store.wished_workers().await?);
    let mut keys = inner.store.functions_kept_ready().await?;
    for key in inner.pools.short_of_workers() {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// Lets go of workers that nobody used for a while, of those whose package gives another environment by now, and of those
/// whose function went with its namespace.
async fn janitor(pools: Arc<Pools>, store: Store, timeout: Duration) {
    let pace = (timeout / 4).clamp(Duration::from_millis(50), Duration::from_secs(5));
    loop {
        tokio::time::sleep(pace).await;
        pools.expire(timeout);
        pools.renew(|function, binding| Inherited::of(&store.defaults(function, binding), binding.cloned()));
        for key in pools.keys() {
            if matches!(store.function(&key).await, Ok(None)) {
                pools.undeploy(&key);
            }
        }
    }
}

/// Removes builds that no function needs any more: at start, and whenever there may be some.
async fn prune(builds: Arc<Builds>, store: Store) {
    loop {
        match store.functions(None).await {
            Ok(functions) => {
                let stored: Vec<_> = functions.into_iter().map(|f| (f.key, f.version)).collect();
                let builds = builds.clone();
                let _ = tokio::task::spawn_blocking(move || builds.prune(&stored)).await;
            }
            Err(e) => tracing::warn!(error = %e, "old builds could not be looked for"),
        }
        builds.useless().await;
        // Several saves in a row are one occasion.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Makes the folders, ends what a crash left (unless this is only a visit), and writes the shims.
fn lay_out(data_dir: &Path, recover: bool) -> std::io::Result<(String, Shims)> {
    let folder = |name: &str| {
        let path = data_dir.join(name);
        // Nobody else's business: code and what functions write.
        DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        Ok::<_, std::io::Error>(path)
    };
    let records = folder("workers")?;
    let instance = instance(data_dir)?;
    if recover {
        let killed = survivors::end_leftovers(&records, &instance);
        if killed > 0 {
            tracing::warn!(killed, "ended workers that an earlier Beckon left running");
        }
        for name in ["scratch", "secrets", "code", "cells", "shims"] {
            // Nothing of it is used again, so that what cannot be removed is no reason not to start.
            if let Err(e) = removal::remove_tree(&data_dir.join(name)) {
                tracing::warn!(name, error = %e, "what an earlier Beckon left could not be removed");
            }
        }
    }
    folder("scratch")?;
    folder("secrets")?;
    folder("cells")?;
    let shims = Shims::write(&folder(&format!("shims/{}", Shims::folder()))?)?;
    Ok((instance, shims))
}

/// The name by which this data directory's processes are known; the same over restarts.
fn instance(data_dir: &Path) -> std::io::Result<String> {
    let path = data_dir.join("workers.instance");
    if let Ok(text) = fs::read_to_string(&path) {
        let text = text.trim();
        if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(text.to_owned());
        }
    }
    let fresh = beckon_core::random_hex();
    fs::write(path, &fresh)?;
    Ok(fresh)
}

fn base_env(isolation: &Isolation) -> Vec<(String, String)> {
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
    let path = isolation.search_path(&path).into_string().unwrap_or(path);
    // Functions speak UTF-8 whatever the desktop's language is. In all else C and C.UTF-8 are the same, but that each
    // program would read a dozen files to find that out.
    vec![
        ("PATH".to_owned(), path),
        ("LC_CTYPE".to_owned(), "C.UTF-8".to_owned()),
    ]
}
