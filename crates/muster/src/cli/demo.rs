//! `muster demo`: the whole way, with the real commands of this very program against a simulated
//! Gorgias, and with the simulator's own records as the witness at the end.

mod company;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Stdio,
};

use muster_simulator::{Gorgias, InvitationState};
use tokio::{io::AsyncWriteExt, net::TcpListener, process::Command, sync::oneshot};

use super::{
    render::{Style, table},
    session::{Outcome, Start, print_line},
};
use crate::{
    env::Env,
    error::{Error, Result},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Keep the demo's home in this directory instead of one that is removed at the end
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// The program, its home, and how to talk about what it does.
struct Stage {
    program: PathBuf,
    home: PathBuf,
    style: Style,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        use std::io::IsTerminal;
        let settings = start.settings()?;
        let env = Env::system();
        let (home, temporary) = match self.keep {
            Some(dir) => (dir, false),
            None => {
                let chance: String =
                    env.chance().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
                (std::env::temp_dir().join(format!("muster-demo-{chance}")), true)
            }
        };
        let gorgias = company::helpdesk(env.now());
        let failed = |error| Error::file("cannot start the simulated Gorgias", error);
        let address = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = {
            let gorgias = gorgias.clone();
            tokio::spawn(async move {
                let stopped = async {
                    let _ = stopped.await;
                };
                gorgias.serve(listener, stopped).await
            })
        };
        let program = std::env::current_exe()
            .map_err(|error| Error::file("cannot find this program to run it", error))?;
        let colour = settings.may_colour && std::io::stdout().is_terminal();
        let stage = Stage { program, home: home.clone(), style: Style::for_terminal(colour) };
        let today = env.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let walked = stage.walk(&gorgias, &format!("http://{address}"), today).await;
        let _ = stop.send(());
        serving.abort();
        if temporary {
            let _ = fs::remove_dir_all(&home);
        } else {
            print_line(&format!("The home of the demo is kept in {}.", home.display()));
        }
        walked.map(|()| Outcome::Done)
    }
}

impl Stage {
    async fn walk(
        &self,
        gorgias: &Gorgias,
        base_url: &str,
        today: jiff::civil::Date,
    ) -> Result<()> {
        let (roster, policy) = (self.home.join("roster.csv"), self.home.join("policy.yaml"));
        self.say(
            "Acme's helpdesk has some 40 agents, and nobody has compared them with the HR list \
             for years.\nMuster connects to it (here: a simulated Gorgias on this machine, with \
             its real rate limit).",
        );
        self.muster(&["init"], None).await?;
        write(&roster, &company::roster(today))?;
        write(&policy, company::POLICY)?;
        let login = company::KEY_LOGIN;
        let add = ["app", "add", "gorgias", "support", "--base-url", base_url, "--email", login];
        self.muster(&[&add[..], &["--api-key-stdin"]].concat(), Some(company::KEY)).await?;

        self.say("HR exports its list; Muster shows what it would learn, and learns it.");
        self.muster(&["roster", "import", &text(&roster), "--source", "hr", "--yes"], None).await?;

        self.say("The policy says who should have what, and how carefully to go about it.");
        self.muster(&["policy", "apply", &text(&policy)], None).await?;

        self.say("Now the two lists are compared. Nothing is written to the helpdesk.");
        self.muster(&["sync", "support"], None).await?;

        self.say(
            "Wendy was taken out of every group before she left. Does she still get in, and why?",
        );
        self.muster(&["why", "wendy.moore@acme.example"], None).await?;

        self.say("What would bring the helpdesk into agreement?");
        self.muster(&["plan", "support"], None).await?;

        self.say(
            "Four people out at once is more than the limit of two a day, so those wait for a named \
             person;\nthe account owner waits for a hand-over. Ingrid reads the plan and lets the \
             four go.",
        );
        let ingrid = company::email("Ingrid Holm");
        let apply = ["--as", &ingrid, "apply", "support", "--yes", "--approve", "all"];
        self.muster(&apply, None).await?;

        self.say(
            "The witness: what the simulated Gorgias itself has on record. Every change was read \
             back,\none invitation went out per joiner, and the one without a seat got none.",
        );
        self.witness(gorgias);

        self.say("What is left needs a person, and Muster says what for.");
        self.muster(&["sync", "support"], None).await?;
        self.muster(&["accounts", "list", "--unidentified"], None).await?;

        self.say("Everything is in the journal, and the journal can prove that it is whole.");
        self.muster(&["log", "verify"], None).await?;

        self.say("Your turn: muster init, and then README.md, \"Five minutes to a real account\".");
        Ok(())
    }

    fn say(&self, text: &str) {
        print_line("");
        for line in text.lines() {
            print_line(&self.style.cyan(&format!("# {line}")));
        }
    }

    /// Runs this program as a user would. Exit code 2 is news, not a failure.
    async fn muster(&self, arguments: &[&str], input: Option<&str>) -> Result<()> {
        let shown = match input {
            Some(_) => format!("printf %s \"$KEY\" | muster {}", arguments.join(" ")),
            None => format!("muster {}", arguments.join(" ")),
        };
        print_line(&self.style.bold(&format!("\n$ {shown}")));
        let failed =
            |error| Error::file(format!("cannot run muster {}", arguments.join(" ")), error);
        let mut child = Command::new(&self.program)
            .arg("--home")
            .arg(&self.home)
            .args(arguments)
            .env_remove("MUSTER_DATABASE_URL")
            .env_remove("MUSTER_KEY")
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .spawn()
            .map_err(failed)?;
        if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
            pipe.write_all(input.as_bytes()).await.map_err(failed)?;
        }
        let status = child.wait().await.map_err(failed)?;
        match status.code() {
            Some(0 | 2) => Ok(()),
            _ => Err(Error::Conflict(format!(
                "the demo stopped: muster {} failed",
                arguments.join(" ")
            ))),
        }
    }

    fn witness(&self, gorgias: &Gorgias) {
        let counters = gorgias.counters();
        let users = gorgias.users();
        let shut = users.iter().filter(|user| user.exists() && !user.is_active());
        let rows = shut
            .map(|user| ["shut out".to_owned(), user.email.clone(), user.role.name().to_owned()])
            .chain(gorgias.invitations().into_iter().map(|invitation| {
                let state = match invitation.state {
                    InvitationState::Open => "open",
                    InvitationState::Accepted { .. } => "accepted",
                    InvitationState::Expired { .. } => "expired",
                    InvitationState::Withdrawn { .. } => "withdrawn",
                };
                ["invited".to_owned(), invitation.email, format!("invitation {state}")]
            }))
            .collect();
        print_line(&table(["what", "who", "detail"], rows));
        print_line(&self.style.bold(&format!(
            "{} requests in all, {} refused for going too fast, {} writes took effect",
            counters.total(),
            counters.rate_limited,
            counters.total_writes()
        )));
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn write(path: &Path, contents: &str) -> Result<()> {
    fs::write(path, contents)
        .map_err(|error| Error::file(format!("cannot write {}", path.display()), error))
}
