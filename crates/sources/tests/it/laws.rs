//! What holds for every file.

use muster_domain::model::roster::{Roster, RosterRecord};
use muster_sources::{DateOrder, ReadOptions, check, read};
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

type Cells = Vec<Vec<String>>;

const HEADINGS: &[&str] = &[
    "Associate ID",
    "Position ID",
    "File Number",
    "Last Name",
    "First Name",
    "Position Status",
    "Hire Date",
    "Termination Date",
    "Reports To Associate ID",
    "Work Contact: Work Email",
];

/// A sound table: a header and some people; the first manages the others.
fn table() -> impl Strategy<Value = Cells> {
    let person = (0..4_u8, 1..28_u8, 1..12_u8, "[A-Za-zéñü'; ,\t\"]{0,8}");
    prop::collection::vec(person, 1..12).prop_map(|people| {
        let mut rows = vec![HEADINGS.iter().map(ToString::to_string).collect::<Vec<_>>()];
        for (at, (status, day, month, name)) in people.into_iter().enumerate() {
            let status = ["Active", "Leave", "Terminated", "Sabbatical"][usize::from(status)];
            let end = if status == "Terminated" { "2025-12-31" } else { "" };
            let manager = if at == 0 { "" } else { "G000" };
            rows.push(vec![
                format!("G{at:03}"),
                format!("P{at}"),
                format!("{at:06}"),
                format!("N{name}"),
                format!("Ana{at}"),
                status.to_owned(),
                format!("2020-{month:02}-{day:02}"),
                end.to_owned(),
                manager.to_owned(),
                format!("ana{at}@acme.example"),
            ]);
        }
        rows
    })
}

fn delimited(rows: &Cells, delimiter: u8) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// As an API would, saved in a file.
fn json(rows: &Cells) -> String {
    let record = |row: &Vec<String>| {
        let cells = rows[0].iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        cells.map(|(heading, cell)| (heading.clone(), cell.clone().into())).collect()
    };
    let records: Vec<serde_json::Map<String, serde_json::Value>> =
        rows[1..].iter().map(record).collect();
    serde_json::json!({"workers": records, "next": null, "total": records.len()}).to_string()
}

/// As a spreadsheet would: real dates, ids as text.
fn workbook(rows: &Cells) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let format = Format::new().set_num_format("m/d/yyyy");
    let sheet = workbook.add_worksheet();
    for (row, cells) in rows.iter().enumerate() {
        let row = u32::try_from(row).unwrap();
        for (place, cell) in cells.iter().enumerate() {
            let place = u16::try_from(place).unwrap();
            match ExcelDateTime::parse_from_str(cell) {
                Ok(date) if cell.len() == 10 && cell.starts_with("20") => {
                    sheet.write_with_format(row, place, &date, &format).unwrap();
                }
                _ if cell.is_empty() => {}
                _ => {
                    sheet.write_string(row, place, cell).unwrap();
                }
            }
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn roster(bytes: &[u8]) -> Roster {
    read("roster", bytes, &ReadOptions::default()).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn without_rows(roster: Roster) -> Vec<RosterRecord> {
    let people = roster.records.into_iter();
    people.map(|record| RosterRecord { rows: Vec::new(), ..record }).collect()
}

fn mutated(mut bytes: Vec<u8>, changes: &[(usize, u8, u8)]) -> Vec<u8> {
    for &(at, byte, how) in changes {
        let at = at % (bytes.len() + 1);
        match (how, at < bytes.len()) {
            (0, true) => bytes[at] = byte,
            (1, true) => drop(bytes.remove(at)),
            (2, _) => bytes.truncate(at.max(1)),
            _ => bytes.insert(at, byte),
        }
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(usize, u8, u8)>> {
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"\",;\t\r\n/0 \xC3\x00".to_vec()),];
    prop::collection::vec((any::<usize>(), byte, 0..5_u8), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read("roster", &bytes, &ReadOptions::default());
    }

    #[test]
    fn arbitrary_cells_never_panic(rows in prop::collection::vec(
        prop::collection::vec("[ -~]{0,10}|[0-9/.:T-]{1,12}|\\PC{0,5}", 10), 1..6,
    )) {
        let mut all = vec![HEADINGS.iter().map(ToString::to_string).collect::<Vec<_>>()];
        all.extend(rows);
        let _ = read("roster", delimited(&all, b',').as_bytes(), &ReadOptions::default());
    }

    #[test]
    fn damaged_files_never_panic(rows in table(), changes in changes()) {
        let text = delimited(&rows, b',').into_bytes();
        let _ = read("roster", &mutated(text, &changes), &ReadOptions::default());
    }

    #[test]
    fn damaged_workbooks_never_panic(rows in table(), changes in changes()) {
        let _ = read("roster", &mutated(workbook(&rows), &changes), &ReadOptions::default());
    }

    #[test]
    fn the_same_bytes_give_the_same_answer(rows in table(), changes in changes()) {
        let bytes = mutated(delimited(&rows, b';').into_bytes(), &changes);
        let options = ReadOptions { day_first: Some(DateOrder::DayMonthYear), ..ReadOptions::default() };
        prop_assert_eq!(read("a", &bytes, &options), read("a", &bytes, &options));
    }

    #[test]
    fn the_order_of_rows_does_not_count(
        (rows, shuffled) in table().prop_flat_map(|rows| {
            let people = rows[1..].to_vec();
            (Just(rows), Just(people).prop_shuffle())
        }),
    ) {
        let mut other = vec![rows[0].clone()];
        other.extend(shuffled);
        let records = |rows| without_rows(roster(delimited(rows, b',').as_bytes()));
        prop_assert_eq!(records(&rows), records(&other));
    }

    #[test]
    fn the_encoding_and_the_kind_of_file_do_not_count(rows in table()) {
        let text = delimited(&rows, b',');
        let expected = roster(text.as_bytes()).records;
        let utf16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
            [mark.to_vec(), text.encode_utf16().flat_map(bytes).collect()].concat()
        };
        let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        for bytes in [
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            utf16(b"\xFF\xFE", u16::to_le_bytes),
            utf16(b"\xFE\xFF", u16::to_be_bytes),
            utf16(b"", u16::to_le_bytes),
            latin,
            delimited(&rows, b';').into_bytes(),
            delimited(&rows, b'\t').into_bytes(),
            text.replace('\n', "\r\n").into_bytes(),
            workbook(&rows),
        ] {
            prop_assert_eq!(&roster(&bytes).records, &expected);
        }
    }

    #[test]
    fn records_of_json_are_rows(rows in table()) {
        let expected = without_rows(roster(delimited(&rows, b',').as_bytes()));
        let text = json(&rows);
        prop_assert_eq!(without_rows(roster(text.as_bytes())), expected);
    }

    #[test]
    fn damaged_json_never_panics(rows in table(), changes in changes()) {
        let _ = read("roster", &mutated(json(&rows).into_bytes(), &changes), &ReadOptions::default());
    }

    #[test]
    fn the_report_counts_what_the_roster_holds(rows in table(), changes in changes()) {
        let bytes = mutated(delimited(&rows, b',').into_bytes(), &changes);
        let options = ReadOptions::default();
        let report = check("roster", &bytes, &options);
        let (counts, refused) = (report.counts.clone(), !report.problems.is_empty());
        prop_assert!(report.to_string().contains("found "));
        match report.into_roster() {
            Ok(roster) => {
                prop_assert!(!refused);
                prop_assert_eq!(counts.people, roster.records.len());
                let engagements: usize = roster.records.iter().map(|r| r.engagements.len()).sum();
                prop_assert_eq!(counts.engagements, engagements);
                prop_assert_eq!(counts.by_status.values().sum::<usize>(), engagements);
            }
            Err(refusal) => prop_assert!(refused && !refusal.problems.is_empty()),
        }
    }

    #[test]
    fn a_row_that_is_cut_off_refuses_the_file(rows in table(), cut in any::<prop::sample::Index>()) {
        let text = delimited(&rows, b',');
        let body = text.find('\n').unwrap() + 1;
        let end = body + cut.index(text.len() - body);
        let cut = String::from_utf8_lossy(&text.as_bytes()[..end]).into_owned();
        if let Ok(roster) = read("roster", cut.as_bytes(), &ReadOptions::default()) {
            // Cut between two rows, or within the last cell of one.
            let whole: Vec<&str> = text.lines().collect();
            let last = cut.lines().last().unwrap();
            let commas = |line: &str| line.matches(',').count();
            prop_assert_eq!(commas(last), commas(whole[cut.lines().count() - 1]));
            prop_assert!(usize::try_from(roster.rows).unwrap() < rows.len());
        }
    }
}

#[test]
fn a_workbook_keeps_numbers_and_dates_as_a_person_sees_them() {
    let mut workbook = Workbook::new();
    let format = Format::new().set_num_format("yyyy-mm-dd");
    let sheet = workbook.add_worksheet();
    for (place, heading) in ["source_id", "display_name", "start_date"].iter().enumerate() {
        sheet.write_string(2, u16::try_from(place).unwrap(), *heading).unwrap();
    }
    sheet.write_string(0, 0, "A note").unwrap();
    sheet.write_number(3, 0, 1042.0).unwrap();
    sheet.write_string(3, 1, "Ana").unwrap();
    sheet.write_number_with_format(3, 2, 45_306.0, &format).unwrap();
    let roster = roster(&workbook.save_to_buffer().unwrap());
    assert_eq!(roster.records[0].source_id.as_str(), "1042");
    assert_eq!(roster.records[0].rows, [4]);
    assert_eq!(roster.records[0].engagements[0].start_date.unwrap().to_string(), "2024-01-15");
}

/// `cargo test --release -p muster-sources --test it -- --ignored --nocapture quarter`.
#[test]
#[ignore = "measures; run it in release"]
fn a_quarter_of_a_million_rows() {
    let mut text = HEADINGS.join(",") + "\n";
    for at in 0..250_000 {
        let manager = if at == 0 { String::new() } else { format!("G{:06}", at / 8) };
        text += &format!(
            "G{at:06},P{at},{at:06},Núñez{at},Ana,Active,3/25/2020,,{manager},a{at}@acme.example\n"
        );
    }
    assert_eq!(roster(text.as_bytes()).records.len(), 250_000);
}
