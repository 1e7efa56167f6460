//! Gaps: a clean world has none, and of each kind there is a world with exactly that one. What risk
//! a gap has, since when it is there, what it costs, and what closes it.

use jiff::SignedDuration;
use muster_domain::{
    engine::gaps::{self, Gap, GapKind},
    model::{
        account::{AccountChange, AccountStatus, SignIn},
        activity::{Hint, HintKind, Trail},
        check::{CriticalSystem, Severity},
        id::{AccountId, OperationId, OrderId},
        keep::{Keep, Wanted},
        link::{Confirmation, Link, NonHuman, Tie},
        operation::{Deactivation, RunState},
        person::EngagementKind,
    },
};

use crate::{
    contradictions::contradicted,
    world::{AccountIs, World, at, person_id, source},
};

/// Anna works here and has what she should; the key's account is IT's.
fn clean() -> World {
    let mut world = World::new()
        .person("root", |p| p.department("IT").email("muster@acme.example"))
        .account("1", |a| {
            a.email("muster@acme.example").named("Root").role("admin").confirmed("root")
        })
        .person("anna", |p| p)
        .account("7", |a| a.of("anna").linked("anna").created("2024-01-01"));
    world.heard.insert(source(), world.now);
    world
}

fn annas(world: World, with: impl FnOnce(AccountIs) -> AccountIs) -> World {
    world.account("7", |a| with(a.of("anna").linked("anna").created("2024-01-01")))
}

fn stray(world: World) -> World {
    world.account("8", |a| a.email("x@else.example").named("X"))
}

fn tied(mut world: World, account: &str, tie: Tie) -> World {
    let account: AccountId = account.parse().unwrap();
    let since = at("2026-11-01T00:00:00Z");
    world.links.insert(account.clone(), Link { account, tie, since });
    world
}

/// A leaver whose account Muster has shut out.
fn shut_out() -> World {
    let mut world = clean().person("anna", |p| p.ends("2026-11-01"));
    let operation = world.plan().operations.remove(0);
    world.ran(&operation, RunState::Verified);
    annas(world, |a| a.status(AccountStatus::Inactive))
}

fn hinted(mut world: World, account: &str, hints: &[(HintKind, &str, Option<&str>)]) -> World {
    let known = world.accounts.get_mut(&account.parse().unwrap()).unwrap();
    for (kind, when, by) in hints {
        known.activity.get_or_insert_default().add(&Hint {
            at: at(when),
            kind: *kind,
            account: account.parse().unwrap(),
            by: by.map(|by| by.parse().unwrap()),
        });
    }
    world
}

/// A trail that says that the key's account is used and nobody else's.
fn quiet(mut world: World) -> World {
    world.sight.trail = Some(Trail { since: at("2026-01-01T00:00:00Z"), until: world.now });
    hinted(world, "1", &[(HintKind::SignedIn, "2026-11-08T00:00:00Z", None)])
}

fn kept() -> World {
    let mut world = shut_out();
    world.orders.keeps.push(Keep {
        id: OrderId::derive("keep", "olive", world.now, "7"),
        app: world.app.clone(),
        account: "7".parse().unwrap(),
        person: Some(person_id("anna")),
        state: AccountChange { sign_in: Some(SignIn::Allowed), ..AccountChange::default() },
        work: None,
        against: Wanted {
            engagement: Some(1),
            ended: Some(at("2026-11-01T17:00:00Z")),
            role: None,
            name: "Anna".to_owned(),
        },
        undone: OperationId::from_chance([1; 16]),
        what: "deactivate".to_owned(),
        reason: "wrong Anna".to_owned(),
        by: "olive".to_owned(),
        at: world.now,
        until: at("2026-11-20T00:00:00Z"),
    });
    world
}

fn contractor(review: Option<&str>) -> World {
    let review = review.map(|day| day.parse().unwrap());
    clean().person("anna", |p| {
        p.kind(EngagementKind::Contractor).terms(|terms| terms.review_date = review)
    })
}

fn of_contradicted(said: Confirmation) -> World {
    let mut world = clean();
    let anna = contradicted();
    let because = "said so".to_owned();
    let tie = Tie::Person { person: anna.id.clone(), because, confirmed: Some(said) };
    world.people.remove(&person_id("anna"));
    world.people.insert(anna.id.clone(), anna);
    tied(world, "7", tie)
}

/// The world in which there is exactly a gap of this kind.
fn world_with(kind: GapKind) -> World {
    let said = Confirmation { by: "olive".to_owned(), at: at("2026-11-08T09:00:00Z") };
    match kind {
        GapKind::CameBack => annas(shut_out(), |a| a),
        GapKind::OffboardedActive => clean().person("anna", |p| p.ends("2026-11-01")),
        GapKind::InvitedAfterExit => {
            let world = clean().person("anna", |p| p.ends("2026-11-01"));
            annas(world, |a| a.status(AccountStatus::Invited))
        }
        GapKind::Unwanted => {
            let tie = Tie::Unwanted { reason: "trial".to_owned(), confirmed: said };
            tied(stray(clean()), "8", tie)
        }
        GapKind::OffboardedReduced => {
            let world = clean().person("anna", |p| p.ends("2026-11-01"));
            annas(world, |a| a.role("observer-agent").learned(Deactivation::Ignored))
        }
        GapKind::SelfJoined => {
            let hints = [
                (HintKind::Created, "2026-11-08T00:00:00Z", None),
                (HintKind::SignedIn, "2026-11-08T00:00:05Z", Some("7")),
            ];
            hinted(clean(), "7", &hints)
        }
        GapKind::Unidentified => stray(clean()),
        GapKind::ToConfirm => clean().account("8", |a| a.email("x@else.example").named("Anna")),
        GapKind::NoOwner => {
            let world = clean().person("bert", |p| p.ends("2026-10-01"));
            let owner = person_id("bert");
            let tie = Tie::NotAPerson { kind: NonHuman::Shared, owner, confirmed: said };
            tied(stray(world), "8", tie)
        }
        GapKind::ExpectedMissing => clean().person("bert", |p| p),
        GapKind::ChangedOutside => {
            let mut world = annas(clean(), |a| a.role("agent"));
            let operation = world.plan().operations.remove(0);
            world.ran(&operation, RunState::Verified);
            world
        }
        GapKind::ExcessRole => annas(clean(), |a| a.role("agent")),
        GapKind::RoleTooLow => annas(clean(), |a| a.role("lite-agent")),
        GapKind::ExcessAccount => clean().person("anna", |p| p.department("Legal")),
        GapKind::DuplicateAccounts => clean()
            .person("anna", |p| p.formerly("ann@acme.example"))
            .account("8", |a| a.of("anna").confirmed("anna").created("2026-01-01")),
        GapKind::AliasMismatch => annas(clean(), |a| a.email("ann@acme.example").confirmed("anna")),
        GapKind::KeptByUndo => kept(),
        GapKind::DateConflict => {
            clean().person("anna", |p| p.ends("2027-01-31").last_day("2027-02-28"))
        }
        GapKind::Contradicted => of_contradicted(said),
        GapKind::ContractorOverdue => contractor(Some("2026-11-08")),
        GapKind::ContractorOpenEnded => contractor(None),
        GapKind::NeverAccepted => {
            let world = clean().account("7", |a| {
                a.of("anna").linked("anna").status(AccountStatus::Invited).created("2026-11-01")
            });
            hinted(world, "7", &[(HintKind::Invited, "2026-11-01T00:00:00Z", None)])
        }
        GapKind::DormantAdmin => {
            quiet(annas(clean().person("anna", |p| p.department("IT")), |a| a.role("admin")))
        }
        GapKind::UnusedSeat => quiet(clean()),
        GapKind::StaleSource => {
            let mut world = clean();
            world.heard.insert(source(), at("2026-11-02T10:00:00Z"));
            world
        }
    }
}

fn kinds(world: &World) -> Vec<GapKind> {
    world.gaps().iter().map(|gap| gap.kind).collect()
}

#[test]
fn a_clean_world_has_no_gaps() {
    assert_eq!(kinds(&clean()), []);
    assert!(clean().plan().operations.is_empty());
    let mut quiet = quiet(clean());
    quiet = hinted(quiet, "7", &[(HintKind::SignedIn, "2026-11-01T00:00:00Z", None)]);
    assert_eq!(kinds(&quiet), []);
    assert_eq!(kinds(&contractor(Some("2026-11-09"))), [], "until the end of that day");
}

#[test]
fn of_every_kind_there_is_a_world_with_exactly_that_gap() {
    for kind in GapKind::ALL {
        let world = world_with(*kind);
        assert_eq!(kinds(&world), [*kind]);
        let gap = world.gaps().remove(0);
        assert!(!gap.cause.is_empty() && !gap.remedy.is_empty(), "{kind:?}");
        assert_eq!(gap.app, world.app);
        let about = gap.account.is_some() || gap.person.is_some() || gap.source.is_some();
        assert!(about, "{kind:?} says what it is about");
    }
    let words: std::collections::BTreeSet<_> =
        GapKind::ALL.iter().map(|kind| kind.word()).collect();
    assert_eq!(words.len(), GapKind::ALL.len());
}

#[test]
fn every_gap_that_a_plan_closes_names_its_operation() {
    let closes = |kind: &GapKind| {
        let world = world_with(*kind);
        let plan = world.plan();
        let gap = world.gaps().remove(0).closed_by(&plan);
        let named = gap.operation?;
        plan.operations.into_iter().find(|one| one.fingerprint == named).map(|o| o.action.word())
    };
    let told: Vec<_> =
        GapKind::ALL.iter().filter_map(|kind| Some((kind.word(), closes(kind)?))).collect();
    assert_eq!(
        told,
        [
            ("came_back", "deactivate"),
            ("offboarded_active", "deactivate"),
            ("unwanted", "deactivate"),
            ("invited_after_exit", "cancel_invite"),
            ("expected_missing", "create"),
            ("changed_outside", "update"),
            ("excess_role", "update"),
            ("role_too_low", "update"),
        ]
    );
}

#[test]
fn a_role_that_is_too_low_has_its_own_word_and_a_low_risk() {
    let gap = annas(clean(), |a| a.role("observer-agent")).gaps().remove(0);
    assert_eq!((gap.kind, gap.risk), (GapKind::RoleTooLow, Severity::Low));
    let gap = annas(clean(), |a| a.role("admin")).gaps().remove(0);
    assert_eq!((gap.kind, gap.risk), (GapKind::ExcessRole, Severity::High));
}

#[test]
fn a_gap_knows_its_age_and_never_gets_younger() {
    let gap = world_with(GapKind::OffboardedActive).gaps().remove(0);
    let left = gap.since.unwrap();
    let aged = gap.clone().since(Some(at("2026-11-08T00:00:00Z")), left + hours(24 * 9 + 23));
    assert_eq!((aged.since, aged.age_days), (Some(left), Some(9)), "the world's word goes first");
    let unknown = world_with(GapKind::Unidentified).gaps().remove(0);
    assert_eq!((unknown.since, unknown.age_days), (None, None));
    let noticed = at("2026-11-08T00:00:00Z");
    let aged = unknown.since(Some(noticed), noticed + hours(49));
    assert_eq!((aged.since, aged.age_days), (Some(noticed), Some(2)));
}

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

#[test]
fn a_privileged_role_and_a_critical_app_each_raise_the_risk_by_one_step() {
    let risk = |world: &World| world.gaps()[0].risk;
    let leaver = || clean().person("anna", |p| p.ends("2026-11-01"));
    assert_eq!(risk(&leaver()), Severity::High);
    assert_eq!(risk(&annas(leaver(), |a| a.role("admin"))), Severity::Critical);
    let critical = |mut world: World| {
        world.rules().critical = true;
        world
    };
    assert_eq!(risk(&critical(leaver())), Severity::Critical);
    let mut by_command = leaver();
    by_command.orders.critical_systems.push(CriticalSystem {
        app: by_command.app.clone(),
        owner: None,
        rule: None,
        reviewed: None,
        by: "olive".to_owned(),
        at: by_command.now,
    });
    assert_eq!(risk(&by_command), Severity::Critical);
    let stray = || stray(clean());
    assert_eq!(risk(&stray()), Severity::Medium);
    assert_eq!(risk(&critical(stray())), Severity::High);
    let admin = || stray().account("8", |a| a.email("x@else.example").named("X").role("admin"));
    assert_eq!(risk(&admin()), Severity::High);
    assert_eq!(risk(&critical(admin())), Severity::Critical);
    // A role that cannot be read is not taken for a privileged one; one nobody knows is.
    let unread = stray().account("8", |a| a.email("x@else.example").named("X").no_role());
    assert_eq!(risk(&unread), Severity::Medium);
    let unknown = stray().account("8", |a| a.email("x@else.example").named("X").role("superuser"));
    assert_eq!(risk(&unknown), Severity::High);
    // Where nobody has access there is nothing to raise.
    assert_eq!(risk(&critical(world_with(GapKind::ExpectedMissing))), Severity::Low);
    assert_eq!(risk(&critical(world_with(GapKind::StaleSource))), Severity::Medium);
}

fn priced(kind: GapKind) -> World {
    let mut world = world_with(kind);
    let priced = World::new().policy(
        "connector: gorgias",
        "connector: gorgias\n    seat_price: {amount: \"50.00\", currency: eur}",
    );
    world.policy = priced.policy;
    world
}

#[test]
fn a_seat_costs_where_its_price_is_known_and_closing_may_free_it() {
    let told =
        |gaps: &[Gap]| gaps::monthly(gaps).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(told(&world_with(GapKind::OffboardedActive).gaps()).is_empty(), "no price is known");
    let cost: Vec<_> = GapKind::ALL
        .iter()
        .filter(|kind| !told(&priced(**kind).gaps()).is_empty())
        .map(|kind| kind.word())
        .collect();
    assert_eq!(
        cost,
        [
            "came_back",
            "offboarded_active",
            "unwanted",
            "offboarded_reduced",
            "invited_after_exit",
            "excess_account",
            "duplicate_accounts",
            "never_accepted",
            "dormant_admin",
            "unused_seat",
        ]
    );
    // Two gaps of one account are one seat; two accounts are two.
    let one = priced(GapKind::OffboardedActive).gaps();
    let twice = [one.clone(), one.clone()].concat();
    assert_eq!(told(&twice), ["50.00 EUR"]);
    let mut other = one[0].clone();
    other.account = Some("9".parse().unwrap());
    assert_eq!(told(&[one[0].clone(), other]), ["100.00 EUR"]);
}

#[test]
fn a_source_is_stale_from_its_time_on_and_says_how_to_hear_it_again() {
    let mut world = clean();
    let heard = world.now;
    world.heard.insert(source(), heard);
    world.now = heard + hours(7 * 24 - 1);
    assert_eq!(kinds(&world), []);
    world.now = heard + hours(7 * 24);
    let gap = world.gaps().remove(0);
    assert_eq!((gap.kind, gap.since), (GapKind::StaleSource, Some(world.now)));
    assert_eq!(gap.source, Some(source()));
    assert!(gap.remedy.contains("muster roster import FILE --source hr"), "{}", gap.remedy);
    let policy = world
        .clone()
        .policy("time_zone: Europe/Berlin,", "time_zone: Europe/Berlin, stale_after: 30 days,");
    assert_eq!(kinds(&policy), [], "the policy says otherwise");
    // Two stale sources are two gaps.
    world.heard.insert("payroll".parse().unwrap(), heard);
    let keys: std::collections::BTreeSet<_> = world.gaps().iter().map(Gap::key).collect();
    assert_eq!(keys.len(), 2);

    let mut unread = clean();
    unread.sight.age = Some(hours(30));
    unread.sight.unseen = Some("the key was revoked".to_owned());
    let gap = unread.gaps().remove(0);
    assert_eq!(gap.kind, GapKind::StaleSource);
    assert!(gap.cause.contains("30 hours ago: the key was revoked"), "{}", gap.cause);
    assert_eq!(gap.remedy, "muster sync support");
}
