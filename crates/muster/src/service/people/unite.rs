//! Saying that two records are one human, and taking that back.

use std::{collections::BTreeMap, sync::Arc};

use muster_domain::{
    engine::merge::{self, FieldChange, Turn},
    model::{
        id::{AccountId, AppName, OperationId, PersonId},
        journal::{About, Event},
        link::{Link, Tie},
        operation::Run,
        order::{Distinct, Merged, NotTheirs, Order as _},
        person::Person,
    },
};
use serde::Serialize;
use serde_json::json;

use super::changed_meanwhile;
use crate::{
    error::{Error, Result},
    service::{
        Muster,
        why::{self, PersonInApp},
    },
    store::records::RunFilter,
};

/// What it would do that two people are one.
#[derive(Debug, Clone, Serialize)]
pub struct United {
    /// The one who goes on, as she will be.
    pub person: Person,
    /// What becomes different in her.
    pub changes: Vec<FieldChange>,
    /// What the next plan makes of it, app by app.
    pub apps: Vec<PersonInApp>,
    /// For which accounts access ends at another time than before.
    pub turns: Vec<Turn>,
    /// What is kept to take it back.
    pub merged: Merged,
    /// The one who goes on, as she was.
    #[serde(skip)]
    before: Person,
}

/// What it would do that one person is two again.
#[derive(Debug, Clone, Serialize)]
pub struct Parting {
    /// The one who went on for both, as she will be.
    pub person: Person,
    /// The one who is her own person again.
    pub other: Person,
    /// What made them one.
    pub merged: Merged,
    /// The one who went on, as she was.
    #[serde(skip)]
    before: Person,
}

impl Muster {
    /// What would become of two people who are said to be one: the one known first goes on. Writes
    /// nothing.
    ///
    /// # Errors
    /// When something stands in the way.
    pub async fn preview_unite(&self, one: &Person, other: &Person) -> Result<United> {
        if one.id == other.id {
            return Err(Error::Invalid(format!("both are {} already", one.name())));
        }
        if let Some(gone) = [one, other].into_iter().find(|person| person.redacted.is_some()) {
            return Err(Error::Invalid(format!(
                "the data of {} was taken out; nobody can be recognised in it",
                gone.id
            )));
        }
        let (kept, other) =
            if other.first_seen < one.first_seen { (other, one) } else { (one, other) };
        let runs = self.settled_runs(&[kept, other]).await?;
        let orders = self.store.orders().await?;
        let (named, now) = (orders.mentioning(other.id.as_str())?, self.env.now());
        let lapsed = |key: &str| {
            let freeze = orders.freezes.iter().find(|freeze| freeze.key() == key);
            freeze.is_some_and(|freeze| freeze.until.is_some_and(|until| until <= now))
        };
        // What was said of whose an account is not, and of who is not who, goes on with them.
        let goes_on = |kind: &str| matches!(kind, NotTheirs::KIND | Distinct::KIND);
        if let Some((kind, key)) = named.iter().find(|(kind, key)| !goes_on(kind) && !lapsed(key)) {
            return Err(Error::Invalid(format!(
                "an order given by hand names {} ({kind} {key}); take it back first, and give it \
                 anew for {}",
                other.name(),
                kept.name()
            )));
        }
        let (person, numbers) = merge::unite(kept, other, &self.ranking().await?);
        let mut links = Vec::new();
        for app in self.connected().await? {
            for link in self.store.links(&app).await?.into_values() {
                if retied(&link, &other.id, &kept.id).is_some() {
                    links.push((app.clone(), link.account));
                }
            }
        }
        let mut merged = Merged {
            person: other.clone(),
            into: kept.id.clone(),
            kept_end: kept.ordered_end.clone(),
            numbers,
            links,
            runs,
            kept: Vec::new(),
            by: self.actor.clone(),
            at: self.env.now(),
        };
        let changes = merge::differences(kept, &person);
        let (apps, turns) = self.outlook_united([kept, other], &person).await?;
        let longer = turns.iter().filter(|turn| turn.keeps());
        merged.kept = longer.map(|turn| (turn.app.clone(), turn.account.clone())).collect();
        Ok(United { person, changes, apps, turns, merged, before: kept.clone() })
    }

    /// The runs for these people, which must all be settled; those of the last are given.
    async fn settled_runs(&self, people: &[&Person]) -> Result<Vec<OperationId>> {
        let mut ids = Vec::new();
        for person in people {
            let filter = RunFilter { person: Some(person.id.clone()), ..RunFilter::default() };
            let runs = self.store.runs(&filter).await?;
            if let Some(run) = runs.iter().find(|run| run.state.is_unsettled()) {
                return Err(Error::Busy(format!(
                    "the outcome of {} for {} is not known yet; find it out first: muster apply {}",
                    run.id,
                    person.name(),
                    run.operation.app
                )));
            }
            ids = runs.into_iter().map(|run| run.id).collect();
        }
        Ok(ids)
    }

    async fn connected(&self) -> Result<Vec<AppName>> {
        Ok(self.store.connections().await?.into_iter().map(|one| one.app).collect())
    }

    async fn outlook_united(
        &self,
        two: [&Person; 2],
        person: &Person,
    ) -> Result<(Vec<PersonInApp>, Vec<Turn>)> {
        let (policy, now) = (self.policy_or_none().await?, self.env.now());
        let before = Arc::new(self.people().await?);
        let mut after = BTreeMap::clone(&before);
        for one in two {
            after.remove(&one.id);
        }
        after.insert(person.id.clone(), person.clone());
        let after = Arc::new(after);
        let (mut apps, mut turns) = (Vec::new(), Vec::new());
        for app in self.planned_apps(&policy).await? {
            let mut situation =
                self.situation_with(&app, policy.clone(), Arc::clone(&before)).await?;
            let apart = situation.clone();
            situation.people = Arc::clone(&after);
            for link in situation.links.values_mut() {
                for one in two {
                    if let Some(retied) = retied(link, &one.id, &person.id) {
                        *link = retied;
                    }
                }
            }
            turns.extend(merge::turns(&apart.world(now)?, &situation.world(now)?, two, person));
            apps.push(why::in_app(&situation, person, now)?);
        }
        Ok((apps, turns))
    }

    /// Makes two people one. Both keep what their sources call them; accounts, ties and what was
    /// done go on under the one who was known first.
    ///
    /// # Errors
    /// When either was changed since, or the store fails; nothing is changed then.
    pub async fn unite(&self, united: &United) -> Result<()> {
        let United { person, changes, merged, before, .. } = united;
        let other = &merged.person;
        self.still(before).await?;
        self.still(other).await?;
        let mut tx = self.begin();
        tx.put_people(std::slice::from_ref(person));
        tx.remove_person(&other.id);
        tx.put_order(merged);
        // The later word of the two counts.
        let said = Distinct::new(person.id.clone(), other.id.clone(), String::new(), merged.at);
        tx.remove_order(&said);
        for (app, links) in self.ties(&merged.links).await? {
            let links: Vec<_> =
                links.iter().filter_map(|link| retied(link, &other.id, &person.id)).collect();
            tx.put_links(&app, &links);
        }
        for run in self.runs_of(&merged.runs).await? {
            tx.put_run(&moved(run, &person.id, |number| merged.numbers.get(&number).copied()));
        }
        let data = json!({"other": other, "into": person.id, "changes": changes, "merged": {
            "numbers": merged.numbers, "links": merged.links, "runs": merged.runs,
        }, "access": united.turns});
        let about = |person: &PersonId| About { person: Some(person.clone()), ..About::default() };
        tx.journal(Event::PersonMerged, about(&person.id), data.clone());
        tx.journal(Event::PersonMerged, about(&other.id), data);
        tx.commit().await?;
        Ok(())
    }

    /// Says that two who look alike are two: nobody is asked about them again.
    ///
    /// # Errors
    /// When both are one, or the store fails.
    pub async fn are_two(&self, one: &Person, other: &Person) -> Result<Distinct> {
        if one.id == other.id {
            return Err(Error::Invalid(format!(
                "both are {}; if they were made one: muster people split",
                one.name()
            )));
        }
        let (by, at) = (self.actor.clone(), self.env.now());
        let said = Distinct::new(one.id.clone(), other.id.clone(), by, at);
        let mut tx = self.begin();
        tx.put_order(&said);
        let about = |person: &PersonId| About { person: Some(person.clone()), ..About::default() };
        tx.journal(Event::PeopleDistinct, about(&said.one), json!({"distinct": said}));
        tx.journal(Event::PeopleDistinct, about(&said.other), json!({"distinct": said}));
        tx.commit().await?;
        Ok(said)
    }

    /// What would become of the person who is said to be another, called `text`, if that was taken
    /// back. Writes nothing.
    ///
    /// # Errors
    /// When nobody of that name was merged, or something stands in the way.
    pub async fn preview_part(&self, text: &str) -> Result<Parting> {
        let name = merge_name(text);
        let fits = |merged: &&Merged| {
            merged.person.id.as_str() == text
                || merged.person.anchors().any(|anchor| anchor.to_string() == text)
                || merge_name(&merged.person.name()) == name
        };
        let orders = self.store.orders().await?;
        let found: Vec<_> = orders.merged.iter().filter(fits).collect();
        let merged = match found.as_slice() {
            [only] => (*only).clone(),
            [] => {
                let all: Vec<_> = orders
                    .merged
                    .iter()
                    .map(|merged| format!("{} ({})", merged.person.id, merged.person.name()))
                    .collect();
                let all = if all.is_empty() { "nobody".to_owned() } else { all.join(", ") };
                return Err(Error::NotFound(format!("{text} was not merged; merged are: {all}")));
            }
            several => {
                let ids: Vec<_> = several.iter().map(|one| one.person.id.to_string()).collect();
                return Err(Error::Invalid(format!("{text} is one of {}", ids.join(", "))));
            }
        };
        let before = self.store.person(&merged.into).await?.ok_or_else(|| {
            Error::NotFound(format!(
                "{} was merged into another since; split that first",
                merged.into
            ))
        })?;
        self.settled_runs(&[&before]).await?;
        let (person, other) =
            merge::part(&before, &merged, &self.ranking().await?).ok_or_else(|| {
                Error::Invalid(format!(
                    "{} has no sources of her own any more, so there is nothing to split",
                    merged.person.name()
                ))
            })?;
        Ok(Parting { person, other, merged, before })
    }

    /// Makes one person two again, with the accounts that came with each.
    ///
    /// # Errors
    /// When she was changed since, or the store fails; nothing is changed then.
    pub async fn part(&self, parting: &Parting) -> Result<()> {
        let Parting { person, other, merged, before } = parting;
        self.still(before).await?;
        let mut tx = self.begin();
        tx.put_people(&[person.clone(), other.clone()]);
        tx.remove_order(merged);
        for (app, links) in self.ties(&merged.links).await? {
            let links: Vec<_> =
                links.iter().filter_map(|link| retied(link, &person.id, &other.id)).collect();
            tx.put_links(&app, &links);
        }
        let back: BTreeMap<u32, u32> =
            merged.numbers.iter().map(|(theirs, united)| (*united, *theirs)).collect();
        for run in self.runs_of(&merged.runs).await? {
            tx.put_run(&moved(run, &other.id, |number| back.get(&number).copied()));
        }
        let data = json!({"person": person.id, "other": other.id});
        for id in [&person.id, &other.id] {
            let about = About { person: Some(id.clone()), ..About::default() };
            tx.journal(Event::PersonParted, about, data.clone());
        }
        tx.commit().await?;
        Ok(())
    }

    async fn still(&self, person: &Person) -> Result<()> {
        if self.store.person(&person.id).await?.as_ref() == Some(person) {
            return Ok(());
        }
        Err(changed_meanwhile(person))
    }

    async fn ties(&self, accounts: &[(AppName, AccountId)]) -> Result<Vec<(AppName, Vec<Link>)>> {
        let mut ties = Vec::new();
        for app in self.connected().await? {
            let mut links = self.store.links(&app).await?;
            links.retain(|account, _| accounts.contains(&(app.clone(), account.clone())));
            ties.push((app, links.into_values().collect()));
        }
        Ok(ties)
    }

    async fn runs_of(&self, ids: &[OperationId]) -> Result<Vec<Run>> {
        let mut runs = Vec::new();
        for id in ids {
            runs.extend(self.store.run(id).await?);
        }
        Ok(runs)
    }
}

fn merge_name(text: &str) -> String {
    muster_domain::engine::correlate::fold_name(text)
}

/// The link with `to` in the place of `from`, when `from` has it.
fn retied(link: &Link, from: &PersonId, to: &PersonId) -> Option<Link> {
    let tie = match &link.tie {
        Tie::Person { person, because, confirmed } if person == from => Tie::Person {
            person: to.clone(),
            because: because.clone(),
            confirmed: confirmed.clone(),
        },
        Tie::NotAPerson { kind, owner, confirmed } if owner == from => {
            Tie::NotAPerson { kind: *kind, owner: to.clone(), confirmed: confirmed.clone() }
        }
        Tie::Person { .. } | Tie::NotAPerson { .. } | Tie::Unwanted { .. } => return None,
    };
    Some(Link { tie, ..link.clone() })
}

/// A run that counts for another person: at most one invitation goes to one human.
fn moved(mut run: Run, to: &PersonId, number: impl Fn(u32) -> Option<u32>) -> Run {
    if let Some(person) = &mut run.operation.person {
        person.id = to.clone();
        person.engagement = person.engagement.map(|known| number(known).unwrap_or(known));
    }
    run
}
