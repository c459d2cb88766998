// The worked examples of charging over the API and through the form of the pages, to the penny; and a decision that stays what it
// was when the figures it used are corrected afterwards.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, root, scratch, serve, setCookies } from './causeway.mjs'

const lines = file => readFileSync(file, 'utf8').trim().split('\n').map(l => JSON.parse(l))
const elsewhere = join(root, '..', 'shared', 'domain', 'charging-examples.ndjson')
const worked = [...lines(join(root, 'test', 'charge', 'rules.ndjson')), ...existsSync(elsewhere) ? lines(elsewhere) : []]
const asked = ({ id, kind, given }) => JSON.stringify({ id, kind, given })
const parameters = values => JSON.stringify({ resourceType: 'Parameters', parameter: values })
const json = { 'content-type': 'application/fhir+json' }

function place(t) {
	const db = join(scratch(t), 'a.db'), file = join(scratch(t), 'people.ndjson')
	writeFileSync(file, [
		{ resourceType: 'Organization', id: 'council', name: 'Council' },
		{ resourceType: 'Patient', id: 'ada', name: [{ family: 'Oak', given: ['Ada'] }] },
	].map(one => JSON.stringify(one)).join('\n'))
	assert.equal(causeway('import', db, file).code, 0)
	return db
}

test('over the API', async t => {
	const { base } = await serve(t, place(t))
	const reply = await fetch(`${base}/fhir/Patient/$charge`, { method: 'POST', headers: json,
		body: parameters(worked.map(it => ({ name: 'case', valueString: asked(it) }))) })
	assert.equal(reply.status, 200)
	const { parameter } = await reply.json()
	worked.forEach((it, i) => assert.deepEqual(JSON.parse(parameter[i].part.find(p => p.name === 'result').valueString), it.expected, it.id))
})

const plain = text => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')

async function page(base) {
	const form = await fetch(`${base}/money/what-if/case?example=residential`)
	const cookie = setCookies(form).map(c => c.split(';')[0]).join('; ')
	const html = await form.text(), token = /name="form_token" value="([^"]*)"/.exec(html)[1]
	const send = values => fetch(`${base}/money/what-if/case`, { method: 'POST', headers: { cookie, origin: base },
		body: new URLSearchParams({ form_token: token, ...values }) })
	return { html, send }
}

/** The figures of each case on the page: [{ name: text }]. */
function shown(html) {
	const all = []
	for (const [, value, number, name] of html.matchAll(/<data value="([^"]*)" class="cw-figure" id="case-(\d+)-([a-z_]+)">/g))
		(all[number - 1] ??= {})[name] = plain(value)
	return all
}

test('through the page, many at once and with their lines', async t => {
	const { base } = await serve(t, place(t)), { html, send } = await page(base)
	const one = await send({ cases: plain(/<textarea[^>]*>([^<]*)/.exec(html)[1]) })
	assert.equal(one.status, 200)
	const text = await one.text()
	assert.match(text, /£158\.05/)
	assert.match(text, /Rule CH-2/)
	assert.match(text, /SI 2014\/2672/)

	const all = await (await send({ cases: worked.map(asked).join('\n') })).text(), figures = shown(all)
	worked.forEach((it, i) => {
		const expected = Object.fromEntries(Object.entries(it.expected).map(([k, v]) => [k, v === null ? '' : String(v)]))
		assert.deepEqual(figures[i], expected, it.id)
	})
	const table = await send({ cases: worked.map(asked).join('\n'), as: 'csv' })
	assert.equal(table.headers.get('content-type'), 'text/csv; charset=utf-8')
	assert.match(await table.text(), /^id,figure,value\r\nT-CH-1,tariff_income,0\.00\r\n/)
})

test('what is no case is said, and what was typed stays', async t => {
	const { base } = await serve(t, place(t)), { send } = await page(base)
	const nothing = await send({ cases: ' ' })
	assert.equal(nothing.status, 422)
	assert.match(await nothing.text(), /Type a case/)
	const wrong = await (await send({ cases: '{"id": "x", "kind": "tariff", "given": {"scheme": "<b>"}} {"kind": "tar' })).text()
	assert.match(wrong, /not &#39;&lt;b&gt;&#39;|not '&lt;b&gt;'/)
	assert.equal(wrong.match(/It cannot be worked out/g).length, 2)
	assert.equal((await send({ cases: '{}'.repeat(201) })).status, 422)
})

test('a decision made again is the same after its figures were corrected', async t => {
	const db = place(t), overlay = scratch(t)
	const of = worked.find(it => it.id === 'T-CH-R1')
	const call = async (base, path, values) => {
		const reply = await fetch(`${base}/fhir/${path}`, { method: 'POST', headers: json, body: parameters(values) })
		assert.equal(reply.status, 200, `${path}: ${reply.status}`)
		return reply.json()
	}
	const first = await serve(t, db)
	const task = await call(first.base, 'Task/$assess-means', [{ name: 'person', valueReference: { reference: 'Patient/ada' } },
		{ name: 'to', valueReference: { reference: 'Organization/council' } }, { name: 'case', valueString: asked(of) }])
	for (const step of ['take', 'prepare'])
		await call(first.base, `Task/${task.id}/$assessment-${step}`, [])
	const decision = await call(first.base, `Task/${task.id}/$assessment-decide`, [])
	assert.equal(decision.disposition, 'Pays £158.05 a week')
	await first.stop()

	mkdirSync(join(overlay, 'policy', 'england'), { recursive: true })
	for (const [file, old, now] of [['income.tsv', '24.90', '30.00'], ['capital.tsv', '14250.00', '12000.00']]) {
		const text = readFileSync(join(root, 'share', 'policy', 'england', file), 'utf8')
		assert.ok(text.includes(old))
		writeFileSync(join(overlay, 'policy', 'england', file), text.replaceAll(old, now))
	}
	const second = await serve(t, db, '--place', overlay)
	const now = await call(second.base, 'Patient/$charge', [{ name: 'case', valueString: asked(of) }])
	assert.equal(JSON.parse(now.parameter[0].part.find(p => p.name === 'result').valueString).charge, '161.95')
	const again = await call(second.base, `CoverageEligibilityResponse/${decision.id}/$replay`, [])
	assert.equal(again.parameter.find(p => p.name === 'same').valueBoolean, true)
	assert.deepEqual(JSON.parse(again.parameter.find(p => p.name === 'again').valueString), of.expected)
})
