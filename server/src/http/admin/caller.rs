use std::ops::Deref;
use std::sync::Arc;

use poem::http::Method;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::conventions::Operations;
use crate::app::admin::{AdminFault, Caller, Unauthenticated};
use crate::app::{App, Fault};
use crate::http::{cookies, extract};

/// The header that tells the console's own requests from those that another site makes a browser send.
const CSRF: &str = "x-grantor-csrf";

/// The use cases, and who calls them. Comes first among a handler's arguments: nothing else of a
/// request is looked at before its credentials.
pub struct Admin {
    app: Arc<App>,
    pub caller: Caller,
}

impl Deref for Admin {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl<'a> ApiExtractor<'a> for Admin {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: None,
            name: None,
            key_in: None,
            scheme: None,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(
            "access_token",
            MetaSecurityScheme {
                description: Some("An access token (RFC 9068) whose audience is this API's address."),
                scheme: Some("bearer"),
                bearer_format: Some("JWT"),
                ..scheme
            },
        );
        registry.create_security_scheme(
            "console_session",
            MetaSecurityScheme {
                ty: "apiKey",
                description: Some(
                    "The console's session of somebody of any tenant, who has the rights of that tenant's user (over https \
                     the cookie's name begins with `__Host-`). Requests that change something need the header \
                     `X-Grantor-CSRF` with the `csrf_token` of `/me`.",
                ),
                name: Some(cookies::CONSOLE),
                key_in: Some("cookie"),
                flows: None,
                scheme: None,
                bearer_format: None,
                openid_connect_url: None,
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec!["access_token", "console_session"]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let app = request
            .data::<Arc<App>>()
            .ok_or_else(|| AdminFault::from(Fault::internal("the admin API runs without its use cases")))?;
        let caller = match request.data::<Caller>() {
            Some(identified) => identified.clone(),
            None => identify(app, request).await?,
        };
        if let Some(operations) = request.data::<Arc<Operations>>() {
            operations.check_query(request)?;
        }
        Ok(Self { app: Arc::clone(app), caller })
    }
}

/// Who sends a request.
///
/// # Errors
/// [`AdminFault::Unauthenticated`]; faults of the store.
pub(super) async fn identify(app: &App, request: &Request) -> Result<Caller, AdminFault> {
    if extract::authorization(request).is_some() {
        let token =
            extract::bearer(request).ok_or(AdminFault::Unauthenticated(Unauthenticated::NoCredentials))?;
        return app.admin_caller(token, &extract::peer(app, request)).await;
    }
    let cookie = cookies::get(request, cookies::CONSOLE, app.addresses.is_https())
        .ok_or(AdminFault::Unauthenticated(Unauthenticated::NoCredentials))?;
    let changing = !matches!(*request.method(), Method::GET | Method::HEAD);
    let csrf = request.headers().get(CSRF).and_then(|value| value.to_str().ok());
    match app.console_caller(&cookie, csrf, changing).await {
        Ok(caller) => Ok(caller),
        Err(Fault::Expired(_)) => Err(AdminFault::Unauthenticated(Unauthenticated::SessionOver)),
        Err(fault) => Err(fault.into()),
    }
}
