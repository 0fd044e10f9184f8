//! A gateway on a real port, over a real engine and a real database.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use beckon_core::{
    Clock, Error, ErrorCode, FunctionName, Millis, NamespaceName, Result, Secret, Token, TokenKind,
    TokenScope, hint_of,
};
use beckon_engine::{Engine, EngineConfig, Orphan, SecretSource};
use beckon_providers::digitalocean::new_account_token;
use beckon_providers::gateway::{Gateway, Throttle, router};
use beckon_providers::openfaas::new_password;
use beckon_providers::openwhisk::{NewToken, new_token, token_hash};
use beckon_providers::spaces::{SpaceTriggers, new_client};
use beckon_store::Store;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// Echoes its arguments.
pub(crate) const ECHO: &str = "function main(args) { console.log('echo'); return { echo: args } }";

/// Everything behind one port.
pub(crate) struct Rig {
    pub(crate) url: String,
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    /// Milliseconds that the gateway's clock is ahead.
    ahead: Arc<AtomicI64>,
    pub(crate) throttle: Arc<Throttle>,
    server: JoinHandle<()>,
    pub(crate) data: tempfile::TempDir,
}

/// Keeps secrets of namespaces and triggers for as long as it lives; functions have none of their own.
#[derive(Default)]
struct Kept(Mutex<HashMap<String, Secret>>);

fn kept_as(namespace: &NamespaceName, name: &str) -> String {
    format!("{namespace}/{name}")
}

impl SecretSource for Kept {
    fn namespace_secret(&self, namespace: &NamespaceName, name: &str) -> Result<Secret> {
        let kept = self.0.lock().unwrap().get(&kept_as(namespace, name)).cloned();
        kept.ok_or_else(|| Error::not_found(format!("value for the secret {name}")))
    }

    fn keep_namespace_secret(&self, namespace: &NamespaceName, name: &str, value: &Secret) -> Result<()> {
        let key = kept_as(namespace, name);
        self.0.lock().unwrap().insert(key, value.clone());
        Ok(())
    }

    fn abandon(&self, orphans: &[Orphan]) -> Result<()> {
        for orphan in orphans {
            let name = match orphan {
                Orphan::NamespaceSecret { namespace, name } => kept_as(namespace, name),
                Orphan::TriggerSecret { trigger } => trigger.clone(),
                _ => continue,
            };
            self.0.lock().unwrap().remove(&name);
        }
        Ok(())
    }

    fn trigger_secret(&self, trigger_id: &str) -> Result<Option<Secret>> {
        Ok(self.0.lock().unwrap().get(trigger_id).cloned())
    }

    fn keep_trigger_secret(&self, trigger_id: &str, value: &Secret) -> Result<()> {
        self.0
            .lock()
            .unwrap()
            .insert(trigger_id.to_owned(), value.clone());
        Ok(())
    }

    fn function_secret(&self, _function_id: &str, name: &str) -> Result<Secret> {
        Err(Error::new(
            ErrorCode::NotFound,
            format!("There is no secret {name} in this test."),
        ))
    }
}

impl Rig {
    /// With the namespaces `playground` and `other`.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// The same, with an engine that is set up otherwise.
    pub(crate) async fn with(change: impl FnOnce(&mut EngineConfig)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let ahead = Arc::new(AtomicI64::new(0));
        let (system, offset) = (Clock::system(), ahead.clone());
        let clock = Clock::from_fn(move || system.now() + offset.load(Ordering::Relaxed));
        let store = Store::open(&data.path().join("beckon.db"), clock.clone())
            .await
            .unwrap();
        for name in ["playground", "other"] {
            store
                .create_namespace(&name.parse().unwrap(), name)
                .await
                .unwrap();
        }
        let mut config = EngineConfig::new(data.path().to_owned());
        change(&mut config);
        let engine = Engine::start(config, store.clone(), Arc::new(Kept::default()), clock.clone())
            .await
            .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let throttle = Arc::<Throttle>::default();
        let app = router(Gateway {
            engine: engine.clone(),
            store: store.clone(),
            clock: clock.clone(),
            throttle: throttle.clone(),
            space_triggers: Arc::new(SpaceTriggers::new(engine.clone(), store.clone(), clock)),
        });
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            url,
            store,
            engine,
            ahead,
            throttle,
            server,
            data,
        }
    }

    /// Moves the gateway's clock forward.
    pub(crate) fn advance(&self, by: Millis) {
        self.ahead.fetch_add(by, Ordering::Relaxed);
    }

    /// The gateway's time.
    pub(crate) fn now(&self) -> Millis {
        Clock::system().now() + self.ahead.load(Ordering::Relaxed)
    }

    /// A client with a new token for the namespace `playground`.
    pub(crate) async fn api(&self) -> Api {
        self.api_for("playground").await
    }

    /// A client with a new token for a namespace.
    pub(crate) async fn api_for(&self, namespace: &str) -> Api {
        let namespace: NamespaceName = namespace.parse().unwrap();
        self.api_with(TokenScope::Namespace { namespace }, None).await.1
    }

    /// A client with a new token for one function.
    pub(crate) async fn api_for_function(&self, name: &str) -> Api {
        let name: FunctionName = name.parse().unwrap();
        self.api_with(
            TokenScope::Function {
                namespace: "playground".parse().unwrap(),
                name,
            },
            None,
        )
        .await
        .1
    }

    pub(crate) async fn api_with(&self, scope: TokenScope, expires: Option<Millis>) -> (Token, Api) {
        let new = new_token();
        let key = format!("{}:{}", new.id, new.secret.expose());
        let token = self.keep(new, TokenKind::Openwhisk, scope, expires).await;
        (
            token,
            Api {
                url: self.url.clone(),
                key: Some(key),
                http: http(),
            },
        )
    }

    /// A client of DigitalOcean's control plane with a new account token.
    pub(crate) async fn account(&self, scope: TokenScope) -> (Token, Control) {
        let new = new_account_token();
        let bearer = new.secret.expose().to_owned();
        let token = self.keep(new, TokenKind::Digitalocean, scope, None).await;
        let control = Control {
            url: self.url.clone(),
            authorization: Some(format!("Bearer {bearer}")),
            http: http(),
        };
        (token, control)
    }

    /// A client of OpenFaaS' control plane with a new password of `admin`.
    pub(crate) async fn admin(&self, scope: TokenScope) -> (Token, Admin) {
        let new = new_password();
        let password = new.secret.expose().to_owned();
        let token = self.keep(new, TokenKind::Openfaas, scope, None).await;
        let admin = Admin {
            url: self.url.clone(),
            password,
            http: http(),
        };
        (token, admin)
    }

    /// A client of Spaces with a new credential and an access token got with it.
    pub(crate) async fn client(&self, scope: TokenScope) -> (Token, Client) {
        let new = new_client();
        let secret = new.secret.expose().to_owned();
        let token = self.keep(new, TokenKind::Spaces, scope, None).await;
        let client = Client {
            url: self.url.clone(),
            id: token.id.clone(),
            secret,
            bearer: String::new(),
            http: http(),
        };
        (token, client.renewed().await)
    }

    async fn keep(
        &self,
        new: NewToken,
        kind: TokenKind,
        scope: TokenScope,
        expires: Option<Millis>,
    ) -> Token {
        let token = Token {
            id: new.id,
            name: "test".into(),
            kind,
            scope,
            hint: hint_of(new.secret.expose()),
            created: Clock::system().now(),
            updated: Clock::system().now(),
            expires,
            last_used: None,
            revoked: None,
            kept: false,
        };
        self.store
            .add_token(&token, token_hash(new.secret.expose()))
            .await
            .unwrap();
        token
    }

    /// A client without a token.
    pub(crate) fn stranger(&self) -> Api {
        Api {
            url: self.url.clone(),
            key: None,
            http: http(),
        }
    }

    /// Stops the server and leaves no worker behind.
    pub(crate) async fn stop(self) {
        self.server.abort();
        self.engine.shutdown(Duration::from_secs(1)).await;
    }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .timeout(Duration::from_secs(120))
        .build()
        .unwrap()
}

/// Somebody who speaks plain HTTP to the gateway.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) url: String,
    pub(crate) key: Option<String>,
    pub(crate) http: reqwest::Client,
}

/// Somebody who speaks plain HTTP to DigitalOcean's control plane.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) url: String,
    pub(crate) authorization: Option<String>,
    pub(crate) http: reqwest::Client,
}

impl Control {
    /// A request; `path` starts after `/v2/functions/`.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}/v2/functions/{path}", self.url));
        match &self.authorization {
            Some(authorization) => request.header("authorization", authorization),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PUT, path).json(body)).await
    }
}

/// Somebody who speaks plain HTTP to OpenFaaS' control plane.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) url: String,
    pub(crate) password: String,
    pub(crate) http: reqwest::Client,
}

impl Admin {
    /// A request; `path` starts after the port, with its slash.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        request.basic_auth("admin", Some(&self.password))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// Sends a document; as faas-cli does, without saying that it is JSON.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        send(self.request(method, path).body(body.to_string())).await
    }
}

/// Somebody who speaks plain HTTP to Spaces.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) url: String,
    pub(crate) id: String,
    pub(crate) secret: String,
    /// What goes into `Authorization`.
    pub(crate) bearer: String,
    pub(crate) http: reqwest::Client,
}

impl Client {
    /// The same with another access token.
    pub(crate) async fn renewed(&self) -> Self {
        let request = self.http.post(format!("{}/oauth2/token", self.url));
        let request = request.basic_auth(&self.id, Some(&self.secret));
        let document = send(request.body("grant_type=client_credentials")).await.ok();
        Self {
            bearer: format!("Bearer {}", document["access_token"].as_str().unwrap()),
            ..self.clone()
        }
    }

    /// A request; `path` starts after the port, with its slash.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        request.header("authorization", &self.bearer)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        send(self.request(method, path).json(body)).await
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Asserts an error document with this text.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, text: &str) {
        let body = self.json();
        assert_eq!(
            (self.status, body["error"].as_str()),
            (status, Some(text)),
            "{self:?}"
        );
        assert_eq!(
            body["code"].as_str(),
            self.header("x-request-id"),
            "the code is the transaction id"
        );
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(2));
        assert_eq!(self.header("content-type"), Some("application/json"));
        let challenge = (status == 401).then_some("Basic realm=\"OpenWhisk secure realm\"");
        assert_eq!(self.header("www-authenticate"), challenge);
    }

    /// Asserts an error document of DigitalOcean's control plane.
    #[track_caller]
    pub(crate) fn denied(&self, status: u16, id: &str, message: &str) {
        let body = self.json();
        assert_eq!(
            (self.status, body["id"].as_str(), body["message"].as_str()),
            (status, Some(id), Some(message)),
            "{self:?}"
        );
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"));
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(3));
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert!(self.header("www-authenticate").is_none());
    }

    /// Asserts a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }
}

impl Api {
    /// A request with Basic credentials; `path` starts after `/api/v1/namespaces/`.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}/api/v1/namespaces/{path}", self.url));
        match self.key.as_deref().and_then(|key| key.split_once(':')) {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PUT, path).json(body)).await
    }

    /// Makes or replaces an action, and its package.
    #[track_caller]
    pub(crate) fn deploy(&self, name: &str, code: &str) -> impl Future<Output = Value> {
        let body = json!({ "exec": { "kind": "nodejs:default", "code": code } });
        let (api, path) = (self.clone(), format!("_/actions/{name}?overwrite=true"));
        let package = name
            .split_once('/')
            .map(|(package, _)| format!("_/packages/{package}?overwrite=true"));
        async move {
            if let Some(package) = package {
                api.put(&package, &json!({})).await.ok();
            }
            api.put(&path, &body).await.ok()
        }
    }

    /// A record, once there is one.
    pub(crate) async fn record(&self, id: &str) -> Value {
        let begin = Instant::now();
        loop {
            let answer = self.get(&format!("_/activations/{id}")).await;
            if answer.status != 404 {
                return answer.ok();
            }
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "there is no record of {id}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer {
        status,
        headers,
        text: response.text().await.unwrap(),
    }
}
