// score.mjs - whose records came together in a place, held against the truth.
//
//	build/causeway emit --people 5000 --out place --into place.db --withhold-nhs council
//	node bench/identity/score.mjs build/causeway place.db place/truth.csv
//
// A pair of records is one of the truth when both are one person's, and one of ours when both are in
// one Patient (or in two that were merged). Sensitivity: the truth's pairs that are ours; precision: ours that are true.
// A fourth argument, all or "social care", tells the pairs missed and the wrong ones. Missed pairs on the worklist wait for somebody to decide.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [, , program, db, truthFile, show] = process.argv
if (!truthFile) {
	console.error('usage: node score.mjs CAUSEWAY DB TRUTH.csv ["all" | "social care"]')
	process.exit(2)
}
const run = (...args) => execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 30 })

/** record → id of the Patient that survives, and each surviving Patient */
function readPlace() {
	const dir = mkdtempSync(join(tmpdir(), 'causeway-score-'))
	run('export', db, '--out', dir, '--type', 'Patient', '--quiet')
	const patients = readFileSync(join(dir, 'Patient.ndjson'), 'utf8').split('\n').filter(Boolean).map(l => JSON.parse(l))
	rmSync(dir, { recursive: true })
	const into = new Map(patients.flatMap(p => (p.link ?? []).filter(l => l.type === 'replaced-by')
		.map(l => [p.id, l.other.reference.replace('Patient/', '')])))
	const survivor = id => { while (into.has(id)) id = into.get(id); return id }
	const at = new Map(patients.flatMap(p => (p.identifier ?? []).map(i => [i.value, survivor(p.id)])))
	return { at, survivor, patients: new Map(patients.map(p => [p.id, p])) }
}

const place = readPlace()
const waiting = new Set(run('doubts', db).split('\n').filter(Boolean).map(l => {
	const ids = [...l.matchAll(/Patient\/(\S+)/g)].map(m => place.survivor(m[1]))
	return ids.sort().join(' ')
}))
const people = new Map(), groups = new Map()
let records = 0, absent = 0
for (const line of readFileSync(truthFile, 'utf8').split('\n').slice(1).filter(Boolean)) {
	const [org, record, person] = line.split(',')
	const id = place.at.get(record)
	if (!id) { absent++; continue }
	records++
	const one = { org, record, person, id }
	for (const [map, key] of [[people, person], [groups, id]]) map.set(key, [...(map.get(key) ?? []), one])
}

const pairs = list => list.flatMap((a, i) => list.slice(i + 1).map(b => [a, b]))
const social = ([a, b]) => a.org === 'WXL' || b.org === 'WXL'
const score = wanted => {
	let truth = 0, both = 0, ours = 0, doubtful = 0
	const missed = [], wrong = []
	for (const list of people.values()) for (const p of pairs(list).filter(wanted)) {
		truth++
		if (p[0].id === p[1].id) both++
		else { missed.push(p); if (waiting.has([p[0].id, p[1].id].sort().join(' '))) doubtful++ }
	}
	for (const list of groups.values()) for (const p of pairs(list).filter(wanted)) {
		ours++
		if (p[0].person !== p[1].person) wrong.push(p)
	}
	return { truth, both, ours, doubtful, missed, wrong }
}

/** A record's Patient on one line. */
function tell({ org, record, id }) {
	const p = place.patients.get(id)
	const names = (p?.name ?? []).map(n => [...n.given ?? [], n.family].join(' '))
	const homes = (p?.address ?? []).map(a => [...a.line ?? [], a.postalCode].join(', '))
	return [`${org} ${record} in ${id}`, names.join(' | '), p?.gender, p?.birthDate, homes.join(' | '), (p?.telecom ?? []).map(t => t.value).join(' ')].join('; ')
}

console.log(`${records} records of ${people.size} people in ${groups.size} Patients; ${absent} records did not come; ${waiting.size} pairs wait`)
for (const [name, wanted] of [['all', () => true], ['social care', social]]) {
	const s = score(wanted)
	const percent = (a, b) => b ? (100 * a / b).toFixed(3) + ' %' : '-'
	console.log(`${name}: sensitivity ${percent(s.both, s.truth)} of ${s.truth} pairs, precision ${percent(s.both, s.ours)} of ${s.ours}; ` +
		`${s.missed.length} missed, ${s.doubtful} of them on the worklist (with those ${percent(s.both + s.doubtful, s.truth)}), ${s.wrong.length} wrong`)
	if (show && name === show) for (const [word, list] of [['missed', s.missed], ['wrong', s.wrong]])
		for (const pair of list.slice(0, 100))
			console.log(`${word}: person ${pair.map(r => r.person).join(', ')}${pair.map(r => `\n  ${tell(r)}`).join('')}`)
}
