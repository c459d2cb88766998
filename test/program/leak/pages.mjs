// pages.mjs - every page that can be asked for, read from the program's own table: a page that is added is asked from then on.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../causeway.mjs'

const table = readFileSync(join(root, 'src', 'web', 'routes.c'), 'utf8')
const own = [...table.matchAll(/HTTP_GET, BASE "([^"]*)"/g)].map(([, end]) => end)
const others = [...table.matchAll(/HTTP_GET, "([^"]+)"/g)].map(([, path]) => path)
if (own.length < 8 || others.length < 50)
	throw new Error('the table of pages cannot be read')
const quiet = new Set(['/static/{hash}/{name}', '/sign-in/with/{name}', '/sign-in/back/{name}', '/welcome/{link}'])
const inside = path => path.startsWith('/people/{id}')

/** What stands behind a page's address besides: print, parts, another order. */
const more = { '/people/{id}': ['?section=health', '?section=care'], '/people/{id}/timeline': ['?print=1'], '/work': ['?whose=team', '?whose=all'], '/people': ['?q=ivy'], '/discharge': ['?list=hub', '?as=csv'] }
const withMore = path => [path, ...(more[path] ?? []).map(end => path + end)]

/** Of a list what one account asks; the rest is left to others, but in the full matrix. */
const share = process.env.MATRIX === 'full' || process.env.LEAK === 'full' ? 1 : process.env.CAUSEWAY_TEST_PG ? 40 : 10
const some = (list, seed) => list.filter((path, n) => (n + seed) % share === 0)
const seedOf = account => [...account.login].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)

/** All pages about one person, but those that show one item of theirs. */
export const ofPerson = (person, account) => some([
	...others.filter(path => inside(path) && !path.includes('{rid}')).flatMap(withMore).map(path => path.replace('{id}', person.id)),
	...own.filter(end => !end.includes('{')).map(end => `/for/${person.id}${end}`),
	...others.filter(path => /^\/(care-accounts|budgets|deferred)\/\{/.test(path)).map(path => path.replace(/\{.*\}/, person.id)),
], seedOf(account) + person.n)

/** All pages about nobody in particular, and those about one thing, asked about a few that each account draws. */
export function ofNobody(world, account) {
	const at = seedOf(account)
	const ids = [...['Task', ['Consent', 'Goal', 'Observation'][at % 3]].map((type, n) => world.items.filter(item => item.type === type)).map((list, n) => list[(at + n * 7) % list.length].id), String(1 + at % 2)]
	const paths = others.filter(path => !inside(path) && !quiet.has(path)).flatMap(withMore)
	return some([...own.filter(end => !end.includes('{')).map(end => `/me${end}`), ...paths.flatMap(path => path.includes('{') ? ids.map(id => path.replaceAll(/\{[^}]*\}/g, id)) : [path])], at)
}
