//! The journal: one hash-chained list of what Muster learned, decided and did.
//!
//! An entry's hash covers its data only through a salted digest, so that personal data can be
//! taken out of an old entry without breaking the chain.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    canonical::{Digest, canonical_json, digest_of_parts},
    id::{AccountId, AppName, OperationId, PersonId},
};

macro_rules! events {
    ($($variant:ident $word:literal $doc:literal),+ $(,)?) => {
        /// What an entry tells.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Event {
            $(#[doc = $doc] #[serde(rename = $word)] $variant),+
        }

        impl Event {
            /// Every kind of event.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word used in the journal and in output.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

events! {
    HomeCreated "home.created" "The store was set up.",
    AppAdded "app.added" "An app was connected.",
    AppChanged "app.changed" "A connection's settings or credentials changed.",
    AppDisconnected "app.disconnected" "What lets Muster into an app was given back and forgotten.",
    AppSeen "app.seen" "An app that could not be seen can be seen again.",
    AppQuarantined "app.quarantined" "An app failed too often: the loop leaves it alone until somebody says otherwise.",
    AppReleased "app.released" "An app that was left alone answered again.",
    AppUnseen "app.unseen" "An app cannot be seen: its silence means nothing.",
    RosterImported "roster.imported" "A roster was believed and merged.",
    RosterRefused "roster.refused" "A roster was refused whole.",
    PersonAdded "person.added" "A person became known.",
    PersonChanged "person.changed" "A person's data changed.",
    ExtensionAsked "extension.asked" "Somebody wants to keep a contractor longer.",
    ExtensionApproved "extension.approved" "Somebody else let a contract be extended.",
    ExtensionRejected "extension.rejected" "Somebody said no to the extension of a contract.",
    PersonUnmentioned "person.unmentioned" "A source stopped mentioning a person. Not a departure.",
    PersonMerged "person.merged" "Somebody said that two records are one person.",
    PersonParted "person.parted" "Somebody took back that two records are one person.",
    PersonRedacted "person.redacted" "A person's data was taken out, for her privacy.",
    EntryRestated "entry.restated" "What an entry said of others, before its data was taken out.",
    Frozen "frozen" "Somebody ordered everything, an app or a person to stand still.",
    Thawed "thawed" "An order to stand still was lifted.",
    GroupChanged "group.changed" "A group was made or changed.",
    GroupRemoved "group.removed" "A group was removed.",
    GroupJoined "group.joined" "Somebody was put into a group by hand.",
    GroupLeft "group.left" "Somebody was taken out of a group by hand.",
    AccessGranted "access.granted" "One-off access was granted, or an exception made.",
    AccessRevoked "access.revoked" "One-off access was taken back.",
    PersonEndOrdered "person.end_ordered" "An end was ordered by hand.",
    PersonEndCancelled "person.end_cancelled" "An ordered end was taken back.",
    PeopleDistinct "people.distinct" "Two people who look alike were declared to be two.",
    PolicyApplied "policy.applied" "A policy became the valid one.",
    AppObserved "app.observed" "An app's accounts were read.",
    AccountsChanged "accounts.changed" "Accounts appeared, changed or disappeared since the read before.",
    TrailRead "app.trail_read" "The app's own trail told something new: who did what, who signed in.",
    Noticed "noticed" "Gaps or tasks came up, or went because the world shows that they are done.",
    TaskAssigned "task.assigned" "Somebody was asked to do a task, or given another date.",
    AccountLinked "account.linked" "An account was tied to a person.",
    AccountClassified "account.classified" "An account was declared to be nobody's own.",
    AccountUnwanted "account.unwanted" "An account was declared to be one that should not exist.",
    AccountNotTheirs "account.not_theirs" "An account was declared not to be a certain person's.",
    AccountShielded "account.shielded" "A login that the policy protects was found to be an account's.",
    AccountHeld "account.held" "An account was somebody's until a word, or a change in the app, took it from them; or it was seen shut since; or it lost a higher role.",
    AccountMet "account.person_added" "A person was added by hand for an account, and it was tied to them.",
    PlanMade "plan.made" "A plan was saved or applied.",
    OperationApproved "operation.approved" "A named person let an operation go.",
    OperationRejected "operation.rejected" "A named person said no to an operation.",
    RejectionWithdrawn "rejection.withdrawn" "A named person's no was taken back.",
    Delegated "delegated" "Somebody lent their say in approvals to another for a while.",
    DelegationEnded "delegation.ended" "A lent say was taken back.",
    Undone "undone" "Somebody ordered an account to be put back as it was.",
    UndoEnded "undo.ended" "An account that was put back follows the rules again.",
    RestoreAccepted "restore.accepted" "Somebody accepted that the store knows less than it did.",
    OperationIntended "operation.intended" "A remote write is about to be made.",
    OperationChanged "operation.changed" "A run went on to another state.",
    WorkSeen "work.seen" "What an account holds was looked at.",
    WorkOrdered "work.ordered" "Somebody chose what becomes of a person's work.",
    WorkIntended "work.intended" "Some of an account's work is about to be given to others.",
    WorkMoved "work.moved" "Some of an account's work was given to others, as read back.",
    CapabilityLearned "capability.learned" "Trying taught what an app can do.",
    ChecksChanged "checks.changed" "Checks found something new, or that something was put right.",
    ExceptionMade "exception.made" "Somebody answers for leaving something wrong until a date.",
    ExceptionEnded "exception.ended" "An exception was taken back.",
    Attested "attested" "Somebody gave their word for what no system tells.",
    AttestationWithdrawn "attestation.withdrawn" "Somebody's word was taken back.",
    CriticalDeclared "critical.declared" "An app was declared critical, or what holds for it changed.",
    CriticalWithdrawn "critical.withdrawn" "An app is no longer declared critical.",
    SigningKeyMade "signing_key.made" "The key was made with which evidence is signed.",
    SigningKeyChanged "signing_key.changed" "Another key signs evidence from now on.",
    CheckpointMade "checkpoint.made" "How far the journal had come was signed.",
    EvidenceExported "evidence.exported" "A bundle of evidence was made.",
    UserAdded "user.added" "Somebody may sign in to Muster.",
    UserChanged "user.changed" "What somebody may do in Muster was changed.",
    UserRemoved "user.removed" "Somebody may no longer sign in to Muster.",
    SignInLinked "sign_in.link_made" "A link was made that lets somebody in once.",
    SignInChanged "sign_in.changed" "How somebody proves who she is was changed.",
    SignedIn "signed_in" "Somebody signed in.",
    SignedOut "signed_out" "Somebody signed out, or was signed out.",
    SignInRefused "sign_in.refused" "Somebody failed to sign in.",
    ApiTokenMade "api_token.made" "A token for scripts was made.",
    ApiTokenRevoked "api_token.revoked" "A token for scripts was taken back.",
    Denied "denied" "Somebody asked for what she may not do.",
}

impl Event {
    /// Whether what it tells may change who should have what, or whether an operation may go: the
    /// loop then looks at once. What a look itself writes down is not news.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a line for each kind, so that none is forgotten")]
    pub const fn is_news(self) -> bool {
        match self {
            Self::HomeCreated
            | Self::AppDisconnected
            | Self::AppSeen
            | Self::AppQuarantined
            | Self::AppReleased
            | Self::AppUnseen
            | Self::RosterRefused
            | Self::EntryRestated
            | Self::AppObserved
            | Self::AccountsChanged
            | Self::TrailRead
            | Self::Noticed
            | Self::TaskAssigned
            | Self::AccountHeld
            | Self::AccountShielded
            | Self::PlanMade
            | Self::OperationIntended
            | Self::OperationChanged
            | Self::WorkSeen
            | Self::WorkIntended
            | Self::WorkMoved
            | Self::CapabilityLearned
            | Self::ChecksChanged
            | Self::SigningKeyMade
            | Self::SigningKeyChanged
            | Self::CheckpointMade
            | Self::EvidenceExported
            | Self::UserAdded
            | Self::UserChanged
            | Self::UserRemoved
            | Self::SignInLinked
            | Self::SignInChanged
            | Self::SignedIn
            | Self::SignedOut
            | Self::SignInRefused
            | Self::ApiTokenMade
            | Self::ApiTokenRevoked
            | Self::Denied => false,
            Self::AppAdded
            | Self::AppChanged
            | Self::RosterImported
            | Self::PersonAdded
            | Self::PersonChanged
            | Self::ExtensionAsked
            | Self::ExtensionApproved
            | Self::ExtensionRejected
            | Self::PersonUnmentioned
            | Self::PersonMerged
            | Self::PersonParted
            | Self::PersonRedacted
            | Self::Frozen
            | Self::Thawed
            | Self::GroupChanged
            | Self::GroupRemoved
            | Self::GroupJoined
            | Self::GroupLeft
            | Self::AccessGranted
            | Self::AccessRevoked
            | Self::PersonEndOrdered
            | Self::PersonEndCancelled
            | Self::PeopleDistinct
            | Self::PolicyApplied
            | Self::AccountLinked
            | Self::AccountClassified
            | Self::AccountUnwanted
            | Self::AccountNotTheirs
            | Self::AccountMet
            | Self::OperationApproved
            | Self::OperationRejected
            | Self::RejectionWithdrawn
            | Self::Delegated
            | Self::DelegationEnded
            | Self::Undone
            | Self::UndoEnded
            | Self::RestoreAccepted
            | Self::WorkOrdered
            | Self::ExceptionMade
            | Self::ExceptionEnded
            | Self::Attested
            | Self::AttestationWithdrawn
            | Self::CriticalDeclared
            | Self::CriticalWithdrawn => true,
        }
    }
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<AppName>,
    /// The account in that app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// The plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Digest>,
}

/// One entry, as it is chained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// 1 for the first entry of an organisation, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who: a person's name, or `muster`.
    pub actor: String,
    /// What.
    pub event: Event,
    /// About what.
    pub about: About,
    /// The details. `null` once redacted.
    pub data: serde_json::Value,
    /// Chance that keeps the digest of short data from being guessed back; 32 hexadecimal digits.
    pub salt: String,
    /// The digest of salt and data.
    pub data_digest: Digest,
    /// The hash of the entry before; all zero for the first.
    pub prev: Digest,
    /// The hash of this entry.
    pub hash: Digest,
}

/// Where and how a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An entry is missing, doubled or out of order.
    #[error("entry {expected} is missing or out of place: entry {found} stands there")]
    Gap {
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// An entry does not follow from the one before it.
    #[error("entry {seq} does not follow from the entry before it")]
    Unlinked {
        /// The entry.
        seq: u64,
    },
    /// An entry's content is not what it was when it was written.
    #[error("entry {seq} was changed after it was written")]
    Edited {
        /// The entry.
        seq: u64,
    },
    /// An entry's data is gone, though no redaction tells that it took it out.
    #[error("entry {seq} lost its data, and no redaction says that it took it out")]
    Emptied {
        /// The entry.
        seq: u64,
    },
    /// An entry is not the one that was signed: the journal was written anew.
    #[error("entry {seq} is not the one that was signed on {at}: the journal was written anew")]
    Contradicted {
        /// The entry.
        seq: u64,
        /// When it was signed.
        at: Timestamp,
    },
    /// The end of the chain is missing.
    #[error("the journal ends at entry {found}, but entry {expected} was written")]
    Truncated {
        /// The last entry that was written.
        expected: u64,
        /// The last entry there is.
        found: u64,
    },
}

/// What is to be journaled: an entry before it has its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub event: Event,
    /// About what.
    pub about: About,
    /// The details.
    pub data: serde_json::Value,
}

impl Entry {
    /// Chains `draft` after the entry with number `seq - 1` and hash `prev`.
    ///
    /// # Errors
    /// When `data` cannot be canonical JSON.
    pub fn chain(
        draft: Draft,
        seq: u64,
        prev: Digest,
        salt: [u8; 16],
    ) -> Result<Self, serde_json::Error> {
        let Draft { at, actor, event, about, data } = draft;
        let salt = data_encoding::HEXLOWER.encode(&salt);
        let data_digest = digest_of_data(&salt, &data)?;
        let mut entry = Self {
            seq,
            at,
            actor,
            event,
            about,
            data,
            salt,
            data_digest,
            prev,
            hash: Digest::zero(),
        };
        entry.hash = entry.computed_hash()?;
        Ok(entry)
    }

    fn computed_hash(&self) -> Result<Digest, serde_json::Error> {
        Ok(digest_of_parts(&[
            &self.prev.to_string(),
            &self.seq.to_string(),
            &self.at.to_string(),
            &self.actor,
            self.event.word(),
            &canonical_json(&self.about)?,
            &self.data_digest.to_string(),
        ]))
    }

    /// Whether its data was taken out, or is withheld.
    #[must_use]
    pub fn is_without_data(&self) -> bool {
        self.data.is_null() && self.salt.is_empty()
    }

    /// Checks this entry against what came before it.
    ///
    /// # Errors
    /// Where and how the chain is broken.
    pub fn verify(&self, expected_seq: u64, prev: &Digest) -> Result<(), Broken> {
        if self.seq != expected_seq {
            return Err(Broken::Gap { expected: expected_seq, found: self.seq });
        }
        if self.prev != *prev {
            return Err(Broken::Unlinked { seq: self.seq });
        }
        let edited = Broken::Edited { seq: self.seq };
        let data_holds = self.is_without_data()
            || digest_of_data(&self.salt, &self.data).is_ok_and(|is| is == self.data_digest);
        let hash_holds = self.computed_hash().is_ok_and(|is| is == self.hash);
        if data_holds && hash_holds { Ok(()) } else { Err(edited) }
    }
}

/// Which entries of a journal lost their data, held against what redactions tell that they took
/// out.
#[derive(Debug, Clone, Default)]
pub struct TakenOut {
    without: BTreeSet<u64>,
    told: BTreeSet<u64>,
}

impl TakenOut {
    /// The name under which a redaction lists the entries whose data it took out.
    pub const ENTRIES: &str = "entries";

    /// Takes in an entry.
    pub fn see(&mut self, entry: &Entry) {
        if entry.is_without_data() {
            self.without.insert(entry.seq);
        } else if entry.event == Event::PersonRedacted {
            let told = entry.data.get(Self::ENTRIES).and_then(serde_json::Value::as_array);
            let told = told.into_iter().flatten().filter_map(serde_json::Value::as_u64);
            self.told.extend(told.filter(|told| *told < entry.seq));
        }
    }

    /// The first entry that lost its data without a redaction that tells so.
    #[must_use]
    pub fn unexplained(&self) -> Option<u64> {
        self.without.difference(&self.told).next().copied()
    }
}

/// By so much the clocks of two machines that write to one journal may differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(10);

/// Whether an entry of the journal that was written after one at `last` is dated clearly before it.
#[must_use]
pub fn went_back(last: Timestamp, at: Timestamp) -> bool {
    at.duration_since(last) < -CLOCK_SKEW
}

fn digest_of_data(salt: &str, data: &serde_json::Value) -> Result<Digest, serde_json::Error> {
    Ok(digest_of_parts(&[salt, &canonical_json(data)?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(n: u64) -> Vec<Entry> {
        let mut prev = Digest::zero();
        (1..=n)
            .map(|seq| {
                let draft = Draft {
                    at: "2026-10-01T12:00:00Z".parse().unwrap(),
                    actor: "muster".into(),
                    event: Event::AppObserved,
                    about: About::default(),
                    data: serde_json::json!({ "rows": seq }),
                };
                let entry = Entry::chain(draft, seq, prev, [7; 16]).unwrap();
                prev = entry.hash;
                entry
            })
            .collect()
    }

    fn verify(entries: &[Entry]) -> Result<(), Broken> {
        let mut prev = Digest::zero();
        for (expected, entry) in (1..).zip(entries) {
            entry.verify(expected, &prev)?;
            prev = entry.hash;
        }
        Ok(())
    }

    #[test]
    fn an_untouched_chain_verifies() {
        assert_eq!(verify(&chain(5)), Ok(()));
    }

    #[test]
    fn every_edit_is_found_where_it_is() {
        let mut edited = chain(5);
        edited[2].data = serde_json::json!({ "rows": 4 });
        assert_eq!(verify(&edited), Err(Broken::Edited { seq: 3 }));
        let mut actor = chain(5);
        actor[1].actor = "somebody".into();
        assert_eq!(verify(&actor), Err(Broken::Edited { seq: 2 }));
        let mut removed = chain(5);
        removed.remove(1);
        assert_eq!(verify(&removed), Err(Broken::Gap { expected: 2, found: 3 }));
        let mut swapped = chain(5);
        swapped.swap(1, 2);
        assert!(verify(&swapped).is_err());
    }

    #[test]
    fn redacted_data_leaves_the_chain_whole() {
        let mut redacted = chain(3);
        redacted[1].data = serde_json::Value::Null;
        redacted[1].salt = String::new();
        assert_eq!(verify(&redacted), Ok(()));
        let mut taken_out = TakenOut::default();
        redacted.iter().for_each(|entry| taken_out.see(entry));
        assert_eq!(taken_out.unexplained(), Some(2));
        let tells = |entries: serde_json::Value, seq| {
            let draft = Draft {
                at: "2026-10-02T12:00:00Z".parse().unwrap(),
                actor: "anna".into(),
                event: Event::PersonRedacted,
                about: About::default(),
                data: serde_json::json!({ TakenOut::ENTRIES: entries }),
            };
            Entry::chain(draft, seq, Digest::zero(), [7; 16]).unwrap()
        };
        // Nothing is excused by an entry that came before it, or by another number.
        for (entries, seq) in [(serde_json::json!([2]), 2), (serde_json::json!([1, 3, "2"]), 4)] {
            let mut other = taken_out.clone();
            other.see(&tells(entries, seq));
            assert_eq!(other.unexplained(), Some(2));
        }
        taken_out.see(&tells(serde_json::json!([2]), 4));
        assert_eq!(taken_out.unexplained(), None);
    }
}
