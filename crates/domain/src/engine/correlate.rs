//! Correlating: which person each account belongs to. Certain matches are acted
//! on, uncertain ones are put to a human, a link once made is never replaced silently.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::{
    directory::Named,
    parts::in_parts,
    world::{KnownAccount, World},
};
use crate::model::{
    account::{Account, AccountKind},
    email::EmailAddress,
    id::{AccountId, PersonId},
    link::{Confirmation, Link, NonHuman, Tie},
    person::Person,
};

/// Someone an account may belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The person.
    pub person: PersonId,
    /// How sure, of 100.
    pub score: u8,
    /// Why.
    pub because: String,
}

/// What is known of an account's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "match", rename_all = "snake_case")]
pub enum Match {
    /// It is this person's.
    Linked {
        /// The person.
        person: PersonId,
        /// Why.
        because: String,
        /// Whether a human said so.
        confirmed: bool,
        /// Other current people who claim it by id or address: nothing destructive happens
        /// until that is settled.
        claimed_by: Vec<PersonId>,
    },
    /// A human declared it nobody's own.
    Classified {
        /// What it is.
        kind: NonHuman,
        /// Who answers for it.
        owner: PersonId,
    },
    /// A human said that it should not exist.
    Unwanted {
        /// Why.
        reason: String,
        /// Who said so, and when.
        said: Confirmation,
        /// Current people who claim it by id or address: nothing destructive happens until that is
        /// settled.
        claimed_by: Vec<PersonId>,
    },
    /// The app itself says it is a bot or an integration.
    Machine {
        /// What the app says.
        kind: AccountKind,
    },
    /// It may be one of these people's: a human decides.
    ToConfirm {
        /// The candidates, best first.
        candidates: Vec<Candidate>,
    },
    /// Nobody is known to whom it could belong.
    Unmatched,
}

/// The outcome for all accounts of an app.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Correlation {
    /// Per account.
    pub matches: BTreeMap<AccountId, Match>,
    /// Per person, the accounts that are hers.
    pub by_person: BTreeMap<PersonId, Vec<AccountId>>,
    /// Per person, the accounts that may be hers and are not settled; none that is gone.
    pub maybe: BTreeMap<PersonId, Vec<AccountId>>,
}

impl Correlation {
    /// The accounts that are `person`'s.
    #[must_use]
    pub fn accounts_of(&self, person: &PersonId) -> &[AccountId] {
        self.by_person.get(person).map_or(&[], Vec::as_slice)
    }

    /// All of `people`, with the accounts that are theirs.
    pub fn of_all<'a>(
        &'a self,
        people: &'a BTreeMap<PersonId, Person>,
    ) -> impl Iterator<Item = (&'a Person, &'a [AccountId])> {
        // Side by side, in order: far cheaper than looking each one up.
        let mut known = self.by_person.iter().peekable();
        people.iter().map(move |(id, person)| {
            while known.next_if(|(other, _)| *other < id).is_some() {}
            let hers = known.next_if(|(other, _)| *other == id);
            (person, hers.map_or(&[][..], |(_, accounts)| accounts.as_slice()))
        })
    }

    /// Everybody who has an account, with her accounts; as nobody who is none of `people`.
    pub fn holders<'a>(
        &'a self,
        people: &'a BTreeMap<PersonId, Person>,
    ) -> impl Iterator<Item = (Option<&'a Person>, &'a [AccountId])> {
        let mut known = people.iter().peekable();
        self.by_person.iter().map(move |(id, accounts)| {
            while known.next_if(|(other, _)| *other < id).is_some() {}
            let person = known.next_if(|(other, _)| *other == id);
            (person.map(|(_, person)| person), accounts.as_slice())
        })
    }

    /// All of `accounts`, with whose they are.
    pub fn matched<'a>(
        &'a self,
        accounts: &'a BTreeMap<AccountId, KnownAccount>,
    ) -> impl Iterator<Item = (&'a AccountId, &'a KnownAccount, &'a Match)> {
        let mut known = accounts.iter().peekable();
        self.matches.iter().filter_map(move |(id, matched)| {
            while known.next_if(|(other, _)| *other < id).is_some() {}
            let (id, account) = known.next_if(|(other, _)| *other == id)?;
            Some((id, account, matched))
        })
    }

    /// Accounts that are not settled though `person` may be their owner.
    pub fn maybe_of(&self, person: &PersonId) -> impl Iterator<Item = &AccountId> {
        self.maybe.get(person).into_iter().flatten()
    }
}

/// What humans, and rules before, answered to whose the accounts of an app are.
#[derive(Debug, Clone, Default)]
pub struct Answers<'a> {
    links: Option<&'a BTreeMap<AccountId, Link>>,
    /// Whose an account is certainly not.
    not_theirs: BTreeMap<&'a AccountId, BTreeSet<&'a PersonId>>,
}

impl<'a> Answers<'a> {
    /// The answers in `world`. Who went on as another took along what was said of her.
    #[must_use]
    pub fn new(world: &World<'a>) -> Self {
        let mut not_theirs: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for said in world.orders.not_theirs.iter().filter(|said| said.app == *world.app) {
            let people = world.orders.goes_on_as(&said.person);
            not_theirs.entry(&said.account).or_default().extend(people);
        }
        Self { links: Some(world.links), not_theirs }
    }

    fn link(&self, account: &AccountId) -> Option<&'a Link> {
        let link = self.links?.get(account)?;
        // What a rule once tied gives way to a human's word.
        let refused = !link.is_confirmed() && link.person().is_some_and(|id| self.no(account, id));
        (!refused).then_some(link)
    }

    /// Whether somebody said that `account` is not `person`'s.
    fn no(&self, account: &AccountId, person: &PersonId) -> bool {
        self.not_theirs.get(account).is_some_and(|people| people.contains(person))
    }
}

/// The people, indexed by everything an account can be recognised by.
struct Index<'a> {
    people: &'a BTreeMap<PersonId, Person>,
    answers: &'a Answers<'a>,
    work: Named<&'a str, &'a PersonId>,
    former: Named<&'a str, &'a PersonId>,
    /// Only made once an account is met that no address tells: most never ask.
    local: OnceLock<Named<&'a str, &'a PersonId>>,
    /// As `local`.
    name: OnceLock<Named<String, &'a PersonId>>,
    domains: BTreeSet<&'a str>,
}

impl<'a> Index<'a> {
    fn new(
        people: &'a BTreeMap<PersonId, Person>,
        answers: &'a Answers<'a>,
        domains: &'a [String],
    ) -> Self {
        let mut index = Self {
            people,
            answers,
            work: Named::for_up_to(people.len()),
            former: Named::for_up_to(0),
            local: OnceLock::new(),
            name: OnceLock::new(),
            domains: domains.iter().map(String::as_str).collect(),
        };
        for (id, person) in people {
            if let Some(email) = &person.profile.work_email {
                index.work.add(email.folded(), id);
            }
            for email in person.profile.former_emails.iter().flatten() {
                index.former.add(email.folded(), id);
            }
        }
        index
    }

    /// Candidates in the order of trust, best band only. Those of whom somebody said that it is not
    /// theirs are none.
    fn candidates(&self, account: &KnownAccount) -> Vec<Candidate> {
        let account = &account.account;
        let not_refused = |person: &PersonId| !self.answers.no(&account.id, person);
        if let Some(person) = account.external_id.as_deref().and_then(|id| id.parse().ok())
            && self.people.contains_key(&person)
            && not_refused(&person)
        {
            let because = "Muster's person id is written in the account".to_owned();
            return vec![Candidate { person, score: 100, because }];
        }
        let by_name = || {
            let mut found = self.by_name(&account.name);
            found.retain(|candidate| not_refused(&candidate.person));
            found
        };
        let Some(email) = &account.email else { return by_name() };
        let band = |people: &mut dyn Iterator<Item = &PersonId>, score: u8, what: &str| {
            let found: Vec<_> = people
                .filter(|person| not_refused(person))
                .map(|person| Candidate {
                    person: person.clone(),
                    score,
                    because: format!("{what} {email}"),
                })
                .collect();
            (!found.is_empty()).then_some(found)
        };
        let local = "the same name before the @, in one of your domains,";
        band(&mut self.work.all(email.folded()), 95, "work e-mail")
            .or_else(|| band(&mut self.former.all(email.folded()), 90, "former e-mail"))
            .or_else(|| band(&mut self.same_local(email).into_iter().flatten(), 70, local))
            .unwrap_or_else(by_name)
    }

    /// Everybody but `owner` who claims the account by id or by any address, whichever band is the
    /// best.
    fn others(&self, owner: Option<&PersonId>, account: &KnownAccount) -> BTreeSet<PersonId> {
        let account = &account.account;
        let written = account.external_id.as_deref().and_then(|id| id.parse().ok());
        let written = written.filter(|id| self.people.contains_key(id));
        let holders = account
            .email
            .iter()
            .flat_map(|email| self.work.all(email.folded()).chain(self.former.all(email.folded())));
        holders
            .chain(&written)
            .filter(|id| Some(*id) != owner && !self.answers.no(&account.id, id))
            .cloned()
            .collect()
    }

    fn same_local(&self, email: &EmailAddress) -> Option<impl Iterator<Item = &'a PersonId>> {
        let local = || {
            self.local.get_or_init(|| {
                let mut local = Named::for_up_to(self.people.len());
                for (id, person) in self.people {
                    if let Some(email) = &person.profile.work_email {
                        local.add(email.local_without_tag(), id);
                    }
                }
                local
            })
        };
        self.domains.contains(email.domain()).then(|| local().all(email.local_without_tag()))
    }

    fn by_name(&self, name: &str) -> Vec<Candidate> {
        let names = self.name.get_or_init(|| {
            let mut names = Named::for_up_to(self.people.len());
            for (id, person) in self.people {
                if let Some(name) = person.profile.name() {
                    names.add(fold_name(&name), id);
                }
            }
            names
        });
        names
            .all(fold_name(name).as_str())
            .map(|person| Candidate {
                person: person.clone(),
                score: 40,
                because: format!("the same name {name:?}, which is no proof"),
            })
            .collect()
    }
}

/// A name as it is compared: NFKC, lower case, single blanks.
#[must_use]
pub fn fold_name(name: &str) -> String {
    if name.is_ascii() {
        let words: Vec<_> = name.split_ascii_whitespace().collect();
        return words.join(" ").to_ascii_lowercase();
    }
    let folded: String = name.nfkc().flat_map(char::to_lowercase).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// From this score on, a match that is the only one is acted on.
const CERTAIN: u8 = 90;

/// Correlates every account. `ended` tells whether a person no longer works here: such a person
/// does not contest another's claim.
pub fn correlate(
    people: &BTreeMap<PersonId, Person>,
    accounts: &BTreeMap<AccountId, KnownAccount>,
    answers: &Answers<'_>,
    domains: &[String],
    ended: &(dyn Fn(&Person) -> bool + Sync),
) -> Correlation {
    let index = Index::new(people, answers, domains);
    let mut result = Correlation::default();
    let all: Vec<_> = accounts.iter().collect();
    // Collected in order of keys and turned into maps at once: much cheaper than many inserts.
    let matches = in_parts(&all, |part| {
        let one = |&(id, account): &(&AccountId, &KnownAccount)| {
            (id.clone(), correlate_one((id, account), &index, ended))
        };
        part.iter().map(one).collect()
    });
    drop(index);
    let mut owned = Vec::with_capacity(accounts.len());
    for ((id, found), (_, account)) in matches.iter().zip(all) {
        match found {
            Match::Linked { person, .. } => owned.push((person.clone(), id.clone())),
            Match::ToConfirm { candidates } if account.gone.is_none() => {
                for candidate in candidates {
                    result.maybe.entry(candidate.person.clone()).or_default().push(id.clone());
                }
            }
            _ => {}
        }
    }
    result.matches = matches.into_iter().collect();
    owned.sort_unstable();
    let mut by_person: Vec<(PersonId, Vec<AccountId>)> = Vec::with_capacity(owned.len());
    for (person, account) in owned {
        match by_person.last_mut() {
            Some((last, accounts)) if *last == person => accounts.push(account),
            _ => by_person.push((person, vec![account])),
        }
    }
    result.by_person = by_person.into_iter().collect();
    result
}

/// Correlates `changed` again, where nothing else is different since `correlation` was made.
pub(super) fn correlate_again(
    correlation: &mut Correlation,
    world: &World<'_>,
    changed: &BTreeSet<AccountId>,
    ended: &(dyn Fn(&Person) -> bool + Sync),
) {
    if changed.is_empty() {
        return;
    }
    let answers = Answers::new(world);
    let index = Index::new(world.people, &answers, &world.policy.organization.domains);
    for id in changed {
        let before = correlation.matches.remove(id);
        for owner in before.iter().flat_map(owners) {
            leave_out(&mut correlation.by_person, owner, id);
            leave_out(&mut correlation.maybe, owner, id);
        }
        let Some(account) = world.accounts.get(id) else { continue };
        let found = correlate_one((id, account), &index, ended);
        let theirs = match &found {
            Match::Linked { .. } => Some(&mut correlation.by_person),
            Match::ToConfirm { .. } if account.gone.is_none() => Some(&mut correlation.maybe),
            _ => None,
        };
        if let Some(theirs) = theirs {
            for owner in owners(&found) {
                let accounts = theirs.entry(owner.clone()).or_default();
                let place = accounts.partition_point(|other| other <= id);
                accounts.insert(place, id.clone());
            }
        }
        correlation.matches.insert(id.clone(), found);
    }
}

/// Whose an account is, or may be.
fn owners(matched: &Match) -> Vec<&PersonId> {
    match matched {
        Match::Linked { person, .. } => vec![person],
        Match::ToConfirm { candidates } => candidates.iter().map(|one| &one.person).collect(),
        Match::Classified { .. }
        | Match::Unwanted { .. }
        | Match::Machine { .. }
        | Match::Unmatched => Vec::new(),
    }
}

fn leave_out(of: &mut BTreeMap<PersonId, Vec<AccountId>>, person: &PersonId, account: &AccountId) {
    let Some(accounts) = of.get_mut(person) else { return };
    accounts.retain(|one| one != account);
    if accounts.is_empty() {
        of.remove(person);
    }
}

/// All of an account by which it is told whose it is; with its links and the people, all that the
/// outcome rests on.
pub(super) fn marks(
    known: &KnownAccount,
) -> (Option<&str>, Option<&EmailAddress>, &str, AccountKind, bool) {
    let Account { external_id, email, name, kind, .. } = &known.account;
    (external_id.as_deref(), email.as_ref(), name, *kind, known.gone.is_some())
}

fn correlate_one(
    (id, account): (&AccountId, &KnownAccount),
    index: &Index<'_>,
    ended: &(dyn Fn(&Person) -> bool + Sync),
) -> Match {
    match index.answers.link(id) {
        Some(link) => linked(link, account, index, ended),
        None => unlinked(account, index, ended),
    }
}

fn linked(
    link: &Link,
    account: &KnownAccount,
    index: &Index<'_>,
    ended: &(dyn Fn(&Person) -> bool + Sync),
) -> Match {
    match &link.tie {
        Tie::NotAPerson { kind, owner, .. } => {
            Match::Classified { kind: *kind, owner: owner.clone() }
        }
        Tie::Unwanted { reason, confirmed } => Match::Unwanted {
            reason: reason.clone(),
            said: confirmed.clone(),
            claimed_by: contenders(None, account, index, ended),
        },
        Tie::Person { person, because, confirmed } => {
            // A human's word outweighs an address; a rule's does not.
            let claimed_by = if confirmed.is_some() {
                Vec::new()
            } else {
                contenders(Some(person), account, index, ended)
            };
            Match::Linked {
                person: person.clone(),
                because: because.clone(),
                confirmed: confirmed.is_some(),
                claimed_by,
            }
        }
    }
}

/// The current people, `owner` aside, who claim the account.
fn contenders(
    owner: Option<&PersonId>,
    account: &KnownAccount,
    index: &Index<'_>,
    ended: &(dyn Fn(&Person) -> bool + Sync),
) -> Vec<PersonId> {
    index
        .others(owner, account)
        .into_iter()
        .filter(|other| index.people.get(other).is_some_and(|other| !ended(other)))
        .collect()
}

fn unlinked(
    account: &KnownAccount,
    index: &Index<'_>,
    ended: &(dyn Fn(&Person) -> bool + Sync),
) -> Match {
    if account.account.kind != AccountKind::Human {
        return Match::Machine { kind: account.account.kind };
    }
    let candidates = index.candidates(account);
    match candidates.as_slice() {
        [] => Match::Unmatched,
        [only] if only.score >= CERTAIN => Match::Linked {
            person: only.person.clone(),
            because: only.because.clone(),
            confirmed: false,
            claimed_by: contenders(Some(&only.person), account, index, ended),
        },
        _ => Match::ToConfirm { candidates },
    }
}
