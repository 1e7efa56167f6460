//! `muster serve`: the loop, the pages and the API, until it is told to stop.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use serde_json::json;
use tokio::{net::TcpListener, sync::watch};
use url::Url;

use super::session::{Access, Outcome, Session, Start, print_json, print_line};
use crate::{
    error::{Error, Result},
    service::Muster,
    web::{Face, Web},
    worker::Worker,
};

/// How long rounds and requests that go on may take to come to an end. What is cut off then is
/// found out about at the next start.
const GRACE: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen. Beyond this machine only behind a proxy that speaks TLS
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7300", env = "MUSTER_LISTEN")]
    listen: SocketAddr,
    /// The address under which browsers reach it [default: http:// and the address it listens on]
    #[arg(long, value_name = "URL", env = "MUSTER_PUBLIC_URL")]
    public_url: Option<Url>,
    /// Serve pages and API only: another node runs the loop
    #[arg(long)]
    no_loop: bool,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let settings = start.settings()?;
        let session = start.open(Access::Beside).await?;
        let _served = settings.lock_server(&session.muster.env).await?;
        let failed = |error| Error::file(format!("cannot listen on {}", self.listen), error);
        let listener = TcpListener::bind(self.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let face = self.face(address)?;
        let muster = Muster {
            actor: "muster".to_owned(),
            node: format!("{}-serve", session.muster.node),
            ..session.muster.clone()
        };
        let worker = Worker::new(muster.clone());
        let web = Web::new(muster, worker.clone(), face);
        greet(&session, &web).await?;
        let (stop, stopped) = watch::channel(false);
        let looping = (!self.no_loop).then(|| {
            let worker = worker.clone();
            tokio::spawn(async move { worker.run().await })
        });
        let serving = tokio::spawn({
            let mut stopped = stopped.clone();
            async move {
                let stop = async move {
                    let _ = stopped.changed().await;
                };
                web.serve(listener, stop).await
            }
        });
        told_to_stop().await;
        tracing::info!("stopping: what goes on comes to its end");
        worker.stop();
        let _ = stop.send(true);
        let ending = async {
            if let Some(looping) = looping {
                let _ = looping.await;
            }
            serving.await
        };
        match tokio::time::timeout(GRACE, ending).await {
            Ok(Ok(served)) => served?,
            Ok(Err(error)) => tracing::error!(%error, "the server ended in disorder"),
            Err(_) => tracing::warn!("cut off what did not come to an end in {GRACE:?}"),
        }
        Ok(Outcome::Done)
    }

    fn face(&self, address: SocketAddr) -> Result<Face> {
        let port = address.port();
        let own = match address.ip() {
            ip if ip.is_unspecified() => format!("http://localhost:{port}/"),
            IpAddr::V4(ip) => format!("http://{ip}:{port}/"),
            IpAddr::V6(ip) => format!("http://[{ip}]:{port}/"),
        };
        let public_url = match &self.public_url {
            Some(url) => url.clone(),
            None => own.parse().map_err(|error| Error::Invalid(format!("{own}: {error}")))?,
        };
        let whole = matches!(public_url.scheme(), "http" | "https")
            && public_url.host_str().is_some()
            && public_url.path() == "/"
            && public_url.query().is_none()
            && public_url.username().is_empty();
        if !whole {
            return Err(Error::Invalid(format!(
                "{public_url} is no address to be reached at; give scheme and host, and nothing \
                 after them: --public-url https://muster.example.com"
            )));
        }
        if !address.ip().is_loopback() && public_url.scheme() != "https" {
            return Err(Error::Invalid(format!(
                "{address} can be reached from other machines, and passwords would go there in \
                 the clear; put a proxy with TLS before it and say --public-url https://…, or \
                 listen on 127.0.0.1"
            )));
        }
        let also = if address.ip().is_loopback() {
            vec![format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")]
        } else {
            Vec::new()
        };
        Ok(Face { public_url, also })
    }
}

/// Says where it is, and how the first owner gets in.
async fn greet(session: &Session, web: &Web) -> Result<()> {
    let at = web.link("/");
    let first = if session.muster.users().await?.is_empty() {
        let secret = session.muster.make_sign_in_link(None).await?;
        Some(web.link(&format!("/welcome/{}", secret.reveal())))
    } else {
        None
    };
    if session.json {
        return print_json(&json!({"url": at, "set_up": first}));
    }
    print_line(&format!("Muster listens on {at}"));
    if let Some(link) = first {
        print_line(&format!(
            "Nobody can sign in yet. This link makes you the owner, once, within a day:\n  {link}"
        ));
    }
    print_line("Ctrl-C ends it.");
    Ok(())
}

/// Resolves when the process is told to stop.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut term) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = term.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
