use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::Tag;
use super::caller::Admin;
use super::responses::Answer;
use crate::app::admin::{AdminFault, StatsWanted};

pub struct StatsApi;

#[OpenApi(tag = "Tag::Stats")]
impl StatsApi {
    /// Read a tenant's statistics
    ///
    /// What the tenant did, hour by hour or day by day, and what there is at present. Hours are kept for 90 days.
    #[oai(path = "/tenants/:tenant/stats", method = "get", operation_id = "read_tenant_stats")]
    async fn tenant(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The time that the first point is in (RFC 3339); without it, a day before `to`, or 30 days where the
        /// resolution is `day`.
        from: Query<Option<String>>,
        /// The time that the last point ends at or after (RFC 3339); without it, now.
        to: Query<Option<String>>,
        /// `hour` if absent. There are 744 points at most.
        resolution: Query<Option<api::StatsResolution>>,
    ) -> Result<Answer<api::Stats>, AdminFault> {
        let wanted = StatsWanted { from: from.0.as_deref(), to: to.0.as_deref(), resolution: resolution.0 };
        Ok(Answer(admin.tenant_stats(&admin.caller, &tenant.0, wanted).await?))
    }

    /// Read the platform's statistics
    ///
    /// All tenants together, those that are gone included.
    #[oai(path = "/stats", method = "get", operation_id = "read_stats")]
    async fn platform(
        &self,
        admin: Admin,
        /// The time that the first point is in (RFC 3339); without it, a day before `to`, or 30 days where the
        /// resolution is `day`.
        from: Query<Option<String>>,
        /// The time that the last point ends at or after (RFC 3339); without it, now.
        to: Query<Option<String>>,
        /// `hour` if absent. There are 744 points at most.
        resolution: Query<Option<api::StatsResolution>>,
    ) -> Result<Answer<api::Stats>, AdminFault> {
        let wanted = StatsWanted { from: from.0.as_deref(), to: to.0.as_deref(), resolution: resolution.0 };
        Ok(Answer(admin.platform_stats(&admin.caller, wanted).await?))
    }
}
