//! What kinds of functions a provider runs. Nobody needs a credential to know it.

use std::collections::BTreeMap;

use beckon_core::{Error, ErrorCode, Result};
use serde::Deserialize;

use crate::RemoteKind;
use crate::transport::Http;

/// Where it is said: DigitalOcean's clients read the API's description, upstream's that of the host
/// (`core/controller/…/RestAPIs.scala`).
const PLACES: [&str; 2] = ["/api/v1", "/"];
/// The longest name of a kind that is believed, bytes.
const LONGEST: usize = 64;
/// Of a server that names more, the rest is left out.
const MOST: usize = 500;

#[derive(Deserialize)]
struct Description {
    runtimes: Option<BTreeMap<String, Vec<Described>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    default: Option<bool>,
    #[serde(default)]
    deprecated: Option<bool>,
    #[serde(default)]
    require_main: Option<bool>,
}

/// The kinds by family, each family in the order that the provider has it in.
pub(super) async fn kinds(http: &Http) -> Result<Vec<RemoteKind>> {
    let mut failed = None;
    for place in PLACES {
        let read = async { http.get(place).await?.ok()?.json::<Description>() };
        match read.await {
            Ok(Description { runtimes: Some(all) }) => return Ok(usable(all)),
            Ok(_) => {}
            // A host that is not there is asked once.
            Err(error) if matches!(error.code, ErrorCode::Unreachable | ErrorCode::Timeout) => {
                return Err(error);
            }
            Err(error) => failed = Some(error),
        }
    }
    let text = format!("{} does not say which kinds of functions it runs.", http.host());
    let error = Error::new(ErrorCode::NotSupported, text);
    Err(match failed {
        Some(failed) => error.with_details(failed.message),
        None => error,
    })
}

fn usable(all: BTreeMap<String, Vec<Described>>) -> Vec<RemoteKind> {
    let is_name =
        |text: &str| (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    all.into_iter()
        .filter(|(family, _)| is_name(family))
        .flat_map(|(family, kinds)| kinds.into_iter().map(move |kind| (family.clone(), kind)))
        .filter(|(_, described)| is_name(&described.kind))
        .take(MOST)
        .map(|(family, described)| RemoteKind {
            family,
            kind: described.kind,
            default: described.default.unwrap_or_default(),
            deprecated: described.deprecated.unwrap_or_default(),
            needs_main: described.require_main.unwrap_or_default(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_kinds_are_taken() {
        let long = "x".repeat(65);
        let text = format!(
            r#"{{"runtimes":{{
            "nodejs":[{{"kind":"nodejs:18","default":true,"image":{{"name":"i"}}}},{{"kind":"nodejs:14","deprecated":true}},
                {{"kind":"{long}"}},{{"kind":"a b"}},{{}}],
            "java":[{{"kind":"java:8","default":null,"requireMain":true}}]}}}}"#
        );
        let read: Description = serde_json::from_str(&text).unwrap();
        let kinds: Vec<_> = usable(read.runtimes.unwrap())
            .into_iter()
            .map(|kind| (kind.kind, kind.default, kind.deprecated, kind.needs_main))
            .collect();
        assert_eq!(
            kinds,
            [
                ("java:8".into(), false, false, true),
                ("nodejs:18".into(), true, false, false),
                ("nodejs:14".into(), false, true, false),
            ]
        );
    }
}
