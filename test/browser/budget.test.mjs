// budget.test.mjs - money of people on pages: the finance officer's budgets, one with a surplus, a care account, a deferred
// payment with its chart, and the person's own statement; wide and narrow, by axe, without JavaScript, by keyboard.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { available, barriers, demo, picture, signIn } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
let place
before(async () => { if (available) place = await demo() })
after(() => place?.close())

async function good(page, name) {
	await picture(page, `${name}-${page.viewportSize().width}`)
	assert.deepEqual(await barriers(page), [], name)
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth) <= 0, `${name} scrolls sideways`)
	assert.deepEqual(page.faults, [])
}

const follow = async (page, path) => page.goto(place.base + await page.locator(`a[href^="${path}"]`).first().getAttribute('href'))

for (const [width, options] of [[1280, {}], [390, {}], [320, { javaScriptEnabled: true }]])
	test(`budgets, ${width} wide`, { skip }, async () => {
		const page = await place.page(width, options)
		await signIn(page, place.base, 'fenn')
		await page.goto(`${place.base}/budgets`)
		await good(page, 'budgets')
		assert.match(await page.textContent('main'), /A surplus/)
		assert.match(await page.locator('tbody tr').first().textContent(), /A surplus/, 'what is to be looked into comes first')
		await page.goto(place.base + await page.locator('tr:has-text("A surplus") a').first().getAttribute('href'))
		await good(page, 'budget')
		assert.match(await page.textContent('main'), /Money in and out/)
		for (const [path, name, words] of [['/deferred/', 'deferral', /£134,250\.00/], ['/care-accounts/', 'care-account', /of £72,000\.00 has counted/]]) {
			await page.goto(`${place.base}/budgets`)
			await follow(page, path)
			await good(page, name)
			assert.match(await page.textContent('main'), words)
			const buttons = await page.locator('.cw-actions a.nhsuk-button').allTextContents()
			assert.equal(buttons.includes('Repaid'), name === 'deferral', 'only what can be done with this')
			assert.equal(buttons.includes('Adjust for earnings'), name === 'care-account')
			await page.locator('a:has-text("as a letter")').click()
			await page.waitForURL(/statement$/)
			await good(page, `${name}-letter`)
		}
		await page.context().close()
	})

test('the person reads her own statement, narrow and without JavaScript', { skip }, async () => {
	const page = await place.page(390)
	await signIn(page, place.base, 'edith')
	await page.goto(`${place.base}/me/budget`)
	await good(page, 'me-budget')
	assert.match(await page.textContent('main'), /£201\.60 a week to meet your needs/)
	assert.match(await page.textContent('main'), /We asked for £1,500\.00 back/)
	assert.match(await page.textContent('main'), /We have not had a return from you/)
	await page.context().close()
	const plain = await place.page(320, { javaScriptEnabled: false })
	await signIn(plain, place.base, 'edith')
	await plain.goto(`${place.base}/me/budget`)
	assert.match(await plain.textContent('main'), /Personal assistant|personal assistant/)
	await plain.context().close()
})

// Press Tab until what has the focus fits; then one can go on by keyboard.
async function reach(page, selector) {
	for (let i = 0; i < 120; i++) {
		if (await page.evaluate(selector => document.activeElement?.matches(selector), selector))
			return
		await page.keyboard.press('Tab')
	}
	assert.fail(`${selector} is not reached by Tab`)
}
const enter = async (page, selector, url) => {
	await reach(page, selector)
	await page.keyboard.press('Enter')
	await page.waitForURL(url)
}

test('an officer enters a receipt by keyboard', { skip }, async () => {
	const page = await place.page(1280)
	await signIn(page, place.base, 'fenn')
	await page.goto(`${place.base}/budgets`)
	const budget = await page.locator('tr:has-text("A surplus") a').first().getAttribute('href')
	await enter(page, `a[href="${budget}"]`, `**${budget}`)
	await enter(page, 'a[href^="/do/budget-spend?"]', /budget-spend/)
	await reach(page, 'select#purpose')
	await page.keyboard.type('Payroll')
	await reach(page, 'input#amount')
	await page.keyboard.type('12.345')
	await reach(page, 'input#receipt')
	await page.keyboard.type('PR-77')
	await reach(page, 'input#given-on')
	await page.keyboard.press('Enter')
	await page.waitForSelector('.nhsuk-error-summary')
	assert.match(await page.textContent('.nhsuk-error-summary'), /no amount in pounds and pence/)
	page.faults.length = 0 // a form that is refused is a 422
	await good(page, 'budget-receipt')
	await reach(page, 'input#amount')
	await page.keyboard.press('Control+a')
	await page.keyboard.type('12.34')
	await page.keyboard.press('Enter')
	await page.waitForURL(`**${budget}`)
	assert.match(await page.textContent('main'), /receipt PR-77/)
	await page.context().close()
})

test('a managed budget offers no receipts', { skip }, async () => {
	const page = await place.page(1280)
	await signIn(page, place.base, 'fenn')
	await page.goto(`${place.base}/budgets`)
	await page.goto(place.base + await page.locator('tr:has-text("The council arranges the care") a').first().getAttribute('href'))
	const buttons = await page.locator('.cw-actions a').allTextContents()
	assert.ok(buttons.includes('Review') && !buttons.includes('Enter a receipt') && !buttons.includes('Give notice'), buttons.join())
	await page.context().close()
})

test('the person enters a receipt by keyboard, on a phone', { skip }, async () => {
	const page = await place.page(390)
	await signIn(page, place.base, 'edith')
	await page.goto(`${place.base}/me`)
	await enter(page, 'a[href="/me/budget"]', '**/me/budget')
	await enter(page, 'a[href^="/me/budget/receipt"]', /receipt/)
	await good(page, 'me-receipt')
	await reach(page, 'main button[type="submit"]')
	await page.keyboard.press('Enter')
	await page.waitForSelector('.nhsuk-error-summary')
	assert.deepEqual(await page.locator('.nhsuk-error-summary li').allTextContents(), ['Choose what the money went on.', 'Write how much it was, such as 12.50.',
		'Write the number on the receipt, or any words you will know it by.'])
	page.faults.length = 0
	await good(page, 'me-receipt-wrong')
	await reach(page, 'input[name="purpose"]')
	await page.keyboard.press('Space')
	await reach(page, 'input#amount')
	await page.keyboard.type('£ 64.00')
	await reach(page, 'input#receipt')
	await page.keyboard.type('PA-90')
	await page.keyboard.press('Enter')
	await page.waitForURL(/entered=1/)
	assert.match(await page.textContent('main'), /Entered[^]*receipt PA-90/)
	await good(page, 'me-budget-entered')
	await page.context().close()
})

test('who helps her enters one for her, without JavaScript; a number counts once', { skip }, async () => {
	const page = await place.page(320, { javaScriptEnabled: false })
	await signIn(page, place.base, 'karen')
	const receipt = async (purpose, amount) => {
		await page.goto(`${place.base}/for/p-000001/budget`)
		await page.click('a:has-text("Enter a receipt")')
		await page.check(`input[value="${purpose}"]`)
		await page.fill('#amount', amount)
		await page.fill('#receipt', 'R-91')
		await page.click('main button[type="submit"]')
	}
	await receipt('respite', '55.00')
	await page.waitForURL(/entered=1/)
	assert.match(await page.textContent('main'), /A break for who cares for you, receipt R-91/)
	await receipt('respite', '56.00')
	await page.waitForSelector('.nhsuk-error-summary')
	assert.match(await page.textContent('.nhsuk-error-summary'), /says something else/)
	assert.equal(await page.locator('#amount').inputValue(), '56.00', 'nothing typed is lost')
	await page.context().close()
	const own = await place.page(390)
	await signIn(own, place.base, 'edith')
	await own.goto(`${place.base}/me/looked`)
	assert.match(await own.textContent('main'), /Karen Tull[^]*Saw your budget and what your care costs/)
	await own.context().close()
})
