//! No page lets a value out of its place, whatever the value is.

use std::collections::BTreeSet;

use askama::Template;
use grantor_protocol::sign_in::Offer;

use super::*;

/// Makes values that break out of text, of an attribute and of a link where they are not escaped, each with a number.
/// The empty variant leaves out all that may be left out.
struct Hostile {
    made: usize,
    /// Values of the program's own, which are harmless and as different as these.
    own: usize,
    empty: bool,
    /// What is so and what is not, a bit each.
    flags: u32,
}

trait Made {
    fn made(by: &mut Hostile) -> Self;
}

impl Made for String {
    fn made(by: &mut Hostile) -> Self {
        by.made += 1;
        format!("https://{}.example/\"'><script>alert({})</script>", by.made, by.made)
    }
}

impl Made for u32 {
    fn made(_: &mut Hostile) -> Self {
        12
    }
}

impl Made for &'static str {
    fn made(by: &mut Hostile) -> Self {
        by.own += 1;
        format!("own-{}", by.own).leak()
    }
}

impl Made for bool {
    fn made(by: &mut Hostile) -> Self {
        let flag = by.flags & 1 == 1;
        by.flags = by.flags.rotate_right(1);
        flag
    }
}

impl Made for Messages {
    fn made(_: &mut Hostile) -> Self {
        Self::english()
    }
}

impl Made for QrImage {
    fn made(_: &mut Hostile) -> Self {
        Self::of("otpauth://totp/a").unwrap()
    }
}

impl<T: Made> Made for Option<T> {
    fn made(by: &mut Hostile) -> Self {
        if by.empty { None } else { Some(T::made(by)) }
    }
}

impl<T: Made> Made for Vec<T> {
    fn made(by: &mut Hostile) -> Self {
        if by.empty { Vec::new() } else { vec![T::made(by), T::made(by)] }
    }
}

impl<A: Made, B: Made> Made for (A, B) {
    fn made(by: &mut Hostile) -> Self {
        (A::made(by), B::made(by))
    }
}

/// Every field is made, so that a test cannot put something harmless into one; the compiler asks for those left out.
macro_rules! made {
    ($($name:ident { $($field:ident),+ $(,)? })+) => {
        $(impl Made for $name {
            fn made(by: &mut Hostile) -> Self {
                Self { $($field: Made::made(by)),+ }
            }
        })+
    };
}

made! {
    Layout { tenant_name, stylesheet, theme, brand, messages }
    Brand { logo, policy_uri, tos_uri, support_uri, footer }
    ScopeLine { name, description }
    ReturnLink { host, address }
    DeviceNotice { user_code, requested, requested_exact, requested_from }
    ProviderChoice { name, display_name }
    ProviderLine { name, display_name, since, since_exact, action }
    Application { client_id, client_name, scopes, since, since_exact }
    AccountFrame { items, csrf, sign_out_action, notice }
    NavigationItem { address, text, current }
    Field { name, kind, autocomplete, label, value, hint, problem }
    PasskeySignIn { script, action, options }
    Offer { passkey, totp, recovery_code }
    TotpForm { qr, secret, ceremony }
    Held { id, name, synced, added, used }
    DeviceLine { client_name, since, since_exact, address }
    SessionLine { id, device, address, since, since_exact, current }
}

struct Rendered {
    name: &'static str,
    values: usize,
    html: String,
}

macro_rules! pages {
    ($($name:ident $fields:tt)+) => {
        made! { $($name $fields)+ }

        fn pages(empty: bool, flags: u32) -> Vec<Rendered> {
            vec![$({
                let mut by = Hostile { made: 0, own: 0, empty, flags };
                let html = $name::made(&mut by).render().unwrap();
                Rendered { name: stringify!($name), values: by.made, html }
            }),+]
        }
    };
}

pages! {
    SignInPage {
        layout, action, csrf, interaction, identifier, username, client_name, own_text, passkey, recover, magic_link_action,
        problem, mismatch, upstream_action, providers, password_optional,
    }
    RecoverPage { layout, action, csrf, email, problem, sign_in }
    NewPasswordPage { layout, title, lead, action, link, username, min_length, button, passkey, options, problem }
    ConfirmLinkPage { layout, title, message, action, link, csrf, button }
    NoticePage { layout, title, done, message, next }
    LeavePage { layout, provider_name, address }
    ProvidersPage { layout, frame, providers, problem }
    SecondFactorPage {
        layout, script, action, options, csrf, interaction, user_name, offer, remember_days, sign_in, problem,
    }
    NewAuthenticatorPage {
        layout, script, action, options, csrf, interaction, in_sign_in, passkey, totp, problem,
    }
    RecoveryCodesPage { layout, codes, method, action, fields }
    SecurityPage {
        layout, may_change, frame, action, passkeys, apps, recovery_codes, sign_in, add, recovery_action,
    }
    ConsentPage {
        layout, action, csrf, interaction, trusted, client_name, client_logo, client_host, warning, client_uri,
        return_host, device, user_name, user_email, scopes, resources, policy_uri, tos_uri,
    }
    ActivatePage { layout, action, csrf, user_code, problem }
    DevicePage { layout, title, message, done }
    ErrorPage { layout, title, message, code, sign_in, correlation_id }
    FormPostPage { layout, script, action, fields, client_name }
    OverviewPage {
        layout, frame, user_name, email, profile_address, email_unverified, verify_action, password_address, password, sessions_address, sessions,
        this_device, applications_address, applications, clients,
    }
    ProfilePage {
        layout, frame, action, fields, show_username, username, email, email_verified, is_fresh, names, sign_in,
    }
    PasswordPage { layout, frame, action, username, has_password, may_set, sign_in, least, wrong_current, problem }
    SessionsPage { layout, frame, action, sessions, others }
    DevicesPage { layout, frame, devices, activate, queue }
    ApplicationsPage { layout, frame, revoke_action, applications }
    DataPage { layout, frame, action, is_fresh, sign_in, deletion }
    DeletionPage { layout, frame, action, allowed, is_fresh, sign_in, username, problem }
    DeletedPage { layout }
    SignOutPage { layout, action, csrf, user_name, client_name, fields, problem }
    SignedOutPage { layout, sign_in, return_to }
    SetupPage { layout, action, setup, email, passkey, options, problem }
}

/// No page asks for more than these five.
const FLAGS: std::ops::Range<u32> = 0..32;

fn full_and_empty() -> Vec<Rendered> {
    FLAGS.flat_map(|flags| [pages(false, flags), pages(true, flags)]).flatten().collect()
}

#[test]
fn no_page_is_forgotten() {
    let source = concat!(
        include_str!("../views.rs"),
        include_str!("account.rs"),
        include_str!("recovery.rs"),
        include_str!("second_factor.rs"),
        include_str!("upstream.rs")
    );
    let declared: BTreeSet<&str> = source
        .split("#[derive(Template")
        .skip(1)
        .filter_map(|rest| rest.split_once("pub struct ")?.1.split([' ', '<', ';', '(']).next())
        .collect();
    let tested: BTreeSet<&str> = pages(true, 0).iter().map(|page| page.name).collect();
    assert_eq!(declared, tested);
}

#[test]
fn every_value_is_escaped() {
    for Rendered { name, html, .. } in full_and_empty() {
        assert!(!html.contains("<script>"), "{name}: {html}");
        assert!(!html.contains("\"'>"), "{name} lets a value out of its attribute: {html}");
    }
    // What a page shows may depend on what is so.
    let full: Vec<Vec<Rendered>> = FLAGS.map(|flags| pages(false, flags)).collect();
    for (index, Rendered { name, values, .. }) in full[0].iter().enumerate() {
        for number in 1..=*values {
            let escaped = format!(".example/&#34;&#39;&#62;&#60;script&#62;alert({number})&#60;/script&#62;");
            let shown = full.iter().any(|pages| pages[index].html.contains(&escaped));
            assert!(shown, "{name} does not show value {number}");
        }
    }
}

#[test]
fn a_strict_content_security_policy_is_enough() {
    for Rendered { name, html, .. } in full_and_empty() {
        for tag in
            html.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag.to_lowercase())
        {
            let element = tag.split_whitespace().next().unwrap_or_default();
            assert!(!["style", "iframe", "object", "embed", "base"].contains(&element), "{name}: <{tag}>");
            assert!(element != "script" || tag.contains(" src="), "{name}: <{tag}>");
            for attribute in tag.split_whitespace().skip(1) {
                let attribute = attribute.split('=').next().unwrap_or_default();
                assert!(attribute != "style" && !attribute.starts_with("on"), "{name}: <{tag}>");
            }
        }
        assert!(!html.contains("javascript:"), "{name}");
    }
}

#[test]
fn every_label_and_description_has_its_element() {
    for Rendered { name, html, .. } in full_and_empty() {
        for attribute in ["for", "aria-describedby", "aria-labelledby"] {
            let start = format!(" {attribute}=\"");
            let values = html.split(&start).skip(1).filter_map(|rest| rest.split('"').next());
            for id in values.flat_map(str::split_whitespace) {
                let found = html.matches(&format!(" id=\"{id}\"")).count();
                assert_eq!(found, 1, "{name}: {attribute} names `{id}`");
            }
        }
        assert_eq!(html.matches("<main").count(), 1, "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
    }
}

#[test]
fn the_title_names_the_page_and_the_tenant() {
    let layout = Layout {
        tenant_name: "Acme".into(),
        stylesheet: "/assets/pages.css".into(),
        theme: "/t/acme/theme.css".into(),
        brand: Brand::default(),
        messages: Messages::english(),
    };
    let html = SignedOutPage { layout, sign_in: None, return_to: None }.render().unwrap();
    assert!(html.starts_with("<!doctype html>\n<html lang=\"en\" dir=\"ltr\">"), "{html}");
    assert!(html.contains("<title>Signed out · Acme</title>"), "{html}");
}

#[test]
fn a_client_links_to_the_web_only() {
    let link = |uri: &str| web_link(&Some(uri.to_owned())).is_some();
    assert!(link("https://app.example/privacy") && link("http://localhost:3000/"));
    assert!(!link("javascript:alert(1)") && !link("data:text/html,x") && !link("//app.example"));
}

#[test]
fn a_monogram_is_the_first_letter() {
    assert_eq!(monogram("acme"), "A");
    assert_eq!(monogram("  (Ökologie)"), "Ö");
    assert_eq!(monogram("7 Seas"), "7");
    assert_eq!(monogram("!?"), "•");
}

/// An image that cannot be had takes no room as long as it has no text and no size here.
#[test]
fn a_logo_comes_with_its_letter() {
    let page = |client_logo: Option<&str>| {
        let mut by = Hostile { made: 0, own: 0, empty: true, flags: 0 };
        let client_logo = client_logo.map(str::to_owned);
        let page = ConsentPage { client_name: "planner".into(), client_logo, ..ConsentPage::made(&mut by) };
        page.render().unwrap()
    };
    let with = page(Some("/t/acme/client-logo?v=1"));
    let image = "<img src=\"/t/acme/client-logo?v=1\" alt=\"\"><span>P</span></span>";
    assert!(with.contains(image), "{with}");
    let without = page(None);
    assert!(!without.contains("<img") && without.contains(">P</span>"), "{without}");
}
