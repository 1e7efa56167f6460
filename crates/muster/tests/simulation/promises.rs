//! What people were promised when they ordered something by hand: what is frozen is not written
//! to, what was rejected is not done, what asks waits for somebody who has a say, what is verified
//! is so, and nothing is deleted before its work is in other hands.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use muster_domain::model::{
    account::SignIn,
    journal::{Entry, Event},
    plan::Action,
};
use muster_simulator::{RequestRecord, TicketStatus, UserRecord};

use crate::{
    company::{Member, Should, strength},
    orders::{WORD, Word},
    setup::WorkTo,
    world::{Intent, Outcome, Target, World},
};

type Users = BTreeMap<u64, UserRecord>;

/// Whether the policy asks somebody before this is done.
fn asks(world: &World, action: &Action) -> bool {
    let [create, update, deactivate] = world.setup.asks;
    let admin = |role: &str| role == "admin";
    match action {
        Action::Create { new } => create || admin(new.role.as_str()),
        Action::Update { change } => {
            update || change.role.as_ref().is_some_and(|role| admin(role.as_str()))
        }
        Action::Deactivate { .. } | Action::Reduce { .. } => deactivate,
        Action::Reactivate { .. } | Action::CancelInvite | Action::Delete => true,
        Action::HandOver { .. } | Action::GiveBack { .. } => false,
    }
}

/// What asks was approved by somebody with a say, in exactly this form, and what was rejected was
/// approved since.
pub(crate) fn consented(world: &mut World, intent: &Intent) -> Outcome {
    let lasts = |at: Timestamp| at <= intent.at && intent.at < at.checked_add(WORD).unwrap();
    let fell = |word: &Word| match &intent.action {
        // Whoever approves that an account is shut out approves what the plan names beside it: the
        // least role, where the app turns out not to obey.
        Action::Reduce { to } => {
            word.content["fallback"] == to.as_str()
                && ["account", "person", "before"]
                    .iter()
                    .all(|field| word.content[field] == intent.content[field])
        }
        _ => false,
    };
    let same = |word: &&Word| (word.content == intent.content || fell(word)) && lasts(word.at);
    let yes: Vec<_> = world.orders.yes.iter().filter(same).collect();
    let no = world.orders.no.iter().filter(same).map(|word| word.at).max();
    let says = |content| format!("{content} was begun at {}", intent.at);
    if let Some(no) = no
        && !yes.iter().any(|yes| yes.at >= no)
    {
        return Err(format!("a rejected operation: {}, rejected {no}", says(&intent.content)));
    }
    let asks = asks(world, &intent.action);
    if asks && !yes.iter().any(|yes| world.may_decide(&yes.by, &intent.content)) {
        let by: Vec<_> = yes.iter().map(|yes| &yes.by).collect();
        return Err(format!("nobody with a say approved: {}; {by:?} did", says(&intent.content)));
    }
    if asks {
        world.did("asked and approved");
    }
    Ok(())
}

/// What stands still is not written to.
pub(crate) fn not_frozen(world: &World, write: &RequestRecord, target: &Target) -> Outcome {
    let address = match target {
        Target::Address(address) => address.clone(),
        Target::User(id) => world.sim.user(*id).map(|user| user.email).unwrap_or_default(),
    };
    let owners: Vec<&Member> = world.company.owners(&address);
    match world.orders.frozen(&owners, write.method == "DELETE", write.at) {
        Some(freeze) => Err(format!("{target:?} was written to and is frozen: {freeze:?}")),
        None => Ok(()),
    }
}

/// Tickets are moved only by a hand-over of their holder's, or back to whom such a one took them
/// from.
pub(crate) fn moved(world: &World, write: &RequestRecord) -> Outcome {
    let id = write.target.rsplit('/').next().and_then(|id| id.parse::<u64>().ok());
    let ticket = id.filter(|_| write.target.contains("/tickets/"));
    let ticket = ticket.and_then(|id| world.seen.tickets.get(&id));
    let handed = |user: Option<u64>| {
        world.intents.iter().any(|intent| {
            matches!(intent.action, Action::HandOver { .. })
                && intent.at.as_microsecond() <= write.at.as_microsecond()
                && user.is_none_or(|user| intent.target == Target::User(user))
        })
    };
    let holder = ticket.and_then(|ticket| ticket.assignee);
    let now = world.sim.tickets().into_iter().find(|one| Some(one.id) == id);
    let back = now.and_then(|now| now.assignee).filter(|user| {
        world.intents.iter().any(|intent| {
            matches!(intent.action, Action::GiveBack { .. })
                && intent.at.as_microsecond() <= write.at.as_microsecond()
                && intent.target == Target::User(*user)
        })
    });
    if let Some(user) = back.filter(|user| handed(Some(*user))) {
        return not_frozen(world, write, &Target::User(user));
    }
    if !handed(holder) {
        return Err(format!("law 3: {} was written without a hand-over", write.target));
    }
    match holder {
        Some(holder) => not_frozen(world, write, &Target::User(holder)),
        None => Ok(()),
    }
}

/// Law 5: only a leaver's account goes, long after it lost access, and no open ticket with it.
pub(crate) fn deleted(world: &mut World, id: u64, at: Timestamp, before: &Users) -> Outcome {
    let target = Target::User(id);
    let asked = |wanted: &dyn Fn(&Action) -> bool| {
        let mut hers = world.intents.iter().filter(|intent| intent.target == target);
        hers.any(|intent| wanted(&intent.action) && intent.approved)
    };
    let cancels = asked(&|action| *action == Action::CancelInvite);
    let deletes = asked(&|action| *action == Action::Delete);
    if !world.setup.delete || !(cancels || deletes) {
        return Err(format!("law 5: {target:?} was deleted without permission"));
    }
    if cancels {
        world.did("invitation withdrawn");
        return Ok(());
    }
    let user = before.get(&id).ok_or("law 5: who was deleted was never seen")?;
    let owners = world.company.owners(&user.email);
    let [owner] = owners[..] else {
        return Err(format!("law 5: {} was deleted, and is nobody's", user.email));
    };
    let Should::Lose { .. } = owner.should(world.now(), world.book()) else {
        return Err(format!("law 5: {} was deleted, whose owner is no leaver", user.email));
    };
    let Some(days) = world.setup.delete_after else {
        return Err(format!("law 5: {} was deleted, which nobody wants", user.email));
    };
    let since = at.checked_sub(SignedDuration::from_hours(24 * days)).unwrap();
    let ended = owner.ended(&world.setup.zone).is_some_and(|end| end <= since);
    let shut = user.deactivated_at.is_some_and(|at| at <= since);
    let reduced = strength(user.role.name()) == 0 && user.updated_at <= since;
    if !ended || !(shut || reduced) {
        return Err(format!("law 5: {user:?} was deleted before {days} days were over"));
    }
    work_went_first(world, id, owner)?;
    world.did("deleted");
    Ok(())
}

/// No open ticket lost its holder with the account, unless somebody said so.
fn work_went_first(world: &World, id: u64, owner: &Member) -> Outcome {
    let began = owner.last().seen;
    let chosen = world.orders.work.get(&owner.id).filter(|(at, _)| began.is_none_or(|b| b <= *at));
    let kept = chosen.map_or(world.setup.work_to == WorkTo::Nobody, |(_, nobody)| *nobody);
    let lost = world.sim.tickets().into_iter().find(|ticket| {
        let held = world.seen.tickets.get(&ticket.id).and_then(|before| before.assignee);
        held == Some(id)
            && ticket.status == TicketStatus::Open
            && ticket.assignee.is_none_or(|now| now == id)
    });
    match lost {
        Some(ticket) if !kept => {
            Err(format!("law 5: ticket {} lost its holder {} unheard", ticket.id, owner.id))
        }
        _ => Ok(()),
    }
}

/// Law 10: what is said to be verified is so in the app's own records.
pub(crate) fn verified(
    world: &mut World,
    entries: &[Entry],
    fresh: &[Intent],
    users: &Users,
) -> Outcome {
    for entry in entries.iter().filter(|entry| entry.event == Event::OperationChanged) {
        if entry.data["state"] != "verified" {
            continue;
        }
        let Some(operation) = &entry.about.operation else { continue };
        let Some(intent) = world.intents.iter().rfind(|one| one.id == operation.as_str()) else {
            continue;
        };
        // Whatever came after it on the same account has the last word.
        let last = fresh.iter().rfind(|one| one.target == intent.target);
        if last.is_some_and(|last| last.id != intent.id) {
            continue;
        }
        if !effective(intent, users) {
            return Err(format!("law 10: verified, and not so in the app: {}", intent.content));
        }
        world.did("verified and so");
    }
    Ok(())
}

fn effective(intent: &Intent, users: &Users) -> bool {
    let id = match &intent.target {
        Target::User(id) => *id,
        Target::Address(address) => {
            return users.values().any(|user| user.email.eq_ignore_ascii_case(address));
        }
    };
    let Some(user) = users.get(&id) else { return false };
    match &intent.action {
        Action::Deactivate { .. } => !user.is_active(),
        Action::Reduce { to } => user.role.name() == to.as_str(),
        Action::CancelInvite | Action::Delete => !user.exists(),
        Action::Update { change } | Action::Reactivate { change } => {
            change.role.as_ref().is_none_or(|role| user.role.name() == role.as_str())
                && change.name.as_ref().is_none_or(|name| user.name == *name)
                && (change.sign_in != Some(SignIn::Allowed) || user.is_active())
        }
        Action::Create { .. } | Action::HandOver { .. } | Action::GiveBack { .. } => true,
    }
}
