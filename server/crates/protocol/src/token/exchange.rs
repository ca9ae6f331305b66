//! Token exchange (RFC 8693): a client that was sent an access token of ours gets another one, to go
//! on with. What comes out is never for more than what went in: its audience and scope are part of
//! the subject token's, it ends no later, and it belongs to the same grant.
//!
//! Subject and actor are access tokens of this tenant's. An ID token says who somebody is and carries
//! no authorization that could be passed on, so it is refused like a refresh token.

use super::issue::access_token;
use super::{AccessTokenPlan, Issuance, TokenRequest};
use crate::claims::{AccessTokenClaims, ActorClaim};
use crate::model::{Actor, AuditEvent, AuditKind, Client};
use crate::{Decision, Effect, Error, ErrorCode, Id, Params, Policy, Scope};

/// Token type identifiers (RFC 8693 §3).
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Most actors that a token tells of: each makes every later token longer.
const MAX_ACTORS: usize = 5;

/// The tokens of an exchange request.
pub struct Presented<'a> {
    pub subject_token: &'a str,
    pub actor_token: Option<&'a str>,
}

/// An access token of this tenant's as it was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    pub claims: &'a AccessTokenClaims,
    /// Whether the token or its grant was revoked.
    pub revoked: bool,
}

/// What was found for the tokens of an exchange request; None where it is no access token of this
/// tenant's.
#[derive(Clone, Copy, Debug)]
pub struct Loaded<'a> {
    pub subject: Option<Found<'a>>,
    /// None where the request has no actor token.
    pub actor: Option<Option<Found<'a>>>,
}

/// The tokens of a token request (RFC 8693 §2.1).
///
/// # Errors
/// `invalid_request` where one is missing or of a type that is not taken.
pub fn presented(params: &Params) -> Result<Presented<'_>, Error> {
    let subject_token = params.require("subject_token")?;
    accepted_type(params, "subject_token_type")?;
    let actor_token = params.get("actor_token");
    if actor_token.is_some() {
        accepted_type(params, "actor_token_type")?;
    } else if params.get("actor_token_type").is_some() {
        return Err(Error::invalid_request("actor_token_type without actor_token"));
    }
    Ok(Presented { subject_token, actor_token })
}

fn accepted_type(params: &Params, name: &str) -> Result<(), Error> {
    match params.require(name)? {
        ACCESS_TOKEN | JWT => Ok(()),
        other => Err(Error::invalid_request(format!("{name} {other} is not supported: only access tokens"))),
    }
}

/// Exchanges the subject token for one of the client's own.
pub fn decide(request: TokenRequest<'_>, loaded: Loaded<'_>) -> Decision<Issuance> {
    match exchange(request, loaded) {
        Ok((effects, issuance)) => Decision { effects, outcome: Ok(issuance) },
        Err(error) => Decision::only(Err(error)),
    }
}

fn exchange(request: TokenRequest<'_>, loaded: Loaded<'_>) -> Result<(Vec<Effect>, Issuance), Error> {
    let TokenRequest { params, client, policy, now, .. } = request;
    let manner = manner(client, loaded)?;
    let issued_token_type = requested_type(params)?;
    let subject = usable("subject_token", loaded.subject, request)?;
    let actor = match loaded.actor {
        Some(actor) => Some(usable("actor_token", actor, request)?),
        None => None,
    };
    let act = match manner {
        // What the token told of actors before stays told.
        Manner::Impersonation => subject.act.clone(),
        Manner::Delegation => Some(acting(client, actor, subject)?),
    };
    let resources = resources(params, client, policy, subject)?;
    let scope = scope(params, client, policy, subject)?;
    let mut issuance = access_token(request, (scope, resources))?;
    if issued_token_type == JWT && matches!(issuance.access_token_plan, AccessTokenPlan::Store(_)) {
        return Err(Error::invalid_request("access tokens for this resource or client are no JWTs"));
    }
    let claims = &mut issuance.access_token;
    if let Some(audience) = claims.aud.iter().find(|audience| !subject.aud.contains(audience)) {
        return Err(not_for(audience));
    }
    claims.sub = subject.sub.clone();
    claims.auth_time = subject.auth_time;
    claims.acr = subject.acr;
    claims.grant_id = subject.grant_id;
    claims.act = act;
    // What went in bound comes out bound, whether or not the client registered for that.
    let bound = [Some(subject), actor].into_iter().flatten().find_map(|held| held.cnf.clone());
    claims.cnf = claims.cnf.take().or(bound);
    claims.exp = claims.exp.min(subject.exp);
    issuance.expires_in = u32::try_from(claims.exp - now.unix_seconds()).unwrap_or_default();
    issuance.issued_token_type = Some(issued_token_type);
    let effects = effects(request, manner, subject, &issuance);
    Ok((effects, issuance))
}

/// The two ways of RFC 8693 §1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// The new token looks as if the subject had it.
    Impersonation,
    /// The new token says who acts for the subject.
    Delegation,
}

/// What the client may do: with an actor token it delegates; without one it impersonates if it may,
/// or else acts under its own name.
fn manner(client: &Client, loaded: Loaded<'_>) -> Result<Manner, Error> {
    let refused = |description: &str| Err(Error::new(ErrorCode::UnauthorizedClient, description));
    // Whoever finds a token could otherwise exchange it under a public client's name; and nobody
    // vouched for a client that registered itself.
    if client.is_public() || client.origin.is_self_made() {
        return refused("token exchange is for confidential clients that an administrator registered");
    }
    let allowed = &client.metadata.token_exchange;
    match loaded.actor {
        None if allowed.impersonation => Ok(Manner::Impersonation),
        _ if allowed.delegation => Ok(Manner::Delegation),
        None => refused("the client is not allowed to exchange tokens"),
        Some(_) => refused("the client is not allowed to exchange tokens for an actor"),
    }
}

/// What is asked for and told in `issued_token_type` (RFC 8693 §2.1, §2.2.1).
fn requested_type(params: &Params) -> Result<&'static str, Error> {
    match params.get("requested_token_type") {
        None | Some(ACCESS_TOKEN) => Ok(ACCESS_TOKEN),
        Some(JWT) => Ok(JWT),
        Some(other) => Err(Error::invalid_request(format!(
            "requested_token_type {other} is not supported: only access tokens are issued"
        ))),
    }
}

/// The claims of a token that is alive and that the client may exchange. RFC 8693 §2.2.2: whatever
/// is wrong with it is `invalid_request`.
///
/// The client must be one that the token was issued to or is for: a token that it came by otherwise
/// is somebody else's. A bound token (RFC 9449 §7.1, RFC 8705 §3) takes the proof that it always takes:
/// whoever stole one must not get an unbound one for it, a resource server that it is for included.
fn usable<'a>(
    name: &str,
    found: Option<Found<'a>>,
    request: TokenRequest<'_>,
) -> Result<&'a AccessTokenClaims, Error> {
    let refused = |detail: &'static str| {
        Error::invalid_request(format!(
            "the {name} is no access token of this issuer that is valid and meant for this client"
        ))
        .because(detail)
    };
    let Some(Found { claims, revoked }) = found else { return Err(refused("unknown")) };
    if revoked {
        return Err(refused("revoked"));
    }
    if claims.exp <= request.now.unix_seconds() {
        return Err(refused("expired"));
    }
    if !claims.concerns(request.client) {
        return Err(refused("another client's, for another resource"));
    }
    match &claims.cnf {
        Some(bound) if !request.possession.proves(bound) => Err(refused("bound, and not proven")),
        _ => Ok(claims),
    }
}

/// The claim `act` of a token that `actor`, or else the client, acts with: those who acted before are
/// nested in it (RFC 8693 §4.1).
fn acting(
    client: &Client,
    actor: Option<&AccessTokenClaims>,
    subject: &AccessTokenClaims,
) -> Result<ActorClaim, Error> {
    if actor.is_some_and(|actor| actor.act.is_some()) {
        return Err(Error::invalid_request("the actor_token must be the actor's own, without act"));
    }
    let before = std::iter::successors(subject.act.as_ref(), |claim| claim.act.as_deref()).count();
    if before >= MAX_ACTORS {
        return Err(Error::invalid_request(format!(
            "the subject_token has passed {MAX_ACTORS} actors already"
        )));
    }
    let sub = actor.map_or_else(|| client.client_id.to_string(), |actor| actor.sub.clone());
    Ok(ActorClaim { sub, act: subject.act.clone().map(Box::new) })
}

fn not_for(audience: &str) -> Error {
    Error::new(
        ErrorCode::InvalidTarget,
        format!("the subject_token is not for {audience}, or this client may not name it"),
    )
}

/// What the new token is for: what `resource` and `audience` name, or all that the subject token is
/// for and the client may name. An `audience` is a resource's identifier: there are no other names
/// (RFC 8693 §2.1).
fn resources(
    params: &Params,
    client: &Client,
    policy: &Policy,
    subject: &AccessTokenClaims,
) -> Result<Vec<String>, Error> {
    let held = |identifier: &str| {
        subject.aud.contains(identifier) && policy.resource_for(client, identifier).is_some()
    };
    let mut named: Vec<String> = vec![];
    for identifier in params.all("resource").chain(params.all("audience")) {
        if !held(identifier) {
            return Err(not_for(identifier));
        }
        if !named.iter().any(|earlier| earlier == identifier) {
            named.push(identifier.to_owned());
        }
    }
    if !named.is_empty() {
        return Ok(named);
    }
    let of_resources: Vec<_> = subject.aud.iter().filter(|audience| *audience != policy.issuer).collect();
    named.extend(of_resources.iter().copied().filter(|audience| held(audience)).map(str::to_owned));
    match of_resources.first() {
        Some(audience) if named.is_empty() => Err(not_for(audience)),
        _ => Ok(named),
    }
}

/// What of the subject token's scope is asked for, or all of it that the client may have.
fn scope(
    params: &Params,
    client: &Client,
    policy: &Policy,
    subject: &AccessTokenClaims,
) -> Result<Scope, Error> {
    // No refresh token comes of an exchange (RFC 8693 §2.2.1).
    let exchangeable = |token: &&str| {
        *token != "offline_access"
            && subject.scope.contains(token)
            && policy.scopes.contains(token)
            && policy.allows_scope(client, token)
            && (*token != "openid" || subject.aud.contains(&policy.issuer))
    };
    let Some(asked) = params.get("scope") else {
        return Ok(subject.scope.iter().filter(exchangeable).map(str::to_owned).collect());
    };
    let asked =
        Scope::parse(asked).map_err(|error| Error::new(ErrorCode::InvalidScope, error.to_string()))?;
    if let Some(token) = asked.iter().find(|token| !exchangeable(token)) {
        return Err(Error::new(
            ErrorCode::InvalidScope,
            format!("the subject_token lacks the scope {token}, or this client may not have it"),
        ));
    }
    Ok(asked)
}

/// Whatever is kept says that the grant stands. Only the trail tells of an impersonation.
fn effects(
    request: TokenRequest<'_>,
    manner: Manner,
    subject: &AccessTokenClaims,
    issuance: &Issuance,
) -> Vec<Effect> {
    let mut effects = vec![];
    if manner == Manner::Impersonation {
        let claims = &issuance.access_token;
        effects.push(Effect::RecordAudit(Box::new(AuditEvent {
            id: Id::generate(request.now, request.entropy),
            at: request.now,
            kind: AuditKind::TokenExchanged,
            actor: Actor::Client { client_id: request.client.client_id.clone() },
            target: subject.sub.clone(),
            origin: None,
            detail: serde_json::json!({
                "subject_token": { "client_id": subject.client_id, "jti": subject.jti },
                "access_token": { "jti": claims.jti, "aud": claims.aud, "scope": claims.scope },
                "grant_id": subject.grant_id,
            }),
        })));
    }
    let kept = !effects.is_empty() || matches!(issuance.access_token_plan, AccessTokenPlan::Store(_));
    if let Some(grant) = subject.grant_id.filter(|_| kept) {
        effects.insert(0, Effect::TouchGrant { grant });
    }
    effects
}

#[cfg(test)]
mod tests;
