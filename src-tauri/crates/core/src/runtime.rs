use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Error, ErrorCode};

/// What a function's code is written in, from the engine's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// JavaScript on Node.js.
    Node,
    /// Python 3.
    Python,
    /// PHP 8.
    Php,
    /// Ruby 3.
    Ruby,
    /// Go, compiled when the function is saved.
    Go,
    /// Rust, compiled when the function is saved.
    Rust,
    /// A shell script or any executable: how it is spoken to is its [`crate::Contract`]'s business.
    Executable,
}

impl Language {
    /// All languages, in the order that they are offered.
    pub const ALL: [Self; 7] = [
        Self::Node,
        Self::Python,
        Self::Php,
        Self::Ruby,
        Self::Go,
        Self::Rust,
        Self::Executable,
    ];

    /// The family part of a kind: `nodejs`, `python`, `php`, `ruby`, `go`, `rust`, `shell`.
    #[must_use]
    pub fn family(self) -> &'static str {
        match self {
            Self::Node => "nodejs",
            Self::Python => "python",
            Self::Php => "php",
            Self::Ruby => "ruby",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::Executable => "shell",
        }
    }
}

/// A kind as OpenWhisk writes it, `family:version`, for example `nodejs:20`, `python:3.11`, `shell:default`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Runtime(String);

impl Runtime {
    /// OpenWhisk's kind of a function that is made of other functions, which no interpreter runs.
    pub const SEQUENCE: &'static str = "sequence";

    /// The kind of sequences.
    #[must_use]
    pub fn sequence() -> Self {
        Self(Self::SEQUENCE.to_owned())
    }

    /// Whether this is the kind of sequences.
    #[must_use]
    pub fn is_sequence(&self) -> bool {
        self.0 == Self::SEQUENCE
    }

    /// Takes any `family` or `family:version` whose family Beckon knows; a missing version is `default`.
    ///
    /// Which versions this machine really has is the engine's business.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let mut text = text.into();
        if text == Self::SEQUENCE {
            return Ok(Self::sequence());
        }
        if !text.contains(':') {
            text.push_str(":default");
        }
        let runtime = Self(text);
        if runtime.family_language().is_none() {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                format!("The runtime '{}' is not known to Beckon.", runtime.0),
            )
            .with_hint("Known families: nodejs, python, php, ruby, go, rust, shell."));
        }
        Ok(runtime)
    }

    /// The kind as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language behind the kind.
    #[must_use]
    pub fn language(&self) -> Language {
        self.family_language().unwrap_or(Language::Executable)
    }

    /// The part after the colon, for example `20`, `3.11` or `default`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.0.split_once(':').map_or("default", |(_, version)| version)
    }

    fn family_language(&self) -> Option<Language> {
        let family = self
            .0
            .split_once(':')
            .map_or(self.0.as_str(), |(family, _)| family);
        match family {
            "nodejs" => Some(Language::Node),
            "python" => Some(Language::Python),
            "php" => Some(Language::Php),
            "ruby" => Some(Language::Ruby),
            "go" => Some(Language::Go),
            "rust" => Some(Language::Rust),
            "shell" | "native" => Some(Language::Executable),
            _ => None,
        }
    }
}

impl TryFrom<String> for Runtime {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl From<Runtime> for String {
    fn from(runtime: Runtime) -> Self {
        runtime.0
    }
}

impl std::fmt::Display for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A runtime as found, or not found, on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeStatus {
    /// The kind that functions of this language are stored with, for example `nodejs:20`. With nothing found,
    /// `family:default`.
    pub kind: Runtime,
    /// The language.
    pub language: Language,
    /// For people: "Node.js", "Python", …, "Shell / executable".
    pub title: String,
    /// The exact version found, for example `20.20.2`.
    pub version: Option<String>,
    /// Where the interpreter is.
    pub path: Option<String>,
    /// Whether functions of this kind can run here.
    pub available: bool,
    /// Why not, and how to install it, when it is not available.
    pub install_hint: Option<String>,
}
