//! The copied `curl` command, really executed: what the shell and curl hand to a server is the input, byte for byte.

use std::process::{Command, Stdio};
use std::sync::LazyLock;

use axum::Router;
use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, Uri};
use axum::routing::post;
use beckon_core::{FunctionKey, JsonText, Secret};
use beckon_providers::openwhisk::copy_as::{Ask, Call, Form, TokenForm, write};
use proptest::prelude::*;
use proptest::test_runner::Config;

/// A server that answers what it received: path, query, credential, type, and the body.
static SERVER: LazyLock<String> = LazyLock::new(|| {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let app = Router::new().fallback(post(echo));
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app)
                .await
                .unwrap();
        });
    });
    format!("http://{address}")
});

async fn echo(uri: Uri, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Vec<u8> {
    let header = |name: &str| {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
            .to_owned()
    };
    let head = [
        uri.path().to_owned(),
        query.unwrap_or_default(),
        header("authorization"),
        header("content-type"),
    ];
    [head.join("\n").as_bytes(), b"\n", &body].concat()
}

static SHELLS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let there = |shell: &&str| {
        Command::new(shell)
            .args(["-c", ":"])
            .stdout(Stdio::null())
            .status()
            .is_ok()
    };
    ["sh", "bash", "zsh"].into_iter().filter(there).collect()
});

/// What the server received when `shell` ran `script`.
fn run(shell: &str, script: &str) -> Vec<u8> {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("script");
    std::fs::write(&file, script).unwrap();
    let output = Command::new(shell)
        .arg(file)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home.path())
        .env("LC_ALL", "C.UTF-8")
        .env("BECKON_KEY", "user:pa$s\"'")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{shell}: {}\n{script}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Runs the call in every shell and asserts that the server received it unharmed.
fn check(function: &FunctionKey, input: &JsonText, path: &str, ask: Ask, query: &str, token: TokenForm<'_>) {
    let call = Call {
        api_host: &SERVER,
        function,
        input,
        ask,
        token,
    };
    let script = write(Form::Curl, &call).unwrap();
    for shell in SHELLS.iter() {
        let received = run(shell, &script);
        let expected = format!(
            "/api/v1/namespaces/{path}\n{query}\nBasic dXNlcjpwYSRzIic=\napplication/json\n{}",
            input.as_str()
        );
        // A here-document ends with a newline of its own.
        let received = String::from_utf8(received).unwrap();
        let received = if script.contains("  --data-binary @-") {
            received.strip_suffix('\n').unwrap()
        } else {
            &received
        };
        assert_eq!(received, expected, "{shell}\n{script}");
    }
}

/// Texts of what shells, curl and JSON give a meaning to, and of anything else.
fn nasty() -> impl Strategy<Value = String> {
    let spice = prop::sample::select(vec![
        "'",
        "\"",
        "''",
        "\\",
        "\\\\",
        "\\'",
        "\n",
        "\r\n",
        "\t",
        "$",
        "$HOME",
        "${HOME}",
        "$(id)",
        "`id`",
        "!",
        "!!",
        "!id",
        "@",
        "@/etc/hostname",
        "%",
        "%41",
        "&",
        ";",
        "|",
        ">",
        "<<'JSON'",
        "\nJSON\n",
        "*",
        "?",
        "[a-z]",
        "{a,b}",
        "#",
        "~",
        "=",
        "--data",
        "-",
        "(",
        ")",
        "é",
        "日本語",
        "🦊",
        "\u{2028}",
        "\u{feff}",
        "\0",
        "\u{1}",
        "\u{1b}[31m",
        "\u{7f}",
        "\\u0041",
        "'\\''",
        " ",
    ]);
    let part = prop_oneof![4 => spice.prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(Config { cases: 64, max_shrink_iters: 200, failure_persistence: None, ..Config::default() })]

    #[test]
    fn every_input_survives_every_shell(key in nasty(), value in nasty(), pretty: bool, form in 0..2, raw_unicode: bool) {
        let document = serde_json::json!({ key: value, "list": [1, null, { "deep": "it's" }] });
        let mut text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.unwrap();
        if !raw_unicode {
            text = text.chars().map(|c| if c.is_ascii() { c.to_string() } else { escape(c) }).collect();
        }
        let input = JsonText::parse_object(text).unwrap();
        let function = FunctionKey::new("play & ground", "my pkg/f@1").unwrap();
        let key = Secret::new("user:pa$s\"'");
        let token = match form {
            0 => TokenForm::Real { key: &key },
            _ => TokenForm::Env { variable: "BECKON_KEY" },
        };
        check(&function, &input, "play%20%26%20ground/actions/my%20pkg/f%401", Ask::Result, "blocking=true&result=true", token);
    }
}

/// JSON's escape of a character, in surrogates where it takes two.
fn escape(c: char) -> String {
    c.encode_utf16(&mut [0; 2])
        .iter()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect()
}

#[test]
fn the_modes_and_inputs_that_curl_would_read_as_something_else() {
    let function = FunctionKey::new("n", "f").unwrap();
    let key = Secret::new("user:pa$s\"'");
    for text in [
        "{}",
        "{\"@/etc/hostname\":\"<file\"}",
        "\n\n{ }\n",
        "\t{\"a\":1}",
        "{\"a\":\"'\"}\r\n",
    ] {
        let input = JsonText::parse_object(text).unwrap();
        for (ask, query) in [
            (Ask::Blocking, "blocking=true"),
            (Ask::Result, "blocking=true&result=true"),
            (Ask::NonBlocking, "blocking=false"),
        ] {
            check(
                &function,
                &input,
                "n/actions/f",
                ask,
                query,
                TokenForm::Real { key: &key },
            );
        }
    }
}

#[test]
fn an_input_longer_than_an_argument_can_be() {
    let function = FunctionKey::new("n", "f").unwrap();
    let key = Secret::new("user:pa$s\"'");
    let text = format!(
        "{{\"text\":\"{}\",\n\"it's $HOME `id`\":\\n1}}",
        "x'\\\\".repeat(60_000)
    )
    .replace("\\n1", "1");
    let input = JsonText::parse_object(text).unwrap();
    assert!(input.as_str().len() > 200_000);
    check(
        &function,
        &input,
        "n/actions/f",
        Ask::Blocking,
        "blocking=true",
        TokenForm::Real { key: &key },
    );
}

#[test]
fn the_masked_form_is_valid_shell_and_holds_no_secret() {
    let function = FunctionKey::new("n", "f").unwrap();
    let call = Call {
        api_host: &SERVER,
        function: &function,
        input: &JsonText::empty_object(),
        ask: Ask::Blocking,
        token: TokenForm::Masked { hint: "abcd" },
    };
    let script = write(Form::Curl, &call).unwrap();
    let received = String::from_utf8(run("sh", &script)).unwrap();
    assert!(received.contains("\nBasic ********abcd\n"), "{received}");
}

/// A request with everything that a shell or a language might take for its own.
fn hostile(path: &str) -> axum::http::Request<Bytes> {
    axum::http::Request::post(path)
        .header("content-type", "text/x; it's=\"$(id)\" `id`")
        .header("x-other", "a=b: 'c' \\")
        .body(Bytes::from_static(HOSTILE.as_bytes()))
        .unwrap()
}

const HOSTILE: &str = "it's $(id) `id` \"\\n\" %s\n'; exit 1 #\nBODY\n\\";

#[test]
fn a_request_is_the_same_in_every_form() {
    use beckon_providers::openfaas::copy_as;
    let function = FunctionKey::new("ns", "f").unwrap();
    let request = hostile("/a%20b?x=%27&y=$(id)");
    let expected = format!(
        "/function/f.ns/a%20b\nx=%27&y=$(id)\n\n{}\n{HOSTILE}",
        "text/x; it's=\"$(id)\" `id`"
    );
    for shell in SHELLS.iter() {
        let answer = run(shell, &copy_as::curl(&SERVER, &function, &request, true));
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.ends_with(&expected), "{shell}: {answer}");
    }
    let python = |arguments: &[&str]| Command::new("python3").args(arguments).output();
    if python(&["-c", "import requests"]).is_ok_and(|done| done.status.success()) {
        let script = copy_as::python(&SERVER, &function, &request, true).unwrap();
        let done = python(&["-c", &script]).unwrap();
        assert_eq!(
            String::from_utf8(done.stdout).unwrap(),
            format!("200\n{expected}\n")
        );
    }

    // What faas-cli is given is what was meant; a path is beyond its words.
    let text = copy_as::faas_cli(&SERVER, &function, &hostile("/?x=$(id)"), false).unwrap();
    let script = format!(
        "faas_cli() {{ printf '<%s>' \"$@\"; cat; }}\n{}",
        text.replacen("faas-cli", "faas_cli", 1)
    );
    let expected = format!(
        "<invoke><f><--gateway><{}><--namespace><ns><--query><x=$(id)><--content-type><text/x; it's=\"$(id)\" `id`>\
         <--header><x-other=a=b: 'c' \\><--async>{HOSTILE}",
        *SERVER
    );
    for shell in SHELLS.iter() {
        assert_eq!(
            String::from_utf8(run(shell, &script)).unwrap(),
            expected,
            "{shell}"
        );
    }
    for path in ["/a", "/?x", "/?x=", "/?=x", "/?x=a="] {
        assert!(
            copy_as::faas_cli(&SERVER, &function, &hostile(path), true).is_err(),
            "{path}"
        );
    }
    let mut twice = hostile("/");
    twice.headers_mut().append("x-other", "again".parse().unwrap());
    assert!(copy_as::python(&SERVER, &function, &twice, true).is_err());
}
