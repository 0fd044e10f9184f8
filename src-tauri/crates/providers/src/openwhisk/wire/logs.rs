use beckon_core::{Activation, LogLine, LogStream, Millis, Runtime, Status};
use chrono::{DateTime, SecondsFormat, TimeZone, Utc};

use super::TRIGGER;

/// Upstream's line where lines are missing; the number of bytes follows.
const TRUNCATED: &str = "Logs were truncated because the total bytes size exceeds the limit of ";

/// Upstream's last line of a run that broke off.
const BROKE_OFF: &str = "The action did not initialize or run as expected. Log data might be missing.";

/// A record's logs as OpenWhisk writes them: the time in 30 columns, the stream, the text. Both official command-line
/// clients strip the first two with a prefix pattern, so the columns matter.
///
/// The lines of a sequence's record are its components' ids, those of a trigger's record documents about its rules:
/// both as they are.
pub(crate) fn format_logs(activation: &Activation) -> Vec<String> {
    if matches!(activation.summary.kind.as_str(), TRIGGER | Runtime::SEQUENCE) {
        return activation.logs.iter().map(|line| line.text.clone()).collect();
    }
    let mut lines: Vec<String> = activation.logs.iter().map(format_line).collect();
    let end_us = activation
        .summary
        .end
        .unwrap_or(activation.summary.start)
        .saturating_mul(1000);
    let mut add = |text: String| {
        lines.push(format_line(&LogLine {
            at_us: end_us,
            stream: LogStream::Stderr,
            text,
        }));
    };
    if activation.logs_truncated {
        add(format!(
            "{TRUNCATED}{} bytes.",
            u64::from(activation.limits.logs_kb) * 1024
        ));
    }
    if matches!(
        activation.summary.status,
        Status::DeveloperError | Status::TimedOut | Status::Cancelled
    ) {
        add(BROKE_OFF.to_owned());
    }
    lines
}

fn format_line(line: &LogLine) -> String {
    let time = match Utc.timestamp_micros(line.at_us).single() {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::Micros, true),
        None => "1970-01-01T00:00:00.000000Z".to_owned(),
    };
    let stream = match line.stream {
        LogStream::Stdout => "stdout",
        LogStream::Stderr => "stderr",
    };
    format!("{time:<30} {stream}: {}", line.text)
}

/// The lines of a provider's record, and whether lines are missing. A line of another form (a sequence's record holds
/// ids of activations) is kept as it is, at the time of the run's start.
pub(crate) fn parse_logs(lines: &[String], start: Millis) -> (Vec<LogLine>, bool) {
    let mut truncated = false;
    let mut parsed = Vec::with_capacity(lines.len());
    for line in lines {
        let line = parse_line(line).unwrap_or_else(|| LogLine {
            at_us: start.saturating_mul(1000),
            stream: LogStream::Stdout,
            text: line.clone(),
        });
        if line.text.starts_with(TRUNCATED) {
            truncated = true;
        } else {
            parsed.push(line);
        }
    }
    (parsed, truncated)
}

fn parse_line(line: &str) -> Option<LogLine> {
    let (time, rest) = line.split_once(' ')?;
    let at_us = DateTime::parse_from_rfc3339(time).ok()?.timestamp_micros();
    let (stream, text) = rest.trim_start_matches(' ').split_once(':')?;
    let stream = match stream {
        "stdout" => LogStream::Stdout,
        "stderr" => LogStream::Stderr,
        _ => return None,
    };
    Some(LogLine {
        at_us,
        stream,
        text: text.strip_prefix(' ').unwrap_or(text).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_time_in_30_columns() {
        let line = LogLine {
            at_us: 1_692_623_022_053_123,
            stream: LogStream::Stdout,
            text: "  hi: there".into(),
        };
        let text = format_line(&line);
        assert_eq!(text, "2023-08-21T13:03:42.053123Z    stdout:   hi: there");
        assert_eq!(parse_line(&text), Some(line));
    }

    #[test]
    fn upstreams_nanoseconds_and_empty_lines_are_read() {
        let (lines, truncated) = parse_logs(
            &[
                "2023-08-21T13:03:42.053123456Z stderr: x".into(),
                "2023-08-21T13:03:42Z           stdout:".into(),
                "0123456789abcdef0123456789abcdef".into(),
                format!("2023-08-21T13:03:43Z           stderr: {TRUNCATED}1024 bytes."),
            ],
            5,
        );
        assert!(truncated);
        assert_eq!(lines.len(), 3);
        assert_eq!(
            (lines[0].at_us, lines[0].text.as_str()),
            (1_692_623_022_053_123, "x")
        );
        assert_eq!(lines[1].text, "");
        assert_eq!((lines[2].at_us, lines[2].text.len()), (5000, 32));
    }
}
