//! `muster users`.

use std::collections::BTreeSet;

use clap::builder::PossibleValuesParser;
use jiff::{SignedDuration, Timestamp};
use muster_domain::model::{
    email::EmailAddress,
    id::AppName,
    user::{ApiToken, Permission, Role, User},
};
use serde_json::json;
use url::Url;

use super::{
    plan::moment,
    render::{clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::{Error, Result},
    service::users::NewUser,
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List who may sign in
    List,
    /// Let somebody in, or change what she may do
    Put(Put),
    /// Make a link that lets somebody in once, to choose a password
    Link {
        /// Her address
        email: EmailAddress,
        #[command(flatten)]
        at: At,
    },
    /// Make a token with which scripts act as somebody
    Token(Token),
    /// List the tokens, or take one back
    Tokens {
        /// The id of the one to take back
        #[arg(long, value_name = "ID")]
        revoke: Option<String>,
    },
    /// Let somebody in no longer
    Remove {
        /// Her address
        email: EmailAddress,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Put {
    /// The address she signs in with
    email: EmailAddress,
    /// What to call her
    #[arg(long)]
    name: String,
    /// What she is to Muster
    #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.iter().map(|role| role.word())))]
    role: String,
    /// An app she has to do with; may be given again [default: all]
    #[arg(long = "app", value_name = "APP")]
    apps: Vec<AppName>,
    /// When it ends by itself: 2026-12-01, "2026-12-01 18:00" or an instant
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Token {
    /// Her address
    email: EmailAddress,
    /// What it is for
    #[arg(long)]
    name: String,
    /// What it may do, as far as she may; may be given again
    #[arg(
        long = "may",
        required = true,
        value_parser = PossibleValuesParser::new(Permission::ALL.iter().map(|one| one.word()))
    )]
    scopes: Vec<String>,
    /// For so many days
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=365))]
    days: i64,
}

#[derive(Debug, clap::Args)]
pub(super) struct At {
    /// The address under which browsers reach the server
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:7300/",
        env = "MUSTER_PUBLIC_URL"
    )]
    public_url: Url,
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Beside).await?;
        match self {
            Self::List => list(&session).await?,
            Self::Put(put) => put.run(&session).await?,
            Self::Link { email, at } => {
                let secret = session.muster.make_sign_in_link(Some(&email)).await?;
                let path = format!("/welcome/{}", secret.reveal());
                let link = at.public_url.join(&path).map_err(|error| {
                    Error::Invalid(format!("{} leads nowhere: {error}", at.public_url))
                })?;
                if session.json {
                    print_json(&json!({"link": link}))?;
                } else {
                    print_line(&format!("Lets {email} in once, within a day:\n  {link}"));
                }
            }
            Self::Token(token) => token.run(&session).await?,
            Self::Tokens { revoke: Some(id) } => {
                let token = session.muster.revoke_token(&id, None).await?;
                if session.json {
                    print_json(&json!({"revoked": token.id}))?;
                } else {
                    print_line(&format!("{} opens nothing any more.", token.id));
                }
            }
            Self::Tokens { revoke: None } => tokens(&session).await?,
            Self::Remove { email } => {
                session.muster.remove_user(&email).await?;
                if session.json {
                    print_json(&json!({"removed": email}))?;
                } else {
                    print_line(&format!("{email} can no longer sign in."));
                }
            }
        }
        Ok(Outcome::Done)
    }
}

impl Put {
    async fn run(self, session: &Session) -> Result<()> {
        let Self { email, name, role, apps, until } = self;
        let role = Role::from_word(&role)
            .ok_or_else(|| Error::Invalid(format!("{role} is no role; see muster users put -h")))?;
        for app in &apps {
            session.muster.connection(app).await?;
        }
        let apps: BTreeSet<_> = apps.into_iter().collect();
        let apps = (!apps.is_empty()).then_some(apps);
        let until = until.map(|text| moment(&text, &session.zone)).transpose()?;
        let user = session.muster.put_user(NewUser { email, name, role, apps, until }).await?;
        if session.json {
            return print_json(&user);
        }
        print_line(&format!(
            "{} may sign in as {}. Her link: muster users link {}",
            clean(&user.name),
            user.role.word(),
            user.email
        ));
        Ok(())
    }
}

impl Token {
    async fn run(self, session: &Session) -> Result<()> {
        let Self { email, name, scopes, days } = self;
        let user = session.muster.user(&email).await?;
        let scopes = scopes.iter().filter_map(|word| Permission::from_word(word)).collect();
        let now = session.muster.env.now();
        let until = now.checked_add(SignedDuration::from_hours(24 * days));
        let until = until.unwrap_or(Timestamp::MAX);
        let (token, secret) = session.muster.make_token(&user, &name, scopes, until).await?;
        if session.json {
            return print_json(&json!({"id": token.id, "token": secret.reveal(), "until": until}));
        }
        print_line(&format!(
            "It is shown only now, and acts as {email} until {}:\n  {}",
            session.when(until),
            secret.reveal()
        ));
        Ok(())
    }
}

async fn tokens(session: &Session) -> Result<()> {
    let tokens = session.muster.tokens(None).await?;
    if session.json {
        let shown = tokens.iter().map(|(token, used)| {
            let ApiToken { id, name, user, scopes, at, until, .. } = token;
            json!({
                "id": id, "name": name, "user": user, "may": scopes, "made": at, "until": until,
                "used": used,
            })
        });
        return print_json(&shown.collect::<Vec<_>>());
    }
    if tokens.is_empty() {
        print_line("There is no token.");
        return Ok(());
    }
    let rows = tokens.iter().map(|(token, used)| {
        let may: Vec<_> = token.scopes.iter().map(|scope| scope.word()).collect();
        [
            token.id.to_string(),
            clean(&token.name),
            token.user.to_string(),
            may.join(", "),
            session.when(token.until),
            used.map_or_else(|| "never".to_owned(), |used| session.when(used)),
        ]
    });
    print_line(&table(["id", "for", "acts as", "may", "until", "last used"], rows.collect()));
    Ok(())
}

async fn list(session: &Session) -> Result<()> {
    let users = session.muster.users().await?;
    if session.json {
        return print_json(&users);
    }
    if users.is_empty() {
        print_line("Nobody can sign in yet; muster serve prints a link for the first owner.");
        return Ok(());
    }
    let apps = |user: &User| match &user.apps {
        None => "all".to_owned(),
        Some(apps) => apps.iter().map(AppName::as_str).collect::<Vec<_>>().join(", "),
    };
    let rows = users.iter().map(|user| {
        [
            user.email.to_string(),
            clean(&user.name),
            user.role.word().to_owned(),
            apps(user),
            user.until.map(|until| session.when(until)).unwrap_or_default(),
        ]
    });
    print_line(&table(["address", "name", "role", "apps", "until"], rows.collect()));
    Ok(())
}
