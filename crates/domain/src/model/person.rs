//! People and their engagements, as the sources told them. What a person *is* at a moment
//! (prospective, active, ended…) is not stored here: `engine::lifecycle` computes it from dates.

use std::{collections::BTreeSet, fmt};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    email::EmailAddress,
    id::{PersonId, SourceId, SourceName},
};

/// The kind of work relation. Rules may treat kinds differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngagementKind {
    /// On the payroll.
    Employee,
    /// External, normally with an end date.
    Contractor,
    /// Intern, trainee, apprentice.
    Intern,
    /// Anything else the source names.
    Other,
}

impl EngagementKind {
    /// The word used in files, policy and output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Employee => "employee",
            Self::Contractor => "contractor",
            Self::Intern => "intern",
            Self::Other => "other",
        }
    }
}

/// The source's word for where an engagement stands, mapped to one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmploymentStatus {
    /// Hired, not started.
    Pending,
    /// Working.
    Active,
    /// On leave: parental, sick, garden…
    OnLeave,
    /// Terminated, inactive, deceased.
    Ended,
    /// The start was cancelled before day one.
    Withdrawn,
    /// A word that nobody mapped: neither active nor ended.
    Unknown,
}

impl EmploymentStatus {
    /// The word used in files and output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::OnLeave => "on_leave",
            Self::Ended => "ended",
            Self::Withdrawn => "withdrawn",
            Self::Unknown => "unknown",
        }
    }
}

/// Why an engagement ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminationType {
    /// The person left.
    Voluntary,
    /// The organisation ended it: access ends at once, not at the end of the day.
    Involuntary,
    /// The contract ran out.
    EndOfContract,
}

/// Whether a person is within the tool's scope. Out of scope counts for joining only: a leaver
/// out of scope still loses access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// May be given accounts.
    #[default]
    In,
    /// Never given accounts (shop-floor staff…).
    Out,
}

/// What a source says of the person herself. `None` is "not told", never "empty".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// The employee *number*, which may change or be reused; never an anchor.
    pub employee_number: Option<String>,
    /// Legal given name or names.
    pub legal_first: Option<String>,
    /// Legal family name or names.
    pub legal_last: Option<String>,
    /// The given name the person goes by.
    pub preferred_first: Option<String>,
    /// The family name the person goes by.
    pub preferred_last: Option<String>,
    /// The whole name as it should be shown, where the source has one.
    pub display_name: Option<String>,
    /// The address at work: the login.
    pub work_email: Option<EmailAddress>,
    /// The private address. Never a login.
    pub personal_email: Option<EmailAddress>,
    /// Earlier addresses and aliases at work.
    pub former_emails: Option<BTreeSet<EmailAddress>>,
    /// IANA name of the zone in which the person's dates count.
    pub time_zone: Option<String>,
    /// Whether the tool looks after this person.
    pub in_scope: Option<Scope>,
}

/// What a source says of one period of work. `None` is "not told", never "empty".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// The source's own id for the position, where one person can hold several.
    pub position: Option<String>,
    /// Employee, contractor…
    pub kind: Option<EngagementKind>,
    /// The status in our words.
    pub status: Option<EmploymentStatus>,
    /// The status in the source's words.
    pub status_raw: Option<String>,
    /// First day of this engagement.
    pub start_date: Option<Date>,
    /// First day of the first engagement.
    pub original_start_date: Option<Date>,
    /// Last day of the contract.
    pub end_date: Option<Date>,
    /// Last day at work; access follows it where both are known.
    pub last_working_day: Option<Date>,
    /// First day of a leave of absence.
    pub leave_start: Option<Date>,
    /// First day back.
    pub leave_return: Option<Date>,
    /// The day by which somebody must look again whether the work goes on: for contractors whose
    /// end is open.
    pub review_date: Option<Date>,
    /// Why it ends.
    pub termination: Option<TerminationType>,
    /// The manager, by the same source's id, or by Muster's (`per_…`).
    pub manager: Option<SourceId>,
    /// Job title.
    pub title: Option<String>,
    /// Role in the organisation ("support agent"), as opposed to a role inside an app.
    pub staff_role: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Team.
    pub team: Option<String>,
    /// Work location.
    pub location: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// The legal entity that employs.
    pub legal_entity: Option<String>,
    /// Cost centre.
    pub cost_centre: Option<String>,
}

/// One period of work, with what Muster adds to the source's terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engagement {
    /// 1 for the first engagement of this person, and so on. Never reused.
    pub number: u32,
    /// What the source says.
    #[serde(flatten)]
    pub terms: Terms,
    /// When Muster first saw this engagement.
    pub first_seen: Timestamp,
    /// When the source first said "ended" without giving a date. Access then ends at this
    /// moment, since no better one is known.
    pub ended_seen: Option<Timestamp>,
    /// What rules could read of it before it changed, latest last; only the recent past.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<Move>,
    /// The first days that were known before the present one, latest last; only the recent past.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<StartMoved>,
    /// In what one source tells: when it last said something new of the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_told: Option<EndWord>,
    /// In what all sources add up to: what they say of the end where somebody told another by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside_hand: Option<Box<BesideHand>>,
}

/// That the first day became another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartMoved {
    /// When it became known.
    pub at: Timestamp,
    /// The first day as it was known before.
    pub from: Date,
}

/// A source's latest word on whether and when an engagement ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndWord {
    /// When it came. Saying the same again makes no new word, except by hand.
    pub at: Timestamp,
    /// Who said it, by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What the sources say of the end of an engagement of which somebody told another end by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BesideHand {
    /// The source whose word it is.
    pub source: Anchor,
    /// What they say of the start and the end, as their ranking has it; nothing else.
    pub terms: Terms,
    /// When "ended" without a date was first said.
    pub ended_seen: Option<Timestamp>,
    /// When they last said something new of the end.
    pub at: Timestamp,
    /// The word by hand.
    pub hand: EndWord,
}

/// A change of what rules read of an engagement: another team, title, country…
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// When it became known.
    pub at: Timestamp,
    /// What rules could read before; everything else is left out.
    pub before: Terms,
}

/// Where a person comes from: a source and its id for her.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Anchor {
    /// The source.
    pub source: SourceName,
    /// Its id for the person.
    pub id: SourceId,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.source, self.id)
    }
}

/// What one source tells of a person, kept word for word beside what the others tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// The source, and its id for her.
    pub anchor: Anchor,
    /// Who she is.
    #[serde(flatten)]
    pub profile: Profile,
    /// Her engagements. Those of different sources that speak of the same work have the same
    /// number.
    pub engagements: Vec<Engagement>,
    /// When the source first told of her.
    pub first_seen: Timestamp,
    /// Since when the source, which lists everybody, no longer mentions her.
    pub not_mentioned_since: Option<Timestamp>,
}

/// That a person's data was taken out, for her privacy. What is left recognises her, so that a
/// source which still lists her does not bring everything back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    /// When.
    pub at: Timestamp,
    /// Who ordered it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The ids that her sources' ids would give: digests, from which nothing can be read.
    pub known_as: BTreeSet<PersonId>,
}

/// A manager as she is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manager {
    /// By Muster's own id.
    Person(PersonId),
    /// By a source's id for her.
    Told(Anchor),
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => write!(f, "{id}"),
            Self::Told(anchor) => write!(f, "{anchor}"),
        }
    }
}

impl Manager {
    /// Whether `person` is meant.
    #[must_use]
    pub fn is(&self, person: &Person) -> bool {
        match self {
            Self::Person(id) => person.id == *id,
            Self::Told(anchor) => person.anchors().any(|known| known == anchor),
        }
    }
}

/// An end ordered by hand (`muster offboard`), beside whatever the source says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedEnd {
    /// When access ends.
    pub at: Timestamp,
    /// Who ordered it.
    pub by: String,
    /// When it was ordered.
    pub ordered: Timestamp,
}

/// One human as the organisation knows them. Lives longer than any job or account; never deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Muster's id.
    pub id: PersonId,
    /// The source and its id, by which the next import recognises the same person.
    pub anchor: Anchor,
    /// Who she is.
    #[serde(flatten)]
    pub profile: Profile,
    /// Her engagements, in order of their number.
    pub engagements: Vec<Engagement>,
    /// When Muster first heard of her.
    pub first_seen: Timestamp,
    /// Since when a source that lists everybody no longer mentions her. Not a departure.
    pub not_mentioned_since: Option<Timestamp>,
    /// An end ordered by hand.
    pub ordered_end: Option<OrderedEnd>,
    /// What each source tells, when there are several; `profile` and `engagements` are then what
    /// the ranking of the sources makes of it. Empty when they are the one source's own words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Telling>,
    /// That her data was taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redacted: Option<Box<Redaction>>,
}

impl Person {
    /// Every source and its id for her.
    pub fn anchors(&self) -> impl Iterator<Item = &Anchor> {
        let only = self.told.is_empty().then_some(&self.anchor);
        only.into_iter().chain(self.told.iter().map(|telling| &telling.anchor))
    }

    /// What each source tells of her.
    #[must_use]
    pub fn tellings(&self) -> Vec<Telling> {
        if !self.told.is_empty() {
            return self.told.clone();
        }
        vec![Telling {
            anchor: self.anchor.clone(),
            profile: self.profile.clone(),
            engagements: self.engagements.clone(),
            first_seen: self.first_seen,
            not_mentioned_since: self.not_mentioned_since,
        }]
    }

    /// The manager that the engagement called `number` names, if it names one.
    #[must_use]
    pub fn manager(&self, number: u32) -> Option<Manager> {
        let engagement = self.engagements.iter().find(|one| one.number == number)?;
        let id = engagement.terms.manager.clone()?;
        if let Ok(person) = id.as_str().parse() {
            return Some(Manager::Person(person));
        }
        let source = self.teller(number, |terms| terms.manager.as_ref() == Some(&id));
        Some(Manager::Told(Anchor { source: source.source.clone(), id }))
    }

    /// The source whose word on the engagement called `number` it is that `says` finds: where a
    /// reason is given, it names who said so.
    #[must_use]
    pub fn teller(&self, number: u32, says: impl Fn(&Terms) -> bool) -> &Anchor {
        let tells = |telling: &&Telling| {
            telling.engagements.iter().any(|one| one.number == number && says(&one.terms))
        };
        self.told.iter().find(tells).map_or(&self.anchor, |telling| &telling.anchor)
    }

    /// The name as people would say it: the display name, else preferred or legal names, else the
    /// address, else the source's id.
    #[must_use]
    pub fn name(&self) -> String {
        self.profile.name().unwrap_or_else(|| match &self.profile.work_email {
            Some(email) => email.as_str().to_owned(),
            None => self.anchor.id.to_string(),
        })
    }

    /// Every address at work that is or was this person's.
    pub fn work_addresses(&self) -> impl Iterator<Item = &EmailAddress> {
        self.profile
            .work_email
            .iter()
            .chain(self.profile.former_emails.iter().flat_map(BTreeSet::iter))
    }
}

impl Profile {
    /// The name as people would say it, when the source told any part of one.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        if let Some(name) = &self.display_name {
            return Some(name.clone());
        }
        let first = self.preferred_first.as_ref().or(self.legal_first.as_ref());
        let last = self.preferred_last.as_ref().or(self.legal_last.as_ref());
        match (first, last) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }
}
