//! Answers on standard output.

use std::io::Write as _;

use anyhow::Result;
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
