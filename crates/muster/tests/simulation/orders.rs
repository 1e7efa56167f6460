//! What people ordered by hand, as the test remembers it: groups, one-off access, standing still,
//! yes and no, undoing, and whose work may stay. Shares nothing with the engine.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    company::{Member, Stint},
    setup::Setup,
};

/// Who belongs to a group by rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Sales,
    Leads,
}

impl Rule {
    pub(crate) const fn cel(self) -> &'static str {
        match self {
            Self::Sales => r#"person.department == "Sales""#,
            Self::Leads => r#"person.title.contains("Lead")"#,
        }
    }

    fn fits(self, stint: &Stint) -> bool {
        let (dept, title) = stint.job();
        match self {
            Self::Sales => dept == "Sales",
            Self::Leads => title.contains("Lead"),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Group {
    pub(crate) made: bool,
    pub(crate) gives: Option<&'static str>,
    pub(crate) rule: Option<Rule>,
    pub(crate) above: BTreeSet<usize>,
}

/// How long something given by hand lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lasts {
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
}

impl Lasts {
    fn holds(self, member: &Member, now: Timestamp, setup: &Setup) -> bool {
        self.until.is_none_or(|until| now < until) && member.stayed_since(self.from, now, setup)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) id: String,
    pub(crate) member: String,
    pub(crate) role: &'static str,
    pub(crate) instead: bool,
    pub(crate) lasts: Lasts,
}

/// What stands still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Still {
    Everything,
    App,
    Person(String),
    /// Nothing of this person is deleted: a litigation hold.
    Undeleted(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Freeze {
    pub(crate) id: String,
    pub(crate) what: Still,
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
}

/// A yes or a no to something of exactly this content.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) content: Value,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
}

/// An account that stays as an undo put it back.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) id: String,
    pub(crate) user: u64,
    pub(crate) role: Option<String>,
    pub(crate) active: Option<bool>,
    pub(crate) until: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Orders {
    pub(crate) groups: [Group; 3],
    pub(crate) memberships: BTreeMap<(usize, String), Lasts>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) freezes: Vec<Freeze>,
    pub(crate) yes: Vec<Word>,
    pub(crate) no: Vec<Word>,
    pub(crate) kept: Vec<Kept>,
    /// For whom somebody chose last, when, and whether that was nobody.
    pub(crate) work: BTreeMap<String, (Timestamp, bool)>,
}

/// So long a yes and a no hold.
pub(crate) const WORD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What an operation does to what, without reasons and holds.
pub(crate) fn content(operation: &Value) -> Value {
    let mut content = operation.clone();
    if let Some(fields) = content.as_object_mut() {
        for field in ["reasons", "holds", "approved_by", "fingerprint", "risk", "reversibility"] {
            fields.remove(field);
        }
        if fields.get("action").is_some_and(|action| action == "hand_over") {
            fields.remove("before");
            fields.remove("after");
        }
        if let Some(person) = fields.get_mut("person").and_then(Value::as_object_mut) {
            person.remove("name");
        }
    }
    content
}

impl Orders {
    /// The exception that counts for `member`, if there is one.
    pub(crate) fn instead(
        &self,
        member: &Member,
        now: Timestamp,
        setup: &Setup,
    ) -> Option<&'static str> {
        let hers = self.grants.iter().filter(|one| one.instead && one.member == member.id);
        let valid = hers.filter(|one| one.lasts.holds(member, now, setup));
        valid.max_by_key(|one| (one.lasts.from, one.id.clone())).map(|one| one.role)
    }

    /// What groups and grants give `member` in `stint`.
    pub(crate) fn beside(
        &self,
        member: &Member,
        stint: &Stint,
        now: Timestamp,
        setup: &Setup,
    ) -> Vec<&'static str> {
        let hers = self.grants.iter().filter(|one| !one.instead && one.member == member.id);
        let granted = hers.filter(|one| one.lasts.holds(member, now, setup)).map(|one| one.role);
        let mut roles: Vec<_> = granted.collect();
        for group in 0..self.groups.len() {
            let joined = self.memberships.get(&(group, member.id.clone()));
            let by_hand = joined.is_some_and(|lasts| lasts.holds(member, now, setup));
            let by_rule = self.groups[group].rule.is_some_and(|rule| rule.fits(stint));
            if self.groups[group].made && (by_hand || by_rule) {
                roles.extend(self.with_above(group).iter().filter_map(|g| self.groups[*g].gives));
            }
        }
        roles
    }

    fn with_above(&self, group: usize) -> BTreeSet<usize> {
        let mut all = BTreeSet::from([group]);
        let mut next = vec![group];
        while let Some(below) = next.pop() {
            next.extend(self.groups[below].above.iter().filter(|above| all.insert(**above)));
        }
        all
    }

    /// What keeps `member`'s accounts as they are at `at`, against a write that deletes or not.
    pub(crate) fn frozen(
        &self,
        members: &[&Member],
        deletes: bool,
        at: Timestamp,
    ) -> Option<&Freeze> {
        self.freezes.iter().find(|freeze| {
            let meant = match &freeze.what {
                Still::Everything | Still::App => true,
                Still::Person(id) => matches!(members, [one] if one.id == *id),
                Still::Undeleted(id) => deletes && matches!(members, [one] if one.id == *id),
            };
            meant && freeze.from <= at && freeze.until.is_none_or(|until| at < until)
        })
    }

    /// The undo under which `user` stands at `now`.
    pub(crate) fn kept(&self, user: u64, now: Timestamp) -> Option<&Kept> {
        self.kept.iter().find(|kept| kept.user == user && now < kept.until)
    }
}
