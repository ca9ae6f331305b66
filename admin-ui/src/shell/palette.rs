//! Everything by its name: pages, actions, tenants, and what is in the tenant.

use grantor_api::{Client, Page, User};
use leptos::{html, prelude::*, task::spawn_local};

use super::navigation::{GROUPS, PLATFORM_PLACES};
use super::switcher::{choose_with_keys, find_tenants};
use crate::address::encode;
use crate::admin_api::get;
use crate::place::{NEW, Place, Section};
use crate::rights::{self, PLATFORM};
use crate::session::{Session, session};
use crate::ui::visit;
use crate::words;

/// Something to go to.
#[derive(Clone, PartialEq, Eq)]
struct Entry {
    name: String,
    about: String,
    place: Place,
}

fn entry(name: impl Into<String>, about: impl Into<String>, place: Place) -> Entry {
    Entry { name: name.into(), about: about.into(), place }
}

/// Pages and actions that the administrator may see or do.
fn commands(session: Session, tenant: Option<&str>) -> Vec<Entry> {
    let mut commands = vec![];
    if let Some(tenant) = tenant {
        for section in GROUPS.iter().flat_map(|(_, sections)| *sections) {
            if session.may(tenant, section.noun(), "read") {
                commands.push(entry(
                    section.title(),
                    tenant,
                    Place::Tenant(tenant.to_owned(), section.clone()),
                ));
            }
        }
        for (name, section, noun) in [
            ("Create a client", Section::NewClient, "client"),
            ("Create a user", Section::NewUser, "user"),
            ("Create a resource", Section::NewResource, "resource"),
            ("Create a role", Section::Role(NEW.to_owned()), "role"),
            ("Add an identity provider", Section::NewIdentityProvider, "identity-provider"),
            ("Create a webhook", Section::Webhook(NEW.to_owned()), "webhook"),
        ] {
            if session.may(tenant, noun, "create") {
                commands.push(entry(name, tenant, Place::Tenant(tenant.to_owned(), section)));
            }
        }
    }
    for (name, place, noun) in PLATFORM_PLACES {
        if session.may(PLATFORM, noun, "read") {
            commands.push(entry(name, "Whole platform", place));
        }
    }
    for (name, place, action) in
        [("Create a tenant", Place::NewTenant, "create"), ("Import a tenant", Place::ImportTenant, "import")]
    {
        if session.may(PLATFORM, "tenant", action) {
            commands.push(entry(name, "Whole platform", place));
        }
    }
    commands
}

/// Tenants, clients and users that have a text in their names.
async fn things(session: Session, tenant: Option<String>, text: String) -> Vec<Entry> {
    let own = session.me.with_untracked(|me| me.as_ref().map(rights::own_tenants)).unwrap_or_default();
    let mut found = vec![];
    if let Some(tenant) = tenant {
        let path = |list: &str| format!("tenants/{}/{list}?limit=5&q={}", encode(&tenant), encode(&text));
        if session
            .me
            .with_untracked(|me| me.as_ref().is_some_and(|me| rights::may(me, &tenant, "client", "read")))
            && let Ok(page) = get::<Page<Client>>(session.access, &path("clients")).await
        {
            found.extend(page.items.into_iter().map(|client| {
                let name =
                    if client.client_name.is_empty() { client.client_id.clone() } else { client.client_name };
                entry(name, "Client", Place::Tenant(tenant.clone(), Section::Client(client.client_id)))
            }));
        }
        if session
            .me
            .with_untracked(|me| me.as_ref().is_some_and(|me| rights::may(me, &tenant, "user", "read")))
            && let Ok(page) = get::<Page<User>>(session.access, &path("users")).await
        {
            found.extend(page.items.into_iter().map(|user| {
                entry(user.username, "User", Place::Tenant(tenant.clone(), Section::User(user.id)))
            }));
        }
    }
    let tenants = find_tenants(session.access, own, text).await;
    found.extend(
        tenants.into_iter().take(6).map(|(slug, name)| {
            entry(name, format!("Tenant {slug}"), Place::Tenant(slug, Section::Dashboard))
        }),
    );
    found
}

#[component]
pub fn Palette(open: RwSignal<bool>, tenant: Memo<Option<String>>) -> impl IntoView {
    let session = session();
    let go = visit();
    let text = RwSignal::new(String::new());
    let found = RwSignal::new(Vec::<Entry>::new());
    let chosen = RwSignal::new(0_usize);
    let (field, dialog) = (NodeRef::<html::Input>::new(), NodeRef::<html::Dialog>::new());

    let keys = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key().eq_ignore_ascii_case("k") && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            open.update(|open| *open = !*open);
        }
    });
    on_cleanup(move || keys.remove());
    Effect::new(move |_| {
        let (Some(dialog), open) = (dialog.get(), open.get()) else { return };
        if open && !dialog.open() {
            text.set(String::new());
            if let Err(error) = dialog.show_modal() {
                web_sys::console::error_1(&error);
            }
        } else if !open && dialog.open() {
            dialog.close();
        }
    });
    Effect::new(move |_| {
        if let Some(field) = field.get().filter(|_| open.get()) {
            let _focused = field.focus();
        }
    });

    let turn = StoredValue::new(0_u32);
    Effect::new(move |_| {
        let (text, tenant, open) = (text.get(), tenant.get(), open.get());
        if !open {
            return;
        }
        turn.update_value(|turn| *turn += 1);
        let now = turn.get_value();
        let matching: Vec<_> = commands(session, tenant.as_deref())
            .into_iter()
            .filter(|entry| words::fits(&entry.name, &text))
            .collect();
        found.set(matching.clone());
        chosen.set(0);
        if text.trim().is_empty() {
            return;
        }
        spawn_local(async move {
            let things = things(session, tenant, text).await;
            if turn.try_get_value() == Some(now) {
                found.set(matching.into_iter().chain(things).collect());
            }
        });
    });

    let enter = move |entry: &Entry| {
        open.set(false);
        go(&entry.place);
    };
    let key = {
        let enter = enter.clone();
        move |event: web_sys::KeyboardEvent| {
            if let Some(entry) = choose_with_keys(&event, chosen, found) {
                enter(&entry);
            }
        }
    };
    Effect::new(move |_| {
        let id = format!("command-{}", chosen.get());
        if let Some(element) = document().get_element_by_id(&id) {
            element.scroll_into_view_with_bool(false);
        }
    });
    view! {
        <dialog node_ref=dialog class="palette" aria-label="Search or do" on:close=move |_| open.set(false)>
            <input node_ref=field type="search" placeholder="Where to, or what to do?" aria-label="Search pages, actions, clients, users and tenants"
                role="combobox" aria-expanded="true" aria-controls="commands" autocomplete="off" spellcheck="false"
                aria-activedescendant=move || format!("command-{}", chosen.get())
                prop:value=text on:input=move |event| text.set(event_target_value(&event)) on:keydown=key />
            <ul id="commands" role="listbox" aria-label="Results">
                {move || found.get().into_iter().enumerate().map(|(index, entry)| {
                    let (enter, target) = (enter.clone(), entry.clone());
                    view! {
                        <li id=format!("command-{index}") role="option" aria-selected=move || (chosen.get() == index).to_string() on:click=move |_| enter(&target)>
                            <span>{entry.name}</span><span class="quiet">{entry.about}</span>
                        </li>
                    }
                }).collect_view()}
            </ul>
            {move || found.with(Vec::is_empty).then(|| view! { <p class="quiet palette-none">"Nothing fits."</p> })}
        </dialog>
    }
}
