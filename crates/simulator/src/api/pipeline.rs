//! What every request goes through: faults, credentials, the bucket, its handler, the record.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;

use crate::{
    api::Call,
    bucket::Reading,
    config::{LimitHeaders, RetryAfter},
    faults::{ConnectionFault, Fault, Phase, Struck},
    oauth::{self, AppBucket, Rights},
    record::{Outcome, RequestRecord},
    reply::{Content, Refusal, Reply},
    request::{self, Request, Route},
    users::UserRecord,
    world::World,
};

/// What goes back, and how it gets there.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    pub(crate) broken: Option<ConnectionFault>,
    /// How long it is on its way.
    pub(crate) latency: Duration,
}

/// What a request came to before it is written down.
struct Served {
    reply: Reply,
    broken: Option<ConnectionFault>,
    reading: Option<Reading>,
    took_effect: bool,
}

impl Served {
    const fn untouched(reply: Reply) -> Self {
        Self { reply, broken: None, reading: None, took_effect: false }
    }
}

/// Serves one request and writes it down.
pub(crate) fn answer(world: &mut World, request: &Request, now: Timestamp) -> Answer {
    world.settle(now);
    let route = Route::parse(&request.path);
    let struck = world.faults.strike(&request.subject(&route));
    let served = if world.config.unknown_subdomain || route == Route::Outside {
        Served::untouched(Reply::not_found_page())
    } else {
        through_faults(world, request, route, &struck, now)
    };
    let answer = pack(world, served.reply, served.reading, served.broken);
    let seq = world.record.next_seq();
    let entry = RequestRecord {
        seq,
        at: now,
        method: request.method.to_string(),
        target: oauth::public_target(request),
        route: route.template().to_owned(),
        outcome: answer.broken.map_or(Outcome::Answered(answer.status.as_u16()), Outcome::Broken),
        took_effect: served.took_effect,
        faults: struck.names().into_iter().map(str::to_owned).collect(),
    };
    if entry.took_effect || !entry.faults.is_empty() {
        world.touch();
    }
    world.record.note(entry, world.config.log_capacity);
    answer
}

fn through_faults(
    world: &mut World,
    request: &Request,
    route: Route,
    struck: &Struck,
    now: Timestamp,
) -> Served {
    if let Some(fault) = struck.replacing(Phase::Before) {
        let (reply, broken) = replacement(fault);
        let reading = matches!(fault, Fault::Storm { .. })
            .then(|| world.bucket.look(&world.config.limits, now));
        return Served { broken, reading, ..Served::untouched(reply) };
    }
    let served = admit(world, request, route, struck, now);
    match struck.replacing(Phase::After) {
        None => served,
        Some(Fault::Truncate) => {
            // Nothing to cut: such an answer gets lost as a whole.
            let empty = matches!(served.reply.content, Content::Empty);
            let fault = if empty { ConnectionFault::Dropped } else { ConnectionFault::Truncated };
            Served { broken: Some(fault), ..served }
        }
        Some(fault) => {
            let (reply, broken) = replacement(fault);
            Served { reply, broken, reading: None, took_effect: served.took_effect }
        }
    }
}

/// What a client gets to see in place of an answer.
fn replacement(fault: Fault) -> (Reply, Option<ConnectionFault>) {
    let nothing = Reply::empty(StatusCode::BAD_GATEWAY);
    match fault {
        Fault::Drop { .. } => (nothing, Some(ConnectionFault::Dropped)),
        Fault::Hang { millis, .. } => {
            (nothing, Some(ConnectionFault::Hang(Duration::from_millis(millis))))
        }
        Fault::HtmlPage { code, .. } => (Reply::error_page(code), None),
        Fault::Storm { retry_after_s } => (Reply { retry_after_s, ..too_many() }, None),
        Fault::Status { code, .. } => (Refusal::new(code, "Internal error.").reply(), None),
        _ => (Refusal::new(500, "Internal error.").reply(), None),
    }
}

fn too_many() -> Reply {
    Refusal::new(429, "Too many requests.").reply()
}

/// Credentials, then the bucket, then the handler. OAuth looks at credentials by itself, and
/// fills no bucket.
fn admit(
    world: &mut World,
    request: &Request,
    route: Route,
    struck: &Struck,
    now: Timestamp,
) -> Served {
    if route.is_oauth() {
        let (reply, took_effect) = oauth::serve(world, request, route, struck, now);
        return Served { took_effect, ..Served::untouched(reply) };
    }
    let authorization = request.authorization.as_deref();
    let Some((caller, rights)) = authenticate(world, authorization, now) else {
        return Served::untouched(Refusal::new(401, "Invalid credentials.").reply());
    };
    let reading = take(world, &rights, now);
    if !reading.admitted {
        let retry_after_s = match world.config.limits.retry_after {
            RetryAfter::Present => Some(reading.retry_after_s),
            RetryAfter::Absent => None,
            RetryAfter::Zero => Some(0),
        };
        let reply = Reply { retry_after_s, ..too_many() };
        world.record.counters.rate_limited += 1;
        return Served { reading: Some(reading), ..Served::untouched(reply) };
    }
    let mut call = Call { world, request, struck, caller, now, took_effect: false };
    let covered = rights.cover(route, &request.method);
    let reply = covered.and_then(|()| call.serve(route)).unwrap_or_else(Refusal::reply);
    Served { reply, broken: None, reading: Some(reading), took_effect: call.took_effect }
}

/// Lets a request into the bucket it belongs to, if it fits.
fn take(world: &mut World, rights: &Rights, now: Timestamp) -> Reading {
    let World { config, bucket, app_bucket, record, .. } = world;
    let counters = &mut record.counters;
    let (reading, peak) = match (rights, config.oauth.bucket) {
        (Rights::Scopes(_), AppBucket::Own) => {
            (app_bucket.take(&config.limits.of_apps(), now), &mut counters.app_bucket_peak)
        }
        _ => (bucket.take(&config.limits, now), &mut counters.bucket_peak),
    };
    *peak = reading.used.max(*peak);
    reading
}

/// The user whose key or access token it is, if it is right and still works.
fn authenticate(
    world: &World,
    authorization: Option<&str>,
    now: Timestamp,
) -> Option<(UserRecord, Rights)> {
    let authorization = authorization?;
    let (holder, rights) = match request::bearer(authorization) {
        Some(token) => world.oauth.bearer(token, now)?,
        None => (world.key.holder, Rights::Key),
    };
    let user = world.users.get(holder).filter(|user| user.is_active())?;
    let right = rights != Rights::Key || holds_key(world, user, authorization);
    right.then(|| (user.clone(), rights))
}

fn holds_key(world: &World, holder: &UserRecord, authorization: &str) -> bool {
    request::basic(authorization).is_some_and(|(email, key)| {
        holder.email.eq_ignore_ascii_case(&email)
            && key == world.config.api_key
            && !world.key.revoked
    })
}

fn pack(
    world: &World,
    reply: Reply,
    reading: Option<Reading>,
    broken: Option<ConnectionFault>,
) -> Answer {
    let mut headers = limit_headers(world.config.limits.headers, reading);
    if let Some(seconds) = reply.retry_after_s {
        headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
    }
    headers.extend(reply.headers);
    let mut body = match reply.content {
        Content::Empty => Bytes::new(),
        Content::Json(json) => {
            headers.push((header::CONTENT_TYPE, HeaderValue::from_static("application/json")));
            json.into()
        }
        Content::Html(page) => {
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            headers.push((header::CONTENT_TYPE, html));
            page.into_owned().into()
        }
    };
    if broken == Some(ConnectionFault::Truncated) {
        headers.push((header::CONTENT_LENGTH, HeaderValue::from(body.len())));
        body.truncate(body.len() / 2);
    }
    let latency = Duration::from_millis(world.config.latency_ms);
    Answer { status: reply.status, headers, body, broken, latency }
}

fn limit_headers(family: LimitHeaders, reading: Option<Reading>) -> Vec<(HeaderName, HeaderValue)> {
    let Some(reading) = reading else { return Vec::new() };
    match family {
        LimitHeaders::None => Vec::new(),
        LimitHeaders::Gorgias => {
            HeaderValue::try_from(format!("{}/{}", reading.used, reading.limit))
                .map(|value| {
                    let name = HeaderName::from_static("x-gorgias-account-api-call-limit");
                    vec![(name, value)]
                })
                .unwrap_or_default()
        }
        LimitHeaders::XRateLimit => {
            let number = |name, value: u32| (HeaderName::from_static(name), value.into());
            vec![
                number("x-ratelimit-limit", reading.limit),
                number("x-ratelimit-remaining", reading.limit.saturating_sub(reading.used)),
                number("x-ratelimit-reset", reading.reset_s),
            ]
        }
    }
}
