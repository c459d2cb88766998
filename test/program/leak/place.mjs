// place.mjs - the place of world.mjs in a database, served; everybody of everyone.mjs signed in; and asking it by kept-open connections.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { causeway, database, program, psql, scratch, server } from '../causeway.mjs'
import { directory } from './world.mjs'

const password = 'three plain words'
const lines = list => list.map(one => JSON.stringify(one)).join('\n') + '\n'

/** SQL on the database of this run, whichever engine. */
export function sql(db, text) {
	if (server)
		return psql(text, database(db))
	const done = spawnSync('sqlite3', ['-cmd', '.timeout 60000', db, text], { encoding: 'utf8' })
	if (done.status !== 0)
		throw new Error(done.stderr)
	return done.stdout.trim()
}

/** Tell the program to do something, or fail with what it said. */
export function tell(...args) {
	const done = causeway(...args)
	if (done.code !== 0)
		throw new Error(`${args.join(' ')}: ${done.out}${done.err}${existsSync(`${args[1]}.rejects.ndjson`) ? readFileSync(`${args[1]}.rejects.ndjson`, 'utf8').slice(0, 3000) : ''}`)
	return done.out
}

export function fill(t, world) {
	const dir = scratch(t), db = join(dir, 'place.db')
	tell('init', db)
	writeFileSync(join(dir, 'a.ndjson'), lines([...directory, ...world.first.map(entry => entry.resource)]))
	writeFileSync(join(dir, 'b.json'), JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: world.then.filter(entry => entry.resource) }))
	writeFileSync(join(dir, 'c.json'), JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: world.then.filter(entry => !entry.resource) }))
	for (const file of ['a.ndjson', 'b.json', 'c.json'])
		tell('import', db, join(dir, file))
	return db
}

/** A connection kept open: ask(method, path, { headers, body }) → { status, headers, text }. */
export function asker(base) {
	const agent = new Agent({ keepAlive: true, maxSockets: 16 }), { hostname, port } = new URL(base)
	return (method, path, { headers = {}, body } = {}) => new Promise((resolve, reject) => {
		const asked = request({ agent, hostname, port, method, path, headers: body === undefined ? headers : { 'content-length': Buffer.byteLength(body), ...headers } }, reply => {
			const parts = []
			reply.on('data', part => parts.push(part))
			reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, text: Buffer.concat(parts).toString() }))
		})
		asked.setTimeout(60000, () => asked.destroy(new Error(`no answer to ${method} ${path}`)))
		asked.on('error', reject)
		asked.end(body)
	})
}

/** Start it and keep what it writes to the log: { ask, base, log() }. */
export async function start(t, db, ...more) {
	const child = spawn(program, ['serve', database(db), '--port', '0', '--export-dir', `${db}.bulk`, ...more], { stdio: ['ignore', 'pipe', 'pipe'] })
	let log = '', out = ''
	t.after(() => child.kill('SIGKILL'))
	child.stderr.on('data', data => { log += data })
	const base = await new Promise((resolve, reject) => {
		child.once('exit', code => reject(new Error(`the server ended with ${code}: ${log}`)))
		child.stdout.on('data', data => {
			const found = /http:\/\/[^/\s]+/.exec(out += data)
			if (found)
				resolve(found[0])
		})
	})
	const { hostname, port } = new URL(base)
	const open = (path, headers, take) => request({ hostname, port, path, headers }, take).end()
	return { base, ask: asker(base), open, log: () => log + out, stop: () => new Promise(done => { child.removeAllListeners('exit'); child.once('exit', done); child.kill('SIGTERM') }) }
}

/** Make the account; resolves to what sends its proof with each request once served. */
export function addAccount(db, account) {
	const { login, roleName, org, practitioner, own } = account
	const out = tell('account-add', db, login, '--name', `${login} of the place`, '--role', roleName, ...(org ? ['--org', org] : []), ...(practitioner ? ['--practitioner', practitioner] : []), ...(own ? ['--patient', own.id] : []))
	account.link = /\/welcome\/\S+/.exec(out)?.[0]
	if (account.role.kind === 'program')
		account.headers = { authorization: `Bearer ${tell('account-token', db, login).trim()}` }
}

/** Set a password by the link, which signs in. */
export async function signIn(place, account) {
	if (!account.link)
		return
	const cookies = reply => (reply.headers['set-cookie'] ?? []).map(one => one.split(';')[0])
	const page = await place.ask('GET', account.link), jar = cookies(page)
	const token = /name="form_token" value="([^"]+)"/.exec(page.text)[1]
	const done = await place.ask('POST', account.link, { headers: { cookie: jar.join('; '), 'content-type': 'application/x-www-form-urlencoded' }, body: String(new URLSearchParams({ form_token: token, password, again: password })) })
	if (done.status !== 303)
		throw new Error(`${account.login}: ${done.status} ${done.text}`)
	account.headers = { cookie: cookies(done).filter(one => !one.endsWith('=')).join('; ') }
}

/** Send a form as `page` has it, with what it hides and `fields`. */
export async function form(place, account, page, path, fields) {
	const shown = await place.ask('GET', page, { headers: account.headers })
	const [text] = shown.text.split(`action="${path}"`).slice(1), hidden = [...(text ?? '').split('</form>')[0].matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value])
	return place.ask('POST', path, { headers: { ...account.headers, 'content-type': 'application/x-www-form-urlencoded' }, body: String(new URLSearchParams({ ...Object.fromEntries(hidden), ...fields })) })
}

/** Let an account see a person's record: what the person's page does. */
export function delegate(db, login, person, capacity, scope) {
	const key = what => sql(db, what)
	const account = key(`SELECT key FROM account WHERE login = '${login}'`)
	const patient = key(`SELECT r.key FROM resource r JOIN name n ON n.key = r.type WHERE n.text = 'Patient' AND r.id = '${person.id}'`)
	const next = key('SELECT coalesce(max(key), 0) + 1 FROM delegation')
	sql(db, `INSERT INTO delegation (key, account, person, capacity, scope, since, until, given, actor) VALUES (${next}, ${account}, ${patient}, '${capacity}', '${scope.join(' ')}', 0, 0, 0, 0)`)
}

/** Run `work` over all, so many at a time. */
export async function atOnce(many, all, work) {
	const left = [...all].values()
	await Promise.all(Array.from({ length: many }, async () => {
		for (const one of left)
			await work(one)
	}))
}
