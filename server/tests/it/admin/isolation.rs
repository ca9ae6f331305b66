//! One tenant's administrators and another tenant, over every operation of the description. An operation
//! that is not in the table of operations fails `operations::the_table_is_complete`.

use poem::http::Method;

use super::operations::{Operation, Target, address, operations};
use crate::support::TestApp;

/// What is in braces in a path, but for the tenant.
fn identifiers_in(template: &str) -> Vec<String> {
    let names = template.split('{').skip(1).filter_map(|part| part.split('}').next());
    names.filter(|name| *name != "tenant").map(str::to_owned).collect()
}

fn names_something(operation: &&Operation) -> bool {
    !identifiers_in(&address(operation.id).1).is_empty()
}

crate::on_both! {
    /// The administrators of one tenant learn nothing of another and change nothing of it, with
    /// whatever operation.
    async fn a_foreign_tenant_does_not_exist(app: TestApp) {
        let (acme, other) = (app.acme().await, app.other().await);
        let target = Target::in_tenant(&app, "other").await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let before = app.rows_of(&other.tenant).await;
        assert!(before["users"].len() > 1 && before["clients"].len() > 2 && before["audit_events"].len() > 3);
        for operation in operations().filter(|operation| operation.needs.is_some()) {
            let answer = owner.perform(operation, &target).await;
            assert_eq!(answer.status, 404, "{}: {answer:?}", operation.id);
            let absent = owner.perform(operation, &target.moved_to("nowhere")).await;
            assert_eq!(absent.status, 404, "{}: {absent:?}", operation.id);
            assert_eq!(absent.json()["detail"], answer.json()["detail"], "{}", operation.id);
        }
        assert_eq!(app.rows_of(&other.tenant).await, before);
    }

    /// Whatever another tenant has is not reached through one's own either, by none of the identifiers of
    /// any operation.
    async fn foreign_identifiers_name_nothing_at_home(app: TestApp) {
        let (acme, other) = (app.acme().await, app.other().await);
        let foreign = Target::in_tenant(&app, "other").await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let before = app.rows_of(&other.tenant).await;
        let at_home = foreign.moved_to("acme");
        for operation in operations().filter(names_something) {
            if address(operation.id).0 != Method::PUT {
                let answer = owner.perform(operation, &at_home).await;
                assert_eq!(answer.status, 404, "{}: {answer:?}", operation.id);
            }
        }
        // PUT makes another thing of the same name, but nobody of another tenant can have a role here.
        for operation in operations().filter(names_something) {
            if address(operation.id).0 == Method::PUT {
                let answer = owner.perform(operation, &at_home).await;
                match operation.id {
                    "put_role_assignment" => answer.expect_invalid(&["/subject"]),
                    _ if operation.of_the_platform => answer.expect_problem(404, "not-found"),
                    _ => assert_eq!(answer.status, 201, "{}: {answer:?}", operation.id),
                }
            }
        }
        assert_eq!(app.rows_of(&other.tenant).await, before);
    }

    /// A foreign identifier among one's own.
    async fn a_foreign_identifier_among_ones_own_names_nothing(app: TestApp) {
        let (acme, other) = (app.acme().await, app.other().await);
        let (foreign, own) = (Target::in_tenant(&app, "other").await, Target::in_tenant(&app, "acme").await);
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let before = app.rows_of(&other.tenant).await;
        let mut tried = 0;
        for operation in operations() {
            let (method, template) = address(operation.id);
            for name in identifiers_in(&template) {
                let Some(mixed) = own.with_foreign(&name, &foreign) else { continue };
                if method != Method::PUT {
                    let answer = owner.perform(operation, &mixed).await;
                    assert_eq!(answer.status, 404, "{} {name}: {answer:?}", operation.id);
                    tried += 1;
                }
            }
        }
        assert!(tried > 15, "{tried}");
        assert_eq!(app.rows_of(&other.tenant).await, before);
    }

    /// No list at home has anything foreign in it.
    async fn lists_have_nothing_foreign_in_them(app: TestApp) {
        let acme = app.acme().await;
        app.other().await;
        let (foreign, own) = (Target::in_tenant(&app, "other").await, Target::in_tenant(&app, "acme").await);
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let own_names: Vec<_> = own.identifiers().collect();
        let secret: Vec<_> = foreign.identifiers().filter(|name| !own_names.contains(name)).collect();
        assert!(secret.len() > 5);
        for operation in operations().filter(|operation| !operation.of_the_platform) {
            if address(operation.id).0 == Method::GET {
                let answer = owner.perform(operation, &own).await;
                assert_eq!(answer.status, 200, "{}: {answer:?}", operation.id);
                assert!(secret.iter().all(|name| !answer.body.contains(name)), "{}", operation.id);
            }
        }
    }
}
