// A bulk export says what `causeway export` says, also when its server is killed half way and started again.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { causeway, copied, scratch, serve, until } from './causeway.mjs'

/** A small synthetic place; 15 MB of NDJSON, so fifteen files of one MB. */
function place(dir) {
	const made = causeway('demo', '--people', '600', '--dir', dir, '--today', '2025-11-19', '--no-serve', '--bulk')
	assert.equal(made.code, 0, made.err)
	return copied(made.out.trim().split('\n').at(-1))
}

async function kickOff(base, path = '/fhir/$export') {
	const reply = await fetch(base + path, { headers: { Prefer: 'respond-async' } })
	assert.equal(reply.status, 202, await reply.text())
	return reply.headers.get('content-location')
}

async function manifest(status) {
	for (let i = 0; i < 600; i++) {
		const reply = await fetch(status)
		if (reply.status !== 202) {
			const body = await reply.json()
			assert.equal(reply.status, 200, JSON.stringify(body))
			return body
		}
		assert.match(reply.headers.get('x-progress'), /waiting|written/)
		await reply.arrayBuffer()
		await sleep(100)
	}
	assert.fail('the export does not end')
}

/** All lines by type, sorted, each file as long as the manifest says. */
async function linesOf(output, gzip) {
	const lines = {}
	for (const file of output) {
		const reply = await fetch(file.url, { headers: { 'Accept-Encoding': gzip ? 'gzip' : 'identity' } })
		assert.equal(reply.status, 200)
		assert.equal(reply.headers.get('content-type'), 'application/fhir+ndjson')
		assert.equal(reply.headers.get('content-encoding'), gzip ? 'gzip' : null)
		const text = await reply.text()
		assert.ok(text.endsWith('\n'))
		const found = text.slice(0, -1).split('\n')
		assert.equal(found.length, file.count, file.url)
		lines[file.type] = (lines[file.type] ?? []).concat(found)
	}
	for (const type of Object.keys(lines))
		lines[type].sort()
	return lines
}

function exported(db, dir) {
	const done = causeway('export', db, '--out', dir)
	assert.equal(done.code, 0, done.err)
	const lines = {}
	for (const name of readdirSync(dir))
		lines[name.replace('.ndjson', '')] = readFileSync(join(dir, name), 'utf8').slice(0, -1).split('\n').sort()
	return lines
}

function wholeFiles(db) {
	const folder = `${db}.bulk`
	const job = existsSync(folder) && readdirSync(folder).find(name => /^[0-9a-f]{32}$/.test(name))
	return job ? readdirSync(join(folder, job)).filter(name => name.endsWith('.ndjson')) : []
}

async function untilWhole(db, count) {
	while (wholeFiles(db).length < count)
		await sleep(1)
}

test('a bulk export', async t => {
	const dir = scratch(t)
	const db = place(dir)
	assert.equal(causeway('tick', db).code, 0) // so that no work follows while it is looked at
	const whole = exported(db, join(dir, 'ndjson'))

	await t.test('is what causeway export writes, packed or not', async t => {
		const server = await serve(t, db)
		const told = await manifest(await kickOff(server.base))
		assert.deepEqual(await linesOf(told.output, false), whole)
		assert.deepEqual(await linesOf(told.output, true), whole)
		assert.equal((await fetch(told.output[0].url, { method: 'HEAD' })).status, 200)
		await server.stop()
		const again = await serve(t, db)
		const url = told.output[0].url.replace(/^http:\/\/[^/]*/, again.base)
		assert.equal((await fetch(url)).status, 200, 'a finished export outlives its server')
		await fetch(url.replace(/\/[^/]*$/, ''), { method: 'DELETE' })
		assert.deepEqual(readdirSync(`${db}.bulk`).sort(), ['lock', 'moments.json'])
		await again.stop()
	})

	await t.test('killed half way goes on after its last whole file, at the moment it began', async t => {
		const server = await serve(t, db, '--export-part', '1')
		const status = new URL(await kickOff(server.base)).pathname
		const second = await kickOff(server.base, '/fhir/$export?_type=Organization'), waits = await fetch(second)
		if ((await fetch(server.base + status)).status === 202) { // one after the other
			assert.equal(waits.status, 202)
			assert.match(waits.headers.get('x-progress'), /waiting/)
			assert.equal(waits.headers.get('retry-after'), '1')
			assert.equal((await fetch(`${second}/Organization.1.ndjson`)).status, 404)
		}
		assert.equal((await fetch(second, { method: 'DELETE' })).status, 202)
		await untilWhole(db, 3)
		server.child.removeAllListeners('exit')
		server.child.kill('SIGKILL')
		await new Promise(done => server.child.once('close', done))
		const before = wholeFiles(db)
		const again = await serve(t, db, '--export-part', '1')
		// what is written now came after the moment
		const written = await fetch(`${again.base}/fhir/Patient`, {
			method: 'POST', headers: { 'Content-Type': 'application/fhir+json' },
			body: JSON.stringify({ resourceType: 'Patient', name: [{ family: 'Later' }] }),
		})
		assert.equal(written.status, 201)
		const told = await manifest(again.base + status)
		for (const name of before)
			assert.ok(told.output.some(file => file.url.endsWith(`/${name}`)), `${name} was whole and is gone`)
		assert.deepEqual(await linesOf(told.output, true), whole)

		const next = await manifest(await kickOff(again.base, `/fhir/$export?_since=${told.transactionTime}`))
		assert.deepEqual(next.output.map(file => [file.type, file.count]), [['Patient', 1]])
		await again.stop()
	})

	await t.test('of people holds theirs alone, and with a filter only what fits', async t => {
		const server = await serve(t, db)
		const people = await manifest(await kickOff(server.base, '/fhir/Patient/$export'))
		const types = new Set(people.output.map(file => file.type))
		assert.ok(types.has('Patient') && types.has('Observation') && !types.has('Organization') && !types.has('Practitioner'))
		const filter = encodeURIComponent('Patient?gender=female')
		const women = await manifest(await kickOff(server.base, `/fhir/$export?_type=Patient&_typeFilter=${filter}`))
		const found = await (await fetch(`${server.base}/fhir/Patient?gender=female&_summary=count`)).json()
		assert.equal(women.output[0].count, found.total)
		const lines = await linesOf(women.output, true)
		assert.ok(lines.Patient.every(line => JSON.parse(line).gender === 'female'))
		await server.stop()
	})

	await t.test('of a group is each member\'s record', async t => {
		const server = await serve(t, db)
		const page = await (await fetch(`${server.base}/fhir/Patient?_count=7&gender=female`)).json()
		const ids = page.entry.map(entry => entry.resource.id)
		const group = await fetch(`${server.base}/fhir/Group`, {
			method: 'POST', headers: { 'Content-Type': 'application/fhir+json' },
			body: JSON.stringify({
				resourceType: 'Group', type: 'person', actual: true,
				member: ids.map(id => ({ entity: { reference: `Patient/${id}` } })),
			}),
		})
		assert.equal(group.status, 201)
		const { id } = await group.json()
		const told = await manifest(await kickOff(server.base, `/fhir/Group/${id}/$export?_type=Patient,Observation`))
		const lines = await linesOf(told.output, false)
		assert.deepEqual(lines.Patient.map(line => JSON.parse(line).id).sort(), ids.sort())
		let expected = 0
		for (const patient of ids) {
			const found = await (await fetch(`${server.base}/fhir/Observation?subject=Patient/${patient}&_summary=count`)).json()
			expected += found.total
		}
		assert.equal(lines.Observation?.length ?? 0, expected)
		await server.stop()
	})

	await t.test('is removed when its time is over, or with its disk', async t => {
		const options = ['--export-disk', '2', '--export-dir', join(dir, 'elsewhere')]
		const server = await serve(t, db, ...options)
		const small = await kickOff(server.base, '/fhir/$export?_type=Organization')
		await manifest(small)
		const large = await kickOff(server.base)
		let reply
		do {
			await sleep(100)
			reply = await fetch(large)
		} while (reply.status === 202)
		assert.equal(reply.status, 500)
		assert.match((await reply.json()).issue[0].diagnostics, /2 MB/)
		await server.stop()
		const short = await serve(t, db, ...options, '--export-keep', '1')
		for (const status of [small, large])
			await until('it is removed', async () => (await fetch(short.base + new URL(status).pathname)).status === 404)
		await short.stop()
	})

	await t.test('can be cancelled while it runs', async t => {
		const server = await serve(t, db, '--export-part', '1')
		const status = await kickOff(server.base)
		const id = status.split('/').at(-1)
		while (!existsSync(join(`${db}.bulk`, id, 'Appointment.1.ndjson')) && (await fetch(status)).status === 202)
			await sleep(1)
		assert.equal((await fetch(status, { method: 'DELETE' })).status, 202)
		assert.equal((await fetch(status)).status, 404)
		await until('its files are gone', () => !existsSync(join(`${db}.bulk`, id)))
		await server.stop()
	})
})
