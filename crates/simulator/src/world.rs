//! The whole account: its people, its work, its limits and its record. No HTTP here.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use crate::{
    bucket::Bucket,
    clock::later,
    config::Config,
    events::{Event, Happening},
    faults::FaultState,
    invitations::{Invitation, InvitationState},
    new_user::NewUser,
    oauth::Book,
    record::Record,
    tickets::{Team, Ticket, TicketStatus, TicketTable},
    users::{Role, UserRecord, UserTable},
};

/// The last numbers given out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Sequences {
    /// Users and customers draw from one sequence.
    person: u64,
    ticket: u64,
    team: u64,
    event: u64,
}

/// Who holds the API key, and whether it still works.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ApiKey {
    pub(crate) holder: u64,
    pub(crate) revoked: bool,
}

/// Why nothing can be done with a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such user.
    #[error("there is no user {0}")]
    NoUser(u64),
    /// The user has no invitation that could be accepted now.
    #[error("user {0} has no open invitation")]
    NoInvitation(u64),
}

/// What readers see while some writes have not arrived at them.
#[derive(Debug)]
struct Lagging {
    users: UserTable,
    pending: Vec<(Timestamp, UserRecord)>,
}

/// The account.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) users: UserTable,
    /// Address in small letters to number.
    pub(crate) customers: BTreeMap<String, u64>,
    pub(crate) tickets: TicketTable,
    pub(crate) teams: BTreeMap<u64, Team>,
    pub(crate) events: BTreeMap<u64, Event>,
    pub(crate) invitations: Vec<Invitation>,
    pub(crate) bucket: Bucket,
    /// What apps fill, where they have a bucket of their own.
    #[serde(default)]
    pub(crate) app_bucket: Bucket,
    /// Codes, grants and tokens.
    #[serde(default)]
    pub(crate) oauth: Book,
    pub(crate) faults: FaultState,
    pub(crate) key: ApiKey,
    pub(crate) record: Record,
    sequences: Sequences,
    /// Counts the changes, so that they can be saved.
    #[serde(skip)]
    pub(crate) revision: u64,
    #[serde(skip)]
    lagging: Option<Lagging>,
}

impl World {
    /// An account with one user: its owner, an admin, who holds the API key.
    pub(crate) fn new(config: Config, now: Timestamp) -> Self {
        let owner = NewUser::new(config.owner_email.clone()).name("Olive Owner").owner();
        let mut world = Self { config, ..Self::default() };
        world.key.holder = world.add_user(owner, now);
        world
    }

    /// Says that something has changed.
    pub(crate) const fn touch(&mut self) {
        self.revision = self.revision.wrapping_add(1);
    }

    pub(crate) const fn next_person(&mut self) -> u64 {
        self.sequences.person += 1;
        self.sequences.person
    }

    /// Puts a user in by hand.
    pub(crate) fn add_user(&mut self, new: NewUser, now: Timestamp) -> u64 {
        let created_at = new.created_at.unwrap_or(now);
        let id = self.next_person();
        if new.owner {
            self.dethrone(now);
        }
        let name = new.name.unwrap_or_else(|| mailbox(&new.email).to_owned());
        let user = UserRecord {
            external_id: new.external_id,
            owner: new.owner,
            deactivated_at: (!new.active).then_some(created_at),
            sso: new.sso,
            client_id: new.client_id,
            has_password: new.has_password,
            has_2fa: new.has_2fa,
            role: new.role,
            ..self.blank(id, new.email, name, created_at)
        };
        let (email, invited) = (user.email.clone(), new.invited);
        self.store_user(user, None, now);
        if new.created_at.is_none() {
            self.emit(Happening::new("user-created", id), now);
        }
        if invited {
            self.invite(id, email, None, created_at);
        }
        id
    }

    /// A user as one comes into being through the API.
    pub(crate) fn blank(&self, id: u64, email: String, name: String, now: Timestamp) -> UserRecord {
        UserRecord {
            id,
            email,
            name,
            written_names: None,
            role: Role::BasicAgent,
            owner: false,
            deactivated_at: None,
            deleted_at: None,
            created_at: now,
            updated_at: now,
            bio: None,
            country: None,
            external_id: None,
            language: Some("en".to_owned()),
            timezone: Some(self.config.timezone.clone()),
            meta: Map::new(),
            picture: None,
            sso: None,
            client_id: None,
            has_password: false,
            has_2fa: false,
        }
    }

    fn dethrone(&mut self, now: Timestamp) {
        let owner = self.users.records().find(|user| user.owner).cloned();
        if let Some(owner) = owner {
            self.store_user(UserRecord { owner: false, ..owner }, None, now);
        }
    }

    /// Stores a user; with a lag, readers see it only after that.
    pub(crate) fn store_user(&mut self, user: UserRecord, lag: Option<Duration>, now: Timestamp) {
        if lag.is_some() && self.lagging.is_none() {
            self.lagging = Some(Lagging { users: self.users.clone(), pending: Vec::new() });
        }
        if let Some(lagging) = &mut self.lagging {
            match lag {
                Some(lag) => lagging.pending.push((later(now, lag), user.clone())),
                None => {
                    lagging.pending.retain(|(_, pending)| pending.id != user.id);
                    lagging.users.put(user.clone());
                }
            }
        }
        self.users.put(user);
        self.touch();
    }

    /// Lets writes arrive at the readers whose time has come.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        let Some(lagging) = &mut self.lagging else { return };
        let (due, pending): (Vec<_>, Vec<_>) =
            std::mem::take(&mut lagging.pending).into_iter().partition(|(at, _)| *at <= now);
        for (_, user) in due {
            lagging.users.put(user);
        }
        lagging.pending = pending;
        if lagging.pending.is_empty() {
            self.lagging = None;
        }
    }

    /// The users as readers see them.
    pub(crate) fn readable(&self) -> &UserTable {
        self.lagging.as_ref().map_or(&self.users, |lagging| &lagging.users)
    }

    /// Sends an invitation.
    pub(crate) fn invite(&mut self, id: u64, email: String, actor: Option<u64>, now: Timestamp) {
        let number = u64::try_from(self.invitations.len()).unwrap_or(u64::MAX).saturating_add(1);
        let state = InvitationState::Open;
        self.invitations.push(Invitation { number, user_id: id, email, sent_at: now, state });
        self.emit(Happening::new("user-invited", id).by(actor), now);
    }

    /// A user accepts its invitation: it sets a password and signs in.
    pub(crate) fn accept(&mut self, id: u64, now: Timestamp) -> Result<(), Refused> {
        let user = self.users.get(id).cloned().ok_or(Refused::NoUser(id))?;
        let days = self.config.invite_days;
        let open = self
            .invitations
            .iter_mut()
            .rev()
            .find(|mail| mail.user_id == id && mail.state_at(days, now) == InvitationState::Open)
            .ok_or(Refused::NoInvitation(id))?;
        open.state = InvitationState::Accepted { at: now };
        self.store_user(UserRecord { has_password: true, updated_at: now, ..user }, None, now);
        self.sign_in(id, now)
    }

    /// A user signs in.
    pub(crate) fn sign_in(&mut self, id: u64, now: Timestamp) -> Result<(), Refused> {
        let user = self.users.get(id).ok_or(Refused::NoUser(id))?;
        let login_type = user.sso.map_or(json!("password"), |sso| json!(sso));
        let data = json!({ "login_type": login_type, "remote_addr": "192.0.2.7" });
        self.emit(Happening::new("user-logged-in", id).by(Some(id)).with(data), now);
        Ok(())
    }

    /// Deletes a user for good: its invitation is withdrawn, its tickets have no assignee any
    /// more, and its teams go on without it.
    pub(crate) fn delete_user(
        &mut self,
        id: u64,
        actor: Option<u64>,
        lag: Option<Duration>,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let user = self.users.get(id).cloned().ok_or(Refused::NoUser(id))?;
        let days = self.config.invite_days;
        for mail in self.invitations.iter_mut().filter(|mail| mail.user_id == id) {
            if mail.state_at(days, now) == InvitationState::Open {
                mail.state = InvitationState::Withdrawn { at: now };
            }
        }
        self.tickets.orphan(id, now);
        for team in self.teams.values_mut() {
            team.members.retain(|member| *member != id);
        }
        self.store_user(UserRecord { deleted_at: Some(now), ..user }, lag, now);
        self.emit(Happening::new("user-deleted", id).by(actor), now);
        Ok(())
    }

    /// Changes a user past the API, as `actor` would in the app itself.
    pub(crate) fn edit_user(
        &mut self,
        (id, actor): (u64, Option<u64>),
        edit: impl FnOnce(&mut UserRecord),
        now: Timestamp,
    ) -> Result<(), Refused> {
        let mut user = self.users.get(id).cloned().ok_or(Refused::NoUser(id))?;
        user.updated_at = now;
        edit(&mut user);
        user.id = id;
        self.store_user(user, None, now);
        self.emit(Happening::new("user-updated", id).by(actor), now);
        Ok(())
    }

    /// Gives a new API key to a user, in place of the old one.
    pub(crate) fn issue_key(&mut self, holder: u64, key: &str) -> Result<(), Refused> {
        self.users.get(holder).ok_or(Refused::NoUser(holder))?;
        self.key = ApiKey { holder, revoked: false };
        key.clone_into(&mut self.config.api_key);
        self.touch();
        Ok(())
    }

    /// Adds an event to the audit trail.
    pub(crate) fn emit(&mut self, happening: Happening, now: Timestamp) {
        self.sequences.event += 1;
        let id = self.sequences.event;
        self.events.insert(id, happening.event(id, now));
        self.touch();
    }

    /// Takes a customer away: its address is free again.
    pub(crate) fn remove_customer(&mut self, email: &str) {
        self.customers.remove(&email.to_lowercase());
        self.touch();
    }

    /// Adds a customer; an address that one has already is the same customer.
    pub(crate) fn add_customer(&mut self, email: &str) -> u64 {
        let email = email.to_lowercase();
        if let Some(id) = self.customers.get(&email) {
            return *id;
        }
        let id = self.next_person();
        self.customers.insert(email, id);
        self.touch();
        id
    }

    /// Adds a ticket.
    pub(crate) fn add_ticket(
        &mut self,
        assignee: Option<u64>,
        status: TicketStatus,
        now: Timestamp,
    ) -> u64 {
        self.sequences.ticket += 1;
        let id = self.sequences.ticket;
        let subject = format!("Question {id}");
        let (created_at, updated_at) = (now, now);
        let team = None;
        let closed_at = (status == TicketStatus::Closed).then_some(now);
        self.tickets.put(Ticket {
            id,
            subject,
            status,
            assignee,
            team,
            created_at,
            updated_at,
            closed_at,
        });
        self.touch();
        id
    }

    /// Changes a ticket by hand; nothing when there is none with this number.
    pub(crate) fn edit_ticket(&mut self, id: u64, edit: impl FnOnce(&mut Ticket)) {
        if let Some(mut ticket) = self.tickets.get(id).cloned() {
            edit(&mut ticket);
            ticket.id = id;
            self.tickets.put(ticket);
            self.touch();
        }
    }

    /// Adds a team.
    pub(crate) fn add_team(&mut self, name: &str, members: Vec<u64>, now: Timestamp) -> u64 {
        self.sequences.team += 1;
        let id = self.sequences.team;
        self.teams.insert(id, Team { id, name: name.to_owned(), members, created_at: now });
        self.touch();
        id
    }

    /// All invitation mails, each with what became of it until now.
    pub(crate) fn invitations_at(&self, now: Timestamp) -> Vec<Invitation> {
        let days = self.config.invite_days;
        let stated =
            |mail: &Invitation| Invitation { state: mail.state_at(days, now), ..mail.clone() };
        self.invitations.iter().map(stated).collect()
    }
}

/// What stands before the `@`.
pub(crate) fn mailbox(email: &str) -> &str {
    email.split('@').next().unwrap_or(email)
}
