//! Brings the stylesheet and scripts of the pages into the build: what npm installs, and our own
//! beside it, each under a name that changes with its content.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What is embedded: the name it gets, and where it lies under `web/`.
const FILES: &[(&str, &str)] = &[
    ("basecoat.css", "node_modules/basecoat-css/dist/basecoat.cdn.min.css"),
    ("htmx.js", "node_modules/htmx.org/dist/htmx.min.js"),
    ("muster.css", "muster.css"),
    ("muster.js", "muster.js"),
    ("theme.js", "theme.js"),
    ("icon.svg", "icon.svg"),
];

fn main() {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
    println!("cargo::rerun-if-changed=templates");
    for file in ["package.json", "package-lock.json"] {
        println!("cargo::rerun-if-changed={}", web.join(file).display());
    }
    install(&web);
    let mut source = String::from("&[\n");
    for (name, place) in FILES {
        let path = web.join(place);
        println!("cargo::rerun-if-changed={}", path.display());
        let Ok(bytes) = fs::read(&path) else {
            fail(&format!("{} is missing; run npm ci in {}", path.display(), web.display()));
        };
        let hash = fingerprint(&bytes);
        source += &format!("    ({name:?}, \"{hash:016x}\", include_bytes!({path:?})),\n");
    }
    source.push_str("]\n");
    if fs::write(out_dir().join("assets.rs"), source).is_err() {
        fail("cannot write the list of assets");
    }
}

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script by its environment")]
fn out_dir() -> PathBuf {
    PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default())
}

/// Runs npm once, and again when what is to be installed changed.
fn install(web: &Path) {
    let wanted = fs::read_to_string(web.join("package-lock.json")).unwrap_or_default();
    let mark = web.join("node_modules/.installed");
    if fs::read_to_string(&mark).is_ok_and(|done| done == wanted) {
        return;
    }
    let npm = Command::new("npm").args(["ci", "--omit=dev"]).current_dir(web).status();
    if !npm.is_ok_and(|status| status.success()) {
        fail(&format!(
            "cannot install the stylesheet of the pages with npm; install Node.js and npm (Debian: \
             apt install npm), or run npm ci --omit=dev in {}",
            web.display()
        ));
    }
    // Without the mark it is installed once more: slower, not wrong.
    let _ = fs::write(mark, wanted);
}

/// FNV-1a: tells versions of a file apart, and guards nothing.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn fail(why: &str) -> ! {
    println!("cargo::error={why}");
    std::process::exit(1)
}
