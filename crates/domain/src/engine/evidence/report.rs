//! The report of a bundle for people: one page of HTML that needs nothing beside it, prints on A4,
//! and says no more than the files do.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    checkpoint::Checkpoint,
    manifest::Scope,
    page::{Listing, cut, escaped, isolated, moment},
};
use crate::{
    engine::checks::{self, Removal, Tally},
    model::{check::CheckState, id::AppName},
};

/// The numbers of a report.
#[derive(Debug, Clone)]
pub struct Numbers<'a> {
    /// What the bundle is of.
    pub scope: &'a Scope,
    /// The zone in which times are shown.
    pub zone: &'a TimeZone,
    /// The accounts of each app, and whether the last read of it is proven complete.
    pub apps: Vec<AppNumbers>,
    /// The populations at the beginning and at the end.
    pub populations: &'a [Population],
    /// How many units are in which state, by check and app.
    pub tallies: &'a BTreeMap<(String, Option<AppName>), Tally>,
    /// The checks that the policy switched off when the bundle was made.
    pub off: &'a [&'static str],
    /// Entries of the journal that are dated clearly before the one that precedes them.
    pub clock_went_back: &'a [u64],
    /// The leavers' accounts.
    pub leavers: Vec<LeaverNumbers>,
    /// How many decisions there were in the period.
    pub decisions: usize,
    /// How many times results of checks changed in the period.
    pub changes: usize,
    /// How many policies were valid in the period.
    pub policies: usize,
    /// How many files were attached as proof.
    pub attachments: usize,
    /// How far the journal had come.
    pub checkpoint: &'a Checkpoint,
    /// What is to be done, and what was decided: in this order.
    pub lists: &'a [Listing],
}

/// One app in numbers.
#[derive(Debug, Clone)]
pub struct AppNumbers {
    /// The app.
    pub app: AppName,
    /// The accounts that are there.
    pub accounts: usize,
    /// The accounts that are known to be gone.
    pub gone: usize,
    /// The reads in the period.
    pub reads: usize,
    /// Those of them that are proven complete.
    pub proven: usize,
    /// When the last read began, and whether it is proven complete.
    pub last: Option<(Timestamp, bool)>,
}

/// A population in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    /// Of the accounts of which app; of people otherwise.
    pub of: Option<AppName>,
    /// When the period began.
    pub start: Standing,
    /// When it ended.
    pub end: Standing,
    /// How many came in it.
    pub came: usize,
    /// How many went in it.
    pub went: usize,
}

/// How many there were at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many are known.
    pub count: usize,
    /// Whether that is proven to be all of them.
    pub complete: bool,
}

/// One leaver's access in numbers.
#[derive(Debug, Clone)]
pub struct LeaverNumbers {
    /// Who left, or the login.
    pub who: String,
    /// The app.
    pub app: AppName,
    /// What became of it.
    pub outcome: Removal,
    /// After how many minutes, or since how many.
    pub minutes: Option<u64>,
    /// How many were allowed.
    pub allowed: Option<u64>,
}

/// How many leavers' bars are drawn; the rest is in the list.
const DRAWN: usize = 40;

const STYLE: &str = "
@page { size: A4; margin: 18mm 16mm 20mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.5 system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif; color: #1d2530;
  background: #fff; max-width: 178mm; margin: 0 auto; padding: 12mm 0; }
@media print { body { padding: 0; } }
h1 { font-size: 21pt; font-weight: 600; line-height: 1.2; margin: 0 0 2mm; letter-spacing: -.01em; }
h2 { font-size: 13pt; font-weight: 600; margin: 9mm 0 2mm; break-after: avoid; }
p { margin: 0 0 3mm; } .dim { color: #5c6878; } .small { font-size: 9pt; }
code { font: 8.5pt/1.4 ui-monospace, 'Cascadia Mono', Menlo, monospace; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: 9.5pt; }
th { text-align: left; font-weight: 600; color: #5c6878; border-bottom: 1px solid #aab4c0; }
th, td { padding: 1.2mm 3mm 1.2mm 0; vertical-align: top; }
td { border-bottom: 1px solid #e6eaef; } tr { break-inside: avoid; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 4mm; margin: 6mm 0; }
.figure { border: 1px solid #dde3ea; border-radius: 2mm; padding: 3mm 4mm; break-inside: avoid; }
.figure b { display: block; font-size: 18pt; font-weight: 600; line-height: 1.2; }
.figure.bad b { color: #a3322a; }
svg { display: block; width: 100%; height: auto; } svg text { font-size: 11px; fill: #1d2530; }
svg .note { fill: #5c6878; }
.alarm { border: 1px solid #a3322a; border-left-width: 2mm; border-radius: 1mm; padding: 2mm 4mm;
  margin: 5mm 0 0; break-inside: avoid; color: #a3322a; font-weight: 600; }
table.list { font-size: 8.5pt; } table.list td { overflow-wrap: anywhere; }
table.list td:first-child { white-space: nowrap; } thead { display: table-header-group; }
.key { display: flex; flex-wrap: wrap; gap: 1mm 5mm; font-size: 9pt; margin: 2mm 0 0; }
.key i { display: inline-block; width: 3mm; height: 3mm; border-radius: .6mm; margin-right: 1.5mm; }
";

/// The report.
#[must_use]
pub fn html(numbers: &Numbers<'_>) -> String {
    let Numbers { scope, zone, .. } = numbers;
    let day = |at: Timestamp| at.to_zoned((*zone).clone()).strftime("%-d %B %Y").to_string();
    let last = scope.to.checked_sub(SignedDuration::from_secs(1)).unwrap_or(scope.to);
    let period = format!("{} to {}", day(scope.from), day(last));
    let of = scope.app.as_ref().map(|app| format!(" of {app}")).unwrap_or_default();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>Access evidence{of}, {period}</title><style>{STYLE}</style></head><body>\n"
    );
    let made = moment(scope.made, zone);
    let _ = writeln!(
        page,
        "<h1>Access evidence{}</h1><p class=\"dim\">{period} · {} · \
         made {made} by {} with {}</p>",
        isolated(&of),
        isolated(scope.org.as_str()),
        isolated(&scope.by),
        escaped(&scope.program),
    );
    page += &unread(numbers);
    page += &clock(numbers);
    page += &figures(numbers);
    page += &populations(numbers);
    page += &posture(numbers);
    page += &leavers(numbers);
    page.extend(numbers.lists.iter().map(Listing::html));
    page += &proof(numbers);
    page + "</body></html>\n"
}

/// Where nothing was read in the period, what is known is of another time.
fn unread(numbers: &Numbers<'_>) -> String {
    let mut text = String::new();
    for app in numbers.apps.iter().filter(|app| app.reads == 0) {
        let last = app.last.map_or_else(
            || "It was never read.".to_owned(),
            |(at, _)| format!("The last read began {}.", moment(at, numbers.zone)),
        );
        let _ = writeln!(
            text,
            "<div class=\"alarm\">No read of {} in this period: nothing here shows who had access to \
             it then. {last}</div>",
            isolated(app.app.as_str()),
        );
    }
    text
}

/// How many entries are named in words; the bundle holds all of them.
const NAMED: usize = 20;

/// Where a clock went back, no time is sure.
fn clock(numbers: &Numbers<'_>) -> String {
    let back = numbers.clock_went_back;
    if back.is_empty() {
        return String::new();
    }
    let named: Vec<_> = back.iter().take(NAMED).map(u64::to_string).collect();
    let more = back.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "<div class=\"alarm\">A clock went back in the journal: entry {}{more} is dated clearly before \
         the one that precedes it. Times around it are not to be relied on.</div>\n",
        named.join(", "),
    )
}

fn figures(numbers: &Numbers<'_>) -> String {
    let count = |outcome| numbers.leavers.iter().filter(|one| one.outcome == outcome).count();
    let late = count(Removal::Late) + count(Removal::Overdue);
    let failing: u64 = numbers.tallies.values().map(|tally| tally.of(CheckState::Fail)).sum();
    let was_read = |of: &AppName| numbers.apps.iter().any(|app| app.app == *of && app.reads > 0);
    let read = |one: &&Population| one.of.as_ref().is_some_and(was_read);
    let ended: Vec<_> = numbers.populations.iter().filter(read).map(|one| one.end).collect();
    let accounts = if ended.is_empty() {
        figure_of_nothing()
    } else {
        ended.iter().map(|end| end.count).sum::<usize>().to_string()
    };
    let leavers = numbers.leavers.iter().filter(|one| one.minutes.is_some()).count();
    let figure = |number: String, what: &str, bad: bool| {
        let bad = if bad { " bad" } else { "" };
        format!("<div class=\"figure{bad}\"><b>{number}</b>{what}</div>")
    };
    format!(
        "<div class=\"figures\">{}{}{}{}</div>\n",
        figure(accounts, "accounts at the end of the period", ended.is_empty()),
        figure(leavers.to_string(), "leavers’ accounts in the period", false),
        figure(late.to_string(), "of them removed late, or not yet", late > 0),
        figure(failing.to_string(), "failing results of checks, when this was made", failing > 0),
    )
}

/// What stands where nothing was counted: not a nought.
fn figure_of_nothing() -> String {
    "?".to_owned()
}

fn populations(numbers: &Numbers<'_>) -> String {
    let mut text = "<h2>Populations and their completeness</h2><p>Who has access, as last read. A \
                    read is proven when it reached the app’s own end mark and the app’s stated total, \
                    where it states one, is the number of accounts listed.</p><table><tr><th>App\
                    </th><th class=\"n\">Accounts</th><th class=\"n\">Gone</th><th class=\"n\">Reads \
                    in the period</th><th class=\"n\">proven</th><th>Last read</th></tr>"
        .to_owned();
    for app in &numbers.apps {
        let last = app.last.map_or_else(
            || "never".to_owned(),
            |(at, proven)| {
                let word = if proven { "proven" } else { "not proven" };
                format!("{}, {word}", moment(at, numbers.zone))
            },
        );
        // What was read at another time is not told as if it were of this one.
        let known = |n: usize| if app.reads == 0 { "not read".to_owned() } else { n.to_string() };
        let _ = write!(
            text,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td>{last}</td></tr>",
            isolated(app.app.as_str()),
            known(app.accounts),
            known(app.gone),
            app.reads,
            app.proven,
        );
    }
    text += "</table><p style=\"margin-top:4mm\">Who was there when the period began and when it \
             ended, as the journal tells. What was not read completely before is not known to be \
             all.</p><table><tr><th>Population</th><th class=\"n\">At the beginning</th>\
             <th class=\"n\">Came</th><th class=\"n\">Went</th><th class=\"n\">At the end</th></tr>";
    for one in numbers.populations {
        let of = one.of.as_ref().map_or_else(
            || "People (engagements that began and ended)".to_owned(),
            |app| format!("Accounts of {}", isolated(app.as_str())),
        );
        let standing = |standing: Standing| {
            let word = if standing.complete { "" } else { " known, not proven to be all" };
            format!("{}{word}", standing.count)
        };
        let _ = write!(
            text,
            "<tr><td>{of}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td></tr>",
            standing(one.start),
            one.came,
            one.went,
            standing(one.end),
        );
    }
    text + "</table><p class=\"dim small\">Files: accounts, observations, populations, \
            population_accounts, population_people, account_movements, people_movements, \
            imports.</p>\n"
}

const fn colour(state: CheckState) -> &'static str {
    match state {
        CheckState::Fail => "#b5473c",
        CheckState::Due => "#d9a13b",
        CheckState::NotEvaluable => "#8e9aaa",
        CheckState::Stale => "#b9a7c9",
        CheckState::Excepted => "#6f8fb8",
        CheckState::Pass => "#5d9b78",
        CheckState::NotApplicable => "#e6eaef",
    }
}

/// One bar a check: the share of its units in each state.
fn posture(numbers: &Numbers<'_>) -> String {
    let asked: Vec<_> = numbers.tallies.iter().filter(|(_, tally)| tally.asked() > 0).collect();
    let height = asked.len() * 26 + 6;
    let mut svg =
        format!("<svg viewBox=\"0 0 680 {height}\" role=\"img\" aria-label=\"Results by check\">");
    for (row, ((name, app), tally)) in asked.iter().enumerate() {
        let y = row * 26 + 4;
        let check = checks::by_name(name).map_or(name.as_str(), |check| check.name);
        let app = app.as_ref().map(|app| format!(" · {app}")).unwrap_or_default();
        let label = escaped(&cut(&format!("{check}{app}"), 36));
        let _ = write!(svg, "<text x=\"0\" y=\"{}\">{label}</text>", y + 13);
        let mut before = 0;
        for state in CheckState::ALL.into_iter().filter(|one| *one != CheckState::NotApplicable) {
            let n = tally.of(state);
            if n == 0 {
                continue;
            }
            let scaled = |n: u64| n * 400 / tally.asked().max(1);
            let (x, width) = (220 + scaled(before), scaled(n).max(2));
            let _ = write!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"17\" fill=\"{}\"><title>{n} \
                 {}</title></rect>",
                colour(state),
                state.word().replace('_', " "),
            );
            before += n;
        }
        let fails = tally.of(CheckState::Fail);
        let note = format!("{fails} of {}", tally.asked());
        let _ = write!(svg, "<text class=\"note\" x=\"632\" y=\"{}\">{note}</text>", y + 13);
    }
    let mut key = String::new();
    for state in CheckState::ALL.into_iter().filter(|one| *one != CheckState::NotApplicable) {
        let word = state.word().replace('_', " ");
        let _ = write!(key, "<span><i style=\"background:{}\"></i>{word}</span>", colour(state));
    }
    format!(
        "<h2>Posture by check, when this was made</h2><p>The number is that of failing units among \
         those asked. What cannot be told is never counted as a pass.</p>{svg}</svg><div \
         class=\"key\">{key}</div>{}{}<p class=\"dim small\">Files: checks, checks_off, \
         check_inputs, check_changes ({} changes in the period).</p>\n",
        states(&asked),
        off(numbers.off),
        numbers.changes
    )
}

/// What nobody looks at.
fn off(off: &[&str]) -> String {
    if off.is_empty() {
        return "<p>No check is switched off.</p>".to_owned();
    }
    format!(
        "<p><b>Not asked, because the policy switches it off: {}.</b> Nothing here says how that \
         stands.</p>",
        off.join(", ")
    )
}

/// The units of each check in each state, as numbers.
fn states(asked: &[(&(String, Option<AppName>), &Tally)]) -> String {
    let shown = || CheckState::ALL.into_iter().filter(|one| *one != CheckState::NotApplicable);
    let mut text = "<table style=\"margin-top:4mm\"><thead><tr><th>Check</th>".to_owned();
    for state in shown() {
        let _ = write!(text, "<th class=\"n\">{}</th>", state.word().replace('_', " "));
    }
    text += "</tr></thead><tbody>";
    for ((name, app), tally) in asked {
        let app = app.as_ref().map(|app| format!(" · {}", isolated(app.as_str())));
        let _ = write!(text, "<tr><td>{}{}</td>", escaped(name), app.unwrap_or_default());
        for state in shown() {
            let _ = write!(text, "<td class=\"n\">{}</td>", tally.of(state));
        }
        text += "</tr>";
    }
    text + "</tbody></table>"
}

/// Minutes as people say them.
fn spoken(minutes: u64) -> String {
    match minutes {
        0..=119 => format!("{minutes} min"),
        120..=2879 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// One bar a leaver's account: how much of the time allowed its removal took.
fn leavers(numbers: &Numbers<'_>) -> String {
    let mut bars: Vec<&LeaverNumbers> =
        numbers.leavers.iter().filter(|one| one.minutes.is_some()).collect();
    let share = |one: &LeaverNumbers| {
        one.minutes.unwrap_or_default() * 1000 / one.allowed.unwrap_or_default().max(1)
    };
    bars.sort_by_key(|one| std::cmp::Reverse(share(one)));
    let mut text = "<h2>Leavers: time to removal</h2><p>From the moment access was to end until a \
                    read showed that the account lets nobody in; where it was let in again, until it \
                    was shut out again. The line is the limit. Who stays by what was told later is \
                    listed all the same.</p>"
        .to_owned();
    let mut tally = String::new();
    for outcome in Removal::ALL {
        let n = numbers.leavers.iter().filter(|one| one.outcome == outcome).count();
        let _ = write!(tally, "<span>{n} {}</span>", outcome.word().replace('_', " "));
    }
    let _ = write!(text, "<div class=\"key\">{tally}</div>");
    let drawn = bars.len().min(DRAWN);
    if drawn > 0 {
        let height = drawn * 22 + 6;
        let _ = write!(
            text,
            "<svg viewBox=\"0 0 680 {height}\" role=\"img\" aria-label=\"Time to removal\">"
        );
        for (row, one) in bars.iter().take(DRAWN).enumerate() {
            let y = row * 22 + 4;
            let width = (share(one) * 180 / 1000).clamp(2, 360);
            let colour = match one.outcome {
                Removal::Late | Removal::Overdue => "#b5473c",
                Removal::Pending => "#d9a13b",
                Removal::InTime | Removal::NoAccount => "#5d9b78",
                Removal::Stays => "#8e9aaa",
            };
            let (who, app) = (cut(&one.who, 22), cut(one.app.as_str(), 13));
            let _ = write!(
                text,
                "<text x=\"0\" y=\"{}\">{}</text><text class=\"note\" x=\"136\" y=\"{}\">{}</text><rect x=\"220\" y=\"{y}\" width=\"{width}\" \
                 height=\"14\" fill=\"{colour}\"/><text class=\"note\" x=\"590\" y=\"{}\">{} of {}\
                 </text>",
                y + 11,
                escaped(&who),
                y + 11,
                escaped(&app),
                y + 11,
                spoken(one.minutes.unwrap_or_default()),
                spoken(one.allowed.unwrap_or_default()),
            );
        }
        let _ = write!(
            text,
            "<line x1=\"400\" x2=\"400\" y1=\"0\" y2=\"{height}\" stroke=\"#1d2530\" \
             stroke-dasharray=\"3 3\"/></svg>"
        );
    }
    if bars.len() > DRAWN {
        let _ = write!(text, "<p class=\"dim small\">The {DRAWN} slowest of {}.</p>", bars.len());
    }
    text + "<p class=\"dim small\">Files: leavers, leaver_access.</p>\n"
}

fn proof(numbers: &Numbers<'_>) -> String {
    let Checkpoint { seq, head, at, key, .. } = numbers.checkpoint;
    format!(
        "<h2>What this rests on</h2><p>{} decisions and approvals, {} policy versions and {} attached \
         proofs are in the bundle. Every file is listed with its SHA-256 in manifest.json, which is \
         signed.</p><table><tr><td>Journal</td><td>entry {seq}, <code>{head}</code>, {}</td></tr><tr>\
         <td>Key</td><td><code>{key}</code></td></tr><tr><td>Fingerprint</td><td><code>{}</code>\
         </td></tr></table><p class=\"small\" style=\"margin-top:3mm\">To verify: <code>muster \
         evidence verify BUNDLE --key {key}</code>, with the key from a hand you trust, not from \
         this page.</p>\n",
        numbers.decisions,
        numbers.policies,
        numbers.attachments,
        moment(*at, numbers.zone),
        key.fingerprint(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::evidence::key::SigningKey,
        model::{canonical::Digest, id::OrgId},
    };

    fn page(who: &str, reads: usize) -> String {
        let at: Timestamp = "2026-10-01T12:00:00Z".parse().unwrap();
        let scope = Scope {
            org: OrgId::default_org(),
            program: "muster 0".to_owned(),
            made: at,
            by: who.to_owned(),
            from: at,
            to: at,
            time_zone: "UTC".to_owned(),
            app: None,
        };
        let key = SigningKey::from_seed(&[7; 32]).unwrap().public();
        let head = Digest::zero();
        let checkpoint = Checkpoint { org: OrgId::default_org(), seq: 7, head, at, key };
        let app: AppName = "support".parse().unwrap();
        let mut tally = Tally::default();
        tally.0.extend([(CheckState::Pass, 8), (CheckState::Fail, 2)]);
        let leaver = LeaverNumbers {
            who: who.to_owned(),
            app: app.clone(),
            outcome: Removal::Late,
            minutes: Some(3000),
            allowed: Some(1440),
        };
        html(&Numbers {
            scope: &scope,
            zone: &TimeZone::UTC,
            apps: vec![AppNumbers {
                app: app.clone(),
                accounts: 41,
                gone: 1,
                reads,
                proven: reads,
                last: Some((at, true)),
            }],
            populations: &[Population {
                of: Some(app.clone()),
                start: Standing { count: 40, complete: false },
                end: Standing { count: 41, complete: true },
                came: 3,
                went: 2,
            }],
            tallies: &BTreeMap::from([(("offboarded".to_owned(), Some(app)), tally)]),
            off: &["dormant"],
            clock_went_back: &[12, 40],
            leavers: vec![leaver],
            decisions: 1,
            changes: 2,
            policies: 1,
            attachments: 0,
            checkpoint: &checkpoint,
            lists: &[],
        })
    }

    #[test]
    fn the_report_says_the_numbers_and_needs_nothing_beside_it() {
        let page = page("Ann Ash", 3);
        for told in [
            "<b>41</b>accounts at the end of the period",
            "<b>1</b>leavers’ accounts",
            "<b>1</b>of them removed late",
            "<b>2</b>failing",
            "2 of 10",
            "40 known, not proven to be all",
            "Accounts of <bdi>support</bdi>",
            "2 days of 24 h",
            "entry 7",
            "@page { size: A4",
            "Not asked, because the policy switches it off: dormant.",
            "A clock went back in the journal: entry 12, 40 is dated",
        ] {
            assert!(page.contains(told), "{told} is not in {page}");
        }
        for outside in ["http:", "https:", "<script", "src=", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn a_period_without_a_read_says_so_and_shows_nothing_of_another_time() {
        let page = page("Ann Ash", 0);
        assert!(page.contains("No read of <bdi>support</bdi> in this period"), "{page}");
        assert!(page.contains("<b>?</b>accounts at the end") && page.contains(">not read<"));
    }

    #[test]
    fn a_long_name_leaves_room_for_the_app_and_turns_nothing() {
        let page = page("Ann\u{202e} Ashley-Cholmondeley of the Long Name", 3);
        assert!(page.contains(">Ann Ashley-Cholmonde…</text>"), "{page}");
        assert!(page.contains(">support</text>") && !page.contains('\u{202e}'));
    }

    #[test]
    fn a_name_from_outside_stays_a_name() {
        let page = page("<script>alert('x')</script>", 3);
        assert!(!page.contains("<script"));
        assert!(page.contains("&lt;script&gt;"));
    }
}
