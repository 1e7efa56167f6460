//! The contract over every dialect of Gorgias, and what is special about some.

use std::collections::{BTreeMap, BTreeSet};

use muster::connector::{Connector, ErrorKind, Lane};
use muster_domain::model::{
    account::{AccountChange, AccountKind, AccountStatus, Mfa, NewAccount, SignIn},
    id::RoleName,
};
use muster_simulator::{
    ActiveWrite, Config, EmailFilter, Field, Languages, LimitHeaders, Limits, ListShape, NameStyle,
    NewUser, PictureStyle, PutStyle, Role, RoleDialect, RoleNames, RoleOnCreate, Seats,
    SecondDelete, Sso, TimeShape, Totals, UnknownFields, WriteStatus,
};
use serde_json::{Value, json};

use crate::{
    contract::{self, Cast, Witness},
    harness::{World, account_id},
};

impl Witness for World {
    fn existing(&self) -> BTreeSet<String> {
        World::existing(self)
    }

    fn record(&self, id: &str) -> Option<BTreeMap<String, Value>> {
        let user =
            self.sim.user(id.parse().unwrap()).filter(muster_simulator::UserRecord::exists)?;
        serde_json::from_value(serde_json::to_value(user).unwrap()).unwrap()
    }

    fn invitations(&self, email: &str) -> usize {
        self.sim.invitations().iter().filter(|mail| mail.email.eq_ignore_ascii_case(email)).count()
    }

    fn touchable(&self, change: &AccountChange) -> BTreeSet<&'static str> {
        let AccountChange { name, role, sign_in } = change;
        let mut fields = BTreeSet::from(["updated_at"]);
        if name.is_some() {
            fields.extend(["name", "written_names"]);
        }
        if role.is_some() {
            fields.insert("role");
        }
        if sign_in.is_some() {
            fields.insert("deactivated_at");
        }
        fields
    }

    fn shows(&self, id: &str, change: &AccountChange) -> bool {
        let user = self.sim.user(id.parse().unwrap()).unwrap();
        let AccountChange { name, role, sign_in } = change;
        name.as_ref().is_none_or(|name| *name == user.name)
            && role.as_ref().is_none_or(|role| role.as_str() == user.role.name())
            && sign_in.is_none_or(|wanted| user.is_active() == (wanted == SignIn::Allowed))
    }
}

fn role(name: &str) -> RoleName {
    name.parse().unwrap()
}

/// Fills every field of a user that this dialect can keep.
fn fill(world: &World, id: u64) {
    let config = world.sim.config();
    world
        .sim
        .edit_user(id, |user| {
            user.bio = Some("A few words.".to_owned());
            user.country = Some("FR".to_owned());
            user.external_id = Some(format!("hr-{id}"));
            user.timezone = Some("Europe/Paris".to_owned());
            user.language = Some(match config.languages {
                Languages::Any => "de".to_owned(),
                Languages::EnglishFrench => "fr".to_owned(),
            });
            user.meta.insert("team".to_owned(), json!({"floor": 3}));
            if config.picture == PictureStyle::TopLevel {
                user.picture = Some("https://pictures.example/7.png".to_owned());
            }
            if config.names == NameStyle::Writable {
                user.written_names = Some(("Fi".to_owned(), "van der Full".to_owned()));
            }
        })
        .unwrap();
}

fn cast(world: &World) -> Cast {
    let five = world.sim.config().role_names == RoleNames::Five;
    let ordinary = if five { Role::BasicAgent } else { Role::Agent };
    let add = |user: NewUser| world.sim.add_user(user.role(ordinary));
    let full = add(NewUser::new("fi.full@acme.example").name("Fi van der Full"));
    let blocked = add(NewUser::new("bo.blocked@acme.example").name("Bo Blocked").deactivated());
    let bare = add(NewUser::new("bare@acme.example"));
    world.sim.add_user(NewUser::new("bot@5f1").bot());
    world.sim.add_user(NewUser::new("app@acme.example").client_id("abc"));
    fill(world, full);
    fill(world, blocked);
    world
        .sim
        .edit_user(bare, |user| {
            user.language = None;
            user.timezone = None;
        })
        .unwrap();
    let roles: &[&str] = if five {
        &["agent", "lite-agent", "observer-agent", "basic-agent"]
    } else {
        &["agent", "observer-agent"]
    };
    Cast {
        full: account_id(full),
        blocked: account_id(blocked),
        bare: account_id(bare),
        roles: roles.iter().map(|name| role(name)).collect(),
    }
}

/// Picks the `n`th of some choices, by what is left of `n`, and takes its share out of `n`.
fn choose<T: Copy>(n: &mut usize, choices: &[T]) -> T {
    let choice = choices[*n % choices.len()];
    *n /= choices.len();
    choice
}

/// Every combination of the switches that writes depend on; the others take turns.
fn combination(number: usize) -> (Config, usize) {
    let mut n = number;
    let mut config = Config {
        roles: choose(&mut n, &[RoleDialect::NameOnly, RoleDialect::IdAndName, RoleDialect::V11]),
        role_names: choose(&mut n, &[RoleNames::Five, RoleNames::Three]),
        active_write: choose(
            &mut n,
            &[ActiveWrite::Applied, ActiveWrite::Ignored, ActiveWrite::Refused],
        ),
        unknown_fields: choose(&mut n, &[UnknownFields::Refused, UnknownFields::Ignored]),
        put: choose(&mut n, &[PutStyle::Patch, PutStyle::Replace]),
        names: choose(&mut n, &[NameStyle::Derived, NameStyle::Writable]),
        picture: choose(&mut n, &[PictureStyle::InMeta, PictureStyle::TopLevel]),
        languages: choose(&mut n, &[Languages::Any, Languages::EnglishFrench]),
        write_status: choose(
            &mut n,
            &[WriteStatus::Distinct, WriteStatus::Ok, WriteStatus::AcceptedEmpty],
        ),
        ..Config::gorgias()
    };
    let rest = n;
    let mut n = number.wrapping_mul(7919);
    config.list = choose(
        &mut n,
        &[ListShape::Envelope, ListShape::DataMeta, ListShape::Bare, ListShape::BarePage],
    );
    config.timestamps = choose(&mut n, &[TimeShape::Offset, TimeShape::Naive, TimeShape::Zulu]);
    config.totals =
        choose(&mut n, &[Totals::Absent, Totals::Null, Totals::Resources, Totals::Count]);
    config.email_filter = choose(&mut n, &[EmailFilter::Exact, EmailFilter::AnyCase]);
    config.second_delete = choose(&mut n, &[SecondDelete::NotFound, SecondDelete::NoContent]);
    config.has_password = choose(&mut n, &[Field::Present, Field::Absent]);
    config.has_2fa = choose(&mut n, &[Field::Present, Field::Absent]);
    config.role_on_create = choose(&mut n, &[RoleOnCreate::Required, RoleOnCreate::Optional]);
    let headers =
        choose(&mut n, &[LimitHeaders::Gorgias, LimitHeaders::XRateLimit, LimitHeaders::None]);
    config.limits = Limits { headers, ..Limits::unlimited() };
    (config, rest)
}

/// The contract in every combination whose number leaves this rest.
async fn the_contract_holds(rest_of_3: usize) {
    let mut tried = 0;
    for number in (rest_of_3..).step_by(3) {
        let (config, rest) = combination(number);
        if rest > 0 {
            break;
        }
        let case = format!("{config:?}");
        let world = World::unhurried(config);
        let cast = cast(&world);
        contract::holds(world.gorgias.as_ref(), &world, &cast, &case).await;
        tried += 1;
    }
    assert_eq!(tried, 2 * 3 * 2 * 2 * 2 * 2 * 2 * 3);
}

// The first switch has three positions, so each of these is one role dialect.

#[tokio::test]
async fn the_contract_holds_in_every_dialect_with_roles_by_name() {
    the_contract_holds(0).await;
}

#[tokio::test]
async fn the_contract_holds_in_every_dialect_with_roles_by_id() {
    the_contract_holds(1).await;
}

#[tokio::test]
async fn the_contract_holds_in_every_dialect_with_roles_of_v1_1() {
    the_contract_holds(2).await;
}

#[tokio::test]
async fn accounts_are_read_as_what_they_are() {
    for config in [Config::gorgias(), Config::guide()] {
        let world = World::unhurried(config);
        let add = |user: NewUser| world.sim.add_user(user);
        let agent = add(NewUser::new("a@acme.example").role(Role::Agent).with_2fa());
        let invited = add(NewUser::new("i@acme.example").role(Role::Agent).invited());
        let sso = add(NewUser::new("s@acme.example").role(Role::ObserverAgent).sso(Sso::Google));
        let bot = add(NewUser::new("bot@5f1").bot());
        let service = add(NewUser::new("app@acme.example").client_id("abc"));
        let tells_2fa = world.sim.config().has_2fa == Field::Present;
        let account = world.account(agent).await;
        assert_eq!(account.status, AccountStatus::Active);
        assert_eq!(account.mfa, if tells_2fa { Mfa::Enabled } else { Mfa::Unknown });
        assert_eq!(world.account(invited).await.status, AccountStatus::Invited);
        let account = world.account(sso).await;
        assert_eq!((account.status, account.mfa), (AccountStatus::Active, Mfa::Unknown));
        assert_eq!(account.sso.as_deref(), Some("google"));
        assert_eq!(account.role, Some(role("observer-agent")));
        assert_eq!(world.account(bot).await.kind, AccountKind::Bot);
        assert_eq!(world.account(service).await.kind, AccountKind::Service);
        assert_eq!(account.created.unwrap(), crate::harness::start());
    }
}

#[tokio::test]
async fn a_change_takes_the_fewest_requests_there_can_be() {
    for config in [Config::gorgias(), Config::guide()] {
        let world = World::unhurried(config);
        world.gorgias.roles(Lane::Routine).await.unwrap();
        let roles_asked = world.requests("GET /api/roles");
        let before = world.sim.counters().total();
        let new = NewAccount {
            email: "nia@acme.example".parse().unwrap(),
            name: "Nia".to_owned(),
            role: role("agent"),
            external_id: None,
        };
        let id = world.gorgias.create(Lane::Routine, &new).await.unwrap();
        assert_eq!(world.requests("POST /api/users"), 1);
        let current = world.gorgias.account(Lane::Routine, &id).await.unwrap().unwrap();
        let change = AccountChange {
            name: Some("Nia Two".to_owned()),
            role: Some(role("observer-agent")),
            sign_in: None,
        };
        world.gorgias.update(Lane::Routine, &current, &change).await.unwrap();
        assert_eq!(world.requests("PUT /api/users/{id}"), 1);
        assert!(world.gorgias.account(Lane::Routine, &id).await.unwrap().is_some());
        assert_eq!(world.requests("GET /api/users/{id}"), 2);
        let found = world.gorgias.find(Lane::Routine, &new.email).await.unwrap();
        assert_eq!((found.len(), world.requests("GET /api/users")), (1, 1));
        world.gorgias.delete(Lane::Routine, &id).await.unwrap();
        assert_eq!(world.sim.counters().total() - before, 6);
        assert_eq!((roles_asked, world.requests("GET /api/roles")), (1, 1));
    }
}

#[tokio::test]
async fn a_refused_field_costs_one_request_once_and_stops_nothing() {
    let world = World::unhurried(Config { languages: Languages::Any, ..Config::gorgias() });
    let cast = cast(&world);
    world.sim.configure(|config| config.languages = Languages::EnglishFrench);
    world.gorgias.roles(Lane::Routine).await.unwrap();
    // The language is odd, and `active` is not in the schema: each is refused once.
    for (name, puts) in [("One", 3), ("Two", 4), ("Three", 5)] {
        let current = world.gorgias.account(Lane::Routine, &cast.blocked).await.unwrap().unwrap();
        let change = AccountChange { name: Some(name.to_owned()), ..Default::default() };
        world.gorgias.update(Lane::Routine, &current, &change).await.unwrap();
        assert_eq!(world.requests("PUT /api/users/{id}"), puts);
    }
    let user = world.sim.user(cast.blocked.as_str().parse().unwrap()).unwrap();
    assert_eq!((user.language.as_deref(), user.is_active()), (Some("de"), false));
}

#[tokio::test]
async fn a_full_plan_is_no_seat_whatever_its_status() {
    for code in [402, 403, 409, 422] {
        let config = Config { seats: Some(Seats { cap: 1, code }), ..Config::gorgias() };
        let world = World::unhurried(config);
        let new = NewAccount {
            email: "nia@acme.example".parse().unwrap(),
            name: "Nia".to_owned(),
            role: role("agent"),
            external_id: None,
        };
        let error = world.gorgias.create(Lane::Routine, &new).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NoSeat, "{code}: {error}");
        assert_eq!(world.sim.invitations().len(), 0);
    }
}

#[tokio::test]
async fn what_may_not_be_is_told_with_the_right_kind() {
    let world = World::unhurried(Config::gorgias());
    let owner = world.account(1).await;
    let lower = AccountChange { role: Some(role("agent")), ..Default::default() };
    let error = world.gorgias.update(Lane::Routine, &owner, &lower).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden, "{error}");
    let error = world.gorgias.delete(Lane::Routine, &account_id(1)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden, "{error}");
    let bot = world.sim.add_user(NewUser::new("bot@5f1").bot());
    let rename = AccountChange { name: Some("Robo".to_owned()), ..Default::default() };
    let account = world.account(bot).await;
    let error = world.gorgias.update(Lane::Routine, &account, &rename).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
    assert_eq!(world.gorgias.account(Lane::Routine, &account_id(99)).await, Ok(None));
    let agent = world.sim.add_user(NewUser::new("a@acme.example"));
    let account = world.account(agent).await;
    let strange = AccountChange { role: Some(role("lead-agent")), ..Default::default() };
    let error = world.gorgias.update(Lane::Routine, &account, &strange).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid, "{error}");
    world.sim.add_customer("shopper@acme.example");
    let new = NewAccount {
        email: "shopper@acme.example".parse().unwrap(),
        name: "Shopper".to_owned(),
        role: role("agent"),
        external_id: None,
    };
    let error = world.gorgias.create(Lane::Routine, &new).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
    assert_eq!(world.gorgias.find(Lane::Routine, &new.email).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_probe_says_who_we_are_and_what_looks_wrong() {
    let world = World::new(Config::gorgias());
    let probe = world.gorgias.probe(Lane::Interactive).await.unwrap();
    assert!(probe.may_read && probe.may_write);
    assert_eq!(probe.caller.login, "owner@acme.example");
    assert_eq!(probe.tenant.as_deref(), Some("acme"));
    assert_eq!(probe.rate_limit.as_deref(), Some("40 requests at once, 2 per second after that"));
    let names: Vec<&str> = probe.roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["admin", "agent", "basic-agent", "lite-agent", "observer-agent"]);
    assert!(probe.warnings[0].contains("owner@acme.example"), "{:?}", probe.warnings);

    let guide = World::unhurried(Config::guide());
    let probe = guide.gorgias.probe(Lane::Interactive).await.unwrap();
    let names: Vec<&str> = probe.roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["admin", "agent", "observer-agent"]);
    assert!(probe.roles.iter().all(|role| role.id.is_some()));

    world.sim.edit_user(1, |user| user.role = Role::Agent).unwrap();
    let probe = world.gorgias.probe(Lane::Interactive).await.unwrap();
    assert!(!probe.may_write && probe.warnings[0].contains("admin"), "{:?}", probe.warnings);

    world.sim.revoke_key();
    let error = world.gorgias.probe(Lane::Interactive).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert!(error.message.contains("API key"), "{error}");

    world.sim.configure(|config| config.unknown_subdomain = true);
    let error = world.gorgias.probe(Lane::Interactive).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("check the subdomain"), "{error}");
}
