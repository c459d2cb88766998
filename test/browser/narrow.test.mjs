// narrow.test.mjs - three journeys where there is little room: at 320 px, and at 1280 px magnified four times, which leaves
// 320 px; and one by the keyboard alone: a contact, a referral, its answer.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { good, home, tabTo } from './home.mjs'
import { available, edith } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
let place
before(async () => { place = available ? await home('--bulk', '--today', '2025-11-19') : null }, { timeout: 600000 })
after(() => place?.close())

const open = (page, path) => page.goto(place.base + path)
const fits = async (page, what) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what} fits`)
const sees = async (page, what) => page.zoomed ? fits(page, what) : good(page, `narrow-${what}`)

// At 320 px wide, or as a browser shows 1280 px magnified four times: as many pixels of the page, each of four.
async function as(login, zoom) {
	const page = await place.as(login, 320, zoom ? { deviceScaleFactor: 4, viewport: { width: 320, height: 225 } } : {})
	page.zoomed = zoom
	return page
}

for (const zoom of [false, true]) {
	const how = zoom ? 'at 400 %' : 'at 320 px'

	test(`a contact is logged ${how}`, { skip }, async () => {
		const page = await as('iqbal', zoom)
		await open(page, '/contact?q=pollard')
		await sees(page, 'contact')
		await page.getByRole('link', { name: /This is the person/ }).first().click()
		await page.fill('#caller', 'Judith Reeve')
		await page.fill('#what', 'She is not managing her supper.')
		await page.check('input[name=urgency][value="28d"]')
		await page.check('input[name=outcome][value=assessment]')
		await sees(page, 'contact-new')
		await page.getByRole('button', { name: 'Send and start the clock' }).click()
		await page.waitForURL(/\/work\//)
		await sees(page, 'contact-sent')
	})

	test(`a delay is disputed ${how}`, { skip }, async () => {
		const page = await as('kessell', zoom)
		await open(page, '/discharge')
		const rows = page.locator('#d-ready ~ table tbody tr').filter({ hasText: /[A-Z]: / })
		await (zoom ? rows.filter({ hasText: 'disputed' }) : rows.filter({ hasNotText: /disputed|settled/ })).first().getByRole('link').first().click()
		await page.waitForURL(/\/people\/.*\/discharge$/)
		await sees(page, 'discharge')
		await page.getByRole('link', { name: zoom ? /^Settle/ : /^Dispute/ }).first().click()
		await page.getByLabel(zoom ? /What was agreed/ : /What is disputed/).fill('The visit is ready since Monday.')
		await sees(page, 'dispute')
		await page.getByRole('button', { name: zoom ? 'Settle' : 'Dispute', exact: true }).click()
		await page.waitForURL(url => url.pathname.endsWith('/discharge'))
		assert.match(await page.innerText('main'), zoom ? /settled/ : /disputed/)
	})

	test(`a person reads what is theirs ${how}`, { skip }, async () => {
		const page = await as('edith', zoom)
		for (const [link, where] of [[/My plan/, /\/plan$/], [/What my record says/, /\/record$/], [/Who looked/, /\/looked$/]]) {
			await open(page, '/me')
			await page.getByRole('link', { name: link }).first().click()
			await page.waitForURL(where)
			await sees(page, String(where).replace(/\W/g, ''))
		}
	})
}

test('by keyboard alone: a contact, a referral, and its answer', { skip }, async () => {
	const page = await place.as('hughes')
	const go = async locator => { await tabTo(page, locator); await page.keyboard.press('Enter') }
	const type = async (locator, words) => { await tabTo(page, locator); await page.keyboard.type(words) }
	const pick = async locator => { await tabTo(page, locator); await page.keyboard.press('Space') }
	await open(page, '/contact')
	await type(page.locator('#who'), 'tredwell')
	await page.keyboard.press('Enter')
	await page.waitForURL(/q=tredwell/)
	await go(page.getByRole('link', { name: /This is the person/ }).first())
	await page.waitForURL(/person=/)
	await type(page.locator('#caller'), 'Karen Tull')
	await type(page.locator('#what'), 'Her wrist is worse.')
	await pick(page.locator('input[name=urgency]').first())
	for (let i = 0; i < 6 && !await page.locator('input[name=urgency][value="2d"]').isChecked(); i++)
		await page.keyboard.press('ArrowDown')
	await pick(page.locator('input[name=outcome]').first())
	for (let i = 0; i < 6 && !await page.locator('input[name=outcome][value=urgent]').isChecked(); i++)
		await page.keyboard.press('ArrowDown')
	await go(page.getByRole('button', { name: 'Send and start the clock' }))
	await page.waitForURL(/\/work\//)

	await open(page, `/people/${edith}`)
	await go(page.getByRole('link', { name: 'Refer', exact: true }))
	await page.waitForURL(/\/do\//)
	await tabTo(page, page.locator('#to'))
	await page.keyboard.type('Bridget Molloy')
	await type(page.locator('#what'), 'Look at the wrist at home')
	await type(page.locator('#reason'), 'The plaster rubs.')
	await go(page.getByRole('button', { name: 'Refer', exact: true }))
	await page.waitForURL(new RegExp(`${edith}$`))

	const nurse = await place.as('molloy')
	await open(nurse, '/work')
	const move = async locator => { await tabTo(nurse, locator); await nurse.keyboard.press('Enter') }
	await move(nurse.getByRole('link', { name: 'Look at the wrist at home', exact: true }))
	await nurse.waitForURL(/\/work\//)
	await move(nurse.getByRole('link', { name: 'Accept', exact: true }))
	await nurse.waitForURL(/\/do\//)
	await move(nurse.getByRole('button', { name: 'Accept', exact: true }))
	await nurse.waitForURL(/\/work\//)
	assert.match(await nurse.innerText('main'), /Accepted/)
})
