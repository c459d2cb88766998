// Who is eligible, asked over the API in few words; and an assessment from being asked for to its letter.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { causeway, scratch, serve } from './causeway.mjs'

const cleanups = [], scope = { after: f => cleanups.push(f) }
let base
before(async () => {
	const dir = scratch(scope), db = join(dir, 'a.db'), file = join(dir, 'people.ndjson')
	writeFileSync(file, [
		{ resourceType: 'Organization', id: 'council', name: 'Council' },
		{ resourceType: 'Practitioner', id: 'nurse', name: [{ family: 'Molloy', given: ['Bridget'] }] },
		{ resourceType: 'Patient', id: 'ada', name: [{ family: 'Oak', given: ['Ada'] }], birthDate: '1940-02-01' },
		{ resourceType: 'Condition', id: 'hip', subject: { reference: 'Patient/ada' }, code: { text: 'Arthritis of the hip' },
			clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] } },
	].map(one => JSON.stringify(one)).join('\n'))
	assert.equal(causeway('import', db, file).code, 0)
	base = (await serve(scope, db)).base
})
after(() => cleanups.forEach(f => f()))

const kind = value => typeof value === 'boolean' ? { valueBoolean: value }
	: typeof value === 'object' ? { resource: value }
	: /^[A-Z]\w+\//.test(value) ? { valueReference: { reference: value } } : { valueString: value }
const given = values => ({ resourceType: 'Parameters', parameter: Object.entries(values)
	.flatMap(([name, value]) => [value].flat().map(one => ({ name, ...kind(one) }))) })
async function post(path, values = {}, status = 200) {
	const reply = await fetch(`${base}/fhir/${path}`, { method: 'POST', body: JSON.stringify(given(values)), headers: { 'content-type': 'application/fhir+json' } })
	const text = await reply.text()
	assert.equal(reply.status, status, `${path}: ${text}`)
	return text && JSON.parse(text)
}
const read = async path => (await fetch(`${base}/fhir/${path}`)).json()

// What it comes to: { eligible, unmet: [limb], letter, … }.
async function worked(values) {
	const { parameter } = await post('QuestionnaireResponse/$eligibility-work-out', values)
	const one = name => parameter.find(p => p.name === name)
	return { parameter, eligible: one('eligible').valueBoolean, letter: one('letter').valueString, rules: one('rules').valueString,
		unmet: parameter.filter(p => p.name === 'limb').map(p => Object.fromEntries(p.part.map(q => [q.name, q.valueBoolean ?? q.valueCode ?? q.valueString])))
			.filter(limb => !limb.met).map(limb => limb.name),
		ignored: parameter.filter(p => p.name === 'not-looked-at').map(p => p.valueString) }
}

const adult = { scheme: 'adult', impairment: true, wellbeing: true }, carer = { scheme: 'carer', necessary: true, wellbeing: true }
const vectors = [
	['T-EL-1: one outcome', { ...adult, outcome: ['HYGIENE'] }, false, ['outcomes']],
	['T-EL-2: no effect on wellbeing', { ...adult, wellbeing: false, outcome: ['HYGIENE', 'TOILET'] }, false, ['wellbeing']],
	['T-EL-3: a daughter meets the need', { ...adult, outcome: ['HYGIENE', 'TOILET'], 'carer-helps': true }, true, []],
	['T-EL-4: a carer, one outcome', { ...carer, outcome: ['RECREATION'], 'health-risk': false }, true, []],
	['T-EL-5: a carer, health alone', { ...carer, 'health-risk': true }, true, []],
	['T-EL-6: nothing', { scheme: 'adult', impairment: false, wellbeing: false }, false, ['impairment', 'outcomes', 'wellbeing']],
]

for (const [name, values, eligible, unmet] of vectors)
	test(name, async () => {
		const found = await worked(values)
		assert.equal(found.eligible, eligible)
		assert.deepEqual(found.unmet, unmet)
		assert.match(found.letter, eligible ? /You are eligible\./ : /not eligible now[^]*What can help now/)
		assert.match(found.letter, /What we found[^]*If you do not agree[^]*28 days/)
		assert.equal('carer-helps' in values, found.ignored.includes('carer.there'))
	})

test('answers are taken in each of their shapes, and what is no answer is named', async () => {
	const long = await worked({ scheme: 'adult', answer: ['impairment=true', 'outcome.TOILET.unable=pain', 'outcome.CLOTHED.unable=time', 'wellbeing.significant=true'] })
	assert.equal(long.eligible, true)
	assert.match(long.letter, /Using the toilet: it causes significant pain/)
	const item = (linkId, answer) => ({ linkId, answer: [answer] })
	const form = await worked({ answers: { resourceType: 'QuestionnaireResponse', status: 'completed', questionnaire: 'https://causeway.example/fhir/Questionnaire/carer-assessment',
		item: [item('necessary', { valueBoolean: true }), item('wellbeing.significant', { valueBoolean: true }), item('outcome.NUTRITION.unable', { valueCoding: { code: 'danger' } })] } })
	assert.equal(form.eligible, true)
	assert.match(form.rules, /^england carer 2015-04-01/)
	for (const [values, why] of [[{}, /Nothing is answered/], [{ outcome: 'SLEEPING' }, /SLEEPING is no outcome/], [{ ...carer, outcome: 'NUTRITION=time' }, /no answer that these rules know/],
		[{ scheme: 'child', impairment: true }, /none of the choices/], [{ ...adult, on: '2015-03-31' }, /no rules on eligibility for/], [{ answer: 'yes' }, /linkId=value/]])
		assert.match(JSON.stringify(await post('QuestionnaireResponse/$eligibility-work-out', values, 422)), why)
})

const outcomes = ['NUTRITION', 'HYGIENE', 'TOILET', 'CLOTHED', 'HOME_SAFE', 'HABITABLE_HOME', 'RELATIONSHIPS', 'WORK_TRAINING_VOLUNTEERING', 'COMMUNITY_FACILITIES_TRANSPORT', 'CHILD_CARING']
const joint = unable => ['about.matters=Her garden', 'home.lives=alone', 'home.heating=true',
	...['wash', 'dress', 'toilet', 'cook', 'eat', 'shop', 'home', 'out'].map(one => `can.${one}=help`),
	'impairment=true', ...outcomes.map(one => `outcome.${one}.unable=${unable.includes(one) ? 'help' : 'no'}`), 'wellbeing.significant=true',
	'together.needs=Help to wash in the morning', 'together.agreed=true']
const nursing = ['nursing.skin=risk', 'nursing.continence=dry', 'nursing.medicines=prompt', 'nursing.needs=false']

test('a joint assessment: a nurse’s part is work of its own, and nothing is decided while it is open', async () => {
	const task = await post('Task/$assessment-ask', { person: 'Patient/ada', reason: 'Two falls', form: 'joint-assessment', to: 'Organization/council' })
	const answers = task.focus.reference
	assert.match(JSON.stringify(await read(answers)), /Arthritis of the hip/, 'what the record knows is not asked')
	await post(`Task/${task.id}/$start`)
	await post(`${answers}/$save`, { set: joint(['HYGIENE', 'CLOTHED', 'NUTRITION']) })
	const part = await post(`Task/${task.id}/$delegate`, { part: 'nursing', to: 'Practitioner/nurse', note: 'Her heels are sore' })
	assert.equal(part.owner.reference, 'Practitioner/nurse')
	assert.deepEqual(part.partOf, [{ reference: `Task/${task.id}` }])
	await post(`Task/${task.id}/$delegate`, { part: 'nursing', to: 'Practitioner/nurse' }, 409)
	await post(`Task/${task.id}/$delegate`, { part: 'daily', to: 'Practitioner/nurse' }, 422)

	assert.match(JSON.stringify(await post(`${answers}/$complete`, {}, 422)), /Nursing[^"]*has not filled it in yet/)
	await post(`${answers}/$complete`, { without: 'The nurse comes on Friday' })
	await post(`Task/${task.id}/$submit`)
	assert.match(JSON.stringify(await post(`Task/${task.id}/$decide`, { reasons: 'As found' }, 409)), /not filled in yet/)
	await post(`${answers}/$amend`, { reason: 'The nurse has been' })
	await post(`Task/${task.id}/$return`, { reason: 'The nurse has been' })

	assert.match(JSON.stringify(await post(`Task/${part.id}/$filled`, {}, 422)), /must be answered/)
	await post(`Task/${part.id}/$take`)
	await post(`${answers}/$save`, { set: nursing })
	await post(`Task/${part.id}/$filled`, { note: 'Heels at risk' })
	assert.match(JSON.stringify((await read(`Task/${task.id}`)).note), /Nursing[^"]*was filled in\. Heels at risk/)
	await post(`${answers}/$complete`)
	await post(`Task/${task.id}/$submit`)
	const decision = await post(`Task/${task.id}/$decide`, { reasons: 'Three outcomes are out of reach.' })
	assert.equal(decision.item.find(i => i.linkId === 'decision').answer[0].valueString, 'eligible')
	assert.match(decision.extension[0].valueReference.reference, /_history\/\d+$/)
	const done = await read(`Task/${task.id}`)
	assert.equal(done.status, 'completed')
	assert.equal(done.output[0].valueReference.reference, `QuestionnaireResponse/${decision.id}`)

	const letter = await (await fetch(`${base}/people/ada/letter/${decision.id}`)).text()
	assert.match(letter, /You can have care and support/)
	assert.match(letter, /Three outcomes are out of reach\./)
	assert.match(letter, /Keeping yourself clean[^]*you need help with it/)
})

test('with a reason it is decided without the part, which is taken back', async () => {
	const task = await post('Task/$assessment-ask', { person: 'Patient/ada', reason: 'Asked again', form: 'joint-assessment', to: 'Organization/council' })
	const answers = task.focus.reference
	await post(`Task/${task.id}/$start`)
	await post(`${answers}/$save`, { set: joint(['HYGIENE']) })
	const part = await post(`Task/${task.id}/$delegate`, { part: 'nursing', to: 'Practitioner/nurse' })
	await post(`${answers}/$complete`, { without: 'She is in hospital' })
	await post(`Task/${task.id}/$submit`)
	const decision = await post(`Task/${task.id}/$decide`, { reasons: 'One outcome', without: 'She is in hospital; nothing hangs on it.' })
	assert.equal(decision.item.find(i => i.linkId === 'decision').answer[0].valueString, 'not eligible')
	assert.equal((await read(`Task/${part.id}`)).status, 'cancelled')
	assert.match(await (await fetch(`${base}/people/ada/letter/${decision.id}`)).text(), /What can help now/)
})

test('a part that was sent back is the assessor’s again, and parts that nobody was asked for are not waited for', async () => {
	const task = await post('Task/$assessment-ask', { person: 'Patient/ada', reason: 'Third', form: 'joint-assessment', to: 'Organization/council' })
	const answers = task.focus.reference
	const part = await post(`Task/${task.id}/$delegate`, { part: 'mind', to: 'Practitioner/nurse' })
	await post(`Task/${part.id}/$return`, { reason: 'Not mine' })
	assert.match(JSON.stringify((await read(`Task/${task.id}`)).note), /sent back: Not mine/)
	await post(`${answers}/$save`, { set: joint([]) })
	await post(`${answers}/$complete`)
})
