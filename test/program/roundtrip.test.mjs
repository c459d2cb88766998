// What goes in comes out: Synthea's bundles through import and export, HL7's examples through PUT and GET.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, fixtures, root, scratch, serve } from './causeway.mjs'
import { canonical, fingerprints, parseExact, withoutServerFields } from './json.mjs'

const synthea = join(fixtures, 'synthea')
const examples = join(root, 'node_modules', 'hl7.fhir.r4.examples')
const definitions = /^(StructureDefinition|SearchParameter|ValueSet|CodeSystem|ConceptMap|OperationDefinition|package|\.)/

function readExport(dir) {
	return readdirSync(dir).flatMap(file => readFileSync(join(dir, file), 'utf8').split('\n').filter(Boolean).map(line => {
		const resource = parseExact(line)
		return { name: `${resource.resourceType}/${resource.id}`, resource }
	}))
}

test('Synthea bundles: imported, exported, equal but for ids', { skip: !existsSync(synthea) && 'no fixtures' }, t => {
	const dir = scratch(t)
	const db = join(dir, 'a.db')
	const files = readdirSync(synthea).map(name => join(synthea, name))
	const imported = causeway('import', db, ...files)
	assert.equal(imported.code, 0, imported.err)
	const exported = causeway('export', db, '--out', join(dir, 'out'))
	assert.equal(exported.code, 0, exported.err)

	const sent = files.flatMap(file => parseExact(readFileSync(file, 'utf8')).entry
		.map(entry => ({ name: entry.fullUrl, resource: entry.resource })))
	const got = readExport(join(dir, 'out'))
	assert.equal(got.length, sent.length)
	assert.deepEqual(fingerprints(got), fingerprints(sent))
	const check = causeway('check', db)
	assert.equal(check.code, 0, check.out + check.err)

	// and in again from the export: the same ids, the same content, nothing rejected
	const again = join(dir, 'b.db')
	assert.equal(causeway('import', again, ...readdirSync(join(dir, 'out')).map(f => join(dir, 'out', f))).code, 0)
	assert.equal(causeway('export', again, '--out', join(dir, 'out2')).code, 0)
	const sorted = resources => resources.map(r => canonical(withoutServerFields(r.resource)) + r.name).sort()
	assert.deepEqual(sorted(readExport(join(dir, 'out2'))), sorted(got))
})

// These break FHIR's own rules, each in the way src/fhir/valid_suite_test.c names, and are refused.
const broken = new Set(['ActivityDefinition-blood-tubes-supply', 'ActivityDefinition-heart-valve-replacement', 'Bundle-dataelements',
	'DeviceMetric-example', 'DeviceUseStatement-example', 'EventDefinition-example', 'ImplementationGuide-fhir',
	'MedicationRequest-medrx0301', 'Observation-clinical-gender', 'Questionnaire-qs1',
	'Questionnaire-zika-virus-exposure-assessment', 'ig-r4'].map(name => `${name}.json`))

async function putAndGet(server, file) {
	const text = readFileSync(join(examples, file), 'utf8')
	const sent = parseExact(text)
	const url = `${server.base}/fhir/${sent.resourceType}/${sent.id}`
	const put = await fetch(url, { method: 'PUT', body: text, headers: { 'content-type': 'application/fhir+json' } })
	const answer = await put.text()
	if (put.status !== 201 && put.status !== 200)
		return `${put.status} ${answer.slice(0, 300)}`
	const { meta: { versionId, lastUpdated, ...meta }, ...rest } = parseExact(await (await fetch(url)).text())
	const { meta: { versionId: v, lastUpdated: l, ...sentMeta } = {}, ...sentRest } = sent
	return canonical({ meta, ...rest }) === canonical({ meta: sentMeta, ...sentRest }) ? 'equal' : 'differs'
}

for (const [how, options] of [['validated', []], ['the broken ones taken as they are', ['--no-validate']]])
	test(`HL7 examples, ${how}: PUT, then GET is equal`, { skip: !existsSync(examples) && 'no examples' }, async t => {
		const server = await serve(t, join(scratch(t), 'a.db'), '--hooks', 'none', ...options)
		const files = readdirSync(examples).filter(name => name.endsWith('.json') && !definitions.test(name) &&
			(how === 'validated' || broken.has(name)))
		const wrong = [], left = [...files]
		const lane = async () => { // several at a time: writes that wait together share an fsync
			for (let file = left.pop(); file; file = left.pop()) {
				const refused = how === 'validated' && broken.has(file)
				const became = await putAndGet(server, file)
				if (refused ? !became.startsWith('422') : became !== 'equal')
					wrong.push(`${file}: ${became}`)
			}
		}
		await Promise.all(Array.from({ length: 16 }, lane))
		assert.deepEqual(wrong, [])
		assert.ok(files.length >= (how === 'validated' ? 700 : broken.size), `${files.length} examples`)
		await server.stop()
	})
