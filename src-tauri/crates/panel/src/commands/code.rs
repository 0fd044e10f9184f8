use base64::Engine as _;
use beckon_core::{CodePackage, Error, ErrorCode, FunctionRef, Language, Result, Runtime};
use beckon_macros::commands;
use serde::Serialize;
use ts_rs::TS;

use crate::Panel;

/// A function's code as a file.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FunctionCode {
    /// One source file.
    Source {
        /// What to call it, for example `hello.js`.
        file: String,
        /// Its text.
        text: String,
    },
    /// An archive with several files, a zip nearly always.
    Zip {
        /// What to call it, for example `hello.zip`.
        file: String,
        /// Its bytes in base64.
        base64: String,
    },
}

#[commands]
impl Panel {
    /// The code of a function, here or at its provider, to be kept as a file. May be 48 MB. `NotSupported` for a sequence
    /// and a container image, which have none. What is in a provider's zip is known from then on: `function` lists it.
    pub async fn function_code(&self, function: FunctionRef) -> Result<FunctionCode> {
        let (kind, code) = match function.is_local() {
            true => {
                let stored = self.local_function(&function).await?;
                (stored.runtime.to_string(), stored.code.clone())
            }
            false => {
                let remote = self.remote(&function.connection).await?;
                let found = self.noting(&function.connection, remote.code(&function.key()).await)?;
                if let CodePackage::Zip(bytes) = &found.code {
                    self.remotes.unpacked.note(&function, &found.version, bytes);
                }
                (found.kind, found.code)
            }
        };
        let simple = function.name.simple();
        match code {
            CodePackage::Source(text) => Ok(FunctionCode::Source {
                file: format!("{simple}.{}", extension(&kind)),
                text,
            }),
            CodePackage::Zip(bytes) => Ok(FunctionCode::Zip {
                file: format!("{simple}.{}", archive(&bytes)),
                base64: base64::engine::general_purpose::STANDARD.encode(bytes),
            }),
            CodePackage::Sequence(_) => Err(Error::new(
                ErrorCode::NotSupported,
                "A sequence has no code of its own.",
            )),
        }
    }
}

/// How source files of a kind end.
fn extension(kind: &str) -> &'static str {
    let language = Runtime::new(kind).ok().map(|runtime| runtime.language());
    match language {
        Some(Language::Node) => "js",
        Some(Language::Python) => "py",
        Some(Language::Php) => "php",
        Some(Language::Ruby) => "rb",
        Some(Language::Go) => "go",
        Some(Language::Rust) => "rs",
        Some(Language::Executable) => "sh",
        None => "txt",
    }
}

/// How an archive's name ends, by its first bytes: runtimes take more than zips.
fn archive(bytes: &[u8]) -> &'static str {
    match bytes {
        [b'P', b'K', ..] => "zip",
        [0x1f, 0x8b, ..] => "tar.gz",
        _ => "bin",
    }
}
