// A number that only one person can have, told of somebody else: by whatever way it comes, nobody gets it unasked, the
// message is not lost, and people are asked whether the two are one. On both engines.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, database, program, scratch } from './causeway.mjs'

const NHS = 'https://fhir.nhs.uk/Id/nhs-number', VERIFIED = '01', CONTESTED = '05'
const STATUS = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus'
const CODES = 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland'
const EDITH = '9434765919', json = { 'content-type': 'application/fhir+json' }

const nhs = (value, code = VERIFIED) => ({ system: NHS, value, extension: [{ url: STATUS, valueCodeableConcept: { coding: [{ system: CODES, code }] } }] })
const edith = { resourceType: 'Patient', id: 'edith', identifier: [nhs(EDITH)], name: [{ family: 'Tredwell', given: ['Edith'] }], gender: 'female', birthDate: '1938-03-14' }

async function serve(t, db, conf) {
	const child = spawn(program, ['serve', database(db), '--open', '--port', '0', '--feeds', conf, '--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] })
	t.after(() => child.kill('SIGKILL'))
	let out = ''
	await new Promise((resolve, reject) => {
		child.stdout.on('data', data => { out += data; if (/http:[^]*mllp:.*\n|mllp:[^]*http:.*\n/.test(out)) resolve() })
		child.on('exit', code => reject(new Error(`the server ended with ${code}`)))
	})
	return { base: /http:\/\/[^/]+/.exec(out)[0], port: Number(/mllp:\/\/[^:]+:(\d+)/.exec(out)[1]) }
}

const hl7 = (port, message) => new Promise((resolve, reject) => {
	const socket = connect(port, '127.0.0.1', () => socket.write(`\x0b${message}\x1c\r`))
	socket.once('data', data => { resolve(data.toString()); socket.destroy() }).once('error', reject)
})

/** A place with Edith, and the ways somebody else can be told of: each resolves to whether it was taken. */
async function place(t) {
	const dir = scratch(t), conf = join(dir, 'feeds.conf'), db = join(dir, 'place.db')
	writeFileSync(conf, '[pas]\norganisation = RX1\nlisten = 127.0.0.1:0\n[care]\nkind = csv\norganisation = WXL\nmapping = client-level-data\n' +
		'[partner]\nkind = fhir\norganisation = RXX\n')
	const { base, port } = await serve(t, db, conf)
	let n = 0
	const ask = async (method, path, body, headers = json) => {
		const answer = await fetch(base + path, { method, body: body && (typeof body === 'string' ? body : JSON.stringify(body)), headers })
		return { status: answer.status, json: await answer.json().catch(() => null) }
	}
	assert.equal((await ask('PUT', '/fhir/Patient/edith', edith)).status, 201)
	const ways = {
		async hl7({ id, family, given, birthDate, number, more = '' }) {
			const numbers = [`${id}^^^RX1^MR`, number && `${number}^^^NHS^NH`, more].filter(Boolean).join('~')
			return hl7(port, `MSH|^~\\&|PAS|RX1|CW|CW|20250110100000||ADT^A28|C${++n}|P|2.4\rEVN|A28|20250110100${String(n).padStart(3, '0')}\r` +
				`PID|1||${numbers}||${family}^${given}||${birthDate.replaceAll('-', '')}|F${'|'.repeat(24)}${number ? '01' : ''}\r`)
				.then(answer => /MSA\|AA/.test(answer), assert.fail)
		},
		async rows({ id, family, given, birthDate, number = '' }) {
			const day = birthDate.split('-').reverse().join('/')
			const answer = await ask('POST', '/feeds/care', 'LA Code,Reporting Period Start Date,Reporting Period End Date,LA Person Unique Identifier,' +
				'NHS Number,NHS Number Status,Date of Birth,Given Name,Family Name,Event Type,Event Reference,Event Start Date\n' +
				`503,01/07/2025,30/09/2025,${id},${number},${number && '01'},${day},${given},${family},Request,R${++n},02/07/2025\n`, { 'content-type': 'text/csv' })
			return answer.status === 200 || assert.fail(JSON.stringify(answer))
		},
		async push({ id, family, given, birthDate, number }) {
			const answer = await ask('POST', '/feeds/partner/fhir', { resourceType: 'Patient', id, meta: { lastUpdated: `2025-01-10T10:00:${String(++n).padStart(2, '0')}Z` },
				identifier: number ? [nhs(number)] : [], name: [{ family, given: [given] }], gender: 'female', birthDate })
			return answer.status === 200 || assert.fail(JSON.stringify(answer))
		},
	}
	const everybody = async () => (await ask('GET', '/fhir/Patient?_count=50')).json.entry.map(e => e.resource)
	const holders = async code => (await everybody()).filter(p => p.identifier?.some(i => i.system === NHS && i.value === EDITH &&
		i.extension?.some(e => e.valueCodeableConcept?.coding?.[0].code === code)))
	const doubts = async () => [...new Set((await (await fetch(`${base}/identity`)).text()).match(/\/identity\/\d+/g) ?? [])].length
	return { ask, ways, everybody, holders, doubts, db }
}

const mary = { id: '700', family: 'Oakes', given: 'Mary', birthDate: '1971-11-02', number: EDITH }

for (const way of ['hl7', 'rows', 'push']) {
	test(`${way}: a stranger with the verified number of another is somebody else, and people are asked`, async t => {
		const { ways, everybody, holders, doubts, db } = await place(t)
		assert.ok(await ways[way](mary))
		assert.equal((await everybody()).length, 2)
		assert.deepEqual((await holders(VERIFIED)).map(p => p.id), ['edith'])
		assert.deepEqual((await holders(CONTESTED)).map(p => p.name[0].family), ['Oakes'])
		assert.equal(await doubts(), 1)
		assert.ok(await ways[way](mary)) // told once more: nothing new
		assert.deepEqual((await holders(VERIFIED)).map(p => p.id), ['edith'])
		assert.equal(await doubts(), 1)
		assert.equal(causeway('check', db).code, 0)
	})

	test(`${way}: somebody known who is then told to have the number of another does not get it unasked`, async t => {
		const { ask, ways, everybody, holders, doubts } = await place(t)
		assert.ok(await ways[way]({ ...mary, number: undefined }))
		assert.equal(await doubts(), 0)
		for (let again = 0; again < 3; again++) {
			assert.ok(await ways[way](mary))
			assert.equal((await everybody()).length, 2)
			assert.deepEqual((await holders(VERIFIED)).map(p => p.id), ['edith'], `told ${again + 1} times`)
			assert.equal(await doubts(), 1)
		}
		// And by hand: refused, with the request that is there already or a new one, and nothing changed.
		const oakes = (await everybody()).find(p => p.name[0].family === 'Oakes')
		const refused = await ask('PUT', `/fhir/Patient/${oakes.id}`, { ...oakes, identifier: [nhs(EDITH)] })
		assert.equal(refused.status, 409)
		assert.match(refused.json.issue[0].diagnostics, /only one person can have/)
		assert.deepEqual((await holders(VERIFIED)).map(p => p.id), ['edith'])
	})
}

test('what was meant for an NHS number and is none says of nobody who they are', async t => {
	const { ways, everybody, doubts } = await place(t)
	await ways.hl7({ ...mary, number: '0000000000' })
	await ways.hl7({ id: '701', family: 'Firth', given: 'Joan', birthDate: '1950-05-05', number: '0000000000' })
	assert.equal((await everybody()).length, 3)
	assert.equal(await doubts(), 0)
})

test('one message with the numbers of two: it goes to the first, and people are asked', async t => {
	const { ways, everybody, doubts } = await place(t)
	await ways.hl7({ ...mary, number: undefined })
	await ways.hl7({ id: '701', family: 'Firth', given: 'Joan', birthDate: '1950-05-05' })
	assert.equal(await doubts(), 0)
	await ways.hl7({ ...mary, number: undefined, more: '701^^^RX1^MR' })
	assert.equal((await everybody()).length, 3)
	assert.equal(await doubts(), 1)
})
