// mllp.mjs - a hospital's patient administration system: messages about one stay, one after another over a socket.
import { connect } from 'node:net'

// A segment from its fields by number: segment('PV1', { 1: 1, 2: 'I' }).
const segment = (name, fields) =>
	[name, ...Array.from({ length: Math.max(...Object.keys(fields).map(Number)) }, (_, i) => fields[i + 1] ?? '')].join('|')

// It sends to a port, about a person { record, nhs, family, given, born, sex } and their stay { number, bed, from, reason };
// send(event, time, left) ends when the message was taken.
export function hospital(port, person, stay) {
	const socket = connect(port, '127.0.0.1')
	let sent = 0
	return {
		send: (event, time, left) => new Promise((resolve, reject) => {
			const message = [
				`MSH|^~\\&|PAS|WXA|CAUSEWAY|WXQ|${time}||ADT^${event}|${stay.number}-${++sent}|P|2.4`,
				segment('EVN', { 1: event, 2: time }),
				segment('PID', { 1: 1, 3: `${person.record}^^^WXA^MR~${person.nhs}^^^NHS^NH`, 5: `${person.family}^${person.given}^^^^^L`, 7: person.born, 8: person.sex }),
				segment('PV1', { 1: 1, 2: 'I', 3: stay.bed, 4: '21', 14: '19', 19: `${stay.number}^^^visit`, 36: left ? '19' : '', 44: stay.from, 45: left ?? '' }),
				segment('PV2', { 3: `^${stay.reason}` }),
			]
			socket.once('data', data => /\rMSA\|AA/.test(data) ? resolve() : reject(new Error(String(data).replaceAll('\r', '\n'))))
			socket.write(`\x0b${message.join('\r')}\r\x1c\r`)
		}),
		close: () => socket.destroy(),
	}
}
