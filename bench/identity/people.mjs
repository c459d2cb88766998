// people.mjs - invented people in households, and what organisations' systems make of them: the same
// seed gives the same bytes. Names are those of the synthetic place (share/demo/names.tsv).
//
//	node people.mjs place N [SEED]      a Patient for each of N people, as NDJSON
//	node people.mjs messages N [SEED]   what hospital, practice and council send of N people; the
//	                                    council has no NHS numbers; the truth is an identifier
//	node people.mjs csv N [SEED]        N records in CSV, one in six a second of somebody
//
// history.mjs makes a historical file.
import { readFileSync } from 'node:fs'

export const TRUTH = 'https://causeway.example/truth'
const NHS = 'https://fhir.nhs.uk/Id/nhs-number'
const STATUS = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus'
const CODES = 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland'
const ODS = 'https://fhir.nhs.uk/Id/ods-organization-code/'

const names = new Map(
	readFileSync(new URL('../../share/demo/names.tsv', import.meta.url), 'utf8')
		.split('\n').filter(l => l && !l.startsWith('#'))
		.map(l => l.split('\t')).map(([key, items]) => [key, items?.split('|') ?? []]))
const communities = [...names.keys()].filter(k => k.startsWith('family.')).map(k => k.slice(7))

// mulberry32
export function random(seed) {
	let a = seed >>> 0
	const next = () => {
		a = (a + 0x6d2b79f5) >>> 0
		let t = Math.imul(a ^ (a >>> 15), a | 1)
		t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296
	}
	next.below = n => Math.floor(next() * n)
	next.of = list => list[next.below(list.length)]
	next.chance = p => next() < p
	return next
}

const sexes = ['female', 'male']
const lists = new Map()
function givenOf(r, community, sex, year) {
	const prefix = `given.${community}.`
	const key = `${community} ${sex} ${year - (year % 5)}`
	if (!lists.has(key)) {
		const s = sex === 'female' ? 'f' : 'm'
		const all = [...names.keys()].filter(k => k.startsWith(prefix) && k.split('.')[2].startsWith(s))
			.map(k => [Number(k.split('.')[3] ?? 0), names.get(k)]).sort((x, y) => x[0] - y[0])
		lists.set(key, (all.filter(([from]) => from <= year).pop() ?? all[0])[1])
	}
	return r.of(lists.get(key))
}

const pad = (n, w = 2) => String(n).padStart(w, '0')
const letters = 'ABDEFGHJLNPQRSTUWXYZ'
function postcode(r, areas) {
	const area = r.below(areas)
	return `${'LPS'[area % 3]}${'NEW'[(area / 3 | 0) % 3]}${1 + (area / 9 | 0) % 40} ${r.below(10)}${letters[r.below(20)]}${letters[r.below(20)]}`
}

function nhsNumber(n) {
	for (let stem = 400000000 + n * 3; ; stem++) {
		let sum = 0
		for (let i = 0, s = String(stem); i < 9; i++) sum += Number(s[i]) * (10 - i)
		const check = (11 - (sum % 11)) % 11
		if (check < 10) return `${stem}${check}`
	}
}

function date(r, year) {
	return `${year}-${pad(1 + r.below(12))}-${pad(1 + r.below(28))}`
}

// Surnames beyond the list's, so that large places are not all namesakes: two halves joined.
const heads = 'Ash Beck Black Brad Broad Carl Clay Crow Dun East Fair Farn Gold Grey Hart Haw High Hol Kirk Lang Long Mar Mill Moor New Nor Oak Old Red Rook Rye Sand Shel Stan Stock Sut Thorn Wal West Whit Wood Wyn'.split(' ')
const tails = 'bourne bridge bury by combe cott croft dale den don field ford gate ham hurst land ley low man mere more ridge sby sham shaw side smith son stead stock stone thorpe ton wick win worth yard'.split(' ')
function familyOf(r, community) {
	return r.chance(0.5) ? r.of(names.get(`family.${community}`)) : r.of(heads) + r.of(tails)
}

const streets = ['High Street', 'Station Road', 'Mill Lane', 'Church Lane', 'Chapel Road', 'The Green', 'Victoria Road',
	'Park Avenue', 'Queens Drive', 'School Lane', 'Manor Close', 'Beech Grove', 'Albert Terrace', 'Springfield Road']
const streetNames = heads.flatMap(h => ['Street', 'Road', 'Lane', 'Close', 'Avenue'].map(t => `${h}ton ${t}`)).concat(streets)

export function* population(n, seed) {
	const r = random(seed), areas = Math.max(20, Math.min(360, n / 4000 | 0))
	let number = 0
	while (number < n) {
		const community = r.chance(0.85) ? 'british' : r.of(communities)
		const family = familyOf(r, community)
		const home = { line: `${1 + r.below(180)} ${r.of(streetNames)}`, postcode: postcode(r, areas) }
		const phone = r.chance(0.7) ? `01${pad(r.below(1000000000), 9)}` : null
		const size = r.of([1, 1, 1, 2, 2, 2, 2, 3, 4, 4, 5])
		const elder = 1935 + r.below(70)
		const taken = new Set()
		let twin = null
		for (let i = 0; i < size && number < n; i++) {
			const child = i >= 2
			const sex = i < 2 ? sexes[(i + r.below(2)) % 2] : r.of(sexes)
			const year = Math.min(2025, child ? elder + 22 + r.below(16) : elder + r.below(8))
			let given = givenOf(r, community, sex, year)
			for (let tries = 0; taken.has(given) && tries < 9; tries++) given = givenOf(r, community, sex, year)
			taken.add(given)
			const p = {
				number: number++, sex, family: i === 1 && r.chance(0.2) ? familyOf(r, community) : family,
				given, dob: twin ?? date(r, year), ...home,
				phone: child ? phone : r.chance(0.75) ? `07${pad(r.below(1000000000), 9)}` : phone
			}
			twin = child && !twin && r.chance(0.04) ? p.dob : null
			p.nhs = nhsNumber(p.number)
			yield p
		}
	}
}

// ---- dirt ----

const keys = 'abcdefghijklmnopqrstuvwxyz'
export function typo(r, s) {
	if (s.length < 3) return s
	const i = 1 + r.below(s.length - 2), kind = r.below(4)
	const c = keys[r.below(26)]
	return kind === 0 ? s.slice(0, i) + c + s.slice(i + 1)
		: kind === 1 ? s.slice(0, i) + s.slice(i + 1)
			: kind === 2 ? s.slice(0, i) + c + s.slice(i)
				: s.slice(0, i) + s[i + 1] + s[i] + s.slice(i + 2)
}

export const nicks = new Map(readFileSync(new URL('../../share/code/nicknames.tsv', import.meta.url), 'utf8').split('\n')
	.filter(l => l && !l.startsWith('#')).map(l => l.split('\t')).filter(l => l[1])
	.map(([name, rest]) => [name, rest.split(' ').filter(Boolean)]))
const capital = s => s[0].toUpperCase() + s.slice(1)

export function wrongDate(r, dob) {
	const [y, m, d] = dob.split('-'), kind = r.below(5)
	if (kind === 0 && Number(d) <= 12) return `${y}-${d}-${m}`
	if (kind === 1) return `${y}-01-01`
	if (kind === 2) return `${Number(y) + (r.chance(0.5) ? 1 : -1)}-${m}-${d}`
	return `${y}-${m}-${pad(1 + (Number(d) + r.below(9)) % 28)}`
}

// What a system that keeps its own records has of somebody.
export function dirty(r, p, amount = 1) {
	const q = { ...p }, at = x => r.chance(x * amount)
	if (at(0.03) && nicks.has(p.given.toLowerCase())) q.given = capital(r.of(nicks.get(p.given.toLowerCase())))
	if (at(0.02)) q.given = typo(r, q.given)
	if (at(0.02)) q.family = typo(r, q.family)
	if (at(0.02) && p.sex === 'female') q.family = familyOf(r, 'british')
	if (at(0.02)) q.dob = wrongDate(r, p.dob)
	if (at(0.005)) [q.given, q.family] = [q.family, q.given]
	if (at(0.08)) Object.assign(q, { line: `${1 + r.below(180)} ${r.of(streetNames)}`, postcode: postcode(r, 40) })
	else {
		if (at(0.02)) q.line = typo(r, q.line)
		if (at(0.02)) q.postcode = typo(r, q.postcode.toLowerCase()).toUpperCase()
	}
	if (at(0.3)) q.phone = r.chance(0.5) ? null : `077009${pad(r.below(100000), 5)}`
	if (at(0.02)) q.sex = null
	return q
}

// ---- as systems write it ----

export function patient(p, { org, system, id, nhs, truth }) {
	const identifier = []
	if (truth !== undefined) identifier.push({ system: TRUTH, value: String(truth) })
	if (id) identifier.push({ system, value: id })
	if (nhs) identifier.push({
		extension: [{ url: STATUS, valueCodeableConcept: { coding: [{ system: CODES, code: nhs.status }] } }],
		system: NHS, value: nhs.value
	})
	return {
		resourceType: 'Patient', meta: { source: ODS + org }, identifier,
		name: [{ use: 'official', family: p.family, given: [p.given] }],
		...(p.phone && { telecom: [{ system: 'phone', value: p.phone }] }),
		...(p.sex && { gender: p.sex }), birthDate: p.dob,
		address: [{ use: 'home', line: [p.line], postalCode: p.postcode }]
	}
}

const verified = p => ({ value: p.nhs, status: '01' })

export function* messages(n, seed) {
	const r = random(seed + 1)
	for (const p of population(n, seed)) {
		const truth = p.number
		yield patient(p, { org: 'G10', system: 'https://practice.example/id', id: `g${p.number}`, nhs: verified(p), truth })
		if (r.chance(0.6)) {
			const nhs = r.chance(0.95) ? verified(p) : r.chance(0.5) ? null : { value: p.nhs, status: '02' }
			yield patient(dirty(r, p, 0.5), { org: 'RXX', system: 'https://trust.example/mrn', id: `m${p.number}`, nhs, truth })
		}
		if (r.chance(0.25)) {
			const q = dirty(r, p)
			yield patient(q, { org: '503', system: 'https://council.example/id', id: `c${p.number}`, truth })
			if (r.chance(0.1)) yield patient(dirty(r, q, 0.5), { org: '503', system: 'https://council.example/id', id: `c${p.number}`, truth })
			if (r.chance(0.02)) yield patient(dirty(r, p), { org: '503', system: 'https://council.example/id', id: `c${p.number}x`, truth })
		}
	}
}

const csv = fields => fields.map(f => f ?? '').join(',')

function* csvLines(n, seed) {
	const r = random(seed + 2), people = Math.ceil(n * 6 / 7)
	let id = 0
	yield 'id,given,family,dob,sex,street,postcode,phone,truth'
	for (const p of population(people, seed)) {
		const row = q => csv([`r${id++}`, q.given, q.family, q.dob, q.sex, q.line, q.postcode, q.phone, p.number])
		if (id < n) yield row(p)
		if (id < n && r.chance(1 / 6)) yield row(dirty(r, p))
	}
}

export function* place(n, seed) {
	for (const p of population(n, seed))
		yield patient(p, { org: 'RXX', system: 'https://trust.example/mrn', id: `m${p.number}`, nhs: verified(p) })
}

function* json(all) {
	for (const one of all) yield JSON.stringify(one)
}

/** Lines to standard output, as quickly as it takes them. */
export async function print(lines) {
	let text = ''
	for (const line of lines) {
		text += line + '\n'
		if (text.length > 1 << 20) {
			if (!process.stdout.write(text)) await new Promise(done => process.stdout.once('drain', done))
			text = ''
		}
	}
	process.stdout.write(text)
}

const kinds = { place: (n, s) => json(place(n, s)), messages: (n, s) => json(messages(n, s)), csv: csvLines }

if (process.argv[1] === new URL(import.meta.url).pathname) {
	const [, , kind, n, seed] = process.argv
	if (!kinds[kind] || !(Number(n) > 0)) {
		console.error('usage: node people.mjs place|messages|csv N [SEED]')
		process.exit(2)
	}
	await print(kinds[kind](Number(n), Number(seed ?? 1)))
}
