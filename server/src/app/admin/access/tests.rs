use std::fmt::Write;

use grantor_protocol::model::UserId;
use grantor_protocol::{Id, Timestamp};
use grantor_store::{Role, Subject};
use proptest::prelude::*;

use super::policy::Policy;
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
        since: Timestamp::default(),
        name: "Ada".to_owned(),
        email: None,
        csrf_token: None,
    }
}

fn held(role: &str, scope: Option<TenantId>) -> RoleAssignment {
    RoleAssignment { subject: Subject::User(USER), role: role.to_owned(), scope }
}

/// The enforcer of a policy that is in no database.
async fn enforcer_of(policy: Policy, homes: Vec<TenantId>) -> DomainEnforcer {
    let model = DefaultModel::from_str(MODEL).await.unwrap();
    let mut enforcer = Enforcer::new(model, casbin::NullAdapter).await.unwrap();
    policy.fill(enforcer.get_mut_model());
    enforcer.build_role_links().unwrap();
    DomainEnforcer { enforcer, homes }
}

/// The enforcer of a domain in which subjects of `home` hold this one role.
async fn with(home: TenantId, role: &str, domain: Domain) -> DomainEnforcer {
    let mut policy = Policy::built_in();
    policy.add_holder(home, &held(role, None), domain);
    enforcer_of(policy, vec![home]).await
}

/// What every built-in role may do to every noun, as a page that people can review. With
/// `UPDATE_SNAPSHOTS=1` the page is written anew.
#[tokio::test]
async fn the_matrix_is_as_committed() {
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
            if !action.is_done_to(resource) {
                continue;
            }
            write!(page, "{:<30}", format!("{} {}", resource.as_str(), action.as_str())).unwrap();
            for role in BUILT_IN_ROLES {
                let allowed =
                    with(ACME, role, domain).await.allows(&caller(ACME), domain, resource, action).unwrap();
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
    let domain = Domain::Tenant(ACME);
    let enforcer = with(ACME, "tenant-owner", domain).await;
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
        assert!(BUILT_IN_ROLES.contains(&role), "{role}");
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
        let loaded = enforcer_of(Policy::built_in(), homes).await;
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

/// What one rule of a role allows, read without casbin.
fn permits(permission: &Permission, resource: &str, action: &str) -> bool {
    let fits = |held: &str, wanted: &str| held == "*" || held == wanted;
    fits(&permission.resource, resource) && fits(&permission.action, action)
}

/// A noun or an action out of all there are, or `*`.
fn word(known: Vec<&'static str>) -> impl Strategy<Value = String> {
    prop::sample::select(known).prop_map(str::to_owned)
}

fn permissions() -> impl Strategy<Value = Vec<Permission>> {
    let every = || std::iter::once("*");
    let resource = word(every().chain(Resource::ALL.iter().map(|known| known.as_str())).collect());
    let action = word(every().chain(Action::ALL.iter().map(|known| known.as_str())).collect());
    prop::collection::vec(
        (resource, action).prop_map(|(resource, action)| permission(&resource, &action)),
        0..5,
    )
}

/// Two roles of ACME's and two of the platform's, of the same names.
fn roles() -> impl Strategy<Value = Vec<Role>> {
    let role = |platform: bool, name: &str, permissions| Role {
        tenant_id: if platform { SYSTEM } else { ACME },
        platform,
        name: name.to_owned(),
        description: String::new(),
        permissions,
        version: 1,
        created_at: grantor_protocol::Timestamp::from_unix_seconds(0),
        updated_at: grantor_protocol::Timestamp::from_unix_seconds(0),
    };
    (permissions(), permissions(), permissions(), permissions()).prop_map(move |(one, two, three, four)| {
        vec![
            role(false, "one", one),
            role(false, "two", two),
            role(true, "one", three),
            role(true, "two", four),
        ]
    })
}

/// Assignments of one subject of the system tenant's: in ACME and in all of the platform.
fn assignments() -> impl Strategy<Value = Vec<RoleAssignment>> {
    let role = word(BUILT_IN_ROLES.into_iter().chain(["one", "two", "gone"]).collect());
    let assignment = (role, prop::sample::select(vec![None, Some(ACME)]));
    prop::collection::vec(assignment.prop_map(|(role, scope)| held(&role, scope)), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// casbin decides as the rules read, whatever the roles and whoever has them.
    #[test]
    fn casbin_agrees_with_the_rules(roles in roles(), assignments in assignments()) {
        let domain = Domain::Tenant(ACME);
        let mut policy = Policy::built_in();
        roles.iter().for_each(|role| policy.add_role(role));
        assignments.iter().for_each(|held| policy.add_holder(SYSTEM, held, domain));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let enforcer = runtime.block_on(enforcer_of(policy, vec![SYSTEM, ACME]));
        let held: Vec<Permission> = assignments
            .iter()
            .flat_map(|held| {
                let made = roles.iter().find(|role| role.name == held.role && role.platform == held.scope.is_none());
                made.map_or_else(|| built_in_permissions(&held.role), |role| role.permissions.clone())
            })
            .collect();
        for resource in Resource::ALL.iter().map(|known| known.as_str()).chain(["*"]) {
            for action in Action::ALL.iter().map(|known| known.as_str()).chain(["*"]) {
                let expected = held.iter().any(|held| permits(held, resource, action));
                let wanted = permission(resource, action);
                prop_assert_eq!(enforcer.holds(&caller(SYSTEM), domain, &wanted).unwrap(), expected);
                prop_assert!(!enforcer.holds(&caller(ACME), domain, &wanted).unwrap(), "nobody else does");
            }
        }
    }
}

/// An owner can give every role that can be held in a tenant, an administrator all but the owner's.
#[tokio::test]
async fn an_owner_holds_what_the_roles_of_a_tenant_allow() {
    let domain = Domain::Tenant(ACME);
    let owner = with(ACME, "tenant-owner", domain).await;
    let admin = with(ACME, "tenant-admin", domain).await;
    for role in BUILT_IN_ROLES {
        let covers = |enforcer: &DomainEnforcer| {
            let permissions = built_in_permissions(role);
            permissions.iter().all(|held| enforcer.holds(&caller(ACME), domain, held).unwrap())
        };
        assert_eq!(covers(&owner), role != "platform-admin", "{role}");
        assert_eq!(covers(&admin), !["platform-admin", "tenant-owner"].contains(&role), "{role}");
    }
}

/// casbin reads rights and does not write them: a write through it would have no trail and reach no node.
#[tokio::test]
async fn casbin_cannot_write() {
    use casbin::{Adapter, Filter};

    let database = grantor_store::testing::TestDatabase::sqlite().await;
    let mut adapter = PolicyAdapter::new(database.store().clone(), SYSTEM, Domain::Tenant(ACME));
    let mut model = DefaultModel::from_str(MODEL).await.unwrap();
    let rule = || vec!["auditor".to_owned(), "*".to_owned(), "*".to_owned()];
    adapter.load_policy(&mut model).await.unwrap();
    assert_eq!(adapter.homes(), [SYSTEM, ACME]);
    let refused = [
        adapter.load_filtered_policy(&mut model, Filter { p: vec![], g: vec![] }).await.err(),
        adapter.save_policy(&mut model).await.err(),
        adapter.clear_policy().await.err(),
        adapter.add_policy("p", "p", rule()).await.err(),
        adapter.add_policies("p", "p", vec![rule()]).await.err(),
        adapter.remove_policy("p", "p", rule()).await.err(),
        adapter.remove_policies("p", "p", vec![rule()]).await.err(),
        adapter.remove_filtered_policy("p", "p", 0, rule()).await.err(),
    ];
    for (index, error) in refused.into_iter().enumerate() {
        let text = error.unwrap_or_else(|| panic!("{index} was done")).to_string();
        assert!(text.contains("Adapter"), "{text}");
    }
}
