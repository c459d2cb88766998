// place.mjs PEOPLE TASKS - a council, a team of it, many people, and open work of the team, as NDJSON.
const [people, tasks] = process.argv.slice(2).map(Number)
const ods = 'https://fhir.nhs.uk/Id/ods-organization-code'
const out = []
const say = resource => {
	out.push(JSON.stringify(resource))
	if (out.length >= 2000)
		process.stdout.write(out.splice(0).join('\n') + '\n')
}
const meta = { source: `${ods}/WXL` }
const pick = (list, i) => list[i * 7919 % list.length]
say({ resourceType: 'Organization', id: 'council', name: 'County Council', identifier: [{ system: ods, value: 'WXL' }] })
say({ resourceType: 'Organization', id: 'team', name: 'Assessment team', partOf: { reference: 'Organization/council' } })
say({ resourceType: 'Practitioner', id: 'worker', name: [{ family: 'Worker', given: ['Una'] }] })
for (let i = 0; i < people; i++)
	say({ resourceType: 'Patient', id: `p${i}`, meta, birthDate: `19${30 + i % 60}-0${1 + i % 9}-1${i % 10}`,
		name: [{ family: pick(['Ash', 'Birch', 'Cedar', 'Elm', 'Oak'], i) + i % 997, given: [pick(['Ada', 'Ben', 'Cy', 'Di'], i)] }] })
for (let i = 0; i < tasks * 2; i++) {
	const open = i < tasks, day = String(1 + i % 28).padStart(2, '0')
	say({ resourceType: 'Task', id: `t${i}`, meta, status: open ? pick(['requested', 'in-progress', 'on-hold'], i) : 'completed', intent: 'order',
		priority: pick(['routine', 'urgent', 'asap'], i), code: { coding: [{ system: 'https://causeway.example/fhir/CodeSystem/task', code: 'errand' }] },
		description: `Work ${i}`, for: { reference: `Patient/p${i * 17 % people}` }, authoredOn: `2025-10-${day}T09:00:00Z`,
		requester: { reference: 'Organization/council' }, owner: { reference: 'Organization/team' },
		restriction: { period: { end: `2025-12-${day}T17:00:00Z` } }, ...open ? {} : { executionPeriod: { end: `2025-11-${day}T12:00:00Z` } } })
}
process.stdout.write(out.join('\n') + '\n')
