//! One version of a function, made ready to run: its code unpacked, its environment gathered.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use beckon_core::{Contract, Error, ErrorCode, Function, Language, Result, Secret};
use tokio::sync::OnceCell;

use crate::build::{self, Builds, Lease};
use crate::cells::Tree;
use crate::isolation::{Confinement, Grounds, SecretFiles};
pub(crate) use crate::removal::remove_tree;
use crate::runtimes::Runtimes;
use crate::{SecretSource, deploy};

/// A function as it was at one moment. Workers belong to one of these and die with it.
pub(crate) struct Deployment {
    /// The function.
    pub(crate) function: Arc<Function>,
    /// `function.version` as text.
    pub(crate) version: String,
    prepared: OnceCell<Prepared>,
}

/// What a worker is started with.
pub(crate) struct Prepared {
    /// The folder with the code; kept as long as this is.
    pub(crate) code: Lease,
    /// The function's own environment, secrets included.
    pub(crate) env: Vec<(String, Secret)>,
    /// The secrets that it finds as files.
    pub(crate) secrets: SecretFiles,
    /// For executables, and for what was compiled: the file.
    pub(crate) entry: Option<EntryFile>,
    /// The files, where they are few enough to be linked into a stem cell's folder.
    pub(crate) tree: Option<Arc<Tree>>,
    /// Where its runs may write, of those that have a process each.
    pub(crate) grounds: Arc<Grounds>,
}

/// The file that an executable function is.
pub(crate) struct EntryFile {
    pub(crate) path: PathBuf,
    /// A binary, or a script with `#!`; otherwise it is given to `sh`.
    pub(crate) direct: bool,
}

impl Deployment {
    pub(crate) fn new(function: Arc<Function>) -> Arc<Self> {
        let version = function.version.to_string();
        Arc::new(Self {
            function,
            version,
            prepared: OnceCell::new(),
        })
    }

    /// Whether `function` is what this was made of.
    pub(crate) fn is_of(&self, function: &Arc<Function>) -> bool {
        Arc::ptr_eq(&self.function, function)
            || (self.function.id == function.id
                && self.function.version == function.version
                && self.function.updated == function.updated)
    }

    /// How many runs one worker may have at a time.
    pub(crate) fn share(&self) -> u32 {
        if self.function.contract.shares_worker(self.language()) {
            self.function.settings.runs_per_worker()
        } else {
            1
        }
    }

    /// How many processes it may have at a time: of those that are told which port to listen on, there is one.
    pub(crate) fn processes(&self) -> u32 {
        let function = &self.function;
        if function.contract == Contract::WatchdogHttp && function.settings.watchdog.port.is_some() {
            1
        } else {
            function.limits.concurrency
        }
    }

    /// The language of the code.
    pub(crate) fn language(&self) -> Language {
        self.function.runtime.language()
    }

    /// Takes hold of the code as it was built and asks for the secrets, once. What fails is tried again by the next
    /// caller.
    pub(crate) async fn prepare(
        &self,
        builds: &Builds,
        runtimes: &Runtimes,
        secrets: &Arc<dyn SecretSource>,
    ) -> Result<&Prepared> {
        self.prepared
            .get_or_try_init(|| async {
                let (function, secrets) = (self.function.clone(), secrets.clone());
                let code = builds.of(&function, runtimes).await?;
                tokio::task::spawn_blocking(move || prepare(&function, code, &*secrets))
                    .await
                    .map_err(|e| Error::internal("prepare a function", e))?
            })
            .await
    }
}

fn prepare(function: &Function, code: Lease, secrets: &dyn SecretSource) -> Result<Prepared> {
    let mut env: Vec<(String, Secret)> = function
        .env
        .iter()
        .map(|(name, value)| (name.clone(), Secret::new(value.as_str())))
        .collect();
    for name in &function.secret_names {
        let value = secrets.function_secret(&function.id, name)?;
        if value.expose().contains('\0') {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                format!("The secret '{name}' contains a NUL character."),
            ));
        }
        env.push((name.clone(), value));
    }
    let files = function.settings.secrets.iter().map(|name| {
        let value = secrets.namespace_secret(&function.key.namespace, name)?;
        Ok((name.clone(), value))
    });
    let files = files.collect::<Result<Vec<_>>>()?;
    let entry = match function.runtime.language() {
        Language::Executable => {
            deploy::entry_file(function.main.as_deref(), |name| code.path.join(name).is_file())
        }
        Language::Go | Language::Rust => Some(build::COMPILED.to_owned()),
        _ => None,
    };
    let entry = entry
        .map(|name| entry_file(code.path.join(name)))
        .transpose()
        .map_err(|e| Error::internal("read a function's code", e))?;
    let tree = match function.runtime.language() {
        Language::Node | Language::Python => Tree::of(&code.path).map(Arc::new),
        _ => None,
    };
    Ok(Prepared {
        code,
        env,
        secrets: SecretFiles::new(files),
        entry,
        tree,
        grounds: Arc::default(),
    })
}

impl Prepared {
    /// What a process of `function` is held to, and what it is given beside its code.
    pub(crate) fn confinement(&self, function: &Function) -> Confinement {
        Confinement::of(function, &self.code.path, &self.secrets)
    }
}

/// Writes a new file with these permissions.
pub(crate) fn write(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?
        .write_all(text.as_bytes())
}

fn entry_file(path: PathBuf) -> std::io::Result<EntryFile> {
    let mut first = Vec::new();
    fs::File::open(&path)?.take(4).read_to_end(&mut first)?;
    let direct = first.starts_with(b"#!") || first == b"\x7fELF";
    Ok(EntryFile { path, direct })
}

/// Calls `change` for `root` and every folder below it, parents first. Links are not followed.
pub(crate) fn for_each_dir(
    root: &Path,
    change: &mut dyn FnMut(&Path) -> std::io::Result<()>,
) -> std::io::Result<()> {
    change(root)?;
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            for_each_dir(&entry.path(), change)?;
        }
    }
    Ok(())
}
