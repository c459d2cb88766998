// writes.mjs - ways out for those who may write: what an answer to a write, a condition or a Bundle could tell of what they may not see.
import { maySee, now } from './oracle.mjs'
import { SECRETS, wordsIn } from './world.mjs'

const json = { 'content-type': 'application/fhir+json' }
const current = item => now(item).word
const without = (text, item) => text.replaceAll(item.id, 'ID').replaceAll('never-was', 'ID').replaceAll(/"(id|fullUrl|lastUpdated)":"[^"]*"/g, '')

/** What is hidden is not changed and not told; what is not there is the measure. Each: (a, item) with item hidden. */
export const ofHidden = {
	async update(a, item) {
		const body = JSON.stringify(now(item).resource)
		for (const headers of [json, { ...json, 'if-match': 'W/"1"' }, { ...json, 'if-match': 'W/"77"' }, { ...json, 'if-none-match': '*' }]) {
			const reply = await a.ask('PUT', `/fhir/${item.type}/${item.id}`, { headers, body })
			a.equal('update of what is hidden', reply.status, [403], item, [item])
			a.equal('update tells no version', reply.headers.etag, [undefined], item)
			if (a.account.role.capabilities.has('id.choose'))
				continue // who feeds the place learns that an id is taken
			const none = await a.ask('PUT', `/fhir/${item.type}/never-was`, { headers, body: body.replace(`"id":"${item.id}"`, '"id":"never-was"') })
			a.equal('update of what is hidden, and of what never was', [reply.status, without(reply.text, item)], [[none.status, without(none.text, item)]], item, [item])
		}
	},
	async patch(a, item) {
		const patch = { headers: { 'content-type': 'application/json-patch+json' }, body: '[{"op":"add","path":"/language","value":"cy"}]' }
		const reply = await a.ask('PATCH', `/fhir/${item.type}/${item.id}`, patch), none = await a.ask('PATCH', `/fhir/${item.type}/never-was`, patch)
		a.equal('patch of what is hidden', [reply.status, without(reply.text, item)], [[none.status, without(none.text, item)]], item, [item])
	},
	async remove(a, item) {
		for (const headers of [{}, { 'if-match': 'W/"1"' }, { 'if-match': 'W/"77"' }]) {
			const reply = await a.ask('DELETE', `/fhir/${item.type}/${item.id}`, { headers }), none = await a.ask('DELETE', `/fhir/${item.type}/never-was`, { headers })
			a.equal('delete of what is hidden', [reply.status, without(reply.text, item)], [[none.status, without(none.text, item)]], item, [item])
		}
		const where = `/fhir/${item.type}?identifier=${SECRETS}|${current(item)}`, reply = await a.ask('DELETE', where), none = await a.ask('DELETE', `/fhir/${item.type}?identifier=${SECRETS}|nobody`)
		a.equal('conditional delete of what is hidden', [reply.status, without(reply.text, item)], [[none.status, without(none.text, item)]], item, [item])
	},
	async 'conditional write'(a, item) {
		const query = `identifier=${SECRETS}|${current(item)}`, { id, meta, ...resource } = now(item).resource, body = JSON.stringify(resource)
		const refused = [await a.ask('POST', `/fhir/${item.type}`, { headers: { ...json, 'if-none-exist': query }, body }), await a.ask('PUT', `/fhir/${item.type}?${query}`, { headers: json, body })]
		for (const reply of refused) {
			a.equal('conditional write upon what is hidden', reply.status, [403], item, [item])
			a.within('conditional write upon what is hidden', reply.text, [], [item])
			a.equal('conditional write names no place', [reply.headers.location, reply.headers.etag], [[undefined, undefined]], item)
		}
		const patch = await a.ask('PATCH', `/fhir/${item.type}?${query}`, { headers: { 'content-type': 'application/json-patch+json' }, body: '[{"op":"add","path":"/language","value":"cy"}]' })
		a.equal('conditional patch of what is hidden', patch.status, [404], item, [item])
	},
	async bundle(a, item) {
		const get = url => ({ request: { method: 'GET', url } })
		const urls = [`${item.type}/${item.id}`, `${item.type}/${item.id}/_history/1`, `${item.type}/${item.id}/_history`, `${item.type}?_id=${item.id}`, `Patient/${item.person.id}/$everything?_type=${item.type}`]
		for (const type of ['batch', 'transaction']) {
			const reply = await a.ask('POST', '/fhir', { headers: json, body: JSON.stringify({ resourceType: 'Bundle', type, entry: urls.map(get) }) })
			a.equal(`${type}: hidden words`, wordsIn(reply.text).has(current(item)), [false], item, [item])
			if (type === 'batch')
				a.equal('batch', JSON.parse(reply.text).entry.slice(0, 2).map(entry => Number(entry.response.status.slice(0, 3))), [[404, 404]], item)
		}
		const second = { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: { resourceType: 'Basic', code: { text: 'x' }, subject: { reference: `${item.type}?identifier=${SECRETS}|${current(item)}` } }, request: { method: 'POST', url: 'Basic' } }] }
		const reply = await a.ask('POST', '/fhir', { headers: json, body: JSON.stringify(second) })
		a.equal('a conditional reference to what is hidden', reply.status >= 400 && !reply.text.includes(item.id), [true], item, [item])
	},
	async validate(a, item) {
		const about = id => ({ headers: json, body: JSON.stringify({ resourceType: 'Basic', code: { text: 'x' }, subject: { reference: `${item.type}/${id}` } }) })
		const reply = await a.ask('POST', '/fhir/Basic/$validate', about(item.id)), none = await a.ask('POST', '/fhir/Basic/$validate', about('never-was'))
		a.equal('$validate of a reference to what is hidden', [reply.status, without(reply.text, item)], [[none.status, without(none.text, item)]], item, [item])
	},
	async match(a, item) {
		if (item.type !== 'Patient')
			return
		const { id, meta, ...patient } = now(item).resource
		const reply = await a.ask('POST', '/fhir/Patient/$match', { headers: json, body: JSON.stringify(patient) })
		a.equal('$match of somebody hidden', wordsIn(reply.text).has(current(item)) || reply.text.includes(`Patient/${item.id}"`), [false], item, [item])
	},
	async meta(a, item) {
		const body = JSON.stringify({ resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag: [{ system: 'urn:t', code: 't' }] } }] })
		for (const operation of ['$meta-add', '$meta-delete']) {
			const reply = await a.ask('POST', `/fhir/${item.type}/${item.id}/${operation}`, { headers: json, body })
			a.equal(operation, reply.status, [403, 404], item, [item])
		}
	},
}

/** Ndjson of all there is: an export has what its owner may see, and nothing else. */
export async function exported(a, world) {
	for (const path of ['/fhir/$export', '/fhir/Patient/$export']) {
		const begun = await a.get(path, { prefer: 'respond-async', accept: 'application/fhir+json' })
		if (begun.status === 403)
			return
		const local = url => url.replace(/^https?:\/\/[^/]+/, '')
		let status, asks = 0
		do
			await new Promise(done => setTimeout(done, 400))
		while (asks++ < 50 && [202, 429].includes((status = await a.get(local(begun.headers['content-location']))).status))
		if (status.status !== 200)
			throw new Error(`${path}: ${status.status} ${status.text}`)
		let text = ''
		for (const file of JSON.parse(status.text).output)
			text += (await a.get(local(file.url))).text
		const compartment = path === '/fhir/$export'
		const seen = world.items.filter(a.sees).map(current)
		compartment ? a.exact(path, text, seen, world.items) : a.within(path, text, seen, world.items)
	}
}

/** What is told as it happens: of each listener only what they may see. Resolves when nothing more comes. */
export async function listened(a, place, world) {
	const got = await new Promise(resolve => {
		let text = ''
		const late = setTimeout(() => { asked.destroy(); resolve(text) }, 3000)
		const asked = place.open('/fhir/$events', { ...a.account.headers, accept: 'text/event-stream', 'last-event-id': '0' }, reply => {
			if (reply.statusCode !== 200)
				return reply.resume().on('end', () => { clearTimeout(late); resolve('') })
			const done = () => { asked.destroy(); resolve(text) }
			let quiet = setTimeout(done, 1500)
			clearTimeout(late)
			reply.on('data', data => { text += data; clearTimeout(quiet); quiet = setTimeout(done, 400) })
		})
		asked.on('error', () => resolve(text))
	})
	const told = new Set([...got.matchAll(/"type":"(\w+)","id":"([^"]+)"/g)].map(([, type, id]) => `${type}/${id}`))
	for (const item of world.items) {
		const may = item.versions.some(version => maySee(a.account, version, a.agreements))
		a.equal('$events', told.has(`${item.type}/${item.id}`) && !may, [false], item, [item])
	}
}
