//! What goes wrong, as an answer: problem+json (RFC 9457) for programs, a page for people. Each says
//! what to do.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{connector::ErrorKind, error::Error, store::StoreError};

/// Why a request was not done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The kind in one word, for programs.
    pub(crate) kind: &'static str,
    /// The kind in a few words.
    pub(crate) title: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What happened, and what to do.
    pub(crate) detail: String,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self { kind, title, status: status.as_u16(), detail: detail.into() }
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing", detail)
    }

    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "What was given cannot be used",
            detail,
        )
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "You may not do this", detail)
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        let (status, title) = match &error {
            Error::Invalid(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "What was given cannot be used")
            }
            Error::NotFound(_) => (StatusCode::NOT_FOUND, "There is no such thing"),
            Error::Conflict(_) => (StatusCode::CONFLICT, "It contradicts what there is"),
            Error::Busy(_) | Error::Store(StoreError::Busy { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, "Somebody else is at work on this")
            }
            Error::App { source, .. } => match source.kind {
                ErrorKind::RateLimited { .. } => {
                    (StatusCode::SERVICE_UNAVAILABLE, "The app asks to wait")
                }
                _ => (StatusCode::BAD_GATEWAY, "The app did not do it"),
            },
            Error::Store(_) | Error::Journal(_) | Error::File { .. } | Error::Json(_) => {
                // What a database says is for its operator, not for whoever asks.
                tracing::error!(%error, "a request failed");
                let detail = "Muster could not do this; its log says why. Try again, and tell \
                              whoever runs it";
                return Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    error.kind(),
                    "Muster failed",
                    detail,
                );
            }
        };
        Self::new(status, error.kind(), title, detail)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.clone())).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response.extensions_mut().insert(self);
        response
    }
}
