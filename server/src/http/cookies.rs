//! Our cookies. All are `HttpOnly` and `SameSite=Lax`; over https they are `Secure` and `__Host-`
//! (RFC 6265bis §4.1.3.2), so that no other host can set them.

use grantor_protocol::Secret;
use poem::Request;
use poem::http::header::COOKIE;

/// The console's session.
pub const CONSOLE: &str = "grantor-console";

/// Which tenant this browser signed in to the console at last.
pub const CONSOLE_TENANT: &str = "grantor-console-tenant";

/// What the names of [`console_flow`] begin with.
const CONSOLE_FLOW: &str = "grantor-console-flow-";

/// Console sign-ins that one browser can have under way, in several windows.
const CONSOLE_FLOWS: usize = 4;

/// Bytes that those under way may take when one more begins: proxies take 8 kB of cookies.
const CONSOLE_FLOW_BYTES: usize = 3000;

/// A console sign-in under way.
pub fn console_flow(id: &str) -> String {
    format!("{CONSOLE_FLOW}{id}")
}

/// The names of console sign-ins that have to give way to one more. Any site can make a browser start
/// them, and what all cookies of a host may take is bounded.
pub fn surplus_console_flows(request: &Request, https: bool) -> Vec<String> {
    let flows: Vec<_> = all(request, https).filter(|(name, _)| name.starts_with(CONSOLE_FLOW)).collect();
    let (mut count, mut bytes) = (0, 0);
    // Browsers send the oldest first (RFC 6265 §5.4).
    let surplus = flows.into_iter().rev().filter(|(_, value)| {
        count += 1;
        bytes += value.len();
        count >= CONSOLE_FLOWS || bytes > CONSOLE_FLOW_BYTES
    });
    surplus.map(|(name, _)| name.to_owned()).collect()
}

/// A tenant's session of a signed-in person. Tenants share a host, so the name says whose it is.
pub fn session(slug: &str) -> String {
    format!("grantor-session-{slug}")
}

/// Names a browser to those who have signed in with it, for as long as it keeps the cookie.
pub fn known(slug: &str) -> String {
    format!("grantor-known-{slug}")
}

/// Names a browser to a tenant before anybody signs in.
pub fn browser(slug: &str) -> String {
    format!("grantor-browser-{slug}")
}

/// The value of a cookie of ours that a request brought. Over https only the one with the prefix
/// counts: any sibling host could have set the other.
pub fn get(request: &Request, name: &str, https: bool) -> Option<Secret> {
    all(request, https).find(|(held, _)| *held == name).map(|(_, value)| Secret::presented(value))
}

/// Names and values of the cookies that count.
fn all(request: &Request, https: bool) -> impl Iterator<Item = (&str, &str)> {
    let prefix = if https { HOST_PREFIX } else { "" };
    request
        .headers()
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value)))
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

    #[test]
    fn the_oldest_sign_ins_give_way() {
        let surplus = |lengths: &[usize]| {
            let flow = |(id, length): (usize, &usize)| {
                format!("__Host-{}={}", console_flow(&id.to_string()), "x".repeat(*length))
            };
            let cookies: Vec<_> = lengths.iter().enumerate().map(flow).collect();
            let header = format!("a=1; __Host-grantor-console=x; {}", cookies.join("; "));
            let names = surplus_console_flows(&Request::builder().header("cookie", header).finish(), true);
            names.into_iter().map(|name| name.replace(CONSOLE_FLOW, "")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((surplus(&[]), surplus(&[9, 9, 9])), (String::new(), String::new()));
        assert_eq!((surplus(&[9; 4]), surplus(&[9; 6])), ("0".to_owned(), "2 1 0".to_owned()));
        assert_eq!((surplus(&[2800]), surplus(&[2800, 2800])), (String::new(), "0".to_owned()));
    }
}
