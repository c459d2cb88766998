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

	for (const link of document.querySelectorAll('[data-print]'))
		link.addEventListener('click', e => {
			e.preventDefault()
			window.print()
		})
})()
