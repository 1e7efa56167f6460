//! Taking an account out of its teams, and putting it back: read, write whole, read back.

use muster_domain::model::{id::AccountId, journal::Event, operation::Run};
use serde_json::json;

use super::{
    Applying,
    moving::{Going, LANE, Stop, Way},
};
use crate::{
    connector::{ConnectorError, ErrorKind, work::Team},
    error::Result,
    service::give_back::Named,
};

impl Applying<'_> {
    /// Takes the account out of all of `teams` that it is in. Gives how many.
    pub(super) async fn leave_teams(
        &mut self,
        run: &mut Run,
        account: &AccountId,
        teams: &[Team],
    ) -> Going<u64> {
        let mine = teams.iter().filter(|team| team.members.contains(account));
        let without = mine.cloned().map(|mut team| {
            team.members.retain(|member| member != account);
            team
        });
        let without: Vec<_> = without.collect();
        self.write_teams(run, (account, Way::Away), &without).await
    }

    /// Puts the account back into those of `teams` that it was taken out of and is not in. Gives
    /// how many, and those that are gone, in words.
    pub(super) async fn join_teams(
        &mut self,
        run: &mut Run,
        account: &AccountId,
        (teams, wanted): (&[Team], &[Named]),
    ) -> Going<(u64, Vec<String>)> {
        let (mut with, mut gone) = (Vec::new(), Vec::new());
        for one in wanted {
            match teams.iter().find(|team| team.id == one.id) {
                Some(team) if team.members.contains(account) => {}
                Some(team) => {
                    let mut team = team.clone();
                    team.members.push(account.clone());
                    with.push(team);
                }
                None => gone.push(one.gone()),
            }
        }
        let joined = self.write_teams(run, (account, Way::Back), &with).await?;
        Ok(joined.map(|n| (n, gone)))
    }

    async fn write_teams(
        &mut self,
        run: &mut Run,
        (account, way): (&AccountId, Way),
        teams: &[Team],
    ) -> Going<u64> {
        if teams.is_empty() {
            return Ok(Ok(0));
        }
        let named: Vec<_> = teams.iter().map(Named::from).collect();
        let data = json!({way.account(): account, "teams": named});
        self.journal_work(run, Event::WorkIntended, data).await?;
        let connector = self.opened.connector.clone();
        for team in teams {
            run.calls += 1;
            match connector.set_members(LANE, team).await {
                Ok(()) => {}
                Err(error) if error.kind == ErrorKind::OutcomeUnknown => {}
                Err(error) => return Ok(Err(error.into())),
            }
        }
        let missed = match self.read_back_teams(run, (account, way), &named).await? {
            Ok(missed) => missed,
            Err(error) => return Ok(Err(error.into())),
        };
        if missed.is_empty() {
            return Ok(Ok(teams.len() as u64));
        }
        let still = if way == Way::Away { "still" } else { "not" };
        let note = format!("the app said yes, but it is {still} in {}", missed.join(", "));
        Ok(Err(Stop::Park(note)))
    }

    /// Reads who is in the teams now, and journals which of them changed. Gives the names of the
    /// others.
    pub(super) async fn read_back_teams(
        &mut self,
        run: &Run,
        (account, way): (&AccountId, Way),
        named: &[Named],
    ) -> Result<std::result::Result<Vec<String>, ConnectorError>> {
        let after = match self.opened.connector.teams(LANE).await {
            Ok(after) => after,
            Err(error) => return Ok(Err(error)),
        };
        let is_in = |one: &Named| {
            after.iter().any(|team| team.id == one.id && team.members.contains(account))
        };
        let changed = |one: &&Named| is_in(one) == (way == Way::Back);
        let (changed, missed): (Vec<_>, Vec<_>) = named.iter().partition(changed);
        let names = |teams: &[&Named]| teams.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        let unchanged = match way {
            Way::Away => "not_left",
            Way::Back => "not_joined",
        };
        let data = json!({
            way.account(): account,
            "teams": names(&changed),
            unchanged: names(&missed),
        });
        self.journal_work(run, Event::WorkMoved, data).await?;
        Ok(Ok(names(&missed)))
    }
}
