// place.mjs - a place to look at, served, and a browser: what every test of pages begins with.
import assert from 'node:assert/strict'
import { spawn, execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { appendFileSync, cpSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'node:test'
import { chromium } from 'playwright-core'

const root = new URL('../../', import.meta.url).pathname
const require = createRequire(import.meta.url)
export const program = process.env.CAUSEWAY || join(root, 'build/causeway')
// The shell of Chromium has no windows, menus and profiles to start: half of the work.
const chrome = process.env.CHROMIUM || ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync) || 'chromium'
const people = 300
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const whole = process.env.MATRIX === 'full'
const met = new Set(), kinds = new Set(), coloured = new Set()
const notes = process.env.PLACES && join(process.env.PLACES, 'judged') // what files of tests that are run together have judged

function learn({ addresses, seen, colours }) {
	addresses.forEach(one => met.add(one))
	seen.forEach(one => kinds.add(one))
	colours.forEach(one => coloured.add(one))
}

// What the others have judged so far; a line that is just being written is left for later.
function ask() {
	if (notes && existsSync(notes))
		readFileSync(notes, 'utf8').split('\n').slice(0, -1).forEach(line => learn(JSON.parse(line)))
}

// What of a page shows: an entry for each kind of element (name, class, role), and the first text of each colouring, which is its
// own colour and size and all that lies under it. And does anything need a rule about where it
// stands: is what can be pressed smaller than 24 pixels with something else within 24 of its middle, or does a part scroll?
const look = page => page.evaluate(() => {
	const seen = new Set(), colours = new Map(), grounds = new Map(), targets = []
	let placed = false
	for (const [at, e] of [...document.querySelectorAll('*')].entries()) {
		const style = getComputedStyle(e), under = grounds.get(e.parentElement) ?? ''
		const own = `${style.backgroundColor} ${style.backgroundImage} ${style.opacity}`
		const ground = own === 'rgba(0, 0, 0, 0) none 1' ? under : `${under} / ${own}`
		grounds.set(e, ground)
		if (!e.checkVisibility({ visibilityProperty: true, checkVisibilityCSS: true }))
			continue
		seen.add(`${e.localName}.${e.getAttribute('class') ?? ''} ${e.getAttribute('role') ?? ''}`)
		const colouring = `${style.color} ${style.fontSize} ${style.fontWeight} ${style.textShadow} on ${ground}`
		if (!colours.has(colouring) && (e.matches('input, select, textarea') || [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())))
			colours.set(colouring, at)
		if (e.matches('a[href], button, input, select, textarea, summary, [role=button], [tabindex]'))
			targets.push(e.getBoundingClientRect())
		if (e !== document.documentElement && e.scrollHeight + e.scrollWidth > e.clientHeight + e.clientWidth)
			placed ||= /auto|scroll/.test(style.overflow)
	}
	const big = targets.filter(box => box.width > 1 && box.height > 1) // others are there for who cannot see
	for (const box of placed ? [] : big)
		if (Math.min(box.width, box.height) < 24) {
			const x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2
			placed ||= big.some(other => other !== box && Math.hypot(Math.max(other.left - x, 0, x - other.right), Math.max(other.top - y, 0, y - other.bottom)) < 24)
		}
	return { seen: [...seen], colours: [...colours], placed }
})

// What axe finds wrong with a page, a line each. Contrast is half of the work and the same for what has the same colours: of
// each colouring one text is judged, once by all files of tests together. Where things stand is judged where it could be
// wrong. A page met before, mostly at another width, is judged by the other rules only where a kind of element shows that
// never did. MATRIX=full: all, always.
export async function barriers(page) {
	const address = `${new URL(page.url()).pathname} ${await page.title()} ${await page.locator('*').count()}`
	if (await page.locator('.cw-open ~ * form[action="/sign-out"]').count())
		return ['the banner of a place that is open to everyone is shown to somebody who signed in']
	const { seen, colours, placed } = await look(page)
	ask()
	const all = whole || !met.has(address) || seen.some(kind => !kinds.has(kind))
	const fresh = colours.filter(([colouring]) => whole || !coloured.has(colouring)).map(([, at]) => at)
	if (!all && !placed && !fresh.length)
		return []
	if (!await page.evaluate(() => 'axe' in globalThis))
		await page.evaluate(axeSource)
	const found = await page.evaluate(async ({ all, placed, fresh, whole }) => {
		const elements = whole ? [] : [...document.querySelectorAll('*')], marked = fresh.map(at => elements[at]).filter(Boolean)
		const standing = ['target-size', 'scrollable-region-focusable']
		if (!whole)
			globalThis.axe.configure({ rules: [{ id: 'color-contrast', selector: '[data-judged]' }] })
		marked.forEach(e => e.setAttribute('data-judged', ''))
		const { violations } = await globalThis.axe.run(document, {
			...all ? {
				runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
				rules: whole ? {} : Object.fromEntries(standing.map(rule => [rule, { enabled: placed }])),
			} : { runOnly: [...placed ? standing : [], 'color-contrast'] },
			resultTypes: ['violations'],
			preload: false, iframes: false, selectors: false, // no rule of these reads style sheets, and no page has frames
		})
		marked.forEach(e => e.removeAttribute('data-judged'))
		return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')}`)
	}, { all, placed, fresh, whole })
	if (found.length === 0) {
		const judged = { addresses: [address], seen: seen.filter(kind => !kinds.has(kind)), colours: fresh.map(at => colours.find(one => one[1] === at)[0]) }
		learn(judged)
		if (notes)
			appendFileSync(notes, `${JSON.stringify(judged)}\n`)
	}
	return found
}
export const shots = join(root, 'test/browser/shots')

// Where pages are looked at: a desk and the narrowest phone; with MATRIX=full or pictures a common phone, too.
export const widths = process.env.MATRIX === 'full' || process.env.SHOTS ? [1280, 390, 320] : [1280, 320]

// With SHOTS=1 a picture of the whole page is kept, to be looked at.
export const picture = (page, name) =>
	process.env.SHOTS ? page.screenshot({ path: join(shots, `${name}.png`), fullPage: true }) : undefined

export const edith = 'p-000001' // always the first: waiting to leave hospital

// A demonstration, where people sign in: page.goto(base), then signIn(page, 'raman'). More options are the demo's.
export const demo = (...more) => open('--signed-in', ...more)

// Be one of the people of the demonstration, at their first page. The list of who one can be is asked for and answered as a
// browser would, but not drawn: that it can be looked at and pressed is the test of signing in.
export async function signIn(page, base, login) {
	const list = await (await page.request.get(`${base}/sign-in`)).text()
	const form = list.split('<form').find(one => one.includes('action="/sign-in/as"') && one.includes(`value="${login}"`))
	assert.ok(form, `${login} is among those one can be`)
	const fields = [...form.split('</form>')[0].matchAll(/<input[^>]* name="([^"]*)"[^>]* value="([^"]*)"/g)].map(([, name, value]) => [name, value])
	const said = await page.request.post(`${base}/sign-in/as`, { form: Object.fromEntries(fields), headers: { origin: base }, maxRedirects: 0 })
	assert.equal(said.status(), 303, `${login} signs in`)
	await page.goto(new URL(said.headers().location, base).href)
}

// What a test opened is closed when it ends: a page that goes on listening costs as long as it lives.
let browser
const before = new Map()
beforeEach(t => { before.set(t?.name, browser?.contexts() ?? []) })
afterEach(async t => {
	const kept = before.get(t?.name)
	for (const context of browser?.contexts() ?? [])
		if (kept && !kept.includes(context))
			await context.close()
})

// The files of a demonstration made with these options, in `dir`. Files of tests that are run together (PLACES: a folder of
// theirs) make each kind once and copy it.
function make(dir, options) {
	const demo = to => execFileSync(program, ['demo', '--people', String(people), '--dir', to, '--no-serve', '--quiet', ...options], { stdio: ['ignore', 'ignore', 'inherit'] })
	if (!process.env.PLACES)
		return demo(dir)
	const whole = join(process.env.PLACES, `demo${options.join('').replaceAll('/', '_')}`)
	if (!existsSync(whole)) {
		const part = mkdtempSync(join(process.env.PLACES, 'part-'))
		demo(part)
		try {
			renameSync(part, whole)
		} catch { // somebody else was first
			rmSync(part, { recursive: true })
		}
	}
	cpSync(whole, dir, { recursive: true, mode: constants.COPYFILE_FICLONE })
}

const PATIENCE = 60000

// Pressing something may lead to another page. Playwright waits for that only where it has begun at once, which on a busy
// machine it has not: so what is pressed is over when the page that it leads to is there.
function follow(page) {
	let underWay // the request for a page
	const over = request => { if (!request || request === underWay) underWay = undefined }
	page.on('request', request => { if (request.isNavigationRequest() && request.frame() === page.mainFrame()) underWay = request })
	page.on('requestfailed', over) // an answer that is kept as a file fails too
	page.on('domcontentloaded', () => over())
	const followed = (owner, name, leads) => {
		const press = owner[name].bind(owner)
		owner[name] = async (...args) => {
			const said = await press(...args)
			if (leads(...args) && !page.isClosed()) {
				for (let i = 0; i < 2; i++) // what it does has been begun when the page answers
					await page.evaluate(() => 0).catch(() => {})
				for (const end = Date.now() + PATIENCE; underWay && Date.now() < end && !page.isClosed();)
					await new Promise(done => setTimeout(done, 5))
			}
			return said
		}
	}
	followed(page.mainFrame(), 'click', () => true) // a page's and a locator's as well
	followed(page.mainFrame(), 'press', (selector, key) => key === 'Enter' || key === 'Space')
	followed(page.keyboard, 'press', key => key === 'Enter' || key === 'Space')
}

async function startBrowser() {
	const started = await chromium.launch({
		executablePath: chrome, timeout: 3 * PATIENCE,
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
			'--disable-component-update', '--disable-sync'],
	})
	const newContext = started.newContext.bind(started)
	started.newContext = async options => {
		const context = await newContext(options)
		context.setDefaultTimeout(PATIENCE)
		context.on('page', follow)
		return context
	}
	return started
}

// Make the place, serve it, start a browser; close() ends all of it.
export async function open(...options) {
	const signedIn = options[0] === '--signed-in'
	const dir = mkdtempSync(join(tmpdir(), 'causeway-browser-'))
	const more = signedIn ? options.slice(1) : ['--bulk']
	make(dir, more)
	const db = join(dir, readdirSync(dir).find(name => name.endsWith('.db')))
	const server = spawn(program, signedIn ? ['demo', '--people', String(people), '--dir', dir, '--port', '0', '--quiet', ...more]
		: ['serve', db, '--open', '--port', '0', '--quiet', ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
	let said = '' // the address, then where messages are taken, a line each
	const base = await new Promise((resolve, reject) => {
		server.stdout.on('data', text => {
			said += text
			if (said.includes('\n'))
				resolve(said.split('\n')[0].trim().replace(/\/$/, ''))
		})
		server.on('exit', code => reject(new Error(`the server ended with ${code}`)))
	})
	browser = await startBrowser()
	mkdirSync(shots, { recursive: true })
	return {
		base, browser, db,
		get said() { return said },
		// Where a hospital's messages are taken.
		get mllp() { return Number(/mllp:\/\/[^:]+:(\d+)/.exec(said)?.[1]) },
		// A page of a width; what it fails to load or refuses to run is kept in page.faults.
		async page(width = 1280, options = {}) {
			const context = await browser.newContext({ viewport: { width, height: 900 }, ...options })
			const page = await context.newPage()
			page.faults = []
			page.on('response', r => r.status() >= 400 && page.faults.push(`${r.status()} ${r.url()}`))
			page.on('console', m => m.type() === 'error' && page.faults.push(m.text()))
			page.on('pageerror', e => page.faults.push(String(e)))
			page.on('request', r => new URL(r.url()).origin !== base && !r.url().startsWith('data:') && page.faults.push(`left for ${r.url()}`))
			return page
		},
		async close() {
			await browser.close()
			server.removeAllListeners('exit')
			await new Promise(done => { server.on('exit', done); server.kill('SIGTERM') })
			rmSync(dir, { recursive: true, force: true })
		},
	}
}

// Everything a reader may open, one of each kind.
export const addresses = [
	['home', '/'],
	['search', '/people?q=smith'],
	['search-one', '/people?q=tredwell+1941'],
	['search-none', '/people?q=zzyzx+1901'],
	['search-fields', '/people?family=a&dob=1950'],
	['person', `/people/${edith}`],
	['person-2', '/people/p-000002'],
	['timeline', `/people/${edith}/timeline`],
	['timeline-filtered', `/people/${edith}/timeline?org=GP&kind=problems`],
	['timeline-all', `/people/${edith}/timeline?kind=all`],
	['source', `/people/${edith}/source/Condition/${edith}-problem-wrist`],
	['source-document', `/people/${edith}/source/DocumentReference/${edith}-document-respect`],
	['apps', `/people/${edith}/apps`],
	['mdt', '/mdt'],
	['told', '/told'],
	['contact-figures', '/contact/figures'],
	['discharge', '/discharge'],
	['discharge-ward', '/discharge?ward=Elm+Ward'],
	['discharge-one', `/people/${edith}/discharge`],
	['identity', '/identity'],
	['identity-merges', '/identity/merges'],
	['identity-preview', `/identity/preview?a=${edith}&b=p-000002`],
	['organisations', '/organisations'],
	['subscriptions', '/subscriptions'],
	['feeds', '/feeds'],
	['help', '/help'],
	['accessibility', '/accessibility'],
]
export const failing = [['not-found', '/nothing/here', 404], ['no-person', '/people/nobody', 404],
	['bad-cursor', `/people/${edith}/timeline?skip=yesterday`, 400]]

export const synthea = join(root, '../shared/fixtures/synthea')
export const available = existsSync(program) && existsSync(chrome)
