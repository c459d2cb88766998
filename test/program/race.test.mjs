// Many at once on one condition or one version: one wins, the others are told or follow, and nothing is there twice.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratch, serve } from './causeway.mjs'

const together = 24
const named = value => ({ resourceType: 'Patient', identifier: [{ system: 'http://example.org/race', value }] })

test('races', async t => {
	const server = await serve(t, join(scratch(t), 'a.db'))
	const ask = async (method, path, body, headers = {}) => {
		const response = await fetch(`${server.base}/fhir${path}`, { method, headers: { 'content-type': 'application/fhir+json', ...headers }, body: body && JSON.stringify(body) })
		return { status: response.status, etag: response.headers.get('etag'), json: await response.json().catch(() => null) }
	}
	const many = (...args) => Promise.all(Array.from({ length: together }, () => ask(...args)))
	const statuses = answers => [...new Set(answers.map(answer => answer.status))].sort()
	const count = async value => (await ask('GET', `/Patient?identifier=http://example.org/race|${value}&_summary=count`)).json.total

	await t.test('conditional create', async () => {
		const answers = await many('POST', '/Patient', named('create'), { 'if-none-exist': 'identifier=http://example.org/race|create' })
		assert.deepEqual([statuses(answers), await count('create')], [[200, 201], 1])
	})
	await t.test('conditional update', async () => {
		const answers = await many('PUT', '/Patient?identifier=http://example.org/race|update', named('update'))
		assert.deepEqual([statuses(answers), await count('update')], [[200, 201], 1])
	})
	await t.test('conditional create in transactions', async () => {
		const request = { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=http://example.org/race|bundle' }
		const answers = await many('POST', '', { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: named('bundle'), request }] })
		assert.deepEqual([statuses(answers), await count('bundle')], [[200], 1])
	})
	await t.test('a counter under If-Match', async () => {
		await ask('PUT', '/Patient/counter', { resourceType: 'Patient', id: 'counter', multipleBirthInteger: 0 })
		await Promise.all(Array.from({ length: together }, async () => {
			for (;;) {
				const { json, etag } = await ask('GET', '/Patient/counter')
				const put = await ask('PUT', '/Patient/counter', { ...json, multipleBirthInteger: json.multipleBirthInteger + 1 }, { 'if-match': etag })
				if (put.status === 200)
					return
				assert.equal(put.status, 412)
			}
		}))
		assert.equal((await ask('GET', '/Patient/counter')).json.multipleBirthInteger, together)
	})
	await server.stop()
})
