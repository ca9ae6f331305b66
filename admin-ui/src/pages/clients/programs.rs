use grantor_api::Client;
use leptos::prelude::*;

use crate::snippets::{Language, flows, snippet};
use crate::ui::CopyButton;

/// Programs that get tokens as this client, one at a time.
#[component]
pub fn Programs(client: Client, issuer: String) -> impl IntoView {
    let flows = flows(&client);
    let Some(first) = flows.first().copied() else {
        return view! { <p class="quiet">"The client has no grant type that gives tokens: choose one in its settings."</p> }
            .into_any();
    };
    let (flow, language) = (RwSignal::new(first), RwSignal::new(Language::Curl));
    let program = Memo::new(move |_| snippet(&client, &issuer, flow.get(), language.get()));
    let text = Signal::derive(move || program.get().unwrap_or_default());
    view! {
        <div class="stack programs">
            <div class="programs-bar">
                {(flows.len() > 1).then(|| view! { <Pick label="Grant type" options=flows.iter().map(|flow| (*flow, flow.title())).collect() chosen=flow /> })}
                <Pick label="Language" options=Language::ALL.iter().map(|language| (*language, language.title())).collect() chosen=language />
                <Show when=move || program.with(Result::is_ok)><CopyButton text what="the program" /></Show>
            </div>
            {move || match program.get() {
                Ok(program) => view! { <pre tabindex="0" aria-label="Program"><code>{program}</code></pre> }.into_any(),
                Err(why) => view! { <p class="quiet">{why}</p> }.into_any(),
            }}
        </div>
    }
    .into_any()
}

/// One of a few, all of them in sight.
#[component]
fn Pick<T>(label: &'static str, options: Vec<(T, &'static str)>, chosen: RwSignal<T>) -> impl IntoView
where
    T: Copy + PartialEq + Send + Sync + 'static,
{
    let option = move |(value, title): (T, &'static str)| {
        view! {
            <button type="button" aria-pressed=move || (chosen.get() == value).to_string() on:click=move |_| chosen.set(value)>{title}</button>
        }
    };
    view! { <div class="pick" role="group" aria-label=label>{options.into_iter().map(option).collect_view()}</div> }
}
