//! Every route, in one table.

use std::future::Future;
use std::sync::Arc;

use grantor_protocol::model::RateKind;
use poem::endpoint::{BoxEndpoint, make};
use poem::http::header::STRICT_TRANSPORT_SECURITY;
use poem::http::{Method, StatusCode};
use poem::middleware::SetHeader;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, Route, RouteMethod, get};

use super::allow::Allowing;
use super::cors::AnyOrigin;
use super::hosts::Hosts;
use super::limited::Limited;
use super::measure::Measured;
use super::origins::Origins;
use super::pages::{see_other, theme};
use super::request_id::RequestIds;
use super::{Metrics, admin, assets, console, oauth, pages, registration};
use crate::app::{App, origin};
use crate::messages::wanted;

/// Browsers that came by https once come by nothing else for a year (RFC 6797 §6.1).
const HSTS: &str = "max-age=31536000";

/// The public listener: the issuers, their pages, the admin API and the console.
pub fn router(app: &Arc<App>, metrics: &Arc<Metrics>) -> impl Endpoint<Output = Response> + 'static {
    let table = routes(app, metrics).table;
    let to_console = || make(|_| async { see_other("/console/") });
    let admin = Measured::new(admin::service(Arc::clone(app)), "admin", Arc::clone(metrics));
    table
        .at("/", get(to_console()))
        .at("/console", get(to_console()))
        .at("/favicon.ico", get(assets::icon))
        .at("/assets/:file", get(assets::file))
        .nest_no_strip("/admin/v1", admin)
        .with_if(app.addresses.is_https(), SetHeader::new().overriding(STRICT_TRANSPORT_SECURITY, HSTS))
        .with(Hosts(Arc::clone(app)))
        .with(Origins(Arc::clone(app)))
        .with(RequestIds::new(app.entropy.as_ref()))
}

/// An address of the table.
pub struct Offered {
    pub path: &'static str,
    /// What it is called in the metrics.
    pub name: &'static str,
    pub methods: Vec<Method>,
    /// The rate limit of each method, in the same order.
    pub limits: Vec<Option<RateKind>>,
}

/// Every address of the issuers, their pages and the console's sign-in.
pub fn offered(app: &Arc<App>, metrics: &Arc<Metrics>) -> Vec<Offered> {
    routes(app, metrics).offered
}

fn routes(app: &Arc<App>, metrics: &Arc<Metrics>) -> Routes {
    let routes =
        Routes { app: Arc::clone(app), metrics: Arc::clone(metrics), table: Route::new(), offered: vec![] };
    routes
        .open("/t/:slug/.well-known/openid-configuration", "metadata", "GET", |on| on.get(oauth::metadata))
        .open("/t/:slug/.well-known/oauth-authorization-server", "metadata", "GET", |on| {
            on.get(oauth::metadata)
        })
        .open("/.well-known/openid-configuration/t/:slug", "metadata", "GET", |on| on.get(oauth::metadata))
        .open("/.well-known/oauth-authorization-server/t/:slug", "metadata", "GET", |on| {
            on.get(oauth::metadata)
        })
        .open("/t/:slug/jwks", "jwks", "GET", |on| on.get(oauth::jwks))
        .open("/t/:slug/token", "token", "POST", |on| on.limited(RateKind::Token).post(oauth::token))
        .open("/t/:slug/par", "par", "POST", |on| on.limited(RateKind::Token).post(oauth::par))
        .open("/t/:slug/device_authorization", "device_authorization", "POST", |on| {
            on.limited(RateKind::Device).post(oauth::device_authorization)
        })
        .open("/t/:slug/revoke", "revoke", "POST", |on| on.limited(RateKind::Token).post(oauth::revoke))
        .open("/t/:slug/userinfo", "userinfo", "GET, POST", |on| {
            on.limited(RateKind::Token).get(oauth::userinfo).post(oauth::userinfo)
        })
        .open("/t/:slug/register", "register", "POST", |on| {
            on.limited(RateKind::Registration).post(registration::register)
        })
        .open("/t/:slug/register/:client_id", "register", "GET, PUT, DELETE", |on| {
            on.limited(RateKind::Registration)
                .get(registration::read)
                .put(registration::update)
                .delete(registration::delete)
        })
        .closed("/t/:slug/introspect", "introspect", |on| {
            on.limited(RateKind::Introspection).post(oauth::introspect)
        })
        .closed("/t/:slug/authorize", "authorize", |on| {
            on.limited(RateKind::Authorize).get(oauth::authorize).post(oauth::authorize)
        })
        .closed("/t/:slug/login", "login", |on| {
            on.limited(RateKind::Authorize)
                .get(pages::login)
                .limited(RateKind::SignIn)
                .post(pages::login_answer)
        })
        .closed("/t/:slug/login/passkey", "login", |on| {
            on.limited(RateKind::SignIn).post(pages::passkey_sign_in)
        })
        .closed("/t/:slug/login/passkey/options", "login", |on| {
            on.limited(RateKind::Authorize).post(pages::passkey_options)
        })
        .closed("/t/:slug/login/second-factor", "login", |on| {
            on.limited(RateKind::Authorize)
                .get(pages::second_factor)
                .limited(RateKind::SignIn)
                .post(pages::second_factor_answer)
        })
        .closed("/t/:slug/login/new-authenticator", "login", |on| {
            on.limited(RateKind::Authorize)
                .get(pages::new_authenticator)
                .limited(RateKind::SignIn)
                .post(pages::new_authenticator_answer)
        })
        .closed("/t/:slug/login/continue", "login", |on| on.limited(RateKind::Authorize).post(pages::go_on))
        .closed("/t/:slug/login/upstream", "login", |on| {
            on.limited(RateKind::SignIn).post(pages::login_upstream)
        })
        .closed("/t/:slug/login/callback", "login", |on| {
            on.limited(RateKind::Authorize).get(pages::login_callback)
        })
        .closed("/t/:slug/consent", "consent", |on| {
            on.limited(RateKind::Authorize).get(pages::consent).post(pages::consent_answer)
        })
        .closed("/t/:slug/activate", "activate", |on| {
            on.limited(RateKind::Authorize).get(pages::activate).post(pages::activate_answer)
        })
        .closed("/t/:slug/activate/callback", "activate", |on| {
            on.limited(RateKind::Authorize).get(pages::activated)
        })
        .closed("/t/:slug/client-logo", "logo", |on| on.limited(RateKind::Authorize).get(pages::client_logo))
        .closed("/t/:slug/account", "account", |on| on.limited(RateKind::Authorize).get(pages::account))
        .closed("/t/:slug/account/profile", "account", |on| {
            on.limited(RateKind::Authorize).get(pages::profile).post(pages::profile_answer)
        })
        .closed("/t/:slug/account/password", "account", |on| {
            on.limited(RateKind::Authorize)
                .get(pages::password)
                .limited(RateKind::SignIn)
                .post(pages::password_answer)
        })
        .closed("/t/:slug/account/sessions", "account", |on| {
            on.limited(RateKind::Authorize).get(pages::sessions).post(pages::sessions_answer)
        })
        .closed("/t/:slug/account/applications", "account", |on| {
            on.limited(RateKind::Authorize).get(pages::applications)
        })
        .closed("/t/:slug/account/devices", "account", |on| {
            on.limited(RateKind::Authorize).get(pages::devices)
        })
        .closed("/t/:slug/account/revoke", "account", |on| {
            on.limited(RateKind::Authorize).post(pages::applications_revoke)
        })
        .closed("/t/:slug/account/data", "account", |on| {
            on.limited(RateKind::Authorize).get(pages::data).post(pages::data_download)
        })
        .closed("/t/:slug/account/deletion", "account", |on| {
            on.limited(RateKind::Authorize).get(pages::deletion).post(pages::deletion_answer)
        })
        .closed("/t/:slug/account/security", "account", |on| {
            on.limited(RateKind::Authorize).get(pages::security).post(pages::security_remove)
        })
        .closed("/t/:slug/account/security/add", "account", |on| {
            on.limited(RateKind::Authorize).get(pages::security_add).post(pages::security_add_answer)
        })
        .closed("/t/:slug/account/security/options", "account", |on| {
            on.limited(RateKind::Authorize).post(pages::security_options)
        })
        .closed("/t/:slug/account/security/recovery-codes", "account", |on| {
            on.limited(RateKind::Authorize).post(pages::security_recovery)
        })
        .closed("/t/:slug/account/verify", "account", |on| {
            on.limited(RateKind::SignIn).post(pages::account_verify)
        })
        .closed("/t/:slug/recover", "recover", |on| {
            on.limited(RateKind::Authorize)
                .get(pages::recover)
                .limited(RateKind::SignIn)
                .post(pages::recover_answer)
        })
        .closed("/t/:slug/recover/password", "recover", |on| {
            on.limited(RateKind::Authorize)
                .get(pages::new_password)
                .limited(RateKind::SignIn)
                .post(pages::new_password_answer)
        })
        .closed("/t/:slug/invitation/passkey", "invitation", |on| {
            on.limited(RateKind::Authorize).post(pages::invitation_passkey)
        })
        .closed("/t/:slug/invitation", "invitation", |on| {
            on.limited(RateKind::Authorize)
                .get(pages::invitation)
                .limited(RateKind::SignIn)
                .post(pages::invitation_answer)
        })
        .closed("/t/:slug/verify", "verify", |on| {
            on.limited(RateKind::Authorize)
                .get(pages::verify)
                .limited(RateKind::SignIn)
                .post(pages::verify_answer)
        })
        .closed("/t/:slug/magic-link", "magic_link", |on| {
            on.limited(RateKind::SignIn).post(pages::magic_link)
        })
        .closed("/t/:slug/magic-link/open", "magic_link", |on| {
            on.limited(RateKind::Authorize)
                .get(pages::open_magic_link)
                .limited(RateKind::SignIn)
                .post(pages::open_magic_link_answer)
        })
        .closed("/t/:slug/account/providers", "account", |on| {
            on.limited(RateKind::Authorize).get(pages::account_providers)
        })
        .closed("/t/:slug/account/providers/link", "account", |on| {
            on.limited(RateKind::Authorize).post(pages::account_link)
        })
        .closed("/t/:slug/account/providers/unlink", "account", |on| {
            on.limited(RateKind::Authorize).post(pages::account_unlink)
        })
        .closed("/t/:slug/logout", "logout", |on| {
            on.limited(RateKind::Authorize).get(pages::logout).post(pages::logout_answer)
        })
        .closed("/t/:slug/theme.css", "theme", |on| on.get(theme))
        .closed("/t/:slug/logo", "tenant_logo", |on| on.limited(RateKind::Authorize).get(pages::tenant_logo))
        .closed("/admin/docs", "docs", |on| on.get(admin::docs))
        .closed("/setup", "setup", |on| on.get(pages::setup).post(pages::setup_answer))
        .closed("/setup/passkey", "setup", |on| on.post(pages::setup_passkey))
        .closed("/console/sign-in", "console", |on| on.get(console::sign_in))
        .closed("/console/callback", "console", |on| on.get(console::callback))
        .closed("/console/sign-out", "console", |on| on.post(console::sign_out))
        .closed("/console/*path", "console", |on| on.get(console::file))
}

struct Routes {
    app: Arc<App>,
    metrics: Arc<Metrics>,
    table: Route,
    offered: Vec<Offered>,
}

/// One address: a handler for every method that it takes.
struct On<'a> {
    app: &'a Arc<App>,
    methods: RouteMethod,
    offered: Vec<Method>,
    limits: Vec<Option<RateKind>>,
    limit: Option<RateKind>,
}

impl Routes {
    /// An address that scripts of every origin may call.
    fn open(
        self,
        path: &'static str,
        name: &'static str,
        methods: &'static str,
        describe: impl FnOnce(On<'_>) -> On<'_>,
    ) -> Self {
        self.add(path, name, describe, |endpoint| AnyOrigin::new(endpoint, methods).boxed())
    }

    /// An address for browsers' own navigation and for servers.
    fn closed(self, path: &'static str, name: &'static str, describe: impl FnOnce(On<'_>) -> On<'_>) -> Self {
        self.add(path, name, describe, EndpointExt::boxed)
    }

    fn add(
        mut self,
        path: &'static str,
        name: &'static str,
        describe: impl FnOnce(On<'_>) -> On<'_>,
        wrap: impl FnOnce(RouteMethod) -> BoxEndpoint<'static, Response>,
    ) -> Self {
        let on = describe(On {
            app: &self.app,
            methods: RouteMethod::new(),
            offered: vec![],
            limits: vec![],
            limit: None,
        });
        let endpoint = Allowing::new(wrap(on.methods), &on.offered);
        let endpoint = Measured::new(endpoint, name, Arc::clone(&self.metrics));
        self.table = self.table.at(path, endpoint);
        self.offered.push(Offered { path, name, methods: on.offered, limits: on.limits });
        self
    }
}

impl On<'_> {
    /// Limits the methods that follow; those before the first have no limit.
    fn limited(self, kind: RateKind) -> Self {
        Self { limit: Some(kind), ..self }
    }

    fn get<F, Answer>(self, handler: F) -> Self
    where
        F: Fn(Arc<App>, Request) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Response> + Send + 'static,
    {
        self.with(Method::GET, handler)
    }

    fn post<F, Answer>(self, handler: F) -> Self
    where
        F: Fn(Arc<App>, Request) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Response> + Send + 'static,
    {
        self.with(Method::POST, detached(handler))
    }

    fn put<F, Answer>(self, handler: F) -> Self
    where
        F: Fn(Arc<App>, Request) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Response> + Send + 'static,
    {
        self.with(Method::PUT, detached(handler))
    }

    fn delete<F, Answer>(self, handler: F) -> Self
    where
        F: Fn(Arc<App>, Request) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Response> + Send + 'static,
    {
        self.with(Method::DELETE, detached(handler))
    }

    fn with<F, Answer>(mut self, method: Method, handler: F) -> Self
    where
        F: Fn(Arc<App>, Request) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Response> + Send + 'static,
    {
        let endpoint = self.endpoint(handler);
        self.offered.push(method.clone());
        self.limits.push(self.limit);
        Self { methods: self.methods.method(method, endpoint), ..self }
    }

    fn endpoint<F, Answer>(&self, handler: F) -> impl IntoEndpoint<Endpoint: 'static> + use<F, Answer>
    where
        F: Fn(Arc<App>, Request) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Response> + Send + 'static,
    {
        let app = Arc::clone(self.app);
        let answer = make(move |request| handler(Arc::clone(&app), request));
        Limited::new(answer, Arc::clone(self.app), self.limit)
    }
}

/// What changes something runs to its end even when whoever asked has hung up.
fn detached<F, Answer>(
    handler: F,
) -> impl Fn(Arc<App>, Request) -> std::pin::Pin<Box<dyn Future<Output = Response> + Send>>
where
    F: Fn(Arc<App>, Request) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    use tracing::Instrument;
    move |app, request| {
        // Boxed where it is made: a handler's future is large, and a task would move it about.
        let answer = wanted::carried(Box::pin(handler(app, request)).in_current_span());
        let answer = tokio::spawn(origin::carried(answer));
        Box::pin(async move {
            answer.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a handler ended without an answer");
                StatusCode::INTERNAL_SERVER_ERROR.into()
            })
        })
    }
}
