//! Who uses a critical system must be admitted by its rule, at the role she has.

use jiff::Timestamp;

use super::{
    Allowed, Began, Check, Question, Reach, Rests, Verdict,
    ask::{Holder, Holding, Standing, present_terms},
};
use crate::{
    engine::{consent, correlate::Match, groups, lifecycle},
    model::{
        account::AccountStatus,
        check::{AccessRule, Allowance, Severity},
        group::Grant,
        id::RoleName,
        operation::Run,
        person::{Person, Scope},
        policy::Consent,
    },
};

pub(super) static CHECK: Check = Check {
    name: "valid_access",
    title: "User access to critical system should be valid",
    what: "Some clause of the critical system's rule admits the person, today, at the role that \
           her account has: her staff role (the roster's, else her job title), a group, the role \
           itself, one-off access that was approved and has not ended, or everybody.",
    why: "Rights pile up as people move. The rule says what is right; this finds what is not.",
    fix: "Lower the role or take the access away (`muster plan APP`), admit the staff role \
          (`muster critical rule APP`), grant it for a while (`muster access grant`), or make an \
          exception (`muster exception add`).",
    soc2: &["CC6.1", "CC6.3"],
    iso27001: &["A.5.15", "A.5.18", "A.8.2"],
    reach: Reach::Critical,
    severity: Severity::High,
    allowed: Allowed {
        ordinary: Allowance::WorkingDays(3),
        privileged: Allowance::WorkingDays(1),
        involuntary: Allowance::WorkingDays(1),
    },
    measure: None,
    rests: Rests::People,
    question: Question::Account(ask),
};

fn ask(holding: &Holding<'_, '_>) -> Verdict {
    if holding.known.gone.is_some() || holding.status() == AccountStatus::Inactive {
        return Verdict::none("it lets nobody in");
    }
    let critical = holding.facts().critical.as_ref();
    let rule = critical.and_then(|critical| critical.rule.as_ref());
    let Some(rule) = rule.filter(|rule| !rule.is_empty()) else {
        return Verdict::none("there is no rule: access_rule says so once");
    };
    if let Match::Unwanted { said, .. } = holding.matched {
        return unwanted(holding, &said.by);
    }
    let Some(holder @ Holder { person, standing, .. }) = holding.holder else {
        return if holding.is_live_human() {
            Verdict::unseen("{login} is not tied to anyone", "muster accounts link {unit} PERSON")
        } else {
            Verdict::none("not the account of a person")
        };
    };
    let Some(role) = &holding.known.account.role else {
        return Verdict::unseen(
            "{app} does not tell which role {login} has",
            "look it up in {app}",
        );
    };
    let wrong = |why: String, since: Option<Timestamp>| {
        Verdict::wrong(
            format!("{} has {role} in {}: {why}", holding.login(), holding.app()),
            remedy(holding, person, role),
        )
        .since(since.map_or(Began::Seen, Began::NotAfter))
        .privileged(holding.is_privileged())
        .into()
    };
    match standing {
        Standing::Unknown(why) => {
            return Verdict::unseen(super::WORKS_HERE, super::COMPLETE).because(why);
        }
        Standing::Left { since, .. } => {
            return wrong(format!("{} has left", person.name()), Some(*since));
        }
        Standing::Withdrawn => return wrong(format!("{} never started", person.name()), None),
        Standing::NotYet => {
            return wrong(format!("the work of {} has not begun", person.name()), None);
        }
        Standing::Here => {}
    }
    if person.profile.in_scope == Some(Scope::Out) {
        return wrong(format!("{} is out of scope", person.name()), None);
    }
    match admitted(holder, rule, role) {
        Admission::By(why) => Verdict::Pass(why.into()),
        Admission::Unclear(why) => Verdict::unseen("{detail}", super::COMPLETE).because(&why),
        Admission::No(allows) => {
            let changed = holding.known.activity().updated.as_ref().map(|deed| deed.at);
            wrong(format!("the rule allows {allows}"), changed.or(last_move(person)))
        }
    }
}

fn unwanted(holding: &Holding<'_, '_>, by: &str) -> Verdict {
    Verdict::wrong(
        format!("{by} said that {} should not be in {}", holding.login(), holding.app()),
        format!("muster plan {}", holding.app()),
    )
    .privileged(holding.is_privileged())
    .into()
}

fn last_move(person: &Person) -> Option<Timestamp> {
    let moves = person.engagements.iter().flat_map(|one| &one.moves);
    moves.map(|one| one.at).max()
}

fn remedy(holding: &Holding<'_, '_>, person: &Person, role: &RoleName) -> String {
    let (app, id) = (holding.app(), holding.id);
    format!(
        "lower or remove it: muster plan {app}; admit it: muster critical rule {app}; grant it for \
         a while: muster access grant {} {app} {role} --until DATE --reason TEXT; or except it: \
         muster exception add valid_access {app}/{id} --until DATE --reason TEXT",
        person.id
    )
}

enum Admission {
    By(String),
    /// What the rule allows her, in words.
    No(String),
    Unclear(String),
}

fn admitted(holder: &Holder<'_, '_>, rule: &AccessRule, role: &RoleName) -> Admission {
    let person = holder.person;
    let sight = holder.facts().world.sight;
    let within = |highest: &RoleName| {
        role == highest
            || sight.role(role).zip(sight.role(highest)).is_some_and(|(has, may)| {
                has.rank <= may.rank && (may.privileged || !has.privileged)
            })
    };
    let mut allows: Vec<&RoleName> = Vec::new();
    let mut missing = None;
    let mut unapproved = String::new();
    if rule.app_roles.contains(role) {
        return Admission::By(format!("everybody who works here may be {role}"));
    }
    if let Some(highest) = &rule.everyone {
        if within(highest) {
            return Admission::By(format!("everybody who works here may be {highest}"));
        }
        allows.push(highest);
    }
    if !rule.staff_roles.is_empty() {
        let staff = staff_roles(holder);
        if staff.is_empty() {
            missing = Some(format!("the staff role of {} is not known", person.name()));
        }
        for (name, highest) in &rule.staff_roles {
            if staff.iter().any(|has| has.eq_ignore_ascii_case(name)) {
                if within(highest) {
                    return Admission::By(format!("a {name} may be {highest}"));
                }
                allows.push(highest);
            }
        }
    }
    if !rule.groups.is_empty() {
        match holder.asker.groups_of(person, &holder.stints) {
            Ok(groups) => {
                for (name, highest) in rule.groups.iter().filter(|(name, _)| groups.contains(*name))
                {
                    if within(highest) {
                        return Admission::By(format!("members of {name} may be {highest}"));
                    }
                    allows.push(highest);
                }
            }
            Err(why) => missing = Some(why.says),
        }
    }
    if rule.requests {
        for grant in granted(holder) {
            if !was_let_go(holder, grant) {
                let Grant { role, by, .. } = grant;
                unapproved =
                    format!("; {by} asked for {role}, and nobody who works here approved it");
                continue;
            }
            if within(&grant.role) {
                return Admission::By(format!("granted by {}: {}", grant.by, grant.reason));
            }
            allows.push(&grant.role);
        }
    }
    if let Some(why) = missing {
        return Admission::Unclear(why);
    }
    let names: Vec<_> = allows.iter().map(|role| role.as_str()).collect();
    let at_most = if names.is_empty() { "nothing" } else { "at most " };
    Admission::No(format!("{} {at_most}{}{unapproved}", person.name(), names.join(", ")))
}

/// The one-off access that this person has now.
fn granted<'h>(holder: &'h Holder<'_, '_>) -> impl Iterator<Item = &'h Grant> {
    let company = holder.asker.company;
    let zone = lifecycle::zone_of(holder.person, &company.policy.organization);
    company.orders.grants.iter().filter(move |grant| {
        grant.person == holder.person.id
            && grant.app == *holder.app()
            && grant.at <= company.now
            && grant.until.is_none_or(|until| company.now < groups::end(until, &zone))
    })
}

/// Whether one-off access counts as approved: where a privileged role needs a named person's word,
/// it was given by somebody else who works here, or an operation that gives it was approved.
fn was_let_go(holder: &Holder<'_, '_>, grant: &Grant) -> bool {
    let (person, world) = (holder.person, holder.facts().world);
    if world.rules.approval.privileged == Consent::Auto || !world.sight.is_privileged(&grant.role) {
        return true;
    }
    let approved = |run: &Run| {
        run.state.is_done()
            && run.approved_by.is_some()
            && run.intended >= grant.at
            && run.operation.person_id() == Some(&person.id)
            && run.operation.after.as_ref().and_then(|after| after.role.as_ref())
                == Some(&grant.role)
    };
    let colleague = |other: &Person| {
        other.id != person.id
            && consent::means(other, &grant.by)
            && holder.asker.standing(other) == Standing::Here
    };
    world.runs.iter().any(approved) || world.people.values().any(colleague)
}

/// The staff roles of `person` in what she does here now: the roster's, else the job title.
fn staff_roles<'p>(holder: &Holder<'p, '_>) -> Vec<&'p str> {
    present_terms(holder.person, &holder.stints, holder.facts().world.now)
        .into_iter()
        .filter_map(|terms| terms.staff_role.as_deref().or(terms.title.as_deref()))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect()
}
