//! Whether a roster may be believed beside the one before.

use std::collections::{BTreeMap, BTreeSet};

use super::{Doubt, LastImport, MergeOptions, Refused};
use crate::model::{
    id::SourceId,
    person::Person,
    roster::{Presence, Roster},
};

pub(super) fn doubts(
    ours: &BTreeMap<&SourceId, &Person>,
    last: Option<&LastImport>,
    roster: &Roster,
    options: &MergeOptions<'_>,
) -> Vec<Refused> {
    let mut found = Vec::new();
    let mut doubt = |doubt: Option<Doubt>, message: String| found.push(Refused { message, doubt });
    let zeros: Vec<_> = lost_zeros(ours, roster);
    if let Some((was, is)) = zeros.first() {
        doubt(
            None,
            format!(
                "{} ids lost their leading zeros ({was} is now {is}), so everybody would look new; \
                 export again with the id column as text",
                zeros.len()
            ),
        );
    }
    let Some(last) = last else { return found };
    let count = roster.records.len();
    if options.presence != Presence::Changes && count * 2 < last.people {
        doubt(
            Some(Doubt::Smaller),
            format!(
                "the roster lists {count} people, less than half of the {} listed last time; \
                 export the whole roster, or say --presence changes",
                last.people
            ),
        );
    }
    let lost: Vec<_> = last.fields.difference(&roster.fields).map(|field| field.word()).collect();
    if !lost.is_empty() {
        doubt(
            Some(Doubt::Columns),
            format!(
                "the roster has no column any more for {}; the one before had; export with the \
                 same columns",
                lost.join(", ")
            ),
        );
    }
    let repeated = last.digests.iter().rev().skip(1).any(|digest| *digest == roster.digest)
        && last.digests.last() != Some(&roster.digest);
    let older = matches!(
        (options.file_time, last.file_time),
        (Some(this), Some(before)) if this < before
    ) && last.digests.last() != Some(&roster.digest);
    if repeated {
        doubt(
            Some(Doubt::Older),
            "this very file was imported before, and another since; export again, unless this is \
             today's export and what the other one told was taken back, such as a cancelled end"
                .to_owned(),
        );
    } else if older {
        doubt(
            Some(Doubt::Older),
            format!(
                "the file was written at {}, before the one imported last; export again",
                options.file_time.map(|at| at.to_string()).unwrap_or_default()
            ),
        );
    }
    found
}

/// Known ids with leading zeros that now appear without them.
fn lost_zeros(ours: &BTreeMap<&SourceId, &Person>, roster: &Roster) -> Vec<(String, String)> {
    let bare: BTreeMap<&str, &SourceId> = ours
        .keys()
        .filter_map(|id| {
            let bare = id.as_str().trim_start_matches('0');
            (bare != id.as_str() && !bare.is_empty()).then_some((bare, *id))
        })
        .collect();
    let listed: BTreeSet<_> = roster.records.iter().map(|record| &record.source_id).collect();
    roster
        .records
        .iter()
        .filter(|record| !ours.contains_key(&record.source_id))
        .filter_map(|record| {
            // Where the file has both, they are two people.
            let was = bare.get(record.source_id.as_str()).filter(|id| !listed.contains(*id))?;
            Some((was.to_string(), record.source_id.to_string()))
        })
        .collect()
}
