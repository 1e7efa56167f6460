//! Carrying out a hand-over: page by page, each batch journaled before it is moved and again when
//! a read shows who holds it now, until a walk through everything finds nothing to move.
//!
//! A walk goes on from page to page while tickets leave the list. Where that shifts later pages, it
//! misses some; the next walk finds them. So nothing depends on how an app makes its cursors, and
//! what was moved is not in the list any more: nothing is moved twice, whenever it was killed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_domain::{
    engine::hand_over::closed_since,
    model::{
        id::AccountId,
        operation::{Run, RunState},
        plan::Action,
        work::{OpenWork, Reach, Recipient, WorkItem},
    },
};

use super::{
    Applying,
    moving::{FRUITLESS, Going, LANE, Moving, Stop, Way},
};
use crate::{
    connector::{
        ConnectorError, ErrorKind,
        work::{Holder, Team},
    },
    error::Result,
    service::{
        give_back::Move,
        work::{self, Depth},
    },
};

/// Who takes what over.
struct Heirs {
    holders: Vec<Holder>,
    /// What was closed before stays.
    closed_since: Timestamp,
}

impl Heirs {
    /// Who gets the next tickets. In turn where there are several, going on where it stopped.
    fn moves(&self, items: &[WorkItem], so_far: u64) -> Vec<Move> {
        let turn = usize::try_from(so_far).unwrap_or_default();
        let holders = self.holders.iter().cycle().skip(turn % self.holders.len().max(1));
        let pair = |(item, to): (&WorkItem, &Holder)| Move {
            ticket: item.id.clone(),
            to: to.into(),
            from: None,
        };
        items.iter().zip(holders).map(pair).collect()
    }
}

impl Applying<'_> {
    /// Carries out a hand-over. `Err` inside is why the whole run must end here.
    pub(super) async fn hand_over(
        &mut self,
        mut run: Run,
    ) -> Result<std::result::Result<(), String>> {
        run.state = RunState::Intended;
        self.save(&run).await?;
        let stop = match self.move_everything(&mut run).await? {
            Ok((moved, left)) => {
                let nothing = moved == 0;
                run.state = if nothing { RunState::AlreadySo } else { RunState::Verified };
                run.note = match (nothing, left.closed) {
                    (true, _) => "nothing was left to hand over".to_owned(),
                    (false, 0) => format!("{moved} handed over"),
                    (false, old) => format!("{moved} handed over; {old} old tickets stay"),
                };
                self.save(&run).await?;
                return Ok(Ok(()));
            }
            Err(stop) => stop,
        };
        self.stopped(&mut run, stop).await
    }

    /// Teams first, so that nothing new arrives; then tickets. Gives how many things were moved,
    /// and what is left.
    async fn move_everything(&mut self, run: &mut Run) -> Going<(u64, OpenWork)> {
        let Action::HandOver { to, closed_within_days } = run.operation.action.clone() else {
            return Ok(Err(Stop::Park("this is no hand-over".to_owned())));
        };
        let Some(account) = run.account.clone() else {
            return Ok(Err(Stop::Park("the account is gone".to_owned())));
        };
        let teams = match work::teams(self.opened.connector.as_ref(), LANE).await {
            Ok(teams) => teams,
            Err(error) => return Ok(Err(error.into())),
        };
        let holders = match holders(&to, &teams) {
            Ok(holders) => holders,
            Err(note) => return Ok(Err(Stop::Park(note))),
        };
        let left_teams = match self.leave_teams(run, &account, &teams).await? {
            Ok(left) => left,
            Err(stop) => return Ok(Err(stop)),
        };
        let closed_since = closed_since(self.muster.env.now(), closed_within_days);
        let heirs = Heirs { holders, closed_since };
        let known = self.situation.accounts.get(&account);
        let of = known.and_then(|known| known.work.as_deref()).map_or(0, OpenWork::tickets);
        let mut moving = Moving::new(account, Way::Away, of);
        let mut fruitless = 0;
        loop {
            let (found, left) = match self.walk(run, &mut moving, &heirs).await? {
                Ok(walked) => walked,
                Err(stop) => return Ok(Err(stop)),
            };
            if let (0, Some(left)) = (found.0, &left) {
                self.keep_work(&moving.account, left).await?;
                if let Some(stop) = moving.is_stuck() {
                    return Ok(Err(stop));
                }
                return Ok(Ok((moving.so_far + left_teams, left.clone())));
            }
            fruitless = if found.1 == 0 { fruitless + 1 } else { 0 };
            if fruitless >= FRUITLESS {
                let n = found.0;
                let note = format!("the app said yes, but {n} tickets are where they were");
                return Ok(Err(Stop::Park(note)));
            }
            if fruitless > 0 {
                self.pause(fruitless).await;
            }
        }
    }

    /// One walk through what the account holds: how many tickets were to be moved and how many
    /// were, and what stays. The latter only when the walk came to the end.
    async fn walk(
        &mut self,
        run: &mut Run,
        moving: &mut Moving,
        heirs: &Heirs,
    ) -> Going<((u64, u64), Option<OpenWork>)> {
        let connector = self.opened.connector.clone();
        let (mut found, before) = (0, moving.so_far);
        let mut left = OpenWork::none(self.muster.env.now());
        let mut from: Option<String> = None;
        loop {
            let page = match connector.work(LANE, &moving.account, from.as_deref()).await {
                Ok(page) => page,
                // A cursor that is too old: the next walk begins anew.
                Err(error) if from.is_some() && is_about_the_place(&error.kind) => {
                    return Ok(Ok(((found.max(1), moving.so_far - before), None)));
                }
                Err(error) => return Ok(Err(error.into())),
            };
            self.answered = true;
            let (open, stays): (Vec<_>, Vec<_>) = page.items.into_iter().partition(|item| {
                item.is_open_since(heirs.closed_since) && !moving.stuck.contains_key(&item.id)
            });
            for item in &stays {
                left.count(item, heirs.closed_since);
            }
            found += open.len() as u64;
            if !open.is_empty()
                && let Err(stop) =
                    self.batch(run, moving, &heirs.moves(&open, moving.so_far)).await?
            {
                return Ok(Err(stop));
            }
            match page.next {
                None => {
                    left.reach = page.reach;
                    let left = (page.reach == Reach::Whole).then_some(left);
                    let found = if left.is_none() { found.max(1) } else { found };
                    return Ok(Ok(((found, moving.so_far - before), left)));
                }
                next if next == from => {
                    let note = "the app's list of tickets does not come to an end".to_owned();
                    return Ok(Err(Stop::Park(note)));
                }
                next => from = next,
            }
        }
    }

    /// Keeps what an account holds.
    async fn keep_work(&mut self, account: &AccountId, work: &OpenWork) -> Result<()> {
        let seen = BTreeMap::from([(account.clone(), work.clone())]);
        self.muster.keep_work(&self.situation.app.clone(), &seen).await?;
        self.situation.holds(account, work);
        Ok(())
    }

    /// Looks at all that an account holds, and keeps it.
    pub(super) async fn look_at_work(
        &mut self,
        account: &AccountId,
    ) -> Result<std::result::Result<(), ConnectorError>> {
        let now = self.muster.env.now();
        let world = self.situation.world(now)?;
        let since = closed_since(now, muster_domain::engine::hand_over::closed_within_days(&world));
        let connector = self.opened.connector.as_ref();
        let teams = match work::teams(connector, LANE).await {
            Ok(teams) => teams,
            Err(error) => return Ok(Err(error)),
        };
        let how = (LANE, Depth::Whole);
        match work::count(connector, how, (account, &teams), (now, since)).await {
            Ok(work) => self.keep_work(account, &work).await.map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }
}

/// Who takes it over, as the app calls them.
fn holders(to: &Recipient, teams: &[Team]) -> std::result::Result<Vec<Holder>, String> {
    match to {
        Recipient::Account { account } => Ok(vec![Holder::Account(account.clone())]),
        Recipient::InTurn { accounts } => {
            Ok(accounts.iter().cloned().map(Holder::Account).collect())
        }
        Recipient::Team { team } => {
            let same = |known: &&Team| known.name.to_lowercase() == team.to_lowercase();
            let found = teams.iter().find(same).map(|team| vec![Holder::Team(team.id.clone())]);
            found.ok_or_else(|| {
                let names: Vec<_> = teams.iter().map(|team| team.name.as_str()).collect();
                format!("the app has no team {team}; it has: {}", names.join(", "))
            })
        }
        Recipient::Unknown => Err("nobody can take the work over".to_owned()),
    }
}

/// Whether a page was refused for where it begins.
const fn is_about_the_place(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Conflict)
}
