//! What stands around every page: the bar at the top, the navigation, the command palette.

mod navigation;
mod palette;
mod switcher;

use leptos::prelude::*;

use crate::pages;
use crate::place::Place;
use crate::session::session;
use crate::ui::icon;
use crate::words;
use navigation::Navigation;
pub use navigation::first_section;
use palette::Palette;
use switcher::Switcher;

/// The whole console, showing one view.
#[component]
pub fn Shell(place: Memo<Place>) -> impl IntoView {
    // The tenant's navigation stays where it is while one moves within the tenant.
    let tenant = Memo::new(move |_| place.get().tenant().map(str::to_owned));
    let (palette, menu) = (RwSignal::new(false), RwSignal::new(false));
    Effect::new(move |_| {
        let _moved = place.get();
        menu.set(false);
    });
    view! {
        <a class="skip" href="#content">"Skip to the content"</a>
        <header class="top-bar">
            <button type="button" class="button plain menu-button" aria-label="Menu" aria-expanded=move || menu.get().to_string()
                on:click=move |_| menu.update(|open| *open = !*open)>{icon("M3 6h14M3 10h14M3 14h14")}</button>
            <a class="product" href=Place::Start.href()>
                <span class="mark" aria-hidden="true"></span>
                <span class="product-name">"Grantor"</span>
            </a>
            <Switcher tenant />
            <button type="button" class="palette-button" on:click=move |_| palette.set(true)>
                {icon("M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM13.5 13.5 17 17")}
                <span>"Search or do\u{2026}"</span>
                <kbd>"Ctrl K"</kbd>
            </button>
            <Person />
        </header>
        <div class="frame">
            <Navigation place tenant menu />
            <main id="content" class="content" tabindex="-1">{move || pages::view(place.get())}</main>
        </div>
        <Palette open=palette tenant />
    }
}

/// Who is signed in, and the way out.
#[component]
fn Person() -> impl IntoView {
    let session = session();
    let me = move || session.me.get();
    let token = session.access.csrf_token;
    view! {
        <details class="person">
            <summary>
                <span class="hidden">"Your account"</span>
                <span class="initials" aria-hidden="true">{move || me().map(|me| words::initials(&me.name))}</span>
            </summary>
            <div class="person-menu">
                <p class="person-name">{move || me().map(|me| me.name)}</p>
                <p class="quiet">{move || me().map(|me| format!("Signed in at {}", me.tenant))}</p>
                <ul class="person-roles">
                    {move || me().map(|me| me.roles.into_iter().map(|held| view! {
                        <li>{words::role(&held.role)} <span class="quiet">" \u{b7} " {words::place(&held)}</span></li>
                    }).collect_view())}
                </ul>
                <a href=move || format!("/t/{}/account", me().map(|me| me.tenant).unwrap_or_default()) rel="external">"Your account and password"</a>
                <form method="post" action="/console/sign-out">
                    <input type="hidden" name="csrf_token" value=move || token.get() />
                    <button type="submit" class="button">"Sign out"</button>
                </form>
            </div>
        </details>
    }
}
