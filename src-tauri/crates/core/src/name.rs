use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Error, ErrorCode};

/// OpenWhisk's rule for one name: `[\w]` or `[\w][\w@ .&-]*[\w@.&-]`, at most 256 characters.
fn check(text: &str, what: &str) -> Result<(), Error> {
    let length = text.chars().count();
    if length > 256 {
        // "segement" is upstream's spelling, and clients match on it.
        return Err(invalid(format!(
            "Name segement longer than allowed: {length} > 256."
        )));
    }
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mark = |c: char| matches!(c, '@' | '.' | '&' | '-');
    let first = text.chars().next().is_some_and(word);
    let last = text.chars().last().is_some_and(|c| word(c) || mark(c));
    if first && last && text.chars().all(|c| word(c) || mark(c) || c == ' ') {
        return Ok(());
    }
    Err(invalid(format!("The {what} contains illegal characters."))
        .with_hint("Start with a letter, digit or _; then also @ . & - and inner spaces."))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorCode::InvalidInput, message)
}

/// The name of a namespace, for example `playground` or `fn-378ae839-e58b-4cd1-afcf-632cd7b7b8db`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct NamespaceName(String);

impl NamespaceName {
    /// Checks `text` against OpenWhisk's rule; `_` (the caller's own namespace) is not a name.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        check(&text, "namespace")?;
        if text == "_" {
            return Err(invalid("The namespace contains illegal characters.".into()));
        }
        Ok(Self(text))
    }

    /// OpenWhisk's own namespace, where what belongs to the system is. It is no account's.
    pub const SYSTEM: &str = "whisk.system";

    /// Whether this is [`NamespaceName::SYSTEM`].
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.0 == Self::SYSTEM
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a function inside its namespace: `hello`, or `sample/hello` in package `sample`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct FunctionName(String);

impl FunctionName {
    /// Checks one or two segments (`name`, `package/name`). The package name `default` is reserved.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        let mut segments = text.split('/');
        let (first, second, rest) = (
            segments.next().unwrap_or_default(),
            segments.next(),
            segments.next(),
        );
        if rest.is_some() {
            return Err(invalid(
                "A function name has at most one package: package/name.".into(),
            ));
        }
        check(first, "name of the entity")?;
        if let Some(second) = second {
            if first == "default" {
                return Err(invalid("Package name 'default' is reserved.".into()));
            }
            check(second, "name of the entity")?;
        }
        Ok(Self(text))
    }

    /// The whole name, `package/name` or `name`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The package, if the function is in one.
    #[must_use]
    pub fn package(&self) -> Option<&str> {
        self.0.split_once('/').map(|(package, _)| package)
    }

    /// The name without its package.
    #[must_use]
    pub fn simple(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(_, name)| name)
    }
}

/// The name of a package, a trigger or a rule: one segment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct EntityName(String);

impl EntityName {
    /// Checks `text` against OpenWhisk's rule.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        check(&text, "name of the entity")?;
        Ok(Self(text))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_type {
    ($type:ty) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl FromStr for $type {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }
        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                Self::new(text)
            }
        }
        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }
    };
}
text_type!(NamespaceName);
text_type!(FunctionName);
text_type!(EntityName);

/// A function of the local engine: its namespace and its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FunctionKey {
    /// The namespace that it belongs to.
    pub namespace: NamespaceName,
    /// `name` or `package/name`.
    pub name: FunctionName,
}

impl FunctionKey {
    /// Checks both parts.
    pub fn new(namespace: &str, name: &str) -> Result<Self, Error> {
        Ok(Self {
            namespace: namespace.parse()?,
            name: name.parse()?,
        })
    }
}

impl fmt::Display for FunctionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/{}", self.namespace, self.name)
    }
}

/// A function anywhere: the connection it is reached by, its namespace there and its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FunctionRef {
    /// The id of the connection; [`crate::LOCAL`] is this machine's engine.
    pub connection: String,
    /// The namespace that it belongs to.
    pub namespace: NamespaceName,
    /// `name` or `package/name`.
    pub name: FunctionName,
}

impl FunctionRef {
    /// Whether the function runs on this machine's engine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.connection == crate::LOCAL
    }

    /// The function's key within its connection.
    #[must_use]
    pub fn key(&self) -> FunctionKey {
        FunctionKey {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_openwhisk() {
        for good in ["a", "hello", "my fn", "a.b", "a@b", "_x", "0", "a-"] {
            assert!(NamespaceName::new(good).is_ok(), "{good}");
        }
        for bad in ["", " a", "a ", "-a", "a/b", "ä", "a\n", "_"] {
            assert!(NamespaceName::new(bad).is_err(), "{bad:?}");
        }
        let long = "x".repeat(257);
        assert_eq!(
            NamespaceName::new(long).unwrap_err().message,
            "Name segement longer than allowed: 257 > 256."
        );
    }

    #[test]
    fn a_function_name_knows_its_package() {
        let name = FunctionName::new("sample/hello").unwrap();
        assert_eq!((name.package(), name.simple()), (Some("sample"), "hello"));
        let name = FunctionName::new("hello").unwrap();
        assert_eq!((name.package(), name.simple()), (None, "hello"));
        assert!(FunctionName::new("a/b/c").is_err());
        assert!(FunctionName::new("default/x").is_err());
        assert!(FunctionName::new("../x").is_err());
    }
}
