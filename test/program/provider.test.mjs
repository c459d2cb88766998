// provider.test.mjs - a provider that does wrong on purpose: each thing an id_token must hold, one missing at a time,
// keys that change, trips begun elsewhere; and which accounts a provider may speak for.
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, scratch, serve, setCookies, until } from './causeway.mjs'
import { coded, jwt, keys, now } from './smart.mjs'

const ours = keys('RS256', 'one') // of all providers here: what tells them apart is not their key, and making one takes half a second

/** A provider whose every answer a test can bend. */
async function bent(t) {
	const state = { keys: [ours], claims: {}, header: {}, bend: token => token, codes: new Map(), userinfo: null, asked: [], fetched: [] }
	const server = createServer(async (request, reply) => {
		const url = new URL(request.url, state.issuer)
		let body = ''
		for await (const part of request)
			body += part
		const say = (what, status = 200) => reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(what))
		state.asked.push(url.pathname)
		if (url.pathname === '/.well-known/openid-configuration')
			return say({ issuer: state.says ?? state.issuer, authorization_endpoint: `${state.issuer}/go`, token_endpoint: `${state.issuer}/token`, jwks_uri: `${state.issuer}/keys`, userinfo_endpoint: `${state.issuer}/me` })
		if (url.pathname === '/keys' && state.fetched.push(Date.now()))
			return state.broken ? state.broken(reply) : say({ keys: state.keys.map(key => key.jwk) })
		if (url.pathname === '/me')
			return state.userinfo ? say(state.userinfo) : say({}, 401)
		const form = new URLSearchParams(body), trip = state.codes.get(form.get('code'))
		if (url.pathname !== '/token' || !trip || createHash('sha256').update(form.get('code_verifier')).digest('base64url') !== trip.challenge)
			return say({ error: 'invalid_grant' }, 400)
		state.codes.delete(form.get('code'))
		const key = state.signs ?? state.keys[0]
		const claims = { iss: state.issuer, aud: 'causeway', sub: '1001', iat: now(), exp: now() + 300, nonce: trip.nonce, employee: 'ada', ...state.claims }
		say({ access_token: 'access', token_type: 'Bearer', id_token: state.bend(jwt(key, claims, state.header), claims, key) })
	})
	await new Promise(done => server.listen(0, '127.0.0.1', done))
	state.down = () => { server.closeAllConnections(); server.close() }
	t.after(state.down)
	state.issuer = `http://127.0.0.1:${server.address().port}`
	return state
}

async function place(t, provider, more = []) {
	const dir = scratch(t), db = join(dir, 'place.db')
	causeway('init', db)
	for (const [login, ...options] of [['ada', '--role', 'social-worker', '--org', 'WXL'], ['gp', '--role', 'gp', '--org', 'WXP'], ['root', '--role', 'administrator']])
		assert.equal(causeway('account-add', db, login, '--name', login, ...options).code, 0)
	const added = causeway('provider-add', db, 'council', '--words', 'Council', '--issuer', provider.issuer, '--client-id', 'causeway', '--org', 'WXL', '--claim', 'employee', ...more)
	assert.equal(added.code, 0, added.err)
	const { base } = await serve(t, db, '--signed-in')
	/** Go there and come back: what the place answers. */
	const trip = async (bend = back => back, jar = {}) => {
		const out = await fetch(`${base}/sign-in/with/council?to=/people`, { redirect: 'manual' })
		assert.equal(out.status, 303, await out.text())
		const cookie = jar.cookie ?? setCookies(out)[0].split(';')[0], go = new URL(out.headers.get('location'))
		assert.equal(go.searchParams.get('code_challenge_method'), 'S256')
		const code = `code-${Math.random()}`
		provider.codes.set(code, { nonce: go.searchParams.get('nonce'), challenge: go.searchParams.get('code_challenge') })
		const back = bend(new URLSearchParams({ code, state: go.searchParams.get('state') }))
		const address = `${base}/sign-in/back/council?${back}`
		const reply = await fetch(address, { redirect: 'manual', headers: { cookie } })
		return { status: reply.status, to: reply.headers.get('location'), text: await reply.text(), cookie, address, session: setCookies(reply).some(one => /^causeway-\d+=.{43};/.test(one)) }
	}
	return { db, base, trip }
}

const other = keys('RS256', 'one'), curve = keys('ES256', 'one')
const unsigned = (token, claims) => `${coded({ alg: 'none' })}.${coded(claims)}.`
const wrong = {
	'an issuer with a stroke more': { bend: (token, claims, key) => jwt(key, { ...claims, iss: `${claims.iss}/` }) },
	'an audience that is a list of lists': { claims: { aud: [['causeway']] } },
	'nobody, in blanks': { claims: { sub: '' } },
	'a number for a nonce': { claims: { nonce: 7 } },
	'another issuer': { claims: { iss: 'https://elsewhere.example' } },
	'another audience': { claims: { aud: 'somebody-else' } },
	'two audiences and no azp': { claims: { aud: ['causeway', 'other'] } },
	'another azp': { claims: { azp: 'other' } },
	'another nonce': { claims: { nonce: 'another' } },
	'no nonce': { claims: { nonce: undefined } },
	'too old': { claims: { exp: now() - 120 } },
	'no end': { claims: { exp: undefined } },
	'from the future': { claims: { iat: now() + 600 } },
	'not yet': { claims: { nbf: now() + 600 } },
	'nobody': { claims: { sub: undefined } },
	'no signature': { bend: unsigned },
	'NONE': { bend: (token, claims) => `${coded({ alg: 'NONE' })}.${coded(claims)}.` },
	'a signature cut off': { bend: token => token.slice(0, token.lastIndexOf('.') + 1) },
	'a shared key that is the public one': { bend: (token, claims, key) => { const text = `${coded({ alg: 'HS256', kid: 'one' })}.${coded(claims)}`; return `${text}.${createHmac('sha256', key.publicKey.export({ type: 'spki', format: 'pem' })).update(text).digest('base64url')}` } },
	'another’s key under its name': { signs: other },
	'a curve under an RSA key’s name': { signs: curve },
	'an algorithm that is not taken': { bend: (token, claims, key) => jwt({ ...key, alg: 'RS384' }, claims) },
	'a key in the token': { signs: other, header: { jwk: other.jwk } },
	'an address of keys in the token': { signs: other, header: { jku: 'http://127.0.0.1:1/keys' } },
	'a name that is a path': { header: { kid: '../../../../dev/null' } },
	'demands unknown': { header: { crit: ['exp'] } },
	'members twice': { bend: (token, claims, key) => jwt(key, `${JSON.stringify(claims).slice(0, -1)},"sub":"1001"}`) },
	'too long': { claims: { padding: 'x'.repeat(20000) } },
	'four parts': { bend: token => `${token}.x` },
	'padding': { bend: token => `${token}=` },
	'no text': { bend: () => 17 },
}

test('an id_token that is not all it must be signs nobody in', async t => {
	const provider = await bent(t), { trip } = await place(t, provider)
	const good = { claims: {}, header: {}, bend: token => token, signs: undefined }
	for (const [what, how] of Object.entries(wrong)) {
		Object.assign(provider, good, how)
		const came = await trip()
		assert.deepEqual([came.status, came.session], [401, false], what)
	}
	Object.assign(provider, good)
	const came = await trip()
	assert.deepEqual([came.status, came.to, came.session], [303, '/people', true])
	// ES256, and keys that change: the new one is fetched
	provider.keys = [keys('ES256', 'two')]
	await until('the new key is fetched', async () => {
		const asked = () => provider.asked.filter(path => path === '/keys').length, before = asked()
		const { status } = await trip()
		assert.equal(status, asked() > before ? 303 : 401, 'it signs when the keys were fetched anew')
		return status === 303
	}, 500)
	const gaps = provider.fetched.slice(1).map((at, i) => at - provider.fetched[i])
	assert.ok(gaps.every(gap => gap > 9000), `not asked again within ten seconds: ${gaps}`)
})

test('keys of a provider that are doubled, too many or none sign nobody in', async t => {
	const wrong = {
		doubled: (reply, state) => reply.end(JSON.stringify({ keys: [state.keys[0].jwk, other.jwk] })),
		big: reply => reply.end(`{"keys":[${' '.repeat(5 << 20)}]}`),
		page: reply => reply.end('<html>'),
	}
	for (const [what, how] of Object.entries(wrong)) {
		const provider = await bent(t), { trip } = await place(t, provider)
		provider.broken = reply => how(reply, provider)
		const came = await trip()
		assert.deepEqual([came.status, came.session], [401, false], what)
		assert.doesNotMatch(came.text, /127\.0\.0\.1:\d+\/keys/, 'the page does not tell of addresses')
	}
})

test('a trip ends in the browser it began in, once', async t => {
	const provider = await bent(t), { trip, base } = await place(t, provider)
	assert.equal((await trip(back => back, { cookie: 'causeway-trip=x' })).status, 401, 'without the cookie')
	assert.equal((await trip(back => { back.set('state', 'x'.repeat(43)); return back })).status, 401, 'another state')
	assert.equal((await trip(back => { back.delete('state'); return back })).status, 401)
	assert.equal((await trip(back => { back.set('iss', 'https://elsewhere.example'); return back })).status, 401, 'another provider answered')
	assert.equal((await trip(back => { back.delete('code'); back.set('error', 'access_denied'); return back })).status, 401)
	assert.equal((await trip(back => { back.set('code', 'guessed'); return back })).status, 401)
	const came = await trip()
	assert.equal(came.status, 303)
	assert.equal((await fetch(came.address, { redirect: 'manual', headers: { cookie: came.cookie } })).status, 401, 'once')
	assert.equal((await fetch(`${base}/sign-in/with/nobody`)).status, 404)
})

test('a provider speaks for its own organisation’s people alone', async t => {
	const provider = await bent(t), { trip, db } = await place(t, provider, ['--groups', 'groups', '--role', 'managers=team-manager'])
	const as = async (sub, employee, more = {}) => { provider.claims = { sub, employee, ...more }; return (await trip()).status }
	assert.equal(await as('g', 'gp'), 401, 'another organisation’s')
	assert.equal(await as('r', 'root'), 401, 'the place’s administrator')
	assert.equal(await as('n', 'nobody'), 401)
	assert.equal(await as('a', 'ADA', { groups: ['managers'] }), 303)
	assert.match(causeway('accounts', db).out, /^ada\t.*team-manager@WXL/m)
	assert.equal(await as('a', 'gp', { groups: [] }), 303, 'joined: what it calls her now does not count')
	assert.doesNotMatch(causeway('accounts', db).out, /team-manager/)
	assert.match(causeway('accounts', db).out, /^ada\t.*social-worker@WXL/m, 'a role given here stays')
	assert.equal(await as('b', 'ada'), 401, 'another of theirs does not take over her account')
	causeway('account-role', db, 'ada', '--role', 'gp', '--org', 'WXP')
	assert.equal(await as('a', 'ada'), 401, 'she works elsewhere too: not theirs to sign in')
})

test('an e-mail address joins nobody, unless the provider is set to it and it is verified', async t => {
	const provider = await bent(t), db = join(scratch(t), 'other.db')
	causeway('init', db)
	const options = ['--words', 'Council', '--issuer', provider.issuer, '--client-id', 'causeway', '--org', 'WXL', '--claim', 'email']
	assert.notEqual(causeway('provider-add', db, 'council', ...options).code, 0)
	const { trip, db: own } = await place(t, provider, ['--claim', 'email', '--email', '--asks', 'openid email'])
	causeway('account-add', own, 'ada@westmere.example', '--name', 'Ada', '--role', 'social-worker', '--org', 'WXL')
	provider.userinfo = { sub: '1001', email: 'ada@westmere.example', email_verified: false }
	assert.equal((await trip()).status, 401)
	provider.userinfo.email_verified = true
	provider.userinfo.sub = 'another'
	assert.equal((await trip()).status, 401, 'about somebody else')
	provider.userinfo.sub = '1001'
	assert.equal((await trip()).status, 303)
})

test('several providers: an answer counts where it was asked for; one that answers nonsense, or not at all, keeps nobody from the others', async t => {
	const council = await bent(t), surgery = await bent(t), { db, base } = await place(t, council)
	assert.equal(causeway('provider-add', db, 'surgery', '--words', 'Surgery', '--issuer', surgery.issuer, '--client-id', 'causeway', '--org', 'WXP', '--claim', 'employee').code, 0)
	surgery.claims = { employee: 'gp', sub: '2002' }
	const go = async (name, provider) => {
		const out = await fetch(`${base}/sign-in/with/${name}`, { redirect: 'manual' }), to = new URL(out.headers.get('location')), code = `code-${Math.random()}`
		provider.codes.set(code, { nonce: to.searchParams.get('nonce'), challenge: to.searchParams.get('code_challenge') })
		return { query: new URLSearchParams({ code, state: to.searchParams.get('state') }), cookie: setCookies(out)[0].split(';')[0] }
	}
	const back = async (name, { query, cookie }) => (await fetch(`${base}/sign-in/back/${name}?${query}`, { redirect: 'manual', headers: { cookie } })).status
	const mixed = await go('council', council)
	surgery.asked.length = 0
	assert.equal(await back('surgery', mixed), 401, 'begun with the one, ended with the other')
	assert.deepEqual(surgery.asked, [], 'which is told neither code nor secret')
	assert.equal(await back('council', mixed), 303)
	assert.equal(await back('surgery', await go('surgery', surgery)), 303)
	council.claims = { employee: 'gp', sub: '2002' }
	assert.equal(await back('council', await go('council', council)), 401, 'the one does not speak for the other’s')
	council.claims = {}
	for (const token of [[1], {}, 'x'.repeat(3 << 20), null]) {
		council.bend = () => token
		assert.equal(await back('council', await go('council', council)), 401, JSON.stringify(token).slice(0, 20))
	}
	council.bend = one => one
	const late = await go('council', council)
	council.down()
	assert.equal(await back('council', late), 401, 'gone')
	assert.equal(await back('surgery', await go('surgery', surgery)), 303)
	const liar = await bent(t)
	liar.says = surgery.issuer
	assert.equal(causeway('provider-add', db, 'liar', '--words', 'Liar', '--issuer', liar.issuer, '--client-id', 'causeway', '--org', 'WXQ', '--claim', 'employee').code, 0)
	assert.equal((await fetch(`${base}/sign-in/with/liar`, { redirect: 'manual' })).status, 401, 'it describes itself as another')
})
