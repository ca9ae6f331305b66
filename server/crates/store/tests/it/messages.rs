//! Messages are sent once by whoever claims them, and links are used once.

use grantor_protocol::Effect;
use grantor_protocol::model::{AskedIn, AuditKind, Message, MessageKind, PasswordHash, User, UserStatus};
use grantor_store::on_both_databases;

use crate::fixture::{World, at, audit, hash, id, is_conflict, message};

async fn queue(world: &World, due_at: i64) -> Message {
    let message = message(world.tenant.id, due_at);
    world.apply([Effect::QueueMessage(Box::new(message.clone()))]).await.unwrap();
    message
}

on_both_databases! {
    async fn a_message_is_claimed_by_one(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let other = World::new(database.store(), "other").await;
        let (first, second) = (queue(&world, 5).await, queue(&world, 4).await);
        queue(&other, 50).await;
        let store = database.store();
        assert_eq!(store.tenants_with_messages_due(at(3), 9).await.unwrap(), []);
        assert_eq!(store.tenants_with_messages_due(at(5), 9).await.unwrap(), [world.tenant.id]);
        assert_eq!(store.tenants_with_messages_due(at(50), 9).await.unwrap().len(), 2);

        let rows = world.rows();
        assert_eq!(other.rows().claim_messages(at(5), 9).await.unwrap(), []);
        let claimed = rows.claim_messages(at(5), 1).await.unwrap();
        let expected = Message { attempts: 1, due_at: at(5 + 120), ..second.clone() };
        assert_eq!(claimed, std::slice::from_ref(&expected), "the one that waits longest");
        assert_eq!(rows.claim_messages(at(5), 9).await.unwrap()[0].id, first.id);
        assert_eq!(rows.claim_messages(at(124), 9).await.unwrap(), []);

        // Whoever claimed it before has nothing to say any more.
        let again = rows.claim_messages(at(125), 9).await.unwrap();
        assert_eq!(again.len(), 2);
        assert!(!rows.finish_message(&expected, vec![audit(AuditKind::MessageFailed)]).await.unwrap());
        rows.put_off_message(&expected, at(0)).await.unwrap();
        assert_eq!(rows.claim_messages(at(125), 9).await.unwrap(), []);
        assert_eq!(rows.audit_events(9).await.unwrap(), []);

        let held = again.iter().find(|message| message.id == second.id).unwrap();
        rows.put_off_message(held, at(126)).await.unwrap();
        let held = rows.claim_messages(at(126), 9).await.unwrap().remove(0);
        assert_eq!((held.id, held.attempts), (second.id, 3));
        assert!(rows.finish_message(&held, vec![audit(AuditKind::MessageFailed)]).await.unwrap());
        assert!(!rows.finish_message(&held, vec![audit(AuditKind::MessageFailed)]).await.unwrap());
        assert_eq!(rows.audit_events(9).await.unwrap().len(), 1);
        assert!(other.rows().finish_message(&held, vec![]).await.is_err(), "another tenant's");
        assert_eq!(rows.claim_messages(at(1000), 9).await.unwrap().len(), 1);
    }

    async fn a_link_is_stored_and_used_once(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let other = World::new(database.store(), "other").await;
        let mut link = world.link(MessageKind::MagicLink);
        link.asked_in = Some(AskedIn { interaction: id(), browser: hash() });
        let store = Effect::StoreOneTimeLink(Box::new(link.clone()));
        world.apply([store.clone()]).await.unwrap();
        assert!(is_conflict(&world.apply([store]).await));
        assert_eq!(world.rows().one_time_link(link.hash).await.unwrap(), Some(link.clone()));
        assert_eq!(other.rows().one_time_link(link.hash).await.unwrap(), None);

        let consume = |hash, seconds| Effect::ConsumeOneTimeLink { hash, at: at(seconds) };
        assert!(is_conflict(&other.apply([consume(link.hash, 8)]).await));
        assert!(is_conflict(&world.apply([consume(hash(), 8)]).await));
        world.apply([consume(link.hash, 9)]).await.unwrap();
        assert!(is_conflict(&world.apply([consume(link.hash, 10)]).await));
        link.consumed_at = Some(at(9));
        assert_eq!(world.rows().one_time_link(link.hash).await.unwrap(), Some(link));
    }

    async fn links_end_by_kind_or_all(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let links = MessageKind::ALL.map(|kind| world.link(kind));
        let stored = links.clone().map(|link| Effect::StoreOneTimeLink(Box::new(link)));
        world.apply(stored).await.unwrap();
        let ended = async || {
            let mut ended = vec![];
            for link in &links {
                let link = world.rows().one_time_link(link.hash).await.unwrap().unwrap();
                ended.extend(link.consumed_at.map(|at| (link.kind, at)));
            }
            ended
        };
        let (user, kind) = (world.user.id, Some(MessageKind::Invitation));
        world.apply([Effect::EndOneTimeLinks { user: id(), kind: None, at: at(1) }]).await.unwrap();
        assert_eq!(ended().await, []);
        world.apply([Effect::EndOneTimeLinks { user, kind, at: at(2) }]).await.unwrap();
        assert_eq!(ended().await, [(MessageKind::Invitation, at(2))]);
        world.rows().set_user_password(user, PasswordHash::from_phc("x"), at(3), vec![]).await.unwrap();
        assert_eq!(ended().await.len(), MessageKind::ALL.len(), "a password ends them");
        assert!(ended().await.contains(&(MessageKind::Invitation, at(2))));
        world.rows().delete_user(user, None, vec![]).await.unwrap();
        assert_eq!(world.rows().one_time_link(links[0].hash).await.unwrap(), None);
    }

    async fn an_address_is_proven_while_it_is_the_users(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let user = world.user.id;
        let read = async || world.rows().user(user).await.unwrap().unwrap();
        let change = async |change: &dyn Fn(&mut User)| {
            let mut user = read().await;
            change(&mut user);
            world.rows().replace_user(&user, None, None, vec![]).await.unwrap();
        };
        change(&|user| (user.email, user.email_verified) = (Some("a@acme.example".to_owned()), false)).await;
        let prove = |address: &str, seconds| {
            [Effect::ProveAddress { user, address: address.to_owned(), at: at(seconds) }]
        };
        assert!(is_conflict(&world.apply(prove("b@acme.example", 5)).await));
        change(&|user| user.status = UserStatus::Locked).await;
        assert!(is_conflict(&world.apply(prove("a@acme.example", 5)).await));
        change(&|user| user.status = UserStatus::Active).await;
        let before = read().await;
        world.apply(prove("a@acme.example", 5)).await.unwrap();
        let proven = User { email_verified: true, version: before.version + 1, updated_at: at(5), ..before };
        assert_eq!(read().await, proven);
        world.apply(prove("a@acme.example", 9)).await.unwrap();
        assert_eq!(read().await, proven, "it was known already");

        let password = PasswordHash::from_phc("y");
        let set = |user| [Effect::SetPassword { user, password: password.clone(), at: at(10) }];
        world.apply(set(user)).await.unwrap();
        assert_eq!(read().await.password, Some(password.clone()));
        assert!(is_conflict(&world.apply(set(id())).await));
    }
}
