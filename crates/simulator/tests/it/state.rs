//! The state on disk.

use muster_simulator::{
    Clock, Config, Fault, Faults, Gorgias, ManualClock, NewUser, Rule, StateError, TicketStatus,
};

fn clock() -> Clock {
    ManualClock::new("2026-08-26T19:55:26Z".parse().unwrap()).clock()
}

#[test]
fn reopened_account_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gorgias.json");
    let before = Gorgias::open(&file, Config::guide(), clock()).unwrap();
    before.seed_company(5, 50);
    let gone = before.add_user(NewUser::new("gone@acme.example").invited());
    before.add_ticket(Some(gone), TicketStatus::Open);
    before.add_team("Night shift", vec![gone]);
    before.delete_user(gone).unwrap();
    before.add_customer("shopper@mail.example");
    before.set_faults(Faults::of(vec![Rule::new(Fault::Truncate).times(3)]));

    let after = Gorgias::open(&file, Config::gorgias(), clock()).unwrap();
    assert_eq!(after.config(), Config::guide(), "the file decides");
    assert_eq!(after.users(), before.users());
    assert_eq!(after.invitations(), before.invitations());
    assert_eq!(after.tickets(), before.tickets());
    assert_eq!(after.teams(), before.teams());
    assert_eq!(after.events(), before.events());
    assert_eq!(after.faults(), before.faults());
    let next = [&before, &after].map(|desk| desk.add_user(NewUser::new("next@acme.example")));
    assert_eq!(next[0], next[1]);
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(names, ["gorgias.json"], "no draft is left");
}

#[test]
fn file_of_something_else_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "milk, eggs").unwrap();
    let error = Gorgias::open(&file, Config::gorgias(), clock()).unwrap_err();
    assert!(matches!(error, StateError::Format { .. }));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "milk, eggs");
}

#[test]
fn folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("missing/gorgias.json");
    let error = Gorgias::open(&file, Config::gorgias(), clock()).unwrap_err();
    assert!(matches!(error, StateError::Write { .. }));
}
