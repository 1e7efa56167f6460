//! The policy: checking a file, making it the valid one, reading the valid one back.

use muster_domain::{
    engine::policy_file::{self, KnownConnector, PolicyProblem},
    model::{
        canonical::Digest,
        journal::{About, Event},
        policy::Policy,
    },
};
use serde_json::json;

use super::Muster;
use crate::{
    connectors,
    error::{Error, Result},
    store::records::{JournalFilter, JournalReport, Order, PolicyVersion},
};

fn known() -> Vec<KnownConnector> {
    connectors::ALL
        .iter()
        .map(|app| KnownConnector { name: app.name, roles: app.roles.to_vec() })
        .collect()
}

/// Checks the text of a policy.
///
/// # Errors
/// Every problem, with line and remedy.
pub fn check(text: &str) -> std::result::Result<Policy, Vec<PolicyProblem>> {
    policy_file::read(text, &known())
}

fn changed(number: u64) -> Error {
    Error::Conflict(format!(
        "policy {number} in the store is not the one that was applied: somebody changed the store; \
         read the journal, then apply the right one: muster policy apply FILE"
    ))
}

impl Muster {
    /// Makes `text` the valid policy. The same text again changes nothing and gives `None`.
    ///
    /// # Errors
    /// When the text is no policy.
    pub async fn apply_policy(&self, text: &str) -> Result<Option<PolicyVersion>> {
        let policy = check(text).map_err(|problems| {
            let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
            Error::Invalid(lines.join("\n"))
        })?;
        let before = self.store.policy().await?;
        if before.as_ref().is_some_and(|before| before.digest == policy.digest) {
            return Ok(None);
        }
        let version = PolicyVersion {
            number: before.map_or(1, |before| before.number + 1),
            text: text.to_owned(),
            digest: policy.digest,
            at: self.env.now(),
            by: self.actor.clone(),
        };
        let mut tx = self.begin();
        tx.put_policy(&version);
        let data = json!({"number": version.number, "digest": version.digest, "text": text, "at": version.at});
        tx.journal(Event::PolicyApplied, About::default(), data);
        let ranks = &policy.organization.sources;
        let changed = match self.policy_or_none().await {
            Ok(before) if before.organization.sources == *ranks => Vec::new(),
            _ => self.ranked_anew(ranks).await?,
        };
        for change in changed {
            tx.put_people(std::slice::from_ref(&change.person));
            let about = About { person: Some(change.person.id.clone()), ..About::default() };
            tx.journal(Event::PersonChanged, about, json!({"changes": change.changes}));
        }
        tx.commit().await?;
        for connection in self.store.connections().await? {
            let situation = self.situation(&connection.app).await?;
            self.remember_protected(&connection.app, &situation).await?;
        }
        Ok(Some(version))
    }

    /// The valid policy.
    ///
    /// # Errors
    /// When there is none yet, or this program no longer understands it.
    pub async fn policy(&self) -> Result<Policy> {
        let version = self.store.policy().await?.ok_or_else(|| {
            Error::NotFound(
                "there is no policy yet; write one and say: muster policy apply FILE".to_owned(),
            )
        })?;
        if Digest::of(version.text.as_bytes()) != version.digest {
            return Err(changed(version.number));
        }
        check(&version.text).map_err(|problems| {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            Error::Invalid(format!(
                "policy version {} is not understood by this version of Muster ({first}); apply \
                 one that is",
                version.number
            ))
        })
    }

    /// Verifies the journal, and that the policy in use is the one it tells of.
    ///
    /// # Errors
    /// Where the journal is broken, or that the policy was changed beside it.
    pub async fn verify(&self) -> Result<JournalReport> {
        let report = self.store.verify_journal().await?;
        let Some(version) = self.store.policy().await? else { return Ok(report) };
        let text = Digest::of(version.text.as_bytes());
        let filter = JournalFilter {
            event: Some(Event::PolicyApplied),
            order: Order::NewestFirst,
            limit: Some(1),
            ..JournalFilter::default()
        };
        let told = self.store.journal(&filter).await?.pop();
        let told = told.and_then(|entry| entry.data.get("digest").cloned());
        if told != Some(serde_json::to_value(text)?) {
            return Err(changed(version.number));
        }
        Ok(report)
    }

    /// The valid policy, or the one that expects and writes nothing.
    ///
    /// # Errors
    /// When there is one that this program no longer understands.
    pub async fn policy_or_none(&self) -> Result<Policy> {
        match self.policy().await {
            Err(Error::NotFound(_)) => Ok(Policy::none()),
            policy => policy,
        }
    }
}
