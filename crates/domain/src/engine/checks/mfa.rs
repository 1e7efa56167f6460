//! A second factor must guard every human account.

use super::{Allowed, Began, Check, Question, Reach, Rests, Verdict, ask::Holding};
use crate::{
    engine::consent,
    model::{
        account::{AccountStatus, Mfa},
        check::{Allowance, Attestation, Attested, Severity},
    },
};

pub(super) static CHECK: Check = Check {
    name: "mfa",
    title: "User should have MFA enabled",
    what: "Every active human account of a critical system is guarded by a second factor: the app \
           says so, or a named person attested with a proof that has not lapsed that it is, or \
           that the app can only be entered through an identity provider that asks for one. What \
           the app does not tell is not evaluable, never a pass.",
    why: "Stolen passwords are the most common way in; a second factor stops nearly all of it.",
    fix: "Ask the user to turn it on, or require it for the whole account in the app. Where the \
          app does not tell: `muster attestation add`.",
    soc2: &["CC6.1", "CC6.6"],
    iso27001: &["A.5.17", "A.8.5"],
    reach: Reach::Critical,
    severity: Severity::High,
    allowed: Allowed {
        ordinary: Allowance::Days(14),
        privileged: Allowance::Days(7),
        involuntary: Allowance::Days(14),
    },
    measure: None,
    rests: Rests::App,
    question: Question::Account(ask),
};

fn ask(holding: &Holding<'_, '_>) -> Verdict {
    if !holding.is_live_human() {
        return Verdict::none("not the account of a human");
    }
    let (app, login) = (holding.app(), holding.login());
    match holding.status() {
        AccountStatus::Inactive => return Verdict::none("it lets nobody in"),
        AccountStatus::Invited => return Verdict::none("nobody has accepted the invitation yet"),
        AccountStatus::Unknown | AccountStatus::Active => {}
    }
    match holding.known.account.mfa {
        Mfa::Enabled => Verdict::pass("the app says that a second factor guards it"),
        // The app's own word goes before anybody's, except where sign-in does not go by the app.
        Mfa::Disabled => match by_provider(holding) {
            Some(one) => word(one),
            None => {
                let account = &holding.known.account;
                let active = holding.known.activity().first_sign_in.or(account.created);
                Verdict::wrong(
                    format!("the app says that no second factor guards {login} in {app}"),
                    format!(
                        "ask the user to turn it on in {app}, or require it there for everybody"
                    ),
                )
                .since(active.map_or(Began::Seen, Began::NotAfter))
                .privileged(holding.is_privileged())
                .into()
            }
        },
        Mfa::Unknown => match attested(holding, |_| true) {
            Some(one) => word(one),
            None => Verdict::unseen(
                "{app} does not tell whether a second factor guards {login}",
                "muster attestation add provider-mfa {app} --file PROOF --until DATE, or muster \
                 attestation add mfa {unit} --file PROOF --until DATE",
            ),
        },
    }
}

/// The word that sign-in goes by a provider, for an account that the app does let in by one.
fn by_provider<'h>(holding: &'h Holding<'_, '_>) -> Option<&'h Attestation> {
    holding.known.account.sso.as_ref()?;
    attested(holding, |one| one.says == Attested::ProviderMfa)
}

fn word(one: &Attestation) -> Verdict {
    let until = one.until.strftime("%Y-%m-%d");
    Verdict::Attested(
        one.id.clone(),
        format!("attested by {} until {until}: {}", one.by, one.statement),
    )
}

/// The attestation that counts longest, of those that speak of this account. Nobody's word counts
/// for an account of their own, and none for which nobody is there to answer.
fn attested<'h>(
    holding: &'h Holding<'_, '_>,
    counts: impl Fn(&Attestation) -> bool,
) -> Option<&'h Attestation> {
    let company = holding.asker.company;
    let speaks = |one: &&Attestation| {
        one.app == *holding.app()
            && one.account.as_ref().is_none_or(|account| account == holding.id)
            && one.holds(company.now)
            && company.answerers.why_not(&one.by).is_none()
            && !holding.holder.is_some_and(|holder| consent::means(holder.person, &one.by))
            && counts(one)
    };
    company.orders.attestations.iter().filter(speaks).max_by_key(|one| one.until)
}
