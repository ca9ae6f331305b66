//! What many will notice: suspending, exporting, deleting a tenant.

use grantor_api::{Job, JobState};
use leptos::{prelude::*, task::spawn_local};

use super::Deletion;
use super::export::Export;
use crate::admin_api::{Access, Ask, send};
use crate::answer::Refusal;
use crate::pages::tenants::{JobProgress, follow};
use crate::place::Place;
use crate::session::{access, session};
use crate::ui::{Deed, Draft, Panel, Question, ask, go, notify, notify_with_undo, read_document};

/// The tenant of the platform's own administrators, which stays.
const SYSTEM: &str = "system";

#[component]
pub fn Danger(tenant: String, path: String, draft: Draft, deletion: Deletion) -> impl IntoView {
    let session = session();
    let may = |action: &str| session.may(&tenant, "tenant", action) && tenant != SYSTEM;
    let (suspend, export, delete) = (may("suspend"), may("export"), may("delete"));
    let exporting = RwSignal::new(false);
    let slug = tenant.clone();
    let stays = tenant == SYSTEM;
    view! {
        <div id="danger" class="group">
            <Panel title="Danger zone">
                {stays.then(|| view! { <p class="quiet">"This is the tenant of the platform\u{2019}s own administrators. It can be neither suspended nor moved nor deleted."</p> })}
                <div class="deeds">
                    {suspend.then(|| view! { <Suspension path=path.clone() draft /> })}
                    {export.then(|| view! {
                        <Deed title="Export" about="All that the tenant has, private keys included, as one file that is encrypted to a passphrase. It goes on being used meanwhile.">
                            <button type="button" class="button" on:click=move |_| exporting.set(true)>"Export\u{2026}"</button>
                        </Deed>
                    })}
                    {delete.then(|| view! {
                        <Deed title="Delete" about="With its users, clients, keys, tokens and audit trail. There is no way back: export it before.">
                            <button type="button" class="button danger" on:click=move |_| ask_to_delete(slug.clone(), deletion)>"Delete the tenant\u{2026}"</button>
                        </Deed>
                    })}
                </div>
            </Panel>
            <Export tenant open=exporting />
        </div>
    }
}

#[component]
fn Suspension(path: String, draft: Draft) -> impl IntoView {
    let suspended = Memo::new(move |_| draft.text("/status") == "suspended");
    let about = Signal::derive(move || {
        if suspended.get() {
            "It is suspended: every address of its issuer answers 403. Resuming makes sessions, grants and tokens that have not expired valid again."
        } else {
            "Takes it out of service: nobody signs in and no token is issued until it is resumed. It keeps all that it has."
        }
        .to_owned()
    });
    view! {
        <Deed title="Service" about>
            {move || {
                let path = path.clone();
                if suspended.get() {
                    view! { <button type="button" class="button primary" on:click=move |_| resume(path.clone(), draft)>"Resume"</button> }.into_any()
                } else {
                    view! { <button type="button" class="button danger" on:click=move |_| ask_to_suspend(path.clone(), draft)>"Suspend\u{2026}"</button> }.into_any()
                }
            }}
        </Deed>
    }
}

/// Suspends or resumes; what was typed in the form stays.
async fn change(access: Access, path: &str, action: &str, draft: Draft) -> Result<(), Refusal> {
    Ask::new("POST", &format!("{path}/{action}")).send(access).await?;
    draft.rebase(read_document(access, path).await?);
    Ok(())
}

fn ask_to_suspend(path: String, draft: Draft) {
    let access = access();
    ask(Question::new(
        "Suspend the tenant?",
        "Every address of its issuer answers 403, metadata and JWKS included, and its own administrators are locked out of this console. \
         Nothing is deleted. Resource servers that verify access tokens themselves take those that are out until they expire.",
        "Suspend",
        move || {
            let path = path.clone();
            async move {
                change(access, &path, "suspend", draft).await?;
                notify_with_undo("The tenant is suspended", move || resume(path.clone(), draft));
                Ok(())
            }
        },
    )
    .danger());
}

fn resume(path: String, draft: Draft) {
    let access = access();
    spawn_local(async move {
        match change(access, &path, "resume", draft).await {
            Ok(()) => notify("The tenant is in service again"),
            Err(refusal) => draft.refusal.set(Some(refusal)),
        }
    });
}

fn ask_to_delete(tenant: String, deletion: Deletion) {
    let access = access();
    let name = tenant.clone();
    ask(Question::new(
        "Delete the tenant for good?",
        "Its issuer stops answering at once, for everybody. A job then deletes its users, clients, keys, tokens and audit trail. \
         The slug is free again when the last row is gone. There is no way back.",
        "Delete the tenant",
        move || {
            let path = format!("tenants/{}", crate::address::encode(&tenant));
            async move {
                let job = send::<Job>(access, "DELETE", &path, None).await?;
                deletion.job.set(Some(job));
                Ok(())
            }
        },
    )
    .danger()
    .typed(name));
}

/// The tenant is gone for everybody; the job says how far its rows are.
#[component]
pub fn Deleting(tenant: String, deletion: Deletion) -> impl IntoView {
    let go = go();
    let gone = tenant.clone();
    follow(deletion.job, deletion.refusal, move |job| {
        if job.state == JobState::Done {
            notify(format!("{gone} is deleted"));
            go(&Place::Tenants);
        }
    });
    view! {
        <Panel title=format!("{tenant} is being deleted") about="It is out of service already. You can leave this page: the job goes on, and is in the list of jobs.">
            <div class="stack">
                {move || deletion.job.get().map(|job| view! { <JobProgress job /> })}
                {move || deletion.refusal.get().map(|refusal| view! { <p class="wrong" role="alert">{refusal.message}</p> })}
                <div class="actions">
                    <a class="button" href=Place::Jobs.href()>"Jobs"</a>
                    <a class="button" href=Place::Tenants.href()>"To the tenants"</a>
                </div>
            </div>
        </Panel>
    }
}
