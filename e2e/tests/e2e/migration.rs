//! The schema of PostgreSQL is changed by an operator's command and by nothing else.

use grantor_e2e::{Database, Installation};

#[tokio::test]
async fn serve_refuses_a_postgres_database_that_is_behind() -> anyhow::Result<()> {
    let installation = Installation::new(Database::Postgres).await?;
    let refused = installation.try_run(&["serve"])?;
    let said = String::from_utf8(refused.stderr)?;
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("grantor migrate"), "it should say what to do: {said}");
    assert!(!said.contains("panicked"), "{said}");

    installation.run(&["migrate"])?;
    // What is current stays as it is.
    installation.run(&["migrate"])?;
    installation.start().await.map(drop)
}

#[tokio::test]
async fn postgres_needs_a_master_key() -> anyhow::Result<()> {
    let mut installation = Installation::new(Database::Postgres).await?;
    installation.unset("GRANTOR_MASTER_KEY");
    let refused = installation.try_run(&["serve"])?;
    let said = String::from_utf8(refused.stderr)?;
    assert!(!refused.status.success());
    assert!(said.contains("GRANTOR_MASTER_KEY"), "{said}");
    Ok(())
}
