//! What the README says is there, and what is there is in the README.

use muster_simulator::{Config, Fault, Limits, OAuth, Phase};
use serde_json::{Value, json};

const README: &str = include_str!("../../README.md");

#[test]
fn every_switch_is_described() {
    for part in [json!(Config::gorgias()), json!(Limits::default()), json!(OAuth::default())] {
        for name in part.as_object().unwrap().keys() {
            assert!(README.contains(&format!("`{name}`")), "{name} is not in the README");
        }
    }
}

#[test]
fn every_fault_is_described() {
    let phase = Phase::Before;
    for fault in [
        Fault::Drop { phase },
        Fault::Hang { millis: 1, phase },
        Fault::Status { code: 500, phase },
        Fault::HtmlPage { code: 200, phase },
        Fault::Storm { retry_after_s: None },
        Fault::Truncate,
        Fault::RepeatRows { rows: 1 },
        Fault::SkipRows { rows: 1 },
        Fault::StaleCursor,
        Fault::IgnoreWrite,
        Fault::SlowRead { millis: 1 },
    ] {
        let name = match json!(fault) {
            Value::String(name) => name,
            other => other.as_object().unwrap().keys().next().unwrap().clone(),
        };
        assert_eq!(name, fault.name());
        assert!(README.contains(&format!("\"{name}\"")), "{name} is not in the README");
    }
}
