// HL7 v2 as it is when something is wrong with it: hundreds of variants of good messages over a real socket. Whatever comes, the
// answer is honest: AA says it is in the record, AE and AR that nothing of it is; each is kept, and what follows is taken.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, database, fixtures, program, scratch, versionsButWork } from './causeway.mjs'

async function serve(t, db) {
	const child = spawn(program, ['serve', database(db), '--open', '--port', '0', '--mllp', '0', '--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] })
	let out = ''
	await new Promise((resolve, reject) => {
		child.stdout.on('data', data => { out += data; if (/mllp:.*\n/.test(out)) resolve() })
		child.on('exit', code => reject(new Error(`the server ended with ${code}`)))
	})
	child.removeAllListeners('exit')
	const stop = () => new Promise(resolve => { child.exitCode === null ? child.on('exit', resolve) : resolve(); child.kill('SIGTERM') })
	t.after(stop)
	return { base: out.split('\n')[0], port: Number(/mllp:\/\/[^:]+:(\d+)/.exec(out)[1]), stop }
}

/** A connection that bytes are sent on as they are; null when the server ends it instead of answering. */
function client(port) {
	const socket = connect(port, '127.0.0.1')
	let buffer = Buffer.alloc(0), waiting = []
	socket.on('data', data => {
		buffer = Buffer.concat([buffer, data])
		for (let end; (end = buffer.indexOf('\x1c\r')) >= 0; buffer = buffer.subarray(end + 2))
			waiting.shift()?.(buffer.subarray(1, end).toString('latin1'))
	})
	const over = () => { for (const w of waiting) w(null); waiting = [] }
	socket.on('close', over).on('error', over)
	return {
		send: bytes => new Promise(resolve => {
			waiting.push(resolve)
			socket.write(Buffer.concat([Buffer.from('\x0b'), Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes, 'latin1'), Buffer.from('\x1c\r')]))
		}),
		close: () => socket.destroy(),
	}
}

let controls = 0
const head = (event, control = `C${++controls}`, rest = 'P|2.4') => `MSH|^~\\&|PAS|RX1|CW|CW|20250110100000||${event}|${control}|${rest}`
const pid = n => `PID|1||${8000 + n}^^^RX1^MR||Broken${n}^Given${n}||19500${1 + n % 9}1${n % 10}|F|||1 High St^^Town^^LN1 ${n % 9}AB`
const pv1 = n => `PV1|1|I|W1^^^RX1||||||||||||||||BV${n}`
const admission = n => [head('ADT^A01'), 'EVN|A01|20250110100000', pid(n), pv1(n)]
const result = n => [head('ORU^R01'), pid(n), pv1(n), `OBR|1|O${n}|F${n}|26604007^Full blood count^SCT|||20250110090000|||||||||||||||||||F`,
	'OBX|1|NM|718-7^Haemoglobin^LN||132|g/L|120-150|N|||F']
const document = n => [head('MDM^T02'), 'EVN|T02|20250110100000', pid(n), pv1(n), `TXA|1|CN|TX|20250110||||||||D${n}|||||AU`, 'OBX|1|TX|note^Note||All is well||||||F']
const update = n => [head('ADT^A31'), 'EVN|A31|20250110100000', pid(n)]
const bases = [admission, result, document, update]

const text = segments => segments.join('\r') + '\r'
const without = (segments, name) => segments.filter(s => !s.startsWith(name))
const with_ = (segments, name, change) => segments.map(s => s.startsWith(name) ? change(s) : s)
const field = (segment, n, value) => { const f = segment.split('|'); f[n] = value; return f.join('|') }
const msh = (n, value) => m => text(with_(m, 'MSH', s => field(s, n - 1, value)))

/** What goes wrong with any message: its segments -> bytes. */
const wrongs = {
	'empty': () => '', 'one letter': () => 'M', 'only a head': m => `${m[0]}\r`, 'no head': m => text(m.slice(1)), 'two heads': m => text([m[0], ...m]),
	'not HL7': () => 'GET / HTTP/1.1\r\n\r\n', 'JSON': () => '{"resourceType":"Patient"}', 'bytes': () => Buffer.from([0, 255, 254, 1, 2, 3]),
	'other separators': m => text(m).replaceAll('|', '#').replaceAll('^', '$'),
	'the same separator twice': m => text(m).replace('^~\\&', '^^\\&'), 'a letter separates': m => text(m).replaceAll('|', 'A'),
	'separators cut': m => text(m).replace('^~\\&', '^'), 'no separators': m => text(m).replace('|^~\\&|', ''),
	'line feeds': m => m.join('\n') + '\n', 'both ends of lines': m => m.join('\r\n') + '\r\n', 'no end of the last': m => m.join('\r'), 'blank lines': m => m.join('\r\r\r') + '\r',
	'one line': m => m.join('|'), 'spaces before': m => text(m.map(s => `  ${s}`)), 'small letters': m => text(m).toLowerCase(),
	'garbage after': m => `${text(m)}\x00\x01garbage`, 'garbage between': m => text([m[0], '????', ...m.slice(1)]), 'an own segment': m => text([...m, 'ZZZ|1|own']),
	'a start byte within': m => text(m).replace('Given', 'Gi\x0bven'), 'a NUL within': m => text(m).replace('Given', 'Gi\x00ven'), 'an end byte within': m => text(m).replace('Given', 'Gi\x1cven'),
	'bad escapes': m => text(m).replace('Given', '\\Zx\\\\T\\H\\'), 'an escape without end': m => text(m).replace('Given', 'Giv\\'),
	'no control id': msh(10, ''), 'a long control id': msh(10, 'x'.repeat(5000)), 'no type': msh(9, ''), 'no event': msh(9, 'ADT'), 'an unknown event': msh(9, 'ADT^A99'), 'an unknown type': msh(9, 'XYZ^Z01'),
	'an unknown version': msh(12, '9.9'), 'no version': msh(12, ''), 'an unknown charset': msh(18, 'KLINGON'), 'a time that is none': msh(7, '20251399'),
	'not the bytes it says': m => Buffer.concat([Buffer.from(text(with_(m, 'MSH', s => field(`${s}||||||`, 17, 'UNICODE UTF-8'))).replace('Given', 'G')), Buffer.from([0xc3, 0x28, 0x0d])]),
	'half a character': m => Buffer.from(text(m).replace('Given', 'Giv\xc3'), 'latin1'),
	'a large field': m => text(m).replace('Given', 'G'.repeat(100000)), 'a large segment': m => text([...m, `NTE|1|${'n'.repeat(400000)}`]), 'many fields': m => text([...m, `ZZZ${'|x'.repeat(20000)}`]),
	'many segments': m => text([...m, ...Array(3000).fill('NTE|1||x')]), 'many repetitions': m => text(m).replace('^^^RX1^MR', `^^^RX1^MR${'~1^^^RX1^XX'.repeat(500)}`),
	'nobody': m => text(without(m, 'PID')), 'nobody with a number': m => text(with_(m, 'PID', s => field(s, 3, ''))), 'an empty person': m => text(with_(m, 'PID', () => 'PID|1')),
	'a number of spaces': m => text(with_(m, 'PID', s => field(s, 3, '   ^^^RX1^MR'))), 'two people': m => text([...m, pid(77)]),
	'a birth that cannot be': m => text(with_(m, 'PID', s => field(s, 7, '19500231'))), 'a birth to come': m => text(with_(m, 'PID', s => field(s, 7, '29990101'))),
	'a birth of words': m => text(with_(m, 'PID', s => field(s, 7, 'yesterday'))), 'no visit': m => text(without(m, 'PV1')), 'a visit without number': m => text(with_(m, 'PV1', s => field(s, 19, ''))),
	'another order': m => text([m[0], ...m.slice(1).reverse()]), 'a number that is none': m => text(m).replace('|132|', '|lots|'), 'no order number': m => text(with_(m, 'OBR', s => field(field(s, 2, ''), 3, ''))),
	'no observation': m => text(without(m, 'OBX')), 'an observation first': m => text([m[0], 'OBX|1|NM|1^x||1', ...m.slice(1)]), 'an unknown value type': m => text(with_(m, 'OBX', s => field(s, 2, 'QQ'))),
}


test('hundreds of broken messages: each answered honestly, none half written, none lost', async t => {
	const dir = scratch(t), db = join(dir, 'place.db'), { base, port, stop } = await serve(t, db)
	const sent = [], answered = { AA: 0, AE: 0, AR: 0, ended: 0 }
	let c = client(port), before = await versionsButWork(base)
	const one = async (name, bytes) => {
		const answer = await c.send(bytes)
		const code = answer === null ? 'ended' : /\rMSA\|(AA|AE|AR)\|/.exec(answer)?.[1]
		assert.ok(code, `${name}: ${answer}`)
		answered[code]++
		const after = await versionsButWork(base)
		if (code !== 'AA')
			assert.equal(after, before, `${name}: ${code}, and something was written`)
		if (code === 'ended') {
			c.close()
			c = client(port)
		}
		if (code === 'AE' || code === 'AR')
			assert.match(answer, /\rMSA\|A[ER]\|[^|]*\|[^|\r]+/, `${name}: no reason`)
		before = after
		return code
	}
	let n = 0
	for (const make of bases)
		for (const [name, wrong] of Object.entries(wrongs)) {
			const bytes = wrong(make(n++))
			const code = await one(`${make.name}, ${name}`, bytes)
			sent.push([name, bytes, code])
		}
	for (const make of bases) { // cut off anywhere
		const whole = text(make(n++))
		for (let at = 1; at < whole.length; at += Math.ceil(whole.length / 24))
			sent.push(['cut', whole.slice(0, at), await one(`${make.name}, cut at ${at}`, whole.slice(0, at))])
	}
	assert.ok(sent.length >= 300)
	assert.ok(answered.AA > 50 && answered.AE > 20 && answered.AR > 50, JSON.stringify(answered))
	assert.equal(answered.ended, 0, 'a connection was ended')
	// all of it again: the same answers, nothing new
	for (const [name, bytes, code] of sent) {
		const at = before
		assert.equal(await one(`${name} again`, bytes), code, `${name} again`)
		assert.equal(before, at, `${name} again wrote something`)
	}
	assert.equal(await one('a good one', text(admission(9999))), 'AA')
	c.close()
	const listed = causeway('feed-list', db).out
	assert.ok(listed.match(/\t(rejected|quarantined)\t/g).length > 70)
	await stop()
	assert.equal(causeway('check', db, '--quiet').code, 0)
})

test('a control id used again, messages out of order, and cancels of what never was', async t => {
	const dir = scratch(t), db = join(dir, 'place.db'), { base, port, stop } = await serve(t, db)
	const c = client(port)
	const send = async (...segments) => /\rMSA\|(A[AER])\|/.exec(await c.send(text(segments)))[1]
	const visits = async query => (await (await fetch(`${base}fhir/Encounter?${query}`)).json()).entry?.map(e => e.resource) ?? []
	const of = async n => (await visits(`identifier=BV${n}`))[0]
	const evn = (event, time) => `EVN|${event}|${time}`

	// the same number, other words: both are taken, as both were said
	const twice = head('ADT^A31', 'SAME')
	assert.equal(await send(twice, evn('A31', '20250110100000'), pid(1)), 'AA')
	assert.equal(await send(twice, evn('A31', '20250110110000'), pid(1).replace('Given1', 'Other')), 'AA')
	const person = (await (await fetch(`${base}fhir/Patient?family=Broken1`)).json()).entry[0].resource
	assert.equal(person.name[0].given[0], 'Other')

	// cancels before what they cancel: accepted, and when it comes it is as if it had never been
	for (const [n, cancel, event] of [[2, 'A11', 'A01'], [3, 'A13', 'A03'], [4, 'A12', 'A02']]) {
		const at = '20250110100000'
		assert.match(await send(head(`ADT^${cancel}`), evn(cancel, at), pid(n), pv1(n)), /A[AE]/, cancel)
		const before = await of(n)
		assert.equal(await send(head(`ADT^${event}`), evn(event, at), pid(n), pv1(n)), 'AA')
		const after = await of(n)
		if (event === 'A01')
			assert.ok(!after || ['cancelled', 'entered-in-error', 'planned'].includes(after.status), JSON.stringify(after?.status))
		if (event === 'A03')
			assert.notEqual(after?.status, 'finished', `a discharge that was cancelled ${before?.status}`)
	}

	// discharge, admission, transfer in the wrong order end as in the right one
	const story = n => [[head('ADT^A01'), evn('A01', '20250110080000'), pid(n), pv1(n)], [head('ADT^A02'), evn('A02', '20250111080000'), pid(n), pv1(n).replace('W1', 'W2')],
		[head('ADT^A03'), evn('A03', '20250112080000'), pid(n), pv1(n).replace('W1', 'W2')]]
	for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]]) {
		const n = 20 + order[0] * 9 + order[1] * 3 + order[2]
		for (const i of order)
			assert.equal(await send(...story(n)[i]), 'AA')
		const visit = await of(n)
		assert.equal(visit.status, 'finished', order.join())
		assert.match(visit.period.start, /^2025-01-10T08:00/)
		assert.match(visit.period.end, /^2025-01-12T08:00/)
	}

	// merges that cannot be
	assert.match(await send(head('ADT^A40'), evn('A40', '20250110100000'), pid(1)), /A[ER]/, 'nobody to merge')
	assert.match(await send(head('ADT^A40'), evn('A40', '20250110100000'), 'MRG|8001^^^RX1^MR'), /A[ER]/, 'nobody to merge into')
	assert.ok(await send(head('ADT^A40'), evn('A40', '20250110100000'), pid(1), 'MRG|8001^^^RX1^MR'), 'somebody into themself')
	assert.equal((await (await fetch(`${base}fhir/Patient?family=Broken1&active=false&_summary=count`)).json()).total, 0)
	c.close()
	await stop()
	assert.equal(causeway('check', db, '--quiet').code, 0)
})

const hospital = join(fixtures, 'hl7v2', 'simhospital-300.hl7')

test('a real day, each message spoilt in its own way', { skip: !existsSync(hospital) && 'no fixtures' }, async t => {
	const dir = scratch(t), db = join(dir, 'place.db'), { base, port, stop } = await serve(t, db)
	const c = client(port), messages = readFileSync(hospital, 'latin1').split(/\r?\n(?=MSH)/).map(m => m.trim().split(/\r?\n/))
	const kinds = Object.entries(wrongs)
	let before = await versionsButWork(base)
	for (const [i, m] of messages.entries()) {
		if (i % 4 > 1 && process.env.MATRIX !== 'full')
			continue
		const [name, wrong] = kinds[(i * 7) % kinds.length]
		const answer = await c.send(wrong(m))
		const code = /\rMSA\|(AA|AE|AR)\|/.exec(answer)?.[1]
		assert.ok(code, `${i} ${name}: ${answer}`)
		const after = await versionsButWork(base)
		if (code !== 'AA')
			assert.equal(after, before, `${i} ${name}: ${code}, and something was written`)
		before = after
	}
	for (const m of messages) // and then as it should have been
		assert.match(await c.send(m.join('\r') + '\r'), /\rMSA\|A[AE]\|/)
	c.close()
	await stop()
	assert.equal(causeway('check', db, '--quiet').code, 0)
})
