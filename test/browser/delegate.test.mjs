// delegate.test.mjs - people who are let in: by a code that is good once, to what was named and no more, until
// a day or until it is taken back, which counts at the next request; who speaks for somebody may choose for them.
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
const karen = 'p-000002'
let place

before(async () => {
	if (!available)
		return
	place = await home()
	const file = join(tmpdir(), `delegate-${process.pid}.ndjson`)
	writeFileSync(file, JSON.stringify({ resourceType: 'Condition', id: 'close-mind', subject: { reference: `Patient/${edith}` },
		meta: { source: 'https://fhir.nhs.uk/Id/ods-organization-code/WXM',
			security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'MH' }] },
		code: { text: 'Grief that does not lift' } }) + '\n')
	execFileSync(program, ['import', place.db, file, '--quiet'])
})
after(async () => { await place?.close?.() })

// A code made in this window.
async function invite(page, name, { capacity = 'carer', scopes = [], until, note } = {}) {
	await page.goto(`${place.base}/me/people`)
	await page.getByLabel('Who?').fill(name)
	await page.locator(`#as-${capacity}`).check()
	for (const scope of scopes)
		await page.getByLabel(scope, { exact: true }).check()
	if (until)
		await page.getByLabel('Last day').fill(until)
	if (note)
		await page.getByLabel(/^Proof/).fill(note)
	await page.getByRole('button', { name: 'Make a code for them' }).press('Enter')
	await page.waitForSelector('.cw-secret')
	return page.locator('.cw-secret').innerText()
}

async function join_(code, login, name) {
	const context = await place.browser.newContext({ viewport: { width: 390, height: 844 } })
	const page = await context.newPage()
	await page.goto(`${place.base}/join`)
	await page.getByLabel('The code').fill(code)
	await page.getByLabel('Your name').fill(name)
	await page.getByLabel(/Your e-mail/).fill(login)
	await page.getByLabel('A password').fill('seven green kettles')
	await page.getByLabel('The same again').fill('seven green kettles')
	await page.getByRole('button', { name: 'Go on' }).press('Enter')
	await page.waitForLoadState()
	return page
}

const status = async (page, address) => (await page.request.get(place.base + address)).status()

test('a neighbour joins with a code, sees what was named, until it is taken back', { skip, timeout: 600000 }, async () => {
	const { base } = place, resident = await place.as('edith')
	await resident.goto(`${base}/me/people`)
	await resident.getByRole('button', { name: 'Make a code for them' }).press('Enter')
	await resident.waitForSelector('.nhsuk-error-summary')
	await good(resident, 'people-error')
	const code = await invite(resident, 'Mo from next door', { until: '2031-03-31' })
	assert.match(code, /^[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}$/)
	await good(resident, 'people-code')
	await resident.goto(`${base}/me/people`)
	assert.ok(!(await resident.content()).includes(code), 'the code is shown once')

	const wrong = await join_('AAAA-BBBB-CCCC', 'mo-wrong', 'Mo')
	assert.match(await wrong.locator('.nhsuk-error-summary').innerText(), /not right, was used already, or is too old/)
	const mo = await join_(code.toLowerCase().replaceAll('-', ' '), 'mo@example.org', 'Mo Next-Door')
	assert.equal(new URL(mo.url()).pathname, '/for')
	await good(mo, 'for')
	await mo.getByRole('link', { name: /Edith Tredwell/ }).press('Enter')
	await mo.waitForURL(`${base}/for/${edith}`)
	assert.match(await mo.locator('.cw-helped').innerText(), /record of .*Edith Tredwell/)
	assert.doesNotMatch(await mo.locator('main').innerText(), /Who looked|Choices|lets see it/, 'a carer does not speak for them')
	await good(mo, 'for-home')
	await mo.goto(`${base}/for/${edith}/record`)
	assert.match(await mo.locator('main').innerText(), /Osteoporosis/)
	assert.deepEqual(await Promise.all(['looked', 'choices', 'people'].map(page => status(mo, `/for/${edith}/${page}`))), [403, 403, 403])
	assert.deepEqual([await status(mo, `/for/${karen}`), await status(mo, '/for/never-was'), await status(mo, `/people/${edith}`)], [404, 404, 403])
	const copy = await (await mo.request.get(`${base}/for/${edith}/copy/my-record.json`)).json()
	const ids = copy.entry.map(e => `${e.resource.resourceType}/${e.resource.id}`)
	assert.ok(ids.includes(`Condition/${edith}-problem-wrist`))
	assert.ok(!ids.includes('Condition/close-mind'), 'mental health was not named')
	assert.doesNotMatch(await (await mo.request.get(`${base}/for/${edith}/record/all`)).text(), /Grief/)
	assert.equal(await status(mo, '/fhir/Condition/close-mind'), 404)

	const again = await join_(code, 'mo-two', 'Somebody else')
	assert.match(await again.locator('.nhsuk-error-summary').innerText(), /not right/, 'good once')

	await resident.goto(`${base}/me/looked`)
	assert.match(await resident.locator('.cw-look', { hasText: 'Mo Next-Door' }).first().innerText(), /you let them|Somebody you let/)
	await resident.goto(`${base}/me/people`)
	await resident.getByRole('link', { name: 'Take it back from Mo Next-Door' }).press('Enter')
	await resident.waitForURL(/take=/)
	assert.match(await resident.locator('main').innerText(), /Mo Next-Door sees nothing of your record any more[\s\S]*until 31 Mar 2031/)
	await good(resident, 'people-take-back')
	await resident.getByRole('button', { name: 'Yes, take it back now' }).press('Enter')
	await resident.waitForURL(/gone=1/)
	assert.deepEqual([await status(mo, `/for/${edith}`), await status(mo, `/for/${edith}/record`), await status(mo, `/fhir/Patient/${edith}`)], [410, 410, 404], 'at the next request')
	await mo.goto(`${base}/for/${edith}/record`)
	const told = await mo.locator('body').innerText()
	assert.match(told, /You could see this record until .* That has ended[\s\S]*ask them, or who speaks for them, for a new code/)
	assert.doesNotMatch(told, /Find a person|lead professional|Tredwell/, 'nothing that they cannot do, and no name')
	await good(mo, 'for-ended')
	await mo.getByRole('link', { name: 'People I help' }).press('Enter')
	await mo.waitForURL(`${base}/for`)
	assert.match(await mo.locator('main').innerText(), /Nobody lets you see their record now[\s\S]*until .* That has ended[\s\S]*Use the code/)
	await good(mo, 'for-nobody')
	assert.equal(await status(mo, '/for/never-was'), 404)
})

test('what was named is seen; what was not is absent', { skip, timeout: 600000 }, async () => {
	const resident = await place.as('edith'), daughter = await place.as('karen')
	assert.equal(await status(daughter, '/fhir/Condition/close-mind'), 404)
	const code = await invite(resident, 'Karen', { scopes: ['Mental health'] })
	await daughter.goto(`${place.base}/for`)
	await daughter.getByLabel('The code').fill(code)
	await daughter.getByRole('button', { name: 'Use the code' }).press('Enter')
	await daughter.waitForURL(/done=1/)
	assert.equal(await status(daughter, '/fhir/Condition/close-mind'), 200)
})

test('an attorney speaks for somebody: chooses, sees who looked, asks; the proof is written down', { skip, timeout: 600000 }, async () => {
	const { base } = place, attorney = await place.as('nolan')
	await attorney.goto(base)
	await attorney.waitForURL(`${base}/for`)
	for (const page of ['', '/looked', '/choices', '/people', '/asked', '/about', '/copy', '/copy/read', '/record/all']) {
		assert.equal((await attorney.goto(`${base}/for/${karen}${page}`)).status(), 200, page)
		await good(attorney, `attorney${page.replaceAll('/', '-')}`)
	}
	await attorney.goto(`${base}/for/${karen}/choices?choice=ask&do=on`)
	await attorney.getByRole('button', { name: 'Yes, save my choice' }).press('Enter')
	await attorney.waitForURL(`${base}/for/${karen}/choices?saved=1`)
	const person = await place.as('karen')
	await person.goto(`${base}/me/people`)
	assert.match(await person.locator('main').innerText(), /Joan Nolan\s+Attorney or deputy[\s\S]*Proof: Lasting power of attorney/)
	await person.goto(`${base}/me/choices`)
	assert.match(await person.locator('main').innerText(), /People must ask you first/)
	const carer = await place.as('karen') // Karen is only a carer of Edith
	await carer.goto(`${base}/for/${edith}`)
	const token = await carer.locator('input[name=form_token]').first().inputValue()
	const tried = await carer.request.post(`${base}/for/${edith}/choices`, { form: { form_token: token, choice: 'sharing', do: 'on' } })
	assert.equal(tried.status(), 403)
})

test('staff write down who may act for somebody, with the proof they saw', { skip, timeout: 600000 }, async () => {
	const { base } = place, worker = await place.as('raman')
	await worker.goto(`${base}/people/${edith}`)
	await worker.getByRole('link', { name: 'Who may act for them' }).press('Enter')
	await worker.waitForURL(/delegates/)
	await good(worker, 'delegates')
	await worker.getByLabel('Who?').fill('Peter Tredwell')
	await worker.getByLabel(/^Parent or guardian/).check()
	await worker.getByRole('button', { name: 'Make a code for them' }).press('Enter')
	assert.match(await worker.locator('.nhsuk-error-summary').innerText(), /Write down the proof/)
	await worker.getByLabel(/^Proof/).fill('Birth certificate seen 21 November by P. Raman')
	await worker.getByRole('button', { name: 'Make a code for them' }).press('Enter')
	await worker.waitForSelector('.cw-secret')
	assert.equal(await status(await place.as('molloy'), '/people/p-000050/delegates'), 403, 'only for people one has to do with')
	await worker.goto(`${base}/people/${edith}/delegates`)
	await worker.getByRole('button', { name: 'Take the code back for Peter Tredwell' }).press('Enter')
	await worker.waitForURL(/gone=1/)
})
