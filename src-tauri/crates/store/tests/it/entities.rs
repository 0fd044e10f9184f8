//! Names and contents of packages, where the writer itself looks at them.

use crate::common::{key, namespace, open};
use beckon_core::{CodePackage, Content, Entity, EntityKey, ErrorCode, NewFunction, Runtime, Version};
use beckon_store::Expect;

fn package(name: &str) -> Entity {
    Entity {
        key: EntityKey::new("ns", name).unwrap(),
        version: Version::FIRST,
        publish: false,
        annotations: Vec::new(),
        content: Content::Package {
            parameters: Vec::new(),
            environment: Vec::new(),
            binding: None,
        },
        updated: 0,
    }
}

#[tokio::test]
async fn one_set_of_names_and_no_package_deleted_with_functions_in_it() {
    let opened = open().await;
    let store = &opened.store;
    store.create_namespace(&namespace("ns"), "ns").await.unwrap();
    let save = async |name: &str| {
        let code = CodePackage::Source("function main() {}".to_owned());
        let new = NewFunction::new(Runtime::new("nodejs:20").unwrap(), code);
        store.put_function(&key("ns", name), new, Expect::Any).await
    };
    store.put_entity(package("p"), Expect::New).await.unwrap();
    // A neighbour in the alphabet is not inside.
    for name in ["p-/a", "p0/a", "f"] {
        save(name).await.unwrap();
    }
    assert_eq!(save("p").await.unwrap_err().code, ErrorCode::Conflict);
    let taken = store.put_entity(package("f"), Expect::New).await.unwrap_err();
    assert_eq!(taken.code, ErrorCode::Conflict);

    save("p/a").await.unwrap();
    let (p, a) = (package("p").key, key("ns", "p/a"));
    let full = store.delete_entity(&p).await.unwrap_err();
    assert_eq!(
        (full.code, full.message.as_str()),
        (
            ErrorCode::Conflict,
            "Package not empty (contains 1 entity). Set force param or delete package contents."
        )
    );
    store.delete_function(&a).await.unwrap();
    store.delete_entity(&p).await.unwrap();
    assert!(store.entity(&p).is_none());
}
