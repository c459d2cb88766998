// sign_in.test.mjs - the first administrator, and what is tried against signing in: fixed sessions, forged
// forms, guessing, tokens in the wrong place; roles and leavers while the server runs.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, database, program, scratch, serve, setCookies } from './causeway.mjs'

const password = 'three plain words'

/** A browser without a screen: cookies are kept, redirects are not followed. */
function browser(base) {
	const jar = new Map()
	const ask = async (path, options = {}) => {
		const reply = await fetch(base + path, { redirect: 'manual', ...options, headers: { cookie: [...jar].map(pair => pair.join('=')).join('; '), ...options.headers } })
		for (const cookie of setCookies(reply)) {
			const [name, value] = cookie.split(';')[0].split('=')
			value ? jar.set(name, value) : jar.delete(name)
		}
		return { status: reply.status, headers: reply.headers, text: await reply.text(), to: reply.headers.get('location') }
	}
	const token = text => /name="form_token" value="([^"]+)"/.exec(text)?.[1]
	const post = (path, fields, headers) => ask(path, { method: 'POST', body: new URLSearchParams(fields), headers })
	/** Fill in the form of one page and send it to an address. */
	const fill = async (page, path, fields) => post(path, { form_token: token((await ask(page)).text), ...fields })
	const signIn = (login, given = password) => fill('/sign-in', '/sign-in', { login, password: given })
	return { ask, post, fill, signIn, token, jar }
}

/** A place with Ada, a social worker, and Root, its administrator, served. */
async function place(t) {
	const db = join(scratch(t), 'place.db')
	assert.equal(causeway('init', db).code, 0)
	const links = {}
	for (const [login, role, org] of [['root', 'administrator'], ['ada', 'social-worker', 'WXL']]) {
		const made = causeway('account-add', db, login, '--name', login, '--role', role, ...(org ? ['--org', org] : []))
		assert.equal(made.code, 0, made.err)
		links[login] = /\/welcome\/\S+/.exec(made.out)[0]
	}
	const server = await serve(t, db, '--signed-in')
	for (const login in links) {
		const reply = await browser(server.base).fill(links[login], links[login], { password, again: password })
		assert.equal(reply.status, 303, reply.text)
	}
	return { db, server, base: server.base }
}

test('until there is an administrator only the page that makes one is served', async t => {
	const db = join(scratch(t), 'place.db')
	causeway('init', db)
	const child = spawn(program, ['serve', database(db), '--port', '0', '--quiet', '--export-dir', `${db}.bulk`], { stdio: ['ignore', 'pipe', 'inherit'] })
	t.after(() => child.kill('SIGKILL'))
	let out = ''
	for await (const data of child.stdout)
		if ((out += data).includes('/welcome/'))
			break
	const [, base, link] = /(http:\/\/[^/\s]+)(\/welcome\/\S+)/.exec(out)
	const one = browser(base)
	assert.equal((await one.ask('/')).to, '/sign-in')
	assert.match((await one.ask('/sign-in')).text, /there is no administrator/)
	assert.equal((await one.ask('/fhir/Patient')).status, 401)
	assert.equal((await one.ask('/welcome/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')).status, 404)
	const made = await one.fill(link, link, { name: 'Root', login: 'root', password, again: password })
	assert.equal(made.status, 303, made.text)
	assert.match((await one.ask('/accounts')).text, /Root/)
	assert.equal((await browser(base).ask(link)).status, 404, 'the link is good once')
	assert.equal((await one.ask('/people?q=smith')).status, 403, 'an administrator sees no records')
})

test('cookies are for this place alone, and pages say so to the browser', async t => {
	const { base } = await place(t), one = browser(base)
	const page = await one.ask('/sign-in'), reply = await one.signIn('ada')
	for (const cookie of [...setCookies(page), ...setCookies(reply)])
		assert.match(cookie, /; Path=\/; HttpOnly; SameSite=Lax$/)
	assert.match(page.headers.get('content-security-policy'), /default-src 'none'.*frame-ancestors 'none'/)
	assert.equal(page.headers.get('cache-control'), 'no-store')
	assert.equal(page.headers.get('strict-transport-security'), null, 'not over TLS')
})

test('reached over TLS, cookies are __Host- and browsers are told to stay with it', async t => {
	const { db, server } = await place(t)
	await server.stop()
	const tls = await serve(t, db, '--signed-in', '--url', 'https://care.example.org')
	const headers = await new Promise(done => request(tls.base + '/sign-in', { headers: { host: 'care.example.org' } }, reply => { reply.resume(); done(reply.headers) }).end())
	assert.match(headers['set-cookie'][0], /^__Host-causeway-form=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
	assert.match(headers['strict-transport-security'], /max-age=31536000/)
})

test('beyond this machine it needs an administrator and TLS', async t => {
	const db = join(scratch(t), 'place.db')
	causeway('init', db)
	const args = ['serve', db, '--port', '0', '--address', '0.0.0.0']
	assert.equal(causeway(...args).code, 77)
	assert.equal(causeway(...args, '--url', 'https://care.example.org').code, 77)
	assert.equal(causeway(...args, '--url', 'https://care.example.org', '--open').code, 77)
})

test('a session is new at signing in: one put into the browser beforehand is worth nothing', async t => {
	const { base } = await place(t), one = browser(base)
	const name = `causeway-${new URL(base).port}`, planted = 'A'.repeat(43)
	one.jar.set(name, planted)
	await one.signIn('ada')
	assert.notEqual(one.jar.get(name), planted)
	assert.equal((await one.ask('/account')).status, 200)
	const thief = browser(base)
	thief.jar.set(name, planted)
	assert.match((await thief.ask('/account')).to, /^\/sign-in/)
})

test('a form of another page, another browser or none at all changes nothing', async t => {
	const { base } = await place(t), one = browser(base), other = browser(base)
	await one.signIn('ada')
	await other.signIn('root')
	const theirs = other.token((await other.ask('/account')).text)
	for (const fields of [{}, { form_token: '' }, { form_token: 'x' }, { form_token: theirs }]) {
		assert.equal((await one.post('/account/sessions', { session: 'others', ...fields })).status, 403)
		assert.equal((await one.post('/sign-out', fields)).status, 403)
	}
	assert.equal((await one.ask('/account')).status, 200, 'still signed in')
	// so of every address that a form is sent to
	const table = readFileSync(new URL('../../src/web/routes.c', import.meta.url), 'utf8')
	const posts = [...table.matchAll(/\{ HTTP_POST, (BASE )?"([^"]+)"/g)].map(match => (match[1] ? '/me' : '') + match[2].replace(/\{\w+\}/g, '1'))
	assert.ok(posts.length >= 60)
	for (const who of [one, other])
		for (const path of posts)
			assert.ok([403, 404].includes((await who.post(path, { form_token: who === one ? theirs : 'x', login: 'ada', password })).status), path)
	assert.equal((await browser(base).post('/sign-in', { login: 'ada', password })).status, 403, 'nor can one be signed in unasked')
	const own = one.token((await one.ask('/account')).text)
	assert.equal((await one.post('/sign-out', { form_token: own }, { origin: 'https://evil.example' })).status, 403)
	assert.equal((await one.ask('/fhir/Patient', { method: 'POST', body: '{"resourceType":"Patient"}', headers: { 'content-type': 'application/fhir+json' } })).status, 401,
		'a cookie writes nothing over the API')
	assert.equal((await one.ask('/fhir/Organization')).status, 200, 'and reads there')
})

test('a wrong password and a login that does not exist look and last the same', async t => {
	const { base } = await place(t)
	const once = async login => {
		const one = browser(base), page = await one.ask('/sign-in'), began = process.hrtime.bigint()
		const reply = await one.post('/sign-in', { form_token: one.token(page.text), login, password: 'four wrong words' })
		const text = reply.text.replaceAll(login, '').replaceAll(/value="[^"]*"/g, '').replaceAll(/<time.*?<\/time>/g, '')
		return { status: reply.status, text, ms: Number(process.hrtime.bigint() - began) / 1e6 }
	}
	const known = [], unknown = []
	for (let i = 0; i < 4; i++) {
		known.push(await once('ada'))
		unknown.push(await once('bea'))
	}
	assert.equal(known[0].status, 401)
	assert.equal(unknown[0].status, 401)
	assert.equal(known[0].text, unknown[0].text)
	const quickest = all => Math.min(...all.map(one => one.ms))
	assert.ok(quickest(unknown) > quickest(known) / 3 && quickest(known) > quickest(unknown) / 3, `${quickest(known)} and ${quickest(unknown)} ms`)
	let last
	for (let i = 0; i < 2; i++)
		last = [await once('ada'), await once('bea')]
	assert.deepEqual(last.map(one => one.status), [429, 429])
	assert.equal(last[0].text, last[1].text)
})

test('a role given or taken and an account ended count at the next request', async t => {
	const { db, base } = await place(t), one = browser(base)
	await one.signIn('ada')
	assert.equal((await one.ask('/people?q=x')).status, 200)
	assert.equal((await one.ask('/accounts')).status, 403)
	assert.equal(causeway('account-end', db, 'ada').code, 0)
	assert.match((await one.ask('/people?q=x')).to, /^\/sign-in/)
	assert.equal((await browser(base).signIn('ada')).status, 401)
})

test('after signing in one is led back into this place only', async t => {
	const { base } = await place(t)
	for (const [to, where] of [['/people?q=a', '/people?q=a'], ['https://evil.example/', '/'], ['//evil.example', '/'], ['/\\evil.example', '/'], ['/a\r\nSet-Cookie: x=1', '/']])
		assert.equal((await browser(base).fill('/sign-in', '/sign-in', { login: 'root', password, to })).to, where)
})

test('a program has a token, which is no cookie, and may do what its role allows', async t => {
	const { db, base } = await place(t)
	assert.equal(causeway('account-add', db, 'feed', '--name', 'Feed', '--role', 'program-feed', '--org', 'WXA').code, 0)
	const token = causeway('account-token', db, 'feed').out.trim(), asked = (path, value, options) => fetch(base + path, { ...options, headers: { authorization: value, 'content-type': 'application/fhir+json' } })
	assert.equal((await asked('/fhir/Organization', `Bearer ${token}`)).status, 200)
	assert.equal((await asked('/fhir/$export', `Bearer ${token}`)).status, 403)
	const other = (token[0] === 'A' ? 'B' : 'A') + token.slice(1)
	for (const value of ['Bearer x', `Basic ${token}`, `Bearer ${other}`, 'Bearer']) {
		const reply = await asked('/fhir/Organization', value)
		assert.equal(reply.status, 401, value)
		assert.match(reply.headers.get('www-authenticate'), /^Bearer/)
	}
	const one = browser(base)
	one.jar.set(`causeway-${new URL(base).port}`, token)
	assert.match((await one.ask('/account')).to, /^\/sign-in/)
	assert.equal(causeway('account-end', db, 'feed').code, 0)
	assert.equal((await asked('/fhir/Organization', `Bearer ${token}`)).status, 401)
})

test('a list of joiners, movers and leavers is compared and applied', async t => {
	const dir = scratch(t), db = join(dir, 'place.db'), list = join(dir, 'staff.csv')
	causeway('init', db)
	writeFileSync(list, 'login,name,role,org,practitioner,state\na,Ann,gp,WXG001,,\na,Ann,privacy-officer,WXQ,,\nb,Bob,social-worker,WXL,,\n')
	const shown = causeway('account-import', db, list)
	assert.equal(shown.code, 0, shown.err)
	assert.match(shown.out, /2\tjoins\ta\tgp at WXG001\n3\tgains\ta\tprivacy-officer at WXQ\n4\tjoins\tb\tsocial-worker at WXL\n/)
	assert.equal(causeway('accounts', db).out, '')
	assert.equal(causeway('account-import', db, list, '--apply').code, 0)
	assert.match(causeway('accounts', db).out, /a\tAnn\tstaff\tgp@WXG001, privacy-officer@WXQ\nb\tBob\tstaff\tsocial-worker@WXL\n/)
	assert.equal(causeway('account-import', db, list).out, 'Nothing was changed yet; --apply does it.\n')
	writeFileSync(list, 'login,name,role,org,practitioner,state\na,Anne,gp,WXG001,,\nb,Bob,,,,left\n')
	assert.equal(causeway('account-import', db, list, '--apply').code, 0)
	assert.match(causeway('accounts', db).out, /a\tAnne\tstaff\tgp@WXG001\nb\tBob\tended\n/)
	writeFileSync(list, 'login,name,role,org,practitioner,state\nc,Cy,king,WXL,,\nd,Di,gp,WXG001,,\n')
	const wrong = causeway('account-import', db, list, '--apply')
	assert.equal(wrong.code, 65)
	assert.match(wrong.out, /2\tWRONG\tc\tThere is no role king/)
	assert.doesNotMatch(causeway('accounts', db).out, /Di/)
	// the same line twice is one role; what contradicts itself is wrong; a leaver nobody knows is told
	const said = lines => { writeFileSync(list, ['login,name,role,org,practitioner,state', ...lines, ''].join('\n')); return causeway('account-import', db, list, '--apply') }
	assert.equal(said(['e,Eve,gp,WXG001,,', 'E,Eve,gp,WXG001,,']).code, 0)
	assert.match(causeway('accounts', db).out, /e\tEve\tstaff\tgp@WXG001\n/)
	assert.equal(said(['e,Eve,gp,WXG001,,', 'e,Eve,gp,WXG001,,']).out, '', 'the same list again changes nothing')
	for (const [lines, words] of [[['e,Eve,gp,WXG001,,', 'e,Eva,social-worker,WXL,,'], /3\tWRONG\te\tLine 2 gives them another name/], [['e,Eve,gp,WXG001,,', 'e,Eve,,,,left'], /3\tWRONG\te\tLine 2 says the contrary/], [['f,Fay,gp,WXG001,,', 'f,Fay,,,,left'], /3\tWRONG/]]) {
		const refused = said(lines)
		assert.equal(refused.code, 65)
		assert.match(refused.out, words)
	}
	const unknown = said(['nobody,No Body,,,,left'])
	assert.deepEqual([unknown.code, unknown.out], [0, '2\tunknown\tnobody\tleaves, and has no account: is the login right?\n'])
	assert.match(causeway('accounts', db).out, /e\tEve\tstaff\tgp@WXG001\n/)
	writeFileSync(list, '')
	assert.match(causeway('account-import', db, list).err, /empty/)
})
