//! What must hold when a thousand ask at once: single use is single, and a revocation loses no race.

use futures_util::future::join_all;
use grantor_protocol::Lifetime;
use grantor_protocol::model::{AuditKind, Lifetimes, TenantSettings};

use super::assertion::{self, Signer};
use crate::on_both;
use crate::support::{Answer, Browser, TestApp, TestTenant};

const CROWD: usize = 1000;

/// Of the answers, those that are 200; all others must be this error.
#[track_caller]
fn successes(answers: Vec<Answer>, status: u16, error: &str) -> Vec<serde_json::Value> {
    let (successes, failures): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    failures.iter().for_each(|answer| answer.expect_error(status, error));
    successes.iter().map(Answer::json).collect()
}

/// The grant behind these tokens is gone, and with it the tokens.
async fn expect_dead(app: &TestApp, acme: &TestTenant, tokens: &serde_json::Value) {
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    acme.refresh(app, refresh_token).await.expect_error(400, "invalid_grant");
    let access_token = tokens["access_token"].as_str().unwrap();
    acme.userinfo(app, access_token).await.expect_error(401, "invalid_token");
}

on_both! {
    /// RFC 6749 §4.1.2, RFC 9700 §4.5: a code is good once, and the second use revokes what the first got.
    async fn a_thousand_redemptions_of_one_code(app: TestApp) {
        let acme = app.acme().await;
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        let answers = join_all((0..CROWD).map(|_| acme.redeem(&app, &code))).await;
        let successes = successes(answers, 400, "invalid_grant");
        assert_eq!(successes.len(), 1);
        expect_dead(&app, &acme, &successes[0]).await;
        assert!(acme.audited(&app, AuditKind::AuthorizationCodeReplayed).await >= 1);
    }

    /// RFC 9700 §4.14.2 without a retry window: one rotation, and the first replay revokes the grant.
    async fn a_thousand_uses_of_one_refresh_token_without_a_retry_window(app: TestApp) {
        let lifetimes = Lifetimes { refresh_retry_window: Lifetime::from_seconds(0), ..Lifetimes::default() };
        let acme = app.tenant_with("acme", TenantSettings { lifetimes, ..TenantSettings::default() }).await;
        let tokens = acme.tokens(&app).await;
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let answers = join_all((0..CROWD).map(|_| acme.refresh(&app, refresh_token))).await;
        let successes = successes(answers, 400, "invalid_grant");
        assert_eq!(successes.len(), 1);
        expect_dead(&app, &acme, &successes[0]).await;
        expect_dead(&app, &acme, &tokens).await;
        assert!(acme.audited(&app, AuditKind::RefreshTokenReplayed).await >= 1);
    }

    /// Within the window everybody gets the one successor, because one row was rotated once.
    async fn a_thousand_retries_of_one_refresh_token(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.tokens(&app).await;
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let answers = join_all((0..CROWD).map(|_| acme.refresh(&app, refresh_token))).await;
        let successes = successes(answers, 400, "invalid_grant");
        assert_eq!(successes.len(), CROWD);
        let successor = successes[0]["refresh_token"].as_str().unwrap();
        assert_ne!(successor, refresh_token);
        assert!(successes.iter().all(|tokens| tokens["refresh_token"] == successor));
        assert_eq!(acme.audited(&app, AuditKind::RefreshTokenReplayed).await, 0);

        // The grant lives, and the successor was not used yet: a fresh token follows it.
        let next = acme.refresh(&app, successor).await;
        assert_eq!(next.status, 200, "{next:?}");
        assert_ne!(next.json()["refresh_token"], successor);
    }

    /// RFC 7009 §2.1: once a revocation is answered the grant gives nothing more, whatever was under way.
    async fn a_revocation_among_refreshes(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.tokens(&app).await;
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let refreshes = |count| join_all((0..count).map(|_| acme.refresh(&app, refresh_token)));
        let revocation = async {
            let revoked = acme.revoke(&app, refresh_token).await;
            (revoked, refreshes(100).await)
        };
        let (before, (revoked, after), around) = tokio::join!(refreshes(100), revocation, refreshes(100));
        assert_eq!(revoked.status, 200, "{revoked:?}");
        after.iter().for_each(|answer| answer.expect_error(400, "invalid_grant"));
        let mut issued = successes(before, 400, "invalid_grant");
        issued.extend(successes(around, 400, "invalid_grant"));
        for tokens in issued.iter().take(20).chain([&tokens]) {
            expect_dead(&app, &acme, tokens).await;
        }
    }

    /// RFC 7523 §3: the `jti` of an assertion is good once.
    async fn one_assertion_sent_two_hundred_times(app: TestApp) {
        let mut acme = app.acme().await;
        let signer = Signer::es256("k1");
        acme.add_client(&app, signer.client(&acme, "robot")).await;
        let assertion = signer.sign(&signer.claims(&acme, "robot"));
        let (path, form) = (acme.path("/token"), assertion::client_credentials(&assertion));
        let answers = join_all((0..200).map(|_| app.post(&path, &form))).await;
        assert_eq!(successes(answers, 401, "invalid_client").len(), 1);
    }
}
