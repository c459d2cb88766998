// Every search parameter finds the resources it should: values are read from HL7's examples by a plain walk along
// each parameter's expression, with no help from the program, and asked for one at a time, in each of the ways FHIR allows.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeway, root, scratch, serve } from './causeway.mjs'

const examples = join(root, 'node_modules', 'hl7.fhir.r4.examples')
const definitions = /^(StructureDefinition|SearchParameter|ValueSet|CodeSystem|ConceptMap|OperationDefinition|package|\.)/
const perParameter = process.env.MATRIX === 'full' ? 2 : 1, atOnce = 24

const readJson = name => JSON.parse(readFileSync(join(examples, name), 'utf8'))
const list = value => value === undefined ? [] : Array.isArray(value) ? value : [value]

/** The elements that are choices. */
const choices = new Set(`value onset abatement effective deceased occurrence occurred performed item medication product multipleBirth
	reported asNeeded dose rate timing scheduled serviced diagnosis procedure content entity subject created collected age
	born allowed used topic time identified detected due start target definition amount indication doNotPerform`.split(/\s+/))

/** The value of an element, also of a choice: { value, type }, type being '' where the name does not tell it. */
function children(object, name) {
	return Object.keys(object).filter(key => key === name || (choices.has(name) && key.startsWith(name) && /^[A-Z]/.test(key.slice(name.length))))
		.flatMap(key => list(object[key]).map(value => ({ value, type: key.slice(name.length) })))
}

const filters = [
	[/^where\(resolve\(\) is (\w+)\)$/, (v, [, type]) => typeof v.value === 'object' && String(v.value.reference).startsWith(`${type}/`)],
	[/^where\((\w+)='([\w-]+)'\)$/, (v, [, name, wanted]) => v.value[name] === wanted],
	[/^(?:as|ofType)\((\w+)\)$/, (v, [, type]) => v.type.toLowerCase() === type.toLowerCase()],
]

/** The values one plain path leads to; none where the path is more than this walk understands. */
function walk(resource, path) {
	const cast = /^\((.+) as (\w+)\)(.*)$/.exec(path)
	const [first, ...steps] = (cast ? `${cast[1]}.as(${cast[2]})${cast[3]}` : path.replace(/^\(([^()]+)\)$/, '$1')).split(/\.(?![^(]*\)\s*(?:is|$))/)
	if (![resource.resourceType, 'Resource', 'DomainResource'].includes(first))
		return []
	return steps.reduce((values, step) => {
		for (const [pattern, keep] of filters) {
			const found = pattern.exec(step)
			if (found)
				return values.filter(v => v.value && keep(v, found))
		}
		return /^\w+$/.test(step) ? values.flatMap(v => typeof v.value === 'object' ? children(v.value, step) : []) : []
	}, [{ value: resource, type: '' }])
}

const escaped = text => encodeURIComponent(String(text).replace(/[\\,$|]/g, '\\$&'))
const code = (name, system, value) => [...(value ? [`${name}=${escaped(value)}`] : []),
	...(system && value ? [`${name}=${escaped(system)}|${escaped(value)}`, `${name}=${escaped(system)}|`] : []),
	...(!system && value ? [`${name}=|${escaped(value)}`] : [])]

/** Queries that must find a resource with this value, by type of parameter. */
const asks = {
	string: (name, { value }) => {
		const texts = typeof value === 'string' ? [value] : Object.entries(value ?? {}).flatMap(([key, v]) =>
			['family', 'given', 'prefix', 'suffix', 'text', 'line', 'city', 'district', 'state', 'postalCode', 'country'].includes(key) ? list(v) : [])
		return texts.filter(text => typeof text === 'string' && text.trim()).flatMap(text => name === 'phonetic' ? [`${name}=${escaped(text)}`] : [`${name}=${escaped(text.slice(0, 200))}`, `${name}=${escaped(text.toUpperCase().slice(0, 5).trimEnd())}`,
			`${name}:exact=${escaped(text)}`, `${name}:contains=${escaped(text.slice(1, 30).trim() || text)}`])
	},
	token: (name, { value }) => {
		if (typeof value !== 'object')
			return [`${name}=${escaped(value)}`, ...(name.startsWith('_') ? [] : [`${name}:not=no-such-code`])]
		if (value.coding)
			return value.coding.flatMap(c => code(name, c.system, c.code)).concat(value.text ? [`${name}:text=${escaped(value.text)}`] : [])
		if (value.code)
			return code(name, value.system, value.code)
		return value.value ? code(name, /^(phone|fax|email|pager|url|sms|other)$/.test(value.system) ? '' : value.system, value.value).filter(q => !/=\|/.test(q) || !value.system) : []
	},
	reference: (name, { value }) => {
		if (typeof value === 'string')
			return /^https?:/.test(value) ? [`${name}=${escaped(value)}`] : []
		const found = /^([A-Z]\w+)\/([A-Za-z0-9.-]+)$/.exec(value.reference)
		return found ? [`${name}=${found[1]}/${found[2]}`, `${name}=${found[2]}`, `${name}:${found[1]}=${found[2]}`]
			: value.identifier?.value ? [`${name}:identifier=${escaped(value.identifier.value)}`]
			: /^(https?|urn):/.test(value.reference) ? [`${name}=${escaped(value.reference)}`] : []
	},
	date: (name, { value, type }) => {
		const around = when => [`${name}=${escaped(when)}`, `${name}=ge${escaped(when)}`, `${name}=le${escaped(when)}`, `${name}=gt1800`, `${name}=lt2200`, `${name}=${when.slice(0, 4)}`]
		if (typeof value === 'string')
			return /^\d{4}/.test(value) && type !== 'String' ? around(value) : []
		if (value.start && value.end)
			return [`${name}=ge${escaped(value.start)}`, `${name}=le${escaped(value.end)}`, `${name}=gt1800`, `${name}=lt2200`]
		return value.start ? [`${name}=ge${escaped(value.start)}`, `${name}=gt2200`] : value.end ? [`${name}=le${escaped(value.end)}`] : list(value.event).map(when => `${name}=gt1800`)
	},
	number: (name, { value }) => typeof value === 'number' ? [`${name}=${value}`, `${name}=le${value}`, `${name}=ge${value}`, `${name}=gt${value - 1}`, `${name}=ne${value + 2}`] : [],
	quantity: (name, { value }) => {
		if (typeof value?.value !== 'number' || value.comparator)
			return []
		return [`${name}=${value.value}`, `${name}=ge${value.value}`, `${name}=lt${Math.abs(value.value) + 1}`,
			...(value.system && value.code ? [`${name}=${value.value}|${escaped(value.system)}|${escaped(value.code)}`, `${name}=${value.value}||${escaped(value.code)}`] : []),
			...(value.unit ? [`${name}=${value.value}||${escaped(value.unit)}`] : [])]
	},
	uri: (name, { value }) => typeof value === 'string' ? [`${name}=${escaped(value)}`, `${name}:below=${escaped(value)}`] : [],
}

/** At most a few resources for each parameter: [{ type, id, all }]; all of them must hold. */
function makeQueries(capability, resources) {
	const expressions = new Map(readdirSync(examples).filter(name => name.startsWith('SearchParameter-')).map(readJson).map(p => [p.url, p.expression]))
	const queries = [], parameters = new Set()
	for (const { type, searchParam } of capability.rest[0].resource)
		for (const parameter of searchParam) {
			let left = perParameter
			for (const resource of resources.get(type) ?? []) {
				const values = (expressions.get(parameter.definition) ?? '').split('|').flatMap(path => walk(resource, path.trim()))
				const asked = values.slice(0, 3).flatMap(value => asks[parameter.type]?.(parameter.name, value) ?? [])
				if (asked.length === 0)
					continue
				if (left-- === 0)
					break
				parameters.add(`${type}.${parameter.name}`)
				const missing = parameter.name.startsWith('_') ? [] : [`${parameter.name}:missing=false`]
				queries.push({ type, id: resource.id, all: [...new Set([...asked, ...missing])] })
			}
		}
	return { queries, parameters }
}

test('every search parameter finds HL7\'s examples by their values', { skip: !existsSync(examples) && 'no examples' }, async t => {
	const dir = scratch(t), db = join(dir, 'a.db')
	const files = readdirSync(examples).filter(name => name.endsWith('.json') && !definitions.test(name))
	causeway('import', db, ...files.map(name => join(examples, name)), '--quiet') // a dozen break FHIR's rules
	causeway('export', db, '--out', join(dir, 'out'))
	const resources = new Map(readdirSync(join(dir, 'out')).map(name => [name.replace('.ndjson', ''),
		readFileSync(join(dir, 'out', name), 'utf8').trim().split('\n').map(line => JSON.parse(line))]))
	const server = await serve(t, db, '--hooks', 'none')
	const { queries, parameters } = makeQueries(await (await fetch(`${server.base}/fhir/metadata`)).json(), resources)
	const wrong = []
	const ask = async (one, query) => {
		const response = await fetch(`${server.base}/fhir/${one.type}?_id=${one.id}&${query}&_elements=id`)
		const found = await response.json()
		return found.entry?.length === 1 ? 'found' : `${response.status} ${found.issue?.[0].diagnostics ?? 'nothing found'}`
	}
	const lane = async () => { // all at once, and only if that fails each to say which it is
		for (let one = queries.pop(); one; one = queries.pop())
			if (await ask(one, one.all.join('&')) !== 'found')
				for (const query of one.all) {
					const answer = await ask(one, query)
					if (answer !== 'found')
						wrong.push(`${one.type}/${one.id} ${query}: ${answer}`)
				}
	}
	const count = queries.reduce((sum, { all }) => sum + all.length, 0)
	await Promise.all(Array.from({ length: atOnce }, lane))
	assert.deepEqual(wrong.slice(0, 60), [], `${wrong.length} of ${count} queries`)
	assert.ok(parameters.size > 800, `${parameters.size} parameters`)
	await server.stop()
})
