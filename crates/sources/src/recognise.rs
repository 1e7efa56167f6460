//! Headings to a layout: which format it is and which column holds what.

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::model::roster::Field;

use crate::{
    formats::{Format, Target, formats},
    options::ReadOptions,
    problem::{Problem, ProblemKind, Problems, Warning, column_name},
    table::{Known, Table},
    words::heading_key,
};

/// Groups of fields; a file needs a column for at least one of each group, and every row a value.
pub(crate) const REQUIRED: &[&[Field]] = &[
    &[Field::SourceId],
    &[
        Field::WorkEmail,
        Field::DisplayName,
        Field::LegalFirst,
        Field::LegalLast,
        Field::PreferredFirst,
        Field::PreferredLast,
    ],
    &[Field::Status, Field::StartDate],
];

/// Where a file has what.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) format: &'static Format,
    /// Target and column, in the order of the format.
    pub(crate) columns: Vec<(Target, usize)>,
    /// The headings as given.
    headings: Vec<String>,
}

impl Layout {
    /// The column that holds a target.
    pub(crate) fn place(&self, target: Target) -> Option<usize> {
        self.columns.iter().find(|(of, _)| *of == target).map(|&(_, place)| place)
    }

    /// The column that holds a target, and its heading.
    fn heading(&self, target: Target) -> Option<(usize, &str)> {
        let place = self.place(target)?;
        Some((place, self.headings.get(place).map_or("", String::as_str)))
    }

    /// A problem in the column that holds a target.
    pub(crate) fn mark(&self, problem: Problem, target: Target) -> Problem {
        match self.heading(target) {
            Some((place, heading)) => problem.column(place, heading),
            None => problem,
        }
    }

    /// A warning in the column that holds a target.
    pub(crate) fn remark(&self, warning: Warning, target: Target) -> Warning {
        match self.heading(target) {
            Some((place, heading)) => warning.column(place, heading),
            None => warning,
        }
    }

    /// The canonical fields that the file has a column for.
    pub(crate) fn fields(&self) -> BTreeSet<Field> {
        self.columns.iter().filter_map(|(target, _)| target.field()).collect()
    }

    /// What the format calls the column of a field.
    pub(crate) fn heading_for(&self, field: Field) -> &'static str {
        let mut columns = self.format.columns.iter();
        let column = columns.find(|column| column.target == Target::Field(field));
        column.and_then(|column| column.headings.first()).copied().unwrap_or(field.word())
    }

    fn misses(&self, group: &[Field]) -> bool {
        let fields = self.fields();
        !group.iter().any(|field| fields.contains(field))
    }
}

/// Every heading that means something to some format or to the mapping.
pub(crate) fn known_headings(options: &ReadOptions) -> Known {
    let formats = formats().iter().flat_map(|format| format.columns);
    let own = formats.flat_map(|column| column.headings).map(|heading| heading_key(heading));
    let mapped = options.map.iter().map(|(heading, _)| heading_key(heading));
    own.chain(mapped).filter(|key| !key.is_empty()).collect()
}

/// The columns by the key of their heading.
type Places = BTreeMap<String, Vec<usize>>;

/// What was made of the headings.
#[derive(Debug)]
pub(crate) struct Recognised {
    /// Where the file has what, with some columns missing where that was reported. Of a file that
    /// no format fits, the nearest's: its rows can be looked at all the same.
    pub(crate) layout: Option<Layout>,
    /// Whether the format was recognised or named, and is not only the nearest.
    pub(crate) format: Option<String>,
}

/// The layout of a file with these headings.
pub(crate) fn recognise(
    headings: &[String],
    options: &ReadOptions,
    problems: &mut Problems,
) -> Recognised {
    let mut places = Places::new();
    for (place, heading) in headings.iter().enumerate() {
        places.entry(heading_key(heading)).or_default().push(place);
    }
    places.remove("");
    check_map(headings, options, &places, problems);
    let format = match &options.format {
        Some(name) => formats().iter().find(|format| format.name == *name).ok_or_else(|| {
            let message = format!(
                "there is no format {name:?}: use --format with one of {}",
                names(formats())
            );
            problems.add(Problem::new(ProblemKind::Format, message));
            None
        }),
        None => by_columns(headings, options, &places, problems),
    };
    match format {
        Ok(format) => {
            let layout = lay_out(format, options, headings, &places);
            report_missing(&layout, headings, problems);
            report_repeated(&layout, headings, &places, problems);
            Recognised { format: Some(format.name.to_owned()), layout: Some(layout) }
        }
        Err(layout) => Recognised { layout, format: options.format.clone() },
    }
}

/// What the mapping names must be there, and no field may be mapped twice.
fn check_map(headings: &[String], options: &ReadOptions, places: &Places, problems: &mut Problems) {
    let mut mapped = BTreeSet::new();
    for (heading, field) in &options.map {
        if !places.contains_key(&heading_key(heading)) {
            let message = format!(
                "--map {heading}={field}: the file has no such column; it has {}",
                Table::heading_list(headings)
            );
            problems.add(Problem::new(ProblemKind::UnknownColumn, message));
        }
        if !mapped.insert(field) {
            let message = format!("--map gives two columns for {field}: keep one");
            problems.add(Problem::new(ProblemKind::DuplicateColumn, message));
        }
    }
}

/// The format that fits the most columns among those that have what they need; else that is
/// reported, and the nearest is looked at.
fn by_columns(
    headings: &[String],
    options: &ReadOptions,
    places: &Places,
    problems: &mut Problems,
) -> Result<&'static Format, Option<Layout>> {
    let mut fitting: Vec<(usize, &'static Format)> = Vec::new();
    let mut fallback = None;
    let mut nearest: Option<(usize, Layout)> = None;
    for format in formats() {
        let layout = lay_out(format, options, headings, places);
        let score = layout.columns.len();
        if REQUIRED.iter().all(|group| !layout.misses(group)) {
            if has_signature(format, places) {
                fitting.push((score, format));
            } else if formats().first().is_some_and(|first| first.name == format.name) {
                fallback = Some(format);
            }
        }
        let signed = score + if has_signature(format, places) { 100 } else { 0 };
        if signed > nearest.as_ref().map_or(0, |(best, _)| *best) {
            nearest = Some((signed, layout));
        }
    }
    let best = fitting.iter().map(|(score, _)| *score).max().unwrap_or_default();
    let best: Vec<&'static Format> =
        fitting.iter().filter(|(score, _)| *score == best).map(|(_, format)| *format).collect();
    match (best.as_slice(), fallback) {
        ([one], _) => Ok(one),
        ([], Some(format)) => Ok(format),
        ([], None) => {
            let nearest = nearest.map(|(_, layout)| layout);
            problems.add(unrecognised(nearest.as_ref(), headings));
            Err(nearest)
        }
        (several, _) => {
            let message = format!(
                "the columns fit several formats ({}): say which with --format",
                names(several.iter().copied())
            );
            problems.add(Problem::new(ProblemKind::Format, message));
            Err(None)
        }
    }
}

fn names(formats: impl IntoIterator<Item = &'static Format>) -> String {
    formats.into_iter().map(|format| format.name).collect::<Vec<_>>().join(", ")
}

fn has_signature(format: &Format, places: &Places) -> bool {
    let there = |heading: &&str| places.contains_key(&heading_key(heading));
    format.signature.iter().any(|set| set.iter().all(there))
}

fn unrecognised(nearest: Option<&Layout>, headings: &[String]) -> Problem {
    let listed = Table::heading_list(headings);
    let Some(layout) = nearest else {
        let message = format!(
            "no column is known; the headings found are {listed}. If that is not the heading row, \
             delete what stands above it; else say what the columns hold with --map \
             column=field, or which system it is with --format ({})",
            names(formats())
        );
        return Problem::new(ProblemKind::Format, message);
    };
    let missing: Vec<String> = REQUIRED
        .iter()
        .filter(|group| layout.misses(group))
        .map(|group| wanted(layout.format, group))
        .collect();
    if missing.is_empty() {
        let message = format!(
            "no format is recognised by the columns {listed}. They fit {}, but could be \
             another system's too: if the file comes from there, say --format {}",
            layout.format.title, layout.format.name
        );
        return Problem::new(ProblemKind::Format, message);
    }
    let lacks = missing.join("; and ");
    let message = format!(
        "no format is recognised by the columns {listed}. The nearest is {} (--format {}), which \
         lacks {lacks}; add the columns to the export, or say which columns hold this with --map \
         column=field, such as --map \"Staff no=source_id\"",
        layout.format.title, layout.format.name
    );
    Problem::new(ProblemKind::Format, message)
}

/// `source_id ("Associate ID")`.
fn wanted(format: &Format, group: &[Field]) -> String {
    let fields: Vec<String> = group
        .iter()
        .filter_map(|&field| {
            let mut columns = format.columns.iter();
            let column = columns.find(|column| column.target.field() == Some(field))?;
            Some(format!("{field} ({:?})", column.headings.first()?))
        })
        .collect();
    fields.join(" or ")
}

/// Which column holds what, the mapping first.
fn lay_out(
    format: &'static Format,
    options: &ReadOptions,
    headings: &[String],
    places: &Places,
) -> Layout {
    let place = |heading: &str| places.get(&heading_key(heading))?.first().copied();
    let mut columns: Vec<(Target, usize)> = options
        .map
        .iter()
        .filter_map(|(heading, field)| Some((Target::Field(*field), place(heading)?)))
        .collect();
    let taken: BTreeSet<usize> = columns.iter().map(|&(_, place)| place).collect();
    for column in format.columns {
        if columns.iter().any(|(target, _)| *target == column.target) {
            continue;
        }
        let found = column.headings.iter().find_map(|heading| place(heading));
        if let Some(found) = found.filter(|place| !taken.contains(place)) {
            columns.push((column.target, found));
        }
    }
    Layout { format, columns, headings: headings.to_vec() }
}

fn report_missing(layout: &Layout, headings: &[String], problems: &mut Problems) {
    for group in REQUIRED.iter().filter(|group| layout.misses(group)) {
        let message = format!(
            "no column for {}, which {} needs; the columns are {}: add it to the export, or say \
             which it is with --map column={}",
            wanted(layout.format, group),
            layout.format.title,
            Table::heading_list(headings),
            group.first().map_or("", |field| field.word())
        );
        problems.add(Problem::new(ProblemKind::MissingColumn, message));
    }
}

fn report_repeated(layout: &Layout, headings: &[String], places: &Places, problems: &mut Problems) {
    for same in places.values().filter(|same| same.len() > 1) {
        let used = layout.columns.iter().find(|(_, place)| same.contains(place));
        if let (Some((target, _)), [first, rest @ ..]) = (used, same.as_slice()) {
            for &place in rest {
                let message = format!(
                    "two columns have this heading, and it cannot be told which is {}: rename or \
                     delete one (the first is {})",
                    target.field().map_or("it", Field::word),
                    column_name(*first, "")
                );
                let heading = headings.get(place).map_or("", String::as_str);
                let problem = Problem::new(ProblemKind::DuplicateColumn, message);
                problems.add(problem.column(place, heading));
            }
        }
    }
}
