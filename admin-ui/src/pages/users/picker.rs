//! Finding a user by name, where an identifier is wanted.

use grantor_api::{Page, User};
use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use super::{user_path, users_path};
use crate::address::{encode, parse_query, query};
use crate::admin_api::get;
use crate::session::{access, session};

/// Users that are shown for a search.
const SHOWN: usize = 8;

/// What a user is called where there is room for one name and an address.
fn about(user: &User) -> String {
    [user.profile.name.as_ref(), user.email.as_ref()]
        .into_iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join(" \u{b7} ")
}

/// A field that finds a user by the beginning of a name, and shows the one that was chosen.
#[component]
pub fn UserPicker(
    #[prop(into)] tenant: Signal<String>,
    chosen: RwSignal<Option<User>>,
    /// What the field is for, for screen readers; shown in it while it is empty.
    #[prop(into)]
    label: String,
    /// Of the input, for a `label` element.
    #[prop(into, default = "user-picker".to_owned())]
    id: String,
    /// Whether the field takes the focus as soon as it is there.
    #[prop(default = false)]
    autofocus: bool,
) -> impl IntoView {
    let access = access();
    let (text, open) = (RwSignal::new(String::new()), RwSignal::new(false));
    let found = RwSignal::new(None::<Vec<User>>);
    let marked = RwSignal::new(0_usize);
    let field = NodeRef::<html::Input>::new();
    let turn = StoredValue::new(0_u32);
    Effect::new(move |_| {
        let (tenant, text, open) = (tenant.get(), text.get(), open.get());
        turn.update_value(|turn| *turn += 1);
        if !open {
            return;
        }
        let now = turn.get_value();
        // What a search finds has an order of its own.
        let order =
            if text.is_empty() { "sort=username".to_owned() } else { format!("q={}", encode(text.trim())) };
        let path = format!("{}?limit={SHOWN}&{order}", users_path(&tenant));
        spawn_local(async move {
            let users = match get::<Page<User>>(access, &path).await {
                Ok(page) => page.items,
                Err(refusal) => {
                    web_sys::console::error_1(&refusal.message.into());
                    vec![]
                }
            };
            if turn.try_get_value() == Some(now) {
                found.set(Some(users));
                marked.set(0);
            }
        });
    });
    if autofocus {
        Effect::new(move |_| {
            if let Some(field) = field.get() {
                // The field is in the page by the next frame, and can have the focus.
                request_animation_frame(move || {
                    let _focused = field.focus();
                });
            }
        });
    }
    let choose = move |user: User| {
        text.set(String::new());
        open.set(false);
        chosen.set(Some(user));
    };
    let key = move |event: web_sys::KeyboardEvent| {
        let count = found.with(|found| found.as_ref().map_or(0, Vec::len));
        match event.key().as_str() {
            "ArrowDown" if !open.get() => open.set(true),
            "ArrowDown" => marked.update(|marked| *marked = (*marked + 1).min(count.saturating_sub(1))),
            "ArrowUp" => marked.update(|marked| *marked = marked.saturating_sub(1)),
            "Enter" => {
                if let Some(user) =
                    found.with(|found| found.as_ref()?.get(marked.get()).cloned()).filter(|_| open.get())
                {
                    choose(user);
                }
            }
            "Escape" if open.get() => open.set(false),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let list = format!("{id}-found");
    let (controls, input, option) = (list.clone(), StoredValue::new(id.clone()), StoredValue::new(id));
    let placeholder = label.clone();
    view! {
        <div class="picker">
            {move || chosen.get().map(|user| view! {
                <div class="picker-chosen">
                    <span><strong>{user.username.clone()}</strong> " " <span class="quiet">{about(&user)}</span></span>
                    <button type="button" class="button plain" aria-label="Choose another user" on:click=move |_| chosen.set(None)>"\u{2715}"</button>
                </div>
            })}
            <input node_ref=field id=input.get_value() type="search" role="combobox" autocomplete="off" spellcheck="false"
                hidden=move || chosen.with(Option::is_some) placeholder=placeholder aria-label=label aria-expanded=move || open.get().to_string()
                aria-controls=controls aria-activedescendant=move || open.get().then(|| format!("{}-{}", option.get_value(), marked.get()))
                prop:value=text on:focus=move |_| open.set(true) on:blur=move |_| open.set(false)
                on:input=move |event| { text.set(event_target_value(&event)); open.set(true); } on:keydown=key />
            <ul id=list class="picker-list" role="listbox" aria-label="Users" hidden=move || !open.get() || found.with(Option::is_none) || chosen.with(Option::is_some)>
                {move || found.get().unwrap_or_default().into_iter().enumerate().map(|(index, user)| {
                    let (name, about) = (user.username.clone(), about(&user));
                    // Before the field loses the focus, and the list with it.
                    let press = move |event: web_sys::MouseEvent| { event.prevent_default(); choose(user.clone()); };
                    view! {
                        <li id=format!("{}-{index}", option.get_value()) role="option" aria-selected=move || (marked.get() == index).to_string() on:mousedown=press>
                            <span>{name}</span> " " <span class="quiet">{about}</span>
                        </li>
                    }
                }).collect_view()}
                {move || found.with(|found| found.as_ref().is_some_and(Vec::is_empty)).then(|| view! { <li class="quiet" role="presentation">"Nobody is called so."</li> })}
            </ul>
        </div>
    }
}

/// Narrows a list to one user, by the identifier that the address has under `name`.
#[component]
pub fn PersonFilter(tenant: String, #[prop(default = "user")] name: &'static str) -> impl IntoView {
    let may_find = session().may(&tenant, "user", "read");
    let (location, navigate) = (use_location(), use_navigate());
    let chosen = RwSignal::new(None::<User>);
    let access = access();
    let asked = Memo::new(move |_| person_in(&location.search.get(), name));
    let path = StoredValue::new(tenant.clone());
    Effect::new(move |_| {
        let wanted = asked.get();
        if chosen.with_untracked(|user| user.as_ref().map(|user| user.id.clone())) == wanted {
            return;
        }
        let Some(id) = wanted.filter(|_| may_find) else { return chosen.set(None) };
        let path = user_path(&path.get_value(), &id);
        spawn_local(async move {
            if let Ok(user) = get::<User>(access, &path).await
                // Somebody else may have been chosen meanwhile.
                && asked.try_get_untracked() == Some(Some(id))
            {
                let _gone = chosen.try_set(Some(user));
            }
        });
    });
    Effect::new(move |before: Option<Option<String>>| {
        let id = chosen.with(|user| user.as_ref().map(|user| user.id.clone()));
        if before.is_some_and(|before| before != id) && asked.get_untracked() != id {
            let mut pairs = parse_query(&location.search.get_untracked());
            pairs.retain(|(held, _)| held != name && held != "rows");
            pairs.extend(id.clone().map(|id| (name.to_owned(), id)));
            let address = format!("{}{}", location.pathname.get_untracked(), query(&pairs));
            navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
        id
    });
    may_find.then(|| view! { <div class="person-filter"><UserPicker tenant chosen label="User" id="person-filter" /></div> })
}

/// The user that an address names.
fn person_in(search: &str, name: &str) -> Option<String> {
    parse_query(search).into_iter().find(|(held, _)| held == name).map(|(_, id)| id)
}
