//! What each contract whose process serves HTTP wants it to be started with, asked, and answered.
//!
//! Fn: `FN_FORMAT=http-stream`; `POST /call` on the socket named by `FN_LISTENER`, the caller's request in headers
//! beginning with `Fn-Http-`, the function's status and headers in `Fn-Http-Status` and `Fn-Http-H-…` (fnproject/docs,
//! container contract; texts are fnserver 0.3's). of-watchdog: the request as it is, on the port that the process is
//! told in `port`, `http_port` and `PORT`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use beckon_core::{Contract, Error, Language, Status};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;

use crate::adapt::Head;
use crate::code::{Deployment, Prepared};
use crate::delivery::ulid;
use crate::deploy::invalid;
use crate::end::{End, Why};
use crate::runtimes::Runtimes;
use crate::serving::{self, Address};
use crate::watchdog;
use crate::worker::Call;

/// Longest path of a Unix socket (`sun_path`), and room for the name that an FDK binds beside it.
const SOCKET_PATH: usize = 107 - 10;

/// A process that serves HTTP, before it is started.
pub(crate) struct Plan {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) address: Address,
}

/// Whether the process serves HTTP itself.
pub(crate) fn serves(contract: Contract) -> bool {
    matches!(contract, Contract::Fn | Contract::WatchdogHttp)
}

impl Plan {
    /// What to start for `deployment`, which gets `scratch` to work in.
    pub(crate) fn of(
        deployment: &Deployment,
        prepared: &Prepared,
        runtimes: &Runtimes,
        scratch: &Path,
    ) -> Result<Self, Error> {
        if deployment.function.contract == Contract::WatchdogHttp {
            return watchdog_http(deployment, prepared, runtimes);
        }
        let socket = scratch.join("lsnr.sock");
        let path = socket
            .to_str()
            .filter(|path| path.len() <= SOCKET_PATH)
            .ok_or_else(|| {
                invalid("The data directory's path is too long for a Unix socket.")
                    .with_hint("Start Beckon with a data directory of a shorter path.")
            })?
            .to_owned();
        let (program, arguments, mut env) = fn_command(deployment, prepared, runtimes)?;
        let function = &deployment.function;
        let mut set = |name: &str, value: String| env.push((name.to_owned(), value));
        set("FN_FORMAT", "http-stream".to_owned());
        set("FN_LISTENER", format!("unix:{path}"));
        set("FN_APP_ID", function.key.namespace.to_string());
        set("FN_APP_NAME", function.key.namespace.to_string());
        set("FN_FN_ID", function.id.clone());
        set("FN_FN_NAME", function.key.name.to_string());
        set("FN_MEMORY", function.limits.memory_mb.to_string());
        set("FN_TYPE", "sync".to_owned());
        Ok(Self {
            program,
            arguments,
            env,
            address: Address::Socket(socket),
        })
    }
}

/// A program, its arguments, and what it needs in its environment.
type Command = (PathBuf, Vec<OsString>, Vec<(String, String)>);

/// The package's own executable, or the interpreter with the file that holds the handler.
fn fn_command(deployment: &Deployment, prepared: &Prepared, runtimes: &Runtimes) -> Result<Command, Error> {
    let code = &prepared.code.path;
    let function = &deployment.function;
    let main = function
        .main
        .as_deref()
        .unwrap_or(function.contract.default_entry());
    let (file, name) = main.rsplit_once('.').unwrap_or((main, "handler"));
    let (ends, single): (&[&str], &str) = match deployment.language() {
        Language::Node => (&[".js", ".cjs", ".mjs", ""], "index.js"),
        Language::Python => (&[".py", ""], "main__.py"),
        _ => return own_executable(prepared, runtimes),
    };
    let found = ends
        .iter()
        .map(|end| code.join(format!("{file}{end}")))
        .chain([code.join(single)])
        .find(|path| path.is_file())
        .ok_or_else(|| invalid(format!("The package has no file '{file}{}'.", ends[0])))?;
    let program = runtimes.interpreter_of(&function.runtime)?;
    if deployment.language() == Language::Node {
        let memory = format!("--max-old-space-size={}", function.limits.memory_mb);
        return Ok((program, vec![memory.into(), found.into()], Vec::new()));
    }
    // What the `fdk` command does, wherever its package was installed.
    let start = "import sys; sys.path.pop(0); from fdk.scripts.fdk import main; sys.exit(main())";
    let arguments = vec!["-B".into(), "-c".into(), start.into(), found.into(), name.into()];
    let mut places = vec![code.clone(), code.join("package")];
    let versions = std::fs::read_dir(code.join("virtualenv/lib"));
    for version in versions.into_iter().flatten().flatten() {
        places.push(version.path().join("site-packages"));
    }
    let places: Vec<String> = places
        .iter()
        .filter(|place| place.is_dir())
        .map(|place| place.display().to_string())
        .collect();
    let env = vec![
        ("PYTHONPATH".to_owned(), places.join(":")),
        ("PYTHONUNBUFFERED".to_owned(), "1".to_owned()),
    ];
    Ok((program, arguments, env))
}

fn own_executable(prepared: &Prepared, runtimes: &Runtimes) -> Result<Command, Error> {
    let entry = prepared
        .entry
        .as_ref()
        .ok_or_else(|| invalid("The package has no file to execute."))?;
    Ok(if entry.direct {
        (entry.path.clone(), Vec::new(), Vec::new())
    } else {
        let shell = runtimes.interpreter(Language::Executable)?;
        (shell, vec![entry.path.clone().into()], Vec::new())
    })
}

/// The process of a watchdog's function: `fprocess`, or the package's own executable.
pub(crate) fn command(
    deployment: &Deployment,
    prepared: &Prepared,
    runtimes: &Runtimes,
) -> Result<Command, Error> {
    match &deployment.function.settings.watchdog.process {
        Some(process) => {
            let (program, arguments) = watchdog::command(process, &prepared.code.path);
            Ok((program, arguments, Vec::new()))
        }
        None => own_executable(prepared, runtimes),
    }
}

fn watchdog_http(deployment: &Deployment, prepared: &Prepared, runtimes: &Runtimes) -> Result<Plan, Error> {
    let watchdog = &deployment.function.settings.watchdog;
    let (program, arguments, mut env) = command(deployment, prepared, runtimes)?;
    let port = match watchdog.port {
        Some(port) => port,
        None => serving::free_port().map_err(|e| Error::internal("find a free port", e))?,
    };
    let mut set = |name: &str, value: String| env.push((name.to_owned(), value));
    for name in ["port", "http_port", "PORT"] {
        set(name, port.to_string());
    }
    set("upstream_url", format!("http://127.0.0.1:{port}"));
    set("http_upstream_url", format!("http://127.0.0.1:{port}"));
    set("mode", "http".to_owned());
    if let Some(process) = &watchdog.process {
        set("fprocess", process.clone());
    }
    Ok(Plan {
        program,
        arguments,
        env,
        address: Address::Port(port),
    })
}

/// What belongs to one connection and not to the message.
fn is_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "content-length"
            | "host"
    )
}

/// The request for the process.
pub(crate) fn request_of(
    contract: Contract,
    call: &Call<'_>,
    host: &str,
) -> Result<Request<Full<Bytes>>, Error> {
    let bad = |e: http::Error| invalid(format!("The request cannot be passed on: {e}."));
    let mut request = Request::new(Full::new(call.event.body.clone()));
    let headers = request.headers_mut();
    if let Ok(host) = HeaderValue::from_str(host) {
        headers.insert(header::HOST, host);
    }
    let head = call.event.head.as_ref();
    let pairs = head.map_or(&[][..], |head| &head.headers);
    let kept = pairs.iter().filter(|(name, _)| !is_hop(name));
    if contract != Contract::Fn {
        kept.for_each(|(name, value)| add(headers, name, value));
        if let Some(head) = head {
            *request.uri_mut() = target(head)
                .parse()
                .map_err(|e: http::uri::InvalidUri| bad(e.into()))?;
            *request.method_mut() = head
                .method
                .parse()
                .map_err(|e: http::method::InvalidMethod| bad(e.into()))?;
        }
        return Ok(request);
    }
    add(headers, "fn-call-id", &ulid(call.id.as_u128()));
    if let Some(deadline) = chrono::DateTime::from_timestamp_millis(call.deadline) {
        let text = deadline.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        add(headers, "fn-deadline", &text);
    }
    // A door that has an intent of its own says so; an empty one is a plain invocation.
    let own = pairs.iter().find(|(name, _)| name == "fn-intent");
    let intent = own.map_or("httprequest", |(_, intent)| intent.as_str());
    for (name, value) in kept {
        match name.as_str() {
            "fn-intent" | "fn-call-id" | "fn-deadline" => {}
            "content-type" => add(headers, name, value),
            _ if intent == "httprequest" => add(headers, &format!("fn-http-h-{name}"), value),
            _ => add(headers, name, value),
        }
    }
    if let Some(head) = head.filter(|_| intent == "httprequest") {
        add(headers, "fn-http-method", &head.method);
        add(headers, "fn-http-request-url", &target(head));
        if let Some((_, kind)) = pairs.iter().find(|(name, _)| name == "content-type") {
            add(headers, "fn-http-h-content-type", kind);
        }
        for (_, host) in pairs.iter().filter(|(name, _)| name == "host") {
            add(headers, "fn-http-h-host", host);
        }
    }
    if !intent.is_empty() {
        add(headers, "fn-intent", intent);
    }
    *request.method_mut() = Method::POST;
    *request.uri_mut() = http::Uri::from_static("/call");
    Ok(request)
}

fn target(head: &Head) -> String {
    if head.query.is_empty() {
        head.path.clone()
    } else {
        format!("{}?{}", head.path, head.query)
    }
}

fn add(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (
        name.parse::<HeaderName>(),
        HeaderValue::from_bytes(value.as_bytes()),
    ) {
        headers.append(name, value);
    }
}

/// What the process's response means, and whether the process may be used again.
pub(crate) fn end_of(contract: Contract, response: Response<Bytes>, since: Instant) -> (End, bool) {
    if contract == Contract::Fn {
        return fn_end(response);
    }
    let (mut head, body) = response.into_parts();
    leave_connection(&mut head.headers);
    if contract == Contract::WatchdogHttp
        && let Ok(seconds) = HeaderValue::from_str(&serving::seconds(since))
    {
        head.headers
            .insert(HeaderName::from_static("x-duration-seconds"), seconds);
    }
    (End::response(Response::from_parts(head, body)), true)
}

/// Takes out of a response what is of the connection to the process.
pub(crate) fn leave_connection(headers: &mut HeaderMap) {
    for name in ["connection", "keep-alive", "transfer-encoding", "content-length"] {
        headers.remove(name);
    }
}

fn fn_end(response: Response<Bytes>) -> (End, bool) {
    let (head, body) = response.into_parts();
    let (why, status, text) = match head.status.as_u16() {
        200 => {
            let mut answer = Response::new(body);
            let told = head.headers.get("fn-http-status");
            let status = told
                .and_then(|value| value.to_str().ok())
                .and_then(|text| StatusCode::from_bytes(text.as_bytes()).ok());
            *answer.status_mut() = status.unwrap_or(StatusCode::OK);
            let headers = answer.headers_mut();
            for (name, value) in &head.headers {
                let name = name.as_str();
                match name.strip_prefix("fn-http-h-") {
                    // What the function set itself wins over what the FDK set for its own answer.
                    Some("content-type") => {
                        headers.insert(header::CONTENT_TYPE, value.clone());
                    }
                    Some(own) if !is_hop(own) => {
                        if let Ok(own) = own.parse::<HeaderName>() {
                            headers.append(own, value.clone());
                        }
                    }
                    None if name == "content-type" => {
                        headers.entry(header::CONTENT_TYPE).or_insert(value.clone());
                    }
                    None if !is_hop(name) && name != "fn-http-status" && name != "date" => {
                        if let Ok(name) = name.parse::<HeaderName>() {
                            headers.append(name, value.clone());
                        }
                    }
                    _ => {}
                }
            }
            return (End::response(answer), true);
        }
        502 => (Why::Answered, StatusCode::BAD_GATEWAY, "function failed"),
        504 => (Why::TimedOut, StatusCode::GATEWAY_TIMEOUT, "Timed out"),
        _ => (
            Why::Invalid,
            StatusCode::BAD_GATEWAY,
            "error receiving function response",
        ),
    };
    let (record, again) = match why {
        Why::Answered => (Status::ApplicationError, true),
        Why::TimedOut => (Status::TimedOut, true),
        _ => (Status::DeveloperError, false),
    };
    (End::platform(record, why, fn_message(status, text)), again)
}

/// How Fn's server says that something went wrong.
pub(crate) fn fn_message(status: StatusCode, text: &str) -> Response<Bytes> {
    let body = serde_json::json!({ "message": text }).to_string() + "\n";
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}
