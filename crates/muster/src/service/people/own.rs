//! Nobody gives access to themselves by a word about their own record.

use jiff::{SignedDuration, Timestamp};
use muster_domain::{
    engine::{consent, expect::Rules},
    model::person::Person,
};

use super::Told;
use crate::{
    error::{Error, Result},
    service::{Muster, group::role_of},
};

/// Beyond what any contract or order is looked at for: an end that was moved shows here.
const LATER: SignedDuration = SignedDuration::from_hours(24 * 366 * 5);

impl Muster {
    /// Refuses what tells of whoever tells it that they should have more, now or later.
    ///
    /// # Errors
    /// When it does, or the store fails.
    pub(super) async fn gives_nothing_to_whoever_tells(&self, told: &Told) -> Result<()> {
        let Some(before) = &told.before else { return Ok(()) };
        let own = |person| consent::means(person, &self.actor);
        if !own(before) && !own(&told.person) {
            return Ok(());
        }
        let policy = self.policy_or_none().await?;
        let now = self.env.now();
        let later = now.checked_add(LATER).unwrap_or(Timestamp::MAX);
        for app in self.planned_apps(&policy).await? {
            let situation = self.situation(&app).await?;
            for moment in [now, later] {
                let world = situation.world(moment)?;
                let rules = Rules::new(&world);
                let role = |person: &Person| role_of(&rules.expect(person));
                let (was, is) = (role(before), role(&told.person));
                if let Some(is) = is.filter(|is| was.as_ref() != Some(is)) {
                    return Err(Error::Invalid(format!(
                        "that would make you {is} in {app}: nobody gives access to themselves; \
                         ask somebody else to say it"
                    )));
                }
            }
        }
        Ok(())
    }
}
