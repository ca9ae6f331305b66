//! Devices and counted attempts: what is guarded, what is listed.

use futures_util::future::join_all;
use grantor_protocol::model::{
    Actor, AdministratorsAnswer, Authentication, DeviceApprovalRecord, DeviceAuthorization, DeviceMove,
    DeviceState, PersonsAnswer, RequestOrigin,
};
use grantor_protocol::{Effect, Lifetime};
use grantor_store::{DeviceFilter, Page, on_both_databases};

use crate::fixture::{World, at, hash, id, is_conflict};

fn step(device: &DeviceAuthorization, from: DeviceState, to: DeviceState, seconds: i64) -> Effect {
    let approval = device.approval.clone();
    let user_id = device.user_id;
    Effect::MoveDevice(Box::new(DeviceMove { id: device.id, from, to, user_id, approval, at: at(seconds) }))
}

async fn stored(world: &World) -> DeviceAuthorization {
    let device = world.device();
    world.apply([Effect::StoreDeviceAuthorization(Box::new(device.clone()))]).await.unwrap();
    device
}

async fn listed(world: &World, page: &Page, filter: &DeviceFilter, seconds: i64) -> Vec<String> {
    let listing = world.rows().list_device_authorizations(page, filter, at(seconds)).await.unwrap();
    listing.items.into_iter().map(|(device, _)| device.id.to_string()).collect()
}

fn all() -> DeviceFilter {
    DeviceFilter { states: DeviceState::ALL.to_vec(), expired: None, user_code: None, user: None }
}

on_both_databases! {
    async fn a_device_comes_back_as_it_went(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        let plain = stored(&world).await;
        assert_eq!(rows.device_authorization(plain.id).await.unwrap(), Some(plain.clone()));
        let (grant, ..) = world.issued().await;
        let authentication =
            Authentication { session_id: id(), authenticated_at: at(3), amr: vec!["pwd".to_owned()] };
        let origin = RequestOrigin { address: Some("2001:db8::1".to_owned()), ..RequestOrigin::default() };
        let full = DeviceAuthorization {
            state: DeviceState::Approved,
            user_id: Some(world.user.id),
            approval: DeviceApprovalRecord {
                person: Some(PersonsAnswer {
                    authentication,
                    origin,
                    client_fingerprint: Some(hash()),
                    at: at(4),
                }),
                administrator: Some(AdministratorsAnswer { actor: Actor::System, at: at(5) }),
                grant_id: Some(grant.id),
            },
            entries: 2,
            polled_at: Some(at(7)),
            ..world.device()
        };
        world.apply([Effect::StoreDeviceAuthorization(Box::new(full.clone()))]).await.unwrap();
        assert_eq!(rows.device_by_user_code(&full.user_code).await.unwrap(), Some(full.clone()));
        let with_grant = rows.device_with_grant(&full.device_code).await.unwrap();
        assert_eq!(with_grant, Some((full.clone(), Some(grant))));
        let without = rows.device_with_grant(&plain.device_code).await.unwrap();
        assert_eq!(without, Some((plain, None)));
        assert_eq!(rows.device_with_grant(&full.user_code).await.unwrap(), None, "that is another code");
        // A user who goes takes their device along.
        rows.delete_user(world.user.id, None, vec![]).await.unwrap();
        assert_eq!(rows.device_authorization(full.id).await.unwrap(), None);
    }

    /// RFC 8628 §3.3: of all who answer one does, and none when it is too late.
    async fn one_answer_counts(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        for _ in 0..10 {
            let device = stored(&world).await;
            let answers = [
                step(&device, DeviceState::Pending, DeviceState::Approved, 9),
                step(&device, DeviceState::Pending, DeviceState::Denied, 9),
                step(&device, DeviceState::Pending, DeviceState::AwaitingAdministrator, 9),
            ];
            let answered = join_all(answers.map(|answer| world.apply([answer]))).await;
            assert_eq!(answered.iter().filter(|answer| answer.is_ok()).count(), 1);
            assert_eq!(answered.iter().filter(|answer| is_conflict(answer)).count(), 2);
        }
        let device = stored(&world).await;
        let late = step(&device, DeviceState::Pending, DeviceState::Approved, 600);
        assert!(is_conflict(&world.apply([late]).await));
        let in_time = step(&device, DeviceState::Pending, DeviceState::Approved, 599);
        world.apply([in_time]).await.unwrap();
        let redeem = step(&device, DeviceState::Approved, DeviceState::Redeemed, 599);
        let redeemed = join_all((0..100).map(|_| world.apply([redeem.clone()]))).await;
        assert_eq!(redeemed.iter().filter(|answer| answer.is_ok()).count(), 1);
    }

    /// RFC 8628 §5.1.
    async fn a_code_is_entered_so_often_and_no_more(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let device = stored(&world).await;
        let enter = |seconds| world.apply([Effect::EnterUserCode { device: device.id, most: 3, at: at(seconds) }]);
        assert!(is_conflict(&enter(600).await), "it has expired");
        let entered = join_all((0..50).map(|_| enter(9))).await;
        assert_eq!(entered.iter().filter(|answer| answer.is_ok()).count(), 3);
        assert_eq!(world.rows().device_authorization(device.id).await.unwrap().unwrap().entries, 3);
        let answered = stored(&world).await;
        world.apply([step(&answered, DeviceState::Pending, DeviceState::Denied, 9)]).await.unwrap();
        let enter = Effect::EnterUserCode { device: answered.id, most: 3, at: at(9) };
        assert!(is_conflict(&world.apply([enter]).await));
    }

    /// RFC 8628 §3.5: two polls that come too soon make it slower twice.
    async fn an_interval_grows_from_what_was_read(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let device = stored(&world).await;
        let slow = |from, to| {
            let (from, to) = (Lifetime::from_seconds(from), Lifetime::from_seconds(to));
            world.apply([Effect::SlowDownDevice { device: device.id, from, to, polled_at: at(8) }])
        };
        slow(5, 10).await.unwrap();
        assert!(is_conflict(&slow(5, 10).await));
        slow(10, 15).await.unwrap();
        let slowed = world.rows().device_authorization(device.id).await.unwrap().unwrap();
        assert_eq!((slowed.poll_interval, slowed.polled_at), (Lifetime::from_seconds(15), Some(at(8))));
    }

    async fn codes_are_nobody_elses(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let device = stored(&world).await;
        let same_user_code = DeviceAuthorization { user_code: device.user_code, ..world.device() };
        let same_device_code = DeviceAuthorization { device_code: device.device_code, ..world.device() };
        for other in [same_user_code, same_device_code, device.clone()] {
            assert!(is_conflict(&world.apply([Effect::StoreDeviceAuthorization(Box::new(other))]).await));
        }
        // Another tenant may have the same ones, and reaches none of these.
        let stranger = World::new(database.store(), "stranger").await;
        let theirs = DeviceAuthorization {
            user_code: device.user_code,
            device_code: device.device_code,
            ..stranger.device()
        };
        stranger.apply([Effect::StoreDeviceAuthorization(Box::new(theirs.clone()))]).await.unwrap();
        let found = stranger.rows().device_by_user_code(&device.user_code).await.unwrap();
        assert_eq!(found, Some(theirs));
        assert_eq!(stranger.rows().device_authorization(device.id).await.unwrap(), None);
        for effect in [
            step(&device, DeviceState::Pending, DeviceState::Approved, 9),
            Effect::EnterUserCode { device: device.id, most: 3, at: at(9) },
        ] {
            assert!(is_conflict(&stranger.apply([effect]).await));
        }
        assert_eq!(world.rows().device_authorization(device.id).await.unwrap(), Some(device));
    }

    async fn a_listing_is_filtered_and_paged(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut ids = vec![];
        for (number, state) in [DeviceState::Pending, DeviceState::Denied, DeviceState::Pending].into_iter().enumerate() {
            let number = i64::try_from(number).unwrap();
            let user_id = (state == DeviceState::Denied).then_some(world.user.id);
            let device = DeviceAuthorization {
                state,
                user_id,
                created_at: at(number),
                expires_at: at(100 + number),
                ..world.device()
            };
            world.apply([Effect::StoreDeviceAuthorization(Box::new(device.clone()))]).await.unwrap();
            ids.push((device.id.to_string(), device.user_code));
        }
        let page = Page { limit: 10, ..Page::default() };
        let id = |number: usize| ids[number].0.clone();
        let pending = DeviceFilter { states: vec![DeviceState::Pending], ..all() };
        assert_eq!(listed(&world, &page, &all(), 50).await, [id(0), id(1), id(2)]);
        assert_eq!(listed(&world, &page, &pending, 50).await, [id(0), id(2)]);
        let live = DeviceFilter { expired: Some(false), ..pending.clone() };
        assert_eq!(listed(&world, &page, &live, 100).await, [id(2)]);
        let expired = DeviceFilter { expired: Some(true), ..pending };
        assert_eq!(listed(&world, &page, &expired, 100).await, [id(0)]);
        let by_code = DeviceFilter { user_code: Some(ids[1].1), ..all() };
        assert_eq!(listed(&world, &page, &by_code, 50).await, [id(1)]);
        let rows = world.rows();
        let two = Page { limit: 2, ..Page::default() };
        let first = rows.list_device_authorizations(&two, &all(), at(50)).await.unwrap();
        let names: Vec<_> = first.items.iter().map(|(_, name)| name.as_deref()).collect();
        assert_eq!(names, [None, Some("Alice")]);
        assert_eq!(listed(&world, &Page { cursor: first.next, ..two }, &all(), 50).await, [id(2)]);
        let stranger = World::new(database.store(), "stranger").await;
        assert!(listed(&stranger, &page, &all(), 50).await.is_empty());
    }

    /// However many try at a time, only so many get to it; all is forgotten in time.
    async fn attempts_are_counted_before_they_are_made(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let (subject, rows) = (hash(), world.rows());
        let count = |seconds: i64| {
            world.apply([Effect::CountAttempt { subject, most: 10, at: at(seconds), expires_at: at(seconds + 60) }])
        };
        let tried = join_all((0..100).map(|_| count(0))).await;
        assert_eq!(tried.iter().filter(|tried| tried.is_ok()).count(), 10);
        assert_eq!(tried.iter().filter(|tried| is_conflict(tried)).count(), 90);
        let until = async |subjects: &[_], seconds| {
            rows.attempts_exhausted_until(subjects, 10, at(seconds)).await.unwrap()
        };
        assert_eq!(until(&[hash(), subject], 59).await, Some(at(60)));
        assert_eq!(until(&[hash()], 59).await, None);
        world.apply([Effect::UncountAttempt { subject }]).await.unwrap();
        assert_eq!(until(&[subject], 59).await, None);
        count(30).await.unwrap();
        assert_eq!(until(&[subject], 60).await, Some(at(90)));
        assert!(is_conflict(&count(89).await));
        // Forgotten, all of it.
        for _ in 0..10 {
            count(90).await.unwrap();
        }
        assert!(is_conflict(&count(90).await));
        let stranger = World::new(database.store(), "stranger").await;
        let theirs = Effect::CountAttempt { subject, most: 10, at: at(90), expires_at: at(99) };
        stranger.apply([theirs]).await.unwrap();
    }
}
