//! Tickets and teams, in every dialect; judged by the app's own tickets.

use std::collections::BTreeSet;

use muster::connector::{ErrorKind, Lane, work::Holder, work::Work as _};
use muster_domain::model::{
    id::WorkId,
    work::{Reach, Standing},
};
use muster_simulator::{
    Config, Fault, Faults, ListShape, NewUser, Phase, Rule, TicketStatus, WriteStatus,
};

use crate::harness::{World, account_id};

const LANE: Lane = Lane::Routine;

fn dialects() -> Vec<Config> {
    let guide = Config::guide();
    vec![
        Config { write_status: WriteStatus::AcceptedEmpty, ..Config::gorgias() },
        Config { list: ListShape::BarePage, ..Config::gorgias() },
        Config { limits: muster_simulator::Limits::unlimited(), ..guide },
        Config::gorgias(),
    ]
}

/// Somebody with tickets, somebody without.
fn office(config: Config, tickets: usize) -> (World, u64, u64, Vec<u64>) {
    let world = World::unhurried(config);
    let from = world.sim.add_user(NewUser::new("ann@acme.example"));
    let to = world.sim.add_user(NewUser::new("ben@acme.example"));
    let ids = world.sim.add_tickets(tickets, Some(from), TicketStatus::Open);
    (world, from, to, ids)
}

fn work_id(id: u64) -> WorkId {
    id.to_string().parse().unwrap()
}

#[tokio::test]
async fn a_walk_without_changes_lists_every_ticket_of_one_account_and_no_other() {
    for config in dialects() {
        let bare = config.list == ListShape::BarePage;
        let (world, from, to, ids) = office(config, 250);
        world.sim.add_tickets(7, Some(to), TicketStatus::Open);
        let mut seen = BTreeSet::new();
        let (mut next, mut pages) = (None::<String>, 0);
        let reach = loop {
            let page = world.gorgias.work(LANE, &account_id(from), next.as_deref()).await.unwrap();
            pages += 1;
            seen.extend(page.items.into_iter().map(|item| item.id));
            match page.next {
                None => break page.reach,
                next_page => next = next_page,
            }
        };
        if bare {
            // Cut off without a word: what is there is there, and more may be.
            assert_eq!((seen.len(), reach), (100, Reach::AtLeast));
        } else {
            assert_eq!(seen, ids.into_iter().map(work_id).collect());
            assert_eq!((pages, reach), (3, Reach::Whole));
        }
        assert_eq!(world.sim.counters().total_writes(), 0);
    }
}

#[tokio::test]
async fn where_tickets_stand_is_read() {
    let (world, from, _, _) = office(Config::gorgias(), 0);
    for status in [TicketStatus::Open, TicketStatus::Snoozed, TicketStatus::Closed] {
        world.sim.add_ticket(Some(from), status);
    }
    let page = world.gorgias.work(LANE, &account_id(from), None).await.unwrap();
    let standing: Vec<_> = page.items.iter().map(|item| item.standing).collect();
    let closed = Standing::Closed { at: Some(crate::harness::start()) };
    assert_eq!(standing, [Standing::Open, Standing::Snoozed, closed]);
}

#[tokio::test]
async fn one_ticket_goes_to_one_account_and_nothing_else_changes() {
    for config in dialects() {
        let (world, _, to, ids) = office(config, 3);
        let before = world.sim.tickets();
        let holder = Holder::Account(account_id(to));
        world.gorgias.assign(LANE, &work_id(ids[1]), &holder).await.unwrap();
        let after = world.sim.tickets();
        for (was, is) in before.iter().zip(&after) {
            let mut expected = was.clone();
            if was.id == ids[1] {
                expected.assignee = Some(to);
                expected.updated_at = is.updated_at;
            }
            assert_eq!(*is, expected);
        }
        let ids: Vec<_> = ids.into_iter().map(work_id).chain([work_id(999)]).collect();
        let holders = world.gorgias.holders(LANE, &ids).await.unwrap();
        assert_eq!(holders.len(), 3);
        assert_eq!(holders[&ids[1]], Some(holder));
        assert_ne!(holders[&ids[0]], holders[&ids[1]]);
    }
}

#[tokio::test]
async fn a_ticket_that_goes_to_a_team_has_no_assignee_any_more() {
    for config in dialects() {
        let (world, from, to, ids) = office(config, 1);
        let team = world.sim.add_team("Chat", vec![to]);
        let holder = Holder::Team(team.to_string());
        world.gorgias.assign(LANE, &work_id(ids[0]), &holder).await.unwrap();
        let ticket = &world.sim.tickets()[0];
        assert_eq!((ticket.assignee, ticket.team), (None, Some(team)));
        let holders = world.gorgias.holders(LANE, &[work_id(ids[0])]).await.unwrap();
        assert_eq!(holders[&work_id(ids[0])], Some(holder));
        let left = world.gorgias.work(LANE, &account_id(from), None).await.unwrap();
        assert!(left.items.is_empty());
    }
}

#[tokio::test]
async fn a_team_is_left_by_one_and_kept_by_the_others() {
    for config in dialects() {
        let (world, from, to, _) = office(config, 0);
        let chat = world.sim.add_team("Chat", vec![to, from, 1]);
        world.sim.add_team("Voice", vec![from]);
        let teams = world.gorgias.teams(LANE).await.unwrap();
        assert_eq!(teams.len(), 2);
        let mut team = teams.into_iter().find(|team| team.id == chat.to_string()).unwrap();
        assert_eq!(team.members, [to, from, 1].map(account_id));
        team.members.retain(|member| *member != account_id(from));
        world.gorgias.set_members(LANE, &team).await.unwrap();
        let teams = world.sim.teams();
        assert_eq!((teams[0].name.as_str(), &teams[0].members), ("Chat", &vec![to, 1]));
        assert_eq!(teams[1].members, [from]);
    }
}

#[tokio::test]
async fn a_view_is_a_read_and_asked_for_again_but_a_move_is_not_made_twice() {
    let (world, from, to, ids) = office(Config::gorgias(), 1);
    let lost =
        |method, route| Rule::new(Fault::Drop { phase: Phase::After }).on(method, route).times(1);
    world.sim.set_faults(Faults::of(vec![
        lost("PUT", "/api/views/{id}/items"),
        lost("PUT", "/api/tickets/{id}"),
    ]));
    let page = world.gorgias.work(LANE, &account_id(from), None).await.unwrap();
    assert_eq!(page.items.len(), 1);
    let holder = Holder::Account(account_id(to));
    let lost = world.gorgias.assign(LANE, &work_id(ids[0]), &holder).await.unwrap_err();
    assert_eq!(lost.kind, ErrorKind::OutcomeUnknown);
    assert_eq!(world.requests("PUT /api/tickets/{id}"), 1);
    let nobody = Holder::Account(account_id(77));
    let refused = world.gorgias.assign(LANE, &work_id(ids[0]), &nobody).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid);
    let gone = world.gorgias.assign(LANE, &work_id(99), &holder).await.unwrap_err();
    assert_eq!(gone.kind, ErrorKind::NotFound);
}
