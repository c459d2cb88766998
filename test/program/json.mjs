// json.mjs - JSON compared without losing the text of numbers, and resources compared but for ids.
import { createHash } from 'node:crypto'

/** Parse, with each number kept as the text it was written in: 1.50 becomes '#1.50'. */
export function parseExact(text) {
	return JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g,
		part => part[0] === '"' ? part : `"#${part}"`))
}

/** Members in order of name, so that equal values give equal texts. */
export function canonical(value) {
	return JSON.stringify(value, (key, v) => v && typeof v === 'object' && !Array.isArray(v)
		? Object.fromEntries(Object.keys(v).sort().map(k => [k, v[k]])) : v)
}

/** Without what a server fills in. */
export function withoutServerFields(resource) {
	const { id, meta, ...rest } = resource
	const { versionId, lastUpdated, ...more } = meta ?? {}
	return Object.keys(more).length ? { ...rest, meta: more } : rest
}

const hash = text => createHash('sha256').update(text).digest('hex').slice(0, 16)

function mapReferences(value, fn) {
	if (Array.isArray(value))
		return value.map(v => mapReferences(v, fn))
	if (value && typeof value === 'object')
		return Object.fromEntries(Object.entries(value).map(([k, v]) =>
			[k, k === 'reference' && typeof v === 'string' ? fn(v) : mapReferences(v, fn)]))
	return value
}

/**
 * A sorted list of texts, one for each resource, in which a reference is the fingerprint of what it leads to.
 * Two sets of resources that differ only in ids give the same list. resources: [{ name, resource }], where name is
 * how others refer to it ("urn:uuid:…" or "Patient/1").
 */
export function fingerprints(resources) {
	const alone = new Map(resources.map(({ name, resource }) =>
		[name, hash(canonical(mapReferences(withoutServerFields(resource), () => '')))]))
	return resources.map(({ resource }) =>
		canonical(mapReferences(withoutServerFields(resource), name => alone.get(name) ?? name))).sort()
}
