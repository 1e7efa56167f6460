//! Correlating: which person each account belongs to (`domain.md` §6). Certain matches are acted
//! on, uncertain ones are put to a human, a link once made is never replaced silently.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::world::KnownAccount;
use crate::model::{
    account::AccountKind,
    email::EmailAddress,
    id::{AccountId, PersonId},
    link::{Link, NonHuman, Tie},
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

/// The people, indexed by everything an account can be recognised by.
struct Index<'a> {
    people: &'a BTreeMap<PersonId, Person>,
    work: BTreeMap<&'a str, Vec<&'a PersonId>>,
    former: BTreeMap<&'a str, Vec<&'a PersonId>>,
    local: BTreeMap<&'a str, Vec<&'a PersonId>>,
    name: BTreeMap<String, Vec<&'a PersonId>>,
    domains: BTreeSet<&'a str>,
}

impl<'a> Index<'a> {
    fn new(people: &'a BTreeMap<PersonId, Person>, domains: &'a [String]) -> Self {
        let mut index = Self {
            people,
            work: BTreeMap::new(),
            former: BTreeMap::new(),
            local: BTreeMap::new(),
            name: BTreeMap::new(),
            domains: domains.iter().map(String::as_str).collect(),
        };
        for (id, person) in people {
            if let Some(email) = &person.profile.work_email {
                index.work.entry(email.folded()).or_default().push(id);
                index.local.entry(email.local_without_tag()).or_default().push(id);
            }
            for email in person.profile.former_emails.iter().flatten() {
                index.former.entry(email.folded()).or_default().push(id);
            }
            if let Some(name) = person.profile.name() {
                index.name.entry(fold_name(&name)).or_default().push(id);
            }
        }
        index
    }

    /// Candidates in the order of trust of `domain.md` §6, best band only.
    fn candidates(&self, account: &KnownAccount) -> Vec<Candidate> {
        let account = &account.account;
        if let Some(person) = account.external_id.as_deref().and_then(|id| id.parse().ok())
            && self.people.contains_key(&person)
        {
            let because = "Muster's person id is written in the account".to_owned();
            return vec![Candidate { person, score: 100, because }];
        }
        let Some(email) = &account.email else { return self.by_name(&account.name) };
        let bands = [
            (self.work.get(email.folded()), 95, "work e-mail"),
            (self.former.get(email.folded()), 90, "former e-mail"),
            (self.same_local(email), 70, "the same name before the @, in one of your domains,"),
        ];
        for (people, score, what) in bands {
            let Some(people) = people else { continue };
            return people
                .iter()
                .map(|person| Candidate {
                    person: (*person).clone(),
                    score,
                    because: format!("{what} {email}"),
                })
                .collect();
        }
        self.by_name(&account.name)
    }

    /// Everybody who claims the account by id or by any address, whichever band is the best.
    fn claimants(&self, account: &KnownAccount) -> BTreeSet<PersonId> {
        let account = &account.account;
        let written = account.external_id.as_deref().and_then(|id| id.parse().ok());
        let mut claimants: BTreeSet<PersonId> =
            written.into_iter().filter(|id| self.people.contains_key(id)).collect();
        if let Some(email) = &account.email {
            for holders in [self.work.get(email.folded()), self.former.get(email.folded())] {
                claimants.extend(holders.into_iter().flatten().map(|id| (*id).clone()));
            }
        }
        claimants
    }

    fn same_local(&self, email: &EmailAddress) -> Option<&Vec<&'a PersonId>> {
        self.domains.contains(email.domain()).then(|| self.local.get(email.local_without_tag()))?
    }

    fn by_name(&self, name: &str) -> Vec<Candidate> {
        let people = self.name.get(&fold_name(name)).map_or(&[][..], Vec::as_slice);
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
    links: &BTreeMap<AccountId, Link>,
    domains: &[String],
    ended: &dyn Fn(&Person) -> bool,
) -> Correlation {
    let index = Index::new(people, domains);
    let mut result = Correlation::default();
    for (id, account) in accounts {
        let found = match links.get(id) {
            Some(link) => linked(link, account, &index, ended),
            None => unlinked(account, &index, ended),
        };
        match &found {
            Match::Linked { person, .. } => {
                result.by_person.entry(person.clone()).or_default().push(id.clone());
            }
            Match::ToConfirm { candidates } if account.gone.is_none() => {
                for candidate in candidates {
                    result.maybe.entry(candidate.person.clone()).or_default().push(id.clone());
                }
            }
            _ => {}
        }
        result.matches.insert(id.clone(), found);
    }
    result
}

fn linked(
    link: &Link,
    account: &KnownAccount,
    index: &Index<'_>,
    ended: &dyn Fn(&Person) -> bool,
) -> Match {
    match &link.tie {
        Tie::NotAPerson { kind, owner, .. } => {
            Match::Classified { kind: *kind, owner: owner.clone() }
        }
        Tie::Person { person, because, confirmed } => {
            // A human's word outweighs an address; a rule's does not.
            let claimed_by = if confirmed.is_some() {
                Vec::new()
            } else {
                contenders(person, account, index, ended)
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

/// The current people besides `owner` who claim the account.
fn contenders(
    owner: &PersonId,
    account: &KnownAccount,
    index: &Index<'_>,
    ended: &dyn Fn(&Person) -> bool,
) -> Vec<PersonId> {
    index
        .claimants(account)
        .into_iter()
        .filter(|other| other != owner)
        .filter(|other| index.people.get(other).is_some_and(|other| !ended(other)))
        .collect()
}

fn unlinked(account: &KnownAccount, index: &Index<'_>, ended: &dyn Fn(&Person) -> bool) -> Match {
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
            claimed_by: contenders(&only.person, account, index, ended),
        },
        _ => Match::ToConfirm { candidates },
    }
}
