//! `muster users`.

use std::collections::BTreeSet;

use clap::builder::PossibleValuesParser;
use muster_domain::model::{
    email::EmailAddress,
    id::AppName,
    user::{Role, User},
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
