//! The control endpoints under `/_control`: for tests and people, without credentials. Keep them
//! on the loopback interface.

use axum::{
    Router,
    body::Body,
    extract::{Path, Query, State},
    http::Response,
    response::IntoResponse,
    routing::{get, post, put},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    config::Config,
    faults::Faults,
    gorgias::Gorgias,
    new_user::NewUser,
    tickets::TicketStatus,
    users::{Role, Sso, UserRecord},
    world::{Refused, World},
};

/// Why a control request is refused.
struct Complaint {
    status: StatusCode,
    message: String,
}

impl IntoResponse for Complaint {
    fn into_response(self) -> Response<Body> {
        json(self.status, &json!({ "error": { "msg": self.message } }))
    }
}

type Controlled = Result<Response<Body>, Complaint>;

/// All control routes.
pub(crate) fn routes() -> Router<Gorgias> {
    Router::new()
        .route("/_control/state", get(state))
        .route("/_control/log", get(log))
        .route("/_control/counters", get(counters))
        .route("/_control/invitations", get(invitations))
        .route("/_control/tickets", get(tickets).post(add_ticket))
        .route("/_control/teams", get(teams).post(add_team))
        .route("/_control/users", get(users).post(add_user))
        .route("/_control/users/{id}", get(user).patch(edit_user).delete(delete_user))
        .route("/_control/users/{id}/accept", post(accept))
        .route("/_control/users/{id}/sign-in", post(sign_in))
        .route("/_control/joined", post(join))
        .route("/_control/customers", post(add_customer))
        .route("/_control/config", get(config).put(set_config))
        .route("/_control/faults", get(faults).put(set_faults))
        .route("/_control/key", put(issue_key).delete(revoke_key))
        .route("/_control/grants", get(grants).delete(revoke_grants))
        .route("/_control/seed", post(seed))
        .route("/_control/reset", post(reset))
}

/// A JSON response.
pub(crate) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response<Body> {
    let mut response = Response::new(Body::from(serde_json::to_vec(body).unwrap_or_default()));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn ok<T: Serialize>(body: &T) -> Response<Body> {
    json(StatusCode::OK, body)
}

fn refused(status: StatusCode, message: impl ToString) -> Complaint {
    Complaint { status, message: message.to_string() }
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Complaint> {
    serde_json::from_slice(body).map_err(|error| refused(StatusCode::BAD_REQUEST, error))
}

fn done(result: Result<(), Refused>) -> Controlled {
    result.map(|()| ok(&json!({}))).map_err(|reason| refused(StatusCode::NOT_FOUND, reason))
}

async fn state(State(gorgias): State<Gorgias>) -> Response<Body> {
    let faults = gorgias.faults();
    let body = gorgias.read(|world, now| {
        json!({
            "now": now,
            "subdomain": world.config.subdomain,
            "users": world.users.len(),
            "users_deleted": world.users.records().filter(|user| !user.exists()).count(),
            "seats_taken": world.users.seats_taken(),
            "customers": world.customers.len(),
            "tickets": world.tickets.rows().len(),
            "teams": world.teams.len(),
            "events": world.events.len(),
            "invitations": world.invitations.len(),
            "requests": world.record.counters.total(),
            "writes": world.record.counters.total_writes(),
            "key": { "holder": world.key.holder, "revoked": world.key.revoked },
            "grants": world.oauth.grants().count(),
            "faults": faults,
        })
    });
    ok(&body)
}

async fn log(State(gorgias): State<Gorgias>) -> Response<Body> {
    ok(&gorgias.request_log())
}

async fn counters(State(gorgias): State<Gorgias>) -> Response<Body> {
    ok(&gorgias.counters())
}

async fn invitations(State(gorgias): State<Gorgias>) -> Response<Body> {
    ok(&gorgias.invitations())
}

async fn tickets(State(gorgias): State<Gorgias>) -> Response<Body> {
    ok(&gorgias.tickets())
}

async fn teams(State(gorgias): State<Gorgias>) -> Response<Body> {
    ok(&gorgias.teams())
}

async fn users(State(gorgias): State<Gorgias>) -> Response<Body> {
    ok(&gorgias.users())
}

async fn user(State(gorgias): State<Gorgias>, Path(id): Path<u64>) -> Controlled {
    let user = gorgias.user(id);
    user.map(|user| ok(&user)).ok_or_else(|| refused(StatusCode::NOT_FOUND, Refused::NoUser(id)))
}

async fn add_user(State(gorgias): State<Gorgias>, body: Bytes) -> Controlled {
    let new: NewUser = read(&body)?;
    Ok(json(StatusCode::CREATED, &json!({ "id": gorgias.add_user(new) })))
}

/// What a user can be changed to by hand; what is absent stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    email: Option<String>,
    name: Option<String>,
    role: Option<Role>,
    active: Option<bool>,
    owner: Option<bool>,
    external_id: Option<String>,
    client_id: Option<String>,
    sso: Option<Sso>,
    has_password: Option<bool>,
    has_2fa: Option<bool>,
}

impl Edit {
    fn apply(self, user: &mut UserRecord, now: jiff::Timestamp) {
        let Self { email, name, role, active, owner, .. } = self;
        user.email = email.unwrap_or_else(|| user.email.clone());
        user.name = name.unwrap_or_else(|| user.name.clone());
        user.role = role.unwrap_or(user.role);
        user.owner = owner.unwrap_or(user.owner);
        user.deactivated_at = match active {
            Some(true) => None,
            Some(false) => user.deactivated_at.or(Some(now)),
            None => user.deactivated_at,
        };
        user.external_id = self.external_id.or_else(|| user.external_id.take());
        user.client_id = self.client_id.or_else(|| user.client_id.take());
        user.sso = self.sso.or(user.sso);
        user.has_password = self.has_password.unwrap_or(user.has_password);
        user.has_2fa = self.has_2fa.unwrap_or(user.has_2fa);
    }
}

#[derive(Deserialize)]
struct By {
    by: Option<u64>,
}

async fn edit_user(
    State(gorgias): State<Gorgias>,
    Path(id): Path<u64>,
    Query(By { by }): Query<By>,
    body: Bytes,
) -> Controlled {
    let edit: Edit = read(&body)?;
    let edited =
        |world: &mut World, now| world.edit_user((id, by), |user| edit.apply(user, now), now);
    done(gorgias.change(edited))
}

async fn sign_in(State(gorgias): State<Gorgias>, Path(id): Path<u64>) -> Controlled {
    done(gorgias.sign_in(id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Joining {
    email: String,
    name: String,
    sso: Sso,
}

async fn join(State(gorgias): State<Gorgias>, body: Bytes) -> Controlled {
    let Joining { email, name, sso } = read(&body)?;
    Ok(json(StatusCode::CREATED, &json!({ "id": gorgias.join(&email, &name, sso) })))
}

async fn delete_user(State(gorgias): State<Gorgias>, Path(id): Path<u64>) -> Controlled {
    done(gorgias.delete_user(id))
}

async fn accept(State(gorgias): State<Gorgias>, Path(id): Path<u64>) -> Controlled {
    done(gorgias.accept_invitation(id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCustomer {
    email: String,
}

async fn add_customer(State(gorgias): State<Gorgias>, body: Bytes) -> Controlled {
    let new: NewCustomer = read(&body)?;
    Ok(json(StatusCode::CREATED, &json!({ "id": gorgias.add_customer(&new.email) })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTicket {
    assignee: Option<u64>,
    #[serde(default = "open")]
    status: TicketStatus,
    #[serde(default = "one")]
    count: usize,
}

const fn one() -> usize {
    1
}

const fn open() -> TicketStatus {
    TicketStatus::Open
}

async fn add_ticket(State(gorgias): State<Gorgias>, body: Bytes) -> Controlled {
    let new: NewTicket = read(&body)?;
    let ids = gorgias.add_tickets(new.count, new.assignee, new.status);
    Ok(json(StatusCode::CREATED, &json!({ "id": ids.first(), "ids": ids })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTeam {
    name: String,
    #[serde(default)]
    members: Vec<u64>,
}

async fn add_team(State(gorgias): State<Gorgias>, body: Bytes) -> Controlled {
    let new: NewTeam = read(&body)?;
    let id = gorgias.add_team(&new.name, new.members);
    Ok(json(StatusCode::CREATED, &json!({ "id": id })))
}

async fn config(State(gorgias): State<Gorgias>) -> Response<Body> {
    ok(&gorgias.config())
}

/// Switches by name; those which are not named stay. `preset` begins from `gorgias` or `guide`.
async fn set_config(State(gorgias): State<Gorgias>, body: Bytes) -> Controlled {
    let mut wanted: Map<String, Value> = read(&body)?;
    let base = match wanted.remove("preset").as_ref().map(Value::as_str) {
        None => gorgias.config(),
        Some(Some("gorgias")) => Config::gorgias(),
        Some(Some("guide")) => Config::guide(),
        Some(_) => {
            return Err(refused(StatusCode::BAD_REQUEST, "preset is gorgias or guide"));
        }
    };
    let mut merged = json!(base);
    merge(&mut merged, wanted);
    let config: Config =
        serde_json::from_value(merged).map_err(|error| refused(StatusCode::BAD_REQUEST, error))?;
    gorgias.configure(|old| *old = config);
    Ok(ok(&gorgias.config()))
}

/// Puts `wanted` over `base`; of the switches with parts `limits` and `oauth` are merged
/// part by part.
fn merge(base: &mut Value, wanted: Map<String, Value>) {
    let Value::Object(base) = base else { return };
    for (name, value) in wanted {
        match (base.get_mut(&name), value) {
            (Some(old @ Value::Object(_)), Value::Object(parts))
                if matches!(name.as_str(), "limits" | "oauth") =>
            {
                merge(old, parts);
            }
            (_, value) => {
                base.insert(name, value);
            }
        }
    }
}

async fn faults(State(gorgias): State<Gorgias>) -> Response<Body> {
    ok(&gorgias.faults())
}

async fn set_faults(State(gorgias): State<Gorgias>, body: Bytes) -> Controlled {
    let faults: Faults = read(&body)?;
    gorgias.set_faults(faults);
    Ok(ok(&gorgias.faults()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    holder: u64,
    key: String,
}

async fn issue_key(State(gorgias): State<Gorgias>, body: Bytes) -> Controlled {
    let new: NewKey = read(&body)?;
    done(gorgias.issue_key(new.holder, &new.key))
}

async fn revoke_key(State(gorgias): State<Gorgias>) -> Response<Body> {
    gorgias.revoke_key();
    ok(&json!({}))
}

async fn grants(State(gorgias): State<Gorgias>) -> Response<Body> {
    ok(&gorgias.grants())
}

async fn revoke_grants(State(gorgias): State<Gorgias>) -> Response<Body> {
    gorgias.revoke_grants();
    ok(&json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    #[serde(default)]
    seed: u64,
    agents: usize,
}

async fn seed(State(gorgias): State<Gorgias>, body: Bytes) -> Controlled {
    let seed: Seed = read(&body)?;
    let ids = gorgias.seed_company(seed.seed, seed.agents);
    Ok(json(StatusCode::CREATED, &json!({ "users": ids.len() })))
}

async fn reset(State(gorgias): State<Gorgias>) -> Response<Body> {
    gorgias.reset();
    ok(&json!({}))
}
