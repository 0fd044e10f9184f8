//! Answers on standard output.

use std::io::Write as _;

use anyhow::Result;
use beckon_core::{ActivationSummary, CallbackState, Millis, Status, StatusGroup};
use chrono::{Local, TimeZone as _};
use serde::Serialize;

/// One line. A closed pipe (`beckon … | head`) is an error here, not a panic.
pub(super) fn line(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

/// Pretty JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Columns as wide as their widest cell, two blanks apart.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> Result<()> {
    let mut widths = head.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let render = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    line(&render(head.to_vec()))?;
    rows.iter()
        .try_for_each(|row| line(&render(row.iter().map(String::as_str).collect())))
}

/// A time as ISO 8601 UTC to the second.
pub(super) fn time(millis: beckon_core::Millis) -> String {
    chrono::DateTime::from_timestamp_millis(millis).map_or_else(
        || millis.to_string(),
        |t| t.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    )
}

/// The line above what is printed of a run, as doctl has it: `=== <id> <status> <MM/DD hh:mm:ss> <function>:<version>`.
pub(super) fn header(run: &ActivationSummary) -> String {
    format!(
        "=== {} {} {} {}:{}",
        run.id,
        outcome(run),
        clock(run.end.unwrap_or(run.start), "%m/%d %H:%M:%S"),
        run.function,
        run.version
    )
}

/// How a run ended, and whether whoever was to be told of it was.
pub(super) fn outcome(run: &ActivationSummary) -> String {
    let status = status(run.status);
    match run.callback {
        Some(CallbackState::Failed) => format!("{status}, callback failed"),
        Some(CallbackState::Pending) => format!("{status}, callback pending"),
        Some(CallbackState::Delivered) | None => status.to_owned(),
    }
}

/// doctl's words for how a run ended, and Beckon's for one that has not.
pub(super) fn status(status: Status) -> &'static str {
    match status.group() {
        StatusGroup::Pending => status.as_str(),
        StatusGroup::Success => "success",
        StatusGroup::ApplicationError => "application error",
        StatusGroup::DeveloperError => "developer error",
        StatusGroup::SystemError => "system error",
    }
}

/// A time on this machine's own clock.
pub(super) fn clock(millis: Millis, format: &str) -> String {
    match Local.timestamp_millis_opt(millis).single() {
        Some(time) => time.format(format).to_string(),
        None => millis.to_string(),
    }
}

/// JSON on several lines, two blanks a level. Token by token, so that numbers keep their digits.
pub(super) fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let new_line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth));
    };
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        if quoted {
            text.push(c);
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match c {
            '"' => {
                quoted = true;
                text.push(c);
            }
            '{' | '[' => {
                while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                text.push(c);
                match chars.next_if(|c| matches!(c, '}' | ']')) {
                    Some(end) => text.push(end),
                    None => {
                        depth += 1;
                        new_line(&mut text, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::indented;

    #[test]
    fn json_is_indented_and_nothing_in_it_changes() {
        let json = r#"{"a":[1.10, {}, [ ],{"b:,":"x\\\"{y}"}],"n":12345678901234567890123 ,"e":null}"#;
        let text = indented(json);
        assert_eq!(
            text,
            "{\n  \"a\": [\n    1.10,\n    {},\n    [],\n    {\n      \"b:,\": \"x\\\\\\\"{y}\"\n    }\n  ],\n  \"n\": 12345678901234567890123,\n  \"e\": null\n}"
        );
        assert_eq!(indented(&text), text);
        assert_eq!(indented("\"a b\""), "\"a b\"");
    }
}
