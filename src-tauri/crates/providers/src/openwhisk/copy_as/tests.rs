//! Copied texts.

use super::curl::LONGEST_ARGUMENT;
use super::*;

fn call(token: TokenForm<'_>, ask: Ask) -> String {
    call_in(Form::Curl, r#"{"name":"it's"}"#, token, ask)
}

fn call_in(form: Form, input: &str, token: TokenForm<'_>, ask: Ask) -> String {
    let function = FunctionKey::new("fn-1", "sample/hello").unwrap();
    let input = JsonText::parse(input).unwrap();
    let call = Call {
        api_host: "http://127.0.0.1:6464/",
        function: &function,
        input: &input,
        ask,
        token,
    };
    write(form, &call).unwrap()
}

#[test]
fn the_command_follows_digitaloceans_order() {
    let key = Secret::new("u:p");
    assert_eq!(
        call(TokenForm::Real { key: &key }, Ask::Result),
        "curl -X POST 'http://127.0.0.1:6464/api/v1/namespaces/fn-1/actions/sample/hello?blocking=true&result=true' \\\n  \
         -H 'Content-Type: application/json' \\\n  -H 'Authorization: Basic dTpw' \\\n  \
         --data-raw '{\"name\":\"it'\\''s\"}'"
    );
}

#[test]
fn the_other_forms_hold_no_secret() {
    let masked = call(TokenForm::Masked { hint: "abcd" }, Ask::Blocking);
    assert!(masked.contains("-H 'Authorization: Basic ********abcd'") && masked.contains("?blocking=true'"));
    let variable = call(TokenForm::Env { variable: "MY-KEY" }, Ask::NonBlocking);
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
    let command = curl::curl(&Call {
        api_host: "h",
        function: &function,
        input: &input,
        ask: Ask::Result,
        token,
    });
    assert!(command.ends_with(&format!("--data-binary @- <<'JSON'\n{text}\nJSON")));
}

#[test]
fn the_delimiter_does_not_occur_in_the_body() {
    assert_eq!(here("a\nJSON\nJSON_\nb"), "<<'JSON__'\na\nJSON\nJSON_\nb\nJSON__");
}

const INPUT: &str = r#"{"s": "it's \"\ud83e\udd8a\"\/", "t": [true, null, 1.50], "true": false}"#;

#[test]
fn the_command_lines_of_the_vendors() {
    let env = TokenForm::Env { variable: "KEY" };
    assert_eq!(
        call_in(Form::Wsk, "{ }", env, Ask::Result),
        "wsk --apihost http://127.0.0.1:6464 --auth \"$KEY\" \\\n  action invoke /fn-1/sample/hello --blocking --result"
    );
    assert_eq!(
        call_in(Form::Doctl, INPUT, env, Ask::NonBlocking),
        format!(
            "doctl serverless connect fn-1\ndoctl serverless functions invoke sample/hello --no-wait \
             --param-file /dev/stdin <<'JSON'\n{INPUT}\nJSON"
        )
    );
    let id = ActivationId::from_u128(7);
    assert!(call_in(Form::Doctl, "{}", env, Ask::Record(id)).ends_with(&format!("activations get {id}")));
    assert!(
        call_in(Form::Wsk, "{}", env, Ask::List).ends_with(" activation list /fn-1/sample/hello --limit 30")
    );
    assert_eq!(
        call_in(Form::Curl, "{}", env, Ask::Record(id)),
        format!("curl 'http://127.0.0.1:6464/api/v1/namespaces/fn-1/activations/{id}' \\\n  -u \"$KEY\"")
    );
}

#[test]
fn a_program_has_the_input_as_its_own_literal() {
    let env = TokenForm::Env { variable: "KEY" };
    let python = call_in(Form::Python, INPUT, env, Ask::Blocking);
    let literal = "json={\"s\": \"it's \\\"🦊\\\"/\", \"t\": [True, None, 1.50], \"true\": False},";
    assert!(python.contains(literal), "{python}");
    let script = call_in(Form::Npm, r#"{"a": 1}"#, env, Ask::Blocking);
    assert!(
        script.contains(r#"params: {"a": 1}, blocking: true })"#),
        "{script}"
    );
    // In a literal this key would be no key.
    let script = call_in(Form::Npm, r#"{"__proto__": 1}"#, env, Ask::NonBlocking);
    assert!(
        script.contains(r#"params: JSON.parse("{\"__proto__\": 1}") })"#),
        "{script}"
    );
}
