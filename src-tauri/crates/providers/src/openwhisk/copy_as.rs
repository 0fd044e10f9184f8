//! An OpenWhisk call as a command for a terminal, and a record as the API serves it.

use beckon_core::{Activation, FunctionKey, JsonText, Secret};

use super::{action_url, basic, wire};

/// Linux takes at most 128 KiB in one argument of a program; above this the body travels on standard input.
const LONGEST_ARGUMENT: usize = 120_000;

/// How the credential appears in the text.
#[derive(Debug, Clone, Copy)]
pub enum TokenForm<'a> {
    /// Stars and the hint (the last four characters of the key): for showing, not for running.
    Masked {
        /// The last characters of the secret.
        hint: &'a str,
    },
    /// A shell variable that holds `user:password`.
    Env {
        /// Its name; what is not a letter, digit or `_` becomes `_`.
        variable: &'a str,
    },
    /// The credential itself.
    Real {
        /// `user:password`.
        key: &'a Secret,
    },
}

/// What the command asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CurlMode {
    /// The whole record, when the run is over.
    Blocking,
    /// The bare result, when the run is over.
    Result,
    /// The activation id, at once.
    NonBlocking,
}

/// One call to write down.
#[derive(Debug, Clone, Copy)]
pub struct CurlCall<'a> {
    /// The base URL, `http://127.0.0.1:6464` for the local gateway.
    pub api_host: &'a str,
    /// What to call.
    pub function: &'a FunctionKey,
    /// The arguments.
    pub input: &'a JsonText,
    /// What to ask for.
    pub mode: CurlMode,
    /// How the credential appears.
    pub token: TokenForm<'a>,
}

/// The call as a `curl` command for sh, bash and zsh, in the order of DigitalOcean's own *curl command*.
///
/// Every value is within single quotes, where a POSIX shell (and an interactive bash, whose history expansion would
/// act on `!` elsewhere) changes nothing; `--data-raw` sends a leading `@` as it is.
#[must_use]
pub fn curl(call: &CurlCall<'_>) -> String {
    let query = match call.mode {
        CurlMode::Blocking => "blocking=true",
        CurlMode::Result => "blocking=true&result=true",
        CurlMode::NonBlocking => "blocking=false",
    };
    let url = format!("{}?{query}", action_url(call.api_host, call.function));
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
    let head = format!(
        "curl -X POST {} \\\n  -H {} \\\n  {credential} \\\n",
        quote(&url),
        quote("Content-Type: application/json")
    );
    let body = call.input.as_str();
    if body.len() <= LONGEST_ARGUMENT {
        return format!("{head}  --data-raw {}", quote(body));
    }
    // The newline that a here-document adds is white space after the JSON document.
    let end = delimiter(body);
    format!("{head}  --data-binary @- <<'{end}'\n{body}\n{end}")
}

/// The record exactly as the gateway serves it (`GET …/activations/{id}`), as JSON text.
#[must_use]
pub fn record(activation: &Activation) -> String {
    wire::Record::of(activation).to_json()
}

/// Within single quotes a shell interprets nothing; a single quote itself is put outside of them.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn identifier(text: &str) -> String {
    let mut name: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

/// A line that does not occur in `body`.
fn delimiter(body: &str) -> String {
    let mut end = String::from("JSON");
    while body.lines().any(|line| line == end) {
        end.push('_');
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(token: TokenForm<'_>, mode: CurlMode) -> String {
        let function = FunctionKey::new("fn-1", "sample/hello").unwrap();
        let input = JsonText::parse(r#"{"name":"it's"}"#).unwrap();
        curl(&CurlCall {
            api_host: "http://127.0.0.1:6464/",
            function: &function,
            input: &input,
            mode,
            token,
        })
    }

    #[test]
    fn the_command_follows_digitaloceans_order() {
        let key = Secret::new("u:p");
        assert_eq!(
            call(TokenForm::Real { key: &key }, CurlMode::Result),
            "curl -X POST 'http://127.0.0.1:6464/api/v1/namespaces/fn-1/actions/sample/hello?blocking=true&result=true' \\\n  \
             -H 'Content-Type: application/json' \\\n  -H 'Authorization: Basic dTpw' \\\n  \
             --data-raw '{\"name\":\"it'\\''s\"}'"
        );
    }

    #[test]
    fn the_other_forms_hold_no_secret() {
        let masked = call(TokenForm::Masked { hint: "abcd" }, CurlMode::Blocking);
        assert!(
            masked.contains("-H 'Authorization: Basic ********abcd'") && masked.contains("?blocking=true'")
        );
        let variable = call(TokenForm::Env { variable: "MY-KEY" }, CurlMode::NonBlocking);
        assert!(variable.contains("-u \"$MY_KEY\"") && variable.contains("?blocking=false'"));
    }

    #[test]
    fn a_long_body_goes_through_standard_input() {
        let function = FunctionKey::new("n", "f").unwrap();
        let text = format!(
            "{{\"a\":\"{}\",\n\"b\":\nJSON_LINE}}",
            "x".repeat(LONGEST_ARGUMENT)
        );
        let text = text.replace("JSON_LINE", "1");
        let input = JsonText::parse(text.clone()).unwrap();
        let token = TokenForm::Masked { hint: "" };
        let command = curl(&CurlCall {
            api_host: "h",
            function: &function,
            input: &input,
            mode: CurlMode::Result,
            token,
        });
        assert!(command.ends_with(&format!("--data-binary @- <<'JSON'\n{text}\nJSON")));
    }

    #[test]
    fn the_delimiter_does_not_occur_in_the_body() {
        assert_eq!(delimiter("a\nJSON\nJSON_\nb"), "JSON__");
    }
}
