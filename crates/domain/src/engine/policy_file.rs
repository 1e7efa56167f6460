//! The policy file: YAML text to a checked [`Policy`], or every problem with its line and remedy.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::{civil::Time, tz::TimeZone};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::merge::attribute_names;
use crate::model::{
    canonical::Digest,
    email::EmailAddress,
    id::{AppName, RoleName, SourceName},
    policy::{
        AccessRule, AppPolicy, ApprovalPolicy, Condition, Consent, LeadTime, Names, NoRule,
        Organization, Policy, Removal, SourceRanks, Writes,
    },
};

/// One thing wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyProblem {
    /// The line, counted from 1; 0 when it concerns the whole file.
    pub line: u64,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, message } = self;
        if *line == 0 { f.write_str(message) } else { write!(f, "line {line}: {message}") }
    }
}

/// A connector as the policy needs to know it, so that a misspelled connector or role is found
/// when the file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownConnector {
    /// Its name, such as `gorgias`.
    pub name: &'static str,
    /// The roles it can give.
    pub roles: Vec<&'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    organization: RawOrganization,
    #[serde(default)]
    apps: BTreeMap<String, Spanned<RawApp>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOrganization {
    time_zone: Spanned<String>,
    #[serde(default)]
    domains: Vec<Spanned<String>>,
    #[serde(default)]
    sources: Vec<Spanned<String>>,
    #[serde(default)]
    attributes: BTreeMap<String, Spanned<Vec<Spanned<String>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawApp {
    connector: Spanned<String>,
    #[serde(default)]
    critical: bool,
    owner: Option<Spanned<String>>,
    account_owner: Option<Spanned<String>>,
    #[serde(default)]
    protected: Vec<Spanned<String>>,
    seats: Option<u32>,
    #[serde(default)]
    writes: RawWrites,
    #[serde(default)]
    access: Vec<RawRule>,
    no_rule: Option<Spanned<String>>,
    names: Option<Spanned<String>>,
    #[serde(default)]
    joiner: RawJoiner,
    #[serde(default)]
    leaver: RawLeaver,
    #[serde(default)]
    approval: RawApproval,
    #[serde(default)]
    limits: RawLimits,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawWrites {
    create: bool,
    update: bool,
    deactivate: bool,
    delete: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    when: Spanned<String>,
    role: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawJoiner {
    invite_before: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawLeaver {
    at: Option<Spanned<String>>,
    remove: Option<Spanned<String>>,
    delete_after: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawApproval {
    privileged: Option<Spanned<String>>,
    create: Option<Spanned<String>>,
    update: Option<Spanned<String>>,
    deactivate: Option<Spanned<String>>,
    reactivate: Option<Spanned<String>>,
    delete: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawLimits {
    removals_per_day: Option<u32>,
}

/// Reads a policy. `connectors` are those this program knows.
///
/// # Errors
/// Every problem found, in order of lines. Text that is not YAML, or not of this shape, gives the
/// first problem only, because what follows it cannot be told apart from its consequences.
pub fn read(text: &str, connectors: &[KnownConnector]) -> Result<Policy, Vec<PolicyProblem>> {
    let raw: RawPolicy = serde_saphyr::from_str(text).map_err(|error| vec![shape(&error)])?;
    let mut check = Check { problems: Vec::new() };
    let organization = check.organization(&raw.organization);
    let mut apps = BTreeMap::new();
    for (name, spanned) in &raw.apps {
        let app = &spanned.value;
        let known = connectors.iter().find(|known| known.name == app.connector.value);
        if known.is_none() {
            let names: Vec<_> = connectors.iter().map(|known| known.name).collect();
            check.note(
                &app.connector,
                format!(
                    "there is no connector {:?}; known: {}",
                    app.connector.value,
                    names.join(", ")
                ),
            );
        }
        let checked = check.app(app, known);
        match name.parse::<AppName>() {
            Ok(name) => {
                apps.insert(name, checked);
            }
            Err(error) => check.note(spanned, error.to_string()),
        }
    }
    match organization {
        Some(organization) if check.problems.is_empty() => {
            Ok(Policy { digest: Digest::of(text.as_bytes()), organization, apps })
        }
        _ => {
            check.problems.sort();
            Err(check.problems)
        }
    }
}

fn shape(error: &serde_saphyr::Error) -> PolicyProblem {
    let plain = error.without_snippet();
    let line = plain.location().map_or(0, |at| at.line());
    let said = plain.render();
    let first = said.lines().next().unwrap_or("not readable").trim();
    let message = first.split(" at line ").next().unwrap_or(first);
    PolicyProblem {
        line,
        message: format!("{message}; see docs/guide/policy.md for every key and its values"),
    }
}

struct Check {
    problems: Vec<PolicyProblem>,
}

impl Check {
    fn note<T>(&mut self, at: &Spanned<T>, message: String) {
        self.problems.push(PolicyProblem { line: at.referenced.line(), message });
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, text: &Spanned<String>) -> Option<T> {
        match text.value.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(text, format!("{error}"));
                None
            }
        }
    }

    fn word<T: Copy>(
        &mut self,
        text: Option<&Spanned<String>>,
        words: &[(&str, T)],
        otherwise: T,
    ) -> T {
        let Some(text) = text else { return otherwise };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return *value;
        }
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        self.note(text, format!("{:?} is not one of: {}", text.value, known.join(", ")));
        otherwise
    }

    fn organization(&mut self, raw: &RawOrganization) -> Option<Organization> {
        let RawOrganization { time_zone, domains, sources, attributes } = raw;
        let sources = self.sources(sources, attributes);
        let mut own = Vec::new();
        for domain in domains {
            if domain.value.contains('@') || !domain.value.contains('.') {
                self.note(
                    domain,
                    format!("{:?} is not a domain; write it as in acme.example", domain.value),
                );
            }
            own.push(domain.value.to_lowercase());
        }
        match TimeZone::get(&time_zone.value) {
            Ok(zone) => Some(Organization { time_zone: zone, domains: own, sources }),
            Err(_) => {
                self.note(
                    time_zone,
                    format!(
                        "{:?} is not a time zone; use a name such as Europe/Berlin or \
                         America/New_York",
                        time_zone.value
                    ),
                );
                None
            }
        }
    }

    /// Whose word counts before whose. That a source exists is not asked: its first import may be
    /// still to come.
    fn sources(
        &mut self,
        order: &[Spanned<String>],
        attributes: &BTreeMap<String, Spanned<Vec<Spanned<String>>>>,
    ) -> SourceRanks {
        let mut ranks = SourceRanks { order: self.ranks(order), ..SourceRanks::default() };
        let names = attribute_names();
        for (attribute, sources) in attributes {
            if !names.contains(attribute) {
                let known = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                self.note(sources, format!("people have no {attribute:?}; they have {known}"));
            }
            let sources = self.ranks(&sources.value);
            ranks.attributes.insert(attribute.clone(), sources);
        }
        ranks
    }

    fn ranks(&mut self, order: &[Spanned<String>]) -> Vec<SourceName> {
        let mut ranks = Vec::new();
        for text in order {
            let Some(source) = self.parsed::<SourceName>(text) else { continue };
            if ranks.contains(&source) {
                self.note(text, format!("{source} is ranked twice; name it once"));
            }
            ranks.push(source);
        }
        ranks
    }

    fn app(&mut self, raw: &RawApp, known: Option<&KnownConnector>) -> AppPolicy {
        let access = raw.access.iter().filter_map(|rule| self.rule(rule, known)).collect();
        let RawWrites { create, update, deactivate, delete } = raw.writes;
        AppPolicy {
            connector: raw.connector.value.clone(),
            critical: raw.critical,
            owner: raw.owner.as_ref().and_then(|owner| self.parsed::<EmailAddress>(owner)),
            account_owner: raw
                .account_owner
                .as_ref()
                .and_then(|owner| self.parsed::<EmailAddress>(owner)),
            protected: raw.protected.iter().map(|login| login.value.to_lowercase()).collect(),
            seats: raw.seats,
            writes: Writes {
                create: create.into(),
                update: update.into(),
                deactivate: deactivate.into(),
                delete: delete.into(),
            },
            access,
            no_rule: self.word(
                raw.no_rule.as_ref(),
                &[("report", NoRule::Report), ("remove", NoRule::Remove)],
                NoRule::Report,
            ),
            names: self.word(
                raw.names.as_ref(),
                &[("sync", Names::Sync), ("keep", Names::Keep)],
                Names::Sync,
            ),
            invite_before: self.lead_time(raw.joiner.invite_before.as_ref()),
            leaver_at: self.leaver_at(raw.leaver.at.as_ref()),
            removal: self.removal(&raw.leaver),
            approval: self.approval(&raw.approval),
            removals_per_day: raw.limits.removals_per_day,
        }
    }

    fn rule(&mut self, raw: &RawRule, known: Option<&KnownConnector>) -> Option<AccessRule> {
        let when = match Condition::parse(&raw.when.value) {
            Ok(condition) => Some(condition),
            Err(error) => {
                self.note(&raw.when, format!("{:?}: {error}", raw.when.value));
                None
            }
        };
        let role = self.parsed::<RoleName>(&raw.role);
        if let Some(known) = known
            && !known.roles.contains(&raw.role.value.as_str())
        {
            self.note(
                &raw.role,
                format!(
                    "{} has no role {:?}; it has {}",
                    known.name,
                    raw.role.value,
                    known.roles.join(", ")
                ),
            );
        }
        Some(AccessRule { when: when?, role: role? })
    }

    fn lead_time(&mut self, text: Option<&Spanned<String>>) -> LeadTime {
        let standard = LeadTime::WorkingDays(1);
        let Some(text) = text else { return standard };
        let words: Vec<&str> = text.value.split_whitespace().collect();
        let count = words.first().and_then(|word| word.parse::<u16>().ok()).filter(|n| *n <= 90);
        match (count, words.get(1..)) {
            (Some(n), Some(["working", "day" | "days"])) => LeadTime::WorkingDays(n),
            (Some(n), Some(["day" | "days"])) => LeadTime::Days(n),
            _ => {
                self.note(
                    text,
                    format!(
                        "{:?} is not a lead time; write it as in \"1 working day\" or \"3 days\", \
                         90 at most",
                        text.value
                    ),
                );
                standard
            }
        }
    }

    fn leaver_at(&mut self, text: Option<&Spanned<String>>) -> Time {
        let standard = Time::constant(18, 0, 0, 0);
        let Some(text) = text else { return standard };
        text.value.parse().unwrap_or_else(|_| {
            self.note(
                text,
                format!(
                    "{:?} is not a time of day; write it in quotes as in \"18:00\"",
                    text.value
                ),
            );
            standard
        })
    }

    fn removal(&mut self, raw: &RawLeaver) -> Removal {
        let RawLeaver { at: _, remove, delete_after } = raw;
        if let Some(after) = delete_after
            && after.value != "never"
        {
            self.note(
                after,
                "leavers' accounts are not deleted yet, because their open work must be handed \
                 over first; write delete_after: never"
                    .to_owned(),
            );
        }
        self.word(
            remove.as_ref(),
            &[("deactivate", Removal::Deactivate), ("reduce", Removal::Reduce)],
            Removal::Deactivate,
        )
    }

    fn approval(&mut self, raw: &RawApproval) -> ApprovalPolicy {
        let standard = ApprovalPolicy::default();
        let mut consent = |text: &Option<Spanned<String>>, otherwise| {
            self.word(text.as_ref(), &[("ask", Consent::Ask), ("auto", Consent::Auto)], otherwise)
        };
        let RawApproval { privileged, create, update, deactivate, reactivate, delete } = raw;
        ApprovalPolicy {
            privileged: consent(privileged, standard.privileged),
            create: consent(create, standard.create),
            update: consent(update, standard.update),
            deactivate: consent(deactivate, standard.deactivate),
            reactivate: consent(reactivate, standard.reactivate),
            delete: consent(delete, standard.delete),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gorgias() -> Vec<KnownConnector> {
        vec![KnownConnector { name: "gorgias", roles: vec!["admin", "agent", "basic-agent"] }]
    }

    fn problems(text: &str) -> String {
        let problems = read(text, &gorgias()).unwrap_err();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_documented_example_is_read() {
        let text = include_str!("../../../../examples/policy.yaml");
        let policy = read(text, &gorgias()).unwrap();
        let support = policy.apps.values().next().unwrap();
        assert_eq!(support.access.len(), 2);
        assert_eq!(support.removals_per_day, Some(2));
        assert_eq!(support.approval.privileged, Consent::Ask);
    }

    #[test]
    fn every_problem_names_its_line_and_remedy() {
        insta::assert_snapshot!(problems(
            r#"
organization: {time_zone: Europe/Berln, domains: [acme]}
apps:
  support:
    connector: gorgias
    owner: it.acme.example
    access:
      - {when: 'person.departement == "Support"', role: agent}
      - {when: 'person.department == "Support"', role: lead-agent}
    joiner: {invite_before: soon}
    leaver: {at: "25:00", remove: delete, delete_after: 30 days}
    approval: {privileged: maybe}
  Sales: {connector: gorgeous}
"#
        ), @r#"
        line 2: "Europe/Berln" is not a time zone; use a name such as Europe/Berlin or America/New_York
        line 2: "acme" is not a domain; write it as in acme.example
        line 6: "it.acme.example" is not an e-mail address
        line 8: "person.departement == \"Support\"": person has no field "departement"; it has department, title, team, staff_role, kind, location, country, legal_entity, cost_centre, name, email, source, source_id
        line 9: gorgias has no role "lead-agent"; it has admin, agent, basic-agent
        line 10: "soon" is not a lead time; write it as in "1 working day" or "3 days", 90 at most
        line 11: "25:00" is not a time of day; write it in quotes as in "18:00"
        line 11: "delete" is not one of: deactivate, reduce
        line 11: leavers' accounts are not deleted yet, because their open work must be handed over first; write delete_after: never
        line 12: "maybe" is not one of: ask, auto
        line 13: "Sales" is not a valid app name: use 1 to 40 lower-case letters, digits, - or _, starting with a letter
        line 13: there is no connector "gorgeous"; known: gorgias
        "#);
    }

    #[test]
    fn broken_yaml_and_unknown_keys_name_the_line() {
        insta::assert_snapshot!(problems("organization: {time_zone: UTC\napps: {}\n"), @"line 2: while parsing a flow mapping, did not find expected ',' or '}'; see docs/guide/policy.md for every key and its values");
        insta::assert_snapshot!(problems("organization: {time_zone: UTC}\naps: {}\n"), @"line 2: unknown field `aps`, expected one of organization, apps; see docs/guide/policy.md for every key and its values");
        insta::assert_snapshot!(problems("apps: {}\n"), @"line 1: missing field `organization`; see docs/guide/policy.md for every key and its values");
    }

    #[test]
    fn nothing_is_written_until_someone_says_so() {
        let text = "organization: {time_zone: UTC}\napps: {support: {connector: gorgias}}\n";
        let policy = read(text, &gorgias()).unwrap();
        assert_eq!(policy.apps.values().next().unwrap().writes, Writes::default());
    }
}
