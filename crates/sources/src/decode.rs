//! Bytes to text or sheets: which encoding, or which kind of file, and a remedy for the kinds that
//! are not read.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::{
    MAX_BYTES,
    problem::{Problem, ProblemKind, Problems, Warning, Warnings},
    sheet::{self, Sheet},
};

/// What a file holds.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    /// Delimited text, and its encoding.
    Text(Cow<'a, str>, &'static str),
    /// JSON, and its encoding.
    Json(Cow<'a, str>, &'static str),
    /// The sheets of a workbook.
    Sheets(Vec<Sheet>),
}

/// Files that are recognised only to say what to do about them: first bytes and remedy.
const REFUSED: &[(&[u8], &str)] = &[
    (
        b"\xD0\xCF\x11\xE0",
        "this is an old binary .xls file, or one with a password: open it in a spreadsheet and \
         save it as .xlsx without a password, or as CSV UTF-8",
    ),
    (b"%PDF", "this is a PDF: export the roster as CSV or .xlsx"),
    (b"\x1F\x8B", "this is a compressed file: unpack it first"),
    (b"Rar!", "this is a compressed file: unpack it first"),
    (b"7z\xBC\xAF", "this is a compressed file: unpack it first"),
];

/// The same for text: what it starts with, in lower case.
const REFUSED_TEXT: &[(&str, &str)] = &[(
    "<",
    "this is a web page or XML, whatever the file is called: open it in a spreadsheet and \
         save it as .xlsx or CSV, or export it again",
)];

/// What JSON starts with. A table can start with a bracket too, but not with these.
const JSON: &[&str] = &["{", "[{", "[ {", "[\n", "[\r", "[]"];

/// Finds out what the bytes are.
pub(crate) fn decode<'a>(
    file_name: &str,
    bytes: &'a [u8],
    problems: &mut Problems,
    warnings: &mut Warnings,
) -> Option<Content<'a>> {
    match content(file_name, bytes, problems, warnings) {
        Ok(content) => Some(content),
        Err(problem) => {
            problems.add(problem);
            None
        }
    }
}

fn content<'a>(
    file_name: &str,
    bytes: &'a [u8],
    problems: &mut Problems,
    warnings: &mut Warnings,
) -> Result<Content<'a>, Problem> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the file is larger than {} MiB", MAX_BYTES >> 20);
        return Err(refused(ProblemKind::TooLarge, message));
    }
    for (start, remedy) in REFUSED {
        if bytes.starts_with(start) {
            return Err(refused(ProblemKind::Unreadable, format!("{file_name}: {remedy}")));
        }
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return sheet::sheets(file_name, bytes).map(Content::Sheets);
    }
    let (text, encoding) = text(bytes, problems, warnings);
    let start = text.trim_start();
    if start.is_empty() {
        let message = "the file is empty: export it again";
        return Err(refused(ProblemKind::Empty, message.to_owned()));
    }
    for (prefix, remedy) in REFUSED_TEXT {
        if start.starts_with(prefix) {
            return Err(refused(ProblemKind::Unreadable, format!("{file_name}: {remedy}")));
        }
    }
    if JSON.iter().any(|prefix| start.starts_with(prefix)) {
        return Ok(Content::Json(text, encoding));
    }
    Ok(Content::Text(text, encoding))
}

fn refused(kind: ProblemKind, message: String) -> Problem {
    Problem::new(kind, message)
}

/// The text and its encoding. What is damaged is reported and read as well as can be, so that the
/// file's other problems are found too.
fn text<'a>(
    bytes: &'a [u8],
    problems: &mut Problems,
    warnings: &mut Warnings,
) -> (Cow<'a, str>, &'static str) {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        let text = std::str::from_utf8(rest).map(Cow::Borrowed).unwrap_or_else(|error| {
            let good = rest.get(..error.valid_up_to()).unwrap_or_default();
            problems.add(broken("the file says it is UTF-8 but is not", good));
            String::from_utf8_lossy(rest)
        });
        return (text, "UTF-8 with mark");
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        return (utf16(UTF_16LE, rest, problems), "UTF-16");
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        return (utf16(UTF_16BE, rest, problems), "UTF-16");
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        return (utf16(encoding, bytes, problems), "UTF-16 without mark");
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), "UTF-8"),
        Err(error) => windows_1252(bytes, error.valid_up_to(), problems, warnings),
    }
}

/// Not UTF-8: Windows-1252, unless most of it is UTF-8 and so it is a damaged or glued file, in
/// which names would silently come out wrong.
fn windows_1252<'a>(
    bytes: &'a [u8],
    valid: usize,
    problems: &mut Problems,
    warnings: &mut Warnings,
) -> (Cow<'a, str>, &'static str) {
    let (mut multi_byte, mut broken_places) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        multi_byte += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken_places += usize::from(!chunk.invalid().is_empty());
    }
    if multi_byte > broken_places {
        let good = bytes.get(..valid).unwrap_or_default();
        problems.add(broken("the file is mostly UTF-8 but not all of it", good));
        return (String::from_utf8_lossy(bytes), "UTF-8, damaged");
    }
    let line = String::from_utf8_lossy(bytes.get(..valid).unwrap_or_default()).lines().count();
    warnings.add(Warning::new(format!(
        "the file is not UTF-8 and was read as Windows-1252: check the accents, first in line {}",
        line.max(1)
    )));
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    (text, "Windows-1252")
}

fn broken(what: &str, good: &[u8]) -> Problem {
    let line = good.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let message =
        format!("{what} (first in line {line}): export it again and choose \"CSV UTF-8\" or .xlsx");
    Problem::new(ProblemKind::Encoding, message)
}

fn utf16<'a>(
    encoding: &'static encoding_rs::Encoding,
    bytes: &'a [u8],
    problems: &mut Problems,
) -> Cow<'a, str> {
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    if damaged {
        let message = "the file is UTF-16 but damaged: export it again and choose \"CSV UTF-8\"";
        problems.add(Problem::new(ProblemKind::Encoding, message));
    }
    text
}

/// In UTF-16 nearly every second byte of a table (delimiters, digits, line ends) is zero.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let sample = bytes.get(..4096).unwrap_or(bytes);
    let zeros = |odd: usize| {
        sample.iter().enumerate().filter(|&(at, &byte)| byte == 0 && at % 2 == odd).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let many = sample.len() / 8;
    if odd > many && even * 8 < odd {
        Some(UTF_16LE)
    } else if even > many && odd * 8 < even {
        Some(UTF_16BE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_text(bytes: &[u8]) -> String {
        let (mut problems, mut warnings) = (Problems::default(), Warnings::default());
        let content = decode("roster", bytes, &mut problems, &mut warnings);
        let problems: Vec<_> = problems.sorted().iter().map(ToString::to_string).collect();
        if !problems.is_empty() {
            return problems.join("\n");
        }
        let mut lines = vec![match content {
            Some(Content::Text(text, _) | Content::Json(text, _)) => text.into_owned(),
            Some(Content::Sheets(sheets)) => format!("{} sheets", sheets.len()),
            None => "nothing".to_owned(),
        }];
        lines.extend(warnings.sorted().iter().map(ToString::to_string));
        lines.join("\n")
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "id,name\n1,Zoë Ångström\n";
        let utf16 =
            |swap: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(swap).collect() };
        let le = utf16(u16::to_le_bytes);
        let be = utf16(u16::to_be_bytes);
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            [b"\xFF\xFE", le.as_slice()].concat(),
            [b"\xFE\xFF", be.as_slice()].concat(),
            le,
            be,
        ] {
            assert_eq!(as_text(&bytes), text);
        }
    }

    #[test]
    fn windows_1252_is_said_aloud() {
        insta::assert_snapshot!(as_text(b"id,name\n1,Zo\xEB \xC5ngstr\xF6m\n"), @"
        id,name
        1,Zoë Ångström

        the file is not UTF-8 and was read as Windows-1252: check the accents, first in line 2
        ");
    }

    #[test]
    fn what_is_not_read_comes_with_a_remedy() {
        let bytes: [&[u8]; 6] = [
            b"\xD0\xCF\x11\xE0\xA1\xB1",
            b"%PDF-1.7",
            b" \n <html><table>",
            b"  \r\n ",
            b"\xEF\xBB\xBFid,name\n1,Zo\xEB\n",
            b"id,n\xC3\xA9m\xC3\xA9\n1,Zo\xEB\n",
        ];
        let said: Vec<_> = bytes.iter().map(|bytes| as_text(bytes)).collect();
        insta::assert_snapshot!(said.join("\n---\n"), @r#"
        roster: this is an old binary .xls file, or one with a password: open it in a spreadsheet and save it as .xlsx without a password, or as CSV UTF-8
        ---
        roster: this is a PDF: export the roster as CSV or .xlsx
        ---
        roster: this is a web page or XML, whatever the file is called: open it in a spreadsheet and save it as .xlsx or CSV, or export it again
        ---
        the file is empty: export it again
        ---
        the file says it is UTF-8 but is not (first in line 2): export it again and choose "CSV UTF-8" or .xlsx
        ---
        the file is mostly UTF-8 but not all of it (first in line 2): export it again and choose "CSV UTF-8" or .xlsx
        "#);
    }
}
