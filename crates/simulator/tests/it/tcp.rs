//! Over a real socket, where broken connections really break.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use muster_simulator::{Clock, Config, Fault, Faults, Gorgias, ManualClock, Phase, Rule};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
};

struct Server {
    gorgias: Gorgias,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(clock: Clock, faults: Vec<Rule>) -> Self {
        let gorgias = Gorgias::new(Config::gorgias(), clock);
        gorgias.set_faults(Faults::of(faults));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = gorgias.clone();
        let task = tokio::spawn(async move {
            server.serve(listener, async { stopped.await.unwrap_or(()) }).await
        });
        Self { gorgias, address, stop, task }
    }

    /// Sends one request and reads until the connection is closed.
    async fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

fn clock() -> ManualClock {
    ManualClock::new("2026-08-26T19:55:26Z".parse().unwrap())
}

fn request(method: &str, path: &str, body: &str) -> String {
    let key = STANDARD.encode("owner@acme.example:simulated-key");
    format!(
        "{method} {path} HTTP/1.1\r\nhost: acme\r\nauthorization: Basic {key}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn creation() -> String {
    let body = r#"{"email":"a@b.example","name":"A B","role":{"name":"agent"}}"#;
    request("POST", "/api/users", body)
}

#[tokio::test]
async fn answers_come_with_their_length() {
    let server = Server::start(clock().clock(), vec![]).await;
    let answer = server.ask(&request("GET", "/api/users/0", "")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("x-gorgias-account-api-call-limit: 1/40\r\n"));
    assert!(answer.contains("\"email\":\"owner@acme.example\""));
    assert!(!answer.contains("date: "), "no other clock than its own");
    let answer = server.ask(&request("GET", "/_control/state", "")).await;
    assert!(answer.contains("\"users\":1"));
    server.stop().await;
}

#[tokio::test]
async fn dropped_connection_closes_without_a_byte() {
    let drop = Rule::new(Fault::Drop { phase: Phase::After }).times(1);
    let server = Server::start(clock().clock(), vec![drop]).await;
    assert_eq!(server.ask(&creation()).await, "");
    assert_eq!(server.gorgias.invitations().len(), 1);
    assert!(server.ask(&creation()).await.starts_with("HTTP/1.1 409"));
    server.stop().await;
}

#[tokio::test]
async fn truncated_body_ends_before_its_length() {
    let server = Server::start(clock().clock(), vec![Rule::new(Fault::Truncate)]).await;
    let answer = server.ask(&request("GET", "/api/users/0", "")).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let told = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let told: usize = told.parse().unwrap();
    assert_eq!(body.len(), told / 2, "{answer}");
    assert!(body.starts_with('{'));
    server.stop().await;
}

#[tokio::test]
async fn hanging_connection_stays_open_until_its_time_is_over() {
    let (asked, mut seen) = mpsc::unbounded_channel();
    let (release, released) = oneshot::channel::<()>();
    let released = Arc::new(std::sync::Mutex::new(Some(released)));
    let clock = clock().clock().with_sleep(Arc::new(move |duration| {
        asked.send(duration).unwrap();
        let released = released.lock().unwrap().take();
        Box::pin(async move {
            if let Some(released) = released {
                released.await.unwrap_or(());
            }
        })
    }));
    let hang = Rule::new(Fault::Hang { millis: 90_000, phase: Phase::Before });
    let server = Server::start(clock, vec![hang]).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(creation().as_bytes()).await.unwrap();
    assert_eq!(seen.recv().await, Some(Duration::from_secs(90)));
    let mut byte = [0];
    let open = stream.try_read(&mut byte).unwrap_err();
    assert_eq!(open.kind(), std::io::ErrorKind::WouldBlock);
    release.send(()).unwrap();
    assert_eq!(stream.read(&mut byte).await.unwrap_or(0), 0, "closed without an answer");
    assert_eq!(server.gorgias.invitations(), []);
    server.stop().await;
}

#[tokio::test]
async fn shutdown_closes_idle_connections() {
    let server = Server::start(clock().clock(), vec![]).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    server.ask(&request("GET", "/api/users/0", "")).await;
    server.stop().await;
    let mut byte = [0];
    assert_eq!(idle.read(&mut byte).await.unwrap_or(0), 0);
}
