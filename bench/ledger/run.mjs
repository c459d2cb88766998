// bench/ledger/run.mjs [ENTRIES] - durable postings a second: 8 writers, batches of 100 entries of two postings, one in ten a
// reversal, days closed as they pass. Prints wall time and processor time; then proves the ledger.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const program = process.env.CAUSEWAY || new URL('../../build/causeway', import.meta.url).pathname
const dir = mkdtempSync(join(process.env.BENCH_DIR || tmpdir(), 'causeway-ledger-'))
const run = (...words) => execFileSync(program, words, { encoding: 'utf8' }).trim()
try {
	const db = join(dir, 'ledger.db')
	run('init', db)
	console.log(run('ledger', 'exercise', db, '--entries', process.argv[2] ?? '500000', '--writers', '8'))
	console.log(run('ledger', 'check', db))
} finally {
	rmSync(dir, { recursive: true, force: true })
}
