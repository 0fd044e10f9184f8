//! `/spaces` over real HTTP: who may, every row of its table, and what a function sees and answers.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{Function, FunctionKey, NewFunction, TokenScope};
use beckon_store::Expect;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::rig::{Answer, Client, Rig, send};

pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) const ECHO: &str = "import json\n\
    def handle(req):\n    \
        print('said ' + req.body.decode())\n    \
        if req.path == '/crash':\n        \
            return 1 / 0\n    \
        if req.path == '/die':\n        \
            import os\n        \
            os._exit(3)\n    \
        if req.path == '/own':\n        \
            return {'status_code': 500, 'body': 'mine'}\n    \
        return {'status_code': 201, 'headers': {'X-Own': 'yes', 'X-Function-Status': '999'}, 'body': [\n        \
            req.method, req.path, req.query.getlist('a'), req.body.decode()]}\n";

pub(crate) fn draft(name: &str, code: &str) -> Value {
    json!({
        "name": name,
        "description": "An echo.",
        "template": "python3-http",
        "env": { "LEVEL": "2" },
        "options": { "topics": "a/b,c" },
        "source": { "code": STANDARD.encode(code) },
    })
}

pub(crate) fn space() -> TokenScope {
    TokenScope::Namespace {
        namespace: "playground".parse().unwrap(),
    }
}

/// Makes a function and waits until it is over with its build.
pub(crate) async fn deployed(client: &Client, name: &str, code: &str) -> Value {
    let made = client
        .post("/spaces/playground/functions", &draft(name, code))
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    settled(client, name).await
}

pub(crate) async fn settled(client: &Client, name: &str) -> Value {
    let begin = Instant::now();
    loop {
        let function = client
            .get(&format!("/spaces/playground/functions/{name}"))
            .await
            .ok();
        if matches!(function["status"].as_str(), Some("Running" | "Failed")) {
            return function;
        }
        assert!(begin.elapsed() < PATIENCE, "{function}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Asserts Spaces' error document.
#[track_caller]
pub(crate) fn enveloped(answer: &Answer, status: u16, message: &str) {
    let document = answer.json();
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(
        document,
        json!({ "error": { "status": status, "message": message } }),
        "{answer:?}"
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_is_made_read_changed_and_deleted() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    let functions = "/spaces/playground/functions";
    let made = client.post(functions, &draft("echo", ECHO)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    assert_eq!(made["id"].as_str().map(str::len), Some(26));
    assert!(
        matches!(made["status"].as_str(), Some("Pending" | "Building")),
        "{made}"
    );
    enveloped(
        &client.post(functions, &draft("echo", ECHO)).await,
        409,
        "This function already exists",
    );
    let running = settled(&client, "echo").await;
    assert_eq!(running["status"], "Running");
    for (field, value) in [
        ("id", made["id"].clone()),
        ("space", json!("playground")),
        ("name", json!("echo")),
        ("description", json!("An echo.")),
        ("template", json!("python3-http")),
        ("env", json!({ "LEVEL": "2" })),
        ("options", json!({ "topics": "a/b,c" })),
        ("source", json!({ "code": STANDARD.encode(ECHO) })),
        (
            "metrics",
            json!({ "invocations": 0, "replicas": 0, "available_replicas": 0 }),
        ),
    ] {
        assert_eq!(running[field], value, "{field}");
    }
    let created = running["created_at"].as_str().unwrap();
    assert!(
        chrono::NaiveDateTime::parse_from_str(created, "%Y-%m-%dT%H:%M:%S%.f").is_ok(),
        "{created}"
    );
    let code = client.get(&format!("{functions}/echo/code")).await.ok();
    assert_eq!(code, json!({ "code": STANDARD.encode(ECHO) }));

    // What is not said stays, and the id is the same over versions.
    let changed = client
        .send(
            Method::PUT,
            &format!("{functions}/echo"),
            &json!({ "env": { "LEVEL": "3" } }),
        )
        .await
        .ok();
    assert_eq!(changed["id"], made["id"]);
    let changed = settled(&client, "echo").await;
    assert_eq!(
        (&changed["env"]["LEVEL"], &changed["description"], &changed["id"]),
        (&json!("3"), &json!("An echo."), &made["id"])
    );
    assert_eq!(changed["created_at"], running["created_at"]);

    // The window's and OpenWhisk's functions are there too, under an id that stays.
    rig.api()
        .await
        .deploy("pack/other", crate::support::rig::ECHO)
        .await;
    let list = client.get(functions).await.ok();
    let names: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["name"])
        .collect();
    assert_eq!(names, ["echo", "pack__other"]);
    assert_eq!(
        list["paging"],
        json!({ "next_cursor": "", "previous_cursor": "" })
    );
    let other = client.get(&format!("{functions}/pack__other")).await.ok();
    assert_eq!(other["id"], list["data"][1]["id"]);

    // Pages.
    let first = client.get(&format!("{functions}?limit=1")).await.ok();
    assert_eq!(first["data"].as_array().unwrap().len(), 1);
    let cursor = first["paging"]["next_cursor"].as_str().unwrap();
    let second = client
        .get(&format!("{functions}?limit=1&next_cursor={cursor}"))
        .await
        .ok();
    assert_eq!(second["data"][0]["name"], "pack__other");
    assert_eq!(second["paging"]["next_cursor"], "");
    let back = second["paging"]["previous_cursor"].as_str().unwrap();
    let again = client
        .get(&format!("{functions}?limit=1&previous_cursor={back}"))
        .await
        .ok();
    assert_eq!(again["data"][0]["name"], "echo");

    let gone = send(client.request(Method::DELETE, &format!("{functions}/echo"))).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    enveloped(
        &client.get(&format!("{functions}/echo")).await,
        404,
        "function not found",
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_the_functions_own() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    deployed(&client, "f", ECHO).await;
    let door = "/spaces/playground/functions/f/invoke";
    for method in ["POST", "GET", "PUT", "PATCH", "DELETE"] {
        let request = client.request(method.parse().unwrap(), &format!("{door}/a/b%20c/d/?a=1&b=2&a=3"));
        let answer = send(request.body("in")).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.header("x-own"), Some("yes"));
        assert_eq!(answer.json(), json!([method, "/a/b c/d", ["1", "3"], "in"]));
    }
    assert_eq!(client.get(door).await.json()[1], "/");
    assert_eq!(client.get(&format!("{door}/")).await.json()[1], "/");

    let answer = client.get(&format!("{door}/crash")).await;
    assert_eq!(answer.status, 500);
    assert_eq!(
        answer.json(),
        json!({ "error": {
            "status": 500,
            "message": "ZeroDivisionError at line 5: division by zero",
            "details": {
                "exception_type": "ZeroDivisionError",
                "exception_info": "division by zero",
                "exception_line_code": "return 1 / 0",
                "exception_line_number": 5,
            },
        } })
    );
    let answer = client.get(&format!("{door}/own")).await;
    assert_eq!((answer.status, answer.text.as_str()), (500, "mine"));
    let answer = client.get(&format!("{door}/die")).await;
    let details = &answer.json()["error"]["details"];
    assert_eq!(
        (answer.status, &details["exception_type"]),
        (500, &json!("ProcessCrashed")),
        "{answer:?}"
    );

    // The run is in the journal, with its input and who called; the access token is not.
    let answer = send(client.request(Method::POST, door).body("kept")).await;
    let id = answer.header("x-activation-id").unwrap().parse().unwrap();
    rig.store.flush().await.unwrap();
    let record = rig.store.activation(id).await.unwrap().unwrap();
    assert_eq!(record.token_id.as_deref(), Some(client.id.as_str()));
    assert_eq!(record.input.as_ref().unwrap().as_str(), "\"kept\"");
    assert!(!format!("{record:?}").contains(client.bearer.trim_start_matches("Bearer ")));

    // What it wrote.
    let lines = |answer: Answer| -> Vec<Value> {
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        answer
            .text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let logs = "/spaces/playground/functions/f/logs";
    let all = lines(client.get(logs).await);
    let last = all.last().unwrap();
    assert_eq!(
        (&last["name"], &last["instance"], &last["text"]),
        (&json!("f"), &json!(id.to_string()), &json!("said kept"))
    );
    assert_eq!(
        lines(client.get(&format!("{logs}?tail=2")).await),
        all[all.len() - 2..]
    );
    let since = last["timestamp"].as_str().unwrap();
    assert_eq!(
        lines(client.get(&format!("{logs}?since={since}")).await),
        std::slice::from_ref(last)
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accepted_call_calls_back() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    deployed(&client, "f", ECHO).await;
    let inbox = rig.store.create_inbox("mine", 200, None).await.unwrap();
    let door = "/spaces/playground/functions/f/async-invoke";
    for (path, status, own) in [("/a?a=1", "201", Some("yes")), ("/crash", "500", None)] {
        let request = client
            .request(Method::POST, &format!("{door}{path}"))
            .header("x-callback-url", format!("{}/callbacks/{}", rig.url, inbox.id));
        let answer = send(request.body("later")).await;
        assert_eq!((answer.status, answer.text.as_str()), (202, ""), "{answer:?}");
        let call_id = answer.header("x-call-id").unwrap().to_owned();
        let begin = Instant::now();
        let message = loop {
            let all = rig.store.inbox_messages(&inbox.id, None, 10).await.unwrap().rows;
            let of_call = |name: &str, value: &str| {
                all.iter()
                    .find(|m| m.headers.iter().any(|(n, v)| n == name && v == value))
                    .cloned()
            };
            if let Some(message) = of_call("x-call-id", &call_id) {
                break message;
            }
            assert!(begin.elapsed() < PATIENCE, "nobody called back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let header = |name: &str| {
            let mut found = message.headers.iter().filter(|(n, _)| n == name);
            let first = found.next().map(|(_, value)| value.as_str());
            assert!(found.next().is_none(), "{name} twice");
            first
        };
        assert_eq!(message.method, "POST");
        assert_eq!(header("x-function-status"), Some(status));
        assert_eq!(header("x-own"), own);
        assert_eq!(header("x-function-name"), Some("f"));
        if own.is_some() {
            assert_eq!(message.document.to_value(), json!(["POST", "/a", ["1"], "later"]));
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_run_is_not_ready() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    let functions = "/spaces/playground/functions";
    // Go takes its time, and this is no Go.
    let mut broken = draft("f", "package function\nfunc Handle(");
    broken["template"] = json!("go");
    assert_eq!(client.post(functions, &broken).await.status, 201);
    let not_ready = json!({ "details": "function not ready" });
    let check = async || {
        for (method, path) in [
            ("GET", "invoke"),
            ("POST", "async-invoke"),
            ("GET", "logs"),
            ("GET", "code"),
        ] {
            let answer = client
                .send(
                    method.parse().unwrap(),
                    &format!("{functions}/f/{path}"),
                    &json!({}),
                )
                .await;
            assert_eq!((answer.status, answer.json()), (202, not_ready.clone()), "{path}");
        }
    };
    check().await;
    let failed = settled(&client, "f").await;
    assert_eq!(failed["status"], "Failed");
    assert!(
        failed["error_message"].as_str().unwrap().contains("syntax error"),
        "{failed}"
    );
    check().await;

    // Sent again with other code, it runs, under the same id.
    let code = "package function\nimport \"net/http\"\n\
        func Handle(w http.ResponseWriter, r *http.Request) { w.WriteHeader(203); w.Write([]byte(r.URL.Path)) }\n";
    let source = json!({ "source": { "code": STANDARD.encode(code) } });
    client
        .send(Method::PUT, &format!("{functions}/f"), &source)
        .await
        .ok();
    let running = settled(&client, "f").await;
    assert_eq!(
        (&running["status"], &running["id"], &running["template"]),
        (&json!("Running"), &failed["id"], &json!("go"))
    );
    let answer = client.get(&format!("{functions}/f/invoke/x/y")).await;
    assert_eq!((answer.status, answer.text.as_str()), (203, "/x/y"));

    // What could not be built is out of date once somebody else saves the function, or deletes it.
    let worse = json!({ "source": { "code": STANDARD.encode("package function\nfunc Handle(") } });
    let spoil = async || {
        let path = format!("{functions}/f");
        client.send(Method::PUT, &path, &worse).await.ok();
        // What ran before runs on, while this is built and when it cannot be.
        assert_eq!(client.get(&format!("{path}/invoke")).await.status, 203);
        assert_eq!(settled(&client, "f").await["status"], "Failed");
        assert_eq!(client.get(&format!("{path}/invoke")).await.status, 203);
        assert_eq!(client.get(&format!("{path}/logs")).await.status, 200);
        let runs = client.get(&format!("{path}/code")).await.ok();
        assert_eq!(runs["code"], STANDARD.encode(code));
    };
    spoil().await;
    let key = FunctionKey::new("playground", "f").unwrap();
    let there = rig.store.function(&key).await.unwrap().unwrap();
    let saved = NewFunction::from(Function::clone(&there));
    rig.engine.put_function(&key, saved, Expect::Any).await.unwrap();
    assert_eq!(settled(&client, "f").await["status"], "Running");
    assert_eq!(client.get(&format!("{functions}/f/invoke")).await.status, 203);
    spoil().await;
    rig.engine.delete_function(&key).await.unwrap();
    assert_eq!(client.get(&format!("{functions}/f")).await.status, 404);

    // Deleted while it is built: it stays so.
    client.post(functions, &draft("g", ECHO)).await;
    let gone = send(client.request(Method::DELETE, &format!("{functions}/g"))).await;
    assert_eq!(gone.status, 204);
    enveloped(
        &client.get(&format!("{functions}/g")).await,
        404,
        "function not found",
    );
    assert!(rig.store.spaces_deployments(None).await.unwrap().is_empty());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn triggers_switch_schedules_and_say_what_they_cannot() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    let triggers = "/spaces/playground/triggers";
    let mut timed = draft("f", ECHO);
    timed["options"] = json!({ "schedule": "*/5 * * * *" });
    client.post("/spaces/playground/functions", &timed).await;
    assert_eq!(settled(&client, "f").await["status"], "Running");
    let schedule = async || {
        let all = rig.engine.schedules(None).await.unwrap();
        all.into_iter()
            .map(|schedule| (schedule.expression, schedule.enabled))
            .collect::<Vec<_>>()
    };
    // It runs a moment before it is called by the clock.
    let begin = Instant::now();
    while schedule().await.is_empty() {
        assert!(begin.elapsed() < PATIENCE, "nothing was scheduled");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(schedule().await, [("*/5 * * * *".to_owned(), false)]);
    let cron = client
        .post(
            triggers,
            &json!({ "type": "cron", "description": "by the clock" }),
        )
        .await;
    assert_eq!(cron.status, 201, "{cron:?}");
    let cron = cron.json();
    assert_eq!(
        (&cron["status"], &cron["type"], &cron["description"]),
        (&json!("Running"), &json!("cron"), &json!("by the clock"))
    );
    assert_eq!(schedule().await, [("*/5 * * * *".to_owned(), true)]);

    let config =
        json!({ "host": "127.0.0.1", "port": 1883, "topics": "a/#", "username": "u", "password": "hunter2" });
    let mqtt = client
        .post(triggers, &json!({ "type": "mqtt", "config": config }))
        .await;
    assert_eq!(mqtt.status, 201, "{mqtt:?}");
    assert!(!mqtt.text.contains("hunter2"));
    let mqtt = mqtt.json();
    assert_eq!(mqtt["config"]["topics"], "a/#");
    let kept = rig
        .store
        .spaces_triggers(&"playground".parse().unwrap())
        .await
        .unwrap();
    assert!(!format!("{kept:?}").contains("hunter2"));
    let list = client.get(triggers).await.ok();
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    let only = client.get(&format!("{triggers}?type=mqtt")).await.ok();
    assert_eq!(only["data"][0]["id"], mqtt["id"]);

    for bad in [
        json!({ "type": "kafka" }),
        json!({ "type": "mqtt" }),
        json!({ "type": "mqtt", "config": { "host": "127.0.0.1" } }),
        json!({ "type": "mqtt", "config": { "host": "127.0.0.1/x", "topics": "a" } }),
        json!({ "type": "mqtt", "config": { "host": "127.0.0.1", "topics": "a#" } }),
        json!({ "type": "mqtt", "config": { "host": "127.0.0.1", "topics": "a", "qos": 3 } }),
        json!({ "type": "mqtt", "config": { "host": "127.0.0.1", "topics": "a", "port": 65536 } }),
        json!({ "type": "mqtt", "config": { "host": "127.0.0.1", "topics": "a", "username": "u" } }),
        json!({ "type": "mqtt", "config": { "host": "127.0.0.1", "topics": "a", "password": "p" } }),
        json!({ "type": "rabbitmq", "config": { "host": "127.0.0.1" } }),
        json!({ "type": "cron", "callback_url": "nowhere" }),
        json!({ "type": "cron", "callback_url": "http://127.0.0.1/x" }),
    ] {
        assert_eq!(client.post(triggers, &bad).await.status, 400, "{bad}");
    }
    let path = format!("{triggers}/{}", cron["id"].as_str().unwrap());
    let changed = client
        .send(
            Method::PUT,
            &path,
            &json!({ "type": "cron", "description": "other" }),
        )
        .await
        .ok();
    assert_eq!(
        (&changed["id"], &changed["description"]),
        (&cron["id"], &json!("other"))
    );
    assert_eq!(client.get(&path).await.ok(), changed);
    assert_eq!(send(client.request(Method::DELETE, &path)).await.status, 204);
    enveloped(&client.get(&path).await, 404, "trigger not found");
    assert_eq!(schedule().await, [("*/5 * * * *".to_owned(), false)]);
    // With its function the schedule goes.
    let function = "/spaces/playground/functions/f";
    assert_eq!(send(client.request(Method::DELETE, function)).await.status, 204);
    assert!(schedule().await.is_empty());
    rig.stop().await;
}
