// money.test.mjs - somebody works out on a phone what she would pay, without a script and without signing in,
// sends it after signing in; an officer looks at the evidence, another decides, the letter can be printed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { available, barriers, demo, picture, signIn } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
let place

before(async () => { if (available) place = await demo() })
after(async () => { if (place) await place.close() })

async function good(page, name, { script = true } = {}) {
	const width = page.viewportSize().width
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} fits into ${width}`)
	if (script)
		assert.deepEqual(await barriers(page), [], `${name} at ${width}`)
	await picture(page, `${name}-${width}`)
}

const next = page => page.getByRole('button', { name: 'Go on' }).click()

// The case of the examples in plain sight: 95.11 a week.
async function workOut(page, look = async () => {}) {
	await page.goto(`${place.base}/money/what-if`)
	await look('where')
	await page.getByLabel('At home').check()
	await next(page)
	await page.getByLabel('Day').fill('2')
	await page.getByLabel('Month').fill('3')
	await page.getByLabel('Year').fill('1941')
	await look('born')
	await next(page)
	await page.getByLabel('No', { exact: true }).check()
	await next(page)
	await page.getByLabel('State Pension', { exact: true }).fill('870.60')
	await page.getByLabel('State Pension: how often').selectOption('4w')
	await page.getByLabel('Works or private pensions', { exact: true }).fill('64.30')
	await page.getByLabel('Attendance Allowance, or PIP or DLA for daily care', { exact: true }).fill('73.90')
	await look('income')
	await next(page)
	await page.getByLabel('In your own name').fill('£16,420')
	await next(page)
	await page.getByLabel('Council Tax you pay yourself', { exact: true }).fill('22.14')
	await page.getByLabel('What your health or disability costs you', { exact: true }).fill('15')
	await next(page)
	await page.getByLabel('What does the care cost?', { exact: true }).fill('172.20')
	await next(page)
	await look('result')
}

test('what would I pay, at 390 and 320, each page through axe', { skip }, async () => {
	for (const width of [390, 320]) {
		const page = await place.page(width)
		const begun = Date.now()
		await workOut(page, name => good(page, `money-${name}`))
		assert.ok(Date.now() - begun < 120000)
		await page.context().close()
	}
})

test('the answer to the penny without a script, every figure with its rule and source; nothing in the address', { skip }, async () => {
	const page = await place.page(390, { javaScriptEnabled: false })
	await workOut(page)
	assert.match(await page.locator('.cw-pay__sum').textContent(), /You would pay £95\.11 a week/)
	const text = await page.locator('main').textContent()
	for (const part of ['£217.65', '£364.85', '− £232.60', '− £22.14', '− £15.00', 'SI 2014/2672', 'CH-2', 'from 2025-04-07'])
		assert.ok(text.includes(part), part)
	assert.equal(new URL(page.url()).search, '')
	await page.getByRole('button', { name: 'The care', exact: true }).click()
	await page.getByLabel('What does the care cost?', { exact: true }).fill('20')
	await next(page)
	assert.match(await page.locator('.cw-pay__sum').textContent(), /£20\.00/)
	await page.context().close()
})

test('what is typed wrong is said beside it, and kept', { skip }, async () => {
	const page = await place.page(390)
	await page.goto(`${place.base}/money/what-if`)
	await next(page)
	assert.match(await page.locator('.nhsuk-error-summary').textContent(), /Choose one/)
	await good(page, 'money-wrong')
	await page.context().close()
})

test('sent after signing in, looked at, decided by somebody else, and the letter', { skip }, async () => {
	const page = await place.page(390)
	await workOut(page)
	await page.getByRole('button', { name: /Sign in and send/ }).click()
	await page.locator('form[action="/sign-in/as"]:has(input[value="edith"]) button').click()
	await page.waitForURL(/\/me/)
	await page.goto(`${place.base}/me/money`)
	await page.getByRole('button', { name: 'Send this as an application' }).click()
	await page.getByText('The council has what you worked out').waitFor()
	await good(page, 'me-money')
	await page.context().close()

	const officer = await place.page(1280)
	await signIn(officer, place.base, 'fenn')
	await officer.goto(`${place.base}/money`)
	await good(officer, 'money-cases')
	await officer.getByRole('link', { name: /TREDWELL/ }).first().click()
	await officer.getByRole('link', { name: 'Look at the evidence' }).click()
	await officer.getByRole('button', { name: 'Look at the evidence' }).click()
	await officer.getByLabel('Savings').fill('16,420.00'.replace(',', ''))
	await officer.getByLabel('What was seen').fill('Pension letter of April 2025')
	await officer.getByRole('button', { name: 'Keep this' }).click()
	await officer.getByText('Pension letter of April 2025', { exact: true }).waitFor()
	await good(officer, 'money-case')
	await officer.getByRole('link', { name: 'Hand on to be decided' }).click()
	await officer.getByRole('button', { name: 'Hand on to be decided' }).click()
	assert.equal(await officer.getByRole('link', { name: 'Decide', exact: true }).count(), 0, 'who prepares does not decide')
	const address = officer.url()
	await officer.context().close()

	const approver = await place.page(1280)
	await signIn(approver, place.base, 'thorne')
	await approver.goto(address)
	await approver.getByRole('link', { name: 'Decide', exact: true }).click()
	await approver.getByRole('button', { name: 'Decide' }).click()
	await approver.getByText('decided by Alice Thorne').waitFor()
	await approver.getByRole('link', { name: 'Letter to print' }).click()
	assert.match(await approver.locator('main').textContent(), /Dear Mrs Edith Tredwell.*You pay £95\.11 a week/s)
	await good(approver, 'money-letter')
	await approver.goto(`${address}/letter?day=2024-09-02`)
	assert.match(await approver.locator('main').textContent(), /you pay £99\.01 a week from then, in place of £95\.11/)
	await approver.goto(`${place.base}/money/next?day=2024-09-02&scheme=current`)
	await good(approver, 'money-next')
	assert.match(await approver.locator('main').textContent(), /99\.01/)
	await approver.getByRole('button', { name: 'Decide, and write the notices' }).click()
	await approver.waitForURL(/\/money\/next\/letters/)
	assert.match(await approver.locator('main').textContent(), /Dear Mrs Edith Tredwell.*£99\.01 a week from then, in place of £95\.11/s)
	await good(approver, 'money-letters')
	await approver.context().close()

	const again = await place.page(390)
	await signIn(again, place.base, 'edith')
	await again.goto(`${place.base}/me/money`)
	assert.match(await again.locator('main').textContent(), /Pays £99\.01 a week, from 2 Sep 2024/)
	await again.context().close()
})

test('any case, by the rules of any year, with the keyboard alone', { skip }, async () => {
	const page = await place.page(320)
	await page.goto(`${place.base}/money/what-if/case`)
	await page.getByRole('link', { name: 'A week in a care home' }).focus()
	await page.keyboard.press('Enter')
	await page.waitForURL(/example=residential/)
	await page.getByLabel('Cases').focus()
	await page.keyboard.press('Tab')
	await page.keyboard.press('Enter')
	await page.locator('#case-1-charge').waitFor()
	assert.equal(await page.locator('#case-1-charge').textContent(), '£158.05')
	await page.locator('summary').focus()
	await page.keyboard.press('Enter')
	await page.getByText('Less the personal expenses allowance').waitFor()
	await good(page, 'money-any')
	await page.getByLabel('Cases').fill('no case')
	await page.getByRole('button', { name: 'Work out' }).click()
	await page.getByText('It cannot be worked out').waitFor()
	await page.context().close()
})

test('a carer sees the edge before going over it', { skip }, async () => {
	const page = await place.page(390)
	await page.goto(`${place.base}/money/carer`)
	await page.getByLabel('Hours a week you care').fill('36')
	await page.getByLabel('What you earn a week').fill('190')
	await page.getByLabel(/The person I care for gets/).check()
	await page.getByRole('button', { name: 'See what I would get' }).click()
	assert.match(await page.locator('.cw-pay').textContent(), /You would get £83\.30 a week.*£6\.00 more.*at £196\.01 you lose all/s)
	await good(page, 'money-carer')
	await page.context().close()
})
