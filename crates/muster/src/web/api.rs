//! The API for programs, under `/api/v1`: one file a resource. Its document is made from the code.

mod accounts;
mod apps;
mod journal;
mod page;
mod people;

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{self, FromRequestParts, Request},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use muster_domain::model::{canonical::Digest, user::Permission};
use serde::de::DeserializeOwned;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder,
    security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
};

use super::{
    problem::Problem,
    routes::{Needs, Route, get},
};

const READ: Needs = Needs::May(Permission::Read);

/// The routes of the API.
pub(super) fn routes() -> Vec<Route> {
    let own = vec![get("/api/v1/openapi.json", Needs::Nothing, document)];
    [own, accounts::routes(), apps::routes(), journal::routes(), people::routes()]
        .into_iter()
        .flatten()
        .collect()
}

/// The document of the API.
async fn document() -> Json<OpenApi> {
    Json(openapi())
}

/// What the API is, made from its routes.
pub(super) fn openapi() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Muster")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Who works here, who has an account where, who should, and what is done about it. \
             Every list is read page by page: `next` of one page is `cursor` of the following one. \
             What goes wrong is told as problem+json (RFC 9457), with what to do.",
        ))
        .build();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let mut components = ComponentsBuilder::new().security_scheme("token", bearer);
    let mut paths = PathsBuilder::new();
    for route in routes() {
        let Some((schemas, documented)) = route.documented else { continue };
        components = components.schemas_from_iter(schemas);
        for (path, item) in documented.paths {
            paths = paths.path(path, item);
        }
    }
    let mut api = OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components.build()))
        .security(Some([SecurityRequirement::new("token", Vec::<String>::new())]))
        .build();
    api.openapi = utoipa::openapi::OpenApiVersion::Version31;
    api
}

/// A query, of which is said what is wrong with it.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(extract::Query(query)) => Ok(Self(query)),
            Err(refused) => Err(Problem::invalid(refused.body_text())),
        }
    }
}

/// What the router itself refuses, as a problem like all others.
pub(super) async fn explain(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let response = next.run(request).await;
    let (kind, title, detail) = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => (
            "method_not_allowed",
            "This cannot be done here",
            "The address is right, the method is not; see /api/v1/openapi.json",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("too_large", "This is too much", "A request has a megabyte at most")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (
            "unsupported_media_type",
            "This is not understood",
            "Send JSON, and say so: Content-Type: application/json",
        ),
        StatusCode::BAD_REQUEST => (
            "bad_request",
            "This is not understood",
            "The request is not what /api/v1/openapi.json describes",
        ),
        _ => return response,
    };
    if response.extensions().get::<Problem>().is_some() {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let problem = Problem::new(response.status(), kind, title, detail);
    let mut explained = problem.into_response();
    if let Some(allow) = allow {
        explained.headers_mut().insert(header::ALLOW, allow);
    }
    explained
}

/// Tells reads by a tag of what they say, so that who has it already gets nothing anew.
pub(super) async fn tag(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let streams = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/event-stream")));
    if !is_api || !is_read || streams || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // What a handler made lies in memory already.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = format!("\"{}\"", Digest::of(&bytes).brief());
    let same = known.is_some_and(|known| {
        known.to_str().is_ok_and(|known| known.split(',').any(|one| one.trim() == tag))
    });
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, tag);
    }
    if same {
        parts.status = StatusCode::NOT_MODIFIED;
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}
