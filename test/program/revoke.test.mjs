// revoke.test.mjs - two servers on one database: a session, a role or an account that ends by way of the one is refused by the
// other at the next request. Listening to changes is noted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roles } from './leak/oracle.mjs'
import { addAccount, fill, form, signIn, sql, start, tell } from './leak/place.mjs'

const source = 'https://fhir.nhs.uk/Id/ods-organization-code/WXP'
const people = ['p0', 'p1', 'p2'].map(id => ({ resource: { resourceType: 'Patient', id, meta: { source }, name: [{ family: 'Plain' }], generalPractitioner: [{ reference: 'Organization/hill' }] } }))

test('what ends on one server has ended on the other', async t => {
	const db = fill(t, { first: people, then: [{ resource: { ...people[0].resource, active: true }, request: { method: 'PUT', url: 'Patient/p0' } }, { request: { method: 'DELETE', url: 'Patient/p2' } }] })
	const staff = name => ({ login: name, roleName: 'gp', role: roles.gp, org: 'WXP' })
	const gone = staff('gone'), leaver = staff('leaver'), stays = staff('stays')
	for (const account of [gone, leaver, stays])
		addAccount(db, account)
	const one = await start(t, db), other = await start(t, db)
	for (const account of [gone, leaver, stays])
		await signIn(one, account)
	// a cookie is called by the port of who gave it; what it holds is the same to both
	const to = (place, { headers }) => ({ cookie: headers.cookie.replaceAll(new URL(one.base).port, new URL(place.base).port) })
	const sees = async (place, account) => (await place.ask('GET', '/fhir/Patient/p0', { headers: to(place, account) })).status
	for (const place of [one, other])
		for (const account of [gone, leaver, stays])
			assert.equal(await sees(place, account), 200, `${account.login} before`)

	const out = await form(one, gone, '/account', '/sign-out', {})
	assert.equal(out.status, 303)
	assert.equal(await sees(other, gone), 401, 'signed out on the one, the other refuses at the next request')
	assert.equal(await sees(one, gone), 401)
	tell('account-end', db, 'leaver')
	for (const place of [one, other]) {
		assert.equal(await sees(place, leaver), 401, 'the account has ended in a third program')
		assert.equal(await sees(place, stays), 200, 'who did not leave goes on')
	}
	const listening = await new Promise(resolve => one.open('/fhir/$events', stays.headers, resolve))
	assert.equal(listening.statusCode, 200)
	listening.destroy()
	await one.stop()
	await other.stop()
	assert.equal(sql(db, "SELECT count(*) FROM audit WHERE section = 'events'"), '1', 'who listens is noted')
	assert.match(tell('check', db), /all is well/)
})
