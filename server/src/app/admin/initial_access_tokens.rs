use grantor_api as api;
use grantor_protocol::model::{
    AuditKind, InitialAccessToken, InitialAccessTokenId, InitialAccessTokenSettings, RegistrationBounds,
};
use grantor_protocol::{Id, Lifetime, Scope, Secret, SecretKind, registration};
use grantor_store::Page;
use serde_json::Value;

use super::client_document::{grant_type_document, grant_type_model};
use super::document::{changes, read};
use super::tenants::check_hosts;
use super::version::etag;
use super::{Action, AdminFault, Caller, Resource, Saved, Versioned, as_page};
use crate::app::{App, TenantContext};

/// How long a token can be used where nothing is said.
const LIFETIME: u32 = 86_400;

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_initial_access_tokens(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
    ) -> Result<api::Page<api::InitialAccessToken>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::InitialAccessToken, Action::Read).await?;
        let tokens = self.store.tenant(context.tenant.id).list_initial_access_tokens(page).await?;
        Ok(as_page(tokens, |token| document(&token)))
    }

    /// # Errors
    /// As [`Self::list_initial_access_tokens`].
    pub async fn read_initial_access_token(
        &self,
        caller: &Caller,
        tenant: &str,
        token: &str,
    ) -> Result<Versioned<api::InitialAccessToken>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::InitialAccessToken, Action::Read).await?;
        Ok(versioned(&self.held_token(&context, token).await?))
    }

    /// Makes a token, which is in the answer and never again.
    ///
    /// # Errors
    /// A document that cannot be taken.
    pub async fn create_initial_access_token(
        &self,
        caller: &Caller,
        tenant: &str,
        wanted: Value,
    ) -> Result<Saved<api::InitialAccessToken>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::InitialAccessToken, Action::Create).await?;
        let wanted: api::InitialAccessToken = read(wanted)?;
        let settings = settings(&wanted, &context)?;
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let secret = Secret::generate(SecretKind::InitialAccessToken, entropy);
        let token = InitialAccessToken {
            tenant_id: context.tenant.id,
            id: Id::generate(now, entropy),
            hash: secret.hash(),
            settings,
            uses_left: wanted.uses_left,
            created_at: now,
            expires_at: now + Lifetime::from_seconds(wanted.expires_in.unwrap_or(LIFETIME)),
        };
        let detail = changes(None::<&api::InitialAccessToken>, Some(&document(&token)));
        let kind = AuditKind::InitialAccessTokenChanged;
        let event = self.admin_event(caller, kind, &token.id.to_string(), detail);
        self.store.tenant(context.tenant.id).create_initial_access_token(&token, vec![event]).await?;
        let made = versioned(&token);
        let shown =
            api::InitialAccessToken { token: Some(api::SecretText::new(secret.expose())), ..made.document };
        Ok(Saved { now: Versioned { document: shown, ..made }, created: true })
    }

    /// Deletes a token; the clients that were registered with it stay.
    ///
    /// # Errors
    /// As [`Self::list_initial_access_tokens`].
    pub async fn delete_initial_access_token(
        &self,
        caller: &Caller,
        tenant: &str,
        token: &str,
    ) -> Result<(), AdminFault> {
        let context = self.administered(caller, tenant, Resource::InitialAccessToken, Action::Delete).await?;
        let held = self.held_token(&context, token).await?;
        let detail = changes(Some(&document(&held)), None::<&api::InitialAccessToken>);
        let kind = AuditKind::InitialAccessTokenChanged;
        let event = self.admin_event(caller, kind, &held.id.to_string(), detail);
        Ok(self.store.tenant(context.tenant.id).delete_initial_access_token(held.id, vec![event]).await?)
    }

    async fn held_token(
        &self,
        context: &TenantContext,
        token: &str,
    ) -> Result<InitialAccessToken, AdminFault> {
        let id: InitialAccessTokenId = token.parse().map_err(|_| AdminFault::NotFound)?;
        let held = self.store.tenant(context.tenant.id).initial_access_token(id).await?;
        held.ok_or(AdminFault::NotFound)
    }
}

fn settings(
    wanted: &api::InitialAccessToken,
    context: &TenantContext,
) -> Result<InitialAccessTokenSettings, AdminFault> {
    if wanted.token.is_some() {
        return Err(AdminFault::invalid("/token", "is generated and cannot be chosen: leave it out"));
    }
    registration::check_name(&wanted.name).map_err(|detail| AdminFault::invalid("/name", detail))?;
    if wanted.expires_in.is_some_and(|seconds| !(60..=31_536_000).contains(&seconds)) {
        return Err(AdminFault::invalid("/expires_in", "must be 60 to 31536000 seconds"));
    }
    if wanted.uses_left == Some(0) {
        return Err(AdminFault::invalid("/uses_left", "must be one at least"));
    }
    if let Err((index, detail)) = check_hosts(&wanted.redirect_uri_hosts) {
        return Err(AdminFault::invalid(format!("/redirect_uri_hosts/{index}"), detail));
    }
    // The admin API is there, but for clients that an administrator chose.
    let can_be_given = |resource: &String| {
        let mut known = context.policy.resources.iter().filter(|known| known.for_self_made_clients);
        known.any(|known| known.identifier == *resource)
    };
    if let Some(index) = wanted.resources.iter().flatten().position(|resource| !can_be_given(resource)) {
        let detail = "is not a protected resource that clients that register themselves can have";
        return Err(AdminFault::invalid(format!("/resources/{index}"), detail));
    }
    let scope = wanted.scope.as_deref().map(Scope::parse).transpose();
    let grant_types = wanted.grant_types.as_ref();
    Ok(InitialAccessTokenSettings {
        name: wanted.name.clone(),
        bounds: RegistrationBounds {
            redirect_uri_hosts: wanted.redirect_uri_hosts.clone(),
            scope: scope.map_err(|error| AdminFault::invalid("/scope", error.to_string()))?,
            grant_types: grant_types.map(|held| held.iter().copied().map(grant_type_model).collect()),
            resources: wanted.resources.clone(),
        },
    })
}

fn document(token: &InitialAccessToken) -> api::InitialAccessToken {
    let InitialAccessTokenSettings { name, bounds } = token.settings.clone();
    let grant_types = bounds.grant_types;
    api::InitialAccessToken {
        id: token.id.to_string(),
        token: None,
        name,
        expires_in: None,
        expires_at: token.expires_at.to_string(),
        uses_left: token.uses_left,
        redirect_uri_hosts: bounds.redirect_uri_hosts,
        scope: bounds.scope.as_ref().map(Scope::to_string),
        grant_types: grant_types.map(|held| held.into_iter().map(grant_type_document).collect()),
        resources: bounds.resources,
        created_at: token.created_at.to_string(),
    }
}

/// What changes of a token is how often it can be used.
fn versioned(token: &InitialAccessToken) -> Versioned<api::InitialAccessToken> {
    let version = token.uses_left.map_or(-1, i64::from);
    Versioned { document: document(token), etag: etag(version, token.created_at) }
}
