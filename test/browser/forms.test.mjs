// Forms about a person: begun, filled in by keyboard, with and without JavaScript, by two people at once.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { available, axeSource, demo, edith, shots, signIn } from './place.mjs'

let place
before(async () => { place = available ? await demo() : null })
after(() => place?.close())
const skip = !available && 'no program or no browser here'

const axe = async page => {
	await page.evaluate(axeSource)
	const { violations } = await page.evaluate(() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
	assert.deepEqual(violations.map(v => `${v.id}: ${v.nodes[0].html}`), [])
}
const fits = async page => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `sideways scroll at ${page.url()}`)
const shot = (page, name) => page.screenshot({ path: join(shots, `form-${name}.png`), fullPage: true })

// Begin a form about Edith; its address.
async function begin(page, title) {
	await page.goto(`${place.base}/people/${edith}/forms`)
	await page.getByLabel(title, { exact: true }).check()
	await page.getByRole('button', { name: 'Begin' }).click()
	await page.waitForURL(/\/forms\//)
	return page.url()
}
const saved = async (page, name = 'Save and leave') => {
	await page.getByRole('button', { name, exact: true }).click()
	await page.waitForLoadState()
}
const group = (page, legend) => page.getByRole('group', { name: legend, exact: false })

test('every page of a form is right for axe, at 1280 and 320', { skip }, async () => {
	for (const width of [1280, 390, 320]) {
		const page = await place.page(width)
		await signIn(page, place.base, 'raman')
		const form = await begin(page, 'Needs assessment')
		for (const part of ['', '/about', '/talk', '/health', '/daily', '/risk', '/check-answers', '/file/papers']) {
			await page.goto(form + part)
			await axe(page)
			await fits(page)
			await shot(page, `${part.replaceAll('/', '') || 'list'}-${width}`)
		}
		assert.deepEqual(page.faults, [])
	}
})

test('what the record knows is there, and is said to be from it', { skip }, async () => {
	const page = await place.page()
	await signIn(page, place.base, 'raman')
	const form = await begin(page, 'Needs assessment')
	await page.goto(`${form}/about`)
	await page.getByText('Karen Tull, daughter').waitFor()
	assert.ok(await page.getByText('From the record').count())
})

test('a question that depends on another comes at once with JavaScript, and after saving without it', { skip }, async () => {
	const page = await place.page()
	await signIn(page, place.base, 'raman')
	const form = await begin(page, 'Needs assessment')
	await page.goto(`${form}/daily`)
	const consequence = page.getByLabel(/What comes of it/).first()
	assert.equal(await consequence.isVisible(), false)
	await group(page, 'Can they get, prepare').getByLabel('Only with help or prompting').focus()
	await page.keyboard.press('Space')
	assert.equal(await consequence.isVisible(), true)
	await consequence.fill('She lives on toast.')
	await saved(page)
	await page.goto(`${form}/check-answers`)
	await page.getByText('She lives on toast.').waitFor()

	const plain = await place.page(1280, { javaScriptEnabled: false, storageState: await page.context().storageState() })
	await plain.goto(`${form}/talk`)
	await group(plain, 'Does the person agree').getByLabel('No', { exact: true }).check()
	assert.equal(await plain.getByLabel(/Why it goes on without agreement/).isVisible(), false)
	await saved(plain, 'Save and go on')
	await plain.getByText('More is asked now').waitFor()
	await plain.getByLabel(/Why it goes on without agreement/).fill('She may come to harm.')
	await saved(plain, 'Save and go on')
	assert.match(plain.url(), /\/health$/)
})

test('wrong answers are named, linked to, and nothing typed is lost', { skip }, async () => {
	const page = await place.page()
	await signIn(page, place.base, 'raman')
	const form = await begin(page, 'Joint assessment')
	await page.goto(`${form}/therapy`)
	await page.getByLabel('Falls in the last 12 months').fill('several')
	await group(page, 'Stairs').getByLabel('With a rail').check()
	await saved(page)
	assert.match(await page.title(), /^Error: /)
	await page.getByRole('link', { name: /must be a number/ }).click()
	assert.equal(await page.evaluate(() => document.activeElement.value), 'several')
	assert.equal(await group(page, 'Stairs').getByLabel('With a rail').isChecked(), true)
	await axe(page)
	await page.getByLabel('Falls in the last 12 months').fill('3')
	await page.getByRole('button', { name: /Add .*Equipment/ }).click()
	await page.getByRole('heading', { name: 'Equipment or adaptation 1' }).waitFor()
	await page.getByLabel('What', { exact: true }).fill('Bath board')
	await page.getByRole('button', { name: /Add another/ }).click()
	await page.getByRole('heading', { name: 'Equipment or adaptation 2' }).waitFor()
	await page.getByRole('button', { name: 'Take away Equipment or adaptation 2' }).click()
	await page.waitForLoadState()
	assert.equal(await page.getByRole('heading', { name: /Equipment or adaptation \d/ }).count(), 1)
	assert.equal(await page.getByLabel('What', { exact: true }).inputValue(), 'Bath board')
})

test('two people at the same form lose nothing, and the second sees what the first changed', { skip }, async () => {
	const one = await place.page(), two = await place.page()
	await signIn(one, place.base, 'raman')
	await signIn(two, place.base, 'molloy')
	const form = await begin(one, 'Needs assessment')
	await one.goto(`${form}/about`)
	await two.goto(`${form}/about`)
	await one.getByLabel(/What matters to them/).fill('Her garden.')
	await one.getByLabel(/What they do well/).fill('Knows everybody in the lane.')
	await saved(one)
	await two.getByLabel(/What they want to be different/).fill('To wash by herself.')
	await saved(two)
	await two.getByRole('heading', { name: 'Changed by others while you wrote' }).waitFor()
	await two.getByText('Her garden.').waitFor()
	await two.getByText(/Priya Raman/).first().waitFor()

	await one.goto(`${form}/about`)
	await two.goto(`${form}/about`)
	await one.getByLabel(/What matters to them/).fill('Her garden and Karen.')
	await saved(one)
	await two.getByLabel(/What matters to them/).fill('Her garden, and church.')
	await two.getByLabel(/What they do well/).fill('Knows everybody. Bakes.')
	await saved(two)
	await two.getByText(/^Their answer /).waitFor()
	await two.getByText('Her garden and Karen.').waitFor()
	assert.equal(await two.getByLabel(/What matters to them/).inputValue(), 'Her garden, and church.')
	assert.equal(await two.getByLabel(/What they do well/).inputValue(), 'Knows everybody. Bakes.')
	await axe(two)
	await shot(two, 'conflict-1280')
	await two.getByLabel('Keep their answer').check()
	await saved(two)
	await two.goto(`${form}/check-answers`)
	await two.getByText('Her garden and Karen.').waitFor()
	await two.getByText('Knows everybody. Bakes.').waitFor()
	await two.getByText('To wash by herself.').waitFor()
})

test('completed it is closed, changed only with a reason; and next time its answers stand beside', { skip }, async () => {
	const page = await place.page()
	await signIn(page, place.base, 'raman')
	const form = await begin(page, 'Frailty')
	await page.goto(`${form}/check-answers`)
	await page.getByRole('button', { name: 'Complete' }).click()
	await page.getByText('It cannot be completed yet').waitFor()
	await axe(page)
	await page.goto(`${form}/basis`)
	await page.getByLabel('Family or a carer').check()
	await group(page, 'lifelong or stable').getByLabel('No', { exact: true }).check()
	await saved(page, 'Save and go on')
	await page.getByLabel(/^6\. /).check()
	await saved(page)
	await page.goto(`${form}/check-answers`)
	await page.getByText('Moderately frail').waitFor()
	await page.getByRole('button', { name: 'Complete' }).click()
	await page.getByText('Completed.').waitFor()
	await page.getByRole('link', { name: 'Change', exact: true }).click()
	await page.getByLabel(/Why is it changed/).fill('She was worse than was said.')
	await page.getByRole('button', { name: 'Change' }).click()
	await page.waitForURL(form)
	await page.goto(`${form}/level`)
	await page.getByLabel(/^7\. /).check()
	await saved(page)
	await page.goto(`${form}/check-answers`)
	await page.getByRole('button', { name: 'Complete' }).click()
	await page.getByText('Completed, and changed since').waitFor()
	const again = await begin(page, 'Frailty')
	await page.goto(`${again}/level`)
	await page.getByText(/Last time/).first().waitFor()
})
