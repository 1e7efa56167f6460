//! Checking what holds for one app.

use serde_saphyr::Spanned;

use super::{
    KnownConnector,
    check::Check,
    raw::{RawApp, RawLeaver, RawPrice, RawRule, RawWrites},
};
use crate::{
    engine::moves::LONGEST_GRACE,
    model::{
        email::EmailAddress,
        id::RoleName,
        money::{Amount, Currency, Money},
        policy::{
            AccessRule, AppPolicy, Condition, DayEnd, Follows, LastDay, LeadTime, Leave, Names,
            NoRule, Removal, Writes,
        },
    },
};

impl Check {
    pub(super) fn app(&mut self, raw: &RawApp, known: Option<&KnownConnector>) -> AppPolicy {
        let access = raw.access.iter().filter_map(|rule| self.rule(rule, known)).collect();
        self.approvers_are_known(raw);
        let RawWrites { create, update, deactivate, delete, hand_over } = raw.writes;
        AppPolicy {
            connector: raw.connector.value.clone(),
            critical: raw.critical,
            who_may_use: self.who_may_use(raw, known),
            owner: raw.owner.as_ref().and_then(|owner| self.parsed::<EmailAddress>(owner)),
            account_owner: raw
                .account_owner
                .as_ref()
                .and_then(|owner| self.parsed::<EmailAddress>(owner)),
            protected: raw.protected.iter().filter_map(|login| self.login(login)).collect(),
            seats: raw.seats,
            seat_price: raw.seat_price.as_ref().and_then(|price| self.price(price)),
            read_every_minutes: self.read_every(raw.read_every.as_ref()),
            writes: Writes {
                create: create.into(),
                update: update.into(),
                deactivate: deactivate.into(),
                delete: delete.into(),
                hand_over: hand_over.into(),
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
            grace_days: self.grace(raw.mover.grace.as_ref()),
            leave: self.word(
                raw.leave.as_ref(),
                &[("keep", Leave::Keep), ("suspend", Leave::Suspend), ("reduce", Leave::Reduce)],
                Leave::Keep,
            ),
            leaver: self.last_day(&raw.leaver),
            removal: self.removal(&raw.leaver),
            hand_over: self.hand_over(raw.leaver.hand_over.as_ref()),
            delete_after_days: self.delete_after(raw.leaver.delete_after.as_ref()),
            approval: self.approval(&raw.approval),
            limits: self.limits(&raw.limits),
        }
    }

    fn price(&mut self, raw: &RawPrice) -> Option<Money> {
        let RawPrice { amount, currency } = raw;
        let read = (Amount::parse(&amount.value), Currency::parse(&currency.value));
        if read.0.is_none() {
            self.note(
                amount,
                format!(
                    "{:?} is not a price; write what a seat costs a month in quotes as in \
                     \"50.00\", {} at most",
                    amount.value,
                    Amount::MOST
                ),
            );
        }
        if read.1.is_none() {
            self.note(
                currency,
                format!(
                    "{:?} is not a currency; write its three letters as in EUR",
                    currency.value
                ),
            );
        }
        Some(Money { amount: read.0?, currency: read.1? })
    }

    /// A login as it is compared. A blank one would protect nothing, silently.
    fn login(&mut self, login: &Spanned<String>) -> Option<String> {
        let text = login.value.trim();
        if text.is_empty() {
            self.note(
                login,
                "a protected login must not be blank; name one, or leave the entry out".to_owned(),
            );
            return None;
        }
        Some(text.to_lowercase())
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

    fn read_every(&mut self, text: Option<&Spanned<String>>) -> u16 {
        let standard = 15;
        let Some(text) = text else { return standard };
        let minutes = match text.value.split_whitespace().collect::<Vec<_>>().as_slice() {
            [count, "minute" | "minutes"] => count.parse::<u16>().ok(),
            [count, "hour" | "hours"] => {
                count.parse::<u16>().ok().and_then(|hours| hours.checked_mul(60))
            }
            _ => None,
        };
        minutes.filter(|minutes| (1..=24 * 60).contains(minutes)).unwrap_or_else(|| {
            self.note(
                text,
                format!(
                    "{:?} is not how often to read; write it as in \"15 minutes\" or \"2 hours\", \
                     from 1 minute to 24 hours",
                    text.value
                ),
            );
            standard
        })
    }

    fn grace(&mut self, text: Option<&Spanned<String>>) -> u16 {
        let standard = 7;
        let Some(text) = text else { return standard };
        let words: Vec<&str> = text.value.split_whitespace().collect();
        let count = words.first().and_then(|word| word.parse::<u16>().ok());
        match (count, words.get(1..)) {
            (Some(n), Some(["day" | "days"])) if n <= LONGEST_GRACE => n,
            _ => {
                self.note(
                    text,
                    format!(
                        "{:?} is not a grace period; write it as in \"7 days\" or \"0 days\", \
                         {LONGEST_GRACE} at most",
                        text.value
                    ),
                );
                standard
            }
        }
    }

    fn last_day(&mut self, raw: &RawLeaver) -> LastDay {
        let standard = LastDay::default();
        let follows = self.word(
            raw.follows.as_ref(),
            &[
                ("last_working_day", Follows::LastWorkingDay),
                ("contract_end", Follows::ContractEnd),
            ],
            standard.follows,
        );
        let at = match &raw.at {
            None => standard.at,
            Some(text) if text.value == "end_of_day" => DayEnd::EndOfDay,
            Some(text) => text.value.parse().map_or_else(
                |_| {
                    self.note(
                        text,
                        format!(
                            "{:?} is not a time of day; write it in quotes as in \"18:00\", or \
                             end_of_day",
                            text.value
                        ),
                    );
                    standard.at
                },
                DayEnd::At,
            ),
        };
        LastDay { follows, at }
    }

    fn removal(&mut self, raw: &RawLeaver) -> Removal {
        self.word(
            raw.remove.as_ref(),
            &[("deactivate", Removal::Deactivate), ("reduce", Removal::Reduce)],
            Removal::Deactivate,
        )
    }
}
