// `causeway check` finds damage of every kind: each is done to a fresh copy of a whole database, behind the program's back.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, copyFileSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, scratch } from './causeway.mjs'

const haveSqlite = spawnSync('sqlite3', ['--version']).status === 0

const resources = [
	{ resourceType: 'Patient', id: 'a', name: [{ family: 'Älpha', given: ['Ann'] }], birthDate: '1950-01-02', gender: 'female', identifier: [{ system: 'http://x/n', value: '1' }] },
	{ resourceType: 'Patient', id: 'b', name: [{ family: 'Beta' }] },
	{ resourceType: 'Organization', id: 'o', name: 'Org', telecom: [{ system: 'phone', value: '1' }] },
	{ resourceType: 'Observation', id: 'x', status: 'final', code: { text: 'c' }, subject: { reference: 'Patient/a' }, effectivePeriod: { start: '2019-01-01', end: '2021-01-01' }, valueQuantity: { value: 1.5, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' } },
	{ resourceType: 'RiskAssessment', id: 'r', meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HIV' }] }, status: 'final', subject: { reference: 'Patient/a' }, prediction: [{ probabilityDecimal: 0.4 }] },
	{ resourceType: 'ValueSet', id: 'v', status: 'draft', url: 'http://x/vs' },
]

/** Triggers and the schema are no obstacle to a failing disk. */
const unguarded = 'DROP TRIGGER version_no_update; DROP TRIGGER version_no_delete; DROP TRIGGER dictionary_no_update; DROP TRIGGER dictionary_no_delete; '
const one = (table, more = '') => `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} ${more} LIMIT 1)`
const oneKeyed = table => `CREATE TEMP TABLE keep AS SELECT * FROM ${table} ORDER BY 1, 2 LIMIT -1 OFFSET 1; DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM keep`

const damages = {
	...Object.fromEntries(['token', 'string', 'date', 'number', 'quantity', 'reference', 'uri'].flatMap(table => [
		[`a row of ${table} lost`, oneKeyed(table)],
		[`a row of ${table} of a resource that is not there`, `INSERT INTO ${table} SELECT * FROM ${table} WHERE 0; UPDATE ${table} SET resource = 9999 WHERE resource = (SELECT min(resource) FROM ${table})`],
		[`a row of ${table} of another resource`, `UPDATE OR IGNORE ${table} SET resource = (SELECT key FROM resource WHERE id = 'b') WHERE resource = (SELECT max(resource) FROM ${table})`],
		[`a row of ${table} under another person`, `UPDATE OR IGNORE ${table} SET person = person + 1 WHERE resource = (SELECT min(resource) FROM ${table})`],
	])),
	'a row of token too many': `INSERT INTO token SELECT param, 'madeup', system, person, resource FROM token LIMIT 1`,
	'a row of string changed': `UPDATE string SET value = 'gamma' WHERE value = 'beta'`,
	'a row of date shifted': 'UPDATE date SET low = low + 1 WHERE resource = (SELECT min(resource) FROM date)',
	'a label lost': `UPDATE resource SET labels = 0 WHERE labels <> 0`,
	'a label too many': `UPDATE resource SET labels = 1 WHERE id = 'x'`,
	'a label of a version lost': one('version_label'),
	'a label of a version changed': `UPDATE version_label SET labels = labels + 1`,
	'a body of nothing': `UPDATE version SET body = x'00' WHERE seq = 1`,
	'a body cut short': 'UPDATE version SET body = substr(body, 1, length(body) - 3) WHERE seq = 1',
	'a body with one byte changed': `UPDATE version SET body = CAST(substr(body, 1, length(body) / 2) || x'ff' || substr(body, length(body) / 2 + 2) AS BLOB) WHERE seq = 1`,
	'a body of another resource': 'UPDATE version SET body = (SELECT body FROM version WHERE seq = 3) WHERE seq = 1',
	'a body of an earlier version': `UPDATE version SET body = (SELECT body FROM version v WHERE v.resource = version.resource AND v.version = 1) WHERE version = 2`,
	'a body lost': 'UPDATE version SET body = NULL WHERE seq = 1',
	'a size that is not so': 'UPDATE version SET size = size + 1 WHERE seq = 1',
	'a first version lost': one('version', 'WHERE version = 1 AND resource IN (SELECT resource FROM version WHERE version = 2)'),
	'a last version lost': one('version', 'WHERE version = 2'),
	'an only version lost': one('version', 'WHERE resource = (SELECT resource FROM version GROUP BY resource HAVING count(*) = 1 LIMIT 1)'),
	'a version renumbered': 'UPDATE version SET version = 5 WHERE version = 2',
	'a version at another time': 'UPDATE version SET updated = updated + 1000000 WHERE seq = 1',
	'a version of another person': 'UPDATE version SET person = person + 1 WHERE seq = 1',
	'a version of another type': 'UPDATE version SET type = (SELECT type FROM version v WHERE v.type <> version.type LIMIT 1) WHERE seq = 1',
	'a resource lost': `DELETE FROM resource WHERE id = 'b'`,
	'a resource renamed': `UPDATE resource SET id = 'bb' WHERE id = 'b'`,
	'a resource of another person': `UPDATE resource SET person = person + 1 WHERE id = 'x'`,
	'a resource at another version': `UPDATE resource SET version = 1 WHERE id = 'a'`,
	'a resource at another time': `UPDATE resource SET updated = updated + 1 WHERE id = 'a'`,
	'a resource said to be deleted': `UPDATE resource SET deleted = 1 WHERE id = 'b'`,
	'a deleted resource said to be there': `UPDATE resource SET deleted = 0 WHERE id = 'd'`,
	'a total that is not so': 'UPDATE total SET current = current + 1 WHERE type = (SELECT max(type) FROM total)',
	'a count of versions that is not so': 'UPDATE total SET current = current + 1 WHERE type = 0',
	'a name changed': `UPDATE name SET text = 'http://x/m' WHERE text = 'http://x/n'`,
	'a name lost': `DELETE FROM name WHERE text = 'http://x/n'`,
}

function makePlace(t) {
	const dir = scratch(t), db = join(dir, 'whole.db'), file = join(dir, 'in.json')
	const put = list => {
		writeFileSync(file, list.map(r => JSON.stringify(r)).join('\n'))
		assert.equal(causeway('import', db, file).code, 0)
	}
	put([...resources, { resourceType: 'Basic', id: 'd', code: { text: 'gone soon' } }])
	put([{ ...resources[0], active: true }])
	writeFileSync(file, JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'DELETE', url: 'Basic/d' } }] }))
	assert.equal(causeway('import', db, file).code, 0)
	assert.equal(spawnSync('sqlite3', [db, 'PRAGMA wal_checkpoint(TRUNCATE)']).status, 0)
	return { dir, db }
}

test('damage is found', { skip: !haveSqlite && 'no sqlite3' }, async t => {
	const { dir, db } = makePlace(t), copy = join(dir, 'copy.db')
	assert.equal(causeway('check', db).code, 0)
	// the triggers are put back, whose absence is a finding of its own
	const guarded = spawnSync('sqlite3', [db, "SELECT sql || ';' FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('version', 'dictionary')"], { encoding: 'utf8' }).stdout
	for (const [name, sql] of Object.entries(damages))
		await t.test(name, () => {
			copyFileSync(db, copy)
			const done = spawnSync('sqlite3', ['-bail', copy, `${unguarded}${sql}; ${guarded} SELECT total_changes()`], { encoding: 'utf8' })
			assert.equal(done.status, 0, done.stderr)
			assert.notEqual(done.stdout.trim(), '0', 'nothing was damaged')
			const { code, out, err } = causeway('check', copy)
			assert.equal(code, 65, `not found: ${out}${err}`)
		})
	await t.test('bytes of the file overwritten', () => {
		// but the dictionary: bodies have checksums, so what of it they need is proved by reading them
		const dump = file => spawnSync('sqlite3', [file, '.dump'], { encoding: 'utf8' }).stdout.replace(/^INSERT INTO dictionary.*$/m, '')
		const before = dump(db)
		for (let at = 4096 + 200; at < statSync(db).size; at += 4096 * 9) {
			copyFileSync(db, copy)
			const file = openSync(copy, 'r+')
			writeSync(file, Buffer.alloc(64, 0xa5), 0, 64, at)
			closeSync(file)
			const { code, signal } = causeway('check', copy)
			assert.equal(signal, null)
			if (code === 0) // what overwrites unused space harms nothing
				assert.ok(dump(copy) === before, `not found at ${at}`)
		}
	})
})
