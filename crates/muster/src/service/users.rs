//! Who may sign in to Muster, and what they may do there.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use muster_domain::model::{
    canonical::Digest,
    email::EmailAddress,
    id::AppName,
    journal::{About, Event},
    user::{Role, User},
};
use serde_json::json;

use super::Muster;
use crate::{
    error::{Error, Result},
    secret::Secret,
    store::sign_in::SignInLink,
};

/// How long a link lets somebody in.
const LINK_LIVES: SignedDuration = SignedDuration::from_hours(24);

/// How long somebody in a time-boxed role may be let in at most.
const LONGEST_TIME_BOX: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Who is to be let in, or what is to hold for her from now on.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The address she signs in with.
    pub email: EmailAddress,
    /// What to call her.
    pub name: String,
    /// What she is to Muster.
    pub role: Role,
    /// The only apps she has to do with; all of them when there is none.
    pub apps: Option<BTreeSet<AppName>>,
    /// When her access ends by itself.
    pub until: Option<Timestamp>,
}

impl Muster {
    /// Everybody who may sign in, by address.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn users(&self) -> Result<Vec<User>> {
        let mut users = self.store.orders().await?.users;
        users.sort_by(|a, b| a.email.cmp(&b.email));
        Ok(users)
    }

    /// The user with this address.
    ///
    /// # Errors
    /// When there is none, or the store fails.
    pub async fn user(&self, email: &EmailAddress) -> Result<User> {
        let users = self.users().await?;
        users.into_iter().find(|user| user.email == *email).ok_or_else(|| {
            Error::NotFound(format!("nobody signs in to Muster as {email}; see Settings, Users"))
        })
    }

    /// Lets somebody in, or changes what holds for her.
    ///
    /// # Errors
    /// When it would leave Muster without an owner, when somebody changes her own role, when the
    /// end is missing, past or too far off, or when the store fails.
    pub async fn put_user(&self, new: NewUser) -> Result<User> {
        let NewUser { email, name, role, apps, until } = new;
        let now = self.env.now();
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
            return Err(Error::Invalid(
                "give a name of 1 to 200 characters, without control characters".to_owned(),
            ));
        }
        check_end(role, until, now)?;
        if let Some(apps) = &apps {
            if apps.is_empty() {
                return Err(Error::Invalid(
                    "name at least one app, or leave the limit out: all apps".to_owned(),
                ));
            }
            if matches!(role, Role::Owner | Role::Admin) {
                return Err(Error::Invalid(format!(
                    "an {} has to do with every app; choose another role, or leave the limit out",
                    role.word()
                )));
            }
        }
        let users = self.users().await?;
        let before = users.iter().find(|user| user.email == email);
        if let Some(before) = before
            && email.as_str().eq_ignore_ascii_case(&self.actor)
            && (before.role, &before.apps, before.until) != (role, &apps, until)
        {
            return Err(Error::Conflict(
                "nobody changes what she may do herself; ask another owner".to_owned(),
            ));
        }
        let user = User { email, name, role, apps, until, by: self.actor.clone(), at: now };
        keeps_an_owner(&users, &user.email, Some(&user), now)?;
        let event = if before.is_some() { Event::UserChanged } else { Event::UserAdded };
        let data = json!({"user": user, "before": before});
        let mut tx = self.begin();
        tx.put_order(&user);
        tx.journal(event, About::default(), data);
        tx.commit().await?;
        Ok(user)
    }

    /// Lets somebody in no longer: her sessions end, her tokens with them.
    ///
    /// # Errors
    /// When there is no such user, she is the last owner or the one who asks, or the store fails.
    pub async fn remove_user(&self, email: &EmailAddress) -> Result<()> {
        let user = self.user(email).await?;
        if email.as_str().eq_ignore_ascii_case(&self.actor) {
            return Err(Error::Conflict("nobody removes herself; ask another owner".to_owned()));
        }
        keeps_an_owner(&self.users().await?, email, None, self.env.now())?;
        let tokens = self.store.orders().await?.api_tokens;
        let mut tx = self.begin();
        tx.remove_order(&user);
        for token in tokens.iter().filter(|token| token.user == *email) {
            tx.remove_order(token);
        }
        tx.journal(Event::UserRemoved, About::default(), json!({"user": user}));
        tx.commit().await?;
        self.store.end_sessions(email).await?;
        self.store.keep_sign_in_secrets(email, None).await?;
        Ok(())
    }

    /// Makes a link that lets `email` in once, to choose how to sign in; for nobody in particular,
    /// whoever uses it becomes the first owner. Gives the secret part of the link.
    ///
    /// # Errors
    /// When there is no such user, when there are users already and nobody is named, or the store
    /// fails.
    pub async fn make_sign_in_link(&self, email: Option<&EmailAddress>) -> Result<Secret> {
        match email {
            Some(email) => drop(self.user(email).await?),
            None if self.users().await?.is_empty() => {}
            None => {
                return Err(Error::Conflict(
                    "Muster has users already; an owner lets others in under Settings, Users"
                        .to_owned(),
                ));
            }
        }
        let now = self.env.now();
        let until = now.checked_add(LINK_LIVES).unwrap_or(Timestamp::MAX);
        let secret = self.secret();
        let id = Digest::of(secret.reveal().as_bytes());
        self.store.keep_sign_in_link(&id, &SignInLink { email: email.cloned(), until }).await?;
        let mut tx = self.begin();
        tx.journal(Event::SignInLinked, About::default(), json!({"for": email, "until": until}));
        tx.commit().await?;
        Ok(secret)
    }

    /// 256 bits of chance as text that goes into links, cookies and headers.
    pub(super) fn secret(&self) -> Secret {
        let mut bytes = [0; 32];
        self.env.fill(&mut bytes);
        Secret::new(data_encoding::BASE64URL_NOPAD.encode(&bytes))
    }
}

fn check_end(role: Role, until: Option<Timestamp>, now: Timestamp) -> Result<()> {
    match until {
        None if role.is_time_boxed() => Err(Error::Invalid(format!(
            "an {} is let in for a time; give the day it ends",
            role.word()
        ))),
        Some(until) if until <= now => {
            Err(Error::Invalid("the end has passed already; give a later one".to_owned()))
        }
        Some(until)
            if role.is_time_boxed()
                && now.checked_add(LONGEST_TIME_BOX).is_ok_and(|longest| until > longest) =>
        {
            Err(Error::Invalid(format!(
                "an {} is let in for a year at most; give an earlier end",
                role.word()
            )))
        }
        _ => Ok(()),
    }
}

/// Somebody has to be able to let others in.
fn keeps_an_owner(
    users: &[User],
    changed: &EmailAddress,
    to: Option<&User>,
    now: Timestamp,
) -> Result<()> {
    let owns = |user: &User| user.role == Role::Owner && user.until.is_none();
    let had = users.iter().any(|user| owns(user) && user.is_let_in(now));
    let others = users.iter().filter(|user| user.email != *changed);
    if !had || others.chain(to).any(owns) {
        return Ok(());
    }
    Err(Error::Conflict(
        "Muster would be left without an owner; make somebody else an owner first".to_owned(),
    ))
}
