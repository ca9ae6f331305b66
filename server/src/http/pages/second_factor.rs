//! Passkeys, and the factor that follows another.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::sign_in::{Needed, Offer};
use grantor_protocol::{Error, Params, Secret};
use poem::http::{StatusCode, header};
use poem::{Request, Response};
use serde_json::json;

use super::interaction::{form_page, form_targets, page, parse, sign_in_page, signed_in};
use super::views::{NewAuthenticatorPage, QrImage, RecoveryCodesPage, SecondFactorPage, TotpForm};
use super::{go, html, layout_of, tenant_path};
use crate::app::authenticators::{Added, FirstFactor, Made, authenticator_name};
use crate::app::authorize::{Browser, Progress, SignedIn};
use crate::app::interaction::Opened;
use crate::app::second_factor::{Halfway, Proving};
use crate::app::sign_in::SignInOutcome;
use crate::app::totp::TotpOffer;
use crate::app::webauthn::Challenge;
use crate::app::{App, Fault, TenantContext};
use crate::http::{assets, cookies, extract};
use crate::messages::Messages;

/// `POST /t/:slug/login/passkey/options`: the challenge that the script of passkeys answers.
pub async fn passkey_options(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let opened = opened_by_form(app, context, browser, params).await?;
        let challenge = match params.require("kind")? {
            "sign_in" => app.begin_passkey_sign_in(context, opened.interaction.id).await?,
            kind => {
                let Some(halfway) = app.halfway(context, &opened, browser).await? else {
                    return Ok(go(context, Progress::SignIn(opened.interaction.id)));
                };
                match (kind, halfway.needed) {
                    ("second_factor", Needed::Factor(Offer { passkey: true, .. })) => {
                        app.challenge_passkey(context, &opened, &halfway).await?
                    }
                    ("register", Needed::Authenticator(Offer { passkey: true, .. })) => {
                        let known = (&halfway.user, &halfway.authenticators);
                        app.begin_passkey_registration(context, known).await?
                    }
                    _ => return Err(Error::invalid_request("kind is not what is needed now").into()),
                }
            }
        };
        Ok(challenge_response(&challenge))
    })
    .await
}

/// `POST /t/:slug/login/passkey`: signs in with a passkey.
pub async fn passkey_sign_in(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let opened = opened_by_form(app, context, browser, params).await?;
        let answer = (params.require("ceremony")?, params.require("credential")?);
        match app.sign_in_with_passkey(context, &opened, browser, answer).await? {
            SignInOutcome::Refused => {
                Ok(sign_in_page(context, &opened, String::new(), Some("passkey-refused")))
            }
            outcome => Ok(answered(context, outcome)),
        }
    })
    .await
}

/// `GET /t/:slug/login/second-factor`
pub async fn second_factor(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let browser = extract::browser(app, context, request);
        let params = extract::query(app, request)?;
        let opened = app.open_interaction(context, parse(params.require("interaction")?)?, &browser).await?;
        match app.halfway(context, &opened, &browser).await? {
            None => Ok(go(context, Progress::SignIn(opened.interaction.id))),
            Some(halfway) => match halfway.needed {
                Needed::Nothing => Ok(codes_page(context, &opened, vec![])),
                Needed::Factor(offer) => Ok(second_factor_page(context, &opened, &halfway, offer, None)),
                Needed::Authenticator(offer) if offer.is_empty() => {
                    Ok(go(context, app.refuse_unmet(context, &opened).await?))
                }
                Needed::Authenticator(_) => Ok(super::see_other(&format!(
                    "{}/login/new-authenticator?interaction={}",
                    tenant_path(context),
                    opened.interaction.id
                ))),
            },
        }
    })
    .await
}

/// `POST /t/:slug/login/second-factor`
pub async fn second_factor_answer(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let opened = opened_by_form(app, context, browser, params).await?;
        let Some(halfway) = app.halfway(context, &opened, browser).await? else {
            return Ok(go(context, Progress::SignIn(opened.interaction.id)));
        };
        let Needed::Factor(offer) = halfway.needed else {
            return Ok(go(context, Progress::SecondFactor(opened.interaction.id)));
        };
        let (proving, problem) = match params.require("method")? {
            "totp" if offer.totp => (Proving::Totp(params.require("code")?), "second-factor-mismatch"),
            "recovery_code" if offer.recovery_code => {
                (Proving::RecoveryCode(params.require("code")?), "second-factor-mismatch")
            }
            "passkey" if offer.passkey => {
                let proving = Proving::Passkey(params.require("ceremony")?, params.require("credential")?);
                (proving, "passkey-refused")
            }
            _ => return Err(Error::invalid_request("method is not one that was offered").into()),
        };
        let remember = params.get("remember") == Some("yes");
        match app.prove_second_factor(context, &opened, browser, &halfway, (proving, remember)).await? {
            SignInOutcome::Refused => {
                Ok(second_factor_page(context, &opened, &halfway, offer, Some(problem)))
            }
            outcome => Ok(answered(context, outcome)),
        }
    })
    .await
}

/// `GET /t/:slug/login/new-authenticator`
pub async fn new_authenticator(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let browser = extract::browser(app, context, request);
        let params = extract::query(app, request)?;
        let opened = app.open_interaction(context, parse(params.require("interaction")?)?, &browser).await?;
        let Some((halfway, offer)) = lacking(app, context, &opened, &browser).await? else {
            return Ok(go(context, Progress::SecondFactor(opened.interaction.id)));
        };
        let totp = match offer.totp {
            true => Some(app.begin_totp(context, &halfway.user).await?),
            false => None,
        };
        new_authenticator_page(context, &opened, offer, (totp, None))
    })
    .await
}

/// `POST /t/:slug/login/new-authenticator`
pub async fn new_authenticator_answer(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let opened = opened_by_form(app, context, browser, params).await?;
        let Some((halfway, offer)) = lacking(app, context, &opened, browser).await? else {
            return Ok(go(context, Progress::SecondFactor(opened.interaction.id)));
        };
        let messages = layout_of(context, &opened).messages;
        let made = match params.require("method")? {
            "totp" if offer.totp => made_totp(app, context, &halfway.user, (params, messages)).await?,
            "passkey" if offer.passkey => {
                made_passkey(app, context, &halfway.user, (params, messages)).await?
            }
            _ => return Err(Error::invalid_request("method is not one that was offered").into()),
        };
        let Some(made) = made else {
            let (totp, problem) = again(app, context, &halfway.user, params, offer.totp).await?;
            return new_authenticator_page(context, &opened, offer, (totp, Some(problem)));
        };
        let Added { recovery_codes, renewed } =
            app.add_while_signing_in(context, &opened, &halfway, made).await?;
        let mut response = codes_page(context, &opened, recovery_codes.unwrap_or_default());
        set_session_cookie(app, context, &mut response, renewed.as_ref());
        Ok(response)
    })
    .await
}

/// Gives the browser the cookie of a session that goes on under another.
pub(super) fn set_session_cookie(
    app: &App,
    context: &TenantContext,
    response: &mut Response,
    renewed: Option<&(SignedIn, Secret)>,
) {
    if let Some((signed_in, cookie)) = renewed {
        let expires_in = signed_in.session.expires_at.seconds_since(app.clock.now());
        let name = cookies::session(&context.tenant.slug);
        super::add_cookie(response, &cookies::set(&name, cookie, Some(expires_in), context.is_https()));
    }
}

/// `POST /t/:slug/login/continue`: the recovery codes are written down.
pub async fn go_on(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let opened = opened_by_form(app, context, browser, params).await?;
        match app.halfway(context, &opened, browser).await? {
            None => Ok(go(context, Progress::SignIn(opened.interaction.id))),
            Some(halfway) if halfway.needed != Needed::Nothing => {
                Ok(go(context, Progress::SecondFactor(opened.interaction.id)))
            }
            Some(halfway) => Ok(answered(context, app.resume(context, &opened, browser, halfway).await?)),
        }
    })
    .await
}

async fn opened_by_form(
    app: &App,
    context: &TenantContext,
    browser: &Browser,
    params: &Params,
) -> Result<Opened, Fault> {
    let opened = app.open_interaction(context, parse(params.require("interaction")?)?, browser).await?;
    app.forms.check(browser.browser.as_ref(), params.get("csrf").unwrap_or_default())?;
    Ok(opened)
}

/// Somebody who has nothing that would do, and what they can make.
async fn lacking(
    app: &App,
    context: &TenantContext,
    opened: &Opened,
    browser: &Browser,
) -> Result<Option<(Halfway, Offer)>, Fault> {
    let halfway = app.halfway(context, opened, browser).await?;
    Ok(halfway.and_then(|halfway| match halfway.needed {
        Needed::Authenticator(offer) => Some((halfway, offer)),
        Needed::Nothing | Needed::Factor(_) => None,
    }))
}

fn answered(context: &TenantContext, outcome: SignInOutcome) -> Response {
    match outcome {
        SignInOutcome::Started(started) => signed_in(context, *started),
        SignInOutcome::Further(progress) => go(context, progress),
        SignInOutcome::Refused => StatusCode::FORBIDDEN.into(),
    }
}

fn second_factor_page(
    context: &TenantContext,
    opened: &Opened,
    halfway: &Halfway,
    offer: Offer,
    problem: Option<&str>,
) -> Response {
    let (base, interaction) = (tenant_path(context), opened.interaction.id);
    let layout = layout_of(context, opened);
    let page = SecondFactorPage {
        script: assets::passkey_script(),
        action: format!("{base}/login/second-factor"),
        options: format!("{base}/login/passkey/options"),
        csrf: opened.form_token.clone(),
        interaction: interaction.to_string(),
        user_name: halfway.user.display_name().to_owned(),
        offer: Offer { passkey: offer.passkey && App::takes_passkeys(context), ..offer },
        remember_days: context.tenant.settings.sign_in.remember_browser_days,
        sign_in: format!("{base}/login?interaction={interaction}"),
        problem: problem.map(|problem| layout.messages.text(problem).into_owned()),
        layout,
    };
    html(status(problem), page.render(), &form_targets(opened))
}

fn new_authenticator_page(
    context: &TenantContext,
    opened: &Opened,
    offer: Offer,
    (totp, problem): (Option<TotpOffer>, Option<&str>),
) -> Result<Response, Fault> {
    let base = tenant_path(context);
    let layout = layout_of(context, opened);
    let page = NewAuthenticatorPage {
        script: assets::passkey_script(),
        action: format!("{base}/login/new-authenticator"),
        options: format!("{base}/login/passkey/options"),
        csrf: opened.form_token.clone(),
        interaction: opened.interaction.id.to_string(),
        in_sign_in: true,
        passkey: offer.passkey && App::takes_passkeys(context),
        totp: totp.as_ref().map(totp_form).transpose()?,
        problem: problem.map(|problem| layout.messages.text(problem).into_owned()),
        layout,
    };
    Ok(html(status(problem), page.render(), &form_targets(opened)))
}

fn codes_page(context: &TenantContext, opened: &Opened, codes: Vec<String>) -> Response {
    let page = RecoveryCodesPage {
        layout: layout_of(context, opened),
        codes,
        method: "post",
        action: format!("{}/login/continue", tenant_path(context)),
        fields: vec![
            ("csrf".to_owned(), opened.form_token.clone()),
            ("interaction".to_owned(), opened.interaction.id.to_string()),
        ],
    };
    html(StatusCode::OK, page.render(), &form_targets(opened))
}

/// The status of a page that says what is wrong.
pub(super) const fn status(problem: Option<&str>) -> StatusCode {
    match problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    }
}

/// The authenticator app that a form says somebody has, if its code is right.
pub(super) async fn made_totp(
    app: &App,
    context: &TenantContext,
    user: &grantor_protocol::model::User,
    (params, messages): (&Params, Messages),
) -> Result<Option<Made>, Fault> {
    let name = authenticator_name(params.get("name"), &messages.text("totp-named"));
    let form = (params.require("ceremony")?, params.require("code")?, name.as_str());
    Ok(app.finish_totp(context, user, form).await?.map(|totp| Made::Totp(Box::new(totp))))
}

/// The passkey that a form says a browser made, if it is one.
pub(super) async fn made_passkey(
    app: &App,
    context: &TenantContext,
    user: &grantor_protocol::model::User,
    (params, messages): (&Params, Messages),
) -> Result<Option<Made>, Fault> {
    let name = authenticator_name(params.get("name"), &messages.text("passkey-named"));
    let form = (params.require("ceremony")?, params.require("credential")?, name.as_str());
    let made = app.finish_passkey_registration(context, user, form).await?;
    Ok(made.map(|(passkey, user_verified)| Made::Passkey { passkey: Box::new(passkey), user_verified }))
}

/// What a form says that somebody chose who has nothing to sign in with yet; `name` is that of a passkey.
pub(super) fn first_factor<'a>(params: &'a Params, name: &'a str) -> FirstFactor<'a> {
    match (params.get("ceremony"), params.get("credential")) {
        (Some(ceremony), Some(credential)) => FirstFactor::Passkey(ceremony, credential, name),
        _ => FirstFactor::Password(params.get("password").unwrap_or_default()),
    }
}

/// What the page shows after a wrong answer: the same secret, as the app has it already, or a new one.
pub(super) async fn again(
    app: &App,
    context: &TenantContext,
    user: &grantor_protocol::model::User,
    params: &Params,
    totp: bool,
) -> Result<(Option<TotpOffer>, &'static str), Fault> {
    if params.get("method") == Some("totp") {
        let shown = app.reopen_totp(context, user, params.require("ceremony")?).await?;
        return Ok((Some(shown), "totp-mismatch"));
    }
    let totp = match totp {
        true => Some(app.begin_totp(context, user).await?),
        false => None,
    };
    Ok((totp, "passkey-refused"))
}

/// The secret as an image and as text.
pub(super) fn totp_form(offer: &TotpOffer) -> Result<TotpForm, Fault> {
    let qr = QrImage::of(&offer.address).map_err(Fault::internal)?;
    let groups: Vec<_> = offer.secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    Ok(TotpForm { qr, secret: groups.join(" "), ceremony: offer.ceremony.to_string() })
}

/// A challenge for the script.
pub(super) fn challenge_response(challenge: &Challenge) -> Response {
    let body = json!({ "ceremony": challenge.ceremony.to_string(), "options": challenge.options });
    Response::builder()
        .content_type("application/json")
        .header(header::CACHE_CONTROL, "no-store")
        .body(body.to_string())
}
