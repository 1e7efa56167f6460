//! The company as it is, the rosters it exports, and an independent opinion of who should have
//! access: plain dates, no engine.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Weekday},
    tz::TimeZone,
};

use crate::{
    orders::Orders,
    setup::{AtLeave, Setup},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Works,
    Ended,
    Withdrawn,
}

/// Who tells of a person first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Hr,
    /// The agency that sends contractors: the second source.
    Agency,
    /// People at the keyboard.
    Hand,
}

/// The first day away, and the first day back where it is known.
pub(crate) type Absence = (Date, Option<Date>);

/// What was told by hand of an engagement; it goes before what HR tells.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ByWord {
    pub(crate) job: Option<(&'static str, &'static str)>,
    pub(crate) end: Option<Date>,
    pub(crate) last_day: Option<Date>,
    pub(crate) dismissed: Option<Timestamp>,
    pub(crate) withdrawn: bool,
    pub(crate) leave: Option<Absence>,
}

#[derive(Debug, Clone)]
pub(crate) struct Stint {
    pub(crate) start: Date,
    pub(crate) last_day: Option<Date>,
    pub(crate) status: Status,
    pub(crate) involuntary: bool,
    pub(crate) dept: &'static str,
    pub(crate) title: &'static str,
    /// The title by the second source, which goes before HR's.
    pub(crate) agency_title: Option<&'static str>,
    pub(crate) leave: Option<Absence>,
    pub(crate) by_word: ByWord,
    /// The manager, among the members.
    pub(crate) boss: Option<usize>,
    /// When Muster first heard of it.
    pub(crate) seen: Option<Timestamp>,
    /// When Muster was told that it has ended.
    pub(crate) ended_told: Option<Timestamp>,
    /// When somebody ordered the end by hand.
    pub(crate) ordered: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// The id by which her source knows her; for who was added by hand, Muster's own.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) emails: Vec<String>,
    pub(crate) stints: Vec<Stint>,
    /// Whether the roster lists her.
    pub(crate) listed: bool,
    pub(crate) origin: Origin,
}

/// What somebody should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Should {
    /// This role.
    Have(&'static str),
    /// She is away, and would have this role: what the policy does with such accounts.
    Away(AtLeave, &'static str),
    /// Nothing that lets in; with whether a named person ordered that.
    Lose { ordered: bool },
    /// Nobody says.
    Keep,
}

/// What an opinion rests on beside the person: the policy, and what was ordered by hand.
#[derive(Clone, Copy)]
pub(crate) struct Rulebook<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) orders: &'a Orders,
}

const LADDER: [&str; 5] = ["observer-agent", "lite-agent", "basic-agent", "agent", "admin"];

pub(crate) fn strength(role: &str) -> usize {
    LADDER.iter().position(|known| *known == role).unwrap_or(9)
}

/// The role of this name.
pub(crate) fn role_named(name: &str) -> Option<&'static str> {
    LADDER.into_iter().find(|known| *known == name)
}

impl Stint {
    pub(crate) const fn new(start: Date, dept: &'static str, title: &'static str) -> Self {
        Self {
            start,
            last_day: None,
            status: Status::Works,
            involuntary: false,
            dept,
            title,
            agency_title: None,
            leave: None,
            by_word: ByWord {
                job: None,
                end: None,
                last_day: None,
                dismissed: None,
                withdrawn: false,
                leave: None,
            },
            boss: None,
            seen: None,
            ended_told: None,
            ordered: None,
        }
    }

    pub(crate) fn job(&self) -> (&'static str, &'static str) {
        let (dept, title) = (self.dept, self.agency_title.unwrap_or(self.title));
        self.by_word.job.unwrap_or((dept, title))
    }

    fn withdrawn(&self) -> bool {
        self.status == Status::Withdrawn || self.by_word.withdrawn
    }

    /// The last day that counts: of two that are told the earlier.
    pub(crate) fn last(&self) -> Option<Date> {
        let work = self.by_word.last_day.or(self.last_day);
        [work, self.by_word.end].into_iter().flatten().min()
    }

    /// Whether the work is over on `today`.
    pub(crate) fn over(&self, today: Date) -> bool {
        self.status != Status::Works
            || self.by_word.dismissed.is_some()
            || self.by_word.withdrawn
            || self.last().is_some_and(|day| day < today)
    }

    /// When access ends, and whether a named person ordered that.
    fn end(&self, zone: &TimeZone) -> Option<(Timestamp, bool)> {
        let dated = self.last().map(|day| at(day, 18, zone));
        let told = self.by_word.dismissed.or(self.ended_told);
        let told = match (dated, told) {
            (Some(dated), Some(told)) if self.involuntary || self.by_word.dismissed.is_some() => {
                Some(dated.min(told))
            }
            (Some(dated), _) => Some(dated),
            (None, told) => told,
        };
        match (told, self.ordered) {
            (Some(told), Some(ordered)) if ordered < told => Some((ordered, true)),
            (Some(told), ordered) => Some((told, ordered.is_some())),
            (None, Some(ordered)) => Some((ordered, true)),
            (None, None) => None,
        }
    }

    /// The end of this engagement, when work goes on without a break at `start`.
    fn touches(&self, start: Date, zone: &TimeZone) -> Option<Timestamp> {
        let last = self.last().filter(|last| *last < start)?;
        let (end, _) = self.end(zone).filter(|(end, _)| *end == at(last, 18, zone))?;
        let free = |day: &Date| matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let mut day = last.tomorrow().unwrap();
        while day < start && free(&day) {
            day = day.tomorrow().unwrap();
        }
        (day == start).then_some(end)
    }

    pub(crate) fn away(&self, today: Date) -> bool {
        let leave = self.by_word.leave.or(self.leave);
        leave.is_some_and(|(from, back)| from <= today && back.is_none_or(|back| today < back))
    }

    /// What the policy's own rules give.
    fn ruled(&self, basic: &'static str) -> Option<&'static str> {
        match self.job() {
            ("IT", _) => Some("admin"),
            ("Support", title) if title.contains("Lead") => Some("agent"),
            ("Support", _) => Some(basic),
            _ => None,
        }
    }
}

impl Member {
    pub(crate) fn email(&self) -> &str {
        self.emails.last().unwrap()
    }

    pub(crate) fn last(&self) -> &Stint {
        self.stints.last().unwrap()
    }

    pub(crate) fn last_mut(&mut self) -> &mut Stint {
        self.stints.last_mut().unwrap()
    }

    pub(crate) fn owns(&self, email: &str) -> bool {
        self.emails.iter().any(|own| own.eq_ignore_ascii_case(email))
    }

    /// What she should have at `now`.
    pub(crate) fn should(&self, now: Timestamp, book: Rulebook<'_>) -> Should {
        let zone = &book.setup.zone;
        let stints: Vec<_> = self.stints.iter().filter(|stint| !stint.withdrawn()).collect();
        let Some(last_end) = stints.iter().filter_map(|stint| stint.end(zone)).max() else {
            if stints.is_empty() {
                return Should::Lose { ordered: false };
            }
            return self.while_open(&stints, now, book).unwrap_or(Should::Keep);
        };
        if let Some(should) = self.while_open(&stints, now, book) {
            return should;
        }
        match stints.iter().any(|stint| stint.end(zone).is_some_and(|(end, _)| end <= now)) {
            true => Should::Lose { ordered: last_end.1 },
            false => Should::Keep,
        }
    }

    /// What the engagements of the moment give, if there is one.
    fn while_open(&self, stints: &[&Stint], now: Timestamp, book: Rulebook<'_>) -> Option<Should> {
        let zone = &book.setup.zone;
        let current: Vec<_> = stints
            .iter()
            .filter(|stint| begins(stint, stints, book.setup) <= now)
            .filter(|stint| stint.end(zone).is_none_or(|(end, _)| now < end))
            .collect();
        if current.is_empty() {
            return None;
        }
        let instead = book.orders.instead(self, now, book.setup);
        let ruled = |stint: &&&Stint| {
            let given = book.orders.beside(self, stint, now, book.setup);
            given.into_iter().chain(stint.ruled(book.setup.basic())).max_by_key(|r| strength(r))
        };
        let best = instead.or_else(|| current.iter().filter_map(ruled).max_by_key(|r| strength(r)));
        let Some(role) = best else {
            let lose = book.setup.no_rule_removes;
            return Some(if lose { Should::Lose { ordered: false } } else { Should::Keep });
        };
        let today = day_of(now, zone);
        let away = current.iter().all(|stint| stint.away(today));
        Some(if away { Should::Away(book.setup.at_leave, role) } else { Should::Have(role) })
    }

    /// Whether she has worked here without a break since `ordered`, when something was given to
    /// her by hand; or since the first day that was known to come then.
    pub(crate) fn stayed_since(&self, ordered: Timestamp, now: Timestamp, setup: &Setup) -> bool {
        let stints: Vec<_> = self.stints.iter().filter(|stint| !stint.withdrawn()).collect();
        let end = |stint: &Stint| stint.end(&setup.zone).map_or(Timestamp::MAX, |(end, _)| end);
        let known = stints
            .iter()
            .filter(|stint| stint.seen.is_some_and(|seen| seen <= ordered) && ordered < end(stint));
        let Some(first) = known.map(|stint| begins(stint, &stints, setup)).min() else {
            return false;
        };
        let mut reach = first.max(ordered);
        loop {
            let on = stints.iter().filter(|stint| begins(stint, &stints, setup) <= reach);
            match on.map(|stint| end(stint)).max() {
                Some(further) if further > reach => reach = further,
                _ => return now < reach,
            }
        }
    }

    /// Whether she has left, or never came, by what is told.
    pub(crate) fn left(&self, now: Timestamp, setup: &Setup) -> bool {
        self.stints
            .iter()
            .filter(|stint| !stint.withdrawn())
            .all(|stint| stint.end(&setup.zone).is_some_and(|(end, _)| end <= now))
    }

    /// When her last work ended.
    pub(crate) fn ended(&self, zone: &TimeZone) -> Option<Timestamp> {
        self.stints
            .iter()
            .filter(|stint| !stint.withdrawn())
            .filter_map(|s| Some(s.end(zone)?.0))
            .max()
    }
}

/// From when on `stint` lets in: its first day less the lead time, or the end that it touches.
fn begins(stint: &Stint, all: &[&Stint], setup: &Setup) -> Timestamp {
    let lead = at(stint.start.checked_sub(setup.lead_days.days()).unwrap(), 0, &setup.zone);
    let touching = all.iter().filter_map(|other| other.touches(stint.start, &setup.zone)).min();
    touching.map_or(lead, |end| end.min(lead))
}

/// `hour` o'clock on `day` where the organisation is.
pub(crate) fn at(day: Date, hour: i8, zone: &TimeZone) -> Timestamp {
    day.at(hour, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp()
}

pub(crate) fn day_of(now: Timestamp, zone: &TimeZone) -> Date {
    now.to_zoned(zone.clone()).date()
}

/// Everybody, as HR knows them and as Muster was last told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Company {
    pub(crate) members: Vec<Member>,
    pub(crate) told: BTreeMap<String, Member>,
    exports: usize,
}

const HEADINGS: &str = "source_id,display_name,work_email,status,start_date,last_working_day,\
                        termination_type,job_title,department,location,leave_start,leave_return,\
                        manager_source_id\n";

impl Company {
    pub(crate) fn hire(&mut self, start: Date, dept: &'static str, title: &'static str) -> usize {
        let number = self.members.len() + 1;
        let first = ["Ana", "Ben", "Cleo", "Dov", "Eva", "Finn", "Gül", "Hugo"][number % 8];
        let last = ["Ash", "Berg", "Cruz", "Dorn", "Ek", "Fux", "Grün"][number % 7];
        self.members.push(Member {
            id: format!("e{number:03}"),
            name: format!("{first} {last}"),
            emails: vec![format!("P{number}.Last@acme.example")],
            stints: vec![Stint::new(start, dept, title)],
            listed: true,
            origin: Origin::Hr,
        });
        number - 1
    }

    /// The roster, and the company as it tells it.
    pub(crate) fn export(
        &mut self,
        now: Timestamp,
        zone: &TimeZone,
    ) -> (String, BTreeMap<String, Member>) {
        self.list(Origin::Hr, now, zone)
    }

    /// The agency's list, and the company as it tells it: its contractors, and titles of others.
    pub(crate) fn agency(
        &mut self,
        now: Timestamp,
        zone: &TimeZone,
    ) -> (String, BTreeMap<String, Member>) {
        let (mut csv, mut told) = self.list(Origin::Agency, now, zone);
        for member in self.members.iter().filter(|member| member.origin == Origin::Hr) {
            for (number, stint) in member.stints.iter().enumerate() {
                let Some(title) = stint.agency_title else { continue };
                let (id, name, email, start) =
                    (&member.id, &member.name, member.email(), stint.start);
                csv.push_str(&format!(
                    "x{id},{name},{email},active,{start},,,{title},,desk {},,,\n",
                    self.exports
                ));
                let known = told.get_mut(id).and_then(|told| told.stints.get_mut(number));
                if let Some(known) = known {
                    known.agency_title = Some(title);
                }
            }
        }
        (csv, told)
    }

    fn list(
        &mut self,
        origin: Origin,
        now: Timestamp,
        zone: &TimeZone,
    ) -> (String, BTreeMap<String, Member>) {
        self.exports += 1;
        let mut csv = HEADINGS.to_owned();
        let mut told = self.told.clone();
        let listed: BTreeSet<String> = self
            .members
            .iter()
            .filter(|member| member.listed && member.origin == origin)
            .map(|member| member.id.clone())
            .collect();
        let ids: Vec<String> = self.members.iter().map(|member| member.id.clone()).collect();
        for member in self.members.iter_mut().filter(|member| listed.contains(&member.id)) {
            let stint = member.last_mut();
            let status = match stint.status {
                Status::Withdrawn => "withdrawn",
                Status::Ended => "ended",
                Status::Works if stint.start > day_of(now, zone) => "pending",
                Status::Works => "active",
            };
            if stint.status == Status::Ended {
                stint.ended_told = stint.ended_told.or(Some(now));
            }
            stint.seen = stint.seen.or(Some(now));
            let boss = stint.boss.map(|boss| ids[boss].as_str()).filter(|id| listed.contains(*id));
            let date = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
            let (away, back) = stint.leave.map_or((None, None), |(from, back)| (Some(from), back));
            csv.push_str(&format!(
                "{},{},{},{status},{},{},{},{},{},desk {},{},{},{}\n",
                member.id,
                member.name,
                member.emails.last().unwrap(),
                member.stints.last().unwrap().start,
                date(member.stints.last().unwrap().last_day),
                if member.stints.last().unwrap().involuntary { "involuntary" } else { "" },
                member.stints.last().unwrap().title,
                member.stints.last().unwrap().dept,
                self.exports,
                date(away),
                date(back),
                boss.unwrap_or_default(),
            ));
            let mut known = member.clone();
            if let Some(before) = told.get(&member.id) {
                for (stint, before) in known.stints.iter_mut().zip(&before.stints) {
                    stint.agency_title = before.agency_title;
                }
            }
            told.insert(member.id.clone(), known);
        }
        (csv, told)
    }

    /// Changes what is known of a member, here and at Muster's, by a word that needs no roster.
    pub(crate) fn by_word(&mut self, id: &str, change: impl Fn(&mut Member)) {
        let members = self.members.iter_mut().filter(|member| member.id == id);
        members.chain(self.told.get_mut(id)).for_each(change);
    }

    /// Whom Muster knows by this address.
    pub(crate) fn owners(&self, email: &str) -> Vec<&Member> {
        self.told.values().filter(|member| member.owns(email)).collect()
    }
}
