//! What was relied on is no longer so: nothing of the decision stands.

use grantor_protocol::Effect;
use grantor_protocol::model::{PasswordHash, RevocationReason, SignOutRevokes};
use grantor_store::{ApplyError, on_both_databases};
use tokio::task::JoinSet;

use crate::fixture::{World, at, client, hash, id, is_conflict, user};

fn phc(text: &str) -> PasswordHash {
    PasswordHash::from_phc(text)
}

/// Effects of which each must be a conflict, by name.
async fn broken_guards(world: &World) -> Vec<(&'static str, Effect)> {
    let interaction = world.interaction();
    let (session, ended) = (world.session(), world.session());
    let (grant, code, token) = world.issued().await;
    let (revoked, ..) = world.issued().await;
    let pushed = world.pushed_request();
    let (client_id, jti) = (world.client.client_id.clone(), hash());
    let reason = RevocationReason::RevokedByUser;
    let spend = Effect::SpendAssertion { client_id, jti, expires_at: at(60) };
    world
        .apply([
            Effect::StoreInteraction(Box::new(interaction.clone())),
            Effect::CompleteInteraction { interaction: interaction.id, at: at(9) },
            Effect::StorePushedAuthorizationRequest(Box::new(pushed.clone())),
            Effect::ConsumePushedAuthorizationRequest { hash: pushed.hash, at: at(9) },
            Effect::StoreSession(Box::new(session.clone())),
            Effect::StoreSession(Box::new(ended.clone())),
            Effect::EndSession { session: ended.id, revokes: SignOutRevokes::None, at: at(9) },
            Effect::ConsumeAuthorizationCode { hash: code.hash, at: at(9) },
            Effect::RotateRefreshToken { hash: token.hash, at: at(9) },
            Effect::RevokeGrant { grant: revoked.id, reason, at: at(9) },
            spend.clone(),
        ])
        .await
        .unwrap();

    let same_secret = grantor_protocol::model::Session { id: id(), ..session.clone() };
    let of_another = grantor_protocol::model::Session { user_id: id(), secret: hash(), ..session.clone() };
    let mut of_nobody = world.grant();
    of_nobody.user_id = user(world.tenant.id, "nobody").id;
    let mut of_no_client = world.grant();
    of_no_client.client_id = client(world.tenant.id, "nothing").client_id;
    let of_no_grant = world.grant();
    vec![
        (
            "sign in to a completed interaction",
            Effect::RecordSignIn { interaction: interaction.id, session: id() },
        ),
        ("sign in to no interaction", Effect::RecordSignIn { interaction: id(), session: id() }),
        ("complete twice", Effect::CompleteInteraction { interaction: interaction.id, at: at(10) }),
        ("complete no interaction", Effect::CompleteInteraction { interaction: id(), at: at(10) }),
        ("renew an ended session", Effect::RenewSession(Box::new(ended.clone()))),
        ("renew another user's session", Effect::RenewSession(Box::new(of_another))),
        ("renew no session", Effect::RenewSession(Box::new(world.session()))),
        (
            "change a password that is another by now",
            Effect::ChangePassword {
                user: world.user.id,
                from: Some(phc("another")),
                to: phc("new"),
                at: at(10),
            },
        ),
        (
            "give a first password to who has one",
            Effect::ChangePassword { user: world.user.id, from: None, to: phc("new"), at: at(10) },
        ),
        (
            "change the password of nobody",
            Effect::ChangePassword {
                user: id(),
                from: world.user.password.clone(),
                to: phc("new"),
                at: at(10),
            },
        ),
        ("touch an ended session", Effect::TouchSession { session: ended.id }),
        ("touch a revoked grant", Effect::TouchGrant { grant: revoked.id }),
        ("touch no grant", Effect::TouchGrant { grant: id() }),
        ("consume twice", Effect::ConsumeAuthorizationCode { hash: code.hash, at: at(10) }),
        ("consume no code", Effect::ConsumeAuthorizationCode { hash: hash(), at: at(10) }),
        ("answer twice", Effect::ConsumePushedAuthorizationRequest { hash: pushed.hash, at: at(10) }),
        (
            "answer what was not pushed",
            Effect::ConsumePushedAuthorizationRequest { hash: hash(), at: at(10) },
        ),
        ("the same pushed request", Effect::StorePushedAuthorizationRequest(Box::new(pushed))),
        ("rotate twice", Effect::RotateRefreshToken { hash: token.hash, at: at(10) }),
        ("rotate no token", Effect::RotateRefreshToken { hash: hash(), at: at(10) }),
        ("spend twice", spend),
        ("the same interaction", Effect::StoreInteraction(Box::new(interaction))),
        ("the same session", Effect::StoreSession(Box::new(session))),
        ("a session with a secret that is taken", Effect::StoreSession(Box::new(same_secret))),
        ("the same grant", Effect::StoreGrant(Box::new(grant))),
        ("the same code", Effect::StoreAuthorizationCode(Box::new(code))),
        ("the same refresh token", Effect::StoreRefreshToken(Box::new(token))),
        ("a grant of no user", Effect::StoreGrant(Box::new(of_nobody))),
        ("a grant of no client", Effect::StoreGrant(Box::new(of_no_client))),
        ("a code of no grant", Effect::StoreAuthorizationCode(Box::new(world.code(&of_no_grant)))),
        ("a token of no grant", Effect::StoreRefreshToken(Box::new(world.refresh_token(&of_no_grant)))),
    ]
}

/// Tries one thing a thousand times at once and counts how often it was done.
async fn race(world: World, effects: impl Fn(&World) -> Vec<Effect>) -> usize {
    let mut attempts = JoinSet::new();
    for _ in 0..1000 {
        let (store, tenant, effects) = (world.store.clone(), world.tenant.id, effects(&world));
        attempts.spawn(async move { store.tenant(tenant).apply(effects).await });
    }
    let mut done = 0;
    while let Some(attempt) = attempts.join_next().await {
        match attempt.unwrap() {
            Ok(()) => done += 1,
            Err(ApplyError::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
    done
}

on_both_databases! {
    async fn a_conflict_leaves_nothing_behind(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        for (name, effect) in broken_guards(&world).await {
            assert!(is_conflict(&world.apply([effect.clone()]).await), "{name}, alone");
            let (before, after) = (world.interaction(), world.interaction());
            let effects = [
                Effect::StoreInteraction(Box::new(before.clone())),
                effect,
                Effect::StoreInteraction(Box::new(after.clone())),
            ];
            assert!(is_conflict(&world.apply(effects).await), "{name}");
            for left in [before, after] {
                assert_eq!(world.rows().interaction(left.id).await.unwrap(), None, "{name}");
            }
        }
    }

    async fn of_a_thousand_who_consume_a_code_one_does(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let (_, code, _) = world.issued().await;
        let done = race(world, |_| vec![Effect::ConsumeAuthorizationCode { hash: code.hash, at: at(9) }]).await;
        assert_eq!(done, 1);
    }

    async fn of_a_thousand_who_answer_a_pushed_request_one_does(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let pushed = world.pushed_request();
        world.apply([Effect::StorePushedAuthorizationRequest(Box::new(pushed.clone()))]).await.unwrap();
        let answer = |_: &World| vec![Effect::ConsumePushedAuthorizationRequest { hash: pushed.hash, at: at(9) }];
        assert_eq!(race(world, answer).await, 1);
    }

    async fn of_a_thousand_who_rotate_a_refresh_token_one_does(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let (grant, _, token) = world.issued().await;
        let rotate = |world: &World| {
            vec![
                Effect::TouchGrant { grant: grant.id },
                Effect::RotateRefreshToken { hash: token.hash, at: at(9) },
                Effect::StoreRefreshToken(Box::new(world.refresh_token(&grant))),
            ]
        };
        assert_eq!(race(world, rotate).await, 1);
    }

    async fn a_revocation_loses_no_race(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        for _ in 0..20 {
            let (grant, ..) = world.issued().await;
            let issue = || {
                let token = world.refresh_token(&grant);
                world.apply([
                    Effect::TouchGrant { grant: grant.id },
                    Effect::StoreRefreshToken(Box::new(token)),
                ])
            };
            let reason = RevocationReason::AuthorizationCodeReplayed;
            let revoke = world.apply([Effect::RevokeGrant { grant: grant.id, reason, at: at(9) }]);
            let (before, revoked, beside) = tokio::join!(issue(), revoke, issue());
            revoked.unwrap();
            for issued in [before, beside] {
                assert!(issued.is_ok() || is_conflict(&issued), "{issued:?}");
            }
            assert!(is_conflict(&issue().await), "nothing is issued under a revoked grant");
        }
    }
}
