use std::collections::BTreeMap;

use std::net::IpAddr;

use poem::Request;
use poem::http::uri::Scheme;
use poem::http::{Method, header};
use poem::web::{LocalAddr, RemoteAddr};

use super::{Answer, TestApp, encode, form_request, request};

/// A browser: keeps cookies, reads forms, follows what it is told to.
#[derive(Clone, Default)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
    address: Option<IpAddr>,
    user_agent: Option<String>,
    languages: Option<String>,
}

impl Browser {
    /// A browser with this network address.
    pub fn at(address: &str) -> Self {
        Self { address: Some(address.parse().unwrap()), ..Self::default() }
    }

    /// The same browser, which says that it is this.
    pub fn called(self, user_agent: &str) -> Self {
        Self { user_agent: Some(user_agent.to_owned()), ..self }
    }

    /// The same browser, which prefers these languages (`Accept-Language`).
    pub fn speaking(self, languages: &str) -> Self {
        Self { languages: Some(languages.to_owned()), ..self }
    }

    pub async fn get(&mut self, app: &TestApp, path: &str) -> Answer {
        let request = request(Method::GET, &relative(path)).header(header::COOKIE, self.cookie_header());
        self.keep(app.send(self.connected(request.finish())).await)
    }

    pub async fn post(&mut self, app: &TestApp, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post_from(app, path, form, "same-origin").await
    }

    /// Posts a body that is a form already, well-formed or not.
    pub async fn post_body(&mut self, app: &TestApp, path: &str, body: &str) -> Answer {
        let request = form_request(&relative(path), body).header(header::COOKIE, self.cookie_header());
        self.keep(app.send(self.connected(request.finish())).await)
    }

    /// Posts a form that a page of this kind of site holds (Fetch Metadata, `Sec-Fetch-Site`).
    pub async fn post_from(
        &mut self,
        app: &TestApp,
        path: &str,
        form: &[(&str, &str)],
        site: &'static str,
    ) -> Answer {
        let request = form_request(&relative(path), &encode(form))
            .header(header::COOKIE, self.cookie_header())
            .header(header::HeaderName::from_static("sec-fetch-site"), site);
        self.keep(app.send(self.connected(request.finish())).await)
    }

    /// Follows a redirect within the server.
    pub async fn follow(&mut self, app: &TestApp, answer: &Answer) -> Answer {
        self.get(app, answer.location()).await
    }

    /// The cookie whose name ends so.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(held, _)| held.ends_with(name)).map(|(_, value)| value.as_str())
    }

    /// The names of all cookies.
    pub fn cookie_names(&self) -> impl Iterator<Item = &str> {
        self.cookies.keys().map(String::as_str)
    }

    /// The values of all cookies.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        self.cookies.values().map(String::as_str)
    }

    /// Holds a cookie that somebody else put there.
    pub fn put_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// The request as it comes over the network.
    pub fn connected(&self, mut request: Request) -> Request {
        if let Some(user_agent) = &self.user_agent {
            request.headers_mut().insert(header::USER_AGENT, user_agent.parse().unwrap());
        }
        if let Some(languages) = &self.languages {
            request.headers_mut().insert(header::ACCEPT_LANGUAGE, languages.parse().unwrap());
        }
        let Some(address) = self.address else { return request };
        let (parts, body) = request.into_parts();
        let bare = poem::http::Request::builder().method(parts.method).uri(parts.uri).body(()).unwrap();
        let (mut bare, ()) = bare.into_parts();
        bare.headers = parts.headers;
        let socket = std::net::SocketAddr::new(address, 4711);
        let connected = (bare, LocalAddr(socket.into()), RemoteAddr(socket.into()), Scheme::HTTPS);
        Request::from_parts(connected.into(), body)
    }

    fn cookie_header(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// Paths as the router sees them.
fn relative(address: &str) -> String {
    address.strip_prefix(super::PUBLIC_URL).unwrap_or(address).to_owned()
}

impl Answer {
    /// The value of a hidden field of the page's form.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let start = self.body.find(&marker).unwrap_or_else(|| panic!("no field {name} in {}", self.body));
        let value = &self.body[start + marker.len()..];
        value[..value.find('"').unwrap()].to_owned()
    }
}
