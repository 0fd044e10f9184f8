//! The vendors' own command lines: `wsk`, and `doctl serverless`.
//!
//! Sources: apache/openwhisk-cli (`commands/flags.go`, `commands/action.go`) and digitalocean/doctl
//! (`commands/functions.go`, `commands/activations.go`). Arguments go through a parameter file on standard input: only
//! there do both keep the types of what they are given.

use beckon_core::Result;

use super::{Ask, Call, LISTED, TokenForm, here, identifier, quote, unsupported, without_arguments, word};

/// `wsk`, with host and key on its line, so that its own properties do not matter.
pub(super) fn wsk(call: &Call<'_>) -> Result<String> {
    let name = format!("/{}/{}", call.function.namespace, call.function.name);
    let auth = match call.token {
        TokenForm::Masked { hint } => quote(&format!("********{hint}")),
        TokenForm::Env { variable } => format!("\"${}\"", identifier(variable)),
        TokenForm::Real { key } => quote(key.expose()),
    };
    let head = format!(
        "wsk --apihost {} --auth {auth}",
        word(call.api_host.trim_end_matches('/'))
    );
    Ok(match call.ask {
        Ask::Record(id) => format!("{head} activation get {id}"),
        Ask::List => format!("{head} activation list {} --limit {LISTED}", word(&name)),
        Ask::Blocking => with_parameters(
            format!("{head} \\\n  action invoke {} --blocking", word(&name)),
            call,
        ),
        Ask::Result => with_parameters(
            format!("{head} \\\n  action invoke {} --blocking --result", word(&name)),
            call,
        ),
        Ask::NonBlocking => with_parameters(format!("{head} \\\n  action invoke {}", word(&name)), call),
    })
}

/// `doctl serverless`. It is connected to one namespace at a time and keeps the credentials for that itself.
pub(super) fn doctl(call: &Call<'_>) -> Result<String> {
    let function = call.function;
    // What doctl takes for an option or cannot name is not worth a wrong command.
    if function.name.as_str().starts_with('-') {
        return Err(unsupported("doctl cannot call a function with such a name."));
    }
    let name = word(function.name.as_str());
    let connect = format!("doctl serverless connect {}", word(function.namespace.as_str()));
    let command = match call.ask {
        Ask::Record(id) => format!("doctl serverless activations get {id}"),
        Ask::List => format!("doctl serverless activations list {name} --limit {LISTED}"),
        Ask::Blocking => with_parameters(format!("doctl serverless functions invoke {name} --full"), call),
        Ask::Result => with_parameters(format!("doctl serverless functions invoke {name}"), call),
        Ask::NonBlocking => with_parameters(
            format!("doctl serverless functions invoke {name} --no-wait"),
            call,
        ),
    };
    Ok(format!("{connect}\n{command}"))
}

fn with_parameters(command: String, call: &Call<'_>) -> String {
    if without_arguments(call.input) {
        return command;
    }
    format!("{command} --param-file /dev/stdin {}", here(call.input.as_str()))
}
