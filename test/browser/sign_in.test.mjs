// sign_in.test.mjs - signing in by keyboard, wrong passwords, codes from a phone, passkeys; accounts made and ended.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { available, barriers, demo, picture, signIn } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
let place

before(async () => { if (!skip) place = await demo() }, { timeout: 600000 })
after(async () => place?.close())

// RFC 6238, as the app on a phone does it.
function code(key, at = Date.now()) {
	const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
	const bits = [...key].map(letter => letters.indexOf(letter).toString(2).padStart(5, '0')).join('')
	const bytes = Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2)))
	const step = Buffer.alloc(8)
	step.writeBigUInt64BE(BigInt(Math.floor(at / 30000)))
	const mac = createHmac('sha1', bytes).update(step).digest(), from = mac[19] & 15
	return String((mac.readUInt32BE(from) & 0x7fffffff) % 1000000).padStart(6, '0')
}

async function fine(page, name) {
	assert.deepEqual(await barriers(page), [], name)
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
	assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`)
	await picture(page, `${name}-${page.viewportSize().width}`)
}

// The administrator adds somebody and gets the link for them.
async function invited(login, name, role, org) {
	const page = await place.page()
	await signIn(page, place.base, 'root')
	await page.goto(`${place.base}/accounts`)
	await page.fill('#name', name)
	await page.fill('#login', login)
	await page.selectOption('#role', role)
	await page.fill('#org', org)
	await page.click('button:text-is("Add")')
	await page.click('button:text-is("Make a link to set a password")')
	const link = await page.textContent('[role=status] .cw-secret')
	await fine(page, 'accounts-one')
	await page.context().close()
	return link
}

const password = 'three plain words'

async function joined(login, name, role, org) {
	const page = await place.page()
	await page.goto(await invited(login, name, role, org))
	await page.fill('#password', password)
	await page.fill('#again', password)
	await page.click('button:text-is("Set password and sign in")')
	return page
}

test('a link sets the password, once, and signs in', { skip }, async () => {
	const link = await invited('ada.clarke', 'Ada Clarke', 'social-worker', 'WXL')
	const page = await place.page()
	await page.goto(link)
	await fine(page, 'welcome')
	await page.fill('#password', 'short')
	await page.fill('#again', 'short')
	await page.keyboard.press('Enter')
	await page.waitForSelector('.nhsuk-error-summary')
	assert.match(await page.title(), /^Error: /)
	assert.equal(await page.evaluate(() => document.activeElement.className), 'nhsuk-error-summary')
	await page.fill('#password', password)
	await page.fill('#again', password)
	await page.keyboard.press('Enter')
	await page.waitForURL(url => ['/', '/work'].includes(url.pathname))
	assert.match(await page.textContent('header'), /Ada Clarke, Social worker at Wealdshire County Council/)
	const again = await place.page()
	assert.equal((await again.goto(link)).status(), 404)
})

test('signing in by keyboard leads back to where one wanted to go', { skip }, async () => {
	const page = await place.page()
	await page.goto(`${place.base}/people?q=tredwell`)
	assert.equal(new URL(page.url()).pathname, '/sign-in')
	await page.focus('#login')
	await page.keyboard.type('ada.clarke')
	await page.keyboard.press('Tab')
	await page.keyboard.type('four wrong words')
	await page.keyboard.press('Enter')
	await page.waitForSelector('.nhsuk-error-summary')
	assert.match(await page.textContent('.nhsuk-error-summary'), /The login or the password is not right/)
	assert.equal(await page.inputValue('#login'), 'ada.clarke')
	await fine(page, 'sign-in-wrong')
	await page.focus('#password')
	await page.keyboard.type(password)
	await page.keyboard.press('Tab') // show it
	await page.keyboard.press('Enter')
	assert.equal(await page.getAttribute('#password', 'type'), 'text')
	await page.focus('#password')
	await page.keyboard.press('Enter')
	await page.waitForURL(`${place.base}/people?q=tredwell`)
})

test('a password manager knows the fields', { skip }, async () => {
	const page = await place.page()
	await page.goto(`${place.base}/sign-in`)
	assert.equal(await page.getAttribute('#login', 'autocomplete'), 'username')
	assert.equal(await page.getAttribute('#password', 'autocomplete'), 'current-password')
	for (const width of [1280, 390]) {
		await page.setViewportSize({ width, height: 900 })
		await fine(page, 'sign-in')
	}
})

// What a password manager looks for: a form of its own with who it is before what proves it, each said by autocomplete, none
// of them kept out of the form, and a button that submits.
const managed = page => page.evaluate(() => [...document.querySelectorAll('form:has(input[type=password])')].map(form => ({
	fields: [...form.querySelectorAll('input:not([type=hidden])')].filter(one => one.autocomplete !== 'name').map(one => one.autocomplete),
	named: [...form.querySelectorAll('input[type=password]')].every(one => one.id && one.name && !one.readOnly && document.querySelector(`label[for="${one.id}"]`)),
	submits: Boolean(form.querySelector('button[type=submit]')) && form.method === 'post',
})))

test('wherever a password is typed, a password manager finds its way', { skip }, async () => {
	const link = await invited('pat.keeper', 'Pat Keeper', 'social-worker', 'WXL'), page = await place.page()
	const wanted = { [link]: [['username', 'new-password', 'new-password']], '/join': [['one-time-code', 'username', 'new-password', 'new-password']], '/sign-in': [['username', 'current-password']] }
	const check = async (path, fields) => {
		await page.goto(path.startsWith('http') ? path : place.base + path)
		const forms = await managed(page)
		assert.deepEqual(forms.map(form => form.fields), fields, path)
		assert.ok(forms.every(form => form.named && form.submits), path)
	}
	for (const [path, fields] of Object.entries(wanted))
		await check(path, fields)
	await page.goto(link)
	await page.fill('#password', password)
	await page.fill('#again', password)
	await page.click('button:text-is("Set password and sign in")')
	await check('/account', [['username', 'current-password', 'new-password', 'new-password']])
	assert.equal(await page.inputValue('input[autocomplete=username]'), 'pat.keeper', 'it is told whose password changes')
	// as it fills in: by what the fields say of themselves alone
	await page.evaluate(() => document.querySelector('form[action="/sign-out"]').requestSubmit())
	await page.waitForURL(/sign-in/)
	await page.evaluate(password => {
		const put = (field, value) => { field.value = value; field.dispatchEvent(new Event('input', { bubbles: true })) }
		put(document.querySelector('input[autocomplete=username]'), 'pat.keeper')
		put(document.querySelector('input[autocomplete=current-password]'), password)
		document.querySelector('input[autocomplete=current-password]').form.requestSubmit()
	}, password)
	await page.waitForURL(url => url.pathname !== '/sign-in')
	assert.match(await page.textContent('body'), /Pat Keeper/)
})

test('a code from the phone is asked for, and signing out ends it', { skip }, async () => {
	const page = await joined('ben.jones', 'Ben Jones', 'gp', 'WXG001')
	await page.goto(`${place.base}/account/codes`)
	await fine(page, 'account-codes')
	const key = (await page.textContent('.cw-secret')).replaceAll(' ', '')
	await page.fill('#current', 'not my password at all')
	await page.fill('#code', code(key))
	await page.keyboard.press('Enter')
	await page.waitForSelector('#current-error')
	await fine(page, 'account-codes-wrong')
	assert.equal((await page.textContent('.cw-secret')).replaceAll(' ', ''), key, 'the key stays')
	await page.fill('#current', password)
	await page.fill('#code', code(key))
	await page.keyboard.press('Enter')
	await page.waitForSelector('text=Keep these recovery codes')
	assert.equal(await page.locator('li.cw-secret').count(), 10)
	const recovery = await page.textContent('li.cw-secret')
	await page.goto(`${place.base}/account`)
	await fine(page, 'account')
	await page.setViewportSize({ width: 390, height: 900 })
	await fine(page, 'account')
	await page.click('button:text-is("Sign out")')
	await page.waitForURL(/sign-in/)
	await page.goto(`${place.base}/account`)
	assert.equal(new URL(page.url()).pathname, '/sign-in')
	const enter = async given => {
		await page.goto(`${place.base}/sign-in`)
		await page.fill('#login', 'ben.jones')
		await page.fill('#password', password)
		await page.keyboard.press('Enter')
		await page.waitForURL(/code/)
		await page.fill('#code', given)
		await page.keyboard.press('Enter')
	}
	await enter('000000')
	await page.waitForSelector('#code-error')
	await fine(page, 'sign-in-code')
	await enter(code(key, Date.now() + 30000)) // the next: each is taken once
	await page.waitForURL(url => ['/', '/work'].includes(url.pathname))
	await page.click('button:text-is("Sign out")')
	await enter(recovery)
	await page.waitForURL(url => ['/', '/work'].includes(url.pathname))
})

// A device that keeps keys and sees its owner at once: Chromium's own, on this page.
async function device(page, more = {}) {
	const tools = await page.context().newCDPSession(page)
	await tools.send('WebAuthn.enable')
	const { authenticatorId } = await tools.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal',
		hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, ...more } })
	return { seen: isUserVerified => tools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
		keys: async () => (await tools.send('WebAuthn.getCredentials', { authenticatorId })).credentials }
}

test('a passkey is made with the password, signs in without it, and is removed', { skip }, async () => {
	const page = await joined('pia.keys', 'Pia Keys', 'gp', 'WXG002'), phone = await device(page)
	await page.goto(`${place.base}/account`)
	assert.equal(await page.locator('#passkeys-h').count(), new URL(place.base).hostname === 'localhost' ? 1 : 0)
	const named = place.base.replace('127.0.0.1', 'localhost')
	if (named !== place.base) { // a cookie belongs to a name, and so does a passkey
		await page.goto(`${named}/sign-in`)
		await page.fill('#login', 'pia.keys')
		await page.fill('#password', password)
		await page.keyboard.press('Enter')
		await page.waitForURL(url => url.pathname !== '/sign-in')
	}
	await page.goto(`${named}/account/passkeys`)
	await fine(page, 'passkeys')
	await page.fill('#name', 'my phone')
	await page.fill('#current', 'not the password')
	await page.keyboard.press('Enter')
	await page.waitForSelector('text=Your present password is not right.')
	assert.equal((await phone.keys()).length, 0)
	await page.fill('#current', password)
	await page.keyboard.press('Enter')
	const make = page.locator('button:text-is("Make the passkey")')
	await make.waitFor()
	await fine(page, 'passkeys-make')
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Make the passkey')
	await page.keyboard.press('Enter')
	await page.waitForSelector('text=The passkey is kept.')
	assert.match(await page.textContent('section:has(#passkeys-h)'), /my phone, since .* not used yet/s)
	assert.equal((await phone.keys()).length, 1)
	for (const width of [1280, 320]) {
		await page.setViewportSize({ width, height: 900 })
		await fine(page, 'account-passkeys')
	}

	// the same device again
	await page.goto(`${named}/account/passkeys`)
	await page.fill('#current', password)
	await page.keyboard.press('Enter')
	await make.click()
	await page.waitForSelector('text=That device has a passkey for this account already.')

	await page.click('button:text-is("Sign out")')
	await page.waitForURL(/sign-in/)
	const sign = page.locator('button:text-is("Sign in with a passkey")')
	await fine(page, 'sign-in-passkey')
	await phone.seen(false) // somebody else's finger
	await sign.click()
	await page.waitForSelector('text=It was not finished.')
	await phone.seen(true)
	await page.goto(`${named}/sign-in?to=/account`)
	await sign.click()
	await page.waitForURL(/account/)
	assert.match(await page.textContent('section:has(#passkeys-h)'), /last used/)

	await page.click('button:has-text("Remove my phone")')
	await page.waitForSelector('text=That passkey signs you in no more.')
	await page.click('button:text-is("Sign out")')
	await page.waitForURL(/sign-in/)
	await sign.click()
	await page.waitForSelector('text=That passkey does not sign anybody in here.')
	await fine(page, 'sign-in-passkey-refused')
	assert.deepEqual(page.faults.filter(fault => !fault.startsWith(`left for ${named}/`) && !/\b4(01|22)\b/.test(fault)), [])
})

test('one chooses the role one works in', { skip }, async () => {
	const page = await joined('cy.brown', 'Cy Brown', 'gp', 'WXG001')
	const admin = await place.page()
	await signIn(admin, place.base, 'root')
	await admin.goto(`${place.base}/accounts?find=cy.brown`)
	await admin.click('a:text-is("Cy Brown")')
	await admin.selectOption('#role', 'privacy-officer')
	await admin.fill('#org', 'WXQ')
	await admin.click('button:text-is("Give this role")')
	await page.goto(`${place.base}/account`)
	await page.click('button:has-text("Work as Information-governance lead")')
	assert.match(await page.textContent('header'), /Information-governance lead, privacy officer at Wealdshire Integrated Care Board/)
	await admin.getByRole('link', { name: 'End Information-governance lead, privacy officer' }).press('Enter') // a mover: one role less
	assert.match(await admin.locator('main').innerText(), /Information-governance lead, privacy officer, Wealdshire Integrated Care Board[\s\S]*No more[\s\S]*People whose records close to them/)
	assert.deepEqual(await barriers(admin), [])
	await admin.click('button:text-is("Yes, end the role")')
	await admin.waitForURL(/done=1/)
	await page.goto(`${place.base}/account`)
	assert.doesNotMatch(await page.textContent('header'), /privacy officer/, 'at the next request')
	await admin.click('a:has-text("They have left")')
	assert.match(await admin.locator('main').innerText(), /Signed in now/)
	await admin.click('button:text-is("Yes, end the account")')
	await admin.waitForSelector('text=Has left')
	await page.goto(`${place.base}/account`)
	assert.equal(new URL(page.url()).pathname, '/sign-in')
})

test('a list of joiners is compared, then applied', { skip }, async () => {
	const page = await place.page()
	await signIn(page, place.base, 'root')
	await page.goto(`${place.base}/accounts/import`)
	const head = 'login,name,role,org,practitioner,state\n'
	const look = async list => {
		await page.goto(`${place.base}/accounts/import`)
		await page.setInputFiles('#file', { name: 'staff.csv', mimeType: 'text/csv', buffer: Buffer.from(`\ufeff${head}${list}`) })
		await page.click('button:text-is("Look at the file")')
	}
	await look('di.green,Di Green,gp,WXG002,,\nb ad,Bad,gp,,,\nno.role,Nora,wizard,WXG002,,\n')
	await page.waitForSelector('text=2 are wrong')
	assert.deepEqual((await page.locator('tr:has(b)').allInnerTexts()).map(text => /(\d)[\s\S]*(letters without|no role)/.exec(text)?.slice(1)), [['3', 'letters without'], ['4', 'no role']])
	assert.equal(await page.locator('button:text-is("Change it")').count(), 0)
	for (const width of [1280, 390]) {
		await page.setViewportSize({ width, height: 900 })
		await fine(page, 'accounts-import')
	}
	assert.doesNotMatch(await (await page.request.get(`${place.base}/accounts?find=di.green`)).text(), /Di Green/, 'nothing half-done')
	await look('di.green,Di Green,gp,WXG002,,\nzoë,Zoë,gp,WXG002,,\n')
	await page.waitForSelector('text=1 are wrong')
	await look('di.green,Di Green,gp,WXG002,,\nzoe.o,Zoë O’Dale,gp,WXG002,,\n')
	await page.locator('button:text-is("Change it")').press('Enter')
	await page.waitForSelector('text=Done, all of it.')
	await fine(page, 'accounts-import-done')
	const [file] = await Promise.all([page.waitForEvent('download'), page.click('button:text-is("Take the first links (CSV)")')])
	const links = readFileSync(await file.path(), 'utf8').trim().split('\r\n')
	assert.equal(file.suggestedFilename(), 'first-links.csv')
	assert.deepEqual(links.map(line => line.replace(/\/welcome\/[\w-]{43}$/, '/welcome/…')), ['login,name,link', `di.green,Di Green,${place.base}/welcome/…`, `zoe.o,Zoë O’Dale,${place.base}/welcome/…`])
	const di = await place.page()
	await di.goto(links[1].split(',')[2])
	await di.fill('#password', 'seven green kettles')
	await di.fill('#again', 'seven green kettles')
	await di.locator('#again').press('Enter')
	await di.waitForURL(url => !url.pathname.startsWith('/welcome'))
	assert.match(await di.textContent('header'), /General practitioner/)
	for (const [list, change] of [['di.green,Di Green,ward-nurse,WXH01,,\n', /Gains[\s\S]*Loses/], ['di.green,Di Green,,,,left\n', /Leaves/]]) {
		await look(list)
		assert.match(await page.textContent('table'), change)
		await page.click('button:text-is("Change it")')
		await page.waitForSelector('text=Done, all of it.')
		await di.goto(`${place.base}/people`)
		assert.equal(new URL(di.url()).pathname, '/sign-in', 'at the next request')
	}
	await page.goto(`${place.base}/accounts?find=di.green`)
	assert.match(await page.textContent('table'), /Di Green/)
	await page.goto(`${place.base}/roles`)
	await fine(page, 'roles')
	await page.goto(`${place.base}/accounts`)
	for (const width of [1280, 390]) {
		await page.setViewportSize({ width, height: 900 })
		await fine(page, 'accounts')
	}
})

test('every persona signs in and sees a first page that is whole', { skip }, async () => {
	const page = await place.page()
	await page.goto(`${place.base}/sign-in`)
	const logins = await page.locator('form[action="/sign-in/as"] input[name=login]').evaluateAll(all => all.map(one => one.value))
	assert.ok(logins.length >= 25)
	for (const login of logins) {
		await page.goto(`${place.base}/sign-in`)
		await page.locator(`form[action="/sign-in/as"]:has(input[value="${login}"]) button`).click()
		await page.waitForURL(url => url.pathname !== '/sign-in')
		assert.equal(await page.locator('h1').count(), 1, login)
		await page.click('button:text-is("Sign out")')
		await page.waitForURL(/sign-in/)
	}
	assert.deepEqual(page.faults, [])
})
