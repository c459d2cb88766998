// charge_against.mjs CASES [SEED] - invented cases through `causeway charge-cases` and through the second implementation
// (charge_oracle.mjs); prints the first differences and ends with 1 if there are any.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { root } from './causeway.mjs'
import { drawer } from './charge_draw.mjs'
import { answer } from './charge_oracle.mjs'

const BATCH = 20000

/** { cases, differences: [{ asked, expected, got }] } of so many invented cases. */
export function compare(cases, seed, program = join(root, 'build', 'causeway')) {
	const draw = drawer(seed), differences = [], dir = mkdtempSync(join(tmpdir(), 'charge-'))
	try {
		for (let from = 0; from < cases; from += BATCH) {
			const asked = Array.from({ length: Math.min(BATCH, cases - from) }, (_, i) => draw(`${seed}-${from + i}`))
			const file = join(dir, 'cases.ndjson')
			writeFileSync(file, asked.map(it => JSON.stringify(it) + '\n').join(''))
			const out = spawnSync(program, ['charge-cases', file], { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout.trim().split('\n')
			asked.forEach((it, i) => {
				const got = JSON.parse(out[i]), expected = answer(it)
				if (got.id !== it.id || !isDeepStrictEqual(got.result, expected)) differences.push({ asked: it, expected, got: got.result ?? got.error })
			})
		}
	} finally {
		rmSync(dir, { recursive: true })
	}
	return { cases, differences }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const { cases, differences } = compare(Number(process.argv[2] ?? 10000), Number(process.argv[3] ?? 1))
	for (const it of differences.slice(0, 10)) console.log(JSON.stringify(it, null, 1))
	console.log(`${cases} cases, ${differences.length} differences`)
	process.exitCode = differences.length ? 1 : 0
}
