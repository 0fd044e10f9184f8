//! The system package `/whisk.system/utils`, which every OpenWhisk has: real functions, written here, made when
//! somebody first asks for anything in their namespace, and brought up to date when Beckon has newer ones.
//!
//! Nobody but a person at the window can change them: no client's token reaches that namespace.

use std::sync::LazyLock;

use beckon_core::{
    CodePackage, Content, Entity, EntityKey, Error, ErrorCode, FunctionKey, FunctionName, JsonText,
    NamedJson, NamespaceName, NewFunction, Runtime, Version,
};
use beckon_engine::Engine;
use beckon_store::{Expect, Store};
use sha2::{Digest, Sha256};

use crate::gateway::{Gateway, Refusal};

const PACKAGE: &str = "utils";
/// The package's annotation that says which edition of the functions it has.
const EDITION: &str = "edition";

/// What [`EDITION`] says: these functions.
static CURRENT: LazyLock<JsonText> = LazyLock::new(|| JsonText::from_value(&edition().into()));
/// What it says while they are being made.
static UNFINISHED: LazyLock<JsonText> = LazyLock::new(|| JsonText::from_value(&"unfinished".into()));
/// The annotation of functions that are the system's own.
static MARK: LazyLock<NamedJson> = LazyLock::new(|| NamedJson {
    key: "system".to_owned(),
    value: JsonText::from_value(&true.into()),
});

/// Name, what it does, code.
const FUNCTIONS: [(&str, &str, &str); 9] = [
    ("cat", "Joins lines into a text", include_str!("cat.js")),
    ("date", "Tells the time", include_str!("date.js")),
    ("echo", "Returns what it is given", include_str!("echo.js")),
    ("head", "Returns the first lines", include_str!("head.js")),
    (
        "hosturl",
        "Tells the URL of an action of yours",
        include_str!("hosturl.js"),
    ),
    (
        "namespace",
        "Tells the namespace that called",
        include_str!("namespace.js"),
    ),
    (
        "smash",
        "Flattens an object by one level",
        include_str!("smash.js"),
    ),
    ("sort", "Sorts lines", include_str!("sort.js")),
    ("split", "Splits a text into lines", include_str!("split.js")),
];

/// Has the system's functions be there, if `namespace` is theirs. Any other is left alone.
pub(crate) async fn ensure(gateway: &Gateway, namespace: &NamespaceName) -> Result<(), Refusal> {
    made(&gateway.store, &gateway.engine, namespace)
        .await
        .map_err(Refusal::from)
}

/// Has them be there for components of sequences and compositions, too, whose names no request here may have told.
pub(crate) fn provide(gateway: &Gateway) {
    let store = gateway.store.clone();
    gateway
        .engine
        .set_system_functions(Box::new(move |engine, namespace| {
            let store = store.clone();
            Box::pin(async move { made(&store, &engine, &namespace).await })
        }));
}

async fn made(store: &Store, engine: &Engine, namespace: &NamespaceName) -> Result<(), Error> {
    if !namespace.is_system() {
        return Ok(());
    }
    let key = EntityKey {
        namespace: namespace.clone(),
        name: PACKAGE.parse()?,
    };
    if let Some(there) = store.entity(&key) {
        let edition = there.annotations.iter().find(|named| named.key == EDITION);
        // One that says nothing is what somebody made at the window: it is not for us to change or to publish.
        if edition.is_none_or(|edition| edition.value == *CURRENT) {
            return Ok(());
        }
    }
    // Two at once make the same.
    make(store, engine, key).await
}

async fn make(store: &Store, engine: &Engine, package: EntityKey) -> Result<(), Error> {
    let namespace = package.namespace.clone();
    match store.create_namespace(&namespace, "OpenWhisk's system").await {
        Ok(_) => {}
        Err(error) if error.code == ErrorCode::Conflict => {}
        Err(error) => return Err(error),
    }
    // Ours from the beginning, so that what breaks off is made again.
    store
        .put_entity(edition_of(package.clone(), UNFINISHED.clone()), Expect::Any)
        .await?;
    for (name, description, code) in FUNCTIONS {
        let key = FunctionKey {
            namespace: namespace.clone(),
            name: FunctionName::new(format!("{PACKAGE}/{name}"))?,
        };
        if let Some(there) = store.function(&key).await? {
            let same = matches!(&there.code, CodePackage::Source(text) if text == code);
            // Ours is as it should be, or it is somebody's own, which is not for us to replace.
            if same == there.annotations.contains(&MARK) {
                continue;
            }
        }
        let runtime = Runtime::new("nodejs:default")?;
        let mut new = NewFunction::new(runtime, CodePackage::Source(code.to_owned()));
        new.annotations = vec![described(description), MARK.clone()];
        engine.put_function(&key, new, Expect::Any).await?;
    }
    let finished = edition_of(package, CURRENT.clone());
    store.put_entity(finished, Expect::Any).await.map(drop)
}

/// The package, with what its edition is said to be.
fn edition_of(key: EntityKey, edition: JsonText) -> Entity {
    let edition = NamedJson {
        key: EDITION.to_owned(),
        value: edition,
    };
    Entity {
        key,
        version: Version::FIRST,
        publish: true,
        annotations: vec![
            described("Building blocks that format and assemble data"),
            edition,
        ],
        content: Content::Package {
            parameters: Vec::new(),
            environment: Vec::new(),
            binding: None,
        },
        updated: 0,
    }
}

fn described(text: &str) -> NamedJson {
    NamedJson {
        key: "description".to_owned(),
        value: JsonText::from_value(&text.into()),
    }
}

/// Another one for other code.
fn edition() -> String {
    let mut hash = Sha256::new();
    for (name, _, code) in FUNCTIONS {
        hash.update(name.as_bytes());
        hash.update(code.as_bytes());
    }
    hash.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
