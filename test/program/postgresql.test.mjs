// What only a server can do to a program: end its connections, go away and come back, have other roles; and copies
// between the engines. Run by test/pg; without a server there is nothing to test.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { causeway, database, program, psql, root, scratch, serve, server, until } from './causeway.mjs'

const options = { skip: !server && 'no PostgreSQL; test/pg starts one' }
const keeper = server?.replace(/\/\/[^/]*@/, '//keeper@') // the superuser of test/pg
const restart = () => assert.equal(spawnSync(process.env.CAUSEWAY_TEST_PG_RESTART, { stdio: 'inherit' }).status, 0)
const basic = (id, text) => ({ resourceType: 'Basic', id, code: { text } })

/** Write new resources until told to stop; resolves to the ids of those acknowledged, and the other answers. */
async function writeOn(base, name, state) {
	const kept = [], others = []
	state.kept.push(kept)
	for (let n = 0; !state.over; n++) {
		const id = `${name}-${n}`
		const answer = await fetch(`${base}/fhir/Basic/${id}`, {
			method: 'PUT', headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify(basic(id, name)), signal: AbortSignal.timeout(120000),
		})
		const text = await answer.text()
		if (answer.status === 201)
			kept.push(id)
		else
			others.push({ status: answer.status, text })
	}
	return { kept, others }
}

/** Hammer a server while something happens to the database below it. */
async function while_(t, happens) {
	const db = join(scratch(t), 'a.db')
	const place = await serve(t, db), state = { over: false, kept: [] }
	const lanes = Array.from({ length: 8 }, (_, n) => writeOn(place.base, `w${n}`, state))
	const all = () => state.kept.reduce((sum, kept) => sum + kept.length, 0)
	await until('all write', () => state.kept.every(kept => kept.length > 2))
	await happens(db)
	await sleep(300)
	await until('the next request works', async () => (await fetch(`${place.base}/fhir/Basic?_summary=count`)).status === 200)
	const before = all()
	await until('writing goes on', () => all() > before)
	state.over = true
	const results = await Promise.all(lanes)
	const there = new Set(causeway('search', db, 'Basic', '--all', '--ids').out.split('\n').filter(Boolean))
	for (const id of results.flatMap(result => result.kept))
		assert.ok(there.has(`Basic/${id}`), `${id} was acknowledged and is gone`)
	for (const { status, text } of results.flatMap(result => result.others)) {
		assert.ok([500, 503].includes(status), `${status} ${text}`)
		assert.match(JSON.parse(text).issue[0].diagnostics, /connection|database|server|Cannot open/i)
	}
	t.diagnostic(`${results.flatMap(r => r.kept).length} kept, ${results.flatMap(r => r.others).length} told that it failed`)
	await place.stop()
	const check = causeway('check', db)
	assert.equal(check.code, 0, check.out + check.err)
}

test('connections ended by an administrator', options, t => while_(t, async () => {
	for (let i = 0; i < 5; i++) {
		psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'causeway'", keeper)
		await sleep(100)
	}
}))

test('the server restarted under load', options, t => while_(t, async () => restart()))

test('a role that may read the views, and nothing else', options, t => {
	const db = join(scratch(t), 'a.db'), address = database(db), role = 'an "odd" reader; Ö'
	const file = join(scratch(t), 'p.json')
	writeFileSync(file, JSON.stringify({ resourceType: 'Patient', id: 'a', name: [{ family: 'Secret' }] }))
	assert.equal(causeway('import', db, file).code, 0)
	assert.equal(causeway('view', 'grant', db, role).code, 66, 'there is no such role yet')
	psql(`CREATE ROLE "${role.replaceAll('"', '""')}" LOGIN`, keeper)
	const granted = causeway('view', 'grant', db, role)
	assert.equal(granted.code, 0, granted.err)

	const reader = address.replace(/\/\/[^/]*@/, `//${encodeURIComponent(role)}@`)
	assert.equal(psql('SELECT count(*) FROM view_patient', reader), '1')
	for (const table of ['version', 'resource', 'name', 'token', 'string', 'meta', 'dictionary', 'migration', 'event'])
		assert.throws(() => psql(`SELECT * FROM ${table}`, reader), /permission denied/, table)
	for (const sql of ["DELETE FROM view_patient", "INSERT INTO view_error VALUES (1, 1, '', '')", 'CREATE TABLE mine (a int)'])
		assert.throws(() => psql(sql, reader), /permission denied/, sql)

	assert.equal(causeway('view', 'rebuild', db).code, 0)
	assert.equal(psql('SELECT count(*) FROM view_patient', reader), '1', 'a rebuild gives the new tables too')
	assert.equal(causeway('view', 'revoke', db, role).code, 0)
	for (const again of ['revoked', 'rebuilt']) { // not even the schema can be seen
		assert.throws(() => psql('SELECT count(*) FROM view_patient', reader), /does not exist|permission denied/, again)
		assert.equal(causeway('rebuild', db).code, 0)
	}
})

// ---- copies ----

const run = (...args) => spawnSync(program, args, { encoding: 'utf8' })

function exported(db, dir) {
	const done = run('export', db, '--out', dir)
	assert.equal(done.status, 0, done.stderr)
	return Object.fromEntries(readdirSync(dir).map(name => [name, readFileSync(join(dir, name), 'utf8')]))
}

/** A copy killed after so many milliseconds; false when it ended before. */
function copyKilled(from, to, delay) {
	return new Promise(resolve => {
		const child = spawn(program, ['copy', from, to, '--quiet'], { stdio: 'ignore' })
		const timer = setTimeout(() => child.kill('SIGKILL'), delay)
		child.on('close', (code, signal) => {
			clearTimeout(timer)
			resolve(signal === 'SIGKILL')
		})
	})
}

test('a place copied there and back, killed on the way, is equal to the letter', options, async t => {
	const dir = scratch(t)
	const made = causeway('demo', '--people', '40', '--dir', dir, '--today', '2025-11-19', '--no-serve', '--bulk')
	assert.equal(made.code, 0, made.err)
	const first = made.out.trim().split('\n').at(-1), there = database(join(dir, 'there.db')), back = join(dir, 'back')
	let killed = 0, halves = 0
	for (const [from, to] of [[first, there], [there, back]]) {
		for (let delay = 30; await copyKilled(from, to, delay); delay *= 2.2) {
			const check = run('check', to)
			if (check.status === 0) // killed after its last word: the whole is looked at below
				break
			killed++
			halves += /unfinished copy/.test(check.stderr)
		}
		const check = run('check', to)
		assert.equal(check.status, 0, check.stderr)
		assert.equal(run('copy', from, to).status, 75, 'a whole one is not copied into')
	}
	assert.ok(killed > 2, `${killed} kills`)
	t.diagnostic(`${killed} killed, ${halves} of them before all rows were there`)
	const what = exported(first, join(dir, '1'))
	assert.ok(Object.keys(what).length > 10)
	assert.deepEqual(exported(there, join(dir, '2')), what)
	assert.deepEqual(exported(back, join(dir, '3')), what)
	const permanent = readFileSync(join(root, 'src', 'record', 'tables.def'), 'utf8').matchAll(/^PERMANENT\("(\w+)", \w+, "([^"]+)"/gm)
	let tables = 0
	for (const [, table, key] of permanent) { // the database's own tool sees the same
		const rows = db => {
			const { status, stdout, stderr } = spawnSync('sqlite3', ['-readonly', '-quote', db, `SELECT * FROM "${table}" ORDER BY ${key}`], { encoding: 'buffer', maxBuffer: 1 << 30 })
			assert.equal(status, 0, stderr)
			return stdout
		}
		assert.ok(rows(first).equals(rows(back)), table)
		tables++
	}
	assert.ok(tables > 3)
})
