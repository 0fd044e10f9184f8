use std::time::Duration;

use beckon_core::{Error, ErrorCode, Quota, Result};
use beckon_macros::commands;
use beckon_store::Store;

use crate::{Panel, views::Settings};

const KEY: &str = "settings";

#[commands]
impl Panel {
    /// What the user has set.
    pub async fn settings(&self) -> Result<Settings> {
        Ok(*self.settings.read())
    }

    /// Changes it. Values out of range are `InvalidInput`.
    pub async fn save_settings(&self, settings: Settings) -> Result<Settings> {
        let range = |what: &str, value: u32, min: u32, max: u32| match (min..=max).contains(&value) {
            true => Ok(()),
            false => Err(Error::new(
                ErrorCode::InvalidInput,
                format!("{what} must be between {min} and {max}."),
            )),
        };
        range(
            "The blocking limit (ms)",
            settings.blocking_limit_ms,
            1_000,
            900_000,
        )?;
        range("The retention (hours)", settings.retention_hours, 72, 8_760)?;
        range("The gateway's port", settings.gateway_port.into(), 1_024, 65_535)?;
        if let Some(megabytes) = settings.engine_memory_mb {
            range("The engine's memory (MB)", megabytes, 128, 1_048_576)?;
        }
        range("The largest body of Spaces (MB)", settings.spaces_body_mb, 1, 100)?;
        if let Some(seconds) = settings.notify_after_s {
            range("The time to a notification (s)", seconds, 1, 86_400)?;
        }
        settings.quota.as_ref().map_or(Ok(()), Quota::check)?;
        let text = serde_json::to_string(&settings).map_err(|e| Error::internal("encode settings", e))?;
        self.store.set_setting(KEY, &text).await?;
        self.engine
            .set_blocking_limit(Duration::from_millis(settings.blocking_limit_ms.into()));
        self.engine.set_memory_cap(settings.engine_memory());
        self.throttle.set(settings.quota);
        *self.settings.write() = settings;
        Ok(settings)
    }
}

/// The settings as they were saved, defaults where nothing was.
pub(crate) async fn stored(store: &Store) -> Result<Settings> {
    let Some(text) = store.setting(KEY).await? else {
        return Ok(Settings::default());
    };
    Ok(serde_json::from_str(&text).unwrap_or_else(|error| {
        tracing::warn!(%error, "the settings could not be read; using defaults");
        Settings::default()
    }))
}
