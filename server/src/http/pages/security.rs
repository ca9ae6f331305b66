//! What a person signs in with beside a password, on their account.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::{Actor, Authenticators, PasskeyId, PasskeyUse, TotpId};
use grantor_protocol::{Error, Params, Secret, Timestamp};
use poem::http::StatusCode;
use poem::{Request, Response};

use super::interaction::{form_page, page, to_login};
use super::second_factor::{again, challenge_response, made_passkey, made_totp, status, totp_form};
use super::views::{Held, NewAuthenticatorPage, RecoveryCodesPage, SecurityPage};
use super::{html, layout, see_other, tenant_path};
use crate::app::authorize::{Browser, SignedIn};
use crate::app::totp::TotpOffer;
use crate::app::{App, Fault, TenantContext};
use crate::http::{assets, extract};
use crate::messages::Messages;

/// What the query of the page says was just done, and how the page tells it.
const NOTICES: [(&str, &str); 2] = [("removed", "security-removed"), ("added", "security-was-added")];

/// `GET /t/:slug/account/security`
pub async fn security(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let browser = extract::browser(app, context, request);
        let Some((signed_in, cookie)) = signed_in(app, context, &browser).await? else {
            return Ok(to_login(context));
        };
        let held = app.own_authenticators(context, &signed_in, &browser).await?;
        let layout = layout(context);
        let query = request.uri().query();
        let notice = NOTICES.into_iter().find(|(done, _)| query == Some(done));
        let base = tenant_path(context);
        let (passkeys, apps) = lines(&held, layout.messages, app.clock.now());
        let page = SecurityPage {
            csrf: app.forms.token(&cookie),
            passkeys,
            apps,
            recovery_codes: u32::try_from(held.recovery_codes_left()).unwrap_or(u32::MAX),
            add: format!("{base}/account/security/add"),
            remove_action: format!("{base}/account/security/remove"),
            recovery_action: format!("{base}/account/security/recovery-codes"),
            account: format!("{base}/account"),
            notice: notice.map(|(_, message)| layout.messages.text(message).into_owned()),
            layout,
        };
        Ok(html(StatusCode::OK, page.render(), &[]))
    })
    .await
}

/// `GET /t/:slug/account/security/add`
pub async fn security_add(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let browser = extract::browser(app, context, request);
        let Some((signed_in, cookie)) = freshly_signed_in(app, context, &browser).await? else {
            return Ok(to_login(context));
        };
        let totp = app.begin_totp(context, &signed_in.user).await?;
        add_page(app, context, &cookie, (Some(totp), None))
    })
    .await
}

/// `POST /t/:slug/account/security/add`
pub async fn security_add_answer(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let Some((signed_in, cookie)) = by_form(app, context, browser, params).await? else {
            return Ok(to_login(context));
        };
        let held = app.own_authenticators(context, &signed_in, browser).await?;
        let (user, messages) = (&signed_in.user, layout(context).messages);
        let made = match params.require("method")? {
            "totp" => made_totp(app, context, user, (params, messages)).await?,
            "passkey" if takes_passkeys(context) => {
                made_passkey(app, context, user, (params, messages)).await?
            }
            _ => return Err(Error::invalid_request("method must be totp or passkey").into()),
        };
        let Some(made) = made else {
            let (totp, problem) = again(app, context, user, params, true).await?;
            return add_page(app, context, &cookie, (totp, Some(problem)));
        };
        let added = app.add_authenticator(context, user, &held, made).await?;
        Ok(match added.recovery_codes {
            Some(codes) => codes_page(context, codes),
            None => see_other(&format!("{}/account/security?added", tenant_path(context))),
        })
    })
    .await
}

/// `POST /t/:slug/account/security/options`: the challenge that makes a passkey.
pub async fn security_options(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let Some((signed_in, _)) = by_form(app, context, browser, params).await? else {
            return Ok(to_login(context));
        };
        if !takes_passkeys(context) {
            return Err(Error::invalid_request("there are no passkeys here").into());
        }
        let held = app.own_authenticators(context, &signed_in, browser).await?;
        Ok(challenge_response(&app.begin_passkey_registration(context, (&signed_in.user, &held)).await?))
    })
    .await
}

/// `POST /t/:slug/account/security/remove`
pub async fn security_remove(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let Some((signed_in, _)) = by_form(app, context, browser, params).await? else {
            return Ok(to_login(context));
        };
        let user = &signed_in.user;
        let actor = Actor::User { id: user.id };
        let malformed = || Error::invalid_request("that names nothing");
        match (params.get("passkey"), params.get("totp")) {
            (Some(passkey), None) => {
                let passkey: PasskeyId = passkey.parse().map_err(|_| malformed())?;
                app.remove_passkey(user, passkey, actor).await?;
            }
            (None, Some(totp)) => {
                let totp: TotpId = totp.parse().map_err(|_| malformed())?;
                app.remove_totp(user, totp, actor).await?;
            }
            _ => return Err(malformed().into()),
        }
        // What is gone already is gone: there is nothing else to say.
        Ok(see_other(&format!("{}/account/security?removed", tenant_path(context))))
    })
    .await
}

/// `POST /t/:slug/account/security/recovery-codes`
pub async fn security_recovery(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let Some((signed_in, _)) = by_form(app, context, browser, params).await? else {
            return Ok(to_login(context));
        };
        let codes = app.renew_recovery_codes(context, &signed_in.user).await?;
        Ok(codes_page(context, codes))
    })
    .await
}

fn add_page(
    app: &App,
    context: &TenantContext,
    cookie: &Secret,
    (totp, problem): (Option<TotpOffer>, Option<&str>),
) -> Result<Response, Fault> {
    let (base, layout) = (tenant_path(context), layout(context));
    let page = NewAuthenticatorPage {
        script: assets::passkey_script(),
        action: format!("{base}/account/security/add"),
        options: format!("{base}/account/security/options"),
        csrf: app.forms.token(cookie),
        interaction: String::new(),
        in_sign_in: false,
        passkey: takes_passkeys(context),
        totp: totp.as_ref().map(totp_form).transpose()?,
        problem: problem.map(|problem| layout.messages.text(problem).into_owned()),
        layout,
    };
    Ok(html(status(problem), page.render(), &[]))
}

fn codes_page(context: &TenantContext, codes: Vec<String>) -> Response {
    let page = RecoveryCodesPage {
        layout: layout(context),
        codes,
        method: "get",
        action: format!("{}/account/security", tenant_path(context)),
        fields: vec![],
    };
    html(StatusCode::OK, page.render(), &[])
}

fn lines(held: &Authenticators, messages: Messages, now: Timestamp) -> (Vec<Held>, Vec<Held>) {
    let ago = |then: Timestamp| messages.ago(then, now);
    let passkeys = held.passkeys.iter().map(|passkey| Held {
        id: passkey.id.to_string(),
        name: passkey.name.clone(),
        synced: passkey.synced,
        added: ago(passkey.created_at),
        used: passkey.last_used_at.map(ago),
    });
    let apps = held.totp.iter().map(|totp| Held {
        id: totp.id.to_string(),
        name: totp.name.clone(),
        synced: false,
        added: ago(totp.created_at),
        used: totp.last_used_at.map(ago),
    });
    (passkeys.collect(), apps.collect())
}

fn takes_passkeys(context: &TenantContext) -> bool {
    context.tenant.settings.sign_in.passkeys != PasskeyUse::Off && App::takes_passkeys(context)
}

async fn signed_in(
    app: &App,
    context: &TenantContext,
    browser: &Browser,
) -> Result<Option<(SignedIn, Secret)>, Fault> {
    let signed_in = app.signed_in(context.tenant.id, browser.session.as_ref()).await?;
    Ok(signed_in.zip(browser.session.clone()))
}

/// Whoever finds an open browser must not get into the account for good.
async fn freshly_signed_in(
    app: &App,
    context: &TenantContext,
    browser: &Browser,
) -> Result<Option<(SignedIn, Secret)>, Fault> {
    Ok(signed_in(app, context, browser).await?.filter(|(signed_in, _)| app.is_fresh(signed_in)))
}

/// The person whose page a form was made for, if they have just signed in.
async fn by_form(
    app: &App,
    context: &TenantContext,
    browser: &Browser,
    params: &Params,
) -> Result<Option<(SignedIn, Secret)>, Fault> {
    app.forms.check(browser.session.as_ref(), params.get("csrf").unwrap_or_default())?;
    freshly_signed_in(app, context, browser).await
}
