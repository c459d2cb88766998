// app.test.mjs - an app of somebody else, on a server of its own, as SMART App Launch has it: it finds out where to ask, sends the
// person there, is let in, and reads their record with the token it gets. The person ends it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'
import { createServer } from 'node:http'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { good, home, tabTo } from './home.mjs'
import { available, edith } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
const program = process.env.CAUSEWAY || new URL('../../build/causeway', import.meta.url).pathname
const random = () => randomBytes(32).toString('base64url')
let place, app

/** The app: /start sends its user off, /back takes the code and shows what it could read. All it knows of the place is its FHIR address. */
async function openApp(fhir) {
	const trips = new Map(), held = {}
	const post = async (url, fields) => { const reply = await fetch(url, { method: 'POST', body: new URLSearchParams({ client_id: 'chart', ...fields }) }); return { status: reply.status, ...await reply.json() } }
	const server = createServer(async (request, reply) => {
		const url = new URL(request.url, `http://${request.headers.host}`), told = await (await fetch(`${fhir}/.well-known/smart-configuration`)).json()
		const back = `${url.origin}/back`, show = text => reply.setHeader('content-type', 'text/html; charset=utf-8').end(`<!doctype html><title>Chart</title><main>${text}</main>`)
		if (url.pathname === '/start') {
			const state = random(), verifier = random(), nonce = random()
			trips.set(state, { verifier, nonce })
			reply.writeHead(302, { location: `${told.authorization_endpoint}?${new URLSearchParams({ response_type: 'code', client_id: 'chart', redirect_uri: back, scope: 'openid fhirUser launch/patient offline_access patient/Patient.r patient/Observation.rs patient/Condition.rs', state, aud: fhir, nonce, code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' })}` }).end()
			return
		}
		const trip = trips.get(url.searchParams.get('state'))
		if (url.pathname !== '/back' || !trip)
			return show('nothing here')
		if (url.searchParams.get('error'))
			return show(`refused: ${url.searchParams.get('error')}`)
		const given = await post(told.token_endpoint, { grant_type: 'authorization_code', code: url.searchParams.get('code'), redirect_uri: back, code_verifier: trip.verifier })
		const [head, body, signature] = given.id_token.split('.'), read = part => JSON.parse(Buffer.from(part, 'base64url'))
		const { keys } = await (await fetch(told.jwks_uri)).json(), key = createPublicKey({ key: keys.find(one => one.kid === read(head).kid), format: 'jwk' })
		const good = verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')) && read(body).iss === told.issuer && read(body).aud === 'chart' && read(body).nonce === trip.nonce
		Object.assign(held, { given, told, get: async path => fetch(path.startsWith('http') ? path : `${fhir}/${path}`, { headers: { authorization: `Bearer ${held.given.access_token}` } }), refresh: async () => { const fresh = await post(told.token_endpoint, { grant_type: 'refresh_token', refresh_token: held.given.refresh_token }); if (fresh.status === 200) held.given = fresh; return fresh.status } })
		const patient = await (await held.get(`Patient/${given.patient}`)).json(), found = await (await held.get(`Observation?patient=${given.patient}&_total=accurate`)).json()
		show(`<h1>${patient.name[0].family}</h1><p id="who">${good ? read(body).fhirUser : 'nobody'}</p><p id="count">${found.total}</p>`)
	})
	await new Promise(done => server.listen(0, '127.0.0.1', done))
	return { base: `http://127.0.0.1:${server.address().port}`, held, close: () => { server.closeAllConnections?.(); server.close() } }
}

before(async () => {
	if (skip)
		return
	place = await home()
	app = await openApp(`${place.base}/fhir`)
	const run = (...args) => execFileSync(program, args, { encoding: 'utf8' })
	const db = readdirSync(dirname(place.db)).filter(name => name.endsWith('.db')).map(name => join(dirname(place.db), name)).find(file => run('accounts', file))
	run('app-add', db, 'chart', '--name', 'Growth chart', '--redirect', `${app.base}/back`, '--scope', 'patient/*.rs')
}, { timeout: 600000 })
after(async () => { app?.close(); await place?.close() })

test('a resident is asked in plain words, by keyboard, lets it in, and ends it', { skip, timeout: 600000 }, async () => {
	const page = await (await place.browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
	await page.goto(`${app.base}/start`)
	assert.match(page.url(), /\/sign-in\?to=/, 'whoever has not signed in does so first')
	await page.locator('form[action="/sign-in/as"]:has(input[value="edith"]) button').click()
	await page.waitForURL(/apps\/authorize/)
	const words = await page.locator('main').innerText()
	for (const one of [/Growth chart asks you/, /Edith Tredwell/, /See measurements and tests in your own record/, /See name, address and date of birth in your own record/, /It is told who you are/, /90 days/])
		assert.match(words, one)
	await good(page, 'app-ask')
	await page.setViewportSize({ width: 390, height: 844 })
	await good(page, 'app-ask')
	await page.setViewportSize({ width: 320, height: 700 })
	await good(page, 'app-ask')
	await tabTo(page, page.getByLabel('See problems and diagnoses in your own record'))
	await page.keyboard.press('Space') // not that
	await tabTo(page, page.getByRole('button', { name: 'Let it in' }))
	await page.keyboard.press('Enter')
	await page.waitForURL(`${app.base}/back?**`)
	assert.equal(await page.locator('h1').innerText(), 'Tredwell')
	assert.equal(await page.locator('#who').innerText(), `${place.base}/fhir/Patient/${edith}`)
	assert.ok(Number(await page.locator('#count').innerText()) > 0)
	const { held } = app
	assert.equal(held.given.patient, edith)
	assert.equal((await held.get('Patient/p-000002')).status, 404, 'nobody else')
	assert.equal((await held.get('Condition')).status, 403, 'what the tick was taken from')
	assert.equal((await held.get(`${place.base}/me`)).status, 403, 'no page')
	assert.equal(await held.refresh(), 200)
	assert.equal((await held.get(`Patient/${edith}`)).status, 200)

	// what it looked at is told
	await page.goto(`${place.base}/me/looked`)
	await page.goto(`${place.base}/account`)
	assert.match(await page.locator('section', { hasText: 'Apps you let in' }).innerText(), /Growth chart/)
	await good(page, 'app-account')
	await page.getByRole('button', { name: 'End it for Growth chart' }).press('Enter')
	await page.waitForURL(/done=app/)
	assert.match(await page.locator('section', { hasText: 'Apps you let in' }).innerText(), /None/)
	assert.equal((await held.get(`Patient/${edith}`)).status, 401)
	assert.equal(await held.refresh(), 400)
})

test('no is an answer, also without scripts', { skip, timeout: 600000 }, async () => {
	const page = await place.as('edith', 390, { javaScriptEnabled: false })
	await page.goto(`${app.base}/start`)
	await page.getByRole('button', { name: 'No, go back' }).press('Enter')
	await page.waitForURL(`${app.base}/back?**`)
	assert.equal(await page.locator('main').innerText(), 'refused: access_denied')
	await page.goto(`${app.base}/start`)
	await page.getByRole('button', { name: 'Let it in' }).press('Enter')
	await page.waitForURL(`${app.base}/back?**`)
	assert.equal(await page.locator('h1').innerText(), 'Tredwell')
})

test('staff choose of whom an app is told, by keyboard', { skip, timeout: 120000 }, async () => {
	const page = await place.as('hughes')
	await page.goto(`${app.base}/start`)
	await page.waitForURL(/apps\/authorize/)
	await good(page, 'app-about')
	await page.getByLabel('Find the person').fill('tredwell edith')
	await page.getByLabel('Find the person').press('Enter')
	await page.getByRole('heading', { name: 'People found' }).waitFor()
	for (const [width, height] of [[1280, 900], [390, 844], [320, 700]]) {
		await page.setViewportSize({ width, height })
		await good(page, 'app-about-found')
	}
	const her = page.locator(`button[name="person"][value="${edith}"]`)
	await tabTo(page, her)
	await page.keyboard.press('Enter')
	await page.getByRole('button', { name: 'Let it in' }).waitFor()
	assert.match(await page.locator('main').innerText(), /opened about .*Tredwell/i)
	await page.getByRole('button', { name: 'Let it in' }).press('Enter')
	await page.waitForURL(`${app.base}/back?**`)
	assert.equal(await page.locator('h1').innerText(), 'Tredwell')
	assert.equal((await app.held.get('Patient/p-000002')).status, 404, 'nobody else')
})
