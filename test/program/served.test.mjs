// A server killed with -9 while clients write: every write it acknowledged is there after a restart, and the place is whole.
// KILLS=50 for the long form.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, scratch, serve, until } from './causeway.mjs'

const rounds = Number(process.env.KILLS ?? 5), clients = 12

/** One client: creates, updates and transactions until the server is gone; what was acknowledged goes to `kept`. */
async function client(base, name, kept) {
	const send = (method, path, body) => fetch(`${base}/fhir${path}`, { method, headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify(body) })
	const basic = (id, text) => ({ resourceType: 'Basic', id, code: { text } })
	for (let n = 0; ; n++) {
		const id = `${name}-${n % 5}`, text = `${name} ${n}`
		try {
			if (n % 3 === 2) {
				const entry = [`${name}-x${n}`, `${name}-y${n}`].map(one => ({ resource: basic(one, text), request: { method: 'PUT', url: `Basic/${one}` } }))
				const response = await send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })
				assert.equal(response.status, 200)
				entry.forEach(({ resource }) => kept.set(resource.id, text))
			} else {
				kept.delete(id) // until it is acknowledged again either text may be there
				const response = await send('PUT', `/Basic/${id}`, basic(id, text))
				assert.ok([200, 201].includes(response.status), `${response.status}`)
				kept.set(id, text)
			}
		} catch (error) {
			if (error instanceof assert.AssertionError)
				throw error
			return
		}
	}
}

test(`a server killed ${rounds} times under load`, async t => {
	const db = join(scratch(t), 'a.db'), kept = new Map()
	for (let round = 0; round < rounds; round++) {
		const server = await serve(t, db)
		const working = Array.from({ length: clients }, (_, n) => client(server.base, `r${round}c${n}`, kept))
		await until('each has been answered', () => [...kept.keys()].filter(id => id.startsWith(`r${round}c`)).length > clients * 2)
		await new Promise(done => setTimeout(done, round * 37)) // at another moment each time
		server.child.removeAllListeners('exit')
		server.child.kill('SIGKILL')
		await Promise.all(working)
		const check = causeway('check', db)
		assert.equal(check.code, 0, check.out + check.err)
	}
	assert.ok(kept.size > rounds * clients, `only ${kept.size} were acknowledged`)
	const there = new Map(causeway('search', db, 'Basic?_count=1000', '--all').out.split('\n').filter(Boolean).map(line => JSON.parse(line)).map(r => [r.id, r.code.text]))
	assert.deepEqual([...kept].filter(([id, text]) => there.get(id) !== text), [])
	for (const id of there.keys()) { // of two written together neither is there alone
		const pair = /^(.*)-([xy])(\d+)$/.exec(id)
		if (pair)
			assert.ok(there.has(`${pair[1]}-${pair[2] === 'x' ? 'y' : 'x'}${pair[3]}`), `${id} alone`)
	}
})
