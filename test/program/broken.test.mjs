// Broken resources of every kind: refused by PUT, POST and import, told by $validate, each with its code, its element, line and column.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, scratch, serve } from './causeway.mjs'

const patient = more => ({ resourceType: 'Patient', ...more })
const observation = more => ({ resourceType: 'Observation', status: 'final', code: { text: 'c' }, ...more })

/** Status, code, element and place of the first fault, in the resource written with JSON.stringify(resource, null, 1). */
const broken = [
	['422 structure Patient.foo 3:9', patient({ foo: 1 })],
	['422 structure Patient.name[0].famly 5:13', patient({ name: [{ famly: 'x' }] })],
	['422 structure Patient.name 3:10', patient({ name: { family: 'x' } })],
	['422 structure Patient.gender 3:12', patient({ gender: ['male'] })],
	['422 structure Patient.name[0].family 5:14', patient({ name: [{ family: 5 }] })],
	['422 structure Patient.active 3:12', patient({ active: 'true' })],
	['422 structure Patient.gender 3:12', patient({ gender: true })],
	['422 structure Patient.maritalStatus 3:19', patient({ maritalStatus: 'M' })],
	['422 code-invalid Patient.gender 3:12', patient({ gender: 'Male' })],
	['422 value Patient.birthDate 3:15', patient({ birthDate: '1970-13-01' })],
	['422 value Patient.birthDate 3:15', patient({ birthDate: '1970-02-30' })],
	['422 value Patient.birthDate 3:15', patient({ birthDate: '1970-02-03T10:00:00Z' })],
	['422 value Patient.birthDate 3:15', patient({ birthDate: '01/02/1970' })],
	['422 value Observation.effective 7:23', observation({ effectiveDateTime: '2020-01-01T10:00:00' })],
	['422 value Observation.effective 7:23', observation({ effectiveDateTime: '2020-01-01T10' })],
	['422 value Observation.issued 7:12', observation({ issued: '2020-01-01' })],
	['422 structure Observation.valueFoo 7:14', observation({ valueFoo: 'a' })],
	['422 structure Observation.valueAddress 7:18', observation({ valueAddress: { city: 'x' } })],
	['422 required Observation.status 1:1', { resourceType: 'Observation', code: { text: 'x' } }],
	['422 required Observation.code 1:1', { resourceType: 'Observation', status: 'final' }],
	['422 value Patient.id 3:8', patient({ id: 'a b' })],
	['422 value Observation.subject 7:13', observation({ subject: { reference: 'Medication/1' } })],
	['422 value Observation.subject 7:13', observation({ subject: { reference: 'Organization/1', type: 'Organization' } })],
	['422 structure Patient.name 3:10', patient({ name: [] })],
	['422 structure Patient.name[0] 4:3', patient({ name: [{}] })],
	['422 value Patient.name[0].family 5:14', patient({ name: [{ family: '' }] })],
	['422 structure Patient.gender 3:12', patient({ gender: null })],
	['422 structure Patient.name[0].given[0] 6:5', patient({ name: [{ given: [null] }] })],
	['422 invariant Patient.contained[0].contained[0] 9:5', patient({ contained: [{ resourceType: 'Organization', id: 'o', name: 'x', contained: [{ resourceType: 'Patient', id: 'p' }] }], managingOrganization: { reference: '#o' } })],
	['422 invariant Patient.managingOrganization 3:26', patient({ managingOrganization: { reference: '#nope' } })],
	['422 invariant Organization 1:1', { resourceType: 'Organization', active: true }],
	['422 invariant Patient.contact[0] 4:3', patient({ contact: [{ gender: 'male' }] })],
	['422 invariant Patient.identifier[0].period 6:14', patient({ identifier: [{ value: 'a', period: { start: '2020-01-02', end: '2020-01-01' } }] })],
	['422 invariant Observation 1:1', observation({ valueString: 'x', dataAbsentReason: { text: 'y' } })],
	['422 invariant Observation.referenceRange[0] 8:3', observation({ referenceRange: [{ appliesTo: [{ text: 'x' }] }] })],
	['422 invariant Patient.telecom[0] 4:3', patient({ telecom: [{ value: 'x' }] })],
	['422 invariant Observation.value 7:19', observation({ valueQuantity: { value: 1, code: 'mg' } })],
	['422 required Patient.extension[0].url 4:3', patient({ extension: [{ valueString: 'x' }] })],
	['422 invariant Patient.extension[0] 4:3', patient({ extension: [{ url: 'http://x', valueString: 'x', extension: [{ url: 'y', valueString: 'z' }] }] })],
	['422 invariant Patient.extension[0] 4:3', patient({ extension: [{ url: 'http://x' }] })],
	['422 structure Patient.name[0].modifierExtension 5:25', patient({ name: [{ modifierExtension: [{ url: 'http://x', valueString: 'a' }] }] })],
	['422 structure Observation.value.value 8:12', observation({ valueQuantity: { value: '1.5' } })],
	['422 value Patient.multipleBirth 3:26', patient({ multipleBirthInteger: 1.5 })],
	['422 value Patient.multipleBirth 3:26', patient({ multipleBirthInteger: 2147483648 })],
	['422 value Patient.telecom[0].rank 7:12', patient({ telecom: [{ system: 'phone', value: '1', rank: 0 }] })],
	['422 value Bundle.total 4:11', { resourceType: 'Bundle', type: 'searchset', total: -1 }],
	['422 value Binary.data 4:10', { resourceType: 'Binary', contentType: 'text/plain', data: '@@@' }],
	['422 value Patient.identifier[0].system 5:14', patient({ identifier: [{ system: 'http://a b', value: '1' }] })],
	['422 value Binary.contentType 3:17', { resourceType: 'Binary', contentType: ' text/plain' }],
	['422 value ImagingStudy.series[0].uid 9:11', { resourceType: 'ImagingStudy', status: 'available', subject: { display: 'x' }, series: [{ uid: 'x y', modality: { code: 'CT' } }] }],
	['422 invariant Patient.text.div 5:10', patient({ text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><script>1</script></div>' } })],
	['422 value Patient.text.div 5:10', patient({ text: { status: 'generated', div: '<p>x</p>' } })],
	['422 invariant Patient.text.div 5:10', patient({ text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"></div>' } })],
	['422 invariant Patient.text.div 5:10', patient({ text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><b>x</div>' } })],
	['422 invariant Patient.text.div 5:10', patient({ text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml" onclick="x()">x</div>' } })],
	['422 structure Patient.gender 3:13', patient({ _gender: 'x' })],
	['422 structure Patient._name 3:11', patient({ _name: [{}] })],
	['422 structure Patient.contained[0].resourceType 5:20', patient({ contained: [{ resourceType: 'Foo', id: '1' }] })],
	['422 structure Patient.contained[0] 4:3', patient({ contained: [{ id: '1' }] })],
	['400 structure - 1:41', '{"resourceType":"Patient","active":true,"active":false}'],
	['400 structure - 1:27', '{"resourceType":"Patient",}'],
	['400 structure - 1:2', '{\'resourceType\':\'Patient\'}'],
	['400 structure - 1:2', '{/*x*/"resourceType":"Patient"}'],
	['400 structure - 1:93', '{"resourceType":"Observation","status":"final","code":{"text":"c"},"valueQuantity":{"value":NaN}}'],
	['400 structure - 1:93', '{"resourceType":"Observation","status":"final","code":{"text":"c"},"valueQuantity":{"value":01}}'],
	['400 structure - 1:93', '{"resourceType":"Observation","status":"final","code":{"text":"c"},"valueQuantity":{"value":.5}}'],
	['400 structure - 1:46', '{"resourceType":"Patient","name":[{"family":"\\x"}]}'],
	['400 structure - 1:46', '{"resourceType":"Patient","name":[{"family":"\\ud800"}]}'],
	['400 structure - 1:47', '{"resourceType":"Patient","name":[{"family":"a\\u0000b"}]}'],
	['400 structure - 1:28', '{"resourceType":"Patient"} {"resourceType":"Patient"}'],
	['400 structure - 1:35', '{"resourceType":"Patient","name":['],
	['422 code-invalid AllergyIntolerance.clinicalStatus 6:20', { resourceType: 'AllergyIntolerance', patient: { reference: 'Patient/x' }, clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'nope' }] } }],
	['422 code-invalid AllergyIntolerance.clinicalStatus 6:20', { resourceType: 'AllergyIntolerance', patient: { reference: 'Patient/x' }, clinicalStatus: { coding: [{ system: 'http://wrong', code: 'active' }] } }],
	['422 invariant Condition 1:1', { resourceType: 'Condition', subject: { reference: 'Patient/x' }, clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] }, abatementDateTime: '2020' }],
	['422 invariant MedicationRequest.dosageInstruction[0].timing.repeat 14:15', { resourceType: 'MedicationRequest', status: 'active', intent: 'order', medicationCodeableConcept: { text: 'x' }, subject: { reference: 'Patient/x' }, dosageInstruction: [{ timing: { repeat: { frequency: 1, period: 1 } } }] }],
	['422 required Encounter.class 1:1', { resourceType: 'Encounter', status: 'finished' }],
	['422 structure Encounter.class 4:11', { resourceType: 'Encounter', status: 'finished', class: [{ code: 'AMB' }] }],
	['422 value DocumentReference.content[0].attachment.contentType 7:20', { resourceType: 'DocumentReference', status: 'current', content: [{ attachment: { contentType: '', url: 'http://x' } }] }],
	['422 invariant Bundle 1:1', { resourceType: 'Bundle', type: 'collection', entry: [{ fullUrl: 'http://x/Patient/1', resource: { resourceType: 'Patient', id: '1' } }, { fullUrl: 'http://x/Patient/1', resource: { resourceType: 'Patient', id: '1' } }] }],
	['422 invariant Bundle 1:1', { resourceType: 'Bundle', type: 'collection', total: 1 }],
	['422 invariant Questionnaire 1:1', { resourceType: 'Questionnaire', status: 'draft', item: [{ linkId: '1', type: 'string' }, { linkId: '1', type: 'string' }] }],
	['422 invariant Questionnaire.item[0] 5:3', { resourceType: 'Questionnaire', status: 'draft', item: [{ linkId: '1', type: 'group' }] }],
	['422 value Observation.effective 7:23', observation({ effectiveDateTime: '2020-01-01T10:00:00+25:00' })],
	['422 value Observation.value 7:15', observation({ valueTime: '25:00:00' })],
	['422 value Observation.value 7:15', observation({ valueTime: '10:00' })],
	['422 value Patient.meta.profile[0] 5:4', patient({ meta: { profile: ['has space'] } })],
	['422 structure Patient.meta.versionId 4:16', patient({ meta: { versionId: 1 } })],
	['422 value Patient.name[0].text 5:12', patient({ name: [{ text: 'a\u0001b' }] })],
	['422 value Patient.name[0].text 5:12', patient({ name: [{ text: '   ' }] })],
]

const typeOf = text => /"resourceType"\s*:\s*"(\w+)"/.exec(text)?.[1] ?? 'Patient'
const told = issue => [issue.code, issue.expression?.[0] ?? '-',
	(issue.location?.[0] ?? '').replace(/^line (\d+), column (\d+)$/, '$1:$2')].join(' ')

test('broken resources', async t => {
	const dir = scratch(t), db = join(dir, 'a.db')
	const texts = broken.map(([says, resource]) => [says, typeof resource === 'string' ? resource : JSON.stringify(resource, null, 1)])
	const server = await serve(t, db)
	const ask = async (method, path, body) => {
		const response = await fetch(`${server.base}/fhir/${path}`, { method, body, headers: { 'content-type': 'application/fhir+json' } })
		const { issue = [] } = await response.json()
		return { status: response.status, issue: issue.find(({ severity }) => severity === 'error' || severity === 'fatal') ?? {} }
	}
	for (const [says, text] of texts)
		await t.test(says, async () => {
			const type = typeOf(text), created = await ask('POST', type, text)
			assert.equal(`${created.status} ${told(created.issue)}`, says)
			const checked = await ask('POST', `${type}/$validate`, text)
			assert.equal(told(checked.issue), says.slice(4), '$validate')
			// with an id on the first line the lines stay and a column there moves
			const put = await ask('PUT', `${type}/broken`, text.replace(/^{( *)/, /"id"/.test(text.slice(0, 60)) ? '{$1' : '{"id":"broken",$1'))
			assert.ok(put.status === 400 || put.status === 422, `PUT: ${put.status}`)
			if (put.status === 422)
				assert.equal(`${put.status} ${told(put.issue)}`.replace(/:\d+$/, ''), says.replace(/:\d+$/, ''), 'PUT')
		})
	await server.stop()
	await t.test('imported', () => {
		const alone = texts.filter(([, text]) => typeOf(text) !== 'Bundle') // of which import takes what is inside
		const files = alone.map(([, text], n) => {
			const file = join(dir, `${n}.json`)
			writeFileSync(file, text)
			return file
		})
		const rejects = join(dir, 'rejects')
		assert.equal(causeway('import', db, ...files, '--rejects', rejects).code, 65)
		const lines = new Map(readFileSync(rejects, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line)).map(r => [r.file, r]))
		for (const [n, [says]] of alone.entries()) {
			const reject = lines.get(files[n])
			assert.ok(reject, `${says} was taken`)
			const { where = '-', line, column } = reject.issue?.[0] ?? {}
			assert.equal(`${where} ${line}:${column}`, says.split(' ').slice(2).join(' '))
		}
	})
	assert.equal(causeway('search', db, '?_type=Patient,Observation,Organization', '--ids').out, '', 'nothing was written')
	assert.equal(causeway('check', db).code, 0)
})
