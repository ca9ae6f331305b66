//! What metadata say of authorization requests and their answers.

use super::{Findings, MAX_ELEMENTS, check_web_page};
use crate::Policy;
use crate::metadata::ASSERTION_ALGORITHMS;
use crate::model::{ClientMetadata, GrantType};

impl Findings {
    pub(super) fn authorization(&mut self, metadata: &ClientMetadata, policy: &Policy) {
        self.response_types(metadata, policy);
        self.request_objects(metadata);
    }

    /// RFC 7591 §2.1: each response type with its grant types, and each grant type of the authorization
    /// endpoint with a response type.
    fn response_types(&mut self, metadata: &ClientMetadata, policy: &Policy) {
        const FIELD: &str = "response_types";
        let types = &metadata.response_types;
        self.list(FIELD, types, MAX_ELEMENTS);
        let supported = policy.demands_of(metadata).response_types;
        let holds = |grant_type| metadata.grant_types.contains(&grant_type);
        for (index, response_type) in types.iter().enumerate() {
            if !supported.contains(response_type) {
                self.add_at(FIELD, index, "is for the profile oidc-legacy only");
            } else if response_type.has_code() && !holds(GrantType::AuthorizationCode) {
                self.add_at(FIELD, index, "needs the grant type authorization_code");
            } else if response_type.gives_tokens() && !holds(GrantType::Implicit) {
                self.add_at(FIELD, index, "needs the grant type implicit");
            }
        }
        if holds(GrantType::Implicit) && !supported.iter().any(|held| held.gives_tokens()) {
            self.add("grant_types", "implicit is for the profile oidc-legacy only");
        }
        if types.is_empty() {
            return;
        }
        if holds(GrantType::AuthorizationCode) && !types.iter().any(|held| held.has_code()) {
            self.add(FIELD, "the grant type authorization_code needs one with code");
        }
        if holds(GrantType::Implicit) && !types.iter().any(|held| held.gives_tokens()) {
            self.add(FIELD, "the grant type implicit needs one with token or id_token");
        }
    }

    /// RFC 9101 §10.5, OpenID Connect Dynamic Client Registration §2.
    fn request_objects(&mut self, metadata: &ClientMetadata) {
        const FIELD: &str = "request_uris";
        let no_keys = metadata.jwks.is_none() && metadata.jwks_uri.is_none();
        if metadata.require_signed_request_object && no_keys {
            self.add("require_signed_request_object", "needs the client's public keys");
        }
        let algorithm = metadata.request_object_signing_alg.as_deref();
        if algorithm.is_some_and(|name| !ASSERTION_ALGORITHMS.contains(&name)) {
            let known = ASSERTION_ALGORITHMS.join(", ");
            self.add("request_object_signing_alg", format!("must be one of {known}"));
        }
        self.list(FIELD, &metadata.request_uris, MAX_ELEMENTS);
        for (index, uri) in metadata.request_uris.iter().enumerate() {
            if let Err(detail) = check_web_page(uri) {
                self.add_at(FIELD, index, detail);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::super::tests::{fields, metadata};
    use super::*;
    use crate::authorize::ResponseType;
    use crate::{Profile, Scope, testing};

    fn legacy() -> ClientMetadata {
        let profile = Some(Profile::OidcLegacy);
        ClientMetadata { profile, response_types: ResponseType::ALL.to_vec(), ..testing::client().metadata }
    }

    /// RFC 7591 §2.1, and one client of another profile than its tenant's.
    #[test]
    fn response_types_go_with_grant_types() {
        assert_eq!(check(&legacy(), &testing::policy()), Ok(()));
        type Case = (&'static [&'static str], fn(&mut ClientMetadata));
        let cases: [Case; 7] = [
            (
                &[
                    "response_types[1]",
                    "response_types[2]",
                    "response_types[3]",
                    "response_types[4]",
                    "response_types[5]",
                    "response_types[6]",
                    "grant_types",
                ],
                |client| client.profile = None,
            ),
            (&["grant_types"], |client| {
                client.profile = None;
                client.response_types.clear();
            }),
            (&["response_types[0]"], |client| {
                client.grant_types.retain(|held| *held != GrantType::Implicit);
                client.response_types = vec![ResponseType::IdToken, ResponseType::Code];
            }),
            (&["response_types[1]"], |client| {
                client.grant_types = vec![GrantType::Implicit];
                client.scope = Scope::default();
                client.response_types = vec![ResponseType::IdToken, ResponseType::Code];
            }),
            (&["response_types"], |client| client.response_types = vec![ResponseType::Code]),
            (&["response_types"], |client| client.response_types = vec![ResponseType::IdToken]),
            (&["response_types[1]"], |client| {
                client.response_types = vec![ResponseType::CodeToken, ResponseType::CodeToken];
            }),
        ];
        for (number, (expected, change)) in cases.into_iter().enumerate() {
            let mut metadata = legacy();
            change(&mut metadata);
            assert_eq!(fields(&metadata), expected, "case {number}");
        }
    }

    /// RFC 9101 §10.5: an algorithm that is none of ours is not registered, above all not `none`.
    #[test]
    fn request_objects_can_be_verified() {
        type Case = (&'static [&'static str], fn(&mut ClientMetadata));
        let cases: [Case; 6] = [
            (&["require_signed_request_object"], |client| client.require_signed_request_object = true),
            (&["request_object_signing_alg"], |client| {
                client.request_object_signing_alg = Some("none".to_owned());
            }),
            (&["request_object_signing_alg"], |client| {
                client.request_object_signing_alg = Some("HS256".to_owned());
            }),
            (&["request_uris[0]"], |client| client.request_uris = vec!["http://a.example/r".to_owned()]),
            (&["request_uris[0]"], |client| client.request_uris = vec!["urn:a".to_owned()]),
            (&[], |client| {
                client.jwks_uri = Some("https://a.example/jwks".to_owned());
                client.require_signed_request_object = true;
                client.request_object_signing_alg = Some("PS256".to_owned());
                client.request_uris = vec!["https://a.example/r#hash".to_owned()];
            }),
        ];
        for (number, (expected, change)) in cases.into_iter().enumerate() {
            let mut metadata = metadata();
            change(&mut metadata);
            assert_eq!(fields(&metadata), expected, "case {number}");
        }
    }
}
