//! `muster group`.

use muster_domain::model::{
    group::Group,
    id::{AppName, GroupName, RoleName},
    plan::Reason,
};
use serde_json::json;

use super::{
    access::until,
    render::{clean, count, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::Result,
    service::group::{Effect, GroupIs, GroupOrder, GroupView},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a group
    Add {
        /// Its name: lower-case letters, digits, - or _
        name: GroupName,
        #[command(flatten)]
        how: How,
    },
    /// Change what is said of a group; what is not said stays
    Edit {
        /// The group
        name: GroupName,
        #[command(flatten)]
        how: How,
        /// A group that is above it no more
        #[arg(long, value_name = "GROUP")]
        no_parent: Vec<GroupName>,
    },
    /// Remove a group; shows first who would lose what
    Remove {
        /// The group
        name: GroupName,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// List groups
    List,
    /// Show a group: rule, parents, access, members and why each belongs to it
    Show {
        /// The group
        name: GroupName,
    },
    /// Put somebody into a group
    Join {
        /// The group
        name: GroupName,
        /// A name, a work address, the source's id or a per_… id
        person: String,
        /// The last day of it, or an instant; without it, as long as the person works here
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
    },
    /// Take somebody out of a group who was put in by hand
    Leave {
        /// The group
        name: GroupName,
        /// A name, a work address, the source's id or a per_… id
        person: String,
    },
    /// Let a group give a role in an app
    Grant {
        /// The group
        name: GroupName,
        /// The app
        app: AppName,
        /// The role
        role: RoleName,
    },
    /// Let a group give nothing in an app any more
    Revoke {
        /// The group
        name: GroupName,
        /// The app
        app: AppName,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct How {
    /// What people call it
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Who belongs to it by rule: a condition as in the policy; "" for nobody
    #[arg(long, value_name = "CEL")]
    when: Option<String>,
    /// A group whose access its members get as well
    #[arg(long, value_name = "GROUP")]
    parent: Vec<GroupName>,
}

impl How {
    fn is(self) -> GroupIs {
        let Self { label, when, parent } = self;
        GroupIs { label, when, parents: parent, no_parents: Vec::new() }
    }
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Beside).await?;
        let muster = &session.muster;
        let order = match self {
            Self::List => return list(&session).await,
            Self::Show { name } => return show(&session, &name).await,
            Self::Remove { name, yes } => return remove(&session, &name, yes).await,
            Self::Add { name, how } => muster.new_group(name, how.is()).await?,
            Self::Edit { name, how, no_parent } => {
                let is = GroupIs { no_parents: no_parent, ..how.is() };
                muster.edited_group(&name, is).await?
            }
            Self::Join { name, person, until: end } => {
                let person = muster.find_person(&person).await?;
                let until = end.map(|text| until(&text, &session)).transpose()?;
                muster.group_join(&name, &person, until).await?
            }
            Self::Leave { name, person } => {
                let person = muster.find_person(&person).await?;
                muster.group_leave(&name, &person).await?
            }
            Self::Grant { name, app, role } => muster.group_gives(&name, &app, Some(role)).await?,
            Self::Revoke { name, app } => muster.group_gives(&name, &app, None).await?,
        };
        let effects = muster.effects_of(&order).await?;
        muster.order_group(&order).await?;
        if session.json {
            print_json(&json!({"group": name_of(&order), "effects": effects}))?;
        } else {
            print_line(&done(&order));
            tell(&effects);
            if !effects.is_empty() {
                print_line(
                    "Nothing is done yet; see it with muster plan, do it with muster apply.",
                );
            }
        }
        Ok(Outcome::Done)
    }
}

/// What was done, in words.
fn done(order: &GroupOrder) -> String {
    let name = name_of(order);
    match order {
        GroupOrder::Put(_) => format!("Group {name} is as you said."),
        GroupOrder::Remove(_) => format!("Group {name} is removed."),
        GroupOrder::Join(_) => format!("Put into group {name}."),
        GroupOrder::Leave(_) => format!("Taken out of group {name}."),
    }
}

const fn name_of(order: &GroupOrder) -> &GroupName {
    match order {
        GroupOrder::Put(group) | GroupOrder::Remove(group) => &group.name,
        GroupOrder::Join(member) | GroupOrder::Leave(member) => &member.group,
    }
}

/// What a change means for whom, a line each.
fn tell(effects: &[Effect]) {
    const SHOWN: usize = 20;
    for Effect { app, name, before, after, .. } in effects.iter().take(SHOWN) {
        let word = |role: &Option<RoleName>| {
            role.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string)
        };
        let (before, after) = (word(before), word(after));
        print_line(&format!("  {app}  {}: {before} → {after}", clean(name)));
    }
    if effects.len() > SHOWN {
        print_line(&format!("  … and {} more", effects.len() - SHOWN));
    }
}

async fn remove(session: &Session, name: &GroupName, yes: bool) -> Result<Outcome> {
    let order = session.muster.removed_group(name).await?;
    let effects = session.muster.effects_of(&order).await?;
    if !session.json {
        let people = count(effects.len(), "change");
        print_line(&format!("Removing {name} means {people} of what people should have:"));
        tell(&effects);
    }
    if !yes && !session.confirm(&format!("Remove {name}?"))? {
        print_line("Nothing was done.");
        return Ok(Outcome::Changes);
    }
    session.muster.order_group(&order).await?;
    if session.json {
        print_json(&json!({"removed": name, "effects": effects}))?;
    } else {
        print_line(&format!("{name} is removed."));
    }
    Ok(Outcome::Done)
}

fn gives(group: &Group) -> String {
    let all: Vec<_> = group.gives.iter().map(|(app, role)| format!("{role} in {app}")).collect();
    all.join(", ")
}

fn parents(group: &Group) -> String {
    let all: Vec<_> = group.parents.iter().map(ToString::to_string).collect();
    all.join(", ")
}

async fn list(session: &Session) -> Result<Outcome> {
    let groups = session.muster.groups().await?;
    if session.json {
        print_json(&groups)?;
        return Ok(Outcome::Done);
    }
    if groups.is_empty() {
        print_line("There are no groups. Make one: muster group add NAME");
        return Ok(Outcome::Done);
    }
    let rows = groups
        .iter()
        .map(|GroupView { group, members }| {
            [
                group.name.to_string(),
                clean(group.label.as_deref().unwrap_or_default()),
                count(members.len(), "member"),
                gives(group),
                parents(group),
                clean(group.when.as_deref().unwrap_or_default()),
            ]
        })
        .collect();
    print_line(&table(["name", "label", "members", "gives", "parents", "by rule"], rows));
    Ok(Outcome::Done)
}

async fn show(session: &Session, name: &GroupName) -> Result<Outcome> {
    session.muster.group(name).await?;
    let groups = session.muster.groups().await?;
    let Some(GroupView { group, members }) = groups.iter().find(|one| one.group.name == *name)
    else {
        return Ok(Outcome::Done);
    };
    if session.json {
        print_json(&GroupView { group: group.clone(), members: members.clone() })?;
        return Ok(Outcome::Done);
    }
    let label = clean(group.label.as_deref().unwrap_or_default());
    print_line(&format!("{}  {label}", session.style.bold(name.as_str())));
    let line = |what: &str, text: String| {
        if !text.is_empty() {
            print_line(&format!("  {what:<8} {text}"));
        }
    };
    line("gives", gives(group));
    line("parents", parents(group));
    line("rule", clean(group.when.as_deref().unwrap_or_default()));
    line("changed", format!("by {} {}", clean(&group.by), session.when(group.at)));
    print_line(&format!("  {}", count(members.len(), "member")));
    for member in members {
        let why: Vec<_> = member.why.iter().map(Reason::to_string).collect();
        print_line(&format!("    {}: {}", clean(&member.name), clean(&why.join("; "))));
    }
    Ok(Outcome::Done)
}
