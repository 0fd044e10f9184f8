//! YAML as a tree that knows its lines, so that every problem of a project file can be pointed at.
//!
//! serde-saphyr bounds what a hostile file can cost (depth, nodes, aliases) and refuses keys that are given twice. What
//! it reads as a number or a boolean keeps its spelling: `version: 1.10` as an environment variable is `1.10`.

use std::fmt;

use beckon_core::{Error, ErrorCode, Result};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Location, Spanned};

/// A value at its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// The line in the file, from 1; 0 when it is not known.
    pub(super) line: u32,
    /// As it was written, for what is not text in YAML's eyes.
    pub(super) spelling: Option<String>,
    pub(super) value: Value,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file.
    Map(Vec<(String, Node)>),
}

/// Reads one document. `name` is what the file is called in errors.
pub(super) fn parse(text: &str, name: &str) -> Result<Node> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let tree: Option<Spanned<Tree>> = serde_saphyr::from_str_with_options(text, options).map_err(|e| {
        let place = e
            .location()
            .map_or(String::new(), |at| format!(", line {}", at.line()));
        Error::new(
            ErrorCode::InvalidInput,
            format!("{name}{place} is not YAML that can be read."),
        )
        .with_details(e.without_snippet().to_string())
    })?;
    Ok(match tree {
        Some(tree) => node(tree, text),
        None => Node {
            line: 1,
            spelling: None,
            value: Value::Null,
        },
    })
}

fn node(tree: Spanned<Tree>, text: &str) -> Node {
    let line = u32::try_from(tree.referenced.line()).unwrap_or(0);
    let at = tree.defined;
    let (value, spelling) = match tree.value {
        Tree::Null => (Value::Null, spelling(at, text)),
        Tree::Bool(value) => (Value::Bool(value), spelling(at, text)),
        Tree::Number(value) => (Value::Number(value), spelling(at, text)),
        Tree::Text(value) => (Value::Text(value), None),
        Tree::List(items) => (
            Value::List(items.into_iter().map(|item| node(item, text)).collect()),
            None,
        ),
        Tree::Map(entries) => (
            Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, node(value, text)))
                    .collect(),
            ),
            None,
        ),
    };
    Node {
        line,
        spelling,
        value,
    }
}

fn spelling(at: Location, text: &str) -> Option<String> {
    let span = at.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let end = start.checked_add(usize::try_from(span.byte_len()?).ok()?)?;
    text.get(start..end).map(|text| text.trim().to_owned())
}

/// The tree as the parser gives it.
enum Tree {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(String, Spanned<Tree>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyTree;
        impl<'de> Visitor<'de> for AnyTree {
            type Value = Tree;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_none<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
                Tree::deserialize(deserializer)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Number(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Number(value.into()))
            }
            fn visit_i128<E>(self, value: i128) -> Result<Tree, E> {
                Ok(Tree::Text(value.to_string()))
            }
            fn visit_u128<E>(self, value: u128) -> Result<Tree, E> {
                Ok(Tree::Text(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(serde_json::Number::from_f64(value).map_or(Tree::Null, Tree::Number))
            }
            fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = access.next_element()? {
                    items.push(item);
                }
                Ok(Tree::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = access.next_entry()? {
                    entries.push(entry);
                }
                Ok(Tree::Map(entries))
            }
        }
        deserializer.deserialize_any(AnyTree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_spellings_are_kept() {
        let tree = parse(
            "a: 1.10\nb:\n  - yes\n  - 0x10\n  - true\n8080: ~\nc: \"2\"\n",
            "f.yaml",
        )
        .unwrap();
        let Value::Map(entries) = &tree.value else {
            panic!()
        };
        let keys: Vec<_> = entries
            .iter()
            .map(|(key, node)| (key.as_str(), node.line))
            .collect();
        assert_eq!(keys[0], ("a", 1));
        assert_eq!((keys[2].0, keys[3]), ("8080", ("c", 7)));
        assert_eq!(entries[0].1.spelling.as_deref(), Some("1.10"));
        let Value::List(items) = &entries[1].1.value else {
            panic!()
        };
        assert!(matches!(&items[0].value, Value::Text(text) if text == "yes"));
        assert_eq!((items[1].line, items[1].spelling.as_deref()), (4, Some("0x10")));
        assert!(matches!(items[2].value, Value::Bool(true)));
        assert!(matches!(&entries[3].1.value, Value::Text(text) if text == "2"));
    }

    #[test]
    fn what_cannot_be_read_names_its_line() {
        let error = parse("a: 1\nb: [\n", "stack.yaml").unwrap_err();
        assert!(error.message.contains("stack.yaml, line"), "{error}");
        assert!(parse("a: 1\na: 2\n", "f").is_err(), "a key given twice");
        assert!(matches!(parse("# nothing\n", "f").unwrap().value, Value::Null));
        let bomb = format!(
            "a: &a [x]\n{}",
            (0..40).map(|n| format!("b{n}: [*a, *a]\n")).collect::<String>()
        );
        assert!(parse(&bomb, "f").is_ok());
        let deep = "[".repeat(100_000);
        assert!(parse(&deep, "f").is_err());
    }
}
