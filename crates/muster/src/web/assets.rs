//! Stylesheet, scripts and icon: embedded, under names that change with their content, so that a
//! browser keeps them for good.

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// The name, a fingerprint of the content, and the content.
const ALL: &[(&str, &str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Where the file called `name` is served; nothing where there is no such file.
#[must_use]
pub(crate) fn url(name: &str) -> String {
    let found = ALL.iter().find(|(known, ..)| *known == name);
    found.map_or_else(String::new, |(name, print, _)| format!("/assets/{print}/{name}"))
}

/// Serves a file.
pub(super) async fn serve(Path((print, name)): Path<(String, String)>) -> Response {
    let found = ALL.iter().find(|(known, now, _)| *known == name && *now == print);
    let Some((name, _, content)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, *content).into_response()
}
