//! One version of a function, made ready to run: its code unpacked, its environment gathered.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use beckon_core::{CodePackage, Error, ErrorCode, Function, Language, Result, Secret};
use tokio::sync::OnceCell;

use crate::{SecretSource, deploy, package};

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
    /// The folder with the code; removed with this.
    pub(crate) code: CodeDir,
    /// The function's own environment, secrets included.
    pub(crate) env: Vec<(String, Secret)>,
    /// For executables: the file, and whether it says itself how it is run.
    pub(crate) entry: Option<EntryFile>,
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

    /// The language of the code.
    pub(crate) fn language(&self) -> Language {
        self.function.runtime.language()
    }

    /// Unpacks the code and asks for the secrets, once. What fails is tried again by the next caller.
    pub(crate) async fn prepare(&self, root: &Path, secrets: &Arc<dyn SecretSource>) -> Result<&Prepared> {
        self.prepared
            .get_or_try_init(|| async {
                let (function, root, secrets) = (self.function.clone(), root.to_owned(), secrets.clone());
                tokio::task::spawn_blocking(move || prepare(&function, &root, &*secrets))
                    .await
                    .map_err(|e| Error::internal("prepare a function", e))?
            })
            .await
    }
}

fn prepare(function: &Function, root: &Path, secrets: &dyn SecretSource) -> Result<Prepared> {
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
    let code = CodeDir::create(root, function)?;
    let io = |e: std::io::Error| Error::internal("write a function's code", e);
    let entry = match (&function.code, function.runtime.language()) {
        (CodePackage::Source(text), Language::Node) => {
            write(&code.path.join("index.js"), text, 0o444).map_err(io)?;
            // The same text where Node reads it as an ES module.
            write(&code.path.join("index.mjs"), text, 0o444).map_err(io)?;
            None
        }
        (CodePackage::Source(text), Language::Python) => {
            write(&code.path.join("main__.py"), text, 0o444).map_err(io)?;
            None
        }
        (CodePackage::Source(text), Language::Php) => {
            write(&code.path.join("index.php"), text, 0o444).map_err(io)?;
            None
        }
        (CodePackage::Source(text), Language::Ruby) => {
            write(&code.path.join("handler.rb"), text, 0o444).map_err(io)?;
            None
        }
        (CodePackage::Source(text), Language::Go) => {
            write(&code.path.join("handler.go"), text, 0o444).map_err(io)?;
            None
        }
        (CodePackage::Source(text), Language::Rust) => {
            write(&code.path.join("handler.rs"), text, 0o444).map_err(io)?;
            None
        }
        (CodePackage::Source(text), Language::Executable) => {
            let path = code.path.join("exec");
            write(&path, text, 0o555).map_err(io)?;
            Some(entry_file(path).map_err(io)?)
        }
        (CodePackage::Zip(bytes), language) => {
            let entries = package::unpack(bytes, &code.path)?;
            if language == Language::Executable {
                let has = |name: &str| entries.iter().any(|entry| !entry.directory && entry.name == name);
                let name = deploy::entry_file(function.main.as_deref(), has)
                    .ok_or_else(|| deploy::invalid("The package has no file to execute."))?;
                let path = code.path.join(name);
                fs::set_permissions(&path, fs::Permissions::from_mode(0o555)).map_err(io)?;
                Some(entry_file(path).map_err(io)?)
            } else {
                None
            }
        }
    };
    code.seal().map_err(io)?;
    Ok(Prepared { code, env, entry })
}

fn write(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
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

/// A folder with the code of one version; removed when nobody needs it any more.
pub(crate) struct CodeDir {
    pub(crate) path: PathBuf,
}

impl CodeDir {
    /// `<root>/<function id>/<version>`, with a number after it when a version was saved over itself.
    fn create(root: &Path, function: &Function) -> Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let io = |e: std::io::Error| Error::internal("make a folder for a function's code", e);
        let parent = root.join(&function.id);
        let mut path = parent.join(function.version.to_string());
        for _ in 0..1000 {
            match fs::create_dir_all(&parent).and_then(|()| fs::create_dir(&path)) {
                Ok(()) => return Ok(Self { path }),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && path.exists() => {
                    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                    path = parent.join(format!("{}-{number}", function.version));
                }
                // The version before this one is taking the function's folder away just now.
                Err(e)
                    if matches!(
                        e.kind(),
                        std::io::ErrorKind::NotFound | std::io::ErrorKind::AlreadyExists
                    ) => {}
                Err(e) => return Err(io(e)),
            }
        }
        Err(Error::new(
            ErrorCode::Internal,
            "Beckon could not make a folder for a function's code.",
        ))
    }

    /// Takes the right to write from the folders: a function is not to change its own code by accident.
    fn seal(&self) -> std::io::Result<()> {
        for_each_dir(&self.path, &mut |dir| {
            fs::set_permissions(dir, fs::Permissions::from_mode(0o555))
        })
    }
}

impl Drop for CodeDir {
    fn drop(&mut self) {
        let path = std::mem::take(&mut self.path);
        let remove = move || {
            if let Err(e) = remove_tree(&path) {
                tracing::warn!(error = %e, "the code of an old version could not be removed");
            }
            // The function's own folder goes with its last version; until then this fails, as it should.
            if let Some(parent) = path.parent() {
                let _ = fs::remove_dir(parent);
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(handle) => drop(handle.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

/// Removes a folder with sealed folders in it.
pub(crate) fn remove_tree(root: &Path) -> std::io::Result<()> {
    if !root.exists() {
        return Ok(());
    }
    for_each_dir(root, &mut |dir| {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755))
    })?;
    fs::remove_dir_all(root)
}

/// Calls `change` for `root` and every folder below it, parents first. Links are not followed.
fn for_each_dir(root: &Path, change: &mut dyn FnMut(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
    change(root)?;
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            for_each_dir(&entry.path(), change)?;
        }
    }
    Ok(())
}
