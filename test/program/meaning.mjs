// meaning.mjs - what a FHIR resource says, as sorted lines "Patient.name[0].given[1] = Ivy", from XML or from JSON: equal
// lines mean equal resources. Reads both by itself, with nothing of the program that is tested.

const entities = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: '\u00a0' }
const plain = text => text.replace(/&(#x?[0-9a-f]+|\w+);/gi, (all, name) => name[0] !== '#' ? entities[name] ?? all
	: String.fromCodePoint(name[1].toLowerCase() === 'x' ? parseInt(name.slice(2), 16) : parseInt(name.slice(1))))

/** { name, attributes, children: [element or text] } of the one root. */
export function readXml(text) {
	const token = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|[^<]+/g
	const top = { children: [] }, open = [top]
	for (const [all, cdata, closing, name, attributes, empty] of text.replace(/^\ufeff/, '').matchAll(token)) {
		if (name === undefined) {
			if (cdata !== undefined || !all.startsWith('<'))
				open.at(-1).children.push(cdata ?? plain(all))
			continue
		}
		if (closing) {
			open.pop()
			continue
		}
		const element = { name, attributes: {}, children: [] }
		for (const [, key, double, single] of attributes.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
			element.attributes[key] = plain(double ?? single)
		open.at(-1).children.push(element)
		if (!empty)
			open.push(element)
	}
	return top.children.find(child => child.name)
}

// XHTML: tags, attributes but for namespaces, and words with single spaces between them.
const markup = node => typeof node === 'string' ? node.replace(/[ \t\r\n]+/g, ' ')
	: `<${node.name}${Object.entries(node.attributes).filter(([k]) => !k.startsWith('xmlns')).sort().map(([k, v]) => ` ${k}="${v}"`).join('')}>${node.children.map(markup).join('')}</>`
const narrative = node => markup(node).replace(/> /g, '>').replace(/ </g, '<')

const setByServer = /^\w+\.meta\[0\]\.(versionId|lastUpdated)\[0\] = /
const finish = lines => lines.filter(line => !setByServer.test(line)).sort()

export function meaningOfXml(text) {
	const lines = []
	const walk = (element, path) => {
		const { value, id, url } = element.attributes, counts = {}
		if (value !== undefined)
			lines.push(`${path} = ${value}`)
		if (id !== undefined)
			lines.push(`${path}.id[0] = ${id}`)
		if (url !== undefined)
			lines.push(`${path}.url[0] = ${url}`)
		for (const child of element.children.filter(child => child.name)) {
			const at = `${path}.${child.name}[${counts[child.name] = (counts[child.name] ?? -1) + 1}]`
			if (child.name === 'div')
				lines.push(`${at} = ${narrative(child)}`)
			else if (/^[A-Z]/.test(child.name)) { // a resource inside: contained, Bundle.entry.resource
				lines.push(`${path}.resourceType[0] = ${child.name}`)
				walk(child, path)
			} else
				walk(child, at)
		}
	}
	const root = readXml(text)
	walk(root, root.name)
	return finish(lines)
}

export function meaningOfJson(text) {
	const lines = [], numbersKept = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, token => token[0] === '"' ? token : `"${token}"`)
	const one = (value, at, name) => {
		if (value === null)
			return
		if (typeof value === 'object')
			walk(value, at)
		else
			lines.push(`${at} = ${name === 'div' ? narrative(readXml(value)) : value}`)
	}
	const walk = (object, path) => {
		for (const [key, value] of Object.entries(object)) {
			if (key === 'resourceType' && !path.includes('.'))
				continue
			const name = key.replace(/^_/, '')
			for (const [i, item] of [value].flat().entries())
				one(item, `${path}.${name}[${i}]`, name)
		}
	}
	const root = JSON.parse(numbersKept)
	walk(root, root.resourceType)
	return finish(lines)
}
