//! Client secrets: made here, shown once, kept as a hash, and encrypted where the method needs the
//! secret itself.

use grantor_jose::VerificationKey;
use grantor_protocol::model::{
    AuthenticationMethod, Client, ClientId, ClientSecret, ClientSecretId, TenantId,
};
use grantor_protocol::{Id, Secret, SecretKind, Timestamp};

use super::{App, Fault};

impl App {
    /// A new secret of a client, and what is stored of it.
    ///
    /// # Errors
    /// A fault of the cryptographic library.
    pub fn new_client_secret(
        &self,
        tenant_id: TenantId,
        client_id: &ClientId,
        method: AuthenticationMethod,
    ) -> Result<(Secret, ClientSecret), Fault> {
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let secret = Secret::generate(SecretKind::ClientSecret, entropy);
        let id = Id::generate(now, entropy);
        let sealed = if method == AuthenticationMethod::ClientSecretJwt {
            let mut nonce = [0; grantor_jose::NONCE_LENGTH];
            entropy.fill(&mut nonce);
            let data = associated_data(tenant_id, client_id, id);
            Some(self.master.seal(nonce, &data, secret.expose().as_bytes())?)
        } else {
            None
        };
        let stored = ClientSecret { id, hash: secret.hash(), created_at: now, expires_at: None, sealed };
        Ok((secret, stored))
    }

    /// Gives a client that needs a secret its first one, and takes those that it has no use for.
    ///
    /// # Errors
    /// A fault of the cryptographic library.
    pub(super) fn provide_secret(&self, client: &mut Client) -> Result<Option<Secret>, Fault> {
        let method = client.metadata.token_endpoint_auth_method;
        if !method.uses_secret() {
            client.secrets.clear();
            return Ok(None);
        }
        // A secret of before is known by its hash alone, which is no key for client_secret_jwt.
        if method == AuthenticationMethod::ClientSecretJwt {
            client.secrets.retain(|held| held.sealed.is_some());
        }
        if !client.secrets.is_empty() {
            return Ok(None);
        }
        let (secret, stored) = self.new_client_secret(client.tenant_id, &client.client_id, method)?;
        client.secrets.push(stored);
        Ok(Some(secret))
    }
}

/// One secret of a client that signs with its secrets (OpenID Connect Core §9), opened once.
#[derive(Debug)]
pub struct SecretKey {
    key: VerificationKey,
    /// None: until it is removed.
    expires_at: Option<Timestamp>,
}

impl SecretKey {
    /// The key, if its secret is valid.
    pub fn valid(&self, now: Timestamp) -> Option<&VerificationKey> {
        self.expires_at.is_none_or(|expires_at| now < expires_at).then_some(&self.key)
    }
}

impl App {
    /// The secrets of a client of `client_secret_jwt`. One that does not open is missing, and said to the
    /// log.
    pub(super) fn secret_keys(&self, client: &Client) -> Vec<SecretKey> {
        if client.metadata.token_endpoint_auth_method != AuthenticationMethod::ClientSecretJwt {
            return vec![];
        }
        let open = |held: &ClientSecret| {
            let data = associated_data(client.tenant_id, &client.client_id, held.id);
            let opened = self.master.open(&data, held.sealed.as_deref()?);
            opened
                .and_then(|secret| VerificationKey::from_hmac_secret(secret.expose()))
                .inspect_err(|error| {
                    tracing::error!(%error, client_id = %client.client_id, "a client's secret cannot be opened");
                })
                .ok()
                .map(|key| SecretKey { key, expires_at: held.expires_at })
        };
        client.secrets.iter().filter_map(open).collect()
    }
}

/// What a sealed secret is bound to: moved to another client it does not open.
pub(super) fn associated_data(tenant_id: TenantId, client_id: &ClientId, id: ClientSecretId) -> Vec<u8> {
    let parts: [&[u8]; 4] =
        [b"grantor client secret", tenant_id.as_bytes(), id.as_bytes(), client_id.as_str().as_bytes()];
    parts.concat()
}
