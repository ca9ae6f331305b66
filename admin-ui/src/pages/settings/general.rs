use leptos::prelude::*;

use crate::ui::{CopyButton, Draft, Fact, Panel, TextField, Time};

#[component]
pub fn General(draft: Draft) -> impl IntoView {
    let issuer = Signal::derive(move || draft.text("/issuer"));
    let metadata = Signal::derive(move || format!("{}/.well-known/openid-configuration", issuer.get()));
    view! {
        <div id="general" class="group">
            <Panel title="General">
                <div class="form">
                    <TextField draft at="/name" label="Name" required=true help="For people: it is on the sign-in page." />
                    <dl class="facts">
                        <Fact name="Slug"><code>{move || draft.text("/slug")}</code>" " <span class="hint">"It cannot be changed."</span></Fact>
                        <Fact name="Issuer">
                            <span class="with-copy"><code>{issuer}</code><CopyButton text=issuer what="the issuer" /></span>
                        </Fact>
                        <Fact name="Metadata">
                            <span class="with-copy">
                                <a href=metadata target="_blank" rel="external noreferrer"><code>"/.well-known/openid-configuration"</code></a>
                                <CopyButton text=metadata what="the address of the metadata" />
                            </span>
                        </Fact>
                        <Fact name="Created">{move || view! { <Time at=draft.text("/created_at") /> }}</Fact>
                        <Fact name="Last changed">{move || view! { <Time at=draft.text("/updated_at") /> }}</Fact>
                    </dl>
                </div>
            </Panel>
        </div>
    }
}
