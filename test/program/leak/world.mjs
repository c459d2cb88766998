// world.mjs - a place in which every item holds a word of its own, so that whoever sees any of it can be told by the word.
// People stand for relationships x choices; their items for types x organisations x labels. Nothing here knows who may see what.

export const ODS = 'https://fhir.nhs.uk/Id/ods-organization-code'
const HL7 = 'http://terminology.hl7.org/CodeSystem'
const LABEL = 'https://causeway.example/fhir/CodeSystem/label'
const CHOICE = 'https://causeway.example/fhir/CodeSystem/choice'
export const SECRETS = 'urn:leak' // the system of identifiers and codes that are secret words

/** Organisations, and what belongs to them: what one of a house wrote is the house's own. */
export const houses = { hill: ['WXP'], marl: ['WXA', 'WXA01'], council: ['WXL'] }
const sources = ['WXP', 'WXA01', 'WXL'] // who writes: the hospital's ward, not the hospital

export const relations = ['none', 'gp', 'stay', 'stay-ended', 'stay-long-ago', 'task', 'task-long-ago', 'team', 'appointment-far', 'appointment-near', 'referral', 'episode', 'plan', 'let-in']
export const choices = ['none', 'all', 'organisation', 'source', 'category', 'secondary', 'ask', 'taken-back']
export const categories = ['mental-health', 'sexual-health', 'substance-misuse', 'hiv', 'domestic-abuse', 'safeguarding', 'fertility', 'genetic', 'gender', 'finance', 'third-party', 'withheld-from-person', 'restricted', 'sealed', 'special']

/** Where all Locations are. */
export const near = { latitude: 54.9, longitude: -2.9 }

const letters = 'bcdfghjklm'
let words = 0
/** zq....x: no word of any language, and none is a part of another. */
const word = () => `zq${String(words++).padStart(4, '0').replace(/\d/g, digit => letters[digit])}x`
export const wordPattern = /zq[bcdfghjklm]{4}x/gi
/** All secret words in a text, or in what stands in it as base64 (an attachment's data). */
export function wordsIn(text) {
	const found = new Set((text.match(wordPattern) ?? []).map(one => one.toLowerCase()))
	for (const [, data] of text.matchAll(/"data" ?: ?"([A-Za-z0-9+/=]+)"/g))
		for (const one of Buffer.from(data, 'base64').toString('latin1').match(wordPattern) ?? [])
			found.add(one)
	return found
}

const day = offset => new Date(Date.now() + offset * 864e5).toISOString().slice(0, 10)
const organisation = id => ({ reference: `Organization/${id}` })
const nurse = { reference: 'Practitioner/nurse' }
const subjectOf = { Task: 'for', Consent: 'patient', EpisodeOfCare: 'patient' }

/** The kinds of items whose words we hide; `part` holds the word where people would read it. */
const forms = {
	Observation: (w, n) => ({ status: 'final', code: { coding: [{ system: SECRETS, code: w }] }, valueString: w, effectiveDateTime: day(-n % 300) }),
	Condition: (w, n, label) => ({ code: { coding: [label === 'mental-health' ? { system: 'http://hl7.org/fhir/sid/icd-10', code: 'F32.1' } : { system: SECRETS, code: w }], text: w }, recordedDate: day(-n % 300) }),
	Goal: w => ({ lifecycleStatus: 'active', description: { text: w } }),
	DocumentReference: w => ({ status: 'current', description: w, content: [{ attachment: { contentType: 'text/plain', data: Buffer.from(`A letter about ${w}.`).toString('base64'), title: w } }] }),
	MedicationRequest: w => ({ status: 'active', intent: 'order', medicationCodeableConcept: { text: w } }),
	Communication: w => ({ status: 'completed', payload: [{ contentString: w }] }),
	Invoice: w => ({ status: 'issued', note: [{ text: w }] }),
	Task: w => ({ status: 'requested', intent: 'order', description: w }),
	Flag: w => ({ status: 'active', code: { text: w } }),
	List: w => ({ status: 'current', mode: 'working', title: w }),
	Procedure: w => ({ status: 'completed', code: { coding: [{ system: SECRETS, code: w }], text: w } }),
}
const types = Object.keys(forms)
/** What an item is about by its type or code, whatever its labels say. */
const labelOfType = { Invoice: 'finance' }

/** What makes each relationship: { type, body, facts }; facts are what the oracle is told. */
const makers = {
	stay: () => ({ type: 'Encounter', body: { status: 'in-progress', class: { code: 'AMB' }, period: { start: day(-5) }, serviceProvider: organisation('ward') }, facts: [{ kind: 'stay', holder: 'WXA01', since: -5 }] }),
	'stay-ended': () => ({ type: 'Encounter', body: { status: 'finished', class: { code: 'IMP' }, period: { start: day(-15), end: day(-10) }, serviceProvider: organisation('marl') }, facts: [{ kind: 'stay', holder: 'WXA', since: -15, until: -10 }] }),
	'stay-long-ago': () => ({ type: 'Encounter', body: { status: 'finished', class: { code: 'IMP' }, period: { start: day(-50), end: day(-40) }, serviceProvider: organisation('marl') }, facts: [{ kind: 'stay', holder: 'WXA', since: -50, until: -40 }] }),
	task: () => ({ type: 'Task', body: { status: 'in-progress', intent: 'order', owner: organisation('council') }, facts: [{ kind: 'caseload', holder: 'WXL' }] }),
	'task-long-ago': () => ({ type: 'Task', body: { status: 'completed', intent: 'order', owner: organisation('council'), executionPeriod: { end: day(-40) } }, facts: [{ kind: 'caseload', holder: 'WXL', until: -40 }] }),
	team: () => ({ type: 'CareTeam', body: { status: 'active', participant: [{ member: nurse }] }, facts: [{ kind: 'team', holder: 'nurse' }] }),
	'appointment-far': p => ({ type: 'Appointment', body: { status: 'booked', start: `${day(20)}T09:00:00Z`, end: `${day(20)}T10:00:00Z`, participant: [{ status: 'accepted', actor: p }, { status: 'accepted', actor: nurse }] }, facts: [{ kind: 'appointment', holder: 'nurse', since: 20 }] }),
	'appointment-near': p => ({ type: 'Appointment', body: { status: 'booked', start: `${day(5)}T09:00:00Z`, end: `${day(5)}T10:00:00Z`, participant: [{ status: 'accepted', actor: p }, { status: 'accepted', actor: nurse }] }, facts: [{ kind: 'appointment', holder: 'nurse', since: 5 }] }),
	referral: () => ({ type: 'ServiceRequest', body: { status: 'active', intent: 'order', authoredOn: day(-3), requester: organisation('hill'), performer: [organisation('council')] }, facts: [{ kind: 'referral', holder: 'WXP', since: -3 }, { kind: 'referral', holder: 'WXL', since: -3 }] }),
	episode: () => ({ type: 'EpisodeOfCare', body: { status: 'active', managingOrganization: organisation('marl'), period: { start: day(-30) } }, facts: [{ kind: 'episode', holder: 'WXA', since: -30 }] }),
	plan: () => ({ type: 'CarePlan', body: { status: 'active', intent: 'plan', author: organisation('hill'), period: { start: day(-9) } }, facts: [{ kind: 'plan', holder: 'WXP', since: -9 }] }),
}

function consent(kind, deny, provision, at) {
	return {
		status: 'active', scope: { coding: [{ system: `${HL7}/consentscope`, code: 'patient-privacy' }] },
		category: [{ coding: [{ system: CHOICE, code: kind }] }], dateTime: `${day(at)}T12:00:00Z`,
		policyRule: { coding: [{ system: `${HL7}/v3-ActCode`, code: deny ? 'OPTOUT' : 'OPTIN' }] },
		provision: { type: deny ? 'deny' : 'permit', ...provision },
	}
}
const about = (code, ods) => ({ actor: [{ role: { coding: [{ system: `${HL7}/v3-ParticipationType`, code }] }, reference: { identifier: { system: ODS, value: ods } } }] })
/** The Consents of each choice, oldest version first. */
const saying = {
	all: [consent('sharing', true, {}, -9)],
	organisation: [consent('organisation', true, about('IRCP', 'WXP'), -9)],
	source: [consent('source', true, about('CST', 'WXA01'), -9)],
	category: [consent('category', true, { securityLabel: [{ system: LABEL, code: 'mental-health' }] }, -9)],
	secondary: [consent('secondary', true, { purpose: [{ system: `${HL7}/v3-ActReason`, code: 'HRESCH' }] }, -9)],
	ask: [consent('ask', true, {}, -9)],
	'taken-back': [consent('sharing', true, {}, -9), consent('sharing', false, {}, -2)],
}

/** A place: people, items, and what to import first, and then. `full`: every relationship with every choice. */
export function makeWorld(full) {
	const people = [], items = [], first = [], then = []

	/** An item with a version; its resource is imported. */
	const put = (type, id, person, ods, label, body) => {
		const known = items.find(one => one.id === id && one.type === type)
		const item = known ?? { type, id, person, versions: [] }
		const w = word()
		const built = typeof body === 'function' ? body(w) : body
		const labels = new Set([label, labelOfType[type]].filter(Boolean))
		const subject = type === 'Patient' || type === 'Appointment' ? {} : { [subjectOf[type] ?? 'subject']: { reference: `Patient/${person.id}` } }
		const byCode = type === 'Condition' && label === 'mental-health'
		const resource = {
			resourceType: type, id,
			meta: { source: `${ODS}/${ods}`, ...(label && !byCode ? { security: [{ system: LABEL, code: label }] } : {}) },
			text: { status: 'additional', div: `<div xmlns="http://www.w3.org/1999/xhtml">${w}</div>` },
			identifier: [{ system: SECRETS, value: w }], ...subject, ...built,
		}
		item.versions.push({ item, n: item.versions.length + 1, word: w, ods, labels, deleted: false, resource })
		if (!known)
			items.push(item);
		(known ? then : first).push({ resource, request: { method: 'PUT', url: `${type}/${id}` } })
		return item
	}
	const remove = item => {
		const last = item.versions.at(-1)
		item.versions.push({ ...last, n: last.n + 1, word: null, deleted: true })
		then.push({ request: { method: 'DELETE', url: `${item.type}/${item.id}` } })
	}
	const each = full ? choices.length : 5
	for (let r = 0; r < relations.length; r++)
		for (let k = 0; k < each; k++) {
			const n = people.length, choice = choices[(r * 5 + k) % choices.length], relation = relations[r]
			const person = { id: `p${n}`, n, relation, choice, facts: [] }
			people.push(person)
			if (relation === 'gp')
				person.facts.push({ kind: 'gp', holder: 'WXP' })
			put('Patient', person.id, person, sources[n % 3], n % 9 === 4 ? 'restricted' : n % 13 === 7 ? 'mental-health' : '', w => ({
				name: [{ family: w, given: ['Ivy'] }], birthDate: `19${30 + n % 60}-03-02`, gender: n % 2 ? 'female' : 'male',
				address: [{ line: [`${n} ${w} Road`], postalCode: 'CA7 1AA' }],
				...(relation === 'gp' ? { generalPractitioner: [organisation('hill')] } : {}) }))
			if (makers[relation]) {
				const made = makers[relation]({ reference: `Patient/${person.id}` })
				person.facts.push(...made.facts)
				put(made.type, `r${n}`, person, sources[(n + 1) % 3], '', made.body)
			}
			if (relation === 'let-in') {
				person.facts.push({ kind: 'consent', holder: 'WXP' })
				put('Consent', `r${n}`, person, sources[(n + 1) % 3], '', consent('let-in', false, { actor: [{ role: { text: 'may see' }, reference: organisation('hill') }] }, -30))
			}
			for (const said of saying[choice] ?? [])
				put('Consent', `c${n}`, person, sources[(n + 2) % 3], '', said)
			for (let i = 0; i < 7; i++) {
				const type = types[(n * 7 + i) % types.length], label = [...categories, '', '', '', '', ''][(n * 3 + i * 7) % 20], ods = sources[(n + i) % 3]
				const item = put(type, `i${n}-${i}`, person, ods, label, w => forms[type](w, n, label))
				if (i === 3) // written again by somebody else, about something else
					put(type, item.id, person, sources[(n + i + 1) % 3], categories[n % categories.length], w => forms[type](w, n, categories[n % categories.length]))
				if (i === 4)
					remove(item)
			}
		}
	/* Where things are, of nobody: a refuge is no address for everybody. */
	const nobody = { id: 'nobody', n: -1, relation: 'none', choice: 'none', facts: [] }
	for (const [i, label] of ['', 'domestic-abuse', 'safeguarding', 'restricted', 'sealed', ''].entries())
		put('Location', `l${i}`, nobody, sources[i % 3], label, w => ({ status: 'active', name: w, subject: undefined, position: { latitude: near.latitude + i / 1000, longitude: near.longitude } }))
	/* Lists that name what other people have. */
	for (const list of items.filter(one => one.type === 'List'))
		for (const version of list.versions)
			if (!version.deleted)
				version.resource.entry = items.filter((one, n) => n % 5 === list.person.n % 5 && !['List', 'Location'].includes(one.type)).slice(0, 60).map(one => ({ item: { reference: `${one.type}/${one.id}` } }))
	return { people, items, first, then, types: [...new Set(items.map(one => one.type))].sort() }
}

export const directory = [
	...[['hill', 'WXP'], ['marl', 'WXA'], ['ward', 'WXA01', 'marl'], ['council', 'WXL']].map(([id, ods, above]) => ({
		resourceType: 'Organization', id, identifier: [{ system: ODS, value: ods }], name: id, ...(above ? { partOf: organisation(above) } : {}) })),
	{ resourceType: 'Practitioner', id: 'nurse', name: [{ family: 'Nightingale' }] },
]
