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

const call = async (base, path, values, status = 200) => {
	const reply = await fetch(`${base}/fhir/${path}`, { method: 'POST', headers: json, body: parameters(values) })
	const body = await reply.json()
	assert.equal(reply.status, status, `${path}: ${reply.status} ${JSON.stringify(body)}`)
	return body
}
const text = (name, valueString) => ({ name, valueString })
const reference = (name, to) => ({ name, valueReference: { reference: to } })

/** Assessed and decided: { task, decision }. */
async function decided(base, of) {
	const task = await call(base, 'Task/$assess-means', [reference('person', 'Patient/ada'), reference('to', 'Organization/council'), text('case', asked(of))])
	for (const step of ['take', 'prepare'])
		await call(base, `Task/${task.id}/$assessment-${step}`, [])
	return { task, decision: await call(base, `Task/${task.id}/$assessment-decide`, []) }
}
const read = async (base, path) => (await fetch(`${base}/fhir/${path}`)).json()

test('the same means by the rules of a new year: a decision of its own from that day, with a notice', async t => {
	const { base } = await serve(t, place(t)), of = worked.find(it => it.id === 'T-CH-N1')
	const { task, decision } = await decided(base, of)
	assert.equal(decision.disposition, 'Pays £29.50 a week')
	const anew = await call(base, `CoverageEligibilityResponse/${decision.id}/$uprate`, [{ name: 'day', valueDate: '2022-04-11' }])
	assert.equal(anew.disposition, 'Pays £23.80 a week') // 194.70 to live on in place of 189.00
	assert.equal(anew.servicedPeriod.start, '2022-04-11')
	assert.equal((await read(base, `CoverageEligibilityResponse/${decision.id}`)).servicedPeriod.end, '2022-04-10')
	await call(base, `CoverageEligibilityResponse/${decision.id}/$uprate`, [{ name: 'day', valueDate: '2022-04-11' }], 409)
	const notices = (await read(base, 'Communication?subject=Patient/ada')).entry.map(e => e.resource.payload[0].contentString)
	assert.deepEqual(notices, ['From 2022-04-11 you pay £23.80 a week for your care, in place of £29.50. The rules changed; what you told us is the same.'])
	const letters = await (await fetch(`${base}/money/next/letters?day=2022-04-11`)).text()
	assert.match(letters, /Dear Ada Oak.*<b>£23\.80<\/b> a week from then, in place of £29\.50/s)
	assert.match(await (await fetch(`${base}/money/cases/${task.id}/letter`)).text(), /in place of £29\.50/)
	const compared = await call(base, 'CoverageEligibilityResponse/$compare', [{ name: 'day', valueDate: '2023-04-10' }])
	assert.deepEqual(compared.parameter.map(p => p.part.find(x => x.name === 'decision').valueString), [anew.id], 'only what holds is compared')
})

test('NHS continuing healthcare: the Checklist leads on by its table, and the decision ends what the council charges', async t => {
	const { base } = await serve(t, place(t)), { decision } = await decided(base, worked.find(it => it.id === 'T-CH-R1'))
	const domains = ['breathing', 'nutrition', 'continence', 'skin', 'mobility', 'communication', 'psychological', 'cognition', 'behaviour', 'drugs', 'consciousness']
	const checklist = async levels => {
		const reply = await fetch(`${base}/fhir/QuestionnaireResponse`, { method: 'POST', headers: json, body: JSON.stringify({ resourceType: 'QuestionnaireResponse',
			questionnaire: 'https://causeway.example/fhir/Questionnaire/continuing-healthcare|1', status: 'completed', subject: { reference: 'Patient/ada' },
			authored: '2025-06-02', item: [{ linkId: 'body', item: domains.map((d, i) => ({ linkId: `domain.${d}`, answer: [{ valueCoding: { code: levels[i] ?? 'c' } }] })) }] }) })
		return `QuestionnaireResponse/${(await reply.json()).id}`
	}
	// domains in order: breathing, behaviour, drugs and consciousness can carry the level priority
	for (const [levels, leads] of [['cccc', false], ['caca', true], ['cbbbb', false], ['cbbbbb', true], ['cabbbc', false], ['cabbbb', true],
		['a', true], ['caccc', false], ['cccccccca', true], ['abc', true]])
		await call(base, 'Task/$continuing-refer', [reference('checklist', await checklist([...levels]))], leads ? 200 : 409)
	const task = await call(base, 'Task/$continuing-refer', [reference('checklist', await checklist(['c'])), text('note', 'Worse since then')])
	const step = (name, values = []) => call(base, `Task/${task.id}/$continuing-${name}`, values)
	await step('recommend', [{ name: 'eligible', valueBoolean: true }, text('note', 'Unstable breathing')])
	await step('grant', [{ name: 'day', valueDate: '2025-07-01' }, text('note', 'Agreed')])
	assert.equal((await read(base, `CoverageEligibilityResponse/${decision.id}`)).servicedPeriod.end, '2025-06-30')
	const now = (await read(base, 'CoverageEligibilityResponse?patient=Patient/ada&_sort=-created')).entry.map(e => e.resource).find(r => r.servicedPeriod?.start)
	assert.equal(now.servicedPeriod.start, '2025-07-01')
	assert.equal(now.disposition, 'Pays £0.00 a week')
	await step('review', [text('note', 'Goes on')])
	await step('end', [text('note', 'Stable now')])
})

test('a decision made again is the same after its figures were corrected', async t => {
	const db = place(t), overlay = scratch(t)
	const of = worked.find(it => it.id === 'T-CH-R1')
	const first = await serve(t, db)
	const { decision } = await decided(first.base, of)
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
