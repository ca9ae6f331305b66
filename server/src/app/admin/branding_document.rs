//! How a tenant's pages look, as the admin API tells it, and back.

use grantor_api as api;
use grantor_protocol::metadata::UI_LOCALES;
use grantor_protocol::model::{Branding, TenantTexts};
use grantor_protocol::registration::check_web_page;

use super::FieldFault;

/// Longest text of a tenant's own, in characters. It is the description's too.
const LONGEST_TEXT: usize = 500;

pub(super) fn check(branding: &api::Branding, faults: &mut Vec<FieldFault>) {
    let mut fault = |member: String, detail: String| {
        faults.push(FieldFault::new(format!("/settings/branding/{member}"), detail));
    };
    for (name, color) in
        [("primary_color", &branding.primary_color), ("background_color", &branding.background_color)]
    {
        if color.as_deref().is_some_and(|color| !is_color(color)) {
            fault(name.to_owned(), "must be a colour such as #1a73e8".to_owned());
        }
    }
    for (name, uri) in [
        ("logo_uri", &branding.logo_uri),
        ("policy_uri", &branding.policy_uri),
        ("tos_uri", &branding.tos_uri),
        ("support_uri", &branding.support_uri),
    ] {
        if let Some(Err(detail)) = uri.as_deref().map(check_web_page) {
            fault(name.to_owned(), detail);
        }
    }
    for (locale, texts) in &branding.texts {
        if !UI_LOCALES.contains(&locale.as_str()) {
            fault("texts".to_owned(), format!("has languages other than {}", UI_LOCALES.join(", ")));
            continue;
        }
        for (name, text) in [("sign_in", &texts.sign_in), ("footer", &texts.footer)] {
            if text.as_deref().is_some_and(|text| !is_text(text)) {
                let detail =
                    format!("must be 1 to {LONGEST_TEXT} characters, none of them a control character");
                fault(format!("texts/{locale}/{name}"), detail);
            }
        }
    }
}

fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= LONGEST_TEXT && !text.chars().any(char::is_control)
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

pub(super) fn document(branding: &Branding) -> api::Branding {
    let Branding { primary_color, background_color, logo_uri, policy_uri, tos_uri, support_uri, texts } =
        branding.clone();
    let texts = texts
        .into_iter()
        .map(|(locale, TenantTexts { sign_in, footer })| (locale, api::TenantTexts { sign_in, footer }));
    let texts = texts.collect();
    api::Branding { primary_color, background_color, logo_uri, policy_uri, tos_uri, support_uri, texts }
}

pub(super) fn model(branding: &api::Branding) -> Branding {
    let api::Branding { primary_color, background_color, logo_uri, policy_uri, tos_uri, support_uri, texts } =
        branding.clone();
    let texts = texts
        .into_iter()
        .map(|(locale, api::TenantTexts { sign_in, footer })| (locale, TenantTexts { sign_in, footer }));
    // A language without texts is one that the tenant does not speak.
    let texts = texts.filter(|(_, texts)| *texts != TenantTexts::default()).collect();
    Branding { primary_color, background_color, logo_uri, policy_uri, tos_uri, support_uri, texts }
}
