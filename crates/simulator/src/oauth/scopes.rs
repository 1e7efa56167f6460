//! What an app may ask for, and what a request needs.

use http::Method;

use crate::{reply::Refusal, request::Route};

/// The deprecated scope that covers everything.
const CATCH_ALL: &str = "write:all";

/// With which rights a request comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    /// An API key: all that its holder may do.
    Key,
    /// An access token: of what its user may do, what these scopes cover.
    Scopes(Vec<String>),
}

impl Rights {
    /// Whether they cover a request; the user's role is looked at elsewhere.
    pub(crate) fn cover(&self, route: Route, method: &Method) -> Result<(), Refusal> {
        let (Self::Scopes(scopes), Some(needed)) = (self, needed(route, method)) else {
            return Ok(());
        };
        if scopes.iter().any(|scope| scope == needed || scope == CATCH_ALL) {
            Ok(())
        } else {
            Err(Refusal::new(403, format!("This needs the scope {needed}.")))
        }
    }
}

/// The scope a request needs; none where nothing is. For teams none is documented: they are taken
/// as part of the users.
fn needed(route: Route, method: &Method) -> Option<&'static str> {
    let either = |read, write| Some(if method == Method::GET { read } else { write });
    match route {
        Route::Users | Route::User(_) | Route::Roles | Route::Teams | Route::Team(_) => {
            either("users:read", "users:write")
        }
        Route::Account | Route::Settings => either("account:read", "account:write"),
        Route::Events | Route::Event(_) => either("events:read", "events:write"),
        Route::Tickets | Route::Ticket(_) => either("tickets:read", "tickets:write"),
        Route::ViewItems(_) => Some("tickets:read"),
        Route::Authorize | Route::Token | Route::Revoke | Route::Unknown | Route::Outside => None,
    }
}

/// The scopes of a request, each once. None if there is no scope or one that cannot be.
pub(super) fn parse(text: &str) -> Option<Vec<String>> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in text.split_whitespace() {
        if !exists(scope) {
            return None;
        }
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    (!scopes.is_empty()).then_some(scopes)
}

/// Whether there can be such a scope. The documented list is open: any object can be read and
/// written.
fn exists(scope: &str) -> bool {
    let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
    match scope.split_once(':') {
        None => matches!(scope, "openid" | "email" | "profile" | "offline"),
        Some((object, "read" | "write")) => word(object),
        Some(_) => scope == CATCH_ALL,
    }
}

/// What a scope lets an app do, for the person who is asked.
pub(super) fn meaning(scope: &str) -> &'static str {
    match scope {
        "openid" | "profile" => "know who you are",
        "email" => "know your e-mail address",
        "offline" => "act while you are away",
        "users:read" => "see users and teams",
        "users:write" => "create, change and delete users and teams",
        "account:read" => "see the account and its settings",
        "account:write" => "change the account's settings",
        "events:read" => "see the audit trail",
        "tickets:read" => "see tickets and views",
        "tickets:write" => "change and reassign tickets",
        "jobs:read" => "see jobs",
        "jobs:write" => "start and stop jobs",
        CATCH_ALL => "do everything that you can do",
        _ => "use the scope",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_known_by_their_form() {
        let scopes = parse("openid users:read  users:read jobs:write write:all").unwrap();
        assert_eq!(scopes, ["openid", "users:read", "jobs:write", "write:all"]);
        for wrong in ["", " ", "users", "users:*", "read:users", ":read", "users:read, x"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
