// attack.test.mjs - what somebody hostile would send: script in every text, SQL in every parameter, paths that climb, requests that hide
// another, headers made of values. Signing in is attacked in sign_in.test.mjs, who may see what in leak.test.mjs.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, scratch, serve } from './causeway.mjs'
import { addAccount, asker, atOnce, signIn, start } from './leak/place.mjs'
import { roles } from './leak/oracle.mjs'

const json = { 'content-type': 'application/fhir+json' }

/* --- script in texts --- */

const evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>\'{{me}}</title></textarea><!--'
/** What a browser would run or leave the text by. */
const active = /<img src=x|<script>alert|onerror=alert\(1\)>|href="?\s*javascript:|<\/title><\/textarea>/i

const concept = { text: evil, coding: [{ system: 'urn:x', code: 'x', display: evil }] }
const about = { reference: 'Patient/eve' }
const source = { source: 'https://fhir.nhs.uk/Id/ods-organization-code/WXL' }
/** A resource of each kind that pages show, with script wherever FHIR lets people write. */
const poisoned = [
	{ resourceType: 'Organization', id: 'council', name: evil, alias: [evil], identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'WXL' }], telecom: [{ system: 'url', value: 'javascript:alert(1)' }] },
	{ resourceType: 'Practitioner', id: 'doc', name: [{ family: evil, prefix: [evil] }] },
	{ resourceType: 'Location', id: 'ward', name: evil },
	{ resourceType: 'Patient', id: 'eve', name: [{ family: evil, given: [evil], prefix: [evil] }], birthDate: '1950-01-01', gender: 'female',
		identifier: [{ system: 'urn:x', value: evil }], telecom: [{ system: 'phone', value: evil }, { system: 'email', value: evil }, { system: 'url', value: 'javascript:alert(1)' }],
		address: [{ line: [evil], city: evil, postalCode: evil, text: evil }], contact: [{ name: { text: evil }, relationship: [concept], telecom: [{ system: 'phone', value: evil }] }],
		communication: [{ language: concept }], generalPractitioner: [{ display: evil }], managingOrganization: { reference: 'Organization/council', display: evil } },
	{ resourceType: 'RelatedPerson', id: 'r', patient: about, name: [{ text: evil }], relationship: [concept] },
	{ resourceType: 'Observation', id: 'o1', status: 'final', code: concept, subject: about, valueString: evil, note: [{ text: evil, authorString: evil }], effectiveDateTime: '2026-01-01', performer: [{ display: evil }] },
	{ resourceType: 'Observation', id: 'o2', status: 'final', code: concept, subject: about, valueQuantity: { value: 1, unit: evil }, effectiveDateTime: '2026-01-02' },
	{ resourceType: 'Condition', id: 'c', code: concept, subject: about, recordedDate: '2026-01-01', note: [{ text: evil }], clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] } },
	{ resourceType: 'AllergyIntolerance', id: 'a', code: concept, patient: about, note: [{ text: evil }], reaction: [{ manifestation: [concept], description: evil }], clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }] } },
	{ resourceType: 'MedicationRequest', id: 'm', status: 'active', intent: 'order', medicationCodeableConcept: concept, subject: about, dosageInstruction: [{ text: evil, patientInstruction: evil }], requester: { display: evil } },
	{ resourceType: 'Encounter', id: 'e', status: 'in-progress', class: { code: 'IMP', display: evil }, subject: about, reasonCode: [concept], period: { start: '2026-01-01' }, location: [{ location: { reference: 'Location/ward', display: evil } }], serviceProvider: { reference: 'Organization/council', display: evil } },
	{ resourceType: 'CarePlan', id: 'p', status: 'active', intent: 'plan', subject: about, title: evil, description: evil, activity: [{ detail: { status: 'scheduled', description: evil, code: concept } }] },
	{ resourceType: 'CareTeam', id: 't', status: 'active', name: evil, subject: about, participant: [{ role: [concept], member: { reference: 'Practitioner/doc', display: evil } }] },
	{ resourceType: 'Goal', id: 'g', lifecycleStatus: 'active', description: concept, subject: about, note: [{ text: evil }] },
	{ resourceType: 'Task', id: 'k', status: 'requested', intent: 'order', code: concept, description: evil, for: about, owner: { reference: 'Organization/council', display: evil }, note: [{ text: evil }], authoredOn: '2026-01-01' },
	{ resourceType: 'ServiceRequest', id: 's', status: 'active', intent: 'order', code: concept, subject: about, reasonCode: [concept], authoredOn: '2026-01-01', note: [{ text: evil }] },
	{ resourceType: 'Appointment', id: 'ap', status: 'booked', description: evil, comment: evil, start: '2026-12-24T09:00:00Z', end: '2026-12-24T10:00:00Z', participant: [{ actor: { ...about, display: evil }, status: 'accepted' }], serviceType: [concept] },
	{ resourceType: 'Flag', id: 'f', status: 'active', code: concept, subject: about, category: [concept] },
	{ resourceType: 'Communication', id: 'cm', status: 'completed', subject: about, payload: [{ contentString: evil }], sent: '2026-01-01T00:00:00Z' },
	{ resourceType: 'DocumentReference', id: 'd1', status: 'current', subject: about, description: evil, type: concept, date: '2026-01-01T00:00:00Z', content: [{ attachment: { title: evil, contentType: 'text/html', data: Buffer.from(`<html><body>${evil}</body></html>`).toString('base64') } }] },
	{ resourceType: 'DocumentReference', id: 'd2', status: 'current', subject: about, description: evil, date: '2026-01-01T00:00:00Z', content: [{ attachment: { title: evil, contentType: 'text/plain', url: 'javascript:alert(1)' } }] },
	{ resourceType: 'QuestionnaireResponse', id: 'q', status: 'completed', subject: about, authored: '2026-01-01', item: [{ linkId: '1', text: evil, answer: [{ valueString: evil }] }] },
	{ resourceType: 'Consent', id: 'co', status: 'active', patient: about, dateTime: '2026-01-01', scope: { text: evil, coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] }, category: [concept], policyRule: concept, provision: { type: 'permit' } },
].map(resource => ({ ...resource, meta: source }))

test('script in any text stays text, on every page', async t => {
	const dir = scratch(t), db = join(dir, 'a.db'), file = join(dir, 'a.ndjson')
	writeFileSync(file, poisoned.map(one => JSON.stringify(one)).join('\n'))
	causeway('init', db)
	const loaded = causeway('import', db, file)
	assert.equal(loaded.code, 0, loaded.out + loaded.err)
	const { base } = await serve(t, db), ask = asker(base)
	const query = encodeURIComponent(evil)
	const pages = ['/', '/waiting', '/organisations', '/feeds', '/subscriptions', '/identity', '/identity/merges', '/privacy', '/people/eve', '/people/eve/timeline', '/people?q=eve',
		`/people?q=${query}`, `/people?family=${query}`, `/people?q=x&${query}=1`, `/people/${query}`, `/${query}`, `/sign-in?to=${query}`, `/people/eve?section=${query}`, `/people/eve/timeline?print=${query}`, `/static/${query}/x.css`,
		...poisoned.map(one => `/people/eve/source/${one.resourceType}/${one.id}`), `/people/eve/source/${query}/${query}`]
	let shown = 0
	for (const path of pages) {
		const reply = await ask('GET', path)
		assert.doesNotMatch(reply.text, active, path)
		if (/^text\/plain/.test(reply.headers['content-type']))
			continue // where nobody signs in
		assert.match(reply.headers['content-type'] ?? '', /^text\/html/, path)
		assert.match(reply.headers['content-security-policy'] ?? '', /default-src 'none'/, path)
		assert.match(reply.headers['content-security-policy'], /^(?!.*unsafe-inline.*script)(?!.*script-src[^;]*unsafe)/, path)
		assert.equal(reply.headers['x-content-type-options'], 'nosniff', path)
		shown += reply.text.includes('&lt;img src=x')
	}
	assert.ok(shown >= 12, `the text is shown on ${shown} pages, so that escaping is what kept it`)
	for (const path of [`/fhir/Patient/${query}`, `/fhir/Patient?name=${query}`, `/fhir/${query}`, `/fhir/Patient?${query}=1`, '/fhir/Patient/eve', '/fhir/DocumentReference/d1']) {
		const reply = await ask('GET', path, { headers: { accept: 'text/html,*/*' } })
		assert.doesNotMatch(reply.headers['content-type'] ?? '', /html/, path)
		assert.equal(reply.headers['x-content-type-options'], 'nosniff', path)
	}
})

test('script in the names of accounts, roles and forms stays text', async t => {
	const db = join(scratch(t), 'a.db')
	causeway('init', db)
	const root = { login: 'root', roleName: 'administrator', role: roles.administrator, org: '' }
	addAccount(db, root)
	assert.equal(causeway('account-add', db, 'eve', '--name', evil.slice(0, 120), '--role', 'gp', '--org', 'WXP').code, 0)
	const place = await start(t, db)
	await signIn(place, root)
	for (const path of ['/accounts', '/accounts/2', '/account', '/', `/accounts?q=${encodeURIComponent(evil)}`, `/accounts/import?x=${encodeURIComponent(evil)}`]) {
		const reply = await place.ask('GET', path, { headers: root.headers })
		assert.doesNotMatch(reply.text, active, path)
	}
	const token = /name="form_token" value="([^"]+)"/.exec((await place.ask('GET', '/accounts', { headers: root.headers })).text)[1]
	for (const field of ['login', 'name', 'role', 'org', 'practitioner', 'list']) {
		const body = String(new URLSearchParams({ form_token: token, login: 'x', name: 'x', role: 'gp', org: 'WXP', [field]: evil }))
		for (const path of ['/accounts', '/accounts/import', '/accounts/2', '/account/role', '/account/password']) {
			const reply = await place.ask('POST', path, { headers: { ...root.headers, 'content-type': 'application/x-www-form-urlencoded' }, body })
			assert.doesNotMatch(reply.text, active, `${path} ${field}`)
			assert.ok(reply.status < 500, `${path} ${field}: ${reply.status}`)
		}
	}
})

/* --- SQL in parameters --- */

test('SQL in any search parameter, path, header and form is a value like another', async t => {
	const db = join(scratch(t), 'a.db')
	causeway('init', db)
	const { base, stop } = await serve(t, db), ask = asker(base)
	for (let n = 0; n < 5; n++)
		assert.equal((await ask('PUT', `/fhir/Patient/p${n}`, { headers: json, body: JSON.stringify({ resourceType: 'Patient', id: `p${n}`, name: [{ family: 'Plain' }], birthDate: '1950-01-01', identifier: [{ system: 'urn:x', value: `${n}` }] }) })).status, 201)
	const attacks = ["' OR '1'='1", "') OR 1=1 --", "'; DROP TABLE resource; --", "x' UNION SELECT body FROM version --", '" OR ""="', "\\' OR 1=1 --", "1;SELECT pg_sleep(9)", '%', '_', '$1', '?1', 'eq1) OR (1=1', "urn:x|' OR 1=1 --", "Patient/' OR 1=1 --"]
	const statement = JSON.parse((await ask('GET', '/fhir/metadata')).text)
	const ofPatient = statement.rest[0].resource.find(one => one.type === 'Patient').searchParam
	const asked = [...ofPatient.map(one => ['Patient', one.name]), ...['code', 'value-quantity', 'date', 'subject', 'code-value-quantity', 'value-string', 'combo-code', '_tag', '_source', '_profile'].map(name => ['Observation', name]), ['ValueSet', 'url'], ['RiskAssessment', 'probability'], ['Location', 'near']]
		.flatMap(([type, name]) => ['', ':exact', ':contains', ':not', ':missing', ':text', ':above'].filter((modifier, n) => !n || type === 'Patient').map(modifier => [type, name, modifier]))
	let tried = 0
	await atOnce(8, asked, async ([type, name, modifier]) => {
		for (const attack of attacks) {
			if (modifier && tried++ % 4)
				continue
			const reply = await ask('GET', `/fhir/${type}?${encodeURIComponent(name)}${modifier}=${encodeURIComponent(attack)}&_total=accurate`), what = `${type}?${name}${modifier}=${attack}`
			assert.ok(reply.status === 200 || (reply.status >= 400 && reply.status < 500), `${what}: ${reply.status} ${reply.text}`)
			if (reply.status === 200 && modifier !== ':not' && !['_sort', '_count', '_summary', '_elements', '_include', '_revinclude', '_total', '_format', '_pretty', '_contained'].includes(name))
				assert.equal(JSON.parse(reply.text).total, 0, what)
			assert.doesNotMatch(reply.text, /syntax error|SQLITE|sqlite3|pq:|relation ".*" does not exist|SQLSTATE/i, what)
		}
	})
	for (const attack of attacks.map(encodeURIComponent))
		for (const [method, path, headers] of [['GET', `/fhir/Patient/${attack}`], ['GET', `/fhir/Patient/p1/_history/${attack}`], ['GET', `/fhir/Patient?_sort=${attack}`], ['GET', `/fhir/Patient?_has:Observation:patient:code=${attack}`], ['GET', `/fhir/Patient?_cursor=${attack}`],
			['GET', `/people?q=${attack}`], ['GET', `/people/${attack}`], ['GET', `/identity/${attack}`], ['GET', `/feeds/${attack}`], ['GET', `/fhir/Patient/p1`, { 'if-none-match': attack }], ['DELETE', `/fhir/Patient?identifier=${attack}`], ['GET', `/fhir/$events?_type=${attack}`]]) {
			const reply = await ask(method, path, { headers })
			assert.ok(reply.status < 500, `${method} ${path}: ${reply.status} ${reply.text.slice(0, 300)}`)
		}
	assert.equal(JSON.parse((await ask('GET', '/fhir/Patient?_summary=count')).text).total, 5)
	await stop()
	assert.equal(causeway('check', db).code, 0)
})

/* --- raw requests --- */

/** All the bytes that come back for these, sent as they are: until the connection ends, or after so many answers nothing comes for a while. */
function raw(base, bytes, answers = 1) {
	const { hostname, port } = new URL(base)
	return new Promise(resolve => {
		let text = '', quiet
		const wait = () => {
			clearTimeout(quiet)
			quiet = setTimeout(() => socket.destroy(), statuses(text).length < answers ? 60000 : 250)
		}
		const socket = connect(Number(port), hostname, () => { socket.write(bytes, 'latin1'); wait() })
		socket.on('data', data => { text += data.toString('latin1'); wait() })
		socket.on('error', () => {})
		socket.on('close', () => { clearTimeout(quiet); resolve(text) })
	})
}
const statuses = text => [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(match => Number(match[1]))
const head = lines => lines.join('\r\n') + '\r\n\r\n'

test('a request that hides another is refused, and the connection ends with it', async t => {
	const db = join(scratch(t), 'a.db')
	causeway('init', db)
	const { base } = await serve(t, db), host = `Host: ${new URL(base).host}`
	const hidden = `GET /fhir/metadata HTTP/1.1\r\n${host}\r\n\r\n`, type = 'Content-Type: application/fhir+json', body = '{"resourceType":"Basic","code":{"text":"x"}}'
	const post = (...more) => ['POST /fhir/Basic HTTP/1.1', host, type, ...more]
	const tried = {
		'both lengths': head(post('Content-Length: 6', 'Transfer-Encoding: chunked')) + `0\r\n\r\n${hidden}`,
		'both lengths, the other way': head(post('Transfer-Encoding: chunked', 'Content-Length: 6')) + `0\r\n\r\n${hidden}`,
		'two lengths': head(post(`Content-Length: ${body.length}`, `Content-Length: ${body.length + hidden.length}`)) + body + hidden,
		'two equal lengths': head(post(`Content-Length: ${body.length}`, `Content-Length: ${body.length}`)) + body + hidden,
		'a list of lengths': head(post(`Content-Length: ${body.length}, ${body.length}`)) + body + hidden,
		'a length with a sign': head(post(`Content-Length: +${body.length}`)) + body + hidden,
		'a negative length': head(post('Content-Length: -1')) + body + hidden,
		'a length in hex': head(post('Content-Length: 0x10')) + body + hidden,
		'a length too large for any number': head(post('Content-Length: 18446744073709551617')) + body + hidden,
		'an unknown coding': head(post('Transfer-Encoding: xchunked')) + `0\r\n\r\n${hidden}`,
		'a coding after chunked': head(post('Transfer-Encoding: chunked, identity')) + `0\r\n\r\n${hidden}`,
		'two codings': head(post('Transfer-Encoding: identity', 'Transfer-Encoding: chunked')) + `0\r\n\r\n${hidden}`,
		'a space before the colon': head(post('Transfer-Encoding : chunked', `Content-Length: ${body.length}`)) + body + hidden,
		'a folded header': head(post('X-Long: a\r\n Transfer-Encoding: chunked', 'Content-Length: 5')) + `0\r\n\r\n${hidden}`,
		'chunks in HTTP/1.0': head(['POST /fhir/Basic HTTP/1.0', host, type, 'Connection: keep-alive', 'Transfer-Encoding: chunked']) + `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n${hidden}`,
		'a chunk of no size': head(post('Transfer-Encoding: chunked')) + `g\r\n${body}\r\n0\r\n\r\n${hidden}`,
		'a chunk of negative size': head(post('Transfer-Encoding: chunked')) + `-1\r\n${body}\r\n0\r\n\r\n${hidden}`,
		'a chunk of overflowing size': head(post('Transfer-Encoding: chunked')) + `fffffffffffffffff\r\n${body}\r\n0\r\n\r\n${hidden}`,
	}
	for (const [name, bytes] of Object.entries(tried)) {
		const got = statuses(await raw(base, bytes))
		assert.ok(got.length && got.every(status => status >= 400 && status < 500), `${name}: ${got}`)
	}
	/* What is well formed is two requests and gets two answers. */
	assert.deepEqual(statuses(await raw(base, head(post(`Content-Length: ${body.length}`)) + body + hidden, 2)), [201, 200])
	assert.deepEqual(statuses(await raw(base, head(post('Transfer-Encoding: chunked')) + `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n${hidden}`, 2)), [201, 200])
	/* Lines that end in LF alone: one reading only, whichever. */
	const bare = statuses(await raw(base, `GET /help HTTP/1.1\n${host}\nX: a\r\n\r\n`, 0))
	assert.ok(bare.length <= 1, `bare LF: ${bare}`)
	/* A body of a GET is not the next request. */
	const withBody = statuses(await raw(base, head(['GET /help HTTP/1.1', host, `Content-Length: ${hidden.length}`]) + hidden, 0))
	assert.ok(withBody.length <= 1, `a GET with a body: ${withBody}`)
})

test('headers: another host, values that break the line, too large, methods in disguise', async t => {
	const db = join(scratch(t), 'a.db')
	causeway('init', db)
	const { base } = await serve(t, db), host = `Host: ${new URL(base).host}`
	for (const name of ['evil.example', '127.0.0.1.evil.example', 'localhost@evil.example', 'localhost:80:80', '127.0.0.1:99999999', '', ' ', '[::1]evil'])
		assert.ok([400, 403].includes(statuses(await raw(base, head(['GET /help HTTP/1.1', `Host: ${name}`])))[0]), `Host: ${name}`)
	assert.equal(statuses(await raw(base, head(['GET /help HTTP/1.1'])))[0], 400, 'no host')
	assert.equal(statuses(await raw(base, head(['GET /help HTTP/1.1', host, 'Host: evil.example'])))[0], 400, 'two hosts')
	for (const name of ['X-Forwarded-Host', 'X-Host', 'Forwarded', 'X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Prefix']) {
		const text = await raw(base, head(['GET /help HTTP/1.1', host, `${name}: evil.example`]))
		assert.equal(statuses(text)[0], 200)
		assert.doesNotMatch(text, /evil\.example/, name)
	}
	for (const path of ['/fhir/Patient/a%0d%0aSet-Cookie:%20x=1', '/people?q=%0d%0aSet-Cookie:%20x=1', '/sign-in?to=%0d%0aSet-Cookie:%20x=1', '/fhir/Patient?_id=%0d%0aX-Evil:%201', '/%0d%0aX-Evil:%201'])
		assert.doesNotMatch((await raw(base, head([`GET ${path} HTTP/1.1`, host]))).split('\r\n\r\n')[0], /^(set-cookie: x|x-evil)/im, path)
	for (const more of [[`Cookie: ${'a=b; '.repeat(20000)}`], [`X-Long: ${'x'.repeat(200000)}`], Array.from({ length: 5000 }, (_, n) => `X-${n}: 1`)]) {
		const got = statuses(await raw(base, head(['GET /help HTTP/1.1', host, ...more])))
		assert.ok(got.length <= 1 && got.every(status => status >= 400 && status < 500), `${got}`)
	}
	assert.equal(statuses(await raw(base, head([`GET /people?q=${'x'.repeat(20000)} HTTP/1.1`, host])))[0], 414)
	const made = await fetch(`${base}/fhir/Basic/kept`, { method: 'PUT', headers: json, body: '{"resourceType":"Basic","id":"kept","code":{"text":"x"}}' })
	assert.equal(made.status, 201)
	for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])
		for (const [method, path] of [['GET', '/fhir/Basic/kept'], ['GET', '/fhir/Basic/kept?_method=DELETE'], ['POST', '/fhir/Basic/_search']])
			await raw(base, head([`${method} ${path} HTTP/1.1`, host, `${name}: DELETE`, ...(method === 'POST' ? ['Content-Length: 0'] : [])]))
	assert.equal((await fetch(`${base}/fhir/Basic/kept`)).status, 200, 'only DELETE deletes')
	for (const method of ['TRACE', 'CONNECT', 'TRACK', 'get', 'G\0T']) {
		const text = await raw(base, head([`${method} /fhir/Basic/kept HTTP/1.1`, host, 'X-Secret: echoed-back']))
		assert.ok(statuses(text).every(status => status >= 400), `${method}: ${statuses(text)}`)
		assert.doesNotMatch(text, /echoed-back/, method)
	}
	assert.equal((await fetch(`${base}/help`)).status, 200, 'it goes on')
})

test('paths that climb out of the place lead nowhere', async t => {
	const dir = scratch(t), db = join(dir, 'a.db')
	causeway('init', db)
	writeFileSync(join(dir, 'secret.txt'), 'climbed-out')
	const { base } = await serve(t, db, '--export-dir', join(dir, 'out')), host = `Host: ${new URL(base).host}`
	const up = ['../', '..%2f', '%2e%2e/', '%2e%2e%2f', '..\\', '..%5c', '....//', '..%c0%af', '..%252f', '%00/../']
	for (const from of ['/static/x/', '/static/', '/fhir/bulk/', '/fhir/bulk/x/', '/welcome/', '/feeds/', '/'])
		for (const step of up)
			for (const to of ['secret.txt', 'a.db', 'etc/passwd', 'web/templates/page.html']) {
				const text = await raw(base, head([`GET ${from}${step.repeat(6)}${to} HTTP/1.1`, host, 'Connection: close']))
				assert.ok(statuses(text)[0] >= 400 || statuses(text)[0] === 303, `${from}${step}${to}: ${statuses(text)}`)
				assert.doesNotMatch(text, /climbed-out|root:x:0|SQLite format/, `${from}${step}${to}`)
			}
})
