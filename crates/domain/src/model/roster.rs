//! A roster: what one file or one read of a source says about who works here.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    canonical::Digest,
    id::SourceId,
    person::{Profile, Terms},
};

macro_rules! fields {
    ($($variant:ident $word:literal $doc:literal),+ $(,)?) => {
        /// The canonical fields of a roster. Their words are what
        /// `--map column=field` takes and what Muster's own format uses as headings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Field {
            $(#[doc = $doc] $variant),+
        }

        impl Field {
            /// Every field, in the order in which they are documented.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word for the field.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What the field means, in one line.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $doc),+ }
            }
        }
    };
}

fields! {
    SourceId "source_id" "The id by which the source knows the person for ever; required.",
    EmployeeNumber "employee_number" "The employee number; may change or be reused.",
    LegalFirst "legal_first" "Legal given name.",
    LegalLast "legal_last" "Legal family name.",
    PreferredFirst "preferred_first" "Preferred given name.",
    PreferredLast "preferred_last" "Preferred family name.",
    DisplayName "display_name" "The whole name; \"Last, First\" is turned round.",
    WorkEmail "work_email" "The address at work: the login.",
    PersonalEmail "personal_email" "The private address; never a login.",
    FormerEmails "former_emails" "Earlier work addresses, separated by ; or blanks.",
    Position "position" "The source's id of the position, where one person holds several.",
    Kind "kind" "employee, contractor, intern or other.",
    Status "status" "The source's word for active, on leave, ended…",
    StartDate "start_date" "First day of the engagement.",
    OriginalStartDate "original_start_date" "First day of the first engagement.",
    EndDate "end_date" "Last day of the contract.",
    LastWorkingDay "last_working_day" "Last day at work.",
    LeaveStart "leave_start" "First day of a leave of absence.",
    LeaveReturn "leave_return" "First day back from leave.",
    ReviewDate "review_date" "The day by which somebody looks whether a contractor's work goes on.",
    TerminationType "termination_type" "voluntary, involuntary or end of contract.",
    ManagerSourceId "manager_source_id" "The manager by source id.",
    ManagerEmail "manager_email" "The manager by work address.",
    ManagerName "manager_name" "The manager by name.",
    JobTitle "job_title" "Job title.",
    StaffRole "staff_role" "Role in the organisation.",
    Department "department" "Department.",
    Team "team" "Team.",
    Location "location" "Work location.",
    Country "country" "Country.",
    TimeZone "time_zone" "IANA zone in which the person's dates count.",
    LegalEntity "legal_entity" "Employing legal entity.",
    CostCentre "cost_centre" "Cost centre.",
    InScope "in_scope" "yes or no: whether the person may be given accounts.",
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The text names no roster field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a roster field")]
pub struct UnknownField(pub String);

impl FromStr for Field {
    type Err = UnknownField;
    fn from_str(text: &str) -> Result<Self, UnknownField> {
        Self::ALL
            .iter()
            .copied()
            .find(|field| field.word() == text)
            .ok_or_else(|| UnknownField(text.to_owned()))
    }
}

/// Whom a roster lists, and so what it means that somebody is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Everybody, leavers included.
    Full,
    /// Everybody who works here now.
    Active,
    /// Only people of whom something changed: absence means nothing.
    Changes,
}

impl Presence {
    /// The word used on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Active => "active",
            Self::Changes => "changes",
        }
    }
}

/// One person in a roster, with all rows about her.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterRecord {
    /// The source's id.
    pub source_id: SourceId,
    /// The rows that spoke of her, counted as a spreadsheet does: the first line is 1.
    pub rows: Vec<u32>,
    /// Who she is.
    pub profile: Profile,
    /// Her periods of work, oldest first; at least one.
    pub engagements: Vec<Terms>,
}

/// A whole roster that was read without a single problem. There is no half-read roster: the
/// readers in `muster-sources` return either this or every problem they found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// The format it was recognised as, such as `bamboohr`.
    pub format: String,
    /// The digest of the file's bytes.
    pub digest: Digest,
    /// The headings of the file, as given, in order.
    pub headings: Vec<String>,
    /// The canonical fields that the file has a column for.
    pub fields: BTreeSet<Field>,
    /// How many rows of data were read.
    pub rows: u32,
    /// The people, in order of their source id, each once.
    pub records: Vec<RosterRecord>,
    /// What a person should look at, though it does not refuse the file: "row 7: …".
    pub warnings: Vec<String>,
}
