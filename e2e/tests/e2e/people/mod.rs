//! What people do who sign in and look after their account, as one whole walk. It is walked in English and in German,
//! looking at every page on the way, and once more without scripts.

mod account;
mod app;
mod factors;
mod mailed;

use crate::acme::{Acme, pictures};
use anyhow::{Context, ensure};
use grantor_e2e::{
    Browser, Database, Landing,
    browser::{DESK, PHONE},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use thirtyfour::By;
use tokio::sync::Mutex;

/// Text of a page in each [`Language`].
type Words = [&'static str; 2];

#[derive(Clone, Copy)]
enum Language {
    English,
    German,
}

const ALLOW: &str = "button[name=decision][value=allow]";

/// Somebody at a browser, and all that they come to.
struct Visit {
    acme: Acme,
    landing: Landing,
    browser: Browser,
    language: Language,
    /// Whether pages are looked at, which takes scripts.
    looks: bool,
    /// The pages that were looked at already.
    seen: Mutex<BTreeSet<String>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_english_on_sqlite() -> anyhow::Result<()> {
    let browser = Browser::start_in("en-GB").await?;
    Visit::new(Database::Sqlite, browser, (Language::English, true)).await?.walk().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_german_on_postgres() -> anyhow::Result<()> {
    let browser = Browser::start_in("de-AT,de").await?;
    Visit::new(Database::Postgres, browser, (Language::German, true)).await?.walk().await
}

/// Scripts are for passkeys only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_scripts() -> anyhow::Result<()> {
    let browser = Browser::start_without_scripts().await?;
    browser
        .open("data:text/html,<p>still here</p><script>document.body.textContent = 'run'</script>")
        .await?;
    browser.shows("still here").await.context("scripts run")?;
    Visit::new(Database::Sqlite, browser, (Language::English, false)).await?.walk().await
}

impl Visit {
    /// A tenant with all that people can be offered: `acme` with its user, and another who is called `grace`.
    async fn new(
        database: Database,
        browser: Browser,
        (language, looks): (Language, bool),
    ) -> anyhow::Result<Self> {
        let (acme, landing) = (Acme::start(database).await?, Landing::start().await?);
        acme.create_public_client("planner", landing.redirect_uri()).await?;
        acme.admin.create_user("acme", "grace", "Grace Hopper").await?;
        let provider = json!({
            "display_name": "The Corporation",
            "issuer": "https://id.corporation.example",
            "client_id": "acme",
        });
        let made = acme.admin.call(Method::PUT, "tenants/acme/identity-providers/corp", &provider).await?;
        made.expect(StatusCode::CREATED)?;
        let visit = Self { acme, landing, browser, language, looks, seen: Mutex::default() };
        visit.set_sign_in(json!({ "magic_link": true, "account_deletion": true })).await?;
        visit.brand().await?;
        Ok(visit)
    }

    async fn walk(self) -> anyhow::Result<()> {
        account::walk(&self).await.context("the account")?;
        factors::walk(&self).await.context("the second factor")?;
        mailed::walk(&self).await.context("links in mails")?;
        self.expect_no_complaints("the walk").await?;
        Ok(self.browser.driver.quit().await?)
    }

    /// Gives the tenant words and links of its own, which every page carries.
    async fn brand(&self) -> anyhow::Result<()> {
        let texts = |sign_in: &str| json!({ "sign_in": sign_in, "footer": "Acme Works, 1 Harbour Road" });
        let branding = json!({
            "policy_uri": "https://acme.example/privacy",
            "tos_uri": "https://acme.example/terms",
            "support_uri": "https://acme.example/help",
            "texts": { "en": texts("Use the address that you gave us."), "de": texts("Mit Ihrer Adresse.") },
        });
        let settings = json!({ "settings": { "branding": branding } });
        self.acme.admin.call(Method::PATCH, "tenants/acme", &settings).await?.expect(StatusCode::OK).map(drop)
    }

    /// Changes how people of the tenant sign in.
    async fn set_sign_in(&self, policy: Value) -> anyhow::Result<()> {
        let settings = json!({ "settings": { "sign_in": policy } });
        self.acme.admin.call(Method::PATCH, "tenants/acme", &settings).await?.expect(StatusCode::OK).map(drop)
    }

    const fn tag(&self) -> &'static str {
        match self.language {
            Language::English => "en",
            Language::German => "de",
        }
    }

    /// Waits for the page that shows these words, in the right language, and looks at it the first time.
    async fn at(&self, name: &str, words: Words) -> anyhow::Result<()> {
        let shown = self.shows(words).await.with_context(|| name.to_owned())?;
        ensure!(!shown.contains("{$") && !shown.contains("{ $"), "a message lacks something: {shown}");
        self.browser.find(&format!("html[lang={}]", self.tag())).await?;
        for hidden in self.browser.driver.find_all(By::Css("[hidden]")).await? {
            ensure!(!hidden.is_displayed().await?, "{name} shows what is hidden: {}", hidden.text().await?);
        }
        if !self.looks || !self.seen.lock().await.insert(name.to_owned()) {
            return Ok(());
        }
        let name = format!("{}-{name}", self.tag());
        self.browser.check_layout(&pictures(), &name).await?;
        self.expect_wide_buttons(&name).await?;
        self.browser.check_accessibility(&name).await?;
        self.expect_no_complaints(&name).await
    }

    /// Nothing may squeeze a button until its letters are one below the other.
    async fn expect_wide_buttons(&self, name: &str) -> anyhow::Result<()> {
        const SQUEEZED: &str = "return [...document.querySelectorAll('.button')] \
            .filter((button) => button.offsetHeight > button.offsetWidth).map((button) => button.textContent.trim())";
        for device in [PHONE, DESK] {
            self.browser.resize(device).await?;
            let squeezed: Vec<String> = self.browser.driver.execute(SQUEEZED, vec![]).await?.convert()?;
            ensure!(squeezed.is_empty(), "{name}: {squeezed:?} on {device:?}");
        }
        Ok(())
    }

    async fn expect_no_complaints(&self, name: &str) -> anyhow::Result<()> {
        let complaints = self.browser.complaints().await?;
        ensure!(complaints.is_empty(), "the browser complains about {name}: {complaints:#?}");
        Ok(())
    }

    /// Waits until the page shows these words, and gives its whole text.
    async fn shows(&self, words: Words) -> anyhow::Result<String> {
        self.browser.shows(words[self.language as usize]).await
    }

    /// Opens a page of the tenant.
    async fn open(&self, path: &str) -> anyhow::Result<()> {
        self.browser.open(&format!("{}{path}", self.acme.issuer)).await
    }

    /// Opens an authorization request of the client `planner`.
    async fn ask(&self, extra: &[(&str, &str)]) -> anyhow::Result<()> {
        let common = [("scope", "openid profile email offline_access")];
        let parameters = [&common, extra].concat();
        let request = self.acme.authorization_request("planner", self.landing.redirect_uri(), &parameters)?;
        self.browser.open(&request).await
    }

    /// The claims of the ID token with which `planner` is answered.
    async fn arrived(&self) -> anyhow::Result<Value> {
        let code = self.landing.next().await?.require("code")?.to_owned();
        let tokens = self.acme.exchange("planner", self.landing.redirect_uri(), &code).await?;
        let token = tokens["id_token"].as_str().context("no ID token")?;
        Ok(jsonwebtoken::dangerous::insecure_decode::<Value>(token)?.claims)
    }

    /// Expects that somebody does not get in with this password.
    async fn expect_refused(&self, username: &str, password: &str) -> anyhow::Result<()> {
        self.browser.sign_in(username, password).await?;
        self.shows(MISMATCH).await.map(drop)
    }

    /// The texts of all elements.
    async fn texts(&self, css: &str) -> anyhow::Result<Vec<String>> {
        self.browser.find(css).await?;
        let mut texts = vec![];
        for element in self.browser.driver.find_all(By::Css(css)).await? {
            texts.push(element.text().await?);
        }
        Ok(texts)
    }

    /// A list of the admin API's.
    async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let page = self.acme.admin.call(Method::GET, path, &Value::Null).await?.expect(StatusCode::OK)?;
        Ok(page["items"].as_array().with_context(|| format!("no items: {page}"))?.clone())
    }
}

const MISMATCH: Words = ["That name and password do not match", "Name und Passwort passen nicht zusammen"];
const OVERVIEW: Words = ["Your account", "Ihr Konto"];
const RECOVERY_CODES: Words = ["Keep these recovery codes", "Bewahren Sie diese Codes auf"];
