//! Black-box checks of the whole program. Each starts a server of its own; what touches the database runs on both.

/// Makes of each check two tests, one on each database.
macro_rules! on_both_databases {
    ($($check:ident),+ $(,)?) => {$(
        mod $check {
            use grantor_e2e::Database;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() -> anyhow::Result<()> {
                super::$check(Database::Sqlite).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() -> anyhow::Result<()> {
                super::$check(Database::Postgres).await
            }
        }
    )+};
}

mod acme;
mod apply;
mod assertion;
mod client_certificates;
mod console;
mod description;
mod device;
mod durability;
mod generated;
mod logo;
mod mcp;
mod migration;
mod oauth;
mod openid;
mod openid_client;
mod operations;
mod pages;
mod passkeys;
mod people;
mod readme;
mod setup;
mod shutdown;
mod upstream;
mod webhooks;
