//! Consent: letting operations go, saying no to them, lending one's say, and who waits for whom.

use jiff::{SignedDuration, Timestamp};
use muster_domain::{
    engine::{consent::Voices, expect::Rules, undo},
    model::{
        canonical::Digest,
        consent::{Delegation, Rejection},
        email::EmailAddress,
        id::{AppName, OrderId},
        journal::{About, Event},
        operation::{Approval, RunState},
        order::Order as _,
        plan::{Operation, Plan},
    },
};
use serde::Serialize;
use serde_json::json;

use super::{Muster, situation::Situation};
use crate::{
    error::{Error, Result},
    store::records::{JournalFilter, Order},
};

/// The longest time for which a say is lent.
const LENT_DAYS: i64 = 90;

/// What an approval of some words comes to.
#[derive(Debug, Clone, Default)]
pub struct Approvable {
    /// What it lets go.
    pub operations: Vec<Operation>,
    /// What it would let go if whoever asks had a say in it, and why she has none.
    pub others: Vec<(Operation, String)>,
    /// For whom she speaks, by operation.
    on_behalf_of: Vec<Option<String>>,
}

/// An operation that waits for somebody's word.
#[derive(Debug, Clone, Serialize)]
pub struct Waiting {
    /// The operation, with its holds.
    pub operation: Operation,
    /// Who is asked; anybody but the person concerned when empty.
    pub asked: Vec<String>,
    /// Since when, at the latest, everything it follows from is so.
    pub since: Timestamp,
}

/// What has become of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It lets its operation go when the plan is applied.
    Counts,
    /// The operation was done.
    Used,
    /// Nobody asks for the operation any more, or whoever gave it has no say in it now.
    Void,
}

/// An approval that has not lapsed.
#[derive(Debug, Clone, Serialize)]
pub struct Given {
    /// The approval.
    #[serde(flatten)]
    pub approval: Approval,
    /// What has become of it.
    pub standing: Standing,
}

/// Who waits for whom in one app.
#[derive(Debug, Clone, Serialize)]
pub struct Consents {
    /// The app.
    pub app: AppName,
    /// What waits for somebody's word.
    pub waiting: Vec<Waiting>,
    /// What was approved.
    pub approved: Vec<Given>,
    /// What was rejected.
    pub rejected: Vec<Rejection>,
    /// Who may approve in whose place.
    pub delegations: Vec<Delegation>,
}

impl Muster {
    /// Which operations of `plan` an approval of `wanted` by whoever asks would let go: beginnings
    /// of fingerprints, or `all` in which she has a say.
    ///
    /// # Errors
    /// When a fingerprint fits no operation or several, one that an approval does not help, or one
    /// in which she has no say.
    pub async fn approvable(&self, plan: &Plan, wanted: &[String]) -> Result<Approvable> {
        let mut found = Approvable::default();
        if wanted.is_empty() {
            return Ok(found);
        }
        let situation = self.situation(&plan.app).await?;
        let world = situation.world(self.env.now())?;
        let voices = Voices::new(&world, &[&self.actor]);
        for operation in super::apply::approvable(plan, wanted)? {
            match voices.may(operation, &self.actor) {
                Ok(say) => {
                    found.operations.push(operation.clone());
                    found.on_behalf_of.push(say.on_behalf_of);
                }
                Err(why) => found.others.push((operation.clone(), why)),
            }
        }
        let named = wanted.iter().all(|text| text.trim().to_lowercase() != "all");
        match found.others.first() {
            Some((operation, why)) if named => {
                Err(Error::Conflict(format!("{} cannot be approved so: {why}", operation.brief())))
            }
            _ => Ok(found),
        }
    }

    /// Approves operations of `plan` by their fingerprints, or the beginnings of them.
    ///
    /// # Errors
    /// As [`Muster::approvable`].
    pub async fn approve(&self, plan: &Plan, wanted: &[String]) -> Result<Vec<Approval>> {
        self.approve_because(plan, wanted, None).await
    }

    /// As [`Muster::approve`], with the reason that is kept beside it.
    ///
    /// # Errors
    /// As [`Muster::approvable`].
    pub async fn approve_because(
        &self,
        plan: &Plan,
        wanted: &[String],
        reason: Option<&str>,
    ) -> Result<Vec<Approval>> {
        let chosen = self.approvable(plan, wanted).await?;
        let expires = self.lapses(&plan.app).await?;
        let rejections = self.store.orders().await?.rejections;
        let mut approvals = Vec::new();
        // One moment for the approvals and their entries.
        let at = self.env.now();
        let mut tx = self.store.begin(&self.actor, at);
        for (operation, on_behalf_of) in chosen.operations.iter().zip(chosen.on_behalf_of) {
            let approval = Approval {
                fingerprint: operation.fingerprint,
                app: plan.app.clone(),
                by: self.actor.clone(),
                at,
                expires,
                on_behalf_of,
                reason: reason.map(str::to_owned),
                what: operation.brief(),
            };
            tx.put_approval(&approval);
            for no in rejections.iter().filter(|no| no.fingerprint == operation.fingerprint) {
                tx.remove_order(no);
            }
            let data = json!({"approval": approval, "operation": operation, "reason": reason});
            tx.journal(Event::OperationApproved, about(operation), data);
            approvals.push(approval);
        }
        if !approvals.is_empty() {
            tx.commit().await?;
        }
        Ok(approvals)
    }

    /// Says no to one operation of `plan`. It waits until somebody approves it anew, the no is
    /// withdrawn, or it lapses.
    ///
    /// # Errors
    /// When `text` names no operation or several, no reason is given, or whoever asks has no say.
    pub async fn reject(&self, plan: &Plan, text: &str, reason: &str) -> Result<Rejection> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Error::Invalid("say why: --reason TEXT".to_owned()));
        }
        let operation = super::apply::named(plan, text)?;
        self.must_have_a_say(&plan.app, operation).await?;
        let now = self.env.now();
        let rejection = Rejection {
            fingerprint: operation.fingerprint,
            app: plan.app.clone(),
            person: operation.person_id().cloned(),
            account: operation.account.clone(),
            what: operation.brief(),
            keeps_access: operation.action.removes_access(),
            reason: reason.to_owned(),
            by: self.actor.clone(),
            on_behalf_of: None,
            at: now,
            expires: self.lapses(&plan.app).await?,
        };
        let mut tx = self.begin();
        for old in self.store.orders().await?.rejections.iter().filter(|old| old.expires <= now) {
            tx.remove_order(old);
        }
        tx.put_order(&rejection);
        let data = json!({"rejection": rejection, "operation": operation, "reason": reason});
        tx.journal(Event::OperationRejected, about(operation), data);
        tx.commit().await?;
        Ok(rejection)
    }

    /// Takes a no back.
    ///
    /// # Errors
    /// When there is none, or several, or whoever asks has no say in what it holds.
    pub async fn withdraw_rejection(&self, app: &AppName, text: &str) -> Result<Rejection> {
        let mut found = self.rejections(app).await?;
        found.retain(|no| begins(&no.fingerprint, text));
        let Ok([no]) = <[Rejection; 1]>::try_from(found) else {
            return Err(Error::NotFound(format!(
                "no single rejection begins with {text}; see muster approvals {app}"
            )));
        };
        let plan = self.plan(app, None).await?;
        let planned = plan.operations.iter().find(|one| one.fingerprint == no.fingerprint);
        if let Some(operation) = planned {
            self.must_have_a_say(app, operation).await?;
        }
        let mut tx = self.begin();
        tx.remove_order(&no);
        let about = About {
            app: Some(app.clone()),
            person: no.person.clone(),
            account: no.account.clone(),
            ..About::default()
        };
        tx.journal(Event::RejectionWithdrawn, about, json!({"rejection": no}));
        tx.commit().await?;
        Ok(no)
    }

    async fn must_have_a_say(&self, app: &AppName, operation: &Operation) -> Result<()> {
        let situation = self.situation(app).await?;
        let world = situation.world(self.env.now())?;
        Voices::new(&world, &[&self.actor]).may(operation, &self.actor).map(|_| ()).map_err(|why| {
            Error::Conflict(format!("{} is not yours to decide: {why}", operation.brief()))
        })
    }

    async fn lapses(&self, app: &AppName) -> Result<Timestamp> {
        let policy = self.policy_or_none().await?;
        let days = policy.apps.get(app).map_or(7, |rules| rules.approval.expires_days);
        let holds = SignedDuration::from_hours(i64::from(days) * 24);
        Ok(self.env.now().checked_add(holds).unwrap_or(Timestamp::MAX))
    }

    async fn rejections(&self, app: &AppName) -> Result<Vec<Rejection>> {
        let now = self.env.now();
        let mut found = self.store.orders().await?.rejections;
        found.retain(|no| no.app == *app && now < no.expires);
        found.sort_by_key(|no| no.at);
        Ok(found)
    }

    /// Who waits for whom in `app`, and what was decided. Writes nothing.
    ///
    /// # Errors
    /// When there is no such app or no policy.
    pub async fn consents(&self, app: &AppName) -> Result<Consents> {
        let now = self.env.now();
        let plan = self.plan(app, None).await?;
        let situation = self.situation(app).await?;
        let world = situation.world(now)?;
        let voices = Voices::new(&world, &[]);
        let mut waiting = Vec::new();
        for operation in plan.operations.iter().filter(|one| !one.goes()) {
            if operation.goes_when_approved() {
                waiting.push(Waiting {
                    asked: voices.asked(operation),
                    since: self.asked_since(&situation, operation).await?,
                    operation: operation.clone(),
                });
            }
        }
        let mut approved: Vec<Given> = situation
            .approvals
            .values()
            .map(|approval| Given {
                approval: approval.clone(),
                standing: standing(&situation, &plan, approval),
            })
            .collect();
        approved.sort_by_key(|given| given.approval.at);
        let mut delegations = situation.orders.delegations.clone();
        delegations.retain(|one| one.holds(app, now));
        Ok(Consents {
            app: app.clone(),
            waiting,
            approved,
            rejected: self.rejections(app).await?,
            delegations,
        })
    }

    /// The latest moment at which something that `operation` follows from became so.
    async fn asked_since(&self, situation: &Situation, operation: &Operation) -> Result<Timestamp> {
        let now = self.env.now();
        let mut since = Timestamp::MIN;
        let about = operation.person_id().cloned();
        let link = operation.account.as_ref().and_then(|id| situation.links.get(id));
        if let (None, Some(link)) = (&about, link) {
            since = link.since;
        }
        let events: &[Event] = if about.is_none() { &[] } else { &ASKS };
        for event in events.iter().copied() {
            let filter = JournalFilter {
                event: Some(event),
                person: about.clone(),
                order: Order::NewestFirst,
                limit: Some(1),
                ..JournalFilter::default()
            };
            let last = self.store.journal(&filter).await?;
            since = last.first().map_or(since, |entry| since.max(entry.at));
        }
        let policy = self.store.policy().await?;
        since = policy.map_or(since, |version| since.max(version.at));
        let world = situation.world(now)?;
        if let Some(person) = about.as_ref().and_then(|id| situation.people.get(id)) {
            let wanted = undo::wanted(person, &Rules::new(&world).expect(person));
            since = wanted.ended.map_or(since, |ended| since.max(ended));
        }
        Ok(since.min(now))
    }

    /// Lends the say of whoever asks to `to`, until a moment.
    ///
    /// # Errors
    /// When the time has passed or lies too far away, or it would be lent to herself.
    pub async fn delegate(
        &self,
        to: EmailAddress,
        until: Timestamp,
        app: Option<AppName>,
    ) -> Result<Delegation> {
        let now = self.env.now();
        let longest = now.checked_add(SignedDuration::from_hours(LENT_DAYS * 24));
        if until <= now || longest.is_ok_and(|longest| longest < until) {
            return Err(Error::Invalid(format!(
                "give an end that is to come, {LENT_DAYS} days ahead at most: --until DATE"
            )));
        }
        if self.actor.to_lowercase() == to.folded() {
            return Err(Error::Invalid(format!("{to} cannot lend a say to themselves")));
        }
        if let Some(app) = &app {
            self.connection(app).await?;
        }
        let what = serde_json::to_string(&(&to, &app, until))?;
        let id = OrderId::derive(Delegation::KIND, &self.actor, now, &what);
        let one = Delegation { id, from: self.actor.clone(), to, app, at: now, until };
        let mut tx = self.begin();
        tx.put_order(&one);
        let about = About { app: one.app.clone(), ..About::default() };
        tx.journal(Event::Delegated, about, json!({"delegation": one}));
        tx.commit().await?;
        Ok(one)
    }

    /// Who may approve in whose place now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delegations(&self) -> Result<Vec<Delegation>> {
        let now = self.env.now();
        let mut found = self.store.orders().await?.delegations;
        found.retain(|one| now < one.until);
        found.sort_by_key(|one| one.at);
        Ok(found)
    }

    /// Ends the delegation whose id begins with `text`. What was approved under it stands.
    ///
    /// # Errors
    /// When there is none, or several, or the store fails.
    pub async fn end_delegation(&self, text: &str) -> Result<Delegation> {
        let mut found = self.delegations().await?;
        found.retain(|one| order_begins(&one.id, text));
        let Ok([one]) = <[Delegation; 1]>::try_from(found) else {
            return Err(Error::NotFound(format!(
                "no single delegation begins with {text}; see muster delegate list"
            )));
        };
        let mut tx = self.begin();
        tx.remove_order(&one);
        let about = About { app: one.app.clone(), ..About::default() };
        tx.journal(Event::DelegationEnded, about, json!({"delegation": one}));
        tx.commit().await?;
        Ok(one)
    }
}

fn standing(situation: &Situation, plan: &Plan, approval: &Approval) -> Standing {
    let used = situation.runs.iter().any(|run| {
        run.operation.fingerprint == approval.fingerprint
            && run.state == RunState::Verified
            && approval.at <= run.intended
    });
    let planned = plan.operations.iter().find(|one| one.fingerprint == approval.fingerprint);
    match planned {
        Some(operation) if operation.approved_by.is_some() => Standing::Counts,
        _ if used => Standing::Used,
        _ => Standing::Void,
    }
}

/// What changes in a person can make the plan ask for something.
const ASKS: [Event; 4] =
    [Event::PersonChanged, Event::PersonAdded, Event::AccountMet, Event::PersonEndOrdered];

fn begins(fingerprint: &Digest, text: &str) -> bool {
    text.len() >= 6 && fingerprint.to_string().starts_with(&text.to_lowercase())
}

/// Whether an order's id begins with `text`, with or without what all ids begin with.
pub(super) fn order_begins(id: &OrderId, text: &str) -> bool {
    let id = id.as_str();
    id.starts_with(text) || id.trim_start_matches("ord_").starts_with(text)
}

fn about(operation: &Operation) -> About {
    About {
        app: Some(operation.app.clone()),
        person: operation.person_id().cloned(),
        account: operation.account.clone(),
        ..About::default()
    }
}
