//! A list that comes in pages.

use std::collections::HashSet;

use beckon_core::{Error, ErrorCode, Result};
use serde::de::DeserializeOwned;

use crate::openwhisk::path_segment;
use crate::spaces::wire::Page;
use crate::transport::Http;

/// Most pages of a list.
const PAGES: usize = 1_000;
/// A longer list is not believed.
const MOST: usize = 10_000;

/// One page of the list at `path`.
pub(super) async fn page<T: DeserializeOwned>(
    http: &Http,
    path: &str,
    cursor: Option<&str>,
) -> Result<Page<T>> {
    let path = match cursor {
        Some(cursor) => format!("{path}?next_cursor={}", path_segment(cursor)),
        None => path.to_owned(),
    };
    http.get(&path).await?.ok()?.json()
}

/// All of it, each as `read` takes it; what that leaves out is not there.
pub(super) async fn all<T: DeserializeOwned, U>(
    http: &Http,
    path: &str,
    read: impl Fn(&T) -> Option<U>,
) -> Result<Vec<U>> {
    let (mut all, mut cursor, mut seen) = (Vec::new(), None, HashSet::new());
    for _ in 0..PAGES {
        let page: Page<T> = page(http, path, cursor.as_deref()).await?;
        all.extend(page.data.iter().filter_map(&read));
        if all.len() > MOST {
            let text = format!("{} lists more than {MOST} of them.", http.host());
            return Err(Error::new(ErrorCode::LimitExceeded, text));
        }
        let next = page.paging.next_cursor;
        // One that leads to where it led before would do so for ever.
        if next.is_empty() || !seen.insert(next.clone()) {
            break;
        }
        cursor = Some(next);
    }
    Ok(all)
}
