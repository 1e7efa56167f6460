//! Waiting for a browser to bring a consent back: the last step of connecting by OAuth.

use std::{io::IsTerminal, time::Duration};

use axum::{Router, extract::Query, response::Html, routing::get};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpListener,
    sync::mpsc,
};
use url::Url;

use super::session::print_line;
use crate::{
    env::Env,
    error::{Error, Result},
};

/// So long a person may take to sign in and allow it.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where the browser comes back to.
pub(super) struct Doorstep {
    listener: TcpListener,
    pub(super) redirect_uri: String,
}

type Fields = Vec<(String, String)>;

impl Doorstep {
    /// Opens a port of this machine, a free one when none is given.
    pub(super) async fn open(port: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| {
            Error::file(format!("cannot listen on port {port} of this machine"), error)
        })?;
        let address = listener
            .local_addr()
            .map_err(|error| Error::file("cannot tell which port is listened on", error))?;
        let redirect_uri = format!("http://127.0.0.1:{}/callback", address.port());
        Ok(Self { listener, redirect_uri })
    }

    /// The code that a browser brings, or that is pasted in: the whole address to which the browser
    /// was sent, for a browser on another machine.
    pub(super) async fn code(self, state: &str, env: &Env) -> Result<String> {
        let (send, mut receive) = mpsc::channel::<Fields>(1);
        let arrived = move |Query(fields): Query<Fields>| {
            let send = send.clone();
            async move {
                // Only the first one counts.
                let _ = send.try_send(fields);
                Html(
                    "<!doctype html><title>Muster</title><p>Thank you. You can close this page and go back to the terminal.",
                )
            }
        };
        let router = Router::new().route("/callback", get(arrived));
        let serving = tokio::spawn(async move { axum::serve(self.listener, router).await });
        let fields = tokio::select! {
            fields = receive.recv() => fields,
            fields = pasted() => Some(fields?),
            () = env.sleep(PATIENCE) => None,
        };
        // The page must have left before the port closes.
        env.sleep(Duration::from_millis(50)).await;
        serving.abort();
        let fields = fields.ok_or_else(|| {
            Error::Invalid("nobody allowed it within ten minutes; run it again".to_owned())
        })?;
        judge(&fields, state)
    }
}

/// The fields of an address that somebody pastes; waits for ever where nobody can.
async fn pasted() -> Result<Fields> {
    if !std::io::stdin().is_terminal() {
        return std::future::pending().await;
    }
    print_line("Or paste the address to which your browser was sent, and press Enter:");
    let mut line = String::new();
    BufReader::new(tokio::io::stdin())
        .read_line(&mut line)
        .await
        .map_err(|error| Error::file("cannot read the address", error))?;
    let url = Url::parse(line.trim())
        .map_err(|_| Error::Invalid("that is not an address; run it again".to_owned()))?;
    Ok(url.query_pairs().into_owned().collect())
}

/// The code, if the answer belongs to this question and is a yes.
fn judge(fields: &Fields, state: &str) -> Result<String> {
    let field = |name: &str| {
        fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    };
    if field("state") != Some(state) {
        return Err(Error::Invalid(
            "the answer belongs to another question (its state differs); nothing was connected: \
             run it again"
                .to_owned(),
        ));
    }
    match (field("code"), field("error")) {
        (_, Some("access_denied")) => {
            Err(Error::Invalid("it was not allowed; nothing was connected".to_owned()))
        }
        (Some(code), None) if !code.is_empty() => Ok(code.to_owned()),
        (_, error) => Err(Error::Invalid(format!(
            "no consent came back ({}); nothing was connected",
            super::render::clean(error.unwrap_or("no code"))
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(list: &[(&str, &str)]) -> Fields {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_a_yes_to_this_very_question_counts() {
        let yes = fields(&[("code", "c"), ("state", "s")]);
        assert_eq!(judge(&yes, "s").unwrap(), "c");
        assert!(judge(&yes, "other").is_err());
        assert!(judge(&fields(&[("code", "c")]), "s").is_err());
        assert!(judge(&fields(&[("error", "access_denied"), ("state", "s")]), "s").is_err());
        assert!(judge(&fields(&[("state", "s")]), "s").is_err());
        assert!(judge(&fields(&[("code", "c"), ("error", "x"), ("state", "s")]), "s").is_err());
    }
}
