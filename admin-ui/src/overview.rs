use crate::words;
use grantor_api::{HeldRole, Me};
use leptos::prelude::*;

/// Who the administrator is and what they may do.
#[component]
pub fn Overview(me: Me) -> impl IntoView {
    view! {
        <main class="page">
            <h1>"Welcome, " {me.name.clone()}</h1>
            <p class="quiet">"You are signed in at the tenant " <strong>{me.tenant.clone()}</strong> "."</p>
            <div class="cards">
                <Account me=me.clone() />
                <Roles roles=me.roles />
            </div>
        </main>
    }
}

#[component]
fn Account(me: Me) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="account">
            <h2 id="account">"Your account"</h2>
            <dl class="facts">
                <div><dt>"Name"</dt><dd>{me.name}</dd></div>
                {me.email.map(|email| view! { <div><dt>"Email"</dt><dd>{email}</dd></div> })}
                <div><dt>"Tenant"</dt><dd><code>{me.tenant}</code></dd></div>
                <div><dt>"Subject"</dt><dd><code>{me.subject}</code></dd></div>
            </dl>
        </section>
    }
}

#[component]
fn Roles(roles: Vec<HeldRole>) -> impl IntoView {
    let none = roles
        .is_empty()
        .then(|| view! { <p class="quiet">"You hold no role. Ask an administrator to assign one."</p> });
    let rows = roles.into_iter().map(|held| {
        view! {
            <li>
                <span class="role-name">{words::role(&held.role)}</span>
                <span class="place" class:place-platform=held.tenant == "*">{words::place(&held)}</span>
            </li>
        }
    });
    view! {
        <section class="card" aria-labelledby="roles">
            <h2 id="roles">"Your roles"</h2>
            {none}
            <ul class="roles">{rows.collect_view()}</ul>
        </section>
    }
}
