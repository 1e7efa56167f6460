//! What people tell Muster of people: add, edit, engage, end, withdraw, leave, return, rehire.

use std::collections::BTreeSet;

use jiff::civil::Date;
use muster_domain::{
    engine::hand::{Ending, Word},
    model::{
        email::EmailAddress,
        person::{EngagementKind, Person, Profile, Scope, Terms},
    },
};
use serde_json::json;

use super::{
    super::{
        render::clean,
        session::{Access, Outcome, Session, Start, print_json, print_line},
    },
    changed, outlook,
};
use crate::{
    error::{Error, Result},
    service::people::{ComesBack, Facts, Told},
};

/// How far to go.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct How {
    /// Show what would change, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
}

impl How {
    pub(super) const fn access(&self) -> Access {
        if self.dry_run { Access::Read } else { Access::Write }
    }
}

#[derive(Debug, Default, clap::Args)]
pub(in crate::cli) struct Said {
    /// The whole name, as it should be shown
    #[arg(long)]
    name: Option<String>,
    /// The address at work: the login
    #[arg(long)]
    email: Option<EmailAddress>,
    /// Another or former address at work; may be given several times
    #[arg(long, value_name = "EMAIL")]
    alias: Vec<EmailAddress>,
    /// The private address; never a login
    #[arg(long, value_name = "EMAIL")]
    personal_email: Option<EmailAddress>,
    /// The employee number
    #[arg(long)]
    number: Option<String>,
    /// The zone in which the dates count, such as Europe/Berlin
    #[arg(long)]
    time_zone: Option<String>,
    /// Whether the person may be given accounts
    #[arg(long, value_name = "yes|no", value_parser = scope)]
    in_scope: Option<Scope>,
    /// The first day
    #[arg(long, value_name = "DATE")]
    start: Option<Date>,
    /// The last day of the contract
    #[arg(long, value_name = "DATE")]
    end: Option<Date>,
    /// The last day at work, where it is another
    #[arg(long, value_name = "DATE")]
    last_day: Option<Date>,
    /// The day by which somebody must look whether the work goes on
    #[arg(long, value_name = "DATE")]
    review: Option<Date>,
    /// employee, contractor, intern or other
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<EngagementKind>,
    /// The department
    #[arg(long)]
    department: Option<String>,
    /// The team
    #[arg(long)]
    team: Option<String>,
    /// The job title
    #[arg(long)]
    title: Option<String>,
    /// The role in the organisation
    #[arg(long)]
    staff_role: Option<String>,
    /// The work location
    #[arg(long)]
    location: Option<String>,
    /// The country
    #[arg(long)]
    country: Option<String>,
    /// The legal entity that employs
    #[arg(long)]
    legal_entity: Option<String>,
    /// The cost centre
    #[arg(long)]
    cost_centre: Option<String>,
    /// The manager: a name, a work address, a source's id or a per_… id
    #[arg(long, value_name = "PERSON")]
    manager: Option<String>,
}

fn scope(text: &str) -> std::result::Result<Scope, String> {
    match text {
        "yes" => Ok(Scope::In),
        "no" => Ok(Scope::Out),
        _ => Err("say yes or no".to_owned()),
    }
}

fn kind(text: &str) -> std::result::Result<EngagementKind, String> {
    const ALL: [EngagementKind; 4] = [
        EngagementKind::Employee,
        EngagementKind::Contractor,
        EngagementKind::Intern,
        EngagementKind::Other,
    ];
    ALL.into_iter()
        .find(|kind| kind.word() == text)
        .ok_or_else(|| format!("kinds are {}", ALL.map(EngagementKind::word).join(", ")))
}

impl Said {
    fn facts(self) -> Facts {
        let Self {
            name,
            email,
            alias,
            personal_email,
            number,
            time_zone,
            in_scope,
            start,
            end,
            last_day,
            review,
            kind,
            department,
            team,
            title,
            staff_role,
            location,
            country,
            legal_entity,
            cost_centre,
            manager,
        } = self;
        Facts {
            profile: Profile {
                display_name: name,
                work_email: email,
                former_emails: (!alias.is_empty()).then(|| alias.into_iter().collect()),
                personal_email,
                employee_number: number,
                time_zone,
                in_scope,
                ..Profile::default()
            },
            terms: Terms {
                start_date: start,
                end_date: end,
                last_working_day: last_day,
                review_date: review,
                kind,
                department,
                team,
                title,
                staff_role,
                location,
                country,
                legal_entity,
                cost_centre,
                ..Terms::default()
            },
            manager,
        }
    }
}

/// A field as it is called on the command line, as it is called in JSON.
fn attribute(text: &str) -> std::result::Result<String, std::convert::Infallible> {
    Ok(match text.trim_start_matches("--").replace('-', "_").as_str() {
        "name" => "display_name",
        "email" => "work_email",
        "alias" => "former_emails",
        "number" => "employee_number",
        "start" => "start_date",
        "end" => "end_date",
        "last_day" => "last_working_day",
        "review" => "review_date",
        other => other,
    }
    .to_owned())
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Add {
    #[command(flatten)]
    said: Said,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Add {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let how = How { dry_run: self.dry_run, yes: true };
        let session = start.open(how.access()).await?;
        let told = session.muster.preview_add(self.said.facts()).await?;
        tell(&session, &told, &how, None).await
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Meet {
    /// The account: APP/ID, an id, or a login
    account: String,
    #[command(flatten)]
    said: Said,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Meet {
    pub(in crate::cli) async fn run(self, start: Start) -> Result<Outcome> {
        let how = How { dry_run: self.dry_run, yes: true };
        let session = start.open(how.access()).await?;
        let (app, account) = session.muster.find_account(&self.account).await?;
        let met = session.muster.preview_meet((&app, &account), self.said.facts()).await?;
        if !session.json {
            show(&session, &met.told);
        }
        let done = !how.dry_run;
        if done {
            session.muster.meet(&met).await?;
        }
        if session.json {
            print_json(&json!({"told": met, "done": done}))?;
        } else if done {
            let words = format!("Added; {app}/{} is theirs.", account.id);
            print_line(&session.style.green(&words));
        } else {
            print_line("Nothing was changed.");
        }
        Ok(Outcome::changes_if(!done))
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Edit {
    /// A name, a work address, a source's id or a per_… id
    person: String,
    #[command(flatten)]
    said: Said,
    /// Take back what was told of a field by hand; may be given several times
    #[arg(long, value_name = "FIELD", value_parser = attribute)]
    clear: Vec<String>,
    /// Which engagement is meant [default: the present one]
    #[arg(long, value_name = "N")]
    engagement: Option<u32>,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Edit {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let how = How { dry_run: self.dry_run, yes: true };
        let session = start.open(how.access()).await?;
        let person = session.muster.find_person(&self.person).await?;
        let clear: BTreeSet<String> = self.clear.into_iter().collect();
        let facts = (self.said.facts(), clear);
        let told = session.muster.preview_edit(&person, facts, self.engagement).await?;
        tell(&session, &told, &how, None).await
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Engage {
    /// A name, a work address, a source's id or a per_… id
    person: String,
    #[command(flatten)]
    said: Said,
    #[command(flatten)]
    how: How,
}

impl Engage {
    pub(super) async fn run(self, start: Start, comes_back: ComesBack) -> Result<Outcome> {
        if self.said.start.is_none() {
            return Err(Error::Invalid("say from when on: --start DATE".to_owned()));
        }
        let session = start.open(self.how.access()).await?;
        let person = session.muster.find_person(&self.person).await?;
        let facts = self.said.facts();
        let told = session.muster.preview_engage(&person, facts, comes_back).await?;
        if comes_back == ComesBack::No {
            return tell(&session, &told, &How { yes: true, ..self.how }, None).await;
        }
        if !session.json {
            compare(&told);
        }
        let question = format!("Bring {} back?", person.name());
        tell(&session, &told, &self.how, Some(question)).await
    }
}

/// What she had beside what she would have.
fn compare(told: &Told) {
    for app in &told.apps {
        let had: Vec<_> = app
            .accounts
            .iter()
            .map(|hers| {
                let role = hers.account.role.as_ref().map(ToString::to_string);
                format!(
                    "{} as {}, {}",
                    hers.account.login,
                    role.as_deref().unwrap_or("?"),
                    hers.account.status.word()
                )
            })
            .collect();
        let had = if had.is_empty() { "no account".to_owned() } else { had.join("; ") };
        print_line(&clean(&format!("  {} before: {had}; now: {}", app.app, app.should.says)));
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct End {
    /// A name, a work address, a source's id or a per_… id
    person: String,
    /// The last day of the contract [default, with --involuntary: today]
    #[arg(long, value_name = "DATE")]
    on: Option<Date>,
    /// The last day at work, where it is another: access ends with it
    #[arg(long, value_name = "DATE")]
    last_day: Option<Date>,
    /// Against the person's will: access ends at once, not at the end of the day
    #[arg(long)]
    involuntary: bool,
    /// Which engagement ends [default: all that go on]
    #[arg(long, value_name = "N")]
    engagement: Option<u32>,
    #[command(flatten)]
    how: How,
}

impl End {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(self.how.access()).await?;
        let person = session.muster.find_person(&self.person).await?;
        let on = match (self.on.or(self.last_day), self.involuntary) {
            (Some(on), _) => on,
            (None, true) => today(&session),
            (None, false) => {
                return Err(Error::Invalid("say when: --on DATE".to_owned()));
            }
        };
        let how = if self.involuntary { Ending::Involuntary } else { Ending::Dated };
        let word = Word::End { on, last_day: self.last_day, how };
        let question = format!("Does {} leave on {on}?", person.name());
        one(&session, &person, (&word, self.engagement), (&self.how, Some(question))).await
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Withdraw {
    /// A name, a work address, a source's id or a per_… id
    person: String,
    /// Which engagement is meant [default: all that have not begun]
    #[arg(long, value_name = "N")]
    engagement: Option<u32>,
    #[command(flatten)]
    how: How,
}

impl Withdraw {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(self.how.access()).await?;
        let person = session.muster.find_person(&self.person).await?;
        let question = format!("Withdraw the start of {}?", person.name());
        let word = (&Word::Withdraw, self.engagement);
        one(&session, &person, word, (&self.how, Some(question))).await
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Leave {
    /// A name, a work address, a source's id or a per_… id
    person: String,
    /// The first day away
    #[arg(long, value_name = "DATE")]
    from: Date,
    /// The first day back, where it is known
    #[arg(long, value_name = "DATE")]
    back: Option<Date>,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Leave {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let how = How { dry_run: self.dry_run, yes: true };
        let session = start.open(how.access()).await?;
        let person = session.muster.find_person(&self.person).await?;
        let word = Word::Leave { from: self.from, back: self.back };
        one(&session, &person, (&word, None), (&how, None)).await
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Return {
    /// A name, a work address, a source's id or a per_… id
    person: String,
    /// The first day back [default: today]
    #[arg(long, value_name = "DATE")]
    on: Option<Date>,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Return {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let how = How { dry_run: self.dry_run, yes: true };
        let session = start.open(how.access()).await?;
        let person = session.muster.find_person(&self.person).await?;
        let word = Word::Return { on: self.on.unwrap_or_else(|| today(&session)) };
        one(&session, &person, (&word, None), (&how, None)).await
    }
}

fn today(session: &Session) -> Date {
    session.muster.env.now().to_zoned(session.zone.clone()).date()
}

async fn one(
    session: &Session,
    person: &Person,
    (word, number): (&Word, Option<u32>),
    (how, question): (&How, Option<String>),
) -> Result<Outcome> {
    let told = session.muster.preview_word(person, word, number).await?;
    tell(session, &told, how, question).await
}

/// Shows what is told, asks where it matters, and believes it.
async fn tell(
    session: &Session,
    told: &Told,
    how: &How,
    question: Option<String>,
) -> Result<Outcome> {
    if !session.json {
        show(session, told);
    }
    let changes = told.before.as_ref() != Some(&told.person);
    let asked = question.filter(|_| !how.yes);
    let done = if !changes || how.dry_run {
        false
    } else if let Some(question) = asked
        && !session.confirm(&question)?
    {
        false
    } else {
        session.muster.believe(told).await?;
        true
    };
    if session.json {
        print_json(&json!({"told": told, "done": done}))?;
    } else if !changes {
        print_line("That is known already; nothing changes.");
    } else if done {
        print_line(&session.style.green("Done."));
    } else {
        print_line("Nothing was changed.");
    }
    Ok(Outcome::changes_if(changes && !done))
}

fn show(session: &Session, told: &Told) {
    let style = session.style;
    let Told { before, person, changes, warnings, apps } = told;
    let sign = if before.is_none() { style.green("+") } else { style.yellow("~") };
    let name = style.bold(&clean(&person.name()));
    print_line(&format!("{sign} {name}  {}", style.dim(person.id.as_str())));
    for change in changes {
        print_line(&clean(&format!("    {}", changed(change))));
    }
    for warning in warnings {
        print_line(&format!("  {} {}", style.red("!"), clean(warning)));
    }
    outlook(session, apps);
}
