//! A plausible company by seed: the same number gives the same people.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    chance,
    clock::later,
    config::RoleNames,
    new_user::NewUser,
    tickets::TicketStatus,
    users::{Role, Sso},
    world::World,
};

/// First names and how they are spelt in an address.
const FIRST: [(&str, &str); 40] = [
    ("Zoë", "zoe"),
    ("Łukasz", "lukasz"),
    ("María José", "maria.jose"),
    ("Nguyễn", "nguyen"),
    ("Björn", "bjoern"),
    ("Chloé", "chloe"),
    ("Søren", "soren"),
    ("İpek", "ipek"),
    ("Ana", "ana"),
    ("Ben", "ben"),
    ("Chidi", "chidi"),
    ("Dana", "dana"),
    ("Елена", "elena"),
    ("Farid", "farid"),
    ("Γιώργος", "giorgos"),
    ("Hana", "hana"),
    ("Ines", "ines"),
    ("Jamal", "jamal"),
    ("Kofi", "kofi"),
    ("Lena", "lena"),
    ("美咲", "misaki"),
    ("Noah", "noah"),
    ("Óscar", "oscar"),
    ("Priya", "priya"),
    ("Quinn", "quinn"),
    ("Ravi", "ravi"),
    ("سارة", "sara"),
    ("Tom", "tom"),
    ("Uma", "uma"),
    ("Věra", "vera"),
    ("Wanjiru", "wanjiru"),
    ("Ximena", "ximena"),
    ("유진", "yujin"),
    ("Zsófia", "zsofia"),
    ("Aoife", "aoife"),
    ("D'Arcy", "darcy"),
    ("Émile", "emile"),
    ("Jean-Luc", "jean-luc"),
    ("Mette", "mette"),
    ("Owen", "owen"),
];

/// Last names and how they are spelt in an address.
const LAST: [(&str, &str); 50] = [
    ("Müller", "mueller"),
    ("O'Brien", "obrien"),
    ("García Márquez", "garcia"),
    ("Şahin", "sahin"),
    ("Nowak", "nowak"),
    ("Smith", "smith"),
    ("Okafor", "okafor"),
    ("Иванова", "ivanova"),
    ("Tanaka", "tanaka"),
    ("Dubois", "dubois"),
    ("van den Berg", "vandenberg"),
    ("Ångström", "angstrom"),
    ("Silva", "silva"),
    ("Kowalczyk", "kowalczyk"),
    ("Haddad", "haddad"),
    ("Patel", "patel"),
    ("Παπαδόπουλος", "papadopoulos"),
    ("Lindqvist", "lindqvist"),
    ("Mbeki", "mbeki"),
    ("Chen", "chen"),
    ("佐藤", "sato"),
    ("Rossi", "rossi"),
    ("Weiß", "weiss"),
    ("Fernández", "fernandez"),
    ("Abubakar", "abubakar"),
    ("Johansson", "johansson"),
    ("Kim", "kim"),
    ("Novák", "novak"),
    ("Lefèvre", "lefevre"),
    ("McDonald", "mcdonald"),
    ("Singh", "singh"),
    ("Popović", "popovic"),
    ("Yılmaz", "yilmaz"),
    ("Costa", "costa"),
    ("Becker", "becker"),
    ("Ortiz", "ortiz"),
    ("Đặng", "dang"),
    ("Hansen", "hansen"),
    ("Ali", "ali"),
    ("Fischer", "fischer"),
    ("Moreau", "moreau"),
    ("Virtanen", "virtanen"),
    ("Szabó", "szabo"),
    ("Bianchi", "bianchi"),
    ("Cohen", "cohen"),
    ("Ito", "ito"),
    ("Nkosi", "nkosi"),
    ("Walsh", "walsh"),
    ("Zhang", "zhang"),
    ("Őry", "ory"),
];

/// Pairs of a first and a last name; with more agents than that, middle initials come in.
const PAIRS: usize = FIRST.len() * LAST.len();
/// Has no divisor in common with [`PAIRS`], so its multiples meet every pair once.
const STRIDE: usize = 1237;
/// The oldest account is that much older than the moment of seeding.
const HISTORY_S: u64 = 3 * 365 * 86_400;

/// Fills the account and returns the new users' numbers, agents first.
pub(crate) fn company(world: &mut World, seed: u64, agents: usize, now: Timestamp) -> Vec<u64> {
    let domain = world.config.owner_email.split('@').nth(1).unwrap_or("acme.example").to_owned();
    let began = earlier(now, HISTORY_S);
    let mut ids: Vec<u64> = (0..agents)
        .map(|place| {
            let mut user = agent(seed, (place, agents), &domain, began);
            // Nobody has a role that this account's API has no name for.
            if world.config.role_names == RoleNames::Three
                && matches!(user.role, Role::BasicAgent | Role::LiteAgent)
            {
                user.role = Role::Agent;
            }
            world.add_user(user, now)
        })
        .collect();
    for id in &ids {
        let dice = chance::nth(seed ^ 0x71C5, *id);
        for ticket in 0..dice % 3 {
            let status = match (dice >> (8 * ticket)) % 4 {
                0 | 1 => TicketStatus::Open,
                2 => TicketStatus::Closed,
                _ => TicketStatus::Snoozed,
            };
            world.add_ticket(Some(*id), status, now);
        }
    }
    let app = format!("{:024x}", u128::from(chance::nth(seed, 1)) << 16);
    let bot = NewUser::new(format!("bot@{app}")).name("Gorgias Bot").bot().created_at(began);
    let service = NewUser::new(format!("{app}@apps.{domain}"))
        .name("Reporting App")
        .role(Role::Admin)
        .client_id(app)
        .created_at(began);
    ids.push(world.add_user(bot, now));
    ids.push(world.add_user(service, now));
    ids
}

/// The agent at a place among so many; each has its own name and address.
fn agent(seed: u64, (place, of): (usize, usize), domain: &str, began: Timestamp) -> NewUser {
    let start = usize::try_from(chance::nth(seed, 0) % 2_000).unwrap_or_default();
    let pair = (start + place * STRIDE) % PAIRS;
    let round = place / PAIRS;
    let nth = |list: &'static [(&str, &str)], at: usize| list.get(at).copied().unwrap_or_default();
    let (first, first_ascii) = nth(&FIRST, pair % FIRST.len());
    let (last, last_ascii) = nth(&LAST, pair / FIRST.len());
    let (name, email) = if round == 0 {
        (format!("{first} {last}"), format!("{first_ascii}.{last_ascii}@{domain}"))
    } else {
        let middle = initials(round);
        let lower = middle.to_lowercase();
        (
            format!("{first} {middle}. {last}"),
            format!("{first_ascii}.{lower}.{last_ascii}@{domain}"),
        )
    };
    let place = u64::try_from(place).unwrap_or_default();
    let step = HISTORY_S * 1_000_000 / u64::try_from(of.max(1)).unwrap_or(1);
    let jitter = chance::nth(seed ^ 0xC1, place) % step.max(1);
    let created = later(began, Duration::from_micros(place * step + jitter));
    let dice = chance::nth(seed ^ 0xA6, place);
    let user = NewUser::new(email).name(name).role(role(dice % 100)).created_at(created);
    let user = if (dice >> 8).is_multiple_of(3) { user.with_2fa() } else { user };
    match (dice >> 16) % 10 {
        0 | 1 => user.sso(Sso::Google),
        2 => user.sso(Sso::Office365),
        _ => user,
    }
}

const fn role(percent: u64) -> Role {
    match percent {
        0..=2 => Role::Admin,
        3..=19 => Role::Agent,
        20..=79 => Role::BasicAgent,
        80..=91 => Role::LiteAgent,
        _ => Role::ObserverAgent,
    }
}

/// A, B, … Z, AA, AB, …
fn initials(round: usize) -> String {
    let mut rest = round;
    let mut letters = Vec::new();
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

fn earlier(at: Timestamp, seconds: u64) -> Timestamp {
    let back = i64::try_from(seconds).unwrap_or(i64::MAX);
    at.checked_sub(jiff::SignedDuration::from_secs(back)).unwrap_or(Timestamp::UNIX_EPOCH)
}
