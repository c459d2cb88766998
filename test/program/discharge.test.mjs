// The way out of hospital, told by a hospital's own messages over a socket: admission, delay, notices, home, day 91; and what is taken back.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, database, program, scratch } from './causeway.mjs'

const fields = values => Object.entries(values).flatMap(([name, value]) => [value].flat().map(one =>
	/^[A-Z]\w+\//.test(one) ? { name, valueReference: { reference: one } } : { name, valueString: one }))

// A place with a council and a hospital, a server that takes messages, and short words for both.
async function place(t, ...options) {
	const dir = scratch(t), db = join(dir, 'd.db'), file = join(dir, 'place.ndjson')
	writeFileSync(file, ['council', 'hospital', 'reablement'].map(id =>
		JSON.stringify({ resourceType: 'Organization', id, name: id })).join('\n'))
	assert.equal(causeway('import', db, file).code, 0)
	const child = spawn(program, ['serve', database(db), '--open', '--port', '0', '--mllp', '0', '--quiet', ...options],
		{ stdio: ['ignore', 'pipe', 'inherit'] })
	t.after(() => child.kill('SIGKILL'))
	const lines = await new Promise((resolve, reject) => {
		let out = ''
		child.stdout.on('data', data => { out += data; if (/mllp:.*\n/.test(out)) resolve(out) })
		child.on('exit', code => reject(new Error(`the server ended with ${code}`)))
	})
	const base = lines.split('\n')[0].trim().replace(/\/$/, ''), port = Number(/mllp:\/\/[^:]+:(\d+)/.exec(lines)[1])
	const socket = connect(port, '127.0.0.1')
	t.after(() => socket.destroy())
	let n = 0
	const send = (event, time, visit, more = '') => new Promise((resolve, reject) => {
		socket.once('data', data => /\rMSA\|AA/.test(data) ? resolve() : reject(new Error(String(data))))
		socket.write(`\x0bMSH|^~\\&|PAS|RX1|CW|CW|${time}||ADT^${event}|D${++n}|P|2.4\rEVN|${event}|${time}\r` +
			`PID|1||77^^^RX1^MR||Oak^Ada||19400301|F\rPV1|1|I|W1||||||||||||||||${visit}\r${more}\x1c\r`)
	})
	const fhir = async (path, values, headers = {}) => {
		const reply = await fetch(`${base}/fhir/${path}`, values && { method: 'POST', headers: { 'content-type': 'application/fhir+json', ...headers },
			body: JSON.stringify({ resourceType: 'Parameters', parameter: fields(values) }) })
		return { status: reply.status, body: await reply.json() }
	}
	const all = async query => (await fhir(query)).body.entry?.map(entry => entry.resource) ?? []
	const one = async query => {
		const found = await all(query)
		assert.equal(found.length, 1, `${query}: ${found.length}`)
		return found[0]
	}
	const act = async (path, values = {}) => {
		const done = await fhir(path, values)
		assert.equal(done.status, 200, `${path}: ${JSON.stringify(done.body)}`)
		return done.body
	}
	// What a server does each minute.
	const follow = async visit => {
		const stay = await one(`Encounter?identifier=${visit}`)
		await act(`Encounter/${stay.id}/$follow`)
		return one(`Encounter?identifier=${visit}`)
	}
	return { db, base, send, fhir, all, one, act, follow }
}

const said = (answer, name) => Object.entries(answer.parameter.find(one => one.name === name) ?? {}).find(([key]) => key.startsWith('value'))?.[1]
const input = (task, kind) => Object.entries(task.input?.find(one => one.type.coding[0].code === kind) ?? {}).find(([key]) => key.startsWith('value'))?.[1]
const months = answer => answer.parameter.filter(one => one.name === 'month').map(one => [one.part[0].valueString, one.part[1].valueInteger])

test('one way out: admission, delay, dispute, notices, home, reablement, day 91', async t => {
	const { base, send, one, all, act, fhir, follow } = await place(t)
	await send('A01', '20260105100000', 'V1')
	const stay = await follow('V1'), on = `Encounter/${stay.id}`
	let leaving = await one(`Task?code=leave-hospital&encounter=${on}`)
	assert.equal(leaving.businessStatus.coding[0].code, 'planning')
	assert.equal(leaving.executionPeriod, undefined, 'not ready yet')
	await follow('V1')
	assert.equal((await all(`Task?encounter=${on}`)).length, 1, 'an admission begins it once')

	await act(`Task/${leaving.id}/$plan`, { expected: '2026-01-09', pathway: '1', by: 'Organization/reablement' })
	await act(`Task/${leaving.id}/$review`, { criteria: ['oxygen', 'news2'] })
	assert.equal((await fhir(`Task/${leaving.id}/$review`, { criteria: 'tired' })).status, 422)
	leaving = await act(`Task/${leaving.id}/$ready`, { since: '2026-01-10' })
	assert.equal(leaving.executionPeriod.start, '2026-01-10')
	assert.equal(input(leaving, 'criteria'), undefined)

	const notice = { stay: on, to: 'Organization/council', consulted: 'Ada and her daughter; no objection', contact: 'Ward 1, 01632 960001' }
	const early = await fhir('Task/$discharge-notice', { ...notice, proposed: '2026-01-15' })
	assert.equal(early.status, 409, 'a discharge notice follows an assessment notice')
	const first = await act('Task/$assessment-notice', { ...notice, healthcare: 'Considered: not eligible', given: '2026-01-12T15:00:00Z' })
	assert.equal(input(first, 'counts-from'), '2026-01-13')
	assert.equal(input(first, 'relevant-day'), '2026-01-15')
	await act(`Task/${first.id}/$receive`)
	const second = await act('Task/$discharge-notice', { ...notice, proposed: '2026-01-14', given: '2026-01-13T09:00:00Z' })
	assert.equal(input(second, 'relevant-day'), '2026-01-15', 'no earlier than the assessment notice allows')

	const reason = { stay: on, body: 'Organization/council', from: '2026-01-10', step: 'Confirm the start of home care' }
	assert.equal((await fhir('Task/$delay', { ...reason, reason: 'C', answerable: 'social' })).status, 422, 'C is the NHS alone')
	assert.equal((await fhir('Task/$delay', { ...reason, reason: 'E', answerable: 'social', from: '2026-01-09' })).status, 422, 'not before they were ready')
	let delay = await act('Task/$delay', { ...reason, reason: 'E', answerable: 'social' })
	assert.equal((await fhir(`Task/${delay.id}/$settle`, { why: 'no' })).status, 409, 'nothing is disputed')
	await act(`Task/${delay.id}/$dispute`, { why: 'The therapist has not reported' })
	delay = await act(`Task/${delay.id}/$settle`, { why: 'Both', answerable: 'both' })
	assert.equal(delay.performerType[0].coding[0].code, 'both')
	assert.equal(delay.reasonCode.coding[0].code, 'E')
	assert.equal(delay.status, 'in-progress', 'a dispute does not stop the days')

	await send('A03', '20260202113000', 'V1')
	await follow('V1')
	leaving = await one(`Task?code=leave-hospital&encounter=${on}`)
	assert.equal(leaving.businessStatus.coding[0].code, 'left')
	assert.equal(leaving.executionPeriod.start, '2026-01-10')
	const counted = await act(`Task/${delay.id}/$delay-count`)
	assert.equal(said(counted, 'days'), 23)
	assert.deepEqual(months(counted), [['2026-01', 22], ['2026-02', 1]])
	assert.equal((await one(`Task?_id=${second.id}`)).businessStatus.coding[0].code, 'ended')
	const month = await act('Task/$delay-month', { month: '2026-01' })
	assert.equal(said(month, 'days'), 22)
	assert.equal(said(month, 'beds'), 0.7)

	const episode = await one(`EpisodeOfCare?patient=${stay.subject.reference}`)
	assert.equal(episode.managingOrganization.reference, 'Organization/reablement')
	assert.equal(episode.period.start, '2026-02-02')
	const day91 = await one(`Task?code=day-91&encounter=${on}`), day84 = await one(`Task?code=day-84&encounter=${on}`)
	assert.match(day91.restriction.period.end, /^2026-05-04/)
	assert.match(day84.restriction.period.end, /^2026-04-27/)
	const answered = await act(`Task/${day91.id}/$answer`, { where: 'at-home' })
	assert.equal(answered.output[0].valueCode, 'at-home')
	const count = await act('Task/$followup-count', { days: '91', from: '2026-02-01', to: '2026-02-28' })
	assert.deepEqual(['left', 'answered', 'at-home', 'percent'].map(name => said(count, name)), [1, 1, 1, 100])

	// Back eighteen days later: both sides are told.
	await send('A01', '20260220080000', 'V2')
	const again = await follow('V2')
	assert.equal((await one(`Flag?patient=${stay.subject.reference}`)).status, 'active')
	assert.equal((await one(`Task?code=readmission&encounter=Encounter/${again.id}`)).owner.reference, 'Organization/reablement')
	const person = stay.subject.reference.slice('Patient/'.length), page = async path => (await fetch(base + path)).text()
	const shown = [[`/people/${person}`, /Back in hospital within 30 days/], [`/people/${person}/discharge`, /Back in hospital within 30 days/], ['/discharge', /Back within 30 days/], ['/discharge/print', /Back within 30 days/]]
	for (const [path, words] of shown)
		assert.match(await page(path), words, path)
	await send('A11', '20260220090000', 'V2')
	await follow('V2')
	for (const [path, words] of shown)
		assert.doesNotMatch((await page(path)).replace(/<section[^>]*aria-labelledby="(o-work|timeline-h)"[\s\S]*?<\/section>/g, ''), words, path)
	assert.equal((await one(`Flag?patient=${stay.subject.reference}`)).status, 'entered-in-error')
	for (const task of await all(`Task?encounter=Encounter/${again.id}`))
		assert.equal(task.status, 'cancelled', task.code.coding[0].code)
})

test('a discharge taken back undoes what came of it, and a second one begins it anew', async t => {
	const { send, one, all, act, follow } = await place(t)
	await send('A01', '20260301100000', 'V9')
	const stay = await follow('V9'), on = `Encounter/${stay.id}`
	const leaving = await one(`Task?code=leave-hospital&encounter=${on}`)
	await act(`Task/${leaving.id}/$plan`, { pathway: '1', by: 'Organization/reablement' })
	await act(`Task/${leaving.id}/$ready`, { since: '2026-03-04' })
	const delay = await act('Task/$delay', { stay: on, body: 'Organization/council', from: '2026-03-04', reason: 'discharge-delay-reason|home-care', answerable: 'social' })
	assert.match(delay.reasonCode.coding[0].system, /discharge-delay-reason$/)
	await send('A03', '20260306120000', 'V9')
	await follow('V9')
	assert.equal((await one(`Task?_id=${delay.id}`)).status, 'completed')
	await send('A13', '20260306130000', 'V9')
	await follow('V9')
	const back = await one(`Task?_id=${leaving.id}`)
	assert.equal(back.businessStatus.coding[0].code, 'ready')
	assert.equal(back.executionPeriod.end, undefined)
	assert.equal((await one(`Task?_id=${delay.id}`)).status, 'in-progress')
	assert.equal((await one(`EpisodeOfCare?patient=${stay.subject.reference}`)).status, 'cancelled')
	assert.equal((await one(`Task?code=day-91&encounter=${on}`)).status, 'cancelled')
	await send('A03', '20260307120000', 'V9')
	await follow('V9')
	assert.equal((await all(`EpisodeOfCare?patient=${stay.subject.reference}&status=active`)).length, 1)
	assert.equal((await one(`Task?_id=${delay.id}`)).executionPeriod.end.slice(0, 10), '2026-03-07')
})

test('no night is counted twice, none that is to come, and a notice does not outlive its day', async t => {
	const { fhir, all, one, act, send, follow } = await place(t)
	await send('A01', '20260201100000', 'V4')
	const stay = await follow('V4'), leaving = await one(`Task?encounter=Encounter/${stay.id}&code=leave-hospital`)
	await act(`Task/${leaving.id}/$ready`, { since: '2026-02-03' })
	const wait = { stay: `Encounter/${stay.id}`, body: 'Organization/council', answerable: 'social', reason: 'E' }
	const late = await act('Task/$delay', { ...wait, from: '2026-02-10' }), early = await act('Task/$delay', { ...wait, reason: 'A', from: '2026-02-05' })
	assert.equal(early.status, 'completed', 'written down later, it ends where the next begins')
	assert.equal(said(await act(`Task/${early.id}/$delay-count`), 'days'), 5)
	assert.equal((await fhir('Task/$delay', { ...wait, from: '2026-02-07' })).status, 422, 'those nights are counted already')
	assert.equal((await fhir('Task/$delay', { ...wait, from: '2199-01-01' })).status, 422)
	assert.equal((await fhir(`Task/${late.id}/$end`, { on: '2199-01-01' })).status, 422)
	assert.equal((await fhir(`Task/${early.id}/$reopen`, { why: 'It goes on' })).status, 409)
	await act(`Task/${late.id}/$end`, { on: '2026-02-28' })
	await act(`Task/${late.id}/$reopen`, { why: 'It goes on' })
	await act(`Task/${late.id}/$end`, { on: '2026-02-28' })
	const month = await act('Task/$delay-month', { month: '2026-02' })
	assert.equal(said(month, 'days'), 23, 'five and eighteen')
	const notice = { stay: wait.stay, to: 'Organization/council', consulted: 'Ada', contact: 'Ward 1, 01632 960000' }
	await act('Task/$assessment-notice', { ...notice, healthcare: 'Considered: no' })
	await act('Task/$discharge-notice', { ...notice, proposed: '2199-01-01' })
	await act(`Task/${leaving.id}/$unready`, { why: 'Worse again' })
	assert.deepEqual((await all(`Task?encounter=Encounter/${stay.id}&code=discharge-notice`)).map(task => task.status).sort(), ['cancelled', 'requested'])
})

test('the reckoning over the API, and a set of codes that a place adds', async t => {
	const pack = join(scratch(t), 'pack'), folder = join(pack, 'care', 'delay')
	mkdirSync(folder, { recursive: true })
	writeFileSync(join(folder, 'island.tsv'), 'code\twords\tnhs\tsocial\tboth\tfrom\tto\tsource\nferry\tNo ferry\ty\ty\t\t2026-01-01\t\tIsland council\n')
	const { act, fhir, send, follow } = await place(t, '--place', pack)
	const intime = await act('Task/$notice-day', { assessment: '2016-05-09T09:00:00+01:00', discharge: '2016-05-10T09:00:00+01:00', proposed: '2016-05-12' })
	assert.deepEqual(['assessment-counts', 'discharge-counts', 'earliest', 'relevant-day', 'delayed-from'].map(name => said(intime, name)),
		['2016-05-09', '2016-05-10', '2016-05-11', '2016-05-12', '2016-05-13'])
	const days = await act('Task/$notice-day', { assessment: '2016-05-09T15:00:00+01:00' })
	assert.equal(said(days, 'assessment-counts'), '2016-05-10', 'after 14:00 it counts as the next day')
	assert.equal(said(days, 'relevant-day'), '2016-05-12')
	assert.equal(said(await act('Task/$notice-day', { assessment: '2016-05-28T15:00:00+01:00' }), 'assessment-counts'), '2016-05-31', 'neither Sunday nor a bank holiday')
	assert.equal(said(await act('Task/$delay-owed', { from: '2016-05-13', left: '2016-05-16' }), 'owed'), '520.00')
	assert.equal(said(await act('Task/$delay-owed', { from: '2016-05-13', left: '2016-05-16', london: 'true' }), 'owed'), '620.00')
	assert.equal(said(await act('Task/$delay-owed', { from: '2016-05-13', left: '2016-05-16', inclusive: 'false' }), 'owed'), '390.00')
	assert.equal(said(await act('Task/$delay-days', { ready: '2016-01-10', left: '2016-01-15' }), 'days'), 5)
	const split = await act('Task/$delay-days', { ready: '2016-01-29', left: '2016-03-02' })
	assert.equal(said(split, 'days'), 33)
	assert.deepEqual(months(split), [['2016-01', 3], ['2016-02', 29], ['2016-03', 1]])
	assert.equal(said(await act('Task/$delay-days', { ready: '2016-01-15', left: '2016-01-15' }), 'days'), 0)
	const rate = await act('Task/$delay-rate', { days: '4290', period: '30', adults: '450000' })
	assert.deepEqual(['days-per-100000', 'beds', 'beds-per-100000'].map(name => said(rate, name)), [953.3, 143.0, 31.8])
	assert.equal(said(await act('Task/$delay-days', { ready: '2016-03-26T23:30:00Z', left: '2016-03-27T00:30:00Z' }), 'days'), 1, 'a short night is a night')
	assert.equal(said(await act('Task/$delay-owed', { from: '2014-05-13', left: '2014-05-16' }), 'owed'), '400.00', 'by the Act of 2003')
	const easter = nation => act('Task/$notice-day', { assessment: '2016-03-28T09:00:00+01:00', nation }).then(answer => said(answer, 'assessment-counts'))
	assert.deepEqual([await easter('england'), await easter('scotland')], ['2016-03-29', '2016-03-28'])
	assert.equal((await fhir('Task/$notice-day', { assessment: '2016-03-28T09:00:00+01:00', nation: 'france' })).status, 422)
	const codes = on => act('Task/$care-choices', { of: 'delay-reason', on })
	assert.ok(JSON.stringify(await codes('2026-02-01')).includes('island|ferry'))
	assert.ok(!JSON.stringify(await codes('2025-12-31')).includes('island|ferry'))
	await send('A01', '20260201100000', 'V3')
	const stay = await follow('V3'), ferry = { stay: `Encounter/${stay.id}`, body: 'Organization/council', reason: 'island|ferry', from: '2026-02-03' }
	assert.equal((await fhir('Task/$delay', { ...ferry, answerable: 'both' })).status, 422)
	assert.equal((await act('Task/$delay', { ...ferry, answerable: 'social' })).reasonCode.coding[0].display, 'No ferry')
})
