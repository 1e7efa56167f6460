//! What surrounds every page: who is signed in, where one can go, what waits there.

use std::fmt::{self, Write as _};

use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use muster_domain::model::user::Permission;

use super::{Web, assets, problem::Problem, who::Who};
use crate::error::Result;

/// A place in the navigation.
pub(crate) struct Place {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Where it is.
    pub(crate) path: &'static str,
    /// What one types after `g` to go there.
    pub(crate) key: char,
    /// What it takes to go there.
    needs: Permission,
}

/// Where one can go.
const PLACES: &[Place] = &[
    Place { name: "Overview", path: "/", key: 'o', needs: Permission::Read },
    Place { name: "People", path: "/people", key: 'p', needs: Permission::Read },
    Place { name: "Plans", path: "/plans", key: 'l', needs: Permission::Read },
    Place { name: "Tasks", path: "/tasks", key: 't', needs: Permission::Read },
    Place { name: "Checks", path: "/checks", key: 'c', needs: Permission::Read },
    Place { name: "Activity", path: "/activity", key: 'a', needs: Permission::Read },
    Place { name: "Users", path: "/settings/users", key: 'u', needs: Permission::Govern },
];

/// What surrounds a page.
pub(crate) struct Shell {
    /// The page's name.
    pub(crate) title: String,
    /// Under which place it stands.
    pub(crate) at: &'static str,
    /// Who looks.
    pub(crate) who: Who,
    /// The zone in which times are shown.
    pub(crate) zone: TimeZone,
    /// Now.
    pub(crate) now: Timestamp,
    /// What became of what was just done.
    pub(crate) notice: Option<String>,
}

impl Shell {
    /// What surrounds the page `title` under the place at `at`.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn new(
        web: &Web,
        who: Who,
        at: &'static str,
        title: impl Into<String>,
    ) -> Result<Self> {
        let zone = web.muster.policy_or_none().await?.organization.time_zone;
        let now = web.muster.env.now();
        Ok(Self { title: title.into(), at, who, zone, now, notice: None })
    }

    /// The same, saying what became of what was just done.
    pub(crate) fn with_notice(self, notice: impl Into<String>) -> Self {
        Self { notice: Some(notice.into()), ..self }
    }

    /// Where she can go.
    pub(crate) fn places(&self) -> Vec<&'static Place> {
        PLACES.iter().filter(|place| self.who.may(place.needs)).collect()
    }

    pub(crate) fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// A moment, shown in the organisation's zone until a script shows it in the viewer's, with the
    /// exact instant beside it.
    pub(crate) fn time(&self, at: &Timestamp) -> Moment {
        Moment {
            at: *at,
            shown: at.to_zoned(self.zone.clone()).strftime("%-d %b %Y, %H:%M").to_string(),
        }
    }

    /// How long ago a moment was, or how far off it is.
    pub(crate) fn ago(&self, at: &Timestamp) -> Moment {
        Moment { at: *at, shown: ago(*at, self.now) }
    }
}

/// A moment as a `time` element.
pub(crate) struct Moment {
    at: Timestamp,
    shown: String,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = self.at.strftime("%Y-%m-%dT%H:%M:%SZ");
        write!(f, "<time datetime=\"{exact}\" title=\"{exact}\">")?;
        write!(f, "{}</time>", self.shown)
    }
}

impl askama::filters::HtmlSafe for Moment {}

fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    let (length, word) = match seconds.unsigned_abs() {
        0..60 => return if seconds < 0 { "in a moment" } else { "just now" }.to_owned(),
        s @ 60..3_600 => (s / 60, "minute"),
        s @ 3_600..86_400 => (s / 3_600, "hour"),
        s => (s / 86_400, "day"),
    };
    let mut text = format!("{length} {word}");
    if length != 1 {
        text.push('s');
    }
    if seconds < 0 {
        text.insert_str(0, "in ");
    } else {
        let _ = write!(text, " ago");
    }
    text
}

/// The page that a template makes.
pub(crate) fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "page",
                "Muster failed",
                "This page could not be made; Muster's log says why",
            )
            .into_response()
        }
    }
}

/// `n things`, in the singular where there is one.
pub(crate) fn count(n: usize, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// So many people.
pub(crate) fn people(n: usize) -> String {
    if n == 1 { "1 person".to_owned() } else { format!("{n} people") }
}
