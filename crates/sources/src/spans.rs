//! Dates of one person that contradict each other.

use jiff::civil::Date;
use muster_domain::model::{
    person::{EmploymentStatus, Terms},
    roster::Field,
};

use crate::{
    draft::Draft,
    formats::Target,
    people::Group,
    problem::{Problem, ProblemKind, Problems, Warning, Warnings},
    recognise::Layout,
    words::word_key,
};

/// Status words of people who are sent home until their contract ends.
const GARDEN_LEAVE: &[&str] = &["garden leave", "gardening leave", "freigestellt"];

/// Checks the dates of every row of a person.
pub(crate) fn check(
    group: &mut Group,
    layout: &Layout,
    problems: &mut Problems,
    warnings: &mut Warnings,
) {
    let earliest = group.drafts.iter().filter_map(|d| d.terms.start_date).min();
    let mut report = Report { layout, problems, warnings };
    for draft in &mut group.drafts {
        report.ends(draft, earliest);
        report.order(draft);
    }
}

struct Report<'a> {
    layout: &'a Layout,
    problems: &'a mut Problems,
    warnings: &'a mut Warnings,
}

impl Report<'_> {
    /// An end before the start. Where the person was here before, and has not ended again, it is
    /// that earlier time's; else one of the two is wrong, and it cannot be told which.
    fn ends(&mut self, draft: &mut Draft, earliest: Option<Date>) {
        let row = draft.row;
        let terms = &mut draft.terms;
        let Some(start) = terms.start_date else { return };
        let ended = terms.status == Some(EmploymentStatus::Ended);
        let first = earliest.into_iter().chain(terms.original_start_date).min();
        for (field, slot) in [
            (Field::EndDate, &mut terms.end_date),
            (Field::LastWorkingDay, &mut terms.last_working_day),
        ] {
            let Some(end) = slot.filter(|end| *end < start) else { continue };
            if !ended && first.is_some_and(|first| first <= end) {
                let message = format!(
                    "lies before the start {start} and belongs to an earlier time here; left out"
                );
                self.warn(row, field, &end.to_string(), &message);
                *slot = None;
            } else if ended {
                let message = format!("lies before the start {start}");
                self.contradiction(row, field, end, &message);
            } else {
                let message = format!(
                    "lies before the start {start}: correct one of them in the HR system; if it \
                     ended an earlier time here, export the first start too ({})",
                    self.layout.heading_for(Field::OriginalStartDate)
                );
                self.problem(row, field, end, message);
            }
        }
    }

    fn order(&mut self, draft: &Draft) {
        let row = draft.row;
        let Terms {
            start_date,
            original_start_date,
            end_date,
            last_working_day,
            leave_start,
            leave_return,
            ..
        } = &draft.terms;
        if let (Some(start), Some(first)) = (start_date, original_start_date)
            && first > start
        {
            let message = format!("is later than the start {start}: see which holds");
            self.warn(row, Field::OriginalStartDate, &first.to_string(), &message);
        }
        if let (Some(start), Some(back)) = (leave_start, leave_return)
            && back < start
        {
            let message = format!("lies before the start of the leave {start}");
            self.contradiction(row, Field::LeaveReturn, *back, &message);
        }
        if let (Some(last), Some(end)) = (last_working_day, end_date)
            && last > end
        {
            let message = format!("is later than the end {end}: see which holds");
            self.warn(row, Field::LastWorkingDay, &last.to_string(), &message);
        }
        let raw = draft.terms.status_raw.as_deref();
        if let Some(raw) = raw.filter(|raw| GARDEN_LEAVE.contains(&&*word_key(raw)))
            && last_working_day.is_none()
        {
            let message = "sent home without a last day of work, so access lasts until the end of \
                           the contract: export the last day of work";
            self.warn(row, Field::Status, raw, message);
        }
    }

    fn warn(&mut self, row: u32, field: Field, value: &str, message: &str) {
        let warning = Warning::new(message).row(row).value(value);
        self.warnings.add(self.layout.remark(warning, Target::Field(field)));
    }

    fn contradiction(&mut self, row: u32, field: Field, date: Date, message: &str) {
        self.problem(row, field, date, format!("{message}: correct one of them in the HR system"));
    }

    fn problem(&mut self, row: u32, field: Field, date: Date, message: String) {
        let problem = Problem::new(ProblemKind::DatesContradict, message).row(row);
        let problem = problem.value(&date.to_string());
        self.problems.add(self.layout.mark(problem, Target::Field(field)));
    }
}
