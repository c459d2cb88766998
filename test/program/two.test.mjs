// Two servers on one database, hammered with changes of the same few people: nothing hangs, whoever comes second is
// told so (409, 412, 503), and of all that was acknowledged nothing is lost or there twice.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, scratch, serve } from './causeway.mjs'

const people = Array.from({ length: 5 }, (_, i) => `p${i}`)
const lanes = 8
const wanted = 120 // acknowledged changes of either kind, between all lanes

const asking = base => async (method, path, body, headers = {}) => {
	const response = await fetch(`${base}/fhir${path}`, {
		method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(120000),
		headers: { 'content-type': 'application/fhir+json', ...headers },
	})
	return { status: response.status, etag: response.headers.get('etag'), retry: response.headers.get('retry-after'), json: await response.json().catch(() => null) }
}
const person = (id, count) => ({ resourceType: 'Patient', id, multipleBirthInteger: count })
const any = list => list[Math.floor(Math.random() * list.length)]

/** An honest no: somebody else was there first, or too many wait; and it says why. */
function refused(answer) {
	assert.ok([409, 412, 503].includes(answer.status), `${answer.status} ${JSON.stringify(answer.json)}`)
	assert.equal(answer.json.resourceType, 'OperationOutcome')
	if (answer.status === 503)
		assert.ok(Number(answer.retry) > 0, 'a 503 says when to try again')
	return false
}

async function increment(ask) {
	const id = any(people)
	const { json, etag } = await ask('GET', `/Patient/${id}`)
	const put = await ask('PUT', `/Patient/${id}`, person(id, json.multipleBirthInteger + 1), { 'if-match': etag })
	return put.status === 200 || refused(put)
}

/** Two people at once, in any order, and a note about the first: all of it or nothing. */
async function together(ask) {
	const first = any(people), second = any(people.filter(id => id !== first))
	const entry = await Promise.all([first, second].map(async id => {
		const { json, etag } = await ask('GET', `/Patient/${id}`)
		return { resource: person(id, json.multipleBirthInteger + 1), request: { method: 'PUT', url: `Patient/${id}`, ifMatch: etag } }
	}))
	const note = { resourceType: 'Observation', status: 'final', code: { text: 'both' }, subject: { reference: `Patient/${first}` } }
	entry.push({ resource: note, request: { method: 'POST', url: 'Observation' } })
	const answer = await ask('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })
	return answer.status === 200 || refused(answer)
}

test('two servers, the same people', async t => {
	const db = join(scratch(t), 'a.db')
	assert.equal(causeway('init', db).code, 0)
	const servers = [await serve(t, db), await serve(t, db)]
	const asks = servers.map(server => asking(server.base))
	for (const id of people)
		assert.equal((await asks[0]('PUT', `/Patient/${id}`, person(id, 0))).status, 201)

	const done = { single: 0, both: 0, refused: 0 }
	await Promise.all(Array.from({ length: lanes }, async (_, lane) => {
		const ask = asks[lane % 2], kind = lane % 4 < 2 ? 'single' : 'both'
		while (done[kind] < wanted)
			done[await (kind === 'single' ? increment : together)(ask) ? kind : 'refused']++
	}))
	t.diagnostic(`${done.single} single, ${done.both} of two, ${done.refused} refused`)

	for (const ask of asks) {
		let sum = 0, versions = 0
		for (const id of people) {
			const { json } = await ask('GET', `/Patient/${id}`)
			sum += json.multipleBirthInteger
			versions += Number(json.meta.versionId) - 1
			assert.equal(Number(json.meta.versionId) - 1, json.multipleBirthInteger, `${id}: each version counts one more`)
		}
		assert.equal(sum, done.single + 2 * done.both)
		assert.equal(versions, sum)
		assert.equal((await ask('GET', '/Observation?_summary=count')).json.total, done.both)
	}
	for (const server of servers)
		await server.stop()
	const check = causeway('check', db)
	assert.equal(check.code, 0, check.out + check.err)
})

test('programs that start at once on a new database', async t => {
	const db = join(scratch(t), 'a.db')
	const servers = await Promise.all(Array.from({ length: 4 }, () => serve(t, db)))
	const answers = await Promise.all(servers.map((server, n) => asking(server.base)('PUT', `/Patient/s${n}`, person(`s${n}`, n))))
	assert.deepEqual(answers.map(answer => answer.status), [201, 201, 201, 201])
	for (const server of servers)
		await server.stop()
	assert.equal(causeway('check', db).code, 0)
})
