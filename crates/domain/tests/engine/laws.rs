//! The laws (`design.md` §2) as properties over random worlds, named by their numbers.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use muster_domain::{
    engine::{
        lifecycle::{self, PersonState},
        plan::{self, Scope},
    },
    model::{
        account::{AccountChange, AccountKind, AccountStatus, SignIn},
        group::Weight,
        id::AccountId,
        limits::{Limit, Limits},
        operation::RunState,
        order::Orders,
        person::EmploymentStatus,
        plan::{Action, Operation},
    },
};
use proptest::prelude::*;

use crate::{
    apply::apply,
    world::{AccountIs, POLICY, PersonIs, ROLES, World, read_policy},
};

const NAMES: [&str; 6] = ["anna", "ben", "cleo", "dora", "owner", "breakglass"];
const DAYS: [&str; 8] = [
    "2024-02-29",
    "2026-01-01",
    "2026-10-25",
    "2026-11-06",
    "2026-11-09",
    "2026-11-10",
    "2026-11-16",
    "2027-03-01",
];
const STATUSES: [EmploymentStatus; 6] = [
    EmploymentStatus::Active,
    EmploymentStatus::Ended,
    EmploymentStatus::OnLeave,
    EmploymentStatus::Pending,
    EmploymentStatus::Withdrawn,
    EmploymentStatus::Unknown,
];

type Draw = prop::sample::Index;

fn day() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(prop::sample::select(DAYS.to_vec()))
}

fn dated(mut person: PersonIs, start: Option<&str>, end: Option<&str>) -> PersonIs {
    person = person.terms(|t| t.start_date = start.map(|day| day.parse().unwrap()));
    if let Some(end) = end { person.ends(end) } else { person }
}

/// Somebody with one or two engagements, whatever dates and status.
fn some_person() -> impl Strategy<Value = PersonIs> {
    let who = (prop::sample::select(NAMES.to_vec()), prop::sample::select(NAMES.to_vec()));
    let work = (
        prop::sample::select(vec!["Support", "IT", "Sales"]),
        prop::sample::select(vec!["", "Lead"]),
        prop::sample::select(STATUSES.to_vec()),
    );
    let again = prop::option::weighted(0.3, (day(), day()));
    let zone = prop::option::of(prop::sample::select(vec!["Asia/Tokyo", "America/New_York"]));
    (who, work, (day(), day()), again, (zone, any::<bool>(), 0..10_u8)).prop_map(
        |((name, address), (department, title, status), (start, end), again, (zone, old, odd))| {
            let mut person = PersonIs::new(name).department(department).title(title);
            person = dated(person, start, end).status(status);
            if status == EmploymentStatus::Ended {
                person = person.ended_seen("2026-11-08T08:00:00Z");
            }
            if old {
                person = person.first_seen("2024-01-01T00:00:00Z");
            }
            if let Some((start, end)) = again {
                person = dated(person.again("2026-01-01"), start, end);
            }
            if let Some(zone) = zone {
                person = person.zone(zone);
            }
            match odd {
                0 => person.no_email(),
                1 => person.email(&format!("{address}@acme.example")),
                2 => person.formerly(&format!("{address}@acme.example")),
                3 => person.offboarded("2026-11-08T12:00:00Z"),
                4 => person.out_of_scope(),
                5 => person.involuntary(),
                6 => person.away("2026-11-08", "2026-11-10"),
                7 => person.moved("2026-11-07T08:00:00Z", "Support", "Lead"),
                _ => person,
            }
        },
    )
}

/// An account, linked or not, of whatever kind, role and status.
fn some_account() -> impl Strategy<Value = (String, AccountIs)> {
    let whose = prop::sample::select(NAMES.to_vec());
    let role = prop::sample::select(ROLES.to_vec());
    let status = prop::sample::select(vec![
        AccountStatus::Active,
        AccountStatus::Active,
        AccountStatus::Invited,
        AccountStatus::Inactive,
        AccountStatus::Unknown,
    ]);
    (1..9_u8, whose.clone(), whose, role, status, 0..10_u8, 0..10_u8).prop_map(
        |(id, whose, other, role, status, tie, odd)| {
            let mut account = AccountIs::new(&id.to_string()).role(role).status(status);
            account = match tie {
                0 => account.email("stranger@private.example"),
                1 => account.of(other).linked(whose),
                2 | 3 => account.of(whose).confirmed(whose),
                4 => account.email("second@private.example").confirmed(whose),
                _ => account.of(whose),
            };
            let account = match odd {
                0 => account.kind(AccountKind::Bot),
                1 => account.no_role(),
                2 => account.role("mystery"),
                3 => account.named("Somebody Else"),
                _ => account,
            };
            (id.to_string(), account)
        },
    )
}

/// Groups, members and grants, some of which end.
fn some_orders() -> impl Strategy<Value = Orders> {
    let who = || prop::sample::select(NAMES.to_vec());
    let role = || prop::sample::select(ROLES.to_vec());
    let rule =
        prop::sample::select(vec!["", "person.department == \"Sales\"", "person.title == \"\""]);
    let groups = prop::collection::vec((rule, prop::option::of(role()), any::<bool>()), 0..3);
    let members = prop::collection::vec((0..3_u8, who(), day()), 0..3);
    let weight = prop::sample::select(vec![Weight::Beside, Weight::Instead]);
    let grants = prop::collection::vec((who(), role(), day(), weight), 0..2);
    (groups, members, grants).prop_map(|(groups, members, grants)| {
        let mut world = World::new();
        for (number, (rule, gives, below)) in groups.into_iter().enumerate() {
            let parent = format!("g{}", number + 1);
            let parents: &[&str] = if below { &[parent.as_str()] } else { &[] };
            let gives: Vec<_> = gives.into_iter().collect();
            world = world.group_below(&format!("g{number}"), parents, rule, &gives);
        }
        for (group, name, until) in members {
            world = world.member(&format!("g{group}"), name, until);
        }
        for (name, role, until, weight) in grants {
            world = world.grant(name, role, until, weight);
        }
        world.orders
    })
}

/// The policy with what happens on leave and after a move.
fn some_policy() -> impl Strategy<Value = String> {
    let leave = prop::sample::select(vec!["keep", "suspend", "reduce"]);
    let no_rule = prop::sample::select(vec!["report", "remove"]);
    let at = prop::sample::select(vec!["\"18:00\"", "end_of_day"]);
    (leave, no_rule, at, 0..9_u8).prop_map(|(leave, no_rule, at, grace)| {
        let keys = format!(
            "leave: {leave}\n    no_rule: {no_rule}\n    leaver: {{at: {at}}}\n    mover: {{grace: \
             {grace} days}}\n    approval:"
        );
        POLICY.replace("approval:", &keys)
    })
}

pub fn some_world() -> impl Strategy<Value = World> {
    let people = prop::collection::vec(some_person(), 0..6);
    let accounts = prop::collection::vec(some_account(), 0..8);
    let by_hand = (some_orders(), some_policy());
    (people, accounts, 0..4_i64, by_hand).prop_map(|(people, accounts, days, (orders, policy))| {
        let mut world = World { orders, policy: read_policy(&policy), ..World::new() };
        for PersonIs(person) in people {
            world.people.insert(person.id.clone(), person);
        }
        for (id, account) in accounts {
            world.links.remove(&id.parse::<AccountId>().unwrap());
            world = world.account(&id, |_| account);
        }
        world.now += SignedDuration::from_hours(days * 20);
        world
    })
}

fn state(world: &World, person: &muster_domain::model::person::Person) -> PersonState {
    lifecycle::state(person, &world.seen().hours(), world.now)
}

fn goes(world: &World) -> Vec<Operation> {
    world.plan().operations.into_iter().filter(Operation::goes).collect()
}

/// What takes something from an account, by looking at its two sides and not at the action.
fn takes(world: &World, operation: &Operation) -> bool {
    let (Some(before), Some(after)) = (&operation.before, &operation.after) else {
        return operation.before.is_some();
    };
    let rank = |role: &Option<_>| {
        role.as_ref().and_then(|role| world.sight.role(role)).map(|role| role.rank)
    };
    (before.status.may_sign_in() && !after.status.may_sign_in())
        || (before.role != after.role && rank(&after.role) < rank(&before.role))
}

fn active_admins(world: &World) -> usize {
    let human = |a: &muster_domain::model::account::Account| {
        a.kind == AccountKind::Human && a.status == AccountStatus::Active
    };
    let admin = |a: &muster_domain::model::account::Account| {
        a.role.as_ref().is_some_and(|role| role.as_str() == "admin")
    };
    world.accounts.values().filter(|known| human(&known.account) && admin(&known.account)).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn law_1_leavers_lose_access_unless_something_says_so(
        mut world in some_world(), none in any::<bool>(),
    ) {
        if none {
            world.rules().access.clear();
        }
        world.approve_all();
        world.apply_all();
        let held: BTreeSet<_> =
            world.plan().operations.into_iter().filter_map(|operation| operation.account).collect();
        let correlation = world.correlation();
        for person in world.people.values() {
            if !matches!(state(&world, person), PersonState::Ended { .. } | PersonState::Withdrawn) {
                continue;
            }
            for id in correlation.accounts_of(&person.id) {
                let open = world.accounts[id].account.status.may_sign_in();
                prop_assert!(!open || held.contains(id), "{id} of {}\n{}", person.name(), world.text());
            }
        }
    }

    #[test]
    fn law_2_no_second_invitation_goes_by_itself(
        mut world in some_world(), state in 0..RunState::ALL.len(), lost in any::<bool>(),
    ) {
        world.approve_all();
        world.now += SignedDuration::from_mins(1);
        let creates: Vec<_> = goes(&world)
            .into_iter()
            .filter(|operation| matches!(operation.action, Action::Create { .. }))
            .collect();
        for create in &creates {
            if lost {
                world.ran(create, RunState::ALL[state]);
            } else {
                world.apply(create);
            }
        }
        world.now += SignedDuration::from_mins(1);
        for operation in goes(&world) {
            let again = matches!(operation.action, Action::Create { .. })
                && creates.iter().any(|create| create.person_id() == operation.person_id());
            prop_assert!(!again, "{}", world.text());
        }
    }

    #[test]
    fn law_4_an_operation_changes_what_it_names_and_nothing_else(world in some_world()) {
        for operation in world.plan().operations {
            let Some(id) = operation.account.clone() else { continue };
            let mut accounts = world.accounts.clone();
            let before = accounts[&id].account.clone();
            apply(&operation, &mut accounts);
            let change = match &operation.action {
                Action::Update { change } | Action::Reactivate { change } => change.clone(),
                Action::Deactivate { .. } => {
                    AccountChange { sign_in: Some(SignIn::Blocked), ..AccountChange::default() }
                }
                Action::Reduce { to } => {
                    AccountChange { role: Some(to.clone()), ..AccountChange::default() }
                }
                Action::Create { .. }
                | Action::CancelInvite
                | Action::Delete
                | Action::HandOver { .. }
                | Action::GiveBack { .. } => continue,
            };
            let after = &accounts[&id].account;
            prop_assert!(!change.missing_in(&before).is_empty());
            prop_assert!(change.missing_in(after).is_empty());
            prop_assert!(change.collateral(&before, after).is_empty());
            prop_assert_eq!(operation.before.as_ref(), Some(&(&before).into()));
            prop_assert_eq!(operation.after.as_ref(), Some(&after.into()));
            let mut touched = after.clone();
            touched.other.insert("signature".to_owned(), "x".into());
            touched.login.push('x');
            prop_assert_eq!(change.collateral(&before, &touched).len(), 2);
        }
    }

    #[test]
    fn law_6_the_same_world_gives_the_same_plan_and_what_is_applied_is_not_planned_again(
        mut world in some_world(),
    ) {
        let plan = world.plan();
        prop_assert_eq!(plan.digest().unwrap(), world.clone().plan().digest().unwrap());
        prop_assert_eq!(plan.canonical().unwrap(), world.plan().canonical().unwrap());
        world.approve_all();
        let mut twice = world.accounts.clone();
        let done: Vec<_> = goes(&world);
        for operation in done.iter().filter(|operation| operation.account.is_some()) {
            apply(operation, &mut twice);
            let once = twice.clone();
            apply(operation, &mut twice);
            prop_assert_eq!(&once, &twice);
        }
        world.apply_all();
        // What is left was held before, or is held now: nothing more goes by itself.
        let left = goes(&world);
        prop_assert!(
            left.iter().all(|l| done.iter().all(|d| d.fingerprint != l.fingerprint)), "{}", world.text()
        );
    }

    #[test]
    fn law_7_protected_is_protected_and_an_admin_remains(mut world in some_world()) {
        world.approve_all();
        let admins = active_admins(&world);
        for operation in goes(&world) {
            if !takes(&world, &operation) {
                continue;
            }
            let account = &world.accounts[operation.account.as_ref().unwrap()].account;
            prop_assert_ne!(account.login.as_str(), "owner@acme.example");
            prop_assert_ne!(account.login.as_str(), "breakglass@acme.example");
            prop_assert_ne!(account.id.as_str(), "1");
            prop_assert_eq!(account.kind, AccountKind::Human);
        }
        world.apply_all();
        prop_assert!(admins == 0 || active_admins(&world) > 0);
    }

    #[test]
    fn law_9_nothing_goes_on_the_strength_of_what_was_not_seen(
        mut world in some_world(), how in 0..4_u8,
    ) {
        world.approve_all();
        match how {
            0 => world = world.unproven(),
            1 => world.sight.age = Some(SignedDuration::from_hours(25)),
            2 => world.sight.age = None,
            _ => world.sight.unseen = Some("the key was revoked".to_owned()),
        }
        for operation in goes(&world) {
            // A removal rests on the account itself, which is read again right before it.
            prop_assert!(how == 0 || (how == 1 && operation.action.removes_access()));
            let relies = matches!(operation.action, Action::Create { .. } | Action::Reactivate { .. });
            prop_assert!(!relies);
        }
    }

    #[test]
    fn law_11_what_goes_by_itself_in_a_day_stays_within_the_limit(
        world in some_world(), limit in 0..3_u32, hours in prop::collection::vec(0..8_i64, 1..6),
    ) {
        let mut world = world;
        let few = Limit::of(limit);
        let creations = Limit::of(1000);
        world.rules().limits =
            Limits { removals: few, deletions: few, role_losses: few, renames: few, creations, hand_overs: few };
        let mut taken: Vec<(_, AccountId)> = Vec::new();
        for step in hours {
            for operation in goes(&world) {
                let ordered = world.people[operation.person_id().unwrap()].ordered_end.is_some();
                // Deletions have a limit of their own.
                let removes = operation.action.removes_access() && !operation.action.deletes();
                if removes && !ordered {
                    taken.push((world.now, operation.account.clone().unwrap()));
                }
                world.apply(&operation);
            }
            let since = world.now - SignedDuration::from_hours(24);
            let day: BTreeSet<_> =
                taken.iter().filter(|(at, _)| *at > since).map(|(_, id)| id).collect();
            prop_assert!(day.len() <= usize::try_from(limit).unwrap());
            world.now += SignedDuration::from_hours(step);
        }
    }

    #[test]
    fn law_14_everything_says_why_and_what_would_release_it(world in some_world()) {
        let plan = world.plan();
        for operation in &plan.operations {
            let sources = ["policy ", "source ", "offboard", "group ", "grant "];
            let named = operation.reasons.iter().any(|r| sources.iter().any(|s| r.from.starts_with(s)));
            prop_assert!(named, "{:?}", operation.reasons);
            for hold in &operation.holds {
                prop_assert!(!hold.reason.is_empty() && !hold.release.is_empty());
            }
        }
        prop_assert!(plan.upcoming.iter().all(|upcoming| !upcoming.reasons.is_empty()));
        prop_assert!(plan.blocked.iter().all(|blocked| !blocked.remedy.is_empty()));
    }

    #[test]
    fn walking_side_by_side_finds_what_looking_up_finds(
        mut world in some_world(), strangers in any::<bool>(),
    ) {
        let correlation = world.correlation();
        if strangers {
            // A tie may outlive a person, and an account the moment at which it was matched.
            world.people.pop_first();
            world.accounts.pop_last();
        }
        let all: Vec<_> = correlation.of_all(&world.people).collect();
        let looked_up = world.people.values().map(|one| (one, correlation.accounts_of(&one.id)));
        prop_assert_eq!(all, looked_up.collect::<Vec<_>>());
        let holders: Vec<_> = correlation.holders(&world.people).collect();
        let looked_up = correlation.by_person.iter();
        let looked_up = looked_up.map(|(id, ids)| (world.people.get(id), ids.as_slice()));
        prop_assert_eq!(holders, looked_up.collect::<Vec<_>>());
        let matched: Vec<_> = correlation.matched(&world.accounts).collect();
        let looked_up = correlation.matches.iter();
        let looked_up = looked_up.filter_map(|(id, is)| Some((id, world.accounts.get(id)?, is)));
        prop_assert_eq!(matched, looked_up.collect::<Vec<_>>());
    }

    #[test]
    fn a_plan_for_one_person_asks_for_what_the_plan_for_all_asks(
        world in some_world(), which in any::<Draw>(),
    ) {
        if world.people.is_empty() {
            return Ok(());
        }
        let person = which.get(&world.people.values().collect::<Vec<_>>()).to_owned();
        let prints = |operations: Vec<Operation>| {
            let about = operations.into_iter().filter(|o| o.is_for(&person.id));
            about.map(|o| o.fingerprint).collect::<BTreeSet<_>>()
        };
        let one = plan::plan_for(&world.seen(), &world.correlation(), Scope::Person(person));
        prop_assert_eq!(prints(one.operations), prints(world.plan().operations));
    }

    #[test]
    fn a_fingerprint_names_the_change_and_not_the_moment(world in some_world()) {
        for operation in world.plan().operations {
            prop_assert_eq!(operation.computed_fingerprint().unwrap(), operation.fingerprint);
            let mut same = operation.clone();
            same.reasons.clear();
            same.holds.clear();
            same.approved_by = Some("somebody".to_owned());
            same.person.as_mut().unwrap().name = "Another Name".to_owned();
            prop_assert_eq!(same.computed_fingerprint().unwrap(), operation.fingerprint);
            let differs = |change: &dyn Fn(&mut Operation)| {
                let mut other = operation.clone();
                change(&mut other);
                other == operation || other.computed_fingerprint().unwrap() != operation.fingerprint
            };
            prop_assert!(differs(&|o| o.before.iter_mut().for_each(|s| s.name.push('x'))));
            prop_assert!(differs(&|o| o.before.iter_mut().for_each(|s| s.role = None)));
            prop_assert!(differs(&|o| o.after.iter_mut().for_each(|s| s.login.push('x'))));
            prop_assert!(differs(&|o| o.person = None));
            prop_assert!(differs(&|o| o.person.as_mut().unwrap().engagement = Some(99)));
            prop_assert!(differs(&|o| o.person.as_mut().unwrap().id = crate::world::person_id("zoe")));
            prop_assert!(differs(&|o| o.account = Some("999".parse().unwrap())));
        }
    }
}
