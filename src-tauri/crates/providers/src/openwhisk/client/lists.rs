use std::collections::HashSet;

use beckon_core::{ErrorCode, FunctionSummary, Millis, Mode, NamespaceName, Result};

use super::read;
use crate::RecordPage;
use crate::openwhisk::{path_segment, wire};
use crate::transport::Http;

/// The most that one page may have, upstream and at DigitalOcean.
const PAGE: u32 = 200;
/// Full records are large (logs of up to 10 MB each), so they are asked for in smaller pages.
const RECORDS: u32 = 50;
/// A server whose pages never end is not believed beyond this.
const MOST_FUNCTIONS: u32 = 20_000;

/// All functions of a namespace.
pub(super) async fn functions(http: &Http, namespace: &NamespaceName) -> Result<Vec<FunctionSummary>> {
    let mut functions = Vec::new();
    let mut seen = HashSet::new();
    let mut skip = 0;
    while skip < MOST_FUNCTIONS {
        let path = format!(
            "namespaces/{}/actions?limit={PAGE}&skip={skip}",
            path_segment(namespace.as_str())
        );
        let page: Vec<wire::ReceivedAction> = http.get(&path).await?.ok()?.json()?;
        let count = page.len();
        // Pages shift when a function is saved meanwhile: one may come twice.
        functions.extend(
            page.iter()
                .filter_map(read::summary)
                .filter(|summary| seen.insert(summary.key.clone())),
        );
        if count < PAGE as usize {
            break;
        }
        skip += PAGE;
    }
    Ok(functions)
}

/// Records of a namespace, newest first, after the first `skip`. One that cannot be read is left out.
pub(super) async fn activations(
    http: &Http,
    namespace: &NamespaceName,
    since: Option<Millis>,
    mut skip: u32,
    limit: u32,
) -> Result<RecordPage> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let end = skip.saturating_add(limit);
    let mut size = RECORDS;
    while skip < end {
        let ask = size.min(end - skip);
        let page = match page(http, namespace, since, skip, ask, true).await {
            // One record can be larger than any reply that is read: smaller pages, and in the end that record without
            // its result and logs.
            Err(error) if error.code == ErrorCode::LimitExceeded && ask > 1 => {
                size = ask / 2;
                continue;
            }
            Err(error) if error.code == ErrorCode::LimitExceeded => {
                page(http, namespace, since, skip, 1, false).await?
            }
            page => page?,
        };
        let count = u32::try_from(page.len()).unwrap_or(u32::MAX);
        for record in &page {
            match read::activation(record, namespace, Mode::NonBlocking) {
                Ok(activation) if seen.insert(activation.summary.id) => {
                    found.push(activation);
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "a provider's activation record was left out"),
            }
        }
        if count < ask {
            return Ok(RecordPage {
                records: found,
                is_last: true,
            });
        }
        skip += ask;
    }
    Ok(RecordPage {
        records: found,
        is_last: false,
    })
}

async fn page(
    http: &Http,
    namespace: &NamespaceName,
    since: Option<Millis>,
    skip: u32,
    limit: u32,
    docs: bool,
) -> Result<Vec<wire::ReceivedActivation>> {
    let since = since.map(|since| format!("&since={since}")).unwrap_or_default();
    let namespace = path_segment(namespace.as_str());
    let path = format!("namespaces/{namespace}/activations?docs={docs}&limit={limit}&skip={skip}{since}");
    http.get(&path).await?.ok()?.json()
}
