//! The shims by themselves, in a real interpreter at the ends of two pipes.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command};

use beckon_core::{ActivationId, Contract};
use bytes::BytesMut;
use command_fds::{CommandFdExt as _, FdMapping};

use super::Shims;
use crate::frame::{self, Frame, Kind, Reply};

struct Shim {
    process: Child,
    to: File,
    from: File,
    read: BytesMut,
}

impl Shim {
    fn start(program: &str, shim: &Path) -> Self {
        let (theirs_in, to) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        let (from, theirs_out) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        let mut command = Command::new(program);
        let mapping = |parent_fd, child_fd| FdMapping { parent_fd, child_fd };
        command
            .arg(shim)
            .fd_mappings(vec![mapping(theirs_in, 3), mapping(theirs_out, 4)])
            .unwrap();
        let process = command.spawn().unwrap();
        drop(command);
        let (to, from) = (File::from(to), File::from(from));
        let mut shim = Self {
            process,
            to,
            from,
            read: BytesMut::new(),
        };
        assert_eq!(shim.next().kind, Kind::Hello);
        shim
    }

    fn send(&mut self, kind: Kind, header: &impl serde::Serialize) {
        let mut bytes = Vec::new();
        frame::encode_head(kind, header, 2, &mut bytes).unwrap();
        bytes.extend_from_slice(b"{}");
        self.to.write_all(&bytes).unwrap();
    }

    /// The next frame that is no line of a log.
    fn next(&mut self) -> Frame {
        loop {
            match frame::decode(&mut self.read, 1 << 20).unwrap() {
                Some(frame) if frame.kind == Kind::Log => {}
                Some(frame) => return frame,
                None => {
                    let mut piece = [0; 4096];
                    let count = self.from.read(&mut piece).unwrap();
                    assert_ne!(count, 0, "the shim is gone");
                    self.read.extend_from_slice(&piece[..count]);
                }
            }
        }
    }

    fn load(&mut self, code: &Path, environments: u32) {
        let id = ActivationId::new().to_string();
        let folder = code.to_str().unwrap();
        let header = frame::Init {
            code: folder,
            folder: false,
            contract: Contract::Openwhisk,
            main: "main",
            scratch: folder,
            function_name: "/playground/f",
            function_version: "0.0.1",
            namespace: "playground",
            memory_mb: 256,
            runs: 1,
            result_limit: 1 << 20,
            environments,
            env: None,
            run: run(&id),
        };
        self.send(Kind::Init, &header);
        assert_eq!(self.next().kind, Kind::Ready);
    }

    /// Whether the worker is not to be used again after one more run.
    fn stops(&mut self) -> bool {
        let id = ActivationId::new().to_string();
        self.send(Kind::Run, &run(&id));
        let answer = self.next();
        let reply: Reply<'_> = answer.header().unwrap();
        assert_eq!(reply.id, id);
        assert_eq!(&answer.body[..], format!(r#"{{"id":"{id}"}}"#).as_bytes());
        reply.stop
    }
}

impl Drop for Shim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(id: &str) -> frame::Run<'_> {
    frame::Run {
        id,
        transaction: "t",
        deadline: 4_000_000_000_000,
        api_host: None,
        namespace: None,
        logs: 1 << 20,
        http: None,
    }
}

/// Whether the worker is to go after each of `runs`, when it may write the environment three times.
fn going(program: &str, source: (&str, &str), runs: usize) -> Vec<bool> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(source.0), source.1).unwrap();
    let shims = Shims::write(folder.path()).unwrap();
    let shim = match program {
        "node" => shims.node,
        "python3" => shims.python,
        _ => shims.ruby,
    };
    let mut shim = Shim::start(program, &shim);
    shim.load(folder.path(), 3);
    (0..runs).map(|_| shim.stops()).collect()
}

#[test]
fn a_worker_goes_when_the_environment_was_written_as_often_as_it_may_be() {
    let looks = "function main() { return {id: process.env.__OW_ACTIVATION_ID} }";
    assert_eq!(going("node", ("index.js", looks), 3), [false, false, true]);
    let ruby = "def main(args)\n  {id: ENV['__OW_ACTIVATION_ID']}\nend\n";
    // The load writes it, too.
    assert_eq!(going("ruby", ("main.rb", ruby), 2), [false, true]);
    let starts = "import os\ndef main(args):\n    with os.popen('printenv __OW_ACTIVATION_ID') as out:\n        return {'id': out.read().strip()}\n";
    assert_eq!(going("python3", ("main__.py", starts), 3), [false, false, true]);
}

#[test]
fn python_writes_no_environment_for_a_function_that_reads_it() {
    let reads = "import os\ndef main(args):\n    return {'id': os.environ['__OW_ACTIVATION_ID']}\n";
    assert_eq!(going("python3", ("main__.py", reads), 8), [false; 8]);
}
