//! Rows that are true from a day on: of several about one period of work, the one that is true
//! today counts.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::{
    draft::Draft,
    formats::Target,
    people::Group,
    problem::{Warning, Warnings},
    recognise::Layout,
};

/// Keeps one row for each period of work. Without `today`, or where a row does not say from when
/// on it is true, all are kept, and two of one period are then a problem.
pub(crate) fn settle(
    group: &mut Group,
    today: Option<Date>,
    layout: &Layout,
    warnings: &mut Warnings,
) {
    let Some(today) = today else { return };
    if group.drafts.len() < 2 || group.drafts.iter().any(|draft| draft.effective.is_none()) {
        return;
    }
    let mut periods: BTreeMap<Option<Date>, Vec<Draft>> = BTreeMap::new();
    for draft in std::mem::take(&mut group.drafts) {
        periods.entry(draft.terms.start_date).or_default().push(draft);
    }
    for mut rows in periods.into_values() {
        rows.sort_by_key(|draft| (draft.effective, draft.row));
        let later = rows.partition_point(|draft| draft.effective <= Some(today));
        let mut rows = rows.into_iter();
        // A hire of the future has no row of today.
        let mut past: Vec<Draft> = rows.by_ref().take(later.max(1)).collect();
        let Some(mut current) = past.pop() else { continue };
        let same = |draft: &Draft| draft.effective == current.effective;
        let twins = past.partition_point(|draft| !same(draft));
        // Two rows of one day: reported as doubles.
        group.drafts.extend(past.drain(twins..));
        for draft in rows {
            take_end(&mut current, &draft);
            leave_out(&draft, today, layout, warnings);
        }
        group.drafts.push(current);
    }
}

/// A departure that was filed beforehand has its day in the row of the future.
fn take_end(current: &mut Draft, later: &Draft) {
    let (own, told) = (&mut current.terms, &later.terms);
    own.end_date = own.end_date.or(told.end_date);
    own.last_working_day = own.last_working_day.or(told.last_working_day);
    own.termination = own.termination.or(told.termination);
}

fn leave_out(draft: &Draft, today: Date, layout: &Layout, warnings: &mut Warnings) {
    let Some(effective) = draft.effective else { return };
    let message = format!(
        "takes effect after today ({today}), so only the end of work is taken from it; import \
         again from that day on"
    );
    let warning = Warning::new(message).row(draft.row).value(&effective.to_string());
    warnings.add(layout.remark(warning, Target::EffectiveDate));
}
