// token.test.mjs - what is tried against the place where programs get their tokens: each thing an assertion must
// hold, one missing at a time; keys at an address that change; used twice, guessed at, too many at once.
import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { causeway, until } from './causeway.mjs'
import { ask, claimsOf, coded, jwt, keys, now, place } from './smart.mjs'

const scope = 'system/Patient.rs'
const hmac = (text, key) => `${text}.${createHmac('sha384', key).update(text).digest('base64url')}`

test('an assertion that is not all it must be gets no token', async t => {
	const rsa = keys('RS384', 'rsa'), ec = keys('ES384', 'ec')
	const { base, keys: own } = await place(t, { one: { scope, key: rsa }, two: { scope, key: ec }, three: { scope } })
	const of = more => claimsOf(base, 'one', more)
	const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' })
	const wrong = {
		'no signature': () => `${coded({ alg: 'none', kid: 'rsa' })}.${coded(of())}.`,
		'none, spelt otherwise': () => `${coded({ alg: 'nOnE', kid: 'rsa' })}.${coded(of())}.`,
		'a shared key that is the public one (PEM)': () => hmac(`${coded({ alg: 'HS384', kid: 'rsa' })}.${coded(of())}`, pem),
		'a shared key that is the public one (JWK)': () => hmac(`${coded({ alg: 'HS384', kid: 'rsa' })}.${coded(of())}`, JSON.stringify(rsa.jwk)),
		'RS256, which is not taken': () => jwt({ ...rsa, alg: 'RS256' }, of()),
		'another’s key': () => jwt({ ...keys('RS384', 'rsa') }, of()),
		'another client’s key': () => jwt({ ...own.three }, of()),
		'the other kind of key': () => jwt({ ...keys('ES384', 'rsa') }, of()),
		'the right key said to be of the other kind': () => jwt(rsa, of(), { alg: 'ES384' }),
		'a key it brings along': () => { const key = keys('RS384', 'rsa'); return jwt(key, of(), { jwk: key.jwk }) },
		'an address it brings along': () => jwt({ ...keys('RS384', 'new') }, of(), { jku: 'http://127.0.0.1:1/' }),
		'no kid': () => jwt(rsa, of(), { kid: undefined }),
		'a kid that is a path': () => jwt(rsa, of(), { kid: '../../../../../dev/null' }),
		'a kid that is SQL': () => jwt(rsa, of(), { kid: "x' UNION SELECT 'rsa" }),
		'a kid that is no text': () => jwt(rsa, of(), { kid: 7 }),
		'critical demands': () => jwt(rsa, of(), { crit: ['exp'], exp: 1 }),
		'another audience': () => jwt(rsa, of({ aud: 'https://elsewhere.example/auth/token' })),
		'the place as audience': () => jwt(rsa, of({ aud: base })),
		'others too as audience': () => jwt(rsa, of({ aud: [`${base}/auth/token`, 'https://elsewhere.example'] })),
		'the audience with a stroke more': () => jwt(rsa, of({ aud: `${base}/auth/token/` })),
		'an issuer with a stroke more': () => jwt(rsa, of({ iss: 'one/', sub: 'one/' })),
		'an end that is no whole number': () => jwt(rsa, JSON.stringify(of({ exp: 0 })).replace('"exp":0', `"exp":${now() + 60}.5`)),
		'no audience': () => jwt(rsa, of({ aud: undefined })),
		'another issuer': () => jwt(rsa, of({ iss: 'two' })),
		'an issuer nobody knows': () => jwt(rsa, claimsOf(base, 'nobody')),
		'another subject': () => jwt(rsa, of({ sub: 'two' })),
		'too old': () => jwt(rsa, of({ exp: now() - 61 })),
		'no end': () => jwt(rsa, of({ exp: undefined })),
		'an end that is text': () => jwt(rsa, of({ exp: String(now() + 60) })),
		'an end beyond five minutes': () => jwt(rsa, of({ exp: now() + 330 })),
		'an end beyond all numbers': () => jwt(rsa, JSON.stringify(of({ exp: 0 })).replace('"exp":0', '"exp":1e400')),
		'not yet': () => jwt(rsa, of({ nbf: now() + 120 })),
		'made in the future': () => jwt(rsa, of({ iat: now() + 120 })),
		'no jti': () => jwt(rsa, of({ jti: undefined })),
		'an empty jti': () => jwt(rsa, of({ jti: '' })),
		'a jti too long': () => jwt(rsa, of({ jti: 'x'.repeat(301) })),
		'members twice': () => jwt(rsa, `${JSON.stringify(of()).slice(0, -1)},"sub":"one"}`),
		'header members twice': () => jwt(rsa, of(), '{"alg":"none","alg":"RS384","kid":"rsa"}'),
		'a list for claims': () => jwt(rsa, [of()]),
		'too long': () => jwt(rsa, of({ x: 'x'.repeat(20000) })),
		'too deep': () => jwt(rsa, JSON.stringify(of()).replace(/}$/, `,"x":${'['.repeat(500)}${']'.repeat(500)}}`)),
		'two parts': () => jwt(rsa, of()).split('.').slice(0, 2).join('.'),
		'four parts': () => `${jwt(rsa, of())}.x`,
		'padding': () => `${jwt(rsa, of())}=`,
		'a signature cut short': () => jwt(rsa, of()).slice(0, -8),
		'zeros for a signature (ECDSA)': () => { const [head, body] = jwt(ec, claimsOf(base, 'two')).split('.'); return `${head}.${body}.${coded(Buffer.alloc(96))}` },
		'a signature in DER (ECDSA)': () => { const text = jwt(ec, claimsOf(base, 'two')).split('.').slice(0, 2).join('.'); return `${text}.${coded(Buffer.from('3006020101020101', 'hex'))}` },
		'a word': () => 'word',
		'bytes': () => '\u0000.\u0000.\u0000',
	}
	const good = { rsa: () => jwt(rsa, of()), ec: () => jwt(ec, claimsOf(base, 'two')) }
	for (const [what, make] of Object.entries(wrong)) {
		const reply = await ask(base, make(), scope)
		assert.deepEqual([reply.status, reply.body.error, reply.body.access_token], [401, 'invalid_client', undefined], what)
		for (const right of Object.values(good)) /* a good one still is, and takes the count back */
			if (Object.keys(wrong).indexOf(what) % 4 === 3)
				assert.equal((await ask(base, right(), scope)).status, 200, `after ${what}`)
	}
})

test('an assertion is taken once, also by two at the same moment', async t => {
	const { base, keys: own } = await place(t, { one: { scope } })
	const same = jwt(own.one, claimsOf(base, 'one'))
	const replies = await Promise.all([1, 2, 3, 4].map(() => ask(base, same, scope)))
	assert.deepEqual(replies.map(reply => reply.status).sort(), [200, 401, 401, 401])
	const again = jwt(own.one, claimsOf(base, 'one', { jti: 'same' }))
	assert.equal((await ask(base, again, scope)).status, 200)
	assert.equal((await ask(base, jwt(own.one, claimsOf(base, 'one', { jti: 'same', exp: now() + 100 })), scope)).status, 401, 'another with the same jti')
})

test('guessing is slowed down, for who guesses alone', async t => {
	const { base, keys: own } = await place(t, { one: { scope }, two: { scope } })
	const statuses = []
	for (let i = 0; i < 8; i++)
		statuses.push((await ask(base, jwt(keys('ES384', own.one.kid), claimsOf(base, 'one')), scope)).status)
	assert.equal(statuses[0], 401)
	assert.equal(statuses.at(-1), 429, String(statuses))
	assert.equal((await ask(base, jwt(own.one, claimsOf(base, 'one')), scope)).status, 429, 'a pause is a pause')
	assert.equal((await ask(base, jwt(own.two, claimsOf(base, 'two')), scope)).status, 200, 'for another client it is not')
	// and so are tokens without number
	for (let i = 0; i < 60; i++) {
		const reply = await ask(base, jwt(own.two, claimsOf(base, 'two')), scope)
		if (reply.status === 429)
			return
	}
	assert.fail('as many tokens as anybody likes')
})

test('a request for a token is told what is wrong with it', async t => {
	const { base, keys: own } = await place(t, { one: { scope } })
	const assertion = () => jwt(own.one, claimsOf(base, 'one'))
	assert.equal((await ask(base, assertion(), scope, { grant_type: 'password' })).body.error, 'unsupported_grant_type')
	assert.equal((await ask(base, assertion(), scope, { client_assertion_type: 'other' })).body.error, 'invalid_request')
	assert.equal((await ask(base, '', scope)).body.error, 'invalid_request')
	assert.equal((await ask(base, assertion(), '')).body.error, 'invalid_request')
	const twice = await fetch(`${base}/auth/token`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `grant_type=client_credentials&scope=a&scope=b&client_assertion=${assertion()}&client_assertion_type=x` })
	assert.equal((await twice.json()).error, 'invalid_request')
	assert.equal((await fetch(`${base}/auth/token`)).status, 405)
})

test('keys at an address are fetched, and again when a new one signs', async t => {
	let served = [keys('ES384', 'old')]
	const fetched = []
	const at = createServer((request, reply) => { fetched.push(Date.now()); reply.end(JSON.stringify({ keys: served.map(key => key.jwk) })) })
	await new Promise(done => at.listen(0, '127.0.0.1', done))
	t.after(() => at.close())
	const { base, db } = await place(t, {})
	assert.equal(causeway('client-add', db, 'far', '--jwks-url', `http://127.0.0.1:${at.address().port}/keys`, '--scope', scope).code, 0)
	const signed = key => ask(base, jwt(key, claimsOf(base, 'far')), scope)
	assert.equal((await signed(served[0])).status, 200)
	const [old] = served, fresh = keys('RS384', 'fresh')
	served = [fresh]
	await until('the new key is fetched', async () => {
		const before = fetched.length, { status } = await signed(fresh)
		assert.equal(status, fetched.length > before ? 200 : 401, 'it signs when the keys were fetched anew')
		return status === 200
	}, 5500)
	assert.equal(fetched.length, 2)
	assert.ok(fetched[1] - fetched[0] > 9000, 'not asked again within ten seconds')
	assert.equal((await signed(old)).status, 401, 'taken out is taken out')
})

// What is wrong with the keys at an address: the client gets no token, is told why, and nobody else waits.
test('keys at an address that are down, too many, moved, doubled or none', async t => {
	const far = keys('ES384', 'far')
	let answer
	const at = createServer((request, reply) => answer(reply))
	await new Promise(done => at.listen(0, '127.0.0.1', done))
	t.after(() => { at.closeAllConnections(); at.close() })
	const { base, db } = await place(t, {})
	const wrong = {
		big: [reply => reply.end(`{"keys":[${' '.repeat(5 << 20)}]}`), /more than is taken/],
		page: [reply => reply.end('<html>'), /not JSON/],
		moved: [reply => reply.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), /answered 302/],
		broken: [reply => reply.writeHead(500).end(), /answered 500/],
		none: [reply => reply.end('{"keys":[]}'), /no key/],
		doubled: [reply => reply.end(JSON.stringify({ keys: [far.jwk, keys('ES384', 'far').jwk] })), /which key/],
		private: [reply => reply.end(JSON.stringify({ keys: [{ ...far.jwk, d: 'AAAA' }] })), /private or shared/],
		gone: [reply => reply.destroy(), /could not be asked/],
	}
	for (const [name, [how, words]] of Object.entries(wrong)) {
		answer = how
		assert.equal(causeway('client-add', db, name, '--jwks-url', `http://127.0.0.1:${at.address().port}/${name}`, '--scope', scope).code, 0)
		const reply = await ask(base, jwt(far, claimsOf(base, name)), scope)
		assert.deepEqual([reply.status, reply.body.error], [401, 'invalid_client'], name)
		assert.match(reply.body.error_description, words, name)
	}
	let held
	answer = reply => { held = reply.writeHead(200); reply.write(' ') } // begun and not ended
	assert.equal(causeway('client-add', db, 'slow', '--jwks-url', `http://127.0.0.1:${at.address().port}/slow`, '--scope', scope).code, 0)
	const slow = ask(base, jwt(far, claimsOf(base, 'slow')), scope)
	await until('it is asked', () => held)
	assert.equal((await fetch(`${base}/healthz`)).status, 200, 'others are answered meanwhile')
	held.end(JSON.stringify({ keys: [far.jwk] }))
	assert.equal((await slow).status, 200)
})

test('what a client may not be is refused at the command line', async t => {
	const { db, dir } = await place(t, {})
	const { writeFileSync } = await import('node:fs')
	const key = keys(), file = `${dir}/bad.json`
	const add = (jwks, ...more) => { writeFileSync(file, typeof jwks === 'string' ? jwks : JSON.stringify(jwks)); return causeway('client-add', db, `c-${randomUUID()}`, '--jwks', file, '--scope', scope, ...more) }
	const whole = key.privateKey.export({ format: 'jwk' })
	assert.match(add({ keys: [whole] }).err, /private/)
	assert.match(add({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }).err, /private or shared/)
	assert.match(add({ keys: [] }).err, /no key/)
	assert.match(add('{').err, /not JSON/)
	assert.notEqual(add({ keys: [key.jwk] }, '--scope', 'user/Patient.rs').code, 0)
	assert.notEqual(add({ keys: [key.jwk] }, '--role', 'social-worker').code, 0)
	assert.notEqual(causeway('client-add', db, 'x', '--jwks-url', 'http://elsewhere.example/', '--scope', scope).code, 0, 'https, but on this machine')
})
