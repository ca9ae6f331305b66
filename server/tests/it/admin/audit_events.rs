//! The audit trail: what it tells, and reading it.

use grantor_protocol::model::AuditKind;
use poem::http::header::{FORWARDED, USER_AGENT};
use serde_json::json;

use crate::support::{Browser, TestApp, form_request};

crate::on_both! {
    /// An event tells which request it happened in, whether the use case made it or a rule.
    async fn every_event_of_a_request_names_its_origin(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let made = admin.post("/tenants/acme/users", &json!({ "username": "grace" })).await;
        assert_eq!(made.status, 201);
        let store = app.app.store.tenant(acme.tenant.id);
        let of_admin = store.audit_events(1).await.unwrap().remove(0).origin.unwrap();
        assert_eq!(Some(of_admin.correlation_id.as_str()), made.header("x-request-id"));

        let mut browser = Browser::at("198.51.100.7");
        acme.code(&app, &mut browser, "app").await;
        let events = store.audit_events(100).await.unwrap();
        for kind in [AuditKind::SignInSucceeded, AuditKind::ConsentGiven] {
            let origin = events.iter().find(|event| event.kind == kind).unwrap().origin.clone().unwrap();
            assert_eq!(origin.address, "198.51.100.7".parse().ok(), "{kind:?}");
            assert_eq!(origin.correlation_id.len(), 16, "{kind:?}");
        }
        let by_command = events.iter().find(|event| event.kind == AuditKind::TenantChanged).unwrap();
        assert_eq!(by_command.origin, None);
    }

    /// A replay is recorded although the answer is an error, with whom it came from.
    async fn whoever_replays_a_code_is_named(app: TestApp) {
        let acme = app.acme().await;
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        assert_eq!(acme.redeem(&app, &code).await.status, 200);
        let body = crate::support::encode(&acme.redemption("app", &code));
        let agent = format!("curl/8.0\u{9}{}", "x".repeat(1000));
        let request = form_request("/t/acme/token", &body)
            .header(USER_AGENT, agent)
            .header(FORWARDED, "for=203.0.113.9");
        let answer = app.send(request.finish()).await;
        answer.expect_error(400, "invalid_grant");
        let event = app.app.store.tenant(acme.tenant.id).audit_events(1).await.unwrap().remove(0);
        assert_eq!(event.kind, AuditKind::AuthorizationCodeReplayed);
        let origin = event.origin.unwrap();
        assert_eq!(Some(origin.correlation_id.as_str()), answer.header("x-request-id"));
        assert_eq!(origin.address, None, "a header of a stranger's is believed");
        let agent = origin.user_agent.unwrap();
        assert!(agent.starts_with("curl/8.0 xxx") && agent.len() == 256, "{agent}");
    }
}
