//! Makes sure that there is a page to embed, and lets Tauri read its configuration where the window is built.

use std::{fs, path::Path};

fn main() {
    let dist = Path::new("../ui/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    // The UI is built by npm, and `cargo test` must not need npm: without it, a page that says what to do.
    if !dist.join("index.html").exists() {
        let page = "<!doctype html><title>Beckon</title><p>The page of this panel was not built. Run <code>make ui</code>, then build again.</p>";
        if let Err(error) = fs::create_dir_all(dist).and_then(|()| fs::write(dist.join("index.html"), page)) {
            println!("cargo::warning=no page to embed: {error}");
        }
    }
    #[cfg(feature = "window")]
    tauri_build::build();
}
