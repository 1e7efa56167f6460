//! Correlating: which person each account belongs to. Certain matches are acted
//! on, uncertain ones are put to a human, a link once made is never replaced silently.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::OnceLock,
};

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::{
    parts::in_parts,
    world::{KnownAccount, World},
};
use crate::model::{
    account::AccountKind,
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
    work: HashMap<&'a str, Vec<&'a PersonId>>,
    former: HashMap<&'a str, Vec<&'a PersonId>>,
    /// Only made once an account is met that no address tells: most never ask.
    local: OnceLock<HashMap<&'a str, Vec<&'a PersonId>>>,
    /// As `local`.
    name: OnceLock<HashMap<String, Vec<&'a PersonId>>>,
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
            work: HashMap::with_capacity(people.len()),
            former: HashMap::new(),
            local: OnceLock::new(),
            name: OnceLock::new(),
            domains: domains.iter().map(String::as_str).collect(),
        };
        for (id, person) in people {
            if let Some(email) = &person.profile.work_email {
                index.work.entry(email.folded()).or_default().push(id);
            }
            for email in person.profile.former_emails.iter().flatten() {
                index.former.entry(email.folded()).or_default().push(id);
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
        let band = |people: Option<&Vec<&PersonId>>, score: u8, what: &str| {
            let people = people.into_iter().flatten().filter(|person| not_refused(person));
            let found: Vec<_> = people
                .map(|person| Candidate {
                    person: (*person).clone(),
                    score,
                    because: format!("{what} {email}"),
                })
                .collect();
            (!found.is_empty()).then_some(found)
        };
        let local = "the same name before the @, in one of your domains,";
        band(self.work.get(email.folded()), 95, "work e-mail")
            .or_else(|| band(self.former.get(email.folded()), 90, "former e-mail"))
            .or_else(|| band(self.same_local(email), 70, local))
            .unwrap_or_else(by_name)
    }

    /// Everybody but `owner` who claims the account by id or by any address, whichever band is the
    /// best.
    fn others(&self, owner: Option<&PersonId>, account: &KnownAccount) -> BTreeSet<PersonId> {
        let account = &account.account;
        let written = account.external_id.as_deref().and_then(|id| id.parse().ok());
        let written = written.filter(|id| self.people.contains_key(id));
        let holders = account.email.iter().flat_map(|email| {
            let holders = [self.work.get(email.folded()), self.former.get(email.folded())];
            holders.into_iter().flatten().flatten().copied()
        });
        holders
            .chain(&written)
            .filter(|id| Some(*id) != owner && !self.answers.no(&account.id, id))
            .cloned()
            .collect()
    }

    fn same_local(&self, email: &EmailAddress) -> Option<&Vec<&'a PersonId>> {
        let local = || {
            self.local.get_or_init(|| {
                let mut local: HashMap<_, Vec<_>> = HashMap::new();
                for (id, person) in self.people {
                    if let Some(email) = &person.profile.work_email {
                        local.entry(email.local_without_tag()).or_default().push(id);
                    }
                }
                local
            })
        };
        self.domains.contains(email.domain()).then(|| local().get(email.local_without_tag()))?
    }

    fn by_name(&self, name: &str) -> Vec<Candidate> {
        let names = self.name.get_or_init(|| {
            let mut names: HashMap<_, Vec<_>> = HashMap::new();
            for (id, person) in self.people {
                if let Some(name) = person.profile.name() {
                    names.entry(fold_name(&name)).or_default().push(id);
                }
            }
            names
        });
        let people = names.get(&fold_name(name)).map_or(&[][..], Vec::as_slice);
        people
            .iter()
            .map(|person| Candidate {
                person: (*person).clone(),
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
    // Collected in order of keys and turned into maps at once: much cheaper than many inserts.
    let mut matches = Vec::with_capacity(accounts.len());
    let mut owned = Vec::with_capacity(accounts.len());
    let all: Vec<_> = accounts.iter().collect();
    let found = in_parts(&all, |part| {
        let one = |(id, account): &(&AccountId, &KnownAccount)| match answers.link(id) {
            Some(link) => linked(link, account, &index, ended),
            None => unlinked(account, &index, ended),
        };
        part.iter().map(one).collect()
    });
    for ((id, account), found) in all.into_iter().zip(found) {
        match &found {
            Match::Linked { person, .. } => {
                owned.push((person.clone(), id.clone()));
            }
            Match::ToConfirm { candidates } if account.gone.is_none() => {
                for candidate in candidates {
                    result.maybe.entry(candidate.person.clone()).or_default().push(id.clone());
                }
            }
            _ => {}
        }
        matches.push((id.clone(), found));
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
