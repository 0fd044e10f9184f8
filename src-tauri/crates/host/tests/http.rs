//! The panel over loopback HTTP, as a browser and as the command line meet it.

use std::borrow::Cow;
use std::time::Duration;

use anyhow::{Context as _, Result};
use beckon_core::{Clock, Secret};
use beckon_host::{Asset, GatewayPort, Host};
use beckon_panel::{Panel, PanelConfig, SecretStoreChoice};
use reqwest::{Client, StatusCode, redirect};
use serde_json::{Value, json};

fn assets(path: &str) -> Option<Asset> {
    let (bytes, media_type) = match path {
        "index.html" => ("<!doctype html><title>Beckon</title>", "text/html"),
        "assets/app-1.js" => ("export {}", "text/javascript"),
        _ => return None,
    };
    Some(Asset {
        bytes: Cow::Borrowed(bytes.as_bytes()),
        media_type: media_type.into(),
    })
}

async fn host(dir: &std::path::Path) -> Result<Host> {
    let config = PanelConfig {
        data_dir: dir.to_owned(),
        examples: false,
        secret_store: Some(SecretStoreChoice::File),
        passphrase: Some(Secret::new("correct horse")),
        desktop: None,
        background: true,
        stem_cells: true,
        clock: Clock::system(),
    };
    Ok(Host::start(Panel::start(config).await?, GatewayPort::Exactly(0), assets).await?)
}

fn client() -> Result<Client> {
    Ok(Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_opens_the_link_and_stays_in_its_session() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let host = host(dir.path()).await?;
    let (client, panel) = (client()?, host.panel_url());
    let settings = format!("{panel}/api/settings");
    assert_eq!(
        client.post(&settings).json(&json!({})).send().await?.status(),
        StatusCode::UNAUTHORIZED
    );

    let opened = client.get(host.new_link()).send().await?;
    assert_eq!(opened.status(), StatusCode::SEE_OTHER);
    assert_eq!(opened.headers()["location"], "/");
    let cookie = opened.headers()["set-cookie"].to_str()?.to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    let pair = cookie.split(';').next().context("no cookie")?.to_owned();
    let post = |url: &str| client.post(url).header("cookie", &pair);

    let reply = post(&settings).json(&json!({})).send().await?;
    assert_eq!(reply.json::<Value>().await?["gatewayPort"], 6464);
    let form = post(&settings)
        .header("content-type", "text/plain")
        .body("{}")
        .send()
        .await?;
    assert_eq!(form.status(), StatusCode::BAD_REQUEST);
    let foreign = post(&settings)
        .header("origin", "http://evil.example")
        .json(&json!({}))
        .send()
        .await?;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let unknown = post(&format!("{panel}/api/nope")).json(&json!({})).send().await?;
    assert_eq!(unknown.json::<Value>().await?["code"], "not_found");
    let wrong = post(&format!("{panel}/api/save_settings"))
        .json(&json!({ "settings": { "blockingLimitMs": 1 } }))
        .send()
        .await?;
    assert_eq!(wrong.json::<Value>().await?["code"], "invalid_input");
    host.shutdown(Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_finishes_a_request_does_not_keep_beckon_up() -> Result<()> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let dir = tempfile::tempdir()?;
    let host = host(dir.path()).await?;
    let address = host.gateway_url().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.write_all(b"GET /ping HTTP/1.1\r\nHost: loc").await?;
    let mut idle = tokio::net::TcpStream::connect(host.gateway_url().trim_start_matches("http://")).await?;
    idle.write_all(b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await?;
    let mut first = [0; 12];
    idle.read_exact(&mut first).await?;
    assert_eq!(&first, b"HTTP/1.1 200");
    host.shutdown(Duration::ZERO).await;
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut rest)).await;
    // Closed or reset, but not held.
    let _closed = ended.context("it is still open")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_come_with_a_strict_policy_and_unknown_paths_are_the_page() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let host = host(dir.path()).await?;
    let (client, panel) = (client()?, host.panel_url());
    let page = client
        .get(format!("{panel}/c/local/ns/playground"))
        .send()
        .await?;
    assert!(
        page.headers()["content-security-policy"]
            .to_str()?
            .contains("script-src 'self'")
    );
    assert!(page.text().await?.contains("<title>Beckon</title>"));
    assert_eq!(
        client
            .get(format!("{panel}/assets/gone.js"))
            .send()
            .await?
            .status(),
        StatusCode::NOT_FOUND
    );
    let rebound = client.get(&panel).header("host", "evil.example").send().await?;
    assert_eq!(rebound.status(), StatusCode::FORBIDDEN);
    let stale = client.get(format!("{panel}/?token=0000")).send().await?;
    assert_eq!(stale.status(), StatusCode::FORBIDDEN);
    host.shutdown(Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_arrive_line_by_line_while_they_happen() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let host = host(dir.path()).await?;
    let (client, panel) = (client()?, host.panel_url());
    let post = |command: &str| {
        client
            .post(format!("{panel}/api/{command}"))
            .bearer_auth(host.control_token())
    };
    let mut events = post("events").json(&json!({})).send().await?;
    let made = json!({ "name": "other", "label": "Other" });
    assert!(
        post("create_namespace")
            .json(&made)
            .send()
            .await?
            .status()
            .is_success()
    );
    let line = tokio::time::timeout(Duration::from_secs(20), events.chunk())
        .await??
        .context("no event")?;
    let event: Value = serde_json::from_slice(&line)?;
    assert_eq!(event["item"]["type"], "functions");
    drop(events);

    let link = client
        .post(format!("{panel}/session/link"))
        .bearer_auth(host.control_token())
        .send()
        .await?;
    let url = link.json::<Value>().await?["url"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(client.get(url).send().await?.status(), StatusCode::SEE_OTHER);
    host.shutdown(Duration::ZERO).await;
    Ok(())
}
