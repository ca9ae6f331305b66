use grantor_api::AuthenticationMethod;

use super::{Flow, Subject};
use crate::address::encode;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) fn program(subject: Subject<'_>, flow: Flow) -> String {
    match flow {
        Flow::Code => code(subject),
        Flow::Device => device(subject),
        Flow::ClientCredentials => {
            request(subject, "/token", &["-d grant_type=client_credentials".to_owned(), scope(subject, flow)])
        }
        Flow::TokenExchange => request(
            subject,
            "/token",
            &[
                "-d grant_type=urn:ietf:params:oauth:grant-type:token-exchange".to_owned(),
                "-d subject_token_type=urn:ietf:params:oauth:token-type:access_token".to_owned(),
                "--data-urlencode \"subject_token=$SUBJECT_TOKEN\"".to_owned(),
            ],
        ),
    }
}

/// One request to an endpoint that the client authenticates at; empty arguments are left out.
fn request(subject: Subject<'_>, path: &str, arguments: &[String]) -> String {
    let address = format!("curl -sS {}", shell(&format!("{}{path}", subject.issuer)));
    let lines = std::iter::once(address)
        .chain(authentication(subject))
        .chain(arguments.iter().filter(|argument| !argument.is_empty()).cloned());
    lines.collect::<Vec<_>>().join(" \\\n  ")
}

fn authentication(subject: Subject<'_>) -> Vec<String> {
    let client_id = data("client_id", &subject.client.client_id);
    match subject.client.token_endpoint_auth_method {
        AuthenticationMethod::None => vec![client_id],
        AuthenticationMethod::ClientSecretBasic => {
            // RFC 6749 §2.3.1 has both encoded; a secret of ours has nothing to encode.
            vec![format!("-u {}:\"$CLIENT_SECRET\"", shell(&encode(&subject.client.client_id)))]
        }
        AuthenticationMethod::ClientSecretPost => {
            vec![client_id, "-d \"client_secret=$CLIENT_SECRET\"".to_owned()]
        }
        AuthenticationMethod::ClientSecretJwt | AuthenticationMethod::PrivateKeyJwt => vec![
            client_id,
            format!("-d client_assertion_type={ASSERTION_TYPE}"),
            "-d \"client_assertion=$CLIENT_ASSERTION\"".to_owned(),
        ],
        AuthenticationMethod::TlsClientAuth | AuthenticationMethod::SelfSignedTlsClientAuth => {
            vec!["--cert client.pem --key client-key.pem".to_owned(), client_id]
        }
    }
}

fn scope(subject: Subject<'_>, flow: Flow) -> String {
    let scope = subject.scope(flow);
    if scope.is_empty() { String::new() } else { data("scope", &scope) }
}

fn code(subject: Subject<'_>) -> String {
    let base64url = "base64 | tr '+/' '-_' | tr -d '=\\n'";
    let pkce = format!(
        "# A secret of this sign-in (PKCE, RFC 7636)\nVERIFIER=$(openssl rand 32 | {base64url})\n\
         CHALLENGE=$(printf %s \"$VERIFIER\" | openssl dgst -sha256 -binary | {base64url})"
    );
    let redirect_uri = data("redirect_uri", &subject.redirect_uri());
    let token = request(
        subject,
        "/token",
        &[
            "-d grant_type=authorization_code".to_owned(),
            "-d \"code=$CODE\"".to_owned(),
            redirect_uri.clone(),
            "-d \"code_verifier=$VERIFIER\"".to_owned(),
        ],
    );
    let open = if subject.client.require_pushed_authorization_requests {
        let pushed = request(
            subject,
            "/par",
            &[
                "-d response_type=code".to_owned(),
                redirect_uri,
                scope(subject, Flow::Code),
                "-d \"code_challenge=$CHALLENGE\" -d code_challenge_method=S256".to_owned(),
            ],
        );
        format!(
            "# Push the request (RFC 9126), then open the second address with the request_uri of the answer\n{pushed}\n\
             echo {}\"$REQUEST_URI\"",
            shell(&format!(
                "{}/authorize?client_id={}&request_uri=",
                subject.issuer,
                encode(&subject.client.client_id)
            ))
        )
    } else {
        format!(
            "# Open this in a browser and sign in\necho {}\"$CHALLENGE\"",
            shell(&authorization_address(subject))
        )
    };
    format!("{pkce}\n\n{open}\n\n# CODE is the code in the address that the browser was sent to\n{token}")
}

fn authorization_address(subject: Subject<'_>) -> String {
    let scope = subject.scope(Flow::Code);
    let scope = if scope.is_empty() { String::new() } else { format!("&scope={}", encode(&scope)) };
    format!(
        "{}/authorize?response_type=code&client_id={}&redirect_uri={}{scope}&code_challenge_method=S256&code_challenge=",
        subject.issuer,
        encode(&subject.client.client_id),
        encode(&subject.redirect_uri()),
    )
}

fn device(subject: Subject<'_>) -> String {
    let begin = request(subject, "/device_authorization", &[scope(subject, Flow::Device)]);
    let poll = request(
        subject,
        "/token",
        &[format!("-d grant_type={DEVICE_CODE}"), "-d \"device_code=$DEVICE_CODE\"".to_owned()],
    );
    format!(
        "# Show the person user_code and verification_uri of the answer\n{begin}\n\n\
         # Ask every few seconds (interval of the answer) until the person is done\n{poll}"
    )
}

fn data(name: &str, value: &str) -> String {
    format!("--data-urlencode {}", shell(&format!("{name}={value}")))
}

/// One word of a shell, whatever is in it.
pub fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
