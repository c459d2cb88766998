// story.test.mjs - one story across the organisations: a daughter rings, a nurse goes, a fall, a stay in hospital, a delay
// that is disputed and settled, home with help, the question on day 91, an assessment, a plan, and the person who reads it.
//
// The day is chosen, so the pictures are always the same; with TOUR=1 those of docs/tour.md are written anew.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { good, home } from './home.mjs'
import { hospital } from './mllp.mjs'
import { available, picture } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
const win = 'p-000003'
const pictures = new URL('../../docs/tour/', import.meta.url).pathname
let place
before(async () => { place = available ? await home('--bulk', '--today', '2025-11-19') : null }, { timeout: 600000 })
after(async () => {
	for (const [i, context] of place?.browser.contexts().entries() ?? [])
		await picture(context.pages()[0], `story-last-${i}`) // where it stood when it failed
	await place?.close()
})

// A page is good, at both widths. With TOUR=1 its picture for docs/tour.md is made instead, from where it matters if it is of it.
async function see(page, name, from) {
	if (process.env.TOUR) {
		await page.setViewportSize({ width: 960, height: 640 })
		if (from)
			await show(page, name, from)
		return page.setViewportSize({ width: 1280, height: 900 })
	}
	await good(page, `story-${name}`)
	await page.setViewportSize({ width: 390, height: 844 })
	await good(page, `story-${name}`)
	await page.setViewportSize({ width: 1280, height: 900 })
}

async function show(page, name, from) {
	mkdirSync(pictures, { recursive: true })
	await page.locator(from).first().evaluate(e => e.scrollIntoView({ block: 'start' }))
	await page.screenshot({ path: join(pictures, `${name}.png`) })
}

const open = (page, path) => page.goto(place.base + path)
const main = page => page.innerText('main')
const does = async (page, link, button = link) => {
	await page.getByRole('link', { name: link }).first().click()
	await page.waitForURL(/\/do\//)
	return page.getByRole('button', { name: button, exact: true })
}
const done = async (page, button, where) => {
	await button.click()
	await page.waitForURL(where)
}

// What comes by a message is there a moment later.
async function until(there) {
	for (const end = Date.now() + 60000; !await there();)
		assert.ok(Date.now() < end, 'it did not come')
}

// A part of a form: text typed, or a choice among radios, by the words of its question.
async function answer(page, form, part, answers) {
	await open(page, `${form}/${part}`)
	for (const [question, value] of Object.entries(answers))
		if (Array.isArray(value))
			await page.getByRole('group', { name: question }).getByLabel(value[0], { exact: true }).check()
		else
			await page.getByLabel(question).fill(value)
	await page.getByRole('button', { name: 'Save and leave', exact: true }).click()
	await page.waitForURL(url => url.pathname === form)
}

// Days go by: the administrator lets them.
async function days(count) {
	const page = await place.as('root')
	await open(page, '/time')
	await page.fill('#days', String(count))
	await page.getByRole('button', { name: 'Let them go by' }).click()
	await page.waitForLoadState()
	await page.context().close()
}

test('a call, a nurse, a fall, a stay, a delay, home, and day 91', { skip, timeout: 600000 }, async () => {
	// Her daughter rings; the adviser writes it down and sends it on.
	const adviser = await place.as('iqbal')
	let typed = 0
	const step = async one => { typed++; await one }
	await open(adviser, '/contact')
	await step(adviser.fill('#who', 'pollard'))
	await step(adviser.press('#who', 'Enter'))
	await step(adviser.getByRole('link', { name: /This is the person/ }).first().click())
	await adviser.waitForURL(/person=/)
	assert.match(await adviser.innerText('aside'), /Home care, one visit a day[\s\S]*Judith Reeve, daughter/)
	await step(adviser.fill('#caller', 'Judith Reeve'))
	await step(adviser.selectOption('#relation', 'Family carer'))
	await step(adviser.fill('#phone', '07700 900452'))
	await step(adviser.fill('#what', 'Mum fell in the night and cannot get up from her chair. She is muddled. I am two hours away.'))
	await step(adviser.check('input[name=sign][value=fall]'))
	await step(adviser.check('input[name=urgency][value="2h"]'))
	await step(adviser.check('input[name=outcome][value=urgent]'))
	await see(adviser, 'contact', 'main')
	await step(adviser.getByRole('button', { name: 'Send and start the clock' }).click())
	await adviser.waitForURL(/\/work\//)
	assert.ok(typed <= 12, `${typed} steps`)
	const contact = new URL(adviser.url()).pathname

	// The nurse has it on her list, accepts it and goes.
	const nurse = await place.as('molloy')
	await open(nurse, '/work?who=all')
	await see(nurse, 'list', 'main')
	await nurse.getByRole('link', { name: /Mum fell in the night/ }).first().click()
	await nurse.waitForURL(new RegExp(contact))
	await done(nurse, await does(nurse, 'Accept'), new RegExp(contact))
	assert.match(await main(nurse), /Accepted/)
	await open(nurse, '/work?who=all')
	await nurse.getByRole('link', { name: /Urgent community response: Mum fell/ }).first().click()
	await nurse.waitForURL(/\/work\//)
	const visit = new URL(nurse.url()).pathname
	await nurse.getByRole('link', { name: 'Done', exact: true }).click()
	await nurse.waitForURL(/\/do\//)
	await see(nurse, 'visit')
	await nurse.getByLabel('What came of it').fill('Found on the floor again, left hip painful, cannot stand. Ambulance called; her daughter knows.')
	await done(nurse, nurse.getByRole('button', { name: 'Done', exact: true }), new RegExp(visit))

	// The fall: next morning the hospital tells of her admission, and the discharge team has her on its list.
	await days(1)
	const nhs = (await main(nurse)).match(/999 \d{3} \d{4}/)[0].replaceAll(' ', '')
	const ward = hospital(place.mllp, { record: 'M000003', nhs, family: 'Pollard', given: 'Winifred', born: '19430517', sex: 'F' },
		{ number: 'V000003-1', bed: 'Cedar ward^^7^WXA01', from: '20251120061500', reason: 'Fall at home, broken left hip' })
	await ward.send('A01', '20251120061500')
	const discharge = await place.as('kessell')
	await until(async () => {
		await open(discharge, '/discharge')
		return (await main(discharge)).includes('POLLARD, Winifred')
	})
	await see(discharge, 'wards', 'main')
	await discharge.getByRole('link', { name: /POLLARD, Winifred/ }).click()
	await discharge.waitForURL(/\/discharge$/)
	await see(discharge, 'package')
	assert.match(await main(discharge), /12 Church Row[\s\S]*Home care, one visit a day[\s\S]*Judith Reeve/)
	const leaving = new URL(discharge.url()).pathname

	// Which way she leaves, and when; four days later she could, and waits.
	let button = await does(discharge, 'Plan', 'Plan')
	await discharge.getByLabel(/When are they expected/).fill('2025-11-24')
	await discharge.getByLabel(/Which way/).selectOption('1')
	await discharge.getByLabel(/Who helps afterwards/).selectOption({ label: 'Wealdshire County Council' })
	await done(discharge, button, url => url.pathname === leaving)
	await discharge.context().close()
	await days(4)
	const hub = await place.as('kessell')
	await open(hub, leaving)
	button = await does(hub, 'Ready to leave')
	await done(hub, button, url => url.pathname === leaving)
	button = await does(hub, 'Record a delay')
	await hub.getByLabel(/Why do they wait/).selectOption('E')
	await hub.getByLabel(/Who is answerable/).selectOption('social')
	await hub.getByLabel(/Who must act/).selectOption({ label: 'Wealdshire County Council' })
	await hub.getByLabel(/What must happen next/).fill('Confirm a second daily visit')
	await done(hub, button, url => url.pathname === leaving)
	assert.match(await main(hub), /Confirm a second daily visit[\s\S]*E: Awaiting care package/)

	// The council disputes it; it is settled with words.
	const council = await place.as('raman')
	await open(council, '/discharge')
	await council.getByRole('link', { name: /POLLARD, Winifred/ }).click()
	await council.waitForURL(url => url.pathname === leaving)
	button = await does(council, /^Dispute/, 'Dispute')
	await council.getByLabel(/What is disputed/).fill('The visit is ready. The therapist has not said which equipment she needs.')
	await done(council, button, url => url.pathname === leaving)
	await see(council, 'disputed', 'main h1')
	await open(hub, leaving)
	button = await does(hub, /^Settle/, 'Settle')
	await hub.getByLabel(/What was agreed/).fill('Both: the therapist reports today, the second visit is held from Wednesday.')
	await hub.getByLabel(/Who is answerable/).selectOption('both')
	await done(hub, button, url => url.pathname === leaving)
	assert.match(await main(hub), /Waiting; settled[\s\S]*Answerable: Both/)

	// Both notices, in time for Wednesday.
	button = await does(hub, 'Give assessment notice')
	await hub.getByLabel(/To which council/).selectOption({ label: 'Wealdshire County Council' })
	await hub.getByLabel(/Who was consulted/).fill('Mrs Pollard and her daughter. Nobody objects.')
	await hub.getByLabel(/continuing healthcare/).fill('Considered: not needed.')
	await hub.getByLabel(/Whom does the council ring/).fill('Moira Kessell, 01632 960210')
	await done(hub, button, url => url.pathname === leaving)
	button = await does(hub, 'Give discharge notice')
	await hub.getByLabel(/To which council/).selectOption({ label: 'Wealdshire County Council' })
	await hub.getByLabel(/On which day can they leave/).fill('2025-11-26')
	await hub.getByLabel(/Who was consulted/).fill('Mrs Pollard and her daughter. Nobody objects.')
	await hub.getByLabel(/Whom does the council ring/).fill('Moira Kessell, 01632 960210')
	await done(hub, button, url => url.pathname === leaving)
	await see(hub, 'notices', '#o-work')
	assert.match(await main(hub), /In time: the council must have acted by Wed 26 Nov/)

	// Wednesday: she goes home, and help to get going again begins.
	await days(2)
	await ward.send('A03', '20251126103000', '20251126103000')
	ward.close()
	const team = await place.as('raman')
	await until(async () => {
		await open(team, leaving)
		return (await main(team)).includes('Left hospital')
	})
	await see(team, 'home', 'main')
	assert.match(await main(team), /Reablement at home/)
	assert.match(await main(team), /2 nights: 2 in November/)

	// Weeks later: where is she now?
	await days(91)
	const worker = await place.as('raman')
	await open(worker, '/work?who=all')
	await worker.getByRole('link', { name: /At home 91 days/ }).first().click()
	await worker.waitForURL(/\/work\//)
	const asked = new URL(worker.url()).pathname
	button = await does(worker, 'Answer')
	await worker.getByLabel(/Where are they/).selectOption('at-home')
	await done(worker, button, url => url.pathname === asked)
	await see(worker, 'day-91', 'main')
	assert.match(await main(worker), /AnswerAt home|Answer\s+At home/)

})

test('one assessment by two professions, eligible on three outcomes, a plan, and the person reads it', { skip, timeout: 600000 }, async () => {
	const worker = await place.as('raman')
	let button
	await open(worker, `/people/${win}`)
	button = await does(worker, 'Ask for an assessment')
	await worker.getByLabel(/^Why/).fill('Help to get going again ends next week. What does she need from then on?')
	await worker.getByRole('group', { name: /Which assessment/ }).getByLabel('Joint assessment').check()
	await done(worker, button, url => url.pathname === `/people/${win}`)
	await open(worker, '/work?who=all')
	await worker.getByRole('row', { name: /POLLARD/ }).getByRole('link', { name: 'Joint assessment', exact: true }).click()
	await worker.waitForURL(/\/work\//)
	const assessment = new URL(worker.url()).pathname
	await done(worker, await does(worker, 'Start'), url => url.pathname === assessment)
	await worker.getByRole('link', { name: 'Open the answers' }).click()
	await worker.waitForURL(/\/forms\//)
	const form = new URL(worker.url()).pathname
	await see(worker, 'assessment', 'main h1')
	await answer(worker, form, 'about', { 'What matters to them': 'My own front door, and church on Sundays.' })
	await answer(worker, form, 'known', { Lives: ['Alone'], 'Is it warm and dry': ['Yes'] })
	await answer(worker, form, 'daily', { Wash: ['With help'], Dress: ['With help'], 'Use the toilet': ['Alone'], Cook: ['With help'],
		'Eat and drink': ['Alone'], Shop: ['Cannot'], 'Keep the home': ['Alone, slowly'], 'Go out': ['With help'] })
	await answer(worker, form, 'therapy', { 'From bed or chair': ['Alone'], Stairs: ['With a rail'], 'Falls in the last 12 months': '2', Telecare: ['Would help, and is wanted'] })
	await answer(worker, form, 'mind', { Mood: ['Good'], Memory: ['As it was'], 'Thoughts of harming': ['No'], 'reason to doubt capacity': ['No'] })

	// The nurse's part is asked of her; it is on her list until it is filled in.
	await open(worker, assessment)
	button = await does(worker, 'Ask a colleague for a part')
	await worker.getByLabel(/Which part/).selectOption('nursing')
	await worker.getByLabel(/Whom to ask/).selectOption({ label: 'Bridget Molloy' })
	await done(worker, button, url => url.pathname === assessment)
	const district = await place.as('molloy')
	await open(district, '/work?who=all')
	await district.getByRole('row', { name: /POLLARD/ }).getByRole('link', { name: /Nursing: skin/ }).click()
	await district.waitForURL(/\/work\//)
	const part = new URL(district.url()).pathname
	await district.getByRole('link', { name: 'Open the answers' }).click()
	await district.waitForURL(url => url.pathname.startsWith('/forms/'))
	await answer(district, form, 'nursing', { Skin: ['Whole, at risk'], Continence: ['No difficulty'], 'Takes medicines': ['With prompting'], 'needs only a nurse': ['No'] })
	await open(district, part)
	await done(district, await does(district, 'This part is filled in'), url => url.pathname === part)
	await see(district, 'section')

	const unaided = ['Yes, without help'], helped = ['Only with help or prompting']
	await answer(worker, form, 'outcomes', { 'impairment or illness': ['Yes'], 'food and drink': helped, 'keep themselves clean': helped,
		'manage the toilet': unaided, 'dress as they wish': helped, 'get about at home': unaided, 'home fit to live in': unaided,
		'family and other close': unaided, 'work, learning': unaided, 'use transport': unaided, 'look after a child': unaided,
		'significant effect on their wellbeing': ['Yes'] })
	await answer(worker, form, 'together', { 'What help is needed': 'Somebody to wash and dress with each morning, and a meal at noon.',
		'read it and agreed': ['Yes'] })
	await open(worker, `${form}/check-answers`)
	await see(worker, 'answers')
	await worker.getByRole('button', { name: 'Complete' }).click()
	await worker.getByText('Completed.').first().waitFor()

	// Eligible on three outcomes, with reasons and a letter.
	await open(worker, assessment)
	await done(worker, await does(worker, 'Ready to decide'), url => url.pathname === assessment)
	button = await does(worker, 'Decide on eligibility')
	await worker.getByLabel(/Your reasons/).fill('She cannot wash, dress or cook without help since the fall.')
	await done(worker, button, url => url.pathname === assessment)
	await worker.getByRole('link', { name: /letter about the decision/ }).click()
	await worker.waitForURL(/\/letter\//)
	await see(worker, 'letter', 'main h1')
	const letter = await main(worker)
	assert.match(letter, /eligible/)
	assert.equal((letter.match(/you need help with it/g) ?? []).length, 3)

	// A plan with one who leads, approved by another.
	await open(worker, `/people/${win}/plan`)
	button = await does(worker, 'Begin a plan')
	await worker.getByLabel(/Lead professional/).selectOption({ label: 'Priya Raman' })
	await worker.getByLabel(/What matters most/).fill('To stay behind my own front door, and walk to church by Easter.')
	await done(worker, button, /\/plan$/)
	button = await does(worker, 'Add a service')
	await worker.getByLabel('What', { exact: true }).fill('Home care in the morning')
	await worker.getByRole('group', { name: /Of which kind/ }).getByRole('radio').first().check()
	await worker.getByLabel(/Who gives it/).selectOption({ label: 'Wendle Valley Home Care' })
	await worker.getByLabel(/How many/).fill('7')
	await worker.getByLabel(/Of what/).fill('visits')
	await worker.getByRole('group', { name: /In how long/ }).getByLabel('Week').check()
	await worker.getByLabel(/costs a week/).fill('120.40')
	await done(worker, button, /\/plan$/)
	button = await does(worker, 'Answer on telecare')
	await worker.getByRole('group', { name: /Would telecare help/ }).getByRole('radio').first().check()
	await done(worker, button, /\/plan$/)
	button = await does(worker, 'Send for approval')
	await done(worker, button, /\/plan$/)
	const manager = await place.as('hurst')
	await open(manager, `/people/${win}/plan`)
	await done(manager, await does(manager, 'Approve'), /\/plan$/)
	await see(manager, 'plan', 'main h1')
	assert.match(await main(manager), /Priya Raman leads[\s\S]*my own front door[\s\S]*Home care in the morning/)

	// She reads it on her phone.
	const phone = await place.as('winifred', 390)
	await phone.getByRole('link', { name: /plan/i }).first().click()
	await phone.waitForURL(/\/me\/plan$/)
	await (process.env.TOUR ? show(phone, 'my-plan', 'h1') : good(phone, 'story-my-plan'))
	assert.match(await phone.innerText('main'), /Priya Raman makes sure that it happens[\s\S]*walk to church by Easter[\s\S]*Home care in the morning/)
	await phone.getByRole('link', { name: /letter about what we decided/ }).click()
	await phone.waitForURL(/\/letter\//)
	if (!process.env.TOUR)
		await good(phone, 'story-my-letter')
})
