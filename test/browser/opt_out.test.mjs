// opt_out.test.mjs - a person says no in their window: at the next request of their GP in another, what others
// wrote is on no page, in no total, in no copy; what they take back comes back. For all, one organisation, one
// kind of record, and planning.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { good, home } from './home.mjs'
import { available, edith } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
const program = process.env.CAUSEWAY || new URL('../../build/causeway', import.meta.url).pathname
const ODS = 'https://fhir.nhs.uk/Id/ods-organization-code'
const stay = `Encounter/${edith}-stay-1` // the hospital wrote it
let place, resident, gp, analyst

before(async () => {
	if (!available)
		return
	place = await home()
	const file = join(tmpdir(), `opt-out-${process.pid}.ndjson`)
	writeFileSync(file, JSON.stringify({ resourceType: 'Condition', id: 'opt-out-mind', subject: { reference: `Patient/${edith}` },
		meta: { source: `${ODS}/WXM`, security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'MH' }] },
		code: { text: 'Grief that does not lift' } }) + '\n')
	execFileSync(program, ['import', place.db, file, '--quiet'])
	resident = await place.as('edith')
	gp = await place.as('hughes')
	analyst = await place.as('lindqvist')
})
after(async () => { await place?.close?.() })

// Choose in the resident's window, by keyboard, the effect shown before it is saved.
async function choose(choice, on) {
	await resident.goto(`${place.base}/me/choices?choice=${choice}&do=${on ? 'on' : 'off'}`)
	const effect = await resident.locator('.cw-lede').innerText()
	await resident.getByRole('button', { name: 'Yes, save my choice' }).press('Enter')
	await resident.waitForURL(/saved=1/)
	return effect
}

const status = async (page, address) => (await page.request.get(place.base + address)).status()
const total = async (page, query) => (await (await page.request.get(`${place.base}/fhir/${query}&_total=accurate&_count=200`)).json())
async function everything(page) {
	const bundle = await (await page.request.get(`${place.base}/fhir/Patient/${edith}/$everything?_count=1000`)).json()
	return bundle.entry.map(e => `${e.resource.resourceType}/${e.resource.id}`)
}

// What a page, searches and copies show the GP of one item.
async function sees(reference) {
	const [type, id] = reference.split('/')
	const page = await gp.goto(`${place.base}/people/${edith}`)
	const found = await total(gp, `${type}?patient=${edith}`)
	const named = await total(gp, `${type}?_id=${id}`)
	return {
		page: page.status() === 200 && (await gp.content()).includes(id),
		source: await status(gp, `/people/${edith}/source/${reference}`) === 200,
		read: await status(gp, `/fhir/${reference}`) === 200,
		history: await status(gp, `/fhir/${reference}/_history`) === 200,
		search: (found.entry ?? []).some(e => e.resource.id === id),
		counted: named.total === 1,
		copy: (await everything(gp)).includes(reference),
		total: found.total,
		ofType: (await total(gp, `${type}?_summary=count`)).total,
	}
}
// An export of all Encounters, done: its files' addresses.
async function exportMade() {
	const begun = await analyst.request.get(`${place.base}/fhir/$export?_type=Encounter`,
		{ headers: { Prefer: 'respond-async', Accept: 'application/fhir+json' } })
	assert.equal(begun.status(), 202)
	let reply
	do
		reply = await analyst.request.get(begun.headers()['content-location'])
	while (reply.status() === 202)
	return (await reply.json()).output.map(one => one.url)
}
// How many Encounters are in these files, how many of them hers, and is the stay among them?
async function fetched(files) {
	let text = ''
	for (const url of files)
		text += await (await analyst.request.get(url)).text()
	const lines = text.split('\n'), hers = lines.filter(line => line.includes(`"Patient/${edith}"`))
	return { has: text.includes(`"${edith}-stay-1"`), count: lines.length, hers: hers.length }
}
const exported = async () => (await fetched(await exportMade())).has

const all = { page: true, source: true, read: true, history: true, search: true, counted: true, copy: true }
const none = Object.fromEntries(Object.keys(all).map(k => [k, false]))
const without = ({ total, ofType, ...rest }) => rest

test('stop all sharing, and share again', { skip, timeout: 600000 }, async () => {
	const before = await sees(stay)
	assert.deepEqual(without(before), all)
	assert.equal(await exported(), true)
	const effect = await choose('sharing', true)
	assert.match(effect, /\d+ items from \d+ organisations would be hidden from all but those who wrote them/)
	const after = await sees(stay)
	assert.deepEqual(without(after), none, 'at the very next request')
	assert.ok(after.total < before.total, 'totals are those of what is left')
	assert.equal(before.ofType - after.ofType, before.total - after.total, 'exactly')
	assert.equal(await exported(), false, 'nor is it in what is exported')
	await good(gp, 'opt-out-gp')
	await resident.goto(`${place.base}/me/choices`)
	const holds = await resident.getByRole('region', { name: 'What holds now' }).innerText()
	assert.match(holds, /You stopped all sharing\. Now, \d+ items from \d+ organisations are hidden[\s\S]*Since .*, said by you/, 'proved afterwards')
	const again = await choose('sharing', false)
	assert.match(again, /^\d+ items from \d+ organisations would be seen again by all who give care/)
	assert.equal(/\d+ items/.exec(again)[0], /\d+ items/.exec(effect)[0], 'exactly what was hidden')
	assert.deepEqual(await sees(stay), before, 'exactly as it was')
	assert.equal(await exported(), true)
})

test('one organisation sees no more than it wrote, the others go on', { skip, timeout: 600000 }, async () => {
	const nurse = await place.as('molloy')
	await resident.goto(`${place.base}/me/choices`)
	await resident.locator('summary', { hasText: 'Millrace Surgery' }).press('Enter')
	await resident.getByRole('link', { name: 'Stop sharing with Millrace Surgery' }).press('Enter')
	await resident.waitForURL(/choice=organisation-WXG001/)
	assert.match(await resident.locator('.cw-lede').innerText(), /hidden from Millrace Surgery/)
	await good(resident, 'opt-out-sure')
	await resident.getByRole('button', { name: 'Yes, save my choice' }).press('Enter')
	await resident.waitForURL(/saved=1/)
	await good(resident, 'opt-out-choices')
	assert.deepEqual(without(await sees(stay)), none)
	assert.equal(await status(nurse, `/fhir/${stay}`), 200, 'the nurse still sees it')
	await choose('organisation-WXG001', false)
	assert.deepEqual(without(await sees(stay)), all)
})

test('what one organisation wrote is kept to itself', { skip, timeout: 600000 }, async () => {
	await choose('source-WXA01', true)
	assert.equal((await sees(stay)).read, false)
	assert.equal(await status(await place.as('wolski'), `/fhir/${stay}`), 200, 'who wrote it sees it')
	await choose('source-WXA01', false)
	assert.equal((await sees(stay)).read, true)
})

test('one kind of record', { skip, timeout: 600000 }, async () => {
	assert.deepEqual(without(await sees('Condition/opt-out-mind')), all)
	const effect = await choose('category-mental-health', true)
	assert.match(effect, /^1 item from 1 organisation would be hidden/)
	assert.deepEqual(without(await sees('Condition/opt-out-mind')), none)
	assert.deepEqual(without(await sees(stay)), all, 'nothing else is')
	await choose('category-mental-health', false)
	assert.deepEqual(without(await sees('Condition/opt-out-mind')), all)
})

test('staff write down what a person tells them, and the person reads who did', { skip, timeout: 600000 }, async () => {
	const { base } = place, nurse = await place.as('molloy')
	await nurse.goto(`${base}/people/${edith}`)
	await nurse.getByRole('link', { name: 'What they chose' }).press('Enter')
	await nurse.waitForURL(/choices$/)
	await good(nurse, 'choices-staff')
	await nurse.getByRole('link', { name: 'Hide mental health' }).press('Enter')
	await good(nurse, 'choices-staff-sure')
	await nurse.getByRole('button', { name: 'Yes, save what they chose' }).press('Enter')
	await nurse.waitForURL(/saved=1/)
	assert.deepEqual(without(await sees('Condition/opt-out-mind')), none)
	await resident.goto(`${base}/me/choices`)
	assert.match(await resident.getByRole('region', { name: 'What holds now' }).innerText(), /Mental health: hidden[\s\S]*said by Bridget Molloy/)
	await good(resident, 'choices-holds')
	await choose('category-mental-health', false)
	assert.match(await resident.locator('main').innerText(), /Hide mental health\. Taken back by you[\s\S]*Hide mental health\. Chosen by Bridget Molloy/)
	assert.equal(await status(nurse, '/people/p-000050/choices'), 403, 'only for people one has to do with')
})

test('planning and research: the analyst’s searches and exports', { skip, timeout: 600000 }, async () => {
	assert.deepEqual([await status(analyst, `/fhir/${stay}`), await exported()], [200, true])
	const files = await exportMade(), made = await fetched(files)
	await choose('secondary', true)
	const left = await fetched(files)
	assert.deepEqual(left, { has: false, count: made.count - made.hers, hers: 0 }, 'nor in the files of one that was made before, and nobody else is missing')
	assert.deepEqual([await status(analyst, `/fhir/${stay}`), await exported()], [404, false])
	assert.equal((await sees(stay)).read, true, 'care goes on')
	await choose('secondary', false)
	assert.deepEqual([await status(analyst, `/fhir/${stay}`), await exported()], [200, true])
	assert.deepEqual(await fetched(files), made, 'and all of it again')
})
