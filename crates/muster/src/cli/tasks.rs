//! `muster tasks`.

use muster_domain::{engine::tasks::Task, model::id::AppName};

use super::{
    plan::moment,
    render::{clean, count, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{error::Result, service::tasks::Ask};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List what only a human can do, the most urgent first
    List {
        /// Only of this app
        #[arg(long)]
        app: Option<AppName>,
        /// Only what this person should do
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
    },
    /// Show one task: why, how, by when
    Show {
        /// The beginning of its id
        task: String,
    },
    /// Ask somebody to do a task, or give it another date or a note
    Ask {
        /// The beginning of its id
        task: String,
        /// Who should do it
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        /// By when: 2026-12-01, "2026-12-01 18:00" or an instant
        #[arg(long, value_name = "TIME")]
        due: Option<String>,
        /// What to note
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let asks = matches!(self, Self::Ask { .. });
        let session = start.open(if asks { Access::Beside } else { Access::Read }).await?;
        match self {
            Self::List { app, owner } => list(&session, app.as_ref(), owner.as_deref()).await,
            Self::Show { task } => {
                let task = session.muster.find_task(&session.apps(None).await?, &task).await?;
                shown(&session, &task)
            }
            Self::Ask { task, to, due, note } => {
                let due = due.map(|text| moment(&text, &session.zone)).transpose()?;
                let ask = Ask { owner: to, due, note };
                let task = session.muster.ask(&session.apps(None).await?, &task, ask).await?;
                shown(&session, &task)
            }
        }
    }
}

async fn list(session: &Session, app: Option<&AppName>, owner: Option<&str>) -> Result<Outcome> {
    let mut tasks = Vec::new();
    for app in session.apps(app).await? {
        tasks.extend(session.muster.tasks(&app).await?);
    }
    if let Some(owner) = owner {
        let is_hers = |task: &Task| {
            task.owner.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(owner))
        };
        tasks.retain(is_hers);
    }
    tasks.sort_by(|a, b| (a.due, &a.title).cmp(&(b.due, &b.title)));
    let outcome = Outcome::changes_if(!tasks.is_empty());
    if session.json {
        print_json(&tasks)?;
        return Ok(outcome);
    }
    if tasks.is_empty() {
        print_line(&session.style.green("Nothing waits for a person."));
        return Ok(outcome);
    }
    let now = session.muster.env.now();
    let rows = tasks.iter().map(|task| {
        let due = session.when(task.due);
        [
            task.id.as_str().chars().take(10).collect(),
            if task.is_overdue(now) { session.style.red(&due) } else { due },
            clean(&task.title),
            clean(&task.reason),
            task.app.to_string(),
            task.owner.as_deref().map(clean).unwrap_or_default(),
        ]
    });
    print_line(&table(["task", "due", "what", "why", "app", "who"], rows.collect()));
    let overdue = tasks.iter().filter(|task| task.is_overdue(now)).count();
    let late = if overdue > 0 { format!(", {overdue} overdue") } else { String::new() };
    print_line(&format!("{}{late}. How: muster tasks show TASK", count(tasks.len(), "task")));
    Ok(outcome)
}

fn shown(session: &Session, task: &Task) -> Result<Outcome> {
    if session.json {
        print_json(task)?;
        return Ok(Outcome::Done);
    }
    let style = session.style;
    print_line(&format!("{}  {}", style.bold(&clean(&task.title)), style.dim(task.id.as_str())));
    print_line(&format!("  because  {}", clean(&task.reason)));
    print_line(&format!("  how      {}", clean(&task.how)));
    let late = if task.is_overdue(session.muster.env.now()) { ", overdue" } else { "" };
    print_line(&format!(
        "  due      {}{late}; there since {}",
        session.when(task.due),
        session.when(task.since)
    ));
    let nobody = "nobody: name apps.APP.owner in the policy, or muster tasks ask";
    print_line(&format!("  who      {}", clean(task.owner.as_deref().unwrap_or(nobody))));
    if let Some(note) = &task.note {
        print_line(&format!("  note     {}", clean(note)));
    }
    print_line("  It closes by itself when the world shows that it is done.");
    Ok(Outcome::Done)
}
