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

test('HL7 examples: PUT, then GET is equal', { skip: !existsSync(examples) && 'no examples' }, async t => {
	const dir = scratch(t)
	const server = await serve(t, join(dir, 'a.db'))
	const files = readdirSync(examples).filter(name => name.endsWith('.json') && !definitions.test(name))
	const wrong = []
	let count = 0
	for (const file of files) {
		const text = readFileSync(join(examples, file), 'utf8')
		const sent = parseExact(text)
		const url = `${server.base}/fhir/${sent.resourceType}/${sent.id}`
		const put = await fetch(url, { method: 'PUT', body: text, headers: { 'content-type': 'application/fhir+json' } })
		if (put.status !== 201 && put.status !== 200) {
			wrong.push(`${file}: PUT ${put.status} ${(await put.text()).slice(0, 300)}`)
			continue
		}
		await put.arrayBuffer()
		const got = parseExact(await (await fetch(url)).text())
		const { meta: { versionId, lastUpdated, ...meta }, ...rest } = got
		const { meta: { versionId: v, lastUpdated: l, ...sentMeta } = {}, ...sentRest } = sent
		if (canonical({ meta, ...rest }) !== canonical({ meta: sentMeta, ...sentRest }))
			wrong.push(`${file}: differs`)
		count++
	}
	assert.deepEqual(wrong, [])
	assert.ok(count >= 700, `${count} examples`)
	await server.stop()
})
