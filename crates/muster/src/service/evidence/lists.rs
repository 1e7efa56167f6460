//! The lists that are printed in the report: the beginning of what the files hold.

use std::{collections::BTreeSet, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};
use muster_domain::engine::{
    evidence::page::{Listing, cut, moment},
    redact,
};
use serde_json::Value as Json;

use super::bundle::Bundle;

/// No cell of a printed list is longer: the files hold all of it.
const LONGEST: usize = 240;

/// A list that is being printed.
pub(super) struct Printed {
    pub(super) listing: Listing,
    marks: Arc<BTreeSet<String>>,
    zone: TimeZone,
}

impl Printed {
    fn new(listing: Listing, bundle: &Bundle, zone: &TimeZone) -> Self {
        Self { listing, marks: bundle.marks.clone(), zone: zone.clone() }
    }

    /// What fails or is due.
    pub(super) fn wrong(bundle: &Bundle, zone: &TimeZone) -> Self {
        let words = (
            "Failing and due, when this was made",
            "What is not as it should be, beyond its time allowed or within it. An exception is no \
             pass; what is excepted is counted apart above.",
        );
        let headings = &["Check", "About", "State", "Since", "Due", "Why"];
        Self::new(Listing::new(words, "checks", headings), bundle, zone)
    }

    /// Exceptions.
    pub(super) fn exceptions(bundle: &Bundle, zone: &TimeZone) -> Self {
        let words = (
            "Exceptions in force in the period",
            "What a named person answers for leaving as it is until a date; those that were ended \
             before it, too.",
        );
        let headings = &["Check", "About", "Reason", "Answers for it", "Made", "Until", "Ended"];
        Self::new(Listing::new(words, "exceptions", headings), bundle, zone)
    }

    /// Attestations.
    pub(super) fn attestations(bundle: &Bundle, zone: &TimeZone) -> Self {
        let words = (
            "Attestations in force in the period",
            "What a named person gave their word for because no system tells it; those that were \
             withdrawn, too.",
        );
        let headings = &["Says", "App", "Account", "Statement", "By", "At", "Until", "Withdrawn"];
        Self::new(Listing::new(words, "attestations", headings), bundle, zone)
    }

    /// Decisions.
    pub(super) fn decisions(bundle: &Bundle, zone: &TimeZone) -> Self {
        let words = (
            "Decisions in the period",
            "Approvals, rejections, exceptions, words by hand about people and accounts, imports of \
             people: who, when, what.",
        );
        let headings =
            &["At", "By", "What", "App", "Account", "Person", "Reason, or what was told"];
        Self::new(Listing::new(words, "decisions", headings), bundle, zone)
    }

    /// Adds a row.
    pub(super) fn push(&mut self, cells: &[Json]) {
        let Self { listing, marks, zone } = self;
        let cell = |cell: &Json| {
            let mut cell = cell.clone();
            redact::scrub(&mut cell, marks);
            match cell {
                Json::Null => String::new(),
                Json::String(text) => text
                    .parse::<Timestamp>()
                    .map_or_else(|_| cut(&text, LONGEST), |at| moment(at, zone)),
                other => cut(&other.to_string(), LONGEST),
            }
        };
        listing.push(|| cells.iter().map(cell).collect());
    }
}
