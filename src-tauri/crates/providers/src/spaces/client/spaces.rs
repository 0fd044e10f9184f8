use axum::http::StatusCode;
use beckon_core::{Error, ErrorCode, Namespace, NamespaceName, Result};

use super::functions;
use crate::openwhisk::path_segment;
use crate::spaces::wire::{Page, Space};
use crate::transport::Http;

/// Most pages of a list, and most spaces whose functions are counted.
const PAGES: usize = 100;
const COUNTED: usize = 50;

/// The spaces that a server lists. Spaces' documents have no such list; Beckon's own gateway has one.
async fn listed(http: &Http) -> Result<Vec<Space>> {
    let (mut all, mut path) = (Vec::new(), "spaces".to_owned());
    for _ in 0..PAGES {
        let reply = http.get(&path).await?;
        if matches!(
            reply.status,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
        ) {
            return Err(
                Error::new(ErrorCode::NotSupported, "The server does not list its spaces.").with_hint(
                    "Put the space behind the API host, for example https://api.swx.altairone.com/spaces/my-space.",
                ),
            );
        }
        let page: Page<Space> = reply.ok()?.json()?;
        all.extend(page.data);
        if page.paging.next_cursor.is_empty() {
            return Ok(all);
        }
        path = format!("spaces?next_cursor={}", path_segment(&page.paging.next_cursor));
    }
    Ok(all)
}

/// Their names. One that Beckon cannot use is left out.
pub(super) async fn names(http: &Http) -> Result<Vec<NamespaceName>> {
    let all = listed(http).await?;
    Ok(all
        .into_iter()
        .filter_map(|space| NamespaceName::new(space.id).ok())
        .collect())
}

/// The spaces, or the one that is asked for, with their number of functions.
pub(super) async fn all(http: &Http, only: Option<&NamespaceName>) -> Result<Vec<Namespace>> {
    let found = match only {
        Some(only) => vec![Space {
            id: only.to_string(),
            name: String::new(),
        }],
        None => listed(http).await?,
    };
    let mut all = Vec::new();
    for space in found {
        let Ok(name) = NamespaceName::new(space.id) else {
            continue;
        };
        let functions = match all.len() < COUNTED {
            true => functions::all(http, &name).await?.len(),
            false => 0,
        };
        all.push(Namespace {
            label: if space.name.is_empty() {
                name.to_string()
            } else {
                space.name
            },
            name,
            created: 0,
            functions: u32::try_from(functions).unwrap_or(u32::MAX),
        });
    }
    Ok(all)
}
