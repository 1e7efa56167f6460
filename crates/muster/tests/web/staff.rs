//! A company with troubles: leavers who still get in, a mover, a joiner, and somebody whose name is
//! an attack.

use std::collections::BTreeSet;

use muster::service::import::Import;
use muster_domain::model::{person::Person, roster::Presence};
use muster_simulator::{ActiveWrite, NewUser, Role as Has, UserRecord};
use muster_sources::ReadOptions;

use crate::server::Server;

pub(crate) const HOSTILE: &str = "<script>alert(1)</script>";

const POLICY: &str = r#"
organization: {time_zone: UTC, domains: [acme.example]}
apps:
  support:
    connector: gorgias
    writes: {create: true, update: true, deactivate: true, delete: false}
    access:
      - {when: 'person.department == "Support" && person.title.contains("Lead")', role: agent}
      - {when: 'person.department == "Support"', role: basic-agent}
    approval: {privileged: ask, delete: ask}
    limits: {removals_per_day: 1}
"#;

const ROSTER: &str = r#"Employee #,First Name,Last Name,Work Email,Status,Hire Date,Termination Date,Job Title,Department,Location
1001,Ann,Ash,ann@acme.example,Active,2020-01-01,,Support Lead,Support,Berlin
1002,Bob,Birch,bob@acme.example,Inactive,2020-01-01,2026-02-20,Support Agent,Support,Berlin
1003,Cid,Cole,cid@acme.example,Inactive,2020-01-01,2026-02-24,Support Agent,Support,Berlin
1004,Dan,Dale,dan@acme.example,Active,2026-03-02,,Support Agent,Support,Berlin
1005,Eve,East,eve@acme.example,Active,2020-01-01,,Support Agent,Support,Berlin
1006,Max,<script>alert(1)</script>,max@acme.example,Inactive,2020-01-01,2026-02-26,Support Agent,Support,Berlin
1007,Flo,Frost,flo@acme.example,Active,2020-01-01,2026-03-20,Support Agent,Support,Berlin
1008,=Gus,"Gale ""G""",gus@acme.example,Active,2026-05-04,,Head of Data,Data,Paris
"#;

/// A server for this company, which was read once; nothing was written yet.
pub(crate) async fn company() -> Server {
    let server = Server::new().await;
    let long_ago = "2025-01-01T00:00:00Z".parse().unwrap();
    server.sim.configure(|config| config.active_write = ActiveWrite::Applied);
    for (login, name, role) in [
        ("ann", "Ann Ash", Has::Agent),
        ("bob", "Bob Birch", Has::BasicAgent),
        ("cid", "Cid Cole", Has::BasicAgent),
        ("eve", "Eve East", Has::Agent),
        ("max", "Max <script>alert(1)</script>", Has::BasicAgent),
        ("flo", "Flo Frost", Has::BasicAgent),
    ] {
        let login = format!("{login}@acme.example");
        server.sim.add_user(NewUser::new(login).name(name).role(role).created_at(long_ago));
    }
    server.connect().await;
    server.muster.apply_policy(POLICY).await.unwrap();
    import(&server, ROSTER).await;
    server.muster.sync(&Server::app()).await.unwrap();
    server
}

/// Imports the roster of the company as it is by now.
pub(crate) async fn import(server: &Server, roster: &str) {
    let import = Import {
        source: Some("hr".parse().unwrap()),
        file_name: "acme.csv".to_owned(),
        bytes: roster.as_bytes().to_vec(),
        file_time: None,
        read: ReadOptions::default(),
        presence: Presence::Full,
        accept: BTreeSet::new(),
        complete: BTreeSet::new(),
    };
    let preview = server.muster.preview(&import).await.unwrap().unwrap();
    server.muster.import(&import, &preview).await.unwrap();
}

/// The account of `name` by the app's own records.
pub(crate) fn account(server: &Server, name: &str) -> Option<UserRecord> {
    let login = format!("{name}@acme.example");
    server.sim.users().into_iter().find(|user| user.email == login && user.exists())
}

/// Whether the app lets `name` in, by its own records.
pub(crate) fn gets_in(server: &Server, name: &str) -> bool {
    account(server, name).is_some_and(|user| user.is_active())
}

/// Somebody who works or worked there.
pub(crate) async fn person(server: &Server, name: &str) -> Person {
    server.muster.find_person(&format!("{name}@acme.example")).await.unwrap()
}
