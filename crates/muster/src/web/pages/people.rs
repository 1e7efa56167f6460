//! People: who works here, worked here or will, and what each of them has and why.

mod end;
mod hold;
mod list;
mod one;

use muster_domain::model::{id::PersonId, person::Person, user::Permission};

use crate::web::{
    Web,
    problem::Problem,
    routes::{Needs, Route, get, post},
    who::Who,
};

const AT: &str = "/people";

pub(super) fn routes() -> Vec<Route> {
    let read = Needs::May(Permission::Read);
    let operate = Needs::May(Permission::Operate);
    let freshly = Needs::Freshly(Permission::Operate);
    vec![
        get("/people", read, list::show),
        get("/people.csv", read, list::export),
        get("/people/{id}", read, one::show),
        get("/people/{id}/offboard", operate, end::preview),
        post("/people/{id}/offboard", freshly, end::order),
        post("/people/{id}/stay", operate, end::cancel),
        post("/people/{id}/hold", operate, hold::put),
        post("/people/{id}/hold/{order}/lift", operate, hold::lift),
    ]
}

/// The person with that id.
async fn known(web: &Web, id: &str) -> Result<Person, Problem> {
    let none = || Problem::not_found("Nobody has this id; see the list of people");
    let id: PersonId = id.parse().map_err(|_| none())?;
    web.muster.people().await?.remove(&id).ok_or_else(none)
}

/// Refuses what concerns every app to those who have to do with some.
fn all_apps(who: &Who) -> Result<(), Problem> {
    match &who.user.apps {
        None => Ok(()),
        Some(_) => Err(Problem::forbidden(
            "This concerns every app, and you are limited to some. Ask an owner of Muster.",
        )),
    }
}
