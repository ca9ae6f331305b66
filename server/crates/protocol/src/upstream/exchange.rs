//! What a provider is asked, and what the browser brings back (OpenID Connect Core §3.1.2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use url::Url;

use super::ProviderMetadata;
use crate::authorize::Prompt;
use crate::model::IdentityProviderSettings;
use crate::{Params, Secret};

/// What belongs to one trip to a provider. Whoever knows `state` knows neither of the others.
#[derive(Debug)]
pub struct FlowSecrets {
    pub state: Secret,
    pub nonce: String,
    /// RFC 7636 §4.1; it never leaves the server but for the token endpoint.
    pub code_verifier: Secret,
}

/// What the client that waits wants, to be passed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub prompt: Prompt,
    pub max_age: Option<u32>,
    pub login_hint: Option<String>,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub enum Answered {
    Code(Secret),
    /// The provider's `error`.
    Error(String),
}

/// The address that the browser is sent to (OpenID Connect Core §3.1.2.1): code, PKCE S256 (RFC 9700 §2.1.1)
/// and a nonce. Of `prompt`, what is about who the person is goes on: what they allow the client is asked here.
pub fn authorization_request(
    metadata: &ProviderMetadata,
    settings: &IdentityProviderSettings,
    redirect_uri: &str,
    secrets: &FlowSecrets,
    wanted: &Wanted,
) -> Option<String> {
    let mut address = Url::parse(&metadata.authorization_endpoint).ok()?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(secrets.code_verifier.expose()));
    let prompts = [(wanted.prompt.login, "login"), (wanted.prompt.select_account, "select_account")];
    let prompts = prompts.into_iter().filter(|(asked, _)| *asked);
    let prompt = prompts.map(|(_, name)| name).collect::<Vec<_>>().join(" ");
    {
        let mut query = address.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &settings.scopes)
            .append_pair("state", secrets.state.expose())
            .append_pair("nonce", &secrets.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if !prompt.is_empty() {
            query.append_pair("prompt", &prompt);
        }
        if let Some(max_age) = wanted.max_age {
            query.append_pair("max_age", &max_age.to_string());
        }
        if let Some(hint) = wanted.login_hint.as_deref().filter(|hint| !hint.is_empty()) {
            query.append_pair("login_hint", hint);
        }
    }
    Some(address.into())
}

/// Reads the authorization response (RFC 6749 §4.1.2). An `iss` has to be the provider's, and has to be there if
/// the provider says that it always is: a code of another provider must not be sent to this one
/// (RFC 9207 §2.4, RFC 9700 §4.4).
///
/// # Errors
/// What is wrong with it, for the log.
pub fn answered(params: &Params, metadata: &ProviderMetadata) -> Result<Answered, &'static str> {
    match params.get("iss") {
        Some(iss) if iss != metadata.issuer => return Err("iss is another provider's"),
        None if metadata.names_itself => return Err("iss is absent"),
        Some(_) | None => {}
    }
    if let Some(error) = params.get("error") {
        let is_code = error.len() <= 100 && error.bytes().all(|byte| byte.is_ascii_graphic());
        return Ok(Answered::Error(if is_code { error.to_owned() } else { "malformed".to_owned() }));
    }
    match params.get("code") {
        Some(code) if !code.is_empty() => Ok(Answered::Code(Secret::presented(code))),
        _ => Err("there is neither a code nor an error"),
    }
}
