//! A person without a browser: cookies, forms and redirects, and nothing else.

use crate::{
    client::{Answer, Client},
    html::{self, Form},
};
use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use http::{Method, header};
use std::collections::BTreeMap;
use url::Url;

/// More than any sign-in needs.
const MOST_STEPS: usize = 12;

/// Somebody who knows a password and allows whatever is asked.
#[derive(Clone, Debug)]
pub struct Person {
    pub username: String,
    pub password: String,
    cookies: BTreeMap<String, String>,
}

impl Person {
    #[must_use]
    pub fn new(username: &str, password: &str) -> Self {
        Self { username: username.to_owned(), password: password.to_owned(), cookies: BTreeMap::new() }
    }

    /// Opens an authorization request, signs in and consents where asked, and gives the address that the server sends
    /// the browser to in the end: the client's redirect URI with the response.
    ///
    /// # Errors
    /// When a page says no, or nothing leads on.
    pub async fn authorize(&mut self, request: &str) -> anyhow::Result<Url> {
        let mut here = Url::parse(request)?;
        let origin = here.origin();
        let mut answer = self.send(Method::GET, &here, &[]).await?;
        for _ in 0..MOST_STEPS {
            if answer.status().is_redirection() {
                let location = answer.header(&header::LOCATION).context("a redirect without an address")?;
                here = here.join(location)?;
                if here.origin() != origin {
                    return Ok(here);
                }
                answer = self.send(Method::GET, &here, &[]).await?;
                continue;
            }
            let page = answer.text();
            ensure!(answer.status().is_success(), "{} {here}: {page}", answer.status());
            let form = html::forms(&page).into_iter().next().with_context(|| format!("no form: {page}"))?;
            let fields = self.fill_in(form)?;
            here = here.join(&fields.action)?;
            answer = self.send(Method::POST, &here, &fields.fields).await?;
        }
        bail!("{request} led to {here} and no further")
    }

    /// The value of every cookie that the server gave.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        self.cookies.values().map(String::as_str)
    }

    fn fill_in(&self, mut form: Form) -> anyhow::Result<Form> {
        form.set("username", &self.username);
        form.set("password", &self.password);
        let allow = ("decision".to_owned(), "allow".to_owned());
        if form.buttons.contains(&allow) {
            form.fields.push(allow);
        } else {
            ensure!(form.has_field("password"), "neither a sign-in nor a consent form: {form:?}");
        }
        Ok(form)
    }

    async fn send(
        &mut self,
        method: Method,
        url: &Url,
        fields: &[(String, String)],
    ) -> anyhow::Result<Answer> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (cookies, origin) = (cookies.join("; "), url.origin().ascii_serialization());
        let mut headers = vec![(header::COOKIE, cookies.as_str())];
        let mut body = Bytes::new();
        if method == Method::POST {
            headers.push((header::ORIGIN, &origin));
            headers.push((header::CONTENT_TYPE, "application/x-www-form-urlencoded"));
            body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into();
        }
        let answer = Client.request(method, url.as_str(), &headers, body).await?;
        let set: Vec<String> = answer.headers(&header::SET_COOKIE).map(str::to_owned).collect();
        for cookie in set {
            let (pair, _) = cookie.split_once(';').unwrap_or((&cookie, ""));
            let (name, value) = pair.split_once('=').context("a cookie without a value")?;
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(answer)
    }
}
