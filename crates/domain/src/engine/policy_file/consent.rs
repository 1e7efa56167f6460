//! Checking who must agree to what, and how much goes without anybody.

use serde_saphyr::Spanned;

use super::{
    check::Check,
    raw::{RawApp, RawApproval, RawLimit, RawLimits},
};
use crate::model::{
    email::EmailAddress,
    limits::{Limit, Limits},
    policy::{ApprovalPolicy, Approver, Consent},
};

/// Longer than this nobody remembers what was approved.
const LONGEST_DAYS: u16 = 90;

/// The longest window that is counted over: the runs of 90 days.
const LONGEST_HOURS: u32 = 90 * 24;

impl Check {
    /// Every approver must be somebody: an owner whom nobody names would have no say, silently.
    pub(super) fn approvers_are_known(&mut self, raw: &RawApp) {
        let nameless = raw.owner.is_none();
        for text in raw.approval.approvers.iter().filter(|text| text.value == "owner" && nameless) {
            self.note(
                text,
                "the owner is to approve, but nobody is named as owner; name her: owner: ADDRESS"
                    .to_owned(),
            );
        }
    }

    pub(super) fn approval(&mut self, raw: &RawApproval) -> ApprovalPolicy {
        let standard = ApprovalPolicy::default();
        let mut consent = |text: &Option<Spanned<String>>, otherwise| {
            self.word(text.as_ref(), &[("ask", Consent::Ask), ("auto", Consent::Auto)], otherwise)
        };
        let RawApproval {
            privileged,
            create,
            update,
            deactivate,
            reactivate,
            delete,
            hand_over,
            approvers,
            expires,
        } = raw;
        ApprovalPolicy {
            privileged: consent(privileged, standard.privileged),
            create: consent(create, standard.create),
            update: consent(update, standard.update),
            deactivate: consent(deactivate, standard.deactivate),
            reactivate: consent(reactivate, standard.reactivate),
            delete: consent(delete, standard.delete),
            hand_over: consent(hand_over, standard.hand_over),
            approvers: approvers.iter().filter_map(|text| self.approver(text)).collect(),
            expires_days: self.expires(expires.as_ref(), standard.expires_days),
        }
    }

    fn approver(&mut self, text: &Spanned<String>) -> Option<Approver> {
        match text.value.as_str() {
            "owner" => Some(Approver::Owner),
            "manager" => Some(Approver::Manager),
            address => match address.parse::<EmailAddress>() {
                Ok(address) => Some(Approver::Address(address)),
                Err(_) => {
                    self.note(
                        text,
                        format!("{address:?} is no approver; write owner, manager or an address"),
                    );
                    None
                }
            },
        }
    }

    fn expires(&mut self, text: Option<&Spanned<String>>, standard: u16) -> u16 {
        let Some(text) = text else { return standard };
        let words: Vec<&str> = text.value.split_whitespace().collect();
        let count = words.first().and_then(|word| word.parse::<u16>().ok());
        match (count, words.get(1..)) {
            (Some(n @ 1..=LONGEST_DAYS), Some(["day" | "days"])) => n,
            _ => {
                self.note(
                    text,
                    format!(
                        "{:?} is not a time after which approvals lapse; write it as in \"7 days\", \
                         {LONGEST_DAYS} at most",
                        text.value
                    ),
                );
                standard
            }
        }
    }

    pub(super) fn limits(&mut self, raw: &RawLimits) -> Limits {
        let RawLimits {
            removals_per_day,
            removals,
            deletions,
            role_losses,
            renames,
            creations,
            hand_overs,
        } = raw;
        let standard = Limits::default();
        let mut limit = |raw: &Option<RawLimit>, otherwise: Limit| {
            raw.as_ref().map_or(otherwise, |raw| self.limit(raw, otherwise))
        };
        // The short form counts everything that takes something away, each kind for itself.
        let short = |otherwise| removals_per_day.map_or(otherwise, Limit::of);
        Limits {
            removals: limit(removals, short(standard.removals)),
            deletions: limit(deletions, short(standard.deletions)),
            role_losses: limit(role_losses, short(standard.role_losses)),
            renames: limit(renames, short(standard.renames)),
            hand_overs: limit(hand_overs, short(standard.hand_overs)),
            creations: limit(creations, standard.creations),
        }
    }

    fn limit(&mut self, raw: &RawLimit, otherwise: Limit) -> Limit {
        let RawLimit { count, share, window } = raw;
        let share = share.as_ref().and_then(|text| self.share(text));
        Limit {
            count: count.unwrap_or(otherwise.count),
            // A count without a share is meant as it stands.
            share: if count.is_some() { share } else { share.or(otherwise.share) },
            window_hours: self.window(window.as_ref(), otherwise.window_hours),
        }
    }

    fn share(&mut self, text: &Spanned<String>) -> Option<u32> {
        let number = text.value.strip_suffix('%').map(str::trim_end);
        let share = number.and_then(|number| number.parse().ok()).filter(|share| *share <= 100);
        if share.is_none() {
            self.note(text, format!("{:?} is not a share; write it as in \"5 %\"", text.value));
        }
        share
    }

    fn window(&mut self, text: Option<&Spanned<String>>, standard: u32) -> u32 {
        let Some(text) = text else { return standard };
        let words: Vec<&str> = text.value.split_whitespace().collect();
        let count = words.first().and_then(|word| word.parse::<u32>().ok());
        let hours = match (count, words.get(1..)) {
            (Some(n), Some(["hour" | "hours"])) => Some(n),
            (Some(n), Some(["day" | "days"])) => n.checked_mul(24),
            _ => None,
        };
        hours.filter(|hours| (1..=LONGEST_HOURS).contains(hours)).unwrap_or_else(|| {
            self.note(
                text,
                format!(
                    "{:?} is not a window; write it as in \"24 hours\" or \"7 days\", 90 days at \
                     most",
                    text.value
                ),
            );
            standard
        })
    }
}
