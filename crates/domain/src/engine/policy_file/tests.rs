use super::*;
use crate::model::{
    limits::Limit,
    policy::{Consent, Writes},
};

fn gorgias() -> Vec<KnownConnector> {
    vec![KnownConnector { name: "gorgias", roles: vec!["admin", "agent", "basic-agent"] }]
}

fn problems(text: &str) -> String {
    let problems = read(text, &gorgias()).unwrap_err();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_documented_example_is_read() {
    let text = include_str!("../../../../../examples/policy.yaml");
    let policy = read(text, &gorgias()).unwrap();
    let support = policy.apps.values().next().unwrap();
    assert_eq!(support.access.len(), 2);
    assert_eq!(support.limits.removals, Limit::of(2));
    assert_eq!(support.approval.privileged, Consent::Ask);
}

#[test]
fn every_problem_names_its_line_and_remedy() {
    insta::assert_snapshot!(problems(
        r#"
organization:
  time_zone: Europe/Berln
  domains: [acme]
  weekend: [saturn]
  holidays: [25.12.2026]
  places:
    DE: {time_zone: CET+1, weekend: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]}
apps:
  support:
    connector: gorgias
    owner: it.acme.example
    access:
      - {when: 'person.departement == "Support"', role: agent}
      - {when: 'person.department == "Support"', role: lead-agent}
    joiner: {invite_before: soon}
    mover: {grace: 3 months}
    leave: retain
    leaver: {follows: payroll, at: "25:00", remove: delete, delete_after: soon, hand_over: {to: the boss}}
    approval: {privileged: maybe}
  Sales: {connector: gorgeous}
"#
    ), @r#"
    line 3: "Europe/Berln" is not a time zone; use a name such as Europe/Berlin or America/New_York
    line 4: "acme" is not a domain; write it as in acme.example
    line 5: "saturn" is not one of: monday, tuesday, wednesday, thursday, friday, saturday, sunday
    line 6: "25.12.2026" is not a day; write it as in 2026-12-25
    line 8: "CET+1" is not a time zone; use a name such as Europe/Berlin or America/New_York
    line 8: a week without a working day; leave one out
    line 12: "it.acme.example" is not an e-mail address
    line 14: "person.departement == \"Support\"": person has no field "departement"; it has department, title, team, staff_role, kind, location, country, legal_entity, cost_centre, name, email, source, source_id
    line 15: gorgias has no role "lead-agent"; it has admin, agent, basic-agent
    line 16: "soon" is not a lead time; write it as in "1 working day" or "3 days", 90 at most
    line 17: "3 months" is not a grace period; write it as in "7 days" or "0 days", 90 at most
    line 18: "retain" is not one of: keep, suspend, reduce
    line 19: "25:00" is not a time of day; write it in quotes as in "18:00", or end_of_day
    line 19: "delete" is not one of: deactivate, reduce
    line 19: "payroll" is not one of: last_working_day, contract_end
    line 19: "soon" is not a number of days; write it as in "30 days", 3650 at most, or "never"
    line 19: "the boss" names nobody; write manager, an e-mail address, "team NAME", "round_robin A@X, B@X" or nobody
    line 20: "maybe" is not one of: ask, auto
    line 21: "Sales" is not a valid app name: use 1 to 40 lower-case letters, digits, - or _, starting with a letter
    line 21: there is no connector "gorgeous"; known: gorgias
    "#);
}

#[test]
fn broken_yaml_and_unknown_keys_name_the_line() {
    insta::assert_snapshot!(problems("organization: {time_zone: UTC\napps: {}\n"), @"line 2: while parsing a flow mapping, did not find expected ',' or '}'; see docs/guide/policy.md for every key and its values");
    insta::assert_snapshot!(problems("organization: {time_zone: UTC}\naps: {}\n"), @"line 2: unknown field `aps`, expected one of organization, apps, checks; see docs/guide/policy.md for every key and its values");
    insta::assert_snapshot!(problems("apps: {}\n"), @"line 1: missing field `organization`; see docs/guide/policy.md for every key and its values");
}

#[test]
fn nothing_is_written_until_someone_says_so() {
    let text = "organization: {time_zone: UTC}\napps: {support: {connector: gorgias}}\n";
    let policy = read(text, &gorgias()).unwrap();
    assert_eq!(policy.apps.values().next().unwrap().writes, Writes::default());
}

#[test]
fn what_a_library_says_is_told_in_our_words() {
    let app = |more: &str| {
        problems(&format!(
            "organization: {{time_zone: UTC}}\napps:\n  support:\n    connector: gorgias\n{more}"
        ))
    };
    insta::assert_snapshot!(app("    connector: gorgias\n"), @"line 5: the key connector is there twice; keep one of them; see docs/guide/policy.md for every key and its values");
    insta::assert_snapshot!(app("    seats: many\n"), @"line 5: a whole number, 0 or more, is wanted here; see docs/guide/policy.md for every key and its values");
    insta::assert_snapshot!(app("    seats: -1\n"), @"line 5: a whole number, 0 or more, is wanted here; see docs/guide/policy.md for every key and its values");
    insta::assert_snapshot!(app("    limits: {removals_per_day: 2.5}\n"), @"line 5: a whole number, 0 or more, is wanted here; see docs/guide/policy.md for every key and its values");
    insta::assert_snapshot!(app("    writes: {create: maybe}\n"), @"line 5: true or false is wanted here; see docs/guide/policy.md for every key and its values");
    insta::assert_snapshot!(app("    access: all\n"), @"line 5: a list is wanted here, as in [a, b]; see docs/guide/policy.md for every key and its values");
    insta::assert_snapshot!(app("    writes: [create]\n"), @"line 5: keys with values are wanted here, as in {key: value}; see docs/guide/policy.md for every key and its values");
    insta::assert_snapshot!(app("    owner: {name: x}\n"), @"line 5: one text is wanted here, not a list or keys; see docs/guide/policy.md for every key and its values");
    insta::assert_snapshot!(app("    protected: [\"\", \" \"]\n"), @r#"
    line 5: a protected login must not be blank; name one, or leave the entry out
    line 5: a protected login must not be blank; name one, or leave the entry out
    "#);
    insta::assert_snapshot!(app("    approval: {approvers: [boss], expires: soon}\n"), @r#"
    line 5: "boss" is no approver; write owner, manager or an address
    line 5: "soon" is not a time after which approvals lapse; write it as in "7 days", 90 at most
    "#);
    insta::assert_snapshot!(app("    limits: {removals: {count: 3, share: lots, window: 1 year}}\n"), @r#"
    line 5: "1 year" is not a window; write it as in "24 hours" or "7 days", 90 days at most
    line 5: "lots" is not a share; write it as in "5 %"
    "#);
    insta::assert_snapshot!(app("    seat_price: {amount: \"12,50\", currency: euro}\n"), @r#"
    line 5: "12,50" is not a price; write what a seat costs a month in quotes as in "50.00", 1000000.00 at most
    line 5: "euro" is not a currency; write its three letters as in EUR
    "#);
    insta::assert_snapshot!(app("    seat_price: {amount: \"50\"}\n"), @"line 5: missing field `currency`; see docs/guide/policy.md for every key and its values");
    insta::assert_snapshot!(problems("organization:\n  time_zone: UTC\n  stale_after: 0 days\n"), @r#"line 3: "0 days" is not a time after which a source is stale; write it as in "7 days", 1 at least and 366 at most"#);
    insta::assert_snapshot!(app("    approval: {approvers: [owner]}\n"), @"line 5: the owner is to approve, but nobody is named as owner; name her: owner: ADDRESS");
    insta::assert_snapshot!(app("    limits: {renames: {share: 5}}\n"), @r#"line 5: "5" is not a share; write it as in "5 %""#);
}

#[test]
fn what_is_wrong_with_checks_names_line_and_remedy() {
    let text = r#"organization: {time_zone: UTC}
apps:
  support:
    connector: gorgias
    who_may_use: {staff_roles: {Agent: lord}, groups: {"No Group": agent}, reviewed: soon}
  quiet:
    connector: gorgias
    critical: true
    who_may_use: {}
checks:
  fresh_within: 3 working days
  compliance_lead: nobody
  rules:
    tidy: {off: true}
    offboarded: {allowed: soon, severity: awful, at_most: 3}
    dormant: {at_most: 3}
    admins: {at_most: 0}
  separation:
    - {name: one, apart: [[support/admin]]}
    - {name: two, apart: [[support], [billing/admin]]}
"#;
    insta::assert_snapshot!(problems(text), @r#"
    line 5: "No Group" is not a valid group name: use 1 to 40 lower-case letters, digits, - or _, starting with a letter
    line 5: "soon" is not a day; write it as in 2026-12-25
    line 5: gorgias has no role "lord"; it has admin, agent, basic-agent
    line 5: who_may_use is the rule of a critical system; add critical: true
    line 9: the rule admits nobody; name staff_roles, groups, app_roles, requests: true, or everyone: ROLE
    line 11: write it in hours or days, as in "24 hours"; an age counts by the clock
    line 12: "nobody" is not an e-mail address
    line 14: there is no check "tidy"; there are identified, offboarded, access_rule, mfa, valid_access, list_fresh, dormant, admins, contractor_end, shared_account, stale_invitation, self_joined, came_back, key_owner, duplicates, separation
    line 15: "awful" is not one of: low, medium, high, critical
    line 15: "soon" is not a time; write none, or as in "24 hours", "7 days", "3 working days", 366 at most
    line 15: offboarded has no at_most; leave it out
    line 16: dormant has no at_most, but after_days
    line 17: at_most must be 1 or more
    line 19: a separation needs two sides or more, each with rights, as in apart: [[support/admin], [billing/approver]]
    line 20: "support" is not a right; write it as in support/admin
    line 20: a separation needs two sides or more, each with rights, as in apart: [[support/admin], [billing/approver]]
    line 20: the policy has no app billing
    "#);
}
