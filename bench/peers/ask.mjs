// ask.mjs - the HTTP workload on any FHIR server: load people through transactions, then read, search,
// count, fetch a whole record, write. Nothing here knows which server it is; what one lacks is skipped.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { observations, PER_PERSON, person } from './people.mjs'

const here = dirname(fileURLToPath(import.meta.url)), run = promisify(execFile)
const WHOLE = 2000 // resources of the person whose whole record is asked for

export class Server {
	constructor(base, headers = {}) {
		this.base = base.replace(/\/+$/, '')
		this.headers = { accept: 'application/fhir+json', ...headers }
		this.path = new URL(this.base).pathname.replace(/\/$/, '')
	}

	async send(method, path, body) {
		const answer = await fetch(this.base + path, { method, headers: { ...this.headers, ...body && { 'content-type': 'application/fhir+json' } }, body: body && JSON.stringify(body) })
		const text = await answer.text()
		if (!answer.ok)
			throw new Error(`${method} ${path || '/'}: ${answer.status} ${text.slice(0, 300)}`)
		return text ? JSON.parse(text) : {}
	}

	/** wrk: { rate, requests, median, p99 } a second, in all, and in milliseconds; throws when an answer was no success. */
	async wrk(script, lines, { connections, seconds, path = '' }) {
		const dir = mkdtempSync(join(tmpdir(), 'bench-'))
		try {
			writeFileSync(join(dir, 'paths'), lines.map(line => line + '\n').join(''))
			const headers = Object.entries(this.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
			const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '--latency', '-s', join(here, script), ...headers, this.base + path],
				{ env: { ...process.env, BENCH_PATHS: join(dir, 'paths') }, cwd: here })
			const failed = /Non-2xx or 3xx responses: (\d+)/.exec(stdout) ?? /Socket errors: (.*)/.exec(stdout)
			if (failed)
				throw new Error(`${failed[1]} requests failed`)
			return { rate: Number(/Requests\/sec: *([\d.]+)/.exec(stdout)[1]), requests: Number(/(\d+) requests in/.exec(stdout)[1]), median: milliseconds(stdout, '50%'), p99: milliseconds(stdout, '99%') }
		} finally {
			rmSync(dir, { recursive: true })
		}
	}
}

function milliseconds(text, percent) {
	const [, value, unit] = new RegExp(`${percent} *([\\d.]+)(us|ms|s|m)\\b`).exec(text)
	return Number(value) * { us: 0.001, ms: 1, s: 1000, m: 60000 }[unit]
}

const median = values => values.sort((a, b) => a - b)[values.length >> 1]

/** The median of n times asking, in milliseconds, and the last answer. */
export async function timed(server, path, n = 11) {
	const times = []
	let answer
	await server.send('GET', path)
	for (let i = 0; i < n; i++) {
		const began = performance.now()
		answer = await server.send('GET', path)
		times.push(performance.now() - began)
	}
	return { ms: median(times), answer }
}

/** People through transactions, some at once; { rate, whole: "Patient/1" with 2,000 resources }. */
async function load(server, { people, clients }) {
	let n = 0
	const began = performance.now()
	await Promise.all(Array.from({ length: clients }, async () => {
		while (n < people)
			await server.send('POST', '', person(n++))
	}))
	const rate = people * PER_PERSON / (performance.now() - began) * 1000
	const { id } = await server.send('POST', '/Patient', { resourceType: 'Patient', identifier: [{ system: 'https://example.org/bench', value: 'whole' }], name: [{ family: 'Whole' }] })
	for (let have = 1; have < WHOLE; have += 100)
		await server.send('POST', '', observations(have, Math.min(100, WHOLE - have), `Patient/${id}`))
	return { rate, whole: `Patient/${id}` }
}

/** Addresses to ask for, taken from what the server says it has. */
async function sample(server) {
	const people = await server.send('GET', '/Patient?_count=500'), ill = await server.send('GET', '/Condition?_count=500')
	const codes = new Set((ill.entry ?? []).flatMap(e => e.resource.code?.coding ?? []).map(c => `${c.system}|${c.code}`))
	return {
		ids: (people.entry ?? []).filter(e => e.resource.resourceType === 'Patient').map(e => `Patient/${e.resource.id}`),
		searches: [...codes].map(code => `${server.path}/Condition?_count=20&code=${encodeURIComponent(code)}`),
	}
}

/** Each row: [key, name, unit, function]. A row that fails is told with the reason, and the next comes. */
const rows = [
	['load', 'load through transactions of 100 resources', 'resources/s', ({ rate }) => ({ value: rate })],
	['read', 'read one resource', 'a second', ({ server, ids, with: w }) => server.wrk('get.lua', ids.map(id => `${server.path}/${id}`), w)],
	['token', 'search by one token, page of 20', 'a second', ({ server, searches, with: w }) => server.wrk('get.lua', searches, w)],
	['everything', "a person's whole record of 2,000 resources, one client, median", 'ms', async ({ server, whole, with: w }) => {
		const path = `/${whole}/$everything`, all = await server.send('GET', path + '?_count=10000').catch(() => null)
		const asked = (all?.entry?.length ?? 0) >= WHOLE ? path + '?_count=10000' : path
		const { entry = [] } = all?.entry?.length >= WHOLE ? all : await server.send('GET', path)
		if (entry.length < WHOLE)
			throw new Error(`only ${entry.length} resources came at once`)
		const { median, p99 } = await server.wrk('get.lua', [server.path + asked], { ...w, connections: 1 })
		return { value: median, p99 }
	}],
	['count', 'count with two unselective parameters', 'ms', async ({ server }) => {
		const { ms, answer } = await timed(server, '/Observation?status=final&category=vital-signs&_summary=count')
		return { value: ms, hits: answer.total }
	}],
	['transaction', 'durable two-resource transactions', 'a second', ({ server, ids, with: w }) => server.wrk('transaction.lua', ids, w)],
]

/** All rows on the server: [{ key, name, unit, value, … } or { key, name, skipped }]. */
export async function askAll(server, { people = 200, clients = 8, connections = 64, seconds = 5, say = () => {} } = {}) {
	const results = [], add = row => { results.push(row); say(row) }
	const { rate, whole } = await load(server, { people, clients })
	const it = { server, rate, whole, ...await sample(server), with: { connections, seconds } }
	for (const [key, name, unit, ask] of rows) {
		try {
			const got = await ask(it)
			add({ key, name, unit, ...got, value: got.value ?? got.rate })
		} catch (error) {
			add({ key, name, unit, skipped: error.message })
		}
	}
	return results
}

export const line = ({ name, unit, value, median, p99, hits, of, skipped }) => skipped ? `${name.padEnd(66)} skipped: ${skipped}`
	: `${name.padEnd(66)} ${value.toFixed(value < 100 ? 1 : 0).padStart(9)} ${unit}` + (median ? ` (median ${median.toFixed(2)} ms, 99 % ${p99.toFixed(2)} ms)` : '') + (hits ? ` (${hits} hits)` : '') + (of ? ` (of ${of})` : '')
