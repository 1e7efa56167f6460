//! Every route, with what it takes to use it. A route that is not in the list does not exist, and
//! one cannot be listed without saying who may use it.

use axum::{
    Router,
    extract::{Request, State},
    http::Method,
    middleware::{self, Next},
    response::{IntoResponse as _, Redirect, Response},
    routing::MethodRouter,
};
use muster_domain::model::{
    journal::{About, Event},
    user::Permission,
};
use serde_json::json;
use utoipa::openapi::{Paths, RefOr, Schema};
use utoipa_axum::router::UtoipaMethodRouter;

use super::{
    Web, api, assets, health, pages,
    problem::Problem,
    who::{Who, nobody},
};

/// What it takes to use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: anybody who reaches the server.
    Nothing,
    /// To be signed in.
    SignIn,
    /// To be permitted this.
    May(Permission),
    /// To be permitted this, and to have proved lately who one is: it cannot be undone.
    Freshly(Permission),
}

/// A route.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) needs: Needs,
    handler: MethodRouter<Web>,
    /// What the API's document says of it.
    pub(super) documented: Option<(Schemas, Paths)>,
}

/// The shapes that a route of the API speaks in, by name.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// A page, or another read.
pub(super) fn get<H, T>(path: &'static str, needs: Needs, handler: H) -> Route
where
    H: axum::handler::Handler<T, Web>,
    T: 'static,
{
    let (path, handler) = (path.to_owned(), axum::routing::get(handler));
    Route { method: Method::GET, path, needs, handler, documented: None }
}

/// A form, or another write.
pub(super) fn post<H, T>(path: &'static str, needs: Needs, handler: H) -> Route
where
    H: axum::handler::Handler<T, Web>,
    T: 'static,
{
    let (path, handler) = (path.to_owned(), axum::routing::post(handler));
    Route { method: Method::POST, path, needs, handler, documented: None }
}

/// A route of the API, as its handler's document describes it.
pub(super) fn documented(needs: Needs, route: UtoipaMethodRouter<Web>) -> Route {
    let (schemas, paths, handler) = route;
    let (path, method) = only_of(&paths);
    Route { method, path, needs, handler, documented: Some((schemas, paths)) }
}

/// The path of a handler's document, and its method: it has one of each.
fn only_of(paths: &Paths) -> (String, Method) {
    let Some((path, item)) = paths.paths.iter().next() else { return Default::default() };
    let methods = [
        (&item.get, Method::GET),
        (&item.post, Method::POST),
        (&item.put, Method::PUT),
        (&item.patch, Method::PATCH),
        (&item.delete, Method::DELETE),
    ];
    let method = methods.into_iter().find(|(operation, _)| operation.is_some());
    (path.clone(), method.map_or(Method::GET, |(_, method)| method))
}

/// Every route there is.
pub(super) fn all() -> Vec<Route> {
    let own = vec![
        get("/healthz", Needs::Nothing, health::alive),
        get("/readyz", Needs::Nothing, health::ready),
        get("/metrics", Needs::Nothing, health::metrics),
        get("/assets/{print}/{name}", Needs::Nothing, assets::serve),
    ];
    own.into_iter().chain(pages::routes()).chain(api::routes()).collect()
}

/// The router of all routes, each behind what it needs.
pub(super) fn router(web: &Web) -> Router<Web> {
    all().into_iter().fold(Router::new(), |router, route| {
        let Route { path, needs, handler, .. } = route;
        let state = (web.clone(), needs);
        router.route(&path, handler.layer(middleware::from_fn_with_state(state, admit)))
    })
}

/// What every route takes, for those who hold it against what happens.
#[must_use]
pub fn table() -> Vec<(Method, String, Needs)> {
    all().into_iter().map(|route| (route.method, route.path, route.needs)).collect()
}

/// Lets those pass who have what the route needs.
async fn admit(
    State((web, needs)): State<(Web, Needs)>,
    who: Option<axum::Extension<Who>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (permission, freshly) = match needs {
        Needs::Nothing => return Ok(next.run(request).await),
        Needs::SignIn => (None, false),
        Needs::May(permission) => (Some(permission), false),
        Needs::Freshly(permission) => (Some(permission), true),
    };
    let path = request.uri().path();
    let is_page = !path.starts_with("/api/");
    let Some(axum::Extension(who)) = who else {
        if is_page && request.method() == Method::GET {
            let wanted = request.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
            let to = format!("/sign-in?{}", form(&[("next", wanted)]));
            return Ok(Redirect::to(&to).into_response());
        }
        return Err(nobody());
    };
    if let Some(permission) = permission
        && !who.may(permission)
    {
        let asked = format!("{} {path}", request.method());
        tell_denied(&web, &who, permission, &asked).await;
        return Err(Problem::forbidden(format!(
            "This takes somebody who may {}; you are {} {} here. Ask an owner of Muster.",
            permission.word(),
            if "aeiou".contains(who.user.role.word().get(..1).unwrap_or_default()) {
                "an"
            } else {
                "a"
            },
            who.user.role.word(),
        )));
    }
    if freshly && !who.is_fresh(web.muster.env.now()) {
        if is_page {
            return Ok(Redirect::to("/sign-in/again").into_response());
        }
        return Err(Problem::forbidden(
            "This cannot be undone, and you signed in a while ago; sign in again, or use a token",
        ));
    }
    Ok(next.run(request).await)
}

async fn tell_denied(web: &Web, who: &Who, permission: Permission, asked: &str) {
    if !web.is_first_of_minute(who.user.email.folded(), asked) {
        return;
    }
    let muster = who.muster(web);
    let mut tx = muster.store.begin(&muster.actor, muster.env.now());
    let data = json!({"asked": asked, "takes": permission.word(), "role": who.user.role.word()});
    tx.journal(Event::Denied, About::default(), data);
    if let Err(error) = tx.commit().await {
        tracing::error!(%error, "cannot journal that somebody was denied");
    }
}

/// Names and values as a query.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
