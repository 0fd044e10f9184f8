//! Web actions: who may call, what the function sees, what becomes of its result.

use beckon_core::Status;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::rig::{Api, Rig};

const NODE: &str = "nodejs:default";
/// Answers what `args.answer` says, or what it was called with.
const TELL: &str = "function main(event, context) { \
    if (event.answer) return JSON.parse(event.answer); \
    const { http } = event; \
    return { body: { event, http, id: context.activationId } }; }";

struct Web {
    rig: Rig,
    api: Api,
    client: reqwest::Client,
}

impl Web {
    async fn start() -> Self {
        let rig = Rig::start().await;
        let api = rig.api().await;
        let client = api.http.clone();
        Self { rig, api, client }
    }

    /// Saves an action with these annotations through the gateway.
    async fn put(&self, name: &str, kind: &str, code: &str, annotations: Value) {
        let pairs: Vec<Value> = annotations
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| json!({ "key": key, "value": value }))
            .collect();
        let action = json!({
            "exec": { "kind": kind, "code": code },
            "annotations": pairs,
            "parameters": [{ "key": "defined", "value": "own" }],
        });
        self.api
            .put(&format!("_/actions/{name}?overwrite=true"), &action)
            .await
            .ok();
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/web/playground/{path}", self.rig.url)
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }
}

/// The kind and the text of an answer.
async fn told(answer: Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type");
    let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    (status, kind, answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_arguments_and_a_record_is_kept() {
    let web = Web::start().await;
    web.put("tell", NODE, TELL, json!({ "web-export": true })).await;
    let answer = web
        .client
        .post(web.url("default/tell/a%20b?q=1&both=query"))
        .header("x-request-id", "mine")
        .json(&json!({ "both": "body", "n": [1] }))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["x-request-id"]),
        (200.try_into().unwrap(), &"mine".parse().unwrap())
    );
    let id = answer.headers()["x-openwhisk-activation-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let said: Value = answer.json().await.unwrap();
    let event = &said["event"];
    assert_eq!(
        (&event["q"], &event["both"], &event["n"]),
        (&"1".into(), &"body".into(), &json!([1]))
    );
    assert_eq!(
        (&event["__ow_method"], &event["__ow_path"]),
        (&"post".into(), &"/a%20b".into())
    );
    assert_eq!(
        (&event["defined"], &said["id"]),
        (&"own".into(), &id.as_str().into())
    );
    assert!(
        event.get("http").is_none(),
        "it is not among what it was called with"
    );
    assert_eq!(
        (&said["http"]["method"], &said["http"]["path"]),
        (&"POST".into(), &"/a%20b".into())
    );
    web.rig.store.flush().await.unwrap();
    let record = web
        .rig
        .store
        .activation(id.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.summary.status, Status::Success);
    // Reserved names are nobody's to give, and final parameters only the owner's.
    let refusal = "Request defines parameters that are not allowed (e.g., reserved properties).";
    let (status, _, text) = told(web.get("default/tell?__ow_user=me").await).await;
    assert!(status == 400 && text.contains(refusal), "{text}");
    web.put("final", NODE, TELL, json!({ "web-export": true, "final": true }))
        .await;
    assert_eq!(told(web.get("default/final?defined=mine").await).await.0, 400);
    assert_eq!(told(web.get("default/final?other=mine").await).await.0, 200);
    let broken = web
        .client
        .post(web.url("default/tell"))
        .header("content-type", "application/json")
        .body("{");
    let (status, _, text) = told(broken.send().await.unwrap()).await;
    assert!(
        status == 400 && text.contains("The request content was malformed"),
        "{text}"
    );
    // What is not exported is not there, whoever asks; what is may be invoked without waiting through the REST API.
    web.put("private", NODE, TELL, json!({})).await;
    for path in ["default/private", "default/nobody", "demo/tell", "default"] {
        let (status, _, text) = told(web.get(path).await).await;
        assert!(
            status == 404 && text.contains("The requested resource does not exist."),
            "{path}: {text}"
        );
    }
    assert_eq!(
        web.api
            .post("_/actions/tell?blocking=false", &json!({}))
            .await
            .status,
        202
    );
    web.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn raw_functions_get_the_request_itself() {
    let web = Web::start().await;
    web.put("raw", NODE, TELL, json!({ "web-export": true, "raw-http": true }))
        .await;
    let python = "def main(event, context):\n    return {'body': {'http': event['http'], 'has': 'http' in event, 'keys': sorted(event)}}\n";
    web.put(
        "snake",
        "python:default",
        python,
        json!({ "web-export": true, "raw-http": true }),
    )
    .await;
    let post = |name: &str, kind: &'static str, body: &'static str| {
        let request = web.client.post(web.url(&format!("default/{name}?a=1&a=2")));
        request.header("content-type", kind).body(body).send()
    };
    let said: Value = post("raw", "text/plain", "hi")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&said["event"]["__ow_query"], &said["event"]["__ow_body"]),
        (&"a=1&a=2".into(), &"hi".into())
    );
    assert_eq!(
        (&said["http"]["body"], &said["http"]["isBase64Encoded"]),
        (&"hi".into(), &false.into())
    );
    let said: Value = post("snake", "application/json", "{}")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&said["http"]["queryString"], &said["http"]["isBase64Encoded"]),
        (&"a=1&a=2".into(), &true.into())
    );
    assert_eq!(
        (&said["http"]["body"], &said["has"]),
        (&"e30=".into(), &true.into())
    );
    let keys = json!([
        "__ow_body",
        "__ow_headers",
        "__ow_method",
        "__ow_path",
        "__ow_query",
        "defined"
    ]);
    assert_eq!(said["keys"], keys);
    web.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extensions_say_what_becomes_of_a_result() {
    let web = Web::start().await;
    web.put("tell", NODE, TELL, json!({ "web-export": true })).await;
    let error = |text: &str| json!({ "error": { "statusCode": 404, "body": text } });
    for (extension, answer, status, kind, body) in [
        ("", json!({}), 204, "", ""),
        (
            ".http",
            json!({ "statusCode": 201, "body": "<p>" }),
            201,
            "text/html; charset=UTF-8",
            "<p>",
        ),
        (
            "",
            json!({ "body": "iVBORw==", "headers": { "Content-Type": "image/gif" } }),
            200,
            "image/gif",
            "\u{fffd}PNG",
        ),
        ("", error("gone"), 404, "text/html; charset=UTF-8", "gone"),
        (
            ".json",
            json!({ "a": [1] }),
            200,
            "application/json",
            r#"{"a":[1]}"#,
        ),
        (
            ".html",
            json!({ "html": "<b>" }),
            200,
            "text/html; charset=UTF-8",
            "<b>",
        ),
        (
            ".svg",
            json!({ "body": "<svg/>" }),
            200,
            "image/svg+xml",
            "<svg/>",
        ),
        (
            ".text",
            json!({ "text": 3 }),
            200,
            "text/plain; charset=UTF-8",
            "3",
        ),
        (
            ".text",
            json!({ "no": 1 }),
            404,
            "application/json",
            "Response does not include requested property.",
        ),
        (
            ".html",
            json!({ "no": 1 }),
            400,
            "application/json",
            "Response is not valid 'text/html'.",
        ),
        (
            ".json",
            json!({ "error": "words" }),
            400,
            "application/json",
            "Response is not valid 'application/json'.",
        ),
    ] {
        let answer = answer.to_string();
        let url = web.url(&format!("default/tell{extension}"));
        let url = reqwest::Url::parse_with_params(&url, [("answer", &answer)]).unwrap();
        let request = web.client.get(url);
        let reply = request.send().await.unwrap();
        assert!(reply.headers().contains_key("x-openwhisk-activation-id"));
        let (got, of, text) = told(reply).await;
        assert_eq!((got, of.as_str()), (status, kind), "{extension} {answer}: {text}");
        assert!(
            if status < 300 {
                text == body
            } else {
                text.contains(body)
            },
            "{extension} {answer}: {text}"
        );
    }
    web.put(
        "throws",
        NODE,
        "function main() { throw 'x' }",
        json!({ "web-export": true }),
    )
    .await;
    let (status, _, text) = told(web.get("default/throws.json").await).await;
    assert!(
        status == 400 && text.contains("There was an error processing your request."),
        "{text}"
    );
    web.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_prove_what_an_action_asks_for() {
    let web = Web::start().await;
    web.put(
        "secret",
        NODE,
        TELL,
        json!({ "web-export": true, "require-whisk-auth": "open sesame" }),
    )
    .await;
    web.put(
        "key",
        NODE,
        TELL,
        json!({ "web-export": true, "require-whisk-auth": true }),
    )
    .await;
    let send = |name: &str, header: Option<(&'static str, String)>| {
        let request = web.client.get(web.url(&format!("default/{name}")));
        match header {
            Some((name, value)) => request.header(name, value),
            None => request,
        }
        .send()
    };
    let sesame = ("x-require-whisk-auth", "open sesame".to_owned());
    assert_eq!(send("secret", None).await.unwrap().status(), 401);
    assert_eq!(
        send("secret", Some(("x-require-whisk-auth", "x".into())))
            .await
            .unwrap()
            .status(),
        401
    );
    assert_eq!(send("secret", Some(sesame.clone())).await.unwrap().status(), 200);
    assert_eq!(send("key", Some(sesame)).await.unwrap().status(), 401);
    let (user, password) = web.api.key.as_deref().unwrap().split_once(':').unwrap();
    let request = web
        .client
        .get(web.url("default/key"))
        .basic_auth(user, Some(password));
    let said = request.send().await.unwrap();
    assert_eq!(said.status(), 200);
    let said: Value = said.json().await.unwrap();
    assert_eq!(said["event"]["__ow_user"], "playground");
    assert!(
        said["event"]["__ow_headers"].get("authorization").is_none(),
        "the token opens more than this"
    );
    web.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preflights_are_answered_for_those_that_do_not() {
    let web = Web::start().await;
    web.put("plain", NODE, TELL, json!({ "web-export": true })).await;
    let own = "function main(a) { return { statusCode: 202, headers: { 'x-own': a.__ow_method } } }";
    web.put(
        "own",
        NODE,
        own,
        json!({ "web-export": true, "web-custom-options": true }),
    )
    .await;
    let ask = |name: &str| {
        web.client
            .request(Method::OPTIONS, web.url(&format!("default/{name}")))
            .header("origin", "http://localhost:3000")
            .header("access-control-request-headers", "x-mine")
            .send()
    };
    let plain = ask("plain").await.unwrap();
    assert_eq!(plain.status(), 200);
    let headers = plain.headers();
    assert_eq!(headers["access-control-allow-origin"], "http://localhost:3000");
    assert_eq!(headers["access-control-allow-headers"], "x-mine");
    assert!(
        headers["access-control-allow-methods"]
            .to_str()
            .unwrap()
            .contains("PATCH")
    );
    let own = ask("own").await.unwrap();
    assert_eq!(
        (own.status(), &own.headers()["x-own"]),
        (202.try_into().unwrap(), &"options".parse().unwrap())
    );
    web.rig.stop().await;
}
