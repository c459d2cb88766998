// New and changed definitions of a place: what it holds is indexed again while it is served.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, database, program, psql, root, scratch, serve, server } from './causeway.mjs'

const parameter = (code, expression, base = 'Patient') => JSON.stringify({
	resourceType: 'SearchParameter', url: `https://example.org/SearchParameter/${base}-${code}`, name: code, status: 'active',
	description: `Our own ${code}`, code, base: [base], type: 'string', expression,
})

/** A place of `count` resources, made with the definitions of the program, and a pack that has one more. */
function place(t, count) {
	const dir = scratch(t), db = join(dir, 'a.db'), pack = join(dir, 'pack'), file = join(dir, 'a.ndjson')
	writeFileSync(file, execFileSync(process.execPath, [join(root, 'bench/scale.mjs'), String(count)], { maxBuffer: 1 << 30 }))
	assert.equal(causeway('import', db, file).code, 0)
	mkdirSync(join(pack, 'fhir/search'), { recursive: true })
	writeFileSync(join(pack, 'fhir/search/surname.json'), parameter('surname', 'Patient.name.family'))
	return { dir, db, pack, file }
}

const search = (db, pack, query) => causeway('search', db, query, '--ids', '--place', pack)

test('a parameter of the place: found by after `causeway reindex`, and the others as before', t => {
	const { db, pack } = place(t, 2000)
	const before = causeway('search', db, 'Patient?family=Jones&_count=1000', '--ids').out
	const refused = search(db, pack, 'Patient?surname=Jones')
	assert.notEqual(refused.code, 0)
	assert.match(refused.err, /causeway reindex/)
	const done = causeway('reindex', db, '--place', pack)
	assert.equal(done.code, 0, done.err)
	assert.match(done.out, /\b1 search parameters made$/m)
	assert.equal(search(db, pack, 'Patient?surname=Jones&_count=1000').out, before)
	assert.equal(causeway('check', db, '--place', pack).code, 0)
	writeFileSync(join(pack, 'fhir/search/surname.json'), parameter('surname', 'Patient.name.given'))
	assert.equal(causeway('reindex', db, '--place', pack).code, 0)
	assert.equal(causeway('check', db, '--place', pack).code, 0)
	assert.equal(search(db, pack, 'Patient?surname=Ada').out, causeway('search', db, 'Patient?given=Ada', '--ids', '--place', pack).out)
	assert.match(causeway('reindex', db).out, /\b0 search parameters made$/m, 'and gone again')
	assert.equal(causeway('check', db).code, 0)
	assert.equal(causeway('search', db, 'Patient?family=Jones&_count=1000', '--ids').out, before)
})

test('a definition that makes no sense is refused with its file', t => {
	const { db, pack } = place(t, 10)
	for (const wrong of ['{', parameter('x', 'Patient.name.'), parameter('x', 'Patient.name', 'Nonsense'), parameter('name', 'Patient.name')]) {
		writeFileSync(join(pack, 'fhir/search/surname.json'), wrong)
		const refused = causeway('reindex', db, '--place', pack)
		assert.notEqual(refused.code, 0, wrong)
		assert.match(refused.err, /fhir\/search\/surname.json/)
	}
})

/** A place that is served and asked `well` and `ill` while it is indexed again; where the machine was quicker than that, a larger one. */
async function early(t, options, well, ill) {
	for (let count = 5000; ; count *= 2) {
		const made = place(t, count), server = await serve(t, made.db, ...options(made))
		const get = path => fetch(`${server.base}/fhir/${path}`)
		assert.equal((await get(well)).status, 200)
		const metrics = await (await fetch(`${server.base}/metrics`)).text(), reply = await get(ill)
		if (reply.status === 503)
			return { ...made, server, get, metrics, why: (await reply.json()).issue[0].diagnostics }
		assert.ok(count < 100000, 'it is never asked in time')
		await server.stop()
	}
}

test('a server is ready at once, refuses only what is not, and ends with all', async t => {
	const { db, pack, server, get, metrics, why } = await early(t, made => ['--place', made.pack], 'Patient?family=Jones&_summary=count', 'Patient?surname=Jones')
	assert.match(why, /Patient\.surname is being indexed, \d+ %/)
	assert.match(metrics, /^causeway_reindex_parameters 1$/m)
	const made = await fetch(`${server.base}/fhir/Patient/meanwhile`, { method: 'PUT', headers: { 'Content-Type': 'application/fhir+json' }, body: JSON.stringify({ resourceType: 'Patient', id: 'meanwhile', name: [{ family: 'Meanwhile' }] }) })
	assert.equal(made.status, 201)
	for (let i = 0; (await get('Patient?surname=Meanwhile')).status === 503; i++) {
		assert.ok(i < 600, 'it does not end')
		await new Promise(resolve => setTimeout(resolve, 100))
	}
	assert.equal((await (await get('Patient?surname=Meanwhile')).json()).entry.length, 1)
	const total = async path => (await (await get(`${path}&_summary=count`)).json()).total
	assert.equal(await total('Patient?surname=Jones'), await total('Patient?family=Jones'))
	await server.stop()
	const check = causeway('check', db, '--place', pack)
	assert.equal(check.code, 0, check.out + check.err)
})

/** Statements on the database itself, beside the program. */
function meddle(db, sql) {
	if (server)
		return psql(sql, database(db))
	return execFileSync('sqlite3', ['-cmd', '.timeout 60000', db, sql], { encoding: 'utf8' }).trim()
}

/** As a program left it that found other values in the same resources. */
const made_by_another = db => meddle(db, `
	UPDATE meta SET value = '1' || substr(value, ${1 + meddle(db, "SELECT value FROM meta WHERE name = 'digest'").indexOf('.')}) WHERE name = 'digest';
	UPDATE meta SET value = '0000000000000000' || substr(value, 17) WHERE name = 'parameters';
	UPDATE string SET value = 'x' || value; DELETE FROM token WHERE resource % 2 = 0`)

test('what a program finds that finds other values in the same resources: made again while it is served', async t => {
	let before
	const { db, server: served, get, why } = await early(t, ({ db }) => {
		before = causeway('search', db, 'Patient?family=Jones&_count=1000', '--ids').out
		made_by_another(db)
		const refused = causeway('search', db, 'Patient?family=Jones', '--ids')
		assert.notEqual(refused.code, 0)
		assert.match(refused.err, /causeway reindex.*or serve it/)
		return []
	}, 'Patient?_count=1', 'Patient?family=Jones')
	assert.match(why, /Patient\.family is being indexed, \d+ %/)
	const made = await fetch(`${served.base}/fhir/Patient/meanwhile`, { method: 'PUT', headers: { 'Content-Type': 'application/fhir+json' }, body: JSON.stringify({ resourceType: 'Patient', id: 'meanwhile', name: [{ family: 'Meanwhile' }] }) })
	assert.equal(made.status, 201)
	for (let i = 0; (await get('Patient?family=Meanwhile')).status === 503; i++) {
		assert.ok(i < 600, 'it does not end')
		await new Promise(resolve => setTimeout(resolve, 100))
	}
	assert.equal((await (await get('Patient?family=Meanwhile')).json()).entry.length, 1)
	await served.stop()
	assert.equal(causeway('search', db, 'Patient?family=Jones&_count=1000', '--ids').out, before)
	const check = causeway('check', db)
	assert.equal(check.code, 0, check.out + check.err)
	made_by_another(db)
	assert.equal(causeway('reindex', db).code, 0)
	assert.equal(causeway('check', db).code, 0)
})

test('words and labels that are others need a rebuild, and it is said', async t => {
	const { db } = place(t, 100)
	meddle(db, "UPDATE meta SET value = replace(value, '.', '.0') WHERE name = 'digest'")
	await assert.rejects(serve(t, db))
	assert.match(causeway('reindex', db).err, /run `causeway rebuild`/)
	assert.equal(causeway('rebuild', db).code, 0)
	assert.equal(causeway('check', db).code, 0)
})

test('killed half way it goes on', async t => {
	const { db, pack } = place(t, 5000)
	for (let i = 0; i < 3; i++) {
		const child = spawn(program, ['reindex', db, '--place', pack], { stdio: 'ignore' })
		const ended = new Promise(resolve => child.on('close', resolve))
		setTimeout(() => child.kill('SIGKILL'), 250)
		await ended
	}
	assert.equal(causeway('reindex', db, '--place', pack).code, 0)
	const check = causeway('check', db, '--place', pack)
	assert.equal(check.code, 0, check.out + check.err)
})
