//! `${NAME}` in project files, as faas-cli (drone/envsubst) and DigitalOcean's deployer replace it.
//!
//! Both replace text before they parse. Here each place is parsed as one word and replaced in what was parsed: a value can
//! be neither a new line nor a new key of the file, lines stay what they are, and it is known of every value whether it
//! came from outside of the file, which is how secrets come into such projects.

use beckon_core::random_hex;

/// Where values come from.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A file with its places marked.
pub(super) struct Substitution {
    /// The text to parse.
    pub(super) text: String,
    mark: String,
    places: Vec<Place>,
}

struct Place {
    /// As it was written.
    written: String,
    outcome: Outcome,
}

enum Outcome {
    /// From the environment or a `.env` file.
    Outside(String),
    /// The default in the file.
    Default(String),
    /// Nothing of that name, and no default.
    Missing(String),
    /// Not a form that is known here.
    Unknown,
}

/// A text with its places replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// Some of it came from outside of the file.
    pub(super) outside: bool,
    /// Names that nothing was found for; they are empty in the text.
    pub(super) missing: Vec<String>,
    /// Forms that are not known; they stand in the text as they are.
    pub(super) unknown: Vec<String>,
}

impl Substitution {
    pub(super) fn new(text: &str, lookup: Lookup<'_>) -> Self {
        let mark = format!("BECKON{}", random_hex());
        let mut out = String::with_capacity(text.len());
        let mut places = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, place) = rest.split_at(at);
            // `$${` is how a `${` is written that stays.
            let escaped = before.ends_with('$');
            let end = place
                .find(['}', '\n'])
                .filter(|end| place[*end..].starts_with('}'));
            let Some(end) = end else {
                out.push_str(before);
                out.push_str("${");
                rest = &place[2..];
                continue;
            };
            out.push_str(if escaped {
                &before[..before.len() - 1]
            } else {
                before
            });
            let written = place[..=end].to_owned();
            let outcome = if escaped {
                Outcome::Default(written.clone())
            } else {
                resolve(&place[2..end], lookup)
            };
            out.push_str(&format!("{mark}N{}E", places.len()));
            places.push(Place { written, outcome });
            rest = &place[end + 1..];
        }
        out.push_str(rest);
        Self {
            text: out,
            mark,
            places,
        }
    }

    pub(super) fn expand(&self, text: &str) -> Expanded {
        let mut expanded = Expanded::default();
        let mut rest = text;
        while let Some(at) = rest.find(&self.mark) {
            expanded.text.push_str(&rest[..at]);
            let after = &rest[at + self.mark.len() + 1..];
            let end = after.find('E').unwrap_or(after.len());
            let place = after[..end]
                .parse::<usize>()
                .ok()
                .and_then(|number| self.places.get(number));
            match place.map(|place| (&place.outcome, &place.written)) {
                Some((Outcome::Outside(value), _)) => {
                    expanded.text.push_str(value);
                    expanded.outside = true;
                }
                Some((Outcome::Default(value), _)) => expanded.text.push_str(value),
                Some((Outcome::Missing(name), _)) => expanded.missing.push(name.clone()),
                Some((Outcome::Unknown, written)) => {
                    expanded.text.push_str(written);
                    expanded.unknown.push(written.clone());
                }
                None => {}
            }
            rest = after.get(end + 1..).unwrap_or_default();
        }
        expanded.text.push_str(rest);
        expanded
    }
}

fn resolve(inside: &str, lookup: Lookup<'_>) -> Outcome {
    let inside = inside.trim();
    let length = inside
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(inside.len());
    let (name, rest) = inside.split_at(length);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Outcome::Unknown;
    }
    let found = lookup(name);
    // With a colon, an empty value counts as none.
    let (default, or_empty) = match rest {
        "" => (None, false),
        _ => match [(":-", true), (":=", true), ("-", false), ("=", false)]
            .iter()
            .find_map(|(sign, or_empty)| rest.strip_prefix(sign).map(|text| (text, *or_empty)))
        {
            Some((text, or_empty)) => (Some(text), or_empty),
            None => return Outcome::Unknown,
        },
    };
    match (found, default) {
        (Some(value), Some(default)) if value.is_empty() && or_empty => Outcome::Default(default.to_owned()),
        (Some(value), _) => Outcome::Outside(value),
        (None, Some(default)) => Outcome::Default(default.to_owned()),
        (None, None) => Outcome::Missing(name.to_owned()),
    }
}

/// The variables of a `.env` file: `NAME=value` lines, `export`, `#` comments, quotes as dotenv reads them.
pub(super) fn dotenv(text: &str) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let value = value.trim();
        let quoted = |mark: char| {
            value
                .strip_prefix(mark)
                .and_then(|rest| rest.rsplit_once(mark))
                .map(|(text, _)| text)
        };
        let value = if let Some(text) = quoted('"') {
            text.replace("\\n", "\n").replace("\\\"", "\"")
        } else if let Some(text) = quoted('\'') {
            text.to_owned()
        } else {
            value.split(" #").next().unwrap_or_default().trim().to_owned()
        };
        variables.push((name.trim().to_owned(), value));
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> Expanded {
        let lookup = |name: &str| match name {
            "SET" => Some("value".to_owned()),
            "EMPTY" => Some(String::new()),
            "LINES" => Some("a\nb: c".to_owned()),
            _ => None,
        };
        let substitution = Substitution::new(text, &lookup);
        substitution.expand(&substitution.text)
    }

    #[test]
    fn the_forms_of_envsubst_are_replaced() {
        for (text, wanted, outside) in [
            ("a ${SET} b", "a value b", true),
            ("${SET:-x}/${UNSET:-foo/bar}:${UNSET:-1}", "value/foo/bar:1", true),
            ("${UNSET:-}", "", false),
            ("${EMPTY:-full}", "full", false),
            ("${EMPTY-full}", "", true),
            ("${UNSET=x}${UNSET:=y}", "xy", false),
            ("$SET $$ {SET}", "$SET $$ {SET}", false),
            ("$${SET}", "${SET}", false),
            ("${SET", "${SET", false),
        ] {
            let expanded = expand(text);
            assert_eq!(
                (expanded.text.as_str(), expanded.outside),
                (wanted, outside),
                "{text}"
            );
            assert!(
                expanded.missing.is_empty() && expanded.unknown.is_empty(),
                "{text}"
            );
        }
        assert_eq!(expand("x${UNSET}y").missing, ["UNSET"]);
        assert_eq!(expand("${SET^^}").unknown, ["${SET^^}"]);
    }

    #[test]
    fn a_value_is_no_part_of_the_files_structure() {
        let lookup = |_: &str| Some("a\nb: c".to_owned());
        let substitution = Substitution::new("key: ${X}\nlist: [${X}, 1]", &lookup);
        let tree = super::super::yaml::parse(&substitution.text, "f").unwrap();
        let super::super::yaml::Value::Map(entries) = tree.value else {
            panic!()
        };
        assert_eq!(entries.len(), 2);
        let super::super::yaml::Value::Text(text) = &entries[0].1.value else {
            panic!()
        };
        assert_eq!(substitution.expand(text).text, "a\nb: c");
    }

    #[test]
    fn dotenv_files_are_read() {
        let text = "# c\nA=1\nexport B = \"x\\ny\" # z\nC='q # r'\nD=a b # c\nnothing\n";
        let wanted = [("A", "1"), ("B", "x\ny"), ("C", "q # r"), ("D", "a b")];
        assert_eq!(
            dotenv(text),
            wanted.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}
