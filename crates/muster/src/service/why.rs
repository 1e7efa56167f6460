//! Why: everything Muster can say about one person, account or operation (law 14).

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use muster_domain::{
    engine::{
        correlate::Match,
        expect::{Expectation, Kept, Rules},
        gaps::Gap,
        groups,
        lifecycle::{self, Contradiction, Hours, PersonState},
        merge::{self, Attribute},
        plan,
    },
    model::{
        account::Account,
        id::{AppName, GroupName, OperationId, RoleName},
        operation::Run,
        person::Person,
        plan::{Blocked, Operation, Reason, Upcoming},
        work::OpenWork,
    },
};
use serde::Serialize;

use super::{Muster, access::GrantView, situation::Situation};
use crate::{
    error::{Error, Result},
    store::records::RunFilter,
};

/// What a person should have in an app, in words.
#[derive(Debug, Clone, Serialize)]
pub struct Should {
    /// One sentence.
    pub says: String,
    /// The role, when she should have an account.
    pub role: Option<RoleName>,
    /// Why.
    pub why: Vec<Reason>,
}

/// One account of a person, and why it is hers.
#[derive(Debug, Clone, Serialize)]
pub struct HerAccount {
    /// The account.
    pub account: Account,
    /// Why it is hers.
    pub because: String,
    /// What it held when it was last looked at.
    pub work: Option<OpenWork>,
}

/// One person in one app.
#[derive(Debug, Clone, Serialize)]
pub struct PersonInApp {
    /// The app.
    pub app: AppName,
    /// What she should have.
    pub should: Should,
    /// What she has.
    pub accounts: Vec<HerAccount>,
    /// What would be done now.
    pub operations: Vec<Operation>,
    /// What comes by itself, and when.
    pub upcoming: Vec<Upcoming>,
    /// What stands in the way.
    pub blocked: Vec<Blocked>,
    /// What was done so far.
    pub runs: Vec<Run>,
}

impl PersonInApp {
    /// Whether an account of hers lets her in.
    #[must_use]
    pub fn lets_in(&self) -> bool {
        self.accounts.iter().any(|hers| hers.account.status.may_sign_in())
    }
}

/// One person.
#[derive(Debug, Clone, Serialize)]
pub struct PersonView {
    /// The person.
    pub person: Person,
    /// Her name.
    pub name: String,
    /// What she is now. Its moment is the usual one; each app's own is said there.
    #[serde(flatten)]
    pub state: PersonState,
    /// The day, where she is, on which she starts, works last, or worked last.
    pub day: Option<Date>,
    /// The groups to which she belongs, and why.
    pub groups: BTreeMap<GroupName, Vec<Reason>>,
    /// What was granted to her by hand.
    pub grants: Vec<GrantView>,
    /// What is told of her, by whom, and who says otherwise.
    pub attributes: Vec<Attribute>,
    /// Her manager in each engagement, by name where it is known who that is.
    pub managers: BTreeMap<u32, String>,
    /// Where the sources and a word by hand do not agree on an end.
    pub contradictions: Vec<Contradiction>,
    /// Her apps.
    pub apps: Vec<PersonInApp>,
}

/// One account.
#[derive(Debug, Clone, Serialize)]
pub struct AccountWhy {
    /// The app.
    pub app: AppName,
    /// The account.
    pub account: Account,
    /// Whose it is, and why.
    pub found: Match,
    /// What is wrong with it.
    pub gaps: Vec<Gap>,
    /// What a plan would do to it now, where it is nobody's.
    pub operations: Vec<Operation>,
    /// Its owner, with what should be and what comes next.
    pub person: Option<PersonView>,
    /// What was done to it so far.
    pub runs: Vec<Run>,
}

/// What a question was about.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Why {
    /// A person.
    Person(Box<PersonView>),
    /// An account.
    Account(Box<AccountWhy>),
    /// Something that was done or tried.
    Run(Box<Run>),
    /// Something that is planned.
    Operation(Box<Operation>),
}

fn should(expectation: Expectation, zone: &TimeZone) -> Should {
    let when = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let (says, role, why) = match expectation {
        Expectation::Access { role, until, keeps, mut why, .. } => {
            let until = until.map(|at| format!(" until {}", when(at))).unwrap_or_default();
            let kept = may_keep(keeps, &mut why, &when);
            (format!("should have an account as {role}{until}{kept}"), Some(role), why)
        }
        Expectation::NoRule { keeps, mut why, .. } => {
            let kept = may_keep(keeps, &mut why, &when);
            (format!("works here, but nothing gives an account{kept}"), None, why)
        }
        Expectation::NotYet { from, role, why, .. } => match role {
            Some(role) => {
                (format!("gets an account as {role} from {} on", when(from)), Some(role), why)
            }
            None => (
                format!("may have an account from {} on, but no rule gives one", when(from)),
                None,
                why,
            ),
        },
        Expectation::Gone { since, why, .. } => {
            (format!("should have no account that lets in, since {}", when(since)), None, why)
        }
        Expectation::Withdrawn { why } => {
            ("should have no account: the start was withdrawn".to_owned(), None, why)
        }
        Expectation::Undecided { why } => ("cannot be told; nothing is done".to_owned(), None, why),
    };
    Should { says, role, why }
}

/// What of an earlier job may be kept for a while, in words, with its reasons.
fn may_keep(
    keeps: Vec<Kept>,
    why: &mut Vec<Reason>,
    when: &impl Fn(Timestamp) -> String,
) -> String {
    let mut says = String::new();
    for Kept { role, until, why: reasons } in keeps {
        let _ = write!(says, "; may keep {role} until {}", when(until));
        why.extend(reasons);
    }
    says
}

impl Muster {
    /// Everything about one person.
    ///
    /// # Errors
    /// When there is no policy or the store fails.
    pub async fn person_view(&self, person: &Person) -> Result<PersonView> {
        let policy = self.policy_or_none().await?;
        let now = self.env.now();
        let mut apps = Vec::new();
        for app in self.planned_apps(&policy).await? {
            let situation = self.situation(&app).await?;
            apps.push(in_app(&situation, person, now)?);
        }
        let orders = self.store.orders().await?;
        let groups = groups::of_person(&orders, &policy.organization, person, now);
        let mut grants = self.grants().await?;
        grants.retain(|view| view.grant.person == person.id);
        let state = state_at(person, &policy, now);
        let people = self.people().await?;
        let manager = |number: u32| {
            let manager = person.manager(number)?;
            let known = people.values().find(|one| manager.is(one)).map(Person::name);
            Some((number, known.unwrap_or_else(|| manager.to_string())))
        };
        Ok(PersonView {
            groups,
            grants,
            name: person.name(),
            attributes: merge::attributes(person, &self.ranking().await?),
            managers: person.engagements.iter().filter_map(|one| manager(one.number)).collect(),
            day: state.day(&lifecycle::zone_of(person, &policy.organization)),
            state,
            contradictions: lifecycle::contradictions(person, &Hours::usual(&policy.organization)),
            person: person.clone(),
            apps,
        })
    }

    /// Everything about whatever `text` names: a person, an account, a run or a planned operation.
    ///
    /// # Errors
    /// When it names nothing, or several things.
    pub async fn why(&self, text: &str) -> Result<Why> {
        if let Ok(id) = text.parse::<OperationId>() {
            let run = self.store.run(&id).await?;
            return run.map(|run| Why::Run(Box::new(run))).ok_or_else(|| {
                Error::NotFound(format!("there is no operation {id}; see muster log"))
            });
        }
        let person = self.find_person(text).await;
        if let Ok(person) = person {
            return Ok(Why::Person(Box::new(self.person_view(&person).await?)));
        }
        match self.find_account(text).await {
            Ok((app, account)) => {
                return Ok(Why::Account(Box::new(self.account_why(&app, account).await?)));
            }
            Err(error @ Error::Invalid(_)) => return Err(error),
            Err(_) => {}
        }
        if let Some(operation) = self.planned_operation(text).await? {
            return Ok(Why::Operation(Box::new(operation)));
        }
        match person {
            Err(error @ Error::Invalid(_)) => Err(error),
            _ => Err(Error::NotFound(format!(
                "{text} is no person, account or operation that Muster knows; give a name, a work \
                 address, APP/ID, op_… or the beginning of a fingerprint"
            ))),
        }
    }

    async fn planned_operation(&self, text: &str) -> Result<Option<Operation>> {
        if text.len() < 6 || !text.chars().all(|c| c.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let policy = self.policy_or_none().await?;
        for app in self.planned_apps(&policy).await? {
            let plan = self.plan(&app, None).await?;
            let fits = |operation: &&Operation| {
                operation.fingerprint.to_string().starts_with(&text.to_lowercase())
            };
            if let Some(operation) = plan.operations.iter().find(fits) {
                return Ok(Some(operation.clone()));
            }
        }
        Ok(None)
    }

    async fn account_why(&self, app: &AppName, account: Account) -> Result<AccountWhy> {
        let situation = self.situation(app).await?;
        let world = situation.world(self.env.now())?;
        let mut correlation = plan::correlation(&world);
        let mut gaps = self.gaps(app).await?;
        gaps.retain(|gap| gap.account.as_ref() == Some(&account.id));
        let mut operations = plan::plan(&world, &correlation).operations;
        operations.retain(|one| one.person.is_none() && one.account.as_ref() == Some(&account.id));
        let found = correlation.matches.remove(&account.id).unwrap_or(Match::Unmatched);
        let person = match &found {
            Match::Linked { person, .. } => situation.people.get(person),
            _ => None,
        };
        let person = match person {
            Some(person) => Some(self.person_view(person).await?),
            None => None,
        };
        let filter = RunFilter {
            app: Some(app.clone()),
            account: Some(account.id.clone()),
            ..RunFilter::default()
        };
        let runs = self.store.runs(&filter).await?;
        Ok(AccountWhy { app: app.clone(), account, found, gaps, operations, person, runs })
    }
}

pub(super) fn in_app(
    situation: &Situation,
    person: &Person,
    now: Timestamp,
) -> Result<PersonInApp> {
    let world = situation.world(now)?;
    let correlation = plan::correlation(&world);
    let accounts = correlation
        .accounts_of(&person.id)
        .iter()
        .filter_map(|id| {
            let known = situation.accounts.get(id).filter(|known| known.gone.is_none())?;
            let because = match correlation.matches.get(id) {
                Some(Match::Linked { because, .. }) => because.clone(),
                _ => String::new(),
            };
            Some(HerAccount {
                account: known.account.clone(),
                because,
                work: known.work.as_deref().cloned(),
            })
        })
        .collect();
    // The whole plan, because limits look at all of it.
    let mut plan = plan::plan(&world, &correlation);
    plan.operations.retain(|operation| operation.is_for(&person.id));
    plan.upcoming.retain(|upcoming| upcoming.person.id == person.id);
    plan.blocked.retain(|blocked| blocked.person.id == person.id);
    let runs = situation.runs.iter().filter(|run| run.operation.is_for(&person.id));
    Ok(PersonInApp {
        app: situation.app.clone(),
        should: should(Rules::new(&world).expect(person), &situation.policy.organization.time_zone),
        accounts,
        operations: plan.operations,
        upcoming: plan.upcoming,
        blocked: plan.blocked,
        runs: runs.cloned().collect(),
    })
}

/// What `person` is at `now`, by the organisation's zone and the usual end of a working day.
#[must_use]
pub fn state_at(
    person: &Person,
    policy: &muster_domain::model::policy::Policy,
    now: Timestamp,
) -> PersonState {
    lifecycle::state(person, &Hours::usual(&policy.organization), now)
}
