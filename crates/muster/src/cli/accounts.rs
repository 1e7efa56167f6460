//! `muster accounts`.

use muster_domain::{
    engine::correlate::Match,
    model::{
        account::Account,
        id::{AppName, PersonId},
        link::{NonHuman, Tie},
    },
};

use super::{
    people::hand::Meet,
    render::{clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::Result,
    service::accounts::{AccountView, Tied},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List accounts and whose they are
    List {
        /// Only this app
        #[arg(long)]
        app: Option<AppName>,
        /// Only accounts of which nobody knows whose they are
        #[arg(long)]
        unidentified: bool,
    },
    /// Say that an account is a person's
    Link {
        /// APP/ID, an id, or a login
        account: String,
        /// A name, a work address, the source's id or a per_… id
        person: String,
        /// Do not ask, although it is said to be somebody else's now
        #[arg(long)]
        yes: bool,
    },
    /// Say that an account is nobody's own
    Classify {
        /// APP/ID, an id, or a login
        account: String,
        /// What it is: service, shared or vendor
        #[arg(value_parser = non_human)]
        kind: NonHuman,
        /// The person who answers for it
        #[arg(long)]
        owner: String,
        /// Do not ask, although it is said to be somebody else's now
        #[arg(long)]
        yes: bool,
    },
    /// Add the person whose account it is, by hand, and tie it to them
    NewPerson(Box<Meet>),
    /// Say that an account should not exist: plans take it away
    Unwanted {
        /// APP/ID, an id, or a login
        account: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Do not ask, although it is said to be somebody else's now
        #[arg(long)]
        yes: bool,
    },
    /// Say that an account is not a certain person's
    NotTheirs {
        /// APP/ID, an id, or a login
        account: String,
        /// A name, a work address, the source's id or a per_… id
        person: String,
    },
}

fn non_human(text: &str) -> std::result::Result<NonHuman, String> {
    NonHuman::ALL
        .iter()
        .copied()
        .find(|kind| kind.word() == text)
        .ok_or_else(|| "say service, shared or vendor".to_owned())
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        match self {
            Self::List { app, unidentified } => {
                list(&start.open(Access::Read).await?, app.as_ref(), unidentified).await
            }
            Self::Link { account, person, yes } => {
                let session = start.open(Access::Write).await?;
                let (app, account) = session.muster.find_account(&account).await?;
                let person = session.muster.find_person(&person).await?;
                if !agreed(&session, (&app, &account), Some(&person.id), yes).await? {
                    return Ok(Outcome::Changes);
                }
                let tied = session.muster.link(&app, &account.id, &person).await?;
                let says = format!("{} is {}'s.", account.login, person.name());
                answered(&session, &tied, &says)
            }
            Self::Classify { account, kind, owner, yes } => {
                let session = start.open(Access::Write).await?;
                let (app, account) = session.muster.find_account(&account).await?;
                let owner = session.muster.find_person(&owner).await?;
                if !agreed(&session, (&app, &account), None, yes).await? {
                    return Ok(Outcome::Changes);
                }
                let tied = session.muster.classify(&app, &account.id, kind, &owner).await?;
                let (login, kind, name) = (&account.login, kind.word(), owner.name());
                answered(
                    &session,
                    &tied,
                    &format!("{login} is a {kind} account; {name} answers for it."),
                )
            }
            Self::NewPerson(meet) => meet.run(start).await,
            Self::Unwanted { account, reason, yes } => {
                let session = start.open(Access::Write).await?;
                let (app, account) = session.muster.find_account(&account).await?;
                if !agreed(&session, (&app, &account), None, yes).await? {
                    return Ok(Outcome::Changes);
                }
                let tied = session.muster.unwanted(&app, &account.id, &reason).await?;
                let login = &account.login;
                answered(
                    &session,
                    &tied,
                    &format!("{login} should not exist. To take it away: muster plan {app}"),
                )
            }
            Self::NotTheirs { account, person } => {
                let session = start.open(Access::Write).await?;
                let (app, account) = session.muster.find_account(&account).await?;
                let person = session.muster.find_person(&person).await?;
                let said = session.muster.not_theirs(&app, &account.id, &person).await?;
                if session.json {
                    print_json(&said)?;
                } else {
                    let text = format!("{} is not {}'s.", account.login, person.name());
                    print_line(&clean(&text));
                }
                Ok(Outcome::Done)
            }
        }
    }
}

/// Asks before an account is taken from the person whose it is now.
async fn agreed(
    session: &Session,
    (app, account): (&AppName, &Account),
    answer: Option<&PersonId>,
    yes: bool,
) -> Result<bool> {
    session.muster.may_answer(app, &account.id, answer).await?;
    let views = session.muster.accounts(app).await?;
    let view = views.iter().find(|view| view.account.id == account.id);
    let Some(Match::Linked { person, because, .. }) = view.map(|view| &view.found) else {
        return Ok(true);
    };
    if yes || answer == Some(person) {
        return Ok(true);
    }
    let name = view.and_then(|view| view.person_name.as_deref()).unwrap_or(person.as_str());
    let agreed = session.confirm(&clean(&format!(
        "{} is {name}'s now ({because}). Say otherwise?",
        account.login
    )))?;
    if !agreed {
        print_line("Nothing was said.");
    }
    Ok(agreed)
}

/// Tells an answer, and which one it replaces.
fn answered(session: &Session, tied: &Tied, says: &str) -> Result<Outcome> {
    if session.json {
        print_json(tied)?;
        return Ok(Outcome::Done);
    }
    print_line(&clean(says));
    let before = tied.before.as_ref().filter(|before| before.is_confirmed());
    let was = before.map(|before| match &before.tie {
        Tie::Person { person, because, .. } => format!("{person}'s, by {because}"),
        Tie::NotAPerson { kind, confirmed, .. } => {
            format!("a {} account, by the word of {}", kind.word(), confirmed.by)
        }
        Tie::Unwanted { confirmed, .. } => {
            format!("one that should not exist, by the word of {}", confirmed.by)
        }
    });
    if let Some(was) = was {
        print_line(&clean(&format!("Until now it was {was}.")));
    }
    Ok(Outcome::Done)
}

async fn list(session: &Session, app: Option<&AppName>, unidentified: bool) -> Result<Outcome> {
    let apps = match app {
        Some(app) => vec![session.app(Some(app)).await?],
        None => {
            let connections = session.muster.store.connections().await?;
            connections.into_iter().map(|connection| connection.app).collect()
        }
    };
    let mut views: Vec<AccountView> = Vec::new();
    for app in &apps {
        views.extend(session.muster.accounts(app).await?);
    }
    if unidentified {
        views.retain(AccountView::is_unidentified);
    }
    if session.json {
        print_json(&views)?;
    } else if views.is_empty() {
        print_line("No accounts. Read the app: muster sync");
    } else {
        let rows = views.iter().map(row).collect();
        print_line(&table(["account", "login", "name", "role", "status", "whose"], rows));
    }
    Ok(Outcome::Done)
}

fn row(view: &AccountView) -> [String; 6] {
    let AccountView { app, account, found, person_name, .. } = view;
    let name = person_name.clone().unwrap_or_default();
    let whose = match found {
        Match::Linked { .. } => name,
        Match::Classified { kind, .. } => format!("{} account, {name} answers for it", kind.word()),
        Match::Unwanted { said, .. } => format!("should not exist, said {}", said.by),
        Match::Machine { kind } => format!("the app's own {}", kind.word()),
        Match::ToConfirm { candidates } => format!("to confirm: {} candidates", candidates.len()),
        Match::Unmatched => "nobody knows".to_owned(),
    };
    [
        format!("{app}/{}", account.id),
        account.login.clone(),
        account.name.clone(),
        account.role.as_ref().map(ToString::to_string).unwrap_or_default(),
        account.status.word().to_owned(),
        whose,
    ]
}
