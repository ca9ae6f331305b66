//! What is made of a row before it is written: it comes from somebody who knows the passphrase, and may
//! say what no installation would have written.

use grantor_jose::MasterKey;
use grantor_protocol::model::{PasswordHash, Quotas, RateLimits, TenantId, TenantSettings};
use grantor_protocol::{Entropy, domain};
use grantor_store::{Cell, PortableRow};

use super::{Refusal, sealed};
use crate::app::admin::new_challenge;
use crate::app::console_client::CONSOLE_CLIENT;
use crate::app::{App, console_client, passwords};

/// What becomes of a tenant's domains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Domains {
    /// They have to be verified anew: a file proves nothing of them.
    #[default]
    Unverified,
    /// Verified ones stay so, and the issuer stays at the primary one. For whoever has the database anyway.
    Kept,
}

/// How the rows of one tenant arrive.
pub struct Arrival<'a> {
    tenant: TenantId,
    domains: Domains,
    master: &'a MasterKey,
    entropy: &'a dyn Entropy,
    /// Where the server itself is.
    host: &'a str,
}

impl<'a> Arrival<'a> {
    pub fn new(app: &'a App, tenant: TenantId, domains: Domains) -> Self {
        let (master, entropy, host) = (app.master(), app.entropy.as_ref(), app.addresses.host());
        Self { tenant, domains, master, entropy, host }
    }

    /// Makes of a row, other than the tenant's own, what it will be here.
    ///
    /// # Errors
    /// A row that is not taken.
    pub fn take(&self, row: &mut PortableRow) -> Result<(), Refusal> {
        sealed::seal(row, self.tenant, self.master, self.entropy)
            .map_err(|fault| Refusal::new(fault.to_string()))?;
        match row.table() {
            "users" => check_password(row),
            "clients" if text(row, "client_id") == Some(CONSOLE_CLIENT) => {
                let columns = console_client::stored_columns();
                for (column, value) in columns.map_err(|error| Refusal::new(error.to_string()))? {
                    set(row, column, value);
                }
                Ok(())
            }
            "domains" => self.take_domain(row),
            "tenant_counts" => {
                // How many there may be is a quota, which stays behind.
                set(row, "most", Cell::Null);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_domain(&self, row: &mut PortableRow) -> Result<(), Refusal> {
        let name = text(row, "domain").unwrap_or_default();
        domain::check(name, self.host)
            .map_err(|problem| Refusal::new(format!("the domain {name:?} {problem}")))?;
        if verified_domain(row).is_none() || self.domains == Domains::Unverified {
            set(row, "verified_at", Cell::Null);
            // Somebody else may have published the value that the file says.
            set(row, "challenge", Cell::Text(new_challenge(self.entropy)));
        }
        Ok(())
    }
}

/// Takes from the tenant's own row what is the platform's to choose.
///
/// # Errors
/// Settings that cannot be read.
pub fn without_limits(tenant: &mut PortableRow) -> Result<(), Refusal> {
    let unreadable = || Refusal::new("tenants.settings cannot be read");
    let Some(Cell::Json(settings)) = tenant.cell_mut("settings") else { return Err(unreadable()) };
    serde_json::from_value::<TenantSettings>(settings.clone()).map_err(|_| unreadable())?;
    let defaults = [
        ("quotas", serde_json::to_value(Quotas::default())),
        ("rate_limits", serde_json::to_value(RateLimits::default())),
    ];
    for (member, default) in defaults {
        let held = settings.as_object_mut().and_then(|settings| settings.get_mut(member));
        if let (Some(held), Ok(default)) = (held, default) {
            *held = default;
        }
    }
    Ok(())
}

/// The domain of a row that says that it is verified.
pub fn verified_domain(row: &PortableRow) -> Option<&str> {
    let verified = row.table() == "domains" && matches!(row.cell("verified_at"), Some(Cell::Integer(_)));
    text(row, "domain").filter(|_| verified)
}

/// A column of text, if the row has it.
pub fn text<'a>(row: &'a PortableRow, column: &str) -> Option<&'a str> {
    match row.cell(column) {
        Some(Cell::Text(text)) => Some(text),
        _ => None,
    }
}

/// Writes a column that the row's table has.
pub fn set(row: &mut PortableRow, column: &str, value: Cell) {
    if let Some(cell) = row.cell_mut(column) {
        *cell = value;
    }
}

fn check_password(row: &PortableRow) -> Result<(), Refusal> {
    let usable = text(row, "password").is_none_or(|hash| passwords::is_usable(&PasswordHash::from_phc(hash)));
    match usable {
        true => Ok(()),
        false => {
            Err(Refusal::new("users.password is no hash of argon2, or one that costs too much to compute"))
        }
    }
}
