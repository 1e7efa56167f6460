//! What every check of the file needs: noting a problem at its line, and reading words.

use std::{fmt, str::FromStr};

use serde_saphyr::Spanned;

use super::PolicyProblem;

pub(super) struct Check {
    pub(super) problems: Vec<PolicyProblem>,
}

impl Check {
    pub(super) fn note<T>(&mut self, at: &Spanned<T>, message: String) {
        self.problems.push(PolicyProblem { line: at.referenced.line(), message });
    }

    pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(
        &mut self,
        text: &Spanned<String>,
    ) -> Option<T> {
        match text.value.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(text, format!("{error}"));
                None
            }
        }
    }

    pub(super) fn word<T: Copy>(
        &mut self,
        text: Option<&Spanned<String>>,
        words: &[(&str, T)],
        otherwise: T,
    ) -> T {
        let Some(text) = text else { return otherwise };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return *value;
        }
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        self.note(text, format!("{:?} is not one of: {}", text.value, known.join(", ")));
        otherwise
    }
}
