// feeds.test.mjs - the feeds page with messages that were not understood: axe, phone, keyboard alone.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { available, barriers, open, picture, shots } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
const program = process.env.CAUSEWAY || new URL('../../build/causeway', import.meta.url).pathname
let place

before(async () => {
	if (!available)
		return
	place = await open('--mllp', '0')
	while (!place.said.includes('mllp://'))
		await new Promise(done => setTimeout(done, 50))
	const port = /mllp:\/\/[^:]+:(\d+)/.exec(place.said)[1], file = join(shots, 'messages.hl7')
	const head = n => `MSH|^~\\&|PAS|RX1|CW|CW|20250110100000||ADT^A28|${n}|P|2.4\r`
	writeFileSync(file, `${head(1)}PID|1||1^^^RX1^MR||Stone^Ann||19410303|F\r\n${head(2)}PID|1||2^^^RX1^MR||Stone^Bea||19411303|F\r\n`)
	try {
		execFileSync(program, ['feed-send', `127.0.0.1:${port}`, file], { stdio: 'ignore' })
		assert.fail('the second message is wrong')
	} catch (e) {
		assert.equal(e.status, 65)
	}
})
after(async () => { if (place) await place.close() })

for (const width of [1280, 390, 320])
	test(`feeds at ${width} pixels`, { skip }, async () => {
		const page = await place.page(width)
		for (const address of ['/feeds', '/feeds/messages/2']) {
			await page.goto(place.base + address)
			assert.deepEqual(await barriers(page), [])
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth))
		}
		assert.deepEqual(page.faults, [])
		await picture(page, `feeds-${width}`)
	})

test('by keyboard and without JavaScript: from the list to the message, and tried again', { skip }, async () => {
	const page = await place.page(1280, { javaScriptEnabled: false })
	await page.goto(`${place.base}/feeds`)
	await page.getByRole('link', { name: /ADT\^A28/ }).focus()
	await page.keyboard.press('Enter')
	await page.waitForURL(/feeds\/messages\/2$/)
	assert.match(await page.locator('main').innerText(), /PID-7 is no date/)
	await page.getByRole('button', { name: 'Try it again' }).focus()
	await page.keyboard.press('Enter')
	await page.getByRole('status').waitFor()
	assert.match(await page.getByRole('status').innerText(), /still not understood/)
})
