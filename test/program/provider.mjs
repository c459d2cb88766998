// provider.mjs - a real OpenID Connect provider (oidc-provider), started by a test on a free port.
import { createServer } from 'node:http'

/** `people`: { login: claims }. `secret` NULL: a public client, PKCE alone. Resolves to { issuer, close }. */
export async function openProvider(t, { back, people, secret, client = 'causeway', claims = ['employee', 'groups', 'name'] }) {
	const { Provider } = await import('oidc-provider')
	const server = createServer()
	await new Promise(done => server.listen(0, '127.0.0.1', done))
	const issuer = `http://127.0.0.1:${server.address().port}`
	const provider = new Provider(issuer, {
		clients: [{
			client_id: client, redirect_uris: [back], grant_types: ['authorization_code'], response_types: ['code'],
			...(secret ? { client_secret: secret } : { token_endpoint_auth_method: 'none' }),
		}],
		claims: { openid: ['sub'], profile: claims, email: ['email', 'email_verified'] },
		pkce: { required: () => true },
		findAccount: (ctx, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
		cookies: { keys: ['only a test'] },
		features: { devInteractions: { enabled: true } },
	})
	server.on('request', provider.callback())
	t.after(() => new Promise(done => { server.closeAllConnections(); server.close(done) }))
	return { issuer, provider }
}
