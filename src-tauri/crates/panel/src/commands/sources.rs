use std::path::Path;
use std::sync::Arc;

use beckon_core::{
    CodePackage, Contract, Error, ErrorCode, FolderSource, Function, FunctionKey, FunctionRef, LOCAL,
    NamespaceName, NewFunction, NewSchedule, Result, Runtime, Secret, Settings,
};
use beckon_engine::source::{self, FolderPreview, FolderState, PlannedFunction, Project};
use beckon_macros::commands;
use beckon_providers::openwhisk::entities;
use beckon_store::Expect;

use crate::{
    Panel, Sink,
    commands::functions::only_local,
    secrets::function_secret,
    views::{ProjectOutcome, ProjectStep},
};

#[commands]
impl Panel {
    /// What a folder (or a source file, or a zip) would be as a function: its files and sizes, and what is left out and
    /// why. `path` is absolute. Nothing is read into the database.
    pub async fn preview_folder(&self, path: String) -> Result<FolderPreview> {
        self.blocking(move || source::preview(Path::new(&path))).await
    }

    /// Makes a local function from a folder. With `watch`, saving a file in it deploys it again. `Conflict` when the name
    /// is taken; `contract` is OpenWhisk's when absent.
    pub async fn create_from_folder(
        &self,
        function: FunctionRef,
        kind: Runtime,
        contract: Option<Contract>,
        path: String,
        watch: bool,
    ) -> Result<Option<FolderState>> {
        only_local(&function)?;
        let mut new = NewFunction::new(kind, CodePackage::Source(String::new()));
        new.contract = contract.unwrap_or(Contract::Openwhisk);
        let (key, folder) = (function.key(), FolderSource { path, watch });
        self.engine
            .deploy_folder(&key, new, folder, Expect::New, |_| {})
            .await?;
        self.engine.folder_state(&key).await
    }

    /// How a local function's folder is getting on; `null` when its code does not come from one. The event `folders` says
    /// that there is something new.
    pub async fn folder_state(&self, function: FunctionRef) -> Result<Option<FolderState>> {
        only_local(&function)?;
        self.engine.folder_state(&function.key()).await
    }

    /// The folders that this Beckon has dealt with since it started: all watched ones among them.
    pub async fn folder_states(&self) -> Result<Vec<FolderState>> {
        Ok(self.engine.folder_states())
    }

    /// Takes a local function's code from this folder from now on, and deploys it; with no `path`, from no folder any more:
    /// the code stays what it is. Code that is saved by hand ends the tie as well.
    pub async fn set_folder(
        &self,
        function: FunctionRef,
        path: Option<String>,
        watch: bool,
    ) -> Result<Option<FolderState>> {
        only_local(&function)?;
        let folder = path.map(|path| FolderSource { path, watch });
        self.engine.set_folder(&function.key(), folder).await?;
        self.engine.folder_state(&function.key()).await
    }

    /// Deploys a local function's folder now; answers whether that made a new version.
    pub async fn sync_folder(&self, function: FunctionRef) -> Result<bool> {
        only_local(&function)?;
        Ok(self.engine.sync_folder(&function.key()).await?.changed)
    }

    /// Reads a project as a plan, and changes nothing: `stack.yaml` (OpenFaaS), `project.yml` (DigitalOcean), `func.yaml`
    /// or `app.yaml` (Fn), or a folder with one of them. `path` is absolute. Values of secrets are not in the answer.
    pub async fn open_project(&self, path: String) -> Result<Project> {
        self.blocking(move || source::read_project(Path::new(&path)))
            .await
    }

    /// Deploys functions of a project into a namespace, all of them or those named: each has its own outcome, and one that
    /// fails stops no other. The file is read again. `connection` is the local engine when absent.
    ///
    /// Secrets whose values are known go to the secret store; the outcome names those that the user has to set. With
    /// `watch`, the folders are watched from then on.
    ///
    /// To a provider the code is sent as it is packed here, with the package that it is named in where there is none.
    /// Secrets are environment variables there: known values are sent, others stay what they are. Schedules, watching,
    /// the engine's own settings and the installation of dependencies are left out, which the outcome's warnings say. A
    /// function that is written for another handler contract than OpenWhisk's fails (`NotSupported`).
    pub async fn deploy_project(
        &self,
        connection: Option<String>,
        path: String,
        functions: Option<Vec<String>>,
        namespace: NamespaceName,
        watch: bool,
        on_step: Sink<ProjectStep>,
    ) -> Result<Vec<ProjectOutcome>> {
        let project = self.open_project(path).await?;
        let elsewhere = connection.filter(|connection| connection != LOCAL);
        if let Some(connection) = &elsewhere {
            // Not once for each function.
            self.remote(connection).await?;
        } else if self.store.namespace(&namespace).await?.is_none() {
            return Err(Error::not_found(format_args!("namespace {namespace}")));
        }
        let chosen = |name: &str| {
            functions
                .as_ref()
                .is_none_or(|names| names.iter().any(|n| n == name))
        };
        let mut outcomes = Vec::new();
        for planned in project.functions.iter().filter(|function| chosen(&function.name)) {
            let deployed = match &elsewhere {
                None => self.deploy_planned(planned, &namespace, watch, &on_step).await,
                Some(connection) => {
                    self.deploy_there(planned, connection, &namespace, watch, &on_step)
                        .await
                }
            };
            let outcome = match deployed {
                Ok(outcome) => outcome,
                Err(error) => ProjectOutcome::failed(&planned.name, error),
            };
            on_step.send(&ProjectStep::Done {
                outcome: Box::new(outcome.clone()),
            });
            outcomes.push(outcome);
        }
        for name in functions.iter().flatten() {
            if !outcomes.iter().any(|outcome| outcome.name == *name) {
                let error = Error::not_found(format_args!("function {name} in the project"));
                outcomes.push(ProjectOutcome::failed(name, error));
            }
        }
        Ok(outcomes)
    }
}

impl Panel {
    async fn deploy_planned(
        &self,
        planned: &PlannedFunction,
        namespace: &NamespaceName,
        watch: bool,
        on_step: &Sink<ProjectStep>,
    ) -> Result<ProjectOutcome> {
        let mut new = planned.to_function()?;
        let key = FunctionKey::new(namespace.as_str(), &planned.name)?;
        let known = planned.secrets.iter().any(|secret| secret.value.is_some());
        if known && !self.secrets.is_usable() {
            return Err(Error::new(
                ErrorCode::SecretStoreUnavailable,
                "The function has secrets, and there is no place to keep them.",
            )
            .with_hint("Choose where secrets are kept, or unlock it, and deploy again."));
        }
        let old = self.store.function(&key).await?;
        if let Some(old) = &old {
            new.settings = merged(&old.settings, new.settings);
            new.lost_policy = old.lost_policy;
        }
        let (name, steps) = (planned.name.clone(), on_step.clone());
        let progress = move |progress: source::PackProgress| {
            steps.send(&ProjectStep::Packing {
                name: name.clone(),
                files: progress.files,
                of: progress.of,
            });
        };
        // Of a function that is there, the values first: its next worker starts with them.
        let mut fresh = false;
        if let Some(old) = &old {
            fresh = self.keep_planned(&old.id, planned).await?;
        }
        let (mut function, changed) = match planned.sequence.is_empty() {
            true => {
                let folder = FolderSource {
                    path: planned.folder.clone(),
                    watch,
                };
                let deploying = self
                    .engine
                    .deploy_folder(&key, new, folder, Expect::Any, progress);
                let deployed = deploying.await?;
                (deployed.function, deployed.changed)
            }
            false => {
                new.code = CodePackage::Sequence(planned.components(namespace)?);
                self.deploy_sequence(&key, new, old.as_deref()).await?
            }
        };
        if old.is_none() {
            self.keep_planned(&function.id, planned).await?;
        } else if fresh && !changed {
            // Only a new version has new workers, and only they have the new value.
            let again = NewFunction::from(Function::clone(&function));
            function = self
                .engine
                .put_function(&key, again, Expect::Version(function.version))
                .await?;
        }
        self.forget_unplanned(old.as_deref(), planned).await;
        let mut warnings = Vec::new();
        let mut schedules = 0;
        for schedule in &planned.schedules {
            let new = NewSchedule {
                name: schedule.name.clone(),
                function: key.clone(),
                expression: schedule.expression.clone(),
                zone: String::new(),
                arguments: schedule.arguments.clone(),
                missed: beckon_core::MissedPolicy::default(),
                enabled: schedule.enabled,
            };
            match self.plan_schedule(&key, new).await {
                Ok(()) => schedules += 1,
                Err(error) => warnings.push(format!("The schedule '{}': {}", schedule.name, error.message)),
            }
        }
        let missing_secrets = self.missing(&function.id, planned).await;
        Ok(ProjectOutcome {
            name: planned.name.clone(),
            function: Some(FunctionRef {
                connection: LOCAL.into(),
                namespace: key.namespace,
                name: key.name,
            }),
            version: Some(function.version.to_string()),
            changed: changed || fresh,
            schedules,
            missing_secrets,
            warnings,
            error: None,
        })
    }

    /// Saves a sequence whose functions are all there; one that is so already gets no new version.
    async fn deploy_sequence(
        &self,
        key: &FunctionKey,
        new: NewFunction,
        old: Option<&Function>,
    ) -> Result<(Arc<Function>, bool)> {
        if let CodePackage::Sequence(components) = &new.code {
            for component in components {
                entities::ensure_system(&self.gateway(), &component.namespace).await?;
                if self.store.target(component).await?.is_none() {
                    let text = format!("The sequence calls {component}, which is not there.");
                    return Err(Error::new(ErrorCode::InvalidInput, text).with_hint("Deploy it first."));
                }
            }
        }
        if let Some(old) = old
            && NewFunction::from(old.clone()) == new
        {
            return Ok((Arc::new(old.clone()), false));
        }
        Ok((self.engine.put_function(key, new, Expect::Any).await?, true))
    }

    /// Keeps the values that the project knows; answers whether any is new.
    async fn keep_planned(&self, id: &str, planned: &PlannedFunction) -> Result<bool> {
        let values: Vec<(String, Secret)> = planned
            .secrets
            .iter()
            .filter_map(|secret| Some((function_secret(id, &secret.name), secret.value.clone()?)))
            .collect();
        let secrets = self.secrets.clone();
        self.blocking(move || {
            let mut fresh = false;
            for (entry, value) in values {
                if secrets
                    .get(&entry)?
                    .is_none_or(|old| old.expose() != value.expose())
                {
                    secrets.set(&entry, &value)?;
                    fresh = true;
                }
            }
            Ok(fresh)
        })
        .await
    }

    /// Values of secrets that the function had and the project does not name any more.
    async fn forget_unplanned(&self, old: Option<&Function>, planned: &PlannedFunction) {
        let Some(old) = old else { return };
        let gone: Vec<String> = old
            .secret_names
            .iter()
            .filter(|name| !planned.secrets.iter().any(|secret| secret.name == **name))
            .map(|name| function_secret(&old.id, name))
            .collect();
        if !gone.is_empty() {
            self.remove_secrets(gone).await;
        }
    }

    /// The secrets that have no value yet.
    async fn missing(&self, id: &str, planned: &PlannedFunction) -> Vec<String> {
        let names: Vec<(String, String)> = planned
            .secrets
            .iter()
            .map(|secret| (secret.name.clone(), function_secret(id, &secret.name)))
            .collect();
        let secrets = self.secrets.clone();
        let missing = self.blocking(move || {
            Ok(names
                .into_iter()
                .filter(|(_, entry)| !matches!(secrets.get(entry), Ok(Some(_))))
                .map(|(name, _)| name)
                .collect())
        });
        missing.await.unwrap_or_default()
    }

    /// Makes a schedule, or changes the function's one of that name.
    async fn plan_schedule(&self, key: &FunctionKey, new: NewSchedule) -> Result<()> {
        let there = self.engine.schedules(Some(key)).await?;
        let id = there
            .iter()
            .find(|schedule| schedule.name == new.name)
            .map(|schedule| schedule.id.clone());
        self.engine.put_schedule(id.as_deref(), new).await.map(drop)
    }
}

/// What the file says, on top of what the user has set in the window and the file does not speak of.
fn merged(old: &Settings, planned: Settings) -> Settings {
    let mut settings = old.clone();
    settings.watchdog = planned.watchdog;
    if planned.retry != Settings::default().retry {
        settings.retry = planned.retry;
    }
    if planned.min_workers > 0 {
        settings.min_workers = planned.min_workers;
    }
    settings.scaling = planned.scaling;
    settings.idle_timeout_s = planned.idle_timeout_s.or(settings.idle_timeout_s);
    settings
}
