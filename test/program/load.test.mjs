// A load whose index rows are put in order first ends as one that writes them with each resource, killed or not.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, program, root, scratch } from './causeway.mjs'

const sql = (file, ...statements) => execFileSync('sqlite3', ['-readonly', '-cmd', '.timeout 60000', file, ...statements], { encoding: 'utf8', maxBuffer: 1 << 30 })

/** All that an import leaves (words are not to be listed; `check` counts them) but the times and bytes it was written with, a table's rows in order. */
function dump(file) {
	const tables = {}
	for (const name of sql(file, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'migration' AND name NOT LIKE 'words%' ORDER BY name").split('\n').filter(Boolean)) {
		const columns = sql(file, `SELECT name FROM pragma_table_info('${name}') WHERE name NOT IN ('updated', 'body', 'size')`).split('\n').filter(Boolean)
		tables[name] = sql(file, `SELECT ${columns.map(column => `quote("${column}")`).join()} FROM "${name}"`).split('\n').sort()
	}
	return tables
}

function assertSame(one, other) {
	const a = dump(one), b = dump(other)
	assert.deepEqual(Object.keys(a), Object.keys(b))
	for (const name of Object.keys(a))
		assert.deepEqual(a[name], b[name], name)
}

/** People with all kinds of values, some of them several times, changed, deleted and moved to another person. */
function lines(dir, count) {
	const file = join(dir, 'county.ndjson')
	const made = execFileSync(process.execPath, [join(root, 'bench/scale.mjs'), String(count)], { encoding: 'utf8', maxBuffer: 1 << 30 }).split('\n').filter(Boolean)
	const all = made.map(line => JSON.parse(line))
	const people = all.filter(r => r.resourceType === 'Patient')
	const changed = all.filter((r, i) => i % 7 === 0 && r.resourceType === 'Observation').map(r => ({ ...r, status: 'amended', valueQuantity: { ...r.valueQuantity, value: -0.5 } }))
	const moved = all.filter((r, i) => i % 11 === 0 && r.subject).map((r, i) => ({ ...r, subject: { reference: `Patient/${people[i % people.length].id}` } }))
	const back = changed.map(r => all.find(one => one.id === r.id))
	const odd = [
		{ resourceType: 'Patient', id: 'odd', name: [{ family: 'Zoë O’Neill', given: ['é', 'e\u0301'] }], birthDate: '1900-02-28', identifier: [{ value: 'x'.repeat(3000) }] },
		{ resourceType: 'Observation', id: 'early', status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/elsewhere' }, effectiveDateTime: '1066-10-14', valueQuantity: { value: -1e-7, comparator: '<' } },
	]
	writeFileSync(file, [...all, ...changed, ...odd, ...moved, ...back.slice(0, 20), ...odd].map(r => JSON.stringify(r)).join('\n') + '\n')
	return file
}

const load = (db, when, ...files) => causeway('import', db, ...files, '--index', when, '--jobs', '1')

test('rows put in order at the end are those written with each resource', t => {
	const dir = scratch(t), file = lines(dir, 3000), now = join(dir, 'now.db'), later = join(dir, 'later.db')
	assert.equal(load(now, 'now', file).code, 0)
	assert.equal(load(later, 'later', file).code, 0)
	assertSame(now, later)
	assert.equal(causeway('check', later).code, 0)
	assert.ok(!existsSync(`${later}-load`), 'nothing stays beside the database')
	assert.equal(load(later, 'later', file).code, 0, 'again, into what is there')
	assert.equal(causeway('check', later).code, 0)
})

test('into a place that holds something already', t => {
	const dir = scratch(t), file = lines(dir, 1500), db = join(dir, 'a.db'), other = join(dir, 'b.db'), first = join(dir, 'first.ndjson')
	writeFileSync(first, execFileSync(process.execPath, [join(root, 'bench/scale.mjs'), '700']))
	for (const [name, when] of [[db, 'now'], [other, 'later']]) {
		assert.equal(load(name, 'now', first).code, 0)
		assert.equal(load(name, when, file).code, 0)
	}
	assertSame(db, other)
	assert.equal(causeway('check', other).code, 0)
})

test('a condition about people finds what waits for its index', t => {
	const dir = scratch(t), db = join(dir, 'a.db'), people = join(dir, 'people.ndjson'), bundle = join(dir, 'bundle.json')
	const system = 'urn:test:number', who = n => ({ resourceType: 'Patient', id: `p${n}`, identifier: [{ system, value: String(n) }] })
	writeFileSync(people, Array.from({ length: 50 }, (_, n) => JSON.stringify(who(n))).join('\n'))
	writeFileSync(bundle, JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: [
		{ resource: { resourceType: 'Flag', status: 'active', code: { text: 'x' }, subject: { reference: `Patient?identifier=${system}|7` } }, request: { method: 'POST', url: 'Flag' } },
		{ resource: { ...who(8), id: undefined }, request: { method: 'POST', url: 'Patient', ifNoneExist: `identifier=${system}|8` } },
	] }))
	assert.equal(load(db, 'later', people, bundle).code, 0)
	assert.equal(causeway('check', db).code, 0)
	assert.match(causeway('search', db, 'Flag?patient=Patient/p7', '--ids').out, /Flag\//)
	assert.equal(causeway('search', db, `Patient?identifier=${system}%7C8`, '--ids').out.trim().split('\n').length, 1)
})

test('killed half way it is finished by importing again, and ends in the same', async t => {
	const dir = scratch(t), file = lines(dir, 4000), whole = join(dir, 'whole.db')
	const began = performance.now()
	assert.equal(load(whole, 'later', file).code, 0)
	const took = performance.now() - began
	for (const part of [0.4, 0.7, 0.9]) {
		const db = join(dir, `${part}.db`)
		const child = spawn(program, ['import', db, file, '--index', 'later', '--jobs', '1'], { stdio: 'ignore' })
		const ended = new Promise(resolve => child.on('close', (code, signal) => resolve(signal)))
		setTimeout(() => child.kill('SIGKILL'), took * part)
		if (await ended !== 'SIGKILL')
			continue
		const refused = causeway('init', db)
		if (refused.code !== 0)
			assert.match(refused.err, /cut short.*causeway import/s)
		assert.equal(load(db, 'auto', file).code, 0)
		const check = causeway('check', db)
		assert.equal(check.code, 0, check.out + check.err)
		assert.ok(!existsSync(`${db}-load`), 'nothing stays beside the database')
	}
})

test('who has the database open is not shut out, and who comes during a load waits', async t => {
	const dir = scratch(t), file = lines(dir, 4000), db = join(dir, 'a.db'), pipe = join(dir, 'pipe.ndjson')
	execFileSync('mkfifo', [pipe])
	const child = spawn(program, ['import', db, pipe, '--index', 'later'], { stdio: 'ignore' })
	const ended = new Promise(resolve => child.on('close', resolve))
	const text = readFileSync(file), feed = await open(pipe, 'w')
	await feed.write(text, 0, 60_000) /* the load cannot end before it is given the rest */
	let busy = false
	for (let tries = 0; !busy && tries < 500 && child.exitCode === null; tries++) {
		busy = /is being loaded by another program/.test(causeway('init', db).err)
		await new Promise(resolve => setTimeout(resolve, 20))
	}
	await feed.writeFile(text.subarray(60_000))
	await feed.close()
	assert.equal(await ended, 0)
	assert.ok(busy, 'nobody saw the load')
	assert.equal(causeway('check', db).code, 0)
	const server = spawn(program, ['serve', db, '--open', '--port', '0', '--quiet'])
	t.after(() => server.kill())
	await new Promise(resolve => server.stdout.once('data', resolve))
	assert.equal(load(db, 'later', file).code, 0, 'beside a server it is written with each resource')
})
