// The command line: help, errors with exit codes, init, import with rejects, get, search, path, completion, man.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { causeway, program, root, scratch } from './causeway.mjs'

const patient = (id, family) => ({ resourceType: 'Patient', id, name: [{ family }], birthDate: '1941-03-03' })

test('every command has help, and its options are in completion and the manual', () => {
	const names = causeway('--help').out.match(/^ {2}[a-z]+ /gm).map(s => s.trim())
	assert.ok(names.length >= 13, names.join(' '))
	const completion = causeway('completion').out
	const manual = causeway('man').out
	for (const name of names) {
		const help = causeway(name, '--help')
		assert.equal(help.code, 0)
		assert.match(help.out, new RegExp(`usage: causeway ${name}`))
		assert.match(completion, new RegExp(`\\t${name}\\)`))
		assert.match(manual, new RegExp(`\\.SS causeway ${name}`))
	}
	assert.equal(spawnSync('bash', ['-n'], { input: completion }).status, 0)
})

test('the manual page kept in man/ is the one the program prints', () => {
	assert.equal(readFileSync(join(root, 'man', 'causeway.1'), 'utf8'), causeway('man').out,
		'make it again: build/causeway man > man/causeway.1')
})

for (const [args, code, says] of [
	[['frobnicate'], 64, /no command "frobnicate"/],
	[['init'], 64, /causeway init DB/],
	[['init', 'a', 'b'], 64, /"b" is one argument too many/],
	[['check', '/nonexistent/x.db'], 74, /x\.db/],
	[['path', '1 +'], 65, /column/],
	[['path', '--input', '/nonexistent.json', 'id'], 66, /nonexistent/],
	[['export', 'x.db'], 64, /--out DIR/],
	[['import', 'x.db', '--jobs', 'many', 'y'], 64, /whole number/],
	[['init', '--frob', 'x'], 64, /no option --frob/],
	[['completion', 'fish'], 64, /bash and zsh, not for fish/],
])
	test(`causeway ${args.join(' ')} exits ${code}`, () => {
		const result = causeway(...args)
		assert.equal(result.code, code, result.err)
		assert.match(result.err, says)
	})

test('import takes resources, collections, NDJSON and gzip, and rejects the rest with a reason', t => {
	const dir = scratch(t)
	const db = join(dir, 'a.db')
	const file = (name, content) => { writeFileSync(join(dir, name), content); return join(dir, name) }
	const files = [
		file('one.json', JSON.stringify(patient('one', 'Single'))),
		file('pretty.json', JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry: [
			{ resource: patient('two', 'Collected') }, { resource: patient('three', 'Collected') }] }, null, 2)),
		file('lines.ndjson', [patient('four', 'Lined'), patient('five', 'Lined')].map(p => JSON.stringify(p)).join('\n') + '\n'),
		file('packed.ndjson.gz', gzipSync(JSON.stringify(patient('six', 'Packed')) + '\n')),
		file('bad.ndjson', `${JSON.stringify(patient('seven', 'Good'))}\n{"resourceType":"Patient","gender":"F"}\n{"oops\n`),
		file('broken.json', '{ "resourceType": "Patient",\n  "name": [ }'),
	]
	const result = causeway('import', db, ...files)
	assert.equal(result.code, 65, result.err)
	assert.match(result.out, /7 resources/)
	const rejects = readFileSync(`${db}.rejects.ndjson`, 'utf8').trim().split('\n').map(line => JSON.parse(line))
	assert.equal(rejects.length, 3)
	const by = Object.fromEntries(rejects.map(r => [`${r.file.split('/').pop()}:${r.line ?? ''}`, r]))
	assert.match(by['bad.ndjson:2'].reason, /gender/)
	assert.match(by['bad.ndjson:3'].reason, /[Ll]ine 1/)
	assert.match(by['broken.json:'].reason, /[Ll]ine 2/)
	assert.equal(by['bad.ndjson:2'].input, '{"resourceType":"Patient","gender":"F"}')

	assert.match(causeway('get', db, 'Patient/six').out, /"family": "Packed"/)
	assert.equal(causeway('get', db, 'Patient/none').code, 66)
	assert.equal(causeway('get', db, 'Patient/six/_history/1').out, causeway('get', db, 'Patient/six').out)
	assert.equal(causeway('get', db, 'Patient/six/_history/7').code, 66)
	assert.equal(causeway('get', db, 'Patient/six/_history/x').code, 64)
	assert.equal(causeway('get', db, 'Patient').code, 64)
	assert.deepEqual(causeway('search', db, 'Patient?family=lined&_sort=_id', '--ids').out.trim().split('\n'), ['Patient/five', 'Patient/four'])
	assert.equal(causeway('search', db, 'Patient?familly=x').code, 64)
	assert.equal(causeway('check', db).code, 0)
	assert.equal(causeway('rebuild', db).code, 0)
	assert.equal(causeway('check', db).code, 0)
})

test('a database of a newer Causeway, and a file that is none, are refused with a sentence', t => {
	const dir = scratch(t)
	const text = join(dir, 'text.db')
	writeFileSync(text, 'this is no database, but it is long enough to look at\n'.repeat(40))
	const result = causeway('check', text)
	assert.notEqual(result.code, 0)
	assert.ok(result.err.length > 20)
	assert.equal(readFileSync(text, 'utf8').startsWith('this is no database'), true)
})

test('causeway path prints one JSON value a line', t => {
	const dir = scratch(t)
	const input = join(dir, 'p.json')
	writeFileSync(input, JSON.stringify({ ...patient('a', 'Tredwell'), name: [{ family: 'Tredwell', given: ['Edith', 'Ann'] }] }))
	assert.equal(causeway('path', '--input', input, 'name.given').out, '"Edith"\n"Ann"\n')
	assert.equal(causeway('path', '--input', input, 'birthDate').out, '"1941-03-03"\n')
	assert.equal(causeway('path', '@2024-02-29 + 1 year').out, '"2025-02-28"\n')
	assert.equal(causeway('path', '1.50').out, '1.50\n')
	const wrong = causeway('path', '--input', input, 'name.givven')
	assert.equal(wrong.code, 65)
	assert.match(wrong.err, /givven/)
})

test('examples of the documents run', { skip: !existsSync('/bin/sh') }, t => {
	const dir = scratch(t)
	spawnSync('mkdir', ['-p', join(dir, 'bundles')])
	writeFileSync(join(dir, 'bundles', 'a.json'), JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: [
		{ resource: patient('p-000001', 'Tredwell'), request: { method: 'PUT', url: 'Patient/p-000001' } }] }))
	writeFileSync(join(dir, 'patient.json'), JSON.stringify({ ...patient('a', 'x'), name: [{ given: ['Edith'] }] }))
	const readme = readFileSync(join(root, 'README.md'), 'utf8')
	const blocks = [...readme.matchAll(/^```sh\n(causeway [\s\S]*?)^```/gm)]
	assert.ok(blocks.length > 0)
	for (const [, block] of blocks) {
		const result = spawnSync('sh', ['-eu'], { cwd: dir, input: block, encoding: 'utf8', env: { ...process.env, PATH: `${join(root, 'build')}:${process.env.PATH}` } })
		assert.equal(result.status, 0, result.stderr)
	}
})

test('output that cannot be written is an error, however much or little of it there is', { skip: !existsSync('/dev/full') }, t => {
	const dir = scratch(t), db = join(dir, 'a.db'), file = join(dir, 'a.ndjson')
	for (const count of [1, 12, 200]) {
		writeFileSync(file, Array.from({ length: count }, (_, n) => JSON.stringify({ resourceType: 'Basic', id: `b${n}`, code: { text: 'x'.repeat(400) } })).join('\n'))
		assert.equal(causeway('import', db, file).code, 0)
		const { status } = spawnSync('sh', ['-c', '"$0" search "$1" "Basic?_count=1000" > /dev/full', program, db])
		assert.equal(status, 74, `${count} resources`)
	}
})
