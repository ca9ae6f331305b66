mod client;
mod tenant;
mod token;

use grantor_api::SecretText;
use leptos::prelude::*;

use crate::place::{Place, Section};
use crate::rights::PLATFORM;
use crate::session::session;
use crate::ui::{Empty, PageHead, Params, params};
use client::ClientStep;
use tenant::TenantStep;
use token::TokenStep;

/// How far somebody has come. The address has what was chosen, so one can leave and come back.
#[derive(Clone, Copy)]
struct Path {
    params: Params,
    /// The client's secret, as long as the page stays open.
    secret: RwSignal<Option<SecretText>>,
    /// Whether a token was got.
    arrived: RwSignal<bool>,
}

impl Path {
    fn tenant(self) -> String {
        self.params.get("tenant")
    }

    fn client(self) -> String {
        self.params.get("client")
    }

    /// The step that is to be taken now.
    fn step(self) -> u8 {
        match (self.tenant().is_empty(), self.client().is_empty()) {
            (true, _) => 2,
            (false, true) => 3,
            (false, false) => 4,
        }
    }

    fn choose_tenant(self, slug: &str) {
        self.secret.set(None);
        self.arrived.set(false);
        self.params.put(&[("tenant", slug), ("client", "")]);
    }

    fn choose_client(self, client_id: &str, secret: Option<SecretText>) {
        self.secret.set(secret);
        self.arrived.set(false);
        self.params.put(&[("client", client_id)]);
    }
}

/// Leads a new administrator from nothing to a token.
#[component]
pub fn Welcome() -> impl IntoView {
    let session = session();
    if !session.may(PLATFORM, "tenant", "create") {
        return view! {
            <Empty title="First steps are for administrators of the platform" text="They create the first tenant and the first client of a new installation."
                action=Some(view! { <a class="button" href=Place::Start.href()>"To your pages"</a> }.into_any()) />
        }
        .into_any();
    }
    let path = Path { params: params(), secret: RwSignal::new(None), arrived: RwSignal::new(false) };
    let name = move || session.me.with(|me| me.as_ref().map(|me| me.name.clone())).unwrap_or_default();
    let step = Memo::new(move |_| path.step());
    let (tenant, client) = (Memo::new(move |_| path.tenant()), Memo::new(move |_| path.client()));
    view! {
        <PageHead title="First steps" about="From a new installation to a first token, in about two minutes. You can leave at any time and come back." />
        <ol class="steps">
            <Step number=1 step title="You are in" done=Signal::derive(move || format!("as {}, who may do everything here", name())) children=ToChildren::to_children(|| ()) />
            <Step number=2 step title="A tenant" done=tenant change=Callback::new(move |()| path.choose_tenant(""))>
                <TenantStep path />
            </Step>
            <Step number=3 step title="A client" done=client change=Callback::new(move |()| path.choose_client("", None))>
                {move || view! { <ClientStep path tenant=tenant.get() /> }}
            </Step>
            <Step number=4 step title="A token" arrived=path.arrived>
                {move || view! { <TokenStep path tenant=tenant.get() client_id=client.get() /> }}
            </Step>
        </ol>
        <Show when=move || path.arrived.get()>
            {move || view! { <Onward tenant=tenant.get() /> }}
        </Show>
    }
    .into_any()
}

/// One step: what came of it, what there is to do, or only its name while it is not its turn.
#[component]
fn Step(
    number: u8,
    step: Memo<u8>,
    title: &'static str,
    /// What came of it.
    #[prop(into, default = Signal::stored(String::new()))]
    done: Signal<String>,
    /// Goes back to it.
    #[prop(default = None, into)]
    change: Option<Callback<()>>,
    /// Whether the last step was taken.
    #[prop(into, default = Signal::stored(false))]
    arrived: Signal<bool>,
    children: ChildrenFn,
) -> impl IntoView {
    let is_done = move || step.get() > number || arrived.get();
    let is_now = move || step.get() == number;
    let children = StoredValue::new(children);
    view! {
        <li class="step" class:step-done=is_done class:step-now=is_now aria-current=move || is_now().then_some("step")>
            <span class="step-number" aria-hidden="true">{move || if is_done() { "\u{2713}".to_owned() } else { number.to_string() }}</span>
            <div class="step-body">
                <h2>{title} <span class="hidden">{move || if is_done() { " (done)" } else { "" }}</span></h2>
                {move || (step.get() > number).then(|| view! {
                    <p class="step-result">
                        <span>{done}</span>
                        {change.map(|change| view! { <button type="button" class="button plain small" on:click=move |_| change.run(())>"Choose another"</button> })}
                    </p>
                })}
                <Show when=is_now>{children.with_value(|children| children())}</Show>
            </div>
        </li>
    }
}

/// Where to go from here.
#[component]
fn Onward(tenant: String) -> impl IntoView {
    let to = |section: Section| Place::Tenant(tenant.clone(), section).href();
    let ways = [
        (
            to(Section::NewClient),
            "Create a web application",
            "It signs people in with authorization_code and PKCE.",
        ),
        (to(Section::Users), "Invite colleagues", "Create users, and give them roles."),
        (
            to(Section::Dashboard),
            "See the tenant\u{2019}s dashboard",
            "The token that you just got is counted there.",
        ),
    ];
    view! {
        <section class="panel" aria-labelledby="onward">
            <h2 id="onward">"That was it. Where to go next"</h2>
            <ul class="onward">
                {ways.map(|(href, title, text)| view! { <li><a href=href>{title}</a><p class="quiet">{text}</p></li> })}
                <li><a href="/admin/docs" rel="external">"Read about the admin API"</a><p class="quiet">"All that this console does, a program can do too."</p></li>
            </ul>
        </section>
    }
}
