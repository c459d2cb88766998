// Subscriptions and the stream of changes, against real receivers: they fail, are slow, die; the server is killed.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { until as come, causeway, scratch, serve } from './causeway.mjs'

const quick = ['--hook-pause', '20', '--hook-tries', '4']

/** A receiver on a free port. `answer(n, request)` gives the status of the n-th request, or a promise of it. */
async function receiver(t, answer = () => 200, port = 0) {
	const got = []
	const server = createServer((request, response) => {
		const chunks = []
		request.on('data', chunk => chunks.push(chunk))
		request.on('end', async () => {
			const seen = { method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() }
			got.push(seen)
			const status = await answer(got.length, seen)
			response.writeHead(status).end('thanks')
		})
	})
	await new Promise(done => server.listen(port, '127.0.0.1', done))
	const stop = () => new Promise(done => { server.close(done); server.closeAllConnections() })
	t.after(stop)
	return { got, stop, port: server.address().port, url: `http://127.0.0.1:${server.address().port}/in` }
}

async function send(base, method, path, resource) {
	const reply = await fetch(`${base}/fhir/${path}`, {
		method, body: JSON.stringify(resource), headers: { 'Content-Type': 'application/fhir+json' },
	})
	const body = await reply.json()
	return { status: reply.status, body }
}

const subscription = (endpoint, more = {}, channel = {}) => ({
	resourceType: 'Subscription', status: 'requested', reason: 'test', criteria: 'Observation?status=final',
	channel: { type: 'rest-hook', endpoint, payload: 'application/fhir+json', ...channel }, ...more,
})

async function subscribe(base, resource) {
	const made = await send(base, 'POST', 'Subscription', resource)
	assert.equal(made.status, 201, JSON.stringify(made.body))
	await until(async () => (await read(base, made.body.id)).status !== 'requested')
	return made.body.id
}
const read = async (base, id) => (await fetch(`${base}/fhir/Subscription/${id}`)).json()

const until = holds => come(String(holds), holds)

const observation = (id, person, value, status = 'final') => ({
	resourceType: 'Observation', id, status, code: { text: 'weight' }, valueString: String(value),
	...(person ? { subject: { reference: `Patient/${person}` } } : {}),
})
const weigh = (base, id, person, value, status) => send(base, 'PUT', `Observation/${id}`, observation(id, person, value, status))

test('a change that fits is delivered once, as it was, with the headers asked for', async t => {
	const hook = await receiver(t), { base } = await serve(t, join(scratch(t), 'a.db'), ...quick)
	const id = await subscribe(base, subscription(hook.url, {}, { header: ['Authorization: Bearer abc', 'X-Place: here'] }))
	assert.equal((await read(base, id)).status, 'active')
	await weigh(base, 'o-1', 'p-1', 70)
	await weigh(base, 'o-2', 'p-1', 71, 'preliminary')
	await weigh(base, 'o-2', 'p-1', 72)
	await until(() => hook.got.length >= 2)
	await sleep(100)
	assert.deepEqual(hook.got.map(r => [r.method, r.url, JSON.parse(r.body).valueString]),
		[['PUT', '/in/Observation/o-1', '70'], ['PUT', '/in/Observation/o-2', '72']])
	assert.equal(hook.got[0].headers.authorization, 'Bearer abc')
	assert.equal(hook.got[0].headers['x-place'], 'here')
	assert.equal(hook.got[0].headers['content-type'], 'application/fhir+json')
	assert.equal(hook.got[0].headers['x-causeway-subscription'], id)
	assert.ok(Number(hook.got[0].headers['x-causeway-event']) < Number(hook.got[1].headers['x-causeway-event']))
})

test('without a payload it only rings; XML is XML', async t => {
	const bell = await receiver(t), xml = await receiver(t)
	const { base } = await serve(t, join(scratch(t), 'a.db'), ...quick)
	await subscribe(base, subscription(bell.url, {}, { payload: undefined }))
	await subscribe(base, subscription(xml.url, {}, { payload: 'application/fhir+xml' }))
	await weigh(base, 'o-1', 'p-1', 70)
	await until(() => bell.got.length && xml.got.length)
	assert.deepEqual([bell.got[0].method, bell.got[0].url, bell.got[0].body], ['POST', '/in', ''])
	assert.match(xml.got[0].body, /<Observation xmlns="http:\/\/hl7.org\/fhir">.*<valueString value="70"/s)
})

test('what could never work is refused, and what may not be is not sent', async t => {
	const { base } = await serve(t, join(scratch(t), 'a.db'), ...quick)
	const refused = [
		{ criteria: 'Observation?shape=round' }, { criteria: 'Pigeon?x=1' }, { criteria: 'no search at all' },
		{ channel: { type: 'rest-hook', endpoint: 'file:///etc/passwd' } },
		{ channel: { type: 'rest-hook', endpoint: 'gopher://127.0.0.1/' } },
		{ channel: { type: 'rest-hook', endpoint: 'http://user:secret@127.0.0.1/' } },
		{ channel: { type: 'email', endpoint: 'mailto:a@example.org' } },
		{ channel: { type: 'rest-hook', endpoint: 'http://127.0.0.1/', header: ['Host: elsewhere'] } },
		{ channel: { type: 'rest-hook', endpoint: 'http://127.0.0.1/', payload: 'image/png' } },
	]
	for (const more of refused) {
		const { status, body } = await send(base, 'POST', 'Subscription', { ...subscription('http://127.0.0.1/'), ...more })
		assert.equal(status, 422, JSON.stringify(more))
		assert.match(JSON.stringify(body), /Subscription\.(criteria|channel)/)
	}
	for (const endpoint of ['http://hooks.example.org/', 'http://169.254.169.254/latest', 'http://10.0.0.1/']) {
		const id = await subscribe(base, subscription(endpoint)), now = await read(base, id)
		assert.equal(now.status, 'error')
		assert.match(now.error, /not among the destinations/)
	}
})

test('one person after another, each in order, under parallel writes and failures', async t => {
	const hook = await receiver(t, async n => { await sleep(n % 7); return n % 5 === 0 ? 503 : 200 })
	const { base } = await serve(t, join(scratch(t), 'a.db'), ...quick, '--hook-tries', '50')
	await subscribe(base, subscription(hook.url))
	const people = ['a', 'b', 'c', 'd', 'e'], each = 12
	await Promise.all(people.map(async person => {
		for (let i = 1; i <= each; i++)
			assert.ok((await weigh(base, `o-${person}-${i % 3}`, person, i)).status < 300)
	}))
	const done = new Map(people.map(p => [p, []]))
	await until(() => {
		for (const p of people)
			done.set(p, [...new Set(hook.got.filter(r => r.body.includes(`Patient/${p}"`)).map(r => JSON.parse(r.body).valueString))])
		return people.every(p => done.get(p).length === each)
	})
	for (const [person, values] of done)
		assert.deepEqual(values.map(Number), Array.from({ length: each }, (_, i) => i + 1), `order of ${person}`)
})

test('what is refused again and again is given up with its reason, others go on; it can be retried', async t => {
	let well = false
	const hook = await receiver(t, (n, r) => !well && r.url.endsWith('/bad') ? 400 : 200)
	const db = join(scratch(t), 'a.db'), { base } = await serve(t, db, ...quick)
	const id = await subscribe(base, subscription(hook.url))
	await weigh(base, 'bad', 'p-1', 1)
	await weigh(base, 'good', 'p-2', 2)
	await weigh(base, 'later', 'p-1', 3)
	await until(() => ['good', 'later'].every(x => hook.got.some(r => r.url.endsWith(x))))
	assert.equal(hook.got.filter(r => r.url.endsWith('/bad')).length, 4)
	const metrics = await (await fetch(`${base}/metrics`)).text()
	assert.match(metrics, /causeway_hooks_given_up_total 1/)
	well = true
	const retried = causeway('subscription-retry', db, id)
	assert.equal(retried.code, 0, retried.err)
	assert.match(retried.out, /1 /)
	await until(() => hook.got.filter(r => r.url.endsWith('/bad')).length === 5)
})

test('a receiver that is gone stops the Subscription; nothing is lost until it is resumed', async t => {
	const hook = await receiver(t)
	const db = join(scratch(t), 'a.db'), { base } = await serve(t, db, ...quick, '--hook-tries', '2')
	const id = await subscribe(base, subscription(hook.url))
	await hook.stop()
	for (let i = 0; i < 6; i++)
		await weigh(base, `o-${i}`, `p-${i}`, i)
	await until(async () => (await read(base, id)).status === 'error')
	assert.ok((await read(base, id)).error)
	await weigh(base, 'o-6', 'p-6', 6)
	const again = await receiver(t, () => 200, hook.port)
	assert.equal(causeway('subscription-resume', db, id).code, 0)
	assert.equal(causeway('subscription-retry', db, id).code, 0)
	await until(() => new Set(again.got.map(r => r.url)).size === 7)
	await until(async () => (await read(base, id)).status === 'active')
})

test('paused, it waits; ended, it is off', async t => {
	const hook = await receiver(t), db = join(scratch(t), 'a.db'), { base } = await serve(t, db, ...quick)
	const id = await subscribe(base, subscription(hook.url))
	assert.equal(causeway('subscription-pause', db, id).code, 0)
	await sleep(700) // another program's change is seen within half a second
	await weigh(base, 'o-1', 'p-1', 1)
	await sleep(300)
	assert.equal(hook.got.length, 0)
	assert.equal(causeway('subscription-resume', db, id).code, 0)
	await until(() => hook.got.length === 1)
	const end = new Date(Date.now() + 800).toISOString()
	await send(base, 'PUT', `Subscription/${id}`, { ...subscription(hook.url, { end }), id })
	await until(async () => (await read(base, id)).status === 'off')
	await weigh(base, 'o-2', 'p-1', 2)
	await sleep(300)
	assert.equal(hook.got.length, 1)
})

test('killed with -9 under load, it goes on: all are delivered at least once, and in order', async t => {
	const hook = await receiver(t, async () => { await sleep(3); return 200 })
	const db = join(scratch(t), 'a.db')
	let server = await serve(t, db, ...quick), written = new Map()
	await subscribe(server.base, subscription(hook.url))
	for (let round = 0; round < 3; round++) {
		const base = server.base
		const writing = Promise.allSettled(['a', 'b', 'c'].map(async person => {
			for (let i = 1; i <= 40; i++) {
				const value = round * 100 + i
				if ((await weigh(base, `o-${person}`, person, value)).status < 300)
					written.set(person, [...(written.get(person) ?? []), value])
			}
		}))
		const acknowledged = () => [...written.values()].flat().length
		await until(() => acknowledged() >= 12 * (round + 1))
		server.child.removeAllListeners('exit')
		server.child.kill('SIGKILL')
		await writing
		server = await serve(t, db, ...quick)
	}
	const of = person => hook.got.filter(r => r.url.endsWith(`o-${person}`)).map(r => Number(JSON.parse(r.body).valueString))
	await until(() => [...written].every(([p, values]) => values.every(v => of(p).includes(v))))
	for (const p of written.keys()) {
		const first = [...new Set(of(p))]
		assert.deepEqual(first, [...first].sort((a, b) => a - b), `order of ${p}`)
	}
	assert.ok([...written.values()].flat().length >= 36)
})

/** Read a stream: { events, close }. */
async function listen(t, url, headers = {}) {
	const stop = new AbortController(), events = []
	const reply = await fetch(url, { headers, signal: stop.signal })
	assert.equal(reply.status, 200)
	assert.equal(reply.headers.get('content-type'), 'text/event-stream')
	const close = () => stop.abort()
	t.after(close)
	;(async () => {
		let text = ''
		for await (const chunk of reply.body) {
			text += Buffer.from(chunk).toString()
			for (let at; (at = text.indexOf('\n\n')) >= 0; text = text.slice(at + 2)) {
				const fields = Object.fromEntries(text.slice(0, at).split('\n').map(l => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 2)]))
				if (fields.data)
					events.push({ ...fields, data: JSON.parse(fields.data) })
			}
		}
	})().catch(() => {})
	return { events, close }
}
const changes = s => s.events.filter(e => e.event === 'change').map(e => `${e.data.type}/${e.data.id}/${e.data.version}`)

test('who listens hears at once, of what they asked for, and goes on where they were', async t => {
	const { base } = await serve(t, join(scratch(t), 'a.db'))
	const all = await listen(t, `${base}/fhir/$events`)
	const final = await listen(t, `${base}/fhir/$events?criteria=${encodeURIComponent('Observation?status=final')}`)
	const people = await listen(t, `${base}/fhir/$events?_type=Patient`)
	await weigh(base, 'o-1', 'p-1', 1, 'preliminary')
	await weigh(base, 'o-1', 'p-1', 2)
	await until(() => final.events.length === 2)
	await send(base, 'PUT', 'Patient/p-1', { resourceType: 'Patient', id: 'p-1' })
	await until(() => changes(all).length === 3 && changes(people).length === 1)
	assert.deepEqual(changes(all), ['Observation/o-1/1', 'Observation/o-1/2', 'Patient/p-1/1'])
	assert.deepEqual(changes(final), ['Observation/o-1/2'])
	assert.deepEqual(changes(people), ['Patient/p-1/1'])
	all.close()
	await fetch(`${base}/fhir/Observation/o-1`, { method: 'DELETE' })
	const resumed = await listen(t, `${base}/fhir/$events`, { 'Last-Event-ID': all.events.at(-1).id })
	await until(() => changes(resumed).length === 1)
	assert.deepEqual(changes(resumed), ['Observation/o-1/3'])
	assert.equal(resumed.events.at(-1).data.method, 'DELETE')
	for (const bad of ['?_type=Pigeon', '?criteria=Pigeon', '?colour=red', '?_after=yesterday'])
		assert.equal((await fetch(`${base}/fhir/$events${bad}`)).status, 400, bad)
})

test('a hundred listen, and do not keep others from being served', async t => {
	const { base } = await serve(t, join(scratch(t), 'a.db'), '--workers', '2')
	const ears = await Promise.all(Array.from({ length: 100 }, () => listen(t, `${base}/fhir/$events`)))
	for (let i = 0; i < 20; i++)
		assert.equal((await weigh(base, `o-${i}`, 'p-1', i)).status, 201)
	await until(() => ears.every(e => changes(e).length === 20))
	assert.equal((await fetch(`${base}/healthz`)).status, 200)
})

test('another program writes: who listens hears of it', async t => {
	const dir = scratch(t), db = join(dir, 'a.db'), { base } = await serve(t, db)
	const all = await listen(t, `${base}/fhir/$events`)
	const { writeFileSync } = await import('node:fs')
	writeFileSync(join(dir, 'p.json'), '{"resourceType":"Patient","id":"p-9"}')
	assert.equal(causeway('import', db, join(dir, 'p.json')).code, 0)
	await until(() => changes(all).length === 1)
})
