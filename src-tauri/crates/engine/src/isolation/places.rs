//! The paths that every function may read: the system's programs and libraries, the interpreters, and what resolvers,
//! TLS and time zones need of `/etc`. Of a home directory only an interpreter's own installation is among them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use beckon_core::{Language, RuntimeStatus};

/// What may be done below a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    Read,
    Execute,
    /// A device file that is read and written.
    Device,
}

/// Programs and libraries. Those that are links into `/usr` cost nothing: they are the same place.
const SYSTEM: [&str; 11] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    // NixOS and Guix.
    "/nix/store",
    "/run/current-system/sw",
    "/gnu/store",
    "/run/current-system/profile",
];

/// `/proc` whole: which process a path like `/proc/self` will be is not known before it is there, and runtimes read
/// their own entries (Node's `process.memoryUsage`). What is secret in others' entries asks for the right to trace.
const READ: [&str; 6] = [
    "/proc",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
    "/var/cache/fontconfig",
];

const DEVICES: [&str; 5] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
];

/// Of `/etc`: loading of programs, names of hosts and users, certificates, time.
const ETC: [&str; 27] = [
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "ld.so.preload",
    "hosts",
    "hostname",
    "host.conf",
    "nsswitch.conf",
    "resolv.conf",
    "gai.conf",
    "services",
    "protocols",
    "networks",
    "passwd",
    "group",
    "localtime",
    "timezone",
    "os-release",
    "debian_version",
    "mime.types",
    "magic",
    "fonts",
    "alternatives",
    "ca-certificates",
    "pki/ca-trust",
    "crypto-policies",
    "static",
];

/// Of `/etc`: certificates, but not the private keys beside them.
const CERTIFICATES: [&str; 6] = [
    "ssl/certs",
    "ssl/cert.pem",
    "ssl/openssl.cnf",
    "ssl/openssl.cnf.d",
    "pki/tls/certs",
    "pki/tls/openssl.cnf",
];

/// Of `/etc`: interpreters' own configuration begins with these, and a version may follow.
const CONFIGURATION: [&str; 6] = ["php", "python", "perl", "ruby", "java", "ImageMagick"];

/// Of an interpreter's installation. Not all of it: an installation may be `~/.local`, or a project.
const INSTALLATION: [&str; 8] = [
    "bin",
    "lib",
    "lib64",
    "libexec",
    "ssl",
    "pyvenv.cfg",
    "share/zoneinfo",
    "share/terminfo",
];

/// Of an installation that is the home directory itself.
const INSTALLATION_AT_HOME: [&str; 2] = ["lib/node_modules", "lib/ruby"];

/// Homebrew's parts refer to each other by these.
const LINUXBREW: &str = "/home/linuxbrew/.linuxbrew";

/// Which places there are on this machine.
#[derive(Debug)]
pub(crate) struct Places {
    shims: PathBuf,
    interpreters: Vec<PathBuf>,
    /// The folders that the interpreters are in.
    pub(crate) programs: Vec<PathBuf>,
}

/// Tells whether the places are still what they were: programs that manage `/etc` replace its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment(Option<(i64, i64)>, Option<(u64, u64)>);

impl Places {
    pub(crate) fn new(data_dir: &Path, runtimes: &[RuntimeStatus]) -> Self {
        let home = std::env::home_dir();
        let mut interpreters = Vec::new();
        let mut programs = Vec::new();
        let mut seen = Vec::new();
        for status in runtimes {
            // Compilers work for Beckon, not for the functions.
            if matches!(status.language, Language::Go | Language::Rust) {
                continue;
            }
            // Of several versions the one on PATH is everybody's; another is opened for those who run on it.
            if seen.contains(&status.language) {
                continue;
            }
            let Some(path) = status.path.as_deref().filter(|_| status.available) else {
                continue;
            };
            seen.push(status.language);
            installation(Path::new(path), home.as_deref(), &mut interpreters);
            if let Some(folder) = Path::new(path).parent()
                && !programs.iter().any(|there| there == folder)
            {
                programs.push(folder.to_owned());
            }
        }
        Self {
            shims: data_dir.join("shims"),
            interpreters,
            programs,
        }
    }

    /// The same with other interpreters.
    pub(crate) fn renewed(&self, runtimes: &[RuntimeStatus]) -> Self {
        Self::new(self.shims.parent().unwrap_or(&self.shims), runtimes)
    }

    /// All places that exist, each once, by their real paths, less those inside of others of the same use.
    pub(crate) fn all(&self) -> BTreeSet<(PathBuf, Use)> {
        let mut all = BTreeSet::new();
        let mut add = |path: PathBuf, how: Use| {
            if let Ok(real) = path.canonicalize() {
                all.insert((real, how));
            }
        };
        for path in SYSTEM {
            add(path.into(), Use::Execute);
        }
        for path in &self.interpreters {
            add(path.clone(), Use::Execute);
        }
        add(self.shims.clone(), Use::Read);
        for path in READ {
            add(path.into(), Use::Read);
        }
        for path in DEVICES {
            add(path.into(), Use::Device);
        }
        let etc = Path::new("/etc");
        for name in ETC.iter().chain(&CERTIFICATES) {
            add(etc.join(name), Use::Read);
        }
        for entry in fs::read_dir(etc).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if CONFIGURATION.iter().any(|start| name.starts_with(start)) {
                add(entry.path(), Use::Read);
            }
        }
        if let Some(folder) = resolver_folder() {
            add(folder, Use::Read);
        }
        let inside = |(path, how): &(PathBuf, Use)| {
            path.ancestors()
                .skip(1)
                .any(|above| all.contains(&(above.to_owned(), Use::Execute)) && *how != Use::Device)
        };
        all.iter().filter(|place| !inside(place)).cloned().collect()
    }

    /// When it is: two system calls.
    pub(crate) fn moment() -> Moment {
        let etc = fs::metadata("/etc").ok();
        let resolver = fs::metadata("/etc/resolv.conf").ok();
        Moment(
            etc.map(|etc| (etc.mtime(), etc.mtime_nsec())),
            resolver.map(|file| (file.dev(), file.ino())),
        )
    }
}

/// The folder that `/etc/resolv.conf` is a link into, where it is one of its own: the file in it is replaced whenever
/// the network changes, and warm workers are to see the new one.
fn resolver_folder() -> Option<PathBuf> {
    let real = fs::canonicalize("/etc/resolv.conf").ok()?;
    let folder = real.parent()?;
    // For example /run/systemd/resolve, /run/NetworkManager, /run/resolvconf.
    let own = folder.starts_with("/run") && folder.components().count() > 2;
    (own && !folder.starts_with("/run/user")).then(|| folder.to_owned())
}

/// What a program that is not among the places needs of where it was installed.
pub(crate) fn installation_of(program: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    installation(program, std::env::home_dir().as_deref(), &mut found);
    found
}

/// What an interpreter needs of where it was installed.
fn installation(program: &Path, home: Option<&Path>, into: &mut Vec<PathBuf>) {
    into.push(program.to_owned());
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    for path in [program, &real] {
        parts(path, home, into);
    }
    if real.starts_with(LINUXBREW) {
        for part in [
            "Cellar",
            "opt",
            "lib",
            "bin",
            "etc/ca-certificates",
            "etc/openssl@3",
        ] {
            into.push(Path::new(LINUXBREW).join(part));
        }
    }
    // A virtual environment names the installation that it was made of.
    let marker = program
        .parent()
        .and_then(Path::parent)
        .map(|prefix| prefix.join("pyvenv.cfg"));
    let text = marker
        .and_then(|marker| fs::read_to_string(marker).ok())
        .unwrap_or_default();
    let base = text
        .lines()
        .find_map(|line| line.strip_prefix("home")?.trim_start().strip_prefix('='));
    if let Some(base) = base.map(str::trim).filter(|base| base.starts_with('/')) {
        parts(&Path::new(base).join("python3"), home, into);
    }
}

/// The parts of the installation with this program.
fn parts(program: &Path, home: Option<&Path>, into: &mut Vec<PathBuf>) {
    let folder = program.parent().filter(|folder| folder.ends_with("bin"));
    let Some(prefix) = folder.and_then(Path::parent) else {
        return;
    };
    // `/usr` and its like are among the places already.
    if prefix.parent().is_none() || prefix.starts_with("/usr") {
        return;
    }
    let at_home = home.is_some_and(|home| home.starts_with(prefix));
    let names: &[&str] = if at_home {
        &INSTALLATION_AT_HOME
    } else {
        &INSTALLATION
    };
    into.extend(names.iter().map(|name| prefix.join(name)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[PathBuf]) -> Vec<&str> {
        paths.iter().filter_map(|path| path.to_str()).collect()
    }

    #[test]
    fn an_installation_in_the_home_directory_opens_nothing_else_of_it() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        for (program, open) in [
            (
                ".nvm/versions/node/v20.1.0/bin/node",
                Some(".nvm/versions/node/v20.1.0/lib"),
            ),
            (
                ".pyenv/versions/3.11.7/bin/python3",
                Some(".pyenv/versions/3.11.7/lib"),
            ),
            (".local/bin/python3", Some(".local/lib")),
            ("bin/node", None),
            ("tools/node", None),
        ] {
            let program = home.join(program);
            fs::create_dir_all(program.parent().unwrap()).unwrap();
            fs::write(&program, "").unwrap();
            let mut found = Vec::new();
            installation(&program, Some(&home), &mut found);
            assert!(found.contains(&program));
            if let Some(open) = open {
                assert!(found.contains(&home.join(open)), "{found:?}");
            }
            for secret in [
                "",
                ".ssh/id_rsa",
                ".local/share/keyrings/login.keyring",
                "bin",
                "lib",
                ".env",
            ] {
                let secret = home.join(secret);
                assert!(
                    !found.iter().any(|path| secret.starts_with(path)),
                    "{secret:?} in {found:?}"
                );
            }
        }
    }

    #[test]
    fn a_virtual_environment_brings_what_it_was_made_of() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        fs::create_dir_all(folder.join("project/bin")).unwrap();
        fs::write(folder.join("project/bin/python3"), "").unwrap();
        let base = folder.join("python-3.12/bin");
        fs::write(
            folder.join("project/pyvenv.cfg"),
            format!("home = {}\nversion = 3.12\n", base.display()),
        )
        .unwrap();
        let mut found = Vec::new();
        installation(&folder.join("project/bin/python3"), None, &mut found);
        assert!(
            found.contains(&folder.join("python-3.12/lib")),
            "{:?}",
            names(&found)
        );
        assert!(found.contains(&folder.join("project/lib")));
        assert!(!found.contains(&folder.join("project")));
    }

    #[test]
    fn every_place_is_there_and_none_is_inside_another() {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join("shims")).unwrap();
        let all = Places::new(data.path(), &crate::runtimes::Runtimes::find().all()).all();
        assert!(all.contains(&("/usr".into(), Use::Execute)));
        assert!(all.contains(&("/dev/null".into(), Use::Device)));
        assert!(all.iter().any(|(path, _)| path.ends_with("shims")));
        assert!(
            !all.iter()
                .any(|(path, _)| path.ends_with("shadow") || path == Path::new("/etc"))
        );
        let nested = all
            .iter()
            .find(|(path, _)| path != Path::new("/usr") && path.starts_with("/usr"));
        assert_eq!(nested, None);
    }
}
