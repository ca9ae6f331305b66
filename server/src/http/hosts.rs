//! Requests at a tenant's own domain.

use std::sync::Arc;

use poem::http::Uri;
use poem::http::header::HOST;
use poem::http::uri::{Authority, PathAndQuery};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use super::render::{self, Asked};
use crate::app::{App, Fault};
use crate::config::without_port;

/// The middleware that leads requests at a domain to its tenant: what stands at the root there is what
/// the table has below `/t/{slug}`, and nothing else. So neither the console nor the admin API nor another
/// tenant is at a tenant's domain.
///
/// The host is the one that the request is for (RFC 9110 §7.2). `X-Forwarded-Host` and its like are not
/// read, from nobody: many a trusted proxy lets through what the client sent, and who could choose the
/// host could fill the proxy's cache of one tenant with another's metadata.
///
/// A host that is nobody's domain is the server's own: nothing is ever built of it, and not every proxy
/// passes on the one that the client asked for.
pub struct Hosts(pub Arc<App>);

/// See [`Hosts`].
pub struct HostEndpoint<E> {
    endpoint: E,
    app: Arc<App>,
}

/// The domain that a request came to.
#[derive(Clone)]
struct AtDomain(String);

/// The domain that a request came to; None at the server's own address.
pub fn domain(request: &Request) -> Option<&str> {
    request.extensions().get().map(|AtDomain(domain)| domain.as_str())
}

impl<E: Endpoint> Middleware<E> for Hosts {
    type Output = HostEndpoint<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        HostEndpoint { endpoint, app: Arc::clone(&self.0) }
    }
}

impl<E: Endpoint> Endpoint for HostEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if let Some(host) = foreign_host(&request, self.app.addresses.host()) {
            match self.app.slug_at(&host).await {
                Ok(None) => {}
                Ok(Some(slug)) => {
                    tracing::Span::current().record("tenant", &*slug);
                    match below(&slug, request.uri()) {
                        Some(uri) => *request.uri_mut() = uri,
                        None => return Ok(render::oauth_error(&Fault::UnknownTenant, Asked::of(&request))),
                    }
                    request.extensions_mut().insert(AtDomain(host));
                }
                Err(fault) => return Ok(render::oauth_error(&fault, Asked::of(&request))),
            }
        }
        self.endpoint.call(request).await.map(IntoResponse::into_response)
    }
}

/// The host that a request is for, in lower case and without a port, unless it is the server's own: that of
/// the target where the target has one (RFC 9112 §3.2.2, RFC 9113 §8.3.1), of `Host` otherwise.
fn foreign_host(request: &Request, own: &str) -> Option<String> {
    let header = || request.headers().get(HOST)?.to_str().ok();
    let host = without_port(request.uri().authority().map(Authority::as_str).or_else(header)?);
    (!host.eq_ignore_ascii_case(own)).then(|| host.to_ascii_lowercase())
}

/// Where the table has what is at this address of a domain.
fn below(slug: &str, uri: &Uri) -> Option<Uri> {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    // What the pages of all tenants are drawn with.
    let shared = path.starts_with("/assets/") || path == "/favicon.ico";
    let path = if shared { path.to_owned() } else { format!("/t/{slug}{path}") };
    path.parse().ok()
}

#[cfg(test)]
mod tests {
    use grantor_protocol::domain::is_possible;

    use super::*;

    fn host(uri: &str, headers: &[(&'static str, &str)]) -> Option<String> {
        let mut builder = Request::builder().uri(uri.parse().unwrap());
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        foreign_host(&builder.finish(), "id.example")
    }

    #[test]
    fn the_host_is_the_one_that_the_request_is_for() {
        let found = Some("login.acme.example".to_owned());
        assert_eq!(host("/authorize", &[("host", "login.acme.example")]), found);
        assert_eq!(host("/authorize", &[("host", "Login.ACME.example:443")]), found);
        assert_eq!(host("https://login.acme.example/authorize", &[]), found);
        assert_eq!(host("https://login.acme.example/authorize", &[("host", "other.example")]), found);
        for own in ["id.example", "ID.example", "id.example:8443"] {
            assert_eq!(host("/authorize", &[("host", own)]), None, "{own}");
        }
        assert_eq!(host("/authorize", &[]), None);
        for unusable in ["", "a b", "login.acme.example/x", "user@login.acme.example", "a:b:c", "[::1]:1"] {
            let host = host("/authorize", &[("host", unusable)]);
            assert!(!is_possible(&host.unwrap()), "{unusable}");
        }
    }

    #[test]
    fn headers_that_clients_invent_name_no_host() {
        for name in ["x-forwarded-host", "forwarded", "x-host", "x-original-host", "x-forwarded-server"] {
            let value = if name == "forwarded" { "host=login.acme.example" } else { "login.acme.example" };
            assert_eq!(host("/authorize", &[("host", "id.example"), (name, value)]), None, "{name}");
        }
    }

    #[test]
    fn a_domain_has_its_tenants_addresses_at_the_root_and_nothing_else() {
        let led = |uri: &str| below("acme", &uri.parse().unwrap()).map(|uri| uri.to_string());
        for (uri, expected) in [
            ("/authorize?a=b%20c", "/t/acme/authorize?a=b%20c"),
            ("https://login.acme.example/token", "/t/acme/token"),
            ("/", "/t/acme/"),
            ("/.well-known/openid-configuration", "/t/acme/.well-known/openid-configuration"),
            ("/t/other/token", "/t/acme/t/other/token"),
            ("/admin/v1/tenants", "/t/acme/admin/v1/tenants"),
            ("/../admin/v1/tenants", "/t/acme/../admin/v1/tenants"),
            ("/console/", "/t/acme/console/"),
            ("/assets/pages-1.css", "/assets/pages-1.css"),
            ("/favicon.ico", "/favicon.ico"),
        ] {
            assert_eq!(led(uri).as_deref(), Some(expected));
        }
    }
}
