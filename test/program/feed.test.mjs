// HL7 v2 over a real socket: a day of a simulated hospital twice, and a server killed at any moment.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { database, fixtures, program, scratch, versionsButWork } from './causeway.mjs'

const kills = Number(process.env.KILLS ?? 3)

async function serve(db, port = 0) {
	const child = spawn(program, ['serve', database(db), '--open', '--port', '0', '--mllp', String(port), '--quiet'],
		{ stdio: ['ignore', 'pipe', 'inherit'] })
	let out = ''
	await new Promise((resolve, reject) => {
		child.stdout.on('data', data => { out += data; if (/mllp:.*\n/.test(out)) resolve() })
		child.on('exit', code => reject(new Error(`the server ended with ${code}`)))
	})
	return { child, base: out.split('\n')[0], port: Number(/mllp:\/\/[^:]+:(\d+)/.exec(out)[1]) }
}

function stop(child) {
	return new Promise(resolve => { child.on('exit', resolve); child.kill('SIGTERM') })
}

function client(port) {
	const socket = connect(port, '127.0.0.1')
	let buffer = '', waiting = []
	socket.on('data', data => {
		buffer += data
		for (let end; (end = buffer.indexOf('\x1c\r')) >= 0; buffer = buffer.slice(end + 2))
			waiting.shift()?.resolve(buffer.slice(1, end))
	})
	const fail = () => { for (const w of waiting) w.reject(new Error('closed')); waiting = [] }
	socket.on('close', fail).on('error', fail)
	return {
		send: message => new Promise((resolve, reject) => {
			waiting.push({ resolve, reject })
			socket.write(`\x0b${message}\x1c\r`)
		}),
		close: () => socket.destroy(),
	}
}

async function total(base, query) {
	const bundle = await (await fetch(`${base}fhir/${query}${query.includes('?') ? '&' : '?'}_summary=count`)).json()
	return bundle.total
}

function admission(n) {
	return `MSH|^~\\&|PAS|RX1|CW|CW|20250110100000||ADT^A01|K${n}|P|2.4\rEVN|A01|20250110100000\r` +
		`PID|1||${5000 + n}^^^RX1^MR||Kill${n}^Given${n}||19${10 + n % 80}01${10 + n % 18}|F\r` +
		`PV1|1|I|W${n % 7}||||||||||||||||KV${n}\r`
}

const hospital = join(fixtures, 'hl7v2', 'simhospital-300.hl7')

test('a day of a hospital, twice: all acknowledged, the second time nothing changes',
	{ skip: !existsSync(hospital) && 'no fixtures' }, async t => {
		const { child, base, port } = await serve(join(scratch(t), 'a.db'))
		t.after(() => stop(child))
		const text = readFileSync(hospital, 'latin1')
		const messages = text.split(/\r?\n(?=MSH)/).map(m => m.trim().replace(/\r?\n/g, '\r'))
		assert.equal(messages.length, 300)
		const count = () => versionsButWork(base)
		const c = client(port)
		for (const m of messages)
			assert.match(await c.send(m), /\rMSA\|AA\|/)
		const visits = new Set(messages.map(m => /\rPV1\|(?:[^|\r]*\|){18}([^^|\r]+)/.exec(m)?.[1]).filter(Boolean))
		assert.equal(await total(base, 'Encounter'), visits.size)
		const before = await count()
		for (const m of messages)
			assert.match(await c.send(m), /\rMSA\|AA\|/)
		assert.equal(await count(), before)
		c.close()
	})

test('a server killed while messages come: what was acknowledged is there, once', async t => {
	const db = join(scratch(t), 'k.db')
	const acknowledged = new Set()
	let next = 0
	for (let i = 0; i < kills; i++) {
		const { child, port } = await serve(db)
		const ended = new Promise(resolve => child.on('exit', resolve))
		const enough = acknowledged.size + 5 + 31 * i
		await Promise.all([0, 1, 2, 3].map(async () => {
			const c = client(port)
			try {
				for (;;) {
					const n = next++
					if (/MSA\|AA/.test(await c.send(admission(n))))
						acknowledged.add(n)
					if (acknowledged.size >= enough)
						child.kill('SIGKILL')
				}
			} catch {
				c.close()
			}
		}))
		await ended
	}
	assert.ok(acknowledged.size > 0)
	const { child, base, port } = await serve(db)
	t.after(() => stop(child))
	for (const n of acknowledged)
		assert.equal(await total(base, `Encounter?identifier=KV${n}`), 1, `message ${n}`)
	// A Patient is written with the message about them, or not at all: none without a visit and the message it came by.
	const everybody = await total(base, 'Patient')
	assert.ok(everybody >= acknowledged.size)
	assert.equal(await total(base, 'Encounter'), everybody)
	assert.equal(await total(base, 'Patient?_has:Provenance:target:agent:missing=false'), everybody)
	const history = async () => (await (await fetch(`${base}fhir/Encounter/_history?_count=1`)).json()).total
	const before = await history()
	const c = client(port)
	for (const n of acknowledged)
		assert.match(await c.send(admission(n)), /MSA\|AA/)
	assert.equal(await history(), before)
	c.close()
})

test('what is no message is answered, and the connection goes on', async t => {
	const { child, base, port } = await serve(join(scratch(t), 'b.db'))
	t.after(() => stop(child))
	const c = client(port)
	assert.match(await c.send('hello'), /\rMSA\|AR\|/)
	assert.match(await c.send(admission(1).replace('ADT^A01', 'ADT^Z99')), /\rMSA\|AR\|K1\|/)
	assert.match(await c.send(admission(2).replace('PID|', 'XID|')), /\rMSA\|AE\|K2\|/)
	assert.match(await c.send(admission(3)), /\rMSA\|AA\|K3\|/)
	const page = await (await fetch(`${base}feeds`)).text()
	assert.match(page, /PID is missing/)
	assert.match(await (await fetch(`${base}metrics`)).text(), /causeway_feed_messages_total\{feed="mllp",state="quarantined"\} 1/)
	c.close()
})

const told = (n, at, event, number, name, more = '', line = '1 Mill Lane') =>
	`MSH|^~\\&|PAS|RX1|CW|CW|${at}||ADT^${event}|M${n}|P|2.4\rEVN|${event}|${at}\r` +
	`PID|1||${number}^^^RX1^MR||${name}||19410303|F|||${line}^^Netherfold^^WX4 6QT\r${more}`
const mrg = 'MRG|200^^^RX1^MR\r'

test('a message about a number that was merged goes to who goes on; when the merge is taken back, to whose it was', async t => {
	const { child, base, port } = await serve(join(scratch(t), 'm.db'))
	t.after(() => stop(child))
	const c = client(port), ask = async path => (await fetch(`${base}fhir/${path}`)).json()
	const send = async (...args) => assert.match(await c.send(told(...args)), /MSA\|AA/)
	const having = async (number, living) => (await ask('Patient?_count=9')).entry.map(e => e.resource)
		.find(p => p.identifier.some(i => i.value === number) && !!p.link?.some(l => l.type === 'replaced-by') !== living)
	await send(1, '20250101100000', 'A28', 100, 'Walker^Ann')
	await send(2, '20250101110000', 'A28', 200, 'Marlow^Bea', '', '9 High Street')
	await send(3, '20250103100000', 'A40', 100, 'Walker^Ann', mrg)
	const ann = (await having('100', true)).id, bea = (await having('200', false)).id
	assert.notEqual(ann, bea)
	const street = async id => (await ask(`Patient/${id}`)).address[0].line[0]
	await send(4, '20250104100000', 'A31', 200, 'Walker^Ann', '', '5 Station Road') // the old number, after the merge
	assert.equal(await street(ann), '5 Station Road')
	const undo = await fetch(`${base}fhir/Patient/${bea}/$unmerge`, { method: 'POST' })
	assert.equal(undo.status, 200)
	await send(5, '20250105100000', 'A31', 200, 'Marlow^Bea', '', '7 Park Avenue')
	assert.equal(await street(bea), '7 Park Avenue')
	assert.equal(await street(ann), '5 Station Road')
	await send(6, '20250106100000', 'A31', 100, 'Walker^Ann', '', '6 Chapel Road')
	assert.equal(await street(ann), '6 Chapel Road')
	assert.equal(await street(bea), '7 Park Avenue')
	// The same by hand: merged, told of, parted.
	const merged = await fetch(`${base}fhir/Patient/$merge`, { method: 'POST', headers: { 'content-type': 'application/fhir+json' },
		body: JSON.stringify({ resourceType: 'Parameters', parameter: [{ name: 'target-patient', valueReference: { reference: `Patient/${ann}` } },
			{ name: 'source-patient', valueReference: { reference: `Patient/${bea}` } }] }) })
	assert.equal(merged.status, 200)
	await send(7, '20250107100000', 'A31', 200, 'Walker^Ann', '', '8 Chapel Road')
	assert.equal(await street(ann), '8 Chapel Road')
	assert.equal((await fetch(`${base}fhir/Patient/${bea}/$unmerge`, { method: 'POST' })).status, 200)
	await send(8, '20250108100000', 'A31', 200, 'Marlow^Bea', '', '9 Queens Drive')
	assert.equal(await street(bea), '9 Queens Drive')
	assert.equal(await street(ann), '8 Chapel Road')
	c.close()
})

test('what was said of a number before it was merged, and comes late, is kept as it came and changes nobody', async t => {
	const { child, base, port } = await serve(join(scratch(t), 'l.db'))
	t.after(() => stop(child))
	const c = client(port), ask = async path => (await fetch(`${base}fhir/${path}`)).json()
	assert.match(await c.send(told(1, '20250101100000', 'A28', 100, 'Walker^Ann')), /MSA\|AA/)
	assert.match(await c.send(told(3, '20250103100000', 'A40', 100, 'Walker^Ann', mrg)), /MSA\|AA/)
	const now = async () => (await ask('Patient?_count=9')).entry.map(e => e.resource)
	const before = await now()
	assert.equal(before.length, 2) // the merged number is a Patient of its own, so that the merge can be taken back
	assert.match(await c.send(told(2, '20250101110000', 'A28', 200, 'Marlow^Bea', '', '9 High Street')), /MSA\|AA/)
	assert.deepEqual(await now(), before)
	assert.match(await (await fetch(`${base}feeds/messages/3`)).text(), /Marlow/)
	c.close()
})
