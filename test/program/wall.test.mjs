// wall.test.mjs - the second wall on PostgreSQL: a role that reads the database itself, past the program and without any predicate,
// sees of all tables nothing; and of the people and organisations that its session names what is theirs, and no more.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, database, psql, scratch, server } from './causeway.mjs'
import { resources } from './smart.mjs'

const options = { skip: !server && 'no PostgreSQL; test/pg starts one' }
const keeper = server?.replace(/\/\/[^/]*@/, '//keeper@') // the superuser of test/pg
/** Tables that tell of nobody. */
const open = ['name', 'meta', 'migration']

test('whoever reads past the program sees nothing without being told whose', options, t => {
	const dir = scratch(t), db = join(dir, 'place.db'), all = join(dir, 'all.ndjson')
	assert.equal(causeway('init', db).code, 0)
	const more = [{ resourceType: 'Observation', id: 'mind', meta: { source: 'https://fhir.nhs.uk/Id/ods-organization-code/WXP', security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'MH' }] }, status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/ada' } },
		{ resourceType: 'Observation', id: 'elsewhere', meta: { source: 'https://fhir.nhs.uk/Id/ods-organization-code/WXA' }, status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/ada' } }]
	writeFileSync(all, [...resources.filter(one => one.resourceType !== 'Group'), ...more].map(one => JSON.stringify(one)).join('\n') + '\n')
	assert.equal(causeway('import', db, all).code, 0)
	for (const args of [['account-add', db, 'ada', '--name', 'Ada', '--role', 'resident', '--patient', 'ada'], ['app-add', db, 'chart', '--redirect', 'https://chart.example/', '--scope', 'patient/*.rs', '--secret'], ['agreement-add', db, 'Two', '--org', 'WXP', '--org', 'WXA', '--purpose', 'care']])
		assert.equal(causeway(...args).code, 0, args[0])
	const schema = /search_path%3D(\w+)/.exec(database(db))[1], role = `reading_${schema}`
	psql(`CREATE ROLE ${role} NOLOGIN; GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role}`, keeper)
	t.after(() => psql(`DROP OWNED BY ${role}; DROP ROLE ${role}`, keeper))
	/** As that role, with what its session says; the rows of the answer. */
	const ask = (query, settings = {}) => psql(`SET search_path = ${schema}; SET ROLE ${role}; ${Object.entries(settings).map(([name, value]) => `SET ${name} = '${value}';`).join(' ')} ${query}`, keeper).split('\n').filter(Boolean)
	const own = query => psql(query, database(db)).split('\n')

	const tables = own(`SELECT relname FROM pg_class WHERE relnamespace = '${schema}'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1`).filter(name => !name.startsWith('view_'))
	assert.ok(tables.length > 50)
	const anything = tables.map(name => `SELECT '${name}' WHERE EXISTS (SELECT FROM "${name}")`).join(' UNION ALL ')
	const filled = own(anything)
	for (const name of ['resource', 'version', 'token', 'account', 'app', 'agreement'])
		assert.ok(filled.includes(name), `${name} has rows`)
	const seen = settings => ask(anything, settings)
	assert.deepEqual(seen().filter(name => !open.includes(name)), [], 'every table, and those that come')
	assert.deepEqual(seen({ 'causeway.people': '{}', 'causeway.orgs': '{}' }).filter(name => !open.includes(name)), [])

	const key = id => own(`SELECT r.key FROM resource r JOIN name n ON n.key = r.type WHERE n.text = 'Patient' AND r.id = '${id}'`)[0]
	const hill = own(`SELECT key FROM name WHERE text = 'https://fhir.nhs.uk/Id/ods-organization-code/WXP'`)[0], whose = { 'causeway.people': `{${key('ada')}}`, 'causeway.orgs': `{${hill}}` }
	const ids = ['Condition asthma', 'Observation lab-ada', 'Observation vital-ada', 'Patient ada']
	assert.deepEqual(ask(`SELECT n.text || ' ' || r.id FROM resource r JOIN name n ON n.key = r.type ORDER BY 1`, whose), ids, 'neither another’s, nor another organisation’s, nor what has a label')
	assert.deepEqual(ask(`SELECT n.text || ' ' || r.id FROM version v JOIN resource r ON r.key = v.resource JOIN name n ON n.key = r.type ORDER BY 1`, whose), ids)
	assert.deepEqual(ask('SELECT count(*) FROM version', whose), [String(ids.length)])
	for (const name of ['token', 'date', 'reference', 'string'])
		assert.deepEqual(ask(`SELECT count(*) FROM "${name}" WHERE person <> ${key('ada')}`, whose), ['0'], name)
	assert.ok(Number(ask('SELECT count(*) FROM token', whose)[0]) > 0)
	// and the program, which owns the tables, loads, reads and proves them as before
	assert.equal(causeway('check', db).code, 0)
	assert.equal(causeway('get', db, 'Observation/mind').code, 0)
})
