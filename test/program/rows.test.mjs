// Files of rows and other FHIR servers: a file killed at any moment and taken again, a folder that is watched,
// rows and Bundles posted, and what one server has pulled by another.
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { database, program, scratch, until } from './causeway.mjs'

const kills = Number(process.env.KILLS ?? 3)
const columns = 'LA Code,Reporting Period Start Date,Reporting Period End Date,LA Person Unique Identifier,' +
	'Date of Birth,Given Name,Family Name,Event Type,Event Reference,Event Start Date,Event End Date'

function rows(n, change = () => ({})) {
	const lines = [columns]
	for (let i = 0; i < n; i++) {
		const { start = '02/07/2025', end = '' } = change(i)
		lines.push(`503,01/07/2025,30/09/2025,L${i >> 1},${10 + (i >> 1) % 18}/0${1 + (i >> 1) % 9}/19${30 + (i >> 1) % 60},` +
			`Given${i >> 1},Family${(i >> 1) * 7919},Request,R${i},${start},${end}`)
	}
	return lines.join('\n') + '\n'
}

async function serve(db, ...args) {
	const child = spawn(program, ['serve', db, '--port', '0', '--open', '--quiet', ...args],
		{ stdio: ['ignore', 'pipe', 'inherit'] })
	let out = ''
	await new Promise((resolve, reject) => {
		child.stdout.on('data', data => { out += data; if (/http:.*\n/.test(out)) resolve() })
		child.on('exit', code => reject(new Error(`the server ended with ${code}`)))
	})
	return { child, base: /http:\/\/[^/]+\//.exec(out)[0] }
}

function stop(child) {
	return new Promise(resolve => { child.on('exit', resolve); child.kill('SIGTERM') })
}

async function total(base, query) {
	return (await (await fetch(`${base}fhir/${query}${query.includes('?') ? '&' : '?'}_summary=count`)).json()).total
}

function take(db, file) {
	return execFileSync(program, ['feed-file', db, 'care', file, '--mapping', 'client-level-data', '--org', 'WXL', '--quiet'],
		{ encoding: 'utf8' })
}

test('a file killed again and again is taken whole, and no row twice', async t => {
	const dir = scratch(t), db = database(join(dir, 'place.db')), file = join(dir, 'rows.csv')
	writeFileSync(file, rows(600))
	for (let i = 0; i < kills; i++) {
		const child = spawn(program, ['feed-file', db, 'care', file, '--mapping', 'client-level-data', '--org', 'WXL', '--quiet'],
			{ stdio: 'ignore' })
		const ended = new Promise(resolve => child.on('exit', resolve))
		await sleep(250 + 200 * i)
		child.kill('SIGKILL')
		await ended
	}
	assert.match(take(db, file), /600 rows: .* 0 not understood, 0 ended/)
	assert.match(take(db, file), /600 rows: 0 applied, 600 said nothing new/)
	const { child, base } = await serve(db)
	assert.equal(await total(base, 'Task'), 600)
	assert.equal(await total(base, 'Patient'), 300)
	const history = await (await fetch(`${base}fhir/Task/_history?_count=1`)).json()
	assert.equal(history.total, 600)
	await stop(child)
	execFileSync(program, ['check', db, '--quiet'])
})

test('a folder is watched; programs post rows; a page shows a file before it is applied', async t => {
	const dir = scratch(t), folder = join(dir, 'drop'), conf = join(dir, 'feeds.conf')
	mkdirSync(folder)
	writeFileSync(conf, `[care]\nkind = csv\norganisation = WXL\nmapping = client-level-data\nfolder = ${folder}\n`)
	const { child, base } = await serve(database(join(dir, 'place.db')), '--feeds', conf)
	writeFileSync(join(folder, 'first.csv'), rows(4))
	writeFileSync(join(folder, 'wrong.csv'), 'a,b\n1,2\n')
	for (const name of ['done/first.csv', 'failed/wrong.csv'])
		await until(name, () => existsSync(join(folder, name)))
	assert.equal(await total(base, 'Task'), 4)

	const posted = await fetch(`${base}feeds/care`, { method: 'POST', headers: { 'content-type': 'text/csv' },
		body: rows(5, i => i === 1 ? { end: '09/07/2025' } : i === 4 ? { start: '31/02/2025' } : {}) })
	const said = await posted.json()
	assert.deepEqual([said.rows, said.applied, said.unchanged, said.refused, said.ended], [5, 1, 3, 1, 0])
	assert.equal(said.not_understood[0].where, 'Row 6, Event Start Date')

	const form = new FormData()
	form.set('file', new Blob([rows(6)], { type: 'text/csv' }), 'six.csv')
	const preview = await (await fetch(`${base}feeds/care`, { method: 'POST', body: form })).text()
	assert.match(preview, /six\.csv: nothing is applied yet/)
	assert.equal(await total(base, 'Task'), 4)
	const upload = /name="upload" value="([0-9a-f]+)"/.exec(preview)[1]
	const applied = await (await fetch(`${base}feeds/care`, { method: 'POST', body: new URLSearchParams({ do: 'apply', upload }) })).text()
	assert.match(applied, /6 rows: 3 applied, 3 said nothing new/)
	assert.equal(await total(base, 'Task'), 6)
	await stop(child)
})

/** Stands before a server: passes on what it is asked, unless `refuse` says otherwise (a status, or an answer changed). */
async function between(t, of) {
	const it = { asked: [], refuse: () => 0, change: (path, text) => text, base: '' }
	const server = createServer(async (request, reply) => {
		it.asked.push(request.url)
		const status = it.refuse(request.url)
		if (status) {
			reply.writeHead(status)
			return reply.end()
		}
		const answer = await fetch(of() + request.url.slice(1))
		reply.writeHead(answer.status, { 'content-type': 'application/fhir+json' })
		reply.end(it.change(request.url, (await answer.text()).replaceAll(of(), `${it.base}/`)))
	})
	await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
	t.after(() => server.close())
	it.base = `http://127.0.0.1:${server.address().port}`
	return it
}
const pull = (db, conf) => new Promise(resolve => execFile(program, ['feed-pull', db, 'other', '--feeds', conf, '--quiet'], (failed, stdout, stderr) =>
	resolve({ code: failed?.code ?? 0, out: stdout, err: stderr })))
const send = async (base, method, path, body) => {
	const reply = await fetch(`${base}fhir/${path}`, { method, headers: { 'content-type': 'application/fhir+json' }, body: body && JSON.stringify(body) })
	assert.ok(reply.ok, `${method} ${path}: ${reply.status}`)
	return method === 'DELETE' ? null : reply.json()
}
const several = async (base, entry) => send(base, 'POST', '', { resourceType: 'Bundle', type: 'transaction', entry })

test('what one server has another pulls: changes and deletions, page by page, stopped between pages', async t => {
	const dir = scratch(t), theirs = join(dir, 'theirs.db'), ours = database(join(dir, 'ours.db')), file = join(dir, 'rows.csv')
	const conf = join(dir, 'feeds.conf'), token = join(dir, 'token')
	writeFileSync(file, rows(300))
	take(theirs, file)
	let other = await serve(theirs)
	const proxy = await between(t, () => other.base)
	writeFileSync(token, 'secret\n')
	chmodSync(token, 0o644)
	writeFileSync(conf, `[other]\nkind = fhir\norganisation = RXX\nurl = ${proxy.base}/fhir\ntypes = Patient Task\ntoken-file = ${token}\n`)
	assert.match((await pull(ours, conf)).err, /can be read by others/)
	chmodSync(token, 0o600)
	assert.match((await pull(ours, conf)).out, /450 resources told, 0 not understood/)
	assert.match((await pull(ours, conf)).out, /\b0 resources told, 0 not understood/)
	assert.ok(proxy.asked.some(url => /^\/fhir\/Task\/_history\?.*_since=/.test(url)))

	// every Task changed, one deleted, one deleted and made again, one made and deleted at once, a person gone with theirs
	const all = await (await fetch(`${other.base}fhir/Task?_count=1000`)).json()
	const tasks = all.entry.map(entry => entry.resource), whose = tasks[0].for.reference
	const own = tasks.filter(task => task.for.reference === whose), rest = tasks.filter(task => task.for.reference !== whose)
	await several(other.base, rest.map(task => ({ resource: { ...task, status: 'failed' }, request: { method: 'PUT', url: `Task/${task.id}` } })))
	await send(other.base, 'DELETE', `Task/${rest[0].id}`)
	await send(other.base, 'DELETE', `Task/${rest[1].id}`)
	await send(other.base, 'PUT', `Task/${rest[1].id}`, { ...rest[1], status: 'on-hold' })
	await send(other.base, 'PUT', 'Task/short', { resourceType: 'Task', id: 'short', status: 'draft', intent: 'order', for: rest[0].for })
	await send(other.base, 'DELETE', 'Task/short')
	for (const item of own)
		await send(other.base, 'DELETE', `Task/${item.id}`)
	await send(other.base, 'DELETE', whose)

	// the second page cannot be had: what came is kept, and the next time goes on there
	proxy.refuse = url => url.includes('_cursor') ? 503 : 0
	assert.match((await pull(ours, conf)).err, /answered 503/)
	let mine = await serve(ours)
	assert.match(await (await fetch(`${mine.base}feeds/other`)).text(), /asked in vain/)
	await stop(mine.child)
	// nor the next time: the server forgets its pages
	proxy.refuse = url => url.includes('_cursor') ? 410 : 0
	assert.match((await pull(ours, conf)).err, /forgets its pages/)
	let forgotten = 1
	proxy.refuse = url => url.includes('_cursor') && forgotten-- > 0 ? 410 : 0
	proxy.asked.length = 0
	const later = await pull(ours, conf)
	assert.equal(later.code, 0, later.err)
	assert.ok(proxy.asked.find(url => url.includes('Task/_history')).includes('_cursor'), 'it goes on at the page that failed')

	mine = await serve(ours)
	const present = total(mine.base, 'Task')
	assert.equal(await present, 300 - own.length - 1)
	assert.equal(await total(mine.base, 'Patient'), 149)
	assert.equal(await total(mine.base, 'Task?status=failed'), 300 - own.length - 2)
	assert.equal(await total(mine.base, 'Task?status=on-hold'), 1)
	assert.equal(await total(mine.base, 'Task?status=draft'), 0)
	assert.match((await (await fetch(`${mine.base}fhir/Task?status=on-hold&_include=Task:patient`)).json()).entry[0].resource.meta.source, /RXX$/)
	const page = await (await fetch(`${mine.base}feeds/other`)).text()
	assert.match(page, /What is deleted there is deleted here too/)
	assert.match(page, /Everything was understood/)

	// what somebody here has changed since, and a person whom others know, stay
	const kept = (await (await fetch(`${mine.base}fhir/Task?status=failed&_count=1`)).json()).entry[0].resource
	const theirId = rest.slice(2).map(task => task.id)
	await send(mine.base, 'PUT', `Task/${kept.id}`, { ...kept, meta: undefined, status: 'completed' })
	const known = kept.for.reference
	await send(mine.base, 'POST', 'Observation', { resourceType: 'Observation', status: 'final', code: { text: 'seen here' }, subject: { reference: known } })
	await stop(mine.child)
	const remove = list => several(other.base, list.map(url => ({ request: { method: 'DELETE', url } })))
	await remove(theirId.map(id => `Task/${id}`))
	await remove((await (await fetch(`${other.base}fhir/Patient?_count=1000&_elements=id`)).json()).entry
		.map(entry => `Patient/${entry.resource.id}`).filter(url => url !== rest[1].for.reference))
	const last = await pull(ours, conf)
	assert.equal(last.code, 0, last.err)
	mine = await serve(ours)
	assert.equal(await total(mine.base, 'Task?status=completed'), 1)
	assert.equal(await total(mine.base, 'Task'), 2)
	assert.equal(await total(mine.base, 'Observation'), 1)
	assert.equal((await fetch(`${mine.base}fhir/${known}`)).status, 200)
	assert.ok(await total(mine.base, 'Patient') <= 2)
	await stop(mine.child)

	// a server without histories: it is said that deletions cannot be told
	await send(other.base, 'DELETE', `Task/${rest[1].id}`)
	proxy.change = (url, text) => url === '/fhir/metadata' ? text.replaceAll('"history-', '"x-') : text
	assert.equal((await pull(ours, conf)).code, 0)
	mine = await serve(ours)
	assert.equal(await total(mine.base, 'Task'), 2)
	assert.match(await (await fetch(`${mine.base}feeds/other`)).text(), /cannot tell what is deleted there/)
	await stop(mine.child)
	// and with the history of all at once
	proxy.change = (url, text) => url === '/fhir/metadata' ? text.replaceAll('"history-type"', '"x"') : text
	assert.equal((await pull(ours, conf)).code, 0)
	await stop(other.child)
	mine = await serve(ours)
	assert.equal(await total(mine.base, 'Task'), 1)
	await stop(mine.child)
	execFileSync(program, ['check', ours, '--quiet'])
})

test('a Bundle pushed under ids of the sender', async t => {
	const dir = scratch(t), conf = join(dir, 'feeds.conf')
	writeFileSync(conf, '[partner]\nkind = fhir\norganisation = RXX\n')
	const { child, base } = await serve(database(join(dir, 'place.db')), '--feeds', conf)
	const push = async body => {
		const reply = await fetch(`${base}feeds/partner/fhir`, { method: 'POST', headers: { 'content-type': 'application/fhir+json' },
			body: JSON.stringify(body) })
		return { status: reply.status, ...(await reply.json()) }
	}
	const condition = { resourceType: 'Condition', id: '77', subject: { reference: 'Patient/5' }, code: { text: 'Gout' } }
	const early = await push(condition)
	assert.equal(early.status, 422)
	assert.match(early.not_understood[0].reason, /not told yet/)
	const bundle = { resourceType: 'Bundle', type: 'transaction', entry: [
		{ resource: { resourceType: 'Patient', id: '5', birthDate: '1950-01-02', name: [{ family: 'Hill', given: ['Ann'] }] },
			request: { method: 'PUT', url: 'Patient/5' } },
		{ fullUrl: 'urn:uuid:0', resource: { resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' },
			subject: { reference: 'https://partner.example/fhir/Patient/5' } }, request: { method: 'POST', url: 'Encounter' } }] }
	assert.equal((await push(bundle)).state, 'applied')
	assert.equal((await push(bundle)).state, 'applied') // kept from before, not done again
	assert.equal(await total(base, 'Encounter'), 1)
	await fetch(`${base}feeds/partner`, { method: 'POST', body: new URLSearchParams({ do: 'replay' }) })
	assert.equal(await total(base, 'Condition'), 1)
	assert.equal((await push({ resourceType: 'Nonsense' })).status, 422)
	assert.equal(await total(base, 'Patient'), 1)
	await stop(child)
})
