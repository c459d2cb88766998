// Charging by the command line: the worked examples of the rules, errors that lose nothing, figures to look at.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, root, scratch } from './causeway.mjs'

const cases = join(root, 'test', 'charge', 'rules.ndjson')

test('the worked examples, at any number of threads', () => {
	const one = causeway('charge-cases', cases, '--threads', '1')
	assert.equal(one.code, 0, one.err)
	assert.equal(causeway('charge-cases', cases, '--threads', '3').out, one.out)
	const results = one.out.trim().split('\n').map(l => JSON.parse(l))
	readFileSync(cases, 'utf8').trim().split('\n').map(l => JSON.parse(l)).forEach((asked, i) => {
		assert.equal(results[i].id, asked.id)
		assert.deepEqual(results[i].result, asked.expected, asked.id)
	})
})

test('a case that cannot be read says why in its place, and the others are answered', t => {
	const file = join(scratch(t), 'cases.ndjson')
	writeFileSync(file, [
		'{"id": 1, "kind": "tariff", "given": {"scheme": "current", "capital": "15750"}}', '', '{"id": 2, "kind":',
		'{"id": 3, "kind": "lottery", "given": {}}',
		'{"id": 4, "kind": "tariff", "given": {"scheme": "current", "capital": "14250.01"}}'].join('\n'))
	const { code, out, err } = causeway('charge-cases', file)
	assert.equal(code, 65)
	assert.match(err, /2 of 4 cases could not be read/)
	const lines = out.trim().split('\n').map(l => JSON.parse(l))
	assert.equal(lines[0].result.tariff_income, '6.00')
	assert.match(lines[1].error, /Line 1, column 18/)
	assert.match(lines[2].error, /no kind of case 'lottery'/)
	assert.equal(lines[3].result.tariff_income, '1.00')
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
