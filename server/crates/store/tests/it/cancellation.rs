use grantor_protocol::Effect;
use grantor_store::on_both_databases;

use crate::fixture::World;

on_both_databases! {
    /// A caller that goes away at any moment leaves all of a decision or nothing.
    async fn a_caller_who_leaves_takes_all_or_nothing(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut left = vec![];
        for patience in 0..200_usize {
            let grant = world.grant();
            let (code, token) = (world.code(&grant), world.refresh_token(&grant));
            let apply = world.apply([
                Effect::StoreGrant(Box::new(grant.clone())),
                Effect::StoreAuthorizationCode(Box::new(code.clone())),
                Effect::StoreRefreshToken(Box::new(token.clone())),
            ]);
            let leave = async {
                for _ in 0..patience {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                result = apply => result.unwrap(),
                () = leave => left.push((grant, code, token)),
            }
        }
        assert!(!left.is_empty(), "nobody left early");
        for (grant, code, token) in left {
            // The grant is read first: if it is there by then, so is the rest.
            if world.rows().grant(grant.id).await.unwrap().is_some() {
                assert!(world.rows().code_with_grant(&code.hash).await.unwrap().is_some());
                assert!(world.rows().refresh_token_with_grant(&token.hash).await.unwrap().is_some());
            }
        }
        world.issued().await;
    }
}
