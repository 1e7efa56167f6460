//! A look at a file as text, for people.

use std::fmt;

use crate::{
    checkup::{Checkup, ColumnUse, Container, Counts, Dates},
    dates::OrderBy,
    formats::formats,
    options::DateOrder,
    problem::column_name,
};

impl fmt::Display for Checkup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "format   {}", format_line(self))?;
        writeln!(f, "file     {}", file_line(&self.file))?;
        if let Some(dates) = &self.dates {
            writeln!(f, "dates    {}", dates_line(dates))?;
        }
        writeln!(f, "found    {}", counts_line(&self.counts))?;
        if !self.columns.is_empty() {
            writeln!(f, "columns")?;
            columns(f, &self.columns)?;
        }
        lines(f, "warning", &self.warnings)?;
        lines(f, "problem", &self.problems)
    }
}

fn format_line(checkup: &Checkup) -> String {
    let named = |name: Option<&str>| {
        let known = formats().iter().find(|known| Some(known.name) == name)?;
        Some(format!("{} ({})", known.title, known.name))
    };
    match (named(checkup.format.as_deref()), named(checkup.nearest)) {
        (Some(format), _) => format,
        (None, Some(nearest)) => format!("none that is known; looked at as {nearest}"),
        (None, None) => "none that is known".to_owned(),
    }
}

fn file_line(file: &Container) -> String {
    let Container { kind, encoding, delimiter, sheet, header_row } = file;
    let kind = kind.map(|kind| match kind {
        "json" => "JSON",
        "workbook" => "workbook",
        other => other,
    });
    let delimiter = delimiter.map(|delimiter| match delimiter {
        ',' => "commas".to_owned(),
        ';' => "semicolons".to_owned(),
        '\t' => "tabs".to_owned(),
        other => format!("cells separated by {other:?}"),
    });
    let parts = [
        Some(kind.unwrap_or("nothing that is read").to_owned()),
        encoding.map(str::to_owned),
        delimiter,
        sheet.as_ref().map(|sheet| format!("sheet {sheet:?}")),
        header_row.map(|row| format!("headings in row {row}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn dates_line(dates: &Dates) -> String {
    let order = dates.order.and_then(|word| word.parse::<DateOrder>().ok());
    let order = order.map(|order| order.to_string()).unwrap_or_default();
    match dates.by {
        OrderBy::Told => format!("{order}, as told"),
        OrderBy::Format => format!("{order}, as the format writes them, or year-month-day"),
        OrderBy::Values => format!("{order}, as the values show"),
        OrderBy::NotNeeded => "each can be read in one way only".to_owned(),
        OrderBy::Unknown => "day/month or month/day: cannot be told".to_owned(),
    }
}

fn counts_line(counts: &Counts) -> String {
    let Counts { rows, people, engagements, by_status, without_work_email } = counts;
    let some = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let mut line = format!(
        "{} with {} in {}",
        some(*people, "person", "people"),
        some(*engagements, "engagement", "engagements"),
        some(*rows, "row", "rows"),
    );
    let by_status: Vec<String> =
        by_status.iter().map(|(status, n)| format!("{n} {}", status.replace('_', " "))).collect();
    if !by_status.is_empty() {
        line = format!("{line}: {}", by_status.join(", "));
    }
    if *without_work_email > 0 {
        line = format!("{line}; {without_work_email} without an address at work");
    }
    line
}

fn columns(f: &mut fmt::Formatter<'_>, columns: &[ColumnUse]) -> fmt::Result {
    let name = |column: &ColumnUse| match column.heading.is_empty() {
        true => "(no heading)".to_owned(),
        false => column_name(0, &column.heading),
    };
    let width = columns.iter().map(|column| name(column).chars().count()).max().unwrap_or(0);
    for column in columns {
        let read_as = match column.read_as.as_slice() {
            [] => "not read".to_owned(),
            several => several.join(", "),
        };
        writeln!(f, "  {:<2} {:<width$}  {read_as}", column.letters, name(column))?;
    }
    Ok(())
}

fn lines<T: fmt::Display>(f: &mut fmt::Formatter<'_>, what: &str, all: &[T]) -> fmt::Result {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(f, "{} {what}{}", all.len(), if all.len() == 1 { "" } else { "s" })?;
    all.iter().try_for_each(|one| writeln!(f, "  {one}"))
}
