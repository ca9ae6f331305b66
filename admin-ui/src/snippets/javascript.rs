use grantor_api::{ApplicationType, AuthenticationMethod};

use super::{Flow, Subject, quoted};

pub(super) fn program(subject: Subject<'_>, flow: Flow) -> String {
    let body = match flow {
        Flow::Code => code(subject),
        Flow::Device => device(subject),
        Flow::ClientCredentials => client_credentials(subject),
        Flow::TokenExchange => token_exchange(subject),
    };
    format!("{}\n\n{body}", configuration(subject, flow))
}

/// The library, the issuer's metadata and how the client proves itself.
fn configuration(subject: Subject<'_>, flow: Flow) -> String {
    let client = subject.client;
    let mut head = vec!["// npm install openid-client".to_owned()];
    let mut options = vec![];
    let signs = flow == Flow::Code && client.require_signed_request_object;
    if subject.needs_key() || subject.needs_certificate() || signs {
        head.push("import { readFile } from 'node:fs/promises';".to_owned());
    }
    if subject.needs_certificate() {
        head[0].push_str(" undici");
        head.push("import { Agent, fetch } from 'undici';".to_owned());
    }
    head.push("import * as openid from 'openid-client';\n".to_owned());
    if subject.needs_key() || signs {
        head.push(
            "// The private key that belongs to the client's jwks, as a JWK\n\
             const jwk = JSON.parse(await readFile('client-key.json', 'utf8'));\n\
             const key = {\n  key: await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']),\n  \
             kid: jwk.kid,\n};"
                .to_owned(),
        );
    }
    if subject.needs_certificate() {
        head.push(
            "const [cert, certificateKey] = await Promise.all(['client.pem', 'client-key.pem'].map((file) => readFile(file)));\n\
             const dispatcher = new Agent({ connect: { cert, key: certificateKey } });"
                .to_owned(),
        );
        options.push(
            "[openid.customFetch]: (address, init) => fetch(address, { ...init, dispatcher })".to_owned(),
        );
    }
    if subject.issuer.starts_with("http:") {
        options.push("execute: [openid.allowInsecureRequests]".to_owned());
    }
    let options =
        if options.is_empty() { String::new() } else { format!("\n  {{ {} }},", options.join(", ")) };
    head.push(format!(
        "const config = await openid.discovery(\n  new URL({}), {}, {{}},\n  {},{options}\n);",
        quoted(subject.issuer),
        quoted(&client.client_id),
        authentication(subject),
    ));
    if client.dpop_bound_access_tokens {
        head.push("const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair());".to_owned());
    }
    head.join("\n")
}

fn authentication(subject: Subject<'_>) -> &'static str {
    match subject.client.token_endpoint_auth_method {
        AuthenticationMethod::None => "openid.None()",
        AuthenticationMethod::ClientSecretBasic => "openid.ClientSecretBasic(process.env.CLIENT_SECRET)",
        AuthenticationMethod::ClientSecretPost => "openid.ClientSecretPost(process.env.CLIENT_SECRET)",
        AuthenticationMethod::ClientSecretJwt => "openid.ClientSecretJwt(process.env.CLIENT_SECRET)",
        AuthenticationMethod::PrivateKeyJwt => "openid.PrivateKeyJwt(key)",
        AuthenticationMethod::TlsClientAuth | AuthenticationMethod::SelfSignedTlsClientAuth => {
            "openid.TlsClientAuth()"
        }
    }
}

/// What the last argument of a request is where tokens are bound to a key.
fn proof(subject: Subject<'_>, before: &'static str) -> String {
    if subject.client.dpop_bound_access_tokens { format!("{before}, {{ DPoP }}") } else { String::new() }
}

fn scope_member(subject: Subject<'_>, flow: Flow) -> String {
    let scope = subject.scope(flow);
    if scope.is_empty() { String::new() } else { format!("scope: {}", quoted(&scope)) }
}

fn client_credentials(subject: Subject<'_>) -> String {
    let scope = scope_member(subject, Flow::ClientCredentials);
    let parameters = if scope.is_empty() { "{}".to_owned() } else { format!("{{ {scope} }}") };
    format!(
        "const tokens = await openid.clientCredentialsGrant(config, {parameters}{});\n\
         console.log(tokens.access_token, tokens.expires_in);",
        proof(subject, "")
    )
}

fn token_exchange(subject: Subject<'_>) -> String {
    format!(
        "const tokens = await openid.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:token-exchange', {{\n  \
         subject_token: process.env.SUBJECT_TOKEN,\n  \
         subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',\n}}{});\n\
         console.log(tokens.access_token, tokens.expires_in);",
        proof(subject, "")
    )
}

fn device(subject: Subject<'_>) -> String {
    let scope = scope_member(subject, Flow::Device);
    let parameters = if scope.is_empty() { "{}".to_owned() } else { format!("{{ {scope} }}") };
    format!(
        "const device = await openid.initiateDeviceAuthorization(config, {parameters});\n\
         console.log(`Open ${{device.verification_uri}} and enter ${{device.user_code}}`);\n\
         const tokens = await openid.pollDeviceAuthorizationGrant(config, device{});\n\
         console.log(tokens.access_token, tokens.expires_in);",
        proof(subject, ", undefined")
    )
}

fn code(subject: Subject<'_>) -> String {
    let client = subject.client;
    let browser = subject.is_public() && client.application_type == ApplicationType::Web;
    let mut parameters = vec![format!("redirect_uri: {}", quoted(&subject.redirect_uri()))];
    parameters.extend(Some(scope_member(subject, Flow::Code)).filter(|scope| !scope.is_empty()));
    parameters.extend(
        [
            "code_challenge: await openid.calculatePKCECodeChallenge(verifier)",
            "code_challenge_method: 'S256'",
            "state",
        ]
        .map(str::to_owned),
    );
    if client.dpop_bound_access_tokens {
        parameters.push("dpop_jkt: await DPoP.calculateThumbprint()".to_owned());
    }
    let parameters: String = parameters.iter().map(|parameter| format!("\n    {parameter},")).collect();
    let request = authorization_address(subject, &parameters);
    let (keep, give, take, here) = if browser {
        (
            "sessionStorage.setItem('sign-in', JSON.stringify({ verifier, state }));",
            "location.assign(url);",
            "export async function signedIn() {\n  const { verifier, state } = JSON.parse(sessionStorage.getItem('sign-in'));",
            "new URL(location.href)",
        )
    } else {
        (
            "// Keep verifier and state in the person's session, and send the browser to url",
            "return { url, verifier, state };",
            "export async function signedIn(currentUrl, { verifier, state }) {",
            "new URL(currentUrl)",
        )
    };
    let expected = if client.scope.split_whitespace().any(|scope| scope == "openid") {
        ",\n    idTokenExpected: true"
    } else {
        ""
    };
    format!(
        "// When somebody signs in\nexport async function signIn() {{\n  \
         const verifier = openid.randomPKCECodeVerifier();\n  const state = openid.randomState();\n{request}\n  {keep}\n  {give}\n}}\n\n\
         // At the redirect_uri\n{take}\n  const tokens = await openid.authorizationCodeGrant(config, {here}, {{\n    \
         pkceCodeVerifier: verifier,\n    expectedState: state{expected},\n  }}{});\n  return tokens;\n}}",
        proof(subject, ", undefined")
    )
}

fn authorization_address(subject: Subject<'_>, parameters: &str) -> String {
    let client = subject.client;
    let pushed = client.require_pushed_authorization_requests;
    let dpop = proof(subject, "");
    match (client.require_signed_request_object, pushed) {
        (true, true) => format!(
            "  const signed = await openid.buildAuthorizationUrlWithJAR(config, {{{parameters}\n  }}, key);\n  \
             const url = await openid.buildAuthorizationUrlWithPAR(config, signed.searchParams{dpop});"
        ),
        (true, false) => format!(
            "  const url = await openid.buildAuthorizationUrlWithJAR(config, {{{parameters}\n  }}, key);"
        ),
        (false, true) => format!(
            "  const url = await openid.buildAuthorizationUrlWithPAR(config, {{{parameters}\n  }}{dpop});"
        ),
        (false, false) => {
            format!("  const url = openid.buildAuthorizationUrl(config, {{{parameters}\n  }});")
        }
    }
}
