//! Cells to dates. One order of day and month for the whole file, never guessed by row.

use jiff::civil::Date;
use serde::Serialize;

use crate::{
    delimited::Row,
    options::DateOrder,
    problem::{ProblemKind, Problems},
    recognise::Layout,
    table::Table,
};

/// What a cell says, before the order of day and month is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Blank,
    /// ISO, or with the month's name.
    Certain(Date),
    /// Two numbers and a year.
    Numbers(i8, i8, i16),
    Wrong(&'static str),
}

const NOT_A_DATE: &str = "not a date: write it as YYYY-MM-DD";
const NO_SUCH_DAY: &str = "there is no such day: correct it in the HR system";

/// The date in a cell. Blank and `0000-00-00` are none. Without an order, which was reported once
/// for the file, dates that need one are passed over; the others still show what else is wrong.
pub(crate) fn date(cell: &str, order: Option<DateOrder>) -> Result<Option<Date>, String> {
    match read(cell) {
        Reading::Blank => Ok(None),
        Reading::Certain(date) => Ok(Some(date)),
        Reading::Wrong(message) => Err(message.to_owned()),
        Reading::Numbers(a, b, year) => match order {
            Some(order) => numeric(a, b, year, order),
            None => unordered(a, b, year, cell),
        },
    }
}

fn unordered(a: i8, b: i8, year: i16, cell: &str) -> Result<Option<Date>, String> {
    let day_first = in_order(a, b, year, DateOrder::DayMonthYear);
    let month_first = in_order(a, b, year, DateOrder::MonthDayYear);
    match (day_first, month_first) {
        (None, None) => Err(NO_SUCH_DAY.to_owned()),
        (Some(one), Some(two)) => Ok((one == two || is_dotted(cell)).then_some(one)),
        (one, two) => Ok(one.or(two)),
    }
}

fn numeric(a: i8, b: i8, year: i16, order: DateOrder) -> Result<Option<Date>, String> {
    match in_order(a, b, year, order) {
        Some(date) => Ok(Some(date)),
        None if in_order(b, a, year, order).is_some() => Err(format!(
            "no such day when read as {order}: correct it, or use --dates {} if the whole \
                 file is written the other way round",
            other(order).word()
        )),
        None => Err(NO_SUCH_DAY.to_owned()),
    }
}

const fn other(order: DateOrder) -> DateOrder {
    match order {
        DateOrder::DayMonthYear => DateOrder::MonthDayYear,
        DateOrder::MonthDayYear => DateOrder::DayMonthYear,
    }
}

fn in_order(a: i8, b: i8, year: i16, order: DateOrder) -> Option<Date> {
    let (day, month) = match order {
        DateOrder::DayMonthYear => (a, b),
        DateOrder::MonthDayYear => (b, a),
    };
    Date::new(year, month, day).ok()
}

fn read(cell: &str) -> Reading {
    let cell = cell.trim();
    if cell.is_empty() || cell.starts_with("0000-00-00") || cell == "00/00/0000" {
        return Reading::Blank;
    }
    let (day, time) = split_time(cell);
    if !is_harmless_time(time) {
        return Reading::Wrong(
            "a date with a time and zone can be another day elsewhere: write it as YYYY-MM-DD",
        );
    }
    if cell.bytes().all(|b| b.is_ascii_digit() || b == b'.') && cell.matches('.').count() < 2 {
        return Reading::Wrong(
            "a bare number is no date: give the column a date format in the spreadsheet, or write \
             YYYY-MM-DD",
        );
    }
    by_parts(day)
}

/// The part before `T` or, where a clock follows, before the blank.
fn split_time(cell: &str) -> (&str, &str) {
    if let Some((day, time)) = cell.split_once('T')
        && day.ends_with(|c: char| c.is_ascii_digit())
    {
        return (day, time);
    }
    match cell.find(':').and_then(|colon| cell.get(..colon)?.rfind(' ')) {
        Some(blank) => cell.split_at(blank),
        None => (cell, ""),
    }
}

/// Midnight in whatever zone, or a time of day without one.
fn is_harmless_time(time: &str) -> bool {
    let time = time.trim();
    if time.is_empty() {
        return true;
    }
    let zone = time.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':' || c == '.');
    let clock = time.strip_suffix(zone).unwrap_or_default();
    let zone = zone.trim().to_ascii_uppercase();
    let midnight = clock.chars().all(|c| "0:.".contains(c));
    let offset = zone.chars().all(|c| c.is_ascii_digit() || "Z+-:".contains(c));
    !clock.is_empty() && (matches!(&*zone, "" | "AM" | "PM") || (midnight && offset))
}

fn by_parts(day: &str) -> Reading {
    let mut parts = day.split(['-', '/', '.', ' ', ',']).filter(|part| !part.is_empty());
    let (Some(a), Some(b), Some(c), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Reading::Wrong(NOT_A_DATE);
    };
    let certain = |year: &str, month: i8, day: &str| match (number(year), number(day)) {
        (Some(year), Some(day)) => small(day)
            .and_then(|day| Date::new(year, month, day).ok())
            .map_or(Reading::Wrong(NO_SUCH_DAY), Reading::Certain),
        _ => Reading::Wrong(NOT_A_DATE),
    };
    if let (4, Some(month)) = (a.len(), number(b).and_then(small)) {
        return certain(a, month, c);
    }
    if c.len() != 4 {
        let short_year = c.len() == 2 && number(c).is_some();
        return Reading::Wrong(if short_year {
            "a year of two digits can be read in two ways: export the date with four, best as \
             YYYY-MM-DD"
        } else {
            NOT_A_DATE
        });
    }
    match (month_name(a), month_name(b), number(a), number(b), number(c)) {
        (Some(month), None, _, _, _) => certain(c, month, b),
        (None, Some(month), _, _, _) => certain(c, month, a),
        (_, _, Some(a), Some(b), Some(year)) => match (small(a), small(b)) {
            (Some(a), Some(b)) => Reading::Numbers(a, b, year),
            _ => Reading::Wrong(NO_SUCH_DAY),
        },
        _ => Reading::Wrong(NOT_A_DATE),
    }
}

fn number(text: &str) -> Option<i16> {
    let digits = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn small(number: i16) -> Option<i8> {
    i8::try_from(number).ok().filter(|number| (1..=31).contains(number))
}

/// English names only: they are certain. Other languages are written with numbers.
fn month_name(text: &str) -> Option<i8> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let text = text.to_ascii_lowercase();
    let same = |name: &str| text.len() >= 3 && (name.starts_with(&text) || text == "sept");
    let at = match text.as_str() {
        "sept" => 8,
        _ => NAMES.iter().position(|name| same(name))?,
    };
    i8::try_from(at + 1).ok()
}

/// What the numeric dates of a file allow.
#[derive(Default)]
struct Evidence<'a> {
    /// Only day first fits: row, column.
    day_first: Vec<(&'a Row<'a>, usize)>,
    /// Only month first fits.
    month_first: Vec<(&'a Row<'a>, usize)>,
    /// Both fit and differ: the first such cell.
    either: Option<(&'a Row<'a>, usize)>,
    eithers: usize,
}

/// The order of day and month in a file, and where it is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decided {
    /// `None` when it could not be told, which is already a problem.
    pub(crate) order: Option<DateOrder>,
    pub(crate) by: OrderBy,
}

/// Where the order of day and month is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderBy {
    /// Told by the person who imports.
    Told,
    /// The format always writes it so.
    Format,
    /// The values of the file leave no doubt.
    Values,
    /// No date of the file needs it.
    NotNeeded,
    /// It is not known.
    Unknown,
}

/// The order of day and month in this file: what the user says, else what the format declares,
/// else what the values leave no doubt about.
pub(crate) fn decide(
    table: &Table<'_>,
    layout: &Layout,
    told: Option<DateOrder>,
    problems: &mut Problems,
) -> Decided {
    if told.is_some() {
        return Decided { order: told, by: OrderBy::Told };
    }
    if let [order] = layout.format.date_orders {
        return Decided { order: Some(*order), by: OrderBy::Format };
    }
    let evidence = gather(table, layout);
    let by_values = |order| Decided { order: Some(order), by: OrderBy::Values };
    let unknown = Decided { order: None, by: OrderBy::Unknown };
    let (day_first, month_first) = (evidence.day_first.len(), evidence.month_first.len());
    match (day_first, month_first) {
        (0, 0) => {
            let Some((row, place)) = evidence.either else {
                return Decided { order: Some(DateOrder::DayMonthYear), by: OrderBy::NotNeeded };
            };
            let message = format!(
                "every date of the file can be read as day/month and as month/day ({} of them \
                 differ): say which with --dates dmy or --dates mdy",
                evidence.eithers
            );
            problems.add(table.at(row, place, ProblemKind::DateOrder, message));
            unknown
        }
        (_, 0) => by_values(DateOrder::DayMonthYear),
        (0, _) => by_values(DateOrder::MonthDayYear),
        _ => {
            let (order, fewer) = if day_first < month_first {
                (DateOrder::MonthDayYear, &evidence.day_first)
            } else {
                (DateOrder::DayMonthYear, &evidence.month_first)
            };
            report_mixture(table, order, fewer, problems);
            unknown
        }
    }
}

/// With dots, the day comes first in every country that writes them.
fn is_dotted(cell: &str) -> bool {
    cell.matches('.').count() >= 2
}

fn gather<'a>(table: &'a Table<'a>, layout: &Layout) -> Evidence<'a> {
    let mut evidence = Evidence::default();
    let dates: Vec<usize> = layout
        .columns
        .iter()
        .filter(|(target, _)| target.is_date())
        .map(|&(_, place)| place)
        .collect();
    for row in &table.rows {
        for &place in &dates {
            let Reading::Numbers(a, b, year) = read(row.cell(place)) else { continue };
            let day_first = in_order(a, b, year, DateOrder::DayMonthYear);
            let month_first = in_order(a, b, year, DateOrder::MonthDayYear);
            let cell = || (row, place);
            match (day_first, month_first) {
                (Some(_), None) => evidence.day_first.push(cell()),
                (None, Some(_)) => evidence.month_first.push(cell()),
                (Some(a), Some(b)) if a != b && is_dotted(row.cell(place)) => {
                    evidence.day_first.push(cell());
                }
                (Some(a), Some(b)) if a != b => {
                    evidence.eithers += 1;
                    evidence.either.get_or_insert_with(cell);
                }
                _ => {}
            }
        }
    }
    evidence
}

fn report_mixture(
    table: &Table<'_>,
    order: DateOrder,
    fewer: &[(&Row<'_>, usize)],
    problems: &mut Problems,
) {
    let message = format!(
        "only {} fits here, but {order} fits elsewhere: the file mixes both, so none of its dates \
         can be believed; export it again with one date format",
        other(order)
    );
    for (row, place) in fewer {
        problems.add(table.at(row, *place, ProblemKind::DateOrder, message.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(cell: &str) -> String {
        let show = |order| match date(cell, Some(order)) {
            Ok(Some(date)) => date.to_string(),
            Ok(None) => "none".to_owned(),
            Err(message) => message,
        };
        let (dmy, mdy) = (show(DateOrder::DayMonthYear), show(DateOrder::MonthDayYear));
        if dmy == mdy { format!("{cell} = {dmy}") } else { format!("{cell} = {dmy} | {mdy}") }
    }

    #[test]
    fn dates_are_read_in_one_way_or_not_at_all() {
        let cells = [
            "2024-02-29",
            "2023-02-29",
            "2024/3/1",
            "2024-03-01T00:00:00Z",
            "2024-03-01 08:30",
            "2024-03-01T23:30:00+02:00",
            "3/4/2025",
            "25/12/2024",
            "12-25-2024",
            "31.02.2024",
            "1 Feb 2024",
            "Feb 1, 2024",
            "01-FEB-2024",
            "September 9 2024",
            "1/2/24",
            "45306",
            "20240115",
            "0000-00-00",
            "",
            "soon",
            "2024-13-01",
            "1/2/2024 12:00:00 AM",
            "1/0/1900",
            "2024-1",
            "2024-03-01T00:00:00+02:00",
            "2024-03-01 noon:",
            "2024-03-01T00:00 foo",
            "99/99/9999",
        ];
        let read: Vec<_> = cells.iter().map(|cell| both(cell)).collect();
        insta::assert_snapshot!(read.join("\n"), @"
        2024-02-29 = 2024-02-29
        2023-02-29 = there is no such day: correct it in the HR system
        2024/3/1 = 2024-03-01
        2024-03-01T00:00:00Z = 2024-03-01
        2024-03-01 08:30 = 2024-03-01
        2024-03-01T23:30:00+02:00 = a date with a time and zone can be another day elsewhere: write it as YYYY-MM-DD
        3/4/2025 = 2025-04-03 | 2025-03-04
        25/12/2024 = 2024-12-25 | no such day when read as month/day/year: correct it, or use --dates dmy if the whole file is written the other way round
        12-25-2024 = no such day when read as day/month/year: correct it, or use --dates mdy if the whole file is written the other way round | 2024-12-25
        31.02.2024 = there is no such day: correct it in the HR system
        1 Feb 2024 = 2024-02-01
        Feb 1, 2024 = 2024-02-01
        01-FEB-2024 = 2024-02-01
        September 9 2024 = 2024-09-09
        1/2/24 = a year of two digits can be read in two ways: export the date with four, best as YYYY-MM-DD
        45306 = a bare number is no date: give the column a date format in the spreadsheet, or write YYYY-MM-DD
        20240115 = a bare number is no date: give the column a date format in the spreadsheet, or write YYYY-MM-DD
        0000-00-00 = none
         = none
        soon = not a date: write it as YYYY-MM-DD
        2024-13-01 = there is no such day: correct it in the HR system
        1/2/2024 12:00:00 AM = 2024-02-01 | 2024-01-02
        1/0/1900 = there is no such day: correct it in the HR system
        2024-1 = not a date: write it as YYYY-MM-DD
        2024-03-01T00:00:00+02:00 = 2024-03-01
        2024-03-01 noon: = a date with a time and zone can be another day elsewhere: write it as YYYY-MM-DD
        2024-03-01T00:00 foo = a date with a time and zone can be another day elsewhere: write it as YYYY-MM-DD
        99/99/9999 = there is no such day: correct it in the HR system
        ");
    }
}
