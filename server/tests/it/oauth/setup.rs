//! The first administrator: by a link that works once, or from the configuration.

use grantor::app::bootstrap::Setup;
use grantor::config::Administrator;
use grantor_protocol::model::{SignInIdentifier, User};

use super::authenticator::Device;
use super::console;
use crate::on_both;
use crate::support::{Answer, Browser, PASSWORD, PUBLIC_URL, START, TestApp};

async fn new_link(app: &TestApp) -> String {
    match app.app.bootstrap(None).await.unwrap() {
        Setup::Link(link) => link.strip_prefix(PUBLIC_URL).unwrap().to_owned(),
        Setup::Done => panic!("there is an administrator already"),
    }
}

async fn submit_in(
    app: &TestApp,
    browser: &mut Browser,
    page: &Answer,
    (email, password): (&str, &str),
) -> Answer {
    let setup = page.field("setup");
    let form = [("setup", setup.as_str()), ("email", email), ("password", password)];
    browser.post(app, "/setup", &form).await
}

async fn submit(app: &TestApp, page: &Answer, email: &str, password: &str) -> Answer {
    submit_in(app, &mut Browser::default(), page, (email, password)).await
}

on_both! {
    async fn a_person_follows_the_link(app: TestApp) {
        let link = new_link(&app).await;
        assert!(link.starts_with("/setup?setup=gsu_"), "{link}");
        let page = app.get(&link).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.contains("Create the first administrator"), "{page:?}");
        let long = "a".repeat(1025);
        for (email, password) in [
            ("root@id.example", "short"),
            ("root@id.example", ""),
            ("root@id.example", &long),
            ("root", PASSWORD),
            ("", PASSWORD),
        ] {
            let refused = submit(&app, &page, email, password).await;
            assert_eq!(refused.status, 422, "{refused:?}");
            assert!(refused.body.contains("role=\"alert\""), "{refused:?}");
            assert!(refused.body.contains(&format!("value=\"{email}\"")), "{refused:?}");
            assert!(password.is_empty() || !refused.body.contains(password), "{refused:?}");
        }
        let mut browser = Browser::default();
        let made = submit_in(&app, &mut browser, &page, ("root@id.example", PASSWORD)).await;
        assert_eq!(made.location(), "/console/sign-in?tenant=system&back=/console/welcome");
        submit(&app, &page, "second@id.example", PASSWORD).await.expect_error_page(400);
        app.get(&link).await.expect_error_page(400);

        // They are signed in, and on their way to the console nobody asks again.
        let begun = browser.follow(&app, &made).await;
        let answer = browser.follow(&app, &begun).await;
        assert!(answer.location().starts_with("https://id.example/console/callback?"), "{answer:?}");
        assert_eq!(browser.follow(&app, &answer).await.location(), "/console/welcome");
        assert_eq!(console::me(&app, &browser).await.json()["email"], "root@id.example");
        // A browser that does without the session signs in.
        let mut another = Browser::default();
        let address = "/console/sign-in?tenant=system&back=/console/welcome";
        let answer = console::answered_at(&app, &mut another, address, "root@id.example").await;
        assert_eq!(another.follow(&app, &answer).await.location(), "/console/welcome");
        assert!(matches!(app.app.bootstrap(None).await.unwrap(), Setup::Done));
    }

    /// A passkey that checks who uses it takes the place of the password, then and later.
    async fn an_administrator_with_a_passkey(app: TestApp) {
        let page = app.get(&new_link(&app).await).await;
        let setup = page.field("setup");
        let mut browser = Browser::default();
        for (setup, email, status) in [("gsu_x", "root@id.example", 400), (&*setup, "root", 400), (&setup, "root@id.example", 200)] {
            let form = [("setup", setup), ("email", email)];
            assert_eq!(browser.post(&app, "/setup/passkey", &form).await.status, status, "{setup} {email}");
        }
        let made = async |browser: &mut Browser, device: &mut Device| {
            let form = [("setup", setup.as_str()), ("email", "root@id.example")];
            let challenge = browser.post(&app, "/setup/passkey", &form).await.json();
            let credential = device.create(&challenge["options"]);
            let ceremony = challenge["ceremony"].as_str().unwrap().to_owned();
            [("ceremony".to_owned(), ceremony), ("credential".to_owned(), credential)]
        };
        let send = async |browser: &mut Browser, made: &[(String, String)]| {
            let mut form = vec![("setup", setup.as_str()), ("email", "root@id.example")];
            form.extend(made.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            browser.post(&app, "/setup", &form).await
        };
        let mut unverified = made(&mut browser, &mut Device::new(true)).await;
        unverified[1].1 = "{}".to_owned();
        let refused = send(&mut browser, &unverified).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        assert_eq!(send(&mut browser, &unverified).await.status, 400, "a challenge is good for one answer");

        // One whose making was cut short is made for good, with the same identifier.
        let system = app.app.any_tenant("system").await.unwrap().tenant.id;
        let store = app.app.store.tenant(system);
        let half = User {
            tenant_id: system,
            username: "root@id.example".to_owned(),
            email: Some("root@id.example".to_owned()),
            password: None,
            ..app.acme().await.user
        };
        store.create_user(&half, vec![]).await.unwrap();
        let mut device = Device::new(true);
        let whole = made(&mut browser, &mut device).await;
        let done = send(&mut browser, &whole).await;
        assert_eq!(done.location(), "/console/sign-in?tenant=system&back=/console/welcome");
        send(&mut browser, &whole).await.expect_error_page(400);
        let begun = browser.follow(&app, &done).await;
        let answer = browser.follow(&app, &begun).await;
        assert_eq!(browser.follow(&app, &answer).await.location(), "/console/welcome");
        assert_eq!(console::me(&app, &browser).await.json()["email"], "root@id.example");
        let user = store.user_by_login("root@id.example", SignInIdentifier::Email).await.unwrap().unwrap();
        assert_eq!((user.id, user.password), (half.id, None));
        assert_eq!(store.authenticators(user.id, None, START).await.unwrap().passkeys.len(), 1);
    }

    /// Every start without an administrator gives a link; all end with the first that is used.
    async fn several_links(app: TestApp) {
        let (first, second) = (new_link(&app).await, new_link(&app).await);
        assert_ne!(first, second);
        let (first_page, second_page) = (app.get(&first).await, app.get(&second).await);
        assert_eq!(submit(&app, &second_page, "root@id.example", PASSWORD).await.status, 303);
        app.get(&first).await.expect_error_page(400);
        submit(&app, &first_page, "second@id.example", PASSWORD).await.expect_error_page(400);
    }

    /// A link ends after a day; a guess is worth nothing.
    async fn links_that_do_not_work(app: TestApp) {
        let link = new_link(&app).await;
        for address in ["/setup", "/setup?setup=", "/setup?setup=gsu_x", "/setup?setup=%FF"] {
            app.get(address).await.expect_error_page(400);
        }
        let page = app.get(&link).await;
        app.clock.advance(24 * 3600);
        app.get(&link).await.expect_error_page(400);
        submit(&app, &page, "root@id.example", PASSWORD).await.expect_error_page(400);
        // The next start gives a new one.
        assert_eq!(app.get(&new_link(&app).await).await.status, 200);
    }

    /// One person sent the form twice: one administrator.
    async fn a_link_that_is_used_twice_at_once(app: TestApp) {
        let page = app.get(&new_link(&app).await).await;
        let emails = ["a@id.example", "b@id.example", "c@id.example", "d@id.example"];
        let answers =
            futures_util::future::join_all(emails.map(|email| submit(&app, &page, email, PASSWORD))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
        answers.iter().filter(|answer| answer.status != 303).for_each(|answer| answer.expect_error_page(400));
    }

    async fn an_administrator_from_the_configuration(app: TestApp) {
        let administrator =
            Administrator { email: "root@id.example".to_owned(), password: PASSWORD.to_owned() };
        for _ in 0..2 {
            assert!(matches!(app.app.bootstrap(Some(&administrator)).await.unwrap(), Setup::Done));
        }
        assert!(matches!(app.app.bootstrap(None).await.unwrap(), Setup::Done));
        app.get("/setup").await.expect_error_page(400);
        let mut browser = Browser::default();
        let answer = console::answered(&app, &mut browser).await;
        assert_eq!(browser.follow(&app, &answer).await.location(), "/console/");
    }

    /// A link that is still open makes no second administrator beside one who came another way.
    async fn a_link_after_an_administrator(app: TestApp) {
        let link = new_link(&app).await;
        let page = app.get(&link).await;
        app.app.create_administrator("root@id.example", PASSWORD).await.unwrap();
        submit(&app, &page, "second@id.example", PASSWORD).await.expect_error_page(400);
    }

    /// A start that was cut short between the user and the role is finished by the next one.
    async fn a_start_that_was_cut_short(app: TestApp) {
        let system = app.app.any_tenant("system").await.unwrap().tenant.id;
        let half = User {
            tenant_id: system,
            username: "root@id.example".to_owned(),
            email: Some("root@id.example".to_owned()),
            ..app.acme().await.user
        };
        let store = app.app.store.tenant(system);
        store.create_user(&half, vec![]).await.unwrap();
        assert_eq!(store.assignments().await.unwrap(), []);
        let administrator =
            Administrator { email: "root@id.example".to_owned(), password: PASSWORD.to_owned() };
        assert!(matches!(app.app.bootstrap(Some(&administrator)).await.unwrap(), Setup::Done));
        let [held] = store.assignments().await.unwrap().try_into().unwrap();
        assert_eq!(held.subject, grantor_store::Subject::User(half.id));
        assert!(app.app.create_administrator("root@id.example", PASSWORD).await.is_err());
    }
}
