//! Creating, changing and deleting users.
//!
//! Each write is first decided completely and then carried out in one step, so that a fault which
//! makes it come to nothing leaves no trace.

use crate::{
    api::{Call, Verb, fields::UserBody},
    config::{ActiveWrite, PutStyle, RoleNames, RoleOnCreate, SecondDelete},
    events::Happening,
    reply::{Refusal, Reply},
    users::{Role, UserRecord},
    wire::{self, Place},
    world::{self, Refused},
};

impl Call<'_> {
    pub(super) fn create_user(&mut self) -> Result<Reply, Refusal> {
        self.admins_only()?;
        let body = UserBody::read(&self.request.object()?, &self.world.config, Verb::Create)?;
        let email = body.email.clone().ok_or_else(|| required("email"))?;
        let name = body.full_name().ok_or_else(|| required("name"))?;
        let role = match (body.role, self.world.config.role_on_create) {
            (Some(role), _) => role,
            (None, RoleOnCreate::Optional) => self.lowest_role(),
            (None, RoleOnCreate::Required) => return Err(required("role")),
        };
        self.email_is_free(&email, None)?;
        let id = self.world.next_person();
        let blank = self.world.blank(id, email, name, self.now);
        let user = UserRecord { role, ..self.changed(blank, &body) };
        self.seat_is_free(None, &user)?;
        if self.carries_out() {
            let (caller, email) = (Some(self.caller.id), user.email.clone());
            self.world.store_user(user.clone(), self.struck.lag(), self.now);
            self.world.emit(Happening::new("user-created", id).by(caller), self.now);
            self.world.invite(id, email, caller, self.now);
        }
        Ok(self.written(Verb::Create, || wire::user(&self.world.config, &user, Place::Alone)))
    }

    pub(super) fn update_user(&mut self, id: u64) -> Result<Reply, Refusal> {
        self.admins_only()?;
        let id = self.meant(id);
        let old = self.existing(id)?;
        let body = UserBody::read(&self.request.object()?, &self.world.config, Verb::Update)?;
        if let Some(email) = body.email.as_ref().filter(|email| **email != old.email) {
            if body.password_confirmation.as_deref().is_none_or(str::is_empty) {
                return Err(required("password_confirmation"));
            }
            self.email_is_free(email, Some(id))?;
        }
        let start = match self.world.config.put {
            PutStyle::Patch => old.clone(),
            PutStyle::Replace => self.defaults(&old),
        };
        let new = UserRecord { updated_at: self.now, ..self.changed(start, &body) };
        self.guard_change(&old, &new)?;
        self.seat_is_free(Some(&old), &new)?;
        if self.carries_out() {
            self.world.store_user(new.clone(), self.struck.lag(), self.now);
            let caller = Some(self.caller.id);
            self.world.emit(Happening::new("user-updated", id).by(caller), self.now);
        }
        Ok(self.written(Verb::Update, || wire::user(&self.world.config, &new, Place::Alone)))
    }

    pub(super) fn delete_user(&mut self, id: u64) -> Result<Reply, Refusal> {
        self.admins_only()?;
        let id = self.meant(id);
        let gone = self.world.users.record(id).is_some_and(|user| !user.exists());
        if gone && self.world.config.second_delete == SecondDelete::NoContent {
            return Ok(self.written(Verb::Delete, || serde_json::Value::Null));
        }
        let user = self.existing(id)?;
        self.guard(&user, "deleted")?;
        if self.carries_out() {
            let (caller, lag) = (Some(self.caller.id), self.struck.lag());
            self.world
                .delete_user(id, caller, lag, self.now)
                .map_err(|_: Refused| Refusal::missing("User", id))?;
        }
        Ok(self.written(Verb::Delete, || serde_json::Value::Null))
    }

    fn existing(&self, id: u64) -> Result<UserRecord, Refusal> {
        self.world.users.get(id).cloned().ok_or_else(|| Refusal::missing("User", id))
    }

    /// The role for who is given none.
    const fn lowest_role(&self) -> Role {
        match self.world.config.role_names {
            RoleNames::Five => Role::BasicAgent,
            RoleNames::Three => Role::Agent,
        }
    }

    /// A user whose writable fields are as if nothing had ever been written to them.
    fn defaults(&self, old: &UserRecord) -> UserRecord {
        let name = world::mailbox(&old.email).to_owned();
        let applied = self.world.config.active_write == ActiveWrite::Applied;
        UserRecord {
            role: self.lowest_role(),
            owner: old.owner,
            created_at: old.created_at,
            deactivated_at: old.deactivated_at.filter(|_| !applied),
            sso: old.sso,
            client_id: old.client_id.clone(),
            has_password: old.has_password,
            has_2fa: old.has_2fa,
            ..self.world.blank(old.id, old.email.clone(), name, self.now)
        }
    }

    /// The user as the body wants it.
    fn changed(&self, user: UserRecord, body: &UserBody) -> UserRecord {
        let deactivated_at = match body.active {
            Some(true) => None,
            Some(false) => user.deactivated_at.or(Some(self.now)),
            None => user.deactivated_at,
        };
        UserRecord {
            email: body.email.clone().unwrap_or(user.email),
            written_names: body.names(user.written_names.as_ref()),
            name: body.full_name().unwrap_or(user.name),
            role: body.role.unwrap_or(user.role),
            deactivated_at,
            bio: body.bio.clone().unwrap_or(user.bio),
            country: body.country.clone().unwrap_or(user.country),
            external_id: body.external_id.clone().unwrap_or(user.external_id),
            language: body.language.clone().unwrap_or(user.language),
            timezone: body.timezone.clone().unwrap_or(user.timezone),
            picture: body.picture.clone().unwrap_or(user.picture),
            meta: body.kept_meta().unwrap_or(user.meta),
            ..user
        }
    }

    /// An address belongs to one user or one customer.
    fn email_is_free(&self, email: &str, user: Option<u64>) -> Result<(), Refusal> {
        let by_user = self.world.users.with_email(email).any(|other| Some(other.id) != user);
        let by_customer = self.world.customers.contains_key(&email.to_lowercase());
        if by_user || by_customer {
            Err(Refusal::taken("email", format!("{email} is already in use.")))
        } else {
            Ok(())
        }
    }

    fn seat_is_free(&self, old: Option<&UserRecord>, new: &UserRecord) -> Result<(), Refusal> {
        let Some(seats) = self.world.config.seats else { return Ok(()) };
        let takes_one_more = new.takes_seat() && !old.is_some_and(UserRecord::takes_seat);
        if takes_one_more && self.world.users.seats_taken() >= seats.cap {
            let text = format!("Your plan is limited to {} users: no seat is left.", seats.cap);
            Err(Refusal::new(seats.code, text))
        } else {
            Ok(())
        }
    }

    fn guard_change(&self, old: &UserRecord, new: &UserRecord) -> Result<(), Refusal> {
        if old.is_active() && !new.is_active() {
            self.guard(old, "deactivated")?;
        }
        match self.world.config.owner_guard {
            Some(code) if old.owner && old.role != new.role => {
                Err(Refusal::new(code, "The account owner's role cannot be changed."))
            }
            _ => Ok(()),
        }
    }

    /// The owner and the caller are protected, as far as the switches say.
    fn guard(&self, user: &UserRecord, what: &str) -> Result<(), Refusal> {
        if let Some(code) = self.world.config.owner_guard.filter(|_| user.owner) {
            return Err(Refusal::new(code, format!("The account owner cannot be {what}.")));
        }
        match self.world.config.self_guard {
            Some(code) if user.id == self.caller.id => {
                Err(Refusal::new(code, format!("You cannot be {what} by yourself.")))
            }
            _ => Ok(()),
        }
    }
}

fn required(name: &str) -> Refusal {
    Refusal::field(name, "Missing data for required field.")
}
