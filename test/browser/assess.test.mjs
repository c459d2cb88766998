// An assessment with a nurse's part, files, the decision and its letter; then the plan, by two people at once and through its approval.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { available, edith } from './place.mjs'
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
const outcomes = ['Can they get, prepare', 'Can they keep themselves clean', 'Can they use the toilet']

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
	for (const width of [1280, 390, 320]) {
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
	await follow(page, /Joint assessment: Nursing/)
	await follow(page, 'Open the form')
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

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

test('a file is sent with it, looked at, refused when it is none, and taken off; with and without JavaScript', { skip }, async () => {
	const first = await place.as('raman')
	for (const options of [{}, { javaScriptEnabled: false }]) {
		const context = await place.browser.newContext({ ...options, storageState: await first.context().storageState() }), page = await context.newPage()
		await page.goto(`${form}/together`)
		const add = page.getByRole('button', { name: 'Save, and add a file' })
		await tabTo(page, add)
		await page.keyboard.press('Enter')
		await page.waitForURL(/\/file\//)
		await press(page, 'Add it')
		await page.getByRole('link', { name: 'Choose a file first.' }).waitFor()
		await page.getByLabel('The file').setInputFiles({ name: 'letter.pdf', mimeType: 'application/pdf', buffer: Buffer.from('<script>alert(1)</script>') })
		await press(page, 'Add it')
		await page.getByRole('link', { name: /Only PDF files/ }).waitFor()
		await good(page, 'assess-file')
		await page.getByLabel('The file').setInputFiles({ name: '../stairs at home.png', mimeType: 'image/png', buffer: png })
		await press(page, 'Add it')
		await page.waitForURL(/\/together$/)
		const link = page.getByRole('link', { name: /Open it/ })
		const got = await page.request.get(place.base + await link.getAttribute('href'))
		assert.equal(got.status(), 200)
		assert.deepEqual(await got.body(), png)
		assert.equal(got.headers()['content-type'], 'image/png')
		assert.match(got.headers()['content-disposition'], /^attachment; filename\*=UTF-8''stairs%20at%20home\.png$/)
		assert.equal(got.headers()['x-content-type-options'], 'nosniff')
		await good(page, 'assess-files')
		await page.goto(`${form}/check-answers`)
		await page.getByRole('link', { name: 'stairs at home.png' }).waitFor()
		const address = await page.getByRole('link', { name: 'stairs at home.png' }).getAttribute('href')
		const other = await place.as('barker')
		assert.ok([403, 404].includes((await other.request.get(place.base + address)).status()), 'who may not see the person may not see the file')
		await page.goto(`${form}/together`)
		await page.getByLabel('Keep stairs at home.png').uncheck()
		await press(page, 'Save and leave')
		await page.goto(`${form}/check-answers`)
		assert.equal(await page.getByRole('link', { name: 'stairs at home.png' }).count(), 0)
		assert.equal((await page.request.get(place.base + address)).status(), 404)
		await context.close()
	}
})

test('it is completed, decided with reasons, and its letter is read by the person', { skip }, async () => {
	const page = await place.as('raman')
	await page.goto(`${form}/about`)
	await page.getByLabel('What matters to them').fill('Her garden, and Karen.')
	await press(page, 'Save and leave')
	await page.goto(`${form}/known`)
	await group(page, 'Lives').getByLabel('Alone').check()
	await group(page, 'warm and dry').getByLabel('Yes').check()
	await press(page, 'Save and leave')
	await page.goto(`${form}/daily`)
	for (const one of await page.getByRole('group').all())
		if (await one.getByLabel('With help').count())
			await one.getByLabel('With help').check()
	await press(page, 'Save and leave')
	await page.goto(`${form}/outcomes`)
	await group(page, 'impairment or illness').getByLabel('Yes').check()
	for (const one of await page.getByRole('group').all()) {
		const name = await one.locator('legend').first().textContent()
		if (await one.getByLabel('Only with help or prompting').count())
			await one.getByLabel(outcomes.some(o => name.includes(o)) ? 'Only with help or prompting' : 'Yes, without help').check()
	}
	await group(page, 'significant effect').getByLabel('Yes').check()
	await good(page, 'assess-outcomes')
	await press(page, 'Save and leave')
	await page.goto(`${form}/together`)
	await page.getByLabel(/What help is needed/).fill('Help to wash and dress in the morning.')
	await group(page, 'read it and agreed').getByLabel('Yes').check()
	await press(page, 'Save and leave')
	await page.goto(`${form}/check-answers`)
	await press(page, 'Complete')
	await page.waitForURL(form)
	await step(page, 'Ready to decide')
	await step(page, 'Decide on eligibility', async page => {
		await page.getByLabel('Your reasons').fill('You cannot wash, use the toilet or cook without help.')
		await good(page, 'assess-decide')
	})
	await page.getByText('Eligible.').first().waitFor()
	await follow(page, 'The letter about it')
	await page.getByRole('heading', { name: 'You can have care and support' }).waitFor()
	await page.getByText('You cannot wash, use the toilet or cook without help.').waitFor()
	for (const width of [1280, 390]) {
		await page.setViewportSize({ width, height: 900 })
		await good(page, 'assess-letter')
	}
	const own = await place.as('edith', 390)
	await own.goto(`${place.base}/me/plan`)
	await follow(own, /letter about what we decided/)
	await own.getByText('You cannot wash, use the toilet or cook without help.').waitFor()
	await good(own, 'assess-letter-me')
})
