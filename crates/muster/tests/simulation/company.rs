//! The company as it is, the roster it exports, and an independent opinion of who should have
//! access: plain dates, no engine.

use std::collections::BTreeMap;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Weekday},
    tz::TimeZone,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Works,
    Ended,
    Withdrawn,
}

#[derive(Debug, Clone)]
pub(crate) struct Stint {
    pub(crate) start: Date,
    pub(crate) last_day: Option<Date>,
    pub(crate) status: Status,
    pub(crate) involuntary: bool,
    pub(crate) dept: &'static str,
    pub(crate) title: &'static str,
    /// When Muster was told that it has ended.
    pub(crate) ended_told: Option<Timestamp>,
    /// When somebody ordered the end by hand.
    pub(crate) ordered: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) emails: Vec<String>,
    pub(crate) stints: Vec<Stint>,
    /// Whether the roster lists her.
    pub(crate) listed: bool,
}

/// What somebody should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Should {
    /// This role.
    Have(&'static str),
    /// Nothing that lets in; with whether a named person ordered that.
    Lose { ordered: bool },
    /// Nobody says.
    Keep,
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
            ended_told: None,
            ordered: None,
        }
    }

    /// When access ends, and whether a named person ordered that.
    fn end(&self) -> Option<(Timestamp, bool)> {
        let dated = self.last_day.map(|day| at(day, 18));
        let told = match (dated, self.ended_told) {
            (Some(dated), Some(told)) if self.involuntary => Some(dated.min(told)),
            (Some(dated), _) => Some(dated),
            (None, told) => told,
        };
        match (told, self.ordered) {
            (Some(told), Some(ordered)) if ordered < told => Some((ordered, true)),
            (Some(told), _) => Some((told, false)),
            (None, Some(ordered)) => Some((ordered, true)),
            (None, None) => None,
        }
    }

    /// The end of this engagement, when work goes on without a break at `start`.
    fn touches(&self, start: Date) -> Option<Timestamp> {
        let last = self.last_day.filter(|last| *last < start)?;
        let (end, _) = self.end().filter(|(end, _)| *end == at(last, 18))?;
        let free = |day: &Date| matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let mut day = last.tomorrow().unwrap();
        while day < start && free(&day) {
            day = day.tomorrow().unwrap();
        }
        (day == start).then_some(end)
    }

    fn role(&self, basic: &'static str) -> Option<&'static str> {
        match (self.dept, self.title) {
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
    pub(crate) fn should(&self, now: Timestamp, lead_days: i64, basic: &'static str) -> Should {
        let stints: Vec<_> =
            self.stints.iter().filter(|stint| stint.status != Status::Withdrawn).collect();
        let Some(last_end) = stints.iter().filter_map(|stint| stint.end()).max() else {
            if stints.is_empty() {
                return Should::Lose { ordered: false };
            }
            return self.while_open(&stints, now, lead_days, basic).unwrap_or(Should::Keep);
        };
        if let Some(should) = self.while_open(&stints, now, lead_days, basic) {
            return should;
        }
        match stints.iter().any(|stint| stint.end().is_some_and(|(end, _)| end <= now)) {
            true => Should::Lose { ordered: last_end.1 },
            false => Should::Keep,
        }
    }

    /// What the engagements of the moment give, if there is one.
    fn while_open(
        &self,
        stints: &[&Stint],
        now: Timestamp,
        lead_days: i64,
        basic: &'static str,
    ) -> Option<Should> {
        let current: Vec<_> = stints
            .iter()
            .filter(|stint| {
                let lead = at(stint.start.checked_sub(lead_days.days()).unwrap(), 0);
                let touching = stints.iter().filter_map(|other| other.touches(stint.start)).min();
                touching.map_or(lead, |end| end.min(lead)) <= now
            })
            .filter(|stint| stint.end().is_none_or(|(end, _)| now < end))
            .collect();
        if current.is_empty() {
            return None;
        }
        let rank = |role: &&str| {
            ["observer-agent", "basic-agent", "agent", "admin"]
                .iter()
                .position(|known| known == role)
        };
        let best = current.iter().filter_map(|stint| stint.role(basic)).max_by_key(rank);
        Some(best.map_or(Should::Keep, Should::Have))
    }
}

/// `hour` o'clock UTC on `day`.
pub(crate) fn at(day: Date, hour: i8) -> Timestamp {
    day.at(hour, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp()
}

pub(crate) fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

/// Everybody, as HR knows them and as Muster was last told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Company {
    pub(crate) members: Vec<Member>,
    pub(crate) told: BTreeMap<String, Member>,
    exports: usize,
}

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
        });
        number - 1
    }

    /// The roster, and the company as it tells it.
    pub(crate) fn export(&mut self, now: Timestamp) -> (String, BTreeMap<String, Member>) {
        self.exports += 1;
        let mut csv = "source_id,display_name,work_email,status,start_date,last_working_day,\
                       termination_type,job_title,department,location\n"
            .to_owned();
        let mut told = self.told.clone();
        for member in self.members.iter_mut().filter(|member| member.listed) {
            let stint = member.last_mut();
            let status = match stint.status {
                Status::Withdrawn => "withdrawn",
                Status::Ended => "ended",
                Status::Works if stint.start > today(now) => "pending",
                Status::Works => "active",
            };
            if stint.status == Status::Ended {
                stint.ended_told = stint.ended_told.or(Some(now));
            }
            let stint = member.last();
            csv.push_str(&format!(
                "{},{},{},{status},{},{},{},{},{},desk {}\n",
                member.id,
                member.name,
                member.email(),
                stint.start,
                stint.last_day.map(|day| day.to_string()).unwrap_or_default(),
                if stint.involuntary { "involuntary" } else { "" },
                stint.title,
                stint.dept,
                self.exports,
            ));
            told.insert(member.id.clone(), member.clone());
        }
        (csv, told)
    }

    /// Whom Muster knows by this address.
    pub(crate) fn owners(&self, email: &str) -> Vec<&Member> {
        self.told.values().filter(|member| member.owns(email)).collect()
    }
}
