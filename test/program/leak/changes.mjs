// changes.mjs - what changes while the place is open, and what is seen then: records opened in an emergency and closed again,
// Patients found to be one person and parted, agreements that name only some items.
import { ofItems, ofPeople, ofPlace, ofTypes } from './ways.mjs'
import { atOnce, form, sql, tell } from './place.mjs'
import { now } from './oracle.mjs'
import { as } from './tally.mjs'

/** All of these people's items by the ways that show one, and the exact numbers of each type. */
async function look(a, people, world) {
	const items = world.items.filter(item => people.includes(item.person))
	for (const way of ['read', 'versions', 'history'])
		for (const item of items)
			await ofItems[way](a, item)
	for (const type of world.types)
		await ofTypes.count(a, type, world.items.filter(item => item.type === type))
	for (const type of ['Observation', 'Patient', 'Communication'])
		await ofTypes.search(a, type, world.items.filter(item => item.type === type))
	for (const person of people)
		await ofPeople.pages(a, person, items)
	return items
}

/** A record opened by who could not see it: all the emergency opens and no more; at its end nothing of it. Resolves to how many were opened. */
export async function opened(place, db, accounts, world, tally, register) {
	const brave = accounts.filter(one => one.role.capabilities.has('glass.break') && one.headers.cookie)
	const closed = world.items.filter(item => item.type === 'Patient' && !now(item).labels.size && !item.person.facts.length).map(item => item.person)
	let count = 0
	await atOnce(6, brave.entries(), async ([number, account]) => {
		const person = closed[number % closed.length], items = world.items.filter(item => item.person === person), patient = items.find(item => item.type === 'Patient')
		const see = async () => {
			const a = as(place, account, tally, register)
			await look(a, [person], world)
			await ofPeople.everything(a, person, items, patient)
		}
		if (number % 3 === 2) {
			await expired(db, account, person)
			return see()
		}
		await fill(place, account, person, 'open', { kind: 'emergency', reason: 'life', words: 'Found on the floor' })
		count++
		account.opened = new Set([person])
		await see()
		await fill(place, account, person, 'close', {})
		delete account.opened
		await see()
	})
	return count
}

async function fill(place, account, person, end, fields) {
	const page = `/people/${person.id}${end === 'open' ? '/open' : ''}`, done = await form(place, account, page, `/people/${person.id}/${end}`, fields)
	if (done.status !== 303)
		throw new Error(`${account.login}, ${end}: ${done.status} ${done.text.slice(0, 2000)}`)
}

/** An opening whose time is over. */
async function expired(db, account, person) {
	const until = Date.now() + 1500
	sql(db, `INSERT INTO opening (key, kind, person, account, org, role, reason, words, at, until)
		SELECT (SELECT coalesce(max(key), 0) + 1 FROM opening), 1, r.key, a.key, 0, '${account.roleName}', 'life', 'Found on the floor', ${(Date.now() - 6e5) * 1000}, ${until * 1000}
		FROM account a, resource r JOIN name n ON n.key = r.type WHERE a.login = '${account.login}' AND n.text = 'Patient' AND r.id = '${person.id}'`)
	while (Date.now() <= until)
		await new Promise(done => setTimeout(done, 100))
}

/** Patients that are found to be one person: whoever has to do with one has with both, and what one chose holds for both; parted again, nothing of it. */
export async function merged(place, db, accounts, world, tally, register, full) {
	const of = (relation, choice) => world.people.find(one => one.relation === relation && (!choice || one.choice === choice))
	const pairs = [[of('gp'), of('none')], [of('task'), of('stay')], [of('none', 'all') ?? world.people[1], of('episode')]].filter(pair => pair[0] && pair[1] && pair[0] !== pair[1])
	const used = new Set()
	for (const pair of pairs) {
		if (pair.some(one => used.has(one)))
			continue
		pair.forEach(one => used.add(one))
		tell('merge', db, pair[0].id, pair[1].id, '--reason', 'the same passport')
		pair.forEach(one => { one.same = pair })
	}
	written(db, world, used)
	const asking = accounts.filter((one, n) => full || one.charges || n % 6 === 0)
	await atOnce(6, asking, async account => {
		const a = as(place, account, tally, register)
		await look(a, [...used], world)
		await together(a, [...used], world)
	})
	for (const pair of new Set([...used].map(one => one.same)))
		tell('unmerge', db, pair[1].id, '--reason', 'father and son')
	for (const one of used)
		delete one.same
	written(db, world, used)
	await atOnce(6, asking, async account => {
		const a = as(place, account, tally, register)
		await look(a, [...used], world)
	})
}

/** By either of their ids: $everything and searches bring what both have, as far as it may be seen. */
async function together(a, people, world) {
	for (const person of people) {
		const items = world.items.filter(item => person.same.includes(item.person)), seen = items.filter(a.sees), patient = items.find(item => item.type === 'Patient' && item.person === person)
		const all = await a.get(`/fhir/Patient/${person.id}/$everything`)
		a.exact('$everything of who was merged', all.text, a.sees(patient) ? seen.map(item => now(item).word) : [], items)
		for (const type of ['Observation', 'Goal']) {
			const reply = await a.get(`/fhir/${type}?subject=Patient/${person.id}&_count=200&_total=accurate`)
			a.within('search of who was merged', reply.text, seen.filter(item => item.type === type).map(item => now(item).word), items)
			const bundle = JSON.parse(reply.text)
			a.equal('total of who was merged', bundle.total, [(bundle.entry ?? []).filter(entry => entry.resource.resourceType === type).length], type, items)
		}
	}
}

/** A merge writes the Patients anew, with the same words. */
function written(db, world, people) {
	for (const item of world.items.filter(one => one.type === 'Patient' && people.has(one.person))) {
		const version = Number(sql(db, `SELECT r.version FROM resource r JOIN name n ON n.key = r.type WHERE n.text = 'Patient' AND r.id = '${item.id}'`))
		while (item.versions.length < version)
			item.versions.push({ ...now(item), n: item.versions.length + 1 })
	}
}

/** Agreements that name some items only: an item goes along when all that it is about is named by one of them. */
export async function inPart(place, db, accounts, world, tally, register) {
	const agreements = [...register]
	for (const covers of [['ordinary', 'sexual-health', 'restricted'], ['mental-health', 'hiv'], ['finance']]) {
		tell('agreement-add', db, `Surgery and hospital, ${covers[0]}`, '--org', 'WXP', '--org', 'WXA', '--purpose', covers[0] === 'finance' ? 'payment' : 'care', ...covers.flatMap(one => ['--covers', one]))
		agreements.push({ orgs: ['WXP', 'WXA'], purposes: [covers[0] === 'finance' ? 'payment' : 'care'], covers })
	}
	await atOnce(8, accounts.entries(), async ([number, account]) => {
		const a = as(place, account, tally, agreements)
		for (const type of world.types)
			await ofTypes.count(a, type, world.items.filter(item => item.type === type))
		await ofPlace.search(a, world)
		for (let n = number % 23; n < world.items.length; n += 23)
			await ofItems.read(a, world.items[n])
	})
	return agreements
}
