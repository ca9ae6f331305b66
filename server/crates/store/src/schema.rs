//! The tables as diesel sees them; a test compares them with what the migrations make on both databases.

diesel::table! {
    installation (name) {
        name -> Text,
        value -> Binary,
    }
}

diesel::table! {
    setup_tokens (hash) {
        hash -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> Binary,
        kind -> Text,
        tenant_id -> Binary,
        tenant_slug -> Text,
        state -> Text,
        row_count -> BigInt,
        total -> Nullable<BigInt>,
        error -> Nullable<Text>,
        holder -> Nullable<Binary>,
        lease_until -> BigInt,
        created_at -> BigInt,
        started_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    tenants (id) {
        id -> Binary,
        slug -> Text,
        name -> Text,
        name_lower -> Text,
        issuer -> Text,
        domain -> Nullable<Text>,
        status -> Text,
        settings -> Jsonb,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    signing_keys (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        algorithm -> Text,
        state -> Text,
        public_jwk -> Jsonb,
        sealed_private_key -> Binary,
        created_at -> BigInt,
        changes_at -> Nullable<BigInt>,
        activated_at -> Nullable<BigInt>,
        retired_at -> Nullable<BigInt>,
        removed_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    users (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        username -> Text,
        username_lower -> Text,
        email -> Nullable<Text>,
        email_lower -> Nullable<Text>,
        email_verified -> Bool,
        name_lower -> Nullable<Text>,
        status -> Text,
        password -> Nullable<Text>,
        profile -> Jsonb,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    clients (tenant_id, client_id) {
        tenant_id -> Binary,
        client_id -> Text,
        client_id_lower -> Text,
        client_name -> Text,
        client_name_lower -> Text,
        enabled -> Bool,
        metadata -> Jsonb,
        secrets -> Jsonb,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        origin -> Nullable<Jsonb>,
        registration_fingerprint -> Nullable<Binary>,
        dies_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    interactions (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        browser -> Binary,
        purpose -> Jsonb,
        signed_in -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> BigInt,
        completed_at -> Nullable<BigInt>,
        proven -> Nullable<Jsonb>,
    }
}

diesel::table! {
    sessions (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        secret -> Binary,
        user_id -> Binary,
        authenticated_at -> BigInt,
        amr -> Jsonb,
        created_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        origin -> Nullable<Jsonb>,
        idle_lifetime -> Nullable<BigInt>,
        idle_expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    grants (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        client_id -> Text,
        user_id -> Binary,
        scope -> Text,
        resources -> Jsonb,
        authentication -> Jsonb,
        nonce -> Nullable<Text>,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        revocation_reason -> Nullable<Text>,
        session_id -> Nullable<Binary>,
    }
}

diesel::table! {
    authorization_codes (tenant_id, hash) {
        tenant_id -> Binary,
        hash -> Binary,
        grant_id -> Binary,
        redirect_uri -> Text,
        code_challenge -> Nullable<Text>,
        issued_at -> BigInt,
        expires_at -> BigInt,
        consumed_at -> Nullable<BigInt>,
        dpop_jkt -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_tokens (tenant_id, hash) {
        tenant_id -> Binary,
        hash -> Binary,
        grant_id -> Binary,
        issued_at -> BigInt,
        expires_at -> BigInt,
        rotated_at -> Nullable<BigInt>,
        confirmation -> Nullable<Jsonb>,
    }
}

diesel::table! {
    access_token_revocations (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    spent_assertions (tenant_id, client_id, jti) {
        tenant_id -> Binary,
        client_id -> Text,
        jti -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    consents (tenant_id, user_id, client_id) {
        tenant_id -> Binary,
        user_id -> Binary,
        client_id -> Text,
        scope -> Text,
        resources -> Jsonb,
        given_at -> BigInt,
        version -> BigInt,
        client_fingerprint -> Nullable<Binary>,
    }
}

diesel::table! {
    access_tokens (tenant_id, hash) {
        tenant_id -> Binary,
        hash -> Binary,
        claims -> Jsonb,
        expires_at -> BigInt,
    }
}

diesel::table! {
    domains (tenant_id, domain) {
        tenant_id -> Binary,
        domain -> Text,
        challenge -> Text,
        verified_at -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    protected_resources (tenant_id, identifier) {
        tenant_id -> Binary,
        identifier -> Text,
        settings -> Jsonb,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    pushed_authorization_requests (tenant_id, hash) {
        tenant_id -> Binary,
        hash -> Binary,
        client_id -> Text,
        request -> Jsonb,
        expires_at -> BigInt,
        consumed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    device_authorizations (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        device_code -> Binary,
        user_code -> Binary,
        client_id -> Text,
        request -> Jsonb,
        origin -> Jsonb,
        state -> Text,
        user_id -> Nullable<Binary>,
        approval -> Nullable<Jsonb>,
        entries -> BigInt,
        poll_interval -> BigInt,
        polled_at -> Nullable<BigInt>,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    attempts (tenant_id, subject) {
        tenant_id -> Binary,
        subject -> Binary,
        count -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    tenant_counts (tenant_id, noun) {
        tenant_id -> Binary,
        noun -> Text,
        count -> BigInt,
        most -> Nullable<BigInt>,
        day -> BigInt,
    }
}

diesel::table! {
    stats (tenant_id, hour, metric) {
        tenant_id -> Binary,
        hour -> BigInt,
        metric -> Text,
        count -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    platform_stats (hour, metric) {
        hour -> BigInt,
        metric -> Text,
        count -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    initial_access_tokens (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        hash -> Binary,
        settings -> Jsonb,
        uses_left -> Nullable<BigInt>,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (tenant_id, hash) {
        tenant_id -> Binary,
        hash -> Binary,
        fingerprint -> Binary,
        reserved_at -> BigInt,
        answer -> Nullable<Binary>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    console_sessions (tenant_id, hash) {
        tenant_id -> Binary,
        hash -> Binary,
        user_id -> Binary,
        expires_at -> BigInt,
        session_id -> Nullable<Binary>,
    }
}

diesel::table! {
    role_assignments (tenant_id, subject, role, scope) {
        tenant_id -> Binary,
        subject -> Text,
        role -> Text,
        scope -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    roles (tenant_id, platform, name) {
        tenant_id -> Binary,
        platform -> Bool,
        name -> Text,
        description -> Text,
        permissions -> Jsonb,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    audit_events (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        at -> BigInt,
        kind -> Text,
        actor -> Jsonb,
        target -> Text,
        detail -> Jsonb,
        actor_key -> Text,
        origin -> Nullable<Jsonb>,
        sequence -> BigInt,
        previous_hash -> Binary,
        hash -> Binary,
    }
}

diesel::table! {
    audit_chains (tenant_id) {
        tenant_id -> Binary,
        sequence -> BigInt,
        hash -> Binary,
        pruned_to -> BigInt,
        pruned_hash -> Binary,
        prunes_at -> BigInt,
        followed_until -> BigInt,
    }
}

diesel::table! {
    webhooks (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        settings -> Jsonb,
        secrets -> Jsonb,
        disabled -> Nullable<Text>,
        position -> BigInt,
        replay_position -> Nullable<BigInt>,
        replay_until -> Nullable<BigInt>,
        failing_since -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    webhook_deliveries (tenant_id, webhook_id, event_id) {
        tenant_id -> Binary,
        webhook_id -> Binary,
        event_id -> Binary,
        kind -> Text,
        payload -> Text,
        state -> Text,
        attempts -> BigInt,
        due_at -> Nullable<BigInt>,
        attempted_at -> Nullable<BigInt>,
        status -> Nullable<BigInt>,
        error -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    passkeys (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        user_id -> Binary,
        credential_id -> Binary,
        name -> Text,
        credential -> Jsonb,
        counter -> BigInt,
        synced -> Bool,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    totp_authenticators (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        user_id -> Binary,
        name -> Text,
        sealed_secret -> Binary,
        last_step -> BigInt,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    recovery_codes (tenant_id, user_id, hash) {
        tenant_id -> Binary,
        user_id -> Binary,
        hash -> Binary,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    known_browsers (tenant_id, user_id, hash) {
        tenant_id -> Binary,
        user_id -> Binary,
        hash -> Binary,
        seen_at -> BigInt,
        trusted_until -> Nullable<BigInt>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    messages (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        kind -> Text,
        content -> Binary,
        attempts -> BigInt,
        due_at -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    ceremonies (tenant_id, id) {
        tenant_id -> Binary,
        id -> Binary,
        purpose -> Jsonb,
        state -> Jsonb,
        expires_at -> BigInt,
    }
}

diesel::table! {
    one_time_links (tenant_id, hash) {
        tenant_id -> Binary,
        hash -> Binary,
        kind -> Text,
        user_id -> Binary,
        address -> Text,
        interaction_id -> Nullable<Binary>,
        browser -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> BigInt,
        consumed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    identity_providers (tenant_id, name) {
        tenant_id -> Binary,
        name -> Text,
        enabled -> Bool,
        settings -> Jsonb,
        secret -> Nullable<Jsonb>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    identity_links (tenant_id, provider, subject) {
        tenant_id -> Binary,
        provider -> Text,
        subject -> Text,
        user_id -> Binary,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    upstream_sign_ins (tenant_id, hash) {
        tenant_id -> Binary,
        hash -> Binary,
        browser -> Binary,
        provider -> Text,
        purpose -> Jsonb,
        created_at -> BigInt,
        expires_at -> BigInt,
        consumed_at -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(audit_chains, tenants);

diesel::allow_tables_to_appear_in_same_query!(audit_events, tenants);

diesel::allow_tables_to_appear_in_same_query!(clients, tenants);

diesel::allow_tables_to_appear_in_same_query!(domains, tenants);

diesel::allow_tables_to_appear_in_same_query!(identity_links, identity_providers, users);

diesel::allow_tables_to_appear_in_same_query!(signing_keys, tenants);

diesel::allow_tables_to_appear_in_same_query!(
    authorization_codes,
    clients,
    consents,
    console_sessions,
    device_authorizations,
    grants,
    refresh_tokens,
    sessions,
    users,
);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use diesel::QueryableByName;
    use diesel::sql_types::{Bool, Text};
    use diesel_async::RunQueryDsl;

    use crate::conn::{Conn, dual};
    use crate::{Error, on_both_databases};

    #[derive(QueryableByName)]
    struct Column {
        #[diesel(sql_type = Text)]
        table: String,
        #[diesel(sql_type = Text)]
        column: String,
        #[diesel(sql_type = Text)]
        kind: String,
        #[diesel(sql_type = Bool)]
        nullable: bool,
    }

    #[derive(QueryableByName)]
    struct Index {
        #[diesel(sql_type = Text)]
        table: String,
        #[diesel(sql_type = Text)]
        index: String,
        #[diesel(sql_type = Text)]
        first_column: String,
    }

    /// `table.column` -> its type here, as this file spells it.
    fn declared() -> BTreeMap<String, String> {
        let mut table = "";
        let mut columns = BTreeMap::new();
        for line in include_str!("schema.rs").lines().take_while(|line| !line.starts_with("#[cfg(test)]")) {
            let line = line.trim();
            if let Some((column, kind)) = line.split_once(" -> ") {
                columns.insert(format!("{table}.{column}"), kind.trim_end_matches(',').to_owned());
            } else if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
                table = name;
            }
        }
        columns
    }

    /// What diesel's types are called on SQLite and PostgreSQL.
    fn sql_names(kind: &str) -> [&'static str; 2] {
        match kind {
            "Binary" => ["BLOB", "bytea"],
            "BigInt" => ["INTEGER", "bigint"],
            "Bool" => ["INTEGER", "boolean"],
            "Jsonb" => ["BLOB", "jsonb"],
            "Text" => ["TEXT", "text"],
            other => panic!("{other} is not used in this schema"),
        }
    }

    async fn load_columns(mut conn: Conn<'_>) -> Result<Vec<Column>, Error> {
        let sql = match conn {
            Conn::Sqlite(_) => {
                "SELECT tables.name AS \"table\", columns.name AS \"column\", columns.type AS kind, \
                 NOT columns.\"notnull\" AS nullable \
                 FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns \
                 WHERE tables.type = 'table'"
            }
            Conn::Postgres(_) => {
                "SELECT table_name::text AS \"table\", column_name::text AS \"column\", \
                 data_type::text AS kind, is_nullable = 'YES' AS nullable \
                 FROM information_schema.columns WHERE table_schema = current_schema()"
            }
        };
        Ok(dual!(&mut conn, c => diesel::sql_query(sql).load(c).await)?)
    }

    async fn load_indexes(mut conn: Conn<'_>) -> Result<Vec<Index>, Error> {
        let sql = match conn {
            Conn::Sqlite(_) => {
                "SELECT tables.name AS \"table\", indexes.name AS \"index\", columns.name AS first_column \
                 FROM sqlite_schema AS tables, pragma_index_list(tables.name) AS indexes, \
                 pragma_index_info(indexes.name) AS columns \
                 WHERE tables.type = 'table' AND columns.seqno = 0"
            }
            Conn::Postgres(_) => {
                "SELECT tables.relname::text AS \"table\", indexes.relname::text AS \"index\", \
                 pg_get_indexdef(i.indexrelid, 1, true) AS first_column \
                 FROM pg_index i JOIN pg_class tables ON tables.oid = i.indrelid \
                 JOIN pg_class indexes ON indexes.oid = i.indexrelid \
                 JOIN pg_namespace n ON n.oid = tables.relnamespace WHERE n.nspname = current_schema()"
            }
        };
        Ok(dual!(&mut conn, c => diesel::sql_query(sql).load(c).await)?)
    }

    on_both_databases! {
        async fn the_database_is_as_declared(database: TestDatabase) {
            let columns = database.store().read(async |conn: Conn<'_>| load_columns(conn).await).await.unwrap();
            let mut declared = declared();
            for Column { table, column, kind, nullable } in columns {
                if table == "schema_migrations" {
                    continue;
                }
                let name = format!("{table}.{column}");
                let expected = declared.remove(&name).unwrap_or_else(|| panic!("{name} is not declared"));
                let inner = expected.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
                assert_eq!(nullable, inner.is_some(), "whether {name} may be absent");
                assert!(sql_names(inner.unwrap_or(&expected)).contains(&kind.as_str()), "{name} is {kind}");
            }
            assert!(declared.is_empty(), "not in the database: {declared:?}");
        }

        async fn the_tenant_leads_every_key_and_index(database: TestDatabase) {
            let indexes = database.store().read(async |conn: Conn<'_>| load_indexes(conn).await).await.unwrap();
            assert!(indexes.len() > 20);
            for Index { table, index, first_column } in indexes {
                let directory = [
                    "tenants",
                    "installation",
                    "setup_tokens",
                    "schema_migrations",
                    "platform_stats",
                    "jobs",
                ];
                let due = index.ends_with("_expiry") || index.ends_with("_changes");
                let platform = index.ends_with("_platform");
                // One tenant among all has a domain verified.
                let verified = index == "domains_verified";
                assert!(
                    first_column == "tenant_id"
                        || directory.contains(&table.as_str())
                        || due
                        || platform
                        || verified,
                    "{index} on {table} begins with {first_column}",
                );
            }
        }
    }
}
