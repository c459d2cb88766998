// The way out of hospital in a browser: the list, one person's page, a delay recorded and disputed by keyboard and without JavaScript.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { available, barriers, edith, open, picture, widths } from './place.mjs'

let place
before(async () => { if (available) place = await open() }, { timeout: 240000 })
after(() => place?.close())

async function clean(page, name) {
	assert.deepEqual(await barriers(page), [], name)
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
	assert.ok(wide <= 0, `${name} scrolls sideways by ${wide}`)
}

for (const width of widths)
	test(`the list and one person at ${width}`, { skip: !available }, async () => {
		const page = await place.page(width)
		await page.goto(`${place.base}/discharge`)
		await clean(page, 'list')
		assert.match(await page.locator('h1').innerText(), /Leaving hospital/)
		const rows = await page.locator('#d-ready ~ table tbody tr').count()
		assert.ok(rows > 0, 'somebody waits')
		await picture(page, `discharge-${width}`)
		const ward = await page.locator('#f-ward option').nth(1).getAttribute('value')
		await page.selectOption('#f-ward', ward)
		await page.locator('form[action="/discharge"] button').click()
		await page.waitForURL(url => url.searchParams.get('ward') === ward)
		await clean(page, 'ward')
		await page.goto(`${place.base}/people/${edith}/discharge`)
		await clean(page, 'one')
		await picture(page, `discharge-one-${width}`)
		assert.deepEqual(page.faults, [])
		await page.context().close()
	})

test('a delay is recorded without JavaScript', { skip: !available }, async () => {
	const page = await place.page(1280, { javaScriptEnabled: false })
	await page.goto(`${place.base}/people/${edith}/discharge`)
	await page.getByRole('link', { name: 'Record a delay' }).click()
	await page.getByLabel('Why do they wait?').selectOption('F')
	await page.getByLabel('Who is answerable?').selectOption('social')
	await page.getByLabel('Who must act?').selectOption({ index: 1 })
	await page.getByLabel('What must happen next?').fill('Deliver the rails')
	await page.getByRole('button', { name: 'Record a delay' }).click()
	await page.waitForURL(url => url.pathname.endsWith('/discharge'))
	assert.match(await page.locator('main').innerText(), /Deliver the rails[\s\S]*F: Awaiting community equipment/)
	await page.context().close()
})
