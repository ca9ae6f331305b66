use std::fmt::Write;

use grantor_protocol::Id;
use grantor_protocol::model::UserId;
use grantor_store::Subject;

use super::*;

const SYSTEM: TenantId = Id::from_bytes([1; 16]);
const ACME: TenantId = Id::from_bytes([2; 16]);
const OTHER: TenantId = Id::from_bytes([3; 16]);
const USER: UserId = Id::from_bytes([9; 16]);

fn caller(home: TenantId) -> Caller {
    Caller {
        subject: Subject::User(USER),
        tenant_id: home,
        tenant: "home".to_owned(),
        name: "Ada".to_owned(),
        email: None,
        csrf_token: None,
    }
}

fn held(role: &str, scope: Option<TenantId>) -> RoleAssignment {
    RoleAssignment { subject: Subject::User(USER), role: role.to_owned(), scope }
}

/// The enforcer of a domain in which subjects of `home` hold this one role.
async fn with(enforcers: &Enforcers, home: TenantId, role: &str, domain: Domain) -> DomainEnforcer {
    enforcers.build(domain, vec![(home, vec![held(role, None)])]).await.unwrap()
}

/// What every built-in role may do to every noun, as a page that people can review. With
/// `UPDATE_SNAPSHOTS=1` the page is written anew.
#[tokio::test]
async fn the_matrix_is_as_committed() {
    let enforcers = Enforcers::new().await.unwrap();
    let mut page = String::from(
        "What the built-in roles allow. Roles whose name begins with platform- hold in every tenant and for the\n\
         collection of tenants, the others in the tenants that they are given for. \"-\" is refused: 404 where\n\
         the role cannot read the noun, 403 where it can.\n\n",
    );
    write!(page, "{:<30}", "").unwrap();
    for role in BUILT_IN_ROLES {
        write!(page, " {role:>16}").unwrap();
    }
    page.push('\n');
    let domain = Domain::Tenant(ACME);
    for &resource in Resource::ALL {
        for &action in Action::ALL {
            let of_tenants = matches!(action, Action::Suspend | Action::Export | Action::Import);
            if of_tenants && resource != Resource::Tenant {
                continue;
            }
            write!(page, "{:<30}", format!("{} {}", resource.as_str(), action.as_str())).unwrap();
            for role in BUILT_IN_ROLES {
                let allowed = with(&enforcers, ACME, role, domain)
                    .await
                    .allows(&caller(ACME), domain, resource, action)
                    .unwrap();
                write!(page, " {:>16}", if allowed { "yes" } else { "-" }).unwrap();
            }
            page.push('\n');
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/authorization-matrix.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(committed, page, "review the change, then run the test with UPDATE_SNAPSHOTS=1");
}

#[tokio::test]
async fn a_role_is_held_by_its_subject_in_its_domain_only() {
    let enforcers = Enforcers::new().await.unwrap();
    let domain = Domain::Tenant(ACME);
    let enforcer = with(&enforcers, ACME, "tenant-owner", domain).await;
    let reads =
        |caller: &Caller, domain| enforcer.allows(caller, domain, Resource::User, Action::Read).unwrap();
    assert!(reads(&caller(ACME), domain));
    assert!(!reads(&caller(OTHER), domain), "the same identifier in another tenant is somebody else");
    assert!(!reads(&caller(ACME), Domain::Tenant(OTHER)));
    assert!(!reads(&caller(ACME), Domain::Platform));
    let client = Caller {
        subject: Subject::Client(grantor_protocol::model::ClientId::parse("x").unwrap()),
        ..caller(ACME)
    };
    assert!(!reads(&client, domain));
}

#[test]
fn assignments_count_only_where_their_subject_may_act() {
    for (role, scope, home, expected) in [
        ("platform-admin", None, SYSTEM, true),
        ("platform-admin", None, ACME, false),
        ("platform-admin", Some(ACME), ACME, false),
        ("platform-admin", Some(ACME), SYSTEM, false),
        ("tenant-owner", Some(ACME), ACME, true),
        ("tenant-owner", Some(ACME), SYSTEM, true),
        ("tenant-owner", Some(ACME), OTHER, false),
        ("tenant-owner", None, SYSTEM, true),
        ("tenant-owner", None, ACME, false),
    ] {
        assert_eq!(counts(&held(role, scope), home, SYSTEM), expected, "{role} {scope:?} {home}");
    }
}

#[test]
fn every_rule_names_what_exists() {
    for &(role, resource, action) in POLICY {
        assert!(is_role(role), "{role}");
        assert!(
            resource == "*" || Resource::ALL.iter().any(|known| known.as_str() == resource),
            "{resource}"
        );
        assert!(action == "*" || Action::ALL.iter().any(|known| known.as_str() == action), "{action}");
    }
}

/// What was loaded before a change is not kept after it.
#[tokio::test]
async fn a_change_empties_what_it_touches() {
    let enforcers = Enforcers::new().await.unwrap();
    let fill = async |domain, homes: Vec<TenantId>| {
        let holders = homes.into_iter().map(|home| (home, vec![])).collect();
        let loaded = enforcers.build(domain, holders).await.unwrap();
        enforcers.loaded.insert(domain, Arc::new(loaded));
    };
    fill(Domain::Platform, vec![SYSTEM]).await;
    fill(Domain::Tenant(ACME), vec![SYSTEM, ACME]).await;
    fill(Domain::Tenant(OTHER), vec![SYSTEM, OTHER]).await;
    let holds = |domain| enforcers.loaded.get(&domain).is_some();
    let change = |tenant_id, kind| Change::In { tenant_id, kind };
    let before = enforcers.generation.load(Ordering::SeqCst);
    enforcers.forget(&change(ACME, ChangeKind::Keys));
    assert!(holds(Domain::Tenant(ACME)));
    enforcers.forget(&change(ACME, ChangeKind::RoleAssignments));
    assert!(!holds(Domain::Tenant(ACME)) && holds(Domain::Tenant(OTHER)) && holds(Domain::Platform));
    assert!(enforcers.generation.load(Ordering::SeqCst) > before);
    enforcers.forget(&change(SYSTEM, ChangeKind::RoleAssignments));
    assert!(!holds(Domain::Tenant(OTHER)) && !holds(Domain::Platform));
}
