// home.mjs - a demonstration in which people sign in, each in a browser of their own: what the tests of the
// residents' pages and of access begin with.
import assert from 'node:assert/strict'
import { barriers, demo, picture, signIn } from './place.mjs'

export async function home(...more) {
	const place = await demo(...more)
	return {
		...place,
		get mllp() { return place.mllp },
		// Somebody of the demonstration, by login, in a window of their own.
		async as(login, width = 1280, options = {}) {
			const context = await place.browser.newContext({ viewport: { width, height: 900 }, ...options })
			const page = await context.newPage()
			await signIn(page, place.base, login)
			return page
		},
	}
}

// Is the page good: axe finds nothing, and it fits its width? A picture of it is kept.
export async function good(page, name) {
	const width = page.viewportSize().width
	assert.deepEqual(await barriers(page), [], `${name} at ${width}`)
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} fits into ${width}`)
	await picture(page, `${name}-${width}`)
}

// Move by the Tab key alone until this is in focus.
export async function tabTo(page, locator) {
	for (let i = 0; i < 250; i++) {
		if (await locator.evaluate(e => e === document.activeElement))
			return
		await page.keyboard.press('Tab')
	}
	assert.fail('it is not reached with the Tab key')
}
