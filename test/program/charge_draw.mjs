// Invented cases of charging, the same for the same seed: days on both sides of every year's edge, births around pension age,
// amounts around every limit, halves of a penny. What each member may be is in docs/charging.md.

/** A random source that a seed repeats (mulberry32). */
export function source(seed) {
	let s = seed >>> 0
	return () => {
		s = (s + 0x6d2b79f5) >>> 0
		let t = Math.imul(s ^ (s >>> 15), 1 | s)
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296
	}
}

const EDGES = ['0.00', '0.01', '14249.99', '14250.00', '14250.01', '14500.00', '14500.01', '17000.00', '17000.01', '20000.00', '20000.01',
	'23249.99', '23250.00', '23250.01', '27000.00', '27000.01', '100000.00', '100000.01', '118000.00', '118000.01', '99999999999.99']
const SCHEMES = ['current', 'current', 'current', 'planned_2016', 'planned_2016_A', 'planned_2016_B', 'planned_2023']
const COUNTED = ['annuity', 'constant_attendance_allowance', 'employment_support_allowance', 'guarantee_credit', 'other_benefit',
	'rent_received', 'state_pension', 'universal_credit']
const IGNORED = ['armed_forces_guaranteed_income', 'charitable_payment', 'child_benefit', 'child_tax_credit', 'christmas_bonus',
	'direct_payment', 'dla_mobility', 'earnings', 'housing_support', 'pip_mobility', 'voluntary_payment']
const OWN = ['occupational_pension', 'personal_pension', 'savings_credit', 'war_pension', 'attendance_allowance', 'dla_care', 'pip_daily_living']
const CAPITAL = ['investments', 'other_property', 'savings', 'savings', 'savings', 'life_policy_surrender', 'personal_injury_trust',
	'personal_possessions', 'personal_injury_payment', 'business_assets', 'home_sale_proceeds']

const DAY = 86400000
const written = n => new Date(n * DAY).toISOString().slice(0, 10)
const day_of = text => Date.parse(text + 'T00:00:00Z') / DAY

export function drawer(seed) {
	const random = source(seed)
	const below = n => Math.floor(random() * n)
	const chance = p => random() < p
	const pick = list => list[below(list.length)]
	const between = (a, b) => a + below(b - a + 1)
	const pence = n => `${Math.floor(n / 100)}.${String(n % 100).padStart(2, '0')}`
	const money = most => chance(0.08) ? '0.00' : chance(0.3) ? `${below(most)}.${pick(['00', '05', '15', '50', '95'])}` : pence(below(most * 100))
	const capital = () => chance(0.35) ? pick(EDGES) : chance(0.3) ? pence(1425000 + below(1100000)) : money(pick([1000, 30000, 150000]))
	const maybe = (p, make) => chance(p) ? make() : undefined
	const clean = it => Object.fromEntries(Object.entries(it).filter(([, v]) => v !== undefined))

	const year_edge = y => { // the first Monday on or after 6 April, and the days beside it
		let n = day_of(`${y}-04-06`)
		while (new Date(n * DAY).getUTCDay() !== 1) n++
		return written(n + between(-1, 1))
	}
	const on = (first = 2015, last = 2026) => {
		const y = between(first, last)
		return chance(0.2) ? year_edge(y) : chance(0.15) ? `${y}-${pick(['03-31', '04-01', '04-05', '04-06', '04-07', '02-28', '12-31'])}`
			: `${y}-${String(between(1, 12)).padStart(2, '0')}-${String(between(1, 28)).padStart(2, '0')}`
	}
	const around = (text, years) => { // born so that an age is reached about then
		const d = new Date(day_of(text) * DAY)
		return written(Date.UTC(d.getUTCFullYear() - years, d.getUTCMonth(), d.getUTCDate()) / DAY + between(-1, 1))
	}
	const born = text => chance(0.06) ? pick(['1956-02-29', '1960-02-29', '1992-02-29', '1996-02-29', '1964-02-29']) : chance(0.25)
		? around(text, pick([18, 25, 60, 61, 62, 63, 64, 65, 66, 67])) : chance(0.3) ? `${between(1949, 1962)}-${
			String(between(1, 12)).padStart(2, '0')}-${pick(['05', '06', '07', '01', '28'])}` : `${between(1915, 2000)}-${
			String(between(1, 12)).padStart(2, '0')}-${String(between(1, 28)).padStart(2, '0')}`

	const person = text => {
		const relationship = pick(['single', 'single', 'married', 'civil_partnership', 'cohabiting'])
		return clean({ born: born(text), relationship, partner_born: relationship === 'single' ? undefined : born(text),
			children: maybe(0.15, () => between(0, 4)), disability_premium: maybe(0.3, () => chance(0.8)),
			enhanced_premium: maybe(0.2, () => true), carer_premium: maybe(0.15, () => true),
			lives_with_partner: maybe(0.1, () => chance(0.6)) })
	}
	const income = () => Array.from({ length: between(0, 5) }, () => {
		const type = pick(chance(0.5) ? COUNTED : chance(0.6) ? OWN : IGNORED)
		const weekly = money(pick([10, 60, 400]))
		const half = Math.round(Number(weekly) * 100) / 2
		return clean({ type, weekly, passed_to_partner: maybe(type.endsWith('_pension') && type !== 'war_pension' ? 0.6 : 0,
			() => pence(Math.max(0, pick([Math.floor(half), Math.ceil(half), Math.floor(half) - 1, Math.ceil(half) + 1, Math.round(2 * half)])))) })
	})
	const capitals = text => Array.from({ length: between(0, 3) }, () => {
		const type = pick(CAPITAL)
		const timed = ['personal_injury_payment', 'business_assets', 'home_sale_proceeds'].includes(type)
		return clean({ type, amount: capital(), owners: maybe(0.25, () => between(1, 4)),
			share_percent: maybe(0.1, () => pick(['60', '33.33', '12.5', '0', '100', '66.667'])),
			held_by: maybe(0.1, () => 'partner'),
			since: timed ? written(day_of(text) - pick([0, 100, 181, 182, 183, 363, 364, 365, 900])) : undefined })
	})
	const shared = (text) => ({ on: text, scheme: pick(SCHEMES), person: person(text) })
	const means = text => ({ income: income(), capital: capitals(text), notional_income: maybe(0.05, () => money(50)),
		notional_capital: maybe(0.08, capital), refused_to_disclose: maybe(0.02, () => true) })
	const home = (text, admitted) => clean({ market_value: chance(0.3) ? capital() : money(300000), sale_costs: chance(0.6),
		secured_debt: maybe(0.5, () => money(pick([100, 90000]))), owners: maybe(0.3, () => between(1, 3)),
		discretionary_disregard: maybe(0.05, () => true),
		occupiers: maybe(0.35, () => Array.from({ length: between(1, 2) }, () => clean({
			relation: pick(['partner', 'former_partner', 'estranged_partner', 'relative', 'relative', 'child']),
			born: maybe(0.9, () => around(text, pick([17, 18, 59, 60, 61, 40]))),
			since: written(day_of(admitted) + pick([-5000, -1, 0, 1])), incapacitated: maybe(0.2, () => true),
			lone_parent: maybe(0.3, () => true) }))),
		relative_left_unexpectedly_on: maybe(0.15, () => written(day_of(text) - pick([0, 83, 84, 85, 300]))) })

	const residential = () => {
		const text = on(2010)
		const admitted = written(day_of(text) - pick([0, 1, 83, 84, 85, 200, 1000]))
		const type = chance(0.75) ? 'permanent' : 'temporary'
		const owned = chance(0.5)
		return clean({ ...shared(text), gross_weekly_cost: money(1500), nursing_band: pick(['none', 'none', 'standard', 'higher']),
			known_on: maybe(0.2, () => pick(['2019-06-01', '2020-04-29', '2020-04-30', '2021-01-01'])), ...means(text),
			home: owned ? home(text, admitted) : undefined,
			stay: owned || chance(0.2) ? clean({ type, admitted_on: admitted,
				expected_weeks: type === 'temporary' ? pick([1, 8, 9, 52]) : undefined }) : undefined,
			other_commitments: maybe(0.15, () => money(60)),
			top_up: maybe(0.3, () => ({ weekly: money(150), paid_by: pick(['third_party', 'first_party']) })),
			deferred_payment_in_place: maybe(0.2, () => chance(0.5)),
			free_under: maybe(0.03, () => pick(['nhs_continuing_healthcare', 's117_aftercare'])),
			short_stay_as_community: maybe(0.15, () => true) })
	}
	const community = () => {
		const text = on(2014)
		return clean({ ...shared(text), weekly_cost: money(700), ...means(text),
			housing: maybe(0.6, () => clean({ rent: maybe(0.6, () => money(120)), council_tax: maybe(0.6, () => money(40)),
				other: maybe(0.2, () => money(30)) })),
			disability_expenses: maybe(0.5, () => Array.from({ length: between(0, 3) }, () => ({ weekly: money(40),
				decision: pick(['allowed', 'allowed', 'refused', 'pending']) }))),
			standard_disability_allowance: maybe(0.2, () => '10.85'), count_disability_benefits: maybe(0.3, () => chance(0.4)),
			home: maybe(0.1, () => ({ market_value: '250000.00', sale_costs: true })), local_uplift: maybe(0.2, () => money(20)),
			local_percentage: maybe(0.25, () => pick(['100', '90', '75.5', '33.333', '0', '100.01', '12.5', '50'])),
			minimum_charge: maybe(0.25, () => pick(['0.01', '2.50', '5.00', '20.00'])),
			local_lower_limit: maybe(0.1, capital), local_upper_limit: maybe(0.1, capital),
			free_under: maybe(0.03, () => pick(['nhs_continuing_healthcare', 's117_aftercare'])) })
	}
	const deprivation = () => {
		const kind = pick(['residential', 'community'])
		return { kind, assessment: kind === 'residential' ? residential() : community(), weeks: pick([1, 2, 15, 52, 104]),
			gifts: Array.from({ length: between(0, 2) }, () => ({ value: capital(), received: chance(0.7) ? '0.00' : money(20000),
				avoiding_charges_significant: chance(0.8), charges_foreseeable: chance(0.8) })) }
	}
	const care_account = () => {
		const plan = pick(['planned_2016', 'planned_2023'])
		const starts = plan === 'planned_2016' ? '2016-04-06' : '2023-10-02'
		const assessed = written(day_of(starts) + pick([-300, -90, 0, 1, 200, 700]))
		let from = day_of(assessed)
		const arose = written(day_of(assessed) - below(2000))
		const periods = Array.from({ length: between(1, 4) }, (_, i) => {
			if (i) from += between(1, 400)
			const setting = pick(['care_home', 'community'])
			return clean({ from: written(from), setting, package: [{ for: 'eligible_needs', weekly: money(1200) },
				...chance(0.5) ? [{ for: pick(['top_up', 'not_eligible', 'met_by_carer', 'nhs', 'eligible_needs']), weekly: money(150) }] : []],
			daily_living_cost: maybe(0.2, () => money(260)), person_pays: maybe(0.35, () => money(500)),
			person_pays_for_care: maybe(0.1, () => money(300)) })
		})
		return { plan, born: chance(0.2) ? around(arose, 25) : `${between(1925, 2000)}-${pick(['02-28', '06-15', '12-31'])}`,
			needs_arose_on: arose, assessed_on: assessed, plan_starts_on: starts,
			statement_on: written(Math.max(day_of(assessed), day_of(starts)) + below(3000)), periods,
			adjustments: Array.from({ length: between(0, 8) }, (_, i) => ({ year: Number(starts.slice(0, 4)) + i,
				earnings_percent: pick(['-0.4', '0', '1.95', '2.5', '3.1', '0.333']) })) }
	}
	const deferred_payment = () => {
		const started = on(2015, 2022)
		const y = Number(started.slice(0, 4))
		return clean({ scheme: pick(SCHEMES), property_value: chance(0.2) ? `${between(10000, 300000)}.${pick(['05', '15', '25'])}` : money(400000),
			prior_charges: maybe(0.5, () => money(50000)), weekly_cost: money(1300), weekly_income: maybe(0.9, () => money(pick([200, 800]))),
			keeps: maybe(0.8, () => pick(['144.00', '143.99', '144.01', '0.00', '100.00', '200.00'])), admin_fee: maybe(0.6, () => money(900)),
			gilt_rates: Array.from({ length: between(1, 16) }, (_, i) => ({ from: `${y + (i >> 1)}-${i & 1 ? '07' : '01'}-01`,
				percent: pick(['0.45', '1.00', '2.35', '4.50', '0']) })),
			council_rate_percent: maybe(0.2, () => pick(['0', '1.15', '2.5', '9'])), started_on: started,
			until: written(day_of(started) + below(2500)), died_on: maybe(0.25, () => written(day_of(started) + below(2000))) })
	}
	const carers_allowance = () => {
		const text = on(2009, 2027)
		return { on: text, hours_of_care: pick(['34.99', '35', '35.01', '0', '168', '40']), hours_of_study: pick(['0', '20.99', '21', '30']),
			cared_for_has_qualifying_benefit: chance(0.85), net_earnings: chance(0.7)
				? pence(pick([100, 102, 110, 116, 120, 123, 128, 132, 139, 151, 196]) * 100 + between(-1, 1)) : money(250),
			state_pension: chance(0.5) ? '0.00' : money(120) }
	}
	const makers = { residential, community, deprivation, care_account, deferred_payment, carers_allowance,
		tariff: () => ({ scheme: pick(SCHEMES), capital: capital() }),
		allowances: () => ({ on: on(2009, 2027) }),
		pension_age: () => ({ born: chance(0.6) ? `${between(1949, 1962)}-${String(between(1, 12)).padStart(2, '0')}-${
			String(between(1, 31)).padStart(2, '0')}` : `${between(1915, 1995)}-${String(between(1, 12)).padStart(2, '0')}-${pick(['05', '06', '28'])}` }),
		minimum_income: () => { const text = on(2014, 2027); return clean({ on: text, person: person(text), local_uplift: maybe(0.3, () => money(20)) }) },
		nursing_contribution: () => clean({ on: on(2009, 2027), band: pick(['standard', 'higher']),
			known_on: maybe(0.3, () => pick(['2019-06-01', '2020-04-29', '2020-04-30', '2021-01-01'])) }),
		deferred_payment_offer: () => ({ scheme: pick(SCHEMES), setting: pick(['care_home', 'care_home', 'supported_living']),
			other_capital: capital(), home_disregarded: chance(0.3), first_charge_possible: chance(0.8), accepts_terms: chance(0.8) }),
		indicative_budget: () => clean({ points: between(0, 1000), price_per_point: pick(['1.05', '0.125', '0.995', '2.00', '3.333']),
			cap: maybe(0.3, () => money(900)), floor: maybe(0.3, () => money(100)), carer_percent: maybe(0.5, () => pick(['20', '33.3', '0', '100', '12.5'])) }),
	}
	const kinds = ['residential', 'residential', 'residential', 'community', 'community', 'community', ...Object.keys(makers)]
	/** One more case: { id, kind, given }. Days such as 31 February are drawn again. */
	const real = it => JSON.stringify(it).match(/\d{4}-\d\d-\d\d/g)?.every(t => { const d = new Date(t + 'T00:00:00Z'); return !isNaN(d) && d.toISOString().startsWith(t) }) ?? true
	return id => {
		for (;;) {
			const kind = pick(kinds), given = makers[kind]()
			if (real(given)) return { id, kind, given }
		}
	}
}
