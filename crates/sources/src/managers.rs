//! Managers, named by id, number, position, address or name, to the id of a person in the same
//! file.

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::model::{email::EmailAddress, id::SourceId, person::Profile, roster::Field};

use crate::{
    draft::{Draft, ManagerHints},
    formats::Target,
    people::{File, Group},
    problem::{Problem, ProblemKind, Problems, Warning, Warnings},
    recognise::Layout,
    words::{name_key, turned_round},
};

/// So many people are named who can all be the manager.
const NAMESAKES: usize = 8;

/// A group, by its place among all groups.
type At = usize;

/// Who can be meant by what. Names and addresses only where the file gives managers by them.
#[derive(Default)]
struct Index {
    /// In order, as the groups are.
    ids: Vec<SourceId>,
    numbers: BTreeMap<String, BTreeSet<At>>,
    positions: BTreeMap<String, BTreeSet<At>>,
    emails: BTreeMap<EmailAddress, BTreeSet<At>>,
    names: BTreeMap<String, BTreeSet<At>>,
}

/// Sets `manager` of every engagement, or reports why it cannot.
pub(crate) fn resolve(
    groups: &mut [Group],
    file: &File<'_>,
    problems: &mut Problems,
    warnings: &mut Warnings,
) {
    let layout = file.layout;
    let index = Index::new(groups, layout);
    let mut links: Vec<Option<At>> = vec![None; groups.len()];
    let mut found: Vec<Vec<Option<At>>> = Vec::with_capacity(groups.len());
    for (at, group) in groups.iter().enumerate() {
        let mut managers = Vec::with_capacity(group.drafts.len());
        for draft in &group.drafts {
            let manager = match index.find(&draft.manager) {
                Found::None => None,
                Found::One(one) if one == at => {
                    let message = "the person is their own manager; read as having none";
                    let warning = Warning::new(message).row(draft.row);
                    warnings.add(match draft.manager.surest() {
                        Some((target, value)) => layout.remark(warning.value(value), target),
                        None => warning,
                    });
                    None
                }
                Found::One(one) => Some(one),
                Found::Nobody(field, value) => {
                    // It may stand in a row that could not be read, which is a problem of its own.
                    if !file.lost.may_hold(&value) {
                        problems.add(nobody(draft, layout, field, &value));
                    }
                    None
                }
                Found::Several(field, value, several) => {
                    problems.add(ambiguous(draft, layout, (field, &value), several, groups));
                    None
                }
            };
            managers.push(manager);
        }
        // The current engagement stands first.
        if let (Some(link), Some(current)) = (links.get_mut(at), managers.first()) {
            *link = *current;
        }
        found.push(managers);
    }
    report_loops(groups, &links, layout, problems);
    for (group, managers) in groups.iter_mut().zip(found) {
        for (draft, manager) in group.drafts.iter_mut().zip(managers) {
            draft.terms.manager = manager.and_then(|at| index.ids.get(at)).cloned();
        }
    }
}

enum Found<'a> {
    None,
    One(At),
    Nobody(Target, String),
    Several(Target, String, &'a BTreeSet<At>),
}

impl Index {
    fn new(groups: &[Group], layout: &Layout) -> Self {
        let given = |target| layout.place(target).is_some();
        let by_name = given(Target::Field(Field::ManagerName));
        let by_email = given(Target::Field(Field::ManagerEmail));
        let by_number = given(Target::ManagerNumber);
        let by_position = given(Target::ManagerPosition);
        let ids = groups.iter().map(|group| group.id.clone()).collect();
        let mut index = Self { ids, ..Self::default() };
        for (at, group) in groups.iter().enumerate() {
            for draft in &group.drafts {
                let Draft { profile, terms, payroll_name, .. } = draft;
                if let Some(number) = profile.employee_number.as_ref().filter(|_| by_number) {
                    index.numbers.entry(number.clone()).or_default().insert(at);
                }
                if let Some(position) = terms.position.as_ref().filter(|_| by_position) {
                    index.positions.entry(position.clone()).or_default().insert(at);
                }
                if let Some(email) = profile.work_email.as_ref().filter(|_| by_email) {
                    index.emails.entry(email.clone()).or_default().insert(at);
                }
                if by_name {
                    for name in names(profile, payroll_name.as_deref()) {
                        index.names.entry(name).or_default().insert(at);
                    }
                }
            }
        }
        index
    }

    /// The surest of the hints decides.
    fn find(&self, hints: &ManagerHints) -> Found<'_> {
        let ManagerHints { id, number, position, email, name } = hints;
        if let Some(id) = id {
            match self.ids.binary_search_by(|other| other.as_str().cmp(id)) {
                Ok(at) => Found::One(at),
                Err(_) => Found::Nobody(Target::Field(Field::ManagerSourceId), id.clone()),
            }
        } else if let Some(number) = number {
            look(&self.numbers, number, Target::ManagerNumber)
        } else if let Some(position) = position {
            look(&self.positions, position, Target::ManagerPosition)
        } else if let Some(email) = email {
            let target = Target::Field(Field::ManagerEmail);
            choose(self.emails.get(email), target, email.as_str())
        } else if let Some(name) = name {
            let whole = self.names.get(&name_key(name));
            let people = whole.or_else(|| self.names.get(&name_key(&turned_round(name))));
            choose(people, Target::Field(Field::ManagerName), name)
        } else {
            Found::None
        }
    }
}

impl ManagerHints {
    /// The hint that decides: the column and what it says.
    fn surest(&self) -> Option<(Target, &str)> {
        let Self { id, number, position, email, name } = self;
        let email = email.as_ref().map(EmailAddress::as_str);
        [
            (Target::Field(Field::ManagerSourceId), id.as_deref()),
            (Target::ManagerNumber, number.as_deref()),
            (Target::ManagerPosition, position.as_deref()),
            (Target::Field(Field::ManagerEmail), email),
            (Target::Field(Field::ManagerName), name.as_deref()),
        ]
        .into_iter()
        .find_map(|(target, value)| Some((target, value?)))
    }
}

fn look<'a>(index: &'a BTreeMap<String, BTreeSet<At>>, value: &str, target: Target) -> Found<'a> {
    choose(index.get(value), target, value)
}

fn choose<'a>(people: Option<&'a BTreeSet<At>>, target: Target, value: &str) -> Found<'a> {
    let Some(people) = people else { return Found::Nobody(target, value.to_owned()) };
    match (people.len(), people.first()) {
        (1, Some(one)) => Found::One(*one),
        _ => Found::Several(target, value.to_owned(), people),
    }
}

/// The ways in which a person's name can be written.
fn names(profile: &Profile, payroll_name: Option<&str>) -> BTreeSet<String> {
    let Profile { legal_first, legal_last, preferred_first, preferred_last, display_name, .. } =
        profile;
    let mut names = BTreeSet::new();
    for first in [legal_first, preferred_first].into_iter().flatten() {
        for last in [legal_last, preferred_last].into_iter().flatten() {
            names.insert(name_key(&format!("{first} {last}")));
        }
    }
    names.extend(display_name.as_deref().or(payroll_name).map(name_key));
    names.extend(payroll_name.map(name_key));
    if names.is_empty() {
        names.extend([legal_first, legal_last].into_iter().flatten().map(|name| name_key(name)));
    }
    names
}

fn at(
    draft: &Draft,
    layout: &Layout,
    kind: ProblemKind,
    (target, value): (Target, &str),
    message: String,
) -> Problem {
    layout.mark(Problem::new(kind, message).row(draft.row).value(value), target)
}

fn nobody(draft: &Draft, layout: &Layout, target: Target, value: &str) -> Problem {
    let what = match target {
        Target::ManagerNumber => "employee number",
        Target::ManagerPosition => "position",
        Target::Field(Field::ManagerEmail) => "work address",
        Target::Field(Field::ManagerName) => "name",
        _ => "id",
    };
    let message = format!(
        "no person in the file has the manager's {what}: include the manager's row (leavers too, \
         if she left), name the new manager, or leave the cell blank"
    );
    at(draft, layout, ProblemKind::UnknownManager, (target, value), message)
}

fn ambiguous(
    draft: &Draft,
    layout: &Layout,
    given: (Target, &str),
    several: &BTreeSet<At>,
    groups: &[Group],
) -> Problem {
    // A company can have as many namesakes as rows: naming all in each would never end.
    let named = several.iter().take(NAMESAKES).filter_map(|&at| groups.get(at)).map(who);
    let named = named.collect::<Vec<_>>().join(", ");
    let more = match several.len().saturating_sub(NAMESAKES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "the manager can be any of {named}{more}: add a column with the manager's id or e-mail"
    );
    at(draft, layout, ProblemKind::AmbiguousManager, given, message)
}

/// `1042 (row 7)`.
fn who(group: &Group) -> String {
    let row = group.drafts.iter().map(|draft| draft.row).min().unwrap_or_default();
    format!("{} (row {row})", group.id)
}

/// Follows every chain upwards once; a chain that meets itself is a loop.
fn report_loops(groups: &[Group], links: &[Option<At>], layout: &Layout, problems: &mut Problems) {
    let mut visited_by: Vec<Option<At>> = vec![None; links.len()];
    for start in 0..links.len() {
        let mut at = start;
        while let Some(mark) = visited_by.get_mut(at) {
            match *mark {
                Some(by) if by == start => {
                    problems.add(loop_problem(groups, links, layout, at));
                    break;
                }
                Some(_) => break,
                None => *mark = Some(start),
            }
            let Some(Some(next)) = links.get(at) else { break };
            at = *next;
        }
    }
}

fn loop_problem(groups: &[Group], links: &[Option<At>], layout: &Layout, start: At) -> Problem {
    let mut members = Vec::new();
    let mut at = start;
    while let (Some(group), true) = (groups.get(at), members.len() <= links.len()) {
        members.push(group);
        match links.get(at) {
            Some(Some(next)) if *next != start => at = *next,
            _ => break,
        }
    }
    let names: Vec<String> = members.iter().take(20).map(|group| who(group)).collect();
    let message = format!(
        "these people manage each other in a circle: {}; correct one of their managers",
        names.join(" → ")
    );
    let problem = Problem::new(ProblemKind::ManagerLoop, message);
    let Some(draft) = members.first().and_then(|group| group.drafts.first()) else {
        return problem;
    };
    let problem = problem.row(draft.row);
    match draft.manager.surest() {
        Some((target, value)) => layout.mark(problem.value(value), target),
        None => problem,
    }
}
