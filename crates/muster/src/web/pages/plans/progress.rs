//! Asking for a round, and what happens in it while it happens.

use std::{convert::Infallible, pin::pin, time::Duration};

use axum::{
    extract::{Path, State},
    response::{
        Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{
    future::{Either, select},
    stream::{self, Stream},
};
use muster_domain::model::id::AppName;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{decide::told, seen};
use crate::{
    web::{Web, problem::Problem, who::Who},
    worker::Progress,
};

/// How often to look whether there is still something to tell of.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn apply(
    State(web): State<Web>,
    who: Who,
    Path(app): Path<String>,
) -> Result<Response, Problem> {
    let app = seen(&web, &who, &app).await?;
    web.worker.go_soon(app.clone());
    Ok(told(&web, &app, "asked", 0))
}

/// Tells of the rounds of an app until there is none.
pub(super) async fn tell(
    State(web): State<Web>,
    who: Who,
    Path(app): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let app = seen(&web, &who, &app).await?;
    // Listen first: what begins between the two is not missed.
    let told = web.worker.listen();
    let events = stream::unfold(Some((web, app, told)), |telling| async move {
        let (web, app, mut told) = telling?;
        let said = next(&web, &app, &mut told).await?;
        Some(match said {
            Said::Step(text) => {
                let event = Event::default().event("step").data(text.replace(['\n', '\r'], " "));
                (Ok(event), Some((web, app, told)))
            }
            Said::Ended(trouble) => {
                let text = trouble.unwrap_or_else(|| "done".to_owned());
                let text = text.replace(['\n', '\r'], " ");
                (Ok(Event::default().event("ended").data(text)), None)
            }
        })
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

enum Said {
    Step(String),
    Ended(Option<String>),
}

/// What is said next about `app`; nothing when the server stops.
async fn next(web: &Web, app: &AppName, told: &mut Receiver<Progress>) -> Option<Said> {
    loop {
        let heard = {
            let hear = pin!(told.recv());
            match select(hear, pin!(web.muster.env.beside(LOOK))).await {
                Either::Left((heard, _)) => Some(heard),
                Either::Right(_) => None,
            }
        };
        match heard {
            Some(Ok(progress)) => {
                if let Some(said) = about(app, progress) {
                    return Some(said);
                }
            }
            Some(Err(RecvError::Closed)) => return None,
            Some(Err(RecvError::Lagged(_))) => {}
            None if web.worker.is_stopping() => return None,
            None if !web.worker.at_work().contains(app) => return Some(Said::Ended(None)),
            None => {}
        }
    }
}

fn about(app: &AppName, progress: Progress) -> Option<Said> {
    match progress {
        Progress::Began { app: of, .. } if of == *app => {
            Some(Said::Step("The round began: reading the app".to_owned()))
        }
        Progress::Run(run) if run.operation.app == *app => {
            let state = run.state.word().replace('_', " ");
            let note = if run.note.is_empty() { String::new() } else { format!(" ({})", run.note) };
            Some(Said::Step(format!("{}: {state}{note}", run.operation.brief())))
        }
        Progress::Moved { run, tickets, of } if run.operation.app == *app => {
            Some(Said::Step(format!("{}: {tickets} of {of} tickets moved", run.operation.brief())))
        }
        Progress::Ended { app: of, trouble } if of == *app => Some(Said::Ended(trouble)),
        _ => None,
    }
}
