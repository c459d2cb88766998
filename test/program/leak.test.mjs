// leak.test.mjs - personas x relationships x choices x items x every way out over HTTP, against an oracle of our own (leak/oracle.mjs).
// Each item holds a word nothing else has: what may not be seen is looked for in the bytes of every answer.
// MATRIX=full (or LEAK=full): every relationship with every choice, every item by every way.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { server } from './causeway.mjs'
import { inPart, merged, opened } from './leak/changes.mjs'
import { everyone } from './leak/everyone.mjs'
import { addAccount, atOnce, delegate, fill, signIn, sql, start } from './leak/place.mjs'
import { as, newTally } from './leak/tally.mjs'
import { ofItems, ofPeople, ofPlace, ofTypes } from './leak/ways.mjs'
import { makeWorld, wordsIn } from './leak/world.mjs'
import { exported, listened, ofHidden } from './leak/writes.mjs'

const full = process.env.LEAK === 'full' || process.env.MATRIX === 'full'
const engine = server ? 6 : 1 // the second engine is asked a sixth as much
/** How many of the items a way that asks one by one takes; the rest is left to another account. */
const share = full ? { read: 1, 'read as before': 1, versions: 1, history: 1, others: 1 } : { read: 9 * engine, 'read as before': 41, versions: 17 * engine, history: 17 * engine, others: 61 }
/** The same of the ways that ask for a type: each way of each type by one account in so many. */
const shareOfTypes = full ? 1 : 5 * Math.min(engine, 4)

function said(tally, began) {
	const seconds = ((Date.now() - began) / 1000).toFixed(1)
	console.log(`${tally.combinations} combinations by ${tally.ways.size} ways in ${tally.requests} requests, ${seconds} s: ${tally.leaks.length} leaks, ${tally.gaps.length} gaps, ${tally.wrong.length} wrong`)
	if (process.env.LEAK_REPORT)
		writeFileSync(process.env.LEAK_REPORT, JSON.stringify({ ...tally, ways: [...tally.ways] }, null, 1))
	for (const [name, all] of Object.entries({ leaks: tally.leaks, gaps: tally.gaps, wrong: tally.wrong }))
		assert.deepEqual(all.slice(0, 25), [], `${all.length} ${name}`)
}

/** Everything one account can ask. */
async function askAll(a, number, world) {
	const items = world.items
	for (const [way, ask] of Object.entries(ofItems))
		for (let n = number % share[way]; n < items.length; n += share[way])
			await ask(a, items[n])
	for (const [t, type] of world.types.entries())
		for (const [w, ask] of Object.values(ofTypes).entries())
			if ((number + t + w) % shareOfTypes === 0)
				await ask(a, type, items.filter(item => item.type === type), world)
	for (const person of world.people)
		if (full || (person.n + number) % 14 === 0 || a.account.charges?.some(one => one.person === person))
			for (const ask of Object.values(ofPeople))
				await ask(a, person, items.filter(item => item.person === person), items.find(item => item.type === 'Patient' && item.person === person), world)
	for (const ask of Object.values(ofPlace))
		await ask(a, world)
}

/** What those can try who have a token: all of it is about what they may not see. */
async function writeAll(a, number, world, place) {
	await exported(a, world)
	if (number % 3 === 0 || full)
		await listened(a, place, world)
	if (!a.account.role.capabilities.has('record.write') || !a.account.headers.authorization)
		return
	const hidden = world.items.filter(item => item.versions.at(-1).word && !a.sees(item))
	for (const [way, ask] of Object.entries(ofHidden))
		for (let n = number % 5; n < hidden.length; n += full ? 1 : (way === 'match' ? 5 : 25) * engine)
			await ask(a, hidden[n])
}

/** Organisations agree while the server runs, and then no more: counts from the next request on. Resolves to the register. */
async function agree(db, place, accounts, world, tally) {
	const agreement = { orgs: ['WXP', 'WXA'], purposes: ['care'] }, since = (Date.now() - 60000) * 1000
	sql(db, `INSERT INTO agreement (key, title, orgs, purposes, since, until, made, actor) VALUES (1, 'Surgery and hospital', 'WXP WXA', 'care', ${since}, 0, ${since}, 0)`)
	await atOnce(8, accounts, async account => {
		const a = as(place, account, tally, [agreement])
		for (const type of world.types)
			await ofTypes.count(a, type, world.items.filter(item => item.type === type))
		await ofPlace.search(a, world)
	})
	const now = Date.now() * 1000
	sql(db, `INSERT INTO agreement_end (key, agreement, at, made, actor, reason) VALUES (1, 1, ${now - 1e6}, ${now}, 0, 'not wanted')`)
	return [{ ...agreement, until: 0 }]
}

/** What is hidden is refused as quickly as what never was: by turns, so that whatever else the machine does slows both. */
async function sameTime(a, world) {
	const hidden = world.items.filter(item => item.type === 'Observation' && !a.sees(item) && item.versions.at(-1).word)
	const ms = { hidden: [], absent: [] }
	const once = async (which, id) => {
		const began = process.hrtime.bigint()
		await a.get(`/fhir/Observation/${id}`)
		ms[which].push(Number(process.hrtime.bigint() - began) / 1e6)
	}
	for (let i = 0; i < 400; i++) {
		await once('hidden', hidden[i % hidden.length].id)
		await once('absent', `i${i % 70}-x`)
	}
	const [h, n] = Object.values(ms).map(list => list.sort((x, y) => x - y)[list.length / 2])
	console.log(`refused in ${h.toFixed(2)} ms what is hidden, ${n.toFixed(2)} ms what never was`)
	assert.ok(h < n * 1.5 + 0.2 && n < h * 1.5 + 0.2, `${h} and ${n} ms`)
}

test('what one may not see leaves the place by no way', async t => {
	const began = Date.now(), world = makeWorld(full), db = fill(t, world), accounts = everyone(world), tally = newTally()
	for (const account of accounts)
		addAccount(db, account)
	for (const { login, charges, own } of accounts)
		if (charges && !own)
			delegate(db, login, charges[0].person, login.split('.')[0], charges[0].scope)
	const place = await start(t, db)
	await atOnce(3, accounts, account => signIn(place, account))
	console.log(`${world.items.length} items of ${world.people.length} people, ${accounts.length} accounts; ready after ${((Date.now() - began) / 1000).toFixed(1)} s`)

	const loaded = sql(db, 'SELECT count(*) FROM version')
	await atOnce(8, accounts.entries(), ([number, account]) => askAll(as(place, account, tally), number, world))
	assert.equal(sql(db, 'SELECT count(*) FROM version'), loaded, `looking writes nothing: ${sql(db, "SELECT n.text || '/' || r.id FROM version v JOIN resource r ON r.key = v.resource JOIN name n ON n.key = r.type ORDER BY v.seq DESC LIMIT 5")}`)
	const register = await agree(db, place, accounts, world, tally)
	await sameTime(as(place, accounts.find(one => one.login === 'gp.hill'), tally, register), world)
	assert.ok(await opened(place, db, accounts, world, tally, register) >= 5, 'records were opened in an emergency')
	await merged(place, db, accounts, world, tally, register, full)
	register.push(...(await inPart(place, db, accounts, world, tally, register)).slice(register.length))
	const before = sql(db, 'SELECT count(*) FROM version')
	await atOnce(6, accounts.entries(), ([number, account]) => writeAll(as(place, account, tally, register), number, world, place))
	assert.equal(sql(db, 'SELECT count(*) FROM version'), before, 'nothing hidden was written')
	assert.deepEqual([...wordsIn(place.log())], [], 'no word of a record is in the log')
	said(tally, began)
	assert.ok(tally.combinations >= 20000)
})
