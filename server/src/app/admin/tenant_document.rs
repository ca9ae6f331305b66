//! A tenant as the admin API tells it, and back.

use grantor_api as api;
use grantor_protocol::model::{
    AccessTokenAlgorithm, AccessTokenFormat, DeviceApproval, IdTokenAlgorithm, Lifetimes, PasswordPolicy,
    RegistrationMode, RegistrationPolicy, ScopeDescription, SignOutRevokes, SigningAlgorithm,
    SoftwareStatementDemand, Tenant, TenantSettings, TenantStatus, TrustedSoftwareStatementIssuer,
};
use grantor_protocol::{Lifetime, Profile, Scope};

use super::client_document::{grant_type_document, grant_type_model};
use super::document::twins;
use super::{branding_document, limits_document, sign_in_document};

pub(super) fn document(tenant: &Tenant) -> api::Tenant {
    api::Tenant {
        slug: tenant.slug.clone(),
        name: tenant.name.clone(),
        status: status_document(tenant.status),
        issuer: tenant.issuer.clone(),
        settings: settings_document(&tenant.settings),
        version: tenant.version,
        created_at: tenant.created_at.to_string(),
        updated_at: tenant.updated_at.to_string(),
    }
}

pub(super) fn settings_document(settings: &TenantSettings) -> api::TenantSettings {
    let TenantSettings {
        profile,
        lifetimes,
        branding,
        default_locale,
        scopes,
        access_token_algorithm,
        id_token_algorithm,
        require_pushed_authorization_requests,
        require_dpop_nonce,
        device_approval,
        sign_out_revokes,
        password_policy,
        sign_in,
        registration,
        client_certificate_authorities,
        audit_retention,
        audit_token_issues,
        rate_limits,
        quotas,
    } = settings;
    api::TenantSettings {
        profile: profile_document(*profile),
        lifetimes: api::Lifetimes {
            authorization_code: lifetimes.authorization_code.seconds(),
            access_token: lifetimes.access_token.seconds(),
            id_token: lifetimes.id_token.seconds(),
            refresh_token_idle: lifetimes.refresh_token_idle.seconds(),
            refresh_token_absolute: lifetimes.refresh_token_absolute.seconds(),
            refresh_retry_window: lifetimes.refresh_retry_window.seconds(),
            session: lifetimes.session.seconds(),
            session_idle: lifetimes.session_idle.seconds(),
            interaction: lifetimes.interaction.seconds(),
            device_code: lifetimes.device_code.seconds(),
            device_poll_interval: lifetimes.device_poll_interval.seconds(),
            pushed_authorization_request: lifetimes.pushed_authorization_request.seconds(),
        },
        branding: branding_document::document(branding),
        default_locale: default_locale.clone(),
        scopes: scopes
            .iter()
            .map(|scope| api::ScopeDescription {
                name: scope.name.clone(),
                description: scope.description.clone(),
            })
            .collect(),
        access_token_algorithm: algorithm_document(access_token_algorithm.0),
        id_token_algorithm: algorithm_document(id_token_algorithm.0),
        require_pushed_authorization_requests: *require_pushed_authorization_requests,
        require_dpop_nonce: *require_dpop_nonce,
        device_approval: device_approval_document(*device_approval),
        sign_out_revokes: sign_out_revokes_document(*sign_out_revokes),
        password_policy: api::PasswordPolicy {
            min_length: password_policy.min_length,
            forbidden_words: password_policy.forbidden_words.clone(),
        },
        sign_in: sign_in_document::document(sign_in),
        registration: registration_document(registration),
        client_certificate_authorities: client_certificate_authorities.clone(),
        audit_retention: *audit_retention,
        audit_token_issues: *audit_token_issues,
        rate_limits: limits_document::rate_limits(rate_limits),
        quotas: limits_document::quotas(quotas),
    }
}

pub(super) fn settings_model(settings: &api::TenantSettings) -> TenantSettings {
    let api::TenantSettings {
        profile,
        lifetimes,
        branding,
        default_locale,
        scopes,
        access_token_algorithm,
        id_token_algorithm,
        require_pushed_authorization_requests,
        require_dpop_nonce,
        device_approval,
        sign_out_revokes,
        password_policy,
        sign_in,
        registration,
        client_certificate_authorities,
        audit_retention,
        audit_token_issues,
        rate_limits,
        quotas,
    } = settings;
    TenantSettings {
        profile: profile_model(*profile),
        lifetimes: Lifetimes {
            authorization_code: Lifetime::from_seconds(lifetimes.authorization_code),
            access_token: Lifetime::from_seconds(lifetimes.access_token),
            id_token: Lifetime::from_seconds(lifetimes.id_token),
            refresh_token_idle: Lifetime::from_seconds(lifetimes.refresh_token_idle),
            refresh_token_absolute: Lifetime::from_seconds(lifetimes.refresh_token_absolute),
            refresh_retry_window: Lifetime::from_seconds(lifetimes.refresh_retry_window),
            session: Lifetime::from_seconds(lifetimes.session),
            session_idle: Lifetime::from_seconds(lifetimes.session_idle),
            interaction: Lifetime::from_seconds(lifetimes.interaction),
            device_code: Lifetime::from_seconds(lifetimes.device_code),
            device_poll_interval: Lifetime::from_seconds(lifetimes.device_poll_interval),
            pushed_authorization_request: Lifetime::from_seconds(lifetimes.pushed_authorization_request),
        },
        branding: branding_document::model(branding),
        default_locale: default_locale.clone(),
        scopes: scopes
            .iter()
            .map(|scope| ScopeDescription {
                name: scope.name.clone(),
                description: scope.description.clone(),
            })
            .collect(),
        access_token_algorithm: AccessTokenAlgorithm(algorithm_model(*access_token_algorithm)),
        id_token_algorithm: IdTokenAlgorithm(algorithm_model(*id_token_algorithm)),
        require_pushed_authorization_requests: *require_pushed_authorization_requests,
        require_dpop_nonce: *require_dpop_nonce,
        device_approval: device_approval_model(*device_approval),
        sign_out_revokes: sign_out_revokes_model(*sign_out_revokes),
        password_policy: PasswordPolicy {
            min_length: password_policy.min_length,
            forbidden_words: password_policy.forbidden_words.clone(),
        },
        sign_in: sign_in_document::model(sign_in),
        registration: registration_model(registration),
        client_certificate_authorities: client_certificate_authorities.clone(),
        audit_retention: *audit_retention,
        audit_token_issues: *audit_token_issues,
        rate_limits: limits_document::rate_limits_model(rate_limits),
        quotas: limits_document::quotas_model(quotas),
    }
}

pub(super) fn registration_document(policy: &RegistrationPolicy) -> api::RegistrationPolicy {
    api::RegistrationPolicy {
        mode: policy.mode.map(registration_mode_document),
        client_id_metadata_documents: policy.client_id_metadata_documents,
        trusted_hosts: policy.trusted_hosts.clone(),
        redirect_uri_hosts: policy.redirect_uri_hosts.clone(),
        loopback_redirect_uris: policy.loopback_redirect_uris,
        private_use_redirect_uris: policy.private_use_redirect_uris,
        grant_types: policy.grant_types.iter().copied().map(grant_type_document).collect(),
        scope: policy.scope.as_ref().map(Scope::to_string),
        default_scope: policy.default_scope.as_ref().map(Scope::to_string),
        resources: policy.resources.clone(),
        access_token_lifetime: policy.access_token_lifetime.map(Lifetime::seconds),
        refresh_token_lifetime: policy.refresh_token_lifetime.map(Lifetime::seconds),
        unused_lifetime: policy.unused_lifetime.seconds(),
        software_statement: software_statement_document(policy.software_statement),
        trusted_software_statement_issuers: policy
            .trusted_software_statement_issuers
            .iter()
            .map(|TrustedSoftwareStatementIssuer { issuer, jwks, jwks_uri }| {
                api::TrustedSoftwareStatementIssuer {
                    issuer: issuer.clone(),
                    jwks: jwks.clone(),
                    jwks_uri: jwks_uri.clone(),
                }
            })
            .collect(),
    }
}

/// Scopes that cannot be read were refused before.
pub(super) fn registration_model(policy: &api::RegistrationPolicy) -> RegistrationPolicy {
    RegistrationPolicy {
        mode: policy.mode.map(registration_mode_model),
        client_id_metadata_documents: policy.client_id_metadata_documents,
        trusted_hosts: policy.trusted_hosts.clone(),
        redirect_uri_hosts: policy.redirect_uri_hosts.clone(),
        loopback_redirect_uris: policy.loopback_redirect_uris,
        private_use_redirect_uris: policy.private_use_redirect_uris,
        grant_types: policy.grant_types.iter().copied().map(grant_type_model).collect(),
        scope: policy.scope.as_deref().and_then(|scope| Scope::parse(scope).ok()),
        default_scope: policy.default_scope.as_deref().and_then(|scope| Scope::parse(scope).ok()),
        resources: policy.resources.clone(),
        access_token_lifetime: policy.access_token_lifetime.map(Lifetime::from_seconds),
        refresh_token_lifetime: policy.refresh_token_lifetime.map(Lifetime::from_seconds),
        unused_lifetime: Lifetime::from_seconds(policy.unused_lifetime),
        software_statement: software_statement_model(policy.software_statement),
        trusted_software_statement_issuers: policy
            .trusted_software_statement_issuers
            .iter()
            .map(|api::TrustedSoftwareStatementIssuer { issuer, jwks, jwks_uri }| {
                TrustedSoftwareStatementIssuer {
                    issuer: issuer.clone(),
                    jwks: jwks.clone(),
                    jwks_uri: jwks_uri.clone(),
                }
            })
            .collect(),
    }
}

twins!(status_model, status_document, TenantStatus { Active, Suspended });
twins!(profile_model, profile_document, Profile { Oauth21, Mcp, OidcLegacy });
twins!(algorithm_model, algorithm_document, SigningAlgorithm { ES256, RS256, PS256, EdDSA });
twins!(device_approval_model, device_approval_document, DeviceApproval { User, UserThenAdmin, Admin });
twins!(sign_out_revokes_model, sign_out_revokes_document, SignOutRevokes { None, Online, All });
twins!(access_token_format_model, access_token_format_document, AccessTokenFormat { Jwt, Opaque });
twins!(
    registration_mode_model,
    registration_mode_document,
    RegistrationMode { Closed, InitialAccessToken, Open }
);
twins!(software_statement_model, software_statement_document, SoftwareStatementDemand { Optional, Required });

#[cfg(test)]
mod tests {
    use grantor_protocol::model::{
        PasskeyUse, Quotas, RateKind, SecondFactorDemand, SignInIdentifier, SignInPolicy, TenantTexts,
        UserVerification,
    };

    use super::*;

    #[test]
    fn defaults_of_the_description_are_those_of_the_model() {
        assert_eq!(settings_document(&TenantSettings::default()), api::TenantSettings::default());
        assert_eq!(settings_model(&api::TenantSettings::default()), TenantSettings::default());
    }

    #[test]
    fn settings_survive_the_way_through_their_document() {
        let mut settings = TenantSettings::default();
        settings.branding.primary_color = Some("#000000".to_owned());
        settings.branding.background_color = Some("#ffffff".to_owned());
        settings.branding.logo_uri = Some("https://acme.example/logo.png".to_owned());
        settings.branding.policy_uri = Some("https://acme.example/privacy".to_owned());
        settings.branding.tos_uri = Some("https://acme.example/terms".to_owned());
        settings.branding.support_uri = Some("https://acme.example/help".to_owned());
        let texts = TenantTexts { sign_in: Some("a".to_owned()), footer: Some("b".to_owned()) };
        settings.branding.texts = [("en".to_owned(), texts)].into();
        settings.scopes = vec![ScopeDescription { name: "a".to_owned(), description: "b".to_owned() }];
        settings.access_token_algorithm = AccessTokenAlgorithm(SigningAlgorithm::EdDSA);
        settings.id_token_algorithm = IdTokenAlgorithm(SigningAlgorithm::PS256);
        settings.lifetimes = Lifetimes {
            authorization_code: Lifetime::from_seconds(11),
            access_token: Lifetime::from_seconds(12),
            id_token: Lifetime::from_seconds(13),
            refresh_token_idle: Lifetime::from_seconds(14),
            refresh_token_absolute: Lifetime::from_seconds(15),
            refresh_retry_window: Lifetime::from_seconds(16),
            session: Lifetime::from_seconds(17),
            session_idle: Lifetime::from_seconds(22),
            interaction: Lifetime::from_seconds(18),
            device_code: Lifetime::from_seconds(19),
            device_poll_interval: Lifetime::from_seconds(20),
            pushed_authorization_request: Lifetime::from_seconds(21),
        };
        settings.profile = Profile::OidcLegacy;
        settings.require_pushed_authorization_requests = true;
        settings.require_dpop_nonce = false;
        settings.device_approval = DeviceApproval::UserThenAdmin;
        settings.sign_out_revokes = SignOutRevokes::All;
        settings.client_certificate_authorities = Some("pem".to_owned());
        settings.password_policy = PasswordPolicy { min_length: 9, forbidden_words: vec!["word".to_owned()] };
        settings.sign_in = SignInPolicy {
            identifier: SignInIdentifier::Email,
            passkeys: PasskeyUse::SecondFactor,
            user_verification: UserVerification::Required,
            second_factor: SecondFactorDemand::RequiredForAdministrators,
            remember_browser_days: 7,
            change_username: true,
            account_deletion: true,
            password_reset: false,
            magic_link: true,
            new_sign_in_notice: false,
        };
        settings.default_locale = Some("de".to_owned());
        settings.audit_retention = 10;
        settings.audit_token_issues = false;
        for (number, kind) in (1..).zip(RateKind::ALL) {
            *settings.rate_limits.of_mut(kind) = format!("{number}/minute burst {}", number + 1).parse().ok();
        }
        settings.quotas = Quotas { users: Some(1), clients: Some(0), registrations_per_day: Some(3) };
        settings.registration = RegistrationPolicy {
            mode: Some(RegistrationMode::InitialAccessToken),
            client_id_metadata_documents: Some(true),
            trusted_hosts: vec!["a.example".to_owned()],
            redirect_uri_hosts: vec!["b.example".to_owned()],
            loopback_redirect_uris: false,
            private_use_redirect_uris: false,
            grant_types: vec![],
            scope: Scope::parse("c d").ok(),
            default_scope: Scope::parse("c").ok(),
            resources: Some(vec!["https://e.example".to_owned()]),
            access_token_lifetime: Some(Lifetime::from_seconds(22)),
            refresh_token_lifetime: Some(Lifetime::from_seconds(23)),
            unused_lifetime: Lifetime::from_seconds(24),
            software_statement: SoftwareStatementDemand::Required,
            trusted_software_statement_issuers: vec![
                TrustedSoftwareStatementIssuer {
                    issuer: "https://f.example".to_owned(),
                    jwks: None,
                    jwks_uri: Some("https://f.example/jwks".to_owned()),
                },
                TrustedSoftwareStatementIssuer {
                    issuer: "g".to_owned(),
                    jwks: Some(serde_json::json!({ "keys": [] })),
                    jwks_uri: None,
                },
            ],
        };
        assert_eq!(settings_model(&settings_document(&settings)), settings);
    }
}
