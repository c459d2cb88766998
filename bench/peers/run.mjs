#!/usr/bin/env node
// run.mjs BASE: the HTTP workload of bench/ on any FHIR R4 server. README.md says how.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { askAll, line, Server } from './ask.mjs'

const { values, positionals } = parseArgs({ allowPositionals: true, options: {
	people: { type: 'string', default: '200' }, seconds: { type: 'string', default: '5' }, connections: { type: 'string', default: '64' },
	clients: { type: 'string', default: '8' }, header: { type: 'string', multiple: true, default: [] }, json: { type: 'string' } } })
if (positionals.length !== 1) {
	console.error('usage: run.mjs BASE [--people 200] [--clients 8] [--connections 64] [--seconds 5] [--header "Name: value"]... [--json FILE]')
	process.exit(64)
}
const headers = Object.fromEntries(values.header.map(h => [h.slice(0, h.indexOf(':')).trim().toLowerCase(), h.slice(h.indexOf(':') + 1).trim()]))
const server = new Server(positionals[0], headers)
const { software, fhirVersion } = await server.send('GET', '/metadata')
console.log(`${software?.name ?? 'unnamed'} ${software?.version ?? ''}, FHIR ${fhirVersion}\n`)
const rows = await askAll(server, { people: +values.people, clients: +values.clients, connections: +values.connections, seconds: +values.seconds, say: row => console.log(line(row)) })
if (values.json)
	writeFileSync(values.json, JSON.stringify({ server: positionals[0], software, people: +values.people, rows }, null, '\t') + '\n')
