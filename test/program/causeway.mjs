// causeway.mjs - what tests of the built program share: where it is, a scratch folder, running it.
import { spawn, spawnSync } from 'node:child_process'
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

/** Run to the end: { code, out, err }. */
export function causeway(...args) {
	const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 30 })
	return { code: result.status, out: result.stdout, err: result.stderr, signal: result.signal }
}

/** Start a server on a free port; resolves to { base, stop } once it listens. */
export function serve(t, db, ...args) {
	const child = spawn(program, ['serve', db, '--port', '0', '--quiet', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
	t.after(() => child.kill('SIGKILL'))
	return new Promise((resolve, reject) => {
		child.once('exit', code => reject(new Error(`the server ended with ${code}`)))
		child.stdout.once('data', data => resolve({
			base: data.toString().trim().replace(/\/$/, ''),
			child,
			stop: () => new Promise(done => { child.removeAllListeners('exit'); child.once('exit', done); child.kill('SIGTERM') }),
		}))
	})
}
