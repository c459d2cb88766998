// people.mjs - people with care of many kinds as FHIR transactions: the same each time, whoever asks.
// The shape is Synthea's: a person, visits, what was found and done at each, named by urn:uuid.

/** Numbers that look random and are the same each time (xorshift). */
export function random(seed) {
	let x = (seed * 2654435761) >>> 0 || 1
	return below => {
		x ^= x << 13; x >>>= 0
		x ^= x >>> 17
		x ^= x << 5; x >>>= 0
		return x % below
	}
}

const coding = (system, code, display) => ({ coding: [{ system, code, display }], text: display })
const observationCategory = code => [coding('http://terminology.hl7.org/CodeSystem/observation-category', code, code)]
const two = n => String(n).padStart(2, '0')
const families = ['Tredwell', 'Ademola', 'Okafor', 'Rae', 'Lindqvist', 'Patel', 'Nowak', 'Byrne', 'Hughes', 'Sandhu', 'Whitlock', 'Marsh']
const givens = ['Ivy', 'Noel', 'Ada', 'Femi', 'Maeve', 'Arun', 'Zofia', 'Conor', 'Gwen', 'Jas', 'Edith', 'Tom']
const measures = [['29463-7', 'Body weight', 'kg', 45, 60], ['8302-2', 'Body height', 'cm', 140, 50], ['39156-5', 'Body mass index', 'kg/m2', 17, 20],
	['8867-4', 'Heart rate', '/min', 50, 60], ['2339-0', 'Glucose', 'mg/dL', 60, 90], ['2093-3', 'Total cholesterol', 'mg/dL', 120, 150], ['718-7', 'Haemoglobin', 'g/dL', 9, 8]]
const conditions = [['44054006', 'Type 2 diabetes'], ['38341003', 'Hypertension'], ['195967001', 'Asthma'], ['13645005', 'COPD'], ['40930008', 'Hypothyroidism'], ['35489007', 'Depression'], ['26929004', "Alzheimer's disease"]]
const SNOMED = 'http://snomed.info/sct', LOINC = 'http://loinc.org', UCUM = 'http://unitsofmeasure.org'

export function observation(next, subject, encounter) {
	const [code, name, unit, from, span] = measures[next(measures.length)]
	const when = `${2005 + next(20)}-${two(1 + next(12))}-${two(1 + next(28))}T${two(8 + next(10))}:${two(next(60))}:00Z`
	return { resourceType: 'Observation', status: next(10) ? 'final' : 'amended', category: observationCategory(next(10) < 9 ? 'vital-signs' : 'laboratory'),
		code: coding(LOINC, code, name), subject: { reference: subject }, ...encounter && { encounter: { reference: encounter } },
		effectiveDateTime: when, issued: when.replace('Z', '.000Z'), valueQuantity: { value: from + next(span) + next(10) / 10, unit, system: UCUM, code: unit } }
}

function visit(next, me) {
	const year = 2005 + next(20), day = `${year}-${two(1 + next(12))}-${two(1 + next(28))}`
	return { resourceType: 'Encounter', status: 'finished', class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: next(8) ? 'AMB' : 'IMP' },
		type: [coding(SNOMED, '185349003', 'Check-up')], subject: { reference: me }, period: { start: `${day}T09:00:00Z`, end: `${day}T09:30:00Z` } }
}

const others = [
	(next, me, at) => { const [code, name] = conditions[next(conditions.length)]; return { resourceType: 'Condition', clinicalStatus: coding('http://terminology.hl7.org/CodeSystem/condition-clinical', next(3) ? 'active' : 'resolved'),
		verificationStatus: coding('http://terminology.hl7.org/CodeSystem/condition-ver-status', 'confirmed'), code: coding(SNOMED, code, name), subject: { reference: me }, encounter: { reference: at }, onsetDateTime: `${2000 + next(24)}-0${1 + next(9)}-1${next(9)}` } },
	(next, me, at) => ({ resourceType: 'Procedure', status: 'completed', code: coding(SNOMED, '430193006', 'Medication reconciliation'), subject: { reference: me }, encounter: { reference: at }, performedDateTime: `${2005 + next(20)}-0${1 + next(9)}-1${next(9)}T10:00:00Z` }),
	(next, me, at) => ({ resourceType: 'MedicationRequest', status: next(2) ? 'active' : 'stopped', intent: 'order', medicationCodeableConcept: coding('http://www.nlm.nih.gov/research/umls/rxnorm', '860975', 'Metformin 500 mg'), subject: { reference: me }, encounter: { reference: at },
		authoredOn: `${2005 + next(20)}-0${1 + next(9)}-1${next(9)}`, dosageInstruction: [{ sequence: 1, text: 'one twice a day with food', timing: { repeat: { frequency: 2, period: 1, periodUnit: 'd' } } }] }),
	(next, me, at) => ({ resourceType: 'Immunization', status: 'completed', vaccineCode: coding('http://hl7.org/fhir/sid/cvx', '140', 'Influenza, seasonal'), patient: { reference: me }, encounter: { reference: at }, occurrenceDateTime: `${2010 + next(15)}-10-1${next(9)}` }),
]

export const PER_PERSON = 100

/** The n-th person with 99 resources of theirs, as a transaction. */
export function person(n) {
	const next = random(n + 1), urn = i => `urn:uuid:00000000-0000-4000-8000-${(n * 1000 + i).toString(16).padStart(12, '0')}`
	const resources = [{ resourceType: 'Patient', identifier: [{ system: 'https://example.org/bench', value: `person-${n}` }], gender: next(2) ? 'female' : 'male',
		name: [{ family: families[next(families.length)] + n, given: [givens[next(givens.length)]] }], birthDate: `${1930 + next(90)}-${two(1 + next(12))}-${two(1 + next(28))}`,
		address: [{ line: [`${1 + next(200)} High Street`], city: 'Wexcombe', postalCode: `WX${1 + next(9)} ${next(10)}AB` }] }]
	for (let i = 1; i <= 10; i++)
		resources.push(visit(next, urn(0)))
	while (resources.length < PER_PERSON) {
		const at = urn(1 + next(10))
		resources.push(next(3) ? observation(next, urn(0), at) : others[next(others.length)](next, urn(0), at))
	}
	return { resourceType: 'Bundle', type: 'transaction', entry: resources.map((resource, i) => ({ fullUrl: urn(i), resource, request: { method: 'POST', url: resource.resourceType } })) }
}

/** `count` Observations of one person who is there already. */
export function observations(seed, count, subject) {
	const next = random(seed)
	return { resourceType: 'Bundle', type: 'transaction', entry: Array.from({ length: count }, () => ({ resource: observation(next, subject), request: { method: 'POST', url: 'Observation' } })) }
}

/** A person with 1,999 Observations, as one transaction. */
export function whole() {
	const urn = 'urn:uuid:00000000-0000-4000-9000-000000000000', bundle = observations(1, 1999, urn)
	const resource = { resourceType: 'Patient', identifier: [{ system: 'https://example.org/bench', value: 'whole' }], name: [{ family: 'Whole' }] }
	bundle.entry.unshift({ fullUrl: urn, resource, request: { method: 'POST', url: 'Patient' } })
	return bundle
}
