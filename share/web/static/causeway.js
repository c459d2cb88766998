/* causeway.js - small comforts; every page is complete without it.
 * "/" goes to the search box, "g" then a letter to a section of a person's page. */
(() => {
	const typing = e => e.target.closest('input, textarea, select') || e.ctrlKey || e.metaKey || e.altKey
	const sections = { a: 'about', w: 'team', p: 'plan', h: 'health', s: 'services', t: 'timeline', d: 'papers' }
	let going = 0

	const go = id => {
		const heading = document.querySelector(`#${id} h2`)
		if (!heading)
			return
		heading.tabIndex = -1
		heading.focus()
		heading.scrollIntoView({ block: 'start' })
	}

	for (const button of document.querySelectorAll('button[data-show]')) {
		const field = document.getElementById(button.dataset.show)
		button.hidden = false
		button.addEventListener('click', () => {
			const shown = field.type === 'text'
			field.type = shown ? 'password' : 'text'
			button.textContent = shown ? 'Show password' : 'Hide password'
		})
	}
	document.querySelector('.nhsuk-error-summary')?.focus()

	document.addEventListener('keydown', e => {
		if (typing(e))
			return
		if (e.key === '/') {
			const box = document.querySelector('#search-main, #search-field')
			if (!box)
				return
			e.preventDefault()
			box.focus()
			box.select()
		} else if (e.key === 'g') {
			going = Date.now()
		} else if (sections[e.key] && Date.now() - going < 1500) {
			going = 0
			go(sections[e.key])
		}
	})

	// The keys of a choice count only while one of its radio buttons has the focus.
	for (const form of document.querySelectorAll('[data-keys]'))
		form.addEventListener('keydown', e => {
			const choice = e.target.type === 'radio' && !e.ctrlKey && !e.metaKey && !e.altKey &&
				form.querySelector(`[data-key="${CSS.escape(e.key)}"]`)
			if (!choice)
				return
			e.preventDefault()
			e.stopPropagation()
			choice.checked = true
			form.querySelector('#reason').focus()
		})

	// Questions that depend on others of the same page are shown and hidden at once (web/forms_part.c sends the conditions).
	const asks = [...document.querySelectorAll('[data-when]')].map(row => ({ row, levels: JSON.parse(row.dataset.when) }))
	const answers = name => [...document.getElementsByName(name)]
		.filter(e => !e.matches(':disabled') && (!/^(radio|checkbox)$/.test(e.type) || e.checked) && e.value.trim())
		.map(e => e.value.trim())
	const order = (a, b) => a !== '' && b !== '' && !isNaN(a) && !isNaN(b) ? a - b : a < b ? -1 : a > b ? 1 : 0
	const compare = { '=': o => o === 0, '!=': o => o !== 0, '<': o => o < 0, '>': o => o > 0, '<=': o => o <= 0, '>=': o => o >= 0 }
	const holds = ([name, op, value]) => op === 'exists' ? answers(name).length > 0 === (value === 'true')
		: answers(name).some(answer => compare[op]?.(order(answer, value)))
	const ask = () => {
		for (const { row, levels } of asks) {
			const asked = levels.every(({ any, tests }) => any ? tests.some(holds) : tests.every(holds))
			row.hidden = row.disabled = !asked
		}
	}
	if (asks.length) {
		document.addEventListener('change', ask)
		document.addEventListener('input', ask)
		ask()
	}

	for (const link of document.querySelectorAll('[data-print]'))
		link.addEventListener('click', e => {
			e.preventDefault()
			window.print()
		})

	// A record that goes to a printer is written down: by its own address, or told when the browser's menu did it.
	if (document.querySelector('[data-printing]'))
		addEventListener('load', () => window.print())
	const printed = document.querySelector('[data-printed]')
	if (printed)
		addEventListener('beforeprint', () => {
			const token = document.querySelector('input[name=form_token]')?.value
			if (token)
				fetch(printed.dataset.printed, { method: 'POST', keepalive: true, body: new URLSearchParams({ form_token: token }) })
		})

	// How long a record is still open; when it closes the page is asked for again, and is closed.
	const left = document.querySelector('[data-left]')
	if (left) {
		const end = Date.now() + left.dataset.left * 1000
		const tick = () => {
			const seconds = Math.max(0, Math.round((end - Date.now()) / 1000)), minutes = Math.ceil(seconds / 60)
			left.textContent = seconds > 120 ? `${minutes} minutes left` : `${seconds} second${seconds === 1 ? '' : 's'} left`
			if (!seconds) {
				clearInterval(timer)
				location.reload()
			}
		}
		const timer = setInterval(tick, 1000)
		tick()
	}

	// A section marked data-live shows what changes as it changes, until its reader says stop.
	const live = document.querySelector('[data-live]')
	if (live && window.EventSource) {
		const stop = Object.assign(document.createElement('button'),
			{ type: 'button', className: 'nhsuk-button nhsuk-button--secondary nhsuk-button--small' })
		let changes, due = 0
		const refresh = async () => {
			due = 0
			const reply = await fetch(location.href).catch(() => null)
			if (!reply?.ok || !changes)
				return
			const fresh = new DOMParser().parseFromString(await reply.text(), 'text/html').querySelector('[data-live-part]')
			const part = live.querySelector('[data-live-part]')
			if (fresh && !part.contains(document.activeElement))
				part.replaceWith(document.importNode(fresh, true))
		}
		const listen = () => {
			changes = new EventSource('/fhir/$events')
			changes.addEventListener('change', () => { due ||= setTimeout(refresh, 1000) })
			stop.textContent = 'Stop refreshing'
		}
		const hush = () => {
			changes?.close()
			changes = null
			stop.textContent = 'Go on refreshing'
		}
		stop.addEventListener('click', () => changes ? hush() : listen())
		addEventListener('pagehide', () => changes?.close())
		live.append(stop)
		listen()
	}

	// Passkeys (WebAuthn): what the browser gives is sent as hidden fields, bytes as base64url (access/passkey.h).
	const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), letter => letter.charCodeAt(0))
	const base64url = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
	const patience = 300000 // ten minutes less what it takes to find the phone
	const passkey = {
		create: async ({ place, challenge, user, login, name, known }) => {
			const made = await navigator.credentials.create({ publicKey: {
				rp: { id: place, name: 'Causeway' }, challenge: bytes(challenge), timeout: patience, attestation: 'none',
				user: { id: bytes(user), name: login, displayName: name },
				pubKeyCredParams: [-7, -257].map(alg => ({ type: 'public-key', alg })),
				authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
				excludeCredentials: known.split(' ').filter(id => id).map(id => ({ type: 'public-key', id: bytes(id) })),
			} })
			return { id: made.rawId, client_data: made.response.clientDataJSON, auth_data: made.response.getAuthenticatorData(), public: made.response.getPublicKey() }
		},
		get: async ({ place, challenge }) => {
			const got = await navigator.credentials.get({ publicKey: { rpId: place, challenge: bytes(challenge), timeout: patience, userVerification: 'required' } })
			return { id: got.rawId, client_data: got.response.clientDataJSON, auth_data: got.response.authenticatorData, signature: got.response.signature, user: got.response.userHandle }
		},
	}
	const failed = {
		InvalidStateError: 'That device has a passkey for this account already.',
		NotAllowedError: 'It was not finished. Try again, or use your password.',
	}
	for (const form of globalThis.PublicKeyCredential ? document.querySelectorAll('form[data-passkey]') : []) {
		const said = form.querySelector('[data-said]')
		form.hidden = false
		form.querySelector('[autofocus]')?.focus() // what was hidden when the page was drawn did not get it
		form.addEventListener('submit', async e => {
			e.preventDefault()
			said.textContent = ''
			try {
				for (const [name, value] of Object.entries(await passkey[form.dataset.passkey](form.dataset)))
					form.elements[name].value = value ? base64url(value) : ''
				form.submit()
			} catch (why) {
				said.textContent = failed[why.name] ?? 'This browser cannot use passkeys here. Use your password.'
			}
		})
	}
})()
