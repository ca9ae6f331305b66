//! Tokens that are bound to a key (RFC 9449) or to a certificate (RFC 8705).

use poem::http::Method;
use serde_json::{Value, json};

use super::super::assertion::Signer;
use super::super::certificates::{post_over, self_signed, userinfo_over};
use super::super::dpop::{self, Holder};
use super::{ALGORITHMS, Subject};

pub async fn try_member(subject: &Subject<'_>, member: &str) -> bool {
    match member {
        "dpop_signing_alg_values_supported" => proofs(subject, member).await,
        "tls_client_certificate_bound_access_tokens" => certificates(subject, member).await,
        _ => return false,
    }
    true
}

/// RFC 9449 §4.3, §5, §7: a proof with each algorithm gives tokens that another proof of it makes use of.
async fn proofs(subject: &Subject<'_>, member: &str) {
    let (app, acme) = (subject.app, &subject.acme);
    let nonce = dpop::nonce(app, acme).await;
    for (name, supported) in subject.universe(member, &ALGORITHMS) {
        let holder = Holder { signer: Signer::named(&name, "k1"), nonce: Some(nonce.clone()) };
        let code = acme.code(app, &mut subject.browser.clone(), "app").await;
        let redemption = acme.redemption("app", &code);
        let answer = app.post_with_proofs(&[&holder.proof(acme)], &acme.path("/token"), &redemption).await;
        if !supported {
            answer.expect_error(400, "invalid_dpop_proof");
            continue;
        }
        assert_eq!((answer.status.as_u16(), &answer.json()["token_type"]), (200, &json!("DPoP")), "{name}");
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        let claims: Value = grantor_jose::unverified_claims(&token).unwrap();
        assert_eq!(claims["cnf"], json!({ "jkt": holder.signer.thumbprint() }), "{name}");
        let proof = holder.signer.prove(&holder.resource_claims(acme, "GET", &token));
        for (scheme, proof, status) in [("DPoP", Some(proof.as_str()), 200), ("Bearer", None, 401)] {
            let authorization = format!("{scheme} {token}");
            let answer = dpop::userinfo(app, acme, Method::GET, &authorization, proof).await;
            assert_eq!(answer.status, status, "{name} {answer:?}");
        }
    }
}

/// RFC 8705 §3: a client that registered for it gets tokens that its certificate alone makes use of; where no
/// certificate arrives it gets none, rather than some that everybody can use.
async fn certificates(subject: &Subject<'_>, member: &str) {
    let (app, acme) = (subject.app, &subject.acme);
    acme.change_client(app, "app", |client| {
        client.metadata.tls_client_certificate_bound_access_tokens = true;
    })
    .await;
    let (own, other) = (self_signed("own.example"), self_signed("own.example"));
    let browser = &mut subject.browser.clone();
    let code = acme.code(app, browser, "app").await;
    let bound = post_over(app, &own, &acme.path("/token"), &acme.redemption("app", &code)).await;
    let code = acme.code(app, browser, "app").await;
    acme.redeem(app, &code).await.expect_error(400, "invalid_request");
    acme.change_client(app, "app", |client| {
        client.metadata.tls_client_certificate_bound_access_tokens = false;
    })
    .await;
    if !subject.flag(member) {
        bound.expect_error(400, "invalid_request");
        return;
    }
    assert_eq!(bound.status, 200, "{bound:?}");
    let token = bound.json()["access_token"].as_str().unwrap().to_owned();
    let claims: Value = grantor_jose::unverified_claims(&token).unwrap();
    assert_eq!(claims["cnf"], json!({ "x5t#S256": own.thumbprint() }));
    let authorization = format!("Bearer {token}");
    for (certificate, status) in [(Some(&own), 200), (Some(&other), 401), (None, 401)] {
        let answer = userinfo_over(app, acme, certificate, &authorization).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
}
