use super::request::{AuthorizationRequest, Prompt, ResponseMode, ResponseType};
use crate::model::{Acr, Client, GrantType, UserId};
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

/// The parameters of an authorization request, with what was proven of them before.
#[derive(Clone, Copy, Debug)]
pub struct Submitted<'a> {
    pub params: &'a Params,
    /// Whether they were in a request object that the client signed (RFC 9101).
    pub signed: bool,
    pub id_token_hint: IdTokenHint,
}

/// What came of the parameter `id_token_hint` (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdTokenHint {
    #[default]
    Absent,
    /// An ID token of ours, expired or not, about this user.
    User(UserId),
    /// Nothing of ours, or signed with a key that is gone.
    Unreadable,
}

struct Context<'a> {
    submitted: Submitted<'a>,
    params: &'a Params,
    client: &'a Client,
    policy: &'a Policy,
}

type Rule = fn(&Context<'_>, &mut AuthorizationRequest) -> Result<(), Error>;

/// Where authorization requests come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// RFC 6749 §3.1.
    Authorization,
    /// RFC 9126 §2.
    PushedAuthorizationRequest,
    /// RFC 8628 §3.1.
    DeviceAuthorization,
}

use Endpoint::{Authorization as A, DeviceAuthorization as D, PushedAuthorizationRequest as P};

/// Every rule of an authorization request and the endpoints that it holds at, in the order in which
/// they are checked, once client and redirect URI are proven.
const RULES: &[(Rule, &[Endpoint])] = &[
    (no_duplicates, &[A, P, D]),
    (no_request_uri, &[P]),
    (no_request_object, &[A, P, D]),
    (response_mode, &[A, P]),
    (response_type, &[A, P]),
    (no_tokens_in_a_query, &[A, P]),
    (pushed_if_demanded, &[A]),
    (signed_if_demanded, &[A, P]),
    (scope, &[A, P, D]),
    (openid_for_id_tokens, &[A, P]),
    (no_bound_tokens_through_the_browser, &[A, P]),
    (resources, &[A, P, D]),
    (pkce, &[A, P]),
    (dpop_key, &[A, P]),
    (nonce, &[A, P]),
    (prompt, &[A, P]),
    (id_token_hint, &[A, P]),
    (max_age, &[A, P]),
    (acr_values, &[A, P]),
    (login_hint, &[A, P]),
    (ui_locales, &[A, P]),
];

/// Validates a request of a client that `client_id` named.
///
/// # Errors
/// A [`Failure`] that says where its error may go.
pub fn validate(
    submitted: Submitted<'_>,
    client: Option<&Client>,
    policy: &Policy,
) -> Result<AuthorizationRequest, Failure> {
    let page = |error| Failure { error, delivery: Delivery::Page };
    let params = submitted.params;
    let client = known_client(params, client).map_err(page)?;
    params.refuse_duplicate("redirect_uri").map_err(page)?;
    let redirect_uri = proven_redirect_uri(client, params.get("redirect_uri")).map_err(page)?;
    let mut request = unchecked(params, client, redirect_uri);
    let context = Context { submitted, params, client, policy };
    check(&context, Endpoint::Authorization, &mut request)
        .map_err(|error| Failure { error, delivery: Delivery::Redirect(request.return_address()) })?;
    Ok(request)
}

/// Validates a request that an authenticated client pushes (RFC 9126 §2.1). Its errors are the client's
/// own to read, so none is redirected.
///
/// # Errors
/// The error of the first rule that refuses it.
pub(super) fn validate_pushed(
    submitted: Submitted<'_>,
    client: &Client,
    policy: &Policy,
) -> Result<AuthorizationRequest, Error> {
    let params = submitted.params;
    params.refuse_duplicate("redirect_uri")?;
    let redirect_uri = proven_redirect_uri(client, params.get("redirect_uri"))?;
    let mut request = unchecked(params, client, redirect_uri);
    let context = Context { submitted, params, client, policy };
    check(&context, Endpoint::PushedAuthorizationRequest, &mut request)?;
    Ok(request)
}

/// Validates the request of a device (RFC 8628 §3.1). Its consent is always asked for, whatever was
/// allowed before: somebody else may have sent the person the code (§5.4).
///
/// # Errors
/// `unauthorized_client` and what the rules of this endpoint refuse.
pub fn validate_device(
    params: &Params,
    client: &Client,
    policy: &Policy,
) -> Result<AuthorizationRequest, Error> {
    if !client.allows(GrantType::DeviceCode) {
        return Err(Error::new(
            ErrorCode::UnauthorizedClient,
            format!("the client is not registered for the grant type {}", GrantType::DeviceCode.as_str()),
        ));
    }
    let mut request = unchecked(params, client, format!("{}/activate/callback", policy.issuer));
    request.state = None;
    request.prompt.consent = true;
    let submitted = Submitted { params, signed: false, id_token_hint: IdTokenHint::Absent };
    let context = Context { submitted, params, client, policy };
    check(&context, Endpoint::DeviceAuthorization, &mut request)?;
    Ok(request)
}

fn unchecked(params: &Params, client: &Client, redirect_uri: String) -> AuthorizationRequest {
    AuthorizationRequest {
        client_id: client.client_id.clone(),
        redirect_uri,
        response_type: ResponseType::Code,
        response_mode: ResponseMode::Query,
        state: params.get("state").map(str::to_owned),
        scope: Scope::default(),
        resources: vec![],
        code_challenge: None,
        dpop_jkt: None,
        nonce: None,
        prompt: Prompt::default(),
        max_age: None,
        acr: None,
        login_hint: None,
        ui_locales: None,
        hinted_user: None,
        pushed_as: None,
    }
}

fn check(context: &Context<'_>, at: Endpoint, request: &mut AuthorizationRequest) -> Result<(), Error> {
    RULES
        .iter()
        .filter(|(_, endpoints)| endpoints.contains(&at))
        .try_for_each(|(rule, _)| rule(context, request))
}

/// The client that `client_id` named, if it may ask for anything.
///
/// # Errors
/// `invalid_request`, `invalid_client`.
pub fn known_client<'a>(params: &Params, client: Option<&'a Client>) -> Result<&'a Client, Error> {
    params.refuse_duplicate("client_id")?;
    params.require("client_id")?;
    client
        .filter(|client| client.enabled)
        .ok_or_else(|| Error::new(ErrorCode::InvalidClient, "there is no such client"))
}

/// Where to answer the client. Only exact matches (OAuth 2.1 §4.1.1); with one registered redirect URI
/// the parameter may be left out (RFC 6749 §3.1.2.3).
pub(super) fn proven_redirect_uri(client: &Client, presented: Option<&str>) -> Result<String, Error> {
    let registered = &client.metadata.redirect_uris;
    match (presented, registered.as_slice()) {
        (Some(presented), _) if registered.iter().any(|uri| redirect_uri::matches(uri, presented)) => {
            Ok(presented.to_owned())
        }
        (Some(_), _) => Err(Error::invalid_request("redirect_uri is not registered for this client")),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(Error::invalid_request("parameter redirect_uri is missing")),
    }
}

/// RFC 6749 §3.1.
fn no_duplicates(context: &Context<'_>, _: &mut AuthorizationRequest) -> Result<(), Error> {
    context.params.refuse_duplicates()
}

/// RFC 9126 §2.1: what is pushed is the request itself.
fn no_request_uri(context: &Context<'_>, _: &mut AuthorizationRequest) -> Result<(), Error> {
    match context.params.get("request_uri") {
        Some(_) => Err(Error::invalid_request("request_uri cannot be pushed")),
        None => Ok(()),
    }
}

/// OpenID Connect Core §3.1.2.6: what is not supported is said so, never ignored. Where request objects
/// are, they have been read by now, and the parameters are theirs.
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

/// RFC 6749 §3.1.1, §4.1.2.1. A client gets by a response type what its grant types allow (RFC 7591
/// §2.1).
fn response_type(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let asked = context.params.require("response_type")?;
    let supported = context.policy.demands_of(&context.client.metadata).response_types;
    let response_type =
        ResponseType::parse(asked).filter(|asked| supported.contains(asked)).ok_or_else(|| {
            Error::new(ErrorCode::UnsupportedResponseType, format!("response_type {asked} is not supported"))
        })?;
    request.response_type = response_type;
    if response_type.gives_tokens() && context.params.get("response_mode").is_none() {
        request.response_mode = ResponseMode::Fragment;
    }
    let needed = [
        (response_type.has_code(), GrantType::AuthorizationCode),
        (response_type.gives_tokens(), GrantType::Implicit),
    ];
    for (_, grant_type) in needed.into_iter().filter(|(needed, _)| *needed) {
        if !context.client.allows(grant_type) {
            return Err(Error::new(
                ErrorCode::UnauthorizedClient,
                format!("the client is not registered for the grant type {}", grant_type.as_str()),
            ));
        }
    }
    let registered = &context.client.metadata.response_types;
    if !registered.is_empty() && !registered.contains(&response_type) {
        return Err(Error::new(
            ErrorCode::UnauthorizedClient,
            format!("the client is not registered for the response type {asked}"),
        ));
    }
    Ok(())
}

/// OAuth 2.0 Multiple Response Type Encoding Practices §5: servers and proxies log queries.
fn no_tokens_in_a_query(_: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    if !request.response_type.gives_tokens() || request.response_mode != ResponseMode::Query {
        return Ok(());
    }
    request.response_mode = ResponseMode::Fragment;
    Err(Error::invalid_request("response_mode query is not for responses with tokens"))
}

/// RFC 9126 §5, §6.
fn pushed_if_demanded(context: &Context<'_>, _: &mut AuthorizationRequest) -> Result<(), Error> {
    let of_client = context.client.metadata.require_pushed_authorization_requests;
    if of_client || context.policy.require_pushed_authorization_requests {
        return Err(Error::invalid_request("authorization requests must be pushed (RFC 9126)"));
    }
    Ok(())
}

/// RFC 9101 §10.5: no downgrade to parameters that anybody could have changed.
fn signed_if_demanded(context: &Context<'_>, _: &mut AuthorizationRequest) -> Result<(), Error> {
    if context.client.metadata.require_signed_request_object && !context.submitted.signed {
        return Err(Error::invalid_request("the client must send a signed request object (RFC 9101)"));
    }
    Ok(())
}

/// RFC 6749 §3.3. Without a code there is no refresh token, so `offline_access` means nothing (OpenID
/// Connect Core §11).
fn scope(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.scope = context.policy.scope_for(context.client, context.params.get("scope"))?;
    if !request.response_type.has_code() {
        request.scope =
            request.scope.iter().filter(|token| *token != "offline_access").map(str::to_owned).collect();
    }
    Ok(())
}

/// OpenID Connect Core §3.1.2.1: without the scope `openid` a request is no authentication request.
fn openid_for_id_tokens(_: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    if request.response_type.has_id_token() && !request.scope.contains("openid") {
        return Err(Error::invalid_request("an ID token needs the scope openid"));
    }
    Ok(())
}

/// A browser proves neither key nor certificate, so a token that comes through it is bound to nothing.
fn no_bound_tokens_through_the_browser(
    context: &Context<'_>,
    request: &mut AuthorizationRequest,
) -> Result<(), Error> {
    let metadata = &context.client.metadata;
    let bound = metadata.dpop_bound_access_tokens || metadata.tls_client_certificate_bound_access_tokens;
    if request.response_type.has_token() && bound {
        return Err(Error::new(
            ErrorCode::UnauthorizedClient,
            "the client is registered for bound access tokens, which the token endpoint alone gives",
        ));
    }
    Ok(())
}

/// RFC 8707 §2.1.
fn resources(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.resources = resource::requested(context.params, context.client, context.policy)?;
    Ok(())
}

/// OAuth 2.1 §4.1.1, §7.5.1: every client, confidential ones too, unless its profile lets it do
/// without; a public client has nothing else that protects its code.
fn pkce(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let demanded = context.policy.demands_of(&context.client.metadata).pkce || context.client.is_public();
    match context.params.get("code_challenge") {
        Some(challenge) => {
            let method = context.params.get("code_challenge_method");
            request.code_challenge = Some(CodeChallenge::from_request(challenge, method)?);
            Ok(())
        }
        None if demanded && request.response_type.has_code() => {
            Err(Error::invalid_request("parameter code_challenge is missing: PKCE is required"))
        }
        None => Ok(()),
    }
}

/// RFC 9449 §10: the code is good only for whoever has this key.
fn dpop_key(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let Some(thumbprint) = context.params.get("dpop_jkt") else { return Ok(()) };
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if thumbprint.len() != 43 || !thumbprint.bytes().all(base64url) {
        return Err(Error::invalid_request("dpop_jkt must be the SHA-256 thumbprint of a JWK (RFC 7638)"));
    }
    request.dpop_jkt = Some(thumbprint.to_owned());
    Ok(())
}

/// OpenID Connect Core §3.1.2.1, §3.2.2.1: an ID token that comes through the browser must say which
/// request it answers.
fn nonce(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.nonce = context.params.get("nonce").map(str::to_owned);
    if request.nonce.is_none() && request.response_type.has_id_token() {
        return Err(Error::invalid_request("parameter nonce is missing"));
    }
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

/// OpenID Connect Core §3.1.2.1. What cannot be read names nobody: a client may have kept it for years,
/// and the person can still sign in, but where nobody is asked nobody is known to be the right one.
fn id_token_hint(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    match context.submitted.id_token_hint {
        IdTokenHint::User(user) => request.hinted_user = Some(user),
        IdTokenHint::Unreadable if request.prompt.none => {
            return Err(Error::new(ErrorCode::LoginRequired, "the id_token_hint cannot be read"));
        }
        IdTokenHint::Absent | IdTokenHint::Unreadable => {}
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

/// OpenID Connect Core §3.1.2.1, RFC 9470 §4: the client takes any of these levels; those that are not ours it
/// has to do without.
fn acr_values(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.acr =
        context.params.get("acr_values").and_then(|values| values.split(' ').filter_map(Acr::parse).min());
    Ok(())
}

/// OpenID Connect Core §3.1.2.1.
fn login_hint(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.login_hint = context.params.get("login_hint").map(str::to_owned);
    Ok(())
}

/// OpenID Connect Core §3.1.2.1: languages that there are not are no error.
fn ui_locales(context: &Context<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.ui_locales = context.params.get("ui_locales").map(str::to_owned);
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
