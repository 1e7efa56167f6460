//! One request to Gorgias: paced, authenticated, judged, and repeated only where that is safe.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use serde_json::Value;
use url::Url;

use super::{
    credential::{Credential, Line, Login},
    refusal::{self, Again, Failure, Purpose},
};
use crate::{
    connector::{
        ConnectorError, ErrorKind, Lane,
        budget::Budget,
        transport::{Request, Transport, TransportError},
    },
    env::Env,
};

/// How often a refusal for want of room (429) is waited out.
const REFUSALS: u32 = 6;
/// How often a read is tried when no trustworthy answer comes.
const TRIES: u32 = 4;
/// The first pause before a read is made again, in seconds; it doubles.
const PAUSE_S: f64 = 0.5;

/// The account's API.
pub(super) struct Api {
    transport: Arc<dyn Transport>,
    pub(super) budget: Arc<Budget>,
    pub(super) env: Env,
    base: Url,
    credential: Credential,
}

/// A request to make.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) lane: Lane,
    /// As in "could not …".
    pub(super) attempt: &'a str,
    pub(super) method: Method,
    /// The segments behind `/api`.
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Option<&'a Value>,
    pub(super) takes_seat: bool,
    /// Whether it changes nothing, though it is no GET.
    pub(super) only_reads: bool,
}

impl<'a> Ask<'a> {
    pub(super) const fn get(lane: Lane, attempt: &'a str, path: &'a [&'a str]) -> Self {
        Self {
            lane,
            attempt,
            method: Method::GET,
            path,
            query: &[],
            body: None,
            takes_seat: false,
            only_reads: false,
        }
    }

    pub(super) fn purpose(&self) -> Purpose<'a> {
        Purpose { attempt: self.attempt, is_read: self.is_read(), takes_seat: self.takes_seat }
    }

    fn is_read(&self) -> bool {
        self.only_reads || self.method == Method::GET
    }
}

/// A 2xx answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// The body; a write may have none.
    pub(super) json: Option<Value>,
    pub(super) body: Bytes,
    /// Requests made, repeats included.
    pub(super) requests: u32,
    /// The round trip, without the wait for a turn.
    pub(super) seconds: f64,
}

impl Api {
    pub(super) fn new(
        transport: Arc<dyn Transport>,
        budget: Arc<Budget>,
        env: Env,
        login: Login,
        base: Url,
    ) -> Result<Self, ConnectorError> {
        let credential = Credential::new(login)?;
        Ok(Self { transport, budget, env, base, credential })
    }

    pub(super) const fn credential(&self) -> &Credential {
        &self.credential
    }

    pub(super) fn line(&self) -> Line<'_> {
        Line { transport: self.transport.as_ref(), env: &self.env, base: &self.base }
    }

    pub(super) const fn base(&self) -> &Url {
        &self.base
    }

    /// Makes the request. A 429 was not done and is made again when there is room; a read without
    /// a trustworthy answer is made again a few times; a write never is. An access token that is
    /// refused was not let in: it is renewed once and the request made again.
    pub(super) async fn send(&self, ask: &Ask<'_>) -> Result<Answer, Failure> {
        let is_read = ask.is_read();
        let (mut requests, mut refusals, mut lost) = (0, 0, 0);
        let mut renewed = false;
        loop {
            requests += 1;
            let sent = self.env.now();
            let mut failure = match self.once(ask).await {
                Ok(answer) => return Ok(Answer { requests, ..answer }),
                Err(failure) => failure,
            };
            failure.requests = requests;
            if failure.status == Some(401) && !renewed {
                renewed = true;
                match self.credential.renewed_after(sent, self.line()).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => return Err(Failure { error, ..failure }),
                }
            }
            match failure.again {
                Again::WhenLetIn if refusals < REFUSALS => refusals += 1,
                Again::IfRead if is_read && lost + 1 < TRIES => {
                    let grown = PAUSE_S * f64::from(1_u32 << lost);
                    lost += 1;
                    let pause = grown * (0.5 + self.env.fraction());
                    self.env.sleep(Duration::from_secs_f64(pause)).await;
                }
                _ => return Err(failure),
            }
        }
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<Answer, Failure> {
        let header = self.credential.header(self.line()).await;
        let header = header.map_err(|error| failure(error, Again::No))?;
        let request = self.request(ask, header)?;
        let permit = self.budget.acquire(ask.lane).await;
        let sent = self.env.now();
        match self.transport.send(request).await {
            Ok(response) => {
                let until = permit.answered(response.status, &response.headers);
                let json =
                    refusal::judge(ask.purpose(), &response, until, &self.credential.cleaner())?;
                let seconds = self.env.now().duration_since(sent).as_secs_f64();
                Ok(Answer { json, body: response.body, requests: 1, seconds })
            }
            Err(error) => {
                let error = match error {
                    TransportError::NotSent(why) => {
                        permit.not_sent();
                        let what = format!("Gorgias cannot be reached ({})", self.clean(&why));
                        let remedy = "Nothing was sent; check the address and the network.";
                        ask.purpose().fail(ErrorKind::Unavailable, &what, remedy)
                    }
                    TransportError::NoAnswer(why) => {
                        permit.unanswered();
                        let what = format!("no whole answer came ({})", self.clean(&why));
                        ask.purpose().lost(&what)
                    }
                };
                Err(failure(error, Again::IfRead))
            }
        }
    }

    fn clean(&self, text: &str) -> String {
        self.credential.cleaner().clean(text)
    }

    fn request(&self, ask: &Ask<'_>, authorization: HeaderValue) -> Result<Request, Failure> {
        let unusable = |what: &str| {
            failure(ask.purpose().fail(ErrorKind::Invalid, what, "Check base_url."), Again::No)
        };
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| unusable("the base URL cannot hold a path"))?
            .pop_if_empty()
            .push("api")
            .extend(ask.path);
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(ask.query);
        }
        let request = Request::new(ask.method.clone(), url)
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, HeaderValue::from_static("application/json"));
        match ask.body {
            None => Ok(request),
            Some(body) => {
                let text =
                    serde_json::to_vec(body).map_err(|_| unusable("the body is not JSON"))?;
                Ok(request.json(text))
            }
        }
    }
}

fn failure(error: ConnectorError, again: Again) -> Failure {
    Failure { error, status: None, blamed: Vec::new(), again, requests: 1 }
}
