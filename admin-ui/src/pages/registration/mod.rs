//! Clients that register themselves: who may, what they may have, and which there are.

mod clients;
mod endpoint;
mod new_token;
mod policy;
mod statements;
mod tokens;

use grantor_api::Tenant;
use leptos::prelude::*;

use crate::session::session;
use crate::ui::{Draft, Index, PageHead, Remote, SaveBar, Summary, document, remote, save_patch, show};

/// The groups: where they are on the page, and what they are called.
const GROUPS: [(&str, &str); 6] = [
    ("endpoint", "How to register"),
    ("who", "Who may register"),
    ("bounds", "What they may have"),
    ("statements", "Software statements"),
    ("tokens", "Initial access tokens"),
    ("clients", "Self-made clients"),
];

#[component]
pub fn Registration(tenant: String) -> impl IntoView {
    let session = session();
    let may = |noun: &str, action: &str| session.may(&tenant, noun, action);
    let (tokens, clients, may_read) =
        (may("initial-access-token", "read"), may("client", "read"), may("tenant", "read"));
    let may_change = may("registration-policy", "update");
    let base = format!("tenants/{}", crate::address::encode(&tenant));
    let path = format!("{base}/registration-policy");
    let loaded = {
        let path = path.clone();
        document(move || path.clone())
    };
    let of = may_read.then(|| {
        let base = base.clone();
        remote::<Tenant>(move || base.clone())
    });
    let groups = GROUPS.into_iter().filter(|(id, _)| match *id {
        "tokens" => tokens,
        "clients" => clients,
        "endpoint" => may_read,
        _ => true,
    });
    let groups = groups.collect();
    let about = if may_change {
        "Clients that nobody made here: they register themselves (RFC 7591) or bring a metadata document."
    } else {
        "You may look at this policy, not change it."
    };
    view! {
        <PageHead title="Registration" about />
        <div class="indexed">
            <Index groups />
            <div class="indexed-body">
                {show(loaded, move |loaded| {
                    let draft = Draft::new(loaded);
                    draft.locked.set(!may_change);
                    view! { <Policy draft path=path.clone() of /> }
                })}
                {tokens.then(|| view! { <tokens::Tokens tenant=tenant.clone() /> })}
                {clients.then(|| view! { <clients::SelfMade tenant=tenant.clone() /> })}
            </div>
        </div>
    }
}

#[component]
fn Policy(draft: Draft, path: String, of: Option<Remote<Tenant>>) -> impl IntoView {
    let save = move |()| save_patch(draft, path.clone(), |_| ());
    view! {
        <Summary draft />
        {of.map(|of| view! { <endpoint::Endpoint draft of /> })}
        <policy::Who draft of />
        <policy::Bounds draft />
        <statements::Statements draft />
        <SaveBar draft save />
    }
}
