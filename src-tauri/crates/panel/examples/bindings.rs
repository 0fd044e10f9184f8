//! Writes the TypeScript client of the panel: `make bindings`.

fn main() -> std::io::Result<()> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../ui/src/platform/bindings.ts"
    );
    std::fs::write(path, beckon_panel::typescript())
}
