use grantor_api::{Job, JobKind, Page};
use leptos::{prelude::*, task::spawn_local};

use super::progress::{JobBadge, JobProgress, LOOK_AGAIN, over};
use crate::admin_api::{Access, get};
use crate::answer::Refusal;
use crate::place::{Place, Section};
use crate::session::access;
use crate::ui::{Empty, Loaded, PageHead, Remote, Time, pause, show};

/// Pages that are asked for at most: far more than there are jobs in 90 days.
const PAGES: usize = 20;

/// All jobs, the newest first.
///
/// # Errors
/// As [`get`].
pub async fn all_jobs(access: Access) -> Result<Vec<Job>, Refusal> {
    let mut jobs = vec![];
    let mut cursor = String::new();
    for _ in 0..PAGES {
        let page = get::<Page<Job>>(access, &format!("jobs?limit=200{cursor}")).await?;
        jobs.extend(page.items);
        let Some(next) = page.next else { break };
        cursor = format!("&cursor={}", crate::address::encode(&next));
    }
    jobs.reverse();
    Ok(jobs)
}

/// Work that goes on after the request that asked for it.
#[component]
pub fn Jobs() -> impl IntoView {
    let access = access();
    let jobs = Remote::<Vec<Job>>::empty();
    let asked = jobs.asked();
    Effect::new(move |_| {
        let turn = asked.get();
        spawn_local(async move {
            // Goes on for as long as something does, the page is there and nobody began anew.
            loop {
                let answer = all_jobs(access).await;
                let busy = answer.as_ref().is_ok_and(|jobs| jobs.iter().any(|job| !over(job)));
                let loaded = answer.map_or_else(Loaded::Failed, Loaded::Ready);
                if jobs.state.try_set(loaded).is_some() || !busy {
                    return;
                }
                pause(LOOK_AGAIN).await;
                if asked.try_get_untracked() != Some(turn) {
                    return;
                }
            }
        });
    });
    let reload =
        view! { <button type="button" class="button" on:click=move |_| jobs.reload()>"Look again"</button> };
    view! {
        <PageHead title="Jobs" about="Deletions and imports of tenants. They survive a restart, and stay in this list for 90 days after their end."
            actions=Some(reload.into_any()) />
        {show(jobs, |jobs| if jobs.is_empty() {
            view! {
                <Empty title="There is no job" text="When a tenant is deleted or imported, you see here how far that is."
                    action=Some(view! { <a class="button" href=Place::Tenants.href()>"To the tenants"</a> }.into_any()) />
            }.into_any()
        } else {
            view! { <JobTable jobs /> }.into_any()
        })}
    }
}

#[component]
fn JobTable(jobs: Vec<Job>) -> impl IntoView {
    view! {
        <div class="table-frame">
            <table class="table" aria-label="jobs">
                <thead><tr>
                    <th scope="col">"Job"</th><th scope="col">"Tenant"</th><th scope="col">"State"</th><th scope="col">"Progress"</th>
                    <th scope="col">"Begun"</th><th scope="col">"Ended"</th>
                </tr></thead>
                <tbody>{jobs.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

fn row(job: Job) -> impl IntoView {
    let (kind, arrives) = match job.kind {
        JobKind::TenantDeletion => ("Deletes a tenant", false),
        JobKind::TenantImport => ("Imports a tenant", true),
    };
    let slug = job.tenant.clone();
    let tenant = if arrives && over(&job) && job.error.is_none() {
        let href = Place::Tenant(slug.clone(), Section::Dashboard).href();
        view! { <a href=href><code>{slug}</code></a> }.into_any()
    } else {
        view! { <code>{slug}</code> }.into_any()
    };
    let time = |at: Option<String>| at.map(|at| view! { <Time at /> });
    let (begun, ended) = (job.started_at.clone().or(Some(job.created_at.clone())), job.finished_at.clone());
    view! {
        <tr>
            <td data-label="Job">{kind}</td>
            <td data-label="Tenant">{tenant}</td>
            <td data-label="State"><JobBadge state=job.state /></td>
            <td data-label="Progress"><JobProgress job /></td>
            <td data-label="Begun">{time(begun)}</td>
            <td data-label="Ended">{time(ended)}</td>
        </tr>
    }
}
