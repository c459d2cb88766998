// causeway view: definitions over files, Bundles, NDJSON, gzip, XML and a database, in three formats; mistakes and their places.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { causeway, fixtures, program, root, scratch } from './causeway.mjs'

const patient = (id, family, more = {}) => ({ resourceType: 'Patient', id, name: [{ family, given: ['Ada', 'May'] }], ...more })
const names = {
	resourceType: 'ViewDefinition', name: 'names', status: 'draft', resource: 'Patient',
	select: [
		{ column: [{ name: 'id', path: 'getResourceKey()' }, { name: 'active', path: 'active' }] },
		{ forEachOrNull: 'name', column: [{ name: 'family', path: 'family' }, { name: 'given', path: 'given', collection: true }] },
	],
}

/** A folder with a definition; `write` puts a file beside it. */
function place(t, view = names) {
	const dir = scratch(t)
	const write = (name, content) => {
		writeFileSync(join(dir, name), typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content))
		return join(dir, name)
	}
	return { dir, write, view: write('view.json', view) }
}

/** RFC 4180, read by itself: rows of texts, null where nothing stands between commas. */
function csv(text) {
	const rows = []
	for (let i = 0, row = []; i < text.length;) {
		const quoted = text[i] === '"'
		let value = ''
		if (quoted) {
			for (i++; text[i] !== '"' || text[i + 1] === '"'; i++)
				value += text[i] === '"' ? text[++i] : text[i]
			i++
		} else {
			while (i < text.length && !',\r'.includes(text[i]))
				value += text[i++]
		}
		row.push(value === '' && !quoted ? null : value)
		if (text[i] === ',') {
			i++
			continue
		}
		assert.equal(text.slice(i, i + 2), '\r\n')
		i += 2
		rows.push(row)
		row = []
	}
	return rows
}

test('the same rows in three formats', t => {
	const { view, write } = place(t)
	const input = write('a.json', { resourceType: 'Bundle', type: 'collection', entry: [
		{ resource: patient('a', 'O"Neill, Sr', { active: true }) }, { resource: { resourceType: 'Observation', id: 'x' } },
		{ resource: { resourceType: 'Patient', id: 'b' } }] })
	const json = causeway('view', 'run', view, '--input', input, '--format', 'json')
	assert.equal(json.code, 0, json.err)
	assert.deepEqual(JSON.parse(json.out), [
		{ id: 'Patient/a', active: true, family: 'O"Neill, Sr', given: ['Ada', 'May'] },
		{ id: 'Patient/b', active: null, family: null, given: null }])
	const lines = causeway('view', 'run', view, '--input', input, '--format', 'ndjson').out.trimEnd().split('\n')
	assert.deepEqual(lines.map(line => JSON.parse(line)), JSON.parse(json.out))
	assert.deepEqual(csv(causeway('view', 'run', view, '--input', input).out), [
		['id', 'active', 'family', 'given'], ['Patient/a', 'true', 'O"Neill, Sr', '["Ada","May"]'], ['Patient/b', null, null, null]])
})

test('every kind of input, one after the other', t => {
	const { view, write } = place(t)
	const inputs = [
		write('one.json', patient('one', 'A')),
		write('later.json', { resourceType: 'NutritionIntake', id: 'of R5' }),
		write('list.json', [patient('two', 'B'), patient('three', 'C')]),
		write('lines.ndjson', [patient('four', 'D'), patient('five', 'E')].map(p => JSON.stringify(p)).join('\n') + '\n\n'),
		write('packed.ndjson.gz', gzipSync(JSON.stringify(patient('six', 'F')) + '\n')),
		write('packed.json.gz', gzipSync(JSON.stringify(patient('seven', 'G'), null, 2))),
		write('lines.txt', [patient('eight', 'H'), patient('nine', 'I')].map(p => JSON.stringify(p)).join('\n')),
		write('ten.xml', '<Patient xmlns="http://hl7.org/fhir"><id value="ten"/><name><family value="J"/></name></Patient>'),
	]
	const wanted = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].map(id => `Patient/${id}`)
	const ids = result => { assert.equal(result.code, 0, result.err); return csv(result.out).slice(1).map(row => row[0]) }
	assert.deepEqual(ids(causeway('view', 'run', view, ...inputs.flatMap(file => ['--input', file]))), wanted)
	assert.deepEqual(ids(causeway('view', 'run', view, '--input', ...inputs)), wanted)
	const stdin = spawnSync(program, ['view', 'run', view, '--input', '-'], { input: JSON.stringify(patient('in', 'K')), encoding: 'utf8' })
	assert.deepEqual(ids({ code: stdin.status, out: stdin.stdout, err: stdin.stderr }), ['Patient/in'])
})

test('nothing found is an empty list, or the names of the columns', t => {
	const { view, write } = place(t)
	const input = write('a.json', { resourceType: 'Observation', id: 'x' })
	assert.equal(causeway('view', 'run', view, '--input', input, '--format', 'json').out, '[]\n')
	assert.equal(causeway('view', 'run', view, '--input', input, '--format', 'ndjson').out, '')
	assert.equal(causeway('view', 'run', view, '--input', input).out, 'id,active,family,given\r\n')
})

test('a whole database', t => {
	const { dir, view, write } = place(t)
	const db = join(dir, 'a.db')
	const all = Array.from({ length: 500 }, (_, i) => patient(`p${i}`, `Family${i}`))
	assert.equal(causeway('import', db, write('all.ndjson', all.map(p => JSON.stringify(p)).join('\n'))).code, 0)
	for (const args of [['--db', db], [db], ['--input', db]]) {
		const result = causeway('view', 'run', view, ...args, '--format', 'ndjson', '--quiet')
		assert.equal(result.code, 0, result.err)
		const rows = result.out.trimEnd().split('\n').map(line => JSON.parse(line))
		assert.deepEqual(rows.map(row => row.family).sort(), all.map(p => p.name[0].family).sort())
	}
	assert.equal(causeway('view', 'run', view, '--db', join(dir, 'none.db')).code, 74)
	assert.equal(csv(causeway('view', 'run', 'patient', '--db', db).out).length, 501)
	assert.equal(causeway('view', 'run', 'nonesuch', '--db', db).code, 66)
})

test('columns and their types', t => {
	const { view } = place(t)
	const result = causeway('view', 'columns', view)
	assert.equal(result.code, 0, result.err)
	assert.deepEqual(result.out.trimEnd().split('\n').map(line => line.split('\t').slice(0, 2)),
		[['id', 'String'], ['active', 'boolean'], ['family', 'string'], ['given', 'string[]']])
})

for (const [title, view, says] of [
	['a mistake in an expression', { ...names, where: [{ path: 'name.(' }] }, /view\.json: line 1, column \d+: where\[0\]\.path: line 1, column 6/],
	['an element nobody has', { ...names, select: [{ column: [{ name: 'x', path: 'surname' }] }] }, /Patient has no element 'surname'/],
	['more than one value', { ...names, select: [{ column: [{ name: 'given', path: 'name.given' }] }] }, /a\.json: Patient\/a: given: .*gives 2 values/],
	['no JSON', '{ "resource": ', /view\.json: Line 1/],
])
	test(`${title} ends the run with its reason`, t => {
		const { view: file, write } = place(t, view)
		const result = causeway('view', 'run', file, '--input', write('a.json', patient('a', 'A')))
		assert.equal(result.code, 65)
		assert.match(result.err, says)
	})

test('mistakes in the input and in the command', t => {
	const { view, write } = place(t)
	const broken = causeway('view', 'run', view, '--input', write('bad.ndjson', `${JSON.stringify(patient('a', 'A'))}\n{"oops\n`))
	assert.equal(broken.code, 65)
	assert.match(broken.err, /bad\.ndjson:2: /)
	assert.match(causeway('view', 'run', view, '--input', write('x.json', { a: 1 })).err, /this is no resource/)
	assert.equal(causeway('view', 'run', view, '--input', '/nonexistent.json').code, 66)
	assert.equal(causeway('view', 'run', view).code, 64)
	assert.equal(causeway('view', 'run').code, 64)
	assert.equal(causeway('view', 'list').code, 64)
	assert.equal(causeway('view', 'rebuild').code, 64)
	assert.equal(causeway('view', 'frobnicate').code, 64)
	assert.match(causeway('view', 'run', view, '--input', 'x', '--format', 'xlsx').err, /csv, json or ndjson/)
})

/** Order of rows and of members is no part of the suite. */
const canonical = rows => rows.map(row => JSON.stringify(Object.entries(row).sort())).sort()

const suite = join(fixtures, 'sql-on-fhir')
test('the official suite, through the program', { skip: existsSync(suite) ? false : `${suite} is not there` }, t => {
	const { write } = place(t)
	let passed = 0
	for (const name of readdirSync(suite).filter(file => file.endsWith('.json') && file !== 'manifest.json')) {
		const { resources, tests } = JSON.parse(readFileSync(join(suite, name), 'utf8'))
		const input = write('input.ndjson', resources.map(r => JSON.stringify(r)).join('\n'))
		for (const one of tests) {
			const result = causeway('view', 'run', write('view.json', one.view), '--input', input, '--format', 'json')
			if (one.expectError) {
				assert.notEqual(result.code, 0, `${name}: ${one.title}`)
			} else {
				assert.equal(result.code, 0, `${name}: ${one.title}: ${result.err}`)
				const rows = JSON.parse(result.out)
				assert.deepEqual(canonical(rows), canonical(one.expect), `${name}: ${one.title}`)
				if (one.expectColumns)
					assert.deepEqual(Object.keys(rows[0]), one.expectColumns)
			}
			passed++
		}
	}
	assert.ok(passed >= 60)
})

/** A database with a few people, and a place's own pack with one more view. */
function kept(t) {
	const { dir, write } = place(t)
	const db = join(dir, 'a.db')
	const lines = ['a', 'b', 'c'].map(id => JSON.stringify(patient(id, `Family ${id}`))).join('\n')
	assert.equal(causeway('import', db, write('all.ndjson', lines)).code, 0)
	const pack = join(dir, 'pack')
	mkdirSync(join(pack, 'view'), { recursive: true })
	return { dir, db, pack, own: view => writeFileSync(join(pack, 'view', 'own.json'), JSON.stringify(view)) }
}

/** `view list` as { name: rows }. */
const tables = (...args) => Object.fromEntries(causeway('view', 'list', ...args).out.trimEnd().split('\n')
	.map(line => line.split('\t')).map(([name, , , rows]) => [name, parseInt(rows)]))

test('every database keeps tables of views, and check compares them', t => {
	const { db } = kept(t)
	assert.equal(tables(db).view_patient, 3)
	const check = causeway('check', db)
	assert.equal(check.code, 0, check.err)
	assert.match(check.out, /3 rows in views/)
	assert.equal(causeway('view', 'rebuild', db).code, 0)
	assert.equal(causeway('rebuild', db).code, 0)
	assert.equal(tables(db).view_patient, 3)
	assert.equal(causeway('check', db).code, 0)
})

test("a place's own view is a table after a rebuild, and gone after another", t => {
	const { db, pack, own } = kept(t)
	own({ name: 'own_names', resource: 'Patient', select: [{ forEach: 'name.given', column: [{ name: 'given', path: '$this' }] }] })
	const refused = causeway('import', db, '--place', pack, join(root, 'package.json'))
	assert.equal(refused.code, 75)
	assert.match(refused.err, /causeway view rebuild/)
	assert.equal(causeway('view', 'list', db, '--place', pack).code, 75)
	assert.notEqual(causeway('check', db, '--place', pack).code, 0)
	assert.equal(causeway('view', 'rebuild', db, '--place', pack).code, 0)
	assert.equal(tables(db, '--place', pack).view_own_names, 6)
	assert.equal(causeway('check', db, '--place', pack).code, 0)
	assert.equal(causeway('view', 'rebuild', db).code, 0)
	assert.equal('view_own_names' in tables(db), false)
	assert.equal(causeway('check', db).code, 0)
})

test("a broken definition in a place's pack is named", t => {
	const { db, pack, own } = kept(t)
	own({ name: 'own_names', resource: 'Patient', select: [{ column: [{ name: 'x', path: 'surname' }] }] })
	const result = causeway('view', 'rebuild', db, '--place', pack)
	assert.equal(result.code, 65)
	assert.match(result.err, /share\/view\/own\.json: line 1, column \d+: select\[0\]\.column\[0\]\.path/)
})

test('the views shipped compile, and docs/views.md has their columns', () => {
	const folder = join(root, 'share', 'view')
	const doc = readFileSync(join(root, 'docs', 'views.md'), 'utf8')
	for (const name of readdirSync(folder).filter(file => file.endsWith('.json'))) {
		const result = causeway('view', 'columns', join(folder, name))
		assert.equal(result.code, 0, name)
		const table = JSON.parse(readFileSync(join(folder, name), 'utf8')).name
		const section = doc.split(`### view_${table}\n`)[1]?.split('\n### ')[0] ?? ''
		const documented = section.split('\n').filter(line => line.startsWith('| `'))
		assert.deepEqual(documented, result.out.trimEnd().split('\n').map(line => line.split('\t'))
			.map(([column, type, meaning]) => `| \`${column}\` | ${type} | ${meaning} |`), name)
	}
})
