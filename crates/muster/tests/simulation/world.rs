//! One company, its Muster on two nodes, its Gorgias, and the verbs by which they change.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp, civil::Date};
use muster::{
    connector::transport::Transport,
    env::Env,
    error::Error,
    secret::Secret,
    service::{
        Muster, Transports, Unwatched, Watch,
        apply::{Applied, ApplyRequest},
        connect::{NewConnection, Replace, known},
        import::Import,
        urgent::Elsewhere,
    },
    store::{Location, Store, seal::SealingKey},
};
use muster_domain::{
    engine::merge::Doubt,
    model::{
        id::{AppName, OrgId},
        operation::Run,
        plan::{Action, HoldKind, Operation, Plan},
        roster::Presence,
    },
};
use muster_simulator::{Gorgias, NewUser, Role, Ticket, UserRecord};
use serde_json::Value;

use crate::{
    company::{Company, Member, Rulebook, Should, day_of},
    in_process::{InProcess, clock},
    orders::{Orders, Word, content},
    setup::{Approvers, CHIEF, Setup},
    wire::{Moment, Wire},
};

pub(crate) type Outcome = Result<(), String>;

/// Who approves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    Nobody,
    Everything,
}

/// A process that died in the middle.
#[derive(Debug)]
pub(crate) struct Died;

pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) env: Env,
    pub(crate) sim: Gorgias,
    pub(crate) wire: Arc<Wire>,
    pub(crate) nodes: Vec<Muster>,
    pub(crate) app: AppName,
    pub(crate) company: Company,
    pub(crate) owner: u64,
    /// Accounts whose removal a named person approved and that were not removed since.
    pub(crate) approved: BTreeSet<u64>,
    /// Second invitations that a named person approved, by person.
    pub(crate) reinvited: BTreeMap<String, usize>,
    /// Removals that nobody approved or ordered.
    pub(crate) removals: Vec<(Timestamp, u64)>,
    /// Everything Muster said in errors.
    pub(crate) said: Vec<String>,
    /// Users deleted past the API, by address: whether one was created for it cannot be known.
    pub(crate) vanished: BTreeMap<String, usize>,
    /// The app's own records when they were last looked at.
    pub(crate) seen: Seen,
    /// Writes that the journal announces, in order.
    pub(crate) intents: Vec<Intent>,
    /// Writes that took effect, in order.
    pub(crate) effects: Vec<Target>,
    /// What people ordered by hand.
    pub(crate) orders: Orders,
    /// The user as the app had it right before an operation, by the operation.
    pub(crate) before: BTreeMap<String, UserRecord>,
    /// Whether no fault is on and no process has died since everything was last settled.
    pub(crate) calm: bool,
    /// How often each kind of step was carried out and each state of interest was seen.
    pub(crate) done: BTreeMap<&'static str, u64>,
}

/// The app's own records at a moment.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) users: BTreeMap<u64, UserRecord>,
    pub(crate) tickets: BTreeMap<u64, Ticket>,
    /// The last request.
    pub(crate) request: u64,
    /// The last journal entry.
    pub(crate) entry: u64,
    pub(crate) at: Timestamp,
}

/// What is written to: a user, or an address that is to have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    User(u64),
    Address(String),
}

/// A write that the journal announces.
#[derive(Debug, Clone)]
pub(crate) struct Intent {
    pub(crate) id: String,
    /// What it does to what, without reasons and holds.
    pub(crate) content: Value,
    pub(crate) at: Timestamp,
    pub(crate) target: Target,
    pub(crate) action: Action,
    pub(crate) approved: bool,
}

pub(crate) fn start() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

const KEY: &str = "s3cr3t-simulated-key";

impl World {
    pub(crate) async fn new(setup: Setup) -> Self {
        Self::at(setup, &Location::SqliteMemory).await
    }

    pub(crate) async fn at(mut setup: Setup, place: &Location) -> Self {
        setup.config.api_key = KEY.to_owned();
        setup.config.log_capacity = 4_000;
        let env = Env::manual(start(), setup.seed);
        let sim = Gorgias::new(setup.config.clone(), clock(&env));
        let wire = Wire::new(InProcess::new(sim.router(), &env));
        let nodes = nodes(place, &env, &wire).await;
        let mut world = Self {
            owner: 1,
            nodes,
            env,
            sim,
            wire,
            app: "support".parse().unwrap(),
            company: Company::default(),
            approved: BTreeSet::new(),
            reinvited: BTreeMap::new(),
            removals: Vec::new(),
            said: Vec::new(),
            vanished: BTreeMap::new(),
            seen: Seen::default(),
            intents: Vec::new(),
            effects: Vec::new(),
            orders: Orders::default(),
            before: BTreeMap::new(),
            calm: true,
            done: BTreeMap::new(),
            setup,
        };
        world.populate();
        world.begin().await;
        world.look();
        world
    }

    /// New processes open the store.
    pub(crate) async fn reopen(&mut self, place: &Location) {
        self.nodes = nodes(place, &self.env, &self.wire).await;
    }

    fn populate(&mut self) {
        self.owner = self.sim.users()[0].id;
        let add = |user: NewUser| self.sim.add_user(user);
        add(NewUser::new("glass@acme.example").name("Break Glass").role(Role::Admin));
        add(NewUser::new("bot@5f1").bot());
        add(NewUser::new("app@acme.example").name("Installed App").client_id("abc"));
        add(NewUser::new("who@acme.example").name("Nobody Knows").role(Role::Agent));
        let day: Date = "2025-01-06".parse().unwrap();
        for (dept, title) in
            [("Support", "Agent"), ("Support", "Lead"), ("IT", "Admin"), ("Sales", "Rep")]
        {
            self.company.hire(day, dept, title);
        }
        // Two of them have accounts already, one of them by another spelling of her address.
        add(NewUser::new("p1.last@ACME.example").name("Ben Berg").role(Role::Agent));
        add(NewUser::new("P3.Last@acme.example").name("Dov Dorn").role(Role::Admin));
    }

    async fn begin(&mut self) {
        let muster = self.nodes[0].clone();
        muster.apply_policy(&self.setup.policy()).await.unwrap();
        self.import().await.unwrap();
        let settings = [("subdomain", "acme"), ("email", "owner@acme.example")];
        let new = NewConnection {
            app: self.app.clone(),
            connector: known("gorgias").unwrap(),
            settings: settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            secret: Secret::new(KEY.to_owned()),
            replace: Replace::No,
        };
        muster.connect(new).await.unwrap();
    }

    /// Remembers how the app is now.
    pub(crate) fn look(&mut self) {
        let users = self.sim.users().into_iter().map(|user| (user.id, user)).collect();
        let tickets = self.sim.tickets().into_iter().map(|ticket| (ticket.id, ticket)).collect();
        let request = self.sim.request_log().last().map_or(0, |record| record.seq);
        self.seen = Seen { users, tickets, request, entry: self.seen.entry, at: self.env.now() };
    }

    /// Counts that something was done or seen.
    pub(crate) fn did(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    /// The users that people of the company may be, and whom nothing protects.
    pub(crate) fn humans(&self) -> Vec<UserRecord> {
        let users = self.sim.users().into_iter();
        users
            .filter(|user| user.exists() && !user.owner && user.client_id.is_none())
            .filter(|user| user.role != Role::Bot && user.email != "glass@acme.example")
            .collect()
    }

    pub(crate) fn book(&self) -> Rulebook<'_> {
        Rulebook { setup: &self.setup, orders: &self.orders }
    }

    /// A process at which somebody else sits.
    pub(crate) fn speaking(&self, by: &str) -> Muster {
        Muster { actor: by.to_owned(), ..self.nodes[0].clone() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.env.now()
    }

    pub(crate) fn today(&self) -> Date {
        day_of(self.now(), &self.setup.zone)
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.env.advance_to(self.now().checked_add(SignedDuration::from_secs(seconds)).unwrap());
    }

    /// HR exports, Muster imports.
    pub(crate) async fn import(&mut self) -> Outcome {
        let (csv, told) = self.company.export(self.now(), &self.setup.zone);
        self.believe(&Self::roster(csv), told).await
    }

    /// The agency sends its list, Muster imports.
    pub(crate) async fn import_agency(&mut self) -> Outcome {
        let (csv, told) = self.company.agency(self.now(), &self.setup.zone);
        if csv.lines().count() == 1 {
            // Who has nobody to tell of sends no list.
            return Ok(());
        }
        let source = Some("agency".parse().unwrap());
        self.believe(&Import { source, ..Self::roster(csv) }, told).await
    }

    async fn believe(&mut self, import: &Import, told: BTreeMap<String, Member>) -> Outcome {
        let muster = &self.nodes[0];
        let preview = match muster.preview(import).await.map_err(|e| e.to_string())? {
            Ok(preview) => preview,
            Err(refused) => return Err(format!("the roster is refused: {refused:?}")),
        };
        muster.import(import, &preview).await.map_err(|e| e.to_string())?;
        self.company.told = told;
        Ok(())
    }

    pub(crate) fn roster(csv: String) -> Import {
        Import {
            source: Some("hr".parse().unwrap()),
            file_name: "people.csv".to_owned(),
            bytes: csv.into_bytes(),
            file_time: None,
            read: muster_sources::ReadOptions {
                format: Some("muster".to_owned()),
                ..Default::default()
            },
            presence: Presence::Full,
            accept: [Doubt::Smaller].into(),
            complete: BTreeSet::new(),
        }
    }

    /// Whether a failure is one that faults explain.
    pub(crate) fn excuse<T>(&mut self, result: Result<T, Error>) -> Result<Option<T>, String> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                self.said.push(error.to_string());
                match error {
                    Error::App { .. } | Error::Busy(_) => Ok(None),
                    other => Err(format!("Muster fails: {other} ({other:?})")),
                }
            }
        }
    }

    pub(crate) async fn sync(&mut self, node: usize) -> Outcome {
        let synced = self.nodes[node].sync(&self.app).await;
        self.excuse(synced).map(drop)
    }

    pub(crate) async fn plan(&mut self) -> Result<Plan, String> {
        self.nodes[0].plan(&self.app, None).await.map_err(|error| error.to_string())
    }

    /// Plans, has it approved, and plans again.
    pub(crate) async fn approved_plan(&mut self, consent: Consent) -> Result<Plan, String> {
        let plan = self.plan().await?;
        let waits = |one: &Operation| !one.goes() && one.goes_when_approved();
        if consent == Consent::Nobody || !plan.operations.iter().any(waits) {
            return Ok(plan);
        }
        let by = if self.setup.approvers == Approvers::Anybody { "ann" } else { CHIEF };
        self.approve(&plan, by).await?;
        self.plan().await
    }

    /// Somebody approves whatever of `plan` she has a say in.
    pub(crate) async fn approve(&mut self, plan: &Plan, by: &str) -> Outcome {
        let wanted = ["all".to_owned()];
        let approved = self.speaking(by).approve(plan, &wanted).await;
        approved.map_err(|error| error.to_string())?;
        for operation in &plan.operations {
            let content = content(&serde_json::to_value(operation).unwrap());
            if operation.goes() || !operation.goes_when_approved() {
                continue;
            }
            if !self.may_decide(by, &content) {
                self.did("no say");
                continue;
            }
            self.orders.yes.push(Word { content, by: by.to_owned(), at: self.now() });
            self.did("approve");
            if operation.action.removes_access() {
                let id = operation.account.as_ref().unwrap().as_str().parse().unwrap();
                self.approved.insert(id);
            }
            let again = operation.holds.iter().any(|h| h.kind == HoldKind::AlreadyInvited);
            if let Action::Create { new } = &operation.action
                && again
            {
                let email = new.email.as_str().to_lowercase();
                *self.reinvited.entry(email).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Whom an operation of this content is about, as far as the test can tell.
    pub(crate) fn concerned(&self, content: &Value) -> Option<&Member> {
        let address = match content["new"]["email"].as_str() {
            Some(address) => address.to_owned(),
            None => self.sim.user(content["account"].as_str()?.parse().ok()?)?.email,
        };
        match self.company.owners(&address)[..] {
            [owner] => Some(owner),
            _ => None,
        }
    }

    /// Whether `by` may say yes or no to an operation of this content now.
    pub(crate) fn may_decide(&self, by: &str, content: &Value) -> bool {
        let concerned = self.concerned(content);
        let speaker = self.company.told.values().find(|member| member.owns(by));
        if let Some(speaker) = speaker
            && (speaker.left(self.now(), &self.setup)
                || concerned.is_some_and(|her| her.id == speaker.id))
        {
            return false;
        }
        let manages = || {
            let bosses = concerned.into_iter().flat_map(|her| her.stints.iter().map(|s| s.boss));
            let ids = bosses.flatten().map(|boss| self.company.members[boss].id.as_str());
            speaker.is_some_and(|speaker| ids.into_iter().any(|id| id == speaker.id))
        };
        match self.setup.approvers {
            Approvers::Anybody => true,
            Approvers::Chief => by == CHIEF,
            Approvers::ManagerOrChief => by == CHIEF || manages(),
        }
    }

    pub(crate) async fn apply(
        &mut self,
        node: usize,
        consent: Consent,
    ) -> Result<Option<Applied>, String> {
        let plan = self.approved_plan(consent).await?;
        self.apply_plan(node, plan).await
    }

    pub(crate) async fn apply_plan(
        &mut self,
        node: usize,
        plan: Plan,
    ) -> Result<Option<Applied>, String> {
        let request = ApplyRequest { plan, only: None };
        let applied = self.nodes[node].apply(&request, &Unwatched).await;
        self.excuse(applied)
    }

    /// Applies, and dies at the call after `calls` more.
    pub(crate) async fn apply_and_die(
        &mut self,
        (node, consent): (usize, Consent),
        (calls, moment): (u32, Moment),
    ) -> Result<Option<Died>, String> {
        let plan = self.approved_plan(consent).await?;
        let request = ApplyRequest { plan, only: None };
        self.wire.arm(calls, moment);
        let muster = self.nodes[node].clone();
        let wire = self.wire.clone();
        let ended = tokio::select! {
            biased;
            applied = muster.apply(&request, &Unwatched) => Some(applied),
            () = wire.died() => None,
        };
        self.wire.disarm();
        match ended {
            Some(applied) => self.excuse(applied).map(|_| None),
            None => Ok(Some(Died)),
        }
    }

    /// Applies, and dies right after the commit of a run after `saves` more.
    pub(crate) async fn apply_and_die_saving(
        &mut self,
        (node, consent): (usize, Consent),
        saves: u32,
    ) -> Result<Option<Died>, String> {
        let plan = self.approved_plan(consent).await?;
        let request = ApplyRequest { plan, only: None };
        let muster = self.nodes[node].clone();
        let task = tokio::spawn(async move {
            let bomb = Bomb(std::sync::Mutex::new(saves));
            muster.apply(&request, &bomb).await
        });
        match task.await {
            Ok(applied) => self.excuse(applied).map(|_| None),
            Err(died) if died.is_panic() => Ok(Some(Died)),
            Err(other) => Err(other.to_string()),
        }
    }

    /// Orders the end of somebody's access now, and cuts it.
    pub(crate) async fn offboard(&mut self, index: usize) -> Outcome {
        if !self.order_end(index).await? {
            return Ok(());
        }
        let id = self.company.members[index].id.clone();
        let person = self.nodes[0].find_person(&id).await.map_err(|error| error.to_string())?;
        let applied =
            self.nodes[0].cut(&person, &self.app, Elsewhere::OtherNodes, &Unwatched).await;
        self.excuse(applied).map(drop)
    }

    /// Orders the end of somebody's access now; false when Muster does not know her.
    pub(crate) async fn order_end(&mut self, index: usize) -> Result<bool, String> {
        let now = self.now();
        let member = &mut self.company.members[index];
        let Some(told) = self.company.told.get_mut(&member.id) else { return Ok(false) };
        let person =
            self.nodes[0].find_person(&member.id).await.map_err(|error| error.to_string())?;
        self.nodes[0].order_end(&person, now).await.map_err(|error| error.to_string())?;
        // A later order takes the place of an earlier one.
        let known = told.stints.len();
        for stint in member.stints.iter_mut().take(known).chain(&mut told.stints) {
            stint.ordered = Some(now);
        }
        self.did("end ordered");
        Ok(true)
    }

    /// What the owners of a user's address should have now, by what Muster was told.
    pub(crate) fn should(&self, user: &UserRecord, at: Timestamp) -> Option<Should> {
        let owners = self.company.owners(&user.email);
        let [owner] = owners.as_slice() else { return None };
        Some(owner.should(at, self.book()))
    }
}

/// Two processes on one store.
async fn nodes(place: &Location, env: &Env, wire: &Arc<Wire>) -> Vec<Muster> {
    let store = Store::open(place, SealingKey::new([7; 32]), env.clone()).await.unwrap();
    let wire = wire.clone();
    let transports: Transports = Arc::new(move || Ok(wire.clone() as Arc<dyn Transport>));
    let node = |name: &str| Muster {
        store: store.org(OrgId::default_org()),
        env: env.clone(),
        actor: "ann".to_owned(),
        node: name.to_owned(),
        transports: transports.clone(),
        forgotten: None,
    };
    vec![node("a"), node("b")]
}

/// Dies after so many commits of a run.
struct Bomb(std::sync::Mutex<u32>);

impl Watch for Bomb {
    fn run(&self, _: &Run) {
        let mut left = self.0.lock().unwrap();
        match left.checked_sub(1) {
            Some(less) => *left = less,
            None => {
                drop(left);
                std::panic::resume_unwind(Box::new("died"));
            }
        }
    }
}
