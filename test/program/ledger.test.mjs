// The ledger by the command line, over an empty place; ledger_test.c has what entries must be.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, scratch } from './causeway.mjs'

test('an empty ledger is in order, and its days can be closed once', t => {
	const db = join(scratch(t), 'place.db')
	assert.equal(causeway('init', db).code, 0)
	assert.match(causeway('ledger', 'check', db).out, /in order: 0 accounts, 0 entries, 0 postings/)
	assert.match(causeway('ledger', 'trial', db, '--on', '2016-03-31').out, /account +unit +debit +credit +balance/)
	assert.equal(causeway('ledger', 'export', db, '--format', 'hledger').out, '')
	assert.equal(causeway('ledger', 'close', db, '--before', '2016-04-01', '--by', 'A. Finance').code, 0)
	const again = causeway('ledger', 'close', db, '--before', '2016-03-01', '--by', 'A. Finance')
	assert.equal(again.code, 75)
	assert.match(again.err, /Days before 2016-04-01 are closed already/)
	assert.equal(causeway('ledger', 'close', db).code, 64)
	assert.equal(causeway('ledger', 'burn', db).code, 64)
	assert.equal(causeway('ledger', 'export', db, '--format', 'stone').code, 64)
})
