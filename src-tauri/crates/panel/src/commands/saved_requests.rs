use beckon_core::{Error, ErrorCode, Exchange, FunctionRef, Result, SavedRequest};
use beckon_macros::commands;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::{Panel, views::InvokeMode};

/// Most bytes of a saved request's text: what a function takes at most, and its headers.
const MOST_BYTES: usize = 1_200_000;
/// Most characters of a preview.
const PREVIEW: usize = 120;

/// What a saved request sends, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SavedCall {
    /// As typed: the window's form of a request, as JSON, where `http`; or else the input.
    pub text: String,
    /// Whether the text is a request with method, path and headers.
    pub http: bool,
    /// Whether one waits for the result.
    pub mode: InvokeMode,
    /// Who is called when an asynchronous run is over.
    pub callback: CallbackChoice,
}

/// Who is called when an asynchronous run is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum CallbackChoice {
    /// Nobody.
    Nobody,
    /// An inbox that is made for it.
    New,
    /// An inbox here.
    Inbox {
        /// Its id; it may be gone.
        id: String,
    },
    /// Somebody else.
    Url {
        /// As typed.
        url: String,
    },
}

#[commands]
impl Panel {
    /// The requests that are saved of a function, here or at a provider, by name.
    pub async fn saved_requests(&self, function: FunctionRef) -> Result<Vec<SavedRequest>> {
        self.store.saved_requests(&function).await
    }

    /// What a saved request sends. Headers that carried credentials have no value. `NotFound`.
    pub async fn saved_request(&self, id: String) -> Result<SavedCall> {
        let (_, content) = self.store.saved_request(&id).await?;
        serde_json::from_str(&content).map_err(|e| Error::internal("read a saved request", e))
    }

    /// Saves a request under a name; with `replace`, in the place of the one that is called so. Values of headers that
    /// are credentials are not kept.
    ///
    /// `NotFound`: no such function, or connection. `Conflict`: the name is taken. `InvalidInput`: no name, or a text
    /// that is no request. `LimitExceeded`: a text over 1.2 MB, or the 101st of the function.
    pub async fn save_request(
        &self,
        function: FunctionRef,
        name: String,
        mut call: SavedCall,
        replace: bool,
    ) -> Result<SavedRequest> {
        let name = SavedRequest::check_name(&name)?;
        if call.text.len() > MOST_BYTES {
            let text = format!("A saved request has at most {MOST_BYTES} bytes.");
            return Err(Error::new(ErrorCode::LimitExceeded, text));
        }
        self.check_there(&function).await?;
        let preview = match call.http {
            true => {
                let mut form = request_form(&call.text)?;
                leave_credentials(&mut form);
                call.text = form.to_string();
                target(&form)
            }
            false => call.text.clone(),
        };
        let content = serde_json::to_string(&call).map_err(|e| Error::internal("encode a request", e))?;
        self.store
            .save_request(&function, name, &line(&preview), content, replace)
            .await
    }

    /// Calls a saved request by another name. `NotFound`; `Conflict`: the name is taken.
    pub async fn rename_saved_request(&self, id: String, name: String) -> Result<SavedRequest> {
        let name = SavedRequest::check_name(&name)?;
        self.store.rename_saved_request(&id, name).await
    }

    /// Deletes a saved request; answers what it sent, so that it can be saved again. `NotFound`.
    pub async fn delete_saved_request(&self, id: String) -> Result<SavedCall> {
        let call = self.saved_request(id.clone()).await?;
        self.store.delete_saved_request(&id).await?;
        Ok(call)
    }
}

impl Panel {
    /// `NotFound` where there is nothing that a request could be saved of. Providers are not asked.
    async fn check_there(&self, function: &FunctionRef) -> Result<()> {
        if function.is_local() {
            return self.local_function(function).await.map(drop);
        }
        let known = self.all_connections().await?;
        let there = known.iter().any(|known| known.id == function.connection);
        there
            .then_some(())
            .ok_or_else(|| Error::not_found("connection with this id"))
    }
}

/// The window's form of a request, as far as it matters here.
fn request_form(text: &str) -> Result<Value> {
    let form: Option<Value> = serde_json::from_str(text).ok();
    form.filter(|form| form["method"].is_string() && form["path"].is_string() && form["headers"].is_array())
        .ok_or_else(|| {
            Error::new(
                ErrorCode::InvalidInput,
                "This is not a request that can be saved.",
            )
        })
}

/// Credentials are asked for again, as those of past runs are.
fn leave_credentials(form: &mut Value) {
    let headers = form["headers"].as_array_mut().into_iter().flatten();
    for header in headers.filter(|header| is_secret(header)) {
        header["value"] = "".into();
        header["masked"] = true.into();
    }
}

fn is_secret(header: &Value) -> bool {
    let name = header["name"].as_str().unwrap_or_default();
    Exchange::is_secret_header(name.trim())
}

fn target(form: &Value) -> String {
    let part = |name: &str| form[name].as_str().unwrap_or_default();
    match part("query") {
        "" => format!("{} {}", part("method"), part("path")),
        query => format!("{} {}?{query}", part("method"), part("path")),
    }
}

/// The beginning of a text, in one line.
fn line(text: &str) -> String {
    let start: String = text.trim_start().chars().take(4 * PREVIEW).collect();
    let words: Vec<&str> = start.split_whitespace().collect();
    let whole = words.join(" ");
    whole.chars().filter(|c| !c.is_control()).take(PREVIEW).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_a_form_are_left_out() {
        let text = r#"{"method":"PUT","path":"/a","query":"b=1","headers":[{"name":" Cookie ","value":"s=1"},{"name":"x","value":"1"}],"type":"none","body":""}"#;
        let mut form = request_form(text).unwrap();
        leave_credentials(&mut form);
        assert_eq!(form["headers"][0]["value"], "");
        assert_eq!(form["headers"][0]["masked"], true);
        assert_eq!(
            form["headers"][1],
            serde_json::json!({ "name": "x", "value": "1" })
        );
        assert_eq!(target(&form), "PUT /a?b=1");
    }

    #[test]
    fn what_is_no_form_is_refused_and_previews_are_lines() {
        for bad in ["", "[]", "{}", "x", r#"{"method":"GET","path":"/"}"#] {
            assert!(request_form(bad).is_err(), "{bad}");
        }
        assert_eq!(line("  {\n  \"a\": 1\n}"), "{ \"a\": 1 }");
        assert_eq!(line(&"é".repeat(500)).chars().count(), PREVIEW);
    }
}
