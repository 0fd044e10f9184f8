use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};

/// The paths of this dialect.
const PREFIXES: [&str; 3] = ["/function/", "/async-function/", "/system/"];

/// Where a request is sent whose path is not clean, as Go's router has it: 301 to the same without doubled slashes and
/// dots. `None` for one that is, and for those of other dialects.
pub(crate) fn cleaned(uri: &Uri) -> Option<Response<Body>> {
    let path = uri.path();
    let is_suspect = path.contains("//") || path.contains("/.");
    if !is_suspect || !PREFIXES.iter().any(|prefix| path.starts_with(prefix)) {
        return None;
    }
    let mut target = clean(path);
    if target == path {
        return None;
    }
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    let location = HeaderValue::from_str(&target).ok()?;
    response.headers_mut().insert(header::LOCATION, location);
    Some(response)
}

/// Go's `path.Clean`, which keeps a slash at the end here.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let mut clean = format!("/{}", parts.join("/"));
    if path.ends_with('/') && !parts.is_empty() {
        clean.push('/');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_go_cleans_them() {
        for (path, wanted) in [
            ("/function/a//b", Some("/function/a/b")),
            ("/function//a?x=//", Some("/function/a?x=//")),
            ("/function/a/../../system/info", Some("/system/info")),
            ("/function/a/./b//", Some("/function/a/b/")),
            ("/function/../..", Some("/")),
            ("/async-function/a//", Some("/async-function/a/")),
            ("/function/a/.b", None),
            ("/function/a/%2F%2F", None),
            ("/api/v1//a", None),
        ] {
            let response = cleaned(&path.parse().unwrap());
            let location = response.map(|response| response.headers()[header::LOCATION].clone());
            assert_eq!(
                location.as_ref().map(|value| value.to_str().unwrap()),
                wanted,
                "{path}"
            );
        }
    }
}
