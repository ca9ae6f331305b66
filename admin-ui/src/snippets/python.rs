use grantor_api::AuthenticationMethod;

use super::{Flow, Subject, quoted};
use crate::client_words::written;

pub(super) fn program(subject: Subject<'_>, flow: Flow) -> Result<String, &'static str> {
    if flow == Flow::Code && subject.client.require_pushed_authorization_requests {
        return Err("The client has to push its authorization requests (RFC 9126): see curl or JavaScript.");
    }
    let body = match flow {
        Flow::Code => code(subject),
        Flow::Device => device(subject),
        Flow::ClientCredentials => client_credentials(subject),
        Flow::TokenExchange => token_exchange().to_owned(),
    };
    Ok(format!("{}\n\n{body}", session(subject, flow)))
}

/// The library and how the client proves itself.
fn session(subject: Subject<'_>, flow: Flow) -> String {
    use AuthenticationMethod::{ClientSecretJwt, None, PrivateKeyJwt};
    let method = subject.client.token_endpoint_auth_method;
    let assertion = match method {
        ClientSecretJwt => Some("ClientSecretJWT"),
        PrivateKeyJwt => Some("PrivateKeyJWT"),
        _ => Option::None,
    };
    let (secret, environment) = match method {
        PrivateKeyJwt => (", client_secret=open(\"client-key.pem\").read()", false),
        None => ("", false),
        _ if subject.needs_certificate() => ("", false),
        _ => (", client_secret=os.environ[\"CLIENT_SECRET\"]", true),
    };
    let mut lines = vec!["# pip install authlib requests".to_owned()];
    if environment || flow == Flow::TokenExchange {
        lines.push("import os".to_owned());
    }
    if flow == Flow::Device {
        lines.push("import time".to_owned());
        lines.push("from authlib.integrations.base_client import OAuthError".to_owned());
    }
    if flow == Flow::Code {
        lines.push("from authlib.common.security import generate_token".to_owned());
    }
    lines.push("from authlib.integrations.requests_client import OAuth2Session".to_owned());
    if let Some(class) = assertion {
        lines.push(format!("from authlib.oauth2.rfc7523 import {class}"));
    }
    lines.push(format!("\nISSUER = {}", quoted(subject.issuer)));
    let name = match method {
        _ if subject.needs_certificate() => "none".to_owned(),
        method => written(method),
    };
    let mut arguments = format!(
        "\n    {}{secret},\n    token_endpoint_auth_method={},",
        quoted(&subject.client.client_id),
        quoted(&name)
    );
    if flow == Flow::Code {
        arguments.push_str(&format!("\n    redirect_uri={},", quoted(&subject.redirect_uri())));
        arguments.push_str("\n    code_challenge_method=\"S256\",");
    }
    let scope = subject.scope(flow);
    if !scope.is_empty() && flow != Flow::TokenExchange {
        arguments.push_str(&format!("\n    scope={},", quoted(&scope)));
    }
    lines.push(format!("session = OAuth2Session({arguments}\n)"));
    if let Some(class) = assertion {
        lines.push(format!("session.register_client_auth_method({class}(ISSUER + \"/token\"))"));
    }
    if subject.needs_certificate() {
        lines.push("session.cert = (\"client.pem\", \"client-key.pem\")".to_owned());
    }
    lines.join("\n")
}

fn client_credentials(subject: Subject<'_>) -> String {
    let scope = if subject.scope(Flow::ClientCredentials).is_empty() { "" } else { ", scope=session.scope" };
    format!(
        "token = session.fetch_token(ISSUER + \"/token\", grant_type=\"client_credentials\"{scope})\n\
         print(token[\"access_token\"], token[\"expires_in\"])"
    )
}

const fn token_exchange() -> &'static str {
    "token = session.fetch_token(\n    ISSUER + \"/token\",\n    \
     grant_type=\"urn:ietf:params:oauth:grant-type:token-exchange\",\n    \
     subject_token=os.environ[\"SUBJECT_TOKEN\"],\n    \
     subject_token_type=\"urn:ietf:params:oauth:token-type:access_token\",\n)\n\
     print(token[\"access_token\"], token[\"expires_in\"])"
}

fn code(subject: Subject<'_>) -> String {
    let openid = subject.client.scope.split_whitespace().any(|scope| scope == "openid");
    let verified = if openid {
        "\n# Before you trust token[\"id_token\"], verify it with the keys at ISSUER + \"/jwks\""
    } else {
        ""
    };
    format!(
        "# When somebody signs in: keep state and verifier in their session\n\
         verifier = generate_token(48)\n\
         address, state = session.create_authorization_url(ISSUER + \"/authorize\", code_verifier=verifier)\n\
         print(address)\n\n\
         # At the redirect_uri, with the whole address that the browser came with\n\
         response = input(\"Address: \")\n\
         token = session.fetch_token(\n    ISSUER + \"/token\", authorization_response=response, code_verifier=verifier, state=state\n)\n\
         print(token[\"access_token\"], token[\"expires_in\"]){verified}"
    )
}

fn device(subject: Subject<'_>) -> String {
    let scope = if subject.scope(Flow::Device).is_empty() { "{}" } else { "{\"scope\": session.scope}" };
    format!(
        "authentication = session.client_auth(session.token_endpoint_auth_method)\n\
         device = session.post(\n    ISSUER + \"/device_authorization\", data={scope}, auth=authentication, withhold_token=True\n).json()\n\
         print(f\"Open {{device['verification_uri']}} and enter {{device['user_code']}}\")\n\
         while True:\n    time.sleep(device[\"interval\"])\n    try:\n        token = session.fetch_token(\n            \
         ISSUER + \"/token\",\n            grant_type=\"urn:ietf:params:oauth:grant-type:device_code\",\n            \
         device_code=device[\"device_code\"],\n        )\n        break\n    \
         except OAuthError as error:\n        if error.error not in (\"authorization_pending\", \"slow_down\"):\n            raise\n\
         print(token[\"access_token\"], token[\"expires_in\"])"
    )
}
