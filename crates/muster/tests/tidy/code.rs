//! Reading Rust well enough to look for words in it.

/// The code of `text`: comments and the content of texts become blanks, lines stay where they are.
pub(crate) fn code_of(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| literal(rest, out.chars().next_back()));
        if let Some(length) = skipped {
            let (hidden, after) = rest.split_at(length);
            // The quotes stay, so that a text is still one.
            let quoted = hidden.ends_with(['"', '#', '\'']) && !hidden.starts_with('/');
            out.push_str(if quoted { "\"\"" } else { " " });
            out.extend(hidden.chars().filter(|c| *c == '\n'));
            rest = after;
        } else {
            out.push(next);
            rest = rest.split_at(next.len_utf8()).1;
        }
    }
    out
}

/// The length of the comment that `text` begins with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let mut depth = 0_u32;
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return Some(at);
            }
        } else {
            let Some(next) = rest.chars().next() else { break };
            at += next.len_utf8();
        }
    }
    Some(text.len())
}

/// The length of the text or character that `text` begins with.
fn literal(text: &str, before: Option<char>) -> Option<usize> {
    if text.starts_with('\'') {
        return character(text);
    }
    let inside_a_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let raw = text.strip_prefix("br").or_else(|| text.strip_prefix('r'));
    if let Some(after) = raw.filter(|_| !inside_a_word) {
        let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
        if after.get(hashes..).is_some_and(|rest| rest.starts_with('"')) {
            let start = text.len() - after.len() + hashes + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            let end = text.get(start..)?.find(&close);
            return Some(end.map_or(text.len(), |end| start + end + close.len()));
        }
    }
    if !text.starts_with('"') {
        return None;
    }
    Some(closing(text, '"'))
}

/// `'a'` or `'\n'`, but not the lifetime `'a`.
fn character(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    let (_, first) = characters.next()?;
    if first == '\\' {
        return Some(closing(text, '\''));
    }
    let (at, second) = characters.next()?;
    (second == '\'').then_some(at + 1)
}

/// The length up to the unescaped `quote` that closes what `text` begins with.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// For each line of `text`, whether it belongs to a `#[cfg(test)]` module.
pub(crate) fn test_lines(text: &str) -> Vec<bool> {
    let mut marks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let begins = line.trim() == "#[cfg(test)]";
        marks.push(begins);
        if !begins {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let end = format!("{}}}", " ".repeat(indent));
        // Attributes may stand between the mark and what it is about.
        for line in lines.by_ref() {
            marks.push(true);
            if line == end || line.starts_with("mod ") && line.ends_with(';') {
                break;
            }
        }
    }
    marks
}

/// `text` without its `#[cfg(test)]` modules; a blank line stands for each line taken out.
pub(crate) fn without_tests(text: &str) -> String {
    let kept = text.lines().zip(test_lines(text)).map(|(line, test)| if test { "" } else { line });
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// The line, from 1, of the byte `at`.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Where `word` stands in `code` as a word or path of its own.
pub(crate) fn places_of(code: &str, word: &str) -> Vec<usize> {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| {
            let before = code.get(..*at).and_then(|text| text.chars().next_back());
            let after = code.get(at + word.len()..).and_then(|text| text.chars().next());
            let open_end = word.ends_with(|c: char| !joins(c));
            !before.is_some_and(joins) && (open_end || !after.is_some_and(joins))
        })
        .collect()
}

#[test]
fn comments_and_texts_are_not_code() {
    let text = "a // tokio\nb \"tokio \\\" x\" /* tokio /* x */ y */ c r#\"to\"kio\"# 'x' &'a d";
    let code = code_of(text);
    assert!(!code.contains("tokio") && !code.contains('x') && !code.contains("to\"kio"), "{code}");
    assert!(code.contains('a') && code.contains("'a d"), "{code}");
    assert_eq!(code.lines().count(), 2);
}

#[test]
fn test_modules_are_taken_out_and_nothing_else() {
    let text = "fn a() {}\n#[cfg(test)]\n#[expect(x, reason = \"y\")]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nmod far;\nfn d() {}\n";
    let kept = without_tests(text);
    assert_eq!(kept.lines().filter(|line| !line.is_empty()).count(), 3, "{kept}");
    assert_eq!(kept.lines().count(), text.lines().count());
}

#[test]
fn words_are_found_as_words() {
    assert_eq!(places_of("tokio::x not_tokio tokio2 tokio", "tokio"), vec![0, 26]);
    assert_eq!(places_of("std::fs::read", "std::fs"), vec![0]);
    assert_eq!(line_of("a\nb\nc", 4), 3);
}
