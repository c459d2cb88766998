// UK Core's own examples over HTTP: sent as XML, judged by the profile each is an example of, stored, read back as JSON
// and as XML, and unchanged in meaning. What their profiles refuse is told in test/valid/ukcore_examples.txt.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fixtures, root, scratch, serve } from './causeway.mjs'
import { meaningOfJson, meaningOfXml } from './meaning.mjs'

const folder = join(fixtures, 'uk-core', 'examples'), head = 'https://fhir.hl7.org.uk/StructureDefinition/'
const explained = readFileSync(join(root, 'test', 'valid', 'ukcore_examples.txt'), 'utf8').split('\n')
	.filter(line => line && !line.startsWith('#')).map(line => line.split('\t'))
const xml = 'application/fhir+xml', json = 'application/fhir+json'

/** The longest profile's name that begins the file's; an example of an extension stands on a resource of a type. */
function profileOf(name, type, profiles) {
	const fits = name.startsWith('Ext') ? [] : profiles.filter(url => url.startsWith(head) && name.startsWith(url.slice(head.length)))
	return fits.sort((a, b) => b.length - a.length)[0] ?? `${head}UKCore-${type}`
}

test('every example of UK Core goes in as XML and comes out the same', { skip: !existsSync(folder) && 'no examples of UK Core here' }, async t => {
	const { base } = await serve(t, join(scratch(t), 'a.db')), fhir = `${base}/fhir`
	const send = async (method, path, accept, body) => {
		const answer = await fetch(fhir + path, { method, body, headers: { accept, ...body && { 'content-type': xml } } })
		return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
	}
	const statement = JSON.parse((await send('GET', '/metadata', json)).text)
	const profiles = statement.rest[0].resource.flatMap(resource => resource.supportedProfile ?? [])
	const refused = [], names = readdirSync(folder).filter(name => name.endsWith('.xml')).sort()
	const note = (name, outcome) => refused.push(...JSON.parse(outcome).issue.filter(issue => ['error', 'fatal'].includes(issue.severity) && issue.expression)
		.map(issue => [name, issue.expression[0], issue.diagnostics]))
	assert.ok(names.length > 100 && profiles.length > 20, `${names.length} examples, ${profiles.length} profiles`)

	for (const name of names)
		await t.test(name, async () => {
			const sent = readFileSync(join(folder, name), 'utf8'), meaning = meaningOfXml(sent)
			const type = meaning[0].slice(0, meaning[0].indexOf('.')), id = meaning.find(line => line.startsWith(`${type}.id[0] = `))?.split(' = ')[1]
			assert.ok(id, 'the example has an id')
			const verdict = await send('POST', `/${type}/$validate?profile=${encodeURIComponent(profileOf(name, type, profiles))}`, json, sent)
			assert.equal(verdict.status, 200, verdict.text)
			note(name, verdict.text)

			const stored = await send('PUT', `/${type}/${id}`, xml, sent)
			if (stored.status === 422) { // no part of the record, for a reason that must be told too
				note(name, (await send('PUT', `/${type}/${id}`, json, sent)).text)
				return
			}
			assert.equal(stored.status, 201, stored.text)
			assert.match(stored.type, /^application\/fhir\+xml/)
			const asXml = await send('GET', `/${type}/${id}`, xml), asJson = await send('GET', `/${type}/${id}`, json)
			assert.deepEqual(meaningOfXml(asXml.text), meaning)
			assert.deepEqual(meaningOfJson(asJson.text), meaning)
		})

	const same = ([file, where], [name, expression]) => file === name && where === expression
	assert.deepEqual(refused.filter(issue => !explained.some(line => same(line, issue))), [], 'refused without a reason told')
	assert.deepEqual(explained.filter(line => !refused.some(issue => same(line, issue))), [], 'a reason for what is not refused')
})
