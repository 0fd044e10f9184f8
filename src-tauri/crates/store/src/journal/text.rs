//! Text to look for: what of a record goes into the full text index, what a list shows of it, and how a person's words
//! become an FTS5 query (<https://www.sqlite.org/fts5.html>, 3).

use beckon_core::{Activation, Error, ErrorCode, LogLine, filter::Filter};

use crate::fault::Fault;

/// Most bytes indexed of each of logs, result and input.
const INDEXED: usize = 64 * 1024;
/// Most characters of a preview.
const PREVIEW: usize = 120;
/// Most words of one filter; FTS5 bounds the depth of its expressions.
const WORDS: usize = 64;
/// In column `every` of each row.
pub(crate) const EVERY: &str = "all";

/// Up to [`INDEXED`] bytes of the log's lines.
pub(crate) fn of_logs(logs: &[LogLine]) -> String {
    let mut text = String::new();
    for line in logs {
        if text.len() + line.text.len() >= INDEXED {
            text.push_str(cut(&line.text, INDEXED.saturating_sub(text.len())));
            break;
        }
        text.push_str(&line.text);
        text.push('\n');
    }
    text
}

/// Up to [`INDEXED`] bytes of a JSON text with its escapes undone, so that `"a\nb"` holds the words a and b.
pub(crate) fn of_json(json: &str) -> String {
    let json = cut(json, INDEXED);
    if !json.contains('\\') {
        return json.to_owned();
    }
    let mut text = String::with_capacity(json.len());
    let mut chars = json.chars();
    let mut high = None; // the first half of a surrogate pair
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let unit = u16::from_str_radix(&digits, 16).unwrap_or(0xFFFD);
                if (0xD800..0xDC00).contains(&unit) {
                    high = Some(unit);
                } else {
                    text.extend(
                        char::decode_utf16(high.take().into_iter().chain([unit])).map(|c| c.unwrap_or(' ')),
                    );
                }
            }
            Some('n' | 'r' | 't' | 'b' | 'f') => text.push(' '),
            Some(other) => text.push(other),
            None => {}
        }
    }
    text
}

/// At most `bytes` of `text`, ending between characters.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// What a list shows of a record: its first log line that is not empty, or else its result; one line, 120 characters.
#[must_use]
pub(crate) fn preview(activation: &Activation) -> String {
    let line = activation
        .logs
        .iter()
        .map(|line| line.text.as_str())
        .find(|text| !text.trim().is_empty());
    let text = line
        .or(activation.result.as_ref().map(|json| json.as_str()))
        .unwrap_or_default();
    one_line(text, PREVIEW)
}

fn one_line(text: &str, length: usize) -> String {
    let mut line = String::new();
    let (mut count, mut gap) = (0, false);
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            gap = count > 0;
            continue;
        }
        let needed = 1 + usize::from(gap);
        if count + needed > length {
            break;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
        }
        line.push(c);
        count += needed;
    }
    line
}

/// The FTS5 expression of a filter's words; `None` when they do not restrict anything. A word must occur as it is
/// or as a beginning (`hel` finds hello) from its third character on; an excluded one must not occur as it is.
pub(crate) fn expression(filter: &Filter) -> Result<Option<String>, Fault> {
    if filter.words.len() + filter.not_words.len() > WORDS {
        return Err(Error::new(
            ErrorCode::InvalidInput,
            format!("A filter has at most {WORDS} words."),
        )
        .into());
    }
    let wanted: Vec<_> = filter
        .words
        .iter()
        .filter_map(|word| phrase(word, true))
        .collect();
    let unwanted: Vec<_> = filter
        .not_words
        .iter()
        .filter_map(|word| phrase(word, false))
        .collect();
    if wanted.is_empty() && unwanted.is_empty() {
        return Ok(None);
    }
    let mut text = if wanted.is_empty() {
        format!("(every : {EVERY})")
    } else {
        format!("({{logs result input}} : ({}))", wanted.join(" AND "))
    };
    if !unwanted.is_empty() {
        text = format!("{text} NOT ({{logs result input}} : ({}))", unwanted.join(" OR "));
    }
    Ok(Some(text))
}

/// A word as an FTS5 string: everything in it is text. One without a letter or digit has nothing to find.
fn phrase(word: &str, beginning: bool) -> Option<String> {
    if !word.chars().any(char::is_alphanumeric) {
        return None;
    }
    // The query is a C string for FTS5: it would end at a NUL.
    let text = word.replace('\0', " ").replace('"', "\"\"");
    let last = word
        .rsplit(|c: char| !c.is_alphanumeric())
        .find(|part| !part.is_empty())
        .unwrap_or_default();
    let open = word.ends_with(char::is_alphanumeric) && last.chars().count() >= 3;
    let star = if beginning && open { " *" } else { "" };
    Some(format!("\"{text}\"{star}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_one_short_line() {
        assert_eq!(one_line("  a\tb\n\nc  ", 120), "a b c");
        assert_eq!(one_line(&"ä".repeat(500), 120).chars().count(), 120);
        assert_eq!(one_line("abc d", 4), "abc");
    }

    #[test]
    fn escapes_of_json_are_undone() {
        assert_eq!(of_json(r#"{"a":"x\ny"}"#), r#"{"a":"x y"}"#);
        assert_eq!(of_json(r#""gr\u00fcn \ud83d\ude00 \" \\""#), "\"grün 😀 \" \\\"");
        assert_eq!(of_json(r#""\ud83d""#), "\"\"");
        assert!(of_json(&format!("\"{}\"", "ä".repeat(INDEXED))).len() <= INDEXED);
    }

    #[test]
    fn words_are_quoted_for_fts5() {
        let filter = Filter {
            words: vec!["a\"b c".into(), "NOT".into(), "--".into()],
            ..Filter::default()
        };
        let text = expression(&filter).unwrap().unwrap();
        assert_eq!(text, r#"({logs result input} : ("a""b c" AND "NOT" *))"#);
        let filter = Filter {
            not_words: vec!["noise".into()],
            ..Filter::default()
        };
        let text = expression(&filter).unwrap().unwrap();
        assert_eq!(text, r#"(every : all) NOT ({logs result input} : ("noise"))"#);
    }
}
