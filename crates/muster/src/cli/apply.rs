//! `muster apply`.

use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use indicatif::ProgressBar;

use muster_domain::model::{
    canonical::Digest,
    id::AppName,
    operation::Run,
    plan::{Action, Operation, Plan},
};

use super::{
    render,
    session::{Access, Outcome, Session, Start, print_json, print_line},
    sync::spinner,
};
use crate::{
    error::{Error, Result},
    service::{
        Unwatched, Watch,
        apply::{Applied, ApplyRequest, NotTried, Skipped},
    },
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A saved plan, or an app [default: the only app]
    #[arg(value_name = "FILE|APP")]
    what: Option<String>,
    /// Apply without asking. What needs a named approval still waits for it
    #[arg(long)]
    yes: bool,
    /// Only this person's operations
    #[arg(long, value_name = "PERSON")]
    only: Option<String>,
    /// Approve an operation by the beginning of its fingerprint, or "all" that an approval lets go
    #[arg(long, value_name = "FINGERPRINT|all")]
    approve: Vec<String>,
}

/// Prints runs as they go on.
pub(super) struct Lines<'a> {
    session: &'a Session,
    /// While something long goes on.
    bar: Mutex<Option<ProgressBar>>,
}

impl<'a> Lines<'a> {
    pub(super) const fn new(session: &'a Session) -> Self {
        Self { session, bar: Mutex::new(None) }
    }
}

impl Watch for Lines<'_> {
    fn run(&self, run: &Run) {
        if !run.state.is_unsettled() {
            let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
            print_line(&render::run(run, self.session.style));
        }
    }

    fn moved(&self, run: &Run, (tickets, of): (u64, u64)) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| spinner(self.session, String::new()));
        let name = render::clean(run.operation.name());
        let done = match run.operation.action {
            Action::GiveBack { .. } => "given back",
            _ => "handed over",
        };
        bar.set_message(format!("{tickets} of {of} tickets of {name} {done}"));
    }
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let saved = match &self.what {
            Some(what) if Path::new(what).is_file() => Some(read_plan(Path::new(what))?),
            _ => None,
        };
        let session = start.open(Access::Write).await?;
        let app = match (&saved, &self.what) {
            (Some(plan), _) => plan.app.clone(),
            (None, Some(name)) => session.app(Some(&app_name(name)?)).await?,
            (None, None) => session.app(None).await?,
        };
        let only = match &self.only {
            Some(text) => Some(session.muster.find_person(text).await?.id),
            None => None,
        };
        settle(&session, &app).await?;
        let mut plan = session.muster.plan(&app, None).await?;
        let missing = saved.as_ref().map(|saved| narrow(&mut plan, saved)).unwrap_or_default();
        let approving = session.muster.approvable(&plan, &self.approve).await?.operations.len();
        if !session.json {
            self.show(&session, &plan, missing.len());
        }
        let goes = plan.operations.iter().filter(|operation| operation.goes()).count() + approving;
        if goes > 0 && !self.yes {
            let operations = render::count(goes, "operation");
            let question = match approving {
                0 => format!("Apply {operations} to {app}?"),
                n => format!(
                    "Approve {n} as {}, and apply {operations} to {app}?",
                    session.muster.actor
                ),
            };
            if !session.confirm(&question)? {
                print_line("Nothing was done.");
                return Ok(Outcome::Changes);
            }
        }
        if approving > 0 {
            session.muster.approve(&plan, &self.approve).await?;
            plan = session.muster.plan(&app, None).await?;
            if let Some(saved) = &saved {
                narrow(&mut plan, saved);
            }
            if !session.json {
                let approved = render::count(approving, "operation");
                print_line(&format!("{approved} approved by {}", session.muster.actor));
            }
        }
        let outcome = apply_beside(&session, ApplyRequest { plan, only }, &missing).await?;
        // What was asked for and is void was not done.
        Ok(if missing.is_empty() { outcome } else { Outcome::Changes })
    }

    /// What is about to be done. What nobody is asked about need not be read again: the runs tell
    /// it.
    fn show(&self, session: &Session, plan: &Plan, missing: usize) {
        if self.yes {
            print_line(&render::summary(plan, session.style));
        } else {
            print_line(&render::plan(plan, session.style, &session.zone));
        }
        if missing > 0 {
            let are = if missing == 1 { "is" } else { "are" };
            print_line(&format!(
                "{} of the saved plan {are} void: the world has moved since; plan again",
                render::count(missing, "operation")
            ));
        }
    }
}

fn app_name(text: &str) -> Result<AppName> {
    text.parse().map_err(|_| {
        Error::NotFound(format!("{text} is neither a file that can be read nor the name of an app"))
    })
}

fn read_plan(path: &Path) -> Result<Plan> {
    let text = fs::read_to_string(path)
        .map_err(|error| Error::file(format!("cannot read {}", path.display()), error))?;
    let plan: Plan = serde_json::from_str(&text).map_err(|error| {
        Error::Invalid(format!("{} is not a saved plan: {error}", path.display()))
    })?;
    if plan.version != Plan::VERSION {
        return Err(Error::Invalid(format!(
            "{} was saved by another version of Muster; plan again",
            path.display()
        )));
    }
    let edited = |one: &&Operation| one.computed_fingerprint().ok() != Some(one.fingerprint);
    if let Some(operation) = plan.operations.iter().find(edited) {
        return Err(Error::Invalid(format!(
            "{} was edited after it was saved: operation {} is not what its fingerprint says; \
             plan again",
            path.display(),
            operation.fingerprint.brief()
        )));
    }
    Ok(plan)
}

/// Keeps those operations of `plan`, made just now, that `saved` also holds; gives the
/// others. What is applied always carries the holds of now, whatever the file
/// says.
fn narrow(plan: &mut Plan, saved: &Plan) -> Vec<Operation> {
    let wanted: Vec<Digest> = saved
        .operations
        .iter()
        .filter_map(|operation| operation.computed_fingerprint().ok())
        .collect();
    plan.operations.retain(|operation| wanted.contains(&operation.fingerprint));
    let still = |fingerprint: &Digest| {
        plan.operations.iter().any(|operation: &Operation| operation.fingerprint == *fingerprint)
    };
    saved.operations.iter().filter(|one| !still(&one.fingerprint)).cloned().collect()
}

/// Finds out what became of what an earlier, interrupted run left open, before planning.
pub(super) async fn settle(session: &Session, app: &AppName) -> Result<()> {
    if session.json {
        session.muster.settle(app, &Unwatched).await?;
    } else {
        session.muster.settle(app, &Lines::new(session)).await?;
    }
    Ok(())
}

/// Applies and reports; `void` are the operations of a saved plan that nobody asks for any more.
async fn apply_beside(
    session: &Session,
    request: ApplyRequest,
    void: &[Operation],
) -> Result<Outcome> {
    let applied = if session.json {
        session.muster.apply(&request, &Unwatched).await?
    } else {
        session.muster.apply(&request, &Lines::new(session)).await?
    };
    let complete = applied.is_complete();
    if session.json {
        let void = void
            .iter()
            .map(|operation| NotTried { operation: operation.clone(), skipped: Skipped::Void });
        let Applied { runs, mut not_tried } = applied;
        not_tried.extend(void);
        print_json(&Applied { runs, not_tried })?;
    } else {
        report(session, &applied);
    }
    Ok(Outcome::changes_if(!complete))
}

/// Says what became of everything, in one or two lines.
pub(super) fn report(session: &Session, applied: &Applied) {
    let style = session.style;
    for one in &applied.not_tried {
        let why = match &one.skipped {
            Skipped::Held => one
                .operation
                .holds
                .iter()
                .map(|hold| format!("{} → {}", hold.reason, hold.release))
                .collect::<Vec<_>>()
                .join("; "),
            Skipped::Void => "the world moved since the plan: not asked for any more".to_owned(),
            Skipped::NotReached { why } => format!("not reached: {why}"),
        };
        print_line(&format!(
            "  {} {:<10} {}  {}",
            if one.skipped == Skipped::Void {
                style.dim("void      ")
            } else {
                style.yellow("waits     ")
            },
            one.operation.action.word().replace('_', " "),
            render::clean(one.operation.name()),
            render::clean(&why),
        ));
    }
    let done = applied.runs.iter().filter(|run| run.state.is_done()).count();
    let open = applied.runs.len() - done;
    let void = applied.not_tried.iter().filter(|one| one.skipped == Skipped::Void).count();
    let waits = applied.not_tried.len() - void;
    let mut text = format!("{done} done and read back");
    if open > 0 {
        text.push_str(&format!(", {open} not done"));
    }
    if waits > 0 {
        text.push_str(&format!(", {waits} waiting"));
    }
    if void > 0 {
        text.push_str(&format!(", {void} void"));
    }
    let text = if applied.is_complete() { style.green(&text) } else { style.yellow(&text) };
    print_line(&text);
}
