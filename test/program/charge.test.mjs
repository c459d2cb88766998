// Charging by the command line: the worked examples of the rules, errors that lose nothing, figures to look at.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, root, scratch } from './causeway.mjs'
import { compare } from './charge_against.mjs'

const cases = join(root, 'test', 'charge', 'rules.ndjson')
const elsewhere = join(root, '..', 'shared', 'domain', 'charging-examples.ndjson')
const lines = text => text.trim().split('\n').map(l => JSON.parse(l))

test('the worked examples, at any number of threads', () => {
	const one = causeway('charge-cases', cases, '--threads', '1')
	assert.equal(one.code, 0, one.err)
	assert.equal(causeway('charge-cases', cases, '--threads', '3').out, one.out)
	const results = lines(one.out)
	lines(readFileSync(cases, 'utf8')).forEach((asked, i) => {
		assert.equal(results[i].id, asked.id)
		assert.deepEqual(results[i].result, asked.expected, asked.id)
	})
})

test('examples worked out elsewhere', { skip: existsSync(elsewhere) ? false : 'no examples of others here' }, () => {
	const results = lines(causeway('charge-cases', elsewhere).out)
	const asked = lines(readFileSync(elsewhere, 'utf8'))
	assert.ok(asked.length >= 100)
	asked.forEach((it, i) => assert.deepEqual(results[i], { id: it.id, result: it.expected }, it.id))
})

// CHARGE_AGAINST=100000 for the whole.
test('invented cases, worked out twice: by the program and by a second reading of the rules', () => {
	const { differences } = compare(Number(process.env.CHARGE_AGAINST ?? 3000), 20150406)
	assert.deepEqual(differences.slice(0, 3), [])
})

test('a case that cannot be read says why in its place, and the others are answered', t => {
	const file = join(scratch(t), 'cases.ndjson')
	writeFileSync(file, '\ufeff' + [
		'{"id": 1, "kind": "tariff", "given": {"scheme": "current", "capital": "15750"}}\r', '', '{"id": 2, "kind":',
		'{"id": 3, "kind": "lottery", "given": {}}', `{"id": 5, "kind": "${'x'.repeat(1100000)}"}`, '\u0000', '[]', '{"id": {"a": 1}, "kind": "tariff"}',
		'{"id": 6, "kind": "tariff", "given": {"capital": "1.00", "scheme": "current"}, "id": 7}',
		'{"id": 4, "kind": "tariff", "given": {"scheme": "current", "capital": "14250.01"}}',
		'{"id": 8, "kind": "community", "given": {"on": "2015-06-01", "person": {"born": "1940-01-01"}, "income": [{"type": "annuity", "weakly": "1.00"}]}}',
		'{"kind": "tariff", "given": {"scheme": "current", "capital": "1.00"}}', '{"id": 9, "kind": "tariff", "given": {"capital": "1e3"}}'].join('\n'))
	const { code, out, err } = causeway('charge-cases', file)
	assert.equal(code, 65)
	assert.match(err, /10 of 12 cases could not be read/)
	const got = lines(out)
	assert.equal(got[0].result.tariff_income, '6.00')
	assert.match(got[1].error, /^line 3, column 18: /)
	assert.match(got[2].error, /^line 4: There is no kind of case 'lottery'/)
	assert.match(got[3].error, /^line 5: A case has at most 1048576 bytes/)
	assert.match(got[4].error, /^line 6, column 1: /)
	assert.match(got[5].error, /^line 7: A case must be a JSON object/)
	assert.match(got[6].error, /^line 8: given must be an object/)
	assert.match(got[7].error, /^line 9, column \d+: /)
	assert.equal(got[8].result.tariff_income, '1.00')
	assert.match(got[9].error, /^line 11: given: no case has a member called 'weakly'/)
	assert.match(got[10].error, /^line 12: A case needs an id/)
	assert.match(got[11].error, /^line 13: given\.(scheme|capital) must be/)
})

test('every line of an explanation has a rule, and figures have their source', t => {
	const file = join(scratch(t), 'case.json')
	writeFileSync(file, readFileSync(cases, 'utf8').split('\n').find(l => l.includes('T-CH-R1')))
	const { code, out } = causeway('charge-explain', file)
	assert.equal(code, 0)
	assert.match(out, /7\.00 +CH-2 .*Tariff income: £1\.00 for each £250\.00 of capital above £14,250\.00/)
	assert.match(out, /-24\.90 +CH-R .*personal expenses allowance.*from 2015-04-06/)
	assert.match(out, /158\.05 +CH-R +Charge for the week/)
})

test('figures are listed, shown, compared and checked', () => {
	assert.match(causeway('policy', 'list', '--on', '2015-06-01').out, /personal_expenses_allowance +24\.90 GBP\/week/)
	assert.match(causeway('policy', 'show', 'nursing_standard').out, /180\.31 .*2020-04-30/)
	assert.match(causeway('policy', 'diff', '2024-04-01', '2025-06-01').out, /30\.65/)
	assert.match(causeway('policy', 'check').out, /\d+ figures: \d+ from a source read/)
	assert.equal(causeway('policy', 'show', 'luck').code, 66)
	assert.equal(causeway('policy', 'diff', '2024').code, 64)
})

test('tables with something wrong in them are refused with file and line, however they lie in the folder', t => {
	const head = 'scheme\tkey\tvalue\tunit\tfrom\tto\tknown_from\tsource\tevidence\n'
	const row = (...cells) => ['england', ...cells, '', 'the council', 'local'].join('\t') + '\n'
	const gilt = (from, to, value = '1.00', unit = 'percent', key = 'gilt_rate') => row(key, value, unit, from, to)
	const wrong = [
		[gilt('2020-01-01', '2021-01-01') + gilt('2021-02-01', ''), /gilt\.tsv:3: leaves a gap after line 2/],
		[gilt('2020-01-01', '2021-01-01') + gilt('2020-12-01', ''), /gilt\.tsv:3: overlaps line 2/],
		[gilt('2020-01-01', '', '1.00', 'GBP'), /gilt\.tsv:2: gilt_rate is in percent, not in 'GBP'/],
		[gilt('2020-01-01', '', '1.00', 'percent', 'guilt_rate'), /gilt\.tsv:2: 'guilt_rate' is no key/],
		[gilt('2020-01-01', '', '-3'), /gilt\.tsv:2: -3 is outside/],
		[gilt('2020-02-30', ''), /gilt\.tsv:2: '2020-02-30' is no day/],
		[gilt('2020-01-01', '', '1e2'), /gilt\.tsv:2: /],
		[gilt('2020-01-01', '', '1,00'), /gilt\.tsv:2: '1,00' is no number/],
		[gilt('2020-01-01', '', ''), /gilt\.tsv:2: '' is no number/],
		[gilt('01/04/2020', ''), /gilt\.tsv:2: '01\/04\/2020' is no day/],
		[gilt('2020', ''), /gilt\.tsv:2: '2020' is no day/],
		[gilt('2021-01-01', '2020-01-01'), /gilt\.tsv:2: ends before it begins/],
		[gilt('2020-01-01', '') + gilt('2020-01-01', ''), /gilt\.tsv:3: is here twice: line 2/],
		[gilt('2020-01-01', '').replace('england', 'engalnd'), /gilt\.tsv:2: 'engalnd' is no scheme of share\/policy\/scheme\.tsv/],
		[gilt('2020-01-01', '').replace('\tthe council', ''), /gilt\.tsv:2: /],
		[gilt('2020-01-01', '').replace('the council', ''), /gilt\.tsv:2: a figure needs its source/],
		[gilt('2020-01-01', '').replace('local', 'hearsay'), /gilt\.tsv:2: evidence is source/],
		[gilt('2020-01-01', '').replace('\n', '\t\t\t\t\tmore\n'), /gilt\.tsv:2: /],
	]
	const heads = [head.replace('\tknown_from', ''), head.replace('unit', 'units'), '\ufeff' + head, '', head.replace('scheme\tkey', 'key\tscheme')]
	for (const way of ['policy/england', '']) {
		const dir = scratch(t), folder = join(dir, way)
		mkdirSync(folder, { recursive: true })
		const file = join(folder, 'gilt.tsv')
		for (const [rows, why] of wrong) {
			writeFileSync(file, head + rows)
			const { code, err } = causeway('policy', 'check', dir)
			assert.equal(code, 65, err)
			assert.match(err, why)
			assert.ok(err.includes(file), err)
		}
		for (const other of heads) {
			writeFileSync(file, other + gilt('2020-01-01', ''))
			const { code, err } = causeway('policy', 'check', dir)
			assert.equal(code, 65, other)
			assert.match(err, /gilt\.tsv:1: the first row must name the columns/)
		}
		writeFileSync(file, head + gilt('2020-01-01', '2021-01-01') + gilt('2021-01-01', ''))
		assert.equal(causeway('policy', 'check', dir).code, 0)
	}
	assert.equal(causeway('policy', 'check', join(scratch(t), 'none')).code, 66)
})
