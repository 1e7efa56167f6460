//! The laws, held against the simulator's own records after each step, and in the end.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use muster::store::records::JournalFilter;
use muster_domain::model::{
    account::{AccountChange, SignIn},
    journal::{Entry, Event},
    observation::Completeness,
    plan::Action,
};
use muster_simulator::{RequestRecord, Role, UserRecord};
use serde_json::Value;

use crate::{
    company::Should,
    orders::{Kept, content},
    promises,
    setup::AtLeave,
    world::{Intent, Outcome, Target, World},
};

/// What a step of Muster's did to one user.
struct Touched<'a> {
    before: Option<&'a UserRecord>,
    after: &'a UserRecord,
}

/// Holds every law that can be broken by one step, and remembers how things are now.
pub(crate) async fn step(world: &mut World) -> Outcome {
    let (entries, fresh) = announced(world).await?;
    let users: BTreeMap<u64, UserRecord> =
        world.sim.users().into_iter().map(|user| (user.id, user)).collect();
    let log = world.sim.request_log();
    let writes: Vec<RequestRecord> = log
        .into_iter()
        .filter(|record| record.seq > world.seen.request && record.took_effect)
        .filter(|record| record.method != "GET")
        .collect();
    let before = std::mem::take(&mut world.seen.users);
    for intent in &fresh {
        promises::consented(world, intent)?;
        let alone = fresh.iter().filter(|other| other.target == intent.target).count() == 1;
        if let Target::User(id) = intent.target
            && let Some(user) = before.get(&id).filter(|_| alone)
        {
            world.before.insert(intent.id.clone(), user.clone());
        }
    }
    promises::verified(world, &entries, &fresh, &users)?;
    for after in users.values() {
        let known = before.get(&after.id);
        if known == Some(after) {
            continue;
        }
        let touched = Touched { before: known, after };
        nothing_collateral(&touched, &fresh)?;
        protected(world, &touched)?;
        wanted(world, &touched).await?;
        counted(world, &touched);
    }
    announced_first(world, &writes, &before, &users)?;
    one_invitation(world)?;
    small_blast(world, &users)?;
    world.look();
    Ok(())
}

/// The writes that the journal announces since last time.
async fn announced(world: &mut World) -> Result<(Vec<Entry>, Vec<Intent>), String> {
    let store = &world.nodes[0].store;
    let filter = JournalFilter { after_seq: Some(world.seen.entry), ..JournalFilter::default() };
    let entries = store.journal(&filter).await.map_err(|error| error.to_string())?;
    let mut fresh = Vec::new();
    for entry in &entries {
        world.seen.entry = entry.seq;
        if entry.event != Event::OperationIntended {
            continue;
        }
        let action: Action = serde_json::from_value(entry.data["operation"].clone())
            .map_err(|error| format!("an intent is not readable: {error}"))?;
        let target = match (&action, &entry.about.account) {
            (Action::Create { new }, _) => Target::Address(new.email.as_str().to_lowercase()),
            (_, Some(id)) => Target::User(id.as_str().parse().unwrap()),
            (_, None) => return Err(format!("law 3: an intent names no account: {entry:?}")),
        };
        let approved = !entry.data["approved_by"].is_null();
        let id = entry.about.operation.as_ref().map(ToString::to_string).unwrap_or_default();
        let content = content(&entry.data["operation"]);
        fresh.push(Intent { id, content, at: entry.at, target, action, approved });
    }
    world.intents.extend(fresh.iter().cloned());
    Ok((entries, fresh))
}

/// The simulator keeps whole microseconds.
fn not_after(one: Timestamp, other: Timestamp) -> bool {
    one.as_microsecond() <= other.as_microsecond()
}

/// Law 3: each write that took effect was announced before.
fn announced_first(
    world: &mut World,
    writes: &[RequestRecord],
    before: &BTreeMap<u64, UserRecord>,
    after: &BTreeMap<u64, UserRecord>,
) -> Outcome {
    let mut made = after.values().filter(|user| !before.contains_key(&user.id));
    for write in writes {
        if !write.target.contains("/users") {
            promises::moved(world, write)?;
            continue;
        }
        let target = if write.method == "POST" {
            let user = made.next().ok_or("a POST took effect and made nobody")?;
            Target::Address(user.email.to_lowercase())
        } else {
            let id = write.target.rsplit('/').next().unwrap_or_default();
            Target::User(id.parse().map_err(|_| format!("a write to {}", write.target))?)
        };
        world.effects.push(target.clone());
        let done = world.effects.iter().filter(|effect| **effect == target).count();
        let announced = world
            .intents
            .iter()
            .filter(|intent| intent.target == target && not_after(intent.at, write.at))
            .count();
        if announced < done {
            return Err(format!(
                "law 3: {done} writes to {target:?} took effect, {announced} were announced"
            ));
        }
        promises::not_frozen(world, write, &target)?;
        if let Target::User(id) = target
            && write.method == "DELETE"
        {
            promises::deleted(world, id, write.at, before)?;
        }
    }
    if let Some(user) = made.next() {
        return Err(format!("user {} came from nowhere", user.id));
    }
    Ok(())
}

fn fields(user: &UserRecord) -> BTreeMap<String, Value> {
    let Ok(Value::Object(fields)) = serde_json::to_value(user) else { return BTreeMap::new() };
    fields.into_iter().collect()
}

/// Law 4: only what the announced operations name is different.
fn nothing_collateral(touched: &Touched<'_>, fresh: &[Intent]) -> Outcome {
    let Some(before) = touched.before else { return Ok(()) };
    let mut named = BTreeSet::from(["updated_at"]);
    for intent in fresh.iter().filter(|i| i.target == Target::User(before.id)) {
        let change = match &intent.action {
            Action::Update { change } | Action::Reactivate { change } => change.clone(),
            Action::Deactivate { .. } => {
                AccountChange { sign_in: Some(SignIn::Blocked), ..AccountChange::default() }
            }
            Action::Reduce { to } => {
                AccountChange { role: Some(to.clone()), ..AccountChange::default() }
            }
            Action::CancelInvite | Action::Delete => {
                named.insert("deleted_at");
                AccountChange::default()
            }
            Action::Create { .. } | Action::HandOver { .. } | Action::GiveBack { .. } => {
                AccountChange::default()
            }
        };
        if change.name.is_some() {
            named.extend(["name", "written_names"]);
        }
        if change.role.is_some() {
            named.insert("role");
        }
        if change.sign_in.is_some() {
            named.insert("deactivated_at");
        }
    }
    let now = fields(touched.after);
    for (field, was) in fields(before) {
        if now.get(&field) != Some(&was) && !named.contains(field.as_str()) {
            return Err(format!(
                "law 4: {field} of user {} was {was} and is {:?}; announced: {fresh:?}",
                before.id,
                now.get(&field)
            ));
        }
    }
    Ok(())
}

fn rank(role: Role) -> usize {
    [Role::ObserverAgent, Role::LiteAgent, Role::BasicAgent, Role::Agent, Role::Admin]
        .iter()
        .position(|known| *known == role)
        .unwrap_or(9)
}

/// Whether somebody lost something that lets in.
fn lowered(before: &UserRecord, after: &UserRecord) -> bool {
    (before.is_active() && !after.is_active()) || rank(after.role) < rank(before.role)
}

/// Law 7.
fn protected(world: &World, touched: &Touched<'_>) -> Outcome {
    let Some(before) = touched.before else { return Ok(()) };
    let machine = before.client_id.is_some() || before.role == Role::Bot;
    let shielded =
        before.owner || before.id == world.owner || before.email == "glass@acme.example" || machine;
    if shielded && lowered(before, touched.after) {
        return Err(format!("law 7: {} was lowered or shut out", before.email));
    }
    Ok(())
}

/// Laws 1 and 9: whatever was done is what somebody should have, by what Muster was told.
async fn wanted(world: &World, touched: &Touched<'_>) -> Outcome {
    let after = touched.after;
    let opinions = [world.seen.at, world.now()].map(|at| world.should(after, at));
    let accept = |test: &dyn Fn(&Should) -> bool| opinions.iter().flatten().any(test);
    let Some(before) = touched.before else {
        let observation = world.nodes[0].store.observation(&world.app).await;
        let observation = observation.map_err(|error| error.to_string())?;
        if observation.is_none_or(|seen| seen.header.completeness != Completeness::Proven) {
            return Err(format!("law 9: {} was created on an unproven read", after.email));
        }
        let fits =
            |should: &Should| matches!(should, Should::Have(role) if role == &after.role.name());
        return accept(&fits)
            .then_some(())
            .ok_or(format!("{} was invited as {:?}: {opinions:?}", after.email, after.role));
    };
    let kept = world.orders.kept(after.id, world.seen.at);
    let kept = |as_it_was: &dyn Fn(&Kept) -> bool| kept.is_some_and(as_it_was);
    let may_lose =
        |should: &Should| matches!(should, Should::Lose { .. } | Should::Away(AtLeave::Suspend, _));
    if before.is_active()
        && !after.is_active()
        && !accept(&may_lose)
        && !kept(&|kept| kept.active == Some(false))
    {
        return Err(format!("laws 1, 9: {} lost access: {opinions:?}", after.email));
    }
    if !before.is_active()
        && after.is_active()
        && !accept(&|s| matches!(s, Should::Have(_)))
        && !kept(&|kept| kept.active == Some(true))
    {
        return Err(format!("{} was let in again: {opinions:?}", after.email));
    }
    let least = Role::ObserverAgent;
    let fits = |should: &Should| match should {
        Should::Have(role) | Should::Away(AtLeave::Keep, role) => *role == after.role.name(),
        Should::Lose { .. } | Should::Away(..) => after.role == least,
        Should::Keep => false,
    };
    let put_back = |kept: &Kept| {
        kept.role.as_deref() == Some(after.role.name())
            || (kept.active == Some(false) && after.role == least)
    };
    if before.role != after.role && !accept(&fits) && !kept(&put_back) {
        return Err(format!("{} became {:?}: {opinions:?}", after.email, after.role));
    }
    Ok(())
}

/// Counts removals that nobody approved or ordered.
fn counted(world: &mut World, touched: &Touched<'_>) {
    let Some(before) = touched.before else { return };
    let opinion = world.should(touched.after, world.now());
    let ordered = match opinion {
        Some(Should::Lose { ordered }) => ordered,
        Some(Should::Away(AtLeave::Suspend | AtLeave::Reduce, _)) => false,
        _ => return,
    };
    if !lowered(before, touched.after) {
        return;
    }
    let approved = world.approved.remove(&before.id);
    if !approved && !ordered {
        world.removals.push((world.now(), before.id));
    }
}

/// Law 11.
fn small_blast(world: &World, users: &BTreeMap<u64, UserRecord>) -> Outcome {
    let live = users.values().filter(|user| user.exists()).count();
    let limit = world.setup.limit.map_or(if live < 20 { 2 } else { live / 20 }, |n| n as usize);
    for (end, _) in &world.removals {
        let since = *end - SignedDuration::from_hours(24);
        let within: BTreeSet<u64> = world
            .removals
            .iter()
            .filter(|(at, _)| *at > since && at <= end)
            .map(|(_, id)| *id)
            .collect();
        if within.len() > limit {
            return Err(format!(
                "law 11: {} removals within 24 hours, the limit is {limit}: {:?}",
                within.len(),
                world.removals
            ));
        }
    }
    Ok(())
}

/// Law 2: one invitation per person and engagement, and one more for each that was approved.
fn one_invitation(world: &World) -> Outcome {
    let mails = world.sim.invitations();
    for member in &world.company.members {
        let sent = mails.iter().filter(|mail| member.owns(&mail.email)).count();
        let sum = |counts: &BTreeMap<String, usize>| -> usize {
            counts.iter().filter(|(email, _)| member.owns(email)).map(|(_, n)| *n).sum()
        };
        let allowed = member.stints.len() + sum(&world.reinvited) + sum(&world.vanished);
        if sent > allowed {
            return Err(format!(
                "law 2: {sent} invitations to {:?}, at most {allowed} are wanted",
                member.emails
            ));
        }
    }
    Ok(())
}

/// Laws 8 and 12, in the end.
pub(crate) async fn journal(world: &World) -> Outcome {
    let store = &world.nodes[0].store;
    store.verify_journal().await.map_err(|error| format!("law 8: the journal: {error}"))?;
    let entries =
        store.journal(&JournalFilter::default()).await.map_err(|error| error.to_string())?;
    let mut text = serde_json::to_string(&entries).map_err(|error| error.to_string())?;
    text.push_str(&world.said.join("\n"));
    let key = &world.setup.config.api_key;
    let basic = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("{}:{key}", world.setup.config.owner_email),
    );
    if text.contains(key.as_str()) || text.contains(&basic) {
        return Err("law 12: the key is in the journal or in an error".to_owned());
    }
    history(world).await
}

/// The journal is the one truth: folded, it gives exactly the state.
pub(crate) async fn history(world: &World) -> Outcome {
    let agreement = world.nodes[0].agreement().await.map_err(|error| error.to_string())?;
    if !agreement.not_covered.is_empty() {
        return Err(format!("a new journal covers all: {:?}", agreement.not_covered));
    }
    let beside = agreement.beside;
    match beside.first() {
        None => Ok(()),
        Some(first) => Err(format!("the journal does not tell the state: {first}")),
    }
}

/// Law 6: the same input gives the same plan.
pub(crate) async fn same_plan(world: &mut World) -> Outcome {
    let (one, two) = (world.plan().await?, world.plan().await?);
    if one != two {
        return Err("law 6: two plans of the same input differ".to_owned());
    }
    Ok(())
}
