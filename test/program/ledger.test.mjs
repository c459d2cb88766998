// The ledger by the command line: trial balances as they were and as they were known, exports that other programs add up to
// the same, days closed for good, and proof that names what was damaged. ledger_test.c has what entries must be.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, scratch, server } from './causeway.mjs'

const have = (program, option = '--version') => spawnSync(program, [option]).status === 0
const run = (program, ...words) => {
	const done = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 28 })
	assert.equal(done.status, 0, done.stderr)
	return done.stdout
}

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

/** A ledger of invented entries over some days, every tenth a reversal. */
function filled(t, entries = 4800) {
	const dir = scratch(t), db = join(dir, 'ledger.db')
	assert.equal(causeway('init', db).code, 0)
	const done = causeway('ledger', 'exercise', db, '--entries', String(entries), '--writers', '2', '--seed', '3')
	assert.equal(done.code, 0, done.err)
	return { dir, db, entries }
}

/** account → pence, of lines that end in the debit, the credit and the balance. */
const balances = text => new Map(text.trim().split('\n').slice(1).map(line => {
	const cells = line.trim().split(/ +/)
	return [cells[0], { debit: pence(cells[2]), credit: pence(cells[3]), balance: pence(cells[4]) }]
}))
const pence = text => Math.round(Number(text) * 100)
const sum = list => [...list].reduce((a, b) => a + b, 0)

test('a trial balance adds up, as it was on a day and as it was known', t => {
	const { db } = filled(t), now = balances(causeway('ledger', 'trial', db).out)
	assert.ok(now.size > 50)
	assert.equal(sum([...now.values()].map(a => a.debit)), sum([...now.values()].map(a => a.credit)))
	for (const a of now.values())
		assert.equal(a.balance, a.debit - a.credit)
	const rows = causeway('ledger', 'export', db).out.trim().split('\n').slice(1).map(line => line.split(','))
	const days = [...new Set(rows.map(row => row[1]))].sort(), day = days[1]
	assert.ok(days.length > 3)
	const then = balances(causeway('ledger', 'trial', db, '--on', day).out)
	for (const [account, a] of then)
		assert.equal(a.balance, sum(rows.filter(row => row[2] === account && row[1] <= day).map(row => pence(row[4]))), account)
	assert.equal(balances(causeway('ledger', 'trial', db, '--known', '2001-01-01T00:00:00Z').out).size, 0, 'nothing was known then')
	assert.deepEqual(balances(causeway('ledger', 'trial', db, '--known', '2200-01-01T00:00:00Z').out), now)
})

test('hledger adds an export up to the same balances', { skip: have('hledger') ? false : 'hledger is not here' }, t => {
	const { dir, db, entries } = filled(t), journal = join(dir, 'ledger.journal')
	writeFileSync(journal, causeway('ledger', 'export', db, '--format', 'hledger').out)
	run('hledger', '-f', journal, 'check')
	assert.match(run('hledger', '-f', journal, 'stats'), new RegExp(`Transactions +: ${entries} `))
	const theirs = run('hledger', '-f', journal, 'balance', '--flat', '--empty', '--no-total', '-O', 'csv').trim().split('\n').slice(1)
	const ours = balances(causeway('ledger', 'trial', db).out)
	assert.equal(theirs.length, ours.size)
	for (const line of theirs) {
		const [, account, amount] = /^"Assets:([^"]+)","(-?[\d.]+)/.exec(line)
		assert.equal(pence(amount), ours.get(account).balance, line)
	}
})

test('beancount takes an export', { skip: have('bean-check', '--help') ? false : 'beancount is not here' }, t => {
	const { dir, db } = filled(t, 480), file = join(dir, 'ledger.beancount')
	writeFileSync(file, causeway('ledger', 'export', db, '--format', 'beancount').out)
	run('bean-check', file)
})

test('a closed day takes no entry', t => {
	const { db } = filled(t, 100)
	assert.equal(causeway('ledger', 'close', db, '--before', '2100-01-01', '--by', 'A. Finance').code, 0)
	const refused = causeway('ledger', 'exercise', db, '--entries', '100', '--writers', '2', '--seed', '4')
	assert.notEqual(refused.code, 0)
	assert.match(refused.err, /which says something else|is closed; the first open day is 2100-01-01/)
	assert.match(causeway('ledger', 'check', db).out, /in order: 64 accounts, 100 entries, 200 postings/)
})

// What a failing disk or a meddling hand may do, and what the proof says: the entry, and its posting where it is one.
const unguarded = ['account', 'entry', 'posting', 'period'].flatMap(name => ['update', 'delete'].map(verb => `DROP TRIGGER ledger_${name}_no_${verb};`)).join(' ')
const damages = {
	'an amount changed': ['UPDATE ledger_posting SET amount = amount + 7 WHERE key = 5 * 1024 + 2', /Entry 5 does not sum to zero: it is out by 7\./],
	'a posting lost': ['DELETE FROM ledger_posting WHERE key = 5 * 1024 + 2', /Entry 5 has fewer than two postings/],
	'a posting twice': ['INSERT INTO ledger_posting SELECT key + 1, account, amount, effective, recorded, person FROM ledger_posting WHERE key = 5 * 1024 + 2', /Entry 5 does not sum to zero/],
	'a posting of nothing': ['UPDATE ledger_posting SET amount = 0 WHERE key / 1024 = 5', /Entry 5, posting 1: it is of nothing[^]*Entry 5, posting 2: it is of nothing/],
	'a posting to no account': ['UPDATE ledger_posting SET account = 9999 WHERE key = 6 * 1024 + 1', /Entry 6, posting 1: it is of nothing, or to no account/],
	'a posting of another day': ['UPDATE ledger_posting SET effective = effective + 1 WHERE key = 6 * 1024 + 1', /Entry 6, posting 1: it says another day/],
	'a posting of another moment': ['UPDATE ledger_posting SET recorded = recorded + 1 WHERE key = 6 * 1024 + 2', /Entry 6, posting 2: it says another day, moment/],
	'a posting of another person': ['UPDATE ledger_posting SET person = 3 WHERE key = 6 * 1024 + 2', /Entry 6, posting 2: it says another day, moment or person/],
	'an entry lost': ['DELETE FROM ledger_entry WHERE key = 7', /Entry 7 is missing, its posting 1 is there[^]*Entry 8 does not follow/],
	'an entry lost whole': ['DELETE FROM ledger_entry WHERE key = 7; DELETE FROM ledger_posting WHERE key / 1024 = 7', /Entry 8 does not follow the one before it/],
	'an entry of an earlier moment': ['UPDATE ledger_entry SET recorded = 1 WHERE key = 9; UPDATE ledger_posting SET recorded = 1 WHERE key / 1024 = 9', /Entry 9 does not follow the one before it/],
	'an entry put into closed days': [`INSERT INTO ledger_period SELECT 9000, max(effective) + 1, 3, 0, 'x' FROM ledger_entry`, /Entry 4 is effective on a day that was closed/],
	'a reversal of something else': ['UPDATE ledger_posting SET amount = amount * 2 WHERE key / 1024 = (SELECT min(key) FROM ledger_entry WHERE reverses IS NOT NULL)', /Entry \d+, posting 1: it is not the opposite/],
	'an account of another unit': [`UPDATE ledger_account SET unit = 'EUR' WHERE key = (SELECT account FROM ledger_posting WHERE key = 5 * 1024 + 1)`, /Entry 5 does not sum to zero/],
	'an account below its limit': ['UPDATE ledger_account SET bound = 1', /Account number \d+ stands where its limit forbids/],
}

test('what was damaged is named', { skip: server ? 'damage is done to a file' : have('sqlite3') ? false : 'sqlite3 is not here' }, t => {
	const { dir, db } = filled(t, 400)
	for (const [name, [sql, expected]] of Object.entries(damages)) {
		const copy = join(dir, 'copy.db')
		run('sqlite3', db, 'PRAGMA wal_checkpoint(TRUNCATE)')
		copyFileSync(db, copy)
		run('sqlite3', copy, `${unguarded} ${sql}`)
		const check = causeway('ledger', 'check', copy)
		assert.equal(check.code, 65, `${name}: ${check.out}`)
		assert.match(check.out, expected, name)
	}
	assert.match(causeway('ledger', 'check', db).out, /in order: 64 accounts, 400 entries/)
	const guarded = spawnSync('sqlite3', [db, 'UPDATE ledger_posting SET amount = 1'], { encoding: 'utf8' })
	assert.match(guarded.stderr, /postings are never changed/)
})
