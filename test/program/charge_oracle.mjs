// A second implementation of charging, written from the published rules alone and never from src/money: two readings that agree
// are worth more than one that is tested against itself. `charge_against.test.mjs` puts invented cases to both.
// Money is BigInt pence, days are numbers since 1970, fractions are exact until a line of the statement is rounded.

// ---- numbers -----------------------------------------------------------------------------------------------------------------

const SCALE = 10n ** 9n // of percentages, prices and hours as read
const amount = text => { // pence
	const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(String(text))
	return BigInt(sign + whole + part.padEnd(2, '0'))
}
const money = (text, otherwise = 0n) => text === undefined ? otherwise : amount(text)
const exact = text => { // in billionths
	const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(String(text))
	return BigInt(sign + whole + part.padEnd(9, '0'))
}
const text = pence => {
	const size = pence < 0n ? -pence : pence
	return `${pence < 0n ? '-' : ''}${size / 100n}.${String(size % 100n).padStart(2, '0')}`
}
const floor = (n, d) => n / d - (n % d !== 0n && (n < 0n) !== (d < 0n) ? 1n : 0n)
/** The nearest penny; an exact half goes down (what the person pays, has or owes) or up (what the person is left or given). */
const half_down = (n, d) => -floor(-2n * n + d, 2n * d)
const half_up = (n, d) => floor(2n * n + d, 2n * d)
const max = (...all) => all.reduce((a, b) => a > b ? a : b)
const min = (...all) => all.reduce((a, b) => a < b ? a : b)
const sum = all => all.reduce((a, b) => a + b, 0n)

// ---- days --------------------------------------------------------------------------------------------------------------------

const DAY = 86400000
const day = text => Date.parse(text + 'T00:00:00Z') / DAY
const ymd = (y, m, d) => Date.UTC(y, m - 1, d) / DAY
const written = n => new Date(n * DAY).toISOString().slice(0, 10)
const parts = n => { const d = new Date(n * DAY); return [d.getUTCFullYear(), d.getUTCMonth() + 1, d.getUTCDate()] }
/** The day an age is reached: whoever was born on 29 February reaches it on 1 March of other years. */
const birthday = (born, years) => { const [y, m, d] = parts(born); return ymd(y + years, m, d) }
/** Months later, on the last day of a month that is too short. */
const months_later = (from, months) => {
	const [y, m, d] = parts(from)
	const last = parts(ymd(y, m + months + 1, 0))[2]
	return ymd(y, m + months, Math.min(d, last))
}
/** Charging years begin on the first Monday on or after 6 April. */
const year_begins = y => { let n = ymd(y, 4, 6); while (new Date(n * DAY).getUTCDay() !== 1) n++; return n }
const charging_year = on => { const y = parts(on)[0]; return on >= year_begins(y) ? y : y - 1 }
const april_year = on => { const [y, m] = parts(on); return m >= 4 ? y : y - 1 }

class Refused extends Error {}
const refuse = why => { throw new Refused(why) }
const of_year = (table, year) => table[year] ?? refuse('no_figures_for_date')

// ---- figures -----------------------------------------------------------------------------------------------------------------

const years = (from, ...rows) => Object.fromEntries(rows.map((row, i) => [from + i, row]))
const same = (n, row) => Array(n).fill(row)
const LIMITS = { // lower, upper
	current: ['14250', '23250'], planned_2016_A: ['17000', '118000'], planned_2016_B: ['17000', '27000'], planned_2023: ['20000', '100000']
}
const KEPT = years(2010, ['22.30', '5.75', '8.60'], ['22.60', '5.75', '8.60'], ['23.50', '5.75', '8.60'], ['23.90', '5.75', '8.60'],
	['24.40', '5.75', '8.60'], ...same(7, ['24.90', '5.75', '8.60']), ['25.65', '5.90', '8.85'], ['28.25', '6.50', '9.75'],
	['30.15', '6.95', '10.40'], ['30.65', '7.05', '10.55'])
// under 25, 25 to pension age, pension age, lone parent, couple, couple with a pensioner, disability, enhanced, both of a couple, carer, child
const MINIMUM = years(2015,
	...same(7, ['72.40', '91.40', '189.00', '91.40', '71.80', '144.30', '40.35', '19.70', '28.75', '14.15', '43.25', '83.65']),
	['74.60', '94.15', '194.70', '94.15', '73.95', '148.65', '41.55', '20.30', '29.60', '14.60', '44.55', '86.20'],
	['82.15', '103.65', '214.35', '103.65', '81.40', '163.65', '45.75', '22.35', '32.60', '16.05', '49.05', '94.90'],
	['87.65', '110.60', '228.70', '110.60', '86.85', '174.60', '48.80', '23.85', '34.80', '17.15', '52.35', '101.25'],
	['89.15', '112.50', '232.60', '112.50', '88.35', '177.55', '49.65', '24.25', '35.40', '17.45', '53.25', '102.95'])
const NURSING = years(2010, ...same(3, ['108.70', '149.60']), ['109.79', '151.10'], ['110.89', '152.61'], ['112.00', '154.14'],
	['156.25', '215.04'], ['155.05', '213.32'], ['158.16', '217.59'], ['180.31', '248.06'], ['183.92', '253.02'], ['187.60', '258.08'],
	['209.19', '287.78'], ['219.71', '302.25'], ['235.88', '324.50'], ['254.06', '349.50'])
const CARER = years(2010, ['53.90', '100'], ['55.55', '100'], ['58.45', '100'], ['59.75', '100'], ['61.35', '102'], ['62.10', '110'],
	['62.10', '110'], ['62.70', '116'], ['64.60', '120'], ['66.15', '123'], ['67.25', '128'], ['67.60', '128'], ['69.70', '132'],
	['76.75', '139'], ['81.90', '151'], ['83.30', '196'])

const limits_of = (scheme, home_counted = false) =>
	LIMITS[scheme === 'planned_2016' ? home_counted ? 'planned_2016_A' : 'planned_2016_B' : scheme].map(amount)
/** Pounds a week for each £250 or part of it; null above the upper limit. */
const tariff_of = (capital, [lower, upper]) =>
	capital > upper ? null : capital <= lower ? 0n : -floor(lower - capital, 25000n) * 100n

// ---- pension-credit age: Pensions Acts 1995 to 2014, by month of birth from the sixth ------------------------------------------

const months_from = (born, y, m) => { const [by, bm, bd] = parts(born); return (by - y) * 12 + bm - m - (bd < 6 ? 1 : 0) }
function pension_from(born) {
	if (born < ymd(1950, 4, 6)) return birthday(born, 60)
	if (born < ymd(1953, 4, 6)) return ymd(2010, 5 + 2 * months_from(born, 1950, 4), 6)
	if (born < ymd(1953, 12, 6)) return ymd(2016, 7 + 4 * months_from(born, 1953, 4), 6)
	if (born < ymd(1954, 10, 6)) return ymd(2019, 3 + 2 * months_from(born, 1953, 12), 6)
	if (born < ymd(1960, 4, 6)) return birthday(born, 66)
	if (born < ymd(1961, 3, 6)) return months_later(born, 66 * 12 + 1 + months_from(born, 1960, 4))
	if (born < ymd(1977, 4, 6)) return birthday(born, 67)
	if (born < ymd(1978, 4, 6)) return ymd(2044, 5 + 2 * months_from(born, 1977, 4), 6)
	return birthday(born, 68)
}

// ---- minimum income ----------------------------------------------------------------------------------------------------------

const in_couple = person => (person.relationship ?? 'single') !== 'single'
function minimum(on, person, uplift) {
	const born = day(person.born)
	if (on < birthday(born, 18)) refuse('under_18')
	const [under_25, adult, pensioner, lone, couple, couple_pension, dis, enh, dis_couple, enh_couple, carer, child] =
		of_year(MINIMUM, charging_year(on)).map(amount)
	const reached = b => on >= pension_from(b)
	const old = reached(born), pair = in_couple(person)
	const partner_old = pair && person.partner_born !== undefined && reached(day(person.partner_born))
	const children = BigInt(person.children ?? 0)
	const base = pair ? old || partner_old ? couple_pension : couple
		: children > 0n ? lone : old ? pensioner : on >= birthday(born, 25) ? adult : under_25
	const premiums = old ? 0n : (person.disability_premium ? pair ? dis_couple : dis : 0n) +
		(person.enhanced_premium ? pair ? enh_couple : enh : 0n)
	const it = { base, children: child * children, premiums, carer_premium: person.carer_premium ? carer : 0n,
		local_uplift: money(uplift) }
	return { ...it, total: sum(Object.values(it)) }
}

// ---- income and capital --------------------------------------------------------------------------------------------------------

const COUNTED = new Set(['annuity', 'constant_attendance_allowance', 'employment_support_allowance', 'guarantee_credit',
	'occupational_pension', 'other_benefit', 'personal_pension', 'rent_received', 'state_pension', 'universal_credit'])
const DISABILITY = new Set(['attendance_allowance', 'dla_care', 'pip_daily_living'])
const SHAREABLE = new Set(['occupational_pension', 'personal_pension'])
const WEEKS_LEFT_OUT = { personal_injury_payment: 52, business_assets: 26, home_sale_proceeds: 26 }
const COUNTED_CAPITAL = new Set(['investments', 'other_property', 'savings'])

function income_of(given, on, at_home) {
	const { person, income = [] } = given
	const apart = ['married', 'civil_partnership'].includes(person.relationship) && !person.lives_with_partner
	let total = money(given.notional_income), war = 0n, credit = 0n
	for (const { type, weekly: w, passed_to_partner } of income) {
		const weekly = amount(w)
		if (type === 'war_pension') war += weekly
		else if (type === 'savings_credit') credit += weekly
		else if (DISABILITY.has(type)) total += at_home && given.count_disability_benefits === false ? 0n : weekly
		else if (SHAREABLE.has(type) && !at_home && apart && passed_to_partner !== undefined && 2n * amount(passed_to_partner) >= weekly)
			total += weekly - half_up(weekly, 2n)
		else if (COUNTED.has(type)) total += weekly
	}
	if (credit) total += max(0n, credit - amount(of_year(KEPT, charging_year(on))[in_couple(person) ? 2 : 1]))
	if (on < year_begins(2017)) total += max(0n, war - 1000n)
	return total
}

function capital_of(given, on) {
	let total = money(given.notional_capital)
	for (const it of given.capital ?? []) {
		if (it.held_by === 'partner') continue
		const weeks = WEEKS_LEFT_OUT[it.type]
		if (weeks === undefined ? !COUNTED_CAPITAL.has(it.type) : on < day(it.since) + 7 * weeks) continue
		total += it.share_percent !== undefined ? half_down(amount(it.amount) * exact(it.share_percent), 100n * SCALE)
			: half_down(amount(it.amount), BigInt(it.owners ?? 1))
	}
	return total
}

// ---- the home ----------------------------------------------------------------------------------------------------------------

const home_value = home => {
	const value = amount(home.market_value) * 10n
	return half_down(max(0n, value - (home.sale_costs ? value / 10n : 0n) - money(home.secured_debt) * 10n), 10n * BigInt(home.owners ?? 1))
}
const protects = (it, on, admitted) => {
	if (day(it.since) >= admitted) return false
	const aged = n => it.born !== undefined && on >= birthday(day(it.born), n)
	return it.relation === 'partner' || it.relation === 'former_partner' || it.relation === 'estranged_partner' && !!it.lone_parent ||
		it.relation === 'relative' && (aged(60) || !!it.incapacitated) || it.relation === 'child' && it.born !== undefined && !aged(18)
}
/** 'counted', 'twelve_weeks' or 'left_out'. */
function home_stands(given, on, other) {
	const { home, stay } = given
	const admitted = day(stay.admitted_on)
	if (stay.type === 'temporary' && (stay.expected_weeks ?? 0) <= 52) return 'left_out'
	if (home.discretionary_disregard || (home.occupiers ?? []).some(it => protects(it, on, admitted))) return 'left_out'
	const within = from => from !== undefined && on >= day(from) && on < day(from) + 84
	if (stay.type === 'permanent' && (within(stay.admitted_on) || within(home.relative_left_unexpectedly_on)) &&
		other < limits_of(given.scheme)[1]) return 'twelve_weeks'
	return 'counted'
}

// ---- a week ------------------------------------------------------------------------------------------------------------------

function nursing(on, band, known_on) {
	const year = april_year(on)
	if (year === 2019 && known_on !== undefined && day(known_on) < ymd(2020, 4, 30)) return amount(band === 'higher' ? '227.77' : '165.56')
	return amount(of_year(NURSING, year)[band === 'higher' ? 1 : 0])
}

/** Aftercare is the council's (and the NHS's) to pay; continuing healthcare the NHS's alone. */
const free = (given, cost) => ({ full_cost: false, charge: 0n, la_pays: given.free_under === 's117_aftercare' ? cost : 0n })

function residential(given) {
	const on = day(given.on)
	const band = given.nursing_band ?? 'none'
	const cost = max(0n, amount(given.gross_weekly_cost) - (band === 'none' ? 0n : nursing(on, band, given.known_on)))
	const { stay } = given
	const other = capital_of(given, on)
	const stands = given.home ? home_stands(given, on, other) : 'none'
	const home_counted = stands === 'counted'
	const extra = given.top_up ? { top_up: amount(given.top_up.weekly), top_up_allowed: given.top_up.paid_by === 'third_party' ||
		given.scheme.startsWith('planned_2016') || stands === 'twelve_weeks' || !!given.deferred_payment_in_place ||
		given.free_under === 's117_aftercare' } : {}
	if (given.short_stay_as_community && stay?.type === 'temporary' && (stay.expected_weeks ?? 0) <= 8)
		return { net_cost: cost, ...at_home(given, cost), ...extra }
	if (given.free_under) return { net_cost: cost, ...free(given, cost), ...extra }
	if (given.refused_to_disclose) return { net_cost: cost, full_cost: true, charge: cost, la_pays: 0n, ...extra }
	const capital = other + (home_counted ? home_value(given.home) : 0n)
	const tariff_income = tariff_of(capital, limits_of(given.scheme, home_counted))
	const means = { net_cost: cost, capital, tariff_income, full_cost: tariff_income === null }
	if (tariff_income === null) return { ...means, charge: cost, la_pays: 0n, home_counted, ...extra }
	const income = income_of(given, on, false)
	const allowance = amount(of_year(KEPT, charging_year(on))[0])
	const charge = min(cost, max(0n, income + tariff_income - allowance - money(given.other_commitments)))
	return { ...means, income, allowance, charge, la_pays: cost - charge, home_counted, ...extra }
}

function at_home(given, cost) {
	const on = day(given.on)
	const percent = given.local_percentage === undefined ? 100n * SCALE : exact(given.local_percentage)
	if (percent > 100n * SCALE) refuse('percentage_above_100')
	if (given.free_under) return free(given, cost)
	if (given.refused_to_disclose) return { full_cost: true, charge: cost, la_pays: 0n }
	const [lower, upper] = limits_of(given.scheme)
	const capital = capital_of(given, on)
	const tariff_income = tariff_of(capital, [max(lower, money(given.local_lower_limit)), max(upper, money(given.local_upper_limit))])
	const means = { capital, tariff_income, full_cost: tariff_income === null }
	if (tariff_income === null) return { ...means, charge: cost, la_pays: 0n }
	const income = income_of(given, on, true)
	const minimum_income = minimum(on, given.person, given.local_uplift).total
	const claims = sum((given.disability_expenses ?? []).filter(it => it.decision === 'allowed').map(it => amount(it.weekly)))
	const disability_expenses = max(claims, money(given.standard_disability_allowance))
	const { rent, council_tax, other } = given.housing ?? {}
	const available = income + tariff_income - money(rent) - money(council_tax) - money(other) - disability_expenses - minimum_income
	let charge = min(cost, half_down(max(0n, available) * percent, 100n * SCALE))
	if (charge < money(given.minimum_charge)) charge = 0n
	return { ...means, income, minimum_income, disability_expenses, available, charge, la_pays: cost - charge }
}
const community = given => at_home(given, amount(given.weekly_cost))

// ---- what was given away -------------------------------------------------------------------------------------------------------

function deprivation({ kind, assessment, gifts = [], weeks }) {
	const start = sum(gifts.filter(g => g.avoiding_charges_significant && g.charges_foreseeable)
		.map(g => max(0n, amount(g.value) - money(g.received))))
	const charge = extra => (kind === 'residential' ? residential : community)({ ...assessment,
		notional_capital: text(money(assessment.notional_capital) + extra) }).charge
	const without = charge(0n)
	let left = start, first, last, ended = null, difference = 0n
	for (let week = 1; week <= weeks; week++) {
		last = charge(left)
		first ??= last
		const more = min(max(0n, last - without), left)
		if (left > 0n && left - more === 0n) ended = week
		left -= more
		difference += last - without
		if (last === without) break // and so it stays
	}
	return { notional_capital_at_start: start, charge_without_notional_capital: without, first_charge: first, last_charge: last,
		notional_capital_after: left, exhausted_after_week: ended, total_difference: difference }
}

// ---- the care account ----------------------------------------------------------------------------------------------------------

function rates(period, plan) {
	const of = what => sum(period.package.filter(it => it.for === what).map(it => amount(it.weekly)))
	const eligible = of('eligible_needs')
	const living = period.setting === 'care_home'
		? min(eligible, money(period.daily_living_cost, plan === 'planned_2016' ? 23000n : 20000n)) : 0n
	const care = eligible - living
	const paid = plan === 'planned_2016' ? care : period.person_pays_for_care !== undefined ? amount(period.person_pays_for_care)
		: period.person_pays !== undefined ? amount(period.person_pays) - living : care
	return { metered: min(care, max(0n, paid)), care, living, top_up: of('top_up') }
}

function care_account(given) {
	const { plan } = given
	const born = day(given.born), start = Math.max(day(given.assessed_on), day(given.plan_starts_on)), until = day(given.statement_on)
	let cap = plan === 'planned_2016' ? day(given.needs_arose_on) < birthday(born, 25) ? 0n : 7200000n : 8600000n
	const turns = (given.adjustments ?? []).map(a => ({ on: ymd(a.year, 4, 6), by: 100n * SCALE + exact(a.earnings_percent) }))
		.filter(a => a.on > day(given.plan_starts_on)).sort((a, b) => a.on - b.on)
	const periods = given.periods.map(p => ({ from: day(p.from), ...rates(p, plan) }))
	const rate_on = on => periods.findLast(p => p.from <= on) ?? rates({ package: [] }, plan)
	let accrued = 0n, at_statement = null, reached = null, turn = 0
	const turn_until = on => { // the Aprils up to and including a day
		for (; turn < turns.length && turns[turn].on <= on; turn++) {
			cap = half_down(cap * turns[turn].by, 100n * SCALE)
			accrued = min(cap, half_up(accrued * turns[turn].by, 100n * SCALE))
		}
	}
	for (let week = 1; week <= 5200 && (reached === null || at_statement === null); week++) {
		const from = start + 7 * (week - 1), end = from + 6
		if (at_statement === null && end > until) {
			turn_until(until)
			at_statement = { cap, accrued, rate: rate_on(start + 7 * Math.floor(Math.max(0, until - start) / 7)) }
		}
		turn_until(end)
		if (reached !== null) continue
		accrued += rate_on(from).metered
		if (accrued >= cap) { accrued = cap; reached = week }
	}
	const reached_on = reached === null ? null : start + 7 * reached - 1
	const { rate } = at_statement
	return { cap: at_statement.cap, accrued: at_statement.accrued,
		progress_percent: at_statement.cap === 0n ? 10000n : half_up(at_statement.accrued * 10000n, at_statement.cap),
		metered_weekly: rate.metered, reached_in_week: reached, reached_on: reached_on === null ? null : written(reached_on),
		indicative_date: reached_on !== null && reached_on > until && reached_on <= months_later(until, 18) ? written(reached_on) : null,
		la_pays_after_cap: rate.care, person_pays_after_cap: rate.living + rate.top_up }
}

// ---- deferred payments ---------------------------------------------------------------------------------------------------------

function deferred_payment(given) {
	const value = amount(given.property_value), cost = amount(given.weekly_cost), income = money(given.weekly_income)
	const weekly_contribution = min(cost, income - min(income, 14400n, money(given.keeps)))
	const weekly_deferral = cost - weekly_contribution
	const equity_limit = max(0n, half_up(value * 9n, 10n) - limits_of(given.scheme)[0] - money(given.prior_charges))
	const review_threshold = half_up(value * 7n, 10n)
	const start = day(given.started_on), until = day(given.until), died = given.died_on === undefined ? Infinity : day(given.died_on)
	const percent = on => {
		const gilt = given.gilt_rates.filter((r, i) => i === 0 || day(r.from) <= on).sort((a, b) => day(a.from) - day(b.from)).at(-1)
		const cap = exact(gilt.percent) + SCALE * 15n / 100n
		return given.council_rate_percent === undefined ? cap : min(cap, exact(given.council_rate_percent))
	}
	const half_year = (on, ahead = 0) => { const [y, m] = parts(on); return ymd(y, (m < 7 ? 1 : 7) + 6 * ahead, 1) }
	const fees = money(given.admin_fee)
	let rate = percent(half_year(start)), reset = half_year(start, 1), care = 0n, capital = 0n, accrued = 0n // accrued: pence * percent in billionths * days
	let full = 0, short = null, review = null
	const rounded = () => half_down(accrued, 36500n * SCALE)
	for (let on = start; on <= until; on++) {
		if (on === reset) { capital += rounded(); accrued = 0n; rate = percent(on); reset = half_year(on, 1) }
		accrued += (fees + care + capital) * rate
		if ((on - start) % 7 === 6 && on <= died) {
			const room = max(0n, min(weekly_deferral, equity_limit - fees - care - capital))
			if (weekly_deferral > 0n) { if (room === weekly_deferral) full++; else short ??= on }
			care += room
		}
		if (review_threshold > 0n && fees + care + capital >= review_threshold) review ??= on
	}
	const total_debt = fees + care + capital + rounded()
	return { weekly_contribution, weekly_deferral, equity_limit, review_threshold, care_deferred: care, admin_fees: fees,
		interest_capitalised: capital, interest_accrued: rounded(), total_debt, equity_left: max(0n, equity_limit - total_debt),
		weeks_deferred_in_full: full, first_short_week_on: short === null ? null : written(short),
		review_on: review === null ? null : written(review), repayment_due_on: died === Infinity ? null : written(died + 90) }
}

// ---- the small ones ------------------------------------------------------------------------------------------------------------

function carers_allowance(given) {
	const [rate, earnings_limit] = of_year(CARER, charging_year(day(given.on))).map(amount)
	const entitled = exact(given.hours_of_care ?? 0) >= 35n * SCALE && !!given.cared_for_has_qualifying_benefit &&
		exact(given.hours_of_study ?? 0) < 21n * SCALE && money(given.net_earnings) <= earnings_limit
	const payable = entitled ? max(0n, rate - money(given.state_pension)) : 0n
	return { rate, earnings_limit, entitled, payable, underlying_only: entitled && payable === 0n }
}

function indicative_budget(given) {
	let budget = exact(given.points) * exact(given.price_per_point) // pounds in billionths of billionths
	const whole = SCALE * SCALE / 100n
	if (given.cap !== undefined) budget = min(budget, amount(given.cap) * whole)
	if (given.floor !== undefined) budget = max(budget, amount(given.floor) * whole)
	return { indicative_budget: half_up(budget * (100n * SCALE - exact(given.carer_percent ?? 0)), whole * 100n * SCALE) }
}

const KINDS = {
	tariff: g => { const it = tariff_of(amount(g.capital), limits_of(g.scheme)); return { tariff_income: it, full_cost: it === null } },
	allowances: g => {
		const [personal_expenses_allowance, savings_credit_disregard_single, savings_credit_disregard_couple] =
			of_year(KEPT, charging_year(day(g.on))).map(amount)
		return { personal_expenses_allowance, savings_credit_disregard_single, savings_credit_disregard_couple }
	},
	pension_age: g => ({ pension_credit_from: written(pension_from(day(g.born))) }),
	minimum_income: g => minimum(day(g.on), g.person, g.local_uplift),
	nursing_contribution: g => ({ weekly: nursing(day(g.on), g.band, g.known_on) }),
	residential, community, deprivation, care_account, deferred_payment, carers_allowance, indicative_budget,
	deferred_payment_offer: g => ({ must_offer: g.setting === 'care_home' && !g.home_disregarded && !!g.first_charge_possible &&
		!!g.accepts_terms && money(g.other_capital) <= limits_of(g.scheme)[1] })
}

export const KNOWN = Object.keys(KINDS)

/** The result of a case as the command writes it. */
export function answer({ kind, given }) {
	try {
		return Object.fromEntries(Object.entries(KINDS[kind](given)).map(([k, v]) => k === 'progress_percent' ? [k, text(v)]
			: [k, typeof v === 'bigint' ? text(v) : v]))
	} catch (e) {
		if (e instanceof Refused) return { refused: e.message }
		throw e
	}
}
