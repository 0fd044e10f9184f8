use beckon_core::{
    ActivationId, Error, Event, Firing, FiringOutcome, FunctionKey, JsonText, Millis, NewSchedule, Noted,
    Result, Schedule, ScheduleState, random_hex,
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::Store;
use crate::fault::Fault;
use crate::functions::{key_of, must_exist};
use crate::journal::save::id_bytes;
use crate::words::{column, word};
use crate::writer::Urgency;

/// How many lines of a schedule's history are kept.
const HISTORY: u32 = 200;

const SELECT: &str = "SELECT schedules.*, functions.id AS present FROM schedules LEFT JOIN functions
     ON functions.namespace = schedules.namespace AND functions.name = schedules.function";

impl Store {
    /// The schedules of a function, or all, oldest first. `next` is not known here and `None`.
    pub async fn schedules(&self, function: Option<&FunctionKey>) -> Result<Vec<Schedule>> {
        let function = function.cloned();
        self.read(move |reader| {
            let sql = format!(
                "{SELECT} WHERE ?1 IS NULL OR (schedules.namespace = ?1 AND schedules.function = ?2)
                 ORDER BY schedules.created, schedules.id"
            );
            let mut statement = reader.db.prepare_cached(&sql)?;
            let names = function
                .as_ref()
                .map(|key| (key.namespace.as_str(), key.name.as_str()))
                .unzip();
            let mut rows = statement.query(params![names.0, names.1])?;
            let mut schedules = Vec::new();
            while let Some(row) = rows.next()? {
                schedules.push(load(row)?);
            }
            Ok(schedules)
        })
        .await
    }

    /// One schedule.
    pub async fn schedule(&self, id: &str) -> Result<Option<Schedule>> {
        let id = id.to_owned();
        self.read(move |reader| find(reader.db, &id)).await
    }

    /// Makes a schedule (`id` is `None`), or changes one, which keeps its history. Changed times, and switching it on,
    /// count from now: nothing before that is missed. `NotFound` when there is no such schedule, or no such function
    /// for it to call from now on.
    pub async fn put_schedule(&self, id: Option<&str>, new: NewSchedule) -> Result<Schedule> {
        let (id, now) = (id.map(str::to_owned), self.inner.clock.now());
        let saved = self
            .write(Urgency::Durable, new.arguments.as_str().len(), move |batch| {
                let old = match &id {
                    Some(id) => Some(find(batch.db, id)?.ok_or_else(missing)?),
                    None => None,
                };
                if old.as_ref().is_none_or(|old| old.function != new.function) {
                    must_exist(batch.db, &new.function)?;
                }
                let same_times = old.as_ref().is_some_and(|old| {
                    (&old.expression, &old.zone, old.enabled) == (&new.expression, &new.zone, new.enabled)
                });
                let id = id.unwrap_or_else(random_hex);
                batch
                    .db
                    .prepare_cached(
                        "INSERT INTO schedules (id, name, namespace, function, expression, zone, arguments, missed,
                         enabled, handled_until, created, updated)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?10)
                         ON CONFLICT (id) DO UPDATE SET name = ?2, namespace = ?3, function = ?4, expression = ?5,
                         zone = ?6, arguments = ?7, missed = ?8, enabled = ?9, updated = ?10,
                         handled_until = iif(?11, handled_until, ?10)",
                    )?
                    .execute(params![
                        id,
                        new.name,
                        new.function.namespace.as_str(),
                        new.function.name.as_str(),
                        new.expression,
                        new.zone,
                        new.arguments.as_str(),
                        word(new.missed)?,
                        new.enabled,
                        now,
                        same_times
                    ])?;
                Ok(find(batch.db, &id)?.ok_or_else(missing)?)
            })
            .await?;
        self.publish(Event::Schedules);
        Ok(saved)
    }

    /// Deletes a schedule with its history; the runs it started stay in the journal. `NotFound` when there is none.
    pub async fn delete_schedule(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.write(Urgency::Durable, 0, move |batch| {
            if batch.db.execute("DELETE FROM schedules WHERE id = ?1", [id])? == 0 {
                return Err(missing().into());
            }
            Ok(())
        })
        .await?;
        self.publish(Event::Schedules);
        Ok(())
    }

    /// Notes what became of a schedule's times, and that everything up to `handled_until` was dealt with, in one step.
    /// Of no effect when the schedule is gone.
    pub async fn note_firings(
        &self,
        id: &str,
        handled_until: Option<Millis>,
        firings: Vec<Firing>,
    ) -> Result<()> {
        let id = id.to_owned();
        self.write(Urgency::Durable, 0, move |batch| {
            let sql = "SELECT 1 FROM schedules WHERE id = ?1";
            let known = batch.db.prepare_cached(sql)?.query_row([&id], |_| Ok(())).optional()?;
            if known.is_none() {
                return Ok(());
            }
            let back = firings
                .iter()
                .any(|firing| matches!(firing.outcome, FiringOutcome::ClockSetBack { .. }));
            if let Some(until) = handled_until {
                batch
                    .db
                    .prepare_cached(
                        "UPDATE schedules SET handled_until = iif(?3, ?2, max(handled_until, ?2)) WHERE id = ?1",
                    )?
                    .execute(params![id, until, back])?;
            }
            for firing in &firings {
                note(batch.db, &id, firing)?;
            }
            batch
                .db
                .prepare_cached(
                    "DELETE FROM firings WHERE schedule = ?1 AND n <=
                     (SELECT n FROM firings WHERE schedule = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2)",
                )?
                .execute(params![id, HISTORY])?;
            Ok(())
        })
        .await?;
        self.publish(Event::Schedules);
        Ok(())
    }

    /// Notes why a schedule cannot fire just now; it will be tried again.
    pub async fn note_schedule_error(&self, id: &str, error: Noted) -> Result<()> {
        let id = id.to_owned();
        self.write(Urgency::Durable, 0, move |batch| set_error(batch.db, &id, &error))
            .await?;
        self.publish(Event::Schedules);
        Ok(())
    }

    /// A schedule's history, newest first. `NotFound` when there is no such schedule.
    pub async fn firings(&self, id: &str, limit: u32) -> Result<Vec<Firing>> {
        let id = id.to_owned();
        self.read(move |reader| {
            find(reader.db, &id)?.ok_or_else(missing)?;
            let sql = "SELECT firing FROM firings WHERE schedule = ?1 ORDER BY n DESC LIMIT ?2";
            let mut statement = reader.db.prepare_cached(sql)?;
            let mut rows = statement.query(params![id, limit])?;
            let mut firings = Vec::new();
            while let Some(row) = rows.next()? {
                let text: String = row.get(0)?;
                firings.push(serde_json::from_str(&text).map_err(|e| Fault::unreadable("firing", e))?);
            }
            Ok(firings)
        })
        .await
    }
}

fn note(db: &Connection, id: &str, firing: &Firing) -> Result<(), Fault> {
    let text = serde_json::to_string(firing).map_err(|e| Fault::unreadable("firing", e))?;
    db.prepare_cached("INSERT INTO firings (schedule, firing) VALUES (?1, ?2)")?
        .execute([id, text.as_str()])?;
    match &firing.outcome {
        FiringOutcome::Accepted { activation, .. } => {
            db.prepare_cached(
                "UPDATE schedules SET last_run = ?2, last_run_at = ?3, last_due = coalesce(?4, last_due),
                 runs = runs + 1, error = NULL, error_at = NULL WHERE id = ?1",
            )?
            .execute(params![id, id_bytes(*activation), firing.at, firing.due])?;
        }
        FiringOutcome::Refused { message } => {
            let error = Noted {
                at: firing.at,
                message: message.clone(),
            };
            set_error(db, id, &error)?;
        }
        FiringOutcome::Missed { .. } | FiringOutcome::ClockSetBack { .. } => {}
    }
    Ok(())
}

fn set_error(db: &Connection, id: &str, error: &Noted) -> Result<(), Fault> {
    db.prepare_cached("UPDATE schedules SET error_at = ?2, error = ?3 WHERE id = ?1")?
        .execute(params![id, error.at, error.message])?;
    Ok(())
}

fn missing() -> Error {
    Error::not_found("schedule with this id")
}

fn find(db: &Connection, id: &str) -> Result<Option<Schedule>, Fault> {
    let mut statement = db.prepare_cached(&format!("{SELECT} WHERE schedules.id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(load).transpose()
}

fn load(row: &Row<'_>) -> Result<Schedule, Fault> {
    let enabled: bool = row.get("enabled")?;
    let present: Option<String> = row.get("present")?;
    let error: Option<String> = row.get("error")?;
    let error_at: Option<Millis> = row.get("error_at")?;
    let last_run: Option<[u8; 16]> = row.get("last_run")?;
    Ok(Schedule {
        id: row.get("id")?,
        name: row.get("name")?,
        function: key_of(row, "namespace", "function")?,
        expression: row.get("expression")?,
        zone: row.get("zone")?,
        arguments: JsonText::parse(row.get::<_, String>("arguments")?)
            .map_err(|e| Fault::unreadable("arguments", e))?,
        missed: column(row, "missed")?,
        enabled,
        state: match (enabled, present) {
            (_, None) => ScheduleState::Orphaned,
            (false, _) => ScheduleState::Disabled,
            (true, _) => ScheduleState::Active,
        },
        next: None,
        last_due: row.get("last_due")?,
        last_run: last_run.map(|id| ActivationId::from_u128(u128::from_be_bytes(id))),
        last_run_at: row.get("last_run_at")?,
        last_error: error_at.zip(error).map(|(at, message)| Noted { at, message }),
        runs: row.get::<_, i64>("runs")?.unsigned_abs(),
        created: row.get("created")?,
        updated: row.get("updated")?,
        handled_until: row.get("handled_until")?,
    })
}
