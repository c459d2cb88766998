# stays.awk - people who are registered, admitted, moved, updated and discharged; the same every time.
function message(event, hour, i, visit,    at) {
	at = sprintf("202501%02d%02d%02d00", 1 + i % 28, hour, i % 60)
	printf "MSH|^~\\&|PAS|RX1|CW|CW|%s||ADT^%s|%d|P|2.4\rEVN|%s|%s\r", at, event, ++number, event, at
	printf "PID|1||%d^^^RX1^MR||%s%s^%s^^^Mr||%d%02d%02d|%s|||%d High Street^^Town^^WX%d %dAB||01632 %06d\r", \
		100000 + i, family[i % 12], part[int(i / 12) % 20], given[int(i / 7) % 10], 1930 + i % 80, \
		1 + i % 12, 1 + i * 5 % 28, i % 2 ? "M" : "F", i, i % 30, i % 9, 960000 + i % 1000
	if (visit)
		printf "PV1|1|I|W%d^R1^B%d||||C%d^Who^Doctor||||||||||||V%d\r", i % 40, hour, i % 50, i
	printf "\n"
}
BEGIN {
	split("Smith Jones Taylor Brown Khan Patel Evans Wood Green Hall Lewis Clark", words, " ")
	for (w in words) family[w - 1] = words[w]
	split("Ann John Mary Peter Susan Ali Priya George Emma Liam", words, " ")
	for (w in words) given[w - 1] = words[w]
	split("ton ley by ham ford well worth dale field stead man wick gate brook more land wood ridge cliff den", words, " ")
	for (w in words) part[w - 1] = words[w]
	for (i = 0; i < people; i++) {
		message("A28", 8, i, 0); message("A01", 9, i, 1); message("A02", 10, i, 1)
		message("A08", 11, i, 1); message("A03", 12, i, 1)
	}
}
