//! What the tools of a build find in their environment: where to fetch from, and nothing else of the user's.
//!
//! A build's home directory is empty and its own, so that tools write nowhere else. What they need to reach the
//! registries that the user has set up is passed on, and only that:
//!
//! | tool | passed on |
//! |---|---|
//! | all | proxies (`HTTP_PROXY`, …), certificates (`SSL_CERT_FILE`, `SSL_CERT_DIR`), `NETRC` or `~/.netrc` |
//! | npm | `npm_config_*` about registries, proxies, certificates and fetching; `~/.npmrc`; `NODE_EXTRA_CA_CERTS` |
//! | pip | `PIP_*` but those about places; the user's `pip.conf`; `REQUESTS_CA_BUNDLE` |
//! | go | `GOPROXY`, `GOSUMDB`, `GONOSUMDB`, `GONOPROXY`, `GOPRIVATE`, `GOINSECURE`, `GOVCS`, `GOFLAGS`; `go env -w`'s file |
//! | cargo | `CARGO_*` about registries, sources, HTTP and networks (tokens too); `config.toml` of `CARGO_HOME`; `RUSTUP_HOME`, `RUSTUP_TOOLCHAIN` |
//!
//! What they download is kept in the data directory, and shared by all builds.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use beckon_core::Language;

/// Names that are passed on as they are.
const PASSED: [&str; 31] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "NETRC",
    "GOPROXY",
    "GOSUMDB",
    "GONOSUMDB",
    "GONOSUMCHECK",
    "GONOPROXY",
    "GOPRIVATE",
    "GOINSECURE",
    "GOVCS",
    "GOFLAGS",
    "GOROOT",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "RUSTUP_AUTO_INSTALL",
    "CARGO_HTTP_CAINFO",
    "CARGO_HTTP_PROXY",
    "CARGO_NET_OFFLINE",
];
/// What `PIP_…` must not say: places are Beckon's to choose.
const PIP_PLACES: [&str; 9] = [
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
    "PIP_CACHE_DIR",
    "PIP_LOG",
    "PIP_REPORT",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_PYTHON",
];
/// What `npm_config_…` may say, without the prefix and in lower case.
const NPM_SETTINGS: [&str; 14] = [
    "registry",
    "proxy",
    "https_proxy",
    "noproxy",
    "ca",
    "cafile",
    "cert",
    "key",
    "strict_ssl",
    "offline",
    "prefer_offline",
    "maxsockets",
    "userconfig",
    "globalconfig",
];

/// Everything but what a tool is told of its own.
pub(crate) fn common(home: &Path, cache: &Path) -> Vec<(String, OsString)> {
    let mut env: Vec<(String, OsString)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| passes(name))
        .collect();
    let mut set = |name: &str, value: OsString| match env.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value,
        None => env.push((name.to_owned(), value)),
    };
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    set("PATH", path);
    set("HOME", home.into());
    set("TMPDIR", home.join("tmp").into());
    set("LANG", "C.UTF-8".into());
    set("NO_COLOR", "1".into());
    set("CI", "true".into());
    let user = UserHome::find();
    if std::env::var_os("NETRC").is_none()
        && let Some(netrc) = user.file(".netrc")
    {
        set("NETRC", netrc.into());
    }

    set("npm_config_cache", cache.join("npm").into());
    set("npm_config_update_notifier", "false".into());
    set("npm_config_color", "false".into());
    set("npm_config_progress", "false".into());
    if !has("npm_config_userconfig")
        && !has("NPM_CONFIG_USERCONFIG")
        && let Some(npmrc) = user.file(".npmrc")
    {
        set("npm_config_userconfig", npmrc.into());
    }

    set("PIP_CACHE_DIR", cache.join("pip").into());
    set("PIP_NO_INPUT", "1".into());
    set("PIP_NO_COLOR", "1".into());
    set("PIP_PROGRESS_BAR", "off".into());
    set("PIP_DISABLE_PIP_VERSION_CHECK", "1".into());
    if !has("PIP_CONFIG_FILE")
        && let Some(conf) = user.config("pip/pip.conf").or_else(|| user.file(".pip/pip.conf"))
    {
        set("PIP_CONFIG_FILE", conf.into());
    }

    set("GOPATH", cache.join("go").into());
    set("GOCACHE", cache.join("go/build").into());
    set("GOMODCACHE", cache.join("go/mod").into());
    let goenv = user.config("go/env").map_or_else(|| "off".into(), OsString::from);
    set("GOENV", goenv);

    set("CARGO_HOME", cache.join("cargo").into());
    set("CARGO_TERM_COLOR", "never".into());
    if !has("RUSTUP_HOME")
        && let Some(rustup) = user.file(".rustup")
    {
        set("RUSTUP_HOME", rustup.into());
    }
    env
}

/// What a tool may read beside the system and its own places: what its environment names, its toolchain, and the
/// configuration that it looks for above its working directory; not what other languages' tools are configured with,
/// nor a folder that the home directory or the build itself is in.
pub(crate) fn readable(
    language: Language,
    env: &[(String, OsString)],
    program: &Path,
    folder: &Path,
) -> Vec<PathBuf> {
    let named = env
        .iter()
        .filter(|(name, _)| concerns(language, name))
        .map(|(_, value)| PathBuf::from(value));
    let mut all: Vec<PathBuf> = named.filter(|path| path.is_absolute()).collect();
    if language == Language::Rust {
        all.extend(cargo_config());
        for above in folder.ancestors() {
            all.extend(["config.toml", "config"].map(|name| above.join(".cargo").join(name)));
        }
    }
    // Go keeps all of itself beside its programs.
    let real = program.canonicalize();
    let root = real.as_deref().ok().and_then(Path::parent).and_then(Path::parent);
    all.extend(
        root.filter(|root| root.join("src/runtime").is_dir())
            .map(Path::to_owned),
    );
    all.extend(["pip.conf", "xdg/pip", "gitconfig", "npmrc"].map(|name| Path::new("/etc").join(name)));
    let home = std::env::home_dir();
    let holds =
        |path: &Path| folder.starts_with(path) || home.as_ref().is_some_and(|home| home.starts_with(path));
    all.retain(|path| path.exists() && !holds(path));
    all
}

/// Whether a variable says something to the tools of a language.
fn concerns(language: Language, name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let of = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    if matches!(name.as_str(), "PATH" | "HOME" | "TMPDIR") {
        false
    } else if of(&["PIP_"]) {
        language == Language::Python
    } else if of(&["NPM_", "NODE_"]) {
        language == Language::Node
    } else if of(&["CARGO_", "RUSTUP_"]) {
        language == Language::Rust
    } else if of(&["GO"]) {
        language == Language::Go
    } else if name == "NETRC" {
        matches!(language, Language::Python | Language::Go)
    } else {
        true
    }
}

/// What the user has configured cargo with. Its own home is the cache, so that it would not find it.
pub(crate) fn cargo_config() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    match home.filter(|home| home.is_absolute()) {
        Some(home) => Some(home.join("config.toml")).filter(|path| path.is_file()),
        None => UserHome::find().file(".cargo/config.toml"),
    }
}

fn has(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

fn passes(name: &str) -> bool {
    if PASSED.contains(&name) {
        return true;
    }
    if name.starts_with("PIP_") {
        return !PIP_PLACES.contains(&name);
    }
    if let Some(rest) = name
        .strip_prefix("npm_config_")
        .or_else(|| name.strip_prefix("NPM_CONFIG_"))
    {
        let setting = rest.to_ascii_lowercase();
        return NPM_SETTINGS.contains(&setting.as_str())
            || setting.starts_with("fetch_")
            || setting.starts_with("_auth")
            // `//registry.example/:_authToken`, `@scope:registry`
            || setting.starts_with("//")
            || setting.starts_with('@');
    }
    name.starts_with("CARGO_REGISTR") || name.starts_with("CARGO_SOURCE_")
}

/// Where the user keeps what tools are configured with.
pub(crate) struct UserHome(Option<PathBuf>);

impl UserHome {
    pub(crate) fn find() -> Self {
        Self(
            std::env::var_os("HOME")
                .map(PathBuf::from)
                .filter(|home| home.is_absolute()),
        )
    }

    /// A file or folder of the home directory, if it is there.
    pub(crate) fn file(&self, name: &str) -> Option<PathBuf> {
        self.0
            .as_ref()
            .map(|home| home.join(name))
            .filter(|path| path.exists())
    }

    /// A file of the configuration directory, if it is there.
    fn config(&self, name: &str) -> Option<PathBuf> {
        let folder = std::env::var_os("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .filter(|folder| folder.is_absolute())
            .or_else(|| self.0.as_ref().map(|home| home.join(".config")))?;
        Some(folder.join(name)).filter(|path| path.exists())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_pass_and_nothing_else() {
        for name in [
            "npm_config_registry",
            "NPM_CONFIG_//registry.example/:_authToken",
            "npm_config_@scope:registry",
            "PIP_INDEX_URL",
            "GOPROXY",
            "CARGO_REGISTRIES_MINE_INDEX",
            "https_proxy",
        ] {
            assert!(passes(name), "{name}");
        }
        for name in [
            "BECKON_PASSPHRASE",
            "AWS_SECRET_ACCESS_KEY",
            "GITHUB_TOKEN",
            "npm_config_prefix",
            "npm_config_ignore_scripts",
            "NODE_OPTIONS",
            "PYTHONPATH",
            "PIP_TARGET",
            "CARGO_TARGET_DIR",
            "RUSTC_WRAPPER",
            "LD_PRELOAD",
        ] {
            assert!(!passes(name), "{name}");
        }
    }

    #[test]
    fn a_tool_reads_its_own_configuration_and_nobody_elses() {
        let user = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = user.path().join(name);
            std::fs::write(&path, "").unwrap();
            path
        };
        let (npmrc, netrc, pip) = (file("npmrc"), file("netrc"), file("pip.conf"));
        let env = [
            ("npm_config_userconfig".to_owned(), npmrc.clone().into()),
            ("NETRC".to_owned(), netrc.clone().into()),
            ("PIP_CONFIG_FILE".to_owned(), pip.clone().into()),
            ("SSL_CERT_DIR".to_owned(), "/".into()),
            ("CURL_CA_BUNDLE".to_owned(), user.path().into()),
        ];
        let folder = user.path().join("builds/tmp/1/code");
        let own = |language| -> Vec<PathBuf> {
            let all = readable(language, &env, Path::new("/usr/bin/true"), &folder);
            all.into_iter()
                .filter(|path| path.starts_with(user.path()) || path.parent().is_none())
                .collect()
        };
        assert_eq!(own(Language::Node), [npmrc]);
        assert_eq!(own(Language::Python), [netrc.clone(), pip]);
        assert_eq!(own(Language::Go), [netrc]);
        assert!(own(Language::Rust).is_empty());
    }

    #[test]
    fn places_are_the_builds_own() {
        let env = common(Path::new("/b/home"), Path::new("/b/cache"));
        let value = |name: &str| {
            let mut found = env.iter().filter(|(known, _)| known == name);
            let value = found.next().unwrap().1.to_str().unwrap().to_owned();
            assert!(found.next().is_none(), "{name} twice");
            value
        };
        assert_eq!(value("HOME"), "/b/home");
        assert_eq!(value("CARGO_HOME"), "/b/cache/cargo");
        assert_eq!(value("npm_config_cache"), "/b/cache/npm");
    }
}
