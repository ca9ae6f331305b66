use grantor_api::{Job, JobKind, JobState, Tenant};
use leptos::{html, prelude::*, task::spawn_local};
use serde_json::json;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::jobs::all_jobs;
use super::new::{SlugPreview, issuer_of};
use super::progress::{JobProgress, LOOK_AGAIN, ProgressBar};
use crate::address::query;
use crate::answer;
use crate::place::{Place, Section};
use crate::session::access;
use crate::tenant_file::{self, TenantName, passphrase_problem};
use crate::transfer::upload;
use crate::ui::{Draft, Fact, PageHead, Panel, Summary, SwitchField, TextField, notify, pause};

/// How far an import is.
#[derive(Clone, PartialEq)]
enum Step {
    Asked,
    /// In per cent.
    Sending(u64),
    /// The file is there: it is checked, and then written by a job.
    Writing,
    Done(Box<Tenant>),
}

/// What was chosen, as far as it can be read without the passphrase.
#[derive(Clone)]
struct Chosen {
    file: File,
    /// None: it is no export.
    tenant: Option<TenantName>,
}

/// Takes a tenant in from a file.
#[component]
pub fn ImportTenant() -> impl IntoView {
    let draft = Draft::of_new(json!({ "passphrase": "", "as_slug": "", "accept_new_issuer": false }));
    let chosen = RwSignal::new_local(None::<Chosen>);
    let step = RwSignal::new(Step::Asked);
    let job = RwSignal::new(None::<Job>);
    let slug = Signal::derive(move || {
        let wanted = draft.text("/as_slug");
        let own = || chosen.with(|chosen| chosen.as_ref().and_then(|chosen| chosen.tenant.clone()));
        if wanted.is_empty() { own().map(|tenant| tenant.slug).unwrap_or_default() } else { wanted }
    });
    view! {
        <PageHead title="Import a tenant" about="The file is what an export gave, from this installation or another one. All of it is checked before anything is written."
            within=Some(("Tenants".to_owned(), Place::Tenants.href())) />
        {move || match step.get() {
            Step::Done(tenant) => view! { <Done tenant=*tenant /> }.into_any(),
            Step::Asked => view! { <Form draft chosen step job slug /> }.into_any(),
            Step::Sending(_) | Step::Writing => view! { <Under step job /> }.into_any(),
        }}
    }
}

#[component]
fn Form(
    draft: Draft,
    chosen: RwSignal<Option<Chosen>, LocalStorage>,
    step: RwSignal<Step>,
    job: RwSignal<Option<Job>>,
    slug: Signal<String>,
) -> impl IntoView {
    draft.has_field("/id");
    draft.has_field("/slug");
    let ready = move || {
        chosen.with(|chosen| chosen.as_ref().is_some_and(|chosen| chosen.tenant.is_some()))
            && !draft.text("/passphrase").is_empty()
            && passphrase_problem(&draft.text("/passphrase")).is_none()
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let Some(chosen) = chosen.get_untracked().filter(|_| ready()) {
            begin(draft, chosen.file, slug.get_untracked(), step, job);
        }
    };
    view! {
        <Panel title="The file">
            <form class="form" on:submit=submit>
                <Summary draft />
                <FileField chosen />
                <div class="field-with-preview">
                    <TextField draft at="/passphrase" kind="password" label="Passphrase" help="What the file was encrypted with." />
                    <p class="wrong">{move || passphrase_problem(&draft.text("/passphrase"))}</p>
                </div>
                <div class="field-with-preview">
                    <TextField draft at="/as_slug" label="Another slug" help="Empty: the slug that it had. Another one where that is taken here." />
                    <SlugPreview draft at="/as_slug" of=slug />
                    <p class="wrong" aria-live="polite">{move || draft.error("/slug").map(|_| "Another tenant has this slug, or one that is being deleted still does.")}</p>
                    <p class="wrong" aria-live="polite">{move || draft.error("/id").map(|_| "This tenant is here already, under whatever slug. It cannot be here twice.")}</p>
                </div>
                {move || chosen.with(|chosen| chosen.as_ref().and_then(|chosen| chosen.tenant.clone())).map(|tenant| view! { <Issuers tenant slug /> })}
                <SwitchField draft at="/accept_new_issuer" label="Take it even if its issuer changes"
                    help="Clients that know the old issuer refuse what the new one issues until they are set anew; access and ID tokens that name the old one end, and people sign in again. Without this, such an import is refused." />
                <div class="actions">
                    <a class="button" href=Place::Tenants.href()>"Cancel"</a>
                    <button type="submit" class="button primary" disabled=move || !ready()>"Import the tenant"</button>
                </div>
            </form>
        </Panel>
    }
}

#[component]
fn FileField(chosen: RwSignal<Option<Chosen>, LocalStorage>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let choose = move |_| {
        let Some(file) = input.get_untracked().and_then(|input| input.files()).and_then(|files| files.get(0))
        else {
            chosen.set(None);
            return;
        };
        spawn_local(async move {
            let beginning = async {
                let blob = file.slice_with_i32_and_i32(0, tenant_file::BEGINNING)?;
                JsFuture::from(blob.text()).await
            };
            let text = beginning.await.ok().and_then(|text| text.as_string()).unwrap_or_default();
            let _gone = chosen.try_set(Some(Chosen { tenant: tenant_file::tenant_of(&text), file }));
        });
    };
    view! {
        <div class="field">
            <label for="import-file">"File"</label>
            <input id="import-file" node_ref=input type="file" accept=".tenant,application/x-ndjson" aria-describedby="import-file-said" on:change=choose />
            <div id="import-file-said" aria-live="polite">
                {move || chosen.get().map(|Chosen { file, tenant }| match tenant {
                    Some(tenant) => view! {
                        <p class="hint">"Holds the tenant " <code>{tenant.slug}</code> ", " {tenant_file::size(file.size())} "."</p>
                    }.into_any(),
                    None => view! { <p class="wrong">"This is no exported tenant."</p> }.into_any(),
                })}
            </div>
        </div>
    }
}

/// The issuer that the tenant had and the one that it will have.
#[component]
fn Issuers(tenant: TenantName, slug: Signal<String>) -> impl IntoView {
    let old = tenant.issuer.clone();
    let changes = Memo::new(move |_| issuer_of(&slug.get()) != old);
    view! {
        <dl class="facts">
            <Fact name="Its issuer was"><code>{tenant.issuer}</code></Fact>
            <Fact name="It will be"><code>{move || issuer_of(&slug.get())}</code></Fact>
        </dl>
        {move || changes.get().then(|| view! {
            <p class="caution" role="note"><strong>"The issuer changes. "</strong>"Switch on below that you accept that."</p>
        })}
    }
}

fn begin(draft: Draft, file: File, slug: String, step: RwSignal<Step>, job: RwSignal<Option<Job>>) {
    let access = access();
    let pairs = [
        ("as_slug".to_owned(), draft.text("/as_slug")),
        ("accept_new_issuer".to_owned(), draft.get("/accept_new_issuer").to_string()),
    ];
    let path = format!("tenants/import{}", query(&pairs));
    let passphrase = draft.text("/passphrase");
    step.set(Step::Sending(0));
    watch_writing(slug, step, job);
    let send = async move {
        let progress = move |share: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 100")]
            let percent = (share * 100.0) as u64;
            let _gone = step.try_set(if percent < 100 { Step::Sending(percent) } else { Step::Writing });
        };
        let headers = [("Content-Type", "application/x-ndjson"), ("X-Grantor-Passphrase", &passphrase)];
        let sent = upload(access, &path, &headers, &file, progress).await;
        if sent.is_err() {
            let _gone = step.try_set(Step::Asked);
        }
        sent.and_then(|(status, body)| answer::read::<Tenant>(status, &body))
    };
    draft.submit(send, move |tenant: Tenant| {
        notify(format!("{} was imported", tenant.name));
        let _gone = step.try_set(Step::Done(Box::new(tenant)));
    });
}

/// Looks for the job that writes the tenant, while it does.
fn watch_writing(slug: String, step: RwSignal<Step>, job: RwSignal<Option<Job>>) {
    let access = access();
    spawn_local(async move {
        loop {
            pause(LOOK_AGAIN).await;
            match step.try_get_untracked() {
                Some(Step::Writing) => {}
                Some(Step::Sending(_)) => continue,
                _ => return,
            }
            // The import itself says what goes wrong.
            let Ok(jobs) = all_jobs(access).await else { return };
            let found = jobs.into_iter().find(|job| {
                job.kind == JobKind::TenantImport && job.tenant == slug && job.state == JobState::Running
            });
            if job.try_set(found).is_some() {
                return;
            }
        }
    });
}

#[component]
fn Under(step: RwSignal<Step>, job: RwSignal<Option<Job>>) -> impl IntoView {
    let sent = Signal::derive(move || match step.get() {
        Step::Sending(percent) => Some(percent),
        _ => None,
    });
    view! {
        <Panel title="The import is under way" about="Leave this page open: the import ends with the request. If it fails, what was written is deleted again.">
            <div class="stack" aria-live="polite">
                {move || match (step.get(), job.get()) {
                    (Step::Sending(percent), _) => view! { <p>"Sending the file: " {percent} " %"</p> <ProgressBar label="Sending the file" percent=sent /> }.into_any(),
                    (_, Some(job)) => view! { <p>"Writing the rows"</p> <JobProgress job /> }.into_any(),
                    _ => view! { <p>"Checking the file"</p> <ProgressBar label="Checking the file" percent=Signal::stored(None) /> }.into_any(),
                }}
            </div>
        </Panel>
    }
}

#[component]
fn Done(tenant: Tenant) -> impl IntoView {
    let home = Place::Tenant(tenant.slug.clone(), Section::Dashboard).href();
    let domains = Place::Tenant(tenant.slug.clone(), Section::Domains).href();
    view! {
        <Panel title=format!("{} is here", tenant.name)>
            <div class="stack">
                <dl class="facts">
                    <Fact name="Issuer"><code>{tenant.issuer}</code></Fact>
                </dl>
                <p>"Quotas and rate limits do not travel, and domains arrive unverified: look at " <a href=domains>"its domains"</a> " if it had any."</p>
                <div class="actions"><a class="button primary" href=home>"Go to the tenant"</a></div>
            </div>
        </Panel>
    }
}
