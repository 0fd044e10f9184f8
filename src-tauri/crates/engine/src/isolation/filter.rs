//! System calls that a process may not make: those that no function needs, and the network where it is to have none.
//!
//! A list of what is refused and not of what is allowed: runtimes learn new calls with every version, and the kernel
//! lets calls that are not in the filter pass without running it (Linux 5.11).

use std::collections::{BTreeMap, HashMap};

use seccompiler::{BpfProgram, sock_filter};

use super::{Network, Sockets, brand};

/// Refused whatever the arguments are.
const REFUSED: &[libc::c_long] = &[
    // Other processes' memory and descriptors, and performance counters and programs in the kernel.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_perf_event_open,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    // A second way to make every call below.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // What is shared by an account: System V objects outlive their maker, and keys are somebody's secrets.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // Memory that is nobody's in any count.
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    // Files by other than their path, and the tree of mounts.
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    // The machine itself, for a Beckon that runs as root.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
];

/// What changes a file's mode by its path. Nothing but a filter keeps a process from opening its owner's files to
/// everybody, or closing them to their owner, wherever they are: Landlock has no right for it (Linux 6.15). What is open
/// already may be changed by its descriptor (`fchmod`).
const MODES: &[libc::c_long] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    libc::SYS_fchmodat,
    FCHMODAT2,
];

/// The same for owners and attributes.
const OWNERS: &[libc::c_long] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    libc::SYS_fchownat,
    libc::SYS_fchown,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    SETXATTRAT,
    REMOVEXATTRAT,
    FILE_SETATTR,
];
// The same on every architecture, and newer than the C library's list (Linux 6.6, 6.13, 6.17).
const FCHMODAT2: libc::c_long = 452;
const SETXATTRAT: libc::c_long = 463;
const REMOVEXATTRAT: libc::c_long = 466;
const FILE_SETATTR: libc::c_long = 469;

/// Namespaces that a process may not be born into: in one of its own for users it has every privilege there is.
/// (`CLONE_NEWTIME` is for `unshare` and `clone3` only.)
const NAMESPACES: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// Where `seccomp_data` has the architecture, the number of the call, and its arguments (the lower half of each).
const ARCHITECTURE: u32 = 4;
const NUMBER: u32 = 0;
const fn argument(at: u32) -> u32 {
    16 + 8 * at
}

/// x86-64 has a second number with this bit for each call, which nobody uses.
#[cfg(target_arch = "x86_64")]
const X32: u32 = 0x4000_0000;

#[cfg(target_arch = "x86_64")]
const HERE: Option<u32> = Some(libc::EM_X86_64 as u32 | 0xc000_0000);
#[cfg(target_arch = "aarch64")]
const HERE: Option<u32> = Some(libc::EM_AARCH64 as u32 | 0xc000_0000);
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const HERE: Option<u32> = None;

/// What becomes of a call that changes the mode, the owner or the attributes of a file by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Modes {
    /// It is refused.
    Refused,
    /// It is refused, but of a change of mode it is said that it was made: Fn's FDKs open the socket that they make to
    /// everybody, and end where they cannot.
    Ignored,
    /// It is made: tools that build make things executable.
    Changed,
}

/// One program for each thing that a process may be allowed.
pub(crate) struct Filters {
    programs: HashMap<(Modes, Network, Sockets), BpfProgram>,
}

impl Filters {
    /// Writes them; there are none on an architecture whose number is not here.
    pub(crate) fn new() -> Self {
        let sorts = [
            (Modes::Refused, Network::Open),
            (Modes::Refused, Network::Listen),
            (Modes::Refused, Network::None),
            (Modes::Ignored, Network::Open),
            (Modes::Ignored, Network::None),
            (Modes::Changed, Network::Open),
        ];
        let wanted = sorts.into_iter().flat_map(|(modes, network)| {
            [Sockets::None, Sockets::Served, Sockets::Fenced].map(|sockets| (modes, network, sockets))
        });
        let programs = wanted
            .filter_map(|key| Some((key, program(key.0, key.1, key.2)?)))
            .collect();
        Self { programs }
    }

    /// Filters the calls of this thread and of what it starts. Whether it does.
    pub(crate) fn enter(&self, modes: Modes, network: Network, sockets: Sockets) -> bool {
        self.programs
            .get(&(modes, network, sockets))
            .is_some_and(|program| seccompiler::apply_filter(program).is_ok())
    }
}

/// Written by hand and not by seccompiler's compiler: the kernel runs a new filter for every call that there is, to
/// know which it never needs to ask about. A search by halves makes that 20 µs, where a list of comparisons takes 400,
/// which every process that is started pays.
fn program(modes: Modes, network: Network, sockets: Sockets) -> Option<BpfProgram> {
    let mut text = Assembly::default();
    text.load(ARCHITECTURE);
    text.branch(libc::BPF_JEQ, HERE?, None, Some(Label::Refuse));
    text.load(NUMBER);
    #[cfg(target_arch = "x86_64")]
    text.branch(libc::BPF_JGE, X32, Some(Label::Refuse), None);
    let mut calls: BTreeMap<u32, Label> = BTreeMap::new();
    for &call in REFUSED {
        calls.insert(u32::try_from(call).ok()?, Label::Refuse);
    }
    let (mode, owner) = match modes {
        Modes::Refused => (Label::Refuse, Label::Refuse),
        Modes::Ignored => (Label::Ignore, Label::Refuse),
        Modes::Changed => (Label::Allow, Label::Allow),
    };
    for (list, label) in [(MODES, mode), (OWNERS, owner)] {
        for &call in list {
            calls.insert(u32::try_from(call).ok()?, label);
        }
    }
    calls.insert(u32::try_from(libc::SYS_socket).ok()?, Label::Socket);
    calls.insert(u32::try_from(libc::SYS_clone).ok()?, Label::Clone);
    // Its flags are in memory, where no filter sees them; every C library falls back on `clone`.
    calls.insert(u32::try_from(libc::SYS_clone3).ok()?, Label::Missing);
    // Limits of itself are its own business; those of others are theirs, and one is how it is known.
    calls.insert(u32::try_from(libc::SYS_prlimit64).ok()?, Label::Limit(1));
    calls.insert(u32::try_from(libc::SYS_setrlimit).ok()?, Label::Limit(0));
    let served = sockets == Sockets::Served && network != Network::Open;
    if network == Network::Listen || served {
        calls.insert(u32::try_from(libc::SYS_connect).ok()?, Label::Refuse);
        // TCP Fast Open connects on the way.
        calls.insert(u32::try_from(libc::SYS_sendto).ok()?, Label::Flags(3));
        calls.insert(u32::try_from(libc::SYS_sendmsg).ok()?, Label::Flags(2));
        calls.insert(u32::try_from(libc::SYS_sendmmsg).ok()?, Label::Flags(3));
    }
    let calls: Vec<(u32, Label)> = calls.into_iter().collect();
    text.search(&calls);
    text.sockets(network, sockets);
    for flags in [2, 3] {
        text.mark(Label::Flags(flags));
        text.load(argument(flags));
        let fast_open = libc::MSG_FASTOPEN as u32;
        text.branch(libc::BPF_JSET, fast_open, Some(Label::Refuse), Some(Label::Allow));
    }
    text.mark(Label::Clone);
    text.load(argument(0));
    let namespaces = NAMESPACES as u32;
    text.branch(
        libc::BPF_JSET,
        namespaces,
        Some(Label::Refuse),
        Some(Label::Allow),
    );
    text.limits();
    text.mark(Label::Allow);
    text.answer(libc::SECCOMP_RET_ALLOW);
    text.mark(Label::Ignore);
    text.answer(libc::SECCOMP_RET_ERRNO);
    text.mark(Label::Missing);
    text.answer(libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32);
    text.mark(Label::Refuse);
    text.answer(libc::SECCOMP_RET_ERRNO | libc::EPERM as u32);
    text.finish()
}

/// A place in a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Label {
    Allow,
    Refuse,
    /// A call that is not made, and of which it is said that it was.
    Ignore,
    /// A call that this kernel is said not to have.
    Missing,
    /// Of `clone`, which depends on the flags.
    Clone,
    /// Of a call that sets the limit which this argument names.
    Limit(u32),
    /// Of a limit that is set and not only read.
    Set,
    /// Of `socket`, which depends on the family.
    Socket,
    /// Of a socket of the Internet, which may have to be a stream.
    Stream,
    /// Of a call whose flags are this argument.
    Flags(u32),
    /// The upper half of a search.
    Upper(u32),
}

/// A program while it is written: jumps name their targets. No target is the next step.
#[derive(Default)]
struct Assembly {
    steps: Vec<(u32, u32, Option<Label>, Option<Label>)>,
    marks: HashMap<Label, usize>,
}

impl Assembly {
    fn load(&mut self, offset: u32) {
        let code = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
        self.steps.push((code, offset, None, None));
    }

    fn branch(&mut self, how: u32, value: u32, yes: Option<Label>, no: Option<Label>) {
        let code = libc::BPF_JMP | how | libc::BPF_K;
        self.steps.push((code, value, yes, no));
    }

    fn answer(&mut self, value: u32) {
        self.steps.push((libc::BPF_RET | libc::BPF_K, value, None, None));
    }

    fn mark(&mut self, label: Label) {
        self.marks.insert(label, self.steps.len());
    }

    /// Goes where the number of the call says; what is not among `calls` is allowed.
    fn search(&mut self, calls: &[(u32, Label)]) {
        match calls {
            [] => {}
            [(number, label)] => self.branch(libc::BPF_JEQ, *number, Some(*label), Some(Label::Allow)),
            _ => {
                let (lower, upper) = calls.split_at(calls.len() / 2);
                let middle = upper[0].0;
                self.branch(libc::BPF_JGE, middle, Some(Label::Upper(middle)), None);
                self.search(lower);
                self.mark(Label::Upper(middle));
                self.search(upper);
            }
        }
    }

    /// Which sockets are allowed. Netlink reaches nobody; `getaddrinfo` and lists of interfaces ask it. Unix sockets
    /// lead to other programs of the account: the desktop's keychain, the container engine.
    fn sockets(&mut self, network: Network, sockets: Sockets) {
        self.mark(Label::Socket);
        self.load(argument(0));
        let local = match sockets {
            Sockets::None => Label::Refuse,
            // What is no stream needs no connection to reach somebody.
            Sockets::Served if network != Network::Open => Label::Stream,
            Sockets::Served | Sockets::Fenced => Label::Allow,
        };
        self.branch(libc::BPF_JEQ, libc::AF_UNIX as u32, Some(local), None);
        if network != Network::None {
            for family in [libc::AF_INET, libc::AF_INET6] {
                self.branch(libc::BPF_JEQ, family as u32, Some(Label::Stream), None);
            }
        }
        let netlink = libc::AF_NETLINK as u32;
        self.branch(libc::BPF_JEQ, netlink, Some(Label::Allow), Some(Label::Refuse));
        self.mark(Label::Stream);
        if network != Network::Open {
            self.load(argument(1));
            let mask = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
            self.steps.push((mask, 0xf, None, None)); // the rest are flags
            let stream = libc::SOCK_STREAM as u32;
            self.branch(libc::BPF_JEQ, stream, Some(Label::Allow), Some(Label::Refuse));
        } else {
            self.branch(libc::BPF_JEQ, 0, Some(Label::Allow), Some(Label::Allow));
        }
    }

    /// Which limits may be set: those of the process itself, and not the one it is branded with.
    fn limits(&mut self) {
        let brand = brand::RESOURCE;
        self.mark(Label::Limit(1));
        // Both halves of the pointer to the new limit.
        self.load(argument(2));
        self.branch(libc::BPF_JEQ, 0, None, Some(Label::Set));
        self.load(argument(2) + 4);
        self.branch(libc::BPF_JEQ, 0, Some(Label::Allow), Some(Label::Set));
        self.mark(Label::Set);
        self.load(argument(0));
        self.branch(libc::BPF_JEQ, 0, None, Some(Label::Refuse));
        self.load(argument(1));
        self.branch(libc::BPF_JEQ, brand, Some(Label::Refuse), Some(Label::Allow));
        self.mark(Label::Limit(0));
        self.load(argument(0));
        self.branch(libc::BPF_JEQ, brand, Some(Label::Refuse), Some(Label::Allow));
    }

    /// The program with distances for labels; `None` if one is too far.
    fn finish(self) -> Option<BpfProgram> {
        let distance = |from: usize, to: Option<Label>| match to {
            None => Some(0),
            Some(label) => u8::try_from(self.marks.get(&label)?.checked_sub(from + 1)?).ok(),
        };
        let steps = self.steps.iter().enumerate();
        let written = steps.map(|(at, (code, value, yes, no))| {
            Some(sock_filter {
                code: u16::try_from(*code).ok()?,
                jt: distance(at, *yes)?,
                jf: distance(at, *no)?,
                k: *value,
            })
        });
        written.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

    use super::*;

    /// What `work` gives on a thread that is filtered.
    fn filtered<T: Send>(network: Network, sockets: Sockets, work: impl Send + FnOnce() -> T) -> Option<T> {
        let filters = Filters::new();
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| filters.enter(Modes::Refused, network, sockets).then(work));
            thread.join().unwrap()
        })
    }

    #[test]
    fn what_no_function_needs_is_refused_and_the_rest_is_not() {
        let found = filtered(Network::Open, Sockets::None, || {
            let descriptor = rustix::process::pidfd_getfd(
                rustix::process::pidfd_open(rustix::process::getpid(), rustix::process::PidfdFlags::empty())
                    .unwrap(),
                0,
                rustix::process::PidfdGetfdFlags::empty(),
            );
            let memory = rustix::fs::memfd_create("m", rustix::fs::MemfdFlags::empty()).map(drop);
            (
                descriptor.map(drop),
                memory,
                std::fs::read_dir("/").map(drop).is_ok(),
                std::thread::spawn(|| 1).join(),
            )
        });
        let Some((descriptor, memory, files, thread)) = found else {
            eprintln!("this kernel has no seccomp");
            return;
        };
        assert_eq!(descriptor, Err(rustix::io::Errno::PERM));
        assert_eq!(memory, Err(rustix::io::Errno::PERM));
        assert!(files && thread.is_ok());
    }

    #[test]
    fn modes_are_changed_by_tools_and_of_open_files_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "").unwrap();
        let change = |mode: u32| {
            let mode = std::fs::Permissions::from_mode(mode);
            let by_path = std::fs::set_permissions(&path, mode.clone()).is_ok();
            let open = std::fs::File::open(&path).unwrap();
            (by_path, open.set_permissions(mode).is_ok())
        };
        let Some(found) = filtered(Network::Open, Sockets::None, || change(0o700)) else {
            eprintln!("this kernel has no seccomp");
            return;
        };
        assert_eq!(found, (false, true));
        let filters = Filters::new();
        let with = |modes, mode| {
            std::thread::scope(|scope| {
                let work = || {
                    filters
                        .enter(modes, Network::Open, Sockets::None)
                        .then(|| change(mode))
                };
                scope.spawn(work).join().unwrap()
            })
        };
        assert_eq!(with(Modes::Changed, 0o600), Some((true, true)));
        let by_path = |modes, mode: u32| {
            std::thread::scope(|scope| {
                let work = || {
                    let mode = std::fs::Permissions::from_mode(mode);
                    filters.enter(modes, Network::Open, Sockets::Served)
                        && std::fs::set_permissions(&path, mode).is_ok()
                };
                scope.spawn(work).join().unwrap()
            })
        };
        assert!(by_path(Modes::Ignored, 0o777), "it is said to be done");
        let left = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(left & 0o777, 0o600);
    }

    /// Every call, by the program's own text.
    #[test]
    fn every_refused_call_is_found_by_the_search() {
        let Some(program) = program(Modes::Refused, Network::Open, Sockets::None) else {
            assert!(HERE.is_none());
            return;
        };
        let run = |number: u32| {
            let (mut at, mut value) = (0, 0);
            loop {
                let step = &program[at];
                let code = u32::from(step.code);
                at += 1;
                match code & 0x07 {
                    libc::BPF_LD if step.k == ARCHITECTURE => value = HERE.unwrap(),
                    libc::BPF_LD if step.k == NUMBER => value = number,
                    libc::BPF_LD => return None, // depends on its arguments
                    libc::BPF_RET => return Some(step.k == libc::SECCOMP_RET_ALLOW),
                    _ => {
                        let yes = match code & 0xf0 {
                            libc::BPF_JEQ => value == step.k,
                            _ => value >= step.k,
                        };
                        at += usize::from(if yes { step.jt } else { step.jf });
                    }
                }
            }
        };
        for number in 0..1000 {
            let expected = match libc::c_long::from(number) {
                libc::SYS_socket | libc::SYS_clone | libc::SYS_prlimit64 | libc::SYS_setrlimit => None,
                libc::SYS_clone3 => Some(false),
                call => Some(![REFUSED, MODES, OWNERS].iter().any(|list| list.contains(&call))),
            };
            assert_eq!(run(number), expected, "{number}");
        }
        #[cfg(target_arch = "x86_64")]
        assert_eq!(run(X32 + 1), Some(false));
    }

    #[test]
    fn limits_are_set_for_oneself_only_and_never_the_brand() {
        use rustix::process::{Resource, Rlimit, getrlimit, prlimit, setrlimit};
        let me = rustix::process::getpid();
        let found = filtered(Network::Open, Sockets::None, || {
            let same = |resource| getrlimit(resource);
            let (files, brand) = (same(Resource::Nofile), same(Resource::Locks));
            let set = |resource, limit: Rlimit| setrlimit(resource, limit).map_err(|e| e.raw_os_error());
            [
                set(Resource::Nofile, files),
                set(Resource::Locks, brand),
                prlimit(Some(me), Resource::Core, getrlimit(Resource::Core))
                    .map(drop)
                    .map_err(|e| e.raw_os_error()),
            ]
        });
        if let Some(found) = found {
            assert_eq!(found, [Ok(()), Err(libc::EPERM), Err(libc::EPERM)]);
        }
    }

    #[test]
    fn sockets_are_as_they_were_told() {
        let folder = tempfile::tempdir().unwrap();
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let denied = |e: std::io::Error| e.kind() == ErrorKind::PermissionDenied;
        let theirs = folder.path().join("theirs");
        let _theirs = UnixListener::bind(&theirs).unwrap();
        // To listen, to connect, datagrams; and on Unix sockets to listen, to connect, datagrams.
        let cases = [
            (
                Network::Open,
                Sockets::None,
                [true, true, true, false, false, false],
            ),
            (Network::Open, Sockets::Served, [true; 6]),
            (
                Network::Listen,
                Sockets::None,
                [true, false, false, false, false, false],
            ),
            (Network::None, Sockets::None, [false; 6]),
            (
                Network::None,
                Sockets::Served,
                [false, false, false, true, false, false],
            ),
            (
                Network::None,
                Sockets::Fenced,
                [false, false, false, true, true, true],
            ),
        ];
        for (at, (network, sockets, expected)) in cases.into_iter().enumerate() {
            let path = folder.path().join(at.to_string());
            let found = filtered(network, sockets, || {
                let listens = TcpListener::bind("127.0.0.1:0").map(drop).map_err(denied);
                let connects = TcpStream::connect(address).map(drop).map_err(denied);
                let datagrams = UdpSocket::bind("127.0.0.1:0").map(drop).map_err(denied);
                let local = UnixListener::bind(&path).map(drop).map_err(denied);
                let others = UnixStream::connect(&theirs).map(drop).map_err(denied);
                let messages = UnixDatagram::unbound().map(drop).map_err(denied);
                // What programs talk to their own children with always works.
                UnixStream::pair().unwrap();
                [listens, connects, datagrams, local, others, messages]
            });
            let Some(found) = found else {
                eprintln!("this kernel has no seccomp");
                return;
            };
            let wanted = expected.map(|allowed| if allowed { Ok(()) } else { Err(true) });
            assert_eq!(found, wanted, "{network:?}, {sockets:?}");
        }
    }
}
