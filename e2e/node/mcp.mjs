// The Model Context Protocol's own SDK on both sides: a protected resource that knows only its authorization server, and
// a client that is given nothing but the resource's address.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { ask, finish, given, landing, listen, say } from './conversation.mjs';

const PROTECTED_RESOURCE = '/.well-known/oauth-protected-resource';

/** The protected resource (RFC 9728): takes tokens that are for it and no others. */
async function protectedResource(issuer) {
  let keys;
  const accepted = [];
  const origin = await listen(async (request, response) => {
    if (request.url.startsWith(PROTECTED_RESOURCE)) {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({
        resource, authorization_servers: [issuer], scopes_supported: ['notes:read'],
      }));
      return;
    }
    const token = request.headers.authorization?.match(/^Bearer (.+)$/)?.[1] ?? '';
    keys ??= createRemoteJWKSet(new URL(`${issuer}/jwks`));
    try {
      const { payload } = await jwtVerify(token, keys, { issuer, audience: resource, typ: 'at+jwt' });
      accepted.push(payload);
    } catch {
      response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${origin}${PROTECTED_RESOURCE}/mcp"` }).end();
      return;
    }
    const server = new McpServer({ name: 'notes', version: '1' });
    server.registerTool('greet', { description: 'Greets' }, async () => ({ content: [{ type: 'text', text: 'hello' }] }));
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    response.on('close', () => transport.close());
    await server.connect(transport);
    await transport.handleRequest(request, response);
  });
  const resource = `${origin}/mcp`;
  return { resource, accepted };
}

/** Everything that the client keeps; the SDK does the rest. */
class Person {
  constructor(redirectUrl, clientMetadataUrl) {
    this.redirectUrl = redirectUrl;
    this.clientMetadataUrl = clientMetadataUrl;
    this.expectedState = randomUUID();
  }

  get clientMetadata() {
    return {
      client_name: 'Notes reader',
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    };
  }

  state() { return this.expectedState; }
  clientInformation() { return this.client; }
  saveClientInformation(client) { this.client = client; }
  tokens() { return this.held; }
  saveTokens(tokens) { this.held = tokens; }
  codeVerifier() { return this.verifier; }
  saveCodeVerifier(verifier) { this.verifier = verifier; }
  redirectToAuthorization(url) { say({ visit: url.href }); }
}

async function metadataDocument(redirectUri) {
  const tls = { cert: readFileSync(given.certificate), key: readFileSync(given.key) };
  const origin = await listen((_, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({
      client_id: address,
      client_name: 'Notes reader',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
      token_endpoint_auth_method: 'none',
      token_endpoint_auth_methods_supported: ['none'],
    }));
  }, (handler) => createSecureServer(tls, handler), 'https');
  const address = `${origin}/client.json`;
  return address;
}

const { redirectUri, next } = await landing();
const { resource, accepted } = await protectedResource(given.issuer);
await ask({ listening: resource });
const document = given.certificate ? await metadataDocument(redirectUri) : undefined;

const person = new Person(redirectUri, document);
const client = () => new Client({ name: 'notes-reader', version: '1' });
const transport = () => new StreamableHTTPClientTransport(new URL(resource), { authProvider: person });
const first = transport();
try {
  await client().connect(first);
  throw new Error('the resource took a request without a token');
} catch (error) {
  if (!(error instanceof UnauthorizedError)) throw error;
}
const arrived = await next();
if (arrived.searchParams.get('state') !== person.expectedState) throw new Error(`state: ${arrived}`);
if (arrived.searchParams.get('iss') !== given.issuer) throw new Error(`iss: ${arrived}`);
await first.finishAuth(arrived.searchParams.get('code'));

const connected = client();
await connected.connect(transport());
const greeting = await connected.callTool({ name: 'greet', arguments: {} });
const before = person.held;
// The SDK refreshes by itself when the resource refuses the token.
person.held = { ...before, access_token: 'expired' };
const again = client();
await again.connect(transport());
finish({
  clientId: person.client.client_id,
  document,
  resource,
  greeting: greeting.content[0].text,
  audience: accepted[0].aud,
  scope: accepted[0].scope,
  rotated: before.refresh_token !== person.held.refresh_token,
  refreshed: person.held.access_token !== 'expired',
});
