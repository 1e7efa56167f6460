//! `muster people`.

pub(super) mod hand;
mod unite;

use jiff::civil::Date;
use muster_domain::engine::{
    lifecycle::{self, PersonState},
    merge::{Attribute, FieldChange, Proposal},
};
use serde_json::{Value, json};

use super::{
    access::{EARLIER, lasts},
    render::{clean, operation, run, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::Result,
    service::{
        access::{GrantView, Standing},
        people::ComesBack,
        why::{PersonInApp, PersonView, state_at},
    },
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List people
    List {
        /// Only people in this state
        #[arg(long, value_parser = PersonState::WORDS)]
        state: Option<String>,
    },
    /// Show one person: accounts, why each, what comes next and when
    Show {
        /// A name, a work address, a source's id or a per_… id
        person: String,
    },
    /// Add somebody by hand
    Add(Box<hand::Add>),
    /// Tell something of a person by hand: it counts before what other sources say
    Edit(Box<hand::Edit>),
    /// Tell of another engagement beside the present one
    Engage(Box<hand::Engage>),
    /// Tell when a person leaves
    End(hand::End),
    /// Tell that a person does not start after all
    Withdraw(hand::Withdraw),
    /// Tell of a leave of absence
    Leave(hand::Leave),
    /// Tell that a leave is over
    Return(hand::Return),
    /// Bring back somebody who left
    Rehire(Box<hand::Engage>),
    /// List who may be someone that was known before
    Duplicates,
    /// Say that two who look alike are two people
    Distinct {
        /// One of the two: a name, a work address, a source's id or a per_… id
        one: String,
        /// The other
        other: String,
    },
    /// Say that two are the same human
    Merge(unite::Merge),
    /// Take back that two are the same human
    Split(unite::Split),
    /// Take out the data of somebody who left, for her privacy
    Redact(unite::Redact),
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        match self {
            Self::List { state } => list(&start.open(Access::Read).await?, state.as_deref()).await,
            Self::Show { person } => {
                let session = start.open(Access::Read).await?;
                let person = session.muster.find_person(&person).await?;
                let view = session.muster.person_view(&person).await?;
                if session.json {
                    print_json(&view)?;
                } else {
                    show(&session, &view);
                }
                Ok(Outcome::Done)
            }
            Self::Add(args) => args.run(start).await,
            Self::Edit(args) => args.run(start).await,
            Self::Engage(args) => args.run(start, ComesBack::No).await,
            Self::End(args) => args.run(start).await,
            Self::Withdraw(args) => args.run(start).await,
            Self::Leave(args) => args.run(start).await,
            Self::Return(args) => args.run(start).await,
            Self::Rehire(args) => args.run(start, ComesBack::Yes).await,
            Self::Duplicates => unite::duplicates(&start.open(Access::Read).await?).await,
            Self::Distinct { one, other } => {
                unite::distinct(&start.open(Access::Write).await?, (&one, &other)).await
            }
            Self::Merge(args) => args.run(start).await,
            Self::Split(args) => args.run(start).await,
            Self::Redact(args) => args.run(start).await,
        }
    }
}

async fn list(session: &Session, wanted: Option<&str>) -> Result<Outcome> {
    let policy = session.muster.policy_or_none().await?;
    let now = session.muster.env.now();
    let people = session.muster.people().await?;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for person in people.values() {
        let state = state_at(person, &policy, now);
        if wanted.is_some_and(|wanted| wanted != state.word()) {
            continue;
        }
        let terms = person.engagements.last().map(|engagement| &engagement.terms);
        let text = |value: Option<&String>| value.cloned().unwrap_or_default();
        let mut word = says(&state, state.day(&lifecycle::zone_of(person, &policy.organization)));
        if let Some(since) = person.not_mentioned_since {
            word = format!("{word}; not mentioned since {}", session.when(since));
        }
        rows.push([
            person.name(),
            word,
            text(terms.and_then(|terms| terms.department.as_ref())),
            text(terms.and_then(|terms| terms.title.as_ref())),
            person.profile.work_email.as_ref().map(ToString::to_string).unwrap_or_default(),
            person.anchors().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        ]);
        values.push(json!({"name": person.name(), "state": state, "person": person}));
    }
    rows.sort();
    if session.json {
        print_json(&values)?;
    } else if rows.is_empty() {
        print_line(
            "Nobody. Import who works here: muster roster import FILE; or tell: muster people add",
        );
    } else {
        print_line(&table(["name", "state", "department", "title", "e-mail", "source"], rows));
    }
    Ok(Outcome::Done)
}

/// A state in words, with its day; the time at which access ends is each app's.
fn says(state: &PersonState, day: Option<Date>) -> String {
    let word = match state {
        PersonState::Prospective { .. } => "starts",
        PersonState::Leaving { .. } => "leaves",
        PersonState::Unknown { why } => return format!("unknown: {why}"),
        PersonState::Ended { .. }
        | PersonState::Active
        | PersonState::OnLeave
        | PersonState::Withdrawn => state.word(),
    };
    let word = word.replace('_', " ");
    day.map_or(word.clone(), |day| format!("{word} {day}"))
}

/// "1 person", "2 people".
pub(super) fn people(n: usize) -> String {
    if n == 1 { "1 person".to_owned() } else { format!("{n} people") }
}

/// A change as one line.
pub(super) fn changed(change: &FieldChange) -> String {
    let FieldChange { field, before, after, outranked } = change;
    let behind =
        if *outranked { " (told, but a source that ranks before says otherwise)" } else { "" };
    format!("{field} {} → {}{behind}", word(before), word(after))
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "not known".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(values) => values.iter().map(word).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let told = fields.iter().filter(|(_, value)| !value.is_null());
            told.map(|(field, value)| format!("{field} {}", word(value)))
                .collect::<Vec<_>>()
                .join(", ")
        }
        Value::Number(number) => number.to_string(),
    }
}

/// That two may be one, and what to do.
pub(super) fn may_be(proposal: &Proposal) -> String {
    let Proposal { person, name, known, known_name, because } = proposal;
    format!(
        "{name} may be {known_name}, who was known before: {because}. If so: muster people merge \
         {known} {person}"
    )
}

/// Everything about one person.
pub(super) fn show(session: &Session, view: &PersonView) {
    let style = session.style;
    let PersonView {
        person,
        name,
        state,
        day,
        groups,
        grants,
        attributes,
        managers,
        contradictions,
        apps,
    } = view;
    print_line(&format!("{}  {}", style.bold(&clean(name)), says(state, *day)));
    let email = person.profile.work_email.as_ref().map(ToString::to_string);
    let anchors: Vec<_> = person.anchors().map(ToString::to_string).collect();
    let anchors = anchors.join(", ");
    print_line(&format!("  {}  {anchors}  {}", email.unwrap_or_default(), person.id));
    if let Some(redaction) = &person.redacted {
        print_line(&format!(
            "  data taken out {} by {}: {}",
            session.when(redaction.at),
            clean(&redaction.by),
            clean(&redaction.reason)
        ));
    }
    for engagement in &person.engagements {
        let terms = &engagement.terms;
        let date = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string());
        let from = date(terms.start_date).unwrap_or_else(|| "?".to_owned());
        let to = date(terms.last_working_day.or(terms.end_date)).unwrap_or_default();
        let what: Vec<_> = [&terms.title, &terms.department]
            .into_iter()
            .flatten()
            .map(|text| clean(text))
            .collect();
        print_line(&format!(
            "  engagement {}  {from} – {to}  {}",
            engagement.number,
            what.join(", ")
        ));
        if let Some(manager) = managers.get(&engagement.number) {
            print_line(&format!("    manager {}", clean(manager)));
        }
    }
    if !person.told.is_empty() {
        show_sources(attributes);
    }
    for one in contradictions {
        print_line(&format!("  {} {}", style.yellow("!"), clean(&one.says)));
    }
    if let Some(order) = &person.ordered_end {
        print_line(&format!("  {} ordered the end at {}", order.by, session.when(order.at)));
    }
    for (group, why) in groups {
        let why: Vec<_> = why.iter().map(ToString::to_string).collect();
        print_line(&format!("  in group {group}: {}", clean(&why.join("; "))));
    }
    show_grants(session, grants);
    for app in apps {
        show_app(session, app);
    }
}

/// What was granted by hand, and whether it counts.
fn show_grants(session: &Session, grants: &[GrantView]) {
    for GrantView { grant, standing, .. } in grants {
        let lasts = match standing {
            Standing::InForce => lasts(grant.until, session),
            Standing::OfEarlierJob => EARLIER.to_owned(),
        };
        print_line(&format!(
            "  {} granted {} in {}, {lasts}: {}",
            clean(&grant.by),
            grant.role,
            grant.app,
            clean(&grant.reason)
        ));
    }
}

/// Which source's word each attribute is, and who says otherwise.
fn show_sources(attributes: &[Attribute]) {
    let rows = attributes.iter().map(|attribute| {
        let Attribute { field, engagement, value, source, others } = attribute;
        let number = engagement.map(|number| format!("engagement {number} ")).unwrap_or_default();
        let others: Vec<_> = others
            .iter()
            .map(|said| format!("{} says {}", said.source, word(&said.value)))
            .collect();
        [format!("{number}{field}"), word(value), source.to_string(), others.join("; ")]
    });
    print_line(&table(["attribute", "value", "source", "others"], rows.collect()));
}

/// What the next plan makes of a person: one line an app.
fn outlook(session: &Session, apps: &[PersonInApp]) {
    for app in apps {
        let said = if let Some(one) = app.operations.first() {
            let state = one.after.as_ref().or(one.before.as_ref());
            let login = state.map(|state| state.login.clone()).unwrap_or_default();
            let role = one.after.as_ref().and_then(|state| state.role.as_ref());
            let role = role.map(|role| format!(" as {role}")).unwrap_or_default();
            let waits = if one.goes() {
                String::new()
            } else {
                let why = one.holds.first().map(|hold| hold.reason.clone()).unwrap_or_default();
                format!("; waits: {why}")
            };
            let what = one.action.word().replace('_', " ");
            format!("the next plan would {what} {login}{role}{waits}")
        } else if let Some(blocked) = app.blocked.first() {
            format!("blocked: {}; {}", blocked.reason, blocked.remedy)
        } else if let Some(next) = app.upcoming.first() {
            format!("nothing now; {} {}", session.when(next.at), next.what)
        } else {
            format!("nothing to do; {}", app.should.says)
        };
        print_line(&clean(&format!("  {}: {said}", app.app)));
    }
}

fn show_app(session: &Session, app: &PersonInApp) {
    let style = session.style;
    print_line(&format!("\n{}  {}", style.bold(app.app.as_str()), clean(&app.should.says)));
    for reason in &app.should.why {
        print_line(&format!("    because {}", clean(&reason.to_string())));
    }
    for hers in &app.accounts {
        let account = &hers.account;
        let role = account.role.as_ref().map(ToString::to_string).unwrap_or_default();
        print_line(&format!(
            "  has account {} {} as {role}, {}; theirs by {}",
            account.id,
            clean(&account.login),
            account.status.word(),
            clean(&hers.because)
        ));
        if let Some(work) = &hers.work {
            let at = session.when(work.at);
            print_line(&format!("    holds {}, as read {at}", clean(&work.to_string())));
        }
    }
    if app.accounts.is_empty() {
        print_line("  has no account");
    }
    for one in &app.operations {
        print_line("  now:");
        print_line(operation(one, style).trim_end());
    }
    for blocked in &app.blocked {
        print_line(&format!("  blocked: {}; {}", clean(&blocked.reason), clean(&blocked.remedy)));
    }
    for next in &app.upcoming {
        print_line(&format!("  next: {} {}", session.when(next.at), next.what));
    }
    for one in &app.runs {
        print_line(&format!("{}  {}", run(one, style), session.when(one.changed)));
    }
}
