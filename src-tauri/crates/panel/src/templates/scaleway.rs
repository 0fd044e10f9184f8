// Scaleway on Rust: an HTTP handler in axum's types. It is compiled when it is saved; the first time takes a minute.
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use serde_json::{Value, json};

pub async fn handle(request: Request<Body>) -> Response<Body> {
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default();
    let given: Value = serde_json::from_slice(&body).unwrap_or_default();
    let name = given["name"].as_str().unwrap_or("stranger");
    println!("Greeting {name}");
    Response::builder()
        .header("Content-Type", "application/json")
        .body(Body::from(json!({"message": format!("Hello {name}!")}).to_string()))
        .expect("a response")
}
