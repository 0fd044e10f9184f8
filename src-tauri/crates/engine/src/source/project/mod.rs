//! Projects on disk, read as a plan: `stack.yaml` (OpenFaaS), `project.yml` (DigitalOcean), `func.yaml` (Fn).
//!
//! Reading changes nothing. Every problem is said with its field and line, and one function's problem is no other's.
//!
//! **Secrets.** A variable whose value comes from outside of the file (the environment, `.env`), or whose name says that
//! it is a secret, is planned as a secret: its name is shown, and its value goes from here to the secret store, never to
//! the page and never to the database. Elsewhere (parameters, annotations) such values have no safe place and are left
//! out, which the plan says.

mod digitalocean;
mod fields;
mod fnproject;
mod image;
mod openfaas;
mod scaling;
mod sequences;

use std::fs;
use std::path::{Path, PathBuf};

use beckon_core::{
    CodePackage, Contract, Error, ErrorCode, JsonText, Limits, NamedJson, NewFunction, Result, Runtime,
    Secret, Settings, WebExport,
};
use serde::Serialize;
use ts_rs::TS;

use fields::Fields;
pub use image::{ImageDeployment, plan_image};

/// Largest project file.
const FILE_LIMIT: u64 = 1024 * 1024;
/// Most functions of a project.
const FUNCTION_LIMIT: usize = 500;

/// A project as it would be deployed.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// Whose it is.
    pub kind: ProjectKind,
    /// The file that describes it, absolute.
    pub file: String,
    /// Its functions, in the order of the file; sequences after what they call.
    pub functions: Vec<PlannedFunction>,
    /// What is wrong with the project as a whole.
    pub problems: Vec<Problem>,
}

/// Whose project file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ProjectKind {
    /// OpenFaaS: `stack.yaml`, `stack.yml`.
    Openfaas,
    /// DigitalOcean Functions: `project.yml`.
    DigitalOcean,
    /// Fn Project: `func.yaml`, several with an `app.yaml`.
    Fn,
}

/// A function of a project as it would be deployed.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedFunction {
    /// `name` or `package/name`; unique in the project.
    pub name: String,
    /// The namespace that the file names; it is only deployed there when nothing else is chosen.
    pub namespace: Option<String>,
    /// The folder, source file or zip that its code is in, absolute. Of a sequence the project's own.
    pub folder: String,
    /// Of a sequence, the functions that it calls one after the other, as the file names them. Nothing for all others.
    pub sequence: Vec<String>,
    /// What it would run on; `None` when Beckon has nothing for it, which is a problem below.
    pub runtime: Option<Runtime>,
    /// How its handler is called.
    pub contract: Contract,
    /// The entry point; `None` is the contract's own.
    pub main: Option<String>,
    /// Plain environment variables.
    pub env: Vec<(String, String)>,
    /// Secret ones.
    pub secrets: Vec<PlannedSecret>,
    /// Default parameters.
    pub parameters: Vec<NamedJson>,
    /// Annotations.
    pub annotations: Vec<NamedJson>,
    /// What it may use.
    pub limits: Limits,
    /// Whether the file says so: what is there already keeps its own where it does not.
    #[serde(skip)]
    #[ts(skip)]
    pub says_limits: bool,
    /// How it is kept and reached.
    pub settings: Settings,
    /// Web or private.
    pub web: WebExport,
    /// When it is called by the clock.
    pub schedules: Vec<PlannedSchedule>,
    /// What is wrong, what is not supported, what is different here.
    pub problems: Vec<Problem>,
    /// Whether it can be deployed: there is no problem that is an error.
    pub deployable: bool,
}

/// A secret that a function needs.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedSecret {
    /// The environment variable that the function finds it in.
    pub name: String,
    /// Where its value is, or is to come from, for example `.env` or `secrets`.
    pub source: String,
    /// Whether the value is known now; else the user sets it after the deploy.
    pub known: bool,
    /// The value. It leaves this process for the secret store alone.
    #[serde(skip)]
    #[ts(skip)]
    pub value: Option<Secret>,
}

/// A schedule that a project asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedSchedule {
    /// Its name.
    pub name: String,
    /// Cron, in UTC.
    pub expression: String,
    /// A JSON object.
    pub arguments: JsonText,
    /// Whether it would fire.
    pub enabled: bool,
}

/// Something about a project that the user should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The field, for example `functions.hello.lang`.
    pub field: String,
    /// The line in the project file, if it is about one.
    pub line: Option<u32>,
    /// One sentence.
    pub message: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It works, differently.
    Note,
    /// Something that the file asks for does not happen.
    Warning,
    /// The function cannot be deployed like this.
    Error,
}

impl PlannedFunction {
    fn new(name: &str, folder: &Path, contract: Contract) -> Self {
        Self {
            name: name.to_owned(),
            namespace: None,
            folder: folder.display().to_string(),
            sequence: Vec::new(),
            runtime: None,
            contract,
            main: None,
            env: Vec::new(),
            secrets: Vec::new(),
            parameters: Vec::new(),
            annotations: Vec::new(),
            limits: Limits::DEFAULT,
            says_limits: true,
            settings: Settings::default(),
            web: WebExport::Private,
            schedules: Vec::new(),
            problems: Vec::new(),
            deployable: false,
        }
    }

    /// What to deploy, without the code (of a sequence: without what [`Self::components`] says).
    ///
    /// # Errors
    /// `InvalidInput` with the first problem that stands against it.
    pub fn to_function(&self) -> Result<NewFunction> {
        let error = self
            .problems
            .iter()
            .find(|problem| problem.severity == Severity::Error);
        let runtime = match (&self.runtime, error) {
            (Some(runtime), None) => runtime.clone(),
            (_, error) => {
                let message = error.map_or("There is no runtime for it.", |problem| &problem.message);
                return Err(Error::new(ErrorCode::InvalidInput, message));
            }
        };
        let mut new = NewFunction::new(runtime, CodePackage::Source(String::new()));
        new.contract = self.contract;
        new.main = self.main.clone();
        new.env = self.env.clone();
        new.secret_names = self.secrets.iter().map(|secret| secret.name.clone()).collect();
        new.parameters = self.parameters.clone();
        new.annotations = self.annotations.clone();
        new.limits = self.limits;
        new.settings = self.settings.clone();
        new.web = self.web;
        Ok(new)
    }

    /// Takes over what was found, and checks what holds for all kinds.
    fn finish(mut self, fields: &mut Fields<'_>, path: &str) -> Self {
        if let Err(error) = beckon_core::FunctionName::new(self.name.as_str()) {
            fields.error(
                path,
                None,
                format!("'{}' is not a name for a function: {}", self.name, error.message),
            );
        }
        if !Path::new(&self.folder).exists() {
            fields.error(path, None, format!("There is no {}.", self.folder));
        }
        if let Some(runtime) = &self.runtime
            && !runtime.is_sequence()
            && !self.contract.fits(runtime.language())
        {
            let text = format!(
                "Beckon does not run {} functions of this kind.",
                runtime.language().family()
            );
            fields.error(path, None, text);
        }
        if let Err(error) = self.limits.check().map(drop).and_then(|()| self.settings.check()) {
            fields.error(path, None, error.message);
        }
        self.problems = fields.take_problems();
        self.deployable = self.runtime.is_some()
            && self
                .problems
                .iter()
                .all(|problem| problem.severity != Severity::Error);
        self
    }
}

/// Reads a project: its file, or the folder that has it. Values for `${…}` come from the environment of this process.
/// Blocks.
///
/// # Errors
/// `NotFound` when there is no such file, or none of the known ones in the folder; `InvalidInput` when the path is not
/// absolute or the file cannot be read as YAML (with the line). What is wrong within it is in the plan.
pub fn read_project(path: &Path) -> Result<Project> {
    read_project_with(path, &|name| std::env::var(name).ok())
}

/// As [`read_project`], with other values.
///
/// # Errors
/// As [`read_project`].
pub fn read_project_with(path: &Path, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Project> {
    if !path.is_absolute() {
        let text = format!("'{}' is not an absolute path.", path.display());
        return Err(Error::new(ErrorCode::InvalidInput, text));
    }
    let file = find_file(path)?;
    let root = file.parent().unwrap_or(Path::new("/")).to_owned();
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let text = read_text(&file)?;
    let mut project = match name.as_str() {
        "project.yml" | "project.yaml" => digitalocean::read(&file, &root, &text, lookup)?,
        "func.yaml" | "func.yml" | "app.yaml" | "app.yml" => fnproject::read(&file, &root, &text)?,
        _ => openfaas::read(&file, &root, &text, lookup)?,
    };
    if project.functions.len() > FUNCTION_LIMIT {
        return Err(Error::new(
            ErrorCode::LimitExceeded,
            format!("The project has more than {FUNCTION_LIMIT} functions."),
        ));
    }
    let mut seen = std::collections::HashSet::new();
    for function in &mut project.functions {
        if !seen.insert(function.name.clone()) {
            function.deployable = false;
            function.problems.push(Problem {
                severity: Severity::Error,
                field: function.name.clone(),
                line: None,
                message: format!("There are two functions called '{}'.", function.name),
            });
        }
    }
    Ok(project)
}

/// In the order that a folder with several of them is most likely meant.
const NAMES: [&str; 8] = [
    "project.yml",
    "project.yaml",
    "stack.yaml",
    "stack.yml",
    "app.yaml",
    "app.yml",
    "func.yaml",
    "func.yml",
];

fn find_file(path: &Path) -> Result<PathBuf> {
    let path = super::walk::canonical(path)?;
    if path.is_file() {
        return Ok(path);
    }
    NAMES
        .iter()
        .map(|name| path.join(name))
        .find(|file| file.is_file())
        .ok_or_else(|| {
            Error::not_found(format_args!("project file in {}", path.display())).with_hint(
                "Beckon opens stack.yaml (OpenFaaS), project.yml (DigitalOcean) and func.yaml (Fn).",
            )
        })
}

fn read_text(path: &Path) -> Result<String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut bytes))
        .map_err(|e| super::walk::unreadable(path, &e))?;
    let refuse = |why: &str| Error::new(ErrorCode::InvalidInput, format!("{} {why}.", path.display()));
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(refuse("is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| refuse("is not UTF-8"))
}

/// A path of the file, from the project's folder. Beyond it is the user's own choice, as it is with their tools.
fn below(root: &Path, path: &str) -> PathBuf {
    let joined = root.join(path);
    fs::canonicalize(&joined).unwrap_or(joined)
}
