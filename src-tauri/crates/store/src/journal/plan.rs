//! How a filter is answered: which index gives the rows, and what is left to check on each.
//!
//! Every index is in the order of time (see the schema), so a page is read from its newest row and ends when it is
//! full. What could be slow is a filter whose rows are rare under the index chosen; so each index that fits is asked
//! how many rows it would give, up to a small number, and the rarest one is used.

use beckon_core::{ActivationId, Millis, Mode, Status, filter::Filter};
use rusqlite::types::Value;

use crate::fault::Fault;
use crate::journal::save::{LATEST, TIES, id_bytes};
use crate::journal::text;
use crate::readers::Reader;
use crate::words::word;

/// Up to this many rows of an index are counted to compare it with others.
const PROBE: i64 = 1_000;
/// The same for the index of durations: its rows must be sorted, so there must not be more, but a bound is better
/// than none.
const SORTED: i64 = 10_000;
/// Asking the text index about one row costs as much as reading this many matches from it in order.
const ASKING: i64 = 30;
/// Rows so few that the text index is asked about each without further ado.
const FEW: i64 = 20;
/// Most index ranges merged into one ordered stream.
const RANGES: usize = 60;

/// The direction of a stream of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The latest start first.
    Newest,
    /// The earliest start first.
    Oldest,
    /// As it comes.
    Any,
}

/// Where rows come from.
#[derive(Debug, Clone)]
enum Source {
    /// The table itself, or ranges of one of its indexes, each a condition.
    Table {
        index: Option<&'static str>,
        ranges: Vec<String>,
    },
    /// The text index.
    Words,
}

/// A filter, ready to be asked.
#[derive(Debug)]
pub(crate) struct Plan {
    source: Source,
    /// Bounds of `n`, inclusive.
    bounds: (i64, i64),
    /// What every row is checked for.
    checks: Vec<String>,
    /// Values of the numbered parameters in `checks` and ranges.
    values: Vec<Value>,
    /// The number of the parameter that holds the FTS5 expression.
    words: Option<usize>,
    /// One run is asked for: SQLite finds it by its unique index.
    by_id: bool,
    /// Nothing can match.
    empty: bool,
}

/// Starts from..=to as bounds of `n`.
pub(crate) fn bounds(from: Option<Millis>, to: Option<Millis>) -> (i64, i64) {
    let first = from.unwrap_or(0).max(0);
    let last = to.unwrap_or(LATEST).min(LATEST);
    if first > LATEST || last < 0 {
        return (0, -1);
    }
    (first << TIES, (last << TIES) | ((1 << TIES) - 1))
}

/// The places (function in a namespace of a connection) that a filter names; `None` for any.
pub(crate) fn places(reader: &Reader<'_>, filter: &Filter) -> Result<Option<Vec<i64>>, Fault> {
    if filter.functions.is_empty() && filter.namespaces.is_empty() && filter.connections.is_empty() {
        return Ok(None);
    }
    let any = |wanted: &[String], name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    let mut statement = reader
        .db
        .prepare_cached("SELECT id, connection, namespace, function FROM places")?;
    let mut rows = statement.query([])?;
    let mut places = Vec::new();
    while let Some(row) = rows.next()? {
        let name = |column| row.get_ref(column).and_then(|v| v.as_str().map_err(Into::into));
        let function = name(3)?;
        let fits =
            filter.functions.is_empty() || filter.functions.iter().any(|wanted| fits(wanted, function));
        if fits && any(&filter.connections, name(1)?) && any(&filter.namespaces, name(2)?) {
            places.push(row.get(0)?);
        }
    }
    Ok(Some(places))
}

/// Whether a `fn:` term names a function.
fn fits(wanted: &str, function: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(beginning) => function.starts_with(beginning),
        None => function == wanted,
    }
}

/// `column IN (…)`, for numbers.
pub(crate) fn among(column: &str, numbers: &[i64]) -> String {
    let list: Vec<_> = numbers.iter().map(i64::to_string).collect();
    format!("{column} IN ({})", list.join(", "))
}

/// `column IN ('…')`, for words of ours.
fn among_words<T: AsRef<str>>(column: &str, words: &[T]) -> String {
    let list: Vec<_> = words.iter().map(|w| format!("'{}'", w.as_ref())).collect();
    format!("{column} IN ({})", list.join(", "))
}

impl Plan {
    /// Chooses how to answer `filter`.
    pub(crate) fn new(reader: &Reader<'_>, filter: &Filter) -> Result<Self, Fault> {
        let places = places(reader, filter)?;
        let mut plan = Self {
            source: Source::Table {
                index: None,
                ranges: Vec::new(),
            },
            bounds: bounds(filter.from, filter.to),
            checks: Vec::new(),
            values: Vec::new(),
            words: None,
            by_id: false,
            empty: places.as_ref().is_some_and(Vec::is_empty),
        };
        plan.empty |= plan.bounds.0 > plan.bounds.1;
        let mut candidates = plan.read(reader, filter, places.as_deref())?;
        plan.by_id = filter.id.is_some();
        if !plan.empty && !plan.by_id {
            plan.choose(reader, &mut candidates)?;
        }
        Ok(plan)
    }

    /// Notes every term as a check, and the indexes that could serve; the more selective by nature come first.
    fn read(
        &mut self,
        reader: &Reader<'_>,
        filter: &Filter,
        places: Option<&[i64]>,
    ) -> Result<Vec<Source>, Fault> {
        let mut candidates = Vec::new();
        let mut index = |name, ranges: Vec<String>| {
            if ranges.len() <= RANGES {
                candidates.push(Source::Table {
                    index: Some(name),
                    ranges,
                });
            }
        };
        if let Some(id) = filter.id {
            let parameter = self.bind(id_value(id));
            self.checks.push(format!("a.id = {parameter}"));
        }
        let mut statuses = filter.statuses.clone();
        statuses.sort_by_key(|s| s.as_str());
        statuses.dedup();
        // The partial indexes leave out success, which most runs are.
        let rare = !statuses.is_empty() && !statuses.contains(&Status::Success) && filter.id.is_none();
        let by_place: Vec<_> = places
            .into_iter()
            .flatten()
            .map(|place| format!("a.place = {place}"))
            .collect();
        let by_status: Vec<_> = statuses
            .iter()
            .map(|s| format!("a.status = '{s}' AND a.status <> 'success'"))
            .collect();
        if places.is_some() && filter.id.is_none() {
            if rare {
                let both = by_place
                    .iter()
                    .flat_map(|p| by_status.iter().map(move |s| format!("{p} AND {s}")));
                index("activations_by_place_status", both.collect());
            }
            index("activations_by_place", by_place);
        }
        if rare {
            index("activations_by_status", by_status);
        }
        if let Some(places) = places {
            self.checks.push(among("a.place", places));
        }
        if !statuses.is_empty() {
            let words: Vec<_> = statuses.iter().map(|s| s.as_str()).collect();
            self.checks.push(among_words("a.status", &words));
        }
        if filter.id.is_none() {
            if filter.cold == Some(true) {
                index("activations_by_cold", vec!["a.cold = 1".into()]);
            }
            if filter.pinned == Some(true) {
                index("activations_by_pinned", vec!["a.pinned = 1".into()]);
            }
            if !filter.modes.is_empty() && !filter.modes.contains(&Mode::Blocking) {
                let ranges: Result<Vec<_>, Fault> = filter
                    .modes
                    .iter()
                    .map(|mode| Ok(format!("a.mode = '{}' AND a.mode <> 'blocking'", word(mode)?)))
                    .collect();
                index("activations_by_mode", ranges?);
            }
        }
        if !filter.callbacks.is_empty() {
            let words: Result<Vec<_>, Fault> = filter.callbacks.iter().map(word).collect();
            let words = words?;
            if filter.id.is_none() {
                let range = |word| format!("a.callback = '{word}' AND a.callback IS NOT NULL");
                index("activations_by_callback", words.iter().map(range).collect());
            }
            self.checks.push(among_words("a.callback", &words));
        }
        if !filter.modes.is_empty() {
            let words: Result<Vec<_>, Fault> = filter.modes.iter().map(word).collect();
            self.checks.push(among_words("a.mode", &words?));
        }
        let flag = |column: &str, wanted: bool| format!("a.{column} = {}", i32::from(wanted));
        self.checks.extend(filter.cold.map(|wanted| flag("cold", wanted)));
        self.checks
            .extend(filter.pinned.map(|wanted| flag("pinned", wanted)));
        if !filter.versions.is_empty() {
            let bound: Vec<_> = filter
                .versions
                .iter()
                .map(|v| self.bind(Value::Text(v.clone())))
                .collect();
            if filter.id.is_none() {
                index(
                    "activations_by_version",
                    bound.iter().map(|v| format!("a.version = {v}")).collect(),
                );
            }
            self.checks.push(format!("a.version IN ({})", bound.join(", ")));
        }
        let longer = filter.longer_than.map(|ms| format!("a.duration > {ms}"));
        let shorter = filter.shorter_than.map(|ms| format!("a.duration < {ms}"));
        let durations: Vec<_> = longer.into_iter().chain(shorter).collect();
        if !durations.is_empty() && filter.id.is_none() {
            index(DURATION, vec![durations.join(" AND ")]);
        }
        self.checks.extend(durations);
        if let Some(expression) = text::expression(filter, |word| text::endings(reader.db, word))? {
            self.bind(Value::Text(expression));
            self.words = Some(self.values.len());
        }
        Ok(candidates)
    }

    fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("?{}", self.values.len())
    }

    fn choose(&mut self, reader: &Reader<'_>, candidates: &mut Vec<Source>) -> Result<(), Fault> {
        let alone = candidates.len() == 1 && self.words.is_none() && !is_by_duration(&candidates[0]);
        if alone {
            self.source = candidates.remove(0);
            return Ok(());
        }
        let mut best: Option<(i64, Source)> = None;
        for candidate in candidates.drain(..) {
            reader.check()?;
            let sorted = is_by_duration(&candidate);
            let most = if sorted { SORTED } else { PROBE };
            let count = self.probe(reader, &candidate, most)?;
            let better = match &best {
                None => true,
                // With PROBE rows or more each, the one that is bounded is the safer choice.
                Some((least, _)) if sorted => count < *least || *least >= PROBE,
                Some((least, _)) => count < *least,
            };
            if better && !(sorted && count >= SORTED) {
                best = Some((count, candidate));
            }
        }
        self.source = match best {
            None if self.words.is_some() => Source::Words,
            None => return Ok(()),
            Some((count, _)) if self.words.is_some() && !self.is_rarer(reader, count)? => Source::Words,
            Some((_, source)) => source,
        };
        Ok(())
    }

    /// Whether asking the text index about each of `count` rows is cheaper than reading all its matches.
    fn is_rarer(&self, reader: &Reader<'_>, count: i64) -> Result<bool, Fault> {
        if count <= FEW || count >= PROBE {
            return Ok(count <= FEW);
        }
        let most = count * ASKING;
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ?{} AND {} LIMIT {most})",
            self.words.unwrap_or_default(),
            self.between("words.rowid"),
        );
        Ok(self.ask(reader, &sql)? >= most)
    }

    /// How many rows a source would give, at most `most`.
    fn probe(&self, reader: &Reader<'_>, source: &Source, most: i64) -> Result<i64, Fault> {
        let Source::Table { index, ranges } = source else {
            return Ok(most);
        };
        let mut count = 0;
        for range in ranges {
            count += self.ask(
                reader,
                &format!(
                    "SELECT count(*) FROM (SELECT 1 FROM activations AS a {} WHERE {range} AND {} LIMIT {most})",
                    by(*index, self.by_id),
                    self.between("a.n"),
                ),
            )?;
            if count >= most {
                break;
            }
        }
        Ok(count)
    }

    /// The number that `sql` answers; it may use any of the values.
    fn ask(&self, reader: &Reader<'_>, sql: &str) -> Result<i64, Fault> {
        let mut statement = reader.db.prepare(sql)?;
        let used = statement.parameter_count().min(self.values.len());
        Ok(statement.query_row(rusqlite::params_from_iter(&self.values[..used]), |row| row.get(0))?)
    }

    fn between(&self, column: &str) -> String {
        format!("{column} BETWEEN {} AND {}", self.bounds.0, self.bounds.1)
    }

    /// Nothing can match; there is no need to ask.
    pub(crate) fn is_empty(&self) -> bool {
        self.empty
    }

    /// Narrows the rows to starts from..=to.
    pub(crate) fn within(mut self, (first, last): (i64, i64)) -> Self {
        self.bounds = (self.bounds.0.max(first), self.bounds.1.min(last));
        self.empty |= self.bounds.0 > self.bounds.1;
        self
    }

    /// Leaves out rows of the millisecond `start` with an id of `id` or later: they were on the page before.
    pub(crate) fn after(self, start: Millis, id: ActivationId) -> Self {
        let mut plan = self.within(bounds(None, Some(start)));
        let parameter = plan.bind(id_value(id));
        plan.checks.push(format!(
            "(a.n < {} OR a.id < {parameter})",
            bounds(Some(start), None).0
        ));
        plan
    }

    /// `SELECT columns` of the rows, with `a` for the table. `columns` must hold `a.n` when there is an order.
    pub(crate) fn sql(&self, columns: &str, order: Order) -> String {
        let table = matches!(self.source, Source::Table { .. });
        let mut checks = vec![self.between(if table { "a.n" } else { "words.rowid" })];
        checks.extend(self.checks.iter().cloned());
        let direction = match order {
            Order::Newest => "DESC",
            Order::Oldest => "ASC",
            Order::Any => "",
        };
        let ordered = |by: &str| {
            if direction.is_empty() {
                String::new()
            } else {
                format!(" ORDER BY {by} {direction}")
            }
        };
        match (&self.source, self.words) {
            (Source::Words, words) => format!(
                "SELECT {columns} FROM words CROSS JOIN activations AS a ON a.n = words.rowid \
                 WHERE words MATCH ?{} AND {}{}",
                words.unwrap_or_default(),
                checks.join(" AND "),
                ordered("words.rowid"),
            ),
            (Source::Table { index, ranges }, words) => {
                checks.extend(words.map(|parameter| {
                    format!(
                        "EXISTS (SELECT 1 FROM words WHERE words MATCH ?{parameter} AND words.rowid = a.n)"
                    )
                }));
                let checks = checks.join(" AND ");
                let select = |range: &str| {
                    format!(
                        "SELECT {columns} FROM activations AS a {} WHERE {range}{checks}",
                        by(*index, self.by_id)
                    )
                };
                if ranges.is_empty() {
                    return format!("{}{}", select(""), ordered("a.n"));
                }
                let parts: Vec<_> = ranges
                    .iter()
                    .map(|range| select(&format!("{range} AND ")))
                    .collect();
                let one = parts.len() == 1;
                format!(
                    "{}{}",
                    parts.join(" UNION ALL "),
                    ordered(if one { "a.n" } else { "n" })
                )
            }
        }
    }

    /// The values of the parameters in [`Plan::sql`].
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }
}

const DURATION: &str = "activations_by_duration";

fn is_by_duration(source: &Source) -> bool {
    matches!(
        source,
        Source::Table {
            index: Some(DURATION),
            ..
        }
    )
}

/// SQLite is told what to use: left to itself it may take an index that fits a check and sort what it gives.
fn by(index: Option<&str>, by_id: bool) -> String {
    match index {
        Some(name) => format!("INDEXED BY {name}"),
        None if by_id => String::new(),
        None => "NOT INDEXED".into(),
    }
}

fn id_value(id: ActivationId) -> Value {
    Value::Blob(id_bytes(id).to_vec())
}
