// Merges and unmerges at random by the program itself: when the last one is taken back, every resource, every row of the
// search index and every row of the views is what it was before, to the letter; in between a person is shown the items of
// all their Patients. MERGES says how many steps there are (100); 10,000 are the whole of it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { patient, population, random } from '../../bench/identity/people.mjs'
import { causeway, database, psql, scratch, serve, server } from './causeway.mjs'

const steps = Number(process.env.MERGES ?? 100), many = 30
const index = ['token', 'string', 'date', 'number', 'quantity', 'reference', 'uri', 'match_fact', 'match_key']

/** What a table holds, as text: each row a line. */
function sql(db, query) {
	if (server)
		return psql(query, database(db))
	return execFileSync('sqlite3', ['-cmd', '.timeout 60000', db, query], { encoding: 'utf8', maxBuffer: 1 << 28 })
}

const sorted = text => text.trim().split('\n').sort().join('\n')

function rows(db) {
	const views = sql(db, server ? "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_name LIKE 'view\\_%'"
		: "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'view\\_%' ESCAPE '\\'").trim().split('\n')
	assert.ok(views.includes('view_observation'))
	return Object.fromEntries([...index, ...views].map(name => [name, sorted(sql(db, `SELECT * FROM "${name}"`))]))
}

/** All that is in the record, without which version it is and since when. */
function resources(db, dir) {
	const run = causeway('export', db, '--out', dir)
	assert.equal(run.code, 0, run.err)
	return sorted(readdirSync(dir).filter(name => name.endsWith('.ndjson')).map(name => readFileSync(join(dir, name), 'utf8')).join('')
		.replace(/"versionId":"\d+",?/g, '').replace(/"lastUpdated":"[^"]*",?/g, ''))
}

function* everything() {
	let n = 0
	for (const p of population(many, 11)) {
		const id = `p${n++}`, subject = { reference: `Patient/${id}` }
		yield { ...patient(p, { org: 'RXX', system: 'https://trust.example/mrn', id: `m${id}` }), id }
		for (let i = 0; i <= n % 3; i++)
			yield { resourceType: 'Observation', id: `o${id}-${i}`, status: 'final', code: { text: 'Weight' }, subject,
				effectiveDateTime: `2025-01-0${i + 1}`, valueQuantity: { value: 60 + n, unit: 'kg' } }
		yield { resourceType: 'Condition', id: `c${id}`, code: { text: 'Gout' }, subject }
	}
}

test(`${steps} merges and unmerges leave no trace but their history`, async t => {
	const dir = scratch(t), db = join(dir, 'place.db'), file = join(dir, 'all.ndjson')
	writeFileSync(file, [...everything()].map(one => JSON.stringify(one)).join('\n') + '\n')
	assert.equal(causeway('init', db).code, 0)
	assert.equal(causeway('import', db, file, '--quiet').code, 0)
	causeway('match', db, file) // the match index has seen them
	const before = rows(db), told = resources(db, join(dir, 'before'))

	assert.equal(told.match(/"resourceType":"Patient"/g).length, many)
	assert.ok(before.view_observation.split('\n').length > many && before.token.length && before.match_key.length)

	const { base, stop } = await serve(t, db)
	const r = random(17), parent = Array(many).fill(-1)
	const root = p => parent[p] < 0 ? p : root(parent[p])
	const post = async (path, body) => (await fetch(`${base}/fhir/Patient${path}`, { method: 'POST', headers: { 'content-type': 'application/fhir+json' },
		body: body && JSON.stringify(body) })).status
	const merge = (kept, gone) => post('/$merge', { resourceType: 'Parameters', parameter: [
		{ name: 'target-patient', valueReference: { reference: `Patient/p${kept}` } }, { name: 'source-patient', valueReference: { reference: `Patient/p${gone}` } }] })
	const conditions = async p => (await (await fetch(`${base}/fhir/Condition?patient=p${p}&_summary=count`)).json()).total
	let merged = 0, undone = 0
	for (let n = 0; n < steps; n++) {
		const a = r.below(many), b = r.below(many)
		if (r.chance(0.45)) {
			assert.equal(await post(`/p${a}/$unmerge`), parent[a] < 0 ? 404 : 200)
			undone += parent[a] >= 0
			parent[a] = -1
		} else if (a !== b && parent[b] < 0 && root(a) !== b) {
			assert.equal(await merge(a, b), 200)
			parent[b] = a
			merged++
		}
		if (n % 10 === 0)
			assert.equal(await conditions(a), parent.filter((_, p) => root(p) === root(a)).length)
	}
	for (let a = 0; a < many; a++)
		if (parent[a] >= 0)
			assert.equal(await post(`/p${a}/$unmerge`), 200)
	await stop()
	assert.ok(merged > steps / 5 && undone > steps / 10, `${merged} merged, ${undone} undone`)

	causeway('match', db, file)
	assert.equal(resources(db, join(dir, 'after')), told)
	const after = rows(db)
	for (const name in before)
		assert.equal(after[name], before[name], name)
	assert.equal(causeway('check', db).code, 0)
	t.diagnostic(`${merged} merged, ${undone} taken back on the way`)
})
