use grantor_api::{Key, KeyState};
use leptos::prelude::*;

use super::make::Wanted;
use super::name;
use crate::address::encode;
use crate::admin_api::send;
use crate::session::{access, session};
use crate::ui::{Badge, CopyButton, Fact, Question, Remote, Time, Tone, ask, notify};

/// One key: its state, its dates, its public half, and what can be done with it.
#[component]
pub fn KeyCard(
    tenant: String,
    key: Key,
    keys: Remote<Vec<Key>>,
    wanted: RwSignal<Option<Wanted>>,
) -> impl IntoView {
    let (state, tone) = match key.state {
        KeyState::Published => ("Published", Tone::Plain),
        KeyState::Active => ("Signs", Tone::Good),
        KeyState::Retired => ("Only verifies", Tone::Warning),
        KeyState::Removed if key.revoked_at.is_some() => ("Revoked", Tone::Bad),
        KeyState::Removed => ("Removed", Tone::Plain),
    };
    let jwk = serde_json::to_string_pretty(&key.public_jwk).unwrap_or_default();
    let kid = key.kid.clone();
    view! {
        <li class="panel key-card">
            <div class="panel-head">
                <div class="key-name">
                    <h2>{name(key.algorithm)}</h2>
                    <Badge text=state tone />
                    <code>{key.kid.clone()}</code>
                    <CopyButton text=Signal::stored(kid) what="the kid" />
                </div>
                <Deeds tenant key=key.clone() keys wanted />
            </div>
            <Dates key />
            <details class="disclosure">
                <summary>"Public key (JWK)"</summary>
                <div class="code-block">
                    <pre tabindex="0"><code>{jwk.clone()}</code></pre>
                    <CopyButton text=Signal::stored(jwk) what="the public key" />
                </div>
            </details>
        </li>
    }
}

#[component]
fn Dates(key: Key) -> impl IntoView {
    let fact =
        |name: &'static str, at: Option<String>| at.map(|at| view! { <Fact name=name><Time at=at /></Fact> });
    let signs = if key.state == KeyState::Published { "Signs from" } else { "Began to sign" };
    // Of a revoked key the successor's beginning says nothing that the revocation does not.
    let retires = key.retires_at.filter(|_| key.revoked_at.is_none() || key.state == KeyState::Retired);
    let retired = if key.state == KeyState::Active { "Successor signs" } else { "Signed until" };
    let removed = if key.state == KeyState::Removed { "Left the JWKS" } else { "Leaves the JWKS" };
    view! {
        <dl class="dates">
            {fact("Published", Some(key.created_at))}
            {fact(signs, key.activates_at)}
            {fact(retired, retires)}
            {fact(removed, key.removed_at.filter(|_| key.revoked_at.is_none()))}
            {fact("Revoked", key.revoked_at)}
        </dl>
    }
}

/// What the administrator may do with the key in its state.
#[component]
fn Deeds(
    tenant: String,
    key: Key,
    keys: Remote<Vec<Key>>,
    wanted: RwSignal<Option<Wanted>>,
) -> impl IntoView {
    let update = session().may(&tenant, "key", "update");
    let delete = session().may(&tenant, "key", "delete");
    let algorithm = key.algorithm;
    let deed = {
        let key = key.clone();
        move |deed: Deed| {
            let (tenant, key) = (tenant.clone(), key.clone());
            move |_| ask(question(deed, &tenant, &key, keys))
        }
    };
    view! {
        <div class="panel-actions">
            {(update && key.state == KeyState::Published).then(|| view! {
                <button type="button" class="button small" on:click=deed(Deed::Activate)>"Let it sign now"</button>
            })}
            {(update && key.state == KeyState::Active).then(|| view! {
                <button type="button" class="button small" on:click=move |_| wanted.set(Some(Wanted::Rotation(Some(algorithm))))>"Rotate"</button>
                <button type="button" class="button small" on:click=deed(Deed::Retire)>"Retire"</button>
            })}
            {(delete && key.state != KeyState::Removed).then(|| view! {
                <button type="button" class="button small danger" on:click=deed(Deed::Revoke)>"Revoke now"</button>
            })}
        </div>
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Activate,
    Retire,
    Revoke,
}

/// What will happen, before it does.
fn question(deed: Deed, tenant: &str, key: &Key, keys: Remote<Vec<Key>>) -> Question {
    let access = access();
    let algorithm = name(key.algorithm);
    let (verb, done) = match deed {
        Deed::Activate => ("activate", "The key signs now"),
        Deed::Retire => ("retire", "The key is retired"),
        Deed::Revoke => ("revoke", "The key is revoked"),
    };
    let path = format!("tenants/{}/keys/{}/{verb}", encode(tenant), encode(&key.kid));
    let run = move || {
        let path = path.clone();
        async move {
            send::<Key>(access, "POST", &path, None).await?;
            notify(done);
            keys.reload();
            Ok(())
        }
    };
    match deed {
        Deed::Activate => Question::new(
            "Let this key sign now?",
            format!(
                "From now on {algorithm} tokens are signed with it, and the key that signs now retires. Clients and \
                 resource servers that keep the JWKS do not know a key that was published less than five minutes ago, \
                 and refuse what it signed until they read the JWKS again."
            ),
            "Let it sign",
            run,
        ),
        Deed::Retire => Question::new(
            "Retire this key?",
            format!(
                "It signs no more. The published {algorithm} key signs from now on, or a new one if there is none: whoever \
                 keeps the JWKS does not know a new one for up to five minutes. What this key signed stays valid, and it \
                 leaves the JWKS when all of that has expired."
            ),
            "Retire",
            run,
        )
        .danger(),
        Deed::Revoke => Question::new("Revoke this key now?", consequences(key), "Revoke now", run)
            .danger()
            .typed(key.kid.clone()),
    }
}

fn consequences(key: &Key) -> String {
    if key.state == KeyState::Published {
        return "It has signed nothing yet. It leaves the JWKS at once and for good, and never signs. The key that \
                signs now goes on, and gets another successor when its time comes. This cannot be undone."
            .to_owned();
    }
    let successor = if key.state == KeyState::Active {
        format!(
            " From now on the published {} key signs, or a new one if there is none; clients that keep the JWKS do not \
             know a new one for up to five minutes.",
            name(key.algorithm)
        )
    } else {
        String::new()
    };
    format!(
        "Do this if others may have the private key. All access tokens and ID tokens that it signed are refused here at \
         once; resource servers that verify tokens themselves refuse them when they read the JWKS next, in five minutes \
         at most.{successor} Sessions, grants and refresh tokens stay valid: clients get new access tokens with them. It \
         leaves the JWKS for good: this cannot be undone."
    )
}
