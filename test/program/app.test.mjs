// app.test.mjs - an app that somebody lets in, as SMART App Launch has it: asked in the browser, a code, tokens, a refresh, the end;
// and what is tried against it.
import assert from 'node:assert/strict'
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, after, test } from 'node:test'
import { causeway, scratch, serve, setCookies } from './causeway.mjs'
import { delegate } from './leak/place.mjs'
import { asker, resources } from './smart.mjs'

const back = 'https://growth.example/back', ended = []
const t = { after: work => ended.push(work) }
const password = 'three plain words'
let place

const random = () => randomBytes(32).toString('base64url')
const challenge = verifier => createHash('sha256').update(verifier).digest('base64url')
const form = fields => ({ method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) })

/** Somebody signed in with a browser: get(path), post(path, fields) with the page's hidden fields. */
async function browser(db, base, login, ...more) {
	const added = causeway('account-add', db, login, '--name', `${login} of the place`, ...more)
	assert.equal(added.code, 0, added.err)
	const link = /\/welcome\/\S+/.exec(added.out)[0], jar = new Map()
	const go = async (path, options = {}) => {
		const reply = await fetch(base + path, { redirect: 'manual', ...options, headers: { cookie: [...jar].map(pair => pair.join('=')).join('; '), ...options.headers } })
		for (const one of setCookies(reply)) {
			const [, name, value] = /^([^=]+)=([^;]*)/.exec(one)
			jar.set(name, value)
		}
		return { status: reply.status, headers: reply.headers, text: await reply.text() }
	}
	const token = /name="form_token" value="([^"]+)"/.exec((await go(link)).text)[1]
	assert.equal((await go(link, form({ form_token: token, password, again: password }))).status, 303)
	return { get: go, post: (path, fields) => go(path, form(fields)), jar }
}

const wish = (verifier, more = {}) => ({ response_type: 'code', client_id: 'growth', redirect_uri: back, scope: 'openid fhirUser launch/patient offline_access patient/*.rs', state: random(), aud: `${place.base}/fhir`, code_challenge: challenge(verifier), code_challenge_method: 'S256', nonce: 'n-1', ...more })

/** Ask, and let all of it (or what `choose` leaves of the form); resolves to where the browser is sent. */
async function letIn(who, asked, choose = fields => fields) {
	const page = await who.get(`/apps/authorize?${new URLSearchParams(asked)}`)
	if (page.status === 303)
		return new URL(page.headers.get('location'))
	assert.equal(page.status, 200, page.text)
	const unescape = text => text.replaceAll('&amp;', '&').replaceAll('&#x2F;', '/').replaceAll('&#47;', '/').replaceAll('&#39;', "'")
	const fields = [...page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"|name="(let)" type="checkbox" value="([^"]*)"/g)].map(([, name, value, tick, scope]) => [name ?? tick, unescape(value ?? scope)])
	const done = await who.post('/apps/authorize', choose([...fields, ['do', 'let']]))
	assert.equal(done.status, 303, done.text)
	return new URL(done.headers.get('location'))
}

async function tokens(fields, headers = {}) {
	const reply = await fetch(`${place.base}/auth/token`, { ...form(fields), headers })
	return { status: reply.status, headers: reply.headers, body: await reply.json() }
}
const change = (url, verifier, more = {}) => tokens({ grant_type: 'authorization_code', client_id: 'growth', code: url.searchParams.get('code'), redirect_uri: back, code_verifier: verifier, ...more })
const reads = async (token, path) => (await asker(place.base, token)(path)).status

before(async () => {
	const dir = scratch(t), db = join(dir, 'place.db')
	assert.equal(causeway('init', db).code, 0)
	writeFileSync(join(dir, 'all.ndjson'), resources.map(one => JSON.stringify(one)).join('\n') + '\n')
	assert.equal(causeway('import', db, join(dir, 'all.ndjson')).code, 0)
	const add = (...args) => { const done = causeway('app-add', db, ...args); assert.equal(done.code, 0, done.err); return done.out.trim() }
	add('growth', '--name', 'Growth chart', '--redirect', back, '--redirect', 'org.example.growth:/back', '--scope', 'patient/*.rs user/*.rs')
	const secret = add('ward', '--name', 'Ward board', '--redirect', 'https://ward.example/back', '--scope', 'user/Observation.rs', '--secret')
	causeway('account-add', db, 'root', '--name', 'Root', '--role', 'administrator')
	const { base } = await serve(t, db, '--signed-in')
	place = { db, base, secret, ada: await browser(db, base, 'ada', '--role', 'resident', '--patient', 'ada'), gp: await browser(db, base, 'gp', '--role', 'gp', '--org', 'WXP') }
})
after(() => ended.forEach(work => work()))

test('the description says all that an app needs', async () => {
	const told = await (await fetch(`${place.base}/fhir/.well-known/smart-configuration`)).json()
	for (const name of ['issuer', 'jwks_uri', 'authorization_endpoint', 'token_endpoint', 'revocation_endpoint', 'grant_types_supported', 'scopes_supported', 'response_types_supported', 'code_challenge_methods_supported', 'capabilities'])
		assert.ok(told[name]?.length, name)
	for (const one of ['launch-ehr', 'context-ehr-patient', 'launch-standalone', 'client-public', 'client-confidential-symmetric', 'sso-openid-connect', 'context-standalone-patient', 'permission-offline', 'permission-patient', 'permission-user', 'permission-v2'])
		assert.ok(told.capabilities.includes(one), one)
	assert.deepEqual(told.code_challenge_methods_supported, ['S256'])
	const openid = await (await fetch(`${told.issuer}/.well-known/openid-configuration`)).json()
	assert.deepEqual([openid.issuer, openid.jwks_uri, openid.id_token_signing_alg_values_supported], [told.issuer, told.jwks_uri, ['RS256']])
})

test('a resident lets an app in: told in plain words, a token for their own record, who they are, a refresh, the end', async () => {
	const verifier = random(), asked = wish(verifier), page = await place.ada.get(`/apps/authorize?${new URLSearchParams(asked)}`)
	assert.match(page.text, /Growth chart/)
	assert.match(page.text, /See everything in your own record/)
	assert.match(page.text, /90 days/)
	assert.match(page.headers.get('content-security-policy'), /form-action 'self' https:\/\/growth\.example;/)
	const sent = await letIn(place.ada, asked)
	assert.equal(sent.origin + sent.pathname, back)
	assert.deepEqual([sent.searchParams.get('state'), sent.searchParams.get('iss')], [asked.state, place.base])
	const given = await change(sent, verifier)
	assert.equal(given.status, 200, JSON.stringify(given.body))
	assert.deepEqual([given.body.token_type, given.body.patient, given.body.expires_in, given.headers.get('cache-control')], ['Bearer', 'ada', 3600, 'no-store'])
	assert.equal(given.body.scope, asked.scope)
	// who it is
	const [head, claims, signature] = given.body.id_token.split('.'), read = part => JSON.parse(Buffer.from(part, 'base64url'))
	const { keys } = await (await fetch(`${place.base}/auth/jwks`)).json()
	const key = createPublicKey({ key: keys.find(one => one.kid === read(head).kid), format: 'jwk' })
	assert.ok(verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url')))
	assert.deepEqual([read(claims).iss, read(claims).aud, read(claims).nonce, read(claims).fhirUser], [place.base, 'growth', 'n-1', `${place.base}/fhir/Patient/ada`])
	// her own record and nobody else's
	const get = asker(place.base, given.body.access_token)
	assert.equal((await get('/fhir/Patient/ada')).status, 200)
	assert.equal((await get('/fhir/Patient/ben')).status, 404)
	assert.deepEqual((await get('/fhir/Observation?_total=accurate')).body.total, 2)
	assert.deepEqual((await get('/fhir/Patient?_total=accurate')).body.total, 1)
	for (const path of ['/me', '/', '/account', '/fhir/$totals', '/metrics'])
		assert.ok([401, 403].includes((await get(path)).status), path)
	assert.ok((await get('/fhir/Observation', { method: 'POST', headers: { 'content-type': 'application/fhir+json' }, body: '{"resourceType":"Observation"}' })).status === 403)
	// a token is no cookie, and a cookie no token
	const name = [...place.ada.jar.keys()].find(one => place.ada.jar.get(one).length === 43)
	assert.equal((await fetch(`${place.base}/me`, { redirect: 'manual', headers: { cookie: `${name}=${given.body.access_token}` } })).status, 303)
	assert.equal(await reads(place.ada.jar.get(name), '/fhir/Patient/ada'), 401)
	// refreshed: each token once
	const again = await tokens({ grant_type: 'refresh_token', client_id: 'growth', refresh_token: given.body.refresh_token })
	assert.equal(again.status, 200, JSON.stringify(again.body))
	assert.notEqual(again.body.refresh_token, given.body.refresh_token)
	assert.equal(await reads(again.body.access_token, '/fhir/Patient/ada'), 200)
	const stolen = await tokens({ grant_type: 'refresh_token', client_id: 'growth', refresh_token: given.body.refresh_token })
	assert.deepEqual([stolen.status, stolen.body.error], [400, 'invalid_grant'])
	for (const token of [given, again])
		assert.equal(await reads(token.body.access_token, '/fhir/Patient/ada'), 401, 'one that comes again ends all')
	assert.equal((await tokens({ grant_type: 'refresh_token', client_id: 'growth', refresh_token: again.body.refresh_token })).status, 400)
})

test('what the tick is taken from is not let; the person and the app can end it', async () => {
	const verifier = random(), two = wish(verifier, { scope: 'launch/patient online_access patient/Observation.rs patient/Condition.rs' })
	const given = await change(await letIn(place.ada, two, fields => fields.filter(([name, value]) => name !== 'let' || !/Condition/.test(value))), verifier)
	assert.equal(given.body.scope, 'launch/patient online_access patient/Observation.rs')
	assert.equal(given.body.id_token, undefined)
	assert.equal(await reads(given.body.access_token, '/fhir/Observation/lab-ada'), 200)
	assert.equal(await reads(given.body.access_token, '/fhir/Condition/asthma'), 403)
	const account = await place.ada.get('/account')
	assert.match(account.text, /Growth chart/)
	assert.match(account.text, /See measurements and tests in your own record/i)
	const grant = /name="grant" value="(\d+)"/.exec(account.text)[1], form_token = /name="form_token" value="([^"]+)"/.exec(account.text)[1]
	assert.equal((await place.gp.post('/account/apps', { form_token: /name="form_token" value="([^"]+)"/.exec((await place.gp.get('/account')).text)[1], grant })).status, 404, 'not another’s')
	assert.equal((await place.ada.post('/account/apps', { form_token, grant })).status, 303)
	assert.equal(await reads(given.body.access_token, '/fhir/Observation/lab-ada'), 401)
	assert.equal((await tokens({ grant_type: 'refresh_token', client_id: 'growth', refresh_token: given.body.refresh_token })).body.error, 'invalid_grant')
	// the app itself, by whichever token
	for (const which of ['access_token', 'refresh_token']) {
		const other = random(), mine = await change(await letIn(place.ada, wish(other)), other)
		const revoked = await fetch(`${place.base}/auth/revoke`, form({ client_id: 'growth', token: mine.body[which] }))
		assert.equal(revoked.status, 200)
		assert.equal(await reads(mine.body.access_token, '/fhir/Patient/ada'), 401, which)
	}
	assert.equal((await fetch(`${place.base}/auth/revoke`, form({ client_id: 'growth', token: 'nonsense' }))).status, 200)
	const refused = await letIn(place.ada, wish(verifier), fields => fields.filter(([name]) => name !== 'do').concat([['do', 'refuse']]))
	assert.equal(refused.searchParams.get('error'), 'access_denied')
})

test('staff: an app with a secret sees what they see and the scopes let; never a record as its own', async () => {
	const verifier = random(), asked = wish(verifier, { client_id: 'ward', redirect_uri: 'https://ward.example/back', scope: 'user/Observation.rs patient/Observation.rs' })
	const sent = await letIn(place.gp, asked), basic = secret => ({ authorization: `Basic ${Buffer.from(`ward:${secret}`).toString('base64')}` })
	const fields = { grant_type: 'authorization_code', code: sent.searchParams.get('code'), redirect_uri: 'https://ward.example/back', code_verifier: verifier }
	for (const headers of [basic('wrong'), {}])
		assert.deepEqual((await tokens({ ...fields, client_id: 'ward' }, headers)).body.error, 'invalid_client')
	const given = await tokens(fields, basic(place.secret))
	assert.equal(given.status, 200, JSON.stringify(given.body))
	assert.deepEqual([given.body.scope, given.body.patient, given.body.refresh_token], ['user/Observation.rs', undefined, undefined])
	const get = asker(place.base, given.body.access_token)
	assert.equal((await get('/fhir/Observation?_total=accurate')).body.total, 4)
	assert.equal((await get('/fhir/Patient/ada')).status, 403)
	// the code comes again: somebody else has it, too
	assert.equal((await tokens(fields, basic(place.secret))).body.error, 'invalid_grant')
	assert.equal((await get('/fhir/Observation/lab-ada')).status, 401)
})

test('what a token is worth is told to its app and to a program that may ask (RFC 7662), to nobody else', async () => {
	const verifier = random(), given = await change(await letIn(place.ada, wish(verifier)), verifier)
	const ask = async (fields, headers = {}) => { const reply = await fetch(`${place.base}/auth/introspect`, { ...form(fields), headers }); return { status: reply.status, body: await reply.json() } }
	const mine = await ask({ client_id: 'growth', token: given.body.access_token })
	assert.equal(mine.status, 200)
	assert.deepEqual([mine.body.active, mine.body.client_id, mine.body.scope, mine.body.token_type, mine.body.patient, mine.body.fhirUser, mine.body.iss], [true, 'growth', given.body.scope, 'Bearer', 'ada', `${place.base}/fhir/Patient/ada`, place.base])
	assert.ok(mine.body.exp > Date.now() / 1000 + 3000 && mine.body.exp < Date.now() / 1000 + 3700 && mine.body.iat <= Date.now() / 1000 + 1)
	const refresh = await ask({ client_id: 'growth', token: given.body.refresh_token })
	assert.deepEqual([refresh.body.active, refresh.body.token_type], [true, undefined])
	const monitor = causeway('account-add', place.db, 'board', '--name', 'Board', '--role', 'program-monitor'), token = causeway('account-token', place.db, 'board').out.trim()
	assert.equal(monitor.code, 0, monitor.err)
	assert.equal((await ask({ token: given.body.access_token }, { authorization: `Bearer ${token}` })).body.client_id, 'growth')
	const nothing = { active: false }, basic = { authorization: `Basic ${Buffer.from(`ward:${place.secret}`).toString('base64')}` }
	assert.deepEqual((await ask({ token: given.body.access_token }, basic)).body, nothing, 'another app is told nothing')
	assert.deepEqual((await ask({ client_id: 'growth', token: 'nonsense' })).body, nothing)
	assert.deepEqual((await ask({ client_id: 'growth', token: [...place.ada.jar.values()].find(one => one.length === 43) })).body, nothing, 'a browser’s session is no app’s')
	for (const [fields, headers] of [[{ client_id: 'nobody', token: 'x' }], [{ client_id: 'ward', token: 'x' }], [{ token: 'x' }, { authorization: `Bearer ${given.body.access_token}` }], [{ token: 'x' }, { authorization: 'Bearer nonsense' }]])
		assert.ok([400, 401, 403].includes((await ask(fields, headers)).status), JSON.stringify(fields))
	assert.equal((await fetch(`${place.base}/auth/revoke`, form({ client_id: 'growth', token: given.body.access_token }))).status, 200)
	for (const which of ['access_token', 'refresh_token'])
		assert.deepEqual((await ask({ client_id: 'growth', token: given.body[which] })).body, nothing, 'and nothing of what ended')
})

test('scripts of a registered app’s pages may call the API, and no others; no page of ours is theirs', async () => {
	const home = 'https://growth.example', verifier = random()
	const given = await change(await letIn(place.ada, wish(verifier)), verifier)
	const asked = async (origin, path = '/fhir/Observation', options = {}) => fetch(place.base + path, { ...options, headers: { origin, ...options.headers } })
	const before = await asked(home, '/fhir/Observation', { method: 'OPTIONS', headers: { 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' } })
	assert.equal(before.status, 204)
	assert.equal(before.headers.get('access-control-allow-origin'), home)
	assert.match(before.headers.get('access-control-allow-methods'), /GET.*POST/)
	assert.match(before.headers.get('access-control-allow-headers'), /Authorization/)
	const read = await asked(home, '/fhir/Patient/ada', { headers: { authorization: `Bearer ${given.body.access_token}` } })
	assert.deepEqual([read.status, read.headers.get('access-control-allow-origin'), read.headers.get('access-control-allow-credentials')], [200, home, null])
	assert.match(read.headers.get('access-control-expose-headers'), /ETag/)
	assert.match(read.headers.get('vary'), /Origin/)
	const refused = await asked(home, '/fhir/Patient/ben', { headers: { authorization: `Bearer ${given.body.access_token}` } })
	assert.deepEqual([refused.status, refused.headers.get('access-control-allow-origin')], [404, home], 'a refusal can be read as such')
	const token = await asked(home, '/auth/token', form({ grant_type: 'refresh_token', client_id: 'growth', refresh_token: given.body.refresh_token }))
	assert.deepEqual([token.status, token.headers.get('access-control-allow-origin')], [200, home])
	assert.equal((await asked(home, '/fhir/.well-known/smart-configuration')).headers.get('access-control-allow-origin'), home)
	// with somebody's cookie nothing is written, and no page is open to scripts
	const cookie = [...place.ada.jar].map(pair => pair.join('=')).join('; ')
	assert.ok((await asked(home, '/fhir/Observation', { method: 'POST', headers: { cookie, 'content-type': 'application/fhir+json' }, body: '{"resourceType":"Observation"}' })).status >= 401)
	for (const path of ['/me', '/account', '/sign-in', '/'])
		assert.equal((await asked(home, path, { redirect: 'manual', headers: { cookie } })).headers.get('access-control-allow-origin'), null, path)
	assert.equal((await asked(home, '/account/apps', { ...form({ grant: '1' }), headers: { cookie } })).status, 403)
	for (const origin of ['https://evil.example', 'https://growth.example.evil.example', 'http://growth.example', 'https://growth.example:8443', 'null', 'org.example.growth:']) {
		assert.equal((await asked(origin)).headers.get('access-control-allow-origin'), null, origin)
		assert.equal((await asked(origin, '/auth/token', form({ grant_type: 'refresh_token', client_id: 'growth', refresh_token: 'x' }))).status, 403, origin)
	}
})

test('what an app looks at stands in the audit as the person’s own look, by the app’s name', async () => {
	const officer = await browser(place.db, place.base, 'officer', '--role', 'privacy-officer', '--org', 'WXL'), verifier = random()
	const given = await change(await letIn(place.ada, wish(verifier)), verifier)
	assert.equal(await reads(given.body.access_token, '/fhir/Observation/lab-ada'), 200)
	assert.equal(await reads(given.body.access_token, '/fhir/Patient/ben'), 404)
	const rows = JSON.parse((await officer.get('/fhir/AuditEvent?patient=Patient/ada&_count=200')).text).entry.map(entry => entry.resource)
	assert.ok(rows.some(row => JSON.stringify(row).includes('Growth chart') && row.action === 'R'), JSON.stringify(rows[0]))
	const why = row => row.entity?.flatMap(one => one.detail ?? []).find(one => one.type === 'relation')?.valueString
	assert.equal(why(rows.find(row => JSON.stringify(row).includes('Growth chart') && row.action === 'R')), 'self')
	assert.equal((await place.gp.get('/fhir/Observation/lab-ada')).status, 200)
	const later = JSON.parse((await officer.get('/fhir/AuditEvent?patient=Patient/ada&_count=200')).text).entry.map(entry => entry.resource)
	assert.ok(later.some(row => why(row) === 'related'), 'a doctor read it over the API: there was a relationship')
	assert.ok(!JSON.stringify(rows).includes(given.body.access_token))
})

test('what is not asked as it should be is refused, and nobody is sent where no app is', async () => {
	const verifier = random(), page = async more => place.ada.get(`/apps/authorize?${new URLSearchParams(wish(verifier, more))}`)
	for (const more of [{ client_id: 'nobody' }, { redirect_uri: 'https://evil.example/back' }, { redirect_uri: `${back}/more` }, { redirect_uri: `${back}?x=1` }]) {
		const reply = await page(more)
		assert.deepEqual([reply.status, reply.headers.get('location')], [400, null], JSON.stringify(more))
	}
	for (const [more, error] of [[{ response_type: 'token' }, 'unsupported_response_type'], [{ aud: 'https://elsewhere.example/fhir' }, 'invalid_request'], [{ state: '' }, 'invalid_request'], [{ code_challenge: '' }, 'invalid_request'], [{ code_challenge_method: 'plain' }, 'invalid_request'], [{ scope: 'system/*.rs' }, 'invalid_scope'], [{ scope: 'patient/Nothing.rs' }, 'invalid_scope']]) {
		const sent = new URL((await page(more)).headers.get('location'))
		assert.deepEqual([sent.origin, sent.searchParams.get('error')], ['https://growth.example', error], JSON.stringify(more))
	}
	const outside = await fetch(`${place.base}/apps/authorize?${new URLSearchParams(wish(verifier))}`, { redirect: 'manual' })
	assert.equal(outside.status, 303)
	assert.match(outside.headers.get('location'), /\/sign-in\?to=/, 'who has not signed in does so first')
	// a form of another site's cannot let it in
	assert.equal((await place.ada.post('/apps/authorize', { ...wish(verifier), let: 'patient/*.rs', do: 'let' })).status, 403)
	// the code
	const sent = await letIn(place.ada, wish(verifier))
	for (const more of [{ client_id: 'ward' }, { client_id: '' }, { code: random() }])
		assert.ok((await change(sent, verifier, more)).status >= 400, JSON.stringify(more))
	assert.equal((await change(sent, random())).body.error, 'invalid_grant', 'another verifier')
	assert.equal((await change(sent, verifier)).body.error, 'invalid_grant', 'and it is used up')
	const other = await letIn(place.ada, wish(verifier))
	assert.equal((await change(other, verifier, { redirect_uri: 'org.example.growth:/back' })).body.error, 'invalid_grant', 'another address than it was sent to')
	// more than is ticked cannot be smuggled in by the form
	const mine = random(), more = await change(await letIn(place.ada, wish(mine, { scope: 'patient/Observation.rs' }), fields => fields.concat([['let', 'patient/*.cruds'], ['let', 'user/*.rs']])), mine)
	assert.equal(more.body.scope, 'patient/Observation.rs')
	// the app ends
	assert.equal(causeway('app-end', place.db, 'growth').code, 0)
	assert.equal(await reads(more.body.access_token, '/fhir/Observation/lab-ada'), 401)
	assert.equal((await page({})).status, 400)
})

test('opened from a person’s page (EHR launch): of that person alone, once, for who opened it, as long as they have to do with them', async () => {
	const added = causeway('app-add', place.db, 'chart', '--name', 'Fluid chart', '--redirect', 'https://chart.example/back', '--launch', 'https://chart.example/open?from=here', '--scope', 'patient/*.cruds user/*.rs')
	assert.equal(added.code, 0, added.err)
	const nurse = await browser(place.db, place.base, 'nurse', '--role', 'ward-nurse', '--org', 'WXA01')
	const token = page => /name="form_token" value="([^"]+)"/.exec(page.text)[1]
	const open = async (who, id) => {
		const page = await who.get(`/people/${id}/apps`), to = await who.post(`/people/${id}/apps`, { form_token: token(page), app: 'chart' })
		return { page, to, word: to.status === 303 ? new URL(to.headers.get('location')).searchParams.get('launch') : null }
	}
	const asked = (verifier, launch, more) => wish(verifier, { client_id: 'chart', redirect_uri: 'https://chart.example/back', scope: 'launch openid fhirUser patient/*.cruds', launch, ...more })
	const changed = (sent, verifier) => tokens({ grant_type: 'authorization_code', client_id: 'chart', code: sent.searchParams.get('code'), redirect_uri: 'https://chart.example/back', code_verifier: verifier })
	assert.match((await place.gp.get('/people/ada')).text, /href="\/people\/ada\/apps"/)
	const { page, to, word } = await open(place.gp, 'ada')
	assert.match(page.headers.get('content-security-policy'), /form-action 'self' https:\/\/chart\.example;/)
	const there = new URL(to.headers.get('location'))
	assert.deepEqual([there.origin + there.pathname, there.searchParams.get('from'), there.searchParams.get('iss')], ['https://chart.example/open', 'here', `${place.base}/fhir`])
	// not another's, another app's, nor one made up; and without the scope it says nothing
	const verifier = random(), error = async (who, wished) => (await letIn(who, wished)).searchParams.get('error')
	assert.equal(await error(nurse, asked(verifier, word)), 'invalid_request')
	assert.equal(await error(place.gp, wish(verifier, { client_id: 'ward', redirect_uri: 'https://ward.example/back', scope: 'launch user/Observation.rs', launch: word })), 'invalid_request')
	assert.equal(await error(place.gp, asked(verifier, random())), 'invalid_request')
	assert.equal(await error(place.gp, asked(verifier, word, { scope: 'patient/*.rs' })), 'invalid_scope')
	const form_ = await place.gp.get(`/apps/authorize?${new URLSearchParams(asked(verifier, word))}`)
	assert.match(form_.text, /opened about <b>[^<]*Ashby/)
	assert.match(form_.text, /in the record of this person/)
	const given = await changed(await letIn(place.gp, asked(verifier, word)), verifier)
	assert.deepEqual([given.status, given.body.patient, given.body.need_patient_banner, given.body.scope], [200, 'ada', true, 'launch openid fhirUser patient/*.cruds'].map((one, i) => i === 3 ? 'openid fhirUser launch patient/*.cruds' : one))
	assert.equal(await error(place.gp, asked(verifier, word)), 'invalid_request', 'once')
	// of that person, whatever else the doctor may see
	const get = asker(place.base, given.body.access_token), json = { 'content-type': 'application/fhir+json' }
	for (const [path, status] of [['Patient/ada', 200], ['Observation/lab-ada', 200], ['Patient/ben', 404], ['Observation/lab-ben', 404], ['Patient/ben/$everything', 404], ['Organization/hill', 200], ['Patient/ben/_history', 404]])
		assert.equal((await get(`/fhir/${path}`)).status, status, path)
	for (const [query, total] of [['Patient?_total=accurate', 1], ['Observation?_total=accurate', 2], ['Observation?_summary=count', 2], ['Observation?subject=Patient/ben&_total=accurate', 0], ['Patient?_has:Observation:subject:_id=lab-ben&_total=accurate', 0]])
		assert.equal((await get(`/fhir/${query}`)).body.total, total, query)
	assert.ok(!(await get('/fhir/Observation/_history')).text.includes('ben'))
	const write = who => get('/fhir/Condition', { method: 'POST', headers: json, body: JSON.stringify({ resourceType: 'Condition', code: { text: 'thirst' }, subject: { reference: `Patient/${who}` } }) })
	assert.deepEqual([(await write('ada')).status, (await write('ben')).status], [201, 403])
	assert.equal((await get('/fhir/Patient', { method: 'POST', headers: json, body: '{"resourceType":"Patient","name":[{"family":"New"}]}' })).status, 403)
	assert.equal((await get('/people/ada', { redirect: 'manual' })).status, 403, 'it opens no page')
	const told = await (await fetch(`${place.base}/auth/introspect`, form({ client_id: 'chart', token: given.body.access_token }))).json()
	assert.deepEqual([told.active, told.patient, told.client_id], [true, 'ada', 'chart'])
	assert.match((await place.gp.get('/account')).text, /in the record of this person/)
	// two people at once are two tokens, each with its own
	const second = random(), other = await changed(await letIn(place.gp, asked(second, (await open(place.gp, 'ben')).word)), second)
	assert.equal(other.body.patient, 'ben')
	assert.deepEqual([await reads(other.body.access_token, '/fhir/Observation/lab-ben'), await reads(other.body.access_token, '/fhir/Observation/lab-ada'), await reads(given.body.access_token, '/fhir/Observation/lab-ada')], [200, 404, 200])
	assert.equal((await asker(place.base, other.body.access_token)('/fhir/Observation?_summary=count')).body.total, 2)
	// who has nothing to do with somebody opens nothing about them, and what was opened closes with the relationship
	const wall = await nurse.post('/people/ada/apps', { form_token: token(await nurse.get('/account')), app: 'chart' })
	assert.equal(wall.status, 403)
	const resident = await place.ada.post('/people/ada/apps', { form_token: token(await place.ada.get('/account')), app: 'chart' })
	assert.equal(resident.status, 403)
	const file = join(scratch(t), 'ben.ndjson')
	writeFileSync(file, JSON.stringify({ ...resources.find(one => one.id === 'ben'), generalPractitioner: undefined }) + '\n')
	assert.equal(causeway('import', place.db, file).code, 0)
	assert.equal(await reads(other.body.access_token, '/fhir/Observation/lab-ben'), 404)
	assert.equal(await reads(given.body.access_token, '/fhir/Observation/lab-ada'), 200)
})

test('signing out everywhere else and a new password end what apps were let', async () => {
	const eve = await browser(place.db, place.base, 'eve', '--role', 'resident', '--patient', 'ada')
	assert.equal(causeway('app-add', place.db, 'diary', '--name', 'Diary', '--redirect', 'https://diary.example/back', '--scope', 'patient/*.rs').code, 0)
	const ways = [['/account/sessions', { session: 'others' }], ['/account/password', { current: password, password: 'four other plain words', again: 'four other plain words' }]]
	for (const [address, fields] of ways) {
		const verifier = random(), sent = await letIn(eve, wish(verifier, { client_id: 'diary', redirect_uri: 'https://diary.example/back' }))
		const given = await tokens({ grant_type: 'authorization_code', client_id: 'diary', code: sent.searchParams.get('code'), redirect_uri: 'https://diary.example/back', code_verifier: verifier })
		assert.equal(await reads(given.body.access_token, '/fhir/Patient/ada'), 200)
		const page = (await eve.get('/account')).text, form_token = /name="form_token" value="([^"]+)"/.exec(page)[1]
		assert.match(page, /also ends what apps that you let in may do/, 'it is said, and offered where only an app is elsewhere')
		const done = await eve.post(address, { form_token, ...fields })
		assert.equal(done.status, 303)
		assert.match((await eve.get(done.headers.get('location'))).text, /signed out everywhere else, and apps that you let in ask again/, 'here she stays signed in')
		assert.equal(await reads(given.body.access_token, '/fhir/Patient/ada'), 401)
		assert.equal((await tokens({ grant_type: 'refresh_token', client_id: 'diary', refresh_token: given.body.refresh_token })).body.error, 'invalid_grant')
	}
	assert.doesNotMatch((await eve.get('/account')).text, /Sign out everywhere else/, 'there is nothing else')
})

test('a scope with a query lets what fits it; one that cannot be judged is refused with the reason', async () => {
	const added = causeway('app-add', place.db, 'lab', '--name', 'Lab results', '--redirect', 'https://lab.example/back', '--scope', 'patient/*.rs')
	assert.equal(added.code, 0, added.err)
	const asked = (verifier, scope) => wish(verifier, { client_id: 'lab', redirect_uri: 'https://lab.example/back', scope })
	const verifier = random(), scope = 'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory'
	const page = await place.ada.get(`/apps/authorize?${new URLSearchParams(asked(verifier, scope))}`)
	assert.match(page.text, /only where category=/)
	const given = await tokens({ grant_type: 'authorization_code', client_id: 'lab', code: (await letIn(place.ada, asked(verifier, scope))).searchParams.get('code'), redirect_uri: 'https://lab.example/back', code_verifier: verifier })
	assert.deepEqual([given.status, given.body.scope], [200, scope], JSON.stringify(given.body))
	const get = asker(place.base, given.body.access_token)
	assert.deepEqual([(await get('/fhir/Observation/lab-ada')).status, (await get('/fhir/Observation/vital-ada')).status, (await get('/fhir/Observation?_total=accurate')).body.total], [200, 404, 1])
	for (const [wrong, words] of [['patient/Observation.rs?nonsense=1', /nonsense/], ['patient/Observation.rs?subject.name=x', /chain|subject/], ['patient/Observation.rs?_sort=date', /search parameters alone/], ['patient/Observation.rs?_include=Observation:subject', /search parameters alone/], ['patient/*.rs?category=laboratory', /one type/], ['patient/Observation.cruds?category=laboratory', /r and s/], ['patient/Observation.sr', /in that order/]]) {
		const sent = await letIn(place.ada, asked(random(), wrong), () => [['do', 'refuse']])
		assert.equal(sent.searchParams.get('error'), 'invalid_scope', wrong)
		assert.match(sent.searchParams.get('error_description'), words, wrong)
	}
})

// Standalone, by somebody who has no record of their own to give: they choose.
test('asked for a person (launch/patient), staff choose one whom they may see; and a stay or visit of theirs (launch/encounter)', async () => {
	const file = join(scratch(t), 'stay.ndjson')
	writeFileSync(file, [
		{ resourceType: 'Encounter', id: 'ward', meta: { source: resources[0].meta.source }, status: 'in-progress', class: { code: 'IMP', display: 'inpatient encounter' }, subject: { reference: 'Patient/ada' }, period: { start: '2026-01-05' } },
		{ resourceType: 'Encounter', id: 'over', meta: { source: resources[0].meta.source }, status: 'finished', class: { code: 'AMB' }, subject: { reference: 'Patient/ada' }, period: { start: '2025-01-05', end: '2025-01-05' } },
		{ ...resources.find(one => one.id === 'ben'), active: true }].map(one => JSON.stringify(one)).join('\n') + '\n')
	assert.equal(causeway('import', place.db, file).code, 0)
	const added = causeway('app-add', place.db, 'score', '--name', 'Falls score', '--redirect', 'https://score.example/back', '--launch', 'https://score.example/open', '--scope', 'patient/*.rs user/*.rs')
	assert.equal(added.code, 0, added.err)
	const asked = (verifier, more) => wish(verifier, { client_id: 'score', redirect_uri: 'https://score.example/back', scope: 'openid launch/patient patient/*.rs', ...more })
	const changed = (sent, verifier) => tokens({ grant_type: 'authorization_code', client_id: 'score', code: sent.searchParams.get('code'), redirect_uri: 'https://score.example/back', code_verifier: verifier })
	const fields = page => [...page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value.replaceAll('&amp;', '&').replaceAll('&#39;', "'")])
	const form_of = page => ({ ...page, text: page.text.slice(page.text.lastIndexOf('<form action="/apps/authorize" method="post"')) })
	const choose = async (who, wished, typed, person, more = []) => {
		const found = await who.get(`/apps/authorize?${new URLSearchParams({ ...wished, q: typed })}`)
		return { found, chosen: await who.post('/apps/authorize', [...fields(form_of(found)), ['person', person], ...more]) }
	}
	const letGo = (who, chosen) => letIn(who, Object.fromEntries(new URL(chosen.headers.get('location'), place.base).searchParams))
	const verifier = random(), first = await place.gp.get(`/apps/authorize?${new URLSearchParams(asked(verifier))}`)
	assert.match(first.text, /Who is Falls score to be opened about/)
	assert.doesNotMatch(first.text, /Ashby/, 'nobody is shown who was not looked for')
	const { found, chosen } = await choose(place.gp, asked(verifier), 'ashby', 'ada')
	assert.match(found.text, /value="ada">[^<]*ASHBY/i)
	assert.deepEqual([chosen.status, chosen.headers.get('location').startsWith('/apps/authorize?')], [303, true])
	const given = await changed(await letGo(place.gp, chosen), verifier)
	assert.deepEqual([given.status, given.body.patient, given.body.encounter, given.body.scope], [200, 'ada', undefined, 'openid launch/patient patient/*.rs'])
	assert.deepEqual([await reads(given.body.access_token, '/fhir/Patient/ada'), await reads(given.body.access_token, '/fhir/Patient/ben'), await reads(given.body.access_token, '/fhir/Observation/lab-ben')], [200, 404, 404])
	// with a stay: asked for which, of those that go on
	const second = random(), with_stay = asked(second, { scope: 'launch/patient launch/encounter patient/*.rs' }), step = await choose(place.gp, with_stay, 'ashby', 'ada')
	assert.match(step.chosen.text, /Which stay or visit/)
	assert.match(step.chosen.text, /name="encounter" value="ward"/)
	assert.doesNotMatch(step.chosen.text, /value="over"/)
	assert.equal((await place.gp.post('/apps/authorize', [...fields(form_of(step.chosen)), ['encounter', 'over']])).status, 404, 'one that is over')
	const about = await changed(await letGo(place.gp, await place.gp.post('/apps/authorize', [...fields(form_of(step.chosen)), ['encounter', 'ward']])), second)
	assert.deepEqual([about.body.patient, about.body.encounter, about.body.scope], ['ada', 'ward', 'launch/patient launch/encounter patient/*.rs'])
	const told = await (await fetch(`${place.base}/auth/introspect`, form({ client_id: 'score', token: about.body.access_token }))).json()
	assert.deepEqual([told.patient, told.encounter], ['ada', 'ward'])
	const third = random(), none = await changed(await letGo(place.gp, (await choose(place.gp, asked(third, { scope: 'launch/patient launch/encounter patient/*.rs' }), 'birch', 'ben')).chosen), third)
	assert.deepEqual([none.body.patient, none.body.encounter], ['ben', undefined], 'who has none is not asked for one')
	// opened from the person's page, with the stay
	const apps = await place.gp.get('/people/ada/apps'), form_token = /name="form_token" value="([^"]+)"/.exec(apps.text)[1]
	assert.match(apps.text, /<option value="ward">/)
	const to = await place.gp.post('/people/ada/apps', { form_token, app: 'score', encounter: 'ward' }), fourth = random()
	const opened = await changed(await letIn(place.gp, asked(fourth, { scope: 'launch patient/*.rs', launch: new URL(to.headers.get('location')).searchParams.get('launch') })), fourth)
	assert.deepEqual([opened.body.patient, opened.body.encounter], ['ada', 'ward'])
	assert.equal((await place.gp.post('/people/ben/apps', { form_token, app: 'score', encounter: 'ward' })).status, 404, 'another’s stay')
	// whom they may not see they cannot choose
	const stranger = await browser(place.db, place.base, 'stranger', '--role', 'ward-nurse', '--org', 'WXA01')
	const tried = await choose(stranger, asked(verifier), 'ashby', 'ada')
	assert.equal(tried.chosen.status, 403, 'the wall before the record stands here too')
	assert.ok(!tried.chosen.headers.get('location'))
	// a resident with one record is not asked; one who helps somebody is, and sees that record alone
	assert.match((await place.ada.get(`/apps/authorize?${new URLSearchParams(asked(verifier))}`)).text, /Let Falls score in/)
	assert.equal((await place.ada.post('/apps/authorize', [...fields(await place.ada.get(`/apps/authorize?${new URLSearchParams(asked(verifier))}`)), ['person', 'ben'], ['do', 'let'], ['let', 'patient/*.rs']])).status, 303)
	const mine = random(), own = await changed(await letIn(place.ada, asked(mine)), mine)
	assert.deepEqual([own.body.patient, await reads(own.body.access_token, '/fhir/Patient/ben')], ['ada', 404])
	const carer = await browser(place.db, place.base, 'cara', '--role', 'resident', '--patient', 'ada')
	delegate(place.db, 'cara', { id: 'ben' }, 'attorney', [])
	const helps = random(), both = await carer.get(`/apps/authorize?${new URLSearchParams(asked(helps))}`)
	assert.match(both.text, /value="ada">Yourself/)
	assert.match(both.text, /value="ben">[^<]*Birch/)
	const pick = person => carer.post('/apps/authorize', [...fields(form_of(both)), ['person', person]])
	assert.equal((await pick('nobody')).status, 404)
	const theirs = await changed(await letGo(carer, await pick('ben')), helps)
	assert.deepEqual([theirs.body.patient, await reads(theirs.body.access_token, '/fhir/Patient/ben'), await reads(theirs.body.access_token, '/fhir/Patient/ada')], ['ben', 200, 404])
})

test('a mover loses the people of the old place, and a leaver everything, at the next request: pages, API, apps', async () => {
	const doctor = await browser(place.db, place.base, 'mover', '--role', 'gp', '--org', 'WXP'), verifier = random(), list = join(scratch(t), 'staff.csv')
	assert.equal(causeway('app-add', place.db, 'round', '--name', 'Ward round', '--redirect', 'https://round.example/back', '--scope', 'user/*.rs').code, 0)
	const sent = await letIn(doctor, wish(verifier, { client_id: 'round', redirect_uri: 'https://round.example/back', scope: 'online_access user/*.rs' }))
	const given = await tokens({ grant_type: 'authorization_code', client_id: 'round', code: sent.searchParams.get('code'), redirect_uri: 'https://round.example/back', code_verifier: verifier })
	const sees = async () => [(await doctor.get('/people/ada')).status, (await doctor.get('/fhir/Observation/lab-ada')).status, await reads(given.body.access_token, '/fhir/Observation/lab-ada')]
	assert.deepEqual(await sees(), [200, 200, 200])
	const roster = line => { writeFileSync(list, `login,name,role,org,practitioner,state\n${line}\n`); const done = causeway('account-import', place.db, list, '--apply'); assert.equal(done.code, 0, done.err); return done.out }
	assert.match(roster('mover,mover of the place,ward-nurse,WXA01,,'), /gains\tmover\tward-nurse at WXA01\n0\tloses\tmover\tgp at WXP/)
	const after = await sees()
	assert.ok(after.every(status => [303, 401, 403, 404].includes(status)), String(after))
	assert.match(roster('mover,mover of the place,,,,left'), /leaves/)
	assert.deepEqual([(await doctor.get('/people/ada')).status, await reads(given.body.access_token, '/fhir/Patient/ada'), (await tokens({ grant_type: 'refresh_token', client_id: 'round', refresh_token: given.body.refresh_token })).body.error], [303, 401, 'invalid_grant'])
	assert.match(causeway('accounts', place.db).out, /mover\t[^\n]*ended/)
})
