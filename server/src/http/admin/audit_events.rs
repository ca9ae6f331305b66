use futures_util::TryStreamExt;
use grantor_api as api;
use poem::{Body, IntoResponse, Response};
use poem_openapi::param::{Path, Query};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::responses::Answer;
use crate::app::admin::{AdminFault, AuditLines, AuditQuery};

pub struct AuditEventsApi;

#[OpenApi(tag = "Tag::AuditEvents")]
impl AuditEventsApi {
    /// List the audit events of a tenant
    ///
    /// The newest first. To follow the trail, give the `sequence` of the last event that was read as `after`: the answer has
    /// the events behind it in their order, and if there are none yet it waits for them. So nothing is missed, which
    /// cannot be said of pages that are read while events come.
    #[oai(path = "/tenants/:tenant/audit-events", method = "get", operation_id = "list_audit_events")]
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
        /// Only events of this kind, such as `client.changed`.
        #[oai(validator(max_length = 64))]
        kind: Query<Option<String>>,
        /// Only what this actor did: `user:` and its identifier, `client:` and its `client_id`, `system` or `anonymous`.
        #[oai(validator(max_length = 300))]
        actor: Query<Option<String>>,
        /// Only what happened to this target.
        #[oai(validator(max_length = 2000))]
        target: Query<Option<String>>,
        /// Only events of this time or later. RFC 3339.
        #[oai(validator(max_length = 64))]
        from: Query<Option<String>>,
        /// Only events before this time. RFC 3339.
        #[oai(validator(max_length = 64))]
        to: Query<Option<String>>,
        /// Which events come first.
        #[oai(default)]
        order: Query<api::AuditOrder>,
        /// Only events behind this `sequence`, the oldest first. Takes neither `cursor` nor `order`.
        #[oai(validator(minimum(value = "0")))]
        after: Query<Option<i64>>,
        /// With `after`: how many seconds to wait for events if there are none.
        #[oai(default, validator(maximum(value = "30")))]
        wait: Query<u32>,
    ) -> Result<Answer<api::Page<api::AuditEvent>>, AdminFault> {
        let order = order.0;
        let query =
            AuditQuery { kind: kind.0, actor: actor.0, target: target.0, from: from.0, to: to.0, order };
        if let Some(after) = after.0 {
            if cursor.0.is_some() {
                let detail = "after and cursor are two ways to go on: give one".to_owned();
                return Err(AdminFault::BadRequest(detail));
            }
            let wanted = (after, limit.0, wait.0);
            let events = admin.follow_audit_events(&admin.caller, &tenant.0, wanted, &query);
            return Ok(Answer(events.await?));
        }
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        Ok(Answer(admin.list_audit_events(&admin.caller, &tenant.0, &page, &query).await?))
    }

    /// Export the audit events of a tenant
    ///
    /// All that the filters leave, one JSON document a line, as they are read.
    #[oai(
        path = "/tenants/:tenant/audit-events/export",
        method = "get",
        operation_id = "export_audit_events"
    )]
    async fn export(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// Only events of this kind, such as `client.changed`.
        #[oai(validator(max_length = 64))]
        kind: Query<Option<String>>,
        /// Only what this actor did: `user:` and its identifier, `client:` and its `client_id`, `system` or `anonymous`.
        #[oai(validator(max_length = 300))]
        actor: Query<Option<String>>,
        /// Only what happened to this target.
        #[oai(validator(max_length = 2000))]
        target: Query<Option<String>>,
        /// Only events of this time or later. RFC 3339.
        #[oai(validator(max_length = 64))]
        from: Query<Option<String>>,
        /// Only events before this time. RFC 3339.
        #[oai(validator(max_length = 64))]
        to: Query<Option<String>>,
        /// Which events come first.
        #[oai(default)]
        order: Query<api::AuditOrder>,
    ) -> Result<Lines, AdminFault> {
        let order = order.0;
        let query =
            AuditQuery { kind: kind.0, actor: actor.0, target: target.0, from: from.0, to: to.0, order };
        Ok(Lines(admin.export_audit_events(&admin.caller, &tenant.0, &query).await?))
    }

    /// Verify a stretch of the audit trail of a tenant
    ///
    /// Computes the hash of each event anew and compares it with what is stored, with the event before it and, at the end, with
    /// the trail's head. `next` says where to go on; the whole trail is what was recorded when the answer without `next` has no
    /// `broken` either. The event before `from` is taken for what it says it is.
    #[oai(
        path = "/tenants/:tenant/audit-events/verification",
        method = "get",
        operation_id = "verify_audit_events"
    )]
    async fn verify(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The `sequence` of the first event to verify. Without it, the first that there is.
        #[oai(validator(minimum(value = "1")))]
        from: Query<Option<i64>>,
        /// Most events to verify.
        #[oai(default = "default_stretch", validator(minimum(value = "1"), maximum(value = "5000")))]
        limit: Query<u32>,
    ) -> Result<Answer<api::AuditVerification>, AdminFault> {
        Ok(Answer(admin.verify_audit_events(&admin.caller, &tenant.0, (from.0, limit.0)).await?))
    }

    /// Read an audit event
    #[oai(
        path = "/tenants/:tenant/audit-events/:audit_event",
        method = "get",
        operation_id = "read_audit_event"
    )]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The event's identifier, a UUID.
        audit_event: Path<String>,
    ) -> Result<Answer<api::AuditEvent>, AdminFault> {
        Ok(Answer(admin.read_audit_event(&admin.caller, &tenant.0, &audit_event.0).await?))
    }

    /// List the audit events of all tenants
    ///
    /// The newest first; those of the platform's own administration are in the trails of the tenants that they are about,
    /// and of the tenant `system`.
    #[oai(path = "/audit-events", method = "get", operation_id = "list_platform_audit_events")]
    async fn list_platform(
        &self,
        admin: Admin,
        /// Most items on the page.
        #[oai(default = "paging::default_limit", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// The `next` of the page before.
        cursor: Query<Option<String>>,
        /// Only events of this kind, such as `client.changed`.
        #[oai(validator(max_length = 64))]
        kind: Query<Option<String>>,
        /// Only what this actor did: `user:` and its identifier, `client:` and its `client_id`, `system` or `anonymous`.
        #[oai(validator(max_length = 300))]
        actor: Query<Option<String>>,
        /// Only what happened to this target.
        #[oai(validator(max_length = 2000))]
        target: Query<Option<String>>,
        /// Only events of this time or later. RFC 3339.
        #[oai(validator(max_length = 64))]
        from: Query<Option<String>>,
        /// Only events before this time. RFC 3339.
        #[oai(validator(max_length = 64))]
        to: Query<Option<String>>,
        /// Which events come first.
        #[oai(default)]
        order: Query<api::AuditOrder>,
    ) -> Result<Answer<api::Page<api::AuditEvent>>, AdminFault> {
        let order = order.0;
        let query =
            AuditQuery { kind: kind.0, actor: actor.0, target: target.0, from: from.0, to: to.0, order };
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        Ok(Answer(admin.list_platform_audit_events(&admin.caller, &page, &query).await?))
    }

    /// Export the audit events of all tenants
    ///
    /// All that the filters leave, one JSON document a line, as they are read.
    #[oai(path = "/audit-events/export", method = "get", operation_id = "export_platform_audit_events")]
    async fn export_platform(
        &self,
        admin: Admin,
        /// Only events of this kind, such as `client.changed`.
        #[oai(validator(max_length = 64))]
        kind: Query<Option<String>>,
        /// Only what this actor did: `user:` and its identifier, `client:` and its `client_id`, `system` or `anonymous`.
        #[oai(validator(max_length = 300))]
        actor: Query<Option<String>>,
        /// Only what happened to this target.
        #[oai(validator(max_length = 2000))]
        target: Query<Option<String>>,
        /// Only events of this time or later. RFC 3339.
        #[oai(validator(max_length = 64))]
        from: Query<Option<String>>,
        /// Only events before this time. RFC 3339.
        #[oai(validator(max_length = 64))]
        to: Query<Option<String>>,
        /// Which events come first.
        #[oai(default)]
        order: Query<api::AuditOrder>,
    ) -> Result<Lines, AdminFault> {
        let order = order.0;
        let query =
            AuditQuery { kind: kind.0, actor: actor.0, target: target.0, from: from.0, to: to.0, order };
        Ok(Lines(admin.export_platform_audit_events(&admin.caller, &query).await?))
    }
}

const fn default_stretch() -> u32 {
    1000
}

/// Events as NDJSON: a JSON document a line. A fault in the middle ends the answer before its end, so that
/// nobody takes the part for the whole.
struct Lines(AuditLines);

const NDJSON: &str = "application/x-ndjson";

impl IntoResponse for Lines {
    fn into_response(self) -> Response {
        let lines = self.0.stream().map_err(|error| {
            tracing::error!(%error, "an export of audit events ended early");
            std::io::Error::other("the events cannot be read")
        });
        Response::builder().content_type(NDJSON).body(Body::from_bytes_stream(lines))
    }
}

impl ApiResponse for Lines {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: NDJSON, schema: api::AuditEvent::schema_ref() }];
        MetaResponses {
            responses: vec![MetaResponse {
                description: "The events, one a line.",
                status: Some(200),
                status_range: None,
                content,
                headers: vec![],
            }],
        }
    }

    fn register(registry: &mut Registry) {
        api::AuditEvent::register(registry);
    }
}
