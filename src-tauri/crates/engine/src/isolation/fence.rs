//! Files, signals and sockets that a process may reach: one Landlock domain for each.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use beckon_core::{Guard, RuntimeStatus};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
    make_bitflags,
};
use parking_lot::{Mutex, RwLock};

use super::places::{Moment, Places, Use, installation_of};
use super::{Confinement, Network, Workplace};

/// What a process may do with a path that it only reads.
const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
/// What it may do with programs.
const EXECUTE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{Execute | ReadFile | ReadDir});
const DEVICE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | WriteFile | Truncate | IoctlDev});
const ON_FILES: BitFlags<AccessFs> =
    make_bitflags!(AccessFs::{Execute | WriteFile | ReadFile | Truncate | IoctlDev | ResolveUnix});

/// The places of everybody, opened.
struct Shared {
    rules: Vec<(PathFd, BitFlags<AccessFs>)>,
    /// Those of programs.
    programs: Vec<PathBuf>,
}

/// What is one process's own.
pub(super) struct Own<'a> {
    pub(super) confinement: &'a Confinement,
    pub(super) program: &'a Path,
    pub(super) scratch: &'a Path,
    pub(super) secrets: Option<&'a Path>,
}

/// The rules for one process, which hold for the next one like it.
pub(super) struct Rules {
    ruleset: RulesetCreated,
    /// What they were made of; not held, for it has a descriptor for each place.
    shared: Weak<Shared>,
    program: PathBuf,
}

/// Fences threads in.
pub(crate) struct Fence {
    places: RwLock<Places>,
    abi: ABI,
    open: Mutex<Option<(Moment, Arc<Shared>)>>,
}

/// What this kernel's Landlock can do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Landlock {
    /// There is none, or it is switched off.
    Missing(&'static str),
    Available(ABI),
}

impl Landlock {
    /// Tries it, on this thread: to be called on one that ends.
    pub(crate) fn try_here() -> Self {
        let status = Ruleset::default()
            .handle_access(AccessFs::Execute)
            .and_then(Ruleset::create)
            .and_then(RulesetCreated::restrict_self);
        match status.map(|status| (status.ruleset, status.landlock)) {
            Ok((RulesetStatus::FullyEnforced, LandlockStatus::Available { effective_abi, .. })) => {
                Self::Available(effective_abi)
            }
            Ok((_, LandlockStatus::NotEnabled)) => Self::Missing("Landlock is switched off in this kernel."),
            Ok(_) => Self::Missing("This kernel has no Landlock (it came with Linux 5.13)."),
            Err(_) => Self::Missing("This kernel refuses Landlock here."),
        }
    }

    pub(crate) fn abi(self) -> ABI {
        match self {
            Self::Missing(_) => ABI::Unsupported,
            Self::Available(abi) => abi,
        }
    }
}

impl Fence {
    pub(crate) fn new(places: Places, landlock: Landlock) -> Self {
        Self {
            places: RwLock::new(places),
            abi: landlock.abi(),
            open: Mutex::default(),
        }
    }

    /// See [`super::Isolation::renew`].
    pub(crate) fn renew(&self, runtimes: &[RuntimeStatus]) {
        let renewed = self.places.read().renewed(runtimes);
        *self.places.write() = renewed;
        *self.open.lock() = None;
    }

    /// Whether it keeps processes from what they were not given, such as Beckon's terminal.
    pub(crate) fn holds_files(&self) -> bool {
        self.abi >= ABI::V1
    }

    /// Whether it keeps processes from other programs' sockets (Linux 7.1), so that no filter has to.
    pub(crate) fn holds_sockets(&self) -> bool {
        self.abi >= ABI::V9
    }

    /// Confines this thread and what it starts, by the rules that are kept where those hold. Tells what holds.
    pub(super) fn enter(&self, own: &Own<'_>, kept: Option<&Mutex<Option<Rules>>>) -> Vec<Guard> {
        if self.abi < ABI::V1 {
            return Vec::new();
        }
        match self.restrict(own, kept) {
            Ok(()) => self.guards(),
            Err(e) => {
                tracing::warn!(error = %e, "a process could not be fenced in");
                Vec::new()
            }
        }
    }

    fn guards(&self) -> Vec<Guard> {
        let mut guards = Vec::new();
        // Before that, files outside could be emptied, though not written.
        if self.abi >= ABI::V3 {
            guards.push(Guard::Files);
        }
        if self.abi >= ABI::V6 {
            guards.push(Guard::Signals);
        }
        if self.holds_sockets() {
            guards.push(Guard::Sockets);
        }
        guards
    }

    /// Confines this thread to a build. Tells what holds.
    pub(crate) fn enter_build(&self, workplace: &Workplace, program: &Path) -> Vec<Guard> {
        // Before Linux 5.19 nobody can be fenced in who moves files between folders.
        if self.abi < ABI::V2 {
            return Vec::new();
        }
        match self.restrict_build(workplace, program) {
            Ok(()) => self.guards(),
            Err(e) => {
                tracing::warn!(error = %e, "a build could not be fenced in");
                Vec::new()
            }
        }
    }

    fn restrict_build(&self, workplace: &Workplace, program: &Path) -> Result<(), RulesetError> {
        let all = AccessFs::from_all(ABI::V9);
        let mut ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(all)?
            .scope(Scope::from_all(ABI::V6))?
            .create()?;
        let shared = self.shared();
        for (path, access) in &shared.rules {
            ruleset = ruleset.add_rule(PathBeneath::new(path, *access))?;
        }
        let writable = workplace.writable.iter().cloned();
        let readable = workplace.readable.iter().cloned().chain(installation_of(program));
        let own = writable
            .map(|path| (path, all & !(AccessFs::MakeChar | AccessFs::MakeBlock)))
            .chain(readable.map(|path| (path, EXECUTE)));
        for (path, access) in own {
            let access = if path.is_dir() { access } else { access & ON_FILES };
            if let Ok(fd) = PathFd::new(path) {
                ruleset = ruleset.add_rule(PathBeneath::new(fd, access))?;
            }
        }
        ruleset.restrict_self().map(drop)
    }

    fn restrict(&self, own: &Own<'_>, kept: Option<&Mutex<Option<Rules>>>) -> Result<(), RulesetError> {
        let shared = self.shared();
        let installation = installation(own, &shared);
        // Paths outside of the usual places can come to mean something else, and rules name what is there now.
        let Some(kept) = kept.filter(|_| installation.is_empty()) else {
            return ruleset_of(own, &installation, &shared)?.restrict_self().map(drop);
        };
        let mut kept = kept.lock();
        let same = |rules: &Rules| {
            std::ptr::eq(rules.shared.as_ptr(), Arc::as_ptr(&shared)) && rules.program == own.program
        };
        let rules = match kept.take() {
            Some(rules) if same(&rules) => rules,
            _ => Rules {
                ruleset: ruleset_of(own, &installation, &shared)?,
                shared: Arc::downgrade(&shared),
                program: own.program.to_owned(),
            },
        };
        match rules.ruleset.try_clone() {
            Ok(again) => {
                *kept = Some(rules);
                again.restrict_self().map(drop)
            }
            // No descriptor is left.
            Err(_) => rules.ruleset.restrict_self().map(drop),
        }
    }

    /// The places of everybody, opened once and again when `/etc` has changed.
    fn shared(&self) -> Arc<Shared> {
        let now = Places::moment();
        if let Some((then, open)) = &*self.open.lock()
            && *then == now
        {
            return open.clone();
        }
        let (mut rules, mut programs) = (Vec::new(), Vec::new());
        for (path, how) in self.places.read().all() {
            let Ok(fd) = PathFd::new(&path) else { continue };
            let access = match how {
                Use::Read => READ,
                Use::Execute => EXECUTE,
                Use::Device => DEVICE,
            };
            rules.push((fd, if path.is_dir() { access } else { access & ON_FILES }));
            if how == Use::Execute {
                programs.push(path);
            }
        }
        let open = Arc::new(Shared { rules, programs });
        *self.open.lock() = Some((now, open.clone()));
        open
    }

    /// See [`super::Isolation::search_path`].
    pub(crate) fn search_path(&self, path: &str) -> OsString {
        if self.abi < ABI::V1 {
            return path.into();
        }
        let places = self.places.read();
        let open = places.all();
        let usable = |folder: &Path| {
            let Ok(real) = folder.canonicalize() else {
                return false;
            };
            real.ancestors()
                .any(|above| open.contains(&(above.to_owned(), Use::Execute)))
        };
        let asked = std::env::split_paths(path).filter(|folder| usable(folder));
        let mut folders: Vec<_> = asked.collect();
        // Before all others, but not before their own place among those that are on the path anyway.
        for program in places.programs.iter().rev() {
            if !folders.contains(program) && usable(program) {
                folders.insert(0, program.clone());
            }
        }
        std::env::join_paths(folders).unwrap_or_else(|_| path.into())
    }
}

/// Where another version of an interpreter is, or a program that a person chose: what is in none of everybody's places.
fn installation(own: &Own<'_>, shared: &Shared) -> Vec<PathBuf> {
    let among = |place: &PathBuf| own.program.starts_with(place);
    if own.program.is_relative()
        || own.program.starts_with(&own.confinement.code)
        || shared.programs.iter().any(among)
    {
        Vec::new()
    } else {
        installation_of(own.program)
    }
}

/// The rules for one process.
fn ruleset_of(
    own: &Own<'_>,
    installation: &[PathBuf],
    shared: &Shared,
) -> Result<RulesetCreated, RulesetError> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V9))?
        .scope(Scope::from_all(ABI::V6))?;
    // The filter of system calls is what counts; this holds where there is none.
    if own.confinement.network != Network::Open {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    if own.confinement.network == Network::None {
        ruleset = ruleset.handle_access(AccessNet::BindTcp)?;
    }
    let mut ruleset = ruleset.create()?;
    for (path, access) in &shared.rules {
        ruleset = ruleset.add_rule(PathBeneath::new(path, *access))?;
    }
    let all = AccessFs::from_all(ABI::V9);
    let mut places: Vec<(&Path, _)> = vec![
        (own.confinement.code.as_path(), EXECUTE),
        // Device files cannot be made without privileges; nor with them.
        (own.scratch, all & !(AccessFs::MakeChar | AccessFs::MakeBlock)),
    ];
    places.extend(own.secrets.map(|folder| (folder, READ)));
    for path in installation {
        places.push((
            path,
            if path.is_dir() {
                EXECUTE
            } else {
                EXECUTE & ON_FILES
            },
        ));
    }
    for (path, access) in places {
        if let Ok(fd) = PathFd::new(path) {
            ruleset = ruleset.add_rule(PathBeneath::new(fd, access))?;
        }
    }
    Ok(ruleset)
}
