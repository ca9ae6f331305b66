//! Signing in and consenting.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::{AccountPage, Client, IdentityProvider, InteractionId, SignInIdentifier, User};
use grantor_protocol::redirect_uri::{self, Target};
use grantor_protocol::upstream::provider_for;
use grantor_protocol::{Error, Params, client_id_document};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Request, Response};
use url::Url;

use super::logo::logo_address;
use super::upstream::leave_to_sign_in;
use super::views::{ConsentPage, DeviceNotice, Layout, PasskeySignIn, ProviderChoice, ScopeLine, SignInPage};
use super::{fault_page, form_target, go, html, layout_of, own_texts, tenant_path};
use crate::app::authorize::{Browser, Progress};
use crate::app::interaction::{Answer, Opened};
use crate::app::sign_in::{KnownCookie, SessionStarted, SignInOutcome};
use crate::app::{App, Fault, TenantContext};
use crate::http::render::Asked;
use crate::http::{assets, cookies, extract};

/// What is said of a wrong name or password.
const MISMATCH: &str = "sign-in-mismatch";

/// `GET /t/:slug/login`: the sign-in form of an interaction, or of a new one that leads to a page of the
/// person's account: `page` says which.
pub async fn login(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let browser = extract::browser(app, context, request);
        let params = extract::query(app, request)?;
        let Some(interaction) = params.get("interaction") else {
            let account_page = params.get("page").and_then(AccountPage::parse).unwrap_or_default();
            let (interaction, new_browser) =
                app.begin_account_sign_in(context, account_page, &browser).await?;
            let mut response = go(context, Progress::SignIn(interaction));
            set_browser_cookie(context, &mut response, new_browser.as_ref());
            return Ok(response);
        };
        let opened = app.open_interaction(context, parse(interaction)?, &browser).await?;
        let hint = opened.request().and_then(|request| request.login_hint.clone()).unwrap_or_default();
        Ok(sign_in_page(context, &opened, hint, None))
    })
    .await
}

/// `POST /t/:slug/login`
pub async fn login_answer(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let opened = app.open_interaction(context, parse(params.require("interaction")?)?, browser).await?;
        app.forms.check(browser.browser.as_ref(), params.get("csrf").unwrap_or_default())?;
        let username = params.get("username").unwrap_or_default();
        let password = params.get("password").unwrap_or_default();
        if let Some(provider) = provider_for(username, &context.identity_providers) {
            return leave_to_sign_in(app, context, &opened, &provider.name, Some(username.trim())).await;
        }
        match app.sign_in(context, &opened, browser, (username, password)).await? {
            SignInOutcome::Refused => Ok(sign_in_page(context, &opened, username.to_owned(), Some(MISMATCH))),
            SignInOutcome::Further(progress) => Ok(go(context, progress)),
            SignInOutcome::Started(started) => Ok(signed_in(context, *started)),
        }
    })
    .await
}

/// Gives the browser the session of somebody who has just signed in, and takes it to where it goes next.
pub(super) fn signed_in(context: &TenantContext, started: SessionStarted) -> Response {
    let name = cookies::session(&context.tenant.slug);
    let cookie = cookies::set(&name, &started.cookie, Some(started.expires_in), context.is_https());
    let mut response = go(context, started.progress);
    add_cookie(&mut response, &cookie);
    set_known_cookie(context, &mut response, started.new_known.as_ref());
    response
}

/// Gives the browser the cookie by which it is known.
pub(super) fn set_known_cookie(
    context: &TenantContext,
    response: &mut Response,
    known: Option<&KnownCookie>,
) {
    if let Some((known, expires_in)) = known {
        let name = cookies::known(&context.tenant.slug);
        add_cookie(response, &cookies::set(&name, known, Some(*expires_in), context.is_https()));
    }
}

/// `GET /t/:slug/consent`
pub async fn consent(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let browser = extract::browser(app, context, request);
        let params = extract::query(app, request)?;
        let opened = app.open_interaction(context, parse(params.require("interaction")?)?, &browser).await?;
        let signed_in = app.signed_in(context.tenant.id, browser.session.as_ref()).await?;
        match signed_in.zip(browser.session) {
            None => Ok(go(context, Progress::SignIn(opened.interaction.id))),
            // The form belongs to the person as well as to the browser: whoever signs in in another
            // tab has not read this page.
            Some((signed_in, cookie)) => {
                Ok(consent_page(app, context, &opened, (&signed_in.user, app.forms.token(&cookie))))
            }
        }
    })
    .await
}

/// `POST /t/:slug/consent`
pub async fn consent_answer(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let opened = app.open_interaction(context, parse(params.require("interaction")?)?, browser).await?;
        let answer = match params.require("decision")? {
            "allow" => Answer::Allow,
            "deny" => Answer::Deny,
            "switch" => Answer::SwitchAccount,
            _ => return Err(Error::invalid_request("decision must be allow, deny or switch").into()),
        };
        match app.signed_in(context.tenant.id, browser.session.as_ref()).await? {
            None => Ok(go(context, Progress::SignIn(opened.interaction.id))),
            Some(signed_in) => {
                app.forms.check(browser.session.as_ref(), params.get("csrf").unwrap_or_default())?;
                let answer = (answer, params.get("trusted").unwrap_or_default());
                Ok(go(context, app.consent(context, &opened, &signed_in, answer).await?))
            }
        }
    })
    .await
}

/// Runs a page of a tenant's and shows faults in its look.
pub(super) async fn page(
    app: Arc<App>,
    request: Request,
    show: impl AsyncFnOnce(&Arc<App>, &Arc<TenantContext>, &Request) -> Result<Response, Fault>,
) -> Response {
    let asked = Asked::of(&request);
    match extract::tenant(&app, &request).await {
        Err(fault) => fault_page(None, &fault, asked),
        Ok(context) => match show(&app, &context, &request).await {
            Ok(response) => response,
            Err(fault) => fault_page(Some(&context), &fault, asked),
        },
    }
}

/// [`page`] for a form that was sent from this site.
pub(super) async fn form_page(
    app: Arc<App>,
    mut request: Request,
    answer: impl AsyncFnOnce(&Arc<App>, &Arc<TenantContext>, &Browser, &Params) -> Result<Response, Fault>,
) -> Response {
    let form = match extract::same_site(&request) {
        Ok(()) => extract::form(&app, &mut request).await.and_then(|params| {
            params.refuse_duplicates()?;
            Ok(params)
        }),
        Err(fault) => return fault_page(None, &fault, Asked::of(&request)),
    };
    page(app, request, async |app, context, request| {
        let browser = extract::browser(app, context, request);
        answer(app, context, &browser, &form?).await
    })
    .await
}

pub(super) fn parse(interaction: &str) -> Result<InteractionId, Fault> {
    interaction.parse().map_err(|_| Fault::Expired("the address names no interaction"))
}

pub(super) fn sign_in_page(
    context: &TenantContext,
    opened: &Opened,
    username: String,
    problem: Option<&str>,
) -> Response {
    let layout = layout_of(context, opened);
    let identifier = match context.tenant.settings.sign_in.identifier {
        SignInIdentifier::UsernameOrEmail => "sign-in-identifier-either",
        SignInIdentifier::Username => "sign-in-identifier-username",
        SignInIdentifier::Email => "email",
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let policy = &context.tenant.settings.sign_in;
    let offered = || context.identity_providers.iter().filter(|provider| provider.enabled);
    let choice = |provider: &IdentityProvider| ProviderChoice {
        name: provider.name.clone(),
        display_name: provider.settings.display_name.clone(),
    };
    let page = SignInPage {
        action: format!("{}/login", tenant_path(context)),
        csrf: opened.form_token.clone(),
        interaction: opened.interaction.id.to_string(),
        identifier: layout.text(identifier).into_owned(),
        username,
        client_name: opened.client.as_ref().map(|loaded| client_name(&loaded.client)),
        own_text: own_texts(context, layout.messages).and_then(|texts| texts.sign_in.clone()),
        passkey: passkey_form(context),
        recover: policy.password_reset.then(|| format!("{}/recover", tenant_path(context))),
        magic_link_action: policy.magic_link.then(|| format!("{}/magic-link", tenant_path(context))),
        upstream_action: format!("{}/login/upstream", tenant_path(context)),
        providers: offered().map(choice).collect(),
        password_optional: offered().any(|provider| !provider.settings.domains.is_empty()),
        mismatch: problem == Some(MISMATCH),
        problem: problem.map(|id| layout.text(id).into_owned()),
        layout,
    };
    html(status, page.render(), &form_targets(opened))
}

/// Where passkeys are as good as a password, the form that signs in with one.
fn passkey_form(context: &TenantContext) -> Option<PasskeySignIn> {
    let base = tenant_path(context);
    App::passkeys_are_enough(context).then(|| PasskeySignIn {
        script: assets::passkey_script(),
        action: format!("{base}/login/passkey"),
        options: format!("{base}/login/passkey/options"),
    })
}

fn consent_page(
    app: &App,
    context: &TenantContext,
    opened: &Opened,
    (user, csrf): (&User, String),
) -> Response {
    let (Some(request), Some(loaded)) = (opened.request(), &opened.client) else {
        return go(context, Progress::Account(opened.account_page()));
    };
    let (layout, metadata) = (layout_of(context, opened), &loaded.client.metadata);
    let device = opened.device.as_ref().map(|device| DeviceNotice {
        user_code: app.user_code_of(device),
        requested: layout.messages.ago(device.created_at, app.clock.now()),
        requested_exact: device.created_at.to_string(),
        requested_from: device.origin.address.clone(),
    });
    let page = ConsentPage {
        action: format!("{}/consent", tenant_path(context)),
        csrf,
        interaction: opened.interaction.id.to_string(),
        trusted: opened.trusted(),
        client_name: client_name(&loaded.client),
        client_logo: logo_address(app, context, &loaded.client),
        client_host: client_id_document::host(loaded.client.client_id.as_str())
            .filter(|_| loaded.client.origin.is_self_made()),
        warning: warning(context, &layout, &loaded.client),
        client_uri: metadata.client_uri.clone(),
        return_host: device.is_none().then(|| return_host(&request.redirect_uri)),
        device,
        user_name: user.display_name().to_owned(),
        user_email: user.email.clone().filter(|email| email != user.display_name()),
        scopes: request.scope.iter().map(|scope| scope_line(context, &layout, scope)).collect(),
        resources: request.resources.iter().map(|resource| resource_name(context, resource)).collect(),
        policy_uri: metadata.policy_uri.clone(),
        tos_uri: metadata.tos_uri.clone(),
        layout,
    };
    html(StatusCode::OK, page.render(), &form_targets(opened))
}

/// OAuth 2.1 §7, MCP authorization (security considerations): nobody vouches for a self-made client, and one
/// on the person's own device may be any program there.
fn warning(context: &TenantContext, layout: &Layout, client: &Client) -> Option<String> {
    if !client.origin.is_self_made() {
        return None;
    }
    let on_the_device =
        |uri: &String| matches!(redirect_uri::target(uri), Some(Target::Loopback | Target::PrivateUse));
    let unchecked = layout.with("consent-unchecked", &[("tenant", context.tenant.name.as_str())]);
    Some(match client.metadata.redirect_uris.iter().all(on_the_device) {
        true => format!("{unchecked} {}", layout.text("consent-unproven")),
        false => unchecked,
    })
}

pub(super) fn form_targets(opened: &Opened) -> Vec<String> {
    opened.request().map(|request| form_target(&request.redirect_uri)).into_iter().collect()
}

pub(super) fn client_name(client: &grantor_protocol::model::Client) -> String {
    if client.metadata.client_name.is_empty() {
        client.client_id.to_string()
    } else {
        client.metadata.client_name.clone()
    }
}

/// The host that the answer goes to; an application on the person's own device has a scheme instead.
pub(super) fn return_host(redirect_uri: &str) -> String {
    let Ok(url) = Url::parse(redirect_uri) else { return redirect_uri.to_owned() };
    url.host_str().map_or_else(|| url.scheme().to_owned(), str::to_owned)
}

/// What a scope lets an application do: the tenant's own words, or those of the standard scopes.
pub(super) fn scope_line(context: &TenantContext, layout: &Layout, scope: &str) -> ScopeLine {
    let of_resources = context.resources.iter().flat_map(|resource| &resource.settings.scopes);
    let configured = context
        .tenant
        .settings
        .scopes
        .iter()
        .chain(of_resources)
        .find(|held| held.name == scope)
        .map(|held| held.description.clone());
    ScopeLine {
        name: scope.to_owned(),
        description: configured.unwrap_or_else(|| standard_scope(layout, scope)),
    }
}

/// The name of a protected resource with its address, which alone says whose it is.
fn resource_name(context: &TenantContext, identifier: &str) -> String {
    let held = context.resources.iter().find(|resource| resource.identifier == identifier);
    match held.map(|resource| resource.settings.name.as_str()) {
        None | Some("") => identifier.to_owned(),
        Some(name) => format!("{name} ({identifier})"),
    }
}

fn standard_scope(layout: &Layout, scope: &str) -> String {
    let id = match scope {
        "openid" => "scope-openid",
        "profile" => "scope-profile",
        "email" => "scope-email",
        "offline_access" => "scope-offline-access",
        _ => return String::new(),
    };
    layout.text(id).into_owned()
}

pub(in crate::http) fn set_browser_cookie(
    context: &TenantContext,
    response: &mut Response,
    new_browser: Option<&grantor_protocol::Secret>,
) {
    if let Some(secret) = new_browser {
        let name = cookies::browser(&context.tenant.slug);
        add_cookie(response, &cookies::set(&name, secret, None, context.is_https()));
    }
}

pub(in crate::http) fn add_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
