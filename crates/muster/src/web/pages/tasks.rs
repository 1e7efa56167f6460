//! Tasks: what only a human can do, the most urgent first; and asking somebody to do one.

use std::collections::BTreeSet;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use muster_domain::{
    engine::tasks::Task,
    model::{id::AppName, user::Permission},
};
use serde::Deserialize;

use super::users::end_of;
use crate::{
    error::Error,
    service::{Muster, tasks::Ask},
    web::{
        Web,
        paging::Pages,
        problem::Problem,
        routes::{Needs, Route, get, post},
        shell::{self, Shell},
        who::Who,
    },
};

const AT: &str = "/tasks";

pub(super) fn routes() -> Vec<Route> {
    let read = Needs::May(Permission::Read);
    vec![
        get(AT, read, show),
        get("/tasks/{id}", read, show_one),
        post("/tasks/{id}", Needs::May(Permission::Operate), ask),
    ]
}

#[derive(Template)]
#[template(path = "tasks.html")]
struct TasksPage {
    shell: Shell,
    tasks: Vec<Task>,
    pages: Pages,
    apps: Vec<AppName>,
    owners: BTreeSet<String>,
    asked: Asked,
    all: usize,
    overdue: usize,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    app: String,
    owner: String,
    overdue: String,
    page: usize,
}

/// What stands for a task that nobody is asked to do.
const NOBODY: &str = "nobody";

impl Asked {
    fn fits(&self, task: &Task, is_overdue: bool) -> bool {
        let owner = task.owner.as_deref().unwrap_or(NOBODY);
        (self.app.is_empty() || task.app.as_str() == self.app)
            && (self.owner.is_empty() || owner.eq_ignore_ascii_case(&self.owner))
            && (self.overdue.is_empty() || is_overdue)
    }
}

/// The apps that she sees and for which there is a plan.
async fn apps(muster: &Muster, who: &Who) -> Result<Vec<AppName>, Problem> {
    let connections = muster.store.connections().await?.into_iter().map(|one| one.app);
    Ok(connections.filter(|app| who.sees(app)).collect())
}

async fn show(
    State(web): State<Web>,
    who: Who,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let muster = who.muster(&web);
    let apps = apps(&muster, &who).await?;
    let mut tasks = Vec::new();
    for app in &apps {
        tasks.extend(muster.tasks(app).await?);
    }
    tasks.sort_by(|a, b| (a.due, &a.title, &a.id).cmp(&(b.due, &b.title, &b.id)));
    let shell = Shell::new(&web, who, AT, "Tasks").await?;
    let (all, now) = (tasks.len(), shell.now);
    let overdue = tasks.iter().filter(|task| task.is_overdue(now)).count();
    let owner = |task: &Task| task.owner.clone().unwrap_or_else(|| NOBODY.to_owned());
    let owners = tasks.iter().map(owner).collect();
    tasks.retain(|task| asked.fits(task, task.is_overdue(now)));
    let filter = [
        ("app", asked.app.as_str()),
        ("owner", asked.owner.as_str()),
        ("overdue", asked.overdue.as_str()),
    ];
    let (tasks, pages) = Pages::cut(tasks, asked.page, AT, &filter);
    Ok(shell::page(&TasksPage { shell, tasks, pages, apps, owners, asked, all, overdue }))
}

#[derive(Template)]
#[template(path = "task.html")]
struct TaskPage {
    shell: Shell,
    task: Task,
    given: Given,
    trouble: Option<String>,
    first: String,
}

impl TaskPage {
    fn may_ask(&self) -> bool {
        self.shell.who.may(Permission::Operate)
    }

    fn is_overdue(&self) -> bool {
        self.task.is_overdue(self.shell.now)
    }
}

/// What was filled in.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    owner: String,
    due: String,
    note: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Done {
    done: String,
}

async fn page_of(web: &Web, who: Who, id: &str) -> Result<TaskPage, Problem> {
    let muster = who.muster(web);
    let task = muster.find_task(&apps(&muster, &who).await?, id).await?;
    let shell = Shell::new(web, who, AT, task.title.clone()).await?;
    let first = shell.now.to_zoned(shell.zone.clone()).date().to_string();
    Ok(TaskPage { shell, task, given: Given::default(), trouble: None, first })
}

async fn show_one(
    State(web): State<Web>,
    who: Who,
    Path(id): Path<String>,
    Query(Done { done }): Query<Done>,
) -> Result<Response, Problem> {
    let mut page = page_of(&web, who, &id).await?;
    if done == "asked" {
        page.shell = page.shell.with_notice("Noted. The journal says who asked.");
    }
    Ok(shell::page(&page))
}

async fn ask(
    State(web): State<Web>,
    who: Who,
    Path(id): Path<String>,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let muster = who.muster(&web);
    let apps = apps(&muster, &who).await?;
    let mut page = page_of(&web, who, &id).await?;
    let told = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let due = told(&given.due).map(|day| end_of(&day, &page.shell.zone)).transpose();
    let asked = match due {
        Ok(due) => {
            let ask = Ask { owner: told(&given.owner), due, note: told(&given.note) };
            muster.ask(&apps, page.task.id.as_str(), ask).await
        }
        Err(error) => Err(error),
    };
    match asked {
        Ok(task) => Ok(Redirect::to(&format!("{AT}/{}?done=asked", task.id)).into_response()),
        Err(error @ (Error::Invalid(_) | Error::Conflict(_))) => {
            (page.given, page.trouble) = (given, Some(error.to_string()));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, shell::page(&page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
