// Money of people over the API and by commands: a budget from points to its end, in each way it may be held; what it may not
// go on; two people for what needs two; care accounts and deferred payments; and a ledger that other programs add up.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { awayFromMidnight, causeway, daysAgo, scratch, serve } from './causeway.mjs'

const day = daysAgo
const given = values => ({ resourceType: 'Parameters', parameter: Object.entries(values).flatMap(([name, value]) => [value].flat().map(one =>
	/^[A-Z]\w+\//.test(one) ? { name, valueReference: { reference: one } } : { name, valueString: String(one) })) })

/** { name: text } of an answer; what has parts as a list of such. */
const told = list => (list ?? []).reduce((to, { name, part, valueMoney, ...one }) => {
	if (part)
		(to[name] ??= []).push(told(part))
	else
		to[name] = valueMoney ? valueMoney.value.toFixed(2) : Object.values(one)[0]
	return to
}, {})

async function place(t) {
	await awayFromMidnight()
	const dir = scratch(t), db = join(dir, 'money.db'), file = join(dir, 'people.ndjson')
	writeFileSync(file, [
		{ resourceType: 'Organization', id: 'council', name: 'Council', identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'WXL' }] },
		{ resourceType: 'Patient', id: 'ada', birthDate: '1940-03-01', name: [{ family: 'Oak', given: ['Ada'] }], managingOrganization: { reference: 'Organization/council' } },
	].map(one => JSON.stringify(one)).join('\n'))
	assert.equal(causeway('import', db, file).code, 0)
	const { base } = await serve(t, db)
	const call = async (path, values = {}) => {
		const reply = await fetch(`${base}/fhir/${path}`, { method: 'POST', body: JSON.stringify(given(values)), headers: { 'content-type': 'application/fhir+json' } })
		return { status: reply.status, body: await reply.json() }
	}
	const does = async (path, values) => {
		const { status, body } = await call(path, values)
		assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`)
		return body
	}
	const refuses = async (path, values, status, words) => {
		const done = await call(path, values)
		assert.equal(done.status, status, JSON.stringify(done.body))
		assert.match(JSON.stringify(done.body), words)
	}
	const says = async (path, expected) => {
		const all = told((await does(path)).parameter)
		for (const [name, value] of Object.entries(expected))
			assert.equal(all[name], value, `${path}: ${name}`)
		return all
	}
	return { dir, db, does, refuses, says }
}

test('a budget shared with the NHS, from points to its end', async t => {
	const { dir, db, does, refuses, says } = await place(t)
	const { id } = await does('Task/$indicate', { person: 'Patient/ada', points: 240, carer: 20 })
	const step = (name, values) => does(`Task/${id}/$${name}`, values), refused = (name, values, status, words) => refuses(`Task/${id}/$${name}`, values, status, words)
	await says(`Task/${id}/$statement`, { indicative: '201.60' }) // T-RAS-1
	await refused('spend', { purpose: 'respite', amount: '1', receipt: 'x' }, 409, /allowed: propose, withdraw/)
	await refused('propose', { weekly: '250.00', held: 'direct-payment' }, 422, /not the indicative budget of £201\.60: say why/)
	await refused('propose', { weekly: '201.60', held: 'mattress' }, 422, /managed, direct-payment, third-party, individual-service-fund, notional/)
	await step('propose', { weekly: '201.60', nhs: '51.60', charge: '30.00', held: 'direct-payment', purposes: ['personal-assistant', 'payroll'] })
	await step('return', { reason: 'Respite was left out' })
	await step('propose', { weekly: '201.60', nhs: '51.60', charge: '30.00', held: 'direct-payment', purposes: ['personal-assistant', 'payroll', 'respite'] })
	await step('sign-off')
	await step('start', { from: day(100) })
	await says(`Task/${id}/$statement`, { council: '120.00', nhs: '51.60', charge: '30.00', paid: '2745.60', aside: '6177.60', held_balance: '2745.60' })

	await step('spend', { purpose: 'personal-assistant', amount: '600.00', receipt: 'PA-1', on: day(60) })
	await step('spend', { purpose: 'personal-assistant', amount: '600.00', receipt: 'PA-1', on: day(60) })
	await refused('spend', { purpose: 'personal-assistant', amount: '601.00', receipt: 'PA-1', on: day(60) }, 409, /says something else/)
	await refused('spend', { purpose: 'gambling', amount: '5', receipt: 'G' }, 422, /The law does not let a budget pay for gambling/)
	await refused('spend', { purpose: 'gp-services', amount: '5', receipt: 'G' }, 422, /gives these to everyone/)
	await refused('spend', { purpose: 'transport', amount: '5', receipt: 'T' }, 422, /not among the purposes agreed/)
	await refused('spend', { purpose: 'respite', amount: '5', receipt: 'T', on: day(101) }, 422, /It is of a day from/)
	await step('pay-in', { amount: '30.00', receipt: 'SO-1', on: day(50) })
	await step('take-return', { until: day(40), balance: '2175.60', note: 'With the statement' })
	const now = await says(`Task/${id}/$statement`, { held_balance: '2175.60', spent: '600.00', paid_in: '30.00' })
	assert.deepEqual(now.flag.map(flag => flag.flag_kind).sort(), ['review', 'spending', 'surplus'])

	await refused('recover', {}, 409, /No notice was given/)
	await refused('recover-notice', { amount: '9999', reason: 'Unspent' }, 422, /Only £2,175\.60 is unspent/)
	await step('recover-notice', { amount: '500.00', reason: 'Nothing is planned for it.' })
	await refused('recover', {}, 409, /The notice runs until/)
	await step('recover-drop', { reason: 'A break is planned' })
	assert.equal(causeway('tick', db).code, 0)
	await says(`Task/${id}/$statement`, { state: 'Running, its review is due' }) // after three months, as the NHS shares
	await step('review', { note: 'As planned' })
	await says(`Task/${id}/$statement`, { state: 'Running' })
	await step('end', { reason: 'Moved away' })
	await says(`Task/${id}/$statement`, { aside: '0.00', held_balance: '2175.60' })
	assert.match(causeway('ledger', 'check', db).out, /in order/)
	await addUp(dir, db)
})

test('each way to hold it', async t => {
	const { db, does, refuses, says } = await place(t)
	for (const [held, paidOut] of [['managed', false], ['direct-payment', true], ['third-party', true], ['individual-service-fund', true], ['notional', false]]) {
		const { id } = await does('Task/$indicate', { person: 'Patient/ada', points: 100, price: '1.00' })
		await does(`Task/${id}/$propose`, { weekly: '100.00', held, every: 2 })
		await does(`Task/${id}/$sign-off`)
		await does(`Task/${id}/$start`)
		await says(`Task/${id}/$statement`, paidOut ? { paid: '200.00', spent: '0.00' } : { paid: undefined, spent: '200.00' })
		const receipt = { purpose: 'therapy', amount: '20', receipt: '1' }
		await (paidOut ? does(`Task/${id}/$spend`, receipt) : refuses(`Task/${id}/$spend`, receipt, 409, /nobody is paid it/))
	}
	assert.match(causeway('ledger', 'check', db).out, /in order/)
})

test('who prepares does not sign off, who gives notice does not take back', async t => {
	const { db } = await place(t)
	for (const [login, role] of [['fenn', 'finance'], ['thorne', 'finance-approver'], ['hurst', 'team-manager']])
		assert.equal(causeway('account-add', db, login, '--name', login, '--role', role, '--org', 'WXL').code, 0)
	const as = (login, ...words) => causeway(words[0], db, ...words.slice(1), '--as', login)
	const { id } = JSON.parse(as('fenn', 'budget-indicate', '--person', 'Patient/ada', '--points', '100').out)
	assert.equal(as('fenn', 'budget-propose', id, '--weekly', '105.00', '--held', 'direct-payment').code, 0)
	assert.match(as('fenn', 'budget-sign-off', id).err, /money\.approve|may not/)
	assert.equal(as('thorne', 'budget-sign-off', id).code, 0)
	assert.equal(as('fenn', 'budget-start', id, '--from', day(120)).code, 0)
	assert.equal(as('fenn', 'budget-recover-notice', id, '--amount', '100', '--reason', 'Unspent').code, 0)
	assert.match(as('fenn', 'budget-recover', id).err, /money\.approve|may not/)
	assert.match(as('thorne', 'budget-recover', id).err, /The notice runs until/)
	assert.match(causeway('ledger', 'check', db).out, /in order/)
})

test('a care account and a deferred payment', async t => {
	const { dir, db, does, refuses, says } = await place(t)
	await refuses('Account/$care-account-open', { person: 'Patient/ada', plan: 'current', assessed: day(40), setting: 'care_home', eligible: '500' }, 422, /planned_2016, planned_2023/)
	const cap = await does('Account/$care-account-open', { person: 'Patient/ada', plan: 'planned_2016', assessed: day(40), setting: 'care_home', eligible: '500.00', brought: '71000.00', 'brought-from': 'Another council' })
	await says(`Account/${cap.id}/$care-account-statement`, { accrued: '72000.00', metered_weekly: '270.00', living: '230.00', pays_after: '230.00', is_reached: 'yes' })
	await refuses(`Account/${cap.id}/$deferred-payment-repay`, { amount: '1', reason: 'Sale' }, 409, /no deferred payment/)

	await refuses('Account/$deferred-payment-agree', { person: 'Patient/ada', value: '165000', cost: '600', income: '200', security: 'later-charge', capital: '9000' }, 422, /say why it does/)
	const debt = await does('Account/$deferred-payment-agree', { person: 'Patient/ada', value: '165000', cost: '600', income: '200', keeps: '144', security: 'first-charge', capital: '9000', rate: '0', from: day(30) })
	const owed = await says(`Account/${debt.id}/$deferred-payment-statement`, { equity_limit: '134250.00', review_threshold: '115500.00', weekly_deferral: '544.00', care_deferred: '2176.00' })
	assert.ok(owed.step.length > 4)
	assert.equal(causeway('tick', db).code, 0)
	assert.match(causeway('ledger', 'trial', db).out, new RegExp(`metered:${cap.id} +GBP +72000\\.00`))
	assert.match(causeway('ledger', 'trial', db).out, new RegExp(`debt:${debt.id}:care +GBP +2176\\.00`))
	await refuses(`Account/${debt.id}/$deferred-payment-repay`, { amount: '5.00', reason: 'Sale' }, 422, /£2,176\.00 today/)
	await does(`Account/${debt.id}/$deferred-payment-repay`, { amount: '2176.00', reason: 'The home was sold' })
	assert.match(causeway('ledger', 'trial', db).out, new RegExp(`debt:${debt.id}:care +GBP +2176\\.00 +2176\\.00 +0\\.00`))
	await addUp(dir, db)
})

/** What hledger makes of the export is what the trial balance says. */
function addUp(dir, db) {
	if (spawnSync('hledger', ['--version']).status !== 0)
		return
	const journal = join(dir, 'money.journal')
	writeFileSync(journal, causeway('ledger', 'export', db, '--format', 'hledger').out)
	const theirs = spawnSync('hledger', ['-f', journal, 'balance', '--flat', '--empty', '--no-total', '-O', 'csv'], { encoding: 'utf8' })
	assert.equal(theirs.status, 0, theirs.stderr)
	const number = text => Number(text).toFixed(2)
	const found = theirs.stdout.trim().split('\n').slice(1).map(line => /^"[A-Z]\w+:([^"]+)","(-?[\d.]+)/.exec(line)).map(([, account, amount]) => `${account} ${number(amount)}`)
	const ours = causeway('ledger', 'trial', db).out.trim().split('\n').slice(1).map(line => line.trim().split(/ +/)).map(cells => `${cells[0]} ${number(cells[4])}`)
	assert.deepEqual(found.sort(), ours.sort())
}
