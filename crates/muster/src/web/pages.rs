//! The pages: one file each, with its routes, its handlers and what its template shows.

mod activity;
mod check;
mod checks;
mod overview;
mod people;
mod plans;
mod profile;
mod sign_in;
mod tasks;
mod users;

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{Html, IntoResponse as _, Response},
};

use super::{Web, assets, problem::Problem, routes::Route, who::Who};

/// The routes of all pages.
pub(super) fn routes() -> Vec<Route> {
    let all = [
        activity::routes(),
        check::routes(),
        checks::routes(),
        overview::routes(),
        people::routes(),
        plans::routes(),
        profile::routes(),
        sign_in::routes(),
        tasks::routes(),
        users::routes(),
    ];
    all.into_iter().flatten().collect()
}

/// There is no such page.
pub(super) async fn nowhere() -> Problem {
    Problem::not_found("There is nothing at this address; go back, or begin at the overview")
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    problem: Problem,
    stylesheets: [String; 2],
    icon: String,
    signed_in: bool,
}

/// Gives people a page where programs get problem+json.
pub(super) async fn dress_problems(State(_): State<Web>, request: Request, next: Next) -> Response {
    let for_program = request.uri().path().starts_with("/api/")
        || request.headers().get(header::ACCEPT).is_some_and(|accept| {
            accept.to_str().is_ok_and(|accept| accept.contains("json") && !accept.contains("html"))
        });
    let signed_in = request.extensions().get::<Who>().is_some();
    let head = request.method() == Method::HEAD;
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    if for_program || head {
        return response;
    }
    let stylesheets = [assets::url("basecoat.css"), assets::url("muster.css")];
    let status = problem.status();
    match (ProblemPage { problem, stylesheets, icon: assets::url("icon.svg"), signed_in }).render()
    {
        Ok(html) => {
            let mut page = (status, Html(html)).into_response();
            if let Some(later) = response.headers().get(header::RETRY_AFTER) {
                let later: HeaderValue = later.clone();
                page.headers_mut().insert(header::RETRY_AFTER, later);
            }
            page
        }
        Err(_) => response,
    }
}
