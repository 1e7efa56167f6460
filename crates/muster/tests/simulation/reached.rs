//! What the stories must come to: a step that is never carried out, or a state that is never
//! reached, proves nothing.

use std::collections::BTreeMap;

/// Reached by the stories of days: every step by hand, and what it is for.
const DAYS: &[&str] = &[
    "did group gives",
    "did group rule",
    "did group above",
    "did group joined",
    "did group left",
    "did group removed",
    "did grant",
    "did exception",
    "did revoke",
    "did freeze",
    "did thaw",
    "did approve",
    "did asked and approved",
    "did no say",
    "did reject",
    "did undo",
    "did undone",
    "did undo ended",
    "did end ordered",
    "did end cancelled",
    "did work ordered",
    "did tickets",
    "did added by hand",
    "did job by hand",
    "did end by hand",
    "did dismissed by hand",
    "did withdrawn by hand",
    "did leave by hand",
    "did back by hand",
    "did leave",
    "did back from leave",
    "did another manager",
    "did contractor",
    "did contract extended",
    "did second word",
    "did rehire",
    "did invitation withdrawn",
    "did verified and so",
    "did refused",
    "create verified",
    "update verified",
    "deactivate verified",
    "reduce verified",
    "reactivate verified",
];

/// Reached by the stories of years.
const YEARS: &[&str] = &[
    "did round",
    "did turned by itself",
    "did clock change",
    "did leap day",
    "did deleted",
    "did rehire",
    "did leave",
    "did back from leave",
    "did contractor",
    "did contract extended",
    "did group joined",
    "did freeze",
    "did asked and approved",
    "did verified and so",
    "delete verified",
    "hand_over verified",
];

/// Fails when something that must be reached was not.
pub(crate) fn everything(years: bool, reached: &BTreeMap<String, u64>) {
    let wanted = if years { YEARS } else { DAYS };
    let missed: Vec<_> = wanted.iter().filter(|what| !reached.contains_key(**what)).collect();
    assert!(missed.is_empty(), "never reached: {missed:?}");
}
