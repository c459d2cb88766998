// A person purged while the server runs and from a terminal: what feeds kept of them goes too, and
// not a byte of them is left in the files.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { spawn, spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { program, scratch } from './causeway.mjs'

async function serve(db) {
	const child = spawn(program, ['serve', db, '--open', '--port', '0', '--mllp', '0', '--quiet'],
		{ stdio: ['ignore', 'pipe', 'inherit'] })
	let out = ''
	await new Promise((resolve, reject) => {
		child.stdout.on('data', data => { out += data; if (/mllp:.*\n/.test(out)) resolve() })
		child.on('exit', code => reject(new Error(`the server ended with ${code}`)))
	})
	return { base: out.split('\n')[0], port: Number(/mllp:\/\/[^:]+:(\d+)/.exec(out)[1]),
		stop: () => new Promise(resolve => { child.removeAllListeners('exit'); child.on('exit', resolve); child.kill('SIGTERM') }) }
}

function send(port, messages) {
	return new Promise((resolve, reject) => {
		const socket = connect(port, '127.0.0.1', () => messages.forEach(m => socket.write(`\x0b${m}\x1c\r`)))
		let buffer = ''
		socket.on('data', data => {
			buffer += data
			if (buffer.split('\x1c\r').length > messages.length) { socket.destroy(); resolve(buffer) }
		}).on('error', reject)
	})
}

const admission = (n, family) => `MSH|^~\\&|PAS|RX1|CW|CW|20250110100000||ADT^A01|P${n}|P|2.4\rEVN|A01|20250110100000\r` +
	`PID|1||${77000 + n}^^^RX1^MR||${family}^Ann||19500101|F\rPV1|1|I|W1||||||||||||||||V${n}\r`

function bodies(db) {
	const run = spawnSync('sqlite3', [db, 'SELECT size, hex(body) FROM message ORDER BY key'], { encoding: 'utf8' })
	assert.equal(run.status, 0, run.stderr)
	return run.stdout.trim().split('\n').map(line => gunzipSync(Buffer.from(line.split('|')[1], 'hex')).toString())
}

const cli = (...args) => spawnSync(program, args, { encoding: 'utf8' })

test('messages of a purged person lose their bytes, those of others keep them', async t => {
	const db = join(scratch(t), 'place.db')
	assert.equal(cli('init', db).status, 0)
	const server = await serve(db)
	await send(server.port, [admission(1, 'Zebedeevska'), admission(2, 'Neighbour')])
	const found = await (await fetch(`${server.base}fhir/Patient?family=zebedeevska`)).json()
	const id = found.entry[0].resource.id
	const answer = await fetch(`${server.base}fhir/Patient/${id}/$purge`, {
		method: 'POST', headers: { 'Content-Type': 'application/fhir+json' },
		body: JSON.stringify({ resourceType: 'Parameters', parameter: [
			{ name: 'reason', valueString: 'erasure upheld' }, { name: 'confirm', valueBoolean: true }] }) })
	const said = await answer.json()
	assert.equal(answer.status, 200, JSON.stringify(said))
	assert.equal(said.parameter.find(p => p.name === 'messages').valueInteger, 1)
	assert.equal(said.parameter.find(p => p.name === 'wiped').valueBoolean, true)
	for (const file of [db, `${db}-wal`])
		if (existsSync(file))
			assert(!/zebedee|77001/i.test(readFileSync(file, 'latin1')), file)
	assert.deepEqual(bodies(db).map(b => /PID.*?\^\^\^RX1/.exec(b)?.[0] ?? ''), ['', 'PID|1||77002^^^RX1'])
	await server.stop()

	const neighbour = JSON.parse(cli('search', db, 'Patient?family=neighbour').stdout)
	const other = neighbour.id
	assert.equal(cli('purge', db, other, '--reason', 'erasure').status, 64)
	const purged = cli('purge', db, `Patient/${other}`, '--reason', 'erasure', '--by', 'Ann', '--confirm')
	assert.equal(purged.status, 0, purged.stderr)
	assert.match(purged.stdout, /^purge 2: \d+ resources, \d+ versions, 1 messages removed/)
	assert.deepEqual(bodies(db), ['', ''])
	assert.equal(cli('check', db).status, 0)
	assert.equal(cli('feed-replay', db, '--all').status, 0)
})
