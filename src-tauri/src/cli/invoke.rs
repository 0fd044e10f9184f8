//! `beckon invoke`, as `doctl serverless functions invoke` is.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{Activation, FunctionName, FunctionRef, Status};
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::door::Door;
use super::target::{self, TargetArgs};
use super::{OutputArgs, print};
use crate::signals::Signals;

#[derive(Args)]
pub(crate) struct Command {
    /// The function: NAME or PACKAGE/NAME
    #[arg(value_name = "FN")]
    function: String,
    /// An argument; the value is a string. Can be given several times, and stands over what the file has
    #[arg(short, long = "param", value_name = "KEY:VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// A file with a JSON object of arguments; - reads standard input
    #[arg(short = 'P', long = "param-file", value_name = "FILE")]
    param_file: Option<PathBuf>,
    /// Do not wait: print the activation's id
    #[arg(short = 'n', long)]
    no_wait: bool,
    /// Print the whole record, not only the result
    #[arg(short, long, conflicts_with = "no_wait")]
    full: bool,
    #[command(flatten)]
    target: TargetArgs,
    // JSON is what a result is anyway; the flag is taken so that scripts can give it to every command.
    #[command(flatten)]
    _output: OutputArgs,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY:VALUE".into()),
    }
}

#[derive(Deserialize)]
struct Reply {
    activation: Activation,
    promoted: bool,
}

pub(super) async fn run(door: &Door, command: &Command) -> Result<()> {
    let input = input(command)?;
    let target = target::find(door, &command.target).await?;
    let function = FunctionRef {
        connection: target.connection.id,
        namespace: target.namespace.name,
        name: FunctionName::new(command.function.as_str())?,
    };
    let mode = if command.no_wait {
        "non_blocking"
    } else {
        "blocking"
    };
    let call = json!({ "function": function, "input": input, "mode": mode });
    let mut shown = Shown::default();
    let on_part = |part| match command.full {
        true => Ok(()),
        false => shown.take(part),
    };
    // Whoever presses Ctrl-C gives the call up; what came of it by then is recorded before this ends.
    let mut signals = Signals::listen()?;
    let reply: Reply = tokio::select! {
        reply = door.stream("invoke_from_terminal", call, on_part) => reply?,
        () = signals.asked() => bail!("the call was given up"),
    };
    let summary = &reply.activation.summary;
    let (id, status) = (summary.id, summary.status);
    if !status.is_final() {
        print::json(&json!({ "activationId": id }))?;
        if reply.promoted {
            eprintln!(
                "beckon: it takes longer than callers wait; `beckon activation result {id}` will have it"
            );
        }
        return Ok(());
    }
    if command.full {
        let record: super::activation::Detail = door.call("activation", json!({ "id": id })).await?;
        print::line(&print::indented(record.raw.as_deref().unwrap_or("{}")))?;
    } else if shown.began {
        shown.end()?;
    } else {
        print::line(&super::activation::result_of(&reply.activation))?;
    }
    match (status, summary.http_status.filter(|code| *code >= 400)) {
        (Status::Success, None) => Ok(()),
        // A function's own answer, which is no error of the run's.
        (Status::Success, Some(code)) => bail!("the run {id} answered HTTP {code}"),
        (other, Some(code)) => bail!("the run {id} ended with {} (HTTP {code})", print::status(other)),
        (other, None) => bail!("the run {id} ended with {}", print::status(other)),
    }
}

/// A part of a response that comes bit by bit.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part {
    Begun,
    Piece {
        base64: String,
    },
    Enough,
    #[serde(other)]
    Other,
}

/// What was printed of such a response, as it came.
#[derive(Default)]
struct Shown {
    began: bool,
    /// Whether the last line has no end yet.
    open: bool,
}

impl Shown {
    fn take(&mut self, part: Part) -> Result<()> {
        match part {
            Part::Begun => self.began = true,
            Part::Piece { base64 } => {
                let bytes = STANDARD
                    .decode(base64)
                    .context("a piece of the response is not base64")?;
                self.open = bytes.last().is_some_and(|byte| *byte != b'\n');
                let mut out = std::io::stdout().lock();
                out.write_all(&bytes)?;
                out.flush()?;
            }
            Part::Enough => {
                eprintln!(
                    "beckon: there is more than is printed while it comes; the record has what records keep of it"
                );
            }
            Part::Other => {}
        }
        Ok(())
    }

    fn end(&self) -> Result<()> {
        match self.open {
            true => print::line(""),
            false => Ok(()),
        }
    }
}

fn input(command: &Command) -> Result<String> {
    let mut arguments = match &command.param_file {
        None => Map::new(),
        Some(path) => {
            let text = text_of(path).with_context(|| format!("{} cannot be read", path.display()))?;
            if command.params.is_empty() {
                // As it is: numbers keep their digits.
                return Ok(text);
            }
            match serde_json::from_str(&text) {
                Ok(Value::Object(arguments)) => arguments,
                _ => bail!("{} does not hold a JSON object", path.display()),
            }
        }
    };
    for (key, value) in &command.params {
        arguments.insert(key.clone(), Value::from(value.as_str()));
    }
    Ok(Value::Object(arguments).to_string())
}

fn text_of(path: &Path) -> std::io::Result<String> {
    if path.as_os_str() == "-" {
        return std::io::read_to_string(std::io::stdin());
    }
    std::fs::read_to_string(path)
}
