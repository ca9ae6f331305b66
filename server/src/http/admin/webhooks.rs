use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::payload::{Body, Patch};
use super::responses::{Answer, Deleted, Found, Moved, Stored};
use crate::app::admin::{AdminFault, Precondition, Saved, TenantWebhook};

pub struct WebhooksApi;

fn stored(admin: &Admin, tenant: &str, saved: Saved<api::Webhook>) -> Stored<api::Webhook> {
    let path =
        |webhook: &api::Webhook| ["tenants", tenant, "webhooks", &webhook.id].map(str::to_owned).to_vec();
    Stored::at(&admin.addresses.admin_api(), path, saved)
}

#[OpenApi(tag = "Tag::Webhooks")]
impl WebhooksApi {
    /// List webhooks
    #[oai(path = "/tenants/:tenant/webhooks", method = "get", operation_id = "list_webhooks")]
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
    ) -> Result<Answer<api::Page<api::Webhook>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        Ok(Answer(admin.list_webhooks(&admin.caller, &tenant.0, &page).await?))
    }

    /// Create a webhook
    ///
    /// The answer holds the secret that deliveries are signed with, this once. The webhook is told of what happens from now
    /// on, its own creation first: each event is a POST of `type`, `timestamp` and, as `data`, the audit event as this API
    /// shows it, with the headers of Standard Webhooks. Whatever is answered with 2xx has arrived; the rest is tried again nine
    /// times within some three days. Only who may read audit events may create or change webhooks. A tenant has 20 at most.
    #[oai(path = "/tenants/:tenant/webhooks", method = "post", operation_id = "create_webhook")]
    async fn create(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        document: Body<api::Webhook>,
    ) -> Result<Stored<api::Webhook>, AdminFault> {
        let saved = admin.create_one::<TenantWebhook>(&admin.caller, &tenant.0, document.json).await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Read a webhook
    #[oai(path = "/tenants/:tenant/webhooks/:webhook", method = "get", operation_id = "read_webhook")]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The webhook's identifier, a UUID.
        webhook: Path<String>,
    ) -> Result<Found<api::Webhook>, AdminFault> {
        Ok(Found(admin.read_one::<TenantWebhook>(&admin.caller, &tenant.0, &webhook.0).await?))
    }

    /// Create or replace a webhook
    ///
    /// Members that are absent get their defaults, but for `enabled`, which stays as it is. The secret stays as well.
    #[oai(path = "/tenants/:tenant/webhooks/:webhook", method = "put", operation_id = "put_webhook")]
    async fn put(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The webhook's identifier, a UUID.
        webhook: Path<String>,
        /// Only if the webhook still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// `*`: only if there is no such webhook.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        document: Body<api::Webhook>,
    ) -> Result<Stored<api::Webhook>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: if_none_match.0 };
        let saved = admin
            .put_one::<TenantWebhook>(&admin.caller, &tenant.0, &webhook.0, document.json, &precondition)
            .await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Change a webhook
    ///
    /// One that was disabled and is enabled again is told of what happens from then on; `replay` sends what it missed.
    #[oai(path = "/tenants/:tenant/webhooks/:webhook", method = "patch", operation_id = "patch_webhook")]
    async fn patch(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The webhook's identifier, a UUID.
        webhook: Path<String>,
        /// Only if the webhook still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        patch: Patch<api::Webhook>,
    ) -> Result<Stored<api::Webhook>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let saved = admin
            .patch_one::<TenantWebhook>(&admin.caller, &tenant.0, &webhook.0, patch.json, &precondition)
            .await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Delete a webhook
    ///
    /// With all its deliveries, also those that wait.
    #[oai(path = "/tenants/:tenant/webhooks/:webhook", method = "delete", operation_id = "delete_webhook")]
    async fn delete(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The webhook's identifier, a UUID.
        webhook: Path<String>,
        /// Only if the webhook still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Deleted, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        admin.delete_one::<TenantWebhook>(&admin.caller, &tenant.0, &webhook.0, &precondition).await?;
        Ok(Deleted)
    }

    /// Rotate a webhook's secret
    ///
    /// The answer holds the new secret, this once. For the time of `overlap` deliveries have a signature of each secret, so
    /// that the receiver can change over without losing any. A webhook has five valid secrets at most: 409.
    #[oai(
        path = "/tenants/:tenant/webhooks/:webhook/rotate-secret",
        method = "post",
        operation_id = "rotate_webhook_secret"
    )]
    async fn rotate_secret(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The webhook's identifier, a UUID.
        webhook: Path<String>,
        rotation: Body<api::WebhookSecretRotation>,
    ) -> Result<Moved<api::Webhook>, AdminFault> {
        Ok(Moved(admin.rotate_webhook_secret(&admin.caller, &tenant.0, &webhook.0, rotation.json).await?))
    }

    /// Try a webhook
    ///
    /// Sends an event of the type `webhook.test`, which is of no trail. The answer comes before the receiver's: the delivery tells
    /// later what came of it. 409 if the webhook is disabled.
    #[oai(path = "/tenants/:tenant/webhooks/:webhook/test", method = "post", operation_id = "test_webhook")]
    async fn test(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The webhook's identifier, a UUID.
        webhook: Path<String>,
    ) -> Result<Moved<api::WebhookDelivery>, AdminFault> {
        Ok(Moved(admin.test_webhook(&admin.caller, &tenant.0, &webhook.0).await?))
    }

    /// Replay events to a webhook
    ///
    /// All events of the time that the webhook is for, as far as the trail still has them, are sent once more with the
    /// `webhook-id` that they had, also those that were delivered. A few from just outside the time may be among them. This
    /// goes on after the answer, as `replaying` tells. 409 if the webhook is disabled or a replay is under way.
    #[oai(
        path = "/tenants/:tenant/webhooks/:webhook/replay",
        method = "post",
        operation_id = "replay_webhook"
    )]
    async fn replay(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The webhook's identifier, a UUID.
        webhook: Path<String>,
        replay: Body<api::WebhookReplay>,
    ) -> Result<Moved<api::Webhook>, AdminFault> {
        Ok(Moved(admin.replay_webhook(&admin.caller, &tenant.0, &webhook.0, replay.json).await?))
    }

    /// List a webhook's deliveries
    ///
    /// The newest events first. What was delivered stays for 7 days, what was given up for 30.
    #[oai(
        path = "/tenants/:tenant/webhooks/:webhook/deliveries",
        method = "get",
        operation_id = "list_webhook_deliveries"
    )]
    async fn deliveries(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The webhook's identifier, a UUID.
        webhook: Path<String>,
        /// Most items on the page.
        #[oai(default = "paging::default_limit", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// The `next` of the page before.
        cursor: Query<Option<String>>,
        /// Only deliveries that have come so far.
        state: Query<Option<api::WebhookDeliveryState>>,
    ) -> Result<Answer<api::Page<api::WebhookDelivery>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        let found = admin.list_webhook_deliveries(&admin.caller, &tenant.0, &webhook.0, &page, state.0);
        Ok(Answer(found.await?))
    }

    /// Make a delivery now
    ///
    /// As if it had never been tried, with the same `webhook-id`. One that is on its way, or due within a minute, stays as it is.
    /// 409 if the webhook is disabled.
    #[oai(
        path = "/tenants/:tenant/webhooks/:webhook/deliveries/:delivery/retry",
        method = "post",
        operation_id = "retry_webhook_delivery"
    )]
    async fn retry(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The webhook's identifier, a UUID.
        webhook: Path<String>,
        /// The delivery's identifier, a UUID.
        delivery: Path<String>,
    ) -> Result<Moved<api::WebhookDelivery>, AdminFault> {
        let retried = admin.retry_webhook_delivery(&admin.caller, &tenant.0, &webhook.0, &delivery.0);
        Ok(Moved(retried.await?))
    }
}
