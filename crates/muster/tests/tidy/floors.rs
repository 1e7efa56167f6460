//! The floors: what may import what.

use super::{
    Source,
    code::{code_of, line_of, places_of, without_tests},
};

/// The rooms of `crates/muster/src`, from the ground up, and which others each may import.
const ROOMS: &[(&str, &[&str])] = &[
    ("secret", &[]),
    ("env", &[]),
    ("connector", &["env", "secret"]),
    ("connectors", &["connector", "env", "secret"]),
    ("store", &["env", "secret"]),
    ("error", &["connector", "store"]),
    ("config", &["env", "error", "secret", "store"]),
    ("service", &["config", "connector", "connectors", "env", "error", "secret", "store"]),
    ("worker", &["env", "error", "service"]),
    ("web", &["connector", "env", "error", "secret", "service", "store", "worker"]),
    (
        "cli",
        &[
            "config",
            "connector",
            "connectors",
            "env",
            "error",
            "secret",
            "service",
            "store",
            "web",
            "worker",
        ],
    ),
];

/// Files that wire everything together.
const WIRING: &[&str] = &["main", "lib"];

/// What a pure crate must not touch.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "std::io::stdin",
    "std::io::stdout",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "tokio",
    "reqwest",
    "sqlx",
    "rand",
    "println!",
    "eprintln!",
];

/// Libraries that belong in one place.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("reqwest", &["connector"]),
    ("rustls", &["connector"]),
    ("clap", &["cli", "main"]),
    ("comfy_table", &["cli"]),
    ("indicatif", &["cli"]),
    ("askama", &["web"]),
    ("axum", &["cli", "web"]),
    ("tower_http", &["web"]),
    ("utoipa", &["web"]),
    ("argon2", &["service"]),
    ("totp_rs", &["service"]),
];

/// What a manifest must not depend on.
const MANIFESTS: &[(&str, &[&str])] = &[
    ("crates/domain/", &["muster", "muster-sources", "muster-simulator", "tokio", "sqlx", "axum"]),
    ("crates/sources/", &["muster", "muster-simulator", "tokio", "sqlx", "axum", "reqwest"]),
    ("crates/simulator/", &["muster", "muster-domain", "muster-sources"]),
];

fn room_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("crates/muster/src/")?;
    let first = inside.split('/').next()?;
    Some(first.strip_suffix(".rs").unwrap_or(first))
}

fn product_code(source: &Source) -> Option<String> {
    source.is_product().then(|| code_of(&without_tests(&source.text)))
}

/// The first names behind every `crate::`, with their lines.
fn imported(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for at in places_of(code, "crate::") {
        let line = line_of(code, at);
        let Some(rest) = code.get(at + "crate::".len()..) else { continue };
        match rest.strip_prefix('{') {
            None => found.push((first_name(rest), line)),
            Some(group) => found.extend(names_of_group(group).into_iter().map(|n| (n, line))),
        }
    }
    found
}

fn first_name(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first names in `a::b, c::{d, e}, f}`.
fn names_of_group(group: &str) -> Vec<String> {
    let mut names = vec![first_name(group)];
    let mut depth = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.extend(group.get(at + 1..).map(first_name)),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Imports that point up or sideways.
pub(crate) fn imports(source: &Source) -> Vec<String> {
    let Some(code) = product_code(source) else { return Vec::new() };
    let path = &source.path;
    if path.starts_with("crates/domain/src/model/") {
        let up = ["crate::engine", "super::engine"];
        let places = up.iter().flat_map(|word| places_of(&code, word));
        return places
            .map(|at| format!("{path}:{}: the model imports the engine", line_of(&code, at)))
            .collect();
    }
    let Some(room) = room_of(path) else { return Vec::new() };
    if WIRING.contains(&room) {
        return Vec::new();
    }
    let Some((_, below)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![format!("{path}: {room} has no floor: give it one in tests/tidy/floors.rs")];
    };
    imported(&code)
        .into_iter()
        .filter(|(name, _)| name != room && !below.contains(&name.as_str()))
        .map(|(name, line)| format!("{path}:{line}: {room} must not import {name}"))
        .collect()
}

/// I/O, clock or chance in a crate that has none; ours in the simulator.
pub(crate) fn purity(source: &Source) -> Vec<String> {
    let path = &source.path;
    if path.starts_with("crates/simulator/") && path.ends_with(".rs") {
        let code = code_of(&source.text);
        return ["muster", "muster_domain", "muster_sources"]
            .iter()
            .flat_map(|ours| places_of(&code, &format!("{ours}::")))
            .map(|at| format!("{path}:{}: the witness uses our code", line_of(&code, at)))
            .collect();
    }
    let pure = ["crates/domain/src/", "crates/sources/src/"];
    let Some(code) = product_code(source) else { return Vec::new() };
    if !pure.iter().any(|pure| path.starts_with(pure)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for word in IMPURE {
        for at in places_of(&code, word) {
            found.push(format!("{path}:{}: {word} in a pure crate", line_of(&code, at)));
        }
    }
    if path.starts_with("crates/sources/") {
        for at in places_of(&code, "muster_domain::engine") {
            found.push(format!("{path}:{}: a reader decides", line_of(&code, at)));
        }
    }
    found
}

/// A library outside its room.
pub(crate) fn rooms(source: &Source) -> Vec<String> {
    let (Some(room), Some(code)) = (room_of(&source.path), product_code(source)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (library, homes) in LIBRARIES {
        if homes.contains(&room) {
            continue;
        }
        for at in places_of(&code, &format!("{library}::")) {
            let (path, line) = (&source.path, line_of(&code, at));
            found.push(format!("{path}:{line}: {library} belongs in {}", homes.join(", ")));
        }
    }
    found
}

/// A dependency through a wall.
pub(crate) fn manifest(source: &Source) -> Vec<String> {
    let path = &source.path;
    let Some((_, walls)) = MANIFESTS
        .iter()
        .find(|(home, _)| path.strip_prefix(home).is_some_and(|rest| rest == "Cargo.toml"))
    else {
        return Vec::new();
    };
    let mut section = "";
    let mut found = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        if line.starts_with('[') {
            section = line;
        }
        let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
        // The simulator shares nothing even in its tests; the others may in theirs.
        let counts = section == "[dependencies]"
            || section == "[dev-dependencies]" && path.starts_with("crates/simulator/");
        if counts && walls.contains(&name) {
            found.push(format!("{path}:{}: depends on {name}", number + 1));
        }
    }
    found
}

#[test]
fn an_import_that_points_up_is_found() {
    let check = |path, text| imports(&Source::new(path, text));
    let upward = "use crate::{\n    env::Env,\n    service::{Muster, apply},\n};\n";
    assert_eq!(
        check("crates/muster/src/store/tx.rs", upward),
        ["crates/muster/src/store/tx.rs:1: store must not import service"]
    );
    let inline = "fn f() -> crate::store::Tx {}";
    assert_eq!(check("crates/muster/src/connectors/x/mod.rs", inline).len(), 1);
    assert_eq!(check("crates/muster/src/store.rs", "use crate::connector::Lane;").len(), 1);
    assert_eq!(check("crates/muster/src/shed.rs", "").len(), 1, "a room without a floor");
    let model = "use crate::engine::plan;";
    assert_eq!(check("crates/domain/src/model/plan.rs", model).len(), 1);
    let down = "// crate::service\nuse crate::{env::Env, store::{self, Tx}};\npub(crate) fn f() {}";
    assert!(check("crates/muster/src/service/x.rs", down).is_empty());
    let test = "#[cfg(test)]\nmod tests {\n    use crate::service::Muster;\n}\n";
    assert!(check("crates/muster/src/store.rs", test).is_empty());
}

#[test]
fn io_in_a_pure_crate_is_found() {
    let check = |path, text| purity(&Source::new(path, text)).len();
    assert_eq!(check("crates/domain/src/engine/x.rs", "use std::fs;"), 1);
    assert_eq!(check("crates/sources/src/x.rs", "fn f() { tokio::spawn(g()); }"), 1);
    assert_eq!(check("crates/sources/src/x.rs", "use muster_domain::engine::plan;"), 1);
    assert_eq!(check("crates/domain/src/engine/x.rs", "let t = Timestamp::now();"), 1);
    assert_eq!(check("crates/simulator/src/x.rs", "use muster_domain::model;"), 1);
    assert_eq!(check("crates/simulator/tests/x.rs", "use muster::env;"), 1);
    assert_eq!(check("crates/simulator/src/x.rs", "use muster_simulator::Gorgias;"), 0);
    assert_eq!(check("crates/domain/src/engine/x.rs", "// std::fs\nlet operand = 1;"), 0);
    assert_eq!(check("crates/muster/src/env.rs", "use std::fs;"), 0);
}

#[test]
fn a_library_outside_its_room_is_found() {
    let check = |path, text| rooms(&Source::new(path, text)).len();
    assert_eq!(check("crates/muster/src/service/x.rs", "sqlx::query(\"\")"), 1);
    assert_eq!(check("crates/muster/src/store/x.rs", "sqlx::query(\"\")"), 0);
    assert_eq!(check("crates/muster/src/connectors/x/mod.rs", "use reqwest::Client;"), 1);
}

#[test]
fn a_dependency_through_a_wall_is_found() {
    let check = |path, text| manifest(&Source::new(path, text)).len();
    let text = "[dependencies]\ntokio.workspace = true\n[dev-dependencies]\nmuster = {}\n";
    assert_eq!(check("crates/domain/Cargo.toml", text), 1);
    assert_eq!(check("crates/simulator/Cargo.toml", text), 1);
    assert_eq!(check("crates/muster/Cargo.toml", text), 0);
}
