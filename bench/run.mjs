#!/usr/bin/env node
// run.mjs [sqlite | postgresql]: every number the design holds to, on this machine and one engine: a table, and JSON
// in build/bench. For postgresql, CAUSEWAY_TEST_PG names an empty database (test/pg makes one).
// PEOPLE (300), OBSERVATIONS (1000000; PostgreSQL 200000), SECONDS_EACH (5) and CONNECTIONS (64) may be set; LARGE names a store of ten
// million resources whose start is timed (bench/scale.mjs makes them).
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { askAll, line, Server, timed } from './peers/ask.mjs'
import { person, PER_PERSON, whole } from './peers/people.mjs'
import { held } from './held.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..'), out = join(root, 'build', 'bench'), program = join(root, 'build', 'causeway')
const engine = process.argv[2] ?? 'sqlite', env = (name, unsaid) => Number(process.env[name] ?? unsaid)
const people = env('PEOPLE', 300), seconds = env('SECONDS_EACH', 5), connections = env('CONNECTIONS', 64), million = env('OBSERVATIONS', engine === 'sqlite' ? 1000000 : 200000) // PostgreSQL takes many minutes for more
const postgresql = process.env.CAUSEWAY_TEST_PG
if (!['sqlite', 'postgresql'].includes(engine) || (engine === 'postgresql' && !postgresql)) {
	console.error('usage: run.mjs [sqlite], or test/pg node bench/run.mjs postgresql')
	process.exit(64)
}
mkdirSync(out, { recursive: true })

const rows = []
function add(row) {
	const limit = held[row.key]
	const ratio = limit && !row.skipped && (limit.least ? row.value / limit.must : limit.must / row.value)
	rows.push({ ...row, ...ratio && { ratio } })
	console.log(line(row) + (ratio ? ` — ${ratio.toFixed(1)} times as good as must` : ''))
}

/** The program, to its end; what it said. */
function causeway(...args) {
	const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
	if (status !== 0)
		throw new Error(`causeway ${args.slice(0, 2).join(' ')}: ${stderr}`)
	return stdout
}

// A store of its own for each purpose: a file, or the one database emptied by taking its schema away.
function fresh(name) {
	if (engine === 'sqlite') {
		const db = join(out, `${name}.db`)
		for (const ending of ['', '-wal', '-shm', '-load', '.bulk'])
			rmSync(db + ending, { force: true, recursive: true })
		return db
	}
	psql('DROP SCHEMA public CASCADE; CREATE SCHEMA public;')
	return postgresql
}
function psql(sql) {
	const { status, stdout, stderr } = spawnSync('psql', ['-X', '-q', '-t', '-A', '-d', postgresql, '-v', 'ON_ERROR_STOP=1', '-c', sql], { encoding: 'utf8' })
	if (status !== 0)
		throw new Error(stderr)
	return stdout.trim()
}
function bytesOf(db) {
	if (engine === 'postgresql')
		return Number(psql('VACUUM ANALYZE') || psql('SELECT pg_database_size(current_database())'))
	return ['', '-wal'].map(ending => db + ending).filter(existsSync).reduce((sum, file) => sum + statSync(file).size, 0)
}

/** A server, and how long it took until it listened. */
async function serve(db) {
	const began = performance.now(), child = spawn(program, ['serve', db, '--open', '--port', '0', '--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] })
	process.once('exit', () => child.kill('SIGKILL'))
	const url = await new Promise((resolve, reject) => {
		child.once('exit', code => reject(new Error(`the server ended with ${code}`)))
		child.stdout.once('data', data => resolve(data.toString().trim()))
	})
	const started = performance.now() - began
	return { base: url.replace(/\/$/, '') + '/fhir', started, peak: () => Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024,
		stop: () => new Promise(done => { child.removeAllListeners('exit'); child.once('exit', done); child.kill('SIGTERM') }) }
}

const imported = said => Number(/\((\d+)\/s\)/.exec(said)[1])

/** Transactions of the generator, and Synthea's where they are at hand. */
function imports() {
	const dir = join(out, 'people'), synthea = join(root, '..', 'shared', 'fixtures', 'synthea'), count = people * PER_PERSON + 2000
	rmSync(dir, { recursive: true, force: true })
	mkdirSync(dir)
	for (let n = 0; n < people; n++)
		writeFileSync(join(dir, `${String(n).padStart(5, '0')}.json`), JSON.stringify(person(n)))
	writeFileSync(join(dir, '000-whole.json'), JSON.stringify(whole())) // the first, so that it is among those sampled
	const db = fresh('import'), files = readdirSync(dir).map(name => join(dir, name))
	add({ key: 'import', name: `import of transaction bundles of ${PER_PERSON} resources`, of: count, unit: 'resources/s', value: imported(causeway('import', db, ...files)) })
	add({ key: 'disk', name: 'disk for each resource, all indexes and views included', unit: 'bytes', value: bytesOf(db) / count })
	embedded(db)
	if (existsSync(synthea)) {
		const bundles = readdirSync(synthea).filter(name => name.endsWith('.json')).map(name => join(synthea, name))
		const rates = [1, 2, 3].map(() => imported(causeway('import', fresh('synthea'), ...bundles)))
		add({ key: 'synthea', name: `import of ${bundles.length} of Synthea's transaction bundles, best of three`, unit: 'resources/s', value: Math.max(...rates) })
	}
	rmSync(dir, { recursive: true })
}

/** The same without HTTP, in one process: rows of causeway bench. */
function embedded(db) {
	const file = join(out, `${engine}-embedded.json`)
	const { status, stdout, stderr } = spawnSync(program, ['bench', db, '--seconds', String(Math.max(2, seconds >> 1)), '--json', file], { encoding: 'utf8' })
	if (status !== 0)
		throw new Error(stderr)
	console.log(`\nwithout HTTP:\n${stdout}`)
}

async function http() {
	const server = await serve(fresh('http'))
	for (const row of await askAll(new Server(server.base), { people, connections, seconds }))
		add(row)
	add({ key: 'memory', name: `memory of the server under this load, at its most`, unit: 'MB', value: server.peak() })
	await server.stop()
}

/** The store of many Observations; on SQLite that of an earlier time, if it is whole and of this program. */
function observations() {
	const kept = join(out, `observations-${million}.db`), ndjson = join(out, 'observations.ndjson')
	if (engine === 'sqlite' && existsSync(kept) && spawnSync(program, ['init', kept]).status === 0)
		return kept
	const db = fresh('observations')
	const { status } = spawnSync('sh', ['-c', `sh bench/observations ${million} > '${ndjson}'`], { cwd: root, stdio: 'inherit' })
	if (status !== 0)
		throw new Error('bench/observations failed')
	add({ key: 'ndjson', name: 'import of many Observations as NDJSON into an empty store', of: million, unit: 'resources/s', value: imported(causeway('import', db, ndjson)) })
	rmSync(ndjson)
	if (engine === 'postgresql')
		return db
	renameSync(db, kept) // closed and whole: it has no log
	return kept
}

/** Counting in a million, and starting with them. */
async function large() {
	const db = observations()
	let server = await serve(db)
	const { ms, answer } = await timed(new Server(server.base), '/Observation?status=final&category=vital-signs&_summary=count', 5)
	add({ key: 'count-large', name: 'count with two unselective parameters over many resources', of: million, unit: 'ms', value: ms, hits: answer.total })
	await server.stop()
	server = await serve(db)
	add({ key: 'start', name: 'start of the server on many resources', of: million, unit: 'ms', value: server.started })
	await server.stop()
	if (engine === 'sqlite' && process.env.LARGE) {
		server = await serve(process.env.LARGE)
		add({ key: 'start-large', name: `start of the server on ${process.env.LARGE}`, unit: 'ms', value: server.started })
		await server.stop()
	}
}

const cpu = cpus()[0].model.trim(), machine = `${cpus().length} cores (${cpu}), Linux ${release()}, node ${process.version}`
console.log(`${engine}; ${machine}\n`)
imports()
await http()
await large()
writeFileSync(join(out, `${engine}.json`), JSON.stringify({ engine, machine, when: new Date().toISOString().slice(0, 10), command: process.env.BENCH_COMMAND ?? `node bench/run.mjs ${engine}`,
	rows, embedded: JSON.parse(readFileSync(join(out, `${engine}-embedded.json`), 'utf8')) }, null, '\t') + '\n')
const missed = engine === 'sqlite' ? rows.filter(row => row.ratio < 1) : [] // the numbers are those of SQLite
console.log(missed.length ? `\nbelow must: ${missed.map(row => row.name).join('; ')}` : engine === 'sqlite' ? '\nevery must holds' : '')
