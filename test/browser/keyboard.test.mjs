// keyboard.test.mjs - the whole way by keyboard alone: a surname typed, the person opened, the
// hospital stay, the GP's problem and the care package met on the timeline with their sources; and
// what has the focus always ringed and never hidden.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { available, edith, open } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
let place

before(async () => { if (available) place = await open() })
after(async () => { if (place) await place.close() })

const focused = page => page.evaluate(() => document.activeElement.textContent.trim().replace(/\s+/g, ' '))

// Tab until what has the focus fits.
async function tabTo(page, pattern, most = 250) {
	for (let i = 0; i < most; i++) {
		await page.keyboard.press('Tab')
		if (pattern.test(await focused(page))) return
	}
	assert.fail(`${pattern} cannot be reached with Tab`)
}

// The event of the timeline that has the focus, with its source.
const entry = page => page.evaluate(() => {
	const item = document.activeElement.closest('.cw-timeline__item')
	return item ? item.textContent.replace(/\s+/g, ' ') : ''
})

test('a surname, a person, three organisations on one timeline', { skip }, async () => {
	const page = await place.page()
	await page.goto(place.base)
	await page.keyboard.press('/')
	await page.keyboard.type('tredwell')
	await page.keyboard.press('Enter')
	await page.waitForURL(/q=tredwell/)
	await tabTo(page, /^TREDWELL, Edith/)
	await page.keyboard.press('Enter')
	await page.waitForURL(new RegExp(edith))
	await tabTo(page, /^Timeline$/)
	await page.keyboard.press('Enter')
	await page.waitForURL(/timeline/)
	const met = {}
	for (let i = 0; i < 200 && Object.keys(met).length < 3; i++) {
		await page.keyboard.press('Tab')
		const text = await entry(page)
		if (/Hospital stay: Alder ward.*Marlbridge General Hospital/.test(text)) met.stay = text
		if (/Problem: .*Millrace Surgery/.test(text)) met.problem = text
		if (/Home care.*(began|paused).*Wendle Valley Home Care/.test(text)) met.care = text
	}
	assert.deepEqual(Object.keys(met).sort(), ['care', 'problem', 'stay'])
	await page.keyboard.press('Enter')
	await page.waitForURL(/source/)
	assert.match(await page.textContent('main'), /What it says/)
	await page.context().close()
})

// Is what has the focus ringed, and can it be seen where it stands?
const look = () => {
	const e = document.activeElement
	if (!e || e === document.body) return null
	const style = getComputedStyle(e), box = e.getClientRects()[0]
	if (!box) return { what: e.outerHTML.slice(0, 80), ring: false, seen: false }
	const x = Math.min(Math.max(box.left + Math.min(box.width / 2, 20), 1), innerWidth - 2)
	const y = Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 2)
	const top = document.elementFromPoint(x, y)
	return {
		what: e.outerHTML.slice(0, 80),
		ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
		seen: !!top && (e.contains(top) || top.contains(e)),
	}
}

for (const [width, address] of [[1280, `/people/${edith}`], [390, `/people/${edith}`], [1280, '/'], [1280, '/people?q=smith'], [1280, '/discharge']])
	test(`focus is ringed and never hidden: ${address} at ${width}`, { skip }, async () => {
		const page = await place.page(width)
		await page.goto(place.base + address)
		for (const key of ['Tab', 'Shift+Tab']) {
			let stops = 0
			for (let i = 0; i < 220; i++) {
				await page.keyboard.press(key)
				const seen = await page.evaluate(look)
				if (!seen) break
				stops++
				assert.ok(seen.ring, `no ring: ${seen.what}`)
				assert.ok(seen.seen, `hidden: ${seen.what}`)
			}
			assert.ok(stops > 10, `only ${stops} stops`)
		}
		await page.context().close()
	})

test('keys that go to a section', { skip }, async () => {
	const page = await place.page()
	await page.goto(`${place.base}/people/${edith}`)
	for (const [key, id] of [['h', 'health'], ['s', 'services'], ['t', 'timeline'], ['p', 'plan']]) {
		await page.keyboard.press('g')
		await page.keyboard.press(key)
		assert.equal(await page.evaluate(() => document.activeElement.id), `${id}-h`)
	}
	await page.context().close()
})

test('the skip link goes to the content', { skip }, async () => {
	const page = await place.page()
	await page.goto(`${place.base}/people/${edith}`)
	await page.keyboard.press('Tab')
	assert.match(await focused(page), /Skip to main content/)
	await page.keyboard.press('Enter')
	await page.waitForURL(/#maincontent$/)
	await page.context().close()
})
