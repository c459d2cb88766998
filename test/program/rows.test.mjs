// Files of rows and other FHIR servers: a file killed at any moment and taken again, a folder that is watched,
// rows and Bundles posted, and what one server has pulled by another.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { database, program, scratch } from './causeway.mjs'

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
		await sleep(250 + 200 * i)
		child.kill('SIGKILL')
		await new Promise(resolve => child.on('exit', resolve))
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
	for (let i = 0; i < 150 && !(existsSync(join(folder, 'done/first.csv')) && existsSync(join(folder, 'failed/wrong.csv'))); i++)
		await sleep(100)
	assert.ok(existsSync(join(folder, 'done/first.csv')))
	assert.ok(existsSync(join(folder, 'failed/wrong.csv')))
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

test('what one server has another pulls, under ids of its own, and only changes after that', async t => {
	const dir = scratch(t), theirs = join(dir, 'theirs.db'), ours = database(join(dir, 'ours.db')), file = join(dir, 'rows.csv')
	const conf = join(dir, 'feeds.conf'), token = join(dir, 'token')
	writeFileSync(file, rows(300))
	take(theirs, file)
	let { child, base } = await serve(theirs)
	writeFileSync(token, 'secret\n')
	chmodSync(token, 0o644)
	writeFileSync(conf, `[other]\nkind = fhir\norganisation = RXX\nurl = ${base}fhir\ntypes = Patient Task\ntoken-file = ${token}\n`)
	const pull = () => execFileSync(program, ['feed-pull', ours, 'other', '--feeds', conf, '--quiet'], { encoding: 'utf8', stdio: 'pipe' })
	assert.throws(pull, /can be read by others/)
	chmodSync(token, 0o600)
	assert.match(pull(), /450 resources told, 0 not understood/)
	pull()
	const one = (await (await fetch(`${base}fhir/Task?_count=1`)).json()).entry[0].resource
	await fetch(`${base}fhir/Task/${one.id}`, { method: 'PUT', headers: { 'content-type': 'application/fhir+json' },
		body: JSON.stringify({ ...one, status: 'failed' }) })
	pull()
	await stop(child);
	({ child, base } = await serve(ours))
	assert.equal(await total(base, 'Task'), 300)
	assert.equal(await total(base, 'Patient'), 150)
	assert.equal(await total(base, 'Task?status=failed'), 1)
	assert.equal((await (await fetch(`${base}fhir/Task/_history?_count=1`)).json()).total, 301)
	const task = (await (await fetch(`${base}fhir/Task?status=failed&_include=Task:patient`)).json())
	assert.equal(task.entry.length, 2)
	assert.match(task.entry[0].resource.meta.source, /RXX$/)
	await stop(child)
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
