// A certified OpenID provider (panva/oidc-provider) on loopback, for the tests.
// Environment: PORT, REDIRECT_URIS, POST_LOGOUT_URIS (commas between), AUTH_METHOD, SIGN_ALG (RS256 or ES256).
// POST /control/people/<login> with JSON changes what it says of that person.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import Provider, { errors } from 'oidc-provider';

const port = Number(process.env.PORT);
const issuer = `http://127.0.0.1:${port}`;
const alg = process.env.SIGN_ALG ?? 'RS256';
const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);
const SCOPE = 'openid email profile groups';

const person = (login, name, groups, more = {}) => ({
  sub: `subject-of-${login}`, name, email: `${login}@claims.example`, email_verified: true, preferred_username: login, groups, ...more,
});
const PEOPLE = {
  ada: person('ada', 'Ada Admin', ['studio-admins', 'everyone']),
  eddie: person('eddie', 'Eddie Expert', ['claims-experts', 'everyone']),
  vera: person('vera', 'Vera Visitor', []),
  // Claims somebody else's address, which the provider never verified.
  mallory: person('mallory', 'Mallory', [], { email: 'ada@claims.example', email_verified: false }),
};
const bySubject = (sub) => Object.values(PEOPLE).find((one) => one.sub === sub);

const pair = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 });

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'prompt-studio',
    client_secret: 'only for tests: a + b / c = d, at least thirty-two characters',
    redirect_uris: list('REDIRECT_URIS'),
    post_logout_redirect_uris: list('POST_LOGOUT_URIS'),
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: process.env.AUTH_METHOD ?? 'client_secret_post',
    id_token_signed_response_alg: alg,
  }],
  clientAuthMethods: [process.env.AUTH_METHOD ?? 'client_secret_post'],
  jwks: { keys: [{ ...pair.privateKey.export({ format: 'jwk' }), use: 'sig', alg, kid: 'the-key' }] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'], groups: ['groups'] },
  scopes: SCOPE.split(' '),
  ttl: { AccessToken: 3600, AuthorizationCode: 60, IdToken: 3600, Session: 86400, Interaction: 600, Grant: 86400 },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => { ctx.body = `<!doctype html><title>Leave</title><h1>Leave the test provider?</h1>${form}<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`; },
      postLogoutSuccessSource: (ctx) => { ctx.body = '<!doctype html><title>Left</title><h1>Left the test provider</h1>'; },
    },
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  // Our own client: nobody is asked for consent.
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope(SCOPE);
    await grant.save();
    return grant;
  },
  findAccount: (ctx, sub) => bySubject(sub) && { accountId: sub, claims: async () => bySubject(sub) },
  renderError: (ctx, out) => { ctx.type = 'html'; ctx.body = `<!doctype html><title>Error</title><h1>The test provider says no</h1><pre>${JSON.stringify(out)}</pre>`; },
});
for (const name of ['server_error', 'authorization.error', 'grant.error', 'userinfo.error', 'end_session.error']) {
  provider.on(name, (ctx, error) => console.error(name, error.error ?? '', error.error_description ?? error.message));
}

async function body(request) {
  let text = '';
  for await (const part of request) text += part;
  return text;
}

const page = (problem) => `<!doctype html><html lang="en"><title>Test provider</title><h1>Test provider</h1>${problem}
<form method="post"><label>User <input name="login" autofocus></label> <label>Password <input name="password" type="password"></label>
<button>Sign in</button> <button name="cancel" value="1">Cancel</button></form></html>`;

async function control(ctx) {
  const [, , what, login] = ctx.path.split('/');
  if (what === 'people') Object.assign(PEOPLE[login], JSON.parse(await body(ctx.req)));
  ctx.body = 'done';
}

provider.use(async (ctx, next) => {
  if (ctx.path.startsWith('/control/')) return control(ctx);
  const interaction = /^\/interaction\/[\w-]+$/.test(ctx.path);
  if (!interaction) return next();
  const { prompt } = await provider.interactionDetails(ctx.req, ctx.res);
  if (prompt.name !== 'login') throw new errors.InvalidRequest(`nobody answers the prompt ${prompt.name}`);
  const form = new URLSearchParams(ctx.method === 'POST' ? await body(ctx.req) : '');
  const answer = (result) => provider.interactionResult(ctx.req, ctx.res, result);
  const known = PEOPLE[form.get('login')];
  if (form.has('cancel')) return ctx.redirect(await answer({ error: 'access_denied', error_description: 'cancelled' }));
  if (known && form.get('password') === 'password') return ctx.redirect(await answer({ login: { accountId: known.sub, remember: true } }));
  ctx.type = 'html';
  ctx.body = page(ctx.method === 'POST' ? '<p role="alert">Wrong user or password</p>' : '');
  return undefined;
});

const server = provider.listen(port, '127.0.0.1', () => console.log('ready'));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => { server.close(() => process.exit(0)); server.closeAllConnections(); });
}
