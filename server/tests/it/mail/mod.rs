//! Messages to people, and what their links do.

mod delivery;
mod invitation;
mod magic_link;
mod recovery;

use grantor_protocol::model::{Tenant, User};

use crate::support::{Answer, Browser, TestApp, TestTenant};

/// Another password than everybody's.
const ANOTHER: &str = "staple and a green elephant";

impl TestTenant {
    /// The page that asks for the address of a forgotten password's account.
    async fn recover_page(&self, app: &TestApp, browser: &mut Browser) -> Answer {
        let page = browser.get(app, &self.path("/recover")).await;
        assert_eq!(page.status, 200, "{page:?}");
        page
    }

    /// Asks for a link to choose a new password.
    async fn recover(&self, app: &TestApp, browser: &mut Browser, email: &str) -> Answer {
        let csrf = self.recover_page(app, browser).await.field("csrf");
        browser.post(app, &self.path("/recover"), &[("csrf", &csrf), ("email", email)]).await
    }

    /// Answers a page that a link leads to.
    async fn choose(&self, app: &TestApp, link: &str, password: &str) -> Answer {
        let (path, secret) = link.split_once("?link=").unwrap();
        Browser::default().post(app, path, &[("link", secret), ("password", password)]).await
    }

    /// Whether the person signs in with this password.
    async fn signs_in_with(&self, app: &TestApp, password: &str) -> bool {
        self.signs_in_at(app, &mut Browser::default(), password).await
    }

    async fn signs_in_at(&self, app: &TestApp, browser: &mut Browser, password: &str) -> bool {
        let begun = browser.get(app, &self.path("/login")).await;
        let page = browser.follow(app, &begun).await;
        let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
        let form = [
            ("csrf", csrf.as_str()),
            ("interaction", &interaction),
            ("username", "ada"),
            ("password", password),
        ];
        browser.post(app, &self.path("/login"), &form).await.status == 303
    }

    /// A person who has no password yet.
    async fn newcomer(&self, app: &TestApp) -> User {
        let user = User {
            id: grantor_protocol::Id::generate(self.tenant.created_at, app.app.entropy.as_ref()),
            username: "grace".to_owned(),
            email: Some("grace@acme.example".to_owned()),
            email_verified: false,
            password: None,
            ..self.user.clone()
        };
        app.app.store.tenant(self.tenant.id).create_user(&user, vec![]).await.unwrap();
        user
    }
}

impl TestApp {
    async fn user(&self, tenant: &Tenant, user: &User) -> User {
        self.app.store.tenant(tenant.id).user(user.id).await.unwrap().unwrap()
    }
}
