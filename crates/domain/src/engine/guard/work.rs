//! Law 5: nothing is deleted before its work is handed over, or somebody chose otherwise.

use super::hold;
use crate::{
    engine::{
        hand_over::{self, Destiny, Office},
        world::World,
    },
    model::{
        plan::{Action, Hold, HoldKind, Operation},
        work::{OpenWork, Recipient},
    },
};

/// What stands in the way of a hand-over, or must be handed over before a deletion.
pub(super) fn work(world: &World<'_>, office: &Office<'_>, operation: &Operation) -> Option<Hold> {
    let Some(whose) = operation.person_id() else { return nobodys(world, operation) };
    let person = world.people.get(whose)?;
    let destiny = hand_over::destiny(world, person, operation.engagement()?);
    let (app, anchor) = (world.app, &person.id);
    match &operation.action {
        Action::HandOver { to: Recipient::Unknown, .. } => {
            let Destiny::GoesTo { to, .. } = destiny else { return None };
            let why = office.recipient(person, to).err()?;
            Some(hold(
                HoldKind::HandOver,
                format!("nobody can take the work over: {why}"),
                format!("say who does: muster hand-over {anchor} --app {app} --to ADDRESS"),
            ))
        }
        Action::Delete => {
            let work = match seen(world, operation)? {
                Ok(work) => work,
                Err(unseen) => return Some(unseen),
            };
            if !work.may_hold_tickets() {
                return None;
            }
            let release = match destiny {
                Destiny::Kept { .. } => return None,
                Destiny::GoesTo { .. } => format!("muster hand-over {anchor} --app {app}"),
                Destiny::Unsaid => format!(
                    "muster hand-over {anchor} --app {app} --to ADDRESS, or choose that nobody \
                     does: --to nobody"
                ),
            };
            let reason = format!("the account still holds {work}");
            Some(hold(HoldKind::HandOver, reason, release))
        }
        _ => None,
    }
}

/// The work that the account holds, or that it is not known well enough.
fn seen<'a>(world: &World<'a>, operation: &Operation) -> Option<Result<&'a OpenWork, Hold>> {
    let look = format!("muster sync {}", world.app);
    let known = world.accounts.get(operation.account.as_ref()?)?;
    let Some(work) = &known.work else {
        let reason = "nobody has looked yet what work the account holds";
        return Some(Err(hold(HoldKind::HandOver, reason, look)));
    };
    if !hand_over::is_fresh(world.sight, work) {
        let at = work.at.strftime("%Y-%m-%d %H:%M UTC");
        let reason = format!("what work the account holds was last looked at {at}");
        return Some(Err(hold(HoldKind::HandOver, reason, look)));
    }
    Some(Ok(work))
}

/// What stands in the way of deleting an account that is nobody's: no rule says who takes its work.
fn nobodys(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    if operation.action != Action::Delete {
        return None;
    }
    let work = match seen(world, operation)? {
        Ok(work) => work,
        Err(unseen) => return Some(unseen),
    };
    work.may_hold_tickets().then(|| {
        hold(
            HoldKind::HandOver,
            format!("the account still holds {work}"),
            format!(
                "give its tickets to somebody in {app}, then: muster sync {app}",
                app = world.app
            ),
        )
    })
}
