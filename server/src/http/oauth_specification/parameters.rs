//! Parameters of the protocol's requests, each with the section that defines it.

use serde_json::{Value, json};

/// A parameter of a query or a form.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub required: bool,
    /// Whether it may come several times.
    pub repeatable: bool,
    pub description: &'static str,
    pub reference: &'static str,
}

impl Parameter {
    fn schema(&self) -> Value {
        if self.repeatable {
            json!({ "type": "array", "items": { "type": "string" } })
        } else {
            json!({ "type": "string" })
        }
    }

    fn text(&self) -> String {
        format!("{} [{}]({})", self.description, "Specification", self.reference)
    }

    pub(super) fn in_query(&self) -> Value {
        json!({
            "name": self.name,
            "in": "query",
            "required": self.required,
            "description": self.text(),
            "schema": self.schema(),
        })
    }

    pub(super) fn property(&self) -> Value {
        let mut schema = self.schema();
        schema["description"] = self.text().into();
        schema
    }
}

const fn optional(name: &'static str, description: &'static str, reference: &'static str) -> Parameter {
    Parameter { name, required: false, repeatable: false, description, reference }
}

const fn required(name: &'static str, description: &'static str, reference: &'static str) -> Parameter {
    Parameter { required: true, ..optional(name, description, reference) }
}

const fn repeatable(name: &'static str, description: &'static str, reference: &'static str) -> Parameter {
    Parameter { repeatable: true, ..optional(name, description, reference) }
}

const CORE: &str = "https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest";
const LOGOUT_1: &str = "https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout";
const RFC6749_4_1_1: &str = "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1";
const RFC7523: &str = "https://www.rfc-editor.org/rfc/rfc7523#section-2.2";
const RFC8693: &str = "https://www.rfc-editor.org/rfc/rfc8693#section-2.1";
const RFC9101: &str = "https://www.rfc-editor.org/rfc/rfc9101#section-5";

/// How clients prove who they are in a form (RFC 6749 §2.3).
pub const CLIENT: &[Parameter] = &[
    optional(
        "client_id",
        "Who asks; needed unless another proof of the client says it.",
        "https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1",
    ),
    optional(
        "client_secret",
        "For client_secret_post.",
        "https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1",
    ),
    optional(
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer, for private_key_jwt and client_secret_jwt.",
        RFC7523,
    ),
    optional("client_assertion", "A JWT that the client signed, addressed to the issuer.", RFC7523),
];

/// Who asks the authorization endpoint.
pub const CLIENT_ID: &[Parameter] = &[required("client_id", "Who asks.", RFC6749_4_1_1)];

/// An authorization request.
pub const AUTHORIZATION: &[Parameter] = &[
    optional("response_type", "What is asked for; needed unless it is in the request object.", RFC6749_4_1_1),
    optional(
        "redirect_uri",
        "Where the answer goes; needed unless the client registered one alone.",
        RFC6749_4_1_1,
    ),
    optional("scope", "What is asked for, separated by spaces.", RFC6749_4_1_1),
    optional("state", "Comes back unchanged.", RFC6749_4_1_1),
    optional(
        "response_mode",
        "How the answer comes back.",
        "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#ResponseModes",
    ),
    optional("code_challenge", "Hash of the verifier.", "https://www.rfc-editor.org/rfc/rfc7636#section-4.3"),
    optional("code_challenge_method", "S256.", "https://www.rfc-editor.org/rfc/rfc7636#section-4.3"),
    optional(
        "dpop_jkt",
        "Thumbprint of the key that the code is bound to.",
        "https://www.rfc-editor.org/rfc/rfc9449#section-10",
    ),
    optional("nonce", "Comes back in the ID token.", CORE),
    optional("prompt", "none, or what the person has to do: login, consent, select_account.", CORE),
    optional("max_age", "Seconds since the person signed in, at most.", CORE),
    optional(
        "acr_values",
        "Levels of assurance that do, separated by spaces: 1fa, mfa, phr.",
        "https://www.rfc-editor.org/rfc/rfc9470#section-4",
    ),
    optional("login_hint", "Who is to sign in.", CORE),
    optional("ui_locales", "Languages for the pages, separated by spaces.", CORE),
    RESOURCE,
];

const RESOURCE: Parameter = repeatable(
    "resource",
    "Which protected resources the tokens are for.",
    "https://www.rfc-editor.org/rfc/rfc8707#section-2",
);

/// A request object by value (RFC 9101).
pub const REQUEST_OBJECT: &[Parameter] =
    &[optional("request", "A JWT with the request's parameters, signed by the client.", RFC9101)];

/// A request object by reference (RFC 9101, RFC 9126).
pub const REQUEST_URI: &[Parameter] = &[optional(
    "request_uri",
    "Where the request object is: what the pushed authorization request endpoint gave.",
    "https://www.rfc-editor.org/rfc/rfc9126#section-4",
)];

/// A token request of any grant type.
pub const TOKEN: &[Parameter] = &[
    required(
        "grant_type",
        "authorization_code, refresh_token, client_credentials, urn:ietf:params:oauth:grant-type:device_code or \
         urn:ietf:params:oauth:grant-type:token-exchange.",
        "https://www.rfc-editor.org/rfc/rfc6749#section-3.2",
    ),
    optional("code", "For authorization_code.", "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3"),
    optional(
        "redirect_uri",
        "For authorization_code: the one of the authorization request; OAuth 2.1 clients leave it out.",
        "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3",
    ),
    optional(
        "code_verifier",
        "For authorization_code: what code_challenge is the hash of.",
        "https://www.rfc-editor.org/rfc/rfc7636#section-4.5",
    ),
    optional("refresh_token", "For refresh_token.", "https://www.rfc-editor.org/rfc/rfc6749#section-6"),
    optional("device_code", "For device_code.", "https://www.rfc-editor.org/rfc/rfc8628#section-3.4"),
    optional(
        "scope",
        "For client_credentials, token-exchange, and to get less from refresh_token.",
        "https://www.rfc-editor.org/rfc/rfc6749#section-3.3",
    ),
    RESOURCE,
    repeatable("audience", "For token-exchange: where the token is to be used.", RFC8693),
    optional("requested_token_type", "For token-exchange.", RFC8693),
    optional("subject_token", "For token-exchange: on whose behalf.", RFC8693),
    optional("subject_token_type", "For token-exchange.", RFC8693),
    optional("actor_token", "For token-exchange: who acts.", RFC8693),
    optional("actor_token_type", "For token-exchange.", RFC8693),
];

/// A token of ours that is asked about or given back.
pub const GIVEN_TOKEN: &[Parameter] = &[
    required(
        "token",
        "A token that this tenant issued.",
        "https://www.rfc-editor.org/rfc/rfc7662#section-2.1",
    ),
    optional(
        "token_type_hint",
        "access_token or refresh_token; changes nothing.",
        "https://www.rfc-editor.org/rfc/rfc7009#section-2.1",
    ),
];

/// A device authorization request (RFC 8628 §3.1).
pub const DEVICE: &[Parameter] = &[
    optional(
        "scope",
        "What is asked for, separated by spaces.",
        "https://www.rfc-editor.org/rfc/rfc8628#section-3.1",
    ),
    RESOURCE,
];

/// A logout request.
pub const LOGOUT: &[Parameter] = &[
    optional(
        "id_token_hint",
        "An ID token of the client's, expired or not. That of the browser's own session spares the question \
         whether to sign out.",
        LOGOUT_1,
    ),
    optional("client_id", "Who asks; must be the audience of id_token_hint.", LOGOUT_1),
    optional(
        "post_logout_redirect_uri",
        "Where the browser goes after that; registered by the client, which id_token_hint or client_id names.",
        LOGOUT_1,
    ),
    optional("state", "Comes back unchanged.", LOGOUT_1),
    optional("logout_hint", "Accepted; changes nothing.", LOGOUT_1),
    optional("ui_locales", "Accepted; changes nothing.", LOGOUT_1),
];
