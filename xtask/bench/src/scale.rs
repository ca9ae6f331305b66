//! `cargo xtask bench --tenants`: whether what an administrator does costs more where there is more of it. Two
//! servers run side by side, one with ten tenants in its SQLite file and one with many, and are asked in
//! turn; then one of their tenants has many users.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use grantor_protocol::model::{
    RateKind, Tenant, TenantId, TenantSettings, TenantStatus, User, UserProfile, UserStatus,
};
use grantor_protocol::{Id, Timestamp};
use grantor_store::{NewTenant, Page, Store, UserFilter};
use tokio::task::JoinSet;

use crate::histogram::Histogram;
use crate::http::{Connection, request};
use crate::processes::Server;
use crate::site::administrator;

/// Tenants of the server that the other is held against.
const FEW: u32 = 10;
/// Items on a page.
const LIMIT: u32 = 10;
/// Requests of a kind in a round.
const REQUESTS: usize = 1000;
/// Rows that are written at a time.
const AT_ONCE: u32 = 128;
/// When the first tenant and the first user were made.
const BEGINNING: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

const HEAD: &str = "                                median ms            ratio     p99 ms            ratio";

/// One server, and what it holds.
struct Side {
    server: Server,
    tenants: u32,
    token: String,
}

/// Latencies of one kind of request on both sides, or of two requests on one.
struct Pair {
    name: &'static str,
    little: Histogram,
    much: Histogram,
}

impl Pair {
    fn new(name: &'static str) -> Self {
        Self { name, little: Histogram::default(), much: Histogram::default() }
    }

    fn text(&self) -> String {
        let milliseconds = |latency: Duration| latency.as_secs_f64() * 1000.0;
        let [low, high] = [0.5, 0.99].map(|share| {
            let (little, much) = (self.little.quantile(share), self.much.quantile(share));
            format!(
                "{:9.2}{:9.2}{:7.2}",
                milliseconds(little),
                milliseconds(much),
                much.as_secs_f64() / little.as_secs_f64()
            )
        });
        format!("{:32}{low}  {high}\n", self.name)
    }
}

/// Measures and prints.
///
/// # Errors
/// What does not work.
pub async fn run(program: &Path, tenants: u32, users: u32, rounds: usize) -> anyhow::Result<()> {
    eprintln!("making {FEW} and {tenants} tenants");
    let mut little = Side::start(program, FEW).await?;
    let mut much = Side::start(program, tenants).await?;
    println!("{HEAD}\n{:32}{FEW:9}{tenants:9}{:7}  {FEW:9}{tenants:9}", "tenants", "");

    let mut start_up = Pair::new("start-up");
    for _ in 0..rounds {
        start_up.little.record(little.server.restart().await?);
        start_up.much.record(much.server.restart().await?);
    }
    print!("{}", start_up.text());
    for side in [&mut little, &mut much] {
        side.token = administrator(&side.server).await?;
    }

    for (name, kind) in KINDS {
        let mut pair = Pair::new(name);
        let mut to_little = Connection::open(little.server.address).await?;
        let mut to_much = Connection::open(much.server.address).await?;
        for number in 0..rounds * REQUESTS {
            // In turn, so that what disturbs this machine disturbs both.
            let number = u32::try_from(number)?;
            pair.little.record(little.ask(&mut to_little, kind(number)).await?);
            pair.much.record(much.ask(&mut to_much, kind(number)).await?);
        }
        print!("{}", pair.text());
    }
    many_users(&much, users, rounds).await
}

/// A kind of request about tenants: method, path and body of the n-th.
type Kind = fn(u32) -> (&'static str, String, String);

const KINDS: [(&str, Kind); 6] = [
    ("list tenants", |_| ("GET", format!("/tenants?limit={LIMIT}"), String::new())),
    ("list tenants by name", |_| ("GET", format!("/tenants?limit={LIMIT}&sort=-name"), String::new())),
    ("search, one found", |n| ("GET", format!("/tenants?limit={LIMIT}&q={}", slug(n % FEW)), String::new())),
    ("search, all found", |_| ("GET", format!("/tenants?limit={LIMIT}&q=tenant"), String::new())),
    ("read a tenant", |n| ("GET", format!("/tenants/{}", slug(n % FEW)), String::new())),
    ("create a tenant", |n| {
        ("POST", "/tenants".to_owned(), format!("{{\"slug\":\"new-{n}\",\"name\":\"New {n}\"}}"))
    }),
];

fn slug(number: u32) -> String {
    format!("tenant-{number:06}")
}

fn id<Kind>(number: u32) -> Id<Kind> {
    let mut bytes = [0x11; 16];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    Id::from_bytes(bytes)
}

fn made(number: u32) -> Timestamp {
    Timestamp::from_unix_microseconds(BEGINNING.unix_microseconds() + i64::from(number))
}

impl Side {
    async fn start(program: &Path, tenants: u32) -> anyhow::Result<Self> {
        let server = Server::start(program, None).await?;
        let store = server.store().await?;
        // The administrator asks more often than administrators may.
        let mut system = store.tenants().by_slug("system").await?.context("there is no system tenant")?;
        *system.settings.rate_limits.of_mut(RateKind::Admin) = "1000000/second burst 1000000".parse().ok();
        store.tenants().update(&system, None, vec![]).await?;
        in_parallel(&store, tenants, |store: Store, number| async move {
            let tenant = Tenant {
                id: id(number),
                slug: slug(number),
                name: format!("Company {number:06}"),
                issuer: format!("http://127.0.0.1/t/{}", slug(number)),
                status: TenantStatus::Active,
                settings: TenantSettings::default(),
                version: 1,
                created_at: made(number),
                updated_at: made(number),
            };
            store.tenants().create(NewTenant { tenant, keys: vec![], audit: vec![] }).await
        })
        .await?;
        let token = administrator(&server).await?;
        Ok(Self { server, tenants, token })
    }

    /// How long a request takes: method, path and body.
    async fn ask(
        &self,
        connection: &mut Connection,
        (method, path, body): (&str, String, String),
    ) -> anyhow::Result<Duration> {
        let headers = format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", self.token);
        let target = format!("/admin/v1{path}");
        let ask = request(method, &target, &self.server.address.to_string(), &headers, &body);
        let begun = Instant::now();
        let answer = connection.exchange(&ask).await?;
        let latency = begun.elapsed();
        ensure!((200..300).contains(&answer.status), "{method} {target} answered {}", answer.summary());
        Ok(latency)
    }
}

/// Pages and searches of a tenant's many users, against its first page.
async fn many_users(side: &Side, users: u32, rounds: usize) -> anyhow::Result<()> {
    eprintln!("making {users} users");
    let store = side.server.store().await?;
    let tenant: TenantId = id(0);
    in_parallel(&store, users, move |store: Store, number| async move {
        let user = User {
            tenant_id: tenant,
            id: id(number),
            username: format!("user-{number:07}"),
            email: Some(format!("{number:07}@mail.example")),
            email_verified: false,
            status: UserStatus::Active,
            password: None,
            profile: UserProfile { name: Some(format!("Person {number:07}")), ..UserProfile::default() },
            version: 1,
            created_at: made(number),
            updated_at: made(number),
        };
        store.tenant(tenant).create_user(&user, vec![]).await
    })
    .await?;
    let path = format!("/tenants/{}/users?limit={LIMIT}", slug(0));
    let last = users.saturating_sub(LIMIT);
    let end = format!("{path}&cursor={}", cursor_after(&store, tenant, last).await?);
    println!("\n{users} users of one of {} tenants, against their first page", side.tenants);
    for (name, path) in [
        ("the first page again", path.clone()),
        ("the last page", end),
        ("by name, backwards", format!("{path}&sort=-username")),
        ("search, one found", format!("{path}&q=user-{last:07}")),
        ("search, all found", format!("{path}&q=user")),
        ("search by name, all found", format!("{path}&q=person")),
        ("none is locked", format!("{path}&status=locked")),
    ] {
        let mut pair = Pair::new(name);
        let first = format!("/tenants/{}/users?limit={LIMIT}", slug(0));
        let mut connection = Connection::open(side.server.address).await?;
        for _ in 0..rounds * REQUESTS {
            let get = |path: &str| ("GET", path.to_owned(), String::new());
            pair.little.record(side.ask(&mut connection, get(&first)).await?);
            pair.much.record(side.ask(&mut connection, get(&path)).await?);
        }
        print!("{}", pair.text());
    }
    Ok(())
}

/// The cursor of the page after this many users.
async fn cursor_after(store: &Store, tenant: TenantId, users: u32) -> anyhow::Result<String> {
    let mut page = Page { limit: 0, ..Page::default() };
    let mut passed = 0;
    while passed < users {
        page.limit = (users - passed).min(10_000);
        passed += page.limit;
        let listing = store.tenant(tenant).list_users(&page, &UserFilter::default()).await?;
        page.cursor = Some(listing.next.context("there are fewer users")?);
    }
    Ok(page.cursor.context("no cursor")?.to_string())
}

/// Writes many rows, some at a time, so that they share commits.
async fn in_parallel<F, E>(
    store: &Store,
    count: u32,
    write: impl Fn(Store, u32) -> F + Clone + Send + Sync + 'static,
) -> anyhow::Result<()>
where
    F: Future<Output = Result<(), E>> + Send,
    E: std::error::Error + Send + Sync + 'static,
{
    let write = Arc::new(write);
    let mut writers = JoinSet::new();
    for writer in 0..AT_ONCE.min(count) {
        let (store, write) = (store.clone(), Arc::clone(&write));
        writers.spawn(async move {
            for number in (writer..count).step_by(AT_ONCE as usize) {
                write(store.clone(), number).await?;
            }
            Ok::<(), E>(())
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    Ok(())
}
