// ways.mjs - the ways out of the place that read: each asks over HTTP and says which items' words it could show.
// A way gets an asker `a` (place.mjs, tally.mjs) and checks what came back with a.exact (these words and no others) or a.within.
import { near, SECRETS, wordsIn } from './world.mjs'
import { ofPerson, ofNobody } from './pages.mjs'
import { mayRead, maySee, now } from './oracle.mjs'

const list = all => all.map(encodeURIComponent).join(',')
const isOf = type => item => item.type === type
const current = item => now(item).word

/** The search parameter that says whose it is. */
const subjectOf = type => ['Consent', 'EpisodeOfCare', 'Appointment'].includes(type) ? 'patient' : 'subject'

/** A Bundle without what repeats the question: its links. */
function answer(text) {
	const bundle = JSON.parse(text)
	delete bundle.link
	return JSON.stringify(bundle)
}

/** Page by page to the end: { total, words, ids, pages }; every item once. */
async function pages(a, path) {
	const words = new Set(), ids = [], first = await a.get(path)
	let total, text = first.text, count = 0
	for (let reply = first; ; count++) {
		if (reply.status !== 200)
			return { status: reply.status, total: 0, words: wordsIn(reply.text), ids, pages: count }
		const bundle = JSON.parse(reply.text)
		total ??= bundle.total
		for (const entry of bundle.entry ?? []) {
			ids.push(entry.resource ? `${entry.resource.resourceType}/${entry.resource.id}` : entry.request?.url)
			for (const one of wordsIn(JSON.stringify(entry)))
				words.add(one)
		}
		const next = bundle.link?.find(one => one.relation === 'next')?.url
		if (!next)
			return { status: 200, total, words, ids, pages: count + 1, text }
		reply = await a.get(next.replace(/^https?:\/\/[^/]+/, ''))
	}
}

const versionsSeen = (a, items) => items.flatMap(item => item.versions).filter(version => maySee(a.account, version, a.agreements))
const wordsOf = versions => versions.map(version => version.word).filter(Boolean)

/* --- one item at a time --- */

export const ofItems = {
	async read(a, item) {
		const reply = await a.get(`/fhir/${item.type}/${item.id}`), seen = a.sees(item)
		a.exact('read', reply.text, seen ? [current(item)] : [], [item])
		a.equal('read', reply.status, seen ? [200] : [404, 410], item)
		if (!seen)
			a.equal('read: nothing that tells a version', [reply.headers.etag, reply.headers['last-modified']], [[undefined, undefined]], item)
		if (!seen && reply.status === 410)
			a.equal('gone is told to whom saw it', maySee(a.account, now(item), a.agreements), [true], item)
		if (!seen && !now(item).deleted)
			a.equal('refused as what never was', reply.text.replaceAll(item.id, 'ID'), [(await a.absent(item.type)).replaceAll('never-was', 'ID')], item)
	},
	async 'read as before'(a, item) {
		for (const headers of [{ 'if-none-match': `W/"${now(item).n}"` }, { 'if-modified-since': new Date(Date.now() + 864e5).toUTCString() }]) {
			const reply = await a.get(`/fhir/${item.type}/${item.id}`, headers)
			a.equal('read as before', reply.status === 304, [a.sees(item)], item)
		}
	},
	async versions(a, item) {
		for (const version of item.versions) {
			const reply = await a.get(`/fhir/${item.type}/${item.id}/_history/${version.n}`), seen = maySee(a.account, version, a.agreements)
			a.exact('version', reply.text, seen && version.word ? [version.word] : [], [item])
			a.equal('version', reply.status, seen ? [version.deleted ? 410 : 200] : [404], item)
		}
	},
	async history(a, item) {
		const reply = await a.get(`/fhir/${item.type}/${item.id}/_history`), seen = versionsSeen(a, [item])
		a.exact('history', reply.text, wordsOf(seen), [item])
		a.equal('history', reply.status, seen.length ? [200] : [404], item)
		if (seen.length)
			a.equal('history total', JSON.parse(reply.text).total, [seen.length], item)
	},
	async others(a, item) {
		for (const end of ['$meta', '$validate', '$explain', '?_format=xml', '?_summary=text', '?_elements=identifier']) {
			const reply = await a.get(`/fhir/${item.type}/${item.id}${end[0] === '$' ? '/' : ''}${end}`)
			a.within(end, reply.text, a.sees(item) ? [current(item)] : [], [item])
			if (!a.sees(item))
				a.equal(end, reply.status, end === '$explain' && a.account.role.capabilities.has('access.explain') ? [200, 404] : [403, 404, 410], item)
		}
		const head = await a.ask('HEAD', `/fhir/${item.type}/${item.id}`)
		a.equal('HEAD', head.status === 200, [a.sees(item)], item)
	},
}

/* --- a type at a time --- */

export const ofTypes = {
	async search(a, type, items) {
		const seen = items.filter(a.sees)
		for (const sort of ['', '&_sort=_id', '&_sort=-_lastUpdated']) {
			const size = sort ? 50 : 7, got = await pages(a, `/fhir/${type}?_total=accurate&_count=${size}${sort}`)
			a.exactWords(`search${sort}`, got.words, seen.map(current), items)
			a.equal(`total${sort}`, got.total, [seen.length], type)
			a.equal(`each once${sort}`, got.ids.length, [new Set(got.ids).size], type)
			a.equal(`pages${sort}`, got.pages, [Math.max(1, Math.ceil(seen.length / size))], type)
		}
		const byForm = await a.ask('POST', `/fhir/${type}/_search`, { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '_count=1000' })
		a.within('search by form', byForm.text, seen.map(current), items)
	},
	async count(a, type, items) {
		const reply = await a.get(`/fhir/${type}?_summary=count`)
		a.equal('count', JSON.parse(reply.text).total, [items.filter(a.sees).length], type, items)
		a.exact('count', reply.text, [], items)
	},
	async history(a, type, items) {
		const got = await pages(a, `/fhir/${type}/_history?_count=40`), seen = versionsSeen(a, items)
		a.exactWords('history of the type', got.words, wordsOf(seen), items)
		a.equal('history total', got.total, [seen.length], type)
	},
	/** By what only they have: ids, identifiers, words of the text. What is hidden fits nothing, together or negated. */
	async conditions(a, type, items) {
		const there = items.filter(item => !now(item).deleted)
		const hidden = there.filter(item => !a.sees(item)), seen = there.filter(a.sees)
		const asks = {
			_id: of => `_id=${list(of.map(item => item.id))}`,
			identifier: of => `identifier=${list(of.map(item => `${SECRETS}|${current(item)}`))}`,
			_text: of => `_text=${list(of.map(current))}`,
			_content: of => `_content=${list(of.map(current))}`,
		}
		for (const [name, ask] of Object.entries(asks)) {
			if (name === 'identifier' && type === 'Consent' && !there.length)
				continue
			for (const [which, of, expected] of [['hidden', hidden, 0], ['seen', seen, seen.length], ['both', there, seen.length]]) {
				if (!of.length)
					continue
				const some = of.slice(0, 40), wanted = which === 'hidden' ? [] : some.filter(a.sees)
				const reply = await a.get(`/fhir/${type}?${ask(some)}&_total=accurate&_count=200`)
				a.equal(`${name} of ${which}`, reply.status, [200], type)
				a.exact(`${name} of ${which}`, answer(reply.text), wanted.map(current), some)
				a.equal(`${name} of ${which}`, JSON.parse(reply.text).total, [wanted.length], type)
			}
		}
		if (hidden.length) {
			const not = await a.get(`/fhir/${type}?identifier:not=${list(hidden.slice(0, 40).map(item => `${SECRETS}|${current(item)}`))}&_summary=count`)
			a.equal('identifier:not of hidden', JSON.parse(not.text).total, [seen.length], type, hidden)
		}
		const missing = await a.get(`/fhir/${type}?identifier:missing=true&_summary=count`)
		a.equal('identifier:missing', JSON.parse(missing.text).total, [0], type, items)
	},
	/** What is sent along with what was found, and back. */
	async includes(a, type, items, world) {
		const subject = subjectOf(type)
		if (['Patient', 'Location'].includes(type))
			return
		const seen = items.filter(a.sees), patients = world.items.filter(isOf('Patient')).filter(a.sees)
		const withPatients = seen.concat(patients.filter(patient => seen.some(item => item.person === patient.person)))
		const forward = await pages(a, `/fhir/${type}?_include=${type}:${subject}&_count=50`)
		a.exactWords('_include', forward.words, withPatients.map(current), world.items)
		if (!patients.length)
			return
		const back = await pages(a, `/fhir/Patient?_revinclude=${type}:${subject}&_count=50`)
		const withItems = patients.concat(seen.filter(item => patients.some(patient => patient.person === item.person)))
		a.exactWords('_revinclude', back.words, withItems.map(current), world.items)
		const on = await pages(a, `/fhir/${type}?_include=${type}:${subject}&_revinclude:iterate=List:subject&_include:iterate=List:item&_count=50`)
		a.withinWords('_include:iterate', on.words, world.items.filter(a.sees).map(current), world.items)
	},
	/** Existence by way of another: the far end of a chain, and _has, are asked as if they were searched. */
	async chains(a, type, items, world) {
		const subject = subjectOf(type)
		if (['Patient', 'Location'].includes(type))
			return
		const patients = world.items.filter(isOf('Patient'))
		for (const [name, of] of [['hidden', patients.filter(one => !a.sees(one))], ['seen', patients.filter(a.sees)]]) {
			if (!of.length)
				continue
			const wanted = name === 'hidden' ? [] : items.filter(a.sees).filter(item => of.some(one => one.person === item.person))
			const got = await pages(a, `/fhir/${type}?${subject}:Patient.family=${list(of.map(current))}&_total=accurate&_count=100`)
			a.exactWords(`chain to ${name} people`, got.words, wanted.map(current), items)
			a.equal(`chain to ${name} people`, got.total, [wanted.length], type)
		}
		const there = items.filter(item => !now(item).deleted)
		for (const [name, of] of [['hidden', there.filter(item => !a.sees(item))], ['seen', there.filter(a.sees)]]) {
			const some = of.slice(0, 40), wanted = name === 'hidden' ? [] : patients.filter(a.sees).filter(one => some.some(item => item.person === one.person))
			if (!some.length)
				continue
			const reply = await a.get(`/fhir/Patient?_has:${type}:${subject}:identifier=${list(some.map(item => `${SECRETS}|${current(item)}`))}&_total=accurate&_count=200`)
			a.exact(`_has of ${name}`, answer(reply.text), wanted.map(current), patients)
			a.equal(`_has of ${name}`, JSON.parse(reply.text).total, [wanted.length], type, some)
		}
	},
}

/* --- a person at a time --- */

export const ofPeople = {
	async everything(a, person, items, patient) {
		const reply = await a.get(`/fhir/Patient/${person.id}/$everything`), seen = items.filter(a.sees)
		a.exact('$everything', reply.text, a.sees(patient) ? seen.map(current) : [], items)
		a.equal('$everything', reply.status, a.sees(patient) ? [200] : [404], patient)
	},
	async compartment(a, person, items, patient) {
		for (const type of ['Observation', 'Condition', 'Invoice', '*']) {
			const of = items.filter(item => type === '*' || item.type === type), seen = of.filter(a.sees)
			const got = await pages(a, `/fhir/Patient/${person.id}/${type}?_count=50&_total=accurate`)
			a.withinWords(`compartment ${type}`, got.words, seen.map(current), of)
			if (!a.sees(patient) && !seen.length) // a compartment nobody ever had looks the same
				a.equal(`compartment ${type}`, [got.status, got.ids.length, got.total], [[200, 0, 0], [404, 0, 0]], patient)
		}
	},
	async pages(a, person, items) {
		const seen = wordsOf(versionsSeen(a, items))
		for (const path of [...ofPerson(person, a.account), ...items.filter((item, n) => (n + a.account.login.length) % 3 === 0).map(item => `/people/${person.id}/source/${item.type}/${item.id}`)])
			a.within(`page ${path.replace(/\/source.*/, '/source').replace(person.id, 'ID')}`, (await a.get(path)).text, seen, items)
	},
	/** Whoever may not know that somebody is there gets the answer for who never was. */
	async 'page of nobody'(a, person, items, patient) {
		if (a.sees(patient) || items.some(a.sees))
			return
		for (const path of ['', '/timeline', '/print']) {
			const reply = await a.get(`/people/${person.id}${path}`), none = await a.get(`/people/never-was${path}`)
			a.equal(`page ${path} of somebody hidden`, reply.status, [none.status], patient, [patient])
		}
	},
	async lists(a, person, items, patient, world) {
		for (const of of items.filter(isOf('List')))
			for (const type of ['Observation', 'Condition']) {
				const named = new Set(of.versions.at(-1).resource.entry?.map(entry => entry.item.reference))
				const wanted = a.sees(of) ? world.items.filter(item => item.type === type && named.has(`${type}/${item.id}`) && a.sees(item)) : []
				const got = await pages(a, `/fhir/${type}?_list=${of.id}&_total=accurate`)
				a.exactWords('_list', got.words, wanted.map(current), world.items.filter(isOf(type)))
				a.equal('_list', got.total ?? 0, [wanted.length], of)
			}
	},
}

/* --- the whole place --- */

export const ofPlace = {
	async history(a, world) {
		const got = await pages(a, '/fhir/_history?_count=200'), seen = versionsSeen(a, world.items)
		a.exactWords('history of the place', got.words, wordsOf(seen), world.items)
	},
	async search(a, world) {
		const got = await pages(a, `/fhir?_type=${world.types.join(',')}&_count=100`)
		a.exactWords('search of all types', got.words, world.items.filter(a.sees).map(current), world.items)
	},
	async people(a, world) {
		const patients = world.items.filter(isOf('Patient'))
		for (const patient of patients.filter(one => one.person.n % 5 === a.account.login.length % 5)) {
			const reply = await a.get(`/people?q=${current(patient)}`)
			a.equal('find page', reply.text.includes(`/people/${patient.id}"`) && !a.sees(patient), [false], patient, [patient])
		}
		const sorted = await pages(a, '/fhir/Patient?_sort=family&_count=5')
		a.equal('_sort by what is hidden', sorted.ids, [patients.filter(a.sees).map(one => `Patient/${one.id}`)], 'Patient', patients)
	},
	async pages(a, world) {
		const seen = wordsOf(versionsSeen(a, world.items))
		for (const path of [...ofNobody(world, a.account), '/fhir/$totals', '/metrics', '/no-such-page', '/fhir/NoSuch/x', '/fhir/Patient?nosuch=1'])
			a.within(`page ${path}`, (await a.get(path)).text, seen, world.items)
	},
	async near(a, world) {
		const places = world.items.filter(isOf('Location')), got = await pages(a, `/fhir/Location?near=${near.latitude}|${near.longitude}|20|km&_total=accurate&_count=2`)
		a.exactWords('near', got.words, places.filter(a.sees).map(current), places)
		a.equal('near', got.total, [places.filter(a.sees).length], 'Location')
	},
	async totals(a, world) {
		const reply = await a.get('/fhir/$totals')
		if (reply.status !== 200)
			return
		for (const type of world.types) {
			const said = new RegExp(`"name":"${type}","value[A-Za-z]+":(\\d+)|"${type}":(\\d+)`).exec(reply.text)
			a.equal('$totals', Number(said?.[1] ?? said?.[2] ?? 0), [world.items.filter(isOf(type)).filter(a.sees).length], type, world.items.filter(isOf(type)))
		}
	},
}
