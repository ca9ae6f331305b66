//! A person's own pages. Each is in the same frame: what there is besides, and the way out.

mod applications;
mod data;
mod devices;
mod password;
mod profile;
mod providers;
mod security;
mod sessions;

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::AccountPage;
use grantor_protocol::{Params, Secret};
use poem::http::StatusCode;
use poem::{Request, Response};

use super::interaction::{form_page, page};
use super::views::{AccountFrame, Layout, NavigationItem, OverviewPage};
use super::{html, layout, see_other, tenant_path};
use crate::app::authorize::{Browser, SignedIn};
use crate::app::{App, Fault, TenantContext};
use crate::http::extract;

pub use applications::{applications, applications_revoke};
pub use data::{data, data_download, deletion, deletion_answer};
pub use devices::devices;
pub use password::{password, password_answer};
pub use profile::{profile, profile_answer};
pub(super) use providers::not_linked;
pub use providers::{account_link, account_providers, account_unlink};
pub use security::{
    security, security_add, security_add_answer, security_options, security_recovery, security_remove,
};
pub use sessions::{sessions, sessions_answer};

/// The pages that there are, in the order in which they are offered, and what they are called.
const NAVIGATION: [(AccountPage, &str); 9] = [
    (AccountPage::Overview, "account-nav-overview"),
    (AccountPage::Profile, "account-nav-profile"),
    (AccountPage::Password, "account-nav-password"),
    (AccountPage::Security, "account-nav-security"),
    (AccountPage::Providers, "account-nav-providers"),
    (AccountPage::Sessions, "account-nav-sessions"),
    (AccountPage::Applications, "account-nav-applications"),
    (AccountPage::Devices, "account-nav-devices"),
    (AccountPage::Data, "account-nav-data"),
];

/// What was just done, as the query of the page that says so.
const DONE: [(&str, &str); 12] = [
    ("saved", "account-done-saved"),
    ("password", "account-done-password"),
    ("ended", "account-done-ended"),
    ("others", "account-done-others"),
    ("removed", "account-done-removed"),
    ("changed", "account-done-names"),
    ("linked", "account-providers-linked"),
    ("unlinked", "account-providers-unlinked"),
    ("last-way", "upstream-last-way"),
    ("added-factor", "security-was-added"),
    ("removed-factor", "security-removed"),
    ("sent", "account-done-sent"),
];

/// Where a page of a person's account is.
pub(super) fn address(context: &TenantContext, page: AccountPage) -> String {
    let base = tenant_path(context);
    match page {
        AccountPage::Overview => format!("{base}/account"),
        page => format!("{base}/account/{}", page.as_str()),
    }
}

/// Sends somebody through the sign-in page, and from there to a page of their account.
pub(super) fn to_sign_in(context: &TenantContext, page: AccountPage) -> Response {
    see_other(&sign_in_address(context, page))
}

fn sign_in_address(context: &TenantContext, page: AccountPage) -> String {
    let base = tenant_path(context);
    match page {
        AccountPage::Overview => format!("{base}/login"),
        page => format!("{base}/login?page={}", page.as_str()),
    }
}

/// Somebody who is signed in, at a page of their account.
pub(super) struct Visit<'a> {
    pub app: &'a Arc<App>,
    pub context: &'a Arc<TenantContext>,
    pub browser: &'a Browser,
    pub signed_in: SignedIn,
    /// Of the session: the page's forms belong to it.
    pub cookie: &'a Secret,
    pub at: AccountPage,
}

impl Visit<'_> {
    /// The hidden field of the page's forms.
    pub fn csrf(&self) -> String {
        self.app.forms.token(self.cookie)
    }

    /// Where the page's forms go.
    pub fn action(&self) -> String {
        address(self.context, self.at)
    }

    /// The frame of the page, and the texts to write it with.
    pub fn frame(&self) -> (Layout, AccountFrame) {
        let layout = layout(self.context);
        // Where there are no other providers there is nothing to link.
        let has_providers = !self.context.identity_providers.is_empty();
        let offered =
            NAVIGATION.into_iter().filter(|(page, _)| *page != AccountPage::Providers || has_providers);
        let items = offered.map(|(page, text)| NavigationItem {
            address: address(self.context, page),
            text: layout.text(text).into_owned(),
            current: page == self.at || (page == AccountPage::Data && self.at == AccountPage::Deletion),
        });
        let frame = AccountFrame {
            items: items.collect(),
            csrf: self.csrf(),
            sign_out_action: format!("{}/logout", tenant_path(self.context)),
            notice: None,
        };
        (layout, frame)
    }

    /// [`Self::frame`] with what was just done, where the page's address says it.
    pub fn frame_after(&self, request: &Request) -> (Layout, AccountFrame) {
        let (layout, frame) = self.frame();
        let done = DONE.into_iter().find(|(query, _)| request.uri().query() == Some(query));
        let notice = done.map(|(_, text)| layout.text(text).into_owned());
        (layout, AccountFrame { notice, ..frame })
    }

    /// Back to the page, which says what was done.
    pub fn done(&self, query: &str) -> Response {
        see_other(&format!("{}?{query}", self.action()))
    }

    /// Whether they proved who they are a short while ago.
    pub fn is_fresh(&self) -> bool {
        self.signed_in.session.is_fresh(self.app.clock.now())
    }

    /// Where they do that once more and come back to this page.
    pub fn sign_in_address(&self) -> String {
        sign_in_address(self.context, self.at)
    }
}

/// Shows a page of the account to whoever is signed in; everybody else signs in first.
pub(super) async fn view(
    app: Arc<App>,
    request: Request,
    at: AccountPage,
    show: impl AsyncFnOnce(&Visit<'_>, &Request) -> Result<Response, Fault>,
) -> Response {
    page(app, request, async |app, context, request| {
        let browser = extract::browser(app, context, request);
        match visit(app, context, &browser, at).await? {
            None => Ok(to_sign_in(context, at)),
            Some(visit) => show(&visit, request).await,
        }
    })
    .await
}

/// Takes a form of a page of the account, which has to be of this very session.
pub(super) async fn change(
    app: Arc<App>,
    request: Request,
    at: AccountPage,
    answer: impl AsyncFnOnce(&Visit<'_>, &Params) -> Result<Response, Fault>,
) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        match visit(app, context, browser, at).await? {
            None => Ok(to_sign_in(context, at)),
            Some(visit) => {
                app.forms.check(Some(visit.cookie), params.get("csrf").unwrap_or_default())?;
                answer(&visit, params).await
            }
        }
    })
    .await
}

async fn visit<'a>(
    app: &'a Arc<App>,
    context: &'a Arc<TenantContext>,
    browser: &'a Browser,
    at: AccountPage,
) -> Result<Option<Visit<'a>>, Fault> {
    let signed_in = app.signed_in(context.tenant.id, browser.session.as_ref()).await?;
    let found = signed_in.zip(browser.session.as_ref());
    Ok(found.map(|(signed_in, cookie)| Visit { app, context, browser, signed_in, cookie, at }))
}

/// `GET /t/:slug/account`
pub async fn account(app: Arc<App>, request: Request) -> Response {
    view(app, request, AccountPage::Overview, async |visit, request| {
        let (layout, frame) = visit.frame_after(request);
        let Visit { app, context, signed_in, .. } = visit;
        let sessions = app.own_sessions(context, signed_in).await?;
        let clients = applications::names(app.consents(context, signed_in).await?);
        let user = &signed_in.user;
        let page = OverviewPage {
            user_name: user.display_name().to_owned(),
            email: user.email.clone().filter(|email| email != user.display_name()),
            password: user.password.is_some(),
            password_address: address(context, AccountPage::Password),
            profile_address: address(context, AccountPage::Profile),
            sessions_address: address(context, AccountPage::Sessions),
            sessions: layout.with("account-overview-sessions-count", &[("count", sessions.len())]),
            this_device: layout.messages.device(signed_in.session.origin.user_agent.as_deref()),
            applications_address: address(context, AccountPage::Applications),
            applications: layout.with("account-overview-applications-count", &[("count", clients.len())]),
            clients: clients.into_iter().take(5).collect(),
            email_unverified: user.email.is_some() && !user.email_verified,
            verify_action: format!("{}/account/verify", tenant_path(context)),
            layout,
            frame,
        };
        Ok(html(StatusCode::OK, page.render(), &[]))
    })
    .await
}
