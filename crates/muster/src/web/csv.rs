//! Lists to take away, as a spreadsheet opens them: every cell in quotes, and an apostrophe before
//! what a spreadsheet would take for a formula.

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse as _, Response},
};
use futures_util::Stream;

use crate::error::Error;

pub(crate) use muster_domain::engine::evidence::sheet::Sheet;

/// The answer that brings `pieces` as a file called `name`, as they come.
pub(crate) fn file(
    name: &str,
    pieces: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}
