//! The real Secret Service: run under `scripts/with-keychain`, which starts one in a session of its own.

use crate::support::{call, function, serve_gateway, start_with};
use anyhow::Result;
use beckon_panel::SecretStoreChoice;
use serde_json::json;

/// Set by `scripts/with-keychain`; without it there may be no keychain, or it may be the developer's own.
fn has_test_keychain() -> bool {
    std::env::var_os("BECKON_TEST_KEYCHAIN").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_keychain_outlives_the_panel_and_ends_with_its_revocation() -> Result<()> {
    if !has_test_keychain() {
        eprintln!("not run: no test keychain (use scripts/with-keychain)");
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let panel = start_with(dir.path(), SecretStoreChoice::Keychain).await?;
    assert_eq!(
        call(&panel, "secret_store", json!({})).await?["state"],
        "keychain"
    );
    serve_gateway(&panel).await?;
    let shown = call(
        &panel,
        "show_token",
        json!({ "function": function("local", "hello") }),
    )
    .await?;
    panel.shutdown(std::time::Duration::ZERO).await;
    drop(panel);

    let panel = start_with(dir.path(), SecretStoreChoice::Keychain).await?;
    serve_gateway(&panel).await?;
    let again = call(
        &panel,
        "show_token",
        json!({ "function": function("local", "hello-python") }),
    )
    .await?;
    assert_eq!(shown["credential"], again["credential"]);
    let id = shown["credential"]
        .as_str()
        .and_then(|c| c.split_once(':'))
        .unwrap_or_default()
        .0;
    call(&panel, "revoke_token", json!({ "id": id })).await?;
    let other = call(
        &panel,
        "show_token",
        json!({ "function": function("local", "hello") }),
    )
    .await?;
    assert_ne!(shown["credential"], other["credential"]);
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}
