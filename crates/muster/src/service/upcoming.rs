//! What comes by itself, across apps and people.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use muster_domain::{
    engine::{lifecycle, upcoming},
    model::{
        id::{AppName, PersonId},
        plan::{PersonRef, Upcoming},
    },
};
use serde::Serialize;

use super::Muster;
use crate::error::Result;

/// Something that will happen.
#[derive(Debug, Clone, Serialize)]
pub struct ComingUp {
    /// In which app; none where it is about the person as such.
    pub app: Option<AppName>,
    /// What, to whom, when and why.
    #[serde(flatten)]
    pub upcoming: Upcoming,
    /// The zone in which the person's days count.
    pub zone: String,
    /// When, on the clock there. What is about the person as such ends at the usual time; when
    /// access ends in an app is the app's own line.
    pub local: String,
    /// The day it is there then.
    pub day: Date,
}

/// What to look for.
#[derive(Debug, Clone)]
pub struct UpcomingFilter {
    /// Nothing later than this.
    pub until: Timestamp,
    /// Only in this app.
    pub app: Option<AppName>,
    /// Only this person.
    pub person: Option<PersonId>,
}

impl Muster {
    /// What will happen, soonest first. Nothing is written.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn upcoming(&self, filter: &UpcomingFilter) -> Result<Vec<ComingUp>> {
        let UpcomingFilter { until, app, person } = filter;
        let policy = self.policy_or_none().await?;
        let organization = policy.organization.clone();
        let people = self.people().await?;
        let now = self.env.now();
        let mut found: Vec<(Option<AppName>, Upcoming)> = Vec::new();
        for planned in self.planned_apps(&policy).await? {
            if app.as_ref().is_none_or(|app| *app == planned) {
                let plan = self.situation(&planned).await?.plan(now)?;
                found.extend(plan.upcoming.into_iter().map(|one| (Some(planned.clone()), one)));
            }
        }
        let concerned: BTreeSet<_> = found.iter().map(|(_, one)| one.person.id.clone()).collect();
        // With an app named, only the days of people of whom something changes there.
        let days = people
            .values()
            .filter(|person| app.is_none() || concerned.contains(&person.id))
            .flat_map(|person| upcoming::days_of(person, &organization, now));
        found.extend(days.map(|one| (None, one)));
        found.retain(|(_, one)| {
            one.at <= *until && person.as_ref().is_none_or(|person| one.person.id == *person)
        });
        found.sort_by(|(a_app, a), (b_app, b)| {
            (a.at, &a.person.name, &a.person.id, a_app).cmp(&(
                b.at,
                &b.person.name,
                &b.person.id,
                b_app,
            ))
        });
        let zone = |person: &PersonRef| {
            people.get(&person.id).map_or_else(
                || organization.time_zone.clone(),
                |person| lifecycle::zone_of(person, &organization),
            )
        };
        Ok(found
            .into_iter()
            .map(|(app, upcoming)| {
                let zone = zone(&upcoming.person);
                let zoned = upcoming.at.to_zoned(zone.clone());
                let local = zoned.strftime("%Y-%m-%d %H:%M %Z").to_string();
                let zone = zone.iana_name().unwrap_or("UTC").to_owned();
                ComingUp { app, upcoming, zone, local, day: zoned.date() }
            })
            .collect())
    }
}
