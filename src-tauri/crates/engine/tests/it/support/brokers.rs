//! Message brokers of Debian's packages, each on loopback ports and in a directory of its own, ended with the test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A port that nobody listens on now.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Debian puts servers where only root's PATH looks.
fn command(program: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command
        .env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin:/sbin"))
        .stdin(Stdio::null());
    command
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < super::PATIENCE, "{what} never came true");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn answers(port: u16) -> bool {
    std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Gives a program its input and waits for its end.
fn feed(mut command: Command, input: &[u8]) {
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it is installed");
    child.stdin.take().unwrap().write_all(input).unwrap();
    assert!(child.wait().unwrap().success(), "{command:?}");
}

/// `mosquitto`. What it keeps outlives its process, but not this.
pub(crate) struct Mosquitto {
    child: Option<Child>,
    pub(crate) port: u16,
    folder: TempDir,
    user: Option<(String, String)>,
}

impl Mosquitto {
    pub(crate) fn start() -> Self {
        Self::with(None)
    }

    /// That lets in nobody but this user.
    pub(crate) fn with(user: Option<(&str, &str)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut text = format!(
            "listener {port} 127.0.0.1\npersistence true\npersistence_location {}/\nmessage_size_limit 0\n",
            folder.path().display()
        );
        match user {
            None => text.push_str("allow_anonymous true\n"),
            Some((user, password)) => {
                let file = path("passwords");
                std::fs::write(&file, "").unwrap();
                let made = command("mosquitto_passwd")
                    .args(["-b", &file, user, password])
                    .status();
                assert!(made.unwrap().success());
                text.push_str(&format!("allow_anonymous false\npassword_file {file}\n"));
            }
        }
        // Started by root it becomes another user, who may not read here.
        text.push_str("user root\n");
        std::fs::write(path("mosquitto.conf"), text).unwrap();
        let mut broker = Self {
            child: None,
            port,
            folder,
            user: user.map(|(user, password)| (user.to_owned(), password.to_owned())),
        };
        broker.resume();
        broker
    }

    pub(crate) fn resume(&mut self) {
        let child = command("mosquitto")
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto is installed (scripts/need test)");
        self.child = Some(child);
        until("mosquitto listens", || answers(self.port));
    }

    /// Ends it as a service manager would: it writes down what it keeps.
    pub(crate) fn pause(&mut self) {
        let mut child = self.child.take().unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn publish(&self, topic: &str, qos: u8, body: &[u8]) {
        self.publish_with(&[], topic, qos, body);
    }

    /// A message that everybody gets who subscribes later.
    pub(crate) fn retain(&self, topic: &str, body: &[u8]) {
        self.publish_with(&["-r"], topic, 1, body);
    }

    fn publish_with(&self, more: &[&str], topic: &str, qos: u8, body: &[u8]) {
        let mut command = command("mosquitto_pub");
        command.args(more);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command.args(["-t", topic, "-q", &qos.to_string(), "-s"]);
        if let Some((user, password)) = &self.user {
            command.args(["-u", user, "-P", password]);
        }
        feed(command, body);
    }
}

impl Mosquitto {
    /// Speaks for the trigger with this id, subscribes to a topic if there is one, and goes. Whether the broker kept a
    /// session for it.
    pub(crate) fn impersonate(&self, trigger: &str, topic: Option<&str>) -> bool {
        use std::io::Read as _;
        let text = |text: &str| [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat();
        let packet =
            |first: u8, body: Vec<u8>| [vec![first, u8::try_from(body.len()).unwrap()], body].concat();
        let id = format!("beckon{}", &trigger[trigger.len() - 17..]);
        let flags = if self.user.is_some() { 0xc0 } else { 0 };
        let mut hello = [text("MQTT"), vec![4, flags, 0, 60], text(&id)].concat();
        if let Some((user, password)) = &self.user {
            hello.extend([text(user), text(password)].concat());
        }
        let mut stream = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.write_all(&packet(0x10, hello)).unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!((answer[0], answer[3]), (0x20, 0), "{answer:?}");
        if let Some(topic) = topic {
            let subscribe = [vec![0, 1], text(topic), vec![1]].concat();
            stream.write_all(&packet(0x82, subscribe)).unwrap();
            let mut granted = [0; 5];
            stream.read_exact(&mut granted).unwrap();
            assert_eq!(granted, [0x90, 3, 0, 1, 1]);
        }
        stream.write_all(&[0xe0, 0]).unwrap();
        answer[2] == 1
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// `rabbitmq-server`, with the port mapper that it needs.
pub(crate) struct Rabbit {
    epmd: Child,
    server: Child,
    pub(crate) port: u16,
    mapper: u16,
    folder: TempDir,
    /// Kept open: a server that cannot write its log stops.
    _log: std::thread::JoinHandle<()>,
}

impl Rabbit {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, mapper, node) = (free_port(), free_port(), free_port());
        let epmd = command("epmd")
            .args(["-address", "127.0.0.1", "-port", &mapper.to_string()])
            .spawn()
            .expect("epmd is installed (scripts/need test)");
        until("epmd listens", || answers(mapper));
        let mut command = Self::tool("rabbitmq-server", folder.path(), mapper);
        let path = |name: &str| folder.path().join(name);
        command
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", port.to_string())
            .env("RABBITMQ_DIST_PORT", node.to_string())
            .env("RABBITMQ_MNESIA_BASE", path("data"))
            .env("RABBITMQ_LOGS", "-")
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", path("plugins"))
            .env("RABBITMQ_CONFIG_FILE", path("config"))
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
            )
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // The script waits for the server, which is ended with it.
            .process_group(0);
        let mut server = command
            .spawn()
            .expect("rabbitmq-server is installed (scripts/need test)");
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let mut lines_so_far = lines.by_ref().map_while(|line| line.ok());
        let up = lines_so_far.any(|line| line.contains("Server startup complete"));
        assert!(up, "rabbitmq-server says that it is up");
        let log = std::thread::spawn(move || lines.map_while(|line| line.ok()).for_each(drop));
        Self {
            epmd,
            server,
            port,
            mapper,
            folder,
            _log: log,
        }
    }

    /// Not Debian's script before it, which becomes another user.
    fn tool(name: &str, folder: &Path, mapper: u16) -> Command {
        let mut command = command(&format!("/usr/lib/rabbitmq/bin/{name}"));
        command
            .env("HOME", folder)
            .env("RABBITMQ_CONF_ENV_FILE", folder.join("none"))
            .env("RABBITMQ_NODENAME", format!("test{mapper}@localhost"))
            .env("ERL_EPMD_PORT", mapper.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1");
        command
    }

    /// What `rabbitmqctl` says.
    pub(crate) fn ctl(&self, arguments: &[&str]) -> String {
        let output = Self::tool("rabbitmqctl", self.folder.path(), self.mapper)
            .args(["-q"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn publish(&self, exchange: &str, key: &str, more: &[&str], body: &[u8]) {
        let mut command = command("amqp-publish");
        command.args(["-s", "127.0.0.1", "--port", &self.port.to_string()]);
        command.args(["-e", exchange, "-r", key]).args(more);
        feed(command, body);
    }
}

impl Drop for Rabbit {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.server);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.server.wait();
        let _ = self.epmd.kill();
        let _ = self.epmd.wait();
    }
}
