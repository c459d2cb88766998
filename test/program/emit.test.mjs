// The place as its systems would send it: into a place through its feeds; the order of messages does not matter.
// CAUSEWAY_ORDERS=20 tries more orders.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, database, program, scratch } from './causeway.mjs'

const orders = Number(process.env.CAUSEWAY_ORDERS || 1)
const day = ['--today', '2025-11-19']

/** mulberry32 */
function random(seed) {
	let a = seed >>> 0
	return n => {
		a = (a + 0x6d2b79f5) >>> 0
		let t = Math.imul(a ^ (a >>> 15), a | 1)
		t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
		return ((t ^ (t >>> 14)) >>> 0) % n
	}
}

/** Serve a place that takes HL7 v2; its port, and how to end it. */
async function listen(t, db) {
	const child = spawn(program, ['serve', database(db), '--port', '0', '--mllp', '0', '--open', '--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] })
	t.after(() => child.kill('SIGKILL'))
	let out = ''
	await new Promise((resolve, reject) => {
		child.stdout.on('data', data => { out += data; if (/mllp:.*\n/.test(out)) resolve() })
		child.on('exit', code => reject(new Error(`the server ended with ${code}`)))
	})
	child.removeAllListeners('exit')
	return {
		port: /mllp:\/\/[^:]+:(\d+)/.exec(out)[1],
		stop: () => new Promise(done => { child.once('exit', done); child.kill('SIGTERM') }),
	}
}

/** Every message at another place, one in four twice. */
function disorder(messages, seed) {
	const below = random(seed), list = [...messages, ...messages.filter(() => below(4) === 0)]
	for (let i = list.length - 1; i > 0; i--) {
		const k = below(i + 1), other = list[i]
		list[i] = list[k]
		list[k] = other
	}
	return list
}

/** Send all, over one connection, to a new place; what the place holds then, without what tells only when it was written. */
async function heldAfter(t, dir, name, messages) {
	const db = join(dir, `${name}.db`), file = join(dir, `${name}.hl7`), out = join(dir, name)
	writeFileSync(file, messages.join('\n\n'))
	assert.equal(causeway('init', db).code, 0)
	const server = await listen(t, db)
	causeway('feed-send', `127.0.0.1:${server.port}`, file)
	await server.stop()
	assert.equal(causeway('check', db).code, 0)
	assert.equal(causeway('export', db, '--out', out, '--quiet').code, 0)
	const read = type => {
		try {
			return readFileSync(join(out, `${type}.ndjson`), 'utf8').split('\n').filter(Boolean).map(l => JSON.parse(l))
		} catch (e) {
			if (e.code === 'ENOENT') return []
			throw e
		}
	}
	const names = new Map(read('Patient').map(p => [p.id, p.identifier.map(i => i.value).sort().join('+')]))
	const told = {}
	for (const type of ['Encounter', 'DiagnosticReport', 'Observation', 'DocumentReference', 'Condition'])
		told[type] = read(type).map(r => JSON.stringify({ ...r, meta: undefined })
			.replace(/Patient\/([\w-]+)/g, (_, id) => `Patient ${names.get(id)}`)).sort()
	told.numbers = [...names.values()].sort()
	told.born = read('Patient').map(p => `${names.get(p.id)} ${p.birthDate} ${p.gender}`).sort()
	// names and homes, which of them is the one now; those of before in any order, as of equals none is the last
	const words = (p, list) => (p[list] ?? []).map(one => JSON.stringify({ ...one, extension: undefined, period: undefined }))
	for (const list of ['name', 'address'])
		told[list] = read('Patient').map(p => [names.get(p.id), words(p, list)[0], ...words(p, list).slice(1).sort()].join(' ')).sort()
	return told
}

test('files for each organisation, the same bytes again, and into a place', t => {
	const dir = scratch(t), args = ['--people', '60', ...day]
	const first = causeway('emit', '--out', join(dir, 'a'), '--into', join(dir, 'a.db'), ...args)
	assert.equal(first.code, 0, first.err)
	assert.equal(causeway('emit', '--out', join(dir, 'b'), ...args).code, 0)
	for (const file of ['WXA.hl7', 'WXL.csv', 'WXL.ndjson', 'truth.csv'])
		assert.equal(readFileSync(join(dir, 'a', file), 'utf8'), readFileSync(join(dir, 'b', file), 'utf8'), file)
	assert.equal(causeway('check', join(dir, 'a.db')).code, 0)
	assert.match(causeway('feed-list', join(dir, 'a.db')).out, /wxa-hl7.*applied/)
	assert.equal(causeway('emit', '--out', join(dir, 'c'), '--dirt', 'some').code, 64)
})

test('messages in any order, some twice, end in the same place', async t => {
	const dir = scratch(t)
	assert.equal(causeway('emit', '--people', '40', '--dirt', 'none', '--out', join(dir, 'e'), ...day).code, 0)
	const messages = readFileSync(join(dir, 'e', 'WXA.hl7'), 'utf8').split('\n').filter(Boolean)
	assert.ok(messages.length > 50, `${messages.length} messages`)
	const held = await heldAfter(t, dir, 'ordered', messages)
	assert.ok(held.Encounter.length > 10)
	for (let seed = 1; seed <= orders; seed++)
		assert.deepEqual(await heldAfter(t, dir, `disorder-${seed}`, disorder(messages, seed)), held, `seed ${seed}`)
})
