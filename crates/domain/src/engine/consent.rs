//! Who may say yes or no to an operation: not the person it is about, not a leaver, and where the
//! policy names approvers only they, or those to whom they lent their say.
//!
//! It is asked anew whenever a plan is made: an approval counts as long as whoever gave it may
//! give it. So a new manager has the say from that moment on, and the former one no longer (M7).

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::{
    directory::Directory,
    lifecycle::{self, PersonState},
    world::World,
};
use crate::model::{
    consent::{Delegation, Extension},
    email::EmailAddress,
    id::PersonId,
    operation::Approval,
    person::{Person, Profile},
    plan::Operation,
    policy::Approver,
};

/// A login as it is compared: NFC, lower case.
pub(super) fn fold_login(login: &str) -> String {
    login.trim().nfc().flat_map(char::to_lowercase).collect()
}

/// Whoever says something, as it is compared: without letter case, doubled blanks, what cannot be
/// seen, and the tag of an address. Nobody becomes somebody else by another spelling.
fn fold_voice(login: &str) -> String {
    let unseen = |c: &char| matches!(*c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    let seen = login.nfkc().filter(|c| !unseen(c)).flat_map(char::to_lowercase);
    let text: String = seen.nfc().collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.split_once('@') {
        Some((local, domain)) => {
            let name = local.split_once('+').map_or(local, |(name, _)| name);
            format!("{name}@{domain}")
        }
        None => text,
    }
}

/// Whether `login` is a way to call `person`.
#[must_use]
pub fn means(person: &Person, login: &str) -> bool {
    let login = fold_voice(login);
    called(person).any(|name| name == login)
}

/// Every way to call this person, as it is compared.
fn called(person: &Person) -> impl Iterator<Item = String> {
    let Profile { legal_first, legal_last, preferred_first, preferred_last, .. } = &person.profile;
    let whole = |first: &Option<String>, last: &Option<String>| {
        Some(format!("{} {}", first.as_ref()?, last.as_ref()?))
    };
    let names = [
        Some(person.name()),
        whole(legal_first, legal_last),
        whole(preferred_first, legal_last),
        whole(preferred_first, preferred_last),
        Some(person.id.to_string()),
    ];
    let ids = person
        .anchors()
        .flat_map(|anchor| [fold_voice(&anchor.to_string()), fold_voice(anchor.id.as_str())]);
    let number = person.profile.employee_number.as_deref().map(fold_voice);
    let private = person.profile.personal_email.as_ref().map(|email| fold_voice(email.as_str()));
    let names = names.into_iter().flatten().map(|name| fold_voice(&name));
    // Who is logged in as `ann` at her machine is ann@acme.example.
    let work = person
        .work_addresses()
        .flat_map(|address| [fold_voice(address.as_str()), fold_voice(address.local())]);
    names.chain(ids).chain(number).chain(private).chain(work)
}

/// How to call a person who is asked for something: by address, else by name.
#[must_use]
pub fn login(person: &Person) -> String {
    let email = person.profile.work_email.as_ref();
    email.map_or_else(|| person.name(), |email| email.as_str().to_owned())
}

/// That somebody may decide, and in whose place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Say {
    /// Who lent it, if it is not her own.
    pub on_behalf_of: Option<String>,
}

/// Whether `by` may let a contract be extended: not the contractor, not who asked for it, nobody
/// who has left.
///
/// # Errors
/// Why not, in words.
pub fn may_extend<'a>(
    people: impl Iterator<Item = &'a Person>,
    extension: &Extension,
    by: &str,
    has_left: impl Fn(&Person) -> bool,
) -> Result<(), String> {
    let (asker, approver) = (fold_voice(&extension.by), fold_voice(by));
    let mut meant = Vec::new();
    let mut is_asker = asker == approver;
    for person in people {
        let names: Vec<String> = called(person).collect();
        if names.contains(&approver) {
            is_asker |= names.contains(&asker);
            meant.push(person);
        }
    }
    if is_asker {
        return Err(format!("{by} asked for it; somebody else must approve it"));
    }
    if meant.iter().any(|person| person.id == extension.person) {
        return Err(format!("{by} cannot decide about their own contract"));
    }
    if !meant.is_empty() && meant.iter().all(|person| has_left(person)) {
        return Err(format!("{by} has left and decides nothing any more"));
    }
    Ok(())
}

/// Whether `who` may answer before an auditor for what concerns the people in `about`: not one of
/// them, nor anybody who has left.
///
/// # Errors
/// Why not, in words.
pub fn may_vouch<'a>(
    people: impl Iterator<Item = &'a Person>,
    who: &str,
    about: &[PersonId],
    has_left: impl Fn(&Person) -> bool,
) -> Result<(), String> {
    let meant: Vec<_> = people.filter(|person| means(person, who)).collect();
    if meant.iter().any(|person| about.contains(&person.id)) {
        return Err(format!("{who} cannot answer for their own access; ask somebody else to"));
    }
    if !meant.is_empty() && meant.iter().all(|person| has_left(person)) {
        return Err(format!("{who} has left and answers for nothing any more"));
    }
    Ok(())
}

/// Who answers for something that is left wrong, or for what no system tells: the only person of
/// `people` who is called `who`, if she is there to answer. An auditor must be able to ask somebody:
/// a login of the machine, or a name that nobody bears, answers nothing.
///
/// # Errors
/// Why nobody does, and what to do, in words.
pub fn answerer<'a>(
    people: impl Iterator<Item = &'a Person>,
    who: &str,
    presence: impl Fn(&Person) -> Result<(), String>,
) -> Result<&'a Person, String> {
    let meant: Vec<&Person> = people.filter(|person| means(person, who)).collect();
    match meant.as_slice() {
        [person] => match presence(person) {
            Ok(()) => Ok(person),
            Err(why) => Err(format!("{who} {why}: somebody who works here must answer for it")),
        },
        [] => Err(format!(
            "{who} is nobody whom Muster knows, and somebody who works here must answer for it; \
             who there is: muster people list"
        )),
        _ => Err(format!("{who} may be several people; give a work address")),
    }
}

/// Whoever has a say in a world, looked up once.
pub struct Voices<'a> {
    world: &'a World<'a>,
    /// The people whom each login means.
    known: BTreeMap<String, Vec<&'a Person>>,
    /// Who manages whom.
    pub(super) directory: Directory<'a>,
}

impl<'a> Voices<'a> {
    /// Those who approved, lent or were lent a say in `world`, and `more`.
    #[must_use]
    pub fn new(world: &'a World<'a>, more: &[&str]) -> Self {
        let orders = world.orders;
        let approvals = world
            .approvals
            .values()
            .flat_map(|approval| [Some(approval.by.as_str()), approval.on_behalf_of.as_deref()]);
        let lent = orders.delegations.iter();
        let lent = lent.flat_map(|one| [Some(one.from.as_str()), Some(one.to.as_str())]);
        let rules = world.rules.approval.approvers.iter().map(|approver| match approver {
            Approver::Owner => world.rules.owner.as_ref().map(EmailAddress::as_str),
            Approver::Address(address) => Some(address.as_str()),
            Approver::Manager => None,
        });
        let all = approvals.chain(lent).chain(rules).flatten().chain(more.iter().copied());
        let mut known: BTreeMap<String, Vec<&Person>> =
            all.map(|login| (fold_voice(login), Vec::new())).collect();
        if !known.is_empty() {
            for person in world.people.values() {
                for name in called(person) {
                    if let Some(meant) = known.get_mut(&name)
                        && meant.last().is_none_or(|last| last.id != person.id)
                    {
                        meant.push(person);
                    }
                }
            }
        }
        Self { world, known, directory: Directory::new(world) }
    }

    /// Whether `by` may decide about `operation` now.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn may(&self, operation: &Operation, by: &str) -> Result<Say, String> {
        self.fit(operation, by)?;
        if self.world.rules.approval.approvers.is_empty() || self.is_asked(operation, by) {
            return Ok(Say::default());
        }
        let lent = self.lent().filter(|one| self.is(by, one.to.as_str()));
        let mut lenders = lent.filter(|one| {
            self.fit(operation, &one.from).is_ok() && self.is_asked(operation, &one.from)
        });
        match lenders.next() {
            Some(one) => Ok(Say { on_behalf_of: Some(one.from.clone()) }),
            None => Err(format!(
                "{by} has no say in this; it is for {}",
                self.asked(operation).join(" or ")
            )),
        }
    }

    /// Whether an approval that was given counts now.
    pub(super) fn stands(&self, operation: &Operation, approval: &Approval) -> bool {
        let speaker = approval.on_behalf_of.as_deref().unwrap_or(&approval.by);
        let anybody = self.world.rules.approval.approvers.is_empty();
        self.fit(operation, &approval.by).is_ok()
            && self.fit(operation, speaker).is_ok()
            && (anybody || self.is_asked(operation, speaker))
    }

    /// Who is asked about `operation`, in words; nobody in particular when empty.
    #[must_use]
    pub fn asked(&self, operation: &Operation) -> Vec<String> {
        let mut asked = Vec::new();
        for approver in &self.world.rules.approval.approvers {
            asked.push(match approver {
                Approver::Address(address) => self.name_of(address),
                Approver::Owner => match &self.world.rules.owner {
                    Some(owner) => format!("owner {}", self.name_of(owner)),
                    None => "the app's owner, whom the policy does not name".to_owned(),
                },
                Approver::Manager => match self.manager(operation) {
                    Some(manager) => format!("manager {}", manager.name()),
                    None => "the manager, whom the source does not name or who has left".to_owned(),
                },
            });
        }
        for one in self.lent() {
            if self.fit(operation, &one.from).is_ok() && self.is_asked(operation, &one.from) {
                asked.push(format!("{} for {}", self.name_of(&one.to), one.from));
            }
        }
        asked
    }

    /// Whom the policy asks first about `operation`, by address where there is one.
    #[must_use]
    pub fn first_asked(&self, operation: &Operation) -> Option<String> {
        self.world.rules.approval.approvers.iter().find_map(|approver| match approver {
            Approver::Address(address) => Some(address.as_str().to_owned()),
            Approver::Owner => self.world.rules.owner.as_ref().map(|one| one.as_str().to_owned()),
            Approver::Manager => self.manager(operation).map(login),
        })
    }

    /// Whether `login` means people, all of whom have left.
    pub(super) fn is_gone(&self, login: &str) -> bool {
        let meant = self.meant(login);
        !meant.is_empty() && meant.iter().all(|person| self.has_left(person))
    }

    /// The say that is lent at this moment.
    fn lent(&self) -> impl Iterator<Item = &'a Delegation> {
        let World { orders, app, now, .. } = *self.world;
        orders.delegations.iter().filter(move |one| one.holds(app, now))
    }

    /// Whether `by` may have a say at all: not in her own affairs, and not after she left.
    fn fit(&self, operation: &Operation, by: &str) -> Result<(), String> {
        let meant = self.meant(by);
        let own = match operation.person_id() {
            Some(id) => meant.iter().any(|person| person.id == *id),
            None => self.is_behind(operation, by, meant),
        };
        if own {
            return Err(format!("{by} cannot decide about their own access"));
        }
        if !meant.is_empty() && meant.iter().all(|person| self.has_left(person)) {
            return Err(format!("{by} has left and decides nothing any more"));
        }
        Ok(())
    }

    /// Whether `by`, who means one of `meant`, seems to use the account itself, which is nobody's:
    /// the same login, address or name.
    fn is_behind(&self, operation: &Operation, by: &str, meant: &[&Person]) -> bool {
        let account = operation.account.as_ref().and_then(|id| self.world.accounts.get(id));
        let Some(account) = account.map(|known| &known.account) else { return false };
        let email = account.email.as_ref().map(EmailAddress::folded);
        let names = [Some(account.login.as_str()), email, Some(account.name.as_str())];
        let names: Vec<String> = names.into_iter().flatten().map(fold_voice).collect();
        let called = meant.iter().flat_map(|person| called(person));
        called.chain([fold_voice(by)]).any(|name| names.contains(&name))
    }

    fn has_left(&self, person: &Person) -> bool {
        matches!(
            lifecycle::state(person, &self.world.hours(), self.world.now),
            PersonState::Ended { .. } | PersonState::Withdrawn
        )
    }

    /// Whether the policy asks `by` herself about `operation`.
    fn is_asked(&self, operation: &Operation, by: &str) -> bool {
        self.world.rules.approval.approvers.iter().any(|approver| match approver {
            Approver::Address(address) => self.is(by, address.as_str()),
            Approver::Owner => {
                self.world.rules.owner.as_ref().is_some_and(|owner| self.is(by, owner.as_str()))
            }
            Approver::Manager => {
                let manager = self.manager(operation);
                manager.is_some_and(|manager| self.only(by).is_some_and(|p| p.id == manager.id))
            }
        })
    }

    /// Whether two logins mean the same: they are the same, or each means one and the same person.
    fn is(&self, one: &str, other: &str) -> bool {
        fold_voice(one) == fold_voice(other)
            || match (self.only(one), self.only(other)) {
                (Some(one), Some(other)) => one.id == other.id,
                _ => false,
            }
    }

    fn meant(&self, login: &str) -> &[&'a Person] {
        self.known.get(&fold_voice(login)).map_or(&[], Vec::as_slice)
    }

    /// The one person whom a login means. A name that two people have means nobody.
    #[must_use]
    pub fn only(&self, login: &str) -> Option<&'a Person> {
        match self.meant(login) {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The manager of the person concerned, if she still works here.
    fn manager(&self, operation: &Operation) -> Option<&'a Person> {
        let person = self.world.people.get(operation.person_id()?)?;
        let meant =
            |e: &&crate::model::person::Engagement| Some(e.number) == operation.engagement();
        let engagement =
            person.engagements.iter().find(meant).or_else(|| person.engagements.last())?;
        self.directory.manager_of(person, Some(engagement.number))
    }

    fn name_of(&self, address: &EmailAddress) -> String {
        match self.only(address.as_str()) {
            Some(person) => format!("{} <{}>", person.name(), address.as_str()),
            None => address.as_str().to_owned(),
        }
    }
}
