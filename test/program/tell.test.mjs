// People are told outside of Causeway that work has come to them: by e-mail over a real SMTP conversation, and by a signed webhook.
// At least once, tried again, given up in the open; nothing about anybody in either.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, scratch, serve } from './causeway.mjs'

const until = async (what, check) => {
	for (let i = 0; i < 600; i++) {
		const found = await check()
		if (found)
			return found
		await new Promise(done => setTimeout(done, 100))
	}
	assert.fail(what)
}
const listen = server => new Promise(done => server.listen(0, '127.0.0.1', () => done(server.address().port)))

/** A mail server: refuses while `ill` says so; keeps who it is from and to, and what it says. */
async function mailServer(t) {
	const mails = [], state = { ill: 0 }
	const sockets = new Set()
	const server = createServer(socket => {
		let mail = {}, inData = false, rest = ''
		sockets.add(socket)
		socket.on('error', () => {})
		socket.write('220 mail.test\r\n')
		socket.on('data', data => {
			rest += data
			for (let end; (end = rest.indexOf(inData ? '\r\n.\r\n' : '\r\n')) >= 0;) {
				const line = rest.slice(0, end)
				rest = rest.slice(end + (inData ? 5 : 2))
				if (inData) {
					inData = false
					mails.push({ ...mail, text: line })
					mail = {}
					socket.write('250 kept\r\n')
				} else if (/^(EHLO|HELO)/i.test(line)) {
					socket.write('250 mail.test\r\n')
				} else if (/^MAIL FROM/i.test(line)) {
					mail.from = /<(.*)>/.exec(line)[1]
					socket.write(state.ill-- > 0 ? '451 not now\r\n' : '250 ok\r\n')
				} else if (/^RCPT TO/i.test(line)) {
					mail.to = /<(.*)>/.exec(line)[1]
					socket.write(mail.to.startsWith('nobody@') ? '550 no such person\r\n' : '250 ok\r\n')
				} else if (/^DATA/i.test(line)) {
					inData = true
					socket.write('354 go on\r\n')
				} else if (/^QUIT/i.test(line)) {
					socket.end('221 bye\r\n')
				} else {
					socket.write('250 ok\r\n')
				}
			}
		})
	})
	const port = await listen(server)
	t.after(() => { server.close(); sockets.forEach(socket => socket.destroy()) })
	return { port, mails, state }
}

async function hookServer(t) {
	const calls = [], state = { ill: 0 }
	const server = createHttp((request, reply) => {
		let body = ''
		request.on('data', data => { body += data })
		request.on('end', () => {
			const ill = state.ill-- > 0
			calls.push({ body, headers: request.headers, ill })
			reply.statusCode = ill ? 503 : 204
			reply.end()
		})
	})
	const port = await listen(server)
	t.after(() => { server.close(); server.closeAllConnections?.() })
	return { port, calls, state }
}

const secret = 'a secret of twenty-odd letters'

function place(t, rows) {
	const dir = scratch(t), db = join(dir, 't.db'), pack = join(dir, 'pack'), file = join(dir, 'place.ndjson')
	writeFileSync(file, [
		{ resourceType: 'Organization', id: 'council', name: 'Council' },
		{ resourceType: 'Organization', id: 'falls', name: 'Falls team', telecom: [{ system: 'phone', value: '01632 960000' }, { system: 'email', value: 'falls@team.test' }] },
		{ resourceType: 'Practitioner', id: 'una', name: [{ family: 'Worker' }], telecom: [{ system: 'email', value: 'una@work.test' }] },
		{ resourceType: 'Patient', id: 'ada', name: [{ family: 'Oakapple', given: ['Adelina'] }], birthDate: '1940-03-01' },
	].map(one => JSON.stringify(one)).join('\n'))
	assert.equal(causeway('import', db, file).code, 0)
	mkdirSync(join(pack, 'care'), { recursive: true })
	writeFileSync(join(pack, 'care/tell.tsv'), 'way\tkind\tpriority\tholder\tto\tsource\n' + rows.map(row => row.join('\t') + '\n').join(''))
	const key = join(dir, 'key')
	writeFileSync(key, secret + '\n', { mode: 0o600 })
	return { dir, db, pack, key }
}

async function act(base, path, values) {
	const parameter = Object.entries(values).map(([name, value]) => /^[A-Z]\w+\//.test(value) ? { name, valueReference: { reference: value } } : { name, valueString: value })
	const reply = await fetch(`${base}/fhir/${path}`, { method: 'POST', headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify({ resourceType: 'Parameters', parameter }) })
	assert.equal(reply.status, 200, await reply.clone().text())
	return reply.json()
}
const words = 'She fell in the kitchen and is afraid of Gerald'
const ask = (base, to, more = {}) => act(base, 'Task/$ask', { what: words, to, person: 'Patient/ada', ...more })

test('an e-mail says that there is work, where, and nothing about anybody; several that wait are one', async t => {
	const mail = await mailServer(t)
	const { db, pack } = place(t, [['email', 'errand', '', '', 'own', 'local'], ['email', '', 'urgent', 'Organization/falls', 'duty@team.test', 'local']])
	mail.state.ill = 2
	const { base } = await serve(t, db, '--place', pack, '--smtp', `smtp://127.0.0.1:${mail.port}`, '--smtp-from', 'causeway@county.test', '--hook-pause', '300')
	await ask(base, 'Organization/falls')
	await ask(base, 'Organization/council') // the directory has no address of theirs
	const taken = await ask(base, 'Practitioner/una', { priority: 'urgent' })
	await until('two are told', () => mail.mails.length >= 2)
	const told = mail.mails.map(one => one.to).sort()
	assert.deepEqual(told, ['falls@team.test', 'una@work.test'], 'tried again after the server was not well')
	for (const one of mail.mails) {
		assert.equal(one.from, 'causeway@county.test')
		assert.match(one.text, /Subject: You have work in Causeway\r\n/)
		assert.ok(one.text.includes(`${base}/work\r\n`))
		assert.doesNotMatch(one.text, /Oakapple|Adelina|ada|kitchen|Gerald|Task\/|fell|errand/i)
	}
	assert.match(mail.mails.find(one => one.to === 'una@work.test').text, /One thing has come to you or your team, and it is urgent\./)

	await act(base, `Task/${taken.id}/$give`, { to: 'Organization/falls' })
	await until('the duty desk is told as well', () => mail.mails.some(one => one.to === 'duty@team.test'))
	await until('all are sent', async () => !/waiting/.test(causeway('told', db).out))
	const before = mail.mails.length
	await act(base, `Task/${taken.id}/$note`, { note: 'Nothing new for anybody' })
	await act(base, `Task/${taken.id}/$done`, {})
	await ask(base, 'Organization/falls')
	await until('the next is told', () => mail.mails.length > before)
	assert.equal(mail.mails.length, before + 1, 'a note and an end are no work for anybody')
})

test('what a mail server refuses is given up, seen on the page and on the command line, and sent again by hand', async t => {
	const mail = await mailServer(t)
	const { db, pack } = place(t, [['email', '', '', '', 'nobody@team.test', 'local'], ['email', '', '', '', 'good@team.test', 'local']])
	const { base } = await serve(t, db, '--place', pack, '--smtp', `smtp://127.0.0.1:${mail.port}`, '--smtp-from', 'causeway@county.test', '--hook-pause', '50', '--hook-tries', '3')
	await ask(base, 'Organization/falls')
	await until('it is given up', () => /given up\temail\tnobody@team.test\t3 tries/.test(causeway('told', db).out))
	await until('the other is sent all the same', () => mail.mails.some(one => one.to === 'good@team.test'))
	const page = await (await fetch(`${base}/told`)).text()
	assert.match(page, /nobody@team\.test/)
	assert.match(page, /mail server answered 550/)
	const key = /^(\d+)\tgiven up/m.exec(causeway('told', db).out)[1]
	const again = await fetch(`${base}/told`, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ key }) })
	assert.equal(again.status, 303)
	await until('it is tried again', () => /given up\temail\tnobody@team.test\t3 tries/.test(causeway('told', db).out))
	assert.equal(causeway('told-again', db, key).out, '1 will be sent again.\n')
	assert.equal(causeway('told-again', db, '999').code !== 0, true)
})

test('a webhook is signed, holds keys and codes alone, and comes at least once, also when the server was killed', async t => {
	const hook = await hookServer(t)
	const { db, pack, key } = place(t, [['webhook', '', 'urgent', '', `http://127.0.0.1:${hook.port}/work`, 'local']])
	// killed while it sends, a server still has the sending to itself for twice this time and ten seconds
	const options = ['--place', pack, '--tell-key', key, '--hook-pause', '200', '--hook-timeout', '5']
	hook.state.ill = 2
	const first = await serve(t, db, ...options)
	await ask(first.base, 'Organization/falls')
	const task = await ask(first.base, 'Organization/falls', { priority: 'asap' })
	await until('it was tried', () => hook.calls.length)
	first.child.removeAllListeners('exit')
	first.child.kill('SIGKILL')
	const second = await serve(t, db, ...options)
	const call = await until('it comes after the kill', () => hook.calls.find(one => !one.ill))
	const [, at, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(call.headers['x-causeway-signature'])
	assert.equal(mac, createHmac('sha256', secret).update(`${at}.${call.body}`).digest('hex'))
	assert.ok(Math.abs(Date.now() / 1000 - Number(at)) < 600)
	const said = JSON.parse(call.body)
	assert.deepEqual(Object.keys(said).sort(), ['at', 'event', 'holder', 'id', 'kind', 'priority', 'state', 'work'])
	assert.deepEqual([said.event, said.kind, said.state, said.priority, said.holder], ['work', 'errand', 'asked', 'asap', 'Organization/falls'])
	assert.ok(said.work.endsWith(`/work/${task.id}`))
	assert.doesNotMatch(call.body, /Oakapple|kitchen|Gerald|Patient/)
	assert.equal(new Set(hook.calls.map(one => JSON.parse(one.body).id)).size, 1, 'the same number each time, and routine work is not told')
	await act(second.base, `Task/${task.id}/$escalate`, { reason: 'Nobody came', priority: 'stat' })
	await until('raised, it is told again', () => hook.calls.some(one => JSON.parse(one.body).priority === 'stat'))
})

test('who takes work themselves is not told; what cannot be is refused at the start', async t => {
	const { db, pack, dir, key } = place(t, [['webhook', '', '', '', 'http://127.0.0.1:1/work', 'local']])
	const start = (...more) => causeway('serve', db, '--open', '--port', '0', '--place', pack, ...more)
	assert.match(start().err, /--tell-key/)
	writeFileSync(join(dir, 'open'), secret, { mode: 0o644 })
	assert.match(start('--tell-key', join(dir, 'open')).err, /can be read by others/)
	const rows = text => writeFileSync(join(pack, 'care/tell.tsv'), `way\tkind\tpriority\tholder\tto\tsource\n${text}\n`)
	rows('email\t\t\t\tno-address\tlocal')
	assert.match(start().err, /tell\.tsv:2: an e-mail goes to an address/)
	rows('webhook\t\t\t\thttp://elsewhere.test/\tlocal')
	assert.match(start('--tell-key', key).err, /tell\.tsv:2: a webhook goes to https/)
	rows('email\t\t\t\town\tlocal')
	assert.match(start().err, /--smtp/)
	rows('pigeon\t\t\t\town\tlocal')
	assert.match(start().err, /tell\.tsv:2: way is email or webhook/)
})
