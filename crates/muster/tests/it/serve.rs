//! The server as a process: it goes round by itself, commands go on beside it, and it ends when
//! told to.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command},
};

use crate::{company::Company, company::day, desk::Desk, terminal::wait_until};

/// A server that is killed when it is dropped.
struct Serving {
    child: Child,
    address: String,
    set_up: String,
}

impl Serving {
    fn of(company: &Company) -> Self {
        let words = ["--json", "serve", "--listen", "127.0.0.1:0"];
        let mut child = company.terminal.command_of(words).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while serde_json::from_str::<serde_json::Value>(&said).is_err() {
            assert!(out.read_line(&mut said).unwrap() > 0, "it ended: {said}");
        }
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        let url = said["url"].as_str().unwrap();
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let set_up = said["set_up"].as_str().unwrap_or_default().to_owned();
        Self { child, address, set_up }
    }

    fn get(&self, path: &str) -> String {
        self.get_with(path, "")
    }

    /// The answer to a request with these header lines.
    fn get_with(&self, path: &str, lines: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let host = &self.address;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n{lines}Connection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Tells it to stop, and waits until it has.
    fn stop(mut self) -> i32 {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_takes_a_leaver_out_by_itself_after_an_import_beside_it() {
    let mut company = Company::where_work(["Ann Arlt", "Ben Berg"]);
    let serving = Serving::of(&company);
    assert!(serving.get("/readyz").starts_with("HTTP/1.1 200"));
    let ben = crate::company::email("Ben Berg");
    assert!(company.desk.lets_in(&ben));
    company.person("Ben Berg").leaves(day(-1));
    company.import();
    wait_until("the leaver was shut out", || !company.desk.lets_in(&ben));
    assert!(company.desk.lets_in(&crate::company::email("Ann Arlt")));
    wait_until("the round was counted", || {
        serving.get("/metrics").contains("muster_operations_total{app=\"support\"} 1")
    });
    assert_eq!(serving.stop(), 0);
    company.muster(["log", "verify"]).done();
}

#[test]
fn a_home_has_one_server_whose_first_link_makes_an_owner() {
    let company = Company::where_work(["Ann Arlt"]);
    let serving = Serving::of(&company);
    assert!(serving.set_up.contains("/welcome/"));
    company
        .muster(["serve", "--listen", "127.0.0.1:0"])
        .refused(["another muster is at work", "serve"]);
    let path = serving.set_up.split_once(&serving.address).unwrap().1;
    assert!(serving.get(path).contains("Set Muster up"));
    assert_eq!(serving.stop(), 0);
    // Who has a user needs no link any more.
    let put = ["users", "put", "ann@acme.example", "--name", "Ann", "--role", "owner"];
    company.muster(put).done();
    let serving = Serving::of(&company);
    assert_eq!(serving.set_up, "");
    company.muster(["users", "link", "ann@acme.example"]).done().says("/welcome/");
    assert_eq!(serving.stop(), 0);
}

#[test]
fn it_does_not_listen_where_others_could_listen_in() {
    let company = Company::unconnected(crate::desk::obliging());
    company
        .muster(["serve", "--listen", "0.0.0.0:0"])
        .refused(["can be reached from other machines", "--public-url https://"]);
    company
        .muster([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--public-url",
            "https://muster.example.com/x",
        ])
        .refused(["no address to be reached at"]);
}

#[test]
fn an_app_that_is_away_fails_a_round_and_not_the_server() {
    let mut company = Company::where_work(["Ann Arlt"]);
    let desk: &mut Desk = &mut company.desk;
    desk.go_away();
    let serving = Serving::of(&company);
    wait_until("a round failed", || {
        serving.get("/metrics").contains("muster_rounds_failed_in_a_row{app=\"support\"} 1")
    });
    assert!(serving.get("/healthz").starts_with("HTTP/1.1 200"));
    assert_eq!(serving.stop(), 0);
}

#[test]
fn a_script_reads_with_a_token_until_it_is_taken_back() {
    let company = Company::where_work(["Ann Arlt"]);
    let put = ["users", "put", "vic@acme.example", "--name", "Vic", "--role", "viewer"];
    company.muster(put).done();
    let token = ["users", "token", "vic@acme.example", "--name", "nightly", "--may"];
    company.muster([&token[..], &["operate"]].concat()).refused(["may not operate"]);
    let made = company.muster([&["--json"], &token[..], &["read"]].concat()).done().json();
    let line = format!("Authorization: Bearer {}\r\n", made["token"].as_str().unwrap());
    let serving = Serving::of(&company);
    let people = serving.get_with("/api/v1/people", &line);
    assert!(people.starts_with("HTTP/1.1 200") && people.contains("Ann Arlt"), "{people}");
    assert!(serving.get("/api/v1/people").starts_with("HTTP/1.1 401"));
    company.muster(["users", "tokens"]).done().says("nightly").does_not_say("never");
    let id = made["id"].as_str().unwrap();
    company.muster(["users", "tokens", "--revoke", id]).done();
    assert!(serving.get_with("/api/v1/people", &line).starts_with("HTTP/1.1 401"));
}
