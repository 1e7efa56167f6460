//! The company of the demo: who works there, and what its helpdesk looks like after years without
//! anybody comparing the two lists.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use muster_simulator::{ActiveWrite, Clock, Config, Gorgias, NewUser, Role, Seats};

/// One line of the HR export, and what the helpdesk has for it.
struct Staff {
    name: &'static str,
    department: &'static str,
    title: &'static str,
    /// First day, in days from today.
    start: i32,
    /// Last day, in days from today.
    end: Option<i32>,
    /// The helpdesk role the account has, if there is an account.
    has: Option<Role>,
}

const fn works(name: &'static str, title: &'static str, has: Role) -> Staff {
    Staff { name, department: "Support", title, start: -600, end: None, has: Some(has) }
}

const fn agent(name: &'static str) -> Staff {
    works(name, "Support Agent", Role::BasicAgent)
}

const fn lead(name: &'static str) -> Staff {
    works(name, "Support Lead", Role::Agent)
}

const fn left(name: &'static str, days_ago: i32, has: Role) -> Staff {
    let end = Some(-days_ago);
    Staff { name, department: "Support", title: "Support Agent", start: -900, end, has: Some(has) }
}

const fn joins(name: &'static str, in_days: i32) -> Staff {
    let department = "Support";
    Staff { name, department, title: "Support Agent", start: in_days, end: None, has: None }
}

const STAFF: &[Staff] = &[
    // The owner of the helpdesk account leaves: only a person can hand ownership over.
    Staff {
        name: "Olive Owen",
        department: "Operations",
        title: "Head of Operations",
        start: -2000,
        end: Some(-1),
        has: None,
    },
    works("Ingrid Holm", "IT Administrator", Role::Admin),
    lead("María José Ángel"),
    lead("Kofi Mensah"),
    lead("Yuki Tanaka"),
    agent("Aarav Shah"),
    agent("Amélie Laurent"),
    agent("Bruno Costa"),
    agent("Chen Wei"),
    agent("Chiara Ricci"),
    agent("Daniel O'Brien"),
    agent("Elif Yılmaz"),
    agent("Emma Johansson"),
    agent("Fatima Zahra"),
    agent("Finn Nielsen"),
    agent("Gabriela Núñez"),
    agent("Hana Nováková"),
    agent("Ivan Petrov"),
    agent("Jakub Wójcik"),
    agent("Jonas Weber"),
    agent("Kwame Boateng"),
    agent("Leila Haddad"),
    agent("Liam Murphy"),
    agent("Lucía Fernández"),
    agent("Maja Kovač"),
    agent("Minh Nguyễn"),
    agent("Noor de Vries"),
    agent("Olga Ivanova"),
    agent("Paul Müller"),
    agent("Priya Nair"),
    agent("Rania Khalil"),
    agent("Sofia Rossi"),
    // Wrong roles.
    works("Tomás Silva", "Support Agent", Role::Admin),
    works("Viktor Lindqvist", "Support Lead", Role::BasicAgent),
    // Leavers who still get in.
    left("Bob Jones", 3, Role::BasicAgent),
    left("Carla Diaz", 12, Role::Agent),
    left("Dmitri Volkov", 30, Role::BasicAgent),
    // A leaver who was taken out of every group first: no rule speaks of her any more.
    Staff {
        name: "Wendy Moore",
        department: "",
        title: "",
        start: -700,
        end: Some(-2),
        has: Some(Role::BasicAgent),
    },
    // Joiners of today, and one of next month.
    joins("Zoë Baker", 0),
    joins("Samuel Osei", 0),
    joins("Тарас Шевчук", 0),
    joins("Nadia Rahman", 25),
];

/// The address people of the company have.
pub(super) fn email(name: &str) -> String {
    let ascii = |c: char| match c {
        'á' | 'à' | 'ã' => 'a',
        'é' | 'è' | 'ë' | 'ễ' => 'e',
        'í' | 'ı' => 'i',
        'ó' | 'ö' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        'č' => 'c',
        other => other,
    };
    let plain = match name {
        "Тарас Шевчук" => "Taras Shevchuk",
        other => other,
    };
    let local: String = plain
        .to_lowercase()
        .chars()
        .map(ascii)
        .filter(|c| c.is_ascii_alphanumeric() || *c == ' ')
        .map(|c| if c == ' ' { '.' } else { c })
        .collect();
    format!("{local}@acme.example")
}

/// The HR export, as BambooHR writes it.
pub(super) fn roster(today: Date) -> String {
    let mut csv = "Employee #,First Name,Last Name,Work Email,Status,Hire Date,Termination Date,\
                   Job Title,Department,Location\n"
        .to_owned();
    let day = |offset: i32| today.checked_add(offset.days()).unwrap_or(today);
    for (number, staff) in (1001..).zip(STAFF) {
        let (first, last) = staff.name.rsplit_once(' ').unwrap_or((staff.name, ""));
        let status = match staff.end {
            Some(end) if end < 0 => "Inactive",
            _ => "Active",
        };
        let end = staff.end.map(|end| day(end).to_string()).unwrap_or_default();
        let _ = writeln!(
            csv,
            "{number},{first},{last},{},{status},{},{end},{},{},Remote",
            email(staff.name),
            day(staff.start),
            staff.title,
            staff.department,
        );
    }
    csv
}

/// The policy.
pub(super) const POLICY: &str = r#"organization: {time_zone: America/New_York, domains: [acme.example]}
apps:
  support:
    connector: gorgias
    critical: true
    owner: ingrid.holm@acme.example
    account_owner: olive.owen@acme.example     # the API does not tell who owns the account
    writes: {create: true, update: true, deactivate: true, delete: false}
    access:                                    # first match wins
      - {when: 'person.title == "IT Administrator"', role: admin}
      - {when: 'person.department == "Support" && person.title.contains("Lead")', role: agent}
      - {when: 'person.department == "Support"', role: basic-agent}
    joiner: {invite_before: 1 working day}
    leaver: {at: "18:00", remove: deactivate, delete_after: never}
    approval: {privileged: ask, delete: ask}
    limits: {removals_per_day: 2}
"#;

/// The key with which Muster connects: of an account that belongs to no person.
pub(super) const KEY: &str = "demo-key-of-the-muster-account";

/// The login of that account.
pub(super) const KEY_LOGIN: &str = "muster@acme.example";

/// The helpdesk: some 40 agents, as they have piled up.
pub(super) fn helpdesk(now: Timestamp) -> Gorgias {
    let config = Config {
        subdomain: "acme".to_owned(),
        owner_email: email("Olive Owen"),
        active_write: ActiveWrite::Applied,
        ..Config::gorgias()
    };
    let gorgias = Gorgias::new(config, Clock::system());
    let long_ago = now.checked_sub(SignedDuration::from_hours(24 * 400)).unwrap_or(now);
    let user = |email: &str, name: &str, role: Role| {
        let user = NewUser::new(email).name(name).role(role).created_at(long_ago);
        gorgias.add_user(user)
    };
    let holder = user(KEY_LOGIN, "Muster", Role::Admin);
    // The first account is the owner's; the key is another's.
    let _ = gorgias.issue_key(holder, KEY);
    let _ = gorgias.edit_user(1, |owner| owner.name = "Olive Owen".to_owned());
    for staff in STAFF {
        if let Some(role) = staff.has {
            let id = user(&email(staff.name), staff.name, role);
            gorgias.add_ticket(Some(id), muster_simulator::TicketStatus::Open);
        }
    }
    user("agency-night@outsource.example", "Night Shift", Role::BasicAgent);
    user("support-shared@acme.example", "Support Inbox", Role::BasicAgent);
    user("qa.tester@webmail.example", "QA Tester", Role::LiteAgent);
    gorgias.add_user(NewUser::new("bot@1017").name("Answer Bot").bot().created_at(long_ago));
    let seats = gorgias.users().iter().filter(|user| user.role != Role::Bot).count();
    // Four leavers free four seats; three joiners want one each: one seat too few.
    let cap = u32::try_from(seats).unwrap_or_default().saturating_sub(2);
    gorgias.configure(|config| config.seats = Some(Seats { cap, code: 402 }));
    gorgias
}
