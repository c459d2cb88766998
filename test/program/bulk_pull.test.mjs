// One server has what another exports in bulk: signed in by a key of its own, killed anywhere, only what changed
// after that; and another server that behaves as others do: late, forgetful, with lines that are broken.
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { causeway, database, program, scratch, serve } from './causeway.mjs'

const of = (type, id, more) => JSON.stringify({ resourceType: type, id, meta: { source: 'https://fhir.nhs.uk/Id/ods-organization-code/RXX' }, ...more })
const people = 120, each = 4

/** People unlike each other, with Observations of theirs. */
function lines() {
	const out = []
	for (let i = 0; i < people; i++) {
		out.push(of('Patient', `p${i}`, { name: [{ family: `Family${i * 7919}`, given: [`Given${i * 104729}`] }], birthDate: `19${30 + i % 60}-0${1 + i % 9}-1${i % 10}` }))
		for (let k = 0; k < each; k++)
			out.push(of('Observation', `o${i}-${k}`, { status: 'final', code: { text: `test ${k}` }, subject: { reference: `Patient/p${i}` }, valueString: `value ${k}` }))
	}
	return out.join('\n') + '\n'
}

const total = async (base, query) => (await (await fetch(`${base}/fhir/${query}${query.includes('?') ? '&' : '?'}_summary=count`)).json()).total
/** Run to the end, while servers of this test go on answering. */
const pullOf = (ours, conf) => new Promise(resolve =>
	execFile(program, ['feed-pull', ours, 'trust', '--feeds', conf, '--quiet'], (failed, stdout, stderr) => resolve({ status: failed?.code ?? 0, stdout, stderr })))
const pulling = (ours, conf) => spawn(program, ['feed-pull', ours, 'trust', '--feeds', conf, '--quiet'], { stdio: 'ignore' })

/** The other server, where programs sign in; a feed that pulls from it. */
async function two(t) {
	const dir = scratch(t), theirs = join(dir, 'theirs.db'), ours = database(join(dir, 'ours.db'))
	const conf = join(dir, 'feeds.conf'), key = join(dir, 'trust.pem'), jwks = join(dir, 'trust.jwks.json')
	writeFileSync(join(dir, 'all.ndjson'), lines())
	assert.equal(causeway('init', theirs).code, 0)
	assert.equal(causeway('import', theirs, join(dir, 'all.ndjson'), '--quiet').code, 0)
	writeFileSync(jwks, execFileSync(program, ['feed-key', key]))
	assert.equal(statSync(key).mode & 0o777, 0o600)
	const done = causeway('client-add', theirs, 'county', '--jwks', jwks, '--scope', 'system/*.rs', '--role', 'program-export')
	assert.equal(done.code, 0, done.err)
	const open = async () => {
		const server = await serve(t, theirs, '--signed-in')
		writeFileSync(conf, '[trust]\nkind = fhir bulk\norganisation = RXX\n' +
			`url = ${server.base}/fhir\ntypes = Patient Observation\nclient = county\nkey-file = ${key}\nevery = 1s\n`)
		return server
	}
	return { theirs, ours, conf, key, open, server: await open() }
}

test('what another server exports is pulled, killed anywhere, and then only what changed', async t => {
	const { theirs, ours, conf, key, open, server } = await two(t)
	chmodSync(key, 0o644)
	assert.match((await pullOf(ours, conf)).stderr, /can be read by others/)
	chmodSync(key, 0o600)
	for (let i = 0; i < Number(process.env.KILLS ?? 3); i++) {
		const child = pulling(ours, conf)
		await sleep(300 + 350 * i)
		child.kill('SIGKILL')
		await new Promise(resolve => child.exitCode === null && child.signalCode === null ? child.on('exit', resolve) : resolve())
	}
	const first = await pullOf(ours, conf)
	assert.equal(first.status, 0, first.stderr)
	assert.match(first.stdout, /resources told, .* 0 not understood/)
	assert.match((await pullOf(ours, conf)).stdout, /: 0 resources told, 0 of them news/)

	await server.stop()
	const bare = await serve(t, theirs)
	const write = async (method, path, body) => {
		const reply = await fetch(bare.base + path, { method, headers: { 'content-type': 'application/fhir+json' }, body: body && JSON.stringify(body) })
		assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${await reply.text()}`)
	}
	await write('PUT', '/fhir/Observation/o7-1', { resourceType: 'Observation', id: 'o7-1', status: 'amended', code: { text: 'test 1' }, subject: { reference: 'Patient/p7' } })
	await write('DELETE', '/fhir/Observation/o8-2')
	await bare.stop()
	await open()
	const later = await pullOf(ours, conf)
	assert.match(later.stdout, /: 2 resources told, 2 of them news, 0 not understood/, later.stderr)

	const mine = await serve(t, ours)
	assert.equal(await total(mine.base, 'Patient'), people)
	assert.equal(await total(mine.base, 'Observation'), people * each - 1)
	const history = await (await fetch(`${mine.base}/fhir/Observation/_history?_count=1`)).json()
	assert.equal(history.total, people * each + 2, 'no resource was written twice')
	const amended = await (await fetch(`${mine.base}/fhir/Observation?status=amended&_include=Observation:patient`)).json()
	assert.equal(amended.entry.length, 2)
	assert.equal(amended.entry[1].resource.name[0].family, `Family${7 * 7919}`)
	await mine.stop()
	assert.equal(causeway('check', ours, '--quiet').code, 0)
})

test('a server pulls by itself, every so often', async t => {
	const { ours, conf, server } = await two(t)
	const mine = await serve(t, ours, '--feeds', conf)
	for (let i = 0; await total(mine.base, 'Observation') < people * each; i++) {
		assert.ok(i < 600, 'nothing comes')
		await sleep(100)
	}
	assert.equal(await total(mine.base, 'Patient'), people)
	await mine.stop()
	await server.stop()
})

/** A server of the test's own: says what `answers` hold for a path, one after the other; the last for ever. */
async function other(t, answers) {
	const asked = []
	const server = createServer((request, reply) => {
		const path = new URL(request.url, 'http://x').pathname
		asked.push({ method: request.method, url: request.url, headers: request.headers })
		const list = answers[path] ?? [{ status: 404 }]
		const { status = 200, headers = {}, body = '' } = list.length > 1 ? list.shift() : list[0]
		reply.writeHead(status, headers)
		reply.end(typeof body === 'string' ? body : JSON.stringify(body))
	})
	await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
	t.after(() => server.close())
	return { base: `http://127.0.0.1:${server.address().port}`, asked }
}

test('another server is late, forgets its export, and sends what is broken', async t => {
	const dir = scratch(t), ours = database(join(dir, 'ours.db')), conf = join(dir, 'feeds.conf')
	const answers = {}
	const { base, asked } = await other(t, answers)
	const file = (name, type) => ({ type, url: `${base}/files/${name}` })
	const manifest = { transactionTime: '2026-11-20T10:00:00.000Z', request: 'x', requiresAccessToken: false, error: [],
		output: [file('observations', 'Observation'), file('patients', 'Patient')] }
	answers['/fhir/$export'] = [{ status: 429, headers: { 'retry-after': '1' } }, { status: 202, headers: { 'content-location': `${base}/job/1` } },
		{ status: 202, headers: { 'content-location': `${base}/job/2` } }]
	answers['/job/1'] = [{ status: 202, headers: { 'retry-after': '1' } }, { status: 404 }]
	answers['/job/2'] = [{ body: manifest }]
	answers['/files/patients'] = [{ body: `${of('Patient', '1', { birthDate: '1950-02-03', name: [{ family: 'Hill', given: ['Ann'] }] })}\n` }]
	answers['/files/observations'] = [{ body: [of('Observation', 'good', { status: 'final', code: { text: 'a' }, subject: { reference: 'Patient/1' } }),
		'{"resourceType":"Observation","id":"half","sta', of('Observation', 'wrong', { status: 'never', code: { text: 'a' }, subject: { reference: 'Patient/1' } }),
		of('Observation', 'stranger', { status: 'final', code: { text: 'a' }, subject: { reference: 'Patient/9' } })].join('\n') }]
	writeFileSync(conf, `[trust]\nkind = fhir bulk\norganisation = RXX\nurl = ${base}/fhir/\nexport = Patient/$export\n`)
	answers['/fhir/Patient/$export'] = answers['/fhir/$export']
	const pulled = await pullOf(ours, conf)
	assert.equal(pulled.status, 0, pulled.stderr)
	assert.match(pulled.stdout, /5 resources told, 2 of them news, 3 not understood/)
	assert.equal(asked[0].headers.prefer, 'respond-async')
	assert.deepEqual(asked.filter(one => one.url.startsWith('/files/')).map(one => one.url), ['/files/patients', '/files/observations'])
	assert.ok(asked.some(one => one.method === 'DELETE' && one.url === '/job/2'), 'the other server may forget the job')
	const listed = causeway('feed-list', ours).out
	assert.match(listed, /quarantined.*Patient who was not told yet/)
	assert.equal(listed.match(/\t(quarantined|rejected)\t/g).length, 3)

	// the next says who the stranger was, and asks for what changed since
	manifest.transactionTime = '2026-11-21T10:00:00.000Z'
	answers['/files/patients'] = [{ body: of('Patient', '9', { birthDate: '1961-12-24', name: [{ family: 'Marsh', given: ['Joe'] }] }) }]
	answers['/files/observations'] = [{ body: '' }]
	assert.match((await pullOf(ours, conf)).stdout, /1 resources told, 1 of them news, 0 not understood/)
	assert.ok(asked.some(one => /_since=2026-11-20T10%3A00%3A00\.000Z/.test(one.url)))
	assert.equal(causeway('feed-list', ours).out.match(/\t(quarantined|rejected)\t/g).length, 2)

	// files are not fetched from anywhere it says
	manifest.output = [{ type: 'Patient', url: 'http://127.0.0.1:9/secret' }]
	assert.match((await pullOf(ours, conf)).stderr, /at another server/)
	answers['/job/2'] = [{ status: 500 }]
	const failed = await pullOf(ours, conf)
	assert.notEqual(failed.status, 0)
	answers['/fhir/Patient/$export'] = [{ status: 403 }]
	await pullOf(ours, conf)
	assert.match((await pullOf(ours, conf)).stderr, /answered 403/)
})
