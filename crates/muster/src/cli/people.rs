//! `muster people`.

use muster_domain::engine::lifecycle::PersonState;
use serde_json::json;

use super::{
    render::{clean, operation, run, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::Result,
    service::why::{PersonInApp, PersonView, state_at},
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
        /// A name, a work address, the source's id or a per_… id
        person: String,
    },
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Read).await?;
        match self {
            Self::List { state } => list(&session, state.as_deref()).await,
            Self::Show { person } => {
                let person = session.muster.find_person(&person).await?;
                let view = session.muster.person_view(&person).await?;
                if session.json {
                    print_json(&view)?;
                } else {
                    show(&session, &view);
                }
                Ok(Outcome::Done)
            }
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
        let mut word = says(session, &state);
        if let Some(since) = person.not_mentioned_since {
            word = format!("{word}; not mentioned since {}", session.when(since));
        }
        rows.push([
            person.name(),
            word,
            text(terms.and_then(|terms| terms.department.as_ref())),
            text(terms.and_then(|terms| terms.title.as_ref())),
            person.profile.work_email.as_ref().map(ToString::to_string).unwrap_or_default(),
            person.anchor.to_string(),
        ]);
        values.push(json!({"name": person.name(), "state": state, "person": person}));
    }
    rows.sort();
    if session.json {
        print_json(&values)?;
    } else if rows.is_empty() {
        print_line("Nobody. Import who works here: muster roster import FILE");
    } else {
        print_line(&table(["name", "state", "department", "title", "e-mail", "source"], rows));
    }
    Ok(Outcome::Done)
}

fn says(session: &Session, state: &PersonState) -> String {
    match state {
        PersonState::Prospective { starts } => format!("starts {}", session.when(*starts)),
        PersonState::Leaving { at } => format!("leaves {}", session.when(*at)),
        PersonState::Ended { at } => format!("ended {}", session.when(*at)),
        PersonState::Unknown { why } => format!("unknown: {why}"),
        PersonState::Active | PersonState::OnLeave | PersonState::Withdrawn => {
            state.word().replace('_', " ")
        }
    }
}

/// Everything about one person.
pub(super) fn show(session: &Session, view: &PersonView) {
    let style = session.style;
    let PersonView { person, name, state, apps } = view;
    print_line(&format!("{}  {}", style.bold(&clean(name)), says(session, state)));
    let email = person.profile.work_email.as_ref().map(ToString::to_string);
    print_line(&format!("  {}  {}  {}", email.unwrap_or_default(), person.anchor, person.id));
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
    }
    if let Some(order) = &person.ordered_end {
        print_line(&format!("  {} ordered the end at {}", order.by, session.when(order.at)));
    }
    for app in apps {
        show_app(session, app);
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
