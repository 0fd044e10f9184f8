//! The committed TypeScript client is the one that the commands generate.

#[test]
fn the_bindings_are_up_to_date() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../ui/src/platform/bindings.ts"
    );
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == beckon_panel::typescript(),
        "ui/src/platform/bindings.ts is out of date: run `make bindings`"
    );
}
