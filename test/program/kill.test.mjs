// An import killed with -9 at any moment loses nothing it said was written, and leaves no half bundle.
// KILLS=50 for the long form.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, database, program, scratch } from './causeway.mjs'

const kills = Number(process.env.KILLS ?? 3)
const bundles = 60
const size = 40

function bundle(n) {
	const tag = { system: 'urn:test:bundle', code: `b${n}` }
	const entry = [{
		fullUrl: `urn:uuid:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
		resource: { resourceType: 'Patient', meta: { tag: [tag] }, name: [{ family: `Kill${n}` }] },
		request: { method: 'POST', url: 'Patient' },
	}]
	for (let i = 1; i < size; i++)
		entry.push({
			resource: {
				resourceType: 'Observation', meta: { tag: [tag] }, status: 'final',
				code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
				subject: { reference: entry[0].fullUrl }, valueInteger: i,
			},
			request: { method: 'POST', url: 'Observation' },
		})
	return { resourceType: 'Bundle', type: 'transaction', entry }
}

function importUntilKilled(db, files, delay) {
	return new Promise(resolve => {
		const child = spawn(program, ['import', database(db), ...files, '--verbose'], { stdio: ['ignore', 'pipe', 'ignore'] })
		let out = ''
		child.stdout.on('data', data => { out += data })
		const timer = setTimeout(() => child.kill('SIGKILL'), delay)
		child.on('close', (code, signal) => {
			clearTimeout(timer)
			// a last line cut short was not said
			resolve({ killed: signal === 'SIGKILL', said: out.split('\n').slice(0, -1).filter(line => line.includes('.json ')) })
		})
	})
}

/** How many there are of each bundle. */
function counts(db) {
	const found = causeway('search', db, '?_tag=urn:test:bundle%7C&_count=1000', '--all')
	assert.equal(found.code, 0, found.err)
	const all = Array(bundles).fill(0)
	for (const [, n] of found.out.matchAll(/"code":"b(\d+)"/g))
		all[n]++
	return all
}

test(`an import killed ${kills} times`, async t => {
	const dir = scratch(t)
	const files = []
	for (let n = 0; n < bundles; n++) {
		files.push(join(dir, `${n}.json`))
		writeFileSync(files[n], JSON.stringify(bundle(n)))
	}
	const started = performance.now() // one whole import, so that the kills fall inside one
	assert.equal((await importUntilKilled(join(dir, 'whole.db'), files, 60000)).killed, false)
	let whole = performance.now() - started
	let killed = 0
	for (let tried = 0; killed < kills; tried++) {
		assert.ok(tried < kills * 3 + 10, `only ${killed} of ${tried} imports were killed before they ended`)
		const db = join(dir, `${tried}.db`)
		const result = await importUntilKilled(db, files, whole * (0.05 + 0.85 * ((tried * 0.618) % 1)))
		if (!result.killed) { // the machine has less to do now than it had
			whole /= 2
			continue
		}
		killed++
		if (causeway('init', db).code !== 0)
			assert.fail('the database cannot be opened after the kill')
		const said = new Set(result.said.map(line => Number(/(\d+)\.json /.exec(line)[1])))
		for (const [n, found] of counts(db).entries()) {
			assert.ok(found === 0 || found === size, `bundle ${n} is half there: ${found} of ${size}`)
			if (said.has(n))
				assert.equal(found, size, `bundle ${n} was acknowledged and is gone`)
		}
		const check = causeway('check', db)
		assert.equal(check.code, 0, check.out + check.err)
	}
	t.diagnostic(`${killed} killed within the ${Math.round(whole)} ms a whole import takes`)
})
