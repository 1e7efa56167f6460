//! Critical systems: declaring an app critical, who may use it, and that its rule was reviewed.

use jiff::Timestamp;
use muster_domain::{
    engine::checks::{self, Critical, Detail, Tally},
    model::{
        check::{AccessRule, CheckResult, CheckState, CriticalSystem},
        email::EmailAddress,
        id::AppName,
        journal::{About, Event},
    },
};
use serde::Serialize;
use serde_json::json;

use super::Muster;
use crate::error::{Error, Result};

/// A critical system, and what waits to be done for it.
#[derive(Debug, Clone, Serialize)]
pub struct CriticalView {
    /// The app.
    pub app: AppName,
    /// Who answers for its rule.
    pub owner: Option<EmailAddress>,
    /// Who may use it.
    pub rule: Option<AccessRule>,
    /// When the rule was last reviewed.
    pub reviewed: Option<jiff::civil::Date>,
    /// Whether the policy file says so, as opposed to a command.
    pub by_policy: bool,
    /// When it was declared by command.
    pub since: Option<Timestamp>,
    /// What is to be done about the declaration itself.
    pub pending: Vec<CheckResult>,
    /// How many units of its checks are in which state.
    pub units: Tally,
}

impl Muster {
    /// The critical systems.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn critical_systems(&self) -> Result<Vec<CriticalView>> {
        let policy = self.policy_or_none().await?;
        let orders = self.store.orders().await?;
        let evaluation = self.judge(Detail::Notable).await?;
        let mut views = Vec::new();
        for connection in self.store.connections().await? {
            let app = connection.app;
            let Some(critical) = checks::effective(&policy, &orders, &app) else { continue };
            let Critical { owner, rule, reviewed } = critical;
            let declared = orders.critical_systems.iter().find(|one| one.app == app);
            let by_policy = policy.apps.get(&app).is_some_and(|rules| rules.critical);
            let pending = evaluation.results.iter().filter(|result| {
                result.check == "access_rule"
                    && result.unit.app.as_ref() == Some(&app)
                    && matches!(result.state, CheckState::Fail | CheckState::Due)
            });
            let mut units = Tally::default();
            for (state, n) in evaluation
                .tallies
                .iter()
                .filter(|((_, of), _)| of.as_ref() == Some(&app))
                .flat_map(|(_, tally)| &tally.0)
            {
                *units.0.entry(*state).or_default() += n;
            }
            views.push(CriticalView {
                pending: pending.cloned().collect(),
                app,
                owner,
                rule,
                reviewed,
                by_policy,
                since: declared.filter(|_| !by_policy).map(|one| one.at),
                units,
            });
        }
        Ok(views)
    }

    /// Declares `app` critical, or names another owner of its rule.
    ///
    /// # Errors
    /// When the app is not connected, or the policy speaks of it.
    pub async fn declare_critical(
        &self,
        app: &AppName,
        owner: Option<EmailAddress>,
    ) -> Result<CriticalSystem> {
        self.connection(app).await?;
        let known = self.declared(app).await?;
        let new = match known {
            Some(known) => CriticalSystem { owner: owner.or(known.owner.clone()), ..known },
            None => CriticalSystem {
                app: app.clone(),
                owner,
                rule: None,
                reviewed: None,
                by: self.actor.clone(),
                at: self.env.now(),
            },
        };
        self.save_critical(new).await
    }

    /// Says who may use a critical system. Whoever says so has looked it over.
    ///
    /// # Errors
    /// When it was not declared critical by command, the rule admits nobody, or names a role that
    /// the app does not have.
    pub async fn set_access_rule(&self, app: &AppName, rule: AccessRule) -> Result<CriticalSystem> {
        let known = self.declared_already(app).await?;
        if rule.is_empty() {
            return Err(Error::Invalid(
                "the rule admits nobody; give --everyone, --staff-role, --group, --app-role or \
                 --requests"
                    .to_owned(),
            ));
        }
        let roles = rule
            .everyone
            .iter()
            .chain(rule.staff_roles.values())
            .chain(rule.groups.values())
            .chain(&rule.app_roles);
        for role in roles {
            self.role_of_app(app, role).await?;
        }
        let groups = self.store.orders().await?.groups;
        if let Some(name) =
            rule.groups.keys().find(|name| !groups.iter().any(|group| group.name == **name))
        {
            return Err(Error::NotFound(format!(
                "there is no group {name}; see muster group list"
            )));
        }
        let reviewed = Some(self.today().await?);
        self.save_critical(CriticalSystem { rule: Some(rule), reviewed, ..known }).await
    }

    /// Says that the rule of a critical system was looked over today.
    ///
    /// # Errors
    /// When it was not declared critical by command, or has no rule yet.
    pub async fn review_access_rule(&self, app: &AppName) -> Result<CriticalSystem> {
        let known = self.declared_already(app).await?;
        if known.rule.is_none() {
            return Err(Error::Invalid(format!(
                "{app} has no access rule to be reviewed; say who may use it: muster critical rule \
                 {app}"
            )));
        }
        let reviewed = Some(self.today().await?);
        self.save_critical(CriticalSystem { reviewed, ..known }).await
    }

    /// Takes the declaration back.
    ///
    /// # Errors
    /// When it was not declared critical by command.
    pub async fn withdraw_critical(&self, app: &AppName) -> Result<CriticalSystem> {
        let known = self.declared_already(app).await?;
        let mut tx = self.begin();
        tx.remove_order(&known);
        tx.journal(Event::CriticalWithdrawn, about_app(app), json!({ "critical": known }));
        tx.commit().await?;
        Ok(known)
    }

    async fn declared(&self, app: &AppName) -> Result<Option<CriticalSystem>> {
        let policy = self.policy_or_none().await?;
        if policy.apps.get(app).is_some_and(|rules| rules.critical) {
            return Err(Error::Conflict(format!(
                "the policy declares {app} critical; say it there: apps.{app}.who_may_use, then \
                 muster policy apply FILE"
            )));
        }
        let orders = self.store.orders().await?;
        Ok(orders.critical_systems.into_iter().find(|one| one.app == *app))
    }

    async fn declared_already(&self, app: &AppName) -> Result<CriticalSystem> {
        self.declared(app).await?.ok_or_else(|| {
            Error::NotFound(format!("{app} is not declared critical: muster critical add {app}"))
        })
    }

    async fn save_critical(&self, new: CriticalSystem) -> Result<CriticalSystem> {
        let new = CriticalSystem { by: self.actor.clone(), ..new };
        let mut tx = self.begin();
        tx.put_order(&new);
        tx.journal(Event::CriticalDeclared, about_app(&new.app), json!({ "critical": new }));
        tx.commit().await?;
        Ok(new)
    }
}

fn about_app(app: &AppName) -> About {
    About { app: Some(app.clone()), ..About::default() }
}
