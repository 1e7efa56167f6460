//! Turns a CSV file of `examples/rosters/` into the `.xlsx` a spreadsheet would save: dates
//! `M/D/YYYY` as serial numbers, everything else as text.
//!
//! `cargo run -p muster-sources --example workbook -- acme.csv acme.xlsx`

use std::error::Error;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook};

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = std::env::args().skip(1);
    let (Some(from), Some(to)) = (paths.next(), paths.next()) else {
        return Err("say which file to read and which to write".into());
    };
    let mut workbook = Workbook::new();
    // Without this, the file would differ by the moment it was made.
    let made = ExcelDateTime::from_ymd(2025, 11, 3)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let american = Format::new().set_num_format("m/d/yyyy");
    let sheet = workbook.add_worksheet().set_name("Workers")?;
    // Line by line, because the library leaves out blank lines and a workbook keeps them.
    for (row, line) in std::fs::read_to_string(from)?.lines().enumerate() {
        let row = u32::try_from(row)?;
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
        let mut record = csv::StringRecord::new();
        reader.read_record(&mut record)?;
        for (place, cell) in record.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let place = u16::try_from(place)?;
            match date(cell) {
                Some(date) => sheet.write_with_format(row, place, &date, &american)?,
                None => sheet.write_string(row, place, cell)?,
            };
        }
    }
    workbook.save(to)?;
    Ok(())
}

fn date(cell: &str) -> Option<ExcelDateTime> {
    let mut parts = cell.split('/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    ExcelDateTime::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}
