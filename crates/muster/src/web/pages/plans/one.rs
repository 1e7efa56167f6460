//! One plan, as it is read.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use muster_domain::{
    engine::undo,
    model::{
        canonical::Digest,
        id::AppName,
        keep::Keep,
        operation::Run,
        plan::{Difference, Group, Hold, HoldKind, Operation, Plan, Reversibility, Risk},
        user::Permission,
    },
};
use serde::Deserialize;

use super::{AT, Summary, seen};
use crate::{
    store::records::RunFilter,
    web::{
        Web,
        problem::Problem,
        shell::{self, Shell},
        who::Who,
    },
};

/// So many operations are shown at once: an approval of all is one of all that is shown.
const SHOWN: usize = 50;

/// How many runs, and how much of what comes, are listed.
const LISTED: u32 = 20;

/// What the one who looks may say to an operation.
pub(in crate::web::pages) enum Say {
    /// Nothing.
    Nothing,
    /// No, though nobody asks.
    No,
    /// Yes or no: it waits for her.
    YesOrNo,
    /// It waits for somebody else, and why.
    Others(String),
}

/// An operation as it is shown.
pub(in crate::web::pages) struct Line {
    pub(in crate::web::pages) operation: Operation,
    pub(in crate::web::pages) say: Say,
}

impl Line {
    pub(in crate::web::pages) fn differences(&self) -> Vec<Difference> {
        self.operation.differences()
    }

    pub(in crate::web::pages) fn what(&self) -> String {
        self.operation.action.word().replace('_', " ")
    }

    pub(in crate::web::pages) fn sign(&self) -> (&'static str, &'static str) {
        match self.operation.action.group() {
            _ if self.operation.action.removes_access() => ("-", "bad"),
            Group::Joiner => ("+", "ok"),
            _ => ("~", "warn"),
        }
    }

    /// Whether she releases `hold` here, by saying yes.
    pub(in crate::web::pages) fn decides(&self, hold: &Hold) -> bool {
        matches!(self.say, Say::YesOrNo) && hold.kind.lifted_by_approval()
    }

    pub(in crate::web::pages) fn is_risky(&self) -> bool {
        self.operation.risk == Risk::High
    }

    pub(in crate::web::pages) fn is_rejected(&self) -> bool {
        self.operation.holds.iter().any(|hold| hold.kind == HoldKind::Rejected)
    }

    pub(in crate::web::pages) fn besides(&self) -> Option<(&'static str, String)> {
        let (label, text) = self.operation.action.besides()?;
        Some((if label == "else" { "Else" } else { "Moves" }, text))
    }

    pub(in crate::web::pages) fn lost(&self) -> Option<(&'static str, &str)> {
        match &self.operation.reversibility {
            Reversibility::Whole => None,
            Reversibility::Partly { lost } => Some(("For good", lost)),
            Reversibility::Never { lost } => Some(("For ever", lost)),
        }
    }
}

/// The operations of one group.
struct Section {
    group: Group,
    total: usize,
    lines: Vec<Line>,
}

/// Something that was done or tried.
struct Done {
    run: Run,
    can_be_undone: bool,
}

impl Done {
    fn state(&self) -> String {
        self.run.state.word().replace('_', " ")
    }
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    shell: Shell,
    app: AppName,
    plan: Plan,
    summary: Summary,
    sections: Vec<Section>,
    /// What of what is shown waits for whoever looks.
    mine: Vec<Digest>,
    from: usize,
    more: Option<usize>,
    going: bool,
    done: Vec<Done>,
    keeps: Vec<Keep>,
    trouble: Option<String>,
}

impl PlanPage {
    fn may_operate(&self) -> bool {
        self.shell.who.may(Permission::Operate)
    }

    fn unlisted(&self) -> usize {
        self.plan.upcoming.len().saturating_sub(LISTED as usize)
    }
}

/// Where in the plan, and what was done just now.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    from: usize,
    done: String,
    n: usize,
}

pub(super) async fn show(
    State(web): State<Web>,
    who: Who,
    Path(app): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let app = seen(&web, &who, &app).await?;
    page(&web, who, &app, (asked, None)).await
}

/// The page, with what went wrong, if something did.
pub(super) async fn page(
    web: &Web,
    who: Who,
    app: &AppName,
    (asked, trouble): (Asked, Option<String>),
) -> Result<Response, Problem> {
    let muster = who.muster(web);
    let mut plan = muster.plan(app, None).await?;
    let mut says = says(web, &who, &plan).await?;
    let summary = Summary::of(&plan);
    plan.operations.sort_by_key(|one| place(one.action.group()));
    let total = plan.operations.len();
    let from = if asked.from < total { asked.from } else { 0 };
    let shown: Vec<Line> = std::mem::take(&mut plan.operations)
        .into_iter()
        .skip(from)
        .take(SHOWN)
        .map(|operation| {
            let say = says.remove(&operation.fingerprint).unwrap_or(Say::Nothing);
            Line { operation, say }
        })
        .collect();
    // A no is not taken back among many: that takes a look at the one.
    let asks = |line: &&Line| matches!(line.say, Say::YesOrNo) && !line.is_rejected();
    let mine = shown.iter().filter(asks);
    let mine = mine.map(|line| line.operation.fingerprint).collect();
    let runs = RunFilter { app: Some(app.clone()), limit: Some(LISTED), ..RunFilter::default() };
    let may_operate = who.may(Permission::Operate);
    let done = muster.store.runs(&runs).await?.into_iter().map(|run| {
        let can_be_undone = may_operate && undo::back(&run).is_ok();
        Done { run, can_be_undone }
    });
    let keeps = muster.keeps().await?.into_iter().filter(|keep| keep.app == *app).collect();
    let mut shell = Shell::new(web, who, AT, format!("Plan for {app}")).await?;
    if let Some(notice) = notice(&asked) {
        shell = shell.with_notice(notice);
    }
    Ok(shell::page(&PlanPage {
        shell,
        app: app.clone(),
        sections: sections(shown, &summary),
        summary,
        plan,
        mine,
        from,
        more: Some(from + SHOWN).filter(|next| *next < total),
        going: web.worker.at_work().contains(app),
        done: done.collect(),
        keeps,
        trouble,
    }))
}

fn place(group: Group) -> usize {
    Group::ALL.iter().position(|one| *one == group).unwrap_or_default()
}

fn sections(shown: Vec<Line>, summary: &Summary) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in shown {
        let group = line.operation.action.group();
        match sections.last_mut().filter(|section| section.group == group) {
            Some(section) => section.lines.push(line),
            None => {
                let total = summary.groups.iter().find(|(one, _)| *one == group);
                let total = total.map_or(0, |(_, total)| *total);
                sections.push(Section { group, total, lines: vec![line] });
            }
        }
    }
    sections
}

/// What she may say to each operation.
async fn says(web: &Web, who: &Who, plan: &Plan) -> Result<BTreeMap<Digest, Say>, Problem> {
    if !who.may(Permission::Decide) {
        return Ok(BTreeMap::new());
    }
    let found = who.muster(web).approvable(plan, &["all".to_owned()]).await?;
    let mut says: BTreeMap<Digest, Say> = plan
        .operations
        .iter()
        .filter(|one| one.goes())
        .map(|one| (one.fingerprint, Say::No))
        .collect();
    says.extend(found.operations.into_iter().map(|one| (one.fingerprint, Say::YesOrNo)));
    says.extend(found.others.into_iter().map(|(one, why)| (one.fingerprint, Say::Others(why))));
    Ok(says)
}

fn notice(asked: &Asked) -> Option<String> {
    let text = match asked.done.as_str() {
        "approved" => format!(
            "Approved {}. What waits for nothing else goes with the next round.",
            shell::count(asked.n, "operation")
        ),
        "rejected" => {
            "Rejected. It waits until somebody approves it, or the no is taken back.".into()
        }
        "withdrawn" => "Taken back: it is no longer rejected.".to_owned(),
        "asked" => {
            "A round was asked for: the app is read, and what waits for nothing is done.".into()
        }
        "undone" => "Ordered. It is put back with the round that begins now.".to_owned(),
        "ended" => "Ended: the account follows the rules again.".to_owned(),
        _ => return None,
    };
    Some(text)
}
