use grantor_api as api;
use grantor_protocol::Timestamp;
use grantor_protocol::model::Metric;
use grantor_store::{HourlyCount, Present};

use super::{Action, AdminFault, Caller, Domain, Resource};
use crate::app::App;

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// Most points of one answer: a month of hours.
const MOST_POINTS: i64 = 31 * 24;

/// A time in whole hours or days, its end not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: i64,
    to: i64,
    step: i64,
    resolution: api::StatsResolution,
}

/// The time that a request asks about.
#[derive(Clone, Copy, Debug, Default)]
pub struct StatsWanted<'a> {
    /// RFC 3339.
    pub from: Option<&'a str>,
    /// RFC 3339.
    pub to: Option<&'a str>,
    pub resolution: Option<api::StatsResolution>,
}

impl App {
    /// What a tenant did and has.
    ///
    /// # Errors
    /// What [`App::administered`] refuses, a time that is none or too long; faults of the store.
    pub async fn tenant_stats(
        &self,
        caller: &Caller,
        tenant: &str,
        wanted: StatsWanted<'_>,
    ) -> Result<api::Stats, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Stats, Action::Read).await?;
        let span = span(wanted, self.now())?;
        let counts = self.store.tenant(context.tenant.id).stats(at(span.from), at(span.to)).await?;
        let (counted_at, present) = self.tenant_present(context.tenant.id).await?;
        Ok(document(span, counts, api::StatsPresent { tenants: None, ..figures(counted_at, present) }))
    }

    /// What all tenants together did and have.
    ///
    /// # Errors
    /// As [`Self::tenant_stats`].
    pub async fn platform_stats(
        &self,
        caller: &Caller,
        wanted: StatsWanted<'_>,
    ) -> Result<api::Stats, AdminFault> {
        self.authorize_caller(caller, Domain::Platform, Resource::Stats, Action::Read).await?;
        let span = span(wanted, self.now())?;
        let counts = self.store.platform_stats(at(span.from), at(span.to)).await?;
        let (counted_at, present) = self.platform_present().await?;
        Ok(document(span, counts, figures(counted_at, present)))
    }
}

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

/// Without a beginning it is the last day in hours, or the last 30 days.
fn span(wanted: StatsWanted<'_>, now: Timestamp) -> Result<Span, AdminFault> {
    let resolution = wanted.resolution.unwrap_or_default();
    let (step, usual) = match resolution {
        api::StatsResolution::Hour => (HOUR, 24 * HOUR),
        api::StatsResolution::Day => (DAY, 30 * DAY),
    };
    let time = |name: &str, text: Option<&str>| match text.map(Timestamp::parse) {
        None => Ok(None),
        Some(Some(time)) => Ok(Some(time.unix_seconds())),
        Some(None) => {
            Err(AdminFault::BadRequest(format!("{name} must be a time such as 2030-01-31T12:00:00Z")))
        }
    };
    let end = time("to", wanted.to)?.unwrap_or(now.unix_seconds() + 1);
    // The hour or day that the end is in belongs to it.
    let to = (end + step - 1).div_euclid(step) * step;
    let from = time("from", wanted.from)?.map_or(to - usual, |from| from.div_euclid(step) * step);
    if from >= to {
        return Err(AdminFault::BadRequest("from must be earlier than to".to_owned()));
    }
    if (to - from) / step > MOST_POINTS {
        let detail =
            format!("from and to can be {MOST_POINTS} points apart at most: ask for less, or for days");
        return Err(AdminFault::BadRequest(detail));
    }
    Ok(Span { from, to, step, resolution })
}

fn document(span: Span, counts: Vec<HourlyCount>, present: api::StatsPresent) -> api::Stats {
    let point =
        |seconds| api::StatsPoint { at: at(seconds).to_string(), counts: api::StatsCounts::default() };
    let mut points: Vec<_> =
        (0..(span.to - span.from) / span.step).map(|number| point(span.from + number * span.step)).collect();
    let mut total = api::StatsCounts::default();
    for HourlyCount { hour, metric, count } in counts {
        let number = (hour.unix_seconds() - span.from).div_euclid(span.step);
        let point = usize::try_from(number).ok().and_then(|number| points.get_mut(number));
        let within = point.map(|point| &mut point.counts);
        for counts in within.into_iter().chain([&mut total]) {
            let held = match metric {
                Metric::Tokens(grant_type) => {
                    counts.tokens.entry(grant_type.as_str().to_owned()).or_default()
                }
                Metric::SignIns => &mut counts.sign_ins,
                Metric::FailedSignIns => &mut counts.failed_sign_ins,
                Metric::Registrations => &mut counts.registrations,
                Metric::DevicesApproved => &mut counts.devices_approved,
                Metric::Limited => &mut counts.limited,
            };
            *held = held.saturating_add(count);
        }
    }
    api::Stats {
        from: at(span.from).to_string(),
        to: at(span.to).to_string(),
        resolution: span.resolution,
        points,
        total,
        present,
    }
}

fn figures(counted_at: Timestamp, present: Present) -> api::StatsPresent {
    api::StatsPresent {
        at: counted_at.to_string(),
        users: present.users,
        clients: present.clients,
        devices_waiting: present.devices_waiting,
        keys_rotating_soon: present.keys_rotating_soon,
        tenants: Some(present.tenants),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-01-15T08:30:00Z
    const NOW: Timestamp = at(1_800_001_800);

    fn asked(
        from: Option<&str>,
        to: Option<&str>,
        resolution: api::StatsResolution,
    ) -> Result<(String, String), AdminFault> {
        let wanted = StatsWanted { from, to, resolution: Some(resolution) };
        span(wanted, NOW).map(|span| (at(span.from).to_string(), at(span.to).to_string()))
    }

    #[test]
    fn spans_are_whole_hours_and_days() {
        use api::StatsResolution::{Day, Hour};
        for (from, to, resolution, expected) in [
            (None, None, Hour, ("2027-01-14T09:00", "2027-01-15T09:00")),
            (None, None, Day, ("2026-12-17T00:00", "2027-01-16T00:00")),
            (Some("2027-01-15T01:59:00+02:00"), None, Hour, ("2027-01-14T23:00", "2027-01-15T09:00")),
            (None, Some("2027-01-15T08:00:00Z"), Hour, ("2027-01-14T08:00", "2027-01-15T08:00")),
            (
                Some("2027-01-14T08:00:00Z"),
                Some("2027-01-14T08:00:01Z"),
                Day,
                ("2027-01-14T00:00", "2027-01-15T00:00"),
            ),
        ] {
            let (found_from, found_to) = asked(from, to, resolution).unwrap();
            let found = (found_from.as_str(), found_to.as_str());
            let rest = ":00.000Z";
            assert_eq!(found, (&*format!("{}{rest}", expected.0), &*format!("{}{rest}", expected.1)));
        }
    }

    #[test]
    fn spans_that_are_none() {
        use api::StatsResolution::{Day, Hour};
        for (from, to, resolution) in [
            (Some("yesterday"), None, Hour),
            (None, Some("2027-01-15"), Hour),
            (Some("2027-01-16T00:00:00Z"), None, Hour),
            (Some("2027-01-15T00:00:00Z"), Some("2027-01-15T00:00:00Z"), Hour),
            (Some("2026-12-15T08:59:59Z"), None, Hour),
            (Some("2020-01-01T00:00:00Z"), None, Day),
            (Some("0000-01-01T00:00:00Z"), Some("9999-12-31T23:59:59Z"), Day),
        ] {
            let refused = asked(from, to, resolution);
            assert!(matches!(refused, Err(AdminFault::BadRequest(_))), "{from:?} {to:?} {refused:?}");
        }
    }
}
