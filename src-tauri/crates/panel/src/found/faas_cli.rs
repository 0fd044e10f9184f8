//! `config.yml` of faas-cli (openfaas/faas-cli, `config/config_file.go`): a list `auths` of gateways, each with the way of
//! its login and a token, which of `basic` is base64 of `user:password`.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::Secret;
use serde_json::Value;

use super::file::read;
use super::{Entry, FoundSource, New};

pub(super) fn look(found: &mut Vec<Entry>, path: &Path, fence: Option<&Path>) {
    let new = || New::at(FoundSource::FaasCli, path);
    let text = match read(path, fence) {
        Ok(None) => return,
        Err(problem) => return found.push(new().refused(problem)),
        Ok(Some(text)) => text,
    };
    // What is wrong may be a token: only the place is said.
    let tree: Value = match serde_saphyr::from_str(&text) {
        Ok(tree) => tree,
        Err(error) => return found.push(new().refused(super::no_yaml(&error))),
    };
    for auth in tree["auths"].as_array().into_iter().flatten() {
        let said = |name: &str| auth[name].as_str().map(str::trim).filter(|text| !text.is_empty());
        let Some(gateway) = said("gateway") else { continue };
        let mut entry = new();
        entry.api_host = Some(gateway.to_owned());
        found.push(match (said("auth"), said("token")) {
            (Some("basic"), Some(token)) => match basic(token) {
                Some(key) => entry.with(key),
                None => entry.refused("Its token is not base64 of a user and a password.".into()),
            },
            (Some("basic"), None) => entry.refused("It has no token.".into()),
            (Some("oauth2"), _) => {
                entry.refused("It was logged in to with OAuth 2, whose tokens Beckon does not take.".into())
            }
            _ => entry.refused("The way of its login is not known here.".into()),
        });
    }
}

fn basic(token: &str) -> Option<Secret> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let (user, _) = text.split_once(':')?;
    (!user.is_empty() && !text.chars().any(char::is_control)).then(|| Secret::new(text))
}
