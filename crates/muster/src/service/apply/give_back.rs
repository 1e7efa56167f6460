//! Giving back what a hand-over took: what the journal says it moved, as far as it is still with
//! whom it went to. What was given back once is not taken again, whatever became of it since.

use muster_domain::model::{
    id::AccountId,
    keep::WorkBack,
    operation::{Run, RunState},
    plan::Action,
};

use super::{
    Applying,
    moving::{FRUITLESS, Going, LANE, Moving, Stop, Way},
};
use crate::{
    error::Result,
    service::{
        give_back::{A_PAGE, Moved, Named, sorted},
        work,
    },
};

/// What came of it.
struct Came {
    tickets: u64,
    teams: u64,
    /// What did not come back, in words.
    stays: Vec<String>,
}

impl Came {
    fn note(&self) -> String {
        let mut words = match (self.tickets, self.teams) {
            (0, 0) => "nothing was left to give back".to_owned(),
            (n, 0) => format!("{n} given back"),
            (n, 1) => format!("{n} given back; in its team again"),
            (n, teams) => format!("{n} given back; in its {teams} teams again"),
        };
        if let Some(rest) = WorkBack::rest(&self.stays) {
            words = format!("{words}; {rest}");
        }
        words
    }
}

impl Applying<'_> {
    /// Gives work back. `Err` inside is why the whole run must end here.
    pub(super) async fn give_back(
        &mut self,
        mut run: Run,
    ) -> Result<std::result::Result<(), String>> {
        run.state = RunState::Intended;
        self.save(&run).await?;
        let (Action::GiveBack { undone }, Some(account)) =
            (run.operation.action.clone(), run.account.clone())
        else {
            return self.stopped(&mut run, Stop::Park("the account is gone".to_owned())).await;
        };
        let moved = self.muster.moved_by(&undone, &self.situation.runs).await?;
        let came = match self.bring_back(&mut run, &account, moved).await? {
            Ok(came) => came,
            Err(stop) => return self.stopped(&mut run, stop).await,
        };
        // What it holds by now is looked at for those who plan next; the work is back all the same.
        if let Err(error) = self.look_at_work(&account).await? {
            self.unanswered(&error).await?;
        }
        let nothing = came.tickets == 0 && came.teams == 0;
        run.state = if nothing { RunState::AlreadySo } else { RunState::Verified };
        run.note = came.note();
        self.save(&run).await?;
        Ok(Ok(()))
    }

    /// The places in teams first, then ticket by ticket until none is left that could come back.
    async fn bring_back(
        &mut self,
        run: &mut Run,
        account: &AccountId,
        moved: Moved,
    ) -> Going<Came> {
        let teams = match work::teams(self.opened.connector.as_ref(), LANE).await {
            Ok(teams) => teams,
            Err(error) => return Ok(Err(error.into())),
        };
        let wanted: Vec<Named> = moved.teams;
        let (teams, mut stays) = match self.join_teams(run, account, (&teams, &wanted)).await? {
            Ok(joined) => joined,
            Err(stop) => return Ok(Err(stop)),
        };
        let mut wanted = moved.tickets;
        let mut moving = Moving::new(account.clone(), Way::Back, wanted.len() as u64);
        let mut fruitless = 0;
        while !wanted.is_empty() {
            let before = moving.so_far;
            let mut missed = Vec::new();
            for page in wanted.chunks(A_PAGE) {
                let ids: Vec<_> = page.iter().map(|(ticket, _)| ticket.clone()).collect();
                let holders = match self.opened.connector.holders(LANE, &ids).await {
                    Ok(holders) => holders,
                    Err(error) => return Ok(Err(error.into())),
                };
                self.answered = true;
                let (mut moves, others) = sorted(page, &holders, account);
                stays.extend(others.iter().map(|one| one.words(&self.situation)));
                moves.retain(|one| !moving.stuck.contains_key(&one.ticket));
                if moves.is_empty() {
                    continue;
                }
                match self.batch(run, &mut moving, &moves).await? {
                    Ok(ids) => missed.extend(ids),
                    Err(stop) => return Ok(Err(stop)),
                }
            }
            wanted.retain(|(ticket, _)| missed.contains(ticket));
            wanted.retain(|(ticket, _)| !moving.stuck.contains_key(ticket));
            fruitless = if moving.so_far == before { fruitless + 1 } else { 0 };
            if fruitless >= FRUITLESS && !wanted.is_empty() {
                let n = wanted.len();
                let note = format!("the app said yes, but {n} tickets are where they were");
                return Ok(Err(Stop::Park(note)));
            }
            if fruitless > 0 && !wanted.is_empty() {
                self.pause(fruitless).await;
            }
        }
        match moving.is_stuck() {
            Some(stop) => Ok(Err(stop)),
            None => Ok(Ok(Came { tickets: moving.so_far, teams, stays })),
        }
    }
}
