// causeway.mjs - what tests of the built program share: where it is, a scratch folder, running it.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
export const program = process.env.CAUSEWAY ?? join(root, 'build', 'causeway')
export const fixtures = join(root, '..', 'shared', 'fixtures')
export const haveFixtures = existsSync(fixtures)

/** A folder that is gone when the test is. */
export function scratch(t) {
	const dir = mkdtempSync(join(tmpdir(), 'causeway-'))
	t.after(() => rmSync(dir, { recursive: true, force: true }))
	return dir
}

/** Under test/pg every database FILE.db is a schema of its own on that server instead. */
export const server = process.env.CAUSEWAY_TEST_PG
const schemas = new Map()

export function psql(sql, address = server) {
	const result = spawnSync('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', address, '-c', sql], { encoding: 'utf8' })
	if (result.status !== 0)
		throw new Error(result.stderr)
	return result.stdout.trim()
}

/** What stands for FILE.db on the engine of this run: itself, or the address of its schema. */
export function database(file) {
	if (!server || !file.endsWith('.db'))
		return file
	if (!schemas.has(file)) {
		const name = `p${createHash('sha256').update(file).digest('hex').slice(0, 16)}`
		psql(`SET client_min_messages = warning; CREATE SCHEMA IF NOT EXISTS ${name}`)
		schemas.set(file, `${server}&options=-csearch_path%3D${name}`)
	}
	return schemas.get(file)
}

/** A place made as a file is copied to what stands for it on the engine of this run. */
export function copied(file) {
	if (!server)
		return file
	const done = spawnSync(program, ['copy', file, database(file)], { encoding: 'utf8' })
	if (done.status !== 0)
		throw new Error(done.stderr)
	return file
}

/** Run to the end: { code, out, err }. */
export function causeway(...args) {
	const result = spawnSync(program, args.map(database), { encoding: 'utf8', maxBuffer: 1 << 30 })
	return { code: result.status, out: result.stdout, err: result.stderr, signal: result.signal }
}

/** Start a server on a free port, where nobody needs to sign in unless '--signed-in' is among the options; resolves to { base, stop } once it listens. */
export function serve(t, db, ...args) {
	const exports = server && db.endsWith('.db') && !args.includes('--export-dir') ? ['--export-dir', `${db}.bulk`] : []
	const child = spawn(program, ['serve', database(db), '--port', '0', '--quiet', ...(args.includes('--signed-in') ? [] : ['--open']), ...exports, ...args.filter(arg => arg !== '--signed-in')], { stdio: ['ignore', 'pipe', 'inherit'] })
	t.after(() => child.kill('SIGKILL'))
	return new Promise((resolve, reject) => {
		child.once('exit', code => reject(new Error(`the server ended with ${code}`)))
		child.stdout.once('data', data => resolve({
			base: data.toString().split('\n')[0].trim().replace(/\/$/, ''), // what follows may tell how the first administrator is made
			child,
			stop: () => new Promise(done => { child.removeAllListeners('exit'); child.once('exit', done); child.kill('SIGTERM') }),
		}))
	})
}

/** Wait until it holds, at most a minute: what the check says then. */
export async function until(what, check, every = 20) {
	for (const end = Date.now() + 60000; ; await new Promise(done => setTimeout(done, every))) {
		const found = await check()
		if (found)
			return found
		assert.ok(Date.now() < end, `it does not come to be: ${what}`)
	}
}

/** So many days ago, as London's calendar counts them, which is the program's. */
export const daysAgo = (days = 0) => new Date(Date.parse(new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/London' }).format()) - days * 86400000).toISOString().slice(0, 10)

/** Who counts days does not begin in the last two minutes of one. */
export async function awayFromMidnight() {
	for (const today = daysAgo(), soon = Date.now() + 120000; ;) {
		const then = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/London' }).format(soon)
		if (then === today || daysAgo() !== today)
			return
		await new Promise(done => setTimeout(done, 1000))
	}
}

/** The cookies a reply sets. Debian 12's fetch gives them joined by commas, which dates have too. */
export const setCookies = ({ headers }) => headers.getSetCookie?.() ?? headers.get('set-cookie')?.split(/, (?=[^;,= ]+=)/) ?? []

/** How many versions there are of all but Tasks: work follows from stays while one looks. `base` ends in a slash. */
export async function versionsButWork(base) {
	const total = async path => (await (await fetch(`${base}fhir/${path}_history?_count=1`)).json()).total
	for (;;) {
		const work = await total('Task/'), all = await total('')
		if (await total('Task/') === work)
			return all - work
	}
}
