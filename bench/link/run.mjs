// run.mjs - causeway link against a Fellegi-Sunter in SQL on DuckDB: the same people, the same fields and
// levels, two threads. Prints candidate pairs scored per second of each, the memory of ours, and the ratio.
//
//	node bench/link/run.mjs [PEOPLE] [PAIRS_OF_DUCKDB] [PAIRS_A_PERSON]     5,000,000, 20,000,000 and 20 when not said
//
// Ours finds all it would find with three pairs for each person; PAIRS_A_PERSON makes it compare more, for the measure's sake.
// It runs twice, the second time told the truth to measure itself against, which costs memory.
// DuckDB scores as many pairs as are asked for, of blocks made beforehand, and its clock runs for the scoring
// alone; ours runs for finding, comparing and scoring pairs. `npm install --no-save @duckdb/node-api` first.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(fileURLToPath(import.meta.url), '..', '..', '..')
const people = Number(process.argv[2] ?? 5e6), pairs = Number(process.argv[3] ?? 2e7), each = process.argv[4] ?? '20'
const dir = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'link-'))
process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
const csv = join(dir, 'people.csv')

spawnSync('node', [join(root, 'bench/identity/people.mjs'), 'csv', String(people)], { stdio: ['ignore', openSync(csv, 'w'), 'inherit'] })

const columns = 'id=id,given=given,family=family,dob=dob,sex=sex,street=street,postcode=postcode,phone=phone'
function link(...more) {
	const ours = spawnSync('/usr/bin/time', ['-f', 'peak %M', join(root, 'build/causeway'), 'link', csv, '--out', join(dir, 'out'),
		'--threads', '2', '--pairs', each, '--columns', columns, ...more], { encoding: 'utf8' })
	if (ours.status !== 0) throw new Error(ours.stderr)
	console.log(ours.stdout.trim())
	const [, compared, seconds] = /, (\d+) pairs compared in ([\d.]+) s/.exec(ours.stdout)
	const megabytes = Math.round(Number(/peak (\d+)/.exec(ours.stderr)[1]) / 1024)
	const rate = compared / Math.max(seconds, 0.001)
	console.log(`causeway${more.length ? ' ' + more.join(' ') : ''}: ${compared} pairs, ${Math.round(rate)}/s, peak memory ${megabytes} MB`)
	return { compared: Number(compared), rate, megabytes }
}
const ours = link(), told = link('--truth', 'truth'), { rate } = ours

let duckdb
try {
	duckdb = (await import(process.env.DUCKDB ?? '@duckdb/node-api')).DuckDBInstance
} catch {
	console.log('DuckDB is not installed: npm install --no-save @duckdb/node-api')
	process.exit(0)
}
const db = await (await duckdb.create(':memory:', { threads: '2', memory_limit: '4GB', temp_directory: dir })).connect()
const run = async sql => (await db.runAndReadAll(sql)).getRows()

// The levels of src/identity/level.def as far as SQL has them: what cannot be said (sound, nicknames, values in
// each other's place) is left out, in DuckDB's favour.
const name = c => `CASE WHEN a.${c} IS NULL OR b.${c} IS NULL THEN 0 WHEN a.${c} = b.${c} THEN 7.1
	WHEN (length(a.${c}) = 1 OR length(b.${c}) = 1) AND a.${c}[1] = b.${c}[1] THEN 3.0
	WHEN damerau_levenshtein(a.${c}, b.${c}) <= 1 THEN 2.5
	WHEN jaro_winkler_similarity(a.${c}, b.${c}) >= 0.9 THEN 1.5
	WHEN jaro_winkler_similarity(a.${c}, b.${c}) >= 0.8 THEN -1.0 ELSE -5.0 END`
const levels = [
	name('given'), name('family'),
	`CASE WHEN a.dob IS NULL OR b.dob IS NULL THEN 0 WHEN a.dob = b.dob THEN 15.0
		WHEN a.dob[:4] = b.dob[:4] AND a.dob[5:6] = b.dob[7:8] AND a.dob[7:8] = b.dob[5:6] THEN 8.0
		WHEN damerau_levenshtein(a.dob, b.dob) <= 1 THEN 4.3
		WHEN a.dob[:4] = b.dob[:4] AND (a.dob[5:8] = '0101' OR b.dob[5:8] = '0101') THEN 5.0
		WHEN (a.dob[:4] = b.dob[:4])::int + (a.dob[5:6] = b.dob[5:6])::int + (a.dob[7:8] = b.dob[7:8])::int = 2 THEN 0.8
		WHEN hamming(a.dob, b.dob) <= 2 THEN -2.0 WHEN a.dob[:4] = b.dob[:4] THEN -2.0 ELSE -8.0 END`,
	`CASE WHEN a.sex IS NULL OR b.sex IS NULL THEN 0 WHEN a.sex = b.sex THEN 1.0 ELSE -6.0 END`,
	`CASE WHEN a.street IS NULL OR b.street IS NULL THEN 0 WHEN a.street = b.street THEN 10.0
		WHEN damerau_levenshtein(replace(a.street, ' ', ''), replace(b.street, ' ', '')) <= 1 THEN 5.0
		WHEN jaro_winkler_similarity(replace(a.street, ' ', ''), replace(b.street, ' ', '')) >= 0.88 THEN 3.0
		WHEN len(list_intersect(string_split(a.street, ' '), string_split(b.street, ' '))) * 3 >=
			len(list_distinct(list_concat(string_split(a.street, ' '), string_split(b.street, ' ')))) THEN -2.0 ELSE -2.8 END`,
	`CASE WHEN a.postcode IS NULL OR b.postcode IS NULL THEN 0 WHEN a.postcode = b.postcode THEN 11.0
		WHEN damerau_levenshtein(a.postcode, b.postcode) <= 1 THEN 4.0
		WHEN a.postcode[:-3] = b.postcode[:-3] THEN 0.0 WHEN a.postcode[:-4] = b.postcode[:-4] THEN -0.5 ELSE -3.0 END`,
	`CASE WHEN a.phone IS NULL OR b.phone IS NULL THEN 0 WHEN a.phone = b.phone THEN 11.6
		WHEN damerau_levenshtein(a.phone, b.phone) <= 1 THEN 5.0
		WHEN damerau_levenshtein(a.phone, b.phone) <= 2 THEN 3.0 ELSE -1.5 END`,
]

await run(`CREATE TABLE p AS SELECT row_number() OVER () AS n, lower(given) AS given, lower(family) AS family,
	replace(dob, '-', '') AS dob, sex, lower(street) AS street, lower(replace(postcode, ' ', '')) AS postcode, phone
	FROM read_csv('${csv}', header = true, all_varchar = true, nullstr = '')`)
await run(`CREATE TABLE c AS SELECT a.n AS x, b.n AS y FROM p a JOIN p b ON a.dob = b.dob AND a.n < b.n LIMIT ${Math.round(pairs / 2)}`)
await run(`INSERT INTO c SELECT a.n, b.n FROM p a JOIN p b ON a.given = b.given AND a.family = b.family AND a.n < b.n
	WHERE a.dob IS DISTINCT FROM b.dob LIMIT ${Math.round(pairs / 2)}`)
const [[count]] = await run('SELECT count(*) FROM c')
const start = performance.now()
const [[links]] = await run(`SELECT count(*) FROM (SELECT ${levels.join(' + ')} AS weight FROM c JOIN p a ON a.n = c.x JOIN p b ON b.n = c.y)
	WHERE weight > 24`)
const took = (performance.now() - start) / 1000, theirs = Number(count) / took
console.log(`DuckDB: ${count} pairs, ${Math.round(theirs)}/s (${links} linked)`)
console.log(`causeway scores ${(rate / theirs).toFixed(1)} times as many pairs in a second`)
mkdirSync(join(root, 'build/bench'), { recursive: true })
writeFileSync(join(root, 'build/bench/link.json'), JSON.stringify({ people, ...ours, megabytesWithTruth: told.megabytes, theirs, ratio: rate / theirs }, null, '\t'))
