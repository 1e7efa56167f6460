//! The server's faces: pages for people, an API for programs, health for whoever watches. One
//! handler and one template a page; nothing but calls into `service`.

mod api;
pub(crate) mod assets;
mod csv;
mod guard;
mod health;
mod limiter;
mod pages;
mod paging;
mod problem;
mod prose;
pub mod routes;
mod shell;
mod tell;
mod who;

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, middleware};
use tokio::net::TcpListener;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer,
};
use url::Url;

use self::limiter::Limiter;
use crate::{
    error::{Error, Result},
    service::Muster,
    worker::Worker,
};

/// How the server shows itself.
#[derive(Debug, Clone)]
pub struct Face {
    /// The address under which browsers reach it.
    pub public_url: Url,
    /// Other names it answers to, with their port.
    pub also: Vec<String>,
}

/// What every handler shares.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

/// What every handler shares, inside.
pub struct Inner {
    /// The use cases; each request speaks as its own user.
    pub muster: Muster,
    /// The loop.
    pub worker: Worker,
    face: Face,
    refusals: Limiter,
    denials: Limiter,
}

impl std::ops::Deref for Web {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Web {
    /// The server of `muster`, beside its loop.
    #[must_use]
    pub fn new(muster: Muster, worker: Worker, face: Face) -> Self {
        let refusals = Limiter::new(10, Duration::from_secs(15 * 60));
        let denials = Limiter::new(1, Duration::from_secs(60));
        Self(Arc::new(Inner { muster, worker, face, refusals, denials }))
    }

    /// The router of everything.
    pub fn router(&self) -> Router {
        let state = |_: ()| self.clone();
        routes::router(self)
            .fallback(pages::nowhere)
            .layer(middleware::from_fn(api::tag))
            .layer(middleware::from_fn(api::explain))
            .layer(middleware::from_fn_with_state(state(()), who::identify))
            .layer(middleware::from_fn_with_state(state(()), guard::our_site))
            .layer(middleware::from_fn_with_state(state(()), pages::dress_problems))
            .layer(DefaultBodyLimit::max(guard::LARGEST))
            .layer(TimeoutLayer::with_status_code(
                axum::http::StatusCode::SERVICE_UNAVAILABLE,
                guard::PATIENCE,
            ))
            .layer(CatchPanicLayer::new())
            .layer(middleware::from_fn_with_state(state(()), guard::our_host))
            .layer(middleware::from_fn_with_state(state(()), guard::headers))
            .layer(CompressionLayer::new())
            .with_state(self.clone())
    }

    /// Serves until `stop` resolves, and lets requests that are under way come to an end.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<()> {
        axum::serve(
            listener,
            self.router().into_make_service_with_connect_info::<std::net::SocketAddr>(),
        )
        .with_graceful_shutdown(stop)
        .await
        .map_err(|error| Error::file("the server stopped", error))
    }

    /// Whether browsers reach it over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.face.public_url.scheme() == "https"
    }

    pub(crate) fn cookie_name(&self) -> &'static str {
        if self.is_secure() { who::SECURE_COOKIE } else { who::COOKIE }
    }

    /// Whether it goes by this name, with its port.
    pub(crate) fn answers_to(&self, host: &str) -> bool {
        let url = &self.face.public_url;
        let own = match (url.host_str(), url.port()) {
            (Some(name), Some(port)) => format!("{name}:{port}"),
            (Some(name), None) => name.to_owned(),
            (None, _) => String::new(),
        };
        host.eq_ignore_ascii_case(&own)
            || self.face.also.iter().any(|also| host.eq_ignore_ascii_case(also))
    }

    /// The address of a page, for links that leave the browser.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        self.face.public_url.join(path).map_or_else(|_| path.to_owned(), |url| url.to_string())
    }

    pub(crate) fn is_first_of_minute(&self, who: &str, what: &str) -> bool {
        self.denials.take(&format!("{who} {what}"), self.muster.env.now()).is_ok()
    }
}
