//! The switches of OAuth: who may ask, who answers, and what the tokens look like.

use serde::{Deserialize, Serialize};

/// How the question whether an app may act is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// By a person, on a page with two buttons.
    Page,
    /// Yes, without a page: for scripts.
    Allow,
    /// No, without a page.
    Deny,
}

/// Whether the first answer of the token endpoint holds a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshToken {
    /// It does.
    Always,
    /// Only if the scope `offline` was asked for.
    WithOffline,
    /// It does not: after a day the user is asked again.
    Never,
}

/// What a refresh does to the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// It stays as it is, and none comes back.
    Keep,
    /// A new one comes back, and the old one stops working at once.
    Rotate,
}

/// Which bucket an app's requests fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppBucket {
    /// One of their own, twice as large and twice as fast as the API key's.
    Own,
    /// The API key's.
    Shared,
}

/// An app that may ask for tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuthClient {
    /// Its public name in requests.
    pub id: String,
    /// Its secret, the password of Basic authentication at the token endpoint.
    pub secret: String,
    /// What the consent page calls it.
    pub name: String,
    /// Where it may be sent back to, letter by letter. [`OAuthClient::LOOPBACK`] stands for any
    /// `http` address on this machine.
    pub redirect_uris: Vec<String>,
}

impl OAuthClient {
    /// The entry among the redirect URIs that stands for any `http` address on this machine.
    pub const LOOPBACK: &str = "loopback";
}

/// The switches of OAuth. In JSON, what is left out is as in [`OAuth::default`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OAuth {
    /// The apps that may ask for tokens.
    pub clients: Vec<OAuthClient>,
    /// How the question whether an app may act is answered.
    pub consent: Consent,
    /// The user who is asked, and with whose rights the app then acts; the owner when absent.
    pub allowed_by: Option<u64>,
    /// How long a code can be exchanged, in seconds.
    pub code_lifetime_s: u32,
    /// What answers say about an access token's life, in seconds: 86400 or, misleadingly, 0. It
    /// is 24 hours in any case, as its `exp` says.
    pub expires_in: u32,
    /// Whether the first answer holds a refresh token.
    pub refresh_token: RefreshToken,
    /// What a refresh does to the refresh token.
    pub rotation: Rotation,
    /// Which bucket an app's requests fill.
    pub bucket: AppBucket,
}

impl Default for OAuth {
    /// One app, `muster` : `simulated-client-secret`, that may be sent back to any `http` address
    /// on this machine; otherwise as documented.
    fn default() -> Self {
        let client = OAuthClient {
            id: "muster".to_owned(),
            secret: "simulated-client-secret".to_owned(),
            name: "Muster".to_owned(),
            redirect_uris: vec![OAuthClient::LOOPBACK.to_owned()],
        };
        Self {
            clients: vec![client],
            consent: Consent::Page,
            allowed_by: None,
            code_lifetime_s: 60,
            expires_in: 86_400,
            refresh_token: RefreshToken::Always,
            rotation: Rotation::Keep,
            bucket: AppBucket::Own,
        }
    }
}
