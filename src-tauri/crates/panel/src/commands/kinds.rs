use beckon_core::{LOCAL, Language, Result, Runtime};
use beckon_macros::commands;
use serde::Serialize;
use ts_rs::TS;

use crate::Panel;

/// A kind of function that a connection's system runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FunctionKind {
    /// As `create_function` takes it, for example `nodejs:18`.
    pub kind: String,
    /// The family that it is of, for example `nodejs`.
    pub family: String,
    /// Its language; `None` of one that Beckon cannot make functions of.
    pub language: Option<Language>,
    /// Whether it is its family's default.
    pub default: bool,
    /// Whether the system takes it only for functions that are there already.
    pub deprecated: bool,
    /// Whether its functions must name their entry point.
    pub needs_main: bool,
}

#[commands]
impl Panel {
    /// The kinds of functions that a connection's system runs, by family: of the local engine those whose runtime is on
    /// this machine. What a provider says is kept for as long as Beckon runs, or until `refresh` asks again.
    ///
    /// `NotSupported` for a provider that does not say; it may take any kind then.
    pub async fn kinds(&self, connection: String, refresh: Option<bool>) -> Result<Vec<FunctionKind>> {
        if connection == LOCAL {
            return Ok(self.kinds_here());
        }
        if !refresh.unwrap_or_default()
            && let Some(kept) = self.remotes.kinds.lock().get(&connection)
        {
            return Ok(kept.clone());
        }
        let remote = self.remote(&connection).await?;
        let told = self.noting(&connection, remote.kinds().await)?;
        let kinds: Vec<FunctionKind> = told
            .into_iter()
            .map(|told| FunctionKind {
                language: Runtime::new(told.kind.clone()).ok().map(|kind| kind.language()),
                kind: told.kind,
                family: told.family,
                default: told.default,
                deprecated: told.deprecated,
                needs_main: told.needs_main,
            })
            .collect();
        self.remotes.kinds.lock().insert(connection, kinds.clone());
        Ok(kinds)
    }
}

impl Panel {
    fn kinds_here(&self) -> Vec<FunctionKind> {
        let mut kinds: Vec<FunctionKind> = Vec::new();
        for runtime in self
            .engine
            .runtimes()
            .into_iter()
            .filter(|runtime| runtime.available)
        {
            let family = runtime.language.family();
            kinds.push(FunctionKind {
                kind: runtime.kind.to_string(),
                // The first of a family is its default, as the gateway tells it.
                default: kinds.iter().all(|known| known.family != family),
                family: family.to_owned(),
                language: Some(runtime.language),
                deprecated: false,
                needs_main: false,
            });
        }
        kinds
    }
}
