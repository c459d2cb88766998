// causeway match: whom records are about, by the program itself: what invented systems send, admitted one by one, against the truth.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TRUTH, dirty, messages, patient, place, population, random, typo, wrongDate } from '../../bench/identity/people.mjs'
import { causeway, scratch, serve } from './causeway.mjs'

const ndjson = (path, all) => (writeFileSync(path, all.map(one => JSON.stringify(one)).join('\n') + '\n'), path)
const number = (out, word) => Number(new RegExp(`${word} ([\\d.]+)`).exec(out)[1])

test('messages of several organisations, the council without NHS numbers', t => {
	const dir = scratch(t), db = join(dir, 'place.db'), all = [...messages(600, 5)], sent = ndjson(join(dir, 'all.ndjson'), all)
	assert.equal(causeway('init', db).code, 0)
	const run = causeway('match', db, sent, '--admit', '--truth', TRUTH)
	assert.equal(run.code, 0, run.err)
	assert.ok(number(run.out, 'sensitivity') >= 0.99, run.out)
	assert.ok(number(run.out, 'precision') >= 0.998, run.out)
	const again = causeway('match', db, sent, '--admit', '--truth', TRUTH)
	assert.match(again.err, / 0 matched, 0 in doubt, 0 new/)
	assert.equal(causeway('check', db).code, 0)
	assert.equal(causeway('rebuild', db, '--quiet').code, 0)
	assert.equal(causeway('check', db).code, 0)
	const few = causeway('match-learn', db)
	assert.match(few.err, /too few to learn from/)
	const stranger = ndjson(join(dir, 'one.ndjson'), [{ resourceType: 'Patient', name: [{ family: 'Nobody', given: ['Xerxes'] }], birthDate: '1911-11-11' }])
	assert.match(causeway('match', db, stranger).out, /^1\tnone/)
})

// Of each person one record, of six in ten a second one kept by somebody who errs as `slip` does.
function* twice(n, seed, slip) {
	const r = random(seed), record = (p, id) => patient(p, { org: 'RXX', system: 'https://trust.example/mrn', id })
	for (const p of population(n, seed)) {
		yield record(p, `a${p.number}`)
		if (r.chance(0.6)) yield record(slip(r, dirty(r, p)), `b${p.number}`)
	}
}

test('a place teaches how often mistakes happen where people have several records, and not where households are all that is alike', t => {
	const dir = scratch(t), kept = /those shipped are kept/
	const wrongDates = (r, p) => r.chance(0.6) ? { ...p, dob: wrongDate(r, p.dob) } : p
	const otherNames = (r, p) => r.chance(0.6) ? { ...p, given: r.chance(0.5) ? p.given[0] : typo(r, p.given) } : p
	const without = (name, all) => all.map(({ [name]: gone, ...rest }) => rest)
	for (const [name, learns, people] of [
		['dates', true, without('gender', [...twice(800, 7, wrongDates)])],
		['names', true, [...twice(800, 7, otherNames)]],
		['undated', false, without('birthDate', [...twice(800, 7, (_, p) => p)])],
		['households', false, without('gender', [...place(2500, 8)])],
	]) {
		const db = join(dir, `${name}.db`)
		assert.equal(causeway('init', db).code, 0)
		assert.equal(causeway('import', db, ndjson(join(dir, `${name}.ndjson`), people), '--quiet').code, 0)
		const learnt = causeway('match-learn', db)
		assert.equal(learnt.code, 0, learnt.err)
		assert.match(learnt.out, /people/)
		assert.equal(!kept.test(learnt.out), learns, `${name}: ${learnt.out}`)
	}
})

test('Patient/$match', async t => {
	const dir = scratch(t), db = join(dir, 'place.db')
	causeway('init', db)
	const edith = { resourceType: 'Patient', name: [{ family: 'Tredwell', given: ['Edith'] }], gender: 'female', birthDate: '1938-03-14',
		address: [{ line: ['12 Mill Lane'], postalCode: 'LN5 7AX' }] }
	causeway('match', db, ndjson(join(dir, 'a.ndjson'), [edith]), '--admit')
	const { base, stop } = await serve(t, db)
	const ask = (body, address = `${base}/fhir/Patient/$match`) =>
		fetch(address, { method: 'POST', headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify(body) })
	const parameters = (...parameter) => ({ resourceType: 'Parameters', parameter })
	const typed = { ...edith, birthDate: '1938-04-13', name: [{ family: 'Tredwel', given: ['Edie'] }] }
	let bundle = await (await ask(parameters({ name: 'resource', resource: edith }, { name: 'onlyCertainMatches', valueBoolean: true }))).json()
	assert.equal(bundle.type, 'searchset')
	assert.equal(bundle.total, 1)
	assert.equal(bundle.entry[0].search.mode, 'match')
	assert.ok(bundle.entry[0].search.score > 0.9 && bundle.entry[0].search.score <= 1)
	assert.deepEqual(bundle.entry[0].search.extension, [{ url: 'http://hl7.org/fhir/StructureDefinition/match-grade', valueCode: 'certain' }])
	bundle = await (await ask(parameters({ name: 'resource', resource: typed }, { name: 'count', valueInteger: 1 }))).json()
	assert.equal(bundle.total, 1)
	assert.equal((await (await ask(edith)).json()).total, 1)
	assert.equal((await (await ask({ resourceType: 'Patient', name: [{ family: 'Nobody' }], birthDate: '1950-02-02' })).json()).total, 0)
	for (const [body, status, expression] of [
		[parameters(), 400], [parameters({ name: 'resource', resource: { resourceType: 'Group' } }), 400],
		[parameters({ name: 'resource', resource: edith }, { name: 'count', valueInteger: 0 }), 400],
		[parameters({ name: 'resource', resource: edith }, { name: 'colour', valueString: 'x' }), 400],
		[{ resourceType: 'Patient', gender: 'female' }, 422],
		[{ resourceType: 'Parameters' }, 400], [{ resourceType: 'Observation', status: 'final' }, 400],
		[parameters({ name: 'resource', resource: edith }, { name: 'resource', resource: edith }), 400],
		[parameters({ name: 'resource', resource: edith }, { name: 'count', valueInteger: -1 }), 400],
		[parameters({ name: 'resource', resource: edith }, { name: 'count', valueQuantity: { value: 1 } }), 400],
		[parameters({ name: 'resource', resource: edith }, { name: 'onlyCertainMatches', valueString: 'perhaps' }), 400],
		[{ ...edith, birthDate: '2024-02-31' }, 422, 'Patient.birthDate'], [{ ...edith, birthDate: 'abc' }, 422, 'Patient.birthDate'],
		[parameters({ name: 'resource', resource: { ...edith, birthDate: '1938-13-01' } }), 422, 'Patient.birthDate'],
		[{ ...edith, gender: 'F' }, 422, 'Patient.gender'], [{ ...edith, name: 'Edith' }, 422, 'Patient.name'],
		[{ ...edith, forename: 'Edith' }, 422, 'Patient.forename'],
	]) {
		const answer = await ask(body)
		assert.equal(answer.status, status)
		const outcome = await answer.json()
		assert.equal(outcome.resourceType, 'OperationOutcome')
		if (expression) {
			assert.deepEqual(outcome.issue[0].expression, [expression])
			assert.match(outcome.issue[0].location.join(), /line 1, column \d+/)
		}
	}
	assert.equal((await (await ask(parameters({ name: 'resource', resource: edith }, { name: 'count', valueInteger: 10000 }))).json()).total, 1)
	assert.equal((await (await ask({ ...edith, birthDate: '1938-03', link: [{ type: 'seealso' }] })).json()).total, 1, 'what is not whole is matched')
	await stop()
})

test('whom an import brought is known to matching, at once and where the place is served', async t => {
	const dir = scratch(t), db = join(dir, 'place.db')
	const people = [...place(600, 3)]
	assert.equal(causeway('init', db).code, 0)
	assert.equal(causeway('import', db, ndjson(join(dir, 'people.ndjson'), people), '--quiet').code, 0)
	const asked = { ...people[300], id: undefined, identifier: undefined, meta: undefined }
	const one = ndjson(join(dir, 'one.ndjson'), [asked])
	assert.match(causeway('match', db, one).out, /^1\tcertain\t/)
	const { base, stop } = await serve(t, db)
	const answer = await (await fetch(`${base}/fhir/Patient/$match`, { method: 'POST',
		headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify(asked) })).json()
	assert.ok(answer.total >= 1)
	assert.ok(answer.entry[0].search.score > 0.9)
	await stop()
	assert.equal(causeway('check', db).code, 0)
})
