// audit.test.mjs - one row of the audit altered, taken out or put in, anywhere, in any column, is found by `causeway check` and named.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { causeway, server } from './causeway.mjs'
import { roles } from './leak/oracle.mjs'
import { addAccount, fill, form, signIn, sql, start, tell } from './leak/place.mjs'

const numbers = ['at', 'what', 'kind', 'account', 'org', 'purpose', 'session', 'person', 'resource', 'version', 'outcome', 'times']
const texts = ['role', 'device', 'section', 'relation', 'detail']
const all = ['key', ...numbers, ...texts, 'people', 'hash'].join(', ')
const bytes = (server ? hex => `'\\x${hex}'::bytea` : hex => `x'${hex}'`)

const guarded = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace AND relname ~ '^audit(_head|_m[0-9]+)?$'"

/** Who has all rights over the database takes the guards away first. Returns what puts them back, for their absence is a finding too. */
function open(db) {
	if (!server) {
		const made = sql(db, "SELECT sql || ';' FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('audit', 'audit_head')")
		sql(db, 'DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; DROP TRIGGER audit_head_no_update; DROP TRIGGER audit_head_no_delete')
		return () => sql(db, made)
	}
	const tables = sql(db, guarded).split('\n')
	for (const table of tables)
		sql(db, `ALTER TABLE ${table} DISABLE TRIGGER ALL; GRANT ALL ON ${table} TO CURRENT_USER`)
	return () => {
		for (const table of tables)
			sql(db, `ALTER TABLE ${table} ENABLE TRIGGER ALL; REVOKE UPDATE, DELETE, TRUNCATE ON ${table} FROM CURRENT_USER`)
	}
}

/** A day's work: sign-ins, looks, searches, refusals, changes. Resolves to the database, its server stopped. */
async function worked(t) {
	const org = 'https://fhir.nhs.uk/Id/ods-organization-code/WXP'
	const first = Array.from({ length: 5 }, (_, n) => ({ resource: { resourceType: 'Patient', id: `p${n}`, meta: { source: org }, name: [{ family: 'Plain' }], generalPractitioner: [{ reference: 'Organization/hill' }] } }))
	const db = fill(t, { first, then: [{ resource: { ...first[0].resource, active: true }, request: { method: 'PUT', url: 'Patient/p0' } }, { request: { method: 'DELETE', url: 'Patient/p4' } }] })
	const gp = { login: 'gp', roleName: 'gp', role: roles.gp, org: 'WXP' }, feed = { login: 'feed', roleName: 'program-feed', role: roles['program-feed'], org: 'WXP' }
	for (const account of [gp, feed])
		addAccount(db, account)
	const place = await start(t, db)
	await signIn(place, gp)
	for (const [account, method, path, body] of [[gp, 'GET', '/fhir/Patient/p1'], [gp, 'GET', '/fhir/Patient?family=plain'], [gp, 'GET', '/fhir/Patient/nobody'], [gp, 'GET', '/people/p2'], [gp, 'GET', '/fhir/Patient/p3/$everything'],
		[feed, 'POST', '/fhir/Flag', '{"resourceType":"Flag","status":"active","code":{"text":"x"},"subject":{"reference":"Patient/p1"}}'], [feed, 'GET', '/fhir/$export'], [gp, 'GET', '/fhir/Patient/p1/_history'],
		[feed, 'POST', '/fhir', '{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Flag"},"resource":{"resourceType":"Flag","status":"active","code":{"text":"x"},"subject":{"reference":"Patient/p2"}}}]}']])
		await place.ask(method, path, { headers: { ...account.headers, 'content-type': 'application/fhir+json' }, body })
	await place.stop()
	return db
}

test('one row altered, removed or put in, anywhere, is found and named', async t => {
	const db = await worked(t), key = server ? ['--audit-key', `${db}.audit-key`] : []
	assert.equal(causeway('check', db).code, 0)
	const keys = sql(db, 'SELECT key FROM audit ORDER BY key').split('\n').map(BigInt)
	assert.ok(keys.length >= 8, `${keys.length} rows`)
	const month = keys[0] >> 40n, name = at => `audit ${1970n + month / 12n}-${String(month % 12n + 1n).padStart(2, '0')}/${at & 0xffffffffffn}`
	const close = open(db)
	sql(db, 'CREATE TABLE kept AS SELECT * FROM audit')
	sql(db, 'CREATE TABLE kept_head AS SELECT * FROM audit_head')
	const restore = () => sql(db, 'DELETE FROM audit; INSERT INTO audit SELECT * FROM kept; DELETE FROM audit_head; INSERT INTO audit_head SELECT * FROM kept_head')
	let tried = 0
	const found = (what, statement, ...names) => {
		sql(db, statement)
		const check = causeway('check', db, ...key), said = check.out + check.err
		assert.notEqual(check.code, 0, `${what} is not found`)
		assert.ok(names.some(one => said.includes(one)), `${what}: ${names} is not named in: ${said}`)
		restore()
		tried++
	}
	for (const at of [keys[0], keys[keys.length >> 1], keys.at(-1)]) {
		for (const column of numbers)
			found(`${column} of ${name(at)}`, `UPDATE audit SET ${column} = ${column} + 1 WHERE key = ${at}`, name(at))
		for (const column of texts)
			found(`${column} of ${name(at)}`, `UPDATE audit SET ${column} = ${column} || 'x' WHERE key = ${at}`, name(at))
		if (!server) // a database server lets no column hold these
			for (const column of numbers)
				found(`${column} of ${name(at)}`, `UPDATE audit SET ${column} = ${column} ${column === 'times' ? '+ 0.5' : "|| 'x'"} WHERE key = ${at}`, name(at))
		found(`people of ${name(at)}`, `UPDATE audit SET people = ${bytes('0102')} WHERE key = ${at}`, name(at))
		found(`hash of ${name(at)}`, `UPDATE audit SET hash = ${bytes('00'.repeat(32))} WHERE key = ${at}`, name(at))
		found(`${name(at)} removed`, `DELETE FROM audit WHERE key = ${at}`, name(at), ...(at === keys[0] ? [name(at + 1n)] : []))
	}
	const copy = (from, to) => `INSERT INTO audit (${all}) SELECT ${all.replace('key', to)} FROM kept WHERE key = ${from}`
	found('a row put in after the last', copy(keys[3], keys.at(-1) + 1n), name(keys.at(-1) + 1n))
	found('a row put in before the first', copy(keys[3], keys[0] - 1n), name(keys[0] - 1n), name(keys[0]))
	found('a row put in between, the later ones moved', `UPDATE audit SET key = -key WHERE key > ${keys[2]}; UPDATE audit SET key = 1 - key WHERE key < 0; ${copy(keys[1], keys[3])}`, name(keys[3]))
	found('a row of a month before', copy(keys[3], ((month - 1n) << 40n) | 1n), name(keys[0]), `/1`)
	found('two rows exchanged', `UPDATE audit SET key = -1 WHERE key = ${keys[2]}; UPDATE audit SET key = ${keys[2]} WHERE key = ${keys[4]}; UPDATE audit SET key = ${keys[4]} WHERE key = -1`, name(keys[2]))
	const heads = sql(db, 'SELECT key FROM audit_head ORDER BY key').split('\n').map(BigInt)
	assert.ok(heads.includes(keys.at(-1)), 'the end of the chain is a head')
	for (const at of [heads[0], heads.at(-1)]) {
		found('time of a head', `UPDATE audit_head SET at = at + 1 WHERE key = ${at}`, name(at))
		found('hash of a head', `UPDATE audit_head SET hash = ${bytes('11'.repeat(32))} WHERE key = ${at}`, name(at))
		if (!server) { // there a place has a key only when it is given one
			found('signature of a head', `UPDATE audit_head SET signature = ${bytes('22'.repeat(64))} WHERE key = ${at}`, name(at))
			found('a head without its signature', `UPDATE audit_head SET signature = NULL WHERE key = ${at}`, name(at))
		}
	}
	if (heads.length > 2)
		found('a head removed', `DELETE FROM audit_head WHERE key = ${heads[1]}`, name(heads[2]))
	found('all rows of the month', 'DELETE FROM audit', name(heads.at(-1)))
	if (!server) { // with the last heads: what is left proves itself, but the last stands beside the key
		found('the last head', `DELETE FROM audit_head WHERE key = ${heads.at(-1)}`, name(heads.at(-1)))
		found('the end with its heads', `DELETE FROM audit WHERE key > ${keys[1]}; DELETE FROM audit_head WHERE key > ${keys[1]}`, name(heads.at(-1)))
		found('all of it', 'DELETE FROM audit; DELETE FROM audit_head', name(heads.at(-1)))
	}
	if (!server) { // a key of somebody else's beside the database
		const file = `${db}.audit-key`, kept = readFileSync(file)
		writeFileSync(file, randomBytes(kept.length), { mode: 0o600 })
		found('the key exchanged', 'SELECT 1', name(heads[0]))
		rmSync(file)
		assert.match(causeway('check', db).out, /the key that proves it is not here/)
		writeFileSync(file, kept, { mode: 0o600 })
	}
	const unguarded = causeway('check', db, ...key)
	assert.notEqual(unguarded.code, 0, 'guards that are gone are not found')
	assert.match(unguarded.out + unguarded.err, server ? /right to UPDATE audit was given to/ : /trigger audit_head_no_delete on audit_head was removed/)
	close()
	const whole = causeway('check', db)
	assert.equal(whole.code, 0, `all is as it was: ${whole.out}${whole.err}`)
	assert.ok(tried >= 60)
})

test('who sees, changes or is refused something is in the audit, one row for a page', async t => {
	const db = await worked(t)
	const rows = tell('audit', db).trim().split('\n').slice(1).map(line => line.split(','))
	const count = what => rows.filter(cells => cells.includes(what)).length
	for (const [what, least] of Object.entries({ 'sign-in': 1, open: 2, search: 1, refused: 1, create: 2 }))
		assert.ok(count(what) >= least, `${what}: ${count(what)} of ${least} in\n${rows.join('\n')}`)
})

// What each face of an action did stands in the audit as the officer reads it: by the row's name, by whom, about what.
test('what is done with work over the wire, on the command line and in a form is read in the audit by its name', async t => {
	const hill = 'https://fhir.nhs.uk/Id/ods-organization-code/WXP'
	const ada = { resourceType: 'Patient', id: 'ada', meta: { source: hill }, name: [{ family: 'Oak' }], generalPractitioner: [{ reference: 'Organization/hill' }] }
	const stay = { resourceType: 'Encounter', id: 'stay', meta: { source: hill }, status: 'in-progress', class: { code: 'IMP' }, subject: { reference: 'Patient/ada' }, period: { start: '2024-02-01' }, serviceProvider: { reference: 'Organization/hill' } }
	const db = fill(t, { first: [{ resource: ada }, { resource: stay }], then: [{ resource: { ...ada, active: true }, request: { method: 'PUT', url: 'Patient/ada' } }, { request: { method: 'DELETE', url: 'Flag/none' } }] })
	const worker = { login: 'worker', roleName: 'discharge', role: roles.discharge, org: 'WXP' }, officer = { login: 'officer', roleName: 'privacy-officer', role: roles['privacy-officer'], org: 'WXP' }
	const feed = { login: 'feed', roleName: 'program-feed', role: roles['program-feed'], org: 'WXP' }
	for (const account of [worker, officer, feed])
		addAccount(db, account)
	const place = await start(t, db)
	await signIn(place, worker)
	await signIn(place, officer)
	const done = []
	const api = async (name, path, values = {}) => {
		const parameter = Object.entries(values).map(([key, value]) => /^[A-Z]\w+\//.test(value) ? { name: key, valueReference: { reference: value } } : { name: key, valueString: value })
		const reply = await place.ask('POST', `/fhir/${path}`, { headers: { ...feed.headers, 'content-type': 'application/fhir+json' }, body: JSON.stringify({ resourceType: 'Parameters', parameter }) })
		assert.equal(reply.status, 200, `${name}: ${reply.text}`)
		done.push(name)
		return JSON.parse(reply.text).id
	}
	const steps = async (id, ...names) => {
		for (const [name, op, values] of names)
			await api(name, `Task/${id}/$${op}`, values)
	}
	const on = { person: 'Patient/ada', to: 'Organization/hill' }, at = { stay: 'Encounter/stay' }, why = { why: 'Said so' }, reason = { reason: 'Said so' }
	const referral = await api('referral-make', 'Task/$refer', { ...on, what: 'Falls', reason: 'Fell twice' })
	await steps(referral, ['referral-accept', 'accept'], ['referral-start', 'start'])
	const shown = await form(place, worker, `/do/referral-complete?on=${referral}`, '/do/referral-complete', { reason: 'Rails fitted' })
	assert.equal(shown.status, 303, shown.text)
	tell('referral-reopen', db, referral, '--reason', 'Fell again', '--as', 'worker')
	done.push('referral-complete', 'referral-reopen')
	const leaving = await api('discharge-begin', 'Task/$leave-hospital', at)
	done.splice(done.indexOf('discharge-begin'), 1) // the server may have begun it already, by itself
	await steps(leaving, ['discharge-plan', 'plan', { pathway: '1' }], ['discharge-review', 'review'], ['discharge-ready', 'ready', { since: '2024-02-03' }])
	const delay = await api('delay-begin', 'Task/$delay', { ...at, reason: 'E', answerable: 'social', body: 'Organization/hill', from: '2024-02-03' })
	await steps(delay, ['delay-dispute', 'dispute', why], ['delay-settle', 'settle', why], ['delay-end', 'end'], ['delay-reopen', 'reopen', why], ['delay-withdraw', 'withdraw', why])
	const said = { ...at, to: 'Organization/hill', consulted: 'Ada', contact: '01632 960000' }
	const notice = await api('notice-assess', 'Task/$assessment-notice', { ...said, healthcare: 'No' })
	await api('notice-discharge', 'Task/$discharge-notice', { ...said, proposed: '2199-01-01' })
	await steps(notice, ['notice-receive', 'receive'], ['notice-withdraw', 'withdraw', why])
	await steps(leaving, ['discharge-unready', 'unready', why])
	const read = await place.ask('GET', '/fhir/AuditEvent?patient=Patient/ada&_count=200', { headers: officer.headers })
	const lines = JSON.parse(read.text).entry.map(entry => entry.resource)
	for (const name of done) {
		const line = lines.find(one => JSON.stringify(one.entity ?? []).includes(`"${name}"`))
		assert.ok(line, `${name} is in no line of the audit`)
		assert.match(line.action, /[CU]/, name)
		assert.ok(line.agent[0].altId && line.recorded, name)
	}
	assert.ok(done.length >= 18)
	await place.stop()
})
