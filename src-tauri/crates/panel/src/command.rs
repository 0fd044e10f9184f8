//! What a command is, apart from what it does: the row of the table that every door works from.

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use beckon_core::{Error, ErrorCode, Result};
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ts_rs::{Config, TS, TypeVisitor};

use crate::Panel;

/// One command, declared by `#[commands]`.
pub struct Command {
    /// Its name, for example `create_token`.
    pub name: &'static str,
    /// Its documentation.
    pub docs: &'static str,
    pub(crate) parameters: fn(&Config) -> Vec<Parameter>,
    pub(crate) result: fn(&Config) -> String,
    pub(crate) item: Option<fn(&Config) -> String>,
    pub(crate) types: fn(&mut Types),
    /// Calls it: arguments as a JSON object, items to the sink, the result as JSON text.
    pub call: fn(Arc<Panel>, Value, RawSink) -> BoxFuture<'static, Result<String>>,
}

impl Command {
    /// Whether it sends items before its result.
    #[must_use]
    pub fn streams(&self) -> bool {
        self.item.is_some()
    }
}

/// Between two tries to send to somebody who has enough.
const LISTENER_BUSY: Duration = Duration::from_millis(50);

/// Takes one item of a stream as JSON text.
pub type RawSink = Arc<dyn Fn(String) -> Sent + Send + Sync>;

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way.
    Taken,
    /// Too much waits for whoever listens; it was not taken.
    Full,
    /// Nobody listens any more.
    Gone,
}

/// Where a streaming command sends its items.
#[derive(Clone)]
pub struct Sink<T> {
    raw: RawSink,
    item: PhantomData<fn(T)>,
}

impl<T: Serialize> Sink<T> {
    pub(crate) fn new(raw: RawSink) -> Self {
        Self {
            raw,
            item: PhantomData,
        }
    }

    /// Sends an item. `false`: stop, nobody listens any more, or not fast enough.
    pub fn send(&self, item: &T) -> bool {
        serde_json::to_string(item).is_ok_and(|text| (self.raw)(text) == Sent::Taken)
    }

    /// Sends an item, and waits while whoever listens has enough. `false`: stop, nobody listens any more.
    pub(crate) async fn send_patiently(&self, item: &T) -> bool {
        let Ok(text) = serde_json::to_string(item) else {
            return false;
        };
        loop {
            match (self.raw)(text.clone()) {
                Sent::Taken => return true,
                Sent::Gone => return false,
                Sent::Full => tokio::time::sleep(LISTENER_BUSY).await,
            }
        }
    }
}

/// A parameter as the generated client shows it.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) optional: bool,
    pub(crate) ty: String,
}

impl Parameter {
    pub(crate) fn new<T: TS>(name: &'static str, optional: bool, config: &Config) -> Self {
        Self {
            name,
            optional,
            ty: T::name(config),
        }
    }
}

/// The arguments of one call, taken one by one.
pub(crate) struct Arguments {
    command: &'static str,
    values: serde_json::Map<String, Value>,
}

impl Arguments {
    pub(crate) fn new(command: &'static str, arguments: Value) -> Result<Self> {
        match arguments {
            Value::Object(values) => Ok(Self { command, values }),
            Value::Null => Ok(Self {
                command,
                values: serde_json::Map::new(),
            }),
            _ => Err(Error::new(
                ErrorCode::InvalidInput,
                format!("{command}: the arguments must be a JSON object."),
            )),
        }
    }

    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        let value = self.values.remove(name).unwrap_or(Value::Null);
        serde_json::from_value(value).map_err(|e| {
            Error::new(ErrorCode::InvalidInput, format!("{name}: {e}"))
                .with_details(format!("command {}", self.command))
        })
    }
}

/// A result as JSON text.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::internal("encode a result", e))
}

/// The TypeScript declarations that a set of commands needs, each once, by name.
pub(crate) struct Types {
    config: Config,
    seen: HashSet<TypeId>,
    pub(crate) declarations: BTreeMap<String, String>,
}

impl Types {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            seen: HashSet::new(),
            declarations: BTreeMap::new(),
        }
    }

    pub(crate) fn add<T: TS + 'static + ?Sized>(&mut self) {
        self.visit::<T>();
    }
}

impl TypeVisitor for Types {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // Only types with a file of their own are declared; the rest (numbers, vectors, options) is spelled in place.
        if T::output_path().is_some() {
            let docs = T::docs().unwrap_or_default();
            let declaration = format!("{docs}export {}", T::decl(&self.config));
            self.declarations.insert(T::ident(&self.config), declaration);
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}
