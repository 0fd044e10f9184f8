//! A project's function deployed to a provider: packed here as for the local engine, and sent.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use beckon_core::{
    CodePackage, Contract, Error, ErrorCode, FunctionKey, FunctionRef, Language, NamespaceName, Result,
    Secret, Settings,
};
use beckon_engine::source::{self, PackProgress, PlannedFunction};
use beckon_providers::{EnvChange, FunctionChange, KeptEnv, Remote};
use beckon_store::Expect;

use crate::views::{ProjectOutcome, ProjectStep};
use crate::{Panel, Sink};

/// Largest list of dependencies that is looked at.
const LIST_LIMIT: u64 = 1024 * 1024;

impl Panel {
    /// Deploys one function; where it is so already, nothing is sent but questions.
    pub(crate) async fn deploy_there(
        &self,
        planned: &PlannedFunction,
        connection: &str,
        namespace: &NamespaceName,
        watch: bool,
        on_step: &Sink<ProjectStep>,
    ) -> Result<ProjectOutcome> {
        if !self.remote_connection(connection).await?.capabilities.code {
            return Err(Error::new(
                ErrorCode::NotSupported,
                "The connection's system runs container images, which Beckon does not build.",
            )
            .with_hint("Build and push the image, and deploy that."));
        }
        let new = planned.to_function()?;
        let language = new.runtime.language();
        let is_sequence = new.runtime.is_sequence();
        if !is_sequence && new.contract != Contract::of_action(language) {
            return Err(Error::new(
                ErrorCode::NotSupported,
                "The function is written for another handler contract than the provider's, which is OpenWhisk's.",
            )
            .with_hint("It runs on this machine: deploy it there."));
        }
        let key = FunctionKey::new(namespace.as_str(), &planned.name)?;
        let (code, mut warnings) = match is_sequence {
            true => (CodePackage::Sequence(planned.components(namespace)?), Vec::new()),
            false => self.pack_for(planned, language, on_step).await?,
        };
        warnings.extend(left_undone(planned, watch));

        // What the project has no value for is kept, where the provider has one.
        let unknown = planned.secrets.iter().filter(|secret| secret.value.is_none());
        let unknown: Vec<String> = unknown.map(|secret| secret.name.clone()).collect();
        let known = planned
            .secrets
            .iter()
            .filter_map(|secret| Some((secret.name.clone(), secret.value.clone()?)));
        let plain = new
            .env
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value)));
        let change = FunctionChange {
            kind: Some(new.runtime),
            code: Some(code),
            main: Some(new.main),
            // Those of a sequence are the provider's own.
            parameters: (!is_sequence).then_some(new.parameters),
            env: match is_sequence {
                true => EnvChange::default(),
                false => EnvChange {
                    set: plain.chain(known).collect(),
                    kept: KeptEnv::Only(unknown.clone()),
                },
            },
            limits: planned.says_limits.then_some(new.limits),
            web: Some(new.web),
            annotations: new.annotations,
            options: None,
        };
        let remote = self.remote(connection).await?;
        let saving = match remote.put_function(&key, &change, Expect::Any).await {
            // The provider says that one is missing, and not which.
            Err(error) if is_sequence && error.code == ErrorCode::InvalidInput => {
                Err(self.missing_there(&*remote, &change, error).await)
            }
            saving => saving,
        };
        let saved = self.noting(connection, saving)?;
        if saved.changed {
            self.tell_of_functions(connection.to_owned());
        }
        let there = saved.function.env_names;
        Ok(ProjectOutcome {
            name: planned.name.clone(),
            function: Some(FunctionRef {
                connection: connection.to_owned(),
                namespace: key.namespace,
                name: key.name,
            }),
            version: Some(saved.function.summary.version),
            changed: saved.changed,
            schedules: 0,
            missing_secrets: unknown.into_iter().filter(|name| !there.contains(name)).collect(),
            warnings,
            error: None,
        })
    }

    /// What a provider says of a sequence, with the components that it does not have.
    async fn missing_there(&self, remote: &dyn Remote, change: &FunctionChange, error: Error) -> Error {
        let Some(CodePackage::Sequence(components)) = &change.code else {
            return error;
        };
        for key in components {
            let found = remote.function(key).await;
            if found.is_err_and(|error| error.code == ErrorCode::NotFound) {
                return error.with_details(format!("There is no {key}."));
            }
        }
        error
    }

    /// The code, and what is wrong with sending just that.
    async fn pack_for(
        &self,
        planned: &PlannedFunction,
        language: Language,
        on_step: &Sink<ProjectStep>,
    ) -> Result<(CodePackage, Vec<String>)> {
        let (name, steps) = (planned.name.clone(), on_step.clone());
        let (folder, contract) = (PathBuf::from(&planned.folder), planned.contract);
        self.blocking(move || {
            let mut progress = |progress: PackProgress| {
                steps.send(&ProjectStep::Packing {
                    name: name.clone(),
                    files: progress.files,
                    of: progress.of,
                });
            };
            let packed = source::pack(&folder, language, contract, &mut progress)?;
            let mut warnings = Vec::new();
            if let CodePackage::Zip(bytes) = &packed.code {
                let names = beckon_engine::zip_files(bytes)?;
                let has = |wanted: &str| names.iter().any(|(name, _)| name.starts_with(wanted));
                warnings = missing(&folder, language, &has);
            }
            Ok((packed.code, warnings))
        })
        .await
    }
}

/// What a provider's runtime will not find in a package.
fn missing(folder: &Path, language: Language, has: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut warnings = Vec::new();
    // The file that lists dependencies, and where the runtime looks for them.
    let (list, place) = match language {
        Language::Node => ("package.json", "node_modules/"),
        Language::Python => ("requirements.txt", "virtualenv/"),
        Language::Php => ("composer.json", "vendor/"),
        Language::Ruby => ("Gemfile", "vendor/"),
        Language::Go | Language::Rust | Language::Executable => return warnings,
    };
    if !has(place) && read(&folder.join(list)).is_some_and(|text| lists_any(language, &text)) {
        warnings.push(format!(
            "The dependencies in {list} are not in the package ({place}): a provider that does not install them itself \
             will not find them."
        ));
    }
    if language == Language::Python && !has("__main__.py") {
        warnings.push("Providers begin a Python package at __main__.py, which it does not have.".to_owned());
    }
    warnings
}

/// Whether a list of dependencies has any in it.
fn lists_any(language: Language, text: &str) -> bool {
    let json = |section: &str, is_one: fn(&str) -> bool| {
        let tree = serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
        tree[section]
            .as_object()
            .is_some_and(|all| all.keys().any(|name| is_one(name)))
    };
    let mut lines = text.lines().map(str::trim);
    match language {
        Language::Node => json("dependencies", |_| true),
        // What has no vendor is the language and its extensions.
        Language::Php => json("require", |name| name.contains('/')),
        Language::Ruby => lines.any(|line| line.starts_with("gem ")),
        _ => lines.any(|line| !line.is_empty() && !line.starts_with('#')),
    }
}

fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path)
        .ok()?
        .take(LIST_LIMIT)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}

/// What the project asks for and a provider is not told.
fn left_undone(planned: &PlannedFunction, watch: bool) -> Vec<String> {
    let mut warnings: Vec<String> = planned
        .schedules
        .iter()
        .map(|schedule| {
            format!(
                "The schedule '{}' was not made: schedules are not deployed to a provider.",
                schedule.name
            )
        })
        .collect();
    if planned.settings != Settings::default() {
        warnings.push("Retries, kept workers and watchdog settings are those of Beckon's own engine, and were left out.".to_owned());
    }
    if watch {
        warnings
            .push("The folder is not watched: only the local engine follows what is saved in it.".to_owned());
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_missed_where_there_are_any() {
        let cases = [
            (Language::Node, r#"{"dependencies":{"left-pad":"1"}}"#, true),
            (
                Language::Node,
                r#"{"dependencies":{},"devDependencies":{"x":"1"}}"#,
                false,
            ),
            (Language::Node, "no JSON", false),
            (Language::Python, "# none\n\n", false),
            (Language::Python, "requests==2\n", true),
            (Language::Php, r#"{"require":{"php":">=8"}}"#, false),
            (Language::Php, r#"{"require":{"a/b":"1"}}"#, true),
            (Language::Ruby, "source 'x'\ngem 'rack'\n", true),
        ];
        for (language, text, expected) in cases {
            assert_eq!(lists_any(language, text), expected, "{text}");
        }
    }
}
