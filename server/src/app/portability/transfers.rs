use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use grantor_protocol::model::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::Fault;

/// Exports and imports at a time: each takes memory, a core for its key and a file on the disk.
const TRANSFERS: usize = 2;

/// The exports and imports of this node that are under way.
pub struct Transfers {
    places: Arc<Semaphore>,
    exported: Arc<Mutex<HashSet<TenantId>>>,
}

/// An export's place among the transfers, until this is dropped.
pub struct Place {
    tenant: TenantId,
    exported: Arc<Mutex<HashSet<TenantId>>>,
    _one_of_few: OwnedSemaphorePermit,
}

impl Default for Transfers {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(TRANSFERS)), exported: Arc::default() }
    }
}

impl Transfers {
    /// A place for an import.
    ///
    /// # Errors
    /// [`Fault::Busy`] when too many are under way.
    pub fn begin(&self) -> Result<OwnedSemaphorePermit, Fault> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| Fault::Busy("too many exports and imports at once"))
    }

    /// A place for an export of a tenant, which has one at a time: nobody needs two, and all places could
    /// be one tenant's.
    ///
    /// # Errors
    /// [`Fault::Busy`], also when the tenant is being exported already.
    pub fn begin_export(&self, tenant: TenantId) -> Result<Place, Fault> {
        let one_of_few = self.begin()?;
        if !lock(&self.exported).insert(tenant) {
            return Err(Fault::Busy("the tenant is being exported already"));
        }
        Ok(Place { tenant, exported: Arc::clone(&self.exported), _one_of_few: one_of_few })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.exported).remove(&self.tenant);
    }
}

fn lock(exported: &Mutex<HashSet<TenantId>>) -> MutexGuard<'_, HashSet<TenantId>> {
    exported.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_one_export_at_a_time() {
        let transfers = Transfers::default();
        let [one, two, three] = [1, 2, 3].map(|number| TenantId::from_bytes([number; 16]));
        let first = transfers.begin_export(one).unwrap();
        assert!(matches!(transfers.begin_export(one), Err(Fault::Busy(_))));
        let second = transfers.begin_export(two).unwrap();
        assert!(matches!(transfers.begin_export(three), Err(Fault::Busy(_))));
        assert!(matches!(transfers.begin(), Err(Fault::Busy(_))));
        drop(first);
        let import = transfers.begin().unwrap();
        drop((import, second));
        assert!(transfers.begin_export(one).is_ok());
        assert!(transfers.begin_export(three).is_ok());
    }
}
