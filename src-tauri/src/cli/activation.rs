//! `beckon activation get|result|logs|list`, as `doctl serverless activations` is.

use anyhow::{Result, anyhow, bail};
use beckon_core::{
    Activation, ActivationId, ActivationSummary, BodyForm, Error, ErrorCode, FunctionName, Millis,
};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use super::door::Door;
use super::follow::follow;
use super::target::{self, Target, TargetArgs};
use super::{Output, OutputArgs, print};

/// DigitalOcean's text for a record that is not there; scripts look for it.
const MISSING: &str = "The requested activation record does not exist. This either means that the invocation is still running and the record is not yet created or the activation's retention period has already expired.";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print a record
    Get(One),
    /// Print what a run answered
    Result(One),
    /// Print what runs wrote
    Logs(Logs),
    /// List runs, newest first
    List(List),
}

/// Which run.
#[derive(Args)]
pub(crate) struct One {
    /// The activation's id
    #[arg(value_name = "ID", required_unless_present_any = ["last", "function"])]
    id: Option<String>,
    /// The most recent one of the namespace
    #[arg(short, long, conflicts_with = "id")]
    last: bool,
    /// The most recent one of this function
    #[arg(short, long, value_name = "FN", conflicts_with = "id")]
    function: Option<String>,
    /// Print no header
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Args)]
pub(crate) struct Logs {
    /// The activation's id; without it, the most recent one of the namespace
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// The most recent one, which is what happens without an id as well
    #[arg(short, long, conflicts_with = "id")]
    last: bool,
    /// Only of this function
    #[arg(short, long, value_name = "FN", conflicts_with = "id")]
    pub(super) function: Option<String>,
    /// How many runs
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1, conflicts_with_all = ["id", "last", "follow"], value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Started at or after: -1h, 2026-11-21T05:00Z, or milliseconds since 1970
    #[arg(long, value_name = "TIME", conflicts_with = "id", allow_hyphen_values = true)]
    pub(super) since: Option<String>,
    /// Started at or before
    #[arg(long, value_name = "TIME", conflicts_with_all = ["id", "follow"], allow_hyphen_values = true)]
    upto: Option<String>,
    /// Go on with each run that ends from now on, until interrupted
    #[arg(long, conflicts_with = "id")]
    follow: bool,
    /// Print the text of each line without its time and stream
    #[arg(short = 'r', long)]
    strip: bool,
    /// Print no headers
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    pub(super) target: TargetArgs,
}

#[derive(Args)]
pub(crate) struct List {
    /// Only of this function
    #[arg(value_name = "FN")]
    name: Option<String>,
    /// Only of this function
    #[arg(short, long, value_name = "FN", conflicts_with = "name")]
    function: Option<String>,
    /// How many at most
    #[arg(short, long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Started at or after: -1h, 2026-11-21T05:00Z, or milliseconds since 1970
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,
    /// Started at or before
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    upto: Option<String>,
    /// Print ids only
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// A record and its document.
#[derive(Deserialize)]
pub(super) struct Detail {
    activation: Activation,
    /// As the provider's API serves it; none while the run is not over.
    pub(super) raw: Option<String>,
}

#[derive(Deserialize)]
struct Rows {
    rows: Vec<ActivationSummary>,
}

/// The part of the document that the logs are in.
#[derive(Deserialize)]
struct Written {
    logs: Vec<String>,
}

pub(super) async fn run(door: &Door, command: &Command) -> Result<()> {
    match command {
        Command::Get(one) => {
            let (record, raw) = pick(door, one).await?;
            header(
                &record.summary,
                one.id.is_some() || one.quiet || one.output.output == Output::Json,
            )?;
            print::line(&print::indented(&raw))
        }
        Command::Result(one) => {
            let (record, _) = pick(door, one).await?;
            header(
                &record.summary,
                one.id.is_some() || one.quiet || one.output.output == Output::Json,
            )?;
            print::line(&result_of(&record))
        }
        Command::Logs(logs) if logs.follow => follow(door, logs).await,
        Command::Logs(logs) => self::logs(door, logs).await,
        Command::List(args) => list(door, args).await,
    }
}

/// What a run answered: pretty JSON, or the text that it was.
pub(super) fn result_of(record: &Activation) -> String {
    let Some(result) = &record.result else {
        return "{}".to_owned();
    };
    let is_text = record
        .http
        .as_ref()
        .is_some_and(|http| http.response_body == BodyForm::Text);
    match serde_json::from_str::<String>(result.as_str()) {
        Ok(text) if is_text => text,
        _ => print::indented(result.as_str()),
    }
}

fn header(summary: &ActivationSummary, hidden: bool) -> Result<()> {
    if hidden {
        return Ok(());
    }
    print::line(&print::header(summary))
}

/// The record that the arguments name, and its document.
async fn pick(door: &Door, one: &One) -> Result<(Activation, String)> {
    if let Some(id) = &one.id {
        return by_id(door, &one.target, id).await;
    }
    let target = target::find(door, &one.target).await?;
    target::refresh(door, &target).await?;
    let filter = filter(&target, one.function.as_deref(), None, None)?;
    let newest = ended(door, &filter, 1).await?.pop();
    let newest = newest.ok_or_else(|| anyhow!(MISSING))?;
    whole(door, newest.id).await
}

async fn by_id(door: &Door, args: &TargetArgs, id: &str) -> Result<(Activation, String)> {
    let id: ActivationId = id.parse()?;
    match whole(door, id).await {
        Ok(found) => Ok(found),
        // A provider may have it by now.
        Err(error) => {
            let target = target::find(door, args).await?;
            if target.is_local() {
                return Err(error);
            }
            target::refresh(door, &target).await?;
            whole(door, id).await
        }
    }
}

/// A record of a run that is over; the documented text where there is none.
async fn whole(door: &Door, id: ActivationId) -> Result<(Activation, String)> {
    let found: Result<Detail> = door.call("activation", json!({ "id": id })).await;
    match found {
        Ok(Detail {
            activation,
            raw: Some(raw),
        }) => Ok((activation, raw)),
        Ok(_) => bail!(MISSING),
        Err(error) => match error.downcast_ref::<Error>() {
            Some(error) if error.code == ErrorCode::NotFound => bail!(MISSING),
            _ => Err(error),
        },
    }
}

/// A text of the journal's filter grammar.
pub(super) fn filter(
    target: &Target,
    function: Option<&str>,
    since: Option<&str>,
    upto: Option<&str>,
) -> Result<String> {
    let mut text = target.filter();
    if let Some(name) = function {
        text.push_str(&format!(" fn:\"{}\"", FunctionName::new(name)?));
    }
    for (key, value) in [("from", since), ("to", upto)] {
        let Some(value) = value else { continue };
        if value.contains('"') {
            bail!("'{value}' is not a time");
        }
        text.push_str(&format!(" {key}:\"{value}\""));
    }
    let (_, terms) = beckon_core::filter::parse(&text, 0);
    match terms.into_iter().find_map(|term| term.problem) {
        Some(problem) => bail!(problem),
        None => Ok(text),
    }
}

async fn rows(door: &Door, filter: &str, limit: u32) -> Result<Vec<ActivationSummary>> {
    let page = json!({ "filter": filter, "after": null, "limit": limit });
    let Rows { rows } = door.call("activations", page).await?;
    Ok(rows)
}

/// The newest runs that are over.
async fn ended(door: &Door, filter: &str, limit: u32) -> Result<Vec<ActivationSummary>> {
    rows(door, &format!("{filter} status:ok status:error"), limit).await
}

async fn logs(door: &Door, args: &Logs) -> Result<()> {
    if let Some(id) = &args.id {
        let (_, raw) = by_id(door, &args.target, id).await?;
        return print_logs(&raw, args.strip);
    }
    let target = target::find(door, &args.target).await?;
    target::refresh(door, &target).await?;
    let (since, upto) = (args.since.as_deref(), args.upto.as_deref());
    let filter = filter(&target, args.function.as_deref(), since, upto)?;
    let found = ended(door, &filter, args.limit).await?;
    if found.is_empty() {
        bail!(MISSING);
    }
    // Oldest first, as one reads.
    for summary in found.iter().rev() {
        print_run(door, summary, args).await?;
    }
    Ok(())
}

async fn print_run(door: &Door, summary: &ActivationSummary, args: &Logs) -> Result<()> {
    let (record, raw) = whole(door, summary.id).await?;
    header(&record.summary, args.quiet)?;
    print_logs(&raw, args.strip)
}

/// Prints a run with its logs; `false` when it is not over.
pub(super) fn print_record(detail: &Detail, args: &Logs) -> Result<bool> {
    let Some(raw) = &detail.raw else {
        return Ok(false);
    };
    header(&detail.activation.summary, args.quiet)?;
    print_logs(raw, args.strip)?;
    Ok(true)
}

fn print_logs(raw: &str, strip: bool) -> Result<()> {
    let Written { logs } = serde_json::from_str(raw)?;
    logs.iter()
        .try_for_each(|line| print::line(if strip { stripped(line) } else { line }))
}

/// The text of a line `<time, 30 columns> <stream>: <text>`.
fn stripped(line: &str) -> &str {
    let text = line
        .split_once(" stdout: ")
        .or_else(|| line.split_once(" stderr: "));
    match text {
        // Only where what is before is a time: the text itself may say anything.
        Some((time, text)) if time.len() <= 30 && time.contains('T') => text,
        _ => line,
    }
}

async fn list(door: &Door, args: &List) -> Result<()> {
    let target = target::find(door, &args.target).await?;
    target::refresh(door, &target).await?;
    let function = args.name.as_deref().or(args.function.as_deref());
    let filter = filter(&target, function, args.since.as_deref(), args.upto.as_deref())?;
    let found = rows(door, &filter, args.limit).await?;
    if args.output.output == Output::Json {
        return print::json(&found);
    }
    if args.quiet {
        return found.iter().try_for_each(|run| print::line(&run.id.to_string()));
    }
    let cells: Vec<[String; 8]> = found.iter().map(row).collect();
    print::table(
        [
            "DATETIME",
            "STATUS",
            "KIND",
            "VERSION",
            "ACTIVATION ID",
            "START",
            "DURATION",
            "FUNCTION",
        ],
        &cells,
    )
}

fn row(run: &ActivationSummary) -> [String; 8] {
    let start = match run.cold {
        Some(true) => "cold",
        Some(false) => "warm",
        None => "",
    };
    let took = |ms: Millis| format!("{ms} ms");
    [
        print::clock(run.start, "%m/%d %H:%M:%S"),
        print::outcome(run),
        run.kind.clone(),
        run.version.clone(),
        run.id.to_string(),
        start.to_owned(),
        run.duration_ms.map(took).unwrap_or_default(),
        run.function.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_and_the_stream_are_stripped() {
        let line = "2026-11-21T05:00:00.000001Z    stdout: Greeting stdout: Ada";
        assert_eq!(stripped(line), "Greeting stdout: Ada");
        assert_eq!(
            stripped("b68492d6875840148492d687586014f5"),
            "b68492d6875840148492d687586014f5"
        );
    }
}
