//! The API for programs, under `/api/v1`.

use super::routes::Route;

/// The routes of the API.
pub(super) fn routes() -> Vec<Route> {
    Vec::new()
}
