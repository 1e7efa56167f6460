//! Conditions: CEL over one person, parsed, type-checked before they are believed, and evaluated.
//!
//! `person` has the fields of [`FIELDS`], all texts; what is not known is the empty text. The
//! checker is stricter than CEL: it knows every field, so a misspelled one is an error when the
//! policy is read and not a silent "no" when somebody needs access.

use std::{borrow::Cow, collections::HashMap, fmt::Write as _, sync::Arc};

use cel::{
    Context, Program, Value,
    common::ast::{CallExpr, Expr, LiteralValue, operators},
};

use crate::model::{
    person::{Person, Terms},
    policy::Condition,
};

/// The fields of `person` that a condition can read, and what they mean.
pub const FIELDS: &[(&str, &str)] = &[
    ("department", "department"),
    ("title", "job title"),
    ("team", "team"),
    ("staff_role", "role in the organisation"),
    ("kind", "employee, contractor, intern or other"),
    ("location", "work location"),
    ("country", "country"),
    ("legal_entity", "employing legal entity"),
    ("cost_centre", "cost centre"),
    ("name", "display name"),
    ("email", "work address in lower case"),
    ("source", "name of the source that knows the person"),
    ("source_id", "the source's id"),
];

/// Why a condition cannot be used. The message names the place and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidCondition(pub String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Bool,
    Text,
    Int,
    Double,
    List,
    Person,
}

impl Type {
    const fn word(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Text => "a text",
            Self::Int => "a number",
            Self::Double => "a decimal number",
            Self::List => "a list",
            Self::Person => "the whole person",
        }
    }
}

impl Condition {
    /// Parses and type-checks a condition.
    ///
    /// # Errors
    /// When it does not parse, names something unknown, or is not true or false.
    pub fn parse(source: &str) -> Result<Self, InvalidCondition> {
        let program = Program::compile(source).map_err(|errors| {
            let what = errors.errors.first().map_or_else(
                || "it is not CEL".to_owned(),
                |error| format!("column {}: {}", error.pos.1.max(1), error.msg),
            );
            InvalidCondition(format!("the condition does not parse: {what}"))
        })?;
        let mut reads = Vec::new();
        match type_of(&program.expression().expr, &mut reads)? {
            Type::Bool => {}
            other => {
                return Err(InvalidCondition(format!(
                    "the condition is {}, but must be true or false; compare it, as in \
                     person.department == \"Support\"",
                    other.word()
                )));
            }
        }
        reads.sort_unstable();
        reads.dedup();
        Ok(Self { source: source.to_owned(), program: Arc::new(program), reads })
    }

    /// The values of the fields this condition reads, for telling people apart who cannot differ
    /// in its answer.
    #[must_use]
    pub(crate) fn inputs(&self, subject: &Subject<'_>) -> Vec<(&'static str, String)> {
        self.reads.iter().map(|field| (*field, subject.field(field).into_owned())).collect()
    }

    /// Writes the inputs into `key` as one text, each with its length before it so that no two
    /// different ones look alike.
    pub(crate) fn write_key(&self, subject: &Subject<'_>, key: &mut String) {
        key.clear();
        for field in &self.reads {
            let value = subject.field(field);
            // Writing to a text does not fail.
            let _ = write!(key, "{}:{value}", value.len());
        }
    }

    /// Whether it holds for these inputs, as [`Condition::inputs`] made them.
    #[must_use]
    pub(crate) fn holds(&self, inputs: &[(&'static str, String)]) -> Answer {
        let person: HashMap<String, String> =
            inputs.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect();
        let mut context = Context::default();
        context.add_variable_from_value("person", person);
        match self.program.execute(&context) {
            Ok(Value::Bool(true)) => Answer::Yes,
            Ok(Value::Bool(false)) => Answer::No,
            Ok(other) => Answer::Failed(format!("it gave {other:?}")),
            Err(error) => Answer::Failed(error.to_string()),
        }
    }
}

/// What a condition says of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    /// It could not be evaluated, and so neither admits nor refuses.
    Failed(String),
}

/// A person in one of her engagements, as conditions see her.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub person: &'a Person,
    pub terms: &'a Terms,
}

impl Subject<'_> {
    fn field(&self, field: &str) -> Cow<'_, str> {
        let Self { person, terms } = self;
        fn text(value: &Option<String>) -> Cow<'_, str> {
            Cow::Borrowed(value.as_deref().unwrap_or_default())
        }
        match field {
            "department" => text(&terms.department),
            "title" => text(&terms.title),
            "team" => text(&terms.team),
            "staff_role" => text(&terms.staff_role),
            "kind" => terms.kind.map_or("", |kind| kind.word()).into(),
            "location" => text(&terms.location),
            "country" => text(&terms.country),
            "legal_entity" => text(&terms.legal_entity),
            "cost_centre" => text(&terms.cost_centre),
            "name" => person.name().into(),
            "email" => person.profile.work_email.as_ref().map_or("", |e| e.folded()).into(),
            "source" => person.anchor.source.as_str().into(),
            "source_id" => person.anchor.id.as_str().into(),
            _ => Cow::Borrowed(""),
        }
    }
}

fn type_of(expr: &Expr, reads: &mut Vec<&'static str>) -> Result<Type, InvalidCondition> {
    match expr {
        Expr::Literal(literal) => type_of_literal(literal),
        Expr::Ident(name) if name == "person" => Ok(Type::Person),
        Expr::Ident(name) => Err(InvalidCondition(format!(
            "{name:?} is not known; write person.FIELD, or put a text in quotes: \"{name}\""
        ))),
        Expr::Select(select) => match type_of(&select.operand.expr, reads)? {
            Type::Person => {
                let (field, _) =
                    FIELDS.iter().find(|(field, _)| *field == select.field).ok_or_else(|| {
                        let known: Vec<_> = FIELDS.iter().map(|(field, _)| *field).collect();
                        InvalidCondition(format!(
                            "person has no field {:?}; it has {}",
                            select.field,
                            known.join(", ")
                        ))
                    })?;
                reads.push(field);
                Ok(if select.test { Type::Bool } else { Type::Text })
            }
            other => Err(InvalidCondition(format!(
                "{} has no field {:?}; only person has fields",
                other.word(),
                select.field
            ))),
        },
        Expr::List(list) => {
            for element in &list.elements {
                expect_type(&element.expr, Type::Text, "an element of a list", reads)?;
            }
            Ok(Type::List)
        }
        Expr::Call(call) => type_of_call(call, reads),
        Expr::Comprehension(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
            Err(InvalidCondition(
                "loops, maps and structures are not available in conditions; combine comparisons \
                 with && and ||"
                    .to_owned(),
            ))
        }
    }
}

fn type_of_literal(literal: &LiteralValue) -> Result<Type, InvalidCondition> {
    match literal {
        LiteralValue::Boolean(_) => Ok(Type::Bool),
        LiteralValue::String(_) => Ok(Type::Text),
        LiteralValue::Int(_) | LiteralValue::UInt(_) => Ok(Type::Int),
        LiteralValue::Double(_) => Ok(Type::Double),
        LiteralValue::Null | LiteralValue::Bytes(_) => Err(InvalidCondition(
            "null and bytes are not available in conditions; an unknown field is the empty text \
             \"\""
                .to_owned(),
        )),
    }
}

fn expect_type(
    expr: &Expr,
    wanted: Type,
    what: &str,
    reads: &mut Vec<&'static str>,
) -> Result<(), InvalidCondition> {
    let is = type_of(expr, reads)?;
    if is == wanted {
        return Ok(());
    }
    Err(InvalidCondition(format!("{what} must be {}, but is {}", wanted.word(), is.word())))
}

fn type_of_call(call: &CallExpr, reads: &mut Vec<&'static str>) -> Result<Type, InvalidCondition> {
    let arguments: Vec<&Expr> = call
        .target
        .iter()
        .map(|target| &target.expr)
        .chain(call.args.iter().map(|a| &a.expr))
        .collect();
    let name = call.func_name.as_str();
    match (name, arguments.as_slice()) {
        (operators::LOGICAL_AND | operators::LOGICAL_OR, [left, right]) => {
            expect_type(left, Type::Bool, "what stands beside && or ||", reads)?;
            expect_type(right, Type::Bool, "what stands beside && or ||", reads)?;
            Ok(Type::Bool)
        }
        (operators::LOGICAL_NOT, [one]) => {
            expect_type(one, Type::Bool, "what stands behind !", reads)?;
            Ok(Type::Bool)
        }
        (operators::CONDITIONAL, [test, yes, no]) => {
            expect_type(test, Type::Bool, "what stands before ?", reads)?;
            let kind = type_of(yes, reads)?;
            expect_type(no, kind, "what stands behind :", reads)?;
            Ok(kind)
        }
        (
            operators::EQUALS
            | operators::NOT_EQUALS
            | operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS,
            [left, right],
        ) => {
            let kind = type_of(left, reads)?;
            if matches!(kind, Type::Person | Type::List) {
                return Err(InvalidCondition(format!("{} cannot be compared", kind.word())));
            }
            expect_type(right, kind, "the right side of a comparison", reads)?;
            Ok(Type::Bool)
        }
        (operators::IN, [element, list]) => {
            expect_type(element, Type::Text, "what stands before in", reads)?;
            expect_type(list, Type::List, "what stands behind in", reads)?;
            Ok(Type::Bool)
        }
        (operators::ADD, [left, right]) => {
            expect_type(left, Type::Text, "what stands beside +", reads)?;
            expect_type(right, Type::Text, "what stands beside +", reads)?;
            Ok(Type::Text)
        }
        ("contains" | "startsWith" | "endsWith" | "matches", [text, part]) => {
            expect_type(text, Type::Text, &format!("what {name} looks into"), reads)?;
            expect_type(part, Type::Text, &format!("what {name} looks for"), reads)?;
            if name == "matches" {
                check_pattern(part)?;
            }
            Ok(Type::Bool)
        }
        ("size", [text]) => {
            expect_type(text, Type::Text, "what size counts", reads)?;
            Ok(Type::Int)
        }
        _ => Err(InvalidCondition(format!(
            "{name:?} is not available here; use == != in && || ! contains startsWith endsWith \
             matches size"
        ))),
    }
}

/// A pattern must be a literal that compiles: one made at run time could fail there.
fn check_pattern(pattern: &Expr) -> Result<(), InvalidCondition> {
    let Expr::Literal(LiteralValue::String(text)) = pattern else {
        return Err(InvalidCondition("what matches looks for must be a literal text".to_owned()));
    };
    let probe = format!("\"\".matches({})", quoted(text.inner()));
    let compiled = Program::compile(&probe)
        .ok()
        .is_some_and(|program| program.execute(&Context::default()).is_ok());
    if compiled {
        Ok(())
    } else {
        Err(InvalidCondition(format!("{:?} is not a regular expression", text.inner())))
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(source: &str) -> String {
        Condition::parse(source).unwrap_err().0
    }

    #[test]
    fn what_does_not_parse_or_type_check_is_refused_with_a_remedy() {
        assert!(refusal("person.department ==").contains("does not parse"));
        assert!(refusal("person.departement == \"x\"").contains("person has no field"));
        assert!(refusal("person.department").contains("must be true or false"));
        assert!(refusal("person.department == 3").contains("must be a text"));
        assert!(refusal("person.department && true").contains("beside &&"));
        assert!(refusal("department == \"Support\"").contains("write person.FIELD"));
        assert!(refusal("true || person.nope == \"\"").contains("person has no field"));
        assert!(refusal("person.title.lower() == \"\"").contains("not available"));
        assert!(refusal("[1].exists(x, x == 1)").contains("not available"));
        assert!(refusal("person.title.matches(\"(\")").contains("regular expression"));
        assert!(refusal("person == person").contains("cannot be compared"));
    }

    #[test]
    fn a_condition_reads_only_what_it_names() {
        let condition = Condition::parse(
            "person.department == \"Support\" && (person.title.contains(\"Lead\") || \
             person.country in [\"DE\", \"AT\"])",
        )
        .unwrap();
        assert_eq!(condition.reads, ["country", "department", "title"]);
        let inputs = |country: &str, department: &str, title: &str| {
            [("country", country), ("department", department), ("title", title)]
                .map(|(field, value)| (field, value.to_owned()))
        };
        assert_eq!(condition.holds(&inputs("", "Support", "Team Lead")), Answer::Yes);
        assert_eq!(condition.holds(&inputs("DE", "Support", "")), Answer::Yes);
        assert_eq!(condition.holds(&inputs("DE", "Sales", "Lead")), Answer::No);
    }
}
