//! A plan, to be read like a pull request: what it comes to, then each operation with what it
//! changes, why, what nothing puts back, and what holds it.

use std::fmt::Write;

use jiff::tz::TimeZone;
use muster_domain::model::plan::{Action, Difference, Group, Operation, Plan, Reversibility, Risk};

use super::{Style, clean, count};
use crate::cli::session::when;

/// Where the text of an operation's lines begins.
const INDENT: usize = 16;

/// Fewer characters than this in a line are not worth wrapping for.
const NARROWEST: usize = 24;

/// The whole plan.
pub(in crate::cli) fn plan(plan: &Plan, style: Style, zone: &TimeZone) -> String {
    let mut out = head(plan, style, zone);
    for (title, one) in
        [("Leavers", Group::Leaver), ("Movers", Group::Mover), ("Joiners", Group::Joiner)]
    {
        let belongs = |operation: &&Operation| operation.action.group() == one;
        let operations: Vec<_> = plan.operations.iter().filter(belongs).collect();
        if operations.is_empty() {
            continue;
        }
        let number = style.dim(&format!("({})", operations.len()));
        let _ = writeln!(out, "\n{} {number}", style.bold(title));
        for (index, one) in operations.iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            out.push_str(&operation(one, style));
        }
    }
    if !plan.blocked.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Blocked"));
        for blocked in &plan.blocked {
            let name = clean(&blocked.person.name);
            let text = format!("{name}: {}", clean(&blocked.reason));
            let _ = writeln!(out, "  {} {}", style.yellow("!"), style.wrapped(&text, 4));
            out.push_str(&line(style, &style.dim("remedy"), 6, &blocked.remedy));
        }
    }
    if !plan.notes.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("To know"));
        for note in &plan.notes {
            let text = format!("{}: {}", clean(&note.person.name), clean(&note.says));
            let _ = writeln!(out, "  {} {}", style.yellow("!"), style.wrapped(&text, 4));
        }
    }
    if !plan.upcoming.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Coming up"));
        for next in plan.upcoming.iter().take(10) {
            let name = clean(&next.person.name);
            let _ = writeln!(out, "    {}  {name} {}", when(next.at, zone), clean(&next.what));
        }
        if plan.upcoming.len() > 10 {
            let _ = writeln!(out, "    … and {} more", plan.upcoming.len() - 10);
        }
    }
    let _ = write!(out, "\n{}", summary(plan, style));
    out
}

/// What it is a plan for, what it comes to, and what it rests on.
fn head(plan: &Plan, style: Style, zone: &TimeZone) -> String {
    let mut counts: Vec<String> = Group::ALL
        .iter()
        .map(|one| {
            let n = plan.operations.iter().filter(|o| o.action.group() == *one).count();
            (n, count(n, one.word()))
        })
        .filter(|(n, _)| *n > 0)
        .map(|(_, text)| text)
        .collect();
    let lasting =
        plan.operations.iter().filter(|one| one.reversibility != Reversibility::Whole).count();
    if lasting > 0 {
        counts.push(style.yellow(&format!("{lasting} cannot be wholly undone")));
    }
    if !plan.blocked.is_empty() {
        counts.push(style.yellow(&format!("{} blocked", plan.blocked.len())));
    }
    if counts.is_empty() {
        counts.push("nothing to do".to_owned());
    }
    let observed = plan
        .basis
        .observed
        .map_or_else(|| "never read".to_owned(), |at| format!("read {}", when(at, zone)));
    let basis =
        format!("at {} · {observed} · policy {}", when(plan.at, zone), plan.basis.policy.brief());
    format!(
        "{}  {}\n{}\n",
        style.bold(&format!("Plan for {}", plan.app)),
        counts.join(" · "),
        style.dim(&style.wrapped(&basis, 0)),
    )
}

/// What a plan comes to, in one line.
pub(in crate::cli) fn summary(plan: &Plan, style: Style) -> String {
    if plan.operations.is_empty() {
        return match plan.blocked.len() {
            0 => {
                style.green("Nothing to do for the people who are known; see sync for other gaps.")
            }
            n => style.yellow(&format!("No operations, but {n} blocked.")),
        };
    }
    let goes = plan.operations.iter().filter(|operation| operation.goes()).count();
    let waits = plan.operations.len() - goes;
    let mut text = format!("{}: {goes} would go", count(plan.operations.len(), "operation"));
    if waits > 0 {
        let _ = write!(text, ", {}", style.yellow(&format!("{waits} wait")));
    }
    text
}

/// One operation: what it changes, why, and what holds it.
pub(in crate::cli) fn operation(operation: &Operation, style: Style) -> String {
    let mut out = String::new();
    let sign = match &operation.action {
        action if action.removes_access() => style.red("-"),
        Action::Create { .. } | Action::Reactivate { .. } | Action::GiveBack { .. } => {
            style.green("+")
        }
        _ => style.yellow("~"),
    };
    let risk = match operation.risk {
        Risk::High => style.red("high risk"),
        Risk::Medium => "medium risk".to_owned(),
        Risk::Low => style.dim("low risk"),
    };
    let _ = writeln!(
        out,
        "  {sign} {} {} {}  {risk}  {}",
        style.bold(&format!("{:<10}", operation.action.word().replace('_', " "))),
        clean(operation.name()),
        style.dim(&format!("<{}>", clean(operation.login()))),
        style.dim(&operation.fingerprint.brief()),
    );
    for Difference { field, before, after } in operation.differences() {
        for (sign, value) in [("-", before), ("+", after)] {
            let Some(value) = value else { continue };
            let text = format!("      {sign} {field:<7} {}", clean(&value));
            let text = if sign == "-" { style.red(&text) } else { style.green(&text) };
            let _ = writeln!(out, "{text}");
        }
    }
    let mut tell = |label: &str, text: &str| {
        out.push_str(&line(style, &style.dim(label), label.len(), text));
    };
    if let Some((label, text)) = operation.action.besides() {
        tell(label, &text);
    }
    match &operation.reversibility {
        Reversibility::Whole => {}
        Reversibility::Partly { lost } => tell("for good", lost),
        Reversibility::Never { lost } => tell("for ever", lost),
    }
    for (index, reason) in operation.reasons.iter().enumerate() {
        tell(if index == 0 { "because" } else { "" }, &reason.to_string());
    }
    if let Some(by) = &operation.approved_by {
        tell("approved", &format!("by {by}"));
    }
    if !operation.goes() {
        for hold in &operation.holds {
            out.push_str(&line(style, &style.yellow("waits"), 5, &hold.reason));
            out.push_str(&line(style, &style.dim("release"), 7, &hold.release));
        }
    }
    out
}

/// A labelled line; `shown` is how wide the label is, colours aside.
fn line(style: Style, label: &str, shown: usize, text: &str) -> String {
    let gap = " ".repeat(INDENT.saturating_sub(6 + shown));
    format!("      {label}{gap}{}\n", style.wrapped(&clean(text), INDENT))
}

impl Style {
    /// `text` in lines that fit, the second and later ones indented.
    fn wrapped(self, text: &str, indent: usize) -> String {
        let Some(width) = self.width else { return text.to_owned() };
        let room = width.saturating_sub(indent).max(NARROWEST);
        let mut lines = vec![String::new()];
        for word in text.split(' ') {
            let Some(last) = lines.last_mut() else { break };
            let long = last.chars().count() + 1 + word.chars().count() > room;
            if long && !last.is_empty() {
                lines.push(word.to_owned());
            } else {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(word);
            }
        }
        lines.join(&format!("\n{}", " ".repeat(indent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Plan {
        let text = r#"{
          "version": 1, "app": "support", "at": "2026-11-09T11:00:00Z",
          "basis": {"policy": "0000000000000000000000000000000000000000000000000000000000000000",
                    "observation": null, "observed": "2026-11-09T10:58:00Z"},
          "operations": [
            {"fingerprint": "3fa91c0d22aa3fa91c0d22aa3fa91c0d22aa3fa91c0d22aa3fa91c0d22aa3fa9",
             "app": "support", "action": "deactivate", "fallback": "observer-agent",
             "person": {"id": "per_aaaaaaaaaaaaaaaa", "name": "Ann Ash", "engagement": 1},
             "account": "7",
             "before": {"login": "ann.ash@acme.example", "name": "Ann Ash", "role": "agent", "status": "active"},
             "after": {"login": "ann.ash@acme.example", "name": "Ann Ash", "role": "agent", "status": "inactive"},
             "reasons": [{"from": "source hr/1001", "says": "last working day 2026-11-06"},
                         {"from": "account 7", "says": "theirs by work e-mail"}],
             "risk": "medium", "reversibility": {"undo": "whole"},
             "holds": [{"kind": "limit", "reason": "3 removals due and 0 made within 24 hours, more than the limit of 2",
                        "release": "muster approve 3fa91c0d22aa support, by manager Bo Birch or owner it@acme.example"}],
             "approved_by": null},
            {"fingerprint": "7c091c0d22aa3fa91c0d22aa3fa91c0d22aa3fa91c0d22aa3fa91c0d22aa3fa9",
             "app": "support", "action": "create",
             "new": {"email": "dan@acme.example", "name": "Dan Dale", "role": "basic-agent", "external_id": null},
             "person": {"id": "per_bbbbbbbbbbbbbbbb", "name": "Dan Dale", "engagement": 1},
             "account": null, "before": null,
             "after": {"login": "dan@acme.example", "name": "Dan Dale", "role": "basic-agent", "status": "invited"},
             "reasons": [{"from": "policy apps.support.access[1]", "says": "person.department == \"Support\" gives basic-agent"}],
             "risk": "medium",
             "reversibility": {"undo": "partly", "lost": "an invitation goes out by e-mail and cannot be called back unseen"},
             "holds": [], "approved_by": null}],
          "upcoming": [{"at": "2026-11-20T17:00:00Z", "person": {"id": "per_cccccccccccccccc", "name": "Cid Cole", "engagement": 1},
                        "what": "loses access", "reasons": []}],
          "blocked": [{"person": {"id": "per_dddddddddddddddd", "name": "Eve East", "engagement": null},
                       "reason": "should have an account, but has no work e-mail",
                       "remedy": "add the address in the source and import again"}]}"#;
        serde_json::from_str(text).unwrap()
    }

    fn shown(width: Option<usize>) -> String {
        plan(&sample(), Style { colour: false, width }, &TimeZone::UTC)
    }

    #[test]
    fn a_plan_fits_80_columns() {
        insta::assert_snapshot!(shown(Some(80)), @r#"
        Plan for support  1 leaver · 1 joiner · 1 cannot be wholly undone · 1 blocked
        at 2026-11-09 11:00 UTC · read 2026-11-09 10:58 UTC · policy 000000000000

        Leavers (1)
          - deactivate Ann Ash <ann.ash@acme.example>  medium risk  3fa91c0d22aa
              - sign-in active
              + sign-in shut out
              else      if the app ignores it: role → observer-agent, shown as reduced
              because   last working day 2026-11-06 (source hr/1001)
                        theirs by work e-mail (account 7)
              waits     3 removals due and 0 made within 24 hours, more than the limit
                        of 2
              release   muster approve 3fa91c0d22aa support, by manager Bo Birch or
                        owner it@acme.example

        Joiners (1)
          + create     Dan Dale <dan@acme.example>  medium risk  7c091c0d22aa
              + account "Dan Dale" as basic-agent, invited
              for good  an invitation goes out by e-mail and cannot be called back
                        unseen
              because   person.department == "Support" gives basic-agent (policy
                        apps.support.access[1])

        Blocked
          ! Eve East: should have an account, but has no work e-mail
              remedy    add the address in the source and import again

        Coming up
            2026-11-20 17:00 UTC  Cid Cole loses access

        2 operations: 1 would go, 1 wait
        "#);
        assert!(shown(Some(80)).lines().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn a_plan_fits_140_columns() {
        insta::assert_snapshot!(shown(Some(140)), @r#"
        Plan for support  1 leaver · 1 joiner · 1 cannot be wholly undone · 1 blocked
        at 2026-11-09 11:00 UTC · read 2026-11-09 10:58 UTC · policy 000000000000

        Leavers (1)
          - deactivate Ann Ash <ann.ash@acme.example>  medium risk  3fa91c0d22aa
              - sign-in active
              + sign-in shut out
              else      if the app ignores it: role → observer-agent, shown as reduced
              because   last working day 2026-11-06 (source hr/1001)
                        theirs by work e-mail (account 7)
              waits     3 removals due and 0 made within 24 hours, more than the limit of 2
              release   muster approve 3fa91c0d22aa support, by manager Bo Birch or owner it@acme.example

        Joiners (1)
          + create     Dan Dale <dan@acme.example>  medium risk  7c091c0d22aa
              + account "Dan Dale" as basic-agent, invited
              for good  an invitation goes out by e-mail and cannot be called back unseen
              because   person.department == "Support" gives basic-agent (policy apps.support.access[1])

        Blocked
          ! Eve East: should have an account, but has no work e-mail
              remedy    add the address in the source and import again

        Coming up
            2026-11-20 17:00 UTC  Cid Cole loses access

        2 operations: 1 would go, 1 wait
        "#);
        assert!(shown(Some(140)).lines().all(|line| line.chars().count() <= 140));
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        for width in [None, Some(80), Some(140)] {
            let coloured = plan(&sample(), Style { colour: true, width }, &TimeZone::UTC);
            let mut plain = String::new();
            let mut rest = coloured.as_str();
            while let Some((before, after)) = rest.split_once('\u{1b}') {
                plain.push_str(before);
                rest = after.split_once('m').unwrap().1;
            }
            plain.push_str(rest);
            assert_eq!(plain, shown(width));
            assert!(coloured.contains("\u{1b}[31m      - sign-in active\u{1b}[0m"), "{coloured}");
        }
    }
}
