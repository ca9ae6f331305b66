use std::fmt;

use grantor_protocol::claims::{AccessTokenClaims, Confirmation};
use grantor_protocol::model::{Actor, Client, ClientId, RateKind, Tenant, TenantId, User, UserStatus};
use grantor_protocol::{Secret, Timestamp, domain};
use grantor_store::Subject;
use serde::Deserialize;

use super::AdminFault;
use super::fault::Unauthenticated;
use crate::app::{App, Fault, Peer, TenantContext};

/// Whoever calls the admin API, proven.
#[derive(Clone)]
pub struct Caller {
    pub(super) subject: Subject,
    /// The tenant that the caller belongs to, and its slug.
    pub(super) tenant_id: TenantId,
    pub(super) tenant: String,
    /// When the subject was made: what has its name now may be another than what had it before.
    pub(super) since: Timestamp,
    pub(super) name: String,
    pub(super) email: Option<String>,
    /// What a console session sends back with changes.
    pub(super) csrf_token: Option<String>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Caller({} of {})", self.subject, self.tenant)
    }
}

impl Caller {
    /// Somebody signed in to the console.
    pub fn console(tenant: &Tenant, user: &User, csrf_token: String) -> Self {
        Self { csrf_token: Some(csrf_token), ..Self::user(tenant, user) }
    }

    /// A person on their own pages, or in a token of theirs.
    pub(in crate::app) fn user(tenant: &Tenant, user: &User) -> Self {
        Self {
            subject: Subject::User(user.id),
            tenant_id: tenant.id,
            tenant: tenant.slug.clone(),
            since: user.created_at,
            name: user.display_name().to_owned(),
            email: user.email.clone(),
            csrf_token: None,
        }
    }

    fn client(tenant: &Tenant, client: &Client) -> Self {
        let name = client.metadata.client_name.as_str();
        let name = if name.is_empty() { client.client_id.as_str() } else { name };
        Self {
            name: name.to_owned(),
            since: client.created_at,
            subject: Subject::Client(client.client_id.clone()),
            tenant_id: tenant.id,
            tenant: tenant.slug.clone(),
            email: None,
            csrf_token: None,
        }
    }

    pub(in crate::app) fn actor(&self) -> Actor {
        match &self.subject {
            Subject::User(id) => Actor::User { id: *id },
            Subject::Client(client_id) => Actor::Client { client_id: client_id.clone() },
        }
    }
}

const ELSEWHERE: &str = "no issuer of this server made the access token";

#[derive(Deserialize)]
struct Issuer {
    iss: String,
}

fn refuse<T>(why: &'static str) -> Result<T, AdminFault> {
    Err(AdminFault::Unauthenticated(Unauthenticated::InvalidToken(why)))
}

impl App {
    /// Who calls with this access token: one for the admin API, of the system tenant or of the
    /// caller's own.
    ///
    /// # Errors
    /// [`AdminFault::Unauthenticated`]; faults of the store.
    pub async fn admin_caller(&self, bearer_token: &str, peer: &Peer) -> Result<Caller, AdminFault> {
        let Ok(Issuer { iss }) = grantor_jose::unverified_claims(bearer_token) else {
            return refuse("the access token cannot be read");
        };
        let slug = match (iss.strip_prefix(&self.addresses.issuer("")), domain::of_issuer(&iss)) {
            (Some(slug), _) => Some(slug.into()),
            (None, Some(domain)) => self.slug_at(domain).await?,
            (None, None) => None,
        };
        let Some(slug) = slug else { return refuse(ELSEWHERE) };
        let context = match self.tenant(&slug).await {
            Ok(context) if context.policy.issuer == iss => context,
            Ok(_) | Err(Fault::UnknownTenant) => {
                return refuse(ELSEWHERE);
            }
            Err(Fault::SuspendedTenant) => return refuse("the tenant of the access token is suspended"),
            Err(fault) => return Err(fault.into()),
        };
        let handle = Secret::presented(bearer_token);
        let Some(claims) = self.verified.claims(&context, &handle, self.now()) else {
            return refuse("this is not an access token of its issuer");
        };
        if claims.exp <= self.now().unix_seconds() {
            return refuse("the access token has expired");
        }
        // RFC 9449 §7.2, RFC 8705 §3: a bound token is no bearer token.
        match &claims.cnf {
            Some(Confirmation::DpopKey(_)) => {
                return refuse("the access token is bound to a DPoP key: this API takes bearer tokens");
            }
            Some(Confirmation::Certificate(bound))
                if peer.certificate_thumbprint().as_ref() != Some(bound) =>
            {
                return refuse("the connection does not have the certificate of the access token");
            }
            Some(Confirmation::Certificate(_)) | None => {}
        }
        if !claims.aud.contains(&self.addresses.admin_api()) {
            return refuse("the access token is not for the admin API: ask for it with its resource");
        }
        // Before anything is read, and by whoever has a token for this API only: everybody who signs in at
        // the tenant has others, and could keep its administrators out with them.
        self.limit(&context, RateKind::Admin, || peer.address)?;
        if self.is_revoked(&context, &claims).await? {
            return refuse("the access token was revoked");
        }
        self.subject_of(&context, &claims).await
    }

    /// A token under a grant is its user's; one without is the client's own (RFC 9068 §2.2).
    async fn subject_of(
        &self,
        context: &TenantContext,
        claims: &AccessTokenClaims,
    ) -> Result<Caller, AdminFault> {
        let tenant = &context.tenant;
        let client = match ClientId::parse(&claims.client_id) {
            Some(client_id) => self.client(tenant.id, &client_id).await?,
            None => None,
        };
        let Some(client) = client.filter(|loaded| loaded.client.enabled) else {
            return refuse("the client of the access token is gone or disabled");
        };
        if claims.grant_id.is_none() {
            return if claims.sub == claims.client_id {
                Ok(Caller::client(tenant, &client.client))
            } else {
                refuse("the access token is nobody's")
            };
        }
        let user = match claims.sub.parse() {
            Ok(id) => self.store.tenant(tenant.id).user(id).await?,
            Err(_) => None,
        };
        match user.filter(|user| user.status == UserStatus::Active) {
            Some(user) => Ok(Caller::user(tenant, &user)),
            None => refuse("the user of the access token is gone or locked"),
        }
    }
}
