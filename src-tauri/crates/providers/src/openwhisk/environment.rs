//! Environment variables among OpenWhisk's parameters (`init`): a PUT replaces parameters as a whole, so what is not to
//! change is sent as it is, values that nobody here has seen included.

use beckon_core::{Error, ErrorCode, Result};

use super::wire::Pair;
use crate::remote::{EnvChange, KeptEnv};

/// The variables that there will be, of those that there are among `old`.
///
/// # Errors
/// `InvalidInput` for what is no name of a variable.
pub(crate) fn variables(change: &EnvChange, old: &[Pair]) -> Result<Vec<Pair>> {
    let kept = old.iter().filter(|pair| pair.init).filter(|pair| {
        let is_set = change.set.iter().any(|(name, _)| *name == pair.key);
        let stays = match &change.kept {
            KeptEnv::AllBut(names) => !names.contains(&pair.key),
            KeptEnv::Only(names) => names.contains(&pair.key),
        };
        stays && !is_set
    });
    let mut all: Vec<Pair> = kept.map(Pair::copy).collect();
    for (name, value) in &change.set {
        if name.is_empty() || name.contains(['=', '\0']) {
            let text = format!("'{name}' cannot be the name of an environment variable.");
            return Err(Error::new(ErrorCode::InvalidInput, text));
        }
        all.push(Pair {
            init: true,
            ..Pair::new(name, value.expose())
        });
    }
    Ok(all)
}
