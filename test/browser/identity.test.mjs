// identity.test.mjs - two records that may be one person: decided by keyboard, taken back, found accessible.
import assert from 'node:assert'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { available, barriers, edith, open, picture } from './place.mjs'

const program = process.env.CAUSEWAY || new URL('../../build/causeway', import.meta.url).pathname

test('who is who', { skip: !available && 'no program or no browser' }, async t => {
	let place, page
	before(async () => {
		place = await open()
		execFileSync(program, ['doubts', place.db, '--report', `${edith},p-000002`, '--reason', 'One phone number'])
		page = await place.page(1280, { bypassCSP: true })
	})
	after(() => place.close())

	const axe = async () => assert.deepEqual(await barriers(page), [])

	await t.test('the first page leads to the list, and the list to the pair', async () => {
		await page.goto(place.base)
		await page.click('.cw-figures a[href="/identity"]')
		await page.click('text=Begin with the likeliest')
		assert.match(await page.textContent('h1'), /One person or two/)
		assert.ok(await page.locator('.cw-compare mark').count() > 0)
		await axe()
	})

	await t.test('a key chooses only while a choice has the focus', async () => {
		await page.keyboard.press('d')
		assert.equal(await page.isChecked('#d-d'), false)
		await page.focus('#d-a')
		await page.keyboard.press('d')
		assert.equal(await page.isChecked('#d-d'), true)
		assert.equal(await page.evaluate(() => document.activeElement.id), 'reason')
	})

	await t.test('decided with Enter, and taken back', async () => {
		await page.fill('#reason', 'Two sisters')
		await page.fill('#by', 'Ann Tester')
		await page.press('#reason', 'Enter')
		assert.match(await page.textContent('.cw-done'), /Two different people/)
		await page.click('.cw-done summary')
		await page.fill('#undo-reason', 'Looked again')
		await page.click('.cw-done button')
		assert.match(await page.textContent('.cw-done'), /open again/)
		assert.equal(await page.locator('#decide').count(), 1)
	})

	await t.test('on a phone, nothing is wider than the screen', async () => {
		const phone = await place.page(320)
		await phone.goto(page.url())
		assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
		assert.deepEqual(phone.faults, [])
	})

	await t.test('any two: compared, merged and taken apart by keyboard', async () => {
		await page.goto(`${place.base}/identity`)
		await page.click('text=Compare any two records')
		await page.fill('#one', edith)
		await page.fill('#two', edith)
		await page.press('#two', 'Enter')
		assert.match(await page.textContent('.nhsuk-error-summary'), /same record/)
		await page.fill('#two', 'p-000009')
		await page.press('#two', 'Enter')
		assert.ok(await page.locator('.cw-compare mark').count() > 0)
		await axe()
		await page.focus('#keep-b')
		await page.keyboard.press('Space')
		await page.fill('#reason', 'Their passport was seen')
		await page.fill('#by', 'Ann Tester')
		if (await page.locator('#force').count())
			await page.fill('#force', 'One of the numbers was mistyped')
		await page.press('#reason', 'Enter')
		await page.waitForURL(/merges$/)
		assert.match(await page.textContent('main'), /Their passport was seen/)
		await page.goto(`${place.base}/identity/preview?a=${edith}&b=p-000009`)
		assert.match(await page.textContent('main'), /one person already/)
		assert.equal(await page.locator('#merge').count(), 0)
		await page.goto(`${place.base}/identity/merges`)
		await page.click('details summary >> nth=0')
		await page.fill('input[name="by"] >> nth=0', 'Ann Tester')
		await page.fill('input[name="reason"] >> nth=0', 'It was somebody else’s')
		await page.press('input[name="reason"] >> nth=0', 'Enter')
		await page.goto(`${place.base}/identity/preview?a=${edith}&b=p-000009`)
		assert.equal(await page.locator('#merge').count(), 1)
		await picture(page, 'identity-preview-1280')
		const phone = await place.page(390)
		await phone.goto(page.url())
		assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
		await picture(phone, 'identity-preview-390')
	})
})
