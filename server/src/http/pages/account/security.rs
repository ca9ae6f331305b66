//! What a person signs in with beside a password.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::{AccountPage, Actor, Authenticators, PasskeyId, PasskeyUse, TotpId};
use grantor_protocol::{Error, Timestamp, sign_in};
use poem::http::StatusCode;
use poem::{Request, Response};

use super::{Visit, address, change, view};
use crate::app::authenticators::Added;
use crate::app::totp::TotpOffer;
use crate::app::{App, Fault, TenantContext};
use crate::http::assets;
use crate::http::pages::second_factor::{
    again, challenge_response, made_passkey, made_totp, set_session_cookie, status, totp_form,
};
use crate::http::pages::views::{Held, NewAuthenticatorPage, RecoveryCodesPage, SecurityPage};
use crate::http::pages::{html, layout, to_sign_in};
use crate::messages::Messages;

const HERE: AccountPage = AccountPage::Security;

/// `GET /t/:slug/account/security`
pub async fn security(app: Arc<App>, request: Request) -> Response {
    view(app, request, HERE, async |visit, request| {
        let held = own(visit).await?;
        let (layout, frame) = visit.frame_after(request);
        let (passkeys, apps) = lines(&held, layout.messages, visit.app.clock.now());
        let here = address(visit.context, HERE);
        let page = SecurityPage {
            action: visit.action(),
            passkeys,
            apps,
            recovery_codes: u32::try_from(held.recovery_codes_left()).unwrap_or(u32::MAX),
            may_change: may_change(visit, &held),
            sign_in: visit.sign_in_address(),
            add: format!("{here}/add"),
            recovery_action: format!("{here}/recovery-codes"),
            layout,
            frame,
        };
        Ok(html(StatusCode::OK, page.render(), &[]))
    })
    .await
}

/// `POST /t/:slug/account/security`: removes what `passkey` or `totp` names.
pub async fn security_remove(app: Arc<App>, request: Request) -> Response {
    change(app, request, HERE, async |visit, params| {
        if !may_change(visit, &own(visit).await?) {
            return Ok(to_sign_in(visit.context, HERE));
        }
        let user = &visit.signed_in.user;
        let actor = Actor::User { id: user.id };
        let malformed = || Error::invalid_request("that names nothing");
        match (params.get("passkey"), params.get("totp")) {
            (Some(passkey), None) => {
                let passkey: PasskeyId = passkey.parse().map_err(|_| malformed())?;
                if visit.app.is_last_way(visit.context, user, passkey).await? {
                    return Ok(visit.done("last-way"));
                }
                visit.app.remove_passkey(user, passkey, actor).await?;
            }
            (None, Some(totp)) => {
                let totp: TotpId = totp.parse().map_err(|_| malformed())?;
                visit.app.remove_totp(user, totp, actor).await?;
            }
            _ => return Err(malformed().into()),
        }
        // What is gone already is gone: there is nothing else to say.
        Ok(visit.done("removed-factor"))
    })
    .await
}

/// `GET /t/:slug/account/security/add`
pub async fn security_add(app: Arc<App>, request: Request) -> Response {
    view(app, request, HERE, async |visit, _| {
        if !may_change(visit, &own(visit).await?) {
            return Ok(to_sign_in(visit.context, HERE));
        }
        let totp = visit.app.begin_totp(visit.context, &visit.signed_in.user).await?;
        add_page(visit, (Some(totp), None))
    })
    .await
}

/// `POST /t/:slug/account/security/add`
pub async fn security_add_answer(app: Arc<App>, request: Request) -> Response {
    change(app, request, HERE, async |visit, params| {
        let Visit { app, context, signed_in, .. } = visit;
        let held = own(visit).await?;
        if !may_change(visit, &held) {
            return Ok(to_sign_in(context, HERE));
        }
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
            return add_page(visit, (totp, Some(problem)));
        };
        let Added { recovery_codes, renewed } =
            app.add_authenticator(context, signed_in, &held, made).await?;
        let mut response = match recovery_codes {
            Some(codes) => codes_page(context, codes),
            None => visit.done("added-factor"),
        };
        set_session_cookie(app, context, &mut response, renewed.as_ref());
        Ok(response)
    })
    .await
}

/// `POST /t/:slug/account/security/options`: the challenge that makes a passkey.
pub async fn security_options(app: Arc<App>, request: Request) -> Response {
    change(app, request, HERE, async |visit, _| {
        let Visit { app, context, signed_in, .. } = visit;
        let held = own(visit).await?;
        if !may_change(visit, &held) {
            return Ok(to_sign_in(context, HERE));
        }
        if !takes_passkeys(context) {
            return Err(Error::invalid_request("there are no passkeys here").into());
        }
        Ok(challenge_response(&app.begin_passkey_registration(context, (&signed_in.user, &held)).await?))
    })
    .await
}

/// `POST /t/:slug/account/security/recovery-codes`
pub async fn security_recovery(app: Arc<App>, request: Request) -> Response {
    change(app, request, HERE, async |visit, _| {
        if !may_change(visit, &own(visit).await?) {
            return Ok(to_sign_in(visit.context, HERE));
        }
        let codes = visit.app.renew_recovery_codes(visit.context, &visit.signed_in.user).await?;
        Ok(codes_page(visit.context, codes))
    })
    .await
}

async fn own(visit: &Visit<'_>) -> Result<Authenticators, Fault> {
    visit.app.own_authenticators(visit.context, &visit.signed_in, visit.browser).await
}

fn may_change(visit: &Visit<'_>, held: &Authenticators) -> bool {
    let policy = &visit.context.tenant.settings.sign_in;
    sign_in::may_change(policy, held, &visit.signed_in.session, visit.app.clock.now())
}

fn add_page(
    visit: &Visit<'_>,
    (totp, problem): (Option<TotpOffer>, Option<&str>),
) -> Result<Response, Fault> {
    let (here, layout) = (address(visit.context, HERE), layout(visit.context));
    let page = NewAuthenticatorPage {
        script: assets::passkey_script(),
        action: format!("{here}/add"),
        options: format!("{here}/options"),
        csrf: visit.csrf(),
        interaction: String::new(),
        in_sign_in: false,
        passkey: takes_passkeys(visit.context),
        totp: totp.as_ref().map(totp_form).transpose()?,
        problem: problem.map(|problem| layout.text(problem).into_owned()),
        layout,
    };
    Ok(html(status(problem), page.render(), &[]))
}

fn codes_page(context: &TenantContext, codes: Vec<String>) -> Response {
    let page = RecoveryCodesPage {
        layout: layout(context),
        codes,
        method: "get",
        action: address(context, HERE),
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
