//! The leavers of a period against the removal of their access: the list that auditors draw their
//! samples from. Who was to leave at any moment of the period is in it, whatever was said later.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    Company, Pressing,
    ask::{Asker, Facts},
    deadline, offboarded,
};
use crate::{
    engine::{
        evidence::leaving::{EndTold, Leavings, LetIn, TieTold, removed},
        holders::is_another_s,
        lifecycle::{self, Hours},
        world::KnownAccount,
    },
    model::{
        id::{AccountId, AppName, PersonId, RoleName},
        person::{Person, TerminationType},
    },
};

/// The end of an engagement after which nothing else gave access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departure {
    /// The engagement.
    pub engagement: u32,
    /// When access was to end.
    pub at: Timestamp,
    /// Whether the work was ended for her.
    pub involuntary: bool,
    /// When a later engagement gives access again.
    pub back: Option<Timestamp>,
}

/// Every end in what is told of `person` after which nothing else gave access, by these `hours`.
#[must_use]
pub fn departures(person: &Person, hours: &Hours<'_>) -> Vec<Departure> {
    let stints = lifecycle::stints(person, hours);
    let departure = |stint: &lifecycle::Stint| {
        let at = stint.end.filter(|end| stint.access_from <= *end)?;
        let others = || stints.iter().filter(|other| other.number != stint.number);
        let goes_on = |other: &lifecycle::Stint| {
            let later = |end: Timestamp| (at, stint.number) < (end, other.number);
            other.access_from <= at && other.end.is_none_or(later)
        };
        if others().any(goes_on) {
            return None;
        }
        let ended = person.engagements.iter().find(|one| one.number == stint.number)?;
        Some(Departure {
            engagement: stint.number,
            at,
            involuntary: ended.terms.termination == Some(TerminationType::Involuntary),
            back: others().map(|other| other.access_from).filter(|from| at < *from).min(),
        })
    };
    stints.iter().filter_map(departure).collect()
}

/// One account of somebody who left, or somebody who left without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaver {
    /// The app.
    pub app: AppName,
    /// Who left.
    pub person: PersonId,
    /// By name.
    pub name: String,
    /// When her access was to end.
    pub left: Timestamp,
    /// Since when that end was known, where it is undone; else as `left`.
    pub known: Timestamp,
    /// Whether her work was ended for her.
    pub involuntary: bool,
    /// Whether that still is what is known.
    pub ending: Ending,
    /// What was told of this end, in turn.
    pub told: Vec<EndTold>,
    /// Her account there; `None` when she has none.
    pub account: Option<LeaverAccount>,
}

/// Whether an end is still what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It is.
    Stands,
    /// It is, and she came back to other work since.
    CameBack(Timestamp),
    /// Since then something else is told: by what is known now she did not leave then.
    Undone(Timestamp),
}

/// A leaver's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaverAccount {
    /// The app's id.
    pub id: AccountId,
    /// The login.
    pub login: String,
    /// The highest role that it had at the leaving or after it.
    pub role: Option<RoleName>,
    /// Whether one of these may manage users or settings.
    pub privileged: bool,
    /// Until when it was to be shut.
    pub due: Timestamp,
    /// When it let in, in turn.
    pub let_in: Vec<LetIn>,
    /// When it was shut out for good, or gone, as a read showed; `None` while it lets in.
    pub removed: Option<Timestamp>,
    /// For how long it let in beyond earlier ends that had come, until somebody moved them.
    pub went_on: SignedDuration,
    /// What was said of whose it is, in turn, where that changed.
    pub tied: Vec<TieTold>,
}

/// What became of a leaver's access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// She had no account.
    NoAccount,
    /// Removed within the limit.
    InTime,
    /// By what was told within the limit she did not leave then, or she came back within it.
    Stays,
    /// Still there, inside the limit.
    Pending,
    /// Removed after the limit.
    Late,
    /// Still there, beyond the limit; or it was when she came back, or when that she left was undone.
    Overdue,
}

impl Removal {
    /// Every outcome, the best first.
    pub const ALL: [Self; 6] =
        [Self::NoAccount, Self::InTime, Self::Stays, Self::Pending, Self::Late, Self::Overdue];

    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoAccount => "no_account",
            Self::InTime => "in_time",
            Self::Stays => "stays",
            Self::Pending => "pending",
            Self::Late => "late",
            Self::Overdue => "overdue",
        }
    }
}

impl Leaver {
    /// What became of it at `now`, and after how many minutes, to the minute above. An account that
    /// was shut before the leaving took none; one that is there has taken until now, or until she
    /// came back, or until the end was undone. Access that went on beyond ends that had come, until
    /// somebody moved them, counts too: no word afterwards starts the clock anew.
    #[must_use]
    pub fn removal(&self, now: Timestamp) -> (Removal, Option<u64>) {
        let undone = matches!(self.ending, Ending::Undone(_));
        let Some(account) = &self.account else {
            return (if undone { Removal::Stays } else { Removal::NoAccount }, None);
        };
        // By what is known now an undone end was none: only while it was known did it ask for anything.
        let from = self.known.max(self.left);
        let after = |at: Timestamp| at.max(from).duration_since(from) + account.went_on;
        let minutes =
            |at: Timestamp| u64::try_from(after(at).as_secs()).unwrap_or_default().div_ceil(60);
        let in_time = |at: Timestamp| after(at) <= account.due.duration_since(self.left);
        let (outcome, at) = match (account.removed, self.ending) {
            (Some(at), Ending::Undone(_)) if in_time(at) => (Removal::Stays, at),
            (Some(at), _) if in_time(at) => (Removal::InTime, at),
            (Some(at), _) => (Removal::Late, at),
            (None, Ending::CameBack(at) | Ending::Undone(at)) if in_time(at) => {
                (Removal::Stays, at)
            }
            (None, Ending::CameBack(at) | Ending::Undone(at)) => (Removal::Overdue, at),
            (None, Ending::Stands) if after(now) < account.due.duration_since(self.left) => {
                (Removal::Pending, now)
            }
            (None, Ending::Stands) => (Removal::Overdue, now),
        };
        (outcome, Some(minutes(at)))
    }

    /// How many minutes were allowed.
    #[must_use]
    pub fn allowed_minutes(&self) -> Option<u64> {
        let due = self.account.as_ref()?.due;
        u64::try_from(due.duration_since(self.left).as_secs() / 60).ok()
    }
}

/// One leaving, before it is known which accounts it is about.
struct Leaving<'a> {
    person: &'a Person,
    engagement: u32,
    left: Timestamp,
    /// Since when that is known, where it is undone.
    known: Timestamp,
    involuntary: bool,
    ending: Ending,
}

/// Everybody whose access was to end from `from` up to but without `to`, by what is known now or was
/// at any moment between, in every app, with each of their accounts. `told` is the whole journal.
#[must_use]
pub fn leavers(
    company: &Company<'_>,
    told: &Leavings,
    (from, to): (Timestamp, Timestamp),
) -> Vec<Leaver> {
    let mut found = Vec::new();
    for facts in &company.apps {
        let known = departed(company, facts);
        let mut leavings = known_now(company, &known, (from, to));
        leavings.extend(known_then(facts, &known, told, (from, to)));
        let disowned = Asker::new(company, facts).disowned();
        for leaving in &leavings {
            found.extend(with_accounts(company, facts, leaving, (told, &disowned)));
        }
    }
    found
}

/// Every departure that has come, by what is known now.
type Departed<'a> = BTreeMap<(&'a PersonId, u32), (&'a Person, Departure)>;

fn departed<'a>(company: &Company<'_>, facts: &'a Facts<'_>) -> Departed<'a> {
    let mut known = BTreeMap::new();
    for person in facts.world.people.values() {
        for one in departures(person, &facts.world.hours()) {
            if one.at <= company.now {
                known.insert((&person.id, one.engagement), (person, one));
            }
        }
    }
    known
}

/// Who left in the period by what is known now.
fn known_now<'a>(
    company: &Company<'_>,
    known: &Departed<'a>,
    (from, to): (Timestamp, Timestamp),
) -> Vec<Leaving<'a>> {
    let within = known.values().filter(|(_, one)| from <= one.at && one.at < to);
    let leaving = |(person, one): &(&'a Person, Departure)| {
        let Departure { engagement, at: left, involuntary, back } = *one;
        let back = back.filter(|back| *back <= company.now);
        let ending = back.map_or(Ending::Stands, Ending::CameBack);
        Leaving { person, engagement, left, known: left, involuntary, ending }
    };
    within.map(leaving).collect()
}

/// Who was to leave in the period by what was told then, and did not by what is known now.
fn known_then<'a>(
    facts: &'a Facts<'_>,
    known: &Departed<'a>,
    told: &'a Leavings,
    (from, to): (Timestamp, Timestamp),
) -> Vec<Leaving<'a>> {
    let mut leavings = Vec::new();
    for ((app, id, number), words) in &told.words {
        let was = told_then(words, (from, to), facts.world.now);
        let was = was.filter(|_| app == facts.world.app);
        let Some((word, until)) = was else { continue };
        let is = facts.world.people.get(id);
        let Some(person) = is.or_else(|| told.people.get(id)) else { continue };
        let (left, involuntary, ending) = match (known.get(&(id, *number)), until) {
            (Some((_, now)), _) if from <= now.at && now.at < to => continue,
            // It moved out of the period, and has come.
            (Some((_, now)), _) => (now.at, now.involuntary, Ending::Stands),
            (None, Some(until)) => (word.end.unwrap_or(until), false, Ending::Undone(until)),
            // It is to come.
            (None, None) => continue,
        };
        // Who left as somebody else is told as that one.
        let into = words.last().and_then(|last| last.into.as_ref());
        let as_other = |into| known.iter().any(|((id, _), (_, one))| *id == into && one.at == left);
        if !into.is_some_and(as_other) {
            let known = if matches!(ending, Ending::Undone(_)) { word.at } else { left };
            let engagement = *number;
            leavings.push(Leaving { person, engagement, left, known, involuntary, ending });
        }
    }
    leavings
}

/// The last end within a period that was told while the period went on, and until when that word
/// counted.
fn told_then(
    words: &[EndTold],
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
) -> Option<(&EndTold, Option<Timestamp>)> {
    let nexts = words.iter().skip(1).map(|next| Some(next.at)).chain([None]);
    let counted = words.iter().zip(nexts).filter(|(word, next)| {
        // What is to come hides nothing that had come before.
        let to_come = |end| next.is_none() && now < end;
        let ends = word.end.is_some_and(|end| from <= end && end < to && !to_come(end));
        ends && word.at < to && next.is_none_or(|next| from <= next)
    });
    counted.last()
}

fn with_accounts(
    company: &Company<'_>,
    facts: &Facts<'_>,
    leaving: &Leaving<'_>,
    (told, disowned): (&Leavings, &BTreeMap<PersonId, Vec<AccountId>>),
) -> Vec<Leaver> {
    let Leaving { person, engagement, left, known, involuntary, ending } = *leaving;
    let app = facts.world.app.clone();
    let words = told.words.get(&(app.clone(), person.id.clone(), engagement));
    let leaver = |account| Leaver {
        app: app.clone(),
        person: person.id.clone(),
        name: person.name(),
        left,
        known,
        involuntary,
        ending,
        told: words.cloned().unwrap_or_default(),
        account,
    };
    let mut accounts: BTreeSet<AccountId> =
        facts.correlation.accounts_of(&person.id).iter().cloned().collect();
    accounts.extend(disowned.get(&person.id).into_iter().flatten().cloned());
    // Whoever's they are said to be now, what was hers when she left or later is told here.
    let taken = told.taken.get(&(app.clone(), person.id.clone())).into_iter().flatten();
    let taken = taken.filter(|(_, until)| left <= **until);
    accounts.extend(taken.map(|(id, _)| id.clone()));
    let held = facts.world.orders.held.iter().filter(|held| held.app == app);
    let held = held.filter(|held| held.person == person.id && left <= held.until);
    accounts.extend(held.map(|held| held.account.clone()));
    if accounts.is_empty() {
        return vec![leaver(None)];
    }
    let account = |id| account(company, facts, id, (leaving, told));
    accounts.iter().filter_map(account).map(|account| leaver(Some(account))).collect()
}

fn account(
    company: &Company<'_>,
    facts: &Facts<'_>,
    id: &AccountId,
    (leaving, told): (&Leaving<'_>, &Leavings),
) -> Option<LeaverAccount> {
    let known = facts.world.accounts.get(id)?;
    let account = &known.account;
    let Leaving { person, left, involuntary, ending, .. } = *leaving;
    let until = match ending {
        Ending::Stands => company.now,
        Ending::CameBack(at) | Ending::Undone(at) => at,
    };
    let app = &facts.world.app;
    let held = told.roles(app, id, (left, until));
    let is_privileged = |role: &&RoleName| facts.world.sight.is_privileged(role);
    let role = held.iter().find(is_privileged).or(held.first()).or(account.role.as_ref());
    let privileged =
        role.is_some_and(|role| is_privileged(&role)) || facts.was_privileged(known, Some(left));
    let pressing = match (involuntary, privileged) {
        (true, _) => Pressing::Involuntary,
        (false, true) => Pressing::Privileged,
        (false, false) => Pressing::Ordinary,
    };
    let allowed = company.allowed(&offboarded::CHECK, pressing);
    let mut let_in = told.let_in(app, id);
    // What it lets in since it is somebody else's is none of her business.
    if is_handed_over(facts, (id, known), (leaving, &let_in)) {
        let_in.pop();
    }
    let key = ((*app).clone(), person.id.clone(), leaving.engagement);
    let words = told.words.get(&key).map(Vec::as_slice).unwrap_or_default();
    let went_on = went_on(words, &told.let_in(app, id), left);
    let tied = told.ties.get(&((*app).clone(), id.clone())).cloned().unwrap_or_default();
    let removed = if told.steps.contains_key(&((*app).clone(), id.clone())) {
        removed(&let_in, told.found_shut(app, id), (left, until))
    } else {
        // What the journal told of it was taken out with her data.
        let shut = known.gone.is_some() || !account.status.may_sign_in();
        let read = || facts.world.sight.started;
        facts.proved(id).or(known.gone).or_else(read).filter(|_| shut)
    };
    Some(LeaverAccount {
        id: id.clone(),
        login: account.login.clone(),
        role: role.cloned(),
        privileged,
        due: deadline::due(left, allowed, Some(person), &company.policy.organization),
        let_in,
        removed,
        went_on,
        tied,
    })
}

/// For how long an account that let in so did beyond ends that were told and had come, until somebody
/// moved them. The one from which the removal is measured is not among them.
fn went_on(words: &[EndTold], stretches: &[LetIn], left: Timestamp) -> SignedDuration {
    let moved = words.iter().zip(words.iter().skip(1));
    let beyond = moved.filter_map(|(word, next)| {
        let end = word.end.filter(|end| *end < left)?;
        Some((end.max(word.at), next.at.min(left)))
    });
    let overlap = |(from, to): (Timestamp, Timestamp)| {
        let within = stretches.iter().map(|one| {
            let until = one.until.map_or(to, |(at, _)| at.min(to));
            until.duration_since(one.from.0.max(from)).max(SignedDuration::ZERO)
        });
        within.sum::<SignedDuration>()
    };
    beyond.map(overlap).sum()
}

/// Whether the account, which lets in, is somebody else's by now beyond doubt.
fn is_handed_over(
    facts: &Facts<'_>,
    (id, known): (&AccountId, &KnownAccount),
    (leaving, let_in): (&Leaving<'_>, &[LetIn]),
) -> bool {
    let [.., before, last] = let_in else { return false };
    let Some(matched) = facts.correlation.matches.get(id) else { return false };
    let shut = before.until.map(|_| last.from.0);
    let (leaver, left) = (&leaving.person.id, leaving.left);
    last.until.is_none()
        && is_another_s(&facts.directory, (leaver, left), (true, shut), (known, matched))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-10-{text}:00Z").parse().unwrap()
    }

    #[test]
    fn what_was_told_in_the_period_counts_though_it_was_told_otherwise_later() {
        let word = |told: &str, end: Option<&str>| EndTold {
            at: at(told),
            by: "ines".to_owned(),
            entry: 1,
            end: end.map(at),
            into: None,
        };
        let words = [
            word("01T08:00", Some("10T18:00")),
            word("12T08:00", Some("11T18:00")),
            word("20T08:00", None),
        ];
        let then = |from, to| {
            let told = told_then(&words, (at(from), at(to)), at("31T00:00"));
            told.map(|(word, until)| (word.end.unwrap(), until))
        };
        assert_eq!(then("05T00:00", "15T00:00"), Some((at("11T18:00"), Some(at("20T08:00")))));
        assert_eq!(then("05T00:00", "12T00:00"), Some((at("10T18:00"), Some(at("12T08:00")))));
        assert_eq!(then("21T00:00", "25T00:00"), None);
        // Moved again, and to come: what had come counts still.
        let moved = [word("01T08:00", Some("10T18:00")), word("11T08:00", Some("14T18:00"))];
        let before = told_then(&moved, (at("05T00:00"), at("15T00:00")), at("12T00:00"));
        assert_eq!(before, Some((&moved[0], Some(at("11T08:00")))));
        // Access went on beyond the end that had come, as long as it was seen letting in.
        let stretch = |from, until: Option<&str>| LetIn {
            from: (at(from), 1),
            until: until.map(|until| (at(until), 2)),
            roles: Vec::new(),
        };
        let left = at("14T18:00");
        let for_hours = |stretches: &[LetIn]| went_on(&moved, stretches, left).as_hours();
        assert_eq!(for_hours(&[stretch("01T00:00", None)]), 14);
        assert_eq!(for_hours(&[stretch("01T00:00", Some("10T20:00"))]), 2);
        assert_eq!(for_hours(&[stretch("01T00:00", Some("10T12:00"))]), 0);
        // words: told on the 1st to end on the 10th, moved on the 12th, taken back on the 20th.
        assert_eq!(went_on(&words, &[stretch("01T00:00", None)], left).as_hours(), 96);
        // Told only after the period.
        assert_eq!(told_then(&words[1..], (at("05T00:00"), at("12T00:00")), at("31T00:00")), None);
    }

    #[test]
    fn removal_is_measured_from_the_leaving_against_the_limit() {
        let account = LeaverAccount {
            id: "17".parse().unwrap(),
            login: "ann@acme.example".to_owned(),
            role: None,
            privileged: false,
            due: at("02T18:00"),
            let_in: Vec::new(),
            removed: None,
            went_on: SignedDuration::ZERO,
            tied: Vec::new(),
        };
        let mut leaver = Leaver {
            app: "support".parse().unwrap(),
            person: "per_aaaaaaaaaaaaaaaa".parse().unwrap(),
            name: "Ann".to_owned(),
            left: at("01T18:00"),
            known: at("01T18:00"),
            involuntary: false,
            ending: Ending::Stands,
            told: Vec::new(),
            account: Some(account),
        };
        let now = at("03T18:00");
        let removal = |leaver: &Leaver, removed: Option<&str>| {
            let mut leaver = leaver.clone();
            if let Some(account) = &mut leaver.account {
                account.removed = removed.map(at);
            }
            leaver.removal(now)
        };
        assert_eq!(leaver.allowed_minutes(), Some(1440));
        assert_eq!(removal(&leaver, Some("01T18:05")), (Removal::InTime, Some(5)));
        assert_eq!(removal(&leaver, Some("01T09:00")), (Removal::InTime, Some(0)));
        assert_eq!(removal(&leaver, Some("02T18:00")), (Removal::InTime, Some(1440)));
        assert_eq!(removal(&leaver, Some("02T18:01")), (Removal::Late, Some(1441)));
        assert_eq!(removal(&leaver, None), (Removal::Overdue, Some(2880)));
        assert_eq!(leaver.removal(at("02T17:00")), (Removal::Pending, Some(1380)));
        for (ending, removed, expected) in [
            (Ending::CameBack(at("02T12:00")), None, (Removal::Stays, Some(1080))),
            (Ending::CameBack(at("02T20:00")), None, (Removal::Overdue, Some(1560))),
            (Ending::CameBack(at("02T20:00")), Some("02T19:00"), (Removal::Late, Some(1500))),
            (Ending::Undone(at("02T12:00")), None, (Removal::Stays, Some(1080))),
            // It was told only after the limit: by what was known then, access went on.
            (Ending::Undone(at("02T20:00")), None, (Removal::Overdue, Some(1560))),
            (Ending::Undone(at("02T20:00")), Some("02T19:00"), (Removal::Late, Some(1500))),
            (Ending::Undone(at("02T20:00")), Some("02T09:00"), (Removal::Stays, Some(900))),
            (Ending::Undone(at("01T12:00")), None, (Removal::Stays, Some(0))),
        ] {
            leaver.ending = ending;
            assert_eq!(removal(&leaver, removed), expected, "{ending:?}");
        }
        // An end that was told late, by mistake, and mended at once.
        leaver.known = at("02T19:50");
        leaver.ending = Ending::Undone(at("02T20:00"));
        assert_eq!(removal(&leaver, None), (Removal::Stays, Some(10)));
        leaver.known = leaver.left;
        // Moved day by day, an end gives no day more.
        leaver.ending = Ending::Stands;
        leaver.account.as_mut().unwrap().went_on = SignedDuration::from_hours(20);
        assert_eq!(leaver.removal(at("01T21:00")), (Removal::Pending, Some(1380)));
        assert_eq!(leaver.removal(at("01T23:00")), (Removal::Overdue, Some(1500)));
        assert_eq!(removal(&leaver, Some("01T21:00")), (Removal::InTime, Some(1380)));
        assert_eq!(removal(&leaver, Some("01T23:00")), (Removal::Late, Some(1500)));
        leaver.ending = Ending::Undone(at("02T20:00"));
        leaver.account = None;
        assert_eq!(removal(&leaver, None), (Removal::Stays, None));
        leaver.ending = Ending::Stands;
        assert_eq!(removal(&leaver, None), (Removal::NoAccount, None));
    }
}
