// history.mjs - a historical file: many records of each person, taken from sources that disagree. The same
// seed gives the same bytes.
//
//	node history.mjs N [SEED]     N records, CSV, for causeway link --truth cluster
//
// As such files are: people of three centuries, half of the men called John, William or the like; sons named after
// their fathers; titles, middle names and bynames in full names; a year alone written as 1 January; a county for a
// town; one trade of several; and nearly every value mistyped or missing somewhere.
import { nicks, print, random, typo, wrongDate } from './people.mjs'

const men = 'john:14 william:13 thomas:10 george:8 james:8 henry:7 charles:6 robert:6 edward:5 richard:4 joseph:4 samuel:3 francis:2 arthur:2 alexander:2 frederick:2 walter:2 benjamin:1 david:1 hugh:1 philip:1 edmund:1 ralph:1 daniel:1 peter:1 nicholas:1 herbert:1 alfred:1 albert:1 ernest:1 percy:1 matthew:1 stephen:1 michael:1 andrew:1 simon:1 lionel:1 nathaniel:1 isaac:1 jonathan:1'
const women = 'mary:15 elizabeth:12 anne:9 sarah:6 jane:6 margaret:5 catherine:4 emily:3 frances:3 charlotte:3 caroline:3 alice:2 florence:2 edith:2 harriet:2 ellen:2 louisa:2 emma:2 isabella:2 martha:1 dorothy:1 susanna:1 constance:1 eleanor:1 beatrice:1 ethel:1 maria:1 rebecca:1 agnes:1 gertrude:1'
const families = 'smith jones taylor brown williams wilson johnson davies robinson wright thompson evans walker white roberts green hall wood jackson clarke harris turner cooper ward hill moore scott morris clark king baker lee allen campbell stewart murray hamilton russell howard cavendish percy seymour stanley grey herbert fitzroy villiers spencer churchill cecil talbot clifford'
const stems = 'ash beck black brad broad carl clay crow dun east fair farn gold grim hart haw high hol kirk lang lock mar mill moor new nor oak pem red rook rye sand shel stan stock sut thorn tre wal west whit wood wyn bar ben cal dal ed fen gar had ing kel lam mor nut os pen rad sel tad ul ver wad yar'.split(' ')
const ends = 'bourne bridge bury by combe cott croft dale den don field ford gate ham hurst land ley low man mere more ridge son stead stone ton wick win worth yard er ett kin ell'.split(' ')
const counties = 'devon:ex tq pl,kent:ct me tn,yorkshire:yo ls hd,lancashire:pr bb la,norfolk:nr pe,suffolk:ip co,essex:cm ss,surrey:gu kt,sussex:bn rh,london:sw nw se ec wc,cornwall:tr,somerset:ta ba,dorset:dt bh,wiltshire:sn sp,oxfordshire:ox,cheshire:ch cw,cumberland:ca,durham:dh dl,lincolnshire:ln dn,glamorgan:cf sa'
	.split(',').map(c => c.split(':')).map(([name, areas]) => ({ name, areas: areas.split(' ') }))
const trades = 'politician:9 writer:7 painter:5 military_officer:5 cricketer:5 lawyer:4 poet:3 clergyman:4 botanist:2 actor:3 composer:2 architect:3 merchant:2 engineer:3 physician:3 naturalist:2 explorer:1 journalist:2 diplomat:2 judge:2 sculptor:1 singer:1 historian:2 photographer:1 teacher:2 printer:1 peer:2 sailor:2 mathematician:1 chemist:1 rower:1 footballer:3'
const weighted = text => text.split(' ').flatMap(w => { const [word, n] = w.split(':'); return Array(Number(n ?? 1)).fill(word.replace('_', ' ')) })
const givens = { male: weighted(men), female: weighted(women) }, occupations = weighted(trades), common = families.split(' ')
const letters = 'abdefghjlnpqrstuwxyz', pad = n => String(n).padStart(2, '0')

function family(r) {
	if (r.chance(0.3)) return common[Math.min(r.below(common.length), r.below(common.length))]
	return r.of(stems) + r.of(ends)
}

function makeTowns(r) {
	return counties.flatMap(county => Array.from({ length: county.name === 'london' ? 24 : 14 }, () => ({
		name: r.of(stems) + r.of(ends), county: county.name,
		district: r.of(county.areas) + (1 + r.below(28))
	})))
}

const postcode = (r, district) => `${district} ${r.below(10)}${r.of(letters)}${r.of(letters)}`

function person(r, towns, number, father) {
	const sex = r.chance(0.82) ? 'male' : 'female', of = givens[father ? 'male' : sex]
	const given = father && r.chance(0.4) ? father.given : r.of(of)
	const year = father ? father.year + 22 + r.below(20) : 1600 + Math.floor(r() ** 0.6 * 300)
	// A county town draws many: the earlier of two draws.
	const town = father?.town ?? towns[Math.min(r.below(towns.length), r.below(towns.length))]
	return {
		number, year, given, sex: father ? 'male' : sex, family: father ? father.family : family(r),
		middle: r.chance(0.4) ? r.of(of) : null, town,
		dob: r.chance(0.12) ? `${year}-01-01` : `${year}-${pad(1 + r.below(12))}-${pad(1 + r.below(28))}`,
		postcode: postcode(r, town.district), trade: father && r.chance(0.5) ? father.trade : r.of(occupations),
		title: r.chance(0.08) ? r.of(['sir', 'rev', 'dr', 'lord', 'lady', 'captain']) : null,
		peer: r.chance(0.05) ? `${1 + r.below(6)}th ${r.of(['baron', 'earl', 'viscount'])} ${r.of(towns).name}` : null
	}
}

function otherGiven(r, p) {
	const short = nicks.get(p.given)
	return short && r.chance(0.5) ? r.of(short) : p.middle && r.chance(0.6) ? p.middle : r.chance(0.5) ? p.given[0] : r.of(givens[p.sex])
}

function otherDate(r, dob) {
	const kind = r.below(10)
	if (kind < 4) return `${dob.slice(0, 4)}-01-01`
	if (kind < 8) return wrongDate(r, dob)
	return kind < 9 ? `${Number(dob.slice(0, 4)) + r.of([-2, -1, 1, 2, 10])}${dob.slice(4)}` : `${1600 + r.below(300)}-${pad(1 + r.below(12))}-${pad(1 + r.below(28))}`
}

/** One source's idea of somebody; the first is the best. `harm` is how bad all the others are. */
function source(r, p, towns, first, harm) {
	const at = x => !first && r.chance(x * harm), blank = (x, v) => r.chance(first ? x / 4 : x * harm) ? '' : v
	let given = at(0.22) ? otherGiven(r, p) : p.given, surname = at(0.04) ? p.peer?.split(' ').pop() ?? family(r) : p.family
	if (at(0.14)) given = typo(r, given)
	if (at(0.2)) surname = typo(r, surname)
	if (at(0.02)) [given, surname] = [surname, given]
	const full = [p.title && !at(0.5) ? p.title : '', given, p.middle && !at(0.5) ? p.middle : '', surname, p.peer && !at(0.5) ? p.peer : ''].filter(Boolean).join(' ')
	const place = at(0.15) ? p.town.county : at(0.06) ? typo(r, p.town.name) : at(0.03) ? r.of(towns).name : p.town.name
	const code = at(0.12) ? postcode(r, p.town.district) : at(0.08) ? typo(r, p.postcode) : at(0.08) ? postcode(r, r.of(towns).district) : p.postcode
	return [full, `${given} ${surname}`, blank(0.03, given), blank(0.02, surname), blank(0.12, at(0.25) ? otherDate(r, p.dob) : p.dob),
		blank(0.25, place), blank(0.25, code), blank(0.15, at(0.01) ? 'female' : p.sex), blank(0.35, at(0.2) ? r.of(occupations) : p.trade)]
}

export function* historyLines(n, seed) {
	const r = random(seed + 3), towns = makeTowns(r), past = []
	yield 'unique_id,cluster,full_name,first_and_surname,first_name,surname,dob,birth_place,postcode_fake,gender,occupation'
	for (let id = 0, number = 1; id < n; number++) {
		const father = past.length > 50 && r.chance(0.05) ? r.of(past) : null
		const p = person(r, towns, number, father?.sex === 'male' ? father : null)
		const copies = r.chance(0.06) ? 1 : 2 + r.below(17)
		past.push(p)
		for (let i = 0; i < copies && id < n; i++, id++)
			yield [`Q${number}-${i + 1}`, `Q${number}`, ...source(r, p, towns, i === 0, r.chance(0.15) ? 1.8 : 0.8)].join(',')
	}
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
	const [, , n, seed] = process.argv
	if (!(Number(n) > 0)) {
		console.error('usage: node history.mjs N [SEED]')
		process.exit(2)
	}
	await print(historyLines(Number(n), Number(seed ?? 1)))
}
