// causeway link: files in, pairs, clusters and a report out; options, two files, mistakes.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, fixtures, haveFixtures, scratch } from './causeway.mjs'

const people = [
	['1', 'Margaret', 'Okonkwo', '1941-03-07', 'NG1 5DT'], ['2', 'Peggy', 'Okonkwo', '07/03/1941', 'NG1 5DT'],
	['3', 'Thomas', 'Gabriel', '1960-11-30', 'LE2 7XY'], ['4', 'Gabriel', 'Thomas', '1960-11-30', 'LE2 7XY'],
	['5', 'Ada', 'Whitlock', '1999-01-20', 'DE1 1AA'],
]
const syllables = ['mar', 'tin', 'wil', 'son', 'har', 'ris', 'tho', 'ber', 'cla', 'rke', 'win', 'gra']
/** Enough others, each unlike the rest, that chance can be measured. */
function others(n) {
	let x = 7
	const draw = m => (x = (x * 48271) % 2147483647) % m
	const word = () => syllables[draw(12)] + syllables[draw(12)] + syllables[draw(12)]
	return Array.from({ length: n }, (_, i) => [`x${i}`, word(), word(),
		`${1930 + draw(80)}-0${1 + draw(9)}-${10 + draw(18)}`, `NG${1 + draw(20)} ${draw(10)}${'ABDEFGH'[draw(7)]}${'ABDEFGH'[draw(7)]}`])
}
const file = (path, rows, header = 'id, forename, surname, date of birth, postcode') =>
	(writeFileSync(path, [header, ...rows.map(r => r.join(', '))].join('\n') + '\n'), path)
const lines = path => readFileSync(path, 'utf8').trim().split('\n').map(l => l.split(','))
const clusters = dir => Object.fromEntries(lines(join(dir, 'clusters.csv')).slice(1))

test('one file: pairs, clusters and a report', t => {
	const dir = scratch(t), out = join(dir, 'out')
	const input = file(join(dir, 'a.csv'), [...people, ...others(400)])
	const run = causeway('link', input, '--out', out)
	assert.equal(run.code, 0, run.err)
	const of = clusters(out), pairs = lines(join(out, 'pairs.csv'))
	assert.equal(of[1], of[2])
	assert.equal(of[3], of[4])
	assert.notEqual(of[1], of[5])
	assert.deepEqual(pairs[0], ['id_a', 'id_b', 'weight', 'probability'])
	assert.ok(pairs.some(([a, b, weight, p]) => a === '1' && b === '2' && +weight > 10 && +p > 0.5))
	assert.equal(Object.keys(of).length, 405)
	const report = readFileSync(join(out, 'report.html'), 'utf8')
	assert.match(report, /<svg /)
	assert.match(report, /given[\s\S]*nickname[\s\S]*dob/)
})

test('two files with the same ids, columns named, one to one', t => {
	const dir = scratch(t), out = join(dir, 'out')
	const a = file(join(dir, 'a.csv'), [...people.filter(p => '135'.includes(p[0])), ...others(300)], 'k,g,f,d,p')
	const b = file(join(dir, 'b.csv'), [...people.filter(p => '245'.includes(p[0])), ...others(600).slice(300)], 'k,g,f,d,p')
	const run = causeway('link', a, b, '--out', out, '--columns', 'id=k,given=g,family=f,dob=d,postcode=p', '--one-to-one')
	assert.equal(run.code, 0, run.err)
	const of = clusters(out)
	assert.equal(of['a:1'], of['b:2'])
	assert.equal(of['a:3'], of['b:4'])
	assert.equal(of['a:5'], of['b:5'])
})

test('mistakes are said', t => {
	const dir = scratch(t), input = file(join(dir, 'a.csv'), people)
	for (const [args, code, words] of [
		[['--threshold', '2'], 64, /between 0 and 1/], [['--columns', 'given=nobody'], 64, /no column "nobody"/],
		[['--truth', 'nobody'], 64, /no column "nobody"/], [['--one-to-one'], 64, /two files/]]) {
		const run = causeway('link', input, '--out', join(dir, 'out'), ...args)
		assert.equal(run.code, code)
		assert.match(run.err, words)
	}
	assert.equal(causeway('link', join(dir, 'none.csv')).code, 66)
	const out = join(dir, 'out')
	for (const [text, code, words] of [['', 64, /is empty: it has no header/], ['\ufeff\n\n', 64, /is empty/], [Buffer.from('\ufeffid,dob', 'utf16le'), 65, /is UTF-16/],
		['a,b\n1,2\n', 64, /b\.csv: no column's role/], ['id,phone\n1,2\n', 64, /no columns of the same role/],
		['id,dob\n1,1950-01-01,more\n', 65, /row 2 has 3 fields where the header has 2/], ['id,dob\n1\n', 65, /row 2 has 1 fields where the header has 2/]]) {
		writeFileSync(join(dir, 'b.csv'), text)
		const run = causeway('link', input, join(dir, 'b.csv'), '--out', out)
		assert.equal(run.code, code, run.err)
		assert.match(run.err, words)
	}
	writeFileSync(join(dir, 'b.csv'), 'Person ID;First name;SURNAME;Date of Birth\r\n1;Ann;Bell;1950-01-01;\r\n1;Zoe;Hill;1960-01-01;;\r\n')
	const twice = causeway('link', input, join(dir, 'b.csv'), '--out', out)
	assert.equal(twice.code, 0, twice.err)
	assert.match(twice.err, /1 records have an id that another has/)
	assert.equal(lines(join(out, 'clusters.csv')).length, 8)
})

test('a public data set; threads and the truth column change nothing', { skip: !haveFixtures && 'no fixtures' }, t => {
	const dir = scratch(t), input = join(fixtures, 'linkage', 'fake_1000.csv')
	const one = causeway('link', input, '--out', join(dir, '1'), '--threads', '1', '--truth', 'cluster')
	const two = causeway('link', input, '--out', join(dir, '2'), '--threads', '2')
	assert.equal(one.code + two.code, 0)
	assert.ok(+/F1 ([\d.]+)/.exec(one.out)[1] >= 0.9, one.out)
	for (const name of ['pairs.csv', 'clusters.csv'])
		assert.ok(readFileSync(join(dir, '1', name)).equals(readFileSync(join(dir, '2', name))), name)
})
