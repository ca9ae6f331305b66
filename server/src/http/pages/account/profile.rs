//! What a person says of themselves, and the names that they sign in with.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::Params;
use grantor_protocol::model::{AccountPage, SignInIdentifier, UserProfile};
use poem::http::StatusCode;
use poem::{Request, Response};

use super::{Visit, change, view};
use crate::app::account::{ProfileRefused, Wrong};
use crate::app::{App, Fault};
use crate::http::pages::views::{AccountFrame, Field, Layout, ProfilePage};
use crate::http::pages::{html, to_sign_in};

/// Name, label, type and `autocomplete` (HTML §4.10.18.7) of what a person says of themselves.
const FIELDS: [(&str, &str, &str, &str); 8] = [
    ("name", "account-profile-name", "text", "name"),
    ("nickname", "account-profile-nickname", "text", "nickname"),
    ("given_name", "account-profile-given-name", "text", "given-name"),
    ("family_name", "account-profile-family-name", "text", "family-name"),
    ("picture", "account-profile-picture", "url", "photo"),
    ("website", "account-profile-website", "url", "url"),
    ("locale", "account-profile-locale", "text", "language"),
    ("zoneinfo", "account-profile-zoneinfo", "text", "off"),
];

/// `GET /t/:slug/account/profile`
pub async fn profile(app: Arc<App>, request: Request) -> Response {
    view(app, request, AccountPage::Profile, async |visit, request| {
        Ok(show(visit, visit.frame_after(request), None))
    })
    .await
}

/// `POST /t/:slug/account/profile`: one of the page's two forms, as `form` says.
pub async fn profile_answer(app: Arc<App>, request: Request) -> Response {
    change(app, request, AccountPage::Profile, async |visit, params| match params.get("form") {
        Some("names") => names_answer(visit, params).await,
        _ => {
            let changed = visit.app.change_profile(visit.context, &visit.signed_in, written(params)).await?;
            Ok(answered(visit, params, changed, "saved"))
        }
    })
    .await
}

async fn names_answer(visit: &Visit<'_>, params: &Params) -> Result<Response, Fault> {
    if !visit.is_fresh() {
        return Ok(to_sign_in(visit.context, visit.at));
    }
    let [username, email] = ["username", "email"].map(|name| params.get(name).unwrap_or_default().trim());
    let changed = visit.app.change_names(visit.context, &visit.signed_in, (username, email)).await?;
    Ok(answered(visit, params, changed, "changed"))
}

fn answered(
    visit: &Visit<'_>,
    params: &Params,
    changed: Result<(), Vec<ProfileRefused>>,
    done: &str,
) -> Response {
    match changed {
        Ok(()) => visit.done(done),
        Err(refused) => show(visit, visit.frame(), Some((params, &refused))),
    }
}

/// The profile that the form says; what was left empty is not there.
fn written(params: &Params) -> UserProfile {
    let value =
        |name: &str| params.get(name).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned);
    UserProfile {
        name: value("name"),
        given_name: value("given_name"),
        family_name: value("family_name"),
        nickname: value("nickname"),
        picture: value("picture"),
        website: value("website"),
        locale: value("locale"),
        zoneinfo: value("zoneinfo"),
    }
}

/// The page as things are, or with what was written and what is wrong with it.
fn show(
    visit: &Visit<'_>,
    (layout, frame): (Layout, AccountFrame),
    refused: Option<(&Params, &[ProfileRefused])>,
) -> Response {
    let user = &visit.signed_in.user;
    let of_names = refused.filter(|(params, _)| params.get("form") == Some("names"));
    let of_profile = refused.filter(|(params, _)| params.get("form") != Some("names"));
    let profile = of_profile.map_or_else(|| user.profile.clone(), |(params, _)| written(params));
    let UserProfile { name, given_name, family_name, nickname, picture, website, locale, zoneinfo } = profile;
    let values = [name, nickname, given_name, family_name, picture, website, locale, zoneinfo];
    let fields = FIELDS.into_iter().zip(values).map(|((name, label, kind, autocomplete), value)| Field {
        name,
        kind,
        autocomplete,
        label: layout.text(label).into_owned(),
        value: value.unwrap_or_default(),
        hint: hint(&layout, name),
        problem: problem(&layout, of_profile, name),
    });
    let sign_in = &visit.context.tenant.settings.sign_in;
    let typed = |name: &str| of_names.and_then(|(params, _)| params.get(name)).map(str::to_owned);
    let email = Field {
        name: "email",
        kind: "email",
        autocomplete: "email",
        label: layout.text("email").into_owned(),
        value: typed("email").or_else(|| user.email.clone()).unwrap_or_default(),
        hint: hint(&layout, "email"),
        problem: problem(&layout, of_names, "email"),
    };
    let username = sign_in.change_username.then(|| Field {
        name: "username",
        kind: "text",
        autocomplete: "username",
        label: layout.text("sign-in-identifier-username").into_owned(),
        value: typed("username").unwrap_or_else(|| user.username.clone()),
        hint: None,
        problem: problem(&layout, of_names, "username"),
    });
    let page = ProfilePage {
        fields: fields.collect(),
        username: user.username.clone(),
        // Where nobody signs in with it, it means nothing to anybody.
        show_username: sign_in.identifier != SignInIdentifier::Email,
        email: user.email.clone(),
        email_verified: user.email_verified,
        is_fresh: visit.is_fresh(),
        names: username.into_iter().chain([email]).collect(),
        action: visit.action(),
        sign_in: visit.sign_in_address(),
        layout,
        frame,
    };
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    html(status, page.render(), &[])
}

fn hint(layout: &Layout, field: &str) -> Option<String> {
    let id = match field {
        "locale" => "account-profile-locale-hint",
        "zoneinfo" => "account-profile-zoneinfo-hint",
        "email" => "account-names-email-hint",
        _ => return None,
    };
    Some(layout.text(id).into_owned())
}

fn problem(layout: &Layout, refused: Option<(&Params, &[ProfileRefused])>, field: &str) -> Option<String> {
    let (_, refused) = refused?;
    let id = match refused.iter().find(|refused| refused.field == field)?.wrong {
        Wrong::Missing => "account-wrong-missing",
        Wrong::Unusable => "account-wrong-unusable",
        Wrong::NoWebAddress => "account-wrong-address",
        Wrong::NoEmail => "account-wrong-email",
        Wrong::NoLanguage => "account-wrong-language",
        Wrong::NoTimeZone => "account-wrong-zone",
        Wrong::Taken => "account-wrong-taken",
    };
    Some(layout.text(id).into_owned())
}
