//! By what name, and from where, a function was called.

use beckon_core::{Activation, EntityKey, FunctionKey, JsonText, NamedJson, NamespaceName};
use beckon_store::Target;

use crate::attempt::Request;

/// Files a run under the name that its caller used, in the caller's namespace, as OpenWhisk does. Where that is not what
/// runs, the record says in annotations what does: `path`, and `binding` for the binding that led there.
pub(crate) fn address(
    draft: &mut Activation,
    request: &mut Request,
    called: &FunctionKey,
    caller: Option<&NamespaceName>,
    target: Target,
) {
    let function = &target.function;
    let namespace = caller.unwrap_or(&called.namespace);
    if *namespace != function.key.namespace || called.name != function.key.name {
        draft.summary.namespace = namespace.clone();
        draft.summary.function = called.name.clone();
        draft.subject = namespace.to_string();
        let mut say = |key: &str, value: String| {
            draft.annotations.push(NamedJson {
                key: key.to_owned(),
                value: JsonText::from_value(&value.into()),
            });
        };
        say(
            "path",
            format!("{}/{}", function.key.namespace, function.key.name),
        );
        if let Some(binding) = &target.binding {
            say("binding", format!("{}/{}", binding.namespace, binding.name));
        }
    }
    if *namespace != function.key.namespace {
        request.namespace = Some(namespace.clone());
    }
    super::mark(draft, function);
    request.inherit(target.defaults, target.binding);
}

/// The binding that a run's record names.
pub(crate) fn binding_of(record: &Activation) -> Option<EntityKey> {
    let binding = record.annotation("binding")?.to_value();
    let (namespace, name) = binding.as_str()?.split_once('/')?;
    EntityKey::new(namespace, name).ok()
}
