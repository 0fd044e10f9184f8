//! What the window's machine offers beside the window: a clipboard and notifications.

use beckon_core::{Error, Result};
use beckon_panel::Desktop;
use parking_lot::Mutex;

/// The user's desktop.
#[derive(Default)]
pub(crate) struct OwnDesktop {
    /// Kept open: on X11 a copied text is gone when the program that copied it lets go.
    clipboard: Mutex<Option<arboard::Clipboard>>,
}

impl Desktop for OwnDesktop {
    fn copy(&self, text: &str) -> Result<()> {
        let failed = |e: arboard::Error| Error::internal("reach the desktop's clipboard", e);
        let mut open = self.clipboard.lock();
        if open.is_none() {
            *open = Some(arboard::Clipboard::new().map_err(failed)?);
        }
        open.as_mut()
            .map_or(Ok(()), |clipboard| clipboard.set_text(text).map_err(failed))
    }

    #[cfg(target_os = "linux")]
    fn notify(&self, title: &str, text: &str) -> Result<()> {
        use std::collections::HashMap;
        use zbus::zvariant::Value;

        let failed = |e: zbus::Error| Error::internal("show a notification", e);
        let bus = zbus::blocking::Connection::session().map_err(failed)?;
        // Desktop Notifications Specification 1.3: servers may read markup in the body, and none in the summary.
        let body = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let hints: HashMap<&str, Value<'_>> = HashMap::from([("desktop-entry", Value::from("beckon"))]);
        let actions: [&str; 0] = [];
        let usual_time = -1i32;
        bus.call_method(
            Some("org.freedesktop.Notifications"),
            "/org/freedesktop/Notifications",
            Some("org.freedesktop.Notifications"),
            "Notify",
            &(
                "Beckon",
                0u32,
                "",
                title,
                body,
                actions.as_slice(),
                hints,
                usual_time,
            ),
        )
        .map(drop)
        .map_err(failed)
    }

    #[cfg(not(target_os = "linux"))]
    fn notify(&self, _title: &str, _text: &str) -> Result<()> {
        Err(Error::new(
            beckon_core::ErrorCode::NotSupported,
            "Beckon shows no notifications on this system.",
        ))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::collections::HashMap;
    use std::sync::mpsc;

    use zbus::zvariant::OwnedValue;

    use super::*;

    /// A notification server that passes on what it is to show.
    struct Server(mpsc::Sender<(String, String, String)>);

    #[zbus::interface(name = "org.freedesktop.Notifications")]
    impl Server {
        #[expect(clippy::too_many_arguments, reason = "the specification's")]
        fn notify(
            &self,
            app: String,
            _replaces: u32,
            _icon: String,
            summary: String,
            body: String,
            _actions: Vec<String>,
            _hints: HashMap<String, OwnedValue>,
            _expires: i32,
        ) -> u32 {
            // Nobody listens once the test has what it waited for.
            u32::from(self.0.send((app, summary, body)).is_ok())
        }
    }

    /// On the session bus that the tests run in. Its body must not become markup.
    #[test]
    fn a_notification_reaches_the_server() {
        let (shown, showing) = mpsc::channel();
        let _server = zbus::blocking::connection::Builder::session()
            .unwrap()
            .name("org.freedesktop.Notifications")
            .unwrap()
            .serve_at("/org/freedesktop/Notifications", Server(shown))
            .unwrap()
            .build()
            .unwrap();
        OwnDesktop::default()
            .notify("p/export failed", "shop <b>& co")
            .unwrap();
        let expected = ["Beckon", "p/export failed", "shop &lt;b&gt;&amp; co"].map(str::to_owned);
        assert_eq!(showing.recv().unwrap(), expected.into());
    }
}
