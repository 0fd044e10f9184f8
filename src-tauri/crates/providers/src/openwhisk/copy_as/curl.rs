//! `curl`, in the order of DigitalOcean's own *curl command*.

use super::super::{action_url, basic, function_path, path_segment};
use super::{Ask, Call, LISTED, TokenForm, here, identifier, quote};

/// Linux takes at most 128 KiB in one argument of a program; above this the body travels on standard input.
pub(super) const LONGEST_ARGUMENT: usize = 120_000;

/// Every value is within single quotes, where a POSIX shell (and an interactive bash, whose history expansion would
/// act on `!` elsewhere) changes nothing; `--data-raw` sends a leading `@` as it is.
pub(super) fn curl(call: &Call<'_>) -> String {
    let url = url(call);
    let credential = match call.token {
        TokenForm::Masked { hint } => {
            format!("-H {}", quote(&format!("Authorization: Basic ********{hint}")))
        }
        TokenForm::Env { variable } => format!("-u \"${}\"", identifier(variable)),
        TokenForm::Real { key } => {
            format!(
                "-H {}",
                quote(&format!("Authorization: Basic {}", basic(key).expose()))
            )
        }
    };
    if matches!(call.ask, Ask::Record(_) | Ask::List) {
        return format!("curl {} \\\n  {credential}", quote(&url));
    }
    let head = format!(
        "curl -X POST {} \\\n  -H {} \\\n  {credential} \\\n",
        quote(&url),
        quote("Content-Type: application/json")
    );
    let body = call.input.as_str();
    if body.len() <= LONGEST_ARGUMENT {
        return format!("{head}  --data-raw {}", quote(body));
    }
    format!("{head}  --data-binary @- {}", here(body))
}

/// The URL of the request, with its query.
pub(super) fn url(call: &Call<'_>) -> String {
    let base = call.api_host.trim_end_matches('/');
    let activations = format!(
        "{base}/api/v1/namespaces/{}/activations",
        path_segment(call.function.namespace.as_str())
    );
    let action = action_url(call.api_host, call.function);
    match call.ask {
        Ask::Blocking => format!("{action}?blocking=true"),
        Ask::Result => format!("{action}?blocking=true&result=true"),
        Ask::NonBlocking => format!("{action}?blocking=false"),
        Ask::Record(id) => format!("{activations}/{id}"),
        Ask::List => format!(
            "{activations}?name={}&limit={LISTED}",
            function_path(&call.function.name)
        ),
    }
}
