//! Carrying out one released operation: intend, call, record, read back, compare.

use std::time::Duration;

use muster_domain::{
    engine::plan::Released,
    model::{
        account::{Account, AccountChange, AccountStatus, SignIn},
        id::AccountId,
        journal::{About, Event},
        link::{Link, Tie},
        operation::{Deactivation, Learned, Run, RunState},
        plan::Action,
    },
};
use serde_json::json;

use super::{Applying, lane};
use crate::{
    connector::{ConnectorError, ErrorKind},
    error::Result,
    store::Tx,
};

/// So often is a write made before it is parked, when it is certain that it had no effect.
const TRIES: u32 = 3;

/// Reads back after so many seconds each: an app may show the old value for a moment.
const READ_BACK_S: [u64; 4] = [0, 1, 2, 4];

/// What a read-back showed.
enum Effect {
    /// What was wanted.
    Seen(Box<Account>),
    /// The account is gone.
    Gone,
    /// Still as before, or otherwise not as wanted; with what was seen.
    Missing(String, Option<Box<Account>>),
    /// It could not be read.
    Unreadable(ConnectorError),
}

/// The change that an operation makes to an existing account.
pub(in crate::service) fn change_of(action: &Action) -> Option<AccountChange> {
    match action {
        Action::Update { change } | Action::Reactivate { change } => Some(change.clone()),
        Action::Deactivate { .. } => {
            Some(AccountChange { sign_in: Some(SignIn::Blocked), ..AccountChange::default() })
        }
        Action::Reduce { to } => {
            Some(AccountChange { role: Some(to.clone()), ..AccountChange::default() })
        }
        Action::Create { .. }
        | Action::CancelInvite
        | Action::HandOver { .. }
        | Action::GiveBack { .. }
        | Action::Delete => None,
    }
}

impl Applying<'_> {
    /// Carries out a released operation, and the rung below it where the app ignores it. `Err`
    /// inside is why the whole run must end here.
    pub(super) async fn carry_out(
        &mut self,
        released: Released,
        before: Option<Account>,
    ) -> Result<std::result::Result<(), String>> {
        let mut run = self.new_run(released.operation(), before);
        match run.operation.action {
            Action::HandOver { .. } => return self.hand_over(run).await,
            Action::GiveBack { .. } => return self.give_back(run).await,
            _ => {}
        }
        loop {
            run.state = RunState::Intended;
            self.save(&run).await?;
            run.calls += 1;
            let called = self.call(&mut run).await;
            match called {
                Ok(()) => {
                    run.state = RunState::Accepted;
                    run.invited = matches!(run.operation.action, Action::Create { .. });
                    self.save(&run).await?;
                }
                Err(error) if error.kind == ErrorKind::OutcomeUnknown => {
                    run.state = RunState::Unknown;
                    run.note = error.message.to_string();
                    self.save(&run).await?;
                    if !self.settle(&mut run).await? || run.state != RunState::Void {
                        return Ok(Ok(()));
                    }
                    if run.calls < TRIES {
                        self.pause(run.calls).await;
                        if self.still_wanted(&mut run).await? {
                            continue;
                        }
                        return Ok(Ok(()));
                    }
                    let note =
                        format!("no answer to {} calls, and no effect; try again later", run.calls);
                    self.park(&mut run, note).await?;
                    return Ok(Ok(()));
                }
                Err(error) => return self.refused(released, run, error).await,
            }
            return self.verify(released, run).await;
        }
    }

    /// Looks again before a write is repeated: the pause may have changed the premise.
    async fn still_wanted(&mut self, run: &mut Run) -> Result<bool> {
        self.make_way().await?;
        let Ok(before) = self.look(&run.operation).await? else { return Ok(false) };
        let fresh = self.fresh_plan(&run.operation).await?;
        let Ok(released) = Released::check(&run.operation, &fresh) else { return Ok(false) };
        run.operation = released.operation().clone();
        run.before_image = before;
        Ok(true)
    }

    async fn call(&self, run: &mut Run) -> std::result::Result<(), ConnectorError> {
        let connector = &self.opened.connector;
        let lane = lane(&run.operation.action);
        match (&run.operation.action, &run.before_image) {
            (Action::Create { new }, _) => {
                run.account = Some(connector.create(lane, new).await?);
                Ok(())
            }
            (Action::CancelInvite | Action::Delete, Some(before)) => {
                connector.delete(lane, &before.id).await
            }
            (action, Some(before)) => match change_of(action) {
                Some(change) => connector.update(lane, before, &change).await,
                None => Err(ConnectorError::new(ErrorKind::Unsupported, "nothing to change")),
            },
            (_, None) => Err(ConnectorError::new(ErrorKind::NotFound, "the account is gone")),
        }
    }

    /// The app said no, and nothing was done.
    async fn refused(
        &mut self,
        released: Released,
        mut run: Run,
        error: ConnectorError,
    ) -> Result<std::result::Result<(), String>> {
        let message = error.message.to_string();
        let removes = run.operation.action.removes_access();
        match error.kind {
            ErrorKind::NotFound if removes => {
                run.state = RunState::AlreadySo;
                run.note = self.already_absent();
                if let Some(id) = run.account.clone() {
                    self.forget(&id).await?;
                }
                self.save(&run).await?;
            }
            ErrorKind::Unsupported | ErrorKind::Invalid
                if changes_sign_in(&run.operation.action)
                    && (removes || error.kind == ErrorKind::Unsupported) =>
            {
                run.state = RunState::Refused;
                run.note = message;
                self.save(&run).await?;
                self.learn(&run, Deactivation::Refused).await?;
                return self.next_rung(released, run).await;
            }
            ErrorKind::Conflict if matches!(run.operation.action, Action::Create { .. }) => {
                self.conflict(&mut run, message).await?;
            }
            ErrorKind::Invalid | ErrorKind::Unsupported | ErrorKind::NotFound => {
                run.state = RunState::Refused;
                run.note = message;
                self.save(&run).await?;
            }
            _ => {
                // A key that may not do this can still see everything.
                if error.kind == ErrorKind::Unauthorized {
                    self.unanswered(&error).await?;
                }
                self.park(&mut run, message.clone()).await?;
                return Ok(self.after_failure(&error.kind, message));
            }
        }
        Ok(Ok(()))
    }

    /// The address is taken: by the account that an unanswered call made, by somebody else's, or
    /// by something that is no user at all (J6, J7).
    async fn conflict(&mut self, run: &mut Run, message: String) -> Result<()> {
        let Action::Create { new } = &run.operation.action else { return Ok(()) };
        let email = new.email.clone();
        match self.opened.connector.find(lane(&run.operation.action), &email).await {
            Ok(found) => match found.into_iter().next() {
                Some(account) => {
                    run.state = RunState::AlreadySo;
                    run.note = format!("account {} already holds {email}", account.id);
                    self.adopt(run, &account).await
                }
                None => {
                    let note = format!(
                        "{message}: no user holds {email}, so it is a customer's or an \
                         integration's; free the address in the app, then apply again"
                    );
                    self.park(run, note).await
                }
            },
            Err(_) => self.park(run, message).await,
        }
    }

    async fn verify(
        &mut self,
        released: Released,
        mut run: Run,
    ) -> Result<std::result::Result<(), String>> {
        match self.read_back(&run).await {
            Effect::Seen(account) => {
                run.state = RunState::Verified;
                run.note = self.collateral_note(&run, &account);
                if matches!(run.operation.action, Action::Create { .. }) {
                    self.adopt(&mut run, &account).await?;
                } else {
                    self.keep(&account).await?;
                    self.save(&run).await?;
                }
                if changes_sign_in(&run.operation.action) {
                    self.learn(&run, Deactivation::Works).await?;
                }
            }
            Effect::Gone if run.operation.action.removes_access() => {
                run.state = RunState::Verified;
                run.note = "the account is gone".to_owned();
                if let Some(id) = run.account.clone() {
                    self.forget(&id).await?;
                }
                self.save(&run).await?;
            }
            Effect::Gone => {
                let note = "the app said yes, but the account is gone".to_owned();
                self.park(&mut run, note).await?;
            }
            Effect::Missing(what, seen) => {
                if let Some(account) = seen {
                    self.keep(&account).await?;
                }
                let note = format!("the app said yes, but {what} did not change");
                self.park(&mut run, note).await?;
                if changes_sign_in(&run.operation.action) {
                    self.learn(&run, Deactivation::Ignored).await?;
                    return self.next_rung(released, run).await;
                }
            }
            Effect::Unreadable(error) => {
                // Accepted, not verified: settled at the beginning of the next run.
                run.note = format!("could not be read back: {}", error.message);
                self.save(&run).await?;
                return Ok(self.after_failure(&error.kind, error.message.to_string()));
            }
        }
        Ok(Ok(()))
    }

    /// The app cannot shut the account out: the least role, approved together with it, is next.
    async fn next_rung(
        &mut self,
        released: Released,
        run: Run,
    ) -> Result<std::result::Result<(), String>> {
        let fresh = self.fresh_plan(&run.operation).await?;
        let Ok(next) = Released::fallback(&released, &fresh) else { return Ok(Ok(())) };
        let before = run.account.as_ref().and_then(|id| self.situation.accounts.get(id));
        let before = before.map(|known| known.account.clone());
        Box::pin(self.carry_out(next, before)).await
    }

    async fn read_back(&self, run: &Run) -> Effect {
        let lane = lane(&run.operation.action);
        let Some(id) = &run.account else {
            return Effect::Missing("the account's id".to_owned(), None);
        };
        let mut last = Effect::Gone;
        for seconds in READ_BACK_S {
            self.muster.env.sleep(Duration::from_secs(seconds)).await;
            last = match self.opened.connector.account(lane, id).await {
                Ok(Some(account)) => match missing(run, &account) {
                    None => return Effect::Seen(Box::new(account)),
                    Some(what) => Effect::Missing(what, Some(Box::new(account))),
                },
                Ok(None) if run.operation.action.deletes() => {
                    return Effect::Gone;
                }
                Ok(None) => Effect::Gone,
                Err(error) => Effect::Unreadable(error),
            };
        }
        last
    }

    fn collateral_note(&self, run: &Run, after: &Account) -> String {
        let (Some(change), Some(before)) = (change_of(&run.operation.action), &run.before_image)
        else {
            return String::new();
        };
        let touched = change.collateral(before, after);
        if touched.is_empty() {
            return String::new();
        }
        let fields: Vec<_> = touched.into_iter().collect();
        format!("changed at the same time, not by this operation: {}", fields.join(", "))
    }

    /// Ties the account to the person it was made for, and keeps the run.
    pub(in crate::service) async fn adopt(
        &mut self,
        run: &mut Run,
        account: &Account,
    ) -> Result<()> {
        let app = self.situation.app.clone();
        run.account = Some(account.id.clone());
        let Some(person) = run.operation.person_id().cloned() else {
            self.keep(account).await?;
            return self.save(run).await;
        };
        self.keep(account).await?;
        if !self.situation.links.contains_key(&account.id) {
            let because = format!("created by {} for {}", run.id, run.operation.name());
            let link = Link {
                account: account.id.clone(),
                tie: Tie::Person { person: person.clone(), because, confirmed: None },
                since: self.muster.env.now(),
            };
            // An account that was there before belongs to whom the next correlation finds.
            if account.external_id.as_deref() == Some(person.as_str())
                || run.state == RunState::Verified
            {
                let mut tx = self.muster.begin();
                tx.put_links(&app, std::slice::from_ref(&link));
                let about = About {
                    app: Some(app),
                    account: Some(account.id.clone()),
                    person: Some(person),
                    operation: Some(run.id.clone()),
                    ..About::default()
                };
                tx.journal(Event::AccountLinked, about, json!({"link": link}));
                tx.commit().await?;
                self.situation.tie_one(link);
            }
        }
        self.save(run).await
    }

    /// Keeps an account as it was just read, when that is news.
    pub(in crate::service) async fn keep(&mut self, account: &Account) -> Result<()> {
        let known = self.situation.accounts.get(&account.id).filter(|known| known.gone.is_none());
        if known.is_some_and(|known| known.account == *account) {
            return Ok(());
        }
        let change =
            json!({"account": account.id, "before": known.map(|k| &k.account), "after": account});
        let mut tx = self.muster.begin();
        tx.put_account(&self.situation.app, account);
        self.journal_change(&mut tx, &account.id, &change);
        tx.commit().await?;
        self.situation.see(account);
        Ok(())
    }

    /// Keeps that an account is gone, when that is news.
    pub(in crate::service) async fn forget(&mut self, id: &AccountId) -> Result<()> {
        let known = self.situation.accounts.get(id).filter(|known| known.gone.is_none());
        let Some(known) = known else { return Ok(()) };
        let change = json!({"account": id, "before": known.account, "after": null});
        let mut tx = self.muster.begin();
        tx.mark_gone(&self.situation.app, id);
        self.journal_change(&mut tx, id, &change);
        tx.commit().await?;
        self.situation.miss(id, self.muster.env.now());
        Ok(())
    }

    fn journal_change(&self, tx: &mut Tx, account: &AccountId, change: &serde_json::Value) {
        let about = About {
            app: Some(self.situation.app.clone()),
            account: Some(account.clone()),
            ..About::default()
        };
        tx.journal(Event::AccountsChanged, about, json!({"changes": [change]}));
    }

    async fn learn(&mut self, run: &Run, deactivation: Deactivation) -> Result<()> {
        let Some(id) = run.account.clone() else { return Ok(()) };
        let known = self.situation.accounts.get(&id).and_then(|known| known.learned);
        if known.is_some_and(|known| known.deactivation == deactivation) {
            return Ok(());
        }
        let learned = Learned { deactivation, at: self.muster.env.now() };
        self.situation.learn(&id, learned);
        let app = self.situation.app.clone();
        let mut tx = self.muster.begin();
        tx.put_learned(&app, &id, learned);
        let about = About { app: Some(app), account: Some(id), ..About::default() };
        tx.journal(Event::CapabilityLearned, about, json!({"deactivation": deactivation}));
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::service) async fn park(&mut self, run: &mut Run, note: String) -> Result<()> {
        run.state = RunState::Parked;
        run.note = note;
        run.changed = self.muster.env.now();
        self.save(run).await
    }

    pub(super) async fn pause(&self, tries: u32) {
        let seconds = f64::from(1_u32 << tries.min(5)) * (0.5 + self.muster.env.fraction());
        self.muster.env.sleep(Duration::from_secs_f64(seconds)).await;
    }
}

/// Whether trying teaches if the app obeys when an account is to be let in or shut out.
const fn changes_sign_in(action: &Action) -> bool {
    matches!(action, Action::Deactivate { .. } | Action::Reactivate { .. })
}

/// What of an operation's effect `account` does not show, in words; `None` when it shows all.
pub(in crate::service) fn missing(run: &Run, account: &Account) -> Option<String> {
    match &run.operation.action {
        Action::Create { new } => {
            let email = account.email.as_ref() == Some(&new.email);
            (!email).then(|| format!("the login is {}, which", account.login))
        }
        Action::CancelInvite => {
            let open = account.status != AccountStatus::Inactive;
            open.then(|| "the pending account".to_owned())
        }
        Action::Delete => Some("the account".to_owned()),
        action => {
            let missing = change_of(action)?.missing_in(account);
            if missing.is_empty() {
                return None;
            }
            Some(missing.into_iter().collect::<Vec<_>>().join(" and "))
        }
    }
}
