use crate::words;
use grantor_api::Me;
use leptos::prelude::*;

/// The product's name, who is signed in, and the way out.
#[component]
pub fn TopBar(me: Me) -> impl IntoView {
    let initials = words::initials(&me.name);
    view! {
        <header class="top-bar">
            <a class="product" href="./">
                <span class="mark" aria-hidden="true"></span>
                <span class="product-name">"Grantor"</span>
                <span class="product-part">"Console"</span>
            </a>
            <div class="person">
                <span class="initials" aria-hidden="true">{initials}</span>
                <span class="person-words">
                    <span class="person-name">{me.name}</span>
                    <span class="person-tenant">{me.tenant}</span>
                </span>
            </div>
            <form method="post" action="sign-out">
                <input type="hidden" name="csrf_token" value=me.csrf_token.unwrap_or_default() />
                <button type="submit" class="button">"Sign out"</button>
            </form>
        </header>
    }
}
