// Resources of a county as NDJSON on standard output, person by person: node bench/scale.mjs RESOURCES
// A hundred to a person (a Patient, 20 encounters, 15 conditions, 64 observations), and one person of 2,000.
// Ids are spread as if by chance, and the same numbers give the same bytes.
import { createWriteStream } from 'node:fs'

const wanted = Number(process.argv[2] ?? 1e6)
const out = process.argv[3] ? createWriteStream(process.argv[3]) : process.stdout
const families = ['Ashworth', 'Begum', 'Carter', 'Davies', 'Evans', 'Farah', 'Green', 'Hughes', 'Iqbal', 'Jones', 'Khan', 'Lewis', 'Morgan', 'Nowak', 'Okafor', 'Patel']
const givens = ['Ada', 'Bilal', 'Cerys', 'Dev', 'Edith', 'Farid', 'Grace', 'Hana', 'Idris', 'Joan', 'Kofi', 'Lena', 'Mina', 'Noah', 'Olu', 'Priya']
const snomed = 'http://snomed.info/sct', loinc = 'http://loinc.org', ucum = 'http://unitsofmeasure.org'
const conditions = [['38341003', 'Hypertension'], ['44054006', 'Type 2 diabetes'], ['195967001', 'Asthma'], ['35489007', 'Depression'], ['13645005', 'COPD'], ['49436004', 'Atrial fibrillation'], ['84114007', 'Heart failure'], ['26929004', 'Alzheimer disease']]
const vitals = [['8867-4', 'Heart rate', '/min', 50, 60], ['8310-5', 'Body temperature', 'Cel', 35, 4], ['9279-1', 'Respiratory rate', '/min', 10, 15], ['29463-7', 'Body weight', 'kg', 45, 60], ['59408-5', 'Oxygen saturation', '%', 88, 12]]

let state
const seed = n => { state = (n * 2654435761 + 12345) >>> 0 }
const chance = n => { // xorshift, of which the high bits are good
	state ^= state << 13; state ^= state >>> 17; state ^= state << 5
	return (state >>> 0) % n
}
/** An odd multiplier and a xor are undone by nothing but themselves: no two numbers share an id. */
const mix = n => {
	let x = Math.imul(n ^ (n >>> 16), 0x45d9f3b) >>> 0
	x = Math.imul(x ^ (x >>> 16), 0x45d9f3b) >>> 0
	return (x ^ (x >>> 16)) >>> 0
}
const id = (kind, n) => `${mix(n).toString(16).padStart(8, '0')}-${kind}-${mix(n ^ 0x55555555).toString(16).padStart(8, '0')}`
const two = n => String(n).padStart(2, '0')
const day = () => `20${two(10 + chance(15))}-${two(1 + chance(12))}-${two(1 + chance(28))}`
const time = () => `${day()}T${two(chance(24))}:${two(chance(60))}:00Z`
const coding = (system, code, display) => `{"coding":[{"system":"${system}","code":"${code}","display":"${display}"}]}`

function patient(n) {
	return `{"resourceType":"Patient","id":"${id('p', n)}","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"${9000000000 + n}"}],"name":[{"family":"${families[chance(16)]}","given":["${givens[chance(16)]}"]}],"gender":"${chance(2) ? 'female' : 'male'}","birthDate":"19${two(20 + chance(80))}-${two(1 + chance(12))}-${two(1 + chance(28))}"}`
}
function encounter(n, subject) {
	return `{"resourceType":"Encounter","id":"${id('e', n)}","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"${chance(4) ? 'AMB' : 'IMP'}"},"subject":{"reference":"Patient/${subject}"},"period":{"start":"${time()}"}}`
}
function condition(n, subject) {
	const [code, display] = conditions[chance(8)]
	return `{"resourceType":"Condition","id":"${id('c', n)}","clinicalStatus":${coding('http://terminology.hl7.org/CodeSystem/condition-clinical', 'active', 'Active')},"code":${coding(snomed, code, display)},"subject":{"reference":"Patient/${subject}"},"onsetDateTime":"${day()}"}`
}
function observation(n, subject) {
	const [code, display, unit, low, range] = vitals[chance(5)]
	return `{"resourceType":"Observation","id":"${id('o', n)}","status":"final","category":[${coding('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs', 'Vital Signs')}],"code":${coding(loinc, code, display)},"subject":{"reference":"Patient/${subject}"},"effectiveDateTime":"${time()}","valueQuantity":{"value":${low + chance(range)},"unit":"${unit}","system":"${ucum}","code":"${unit}"}}`
}

let made = 0
function person(n, size) {
	const subject = id('p', n), lines = [(seed(n), patient(n))]
	for (let i = 1; i < size; i++) {
		const number = made + i
		lines.push(i % 5 === 0 ? encounter(number, subject) : i % 20 < 3 || i % 20 === 9 ? condition(number, subject) : observation(number, subject))
	}
	made += lines.length
	return lines.join('\n') + '\n'
}

for (let n = 0; made < wanted; n++) {
	if (!out.write(person(n, Math.min(n === 1 ? 2000 : 100, wanted - made))))
		await new Promise(resolve => out.once('drain', resolve))
}
if (out !== process.stdout)
	out.end()
