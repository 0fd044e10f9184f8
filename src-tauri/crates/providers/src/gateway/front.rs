//! The way in and the way out of every request: who may call, what is taken off it, where it goes, and what each answer
//! carries.
//!
//! One function and not a stack of middleware layers: a layer boxes its future and clones everything below it for each
//! request, which is more than the rest of a short call costs. For the same reason the path that carries most calls by
//! far does not go through the router.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::http::header::ACCESS_CONTROL_REQUEST_HEADERS;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use beckon_core::Error;
use tokio::runtime::Handle;
use tower::Service;

use super::{Gateway, Refusal, body, domains, guard, inbox, mark};
use crate::{digitalocean, openfaas, openwhisk, spaces};

/// Every dialect behind its guard. Cheap to clone.
#[derive(Clone)]
pub struct Front {
    gateway: Gateway,
    dialects: Router,
    /// Where work goes that calls must not wait for.
    elsewhere: Handle,
}

impl Front {
    /// In the runtime that long work is to be done in.
    pub(super) fn new(gateway: Gateway, dialects: Router) -> Self {
        Self {
            gateway,
            dialects,
            elsewhere: Handle::current(),
        }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request) -> Response {
        // Each dialect writes its own error documents.
        let for_digitalocean = digitalocean::gateway::is_mine(request.uri().path());
        let for_openfaas = openfaas::gateway::is_mine(request.uri().path());
        let for_spaces = spaces::gateway::is_mine(request.uri().path());
        let transaction = openwhisk::gateway::transaction(request.headers());
        let mut response = self.guarded(body::drained(request), &transaction).await;
        if for_digitalocean {
            digitalocean::gateway::speak(&mut response);
        } else if for_openfaas {
            openfaas::gateway::speak(&mut response);
        } else if for_spaces {
            spaces::gateway::speak(&mut response);
        } else {
            openwhisk::gateway::speak(&mut response, &transaction);
        }
        response
    }

    async fn guarded(&self, request: Request, transaction: &str) -> Response {
        let visitor = match guard::check(&self.gateway, request.uri(), request.headers()).await {
            Ok(visitor) => visitor,
            Err(refusal) => return refusal.into_response(),
        };
        let uri = request.uri().clone();
        let is_web = visitor.function.is_none() && openwhisk::gateway::web::is_call(uri.path());
        let for_function = is_web || visitor.function.is_some() || openfaas::gateway::is_call(uri.path());
        // Inboxes take whatever comes, functions that speak HTTP answer their own preflights, and Spaces has no pages.
        let answers_itself = request.method() != Method::OPTIONS
            || uri.path().starts_with(inbox::PREFIX)
            || (visitor.function.is_none()
                && (openfaas::gateway::is_mine(uri.path()) || spaces::gateway::is_mine(uri.path())))
            || (for_function && self.takes_options(&uri, &visitor).await);
        let wanted = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        let mut response = if answers_itself {
            self.dispatch(request, &visitor, transaction).await
        } else {
            StatusCode::OK.into_response()
        };
        if is_web && !answers_itself {
            visitor.see_off_web(response.headers_mut(), wanted);
        } else if for_function && answers_itself {
            visitor.see_off_function(response.headers_mut());
        } else {
            visitor.see_off(response.headers_mut());
        }
        response
    }

    /// Whether the function that a request is for has requests for arguments. One that there is not refuses for itself.
    async fn takes_options(&self, uri: &Uri, visitor: &guard::Visitor) -> bool {
        if visitor.function.is_none() && openwhisk::gateway::web::is_call(uri.path()) {
            return openwhisk::gateway::web::answers_options(&self.gateway, uri.path()).await;
        }
        let called = match &visitor.function {
            Some(function) => Some(function.clone()),
            None => openfaas::gateway::called(&self.gateway, uri).await,
        };
        let Some(key) = called else { return true };
        let function = self.gateway.store.function(&key).await;
        !matches!(function, Ok(Some(function)) if !function.contract.speaks_http())
    }

    async fn dispatch(&self, mut request: Request, visitor: &guard::Visitor, transaction: &str) -> Response {
        mark::unmark(&self.gateway, &mut request);
        if let Some(function) = &visitor.function {
            return domains::answer(&self.gateway, function.clone(), request).await;
        }
        if let Some(elsewhere) = openfaas::gateway::cleaned(request.uri()) {
            return elsewhere;
        }
        if openfaas::gateway::is_call(request.uri().path()) {
            return openfaas::gateway::call(&self.gateway, request).await;
        }
        openwhisk::gateway::name_transaction(&mut request, transaction);
        if openwhisk::gateway::web::is_call(request.uri().path()) {
            return openwhisk::gateway::web::call(&self.gateway, request)
                .await
                .unwrap_or_else(IntoResponse::into_response);
        }
        let mut dialects = self.dialects.clone();
        // Saving a function takes long, and it would be on the thread that calls are made on. What has begun is done to
        // its end, whether its caller stays or not.
        let is_saving = request.method() == Method::PUT
            || (request.method() != Method::GET && openfaas::gateway::is_control(request.uri().path()));
        let answered = if is_saving {
            let saving = self.elsewhere.spawn(async move { dialects.call(request).await });
            saving
                .await
                .unwrap_or_else(|error| Ok(Refusal::from(Error::internal("save", error)).into_response()))
        } else {
            dialects.call(request).await
        };
        let Ok(response) = answered;
        response
    }
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let front = self.clone();
        Box::pin(async move { Ok(front.answer(request).await) })
    }
}
