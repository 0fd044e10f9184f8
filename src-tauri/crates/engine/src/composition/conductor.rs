//! Whatever the conductor says is next: it returns `{action, params, state}`, and is run again with what the action
//! returned and that state, until it returns no `action`.

use beckon_core::{Function, FunctionKey, FunctionName, JsonText, NamespaceName, Status};
use serde_json::{Map, Value, json};

use super::SEQUENCE_LIMIT;
use super::step::{Stepped, Steps};
use crate::attempt::NotBegun;
use crate::end::{End, Why};

const TOO_LONG: &str = "Too many actions in the composition.";

/// Runs it to its end.
pub(super) async fn run(
    steps: &mut Steps<'_>,
    conductor: &Function,
    input: JsonText,
) -> Result<End, NotBegun> {
    let mut payload = object(&input);
    let mut state = Map::new();
    let (mut components, mut conducted) = (0, 0);
    loop {
        if conducted > 2 * SEQUENCE_LIMIT {
            return Ok(End::error(Status::ApplicationError, Why::Answered, TOO_LONG));
        }
        conducted += 1;
        // The state that the conductor left wins over what its component returned.
        payload.append(&mut state);
        let ended = match steps.step(&conductor.key, text(&payload), true).await? {
            Stepped::Over(ended) => ended,
            Stepped::Refused(end) => return Ok(end),
            Stepped::Missing => return Ok(End::deleted()),
        };
        let status = ended.summary().status;
        if status == Status::Lost {
            return Ok(End::shut_down());
        }
        let answer = ended.json();
        let mut result = object(&answer);
        let params = result.remove("params").map(|params| match params {
            Value::Object(params) => params,
            other => Map::from_iter([("value".to_owned(), other)]),
        });
        if let Some(Value::Object(kept)) = result.remove("state") {
            state = kept;
        }
        let Some(next) = result.remove("action") else {
            let last = params.map_or(answer, |params| text(&params));
            return Ok(End::with(status, last));
        };
        payload = match resolve(&next, steps.caller()) {
            None => refusal(&format!(
                "Failed to parse action name from json value {next} during composition."
            )),
            Some(_) if components >= SEQUENCE_LIMIT => refusal(TOO_LONG),
            Some(key) => {
                components += 1;
                let input = text(&params.unwrap_or_default());
                match steps.step(&key, input, false).await? {
                    Stepped::Over(ended) if ended.summary().status == Status::Lost => {
                        return Ok(End::shut_down());
                    }
                    Stepped::Over(ended) => object(&ended.json()),
                    Stepped::Refused(end) => return Ok(end),
                    Stepped::Missing => {
                        components -= 1;
                        refusal(&format!(
                            "Failed to resolve action with name '{}' during composition.",
                            shown(&key)
                        ))
                    }
                }
            }
        };
    }
}

/// What a conductor is told instead of a component's result.
fn refusal(text: &str) -> Map<String, Value> {
    Map::from_iter([("error".to_owned(), json!(text))])
}

fn object(json: &JsonText) -> Map<String, Value> {
    match json.to_value() {
        Value::Object(object) => object,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

fn text(object: &Map<String, Value>) -> JsonText {
    JsonText::from_value(&Value::Object(object.clone()))
}

fn shown(key: &FunctionKey) -> String {
    format!("{}/{}", key.namespace, key.name)
}

/// The function that a conductor names: `name`, `package/name`, `/namespace/name` or `/_/name`.
fn resolve(next: &Value, caller: &NamespaceName) -> Option<FunctionKey> {
    let text = next.as_str()?;
    let (namespace, name) = match text.strip_prefix('/') {
        None => (caller.clone(), text),
        Some(rest) => {
            let (namespace, name) = rest.split_once('/')?;
            let namespace = match namespace {
                "_" => caller.clone(),
                other => NamespaceName::new(other).ok()?,
            };
            (namespace, name)
        }
    };
    let name = FunctionName::new(name).ok()?;
    Some(FunctionKey { namespace, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_resolved_as_openwhisk_does() {
        let here: NamespaceName = "n".parse().unwrap();
        let key = |text: &str| resolve(&json!(text), &here).map(|key| key.to_string());
        assert_eq!(key("a").as_deref(), Some("/n/a"));
        assert_eq!(key("p/a").as_deref(), Some("/n/p/a"));
        assert_eq!(key("/_/p/a").as_deref(), Some("/n/p/a"));
        assert_eq!(
            key("/whisk.system/utils/echo").as_deref(),
            Some("/whisk.system/utils/echo")
        );
        assert_eq!(key("/a/b/c/d"), None);
        assert_eq!(resolve(&json!({"a": 1}), &here), None);
    }
}
