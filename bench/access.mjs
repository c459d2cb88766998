#!/usr/bin/env node
// access.mjs [sqlite | postgresql]: what it costs to know who asks, to decide and to write down who looked. One store, two servers
// on it: one to which everybody is the system (--open), one where people sign in. Both are asked the same in turn, a moment each,
// now the one first, now the other. Told is the processor time of a request, all threads of the server and what it writes later
// counted, as /proc/PID/stat has it: so what else the machine does hardly counts. The ratio is that of requests for a second of
// processor, the median over the rounds, each a pair; beside it the ratio by the clock.
// An item read again by the same session before that was written down is a count in its row, so there is a row of the table
// where items are many, too. PEOPLE (300), SECONDS_EACH (2), ROUNDS (5), CONNECTIONS (64) and ONLY (a word of the names of rows) may be set.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Server } from './peers/ask.mjs'
import { person, whole } from './peers/people.mjs'
import { setCookies } from '../test/program/causeway.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..'), out = join(root, 'build', 'bench'), program = process.env.CAUSEWAY ?? join(root, 'build', 'causeway')
const engine = process.argv[2] ?? 'sqlite', env = (name, unsaid) => Number(process.env[name] ?? unsaid), postgresql = process.env.CAUSEWAY_TEST_PG
const people = env('PEOPLE', 300), seconds = env('SECONDS_EACH', 2), rounds = env('ROUNDS', 5), connections = env('CONNECTIONS', 64)
const MAY_FALL = 0.85 // of what it is without access control and audit
const LATER = 600 // milliseconds in which is written what nobody waited for: it counts too
if (!['sqlite', 'postgresql'].includes(engine) || (engine === 'postgresql' && !postgresql)) {
	console.error('usage: access.mjs [sqlite], or test/pg node bench/access.mjs postgresql')
	process.exit(64)
}

const PRACTICE = 'WXP', HOSPITAL = 'WXH', ods = code => `https://fhir.nhs.uk/Id/ods-organization-code/${code}`
const db = engine === 'sqlite' ? join(out, 'access.db') : postgresql

function causeway(...args) {
	const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
	if (status !== 0)
		throw new Error(`causeway ${args.slice(0, 2).join(' ')}: ${stderr}`)
	return stdout
}

/** People on the list of a practice; a third of what is known of them comes from the hospital. */
function registered(bundle) {
	bundle.entry.forEach(({ resource }, i) => {
		resource.meta = { source: ods(i % 3 ? PRACTICE : HOSPITAL) }
		if (resource.resourceType === 'Patient')
			resource.generalPractitioner = [{ type: 'Organization', identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: PRACTICE } }]
	})
	return bundle
}

/** The store, and how those who ask sign in: { clinician, resident, program } as headers. */
function make() {
	const dir = join(out, 'access')
	for (const ending of ['', '-wal', '-shm', '-load', '.bulk', '.audit-key', '.audit-key.head'])
		rmSync(join(out, 'access.db') + ending, { force: true, recursive: true })
	rmSync(dir, { force: true, recursive: true })
	mkdirSync(dir, { recursive: true })
	for (let n = 0; n < people; n++)
		writeFileSync(join(dir, `${String(n).padStart(5, '0')}.json`), JSON.stringify(registered(person(n))))
	writeFileSync(join(dir, 'whole.json'), JSON.stringify(registered(whole())))
	causeway('init', db)
	causeway('import', db, ...readdirSync(dir).map(name => join(dir, name)))
	rmSync(dir, { recursive: true })
}

async function serve(...options) {
	const child = spawn(program, ['serve', db, '--port', '0', '--quiet', '--export-dir', join(out, 'access.db.bulk'), '--audit-key', join(out, 'access.db.audit-key'), ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
	process.once('exit', () => child.kill('SIGKILL'))
	const url = await new Promise((resolve, reject) => {
		child.once('exit', code => reject(new Error(`the server ended with ${code}`)))
		child.stdout.once('data', data => resolve(data.toString().trim().split('\n')[0]))
	})
	const ticks = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((sum, n) => sum + Number(n), 0)
	return { base: url.replace(/\/$/, ''), cpu: () => ticks() * 10000, pid: child.pid, // microseconds
		stop: () => new Promise(done => { child.removeAllListeners('exit'); child.once('exit', done); child.kill('SIGTERM') }) }
}

/** Sign in as a browser does, by the link with which a password is set; the cookie as a header. */
async function cookie(base, link, login) {
	const password = 'three plain words'
	let jar = ''
	const ask = async (path, body) => {
		const reply = await fetch(base + path, { redirect: 'manual', headers: { cookie: jar }, ...body && { method: 'POST', body: new URLSearchParams(body) } })
		for (const set of setCookies(reply))
			jar = set.split(';')[0]
		return reply
	}
	const fill = async (path, fields) => {
		const form_token = /name="form_token" value="([^"]+)"/.exec(await (await ask(path)).text())?.[1]
		const reply = await ask(path, { form_token, ...fields })
		if (reply.status !== 303)
			throw new Error(`${login} cannot sign in: ${reply.status} ${await reply.text()}`)
	}
	await fill(link, { password, again: password })
	jar = ''
	await fill('/sign-in', { login, password })
	return { cookie: jar }
}

const median = values => [...values].sort((a, b) => a - b)[values.length >> 1]

const later = () => new Promise(done => setTimeout(done, LATER))

/** One row: both servers in turn. */
async function compare(open, signed, headers, { script = 'get.lua', lines, connections: many = connections, path }) {
	const asked = [[open, {}], [signed, headers]].map(([server, own]) => ({ at: server, server: new Server(`${server.base}/fhir`, own), rates: [], cpu: [] }))
	for (let n = 0; n < rounds; n++)
		for (const one of n % 2 ? asked.toReversed() : asked) {
			const before = one.at.cpu(), { rate, requests } = await one.server.wrk(script, lines, { connections: many, seconds, path })
			await later()
			one.rates.push(rate)
			one.cpu.push((one.at.cpu() - before) / requests)
		}
	const [plain, known] = asked, pairs = key => plain[key].map((p, n) => key === 'cpu' ? p / known.cpu[n] : known.rates[n] / p)
	return { open: median(plain.rates), signed: median(known.rates), ratio: median(pairs('cpu')), clock: median(pairs('rates')), cpu: [median(plain.cpu), median(known.cpu)] }
}

make()
const links = {}
const open = await serve('--open'), find = async query => (await new Server(`${open.base}/fhir`).send('GET', query)).entry.map(e => e.resource)
const [theWhole] = await find('/Patient?identifier=https://example.org/bench|whole')
for (const [login, role, ...more] of [['root', 'administrator'], ['clinician', 'gp', '--org', PRACTICE], ['resident', 'resident', '--patient', theWhole.id]])
	links[login] = /\/welcome\/\S+/.exec(causeway('account-add', db, login, '--name', login, '--role', role, ...more))[0]
causeway('account-add', db, 'program', '--name', 'program', '--role', 'program-feed', '--org', PRACTICE)
const signed = await serve()
await cookie(signed.base, links.root, 'root')
const headers = {
	clinician: await cookie(signed.base, links.clinician, 'clinician'),
	resident: await cookie(signed.base, links.resident, 'resident'),
	program: { authorization: `Bearer ${causeway('account-token', db, 'program').trim()}` },
}

/** So many resources that hardly one is read twice before it is written down who saw it. */
async function many(query, most) {
	const lines = []
	for (let at = query; at && lines.length < most;) {
		const page = await new Server(`${open.base}/fhir`).send('GET', at)
		lines.push(...page.entry.map(e => `/fhir/${e.resource.resourceType}/${e.resource.id}`))
		at = page.link.find(l => l.relation === 'next')?.url.replace(/^.*\/fhir/, '')
	}
	return lines
}

const patients = (await find('/Patient?_count=300')).map(p => `Patient/${p.id}`), own = (await find(`/Observation?_count=300&subject=Patient/${theWhole.id}`)).map(o => `Observation/${o.id}`)
const codes = new Set((await find('/Condition?_count=300')).flatMap(c => c.code.coding).map(c => encodeURIComponent(`${c.system}|${c.code}`)))
const measured = new Set((await find('/Observation?_count=300')).flatMap(o => o.code.coding).map(c => encodeURIComponent(`${c.system}|${c.code}`)))
const read = { name: 'read one resource', lines: patients.map(p => `/fhir/${p}`) }
const readMany = { name: 'read one resource of many', lines: await many('/Observation?_count=1000', 10000) }
const token = { name: 'search by one token, page of 20', lines: [...codes].map(code => `/fhir/Condition?_count=20&code=${code}`) }
const everything = { name: '$everything of 2,000 resources', lines: [`/fhir/Patient/${theWhole.id}/$everything?_count=10000`], connections: 1 }
const count = { name: 'count with two unselective parameters', lines: ['/fhir/Observation?status=final&category=vital-signs&_summary=count'], connections: 1 }
const transaction = { name: 'durable two-resource transactions', script: 'transaction.lua', lines: patients, path: '' }
const rows = {
	clinician: [read, readMany, token, everything, count],
	resident: [{ ...read, lines: own.map(o => `/fhir/${o}`) }, { ...token, lines: [...measured].map(code => `/fhir/Observation?_count=20&code=${code}`) }, everything],
	program: [read, token, everything, count, transaction],
}

const results = []
console.log(`${engine}; a second, open and signed in; ratio by processor and by the clock; microseconds of processor for one, open and signed in\n`)
for (const [asker, list] of Object.entries(rows))
	for (const row of list) {
		const name = `${asker}: ${row.name}`
		if (process.env.ONLY && !name.includes(process.env.ONLY))
			continue
		const got = await compare(open, signed, headers[asker], row), n = x => x.toFixed(x < 100 ? 1 : 0).padStart(8)
		results.push({ name, ...got })
		console.log(`${name.padEnd(52)} ${n(got.open)} ${n(got.signed)}  ${got.ratio.toFixed(2)}${got.ratio < MAY_FALL ? '!' : ' '} ${got.clock.toFixed(2)} ${n(got.cpu[0])} ${n(got.cpu[1])}`)
	}
await signed.stop()
await open.stop()
writeFileSync(join(out, `${engine}-access.json`), JSON.stringify({ engine, rows: results }, null, '\t') + '\n')
console.log(causeway('check', db).trim())
