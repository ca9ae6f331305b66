use std::os::unix::fs::PermissionsExt;

use grantor_protocol::model::{AuditKind, RequestOrigin, Session, TenantStatus};
use grantor_protocol::{Id, Secret, SecretKind};

use crate::on_both;
use crate::support::{Browser, MailServer, START, TestApp, TestTenant};

async fn failures(app: &TestApp, acme: &TestTenant) -> Vec<serde_json::Value> {
    let events = app.app.store.tenant(acme.tenant.id).audit_events(1000).await.unwrap();
    events
        .into_iter()
        .filter(|event| event.kind == AuditKind::MessageFailed)
        .map(|event| event.detail)
        .collect()
}

async fn waiting(app: &TestApp, acme: &TestTenant) -> usize {
    app.rows_of(&acme.tenant).await["messages"].len()
}

on_both! {
    /// A server that takes nothing for a while gets the message later, with the same link and identifier.
    async fn a_server_that_refuses_and_comes_back(app: TestApp) {
        let acme = app.acme().await;
        let server = MailServer::start().await;
        let node = app.second_node_that_mails(server.url()).await;
        acme.recover(&app, &mut Browser::default(), "ada@acme.example").await;
        server.refuse("451 not now");
        server.refuse("530 authenticate first");
        for wait in [15, 30] {
            node.app.deliver_mail().await.unwrap();
            assert_eq!(server.taken(), [""; 0]);
            node.clock.advance(wait - 1);
            node.app.deliver_mail().await.unwrap();
            assert_eq!(server.taken(), [""; 0], "not yet");
            node.clock.advance(1);
        }
        assert_eq!(waiting(&app, &acme).await, 1);
        node.app.deliver_mail().await.unwrap();
        let taken = server.taken();
        assert_eq!(taken.len(), 1);
        assert!(taken[0].contains("To: ada@acme.example\r\n"), "{taken:?}");
        assert!(taken[0].contains("/t/acme/recover/password?link=gol_"), "{taken:?}");
        assert_eq!(waiting(&app, &acme).await, 0, "what was sent is not kept");
        node.app.deliver_mail().await.unwrap();
        assert_eq!(server.taken().len(), 1);
        assert_eq!(failures(&app, &acme).await, [""; 0]);
    }

    async fn a_recipient_that_is_refused_is_given_up(app: TestApp) {
        let acme = app.acme().await;
        let server = MailServer::start().await;
        let node = app.second_node_that_mails(server.url()).await;
        acme.recover(&app, &mut Browser::default(), "ada@acme.example").await;
        server.refuse("550 <ada@acme.example> is unknown");
        node.app.deliver_mail().await.unwrap();
        assert_eq!((waiting(&app, &acme).await, server.taken()), (0, vec![]));
        let failures = failures(&app, &acme).await;
        assert_eq!(failures.len(), 1);
        assert_eq!(failures[0]["message"], "password_reset");
        assert_eq!(failures[0]["reason"], "the mail server answered 550");
    }

    async fn what_is_of_no_use_any_more_is_given_up(app: TestApp) {
        let acme = app.acme().await;
        let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = nobody.local_addr().unwrap();
        drop(nobody);
        let node = app.second_node_that_mails(format!("smtp://{address}")).await;
        acme.recover(&app, &mut Browser::default(), "ada@acme.example").await;
        node.app.deliver_mail().await.unwrap();
        assert_eq!((waiting(&app, &acme).await, failures(&app, &acme).await.len()), (1, 0));
        node.clock.advance(30 * 60);
        node.app.deliver_mail().await.unwrap();
        assert_eq!(waiting(&app, &acme).await, 0);
        let failures = failures(&app, &acme).await;
        assert_eq!(failures[0]["reason"], "it could not be delivered in time");
    }

    async fn many_nodes_send_a_message_once(app: TestApp) {
        let acme = app.acme().await;
        let server = MailServer::start().await;
        let nodes = [
            app.second_node_that_mails(server.url()).await,
            app.second_node_that_mails(server.url()).await,
        ];
        for number in 0..5 {
            let address = ["ada@acme.example", "nobody@acme.example"][number % 2];
            acme.recover(&app, &mut Browser::default(), address).await;
        }
        for _ in 0..4 {
            let (one, other) = tokio::join!(nodes[0].app.deliver_mail(), nodes[1].app.deliver_mail());
            one.unwrap();
            other.unwrap();
        }
        assert_eq!((server.taken().len(), waiting(&app, &acme).await), (3, 0));
    }

    /// A message waits while its tenant is suspended, and tells nothing to who reads the database.
    async fn what_waits(app: TestApp) {
        let acme = app.acme().await;
        acme.recover(&app, &mut Browser::default(), "ada@acme.example").await;
        let rows = &app.rows_of(&acme.tenant).await["messages"];
        assert!(rows.len() == 1 && !rows[0].contains("ada@acme") && !rows[0].contains("gol_"), "{rows:?}");
        let status = async |status| acme.change_tenant(&app, |tenant| tenant.status = status).await;
        status(TenantStatus::Suspended).await;
        assert_eq!(app.mail().await, []);
        status(TenantStatus::Active).await;
        let mail = app.one_mail().await;
        acme.recover(&app, &mut Browser::default(), "ada@acme.example").await;
        while app.app.deliver_mail().await.unwrap() {}
        let directory = app.mail_directory();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let written = std::fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
        assert_eq!((mode(&directory), mode(&written)), (0o700, 0o600));
        let links = app.rows_of(&acme.tenant).await["one_time_links"].join("\n");
        assert!(!links.contains(&mail.secret()), "only its hash is kept");
    }

    /// Who is told of a sign-in, of what and how often.
    async fn a_notice_of_a_sign_in(app: TestApp) {
        let acme = app.acme().await;
        let session = Session {
            tenant_id: acme.tenant.id,
            id: Id::from_bytes([5; 16]),
            secret: Secret::generate(SecretKind::Session, app.app.entropy.as_ref()).hash(),
            user_id: acme.user.id,
            authenticated_at: START,
            amr: vec![],
            created_at: START,
            expires_at: START,
            ended_at: None,
            origin: RequestOrigin {
                address: Some("192.0.2.7".to_owned()),
                user_agent: Some("<b>Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0".to_owned()),
            },
            idle: None,
        };
        let notice = async || {
            let context = acme.context(&app).await;
            let user = app.user(&acme.tenant, &acme.user).await;
            app.app.notice_of_sign_in(&context, &user, &session).unwrap()
        };
        let store = app.app.store.tenant(acme.tenant.id);
        store.apply(notice().await.into_iter().collect()).await.unwrap();
        let mail = app.mail().await.remove(0);
        assert_eq!((mail.header("to"), mail.header("subject")), ("ada@acme.example".to_owned(), "New sign-in to Acme".to_owned()));
        assert!(mail.text.contains("192.0.2.7") && mail.text.contains("Browser: Firefox on Linux") && !mail.text.contains("<b>"), "{mail:?}");
        assert_eq!(mail.link(), "/t/acme/account");
        for _ in 0..6 {
            store.apply(notice().await.into_iter().collect()).await.unwrap();
        }
        assert_eq!(app.mail().await.len(), 4, "and the one before");
        acme.change_user(&app, |user| user.email_verified = false).await;
        assert_eq!(notice().await, None, "nobody knows whose address it is");
        acme.change_user(&app, |user| user.email_verified = true).await;
        acme.change_tenant(&app, |tenant| tenant.settings.sign_in.new_sign_in_notice = false).await;
        assert_eq!(notice().await, None);
    }

    /// A link is made of the issuer, whatever a request says.
    async fn links_lead_to_the_issuer(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        let csrf = acme.recover_page(&app, &mut browser).await.field("csrf");
        app.at(Some("evil.example"));
        let form = [("csrf", csrf.as_str()), ("email", "ada@acme.example")];
        browser.post(&app, &acme.path("/recover"), &form).await;
        app.at(None);
        for mail in app.mail().await {
            assert!(mail.link().starts_with("/t/acme/recover/password?link="), "{mail:?}");
            assert!(!mail.text.contains("evil.example"), "{mail:?}");
        }
        acme.recover(&app, &mut browser, "ada@acme.example").await;
        assert!(app.one_mail().await.link().starts_with("/t/acme/"));
    }
}
