use std::sync::Arc;

use base64::Engine as _;
use beckon_core::{
    CodePackage, ConnectionKind, Contract, Error, ErrorCode, Function, FunctionRef, FunctionSummary, LOCAL,
    Language, NamespaceName, NewFunction, Result, Runtime, Secret, Version, WebExport,
};
use beckon_macros::commands;
use beckon_providers::{FunctionChange, openfaas, openwhisk};
use beckon_store::Expect;

use crate::{
    Panel,
    commands::namespaces::confirm,
    handlers::{Handler, check_contract},
    remote_functions::{FunctionEdits, no_options, not_there},
    secrets::function_secret,
    templates,
    views::{CodeInput, CodeView, EnvVar, FunctionDetail, FunctionSettings, Template, ZipEntry},
};

#[commands]
impl Panel {
    /// The functions of a connection, or of one of its namespaces.
    pub async fn functions(
        &self,
        connection: String,
        namespace: Option<NamespaceName>,
    ) -> Result<Vec<FunctionSummary>> {
        if connection == LOCAL {
            return self.store.functions(namespace.as_ref()).await;
        }
        let remote = self.remote(&connection).await?;
        let namespaces = match namespace {
            Some(namespace) => vec![namespace],
            None => self
                .noting(&connection, remote.namespaces().await)?
                .into_iter()
                .map(|n| n.name)
                .collect(),
        };
        let mut functions = Vec::new();
        for namespace in namespaces {
            functions.extend(self.noting(&connection, remote.functions(&namespace).await)?);
        }
        Ok(functions)
    }

    /// One function with everything that its page shows.
    pub async fn function(&self, function: FunctionRef) -> Result<FunctionDetail> {
        if function.is_local() {
            let stored = self.local_function(&function).await?;
            return self.detail(&function, &stored);
        }
        self.function_there(function).await
    }

    /// What new functions can start from.
    pub async fn templates(&self) -> Result<Vec<Template>> {
        Ok(templates::all(&self.engine.runtimes()))
    }

    /// The handler contracts that functions can follow here, in the order that they are offered.
    pub async fn handlers(&self) -> Result<Vec<Handler>> {
        Ok(templates::handlers())
    }

    /// Makes a function with default settings, here or at a provider, and the package that it is named in if there is none.
    ///
    /// `Conflict` when the name is taken; `contract` is OpenWhisk's when absent, and `InvalidInput` where code in that
    /// language cannot follow it. A provider knows no other than its own (`NotSupported`), and may have other kinds than this
    /// machine.
    pub async fn create_function(
        &self,
        function: FunctionRef,
        kind: Runtime,
        code: CodeInput,
        contract: Option<Contract>,
    ) -> Result<FunctionDetail> {
        if !function.is_local() {
            let is_space = self.remote_connection(&function.connection).await?.kind == ConnectionKind::Spaces;
            let fits = match contract {
                None | Some(Contract::Openwhisk | Contract::ActionLoop) => true,
                Some(Contract::Spaces) => is_space && kind.language() == Language::Python,
                Some(Contract::Openfaas) => is_space && kind.language() == Language::Go,
                Some(_) => false,
            };
            if !fits {
                return Err(not_there("Other handler contracts than the provider's"));
            }
            let change = FunctionChange {
                kind: Some(kind),
                code: Some(package(code)?),
                ..FunctionChange::default()
            };
            return self.put_there(function, &change, Expect::New).await;
        }
        let mut new = NewFunction::new(kind, package(code)?);
        new.contract = contract.unwrap_or(Contract::Openwhisk);
        check_contract(new.contract, new.runtime.language())?;
        let stored = self
            .engine
            .put_function(&function.key(), new, Expect::New)
            .await?;
        self.detail(&function, &stored)
    }

    /// Saves new code as the next version. `Conflict` when the function is no longer at `expected_version`.
    pub async fn save_code(
        &self,
        function: FunctionRef,
        code: CodeInput,
        expected_version: Version,
    ) -> Result<FunctionDetail> {
        let code = package(code)?;
        if !function.is_local() {
            let change = FunctionChange {
                code: Some(code),
                ..FunctionChange::default()
            };
            return self
                .put_there(function, &change, Expect::Version(expected_version))
                .await;
        }
        self.change(&function, Some(expected_version), |new| new.code = code)
            .await
    }

    /// Saves settings as the next version. `Conflict` when the function is no longer at `expected_version`.
    ///
    /// Of a provider's function `edits` says what can be changed: anything else must be as `function` told it
    /// (`NotSupported` else), and `env` holds only variables that are new or get another value.
    pub async fn configure_function(
        &self,
        function: FunctionRef,
        settings: FunctionSettings,
        expected_version: Version,
    ) -> Result<FunctionDetail> {
        for variable in &settings.env {
            check_variable(&variable.name)?;
        }
        if !function.is_local() {
            return self.configure_there(function, settings, expected_version).await;
        }
        if settings.options.is_some() {
            return Err(no_options());
        }
        let stored = self.local_function(&function).await?;
        for variable in &settings.env {
            if stored.secret_names.contains(&variable.name) {
                return Err(Error::new(
                    ErrorCode::Conflict,
                    format!("{} is a secret already.", variable.name),
                )
                .with_hint("Remove the secret first, or choose another name."));
            }
        }
        if let Some(contract) = settings.contract {
            check_contract(contract, stored.runtime.language())?;
        }
        if let Some(settings) = &settings.settings {
            settings.check()?;
        }
        self.change(&function, Some(expected_version), |new| {
            new.contract = settings.contract.unwrap_or(new.contract);
            if let Some(mut settings) = settings.settings {
                settings.folder = new.settings.folder.take();
                new.settings = settings;
            }
            new.main = settings.main.filter(|main| !main.trim().is_empty());
            new.parameters = settings.parameters;
            new.env = settings.env.into_iter().map(|v| (v.name, v.value)).collect();
            new.limits = settings.limits;
            new.web = settings.web;
            new.lost_policy = settings.lost_policy;
        })
        .await
    }

    /// Keeps the value of a secret environment variable in the secret store, and makes a new version. A provider's
    /// function has all of its environment variables at the provider: there it is set, and nothing is kept here.
    pub async fn set_function_secret(
        &self,
        function: FunctionRef,
        name: String,
        value: String,
    ) -> Result<FunctionDetail> {
        check_variable(&name)?;
        if !function.is_local() {
            return self
                .set_env_there(function, Some((name, Secret::new(value))), None)
                .await;
        }
        let stored = self.local_function(&function).await?;
        let (secrets, entry, value) = (
            self.secrets.clone(),
            function_secret(&stored.id, &name),
            Secret::new(value),
        );
        self.blocking(move || secrets.set(&entry, &value)).await?;
        self.change(&function, None, |new| {
            new.env.retain(|(variable, _)| *variable != name);
            if !new.secret_names.contains(&name) {
                new.secret_names.push(name);
            }
        })
        .await
    }

    /// Removes a secret environment variable, and makes a new version; at a provider, any environment variable.
    pub async fn remove_function_secret(
        &self,
        function: FunctionRef,
        name: String,
    ) -> Result<FunctionDetail> {
        if !function.is_local() {
            return self.set_env_there(function, None, Some(name)).await;
        }
        let stored = self.local_function(&function).await?;
        if !stored.secret_names.contains(&name) {
            return Err(Error::not_found(format_args!("secret {name}")));
        }
        let entry = function_secret(&stored.id, &name);
        let detail = self
            .change(&function, None, |new| {
                new.secret_names.retain(|secret| *secret != name);
            })
            .await?;
        self.remove_secrets(vec![entry]).await;
        Ok(detail)
    }

    /// Deletes a function, here or at its provider. `confirmation` must be its name, typed by the user.
    pub async fn delete_function(&self, function: FunctionRef, confirmation: String) -> Result<()> {
        confirm(function.name.as_str(), &confirmation)?;
        if !function.is_local() {
            self.delete_there(&function).await?;
            return self.store.forget_typed(&function).await;
        }
        self.engine.delete_function(&function.key()).await.map(drop)
    }
}

impl Panel {
    pub(crate) async fn local_function(&self, function: &FunctionRef) -> Result<Arc<Function>> {
        only_local(function)?;
        let key = function.key();
        self.store
            .function(&key)
            .await?
            .ok_or_else(|| Error::not_found(format_args!("function {key}")))
    }

    /// Changes a local function; with no expected version, whatever version it is at.
    async fn change(
        &self,
        function: &FunctionRef,
        expected: Option<Version>,
        edit: impl FnOnce(&mut NewFunction),
    ) -> Result<FunctionDetail> {
        let stored = self.local_function(function).await?;
        let expected = expected.unwrap_or(stored.version);
        let mut new = NewFunction::from(Function::clone(&stored));
        edit(&mut new);
        let saved = self
            .engine
            .put_function(&function.key(), new, Expect::Version(expected))
            .await?;
        self.detail(function, &saved)
    }

    fn detail(&self, function: &FunctionRef, stored: &Function) -> Result<FunctionDetail> {
        let code = match &stored.code {
            CodePackage::Source(text) => CodeView::Source { text: text.clone() },
            CodePackage::Zip(bytes) => CodeView::Zip {
                bytes: bytes.len() as u64,
                entries: beckon_engine::zip_files(bytes)?
                    .into_iter()
                    .map(|(path, size)| ZipEntry { path, size })
                    .collect(),
            },
            CodePackage::Sequence(components) => CodeView::Sequence {
                components: components.clone(),
            },
        };
        let api_url = self
            .gateway_url
            .read()
            .as_deref()
            .map(|host| openwhisk::action_url(host, &stored.key));
        let function_url = self.gateway_url.read().as_deref().and_then(|host| {
            match (stored.contract.speaks_http(), stored.web) {
                (true, _) => Some(openfaas::copy_as::function_url(host, &stored.key)),
                (false, WebExport::Private) => None,
                (false, _) => Some(openwhisk::web_url(host, &stored.key)),
            }
        });
        let (contract, language) = (stored.contract, stored.runtime.language());
        Ok(FunctionDetail {
            function: function.clone(),
            version: stored.version.to_string(),
            kind: stored.runtime.to_string(),
            language: Some(language).filter(|_| !stored.runtime.is_sequence()),
            main: stored.main.clone(),
            contract,
            default_entry: contract.default_entry().into(),
            speaks_http: contract.speaks_http(),
            shares_worker: contract.shares_worker(language),
            keeps_worker: contract.keeps_worker(language),
            settings: stored.settings.clone(),
            code,
            parameters: stored.parameters.clone(),
            env: stored
                .env
                .iter()
                .map(|(name, value)| EnvVar {
                    name: name.clone(),
                    value: value.clone(),
                })
                .collect(),
            secrets: stored.secret_names.clone(),
            limits: stored.limits,
            web: stored.web,
            lost_policy: stored.lost_policy,
            created: stored.created,
            updated: stored.updated,
            editable: true,
            edits: FunctionEdits::local(&stored.runtime),
            api_url,
            function_url,
            image: None,
            readiness: None,
            options: None,
        })
    }
}

pub(crate) fn only_local(function: &FunctionRef) -> Result<()> {
    if function.is_local() {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::NotSupported,
        "That is only there for functions of Beckon's own engine.",
    )
    .with_hint("The provider runs this one. A copy on this machine has it."))
}

fn package(code: CodeInput) -> Result<CodePackage> {
    match code {
        CodeInput::Source { text } => Ok(CodePackage::Source(text)),
        CodeInput::Zip { base64 } => base64::engine::general_purpose::STANDARD
            .decode(base64)
            .map(CodePackage::Zip)
            .map_err(|_| {
                Error::new(
                    ErrorCode::InvalidInput,
                    "The zip did not arrive whole (not base64).",
                )
            }),
    }
}

fn check_variable(name: &str) -> Result<()> {
    let mut letters = name.chars();
    let first = letters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if first && letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::InvalidInput,
        format!("'{name}' is not a name for an environment variable."),
    )
    .with_hint("Use letters, digits and _, and do not start with a digit."))
}
