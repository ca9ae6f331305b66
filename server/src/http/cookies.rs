//! Our cookies. All are `HttpOnly` and `SameSite=Lax`; over https they are `Secure` and `__Host-`
//! (RFC 6265bis §4.1.3.2), so that no other host can set them.

use grantor_protocol::Secret;
use poem::Request;
use poem::http::header::COOKIE;

/// The console's session.
pub const CONSOLE: &str = "grantor-console";

/// A console sign-in under way.
pub const CONSOLE_FLOW: &str = "grantor-console-flow";

/// A tenant's session of a signed-in person. Tenants share a host, so the name says whose it is.
pub fn session(slug: &str) -> String {
    format!("grantor-session-{slug}")
}

/// Names a browser to a tenant before anybody signs in.
pub fn browser(slug: &str) -> String {
    format!("grantor-browser-{slug}")
}

/// The value of a cookie of ours that a request brought. Over https only the one with the prefix
/// counts: any sibling host could have set the other.
pub fn get(request: &Request, name: &str, https: bool) -> Option<Secret> {
    let wanted = if https { HOST_PREFIX } else { "" };
    request
        .headers()
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(held, _)| held.strip_prefix(wanted) == Some(name))
        .map(|(_, value)| Secret::presented(value))
}

const HOST_PREFIX: &str = "__Host-";

/// The value of `Set-Cookie`; `max_age` in seconds, None for as long as the browser runs.
pub fn set(name: &str, value: &Secret, max_age: Option<i64>, https: bool) -> String {
    let (prefix, secure) = if https { (HOST_PREFIX, "; Secure") } else { ("", "") };
    let max_age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    format!("{prefix}{name}={}; Path=/; HttpOnly; SameSite=Lax{secure}{max_age}", value.expose())
}

/// The value of `Set-Cookie` that takes a cookie away.
pub fn remove(name: &str, https: bool) -> String {
    set(name, &Secret::presented(""), Some(0), https)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_over_https_belongs_to_the_host_alone() {
        let value = Secret::presented("gse_1");
        assert_eq!(
            set("grantor-session-acme", &value, Some(60), true),
            "__Host-grantor-session-acme=gse_1; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60"
        );
        assert_eq!(set("x", &value, None, false), "x=gse_1; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn finds_a_cookie_among_others() {
        let header = "a=1; __Host-grantor-session-acme=gse_1; grantor-session-acme=gse_2";
        let request = Request::builder().header("cookie", header).finish();
        assert_eq!(get(&request, &session("acme"), true), Some(Secret::presented("gse_1")));
        assert_eq!(get(&request, &session("acme"), false), Some(Secret::presented("gse_2")));
        assert_eq!(get(&request, &session("other"), true), None);
    }
}
