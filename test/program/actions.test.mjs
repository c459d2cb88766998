// Every action has its three faces; and one referral goes through all of them.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, scratch, serve } from './causeway.mjs'

const rows = causeway('actions').out.trim().split('\n').slice(1).map(line => {
	const [name, on, op, capability, form, help] = line.split('\t')
	return { name, on, op, capability, form, help }
})

function place(t) {
	const dir = scratch(t), db = join(dir, 'a.db'), file = join(dir, 'people.ndjson')
	writeFileSync(file, [
		{ resourceType: 'Organization', id: 'council', name: 'Council' },
		{ resourceType: 'Organization', id: 'team', name: 'Falls team' },
		{ resourceType: 'Patient', id: 'ada', name: [{ family: 'Oak', given: ['Ada'] }] },
	].map(one => JSON.stringify(one)).join('\n'))
	assert.equal(causeway('import', db, file).code, 0)
	return db
}

const given = values => ({ resourceType: 'Parameters', parameter: Object.entries(values).map(([name, value]) =>
	/^[A-Z]\w+\//.test(value) ? { name, valueReference: { reference: value } } : { name, valueString: value }) })

async function post(base, path, values, headers = {}) {
	const reply = await fetch(`${base}/fhir/${path}`, { method: 'POST', body: JSON.stringify(given(values)), headers: { 'content-type': 'application/fhir+json', ...headers } })
	return { status: reply.status, body: await reply.json() }
}

test('each row is a command, an operation and a form', async t => {
	const { base } = await serve(t, place(t))
	assert.ok(rows.length > 8)
	for (const row of rows) {
		const help = causeway(row.name, '--help')
		assert.equal(help.code, 0, row.name)
		assert.ok(help.out.includes(row.help), row.name)
		if (row.form === 'yes') {
			const page = await fetch(`${base}/do/${row.name}`)
			assert.ok(row.on.endsWith('/ID') ? page.status === 404 : page.status === 200, `${row.name}: ${page.status}`)
		}
		const called = await post(base, row.on.endsWith('/ID') ? row.on.replace('ID', `nobody/${row.op}`) : `${row.on}/${row.op}`, {})
		const lists = row.form !== 'yes' && !row.on.endsWith('/ID') // it only tells, and may need nothing
		assert.ok([404, 422, 409, ...lists ? [200] : []].includes(called.status), `${row.name}: ${called.status}`)
		assert.doesNotMatch(JSON.stringify(called.body), /no such operation/, row.name)
	}
})

test('a referral made over the API, accepted on the command line, ended on a page', async t => {
	const db = place(t), { base } = await serve(t, db)
	const asked = { person: 'Patient/ada', to: 'Organization/team', what: 'Falls assessment', reason: 'Fell twice this week' }
	const made = await post(base, 'Task/$refer', asked, { 'idempotency-key': 'w1' })
	assert.equal(made.status, 200)
	assert.equal(made.body.status, 'requested')
	assert.equal(made.body.owner.reference, 'Organization/team')
	assert.equal((await post(base, 'Task/$refer', asked, { 'idempotency-key': 'w1' })).body.id, made.body.id, 'sent twice is made once')
	const id = made.body.id

	const accepted = causeway('referral-accept', db, id, '--note', 'Tomorrow at ten')
	assert.equal(accepted.code, 0, accepted.err)
	assert.equal(JSON.parse(accepted.out).status, 'accepted')
	const again = causeway('referral-accept', db, id)
	assert.equal(again.code, 75)
	assert.match(again.err, /allowed: start, return, withdraw, complete/)
	const stale = await post(base, `Task/${id}/$start`, {}, { 'if-match': 'W/"1"' })
	assert.equal(stale.status, 412)

	const form = await (await fetch(`${base}/do/referral-complete?on=${id}&back=/people/ada`)).text()
	assert.match(form, /What came of it\?/)
	assert.match(form, /OAK, Ada/)
	const empty = await fetch(`${base}/do/referral-complete`, { method: 'POST', body: new URLSearchParams({ on: id, back: '/people/ada', reason: ' ' }) })
	assert.equal(empty.status, 422)
	assert.match(await empty.text(), /must be given/)
	const done = await fetch(`${base}/do/referral-complete`, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ on: id, back: '/people/ada', reason: 'Rails fitted' }) })
	assert.equal(done.status, 303)
	assert.equal(new URL(done.headers.get('location'), base).pathname, '/people/ada')
	const task = await (await fetch(`${base}/fhir/Task/${id}`)).json()
	assert.equal(task.status, 'completed')
	assert.equal(task.statusReason.text, 'Rails fitted')
	assert.equal(task.note.length, 2)
	const request = await (await fetch(`${base}/fhir/${task.focus.reference}`)).json()
	assert.equal(request.status, 'completed')
})

test('a form goes back to a page of ours only', async t => {
	const { base } = await serve(t, place(t))
	for (const back of ['//elsewhere.example/', 'https://elsewhere.example/', '/\\elsewhere.example', 'javascript:alert(1)', '/a\nb'])
		assert.match(await (await fetch(`${base}/do/referral-make?back=${encodeURIComponent(back)}`)).text(), /<a href="\/">Back/)
})

test('a day called "on" is not taken for what the form is about', async t => {
	const db = place(t), { base } = await serve(t, db), send = fields => fetch(`${base}/do/budget-review`, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ back: '/budgets', note: 'As planned', ...fields }) })
	const { body: { id } } = await post(base, 'Task/$indicate', { person: 'Patient/ada', points: '100' })
	for (const [step, values] of [['propose', { weekly: '105.00', held: 'managed' }], ['sign-off', {}], ['start', { from: '2024-01-08' }]])
		assert.equal((await post(base, `Task/${id}/$${step}`, values)).status, 200)
	assert.match(await (await fetch(`${base}/do/budget-review?on=${id}`)).text(), /type="date" value="" [^>]*aria-describedby="given-on-hint"/)
	assert.equal((await send({ on: id })).status, 303)
	const wrong = await send({ on: id, 'given-on': 'yesterday' })
	assert.equal(wrong.status, 422)
	assert.match(await wrong.text(), /<a href="#given-on">Reviewed on: it must be a day/)
	assert.equal((await send({ on: id, 'given-on': '2024-02-01' })).status, 303)
	const task = await (await fetch(`${base}/fhir/Task/${id}`)).json()
	assert.match(JSON.stringify(await (await fetch(`${base}/fhir/${task.focus.reference}`)).json()), /budget-reviewed","valueDate":"2024-02-01"/)
})
