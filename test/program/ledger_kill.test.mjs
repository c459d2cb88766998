// The ledger under many writers, with reversals and closing of days, killed with -9 at any moment: what was said to be
// durable is there, what is begun again ends with the very ledger of a run that was never killed, to the penny.
// LEDGER=1000000 for a million entries.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, database, program, scratch } from './causeway.mjs'

const entries = Number(process.env.LEDGER ?? 20000)
const kills = Number(process.env.KILLS ?? 4)
const words = ['--entries', String(entries), '--writers', '8', '--seed', '7', '--verbose']

// Run it, killed when so many entries were said to be durable; what each writer was told is.
function exercise(db, most = Infinity) {
	return new Promise(resolve => {
		const child = spawn(program, ['ledger', 'exercise', database(db), ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
		const durable = new Map()
		let out = ''
		child.stdout.on('data', data => {
			out += data
			const lines = out.split('\n')
			out = lines.pop()
			for (const [, writer, n] of lines.map(line => /^(\d+) (\d+)$/.exec(line)).filter(Boolean))
				durable.set(Number(writer), Number(n))
			if ([...durable.values()].reduce((a, b) => a + b, 0) >= most)
				child.kill('SIGKILL')
		})
		child.on('close', (code, signal) => resolve({ code, killed: signal === 'SIGKILL', durable }))
	})
}

const trial = db => causeway('ledger', 'trial', db).out
function proved(db) {
	const check = causeway('ledger', 'check', db)
	assert.equal(check.code, 0, check.out)
	return Number(/(\d+) entries/.exec(check.out)[1])
}

test(`${entries} entries of 8 writers, killed ${kills} times`, async t => {
	const dir = scratch(t), whole = join(dir, 'whole.db'), db = join(dir, 'killed.db')
	causeway('init', whole)
	assert.equal((await exercise(whole)).code, 0)
	assert.equal(proved(whole), entries)
	causeway('init', db)
	let killed = 0, before = 0
	for (let i = 0; i < kills; i++) {
		const run = await exercise(db, entries * (0.15 + 0.6 * i / kills))
		killed += run.killed
		const now = proved(db), said = [...run.durable.values()].reduce((a, b) => a + b, 0)
		assert.ok(now >= before && now >= said, `${said} were said to be durable, ${now} are there`)
		before = now
	}
	assert.ok(killed > 0, 'no run was killed before it ended')
	assert.equal((await exercise(db)).code, 0)
	assert.equal(proved(db), entries)
	assert.equal(trial(db), trial(whole))
})
