// smart.test.mjs - a program signs in by signing and gets what its scopes let, by every way out of the record.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { causeway } from './causeway.mjs'
import { ask, asker, claimsOf, jwt, place } from './smart.mjs'

const ids = bundle => (bundle.entry ?? []).map(entry => `${entry.resource.resourceType}/${entry.resource.id}`).sort()

/** All lines of an export, by type. */
async function exported(get, path) {
	const begun = await get(path, { headers: { prefer: 'respond-async' } })
	if (begun.status !== 202)
		return begun.status
	const status = begun.headers.get('content-location')
	let told
	for (let i = 0; (told = await get(status)).status === 202; i++) {
		assert.ok(i < 1200, 'the export ends')
		await sleep(50)
	}
	assert.equal(told.status, 200, told.text)
	const found = []
	for (const file of told.body.output)
		for (const line of (await get(file.url)).text.trim().split('\n'))
			found.push(JSON.parse(line))
	return found.map(one => `${one.resourceType}/${one.id}`).sort()
}

test('what is on offer is told', async t => {
	const { base } = await place(t, {})
	const told = await (await fetch(`${base}/fhir/.well-known/smart-configuration`)).json()
	assert.equal(told.token_endpoint, `${base}/auth/token`)
	assert.ok(told.grant_types_supported.includes('client_credentials'))
	assert.ok(told.capabilities.includes('client-confidential-asymmetric') && told.capabilities.includes('permission-v2'))
	const statement = await (await fetch(`${base}/fhir/metadata`)).json()
	assert.equal(statement.rest[0].security.service[0].coding[0].code, 'SMART-on-FHIR')
})

test('a client exports what its scope lets and nothing else', async t => {
	const { base, db, token } = await place(t, {
		all: { scope: 'system/*.rs' },
		lab: { scope: 'system/Observation.rs?category=laboratory system/Patient.rs' },
		old: { scope: 'system/Observation.read' },
		reads: { scope: 'system/Patient.rs system/Observation.r' },
		finds: { scope: 'system/Patient.rs system/Observation.s' },
	})
	const all = asker(base, await token('all', 'system/*.rs'))
	assert.deepEqual(await exported(all, '/fhir/$export'), ['Condition/asthma', 'Observation/lab-ada', 'Observation/lab-ben', 'Observation/vital-ada', 'Observation/vital-ben', 'Organization/hill', 'Patient/ada', 'Patient/ben'])
	const lab = asker(base, await token('lab', 'system/*.rs'))
	const labs = ['Observation/lab-ada', 'Observation/lab-ben', 'Patient/ada', 'Patient/ben']
	assert.deepEqual(await exported(lab, '/fhir/$export'), labs)
	assert.deepEqual(await exported(lab, '/fhir/Patient/$export'), labs)
	assert.deepEqual(await exported(lab, '/fhir/$export?_type=Observation,Patient&_typeFilter=Observation%3Fcategory=vital-signs'), ['Patient/ada', 'Patient/ben'])
	for (const types of ['Condition', 'Observation,Condition']) {
		const refused = await lab(`/fhir/$export?_type=${types}`, { headers: { prefer: 'respond-async' } })
		assert.deepEqual([refused.status, /system\/Condition\.rs/.test(refused.text)], [403, true], 'what is named and not let is told')
	}
	assert.equal(await exported(lab, '/fhir/Group/both/$export'), 403, 'Group is not let')
	// less was asked for than is given
	const less = asker(base, await token('lab', 'system/Patient.rs'))
	assert.deepEqual(await exported(less, '/fhir/$export'), ['Patient/ada', 'Patient/ben'])
	assert.deepEqual(await exported(asker(base, await token('old', 'system/*.read')), '/fhir/$export'), ['Observation/lab-ada', 'Observation/lab-ben', 'Observation/vital-ada', 'Observation/vital-ben'])
	for (const login of ['reads', 'finds'])
		assert.deepEqual(await exported(asker(base, await token(login, 'system/*.rs')), '/fhir/$export'), ['Patient/ada', 'Patient/ben'], login)
	// an export is its own: another token of the same client with other scopes does not reach it
	const begun = await lab('/fhir/$export', { headers: { prefer: 'respond-async' } })
	assert.equal((await less(begun.headers.get('content-location'))).status, 404)
	assert.equal((await all(begun.headers.get('content-location'))).status, 404)
	// taken back
	const good = asker(base, await token('lab', 'system/Patient.rs'))
	assert.equal((await good('/fhir/Patient/ada')).status, 200)
	assert.equal(causeway('client-revoke', db, 'lab').code, 0)
	assert.equal((await good('/fhir/Patient/ada')).status, 401, 'at the next request')
})

// Each way out, and what must be let for it to give anything of a type: r to be read, s to be found, both in bulk.
const ways = {
	read: { letters: 'r', run: async get => (await get('/fhir/Observation/lab-ada')).status === 200 },
	version: { letters: 'r', run: async get => (await get('/fhir/Observation/lab-ada/_history/1')).status === 200 },
	history: { letters: 'r', run: async get => (await get('/fhir/Observation/lab-ada/_history')).status === 200 },
	'history of a type': { letters: 'rs', run: async get => ids((await get('/fhir/Observation/_history')).body).includes('Observation/lab-ada') },
	'history of all': { letters: 'rs', run: async get => ids((await get('/fhir/_history')).body).includes('Observation/lab-ada') },
	search: { letters: 's', run: async get => ids((await get('/fhir/Observation?subject=Patient/ada')).body).includes('Observation/lab-ada') },
	total: { letters: 's', run: async get => (await get('/fhir/Observation?category=laboratory&_summary=count')).body.total > 0 },
	'search by POST': { letters: 's', run: async get => ids((await get('/fhir/Observation/_search', { method: 'POST', body: new URLSearchParams({ subject: 'Patient/ada' }) })).body).includes('Observation/lab-ada') },
	'search of all': { letters: 's', run: async get => ids((await get('/fhir?_type=Observation')).body).includes('Observation/lab-ada') },
	compartment: { letters: 's', run: async get => ids((await get('/fhir/Patient/ada/Observation')).body).includes('Observation/lab-ada') },
	'reverse chain': { letters: 's', run: async get => ids((await get('/fhir/Patient?_has:Observation:subject:category=laboratory')).body).includes('Patient/ada') },
	_revinclude: { letters: 'r', run: async get => ids((await get('/fhir/Patient?_revinclude=Observation:subject')).body).includes('Observation/lab-ada') },
	'$everything': { letters: 'rs', run: async get => ids((await get('/fhir/Patient/ada/$everything')).body).includes('Observation/lab-ada') },
	'read in a batch': { letters: 'r', post: true, run: async get => (await batch(get, 'Observation/lab-ada')).resource?.id === 'lab-ada' },
	'search in a batch': { letters: 's', post: true, run: async get => (await batch(get, 'Observation?category=laboratory&_total=accurate')).resource?.total > 0 },
	$meta: { letters: 'r', run: async get => (await get('/fhir/Observation/lab-ada/$meta')).status === 200 },
	'stored $validate': { letters: 'r', run: async get => (await get('/fhir/Observation/lab-ada/$validate')).status === 200 },
	$export: { letters: 'rs', run: async get => (await exported(get, '/fhir/$export')).includes?.('Observation/lab-ada') ?? false },
	'$export of people': { letters: 'rs', run: async get => (await exported(get, '/fhir/Patient/$export?_type=Observation')).includes?.('Observation/lab-ada') ?? false },
}
async function batch(get, url) {
	const reply = await get('/fhir', { method: 'POST', headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url } }] }) })
	return reply.body?.entry?.[0] ?? {}
}

test('each way out, with each letter missing, and within a query', async t => {
	const wide = { scope: 'system/*.cruds' }
	const { base, token } = await place(t, { export: wide, feed: { ...wide, role: 'program-feed', org: ['--org', 'WXP'] } })
	const given = { none: '', r: 'system/Observation.r', s: 'system/Observation.s', rs: 'system/Observation.rs', query: 'system/Observation.rs?category=laboratory', other: 'system/Observation.rs?category=vital-signs', writes: 'system/Observation.cud' }
	let tried = 0
	for (const [name, scope] of Object.entries(given)) {
		const others = `system/Patient.rs system/Organization.rs ${scope}`.trim()
		const get = { export: asker(base, await token('export', others)), feed: asker(base, await token('feed', others)) }
		const has = { none: '', r: 'r', s: 's', rs: 'rs', query: 'rs', other: '', writes: '' }[name]
		for (const [way, { letters, post, run }] of Object.entries(ways)) {
			const wanted = [...letters].every(letter => has.includes(letter))
			assert.equal(await run(get[post ? 'feed' : 'export']), wanted, `${way} with ${scope || 'nothing'}`)
			tried++
		}
	}
	assert.equal(tried, Object.keys(ways).length * Object.keys(given).length)
	// totals and pages within a query
	const lab = asker(base, await token('export', 'system/Observation.rs?category=laboratory system/Patient.rs'))
	const found = (await lab('/fhir/Observation?_total=accurate')).body
	assert.equal(found.total, 2)
	assert.deepEqual(ids(found), ['Observation/lab-ada', 'Observation/lab-ben'])
	assert.deepEqual(ids((await lab('/fhir/Patient/ada/$everything')).body), ['Observation/lab-ada', 'Patient/ada'])
	assert.equal((await lab('/fhir/Observation/vital-ada')).status, 404, 'as if it were not there')
	assert.deepEqual(ids((await lab('/fhir/Patient?_has:Observation:subject:category=vital-signs')).body), [])
	assert.equal((await lab('/fhir/Observation?category=vital-signs&_total=accurate')).body.total, 0)
	assert.equal((await lab('/fhir/Condition')).status, 403)
	assert.equal((await lab('/fhir/Condition/asthma')).status, 403)
	for (const path of ['/fhir/$totals', '/metrics', '/', '/people?q=ashby'])
		assert.ok([403, 401].includes((await lab(path)).status), path)
})

test('writing needs its letter, and an old version is judged by what it said', async t => {
	const role = { role: 'program-feed', org: ['--org', 'WXP'] }
	const { base, token } = await place(t, { feed: { scope: 'system/*.cruds', ...role } })
	const whole = asker(base, await token('feed', 'system/*.cruds'))
	const observation = (id, code) => ({ resourceType: 'Observation', ...(id && { id }), meta: { source: 'https://fhir.nhs.uk/Id/ods-organization-code/WXP' }, status: 'final', category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code }] }], code: { text: 'x' }, subject: { reference: 'Patient/ada' } })
	const send = (get, method, path, body) => get(path, { method, headers: { 'content-type': 'application/fhir+json' }, body: body && JSON.stringify(body) })
	assert.equal((await send(whole, 'POST', '/fhir/Observation', observation(null, 'laboratory'))).status, 201)
	const tries = { c: ['POST', '/fhir/Observation', () => observation(null, 'laboratory')], u: ['PUT', '/fhir/Observation/lab-ada', () => observation('lab-ada', 'laboratory')], d: ['DELETE', '/fhir/Observation/lab-ben', () => undefined] }
	for (const let_ of ['r', 's', 'c', 'u', 'd', 'rs']) {
		const get = asker(base, await token('feed', `system/Observation.${let_} system/Patient.rs system/Organization.rs`))
		for (const [letter, [method, path, body]] of Object.entries(tries)) {
			const { status } = await send(get, method, path, body())
			assert.equal(status < 300, let_.includes(letter), `${method} with ${let_}: ${status}`)
		}
		const bundle = await send(get, 'POST', '/fhir', { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'POST', url: 'Observation' }, resource: observation(null, 'laboratory') }] })
		assert.equal(bundle.body.entry[0].response.status.startsWith('2'), let_ === 'c', `in a batch with ${let_}`)
	}
	// what was a vital sign once is not laboratory then
	await send(whole, 'PUT', '/fhir/Observation/turned', observation('turned', 'vital-signs'))
	await send(whole, 'PUT', '/fhir/Observation/turned', observation('turned', 'laboratory'))
	const lab = asker(base, await token('feed', 'system/Observation.rs?category=laboratory'))
	assert.equal((await lab('/fhir/Observation/turned')).status, 200)
	assert.equal((await lab('/fhir/Observation/turned/_history/2')).status, 200)
	assert.equal((await lab('/fhir/Observation/turned/_history/1')).status, 404)
	assert.equal((await lab('/fhir/Observation/turned/_history')).body.total, 1)
})

test('a scope that makes no sense, or is not given, is refused', async t => {
	const { base, keys } = await place(t, { lab: { scope: 'system/Observation.rs?category=laboratory' } })
	const asked = async scope => ask(base, jwt(keys.lab, claimsOf(base, 'lab')), scope)
	for (const scope of ['system/Nothing.rs', 'system/Observation.sr', 'system/Observation.rr', 'system/Observation.x', 'system/Observation', 'system/*.rs?category=laboratory', 'system/Observation.cud?category=laboratory', 'system/Observation.rs?subject.name=x', 'system/Observation.rs?_sort=date', 'system/Observation.rs?nonsense=1', 'system/Patient.rs', 'user/Observation.rs', 'openid', 'system/Observation.cud'])
		assert.deepEqual([(await asked(scope)).status, (await asked(scope)).body.error], [400, 'invalid_scope'], scope)
	assert.match((await asked('system/Patient.rs system/Observation.cud')).body.error_description, /system\/Patient\.rs system\/Observation\.cud/, 'which those are')
	const narrow = await asked('openid system/Observation.r')
	assert.equal(narrow.body.scope, 'system/Observation.r?category=laboratory', 'never more than is given')
	assert.equal(narrow.body.expires_in, 300)
	assert.equal(narrow.headers.get('cache-control'), 'no-store')
})

test('what a token of a program is worth is told to itself and to who may ask about all (RFC 7662)', async t => {
	const { base, db, token } = await place(t, { lab: { scope: 'system/Observation.rs system/Patient.rs' }, other: { scope: 'system/*.rs' } })
	const long = (login, role, ...more) => { assert.equal(causeway('account-add', db, login, '--name', login, '--role', role, ...more).code, 0); return causeway('account-token', db, login).out.trim() }
	const board = long('board', 'program-monitor'), feed = long('feed', 'program-feed', '--org', 'WXP')
	const lab = await token('lab', 'system/Observation.rs'), other = await token('other', 'system/*.rs')
	const worth = async (by, of) => { const reply = await fetch(`${base}/auth/introspect`, { method: 'POST', headers: { authorization: `Bearer ${by}` }, body: new URLSearchParams({ token: of }) }); return { status: reply.status, ...await reply.json() } }
	const own = await worth(lab, lab)
	assert.deepEqual([own.status, own.active, own.client_id, own.scope, own.token_type, own.iss], [200, true, 'lab', 'system/Observation.rs', 'Bearer', base])
	assert.ok(own.exp > Date.now() / 1000 + 200 && own.exp <= Date.now() / 1000 + 301 && own.iat <= Date.now() / 1000 + 1)
	assert.equal(own.patient ?? own.fhirUser, undefined)
	assert.deepEqual([(await worth(board, lab)).client_id, (await worth(board, other)).scope], ['lab', 'system/*.rs'])
	const plain = await worth(board, feed)
	assert.deepEqual([plain.active, plain.client_id, plain.scope], [true, 'feed', undefined], 'one that no scopes limit says none')
	assert.equal((await worth(feed, feed)).active, true)
	for (const [by, of] of [[lab, other], [feed, lab], [lab, feed], [lab, board], [lab, 'nonsense'], [board, '']])
		assert.ok([false, undefined].includes((await worth(by, of)).active))
	assert.equal((await worth('nonsense', lab)).status, 401)
	assert.equal(causeway('client-revoke', db, 'lab').code, 0)
	assert.deepEqual(await worth(board, lab), { status: 200, active: false })
	assert.equal((await worth(lab, lab)).status, 401)
})
