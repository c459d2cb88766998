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
		await page.goto(place.base + await page.locator('tr:has-text("A surplus") a').first().getAttribute('href'))
		await good(page, 'budget')
		assert.match(await page.textContent('main'), /Money in and out/)
		for (const [path, name, words] of [['/deferred/', 'deferral', /£134,250\.00/], ['/care-accounts/', 'care-account', /of £72,000\.00 has counted/]]) {
			await page.goto(`${place.base}/budgets`)
			await follow(page, path)
			await good(page, name)
			assert.match(await page.textContent('main'), words)
		}
		await page.context().close()
	})

test('the person reads her own statement, narrow and without JavaScript', { skip }, async () => {
	const page = await place.page(390)
	await signIn(page, place.base, 'edith')
	await page.goto(`${place.base}/me/budget`)
	await good(page, 'me-budget')
	assert.match(await page.textContent('main'), /£201\.60 a week to meet your needs/)
	await page.context().close()
	const plain = await place.page(320, { javaScriptEnabled: false })
	await signIn(plain, place.base, 'edith')
	await plain.goto(`${place.base}/me/budget`)
	assert.match(await plain.textContent('main'), /Personal assistant|personal assistant/)
	await plain.context().close()
})
