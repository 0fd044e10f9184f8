//! A warm worker: one process with one function loaded, called again and again over frames.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use beckon_core::{ActivationId, Contract, Guard, Language, Millis};
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::net::unix::pipe;

use crate::actionloop;
use crate::adapt::Event;
use crate::cells::Cell;
use crate::code::Deployment;
use crate::end::End;
use crate::frame::{self, Kind};
use crate::inherited::Inherited;
use crate::isolation::Confinement;
use crate::link::{self, Answer, Ends, Fault, Link};
use crate::live::Offer;
use crate::logs::SharedLog;
use crate::pipes::RawPipes;
use crate::pool::{Measured, Permit};
use crate::process::{Channels, Nursery, Process, Spec};
use crate::serving::{self, Serving, Trouble};
use crate::shims::Shims;
use crate::status::{Card, Listing};
use crate::upstream::{self, Plan};

/// Room for headers, on top of the largest body.
const FRAME_EXTRA: usize = 256 * 1024;

/// How often a worker may write a run's variables into its environment before another takes its place: glibc before 2.41
/// keeps every value that it was ever given, a quarter of a kilobyte a run, which would count as the function's memory.
const ENVIRONMENTS: u32 = 50_000;

/// One call, as the worker needs to know it.
pub(crate) struct Call<'a> {
    pub(crate) id: ActivationId,
    /// The same as text.
    pub(crate) id_text: &'a str,
    pub(crate) transaction: &'a str,
    pub(crate) api_host: Option<&'a str>,
    /// The namespace that calls, where that is not the function's own.
    pub(crate) namespace: Option<&'a str>,
    /// What the function's package gives its environment.
    pub(crate) inherited: &'a Arc<Inherited>,
    pub(crate) event: &'a Event,
    /// Whoever takes the response while it is written.
    pub(crate) live: Option<Offer<'a>>,
    /// When it will be killed, ms since the epoch.
    pub(crate) deadline: Millis,
}

/// A worker process. When the last clone of its `Arc` is dropped, it is ended with its process group.
pub(crate) struct Worker {
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) card: Arc<Card>,
    wire: Wire,
    nursery: Arc<Nursery>,
    number: u64,
    /// What was in force when it started.
    pub(crate) guards: Arc<[Guard]>,
    result_limit: usize,
    /// What a stem cell gets to know with its function.
    inheritance: Mutex<Option<Inheritance>>,
    /// What the function's package gave its environment when it started.
    pub(crate) inherited: Arc<Inherited>,
}

/// What a process of the function's own would have been started with.
struct Inheritance {
    env: Vec<(String, String)>,
    code: PathBuf,
}

/// How a worker is spoken to.
enum Wire {
    /// Frames, to a shim of ours.
    Frames(Arc<Link>),
    /// HTTP, which the process itself serves.
    Http(Arc<Serving>),
}

/// What starting a worker that serves HTTP takes.
pub(crate) struct Service<'a> {
    pub(crate) nursery: &'a Arc<Nursery>,
    pub(crate) plan: Plan,
    pub(crate) env: Vec<(String, String)>,
    /// The part of it that is the package's.
    pub(crate) inherited: Arc<Inherited>,
    /// The code, which is where its platform starts it too.
    pub(crate) directory: PathBuf,
    pub(crate) confinement: Confinement,
    /// Where its memory is written.
    pub(crate) measured: Measured,
    pub(crate) result_limit: usize,
    pub(crate) now: Millis,
}

/// The engine-wide things that starting a worker takes.
pub(crate) struct Launch<'a> {
    pub(crate) nursery: &'a Arc<Nursery>,
    pub(crate) shims: &'a Shims,
    /// The interpreter, or the compiled function.
    pub(crate) program: &'a Path,
    pub(crate) env: Vec<(String, String)>,
    /// The part of it that is the package's.
    pub(crate) inherited: Arc<Inherited>,
    pub(crate) confinement: Confinement,
    /// Where its memory is written.
    pub(crate) measured: Measured,
    pub(crate) result_limit: usize,
    pub(crate) now: Millis,
}

/// What a stem cell becomes a worker with.
pub(crate) struct Adoption<'a> {
    pub(crate) nursery: &'a Arc<Nursery>,
    pub(crate) env: Vec<(String, String)>,
    /// The part of it that is the package's.
    pub(crate) inherited: Arc<Inherited>,
    /// The function's own bound, bytes.
    pub(crate) memory: u64,
    pub(crate) result_limit: usize,
    pub(crate) now: Millis,
}

impl Worker {
    /// Starts the process. `on_end` is dropped when it is gone.
    pub(crate) async fn spawn<T: Send + 'static>(
        deployment: Arc<Deployment>,
        number: u64,
        launch: Launch<'_>,
        on_end: T,
        announce: impl FnOnce(&Arc<Card>),
    ) -> io::Result<Arc<Self>> {
        let memory_mb = deployment.function.limits.memory_mb;
        let arguments = arguments(deployment.language(), memory_mb, launch.shims);
        // Executables that speak lines: somebody translates.
        let lines = deployment.language() == Language::Executable;
        let scratch = launch.nursery.scratch_of(number);
        let program = launch.program.to_owned();
        let waits = actionloop::acknowledges(&launch.env);
        let env = with_places(launch.env, &scratch)?;
        let spec = Spec {
            program,
            arguments,
            env,
            scratch,
            directory: None,
            framed: !lines,
            stdin: lines,
            results: lines,
            confinement: launch.confinement,
            measured: launch.measured,
            own_code: false,
            lent: None,
        };
        let (process, channels) = launch.nursery.spawn(number, spec, on_end).await?;
        let guards = process.guards().clone();
        let card = Arc::new(Card::new(process.pid(), launch.now));
        announce(&card);
        let Channels {
            frames,
            stdin,
            results,
            stdout,
            stderr,
        } = channels;
        let frames = match (stdin, results) {
            (Some(stdin), Some(results)) => Some(translated(&deployment, waits, stdin, results)?),
            _ => frames,
        };
        let (to, from) = frames.ok_or_else(|| io::Error::other("a worker without its pipes"))?;
        let pipes = RawPipes::new(stdout, stderr);
        let wire = frames_of(
            launch.nursery,
            (to, from, pipes, process),
            &card,
            launch.result_limit,
        );
        Ok(Arc::new(Self {
            deployment,
            card,
            wire,
            nursery: launch.nursery.clone(),
            number,
            guards,
            result_limit: launch.result_limit,
            inheritance: Mutex::default(),
            inherited: launch.inherited,
        }))
    }

    /// Makes a stem cell the function's, whose files are in its folder by now. `None` when it has died.
    pub(crate) fn adopt(
        deployment: Arc<Deployment>,
        cell: Cell,
        adoption: Adoption<'_>,
        (permit, listing): (Permit, Listing),
        announce: impl FnOnce(&Arc<Card>),
    ) -> Option<Arc<Self>> {
        let number = cell.number();
        let scratch = adoption.nursery.scratch_of(number);
        let mut env = with_places(adoption.env, &scratch).ok()?;
        env.push(adoption.nursery.mark_of(number));
        let body = cell.adopt(permit, listing)?;
        adoption.nursery.tighten(&body.process, adoption.memory);
        let guards = body.process.guards().clone();
        let card = Arc::new(Card::of_cell(body.process.pid(), adoption.now));
        announce(&card);
        let parts = (body.to, body.from, body.pipes, body.process);
        let wire = frames_of(adoption.nursery, parts, &card, adoption.result_limit);
        Some(Arc::new(Self {
            deployment,
            card,
            wire,
            nursery: adoption.nursery.clone(),
            number,
            guards,
            result_limit: adoption.result_limit,
            inheritance: Mutex::new(Some(Inheritance { env, code: body.code })),
            inherited: adoption.inherited,
        }))
    }

    /// Starts a process that serves HTTP. `on_end` is dropped when it is gone.
    pub(crate) async fn serve<T: Send + 'static>(
        deployment: Arc<Deployment>,
        number: u64,
        service: Service<'_>,
        on_end: T,
        announce: impl FnOnce(&Arc<Card>),
    ) -> io::Result<Arc<Self>> {
        let scratch = service.nursery.scratch_of(number);
        let mut env = with_places(service.env, &scratch)?;
        env.extend(service.plan.env);
        let spec = Spec {
            program: service.plan.program,
            arguments: service.plan.arguments,
            env,
            scratch,
            directory: Some(service.directory),
            framed: false,
            stdin: false,
            results: false,
            confinement: service.confinement,
            measured: service.measured,
            own_code: false,
            lent: None,
        };
        let (process, channels) = service.nursery.spawn(number, spec, on_end).await?;
        let guards = process.guards().clone();
        let card = Arc::new(Card::new(process.pid(), service.now));
        announce(&card);
        let pipes = RawPipes::new(channels.stdout, channels.stderr);
        let (serving, ends) = Serving::new(service.plan.address, pipes, process, card.clone());
        let tending = serving::tend(serving.clone(), ends);
        service.nursery.tend(tending);
        Ok(Arc::new(Self {
            deployment,
            card,
            wire: Wire::Http(serving),
            nursery: service.nursery.clone(),
            number,
            guards,
            result_limit: service.result_limit,
            inheritance: Mutex::default(),
            inherited: service.inherited,
        }))
    }

    /// Whether it takes runs.
    pub(crate) fn is_open(&self) -> bool {
        !self.card.is_leaving()
            && match &self.wire {
                Wire::Frames(link) => link.is_open(),
                Wire::Http(serving) => serving.is_open(),
            }
    }

    /// How a worker that takes no run came to that. What it wrote and no run has heard is told to this one.
    pub(crate) async fn fate(&self, log: &SharedLog) -> Fault {
        match &self.wire {
            Wire::Frames(link) => link.fate(log).await,
            Wire::Http(serving) => serving.fate(log).await,
        }
    }

    /// The engine's own number for its process.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Loads the function, for the sake of `call`, which is not made yet. What the code prints meanwhile belongs to it.
    pub(crate) async fn load(&self, code: &Path, call: &Call<'_>, log: &SharedLog) -> Result<Answer, Fault> {
        let link = match &self.wire {
            Wire::Frames(link) => link,
            Wire::Http(serving) => {
                serving.ready(call.id, log).await?;
                return Ok(Answer::Ready);
            }
        };
        let function = &self.deployment.function;
        let name = function.key.to_string();
        let parameters = parameters_text(&function.parameters);
        let scratch = self.nursery.scratch_of(self.number);
        let inheritance = self.inheritance.lock().take();
        let code = inheritance.as_ref().map_or(code, |inherited| &inherited.code);
        let (Some(code), Some(scratch)) = (code.to_str(), scratch.to_str()) else {
            return Err(Fault::Broken("the data directory's path is not UTF-8".to_owned()));
        };
        let header = frame::Init {
            code,
            folder: matches!(function.code, beckon_core::CodePackage::Zip(_)),
            contract: function.contract,
            main: function
                .main
                .as_deref()
                .unwrap_or(function.contract.default_entry()),
            scratch,
            function_name: &name,
            function_version: &self.deployment.version,
            namespace: function.key.namespace.as_str(),
            memory_mb: function.limits.memory_mb,
            runs: self.deployment.share(),
            result_limit: self.result_limit,
            environments: ENVIRONMENTS,
            env: inheritance.as_ref().map(|inherited| &inherited.env[..]),
            run: run_header(call, log.lock().limit(), false),
        };
        let mut head = Vec::with_capacity(512);
        frame::encode_head(Kind::Init, &header, parameters.len(), &mut head)
            .map_err(|e| Fault::Broken(e.to_string()))?;
        link.send(call.id, &head, &Bytes::from(parameters), log, true)?
            .answer()
            .await
    }

    /// Calls the function.
    pub(crate) async fn call(&self, call: &Call<'_>, log: &SharedLog) -> Result<Answer, Fault> {
        let link = match &self.wire {
            Wire::Frames(link) => link,
            Wire::Http(serving) => return self.ask(serving, call, log).await,
        };
        let header = run_header(call, log.lock().limit(), true);
        let mut head = Vec::with_capacity(256);
        frame::encode_head(Kind::Run, &header, call.event.body.len(), &mut head)
            .map_err(|e| Fault::Broken(e.to_string()))?;
        link.send(call.id, &head, &call.event.body, log, false)?
            .answer()
            .await
    }

    async fn ask(&self, serving: &Arc<Serving>, call: &Call<'_>, log: &SharedLog) -> Result<Answer, Fault> {
        let contract = self.deployment.function.contract;
        let since = std::time::Instant::now();
        let request =
            upstream::request_of(contract, call, &serving.host()).map_err(|e| Fault::Broken(e.message))?;
        let live = call.live.filter(|_| contract == Contract::WatchdogHttp);
        match serving
            .exchange(call.id, request, self.result_limit, live, log)
            .await
        {
            Ok((response, streamed)) => {
                let (end, again) = upstream::end_of(contract, response, since);
                if !again {
                    serving.retire();
                }
                Ok(Answer::Done(match streamed {
                    Some(streamed) => end.streamed(streamed, log),
                    None => end,
                }))
            }
            Err(Trouble::Fault(fault)) => Err(fault),
            Err(Trouble::TooLarge) => {
                let limit = self.result_limit;
                Ok(Answer::Done(End::too_long(limit as u64 + 1, limit)))
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        match &self.wire {
            Wire::Frames(link) => link.retire(),
            Wire::Http(serving) => serving.retire(),
        }
        self.nursery.sweep(self.number);
    }
}

/// Frames for a process that speaks lines.
fn translated(
    deployment: &Arc<Deployment>,
    waits: bool,
    stdin: pipe::Sender,
    results: pipe::Receiver,
) -> io::Result<(pipe::Sender, pipe::Receiver)> {
    let (to, theirs_in) = pipe::pipe()?;
    let (theirs_out, from) = pipe::pipe()?;
    let ends = actionloop::Ends {
        from: theirs_in,
        to: theirs_out,
        stdin,
        results,
    };
    // It ends with the worker whose pipes it has, and has nothing to clean up: nobody waits for it.
    tokio::spawn(actionloop::translate(deployment.clone(), waits, ends));
    Ok((to, from))
}

/// What an interpreter is started with.
pub(crate) fn arguments(language: Language, memory_mb: u32, shims: &Shims) -> Vec<OsString> {
    match language {
        Language::Node => vec![
            format!("--max-old-space-size={memory_mb}").into(),
            shims.node.clone().into(),
        ],
        Language::Php => vec![
            "-d".into(),
            "display_errors=stderr".into(),
            "-d".into(),
            format!("memory_limit={memory_mb}M").into(),
            shims.php.clone().into(),
        ],
        Language::Ruby => vec![shims.ruby.clone().into()],
        Language::Go | Language::Rust | Language::Executable => Vec::new(),
        Language::Python => vec!["-B".into(), shims.python.clone().into()],
    }
}

/// Begins to read from a process that speaks frames.
fn frames_of(
    nursery: &Nursery,
    (to, from, pipes, process): (pipe::Sender, pipe::Receiver, RawPipes, Process),
    card: &Arc<Card>,
    result_limit: usize,
) -> Wire {
    let link = Arc::new(Link::new(to, result_limit));
    let ends = Ends {
        from,
        pipes,
        process,
        card: card.clone(),
        max_frame: result_limit.max(256 * 1024) + FRAME_EXTRA,
    };
    nursery.tend(link::tend(link.clone(), ends));
    Wire::Frames(link)
}

fn run_header<'a>(call: &Call<'a>, logs: usize, with_request: bool) -> frame::Run<'a> {
    frame::Run {
        id: call.id_text,
        transaction: call.transaction,
        deadline: call.deadline,
        api_host: call.api_host,
        namespace: call.namespace,
        logs,
        http: call
            .event
            .head
            .as_ref()
            .filter(|_| with_request)
            .map(|head| frame::Http {
                method: &head.method,
                path: &head.path,
                query: &head.query,
                headers: &head.headers,
            }),
    }
}

/// The places that every process gets to know. The function's own values come later and win.
pub(crate) fn with_places(
    mut env: Vec<(String, String)>,
    scratch: &Path,
) -> io::Result<Vec<(String, String)>> {
    let scratch = scratch
        .to_str()
        .ok_or_else(|| io::Error::other("the data directory's path is not UTF-8"))?;
    env.insert(0, ("HOME".to_owned(), scratch.to_owned()));
    env.insert(1, ("TMPDIR".to_owned(), scratch.to_owned()));
    Ok(env)
}

/// Default parameters as one JSON object. The last of two with the same name wins, as in JSON.
pub(crate) fn parameters_text(parameters: &[beckon_core::NamedJson]) -> String {
    let mut text = String::from("{");
    for (at, parameter) in parameters.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&serde_json::Value::String(parameter.key.clone()).to_string());
        text.push(':');
        text.push_str(parameter.value.as_str());
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use beckon_core::JsonText;

    use super::*;

    #[test]
    fn parameters_become_one_object() {
        let named = |key: &str, value: &str| beckon_core::NamedJson {
            key: key.into(),
            value: JsonText::parse(value).unwrap(),
        };
        assert_eq!(parameters_text(&[]), "{}");
        assert_eq!(
            parameters_text(&[named("a\"b", "1.50"), named("c", "[]")]),
            r#"{"a\"b":1.50,"c":[]}"#
        );
    }
}
