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
    tenants (id) {
        id -> Binary,
        slug -> Text,
        name -> Text,
        name_lower -> Text,
        issuer -> Text,
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
        activates_at -> BigInt,
        retired_at -> Nullable<BigInt>,
        removes_at -> Nullable<BigInt>,
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
    }
}

diesel::table! {
    console_sessions (tenant_id, hash) {
        tenant_id -> Binary,
        hash -> Binary,
        user_id -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    role_assignments (tenant_id, subject, role, scope) {
        tenant_id -> Binary,
        subject -> Text,
        role -> Text,
        scope -> Text,
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
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    authorization_codes,
    clients,
    consents,
    console_sessions,
    grants,
    refresh_tokens,
    sessions,
    users,
);
