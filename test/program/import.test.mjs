// What a stranger's files may hold: batches of which a part fails, collections linked by fullUrl, decimals of every kind.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, scratch } from './causeway.mjs'

const urn = n => `urn:uuid:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const post = (resource, fullUrl) => ({ fullUrl, resource, request: { method: 'POST', url: resource.resourceType } })
const observation = (subject, more) => ({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: subject }, ...more })

/** Import one Bundle into an empty place: { code, rejects, all }, all being what is exported. */
function importBundle(t, type, entry, ...before) {
	const dir = scratch(t), db = join(dir, 'a.db'), file = join(dir, 'bundle.json'), rejects = join(dir, 'rejects')
	for (const resource of before) {
		writeFileSync(file, JSON.stringify(resource))
		assert.equal(causeway('import', db, file).code, 0)
	}
	writeFileSync(file, typeof entry === 'string' ? entry : JSON.stringify({ resourceType: 'Bundle', type, entry }, null, 1))
	const { code } = causeway('import', db, file, '--rejects', rejects)
	assert.equal(causeway('check', db).code, 0)
	assert.equal(causeway('export', db, '--out', join(dir, 'out')).code, 0)
	const lines = path => readFileSync(path, 'utf8').split('\n').filter(Boolean)
	const all = readdirSync(join(dir, 'out')).flatMap(name => lines(join(dir, 'out', name)))
	return { dir, db, code, all, rejects: existsSync(rejects) ? lines(rejects).map(line => JSON.parse(line)) : [] }
}

test('a batch: entries that fail are rejected with place and line, and can be mended and sent again', t => {
	const { code, all, rejects, db, dir } = importBundle(t, 'batch', [
		post({ resourceType: 'Patient', name: [{ family: 'Good' }] }),
		post({ resourceType: 'Patient', gender: 'wrong' }),
		{ resource: { resourceType: 'Patient', id: 'b3' }, request: { method: 'PUT', url: 'Patient/b3' } },
		{ request: { method: 'DELETE', url: 'Nonsense/1' } }])
	assert.equal(code, 65)
	assert.equal(all.length, 2)
	assert.deepEqual(rejects.map(r => r.issue[0].where), ['Bundle.entry[1].resource.gender', 'Bundle.entry[3].request.url'])
	assert.ok(rejects.every(r => r.issue[0].line > 1 && r.issue[0].column > 1), JSON.stringify(rejects))
	const mended = join(dir, 'mended.json')
	writeFileSync(mended, rejects[0].input.replace('wrong', 'female'))
	assert.equal(causeway('import', db, mended).code, 0)
	assert.equal(causeway('search', db, 'Patient?gender=female', '--ids').out.trim().split('\n').length, 1)
})

test('a collection: links to an entry by its fullUrl become links to its resource', t => {
	const { code, all, rejects } = importBundle(t, 'collection', [
		{ fullUrl: urn(1), resource: { resourceType: 'Patient', name: [{ family: 'New' }] } },
		{ fullUrl: urn(2), resource: { resourceType: 'Patient', id: 'known' } },
		{ fullUrl: urn(3), resource: observation(urn(1)) },
		{ fullUrl: urn(4), resource: observation(urn(2)) },
		{ resource: observation('Patient/elsewhere') }])
	assert.equal(code, 0, JSON.stringify(rejects))
	const made = all.map(line => JSON.parse(line)), fresh = made.find(r => r.name)
	assert.deepEqual(made.flatMap(r => r.subject?.reference ?? []).sort(),
		[`Patient/${fresh.id}`, 'Patient/elsewhere', 'Patient/known'].sort())
})

test('a collection that breaks a rule says on which line', t => {
	const { code, all, rejects } = importBundle(t, 'collection', [{ resource: { resourceType: 'Patient', gender: 'wrong' } }])
	assert.equal(code, 65)
	assert.deepEqual([all.length, rejects[0].issue[0].line], [0, 8])
})

test('links by condition: found, found behind percent signs, and not found', t => {
	const doctor = { resourceType: 'Practitioner', id: 'doc', identifier: [{ system: 'http://example.org/n', value: '9|9' }] }
	const role = condition => post({ resourceType: 'PractitionerRole', practitioner: { reference: `Practitioner?identifier=${condition}` } })
	const good = importBundle(t, 'transaction', [role('http://example.org/n|9\\|9'), role('http%3A%2F%2Fexample.org%2Fn%7C9%5C%7C9')], doctor)
	assert.equal(good.code, 0, JSON.stringify(good.rejects))
	assert.deepEqual(good.all.flatMap(line => JSON.parse(line).practitioner?.reference ?? []), ['Practitioner/doc', 'Practitioner/doc'])
	const bad = importBundle(t, 'transaction', [post({ resourceType: 'Basic', code: { text: 'x' } }), role('http://example.org/n|8')], doctor)
	assert.equal(bad.code, 65)
	assert.equal(bad.all.length, 1, 'nothing of the Bundle is written')
	assert.equal(bad.rejects[0].issue[0].where, 'Bundle.entry[1].resource.practitioner.reference')
})

test('decimals keep every letter they were written with', t => {
	const written = ['1.0e-3', '0.10', '100000000000000000000.5', '1E5', '-0.0', '1.00', '1e0', '123456789012345678.123456789', '5E-8', '1.5E+3']
	const bundle = `{"resourceType":"Bundle","type":"transaction","entry":[${written.map(value => JSON.stringify(
		post(observation('Patient/p', { valueQuantity: { value: '@', code: 'cm', system: 'http://unitsofmeasure.org' } }))).replace('"@"', value)).join()}]}`
	const { code, all, rejects } = importBundle(t, '', bundle, { resourceType: 'Patient', id: 'p' })
	assert.equal(code, 0, JSON.stringify(rejects))
	assert.deepEqual(all.flatMap(line => /"value":([^,}]+)/.exec(line)?.[1] ?? []).sort(), written.sort())
})
