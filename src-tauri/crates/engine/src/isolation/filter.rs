//! System calls that a process may not make: those that no function needs, and the network where it is to have none.
//!
//! A list of what is refused and not of what is allowed: runtimes learn new calls with every version, and the kernel
//! lets calls that are not in the filter pass without running it (Linux 5.11).

use std::collections::{BTreeMap, HashMap};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use super::Network;

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

/// The kinds of sockets that are not a stream: datagrams, raw, reliable, sequenced, DCCP, packet.
const NOT_STREAMS: [u64; 6] = [2, 3, 4, 5, 6, 10];

/// One program for each thing that a function may be allowed.
pub(crate) struct Filters {
    programs: HashMap<(Network, bool), BpfProgram>,
}

impl Filters {
    /// Compiles them; there are none on an architecture that the compiler does not know.
    pub(crate) fn new() -> Self {
        let networks = [Network::Open, Network::Listen, Network::None];
        let wanted = networks
            .into_iter()
            .flat_map(|network| [(network, false), (network, true)]);
        let mut programs = HashMap::new();
        for (network, unix_sockets) in wanted {
            match compile(network, unix_sockets) {
                Ok(program) => drop(programs.insert((network, unix_sockets), program)),
                Err(e) => tracing::warn!(error = %e, "no filter of system calls"),
            }
        }
        Self { programs }
    }

    /// Filters the calls of this thread and of what it starts. Whether it does.
    pub(crate) fn enter(&self, network: Network, unix_sockets: bool) -> bool {
        self.programs
            .get(&(network, unix_sockets))
            .is_some_and(|program| seccompiler::apply_filter(program).is_ok())
    }
}

fn compile(network: Network, unix_sockets: bool) -> Result<BpfProgram, seccompiler::BackendError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for &call in REFUSED {
        refuse(&mut rules, call, Vec::new());
    }
    refuse(&mut rules, libc::SYS_socket, sockets(network, unix_sockets)?);
    if network == Network::Listen {
        refuse(&mut rules, libc::SYS_connect, Vec::new());
        // TCP Fast Open connects on the way.
        let fast_open = libc::MSG_FASTOPEN as u64;
        for (call, flags) in [
            (libc::SYS_sendto, 3),
            (libc::SYS_sendmsg, 2),
            (libc::SYS_sendmmsg, 3),
        ] {
            let has = condition(flags, SeccompCmpOp::MaskedEq(fast_open), fast_open)?;
            refuse(&mut rules, call, vec![SeccompRule::new(vec![has])?]);
        }
    }
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    SeccompFilter::new(rules, SeccompAction::Allow, refused, arch)?.try_into()
}

/// Which sockets are refused. Netlink reaches nobody; `getaddrinfo` and lists of interfaces ask it. Unix sockets lead
/// to other programs of the account: the desktop's keychain, the container engine.
fn sockets(network: Network, unix_sockets: bool) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let (inet, inet6) = (libc::AF_INET as u64, libc::AF_INET6 as u64);
    let mut families = vec![libc::AF_NETLINK as u64];
    if network != Network::None {
        families.extend([inet, inet6]);
    }
    if unix_sockets {
        families.push(libc::AF_UNIX as u64);
    }
    let others = families
        .into_iter()
        .map(|family| condition(0, SeccompCmpOp::Ne, family))
        .collect::<Result<_, _>>()?;
    let mut rules = vec![SeccompRule::new(others)?];
    if network == Network::Listen {
        for family in [inet, inet6] {
            for kind in NOT_STREAMS {
                rules.push(SeccompRule::new(vec![
                    condition(0, SeccompCmpOp::Eq, family)?,
                    condition(1, SeccompCmpOp::MaskedEq(0xf), kind)?,
                ])?);
            }
        }
    }
    Ok(rules)
}

fn condition(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}

/// Refuses a call where one of the rules matches; always, if there are none.
fn refuse(rules: &mut BTreeMap<i64, Vec<SeccompRule>>, call: libc::c_long, when: Vec<SeccompRule>) {
    // The same call by its x32 number.
    #[cfg(target_arch = "x86_64")]
    rules.insert(call | 0x4000_0000, when.clone());
    rules.insert(call, when);
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    /// What `work` gives on a thread that is filtered.
    fn filtered<T: Send>(network: Network, unix: bool, work: impl Send + FnOnce() -> T) -> Option<T> {
        let filters = Filters::new();
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| filters.enter(network, unix).then(work));
            thread.join().unwrap()
        })
    }

    #[test]
    fn sockets_are_as_they_were_told() {
        let folder = tempfile::tempdir().unwrap();
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let denied = |e: std::io::Error| e.kind() == ErrorKind::PermissionDenied;
        let cases = [
            (Network::Open, false, [true, true, true, false]),
            (Network::Open, true, [true, true, true, true]),
            (Network::Listen, false, [true, false, false, false]),
            (Network::None, false, [false, false, false, false]),
            (Network::None, true, [false, false, false, true]),
        ];
        for (at, (network, unix, expected)) in cases.into_iter().enumerate() {
            let path = folder.path().join(at.to_string());
            let found = filtered(network, unix, || {
                let listens = TcpListener::bind("127.0.0.1:0").map(drop).map_err(denied);
                let connects = TcpStream::connect(address).map(drop).map_err(denied);
                let datagrams = UdpSocket::bind("127.0.0.1:0").map(drop).map_err(denied);
                let local = UnixListener::bind(&path).map(drop).map_err(denied);
                // What programs talk to their own children with always works.
                UnixStream::pair().unwrap();
                [listens, connects, datagrams, local]
            });
            let Some(found) = found else {
                eprintln!("this kernel has no seccomp");
                return;
            };
            let wanted = expected.map(|allowed| if allowed { Ok(()) } else { Err(true) });
            assert_eq!(found, wanted, "{network:?}, Unix sockets: {unix}");
        }
    }
}
