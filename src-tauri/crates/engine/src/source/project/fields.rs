//! How project files are read field by field: what is wrong becomes a problem, and reading goes on.

use beckon_core::{JsonText, Limits, NamedJson, Secret};
use serde_json::Value as Json;

use super::{PlannedFunction, PlannedSecret, Problem, Severity};
use crate::source::substitute::{Expanded, Substitution};
use crate::source::yaml::{Node, Value};

/// What reads a file's fields.
pub(super) struct Fields<'a> {
    substitution: &'a Substitution,
    /// Where values from outside come from, for people: `.env`, `the environment`.
    outside: &'a str,
    problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(substitution: &'a Substitution, outside: &'a str) -> Self {
        Self {
            substitution,
            outside,
            problems: Vec::new(),
        }
    }

    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    pub(super) fn error(&mut self, field: &str, node: Option<&Node>, message: impl Into<String>) {
        self.problem(Severity::Error, field, node, message.into());
    }

    pub(super) fn warn(&mut self, field: &str, node: Option<&Node>, message: impl Into<String>) {
        self.problem(Severity::Warning, field, node, message.into());
    }

    pub(super) fn say(&mut self, field: &str, node: Option<&Node>, message: impl Into<String>) {
        self.problem(Severity::Note, field, node, message.into());
    }

    fn problem(&mut self, severity: Severity, field: &str, node: Option<&Node>, message: String) {
        self.problems.push(Problem {
            severity,
            field: self.substitution.expand(field).text,
            line: node.map(|node| node.line).filter(|line| *line > 0),
            message,
        });
    }

    /// The entries of a map, keys replaced; nothing when it is none.
    pub(super) fn map<'n>(&mut self, field: &str, node: &'n Node) -> Vec<(String, &'n Node)> {
        match &node.value {
            Value::Map(entries) => entries
                .iter()
                .map(|(key, node)| (self.substitution.expand(key).text, node))
                .collect(),
            Value::Null => Vec::new(),
            _ => {
                self.error(
                    field,
                    Some(node),
                    format!("'{field}' must have names with values."),
                );
                Vec::new()
            }
        }
    }

    /// The items of a list; a single value counts as a list of one.
    pub(super) fn list<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => std::slice::from_ref(node),
        }
    }

    /// A scalar as text, spelled as in the file. What cannot be replaced is a problem of `severity`.
    fn expanded(&mut self, field: &str, node: &Node, missing: Option<Severity>) -> Option<Expanded> {
        let raw = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Bool(value) => node.spelling.clone().unwrap_or_else(|| value.to_string()),
            Value::Number(value) => node.spelling.clone().unwrap_or_else(|| value.to_string()),
            Value::Null => String::new(),
            Value::List(_) | Value::Map(_) => {
                self.error(field, Some(node), format!("'{field}' must be a single value."));
                return None;
            }
        };
        let expanded = self.substitution.expand(&raw);
        if let Some(severity) = missing {
            for name in &expanded.missing {
                let text = format!("There is no value for ${{{name}}}.");
                self.problem(severity, field, Some(node), text);
            }
        }
        for form in &expanded.unknown {
            self.warn(
                field,
                Some(node),
                format!("'{form}' is a form that Beckon does not replace."),
            );
        }
        Some(expanded)
    }

    /// A text; what is missing is empty, and said.
    pub(super) fn text(&mut self, field: &str, node: &Node) -> Option<String> {
        self.expanded(field, node, Some(Severity::Warning))
            .map(|expanded| expanded.text)
    }

    /// A number.
    pub(super) fn number(&mut self, field: &str, node: &Node) -> Option<f64> {
        let text = self.text(field, node)?;
        let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
        if number.is_none() {
            self.error(
                field,
                Some(node),
                format!("'{field}' must be a number, not '{text}'."),
            );
        }
        number
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, field: &str, node: &Node) -> Option<bool> {
        match self.text(field, node)?.as_str() {
            "true" => Some(true),
            "false" | "" => Some(false),
            other => {
                let text = format!("'{field}' must be true or false, not '{other}'.");
                self.error(field, Some(node), text);
                None
            }
        }
    }

    /// A whole value as JSON; `None` when some of it comes from outside, or cannot be kept.
    pub(super) fn json(&mut self, field: &str, node: &Node) -> Option<Json> {
        Some(match &node.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(number) => Json::Number(number.clone()),
            Value::Text(_) => {
                let expanded = self.expanded(field, node, Some(Severity::Warning))?;
                if expanded.outside {
                    return None;
                }
                Json::String(expanded.text)
            }
            Value::List(items) => Json::Array(
                items
                    .iter()
                    .map(|item| self.json(field, item))
                    .collect::<Option<_>>()?,
            ),
            Value::Map(entries) => {
                let mut object = serde_json::Map::new();
                for (key, node) in entries {
                    let key = self.substitution.expand(key).text;
                    object.insert(key, self.json(field, node)?);
                }
                Json::Object(object)
            }
        })
    }

    /// Names with JSON values, the later of a name instead of the earlier. Values from outside have no safe place here.
    pub(super) fn named(&mut self, field: &str, node: &Node, into: &mut Vec<NamedJson>) {
        for (key, node) in self.map(field, node) {
            let place = format!("{field}.{key}");
            match self.json(&place, node) {
                Some(value) => set_named(into, &key, &value),
                None => {
                    let text = format!(
                        "'{key}' is left out: its value comes from {}, and would be kept readable here. Put it under \
                         environment, where it becomes a secret.",
                        self.outside
                    );
                    self.warn(&place, Some(node), text);
                }
            }
        }
    }

    /// Environment variables: plain ones, and those that are secrets.
    pub(super) fn environment(&mut self, field: &str, node: &Node, function: &mut PlannedFunction) {
        for (name, node) in self.map(field, node) {
            let place = format!("{field}.{name}");
            let Some(expanded) = self.expanded(&place, node, None) else {
                continue;
            };
            if !is_variable(&name) {
                let text = format!("'{name}' is not a name for an environment variable.");
                self.error(&place, Some(node), text);
                continue;
            }
            function.env.retain(|(other, _)| *other != name);
            function.secrets.retain(|other| other.name != name);
            if !expanded.missing.is_empty() {
                let text = format!(
                    "There is no value for ${{{}}}: set the secret {name} after the deploy.",
                    expanded.missing.join("}, ${")
                );
                self.warn(&place, Some(node), text);
                function.secrets.push(secret(name, self.outside, None));
            } else if expanded.outside {
                let value = Some(Secret::new(expanded.text));
                function.secrets.push(secret(name, self.outside, value));
            } else if sounds_secret(&name) && !expanded.text.is_empty() {
                self.say(
                    &place,
                    Some(node),
                    format!("{name} sounds like a secret and is kept as one."),
                );
                let value = Some(Secret::new(expanded.text));
                function.secrets.push(secret(name, "the project file", value));
            } else {
                function.env.push((name, expanded.text));
            }
        }
    }

    /// A run's longest time in ms, brought into Beckon's range.
    pub(super) fn timeout(&mut self, field: &str, node: Option<&Node>, ms: f64, limits: &mut Limits) {
        limits.timeout_ms = self.within(field, node, ms, 100.0, 900_000.0, "ms");
    }

    /// Memory in MB, brought into Beckon's range.
    pub(super) fn memory(&mut self, field: &str, node: Option<&Node>, mb: f64, limits: &mut Limits) {
        limits.memory_mb = self.within(field, node, mb, 32.0, 4096.0, "MB");
    }

    /// A whole number within a range; what is outside of it becomes its end, and that is said.
    pub(super) fn within(
        &mut self,
        field: &str,
        node: Option<&Node>,
        value: f64,
        min: f64,
        max: f64,
        unit: &str,
    ) -> u32 {
        let kept = value.round().clamp(min, max);
        if kept != value.round() {
            let text =
                format!("{value} {unit} is outside of {min} to {max} {unit}; it is {kept} {unit} here.");
            self.warn(field, node, text);
        }
        // `clamp` above keeps it within u32.
        kept as u32
    }
}

pub(super) fn secret(name: String, source: &str, value: Option<Secret>) -> PlannedSecret {
    PlannedSecret {
        name,
        source: source.to_owned(),
        known: value.is_some(),
        value,
    }
}

pub(super) fn set_named(into: &mut Vec<NamedJson>, key: &str, value: &Json) {
    let value = JsonText::from_value(value);
    match into.iter_mut().find(|other| other.key == key) {
        Some(old) => old.value = value,
        None => into.push(NamedJson {
            key: key.to_owned(),
            value,
        }),
    }
}

pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn sounds_secret(name: &str) -> bool {
    const WORDS: [&str; 8] = [
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "TOKEN",
        "API_KEY",
        "APIKEY",
        "PRIVATE_KEY",
        "CREDENTIAL",
    ];
    let name = name.to_ascii_uppercase();
    WORDS.iter().any(|word| name.contains(word))
}
