//! What stands before every handler: other sites, other hosts, too much, too slow; and the headers
//! that keep browsers from doing harm.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri::Authority},
    middleware::Next,
    response::Response,
};

use super::{Web, problem::Problem};

/// The largest request, except where a file is dropped.
pub(super) const LARGEST: usize = 1024 * 1024;

/// How long a request may take to be answered.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What pages may load and do: nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
    base-uri 'none'; manifest-src 'self'";

/// Refuses what was asked for under another name than ours: a page elsewhere that lets its own name
/// point here.
pub(super) async fn our_host(
    State(web): State<Web>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(Authority::as_str));
    if host.is_some_and(|host| web.answers_to(host)) {
        return Ok(next.run(request).await);
    }
    Err(Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "misdirected",
        "This is not the host you asked for",
        "Muster answers to the address it was started with; see --public-url",
    ))
}

/// Refuses writes that another site makes a browser send. Programs send no such headers and no
/// cookies either.
pub(super) async fn our_site(
    State(web): State<Web>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let headers = request.headers();
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let by_token = headers.contains_key(header::AUTHORIZATION);
    // Without a cookie there is nothing that a browser could be made to misuse; the API then says
    // that nobody is signed in. Signing in itself is another matter: it brings a cookie.
    let is_api = request.uri().path().starts_with("/api/");
    let by_nobody = is_api && !headers.contains_key(header::COOKIE);
    if safe || by_token || by_nobody || comes_from_us(headers, &web) {
        return Ok(next.run(request).await);
    }
    Err(Problem::forbidden(
        "This came from another site, or from a program without a token. Programs send one: \
         Authorization: Bearer mst_…",
    ))
}

fn comes_from_us(headers: &HeaderMap, web: &Web) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if let Some(site) = site
        && !matches!(site, "same-origin" | "none")
    {
        return false;
    }
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://"));
    match origin {
        Some((_, host)) => web.answers_to(host),
        // Old browsers send no origin with a form of the same site, yet say where it stood.
        None => site == Some("same-origin"),
    }
}

/// The headers of every answer.
pub(super) async fn headers(State(web): State<Web>, request: Request, next: Next) -> Response {
    let asset = request.uri().path().starts_with("/assets/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=()",
    );
    if !asset {
        set(header::CACHE_CONTROL, "no-store");
    }
    if web.is_secure() {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    response
}
