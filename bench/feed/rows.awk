# rows.awk - client-level data of adult social care: a request, an assessment, a service and a review of each
# person; the same every time.
BEGIN {
	split("Smith Jones Taylor Brown Khan Patel Evans Wood Green Hall Lewis Clark", family, " ")
	split("Ann John Mary Peter Susan Ali Priya George Emma Liam", given, " ")
	split("ton ley by ham ford well worth dale field stead man wick gate brook more land wood ridge cliff den", part, " ")
	split("Request Assessment Service Review", event, " ")
	print "LA Code,Reporting Period Start Date,Reporting Period End Date,LA Person Unique Identifier,Date of Birth,Gender," \
		"Given Name,Family Name,Postcode,Client Type,Primary Support Reason,Accommodation Status,Event Type,Event Reference," \
		"Event Start Date,Event End Date,Assessment Type,Eligible Needs Identified,Service Type,Service Component," \
		"Delivery Mechanism,Unit Cost,Cost Frequency,Planned Units Per Week,Provider CQC Location ID,Review Reason"
	for (i = 0; i < rows; i++) {
		p = int(i / 4); e = i % 4 + 1
		printf "503,01/07/2025,30/09/2025,L%07d,%02d/%02d/%d,%s,%s,%s%s,WX%d %dAB,Service User,", p, 1 + p * 5 % 28, \
			1 + p % 12, 1925 + p % 70, p % 2 ? "Male" : "Female", given[p % 10 + 1], family[p % 12 + 1], \
			part[int(p / 12) % 20 + 1], p % 30, p % 9
		printf "Physical Support: Personal care support,Tenant,%s,%s%d,%02d/07/2025,%s,%s,%s,%s\n", event[e], \
			substr(event[e], 1, 1), p, 1 + p % 28, e == 3 ? "" : "20/08/2025", \
			e == 2 ? "Long Term Assessment (Initial),Yes" : ",", \
			e == 3 ? "Long Term Support: Community,Home Support,CASSR Commissioned Support,22.10,Hourly,14,1-10000000" p % 9 : ",,,,,,", \
			e == 4 ? "Planned" : ""
	}
}
