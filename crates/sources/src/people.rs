//! Rows to people: rows with one id are one person, each of them an engagement.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, btree_map::Entry},
};

use muster_domain::model::{
    email::EmailAddress,
    id::SourceId,
    person::{EmploymentStatus, Profile, Terms},
    roster::{Field, RosterRecord},
};

use crate::{
    draft::Draft,
    effective,
    formats::{RowsPerPerson, Target},
    managers,
    problem::{Problem, ProblemKind, Problems, Warning, Warnings},
    recognise::Layout,
    spans,
    table::Lost,
    words::same_text,
};

/// What is known of the file as a whole.
pub(crate) struct File<'a> {
    pub(crate) layout: &'a Layout,
    /// Rows that could not be read as one of a person.
    pub(crate) lost: &'a Lost,
    /// The day on which the file is read.
    pub(crate) today: Option<jiff::civil::Date>,
}

/// The people of a file.
pub(crate) struct Assembled {
    pub(crate) records: Vec<RosterRecord>,
}

/// All rows about one person; the current engagement first.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: SourceId,
    pub(crate) drafts: Vec<Draft>,
}

/// Groups, checks and resolves.
pub(crate) fn assemble(
    drafts: Vec<Draft>,
    file: &File<'_>,
    problems: &mut Problems,
    warnings: &mut Warnings,
) -> Assembled {
    let layout = file.layout;
    let mut groups = group(drafts);
    for group in &mut groups {
        effective::settle(group, file.today, layout, warnings);
        group.drafts.sort_by(|a, b| rank(&a.terms).cmp(&rank(&b.terms)));
        check_rows(group, layout, problems);
        spans::check(group, layout, problems, warnings);
    }
    check_addresses(&groups, layout, problems);
    warn_of_renamed(&groups, layout, warnings);
    warn_of_no_leavers(&groups, layout, warnings);
    managers::resolve(&mut groups, file, problems, warnings);
    Assembled { records: groups.into_iter().map(record).collect() }
}

/// Leavers whose address was changed to one with a tag: `ana+left@acme.example`.
fn warn_of_renamed(groups: &[Group], layout: &Layout, warnings: &mut Warnings) {
    let drafts = groups.iter().flat_map(|group| &group.drafts);
    for draft in drafts.filter(|draft| draft.terms.status == Some(EmploymentStatus::Ended)) {
        if let Some(email) = &draft.profile.work_email
            && email.local() != email.local_without_tag()
        {
            let message = "a leaver's address with a tag, so the HR system may have renamed it: \
                           an address known from an earlier import is kept; if there was none, add \
                           the real one as former_emails";
            let warning = Warning::new(message).row(draft.row).value(email.as_str());
            warnings.add(layout.remark(warning, Target::Field(Field::WorkEmail)));
        }
    }
}

/// A report without leavers, by a system whose reports often leave them out.
fn warn_of_no_leavers(groups: &[Group], layout: &Layout, warnings: &mut Warnings) {
    let Some(remedy) = layout.format.without_leavers else { return };
    let mut drafts = groups.iter().flat_map(|group| &group.drafts);
    if !groups.is_empty()
        && !drafts.any(|draft| draft.terms.status == Some(EmploymentStatus::Ended))
    {
        warnings.add(Warning::new(format!(
            "nobody in the file has left; leavers who are only missing keep what they have: \
             {remedy}; or import with --presence active and order departures by hand"
        )));
    }
}

/// By id. Rows without one were reported already. What is sorted are places: drafts are large.
fn group(mut drafts: Vec<Draft>) -> Vec<Group> {
    let mut order: Vec<(SourceId, usize)> = drafts
        .iter_mut()
        .enumerate()
        .filter_map(|(at, draft)| Some((draft.source_id.take()?, at)))
        .collect();
    order.sort();
    let mut groups: Vec<Group> = Vec::new();
    for (id, at) in order {
        let Some(draft) = drafts.get_mut(at).map(std::mem::take) else { continue };
        match groups.last_mut() {
            Some(last) if last.id == id => last.drafts.push(draft),
            _ => groups.push(Group { id, drafts: vec![draft] }),
        }
    }
    groups
}

/// The current engagement ranks lowest: by status, then latest start. The
/// position breaks ties, so that the order of rows never counts.
fn rank(terms: &Terms) -> (u8, Reverse<Option<jiff::civil::Date>>, Option<&str>) {
    let by_status = match terms.status {
        Some(EmploymentStatus::Active) => 0,
        Some(EmploymentStatus::OnLeave) => 1,
        Some(EmploymentStatus::Pending) => 2,
        None => 3,
        Some(EmploymentStatus::Unknown) => 4,
        Some(EmploymentStatus::Ended) => 5,
        Some(EmploymentStatus::Withdrawn) => 6,
    };
    (by_status, Reverse(terms.start_date), terms.position.as_deref())
}

fn column_of(layout: &Layout, field: Field, problem: Problem, value: &str) -> Problem {
    layout.mark(problem, Target::Field(field)).value(value)
}

/// Several rows of one id: allowed at all, about different engagements, and about one person.
fn check_rows(group: &Group, layout: &Layout, problems: &mut Problems) {
    let mut by_row: Vec<&Draft> = group.drafts.iter().collect();
    by_row.sort_by_key(|draft| draft.row);
    let Some((first, rest)) = by_row.split_first() else { return };
    let mut seen = BTreeMap::from([(engagement_key(&first.terms), first.row)]);
    for draft in rest {
        let earlier = match layout.format.rows {
            RowsPerPerson::One => Some(first.row),
            RowsPerPerson::Several => match seen.entry(engagement_key(&draft.terms)) {
                Entry::Occupied(earlier) => Some(*earlier.get()),
                Entry::Vacant(free) => {
                    free.insert(draft.row);
                    None
                }
            },
        };
        if let Some(earlier) = earlier {
            let message = match layout.format.rows {
                RowsPerPerson::One => format!(
                    "row {earlier} has this id too, and {} has one row per person: delete one, or \
                     correct the id",
                    layout.format.title
                ),
                RowsPerPerson::Several => format!(
                    "row {earlier} has the same id, position and start date: delete one of them, \
                     or correct the id"
                ),
            };
            let problem = Problem::new(ProblemKind::DuplicateId, message).row(draft.row);
            let id = group.id.as_str();
            problems.add(column_of(layout, Field::SourceId, problem, id));
        } else {
            check_same_person(first, draft, layout, problems);
        }
    }
}

fn engagement_key(terms: &Terms) -> (Option<String>, Option<jiff::civil::Date>) {
    (terms.position.clone(), terms.start_date)
}

/// Names and work address must agree: else two people share an id.
fn check_same_person(first: &Draft, other: &Draft, layout: &Layout, problems: &mut Problems) {
    let (a, b) = (&first.profile, &other.profile);
    let email = |profile: &Profile| profile.work_email.as_ref().map(|e| e.folded().to_owned());
    for (field, one, two) in [
        (Field::LegalFirst, a.legal_first.clone(), b.legal_first.clone()),
        (Field::LegalLast, a.legal_last.clone(), b.legal_last.clone()),
        (Field::PreferredFirst, a.preferred_first.clone(), b.preferred_first.clone()),
        (Field::PreferredLast, a.preferred_last.clone(), b.preferred_last.clone()),
        (Field::DisplayName, a.display_name.clone(), b.display_name.clone()),
        (Field::WorkEmail, email(a), email(b)),
    ] {
        if let (Some(one), Some(two)) = (one, two)
            && !same_text(&one, &two)
        {
            let message = format!(
                "row {} has the same id but {one:?} here: if these are two people, correct the \
                 id; if one, make the rows agree",
                first.row
            );
            let problem = Problem::new(ProblemKind::ConflictingRows, message).row(other.row);
            problems.add(column_of(layout, field, problem, &two));
        }
    }
}

/// No two people with one work address.
fn check_addresses(groups: &[Group], layout: &Layout, problems: &mut Problems) {
    let mut owners: BTreeMap<&EmailAddress, (usize, u32)> = BTreeMap::new();
    let mut all: Vec<(u32, usize, &EmailAddress)> = groups
        .iter()
        .enumerate()
        .flat_map(|(at, group)| group.drafts.iter().map(move |draft| (at, draft)))
        .filter_map(|(at, draft)| Some((draft.row, at, draft.profile.work_email.as_ref()?)))
        .collect();
    all.sort_unstable_by_key(|(row, _, _)| *row);
    for (row, at, email) in all {
        let (owner, first) = *owners.entry(email).or_insert((at, row));
        if owner != at {
            let message = format!(
                "row {first} gives this address to another person: one of them must have another, \
                 or, if they are one person, one id"
            );
            let problem = Problem::new(ProblemKind::DuplicateEmail, message).row(row);
            problems.add(column_of(layout, Field::WorkEmail, problem, email.as_str()));
        }
    }
}

/// The current row says who she is; what it leaves blank is taken from the others.
fn record(group: Group) -> RosterRecord {
    let mut rows: Vec<u32> = group.drafts.iter().map(|draft| draft.row).collect();
    rows.sort_unstable();
    rows.dedup();
    let mut profile = Profile::default();
    let mut engagements = Vec::with_capacity(group.drafts.len());
    for draft in group.drafts {
        fill_in(&mut profile, draft.profile);
        engagements.push(draft.terms);
    }
    engagements.sort_by(|a, b| {
        (a.start_date, a.end_date, &a.position).cmp(&(b.start_date, b.end_date, &b.position))
    });
    RosterRecord { source_id: group.id, rows, profile, engagements }
}

fn fill_in(profile: &mut Profile, other: Profile) {
    let Profile {
        employee_number,
        legal_first,
        legal_last,
        preferred_first,
        preferred_last,
        display_name,
        work_email,
        personal_email,
        former_emails,
        time_zone,
        in_scope,
    } = other;
    let own = profile;
    own.employee_number = own.employee_number.take().or(employee_number);
    own.legal_first = own.legal_first.take().or(legal_first);
    own.legal_last = own.legal_last.take().or(legal_last);
    own.preferred_first = own.preferred_first.take().or(preferred_first);
    own.preferred_last = own.preferred_last.take().or(preferred_last);
    own.display_name = own.display_name.take().or(display_name);
    own.work_email = own.work_email.take().or(work_email);
    own.personal_email = own.personal_email.take().or(personal_email);
    own.former_emails = own.former_emails.take().or(former_emails);
    own.time_zone = own.time_zone.take().or(time_zone);
    own.in_scope = own.in_scope.or(in_scope);
}
