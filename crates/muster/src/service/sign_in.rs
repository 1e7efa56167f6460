//! Signing in: passwords, second factors, sessions.

use std::sync::{Arc, LazyLock};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use jiff::{SignedDuration, Timestamp};
use muster_domain::model::{
    canonical::Digest,
    email::EmailAddress,
    journal::{About, Event},
    user::{Role, User},
};
use serde_json::json;
use tokio::sync::Semaphore;
use totp_rs::{Algorithm, Builder, Totp};

use super::{Muster, users::NewUser};
use crate::{
    error::{Error, Result},
    secret::Secret,
    store::sign_in::{Session, SignInSecrets},
};

/// How long a session lives, however much it is used.
const SESSION_LIVES: SignedDuration = SignedDuration::from_hours(12);

/// How long it lives unused.
const SESSION_IDLES: SignedDuration = SignedDuration::from_hours(2);

/// How long ago somebody may have proved who she is for what cannot be undone.
pub const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// The shortest password. Length is what counts; no characters are demanded.
pub const SHORTEST_PASSWORD: usize = 12;

const LONGEST_PASSWORD: usize = 512;

/// How many recovery codes are given out.
const RECOVERY_CODES: usize = 8;

/// Each hash takes 19 MiB for as long as it is computed.
static HASHES_AT_ONCE: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

/// What a browser says of itself when somebody signs in.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// The program.
    pub agent: String,
    /// The address it comes from.
    pub address: String,
}

/// How an attempt to sign in ended.
#[derive(Debug)]
pub enum Attempt {
    /// She is in. The secret is the session's cookie.
    In(Box<User>, Secret),
    /// The password is right, and the second factor is missing.
    CodeNeeded,
    /// Something is wrong; what, nobody is told.
    Refused,
}

impl Muster {
    /// Signs somebody in. It takes as long for those whom nobody knows.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &Secret,
        code: Option<&str>,
        visitor: &Visitor,
    ) -> Result<Attempt> {
        let email = email.parse::<EmailAddress>().ok();
        let (user, secrets) = match &email {
            Some(email) => {
                let user = self.users().await?.into_iter().find(|user| user.email == *email);
                (user, self.store.sign_in_secrets(email).await?.unwrap_or_default())
            }
            None => (None, SignInSecrets::default()),
        };
        let right = verify(secrets.password.clone(), password.clone()).await?;
        let now = self.env.now();
        let Some(user) = user.filter(|user| right && user.is_let_in(now)) else {
            self.note_refusal_of(email.as_ref(), visitor, "the password").await?;
            return Ok(Attempt::Refused);
        };
        match (&secrets.totp, code) {
            (None, _) => {}
            (Some(_), None) => return Ok(Attempt::CodeNeeded),
            (Some(_), Some(code)) => {
                let Some(after) = accept_code(&user.email, &secrets, code, now) else {
                    self.note_refusal_of(Some(&user.email), visitor, "the code").await?;
                    return Ok(Attempt::Refused);
                };
                self.store.keep_sign_in_secrets(&user.email, Some(&after)).await?;
            }
        }
        let cookie = self.begin_session(&user, "password", visitor).await?;
        Ok(Attempt::In(Box::new(user), cookie))
    }

    /// Proves again who is asking, for what cannot be undone. Whether it was right.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn prove_again(
        &self,
        id: &Digest,
        password: &Secret,
        code: Option<&str>,
    ) -> Result<bool> {
        let Some(mut session) = self.store.session(id).await? else { return Ok(false) };
        let secrets = self.store.sign_in_secrets(&session.email).await?.unwrap_or_default();
        let now = self.env.now();
        if !verify(secrets.password.clone(), password.clone()).await? {
            return Ok(false);
        }
        if secrets.totp.is_some() {
            let accepted = code.and_then(|code| accept_code(&session.email, &secrets, code, now));
            let Some(after) = accepted else { return Ok(false) };
            self.store.keep_sign_in_secrets(&session.email, Some(&after)).await?;
        }
        session.proved = now;
        self.store.keep_session(id, &session).await?;
        Ok(true)
    }

    /// Begins a session for somebody who proved who she is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin_session(&self, user: &User, way: &str, visitor: &Visitor) -> Result<Secret> {
        let now = self.env.now();
        let cut = |text: &str| text.chars().filter(|c| !c.is_control()).take(200).collect();
        let session = Session {
            email: user.email.clone(),
            began: now,
            proved: now,
            seen: now,
            until: now.checked_add(SESSION_LIVES).unwrap_or(Timestamp::MAX),
            way: way.to_owned(),
            agent: cut(&visitor.agent),
            address: cut(&visitor.address),
        };
        let cookie = self.secret();
        let id = Digest::of(cookie.reveal().as_bytes());
        self.store.keep_session(&id, &session).await?;
        let speaking = Self { actor: user.email.to_string(), ..self.clone() };
        let mut tx = speaking.begin();
        let data = json!({"way": way, "address": session.address, "agent": session.agent});
        tx.journal(Event::SignedIn, About::default(), data);
        tx.commit().await?;
        Ok(cookie)
    }

    /// Who is signed in with this cookie, if anybody is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn by_cookie(&self, cookie: &str) -> Result<Option<(User, Digest, Session)>> {
        let id = Digest::of(cookie.as_bytes());
        let Some(mut session) = self.store.session(&id).await? else { return Ok(None) };
        let now = self.env.now();
        let user = self.users().await?.into_iter().find(|user| user.email == session.email);
        let idle = now.duration_since(session.seen);
        let user = user.filter(|user| user.is_let_in(now));
        let Some(user) = user.filter(|_| now < session.until && idle < SESSION_IDLES) else {
            self.store.end_session(&id).await?;
            return Ok(None);
        };
        if idle >= SignedDuration::from_mins(1) {
            session.seen = now;
            self.store.keep_session(&id, &session).await?;
        }
        Ok(Some((user, id, session)))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sign_out(&self, id: &Digest) -> Result<()> {
        let Some(session) = self.store.session(id).await? else { return Ok(()) };
        self.store.end_session(id).await?;
        let mut tx = self.begin();
        tx.journal(Event::SignedOut, About::default(), json!({"user": session.email}));
        tx.commit().await?;
        Ok(())
    }

    /// For whom a sign-in link is, if it still lets anybody in: `Some(None)` is the very first
    /// owner's.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn link_is_for(&self, secret: &str) -> Result<Option<Option<EmailAddress>>> {
        let link = self.store.sign_in_link(&Digest::of(secret.as_bytes())).await?;
        let link = link.filter(|link| self.env.now() < link.until);
        let Some(link) = link else { return Ok(None) };
        if link.email.is_none() && !self.users().await?.is_empty() {
            return Ok(None);
        }
        Ok(Some(link.email))
    }

    /// Uses a sign-in link up: whoever has it chooses a password, and is in. The very first one
    /// makes the owner.
    ///
    /// # Errors
    /// When the link lets nobody in, the password is too weak, or the store fails.
    pub async fn use_link(
        &self,
        secret: &str,
        owner: Option<NewUser>,
        password: &Secret,
        visitor: &Visitor,
    ) -> Result<(User, Secret)> {
        let used = || {
            Error::Conflict(
                "this link was used already, or its time is over; ask for a new one".to_owned(),
            )
        };
        let email = self.link_is_for(secret).await?.ok_or_else(used)?;
        let meant = email.clone().or_else(|| owner.as_ref().map(|owner| owner.email.clone()));
        let meant = meant.ok_or_else(|| Error::Invalid("give your e-mail address".to_owned()))?;
        check_password(password, &meant)?;
        let hash = hash(password.clone()).await?;
        if !self.store.use_up_sign_in_link(&Digest::of(secret.as_bytes())).await? {
            return Err(used());
        }
        let user = match (email, owner) {
            (Some(email), _) => self.user(&email).await?,
            (None, Some(owner)) => {
                let speaking = Self { actor: owner.email.to_string(), ..self.clone() };
                speaking
                    .put_user(NewUser { role: Role::Owner, apps: None, until: None, ..owner })
                    .await?
            }
            (None, None) => return Err(used()),
        };
        let secrets = SignInSecrets { password: Some(hash), ..SignInSecrets::default() };
        self.change_secrets(&user.email, &secrets, "password").await?;
        let cookie = self.begin_session(&user, "link", visitor).await?;
        Ok((user, cookie))
    }

    /// Chooses another password. All other sessions end.
    ///
    /// # Errors
    /// When the password is too weak, or the store fails.
    pub async fn change_password(
        &self,
        email: &EmailAddress,
        password: &Secret,
        keep: Option<&Digest>,
    ) -> Result<()> {
        check_password(password, email)?;
        let mut secrets = self.store.sign_in_secrets(email).await?.unwrap_or_default();
        secrets.password = Some(hash(password.clone()).await?);
        self.change_secrets(email, &secrets, "password").await?;
        for (id, session) in self.store.sessions().await? {
            if session.email == *email && Some(&id) != keep {
                self.store.end_session(&id).await?;
            }
        }
        Ok(())
    }

    /// Whether `email` has a second factor.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_second_factor(&self, email: &EmailAddress) -> Result<bool> {
        let secrets = self.store.sign_in_secrets(email).await?;
        Ok(secrets.is_some_and(|secrets| secrets.totp.is_some()))
    }

    /// A seed for a second factor, in Base32, not in force yet.
    #[must_use]
    pub fn new_totp_seed(&self) -> Secret {
        let mut bytes = [0; 20];
        self.env.fill(&mut bytes);
        Secret::new(data_encoding::BASE32_NOPAD.encode(&bytes))
    }

    /// Puts a second factor into force, once a code shows that it works. Gives the recovery codes.
    ///
    /// # Errors
    /// When the code is wrong, or the store fails.
    pub async fn add_second_factor(
        &self,
        email: &EmailAddress,
        seed: &Secret,
        code: &str,
    ) -> Result<Vec<Secret>> {
        let mut secrets = self.store.sign_in_secrets(email).await?.unwrap_or_default();
        let totp = totp(email, seed.reveal())?;
        let Some(step) = totp.check(code.trim(), seconds(self.env.now())) else {
            return Err(Error::Invalid(
                "this code does not fit; see that the clock of your device is right, and give the \
                 code it shows now"
                    .to_owned(),
            ));
        };
        let codes: Vec<Secret> = (0..RECOVERY_CODES).map(|_| self.recovery_code()).collect();
        secrets.totp = Some(seed.reveal().to_owned());
        secrets.totp_used = Some(step);
        secrets.recovery = codes.iter().map(|code| Digest::of(code.reveal().as_bytes())).collect();
        self.change_secrets(email, &secrets, "second factor added").await?;
        Ok(codes)
    }

    /// Takes a second factor out of force.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_second_factor(&self, email: &EmailAddress) -> Result<()> {
        let mut secrets = self.store.sign_in_secrets(email).await?.unwrap_or_default();
        (secrets.totp, secrets.totp_used, secrets.recovery) = (None, None, Vec::new());
        self.change_secrets(email, &secrets, "second factor removed").await
    }

    fn recovery_code(&self) -> Secret {
        let mut bytes = [0; 10];
        self.env.fill(&mut bytes);
        Secret::new(data_encoding::BASE32_NOPAD.encode(&bytes).to_lowercase())
    }

    async fn change_secrets(
        &self,
        email: &EmailAddress,
        secrets: &SignInSecrets,
        what: &str,
    ) -> Result<()> {
        self.store.keep_sign_in_secrets(email, Some(secrets)).await?;
        let mut tx = self.begin();
        tx.journal(Event::SignInChanged, About::default(), json!({"user": email, "what": what}));
        tx.commit().await?;
        Ok(())
    }

    async fn note_refusal_of(
        &self,
        email: Option<&EmailAddress>,
        visitor: &Visitor,
        what: &str,
    ) -> Result<()> {
        let mut tx = self.begin();
        let data = json!({"email": email, "address": visitor.address, "wrong": what});
        tx.journal(Event::SignInRefused, About::default(), data);
        tx.commit().await?;
        Ok(())
    }
}

/// The second factor that belongs to a seed.
///
/// # Errors
/// When the seed is none.
pub fn totp(email: &EmailAddress, seed: &str) -> Result<Totp> {
    let invalid = || Error::Invalid("this is no seed of a second factor; begin again".to_owned());
    let bytes = data_encoding::BASE32_NOPAD.decode(seed.as_bytes()).map_err(|_| invalid())?;
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_secret(bytes)
        .with_account_name(email.as_str().replace(':', ""))
        .with_issuer(Some("Muster"))
        .build()
        .map_err(|_| invalid())
}

/// What is kept once `code` let somebody in; `None` when it does not. A code lets in once.
fn accept_code(
    email: &EmailAddress,
    secrets: &SignInSecrets,
    code: &str,
    now: Timestamp,
) -> Option<SignInSecrets> {
    let code: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let seed = secrets.totp.as_deref()?;
    let totp = totp(email, seed).ok()?;
    if let Some(step) = totp.check(&code, seconds(now)) {
        let again = secrets.totp_used.is_some_and(|used| step <= used);
        return (!again).then(|| SignInSecrets { totp_used: Some(step), ..secrets.clone() });
    }
    let digest = Digest::of(code.to_lowercase().as_bytes());
    let mut recovery = secrets.recovery.clone();
    let at = recovery.iter().position(|known| *known == digest)?;
    recovery.remove(at);
    Some(SignInSecrets { recovery, ..secrets.clone() })
}

fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.as_second()).unwrap_or_default()
}

/// Whether a password will do for `email`.
///
/// # Errors
/// When it is too short, too long, or the address itself.
pub fn check_password(password: &Secret, email: &EmailAddress) -> Result<()> {
    let text = password.reveal();
    if text.chars().count() < SHORTEST_PASSWORD {
        return Err(Error::Invalid(format!(
            "a password has at least {SHORTEST_PASSWORD} characters; a few words will do"
        )));
    }
    if text.len() > LONGEST_PASSWORD {
        return Err(Error::Invalid(format!(
            "a password has at most {LONGEST_PASSWORD} bytes; choose a shorter one"
        )));
    }
    let mut different: Vec<char> = text.chars().collect();
    different.sort_unstable();
    different.dedup();
    let lower = text.to_lowercase();
    if different.len() < 5 || lower.contains(email.folded()) || lower.contains("muster") {
        return Err(Error::Invalid(
            "this password is too easy to guess; choose a few words of your own".to_owned(),
        ));
    }
    Ok(())
}

async fn hash(password: Secret) -> Result<String> {
    hashing(move || {
        let mut salt = [0; 16];
        crate::env::Env::system().fill(&mut salt);
        let hash: argon2::password_hash::Result<PasswordHash> =
            Argon2::default().hash_password_with_salt(password.reveal().as_bytes(), &salt);
        hash.map(|hash| hash.to_string())
            .map_err(|error| Error::Invalid(format!("cannot hash this password: {error}")))
    })
    .await?
}

/// A hash of a password that nobody has, so that it takes as long to refuse an unknown address.
static NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5a25vd3NtZQ$\
    0C1jKyTTyDBpYO0gq1hjIpzMNf3pc2VpKy2hGvHNfPs";

async fn verify(hash: Option<String>, password: Secret) -> Result<bool> {
    hashing(move || {
        let known = hash.is_some();
        let text = hash.as_deref().unwrap_or(NOBODYS);
        let right = PasswordHash::new(text).is_ok_and(|hash| {
            Argon2::default().verify_password(password.reveal().as_bytes(), &hash).is_ok()
        });
        known && right
    })
    .await
}

async fn hashing<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let gone = || Error::Busy("the server is shutting down".to_owned());
    let permit = HASHES_AT_ONCE.clone().acquire_owned().await.map_err(|_| gone())?;
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    })
    .await
    .map_err(|_| gone())
}
