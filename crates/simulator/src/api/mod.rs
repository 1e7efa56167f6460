//! The simulated REST API: from a request to an answer, without a socket and without waiting.

mod account;
mod events;
mod fields;
mod listing;
mod pipeline;
mod tickets;
mod users;
mod writes;

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Serialize;

pub(crate) use pipeline::{Answer, answer};

use crate::{
    config::WriteStatus,
    faults::Struck,
    reply::{Refusal, Reply},
    request::{Request, Route},
    users::{Role, UserRecord},
    world::World,
};

/// A request that was let in, on its way to its answer.
pub(crate) struct Call<'a> {
    world: &'a mut World,
    request: &'a Request,
    struck: &'a Struck,
    /// The user whose key or access token it came with.
    caller: UserRecord,
    now: Timestamp,
    /// Whether it has changed anything.
    took_effect: bool,
}

/// What a write does to the object it answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Create,
    Update,
    Delete,
}

impl Call<'_> {
    fn serve(&mut self, route: Route) -> Result<Reply, Refusal> {
        let method = self.request.method.clone();
        match (route, method) {
            (Route::Users, Method::GET) => self.list_users(),
            (Route::Users, Method::POST) => self.create_user(),
            (Route::User(id), Method::GET) => self.show_user(id),
            (Route::User(id), Method::PUT) => self.update_user(id),
            (Route::User(id), Method::DELETE) => self.delete_user(id),
            (Route::Roles, Method::GET) => self.list_roles(),
            (Route::Account, Method::GET) => Ok(self.account()),
            (Route::Settings, Method::GET) => Ok(self.settings()),
            (Route::Events, Method::GET) => self.list_events(),
            (Route::Event(id), Method::GET) => self.show_event(id),
            (Route::Teams, Method::GET) => self.list_teams(),
            (Route::Team(id), Method::GET) => self.show_team(id),
            (Route::Team(id), Method::PUT) => self.update_team(id),
            (Route::Tickets, Method::GET) => self.list_tickets(),
            (Route::Ticket(id), Method::GET) => self.show_ticket(id),
            (Route::Ticket(id), Method::PUT) => self.update_ticket(id),
            (Route::ViewItems(id), Method::PUT) => self.view_items(id),
            (
                Route::Unknown | Route::Outside | Route::Authorize | Route::Token | Route::Revoke,
                _,
            ) => Err(Refusal::new(404, "Not found.")),
            _ => Err(Refusal::new(405, "The method is not allowed for the requested URL.")),
        }
    }

    /// Only admins manage users and teams.
    fn admins_only(&self) -> Result<(), Refusal> {
        if self.caller.role == Role::Admin {
            Ok(())
        } else {
            Err(Refusal::new(403, "You do not have the permission to do this."))
        }
    }

    /// Whether a valid write is to be carried out. A fault may prevent it, unseen.
    fn carries_out(&mut self) -> bool {
        self.took_effect = !self.struck.ignores_write();
        self.took_effect
    }

    /// The answer to a write that succeeded.
    fn written<R: Serialize>(&self, verb: Verb, body: impl FnOnce() -> R) -> Reply {
        match (self.world.config.write_status, verb) {
            (WriteStatus::AcceptedEmpty, _) => Reply::empty(StatusCode::ACCEPTED),
            (_, Verb::Delete) => Reply::empty(StatusCode::NO_CONTENT),
            (WriteStatus::Ok, _) => Reply::ok(&body()),
            (WriteStatus::Distinct, Verb::Create) => Reply::json(StatusCode::CREATED, &body()),
            (WriteStatus::Distinct, Verb::Update) => Reply::json(StatusCode::ACCEPTED, &body()),
        }
    }
}
