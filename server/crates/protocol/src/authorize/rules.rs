use super::request::{AuthorizationRequest, Prompt, ResponseMode};
use crate::model::{Client, GrantType};
use crate::pkce::CodeChallenge;
use crate::{Error, ErrorCode, Params, Policy, Scope, redirect_uri, resource};

/// Where an error goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// A page for the person: client or redirect URI are not proven, so nothing may be redirected
    /// (RFC 6749 §4.1.2.1, RFC 9700 §4.11).
    Page,
    Redirect(ReturnAddress),
}

/// A proven redirect URI and how to answer there.
#[derive(Clone, Debug, PartialEq)]
pub struct ReturnAddress {
    pub redirect_uri: String,
    pub response_mode: ResponseMode,
    pub state: Option<String>,
}

/// A refused authorization request.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub error: Error,
    pub delivery: Delivery,
}

struct Context<'a> {
    params: &'a Params,
    client: &'a Client,
    policy: &'a Policy,
}

type Rule = fn(&Context<'_>, &mut AuthorizationRequest) -> Result<(), Error>;

/// Every rule of an authorization request, in the order in which they are checked, once client and
/// redirect URI are proven.
const RULES: &[Rule] = &[
    no_duplicates,
    no_request_object,
    response_mode,
    response_type,
    scope,
    resources,
    pkce,
    nonce,
    prompt,
    max_age,
    login_hint,
];

/// Validates a request of a client that `client_id` named.
///
/// # Errors
/// A [`Failure`] that says where its error may go.
pub fn validate(
    params: &Params,
    client: Option<&Client>,
    policy: &Policy,
) -> Result<AuthorizationRequest, Failure> {
    let page = |error| Failure { error, delivery: Delivery::Page };
    let (client, redirect_uri) = proven_client(params, client).map_err(page)?;
    let mut request = AuthorizationRequest {
        client_id: client.client_id.clone(),
        redirect_uri,
        response_mode: ResponseMode::Query,
        state: params.get("state").map(str::to_owned),
        scope: Scope::default(),
        resources: vec![],
        code_challenge: None,
        nonce: None,
        prompt: Prompt::default(),
        max_age: None,
        login_hint: None,
    };
    let context = Context { params, client, policy };
    for rule in RULES {
        rule(&context, &mut request)
            .map_err(|error| Failure { error, delivery: Delivery::Redirect(request.return_address()) })?;
    }
    Ok(request)
}

/// The client and where to answer it. Only exact matches (OAuth 2.1 §4.1.1); with one registered
/// redirect URI the parameter may be left out (RFC 6749 §3.1.2.3).
fn proven_client<'a>(params: &Params, client: Option<&'a Client>) -> Result<(&'a Client, String), Error> {
    params.refuse_duplicate("client_id")?;
    params.refuse_duplicate("redirect_uri")?;
    params.require("client_id")?;
    let client = client
        .filter(|client| client.enabled)
        .ok_or_else(|| Error::new(ErrorCode::InvalidClient, "there is no such client"))?;
    let registered = &client.metadata.redirect_uris;
    match (params.get("redirect_uri"), registered.as_slice()) {
        (Some(presented), _) if registered.iter().any(|uri| redirect_uri::matches(uri, presented)) => {
            Ok((client, presented.to_owned()))
        }
        (Some(_), _) => Err(Error::invalid_request("redirect_uri is not registered for this client")),
        (None, [only]) => Ok((client, only.clone())),
        (None, _) => Err(Error::invalid_request("parameter redirect_uri is missing")),
    }
}

/// RFC 6749 §3.1.
fn no_duplicates(context: &Context<'_>, _: &mut AuthorizationRequest) -> Result<(), Error> {
    context.params.refuse_duplicates()
}

/// OpenID Connect Core §3.1.2.6: what is not supported is said so, never ignored.
fn no_request_object(context: &Context<'_>, _: &mut AuthorizationRequest) -> Result<(), Error> {
    for (parameter, code) in [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        if context.params.get(parameter).is_some() {
            return Err(Error::new(code, format!("parameter {parameter} is not supported")));
        }
    }
    Ok(())
}

/// OAuth 2.0 Multiple Response Type Encoding Practices §2.1.
fn response_mode(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    if let Some(asked) = context.params.get("response_mode") {
        let mode = context.policy.response_modes.iter().find(|mode| mode.as_str() == asked);
        request.response_mode =
            *mode.ok_or_else(|| Error::invalid_request(format!("response_mode {asked} is not supported")))?;
    }
    Ok(())
}

/// RFC 6749 §3.1.1, §4.1.2.1.
fn response_type(context: &Context<'_>, _: &mut AuthorizationRequest) -> Result<(), Error> {
    let asked = context.params.require("response_type")?;
    if !context.policy.response_types.contains(&asked) {
        return Err(Error::new(
            ErrorCode::UnsupportedResponseType,
            format!("response_type {asked} is not supported"),
        ));
    }
    if !context.client.allows(GrantType::AuthorizationCode) {
        return Err(Error::new(
            ErrorCode::UnauthorizedClient,
            "the client is not registered for the grant type authorization_code",
        ));
    }
    Ok(())
}

/// RFC 6749 §3.3.
fn scope(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.scope = context.policy.scope_for(context.client, context.params.get("scope"))?;
    Ok(())
}

/// RFC 8707 §2.1.
fn resources(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.resources = resource::requested(context.params, context.client, context.policy)?;
    Ok(())
}

/// OAuth 2.1 §4.1.1, §7.5.1: every client, confidential ones too.
fn pkce(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let challenge = context
        .params
        .get("code_challenge")
        .ok_or_else(|| Error::invalid_request("parameter code_challenge is missing: PKCE is required"))?;
    let method = context.params.get("code_challenge_method");
    request.code_challenge = Some(CodeChallenge::from_request(challenge, method)?);
    Ok(())
}

/// OpenID Connect Core §3.1.2.1.
fn nonce(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.nonce = context.params.get("nonce").map(str::to_owned);
    Ok(())
}

/// OpenID Connect Core §3.1.2.1: `none` stands alone.
fn prompt(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let Some(text) = context.params.get("prompt") else { return Ok(()) };
    for value in text.split(' ').filter(|value| !value.is_empty()) {
        match value {
            "none" => request.prompt.none = true,
            "login" => request.prompt.login = true,
            "consent" => request.prompt.consent = true,
            "select_account" => request.prompt.select_account = true,
            _ => return Err(Error::invalid_request(format!("prompt {value} is not supported"))),
        }
    }
    if request.prompt.none
        && (request.prompt.login || request.prompt.consent || request.prompt.select_account)
    {
        return Err(Error::invalid_request("prompt none cannot be combined with another value"));
    }
    Ok(())
}

/// OpenID Connect Core §3.1.2.1.
fn max_age(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.max_age = match context.params.get("max_age") {
        None => context.client.metadata.default_max_age,
        Some(text) => Some(
            text.parse().map_err(|_| Error::invalid_request("max_age must be a whole number of seconds"))?,
        ),
    };
    Ok(())
}

/// OpenID Connect Core §3.1.2.1.
fn login_hint(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.login_hint = context.params.get("login_hint").map(str::to_owned);
    Ok(())
}

impl AuthorizationRequest {
    /// Where answers to this request go.
    pub fn return_address(&self) -> ReturnAddress {
        ReturnAddress {
            redirect_uri: self.redirect_uri.clone(),
            response_mode: self.response_mode,
            state: self.state.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
