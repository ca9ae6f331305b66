//! What the master key encrypts in a tenant's rows: it leaves this installation in clear inside of
//! what the passphrase encrypts, and is encrypted again where it arrives.
//!
//! Whoever adds a column or a member that the master key seals adds it here; without that it would
//! not open in another installation. A test finds binary columns whose name begins with `sealed`.

use grantor_jose::{MasterKey, NONCE_LENGTH};
use grantor_protocol::model::{
    ClientId, ClientSecret, ClientSecretId, SealedClientSecret, TenantId, WebhookId, WebhookSecret,
};
use grantor_protocol::{Entropy, Id};
use grantor_store::{Cell, PortableRow};
use serde_json::Value;

use crate::app::{Fault, client_secrets, keyring, totp, upstream, webhooks};

/// From clear to sealed or back: takes what the value is bound to, and the value.
type Turn<'a> = &'a dyn Fn(&[u8], &[u8]) -> Result<Vec<u8>, Fault>;

/// Opens what the master key sealed in a row.
///
/// # Errors
/// A value that it does not open.
pub fn unseal(row: &mut PortableRow, tenant: TenantId, master: &MasterKey) -> Result<(), Fault> {
    turn(row, tenant, &|data, sealed| Ok(master.open(data, sealed)?.expose().to_vec()))
}

/// Seals under the master key what [`unseal`] opened.
///
/// # Errors
/// A row that is not what [`unseal`] leaves.
pub fn seal(
    row: &mut PortableRow,
    tenant: TenantId,
    master: &MasterKey,
    entropy: &dyn Entropy,
) -> Result<(), Fault> {
    turn(row, tenant, &|data, clear| {
        let mut nonce = [0; NONCE_LENGTH];
        entropy.fill(&mut nonce);
        Ok(master.seal(nonce, data, clear)?)
    })
}

fn turn(row: &mut PortableRow, tenant: TenantId, turn: Turn<'_>) -> Result<(), Fault> {
    match row.table() {
        "signing_keys" => {
            let data = keyring::associated_data(tenant, id(row, "signing_keys.id")?);
            if let Some(Cell::Bytes(key)) = row.cell_mut("sealed_private_key") {
                *key = turn(&data, key)?;
            }
        }
        "clients" => {
            let client_id = match row.cell("client_id") {
                Some(Cell::Text(text)) => ClientId::parse(text),
                _ => None,
            };
            let client_id = client_id.ok_or_else(|| malformed("clients.client_id"))?;
            if let Some(Cell::Json(Value::Array(secrets))) = row.cell_mut("secrets") {
                for secret in secrets {
                    turn_secret(secret, tenant, &client_id, turn)?;
                }
            }
        }
        "totp_authenticators" => {
            let data = totp::associated_data(tenant, id(row, "totp_authenticators.id")?);
            if let Some(Cell::Bytes(secret)) = row.cell_mut("sealed_secret") {
                *secret = turn(&data, secret)?;
            }
        }
        "webhooks" => {
            let webhook: WebhookId = id(row, "webhooks.id")?;
            if let Some(Cell::Json(Value::Array(secrets))) = row.cell_mut("secrets") {
                for secret in secrets {
                    turn_webhook_secret(secret, tenant, webhook, turn)?;
                }
            }
        }
        "identity_providers" => {
            let name = match row.cell("name") {
                Some(Cell::Text(name)) => name.clone(),
                _ => return Err(malformed("identity_providers.name")),
            };
            if let Some(Cell::Json(secret)) = row.cell_mut("secret") {
                let mut read: SealedClientSecret = serde_json::from_value(secret.clone())
                    .map_err(|_| malformed("identity_providers.secret"))?;
                read.sealed = turn(&upstream::associated_data(tenant, &name), &read.sealed)?;
                *secret = serde_json::to_value(&read).map_err(Fault::internal)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn turn_webhook_secret(
    secret: &mut Value,
    tenant: TenantId,
    webhook: WebhookId,
    turn: Turn<'_>,
) -> Result<(), Fault> {
    let mut read: WebhookSecret =
        serde_json::from_value(secret.clone()).map_err(|_| malformed("webhooks.secrets"))?;
    read.sealed = turn(&webhooks::associated_data(tenant, webhook, read.id), &read.sealed)?;
    *secret = serde_json::to_value(&read).map_err(Fault::internal)?;
    Ok(())
}

fn turn_secret(
    secret: &mut Value,
    tenant: TenantId,
    client_id: &ClientId,
    turn: Turn<'_>,
) -> Result<(), Fault> {
    let mut read: ClientSecret =
        serde_json::from_value(secret.clone()).map_err(|_| malformed("clients.secrets"))?;
    let id: ClientSecretId = read.id;
    if let Some(sealed) = &mut read.sealed {
        *sealed = turn(&client_secrets::associated_data(tenant, client_id, id), sealed)?;
        *secret = serde_json::to_value(&read).map_err(Fault::internal)?;
    }
    Ok(())
}

/// The row's own identifier; `column` is for the fault.
fn id<T>(row: &PortableRow, column: &str) -> Result<Id<T>, Fault> {
    match row.cell("id") {
        Some(Cell::Bytes(bytes)) => {
            Ok(Id::from_bytes(bytes.as_slice().try_into().map_err(|_| malformed(column))?))
        }
        _ => Err(malformed(column)),
    }
}

fn malformed(column: &str) -> Fault {
    Fault::internal(format!("{column} cannot be read"))
}

#[cfg(test)]
mod tests {
    /// A column that is sealed under the master key says so in its name.
    #[test]
    fn every_sealed_column_is_known_here() {
        let schema = include_str!("../../../crates/store/src/schema.rs");
        let sealed: Vec<_> = schema
            .lines()
            .filter_map(|line| line.trim().split_once(" -> "))
            .filter(|(column, _)| column.starts_with("sealed"))
            .map(|(column, _)| column)
            .collect();
        assert_eq!(sealed, ["sealed_private_key", "sealed_secret"]);
    }
}
