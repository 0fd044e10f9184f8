//! Text to look for: what of a record goes into the full text index, what a list shows of it, and how a person's words
//! become an FTS5 query (<https://www.sqlite.org/fts5.html>, 3).

use beckon_core::{Activation, Error, ErrorCode, LogLine, filter::Filter};

use rusqlite::{Connection, OptionalExtension as _};

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
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    let mut high = None; // the first half of a surrogate pair
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut chars = escape.chars();
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
        rest = chars.as_str();
    }
    text.push_str(rest);
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
pub fn preview(activation: &Activation) -> String {
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
///
/// `endings` gives the words of the index that begin with the one given, or nothing when they are too many.
pub(crate) fn expression(
    filter: &Filter,
    endings: impl Fn(&str) -> Result<Option<Vec<String>>, Fault>,
) -> Result<Option<String>, Fault> {
    if filter.words.len() + filter.not_words.len() > WORDS {
        return Err(Error::new(
            ErrorCode::InvalidInput,
            format!("A filter has at most {WORDS} words."),
        )
        .into());
    }
    let mut wanted = Vec::with_capacity(filter.words.len());
    for word in filter.words.iter().filter(|word| has_text(word)) {
        wanted.push(beginning(word, &endings)?);
    }
    let unwanted: Vec<_> = filter
        .not_words
        .iter()
        .filter(|word| has_text(word))
        .map(|word| quote(word))
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

/// A word without a letter or digit has nothing to find.
fn has_text(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric)
}

/// A word as an FTS5 string: everything in it is text. FTS5 reads a C string, which would end at a NUL.
fn quote(word: &str) -> String {
    format!("\"{}\"", word.replace('\0', " ").replace('"', "\"\""))
}

/// A word or phrase whose last word may go on.
///
/// FTS5 answers `word *` by reading every row of every word that begins so, before it gives the first. The same as
/// alternatives of whole words is read from the newest row on, and ends with the page.
fn beginning(
    word: &str,
    endings: impl Fn(&str) -> Result<Option<Vec<String>>, Fault>,
) -> Result<String, Fault> {
    let cut = word
        .rfind(|c: char| !c.is_alphanumeric())
        .map_or(0, |at| at + word[at..].chars().next().map_or(0, char::len_utf8));
    let (before, last) = word.split_at(cut);
    if last.chars().count() < 3 {
        return Ok(quote(word));
    }
    // The index folds case, and accents too: what becomes of other letters is only known to FTS5.
    let known = if last.is_ascii() {
        endings(&last.to_ascii_lowercase())?
    } else {
        None
    };
    Ok(match known {
        None => format!("{} *", quote(word)),
        // No word at all: asked as it is, it finds nothing, quickly.
        Some(words) if words.is_empty() => quote(word),
        Some(words) => {
            let phrases: Vec<_> = words
                .iter()
                .map(|word| quote(&format!("{before}{word}")))
                .collect();
            format!("({})", phrases.join(" OR "))
        }
    })
}

/// Most words that one beginning is spelled out as.
const ENDINGS: usize = 24;

/// The words of the index that begin with `beginning`, if they are few.
pub(crate) fn endings(db: &Connection, beginning: &str) -> Result<Option<Vec<String>>, Fault> {
    let mut words: Vec<String> = Vec::new();
    // One question per word, each answered by the first of its rows: the table has one for each occurrence, in the
    // order of words.
    let mut statement = db.prepare_cached("SELECT term FROM vocabulary WHERE term >= ?1 LIMIT 1")?;
    let mut from = beginning.to_owned();
    while let Some(word) = statement
        .query_row([&from], |row| row.get::<_, String>(0))
        .optional()?
    {
        if !word.starts_with(beginning) {
            break;
        }
        if words.len() == ENDINGS {
            return Ok(None);
        }
        from = format!("{word}\0"); // the smallest text after it
        words.push(word);
    }
    Ok(Some(words))
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
        let ask = |words: &[&str], not_words: &[&str]| {
            let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
            let filter = Filter {
                words: own(words),
                not_words: own(not_words),
                ..Filter::default()
            };
            let endings = |word: &str| {
                Ok(match word {
                    "hel" => Some(vec!["hello".into(), "help".into()]),
                    "nil" => Some(Vec::new()),
                    _ => None,
                })
            };
            expression(&filter, endings).unwrap()
        };
        let all = |text: &str| Some(format!("({{logs result input}} : ({text}))"));
        assert_eq!(ask(&["a\"b c", "NOT", "--"], &[]), all(r#""a""b c" AND "NOT" *"#));
        assert_eq!(ask(&["say: HEL"], &[]), all(r#"("say: hello" OR "say: help")"#));
        assert_eq!(
            ask(&["nil", "grün", "x\0"], &[]),
            all(r#""nil" AND "grün" * AND "x ""#)
        );
        assert_eq!(
            ask(&[], &["noise"]),
            Some(r#"(every : all) NOT ({logs result input} : ("noise"))"#.into())
        );
        assert_eq!(ask(&["--"], &["\""]), None);
    }
}
