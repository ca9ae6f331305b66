//! Devices that wait: a person's own, and those that wait for them.

use grantor_protocol::model::{DeviceApproval, DeviceAuthorization, DeviceState};
use grantor_store::{DeviceFilter, Page, Sort};

use crate::app::admin::{Action, Caller, Domain, Resource};
use crate::app::authorize::SignedIn;
use crate::app::{App, Fault, TenantContext};

/// Devices that are shown of each kind.
const MOST_SHOWN: u32 = 100;

/// Devices that wait for an administrator.
pub struct WaitingDevices {
    /// Those that the person has allowed, each with its client's name.
    pub own: Vec<(DeviceAuthorization, String)>,
    /// The queue where the person can answer, and how many wait in it; none for whoever cannot.
    pub queue: Option<(String, usize)>,
}

impl App {
    /// The devices that a signed-in person may want to look after.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn waiting_devices(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
    ) -> Result<WaitingDevices, Fault> {
        let tenant = &context.tenant;
        let states = vec![DeviceState::AwaitingAdministrator];
        let of_user =
            DeviceFilter { states, expired: Some(false), user_code: None, user: Some(signed_in.user.id) };
        let mut own = vec![];
        for device in self.waiting(context, of_user.clone()).await? {
            let client = self.client(tenant.id, &device.client_id).await?;
            let name = client.map(|loaded| loaded.client.metadata.client_name.clone()).unwrap_or_default();
            let name = if name.is_empty() { device.client_id.to_string() } else { name };
            own.push((device, name));
        }
        let caller = Caller::user(tenant, &signed_in.user);
        let domain = Domain::Tenant(tenant.id);
        let may_answer = self.may(&caller, domain, Resource::DeviceAuthorization, Action::Update).await?;
        let queue = match may_answer {
            false => None,
            true => {
                let states = match context.policy.device_approval {
                    DeviceApproval::Admin => vec![DeviceState::Pending, DeviceState::AwaitingAdministrator],
                    DeviceApproval::User | DeviceApproval::UserThenAdmin => {
                        vec![DeviceState::AwaitingAdministrator]
                    }
                };
                let waiting = self.waiting(context, DeviceFilter { states, user: None, ..of_user }).await?;
                Some((self.console_queue(&tenant.slug), waiting.len()))
            }
        };
        Ok(WaitingDevices { own, queue })
    }

    async fn waiting(
        &self,
        context: &TenantContext,
        filter: DeviceFilter,
    ) -> Result<Vec<DeviceAuthorization>, Fault> {
        let page = Page { limit: MOST_SHOWN, cursor: None, q: None, sort: Sort::default() };
        let store = self.store.tenant(context.tenant.id);
        let listing = store.list_device_authorizations(&page, &filter, self.now()).await?;
        Ok(listing.items.into_iter().map(|(device, _)| device).collect())
    }
}
