// smart.mjs - what the tests of SMART Backend Services share: a place, keys, clients, signed assertions.
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { causeway, scratch, serve } from './causeway.mjs'

const coded = value => Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url')
export { coded }

/** A pair of keys for an algorithm, with the public one as a JWK. */
export function keys(alg = 'ES384', kid = randomUUID()) {
	const curve = { ES256: 'P-256', ES384: 'P-384' }[alg]
	const pem = { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } }
	const made = curve ? generateKeyPairSync('ec', { namedCurve: curve, ...pem }) : generateKeyPairSync('rsa', { modulusLength: 2048, ...pem })
	// Keys read anew: Node 20 waits for itself for ever when one is written as a JWK while what made it is cleared away.
	const publicKey = createPublicKey(made.publicKey), privateKey = createPrivateKey(made.privateKey)
	return { alg, kid, publicKey, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig', key_ops: ['verify'] } }
}

export const bits = { RS256: 'sha256', RS384: 'sha384', ES256: 'sha256', ES384: 'sha384' }

/** A JWT: header and claims as objects, or as text when they are to be wrong. */
export function jwt(key, claims, header = {}) {
	const head = typeof header === 'string' ? header : { alg: key.alg, kid: key.kid, typ: 'JWT', ...header }
	const text = `${coded(head)}.${coded(claims)}`
	return `${text}.${coded(sign(bits[key.alg], Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }))}`
}

export const now = () => Math.floor(Date.now() / 1000)

export const claimsOf = (base, client, more = {}) => ({ iss: client, sub: client, aud: `${base}/auth/token`, exp: now() + 240, jti: randomUUID(), ...more })

/** Ask for a token: the reply of the server. */
export async function ask(base, assertion, scope, more = {}) {
	const reply = await fetch(`${base}/auth/token`, {
		method: 'POST',
		body: new URLSearchParams({
			grant_type: 'client_credentials', scope, client_assertion: assertion,
			client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', ...more,
		}),
	})
	const text = await reply.text()
	assert.match(reply.headers.get('content-type'), /application\/json/, `${reply.status} ${text}`)
	return { status: reply.status, headers: reply.headers, body: JSON.parse(text) }
}

export async function token(base, key, client, scope) {
	const reply = await ask(base, jwt(key, claimsOf(base, client)), scope)
	assert.equal(reply.status, 200, JSON.stringify(reply.body))
	return reply.body.access_token
}

const of = (id, type, more) => ({ resourceType: type, id, meta: { source: 'https://fhir.nhs.uk/Id/ods-organization-code/WXP' }, ...more })
const category = code => [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code }] }]
const observation = (id, who, code, more = {}) => of(id, 'Observation', { status: 'final', category: category(code), code: { text: id }, subject: { reference: `Patient/${who}` }, ...more })

export const resources = [
	of('hill', 'Organization', { name: 'Hill Surgery', identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'WXP' }] }),
	of('ada', 'Patient', { name: [{ family: 'Ashby' }], generalPractitioner: [{ reference: 'Organization/hill' }] }),
	of('ben', 'Patient', { name: [{ family: 'Birch' }], generalPractitioner: [{ reference: 'Organization/hill' }] }),
	observation('lab-ada', 'ada', 'laboratory'), observation('lab-ben', 'ben', 'laboratory'),
	observation('vital-ada', 'ada', 'vital-signs'), observation('vital-ben', 'ben', 'vital-signs'),
	of('asthma', 'Condition', { subject: { reference: 'Patient/ada' }, code: { text: 'asthma' } }),
	of('both', 'Group', { type: 'person', actual: true, member: [{ entity: { reference: 'Patient/ada' } }, { entity: { reference: 'Patient/ben' } }] }),
]

/** A place with those resources, an administrator and these clients ({ login: { scope, role?, key? } }), served. */
export async function place(t, clients) {
	const dir = scratch(t), db = join(dir, 'place.db')
	assert.equal(causeway('init', db).code, 0)
	writeFileSync(join(dir, 'all.ndjson'), resources.map(one => JSON.stringify(one)).join('\n') + '\n')
	const loaded = causeway('import', db, join(dir, 'all.ndjson'))
	assert.equal(loaded.code, 0, loaded.err)
	const made = {}
	for (const [login, { scope, role = 'program-export', key = keys(), org = [] }] of Object.entries(clients)) {
		made[login] = key
		const file = join(dir, `${login}.json`)
		writeFileSync(file, JSON.stringify({ keys: [key.jwk] }))
		const added = causeway('client-add', db, login, '--jwks', file, '--scope', scope, '--role', role, ...org)
		assert.equal(added.code, 0, added.err)
	}
	const server = await serve(t, db, '--signed-in')
	return { dir, db, base: server.base, server, keys: made, token: (login, scope) => token(server.base, made[login], login, scope) }
}

/** Requests with a token: { status, body, text }. */
export const asker = (base, token) => async (path, options = {}) => {
	const reply = await fetch(path.startsWith('http') ? path : base + path, { ...options, headers: { authorization: `Bearer ${token}`, ...options.headers } })
	const text = await reply.text()
	let body
	try {
		body = JSON.parse(text)
	} catch { /* NDJSON, or nothing */ }
	return { status: reply.status, headers: reply.headers, text, body }
}
