#!/usr/bin/env node
// report.mjs: writes what bench/run.mjs measured (build/bench/*.json) into docs/bench.md, between its markers.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { held } from './held.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..'), page = join(root, 'docs', 'bench.md')
const begin = '<!-- measured: written by bench/report.mjs -->', end = '<!-- end of what was measured -->'
const runs = ['sqlite', 'postgresql'].map(name => join(root, 'build', 'bench', `${name}.json`)).filter(existsSync).map(file => JSON.parse(readFileSync(file, 'utf8')))
if (!runs.length) {
	console.error('report: nothing measured yet: ./dev bench')
	process.exit(1)
}

const number = n => n >= 100 ? Math.round(n).toLocaleString('en') : n >= 10 ? n.toFixed(0) : n.toFixed(1)
const row = cells => `| ${cells.join(' | ')} |`
const cell = found => !found ? '–' : found.skipped ? `skipped: ${found.skipped}` : number(found.value) + (found.of ? ` with ${number(found.of)}` : '') + (found.ratio ? ` (${found.ratio.toFixed(1)} ×)` : '')

function table(keys, heads, line) {
	return [row(heads), row(heads.map(() => '---')), ...keys.map(line)].join('\n')
}
const names = new Map(runs.flatMap(run => run.rows.map(r => [r.key, `${r.name}, ${r.unit}`])))
const overHttp = table([...names.keys()], ['what', 'must', 'aim', ...runs.map(run => run.engine)], key =>
	row([names.get(key), held[key] ? number(held[key].must) : '', held[key] ? number(held[key].aim) : '', ...runs.map(run => cell(run.rows.find(r => r.key === key)))]))
const inside = table(runs[0].embedded.workloads.map(w => w.name), ['workload', 'threads', ...runs.flatMap(run => [`${run.engine}, a second`, 'median ms'])], name =>
	row([name, runs[0].embedded.workloads.find(w => w.name === name).threads, ...runs.flatMap(run => {
		const w = run.embedded.workloads.find(w => w.name === name)
		return w ? [number(w.per_second), (w.median_us / 1000).toFixed(3)] : ['–', '–']
	})]))
const told = `${begin}
${runs.map(run => `* **${run.engine}**: \`${run.command}\`, ${run.when}; ${run.machine}`).join('\n')}

In brackets: how many times as good as must.

${overHttp}

Without HTTP, in one process (\`causeway bench\`); the disk's rate of fdatasync stands first, as no durable write can be had
for less than its share of one:

${inside}

${runs.map(run => `* ${run.engine}: opened in ${run.embedded.open_ms} ms, ${run.embedded.memory_mb} MB of memory at its most; the whole record has ${run.embedded.whole} resources.`).join('\n')}
${end}`
const text = readFileSync(page, 'utf8'), from = text.indexOf(begin), to = text.indexOf(end)
if (from < 0 || to < from) {
	console.error('report: docs/bench.md has no place for what was measured')
	process.exit(1)
}
writeFileSync(page, text.slice(0, from) + told + text.slice(to + end.length))
console.log(`docs/bench.md: ${runs.map(run => run.engine).join(' and ')}`)
