// The ledger by the command line: trial balances as they were and as they were known, exports that other programs add up to
// the same, days closed for good, and proof that names what was damaged. ledger_test.c has what entries must be.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, database, psql, scratch, server } from './causeway.mjs'

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

test('hledger adds an export up to the same balances', { skip: server ? 'asked of a file' : have('hledger') ? false : 'hledger is not here' }, t => {
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

test('beancount takes an export', { skip: server ? 'asked of a file' : have('bean-check', '--help') ? false : 'beancount is not here' }, t => {
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
const damages = {
	'an amount changed': ['UPDATE ledger_posting SET amount = amount + 7 WHERE key = 5 * 1024 + 2', /Entry 5 does not sum to zero: it is out by 7\.[^]*Entry 5, posting 2: it, its entry or its account is not what was written/],
	'a posting lost': ['DELETE FROM ledger_posting WHERE key = 5 * 1024 + 2', /Entry 5 has fewer than two postings[^]*Entry 5, posting 2: it was taken out/],
	'a posting twice': ['INSERT INTO ledger_posting SELECT key + 1, account, amount, effective, recorded, person FROM ledger_posting WHERE key = 5 * 1024 + 2', /Entry 5 does not sum to zero[^]*Entry 5, posting 3: it is not in the chain/],
	'a posting of nothing': ['UPDATE ledger_posting SET amount = 0 WHERE key / 1024 = 5', /Entry 5, posting 1: it is of nothing[^]*Entry 5, posting 2: it is of nothing/],
	'a posting to no account': ['UPDATE ledger_posting SET account = 9999 WHERE key = 6 * 1024 + 1', /Entry 6, posting 1: it is of nothing, or to no account/],
	'a posting of another day': ['UPDATE ledger_posting SET effective = effective + 1 WHERE key = 6 * 1024 + 1', /Entry 6, posting 1: it says another day/],
	'a posting of another moment': ['UPDATE ledger_posting SET recorded = recorded + 1 WHERE key = 6 * 1024 + 2', /Entry 6, posting 2: it says another day, moment/],
	'a posting of another person': ['UPDATE ledger_posting SET person = 3 WHERE key = 6 * 1024 + 2', /Entry 6, posting 2: it says another day, moment or person/],
	'an entry lost': ['DELETE FROM ledger_entry WHERE key = 7', /Entry 7 is missing, its posting 1 is there[^]*Entry 8 does not follow/],
	'an entry lost whole': ['DELETE FROM ledger_entry WHERE key = 7; DELETE FROM ledger_posting WHERE key / 1024 = 7', /Entry 8 does not follow the one before it[^]*Entry 7, posting 1: it was taken out[^]*Entry 7, posting 2: it was taken out/],
	'an entry of an earlier moment': ['UPDATE ledger_entry SET recorded = 1 WHERE key = 9; UPDATE ledger_posting SET recorded = 1 WHERE key / 1024 = 9', /Entry 9 does not follow the one before it/],
	'an entry put into closed days': [`INSERT INTO ledger_period SELECT 9000, max(effective) + 1, 3, 0, 'x' FROM ledger_entry`, /Entry 4 is effective on a day that was closed/],
	'a reversal of something else': ['UPDATE ledger_posting SET amount = amount * 2 WHERE key / 1024 = (SELECT min(key) FROM ledger_entry WHERE reverses IS NOT NULL)', /Entry \d+, posting 1: it is not the opposite/],
	'an account of another unit': [`UPDATE ledger_account SET unit = 'EUR' WHERE key = (SELECT account FROM ledger_posting WHERE key = 5 * 1024 + 1)`, /Entry 5 does not sum to zero/],
	'an account below its limit': ['UPDATE ledger_account SET bound = 1', /Account number \d+ stands where its limit forbids/],

	// What still adds up, so that the chain alone can tell; on a server only these are tried.
	'both amounts changed': ['UPDATE ledger_posting SET amount = 2 * amount WHERE key / 1024 = 5', /Entry 5, posting 1: it, its entry or its account is not what was written\.\nEntry 5, posting 2: [^\n]+\n$/],
	'two accounts exchanged': ['UPDATE ledger_posting SET account = 65 - account WHERE key / 1024 = 5 AND account <> 0', /Entry 5, posting 1: it, its entry or its account/],
	'other words': [`UPDATE ledger_entry SET words = 'a gift' WHERE key = 12`, /^Entry 12, posting 1: it, its entry or its account is not what was written\.\n$/],
	'another token': [`UPDATE ledger_entry SET token = 'other' WHERE key = 12`, /^Entry 12, posting 1: it, its entry/],
	'an account by another name': [`UPDATE ledger_account SET code = 'mine' WHERE key = (SELECT account FROM ledger_posting WHERE key = 1025)`, /^Entry 1, posting 1: it, its entry or its account/],
	'the last entry lost whole': ['DELETE FROM ledger_posting WHERE key / 1024 = 400; DELETE FROM ledger_entry WHERE key = 400', /^Entry 400, posting 1: it was taken out\.\nEntry 400, posting 2: it was taken out\.\n$/],
	'an entry put in at the end': [`INSERT INTO ledger_entry SELECT 401, 'mine', effective, recorded, resource, person, NULL, words FROM ledger_entry WHERE key = 400;
		INSERT INTO ledger_posting SELECT key + 1024, account, amount, effective, recorded, person FROM ledger_posting WHERE key / 1024 = 400`, /^Entry 401, posting 1: it is not in the chain[^\n]+\nEntry 401, posting 2: it is not in the chain/],
	'an entry put in with seals': [`INSERT INTO ledger_entry SELECT 401, 'mine', effective, recorded, resource, person, NULL, words FROM ledger_entry WHERE key = 400;
		INSERT INTO ledger_posting SELECT key + 1024, account, amount, effective, recorded, person FROM ledger_posting WHERE key / 1024 = 400;
		INSERT INTO ledger_seal SELECT key + 1024, former, hash FROM ledger_seal WHERE key / 1024 = 400`, /^Entry 401, posting 1: it does not follow the one before it in the chain[^]*Entry 401, posting 1: it, its entry or its account is not/],
	'a posting and its seal lost': ['DELETE FROM ledger_posting WHERE key = 5 * 1024 + 2; DELETE FROM ledger_seal WHERE key = 5 * 1024 + 2', /Entry 6, posting 1: it does not follow the one before it in the chain/],
	'a seal lost': ['DELETE FROM ledger_seal WHERE key = 5 * 1024 + 2', /Entry 5, posting 2: it is not in the chain[^]*Entry 6, posting 1: it does not follow/],
	'a seal changed': ['UPDATE ledger_seal SET hash = former WHERE key = 5 * 1024 + 1', /Entry 5, posting 1: it, its entry or its account is not what was written\.\nEntry 5, posting 2: it does not follow/],
	'a seal cut short': [`UPDATE ledger_seal SET hash = substr(hash, 1, 9) WHERE key = 5 * 1024 + 1`, /Entry 5, posting 1: its seal is damaged/],
	'all seals lost': ['DELETE FROM ledger_seal', /^Entry 1, posting 1: it is not in the chain/],
}

const tables = ['account', 'entry', 'posting', 'period', 'seal'].map(name => `ledger_${name}`)

/** Ways to damage a copy of a ledger past the program: a file's, and a server's, which is put right again after each. */
function damaging(dir, db) {
	if (server) {
		const address = database(db), all = tables.join(', ')
		psql(`GRANT UPDATE, DELETE, TRUNCATE ON ${all} TO CURRENT_USER; ` +
			tables.map(t => `ALTER TABLE ${t} DISABLE TRIGGER USER; CREATE TABLE kept_${t} AS TABLE ${t};`).join(' '), address)
		return sql => {
			psql(`TRUNCATE ${all}; ${tables.map(t => `INSERT INTO ${t} TABLE kept_${t};`).join(' ')} ${sql}`, address)
			return db
		}
	}
	const unguarded = tables.flatMap(t => ['update', 'delete'].map(verb => `DROP TRIGGER ${t}_no_${verb};`)).join(' ')
	run('sqlite3', db, 'PRAGMA wal_checkpoint(TRUNCATE)')
	return sql => {
		const copy = join(dir, 'copy.db')
		copyFileSync(db, copy)
		run('sqlite3', copy, `${unguarded} ${sql}`)
		return copy
	}
}

test('what was damaged is named', { skip: server || have('sqlite3') ? false : 'sqlite3 is not here' }, t => {
	const { dir, db } = filled(t, 400)
	assert.match(causeway('ledger', 'check', db).out, /in order: 64 accounts, 400 entries/)
	const refused = server ? () => psql('UPDATE ledger_posting SET amount = 1', database(db)) : () => run('sqlite3', db, 'UPDATE ledger_posting SET amount = 1')
	assert.throws(refused, server ? /denied|never/ : /postings are never changed/)
	const damage = damaging(dir, db)
	const all = Object.entries(damages)
	for (const [name, [sql, expected]] of server ? all.slice(all.findIndex(([name]) => name === 'both amounts changed')) : all) {
		const check = causeway('ledger', 'check', damage(sql))
		assert.equal(check.code, 65, `${name}: ${check.out}`)
		assert.match(check.out, expected, name)
	}
	assert.match(causeway('ledger', 'check', damage('')).out, /in order: 64 accounts, 400 entries/)
})

test('a chain made anew is told by the end of the old one', { skip: server || have('sqlite3') ? false : 'sqlite3 is not here' }, t => {
	const { dir, db } = filled(t, 400)
	const end = check => /chain ends with (\S+)/.exec(check.out)[1]
	const noted = end(causeway('ledger', 'check', db))
	assert.match(noted, /^400\.2:[0-9a-f]{64}$/)
	assert.equal(causeway('ledger', 'check', db, '--chain', noted).code, 0)
	assert.equal(causeway('ledger', 'check', db, '--chain', 'yesterday').code, 64)
	// Whoever has all of the database alters an entry and takes away every seal; the next entry seals what there is.
	const again = damaging(dir, db)('UPDATE ledger_entry SET words = \'a gift\' WHERE key = 5; DELETE FROM ledger_seal')
	assert.equal(causeway('ledger', 'exercise', again, '--entries', '402', '--writers', '2', '--seed', '3').code, 0)
	const after = causeway('ledger', 'check', again)
	assert.match(after.out, /in order: 64 accounts, 402 entries/)
	const told = causeway('ledger', 'check', again, '--chain', noted)
	assert.equal(told.code, 65)
	assert.match(told.out, /Entry 400, posting 2: its seal is another than was noted: the chain was made anew/)
})

test('a seal is SHA-256 of what anybody can put together', { skip: server ? 'read from a file' : have('sqlite3') ? false : 'sqlite3 is not here' }, t => {
	const { db } = filled(t, 20)
	const rows = JSON.parse(run('sqlite3', '-json', db, `SELECT p.key AS posting, p.amount, p.effective, p.recorded, p.person, a.code, a.unit, a.scale, a.kind, a.bound,
		a.person AS whose, e.token, e.resource, coalesce(e.reverses, 0) AS reverses, e.words, lower(hex(s.hash)) AS hash
		FROM ledger_posting p JOIN ledger_account a ON a.key = p.account JOIN ledger_entry e ON e.key = p.key / 1024 JOIN ledger_seal s ON s.key = p.key ORDER BY p.key`))
	assert.equal(rows.length, 40)
	let former = '0'.repeat(64)
	for (const r of rows) {
		const entry = Math.floor(r.posting / 1024), line = r.posting % 1024
		former = createHash('sha256').update(`${former}\n${entry} ${line}\n${r.code} ${r.unit} ${r.scale} ${r.kind} ${r.bound} ${r.whose}\n` +
			`${r.amount} ${r.effective} ${r.recorded} ${r.person}\n` +
			(line === 1 ? `${r.resource} ${r.reverses} ${Buffer.byteLength(r.token)}\n${r.token}\n${r.words}\n` : '')).digest('hex')
		assert.equal(r.hash, former, `entry ${entry}, posting ${line}`)
	}
	assert.ok(causeway('ledger', 'check', db).out.includes(`chain ends with 20.2:${former}\n`))
})
