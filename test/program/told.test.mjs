// told.test.mjs - what is told after the request that asked for it (a Subscription, the stream of changes) follows what its owner
// may see: choices, agreements, roles and sessions count from the next change on, in both directions.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { root, scratch, until } from './causeway.mjs'
import { roles } from './leak/oracle.mjs'
import { addAccount, fill, form, signIn, start, tell } from './leak/place.mjs'

const json = { 'content-type': 'application/fhir+json' }
const ods = 'https://fhir.nhs.uk/Id/ods-organization-code', source = code => ({ source: `${ods}/${code}` })
const people = ['ada', 'ben'].map(id => ({ resource: { resourceType: 'Patient', id, meta: source('WXP'), name: [{ family: id }], generalPractitioner: [{ reference: 'Organization/hill' }] } }))
const observation = (id, person, words, by = 'WXA01') => ({ resourceType: 'Observation', id, meta: source(by), status: 'final', code: { text: words }, subject: { reference: `Patient/${person}` } })
const optOut = deny => ({
	resourceType: 'Consent', id: 'said', meta: source('WXP'), status: 'active', patient: { reference: 'Patient/ada' }, dateTime: new Date().toISOString(),
	scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
	category: [{ coding: [{ system: 'https://causeway.example/fhir/CodeSystem/choice', code: 'sharing' }] }],
	policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: deny ? 'OPTOUT' : 'OPTIN' }] }, provision: { type: deny ? 'deny' : 'permit' },
})

/** Who is sent what, in the order it comes. */
async function receiver(t) {
	const got = []
	const server = createServer((request, response) => {
		const parts = []
		request.on('data', part => parts.push(part))
		request.on('end', () => { got.push(JSON.parse(Buffer.concat(parts).toString()).code.text); response.end() })
	})
	await new Promise(done => server.listen(0, '127.0.0.1', done))
	t.after(() => { server.close(); server.closeAllConnections() })
	return { got, url: `http://127.0.0.1:${server.address().port}/` }
}

/** The lines of a stream of changes of this account, and whether it has ended. */
const listen = (place, account) => new Promise((resolve, reject) => {
	const heard = { ids: [], over: false }
	place.open('/fhir/$events?_type=Observation', { ...account.headers, accept: 'text/event-stream' }, reply => {
		if (reply.statusCode !== 200)
			return reject(new Error(`${account.login}: ${reply.statusCode}`))
		let text = ''
		const end = () => { heard.over = true }
		reply.on('data', data => {
			text += data
			heard.ids = [...text.matchAll(/"type":"Observation","id":"([^"]+)"/g)].map(([, id]) => id)
			if (text.includes('event: ready'))
				resolve(heard)
		})
		reply.on('end', end).on('error', end).on('close', end)
	})
})

test('what is told later follows choices, agreements, roles and sessions from the next change on', async t => {
	const db = fill(t, { first: people, then: [{ resource: { ...people[0].resource, active: true }, request: { method: 'PUT', url: 'Patient/ada' } }, { resource: { resourceType: 'Basic', id: 'b', code: { text: 'x' } }, request: { method: 'PUT', url: 'Basic/b' } }, { request: { method: 'DELETE', url: 'Basic/b' } }] })
	// a place of its own that lets a program subscribe to what the surgery may see
	const dir = scratch(t), hook = await receiver(t)
	mkdirSync(join(dir, 'access'))
	writeFileSync(join(dir, 'access/role.tsv'), `${readFileSync(join(root, 'share/access/role.tsv'), 'utf8')}listener\tProgram that is told\tAdministrator\tprogram\tcare\t\t\tperson.find record.read record.write health.read care.read system.read system.write directory.read\n`)
	tell('account-add', db, 'bell', '--name', 'Bell', '--role', 'listener', '--org', 'WXP', '--place', dir)
	const bell = { login: 'bell', headers: { authorization: `Bearer ${tell('account-token', db, 'bell', '--place', dir).trim()}` } }
	const staff = login => ({ login, roleName: 'gp', role: roles.gp, org: 'WXP' })
	const stays = staff('stays'), leaver = staff('leaver'), gone = staff('gone'), mover = staff('mover')
	for (const account of [stays, leaver, gone, mover])
		addAccount(db, account)
	const place = await start(t, db, '--place', dir, '--hook-pause', '10')
	for (const account of [stays, leaver, gone, mover])
		await signIn(place, account)
	const made = await place.ask('POST', '/fhir/Subscription', { headers: { ...bell.headers, ...json }, body: JSON.stringify({ resourceType: 'Subscription', status: 'requested', reason: 'to be told', criteria: 'Observation?status=final', channel: { type: 'rest-hook', endpoint: hook.url, payload: 'application/fhir+json' } }) })
	assert.equal(made.status, 201, made.text)
	const address = `/fhir/Subscription/${JSON.parse(made.text).id}`
	await until('the Subscription is active', async () => JSON.parse((await place.ask('GET', address, { headers: bell.headers })).text).status === 'active')
	const heard = Object.fromEntries(await Promise.all([stays, leaver, gone, mover, bell].map(async account => [account.login, await listen(place, account)])))

	const file = join(dir, 'one.ndjson')
	const write = (...resources) => { writeFileSync(file, resources.map(one => JSON.stringify(one)).join('\n') + '\n'); tell('import', db, file) }
	let n = 0
	/** Something of Ada's and then of Ben's, which all of the surgery may see: when that has come, so would the other have. */
	const happens = async (words, expected, who = Object.keys(heard)) => {
		const id = `o${n++}`
		write(observation(id, 'ada', words), observation(`${id}-ben`, 'ben', `${words}, Ben`))
		const all = who.filter(one => !heard[one].over)
		await until(`${words} is told of Ben to ${all}`, () => all.every(one => heard[one].ids.includes(`${id}-ben`)) && (!who.includes('bell') || hook.got.includes(`${words}, Ben`)))
		for (const one of all)
			assert.equal(heard[one].ids.includes(id), expected, `${words}: the stream of ${one}`)
		if (expected && who.includes('bell'))
			await until(`${words} is sent`, () => hook.got.includes(words))
		assert.equal(hook.got.includes(words), expected && who.includes('bell'), `${words}: sent`)
	}
	await happens('before', true)
	write(optOut(true))
	await happens('opted out', false)
	write(optOut(false))
	await happens('opted in', true)

	tell('agreement-add', db, 'Hospital and surgery', '--org', 'WXA', '--org', 'WXP', '--purpose', 'care')
	await happens('agreed', true)
	tell('agreement-end', db, '1', '--reason', 'not wanted')
	const id = `o${n++}`
	write(observation(id, 'ada', 'not shared'), observation(`${id}-own`, 'ada', 'their own', 'WXP'))
	await until('their own is told', () => Object.values(heard).every(one => one.ids.includes(`${id}-own`)) && hook.got.includes('their own'))
	assert.ok(!hook.got.includes('not shared') && Object.values(heard).every(one => !one.ids.includes(id)), 'what no agreement shares any more')
	tell('agreement-add', db, 'Hospital and surgery again', '--org', 'WXA', '--org', 'WXP', '--purpose', 'care')

	// sessions, roles and accounts
	tell('account-end', db, 'leaver')
	assert.equal((await form(place, gone, '/account', '/sign-out', {})).status, 303)
	writeFileSync(join(dir, 'staff.csv'), 'login,name,role,org,practitioner,state\nmover,mover of the place,ward-nurse,WXA01,,\n')
	tell('account-import', db, join(dir, 'staff.csv'), '--apply')
	await happens('some have gone', true, ['stays', 'bell'])
	await until('streams of who has gone end', () => ['leaver', 'gone', 'mover'].every(one => heard[one].over))
	for (const one of ['leaver', 'gone', 'mover'])
		assert.ok(!heard[one].ids.includes(`o${n - 1}`) && !heard[one].ids.includes(`o${n - 1}-ben`), `${one} is told no more`)
	tell('account-end', db, 'bell')
	await happens('the owner has gone', true, ['stays'])
	assert.deepEqual(hook.got.filter(words => /gone, Ben|the owner/.test(words)), ['some have gone, Ben'])
	assert.ok(heard.bell.over)
	await place.stop()
})
