// An assessment of several professions: asked for, begun, a part of it the nurse's.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { available, edith, program, widths } from './place.mjs'
import { good, home, tabTo } from './home.mjs'

let place
before(async () => { place = available ? await home() : null })
after(() => place?.close())
const skip = !available && 'no program or no browser here'

const person = `/people/${edith}`
const group = (page, legend) => page.getByRole('group', { name: legend, exact: false })
async function press(page, name) {
	await page.getByRole('button', { name, exact: true }).first().click()
	await page.waitForLoadState()
}
async function follow(page, name) {
	await page.getByRole('link', { name }).first().click()
	await page.waitForLoadState()
}
// A step of a page: its link leads to a form, which is filled in and sent.
async function step(page, link, fill = async () => {}) {
	await follow(page, link)
	const button = page.locator('main form button[type=submit]').last()
	await fill(page)
	await button.click()
	await page.waitForURL(url => !url.pathname.startsWith('/do/'))
}

let form // its address, once it was begun

test('an assessment is asked for, begun, and its parts are told apart', { skip }, async () => {
	const page = await place.as('raman')
	await page.goto(`${place.base}/do/assessment-ask?person=Patient%2F${edith}&back=${person}`)
	await page.getByLabel('Why', { exact: true }).fill('She will go home and needs more help.')
	await page.getByLabel('Joint assessment').check()
	await press(page, 'Ask for an assessment')
	await page.goto(place.base + person)
	await page.locator('main a[href^="/forms/"]:not([href$="joint-1"])', { hasText: 'Joint assessment' }).click()
	await page.waitForURL(/\/forms\//)
	form = page.url()
	await page.getByRole('heading', { name: /Asked for, nobody has begun/ }).waitFor()
	await step(page, 'Start')
	await page.getByRole('heading', { name: /Being talked through/ }).waitFor()
	for (const width of widths) {
		await page.setViewportSize({ width, height: 900 })
		await good(page, 'assess-list')
	}
})

test('a part is asked of the nurse; who asked sees it, and cannot answer it', { skip }, async () => {
	const page = await place.as('raman')
	await page.goto(form)
	await step(page, /^Ask a colleague for Nursing/, async page => {
		assert.equal(await page.getByLabel('Which part').inputValue(), 'nursing')
		await page.getByLabel('Whom to ask').selectOption({ label: 'Bridget Molloy' })
		await page.getByLabel('Note for them (optional)').fill('Her heels are sore.')
		await good(page, 'assess-ask')
	})
	await page.getByText('Asked of Bridget Molloy').first().waitFor()
	await page.goto(`${form}/nursing`)
	await page.getByText('Their role alone fills this part in.').waitFor()
	assert.equal(await page.getByRole('button', { name: 'Save and leave' }).count(), 0)
	await good(page, 'assess-part-of-others')
	await page.goto(`${form}/check-answers`)
	await press(page, 'Complete')
	await page.getByRole('link', { name: /who was asked for it has not filled it in yet/ }).waitFor()
})

test('the nurse finds it in her list and fills it in by keyboard', { skip }, async () => {
	const page = await place.as('molloy')
	await page.goto(`${place.base}/work`)
	await page.locator('tr', { hasText: 'TREDWELL' }).getByRole('link', { name: /Joint assessment: Nursing/ }).click()
	await page.waitForLoadState()
	await follow(page, 'Open the answers')
	await follow(page, /^Nursing/)
	for (const [legend, answer] of [['Skin', 'Whole, at risk'], ['Continence', 'No difficulty'], ['Medicines', 'With prompting']]) {
		const radio = group(page, legend).getByLabel(answer, { exact: true })
		await tabTo(page, group(page, legend).getByRole('radio').first())
		while (!await radio.isChecked()) {
			await page.keyboard.press('Space')
			if (!await radio.isChecked())
				await page.keyboard.press('ArrowDown')
		}
	}
	await group(page, 'only a nurse').getByLabel('No', { exact: true }).check()
	await good(page, 'assess-part')
	await press(page, 'Save and leave')
	await step(page, /^This part is filled in/, page => page.getByLabel(/Note/).fill('Heels at risk: a cushion is ordered.'))
	await page.getByText(/Filled in by Bridget Molloy/).first().waitFor()
})

test('two people at one plan: neither loses a word, the second is told what the first did', { skip }, async () => {
	const one = await place.as('raman'), two = await place.as('okonjo')
	for (const page of [one, two]) {
		await page.goto(`${place.base}${person}/plan`)
		await follow(page, 'Add a goal')
	}
	const fill = (page, words) => page.locator('main form').getByRole('textbox').first().fill(words)
	await fill(one, 'To sleep in my own bed.')
	await one.locator('main form button[type=submit]').last().click()
	await one.waitForURL(url => !url.pathname.startsWith('/do/'))
	await fill(two, 'To see my sister at Easter.')
	await two.locator('main form button[type=submit]').last().click()
	await two.waitForLoadState()
	await two.getByText('Yours is saved, and so is theirs').waitFor()
	await two.getByText('A new goal: To sleep in my own bed.').waitFor()
	await good(two, 'plan-changed-meanwhile')
	await two.goto(`${place.base}${person}/plan`)
	const plan = await two.textContent('main')
	assert.match(plan, /To sleep in my own bed/)
	assert.match(plan, /To see my sister at Easter/)
})

test('a plan is put in force by its steps, and by no program that writes it as such', { skip }, async () => {
	const run = (...args) => execFileSync(program, args, { encoding: 'utf8' }).trim()
	run('account-add', place.db, 'feed', '--name', 'Feed', '--role', 'program-feed', '--org', 'WXL')
	const token = run('account-token', place.db, 'feed')
	const plan = { resourceType: 'CarePlan', id: 'past-its-steps', status: 'active', intent: 'plan', subject: { reference: `Patient/${edith}` },
		category: [{ coding: [{ system: 'https://causeway.example/fhir/CodeSystem/care-plan', code: 'care-and-support' }] }] }
	const put = await fetch(`${place.base}/fhir/CarePlan/${plan.id}`, { method: 'PUT', body: JSON.stringify(plan),
		headers: { 'content-type': 'application/fhir+json', authorization: `Bearer ${token}` } })
	const answer = await put.text()
	assert.equal(put.status, 422, answer)
	assert.match(answer, /by its operations/)
})
