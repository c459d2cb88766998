// contact.test.mjs - somebody rings: the adviser finds the person, writes it down in few steps, and sends it on; whom it
// goes to accepts it from their list.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { good, home } from './home.mjs'
import { available } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
let place
before(async () => { place = available ? await home() : null })
after(async () => { await place?.close?.() })

test('a contact is logged in a dozen steps, and what is missing is said', { skip }, async () => {
	const page = await place.as('iqbal')
	let steps = 0
	const step = async done => { steps++; await done }
	await page.goto(`${place.base}/contact`)
	await good(page, 'contact')
	await step(page.fill('#who', 'tredwell 1941'))
	await step(page.press('#who', 'Enter'))
	await step(page.getByRole('link', { name: /This is the person/ }).first().click())
	await good(page, 'contact-new')
	await step(page.fill('#caller', 'Karen Tull'))
	await step(page.selectOption('#relation', 'Family carer'))
	await step(page.fill('#what', 'Found her on the kitchen floor, cold. She will not go to hospital.'))
	await step(page.check('input[name=sign][value=fall]'))
	await step(page.getByRole('button', { name: 'Send and start the clock' }).click())
	await page.getByRole('link', { name: 'Choose how soon someone must act' }).waitFor()
	await page.getByText('Suggested: within 2 hours.').waitFor()
	assert.equal(await page.inputValue('#caller'), 'Karen Tull')
	await good(page, 'contact-error')
	await step(page.check('input[name=urgency][value="2h"]'))
	await step(page.check('input[name=outcome][value=urgent]'))
	await step(page.getByRole('button', { name: 'Send and start the clock' }).click())
	await page.waitForURL(/\/work\//)
	assert.match(await page.innerText('main'), /Sent on, nobody has answered/)
	assert.match(await page.innerText('main'), /Urgent community response/)
	assert.ok(steps <= 12, `${steps} steps`)
	await good(page, 'contact-sent')
	const id = page.url().split('/').pop()

	const nurse = await place.as('molloy')
	await nurse.goto(`${place.base}/work?who=all`)
	await good(nurse, 'work-nurse')
	await nurse.goto(`${place.base}/work/${id}`)
	await nurse.getByRole('link', { name: 'Accept', exact: true }).click()
	await nurse.getByRole('button', { name: 'Accept' }).click()
	await nurse.waitForURL(/\/work\//)
	assert.match(await nurse.innerText('main'), /Accepted/)
})

test('the list fits a phone, and its filter stands in the address', { skip }, async () => {
	const page = await place.as('kessell', 320)
	await page.goto(`${place.base}/`)
	assert.match(page.url(), /\/work$/)
	await good(page, 'work')
	await page.selectOption('#f-due', 'late')
	await page.getByRole('button', { name: 'Filter' }).click()
	assert.match(page.url(), /due=late/)
	await page.goto(`${place.base}/work/hand-over?who=me`)
	await good(page, 'work-hand')
})
