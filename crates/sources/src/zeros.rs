//! Ids that a spreadsheet has turned into numbers: leading zeros gone, or `1.2E+11`.

use muster_domain::model::roster::Field;

use crate::{
    delimited::Row,
    formats::Target,
    problem::{ProblemKind, Problems, Warning, Warnings},
    recognise::Layout,
    table::Table,
};

/// The columns that hold ids.
const IDS: &[Target] = &[
    Target::Field(Field::SourceId),
    Target::Field(Field::EmployeeNumber),
    Target::Field(Field::Position),
    Target::Field(Field::ManagerSourceId),
    Target::ManagerNumber,
    Target::ManagerPosition,
];

/// Reports mangled ids of every id column.
pub(crate) fn check(
    table: &Table<'_>,
    layout: &Layout,
    problems: &mut Problems,
    warnings: &mut Warnings,
) {
    let mut done = Vec::new();
    for &target in IDS {
        let Some(place) = layout.place(target).filter(|place| !done.contains(place)) else {
            continue;
        };
        done.push(place);
        check_exponents(table, place, problems);
        let padded = target.field().is_some_and(|field| layout.format.padded.contains(&field));
        check_zeros(table, place, padded, problems, warnings);
    }
}

fn check_exponents(table: &Table<'_>, place: usize, problems: &mut Problems) {
    for row in table.rows.iter().filter(|row| is_exponent(row.cell(place))) {
        let message = "a spreadsheet has turned this id into a number and rounded it: give the \
                       column the format Text, or export again without opening the file";
        problems.add(table.at(row, place, ProblemKind::InvalidValue, message));
    }
}

/// `1.23E+11`, `1,2E+11`; not `12E4`, which can be an id.
fn is_exponent(cell: &str) -> bool {
    let Some((mantissa, exponent)) = cell.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    exponent.strip_prefix('+').is_some_and(digits)
        && mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',')
}

/// Where some ids of digits start with a zero and those all have one width, shorter ones have lost
/// theirs. Without any such id but with mixed widths, a column that the system pads is suspect.
fn check_zeros(
    table: &Table<'_>,
    place: usize,
    padded: bool,
    problems: &mut Problems,
    warnings: &mut Warnings,
) {
    let digits = |row: &&Row<'_>| {
        let cell = row.cell(place);
        !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit())
    };
    let numbers = || table.rows.iter().filter(digits);
    let width = |row: &Row<'_>| row.cell(place).len();
    let mut zeroed = numbers().filter(|row| width(row) > 1 && row.cell(place).starts_with('0'));
    let Some(first) = zeroed.next() else {
        let (shortest, longest) = (numbers().map(width).min(), numbers().map(width).max());
        if padded && shortest != longest {
            let message = "the numbers have different lengths and none starts with a zero, so a \
                           spreadsheet may have removed leading zeros: compare with the HR system";
            warnings.add(Warning::new(message).column(place, table.heading(place)));
        }
        return;
    };
    let full = width(first);
    if zeroed.any(|row| width(row) != full) {
        return;
    }
    for row in numbers().filter(|row| width(row) < full) {
        let message = format!(
            "shorter than the {full} digits of row {} ({}): a spreadsheet has removed leading \
             zeros; give the column the format Text, or export again without opening the file",
            first.number,
            first.cell(place)
        );
        problems.add(table.at(row, place, ProblemKind::LostZeros, message));
    }
}
