use grantor_api::IdentityProvider as Provider;
use leptos::prelude::*;

use super::deeds::Deeds;
use super::fields::{ButtonFields, ClientFields, Details, PeopleFields};
use super::list::state;
use super::{Copied, path};
use crate::place::{Place, Section};
use crate::session::session;
use crate::ui::{
    Document, Draft, Fact, PageHead, Panel, Remote, SaveBar, Summary, Time, document, save_patch, set_title,
    show_once,
};

/// One provider.
#[component]
pub fn IdentityProvider(tenant: String, name: String) -> impl IntoView {
    let path = path(&tenant, &name);
    let asked = path.clone();
    let loaded = document(move || asked.clone());
    show_once(loaded, move || view! { <Edit tenant=tenant.clone() path=path.clone() loaded /> })
}

#[component]
fn Edit(tenant: String, path: String, loaded: Remote<Document>) -> impl IntoView {
    let Some(original) = untrack(|| loaded.ready()) else { return ().into_any() };
    let draft = Draft::new(original);
    draft.locked.set(!session().may(&tenant, "identity-provider", "update"));
    let provider = Memo::new(move |_| loaded.ready().and_then(|document| document.read::<Provider>()));
    // What was done with the buttons goes under what is being edited.
    Effect::new(move |first: Option<()>| {
        let document = loaded.ready();
        if let (Some(()), Some(document)) = (first, document) {
            draft.rebase(document);
        }
    });
    let save = {
        let path = path.clone();
        Callback::new(move |()| save_patch(draft, path.clone(), move |saved| loaded.put(saved)))
    };
    let list = Place::Tenant(tenant.clone(), Section::IdentityProviders);
    view! {
        {move || provider.get().map(|provider| {
            set_title(&provider.display_name, Some(&tenant));
            let within = Some(("Identity providers".to_owned(), list.href()));
            let actions = view! { <Deeds tenant=tenant.clone() path=path.clone() provider=provider.clone() loaded /> }.into_any();
            view! {
                <PageHead title=provider.display_name.clone() within actions=Some(actions) />
                <Now provider />
            }
        })}
        <form on:submit=move |event| { event.prevent_default(); save.run(()); } novalidate>
            <div class="stack-close"><Summary draft /></div>
            <Panel title="On the sign-in page"><div class="form"><ButtonFields draft /></div></Panel>
            <Panel title="Client" about="What the provider gave you for this tenant.">
                <div class="form"><ClientFields draft secret_help="Empty: the one that is set stays. It is kept encrypted and never shown." /></div>
            </Panel>
            <Panel title="People"><div class="form"><PeopleFields draft /></div></Panel>
            <Details draft />
            <SaveBar draft save />
        </form>
    }
    .into_any()
}

/// What cannot be edited.
#[component]
fn Now(provider: Provider) -> impl IntoView {
    view! {
        <dl class="facts facts-lone">
            <Fact name="State">{state(provider.enabled)}</Fact>
            <Fact name="Issuer"><code class="identifier">{provider.issuer}</code></Fact>
            <Fact name="Redirect URI"><Copied text=Signal::stored(provider.redirect_uri) what="the redirect URI" /></Fact>
            <Fact name="Client secret">
                {match provider.client_secret_set_at {
                    Some(at) => view! { "Set " <Time at /> }.into_any(),
                    None => view! { "None: a public client" }.into_any(),
                }}
            </Fact>
            <Fact name="Last changed"><Time at=provider.updated_at /></Fact>
        </dl>
    }
}
