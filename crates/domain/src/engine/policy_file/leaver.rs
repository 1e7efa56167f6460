//! Checking what is to become of leavers' work and accounts.

use serde_saphyr::Spanned;

use super::{check::Check, raw::RawHandOver};
use crate::model::{
    policy::HandOverRule,
    work::{CLOSED_WITHIN_DAYS, HandOverTo},
};

/// The longest time that can be asked for, in days: ten years.
const LONGEST: u16 = 3650;

impl Check {
    pub(super) fn hand_over(&mut self, raw: Option<&RawHandOver>) -> Option<HandOverRule> {
        let RawHandOver { to, closed_within } = raw?;
        let to = self.parsed::<HandOverTo>(to);
        let closed_within = closed_within.as_ref().and_then(|text| self.days(text, "0 days"));
        let closed_within_days = closed_within.unwrap_or(CLOSED_WITHIN_DAYS);
        to.map(|to| HandOverRule { to, closed_within_days })
    }

    pub(super) fn delete_after(&mut self, text: Option<&Spanned<String>>) -> Option<u16> {
        let text = text.filter(|text| text.value != "never")?;
        self.days(text, "never")
    }

    fn days(&mut self, text: &Spanned<String>, or: &str) -> Option<u16> {
        let days = match text.value.split_whitespace().collect::<Vec<_>>().as_slice() {
            [count, "day" | "days"] => count.parse().ok().filter(|days| *days <= LONGEST),
            _ => None,
        };
        if days.is_none() {
            self.note(
                text,
                format!(
                    "{:?} is not a number of days; write it as in \"30 days\", {LONGEST} at most, \
                     or \"{or}\"",
                    text.value
                ),
            );
        }
        days
    }
}
