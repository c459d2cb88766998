// held.mjs - the numbers the project holds itself to (two cores, SQLite): what must be, what is aimed at.
// least: more is better; otherwise less is.
export const held = {
	import: { must: 3000, aim: 10000, least: true },
	synthea: { must: 3000, aim: 10000, least: true },
	read: { must: 20000, aim: 45000, least: true },
	token: { must: 3000, aim: 10000, least: true },
	everything: { must: 15, aim: 5 },
	transaction: { must: 2000, aim: 6000, least: true },
	'count-large': { must: 1000, aim: 50 },
	disk: { must: 4096, aim: 2048 },
	memory: { must: 256, aim: 128 },
	start: { must: 1000, aim: 200 },
	'start-large': { must: 1000, aim: 200 },
}
