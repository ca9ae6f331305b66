//! Devices that wait to be let in, as they come.

mod card;
mod keys;
mod queue;
mod recent;

use grantor_api::{DeviceApproval, Page, ProtectedResource, ScopeDescription, Tenant};
use leptos::prelude::*;

use crate::address::encode;
use crate::session::session;
use crate::ui::{CopyButton, Empty, Fact, PageHead, Remote, remote, set_title};
use crate::waiting;
use card::Card;
use keys::listen;
use queue::{Queue, poll};
use recent::Recent;

/// The devices of a tenant that wait for a person or for an administrator.
#[component]
pub fn Devices(tenant: String) -> impl IntoView {
    let queue = Queue::new(&tenant);
    poll(queue);
    let may_answer = session().may(&tenant, "device-authorization", "update");
    if may_answer {
        listen(queue);
    }
    let known = Known::of(&tenant);
    let place = tenant.clone();
    Effect::new(move |_| {
        let title = match queue.ids.with(Vec::len) {
            0 => "Device approvals".to_owned(),
            count => format!("({count}) Device approvals"),
        };
        set_title(&title, Some(&place));
    });
    view! {
        <PageHead title="Device approvals" about="Televisions, command lines and machines that asked to be let in (RFC 8628). The list updates itself." />
        <p class="hidden" aria-live="polite">{move || queue.said.get()}</p>
        <Above queue known />
        <Trouble queue />
        <Waiting queue known tenant may_answer />
        <Recent queue />
    }
}

/// What the page knows of the tenant, as far as it may be read.
#[derive(Clone, Copy)]
struct Known {
    tenant: Option<Remote<Tenant>>,
    scopes: Memo<Vec<ScopeDescription>>,
}

impl Known {
    fn of(slug: &str) -> Self {
        let (session, path) = (session(), format!("tenants/{}", encode(slug)));
        let resources = format!("{path}/resources?limit=200");
        let tenant = session.may(slug, "tenant", "read").then(|| remote::<Tenant>(move || path.clone()));
        let resources = session
            .may(slug, "resource", "read")
            .then(|| remote::<Page<ProtectedResource>>(move || resources.clone()));
        let scopes = Memo::new(move |_| {
            let own = tenant.and_then(Remote::ready).map(|tenant| tenant.settings.scopes).unwrap_or_default();
            let page = resources.and_then(Remote::ready).map(|page| page.items).unwrap_or_default();
            own.into_iter().chain(page.into_iter().flat_map(|resource| resource.scopes)).collect()
        });
        Self { tenant, scopes }
    }

    fn tenant(self) -> Option<Tenant> {
        self.tenant.and_then(Remote::ready)
    }
}

/// Finding a device by what it shows, who decides in this tenant, and which keys there are.
#[component]
fn Above(queue: Queue, known: Known) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let find = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        queue.find(text.get_untracked());
    };
    let policy = move || known.tenant().map(|tenant| policy_in_words(tenant.settings.device_approval));
    view! {
        <div class="devices-above">
            <form class="inline-form" role="search" on:submit=find>
                <input type="text" class="code" aria-label="User code that the device shows" placeholder="Code, like WDJB-MJHT" autocomplete="off" spellcheck="false" maxlength="64"
                    prop:value=text on:input=move |event| text.set(event_target_value(&event)) />
                <button type="submit" class="button">"Find"</button>
                <span class="hint" role="status">{move || queue.found.get()}</span>
            </form>
            <p class="hint devices-policy">{policy}</p>
        </div>
    }
}

/// Who lets devices in where their client says nothing else.
fn policy_in_words(policy: DeviceApproval) -> &'static str {
    match policy {
        DeviceApproval::User => {
            "In this tenant the person who enters the code lets a device in, unless its client says otherwise."
        }
        DeviceApproval::UserThenAdmin => {
            "In this tenant the person who enters the code lets a device in, and an administrator after them, unless its client says otherwise."
        }
        DeviceApproval::Admin => {
            "In this tenant an administrator lets a device in and names its user, unless its client says otherwise."
        }
    }
}

/// That the list is no longer what the server has.
#[component]
fn Trouble(queue: Queue) -> impl IntoView {
    move || {
        queue.trouble.get().map(|refusal| view! {
            <div class="summary devices-trouble" role="alert">
                <p>"The list is not up to date: " {refusal.message}</p>
                {refusal.correlation_id.map(|id| view! { <p class="quiet">"Correlation id: " <code>{id}</code></p> })}
            </div>
        })
    }
}

#[component]
fn Waiting(queue: Queue, known: Known, tenant: String, may_answer: bool) -> impl IntoView {
    let empty = Memo::new(move |_| queue.ids.with(Vec::is_empty));
    let hints = may_answer.then(|| view! {
        <p class="hint devices-keys" aria-hidden="true" hidden=empty>
            <kbd>"j"</kbd> " " <kbd>"k"</kbd> " or arrows move \u{b7} " <kbd>"a"</kbd> " approve \u{b7} " <kbd>"d"</kbd> " deny"
        </p>
    });
    let slug = tenant.clone();
    view! {
        <div class="devices-head">
            <h2>{move || match queue.ids.with(Vec::len) { 0 => "Waiting".to_owned(), count => format!("Waiting ({count})") }}</h2>
            {hints}
        </div>
        <div class="devices" role="list" aria-label="Waiting devices">
            <For each=move || queue.ids.get() key=Clone::clone let:id>
                <Card queue known tenant=tenant.clone() id may_answer />
            </For>
        </div>
        {move || match (queue.loaded.get(), empty.get()) {
            (false, _) if queue.trouble.with(Option::is_none) => view! { <div class="loading" role="status"><span class="spinner" aria-hidden="true"></span>"Loading\u{2026}"</div> }.into_any(),
            (true, true) => view! { <Nothing known tenant=slug.clone() /> }.into_any(),
            _ => ().into_any(),
        }}
    }
}

/// How devices get here, where there is none.
#[component]
fn Nothing(known: Known, tenant: String) -> impl IntoView {
    let issuer = Signal::derive(move || {
        known.tenant().map(|tenant| tenant.issuer).unwrap_or_else(|| {
            format!("{}/t/{}", window().location().origin().unwrap_or_default(), encode(&tenant))
        })
    });
    let asks = Signal::derive(move || format!("{}/device_authorization", issuer.get()));
    let enters = Signal::derive(move || format!("{}/activate", issuer.get()));
    view! {
        <div class="panel devices-none">
            <Empty title="No device waits" text="A device asks for a code and shows it; a person enters the code on another screen. Until the device is let in or turned away, it is here." />
            <dl class="facts">
                <Fact name="Devices ask at"><code>{asks}</code> " " <CopyButton text=asks what="the device authorization endpoint" /></Fact>
                <Fact name="People enter codes at"><code>{enters}</code> " " <CopyButton text=enters what="the address for codes" /></Fact>
                <Fact name="Their client has">"the grant type " <code>"urn:ietf:params:oauth:grant-type:device_code"</code></Fact>
            </dl>
        </div>
    }
}

/// The device's scopes in words where they are known.
fn scopes(scope: &str, known: Known) -> impl IntoView {
    let names: Vec<_> = scope.split_whitespace().map(str::to_owned).collect();
    move || {
        let views = names.iter().map(|name| {
            let words = known.scopes.with(|described| waiting::scope_in_words(name, described));
            view! { <li>{words.map(|words| format!("{words} "))} <code class="quiet">{name.clone()}</code></li> }
        });
        view! { <ul>{views.collect_view()}</ul> }
    }
}
