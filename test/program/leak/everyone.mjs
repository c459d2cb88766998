// everyone.mjs - who asks: every role of share/access/role.tsv somewhere in the place, some of them twice, residents and whom they let.
import { houses } from './world.mjs'
import { roles, table } from './oracle.mjs'

const at = {
	gp: ['hill'], 'practice-staff': ['hill'], 'community-nurse': ['hill', 'marl'], 'hospital-doctor': ['marl'], 'ward-nurse': ['marl'], therapist: ['marl'], discharge: ['marl'],
	'mental-health-nurse': ['marl'], 'program-feed': ['hill', 'marl', 'council'], 'program-export': ['council'], administrator: [''],
}

/** Everybody who can ask, and that every persona is among them. */
export function everyone(world) {
	const list = []
	const add = (login, roleName, more) => list.push({ login, roleName, role: roles[roleName], house: [], org: '', ...more })
	for (const [name, role] of Object.entries(roles)) {
		if (role.kind === 'resident')
			continue
		for (const place of at[name] ?? ['council'])
			add(`${name}.${place}`, name, { org: houses[place]?.[0] ?? '', house: houses[place] ?? [], practitioner: /nurse/.test(name) ? 'nurse' : undefined })
	}
	const self = person => ({ own: person, charges: [{ person, self: true }] })
	const lets = (person, scope) => ({ charges: [{ person, scope }] })
	for (const n of [3, 20, 41])
		add(`resident.${n}`, 'resident', self(world.people[n]))
	add('carer.6', 'carer', lets(world.people[6], ['mental-health', 'sexual-health']))
	add('carer.11', 'carer', lets(world.people[11], []))
	add('attorney.30', 'attorney', lets(world.people[30], ['finance', 'genetic', 'substance-misuse', 'mental-health']))
	for (const { persona } of table('persona'))
		if (!list.some(one => one.role.persona === persona))
			throw new Error(`nobody stands for ${persona}`)
	return list
}
