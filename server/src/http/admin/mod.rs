//! The admin API: documents in, use cases, documents or problems out. What it says of itself
//! (OpenAPI) is made of the same types.

#![expect(clippy::too_many_arguments, reason = "an operation has an argument for each of its parameters")]

mod audit_events;
mod authenticators;
mod caller;
mod client_secrets;
mod clients;
mod conventions;
mod devices;
mod docs;
mod domains;
mod examples;
mod grants;
mod idempotency;
mod identity_providers;
mod initial_access_tokens;
mod jobs;
mod keys;
mod me;
mod paging;
mod payload;
mod portability;
mod problem;
mod protected_resources;
mod registration_policy;
mod responses;
mod role_assignments;
mod roles;
mod sessions;
mod specification;
mod stats;
mod tenants;
mod users;
mod webhooks;

use std::sync::{Arc, LazyLock};

use poem::endpoint::{BoxEndpoint, make_sync};
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, IntoEndpoint, IntoResponse, Request, Response, Route, get};
use poem_openapi::{OpenApi, OpenApiService, Tags};
use tracing::Instrument;

pub use docs::docs;

use self::conventions::{Conventional, Operations, is_unchanged, unchanged};
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
    /// Work that goes on after the request that asked for it.
    Jobs,
    /// Host names that tenants' issuers can be at.
    Domains,
    /// Applications, devices and services that get tokens from a tenant.
    Clients,
    /// People who sign in at a tenant.
    Users,
    /// Other providers that a tenant's people sign in through.
    #[oai(rename = "Identity providers")]
    IdentityProviders,
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
    /// Addresses that are told of what happened.
    Webhooks,
    /// What tenants did and have.
    Stats,
    /// What lets others register clients at a tenant.
    #[oai(rename = "Initial access tokens")]
    InitialAccessTokens,
    /// Who may register clients at a tenant, and what such clients may have.
    #[oai(rename = "Registration policy")]
    RegistrationPolicy,
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

**Repeating**: a POST with an `Idempotency-Key` is done once. Sent again within 24 hours, byte for byte the same, it gets \
the same answer again, with `Idempotency-Replayed: true`; while it is being done it is 409 `under-way`, and another request \
under the same key is 422. What was refused was not done and can be sent again under its key. If the server dies after a \
change and before it has kept its answer, the repeated request is 409 `outcome-unknown`: it is never done twice, and the \
caller has to look whether it was done. The same is told to callers whose rights have changed since. Exports and imports, which \
are files, take no key.

**Collections** come in pages, oldest first or as `sort` says: `limit`, then `next` as the `cursor` of the next page. A \
cursor stays right while things come and go, and belongs to its order. `q` finds what begins so, in the order of what it was \
found by. A query parameter that the operation does not have is refused. Times are RFC 3339, UTC.";

/// In groups, as a tuple of APIs has sixteen at most.
fn nouns() -> impl OpenApi {
    let platform =
        (me::MeApi, tenants::TenantsApi, domains::DomainsApi, portability::PortabilityApi, jobs::JobsApi);
    let registered = (
        clients::ClientsApi,
        client_secrets::ClientSecretsApi,
        protected_resources::ProtectedResourcesApi,
        initial_access_tokens::InitialAccessTokensApi,
        registration_policy::RegistrationPolicyApi,
        devices::DevicesApi,
    );
    let people = (
        users::UsersApi,
        authenticators::AuthenticatorsApi,
        identity_providers::IdentityProvidersApi,
        sessions::SessionsApi,
        grants::GrantsApi,
    );
    let rights = (roles::RolesApi, role_assignments::RoleAssignmentsApi);
    let records = (keys::KeysApi, stats::StatsApi, audit_events::AuditEventsApi, webhooks::WebhooksApi);
    (platform, registered, people, rights, records)
}

fn description() -> OpenApiService<impl OpenApi, ()> {
    OpenApiService::new(Conventional(nouns()), "Grantor admin API", "1").description(DESCRIPTION).server(ROOT)
}

/// The API's description (OpenAPI): pretty JSON that is the same for the same program.
/// Made when it is first asked for.
pub fn specification() -> &'static str {
    static SPECIFICATION: LazyLock<String> = LazyLock::new(|| {
        let document = specification::finished(&description().spec());
        format!("{document:#}\n")
    });
    &SPECIFICATION
}

/// Everything under [`ROOT`].
pub fn service(app: Arc<App>) -> impl Endpoint<Output = Response> {
    let document = make_sync(|_| Response::builder().content_type("application/json").body(specification()));
    let operations = Arc::new(Operations::of(&nouns()));
    let routes = Route::new().at("/openapi.json", get(document)).nest("/", description().into_endpoint());
    let routes = Route::new().nest(ROOT, routes).data(Arc::clone(&app)).data(Arc::clone(&operations));
    AdminEndpoint { routes: Arc::new(routes.map_to_response().boxed()), app, operations }
}

struct AdminEndpoint {
    routes: Arc<BoxEndpoint<'static, Response>>,
    app: Arc<App>,
    operations: Arc<Operations>,
}

impl Endpoint for AdminEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let id = RequestId::of(&request);
        let path = request.uri().path().to_owned();
        let held = request.headers().get(header::IF_NONE_MATCH).cloned();
        let (answer, reads) = match *request.method() {
            Method::GET | Method::HEAD => (self.routes.call(request).await, true),
            _ => (self.change(request).await, false),
        };
        let mut response = answer.unwrap_or_else(|error| problem::respond(&error, id)).into_response();
        if reads && is_unchanged(held.as_ref(), &response) {
            response = unchanged(response);
        }
        if response.status() == StatusCode::METHOD_NOT_ALLOWED
            && let Some(methods) = self.operations.allow(&path)
        {
            response.headers_mut().insert(header::ALLOW, methods);
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}

impl AdminEndpoint {
    /// What changes something runs to its end even when whoever asked has hung up.
    async fn change(&self, request: Request) -> poem::Result<Response> {
        let (app, routes) = (Arc::clone(&self.app), Arc::clone(&self.routes));
        let change = async move { idempotency::once(&app, routes.as_ref(), request).await };
        tokio::spawn(origin::carried(change.in_current_span())).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a handler ended without an answer");
            Err(StatusCode::INTERNAL_SERVER_ERROR.into())
        })
    }
}
