//! A company with troubles: leavers who still get in, accounts of nobody, names that mean harm.

use std::{collections::BTreeSet, fmt::Write as _};

use jiff::{SignedDuration, Timestamp};
use muster::service::{Unwatched, import::Import, users::NewUser};
use muster_domain::model::{
    cycle::Why,
    id::AppName,
    roster::Presence,
    user::{Role, User},
};
use muster_simulator::{NewUser as NewAccount, Role as AppRole};

use crate::server::{PASSWORD, Server};

/// A name as somebody would choose it who wants it to run in another's browser.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>";

/// A name that a spreadsheet would take for a formula.
pub(crate) const FORMULA: &str = "=HYPERLINK(\"http://evil.example\")";

/// Who works here, who left, and since when.
const PEOPLE: &[(&str, &str, &str)] = &[
    ("Ada Amber", "ada@acme.example", ""),
    ("Bob Birch", "bob@acme.example", "2026-02-20"),
    ("Cleo Cedar", "cleo@acme.example", "2026-02-25"),
    ("Dan Dale", "dan@acme.example", ""),
    ("Owen Oak", "owner@acme.example", ""),
];

const POLICY: &str = "
organization: {time_zone: UTC, domains: [acme.example]}
apps:
  support:
    connector: gorgias
    critical: true
    owner: ada@acme.example
    access:
      - {when: 'true', role: agent}
checks:
  rules:
    came_back: {off: true}
";

impl Server {
    /// A server with a company that has troubles, read once.
    pub(crate) async fn troubled() -> Self {
        let server = Self::new().await;
        server.connect().await;
        let long_ago: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
        let account = |email: &str, name: &str| {
            let new = NewAccount::new(email).name(name).role(AppRole::Agent).created_at(long_ago);
            server.sim.add_user(new)
        };
        for (name, email, _) in PEOPLE.iter().take(4) {
            account(email, name);
        }
        account("nobody@elsewhere.example", HOSTILE);
        account("=cmd@elsewhere.example", FORMULA);
        server.hire(&roster()).await;
        server.muster.apply_policy(POLICY).await.unwrap();
        server.go_round(Why::First).await;
        server
    }

    pub(crate) async fn hire(&self, csv: &str) {
        let import = Import {
            source: Some("hr".parse().unwrap()),
            file_name: "people.csv".to_owned(),
            bytes: csv.as_bytes().to_vec(),
            file_time: None,
            read: muster_sources::ReadOptions {
                format: Some("muster".to_owned()),
                ..Default::default()
            },
            presence: Presence::Full,
            accept: BTreeSet::new(),
            complete: BTreeSet::new(),
        };
        let preview = self.muster.preview(&import).await.unwrap().unwrap();
        self.muster.import(&import, &preview).await.unwrap();
    }

    pub(crate) async fn go_round(&self, why: Why) {
        let round = self.muster.go_round(&Self::app(), why, &Unwatched).await.unwrap();
        assert_eq!(round.unwrap().why, why);
    }

    pub(crate) fn later(&self, by: SignedDuration) {
        self.env.advance_to(self.env.now().checked_add(by).unwrap());
    }

    /// Lets somebody in who sees one app only.
    pub(crate) async fn limited(&self, name: &str, role: Role, app: &str) -> User {
        let user = self.user(name, role).await;
        let apps: BTreeSet<AppName> = [app.parse().unwrap()].into();
        let new = NewUser {
            email: user.email,
            name: user.name,
            role,
            apps: Some(apps),
            until: user.until,
        };
        let user = self.muster.put_user(new).await.unwrap();
        let password = muster::secret::Secret::new(PASSWORD.to_owned());
        self.muster.change_password(&user.email, &password, None).await.unwrap();
        user
    }
}

fn roster() -> String {
    let mut csv = "source_id,legal_first,legal_last,work_email,kind,status,start_date,end_date,\
                   job_title,department\n"
        .to_owned();
    for (number, (name, email, end)) in (1..).zip(PEOPLE) {
        let (first, last) = name.split_once(' ').unwrap();
        let status = if end.is_empty() { "active" } else { "terminated" };
        writeln!(
            csv,
            "p-{number},{first},{last},{email},employee,{status},2024-01-01,{end},Agent,Support"
        )
        .unwrap();
    }
    csv
}
