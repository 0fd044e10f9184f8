//! Sequences of a project: what they are made of, and that they come after it.
//!
//! Source: github.com/digitalocean/functions-deployer, `src/deploy.ts` (`checkForLegalSequence`, `sortSequences`, `fqn`):
//! a component without a leading `/` is in the namespace that is deployed to, with its package or without one; one that
//! the project does not have is a warning, a circle is an error.

use std::collections::HashMap;

use beckon_core::{Error, ErrorCode, FunctionKey, FunctionName, NamespaceName, Result};

use super::{PlannedFunction, Problem, Severity};
use crate::SEQUENCE_LIMIT;

impl PlannedFunction {
    /// What a sequence calls when it is deployed to this namespace; nothing for what is none.
    ///
    /// # Errors
    /// `InvalidInput` for what is no name of a function.
    pub fn components(&self, namespace: &NamespaceName) -> Result<Vec<FunctionKey>> {
        self.sequence.iter().map(|name| key_of(name, namespace)).collect()
    }
}

/// `/namespace/[package/]name` (`_` is the namespace that is deployed to), or `[package/]name` in that one.
fn key_of(text: &str, namespace: &NamespaceName) -> Result<FunctionKey> {
    let bad = || {
        Error::new(
            ErrorCode::InvalidInput,
            format!("'{text}' does not name a function."),
        )
    };
    let (namespace, name) = match text.strip_prefix('/') {
        None => (namespace.clone(), text),
        Some(rest) => match rest.split_once('/').ok_or_else(bad)? {
            ("_", name) => (namespace.clone(), name),
            (other, name) => (NamespaceName::new(other).map_err(|_| bad())?, name),
        },
    };
    let name = name.strip_prefix("default/").unwrap_or(name);
    let name = FunctionName::new(name).map_err(|_| bad())?;
    Ok(FunctionKey { namespace, name })
}

/// The name in the project that a component has, if it is of the namespace that is deployed to.
fn own_name(text: &str) -> Option<&str> {
    let name = match text.strip_prefix("/_/") {
        Some(name) => name,
        None if text.starts_with('/') => return None,
        None => text,
    };
    Some(name.strip_prefix("default/").unwrap_or(name))
}

/// Puts sequences after everything that they call, and says what is wrong with what they name.
pub(super) fn arrange(functions: &mut Vec<PlannedFunction>) {
    let (sequences, mut arranged): (Vec<_>, Vec<_>) = functions
        .drain(..)
        .partition(|function| !function.sequence.is_empty());
    let names: Vec<String> = arranged
        .iter()
        .chain(&sequences)
        .map(|f| f.name.clone())
        .collect();
    let mut waiting = sequences;
    for sequence in &mut waiting {
        check(sequence, &names);
    }
    // Each round takes those that call nothing that still waits; what is left then goes in circles.
    loop {
        let left: Vec<String> = waiting.iter().map(|sequence| sequence.name.clone()).collect();
        let calls_one = |sequence: &PlannedFunction| {
            let mut own = sequence.sequence.iter().filter_map(|name| own_name(name));
            own.any(|name| left.iter().any(|other| other == name))
        };
        let (blocked, free): (Vec<_>, Vec<_>) = waiting.into_iter().partition(calls_one);
        waiting = blocked;
        if free.is_empty() {
            break;
        }
        arranged.extend(free);
    }
    for mut sequence in waiting {
        let text = "It calls itself, or a sequence that does: sequences must not go in circles.";
        object(&mut sequence, Severity::Error, text.to_owned());
        arranged.push(sequence);
    }
    *functions = arranged;
    count(functions);
}

/// What can be said of a sequence by itself.
fn check(sequence: &mut PlannedFunction, names: &[String]) {
    // Whichever namespace it will be: only the names are looked at.
    let anywhere = NamespaceName::new("namespace");
    for text in sequence.sequence.clone() {
        if let Ok(anywhere) = &anywhere
            && let Err(error) = key_of(&text, anywhere)
        {
            object(sequence, Severity::Error, error.message);
        } else if own_name(&text).is_some_and(|name| names.iter().all(|other| other != name)) {
            let text = format!(
                "It calls '{text}', which is not in the project: it must be where this is deployed to, before it."
            );
            object(sequence, Severity::Warning, text);
        }
    }
}

/// Refuses sequences that are too long with those within them counted as what they are made of.
fn count(functions: &mut [PlannedFunction]) {
    let mut sizes: HashMap<String, usize> = HashMap::new();
    for function in functions {
        let own = function.sequence.iter().map(|name| {
            let known = own_name(name).and_then(|name| sizes.get(name));
            known.copied().unwrap_or(1)
        });
        let size = own.fold(0_usize, usize::saturating_add).max(1);
        if size > SEQUENCE_LIMIT {
            let text = format!("It calls {size} functions altogether, and {SEQUENCE_LIMIT} is the most.");
            object(function, Severity::Error, text);
        }
        sizes.insert(function.name.clone(), size);
    }
}

fn object(sequence: &mut PlannedFunction, severity: Severity, message: String) {
    sequence.deployable &= severity != Severity::Error;
    sequence.problems.push(Problem {
        severity,
        field: format!("{}.sequence", sequence.name),
        line: None,
        message,
    });
}
