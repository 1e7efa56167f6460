//! The handle: one account, shared by its router, its server and its witnesses.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use crate::{
    api::{self, Answer},
    clock::Clock,
    config::Config,
    events::Event,
    faults::{FaultState, Faults},
    invitations::Invitation,
    new_user::NewUser,
    oauth::Grant,
    record::{Counters, RequestRecord},
    request::Request,
    seed,
    state_file::{StateError, StateFile},
    tickets::{Team, Ticket, TicketStatus},
    users::{Sso, UserRecord},
    world::{Refused, World},
};

/// A simulated helpdesk account. Clones share one account.
///
/// A new account has one user: the owner, an admin, who holds the API key
/// ([`Config::owner_email`], [`Config::api_key`]).
#[derive(Clone, Debug)]
pub struct Gorgias {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    clock: Clock,
    file: Option<StateFile>,
}

impl Gorgias {
    /// A new account that lives as long as its handles.
    #[must_use]
    pub fn new(config: Config, clock: Clock) -> Self {
        let world = Mutex::new(World::new(config, clock.now()));
        Self { shared: Arc::new(Shared { world, clock, file: None }) }
    }

    /// The account kept in `state_file`, as it was left, with its own switches and faults; a new
    /// one with `config` if there is no such file. The file is replaced after each change. What
    /// changes nothing (the log of reads, the bucket) is saved along with the next change.
    ///
    /// # Errors
    /// If the file cannot be read or written, or is not a state of this simulator.
    pub fn open(state_file: &Path, config: Config, clock: Clock) -> Result<Self, StateError> {
        let file = StateFile::new(state_file);
        let world = match file.load()? {
            Some(world) => world,
            None => {
                let world = World::new(config, clock.now());
                file.save(&world)?;
                world
            }
        };
        let world = Mutex::new(world);
        Ok(Self { shared: Arc::new(Shared { world, clock, file: Some(file) }) })
    }

    /// The clock it lives by.
    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the account.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&World, Timestamp) -> T) -> T {
        look(&self.world(), self.shared.clock.now())
    }

    /// Changes the account by hand.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        let (result, saved) = self.try_change(change);
        if let Err(error) = saved {
            tracing::error!(error = %chain(&error), "the simulator's state is not saved");
        }
        result
    }

    fn try_change<T>(
        &self,
        change: impl FnOnce(&mut World, Timestamp) -> T,
    ) -> (T, Result<(), StateError>) {
        let mut world = self.world();
        let before = world.revision;
        let result = change(&mut world, self.shared.clock.now());
        let saved = match &self.shared.file {
            Some(file) if world.revision != before => file.save(&world),
            _ => Ok(()),
        };
        (result, saved)
    }

    /// Serves one API request. A state that cannot be saved is an error for the client, too: what
    /// a witness forgets did not happen.
    pub(crate) fn answer(&self, request: &Request) -> Result<Answer, StateError> {
        let (answer, saved) = self.try_change(|world, now| api::answer(world, request, now));
        saved.map(|()| answer)
    }

    /// Puts a user in past the API; no invitation goes out unless it says so, and nothing is
    /// checked: not even whether its address is taken. Returns its id.
    pub fn add_user(&self, user: NewUser) -> u64 {
        self.change(|world, now| world.add_user(user, now))
    }

    /// Puts a customer in, whose address no user can have. Returns its id.
    pub fn add_customer(&self, email: &str) -> u64 {
        self.change(|world, _| world.add_customer(email))
    }

    /// Takes a customer away: its address is free again.
    pub fn remove_customer(&self, email: &str) {
        self.change(|world, _| world.remove_customer(email));
    }

    /// Puts a ticket in. Returns its id.
    pub fn add_ticket(&self, assignee: Option<u64>, status: TicketStatus) -> u64 {
        self.change(|world, now| world.add_ticket(assignee, status, now))
    }

    /// Puts `count` tickets in at once. Returns their ids.
    pub fn add_tickets(
        &self,
        count: usize,
        assignee: Option<u64>,
        status: TicketStatus,
    ) -> Vec<u64> {
        self.change(|world, now| {
            (0..count).map(|_| world.add_ticket(assignee, status, now)).collect()
        })
    }

    /// Changes a ticket past the API; nothing is checked.
    pub fn edit_ticket(&self, id: u64, edit: impl FnOnce(&mut Ticket)) {
        self.change(|world, _| world.edit_ticket(id, edit));
    }

    /// Puts a team in. Returns its id.
    pub fn add_team(&self, name: &str, members: Vec<u64>) -> u64 {
        self.change(|world, now| world.add_team(name, members, now))
    }

    /// Fills the account with `agents` plausible users, a bot, an app's service user, and tickets.
    /// The same seed gives the same people: call it once per account. Returns the new users' ids, agents first.
    pub fn seed_company(&self, seed: u64, agents: usize) -> Vec<u64> {
        self.change(|world, now| seed::company(world, seed, agents, now))
    }

    /// Replaces the faults; [`Faults::none`] ends them.
    pub fn set_faults(&self, faults: Faults) {
        self.change(|world, _| {
            world.faults = FaultState::new(faults);
            world.touch();
        });
    }

    /// The faults in force, with what remains of them.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.read(|world, _| world.faults.faults().clone())
    }

    /// Turns switches while it runs. What is already there stays as it is.
    pub fn configure(&self, turn: impl FnOnce(&mut Config)) {
        self.change(|world, _| {
            turn(&mut world.config);
            world.touch();
        });
    }

    /// The switches as they are.
    #[must_use]
    pub fn config(&self) -> Config {
        self.read(|world, _| world.config.clone())
    }

    /// Every user that ever was, deleted ones too, by id.
    #[must_use]
    pub fn users(&self) -> Vec<UserRecord> {
        self.read(|world, _| world.users.records().cloned().collect())
    }

    /// One user, deleted or not.
    #[must_use]
    pub fn user(&self, id: u64) -> Option<UserRecord> {
        self.read(|world, _| world.users.record(id).cloned())
    }

    /// Every invitation mail that was ever sent, in order.
    #[must_use]
    pub fn invitations(&self) -> Vec<Invitation> {
        self.read(World::invitations_at)
    }

    /// All tickets, by id.
    #[must_use]
    pub fn tickets(&self) -> Vec<Ticket> {
        self.read(|world, _| world.tickets.rows().values().cloned().collect())
    }

    /// All teams, by id.
    #[must_use]
    pub fn teams(&self) -> Vec<Team> {
        self.read(|world, _| world.teams.values().cloned().collect())
    }

    /// The audit trail, oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.read(|world, _| world.events.values().cloned().collect())
    }

    /// The requests, oldest first; at most [`Config::log_capacity`] of them.
    #[must_use]
    pub fn request_log(&self) -> Vec<RequestRecord> {
        self.read(|world, _| world.record.log.iter().cloned().collect())
    }

    /// Counts of everything since the beginning.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.read(|world, _| world.record.counters.clone())
    }

    /// A user accepts its invitation: it sets a password and signs in.
    ///
    /// # Errors
    /// If there is no such user or none of its invitations is open.
    pub fn accept_invitation(&self, id: u64) -> Result<(), Refused> {
        self.change(|world, now| world.accept(id, now))
    }

    /// A user signs in.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn sign_in(&self, id: u64) -> Result<(), Refused> {
        self.change(|world, now| world.sign_in(id, now))
    }

    /// Changes a user past the API; nothing is checked.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn edit_user(&self, id: u64, edit: impl FnOnce(&mut UserRecord)) -> Result<(), Refused> {
        self.change(|world, now| world.edit_user((id, None), edit, now))
    }

    /// Another user of the account changes one in the app itself; nothing is checked.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn edit_user_as(
        &self,
        actor: u64,
        id: u64,
        edit: impl FnOnce(&mut UserRecord),
    ) -> Result<(), Refused> {
        self.change(|world, now| world.edit_user((id, Some(actor)), edit, now))
    }

    /// Somebody comes in for the first time by single sign-on, and is a user from then on: with the
    /// basic role, without an invitation. Returns its id.
    pub fn join(&self, email: &str, name: &str, sso: Sso) -> u64 {
        self.change(|world, now| {
            let user = NewUser { sso: Some(sso), ..NewUser::new(email).name(name) };
            let id = world.add_user(user, now);
            // The user was put in a moment ago: it is there.
            let _ = world.sign_in(id, now);
            id
        })
    }

    /// Takes a user's access away past the API.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn deactivate_user(&self, id: u64) -> Result<(), Refused> {
        self.change(|world, now| {
            world.edit_user(
                (id, None),
                |user| user.deactivated_at = user.deactivated_at.or(Some(now)),
                now,
            )
        })
    }

    /// Gives a user its access back past the API.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn activate_user(&self, id: u64) -> Result<(), Refused> {
        self.edit_user(id, |user| user.deactivated_at = None)
    }

    /// Deletes a user past the API; no guard applies.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn delete_user(&self, id: u64) -> Result<(), Refused> {
        self.change(|world, now| world.delete_user(id, None, None, now))
    }

    /// The API key stops working.
    pub fn revoke_key(&self) {
        self.change(|world, _| {
            world.key.revoked = true;
            world.touch();
        });
    }

    /// Gives a new API key to a user, in place of the old one.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn issue_key(&self, holder: u64, key: &str) -> Result<(), Refused> {
        self.change(|world, _| world.issue_key(holder, key))
    }

    /// What users have allowed apps, revoked or not, by number.
    #[must_use]
    pub fn grants(&self) -> Vec<Grant> {
        self.read(|world, _| world.oauth.grants().cloned().collect())
    }

    /// Takes all apps out of the account: none can refresh any more, and their access tokens live
    /// on until they expire.
    pub fn revoke_grants(&self) {
        self.change(World::revoke_grants);
    }

    /// Begins anew: one owner, no faults, an empty record; the switches stay.
    pub fn reset(&self) {
        self.change(|world, now| {
            let (config, revision) = (world.config.clone(), world.revision);
            *world = World::new(config, now);
            world.revision = revision.wrapping_add(1);
        });
    }
}

/// An error with its causes, for one line of a log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
