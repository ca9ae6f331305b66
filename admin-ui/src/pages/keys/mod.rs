mod card;
mod make;
mod timeline;

use grantor_api::{Key, KeyState, SigningAlgorithm, Tenant};
use leptos::prelude::*;

use crate::address::encode;
use crate::session::session;
use crate::ui::{CopyButton, Empty, PageHead, Panel, Remote, all, remote, show};
use card::KeyCard;
use make::{MakeKey, Wanted};
use timeline::Timeline;

/// All signing algorithms, with what there is to say about them.
pub const ALGORITHMS: [(SigningAlgorithm, &str); 4] = [
    (SigningAlgorithm::ES256, "small and fast, known to all modern clients"),
    (SigningAlgorithm::RS256, "known to every OpenID Connect client"),
    (SigningAlgorithm::PS256, "RSA with a modern padding"),
    (SigningAlgorithm::EdDSA, "Ed25519, for clients that know it"),
];

/// The algorithm's name in JOSE (RFC 7518 §3.1).
pub fn name(algorithm: SigningAlgorithm) -> &'static str {
    match algorithm {
        SigningAlgorithm::ES256 => "ES256",
        SigningAlgorithm::RS256 => "RS256",
        SigningAlgorithm::PS256 => "PS256",
        SigningAlgorithm::EdDSA => "EdDSA",
    }
}

/// The tenant's signing keys: where each is in its life, and what is done with it.
#[component]
pub fn Keys(tenant: String) -> impl IntoView {
    let slug = StoredValue::new(tenant.clone());
    let keys = all::<Key>(move || slug.with_value(|slug| format!("tenants/{}/keys", encode(slug))));
    let wanted = RwSignal::new(None::<Wanted>);
    let create = session().may(&tenant, "key", "create").then(|| {
        view! { <button type="button" class="button" on:click=move |_| wanted.set(Some(Wanted::Key))>"Create a key"</button> }
    });
    let rotate = session().may(&tenant, "key", "update").then(|| {
        view! { <button type="button" class="button primary" on:click=move |_| wanted.set(Some(Wanted::Rotation(None)))>"Rotate"</button> }
    });
    view! {
        <PageHead title="Keys" about="What tokens are signed with. Keys are published before they sign: caches know them then."
            actions=Some(view! { {create} {rotate} }.into_any()) />
        {show(keys, move |held| view! { <Lives tenant=slug.get_value() held keys wanted /> })}
        {session().may(&tenant, "tenant", "read").then(|| view! { <PublicKeys tenant=slug.get_value() /> })}
        <MakeKey tenant wanted keys />
    }
}

/// What there is of keys, as a picture and one by one.
#[component]
fn Lives(
    tenant: String,
    held: Vec<Key>,
    keys: Remote<Vec<Key>>,
    wanted: RwSignal<Option<Wanted>>,
) -> impl IntoView {
    if held.is_empty() {
        return view! {
            <Empty title="There is no key" text="Tokens cannot be signed without one. Create a key for the algorithm that your clients know: ES256 suits most." />
        }
        .into_any();
    }
    let (removed, current): (Vec<Key>, Vec<Key>) =
        held.iter().cloned().partition(|key| key.state == KeyState::Removed);
    let order = |key: &Key| match key.state {
        KeyState::Active => 0,
        KeyState::Published => 1,
        KeyState::Retired | KeyState::Removed => 2,
    };
    let mut current = current;
    current.sort_by_key(|key| (name(key.algorithm), order(key)));
    let gone = removed.len();
    let tenant = StoredValue::new(tenant);
    let card = move |key: Key| view! { <KeyCard tenant=tenant.get_value() key keys wanted /> };
    view! {
        <Timeline held />
        <ul class="key-cards" aria-label="Keys">{current.into_iter().map(card).collect_view()}</ul>
        {(gone > 0).then(|| view! {
            <details class="removed-keys">
                <summary>{if gone == 1 { "1 removed key".to_owned() } else { format!("{gone} removed keys") }}</summary>
                <ul class="key-cards" aria-label="Removed keys">{removed.into_iter().rev().map(card).collect_view()}</ul>
            </details>
        })}
    }
    .into_any()
}

/// Where clients and resource servers find the keys.
#[component]
fn PublicKeys(tenant: String) -> impl IntoView {
    let tenant = remote::<Tenant>(move || format!("tenants/{}", encode(&tenant)));
    view! {
        <Panel title="Where the public keys are" about="Resource servers and clients read them from here and may keep them for five minutes.">
            {show(tenant, |tenant| {
                let jwks = format!("{}/jwks", tenant.issuer);
                view! {
                    <p class="copy-line">
                        <a href=jwks.clone() rel="external" target="_blank"><code>{jwks.clone()}</code></a>
                        <CopyButton text=Signal::stored(jwks) what="the address of the JWKS" />
                    </p>
                }
            })}
        </Panel>
    }
}
