// npm's oidc-provider with the device flow on the paths that the platform has for it. A person's
// decision is made at /decide, for the flow's pages are not what is tested.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(origin, {
    clients: [{
      client_id: "client_device",
      token_endpoint_auth_method: "none",
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
      redirect_uris: [],
      response_types: [],
      application_type: "native",
    }],
    claims: { profile: ["name"], email: ["email"] },
    features: { deviceFlow: { enabled: true }, devInteractions: { enabled: false } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    routes: {
      device_authorization: "/user_management/authorize/device",
      token: "/user_management/authenticate",
    },
    ttl: { AccessToken: 300, DeviceCode: 300, Grant: 3600, IdToken: 300, RefreshToken: 3600 },
  });
  provider.use(async (ctx, next) => {
    if (ctx.path !== "/decide") return next();
    const code = await provider.DeviceCode.findByUserCode(ctx.query.user_code.replace("-", ""));
    if (ctx.query.approve === "yes") {
      const grant = new provider.Grant({ accountId: "ana", clientId: code.clientId });
      grant.addOIDCScope(code.params.scope);
      Object.assign(code, {
        accountId: "ana", grantId: await grant.save(), scope: code.params.scope, claims: {},
        authTime: Math.floor(Date.now() / 1000),
      });
    } else {
      Object.assign(code, { error: "access_denied", errorDescription: "denied" });
    }
    await code.save();
    ctx.body = "done";
  });
  server.on("request", provider.callback());
  process.stdout.write(`${origin}\n`);
});
