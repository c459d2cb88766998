// oracle.mjs - who may see what, worked out from the rules (docs/security.md) and the place's tables, and from none of the program's code.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../causeway.mjs'
import { houses } from './world.mjs'

export function table(name) {
	const lines = readFileSync(join(root, 'share', 'access', `${name}.tsv`), 'utf8').split('\n').filter(line => line && !line.startsWith('#')).map(line => line.split('\t'))
	return lines.slice(1).map(cells => Object.fromEntries(lines[0].map((column, i) => [column, cells[i] ?? ''])))
}
const words = text => text.split(' ').filter(Boolean)

export const roles = Object.fromEntries(table('role').map(row => [row.role, { ...row, capabilities: new Set(words(row.capabilities)) }]))
const labels = Object.fromEntries(table('label_role').map(row => [row.label, row]))
const relationKinds = Object.fromEntries(table('relation').map(row => [row.kind, row]))
const policy = Object.fromEntries(table('policy').map(row => [row.name, row.value]))
const typeRows = table('type')
const namedTypes = new Set(typeRows.flatMap(row => words(row.types)))

const anyOf = (text, capabilities) => words(text).some(one => one === '*' || capabilities.has(one))

/** '' never, 'related', 'always': the widest row that a capability opens. */
function scopeOf(type, capabilities) {
	const open = typeRows.filter(row => (words(row.types).includes(type) || (row.types === '*' && !namedTypes.has(type))) && anyOf(row.read, capabilities)).map(row => row.scope)
	return open.includes('always') ? 'always' : open.includes('related') ? 'related' : ''
}

/** Is the place's tables' number of days before and after counted, and the purpose? */
function factHolds(fact, account) {
	const kind = relationKinds[fact.kind]
	if (!words(kind.purposes).includes(account.role.purpose))
		return false
	return (fact.since === undefined || fact.since - Number(kind.before) <= 0) && (fact.until === undefined || fact.until + Number(kind.after) >= 0)
}
const holds = (account, holder) => account.house.includes(holder) || holder === account.practitioner

/** A person, and those they were found to be, too: what holds for one of them holds for all. */
const same = person => person.same ?? [person]
/** What they chose; of one person's two records the later word counts. */
const choicesOf = person => {
	const all = same(person).map(one => one.choice)
	return all.includes('taken-back') ? all.filter(choice => choice !== 'all') : all
}
const factsOf = person => same(person).flatMap(one => one.facts)

function chosen(account, choice, version) {
	switch (choice) {
	case 'all': case 'ask': return false
	case 'organisation': return !account.house.includes('WXP')
	case 'source': return version.ods !== 'WXA01'
	case 'secondary': return account.role.purpose !== 'secondary'
	default: return true // categories are asked with the labels
	}
}

const counted = Object.keys(labels).filter(name => table('label').find(row => row.label === name).kind !== 'handling')
/** Does an agreement name such items? One that names nothing means all. */
function covers(one, all) {
	const about = all.filter(name => counted.includes(name))
	return !one.covers || (about.length ? about : ['ordinary']).every(name => one.covers.includes(name))
}

/** Agreements: who is named in none shares with everybody who is named in none. */
function shared(account, version, all, agreements) {
	const purpose = account.role.purpose
	const named = list => agreements.some(one => list.some(ods => one.orgs.includes(ods)))
	const house = Object.values(houses).find(one => one.includes(version.ods))
	if (agreements.some(one => one.until === undefined && covers(one, all) && one.purposes.includes(purpose) && account.house.some(ods => one.orgs.includes(ods)) && house.some(ods => one.orgs.includes(ods))))
		return true
	return policy.share === 'all' && words(policy.purposes).includes(purpose) && !named(account.house) && !named(house)
}

/** May this account see an item as it was in this version (with labels `more` besides)? */
function mayAs(account, version, more, agreements) {
	const { item } = version, { person } = item, scope = scopeOf(item.type, account.role.capabilities)
	const all = [...new Set([...version.labels, ...more])]
	if (!scope)
		return false
	if (account.role.kind === 'resident') {
		const lets = charge => all.every(one => charge.self ? labels[one].self === 'yes' : labels[one].delegate === 'yes' || (labels[one].delegate === 'named' && charge.scope.includes(one)))
		if (scope === 'always') // nobody's: a directory
			return account.charges.some(lets)
		const charge = account.charges?.find(one => same(one.person).includes(person))
		return Boolean(charge) && lets(charge)
	}
	const everybody = account.role.purpose === 'secondary' && account.role.capabilities.has('secondary.read')
	const own = !everybody && account.house.includes(version.ods)
	const broken = same(person).some(one => account.opened?.has(one)), choices = broken && policy.glass_choices === 'yes' ? [] : choicesOf(person)
	if (!all.every(one => anyOf(own ? labels[one].own : labels[one].others, account.role.capabilities) || (broken && labels[one].glass === 'yes')))
		return false
	if (!own && choices.includes('category') && all.includes('mental-health'))
		return false
	if (scope === 'always')
		return true
	if (!everybody && !broken && !factsOf(person).some(fact => factHolds(fact, account) && holds(account, fact.holder)))
		return false
	return own || (((broken && policy.glass_agreements === 'yes') || shared(account, version, all, agreements)) && choices.every(choice => chosen(account, choice, version)))
}

export const now = item => item.versions.at(-1)

/** An old version is seen by who may see it as it was and as it is now. */
export function maySee(account, version, agreements = []) {
	const last = now(version.item)
	return mayAs(account, version, last.labels, agreements) && mayAs(account, last, version.labels, agreements)
}
export const mayRead = (account, item, agreements) => !now(item).deleted && maySee(account, now(item), agreements)
