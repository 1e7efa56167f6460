//! A server in one process, a browser to ask it with, and a simulated Gorgias behind it.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::connect_info::MockConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use muster::{
    connector::transport::Transport,
    env::Env,
    secret::Secret,
    service::{
        Muster,
        connect::{NewConnection, Replace, known},
        users::NewUser,
    },
    store::{Location, Store, records::JournalFilter, seal::SealingKey},
    web::{Face, Web},
    worker::Worker,
};
use muster_domain::model::{
    email::EmailAddress,
    id::{AppName, OrgId},
    journal::{Entry, Event},
    user::{Role, User},
};
use muster_simulator::{Config, Gorgias, Limits};
use tower::ServiceExt as _;

use crate::in_process::{InProcess, clock};

pub(crate) const PASSWORD: &str = "seven green bicycles";

const KEY: &str = "s3cr3t-simulated-key";

/// A server with nobody in it.
pub(crate) struct Server {
    pub(crate) env: Env,
    pub(crate) sim: Gorgias,
    pub(crate) wire: Arc<InProcess>,
    pub(crate) muster: Muster,
    pub(crate) worker: Worker,
    pub(crate) router: Router,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |to| to.to_str().unwrap())
    }
}

impl Server {
    pub(crate) async fn new() -> Self {
        Self::at("http://127.0.0.1:7300/").await
    }

    /// A server that browsers reach under this address.
    pub(crate) async fn at(url: &str) -> Self {
        let env = Env::manual("2026-03-02T08:00:00Z".parse().unwrap(), 5);
        let config = Config {
            api_key: KEY.to_owned(),
            limits: Limits { headers: Config::gorgias().limits.headers, ..Limits::unlimited() },
            ..Config::gorgias()
        };
        let sim = Gorgias::new(config, clock(&env));
        let wire = Arc::new(InProcess::new(sim.router(), &env));
        let transport = wire.clone();
        let store = Store::open(&Location::SqliteMemory, SealingKey::new([7; 32]), env.clone())
            .await
            .unwrap();
        let muster = Muster {
            store: store.org(OrgId::default_org()),
            env: env.clone(),
            actor: "muster".to_owned(),
            node: "a-serve".to_owned(),
            transports: Arc::new(move || Ok(transport.clone() as Arc<dyn Transport>)),
            forgotten: None,
        };
        let worker = Worker::new(muster.clone());
        let face = Face { public_url: url.parse().unwrap(), also: Vec::new() };
        let from = SocketAddr::from(([127, 0, 0, 1], 4711));
        let web = Web::new(muster.clone(), worker.clone(), face);
        let router = web.router().layer(MockConnectInfo(from));
        Self { env, sim, wire, muster, worker, router }
    }

    pub(crate) fn app() -> AppName {
        "support".parse().unwrap()
    }

    /// Connects the simulated Gorgias as `support`.
    pub(crate) async fn connect(&self) {
        let settings = [("subdomain", "acme"), ("email", "owner@acme.example")];
        let new = NewConnection {
            app: Self::app(),
            connector: known("gorgias").unwrap(),
            settings: settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            secret: Secret::new(KEY.to_owned()),
            replace: Replace::No,
        };
        self.muster.connect(new).await.unwrap();
    }

    /// Lets somebody in who has chosen her password.
    pub(crate) async fn user(&self, name: &str, role: Role) -> User {
        let email: EmailAddress = format!("{name}@acme.example").parse().unwrap();
        let until = role.is_time_boxed().then(|| "2026-06-01T00:00:00Z".parse().unwrap());
        let new = NewUser { email: email.clone(), name: name.to_owned(), role, apps: None, until };
        let user = self.muster.put_user(new).await.unwrap();
        let password = Secret::new(PASSWORD.to_owned());
        self.muster.change_password(&email, &password, None).await.unwrap();
        user
    }

    /// What a program asks.
    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// A token of `user` that may do whatever she may.
    pub(crate) async fn token(&self, user: &User) -> String {
        let until = self.env.now().checked_add(SignedDuration::from_hours(24)).unwrap();
        let scopes = user.role.permits().iter().copied().collect();
        let made = self.muster.make_token(user, "script", scopes, until).await.unwrap();
        made.1.reveal().to_owned()
    }

    pub(crate) async fn journaled(&self, event: Event) -> Vec<Entry> {
        let filter = JournalFilter { event: Some(event), ..JournalFilter::default() };
        self.muster.store.journal(&filter).await.unwrap()
    }
}

/// A browser: keeps cookies, and says where its requests come from.
pub(crate) struct Browser<'a> {
    server: &'a Server,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(server: &'a Server) -> Self {
        Self { server, cookies: BTreeMap::new() }
    }

    /// A browser in which `name` is signed in.
    pub(crate) async fn of(server: &'a Server, name: &str) -> Self {
        let mut browser = Self::new(server);
        let answer = browser.sign_in(&format!("{name}@acme.example"), PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        browser
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("email", email), ("password", password)]).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(Method::POST, path, Some(form)).await
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        form: Option<String>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::HOST, "127.0.0.1:7300")
            .header("sec-fetch-site", "same-origin");
        if method != Method::GET {
            request = request.header(header::ORIGIN, "http://127.0.0.1:7300");
        }
        if form.is_some() {
            let kind = "application/x-www-form-urlencoded";
            request = request.header(header::CONTENT_TYPE, kind);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let request = request.body(form.map_or_else(Body::empty, Body::from)).unwrap();
        let answer = self.server.ask(request).await;
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, rest) = set.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap_or_default();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}
