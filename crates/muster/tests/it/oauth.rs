//! Connecting by OAuth, as somebody at a terminal with a browser does it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Stdio},
};

use muster_simulator::{Config, Consent, OAuth, Role};

use crate::{
    company::{Company, POLICY, day, email},
    desk::{Desk, obliging},
};

const SECRET: &str = "simulated-client-secret";

fn asking(consent: Consent) -> Config {
    Config { oauth: OAuth { consent, ..OAuth::default() }, ..obliging() }
}

/// What a browser sees at `url`: the status line, and where it is sent.
fn get(url: &str) -> (String, Option<String>) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let location = text.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    });
    (text.lines().next().unwrap_or_default().to_owned(), location)
}

/// Runs `muster app add --oauth`, and does in the browser what the page says.
fn connects(company: &Company, desk: &Desk, more: &[&str]) -> (i32, String) {
    let url = desk.url();
    let words = ["app", "add", "gorgias", "support", "--base-url", &url, "--oauth"];
    let words = words.into_iter().chain(["--client-id", "muster", "--client-secret-stdin"]);
    let mut child: Child = company
        .terminal
        .command_of(words.chain(more.iter().copied()))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(SECRET.as_bytes()).unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    for line in lines.by_ref() {
        let line = line.unwrap();
        said += &format!("{line}\n");
        if let Some(page) = line.trim().strip_prefix("http://") {
            let (status, back) = get(&format!("http://{page}"));
            assert!(status.contains("302"), "{status}");
            let (status, _) = get(&back.unwrap());
            assert!(status.contains("200"), "{status}");
        }
    }
    let output = child.wait_with_output().unwrap();
    said += &String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap_or(-1), said)
}

#[test]
fn an_admin_allows_it_in_a_browser_and_muster_works_until_it_is_given_back() {
    let mut company = Company::unconnected(asking(Consent::Allow));
    company.policy(POLICY);
    company.hire("Ann Ash").leaves(day(-1));
    company.desk.has(&email("Ann Ash"), "Ann Ash", Role::BasicAgent);
    let (code, said) = connects(&company, &company.desk, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("read and change users"), "{said}");
    assert!(!said.contains(SECRET), "{said}");
    company.import().done();
    company.muster(["sync"]).waits();
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    company.muster(["app", "show", "support"]).done().says("oauth").does_not_say(SECRET);

    company.muster(["app", "disconnect", "support"]).refused(["--yes"]);
    company.muster(["app", "disconnect", "support", "--yes"]).done();
    assert_eq!(company.desk.sim.counters().tokens.revoked, 1);
    company.muster(["sync"]).refused(["--replace"]);
    // What was known stays known, and nothing is concluded from silence.
    company.muster(["accounts", "list"]).says(&email("Ann Ash"));
    company.muster(["app", "list"]).done().says("cannot be seen since");

    let (code, said) = connects(&company, &company.desk, &["--replace"]);
    assert_eq!(code, 0, "{said}");
    company.muster(["app", "list"]).done().says("ok");
    company.muster(["log", "verify"]).done();
}

#[test]
fn a_no_in_the_browser_connects_nothing() {
    let company = Company::unconnected(asking(Consent::Deny));
    let (code, said) = connects(&company, &company.desk, &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("it was not allowed"), "{said}");
    company.muster(["app", "list"]).done().says("No app is connected");
    let url = company.desk.url();
    let words = ["app", "add", "gorgias", "support", "--base-url", &url, "--oauth"];
    company.muster(words).refused(["--client-id"]);
}
