//! The real transport over real sockets on this machine. The only tests that wait.

use std::{sync::Arc, time::Duration};

use http::{HeaderValue, Method};
use muster::{
    connector::{
        Connector, ErrorKind, Lane,
        budget::Budget,
        transport::{HttpLimits, HttpTransport, Request, Transport, TransportError},
    },
    connectors::gorgias::{ApiKey, Gorgias, base_url},
    env::Env,
    secret::Secret,
};
use muster_domain::model::account::AccountChange;
use muster_simulator::{self as simulator, Clock, Config, Fault, Faults, NewUser, Phase, Rule};
use tokio::net::TcpListener;

struct Server {
    sim: simulator::Gorgias,
    base: String,
    _stop: tokio::sync::oneshot::Sender<()>,
}

async fn serve() -> Server {
    let sim = simulator::Gorgias::new(Config::gorgias(), Clock::system());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = sim.clone();
    tokio::spawn(async move {
        server
            .serve(listener, async {
                let _gone = stopped.await;
            })
            .await
            .unwrap();
    });
    Server { sim, base, _stop: stop }
}

fn transport(limits: HttpLimits) -> HttpTransport {
    HttpTransport::new(limits).unwrap()
}

fn connector(base: &str, transport: HttpTransport) -> Gorgias {
    let env = Env::system();
    let config = Config::gorgias();
    let key = ApiKey { email: config.owner_email, key: Secret::new(config.api_key) };
    let budget = Budget::new(env.clone(), None);
    Gorgias::new(Arc::new(transport), budget, env, &key, base_url(base).unwrap()).unwrap()
}

#[tokio::test]
async fn it_reads_and_writes_over_tcp() {
    let server = serve().await;
    let id = server.sim.add_user(NewUser::new("ada@acme.example").name("Ada"));
    let gorgias = connector(&server.base, transport(HttpLimits::default()));
    let account = gorgias.account(Lane::Routine, &id.to_string().parse().unwrap()).await.unwrap();
    let change = AccountChange { name: Some("Ada Böhm".to_owned()), ..Default::default() };
    gorgias.update(Lane::Routine, &account.unwrap(), &change).await.unwrap();
    assert_eq!(server.sim.user(id).unwrap().name, "Ada Böhm");
}

#[tokio::test]
async fn it_tells_not_sent_from_no_answer() {
    let server = serve().await;
    let limits = HttpLimits { total: Duration::from_millis(400), ..HttpLimits::default() };
    let id = server.sim.add_user(NewUser::new("ada@acme.example"));
    let gorgias = connector(&server.base, transport(limits));
    for (fault, gone) in [
        (Fault::Drop { phase: Phase::Before }, false),
        (Fault::Hang { millis: 2_000, phase: Phase::Before }, false),
        (Fault::Drop { phase: Phase::After }, true),
    ] {
        server.sim.set_faults(Faults::of(vec![Rule::new(fault).method("DELETE")]));
        let error =
            gorgias.delete(Lane::Leaver, &id.to_string().parse().unwrap()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{fault:?}: {error}");
        assert_eq!(!server.sim.user(id).unwrap().exists(), gone, "{fault:?}");
    }
    let truncate = Rule::new(Fault::Truncate).method("GET").times(1);
    server.sim.set_faults(Faults::of(vec![truncate]));
    let request = |path: &str| {
        Request::new(Method::GET, format!("{}{path}", server.base).parse().unwrap()).header(
            http::header::AUTHORIZATION,
            {
                use base64::{Engine, engine::general_purpose::STANDARD};
                let pair = STANDARD.encode("owner@acme.example:simulated-key");
                HeaderValue::try_from(format!("Basic {pair}")).unwrap()
            },
        )
    };
    let wire = transport(HttpLimits::default());
    let cut = wire.send(request("/api/users")).await;
    assert!(matches!(cut, Err(TransportError::NoAnswer(_))), "{cut:?}");
    assert_eq!(wire.send(request("/api/users")).await.unwrap().status, 200);
    let small = transport(HttpLimits { body_bytes: 50, ..HttpLimits::default() });
    let large = small.send(request("/api/users")).await;
    assert!(matches!(large, Err(TransportError::NoAnswer(_))), "{large:?}");
    // A port on which nobody listens any more.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for address in [format!("http://{free}/"), "https://no-such-host.invalid/".to_owned()] {
        let refused = wire.send(Request::new(Method::GET, address.parse().unwrap())).await;
        assert!(matches!(refused, Err(TransportError::NotSent(_))), "{refused:?}");
    }
    let clear = wire.send(Request::new(Method::GET, "http://acme.example/".parse().unwrap())).await;
    assert!(matches!(clear, Err(TransportError::NotSent(_))), "{clear:?}");
}
