//! From one tenant to another.

use grantor_api::{Page, Tenant};
use leptos::{html, prelude::*, task::spawn_local};

use crate::address::encode;
use crate::admin_api::{Access, get};
use crate::place::{Place, Section};
use crate::rights;
use crate::session::session;
use crate::ui::visit;

/// Tenants that are shown for a search.
const SHOWN: usize = 12;

/// Tenants that have a text in their name or slug, and that the administrator may see: slug and name.
pub async fn find_tenants(access: Access, own: Vec<String>, text: String) -> Vec<(String, String)> {
    if !own.is_empty() {
        let wanted = text.to_lowercase();
        return own
            .into_iter()
            .filter(|slug| slug.contains(&wanted))
            .map(|slug| (slug.clone(), slug))
            .collect();
    }
    // What a search finds has an order of its own.
    let order = if text.is_empty() { "sort=name".to_owned() } else { format!("q={}", encode(&text)) };
    let found = get::<Page<Tenant>>(access, &format!("tenants?limit={SHOWN}&{order}")).await;
    match found {
        Ok(page) => page.items.into_iter().map(|tenant| (tenant.slug, tenant.name)).collect(),
        Err(refusal) => {
            web_sys::console::error_1(&refusal.message.into());
            vec![]
        }
    }
}

/// Moves in a list with the arrows; what is chosen when Enter is pressed.
pub fn choose_with_keys<T: Clone + Send + Sync + 'static>(
    event: &web_sys::KeyboardEvent,
    chosen: RwSignal<usize>,
    found: RwSignal<Vec<T>>,
) -> Option<T> {
    let last = found.with_untracked(Vec::len).saturating_sub(1);
    match event.key().as_str() {
        "ArrowDown" => chosen.update(|chosen| *chosen = (*chosen + 1).min(last)),
        "ArrowUp" => chosen.update(|chosen| *chosen = chosen.saturating_sub(1)),
        "Enter" => return found.with_untracked(|found| found.get(chosen.get_untracked()).cloned()),
        _ => return None,
    }
    event.prevent_default();
    None
}

/// Shows where one is, and opens a search over all tenants.
#[component]
pub fn Switcher(tenant: Memo<Option<String>>) -> impl IntoView {
    let session = session();
    let go = visit();
    let (text, open) = (RwSignal::new(String::new()), RwSignal::new(false));
    let found = RwSignal::new(Vec::<(String, String)>::new());
    let chosen = RwSignal::new(0_usize);
    let field = NodeRef::<html::Input>::new();
    let turn = StoredValue::new(0_u32);
    Effect::new(move |_| {
        let (open, text) = (open.get(), text.get());
        if !open {
            return;
        }
        turn.update_value(|turn| *turn += 1);
        let now = turn.get_value();
        let own = session.me.with_untracked(|me| me.as_ref().map(rights::own_tenants)).unwrap_or_default();
        spawn_local(async move {
            let tenants = find_tenants(session.access, own, text).await;
            if turn.try_get_value() == Some(now) {
                found.set(tenants);
                chosen.set(0);
            }
        });
    });
    Effect::new(move |_| {
        if let Some(field) = field.get().filter(|_| open.get()) {
            // The field is in the page by now, and can have the focus.
            let _focused = field.focus();
        }
    });
    let enter = {
        let go = go.clone();
        move |slug: String| {
            open.set(false);
            text.set(String::new());
            go(&Place::Tenant(slug, Section::Dashboard));
        }
    };
    let key = {
        let enter = enter.clone();
        move |event: web_sys::KeyboardEvent| {
            if event.key() == "Escape" {
                open.set(false);
            } else if let Some((slug, _)) = choose_with_keys(&event, chosen, found) {
                enter(slug);
            }
        }
    };
    view! {
        <div class="switcher">
            <button type="button" class="switcher-button" aria-haspopup="listbox" aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)>
                <span class="quiet">"Tenant"</span>
                <span class="switcher-name">{move || tenant.get().unwrap_or_else(|| "choose\u{2026}".to_owned())}</span>
                <span aria-hidden="true">"\u{25be}"</span>
            </button>
            <Show when=move || open.get()>
                <div class="scrim" on:click=move |_| open.set(false)></div>
                <div class="switcher-list">
                    <input node_ref=field type="search" class="search" placeholder="Find a tenant" aria-label="Find a tenant" role="combobox"
                        aria-expanded="true" aria-controls="tenants-found" autocomplete="off" spellcheck="false"
                        aria-activedescendant=move || format!("tenant-{}", chosen.get())
                        prop:value=text on:input=move |event| text.set(event_target_value(&event)) on:keydown=key.clone() />
                    <ul id="tenants-found" role="listbox" aria-label="Tenants">
                        {
                            let enter = enter.clone();
                            move || found.get().into_iter().enumerate().map(|(index, (slug, name))| {
                                let (enter, target) = (enter.clone(), slug.clone());
                                view! {
                                    <li id=format!("tenant-{index}") role="option" aria-selected=move || (chosen.get() == index).to_string()
                                        on:click=move |_| enter(target.clone())>
                                        <span>{name}</span><code>{slug}</code>
                                    </li>
                                }
                            }).collect_view()
                        }
                    </ul>
                    {move || found.with(Vec::is_empty).then(|| view! { <p class="quiet switcher-none">"No tenant fits."</p> })}
                    {session.may(rights::PLATFORM, "tenant", "read").then(|| view! {
                        <a class="switcher-all" href=Place::Tenants.href() on:click=move |_| open.set(false)>"All tenants"</a>
                    })}
                </div>
            </Show>
        </div>
    }
}
