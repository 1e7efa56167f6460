//! `muster critical`.

use std::collections::BTreeMap;

use muster_domain::model::{
    check::{AccessRule, CheckState, CriticalSystem},
    email::EmailAddress,
    id::{AppName, GroupName, RoleName},
};
use serde_json::json;

use super::{
    render::clean,
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::error::{Error, Result};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List critical systems, who may use them, and what waits to be done
    List,
    /// Declare an app critical, or name who answers for its access rule
    Add {
        /// The app
        app: AppName,
        /// Who answers for its access rule [default: the app's owner]
        #[arg(long, value_name = "EMAIL")]
        owner: Option<EmailAddress>,
    },
    /// Say who may use a critical system, and how highly; replaces what was said before
    Rule(Rule),
    /// Say that the rule was looked over today
    Review {
        /// The app
        app: AppName,
    },
    /// Take the declaration back
    Remove {
        /// The app
        app: AppName,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Rule {
    /// The app
    app: AppName,
    /// Everybody who works here, up to this role
    #[arg(long, value_name = "ROLE")]
    everyone: Option<RoleName>,
    /// Who has this staff role (or job title), up to this role: "Support Agent=basic-agent"
    #[arg(long = "staff-role", value_name = "NAME=ROLE")]
    staff_roles: Vec<String>,
    /// Members of this group, up to this role
    #[arg(long = "group", value_name = "GROUP=ROLE")]
    groups: Vec<String>,
    /// Everybody who works here and holds this very role
    #[arg(long = "app-role", value_name = "ROLE")]
    app_roles: Vec<RoleName>,
    /// Who was granted one-off access, up to the role that was granted
    #[arg(long)]
    requests: bool,
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let reads = matches!(self, Self::List);
        let session = start.open(if reads { Access::Read } else { Access::Beside }).await?;
        let muster = &session.muster;
        match self {
            Self::List => list(&session).await,
            Self::Add { app, owner } => {
                let declared = muster.declare_critical(&app, owner).await?;
                saved(&session, &declared).await
            }
            Self::Rule(rule) => {
                let app = rule.app.clone();
                let declared = muster.set_access_rule(&app, rule.read()?).await?;
                saved(&session, &declared).await
            }
            Self::Review { app } => {
                let declared = muster.review_access_rule(&app).await?;
                saved(&session, &declared).await
            }
            Self::Remove { app } => {
                let removed = muster.withdraw_critical(&app).await?;
                muster.run_checks().await?;
                if session.json {
                    print_json(&json!({ "removed": removed }))?;
                } else {
                    print_line(&format!("{app} is no longer declared critical."));
                }
                Ok(Outcome::Done)
            }
        }
    }
}

impl Rule {
    fn read(self) -> Result<AccessRule> {
        let mut groups = BTreeMap::new();
        for (name, role) in pairs(&self.groups)? {
            let name: GroupName =
                name.parse().map_err(|error| Error::Invalid(format!("{error}")))?;
            groups.insert(name, role);
        }
        Ok(AccessRule {
            everyone: self.everyone,
            staff_roles: pairs(&self.staff_roles)?.into_iter().collect(),
            groups,
            app_roles: self.app_roles.into_iter().collect(),
            requests: self.requests,
        })
    }
}

fn pairs(texts: &[String]) -> Result<Vec<(String, RoleName)>> {
    texts
        .iter()
        .map(|text| {
            let pair = text.rsplit_once('=').filter(|(name, _)| !name.trim().is_empty());
            let (name, role) = pair.ok_or_else(|| {
                Error::Invalid(format!("{text:?} is not NAME=ROLE, as in \"Agent=basic-agent\""))
            })?;
            let role = role.trim().parse().map_err(|error| Error::Invalid(format!("{error}")))?;
            Ok((name.trim().to_owned(), role))
        })
        .collect()
}

async fn saved(session: &Session, declared: &CriticalSystem) -> Result<Outcome> {
    session.muster.run_checks().await?;
    if session.json {
        print_json(declared)?;
        return Ok(Outcome::Done);
    }
    list(session).await.map(|_| Outcome::Done)
}

/// An access rule, clause by clause.
fn clauses(rule: &AccessRule) -> Vec<String> {
    let AccessRule { everyone, staff_roles, groups, app_roles, requests } = rule;
    let mut said = Vec::new();
    said.extend(everyone.iter().map(|role| format!("everybody, up to {role}")));
    said.extend(staff_roles.iter().map(|(name, role)| format!("{name}, up to {role}")));
    said.extend(groups.iter().map(|(name, role)| format!("group {name}, up to {role}")));
    said.extend(app_roles.iter().map(|role| format!("whoever is {role}")));
    if *requests {
        said.push("whoever was granted one-off access".to_owned());
    }
    said
}

async fn list(session: &Session) -> Result<Outcome> {
    let systems = session.muster.critical_systems().await?;
    let waits = systems.iter().any(|system| !system.pending.is_empty());
    let outcome = Outcome::changes_if(waits);
    if session.json {
        print_json(&systems)?;
        return Ok(outcome);
    }
    if systems.is_empty() {
        print_line("No app is declared critical: muster critical add APP --owner EMAIL");
        return Ok(outcome);
    }
    let style = session.style;
    for system in &systems {
        let owner = system.owner.as_ref().map_or("nobody", EmailAddress::as_str);
        let from = if system.by_policy { "by the policy" } else { "by command" };
        print_line(&format!(
            "{}  {} answers for it; declared {from}",
            style.bold(system.app.as_str()),
            clean(owner)
        ));
        match &system.rule {
            Some(rule) => {
                let reviewed = system
                    .reviewed
                    .map_or_else(|| "never reviewed".to_owned(), |day| format!("reviewed {day}"));
                print_line(&format!("  who may use it ({reviewed}):"));
                for clause in clauses(rule) {
                    print_line(&format!("    {}", clean(&clause)));
                }
            }
            None => print_line("  nobody has said who may use it"),
        }
        let units: Vec<_> = CheckState::ALL
            .into_iter()
            .filter(|state| *state != CheckState::NotApplicable && system.units.of(*state) > 0)
            .map(|state| format!("{} {}", system.units.of(state), state.word().replace('_', " ")))
            .collect();
        if !units.is_empty() {
            print_line(&format!("  checks: {}", units.join(", ")));
        }
        for pending in &system.pending {
            print_line(&format!("  {} {}", style.yellow("to do:"), clean(&pending.cause)));
            print_line(&format!("    {} {}", style.dim("→"), clean(&pending.remedy)));
        }
    }
    Ok(outcome)
}
