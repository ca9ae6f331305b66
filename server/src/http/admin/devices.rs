use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::payload::Body;
use super::responses::{Answer, Moved};
use crate::app::admin::AdminFault;

pub struct DevicesApi;

#[OpenApi(tag = "Tag::Devices")]
impl DevicesApi {
    /// List device authorizations
    ///
    /// Without `state`, the queue: devices that wait for a person or an administrator.
    #[oai(
        path = "/tenants/:tenant/device-authorizations",
        method = "get",
        operation_id = "list_device_authorizations"
    )]
    async fn list(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// Most items on the page.
        #[oai(default = "paging::default_limit", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// The `next` of the page before.
        cursor: Query<Option<String>>,
        /// Only devices in this state.
        state: Query<Option<api::DeviceState>>,
        /// Only the device that shows this code, however it is written.
        #[oai(validator(max_length = 64))]
        user_code: Query<Option<String>>,
    ) -> Result<Answer<api::Page<api::DeviceAuthorization>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        let wanted = (state.0, user_code.0.as_deref());
        Ok(Answer(admin.list_device_authorizations(&admin.caller, &tenant.0, &page, wanted).await?))
    }

    /// Read a device authorization
    #[oai(
        path = "/tenants/:tenant/device-authorizations/:device_authorization",
        method = "get",
        operation_id = "read_device_authorization"
    )]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The device authorization's identifier, a UUID.
        device_authorization: Path<String>,
    ) -> Result<Answer<api::DeviceAuthorization>, AdminFault> {
        let device = &device_authorization.0;
        Ok(Answer(admin.read_device_authorization(&admin.caller, &tenant.0, device).await?))
    }

    /// Let a device in
    ///
    /// After the person who entered its code, where the policy is `user-then-admin`. Where it is `admin` nobody enters
    /// the code, and the answer names the user whose device it will be: that takes the rights to act as that user.
    #[oai(
        path = "/tenants/:tenant/device-authorizations/:device_authorization/approve",
        method = "post",
        operation_id = "approve_device_authorization"
    )]
    async fn approve(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The device authorization's identifier, a UUID.
        device_authorization: Path<String>,
        answer: Body<api::DeviceApprovalAnswer>,
    ) -> Result<Moved<api::DeviceAuthorization>, AdminFault> {
        let device = &device_authorization.0;
        let approved = admin.approve_device_authorization(&admin.caller, &tenant.0, device, answer.json);
        Ok(Moved(approved.await?))
    }

    /// Turn a device away
    ///
    /// For good: it has to ask anew.
    #[oai(
        path = "/tenants/:tenant/device-authorizations/:device_authorization/deny",
        method = "post",
        operation_id = "deny_device_authorization"
    )]
    async fn deny(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The device authorization's identifier, a UUID.
        device_authorization: Path<String>,
    ) -> Result<Moved<api::DeviceAuthorization>, AdminFault> {
        let device = &device_authorization.0;
        Ok(Moved(admin.deny_device_authorization(&admin.caller, &tenant.0, device).await?))
    }
}
