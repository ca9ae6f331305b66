// openid-client as a confidential client that proves itself with a key, pushes signed authorization requests and binds
// its tokens to another key: private_key_jwt (RFC 7523), PAR (RFC 9126), JAR (RFC 9101), DPoP (RFC 9449).
import * as openid from 'openid-client';
import { exportJWK, generateKeyPair } from 'jose';
import { ask, finish, given, landing, say } from './conversation.mjs';

const { redirectUri, next } = await landing();
const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
await ask({ listening: redirectUri, jwks: { keys: [jwk] } });

const key = { key: privateKey, kid: 'k1' };
const config = await openid.discovery(
  new URL(given.issuer), given.clientId, {}, openid.PrivateKeyJwt(key), { execute: [openid.allowInsecureRequests] },
);
const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair());

const verifier = openid.randomPKCECodeVerifier();
const state = openid.randomState();
const nonce = openid.randomNonce();
const signed = await openid.buildAuthorizationUrlWithJAR(config, {
  redirect_uri: redirectUri,
  scope: 'openid profile offline_access',
  code_challenge: await openid.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  dpop_jkt: await DPoP.calculateThumbprint(),
  state,
  nonce,
}, key);
const pushed = await openid.buildAuthorizationUrlWithPAR(config, signed.searchParams, { DPoP });
say({ visit: pushed.href });

const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
const tokens = await openid.authorizationCodeGrant(config, await next(), checks, undefined, { DPoP });
const claims = tokens.claims();
const userinfo = await openid.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP });
const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
const introspected = await openid.tokenIntrospection(config, refreshed.access_token);
// A stolen token is of no use without the key.
const stolen = await fetch(config.serverMetadata().userinfo_endpoint, {
  headers: { authorization: `Bearer ${refreshed.access_token}` },
});
await openid.tokenRevocation(config, refreshed.refresh_token ?? tokens.refresh_token);
const after = await openid.tokenIntrospection(config, refreshed.access_token);
finish({
  authorizationUrl: pushed.href,
  tokenType: tokens.token_type,
  userinfo,
  introspected,
  stolen: stolen.status,
  activeAfterRevocation: after.active,
});
