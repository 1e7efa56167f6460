//! Settling: finding out what became of operations whose outcome is not known, by reading and
//! never by repeating (law 8).

use muster_domain::model::{
    operation::{Run, RunState},
    plan::Action,
};

use super::{apply::Applying, urgent::Right};
use crate::{
    connector::Lane, error::Result, service::apply::attempt::missing, store::records::RunFilter,
};

impl Applying<'_> {
    /// Settles everything that an earlier run of this app left open. `Err` inside is why it could
    /// not be done, and with it nothing else.
    pub(super) async fn settle_all(&mut self) -> Result<std::result::Result<(), String>> {
        for mut run in self.left_open().await? {
            if !self.settle(&mut run).await? {
                let why = format!("what became of {} cannot be read yet: {}", run.id, run.note);
                return Ok(Err(why));
            }
        }
        Ok(Ok(()))
    }

    /// What nobody is at work on any more.
    async fn left_open(&mut self) -> Result<Vec<Run>> {
        let app = self.situation.app.clone();
        if let Right::Urgent { person, elsewhere, .. } = &self.right {
            return self.muster.left_open_for(person, (&app, *elsewhere)).await;
        }
        let filter = RunFilter {
            app: Some(app.clone()),
            states: [RunState::Intended, RunState::Accepted, RunState::Unknown].into(),
            ..RunFilter::default()
        };
        loop {
            self.make_way().await?;
            let open = self.muster.store.runs(&filter).await?;
            // Somebody who went first meanwhile is at work on some of them.
            match &self.right {
                Right::Routine { way, .. } if !self.muster.is_still(way, &app).await? => {}
                _ => return Ok(open),
            }
        }
    }

    /// Settles one run by looking. `false` when the app cannot be read now; the run then stays
    /// open, and nothing else is done for its person or account.
    pub(super) async fn settle(&mut self, run: &mut Run) -> Result<bool> {
        if run.operation.action.moves_work() {
            return self.settle_work(run).await;
        }
        let lane = Lane::Leaver;
        let connector = self.opened.connector.clone();
        let looked = match (&run.operation.action, &run.account) {
            (Action::Create { new }, None) => {
                connector.find(lane, &new.email).await.map(|found| found.into_iter().next())
            }
            (_, Some(id)) => connector.account(lane, id).await,
            (_, None) => Ok(None),
        };
        let found = match looked {
            Ok(found) => {
                self.answered = true;
                found
            }
            Err(error) => {
                self.unanswered(&error).await?;
                if run.state == RunState::Intended {
                    run.state = RunState::Unknown;
                }
                run.note = error.message.to_string();
                self.save(run).await?;
                return Ok(false);
            }
        };
        let create = matches!(run.operation.action, Action::Create { .. });
        match found {
            Some(account) => match missing(run, &account) {
                None => {
                    run.state = RunState::Verified;
                    run.note = "found to be done after an unknown outcome".to_owned();
                    if create {
                        run.invited = true;
                        self.adopt(run, &account).await?;
                    } else {
                        self.keep(&account).await?;
                        self.save(run).await?;
                    }
                }
                Some(_) => {
                    self.keep(&account).await?;
                    self.void(run).await?;
                }
            },
            None if !create && run.operation.action.removes_access() => {
                run.state = RunState::Verified;
                run.note = "the account is gone".to_owned();
                if let Some(id) = run.account.clone() {
                    self.forget(&id).await?;
                }
                self.save(run).await?;
            }
            None => self.void(run).await?,
        }
        Ok(true)
    }

    async fn void(&mut self, run: &mut Run) -> Result<()> {
        run.state = RunState::Void;
        run.note = "found not to be done; nothing changed".to_owned();
        self.save(run).await
    }
}
