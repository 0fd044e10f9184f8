//! Functions at a provider: what their page shows, and how they are changed there.

use beckon_core::{
    CodePackage, Contract, Error, ErrorCode, FunctionOptions, FunctionRef, LostPolicy, Result, Runtime,
    Secret, Settings, Version, WebExport,
};
use beckon_providers::{EnvChange, FunctionChange, KeptEnv, RemoteFunction, openfaas, openwhisk, spaces};
use beckon_store::Expect;
use serde::Serialize;
use ts_rs::TS;

use crate::Panel;
use crate::views::{CodeView, FunctionDetail, FunctionSettings};

/// What of a function can be changed from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FunctionEdits {
    /// Its code, by `save_code`. A sequence has none.
    pub code: bool,
    /// By `configure_function`: entry point, default parameters, environment variables, timeout, memory, logs and web.
    /// By `set_function_secret` and `remove_function_secret`: the variables that `secrets` names.
    pub settings: bool,
    /// By `deploy_function`: image, process, variables, labels, annotations, secrets and limits. It has neither code nor
    /// settings then.
    pub deployment: bool,
    /// What only Beckon's own engine has: the contract, the execution settings, concurrency, the lost policy, secrets in
    /// the secret store, folders, builds, schedules, message triggers, queues.
    pub engine: bool,
    /// Whether the values of environment variables stay where they are, as a provider's do: `env` is empty then, and
    /// `secrets` names all variables. What `configure_function` gets in `env` is added or replaced; the others stay, and
    /// are taken away with `remove_function_secret`.
    pub hidden_env: bool,
}

impl FunctionEdits {
    /// Of a function of the local engine.
    pub(crate) fn local(runtime: &Runtime) -> Self {
        Self {
            code: !runtime.is_sequence(),
            settings: true,
            deployment: false,
            engine: true,
            hidden_env: false,
        }
    }
}

impl Panel {
    /// Reads a provider's function.
    pub(crate) async fn function_there(&self, function: FunctionRef) -> Result<FunctionDetail> {
        let remote = self.remote(&function.connection).await?;
        let found = self.noting(&function.connection, remote.function(&function.key()).await)?;
        self.detail_there(function, found).await
    }

    async fn detail_there(&self, function: FunctionRef, found: RemoteFunction) -> Result<FunctionDetail> {
        let api_host = self.remote_connection(&function.connection).await?.api_host;
        let package = self.remotes.unpacked.of(&function, &found.summary.version);
        Ok(detail(function, found, package, &api_host))
    }

    /// Makes or changes a provider's function.
    pub(crate) async fn put_there(
        &self,
        function: FunctionRef,
        change: &FunctionChange,
        expect: Expect,
    ) -> Result<FunctionDetail> {
        let (connection, key) = (function.connection.clone(), function.key());
        let remote = self.remote(&connection).await?;
        let saved = self.noting(&connection, remote.put_function(&key, change, expect).await)?;
        self.tell_of_functions(connection.clone());
        let mut found = saved.function;
        match (&change.code, expect) {
            (Some(CodePackage::Zip(bytes)), _) => {
                self.remotes
                    .unpacked
                    .note(&function, &found.summary.version, bytes);
            }
            (None, Expect::Version(before)) => {
                let before = before.to_string();
                self.remotes
                    .unpacked
                    .renumber(&function, &before, &found.summary.version);
            }
            _ => {}
        }
        if found.has_code && found.code.is_none() {
            // Not every provider repeats the code that it was sent.
            found = self.noting(&connection, remote.function(&key).await)?;
        }
        self.detail_there(function, found).await
    }

    /// Changes environment variables of a provider's function, whatever version it is at.
    pub(crate) async fn set_env_there(
        &self,
        function: FunctionRef,
        set: Option<(String, Secret)>,
        removed: Option<String>,
    ) -> Result<FunctionDetail> {
        let remote = self.remote(&function.connection).await?;
        let found = self.noting(&function.connection, remote.function(&function.key()).await)?;
        if let Some(name) = removed.as_ref().filter(|name| !found.env_names.contains(name)) {
            return Err(Error::not_found(format_args!("environment variable {name}")));
        }
        must_have_code(&found)?;
        let version: Version = found.summary.version.parse()?;
        let change = FunctionChange {
            env: EnvChange {
                set: set.into_iter().collect(),
                kept: KeptEnv::AllBut(removed.into_iter().collect()),
            },
            ..FunctionChange::default()
        };
        self.put_there(function, &change, Expect::Version(version)).await
    }

    /// Saves the settings of a provider's function.
    pub(crate) async fn configure_there(
        &self,
        function: FunctionRef,
        settings: FunctionSettings,
        expected: Version,
    ) -> Result<FunctionDetail> {
        let remote = self.remote(&function.connection).await?;
        let old = self.noting(&function.connection, remote.function(&function.key()).await)?;
        must_have_code(&old)?;
        let engines_own = settings
            .contract
            .is_some_and(|contract| contract != contract_of(&old.summary.kind))
            || settings
                .settings
                .is_some_and(|settings| settings != Settings::default())
            || settings.lost_policy != LostPolicy::Record
            || settings.limits.concurrency != old.summary.limits.concurrency;
        if engines_own {
            return Err(not_there(
                "The handler contract, execution settings, concurrency and lost policy",
            ));
        }
        if settings.options.is_some() && old.options.is_none() {
            return Err(no_options());
        }
        let change = FunctionChange {
            main: Some(settings.main.filter(|main| !main.trim().is_empty())),
            parameters: Some(settings.parameters),
            env: EnvChange {
                set: settings
                    .env
                    .into_iter()
                    .map(|v| (v.name, Secret::new(v.value)))
                    .collect(),
                kept: KeptEnv::default(),
            },
            limits: Some(settings.limits),
            web: Some(settings.web),
            options: settings.options.map(FunctionOptions::checked).transpose()?,
            ..FunctionChange::default()
        };
        self.put_there(function, &change, Expect::Version(expected)).await
    }

    /// Deletes a provider's function.
    pub(crate) async fn delete_there(&self, function: &FunctionRef) -> Result<()> {
        let remote = self.remote(&function.connection).await?;
        self.noting(
            &function.connection,
            remote.delete_function(&function.key()).await,
        )?;
        self.tell_of_functions(function.connection.clone());
        Ok(())
    }
}

/// Refuses the settings of code where an image is deployed.
fn must_have_code(found: &RemoteFunction) -> Result<()> {
    if found.image.is_none() {
        return Ok(());
    }
    let text = "The function is an image: what it runs with is part of its deployment.";
    Err(Error::new(ErrorCode::NotSupported, text).with_hint("Change the deployment instead."))
}

/// How providers call code of a kind: OpenWhisk's way, unless it is a template of Spaces.
pub(crate) fn contract_of(kind: &str) -> Contract {
    if let Some((contract, _)) = spaces::template(kind) {
        return contract;
    }
    Runtime::new(kind).map_or(Contract::Openwhisk, |runtime| {
        Contract::of_action(runtime.language())
    })
}

/// Refuses what only the local engine has.
pub(crate) fn not_there(what: &str) -> Error {
    let text = format!("{what} are those of Beckon's own engine; a provider has nothing like them.");
    Error::new(ErrorCode::NotSupported, text).with_hint("Leave them as they are for this function.")
}

/// Refuses options where no trigger asks for them.
pub(crate) fn no_options() -> Error {
    let text = "Options are those of a space's functions: no trigger asks for them here.";
    Error::new(ErrorCode::NotSupported, text)
}

fn detail(
    function: FunctionRef,
    found: RemoteFunction,
    package: Option<CodeView>,
    api_host: &str,
) -> FunctionDetail {
    let RemoteFunction {
        summary,
        code,
        components,
        has_code,
        main,
        parameters,
        env_names,
        image,
        options,
        ..
    } = found;
    let code = match code {
        Some(text) => CodeView::Source { text },
        None if !components.is_empty() => CodeView::Sequence { components },
        None if has_code => package.unwrap_or_else(|| CodeView::Opaque {
            reason: format!(
                "The provider holds this {} function as a package. Download it to see what is in it.",
                summary.kind
            ),
        }),
        None if image.is_some() => CodeView::Opaque {
            reason: "The code is in the image, which the provider runs.".into(),
        },
        None => CodeView::Opaque {
            reason: format!("A {} function has no code of its own.", summary.kind),
        },
    };
    let web = summary.web != WebExport::Private;
    let template = spaces::template(&summary.kind);
    let speaks_http = image.is_some() || template.is_some();
    let function_url = match (&image, template) {
        (Some(_), _) => Some(openfaas::copy_as::function_url(api_host, &summary.key)),
        (None, Some(_)) => Some(spaces::function_url(api_host, &summary.key)),
        (None, None) => web.then(|| openwhisk::web_url(api_host, &summary.key)),
    };
    let api_url = match speaks_http {
        true => None,
        false => Some(openwhisk::action_url(api_host, &summary.key)),
    };
    let contract = match &image {
        Some(_) => Contract::Openfaas,
        None => contract_of(&summary.kind),
    };
    let language = template.map(|(_, language)| language).or_else(|| {
        let runtime = Runtime::new(summary.kind.clone()).ok()?;
        Some(runtime.language())
    });
    FunctionDetail {
        api_url,
        function,
        version: summary.version,
        language: language.filter(|_| has_code),
        contract,
        kind: summary.kind,
        main,
        default_entry: contract.default_entry().into(),
        speaks_http,
        shares_worker: false,
        keeps_worker: true,
        settings: Settings::default(),
        code,
        parameters,
        // A provider returns the values of environment variables, and any of them may be a secret.
        env: Vec::new(),
        secrets: env_names,
        limits: summary.limits,
        web: summary.web,
        lost_policy: LostPolicy::Record,
        created: if image.is_some() { summary.updated } else { 0 },
        updated: summary.updated,
        editable: false,
        edits: FunctionEdits {
            code: has_code,
            settings: image.is_none(),
            deployment: image.is_some(),
            engine: false,
            hidden_env: image.is_none(),
        },
        function_url,
        image,
        readiness: summary.readiness,
        options,
    }
}
