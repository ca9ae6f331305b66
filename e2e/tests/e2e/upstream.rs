//! Signing in at `acme` through another OpenID Connect provider: the tenant `corp` of the same server.

use crate::acme::{Acme, USERNAME, pictures};
use anyhow::{Context, ensure};
use grantor_e2e::{Browser, Database, Installation, Landing, admin::USER_PASSWORD};
use http::{Method, StatusCode};
use serde_json::{Value, json};

on_both_databases!(a_person_from_elsewhere, an_address_is_nobody_until_it_is_linked);

const ALLOW: &str = "button[name=decision][value=allow]";
const DENY: &str = "button[name=decision][value=deny]";
const CORP: &str = "button[name=provider][value=corp]";

/// `acme` with the provider `corp`, which knows `grace` and somebody with the address of `acme`'s own user; the place
/// that `acme`'s client is answered at, and a browser.
struct World {
    acme: Acme,
    landing: Landing,
    browser: Browser,
    database: Database,
}

impl World {
    async fn new(database: Database) -> anyhow::Result<Self> {
        let mut installation = Installation::new(database).await?;
        installation.set("GRANTOR_ALLOW_PRIVATE_NETWORK", "true");
        let server = installation.migrate_and_start(database).await?;
        let acme = Acme::of(installation, server).await?;
        let landing = Landing::start().await?;
        acme.create_public_client("planner", landing.redirect_uri()).await?;

        let corp = json!({ "slug": "corp", "name": "The Corporation" });
        acme.admin.call(Method::POST, "tenants", &corp).await?.expect(StatusCode::CREATED)?;
        for (username, name) in [("grace", "Grace Hopper"), (USERNAME, "Somebody Else")] {
            acme.admin.create_user("corp", username, name).await?;
        }
        let client = json!({
            "client_name": "Acme Works",
            "redirect_uris": [format!("{}/login/callback", acme.issuer)],
            "scope": "openid profile email",
        });
        let secret = acme.admin.create_confidential_client("corp", "acme", client).await?;
        let provider = json!({
            "display_name": "Corp",
            "issuer": acme.installation.issuer("corp"),
            "client_id": "acme",
            "client_secret": secret,
        });
        let made = acme.admin.call(Method::PUT, "tenants/acme/identity-providers/corp", &provider).await?;
        let made = made.expect(StatusCode::CREATED)?;
        ensure!(made["redirect_uri"] == format!("{}/login/callback", acme.issuer), "{made}");
        Ok(Self { acme, landing, browser: Browser::start().await?, database })
    }

    /// Opens an authorization request of the client and presses the provider's button.
    async fn leave(&self) -> anyhow::Result<()> {
        let scope = [("scope", "openid profile email")];
        let request = self.acme.authorization_request("planner", self.landing.redirect_uri(), &scope)?;
        self.browser.open(&request).await?;
        self.browser.press(CORP).await
    }

    /// Leaves for the provider, where nobody is signed in, and says there who they are.
    async fn leave_as(&self, username: &str) -> anyhow::Result<()> {
        self.browser.forget_everybody().await?;
        self.leave().await?;
        self.browser.shows("to continue to Acme Works").await?;
        self.browser.sign_in(username, USER_PASSWORD).await
    }

    /// The claims of the ID token that the client gets.
    async fn arrived(&self) -> anyhow::Result<Value> {
        let code = self.landing.next().await?.require("code")?.to_owned();
        let tokens = self.acme.exchange("planner", self.landing.redirect_uri(), &code).await?;
        let token = tokens["id_token"].as_str().context("no ID token")?;
        Ok(jsonwebtoken::dangerous::insecure_decode::<Value>(token)?.claims)
    }

    async fn get(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let page = self.acme.admin.call(Method::GET, path, &Value::Null).await?.expect(StatusCode::OK)?;
        Ok(page["items"].as_array().with_context(|| format!("no items: {page}"))?.clone())
    }

    /// `acme`'s user of this name.
    async fn user(&self, username: &str) -> anyhow::Result<Value> {
        let mut found = self.get(&format!("tenants/acme/users?q={username}")).await?;
        ensure!(found.len() == 1, "{username} is {} people: {found:?}", found.len());
        Ok(found.remove(0))
    }

    async fn links(&self, user: &Value) -> anyhow::Result<Vec<Value>> {
        let id = user["id"].as_str().with_context(|| format!("no id: {user}"))?;
        self.get(&format!("tenants/acme/users/{id}/identity-links")).await
    }

    async fn open_account(&self, page: &str) -> anyhow::Result<()> {
        self.browser.open(&format!("{}/account{page}", self.acme.issuer)).await
    }

    /// Signs out of `acme`, not of the provider.
    async fn sign_out(&self) -> anyhow::Result<()> {
        self.open_account("").await?;
        self.browser.press("header form button").await?;
        self.browser.shows("You are signed out").await.map(drop)
    }

    /// Looks at the page, which is the same on both databases.
    async fn look(&self, name: &str) -> anyhow::Result<()> {
        if self.database == Database::Postgres {
            return Ok(());
        }
        self.browser.check_layout(&pictures(), name).await?;
        self.browser.check_accessibility(name).await
    }

    async fn quit(self) -> anyhow::Result<()> {
        let complaints = self.browser.complaints().await?;
        ensure!(complaints.is_empty(), "the browser complains: {complaints:#?}");
        Ok(self.browser.driver.quit().await?)
    }
}

/// OpenID Connect Core §3.1: whoever the provider vouches for becomes a user once, and is the same from then on.
async fn a_person_from_elsewhere(database: Database) -> anyhow::Result<()> {
    let world = World::new(database).await?;
    let browser = &world.browser;
    // At first they change their mind.
    world.browser.open(&format!("{}/account", world.acme.issuer)).await?;
    ensure!(
        browser.find(CORP).await?.text().await? == "Sign in with Corp",
        "the button is torn in two lines"
    );
    world.look("sign-in-upstream").await?;
    world.leave_as("grace").await?;
    browser.press(DENY).await?;
    browser.shows("You were not signed in there").await?;
    world.look("sign-in-upstream-denied").await?;
    ensure!(world.landing.is_empty().await, "the client is answered before anybody signed in");
    ensure!(world.get("tenants/acme/users").await?.len() == 1, "somebody was made who did not come");

    // The page is still good, and the provider knows them by now.
    browser.press(CORP).await?;
    browser.shows("Acme Works wants to use your The Corporation account").await?;
    browser.press(ALLOW).await?;
    browser.shows("Pocket Planner wants to use your Acme Works account").await?;
    browser.shows("Grace Hopper").await?;
    browser.press(ALLOW).await?;
    let first = world.arrived().await?;
    let grace = world.user("grace").await?;
    ensure!(first["sub"] == grace["id"] && first["iss"] == *world.acme.issuer, "{first}: {grace}");
    ensure!(grace["email"] == "grace@example.com" && grace["profile"]["name"] == "Grace Hopper", "{grace}");
    let links = world.links(&grace).await?;
    ensure!(links.len() == 1 && links[0]["provider"] == "corp", "{links:?}");

    // Without a session anywhere the provider's form leads through here to the client, with nothing to ask between.
    world.leave_as("grace").await?;
    ensure!(world.arrived().await?["sub"] == first["sub"]);

    // The provider knows them still, and nothing is asked twice.
    world.sign_out().await?;
    world.leave().await?;
    let second = world.arrived().await?;
    ensure!(second["sub"] == first["sub"], "{second} is not {first}");
    ensure!(world.get("tenants/acme/users").await?.len() == 2, "grace is two people");

    // Without a password there is no other way in.
    world.open_account("/providers").await?;
    browser.press("form[action$='/unlink'] button").await?;
    browser.shows("This is your only way to sign in").await?;
    world.look("account-providers-last-way").await?;
    ensure!(world.links(&grace).await?.len() == 1, "the only way to sign in is gone");
    world.quit().await
}

/// OpenID Connect Core §5.7: addresses are no identifiers. Who has somebody's address elsewhere is nobody here, until
/// that person says so.
async fn an_address_is_nobody_until_it_is_linked(database: Database) -> anyhow::Result<()> {
    let world = World::new(database).await?;
    let browser = &world.browser;
    let ada = world.user(USERNAME).await?;
    world.leave_as(USERNAME).await?;
    browser.press(ALLOW).await?;
    browser.shows("There is an account with that email address").await?;
    world.look("sign-in-upstream-address-taken").await?;
    ensure!(world.landing.is_empty().await, "somebody was signed in");
    ensure!(world.links(&ada).await?.is_empty(), "somebody was linked");
    ensure!(world.get("tenants/acme/users").await?.len() == 1, "somebody was made");

    // What the page advises: this sign-in goes on with the password, and the way is added on the account page.
    browser.sign_in(USERNAME, USER_PASSWORD).await?;
    browser.press(ALLOW).await?;
    ensure!(world.arrived().await?["sub"] == ada["id"]);
    link_after_turning_back(&world, &ada).await?;

    // From now on the provider's word is enough.
    world.sign_out().await?;
    world.leave().await?;
    ensure!(world.arrived().await?["sub"] == ada["id"]);

    world.open_account("/providers").await?;
    browser.press("form[action$='/unlink'] button").await?;
    browser.shows("That is no way to sign in any more").await?;
    ensure!(world.links(&ada).await?.is_empty(), "the link is still there");
    world.sign_out().await?;
    world.leave().await?;
    browser.shows("There is an account with that email address").await?;
    ensure!(world.landing.is_empty().await, "somebody was signed in");
    world.quit().await
}

/// For whoever is signed in at both.
async fn link_after_turning_back(world: &World, user: &Value) -> anyhow::Result<()> {
    const LINK: &str = "form[action$='/link'] button";
    let browser = &world.browser;
    // The provider asks only those who allowed nothing yet.
    browser.open(&format!("{}/account/applications", world.acme.installation.issuer("corp"))).await?;
    browser.press("form:has(input[name=client_id][value=acme]) button").await?;
    browser.shows("can no longer use your account").await?;
    world.open_account("/providers").await?;
    browser.find(LINK).await?;
    world.look("account-providers").await?;
    browser.press(LINK).await?;
    browser.press(DENY).await?;
    browser.shows("You were not signed in there").await?;
    ensure!(browser.address().await?.path().starts_with("/t/acme/"), "{}", browser.address().await?);
    ensure!(world.links(user).await?.is_empty(), "they are linked all the same");
    browser.press(LINK).await?;
    browser.press(ALLOW).await?;
    browser.shows("You can sign in that way from now on").await?;
    world.look("account-providers-linked").await?;
    let links = world.links(user).await?;
    ensure!(links.len() == 1 && links[0]["provider"] == "corp", "{links:?}");
    Ok(())
}
