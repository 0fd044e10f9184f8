//! One message to a subject of a NATS server, and proof that the server has it.

use std::net::SocketAddr;
use std::time::Duration;

use async_nats::{ConnectOptions, Event};
use beckon_core::DeliveryRules;
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use super::reach::{self, Goal, Refused};

/// How long each step may take: connecting, and the server's confirmation.
const STEP: Duration = Duration::from_secs(10);
/// How long a complaint may take from the connection to its listener.
const LINGER: Duration = Duration::from_millis(50);
/// How long a server that will not answer has for its complaints.
const SILENCE: Duration = Duration::from_secs(2);

/// Publishes `payload`.
///
/// The NATS protocol confirms nothing that is published, but a server treats what a client sends in order: a second
/// message, to a subject of our own, comes back once the first has been taken, and a message that the server refused
/// was complained of before.
pub(crate) async fn publish(
    rules: &DeliveryRules,
    server: &str,
    subject: &str,
    payload: Vec<u8>,
) -> Result<(), Refused> {
    let url = url::Url::parse(server).map_err(|_| Refused::never("The NATS server's address is not one."))?;
    let secure = match url.scheme() {
        "nats" => false,
        "tls" => true,
        _ => {
            return Err(Refused::never(
                "A NATS server's address begins with nats:// or tls://.",
            ));
        }
    };
    let host = url
        .host_str()
        .ok_or_else(|| Refused::never("The NATS server's address names no host."))?;
    let port = url.port().unwrap_or(4222);
    let addresses = reach::addresses(rules, host, port, Goal::Delivery).await?;
    let (told, mut complaints) = mpsc::unbounded_channel();
    let mut options = ConnectOptions::new()
        .name("beckon")
        .connection_timeout(STEP)
        .max_reconnects(1)
        .ignore_discovered_servers()
        .event_callback(move |event| {
            if let Event::ServerError(error) = event {
                let _nobody_asks_any_more = told.send(error.to_string());
            }
            std::future::ready(())
        });
    let decoded = |text: &str| {
        let bytes = super::http::percent_decoded(text);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    options = match (url.username(), url.password()) {
        ("", None) => options,
        (token, None) => options.token(decoded(token)),
        (user, Some(password)) => options.user_and_password(decoded(user), decoded(password)),
    };
    let client = if secure {
        // The certificate must be for the name; a name that changes its mind between the look-up and this cannot have one.
        tokio::time::timeout(
            STEP,
            options.require_tls(true).connect(format!("tls://{host}:{port}")),
        )
        .await
    } else {
        tokio::time::timeout(STEP, options.connect(plain(&addresses))).await
    };
    let client = match client {
        Ok(Ok(client)) => client,
        Ok(Err(e)) => {
            return Err(Refused::new(format!(
                "No connection to the NATS server {host}:{port}: {e}."
            )));
        }
        Err(_) => {
            return Err(Refused::timeout(format!(
                "The NATS server {host}:{port} did not answer in time."
            )));
        }
    };
    let failed =
        |e: &dyn std::fmt::Display| Refused::new(format!("The message could not be published: {e}."));
    let probe = client.new_inbox();
    let mut back = client.subscribe(probe.clone()).await.map_err(|e| failed(&e))?;
    client
        .publish(subject.to_owned(), Bytes::from(payload))
        .await
        .map_err(|e| failed(&e))?;
    client
        .publish(probe.clone(), Bytes::new())
        .await
        .map_err(|e| failed(&e))?;
    let mut deaf = false;
    loop {
        tokio::select! {
            biased;
            Some(complaint) = complaints.recv() => match complaint.contains(&probe) {
                // A user who may listen nowhere else: nothing will come back, and silence has to do.
                true if complaint.to_ascii_lowercase().contains("subscription") => deaf = true,
                // A user who may publish nowhere else: the server complains in order all the same.
                true => return Ok(()),
                false => return Err(complained(&complaint)),
            },
            came = tokio::time::timeout(if deaf { SILENCE } else { STEP }, back.next()) => match came {
                Ok(Some(_)) => break,
                _ if deaf => break,
                _ => return Err(Refused::timeout("The NATS server did not confirm the message.")),
            }
        }
    }
    // A complaint was read before the answer, but travels on another way.
    match tokio::time::timeout(LINGER, complaints.recv()).await {
        Ok(Some(complaint)) => Err(complained(&complaint)),
        _ => Ok(()),
    }
}

fn complained(complaint: &str) -> Refused {
    Refused {
        class: "refused",
        ..Refused::new(format!("The NATS server refused it: {complaint}."))
    }
}

fn plain(addresses: &[SocketAddr]) -> Vec<String> {
    addresses
        .iter()
        .map(|address| format!("nats://{address}"))
        .collect()
}
