// pages.test.mjs - every page at three widths: axe finds nothing, nothing scrolls sideways, nothing
// fails to load, every link answers; the same without JavaScript; and in print.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addresses, available, barriers, edith, failing, open, picture, synthea, widths } from './place.mjs'

const skip = available ? false : 'needs build/causeway and Chromium'
let place

before(async () => { if (available) place = await open() })
after(async () => { if (place) await place.close() })

const sideways = page => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)

for (const width of widths)
	test(`every page at ${width} pixels`, { skip }, async t => {
		const page = await place.page(width)
		for (const [name, address] of [...addresses, ...failing])
			await t.test(name, async () => {
				page.faults.length = 0
				await page.goto(place.base + address)
				assert.deepEqual(await barriers(page), [])
				assert.ok(await sideways(page) <= 0, 'scrolls sideways')
				assert.deepEqual(page.faults.filter(f => !/40[04] /.test(f) && !/status of 40[04]/.test(f)), [])
				assert.match(await page.title(), / - Causeway/)
				assert.equal(await page.locator('h1').count(), 1)
				if (width >= 390 && /^(home|search|person|timeline|waiting)$/.test(name))
					await picture(page, `${name}-${width}`)
			})
		await page.context().close()
	})

test('a judge that was pleased before sees what is wrong now', { skip }, async () => {
	const page = await place.page()
	for (const [width, what, spoil] of [
		[1280, /^$/, () => {}],
		[1280, /color-contrast/, () => { document.querySelector('main p').style.color = '#ddd' }],
		[320, /color-contrast/, () => { document.querySelector('main').style.backgroundColor = '#333' }],
		[320, /target-size/, () => { document.querySelector('main').innerHTML += '<button class="tiny"></button>'.repeat(2); document.querySelectorAll('.tiny').forEach(b => { b.style.cssText = 'width:9px;height:9px;padding:0'; b.textContent = 'x' }) }],
		[320, /image-alt/, () => { document.querySelector('main').innerHTML += '<img src="data:," class="new">' }],
		[320, /^$/, () => {}],
	]) {
		await page.setViewportSize({ width, height: 900 })
		await page.goto(`${place.base}/help`)
		await page.evaluate(spoil)
		assert.match((await barriers(page)).join('\n'), what, `${what} at ${width}`)
	}
})

test('records of another make have decent pages too', { skip: skip || (existsSync(synthea) ? false : 'needs the Synthea bundles') }, async t => {
	const page = await place.page(1280)
	for (const file of readdirSync(synthea).filter(f => f.endsWith('.json')).slice(0, 3))
		await t.test(file, async () => {
			const written = await fetch(`${place.base}/fhir`, { method: 'POST', body: readFileSync(join(synthea, file)),
				headers: { 'Content-Type': 'application/fhir+json' } })
			assert.equal(written.status, 200)
			const answer = await written.json()
			const id = answer.entry.map(e => e.response.location.match(/Patient\/([^/]+)/)?.[1]).find(Boolean)
			for (const address of [`/people/${id}`, `/people/${id}/timeline?kind=all`]) {
				page.faults.length = 0
				await page.goto(place.base + address)
				assert.deepEqual(await barriers(page), [])
				assert.ok(await sideways(page) <= 0, 'scrolls sideways')
				assert.deepEqual(page.faults, [])
			}
			assert.ok(await page.locator('.cw-timeline__item').count() > 5)
		})
	await page.context().close()
})

test('failures have their status and say what to do', { skip }, async () => {
	for (const [name, address, status] of failing) {
		const answer = await fetch(place.base + address)
		assert.equal(answer.status, status, name)
		assert.match(await answer.text(), /What you can do/, name)
	}
})

test('a policy keeps pages to themselves', { skip }, async () => {
	const answer = await fetch(place.base)
	const policy = answer.headers.get('content-security-policy')
	assert.match(policy, /default-src 'none'/)
	assert.doesNotMatch(policy, /unsafe/)
	const text = await (await fetch(`${place.base}/people/${edith}`)).text()
	assert.equal(text.match(/<script>|<style|\sstyle="|\son[a-z]+="/)?.[0], undefined)
})

test('files are kept for good under their hash and not under another', { skip }, async () => {
	const text = await (await fetch(place.base)).text()
	const address = text.match(/\/static\/[0-9a-f]+\/causeway\.css/)[0]
	assert.match((await fetch(place.base + address)).headers.get('cache-control'), /immutable/)
	const other = await fetch(place.base + address.replace(/[0-9a-f]{16}/, '0000000000000000'))
	assert.doesNotMatch(other.headers.get('cache-control'), /immutable/)
	assert.equal((await fetch(`${place.base}/static/x/passwd`)).status, 404)
})

test('every link answers, and every anchor is there', { skip }, async () => {
	const seen = new Map(), todo = ['/']
	const anchors = []
	while (todo.length && seen.size < 400) {
		const address = todo.shift()
		if (seen.has(address)) continue
		const answer = await fetch(place.base + address)
		const text = await answer.text()
		seen.set(address, answer.status)
		assert.equal(answer.status, 200, address)
		if (!/html/.test(answer.headers.get('content-type'))) continue
		const follow = address === '/' || address === '/help' || address.startsWith(`/people/${edith}`) && !/source|\?/.test(address)
		for (const [, href] of text.matchAll(/<a[^>]* href="([^"]*)"/g)) {
			const url = new URL(href.replaceAll('&amp;', '&'), place.base + address)
			if (url.protocol === 'tel:') continue
			if (url.hash && url.pathname === address.split('?')[0]) anchors.push([address, url.hash.slice(1), text])
			if (follow) todo.push(url.pathname + url.search)
		}
	}
	for (const [address, id, text] of anchors)
		assert.ok(text.includes(`id="${id}"`), `${address}#${id}`)
	assert.ok(seen.size > 60, `only ${seen.size} pages`)
})

test('the story is whole without JavaScript', { skip }, async () => {
	const page = await place.page(1280, { javaScriptEnabled: false })
	await page.goto(place.base)
	await page.fill('#search-main', 'tredwell 1941')
	await page.press('#search-main', 'Enter')
	await page.click('text=TREDWELL, Edith (Mrs)')
	assert.match(await page.textContent('main'), /Ready to leave hospital\.\s+4 nights waiting/)
	await page.selectOption('#tl-org', 'GP')
	await page.click('.cw-filter button')
	assert.match(page.url(), /org=GP/)
	assert.doesNotMatch(await page.textContent('.cw-timeline >> nth=0'), /Wendle Valley/)
	await page.context().close()
})

test('the timeline goes back to the beginning, page by page, with nothing twice', { skip }, async () => {
	const seen = new Set()
	let address = `/people/${edith}?kind=all`, pages = 0
	for (; address && pages < 20; pages++) {
		const text = await (await fetch(place.base + address)).text()
		for (const [, item] of text.matchAll(/(<li class="cw-timeline__item.*?<\/li>)/gs)) {
			assert.ok(!seen.has(item), item)
			seen.add(item)
		}
		address = text.match(/<a href="(\/people\/[^"]*skip=\d+)">Earlier/)?.[1].replaceAll('&amp;', '&')
	}
	assert.ok(pages > 1 && pages < 20 && seen.size > 100, `${pages} pages, ${seen.size} entries`)
})

test('an NHS number opens the person, spaces or not', { skip }, async () => {
	const page = await place.page()
	for (const number of ['9990166137', '999 016 6137', '999-016-6137']) {
		await page.goto(`${place.base}/people?q=${encodeURIComponent(number)}`)
		assert.match(page.url(), new RegExp(`/people/${edith}$`), number)
	}
	await page.context().close()
})

test('what was typed is found, in any order and form', { skip }, async () => {
	const page = await place.page()
	for (const typed of ['tredwell', 'Edith Tredwell', 'tredwell edie', 'TRED 3/3/1941', '3 Mar 1941 edith', 'wx4 6qt edith',
		'LAS1000001', 'tredwel']) {
		await page.goto(`${place.base}/people?q=${encodeURIComponent(typed)}`)
		assert.match(await page.textContent('main'), /TREDWELL, Edith/, typed)
	}
	await page.goto(`${place.base}/people?q=zzyzx`)
	assert.match(await page.textContent('main'), /No one found.*name zzyzx.*What you can do/s)
	assert.equal(await page.inputValue('#search-field'), 'zzyzx')
	await page.context().close()
})

test('every version is kept, and what changed is marked', { skip }, async () => {
	const address = `${place.base}/fhir/Goal/${edith}-goal-1`
	const goal = await (await fetch(address)).json()
	goal.description.text = 'Home, and back at lunch club by spring.'
	const written = await fetch(address, { method: 'PUT', body: JSON.stringify(goal), headers: { 'Content-Type': 'application/fhir+json' } })
	assert.equal(written.status, 200)
	const page = await place.page()
	await page.goto(`${place.base}/people/${edith}/source/Goal/${edith}-goal-1`)
	assert.equal(await page.locator('.cw-versions > li').count(), 2)
	assert.match(await page.textContent('ins'), /by spring/)
	assert.match(await page.textContent('del'), /before Christmas/)
	await page.goto(`${place.base}/people/${edith}`)
	assert.match(await page.textContent('#plan'), /by spring/)
	await page.context().close()
})

test('what is restricted is on no page, and nothing tells of it', { skip }, async () => {
	const found = await (await fetch(`${place.base}/fhir/Task?code=safeguarding&_count=5`)).json()
	const made = { resourceType: 'Task', id: 'secret-1', status: 'in-progress', intent: 'plan',
		meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] },
		code: { text: 'Utterly restricted' }, for: { reference: `Patient/${edith}` } }
	const written = await fetch(`${place.base}/fhir/Task/secret-1`, { method: 'PUT', body: JSON.stringify(made), headers: { 'Content-Type': 'application/fhir+json' } })
	assert.equal(written.status, 201)
	for (const address of [`/people/${edith}`, `/people/${edith}/timeline?kind=all`])
		assert.doesNotMatch(await (await fetch(place.base + address)).text(), /Utterly restricted/)
	const tasks = [...(found.entry ?? []).map(e => e.resource), made]
	for (const task of tasks) {
		const who = task.for.reference.split('/')[1]
		assert.equal((await fetch(`${place.base}/people/${who}/source/Task/${task.id}`)).status, 404)
	}
})

test('a record is not shown under another person', { skip }, async () => {
	for (const [type, id] of [['Condition', `${edith}-problem-wrist`], ['Task', `${edith}-task-approve`]]) {
		assert.equal((await fetch(`${place.base}/people/${edith}/source/${type}/${id}`)).status, 200)
		assert.equal((await fetch(`${place.base}/people/p-000002/source/${type}/${id}`)).status, 404)
	}
})

test('names that sound alike are found and say so', { skip }, async () => {
	const page = await place.page()
	await page.goto(`${place.base}/people?q=treadwall`)
	assert.match(await page.textContent('main'), /Nobody fits exactly.*TREDWELL, Edith.*Sounds like what you typed/s)
	await page.context().close()
})

test('names are text, whatever they hold', { skip }, async () => {
	const page = await place.page()
	await page.goto(`${place.base}/people?q=${encodeURIComponent('"><script>alert(1)</script>')}`)
	assert.equal(await page.locator('script').count(), 1)
	assert.equal(await page.inputValue('#search-field'), '"><script>alert(1)</script>')
	await page.context().close()
})

test('print leaves the record and drops the chrome', { skip }, async () => {
	const page = await place.page()
	await page.goto(`${place.base}/people/${edith}`)
	await page.emulateMedia({ media: 'print' })
	for (const gone of ['.nhsuk-header__search', '.cw-subnav', '.nhsuk-footer', '.cw-filter'])
		assert.equal(await page.locator(gone).first().isVisible(), false, gone)
	for (const kept of ['.cw-bar__name', '.cw-alerts', '.cw-now', '#services', '.cw-timeline'])
		assert.equal(await page.locator(kept).first().isVisible(), true, kept)
	await page.context().close()
})
