// feeds.test.mjs - the feeds page with messages that were not understood: axe, phone, keyboard alone; tried again in vain and
// to good effect; a feed that has fallen silent.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { available, barriers, open, picture, shots, widths } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
const program = process.env.CAUSEWAY || new URL('../../build/causeway', import.meta.url).pathname
let place

before(async () => {
	if (!available)
		return
	mkdirSync(shots, { recursive: true })
	const conf = join(shots, 'feeds.conf')
	writeFileSync(conf, '[partner]\ntitle = Partner trust\nkind = fhir\norganisation = RXX\n[ward]\ntitle = Ward system\norganisation = RX2\nsilent-after = 1s\n' +
		'[far]\ntitle = Far trust\nkind = fhir\norganisation = RX9\nurl = http://127.0.0.1:9/fhir\nevery = 1h\n')
	place = await open('--mllp', '0', '--feeds', conf)
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

for (const width of widths)
	test(`feeds at ${width} pixels`, { skip }, async () => {
		const page = await place.page(width)
		for (const address of ['/feeds', '/feeds/messages/2', '/feeds/far']) {
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

test('a quiet feed, one that is asked in vain, and a message as it came', { skip }, async () => {
	const page = await place.page(1280, { javaScriptEnabled: false })
	await page.goto(`${place.base}/feeds/far`)
	assert.match(await page.getByRole('alert').innerText(), /asked in vain.*The other server: /s)
	assert.match(await page.locator('main').innerText(), /No message has come yet.*Nothing.*It never answered well/s)
	await page.goto(`${place.base}/feeds`)
	assert.match(await page.getByRole('row', { name: 'Far trust' }).innerText(), /Never\s+Nothing\s+Asked in vain/)
	assert.match(await page.getByRole('table').first().innerText(), /2 messages, at most [12] in a minute/)
	await page.getByRole('link', { name: /ADT\^A28/ }).first().click()
	await page.getByText('As it came').click()
	assert.match(await page.getByRole('region', { name: 'The message as it came' }).innerText(), /^MSH\|.*\nPID\|1\|\|2\^\^\^RX1/)
	await picture(page, 'feeds-asked-1280')
})

test('a feed that has fallen silent is told of at the top, and of itself', { skip }, async () => {
	const page = await place.page(390)
	await page.goto(`${place.base}/feeds`)
	for (let i = 0; !await page.getByRole('alert').count(); i++) {
		assert.ok(i < 60, 'no banner')
		await page.waitForTimeout(500)
		await page.reload()
	}
	assert.match(await page.getByRole('alert').innerText(), /Ward system has fallen silent. Nothing has come yet; it is expected at least every 1 s\./)
	assert.ok(!/Partner trust/.test(await page.getByRole('alert').innerText()), 'whose silence nobody minds')
	assert.deepEqual(await barriers(page), [])
	await picture(page, 'feeds-silent-390')
	await page.getByRole('link', { name: 'Ward system' }).click()
	await page.waitForURL(/feeds\/ward$/)
	assert.match(await page.getByRole('alert').innerText(), /This feed has fallen silent/)
})

test('what could not be understood is, once its reason is gone: tried again by keyboard, without JavaScript', { skip }, async () => {
	const push = body => fetch(`${place.base}/feeds/partner/fhir`, { method: 'POST', headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify(body) })
	const page = await place.page(1280, { javaScriptEnabled: false })
	assert.equal((await push({ resourceType: 'Condition', id: '77', subject: { reference: 'Patient/5' }, code: { text: 'Gout' } })).status, 422)
	await page.goto(`${place.base}/feeds`)
	await page.getByRole('link', { name: 'Condition' }).focus()
	await page.keyboard.press('Enter')
	await page.waitForURL(/feeds\/messages\/\d+$/)
	assert.match(await page.locator('main').innerText(), /Patient who was not told yet/)
	assert.deepEqual(await barriers(await place.page(1280).then(async p => { await p.goto(page.url()); return p })), [])
	assert.equal((await push({ resourceType: 'Patient', id: '5', birthDate: '1950-01-02', name: [{ family: 'Hillock', given: ['Ann'] }] })).status, 200)
	await page.getByRole('button', { name: 'Try it again' }).focus()
	await page.keyboard.press('Enter')
	await page.getByRole('status').waitFor()
	assert.match(await page.getByRole('status').innerText(), /understood now/)
	assert.equal(await page.getByRole('button', { name: 'Try it again' }).count(), 0, 'there is no more to try')
	await picture(page, 'feeds-replayed-1280')
	const found = await (await fetch(`${place.base}/fhir/Condition?patient.name=Hillock`)).json()
	assert.equal(found.total, 1)
	await page.goto(`${place.base}/feeds`)
	assert.equal(await page.getByRole('link', { name: 'Condition' }).count(), 0, 'it is no longer listed')
})
