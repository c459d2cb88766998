// provider.test.mjs - a social worker signs in with the council's own account, by a real OpenID Connect provider.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { openProvider } from '../program/provider.mjs'
import { available, barriers, demo, picture } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
const program = process.env.CAUSEWAY || new URL('../../build/causeway', import.meta.url).pathname
let place
const run = (...args) => execFileSync(program, args, { encoding: 'utf8' })

before(async () => { if (!skip) place = await demo() }, { timeout: 600000 })
after(async () => place?.close())

async function fine(page, name) {
	assert.deepEqual(await barriers(page), [], name)
	await picture(page, `${name}-${page.viewportSize().width}`)
}

async function throughProvider(page, login) {
	await page.goto(`${place.base}/sign-in?to=%2Fpeople%3Fq%3Dtredwell`)
	await page.click('a:has-text("Westmere Council")')
	assert.ok(await page.isVisible('input[name=login]'), `${page.url()} ${await page.textContent('body')}`)
	await page.fill('input[name=login]', login)
	await page.fill('input[name=password]', 'any')
	await page.click('button[type=submit]')
	await page.click('button:has-text("Continue")')
	await page.waitForURL(url => url.origin === place.base)
}

test('a social worker signs in with the council’s account', { skip, timeout: 600000 }, async t => {
	const people = {
		1001: { employee: 'new.worker', name: 'New Worker', groups: ['adult-social-work'] },
		1002: { employee: 'root', name: 'Root', groups: [] },
		1003: { employee: 'nobody', name: 'Nobody', groups: ['adult-social-work'] },
	}
	const { issuer } = await openProvider(t, { back: `${place.base}/sign-in/back/council`, people, secret: 'a-secret+&more:100%' })
	const secret = join(dirname(place.db), 'secret')
	writeFileSync(secret, 'a-secret+&more:100%\n')
	const page = await place.page(), db = readdirSync(dirname(place.db)).filter(name => name.endsWith('.db')).map(name => join(dirname(place.db), name)).find(file => run('accounts', file))
	const org = /social-worker@(\w+)/.exec(run('accounts', db))?.[1]
	assert.ok(org, run('accounts', db))
	run('account-add', db, 'new.worker', '--name', 'New Worker', '--role', 'practice-staff', '--org', org)
	run('provider-add', db, 'council', '--words', 'Westmere Council', '--issuer', issuer, '--client-id', 'causeway', '--secret-file', secret,
		'--org', org, '--claim', 'employee', '--groups', 'groups', '--role', 'adult-social-work=social-worker', '--role', 'reception=adviser')
	await page.goto(`${place.base}/sign-in`)
	await fine(page, 'sign-in-provider')
	await page.setViewportSize({ width: 390, height: 844 })
	await fine(page, 'sign-in-provider')
	await page.setViewportSize({ width: 1280, height: 900 })
	await throughProvider(page, '1001')
	assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, '/people?q=tredwell', 'where they wanted to go')
	assert.match(await page.textContent('body'), /New Worker/)
	assert.match(run('accounts', db), new RegExp(`new\\.worker\t.*social-worker@${org}`))
	// a group taken away there is a role taken away here, at the next sign-in
	people[1001].groups = ['reception']
	const again = await place.page()
	await throughProvider(again, '1001')
	const line = run('accounts', db).split('\n').find(one => one.startsWith('new.worker'))
	assert.match(line, /adviser@/)
	assert.doesNotMatch(line, /social-worker@/)
	// the administrator of the place is none of the council's, and whoever has no account stays outside
	for (const other of ['1002', '1003']) {
		const one = await place.page()
		await throughProvider(one, other)
		assert.match(await one.textContent('[role=alert]'), /no account here is joined to you/)
		await fine(one, 'sign-in-provider-refused')
	}
	// signing out ends the session here
	await page.goto(`${place.base}/`)
	await page.evaluate(() => document.querySelector('form[action="/sign-out"]').requestSubmit())
	await page.waitForURL(/sign-in/)
	await page.goto(`${place.base}/people?q=tredwell`)
	assert.match(page.url(), /sign-in/)
})
