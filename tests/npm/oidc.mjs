// npm's oidc-provider as an authorization server: one JSON line in, one out, until stdin closes.
// What is remarkable is how it asks for consent: by itself, never, or with a page to click through.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { Provider } from "oidc-provider";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");
const config = JSON.parse((await lines.next()).value);

let consent = config.consent; // auto | deny | page
let isRefreshPicky = false; // refuse a resource that comes with a refresh token
let ahead = 0; // seconds that the clock is ahead
const realNow = Date.now;
Date.now = () => realNow() + ahead * 1000;

const requests = [];
const refreshTokens = [];
const clientIds = [];
const deletedIds = [];
const seen = { refreshTokens: [], verifiers: [], codes: [], accessTokens: [] }; // for tests that look for them elsewhere

const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
const server = createServer();
await new Promise((resolve) => server.listen(config.port, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: config.clients,
  jwks: { keys: [{ ...key, alg: "RS256", use: "sig", kid: "first" }] },
  cookies: { keys: [randomUUID()] },
  scopes: ["openid", "offline_access", ...config.scopes],
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (_, client) =>
    config.refresh && client.grantTypeAllowed("refresh_token"),
  clientDefaults: { grant_types: ["authorization_code", "refresh_token"] },
  ttl: {
    AccessToken: config.accessTtl,
    AuthorizationCode: 60,
    Grant: 86400,
    IdToken: 3600,
    Interaction: 600,
    RefreshToken: 86400,
    Session: 86400,
  },
  features: {
    devInteractions: { enabled: false },
    registration: { enabled: config.registration, initialAccessToken: false },
    registrationManagement: { enabled: config.management },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => config.defaultResource ?? undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => {
        if (config.refusedResources.includes(resource)) throw new Error("unknown resource");
        return {
          scope: config.scopes.join(" "),
          audience: resource,
          accessTokenFormat: "jwt",
          accessTokenTTL: config.accessTtl,
          jwt: { sign: { alg: "RS256" } },
        };
      },
    },
  },
  findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  renderError: async (ctx, out) => {
    ctx.type = "html";
    ctx.body = `<h1>Refused</h1><p id="error">${out.error}</p>`;
  },
});

provider.on("refresh_token.saved", (token) => {
  refreshTokens.push(token);
  seen.refreshTokens.push(token.jti);
});
provider.on("registration_create.success", (_, client) => clientIds.push(client.clientId));
provider.on("registration_delete.success", (_, client) => deletedIds.push(client.clientId));
provider.use(async (ctx, next) => {
  if (ctx.path.startsWith("/interaction/")) {
    await interact(ctx);
    return;
  }
  if (isRefreshPicky && ctx.method === "POST" && ctx.path === "/token") {
    const form = new URLSearchParams(await text(ctx.req));
    if (form.get("grant_type") === "refresh_token" && form.has("resource")) {
      requests.push({ grant: "refresh_token", resource: form.get("resource"), status: 400 });
      ctx.status = 400;
      ctx.body = { error: "invalid_target" };
      return;
    }
    ctx.req.body = Object.fromEntries(form); // what oidc-provider takes when it was read already
  }
  await next();
  if (ctx.method === "POST" && ctx.path === "/token") {
    const form = ctx.oidc?.body ?? {};
    if (form.code_verifier) seen.verifiers.push(form.code_verifier);
    if (form.code) seen.codes.push(form.code);
    if (ctx.body?.access_token) seen.accessTokens.push(ctx.body.access_token);
    let sent = "none";
    if (ctx.headers.authorization) sent = "basic";
    else if (form.client_secret) sent = "post";
    requests.push({
      grant: form.grant_type, resource: form.resource ?? null, scope: form.scope ?? null,
      auth: sent, status: ctx.status, error: ctx.body?.error ?? null,
    });
  }
});

async function interact(ctx) {
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  let decision = consent;
  if (consent === "page") {
    if (ctx.method !== "POST") {
      ctx.type = "html";
      ctx.body = `<h1>${details.params.client_id}</h1><p id="scope">${details.params.scope ?? ""}</p>
        <form method="post" action="/interaction/${details.uid}/auto"><button id="allow">Allow</button></form>
        <form method="post" action="/interaction/${details.uid}/deny"><button id="deny">Deny</button></form>`;
      return;
    }
    decision = ctx.path.endsWith("/deny") ? "deny" : "auto";
  }
  const result = decision === "deny"
    ? { error: "access_denied", error_description: "the person said no" }
    : await granted(details);
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
}

async function granted({ params, session, grantId }) {
  const accountId = session?.accountId ?? "somebody";
  const grant = (grantId && (await provider.Grant.find(grantId)))
    || new provider.Grant({ accountId, clientId: params.client_id });
  const scope = params.scope ?? "";
  if (scope) grant.addOIDCScope(scope);
  for (const resource of [params.resource ?? []].flat()) grant.addResourceScope(resource, scope);
  return { login: { accountId }, consent: { grantId: await grant.save() } };
}

server.on("request", provider.callback());
say({ issuer });

for await (const line of lines) {
  const command = JSON.parse(line);
  if (command.consent) consent = command.consent;
  if (command.picky) isRefreshPicky = true;
  if (command.ahead !== undefined) ahead = command.ahead;
  if (command.revoke) {
    await Promise.all(refreshTokens.splice(0).map((token) => token.destroy()));
  }
  say({ requests: requests.splice(0), clients: clientIds, deleted: deletedIds, ...seen });
}
server.closeAllConnections();
server.close();
