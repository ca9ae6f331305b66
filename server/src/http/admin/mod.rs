//! The admin API: documents in, use cases, documents or problems out. What it says of itself
//! (OpenAPI) is made of the same types.

mod audit_events;
mod caller;
mod client_secrets;
mod clients;
mod devices;
mod domains;
mod grants;
mod initial_access_tokens;
mod keys;
mod me;
mod paging;
mod payload;
mod problem;
mod protected_resources;
mod responses;
mod role_assignments;
mod roles;
mod sessions;
mod stats;
mod tenants;
mod users;

use std::sync::Arc;

use poem::endpoint::{BoxEndpoint, make_sync};
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, IntoEndpoint, IntoResponse, Request, Response, Route, get};
use poem_openapi::{OpenApi, OpenApiService, Tags};
use tracing::Instrument;

use super::request_id::RequestId;
use crate::app::{App, origin};

/// Where the admin API is under the public address.
const ROOT: &str = "/admin/v1";

#[derive(Tags)]
enum Tag {
    /// The caller.
    Me,
    /// Issuers with their own users, clients, keys and look.
    Tenants,
    /// Host names that tenants' issuers can be at.
    Domains,
    /// Applications, devices and services that get tokens from a tenant.
    Clients,
    /// People who sign in at a tenant.
    Users,
    /// The keys that sign what a tenant issues.
    Keys,
    /// Where people are signed in.
    Sessions,
    /// What people have let clients do.
    Grants,
    /// APIs that take a tenant's access tokens.
    Resources,
    /// What administrators may do, and who they are.
    Roles,
    /// Devices that wait to be let in.
    Devices,
    /// What happened, and who did it.
    #[oai(rename = "Audit events")]
    AuditEvents,
    /// What tenants did and have.
    Stats,
    /// What lets others register clients at a tenant.
    #[oai(rename = "Initial access tokens")]
    InitialAccessTokens,
}

const DESCRIPTION: &str = "\
Administers a Grantor installation.

**Credentials**: an access token whose audience is this API's address, from the system tenant or from the tenant that \
its own administrators act in; or the console's session cookie, with `X-Grantor-CSRF` for whatever changes something.

**Rights**: what the caller's roles do not let it see is 404; what it may see and not change is 403.

**Errors** are problem documents (RFC 9457) with a stable `type` (`urn:grantor:problem:<name>`), the members at fault as \
JSON Pointers, and a correlation id that finds the server's log line.

**Changes**: PUT creates or replaces, PATCH is a JSON Merge Patch (RFC 7396). `ETag` comes with every document, and \
`If-Match` and `If-None-Match: *` guard against losing somebody else's change. Members that a document type does not have \
are refused by name; members that only the server sets are ignored, so that a document can be read, changed and put back.

**Collections** come in pages, oldest first where nothing else is said: `limit`, then `next` as the `cursor` of the next page. A cursor stays \
right while things come and go. Times are RFC 3339, UTC.";

fn description() -> OpenApiService<impl OpenApi, ()> {
    let nouns = (
        me::MeApi,
        tenants::TenantsApi,
        domains::DomainsApi,
        clients::ClientsApi,
        client_secrets::ClientSecretsApi,
        users::UsersApi,
        keys::KeysApi,
        sessions::SessionsApi,
        grants::GrantsApi,
        protected_resources::ProtectedResourcesApi,
        roles::RolesApi,
        role_assignments::RoleAssignmentsApi,
        devices::DevicesApi,
        stats::StatsApi,
        initial_access_tokens::InitialAccessTokensApi,
        audit_events::AuditEventsApi,
    );
    OpenApiService::new(nouns, "Grantor admin API", "1").description(DESCRIPTION).server(ROOT)
}

/// The API's description (OpenAPI): pretty JSON that is the same for the same program.
pub fn specification() -> String {
    let mut text = description().spec();
    text.push('\n');
    text
}

/// Everything under [`ROOT`].
pub fn service(app: Arc<App>) -> impl Endpoint<Output = Response> {
    let document = specification();
    let document =
        make_sync(move |_| Response::builder().content_type("application/json").body(document.clone()));
    let routes = Route::new().at("/openapi.json", get(document)).nest("/", description().into_endpoint());
    AdminEndpoint { routes: Arc::new(Route::new().nest(ROOT, routes).data(app).map_to_response().boxed()) }
}

struct AdminEndpoint {
    routes: Arc<BoxEndpoint<'static, Response>>,
}

impl Endpoint for AdminEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let id = RequestId::of(&request);
        let answer = match *request.method() {
            Method::GET | Method::HEAD => self.routes.call(request).await,
            // What changes something runs to its end even when whoever asked has hung up.
            _ => {
                let routes = Arc::clone(&self.routes);
                let change = origin::carried(async move { routes.call(request).await }.in_current_span());
                tokio::spawn(change).await.unwrap_or_else(|error| {
                    tracing::error!(%error, "a handler ended without an answer");
                    Err(StatusCode::INTERNAL_SERVER_ERROR.into())
                })
            }
        };
        let mut response = answer.unwrap_or_else(|error| problem::respond(&error, id)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}
