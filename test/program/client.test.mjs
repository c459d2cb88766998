// A client made by others (fhir-kit-client) asks for everything a FHIR server does, as it does of any server.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, after, describe, test } from 'node:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { CapabilityTool, Client } from 'fhir-kit-client'
import { serve, until } from './causeway.mjs'

const patient = (family, more = {}) => ({ resourceType: 'Patient', name: [{ family, given: ['Ivy'] }], gender: 'female', birthDate: '1948-03-02', ...more })
const weight = (subject, kg) => ({
	resourceType: 'Observation', status: 'final', subject: { reference: subject }, effectiveDateTime: '2025-11-19T10:00:00Z',
	code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
	valueQuantity: { value: kg, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
})
const statusOf = answer => Client.httpFor(answer).response.status
const headerOf = (answer, name) => Client.httpFor(answer).response.headers.get(name)
/** The promise is refused with that status, and an OperationOutcome says why. */
const refused = (promise, status) => assert.rejects(promise, error => {
	assert.equal(error.response?.status, status, error.message)
	assert.equal(error.response.data.resourceType, 'OperationOutcome')
	return true
})

// Both ways to write the address of a server.
for (const ending of ['', '/']) describe(`fhir-kit-client at …/fhir${ending}`, () => {
	const kept = { afters: [], after(f) { this.afters.push(f) } }
	let client, dir, ivy
	before(async () => {
		dir = mkdtempSync(join(tmpdir(), 'causeway-'))
		const server = await serve(kept, join(dir, 'a.db'))
		client = new Client({ baseUrl: `${server.base}/fhir${ending}` })
		ivy = await client.create({ resourceType: 'Patient', body: patient('Tredwell', { identifier: [{ system: 'https://example.org/ids', value: 'T1' }] }) })
	})
	after(() => {
		kept.afters.forEach(f => f())
		rmSync(dir, { recursive: true, force: true })
	})

	test('what the server can do', async () => {
		const statement = await client.capabilityStatement()
		const tool = new CapabilityTool(statement)
		for (const interaction of ['transaction', 'batch', 'search-system', 'history-system'])
			assert.ok(tool.serverCan(interaction), interaction)
		for (const interaction of ['read', 'vread', 'update', 'patch', 'delete', 'create', 'search-type', 'history-instance', 'history-type'])
			assert.ok(tool.resourceCan('Patient', interaction), interaction)
		assert.ok(tool.resourceSearch('Patient', 'birthdate'))
		assert.ok(tool.searchParamsFor({ resourceType: 'Observation' }).length > 20)
	})

	test('where apps ask to be let in is found', async () => {
		const found = await client.smartAuthMetadata()
		assert.match(String(found.authorizeUrl), /\/apps\/authorize$/)
		assert.match(String(found.tokenUrl), /\/auth\/token$/)
	})

	test('create, read, earlier versions', async () => {
		assert.equal(statusOf(ivy), 201)
		assert.match(headerOf(ivy, 'location'), new RegExp(`/Patient/${ivy.id}/_history/1$`))
		assert.equal(headerOf(ivy, 'etag'), 'W/"1"')
		const changed = await client.update({ resourceType: 'Patient', id: ivy.id, body: { ...ivy, active: true } })
		assert.equal(statusOf(changed), 200)
		assert.equal(changed.meta.versionId, '2')
		assert.equal((await client.read({ resourceType: 'Patient', id: ivy.id })).active, true)
		assert.equal((await client.vread({ resourceType: 'Patient', id: ivy.id, version: '1' })).active, undefined)
		await refused(client.vread({ resourceType: 'Patient', id: ivy.id, version: '99' }), 404)
		await refused(client.read({ resourceType: 'Patient', id: 'nobody' }), 404)
	})

	test('an id the client chose', async () => {
		const made = await client.update({ resourceType: 'Patient', id: 'chosen', body: patient('Chosen', { id: 'chosen' }) })
		assert.equal(statusOf(made), 201)
		await refused(client.update({ resourceType: 'Patient', id: 'chosen', body: patient('Chosen', { id: 'other' }) }), 400)
	})

	test('only what has not changed meanwhile is updated', async () => {
		const made = await client.create({ resourceType: 'Patient', body: patient('Guarded') })
		const guarded = version => client.update({ resourceType: 'Patient', id: made.id, body: { ...made, active: false }, options: { headers: { 'If-Match': `W/"${version}"` } } })
		assert.equal((await guarded(1)).meta.versionId, '2')
		await refused(guarded(1), 412)
	})

	test('what is asked to come back', async () => {
		const create = prefer => client.create({ resourceType: 'Patient', body: patient('Preferred'), options: { headers: { Prefer: `return=${prefer}` } } })
		assert.deepEqual({ ...await create('minimal') }, {})
		assert.equal((await create('OperationOutcome')).resourceType, 'OperationOutcome')
		assert.equal((await create('representation')).resourceType, 'Patient')
	})

	test('unless there is one, or where there is one', async () => {
		const body = patient('Once', { identifier: [{ system: 'https://example.org/ids', value: 'once' }] })
		const once = () => client.create({ resourceType: 'Patient', body, options: { headers: { 'If-None-Exist': 'identifier=https://example.org/ids|once' } } })
		assert.equal(statusOf(await once()), 201)
		assert.equal(statusOf(await once()), 200)
		const searchParams = { identifier: 'https://example.org/ids|once' }
		const updated = await client.update({ resourceType: 'Patient', searchParams, body: { ...body, active: true } })
		assert.equal(statusOf(updated), 200)
		assert.equal(updated.active, true)
		await client.create({ resourceType: 'Patient', body })
		await refused(client.update({ resourceType: 'Patient', searchParams, body }), 412)
		await refused(client.request('Patient?identifier=https://example.org/ids|once', { method: 'DELETE' }), 412)
	})

	test('patch', async () => {
		const patched = await client.patch({ resourceType: 'Patient', id: ivy.id, jsonPatch: [
			{ op: 'test', path: '/name/0/family', value: 'Tredwell' }, { op: 'add', path: '/name/0/given/-', value: 'May' }] })
		assert.deepEqual(patched.name[0].given, ['Ivy', 'May'])
		await refused(client.patch({ resourceType: 'Patient', id: ivy.id, jsonPatch: [{ op: 'test', path: '/gender', value: 'male' }] }), 422)
	})

	test('delete, and what stands there afterwards', async () => {
		const gone = await client.create({ resourceType: 'Patient', body: patient('Gone') })
		assert.ok([200, 204].includes(statusOf(await client.delete({ resourceType: 'Patient', id: gone.id }))))
		await refused(client.read({ resourceType: 'Patient', id: gone.id }), 410)
		assert.equal((await client.history({ resourceType: 'Patient', id: gone.id })).total, 2)
		await client.delete({ resourceType: 'Patient', id: gone.id }) // again: no harm
	})

	test('search by address and by form, page by page', async () => {
		const entry = Array.from({ length: 25 }, (_, n) => ({ resource: patient('Manifold', { birthDate: `1950-01-${String(n + 1).padStart(2, '0')}` }), request: { method: 'POST', url: 'Patient' } }))
		await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry } })
		for (const postSearch of [false, true]) {
			const dates = []
			let bundle = await client.search({ resourceType: 'Patient', searchParams: { family: 'manifold', _sort: 'birthdate', _count: 10, _total: 'accurate' }, options: { postSearch } })
			assert.equal(bundle.total, 25)
			for (; bundle; bundle = await client.nextPage({ bundle }))
				dates.push(...bundle.entry.map(e => e.resource.birthDate))
			assert.deepEqual(dates, entry.map(e => e.resource.birthDate))
		}
	})

	test('and back again, while others write', async () => {
		const put = n => client.update({ resourceType: 'Patient', id: `there-${n}`, body: patient('Andback', { id: `there-${n}`, birthDate: `19${n}-01-01` }) })
		const shown = bundle => (bundle.entry ?? []).map(e => e.resource.id.slice(-2))
		for (let n = 11; n < 35; n++)
			await put(n)
		for (const sort of [{}, { _sort: 'birthdate' }, { _sort: '-birthdate' }, { _sort: '_lastUpdated' }, { _sort: 'organization' }]) {
			const pages = []
			let last, bundle = await client.search({ resourceType: 'Patient', searchParams: { family: 'andback', _count: 10, ...sort } })
			assert.equal(await client.prevPage({ bundle }), undefined)
			for (; bundle; bundle = await client.nextPage({ bundle })) {
				pages.push(shown(bundle))
				last = bundle
			}
			assert.deepEqual(pages.map(p => p.length), [10, 10, 4])
			await client.create({ resourceType: 'Patient', body: patient('Elsewhere') })
			const back = []
			for (bundle = last; bundle; bundle = await client.prevPage({ bundle })) {
				back.unshift(shown(bundle))
				if (back.length > 1) // and from each there is a way on
					assert.deepEqual(shown(await client.nextPage({ bundle })), back[1])
			}
			assert.deepEqual(back, pages)
		}
	})

	test('search: several values, modifiers, all types, a compartment', async () => {
		const me = `Patient/${ivy.id}`
		await client.create({ resourceType: 'Observation', body: weight(me, 61.5) })
		const count = async asked => (await client.search(asked)).total
		assert.equal(await count({ resourceType: 'Patient', searchParams: { 'family:exact': 'Tredwell', gender: ['female'] } }), 1)
		assert.equal(await count({ resourceType: 'Patient', searchParams: { birthdate: ['ge1948-01-01', 'lt1949-01-01'], family: 'tredwell' } }), 1)
		assert.equal(await count({ resourceType: 'Observation', searchParams: { 'code': 'http://loinc.org|29463-7', 'subject': me } }), 1)
		assert.equal(await count({ searchParams: { _type: 'Patient,Observation', _id: ivy.id } }), 1)
		assert.equal(await count({ searchParams: { _type: 'Patient,Observation', _id: ivy.id }, options: { postSearch: true } }), 1)
		for (const postSearch of [false, true])
			assert.equal(await count({ resourceType: 'Observation', compartment: { resourceType: 'Patient', id: ivy.id }, searchParams: { code: '29463-7' }, options: { postSearch } }), 1)
		const included = await client.search({ resourceType: 'Observation', searchParams: { subject: me, _include: 'Observation:subject' } })
		assert.deepEqual(included.entry.map(e => [e.resource.resourceType, e.search.mode]), [['Observation', 'match'], ['Patient', 'include']])
		await refused(client.search({ resourceType: 'Patient', searchParams: { famly: 'Tredwell' } }), 400)
	})

	test('history of one, of a type, of all', async () => {
		const made = await client.create({ resourceType: 'Practitioner', body: { resourceType: 'Practitioner', active: true } })
		await client.update({ resourceType: 'Practitioner', id: made.id, body: { ...made, active: false } })
		assert.deepEqual((await client.history({ resourceType: 'Practitioner', id: made.id })).entry.map(e => e.resource.meta.versionId), ['2', '1'])
		assert.equal((await client.history({ resourceType: 'Practitioner' })).total, 2)
		const all = await client.history()
		assert.equal(all.type, 'history')
		assert.equal(all.entry[0].resource.id, made.id)
	})

	test('a transaction: all or nothing, names of its own; a batch: each for itself', async () => {
		const urn = 'urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a'
		const both = await client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry: [
			{ fullUrl: urn, resource: patient('Bundled'), request: { method: 'POST', url: 'Patient' } },
			{ resource: weight(urn, 70), request: { method: 'POST', url: 'Observation' } }] } })
		assert.deepEqual(both.entry.map(e => e.response.status.slice(0, 3)), ['201', '201'])
		const [, id] = both.entry[0].response.location.match(/Patient\/([^/]+)/)
		assert.equal((await client.search({ resourceType: 'Observation', searchParams: { patient: id } })).total, 1)
		const mixed = [
			{ resource: patient('Half'), request: { method: 'POST', url: 'Patient' } },
			{ request: { method: 'GET', url: 'Patient/nobody' } }]
		await refused(client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry: mixed } }), 404)
		assert.equal((await client.search({ resourceType: 'Patient', searchParams: { family: 'Half' } })).total, 0)
		const batch = await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry: mixed } })
		assert.deepEqual(batch.entry.map(e => e.response.status.slice(0, 3)), ['201', '404'])
	})

	test('references: absolute, relative, contained, in a Bundle', async () => {
		const made = await client.create({ resourceType: 'Observation', body: weight(`Patient/${ivy.id}`, 62) })
		assert.equal((await client.resolve({ reference: made.subject.reference })).id, ivy.id)
		const bundle = await client.search({ resourceType: 'Observation', searchParams: { _id: made.id, _include: 'Observation:subject' } })
		assert.equal((await client.resolve({ reference: made.subject.reference, context: bundle })).id, ivy.id)
		assert.equal((await client.resolve({ reference: bundle.entry[1].fullUrl })).id, ivy.id)
		const holder = await client.create({ resourceType: 'Observation', body: { ...weight('#p', 1), contained: [{ ...patient('Inside'), id: 'p' }] } })
		assert.equal((await client.resolve({ reference: '#p', context: holder })).name[0].family, 'Inside')
	})

	test('operations by GET and by POST', async () => {
		const parameters = (...parameter) => ({ resourceType: 'Parameters', parameter })
		const whole = await client.operation({ name: '$everything', resourceType: 'Patient', id: ivy.id, method: 'GET', input: { _type: 'Patient,Observation' } })
		assert.ok(whole.entry.some(e => e.resource.resourceType === 'Observation'))
		assert.ok((await client.operation({ name: 'everything', resourceType: 'Patient', id: ivy.id })).total > 1)
		const verdict = await client.operation({ name: 'validate', resourceType: 'Patient', input: parameters({ name: 'resource', resource: patient('Valid') }) })
		assert.equal(verdict.resourceType, 'OperationOutcome')
		assert.ok(!verdict.issue.some(i => i.severity === 'error'))
		const url = 'http://hl7.org/fhir/ValueSet/administrative-gender'
		for (const asked of [{ method: 'GET', input: { url } }, { input: parameters({ name: 'url', valueUri: url }) }])
			assert.deepEqual((await client.operation({ name: 'expand', resourceType: 'ValueSet', ...asked })).expansion.contains.map(c => c.code).sort(), ['female', 'male', 'other', 'unknown'])
		const lookup = await client.operation({ name: 'lookup', resourceType: 'CodeSystem', method: 'GET', input: { system: 'http://hl7.org/fhir/administrative-gender', code: 'female' } })
		assert.equal(lookup.parameter.find(p => p.name === 'display').valueString, 'Female')
		const meta = await client.operation({ name: 'meta', resourceType: 'Patient', id: ivy.id, method: 'GET' })
		assert.equal(meta.parameter[0].name, 'return')
		await refused(client.operation({ name: 'nonsense', resourceType: 'Patient', id: ivy.id, method: 'GET' }), 404)
	})

	test('bulk export: asked for, waited for, fetched, thrown away', async () => {
		const asked = await client.operation({ name: 'export', method: 'GET', input: { _type: 'Patient' }, options: { headers: { Prefer: 'respond-async' } } })
		assert.equal(statusOf(asked), 202)
		const job = headerOf(asked, 'content-location')
		let manifest
		await until('the export ends', async () => {
			manifest = await client.request(job, { options: { headers: { accept: 'application/json' } } })
			return statusOf(manifest) === 200
		})
		assert.equal(manifest.output[0].type, 'Patient')
		const lines = (await (await fetch(manifest.output[0].url)).text()).trim().split('\n')
		assert.equal(lines.length, manifest.output[0].count)
		assert.ok(lines.every(line => JSON.parse(line).resourceType === 'Patient'))
		assert.equal(statusOf(await client.request(job, { method: 'DELETE' })), 202)
	})
})
