//! What the path of a web action names.

use axum::http::StatusCode;
use beckon_core::FunctionKey;

use crate::gateway::Refusal;
use crate::openwhisk::gateway::NO_SUCH;
use crate::openwhisk::percent_decoded;

pub(super) const PREFIX: &str = "/api/v1/web/";

/// What an extension makes of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Projection {
    /// The response that the result describes.
    Http,
    /// The result itself.
    Json,
    /// A page in the result.
    Html,
    /// A picture in the result.
    Svg,
    /// A text in the result.
    Text,
}

/// Which action, and how.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) key: FunctionKey,
    pub(super) projection: Projection,
    /// What follows the action, percent-encoded, with its slash; `/` when nothing does.
    pub(super) rest: String,
}

impl Target {
    /// Reads a path that begins with [`PREFIX`].
    ///
    /// # Errors
    /// 404 for what cannot be an action's.
    pub(super) fn of(path: &str) -> Result<Self, Refusal> {
        let mut segments = path.strip_prefix(PREFIX).unwrap_or_default().splitn(4, '/');
        let mut next = || segments.next().filter(|segment| !segment.is_empty());
        let (Some(namespace), Some(package), Some(action)) = (next(), next(), next()) else {
            return Err(Refusal::not_found(NO_SUCH));
        };
        let rest = segments.next().unwrap_or_default();
        let (action, projection) = projected(action);
        let (package, action) = (percent_decoded(package), percent_decoded(action));
        let name = match package.as_str() {
            "default" => action,
            _ => format!("{package}/{action}"),
        };
        let key = FunctionKey::new(&percent_decoded(namespace), &name)
            .map_err(|error| Refusal::new(StatusCode::NOT_FOUND, error.message))?;
        Ok(Self {
            key,
            projection,
            rest: format!("/{rest}"),
        })
    }
}

/// The name without its extension. A dot before anything else belongs to the name.
fn projected(action: &str) -> (&str, Projection) {
    let Some((name, extension)) = action.rsplit_once('.').filter(|(name, _)| !name.is_empty()) else {
        return (action, Projection::Http);
    };
    let projection = match extension.to_ascii_lowercase().as_str() {
        "http" => Projection::Http,
        "json" => Projection::Json,
        "html" => Projection::Html,
        "svg" => Projection::Svg,
        "text" => Projection::Text,
        _ => return (action, Projection::Http),
    };
    (name, projection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        for (path, key, projection, rest) in [
            ("guest/default/hello", "/guest/hello", Projection::Http, "/"),
            (
                "guest/demo/hello.json",
                "/guest/demo/hello",
                Projection::Json,
                "/",
            ),
            ("guest/demo/v1.2", "/guest/demo/v1.2", Projection::Http, "/"),
            (
                "guest/demo/v1.2.TEXT/a%20b/c",
                "/guest/demo/v1.2",
                Projection::Text,
                "/a%20b/c",
            ),
            ("guest/my%20pkg/f.svg/", "/guest/my pkg/f", Projection::Svg, "/"),
        ] {
            let target = Target::of(&format!("{PREFIX}{path}")).unwrap();
            let read = (target.key.to_string(), target.projection, target.rest);
            assert_eq!(read, (key.to_owned(), projection, rest.to_owned()), "{path}");
        }
        for path in [
            "",
            "guest",
            "guest/default",
            "guest/default/",
            "guest/default/.json/x y%00",
        ] {
            assert!(Target::of(&format!("{PREFIX}{path}")).is_err(), "{path}");
        }
    }
}
