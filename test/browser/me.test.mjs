// me.test.mjs - the resident's own pages: a look by somebody else is there a moment later, can be asked about,
// and whoever guards privacy reads the question; a choice shows its effect before it is saved.
// By keyboard, at 1280, 390 and 320, each page through axe.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { good, home } from './home.mjs'
import { available, widths } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
let place, base

before(async () => {
	if (!available)
		return
	place = await home()
	base = place.base
})
after(() => place?.close())

async function as(name, width = 1280) {
	const page = await (await place.browser.newContext({ viewport: { width, height: 900 } })).newPage()
	await page.goto(`${base}/sign-in`)
	await page.getByRole('button', { name: new RegExp(name) }).first().click()
	await page.waitForURL(url => !url.pathname.startsWith('/sign-in'))
	return page
}

test('who looked is told, asked about and answered for', { skip, timeout: 600000 }, async () => {
	const nurse = await as('Bridget Molloy')
	assert.equal((await nurse.goto(`${base}/people/p-000001`)).status(), 200)
	const stranger = await as('Jane Whitlock')
	assert.equal((await stranger.request.get(`${base}/fhir/Patient/p-000001`)).status(), 404)

	const edith = await as('Edith Tredwell')
	await edith.goto(`${base}/me/looked`)
	const look = edith.locator('.cw-look', { hasText: 'Bridget Molloy' }).first()
	assert.match(await look.innerText(), /Saw your main page/)
	assert.match(await look.innerText(), /Nurse who visits at home, Wealdshire Community Health/)
	const stopped = edith.locator('.cw-look', { hasText: 'We stopped them' }).first()
	assert.match(await stopped.innerText(), /Someone at/)
	assert.doesNotMatch(await stopped.innerText(), /Whitlock/)

	const ask = look.getByRole('link', { name: /Ask about this look/ })
	await ask.focus()
	await edith.keyboard.press('Enter')
	await edith.waitForURL(/looked\/\d+-\d+/)
	await good(edith, 'me-ask')
	await edith.getByRole('button', { name: 'Send' }).press('Enter')
	assert.match(await edith.title(), /^Error/)
	await edith.getByLabel('What looks wrong?').fill('I do not know this nurse')
	await edith.getByRole('button', { name: 'Send' }).press('Enter')
	await edith.waitForURL(/asked=1/)
	assert.match(await look.innerText(), /You asked about this/)

	const officer = await as('Anjali Sharma')
	await officer.goto(`${base}/privacy`)
	assert.match(await officer.locator('main').innerText(), /by Bridget Molloy/)
	await good(officer, 'privacy')
	await officer.locator('article', { hasText: 'by Bridget Molloy' }).getByRole('link', { name: /Answer/ }).press('Enter')
	await officer.waitForURL(/requests\//)
	await officer.getByRole('button', { name: 'Tell the person' }).press('Enter')
	assert.match(await officer.title(), /^Error/)
	await officer.getByLabel('What you found').fill('She came about your leg on Tuesday')
	await officer.getByRole('button', { name: 'Tell the person' }).press('Enter')
	await officer.getByText('She came about your leg on Tuesday').waitFor()
	await edith.goto(`${base}/me/looked`)
	const answered = edith.locator('.cw-look', { hasText: 'Bridget Molloy' }).first()
	assert.match(await answered.innerText(), /We answered on .*She came about your leg on Tuesday/s)
	await good(edith, 'me-answered')
	assert.ok(await edith.locator('section.cw-ask').evaluate(one => parseFloat(getComputedStyle(one).paddingLeft) >= 8), 'the box has room inside')
})

test('a choice shows what it does before it is saved', { skip, timeout: 600000 }, async () => {
	const edith = await as('Edith Tredwell')
	await edith.goto(`${base}/me/choices`)
	await edith.getByRole('link', { name: /See what it would do.*Stop all sharing/ }).press('Enter')
	await edith.waitForURL(/choice=sharing/)
	await good(edith, 'me-sure')
	await edith.getByRole('button', { name: 'Yes, save my choice' }).press('Enter')
	await edith.waitForURL(/saved=1/)
	assert.match(await edith.locator('main').innerText(), /You stopped all sharing/)
	await edith.getByRole('link', { name: /Take it back.*Stop all sharing/ }).press('Enter')
	await edith.getByRole('button', { name: 'Yes, save my choice' }).press('Enter')
	await edith.waitForURL(/saved=1/)
	assert.match(await edith.locator('main').innerText(), /Your record is shared with people who care for you/)
})

for (const width of widths)
	test(`the pages at ${width}`, { skip, timeout: 600000 }, async () => {
		const edith = await as('Edith Tredwell', width)
		for (const [name, path] of [['me', '/me'], ['me-record', '/me/record'], ['me-looked', '/me/looked'], ['me-choices', '/me/choices'],
			['me-all', '/me/record/all'], ['me-about', '/me/about'], ['me-about-edit', '/me/about/part/wishes'], ['me-about-history', '/me/about/history'],
			['me-people', '/me/people'], ['me-asked', '/me/asked'], ['me-copy', '/me/copy'], ['me-copy-read', '/me/copy/read'], ['me-for', '/for'],
			['me-account', '/account'], ['me-account-codes', '/account/codes']]) {
			assert.equal((await edith.goto(base + path)).status(), 200)
			await good(edith, name)
		}
	})

test('nobody else has these pages', { skip, timeout: 600000 }, async () => {
	const nurse = await as('Bridget Molloy')
	assert.equal((await nurse.request.get(`${base}/me/looked`)).status(), 403)
	const edith = await as('Edith Tredwell')
	assert.equal((await edith.request.get(`${base}/privacy`)).status(), 403)
})

test('about me: written, read by staff in the banner, its past kept, brought back', { skip, timeout: 600000 }, async () => {
	const edith = await as('Edith Tredwell'), nurse = await as('Bridget Molloy')
	const write = async (part, text) => {
		await edith.goto(`${base}/me/about/part/${part}`)
		await edith.getByRole('textbox').fill(text)
		await edith.getByRole('button', { name: 'Save' }).press('Enter')
		await edith.waitForURL(/saved=1/)
	}
	await write('ring', 'Karen, 07700 900 418')
	await write('communicate', 'Sit on my left. Say one thing at a time.')
	await write('wishes', 'At home, with Karen and the radio on.')
	await nurse.goto(`${base}/people/p-000001`)
	const banner = await nurse.locator('.cw-person').innerText()
	assert.match(banner, /Who to ring\s+Karen, 07700 900 418/)
	assert.match(banner, /Sit on my left/)
	assert.match(banner, /Wishes at the end of life/)
	assert.match(await nurse.locator('#about').innerText(), /At home, with Karen and the radio on/)
	assert.match(await nurse.locator('#about').innerText(), /my cat Biscuit/, 'what was there before is kept')
	await good(nurse, 'about-staff')

	await write('ring', 'Nobody')
	await edith.goto(`${base}/me/about/history`)
	await good(edith, 'me-about-past')
	await edith.getByRole('button', { name: /Bring this back/ }).first().press('Enter')
	await edith.waitForURL(/saved=1/)
	assert.match(await edith.locator('main').innerText(), /Karen, 07700 900 418/)
})

test('this is wrong: asked from a line of the record, and what became of it', { skip, timeout: 600000 }, async () => {
	const edith = await as('Edith Tredwell')
	await edith.goto(`${base}/me/record`)
	await edith.getByRole('link', { name: /This is wrong.*Osteoporosis/ }).press('Enter')
	await edith.waitForURL(/wrong/)
	await good(edith, 'me-wrong')
	await edith.getByRole('button', { name: 'Ask for a correction' }).press('Enter')
	await edith.waitForSelector('.nhsuk-error-summary')
	await edith.getByLabel(/What is wrong/).fill('I never had this. It was my sister Doris.')
	await edith.getByRole('button', { name: 'Ask for a correction' }).press('Enter')
	await edith.waitForURL(/asked\?sent=1/)
	const line = await edith.locator('.cw-me__choice', { hasText: 'This is wrong' }).first().innerText()
	assert.match(line, /This is wrong: Osteoporosis/)
	assert.match(line, /my sister Doris/)
	assert.match(line, /We have it/)
	await good(edith, 'me-asked-sent')
	assert.equal((await edith.request.get(`${base}/me/wrong?item=Condition/never-was`)).status(), 404)
	const others = (await (await edith.request.get(`${base}/fhir/Task?patient=p-000001&code=correction`)).json()).entry ?? []
	assert.equal(others[0]?.resource.focus.reference.startsWith('Condition/'), true)
	assert.equal(others[0]?.resource.status, 'requested')
})

test('everything taken along is written down, to read and for programs', { skip, timeout: 600000 }, async () => {
	const edith = await as('Edith Tredwell'), daughter = await as('Karen Tull')
	const bundle = await (await edith.request.get(`${base}/me/copy/my-record.json`)).json()
	assert.equal(bundle.resourceType, 'Bundle')
	assert.ok(bundle.entry.some(e => e.resource.id === 'p-000001'))
	assert.ok(bundle.entry.length > 100)
	await edith.goto(`${base}/me/copy/read`)
	assert.match(await edith.locator('main').innerText(), /Osteoporosis[\s\S]*Millrace Surgery/)
	assert.equal((await daughter.request.get(`${base}/for/p-000001/copy/my-record.json`)).status(), 200)
	await edith.goto(`${base}/me/looked`)
	assert.match(await edith.locator('.cw-look', { hasText: 'Karen Tull' }).first().innerText(), /Took a copy of your whole record/)
})

test('printing and what was sent are written down', { skip, timeout: 600000 }, async () => {
	const nurse = await as('Bridget Molloy'), edith = await as('Edith Tredwell')
	assert.equal((await nurse.request.get(`${base}/people/p-000001/source/Condition/p-000001-problem-wrist`)).status(), 200)
	assert.equal((await nurse.request.get(`${base}/people/p-000001/print`)).status(), 200)
	await edith.goto(`${base}/me/looked`)
	const look = await edith.locator('.cw-look', { hasText: 'Bridget Molloy' }).first().first().innerText()
	assert.match(look, /Saw one of your papers/)
	assert.match(look, /Printed a part of your record/)
})

test('signed in elsewhere: seen, and signed out there', { skip, timeout: 600000 }, async () => {
	const here = await as('Edith Tredwell'), there = await as('Edith Tredwell')
	await here.goto(`${base}/account`)
	await here.getByRole('button', { name: 'Sign out everywhere else' }).press('Enter')
	await here.waitForURL(/done=others/)
	await there.goto(`${base}/me`)
	assert.match(there.url(), /sign-in/)
	assert.equal((await here.request.get(`${base}/me`)).status(), 200)
})
