//! A call of a space's function as commands for a terminal, or as a program. An access token ends within the hour, so both
//! ask for one first, with the client's credential.

use axum::body::Bytes;
use axum::http::Request;
use axum::http::header::AUTHORIZATION;
use beckon_core::{FunctionKey, Result};

use super::{client, path_of};
use crate::openfaas::copy_as::{curl_to, method, python_to, within};
use crate::openwhisk::copy_as::{TokenForm, identifier, python_literal, quote};

/// The request as commands for sh, bash and zsh. `wait` is the function's own response, else its asynchronous door, which
/// answers 202 at once. `token`'s credential is `client_id:client_secret`.
#[must_use]
pub fn curl(
    address: &str,
    function: &FunctionKey,
    request: &Request<Bytes>,
    wait: bool,
    token: TokenForm<'_>,
) -> String {
    let credential = match token {
        TokenForm::Masked { hint } => quote(&format!("********:********{hint}")),
        TokenForm::Env { variable } => format!("\"${}\"", identifier(variable)),
        TokenForm::Real { key } => quote(key.expose()),
    };
    let door = quote(&format!("{}/oauth2/token", client::host_of(address)));
    let call = curl_to(
        &url(address, function, request, wait),
        method(request, wait),
        &without_credential(request),
        " \\\n  -H \"Authorization: Bearer $token\"",
    );
    format!(
        "client={credential}\n\
         token=$(curl -sS {door} \\\n  \
         -d grant_type=client_credentials \\\n  \
         --data-urlencode \"client_id=${{client%%:*}}\" \\\n  \
         --data-urlencode \"client_secret=${{client#*:}}\" |\n  \
         sed -n 's/.*\"access_token\" *: *\"\\([^\"]*\\)\".*/\\1/p')\n\
         {call}"
    )
}

/// The request as a script for Python 3 with the package `requests`.
///
/// # Errors
/// `NotSupported` for a header that is sent more than once: `requests` has one value of each.
pub fn python(
    address: &str,
    function: &FunctionKey,
    request: &Request<Bytes>,
    wait: bool,
    token: TokenForm<'_>,
) -> Result<String> {
    let (imported, credential) = match token {
        TokenForm::Masked { hint } => ("", python_literal(&format!("********:********{hint}"))?),
        TokenForm::Env { variable } => ("import os\n", format!("os.environ[\"{}\"]", identifier(variable))),
        TokenForm::Real { key } => ("", python_literal(key.expose())?),
    };
    let before = format!(
        "client_id, client_secret = {credential}.split(\":\", 1)\n\
         grant = requests.post(\n    {},\n    data={{\n        \"grant_type\": \"client_credentials\",\n        \
         \"client_id\": client_id,\n        \"client_secret\": client_secret,\n    }},\n)\n\
         grant.raise_for_status()\n\
         token = grant.json()[\"access_token\"]\n\n",
        python_literal(&format!("{}/oauth2/token", client::host_of(address)))?
    );
    let header = "        \"Authorization\": \"Bearer \" + token,\n";
    let target = url(address, function, request, wait);
    python_to(
        &target,
        method(request, wait),
        &without_credential(request),
        (imported, &before, header),
    )
}

/// The request without a credential of its own, beside which the token would be a second one.
fn without_credential(request: &Request<Bytes>) -> Request<Bytes> {
    let mut request = request.clone();
    request.headers_mut().remove(AUTHORIZATION);
    request
}

fn url(address: &str, function: &FunctionKey, request: &Request<Bytes>, wait: bool) -> String {
    let door = if wait { "invoke" } else { "async-invoke" };
    within(
        format!("{}/{}/{door}", client::host_of(address), path_of(function)),
        request,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_bring_one_credential() {
        let request = Request::post("/")
            .header(AUTHORIZATION, "Basic mine")
            .header("x-own", "1");
        let request = request.body(Bytes::new()).unwrap();
        let key = FunctionKey::new("play", "f").unwrap();
        let token = TokenForm::Masked { hint: "abcd" };
        let address = "http://127.0.0.1:1/spaces/play";
        let curl = curl(address, &key, &request, true, token);
        let python = python(address, &key, &request, true, TokenForm::Masked { hint: "abcd" }).unwrap();
        for text in [curl, python] {
            let authorizations = text.to_ascii_lowercase().matches("authorization").count();
            assert_eq!(authorizations, 1, "{text}");
            assert!(!text.contains("mine") && text.contains("x-own"), "{text}");
        }
    }
}
