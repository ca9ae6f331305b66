use grantor_api::{ClientSecret, SecretText, Tenant};
use leptos::{prelude::*, task::spawn_local};
use serde::Deserialize;
use serde_json::{Value, json};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestCredentials, RequestInit, Response};

use super::Path;
use crate::address::encode;
use crate::admin_api::send;
use crate::duration;
use crate::first_steps::{basic, curl, look_into};
use crate::session::access;
use crate::ui::{CopyButton, Draft, Fact, Secret, Summary, remote, show};

/// Gets a token with the client's own credentials.
#[component]
pub fn TokenStep(path: Path, tenant: String, client_id: String) -> impl IntoView {
    let (slug, client_id) = (StoredValue::new(tenant), StoredValue::new(client_id));
    let document = remote::<Tenant>(move || slug.with_value(|slug| format!("tenants/{}", encode(slug))));
    view! {
        <p>"The client proves who it is with its secret, and the server answers with a token that it signed."</p>
        {show(document, move |tenant: Tenant| {
            let issuer = StoredValue::new(tenant.issuer);
            move || match path.secret.get() {
                Some(secret) => view! { <Try path issuer=issuer.get_value() client_id=client_id.get_value() secret /> }.into_any(),
                None => view! { <NewSecret path tenant=slug.get_value() client_id=client_id.get_value() /> }.into_any(),
            }
        })}
    }
}

/// For who comes back to a client whose secret was shown before.
#[component]
fn NewSecret(path: Path, tenant: String, client_id: String) -> impl IntoView {
    let access = access();
    let draft = Draft::of_new(json!({}));
    let make = move |_| {
        let address = format!("tenants/{}/clients/{}/secrets", encode(&tenant), encode(&client_id));
        draft.submit(
            async move { send::<ClientSecret>(access, "POST", &address, Some(&json!({}))).await },
            move |made| path.secret.set(made.client_secret),
        );
    };
    view! {
        <div class="stack">
            <Summary draft />
            <p>"The client\u{2019}s secret was shown when it was made and cannot be shown again. Make another one; the others stay valid beside it."</p>
            <div><button type="button" class="button primary" disabled=move || draft.saving.get() on:click=make>"Make a secret"</button></div>
        </div>
    }
}

/// What the token endpoint answered (RFC 6749 §5).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<u64>,
    error: Option<String>,
    error_description: Option<String>,
}

#[component]
fn Try(path: Path, issuer: String, client_id: String, secret: SecretText) -> impl IntoView {
    let answer = RwSignal::new(None::<TokenAnswer>);
    let busy = RwSignal::new(false);
    let origin = window().location().origin().unwrap_or_default();
    let near = issuer.strip_prefix(&origin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let command = curl(&issuer, &client_id, secret.expose());
    let credentials = basic(&client_id, secret.expose());
    let ask = move |_| {
        let (endpoint, credentials) = (format!("{issuer}/token"), credentials.clone());
        busy.set(true);
        spawn_local(async move {
            let told = token(&endpoint, &credentials).await.unwrap_or_else(|error| {
                web_sys::console::error_1(&error);
                TokenAnswer {
                    error_description: Some(
                        "The server could not be reached. Check your connection and try again.".to_owned(),
                    ),
                    error: Some(String::new()),
                    ..TokenAnswer::default()
                }
            });
            let _gone = busy.try_set(false);
            path.arrived.set(told.error.is_none());
            let _gone = answer.try_set(Some(told));
        });
    };
    view! {
        <div class="stack">
            <dl class="facts"><Fact name="client_id"><span class="copy-line"><code>{client_id.clone()}</code><CopyButton text=Signal::stored(client_id) what="the client_id" /></span></Fact></dl>
            <Secret label="client_secret" secret=secret.expose().to_owned() />
            {if near {
                view! {
                    <div><button type="button" class="button primary" disabled=move || busy.get() on:click=ask>
                        {move || if busy.get() { "Asking\u{2026}" } else { "Get a token" }}
                    </button></div>
                }
                .into_any()
            } else {
                view! {
                    <p class="quiet">"The issuer is at another address than this console, so the browser may not ask it. Try it in a terminal:"</p>
                    <Command command=command.clone() />
                    <div><button type="button" class="button" on:click=move |_| path.arrived.set(true)>"Done"</button></div>
                }
                .into_any()
            }}
            {move || answer.get().map(|answer| view! { <Answered answer command=command.clone() /> })}
        </div>
    }
}

async fn token(endpoint: &str, credentials: &str) -> Result<TokenAnswer, JsValue> {
    let headers = Headers::new()?;
    let encoded = window().btoa(credentials)?;
    headers.set("Authorization", &format!("Basic {encoded}"))?;
    headers.set("Content-Type", "application/x-www-form-urlencoded")?;
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_credentials(RequestCredentials::Omit);
    options.set_headers(&headers);
    options.set_body(&JsValue::from_str("grant_type=client_credentials"));
    let response: Response =
        JsFuture::from(window().fetch_with_str_and_init(endpoint, &options)).await?.dyn_into()?;
    let body = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    serde_json::from_str(&body).map_err(|error| JsValue::from_str(&error.to_string()))
}

#[component]
fn Answered(answer: TokenAnswer, command: String) -> impl IntoView {
    if let Some(error) = answer.error {
        let words =
            answer.error_description.unwrap_or_else(|| "The server refused to give a token.".to_owned());
        return view! {
            <div class="summary" role="alert"><p>{words}</p>{(!error.is_empty()).then(|| view! { <p class="quiet"><code>{error}</code></p> })}</div>
        }
        .into_any();
    }
    let lasts = answer.expires_in.map(|seconds| format!("It is valid for {}.", duration::in_words(seconds)));
    let part = |title: &'static str, value: Value| {
        let text = serde_json::to_string_pretty(&value).unwrap_or_default();
        view! { <div><h3>{title}</h3><pre tabindex="0"><code>{text}</code></pre></div> }
    };
    let token = answer.access_token;
    view! {
        <div class="stack" role="status">
            <div class="outcome-good">
                <p><strong>"Here is your first token."</strong> " " {lasts}</p>
                <p class="copy-line"><code class="one-line">{token.clone()}</code><CopyButton text=Signal::stored(token.clone()) what="the token" /></p>
            </div>
            {match look_into(&token) {
                Some((header, claims)) => view! { <div class="token-parts">{part("Header", header)}{part("Claims", claims)}</div> }.into_any(),
                None => view! { <p class="quiet">"This is an opaque token: it says nothing by itself, and resource servers ask for it at the introspection endpoint."</p> }.into_any(),
            }}
            <h3>"The same in a terminal"</h3>
            <Command command />
        </div>
    }
    .into_any()
}

#[component]
fn Command(command: String) -> impl IntoView {
    view! {
        <div class="code-block">
            <pre tabindex="0"><code>{command.clone()}</code></pre>
            <CopyButton text=Signal::stored(command) what="the command" />
        </div>
    }
}
