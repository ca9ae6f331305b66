use leptos::prelude::*;
use serde_json::{Value, json};

use crate::ui::{Draft, JsonField, Panel, RadioField, TextField};

const ISSUERS: &str = "/trusted_software_statement_issuers";

/// Vendors that vouch for their clients.
#[component]
pub fn Statements(draft: Draft) -> impl IntoView {
    let demands = vec![
        (json!("optional"), "Not needed", "One that is brought must be good.".to_owned()),
        (
            json!("required"),
            "Needed",
            "Who brings none is refused, also when a client changes itself. Metadata documents need none."
                .to_owned(),
        ),
    ];
    let count = Memo::new(move |_| issuers(draft).len());
    let add = move |_| {
        let mut all = untrack(|| issuers(draft));
        all.push(json!({ "issuer": "" }));
        draft.set(ISSUERS, json!(all));
    };
    view! {
        <div id="statements" class="group">
            <Panel title="Software statements" about="A software vendor can vouch for its clients: it signs what it says of them, and that takes precedence over what they say themselves.">
                <div class="form">
                    <RadioField draft at="/software_statement" label="A registration\u{2019}s software statement is" choices=demands />
                    <fieldset class="subgroup">
                        <legend>"Whose statements are taken"</legend>
                        {move || (count.get() == 0).then(|| view! { <p class="quiet">"Nobody\u{2019}s."</p> })}
                        <div class="stack">
                            <For each=move || 0..count.get() key=|index| *index let:index><Issuer draft index /></For>
                        </div>
                        {move || (!draft.locked.get()).then(|| view! { <button type="button" class="button small add" on:click=add>"Add an issuer"</button> })}
                    </fieldset>
                </div>
            </Panel>
        </div>
    }
}

fn issuers(draft: Draft) -> Vec<Value> {
    draft.get(ISSUERS).as_array().cloned().unwrap_or_default()
}

/// A vendor: its name, and its keys or where they are.
#[component]
fn Issuer(draft: Draft, index: usize) -> impl IntoView {
    let at = move |member: &str| format!("{ISSUERS}/{index}/{member}");
    draft.has_field(&at("jwks"));
    let in_place = RwSignal::new(untrack(|| !draft.get(&at("jwks")).is_null()));
    let choose = move |is_in_place: bool| {
        in_place.set(is_in_place);
        draft.set(&at(if is_in_place { "jwks_uri" } else { "jwks" }), Value::Null);
    };
    let remove = move |_| {
        let mut all = untrack(|| issuers(draft));
        if index < all.len() {
            all.remove(index);
        }
        draft.set(ISSUERS, json!(all));
    };
    let name = format!("keys-{index}");
    let other = name.clone();
    view! {
        <div class="item" role="group" aria-label=format!("Issuer {}", index + 1)>
            <TextField draft at=at("issuer") label="Issuer" required=true placeholder="https://vendor.example" help="The iss of the statements, byte for byte." />
            <div class="choices-inline" role="radiogroup" aria-label="Its keys">
                <label class="choice"><input type="radio" name=name prop:checked=move || !in_place.get() disabled=move || draft.locked.get() on:change=move |_| choose(false) /> "Keys at an address"</label>
                <label class="choice"><input type="radio" name=other prop:checked=in_place disabled=move || draft.locked.get() on:change=move |_| choose(true) /> "Keys here"</label>
            </div>
            {move || if in_place.get() {
                view! { <JsonField draft at=at("jwks") label="Keys" help="A JWK Set with the issuer\u{2019}s public keys." /> }.into_any()
            } else {
                view! { <TextField draft at=at("jwks_uri") kind="url" label="Address of the keys" placeholder="https://vendor.example/jwks" />
                    <p class="wrong">{move || draft.error(&at("jwks"))}</p>
                }.into_any()
            }}
            {move || (!draft.locked.get()).then(|| view! { <button type="button" class="button small danger add" on:click=remove>"Remove"</button> })}
        </div>
    }
}
