// A place's pack adds a form, a set of codes for delays and outcomes of the front door: files alone, and the program as it is.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { awayFromMidnight, causeway, daysAgo, root, scratch, serve } from './causeway.mjs'

const pack = join(root, 'test/pack/place')
const HOUR = 3600000

async function place(t, ...options) {
	const dir = scratch(t), db = join(dir, 'p.db'), file = join(dir, 'place.ndjson')
	await awayFromMidnight()
	const day = daysAgo
	writeFileSync(file, [
		{ resourceType: 'Organization', id: 'warden', name: 'Wardens', identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'WXW' }] },
		{ resourceType: 'Organization', id: 'council', name: 'Council' },
		{ resourceType: 'Patient', id: 'ada', name: [{ family: 'Oak', given: ['Ada'] }], birthDate: '1940-03-01' },
		{ resourceType: 'Encounter', id: 'stay', status: 'in-progress', class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
			subject: { reference: 'Patient/ada' }, period: { start: day(9) } },
	].map(one => JSON.stringify(one)).join('\n'))
	assert.equal(causeway('import', db, file).code, 0)
	const { base } = await serve(t, db, '--place', pack, ...options)
	const page = async path => (await fetch(base + path)).text()
	const fill = async (path, fields) => {
		const reply = await fetch(base + path, { method: 'POST', redirect: 'manual', body: new URLSearchParams(Array.isArray(fields) ? fields : Object.entries(fields)) })
		return { status: reply.status, at: reply.headers.get('location') && new URL(reply.headers.get('location'), base).pathname, text: await reply.text() }
	}
	const read = async path => (await fetch(`${base}/fhir/${path}`)).json()
	const act = async (path, values) => {
		const parameter = Object.entries(values).map(([name, value]) => /^[A-Z]\w+\//.test(value) ? { name, valueReference: { reference: value } } : { name, valueString: value })
		const reply = await fetch(`${base}/fhir/${path}`, { method: 'POST', headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify({ resourceType: 'Parameters', parameter }) })
		return { status: reply.status, body: await reply.json() }
	}
	return { db, base, page, fill, read, act, day }
}

test('a form of the pack is offered, shown, answered, checked and completed', async t => {
	const { page, fill, read } = await place(t)
	assert.match(await page('/people/ada/forms'), /What the warden saw at the door/)
	const begun = await fill('/people/ada/forms', { form: 'doorstep', once: 'w1' })
	assert.equal(begun.status, 303)
	const part = await page(`${begun.at}/door`)
	assert.match(part, /Did they come to the door\?/)
	assert.match(part, /1940-03-01|1 Mar(ch)? 1940/, 'what the record knows is not asked')
	const seen = /name="seen" value="(\d+)"/.exec(part)[1]
	const yes = await fill(`${begun.at}/door`, [['seen', seen], ['on', 'opened'], ['opened', 'false'], ['act', 'leave']])
	assert.equal(yes.status, 303, yes.text.slice(0, 300))
	const missing = await fill(`${begun.at}/check-answers`, { seen: '2' })
	assert.equal(missing.status, 422, 'what follows from an answer is asked')
	const again = /name="seen" value="(\d+)"/.exec(await page(`${begun.at}/door`))[1]
	assert.equal((await fill(`${begun.at}/door`, [['seen', again], ['on', 'opened'], ['opened', 'false'], ['on', 'heard'], ['heard', 'A radio, and nobody'], ['act', 'next']])).status, 303)
	const check = await page(`${begun.at}/check-answers`)
	assert.match(check, /A radio, and nobody/)
	const done = await fill(`${begun.at}/check-answers`, { seen: /name="seen" value="(\d+)"/.exec(check)?.[1] ?? '' })
	assert.equal(done.status, 303, done.text.slice(0, 300))
	const response = await read(`QuestionnaireResponse/${begun.at.split('/').pop()}`)
	assert.equal(response.status, 'completed')
	assert.match(response.questionnaire, /Questionnaire\/doorstep\|1$/)
})

test('a delay is recorded with a code of the pack, on its form and over the API, as of its days', async t => {
	const { page, fill, read, act, day } = await place(t)
	const choices = await act('Task/$care-choices', { of: 'delay-reason' })
	const codes = choices.body.parameter.map(one => one.part[0].valueString)
	assert.ok(codes.includes('county|keysafe'), codes.join())
	assert.ok(!codes.includes('county|ferry'), 'it ended with 2025')
	assert.match(await page('/do/delay-begin?stay=Encounter/stay'), /No key safe fitted/)
	const planned = await act('Task/$leave-hospital', { stay: 'Encounter/stay' })
	assert.equal(planned.status, 200, JSON.stringify(planned.body))
	const ready = await act(`Task/${planned.body.id}/$ready`, { since: day(3) })
	assert.equal(ready.status, 200, JSON.stringify(ready.body))
	const done = await fill('/do/delay-begin', { stay: 'Encounter/stay', reason: 'county|keysafe', answerable: 'social', body: 'Organization/council', from: day(3), once: 'd1', back: '/work' })
	assert.equal(done.status, 303, done.text.match(/error-summary[\s\S]{0,600}/)?.[0] ?? done.text.slice(0, 300))
	const delay = (await read('Task?code=delay')).entry[0].resource
	assert.equal(delay.reasonCode.coding[0].code, 'keysafe')
	assert.equal(delay.owner.reference, 'Organization/council')
	assert.match(await page('/people/ada/discharge'), /No key safe fitted/)
	const days = await act(`Task/${delay.id}/$delay-count`, {})
	assert.equal(days.body.parameter.find(one => one.name === 'days').valueInteger, 3)
	const wrong = await act('Task/$delay', { stay: 'Encounter/stay', reason: 'county|ferry', answerable: 'nhs', body: 'Organization/council', from: day(2) })
	assert.equal(wrong.status, 422, 'a code counts only in its time')
	const who = await act('Task/$delay', { stay: 'Encounter/stay', reason: 'county|keysafe', answerable: 'nhs', body: 'Organization/council', from: day(2) })
	assert.ok([409, 422].includes(who.status), 'nor for a body the pack does not name')
})

test('a contact goes the way the pack says, to whom it says, with its clock; accepted, the work of that machine begins', async t => {
	const { page, fill, read, act } = await place(t)
	const form = await page('/contact/new?person=ada')
	assert.match(form, /Warden of the housing/)
	assert.doesNotMatch(form, /Urgent community response/, 'the file takes the place of the shipped one')
	const before = Date.now()
	const sent = await fill('/contact/new', { person: 'Patient/ada', once: 'c1', caller: 'A neighbour', what: 'Curtains shut for two days', urgency: '28d', outcome: 'warden' })
	assert.equal(sent.status, 303, sent.text.slice(0, 300))
	const contact = await read(`Task/${sent.at.split('/').pop()}`)
	assert.equal(contact.owner.reference, 'Organization/warden')
	assert.equal(contact.reasonCode.text, 'Warden of the housing')
	const hours = (Date.parse(contact.restriction.period.end) - before) / HOUR
	assert.ok(hours > 5.9 && hours < 6.2, `${hours}`)
	const accepted = await act(`Task/${contact.id}/$accept`, {})
	assert.equal(accepted.status, 200)
	const work = (await read('Task?code=errand')).entry.map(one => one.resource)
	assert.equal(work.length, 1)
	assert.equal(work[0].owner.reference, 'Organization/warden')

	const talk = await fill('/contact/new', { person: 'Patient/ada', once: 'c2', what: 'Three falls since March', urgency: '28d', outcome: 'meeting' })
	assert.equal(talk.status, 303)
	assert.equal((await act(`Task/${talk.at.split('/').pop()}/$accept`, {})).status, 200)
	const listed = (await read('Task?code=mdt')).entry[0].resource
	assert.equal(listed.businessStatus.coding[0].code, 'proposed')
	const unknown = await fill('/contact/new', { person: 'Patient/ada', once: 'c3', what: 'x', urgency: '28d', outcome: 'urgent' })
	assert.equal(unknown.status, 422, 'an outcome the place does not have')
})

test('a pack that is wrong is refused with file, line and reason', async t => {
	const { base } = await place(t)
	const dir = scratch(t), bad = join(dir, 'pack'), { cpSync } = await import('node:fs')
	cpSync(pack, bad, { recursive: true })
	const file = join(bad, 'care/route.tsv')
	writeFileSync(file, readFileSync(file, 'utf8').replace('\t6\t', '\tsoon\t'))
	const db = join(dir, 'q.db')
	writeFileSync(join(dir, 'one.ndjson'), JSON.stringify({ resourceType: 'Patient', id: 'ada', name: [{ family: 'Oak' }] }))
	assert.equal(causeway('import', db, join(dir, 'one.ndjson')).code, 0)
	const said = causeway('contact-log', db, '--place', bad, '--person', 'Patient/ada', '--what', 'x', '--outcome', 'warden')
	assert.notEqual(said.code, 0)
	assert.match(said.err, /route\.tsv:3: hours is a whole number/)
	assert.equal((await fetch(`${base}/healthz`)).status, 200)
})
