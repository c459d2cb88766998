// tally.mjs - one account asking, and what was wrong with the answers: leaks (a word that may not be seen) and gaps (one that should be and is not).
import { wordsIn } from './world.mjs'
import { mayRead } from './oracle.mjs'

/** What is counted over all who ask. A combination is one asker, one item, one way. */
export const newTally = () => ({ combinations: 0, requests: 0, leaks: [], gaps: [], wrong: [], ways: new Map() })

export function as(place, account, tally, agreements = []) {
	const absent = new Map(), seen = new Map()
	const who = `${account.login}${agreements.length ? ' (agreed)' : ''}`
	const count = (way, many) => {
		tally.combinations += many
		tally.ways.set(way, (tally.ways.get(way) ?? 0) + many)
	}
	const compare = (way, found, expected, items, gaps) => {
		const wanted = new Set(expected)
		count(way, items.length)
		for (const one of found)
			if (!wanted.has(one))
				tally.leaks.push(`${who}: ${way} shows ${one}`)
		for (const one of gaps ? wanted : [])
			if (!found.has(one))
				tally.gaps.push(`${who}: ${way} lacks ${one}`)
	}
	const a = {
		account, agreements,
		sees: item => {
			if (!seen.has(item))
				seen.set(item, mayRead(account, item, agreements))
			return seen.get(item)
		},
		ask: (method, path, options = {}) => {
			tally.requests++
			return place.ask(method, path, { ...options, headers: { ...account.headers, ...options.headers } })
		},
		get: (path, headers) => a.ask('GET', path, { headers }),
		/** What is said of something of this type that never was. */
		absent: async type => {
			if (!absent.has(type))
				absent.set(type, (await a.get(`/fhir/${type}/never-was`)).text)
			return absent.get(type)
		},
		exact: (way, text, expected, items) => compare(way, wordsIn(text), expected, items, true),
		within: (way, text, expected, items) => compare(way, wordsIn(text), expected, items, false),
		exactWords: (way, found, expected, items) => compare(way, found, expected, items, true),
		withinWords: (way, found, expected, items) => compare(way, found, expected, items, false),
		/** `got` is one of `allowed`. */
		equal: (way, got, allowed, about, items = []) => {
			count(way, items.length)
			if (!allowed.some(one => JSON.stringify(one) === JSON.stringify(got)))
				tally.wrong.push(`${who}: ${way} of ${about.id ? `${about.type ?? ''}/${about.id}` : about} is ${JSON.stringify(got)?.slice(0, 300)}, not ${JSON.stringify(allowed).slice(0, 300)}`)
		},
	}
	return a
}
