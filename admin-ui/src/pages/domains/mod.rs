//! Host names that a tenant's issuer can be at.

mod deeds;

use grantor_api::{Domain, DomainState, Page, Tenant};
use leptos::prelude::*;
use serde_json::json;

use crate::admin_api::send;
use crate::answer::Refusal;
use crate::session::{access, session};
use crate::ui::{
    Badge, CopyButton, Draft, Empty, Fact, PageHead, Panel, Remote, Summary, TextField, Time, Tone, notify,
    remote, show,
};

/// What the parts of the page share.
#[derive(Clone)]
struct Context {
    tenant: StoredValue<String>,
    domains: Remote<Page<Domain>>,
    /// None, where the administrator may not read the tenant.
    issuer: Option<Remote<Tenant>>,
}

impl Context {
    fn path(&self, domain: &str) -> String {
        self.tenant.with_value(|tenant| {
            format!("tenants/{}/domains/{}", crate::address::encode(tenant), crate::address::encode(domain))
        })
    }

    fn may(&self, action: &str) -> bool {
        self.tenant.with_value(|tenant| session().may(tenant, "domain", action))
    }

    /// The issuer moves with the primary domain.
    fn reload(&self) {
        self.domains.reload();
        if let Some(issuer) = self.issuer {
            issuer.reload();
        }
    }
}

#[component]
pub fn Domains(tenant: String) -> impl IntoView {
    let path = format!("tenants/{}", crate::address::encode(&tenant));
    let list = format!("{path}/domains?limit=200");
    let context = Context {
        issuer: session().may(&tenant, "tenant", "read").then(|| remote(move || path.clone())),
        domains: remote(move || list.clone()),
        tenant: StoredValue::new(tenant),
    };
    let (shown, adding) = (context.clone(), context.clone());
    let may_add = context.may("create");
    view! {
        <PageHead title="Domains" about="The tenant\u{2019}s issuer can be at a host name of your own, such as login.example.com, instead of the server\u{2019}s address." />
        {context.issuer.map(|issuer| view! { <Issuer issuer /> })}
        {may_add.then(|| view! { <Add context=adding /> })}
        {show(context.domains, move |page| if page.items.is_empty() {
            view! { <Empty title="No domain yet" text="Add the host name that people and applications should see. You then show in DNS that it is yours; nothing changes before you make it primary." /> }.into_any()
        } else {
            let context = shown.clone();
            page.items.into_iter().map(move |domain| view! { <Card context=context.clone() domain /> }).collect_view().into_any()
        })}
    }
}

#[component]
fn Issuer(issuer: Remote<Tenant>) -> impl IntoView {
    show(issuer, |tenant| {
        let text = Signal::stored(tenant.issuer.clone());
        view! {
            <dl class="facts facts-lone">
                <Fact name="Issuer now"><span class="with-copy"><code>{tenant.issuer}</code><CopyButton text what="the issuer" /></span></Fact>
            </dl>
        }
    })
}

#[component]
fn Add(context: Context) -> impl IntoView {
    let access = access();
    let draft = Draft::of_new(json!({ "domain": "" }));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let path =
            context.tenant.with_value(|tenant| format!("tenants/{}/domains", crate::address::encode(tenant)));
        let (body, domains) = (draft.value(), context.domains);
        let sent = async move { send::<Domain>(access, "POST", &path, Some(&body)).await };
        draft.submit(sent, move |domain: Domain| {
            notify(format!("{} is added. Publish its record in DNS next", domain.domain));
            draft.set("/domain", json!(""));
            domains.reload();
        });
    };
    view! {
        <Panel title="Add a domain">
            <form class="stack" on:submit=submit>
                <Summary draft />
                <div class="field-and-button">
                    <TextField draft at="/domain" label="Host name" placeholder="login.example.com" help="Without https:// and without a port. It must not be below the server\u{2019}s own host." />
                    <button type="submit" class="button primary" disabled=move || draft.saving.get() || draft.text("/domain").is_empty()>"Add"</button>
                </div>
            </form>
        </Panel>
    }
}

/// A domain with its state, what to do next, and what can be done with it.
#[component]
fn Card(context: Context, domain: Domain) -> impl IntoView {
    let refusal = RwSignal::new(None::<Refusal>);
    let state = match (domain.primary, domain.state) {
        (true, _) => view! { <Badge text="Primary" tone=Tone::Good /> },
        (_, DomainState::Verified) => view! { <Badge text="Verified" tone=Tone::Good /> },
        (_, DomainState::Pending) => view! { <Badge text="Pending" tone=Tone::Warning /> },
    };
    let says = match (domain.primary, domain.state) {
        (true, _) => "The tenant\u{2019}s issuer is at this domain.",
        (_, DomainState::Verified) => {
            "It is shown to be yours. Nothing is served at it before it is primary."
        }
        (_, DomainState::Pending) => "Show in DNS that it is yours.",
    };
    let name = domain.domain.clone();
    let (challenge, verified_at, created_at) =
        (domain.challenge.clone(), domain.verified_at.clone(), domain.created_at.clone());
    let label = name.clone();
    view! {
        <section class="panel" aria-label=label>
            <div class="panel-head">
                <div><h2 class="with-badge"><code>{name}</code> {state}</h2><p class="quiet">{says}</p></div>
                <deeds::Deeds context domain refusal />
            </div>
            {challenge.map(|challenge| view! {
                <ol class="steps">
                    <li>
                        <p>"Publish this record at whoever serves the domain\u{2019}s DNS:"</p>
                        <dl class="facts">
                            <Fact name="Type"><code>{challenge.record_type}</code></Fact>
                            <Fact name="Name"><Copied text=challenge.name what="the record\u{2019}s name" /></Fact>
                            <Fact name="Value"><Copied text=challenge.value what="the record\u{2019}s value" /></Fact>
                        </dl>
                    </li>
                    <li><p>"Wait until it can be seen: mostly minutes, with some providers hours."</p></li>
                    <li><p>"Verify it here. The record can go afterwards."</p></li>
                </ol>
            })}
            <dl class="facts">
                {verified_at.map(|at| view! { <Fact name="Verified"><Time at /></Fact> })}
                <Fact name="Added"><Time at=created_at /></Fact>
            </dl>
            {move || refusal.get().map(|refusal| view! {
                <div class="summary" role="alert">
                    <p>{refusal.message}</p>
                    {refusal.correlation_id.map(|id| view! { <p class="quiet">"Correlation id: " <code>{id}</code></p> })}
                </div>
            })}
        </section>
    }
}

#[component]
fn Copied(text: String, what: &'static str) -> impl IntoView {
    let copied = Signal::stored(text.clone());
    view! { <span class="with-copy"><code>{text}</code><CopyButton text=copied what /></span> }
}
