// subscriptions.test.mjs - the pages of Subscriptions: what was given up is seen with its reason and
// delivered again by a button, with and without JavaScript; and the first page shows changes live.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { available, barriers, open, picture } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
let place, receiver, refuse = true, seen = 0

before(async () => {
	if (!available)
		return
	place = await open('--hook-pause', '10', '--hook-tries', '2')
	receiver = createServer((request, response) => {
		request.resume().on('end', () => { seen += !refuse; response.writeHead(refuse ? 422 : 200).end() })
	})
	await new Promise(done => receiver.listen(0, '127.0.0.1', done))
})
after(async () => {
	if (!place)
		return
	receiver.closeAllConnections()
	receiver.close()
	await place.close()
})

const send = (method, path, resource) => fetch(`${place.base}/fhir/${path}`, {
	method, body: JSON.stringify(resource), headers: { 'Content-Type': 'application/fhir+json' },
})
const basic = id => send('PUT', `Basic/${id}`, { resourceType: 'Basic', id, code: { text: 'x' } })

async function until(holds) {
	for (const end = Date.now() + 60000; !(await holds()); await new Promise(r => setTimeout(r, 30)))
		assert.ok(Date.now() < end, `it does not come to be: ${holds}`)
}

async function good(page) {
	assert.deepEqual(await barriers(page), [])
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth) <= 0, 'scrolls sideways')
	assert.deepEqual(page.faults, [])
}

test('what was given up is shown with its reason, and delivered again by a button', { skip }, async () => {
	const made = await send('POST', 'Subscription', {
		resourceType: 'Subscription', status: 'requested', reason: 'Tell the ward board', criteria: 'Basic?',
		channel: { type: 'rest-hook', endpoint: `http://127.0.0.1:${receiver.address().port}/hook`, payload: 'application/fhir+json' },
	})
	assert.equal(made.status, 201)
	const { id } = await made.json()
	await until(async () => (await (await fetch(`${place.base}/fhir/Subscription/${id}`)).json()).status === 'active')
	await basic('b-1')
	await basic('b-2')
	const metrics = async () => (await fetch(`${place.base}/metrics`)).text()
	await until(async () => /causeway_hooks_given_up_total 2/.test(await metrics()))
	for (const [width, options] of [[1280, {}], [390, { javaScriptEnabled: true }]]) {
		const page = await place.page(width, options)
		await page.goto(`${place.base}/subscriptions`)
		await good(page)
		await picture(page, `subscriptions-${width}`)
		await page.getByRole('link', { name: 'Tell the ward board' }).click()
		await good(page)
		assert.match(await page.locator('#dead-h').evaluate(h => h.closest('section').innerText), /answered 422/)
		await picture(page, `subscription-${width}`)
		await page.context().close()
	}
	refuse = false
	const page = await place.page(1280, { javaScriptEnabled: false })
	await page.goto(`${place.base}/subscriptions/${id}`)
	await page.getByRole('button', { name: 'Deliver again Basic/b-1' }).click()
	assert.match(await page.getByRole('status').innerText(), /delivered again/)
	await until(() => seen === 1)
	await page.getByRole('button', { name: 'Deliver all of them again' }).focus()
	await page.keyboard.press('Enter')
	await until(() => seen === 2)
	await page.getByRole('button', { name: 'Let deliveries wait' }).click()
	await basic('b-3')
	await until(async () => { await page.reload(); return /Basic\/b-3/.test(await page.locator('#queue-h').locator('xpath=ancestor::section').innerText()) })
	assert.equal(seen, 2)
	await page.getByRole('button', { name: 'Go on delivering' }).click()
	await until(() => seen === 3)
	await page.context().close()
})

test('the first page shows a change by itself, until it is told to stop', { skip }, async () => {
	const page = await place.page(1280)
	await page.goto(place.base)
	await good(page)
	const text = () => page.locator('[data-live-part]').innerText()
	await send('PUT', 'Patient/new-one', { resourceType: 'Patient', id: 'new-one', name: [{ family: 'Newcomer' }] })
	await until(async () => (await text()).includes('Newcomer'))
	await page.getByRole('button', { name: 'Stop refreshing' }).click()
	await send('PUT', 'Patient/next-one', { resourceType: 'Patient', id: 'next-one', name: [{ family: 'Latecomer' }] })
	await new Promise(r => setTimeout(r, 1800))
	assert.ok(!(await text()).includes('Latecomer'))
	assert.deepEqual(page.faults, [])
	await page.context().close()
})
