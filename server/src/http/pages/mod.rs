//! Pages that people see. They work without JavaScript and bring none, but for the one statement
//! that posts an authorization response.

mod account;
mod device;
mod interaction;
mod logo;
mod logout;
mod magic_link;
mod recovery;
mod second_factor;
mod setup;
mod upstream;
mod views;

use std::sync::Arc;

use askama::Template;
use grantor_protocol::authorize::{AuthorizationResponse, ResponseMode};
use grantor_protocol::model::TenantTexts;
use grantor_protocol::password::{MAX_LENGTH, Weakness};
use poem::http::{StatusCode, header};
use poem::{Request, Response};
use url::Url;

use account::to_sign_in;
pub use account::{
    account, account_link, account_providers, account_unlink, applications, applications_revoke, data,
    data_download, deletion, deletion_answer, devices, password, password_answer, profile, profile_answer,
    security, security_add, security_add_answer, security_options, security_recovery, security_remove,
    sessions, sessions_answer,
};
pub use device::{activate, activate_answer, activated};
pub(in crate::http) use interaction::{add_cookie, set_browser_cookie};
pub use interaction::{consent, consent_answer, login, login_answer};
pub use logo::{client_logo, tenant_logo};
use logout::signed_out;
pub use logout::{logout, logout_answer};
pub use magic_link::{magic_link, open_magic_link, open_magic_link_answer};
pub use recovery::{
    account_verify, invitation, invitation_answer, invitation_passkey, new_password, new_password_answer,
    recover, recover_answer, verify, verify_answer,
};
pub use second_factor::{
    go_on, new_authenticator, new_authenticator_answer, passkey_options, passkey_sign_in, second_factor,
    second_factor_answer,
};
pub use setup::{setup, setup_answer, setup_passkey};
pub use upstream::{login_callback, login_upstream};
pub use views::{ErrorPage, Layout, theme_css};

use super::render::{self, Asked};
use super::{assets, extract};
use crate::app::authenticators::NotChosen;
use crate::app::authorize::Progress;
use crate::app::interaction::Opened;
use crate::app::{App, Fault, TenantContext};
use crate::messages::Messages;
use views::{Brand, FormPostPage};

/// What pages of this tenant carry, in the language that the browser prefers.
pub fn layout(context: &TenantContext) -> Layout {
    spoken(context, None)
}

/// What the pages of an interaction carry: the application may know in which language the person has spoken with it.
fn layout_of(context: &TenantContext, opened: &Opened) -> Layout {
    spoken(context, opened.request().and_then(|request| request.ui_locales.as_deref()))
}

fn spoken(context: &TenantContext, ui_locales: Option<&str>) -> Layout {
    let tenant = &context.tenant;
    let messages = Messages::for_request(ui_locales, tenant.settings.default_locale.as_deref());
    Layout {
        tenant_name: tenant.name.clone(),
        stylesheet: assets::stylesheet(),
        theme: format!("{}/theme.css?v={}", tenant_path(context), tenant.version),
        brand: brand(context, messages),
        messages,
    }
}

/// What the tenant's pages say and link to in its own name.
fn brand(context: &TenantContext, messages: Messages) -> Brand {
    let tenant = &context.tenant;
    let branding = &tenant.settings.branding;
    let logo = branding.logo_uri.as_ref();
    Brand {
        logo: logo.map(|_| format!("{}/logo?v={}", tenant_path(context), tenant.version)),
        policy_uri: branding.policy_uri.clone(),
        tos_uri: branding.tos_uri.clone(),
        support_uri: branding.support_uri.clone(),
        footer: own_texts(context, messages).and_then(|texts| texts.footer.clone()),
    }
}

/// What the tenant says in the language of a page.
fn own_texts(context: &TenantContext, messages: Messages) -> Option<&TenantTexts> {
    let settings = &context.tenant.settings;
    settings.branding.texts_in(messages.tag(), settings.default_locale.as_deref())
}

/// What pages carry where no tenant is known.
pub fn plain_layout() -> Layout {
    Layout {
        tenant_name: "Grantor".to_owned(),
        stylesheet: assets::stylesheet(),
        theme: assets::plain_theme(),
        brand: Brand::default(),
        messages: Messages::for_request(None, None),
    }
}

/// `/t/{slug}`; at a domain of its own the tenant is at the root.
pub fn tenant_path(context: &TenantContext) -> String {
    match context.domain() {
        None => format!("/t/{}", context.tenant.slug),
        Some(_) => String::new(),
    }
}

/// A page with the headers that every page has. A form of it may post to this server and, by the
/// redirects that follow, end at one of `form_targets`: browsers hold `form-action` against all of them.
pub fn html(status: StatusCode, page: askama::Result<String>, form_targets: &[String]) -> Response {
    let page = match page {
        Ok(page) => page,
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into();
        }
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action {}; frame-ancestors 'none'; base-uri 'none'",
        std::iter::once("'self'")
            .chain(form_targets.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" ")
    );
    Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::X_FRAME_OPTIONS, "DENY")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::VARY, "Accept-Language")
        .body(page)
}

/// Where a form may end, as a source of a Content-Security-Policy (CSP3 §2.3.1): any address of the scheme. A client
/// may send people on from its own address, and browsers hold `form-action` against that redirect as well.
pub fn form_target(redirect_uri: &str) -> String {
    match Url::parse(redirect_uri) {
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => "'self'".to_owned(),
    }
}

/// A redirect that turns every method into GET: 303 and never 307, which would send a form with its
/// password on (RFC 9700 §4.12).
pub fn see_other(location: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, location)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .finish()
}

/// Takes the browser to where it goes next.
pub fn go(context: &TenantContext, progress: Progress) -> Response {
    let base = tenant_path(context);
    match progress {
        Progress::SignIn(interaction) => see_other(&format!("{base}/login?interaction={interaction}")),
        Progress::SecondFactor(interaction) => {
            see_other(&format!("{base}/login/second-factor?interaction={interaction}"))
        }
        Progress::Consent(interaction) => see_other(&format!("{base}/consent?interaction={interaction}")),
        Progress::Device(interaction) => {
            see_other(&format!("{base}/activate/callback?interaction={interaction}"))
        }
        Progress::Account(page) => see_other(&account::address(context, page)),
        Progress::Respond(response) => deliver(context, &response),
    }
}

/// Carries an authorization response to the client.
fn deliver(context: &TenantContext, response: &AuthorizationResponse) -> Response {
    let location = response.location();
    match response.mode {
        ResponseMode::Query | ResponseMode::Fragment => see_other(&location),
        ResponseMode::FormPost => {
            let fields =
                response.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            let form_targets = [form_target(&location)];
            let page = FormPostPage {
                layout: layout(context),
                script: assets::form_post_script(),
                action: location,
                fields,
                client_name: interaction::return_host(&response.redirect_uri),
            };
            html(StatusCode::OK, page.render(), &form_targets)
        }
    }
}

/// `GET /t/:slug/theme.css`: the tenant's colours.
pub async fn theme(app: Arc<App>, request: Request) -> Response {
    match extract::any_tenant(&app, &request).await {
        Ok(context) => {
            let branding = &context.tenant.settings.branding;
            let css = theme_css(branding.primary_color.as_deref(), branding.background_color.as_deref());
            assets::style_or_script("text/css; charset=utf-8", css)
        }
        Err(fault) => {
            render::log(&fault);
            render::status(&fault).into()
        }
    }
}

/// What is wrong with what somebody chose to sign in with.
fn not_chosen_in_words(problem: NotChosen, messages: Messages) -> String {
    match problem {
        NotChosen::Weak(weakness) => weakness_in_words(weakness, messages),
        NotChosen::NoPasskey => messages.text("passkey-not-enough").into_owned(),
    }
}

/// What is wrong with a new password, for whoever chose it.
fn weakness_in_words(weakness: Weakness, messages: Messages) -> String {
    match weakness {
        Weakness::TooShort(least) => messages.with("password-too-short", &[("least", least)]),
        Weakness::TooLong => messages.with("password-too-long", &[("most", MAX_LENGTH)]),
        Weakness::OwnName => messages.text("password-own-name").into_owned(),
        Weakness::ForbiddenWord => messages.text("password-forbidden-word").into_owned(),
        Weakness::Common => messages.text("password-common").into_owned(),
    }
}

/// The page of a fault, in the tenant's look where the tenant is known.
pub fn fault_page(context: Option<&TenantContext>, fault: &Fault, asked: Asked) -> Response {
    let layout = context.map_or_else(plain_layout, layout);
    render::error_page(fault, asked, layout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_may_end_where_the_client_sends_people() {
        for (redirect_uri, target) in [
            ("https://app.example/cb?x=1", "https:"),
            ("http://127.0.0.1:4000/cb", "http:"),
            ("com.example.app:/cb", "com.example.app:"),
            ("nothing", "'self'"),
        ] {
            assert_eq!(form_target(redirect_uri), target);
        }
    }
}
