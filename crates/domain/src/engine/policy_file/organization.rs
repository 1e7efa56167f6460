//! Checking what holds for the whole organisation.

use jiff::tz::TimeZone;

use super::{check::Check, raw::RawOrganization};
use crate::model::policy::Organization;

impl Check {
    pub(super) fn organization(&mut self, raw: &RawOrganization) -> Option<Organization> {
        let RawOrganization { time_zone, domains } = raw;
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
            Ok(zone) => Some(Organization { time_zone: zone, domains: own }),
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
}
