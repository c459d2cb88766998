// run.mjs [CASES] - how many cases of charging a second: invented ones (test/program/charge_draw.mjs) in a file, read, worked out by two
// workers and written. Prints wall time, processor time and what that is a core; the output is compared with that of one worker.
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { createWriteStream, mkdtempSync, openSync, readFileSync, closeSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { program } from '../../test/program/causeway.mjs'
import { drawer } from '../../test/program/charge_draw.mjs'

const cases = Number(process.argv[2] ?? 1000000), dir = mkdtempSync(join(tmpdir(), 'charge-bench-')), file = join(dir, 'cases.ndjson')
const draw = drawer(1), out = createWriteStream(file)
for (let i = 0, text = ''; i < cases; i++) {
	text += JSON.stringify(draw(i)) + '\n'
	if (text.length > 1 << 20 || i === cases - 1) {
		if (!out.write(text)) await once(out, 'drain')
		text = ''
	}
}
out.end()
await once(out, 'finish')

function run(threads) {
	const to = join(dir, `out-${threads}`), fd = openSync(to, 'w')
	const began = process.hrtime.bigint()
	const done = spawnSync('bash', ['-c', `TIMEFORMAT='%U %S'; time "$0" charge-cases --threads ${threads} "$1"`, program, file], { stdio: ['ignore', fd, 'pipe'], encoding: 'utf8' })
	const wall = Number(process.hrtime.bigint() - began) / 1e9
	closeSync(fd)
	const cpu = done.stderr.trim().split('\n').at(-1).split(' ').reduce((a, b) => a + Number(b), 0)
	return { wall, cpu, hash: createHash('sha256').update(readFileSync(to)).digest('hex') }
}

const count = n => Math.round(n).toLocaleString('en-GB')
try {
	console.log(`${count(cases)} cases, ${count(statSync(file).size / 1e6)} MB`)
	const one = run(1), two = run(2)
	for (const [name, r] of [['one worker', one], ['two workers', two]])
		console.log(`${name}: ${r.wall.toFixed(2)} s, ${count(cases / r.wall)} cases/s; ${r.cpu.toFixed(2)} s of processor, ${count(cases / r.cpu)} cases for each second of a core`)
	console.log(one.hash === two.hash ? 'the same output, in the same order' : 'THE OUTPUT DIFFERS')
	process.exitCode = one.hash === two.hash ? 0 : 1
} finally {
	rmSync(dir, { recursive: true })
}
